"""What stands where on a printed page: its tables, their slots, and what these are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from byhand.formats.html.entries import Entries, entry_text
from byhand.formats.html.grid import Grid, Slot
from byhand.formats.html.layout import strips_as
from byhand.formats.html.page import Pages, worked
from byhand.formats.html.sections import Boxes, Laid
from byhand.notation.inline import spoken
from byhand.worksheet.document import Cell, Document, Prose, Section, Strip


@dataclass(frozen=True)
class Owner:
    """Whose a table is: the section, how many cells each row has, and its slots row by row, but of worked lines."""

    section: Section
    shape: tuple[int, ...]
    slots: list[list[Slot]] | None = None


def owners(pages: Pages, view: str) -> Iterator[Owner]:
    """The owners of a page's tables in order: those of a section's figures, then its worked lines'."""
    for drawn in (drawn for group in pages.groups for drawn in group):
        for laid in drawn.laid:
            yield _owner(drawn.section, laid)
        for shape in _worked_shapes(pages.d, drawn.section, view):
            yield Owner(drawn.section, shape)


def laid_as(document: Document, view: str, shapes: Sequence[tuple[int, ...]]) -> Pages:
    """A sheet laid out, its strips broken where a page breaks them, whose tables have these shapes."""
    grids: dict[int, list[Grid]] = {}
    at = 0
    for section in document.sections:
        for figure in section.figures:
            if isinstance(figure, Strip):
                grids[id(figure)] = strips_as(figure, shapes[at:])
            at += len(grids.get(id(figure), "1"))
        at += len(_worked_shapes(document, section, view))
    return Pages(document, lambda strip: grids[id(strip)])


def _worked_shapes(document: Document, section: Section, view: str) -> list[tuple[int, ...]]:
    """The tables of a section's worked lines: a label, then three cells a line."""
    if view != "worked":
        return []
    figures = (work for figure in section.figures for work in worked(figure, document.orientation == "columns"))
    return [(1, *(3 for _ in lines.rows)) for work in figures for lines in work.tokens]


def _owner(section: Section, laid: Laid) -> Owner:
    """A figure's table, with what stands where in it."""
    match laid:
        case Boxes():
            return Owner(section, (len(laid.figure.labels),) * 2)
        case Grid():
            slots = [line for _, line in laid.lines()]
        case Entries():
            head, *rows = (laid.table.head, *laid.table.rows)
            names = [entry_text(prose) for prose in head]
            entries = ([_entry(x, row[0], name) for x, name in zip(row, names, strict=True)] for row in rows)
            slots = [[Slot("", label=name) for name in names], *entries]
        case _:
            raise TypeError(f"no table: {laid!r}")
    return Owner(section, tuple(map(len, slots)), slots)


def _entry(entry: Prose | Cell, row: Prose | Cell, name: str) -> Slot:
    """An entry of a table, called by the names of its row and column; or a text."""
    if isinstance(entry, Cell):
        return Slot("", entry, name=f"{entry_text(row)}, {name}")
    return Slot("", label=entry_text(entry))


def place(slot: Slot) -> str:
    """What a cell is called: by its step, as in run.json, and by its labels."""
    if slot.cell is None or slot.cell.at is None:
        return spoken(slot.name or slot.label)
    return f"{_at(slot.cell.step, *slot.cell.at)} ({spoken(slot.name)})"


def _at(step: str, i: int, j: int) -> str:
    return f"{step}, row {i + 1}, column {j + 1}"
