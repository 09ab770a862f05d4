"""Rows that a norm leaves rational, and the w and b that come after it.

A row is *friendly* when it is m + c·u, where the *unit* u is a row of small integers whose mean square is 1. The norm
makes u of it: LayerNorm where the mean of u is 0, RMSNorm where m is 0. Its deviation is then c, a rational number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct, grid
from byhand.numbers.registry import Task

# Twice the deviations c of friendly rows, by d_model: those whose squares are easy, 1/4, 1, 9/4, 4 and 9. A row of
# whole numbers has a half for its deviation only where its unit is all odd (or all even), which of eight numbers is
# rare.
DOUBLED_DEVIATIONS = {4: np.array([1, 2, 3, 4, 6]), 8: np.array([2, 4])}
LARGEST_IN_UNIT = 2  # in absolute value: the squares of a unit add up to d_model, at most 8
NORMS_TRIED = 48  # choices of w and b for the rows of one norm
LARGEST_NORMED = 3  # of what the norm hands on, in absolute value
W_ENTRIES = np.array([1, 1, 1, 2, 2, -1])  # what an entry of w is drawn from: each as often as it stands here
B_ENTRIES = np.array([0, 0, 1, 1, -1, -1, 2])


@cache
def units(d_model: int, kind: str) -> Ints:
    """The integer rows that LayerNorm (LN) or RMSNorm (RMS) gives: (count, d_model)."""
    rows = grid(d_model, LARGEST_IN_UNIT)
    fit = (rows**2).sum(1) == d_model
    found: Ints = rows[fit & (rows.sum(1) == 0)] if kind == "LN" else rows[fit]
    return found


def unit_of(rows: Ints, kind: str) -> Ints:
    """What the norm makes of friendly rows: their units, (…, d_model) → (…, d_model)."""
    d = rows.shape[-1]
    centred = d * rows - (rows.sum(-1, keepdims=True) if kind == "LN" else 0)
    scale = np.rint(np.sqrt((centred**2).sum(-1, keepdims=True) / d)).astype(np.int64)  # exact: whole roots
    found: Ints = centred // scale
    return found


def is_friendly(rows: Ints, kind: str) -> Bools:
    """Which rows are friendly, with a deviation whose square is easy: (…, d_model) → (…)."""
    d = rows.shape[-1]
    totals = rows.sum(-1) if kind == "LN" else np.zeros(rows.shape[:-1], np.int64)
    squares = d * np.einsum("...d,...d", rows, rows) - totals**2  # (d · deviation)²
    ok: Bools = np.isin(squares, (d * DOUBLED_DEVIATIONS[d] // 2) ** 2)
    scale = np.rint(np.sqrt(squares[ok])).astype(np.int64)
    ok[ok] = ((d * rows[ok] - totals[ok, None]) % scale[:, None] == 0).all(1)
    return ok


@cache
def friendly_rows(d_model: int, kind: str, reach: int) -> Ints:
    """All friendly rows with entries from −reach to reach: (count, d_model)."""
    doubled_means = np.arange(-2 * reach, 2 * reach + 1) if kind == "LN" else np.zeros(1, np.int64)
    doubled = DOUBLED_DEVIATIONS[d_model][:, None, None, None] * units(d_model, kind)[:, None]
    doubled = (doubled + doubled_means[:, None]).reshape(-1, d_model)  # of (deviations, units, means, d_model)
    found: Ints = doubled[(doubled % 2 == 0).all(1) & (abs(doubled).max(1) <= 2 * reach)] // 2
    return found


@cache
def starting_rows(d_model: int, kind: str, reach: int) -> Ints:
    """Friendly rows that a residual stream may begin with: most entries are not 0, and their mean is near 0."""
    rows = friendly_rows(d_model, kind, reach)
    found: Ints = rows[((rows != 0).sum(1) * 2 > d_model) & (abs(rows.sum(1)) <= 2 * d_model)]
    return found


def few_zeros(matrices: Ints, kind: str, percent: int) -> Bools:
    """Which matrices (…, n, d_model) → (…) have so many zeros at most.

    For RMSNorm of eight numbers 40 per cent, whatever is asked for: most of its units have three zeros.
    """
    most = 40 if (matrices.shape[-1], kind) == (8, "RMS") else percent
    few: Bools = (matrices == 0).sum((-1, -2)) * 100 <= most * matrices.shape[-1] * matrices.shape[-2]
    return few


def has_both_signs(matrices: Ints, kind: str) -> Bools:
    """Which matrices (…, n, d_model) → (…) have both signs, and few zeros."""
    few = few_zeros(matrices, kind, 35)
    return few & (matrices < 0).any((-1, -2)) & (matrices > 0).any((-1, -2))


def can_be_scaled(units: Ints, kind: str) -> Bools:
    """Which matrices of units (…, n, d_model) → (…) a norm's w and b can make good rows of.

    Their rows differ, since w and b make the same of equal ones; without b (RMSNorm) a zero stays, so they are few.
    """
    return distinct(units) if kind == "LN" else distinct(units) & few_zeros(units, kind, 25)


@dataclass(frozen=True)
class Norm:
    """w and b of a norm, each (d_model), and the rows w·u + b (n, d_model) that it gives. RMSNorm has no b."""

    w: Ints
    b: Ints | None
    rows: Ints

    def weights(self, at: str) -> dict[str, Any]:
        """w and b by name."""
        return {f"{at}.w": self.w.tolist()} | ({} if self.b is None else {f"{at}.b": self.b.tolist()})


def find_norm(dice: Dice, u: Ints, kind: str) -> Norm | None:
    """Units u (n, d_model) → a norm whose w and b are varied and whose rows are small, differ and have few zeros.

    Method: rejection sampling, NORMS_TRIED at once; of those that fit, the one with the smallest rows.
    """
    n, d = u.shape
    w = dice.choices(W_ENTRIES, NORMS_TRIED, d)
    rows = u * w[:, None]  # (NORMS_TRIED, n, d_model)
    ok = ((w != 1).sum(1) >= 2) & (w.max(1) > w.min(1))
    b = None
    if kind == "LN":
        b = dice.choices(B_ENTRIES, NORMS_TRIED, d)
        rows = rows + b[:, None]
        ok &= ((b != 0).sum(1) >= 2) & (b.max(1) > b.min(1))
    ok &= (abs(rows).max((1, 2)) <= LARGEST_NORMED) & distinct(rows) & few_zeros(rows, kind, 25)
    found = np.flatnonzero(ok)
    if not len(found):
        return None
    size = (rows[found] ** 2).sum((1, 2)) + dice.below(2 * n, len(found))
    best = found[np.argsort(size, kind="stable")[0]]
    return Norm(w[best], None if b is None else b[best], rows[best])


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


NORM = (_adds_no_eps, _divides_by_n)  # what rows that a norm leaves rational require
ONE_NORM = (_has_a_norm, *NORM)
