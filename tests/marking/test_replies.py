"""Answers that are written into no cell: choices are marked, words wait for a person."""

import pytest
from sheets import key, sheet

from byhand.marking.marker import Marker


@pytest.fixture(scope="module")
def cache():
    """A sheet with matrices to tick, and sentences to fill in."""
    document, run = sheet("kv-cache")
    return document, Marker.of(document, run)


@pytest.fixture(scope="module")
def mask():
    """A sheet with a statement to judge, and lines to write on."""
    document, run = sheet("causal-mask")
    return document, Marker.of(document, run)


def marks_of(cache, **answers):
    document, marker = cache
    marks = marker.mark({**key(document), **answers})
    return marks, {choice.id: choice for choice in marks.choices}


def reply(cache, role):
    return next(each for each in cache[0].replies() if each.role == role)


def test_right_choices_are_a_point_each(cache):
    marks, blanks = marks_of(cache)
    asked = [each for each in cache[0].replies() if each.options]
    assert {blanks[each.id].verdict for each in asked} == {"right"}
    assert [blanks[each.id].points for each in asked] == [1] * len(asked)
    assert marks.points == marks.worth


@pytest.mark.parametrize(("text", "verdict"), [
    ("{other}", "wrong"), ("", "missing"), ("?", "missing"), ("maybe", "unreadable"), ("{Right}", "right"), (" {first} ", "right"),
])  # fmt: skip
def test_a_statement_is_judged_in_any_usual_word(mask, text, verdict):
    claim = reply(mask, "claim")
    other = {"true": "false", "false": "true"}[claim.right]
    said = text.format(other=other, Right=claim.right.upper(), first=claim.right[0])
    marks, blanks = marks_of(mask, **{claim.id: said})
    assert blanks[claim.id].verdict == verdict
    assert marks.worth - marks.points == (verdict != "right")


def test_a_matrix_is_ticked_by_its_number_or_its_name(cache):
    tick = reply(cache, "tick")
    label = tick.labels[int(tick.right) - 1]
    for said, verdict in ((tick.right, "right"), (label, "right"), ("9", "unreadable")):
        assert marks_of(cache, **{tick.id: said})[1][tick.id].verdict == verdict


def test_words_wait_for_a_person(mask):
    lines, because = reply(mask, "lines"), reply(mask, "because")
    marks, _ = marks_of(mask, **{lines.id: "since  it is\nkept"})
    assert marks.points == marks.worth
    found = {answer.id: answer for answer in marks.answers}
    assert (found[lines.id].answer, found[lines.id].points, found[lines.id].worth) == ("since it is kept", None, 3)
    assert (found[because.id].answer, found[because.id].points, found[because.id].worth) == ("", None, 1)
    assert found[lines.id].key == lines.right
