"""A construction: one number of a matrix is changed so that a condition holds. Many answers are right.

The student writes where the number stands and what it becomes. Whether that brings the condition about is computed
from what is written, here and wherever a page says what is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from byhand.arithmetic.domain import is_neg_inf
from byhand.arithmetic.expr import Expr, Ref, Scalar
from byhand.arithmetic.expr import refs as refs_of
from byhand.errors import SheetError
from byhand.notation.text import value_text
from byhand.notation.typed import read
from byhand.notation.words import escaped
from byhand.numbers.conditions import Test, number_of
from byhand.runs import Run
from byhand.worksheet.document import BlankRole, Cell, Question, Section
from byhand.worksheet.messages import Messages

LARGEST = (9, 99)  # what a solution's number is at most, either way: one digit, or else two
LONGEST_QUOTE = 40  # characters
_SEVERAL = re.compile(r"\s*[,;&/]\s*|\s+and\s+")
Verdict = Literal["right", "wrong", "missing", "unreadable"]


class Change(NamedTuple):
    """A number in place of the one in a row and a column of the run, counted from 0."""

    i: int
    j: int
    number: Scalar


class Construction(Question, Struct, frozen=True, eq=False):
    """The boxes for one changed number, and the condition that it is to bring about."""

    tokens: Sequence[Any]
    """What is asked for."""
    cells: tuple[Cell, ...]
    """The boxes, with a solution: of the row, of the column, and of the number."""
    heads: tuple[str, ...]
    """What stands before each box."""
    told: Sequence[Any]
    """What the key says beside its solution."""
    step: str
    """The matrix of which a number may be changed."""
    test: Test
    """The condition, over numbers of that matrix and others that stay as they are."""
    free: tuple[tuple[int, int], ...]
    """The places of the numbers that may be changed, row and column of the run from 0."""
    labels: tuple[tuple[str, ...], tuple[str, ...]]
    """The labels of the rows and of the columns of the run."""
    transposed: bool
    """Whether rows of the run are columns of the page."""
    kind = "construction"

    def called(self, messages: Messages) -> Iterator[str]:
        """Each box is called by what stands before it."""
        return iter(self.heads)

    def asking(self) -> Iterator[tuple[Cell, BlankRole, str]]:
        """The boxes, which are judged together."""
        return ((cell, "change", "") for cell in self.cells)

    @property
    def axes(self) -> tuple[int, ...]:
        """Which of its first boxes asks for the row of the run (0), and which for the column (1): there is no box for
        the only one that may be changed.
        """
        ways = (1, 0) if self.transposed else (0, 1)
        return tuple(axis for axis in ways if len(self._open[axis]) > 1)

    @property
    def _open(self) -> tuple[list[int], list[int]]:
        """The rows and the columns of the run in which numbers may be changed."""
        rows, columns = (list(dict.fromkeys(each)) for each in zip(*self.free, strict=True))
        return rows, columns

    def written(self, change: Change) -> tuple[str, ...]:
        """What is written into the boxes for a change."""
        places = (named(self.labels[axis], change[axis]) for axis in self.axes)
        return (*places, value_text(change.number))

    def solution(self, run: Run) -> tuple[str, ...]:
        """What the key writes into the boxes, with the numbers of a run."""
        refs = (*self.test.refs, *self._changes)
        found = witness(self.test, self.step, self.free, refs, tuple(map(run.value, refs)))
        return () if found is None else self.written(found)

    @property
    def _changes(self) -> tuple[Ref, ...]:
        return tuple(Ref(self.step, place) for place in self.free)

    def judged(self, texts: Sequence[str], value: Callable[[Ref], Scalar], messages: Messages) -> tuple[Verdict, str]:
        """The verdict on what is written into the boxes, and what is said of it in one line; "" of a right answer.

        value: the number of a reference in the run.
        """
        *where, becomes = (" ".join(text.split()) for text in texts)
        if not all((*where, becomes)):
            return "missing", ""

        def no(why: str, **places: Any) -> tuple[Verdict, str]:
            return "wrong", messages.say(f"construction.{why}", **places)

        found = [*self._open]
        for axis, text in zip(self.axes, where, strict=True):
            found[axis] = places_of(self.labels[axis], text)
            if not found[axis]:
                parts = [part for part in _SEVERAL.split(text) if part]
                if len(parts) > 1 and all(places_of(self.labels[axis], part) for part in parts):
                    return no("several")
                labels = ", ".join(dict.fromkeys(self.labels[axis]))
                return no(
                    "no_row" if (axis == 0) != self.transposed else "no_column", text=_quoted(text), labels=labels
                )
        reading = read(becomes)
        numbers = [x for x in reading.values if not isinstance(x, float)]
        if not numbers:
            several = len(parts := _SEVERAL.split(becomes)) > 1 and all(read(part).values for part in parts)
            return no("several") if several else ("unreadable", messages.say("construction.no_number"))
        free = [place for place in product(*found) if place in self.free]
        if not free:
            return no("fixed")
        changes = [Change(i, j, number) for i, j in free for number in numbers]
        new = [each for each in changes if each.number != value(Ref(self.step, each[:2]))]
        if not new:
            return no("unchanged")
        tried = trial(self.test, self.step, value)
        return ("right", "") if any(map(tried, new)) else no("not_yet")


def constructions(section: Section) -> Iterator[tuple[Construction, tuple[str, ...]]]:
    """The constructions of a section, each with the ids of its boxes."""
    ids = {id(blank.cell): blank.id for blank in section.blanks}
    for block in section.words:
        if isinstance(block, Construction):
            yield block, tuple(ids[id(cell)] for cell in block.cells)


def _quoted(text: str) -> str:
    """What a student wrote, as a note quotes it: short, and with what cannot be printed written as \\x1b."""
    plain = escaped(text)
    return plain if len(plain) <= LONGEST_QUOTE else f"{plain[: LONGEST_QUOTE - 1]}…"


def named(labels: Sequence[str], at: int) -> str:
    """What a place of an axis is called: its label, with its number before it where there are several alike."""
    return labels[at] if labels.count(labels[at]) == 1 else f"{at + 1} ({labels[at]})"


def typed(label: str) -> str:
    """A label as a keyboard writes it, in small letters: "−1" as "-1", and "+1" as "1"."""
    return label.casefold().replace("−", "-").removeprefix("+")


def places_of(labels: Sequence[str], text: str) -> list[int]:
    """The places of an axis that a text names: by their label, or by their number, counted from 1."""
    plain = typed(text).strip("“”\"'")
    by_label = [at for at, label in enumerate(labels) if plain in (typed(label), typed(named(labels, at)))]
    by_number = [int(plain) - 1] if plain.isdecimal() and len(plain) <= 4 and 0 < int(plain) <= len(labels) else []
    return by_label or by_number


def trial(test: Test, step: str, value: Callable[[Ref], Scalar]) -> Callable[[Change], bool]:
    """A function that says whether a condition holds once a number is changed; trees that do not read that number are
    computed once. value: the number of a reference before.
    """
    read = {id(tree): frozenset(refs_of(tree)) for tree in test.trees}
    before = dict[int, Scalar]()

    def tried(change: Change) -> bool:
        place = Ref(step, (change.i, change.j))

        def number(tree: Expr) -> Scalar:
            if place in read[id(tree)]:
                return number_of(tree, lambda ref: change.number if ref == place else value(ref))
            if id(tree) not in before:
                before[id(tree)] = number_of(tree, value)
            return before[id(tree)]

        try:
            return test.holds_for(number)
        except ArithmeticError:  # the changed run has no numbers
            return False

    return tried


def holds(test: Test, refs: Sequence[Ref], numbers: Sequence[Scalar]) -> bool:
    """Whether a condition holds for the numbers of its references."""
    return test.holds(dict(zip(refs, numbers, strict=True)).__getitem__)


@lru_cache(maxsize=1000)
def witness(
    test: Test, step: str, free: Sequence[tuple[int, int]], refs: Sequence[Ref], numbers: Sequence[Scalar]
) -> Change | None:
    """A change that brings a condition about, to a whole number of one digit, or else of two: the smallest change
    there is, the first in reading order; None where there is none.

    numbers: those of the references, in their order, among them those of the places that may be changed.
    """
    known = dict(zip(refs, numbers, strict=True))
    read_by = {ref.index for ref in test.refs if ref.matrix == step}
    tried = trial(test, step, known.__getitem__)
    olds = [(at, place, known[Ref(step, place)]) for at, place in enumerate(free) if place in read_by]
    for largest in LARGEST:
        candidates = [
            (abs(n - Fraction(old)), at, Change(*place, Fraction(n)))
            for at, place, old in olds if not is_neg_inf(old)
            for n in range(-largest, largest + 1) if n != old
        ]  # fmt: skip
        for _, _, change in sorted(candidates, key=lambda each: each[:2]):
            if tried(change):
                return change
    return None


def check_places(step: str, free: Sequence[tuple[int, int]], shape: tuple[int, int]) -> None:
    """Raises: SheetError where a place that may be changed is none."""
    for i, j in free:
        if not (0 <= i < shape[0] and 0 <= j < shape[1]):
            raise SheetError(f"{step} is {shape[0]} × {shape[1]}; it has no number {i}, {j} (counted from 0)")
