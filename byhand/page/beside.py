"""What stands beside the table of a figure: the tags of its matrices, and a formula in its free corner."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from byhand.notation.inline import Part, Piece, parsed, source, spoken
from byhand.page.grid import Grid, Tag
from byhand.page.table import Line
from byhand.tape import shape_text

SMALLEST = 9.5  # pt: the smallest type of a formula
_ONE_LETTER = re.compile(r"(?<= \w) (?=\w)")  # the blank after a word of one letter, which ends no line of a note


class LaidLabel(Struct, frozen=True, array_like=True):
    """A tag or a formula. Its place and its room are in mm."""

    side: Literal["right", "over", "formula"]
    left: float
    top: float
    width: float
    """The room of a tag, 0 for any."""
    lines: tuple[tuple[Piece, ...], ...]
    """What stands there, line by line. Each line may be broken at its blanks."""
    size: float = 0.0
    """The size of the type of a formula, in pt."""
    said: str = ""
    """How a formula is read aloud, and a tag with a source."""


def beside(grid: Grid) -> tuple[LaidLabel, ...]:
    """What stands beside a table, in the order in which it is read."""
    return (*(_tag(grid, tag) for tag in grid.tags), *((_formula(grid),) if grid.formula else ()))


def _tag(grid: Grid, tag: Tag) -> LaidLabel:
    """The tag of a matrix: its symbol and its shape, and below them a note.

    One at the right may use what is left of the figures' width.
    """
    if tag.side == "right":
        left, top = grid.x(tag.right) + 2.5, (grid.y(tag.top) + grid.y(tag.bottom)) / 2
        width = max(grid.measures.figure - left, 9)
    else:
        left, top, width = (grid.x(tag.left) + grid.x(tag.right)) / 2, grid.y(tag.top), 0.0
    symbol, shape = Part("math", parsed(tag.panel.symbol)), Part("shape", (shape_text(tag.panel.shape),))
    name: tuple[Line, ...] = ((symbol, " "), (shape,)) if tag.parted else ((symbol, " ", shape),)
    place = round(left, 2), round(top, 2), round(width, 2)
    if tag.panel.bead:
        known = source(tag.panel.note, tag.panel.bead)
        if tag.side == "right":  # after the name, where there is room
            *first, last = name
            name = (*first, (*last, *known))
        else:
            name = (*name, known)
        said = f"{spoken(tag.panel.symbol)} {shape_text(tag.panel.shape)} {tag.panel.note}"
        return LaidLabel(tag.side, *place, name, said=said)
    note = ((_ONE_LETTER.sub("\u00a0", tag.panel.note),),) if tag.panel.note else ()
    return LaidLabel(tag.side, *place, (*name, *note))


def _formula(grid: Grid) -> LaidLabel:
    """The formula in the free corner: flush with the left operand, in smaller type if needed. Where even so it would
    reach the row numbers of the upper operand, it goes above the first of them.
    """
    row = next(tag.top for tag in grid.tags if tag.side == "over")
    left, room, said = grid.widths["l"], grid.x(grid.formula_end) - grid.widths["l"], spoken(grid.formula)
    need = 2.75 * len(said)
    if need > room:
        left, room = 2.0, room + grid.widths["l"] - 2.0
    size, middle = min(14.5, 14.5 * room / need), grid.y(row) / 2
    if size < SMALLEST:
        size, middle = SMALLEST, grid.y(1) / 2
    top = middle - 3.2
    return LaidLabel("formula", round(left, 2), round(top, 2), 0.0, (parsed(grid.formula),), round(size, 1), said)
