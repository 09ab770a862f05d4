"""Rosters as spreadsheets save them: xlsx and ods, whose cells are read as the texts that they show."""

from __future__ import annotations

import datetime
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from byhand.classroom import MOST_STUDENTS
from byhand.errors import ExtraError, RosterError
from byhand.notation.words import escaped
from byhand.options import Tell, unheard

BEGINNING = b"PK\x03\x04"  # of a file of either kind
LARGEST = 100_000_000  # bytes, unpacked: of a million students
MOST_COLUMNS, MOST_ROWS = 1_000, 2 * MOST_STUDENTS  # of a sheet
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
            f"{name} is a spreadsheet, and reading it needs python-calamine; pip install 'byhand[xlsx]', or export "
            "it as CSV"
        ) from None
    _check(name, content)
    try:
        with calamine.load_workbook(io.BytesIO(content)) as book:
            sheets = [(each, _rows(name, book.get_sheet_by_name(each))) for each in book.sheet_names]
    except calamine.CalamineError as error:
        raise _unreadable(name, error) from None
    filled = [(sheet, rows) for sheet, rows in sheets if rows]
    if len(filled) > 1:
        tell(f"{name} has {len(filled)} sheets; the roster is the first, {filled[0][0]!r}")
    for _, rows in filled[:1]:
        yield from rows


def unpacked(file: zipfile.ZipFile) -> Iterator[bytes]:
    """The parts of a spreadsheet's file, none of them larger than it says; each part that is XML is whole.

    Raises: what BROKEN names. Where a part is cut off inside, calamine would go on for ever.
    """
    for part in file.infolist():
        with file.open(part) as opened:
            content = opened.read(part.file_size + 1)  # without a number, all that there is would be unpacked
        if part.filename.endswith(".xml"):
            expat.ParserCreate().Parse(content, True)
        yield content


def _rows(name: str, sheet: Any) -> list[tuple[int, list[str]]]:
    """The rows of a sheet that are not blank, each with its number.

    Raises: RosterError where they are more, or longer, than a roster's.
    """
    height, width = (1 + last for last in sheet.end or (-1, -1))
    if width > MOST_COLUMNS or height > MOST_ROWS:
        raise RosterError(f"{name} has a sheet of {height:,} rows and {width:,} columns; a roster has fewer")
    rows = (list(map(_text, row)) for row in sheet.iter_rows())
    return [(number, row) for number, row in enumerate(rows, 1) if any(text.strip() for text in row)]


def _check(name: str, content: bytes) -> None:
    """Check, before anything else reads a file, how large it is unpacked, and that its parts are XML as a whole.

    Raises: RosterError.
    """
    try:
        packed = zipfile.ZipFile(io.BytesIO(content))
        if sum(part.file_size for part in packed.infolist()) > LARGEST:
            raise RosterError(f"{name} has over {LARGEST // 1_000_000} MB when it is unpacked; split it")
        for _ in unpacked(packed):
            pass  # each part is whole
    except BROKEN as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> RosterError:
    return RosterError(f"{name} cannot be read as a spreadsheet: {escaped(str(error))[:100]}")


def _text(cell: Any) -> str:
    """What a cell shows: a whole number without a point, so that an id stays one."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)
