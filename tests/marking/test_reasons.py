"""Which reasons are found for wrong answers."""

from __future__ import annotations

import pytest
from students import Page, Student, worked

from byhand.arithmetic.expr import Fn, Num
from byhand.marking.marker import Marker


def marks_of(sheet, student, **asked):
    page = Page.of(sheet, **asked)
    return Marker.of(page.document, page.run).mark(student(page).answers())


def named(sheet, mistake, alone=False):
    """The classic mistakes that are named where one is made throughout."""
    marks = marks_of(sheet, lambda page: Student(page, mistaken=page.wrong[mistake], alone=alone))
    return {cause.foil for cause in marks.causes if cause.foil}


def reasons(sheet, name, value, **asked):
    """The reasons of one wrong number."""
    marks = marks_of(sheet, lambda page: Student(page, written={name: value}), **asked)
    (mark,) = (mark for mark in marks.blanks if mark.id == name)
    return [(reason.kind, reason.detail) for reason in mark.because]


@pytest.mark.parametrize(
    ("sheet", "mistake"), [("softmax", "softmax-over-columns"), ("layer-norm", "norm-over-sequence")]
)
def test_a_mistake_is_named_whose_sums_have_too_few_boxes(sheet, mistake):
    """Two rows of three powers have two boxes for their sums; their columns have three sums."""
    assert named(sheet, mistake) == {mistake}


def test_a_mistake_is_named_whose_numbers_are_written_as_decimals():
    """Scores divided by √8 in place of √4."""
    assert named("scores", "sqrt-d-model") == {"sqrt-d-model"}


@pytest.mark.parametrize(
    ("sheet", "possible", "not_possible"),
    [
        ("causal-mask", "no-mask", {"keys-by-query-weights", "transposed", "no-sqrt", "divide-after-softmax"}),
        ("scores", "divide-after-softmax", {"keys-by-query-weights"}),
    ],
)
@pytest.mark.parametrize("rounded", [{}, {"numbers": "decimal", "rounding": "once"}])
def test_no_mistake_is_made_in_what_is_printed(sheet, possible, not_possible, rounded):
    """The causal mask begins with scores that are divided; the scores, with queries and keys."""
    page = Page.of(sheet, **rounded)
    names = {mistake.name for mistake in Marker.of(page.document, page.run).mistakes}
    assert possible in names
    assert not_possible.isdisjoint(names)


@pytest.mark.parametrize("alone", [False, True])
def test_printed_numbers_in_place_of_mistaken_ones_tell_nothing_against_a_mistake(alone):
    """Queries and keys are printed there, so that only values and the output are computed with turned weights."""
    assert named("multi-head-attention", "transposed", alone) == {"transposed"}


def test_a_count_and_a_rounded_entry_have_reasons():
    assert ("off-by-1", "+1") in reasons("shapes", "1/table/1", "4")
    assert reasons("sizing", "8/table/6", "37.2") == [("off-by-1", "+1")]  # 37.1, in units of its last place
    assert ("factor-dropped", "1") in reasons("sizing", "8/table/6", "0.4")  # a share, not per cent: 0.371


def test_a_decimal_with_its_thousands_separated_has_reasons():
    assert ("off-by-2", "+2") in reasons("sizing", "7/table/11", "1,296,002", numbers="decimal")


def test_the_same_number_read_from_a_neighbour_is_one_reason():
    """In ReLU, to read the unit to the right and to compute the cell to the right is the same."""
    kinds = [kind for kind, _ in reasons("mlp", "2/ask/blocks.0.mlp.hook_post/1,2", "1")]
    assert "wrong-column" in kinds
    assert "neighbour" not in kinds


@pytest.mark.parametrize(
    "sheet",
    ["gpt", "causal-mask", "cross-entropy", "sampling", "microgpt", "multi-head-attention", "transformer-block"],
)
def test_who_writes_exponents_in_place_of_powers_is_told_so(sheet):
    """Also where the sheet has no such classic mistake, and where an exponent is 3."""
    page = Page.of(sheet)
    student = Student(page)
    rules = {blank: page.tape.cell(*blank.cell.place) for blank in page.blanks if blank.role == "ask"}
    raised = [
        blank for blank, rule in rules.items()
        if isinstance(rule, Fn) and rule.name == "pow" and isinstance(rule.args[0], Num)
    ]  # fmt: skip
    powers = {
        blank.id: worked(rules[blank].args[1], student.reader(page.tape, page.section_of[blank.id]))
        for blank in raised
        if blank.cell.step == raised[0].cell.step
    }
    marks = marks_of(sheet, lambda page: Student(page, written=powers))
    assert {(cause.kind, cause.sure) for cause in marks.causes} == {("exponent-itself", True)}
    assert {name for cause in marks.causes for name in cause.cells} == {
        name for name, power in powers.items() if power != page.by_id[name].cell.value
    }
