"""Points in the columns that the gradebooks of Moodle and Canvas import.

Sources: docs.moodle.org, Grade import (a column that says who, and one a grade); community.canvaslms.com, How do I
import grades in the Gradebook? (the first five columns, and a row of points possible).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from byhand.classroom.roster import Student


class Gradebook(Struct, frozen=True):
    """A platform's file."""

    file: str
    begin: Callable[[str, str], Sequence[Sequence[str]]]
    """Writes the first rows, from a sheet's title and what it is worth."""
    row: Callable[[Student, Mapping[str, str], str], Sequence[str]]
    """Writes the row of a student, from the fields of marks.csv and from what is said of the first cause."""


def _by_id(student: Student) -> tuple[str, str]:
    """The id of a student, and the address where the roster has that in its place."""
    return ("", student.id) if "@" in student.id else (student.id, "")


def _moodle_begin(title: str, worth: str) -> Sequence[Sequence[str]]:
    return [["Full name", "ID number", "Email address", f"{title} ({worth})", f"Feedback: {title}"]]


def _moodle_row(student: Student, fields: Mapping[str, str], why: str) -> Sequence[str]:
    return [fields["name"], *_by_id(student), fields["points"], why]


def _canvas_begin(title: str, worth: str) -> Sequence[Sequence[str]]:
    return [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title],
        ["    Points Possible", "", "", "", "", worth],
    ]


def _canvas_row(student: Student, fields: Mapping[str, str], why: str) -> Sequence[str]:
    return [fields["name"], "", *_by_id(student), student.group, fields["points"]]


GRADEBOOKS = {
    "moodle": Gradebook("moodle-grades.csv", _moodle_begin, _moodle_row),
    "canvas": Gradebook("canvas-grades.csv", _canvas_begin, _canvas_row),
}
