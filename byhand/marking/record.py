"""marks.json: one line a student, so that a class of any size can be written as it is marked."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import msgspec
from msgspec.structs import asdict

from byhand import __version__
from byhand.marking.marks import BlankMark, Cause, Marks, OpenMark, SectionMark
from byhand.notation.number import plain

SCHEMA = 1


def as_line(marks: Marks) -> bytes:
    """The marks of a student as one line of JSON. The same marks give the same line."""
    return msgspec.json.encode(as_entry(marks))


def as_entry(marks: Marks) -> dict[str, Any]:
    """The marks of a student as an entry of marks.json. Numbers are texts, as in run.json."""
    return {
        "schema": SCHEMA, "byhand": __version__, "sheet": marks.sheet, "seed": marks.seed, "hash": marks.hash,
        "student": marks.student, "name": marks.name, "points": points_text(marks.points),
        "of": points_text(marks.worth),
        "policy": asdict(marks.policy),
        "blanks": [_blank(blank) for blank in marks.blanks], "choices": [_blank(choice) for choice in marks.choices],
        "causes": [_cause(cause) for cause in marks.causes],
        "sections": [_section(section) for section in marks.sections],
        "open": [_answer(answer) for answer in marks.answers], "notes": list(marks.notes),
        "work": None if marks.work is None else {name: dict(each) for name, each in asdict(marks.work).items()},
        "taken": None if marks.taken is None else asdict(marks.taken),
    }  # fmt: skip


def points_text(points: Fraction) -> str:
    """Points as they stand in files: a decimal of at most two places, 31.5."""
    return f"{float(points):.2f}".rstrip("0").rstrip(".")


def number_text(text: str) -> str:
    """A number as it stands in files, from how a page shows it."""
    return "-inf" if text == "−∞" else text.replace("−", "-")


def _blank(blank: BlankMark) -> dict[str, Any]:
    return {
        "id": blank.id, "answer": blank.answer, "verdict": blank.verdict, "form": blank.form,
        "key": number_text(blank.key), "followed": number_text(blank.followed), "source": blank.source,
        "points": str(blank.points), "of": str(blank.worth), "reads": list(blank.reads), "note": blank.note,
        "because": [asdict(reason) | {"weight": round(reason.weight, 3)} for reason in blank.because],
        "cause": blank.cause, "override": None if blank.override is None else dict(blank.override),
    }  # fmt: skip


def _cause(cause: Cause) -> dict[str, Any]:
    had = {name: number_text(text) for name, text in cause.had.items()}
    return {
        "n": cause.number, "kind": cause.kind, "detail": cause.detail, "foil": cause.foil, "sure": cause.sure,
        "cells": list(cause.cells), "explains": cause.explains, "mended": cause.mended, "first": cause.first,
        "had": had,
    }  # fmt: skip


def _section(section: SectionMark) -> dict[str, Any]:
    return {
        "number": section.number, "points": plain(section.points), "of": plain(section.worth),
        "ratio": round(section.ratio, 3), "guard": section.guard,
    }  # fmt: skip


def _answer(answer: OpenMark) -> dict[str, Any]:
    points, group = (None if each is None else plain(each) for each in (answer.points, answer.group))
    return {
        "id": answer.id, "answer": answer.answer, "key": answer.key, "of": plain(answer.worth), "points": points,
        "group": group,
    }  # fmt: skip


def overrides_of(entries: Mapping[str, Any], but_groups: bool = False) -> dict[str, Mapping[str, str]]:
    """A teacher's changes in an entry of marks.json, by blank. but_groups: without points that came from a table."""
    marked = (*entries["blanks"], *entries["choices"])
    changed = {blank["id"]: blank["override"] for blank in marked if blank.get("override")}
    by_hand = dict[str, Mapping[str, str]]()
    for each in entries["open"]:
        is_group = each.get("group") is not None and each["group"] == each.get("points")
        if each.get("points") is not None and not (is_group and but_groups):
            by_hand[each["id"]] = {"points": each["points"]} | ({"group": each["group"]} if is_group else {})
    return {**changed, **by_hand}
