"""Figures on their grids: columns as wide as they must be, words parted where they must be, signs that stay."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec.structs import replace

from byhand.options import Options
from byhand.page.entries import entries
from byhand.page.grid import Grid, Slot, fitted
from byhand.page.layout import falk, strips
from byhand.page.measures import PRINT
from byhand.pipeline import prepare
from byhand.worksheet.document import Cell, Falk, Panel, Prose, Strip, Table
from byhand.worksheet.markdown import inline
from byhand.worksheet.sheet import load_sheet

LONG = "extraordinary"
TWO_LINES = 8.5  # mm: a tag with its shape below its name


def panel(kind, numbers, names=("the", "cat"), symbol="X"):
    cells = tuple(tuple(Cell(number, blank=kind == "ask") for number in row) for row in numbers)
    return Panel(symbol, kind, cells, names, tuple(map(str, range(1, len(numbers[0]) + 1))), ("token", "dim"), symbol)


def grid_of(words, number):
    grid = Grid(rows=["h", "r"])
    grid.add("a" * len(words))
    for j, word in enumerate(words):
        grid.slots[0, j] = Slot("token", label=word, scope="col")
        grid.slots[1, j] = Slot("a", Cell(number))
    return grid


def test_a_label_of_two_words_is_parted_between_them():
    slot = Slot("dim", label="head 1", scope="col", lines=2)
    assert slot.pieces == ("head", "1")
    assert Slot("dim", label="head 1", scope="col").pieces == ("head 1",)


@pytest.mark.parametrize(("number", "pieces"), [(1, ["extra", "ordin", "ary"]), (10**20, [LONG])])
def test_a_word_is_parted_where_its_column_is_narrower_and_not_where_only_numbers_are_too_wide(number, pieces):
    grid = fitted(grid_of([LONG] * 3, number), 30.0, 30.0)
    assert list(grid.slots[0, 0].pieces) == pieces
    assert grid.rows[0] == ("h3" if len(pieces) > 1 else "h")


def table_of(*columns):
    """A table of one row: each column has a number, and says whether it is a blank."""
    heads = tuple(Prose(inline(str(number))) for number, _ in columns)
    cells = tuple(Cell(number, blank=blank) for number, blank in columns)
    return entries(Table((Prose(inline("")), *heads), ((Prose(inline("W")), *cells),)))


def test_printed_columns_of_a_table_that_is_too_wide_are_no_wider_than_they_must_be():
    printed, blanks = table_of(*[(3, False)] * 12), table_of(*[(3, True)] * 12)
    assert printed.width <= PRINT.figure < blanks.width
    assert len({*printed.widths[1:]}) == 1
    half = table_of(*[(3, False)] * 6, *[(3, True)] * 6)
    assert half.widths[7:] == blanks.widths[7:]
    assert max(half.widths[1:7]) < blanks.widths[1]
    few = table_of((3, False), (3, True))
    assert few.widths[1] == few.widths[2] == blanks.widths[1]


def test_the_only_place_of_a_product_has_no_number_beside_its_formula():
    document, _ = prepare(load_sheet("adder"), Options(seed=0))
    (product,) = (figure for section in document.sections for figure in section.figures if isinstance(figure, Falk))
    assert product.left.shape == (1, 1)
    assert not [slot for slot in falk(product).slots.values() if "inner" in slot.cls and slot.scope == "row"]


def test_the_name_of_a_row_is_not_taken_for_a_sign_of_equality():
    grid = Grid(rows=["r", "r"])
    grid.side(panel("given", [[1], [2]], names=("=", "+")), 0, grid.add("l"))
    assert [grid.slots[row, 0].label for row in range(2)] == ["“=”", "+"]


def test_the_tags_of_two_single_rows_do_not_touch():
    document, _ = prepare(load_sheet("adder"), Options(seed=0))
    (product,) = (figure for section in document.sections for figure in section.figures if isinstance(figure, Falk))
    _, weight, between, bias, *_ = falk(product).rows
    lower, upper = PRINT.heights[weight], PRINT.heights[bias]
    assert (lower + upper) / 2 + PRINT.heights[between] > TWO_LINES


def test_what_is_given_takes_the_room_that_is_left():
    wide = panel("given", [[-1, -2, -3, -4]] * 2)
    blanks = [panel("ask", [[1] * n] * 2) for n in (1, 4, 1)]
    (grid,) = strips(Strip((wide, *blanks), ("", "", "")))
    assert grid.widths["g"] == PRINT.widths["g"]
    assert grid.widths["a"] < PRINT.widths["a"]


def test_a_sum_that_fills_its_line_has_some_of_the_space_before_it():
    numbers = [[-1, -2, -3, -4]] * 2
    (grid,) = strips(Strip((panel("given", numbers), panel("copy", numbers), panel("ask", numbers)), ("+", "=")))
    assert grid.outdent == PRINT.gutter
    assert 118 < grid.width <= 118 + PRINT.gutter
    assert grid.room <= 118
    assert grid.widths["g"] >= 7.0


def test_a_sign_goes_with_its_matrix_to_a_new_line():
    sum_of_two = Strip(tuple(panel("ask", [[123456] * 4] * 2, symbol=s) for s in "XOY"), ("+", "="))
    captions = [[s.label for s in g.slots.values() if s.cls == "caption"] for g in strips(sum_of_two)]
    assert captions == [["X", "O"], ["= Y"]]


@pytest.mark.parametrize("printed", ["rows", "columns"])
def test_what_is_given_of_an_answer_is_in_brackets_and_without_a_box(printed):
    blank = [[False] * 2, [False] * 2, [True] * 2] if printed == "rows" else [[False, True]] * 3
    asked = panel("ask", [[1] * 2] * 3, ("the", "cat", "sat"))
    cells = [[Cell(1, blank=each) for each in row] for row in blank]
    (grid,) = strips(Strip((replace(asked, cells=tuple(map(tuple, cells))),), ()))
    kinds = [slot.cls for slot in grid.slots.values() if slot.cell]
    assert kinds == ["g"] * 4 + ["a t b", "a t"] if printed == "rows" else ["g", "a t b", *["g", "a b"] * 2]
    (mark,) = grid.marks
    assert mark.kind == "bracket"
    assert (mark.bottom - mark.top, mark.right - mark.left) == ((2, 2) if printed == "rows" else (3, 1))


def test_a_pencil_has_a_broad_blank_for_a_long_answer_only():
    (grid,) = strips(
        Strip((panel("ask", [[Decimal("403.43")] * 2] * 2), panel("ask", [[Decimal("0.84")] * 2] * 2)), ("",))
    )
    assert (grid.cols.count("b"), grid.cols.count("a")) == (2, 2)
    assert grid.widths["b"] >= PRINT.widths["b"] == 15
    (built,) = strips(Strip((panel("ask", [[Fraction(123, 456)] * 2] * 2),), ()))
    assert "b" not in built.cols


def test_signs_stand_in_the_middle_of_the_lower_matrix():
    names = ("the", "cat", "sat")
    low, high = panel("given", [[1, 2]], names[:1]), panel("ask", [[1]] * 3, names)
    (grid,) = strips(Strip((high, low, high), ("∗", "=")))
    rows = [row for (row, _), slot in grid.slots.items() if slot.cls == "sign"]
    assert len(set(rows)) == 1


def test_a_label_that_stays_whole_makes_no_row_higher():
    """The dimensions of this sheet are called noun, verb, first and last."""
    document, _ = prepare(load_sheet("queries-keys-values"), Options(seed=3))
    grids = [falk(figure) for section in document.sections for figure in section.figures if isinstance(figure, Falk)]
    assert grids
    assert not {"h2", "h3"} & {kind for grid in grids for kind in grid.rows}


def test_a_column_with_a_letter_makes_the_others_no_wider():
    document, _ = prepare(load_sheet("attention-in-letters"), Options(seed=0))
    (figure,) = (f for s in document.sections for f in s.figures if isinstance(f, Falk) and f.result.symbol == "S")
    grid = falk(figure)
    assert "".join(grid.cols) == "lgwggdaaa"  # of Q, only the second column has the letter
    assert grid.widths["g"] <= PRINT.widths["g"] < grid.widths["w"]
    assert grid.scale == 1.0


def test_the_shape_of_a_column_of_biases_has_a_line_of_its_own():
    document, _ = prepare(load_sheet("transformer-block"), Options(orientation="columns"))
    products = [falk(block) for block in document.blocks if isinstance(block, Falk) and block.bias]
    biases = [tag for grid in products for tag in grid.tags if tag.panel.step.rpartition(".")[2] in ("b_in", "b_out")]
    assert len(biases) == 2
    assert all(tag.parted for tag in biases)
