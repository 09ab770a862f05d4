"""A page that has room left at its foot has rules to write on there, beside a figure and below it, and squared paper."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from page_pdf import pictures

from byhand.formats import Setup
from byhand.formats.html.page import PAPERS
from byhand.formats.pdf import filled
from byhand.options import Options
from byhand.page.look import COLOURS
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.press.foot import filling
from byhand.press.inner import Foot
from byhand.press.stream import rgb
from byhand.worksheet.sheet import load_sheet

MM, DPI = 96 / 25.4, 150
STEP = 8 * MM
A4 = PAPERS["a4"]
LINE = rb"(\S+) (\S+) m\n(\S+) (\S+) l\n"
ABLE = 14.1  # mm: what one can do now, in three lines at the foot of the last page


def filling_of(room, rules=3, right=175.0, below=2.0):
    """What fills a page that is 175 mm wide: the rules, the lines across it of the squares, and the operators; and
    where the last rule is that goes on with the question's. All are in mm from its last rule, and from the left.

    room: from there to the foot. rules: how many the question has; right: where they end; below: where it ends.
    """
    x, y = 10 * MM, 100 * MM
    foot = Foot("Workings", (x, x + 175 * MM, y + room * MM), y + below * MM, rules, x, x + right * MM, y)
    drawn, last = filling(foot, "F0")

    def across(part):
        lines = ([float(each) / MM for each in found] for found in re.findall(LINE, part))
        return [(round(top - 100, 1), round(end - left)) for left, top, end, lower in lines if top == lower]

    ruled, _, squares = drawn.partition(rgb(COLOURS["square"]))
    return across(ruled), across(squares), round(last / MM - 100, 1), drawn


def test_rules_are_as_far_from_each_other_and_end_above_the_foot():
    ruled, across, last, _ = filling_of(3.5 * 8)  # the foot is 4 mm below the last
    assert (ruled, across, last) == ([(8, 175), (16, 175), (24, 175)], [], 24)


def test_beside_a_figure_rules_are_as_wide_as_their_question():
    for end, near in ((1.5, 1), (1.7, 2)):  # a rule across the page begins 3 mm below the figure
        ruled, _, last, _ = filling_of(3.5 * 8, right=120, below=end * 8)
        assert [right for _, right in ruled] == [120] * near + [175] * (3 - near)
        assert last == near * 8


def test_where_there_is_no_room_nothing_is_drawn():
    assert filling_of(2.6) == ([], [], 0, b"")
    assert filling_of(30, rules=0) == ([], [], 0, b"")


def test_a_question_has_at_most_eight_rules_and_squares_have_the_rest():
    ruled, across, last, drawn = filling_of(100)
    assert [y for y, _ in ruled] == [8, 16, 24, 32, 40]
    assert across == [(49 + 5 * n, 175) for n in range(10)]  # the foot is 4 mm or more below the last
    assert last == 40
    assert b"/F0 10.666667 Tf" in drawn


def test_a_question_has_no_more_rules_where_squares_have_no_room():
    for rules, beside in ((3, 175), (3, 120), (8, 120)):  # those beside a figure are counted, too
        ruled, across, *_ = filling_of((8 - rules) * 8 + 31, rules, beside)  # 31 mm are left below the eighth
        assert (len(ruled), across) == (8 - rules, [])
    assert len(filling_of(30)[0]) == 3
    assert len(filling_of(40 + 33)[1]) == 5


def test_squares_begin_below_what_stands_there():
    _, across, *_ = filling_of(120, right=120, below=60)  # a figure that is longer than its question's rules
    assert across[0] == (69, 175)
    _, across, *_ = filling_of(60, rules=0)  # a page that ends in a step
    assert across[0] == (11, 175)


@cache
def pages(sheet, view):
    return pictures(filled(lower(*prepare(load_sheet(sheet), Options())), view, Setup()), DPI)


def ruled(picture):
    """How far below the upper edge of a page its lines from side to side are, and where its room ends, in mm."""
    scale = DPI / 25.4
    left, right = (round((A4["side"] + x) * scale) for x in (2, 172))
    whole = np.flatnonzero((picture[:, left:right] < 245).all(axis=1)) / scale
    bottom = 297 - A4["bottom"]
    return whole[whole < bottom + 1], bottom


def test_the_last_page_of_a_sheet_is_ruled_to_its_foot_in_sheet_and_key():
    for view in ("worksheet", "key"):
        found, bottom = ruled(pages("matrix-product", view)[-1])
        assert bottom - ABLE - 12.2 < max(found) < bottom - ABLE - 3.9


def test_no_two_lines_across_a_page_are_close_to_each_other():
    """Neither at its head, where it opens with a question, nor after lines to write on."""
    for sheet in ("matrix-product", "grouped-query-attention"):
        for page in pages(sheet, "worksheet"):
            found = np.array([0.0, *ruled(page)[0]])
            gaps = np.diff(found)
            assert min(gaps[gaps > 0.6]) > 4  # mm; an edge is up to 0.5 mm thick


def test_a_page_that_ends_in_statements_has_no_more_rules_but_squares():
    found, bottom = ruled(pages("llama-block", "worksheet")[0])
    gaps = np.diff(found[found > 228])  # the line below the last statement
    assert 8.5 < gaps[gaps > 1][0] < 9.5
    assert np.allclose(gaps[gaps > 1][1:], 5, atol=0.3)
    assert max(found) > bottom - 9.3


def test_a_page_that_ends_in_a_step_has_squares_where_it_has_room_for_them():
    for view in ("worksheet", "key"):
        full, empty = (ruled(pages("logits-and-perplexity", view)[at])[0] for at in (1, 0))
        gaps = np.diff(empty[empty > 220])
        assert len(gaps[gaps > 1]) >= 5
        assert np.allclose(gaps[gaps > 1], 5, atol=0.3)
        assert max(full, default=0.0) < 250
