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
    DIGITS,
    EXACT,
    NEG_INF,
    TOLERANCE,
    IrrationalError,
    are_exact,
    digits,
    is_close,
    is_exact,
    rounds_to,
)
from byhand.witness.recorded import Recorded, Texts, computed_steps
from byhand.witness.rules import PICKS, RULES, Rows, Rule
from byhand.witness.wiring import Wire, wires

Agree = Callable[[Any, Any], bool]
MOST_KNOWN = 10_000  # steps that were judged, in some ten megabytes


def judge(run: Recorded) -> None:
    """Compute every step of a run again, and compare.

    Steps are computed from recorded numbers; but if the run rounds only where it prints, from the witness's own
    unrounded numbers. Letters get values, at three points.

    Raises: WitnessError for the first cell that differs.
    """
    wired, names, agree = wires(run), letters_of(run), _agreement(run)
    if agree is eq and all(_is_right(name, wired[name], run) for name in computed_steps(run)):
        return
    floats = run.numbers == "float"
    for point in POINTS if names else POINTS[:1]:
        letters = {name: point + Fraction(i, 4) for i, name in enumerate(names)}
        steps: dict[str, Rows] = {
            name: [[float64.read(x) if floats else value_of(x, letters) for x in row] for row in rows]
            for name, rows in run.texts.items()
        }
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
                raise WitnessError(f"{where}: the run has {texts[i][j]}, the witness {_shown(value)}")


def _shown(value: Any) -> str:
    """A number in a message."""
    text = str(value) if is_exact(value) and (value == NEG_INF or abs(value) < 10**DIGITS) else ""
    return text if 0 < len(text) <= DIGITS else digits().mp.nstr(digits().num(getattr(value, "value", value)), 12)
