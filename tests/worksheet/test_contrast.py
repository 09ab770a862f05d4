"""A contrast: what one knows is printed above what is new, word under word."""

import pytest
from kinds import lesson

from byhand.errors import SheetError
from byhand.options import Options
from byhand.page.entries import entries
from byhand.pictures.contrast import columns
from byhand.pipeline import prepare
from byhand.worksheet.document import Cell

ATTN = "blocks.0.attn."
KNOWN = f'[["scores", "{ATTN}scores_scaled[0]"], ["shares", "{ATTN}hook_pattern[0]"]]'
NEW = (
    f'[["power", "{ATTN}hook_pattern.exp[0]", "{ATTN}hook_pattern.sum[0]"], ["share", ["{ATTN}hook_pattern[0]", 0]]]'
)


def figures(call, level="standard"):
    return prepare(lesson(f"## A\n\n{{{{ {call} }}}}\n"), Options(level=level))[0].sections[0].figures


def seen(row):
    """The places of a row's cells, and whether each is a blank."""
    return [(entry.at, entry.blank) if isinstance(entry, Cell) else entry.text for entry in row]


def test_what_is_known_is_printed_and_what_is_new_is_asked_for_below_it():
    table, dots = figures(f"contrast(tokens, {KNOWN}, {NEW})")
    known, shares, now, power, share = map(seen, table.rows)
    n = len(table.head) - 3
    assert known == ["scores", *(((n - 1, j), False) for j in range(n)), "", ""]
    assert shares[1:-2] == [((n - 1, j), False) for j in range(n)]
    assert now[0] == "Now"
    assert not any(now[1:])
    assert power == ["power", ((n - 1, 0), False), *(((n - 1, j), True) for j in range(1, n)), "", ((n - 1, 0), True)]
    assert share[1:-2] == [((0, j), True) for j in range(n)]
    assert dots.picture.name == "before_and_now"


@pytest.mark.parametrize(
    ("level", "more", "printed"), [("standard", "", 1), ("stretch", "", 0), ("easy", ", first=False", 0)]
)
def test_the_first_new_cell_is_an_example_except_at_stretch(level, more, printed):
    table, _ = figures(f"contrast(tokens, {KNOWN}, {NEW}{more})", level)
    assert [not cell.blank for cell in table.rows[3] if isinstance(cell, Cell)].count(True) == printed


def test_a_row_of_fewer_words_stands_under_the_last_ones_and_steps_may_go_on_in_one_row():
    """A sum is a row of one word."""
    name = f"{ATTN}hook_pattern.sum[0]"
    (table,) = figures(f'contrast(tokens, [["sums", "{name}"], ["two", ["{name}", "{name}"]]])')
    one, two = (seen(row)[1:-2] for row in table.rows)
    assert one[:-1] == [""] * (len(one) - 1)
    assert [entry for entry in two if entry] == [one[-1], one[-1]]


def test_the_dots_stand_under_the_words():
    table, dots = figures(f"contrast(tokens, {KNOWN}, {NEW})")
    laid, n = entries(table), len(table.head) - 3
    assert laid.widths == columns(n)
    assert laid.width == pytest.approx(dots.picture.width)
    head, wide, *_ = laid.widths
    middles = [head + wide * (k + 0.5) for k in range(n)]
    frames = [shape for shape in dots.sketch.printed.shapes if hasattr(shape, "height")]
    assert [frame.x + frame.width / 2 for frame in frames] == pytest.approx(middles * 2)


def test_its_rows_are_as_high_whatever_the_words_are():
    short, long = (figures(f"contrast({[word] * 6}, {KNOWN})")[0] for word in ("a", "extraordinary"))
    assert entries(short).heights == entries(long).heights


@pytest.mark.parametrize("words", range(2, 8))
def test_the_columns_fill_the_room_beside_the_words_and_no_more(words):
    assert 117.8 < sum(columns(words)) <= 118


def test_more_numbers_than_words_are_refused():
    with pytest.raises(SheetError, match=r"the table's head has 4 entries; a row has \d"):
        figures(f'contrast(["a"], {KNOWN})')
