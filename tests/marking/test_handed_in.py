"""A class is marked although some of what was handed in is damaged or hostile: each of that is told, in one line."""

import csv
import io
import json
import zipfile

import pytest
from click.testing import CliRunner
from every_sheet import made
from sheets import key

from byhand.classroom.index import read_index
from byhand.cli import main
from byhand.formats import Setup
from byhand.formats.xlsx.workbook import workbook
from byhand.page.page import lower
from byhand.press.printing import pdf

SHEET = "dot-product"
DEEP = 200_000  # lists or objects in each other


def student(name="a", **entries):
    document, run = made(SHEET, 0)
    return {"id": name, "hash": run.hash, "answers": key(document), **entries}


def file(*students, **entries):
    return json.dumps({"sheet": SHEET, "seed": 0, "students": list(students), **entries}, ensure_ascii=False)


def packed(**parts):
    with zipfile.ZipFile(out := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as made_of:
        for name, part in parts.items():
            made_of.writestr(name, part)
    return out.getvalue()


def locked(zipped):
    """A zip file whose first part says that it is encrypted."""
    at = zipped.index(b"PK\x01\x02")
    return zipped[:6] + b"\1" + zipped[7 : at + 8] + b"\1" + zipped[at + 9 :]


def nested(depth):
    return packed(**{"a.zip": nested(depth - 1)}) if depth else packed(a="b")


def spreadsheet():
    return workbook(lower(*made(SHEET, 0)), "key", Setup())


# what is handed in, and what is told of it
WHOLE = {
    "students in each other": (lambda: '{"students": ' + "[" * DEEP, " is no file of answers: it has lists or objects too deep"),
    "lists in each other": (lambda: "[" * DEEP, " is no file of answers: it has lists or objects too deep"),
    "options in each other": (lambda: '{"options": ' + '{"a":' * DEEP, " is no file of answers: it has lists or objects too deep"),
    "not UTF-8": (lambda: file(sheet="söftmax").encode("latin-1"), " is no file of answers: a text in it is not UTF-8; save the"),
    "one student, not UTF-8": (lambda: json.dumps({"id": "x", "name": "Jürgen"}, ensure_ascii=False).encode("latin-1"),
                               " is no file of answers: a text in it is not UTF-8; save the file as UTF-8"),
    "UTF-16": (lambda: file(student("x")).encode("utf-16"), " is JSON in UTF-16; save it as UTF-8"),
    "cut off": (lambda: file(student("x"))[:-40], " is no file of answers: it ends in the middle; send or save it once more"),
    "empty": (lambda: "", " is empty"),
    "blank": (lambda: " \n\n", " is empty"),
    "no students": (lambda: file(), " holds no students"),
    "nothing in it": (lambda: "{}", " is no file of answers: it holds no student"),
    "one huge student": (lambda: json.dumps({"id": "x", "answers": {"x": "1" * 10_000_001}}), " is no file of answers: 10 MB belong together; one student has up to 10"),
    "much else": (lambda: file(byhand="x" * 10_000_001), " is no file of answers: over 10 MB of it are no students"),
    "a notebook": (lambda: '{"cells": [], "metadata": {}}', " is no file of answers: Object contains unknown field `cells`"),
    "a page": (lambda: "<!doctype html><html>", " has no answers under its headings '<!doctype html><html>'; give each"),
    "bytes": (lambda: bytes(100), " is no CSV file"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n\0", " is not UTF-8 (byte 0); save it as “CSV UTF-8”, or give the spreadsheet itself"),
    "csv, not UTF-8": (lambda: "id,answers\nJürgen,1\n".encode("latin-1"), " is not UTF-8 (byte 12); save it as “CSV UTF-8”, or give the spreadsheet itself"),
    "csv without students": (lambda: "id,answers\n", " holds no students"),
    "another sheet": (lambda: '{"sheet": "softmax", "students": [{"id": "x"}]}', " answers the sheet softmax, not dot-product"),
    "no sheet": (lambda: '{"sheet": "x\\u001b[31m", "students": [{"id": "x"}]}', r" answers the sheet x\x1b[31m, not dot-product"),
    "another seed": (lambda: file(student("x"), seed=9), " answers seed 9, not 0"),
    "other options": (lambda: file(student("x"), options={"places": 99}), ": options: Expected `int` <= 12 - at `$.places`"),
    "another schema": (lambda: file(student("x"), schema=9), " is of schema 9; this byhand reads schema 1"),
    "a pdf cut off": (lambda: pdf('<html lang="en"><p>a')[:-200], ": it is no PDF that can be read (PdfError)"),
    "a pdf without fields": (lambda: pdf('<html lang="en"><p>a'), ": it is none of byhand's pages: it does not say what it was asked for"),
    "a spreadsheet cut off": (lambda: spreadsheet()[:-200], ": it cannot be opened as a spreadsheet (File is not a zip file); save"),
    "a zip of something else": (lambda: packed(**{"a/b.txt": "c"}), "/a/b.txt has no answers under its headings 'c'; give each"),
    "a zip of a damaged one": (lambda: packed(**{"a.zip": packed(a="b" * 99)[:-30]}), "/a.zip cannot be unpacked (File is not a zip file)"),
    "a zip with a password": (lambda: locked(packed(a="b")), "/a cannot be unpacked (File 'a' is encrypted, password required for extraction)"),
    "a damaged part of a zip": (lambda: packed(a=b"b" * 999).replace(b"\x4b\x4a", b"\xff\xff"), "/a cannot be unpacked ("),
    "zips in each other": (lambda: nested(4), "/a.zip/a.zip/a.zip: over 3 zip files are in each other; unpack it"),
    "a text document": (lambda: packed(**{"[Content_Types].xml": "<a/>"}), ": it cannot be opened as a spreadsheet (Cannot detect file format)"),
}  # fmt: skip
# of a student who stands between others, and what is told
IN_A_FILE = {
    "answers in each other": ('{"id": "x", "answers": {"1/ask/x": ' + "[" * 500 + "]" * 500 + "}}", ", student 2: Expected `int | float | str | null`, got `array`"),
    "not UTF-8": (json.dumps({"id": "x", "name": "Jürgen"}, ensure_ascii=False), ", student 2: a text in it is not UTF-8; save the file as UTF-8"),
    "a huge number": ('{"id": "x", "answers": {"1/ask/x": 1e999}}', ", student 2: Number out of range - at `$.answers[...]`"),
    "an unknown blank": ('{"id": "x", "answers": {"9/ask/x/1,1": "1"}}', ", student 'x': no blank '9/ask/x/1,1'; did you mean"),
    "a long answer": ('{"id": "x", "answers": {"1/ask/products/1,1": "' + "1" * 5001 + '"}}', ", student 'x': "),
    "no text for an id": ('{"id": 7}', ", student 2: Expected `str`, got `int` - at `$.id`"),
    "an id that moves a terminal": ('{"id": "\\u001b[31m"}', r": the id '\x1b[31m' holds \x1b, which cannot be printed"),
    "other numbers": ('{"id": "x", "hash": "0000000"}', ": the student 'x' had numbers with the hash 0000000, and these have"),
    "twice": ('{"id": "first"}', ": the student 'first' is twice in it; the first is marked, so give only one of them"),
}  # fmt: skip


def mark(*args):
    done = CliRunner().invoke(main, ["mark", *map(str, args)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done, [line for line in done.stderr.splitlines() if "not marked: " in line]


def check_whole(folder, students):
    """Check that the marks are those of these students, and that each file is whole."""
    marks = json.loads((folder / "marks.json").read_text())
    assert [each["student"] for each in marks] == students
    assert {each["points"] for each in marks} == {marks[0]["of"]}
    with (folder / "marks.csv").open(encoding="utf-8-sig") as table:
        assert [row["id"] for row in csv.DictReader(table)] == students
    assert len(list((folder / "marked").glob("*.html"))) == len(students)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_can_be_marked_is_marked_and_all_else_is_told(jobs, tmp_path):
    handed_in = tmp_path / "handed in"
    handed_in.mkdir()
    for n, (make, _) in enumerate(WHOLE.values()):
        content = make()
        (handed_in / f"{n:02}").write_bytes(content if isinstance(content, bytes) else content.encode())
    good = [f"{n:02}-good" for n in range(len(WHOLE))]
    for name in good:
        (handed_in / name).write_text(file(student(name)))
    done, told = mark(handed_in, "--format", "json,csv,html", "--out", tmp_path, "--jobs", jobs)
    assert done.exit_code == 1
    assert len(told) == len(WHOLE)
    for n, (_, says) in enumerate(WHOLE.values()):
        assert sum(line.startswith(f"byhand: not marked: {n:02}{says}") for line in told) == 1, (says, told)
    folder = tmp_path / f"{SHEET}-marks"
    check_whole(folder, good)
    assert done.stderr.endswith(f"wrote {folder}: {len(good)} marked, {len(WHOLE)} not\n")
    with (folder / "report.csv").open("rb") as table:
        listed = [row["what"] for row in read_index(table) if row["table"] == "not marked"]
    assert len(listed) == len(WHOLE)
    assert f"Handed in, but impossible to mark: {len(WHOLE)}." in (folder / "report.html").read_text()


@pytest.mark.parametrize("case", IN_A_FILE)
def test_the_others_in_a_file_are_marked(case, tmp_path):
    bad, says = IN_A_FILE[case]
    first, last = (json.dumps(student(name)) for name in ("first", "last"))
    path = tmp_path / "answers.json"
    content = f'{{"sheet": "{SHEET}", "seed": 0, "students": [{first}, {bad}, {last}]}}'
    path.write_bytes(content.encode("latin-1" if case == "not UTF-8" else "utf-8"))
    done, told = mark(path, "--format", "json,csv,html", "--out", tmp_path)
    assert done.exit_code == 1
    assert len(told) == 1
    assert told[0].startswith(f"byhand: not marked: answers.json{says}")
    check_whole(tmp_path / f"{SHEET}-marks", ["first", "last"])


def test_rows_that_cannot_be_read_leave_the_others(tmp_path):
    document, _ = made(SHEET, 0)
    right = key(document)
    texts = " ".join(right[blank.id] for blank in document.blanks())
    path = tmp_path / "answers.csv"
    path.write_text(f'id;answers\na;{texts}\nb;1 2\nc;{texts};3\nd;{texts}\n"e;{texts}\n')
    done, told = mark(path, "--sheet", SHEET, "--format", "json", "--out", tmp_path)
    assert done.exit_code == 1
    assert [each["student"] for each in json.loads((tmp_path / f"{SHEET}-marks" / "marks.json").read_text())] == [
        "a",
        "d",
    ]
    count = len(document.blanks())
    assert told == [
        f"byhand: not marked: answers.csv line 3: 2 answers for {count} blanks",
        "byhand: not marked: answers.csv line 4 has 3 fields; its headings are 2",
        "byhand: not marked: answers.csv line 6: unexpected end of data; see to its quotation marks; what follows in it is not marked",
    ]


def test_where_nobody_can_be_marked_all_is_told_and_nothing_is_written(tmp_path):
    for name, content in (("a", "{"), ("b", ""), ("c", file(student(hash="0000000")))):
        (tmp_path / name).write_text(content)
    done, told = mark(tmp_path / "a", tmp_path / "b", tmp_path / "c", "--out", tmp_path)
    assert done.exit_code == 1
    assert len(told) == 3
    assert done.stderr.endswith("byhand: nobody can be marked, so nothing is written\n")
    assert not list(tmp_path.rglob("marks.*"))


def test_the_sheet_is_that_of_most_files(tmp_path):
    (tmp_path / "a").write_text('{"sheet": "softmax", "students": [{"id": "x"}]}')
    for name in "bc":
        (tmp_path / name).write_text(file(student(name)))
    done, told = mark(*(tmp_path / name for name in "abc"), "--format", "json", "--out", tmp_path)
    assert done.exit_code == 1
    assert told == ["byhand: not marked: a answers the sheet softmax, not dot-product"]


def test_changes_by_hand_of_who_is_marked_no_longer_are_told(tmp_path):
    path, changes = tmp_path / "answers.json", tmp_path / "changes.csv"
    path.write_text(file(student("a"), student("b")))
    blank = made(SHEET, 0)[0].blanks()[0].id
    changes.write_text(f'student,blank,points\nb,"{blank}",0\n')
    assert mark(path, "--overrides", changes, "--format", "json", "--out", tmp_path)[0].exit_code == 0
    path.write_text(file(student("a"), student("b", hash="0000000")))
    done, _ = mark(path, "--format", "json", "--out", tmp_path)
    assert "byhand: the changes by hand of b are left out, since they are not marked now\n" in done.stderr


NOBODYS = file({"id": ""})  # of whom it does not say
AS_GIVEN = {  # what platforms give to download, and the students who are in it
    "Moodle, with folders": ({"Ada Li_12_assignsubmission_file_/answers.json": NOBODYS, "Bo_7_assignsubmission_file_/answers.json": NOBODYS}, ["Ada Li 12", "Bo 7"]),
    "Moodle, without": ({"Ada Li_12_assignsubmission_file_my answers.json": NOBODYS, "Ada Li_13_assignsubmission_file_a.json": NOBODYS}, ["Ada Li 12", "Ada Li 13"]),
    "Canvas": ({"liada_1234_99871_answers.json": NOBODYS, "bo_LATE_77_99872_answers-1.json": NOBODYS}, ["bo 77", "liada 1234"]),
    "a folder each": ({"Ada/answers.json": NOBODYS, "Bo/answers.json": NOBODYS}, ["Ada", "Bo"]),
    "a folder a group": ({"A/ada.json": NOBODYS, "A/bo.json": NOBODYS, "B/cy.json": NOBODYS}, ["ada", "bo", "cy"]),
    "groups with folders": ({"A/ada/a.json": NOBODYS, "B/ada/a.json": NOBODYS}, ["A/ada", "B/ada"]),
    "files that say whose they are": ({"x_1_assignsubmission_file_/a.json": file(student("s1")), "y/a.json": file(student("s2"), student("s3"))}, ["s1", "s2", "s3"]),
    "a zip file each": ({"Ada_12_assignsubmission_file_/a.zip": packed(**{"b/c.json": NOBODYS}), "Bo_7_assignsubmission_file_/a.json": NOBODYS}, ["Ada 12", "Bo 7"]),
    "with what systems add": ({"ada.json": NOBODYS, "__MACOSX/._ada.json": b"\0", ".DS_Store": b"\0", "bo/Thumbs.db": b"\0", "bo/bo.json": NOBODYS}, ["ada", "bo"]),
    "with an older marking": ({"ada.json": NOBODYS, "bo.json": NOBODYS, "x-marks/marks.json": "[]", "x-marks/marks.csv": "id", "x-class7/class.json": "{}", "x-class7/index.csv": "id"}, ["ada", "bo"]),
}  # fmt: skip


def unpacked(parts, folder):
    for name, part in parts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(part if isinstance(part, bytes) else part.encode())
    return folder


@pytest.mark.parametrize("case", AS_GIVEN)
@pytest.mark.parametrize("zipped", [False, True])
def test_what_platforms_give_is_read_as_it_is(case, zipped, tmp_path):
    parts, students = AS_GIVEN[case]
    if zipped:
        given = tmp_path / "submissions.zip"
        given.write_bytes(packed(**{name: part for name, part in parts.items() if not name.startswith("x-")}))
    else:
        given = unpacked(parts, tmp_path / "handed in")
    done, told = mark(given, "--format", "json,csv", "--no-report", "--out", tmp_path / "out")
    marks = json.loads((tmp_path / "out" / f"{SHEET}-marks" / "marks.json").read_text())
    assert sorted(each["student"] for each in marks) == students
    assert (done.exit_code, told) == (0, [])
    assert {each.name for each in tmp_path.iterdir()} == {given.name, "out"}  # nothing is unpacked


def test_the_same_files_in_a_folder_and_in_a_zip_file_have_the_same_marks(tmp_path):
    document, _ = made(SHEET, 0)
    texts = " ".join(blank.cell.text for blank in document.blanks())
    parts = {"a.json": file(student("a")), "list.csv": f"id,answers\nb,{texts}\n", "c.xlsx": spreadsheet()}
    given = unpacked(parts, tmp_path / "in"), tmp_path / "in.zip"
    given[1].write_bytes(packed(**parts))
    marks = []
    for n, each in enumerate(given):
        mark(each, "--format", "json", "--no-report", "--out", tmp_path / str(n))
        marks.append((tmp_path / str(n) / f"{SHEET}-marks" / "marks.json").read_bytes())
    assert marks[0] == marks[1]
    assert len(json.loads(marks[0])) == 3


@pytest.mark.parametrize("name", ["in.zip", "in.json", "in"])
def test_a_file_that_is_not_there_is_one_line(name, tmp_path):
    done, _ = mark(tmp_path / name, "--out", tmp_path)
    assert (done.exit_code, done.stderr) == (1, f"byhand: {tmp_path / name}: No such file or directory\n")


def test_two_files_of_a_student_are_one_student_and_that_is_told(tmp_path):
    given = unpacked({f"Ada_12_assignsubmission_file_/{n}.json": NOBODYS for n in (1, 2)}, tmp_path / "in")
    done, told = mark(given, "--format", "json", "--no-report", "--out", tmp_path)
    assert done.exit_code == 1
    assert told == [
        "byhand: not marked: Ada_12_assignsubmission_file_/2.json: the student 'Ada 12' is in "
        "Ada_12_assignsubmission_file_/1.json, too; the first is marked, so give only one of them"
    ]


MARKED = '{"student": "a", "choices": [], "open": [], "blanks": [{"id": "x", "override": %s}]}'
OWN_FILES = {  # a lecturer's own: one error stops everything
    "--points": ["", "{", "[1]", "[" * DEEP, '{"5": ' + "[" * DEEP, '{"5": 1e308}', '{"5": "1e999999999"}', '{"5": -1}', '{"5": true}',
                 '{"5": null}', '{"²": 1}', '{"foils": 3}', b'{"\xe4": 1}', bytes(9)],
    "--overrides": ["", "student\n", "student,blank,points\na\n", "student,blank,points\na,,1\n", "student,blank,points\na,x,1\n",
                    "student,blank,points\na,x,1e300\n", "student,blank,points\na,x,-1\n", 'student,blank\n"a,x', b"student,blank\n\xe4,x\n",
                    "[1]", "[{]", "[" + MARKED % ("[" * DEEP), f"[{MARKED % 3}]", "[" + MARKED % '{"points": [1]}' + "]", bytes(9)],
}  # fmt: skip


@pytest.mark.parametrize(("option", "content"), [(name, each) for name, those in OWN_FILES.items() for each in those],
                         ids=lambda each: repr(each)[:30])  # fmt: skip
def test_an_error_in_a_lecturers_own_file_is_one_line_and_nothing_is_written(option, content, tmp_path):
    path, own = tmp_path / "answers.json", tmp_path / "own"
    path.write_text(file(student("a")))
    own.write_bytes(content if isinstance(content, bytes) else content.encode())
    done, _ = mark(path, option, own, "--format", "json,csv,html", "--out", tmp_path)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("marks.*"))
