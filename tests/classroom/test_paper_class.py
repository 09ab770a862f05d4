"""A class of a paper: each student's sheets behind a cover, verified, and marked as one."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pikepdf
import pytest
from click.testing import CliRunner
from page_pdf import with_another_glyph
from pypdf import PdfReader

from byhand.classroom.again import Class, is_of_paper, own_copies
from byhand.classroom.index import read_index
from byhand.classroom.papers import make_paper_class, order_of, paper_in
from byhand.classroom.roster import Student
from byhand.cli import main
from byhand.errors import OutputError, RosterError
from byhand.options import Options
from byhand.paper import paper_of
from byhand.pipeline import prepare
from byhand.reading.verdict import Finding
from byhand.reading.verify import report
from byhand.secret import Secret
from byhand.worksheet.sheet import load_sheet

SOURCE = """
title = "A test"
order = "shuffled"

[[parts]]
sheet = "softmax"
steps = "1, 5"
points = 6

[[parts]]
sheet = "linear-layer"
steps = "2"
points = 4
"""
STUDENTS = [Student("Ada Lovelace", "a1", "x"), Student("Łukasz", "b2", "x"), Student("", "c3", "y")]
SEED = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("class")
    sets = make_paper_class(paper_of("test", SOURCE), STUDENTS, Options(seed=SEED), out)
    assert [each.folder.name for each in sets] == ["softmax", "linear-layer"]
    return out / f"test-class{SEED}"


def byhand(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def pages_of(file):
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(file).pages]


def stem_of(folder, student):
    return next(
        path
        for path in (folder / "worksheets").iterdir()
        if f"-{student.id}-" in path.name or path.name.startswith(student.id)
    )


def test_each_student_has_a_cover_with_the_name_and_both_sheets(folder):
    assert len([*(folder / "worksheets").iterdir()]) == len([*(folder / "keys").iterdir()]) == len(STUDENTS)
    assert PdfReader(folder / "class.pdf").metadata.title == "A test (worksheet)"
    cover, *sheets = pages_of(stem_of(folder, STUDENTS[0]))
    assert "Ada Lovelace" in cover
    assert "A test" in cover
    key, *_ = pages_of(folder / "keys" / stem_of(folder, STUDENTS[0]).name)
    assert key.count("Ada Lovelace") == cover.count("Ada Lovelace") == 2  # at the head, and at the foot
    assert STUDENTS[0].whose in key
    assert {"Softmax", "A linear layer"} <= {
        name for name in ("Softmax", "A linear layer") if any(name in page for page in sheets)
    }
    assert all("Ada Lovelace" in page for page in sheets)
    assert [re.search(r"page \d of \d", page)[0] for page in (cover, *sheets)] == [
        f"page {n} of {1 + len(sheets)}" for n in range(1, 2 + len(sheets))
    ]


def test_all_papers_are_in_one_file_for_the_printer_each_on_a_right_hand_page(folder):
    pages = pages_of(folder / "class.pdf")
    covers = [n for n, page in enumerate(pages) if "In all" in page]
    assert len(covers) == len(STUDENTS)
    assert all(n % 2 == 0 for n in covers)


def test_the_order_of_sheets_is_the_students_own_and_the_same_again():
    paper = paper_of("test", SOURCE)
    orders = {tuple(order_of(paper, Options(seed=SEED), Student("", str(n)))) for n in range(20)}
    assert orders == {(0, 1), (1, 0)}
    fixed = paper_of("test", SOURCE.replace("shuffled", "fixed"))
    assert order_of(fixed, Options(seed=SEED), STUDENTS[0]) == [0, 1]
    assert order_of(paper, Options(secret=Secret("ab" * 32)), STUDENTS[0]) in ([0, 1], [1, 0])


def test_every_file_of_the_class_is_verified(folder):
    result = byhand("verify", folder)
    assert f"{2 * len(STUDENTS)} files, {2 * len(STUDENTS)} right" in result.output


def test_a_digit_that_was_changed_is_found(folder, tmp_path):
    with_another_glyph(stem_of(folder, STUDENTS[1]), tmp_path / "changed.pdf")
    assert report(tmp_path / "changed.pdf")[1] is Finding.WRONG


def test_a_paper_of_another_student_is_found(folder, tmp_path):
    with pikepdf.open(stem_of(folder, STUDENTS[0])) as pdf:
        pdf.docinfo["/byhand"] = str(pdf.docinfo["/byhand"]).replace("student=a1", "student=c3")
        pdf.save(tmp_path / "changed.pdf")
    assert report(tmp_path / "changed.pdf")[1] in (Finding.WRONG, Finding.UNREADABLE)


def test_a_class_is_finished_where_it_was_left_and_no_other_is_written_over_it(folder, tmp_path):
    there = tmp_path / folder.name
    shutil.copytree(folder, there)
    lost = stem_of(there, STUDENTS[2])
    whole = lost.read_bytes()
    lost.unlink()
    make_paper_class(paper_of("test", SOURCE), STUDENTS, Options(seed=SEED), tmp_path)
    assert lost.read_bytes() == whole
    with pytest.raises(OutputError, match="holds a class of other numbers or options"):
        make_paper_class(
            paper_of("test", SOURCE.replace("points = 6", "points = 7")), STUDENTS, Options(seed=SEED), tmp_path
        )


# marking


def answered(folder, wrong=()):
    """Files of answers, all right but the first of these students."""
    for sheet in ("softmax", "linear-layer"):
        of_class = Class.in_folder(folder / sheet)
        for copy in own_copies(of_class.plan, of_class.copies):
            student, run = copy.copy.student, copy.run
            places = {b.id: b.cell.place for b in copy.document.blanks() if b.cell.at is not None}
            answers = {name: run.texts[step][i][j] for name, (step, i, j) in places.items()}
            answers |= {reply.id: reply.right for reply in copy.replies}
            if student.id in wrong:
                answers |= dict.fromkeys([*places], "77")
            entry = {"id": student.id, "hash": run.hash, "answers": answers}
            yield f"{sheet}-{student.id}.json", {"schema": 1, "sheet": sheet, "seed": SEED, "students": [entry]}


def test_answers_of_another_class_are_told_from_these(folder, tmp_path):
    entry = {"id": "a1", "hash": "0000000", "answers": {}}
    (tmp_path / "a.json").write_text(json.dumps({"schema": 1, "sheet": "softmax", "seed": SEED, "students": [entry]}))
    result = byhand("mark", tmp_path / "a.json", "--class", folder, "--out", tmp_path / "out")
    assert "the worksheet is of another class; mark it by that one" in result.output
    assert "the hash 0000000, and those of this class have " in result.output


def test_a_paper_is_marked_sheet_by_sheet_with_one_table_of_all_points(folder, tmp_path):
    assert is_of_paper(folder)
    assert not is_of_paper(folder / "softmax")
    assert paper_in(folder).title == "A test"
    (tmp_path / "answers").mkdir()
    for name, entry in answered(folder, wrong=("b2",)):
        (tmp_path / "answers" / name).write_text(json.dumps(entry), encoding="utf-8")
    files, out = sorted((tmp_path / "answers").iterdir()), tmp_path / "out"
    result = byhand(
        "mark", *files, "--class", folder, "--format", "csv,canvas", "--out", out, "--groups", tmp_path / "w.csv"
    )
    assert result.exit_code == 0, result.output
    rows = {row["id"]: row for row in read_index((out / "test-marks" / "marks.csv").open("rb"))}
    # answers in words wait for a person, and have their share of the points: a reason, and a question in each sheet
    assert (rows["a1"]["points"], rows["a1"]["of"], rows["a1"]["softmax"], rows["a1"]["linear-layer"]) == (
        "8",
        "8",
        "5",
        "3",
    )
    assert rows["b2"]["linear-layer"] == "0"
    assert {row["not yet marked"] for row in rows.values()} == {"2"}
    steps = list(read_index((out / "test-marks" / "softmax-marks" / "marks.csv").open("rb")))
    of_steps = [sum(float(text) for head, text in row.items() if head.startswith("step ")) for row in steps]
    assert [float(row["points"]) for row in steps] == of_steps
    grades = (out / "test-marks" / "canvas-grades.csv").read_text("utf-8-sig")
    assert "A test" in grades
    assert '"x"' in grades  # the group
    assert {path.name for path in tmp_path.glob("w-*.csv")} == {"w-softmax.csv", "w-linear-layer.csv"}
    assert (out / "test-marks" / "softmax-marks" / "marks.csv").exists()


def test_what_nobody_answered_is_said(folder, tmp_path):
    name, entry = next(answered(folder))
    (tmp_path / name).write_text(json.dumps(entry), encoding="utf-8")
    result = byhand("mark", tmp_path / name, "--class", folder, "--format", "csv", "--out", tmp_path / "out")
    assert "linear-layer: no file answers linear-layer" in result.output
    assert "1 marked on softmax" in result.output


def test_a_folder_without_a_class_of_a_paper_says_so(tmp_path):
    with pytest.raises(RosterError, match="holds no class of a paper"):
        paper_in(tmp_path)


def test_the_command_makes_it_and_says_what_each_sheet_has(tmp_path):
    (tmp_path / "test.toml").write_text(SOURCE, encoding="utf-8")
    result = byhand(
        "class", tmp_path / "test.toml", "--anonymous", 2, "--seed", SEED, "--out", tmp_path, "--format", "html"
    )
    assert result.exit_code == 0, result.output
    assert "softmax: 2 students" in result.output
    home = Path(tmp_path / f"test-class{SEED}")
    assert len([*home.glob("softmax/worksheets/*.html")]) == 2
    assert byhand("class", tmp_path / "none.toml", "--anonymous", 2).exit_code == 1


def test_a_paper_that_was_generated_is_marked_from_the_files_that_it_gives_to_fill_in(tmp_path):
    (tmp_path / "test.toml").write_text(SOURCE, encoding="utf-8")
    blank = byhand("mark", "--blank", tmp_path / "test.toml", "--seed", SEED, "--out", tmp_path / "blank")
    assert blank.exit_code == 0, blank.output
    files = sorted((tmp_path / "blank").iterdir())
    assert [path.name for path in files] == ["linear-layer.json", "softmax.json"]
    for part in paper_of("test", SOURCE).parts:
        document, run = prepare(load_sheet(part.sheet), part.options(Options(seed=SEED)))
        path = tmp_path / "blank" / f"{part.sheet}.json"
        entry = json.loads(path.read_text("utf-8"))
        answers = entry["students"][0]["answers"]
        answers |= {b.id: run.texts[b.cell.step][b.cell.at[0]][b.cell.at[1]] for b in document.blanks() if b.cell.at}
        path.write_text(json.dumps(entry), encoding="utf-8")
    asked = ("mark", *files, "--sheet", tmp_path / "test.toml", "--format", "csv", "--out", tmp_path / "out")
    result = byhand(*asked)
    assert result.exit_code == 0, result.output
    assert "1 marked on softmax, linear-layer" in result.output
    with (tmp_path / "out" / "test-marks" / "marks.csv").open("rb") as table:
        (row,) = read_index(table)
    assert (row["points"], row["linear-layer"]) == ("7.5", "3")  # the choice has no answer
    assert byhand(*asked, "--points", "none").exit_code == 2
    other = tmp_path / "other.toml"
    other.write_text(SOURCE.replace("points = 4", "points = 5"), encoding="utf-8")
    assert "says itself which numbers it answers (excerpt)" in byhand("mark", *files, "--sheet", other).output
