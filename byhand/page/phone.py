"""A figure on a phone: with narrower columns or, where these do not help, with its matrices below each other.

The table stays one table there, too: all cells of a line of matrices are moved by the same way from their places.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import fsum

from byhand.notation.marks import texts_of
from byhand.page.grid import (
    FITTED,
    PHONE_CELL_EM,
    PHONE_LABEL_EM,
    PHONE_SMALL_LABEL_EM,
    PHONE_WIDTHS,
    Grid,
    Line,
    Slot,
    label_width,
    widest,
)
from byhand.page.measures import PRINT
from byhand.pictures.labels import words

ROOM = 97.0  # mm: the width of a phone without narrow margins, and with room for a bracket
FITS = (  # from roomy to tight
    PHONE_WIDTHS,
    {**PHONE_WIDTHS, "l": 9.0, "d": 5.0, "g": 7.3, "w": 7.3, "j": 5.0, "s": 2.0},
    {**PHONE_WIDTHS, "l": 9.0, "d": 4.5, "g": 6.7, "w": 6.7, "j": 5.0, "s": 2.0},
)
SPACES = PRINT.beside - 0.7, PRINT.over - 0.7  # mm: of a label of a row, and of a column, less than in print
FORMULA, BETWEEN = 11.0, 3.0  # mm: the height of a formula above its lines, and the space between two lines
_CELLS = frozenset("gwabo")  # the kinds of columns of which matrices are made; the others stand before a matrix


def on_phone(grid: Grid) -> Grid:
    """Set the widths of a grid's columns on a phone, and break it into lines where it is too wide for one."""
    measures = grid.measures
    larger = PHONE_CELL_EM / measures.ems["number"] if grid.scale == 1.0 or measures.is_large else grid.scale
    room = ROOM / measures.phone
    labels = widest(grid, partial(_label_width, PHONE_LABEL_EM if measures.is_large else PHONE_SMALL_LABEL_EM))
    for in_lines in (False, True):
        for least in FITS:
            need = {k: max(least[k], grid.numbers[k] * larger + 1.2, labels[k]) for k in FITTED}
            grid.phone_widths = {**least, **need}
            grid.phone_lines = [*_lines(grid, room)] if in_lines else []
            if grid.phone_width <= room:
                return grid
    return grid


def _label_width(other: float, slot: Slot) -> float:
    """The width that a label needs. A word of wide letters would be cut off at the margin of a phone, or touch the
    next one. other: the type size of labels that are no tokens.
    """
    estimated = label_width(slot, slot.lines, PHONE_LABEL_EM, other, SPACES)
    if slot.cls not in ("token", "inner") or slot.lines > 1 or "\\" in slot.label:
        return estimated
    em = PHONE_LABEL_EM if slot.cls == "token" else other
    room = SPACES[0] if slot.scope == "row" else PRINT.over
    return max(estimated, *(words(text, em).width + room for text in texts_of(slot.label)))


def _lines(grid: Grid, room: float) -> Iterator[Line]:
    """The lines of a grid, each with as many matrices as have room. A sign begins the line of the matrix after it,
    and a single column, such as σ, takes the matrix before it along to a line of its own. room: in mm.
    """
    kinds = ["", *grid.cols, ""]
    begins = [c for c in range(len(grid.cols)) if kinds[c + 1] in _CELLS and kinds[c] not in _CELLS]
    ends = [c for c in range(len(grid.cols) + 1) if kinds[c + 1] not in _CELLS and kinds[c] in _CELLS]
    ends[-1] = len(grid.cols)
    top, first = FORMULA if grid.formula else 0.0, 0
    while first < len(begins):
        lines = [_line(grid, begins[first], end, top) for end in ends[first:]]
        count = max(1, sum(line.width <= room for line in lines))
        if count > 1 and first + count == len(begins) - 1 and ends[-1] - begins[-1] == 1:
            count -= 1
        yield lines[count - 1]
        top, first = lines[count - 1].bottom + BETWEEN, first + count


def _line(grid: Grid, begin: int, end: int, top: float) -> Line:
    """The line of the matrices in the columns from `begin` to `end`, with labels before the first. top: in mm."""
    left = begin
    while left and grid.cols[left - 1] not in _CELLS:
        left -= 1
    sign = fsum(grid.phone_widths["j"] for kind in grid.cols[left:begin] if kind == "j")
    in_line = [(row, col) for (row, col), slot in grid.slots.items() if left <= col < end and not slot.is_before]
    marks = [mark for mark in grid.marks if left <= mark.left < end]
    upper = min([row for row, _ in in_line] + [mark.top for mark in marks])
    lower = max([row + 1 for row, _ in in_line] + [mark.bottom for mark in marks])
    labelled = {row for row, col in in_line if col < begin and grid.cols[col] != "j"}
    before = [(at, slot) for at, slot in sorted(grid.slots.items()) if at[1] < left and slot.scope == "row"]
    first = begin - 2 if grid.cols[begin] == "o" else begin  # the rows of dots are those of the pattern before them
    called = {row: grid.slots[row, first].row for row in range(upper, lower) if (row, first) in grid.slots}
    labels = {
        row: (col, slot) for (row, col), slot in before if row not in labelled and called.get(row) == slot.label
    }
    x, y = partial(grid.x, phone=True), partial(grid.y, phone=True)
    stand = [*(col for col, _ in labels.values()), *(col for col in range(left, begin) if grid.cols[col] != "j")]
    stand += [col for (_, col), slot in grid.slots.items() if col == begin - 1 and slot.is_before]
    room = max((grid.phone_widths[grid.cols[col]] for col in stand), default=0.0)
    way = round(room + sign - x(begin), 3), round(top - y(upper), 3)
    named = tuple((row, slot) for row, (_, slot) in labels.items())
    return Line(left, end, way, x(end) + way[0], y(lower) + way[1], room, named)
