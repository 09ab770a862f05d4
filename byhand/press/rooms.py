"""Find the rooms for answers on a page that is laid out: where fields may stand, and where they come in its tags.

An element that is a room gets an empty drawing, which WeasyPrint lays out; the drawing's element in the structure of
the PDF says where it is. Of a table that the pen draws, the places of all cells are known.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from byhand.page.look import LOOK, PX, Sizes
from byhand.press.inner import place_in

Edges = tuple[float, float, float, float]  # left, top, right and bottom, in px
FIELD = "data-field"  # the attribute of an element that has room for a field: the field's name
ROOM = "byhand room "  # the alternative text of the drawing in a room, before the room's name
FREE = 0.5  # px: between the lines of a box and its field


class Room(Struct, frozen=True):
    """A room for an answer."""

    name: str
    """The name of its field."""
    edges: Edges
    """The edges of its box."""
    way: tuple[int, ...]
    """Where the field comes in the structure: which child of the root, which of that, and so on."""
    line: float = 0.0
    """How high its field is at most, in mm, in the middle of the box; 0 for one as high as the box."""

    @property
    def field(self) -> Edges:
        """The edges of its field."""
        return one_line(self.edges, self.line) if self.line else self.edges


def room_style(tag: str, look: Sizes = LOOK) -> str:
    """Where in an element the drawing stands that shows its room. look: the sizes that the page is set in."""
    line = look["field"] * PX
    in_cell = f"left:1%;width:98%;top:50%;height:{line:.3f}px;margin-top:-{line / 2:.3f}px"
    return f"position:absolute;{in_cell if tag == 'td' else 'left:0;top:0;width:100%;height:100%'}"


def one_line(box: Edges, high: float) -> Edges:
    """The part of a box in which a line is written: in the middle, and no higher than a line, which is in mm."""
    left, top, right, bottom = box
    middle, half = (top + bottom) / 2, min(bottom - top, high * PX) / 2
    return left + FREE, middle - half, right - FREE, middle + half


class Ways:
    """The ways from the root of a structure tree to its elements. known: those that were found, by object number."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[int, ...]] = {}

    def to(self, element: Any) -> tuple[int, ...]:
        """The way to an element."""
        number = element.objgen[0]
        if number not in self.known:
            around = element.get("/P")
            self.known[number] = (*self.to(around), place_in(around, element)) if around is not None else ()
        return self.known[number]
