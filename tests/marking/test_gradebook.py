"""The points of a class in the columns that gradebooks import."""

import csv
import json
from fractions import Fraction

import pytest
from click.testing import CliRunner
from sheets import key, sheet

from byhand.classroom.roster import Student
from byhand.cli import main
from byhand.marking.gradebook import GRADEBOOKS
from byhand.marking.record import points_text

NAME = "dot-product"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two students, one of whom has an e-mail address for an id and eight answers wrong."""
    out = tmp_path_factory.mktemp("marks")
    document, _ = sheet(NAME, seed=2)
    right = key(document)
    wrong = dict.fromkeys(list(right)[:8], "99")
    students = [
        {"id": "s1", "name": "Ada", "answers": right},
        {"id": "bo@uni.example", "name": "=Bo", "answers": {**right, **wrong}},
    ]
    path = out / "answers.json"
    path.write_text(json.dumps({"schema": 1, "sheet": NAME, "seed": 2, "students": students}))
    arguments = ["mark", str(path), "--format", "csv,moodle,canvas", "--no-report", "--out", str(out)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return out / f"{NAME}-marks"


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def points(folder):
    with (folder / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        return [(float(row["points"]), float(row["of"])) for row in csv.DictReader(file)]


def test_moodle_gets_who_it_is_the_points_and_why(folder):
    head, ada, bo = rows(folder / "moodle-grades.csv")
    (full, worth), (less, _) = points(folder)
    assert head == [
        "Full name", "ID number", "Email address", f"The dot product ({worth:g})", "Feedback: The dot product",
    ]  # fmt: skip
    assert ada == ["Ada", "s1", "", f"{full:g}", ""]
    assert bo[:3] == ["'=Bo", "", "bo@uni.example"]  # a text, and no formula
    assert float(bo[3]) == less < full
    assert bo[4].startswith("step 1: ")


def test_canvas_gets_its_five_columns_and_the_points_possible(folder):
    head, possible, ada, bo = rows(folder / "canvas-grades.csv")
    (full, worth), (less, _) = points(folder)
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "The dot product"]
    assert possible == ["    Points Possible", "", "", "", "", f"{worth:g}"]
    assert ada == ["Ada", "", "s1", "", "", f"{full:g}"]
    assert bo == ["'=Bo", "", "", "bo@uni.example", "", f"{less:g}"]


def test_the_group_is_the_section_and_points_have_no_fractions():
    fields = {"name": "Cy", "points": points_text(Fraction(37, 3)), "of": "15", "first cause": ""}
    assert GRADEBOOKS["canvas"].row(Student("Cy", "7", "B"), fields, "") == ["Cy", "", "7", "", "B", "12.33"]
    assert GRADEBOOKS["moodle"].row(Student("Cy", "7"), fields, "why") == ["Cy", "7", "", "12.33", "why"]


def test_tables_of_points_are_written_where_they_are_asked_for(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "canvas-grades.csv", "marks.csv", "moodle-grades.csv",
    ]  # fmt: skip
