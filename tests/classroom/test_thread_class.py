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
    return NumberSets(Plan(sheet, Options(seed=7).on(sheet), ""))


def test_no_two_neighbours_on_the_roster_have_the_same_base_thread():
    numbers = numbers_of("thread-scores")
    moved = numbers.plan.beside(STUDENTS)
    sets = [numbers.set_of(numbers.plan.key(student)) for student in moved]
    assert all(a != b for a, b in pairwise(sets))
    assert len({*sets}) == bases()
    assert {student.moved for student in moved} - {0} <= {1, 2, 3}
    assert any(student.moved for student in moved)  # without which some would have


@pytest.mark.parametrize("student", STUDENTS[:2])
def test_all_sheets_of_a_student_have_the_same_numbers(student):
    made = [(numbers := numbers_of(name)).of(numbers.plan.key(student)) for name in thread().sheets]
    assert all(other.weights == made[0].weights for other in made)
    assert all(other.vocabulary == made[0].vocabulary for other in made)


def test_another_sheet_has_no_neighbours_unless_copies_of_a_set_are_much_the_same():
    many, few = (
        Plan(sheet := load_sheet(name), Options(seed=1).on(sheet), "") for name in ("linear-layer", "softmax")
    )
    assert many.beside(STUDENTS) == STUDENTS
    numbers, moved = NumberSets(few), few.beside(STUDENTS)
    sets = [numbers.set_of(few.key(student)) for student in moved]
    count = len(numbers.sets)
    assert all(len({*sets[at : at + count]}) == count for at in range(0, len(STUDENTS) - count, count))
    assert [student.id for student in moved] == [student.id for student in STUDENTS]
