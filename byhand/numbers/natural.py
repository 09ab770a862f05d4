"""What makes a weight look like one, and tables of the columns that do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from byhand.numbers.dice import Bools, Dice, Ints

# 0 and ±1 mostly, ±2 now and then: each as often as it stands here
WEIGHTS = np.repeat(np.array([0, 1, -1, 2, -2]), [38, 26, 26, 5, 5])

CROWD = 4  # times as many beams are looked at as go on


def natural(w: Ints, low: int = 15, high: int = 60) -> Bools:
    """Which of many matrices (…, rows, cols) have zeros, from low to high per cent, mixed signs and no rows or
    columns that are zero or alike.
    """
    rows, cols = w.shape[-2:]
    entries = _in_front(w)
    zeros = (entries == 0).sum((0, 1)) * 100
    ok: Bools = (zeros >= low * rows * cols) & (zeros <= high * rows * cols)
    ok &= (entries > 0).any((0, 1)) & (entries < 0).any((0, 1))
    ok &= (entries != 0).any(0).all(0) & (entries != 0).any(1).all(0)
    ok &= _unlike(entries.swapaxes(0, 1))
    if cols > 2:
        ok &= _unlike(entries)
    return ok


def distinct(rows: Ints) -> Bools:
    """Which of many matrices (…, rows, cols) have no two equal rows."""
    return _unlike(_in_front(rows))


def _in_front(matrices: Ints) -> Ints:
    """(…, rows, cols) → (rows, cols, …): what is long comes last, where numpy is fast."""
    return np.ascontiguousarray(np.moveaxis(matrices, (-2, -1), (0, 1)))


def _unlike(rows: Ints) -> Bools:
    """Which of many matrices (rows, cols, …) have no two equal rows."""
    ok = np.ones(rows.shape[2:], dtype=bool)
    for i in range(len(rows)):
        for j in range(i):
            ok &= (rows[i] != rows[j]).any(0)
    return ok


def different(rows: Ints) -> Ints:
    """How many different rows there are in each of many matrices (…, rows, cols)."""
    ordered = np.sort(codes(rows, 14), axis=-1)
    count: Ints = (ordered[..., 1:] != ordered[..., :-1]).sum(-1) + 1
    return count


@cache
def columns(height: int, largest: int, twos: int, most: int = 20_000) -> Ints:
    """Columns of small integers (count, height), with at most `twos` entries beyond ±1; where there are more than
    `most`, a fixed choice of them.
    """
    side = 2 * largest + 1
    if side**height <= 500_000:
        found = grid(height, largest)
    else:
        found = Dice(f"columns {height}").of(WEIGHTS, 4 * most, height)
    found = found[like_weights(found, twos)]
    some: Ints = found[Dice(f"some of {height}").few(len(found), most)]
    return some


def like_weights(found: Ints, twos: int) -> Bools:
    """Which columns (count, height) are not mostly zero, with at most `twos` entries beyond ±1."""
    height = found.shape[1]
    zeros = (found == 0).sum(1)
    ok: Bools = (zeros < height) & (zeros <= max(1, (2 * height + 2) // 3)) & ((abs(found) > 1).sum(1) <= twos)
    return ok


@cache
def grid(width: int, reach: int) -> Ints:
    """Every row of `width` whole numbers from −reach to reach, in the order of `codes`."""
    side = 2 * reach + 1
    every = np.arange(side**width, dtype=np.int64)
    return np.stack([every // side**k % side for k in range(width)], 1) - reach


def codes(rows: Ints, reach: int) -> Ints:
    """One number for each last axis of entries from −reach to reach."""
    found: Ints = (rows + reach) @ (2 * reach + 1) ** np.arange(rows.shape[-1], dtype=np.int64)
    return found


class Join:
    """Where two lists have equal numbers."""

    def __init__(self, left: Ints, right: Ints) -> None:
        self._order = np.argsort(right, kind="stable")
        self._first = np.searchsorted(right[self._order], left, "left")
        self._ends = np.cumsum(np.searchsorted(right[self._order], left, "right") - self._first)
        self.count = int(self._ends[-1])

    def pairs(self, dice: Dice, most: int) -> tuple[Ints, Ints]:
        """Places in the two lists: all pairs, or so many of them."""
        picks = dice.below(self.count, most) if self.count > most else np.arange(self.count)
        at = np.searchsorted(self._ends, picks, "right")
        return at, self._order[self._first[at] + self._ends[at] - picks - 1]


Rule = Ints | Callable[[Ints], Bools]


def columns_for(
    dice: Dice, results: Ints, width: int, rules: Sequence[Rule], beams: int = 0, tries: int = 0, rows: int = 3000
) -> Ints:
    """Numbers (count, width) of columns whose results (columns, n), side by side, make a row for each token that its
    rule lets through: a table of such rows (some, width), or a test of many.

    Found token by token. What has been found so far goes on with all rows of a table, or some of them, in so many
    beams, of those looked at the ones whose columns most others have the results of; where there is a test, as often
    as it takes to be so many tries, each column exchanged for any that has had the same results so far.
    """
    most = int(abs(results).max(initial=0))
    side, values = 2 * most + 1, np.arange(-most, most + 1)
    order = np.lexsort(results.T[::-1])
    place = np.arange(len(order))
    first, size = np.zeros_like(place), np.full_like(place, len(place))  # of the columns with the same results so far
    found = np.zeros((1, width), np.int64)
    for rule, result in zip(rules, results[order].T, strict=True):
        new = (first == place) | np.append(True, result[1:] != result[:-1])
        starts = np.flatnonzero(new)
        if callable(rule):
            each = np.minimum(-(-tries // len(found)), 2 * size[found].prod(1, dtype=np.float64))
            found = np.repeat(found, each.astype(np.int64), axis=0)
            found = first[found] + dice.under(size[found])
            found = found[rule(result[found])]
        else:
            group = np.cumsum(first == place) - 1
            next_of = np.full((group[-1] + 1) * side, -1)
            next_of[group[starts] * side + result[starts] + most] = starts
            table = rule[dice.few(len(rule), rows)]
            table = table[abs(table).max(1) <= most]
            found = found[dice.few(len(found), beams)]
            at = group[found] * side + most
            fits = np.ones((len(found), len(table)), dtype=bool)
            for k in range(width):
                fits &= (next_of[at[:, k, None] + values] >= 0)[:, table[:, k] + most]
            which, row = np.nonzero(fits)
            some = dice.few(len(which), CROWD * beams)
            found = next_of[at[which[some]] + table[row[some]]]
        size = np.diff(np.append(starts, len(order)))
        first, size = np.repeat(starts, size), np.repeat(size, size)
        if not callable(rule):
            room = np.ones(len(found))
            for k in range(width):  # one by one, so that every machine rounds alike
                room *= size[found[:, k]]
            found = found[np.argsort(-room, kind="stable")[:beams]]
        found = different_ones(first[found])
        if not len(found):
            return found
    return different_ones(order[first[found] + dice.under(size[found])])


def different_ones(rows: Ints) -> Ints:
    """Of many rows of places in a list, one of each."""
    codes = rows @ 20_011 ** np.arange(rows.shape[1], dtype=np.int64)  # in 64 bits, whatever overflows
    kept: Ints = rows[np.sort(np.unique(codes, return_index=True)[1])]
    return kept
