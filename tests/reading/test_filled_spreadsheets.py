"""`byhand mark` reads a worksheet.xlsx that was filled in: the same marks as from the same answers in JSON."""

import io
import json
import zipfile
from functools import cache

import openpyxl
import pytest
from click.testing import CliRunner
from every_sheet import made

from byhand.classroom.roster import Student
from byhand.classroom.students import signed
from byhand.cli import main
from byhand.errors import AnswersError, ExtraError
from byhand.formats import Setup
from byhand.formats.xlsx.formulas import number
from byhand.formats.xlsx.plan import plan
from byhand.formats.xlsx.workbook import ABOUT, HIDDEN, ID, PLACE, workbook
from byhand.marking.answers import read_answers
from byhand.marking.marker import Marker
from byhand.notation.spreadsheet import cell_name
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import generate
from byhand.reading import spreadsheet
from byhand.reading.spreadsheet import as_fraction


@cache
def content(sheet, **options):
    return workbook(lower(*made(sheet, 3, **options)), "key", Setup())


def places(book):
    """The cells of the worksheet by the ids of blanks and replies."""
    return {row[ID].value: row[PLACE].value for row in book[HIDDEN].iter_rows() if row[ID].value}


def saved(path, data, answers=(), **others):
    """A file that another program has saved: with answers by id, and other cells changed."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    at = places(book)
    for name, value in dict(answers).items():
        book["worksheet"][at[name]].value = value
    for cell, value in others.items():
        book["worksheet"][cell].value = value
    book.save(path)
    return path


def in_cells(document):
    """The key as it is written into cells: fractions as numbers, choices by their labels."""
    found = {}
    for blank in document.blanks():
        value = blank.cell.value
        found[blank.id] = value if isinstance(value, str) else number(value)
    for reply in document.replies():
        if reply.options:
            label = reply.labels[reply.options.index(reply.right)] if reply.labels else reply.right
            found[reply.id] = label == "true" if reply.role == "claim" else label  # a spreadsheet makes TRUE of true
    return found


def in_json(document):
    """The same in the texts of a file of answers."""
    cells = {blank.id: blank.cell.text for blank in document.blanks()}
    return cells | {reply.id: reply.right for reply in document.replies() if reply.options}


def without_forms(marks):
    """What a mark says, but for how a number is written: a cell has the number, not the text."""
    blanks = [(b.id, b.verdict, b.points, b.followed, b.source, b.cause) for b in marks.blanks]
    return blanks, marks.points, [(choice.id, choice.points) for choice in marks.choices]


SHEETS = [
    ("shapes", {}), ("attention-head", {}), ("causal-mask", {}), ("positional-encoding", {}), ("kv-cache", {}),
    ("softmax", {"numbers": "decimal"}), ("attention-in-letters", {}), ("scores", {"orientation": "columns"}),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "options"), SHEETS, ids=lambda each: str(each))
def test_what_is_in_cells_has_the_marks_of_the_same_in_json(sheet, options, tmp_path):
    document, run = made(sheet, 3, **options)
    marker, blanks = Marker.of(document, run), document.blanks()
    cells, texts = in_cells(document), in_json(document)
    wrong = [blank.id for blank in blanks[:: max(1, len(blanks) // 7)]]
    slips = dict.fromkeys(wrong, "77")
    for name, (in_sheet, as_text) in {"right": (cells, texts), "slips": (cells | slips, texts | slips)}.items():
        file = read_answers(saved(tmp_path / f"{name}.xlsx", content(sheet, **options), in_sheet))
        (student,) = file.students([b.id for b in blanks], [r.id for r in document.replies()])
        assert student.hash == run.hash
        assert without_forms(marker.mark(student.answers)) == without_forms(marker.mark(as_text))


def test_a_copy_of_a_class_says_whose_it_is(tmp_path):
    document, run = made("shapes", 3)
    path = tmp_path / "ada.xlsx"
    path.write_bytes(workbook(lower(signed(document, Student("Ada Ødegård", "s 1")), run), "key", Setup()))
    (student,) = read_answers(path).students([b.id for b in document.blanks()], [r.id for r in document.replies()])
    assert (student.id, student.name, student.hash) == ("s 1", "Ada Ødegård", run.hash)


def test_a_name_that_is_written_on_the_page_is_the_students(tmp_path):
    document, run = made("shapes", 3)
    spot = next(spot for spot in plan(lower(document, run), True).spots if spot.role == "name")
    path = saved(tmp_path / "bo.xlsx", content("shapes"), **{cell_name(spot.row, spot.col): "Bo"})
    (student,) = read_answers(path).students([b.id for b in document.blanks()], [r.id for r in document.replies()])
    assert (student.id, student.name) == ("", "Bo")


def test_what_is_left_empty_is_missing(tmp_path):
    document, run = made("shapes", 3)
    path = tmp_path / "empty.xlsx"
    path.write_bytes(content("shapes"))
    (student,) = read_answers(path).students([b.id for b in document.blanks()], [r.id for r in document.replies()])
    assert {mark.verdict for mark in Marker.of(document, run).mark(student.answers).blanks} == {"missing"}


def test_a_file_says_itself_which_sheet_and_numbers_it_answers(tmp_path):
    asked = Options(seed=4, numbers="decimal", places=3, orientation="columns", formats=("xlsx",), cache=False)
    (path,) = generate("softmax", asked, tmp_path)
    done = CliRunner().invoke(main, ["mark", str(path), "--format", "json", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    (marks,) = json.loads((tmp_path / "softmax-marks" / "marks.json").read_text())
    assert (marks["sheet"], marks["seed"], {b["verdict"] for b in marks["blanks"]}) == ("softmax", 4, {"missing"})


def test_ones_own_numbers_are_in_the_file_and_not_where_it_tells_nothing(tmp_path):
    own = {"inputs": {"scores": [[1, 2, 0], [0, 1, 3], [2, 2, 1]]}}
    told = {}
    for feedback in (True, False):
        asked = Options(values=own, formats=("xlsx",), cache=False, feedback=feedback)
        (path,) = generate("softmax", asked, tmp_path / str(feedback))
        told[feedback] = read_answers(path)
    assert (told[True].options["values"], told[True].is_sure) == (own, True)
    assert ("values" in told[False].options, told[False].is_sure) == (False, False)


@pytest.mark.parametrize(("value", "text"), [
    (1 / 3, "1/3"), (0.166666666666667, "1/6"), (-6 / 5, "-6/5"), (0.33, "0.33"), (0.5, "1/2"), (2 / 7 + 1e-17, "2/7"), (0.333333, "0.333333"),
    (4.0, "4"), (1.25, "5/4"), (1e-9, "1e-09"), (2**0.5, "1.4142135623730951"),
])  # fmt: skip
def test_a_fraction_that_a_cell_shows_is_read_as_one_and_a_typed_decimal_as_that(value, text):
    assert as_fraction(value) == text


def test_changed_numbers_are_not_marked(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(content("attention-head")))
    at = next(row[3].value for row in book[HIDDEN].iter_rows())
    began = book["worksheet"][at].value
    path = saved(tmp_path / "changed.xlsx", content("attention-head"), **{at: 99})
    with pytest.raises(AnswersError, match=(
        rf"^changed.xlsx: its given number in cell {at} is '99', and was {began}; "
        "answers to changed numbers are not marked: put it back$"
    )):  # fmt: skip
        read_answers(path)


def packed(parts):
    with zipfile.ZipFile(out := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return out.getvalue()


def with_part(name, change):
    """A spreadsheet in which one part is changed."""
    with zipfile.ZipFile(io.BytesIO(content("shapes"))) as file:
        parts = {each: file.read(each) for each in file.namelist()}
    return packed(parts | {name: change(parts[name])})


def foreign():
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    book.save(out := io.BytesIO())
    return out.getvalue()


def with_about(change):
    def changed():
        book = openpyxl.load_workbook(io.BytesIO(content("shapes")))
        cell = book[HIDDEN].cell(1, ABOUT + 1)
        cell.value = change(cell.value)
        book.save(out := io.BytesIO())
        return out.getvalue()

    return changed


PAGE = "xl/worksheets/sheet1.xml"
FAR = b'<row r="1"><c r="A1"/><c r="XFD1048576"><v>1</v></c>'
REFUSED = {
    "no zip": (lambda: b"PK\x03\x04" + bytes(50), "cannot be opened as a spreadsheet (File is not a zip file)"),
    "another zip": (lambda: packed({"a.txt": "b"}), "cannot be opened as a spreadsheet ("),
    "another spreadsheet": (foreign, "it is a spreadsheet, but none of byhand's; save its answers as CSV"),
    "a far cell": (lambda: with_part(PAGE, lambda xml: xml.replace(b'<row r="1"', FAR + b'</row><row r="2"', 1)),
                   "it has something in the cell XFD1048576, far from what is ours; clear that cell"),
    "a sheet of many cells": (lambda: with_part(PAGE, lambda xml: xml.replace(b"XFD1048576", b"ZZ9999")
                              .replace(b'<row r="1"', FAR.replace(b"XFD1048576", b"ZZ9999") + b'</row><row r="2"', 1)),
                   "it has something in the cell ZZ9999, far from what is ours; clear that cell"),
    "a bomb": (lambda: packed({"xl/worksheets/a.xml": bytes(100_000_001)}), "it unpacks to more than any spreadsheet of ours"),
    "an ods file without an end": (
        lambda: packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml": "<a/>",
                        "content.xml": "<a><table:table><b/></a>"}),
        "cannot be opened as a spreadsheet (mismatched tag: "),
    "a long file": (lambda: b"PK\x03\x04" + bytes(20_000_000), "it has over 20 MB; no spreadsheet of ours is as long"),
    "no JSON": (with_about(lambda text: text[:-1]), f"its sheet {HIDDEN} was changed ("),
    "later": (with_about(lambda text: text.replace('"schema":1', '"schema":2')), "it is of schema 2; this byhand reads"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_spreadsheet_of_ours_is_refused_in_one_line(case, tmp_path):
    make, message = REFUSED[case]
    path = tmp_path / "bad.xlsx"
    path.write_bytes(make())
    with pytest.raises(AnswersError) as error:
        read_answers(path)
    assert str(error.value).startswith("bad.xlsx: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_without_its_package_a_spreadsheet_names_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(spreadsheet, "find_spec", lambda name: None)
    path = tmp_path / "a.xlsx"
    path.write_bytes(content("shapes"))
    with pytest.raises(ExtraError, match=r"^a spreadsheet is read by python_calamine; .*pip install .*\[xlsx\]'$"):
        read_answers(path)


def test_a_spreadsheet_of_other_numbers_is_refused(tmp_path):
    (path,) = generate("shapes", Options(seed=3, formats=("xlsx",), cache=False), tmp_path)
    book = openpyxl.load_workbook(path)
    cell = book[HIDDEN].cell(1, ABOUT + 1)
    cell.value = cell.value.replace('"seed":3', '"seed":4')
    book.save(path)
    done = CliRunner().invoke(main, ["mark", str(path), "--format", "json", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "had numbers with the hash" in done.output
