"""Answers to fill in: a file that names every blank of a sheet, for one student or for each of a class."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from byhand.arrange import arrange
from byhand.choose import choose
from byhand.classroom.again import Class, is_of_paper, own_copies
from byhand.classroom.index import IndexWriter
from byhand.classroom.papers import paper_in
from byhand.errors import ConfigError, UnknownNameError
from byhand.marking.answers import SCHEMA
from byhand.options import Options
from byhand.options_file import as_entries
from byhand.paper import ExamPaper
from byhand.secret import Secret
from byhand.worksheet.document import Document
from byhand.worksheet.sheet import Sheet

FORMATS = ("json", "csv")


class Whose(Struct, frozen=True):
    """A student whose answers are to be filled in."""

    id: str
    name: str
    hash: str
    """The hash of their numbers."""


class BlankAnswers(Struct, frozen=True):
    """The answers to a sheet of students who wrote nothing yet."""

    sheet: str
    options: Options
    ids: Sequence[str]
    """What is to be answered, in the order of the page."""
    students: Sequence[Whose]

    @classmethod
    def of_sheet(cls, sheet: Sheet, options: Options) -> BlankAnswers:
        """Those of one student, who is not named."""
        asked = options.on(sheet)
        values, quality = choose(sheet, asked)
        document, run = arrange(sheet, values, asked, quality)
        return cls(sheet.name, options, ids_of(document), [Whose("", "", run.hash)])

    @classmethod
    def of_class(cls, made: Class) -> BlankAnswers:
        """Those of all students of a class."""
        first = next(own_copies(made.plan, made.copies[:1]))
        students = [Whose(copy.student.id, copy.student.name, copy.hash) for copy in made.copies]
        return cls(made.plan.sheet.name, made.plan.options, ids_of(first.document), students)

    def json(self) -> bytes:
        """As JSON."""
        students = [{**msgspec.to_builtins(each), "answers": dict.fromkeys(self.ids, "")} for each in self.students]
        entry = {**entry_of(self.sheet, self.options), "students": students}
        return msgspec.json.format(msgspec.json.encode(entry), indent=1) + b"\n"

    def csv(self) -> bytes:
        """As a table: a row for each student, a column for each answer."""
        table = IndexWriter(file := io.BytesIO(), ["id", "name", "sheet", "hash", *self.ids])
        for each in self.students:
            table.row([each.id, each.name, self.sheet, each.hash, *[""] * len(self.ids)])
        return file.getvalue()

    def written(self, format: str) -> bytes:
        """In one of the formats."""
        return self.csv() if format == "csv" else self.json()


def entry_of(sheet: str, options: Options) -> dict[str, Any]:
    """What a file of answers says of the sheet, beside its students."""
    asked = as_entries(options)
    del asked["seed"]
    seed = {} if options.secret else {"seed": options.chosen_seed}
    return {"schema": SCHEMA, "sheet": sheet, **seed, "options": asked}


def ids_of(document: Document) -> list[str]:
    """The ids of all that a document asks for, in the order of the page."""
    ids: list[str] = []
    for section in document.sections:
        ids += [blank.id for blank in section.blanks]
        ids += [reply.id for reply in section.replies]
    return ids


def blanks_of_class(folder: Path, of: ExamPaper | str = "", secret: Secret | None = None) -> list[BlankAnswers]:
    """The answers to fill in of a class, or of each sheet of a class of a paper.

    of: the paper, or the sheet, that is meant; "" for what the class is of.

    Raises: ByHandError where the folder holds no class of that.
    """
    if not is_of_paper(folder):
        made = Class.in_folder(folder, secret)
        if (meant := of if isinstance(of, str) else of.name) not in ("", made.plan.sheet.name):
            raise ConfigError(f"{folder} is a class of {made.plan.sheet.name}, not of {meant}")
        return [BlankAnswers.of_class(made)]
    paper = paper_in(folder)
    if isinstance(of, ExamPaper) and of.source != paper.source:
        was = "is no longer as it was when" if of.name == paper.name else f"is not {paper.name}, of which"
        raise ConfigError(f"{of.name} {was} {folder} was made; leave it out, since the class says what it is of")
    sheets = [part.sheet for part in paper.parts]
    if isinstance(of, str) and of and of not in sheets:
        raise UnknownNameError(f"sheet in {folder}", of, sheets)
    asked = [of] if isinstance(of, str) and of else sheets
    return [BlankAnswers.of_class(Class.in_folder(folder / sheet, secret)) for sheet in asked]
