"""Values and their mixture: which columns of W_O turn the heads' fractions into whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from byhand.model.config import Config
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.heads import Heads, Sight
from byhand.numbers.limits import Limits
from byhand.numbers.natural import Join, columns, grid, like_weights, natural

TRIES = 2000  # choices of heads and values; of five tokens twice as many, in eight dimensions four times
COLUMNS, PLEASANT = 400, 15  # of W_V, and those that a head's values are drawn from, twice
COUNTED, OF_FIVE = 3, 10  # of them, whose columns of W_O are counted; of five tokens more
MOST = 20_000  # of these columns


@dataclass(frozen=True)
class Mix:
    """A choice of heads with their W_V.

    mixture: (n, heads · d_v), the heads' results over a common denominator of the row; apart: how far they are from
    those of uniform attention, over another. columns (count, width) and results (count, n): columns of W_O, and the
    whole numbers that they give.
    """

    W_Q: Ints
    W_K: Ints
    W_V: Ints
    mixture: Ints
    apart: Ints
    columns: Ints
    results: Ints

    @property
    def heads(self) -> int:
        return len(self.W_Q)


def find_mixes(
    dice: Dice, sight: Sight, found: list[Heads], config: Config, limits: Limits, tries: int = TRIES,
    whole: bool = True,
) -> Iterator[Mix]:  # fmt: skip
    """Choices of heads, each with its own W_K, and of values; with `whole`, those with most whole columns first."""
    count, width = config.n_heads, config.d_v
    n, d_model = sight.asking.shape
    tries *= 1 if n < 5 else d_model // 2
    pool, results = _values(dice, sight.answering, limits)  # results (count, m)
    if len(found) < count or len(pool) < 2 * width:
        return
    groups = (dice.below(len(found), tries)[:, None] + np.arange(count)) % len(found)  # (tries, heads)
    which = dice.under(np.array([len(g) for g in found])[groups])
    starts = np.cumsum([0, *(len(g) for g in found)])[:-1]
    every = np.concatenate([g.powers for g in found])
    heads = starts[groups] + which
    powers = every[heads]
    totals = powers.sum(-1)  # (tries, heads, n)
    common = np.lcm.reduce(totals, axis=1)  # (tries, n)
    pleasant = _pleasant(every, results)
    picks = pleasant[heads[..., None], dice.below(pleasant.shape[1], tries, count, width)]
    values = results[picks].swapaxes(2, 3)  # (tries, heads, m, d_v)
    w_v = pool[picks].swapaxes(2, 3)  # (tries, heads, d_model, d_v)
    mixed = powers @ values * (common[:, None] // totals)[..., None]
    sizes = sight.seen.sum(1)
    uniform = sight.seen.astype(np.int64) @ values
    apart = _beside(mixed * sizes[:, None] - uniform * common[:, None, :, None])
    mixture = _beside(mixed)
    broken = (mixture % common[..., None] != 0).sum((1, 2))
    ok = natural(w_v, 15, 60).all(1) & (broken >= 1) & (broken * 2 <= mixture[0].size + 1)
    ok &= (values != values[:, :, :1]).any((2, 3)).all(1) & ((mixture == 0).sum((1, 2)) * 3 <= mixture[0].size)
    ok &= (apart[:, -1] != 0).any(1) & ((apart != 0).any(2).sum(1) >= min(2, n - 1))
    ok &= _patterns_differ(powers, totals) & _ugly(mixture, common, limits)
    kept = np.flatnonzero(ok)
    if whole:
        rest = common // np.gcd(common, np.gcd.reduce(mixture, axis=2))  # (tries, n): one column in so many is whole
        kept = kept[np.argsort(rest[kept].prod(1), kind="stable")][: COUNTED if n < 5 else OF_FIVE]
        pools = _whole_columns(dice, mixture[kept], common[kept], config, limits)
    else:
        kept = kept[np.argsort(abs(3 * broken[kept] - mixture[0].size), kind="stable")][:3]
        pools = ((i, *(np.zeros((0, 1), np.int64),) * 2) for i in range(len(kept)))
    for i, of_o, whole_results in pools:
        t = kept[i]
        yield Mix(
            np.array([found[g].W_Q[i] for g, i in zip(groups[t], which[t], strict=True)]),
            np.array([found[g].W_K[i] for g, i in zip(groups[t], which[t], strict=True)]),
            w_v[t], mixture[t], apart[t], of_o, whole_results,
        )  # fmt: skip


def _values(dice: Dice, x: Ints, limits: Limits) -> tuple[Ints, Ints]:
    """Columns of W_V, and what they give."""
    pool = columns(x.shape[1], 2, 1)
    pool = pool[dice.few(len(pool), COLUMNS)]
    results = pool @ x.T
    fit = (abs(results).max(1) <= limits.query) & (results.max(1) > results.min(1))
    return pool[fit], results[fit]


def _pleasant(powers: Ints, results: Ints) -> Ints:
    """For each of many heads, the columns of W_V whose mixtures have the smallest denominators (heads, some): as many
    of those with a fraction as of all.
    """
    totals = powers.sum(2)[..., None]  # (heads, n, 1)
    mixed = np.rint(powers.astype(np.float64) @ results.T.astype(np.float64)).astype(np.int32)  # exact: small
    each = np.arange(totals.max() + 1)
    denominators = each // np.maximum(1, np.gcd(each, each[:, None]))  # of a / b in lowest terms: [a modulo b, b]
    size = denominators[mixed % totals.astype(np.int32), totals].prod(1)  # (heads, columns)
    broken = np.where(size == 1, totals.max() ** powers.shape[2] + 1, size)
    return np.concatenate([_smallest(size), _smallest(broken)], 1)


def _smallest(size: Ints) -> Ints:
    """The places of the smallest in each row, the first of equals first."""
    places = size.shape[1]
    order = np.partition(size * places + np.arange(places), min(PLEASANT, places) - 1, axis=1)[:, :PLEASANT]
    found: Ints = np.sort(order, axis=1) % places
    return found


def _beside(heads: Ints) -> Ints:
    """(tries, heads, n, d_v) → (tries, n, heads · d_v)."""
    tries, count, n, width = heads.shape
    return heads.swapaxes(1, 2).reshape(tries, n, count * width)


def _patterns_differ(powers: Ints, totals: Ints) -> Bools:
    """Which choices have heads whose last rows are all different."""
    ok = np.ones(len(powers), dtype=bool)
    for a in range(powers.shape[1]):
        for b in range(a):
            ok &= (powers[:, a, -1] * totals[:, b, -1:] != powers[:, b, -1] * totals[:, a, -1:]).any(1)
    return ok


def _ugly(mixture: Ints, common: Ints, limits: Limits) -> Bools:
    """Which mixtures have few values with more than 20 above the line."""
    shared = np.gcd(mixture, common[..., None])
    beyond = (abs(mixture) // shared > 20) & (shared < common[..., None])
    few: Bools = beyond.sum((1, 2)) <= min(limits.ugly, 1)
    return few


def _whole_columns(
    dice: Dice, mixture: Ints, common: Ints, config: Config, limits: Limits
) -> Iterator[tuple[int, Ints, Ints]]:
    """Which of many mixtures, the columns of W_O that make whole numbers of it, all or many, and those numbers; the
    mixtures with most of them first.

    A column is two halves whose parts of every token's sum, modulo its common denominator, are opposite.
    """
    width = config.n_heads * config.d_v
    largest = 3 if mixture.shape[1] > 3 and width <= 4 else 2  # many tokens leave few columns: ±3 are let in
    halves = [grid(side, largest) for side in (width // 2, width - width // 2)]
    joins = []
    for mixed, modulus in zip(mixture, common, strict=True):
        parts = np.split(mixed, [width // 2], axis=1)
        place = np.cumprod(np.append(1, modulus[:-1]))
        opposite = zip(halves, parts, (1, -1), strict=True)
        joins.append(Join(*(sign * half @ part.T % modulus @ place for half, part, sign in opposite)))
    for i in np.argsort([-join.count for join in joins], kind="stable"):
        pairs = zip(halves, joins[i].pairs(dice, MOST), strict=True)
        every = np.concatenate([half[side] for half, side in pairs], 1)
        every = every[like_weights(every, twos=2)]
        results = every @ mixture[i].T // common[i]
        fit = (abs(results).max(1) <= min(2 * limits.stream, limits.integer)) & (results != 0).any(1)
        if fit.sum() >= 8:
            yield int(i), every[fit], results[fit]
