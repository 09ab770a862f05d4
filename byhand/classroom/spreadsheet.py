"""Rosters as spreadsheets save them: xlsx and ods, whose cells are read as the texts that they show."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from msgspec import Struct

from byhand.classroom import MOST_STUDENTS
from byhand.errors import ExtraError, RosterError
from byhand.extras import install_command
from byhand.notation.number import shown
from byhand.notation.spreadsheet import cell_name
from byhand.notation.words import escaped
from byhand.options import Tell, unheard

BEGINNING = b"PK\x03\x04"  # of a file of either kind
LARGEST = 100_000_000  # bytes, unpacked: of a million students
MOST_COLUMNS, MOST_ROWS, MOST_CELLS = 1_000, 2 * MOST_STUDENTS, 20_000_000  # of a sheet, empty ones included
WITH_CELLS = (b"sheetData", b"table:table")  # of a part that is read as a sheet, whatever its name
_CELL = re.compile(r"([A-Za-z]{1,4})([0-9]{1,9})")
# what reading a file raises that is no zip file of XML
BROKEN = (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, OSError, LookupError, RuntimeError, ValueError)


def is_spreadsheet(content: bytes) -> bool:
    """Whether a file begins as those that a spreadsheet saves."""
    return content.startswith(BEGINNING)


def spreadsheet_rows(name: str, content: bytes, tell: Tell = unheard) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet that holds anything, those that are not blank, each with its number.

    tell: is told where other sheets hold something, too.

    Raises: ExtraError where nothing is installed that reads it; RosterError.
    """
    try:
        import python_calamine as calamine
    except ImportError:
        raise ExtraError(
            f"{name} is a spreadsheet, and reading it needs python-calamine; {install_command('xlsx')}, or export it "
            "as CSV"
        ) from None
    _check(name, content)
    try:
        with calamine.load_workbook(io.BytesIO(content)) as book:
            sheets = [(each, _rows(book.get_sheet_by_name(each))) for each in book.sheet_names]
    except calamine.CalamineError as error:
        raise _unreadable(name, error) from None
    filled = [(sheet, rows) for sheet, rows in sheets if rows]
    if len(filled) > 1:
        tell(f"{name} has {len(filled)} sheets; the roster is the first, {filled[0][0]!r}")
    for _, rows in filled[:1]:
        yield from rows


class Extent(Struct):
    """How far the cells of a sheet reach that hold anything: to how many rows and columns."""

    rows: int = 0
    columns: int = 0
    lowest: str = ""
    """A cell that reaches as low as any."""
    rightmost: str = ""
    """A cell that reaches as far to the right as any."""
    unkept: str = ""
    """The first cell with a formula and without its value, which a program left out that computes nothing."""

    def reach(self, row: int, column: int) -> None:
        """Note a cell that holds something; row and column are counted from 1."""
        if row > self.rows:
            self.rows, self.lowest = row, cell_name(row - 1, column - 1)
        if column > self.columns:
            self.columns, self.rightmost = column, cell_name(row - 1, column - 1)

    def lack(self, row: int, column: int) -> None:
        """Note a cell with a formula and without its value."""
        self.unkept = self.unkept or cell_name(row - 1, column - 1)


def formula_without_value(file: zipfile.ZipFile) -> str:
    """A cell with a formula and without its value, which is read as if it were empty; "" for none.

    Raises: what BROKEN names.
    """
    sheets = (file.read(part) for part in file.infolist() if part.filename.lower().endswith(".xml"))
    return next((extent.unkept for content in sheets for extent in _extents(content) if extent.unkept), "")


def cell_too_far(file: zipfile.ZipFile, rows: int, columns: int, cells: int) -> str:
    """The cell by which a sheet has more rows or columns, or all have more cells, than these; "" for none.

    What reads a sheet makes room for all the cells before its last. No part of the file is larger than it says, and
    each that is XML is whole: where one is cut off inside, calamine would go on for ever.

    Raises: what BROKEN names.
    """
    left = cells
    for part in file.infolist():
        with file.open(part) as opened:
            content = opened.read(part.file_size + 1)  # without a number, all that there is would be unpacked
        name = part.filename.lower()
        if name.endswith("workbook.bin"):
            raise ValueError("it is of the binary kind, xlsb; save it as xlsx")
        if not name.endswith(".xml"):
            if any(each in content for each in WITH_CELLS):
                raise ValueError("it has a sheet in a part that is not called .xml")
            continue
        for extent in _extents(content):
            left -= extent.rows * extent.columns
            if extent.rows > rows or extent.columns > columns or left < 0:
                return extent.lowest if extent.rows * columns > extent.columns * rows else extent.rightmost
    return ""


def _extents(content: bytes) -> list[Extent]:
    """How far the cells of each sheet of a part reach: in XML of Excel (`row`, `c`) or OpenDocument (`table-row`).

    Raises: ExpatError; ValueError for a place that is none.
    """
    extents, row, column = [Extent()], 0, 0
    formula, value, inside = False, False, ""

    def start(name: str, entries: dict[str, str]) -> None:
        nonlocal row, column, formula, value, inside
        inside = name.rpartition(":")[2]
        match inside:
            case "row":
                row, column = int(entries.get("r", row + 1)), 0
            case "c":
                row, column = _place(entries["r"]) if "r" in entries else (row, column + 1)
                formula, value = False, entries.get("t") == "str"  # the value of such a formula may be an empty text
            case "f":
                formula = True
            case "v" | "is" | "p":  # what a cell holds
                extents[-1].reach(row, column)
            case "table":
                extents.append(Extent())
                row = 0
            case "table-row":
                row, column = row + _repeated(entries, "rows"), 0
            case "table-cell" | "covered-table-cell":
                column += _repeated(entries, "columns")
                if any(key.startswith("office:") for key in entries):
                    extents[-1].reach(row, column)
                if "table:formula" in entries and "office:value-type" not in entries:
                    extents[-1].lack(row, column)

    def text(content: str) -> None:
        nonlocal value
        value = value or inside == "v"

    def end(name: str) -> None:
        nonlocal inside
        inside = ""
        if name.rpartition(":")[2] == "c" and formula and not value:
            extents[-1].lack(row, column)

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.Parse(content, True)
    return extents


def _repeated(entries: dict[str, str], what: str) -> int:
    """How many rows or columns an element of OpenDocument stands for."""
    return max(1, int(entries.get(f"table:number-{what}-repeated", 1)))


def _place(name: str) -> tuple[int, int]:
    """The row and the column of a cell, counted from 1.

    Raises: ValueError for what is no name of a cell.
    """
    match = _CELL.fullmatch(name)
    if not match:
        raise ValueError(f"{shown(name)} is no cell")
    column = 0
    for letter in match[1].upper():
        column = 26 * column + ord(letter) - 64
    return int(match[2]), column


def _rows(sheet: Any) -> list[tuple[int, list[str]]]:
    """The rows of a sheet that are not blank, each with its number."""
    rows = (list(map(_text, row)) for row in sheet.iter_rows())
    return [(number, row) for number, row in enumerate(rows, 1) if any(text.strip() for text in row)]


def _check(name: str, content: bytes) -> None:
    """Check, before anything else reads a file, how large it is, unpacked and in rows and columns, too, and that its
    parts are XML as a whole.

    Raises: RosterError.
    """
    try:
        packed = zipfile.ZipFile(io.BytesIO(content))
        if sum(part.file_size for part in packed.infolist()) > LARGEST:
            raise RosterError(f"{name} has over {LARGEST // 1_000_000} MB when it is unpacked; split it")
        far = cell_too_far(packed, MOST_ROWS, MOST_COLUMNS, MOST_CELLS)
        unkept = "" if far else formula_without_value(packed)
    except BROKEN as error:
        raise _unreadable(name, error) from None
    if far:
        raise RosterError(
            f"{name} has something in the cell {far}; a roster has up to {MOST_ROWS:,} rows and {MOST_COLUMNS:,} "
            f"columns, and {MOST_CELLS:,} cells in all: clear that cell, or export the roster as CSV"
        )
    if unkept:
        raise RosterError(
            f"{name} has a formula in the cell {unkept}, and not what it gives: the program that wrote the file does "
            "not compute; open it in a spreadsheet program, and save it there"
        )


def _unreadable(name: str, error: Exception) -> RosterError:
    return RosterError(f"{name} cannot be read as a spreadsheet: {escaped(str(error))[:100]}")


def _text(cell: Any) -> str:
    """What a cell shows: a whole number without a point, so that an id stays one."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)
