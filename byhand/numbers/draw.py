"""The search of most lessons: candidates are drawn many at once, and run as copies of one run on the tape.

    @draw("rotary", requires=[…], fits=[_scores_are_even])
    def _numbers(task: Task, dice: Dice, count: int) -> Entries:
        return {"blocks.0.attn.hook_q[0]": dice.below(5, count, 4, 4) - 2, …}

A lesson says how its givens are distributed, and what its promise does not ask for (`fits`). What the model makes of
them is read from its own steps. Where hardly anything would fit, it draws in stages (`then`): some numbers only for
those candidates that fit so far, and if need be from what suits these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.copies import as_array, differing, each, together, varies
from byhand.arithmetic.exact import RATIONALS
from byhand.errors import DomainError
from byhand.model.parameters import parameter_shapes
from byhand.model.weights import Values
from byhand.numbers.attention import whole_base
from byhand.numbers.choice import accepted
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.promises import sheet_promise_named
from byhand.numbers.registry import Entries, Instance, Task, search
from byhand.numbers.scores import HANDED_ON
from byhand.tape import Rows, Step, Tape

CANDIDATES = 4000  # of one attempt
WORK = 200  # of a candidate, as the dice count it
IN_VAIN = (
    8  # attempts one after the other that bring no new set of numbers for a class: then no more are searched for
)


class Candidates:
    """Candidates for the numbers of a run.

    entries: by step or parameter, an array with the numbers of every candidate, (count, rows, cols).
    """

    def __init__(self, task: Task, entries: Entries) -> None:
        self.task, self.entries, self.count = task, entries, len(next(iter(entries.values())))
        self.base = whole_base(task.config)

    @cached_property
    def tape(self) -> Tape:
        """The run of all of them, where something is asked of it."""
        domain, columns = together(RATIONALS, self.entries)
        config, given = replace(self.task.config, softmax_base=self.base), _instance(self.task, columns)
        values = replace(self.task.values, config=config, inputs=given.inputs, weights=given.weights)
        return self.task.model.run(values, domain, force=False)

    def __call__(self, name: str) -> Ints:
        """The values of a step, (count, rows, cols). Where some are fractions, all are floats: two short fractions
        are equal, or one is larger, if and only if the floats nearest to them are.
        """
        return self._each(name, lambda x: int(x) if x % 1 == 0 else float(x))

    def denominators(self, name: str) -> Ints:
        """The denominators of these values."""
        return self._each(name, lambda x: x.denominator)

    def _each(self, name: str, of: Callable[[Any], Any]) -> Ints:
        rows = self.tape.values(name)
        cells = [[np.broadcast_to(as_array(each(of, x)), self.count) for x in row] for row in rows]
        return np.moveaxis(np.array(cells), 2, 0)

    def among(self, which: Any) -> Candidates:
        """Some of the candidates: a mask, or their places."""
        return Candidates(self.task, {name: x[which] for name, x in self.entries.items()})

    def fitting(self, fits: Callable[[Candidates], Bools]) -> Bools:
        """Which candidates fit. Those whose run branches otherwise than that of the first are looked at again."""
        ok = fits(self)
        apart = differing(self.tape.domain)
        if apart.any():
            ok[apart] = self.among(apart).fitting(fits)
        return ok

    def instance(self, place: int) -> Instance:
        """The numbers of one candidate."""
        return _instance(self.task, {name: x[place].tolist() for name, x in self.entries.items()})

    def keeps(self, place: int) -> bool:
        """Whether one candidate keeps the sheet's own promises."""
        one = _OneOf(self.tape, place)  # what its promises read may tell that its run branches otherwise
        kept = all(sheet_promise_named(name)(one) for name in self.task.promises)
        return self.among([place]).keeps(0) if differing(self.tape.domain)[place] else kept


class _OneOf(Tape):
    """The tape of one candidate, whose values are read from those of all."""

    def __init__(self, of_all: Tape, place: int) -> None:
        self._of_all, self._place = of_all, place
        super().__init__(RATIONALS, {name: self._own(rows) for name, rows in of_all.numbers.items()})
        self.steps, self.fixed, self.results = of_all.steps, of_all.fixed, of_all.results

    def values(self, name: str) -> Rows:
        if name not in self._values:
            self._values[name] = self._own(self._of_all.values(name))
        return self._values[name]

    def used(self) -> list[Step]:
        """The steps that the results of the run need, whether they are evaluated or not."""
        needed, reached = set[str](), [*self.results]
        while reached:
            if (name := reached.pop()) not in needed:
                needed.add(name)
                reached += self.steps[name].inputs
        return [step for step in self.steps.values() if step.name in needed]

    def _own(self, rows: Sequence[Sequence[Any]]) -> Rows:
        return tuple(tuple(x.at(self._place) if varies(x) else x for x in row) for row in rows)


def _instance(task: Task, entries: Entries) -> Instance:
    """Entries by step or parameter as an instance; the sheet's own numbers where there are no others."""
    shapes = parameter_shapes(task.config)
    weights = {name: x for name, x in entries.items() if name in shapes}
    inputs = {name: x for name, x in entries.items() if name not in shapes}
    return Instance({**task.values.inputs, **inputs}, {**task.values.weights, **weights})


Draw = Callable[[Task, Dice, int], Entries]
DrawOn = Callable[[Candidates, Dice], Entries]
Fits = Callable[[Candidates], Bools]
Stages = Sequence[tuple[DrawOn | Sequence[str], Sequence[Fits]]]


class Draws(Struct, frozen=True):
    """How the numbers of a model are drawn, `count` candidates at a time."""

    draw: Draw
    fits: Sequence[Fits]
    """Which candidates are worth more work; each function is asked of those that are left."""
    then: Stages
    """What is drawn for the candidates that are left, which are repeated until there are as many as at first: more
    entries, by a function, or some entries again, by their names; and which of them are worth more work."""
    count: int

    def fitting(self, task: Task, dice: Dice) -> Candidates | None:
        """Candidates that fit; None if none do."""
        left = Candidates(task, self.draw(task, dice, self.count))
        if not left.count:
            return None
        for more, fits in ((), self.fits), *self.then:
            dice.pay(WORK * self.count)
            if more:
                left = left.among(np.arange(self.count) % left.count)
                left = Candidates(task, left.entries | self._drawn(more, left, dice))
            for asked in fits:
                ok = left.fitting(asked)
                if not ok.any():
                    return None
                left = left.among(ok)
        return left

    def _drawn(self, more: DrawOn | Sequence[str], left: Candidates, dice: Dice) -> Entries:
        """What a stage draws for the candidates that are left."""
        if callable(more):
            return more(left, dice)
        again = self.draw(left.task, dice, self.count)
        return {name: again[name] for name in more}

    def find(self, task: Task, dice: Dice) -> Iterator[Instance]:
        """Instances that fit, and keep the sheet's own promises.

        Method: rejection sampling.
        """
        try:
            if (left := self.fitting(task, dice)) is not None:
                yield from islice(map(left.instance, filter(left.keeps, range(left.count))), HANDED_ON)
        except DomainError:  # of the first candidate; another attempt has others
            return

    def some(self, task: Task, seconds: float, *, apart: str, count: int) -> list[Values]:
        """Sets of numbers for a class: so many, or fewer if hardly any more are found.

        apart: the part of an Instance that no two of them have in common.
        """
        dice, found, in_vain = Dice(f"some sets of {task.model.name}"), dict[str, Values | None](), 0
        while in_vain < IN_VAIN and sum(map(bool, found.values())) < count:
            before = len(found)
            for instance in self.find(task, dice):
                values = replace(task.values, inputs=instance.inputs, weights=instance.weights)
                if (own := str(getattr(instance, apart))) not in found:
                    is_fit = accepted(task.model, values, task.limits, expected=seconds)
                    found[own] = values if is_fit else None
            in_vain = 0 if len(found) > before else in_vain + 1
        return list(filter(None, found.values()))


def draw(
    model: str, *, fits: Sequence[Fits] = (), then: Stages = (), count: int = CANDIDATES,
    sets: tuple[str, int] | None = None, **of_search: Any,
) -> Callable[[Draw], Draws]:  # fmt: skip
    """Register a function that draws the numbers of candidates as the search of a model; it is told how many.

    sets: for a lesson whose numbers no symmetry moves, what no two sets of a class have in common, and how many there
    are, as in `Draws.some`. of_search: what `search` takes.
    """

    def register(drawn: Draw) -> Draws:
        draws = Draws(drawn, fits, then, count)
        if sets:
            of_search["list_all"] = partial(draws.some, apart=sets[0], count=sets[1])
        search(model, **of_search)(draws.find)
        return draws

    return register
