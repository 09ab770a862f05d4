"""The looks of cells: those of the page, as far as a spreadsheet has them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.page.look import COLOURS

FACE = "Arial"  # which every spreadsheet has, or one as wide
TILE, TILE_EDGE, PALE = "#E2E2E2", "#888888", "#555555"
THIN, MEDIUM, DASHED = 1, 2, 3  # lines of Excel


class Look(Struct, frozen=True):
    """How a cell looks."""

    size: float = 9.5
    """The size of the type, in pt."""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    struck: bool = False
    colour: str = COLOURS["ink"]
    fill: str = ""
    align: str = "left"
    valign: str = "vcenter"
    indent: int = 0
    wrap: bool = False
    left: int = 0
    """The kind of the edge there, and so for right, top and bottom; 0 for none."""
    right: int = 0
    top: int = 0
    bottom: int = 0
    edge: str = COLOURS["ink"]
    form: str = ""
    """The format of numbers."""
    unlocked: bool = False
    """Whether it may be changed."""

    def framed(self, kind: int = THIN, edge: str = COLOURS["ink"]) -> Look:
        """The same with edges on all sides."""
        return replace(self, left=kind, right=kind, top=kind, bottom=kind, edge=edge)

    def in_pen(self) -> Look:
        """The same, as the key writes answers."""
        return replace(self, bold=True, italic=True, colour=COLOURS["pen"])

    @property
    def properties(self) -> dict[str, Any]:
        """The same for XlsxWriter."""
        edges = {side: getattr(self, side) for side in ("left", "right", "top", "bottom") if getattr(self, side)}
        font = {
            "font_name": FACE, "font_size": self.size, "bold": self.bold, "italic": self.italic,
            "underline": int(self.underline), "font_strikeout": self.struck, "font_color": self.colour,
        }  # fmt: skip
        room = {"align": self.align, "valign": self.valign, "indent": self.indent, "text_wrap": self.wrap}
        ground = {"bg_color": self.fill} if self.fill else {}
        drawn = edges | {f"{side}_color": self.edge for side in edges}
        return {**font, **room, **ground, **drawn, "num_format": self.form or "General", "locked": not self.unlocked}


TITLE = Look(20, bold=True)
SMALL = Look(8, colour=PALE)
TEXT = Look(9.5, valign="top", wrap=True)
NOTE = Look(8.5, valign="top", wrap=True, colour="#333333")
HEADING = Look(12, bold=True)
SUM = Look(9, align="right", colour=PALE)
TOKEN = Look(9.5, align="right", indent=1)
LABEL = Look(8, align="center", colour=PALE)
CAPTION = Look(9, align="center", valign="bottom")
SIGN = Look(12, align="center")
NUMBER = Look(10, align="center")
FIELD = replace(TEXT, indent=1, unlocked=True, bottom=THIN, edge=TILE_EDGE)  # what words are written in

# what a blank shows of its verdict: each in another colour and in another type
VERDICTS = {
    "right": Look(10, bold=True, colour="#0B4F12", fill="#D5EBD3", align="center"),
    "follows": Look(10, italic=True, underline=True, colour="#123C7C", fill="#D9E5F7", align="center"),
    "not_yet": Look(10, struck=True, colour="#7A3300", fill="#FBE3C9", align="center"),
}


def conditional(look: Look) -> dict[str, Any]:
    """The properties of a look that XlsxWriter can set by a condition: a blank gets them with its verdict."""
    names = ("bold", "italic", "underline", "font_strikeout", "font_color", "bg_color")
    return {name: look.properties[name] for name in names if look.properties[name]}
