"""Answers in words of a marking: a table in which equal ones are given points, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from byhand.errors import AnswersError, ByHandError
from byhand.files import write
from byhand.marking.folder import MARKS, marked_in
from byhand.marking.groups import Group, Groups, table_of
from byhand.marking.overrides import checked_points
from byhand.notation.number import plain, shown
from byhand.studio.jobs import Job
from byhand.studio.papers import PaperFolder


class Row(Struct, frozen=True):
    """Answers that count as equal."""

    field: str
    """The name of the field for their points."""
    sheet: str
    group: Group
    answer: str
    key: str
    count: int
    points: str
    """The points that were given, or ""."""
    most: str
    """The most that can be given."""

    @property
    def step(self) -> str:
        """The number of the step that asks."""
        return self.group[0].partition("/")[0]


class _Open(Struct):
    id: str
    answer: str
    key: str
    of: str


class _Marks(Struct):
    open: list[_Open]


class OfSheet(Struct, frozen=True):
    """The answers in words to a sheet."""

    file: Path
    """The table of their points, as `byhand mark --groups` reads it."""
    groups: Groups
    questions: Mapping[str, _Open]
    """By their ids, in the order of the page."""

    def rows(self, sheet: str) -> list[Row]:
        """A row for each group but for those who wrote nothing, in the order of the page, what most wrote first."""
        return [
            Row(
                f"words/{sheet}/{'/'.join(group)}", sheet, group, self.groups.texts[group],
                self.questions[group[0]].key, self.groups.counts[group],
                plain(self.groups.points[group]) if group in self.groups.points else "", self.questions[group[0]].of,
            )
            for group in self.groups.in_order(self.questions)
            if group[1]
        ]  # fmt: skip


def words_of(paper: PaperFolder, job: Job | None) -> dict[str, OfSheet]:
    """The answers in words of a marking, by sheet; none where it knew of no table of their points."""
    if job is None or "--groups" not in job.command:
        return {}
    table = paper.path / job.command[job.command.index("--groups") + 1]
    found = dict[str, OfSheet]()
    for path in sorted(job.folder(paper).glob(f"*/*/{MARKS}")):
        sheet, questions = marked_in(path.parent), dict[str, _Open]()
        file = table_of(table, sheet)
        marks = msgspec.json.decode(path.read_bytes(), type=list[_Marks])
        for each in marks:
            questions |= {answer.id: answer for answer in each.open if answer.id not in questions}
        try:
            groups = Groups.in_file(file, questions) if file.exists() else Groups()
        except ByHandError:  # it was changed by hand; what is given now takes its place
            groups = Groups()
        for each in marks:
            groups.add({answer.id: answer.answer for answer in each.open})
        if any(group[1] for group in groups.counts):
            found[sheet] = OfSheet(file, groups, questions)
    return found


def give_points(words: Mapping[str, OfSheet], form: Mapping[str, Any]) -> None:
    """Write the points that a form gives.

    Raises: AnswersError for what is no number of points, or more than there are; then nothing is written.
    """
    tables = dict[Path, bytes]()
    for sheet, of in words.items():
        points = dict[Group, Fraction]()
        for row in of.rows(sheet):
            if text := str(form.get(row.field, "")).strip():
                where = f"{sheet}, step {row.step}, {shown(row.answer)}"
                points[row.group] = _points(where, text, Fraction(row.most))
        of.groups.points = points
        tables[of.file] = of.groups.table(of.questions)
    for file, table in tables.items():
        write(file.parent, {file.name: table})


def _points(where: str, text: str, most: Fraction) -> Fraction:
    try:
        return checked_points(where, "it", text, most)
    except AnswersError as error:
        told = str(error).partition("; --points")[0]  # the studio has fields for that
        raise AnswersError(told) from None


def waiting(words: Mapping[str, OfSheet]) -> int:
    """How many different answers have no points yet."""
    return sum(not row.points for sheet, of in words.items() for row in of.rows(sheet))
