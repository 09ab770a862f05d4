"""Mark a paper: each of its sheets as a class of it is marked, and one table of all points."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from byhand.classroom.index import IndexWriter
from byhand.classroom.papers import paper_in
from byhand.classroom.roster import Student
from byhand.errors import AnswersError, ConfigError
from byhand.files import write
from byhand.marking.folder import FORMATS, TABLE, marks_of, sums_of
from byhand.marking.gradebook import GRADEBOOKS
from byhand.marking.groups import table_of
from byhand.marking.mark import Marking, mark
from byhand.marking.marks import Sum
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
    rows = _rows(made)
    files = {TABLE: _table(paper, rows)}
    for name in formats:
        if name in GRADEBOOKS:
            files[GRADEBOOKS[name].file] = _grades(paper, rows, name)
    write(folder, files)
    return PaperMarking(folder, made, len(rows))


class _Row(Struct, frozen=True):
    """What a student reached."""

    student: Student
    sheets: Mapping[str, Sum]
    """On each sheet that they answered."""
    whole: Sum
    """In all; nothing on a sheet that they did not answer."""

    @property
    def fields(self) -> dict[str, str]:
        """Its columns in the table of points, but for those of the sheets."""
        return {"id": self.student.id, "name": self.student.name, **sums_of(self.whole)}


def _rows(made: Mapping[str, Marking]) -> list[_Row]:
    """The students of all sheets in the order of the marking. Points are added up before they are rounded."""
    found = dict[str, tuple[Student, dict[str, Sum]]]()
    nothing = dict[str, Sum]()
    for sheet, marking in made.items():
        for student, reached in marking.points.items():
            found.setdefault(student.id, (student, {}))[1][sheet] = reached
            nothing[sheet] = Sum(worth=reached.worth + reached.waiting)
    return [
        _Row(student, sheets, sum({**nothing, **sheets}.values(), Sum())) for student, sheets in found.values()
    ]  # fmt: skip


def _table(paper: ExamPaper, rows: Sequence[_Row]) -> bytes:
    """The table of all points."""
    names = [part.sheet for part in paper.parts]
    table = IndexWriter(file := io.BytesIO(), [*rows[0].fields, *names])
    for row in rows:
        each = {sheet: points_text(reached.rounded.points) for sheet, reached in row.sheets.items()}
        table.row([*row.fields.values(), *(each.get(sheet, "") for sheet in names)])
    return file.getvalue()


def _grades(paper: ExamPaper, rows: Sequence[_Row], name: str) -> bytes:
    """The table of points that a gradebook imports."""
    book = GRADEBOOKS[name]
    first, *others = book.begin(paper.title, rows[0].fields["of"])
    table = IndexWriter(file := io.BytesIO(), first)
    for line in others:
        table.row(line)
    for row in rows:
        table.row(book.row(row.student, row.fields, ""))
    return file.getvalue()
