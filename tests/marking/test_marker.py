"""The marks of answers that a person can check."""

from fractions import Fraction

import pytest
from sheets import key, sheet

from byhand.marking.marker import Marker

Q, K, RAW, SCALED = (f"blocks.0.attn.{name}[0]" for name in ("hook_q", "hook_k", "scores_raw", "scores_scaled"))


@pytest.fixture(scope="module")
def head():
    document, run = sheet("attention-head")
    return document, Marker.of(document, run)


def marked(head, **changes):
    """The marks of the key with other answers in some blanks, and the marks by blank."""
    document, marker = head
    marks = marker.mark({**key(document), **changes})
    return marks, {blank.id: blank for blank in marks.blanks}


def test_the_key_is_all_right(head):
    marks, blanks = marked(head)
    assert {blank.verdict for blank in blanks.values()} == {"right"}
    assert marks.points == marks.worth
    assert not marks.causes


def test_a_wrong_query_is_wrong_once_and_followed_after(head):
    """One more in the second number of a query is one more of the second number of each key in its scores."""
    document, _ = head
    wrong = f"1/ask/{Q}/1,2"
    scores = [blank for blank in document.blanks() if blank.id.startswith(f"4/ask/{RAW}/1,")]
    keys = next(section for section in document.sections if section.number == 2)
    second = {blank.cell.at[0]: blank.cell.value for blank in keys.blanks if blank.cell.at[1] == 1}
    own = {blank.id: str(blank.cell.value + second[blank.cell.at[1]]) for blank in scores}
    value = next(blank.cell.value for blank in document.blanks() if blank.id == wrong)
    marks, blanks = marked(head, **{wrong: str(value + 1)}, **own)
    assert blanks[wrong].verdict == "wrong"
    assert blanks[wrong].followed == blanks[wrong].key
    assert all(blanks[name].verdict == ("followed" if second[k] else "right") for k, name in enumerate(own))
    assert marks.causes[0].first == wrong


def test_the_same_input_gives_the_same_marks(head):
    assert marked(head, **{f"1/ask/{Q}/1,2": "9"})[0] == marked(head, **{f"1/ask/{Q}/1,2": "9"})[0]


def test_what_is_left_out_is_missing_and_costs_only_its_own_points(head):
    name = f"5/ask/{SCALED}/1,1"
    marks, blanks = marked(head, **{name: ""})
    assert blanks[name].verdict == "missing"
    assert blanks[name].points == 0
    assert [blank for blank in blanks.values() if blank.verdict not in ("right", "missing")] == []
    section = next(section for section in marks.sections if section.number == 5)
    assert section.points == section.worth - blanks[name].worth > 0


def test_scores_that_are_never_divided_are_one_mistake(head):
    document, _ = head
    raw = {blank.cell.at: blank.cell.value for blank in document.blanks() if blank.cell.step == RAW}
    own = {blank.id: str(raw[blank.cell.at]) for blank in document.blanks() if blank.cell.step == SCALED}
    marks, _ = marked(head, **own)
    assert (marks.causes[0].kind, marks.causes[0].foil, marks.causes[0].sure) == ("foil", "no-sqrt", True)


def test_a_root_that_is_forgotten_on_the_way_back_is_told_as_that():
    document, run = sheet("attention-backward")
    blanks = {blank.id: blank for blank in document.blanks()}
    own = {name: str(2 * blank.cell.value) for name, blank in blanks.items()
           if blank.cell.step in ("dots.grad", "q.grad", "k.grad")}  # fmt: skip
    marks, _ = marked((document, Marker.of(document, run)), **own)
    assert [(cause.kind, cause.foil) for cause in marks.causes] == [("foil", "no-sqrt-backward")]


@pytest.mark.parametrize(("text", "verdict", "form"), [
    ("2/4", "right", "unreduced"), ("0.5", "right", "decimal"), ("50 %", "right", "percent"), ("½", "right", ""),
    ("x", "unreadable", ""), ("?", "missing", ""),
])  # fmt: skip
def test_a_number_in_another_form_is_right(text, verdict, form):
    document, run = sheet("softmax")
    half = next(blank for blank in document.blanks() if blank.cell.value == Fraction(1, 2))
    blanks = {b.id: b for b in Marker.of(document, run).mark({**key(document), half.id: text}).blanks}
    assert (blanks[half.id].verdict, blanks[half.id].form) == (verdict, form)


@pytest.mark.parametrize(("name", "level"), [("gpt", "standard"), ("encoder-decoder", "stretch")])
@pytest.mark.parametrize("numbers", ["exact", "decimal"])
def test_a_word_that_is_left_out_is_missing_and_told(name, level, numbers):
    document, run = sheet(name, level=level, numbers=numbers)
    answers = {id: "" if "/word/" in id else answer for id, answer in key(document).items()}
    left = [blank for blank in Marker.of(document, run).mark(answers).blanks if "/word/" in blank.id]
    assert left
    assert {blank.verdict for blank in left} == {"missing"}
    assert [blank.followed for blank in left] == [blank.key for blank in left]
