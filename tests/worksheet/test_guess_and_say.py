"""Guess, see, compute, say: a riddle, a guess that nobody marks, a question in the middle, a sentence that words end."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from kinds import FRONT

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import SheetError
from byhand.formats import Setup
from byhand.formats.html.page import Pages
from byhand.formats.written import linear
from byhand.marking.marker import Marker
from byhand.notation.marks import MarkedCopies, in_place, texts_of
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.calls import _gap_of_words
from byhand.worksheet.sheet import parse_sheet

PATTERN = '"blocks.0.attn.hook_pattern[0]"'
SENTENCE = f"""
## Now say it

{{{{ sentence("“sat” looks most at ___, because its ___ is the largest.", (most({PATTERN}), tokens), "share") }}}}
"""


def made(body, front=FRONT, **options):
    return prepare(parse_sheet("lesson", front + body), Options(**options))


def plain(tokens):
    return "".join(token.content for token in tokens)


def test_a_riddle_takes_the_goals_place_on_the_page_and_may_have_calls():
    front = FRONT.replace(
        "goal: Try every kind.", 'goal: Try every kind.\nriddle: "Whom does “{{ tokens[2] }}” ask?"'
    )
    document, run = made(f"## Do it\n\n{{{{ ask({PATTERN}) }}}}\n", front, level="easy")
    assert plain(document.riddle) == "Whom does “sat” ask?"
    page = lower(document, run)
    shown = Pages(page).html("worksheet", "print")
    assert "Whom does “sat” ask?" in shown.replace("\u00a0", " ")
    assert "Try every kind." not in shown
    assert "Most rows are given" in shown  # what the goal says beside it at this level stays
    assert plain(document.goal).startswith("Try every kind. Most rows are given")
    assert "Whom does “sat” ask?" in linear.linear(page, "worksheet", Setup()).decode()


@pytest.mark.parametrize("riddle", ["{{ hint('no') }}", "two\nlines", "{{ nothing }}"])
def test_a_riddle_that_is_no_line_of_words_is_refused(riddle):
    front = FRONT.replace("goal: Try every kind.", f"goal: Try every kind.\nriddle: {json.dumps(riddle)}")
    with pytest.raises(SheetError, match=r"lesson\.md: riddle: "):
        made(f"## Do it\n\n{{{{ ask({PATTERN}) }}}}\n", front)


def test_nobody_marks_a_guess():
    ask = f"## Do it\n\n{{{{ ask({PATTERN}) }}}}\n"
    guesses = '### Guess first\n\n{{ guess("Whom?", words=tokens) }}\n{{ guess("How much?", cells=["doer"]) }}\n\n'
    alone, both = made(ask), made(guesses + ask)
    worth = [Marker.of(*each).mark({}).worth for each in (alone, both)]
    assert worth[0] == worth[1]
    assert [b.id for b in alone[0].blanks()] == [b.id for b in both[0].blanks()]
    assert not both[0].replies()
    assert alone[0].effort.questions == both[0].effort.questions
    assert [section.number for section in both[0].sections] == [0, 1]


def test_a_question_in_the_middle_leaves_its_section_a_step_and_is_a_point_in_words():
    document, run = made(f'## Do it\n\n{{{{ ask({PATTERN}) }}}}\n{{{{ question("Whom?", "the cat") }}}}\n')
    (section,), (reply,) = document.sections, document.replies()
    assert not section.is_question
    assert (reply.id, reply.right, reply.options) == ("1/line/1", "the cat", ())
    (answer,) = Marker.of(document, run).mark({"1/line/1": "a dog"}).answers
    assert (answer.answer, answer.key, answer.points, answer.worth) == ("a dog", "the cat", None, Fraction(1))
    (after,) = lower(document, run).sections[0].after
    assert plain(after.asks) == "Whom?"


@pytest.mark.parametrize(("text", "verdict"), [
    ("cat", "right"), ("  CAT ", "right"), ("“cat”.", "right"), ("2", "right"),  # a screen says the number of the option
    ("the", "wrong"), ("mouse", "wrong"), ("", "missing"), ("?", "missing"),
])  # fmt: skip
def test_a_gap_for_one_of_some_words_is_judged_at_once_and_any_other_by_a_person(text, verdict):
    document, run = made(SENTENCE)
    marks = Marker.of(document, run).mark({"1/choice/1": text, "1/line/1": " score "})
    (choice,), (words,) = marks.choices, marks.answers
    assert (choice.verdict, choice.key, choice.worth) == (verdict, "cat", 1)
    assert (words.answer, words.key, words.points) == ("score", "share", None)


def test_the_key_has_the_sentence_filled():
    page = lower(*made(SENTENCE))
    text = linear.linear(page, "key", Setup()).decode()
    assert "“sat” looks most at cat, because its share is the largest." in text
    assert "“sat” looks most at ____, because its ____ is the largest." in text
    worksheet = linear.linear(page, "worksheet", Setup()).decode()
    assert "at cat" not in worksheet
    assert "share" not in worksheet
    key, sheet = (Pages(page).html(view, "print") for view in ("key", "worksheet"))
    assert ('for-key">cat</span>' in key, 'for-key">cat</span>' in sheet) in ((True, True), (False, False))


def test_a_gap_whose_answer_is_none_of_its_words_is_answered_in_any_words():
    document, _ = made('## Say it\n\n{{ sentence("It is ___ or ___.", ("here", tokens), ("4", ["4", "5"])) }}\n')
    assert [reply.role for reply in document.replies()] == ["line", "line"]  # numbers name options


def test_the_words_of_gaps_are_those_of_each_copy():
    domain = MarkedCopies(RATIONALS, 2)
    gap = _gap_of_words(in_place(domain.column(["cat", "sat"])), ("the", "cat", "sat"))
    assert texts_of(gap.right) == ("2", "3")


@pytest.mark.parametrize(
    "call", ['sentence("no gap")', 'sentence("a ___ and ___", "one")', 'sentence("a ___", "b", "c")']
)
def test_a_sentence_has_an_answer_for_each_gap(call):
    with pytest.raises(SheetError, match=r"the sentence has \d gaps \(___\), and \d answers for them"):
        made(f"## Say it\n\n{{{{ {call} }}}}\n")
