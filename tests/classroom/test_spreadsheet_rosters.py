"""Rosters that a spreadsheet saved, as xlsx or ods, pass the same checks as CSV; what is wrong is one line."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tracemalloc
import zipfile

import openpyxl
import pytest
from every_sheet import FULL

from byhand.classroom import spreadsheet
from byhand.classroom.roster import Student, parse_roster, read_roster
from byhand.errors import ExtraError, RosterError
from byhand.extras import install_command

MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
ADA, GRACE = Student("Ada Lovelace", "00417", "A"), Student("Grace Hopper", "1952", "B")
ROWS = [["Group", "Student ID", "Name"], ["A", "00417", "Ada Lovelace"], ["B", 1952, "Grace Hopper"]]


def xlsx(*sheets, first=1):
    """A workbook; each sheet is a list of rows. first: the row in which it begins."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for n, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {n + 1}")
        for i, row in enumerate(rows, first):
            for j, value in enumerate(row, 1):
                sheet.cell(i, j, value)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def ods(rows):
    """The least that is an OpenDocument spreadsheet: a number is a number, all else a text."""

    def cell(value):
        kind = f'float" office:value="{value}' if isinstance(value, int) else "string"
        return f'<table:table-cell office:value-type="{kind}"><text:p>{value}</text:p></table:table-cell>'

    names = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text")
    )
    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", MANIFEST)
        packed.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{names} office:version="1.2"><office:body><office:spreadsheet><table:table table:name="Class">{lines}</table:table></office:spreadsheet></office:body></office:document-content>',
        )
    return saved.getvalue()


@pytest.mark.parametrize("content", [xlsx(ROWS), ods(ROWS), xlsx([], ROWS), xlsx([[]], [["", ""], *ROWS])])
def test_the_students_of_a_spreadsheet_are_those_of_its_csv(content):
    csv = "\n".join(",".join(map(str, row)) for row in ROWS).encode()
    assert parse_roster("class", content) == parse_roster("class.csv", csv) == [ADA, GRACE]


def test_an_id_that_is_a_number_stays_whole_and_a_date_is_one():
    rows = [["name", "id"], ["Ada", 417.0], ["Grace", 20251.5]]
    assert [student.id for student in parse_roster("class.xlsx", xlsx(rows))] == ["417", "20251.5"]


def test_the_first_sheet_that_holds_anything_is_the_roster_and_the_others_are_told():
    told = []
    assert parse_roster("class.xlsx", xlsx([], ROWS, [["name"], ["Eve"]]), told.append) == [ADA, GRACE]
    assert told == ["class.xlsx has 2 sheets; the roster is the first, 'Sheet 2'"]


WRONG = [
    (xlsx([["a", "b"], [1, 2]]), "class.xlsx has no column for names or ids; its headings are 'a', 'b'; use name, id and group"),
    (xlsx([["name", "id"], ["Ada", 1], ["Grace", 1]], first=4), "class.xlsx line 6: 'Grace' has the id '1' of 'Ada' in line 5; give each student their own"),
    (xlsx([["name", "id"], ["Ada\nB", 1]]), "class.xlsx line 2 ends a name that goes over several lines; close its quotation mark"),
    (xlsx([]), "class.xlsx is empty; its first line has headings: name, id and group"),
    (xlsx(ROWS[:1]), "class.xlsx names no students; put one on each line below the headings"),
    (xlsx(ROWS)[:-40], "class.xlsx cannot be read as a spreadsheet: File is not a zip file"),
    (b"PK\x03\x04rest", "class.xlsx cannot be read as a spreadsheet: File is not a zip file"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "told"), WRONG)
def test_what_is_wrong_in_a_spreadsheet_is_one_line(content, told):
    with pytest.raises(RosterError) as error:
        parse_roster("class.xlsx", content)
    assert str(error.value) == told


def test_a_zip_file_that_is_no_spreadsheet_is_refused():
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w") as packed:
        packed.writestr("letter.txt", "Dear Ada")
    with pytest.raises(RosterError, match=r"^class\.xlsx cannot be read as a spreadsheet: [^\n]+$"):
        parse_roster("class.xlsx", saved.getvalue())


def test_what_is_cut_off_inside_is_refused_before_it_is_read():
    """A reader of ods files goes on for ever where a table has no end."""
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w") as packed, zipfile.ZipFile(io.BytesIO(ods(ROWS))) as whole:
        for name in whole.namelist():
            packed.writestr(name, whole.read(name).replace(b"</table:table>", b""))
    with pytest.raises(RosterError, match=r"^class\.ods cannot be read as a spreadsheet: mismatched tag: [^\n]+$"):
        parse_roster("class.ods", saved.getvalue())


def in_part(content, change, **parts):
    """A spreadsheet whose sheet is changed as XML, and with other parts. change: of what ends the sheet."""
    saved, end = io.BytesIO(), {"xl/worksheets/sheet1.xml": b"</sheetData>", "content.xml": b"</table:table>"}
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as packed, zipfile.ZipFile(io.BytesIO(content)) as whole:
        for name in whole.namelist():
            part = whole.read(name)
            packed.writestr(name, part.replace(end[name], change + end[name]) if name in end else part)
        for name, part in parts.items():
            packed.writestr(name.replace("__", "/"), part)
    return saved.getvalue()


def far(place, value=b"<v>1</v>", entries=b""):
    return in_part(xlsx(ROWS), b'<row r="9"><c r="%s" %s>%s</c></row>' % (place, entries, value))


def repeated(rows, columns, cell=b'office:value-type="float" office:value="1"'):
    return in_part(ods(ROWS), (
        b'<table:table-row table:number-rows-repeated="%d"><table:table-cell table:number-columns-repeated="%d" %s/></table:table-row>'
    ) % (rows, columns, cell))  # fmt: skip


FAR = {  # where a cell stands that would take 32 GB, or much more than a roster
    "the last cell": (far(b"XFD1048576"), "XFD1048576"),
    "in small letters": (far(b"xfd1048576"), "XFD1048576"),
    "without a number": (far(b"XFD1048576", b"<is/>", b't="inlineStr"'), "XFD1048576"),
    "the last column": (far(b"XFD2"), "XFD2"),
    "of many cells, none far": (far(b"ALL1048576"), "ALL1048576"),
    "without a place, in a far row": (in_part(xlsx(ROWS), b'<row r="3000000"><c><v>1</v></c></row>'), "A3000000"),
    "repeated rows": (repeated(3_000_000, 1), "A3000003"),
    "repeated columns": (repeated(1, 900_000_000), "BWSLDXP4"),
    "repeated, many cells": (repeated(1_000_000, 1_000), "ALL1000003"),
}  # fmt: skip
NEAR = {  # what only looks as if it were far
    "a cell that is formatted": far(b"XFD1048576", b""),
    "empty rows to the end": repeated(1_048_570, 16_384, b""),
}
LIMITED = """
import resource, sys
from byhand.classroom.roster import read_roster
from byhand.errors import RosterError
resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
for path in sys.argv[1:]:
    try:
        print(*(student.name for student in read_roster(path)), sep=", ")
    except RosterError as error:
        print(error)
"""


def test_a_stray_cell_far_away_is_named_before_there_is_room_for_all_before_it(tmp_path):
    """In a process with 2 GB: what reads a sheet would be ended by the system."""
    pytest.importorskip("resource")
    files = {name: content for name, (content, _) in FAR.items()} | NEAR
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-c", LIMITED, *(str(tmp_path / name) for name in files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"{name} has something in the cell {cell}; a roster has up to 2,000,000 rows and 1,000 columns, and 20,000,000 cells "
        "in all: clear that cell, or export the roster as CSV"
        for name, (_, cell) in FAR.items()
    ] + ["Ada Lovelace, Grace Hopper"] * len(NEAR)


BINARY, ELSEWHERE = (
    "it is of the binary kind, xlsb; save it as xlsx",
    "it has a sheet in a part that is not called .xml",
)


@pytest.mark.parametrize(("content", "why"), [
    (in_part(xlsx(ROWS), b"", xl__workbook_bin=b"").replace(b"xl/workbook_bin", b"xl/workbook.bin"), BINARY),
    (in_part(xlsx(ROWS), b"", xl__sheet9=b"<worksheet><sheetData/></worksheet>"), ELSEWHERE),
    (in_part(xlsx(ROWS), b'<row r="1"><c r="7A"/></row>'), "'7A' is no cell"),
    (in_part(xlsx(ROWS), b'<row r="x"/>'), "invalid literal for int() with base 10: 'x'"),
    (in_part(xlsx(ROWS), b"<row>"), "mismatched tag: line 1, column 615"),
])  # fmt: skip
def test_a_sheet_whose_cells_cannot_be_placed_is_refused(content, why):
    with pytest.raises(RosterError) as error:
        parse_roster("class.xlsx", content)
    assert str(error.value).startswith(f"class.xlsx cannot be read as a spreadsheet: {why.partition(':')[0]}")


ABSENT = '<c r="A4"><f>"Gr"&amp;"ace"</f></c>', '<c r="A4"><f>1+1</f><v></v></c>', '<c r="A4"><f>1+1</f><v/></c>'
PRESENT = (
    '<c r="D4"><f>1+1</f><v>2</v></c>', '<c r="D4" t="str"><f>IF(1,"","x")</f><v></v></c>', '<c r="D4"><v></v></c>',
)  # fmt: skip


def with_cell(cell):
    """A roster whose last row has this cell."""
    return in_part(xlsx(ROWS), f'<row r="4">{cell}</row>'.encode())


@pytest.mark.parametrize("cell", ABSENT)
def test_a_formula_without_its_value_is_not_taken_for_an_empty_cell(cell):
    with pytest.raises(RosterError) as error:
        parse_roster("class.xlsx", with_cell(cell))
    assert str(error.value).startswith("class.xlsx has a formula in the cell A4, and not what it gives: ")


@pytest.mark.parametrize("cell", PRESENT)
def test_a_formula_with_its_value_is_read(cell):
    name = '<c r="C4" t="inlineStr"><is><t>Eve</t></is></c>'
    assert parse_roster("class.xlsx", with_cell(name + cell)) == [ADA, GRACE, Student("Eve", "Eve")]


def test_a_formula_without_its_value_is_found_in_an_open_document():
    cell = b'<table:table-row><table:table-cell table:formula="of:=1+1"/></table:table-row>'
    with pytest.raises(RosterError, match=r"^class\.ods has a formula in the cell A4, and not what it gives"):
        parse_roster("class.ods", in_part(ods(ROWS), cell))


def test_what_is_huge_when_it_is_unpacked_is_refused_before_that(monkeypatch):
    monkeypatch.setattr(spreadsheet, "LARGEST", 2_000)
    with pytest.raises(RosterError, match=r"^class\.xlsx has over 0 MB when it is unpacked; split it$"):
        parse_roster("class.xlsx", xlsx(ROWS))


def test_what_says_that_it_is_small_and_is_not_is_refused_without_its_room():
    saved, size = io.BytesIO(), 50_000_000
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sheet.bin", bytes(size))
    tracemalloc.start()
    with pytest.raises(RosterError, match=r"^class\.xlsx cannot be read as a spreadsheet: Bad CRC-32 [^\n]+$"):
        parse_roster("class.xlsx", saved.getvalue().replace(size.to_bytes(4, "little"), bytes([9, 0, 0, 0])))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_without_what_reads_it_the_command_that_installs_it_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    (tmp_path / "class.xlsx").write_bytes(xlsx(ROWS))
    told = f"class.xlsx is a spreadsheet, and reading it needs python-calamine; {install_command('xlsx')}, or export it as CSV"
    with pytest.raises(ExtraError) as error:
        read_roster(tmp_path / "class.xlsx")
    assert str(error.value) == told


@pytest.mark.skipif(not FULL, reason="make test-formats lets LibreOffice save rosters")
@pytest.mark.skipif(shutil.which("soffice") is None, reason="there is no LibreOffice")
@pytest.mark.parametrize("kind", ["ods", "xlsx"])
def test_what_libreoffice_saves_is_a_roster(kind, tmp_path):
    (tmp_path / "class.csv").write_text("Group,Student ID,Name\nA,A417,Ada Lovelace\nB,1952,Grace Hopper\n")
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        kind,
        "class.csv",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=180)
    assert read_roster(tmp_path / f"class.{kind}") == [Student("Ada Lovelace", "A417", "A"), GRACE]
