"""Take the figures and pictures out of a page's HTML, for the pen to draw.

In the place of each is an empty drawing, which WeasyPrint lays out, and which tells where it is to be drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from html import unescape

from msgspec import Struct

from byhand.fonts import FACES
from byhand.notation.marks import MARK, mark_number
from byhand.page.look import COLOURS
from byhand.page.picture import KEY_SAYS, PEN, PRINTED
from byhand.press.beside import NOTHING, Beside, known, without
from byhand.press.pieces import BOLD, BOLD_ITALIC, MATH, MATH_ITALIC, SANS, Piece, TextOf, TextStyle
from byhand.press.svg import NO_DRAWING, Drawing, drawing, layers
from byhand.press.tables import TABLE, Table, table

PLACE = "byhand figure "  # the alternative text of the drawing in the place of a figure, before the figure's number
PICTURE = re.compile(
    r'<svg class="[\w -]*" xmlns="[^"]*" width="(?P<width>[\d.]+mm)" height="(?P<height>[\d.]+mm)" viewBox="[\d. ]+" '
    r'role="img" aria-label="(?P<said>[^"]*)" (?:'
    f'{KEY_SAYS}="(?P<key>[^"]*)" )?[^<>]*>(?P<layers>{PRINTED})?.*?</svg>',
    re.DOTALL,
)
_OWN = re.compile(f"(?:{PRINTED}|{PEN})({MARK.pattern})</g>")
OWN_FACES = (SANS, BOLD, BOLD_ITALIC, MATH, MATH_ITALIC)  # of the texts in a picture of an idea
_ALONE = re.compile(  # a place with nothing beside it, which needs no boxes round it
    r'(<figure class="[\w ]+") style="[^"]*">\s*<div class="box">\s*'
    r'(<svg [^<>]*style=")position:absolute;left:0;top:0;(.*?</svg>)\s*</div>\s*</figure>',
    re.DOTALL,
)
_FIGURE = re.compile('<figure class="grid.*?</figure>', re.DOTALL)


class Picture(Struct, frozen=True):
    """A drawing that stands by itself, as the map does, or a picture of an idea.

    said, key_said: its alternative text, and that of a key which shares the page. answers: what only a key shows.
    slots: the marks in place of what is printed, and of what only a key shows, where another run has its own.
    """

    drawing: Drawing
    said: str
    key_said: str = ""
    answers: Drawing = NO_DRAWING
    slots: tuple[int, ...] = ()

    @property
    def pieces(self) -> Iterator[Piece]:
        """The pieces of all its texts; with slots, a piece of each face that these may need."""
        if self.slots:
            return (Piece(TextStyle(face, 1.0, COLOURS["ink"]), "0") for face in OWN_FACES)
        return (piece for drawn in (self.drawing, self.answers) for words in drawn.texts for piece in words.pieces)


class Figure(Struct, frozen=True):
    """A figure: a table, and what stands beside and behind it."""

    table: Table
    beside: Beside = NOTHING

    @property
    def pieces(self) -> Iterator[Piece]:
        """The pieces of all its texts."""
        yield from self.table.pieces
        for label in self.beside.labels:
            for line in label.lines:
                yield from line


Figures = list[Figure | Picture]


def cut_out(html: str, texts: TextOf) -> tuple[str, Figures]:
    """A page with an empty drawing in place of each figure and picture that the pen can draw, and these.

    What has another form than the pen knows is left to WeasyPrint.
    """
    figures: Figures = []
    embedded: set[str] = set()

    def placed(figure: Figure | Picture, width: str, height: str, place: str) -> str:
        figures.append(figure)
        used = {piece.style.face for piece in figure.pieces} - embedded
        embedded.update(used)
        letters = "".join(  # for WeasyPrint to embed their fonts
            f'<text font-family="{face.family}" font-weight="{face.weight}" '
            f'font-style="{"italic" if "italic" in face.name else "normal"}">0</text>'
            for face in FACES
            if face.name in used
        )
        title = f"<title>{PLACE}{len(figures) - 1}</title>"
        return f'<svg width="{width}" height="{height}" style="{place}overflow:visible">{title}{letters}</svg>'

    def drawn(match: re.Match[str], beside: Beside = NOTHING) -> str:
        graphic = table(**match.groupdict(), texts=texts)
        size = f"{graphic.columns[-1]:.3f}", f"{graphic.rows[-1]:.3f}"
        return placed(Figure(graphic, beside), *size, "position:absolute;left:0;top:0;")

    def whole(match: re.Match[str]) -> str:
        left, beside = without(match[0])
        count = len(figures)
        made = TABLE.sub(known(partial(drawn, beside=beside)), left)
        return _ALONE.sub(r"\1>\2display:block;\3</figure>", made) if len(figures) > count else match[0]

    def picture(match: re.Match[str]) -> str:
        said, key_said = unescape(match["said"]), unescape(match["key"] or "")
        if not match["layers"]:
            graphic = Picture(drawing(match[0]), said)
        elif slots := tuple(map(mark_number, _OWN.findall(match[0]))):
            graphic = Picture(NO_DRAWING, said, key_said, slots=slots)
        else:
            printed, pen = layers(match[0])
            graphic = Picture(printed, said, key_said, pen)
        return placed(graphic, match["width"], match["height"], "")

    html = _FIGURE.sub(whole, html)
    return PICTURE.sub(known(picture), TABLE.sub(known(drawn), html)), figures
