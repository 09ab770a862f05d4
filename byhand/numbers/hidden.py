"""The feed-forward network: units that are alive for some tokens and not for others, and outputs by look-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.limits import Limits
from byhand.numbers.natural import columns, columns_for, distinct, natural
from byhand.numbers.norms import friendly, scalable, unit_of

TRIES = 2000  # second layers


@dataclass(frozen=True)
class Hidden:
    """The first layer. post: (n, d_mlp), after ReLU."""

    W_in: Ints
    b_in: Ints
    post: Ints


@dataclass(frozen=True)
class Outputs:
    """The second layer. added: (n, d_model)."""

    W_out: Ints
    b_out: Ints
    added: Ints


def find_hidden(dice: Dice, x: Ints, d_mlp: int, limits: Limits, tries: int = 200) -> Hidden | None:
    """A first layer on rows x (n, d_model), in which every unit is alive for some token and dead for another."""
    n = len(x)
    pool = columns(x.shape[1], 2, 1)
    pool = pool[dice.few(len(pool), 600)]
    bias = dice.of(np.array([0, 0, 1, -1, 1, -1, 2]), len(pool))
    pre = pool @ x.T + bias[:, None]  # (count, n)
    alive = (pre > 0).sum(1)
    fit = (alive >= 1) & (alive < n) & (pre < 0).any(1) & (abs(pre).max(1) <= limits.hidden) & (pre.max(1) <= 4)
    pool, bias, pre = pool[fit], bias[fit], pre[fit]
    if len(pool) < 2 * d_mlp:
        return None
    picks = dice.below(len(pool), tries, d_mlp)
    w, b, post = pool[picks].swapaxes(1, 2), bias[picks], np.maximum(pre[picks], 0).swapaxes(1, 2)
    lit = (post > 0).sum(2)
    zeros = (b == 0).sum(1)
    ok = natural(w, 15, 60) & distinct(post) & distinct(post.swapaxes(1, 2)) & (lit >= 1).all(1)
    ok &= (zeros >= 1) & (zeros * 3 <= 2 * d_mlp)
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    cost = post[kept].sum((1, 2)) + 2 * (abs(w[kept]) > 1).sum((1, 2)) + 3 * (lit[kept] < 2).sum(1)
    best = kept[np.argsort(cost, kind="stable")[0]]
    return Hidden(w[best], b[best], post[best])


def _columns(dice: Dice, hidden: Hidden, most: int = 8000) -> tuple[Ints, Ints, Ints]:
    """Columns of W_out with a bias, and what they give (count, n)."""
    w = columns(hidden.W_in.shape[1], 2, 1)
    w = w[dice.few(len(w), most)]
    w, b = np.concatenate([w, w]), np.concatenate([np.zeros(len(w), np.int64), dice.of(np.array([1, -1]), len(w))])
    return w, b, np.rint(w.astype(np.float64) @ hidden.post.T.astype(np.float64)).astype(np.int64) + b[:, None]


def any_outputs(dice: Dice, x: Ints, hidden: Hidden, limits: Limits, read: bool = False) -> Outputs | None:
    """A second layer whose sum with the rows x (n, d) is small; x is zero where nothing is added.

    read: whether heads read the sum as it is; its tokens then have two parities, so that scores divide.
    """
    w, b, results = _columns(dice, hidden)
    if read:
        odd = (results[:, None] + x.T) % 2  # (count, d, n)
        halves = np.array_split(dice.order(len(x)), 2)
        fit = np.logical_and(*((odd[..., half] == odd[..., half[:1]]).all(2) for half in halves))
        if not fit.any(0).all():
            return None
        picks = np.stack([dice.of(np.flatnonzero(column), TRIES) for column in fit.T], 1)
    else:
        picks = dice.below(len(w), TRIES, x.shape[1])
    return _best(dice, x, w[picks].swapaxes(1, 2), b[picks], results[picks].swapaxes(1, 2), limits, read)


def friendly_outputs(dice: Dice, x: Ints, kind: str, hidden: Hidden, limits: Limits) -> Outputs | None:
    """A second layer whose sum with the rows x is friendly, and each token's in its own way."""
    w, b, results = _columns(dice, hidden)
    small = abs(results).max(1) <= min(9, 2 * limits.stream)
    w, b, results = w[small], b[small], results[small]
    table = friendly(x.shape[1], kind, limits.stream)
    members = columns_for(dice, results, x.shape[1], [table - row for row in x], beams=60)
    sums = x + results[members].swapaxes(1, 2)
    members = members[scalable(unit_of(sums, kind), kind)]
    return _best(dice, x, w[members].swapaxes(1, 2), b[members], results[members].swapaxes(1, 2), limits)


def _best(dice: Dice, x: Ints, w: Ints, b: Ints, added: Ints, limits: Limits, read: bool = False) -> Outputs | None:
    """The most pleasant of many second layers."""
    sums = x + added
    ok: Bools = natural(w, 15, 60) & distinct(sums) & (abs(sums).max((1, 2)) <= limits.stream + 1)
    ok &= (added != 0).any(2).all(1) & (abs(added).max((1, 2)) <= limits.integer)
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    w, b, added, sums = w[kept], b[kept], added[kept], sums[kept]
    cost = (abs(w) > 1).sum((1, 2)) + 2 * abs(sums).max((1, 2)) + abs(added).max((1, 2)) + (sums == x).sum((1, 2))
    cost += (b != 0).sum(1) + read * (sums**2).sum((1, 2))
    best = np.argsort(cost + dice.below(4, len(cost)), kind="stable")[0]
    return Outputs(w[best], b[best], added[best])
