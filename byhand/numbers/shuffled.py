"""New numbers for the small models: the sheet's own, in other places and with other signs.

They are as large and as many as the sheet's, so that every seed is as hard; what keeps every promise is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from byhand.arithmetic.exact import RATIONALS
from byhand.model import Model
from byhand.model.weights import Values, numbers
from byhand.notation.number import parse
from byhand.numbers.dice import Dice
from byhand.numbers.evenness import whole_time
from byhand.numbers.limits import Limits
from byhand.numbers.quality import promised
from byhand.tape import Tape

ATTEMPTS = 1000  # of a few milliseconds each; one in ten is kept


def shuffled(model: Model, values: Values, start: str, limits: Limits) -> tuple[Values, dict[str, Any]] | None:
    """The values in another order, and their quality; None where no order keeps every promise."""
    dice = Dice(start)
    usual = whole_time(_evaluated(model, values))
    for _ in range(ATTEMPTS):
        inputs, weights = (
            {name: reordered(entry, dice) for name, entry in given.items()}
            for given in (values.inputs, values.weights)
        )
        new = replace(values, inputs=inputs, weights=weights)
        if not _is_plain(np.array(rows, dtype=object) for rows in numbers(new).values()):
            continue
        found = promised(_evaluated(model, new), limits, usual)
        if found is not None:
            return new, found
    return None


def _evaluated(model: Model, values: Values) -> Tape:
    """A run with every step evaluated, but what counts parameters: that is the same for every seed."""
    tape = model.run(values, RATIONALS, force=False)
    for name in tape.steps:
        if not name.startswith("count"):
            tape.values(name)
    return tape


def reordered(entry: Any, dice: Dice) -> Any:
    """A nested list of numbers in any order; where one is negative, with any signs."""
    own = np.array(entry, dtype=object)
    exact: list[Any] = [parse(own.ravel()[at]) for at in dice.permutation(own.size)]
    signs = (2 * dice.below(2, own.size) - 1).tolist() if min(exact) < 0 else [1] * own.size
    signed = [sign * x for sign, x in zip(signs, exact, strict=True)]
    written = [int(x) if x.denominator == 1 else str(x) for x in signed]
    return np.array(written, dtype=object).reshape(own.shape).tolist()


def _is_plain(matrices: Iterable[Any]) -> bool:
    """Whether no row and no column is all zeros, and no two rows or columns are equal."""
    sides = [side for m in matrices if min(m.shape) > 1 for side in (m.tolist(), m.T.tolist())]
    return all(any(row) for rows in sides for row in rows) and all(len(set(map(tuple, r))) == len(r) for r in sides)
