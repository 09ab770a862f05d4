"""Heads of attention with whole scores and patterns of small denominators.

For one choice of W_K, the columns of W_Q are found token by token: a token's query goes on where all its scores are
whole and its row of the pattern is pleasant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import isqrt

import numpy as np

from byhand.model.config import Config
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.limits import Limits
from byhand.numbers.natural import Rule, columns, columns_for, different, distinct, grid, natural

TOTALS = {2: (1, 2, 3, 4, 5, 6, 8, 10), 3: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)}  # of a row's powers
SPREAD = {2: 3, 3: 2}  # between the scores of a row, and of a score from 0

TRIES = 8  # of W_K, for each head
FAILED = 2  # more of them without heads than with: on these rows there are hardly any
RARE = 16  # the same on crowded rows, of which most W_K have no heads
FEW = 4  # tokens whose queries are found by trying; of more, or where more answer, those that fit are listed


@dataclass(frozen=True)
class Heads:
    """Many heads on the same rows.

    W_Q, W_K: (count, d_model, d_head). powers: (count, n, n), whole numbers whose shares of their row's total are the
    pattern. totals: (count, n). cost: how unpleasant each is.
    """

    W_Q: Ints
    W_K: Ints
    powers: Ints
    totals: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.W_Q)

    def only(self, which: Ints) -> Heads:
        """Some of them."""
        return Heads(self.W_Q[which], self.W_K[which], self.powers[which], self.totals[which], self.cost[which])


@dataclass(frozen=True)
class Sight:
    """What attention reads: rows that ask (n, d), rows that answer (m, d), and which each may see (n, m)."""

    asking: Ints
    answering: Ints
    seen: Bools

    @property
    def crowded(self) -> bool:
        """Whether rows see all of many, of which few patterns are pleasant."""
        return self.seen.shape[1] > FEW and bool(self.seen.all())


def own_sight(x: Ints, config: Config) -> Sight:
    """Tokens that see each other, or with a mask what came before."""
    full = np.ones((len(x), len(x)), dtype=bool)
    return Sight(x, x, np.tril(full) if config.attention_dir == "causal" else full)


def whole_base(config: Config) -> int:
    """The base that patterns are judged in: e is no rational number, and is judged as 2."""
    return config.softmax_base if isinstance(config.softmax_base, int) else 2


def find_heads(dice: Dice, sight: Sight, config: Config, limits: Limits, keep: int = 24) -> list[Heads]:
    """For each of a few W_K, heads on what is read, the most pleasant first."""
    n, count = len(sight.asking), config.n_heads
    enough = 2 * count - 1 if n <= 3 or (count > 1 and n == 4) else 2 * count
    pool, results = _telling(dice, sight.asking, limits)
    if len(pool) < 2 * config.d_head:
        return []
    found: list[Heads] = []
    failed = RARE if sight.crowded else FAILED
    for tried, w_k in enumerate(_keys(dice, sight.answering, config, limits, TRIES * count)):
        if len(found) == enough or tried - 2 * len(found) >= failed:
            break
        heads = _queries(dice, sight, w_k, pool, results, config, limits)
        if len(heads):
            found.append(heads.only(np.argsort(heads.cost, kind="stable")[:keep]))
    return found


def _telling(dice: Dice, x: Ints, limits: Limits) -> tuple[Ints, Ints]:
    """Columns of W_Q or W_K that tell the rows x (n, d_model) apart, and what they give (count, n)."""
    pool = columns(x.shape[1], 2, 1)
    if len(pool) > 2000:
        pool = pool[dice.few(len(pool), 2000)]
    results = pool @ x.T
    reach = limits.query if len(x) <= FEW else min(limits.query, 3)  # of many tokens, few scores are small
    fit = (abs(results).max(1) <= reach) & (results.max(1) > results.min(1))
    return pool[fit], results[fit]


def _keys(dice: Dice, x: Ints, config: Config, limits: Limits, count: int) -> Ints:
    """Natural W_K whose keys differ."""
    pool, _ = _telling(dice, x, limits)
    if len(pool) < 2 * config.d_head:
        return np.zeros((0, x.shape[1], config.d_head), np.int64)
    w = pool[dice.below(len(pool), 600, config.d_head)].swapaxes(1, 2)
    k = x @ w
    ok = natural(w, 25, 50) & distinct(k) & ((k == 0).sum((1, 2)) * 100 <= 45 * k[0].size)
    small = np.argsort((k[ok] ** 2).sum((1, 2)), kind="stable")  # short keys leave most queries possible
    best: Ints = w[ok][small[:count]]
    return best[dice.order(len(best))]


def _queries(dice: Dice, sight: Sight, w_k: Ints, pool: Ints, results: Ints, config: Config, limits: Limits) -> Heads:
    """Heads with this W_K."""
    x, seen, k = sight.asking, sight.seen, sight.answering @ w_k
    n, width = len(x), config.d_head
    root = isqrt(width) if config.use_attn_scale else 1
    base = whole_base(config)

    def scored(q: Ints) -> tuple[Bools, Ints]:
        """Which queries have whole scores, and those (m, some)."""
        raw = np.rint(k.astype(np.float64) @ q.T.astype(np.float64)).astype(np.int64)  # exact: small
        whole: Bools = np.asarray((abs(raw) <= limits.integer).all(0))
        if root > 1:
            whole &= (raw % root == 0).all(0)
        return whole, raw[:, whole] // root

    def fits(i: int, q: Ints) -> Bools:
        whole, scores = scored(q)
        whole[whole] = row_fits(scores, seen[i], base)
        return whole

    rules: list[Rule] = [partial(fits, i) for i in reversed(range(n))]
    if n > FEW or len(k) > max(n, 3):
        every = grid(width, int(abs(results).max()))
        whole, scores = scored(every)
        fitting = {row.tobytes(): every[whole][row_fits(scores, row, base)] for row in np.unique(seen, axis=0)}
        rules = [fitting[row.tobytes()] for row in seen[::-1]]
    members = columns_for(dice, results[:, ::-1], width, rules, beams=150, tries=500 * max(1, n - 2), rows=200)
    w_q = pool[members].swapaxes(1, 2)  # (count, d_model, d_head)
    queries = x @ w_q
    ok = natural(w_q, 25, 50) & distinct(queries) & ((queries == 0).sum((1, 2)) * 100 <= 45 * n * width)
    ok &= (w_q != w_k).any((1, 2))
    if x.shape[1] == width:
        ok &= (x @ w_q.swapaxes(1, 2) != queries).any((1, 2)) & bool((sight.answering @ w_k.T != k).any())
    w_q, queries = w_q[ok], queries[ok]
    all_scores = queries @ k.T // root
    ok = different(all_scores.swapaxes(1, 2)) >= (3 if sight.crowded else min(len(k), 4))
    if len(k) == n:
        ok &= (all_scores != all_scores.swapaxes(1, 2)).any((1, 2))
    w_q, queries, all_scores = w_q[ok], queries[ok], all_scores[ok]
    powers, totals, even = _patterns(all_scores, seen, base)
    ok = ~even[:, -1] & (even[:, seen.sum(1) > 1].sum(1) * 2 <= (seen.sum(1) > 1).sum())
    w_q, queries, all_scores, powers, totals = w_q[ok], queries[ok], all_scores[ok], powers[ok], totals[ok]
    cost = _cost(queries, k, all_scores, totals) + dice.below(12, len(w_q))
    return Heads(w_q, np.broadcast_to(w_k, w_q.shape), powers, totals, cost)


def row_fits(scores: Ints, seen: Bools, base: int) -> Bools:
    """Which rows of scores, side by side (n, count), give a pleasant row of a pattern where only some entries are
    seen.
    """
    shown = scores[seen]
    low, high = shown.min(0), shown.max(0)
    reach = SPREAD[base]
    ok: Bools = (high - low <= reach) & (low >= -reach) & (high <= reach)
    powers = base ** np.clip(shown - low, 0, reach)
    totals = powers.sum(0)
    alike = high == low
    ok &= np.isin(np.where(alike, len(shown), totals), TOTALS[base])
    ok &= (low < 0) | (totals * base ** np.clip(low, 0, reach) <= 9)
    if len(shown) > 1:
        ok &= powers.max(0) * 10 <= 9 * totals
    return ok


def _patterns(scores: Ints, seen: Bools, base: int) -> tuple[Ints, Ints, Bools]:
    """Whole powers, their totals, and which rows are uniform, of scores (count, n, n)."""
    low = np.where(seen, scores, 99).min(-1)
    powers = np.where(seen, base ** np.clip(scores - low[..., None], 0, SPREAD[base]), 0)
    totals = powers.sum(-1)
    return powers, totals, totals == seen.sum(1)


def _cost(q: Ints, k: Ints, scores: Ints, totals: Ints) -> Ints:
    """How unpleasant heads are."""
    cost: Ints = 3 * np.maximum(0, abs(q).max((1, 2)) - 4) + 3 * max(0, int(abs(k).max()) - 4)
    cost += (q == 0).sum((1, 2)) + (scores == 0).sum((1, 2))
    cost += 2 * np.maximum(0, abs(scores).max((1, 2)) - 2) + 2 * (totals > 6).sum(1)
    ordered = np.sort(totals, axis=1)
    cost += 3 * (ordered[:, 1:] == ordered[:, :-1]).sum(1)
    return cost
