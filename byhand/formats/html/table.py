"""The rows of a figure's table as HTML. A page has many cells, so each is a single td without inner elements."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Protocol

from msgspec.structs import replace

from byhand.notation.html import value_html
from byhand.notation.inline import inline, spoken
from byhand.page.fields import Field, nameless, room
from byhand.page.grid import Grid, Slot
from byhand.worksheet.document import BETWEEN


class Writing(Protocol):
    """What a student has written, for a page that shows it."""

    def blank(self, slot: Slot, width: float) -> str:
        """The td of a blank. width: that of its column in print, in mm."""

    def tick(self, slot: Slot) -> str:
        """The box of a matrix that may be ticked."""


def rows(grid: Grid, shown: bool, screen: bool, writing: Writing | None = None, field: Field = nameless) -> str:
    """The rows of a table. shown: whether answers are printed.

    screen: whether it is for a screen: blanks are input fields, and cells say in which line a phone has them.
    writing: what stands in blanks in place of either. field: the names of fields that a PDF has there.
    """
    return "\n".join(
        f'<tr class="{kind}">{"".join(_line(grid, slots, shown, screen, writing, field))}</tr>'
        for kind, slots in grid.lines()
    )


def _line(
    grid: Grid, slots: list[Slot], shown: bool, screen: bool, writing: Writing | None, field: Field
) -> Iterator[str]:
    col = 0
    for each in slots:
        line = grid.line(col + each.is_before) if screen and grid.phone_lines else 0
        slot = replace(each, cls=f"{each.cls} n{line}".strip()) if line and each.scope + each.cls else each
        if writing and slot.cell is not None and slot.cell.blank:
            yield writing.blank(slot, grid.widths[grid.cols[col]])
        else:
            yield _cell(slot, shown, screen, writing, field)
        col += slot.span


def _cell(slot: Slot, shown: bool, inputs: bool, writing: Writing | None, field: Field) -> str:
    span = f' colspan="{slot.span}"' if slot.span > 1 else ""
    if slot.cell is not None:
        return _number(slot, shown, inputs, field)
    if slot.scope:
        cls = (slot.cls + " parted" * (len(slot.pieces) > 1)).strip()
        named = f' class="{cls}"' if cls else ""
        between = " " if slot.is_two_words else "<wbr>"
        return f'<th scope="{slot.scope}"{named}>{between.join(map(escape, slot.pieces))}</th>'
    if slot.cls.startswith("caption"):
        box, of = "", slot.ticked
        if of is not None:
            name = spoken(slot.label)
            box = writing.tick(slot) if writing else tick(bool(of.right), shown, inputs, name, field=field(of))
        said = f' aria-label="{escape(slot.name)}"' if slot.name else ""
        return f'<td class="{slot.cls}"{span}{said}>{box}{inline(slot.label)}</td>'
    if slot.label:
        return f'<td class="{slot.cls}">{escape(slot.label)}</td>'
    return f"<td{span}></td>"


def _number(slot: Slot, shown: bool, inputs: bool, field: Field) -> str:
    assert slot.cell is not None
    place = room(field(slot.cell)) if slot.cell.blank and not inputs else ""
    if shown or not slot.cell.blank:
        return f'<td class="{slot.cls}"{place}>{value_html(slot.cell.value)}</td>'
    box = ""
    if inputs:
        box = f'<input name="{escape(field(slot.cell))}" aria-label="{escape(spoken(slot.name))}">'
    return f'<td class="{slot.cls}"{place}>{box}</td>'


def tick(right: bool, shown: bool, inputs: bool, label: str, shared: str = "", field: str = "") -> str:
    """A box to tick, ticked if answers are shown and it is right.

    shared: "", or a page that is worksheet and key. field: the name of its field. On a screen, only one of the boxes
    of a question can be ticked, by its name.
    """
    if inputs and not shown:
        group, _, option = (escape(part) for part in field.partition(BETWEEN))
        return f'<input type="radio" name="{group}" value="{option}" class="tick" aria-label="{escape(label)}">'
    place = "" if inputs else room(field)
    if shared and right:
        return f'<span class="tick"{place}><span class="check for-key">✓</span></span>'
    return f'<span class="tick on"{place}>✓</span>' if right and shown else f'<span class="tick"{place}></span>'
