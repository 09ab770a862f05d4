"""The screen of a class whose copies have numbers of their own; tests/marking/properties.py has that of one sheet."""

import pytest
from sheets import key, sheet

from byhand.classroom.again import Class, Copy
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import Student
from byhand.marking import mark as room
from byhand.marking.answers import Filled
from byhand.marking.mark import Task, marked
from byhand.marking.rules import Rules
from byhand.marking.screen import settled
from byhand.marking.verdicts import Judged
from byhand.options import Options
from byhand.page.reader import Paper
from byhand.worksheet.sheet import load_sheet

COUNT = 25


def class_of(name):
    """A task to mark a class, without its pages."""
    loaded = load_sheet(name)
    plan = Plan(loaded, Options(seed=0).on(loaded), "")
    students = [Student(f"Student {n}", f"s{n}") for n in range(COUNT)]
    run = NumberSets(plan).run([plan.key(student) for student in students])
    hashes = list(run.filled(run.document.stamp["hash"]))[-COUNT:]
    return Task(plan.sheet, plan.options, of_class=Class(plan, list(map(Copy, students, hashes))))


def who_slipped(rules, n):
    """The answers of a student who writes another number in one blank, and goes on with it."""
    judged, written = Judged.of(rules, {}), {}
    paper = Paper(rules, written, judged.paper.printed, judged.reckoning.compute)
    wrong = list(rules.blanks)[3 * n % len(rules.blanks)]
    for name, blank in rules.blanks.items():
        right = paper.follows(blank) if blank.role in ("ask", "copy") else judged.key(blank)
        written[name] = 7 if name == wrong else right
    return {name: judged.reckoning.text(value) for name, value in written.items()}


@pytest.mark.parametrize("name", ["attention-head", "embedding", "layer-norm"])
def test_a_class_has_the_same_marks_with_a_screen_and_without(name, monkeypatch):
    task = class_of(name)
    empty = [Filled(copy.student.id) for copy in task.of_class.copies]
    found = [marker for _, marker, _ in room._markers(task, empty)]
    assert len({marker.rules.run.hash for marker in found}) == COUNT
    students = [Filled(f"s{n}", answers=who_slipped(marker.rules, n)) for n, marker in enumerate(found)]
    screened = []

    def counted(*args):
        screened.extend(settled(*args))
        return screened

    monkeypatch.setattr("byhand.marking.screen.settled", counted)
    lines = [each.line for each in marked(task, students, {})[0]]
    monkeypatch.setattr(room, "LEAST_SCREENED", COUNT + 1)
    assert lines == [each.line for each in marked(task, students, {})[0]]
    assert len(screened) == COUNT
    count = sum(map(len, screened))
    assert count > 0.85 * sum(len(student.answers) for student in students)


@pytest.mark.parametrize(("name", "numbers"), [("softmax", "decimal"), ("dot-product", "symbolic")])
def test_rounded_numbers_and_letters_are_judged_one_by_one(name, numbers):
    document, run = sheet(name, numbers=numbers)
    assert settled(Rules(document, run), [key(document)] * 2) == [{}, {}]
