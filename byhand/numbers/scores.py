"""What the searches of small heads of attention share: whole scores whose shares are easy, and values."""

from __future__ import annotations

import numpy as np

from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct

HANDED_ON = 40  # instances of one attempt
REACH = 2  # the largest entry of a query or key, in absolute value
VALUES = 3  # the largest entry of a value
LARGEST_DENOMINATOR = 10
EASY_TOTALS = (4, 5, 6, 7, 8, 9)  # of the powers of a row, where its smallest power is 1: its shares are easy then
EASY_TOTALS_OF_SIX = (7, 8, 9, 10, 12)  # the same of six powers
LARGEST_TOTAL_OF_THREES = 16  # the same of powers of 3, few of which have smaller totals


def powers(scores: Ints, base: int) -> Ints:
    """Whole scores (…, n) → their powers, divided by the smallest of the row; large ones are cut."""
    return np.asarray(base ** np.minimum(scores - scores.min(-1, keepdims=True), 6))


def totals(scores: Ints, base: int) -> Ints:
    """Whole scores (…, n) → the sums of these powers: the largest denominator that a share of the row can have."""
    return np.asarray(powers(scores, base).sum(-1))


def are_easy(scores: Ints, base: int) -> Bools:
    """Which rows of whole scores (…, n) have easy shares."""
    found = totals(scores, base)
    if base > 2:
        return np.asarray(found <= LARGEST_TOTAL_OF_THREES)
    return np.isin(found, EASY_TOTALS if scores.shape[-1] < 6 else EASY_TOTALS_OF_SIX)


def one_largest(scores: Ints) -> Bools:
    """Whether one number of a row (…, n) is larger than all others."""
    return np.asarray((scores == scores.max(-1, keepdims=True)).sum(-1) == 1)


def different(scores: Ints) -> Ints:
    """How many different numbers a row (…, n) has."""
    ordered = np.sort(scores, -1)
    return np.asarray(1 + (ordered[..., 1:] != ordered[..., :-1]).sum(-1))


def draw_values(dice: Dice, n: int, width: int) -> Ints | None:
    """Values (n, width), of which no two are equal, and no dimension has one number in all; None where the one draw
    is not so.
    """
    v = dice.below(2 * VALUES + 1, n, width) - VALUES
    return v if distinct(v[None]).all() and not (v == v[0]).all(0).any() else None
