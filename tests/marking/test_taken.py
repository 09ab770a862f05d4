"""Answers of another student's numbers are named as such, and nobody else's are."""

import csv
import json
import random

import pytest
from every_sheet import FULL
from test_class import who_slipped
from test_mark import run

from byhand.classroom.again import Class
from byhand.classroom.classes import make_class
from byhand.classroom.roster import Student
from byhand.marking.answers import Filled
from byhand.marking.mark import Task, _markers
from byhand.marking.taken import Keys
from byhand.options import Options

COUNT = 24 if FULL else 9


@pytest.fixture(scope="module", params=["attention-head", "softmax", *(["dot-product"] if FULL else [])])
def school(request, tmp_path_factory):
    """A class, its folder, and the rules of each copy."""
    students = [Student(f"Name {n}", f"s{n}") for n in range(COUNT)]
    folder = make_class(request.param, students, Options(seed=3), tmp_path_factory.mktemp("class")).folder
    of_class = Class.in_folder(folder)
    task = Task(of_class.plan.sheet, of_class.plan.options, of_class=of_class)
    rules = [marker.rules for _, marker, _ in _markers(task, [Filled(copy.student.id) for copy in of_class.copies])]
    return folder, of_class, rules


def found(of_class, rules, n, answers):
    keys = Keys(of_class.copies, [*rules[n].blanks])
    return keys.taken(Filled(f"s{n}", answers=answers), of_class.copies[n])


def key(copy, blanks):
    return dict(zip(blanks, copy.answers.split(), strict=True))


def test_who_computes_or_guesses_has_taken_nothing(school):
    _, of_class, rules = school
    for n, own in enumerate(rules):
        dice, right = random.Random(n), key(of_class.copies[n], own.blanks)
        honest = [right, who_slipped(own, n), dict.fromkeys(right, "0"), dict.fromkeys(right, "1"), {}]
        honest.append({name: dice.choice([*right.values()]) for name in right})
        honest.append({name: text.replace("−", "") for name, text in right.items()})
        for answers in honest:
            assert found(of_class, rules, n, answers) is None, (n, answers)


def test_whose_numbers_were_taken_is_named_also_after_a_slip_and_in_other_forms(school):
    _, of_class, rules = school
    named = 0
    for n, own in enumerate(rules):
        other = (n + 1) % COUNT
        taken = key(of_class.copies[other], own.blanks)
        answers = {name: text.replace("−", "-") + " " for name, text in taken.items()}
        answers |= dict.fromkeys(list(answers)[n % 7 : len(answers) // 2 : 9], "77")  # slips
        said = found(of_class, rules, n, answers)
        differ = sum(
            a != b for a, b in zip(taken.values(), key(of_class.copies[n], own.blanks).values(), strict=True)
        )
        if differ >= 16:
            assert said is not None
            assert key(next(copy for copy in of_class.copies if copy.student.id == said.student), own.blanks) == taken
            named += 1
    assert named >= COUNT // 2


def test_it_is_told_in_every_file_for_the_teacher_and_not_on_the_page_of_the_student(school, tmp_path):
    folder, of_class, rules = school
    n = next(n for n in range(COUNT - 1) if found(of_class, rules, n, key(of_class.copies[n + 1], rules[n].blanks)))
    rows = [{"id": f"s{k}", "answers": key(of_class.copies[max(k, n + 1)], rules[n].blanks)} for k in (n, n + 1)]
    (tmp_path / "answers.json").write_text(json.dumps(rows))
    told = run("mark", tmp_path / "answers.json", "--class", folder, "--out", tmp_path, formats="json,csv,html")
    (made,) = tmp_path.glob("*-marks")
    first, second = json.loads((made / "marks.json").read_text())
    said = f"{first['taken']['same']} of {first['taken']['of']} answers are those of s{n + 1}'s numbers"
    assert (first["taken"]["student"], second["taken"]) == (f"s{n + 1}", None)
    assert said in told.stdout
    with (made / "marks.csv").open(encoding="utf-8-sig") as table:
        assert [row["numbers of"] for row in csv.DictReader(table)] == [f"s{n + 1}", ""]
    assert "The answers of another student’s numbers:" in (made / "report.html").read_text()
    assert f"answers of the numbers of s{n + 1}" in (made / "report.csv").read_text("utf-8-sig")
    (page,) = (made / "marked").glob(f"*-s{n}-*.html")
    assert f"Name {n + 1}" not in page.read_text()
    assert f"s{n + 1}'s" not in page.read_text()


def test_the_file_of_another_student_is_not_marked_and_it_is_said_whose_it_is(school, tmp_path):
    folder, of_class, _ = school
    hashes = {copy.hash: copy.student.id for copy in reversed(of_class.copies)}
    other = of_class.copies[1]
    (tmp_path / "answers.json").write_text(json.dumps([{"id": "s0", "hash": other.hash, "answers": {}}]))
    told = run("mark", tmp_path / "answers.json", "--class", folder, "--out", tmp_path)
    assert told.exit_code == 1
    assert f"the student 's0' had the numbers of '{hashes[other.hash]}', whose hash is {other.hash}" in told.stderr
