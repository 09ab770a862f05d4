"""Each marking adds its result to a folder, which has a page for each student, and one for the class."""

import csv
import io
import json

import pytest
from browser import Browser, needs_axe, needs_chromium
from sheets import key, sheet
from test_mark import run

html = pytest.importorskip("lxml.html")
NAMES = {"s1": "Ada Li", "s2": "Bo", "s3": "Cy"}


def mark(tmp_path, name, wrong, *args, **told):
    """Mark a class on a sheet. wrong: by student, how many answers are not right."""
    document, made = sheet(name)
    students = []
    for student, count in wrong.items():
        answers = key(document)
        answers |= {blank.id: "777" for blank in document.blanks()[:count]}
        students.append({"id": student, "name": NAMES[student], "hash": made.hash, "answers": answers, **told})
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"sheet": name, "seed": 0, "students": students}))
    return run("mark", path, "--history", tmp_path / "term", "--no-report", "--out", tmp_path, *args, formats="json")


def files(tmp_path):
    folder = tmp_path / "term"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(tmp_path):
    return list(csv.DictReader(io.StringIO((tmp_path / "term" / "history.csv").read_text("utf-8-sig"))))


def page(tmp_path, name):
    (path,) = (tmp_path / "term").glob(name)
    return html.fromstring(path.read_bytes())


def texts(page, path):
    return [" ".join(each.text_content().split()) for each in page.xpath(path)]


def test_a_student_has_a_page_over_weeks_and_the_class_one_over_sheets(tmp_path):
    assert mark(tmp_path, "softmax", {"s1": 0, "s2": 3}, hints={"1/ask/x/1,1": 1}).exit_code == 0
    assert mark(tmp_path, "scores", {"s1": 2, "s3": 0}).exit_code == 0
    assert {name for name in files(tmp_path) if name.endswith("json")} == {"01-softmax.json", "02-scores.json"}
    titles = [sheet(name)[0].title for name in ("softmax", "scores")]
    ada, bo = page(tmp_path, "students/ada-li-s1-*.html"), page(tmp_path, "students/bo-s2-*.html")
    assert texts(ada, "//table[@class='sheets']//th") == titles
    assert texts(bo, "//table[@class='sheets']//th") == titles[:1]
    assert "help with 1 cell" in texts(ada, "//table[@class='sheets']//tr")[0]
    assert "Bo" not in texts(ada, "//body")[0]
    class_ = page(tmp_path, "class.html")
    assert texts(class_, "//table[@class='sheets']//th") == titles
    table = [texts(row, "th | td") for row in class_.xpath("(//table[@class='all'])[1]//tr")]
    assert table[0][1:] == titles
    assert [row[0] for row in table[1:]] == ["Ada Li", "Bo", "Cy"]
    assert [[cell == "–" for cell in row[1:]] for row in table[1:]] == [[False, False], [False, True], [True, False]]
    for link in class_.xpath("//a"):
        assert (tmp_path / "term" / link.get("href")).exists()
    assert [(row["id"], row["sheet"], row["points"] == row["of"]) for row in rows(tmp_path)] == [
        ("s1", "softmax", True), ("s2", "softmax", False), ("s1", "scores", False), ("s3", "scores", True),
    ]  # fmt: skip


def test_the_same_marking_again_changes_nothing_and_a_better_one_its_own_students(tmp_path):
    mark(tmp_path, "softmax", {"s1": 4, "s2": 3})
    mark(tmp_path, "scores", {"s1": 2})
    before = files(tmp_path)
    mark(tmp_path, "softmax", {"s1": 4, "s2": 3})
    mark(tmp_path, "scores", {"s1": 2})
    assert files(tmp_path) == before
    mark(tmp_path, "softmax", {"s1": 0, "s3": 0})
    assert {name for name in files(tmp_path) if name.endswith("json")} == {"01-softmax.json", "02-scores.json"}
    assert [(row["id"], row["points"] == row["of"]) for row in rows(tmp_path)] == [
        ("s1", True), ("s2", False), ("s3", True), ("s1", False),
    ]  # fmt: skip


def test_a_page_of_the_class_without_names_has_none(tmp_path):
    mark(tmp_path, "softmax", {"s1": 4, "s2": 3}, "--no-names")
    class_ = page(tmp_path, "class.html")
    (text,) = texts(class_, "//body")
    assert not [each for each in ("Ada", "Bo", "s1", "s2") if each in text]
    assert "No. 1" in text
    assert not class_.xpath("//a")


def test_what_came_up_on_several_sheets_is_said_once_with_how_to_mend_it(tmp_path):
    for name in ("scores", "softmax"):
        document, made = sheet(name)
        answers = key(document)
        for blank in [each for each in document.blanks() if each.role == "ask" and each.cell.text.startswith("−")][
            :9
        ]:
            answers[blank.id] = blank.cell.text.removeprefix("−")
        path = tmp_path / "answers.json"
        path.write_text(
            json.dumps({"sheet": name, "seed": 0, "students": [{"id": "s1", "hash": made.hash, "answers": answers}]})
        )
        run("mark", path, "--history", tmp_path / "term", "--no-report", "--out", tmp_path, formats="json")
    results = [json.loads(files(tmp_path)[name]) for name in ("01-scores.json", "02-softmax.json")]
    reasons = [{tuple(each) for each in result["students"]["s1"]["reasons"]} for result in results]
    told = texts(page(tmp_path, "students/s1-*.html"), "//table[@class='texts']//tr")
    assert len(told) == len(reasons[0] & reasons[1]) > 0


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[",
        b"\xff",
        b'{"schema": 9, "number": 1, "key": "", "sheet": "x", "title": "x", "cells": 1, "columns": false, "students": {}}',
    ],
)
def test_a_file_that_is_no_result_is_one_line_and_nothing_is_written(tmp_path, content):
    (tmp_path / "term").mkdir()
    (tmp_path / "term" / "01-x.json").write_bytes(content)
    told = mark(tmp_path, "softmax", {"s1": 0})
    assert told.exit_code == 1
    assert told.stderr.startswith(f"byhand: {tmp_path / 'term' / '01-x.json'} is ")
    assert told.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("marks.*"))


@needs_chromium
@needs_axe
def test_axe_finds_nothing_on_the_pages_of_a_term(tmp_path):
    for name in ("softmax", "scores", "linear-layer"):
        assert mark(tmp_path, name, {"s1": 0, "s2": 3, "s3": 7}).exit_code == 0
    browser = Browser()
    try:
        for path in (tmp_path / "term").rglob("*.html"):
            for width in (1100, 390):
                browser.sized(width, 900)
                browser.open(path)
                assert browser.violations() == [], (path.name, width)
    finally:
        browser.close()
