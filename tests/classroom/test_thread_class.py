"""A class of the thread: all sheets of a student have the numbers of one run, and no two neighbours have the same base."""

from itertools import pairwise

import pytest

from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import anonymous
from byhand.numbers.threads import bases
from byhand.options import Options
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.thread import thread

STUDENTS = anonymous(300)


def numbers_of(name):
    sheet = load_sheet(name)
    return NumberSets(Plan(sheet, Options(seed=7).on(sheet), "").beside(STUDENTS))


def test_no_two_neighbours_on_the_roster_have_the_same_base_thread():
    numbers = numbers_of("thread-scores")
    sets = [numbers.set_of(numbers.plan.key(student)) for student in STUDENTS]
    assert all(a != b for a, b in pairwise(sets))
    assert len({*sets}) == bases()
    assert numbers.plan.moved  # without which some would have
    assert {*numbers.plan.moved.values()} <= {1, 2, 3}


@pytest.mark.parametrize("student", STUDENTS[:2])
def test_all_sheets_of_a_student_have_the_same_numbers(student):
    made = [(numbers := numbers_of(name)).of(numbers.plan.key(student)) for name in thread().sheets]
    assert all(other.weights == made[0].weights for other in made)
    assert all(other.vocabulary == made[0].vocabulary for other in made)


def test_another_sheet_has_no_neighbours():
    sheet = load_sheet("softmax")
    assert Plan(sheet, Options(seed=1), "").beside(STUDENTS).moved == {}
