"""Whether matrices have the same numbers, in each of many copies too."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from byhand.arithmetic.arrays import ARRAYS, Unfit, parts
from byhand.arithmetic.copies import Copies, Many

if TYPE_CHECKING:
    import numpy as np

Rows = Sequence[Sequence[Any]]


def same(rows: Rows, others: Rows) -> bool:
    """Whether matrices have the same numbers: in every copy, or in none.

    Raises: Differs.
    """
    if [len(row) for row in rows] != [len(row) for row in others]:
        return False
    many = next((x for x in chain(*rows, *others) if isinstance(x, Many)), None)
    if many is None:
        return all(one == other for one, other in zip(chain(*rows), chain(*others), strict=True))
    return not many.domain.texts(apart(many.domain, rows, others).tolist()).agreed()


def apart(domain: Copies, rows: Rows, others: Rows) -> np.ndarray:
    """In which copies matrices of one shape have different numbers."""
    import numpy as np

    found = np.zeros(domain.count, bool)
    for one, other in zip(chain(*rows), chain(*others), strict=True):
        found |= _unequal(domain, one, other)
    return found


def _unequal(domain: Copies, one: Any, other: Any) -> Any:
    """Whether two numbers are, one answer a copy or one for all."""
    if not (isinstance(one, Many) or isinstance(other, Many)):
        return one != other
    try:
        (over, under, _), (top, bottom, _) = (parts(ARRAYS.num(each)) for each in (one, other))
        return (over != top) | (under != bottom)
    except Unfit:
        return domain.met(operator.ne, one, other).figures(bool)
