"""Weights rounded to a few decimal places, and what that changes in a run."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.domain import first_largest, half_away
from byhand.arithmetic.floats import FLOATS
from byhand.model.registry import Model
from byhand.model.weights import Values, numbers
from byhand.notation.number import parse, plain
from byhand.tape import Tape


class Effect(Struct, frozen=True):
    """What rounding changes."""

    places: int
    weight: str
    """The parameter with the largest change of an entry."""
    weight_change: float
    """The largest change of an entry of that parameter."""
    result: str
    """The step that is compared."""
    result_change: float
    """The largest change of an entry of that step."""
    answers: tuple[int, ...]
    """The rows, from 0, whose largest entry is in another column."""

    def __str__(self) -> str:
        weights = f"weights rounded to {self.places} places change by up to {self.weight_change:.3g}"
        changed = f"{weights} ({self.weight}), {self.result} by up to {self.result_change:.3g}"
        if self.result != "logits":
            return changed
        others = ", ".join(str(row + 1) for row in self.answers)
        return f"{changed}; " + (f"another answer in row {others}" if others else "no answer changes")


def rounded(values: Values, places: int) -> Values:
    """The values with weights rounded to a few places, ties away from zero; letters stay."""

    def round_entry(entry: Any) -> Any:
        number = parse(entry)
        if not isinstance(number, Fraction):
            return entry
        return plain(Fraction(half_away(number * 10**places), 10**places))

    return replace(values, weights={name: _map(round_entry, entry) for name, entry in values.weights.items()})


def effect(model: Model, values: Values, places: int) -> Effect:
    """What rounding the weights changes. Both runs are in float64.

    Raises: as Model.run does.
    """
    before, after = numbers(values), numbers(rounded(values, places))
    moved = [
        (abs(x - y), name)
        for name in sorted(before.keys() - values.inputs.keys())
        for row, other in zip(before[name], after[name], strict=True)
        for x, y in zip(row, other, strict=True)
        if isinstance(x, Fraction)
    ]
    most, weight = max(moved, key=lambda pair: pair[0], default=(Fraction(0), "none"))
    exact, near = model.run(values, FLOATS), model.run(rounded(values, places), FLOATS)
    result = _result(exact)
    rows, others = exact.values(result), near.values(result)
    changes = [
        abs(x - y) for row, other in zip(rows, others, strict=True) for x, y in zip(row, other, strict=True) if x != y
    ]
    largest = zip(map(first_largest, rows), map(first_largest, others), strict=True)
    answers = [i for i, (one, other) in enumerate(largest) if one != other]
    return Effect(places, weight, float(most), result, max(changes, default=0.0), tuple(answers))


def _map(change: Callable[[Any], Any], entry: Any) -> Any:
    """A nested list with a function applied to each number."""
    return [_map(change, x) for x in entry] if isinstance(entry, list | tuple) else change(entry)


def _result(tape: Tape) -> str:
    """The step that is compared: the logits if they are computed, else the last step."""
    computed = [step.name for step in tape.used() if step.op is not None]
    return "logits" if "logits" in computed else computed[-1]
