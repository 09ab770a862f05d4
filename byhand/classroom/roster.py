"""Rosters: CSV files that spreadsheets export, with columns for name, id and group in any order."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from byhand.errors import RosterError

HEADINGS = {
    "name": "name, full name, student, student name, vollständiger name, nom complet, nombre completo",
    "first": "first name, firstname, given name, vorname, prénom, nombre",
    "last": "last name, lastname, surname, family name, nachname, familienname, nom, nom de famille, apellido, "
    "apellidos",
    "id": "id, id number, student id, student number, number, no, matriculation number, matrikelnummer, matrikel, "
    "matr nr, numéro, numéro d étudiant, número, matrícula, login, username, email",
    "group": "group, section, class, course, gruppe, klasse, kurs, groupe, classe, grupo, clase",
}
_FIELDS = {heading: field for field, headings in HEADINGS.items() for heading in headings.split(", ")}
LARGEST_ROSTER = 200_000_000  # bytes
LONGEST_NAME = 32  # characters that a page has room for


@dataclass(frozen=True)
class Student:
    """A student. The id is that of the roster, or the name if the roster has no ids."""

    name: str
    id: str
    group: str = ""

    @property
    def shown(self) -> str:
        """The name, cut to the length for which a page has room."""
        return self.name if len(self.name) <= LONGEST_NAME else self.name[: LONGEST_NAME - 1] + "…"

    @property
    def whose(self) -> str:
        """Id and name, for the foot of a page."""
        return self.shown if self.id == self.name else " · ".join(filter(None, (self.id, self.shown)))

    @property
    def stem(self) -> str:
        """The stem of the student's files: ASCII letters and digits, unique, whoever else is in the class."""
        whole = self.name if self.id in ("", self.name) else f"{self.name} {self.id}"
        plain = unicodedata.normalize("NFKD", whole).encode("ascii", "ignore").decode().lower()
        plain = "-".join(re.findall(r"[a-z0-9]+", plain))[:60]
        mark = hashlib.sha256(f"{self.name}\n{self.id}".encode()).hexdigest()[:6]
        return f"{plain}-{mark}" if plain else mark


def anonymous(count: int) -> list[Student]:
    """Students without names, whose ids are 1, 2, 3, …"""
    return [Student("", str(number)) for number in range(1, count + 1)]


def read_roster(path: Path | str) -> list[Student]:
    """The students of a roster's file, in its order; a repeated row counts once.

    Raises: RosterError.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_ROSTER:
            raise RosterError(f"{path.name} has over {LARGEST_ROSTER // 1_000_000} MB; split it")
        content = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path}: {error.strerror or error}") from None
    return parse_roster(path.name, content)


def parse_roster(name: str, content: bytes) -> list[Student]:
    """The students of a roster's content.

    Raises: RosterError.
    """
    rows = _rows(name, content)
    number, heads = next(rows, (0, []))
    places = _places(name, heads)
    students: dict[str, tuple[Student, int]] = {}
    for number, row in rows:
        own = {field: row[at].strip() for field, at in places.items() if at < len(row)}
        if long := next((field for field, text in own.items() if len(text.splitlines()) > 1), None):
            raise RosterError(
                f"{name} line {number} ends a {long} that goes over several lines; close its quotation mark"
            )
        student = _student(own)
        if student is None:
            raise RosterError(f"{name} line {number} has neither a name nor an id")
        known, line = students.setdefault(student.id, (student, number))
        if known != student:
            raise RosterError(
                f"{name} line {number}: {student.name!r} has the id {student.id!r} of {known.name!r} in line {line}; "
                "give each student their own"
            )
    if not students:
        raise RosterError(f"{name} names no students; put one on each line below the headings")
    return [student for student, _ in students.values()]


def _student(row: dict[str, str]) -> Student | None:
    name = row.get("name") or " ".join(filter(None, (row.get("first", ""), row.get("last", ""))))
    name = " ".join(unicodedata.normalize("NFC", name).split())
    key = row.get("id", "") or name
    return Student(name or key, key, row.get("group", "")) if key else None


def _rows(name: str, content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with its line number."""
    if content[:4] == b"PK\x03\x04":
        raise RosterError(f"{name} is a spreadsheet; export it as CSV")
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise RosterError(f"{name} is not UTF-8 (byte {error.start}); export it as CSV UTF-8") from None
    if "\0" in text:
        raise RosterError(f"{name} is no CSV file")
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=first.count), strict=True)
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise RosterError(f"{name} line {reader.line_num}: {error}; see to its quotation marks") from None


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
        shown = ", ".join(map(repr, heads[:6])) or "nothing"
        raise RosterError(f"{name} has no column for names or ids; its headings are {shown}; use name, id and group")
    return places
