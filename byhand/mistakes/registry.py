"""What a mistake is, and the runs that are made with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from byhand.errors import DomainError, UnknownNameError
from byhand.model.layers import steps_of
from byhand.ops.linear import copy
from byhand.tape import Op, Step, Tape

Rewrite = Callable[[Step, Tape], Iterable[Step]]


@dataclass(frozen=True)
class Mistake:
    """A classic mistake.

    told: what was done wrong, in a sentence for the student. mend: how to do it right, as a teacher would say it.
    rewrite: what someone who makes the mistake does in place of a step of the right run; [step] if it is the same.

    Tokens are rows or columns of a page. So told and mend write {row} and {column}, {rows} and {columns} or {Rows},
    for what is called so where they are rows. They are the English texts: the messages of another language have their
    own, as mistakes.NAME.told and mistakes.NAME.mend.
    """

    name: str
    told: str
    mend: str
    rewrite: Rewrite


MISTAKES: dict[str, Mistake] = {}


def mistake(*, told: str, mend: str) -> Callable[[Rewrite], Mistake]:
    """Register a rewrite as a mistake, under its own name: no_sqrt is "no-sqrt"."""

    def register(rewrite: Rewrite) -> Mistake:
        new = Mistake(rewrite.__name__.replace("_", "-"), told, mend, rewrite)
        MISTAKES[new.name] = new
        return new

    return register


# what rewrites are made of


def source(step: Step, tape: Tape) -> Step:
    """The step that a step reads first."""
    return tape.steps[step.inputs[0]]


def skipped(step: Step) -> Step:
    """What a step reads first, as it is, in place of what it should become."""
    return replace(step, op=copy, inputs=step.inputs[:1], params={})


def then(step: Step, part: str, op: Op, *others: str, **params: Any) -> list[Step]:
    """A step under the name of a part, and an operation on its result, and on others, under the name that it had."""
    first = replace(step, name=steps_of(step.name, part))
    return [first, replace(step, op=op, inputs=(first.name, *others), params=params)]


# runs with a mistake in them


def foil(tape: Tape, name: str) -> Tape:
    """The run with one mistake in it.

    Raises: UnknownNameError.
    """
    rewrite = _named(name).rewrite
    return tape.replay(rewrite=lambda step: rewrite(step, tape))


def changes(tape: Tape, name: str) -> dict[str, list[Step]]:
    """The steps that a mistake changes, and what takes the place of each.

    Raises: UnknownNameError.
    """
    rewrite = _named(name).rewrite
    rewritten = ((step, [*rewrite(step, tape)]) for step in tape.steps.values())
    return {step.name: new for step, new in rewritten if new != [step]}


def applying(tape: Tape) -> list[str]:
    """The mistakes that can be made in an evaluated run."""
    return [m.name for m in MISTAKES.values() if any([*m.rewrite(step, tape)] != [step] for step in tape.used())]


def mistaken(tape: Tape, name: str) -> tuple[Tape, list[Step]]:
    """A run with one mistake in it, from where it is made, and the steps in which it is.

    The right run must have been evaluated.

    Raises: UnknownNameError.
    """
    made = changes(tape, name)
    return resumed(tape, made, {}), [step for step in tape.used() if step.name in made]


def differing(tape: Tape, name: str) -> int:
    """How many cells the mistake changes in the steps where it is made; one that cannot be computed counts, and where
    every step comes out in another shape, all do.

    The right run must have been evaluated. What comes before the mistake is taken from it.

    Raises: UnknownNameError.
    """
    wrong, made = mistaken(tape, name)
    shown = [s for s in made if wrong.steps[s.name].shape == s.shape]
    if not shown:
        return sum(rows * cols for rows, cols in (s.shape for s in made))
    return sum(cells_apart(tape, wrong, s.name) for s in shown)


def resumed(tape: Tape, made: Mapping[str, list[Step]], numbers: Mapping[str, Any]) -> Tape:
    """A run with other steps in the place of some, and with other numbers, that begins where it differs: what comes
    before is given from the evaluated run.
    """
    changed = {*made, *numbers}
    for step in tape.steps.values():
        if changed.intersection(step.inputs):
            changed.add(step.name)
    known = {s.name: tape.values(s.name) for s in tape.used() if s.name not in changed}
    return tape.replay(numbers={**known, **numbers}, rewrite=lambda step: made.get(step.name, (step,)))


def cells_apart(right: Tape, wrong: Tape, name: str) -> int:
    """How many cells of a step differ between two runs; all, where the second leaves the number system."""
    expected = right.values(name)
    try:
        found = wrong.values(name)
    except DomainError:
        return sum(len(row) for row in expected)
    return sum(x != y for row, other in zip(expected, found, strict=True) for x, y in zip(row, other, strict=True))


def _named(name: str) -> Mistake:
    if name not in MISTAKES:
        raise UnknownNameError("foil", name, MISTAKES)
    return MISTAKES[name]
