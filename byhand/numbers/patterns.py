"""Numbers of sheets on who may look at whom: windows, buckets, and the members of the family side by side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from byhand.model.names import ATTN
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import WEIGHTS, distinct, grid
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import (
    HANDED_ON,
    LARGEST_DENOMINATOR,
    REACH,
    are_easy,
    different,
    draw_values,
    one_largest,
    totals,
)

# ---- sparse patterns ----

SPARSE_TRIED = 20_000
FAR = 1  # the place of the token that the last one looks at, outside the window


@search("sparse-patterns", like_sheet=True, requires=[exactly(6, window_size=3)])
def _sparse_patterns(task: Task, dice: Dice) -> Iterator[Instance]:
    """Scores of the last of six tokens, which looks most at the second; in a window of three, which does not hold it,
    it looks most at one. Also how far a window reaches that ends softly.

    Method: rejection sampling.
    """
    base, width = whole_base(task.config), task.config.window_size
    scores = dice.below(5, SPARSE_TRIED, task.n) - 1
    ok = scores.argmax(1) == FAR
    ok &= different(scores) > 2
    for seen in (scores, scores[:, -width:]):
        ok &= are_easy(seen, base) & one_largest(seen)
    for row in scores[ok][:HANDED_ON]:
        v = draw_values(dice, task.n, task.config.d_v)
        span = 1 + dice.one_below(2)
        if v is None:
            continue
        kept = {name: task.values.inputs[name] for name in ("span.back", "span.ramp")}
        yield Instance({"attn.scores": [row.tolist()], "attn.v": v.tolist(), "span.z": [[span]], **kept})


# ---- hashed attention ----

HASHED_TRIED, THROWN = 4000, 40  # tables of words, and directions for each
FRIEND = 1  # the place of the token that the last one looks at most without buckets, and does not see with them
OUTERMOST = 5  # the largest number that a row and a direction make, in absolute value
PATCH = 41  # the largest squared length of a point that has room in the circle of buckets
SIGNS = grid(4, 1)[grid(4, 1).all(1)]  # every row of 1 and −1


def _thrown(dice: Dice, q: Ints) -> tuple[Ints, Ints, Ints, Bools]:
    """Rows (count, n, 4) → directions for each (count, 4, 2), the points that they make, the buckets of these, and
    whether all points are clearly in one.
    """
    r = dice.choices(WEIGHTS, len(q), 4, 2)
    along = q @ r
    ok: Bools = (r != 0).any(2).all(1) & ((r != 0).sum(1) > 2).all(1) & (abs(r).sum((1, 2)) < 10)
    ok &= (abs(along).max((1, 2)) <= OUTERMOST) & ((along**2).sum(2) <= PATCH).all(1) & distinct(along)
    ok &= (abs(along[..., 0]) != abs(along[..., 1])).all(1)
    return r, along, np.concatenate((along, -along), 2).argmax(2), ok


@search("hashed-attention", like_sheet=True, requires=[
    exactly(6, d_head=4, num_buckets=4),
])  # fmt: skip
def _hashed_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """Six different rows of 1 and −1. The last looks most at the second, which is in another bucket; two others are
    in its own, and it looks at these with different shares. By other directions, the second is in its bucket.

    Method: rejection sampling. Scores are half the dot products.
    """
    base, last = whole_base(task.config), task.n - 1
    q = dice.choices(SIGNS, HASHED_TRIED, task.n)
    dots = (q[:, :last] * q[:, last:]).sum(2)  # (count, 5)
    ok: Bools = (dots.argmax(1) == FRIEND) & one_largest(dots) & distinct(q)
    ok &= totals(dots // 2, base) <= LARGEST_DENOMINATOR
    q, scores = (np.repeat(x[ok], THROWN, 0) for x in (q, dots // 2))
    r, _, bucket, ok = _thrown(dice, q)
    met = bucket[:, :last] == bucket[:, last:]
    ok &= (met.sum(1) == 2) & ~met[:, FRIEND] & (np.sort(np.where(met, scores, -9), 1)[:, -2:] == [-1, 0]).all(1)
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        again, _, box, fits = _thrown(dice, np.repeat(q[None, i, [FRIEND, last]], THROWN, 0))
        fits &= (box[:, 0] == box[:, 1]) & (again != r[i]).any((1, 2))
        if fits.any():
            rows = {f"{ATTN}.hook_q[0]": q[i].tolist(), "again.R": again[fits.argmax()].tolist()}
            yield Instance(rows, {f"{ATTN}.W_R": [r[i].tolist()]})


# ---- one row in many members of the family ----

ROWS_TRIED = 40_000
MATES = ((0, 1), (0, 2), (1, 2))  # who shares the bucket of the last of four words
LATENTS = (3, 4, 5)  # numbers in a latent
LARGEST_OF_ROW = 15  # the largest denominator of shares


@search("family-tree", like_sheet=True, requires=[exactly(4, d_head=2, window_size=2)])
def _family_tree(task: Task, dice: Dice) -> Iterator[Instance]:
    """Queries and keys (4, 2), also whole as means of two keys, of which the last word looks most at the first; its
    shares have few parts in every member of the family. Also who shares its bucket, and how much is kept.

    Method: rejection sampling.
    """
    base, n = whole_base(task.config), task.n
    q = dice.below(2 * REACH + 1, ROWS_TRIED, n, 2) - REACH
    k = dice.below(2 * REACH + 1, ROWS_TRIED, n, 2) - REACH
    k[:, 1::2] = k[:, ::2] + 2 * (k[:, 1::2] // 2)  # so that the mean of two is whole
    fit = (q[:, -1] != 0).all(1) & (abs(k) <= REACH).all((1, 2))
    q, k = q[fit], k[fit]
    scores = (q[:, -1:] * k).sum(-1)
    fit = (scores.argmax(1) == 0) & distinct(k)
    q, k, scores = q[fit], k[fit], scores[fit]
    fallen, pairs = scores - np.arange(n - 1, -1, -1), scores.reshape(-1, 2, 2).sum(2) // 2
    ok: Bools = np.ones(len(scores), dtype=bool)
    for row in (scores, fallen, scores[:, -2:], pairs):
        ok &= (totals(row, base) <= LARGEST_OF_ROW) & (abs(row) <= 5).all(1) & one_largest(row)
    ok &= _parts_of_shares(_positive(q[:, -1:], base) * _positive(k, base)) <= LARGEST_OF_ROW
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        mates = [mates for mates in MATES if np.ptp(scores[i, list(mates)]) in (1, 2)]
        if mates:
            bucket = (*mates[dice.one_below(len(mates))], n - 1)
            given = {
                "attn.q": q[i],
                "attn.k": k[i],
                "hash.bucket": np.array([[1 if t in bucket else 2] for t in range(n)]),
            }
            numbers = {name: rows.tolist() for name, rows in given.items()}
            yield Instance({**task.values.inputs, **numbers, "latent": [[LATENTS[dice.one_below(len(LATENTS))]]]})


def _positive(x: Ints, base: int) -> Ints:
    """φ(x) of numbers of at least −2, as multiples of one over the square of the base."""
    return np.where(x < 0, base ** (2 + np.clip(x, -2, 0)), (x + 1) * base**2)


def _parts_of_shares(products: Ints) -> Ints:
    """Products (…, n, d), added up to n numbers each → in how many equal parts one has to be cut for their shares."""
    rows = products.sum(-1)
    return np.asarray(rows.sum(-1) // np.gcd.reduce(rows, axis=-1))
