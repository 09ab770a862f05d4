"""Rosters: spreadsheets, or CSV files that these export, with columns for name, id and group in any order."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import IO

from msgspec import Struct
from msgspec.structs import replace

from byhand.classroom import MOST_STUDENTS
from byhand.classroom.spreadsheet import is_spreadsheet, spreadsheet_rows
from byhand.errors import MOST_PROBLEMS, ByHandError, RosterError, collecting, together
from byhand.notation.number import shown
from byhand.notation.words import unprintable
from byhand.options import Tell, unheard

HEADINGS = {
    "name": "name, full name, student, student name, vollständiger name, nom complet, nombre completo",
    "first": "first name, firstname, given name, vorname, prénom, nombre",
    "last": "last name, lastname, surname, family name, nachname, familienname, nom, nom de famille, apellido, "
    "apellidos",
    "id": "id, id number, student id, student number, number, no, matriculation number, matrikelnummer, matrikel, "
    "matr nr, numéro, numéro d étudiant, número, matrícula, login, username, email",
    "large": "large, large print, großdruck, gros caractères, letra grande",
    "group": "group, section, class, course, gruppe, klasse, kurs, groupe, classe, grupo, clase",
}
_FIELDS = {heading: field for field, headings in HEADINGS.items() for heading in headings.split(", ")}
LARGEST_ROSTER, LONGEST_LINE = 100_000_000, 100_000  # bytes, characters
BLOCK = 2**16  # bytes that are checked at once
YES, NO = {"yes", "y", "true", "1", "x", "large", "ja", "oui", "sí"}, {"", "no", "n", "false", "0", "nein", "non"}
MARK_DIGITS = 16  # of a file's name; they alone tell students apart whose names have no Latin letters
LATIN = str.maketrans({"æ": "ae", "ð": "d", "đ": "d", "ı": "i", "ł": "l", "œ": "oe", "ø": "o", "þ": "th"})
LONGEST_ID = 64  # characters


class Student(Struct, frozen=True):
    """A student."""

    name: str
    id: str
    """The id of the roster, or the name if the roster has no ids."""
    group: str = ""
    large: bool = False
    """Whether their copy is in large print, whatever the others have."""
    moved: int = 0
    """By how many sets of numbers, or words, their copy is moved on from those that the id draws (`Plan.beside`)."""

    @property
    def whose(self) -> str:
        """Id and name, for the foot of a page."""
        return self.name if self.id == self.name else " · ".join(filter(None, (self.id, self.name)))

    @property
    def stem(self) -> str:
        """The stem of the student's files: ASCII letters and digits, and never another student's."""
        whole = self.name if self.id in ("", self.name) else f"{self.name} {self.id}"
        plain = unicodedata.normalize("NFKD", whole.casefold().translate(LATIN)).encode("ascii", "ignore").decode()
        plain = "-".join(re.findall(r"[a-z0-9]+", plain))[:60]
        mark = hashlib.sha256(f"{self.name}\n{self.id}".encode()).hexdigest()[:MARK_DIGITS]
        return f"{plain}-{mark}" if plain else mark


def anonymous(count: int) -> list[Student]:
    """Students without names, whose ids are 1, 2, 3, …"""
    return [Student("", str(number)) for number in range(1, count + 1)]


def read_roster(path: Path | str, tell: Tell = unheard) -> list[Student]:
    """The students of a roster's file, in its order.

    tell: is told of rows that are another row again, and of students without ids who are called the same.

    Raises: RosterError.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_ROSTER:
            raise RosterError(f"{path.name} has over {LARGEST_ROSTER // 1_000_000} MB; split it")
        content = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path}: {error.strerror or error}") from None
    return parse_roster(path.name, content, tell)


class _Row(Struct, frozen=True):
    """A row of a roster."""

    number: int
    """The number of its last line."""
    student: Student
    has_id: bool


def parse_roster(name: str, content: bytes, tell: Tell = unheard) -> list[Student]:
    """The students of a roster's content. Rows without ids are each a student, namesakes included.

    Raises: RosterError.
    """
    if content.count(b"\n") > 2 * MOST_STUDENTS:
        raise RosterError(f"{name} has over {2 * MOST_STUDENTS:,} lines; split it")
    rows = spreadsheet_rows(name, content, tell) if is_spreadsheet(content) else csv_rows(name, io.BytesIO(content))
    _, heads = next(rows, (0, []))
    places = _places(name, heads)
    read, problems = list[_Row](), list[ByHandError]()
    for number, cells in islice(rows, MOST_STUDENTS + 1):
        with collecting(problems):
            read.append(_row(name, number, {f: cells[at].strip() for f, at in places.items() if at < len(cells)}))
    if len(read) > MOST_STUDENTS:
        raise RosterError(f"{name} names over {MOST_STUDENTS:,} students; split it")
    if not read and not problems:
        raise RosterError(f"{name} names no students; put one on each line below the headings")
    by_id: dict[str, _Row] = {}
    by_name: dict[str, _Row] = {}
    again: list[str] = []
    ids = {row.student.id for row in read}
    for row in read:
        student, known = row.student, by_id.get(row.student.id, row)
        if known is not row and not known.has_id and not row.has_id:
            called = next(each for n in count(2) if (each := f"{student.name} ({n})") not in ids)
            ids.add(called)
            again.append(
                f"{name} line {row.number}: another {student.name!r}, as in line {known.number}, without an id; this "
                f"copy is called {called!r} and has its own numbers, in the roster's order; ids would tell them apart"
            )
            by_id[called] = replace(row, student=replace(student, name=called, id=called))
        elif known.student != student:
            problem = (
                f"{name} line {row.number}: {student.name!r} has the id {student.id!r} of {known.student.name!r} in "
                f"line {known.number}; give each student their own"
            )
            problems.append(RosterError(problem))
        elif known is not row:
            again.append(f"{name} line {row.number} is line {known.number} again, the same id included: one copy")
        else:
            by_id[student.id] = row
            if (alike := by_name.setdefault(student.name, row)) is not row and row.has_id and student.name:
                again.append(
                    f"{name} line {row.number}: another {student.name!r}, as in line {alike.number}, with an id of "
                    "their own: a copy for each"
                )
    if problems:
        raise RosterError(str(together(problems)))
    if unused := [head.strip() for at, head in enumerate(heads) if head.strip() and at not in places.values()]:
        tell(f"{name}: columns that are not used: {', '.join(map(shown, unused[:MOST_PROBLEMS]))}")
    for line in again[:MOST_PROBLEMS]:
        tell(line)
    if len(again) > MOST_PROBLEMS:
        tell(f"{name}: {len(again) - MOST_PROBLEMS} more such lines")
    return [row.student for row in by_id.values()]


def _row(file: str, number: int, row: dict[str, str]) -> _Row:
    """A row from its fields.

    Raises: RosterError where it has neither a name nor an id, too long an id, or a field of several lines.
    """
    if long := next((field for field, text in row.items() if len(text.splitlines()) > 1), None):
        raise RosterError(
            f"{file} line {number} ends a {long} that goes over several lines; close its quotation mark"
        )
    name = _spaced(row.get("name") or " ".join(filter(None, (row.get("first", ""), row.get("last", "")))))
    key, group = _spaced(row.get("id", "")), _spaced(row.get("group", ""))
    if len(key) > LONGEST_ID:
        raise RosterError(f"{file} line {number}: an id of {len(key):,} characters; {LONGEST_ID} are the most")
    if not name and not key:
        raise RosterError(f"{file} line {number} has neither a name nor an id")
    for field, text in (("name", name), ("id", key), ("group", group)):
        if bad := unprintable(text):
            raise RosterError(
                f"{file} line {number}: the {field} of {shown(name or key)} holds {bad}, which cannot be printed; "
                "take it out"
            )
    large = _spaced(row.get("large", "")).lower()
    if large not in YES | NO:
        raise RosterError(f"{file} line {number}: large print is {shown(large)}; write yes, or nothing")
    return _Row(number, Student(name or key, key or name, group, large in YES), bool(key))


def _spaced(text: str) -> str:
    """A text as a page shows it, with single spaces, and its accents in the usual form of Unicode."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def csv_rows(name: str, file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file that are not blank, each with its line number. No file is held whole.

    Raises: RosterError.
    """
    with file:
        start = file.read(4)
        if is_spreadsheet(start):
            raise RosterError(f"{name} is a spreadsheet; export it as CSV")
        code = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        _check_text(name, file, code)
        text = io.TextIOWrapper(file, code, newline="")
        first = next((line for line in _lines(name, text) if line.strip()), "")
        reader = csv.reader(_lines(name, text), delimiter=max(",;\t|", key=first.count), strict=True)
        try:
            for row in reader:
                if any(field.strip() for field in row):
                    yield reader.line_num, row
        except csv.Error as error:
            raise RosterError(f"{name} line {reader.line_num}: {error}; see to its quotation marks") from None


def _check_text(name: str, file: IO[bytes], code: str) -> None:
    """Check that a file is text.

    Raises: RosterError.
    """
    decoder, read = codecs.getincrementaldecoder(code)(), 0
    file.seek(0)
    try:
        while block := file.read(BLOCK):
            read += len(block)
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        byte = read - len(error.object) + error.start
        raise RosterError(
            f"{name} is not UTF-8 (byte {byte}); save it as “CSV UTF-8”, or give the spreadsheet itself"
        ) from None


def _lines(name: str, text: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a file from its begin.

    Raises: RosterError where one is no text, or longer than a row is.
    """
    text.seek(0)
    for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE + 1), ""), 1):
        if "\0" in line:
            raise RosterError(f"{name} is no CSV file")
        if len(line) > LONGEST_LINE:
            raise RosterError(f"{name} line {number} has over {LONGEST_LINE:,} characters; a row has fewer")
        yield line


def _places(name: str, heads: Sequence[str]) -> dict[str, int]:
    """The index of each field's column."""
    places: dict[str, int] = {}
    for at, head in enumerate(heads):
        field = _FIELDS.get(" ".join(re.findall(r"\w+", unicodedata.normalize("NFC", head).lower())))
        if field in places:
            raise RosterError(f"{name} has two columns for the {field}: {heads[places[field]]!r} and {head!r}")
        if field:
            places[field] = at
    if "first" in places and "last" not in places and "name" not in places and "id" not in places:
        places["name"] = places.pop("first")  # "nombre" alone
    if "last" in places and "first" not in places and "name" not in places:
        places["name"] = places.pop("last")  # "nom" alone
    if not {"name", "first", "id"} & set(places):
        if not any(heads):
            raise RosterError(f"{name} is empty; its first line has headings: name, id and group")
        shown = ", ".join(map(repr, heads[:6]))
        raise RosterError(f"{name} has no column for names or ids; its headings are {shown}; use name, id and group")
    return places
