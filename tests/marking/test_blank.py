"""Empty answers for a class: what is written is read again, empty and filled in."""

import csv
import io
import json

import pytest
from test_mark import run

from byhand.classroom.again import Class, own_copies
from byhand.classroom.classes import make_class
from byhand.classroom.papers import make_paper_class
from byhand.classroom.roster import Student
from byhand.options import Options
from byhand.paper import paper_of
from byhand.secret import made_secret

SOURCE = """
title = "An exam"
[[parts]]
sheet = "softmax"
steps = "1, 2"

[[parts]]
sheet = "embedding"
steps = "1"
"""
STUDENTS = [Student("Ada Li", "s1"), Student("=Bo", "s2"), Student("Cy", "007")]
FORMATS = ("json", "csv")


@pytest.fixture(scope="module")
def of_sheet(tmp_path_factory):
    return make_class("softmax", STUDENTS, Options(seed=3), tmp_path_factory.mktemp("class")).folder


@pytest.fixture(scope="module")
def of_paper(tmp_path_factory):
    out = tmp_path_factory.mktemp("class")
    make_paper_class(paper_of("exam", SOURCE), STUDENTS, Options(seed=3), out)
    (out / "exam.toml").write_text(SOURCE)
    return out / "exam-class3"


def keys(folder, secret=None):
    """Each student's right answers to a sheet, but for those in words."""
    made = Class.in_folder(folder, secret)
    right = {}
    for copy in own_copies(made.plan, made.copies):
        blanks = zip(copy.document.blanks(), copy.copy.answers.split(), strict=True)
        right[copy.copy.student.id] = {blank.id: text for blank, text in blanks}
        right[copy.copy.student.id] |= {reply.id: reply.right for reply in copy.replies if reply.options}
    return right


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def fill_in(path, right, wrong=None):
    """Fill in a file, each student's right answers, and of one student one wrong digit."""
    is_csv, changed = path.suffix == ".csv", ""
    students = rows_of(path) if is_csv else json.loads(path.read_text())["students"]
    for student in students:
        answers = student if is_csv else student["answers"]
        answers |= right[student["id"]]
        if student["id"] == wrong:
            changed = next(name for name in right[wrong] if "/ask/" in name and answers[name][-1].isdigit())
            answers[changed] = answers[changed][:-1] + str((int(answers[changed][-1]) + 1) % 10)
    if is_csv:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.DictWriter(file, [*students[0]], delimiter=";")
            table.writeheader()
            table.writerows(students)
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | {"students": students}))
    return changed


def marks_in(folder):
    return {each["student"]: each for each in json.loads((folder / "marks.json").read_text())}


@pytest.mark.parametrize("format", FORMATS)
def test_empty_answers_of_a_class_name_all_students_and_are_marked_as_empty(of_sheet, tmp_path, format):
    file = tmp_path / f"blank.{format}"
    made = run("mark", "--blank", "softmax", "--class", of_sheet, "--out", file, formats=format)
    assert made.exit_code == 0, made.output
    assert run("mark", file, "--class", of_sheet, "--out", tmp_path).exit_code == 0
    marks = marks_in(tmp_path / "softmax-marks")
    assert {name: each["name"] for name, each in marks.items()} == {each.id: each.name for each in STUDENTS}
    assert {blank["verdict"] for each in marks.values() for blank in each["blanks"]} == {"missing"}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("wrong", [None, "s2"])
def test_filled_in_answers_are_right_but_for_the_one_with_another_digit(of_sheet, tmp_path, format, wrong):
    file = tmp_path / f"blank.{format}"
    run("mark", "--blank", "--class", of_sheet, "--out", file, formats=format)
    changed = fill_in(file, keys(of_sheet), wrong)
    assert run("mark", file, "--class", of_sheet, "--out", tmp_path).exit_code == 0
    for name, each in marks_in(tmp_path / "softmax-marks").items():
        verdicts = {blank["id"]: blank["verdict"] for blank in each["blanks"]}
        assert verdicts.pop(changed, "right") == ("wrong" if name == wrong else "right")
        assert {*verdicts.values()} <= {"right", "follows"}
        assert (each["points"] == each["of"]) == (name != wrong)


@pytest.mark.parametrize("format", FORMATS)
def test_of_a_paper_each_sheet_has_a_file_and_the_folder_of_them_is_marked(of_paper, tmp_path, format):
    asked = ("mark", "--blank", "--class", of_paper, "--out", tmp_path / "handed-in")
    assert run(*asked, formats=format).exit_code == 0
    assert run("mark", "--blank", of_paper.parent / "exam.toml", *asked[2:], formats=format).exit_code == 0
    assert {each.name for each in (tmp_path / "handed-in").iterdir()} == {
        f"softmax.{format}", f"embedding.{format}"
    }  # fmt: skip
    for sheet in ("softmax", "embedding"):
        fill_in(tmp_path / "handed-in" / f"{sheet}.{format}", keys(of_paper / sheet))
    told = run("mark", tmp_path / "handed-in", "--class", of_paper, "--out", tmp_path)
    assert told.exit_code == 0, told.output
    for row in rows_of(tmp_path / "exam-marks" / "marks.csv"):
        assert row["points"] == row["of"] != "0"


def test_one_sheet_of_a_papers_class_can_be_named_and_its_table_says_which_it_is(of_paper, tmp_path):
    file = tmp_path / "one.csv"
    assert run("mark", "--blank", "softmax", "--class", of_paper, "--out", file, formats="csv").exit_code == 0
    assert {row["sheet"] for row in rows_of(file)} == {"softmax"}
    told = run("mark", file, "--class", of_paper, "--out", tmp_path)
    assert "embedding: no file answers embedding" in told.output
    assert "3 marked on softmax" in told.output
    file.write_text(file.read_text("utf-8-sig").replace('"s2","\'=Bo","softmax"', '"s2","Bo","embedding"'))
    told = run("mark", file, "--class", of_paper, "--out", tmp_path)
    assert "one.csv line 3 answers 'embedding', and the first row softmax; give each sheet a file" in told.output


def test_a_class_of_a_secret_needs_it_and_its_file_tells_no_seed(tmp_path):
    secret = made_secret(tmp_path / "secret")
    folder = make_class("softmax", STUDENTS[:1], Options(secret=secret), tmp_path).folder
    refused = run("mark", "--blank", "--class", folder, formats="")
    assert refused.exit_code == 1
    assert refused.stderr == (
        f"byhand: {folder} was made with a secret; name with --secret what byhand class was given\n"
    )
    file = tmp_path / "blank.json"
    asked = ("--class", folder, "--secret", tmp_path / "secret")
    assert run("mark", "--blank", *asked, "--out", file, formats="").exit_code == 0
    assert "seed" not in json.loads(file.read_text())
    fill_in(file, keys(folder, secret))
    assert run("mark", file, *asked, "--out", tmp_path).exit_code == 0
    (marks,) = marks_in(tmp_path / "softmax-marks").values()
    assert marks["points"] == marks["of"]


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (("mlp", "--class", "SHEET"), "SHEET is a class of softmax, not of mlp"),
        (("mlp", "--class", "PAPER"), "no sheet in PAPER 'mlp'; there are: embedding, softmax"),
        (("other.toml", "--class", "PAPER"), "other is not exam, of which PAPER was made; leave it out"),
        (("exam.toml", "--class", "PAPER"), "exam is no longer as it was when PAPER was made; leave it out"),
        (("exam.toml", "--class", "SHEET"), "SHEET is a class of softmax, not of exam"),
        (("--class", "nothing"), "nothing holds no finished class ("),
        (("--class", "SHEET", "--seed", "4"), "--class says which sheet and numbers it is; leave out the other"),
        (("--class", "SHEET", "--secret", "nothing"), "the secret nothing cannot be read: No such file"),
        (("softmax", "--secret", "nothing"), "--secret is of a class; give its folder with --class, too"),
        (("softmax", "--format", "csv,json"), "--blank writes one format, json or csv, and not csv, json"),
        (("softmax", "--format", "pdf"), "--blank writes one format, json or csv, and not pdf"),
        ((), "name the sheet or the paper, or give the folder of a class with --class"),
    ],
)  # fmt: skip
def test_what_no_class_has_is_told_in_one_line(of_sheet, of_paper, tmp_path, monkeypatch, asked, line):
    monkeypatch.chdir(tmp_path)
    for name in ("exam", "other"):
        (tmp_path / f"{name}.toml").write_text(SOURCE.replace("1, 2", "1"))
    folders = {"SHEET": str(of_sheet), "PAPER": str(of_paper)}
    refused = run("mark", "--blank", *(folders.get(each, each) for each in asked), formats="")
    assert refused.exit_code in (1, 2)
    told = refused.stderr.splitlines()[-1]
    for name, folder in folders.items():
        told = told.replace(folder, name)
    assert told.partition(": ")[2].startswith(line)
    assert len([*tmp_path.iterdir()]) == 2
