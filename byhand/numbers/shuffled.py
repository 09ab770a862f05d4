"""Numbers for a model without a search: those of its sheet in another order, but for what a picture is drawn from,
which a lesson draws by itself (`@drawn`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import DomainError
from byhand.model import Model
from byhand.model.weights import Values, numbers
from byhand.notation.number import parse
from byhand.numbers.dice import Dice
from byhand.numbers.promises import (
    Case,
    Limits,
    promised,
    whole_time,
    work_of,
)
from byhand.numbers.registry import Entries
from byhand.tape import Tape


def shuffled(
    model: Model, values: Values, dice: Dice, limits: Limits, promises: Sequence[str] = ()
) -> tuple[Values, Case]:
    """The values with their numbers in another order and with other signs, and their run with its figures.

    promises: the names of the sheet's own promises.

    Method: rejection sampling. About one order in ten fits.

    Raises: SpentError.
    """
    tape = _evaluated(model, values)
    own_time, work = whole_time(tape), work_of(tape)
    while True:
        dice.pay(work)
        own_draw = DRAWN[model.name](dice) if model.name in DRAWN else {}
        inputs, weights = (
            {name: _as_drawn(own_draw.get(name), entry) or reordered(entry, dice) for name, entry in entries.items()}
            for entries in (values.inputs, values.weights)
        )
        new = replace(values, inputs=inputs, weights=weights)
        if not _rows_differ(np.array(rows, dtype=object) for rows in numbers(new).values()):
            continue
        try:
            case = promised(_evaluated(model, new), limits, own_time, of_sheet=promises)
        except DomainError:  # some step has no value in this order, as where a sum that is divided by is 0
            continue
        if case is not None:
            return new, case


def _as_drawn(draw: Any, entry: Any) -> Any:
    """What a lesson draws in place of an entry, if that has its shape, which another configuration may not have."""
    return draw if np.shape(draw) == np.shape(entry) else None


def _evaluated(model: Model, values: Values) -> Tape:
    """A run with all its steps evaluated, except the counts of parameters, which are the same for every seed."""
    tape = model.run(rational(values), RATIONALS, force=False)
    for name in tape.steps:
        if not name.startswith("count"):
            tape.values(name)
    return tape


def rational(values: Values) -> Values:
    """The values for a run in exact numbers: powers of 2 stand in place of powers of e, which are irrational."""
    config = values.config
    return replace(values, config=replace(config, softmax_base=2)) if config.softmax_base == "e" else values


def reordered(entry: Any, dice: Dice) -> Any:
    """A nested list of numbers in random order; with random signs, if one of the numbers is negative."""
    array = np.array(entry, dtype=object)
    exact: list[Any] = [parse(array.ravel()[place]) for place in dice.permutation(array.size)]
    signs = (2 * dice.below(2, array.size) - 1).tolist() if min(exact) < 0 else [1] * array.size
    entries = [as_entry(sign * x) for sign, x in zip(signs, exact, strict=True)]
    return np.array(entries, dtype=object).reshape(array.shape).tolist()


def as_entry(number: Fraction) -> int | str:
    """A number as it stands in a values file: 3, or "-1/2"."""
    return int(number) if number.denominator == 1 else str(number)


def _rows_differ(matrices: Iterable[Any]) -> bool:
    """Whether no row or column of a matrix is all zeros, and no two of its rows or columns are equal.

    Matrices of one row or one column are not looked at.
    """
    sides = [side for m in matrices if min(m.shape) > 1 for side in (m.tolist(), m.T.tolist())]
    return all(any(row) for rows in sides for row in rows) and all(len(set(map(tuple, r))) == len(r) for r in sides)


DRAWN: dict[str, Callable[[Dice], Entries]] = {}  # by model, what is drawn in place of being put in another order


def drawn(model: str) -> Callable[[Callable[[Dice], Entries]], Callable[[Dice], Entries]]:
    """Register a function that draws some of the inputs of a model without a search."""

    def register(draw: Callable[[Dice], Entries]) -> Callable[[Dice], Entries]:
        DRAWN[model] = draw
        return draw

    return register
