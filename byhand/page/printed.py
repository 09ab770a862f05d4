"""A page in print, as the press takes it: HTML with an empty drawing in the place of each figure, and these as values
beside it.

Texts of both may hold marks (notation/marks.py). So the figures are kept as JSON, in which a mark is found and
replaced as in HTML, and which is read when they are drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import msgspec
from msgspec import Struct

from byhand.notation.marks import MARK, Svg, mark_number
from byhand.page.beside import LaidLabel
from byhand.page.table import LaidTable, edges
from byhand.pictures.shapes import Graphic, Shape
from byhand.worksheet.views import View

PLACE = "byhand figure "  # the title of the drawing in the place of a figure, before the figure's number
_IN_JSON = re.compile(f'"{MARK.pattern}"|{MARK.pattern}')


class PrintedFigure(Struct, frozen=True, array_like=True, tag="figure"):
    """A table, what stands behind it, and what stands beside it."""

    table: LaidTable
    behind: tuple[Shape, ...] = ()
    beside: tuple[LaidLabel, ...] = ()

    @property
    def size(self) -> str:
        """Its width and its height, as attributes of SVG."""
        width, height = (edges(sizes)[-1] for sizes in (self.table.columns, self.table.rows))
        return f'width="{width:.3f}" height="{height:.3f}"'


Figure = PrintedFigure | Graphic


class PrintPage(Struct, frozen=True):
    """A page in print. A page for a screen that is kept is one, too, without figures."""

    html: str
    figures: str = "[]"
    """Its figures, as JSON."""
    views: tuple[tuple[View, str, str], ...] = ()
    """Of a worksheet and a key that are one page: the name of each, its title, and what it says before "page 1"."""

    @property
    def parts(self) -> tuple[str, ...]:
        """All of it as texts, for a key."""
        return (self.html, self.figures, *chain.from_iterable(self.views))

    @property
    def marks(self) -> list[str]:
        """All marks, in their order; one that stands in several places is there several times."""
        return MARK.findall(self.html) + MARK.findall(self.figures)

    def drawn(self) -> Sequence[Figure]:
        """The figures, in the order in which they stand there."""
        return msgspec.json.decode(self.figures, type=list[Figure])

    @classmethod
    def of(cls, html: str, figures: Sequence[Figure], views: tuple[tuple[View, str, str], ...] = ()) -> PrintPage:
        """A page with these figures."""
        return cls(html, _json(figures), views)

    def renumbered(self, numbers: Mapping[str, str]) -> PrintPage:
        """The page with other marks in place of its own."""
        html, figures = (MARK.sub(lambda mark: numbers[mark[0]], part) for part in (self.html, self.figures))
        return PrintPage(html, figures, self.views)

    def filled(self, texts: Callable[[int], str], html: Callable[[str], str]) -> PrintPage:
        """The page with texts in place of its marks. html: fills its HTML."""

        def text_of_mark(match: re.Match[str]) -> str:
            text, whole = texts(mark_number(match[0].strip('"'))), match[0].startswith('"')
            if isinstance(text, Svg) and whole:
                return _json(text.shapes)
            as_json = _json(str(text))
            return as_json if whole else as_json[1:-1]  # within a longer text, without its quotes

        return PrintPage(html(self.html), _IN_JSON.sub(text_of_mark, self.figures), self.views)


def _json(thing: object) -> str:
    """A thing as JSON; a text of a kind of its own is a text."""
    return msgspec.json.encode(thing, enc_hook=str).decode()
