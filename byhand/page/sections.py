"""Lay out sections: their figures below each other, beside the words or below them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from math import fsum
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from byhand.page.entries import tables
from byhand.page.grid import Grid, Slot
from byhand.page.layout import falks, strips
from byhand.page.measures import PRINT, Measures
from byhand.page.parts import Part, stands
from byhand.worksheet.document import (
    Answer,
    Claim,
    Falk,
    Figure,
    Picture,
    Section,
    Space,
    Strip,
    Table,
    TextBlock,
    WordBoxes,
)
from byhand.worksheet.views import View

GAP, LARGE_GAP = 2.0, 5.0  # mm: between two figures
WORDS_GAP = 8.0  # mm: between a question's words and its figures
BESIDE = 104.0  # mm: the room for figures beside a question


class LaidFigure(Protocol):
    """A figure that is laid out, or one line of a figure that is broken."""

    @property
    def kind(self) -> str:
        """The name of its template."""

    @property
    def height(self) -> float:
        """The height that it needs in print, in mm."""

    @property
    def room(self) -> float:
        """The width that it needs in print, in mm."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of cells in each row of its table, () without a table."""

    def slots_by_row(self) -> list[list[Slot]] | None:
        """The slots of its table; None if it holds neither numbers nor labels."""


class Boxes(Struct, frozen=True):
    """A row of boxes for words."""

    figure: WordBoxes
    measures: Measures = PRINT
    kind: ClassVar[str] = WordBoxes.kind
    height: ClassVar[float] = 14.0
    """Their height in mm."""

    @property
    def room(self) -> float:
        """The width in print, in mm."""
        return self.measures.figure if self.measures.is_large else 13.0 + 26.0 * len(self.figure.labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Two rows: labels and words."""
        return (len(self.figure.labels),) * 2

    def slots_by_row(self) -> None:
        """None: reading a page back finds the words in other places."""


class Drawn(Struct, frozen=True):
    """A picture, whose size is known."""

    figure: Picture
    measures: Measures = PRINT
    kind: ClassVar[str] = Picture.kind
    shape: ClassVar[tuple[int, ...]] = ()

    @property
    def size(self) -> tuple[float, float]:
        """The width and the height as it is drawn in print, in mm; in large print it is turned by a quarter."""
        kind = self.figure.picture
        return (kind.height, kind.width) if self.measures.is_large else (kind.width, kind.height)

    @property
    def scale(self) -> float:
        """How much larger it is in print: in large print, as large as a page."""
        sides = zip(self.measures.page, self.size, strict=True)
        return min(room / side for room, side in sides) if self.measures.is_large else 1

    @property
    def height(self) -> float:
        """The height in print, in mm."""
        return self.size[1] * self.scale

    @property
    def room(self) -> float:
        """The width in print, in mm."""
        return self.size[0] * self.scale

    @property
    def screen_scale(self) -> float:
        """How much larger it is drawn on a screen: in large print, as wide as the page."""
        return self.measures.page[0] / self.figure.picture.width if self.measures.is_large else 1.0

    def slots_by_row(self) -> None:
        """No table."""


class AsItIs(Struct, frozen=True):
    """A figure that only its template lays out, without a table.

    Its height is not known, so it is never placed beside the words.
    """

    figure: Figure
    height: ClassVar[float] = 0.0
    room: ClassVar[float] = PRINT.page[0]
    shape: ClassVar[tuple[int, ...]] = ()

    @property
    def kind(self) -> str:
        """The kind of the figure."""
        return self.figure.kind

    def slots_by_row(self) -> None:
        """No table."""


Grids = Callable[[Strip, Measures], Sequence[Grid]]
# of a figure: itself, or the lines that it is broken into
LayOut = Callable[[Any, Measures], Iterable[LaidFigure]]
# how to lay out each kind of figure; any other kind is left to its template
LAYOUTS: dict[str, LayOut] = {
    Falk.kind: falks,
    Strip.kind: strips,
    WordBoxes.kind: lambda figure, measures: [Boxes(figure, measures)],
    Picture.kind: lambda figure, measures: [Drawn(figure, measures)],
    Table.kind: tables,
}


class LaidSection(Struct, frozen=True, eq=False, dict=True):
    """A section as it stands on a page."""

    section: Section
    parts: tuple[Part, ...]
    """All that stands there in any view, in reading order."""
    opens: bool
    """Whether it begins a page."""
    grids: Grids = strips
    """What breaks a strip of matrices into grids."""
    measures: Measures = PRINT

    @cached_property
    def laid(self) -> tuple[LaidFigure, ...]:
        """Its figures, placed on their grids, below each other; when they are asked for, as text needs no places.

        Raises: SheetError for a figure that is larger than a page.
        """
        return laid_figures(self.section.figures, self.grids, self.measures)

    def in_view(self, view: View) -> Iterator[Part]:
        """What stands there in a view, in reading order."""
        return (part for part in self.parts if stands(part, view))

    @property
    def height(self) -> float:
        """The height of the figures in print, in mm."""
        gap = LARGE_GAP if self.measures.is_large else GAP
        return fsum(x.height for x in self.laid) + gap * max(len(self.laid) - 1, 0)

    @property
    def width(self) -> float:
        """The width of the widest figure with its tags, in mm."""
        return max((x.room for x in self.laid), default=0.0)

    @property
    def below(self) -> bool:
        """Whether the figures stand below the words, as those that are too wide always do."""
        beside = BESIDE if self.section.is_question else self.measures.figure
        return self.width > (0.0 if self.measures.below else beside)

    @property
    def is_whole(self) -> bool:
        """Whether all its figures stand on one page of large print, where they have room on one."""
        return self.measures.is_large and 0 < self.height <= self.measures.page[1]

    @property
    def lined(self) -> bool:
        """Whether it ends in lines to write on."""
        words = self.after or self.before
        return bool(words) and words[-1].kind in (Answer.kind, Claim.kind, Space.kind)

    @property
    def words_width(self) -> float:
        """The width of a question's words and of the lines to write on, in mm: all that its figures leave."""
        page = self.measures.page[0]
        return page if self.below or not self.laid else page - self.width - WORDS_GAP

    @property
    def before(self) -> list[TextBlock]:
        """The texts beside the figures, or above them."""
        return [word for word in self.section.words if not self._is_after(word)]

    @property
    def after(self) -> list[TextBlock]:
        """The texts below the figures."""
        return [word for word in self.section.words if self._is_after(word)]

    def _is_after(self, word: TextBlock) -> bool:
        return bool(self.laid) and (word in self.section.closing or (self.below and word.last) or word.aside)


def _as_it_is(figure: Figure, measures: Measures) -> list[LaidFigure]:
    return [AsItIs(figure)]


def laid_figures(
    figures: Iterable[Figure], grids: Grids = strips, measures: Measures = PRINT
) -> tuple[LaidFigure, ...]:
    """Figures laid out below each other. grids: breaks a strip into grids."""
    layouts: dict[str, LayOut] = {**LAYOUTS, Strip.kind: grids}
    laid = (layouts.get(figure.kind, _as_it_is)(figure, measures) for figure in figures)
    return tuple(chain.from_iterable(laid))
