"""The table of a figure as values: what stands in each cell, and what is said of it, for HTML and for PDF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from byhand.notation.html import value_pieces
from byhand.notation.inline import Piece, parsed, source, spoken
from byhand.page.fields import Field, nameless
from byhand.page.grid import Grid, Slot
from byhand.page.look import PX

Line = tuple[Piece, ...]


class Tick(Struct, frozen=True, array_like=True):
    """A box to tick."""

    check: Literal["", "on", "theirs"] = ""
    """Whether it has a check: as it should, or because a student has ticked it."""
    field: str = ""
    """The name of its field, if a page has one there."""
    called: str = ""
    """What a field that one can click on is called; "" for none, as on paper."""


class LaidCell(Struct, frozen=True, array_like=True):
    """A cell."""

    classes: str = ""
    """Its CSS classes: the first is its kind, as of `Slot`."""
    lines: tuple[Line, ...] = ((),)
    """Its text, broken where it may be."""
    scope: Literal["", "col", "row"] = ""
    """What it is the label of."""
    span: int = 1
    said: str = ""
    """What is read aloud in place of its text."""
    told: str = ""
    """What is read aloud after its text."""
    tick: Tick | None = None
    """The box before its text."""
    field: str = ""
    """The name of its field, if a page has one there."""
    called: str | None = None
    """What a field that one can type in is called; None for none, as on paper."""


class LaidTable(Struct, frozen=True, array_like=True):
    """A table on paper."""

    name: str
    columns: tuple[float, ...]
    """How wide its columns are, in mm."""
    rows: tuple[float, ...]
    """How high its rows are, in mm."""
    size: Literal["", "small", "smaller"]
    """The size of its numbers, as of `Grid`."""
    cells: tuple[tuple[LaidCell, ...], ...]
    look: str = ""
    """The name of the look that it is set in, as of LOOKS."""


def edges(sizes: Sequence[float]) -> tuple[float, ...]:
    """Where each column or row begins, and where the last one ends, in px. sizes: in mm."""
    return tuple(accumulate((round(size, 3) * PX for size in sizes), initial=0.0))


class Writing(Protocol):
    """What a student has written, for a page that shows it."""

    def blank(self, slot: Slot, width: float) -> LaidCell:
        """The cell of a blank. width: that of its column in print, in mm."""

    def tick(self, slot: Slot) -> Tick:
        """The box of a matrix that may be ticked."""


def table(grid: Grid, shown: bool, writing: Writing | None = None, field: Field = nameless) -> LaidTable:
    """The table of a figure on paper. shown, writing, field: as of `rows`."""
    cells = tuple(tuple(row) for row in rows(grid, shown, False, writing, field))
    columns, heights = (
        [grid.widths[kind] for kind in grid.cols],
        [grid.measures.heights[kind] for kind in grid.rows],
    )
    return LaidTable(spoken(grid.label), tuple(columns), tuple(heights), grid.size, cells, grid.measures.name)


def rows(
    grid: Grid, shown: bool, screen: bool, writing: Writing | None = None, field: Field = nameless
) -> Iterator[Iterator[LaidCell]]:
    """The cells of a table. shown: whether answers are printed.

    screen: whether it is for a screen: blanks are input fields, and cells say in which line a phone has them.
    writing: what stands in blanks in place of either. field: the names of fields.
    """
    return (_row(grid, slots, shown, screen, writing, field) for slots in grid.slots_by_row())


def _row(
    grid: Grid, slots: list[Slot], shown: bool, screen: bool, writing: Writing | None, field: Field
) -> Iterator[LaidCell]:
    col = 0
    for each in slots:
        line = grid.line(col + each.is_before) if screen and grid.phone_lines else 0
        slot = replace(each, cls=f"{each.cls} n{line}".strip()) if line and each.scope + each.cls else each
        if writing and slot.cell is not None and slot.cell.blank:
            yield writing.blank(slot, grid.widths[grid.cols[col]])
        else:
            yield _cell(slot, shown, screen, writing, field)
        col += slot.span


def _cell(slot: Slot, shown: bool, screen: bool, writing: Writing | None, field: Field) -> LaidCell:
    if slot.cell is not None:
        return _number(slot, shown, screen, field)
    if slot.scope:
        lines = tuple((piece,) for piece in slot.pieces)
        classes = (slot.cls + " parted" * (len(lines) > 1)).strip()
        is_broken = screen and slot.is_two_words  # by a browser, between the words
        return LaidCell(classes, ((" ".join(slot.pieces),),) if is_broken else lines, slot.scope)
    if slot.cls.startswith("caption"):
        tick = None
        if (of := slot.ticked) is not None:
            tick = (
                writing.tick(slot)
                if writing
                else ticked(bool(of.right), shown, screen, spoken(slot.label), field(of))
            )
        known = source(slot.known.note, slot.known.bead) if slot.known else ()
        return LaidCell(slot.cls, ((*parsed(slot.label), *known),), span=slot.span, said=slot.name, tick=tick)
    if slot.label:
        return LaidCell(slot.cls, ((slot.label,),))
    return LaidCell(span=slot.span)


def _number(slot: Slot, shown: bool, screen: bool, field: Field) -> LaidCell:
    assert slot.cell is not None
    text = value_pieces(slot.cell.value) if shown or not slot.cell.blank else ()
    if not slot.cell.blank or (screen and shown):
        return LaidCell(slot.cls, (text,))
    return LaidCell(slot.cls, (text,), field=field(slot.cell), called=spoken(slot.name) if screen else None)


def ticked(right: bool, shown: bool, screen: bool, label: str, field: str) -> Tick:
    """A box to tick, ticked if answers are shown and it is right. On a screen it is a field, or has none."""
    if screen and not shown:
        return Tick("", field, label)
    return Tick("on" if right and shown else "", "" if screen else field)
