"""A student over weeks, and a class over sheets: each marking adds its result to a folder, and the pages of it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any, Literal

import msgspec
from msgspec import Struct

from byhand.classroom.index import IndexWriter
from byhand.classroom.roster import Student
from byhand.errors import AnswersError
from byhand.files import output_errors, write
from byhand.formats.html.page import rendered
from byhand.marking import strokes
from byhand.marking.causes import FOIL
from byhand.marking.marked_page import MARKS
from byhand.marking.marks import Counts
from byhand.marking.notes import STATES, State, capital, escaped_line, work_told
from byhand.marking.record import points_text
from byhand.marking.report import states_bar
from byhand.marking.tally import Reason, Row
from byhand.worksheet.document import in_halves
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import Paper

SCHEMA = 1
CLASS_PAGE, TABLE, STUDENTS = "class.html", "history.csv", "students"
MOST_REASONS = 3  # of a student on a sheet
FEWEST = 2  # times that a mistake is made before it is named: sheets of a student, or students on a sheet


class Result(Struct, frozen=True):
    """What a class did on a sheet."""

    number: int
    """Its place among the results, from 1: in the order in which they were first marked."""
    key: str
    """What tells it from the result of another sheet or of other numbers."""
    sheet: str
    title: str
    cells: int
    """How many answers are computed."""
    columns: bool
    """Whether tokens are columns there."""
    students: Mapping[str, Row]
    """By their ids."""
    schema: int = SCHEMA

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.number:02}-{self.sheet}.json"

    def counts(self, rows: Sequence[Row]) -> dict[State, int]:
        """How many answers of some students are in each state."""
        right, stands, empty = (sum(getattr(row, name) for row in rows) for name in ("right", "stands", "empty"))
        return {"right": right, "own": stands - right, "not": len(rows) * self.cells - stands - empty, "empty": empty}


class History(Struct, frozen=True):
    """The results in a folder, in their order."""

    folder: Path
    results: Sequence[Result] = ()

    @classmethod
    def in_folder(cls, folder: Path) -> History:
        """The results that are in a folder; none where there is no folder.

        Raises: AnswersError for a file that is none of them.
        """
        results = []
        for path in sorted(folder.glob("[0-9]*-*.json")):
            try:
                result = msgspec.json.decode(path.read_bytes(), type=Result)
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise AnswersError(f"{path} is no result of a marking: {error}; take it out of the folder") from None
            if result.schema != SCHEMA:
                raise AnswersError(f"{path} is of schema {result.schema}; this byhand reads schema {SCHEMA}")
            results.append(result)
        return cls(folder, sorted(results, key=lambda result: result.number))

    def add(self, result: Result) -> History:
        """The results with one more. Of the same sheet and numbers, who is marked again has the new marks."""
        before = next((each for each in self.results if each.key == result.key), None)
        number = before.number if before else max((each.number for each in self.results), default=0) + 1
        students = dict(sorted({**(before.students if before else {}), **result.students}.items()))
        new = msgspec.structs.replace(result, number=number, students=students)
        others = [each for each in self.results if each is not before]
        return History(self.folder, sorted([*others, new], key=lambda each: each.number))

    def write(self, messages: Messages, paper: Paper, names: bool) -> None:
        """Write the results, a page for each student, and one for the class. names: whether that one names students.

        Raises: OutputError.
        """
        pages = Overview(self.results, messages, paper)
        own = {f"{student.stem}.html": pages.of_student(student).encode() for student in pages.students}
        results = {each.file: msgspec.json.encode(each) + b"\n" for each in self.results}
        write(self.folder, {**results, TABLE: pages.table(), CLASS_PAGE: pages.of_class(names).encode()})
        write(self.folder / STUDENTS, own)
        with output_errors(self.folder):
            for path in (self.folder / STUDENTS).glob("*.html"):
                if path.name not in own:  # of who has another name now
                    path.unlink()


class Overview(Struct, frozen=True):
    """The pages of a history."""

    results: Sequence[Result]
    messages: Messages
    paper: Paper

    @property
    def students(self) -> list[Student]:
        """All students, by their names."""
        names: dict[str, str] = {}
        for result in self.results:
            for id_, row in result.students.items():
                names[id_] = row.name or names.get(id_, "")
        return sorted(
            (Student(name or id_, id_) for id_, name in names.items()), key=lambda each: (each.name, each.id)
        )

    def of_student(self, student: Student) -> str:
        """The page of a student."""
        with_row = [(each, each.students[student.id]) for each in self.results if student.id in each.students]
        sheets = [
            {
                "title": result.title, "points": f"{in_halves(row.points)} / {in_halves(Fraction(row.of, 2))}",
                "bar": states_bar(result.counts([row]), self.messages), "work": work_told(row.work, self.messages),
                "told": [self._told(reason, result) for reason in row.reasons[:MOST_REASONS]],
            }
            for result, row in with_row
        ]  # fmt: skip
        again = Counter(reason for _, row in with_row for reason in row.reasons)
        repeated = [
            {
                "count": count, "told": self._told(reason, with_row[0][0]),
                "mend": self._told(reason, with_row[0][0], "mend"),
                "where": ", ".join(result.title for result, row in with_row if reason in row.reasons),
            }
            for reason, count in again.most_common()
            if count >= FEWEST
        ]  # fmt: skip
        return self._page("student", escaped_line(student.name), sheets=sheets, repeated=repeated)

    def of_class(self, names: bool = True) -> str:
        """The page of the class. names: whether students are named; else they are numbers."""
        sheets = [
            {
                "title": result.title, "students": len(rows), "bar": states_bar(result.counts(rows), self.messages),
                "share": f"{round(100 * median(row.share for row in rows))} %", "told": self._commonest(result, rows),
            }
            for result in self.results
            if (rows := [*result.students.values()])
        ]  # fmt: skip
        students = [
            {
                "name": escaped_line(each.name) if names else self.messages.say("report.number", n=n),
                "page": f"{STUDENTS}/{each.stem}.html" if names else "",
                "points": [self._points(result, each.id) for result in self.results],
            }
            for n, each in enumerate(self.students, 1)
        ]  # fmt: skip
        return self._page("class", "", sheets=sheets, students=students, ideas=[*self._ideas()])

    def table(self) -> bytes:
        """The points of all as CSV: a row for each student on each sheet."""
        heads = ("id", "name", "number", "sheet", "points", "of", "reasons", *Counts._fields)
        rows = IndexWriter(file := io.BytesIO(), heads)
        for result in self.results:
            for id_, row in result.students.items():
                why = "; ".join(foil or kind for kind, foil in row.reasons)
                points = points_text(row.points), points_text(Fraction(row.of, 2))
                work = map(str, row.work or [""] * len(Counts._fields))
                rows.row((id_, row.name, str(result.number), result.sheet, *points, why, *work))
        return file.getvalue()

    def _page(self, kind: str, name: str, **values: Any) -> str:
        lists = dict.fromkeys(("repeated", "students", "ideas"), ()) | values
        return rendered(
            "history.html", "screen", self.paper, self.messages, view="worksheet", asked=MARKS, kind=kind, name=name,
            states=STATES, textures=strokes.TEXTURES, heads=[result.title for result in self.results], **lists,
        )  # fmt: skip

    def _points(self, result: Result, student: str) -> str:
        row = result.students.get(student)
        return in_halves(row.points) if row else "–"

    def _told(self, reason: Reason, result: Result, what: Literal["told", "mend"] = "told") -> str:
        return f"{capital(self.messages.why(*reason, what, result.columns)).rstrip('.')}."

    def _commonest(self, result: Result, rows: Sequence[Row]) -> str:
        """The mistake, or else the slip, that most made."""
        counts = Counter(reason for row in rows for reason in row.reasons)
        most = max(counts, key=lambda reason: (reason[0] == FOIL, counts[reason]), default=None)
        return "" if most is None or counts[most] < FEWEST else f"{self._told(most, result)} ({counts[most]})"

    def _ideas(self) -> Iterator[Mapping[str, Any]]:
        """The mistakes that were made on several sheets, and by how many on each."""
        counts = [Counter(r for row in result.students.values() for r in row.reasons) for result in self.results]
        for reason, on in Counter(reason for each in counts for reason in each).most_common():
            if on >= FEWEST:
                yield {
                    "told": self._told(reason, self.results[-1]),
                    "counts": [each[reason] or "" for each in counts],
                }
