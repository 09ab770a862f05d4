"""What makes a weight look like one, and tables of the columns that do."""

from __future__ import annotations

from functools import cache

import numpy as np

from byhand.choosing.dice import Bools, Dice, Ints

# 0 and ±1 mostly, ±2 now and then: each as often as it stands here
WEIGHTS = np.repeat(np.array([0, 1, -1, 2, -2]), [38, 26, 26, 5, 5])


def natural(w: Ints, low: int = 15, high: int = 60) -> Bools:
    """Which of many matrices (…, rows, cols) have zeros, from low to high per cent, mixed signs and no rows or
    columns that are zero or alike.
    """
    rows, cols = w.shape[-2:]
    zeros = (w == 0).sum((-1, -2)) * 100
    ok: Bools = (zeros >= low * rows * cols) & (zeros <= high * rows * cols)
    ok &= (w > 0).any((-1, -2)) & (w < 0).any((-1, -2))
    ok &= (w != 0).any(-1).all(-1) & (w != 0).any(-2).all(-1)
    ok &= distinct(w.swapaxes(-1, -2))
    if cols > 2:
        ok &= distinct(w)
    return ok


def distinct(rows: Ints) -> Bools:
    """Which of many matrices (…, rows, cols) have no two equal rows."""
    ordered = np.sort(codes(rows, 14), axis=-1)
    ok: Bools = (ordered[..., 1:] != ordered[..., :-1]).all(-1)
    return ok


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
    zeros = (found == 0).sum(1)
    ok = (zeros < height) & (zeros <= max(1, (2 * height + 2) // 3)) & ((abs(found) > 1).sum(1) <= twos)
    found = found[ok]
    some: Ints = found[Dice(f"some of {height}").few(len(found), most)]
    return some


@cache
def grid(width: int, reach: int) -> Ints:
    """Every row of `width` whole numbers from −reach to reach, in the order of `codes`."""
    side = 2 * reach + 1
    every = np.arange(side**width, dtype=np.int64)
    return np.stack([every // side**k % side for k in range(width)], 1) - reach


def codes(rows: Ints, reach: int) -> Ints:
    """One number for each last axis of entries from −reach to reach."""
    base = (2 * reach + 1) ** np.arange(rows.shape[-1], dtype=np.int64)
    found: Ints = ((rows + reach) * base).sum(-1)
    return found


def columns_for(dice: Dice, results: Ints, x: Ints, table: Ints, beams: int, rows: int = 3000) -> Ints:
    """Numbers (count, d) of columns whose results (columns, n), added to the rows x (n, d), make rows of the table.

    Found token by token, in so many beams. Of the results so far, each of the d columns has a prefix; a row of the
    table is kept for the next token where some column goes on as it needs in every dimension.
    """
    most = int(abs(results).max(initial=0))
    side = 2 * most + 1
    shuffled = dice.order(len(results))  # so that of equals any may be first
    prefixes, first = np.zeros(len(results), np.int64), np.zeros(1, np.int64)
    states = np.zeros((1, x.shape[1]), np.int64)
    for own, result in zip(x, results[shuffled].T, strict=True):
        keys, first, following = np.unique(prefixes * side + result + most, return_index=True, return_inverse=True)
        next_of = np.full((prefixes.max(initial=0) + 1) * side, -1)
        next_of[keys] = np.arange(len(keys))
        added = table[dice.few(len(table), rows)] - own
        added = added[abs(added).max(1) <= most]
        after = next_of[states[:, None] * side + added + most]  # (states, rows, d)
        state, row = np.nonzero((after >= 0).all(2))
        some = dice.few(len(state), beams)
        states, prefixes = after[state[some], row[some]], following
    found: Ints = shuffled[first[states]]
    return found
