"""Weights that look natural: small, of both signs, some of them zero, and no two rows or columns alike."""

from __future__ import annotations

from functools import cache

import numpy as np

from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.promises import FEW_TOKENS

LARGEST_WEIGHT = 2  # in absolute value: a student multiplies by 1 or 2 without writing anything down
# Where there are too many columns to list, their entries are drawn from these: 38 % are 0, in the middle of what
# `natural` accepts, 26 % each are 1 and −1, and 5 % each are 2 and −2.
WEIGHTS = np.repeat(np.array([0, 1, -1, 2, -2]), [38, 26, 26, 5, 5])
# Columns of one height are listed up to this many. For d_model = 8 there are 5⁸ = 390,625; if they were drawn, gpt
# would take twice as long.
COLUMNS_LISTED = 500_000
COLUMNS_KEPT = 20_000  # columns of one height that the stages of the search choose from
LARGEST_SCORE = 14  # in absolute value, which `distinct_rows` can compare: scores reach 9 (`promises.Limits.integer`)


def natural(w: Ints, low: int = 15, high: int = 60) -> Bools:
    """Matrices (…, rows, cols) → (…), which of them look natural.

    A natural matrix has from low to high per cent of zeros and entries of both signs. None of its rows or columns is
    all zeros, or if it has more than two entries one number again and again. No two of its rows are equal, and no two
    of its columns if it has more than two.
    """
    rows, cols = w.shape[-2:]
    entries = _matrix_axes_first(w)
    zeros = (entries == 0).sum((0, 1)) * 100
    ok: Bools = (zeros >= low * rows * cols) & (zeros <= high * rows * cols)
    ok &= (entries > 0).any((0, 1)) & (entries < 0).any((0, 1))
    ok &= (entries != 0).any(0).all(0) & (entries != 0).any(1).all(0)
    ok &= _all_rows_differ(entries.swapaxes(0, 1))
    if cols > 2:
        ok &= _all_rows_differ(entries) & (entries != entries[:, :1]).any(1).all(0)
    if rows > 2:
        ok &= (entries != entries[0]).any(0).all(0)
    return ok


def told_apart(matrices: Ints) -> Bools:
    """Matrices (…, n, width) with a row for each token → (…), in which of them tokens are easily told apart.

    Any two rows differ, and wide rows in two places or more. No wide row is one number again and again, nor a column
    of three tokens or more. A row is wide from three numbers on. This is asked of up to three tokens, since more can
    seldom do so; of four, `preferring_apart` prefers it.
    """
    few = matrices.shape[-2] <= 3
    return _are_told_apart(matrices) if few else np.ones(matrices.shape[:-2], dtype=bool)


def preferring_apart(ok: Bools, *matrices: Ints) -> Bools:
    """Those of what fits (count), in whose matrices (count, …, n, width) of FEW_TOKENS rows tokens are told apart as
    well. A matrix for which none are is passed over.
    """
    for each in matrices:
        if each.shape[-2] == FEW_TOKENS:
            wished = ok & _are_told_apart(each).all(axis=tuple(range(1, each.ndim - 2)))
            ok = wished if wished.any() else ok
    return ok


def _are_told_apart(matrices: Ints) -> Bools:
    """The same of any number of tokens."""
    entries = _matrix_axes_first(matrices)
    n, width = entries.shape[:2]
    ok: Bools = (entries != entries[:, :1]).any(1).all(0) if width > 2 else np.ones(entries.shape[2:], dtype=bool)
    for i in range(n):
        differs = entries[:i] != entries[i]  # (i, width, …)
        ok &= (differs.sum(1) >= min(2, max(1, width - 1))).all(0)
    if n > 2:
        ok &= (entries != entries[0]).any(0).all(0)
    return ok


def distinct(matrices: Ints) -> Bools:
    """Matrices (…, rows, cols) → (…), which of them have no two equal rows."""
    return _all_rows_differ(_matrix_axes_first(matrices))


def point_apart(matrices: Ints) -> Bools:
    """Matrices (…, rows, cols) → (…), in which of them no row is a multiple of another, nor all zeros. This is not
    asked of a single column.

    Two rows are multiples if and only if the square of their dot product is the product of their squares.
    """
    rows, cols = matrices.shape[-2:]
    if cols == 1:
        return np.ones(matrices.shape[:-2], dtype=bool)
    entries = _matrix_axes_first(matrices)
    squares = (entries**2).sum(1)  # (rows, …)
    ok: Bools = (squares > 0).all(0)
    for i in range(rows):
        for j in range(i):
            ok &= (entries[i] * entries[j]).sum(0) ** 2 != squares[i] * squares[j]
    return ok


def few_point_apart(matrices: Ints) -> Bools:
    """The same of up to FEW_TOKENS rows: of more, in blocks, hardly any fit with all else that is asked of them."""
    few = matrices.shape[-2] <= FEW_TOKENS
    return point_apart(matrices) if few else np.ones(matrices.shape[:-2], dtype=bool)


def columns_vary(matrices: Ints) -> Bools:
    """Matrices (…, rows, cols) → (…), in which of them no column is one number again and again. This is not asked of
    two rows.
    """
    if matrices.shape[-2] < 3:
        return np.ones(matrices.shape[:-2], dtype=bool)
    vary: Bools = (matrices != matrices[..., :1, :]).any(-2).all(-1)
    return vary


def _matrix_axes_first(matrices: Ints) -> Ints:
    """Matrices (…, rows, cols) → the same (rows, cols, …): numpy is fast where the last axis is the long one."""
    return np.ascontiguousarray(np.moveaxis(matrices, (-2, -1), (0, 1)))


def _all_rows_differ(matrices: Ints) -> Bools:
    """Matrices (rows, cols, …) → (…), which of them have no two equal rows."""
    ok = np.ones(matrices.shape[2:], dtype=bool)
    for i in range(len(matrices)):
        for j in range(i):
            ok &= (matrices[i] != matrices[j]).any(0)
    return ok


def distinct_rows(matrices: Ints) -> Ints:
    """Matrices (…, rows, cols) → (…), how many different rows each of them has."""
    ordered = np.sort(codes(matrices, LARGEST_SCORE), axis=-1)
    count: Ints = (ordered[..., 1:] != ordered[..., :-1]).sum(-1) + 1
    return count


@cache
def weight_columns(height: int) -> Ints:
    """The columns that a natural matrix may have, (count, height): at most one ±2, at most two thirds of zeros.

    If there are more than COLUMNS_KEPT, a random sample of that size. It depends on the height alone, not on the seed
    of an instance, so that it is drawn once.
    """
    if (2 * LARGEST_WEIGHT + 1) ** height <= COLUMNS_LISTED:
        columns = grid(height, LARGEST_WEIGHT)
    else:
        columns = Dice(f"columns {height}").choices(WEIGHTS, 4 * COLUMNS_KEPT, height)
    columns = columns[are_natural_columns(columns, twos=1)]
    kept: Ints = columns[Dice(f"some of {height}").sample(len(columns), COLUMNS_KEPT)]
    return kept


def whole_products(columns: Ints, x: Ints, over: int) -> tuple[Ints, Ints]:
    """Columns (count, d) and rows x (n, d), as numerators over `over` → those of the columns whose products with the
    rows are whole, and these products (count, n).
    """
    products = columns @ x.T
    if over == 1:
        return columns, products
    whole = (products % over == 0).all(1)
    return columns[whole], products[whole] // over


def are_natural_columns(columns: Ints, twos: int) -> Bools:
    """Columns (count, height) → (count), which of them have at most two thirds of zeros, and at most `twos` entries
    beyond ±1.
    """
    height = columns.shape[1]
    zeros = (columns == 0).sum(1)
    most_zeros = max(1, (2 * height + 2) // 3)
    ok: Bools = (zeros < height) & (zeros <= most_zeros) & ((abs(columns) > 1).sum(1) <= twos)
    return ok


@cache
def grid(width: int, reach: int) -> Ints:
    """Every row of whole numbers from −reach to reach, ((2·reach + 1)^width, width), in the order of `codes`."""
    base = 2 * reach + 1
    numbers = np.arange(base**width, dtype=np.int64)
    return np.stack([numbers // base**digit % base for digit in range(width)], 1) - reach


def codes(rows: Ints, reach: int) -> Ints:
    """Rows (…, width) → (…), each as one number in base 2·reach + 1: rows of entries up to ±reach are equal if and
    only if their codes are.
    """
    numbers: Ints = (rows + reach) @ (2 * reach + 1) ** np.arange(rows.shape[-1], dtype=np.int64)
    return numbers
