"""Sections laid out: their figures below each other, beside the words or below them; questions in pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from byhand.errors import SheetError
from byhand.formats.html.entries import Entries, entries
from byhand.formats.html.grid import FIGURE_WIDTH, NARROW_TAG, Grid
from byhand.formats.html.layout import falk, strips
from byhand.notation.inline import spoken
from byhand.worksheet.document import Answer, Falk, Figure, Prose, Section, Strip, Table, WordBoxes

MARGIN = 10.0  # mm of the page's margin that a figure may reach into, with cells that stay empty
PAGE_WIDTH, PAGE_HEIGHT = 174.0, 240.0  # mm: what the paper leaves for a figure below its words, never cut in two
GAP = 3.0  # mm: between two figures
BESIDE, PAIRED = 104.0, 48.0  # mm: the room for figures beside a question, and beside one of a pair


@dataclass(frozen=True)
class Boxes:
    """A row of boxes for words."""

    figure: WordBoxes
    block: ClassVar[str] = "boxes"
    height: ClassVar[float] = 14.0  # mm

    @property
    def width(self) -> float:
        """In print, in mm."""
        return 13.0 + 26.0 * len(self.figure.labels)


Laid = Grid | Boxes | Entries  # each has the name of its template, width and height
Grids = Callable[[Strip], Sequence[Grid]]


@dataclass(frozen=True)
class Drawn:
    """A section and its figures, laid out one below the other."""

    section: Section
    laid: tuple[Laid, ...]

    @property
    def height(self) -> float:
        """How high the figures are in print, in mm."""
        return sum(x.height for x in self.laid) + GAP * max(len(self.laid) - 1, 0)

    @property
    def width(self) -> float:
        """How wide they are, tags included."""
        return max((max(FIGURE_WIDTH, _width(x)) if _tagged(x) else x.width for x in self.laid), default=0.0)

    @property
    def below(self) -> bool:
        """Whether the figures are too wide to stand beside the words."""
        return self.width > (BESIDE if self.section.is_question else FIGURE_WIDTH)


def _laid(figure: Figure, grids: Grids) -> tuple[Laid, ...]:
    """A figure as what stands on the page: a strip may be several grids."""
    match figure:
        case Falk():
            return (falk(figure),)
        case Strip():
            return tuple(grids(figure))
        case WordBoxes():
            return (Boxes(figure),)
        case Table():
            return (entries(figure),)
        case _:
            raise TypeError(f"not a figure: {figure!r}")


def _tagged(laid: Laid) -> bool:
    return isinstance(laid, Grid) and bool(laid.tags)


def _width(laid: Laid) -> float:
    """How wide a figure is with its tags on two lines, in mm."""
    return laid.width + NARROW_TAG * _tagged(laid)


def _checked(laid: Laid) -> Laid:
    """A figure that is on the paper.

    Raises: SheetError for one that is not.
    """
    width = _width(laid)
    if isinstance(laid, Grid) and (width > PAGE_WIDTH + MARGIN or laid.height > PAGE_HEIGHT):
        raise SheetError(
            f"{spoken(laid.label)} is {width:.0f} mm wide and {laid.height:.0f} mm high even in small print; a "
            f"page has room for {PAGE_WIDTH:.0f} × {PAGE_HEIGHT:.0f} mm: use smaller sizes, or fewer digits"
        )
    return laid


def groups(sections: Iterable[Section], grids: Grids = strips) -> Iterator[tuple[Drawn, ...]]:
    """Sections as they stand below each other; two questions may stand side by side, one of only lines first.

    grids: what a strip is broken into.
    """
    waiting: Drawn | None = None
    for section in sections:
        laid = (laid for figure in section.figures for laid in _laid(figure, grids))
        drawn = Drawn(section, tuple(map(_checked, laid)))
        question, figures = drawn.section.is_question, bool(drawn.laid)
        if waiting is not None:
            if question and figures and drawn.width <= PAIRED:
                yield waiting, drawn
                waiting = None
                continue
            yield (waiting,)
            waiting = None
        if question and not figures and all(isinstance(w, Prose | Answer) for w in drawn.section.words):
            waiting = drawn
        else:
            yield (drawn,)
    if waiting is not None:
        yield (waiting,)
