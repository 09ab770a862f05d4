"""The marks of a class whose copies have numbers of their own."""

import pytest
from every_sheet import a_share
from msgspec.structs import replace

from byhand.classroom.again import Class, Copy
from byhand.classroom.fitting import fitting
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import Student
from byhand.marking import mark as room
from byhand.marking.answers import Filled
from byhand.marking.mark import Task, marked
from byhand.marking.record import as_line
from byhand.marking.rules import Rules
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
    keys = [plan.key(student) for student in students]
    run = NumberSets(plan).run(keys)
    if run.domain.differing.any():  # some are drawn again
        run = NumberSets(plan).run([key for key in fitting(NumberSets(plan).run, keys) if key])
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


@pytest.mark.parametrize("name", a_share(["attention-head", "embedding", "layer-norm"], 3))
def test_a_class_has_the_marks_that_each_student_has_alone(name):
    """A class has one marker for all copies, which share what they have in common."""
    task = class_of(name)
    empty = [Filled(copy.student.id) for copy in task.of_class.copies]
    found = [marker for _, marker, _ in room._markers(task, empty)]
    assert len({marker.rules.run.hash for marker in found}) == COUNT
    students = [Filled(f"s{n}", answers=who_slipped(marker.rules, n)) for n, marker in enumerate(found)]
    lines = [each.line for each in marked(task, students, {})[0]]
    for (student, marker, _), line in zip(room._markers(task, students), lines, strict=True):
        alone = replace(marker, rules=Rules(marker.rules.document, marker.rules.run))
        assert as_line(alone.mark(student.answers, student.id, student.name)) == line
