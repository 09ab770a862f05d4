"""What stands where on a printed page: its tables, their slots, and what these are called."""

from __future__ import annotations

from collections.abc import Iterator

from byhand.notation.inline import spoken
from byhand.render.entries import Entries, entry_text
from byhand.render.grid import Grid, Slot
from byhand.render.html import Pages, worked
from byhand.render.sections import Laid
from byhand.worksheet.document import Cell, Prose, Section


def owners(pages: Pages, view: str) -> Iterator[tuple[Section, list[list[Slot]] | None]]:
    """The tables of a page in order: those of a section's figures, then its worked lines'."""
    turned = pages.d.orientation == "columns"
    for drawn in (drawn for group in pages.groups for drawn in group):
        for laid in drawn.laid:
            yield drawn.section, _slots(laid)
        if view == "worked":
            for figure in drawn.section.figures:
                for work in worked(figure, turned):
                    for _ in work.tokens:
                        yield drawn.section, None


def _slots(laid: Laid) -> list[list[Slot]] | None:
    """What stands where in a figure."""
    match laid:
        case Grid():
            return [slots for _, slots in laid.lines()]
        case Entries():
            head, *rows = (laid.table.head, *laid.table.rows)
            names = [entry_text(prose) for prose in head]
            texts = [Slot("", label=name) for name in names]
            return [texts, *([_entry(x, row[0], name) for x, name in zip(row, names, strict=True)] for row in rows)]
        case _:
            return None


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
