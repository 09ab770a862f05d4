"""Values and their mixture: which columns of W_O turn the heads' fractions into whole numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.choosing.dice import Bools, Dice, Ints
from byhand.choosing.heads import Heads, Sight
from byhand.choosing.limits import Limits
from byhand.choosing.natural import columns, natural
from byhand.model.config import Config

TRIES = {2: 500, 3: 4000, 4: 3000}  # choices of heads and values, by tokens


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
    denominators: Ints
    apart: Ints
    columns: Ints
    results: Ints
    reach: int

    @property
    def heads(self) -> int:
        return len(self.W_Q)


def find_mixes(
    dice: Dice, sight: Sight, found: list[Heads], config: Config, limits: Limits, tries: int = 0, keep: int = 3,
    whole: bool = True,
) -> list[Mix]:  # fmt: skip
    """Choices of heads, each with its own W_K, and of values; with `whole`, those with most whole columns first."""
    count, width = config.n_heads, config.d_v
    n = len(sight.asking)
    tries = tries or TRIES.get(n, 6000)
    pool, results = _values(dice, sight.answering, limits)  # results (count, m)
    if len(found) < count or len(pool) < 2 * width:
        return []
    groups = (dice.below(len(found), tries)[:, None] + np.arange(count)) % len(found)  # (tries, heads)
    which = dice.under(np.array([len(g) for g in found])[groups])
    starts = np.cumsum([0, *(len(g) for g in found)])[:-1]
    powers = np.concatenate([g.powers for g in found])[starts[groups] + which]
    totals = powers.sum(-1)  # (tries, heads, n)
    common = np.lcm.reduce(totals, axis=1)  # (tries, n)
    picks = dice.below(len(pool), tries, count, width)
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
    if not whole:
        order = kept[np.argsort(abs(3 * broken[kept] - mixture[0].size), kind="stable")][:keep]
        pools: list[tuple[Ints, Ints]] = [(np.zeros((0, 1), np.int64),) * 2] * len(order)
    else:
        rest = common // np.gcd(common, np.gcd.reduce(mixture, axis=2))  # (tries, n): one column in so many is whole
        rarest = kept[np.argsort(rest[kept].prod(1), kind="stable")][: 16 if count * width <= 4 else 3]
        order, pools = _by_whole_columns(mixture, common, rarest, config, limits, keep)
    return [
        Mix(
            np.array([found[g].W_Q[i] for g, i in zip(groups[t], which[t], strict=True)]),
            np.array([found[g].W_K[i] for g, i in zip(groups[t], which[t], strict=True)]),
            w_v[t], mixture[t], common[t], apart[t], *pool_of_t, 2 * limits.stream,
        )
        for t, pool_of_t in zip(order, pools, strict=True)
    ]  # fmt: skip


def _values(dice: Dice, x: Ints, limits: Limits) -> tuple[Ints, Ints]:
    """Columns of W_V, and what they give."""
    pool = columns(x.shape[1], 2, 1)
    pool = pool[dice.few(len(pool), 1000)]
    results = pool @ x.T
    fit = (abs(results).max(1) <= limits.query) & (results.max(1) > results.min(1))
    return pool[fit], results[fit]


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


def _by_whole_columns(
    mixture: Ints, common: Ints, kept: Ints, config: Config, limits: Limits, keep: int
) -> tuple[Ints, list[tuple[Ints, Ints]]]:
    """The choices with most columns of W_O that give whole numbers, and those columns."""
    width = config.n_heads * config.d_v
    largest = 3 if mixture.shape[1] > 3 and width <= 4 else 2  # many tokens leave few columns: ±3 are let in
    every = columns(width, largest, 2, 20_000 if mixture.shape[1] <= 3 else 100_000)
    pools = []
    for t in kept:
        sums = np.rint(every.astype(np.float64) @ mixture[t].T.astype(np.float64)).astype(np.int64)  # exact: small
        whole = np.flatnonzero((sums % common[t] == 0).all(1))
        results = sums[whole] // common[t]
        fit = (abs(results).max(1) <= min(2 * limits.stream, limits.integer)) & (results != 0).any(1)
        pools.append((every[whole[fit]], results[fit]))
    sizes = np.array([len(results) for _, results in pools], dtype=np.int64)
    order = np.argsort(-sizes, kind="stable")[:keep]
    order = order[sizes[order] >= 8] if len(order) else order
    return kept[order], [pools[i] for i in order]
