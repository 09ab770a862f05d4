"""The starting points of a page: the steps from which its reader computes all others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from byhand.arithmetic.copies import varies
from byhand.notation.number import plain
from byhand.tape import Step, Tape
from byhand.worksheet.document import Document, Section, steps_shown


def starts(sections: Sequence[Section], steps: Iterable[Step]) -> list[str]:
    """Of these steps, in order: the givens, and those that the sections print and whose inputs the reader cannot
    know.
    """
    shown = steps_shown(sections)
    asked = {blank.cell.step for section in sections for blank in section.blanks}
    known: set[str] = set()
    names = []
    for step in steps:
        is_known = step.op is not None and known >= set(step.inputs)
        if step.op is None or (not is_known and step.name in shown and step.name not in asked):
            names.append(step.name)
            is_known = step.name in shown
        if is_known:
            known.add(step.name)
    return names


def rounded_starts(page: Document, tape: Tape) -> dict[str, Any]:
    """The computed steps from which a page starts and which it prints rounded, with the printed numbers."""
    printed = {}
    for name in starts(page.sections, tape.used()):
        rows = [[(x, tape.domain.as_given(x)) for x in row] for row in tape.values(name)]
        if tape.steps[name].op and any(given is not x for row in rows for x, given in row):
            printed[name] = [[given if varies(given) else plain(given) for _, given in row] for row in rows]
    return printed
