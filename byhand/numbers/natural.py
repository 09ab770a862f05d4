"""Weights that look natural: small, of both signs, some of them zero, and no two rows or columns alike."""

from __future__ import annotations

from functools import cache

import numpy as np

from byhand.numbers.dice import Bools, Dice, Ints

LARGEST_WEIGHT = 2  # in absolute value: a student multiplies by such a number without writing anything down
# What an entry is drawn from where there are too many columns to list: each number as many times as it stands here.
WEIGHTS = np.repeat(np.array([0, 1, -1, 2, -2]), [38, 26, 26, 5, 5])
COLUMNS_LISTED = 500_000  # of all columns of a height at most: 5⁸ = 390,625 for d_model = 8
COLUMNS_KEPT = 20_000  # of these: the stages of the search look at all that are kept
LARGEST_SCORE = 14  # that `distinct_rows` can count, in absolute value


def natural(w: Ints, low: int = 15, high: int = 60) -> Bools:
    """Which matrices (…, rows, cols) → (…) look natural.

    Their zeros are between low and high per cent; their entries have both signs; no row or column is all zeros; no
    two rows are equal, and no two columns of three or more.
    """
    rows, cols = w.shape[-2:]
    entries = _matrix_axes_first(w)
    zeros = (entries == 0).sum((0, 1)) * 100
    ok: Bools = (zeros >= low * rows * cols) & (zeros <= high * rows * cols)
    ok &= (entries > 0).any((0, 1)) & (entries < 0).any((0, 1))
    ok &= (entries != 0).any(0).all(0) & (entries != 0).any(1).all(0)
    ok &= _all_rows_differ(entries.swapaxes(0, 1))
    if cols > 2:
        ok &= _all_rows_differ(entries)
    return ok


def distinct(matrices: Ints) -> Bools:
    """Which matrices (…, rows, cols) → (…) have no two equal rows."""
    return _all_rows_differ(_matrix_axes_first(matrices))


def _matrix_axes_first(matrices: Ints) -> Ints:
    """(…, rows, cols) → (rows, cols, …): numpy is fast where the last axis is the long one."""
    return np.ascontiguousarray(np.moveaxis(matrices, (-2, -1), (0, 1)))


def _all_rows_differ(matrices: Ints) -> Bools:
    """Which matrices (rows, cols, …) → (…) have no two equal rows."""
    ok = np.ones(matrices.shape[2:], dtype=bool)
    for i in range(len(matrices)):
        for j in range(i):
            ok &= (matrices[i] != matrices[j]).any(0)
    return ok


def distinct_rows(matrices: Ints) -> Ints:
    """How many different rows each matrix has: (…, rows, cols) → (…)."""
    ordered = np.sort(codes(matrices, LARGEST_SCORE), axis=-1)
    count: Ints = (ordered[..., 1:] != ordered[..., :-1]).sum(-1) + 1
    return count


@cache
def weight_columns(height: int) -> Ints:
    """Columns that a natural matrix may have (count, height), with at most one entry ±2: all, or COLUMNS_KEPT of
    them.

    Which are kept depends on the height alone, so the table is made once.
    """
    if (2 * LARGEST_WEIGHT + 1) ** height <= COLUMNS_LISTED:
        columns = grid(height, LARGEST_WEIGHT)
    else:
        columns = Dice(f"columns {height}").choices(WEIGHTS, 4 * COLUMNS_KEPT, height)
    columns = columns[are_natural_columns(columns, twos=1)]
    kept: Ints = columns[Dice(f"some of {height}").sample(len(columns), COLUMNS_KEPT)]
    return kept


def are_natural_columns(columns: Ints, twos: int) -> Bools:
    """Which columns (count, height) → (count) are at most two thirds zeros, with at most `twos` entries beyond ±1."""
    height = columns.shape[1]
    zeros = (columns == 0).sum(1)
    most = max(1, (2 * height + 2) // 3)
    ok: Bools = (zeros < height) & (zeros <= most) & ((abs(columns) > 1).sum(1) <= twos)
    return ok


@cache
def grid(width: int, reach: int) -> Ints:
    """Every row of whole numbers from −reach to reach, ((2·reach + 1)^width, width), in the order of `codes`."""
    side = 2 * reach + 1
    every = np.arange(side**width, dtype=np.int64)
    return np.stack([every // side**k % side for k in range(width)], 1) - reach


def codes(rows: Ints, reach: int) -> Ints:
    """Rows as numbers of base 2·reach + 1, (…, width) → (…): equal codes mean equal rows of entries up to ±reach."""
    found: Ints = (rows + reach) @ (2 * reach + 1) ** np.arange(rows.shape[-1], dtype=np.int64)
    return found
