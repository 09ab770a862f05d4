"""What the searches of small heads of attention share: whole scores whose shares are easy, and values."""

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct, point_apart
from byhand.numbers.registry import Task

HANDED_ON = 40  # instances of one attempt
REACH = 2  # the largest entry of a query or key, in absolute value
VALUES = 3  # the largest entry of a value
LARGEST_DENOMINATOR = 10
EASY_TOTALS = (4, 5, 6, 7, 8, 9)  # of the powers of a row, where its smallest power is 1: its shares are easy then
EASY_TOTALS_OF_SIX = (7, 8, 9, 10, 12)  # the same of six powers
LARGEST_TOTAL_OF_THREES = 16  # the same of powers of 3, few of which have smaller totals
LOGIT_SPREAD = 4  # between the logits of a row: in base 2, one word is up to 16 times as likely as another


def powers(scores: Ints, base: int) -> Ints:
    """Whole scores (…, n) → their powers, divided by the smallest of the row; large ones are cut."""
    return np.asarray(base ** np.minimum(scores - scores.min(-1, keepdims=True), 6))


def totals(scores: Ints, base: int) -> Ints:
    """Whole scores (…, n) → the sums of these powers: the largest denominator that a share of the row can have."""
    return np.asarray(powers(scores, base).sum(-1))


def are_easy(scores: Ints, base: int) -> Bools:
    """Which rows of whole scores (…, n) have easy shares."""
    sums = totals(scores, base)
    if base > 2:
        return np.asarray(sums <= LARGEST_TOTAL_OF_THREES)
    return np.isin(sums, EASY_TOTALS if scores.shape[-1] < 6 else EASY_TOTALS_OF_SIX)


def one_largest(scores: Ints) -> Bools:
    """Whether one number of a row (…, n) is larger than all others."""
    return np.asarray((scores == scores.max(-1, keepdims=True)).sum(-1) == 1)


def different(scores: Ints) -> Ints:
    """How many different numbers a row (…, n) has."""
    ordered = np.sort(scores, -1)
    return np.asarray(1 + (ordered[..., 1:] != ordered[..., :-1]).sum(-1))


def draw_values(dice: Dice, count: int, n: int, width: int) -> Ints:
    """Values (count, n, width), in each of which no row is a multiple of another, and no dimension has one number in
    all.
    """
    v = dice.below(2 * VALUES + 1, count, n, width) - VALUES
    return only(v, distinct(v) & point_apart(v) & ~(v == v[:, :1]).all(1).any(1))


def only(drawn: Ints, fit: Any) -> Ints:
    """What is drawn, (count, …), but only what fits (count), again and again until there is as much as before."""
    return np.asarray(np.resize(drawn[fit], drawn.shape)) if fit.any() else drawn


def shares_are_short(task: Task) -> str:
    """Requires another base than 3, in which three different powers make no sum of one digit."""
    return "shares in powers of 3 are too long here; use softmax_base=2" if whole_base(task.config) == 3 else ""


def _is_power(totals: Ints, base: int) -> Bools:
    """Numbers → which of them are powers of the base: 1, base, base², …, up to 10⁹."""
    are_powers: Bools = np.isin(totals, base ** np.arange(int(np.log(1e9) / np.log(base))))
    return are_powers


def has_whole_logarithms(logits: Ints, base: int) -> Bools:
    """Rows of logits (…, words) → (…), which of them have probabilities whose logarithms are whole numbers.

    The powers of such a row add up to a power of the base. Its logits are not all equal, and differ by up to
    LOGIT_SPREAD.
    """
    low = logits.min(-1, keepdims=True)
    above = np.minimum(logits - low, 12)
    ok: Bools = _is_power((base**above).sum(-1), base) & (logits.max(-1) > low[..., 0])
    ok &= above.max(-1) <= LOGIT_SPREAD
    return ok


def adds_up_to_a_power(task: Task) -> str:
    c = task.config
    if c.softmax_base != 3 or c.d_vocab % 2:
        return ""
    return f"{c.d_vocab} powers of 3 never add up to one; use a vocabulary of an odd number of words, or base 2"
