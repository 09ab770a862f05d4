"""Rows that a norm leaves rational, and what attention may add to them.

A row is friendly when it is m + c·u, with u a row of small integers of mean 0 and mean square 1: then LayerNorm makes
it u. In a pre-norm block the heads see u only, so that c is settled by what they add: with four
dimensions an update U fits where it is orthogonal to one of the two other balanced rows, and then c and the next u
follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np

from byhand.choosing.dice import Bools, Dice, Ints
from byhand.choosing.limits import Limits
from byhand.choosing.mixing import Mix
from byhand.choosing.natural import Table, codes, distinct, natural

ENOUGH = 1000  # updates to choose from
PAIRS = {3: 700, 4: 4000}  # of columns, by tokens
TWICE = np.array([1, 2, 3, 4, 6])  # 2c: the deviations whose squares are pleasant
WIDER = np.array([2, 2, 4])  # the same for eight dimensions, whose units are not all odd
_PLEASANT = np.isin(np.arange(512), TWICE)  # by 2c; what is negative counts from the end, and is not


@cache
def units(d_model: int) -> Ints:
    """The integer rows that LayerNorm gives."""
    half = d_model // 2
    families = [(1,) * half + (-1,) * half]
    if d_model == 8:
        families += [(2, -2, 0, 0, 0, 0, 0, 0), (2, -1, -1, -1, 1, 0, 0, 0), (-2, 1, 1, 1, -1, 0, 0, 0)]
    return np.array(sorted({row for family in families for row in permutations(family)}))


def some_units(dice: Dice, n: int, d_model: int) -> Ints:
    """Different rows, as many as tokens."""
    table = units(d_model)
    some: Ints = table[dice.few(len(table), n)]
    return some


@dataclass(frozen=True)
class Norm:
    """w and b of a norm, and the rows w·u + b that it gives."""

    w: Ints
    b: Ints
    rows: Ints

    def weights(self, at: str) -> dict[str, Any]:
        """w and b by name."""
        return {f"{at}.w": self.w.tolist(), f"{at}.b": self.b.tolist()}


def scales(dice: Dice, u: Ints, tries: int = 48) -> Norm | None:
    """A norm of rows with units u: small, varied, with few zeros."""
    n, d = u.shape
    w = dice.of(np.array([1, 1, 1, 2, 2, -1]), tries, d)
    b = dice.of(np.array([0, 0, 1, 1, -1, -1, 2]), tries, d)
    rows = u * w[:, None] + b[:, None]  # (tries, n, d)
    ok = (abs(rows).max((1, 2)) <= 3) & distinct(rows) & ((rows == 0).sum((1, 2)) * 4 <= n * d)
    ok &= ((w != 1).sum(1) >= 2) & ((b != 0).sum(1) >= 2) & (w.max(1) > w.min(1)) & (b.max(1) > b.min(1))
    found = np.flatnonzero(ok)
    if not len(found):
        return None
    size = (rows[found] ** 2).sum((1, 2)) + dice.below(2 * n, len(found))
    best = found[np.argsort(size, kind="stable")[0]]
    return Norm(w[best], b[best], rows[best])


@dataclass(frozen=True)
class Update:
    """What attention adds. twice: 2c of the rows it is added to; after: the rows' new units; W_O: (width, d)."""

    W_O: Ints
    added: Ints
    twice: Ints
    after: Ints
    after_twice: Ints


def updates(dice: Dice, mix: Mix, before: Ints, limits: Limits) -> list[Update]:
    """Output projections whose update of friendly rows with units `before` (n, d) is friendly again."""
    d = before.shape[1]
    found = (_four if d == 4 else _targets)(dice, mix, before)
    if found is None:
        return []
    members, twice, after, after_twice = found
    w_o = mix.columns[members].swapaxes(1, 2)  # (count, width, d)
    added = mix.results[members].swapaxes(1, 2)  # (count, n, d)
    ok = _tells(mix, w_o, added) & distinct(after) & (after != before).any(2)[:, -1]
    ok &= abs(added).max((1, 2)) <= 2 * limits.stream
    cost = 3 * (abs(w_o) > 1).sum((1, 2)) + (added == 0).sum((1, 2)) + 2 * abs(added).max((1, 2))
    cost += 4 * (after == before).all(2).sum(1) + 2 * np.maximum(twice, after_twice).max(1)
    kept = np.flatnonzero(ok)
    kept = kept[np.argsort(cost[kept] + dice.below(6, len(kept)), kind="stable")][:8]
    return [Update(w_o[i], added[i], twice[i], after[i], after_twice[i]) for i in kept]


def _tells(mix: Mix, w_o: Ints, added: Ints) -> Bools:
    """Which output projections are natural, and in which attention and every head matter."""
    ok = natural(w_o, 15, 60)
    apart = (mix.apart @ w_o != 0).any(2)  # rows that uniform attention would change
    ok &= apart[:, -1] & (apart.sum(1) >= min(2, apart.shape[1] - 1))
    for part in np.split(np.arange(w_o.shape[1]), mix.heads):
        ok &= ((mix.mixture[:, part] @ w_o[:, part] != 0).any(2).sum(1) >= 2) & (w_o[:, part] != 0).any(2).all(1)
    ok &= (added != 0).any(2).all(1)
    return ok


Found = tuple[Ints, Ints, Ints, Ints]


def _four(dice: Dice, mix: Mix, before: Ints) -> Found | None:
    """Four dimensions: pairs of columns that are orthogonal together, for every choice of the balanced rows."""
    n, count = len(before), len(mix.results)
    others = np.array([[t for t in units(4) if t[0] == 1 and t @ row == 0] for row in before])  # (n, 2, 4)
    lefts, rights = (_some_pairs(dice, count, PAIRS.get(n, 6000)) for _ in range(2))
    firsts, seconds = mix.results[lefts], mix.results[rights]  # (pairs, 2, n)
    parts: list[Found] = []
    for choice in dice.order(2**n):
        across = others[np.arange(n), choice >> np.arange(n) & 1]  # (n, 4)
        left = (firsts * across[:, :2].T).sum(1)  # (pairs, n)
        right = -(seconds * across[:, 2:].T).sum(1)
        i, j = _equal(codes(left, 4 * mix.reach), codes(right, 4 * mix.reach))
        twice = -((firsts[i] * before[:, :2].T).sum(1) + (seconds[j] * before[:, 2:].T).sum(1)) // 2  # (hits, n)
        kept = _PLEASANT[twice].all(1)
        i, j, twice = i[kept], j[kept], twice[kept]
        after = across * before
        after_twice = ((firsts[i] * after[:, :2].T).sum(1) + (seconds[j] * after[:, 2:].T).sum(1)) // 2
        kept = _PLEASANT[abs(after_twice)].all(1)
        i, j, twice, after_twice = i[kept], j[kept], twice[kept], after_twice[kept]
        members = np.concatenate([lefts[i], rights[j]], 1)
        parts.append((members, twice, after * np.sign(after_twice)[..., None], abs(after_twice)))
        if sum(len(part[0]) for part in parts) > ENOUGH:
            break
    members, twice, units_after, after_twice = (np.concatenate(part) for part in zip(*parts, strict=True))
    return (members, twice, units_after, after_twice) if len(members) else None


def _some_pairs(dice: Dice, count: int, most: int) -> Ints:
    """Pairs of numbers below count: all, or so many."""
    if count**2 > 4 * most:
        return dice.below(count, most, 2)
    pairs = dice.few(count**2, most)
    return np.stack([pairs // count, pairs % count], 1)


def _equal(left: Ints, right: Ints, most: int = 20_000) -> tuple[Ints, Ints]:
    """Pairs of places, one in each list, that hold the same: all, or about so many."""
    order = np.argsort(right, kind="stable")
    ordered = right[order]
    begin = np.searchsorted(ordered, left)
    counts = np.searchsorted(ordered, left, side="right") - begin
    counts = np.where(np.cumsum(counts) <= most, counts, 0)
    i = np.repeat(np.arange(len(left)), counts)
    within = np.arange(len(i)) - np.repeat(np.cumsum(counts) - counts, counts)
    return i, order[np.repeat(begin, counts) + within]


def unit_of(rows: Ints) -> Ints:
    """What LayerNorm makes of friendly rows: the units u of m + c·u."""
    apart = rows.shape[-1] * rows - rows.sum(-1, keepdims=True)
    scale = np.rint(np.sqrt((apart**2).sum(-1, keepdims=True) / rows.shape[-1])).astype(
        np.int64
    )  # exact: whole roots
    found: Ints = apart // scale
    return found


def _targets(dice: Dice, mix: Mix, before: Ints) -> Found | None:
    """More dimensions: targets at will, each column looked up."""
    n, d = before.shape
    samples = 10_000
    after = dice.of(units(d), samples, n)  # (samples, n, d)
    twice, after_twice = (dice.of(np.array([2, 2, 2, 4]), samples, n) for _ in range(2))
    move = dice.below(5, samples, n) - 2
    wanted = move[..., None] + (after_twice[..., None] * after - twice[..., None] * before) // 2
    members = Table(dice, mix.results, mix.reach).find(wanted.swapaxes(1, 2))
    hit = (members >= 0).all(1)
    return (members[hit], twice[hit], after[hit], after_twice[hit]) if hit.any() else None


def placed(dice: Dice, before: Ints, update: Update, limits: Limits) -> Ints | None:
    """The rows that the update is added to: each moved so that it and its sum stay small."""
    rows = []
    for u, twice, added in zip(before, update.twice, update.added, strict=True):
        moves = np.arange(-2 * limits.stream, 2 * limits.stream + 1)
        doubled = moves[:, None] + twice * u
        whole = (doubled % 2 == 0).all(1)
        options = doubled[whole] // 2
        size = np.maximum(abs(options).max(1), abs(options + added).max(1))
        fitting = np.flatnonzero((size <= limits.stream) & (size <= size.min() + 1))
        if not len(fitting):
            return None
        rows.append(options[fitting[dice.one(len(fitting))]])
    found = np.array(rows)
    return found if len(np.unique(codes(found, 20))) == len(found) else None


def fixed_updates(dice: Dice, mix: Mix, x: Ints, limits: Limits) -> list[Update]:
    """Output projections whose sum with the rows x (n, 4) is friendly."""
    count = len(mix.results)
    triples = np.arange(count**3) if count**3 <= 250_000 else dice.below(count**3, 250_000)
    members = np.stack([triples // count**2, triples // count % count, triples % count], 1)
    wanted = np.zeros((len(members), 0), np.int64)
    for i in range(len(x)):
        sums = x[i, :3] + mix.results[members, i]  # (count, 3)
        a, b, c = sums.T
        lone = np.where(a == b, c, np.where(a == c, b, a))
        pairs = (a == b).astype(np.int64) + (a == c) + (b == c)
        ok = (pairs == 1) & (abs(sums).max(1) <= limits.stream + 1)
        members, wanted = members[ok], np.concatenate([wanted[ok], (lone - x[i, 3])[ok, None]], 1)
    last = Table(dice, mix.results, mix.reach).find(wanted)
    members = np.concatenate([members, last[:, None]], 1)[last >= 0]
    w_o, added = mix.columns[members].swapaxes(1, 2), mix.results[members].swapaxes(1, 2)
    sums = x + added
    twice = sums.max(2) - sums.min(2)
    after = unit_of(sums)
    ok = _tells(mix, w_o, added) & distinct(after) & np.isin(twice, TWICE).all(1)
    cost = 3 * (abs(w_o) > 1).sum((1, 2)) + (added == 0).sum((1, 2)) + 2 * abs(sums).max((1, 2))
    kept = np.flatnonzero(ok)
    kept = kept[np.argsort(cost[kept] + dice.below(6, len(kept)), kind="stable")][:8]
    return [Update(w_o[i], added[i], twice[i], after[i], twice[i]) for i in kept]


def plain_updates(dice: Dice, mix: Mix, x: Ints, limits: Limits) -> list[Update]:
    """Output projections where no norm follows; the sum with x is small."""
    members = dice.below(len(mix.results), 1500, x.shape[1])
    w_o, added = mix.columns[members].swapaxes(1, 2), mix.results[members].swapaxes(1, 2)
    sums = x + added
    ok = _tells(mix, w_o, added) & distinct(sums) & (abs(sums).max((1, 2)) <= limits.stream + 1)
    cost = 2 * (abs(w_o) > 1).sum((1, 2)) + (added == 0).sum((1, 2)) + abs(sums).max((1, 2))
    kept = np.flatnonzero(ok)
    kept = kept[np.argsort(cost[kept] + dice.below(6, len(kept)), kind="stable")][:4]
    none = np.zeros(len(x), np.int64)
    return [Update(w_o[i], added[i], none, sums[i], none) for i in kept]
