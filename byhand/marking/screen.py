"""The screen: the answers of many students at once, in float64. It settles most cells that are right or followed.

What it settles, the exact marker would judge alike: a settled answer is a fraction of up to three digits above and
below its bar, and is nearer to what its rule gives than two different fractions of up to eight digits may be. What it
does not settle is judged exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from byhand.arithmetic.copies import alone, as_array, each
from byhand.arithmetic.expr import evaluate
from byhand.marking.marks import Verdict
from byhand.marking.reckoning import Exact, reckoning
from byhand.marking.rules import Rules
from byhand.marking.verdicts import Judgement
from byhand.notation.typed import Reading, read
from byhand.page.reader import Paper
from byhand.tape import Place
from byhand.worksheet.document import Blank

NEAR = 1e-11
LONGEST = 1000  # the largest numerator and denominator of an answer that is settled
Settled = dict[str, Judgement]  # by blank


class _Columns:
    """The number system of float64 columns, in which a number that others do not have is NaN: as a `Domain`, it has
    no product or difference with −∞, and no quotient by 0.
    """

    def num(self, value: Any) -> Any:
        return as_array(each(float, value))

    def add(self, a: Any, b: Any) -> Any:
        return a + b

    def sub(self, a: Any, b: Any) -> Any:
        return a + self.mul(-1.0, b)

    def mul(self, a: Any, b: Any) -> Any:
        return np.where(np.isinf(a) | np.isinf(b), np.nan, a * b)

    def div(self, a: Any, b: Any) -> Any:
        return np.where(np.isinf(b) | (b == 0) | (np.isinf(a) & (b < 0)), np.nan, a / b)

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        match name, *args:
            case "pow", base, exponent:
                found = np.where(np.isinf(base) | (np.isinf(exponent) & (base <= 1)), np.nan, base**exponent)
            case "sqrt", x:
                found = np.sqrt(x)
            case "log", base, x:
                found = np.where(x > 0, np.log(x) / np.log(base), np.nan)
            case "sinpi", x:
                found = np.sin(np.pi * x)
            case "cospi", x:
                found = np.cos(np.pi * x)
            case "max", _, *_:
                return np.maximum.reduce(np.broadcast_arrays(*args))
            case "choose", index, *those:
                known = ~np.isnan(index)
                return np.where(
                    known, np.choose(np.where(known, index, 0).astype(int), np.broadcast_arrays(*those)), np.nan
                )
            case _:
                return np.nan
        return np.where(np.isposinf(found), np.nan, found)


COLUMNS = _Columns()


def settled(rules: Rules, answers: Sequence[Mapping[str, str]], copies: Sequence[int] | None = None) -> list[Settled]:
    """For each student, the judgements on the cells that are settled.

    rules: of a sheet's run, or of that of a class; copies: then, the copy that each student had.
    """
    found: list[Settled] = [{} for _ in answers]
    domain = alone(rules.run.domain)
    if isinstance(reckoning(domain, rules.letters), Exact):
        with np.errstate(all="ignore"):
            _Screen(rules, answers, copies).settle(found)
    return found


class _Screen:
    """The answers of students as columns, each of a blank."""

    def __init__(self, rules: Rules, answers: Sequence[Mapping[str, str]], copies: Sequence[int] | None) -> None:
        self.rules, self.answers, self.copies = rules, answers, copies
        self.texts = {name: [own.get(name, "") for own in answers] for name in rules.blanks}
        self.paper = Paper(rules, _Written(self), self.printed, lambda tree, number: evaluate(tree, number, COLUMNS))

    def printed(self, section: int, at: Place) -> Any:
        """The number that is printed at a place: one for all, or one for each student."""
        name, i, j = at
        column = COLUMNS.num(self.rules.run.values(name)[i][j])
        return column if self.copies is None or not np.ndim(column) else column[self.copies]

    def written(self, name: str) -> Any:
        """The numbers that count as the students' in a blank: NaN where that is for the exact marker to say."""
        blank = self.rules.blanks[name]
        if blank.cell.places is not None or blank.role in ("text", "word"):
            return np.nan
        numbers = {text: _number(read(text)) for text in set(self.texts[name])}
        column = np.array([numbers[text] for text in self.texts[name]])
        return np.where(np.isposinf(column), self.printed(0, blank.cell.place) if blank.cell.at else np.nan, column)

    def settle(self, found: Sequence[Settled]) -> None:
        """Add the judgements on the cells that are settled."""
        for blank in self.rules.blanks.values():
            if blank.role in ("ask", "copy") and blank.cell.places is None:
                written = self.paper.written[blank.id]
                follows = _near(written, self.paper.follows(blank))
                right = follows & _near(written, self.printed(0, blank.cell.place))
                self._judge(blank, follows.nonzero()[0].tolist(), right.tolist(), found)

    def _judge(self, blank: Blank, students: Sequence[int], right: Sequence[bool], found: Sequence[Settled]) -> None:
        known: dict[tuple[str, bool], Judgement | None] = {}
        for student in students:
            case = self.texts[blank.id][student], right[student]
            if case not in known:
                known[case] = _judgement(blank, *case)
            if (judgement := known[case]) is not None:
                found[student][blank.id] = judgement


class _Written(dict[str, Any]):
    """By blank, the numbers that count as the students', which are read when they are asked for."""

    def __init__(self, screen: _Screen) -> None:
        self.screen = screen

    def __missing__(self, name: str) -> Any:
        self[name] = self.screen.written(name)
        return self[name]


def _near(written: Any, column: Any) -> Any:
    return (written == column) | (abs(written - column) < NEAR)


def _number(reading: Reading) -> float:
    """The number that counts as a student's: +∞ for the key's; NaN where it is one of several."""
    if reading.kind != "number":
        return math.inf
    return float(reading.values[0]) if len(reading.values) == 1 else math.nan


def _judgement(blank: Blank, text: str, is_right: bool) -> Judgement | None:
    """The judgement on an answer that is what its rule gives; None if it is not short enough to be sure."""
    reading = read(text)
    value = reading.values[0] if reading.kind == "number" else None
    if isinstance(value, Fraction):
        is_short = max(abs(value.numerator), value.denominator) <= LONGEST
        may_be_rounded = not is_right and reading.form == "decimal" and (reading.places or 0) >= 2
        if not is_short or may_be_rounded:
            return None
    elif value != -math.inf:
        return None
    number = Exact().answer(value)
    verdict: Verdict = "right" if is_right else "followed"
    return Judgement(blank, text.strip(), reading, verdict, number, reading.form, followed=number)
