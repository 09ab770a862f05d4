"""The figures of a page as the pen draws them, each in the place of an empty drawing that WeasyPrint lays out."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from byhand.fonts import FACES
from byhand.notation.marks import mark_number
from byhand.page import printed
from byhand.page.look import COLOURS
from byhand.page.printed import PLACE, PrintedFigure, PrintPage
from byhand.press.beside import Label, label
from byhand.press.drawing import NO_DRAWING, Drawing, drawing
from byhand.press.pieces import BOLD, BOLD_ITALIC, MATH, MATH_ITALIC, SANS, Piece, TextOf, TextStyle, UnknownLookError
from byhand.press.tables import Table, table

OWN_FACES = (SANS, BOLD, BOLD_ITALIC, MATH, MATH_ITALIC)  # of the texts in a picture of an idea
TYPICAL = "0"  # a text in a slot that every face has


class Picture(Struct, frozen=True):
    """A drawing that stands by itself, as the map does, or a picture of an idea."""

    drawing: Drawing
    said: str
    """Its alternative text."""
    key_said: str = ""
    """The alternative text of a key that shares the page."""
    answers: Drawing = NO_DRAWING
    """What only a key shows."""
    slots: tuple[int, ...] = ()
    """The marks in place of what is printed, and of what only a key shows, where another run has its own."""
    scale: float = 1.0
    """How much larger it is drawn."""
    turned: float = 0.0
    """Where it is turned clockwise by a quarter, its height in mm before it was; else 0."""

    @property
    def pieces(self) -> Iterator[Piece]:
        """The pieces of all its texts; with slots, a piece of each face that these may need."""
        if self.slots:
            return (Piece(TextStyle(face, 1.0, COLOURS["ink"]), TYPICAL) for face in OWN_FACES)
        return (piece for drawn in (self.drawing, self.answers) for words in drawn.texts for piece in words.pieces)


class Figure(Struct, frozen=True):
    """A figure: a table, what stands behind it, and the labels beside it."""

    table: Table
    behind: Drawing = NO_DRAWING
    labels: tuple[Label, ...] = ()

    @property
    def pieces(self) -> Iterator[Piece]:
        """The pieces of all its texts."""
        yield from self.table.pieces
        for each in self.labels:
            for line in each.lines:
                yield from line


Figures = list[Figure | Picture]


def with_figures(page: PrintPage, texts: TextOf) -> tuple[str, Figures]:
    """The HTML of a page, and its figures.

    Each drawing has a letter of every face that none before it has, so that WeasyPrint embeds its font.

    Raises: UnknownLookError for a text with letters that the face of its figure lacks.
    """
    html, embedded = page.html, set[str]()
    figures = [_set(each, texts) for each in page.drawn()]
    for number, figure in enumerate(figures):
        used = {piece.style.face for piece in figure.pieces} - embedded
        embedded |= used
        letters = "".join(
            f'<text font-family="{face.family}" font-weight="{face.weight}" font-style="{face.style}">'
            f"{TYPICAL}</text>"
            for face in FACES
            if face.name in used
        )
        html = html.replace(title := f"<title>{PLACE}{number}</title>", title + letters)
    return html, figures


def knows(figure: printed.Figure) -> bool:
    """Whether the pen can draw a figure; else it is left to WeasyPrint."""
    try:
        _set(figure, lambda mark: TYPICAL)
    except UnknownLookError:
        return False
    return True


def _set(figure: printed.Figure, texts: TextOf) -> Figure | Picture:
    if isinstance(figure, PrintedFigure):
        return Figure(table(figure.table, texts), drawing(figure.behind), tuple(map(label, figure.beside)))
    layers = figure.printed, figure.pen
    slots = tuple(mark_number(layer) for layer in layers if isinstance(layer, str))
    drawn, pen = (NO_DRAWING if isinstance(layer, str) else drawing(layer) for layer in layers)
    return Picture(drawn, figure.said, figure.key_said, pen, slots, figure.scale, figure.height * figure.turned)
