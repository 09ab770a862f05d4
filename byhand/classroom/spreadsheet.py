"""Rosters as spreadsheets save them: xlsx and ods, whose cells are read as the texts that they show."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator
from typing import Any

from byhand.errors import ExtraError, RosterError
from byhand.notation.words import escaped
from byhand.options import Tell, unheard

BEGINNING = b"PK\x03\x04"  # of a file of either kind
LARGEST = 100_000_000  # bytes, unpacked: of a million students
MOST_COLUMNS = 1_000  # a roster has a few


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
    _check_size(name, content)
    try:
        with calamine.load_workbook(io.BytesIO(content)) as book:
            filled = [sheet for sheet in book.sheet_names if any(book.get_sheet_by_name(sheet).iter_rows())]
            if not filled:
                return
            sheet = book.get_sheet_by_name(filled[0])
            if sheet.total_width > MOST_COLUMNS:
                raise RosterError(f"{name} has {sheet.total_width:,} columns; a roster has a few")
            rows = [[_text(cell) for cell in row] for row in sheet.iter_rows()]
    except calamine.CalamineError as error:
        raise RosterError(f"{name} cannot be read as a spreadsheet: {escaped(str(error))[:100]}") from None
    if len(filled) > 1:
        tell(f"{name} has {len(filled)} sheets; the roster is the first, {filled[0]!r}")
    for number, row in enumerate(rows, 1):
        if any(text.strip() for text in row):
            yield number, row


def _check_size(name: str, content: bytes) -> None:
    """Check how large a file is unpacked, before anything unpacks it.

    Raises: RosterError.
    """
    try:
        size = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RosterError(f"{name} cannot be read as a spreadsheet: {escaped(str(error))[:100]}") from None
    if size > LARGEST:
        raise RosterError(f"{name} has over {LARGEST // 1_000_000} MB when it is unpacked; split it")


def _text(cell: Any) -> str:
    """What a cell shows: a whole number without a point, so that an id stays one."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)
