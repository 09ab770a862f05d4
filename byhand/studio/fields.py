"""What a class was asked on paper, as fields in which a student's answers are typed. It is found in the process that
draws, since a class's pages take a while to arrange.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from byhand.classroom.again import Class, own_copies
from byhand.classroom.papers import order_of, paper_in
from byhand.classroom.roster import Student
from byhand.marking.blank import blanks_of_class, entry_of
from byhand.notation.inline import spoken
from byhand.notation.marks import MARK, mark_number
from byhand.secret import read_secret
from byhand.worksheet.document import Reply, Section
from byhand.worksheet.messages import Messages

CLASSES_KEPT = 50  # sheets of classes
CALLED = {
    "claim": "True or false", "because": "Because", "choice": "Word", "tick": "Matrix", "lines": "In words",
    "line": "In words",
}  # fmt: skip


class Field(Struct, frozen=True):
    """Where an answer is typed."""

    id: str
    called: str
    options: tuple[tuple[str, str], ...] = ()
    """The values that can be chosen, each with what it is called; none where anything can be typed."""
    is_long: bool = False


class Grid(Struct, frozen=True):
    """The fields of a matrix, or of a row of boxes."""

    called: str
    rows: tuple[tuple[Field | None, ...], ...]
    """None where the page prints a number."""


class Step(Struct, frozen=True):
    """A step of a sheet, with what is asked there in the order of the page."""

    number: int
    title: str
    grids: tuple[Grid, ...]
    words: tuple[Field, ...]
    """What is ticked, and what is written on lines."""


class Asked(Struct, frozen=True):
    """What a student is asked on a sheet."""

    sheet: str
    title: str
    hash: str
    """That of the student's numbers."""
    entry: dict[str, Any]
    """What a file of answers says of the sheet."""
    steps: tuple[Step, ...]

    @property
    def ids(self) -> list[str]:
        """The ids of all its fields."""
        grids = [each for step in self.steps for grid in step.grids for row in grid.rows for each in row if each]
        return [each.id for each in (*grids, *(word for step in self.steps for word in step.words))]


@lru_cache(CLASSES_KEPT)
def _class(folder: str, secret: str) -> Class:
    return Class.in_folder(Path(folder), read_secret(secret) if secret else None)


def students(folder: str, secret: str) -> list[Student]:
    """The students of a class of a paper. secret: the file of its secret, or ""."""
    first = paper_in(Path(folder)).parts[0].sheet
    return [copy.student for copy in _class(str(Path(folder, first)), secret).copies]


def asked(folder: str, secret: str, student: str) -> list[Asked]:
    """What a student of a class of a paper is asked, sheet by sheet in the student's order.

    Raises: ByHandError.
    """
    paper = paper_in(Path(folder))
    made = [_asked(_class(str(Path(folder, part.sheet)), secret), student) for part in paper.parts]
    plan = _class(str(Path(folder, paper.parts[0].sheet)), secret).plan
    return [made[at] for at in order_of(paper, plan.options, Student("", student))]


def _asked(made: Class, student: str) -> Asked:
    copy = next(own_copies(made.plan, [copy for copy in made.copies if copy.student.id == student]))
    sheet, replies = made.plan.sheet.name, {reply.id: reply for reply in copy.replies}

    def own(text: str) -> str:
        """A text of the class's pages as this student has it."""
        return MARK.sub(lambda mark: copy.texts(mark_number(mark[0])) if copy.texts else "", text)

    steps = tuple(
        Step(
            section.number,
            own(section.title),
            tuple(_grids(section, copy.document.messages, own)),
            tuple(_words(section, replies)),
        )
        for section in copy.document.sections
        if section.blanks or section.replies
    )
    entry = entry_of(sheet, made.plan.options)
    return Asked(sheet, copy.document.title, copy.copy.hash, entry, steps)


def _grids(section: Section, messages: Messages, own: Callable[[str], str]) -> Iterator[Grid]:
    """The matrices of a section, and its rows of boxes."""
    for block in section.blocks:
        called = {id(cell): own(told) for cell, told in zip(block.cells, block.called(messages), strict=False)}
        panels = [(spoken(panel.caption or panel.symbol), panel.cells) for panel in block.matrices]
        for symbol, cells in panels or [("", (block.cells,))]:
            named = [
                [(section.fields.get((id(cell), "")), called.get(id(cell), "")) for cell in row] for row in cells
            ]
            rows = tuple(tuple(Field(name, told) if name else None for name, told in row) for row in named)
            if any(any(row) for row in rows):
                yield Grid(own(symbol), rows)


def _words(section: Section, replies: Mapping[str, Reply]) -> Iterator[Field]:
    """What is ticked in a section, and what is written there in words."""
    roles = Counter(reply.role for reply in section.replies)
    for reply in section.replies:
        own = replies[reply.id]
        number = f" {reply.id.split('/')[2]}" if roles[reply.role] > 1 else ""
        options = tuple(zip(own.options, own.labels or own.options, strict=True))
        yield Field(reply.id, CALLED[reply.role] + number, options, is_long=reply.role in ("lines", "because"))


def empty(folder: str, secret: str, format: str) -> tuple[str, bytes]:
    """The empty answers of a class of a paper: the name of a file, and what is in it. Of several sheets, it is a zip
    file.

    Raises: ByHandError.
    """
    blanks = blanks_of_class(Path(folder), secret=read_secret(secret) if secret else None)
    files = {f"{each.sheet}.{format}": each.written(format) for each in blanks}
    if len(files) == 1:
        return next(iter(files.items()))
    with zipfile.ZipFile(packed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return "answers.zip", packed.getvalue()
