"""Rows whose norm is rational, and the w and b that follow the norm.

A row is *friendly* if it is m + c·u, where the *unit* u is a row of small integers whose mean square is 1. Its norm
is the unit u: for LayerNorm, the mean of u is 0, so that m is the row's mean and c its deviation; for RMSNorm, m is 0
and c is the root mean square. So (5, 1, 5, 1) is friendly for LayerNorm: m = 3, c = 2, u = (1, −1, 1, −1).

In four dimensions, every unit of LayerNorm in whole numbers is a row of signs. A row is *wide* if its LayerNorm is
rational and has results of two sizes: (3, −1, 0, 0) has mean 1/2, deviation 3/2 and results (5, −3, −1, −1) ÷ 3. Each
norm of four dimensions reads at least one wide row whose results are thirds, unless there are many tokens
(`Task.has_wide`). So units and normalised rows are handed on as whole numbers, times `over_of`, which is 3 there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from msgspec import Struct

from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import columns_vary, distinct, few_point_apart, grid, told_apart
from byhand.numbers.registry import Task

# Twice the deviations c of friendly rows, by d_model: those whose squares, the variances, are easy: 1/4, 1, 9/4, 4
# and 9. For d_model = 8 only whole c: half of a whole number needs a unit with odd entries only, or even ones only,
# which are few.
DOUBLED_DEVIATIONS = {4: np.array([1, 2, 3, 4, 6]), 8: np.array([2, 4])}
LARGEST_IN_UNIT = 2  # in absolute value: the squares of a unit add up to d_model, which is 8 at most, and 3² is 9
WIDE = 105  # times this, the results of every wide row are whole
NORMS_TRIED = 48  # choices of w and b for the rows of one norm
LARGEST_NORMED = 3  # in absolute value, of the rows after w and b, which make the queries, keys and values
W_ENTRIES = np.array([1, 1, 1, 2, 2, -1])  # an entry of w is drawn from these: half of the entries are 1, a third 2
W_ENTRIES_ADDED_TO = np.array([1, 1, 2, 3, 3, -1])  # the same where thirds have to become whole numbers
B_ENTRIES = np.array([0, 0, 1, 1, -1, -1, 2])  # an entry of b is drawn from these, 0 and ±1 twice as often as 2


@cache
def units(d_model: int, kind: str) -> Ints:
    """All units of LayerNorm (LN) or RMSNorm (RMS): (count, d_model)."""
    rows = grid(d_model, LARGEST_IN_UNIT)
    fit = (rows**2).sum(1) == d_model
    kept: Ints = rows[fit & (rows.sum(1) == 0)] if kind == "LN" else rows[fit]
    return kept


def over_of(kind: str, d_model: int) -> int:
    """What units are multiplied by so that they are whole numbers."""
    return 3 if (kind, d_model) == ("LN", 4) else 1


def unit_of(rows: Ints, kind: str, over: int = 0) -> Ints:
    """Friendly rows (…, d_model), perhaps all multiplied by a number → their units (…, d_model), which are their
    norms, times `over`, which is `over_of` if it is 0.
    """
    d = rows.shape[-1]
    over = over or over_of(kind, d)
    centred = d * rows - (rows.sum(-1, keepdims=True) if kind == "LN" else 0)
    scale = np.rint(np.sqrt((centred**2).sum(-1, keepdims=True) / d)).astype(np.int64)  # exact: whole roots
    units: Ints = over * centred // scale
    return units


def is_friendly(rows: Ints, kind: str, or_wide: bool = False) -> Bools:
    """Rows (…, d_model) → (…), which of them are friendly, with a deviation of DOUBLED_DEVIATIONS.

    or_wide: or wide, with results that are thirds.
    """
    d = rows.shape[-1]
    totals = rows.sum(-1) if kind == "LN" else np.zeros(rows.shape[:-1], np.int64)
    squares = d * np.einsum("...d,...d", rows, rows) - totals**2  # (d · deviation)²
    ok: Bools = (squares[..., None] == (d * DOUBLED_DEVIATIONS[d] // 2) ** 2).any(-1)  # np.isin imports np.ma
    scale = np.rint(np.sqrt(squares[ok])).astype(np.int64)
    ok[ok] = ((3 if or_wide else 1) * (d * rows[ok] - totals[ok, None]) % scale[:, None] == 0).all(1)
    return ok


@cache
def friendly_rows(d_model: int, kind: str, reach: int) -> Ints:
    """All friendly rows with entries from −reach to reach: (count, d_model)."""
    doubled_means = np.arange(-2 * reach, 2 * reach + 1) if kind == "LN" else np.zeros(1, np.int64)
    doubled = DOUBLED_DEVIATIONS[d_model][:, None, None, None] * units(d_model, kind)[:, None]
    doubled = (doubled + doubled_means[:, None]).reshape(-1, d_model)  # of (deviations, units, means, d_model)
    rows: Ints = doubled[(doubled % 2 == 0).all(1) & (abs(doubled).max(1) <= 2 * reach)] // 2
    return rows


@cache
def wide_rows(reach: int) -> Ints:
    """All wide rows (count, 4) with entries from −reach to reach, 5 at most: their results are thirds, fifths or
    sevenths.
    """
    rows = grid(4, reach)
    centred = 4 * rows - rows.sum(1, keepdims=True)
    squares = np.einsum("ij,ij->i", centred, centred) // 4  # (4 · deviation)²
    ok = np.rint(np.sqrt(squares)) ** 2 == squares
    rows, sizes = rows[ok], abs(centred[ok])
    wide: Ints = rows[sizes.max(1) > sizes.min(1)]
    return wide


@cache
def rows_of_thirds(reach: int) -> Ints:
    """The wide rows whose results are thirds, with entries from −reach to reach: (count, 4)."""
    rows = wide_rows(reach)
    thirds: Ints = rows[(unit_of(rows, "LN", WIDE) % (WIDE // 3) == 0).all(1)]
    return thirds


@cache
def rows_of_two_sizes() -> Ints:
    """Rows (count, 4) with a root mean square of 3 and entries of two sizes or more, of which one at most is 0: those
    of (5, 3, 1, 1) and (4, 4, 2, 0) in every order and with every sign. Their RMSNorm is in thirds.
    """
    rows = grid(4, 5)
    fits = ((rows**2).sum(1) == 36) & (abs(rows).max(1) > abs(rows).min(1)) & ((rows != 0).sum(1) > 2)
    return np.asarray(rows[fits])


@cache
def sums_for(d_model: int, kind: str, reach: int, over: int, is_wide: bool) -> Ints:
    """The sums that a norm may read, with entries from −reach to reach, as numerators over `over`: (count, d_model).

    over: 3 where the stream has thirds, else 1. is_wide: whether the sum is to be a wide row: for LayerNorm in whole
    numbers, for RMSNorm in thirds with a root mean square of 2.
    """
    if is_wide and kind == "RMS":
        return 2 * rows_of_two_sizes()
    if is_wide:
        return over * rows_of_thirds(reach)
    whole = over * friendly_rows(d_model, kind, reach)
    if over == 1:
        return whole
    # of the others, those whose mean is a third, with an easy deviation: their variances are 1/9, 4/9, 1, 16/9 and 4
    means, deviations = np.arange(-over * reach, over * reach + 1), np.array([1, 2, 3, 4, 6])
    rows = means[:, None, None, None] + deviations[:, None, None] * units(d_model, kind)
    rows = rows.reshape(-1, d_model)
    thirds: Ints = rows[(abs(rows).max(1) <= over * reach) & (rows % over != 0).any(1)]
    return np.concatenate([whole, thirds])


@cache
def starting_rows(d_model: int, kind: str, reach: int, is_wide: bool = False) -> Ints:
    """Friendly rows that a residual stream may begin with, (count, d_model): more than half of the entries are not 0,
    and the mean is from −2 to 2. is_wide: the same of wide rows.
    """
    rows = rows_of_thirds(reach) if is_wide else friendly_rows(d_model, kind, reach)
    starts: Ints = rows[((rows != 0).sum(1) * 2 > d_model) & (abs(rows.sum(1)) <= 2 * d_model)]
    return starts


@cache
def starting_units(d_model: int, kind: str, reach: int, is_wide: bool = False) -> Ints:
    """The unit of each of the `starting_rows`: (count, d_model)."""
    return unit_of(starting_rows(d_model, kind, reach, is_wide), kind)


@cache
def starting_parities(d_model: int, kind: str, reach: int) -> Ints:
    """A number for each of the `starting_rows` that says in which columns its unit is odd: (count)."""
    parities: Ints = starting_units(d_model, kind, reach) % 2 @ 2 ** np.arange(d_model)
    return parities


@cache
def starting_rows_of(unit: tuple[int, ...], kind: str, reach: int) -> Ints:
    """Those of the `starting_rows` that have this unit: (count, d_model)."""
    d, is_wide = len(unit), over_of(kind, len(unit)) > 1 and len(set(map(abs, unit))) > 1
    same = (starting_units(d, kind, reach, is_wide) == unit).all(1)
    rows: Ints = starting_rows(d, kind, reach, is_wide)[same]
    return rows


def wide_token(dice: Dice, x: Ints, over: int) -> int | None:
    """The place of a row of the stream x (n, d_model), numerators over `over`, whose sum is to be wide: one in whole
    numbers, since only whole numbers are added.
    """
    whole = np.flatnonzero((x % over == 0).all(1))
    return int(whole[dice.one_below(len(whole))]) if len(whole) else None


def whole_differences(after: Ints, before: Ints, over: int) -> Ints:
    """Rows after a sum (count, d) and before it (count, d), numerators over `over` → the whole rows (differences, d)
    that lead from one to the other.
    """
    added = (after[:, None] - before).reshape(-1, after.shape[1])
    whole: Ints = added[(added % over == 0).all(1)] // over
    return whole


def few_zeros(matrices: Ints, kind: str, percent: int) -> Bools:
    """Matrices (…, n, d_model) → (…), which of them have at most this percentage of zeros.

    For RMSNorm of eight numbers always at most 40 %: most of its units have three zeros.
    """
    most = 40 if (matrices.shape[-1], kind) == (8, "RMS") else percent
    few: Bools = (matrices == 0).sum((-1, -2)) * 100 <= most * matrices.shape[-1] * matrices.shape[-2]
    return few


def has_both_signs(matrices: Ints, kind: str) -> Bools:
    """Matrices (…, n, d_model) → (…), which of them have entries of both signs, and few zeros."""
    few = few_zeros(matrices, kind, 35)
    return few & (matrices < 0).any((-1, -2)) & (matrices > 0).any((-1, -2))


def can_be_scaled(units: Ints, kind: str) -> Bools:
    """Matrices of units (…, n, d_model) → (…), for which of them a w and b may exist that make good rows of them.

    Their rows must differ, since equal units stay equal. Without b (RMSNorm) zeros stay, so they must be few.
    """
    return distinct(units) if kind == "LN" else distinct(units) & few_zeros(units, kind, 25)


def vary_as_normed(rows: Ints, kind: str) -> Bools:
    """Friendly rows (…, n, d_model) → (…), in which of them no column is one number again and again as a norm reads
    it, less the mean of each row, and as it is normalised.
    """
    centred = rows.shape[-1] * rows - (rows.sum(-1, keepdims=True) if kind == "LN" else 0)
    return columns_vary(centred) & columns_vary(unit_of(rows, kind, WIDE))


def have_two_sizes(units: Ints) -> Bools:
    """Matrices of units (…, n, d_model) → (…), in which of them a row has entries of two absolute values."""
    ok: Bools = (abs(units).max(-1) > abs(units).min(-1)).any(-1)
    return ok


class Norm(Struct, frozen=True):
    """The w and b of a norm, and its rows. RMSNorm has no b; a bare norm has none of the two."""

    w: Ints | None
    """An array (d_model)."""
    b: Ints | None
    """An array (d_model)."""
    rows: Ints
    """The rows w·u + b, (n, d_model), as numerators over `over`."""
    over: int

    def weights(self, at: str) -> dict[str, Any]:
        """w and b by name."""
        return {f"{at}.{name}": x.tolist() for name, x in (("w", self.w), ("b", self.b)) if x is not None}


def find_norm(dice: Dice, u: Ints, kind: str, over: int = 0, *, is_added_to: bool = False) -> Norm | None:
    """Units u (n, d_model) → a norm whose w and b are varied, and whose rows are small, differ and have few zeros.
    None where no draw fits.

    over: what the units, and so the rows, are multiplied by; `over_of` if it is 0. is_added_to: whether the rows are
    the stream, so that a norm reads their sums with something whole (`can_be_completed`).

    Method: rejection sampling, NORMS_TRIED at once; of those that fit, the one with the smallest rows.
    """
    n, d = u.shape
    over = over or over_of(kind, d)
    with_thirds = is_added_to and over > 1
    w = dice.choices(W_ENTRIES_ADDED_TO if with_thirds else W_ENTRIES, NORMS_TRIED, d)
    rows = u * w[:, None]  # (NORMS_TRIED, n, d_model)
    ok = ((w != 1).sum(1) >= 2) & (w.max(1) > w.min(1))
    b = None
    if kind == "LN":
        b = dice.choices(B_ENTRIES, NORMS_TRIED, d)
        rows = rows + over * b[:, None]
        ok &= ((b != 0).sum(1) >= 2) & (b.max(1) > b.min(1))
    ok &= (
        (abs(rows).max((1, 2)) <= over * LARGEST_NORMED)
        & distinct(rows)
        & told_apart(rows)
        & few_point_apart(rows)
        & few_zeros(rows, kind, 25)
    )
    if with_thirds:
        ok &= can_be_completed(rows).all(1)
    fitting = np.flatnonzero(ok)
    if not len(fitting):
        return None
    size = (rows[fitting] ** 2).sum((1, 2)) + dice.below(2 * n, len(fitting))
    best = fitting[np.argsort(size, kind="stable")[0]]
    return Norm(w[best], None if b is None else b[best], rows[best], over)


def can_be_completed(rows: Ints) -> Bools:
    """Rows in thirds (…, 4) → (…), to which of them whole numbers can be added that make a friendly row: either all
    of their entries have the same remainder, or two have one and two another.
    """
    remainders = np.sort(rows % 3, axis=-1)
    pairs: Bools = (remainders[..., 0] == remainders[..., 1]) & (remainders[..., 2] == remainders[..., 3])
    return pairs


def _has_a_norm(task: Task) -> str:
    none = task.config.normalization_type is None
    return "normalization_type=null leaves no norm to compute; use normalization_type='LN'" if none else ""


def _adds_no_eps(task: Task) -> str:
    c = task.config
    return f"a root with eps={c.eps} is not rational; use eps=0" if c.normalization_type and c.eps else ""


def _divides_by_n(task: Task) -> str:
    c = task.config
    if c.normalization_type and c.correction:
        return "numbers are chosen for a variance over n, not n − 1; use correction=0, or give values"
    return ""


NORM = (_adds_no_eps, _divides_by_n)  # what a rational norm requires
ONE_NORM = (_has_a_norm, *NORM)  # what the search for a lone norm requires
