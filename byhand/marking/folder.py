"""The folder of marks: its files, which are written while students are marked, and get their names at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from msgspec import Struct
from msgspec.structs import astuple

from byhand.classroom.index import IndexWriter
from byhand.classroom.roster import Student
from byhand.files import give_name, staged
from byhand.marking.gradebook import GRADEBOOKS
from byhand.marking.marks import Counts, Marks, Sum
from byhand.marking.record import points_text

FORMATS = ("json", "csv", "html", "pdf")
MARKS, TABLE, BOOK = "marks.json", "marks.csv", "marked.pdf"
SUMS = ("points", "of", "not yet marked")  # columns of the table
MARKED = "marked"  # the folder of marked pages
_ENDING = "-marks"


def marks_of(name: str) -> str:
    """What the folder of the marks of a sheet or a paper is called."""
    return f"{name}{_ENDING}"


def marked_in(folder: Path) -> str:
    """The name of the sheet or the paper whose marks are in a folder."""
    return folder.name.removesuffix(_ENDING)


class Marked(Struct, frozen=True):
    """What is written of a student."""

    student: Student
    line: bytes
    """The line of marks.json."""
    points: Sum
    row: Mapping[str, str]
    """The row of marks.csv, by heading."""
    told: str
    """A line for the screen."""
    pages: Mapping[str, bytes]
    """The marked pages, by format."""
    words: Mapping[str, str]
    """The answers in words that no person has marked by themselves, by their ids."""

    @property
    def why(self) -> str:
        """What is told of the first cause; "" where there is none."""
        _, step, cause = self.told.partition("  step ")
        return f"{step.strip()} {cause}".strip()

    @property
    def stem(self) -> str:
        """The stem of the names of the marked pages."""
        return self.student.stem if self.student.id or self.student.name else "student"


def sums_of(reached: Sum) -> dict[str, str]:
    """What is reached, as tables have it, by heading."""
    return dict(zip(SUMS, map(points_text, astuple(reached.rounded)), strict=True))


def row_of(marks: Marks) -> dict[str, str]:
    """A student's row of marks.csv, by heading."""
    cause = next((f"{cause.foil or cause.kind} {cause.first}" for cause in marks.causes), "")
    steps = {f"step {number}": points_text(reached.points) for number, reached in marks.by_step.items()}
    whole = sums_of(marks.exact)
    taken = marks.taken.student if marks.taken else ""
    work = marks.work.counts._asdict() if marks.work else dict.fromkeys(Counts._fields, "")
    told = {"first cause": cause, "numbers of": taken, **{name: str(n) for name, n in work.items()}}
    return {"id": marks.student, "name": marks.name, **whole, **told, **steps}


class MarksFolder:
    """The files of a marking that are being written. They get their names when the stack is closed without an error.

    parts: a staging folder within the folder. title: of the sheet, for gradebooks.
    """

    def __init__(self, folder: Path, parts: Path, stack: ExitStack, formats: Sequence[str], title: str = "") -> None:
        self.folder, self.parts, self.stack = folder, parts, stack
        self.lines = stack.enter_context(staged(folder / MARKS, parts)) if "json" in formats else None
        self.table = stack.enter_context(staged(folder / TABLE, parts)) if "csv" in formats else None
        self.rows: IndexWriter | None = None
        books = [book for name, book in GRADEBOOKS.items() if name in formats]
        self.books = [(book, stack.enter_context(staged(folder / book.file, parts))) for book in books]
        self.grades: list[IndexWriter] = []
        self.title = title
        self.students: dict[str, str] = {}  # by id, the stem of the marked pages
        self.points: dict[Student, Sum] = {}
        self.pages: list[str] = []

    def add(self, marked: Marked) -> None:
        """Write what there is of one student."""
        if self.lines is not None:
            self.lines.write((b",\n" if self.students else b"[\n") + marked.line)
        if self.table is not None:
            self._row(self.table, marked.row)
        self._grade(marked)
        for format, content in marked.pages.items():
            name = f"{marked.stem}.{format}"
            (self.parts / name).write_bytes(content)
            self.pages.append(name)
        self.students[marked.student.id] = marked.stem
        self.points[marked.student] = marked.points

    def _row(self, table: IO[bytes], row: Mapping[str, str]) -> None:
        if self.rows is None:
            self.rows = IndexWriter(table, [*row])
        self.rows.row(row.values())

    def _grade(self, marked: Marked) -> None:
        """Add a student to the gradebooks, whose columns are known with the first."""
        if not self.grades:
            for book, file in self.books:
                first, *others = book.begin(self.title, marked.row["of"])
                self.grades.append(IndexWriter(file, first))
                for row in others:
                    self.grades[-1].row(row)
        for (book, _), grades in zip(self.books, self.grades, strict=True):
            grades.row(book.row(marked.student, marked.row, marked.why))

    def write(self, name: str, content: bytes) -> None:
        """Write a file that is made as a whole."""
        self.stack.enter_context(staged(self.folder / name, self.parts)).write(content)

    def bind(self, title: str, language: str, order: Sequence[str] = ()) -> None:
        """Bind the marked pages in PDF as one file for the printer, where there are several.

        order: the students' ids, in the order of the roster; without it, that of the answers.
        """
        from byhand.marking.binding import bind  # what reads PDFs is heavy

        stems = [self.students[name] for name in order or self.students if name in self.students]
        drawn = {*self.pages}
        pages = [self.parts / name for stem in stems if (name := f"{stem}.pdf") in drawn]
        if len(pages) > 1:
            file = self.stack.enter_context(staged(self.folder / BOOK, self.parts))
            bind((page.read_bytes() for page in pages), file, title, language)

    def end(self) -> None:
        """Write what ends the files, and give the marked pages their names; pages of others are taken away."""
        if self.lines is not None:
            self.lines.write(b"\n]\n")
        home = self.folder / MARKED
        if self.pages:
            home.mkdir(exist_ok=True)
        for name in self.pages:
            give_name(self.parts / name, home / name)
        there = {path.name for path in home.iterdir() if path.suffix in (".html", ".pdf")} if self.pages else set()
        for left in there - {*self.pages}:
            (home / left).unlink()
