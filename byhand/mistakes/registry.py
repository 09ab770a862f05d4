"""What a mistake is, and runs with a mistake in them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.errors import DomainError, UnknownNameError
from byhand.loading import load_lessons
from byhand.model.names import steps_of
from byhand.ops.linear import copy
from byhand.runs import Run
from byhand.tape import Op, Step, Tape

Rewrite = Callable[[Step, Tape], Iterable[Step]]


class Mistake(Struct, frozen=True):
    """A classic mistake.

    A page has tokens as rows or as columns. So told and mend have {row}, {column}, {rows}, {columns}, {Rows} or
    {Columns} in place of these words; they are exchanged where tokens are columns. Both texts are English. The
    messages of another language have theirs, as mistakes.NAME.told and mistakes.NAME.mend.
    """

    name: str
    told: str
    """What was done wrong, in a sentence for the student."""
    mend: str
    """How to do it right, as a teacher would say it."""
    rewrite: Rewrite
    """The steps that a person who makes the mistake computes in place of a step of the right run; [step] where the
    mistake is not made."""
    after: str = ""
    """For a lesson's own mistake, the mistake that stands before it in the course."""


MISTAKES: dict[str, Mistake] = {}


def mistake(*, told: str, mend: str, after: str = "") -> Callable[[Rewrite], Mistake]:
    """Register a rewrite as a mistake, under its own name: no_sqrt is "no-sqrt".

    after: of a lesson's own mistake, the general one after which it is listed.
    """

    def register(rewrite: Rewrite) -> Mistake:
        new = Mistake(rewrite.__name__.replace("_", "-"), told, mend, rewrite, after)
        MISTAKES[new.name] = new
        if after:
            places = {name: n for n, name in enumerate(MISTAKES)}
            in_order = sorted(MISTAKES, key=lambda name: (places[MISTAKES[name].after or name], places[name]))
            listed = {name: MISTAKES[name] for name in in_order}
            MISTAKES.clear()
            MISTAKES.update(listed)
        return new

    return register


# what rewrites are made of


def source(step: Step, tape: Tape) -> Step:
    """The first input of a step."""
    return tape.steps[step.inputs[0]]


def skipped(step: Step) -> Step:
    """The step left out: under its name, a copy of its first input."""
    return replace(step, op=copy, inputs=step.inputs[:1], params={})


def then(step: Step, part: str, op: Op, *others: str, **params: Any) -> list[Step]:
    """Two steps in place of one: the step itself, under the name of a finer step (`part`); and under its own name an
    operation on that result and on other steps.
    """
    first = replace(step, name=steps_of(step.name, part))
    return [first, replace(step, op=op, inputs=(first.name, *others), params=params)]


# runs with a mistake in them


def foil(tape: Tape, name: str) -> Tape:
    """The run with one mistake in it.

    Raises: UnknownNameError.
    """
    rewrite = mistake_named(name).rewrite
    return tape.replay(rewrite=lambda step: rewrite(step, tape))


def changes(tape: Tape, name: str) -> dict[str, list[Step]]:
    """The steps that a mistake changes, by name, each with the steps that take its place.

    Raises: UnknownNameError.
    """
    rewrite = mistake_named(name).rewrite
    rewritten = ((step, [*rewrite(step, tape)]) for step in tape.steps.values())
    return {step.name: new for step, new in rewritten if new != [step]}


def changes_of(run: Run) -> Mapping[str, Mapping[str, list[Step]]]:
    """The steps that each classic mistake changes in a run, with those that take their place."""
    tape = run.tape()
    made = {name: changes(tape, name) for name in MISTAKES}
    return {name: steps for name, steps in made.items() if steps}


def away(run: Run, made: Mapping[str, list[Step]], written: Container[str]) -> frozenset[str]:
    """The steps that a student who makes a mistake computes otherwise without writing them down: those that the
    mistake adds, those that it rewrites, and those that read one of these.

    made: for each step that the mistake rewrites, the steps that take its place. written: the steps that the sheet
    has blanks for.
    """
    changed = {step.name for steps in made.values() for step in steps} - run.steps.keys()
    for name, step in run.steps.items():
        if name not in written and (name in made or changed.intersection(step.inputs)):
            changed.add(name)
    return frozenset(changed)


def applying(tape: Tape) -> list[str]:
    """The mistakes that can be made in an evaluated run."""
    return [m.name for m in MISTAKES.values() if any([*m.rewrite(step, tape)] != [step] for step in tape.used())]


def mistaken(tape: Tape, name: str) -> tuple[Tape, list[Step]]:
    """The run with one mistake in it, and the steps of the right run in which it is made.

    The right run must have been evaluated; what comes before the mistake is taken from it.

    Raises: UnknownNameError.
    """
    changed = changes(tape, name)
    return resumed(tape, changed, {}), [step for step in tape.used() if step.name in changed]


def cells_changed(tape: Tape, name: str) -> int:
    """How many cells the mistake changes in the steps where it is made.

    Cells that cannot be computed after the mistake count. If all these steps have another shape, all cells count. The
    right run must have been evaluated; what comes before the mistake is taken from it.

    Raises: UnknownNameError.
    """
    wrong, steps = mistaken(tape, name)
    same_shape = [s for s in steps if wrong.steps[s.name].shape == s.shape]
    if not same_shape:
        return sum(rows * cols for rows, cols in (s.shape for s in steps))
    return sum(cells_apart(tape, wrong, s.name) for s in same_shape)


def resumed(tape: Tape, rewritten: Mapping[str, list[Step]], numbers: Mapping[str, Any]) -> Tape:
    """The run with some steps rewritten, and other numbers for some; steps before the first change are not computed
    again, but given as the evaluated run has them.

    rewritten: by the name of a step, the steps that take its place.
    """
    changed = {*rewritten, *numbers}
    for step in tape.steps.values():
        if changed.intersection(step.inputs):
            changed.add(step.name)
    known = {s.name: tape.values(s.name) for s in tape.used() if s.name not in changed}
    return tape.replay(numbers={**known, **numbers}, rewrite=lambda step: rewritten.get(step.name, (step,)))


def cells_apart(right: Tape, wrong: Tape, name: str) -> int:
    """How many cells of a step differ between two runs; all of them, if the second run cannot compute the step."""
    expected = right.values(name)
    try:
        computed = wrong.values(name)
    except DomainError:
        return sum(len(row) for row in expected)
    return sum(x != y for row, other in zip(expected, computed, strict=True) for x, y in zip(row, other, strict=True))


def mistake_named(name: str) -> Mistake:
    """The mistake of a name, also of a lesson that has not been asked for.

    Raises: UnknownNameError.
    """
    if name not in MISTAKES:
        load_lessons()
    if name not in MISTAKES:
        raise UnknownNameError("foil", name, MISTAKES)
    return MISTAKES[name]
