"""Points for equal answers in words are given once: a table is written, filled in, and read."""

import csv
import io
import json

import pytest
from sheets import sheet
from test_mark import run

from byhand.marking.groups import alike

NAME = "dot-product"
SAID = ["It is the length.", "it is the  length", "“It is the length”", "The angle, I think", "", "the angle"]


def questions():
    return [reply.id for reply in sheet(NAME, seed=2)[0].replies() if reply.role == "lines"]


@pytest.fixture
def class_of(tmp_path):
    """A file of a class whose students answer the first question with these words."""

    def write(said):
        hash_ = sheet(NAME, seed=2)[1].hash
        students = [
            {"id": f"s{n}", "hash": hash_, "answers": {questions()[0]: text}} for n, text in enumerate(said, 1)
        ]
        path = tmp_path / "answers.json"
        path.write_text(json.dumps({"sheet": NAME, "seed": 2, "students": students}))
        return path

    return write


def rows(path):
    text = path.read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=max(",;", key=text.partition("\n")[0].count)))


def points(tmp_path):
    """The points of the first question, by student."""
    marks = json.loads((tmp_path / f"{NAME}-marks" / "marks.json").read_text())
    return {each["student"]: of_words(each)["points"] for each in marks}


def of_words(marks):
    """The entry of the first question in a student's marks."""
    return next(each for each in marks["open"] if each["id"] == questions()[0])


def fill_in(path, given):
    """Give points to the rows of the first question in which these answers stand."""
    table = rows(path)
    for row in table:
        if row["question"] == questions()[0] and row["answer"] in given:
            row["points"] = given[row["answer"]]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, [*table[0]], delimiter=";")
        writer.writeheader()
        writer.writerows(table)


def test_a_group_is_given_points_once(class_of, tmp_path):
    answers, table = class_of(SAID), tmp_path / "words.csv"
    mark = ("mark", answers, "--groups", table, "--no-report", "--out", tmp_path)
    assert "groups; fill in the points, and mark again" in run(*mark).stderr
    first = [row for row in rows(table) if row["question"] == questions()[0]]
    assert [(row["answer"], row["count"], row["points"]) for row in first] == [
        ("It is the length.", "3", ""), ("", "1", "0"), ("the angle", "1", ""), ("The angle, I think", "1", ""),
    ]  # fmt: skip
    fill_in(table, {"It is the length.": "2,5", "the angle": "1"})
    told = run(*mark)
    assert points(tmp_path) == {"s1": "5/2", "s2": "5/2", "s3": "5/2", "s4": None, "s5": "0", "s6": "1"}
    assert f"{table}: 1 different answer in words has no points there: 'The angle, I think'" in told.stderr


def test_a_table_that_is_changed_counts_and_what_was_given_to_one_student_stays(class_of, tmp_path):
    answers, table = class_of(SAID), tmp_path / "words.csv"
    mark = ("mark", answers, "--no-report", "--out", tmp_path)
    run(*mark, "--groups", table)
    fill_in(table, {"It is the length.": "1"})
    run(*mark, "--groups", table)
    path = tmp_path / f"{NAME}-marks" / "marks.json"
    marks = json.loads(path.read_text())
    of_words(marks[1])["points"] = "3"  # of s2, by hand
    path.write_text(json.dumps(marks))
    fill_in(table, {"It is the length.": "2"})
    run(*mark, "--groups", table)
    assert {points(tmp_path)[name] for name in ("s1", "s3")} == {"2"}
    assert points(tmp_path)["s2"] == "3"
    run(*mark)  # without the table, what it gave stays
    assert points(tmp_path)["s1"] == "2"
    fill_in(table, {"It is the length.": "1/2"})
    run(*mark, "--groups", table)
    assert [points(tmp_path)[name] for name in ("s1", "s2")] == ["1/2", "3"]


@pytest.mark.parametrize(("content", "message"), [
    ("question,answer,points\n{first},the angle,4\n", "the table of groups: 'the angle': 4 points for {first}, which is worth 3; --points says what a section is worth"),
    ("question,answer,points\n{first},the angle,x\n", "words.csv line 2: 'x' is no number of points"),
    ("question,answer,points\n{first},the angle,1\n{first},The angle.,2\n", "words.csv line 3: 'The angle.' stands in line 2, too; give one of them"),
    ("question,answer,points\n9/lines/9,the angle,1\n", "words.csv line 2: no question in words '9/lines/9'; did you mean"),
    ("answer,points\nthe angle,1\n", "words.csv has no column question; its columns are question, answer, count, points"),
    ("question,answer,points\n{first},the angle,1,5\n", 'words.csv line 2 has 4 fields, and its headings are 3; quote "1,5"'),
    ("", "words.csv has no column question"),
])  # fmt: skip
def test_a_table_that_cannot_be_read_is_one_line_and_nothing_is_written(class_of, tmp_path, content, message):
    answers, table = class_of(["the angle"]), tmp_path / "words.csv"
    table.write_text(content.format(first=questions()[0]))
    told = run("mark", answers, "--groups", table, "--out", tmp_path)
    assert told.exit_code == 1
    assert told.stderr.startswith(f"byhand: {message.format(first=questions()[0])}")
    assert told.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("marks.*"))


def test_a_row_of_nobody_is_told(class_of, tmp_path):
    answers, table = class_of(["the angle"]), tmp_path / "words.csv"
    table.write_text(f"question,answer,points\n{questions()[0]},the angel,1\n")
    told = run("mark", answers, "--groups", table, "--no-report", "--out", tmp_path)
    assert f"{table}: 1 row is of an answer that nobody gave: 'the angel'" in told.stderr


@pytest.mark.parametrize(("one", "other"), [("A b.", "a  B"), ("don’t!", "Don't"), ("ﬁne", "fine"), ("“a”", "a")])
def test_answers_are_alike_whatever_stands_around_their_words(one, other):
    assert alike(one) == alike(other)


@pytest.mark.parametrize(("one", "other"), [("-3", "3"), ("x < y", "x > y"), ("a, b", "a b"), ("1/2", "12")])
def test_answers_that_mean_something_else_are_not_alike(one, other):
    assert alike(one) != alike(other)


def test_a_formula_in_an_answer_is_a_text_for_a_spreadsheet_and_is_read_back(class_of, tmp_path):
    answers, table = class_of(["=1+1"]), tmp_path / "words.csv"
    mark = ("mark", answers, "--groups", table, "--no-report", "--out", tmp_path)
    run(*mark)
    assert "'=1+1" in [row["answer"] for row in rows(table)]
    fill_in(table, {"'=1+1": "1"})
    run(*mark)
    assert points(tmp_path) == {"s1": "1"}


def test_the_line_of_a_student_says_what_is_not_yet_marked(class_of, tmp_path):
    file, table = class_of(SAID[:1]), tmp_path / "words.csv"
    told = run("mark", file, "--groups", table, "--out", tmp_path).stdout
    (marks,) = json.loads((tmp_path / f"{NAME}-marks" / "marks.json").read_text())
    waiting = sum(int(each["of"]) for each in marks["open"])
    assert f"s1  {marks['points']} / {marks['of']}, {waiting} not yet marked: answers in words" in told
    fill_in(table, {SAID[0]: "1"})
    told = run("mark", file, "--groups", table, "--out", tmp_path).stdout
    assert "not yet marked" not in told
