"""What is filled in on an HTML page: fields and boxes to tick, held against the key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from byhand.errors import ValuesError
from byhand.notation.number import parse, shown
from byhand.reading.page import squeezed
from byhand.reading.tokens import End, Start, Text, tokens


class _Fields:
    """The cells of a page's tables, their fields, and its boxes to tick, each in the order of the page.

    cells: their texts. fields: for each its name, the place of its cell, and what is filled in. ticks: for each box
    its name, and whether it is ticked. Fields in no cell are left out: many answers are right there.
    """

    def __init__(self, page: str) -> None:
        self.cells: list[str] = []
        self.fields: list[tuple[str, int, str]] = []
        self.ticks: list[tuple[str, bool]] = []
        self.inside = False  # a cell
        for token in tokens(page):
            match token:
                case Start("td" | "th"):
                    self.cells.append("")
                    self.inside = True
                case Start(name, attributes):
                    self._field(name, attributes)
                case End("td" | "th"):
                    self.inside = False
                case Text(text) if self.inside:
                    self.cells[-1] += text

    def _field(self, tag: str, known: Mapping[str, str]) -> None:
        classes, name = known.get("class", "").split(), known.get("aria-label", "")
        if "tick" in classes:
            self.ticks.append((name, "checked" in known or "on" in classes))
        elif tag == "input" and self.inside:
            self.fields.append((name, len(self.cells) - 1, known.get("value", "")))


def misfilled(page: str, key: Callable[[], str]) -> Iterator[str]:
    """What is filled in otherwise than in the key; an empty field, or a box that is not ticked, is no fault."""
    theirs = _Fields(page)
    if not any(text for *_, text in theirs.fields) and not any(ticked for _, ticked in theirs.ticks):
        return
    ours = _Fields(key())
    for name, at, text in theirs.fields:
        if squeezed(text) and not _alike(text, ours.cells[at]):
            yield f"{name}: filled in with {shown(text)}, where the key has {squeezed(ours.cells[at])}"
    for (name, ticked), (_, right) in zip(theirs.ticks, ours.ticks, strict=True):
        if ticked and not right:
            yield f"{name}: ticked, where the key has no tick"


def _alike(text: str, answer: str) -> bool:
    """Whether two texts are one number, or else the same letters; sums of letters may have any order."""
    try:
        return parse(text) == parse(answer)
    except ValuesError:
        return _terms(text) == _terms(answer)


def _terms(text: str) -> list[str]:
    """The terms of a sum, each with its sign, in alphabetical order. A text with brackets is one term."""
    text = squeezed(text).replace("-", "−").casefold()
    parts = [text] if "(" in text else re.split(r"(?=[+−])", text)
    return sorted(part if part[0] in "+−" else f"+{part}" for part in parts if part)
