"""Rows that a norm leaves rational: their units, and the w and b that come after.

A row is friendly when it is m + c·u, with u a row of small integers whose mean square is 1. LayerNorm makes it u, if
the mean of u is 0; RMSNorm, if m is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct, grid

TWICE = np.array([1, 2, 3, 4, 6])  # 2c: the deviations whose squares are pleasant
WIDER = np.array([2, 2, 4])  # the same for eight dimensions, whose units are not all odd


@cache
def units(d_model: int, kind: str) -> Ints:
    """The integer rows that LayerNorm (LN) or RMSNorm (RMS) gives."""
    rows = grid(d_model, 2)
    fit = (rows**2).sum(1) == d_model
    found: Ints = rows[fit & (rows.sum(1) == 0)] if kind == "LN" else rows[fit]
    return found


def unit_of(rows: Ints, kind: str) -> Ints:
    """What the norm makes of friendly rows (…, d): their units."""
    d = rows.shape[-1]
    apart = d * rows - (rows.sum(-1, keepdims=True) if kind == "LN" else 0)
    scale = np.rint(np.sqrt((apart**2).sum(-1, keepdims=True) / d)).astype(np.int64)  # exact: whole roots
    found: Ints = apart // scale
    return found


def is_friendly(rows: Ints, kind: str) -> Bools:
    """Which rows (…, d) are friendly, with a pleasant deviation."""
    d = rows.shape[-1]
    totals = rows.sum(-1) if kind == "LN" else np.zeros(rows.shape[:-1], np.int64)
    squares = d * np.einsum("...d,...d", rows, rows) - totals**2  # (d · deviation)²
    ok: Bools = np.isin(squares, (d * sizes(d) // 2) ** 2)
    scale = np.rint(np.sqrt(squares[ok])).astype(np.int64)
    ok[ok] = ((d * rows[ok] - totals[ok, None]) % scale[:, None] == 0).all(1)
    return ok


def sizes(d_model: int) -> Ints:
    """Twice the deviations of friendly rows."""
    return np.unique(TWICE if d_model == 4 else WIDER)


@cache
def friendly(d_model: int, kind: str, reach: int) -> Ints:
    """The friendly rows whose entries and deviations are small."""
    twice = sizes(d_model)
    moves = np.arange(-2 * reach, 2 * reach + 1) if kind == "LN" else np.zeros(1, np.int64)
    doubled = twice[:, None, None, None] * units(d_model, kind)[:, None] + moves[:, None]  # (twice, units, moves, d)
    doubled = doubled.reshape(-1, d_model)
    found: Ints = doubled[(doubled % 2 == 0).all(1) & (abs(doubled).max(1) <= 2 * reach)] // 2
    return found


@cache
def beginnings(d_model: int, kind: str, reach: int) -> Ints:
    """Friendly rows for a stream to begin with: with few zeros, and not far from zero."""
    rows = friendly(d_model, kind, reach)
    found: Ints = rows[((rows != 0).sum(1) * 2 > d_model) & (abs(rows.sum(1)) <= 2 * d_model)]
    return found


def few_zeros(rows: Ints, kind: str, percent: int) -> Bools:
    """Which of many (…, n, d) have at most so many zeros; most units of RMSNorm in eight dimensions have three."""
    most = 40 if (rows.shape[-1], kind) == (8, "RMS") else percent
    few: Bools = (rows == 0).sum((-1, -2)) * 100 <= most * rows.shape[-1] * rows.shape[-2]
    return few


def mixed(rows: Ints, kind: str) -> Bools:
    """Which of many (…, n, d) have both signs and few zeros."""
    few = few_zeros(rows, kind, 35)
    return few & (rows < 0).any((-1, -2)) & (rows > 0).any((-1, -2))


def scalable(units: Ints, kind: str) -> Bools:
    """Which of many (…, n, d) a norm's w and b make rows of: they are distinct, and without b have few zeros."""
    return distinct(units) if kind == "LN" else distinct(units) & few_zeros(units, kind, 25)


@dataclass(frozen=True)
class Norm:
    """w and b of a norm, and the rows w·u + b that it gives. RMSNorm has no b."""

    w: Ints
    b: Ints | None
    rows: Ints

    def weights(self, at: str) -> dict[str, Any]:
        """w and b by name."""
        return {f"{at}.w": self.w.tolist()} | ({} if self.b is None else {f"{at}.b": self.b.tolist()})


def scales(dice: Dice, u: Ints, kind: str, tries: int = 48) -> Norm | None:
    """A norm of rows with units u (n, d): small, varied, with few zeros."""
    n, d = u.shape
    w = dice.of(np.array([1, 1, 1, 2, 2, -1]), tries, d)
    rows = u * w[:, None]  # (tries, n, d)
    ok = ((w != 1).sum(1) >= 2) & (w.max(1) > w.min(1))
    b = None
    if kind == "LN":
        b = dice.of(np.array([0, 0, 1, 1, -1, -1, 2]), tries, d)
        rows = rows + b[:, None]
        ok &= ((b != 0).sum(1) >= 2) & (b.max(1) > b.min(1))
    ok &= (abs(rows).max((1, 2)) <= 3) & distinct(rows) & few_zeros(rows, kind, 25)
    found = np.flatnonzero(ok)
    if not len(found):
        return None
    size = (rows[found] ** 2).sum((1, 2)) + dice.below(2 * n, len(found))
    best = found[np.argsort(size, kind="stable")[0]]
    return Norm(w[best], None if b is None else b[best], rows[best])
