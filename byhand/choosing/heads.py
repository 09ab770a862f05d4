"""Heads of attention with whole scores and patterns of small denominators."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np

from byhand.choosing.dice import Bools, Dice, Ints
from byhand.choosing.limits import Limits
from byhand.choosing.natural import WEIGHTS, distinct, natural
from byhand.model.config import Config


@dataclass(frozen=True)
class Heads:
    """Many heads on the same rows.

    W_Q, W_K: (count, d_model, d_head). powers: (count, n, n), whole powers whose shares of their row's total are the
    pattern. totals: (count, n), in lowest terms.
    """

    W_Q: Ints
    W_K: Ints
    powers: Ints
    totals: Ints

    def __len__(self) -> int:
        return len(self.W_Q)


def visible(n: int, config: Config) -> Bools:
    """What each token may see (n, n)."""
    full = np.ones((n, n), dtype=bool)
    return np.tril(full) if config.attention_dir == "causal" else full


def find_heads(dice: Dice, x: Ints, config: Config, limits: Limits, draws: int = 400, keep: int = 48) -> Heads:
    """Heads on rows x (n, d_model), the most pleasant first."""
    n = len(x)
    root = isqrt(config.d_head) if config.use_attn_scale else 1
    w_q, q = _projections(dice, x, config.d_head, limits, draws)
    w_k, k = _projections(dice, x, config.d_head, limits, draws)
    a, b = _pairs(q, k, root, limits)
    raw = (q[a] @ k[b].swapaxes(1, 2)).astype(np.int64)
    ok = (raw % root == 0).all((1, 2)) & (abs(raw).max((1, 2)) <= limits.integer)
    a, b, scores = a[ok], b[ok], raw[ok] // root
    ok, powers, totals = patterns(scores, visible(n, config), int(config.softmax_base if config.softmax_base != "e" else 2))
    ok &= ~(scores == scores.swapaxes(1, 2)).all((1, 2)) & ~(w_q[a] == w_k[b]).all((1, 2))
    ok &= _not_transposed(x, w_q, q)[a] & _not_transposed(x, w_k, k)[b]
    a, b, scores, powers, totals = a[ok], b[ok], scores[ok], powers[ok], totals[ok]
    cost = _cost(q[a], k[b], scores, totals) + dice.below(12, len(a))
    best = np.argsort(cost, kind="stable")[:keep]
    return Heads(w_q[a[best]], w_k[b[best]], powers[best], totals[best])


def _projections(dice: Dice, x: Ints, width: int, limits: Limits, draws: int) -> tuple[Ints, Ints]:
    """Natural weights whose products with x are small and tell the rows apart."""
    w = dice.of(WEIGHTS, draws, x.shape[1], width)
    w = w[natural(w, 20, 60)]
    product = x @ w
    ok = (abs(product).max((1, 2)) <= limits.query) & distinct(product) & (product != 0).any(1).all(1)
    ok &= (product == 0).sum((1, 2)) * 100 <= 45 * product.shape[1] * width
    return w[ok], product[ok]


def _pairs(q: Ints, k: Ints, root: int, limits: Limits) -> tuple[Ints, Ints]:
    """Pairs whose last rows' scores are whole and small: what is cheap to see comes first."""
    ok = np.ones((len(q), len(k)), dtype=bool)
    for i, j in ((-1, -1), (-1, 0), (0, -1)):
        raw = (q[:, i].astype(np.float32) @ k[:, j].T.astype(np.float32)).astype(np.int16)
        ok &= (abs(raw) <= limits.integer) & (raw % root == 0)
    a, b = np.nonzero(ok)
    return a, b


def patterns(scores: Ints, seen: Bools, base: int) -> tuple[Bools, Ints, Ints]:
    """Which scores (count, n, n) make a pattern that is pleasant and says something; its powers and totals."""
    hidden = 99
    low = np.where(seen, scores, hidden).min(-1)
    steps = np.where(seen, scores - low[..., None], hidden)
    reach = 3 if base == 2 else 2
    ok = (np.where(seen, steps, 0) <= reach).all((1, 2)) & (low >= -reach).all(1)
    ok &= (np.where(seen, scores, 0) <= reach).all((1, 2))
    powers = np.where(seen, base ** np.clip(steps, 0, reach), 0)
    totals = powers.sum(-1)
    ok &= (np.where(low >= 0, totals * base ** np.clip(low, 0, reach), 0) <= 9).all(1)
    even = np.where(seen, steps, 0).max(-1) == 0  # every share alike
    totals, powers = np.where(even, seen.sum(-1), totals), np.where(even[..., None], seen, powers)
    ok &= np.isin(totals, [1, 2, 3, 4, 5, 6, 8, 10] if base == 2 else [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).all(1)
    rows = seen.sum(1) > 1
    ok &= (powers.max(-1) * 10 <= 9 * totals)[:, rows].all(1)
    ok &= ~even[:, -1] & (even[:, rows].sum(1) * 2 <= rows.sum())
    return ok, powers.astype(np.int64), totals


def _not_transposed(x: Ints, w: Ints, product: Ints) -> Bools:
    """Which weights give something else when transposed."""
    if w.shape[1] != w.shape[2]:
        return np.ones(len(w), dtype=bool)
    return (x @ w.swapaxes(1, 2) != product).any((1, 2))


def _cost(q: Ints, k: Ints, scores: Ints, totals: Ints) -> Ints:
    """How unpleasant a head is."""
    cost = 3 * np.maximum(0, abs(q).max((1, 2)) - 4) + 3 * np.maximum(0, abs(k).max((1, 2)) - 4)
    cost += (q == 0).sum((1, 2)) + (k == 0).sum((1, 2)) + (scores == 0).sum((1, 2))
    cost += 2 * np.maximum(0, abs(scores).max((1, 2)) - 2) + 2 * (totals > 6).sum(1)
    ordered = np.sort(totals, axis=1)
    return cost + 3 * (ordered[:, 1:] == ordered[:, :-1]).sum(1)
