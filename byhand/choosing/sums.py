"""What attention may add to rows that are settled: any sum that is small, or one that a norm leaves rational."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.choosing.dice import Bools, Dice, Ints
from byhand.choosing.limits import Limits
from byhand.choosing.mixing import Mix
from byhand.choosing.natural import columns_for, distinct, natural
from byhand.choosing.norms import friendly, unit_of

BEAMS = {4: 2000, 8: 64}  # by dimensions


@dataclass(frozen=True)
class Update:
    """What attention adds: W_O (width, d), its result (n, d), and the units of the rows after it."""

    W_O: Ints
    added: Ints
    after: Ints


def tells(mix: Mix, w_o: Ints, added: Ints) -> Bools:
    """Which output projections are natural, and in which attention and every head matter."""
    ok = natural(w_o, 15, 60)
    apart = (mix.apart @ w_o != 0).any(2)  # rows that uniform attention would change
    rows = min(2, apart.shape[1] - 1)
    ok &= apart[:, -1] & (apart.sum(1) >= rows)
    for part in np.split(np.arange(w_o.shape[1]), mix.heads):
        ok &= ((mix.mixture[:, part] @ w_o[:, part] != 0).any(2).sum(1) >= rows) & (w_o[:, part] != 0).any(2).all(1)
    ok &= (added != 0).any(2).all(1)
    return ok


def plain_updates(dice: Dice, mix: Mix, x: Ints, limits: Limits) -> list[Update]:
    """Output projections where no norm follows; the sum with the rows x (n, d) is small."""
    members = dice.below(len(mix.results), 1500, x.shape[1])
    w_o, added = mix.columns[members].swapaxes(1, 2), mix.results[members].swapaxes(1, 2)
    sums = x + added
    ok = tells(mix, w_o, added) & distinct(sums) & (abs(sums).max((1, 2)) <= limits.stream + 1)
    return _best(dice, ok, w_o, added, sums, sums, keep=4)


def friendly_updates(dice: Dice, mix: Mix, x: Ints, kind: str, limits: Limits) -> list[Update]:
    """Output projections whose sum with the rows x (n, d) is friendly."""
    members = columns_for(dice, mix.results, x, friendly(x.shape[1], kind, limits.stream + 1), BEAMS[x.shape[1]])
    w_o, added = mix.columns[members].swapaxes(1, 2), mix.results[members].swapaxes(1, 2)
    sums = x + added
    after = unit_of(sums, kind)
    ok = tells(mix, w_o, added) & distinct(after) & distinct(sums)
    return _best(dice, ok, w_o, added, sums, after, keep=8)


def _best(dice: Dice, ok: Bools, w_o: Ints, added: Ints, sums: Ints, after: Ints, keep: int) -> list[Update]:
    """The most pleasant of many output projections."""
    kept = np.flatnonzero(ok)
    w_o, added, sums, after = w_o[kept], added[kept], sums[kept], after[kept]
    cost = 3 * (abs(w_o) > 1).sum((1, 2)) + (added == 0).sum((1, 2)) + 2 * abs(sums).max((1, 2))
    order = np.argsort(cost + dice.below(6, len(kept)), kind="stable")[:keep]
    return [Update(w_o[i], added[i], after[i]) for i in order]
