"""What is filled in on a spreadsheet of ours, by the ids of blanks and other answers. The file may do harm.

Any program that edits spreadsheets may have saved it: names of sheets, hidden ones too, and places of cells stay.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import msgspec
from msgspec import Struct

from byhand.classroom.spreadsheet import BROKEN, cell_too_far
from byhand.errors import ExtraError, UnreadableError
from byhand.extras import install_command
from byhand.formats.xlsx.hidden import ABOUT, GIVEN, HIDDEN, ID, PLACE, SCHEMA, About
from byhand.notation.number import shown

LARGEST_FILE, MOST_UNPACKED, MOST_PARTS = 20_000_000, 100_000_000, 500  # bytes, packed and unpacked; files in it
LARGEST_DENOMINATOR = 9_999  # of a fraction that a cell shows
AS_WRITTEN = "fill in the worksheet as byhand wrote it"
NO_SPREADSHEET = "it cannot be opened as a spreadsheet"
CLOSE, ROUNDED = 1e-9, 5e-15  # LibreOffice saves fifteen digits
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 9_999, 702, 1_000_000  # of a sheet, empty ones included
_PLACE = re.compile(r"([A-Z]{1,2})([1-9][0-9]{0,3})")
Rows = Sequence[Sequence[Any]]


class FilledSheet(Struct, frozen=True):
    """What one student has filled in."""

    about: About
    name: str
    answers: Mapping[str, str]
    """What was answered, by the ids of blanks and replies; "" for an empty one."""


def filled_in(content: bytes) -> FilledSheet:
    """What is filled in on a spreadsheet.

    Raises: UnreadableError where it is none of byhand's, or numbers that it began with were changed; ExtraError.
    """
    if find_spec("python_calamine") is None:
        raise ExtraError(f"a spreadsheet is read by python_calamine; {install_command('xlsx')}")
    _check_size(content)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if HIDDEN not in book.sheet_names:
            raise UnreadableError("it is a spreadsheet, but none of byhand's; save its answers as CSV")
        hidden = book.get_sheet_by_name(HIDDEN).to_python(skip_empty_area=False)
        about = _about(hidden)
        name = about.worksheet if about.worksheet in book.sheet_names else book.sheet_names[0]
        page = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise UnreadableError(f"{NO_SPREADSHEET} ({error}); save it as .xlsx, or its answers as CSV") from None
    _check_given(hidden, page)
    answers = {}
    for row in hidden:
        if name := _text(_at(row, ID)):
            if name in answers:
                raise UnreadableError(f"it has two cells for {shown(name)}; {AS_WRITTEN}")
            answers[name] = _answer(about, name, _cell(page, _text(_at(row, PLACE))))
    if not answers:
        raise UnreadableError(f"its sheet {HIDDEN} names no blank; {AS_WRITTEN}")
    written = about.name or _text(_cell(page, about.named) if about.named else "")
    return FilledSheet(about, written, answers)


def _check_size(content: bytes) -> None:
    """Check that a spreadsheet is no larger than one of ours, unpacked and in rows and columns, too.

    Raises: UnreadableError.
    """
    try:
        if len(content) > LARGEST_FILE:
            raise UnreadableError(f"it has over {LARGEST_FILE // 1_000_000} MB; no spreadsheet of ours is as long")
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            parts = file.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise UnreadableError("it unpacks to more than any spreadsheet of ours")
            if far := cell_too_far(file, MOST_ROWS, MOST_COLUMNS, MOST_CELLS):
                raise UnreadableError(f"it has something in the cell {far}, far from what is ours; clear that cell")
    except BROKEN as error:
        raise UnreadableError(f"{NO_SPREADSHEET} ({error}); save it as .xlsx, or its answers as CSV") from None


def _about(rows: Rows) -> About:
    """What the spreadsheet says of itself.

    Raises: UnreadableError where it does not.
    """
    try:
        about = msgspec.json.decode("".join(_text(_at(row, ABOUT)) for row in rows), type=About)
    except msgspec.MsgspecError as error:
        raise UnreadableError(f"its sheet {HIDDEN} was changed ({error}); {AS_WRITTEN}") from None
    if about.schema != SCHEMA:
        raise UnreadableError(f"it is of schema {about.schema}; this byhand reads schema {SCHEMA}")
    return about


def _check_given(hidden: Rows, page: Rows) -> None:
    """Check that the numbers that can be changed are those that it began with: marks are for these.

    Raises: UnreadableError.
    """
    for row in hidden:
        if place := _text(_at(row, GIVEN)):
            began, now = _at(row, GIVEN + 1), _cell(page, place)
            same = began == now
            if not same and all(isinstance(x, int | float) and not isinstance(x, bool) for x in (began, now)):
                same = abs(began - now) <= CLOSE * max(1.0, abs(began))
            if not same:
                told = f"its given number in cell {place} is {shown(_text(now))}, and was {_text(began)}"
                raise UnreadableError(f"{told}; answers to changed numbers are not marked: put it back")


def _answer(about: About, name: str, value: Any) -> str:
    """An answer as a text, as a student writes it: a fraction that a cell shows as one; an option by its name."""
    if name in about.choices:
        options = {label.casefold(): option for label, option in about.choices[name].items()}
        text = ("true" if value else "false") if isinstance(value, bool) else _text(value).strip()
        return options.get(text.casefold(), text if text in about.choices[name].values() else "")
    if isinstance(value, float) and about.fractions:
        return as_fraction(value)
    return _text(value)


def as_fraction(value: float) -> str:
    """A number as the fraction that a cell shows, if it is one of few digits; else as a decimal."""
    whole = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    is_decimal = len(repr(value)) <= 12 and whole.denominator not in (1, 2, 4, 5, 8, 10)
    is_close = math.isclose(whole, value, rel_tol=ROUNDED)
    return _text(value) if is_decimal or not is_close else str(whole)


def _text(value: Any) -> str:
    """What a cell holds, as a text; a whole number without a point, and a date as one."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _cell(page: Rows, place: str) -> Any:
    """What is in a cell; "" where it is empty.

    Raises: UnreadableError for what is no name of a cell of ours.
    """
    match = _PLACE.fullmatch(place)
    if not match:
        raise UnreadableError(f"its sheet {HIDDEN} names a cell {shown(place)}; {AS_WRITTEN}")
    col = 0
    for letter in match[1]:
        col = 26 * col + ord(letter) - 64
    row = int(match[2]) - 1
    return _at(page[row], col - 1) if row < len(page) else ""


def _at(row: Sequence[Any], col: int) -> Any:
    return row[col] if col < len(row) else ""
