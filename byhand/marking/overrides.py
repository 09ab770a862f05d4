"""A teacher's changes to marks: theirs is the last word."""

from __future__ import annotations

import mmap
import re
from collections.abc import Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, get_args

from msgspec.structs import replace

from byhand.classroom.index import as_written
from byhand.classroom.roster import csv_rows
from byhand.errors import AnswersError, ValuesError
from byhand.marking.json_files import decoded, entries, list_of, mapped
from byhand.marking.marks import BlankMark, Marks, OpenMark, SectionMark, Verdict, section_of
from byhand.marking.points import SHARES
from byhand.marking.record import overrides_of
from byhand.notation.number import parse, plain, shown

Changes = Mapping[str, Mapping[str, str]]  # by blank: "verdict", "points", or both
FIELDS = ("student", "blank", "verdict", "points")
VERDICTS = get_args(Verdict)
MOST_POINTS = 10_000  # of a section or a blank
_WITH_COMMA = re.compile(r"\s*\d+,\d{1,2}\s*")  # 1,5; in 1,000 the comma may be none of a decimal


def read_overrides(path: Path, but_groups: bool = False) -> dict[str, dict[str, Mapping[str, str]]]:
    """A teacher's changes by student, then by blank: from a CSV file, or from a marks.json that was edited.

    but_groups: without points in a marks.json that came from a table of groups.

    Raises: AnswersError.
    """
    try:
        if path.stat().st_size:
            with mapped(path) as content:
                if (at := list_of(content)) is not None:
                    return _of_marks(path.name, content, at, but_groups)
    except OSError as error:
        raise AnswersError(f"{path}: {error.strerror or error}") from None
    heads = [head.strip().casefold() for head in next(csv_rows(path.name, path.open("rb")), (0, []))[1]]
    if missing := [field for field in FIELDS[:2] if field not in heads]:
        raise AnswersError(f"{path.name} has no column {missing[0]}; its columns are {', '.join(FIELDS)}")
    changes: dict[str, dict[str, Mapping[str, str]]] = {}
    for line, row in islice(csv_rows(path.name, path.open("rb")), 1, None):
        if len(row) > len(heads):
            told = f'{len(row)} fields, and its headings are {len(heads)}; write points as 1.5 or "1,5"'
            raise AnswersError(f"{path.name} line {line} has {told}")
        entry = {head: as_written(text).strip() for head, text in zip(heads, row, strict=False)}
        if missing := [field for field in FIELDS[:2] if field not in entry]:
            raise AnswersError(f"{path.name} line {line} has no {missing[0]}; its headings are {', '.join(heads)}")
        change = {key: entry[key] for key in ("verdict", "points") if entry.get(key)}
        of_student = changes.setdefault(entry["student"], {})
        if entry["blank"] in of_student:
            raise AnswersError(f"{path.name} line {line} changes {shown(entry['blank'])} of that student once more")
        of_student[entry["blank"]] = _checked(f"{path.name} line {line}", change)
    return changes


def _of_marks(name: str, content: mmap.mmap, at: int, but_groups: bool) -> dict[str, dict[str, Mapping[str, str]]]:
    """The changes in a marks.json. at: where its list begins.

    Raises: AnswersError.
    """
    try:
        by_student = {}
        for start, end in entries(content, at):
            try:
                marks = decoded(content, dict[str, Any], start, end)
            except AnswersError as error:
                raise ValueError(str(error)) from None
            by_hand = overrides_of(marks, but_groups)
            changes = {blank: _checked(f"{name}, {blank}", dict(change)) for blank, change in by_hand.items()}
            if changes:
                by_student[str(marks["student"])] = changes
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise AnswersError(f"{name} is no marks.json: {error}") from None
    return by_student


def _checked(where: str, change: Mapping[str, str]) -> Mapping[str, str]:
    """A change, unchanged.

    Raises: AnswersError where it changes nothing, to no verdict that there is, or to no number.
    """
    if not change:
        raise AnswersError(f"{where} changes nothing; give a verdict or points")
    if change.get("verdict", "right") not in VERDICTS:
        raise AnswersError(f"{where}: no verdict {shown(change['verdict'])}; there are: {', '.join(VERDICTS)}")
    if "points" in change:
        number_of_points(where, change["points"])
    return change


def number_of_points(where: str, text: object) -> Fraction:
    """A number of points from a file. where: the place in it.

    Raises: AnswersError.
    """
    try:
        points = parse(text.replace(",", ".") if isinstance(text, str) and _WITH_COMMA.fullmatch(text) else text)
    except ValuesError as error:
        raise AnswersError(f"{where}: {error}") from None
    if not isinstance(points, Fraction) or not 0 <= points <= MOST_POINTS:
        told = f"write one as 3, 0.5 or 1/3, up to {MOST_POINTS:,}"
        raise AnswersError(f"{where}: {shown(text)} is no number of points; {told}")
    return points


def checked_points(where: str, name: str, text: str, worth: Fraction) -> Fraction:
    """A number of points for an answer, whose id is given.

    Raises: AnswersError for more than it is worth.
    """
    points = number_of_points(where, text)
    if points > worth:
        told = f"{text} points for {name}, which is worth {plain(worth)}"
        raise AnswersError(f"{where}: {told}; --points says what a section is worth")
    return points


def overridden(marks: Marks, changes: Changes) -> Marks:
    """The marks with a teacher's changes. A verdict that is changed without points has those of that verdict.

    Raises: AnswersError for a blank that the sheet does not have, or more points than it is worth.
    """
    worth = {mark.id: mark.worth for mark in (*marks.blanks, *marks.choices)}
    worth |= {answer.id: answer.worth for answer in marks.answers}
    for name, change in changes.items():
        if name not in worth:
            raise AnswersError(f"student {shown(marks.student)}: the sheet has no blank {shown(name)} to change")
        if "points" in change:
            checked_points(f"student {shown(marks.student)}", name, change["points"], worth[name])
    blanks, choices = (
        tuple(_changed(marks, blank, changes.get(blank.id)) for blank in those)
        for those in (marks.blanks, marks.choices)
    )
    answers = tuple(_marked(answer, changes.get(answer.id, {})) for answer in marks.answers)
    sections = _sections(marks, (*blanks, *choices))
    return replace(marks, blanks=blanks, choices=choices, answers=answers, sections=sections)


def _changed(marks: Marks, blank: BlankMark, change: Mapping[str, str] | None) -> BlankMark:
    if change is None:
        return blank
    verdict: Any = change.get("verdict", blank.verdict)
    share = {"right": Fraction(1), "followed": SHARES[marks.policy.follow]}.get(verdict, Fraction(0))
    points = number_of_points(blank.id, change["points"]) if "points" in change else share * blank.worth
    return replace(blank, verdict=verdict, points=points, override=change)


def _marked(answer: OpenMark, change: Mapping[str, str]) -> OpenMark:
    if "points" not in change:
        return answer
    points = number_of_points(answer.id, change["points"])
    return replace(answer, points=points, group=points if "group" in change else None)


def _sections(marks: Marks, blanks: tuple[BlankMark, ...]) -> tuple[SectionMark, ...]:
    """The sections with the differences that changed blanks make."""
    more: dict[int, Fraction] = {}
    for old, new in zip((*marks.blanks, *marks.choices), blanks, strict=True):
        number = section_of(new.id)
        more[number] = more.get(number, Fraction(0)) + new.points - old.points
    return tuple(replace(section, points=section.points + more.get(section.number, 0)) for section in marks.sections)
