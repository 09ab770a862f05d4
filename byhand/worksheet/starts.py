"""From what a page's numbers are computed: all that its reader has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from byhand.arithmetic.copies import varies
from byhand.notation.number import plain
from byhand.tape import Tape
from byhand.worksheet.document import Document


def starts(page: Document, reads: Mapping[str, Sequence[str] | None]) -> list[str]:
    """The givens, and printed steps that read what is not on the page.

    reads: what each step reads, in order; None where it is given.
    """
    shown, asked = page.steps, {cell.step for cell in page.blanks()}
    known: set[str] = set()
    found = []
    for name, inputs in reads.items():
        starts = inputs is None or (not known >= set(inputs) and name in shown and name not in asked)
        if starts:
            found.append(name)
        if name in shown if starts else known >= set(inputs or ()):
            known.add(name)
    return found


def rounded_starts(page: Document, tape: Tape) -> dict[str, Any]:
    """Computed steps from which a page starts, as it prints them, where that is not what they are."""
    steps = {step.name: step for step in tape.used()}
    found = {}
    for name in starts(page, {name: step.inputs if step.op else None for name, step in steps.items()}):
        rows = [[(x, tape.domain.as_given(x)) for x in row] for row in tape.values(name)]
        if steps[name].op and any(given is not x for row in rows for x, given in row):
            found[name] = [[given if varies(given) else plain(given) for _, given in row] for row in rows]
    return found
