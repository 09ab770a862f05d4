"""List the tables of 4 × 4 numbers that three norms can read: by row, by column, and all numbers together.

    python tools/tables.py 18 5

In each, every row, every column and the whole table has a whole mean and a whole deviation, at most one row and one
column becomes only ±1 behind a norm, and deviations differ. They are listed once for all that have the same numbers
up to the order of rows and columns, sign, a number added to all, and rows read as columns. The arguments are how far
apart two numbers may be, and the largest deviation of the whole table.

Columns are put together one by one, the first with its numbers in order; a bit set says which last number completes a
row. It takes about a minute.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

Array = np.ndarray
Table = tuple[tuple[int, ...], ...]
LARGEST = 7  # deviation of a row or a column
ORDERS = np.array(list(permutations(range(4))))


def deviations(rows: Array) -> Array:
    """The whole deviation of each row of four numbers, 0 where it has none or its mean is not whole."""
    total, squares = rows.sum(-1), 4 * (rows**2).sum(-1) - rows.sum(-1) ** 2
    root = np.rint(np.sqrt(squares) / 4).astype(int)
    return np.where((16 * root**2 == squares) & (total % 4 == 0) & (root <= LARGEST), root, 0)


def are_signs(rows: Array) -> Array:
    """Whether the numbers of a row are all as far from their mean."""
    apart = abs(4 * rows - rows.sum(-1, keepdims=True))
    return apart.max(-1) == apart.min(-1)


def canonical(table: Array) -> Table:
    """The first, in order, of all tables that have the same numbers up to what may change."""
    ways = (turned - turned.min() for turned in (table, table.T, -table, -table.T))
    return min(tuple(sorted(map(tuple, way[:, order].tolist()))) for way in ways for order in ORDERS)


def tables(span: int, largest: int) -> Iterator[Array]:
    """Tables whose numbers are at most `span` apart, some of them several times."""
    near = np.arange(-span, span + 1)
    rows = np.array(list(product(near, repeat=3)))
    completed = {x: deviations(np.column_stack([rows, np.full(len(rows), x)])) > 0 for x in near}
    bits = sum(fits.astype(np.int64) << (x + span) for x, fits in completed.items()).reshape([len(near)] * 3)
    sides = np.concatenate([np.column_stack([rows, np.full(len(rows), x)])[fits] for x, fits in completed.items()])
    sides = sides[np.ptp(sides, 1) <= span]
    signs = dict(zip(map(tuple, sides.tolist()), are_signs(sides).tolist(), strict=True))
    for first in sides[(np.diff(sides, axis=1) >= 0).all(1) & (sides.sum(1) == 0)]:
        others = sides[(np.maximum(sides.max(1), first[3]) - np.minimum(sides.min(1), first[0])) <= span]
        for n, second in enumerate(others):
            places = others[n + 1 :] + span
            masks = bits[first + span, second + span, places]
            for m in np.flatnonzero(masks.all(1)):
                ends = [[x for x in near.tolist() if mask >> (x + span) & 1] for mask in masks[m].tolist()]
                for last in product(*ends):
                    columns = [tuple(side.tolist()) for side in (first, second, others[n + 1 + m])]
                    if last > columns[2] and sum(signs.get(side, 2) for side in (*columns, last)) < 2:
                        yield np.array([*columns, last]).T


def main(span: int, largest: int) -> None:
    """Print each table once."""
    seen = set[Table]()
    for table in tables(span, largest):
        squares = 16 * int((table**2).sum()) - int(table.sum()) ** 2
        whole = {16 * 16 * root**2 for root in range(1, largest + 1)}
        if squares in whole and table.sum() % 16 == 0 and are_signs(table).sum() < 2 and np.ptp(table) <= span:
            differ = sorted(len({*deviations(sides)}) for sides in (table, table.T))
            if differ[0] > 1 and differ[1] > 2 and canonical(table) not in seen:
                seen.add(canonical(table))
                print([*map(list, canonical(table))], flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
