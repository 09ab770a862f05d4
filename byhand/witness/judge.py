"""Judge a run: compute each of its steps again, by the witness's own rules and wiring, and compare.

Each step is computed from the recorded numbers that it reads, which classroom decimals have rounded. All steps
together are the whole forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from operator import eq
from typing import Any

from byhand.errors import WitnessError
from byhand.witness import float64
from byhand.witness.letters import POINTS, letters_of, value_of
from byhand.witness.numbers import (
    EXACT,
    TOLERANCE,
    IrrationalError,
    are_exact,
    digits,
    is_close,
    rounds_to,
    shown,
)
from byhand.witness.recorded import Recorded, Texts, computed_steps
from byhand.witness.rules import PICKS, RULES, Rows, Rule
from byhand.witness.wiring import Wire, wires

Agree = Callable[[Any, Any], bool]
MOST_KNOWN = 10_000  # steps that were judged, in some ten megabytes


def judge(run: Recorded, of_class: bool = False) -> None:
    """Compute every step of a run again, and compare; then compare gradients with what the loss says of them.

    Steps are computed from recorded numbers; but if the run rounds only where it prints, from the witness's own
    unrounded numbers. Letters get values, at three points.

    of_class: whether it is one of many copies, of whose gradients sums along random directions are compared.

    Raises: WitnessError for the first cell that differs.
    """
    wired, agree = wires(run), _agreement(run)
    if not (agree is eq and all(_is_right(name, wired[name], run) for name in computed_steps(run))):
        _compare_steps(run, wired, agree)
    if not run.loss:
        return
    from byhand.witness.duals import Duals  # which runs without gradients do without
    from byhand.witness.gradients import compare_gradients

    base = run.config.as_dict()["softmax_base"]
    if agree is eq:
        compare_gradients(run, wired, _numbers(run, {}), Duals(EXACT, base), along=of_class)
    else:
        for letters in _points(run):
            compare_gradients(run, wired, _unrounded(run, wired, letters), Duals(digits(), base), along=True)


def _points(run: Recorded) -> list[dict[str, Fraction]]:
    """The values that letters get; without letters there is one point, of none."""
    names = letters_of(run)
    return [
        {name: point + Fraction(i, 4) for i, name in enumerate(names)} for point in (POINTS if names else POINTS[:1])
    ]


def _numbers(run: Recorded, letters: Mapping[str, Fraction]) -> dict[str, Rows]:
    """The recorded numbers of all steps."""
    floats = run.numbers == "float"
    return {
        name: [[float64.read(x) if floats else value_of(x, letters) for x in row] for row in rows]
        for name, rows in run.texts.items()
    }


def _unrounded(run: Recorded, wired: Mapping[str, Wire], letters: Mapping[str, Fraction]) -> dict[str, Rows]:
    """The numbers of all steps, computed from the givens without rounding."""
    steps = _numbers(run, letters)
    for name in computed_steps(run):
        steps[name] = computed(name, wired[name], steps, floats=False)
    return steps


def _compare_steps(run: Recorded, wired: Mapping[str, Wire], agree: Agree) -> None:
    """Compute every step from what it reads, and compare.

    Raises: WitnessError for the first cell that differs.
    """
    floats = run.numbers == "float"
    for letters in _points(run):
        steps = _numbers(run, letters)
        for name in computed_steps(run):
            rows = computed(name, wired[name], steps, floats)
            _compare(name, run.texts[name], rows, steps[name], agree)
            if run.rounding == "once":
                steps[name] = rows


def _is_right(name: str, wire: Wire, run: Recorded) -> bool:
    """Whether a step of a run in exact numbers is right."""
    return _makes(_rule_of(wire), wire, tuple(map(run.texts.get, wire.inputs)), run.texts[name])


@lru_cache(MOST_KNOWN)
def _makes(rule: Rule | None, wire: Wire, inputs: tuple[Texts | None, ...], recorded: Texts) -> bool:
    """Whether a wire, whose rule this is, makes of its inputs what was found.

    Of the copies of a class, most have most of their steps alike, and each of these is computed once.
    """
    steps = {name: _exact(texts) for name, texts in zip(wire.inputs, inputs, strict=True) if texts is not None}
    try:
        return [*map(list, computed("", wire, steps, floats=False))] == _exact(recorded)
    except WitnessError:  # `judge` says it of a step by its name
        return False


def _exact(texts: Texts) -> Rows:
    return [[value_of(text, {}) for text in row] for row in texts]


def computed(name: str, wire: Wire, steps: Mapping[str, Rows], floats: bool) -> Rows:
    """A step, computed from the numbers that it reads: exactly if it is rational, else to sixty digits.

    floats: whether the run is in float64, so that numbers have bounds on their errors.

    Raises: WitnessError where it cannot be computed.
    """
    rule = _rule_of(wire)
    if rule is None:
        raise WitnessError(f"{name}: the witness has no rule for {wire.rule!r}")
    missing = next((source for source in wire.inputs if source not in steps), None)
    if missing is not None:
        raise WitnessError(f"{name} reads {missing}, which the run does not hold")
    inputs = [steps[source] for source in wire.inputs]
    try:
        if not floats and are_exact(inputs):
            try:
                return rule(EXACT, *inputs, **wire.params)
            except IrrationalError:
                pass
        n = float64.FLOAT64 if floats else digits()
        return rule(n, *([[n.num(x) for x in row] for row in rows] for rows in inputs), **wire.params)
    except (ArithmeticError, LookupError, ValueError) as error:
        raise WitnessError(f"{name}: the witness cannot compute it: {error}") from None


def _rule_of(wire: Wire) -> Rule | None:
    return RULES.get(wire.rule) or PICKS.get(wire.rule)


def _agreement(run: Recorded) -> Agree:
    """How a computed number and a recorded one are compared."""
    match run.numbers:
        case "exact":
            return eq
        case "decimal":
            return lambda value, recorded: rounds_to(value, recorded, run.places or 0)
        case "symbolic":
            return lambda value, recorded: is_close(value, recorded, TOLERANCE)
        case "float":
            return float64.is_rounded
        case other:
            raise WitnessError(f"the witness does not know the numbers {other!r}")


def _compare(name: str, texts: Sequence[Sequence[str]], rows: Rows, recorded: Rows, agree: Agree) -> None:
    if agree is eq and [*map(list, rows)] == recorded:
        return
    if [len(row) for row in rows] != [len(row) for row in texts]:
        raise WitnessError(f"{name} has {len(texts)} rows; the witness finds {len(rows)} or others as long")
    for i, (values, others) in enumerate(zip(rows, recorded, strict=True)):
        for j, (value, other) in enumerate(zip(values, others, strict=True)):
            if not agree(value, other):
                where = f"{name}, row {i + 1}, column {j + 1}"
                raise WitnessError(f"{where}: the run has {texts[i][j]}, the witness {shown(value)}")
