"""What the classic mistakes make of the blanks of a section that is answered by itself, from what it prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from byhand.arithmetic.expr import Ref
from byhand.formats.quiz.spelling import Number, number
from byhand.mistakes import away, changes_of
from byhand.notation.number import plain
from byhand.runs import Run
from byhand.tape import Shape, Step
from byhand.worksheet.document import Blank, Document, Section

MADE, FOLLOWS = 25, 50  # per cent: for a mistake, and for what is right from the numbers of a mistake before it
LONGEST_FOIL = 12  # characters: nobody writes down a longer one


@dataclass(frozen=True)
class Foil:
    """A wrong answer. value: what is written. mistakes: those that give it. credit: in per cent."""

    value: Number
    mistakes: tuple[str, ...]
    credit: int


@dataclass(frozen=True)
class Foils:
    """The wrong answers that the classic mistakes give on a sheet."""

    document: Document
    run: Run

    def of(self, section: Section) -> dict[str, tuple[Foil, ...]]:
        """By blank, the wrong answers of who makes one mistake throughout the section, or in this cell only."""
        blanks = [blank for blank in section.blanks if blank.role in ("ask", "entry")]
        asked = frozenset(blank.cell.step for blank in blanks)
        found: dict[str, dict[Number, tuple[list[str], int]]] = {blank.id: {} for blank in blanks}
        for name, made in self._made.items():
            touched = made.keys() | self._away[name]
            if not any(step in touched or touched & {*self.run[step].inputs} for step in asked):
                continue
            throughout = _Mistaken(self.run, self._steps[name], self._away[name], asked)
            alone = {
                step: _Mistaken(self.run, self._steps[name], self._away[name], frozenset({step})) for step in asked
            }
            for blank in blanks:
                self._add(found[blank.id], name, blank, throughout, alone[blank.cell.step])
        return {
            name: tuple(Foil(value, tuple(names), credit) for value, (names, credit) in foils.items())
            for name, foils in found.items()
        }

    def _add(
        self, found: dict[Number, tuple[list[str], int]], name: str, blank: Blank, throughout: _Mistaken,
        alone: _Mistaken,
    ) -> None:  # fmt: skip
        right = number(blank.cell.value)
        here, along = alone.at(blank), throughout.at(blank)
        made_here = here not in (None, right)
        for value in dict.fromkeys((here, along)):
            if value is None or value == right:
                continue
            credit = MADE if made_here else FOLLOWS
            names, before = found.setdefault(value, ([], credit))
            names.append(name)
            found[value] = names, max(before, credit)

    @cached_property
    def _made(self) -> Mapping[str, Mapping[str, list[Step]]]:
        """For each mistake that can be made, the steps that it changes, with those that take their place."""
        return changes_of(self.run)

    @cached_property
    def _steps(self) -> Mapping[str, Mapping[str, Step]]:
        """For each mistake, all steps that are new or have another rule."""
        return {
            name: {step.name: step for steps in made.values() for step in steps} for name, made in self._made.items()
        }

    @cached_property
    def _away(self) -> Mapping[str, frozenset[str]]:
        """For each mistake, the steps with numbers of the mistake that the student never writes."""
        asked = {blank.cell.step for blank in self.document.blanks() if blank.role in ("ask", "entry", "word")}
        return {name: away(self.run, made, asked) for name, made in self._made.items()}


@dataclass(frozen=True, eq=False)
class _Mistaken:
    """The numbers of somebody who makes one mistake in some steps, and has all others printed right.

    steps: the steps as the mistake has them. away, asked: the steps that are computed with it.
    """

    run: Run
    steps: Mapping[str, Step]
    away: frozenset[str]
    asked: frozenset[str]
    known: dict[tuple[str, int, int], Any] = field(default_factory=dict, init=False)

    def at(self, blank: Blank) -> Number | None:
        """What stands in a blank; None where nothing can be computed, or nothing that is written down."""
        try:
            value = self._read(*blank.cell.place, self.run[blank.cell.step].shape)
        except (ArithmeticError, _NoPlaceError):
            return None
        return number(value) if len(plain(value)) <= LONGEST_FOIL else None

    def _step(self, name: str) -> Step:
        return self.steps.get(name) or self.run[name]

    def _read(self, name: str, i: int, j: int, shape: Shape) -> Any:
        """The number at a place of a step that a reader takes to have this shape."""
        step = self._step(name)
        is_printed = name not in self.away and name not in self.asked
        own = self.run[name].shape if is_printed else step.shape
        if own != shape:
            if own != shape[::-1]:
                raise _NoPlaceError
            i, j = j, i
        return self.run.values(name)[i][j] if is_printed or step.op is None else self._computed(step, i, j)

    def _computed(self, step: Step, i: int, j: int) -> Any:
        place = step.name, i, j
        if place not in self.known:
            assert step.op is not None
            shapes = [self._step(name).shape for name in step.inputs]
            of = dict(zip(step.inputs, shapes, strict=True))
            tree = step.cell(step.op, i, j, shapes)

            def value(ref: Ref) -> Any:
                k, m = ref.index
                return self._read(ref.matrix, k, m, of[ref.matrix])  # type: ignore[arg-type]

            self.known[place] = self.run.domain.settle(tree, value)
        return self.known[place]


class _NoPlaceError(Exception):
    """A mistake reads a matrix of another shape than the one that is printed."""
