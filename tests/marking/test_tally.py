"""What a class did, added up: in parts or at once, with the figures that another program computes."""

from __future__ import annotations

import random
from fractions import Fraction
from functools import cache, reduce
from itertools import count, islice, pairwise
from operator import iadd

import numpy as np
import pytest
from msgspec.structs import replace
from students import Page, Student

from byhand.marking.causes import UNEXPLAINED
from byhand.marking.marker import Marker
from byhand.marking.marks import OpenMark
from byhand.marking.notes import is_computed
from byhand.marking.tally import MOST_ANSWERS, OTHER, Tally

AT = "blocks.0.attn."


def marks_of_a_class(sheet="attention-head", count=30):
    """The marks of so many students, each of whom is marked once for all tests of a process."""
    found, others = class_of(sheet)
    found.extend(islice(others, max(0, count - len(found))))
    return tuple(found[:count])


@cache
def class_of(sheet):
    """A list for the marks of students, and the marks of as many as are asked for."""
    return [], marks_of(sheet)


def marks_of(sheet):
    """Students who slip, leave cells empty and make classic mistakes, as a seed says."""
    page = Page.of(sheet)
    marker, rnd = Marker.of(page.document, page.run), random.Random(3)
    asked = [blank.id for blank in page.blanks if blank.role in ("ask", "entry")]
    for k in count():
        written = {
            name: Fraction(rnd.randint(-9, 9))
            for name in rnd.sample(asked, min(rnd.choice([0, 0, 1, 2, 6]), len(asked)))
        }
        mistake = rnd.choice(page.foils) if page.foils and rnd.random() < 0.3 else ""
        answers = Student(page, written=written, mistaken=page.wrong[mistake] if mistake else None).answers()
        if rnd.random() < 0.2:
            answers |= dict.fromkeys(list(answers)[-rnd.randint(1, 40) :], "")
        said = OpenMark(
            "8/lines/1", rnd.choice(["It sees itself.", "it  sees itself.", "", "No idea"]), "Key.", Fraction(3)
        )
        yield replace(marker.mark(answers, f"s{k}", f"Student {k}"), answers=(said,))


def tally_of(marks):
    tally = Tally()
    for each in marks:
        tally.add(each)
    return tally


@pytest.mark.parametrize("cuts", [(0,), (1,), (7, 11), (30,), (10, 20, 25)])
def test_parts_of_a_class_add_up_to_the_whole(cuts):
    marks = marks_of_a_class()
    bounds = [0, *cuts, len(marks)]
    parts = [tally_of(marks[start:end]) for start, end in pairwise(bounds)]
    whole = tally_of(marks)
    together = reduce(iadd, parts, Tally())
    assert together == whole
    assert list(together.blanks) == list(whole.blanks)
    assert together.reasons() == whole.reasons()


def stands(marks):
    """Whether each computed cell of each student stands, as a matrix."""
    return np.array([
        [mark.verdict in ("right", "followed") for mark in each.blanks if is_computed(mark)] for each in marks
    ], dtype=float)  # fmt: skip


def test_how_a_cell_tells_students_apart_is_its_correlation_with_the_rest_of_the_sheet():
    marks = marks_of_a_class()
    tally, matrix = tally_of(marks), stands(marks_of_a_class())
    compared = 0
    for at, name in enumerate(tally.cells):
        rest = matrix.sum(axis=1) - matrix[:, at]
        if matrix[:, at].std() and rest.std():
            assert tally.tells_apart(name) == pytest.approx(np.corrcoef(matrix[:, at], rest)[0, 1])
            compared += 1
        else:
            assert tally.tells_apart(name) is None
    assert compared > 50


def test_the_reliability_is_cronbachs_alpha():
    marks = marks_of_a_class()
    matrix = stands(marks)
    k = matrix.shape[1]
    alpha = k / (k - 1) * (1 - matrix.var(axis=0).sum() / matrix.sum(axis=1).var())
    assert tally_of(marks).reliability == pytest.approx(alpha)


def test_of_few_students_nothing_is_said_of_how_cells_tell_them_apart():
    tally = tally_of(marks_of_a_class(count=7))
    assert tally.reliability is None
    assert not any(tally.tells_apart(name) is not None for name in tally.cells)


@pytest.mark.parametrize(
    ("points", "quartiles"),
    [
        ([1], (1, 1, 1)),
        ([1, 2], (1, Fraction(3, 2), 2)),
        ([3, 1, 2], (1, 2, 3)),
        ([4, 3, 2, 1], (Fraction(3, 2), Fraction(5, 2), Fraction(7, 2))),
    ],
)
def test_the_quartiles_of_small_classes(points, quartiles):
    row = tally_of(marks_of_a_class(count=1)).rows[0]
    tally = Tally(rows=[replace(row, halves=2 * each) for each in points])
    assert tuple(tally.quantile(Fraction(k, 4)) for k in (1, 2, 3)) == quartiles


def test_of_a_sheet_without_points_the_share_is_none():
    row = tally_of(marks_of_a_class(count=1)).rows[0]
    assert [replace(row, halves=3, of=of).share for of in (4, 3)] == [0.75, 1]
    assert replace(row, halves=0, of=0).share == 0


def test_every_student_is_in_every_cell_once():
    marks = marks_of_a_class()
    tally = tally_of(marks)
    assert {cell.students for cell in tally.blanks.values()} == {len(marks)}
    assert sum(cell.stands for cell in tally.cells.values()) == tally.total == int(stands(marks).sum())
    assert [row.stands for row in tally.rows] == stands(marks).sum(axis=1).tolist()


def test_a_slip_is_counted_where_it_begins_and_what_follows_is_not():
    page = Page.of("attention-head")
    marker = Marker.of(page.document, page.run)
    score = f"4/ask/{AT}scores_raw[0]/2,3"
    tally = tally_of([marker.mark(Student(page, written={score: Fraction(4)}).answers(), "a")])
    assert {name: cell.slips for name, cell in tally.blanks.items() if cell.slips} == {score: 1}
    assert tally.blanks[score].carried == 1
    down = Student(page, mistaken=page.wrong["softmax-over-columns"])
    tally = tally_of([marker.mark(down.answers(), "a")])
    assert {name.split("/")[2] for name, cell in tally.blanks.items() if cell.slips} == {f"{AT}hook_pattern.sum[0]"}
    assert list(tally.reasons()) == [("foil", "softmax-over-columns")]


@pytest.mark.parametrize("sheet", ["attention-head", "layer-norm", "cross-entropy"])
def test_an_example_is_kept_of_each_reason_and_of_nothing_that_has_none(sheet):
    marks = marks_of_a_class(sheet)
    causes = [cause for each in marks for cause in each.causes]
    tally = tally_of(marks)
    assert any(cause.kind == UNEXPLAINED for cause in causes)
    assert {*tally.examples} == {*tally.reasons()}
    assert all(kind != UNEXPLAINED for kind, _ in tally.examples)
    assert tally.examples


def test_the_forms_of_one_wrong_number_are_one_answer():
    page = Page.of("attention-head")
    marker = Marker.of(page.document, page.run)
    name = f"6/ask/{AT}hook_pattern[0]/3,1"
    answers = Student(page).answers()
    tally = tally_of([marker.mark(answers | {name: text}, text) for text in ("3/4", "6/8", "0,75", "75%", "0.75")])
    assert list(tally.blanks[name].answers.values()) == [5]


def test_the_answers_of_a_cell_and_of_a_question_do_not_grow_with_the_class():
    marks = marks_of_a_class(count=1)[0]
    wrong = next(mark for mark in marks.blanks if mark.id.startswith("1/ask"))
    tally = Tally()
    for k in range(3 * MOST_ANSWERS):
        blanks = [replace(m, verdict="wrong", answer=str(k)) if m is wrong else m for m in marks.blanks]
        said = OpenMark("8/lines/1", f"text {k} " + "x" * 5000, "", Fraction(3))
        tally.add(replace(marks, blanks=tuple(blanks), answers=(said,), student=str(k)))
    assert len(tally.blanks[wrong.id].answers) == MOST_ANSWERS + 1
    assert tally.blanks[wrong.id].answers[OTHER, ("unexplained", "")] == 2 * MOST_ANSWERS
    assert len(tally.said["8/lines/1"]) == MOST_ANSWERS + 1
    assert max(len(said.text) for said in tally.said["8/lines/1"].values()) <= 300
    assert sum(said.count for said in tally.said["8/lines/1"].values()) == 3 * MOST_ANSWERS


def test_equal_answers_in_words_are_one_and_empty_ones_apart():
    said = tally_of(marks_of_a_class()).said["8/lines/1"]
    assert {text: each.count > 0 for text, each in said.items()} == {
        "it sees itself": True,
        "": True,
        "no idea": True,
    }


def test_a_cell_that_most_miss_and_go_on_from_is_doubtful():
    page = Page.of("attention-head")
    marker = Marker.of(page.document, page.run)
    score = f"4/ask/{AT}scores_raw[0]/2,3"
    missed = Student(page, written={score: Fraction(4)}).answers()
    right = Student(page).answers()
    tally = tally_of([marker.mark(missed if k < 6 else right, str(k)) for k in range(9)])
    assert tally.doubtful() == [score]
    assert tally_of([marker.mark(missed if k < 5 else right, str(k)) for k in range(9)]).doubtful() == []
