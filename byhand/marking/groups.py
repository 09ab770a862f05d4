"""Points for answers in words, given once to all who wrote the same: a table to fill in."""

from __future__ import annotations

import io
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.classroom.index import IndexWriter, as_written
from byhand.classroom.roster import csv_rows
from byhand.errors import AnswersError, UnknownNameError
from byhand.marking.marks import Marks, OpenMark
from byhand.marking.overrides import checked_points, number_of_points
from byhand.notation.number import plain, shown

FIELDS = ("question", "answer", "count", "points")
MOST_TOLD, LONGEST_TOLD = 5, 60  # answers that a message names, and the characters of each
_AROUND = " .,;:!?…\"'“”„‘’«»"  # what may stand around the same words
Group = tuple[str, str]  # the id of a question, and what equal answers to it have in common


def alike(text: str) -> str:
    """What answers in words have in common that count as equal: all but capitals, spaces, and marks around them."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split()).strip(_AROUND)


def table_of(table: Path, sheet: str) -> Path:
    """The table of one sheet of a paper, for which a table is named: words-softmax.csv for words.csv."""
    return table.with_stem(f"{table.stem}-{sheet}")


class Groups(Struct):
    """The answers in words of a class that no person has marked one by one."""

    points: Mapping[Group, Fraction] = field(default_factory=dict)
    """Those that a table gives."""
    counts: Counter[Group] = field(default_factory=Counter)
    """How many students are in each group."""
    texts: dict[Group, str] = field(default_factory=dict)
    """The first answer of each."""

    @classmethod
    def in_file(cls, path: Path, questions: Iterable[str]) -> Groups:
        """The points of a table. questions: the ids of all that is to be answered in words.

        Raises: AnswersError.
        """
        try:
            return cls(dict(_rows(path, dict.fromkeys(questions))))
        except OSError as error:
            raise AnswersError(f"{path}: {error.strerror or error}") from None

    def add(self, answers: Mapping[str, str]) -> None:
        """Add what a student answered, by the ids of questions."""
        for question, text in answers.items():
            group = question, alike(text)
            self.counts[group] += 1
            self.texts.setdefault(group, text)

    def table(self, questions: Iterable[str]) -> bytes:
        """The table to fill in, or with the points that are known. Nothing is worth nothing."""
        rows = IndexWriter(file := io.BytesIO(), FIELDS)
        for group in self.in_order(questions):
            points = plain(self.points[group]) if group in self.points else "" if group[1] else "0"
            rows.row((group[0], self.texts[group], str(self.counts[group]), points))
        return file.getvalue()

    def in_order(self, questions: Iterable[str]) -> list[Group]:
        """The groups in the order of the questions, what most wrote first."""
        order = {question: n for n, question in enumerate(questions)}
        return sorted(self.counts, key=lambda each: (order[each[0]], -self.counts[each], each[1]))

    def told(self) -> Iterator[str]:
        """What a person should know of the table: answers without points, and rows that nobody's answer is in."""
        without = [self.texts[group] for group in self.counts if group not in self.points]
        if without:
            several = f"{len(without)} different answers in words have"
            told = several if len(without) > 1 else "1 different answer in words has"
            yield f"{told} no points there: {_named(without)}"
        if nobodys := [text for question, text in self.points if text and (question, text) not in self.counts]:
            told = f"{len(nobodys)} rows are of answers" if len(nobodys) > 1 else "1 row is of an answer"
            yield f"{told} that nobody gave: {_named(nobodys)}"


def _rows(path: Path, questions: Mapping[str, None]) -> Iterator[tuple[Group, Fraction]]:
    """The groups of a table that have points.

    Raises: AnswersError; RosterError for what is no CSV; OSError.
    """
    heads = [head.strip().casefold() for head in next(csv_rows(path.name, path.open("rb")), (0, []))[1]]
    if missing := [name for name in FIELDS if name not in (*heads, "count")]:
        raise AnswersError(f"{path.name} has no column {missing[0]}; its columns are {', '.join(FIELDS)}")
    seen = dict[Group, int]()
    for line, row in islice(csv_rows(path.name, path.open("rb")), 1, None):
        where = f"{path.name} line {line}"
        if len(row) > len(heads):
            raise AnswersError(f'{where} has {len(row)} fields, and its headings are {len(heads)}; quote "1,5"')
        entry = dict.fromkeys(heads, "") | {head: as_written(each) for head, each in zip(heads, row, strict=False)}
        group = entry["question"].strip(), alike(entry["answer"])
        if group[0] not in questions:
            raise AnswersError(f"{where}: {UnknownNameError('question in words', group[0], questions)}")
        if group in seen:
            raise AnswersError(
                f"{where}: {shown(entry['answer'])} stands in line {seen[group]}, too; give one of them"
            )
        seen[group] = line
        if entry["points"].strip():
            yield group, number_of_points(where, entry["points"])


def grouped(marks: Marks, points: Mapping[Group, Fraction]) -> Marks:
    """The marks with the points that a table gives to answers in words.

    Raises: AnswersError for more points than an answer is worth.
    """
    return replace(marks, answers=tuple(_grouped(answer, points) for answer in marks.answers)) if points else marks


def _grouped(answer: OpenMark, points: Mapping[Group, Fraction]) -> OpenMark:
    given = points.get((answer.id, alike(answer.answer)))
    if given is None:
        return answer
    checked_points(f"the table of groups: {shown(answer.answer)}", answer.id, plain(given), answer.worth)
    return replace(answer, points=given, group=given)


def _named(texts: list[str]) -> str:
    """Some answers, as a message names them."""
    cut = [text if len(text) <= LONGEST_TOLD else f"{text[: LONGEST_TOLD - 1]}…" for text in texts[:MOST_TOLD]]
    return ", ".join(map(repr, cut)) + ", …" * (len(texts) > MOST_TOLD)
