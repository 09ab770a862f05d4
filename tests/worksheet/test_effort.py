"""What a sheet asks of a student, and for how long: counted by hand on a sheet of two steps."""

import re

import pytest

from byhand.arrange import own_effort
from byhand.effort import QUESTION, STEP, TYPICAL
from byhand.formats.html.page import Pages
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.effort import time_told
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import all_sheets, load_sheet, parse_sheet

SHEET = """---
title: Two layers
model: feed-forward
goal: Two layers.
config: {{d_model: 2, d_mlp: 1, n_ctx: 1}}
inputs: {{blocks.0.hook_resid_mid: [[2, -3]]}}
weights: {{blocks.0.mlp.W_in: [[4], [1]], blocks.0.mlp.W_out: [[2, 0]]}}
---
## One step

{}
"""


def asked(*calls):
    return own_effort(parse_sheet("mine", SHEET.format("\n\n".join(f"{{{{ {call} }}}}" for call in calls))))


BEGINS = r'<span class="n">(\d+) </span>[^\n]*</h2>\s*<div class="why"><p><em>(\w+) sitting\.</em>'
AT = "blocks.0.mlp."
# 2·4 + (−3)·1: a product, a factor 1, a dot product, an addition; 5 is one glyph
PRE = STEP + 1.5 + 0.8 + 2.0 + 1.3 + 0.6


def test_a_blank_takes_its_arithmetic_and_a_given_nothing():
    found = asked(f'ask("{AT}hook_pre")', f'given("{AT}hook_post")')
    assert (found.blanks, found.copies, found.questions) == (1, 0, 0)
    assert found.seconds == pytest.approx(PRE)


def test_what_is_printed_takes_nothing():
    assert asked(f'ask("{AT}hook_pre", first=True)').blanks == 0
    assert asked(f'ask("{AT}hook_pre", first=True)').seconds == 0


def test_a_copy_takes_its_writing():
    found = asked(f'strip(copy("{AT}hook_pre"), "→", show("{AT}hook_post"))')
    assert (found.blanks, found.copies) == (0, 1)
    assert found.seconds == pytest.approx(0.6)


def test_a_question_takes_a_while():
    found = asked('lines(2, "because")')
    assert (found.questions, found.seconds) == (1, QUESTION)


def test_the_factor_of_a_typical_student_is_said():
    found = asked(f'ask("{AT}hook_pre")', 'lines(2, "a")', 'lines(2, "b")')
    assert found.seconds == pytest.approx(PRE + 2 * QUESTION)
    assert str(found) == "about 5 min: 1 blank, 2 questions (1.6 times the 3 min of a practised hand)"
    assert found.minutes == round(TYPICAL * found.seconds / 60)


@pytest.mark.parametrize("name", ["gpt", "layer-norm"])
def test_the_page_says_how_long_it_takes(name):
    page, run = prepare(load_sheet(name), Options())
    found = page.effort
    time = time_told(found.minutes, page.messages, len(page.sittings))
    assert time.startswith(f"{found.minutes} minutes")
    for view, medium in (("worksheet", "print"), ("key", "screen")):
        html = Pages(lower(page, run)).html(view, medium)
        assert f"<b>{time}</b>" in html
        assert not re.search(r"\d+ (blank|cop|question)", html)


def test_a_sheet_says_its_time_and_the_sittings_that_it_parts_its_steps_into():
    assert time_told(1, messages()) == "1 minute"
    assert time_told(65, messages()) == "65 minutes"
    assert time_told(85, messages(), 3) == "85 minutes, or three sittings"


def test_a_long_sheet_is_parted_into_sittings_and_says_where_each_begins():
    for sheet in all_sheets():
        assert bool(sheet.sittings) == (own_effort(sheet).minutes >= 45), sheet.name
        if sheet.sittings:
            found = re.findall(BEGINS, Pages(lower(*prepare(sheet, Options()))).html("worksheet", "print"))
            words = ["Second", "Third", "Fourth"][: len(sheet.sittings) - 1]
            assert found == list(zip(map(str, sheet.sittings[1:]), words, strict=True))


@pytest.mark.parametrize("name", ["attention-head", "layer-norm", "feed-forward", "gpt"])
def test_two_seeds_of_one_sheet_take_as_long(name):
    times = [prepare(load_sheet(name), Options(seed=seed))[0].effort.seconds for seed in range(1, 7)]
    assert max(times) < 1.15 * min(times)
