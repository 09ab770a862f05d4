"""Figures on a phone: as wide as it at most, with fingers in mind, and as they are on paper where they have room."""

from __future__ import annotations

from itertools import combinations

import pytest
from every_sheet import in_turn

from byhand.formats.html.marks import drawing
from byhand.formats.html.table import rows
from byhand.options import Options
from byhand.page.grid import PHONE_LABEL_EM, PHONE_WIDTHS, Grid, Slot
from byhand.page.page import lower
from byhand.page.phone import ROOM, on_phone
from byhand.pipeline import prepare
from byhand.worksheet.document import Cell
from byhand.worksheet.sheet import load_sheet

FINGER = 11.64  # mm: 44 px
# The shares of the first are sums of letters, each wider than two fingers; the next have tables of many words, and
# the last has eight neurons, four for each number that it reads.
SCROLLS = {"attention-in-letters", "adder", "counting-sorter", "feed-forward", "masked-words"}


def grids(sheet, **asked):
    page = lower(*prepare(load_sheet(sheet), Options(**asked)))
    return [figure for section in page.sections for figure in section.laid if isinstance(figure, Grid)]


def grid_of(kinds, rows=("r",)):
    grid = Grid(rows=list(rows))
    grid.add(kinds)
    for at, kind in enumerate(kinds):
        if kind in "ag":
            grid.slots[0, at] = Slot(kind, Cell(1), row="the", name=f"{at}")
    grid.slots[0, 0] = Slot("token", label="the", scope="row")
    return grid


def boxes(grid):
    """Where the cells and the labels of a grid stand on a phone."""
    for (row, col), slot in grid.slots.items():
        if slot.cell is not None or slot.scope:
            yield slot, grid.box(row, col, row + 1, col + slot.span, phone=True)


@pytest.mark.parametrize(("sheet", "orientation"), in_turn("rows", "columns"))
def test_a_figure_has_room_on_a_phone_and_a_finger_in_its_blanks(sheet, orientation):
    for grid in grids(sheet, orientation=orientation):
        assert grid.phone_width <= ROOM or sheet in SCROLLS
        found = list(boxes(grid))
        for slot, (left, top, right, bottom) in found:
            assert left > -0.01
            assert right <= grid.phone_width + 0.01
            assert -0.01 < top < bottom <= grid.phone_height + 0.01
            if slot.cell is not None and slot.cell.blank:
                assert min(right - left, bottom - top) >= FINGER
        for mark in grid.marks:
            left, top, right, bottom = grid.box(mark.top, mark.left, mark.bottom, mark.right, phone=True)
            assert min(left, top) > -0.01
            assert right <= grid.phone_width + 0.01
            assert bottom <= grid.phone_height + 0.01
        for (_, one), (_, other) in combinations(found, 2):
            across, down = (min(one[2 + at], other[2 + at]) - max(one[at], other[at]) for at in (0, 1))
            assert min(across, down) < 0.01, "two cells in one place"


@pytest.mark.parametrize(("sheet", "orientation"), in_turn("rows", "columns"))
def test_a_sign_stands_before_its_matrix_and_sigma_beside_the_variance_on_a_phone(sheet, orientation):
    for grid in grids(sheet, orientation=orientation):
        places = {at: grid.box(*at, at[0] + 1, at[1] + 1, phone=True) for at in grid.slots}
        for row, col in (at for at in places if grid.cols[at[1]] == "j"):
            sign, cell = places[row, col], places[row, col + 1]
            assert (sign[2], sign[1]) == (pytest.approx(cell[0], abs=0.1), pytest.approx(cell[1], abs=0.1))
        lines = {slot.label: grid.line(col) for (_, col), slot in grid.slots.items() if slot.cls == "caption"}
        if "\\sigma" in lines and "\\sigma^2" in lines:
            assert lines["\\sigma"] == lines["\\sigma^2"]
        for line in grid.phone_lines[1:]:
            called = {grid.slots[at].row for at in grid.slots if line.left <= at[1] < line.right} - {""}
            if orientation == "rows" and called:
                assert line.labels or line.room


def test_a_figure_that_has_room_stands_as_on_paper():
    grid = on_phone(grid_of("lggja"))
    assert grid.phone_lines == []
    assert grid.phone_widths["g"] == PHONE_WIDTHS["g"]
    assert grid.box(0, 1, 1, 2, phone=True)[0] == grid.x(1, phone=True)


def test_columns_that_lack_a_little_room_are_narrower():
    grid = on_phone(grid_of("lgggggggdaaa"))
    assert grid.phone_lines == []
    assert grid.phone_widths["g"] < PHONE_WIDTHS["g"]
    assert grid.phone_widths["a"] == PHONE_WIDTHS["a"]


def test_matrices_that_lack_room_stand_below_each_other_with_their_labels_and_signs():
    grid = on_phone(grid_of("laaaajaaaa"))
    assert [(line.left, line.right) for line in grid.phone_lines] == [(0, 5), (5, 10)]
    assert [[slot.label for _, slot in line.labels] for line in grid.phone_lines] == [[], ["the"]]
    assert [grid.line(col) for col in (0, 1, 5, 6, 9)] == [0, 0, 2, 2, 2]
    first, sign, second = (grid.box(0, col, 1, col + 1, phone=True) for col in (1, 5, 6))
    assert sign[0] == pytest.approx(first[0])  # after the label
    assert sign[2] == pytest.approx(second[0])  # and before the matrix
    assert first[3] < second[1]
    assert drawing(grid, True, False, True).count(">the</text>") == 1
    assert drawing(grid, False, False, False) == ""


@pytest.mark.parametrize(("kinds", "lines"), [("ladaaaaadada", [8, 12]), ("laaaadaaaada", [5, 12])])
def test_a_single_column_takes_the_matrix_before_it_along(kinds, lines):
    """Such as σ, which stands beside σ² then."""
    assert [line.right for line in on_phone(grid_of(kinds)).phone_lines] == lines


def test_only_a_page_for_a_screen_says_in_which_line_a_cell_stands():
    grid = on_phone(grid_of("laaaajaaaa"))
    assert rows(grid, True, True).count('n2"') == 4
    assert "n2" not in rows(grid, True, False)


def test_a_row_that_is_not_called_so_has_no_label_again():
    grid = grid_of("laaaajaaaa")
    grid.slots[0, 6] = Slot("a", Cell(1))
    assert [line.labels for line in on_phone(grid).phone_lines] == [(), ()]


def test_columns_on_a_phone_are_as_wide_as_its_larger_type_needs():
    grid = Grid(rows=["h", "r"])
    grid.add("aa")
    for col, word in enumerate(("down", "sat")):
        grid.slots[0, col], grid.slots[1, col] = Slot("token", label=word, scope="col"), Slot("a", Cell(-12))
    assert on_phone(grid).phone_widths["a"] >= 0.5 * PHONE_LABEL_EM * len("down")
