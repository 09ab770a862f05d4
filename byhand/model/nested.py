"""Nested lists of numbers as they stand in a values file, and the same as matrices of exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from byhand.arithmetic.copies import varies
from byhand.arithmetic.expr import NEG_INF
from byhand.errors import ValuesError
from byhand.notation.number import parse
from byhand.tape import Rows, shape_text

MOST_ENTRIES = 100_000  # in one matrix: a worksheet has a hundred
_PLAIN = {int, str, float, Fraction}
DEEPEST = 3  # levels of lists: heads, rows, columns


def plain_lists(name: str, entry: Any) -> Any:
    """An array of numpy or PyTorch as nested lists; anything else as it is.

    A float becomes the shortest decimal that its precision cannot tell from it: float32's 0.1 is 1/10.

    Raises: ValuesError for an array that is too large, or not of numbers.
    """
    if not hasattr(entry, "__array__"):
        return entry
    import numpy as np

    try:
        array = np.asarray(entry.detach() if hasattr(entry, "detach") else entry)
    except (TypeError, ValueError) as error:
        raise ValuesError(f"{name}: {error}") from None
    if array.dtype.kind not in "iuf" or array.size > MOST_ENTRIES:
        raise ValuesError(f"{name} is {array.size:,} × {array.dtype}; give up to {MOST_ENTRIES:,} integers or floats")
    return (array.astype("U") if array.dtype.kind == "f" else array).tolist()


def sizes(name: str, entry: object) -> tuple[int, ...]:
    """The sizes of a nested list, from the outside in: (2, 3) for two lists of three numbers.

    Raises: ValuesError where lists beside each other differ in length, or are too deep or too long.
    """
    shape: tuple[int, ...] = ()
    level = [entry]
    while level and _is_list(level[0]):
        lengths = {len(item) if _is_list(item) else None for item in level}  # type: ignore[arg-type]
        if len(lengths) > 1:
            raise ValuesError(f"{name} is ragged: its rows have different lengths; every row needs as many entries")
        shape += (len(level[0]),)  # type: ignore[arg-type]
        if len(shape) > DEEPEST:
            raise ValuesError(f"{name} is a list in a list more than {DEEPEST} deep; give it as rows, [[…], […]]")
        if len(level) * shape[-1] > MOST_ENTRIES:
            raise ValuesError(f"{name} has more than {MOST_ENTRIES:,} entries; a worksheet has a hundred")
        level = [x for item in level for x in item]  # type: ignore[attr-defined]
    if any(_is_list(item) for item in level):
        raise ValuesError(f"{name} is ragged: it holds lists beside numbers; every row needs as many entries")
    return shape


def flat(name: str, entry: object, minus_infinity: bool = False) -> list[Any]:
    """The numbers of a nested list in order, exact. minus_infinity: whether −∞ may be among them.

    Raises: ValuesError where an entry is no number.
    """
    flat: list[Any] = [entry]
    for _ in sizes(name, entry):
        flat = [x for item in flat for x in item]
    try:
        flat = [x if varies(x) else parse(x) for x in flat]
    except ValuesError as error:
        raise ValuesError(f"{name}: {error}") from None
    if NEG_INF in flat and not minus_infinity:
        raise ValuesError(f"{name} holds −∞, which only scores and masks may")
    return flat


def rows(name: str, entry: object) -> Rows:
    """A nested list as the rows of a matrix, with exact numbers.

    Raises: ValuesError where it is not a list of rows, or an entry is no number.
    """
    shape = sizes(name, entry)
    if len(shape) != 2 or 0 in shape:
        raise ValuesError(f"{name} is {shape_text(shape) or 'a single number'}; give it as rows, [[…], […]]")
    return cut(flat(name, entry, minus_infinity="scores" in name or name.endswith("mask")), shape[1])


def cut(flat: list[Any], cols: int) -> Rows:
    """A flat list as rows of this length."""
    return tuple(tuple(flat[i : i + cols]) for i in range(0, len(flat), cols))


def _is_list(entry: object) -> bool:
    if type(entry) in _PLAIN:  # which is fast, and true of most
        return False
    return isinstance(entry, Sequence) and not isinstance(entry, str)
