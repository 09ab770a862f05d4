"""A page that ends in a question has rules to write on down to its foot, beside a figure and below it."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from page_pdf import pictures

from byhand.formats import Setup
from byhand.formats.html.page import PAPERS
from byhand.formats.pdf.foot import rules_to
from byhand.formats.pdf.inner import Foot
from byhand.formats.pdf.slotted import filled
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

MM, DPI = 96 / 25.4, 150
STEP = 8 * MM
A4 = PAPERS["a4"]
ABLE = 14.1  # mm: what one can do now, in three lines at the foot of the last page


def lines(foot):
    drawn, last = rules_to(foot)
    found = re.findall(rb"([\d.]+) ([\d.]+) m\n([\d.]+) ([\d.]+) l\nS", drawn)
    return [tuple(map(float, line)) for line in found], last


def test_rules_are_as_far_from_each_other_and_end_above_the_foot():
    found, last = lines(Foot(10, 600, 100, 102, (10, 600, 100 + 3.5 * STEP)))  # the foot is 4 mm below the last
    assert [round((y - 100) / STEP, 3) for _, y, _, _ in found] == [1, 2, 3]
    assert {(x, right) for x, _, right, _ in found} == {(10, 600)}
    assert last == 100 + 3 * STEP


def test_beside_a_figure_rules_are_as_wide_as_their_question():
    for end, near in ((1.5, 1), (1.7, 2)):  # a rule across the page begins 3 mm below the figure
        found, last = lines(Foot(10, 400, 100, 100 + end * STEP, (10, 600, 100 + 3.5 * STEP)))
        assert [right for *_, right, _ in found] == [400] * near + [600] * (3 - near)
        assert last == 100 + near * STEP


def test_where_there_is_no_room_there_is_no_rule():
    assert rules_to(Foot(10, 600, 100, 102, (10, 600, 110))) == (b"", 100)


@cache
def pages(sheet, view):
    return pictures(filled(*prepare(load_sheet(sheet), Options()), view, Setup()), DPI)


def ruled(picture):
    """How far below the upper edge of a page its lines from side to side are, and where its room ends, in mm."""
    scale = DPI / 25.4
    left, right = (round((A4["side"] + x) * scale) for x in (2, 172))
    whole = np.flatnonzero((picture[:, left:right] < 230).all(axis=1)) / scale
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


def test_a_page_that_ends_in_a_step_or_in_statements_has_no_more_rules():
    found, bottom = ruled(pages("matrix-product", "worksheet")[0])
    assert max(found, default=0.0) < bottom - 16
