"""Take the figures out of a page's HTML, for the pen to draw.

In the place of each is an empty drawing, which WeasyPrint lays out, and which tells where the figure is to be drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from byhand.formats.fonts import FACES
from byhand.formats.pdf.beside import Beside, without
from byhand.formats.pdf.pieces import Piece, TextOf, UnknownLookError
from byhand.formats.pdf.tables import TABLE, Table, table

PLACE = "byhand figure "  # the alternative text of the drawing in the place of a figure, before the figure's number
_FIGURE = re.compile('<figure class="grid.*?</figure>', re.DOTALL)


class Figure(Struct, frozen=True):
    """A figure: a table, and what stands beside and behind it."""

    table: Table
    beside: Beside = Beside()

    @property
    def pieces(self) -> Iterator[Piece]:
        """The pieces of all its texts."""
        yield from self.table.pieces
        for label in self.beside.labels:
            for line in label.lines:
                yield from line


def cut_out(html: str, texts: TextOf) -> tuple[str, list[Figure]]:
    """A page with an empty drawing in place of each figure that the pen can draw, and these figures.

    What stands beside a table in another form than the pen knows is left to WeasyPrint, and so is a table.
    """
    from xml.etree import ElementTree  # of which a page that is laid out already needs nothing

    figures: list[Figure] = []
    embedded: set[str] = set()

    def drawing(found: re.Match[str], beside: Beside = Figure.beside) -> str:
        try:
            figure = Figure(table(**found.groupdict(), texts=texts), beside)
        except (UnknownLookError, ElementTree.ParseError):
            return found[0]
        figures.append(figure)
        used = {piece.style.face for piece in figure.pieces} - embedded
        embedded.update(used)
        letters = "".join(  # for WeasyPrint to embed their fonts
            f'<text font-family="{face.family}" font-weight="{face.weight}" '
            f'font-style="{"italic" if "italic" in face.name else "normal"}">0</text>'
            for face in FACES
            if face.name in used
        )
        width, height = figure.table.columns[-1], figure.table.rows[-1]
        return (
            f'<svg width="{width:.3f}" height="{height:.3f}" style="position:absolute;left:0;top:0;overflow:visible">'
            f"<title>{PLACE}{len(figures) - 1}</title>{letters}</svg>"
        )

    def whole(found: re.Match[str]) -> str:
        left, beside = without(found[0])
        count = len(figures)
        made = TABLE.sub(lambda table: drawing(table, beside), left)
        return made if len(figures) > count else found[0]

    return TABLE.sub(drawing, _FIGURE.sub(whole, html)), figures
