"""Mark a paper: each of its sheets as a class of it is marked, and one table of all points."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec import Struct

from byhand.classroom.again import INDEX_FILE
from byhand.classroom.index import IndexWriter, read_index
from byhand.classroom.papers import paper_in
from byhand.classroom.roster import Student
from byhand.errors import AnswersError, ConfigError
from byhand.files import write
from byhand.marking.folder import FORMATS, TABLE, marks_of
from byhand.marking.gradebook import GRADEBOOKS
from byhand.marking.groups import table_of
from byhand.marking.mark import Marking, mark
from byhand.marking.record import points_text
from byhand.options import Options, Tell, unheard
from byhand.paper import ExamPaper


class PaperMarking(Struct, frozen=True):
    """A marking of a paper that was written."""

    folder: Path
    sheets: Mapping[str, Marking]
    """The marking of each sheet that somebody answered."""
    students: int
    """How many have answered any."""


def mark_paper(
    answers: Iterable[Path | str], paper: ExamPaper | None = None, options: Options | None = None,
    out: Path | str = "output", *, class_folder: Path | str | None = None, formats: Sequence[str] = FORMATS,
    groups: Path | str | None = None, tell: Tell = unheard, **how: Any,
) -> PaperMarking:  # fmt: skip
    """Mark files of answers to the sheets of a paper: a folder for each sheet in OUT/NAME-marks, and marks.csv, in
    which the points of all sheets stand.

    paper, options: of which the pages were made; or class_folder: the folder of a class of a paper. groups: for each
    sheet there is such a table, with the sheet's name at its end: words-softmax.csv. how: as of `mark`.

    Raises: ByHandError, also where nobody can be marked.
    """
    if class_folder is not None:
        paper = paper_in(Path(class_folder))
    if paper is None:
        raise ConfigError("give a paper, or the folder of a class of one")
    folder, paths, made = Path(out) / marks_of(paper.name), list(answers), dict[str, Marking]()
    for part in paper.parts:
        of_sheet = Path(class_folder) / part.sheet if class_folder is not None else None
        asked = part.options(options or Options()) if of_sheet is None else None
        table = table_of(Path(groups), part.sheet) if groups is not None else None
        try:
            made[part.sheet] = mark(
                paths, part.sheet, asked, folder, class_folder=of_sheet, formats=(*formats, "csv"), groups=table,
                others=True, tell=tell, **how,
            )  # fmt: skip
        except AnswersError as error:
            tell(f"{part.sheet}: {error}")
    if not made:
        raise AnswersError(f"nobody can be marked on any sheet of {paper.name}")
    rows = _rows(made, _groups_of(Path(class_folder) / paper.parts[0].sheet) if class_folder is not None else {})
    files = {TABLE: _table(paper, rows)} if rows else {}
    for name in formats:
        if name in GRADEBOOKS:
            files[GRADEBOOKS[name].file] = _grades(paper, rows, name)
    write(folder, files)
    return PaperMarking(folder, made, len(rows))


def _groups_of(folder: Path) -> dict[str, str]:
    """The groups of students, by id, as a class's index has them."""
    with (folder / INDEX_FILE).open("rb") as index:
        return {row["id"]: row["group"] for row in read_index(index)}


Row = tuple[Student, dict[str, tuple[Fraction, Fraction]]]  # a student, and by sheet the points and what there are


def _rows(made: Mapping[str, Marking], groups: Mapping[str, str]) -> list[Row]:
    """The points of each student on each sheet, in the order of the marking. groups: of students, by id."""
    rows = dict[str, Row]()
    for sheet, marking in made.items():
        with (marking.folder / TABLE).open("rb") as table:
            for row in read_index(table):
                student = Student(row["name"], row["id"], groups.get(row["id"], ""))
                _, points = rows.setdefault(row["id"], (student, {}))
                points[sheet] = Fraction(row["points"]), Fraction(row["of"])
    return list(rows.values())


def _in_all(points: Mapping[str, tuple[Fraction, Fraction]], rows: Sequence[Row]) -> tuple[Fraction, Fraction]:
    """The points of a student, and what there are on all sheets, also on those that the student did not answer."""
    worth = {sheet: of for _, each in rows for sheet, (_, of) in each.items()}
    return sum((reached for reached, _ in points.values()), Fraction(0)), sum(worth.values(), Fraction(0))


def _table(paper: ExamPaper, rows: Sequence[Row]) -> bytes:
    """The table of all points."""
    sheets = [part.sheet for part in paper.parts]
    table = IndexWriter(file := io.BytesIO(), ["id", "name", "points", "of", *sheets])
    for student, points in rows:
        reached, of = _in_all(points, rows)
        each = [points_text(points[sheet][0]) if sheet in points else "" for sheet in sheets]
        table.row([student.id, student.name, points_text(reached), points_text(of), *each])
    return file.getvalue()


def _grades(paper: ExamPaper, rows: Sequence[Row], name: str) -> bytes:
    """The table of points that a gradebook imports."""
    book = GRADEBOOKS[name]
    _, of = _in_all({}, rows)
    first, *others = book.begin(paper.title, points_text(of))
    table = IndexWriter(file := io.BytesIO(), first)
    for row in others:
        table.row(row)
    for student, points in rows:
        reached, _ = _in_all(points, rows)
        table.row(book.row(student, {"id": student.id, "name": student.name, "points": points_text(reached)}, ""))
    return file.getvalue()
