"""The places of a printed page: its tables, their slots, and the names of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from byhand.notation.inline import spoken
from byhand.page.grid import Grid, Slot
from byhand.page.layout import strips_as
from byhand.page.page import Page, lower, measures_of
from byhand.page.sections import laid_figures
from byhand.runs import Run
from byhand.worksheet.document import Document, Section, Strip


class Owner(Struct, frozen=True):
    """The owner of a table."""

    section: Section
    shape: tuple[int, ...]
    """The number of cells in each row."""
    slots: list[list[Slot]] | None = None
    """Its slots, row by row; None for a table of worked lines."""


def owners(page: Page, view: str) -> Iterator[Owner]:
    """The owners of a page's tables, in order: in each section those of figures, then those of worked lines."""
    for drawn in page.sections:
        for laid in drawn.laid:
            if laid.shape:
                yield Owner(drawn.section, laid.shape, laid.slots_by_row())
        for shape in _worked_shapes(page.document, drawn.section, view):
            yield Owner(drawn.section, shape)


def laid_as(document: Document, run: Run, view: str, shapes: Sequence[tuple[int, ...]]) -> Page:
    """The page of a sheet with its strips broken as on a page whose tables have these shapes."""
    grids: dict[int, list[Grid]] = {}
    at, measures = 0, measures_of(document)
    for section in document.sections:
        for figure in section.figures:
            if isinstance(figure, Strip):
                grids[id(figure)] = strips_as(figure, shapes[at:], measures)
            laid = laid_figures([figure], lambda strip, _: grids[id(strip)], measures)
            at += sum(bool(each.shape) for each in laid)
        at += len(_worked_shapes(document, section, view))
    return lower(document, run, lambda strip, _: grids[id(strip)])


def _worked_shapes(document: Document, section: Section, view: str) -> list[tuple[int, ...]]:
    """The shapes of a section's tables of worked lines: a label, then three cells a line."""
    if view != "worked":
        return []
    workings = (working for block in section.blocks for working in block.worked(document.transposed))
    return [(1, *(3 for _ in lines.rows)) for working in workings for lines in working.lines]


def place(slot: Slot) -> str:
    """The name of a cell in a message: its step, as in run.json, and its labels."""
    if slot.cell is None or slot.cell.at is None:
        return spoken(slot.name or slot.label)
    return f"{_at(*slot.cell.place)} ({spoken(slot.name)})"


def _at(step: str, i: int, j: int) -> str:
    return f"{step}, row {i + 1}, column {j + 1}"
