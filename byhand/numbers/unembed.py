"""Embeddings that add up to given rows, and an unembedding whose largest logits are the right words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from byhand.model.config import Config
from byhand.numbers.dice import Dice, Ints
from byhand.numbers.limits import Limits
from byhand.numbers.natural import columns, natural

Lists = dict[str, Any]
Floats = NDArray[np.float64]
CLEARLY = 1e-6  # far beyond what float64 may get wrong on any machine


def embeddings(dice: Dice, rows: Ints, ids: tuple[int, ...], config: Config, tries: int = 400) -> Lists | None:
    """W_E and W_pos that add up to the rows (n, d_model) of these tokens; W_E alone without learned positions."""
    n, d = rows.shape
    words, placed = config.d_vocab, config.positional_embedding_type == "standard"
    if config.positional_embedding_type == "sinusoidal":
        rows = rows - waves(n, config)
    for reach in (2, 3) if placed else (0,):
        low, high = np.full((words, d), -max(reach, 2)), np.full((words, d), max(reach, 2))
        if not placed:
            low, high = np.minimum(low, rows.min()), np.maximum(high, rows.max())
        for row, word in zip(rows, ids, strict=True):
            low[word], high[word] = np.maximum(low[word], row - reach), np.minimum(high[word], row + reach)
        if (low <= high).all():
            break
    else:
        return None
    w_e = low + dice.under(np.broadcast_to(high - low + 1, (tries, words, d)).copy())
    rest = dice.below(3, tries, config.n_ctx - n, d) - 1  # positions that the sentence does not reach
    w_pos = np.concatenate([rows - w_e[:, list(ids)], rest], 1)
    ok = natural(w_e, 8, 50) & (natural(w_pos, 8, 60) if placed else True)
    cost = abs(w_e).sum((1, 2)) + 2 * abs(w_pos).sum((1, 2))
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    best = kept[np.argsort(cost[kept] + dice.below(8, len(kept)), kind="stable")[0]]
    table = {"embed.W_E": w_e[best].tolist()}
    return table | {"pos_embed.W_pos": w_pos[best].tolist()} if placed else table


def waves(n: int, config: Config) -> Ints:
    """Sines and cosines of quarter turns (n, d_model)."""
    turns = np.arange(n)[:, None] / np.array([float(p) for p in config.sinusoidal_periods])  # (n, pairs)
    pairs = np.stack([np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)], 2)
    found: Ints = np.rint(pairs).astype(np.int64).reshape(n, -1)[:, : config.d_model]
    return found


def unembeddings(
    dice: Dice,
    rows: Ints,
    words: int,
    wanted: tuple[int | None, ...],
    limits: Limits,
    silent: Floats | None,
    tries: int = 8000,
    keep: int = 4,
) -> list[Ints]:
    """W_U (d_model, words) with the wanted word's logit the largest of its row by 1 or more.

    silent: the last row as it would be without attention, where the last word must be another.
    """
    pool = columns(rows.shape[1], 2, 1)
    pool = pool[dice.few(len(pool), 2000)]
    logits = pool @ rows.T  # (count, n)
    fit = abs(logits).max(1) <= limits.integer
    pool, logits = pool[fit], logits[fit]
    picks = dice.below(len(pool), tries, words)
    for word in dict.fromkeys(w for w in wanted if w is not None):
        at = [t for t, w in enumerate(wanted) if w == word]
        others = [t for t, w in enumerate(wanted) if w != word]
        lead = logits[:, at].min(1)
        good = np.flatnonzero((lead >= 2) & (logits[:, others].max(1, initial=-99) <= lead))
        if not len(good):
            return []
        picks[:, word] = good[dice.below(len(good), tries)]
    found = logits[picks].swapaxes(1, 2)  # (tries, n, words)
    ordered = np.sort(found, axis=2)
    ok = (ordered[:, :, -1] - ordered[:, :, -2] >= 1).all(1)
    top = found.argmax(2)
    for t, w in enumerate(wanted):
        ok &= (top[:, t] == w) if w is not None else True
    ok &= (top != top[:, :1]).any(1) if len(rows) > 1 else True
    ok = np.flatnonzero(ok)
    w_u = pool[picks[ok]].swapaxes(1, 2)
    fine = natural(w_u, 10, 60)
    w_u, found = w_u[fine], found[ok][fine]
    if silent is not None and len(w_u):
        without, right = silent @ w_u, found[:, -1].argmax(1)  # (count, words)
        changed = without.max(1) > without[np.arange(len(right)), right] + CLEARLY
        w_u, found = w_u[changed], found[changed]
    cost = 2 * abs(found).max((1, 2)) + (found == 0).sum((1, 2)) + (abs(w_u) > 1).sum((1, 2))
    best = np.argsort(cost + dice.below(4, len(cost)), kind="stable")[:keep]
    return list(w_u[best])


def without_attention(rows: Ints, weights: Lists, config: Config) -> Floats | None:
    """The last row of a stack on these rows if no head added anything, before W_U; None where a norm divides by 0."""
    x: Floats = rows[-1].astype(np.float64)
    pre, kind = config.norm_position == "pre", config.normalization_type

    def norm(row: Floats, at: str) -> Floats:
        if kind is None:
            return row
        apart = row - row.mean() if kind == "LN" else row
        result: Floats = apart / np.sqrt((apart**2).mean()) * weights[f"{at}.w"] + weights.get(f"{at}.b", 0)
        return result

    def fed(row: Floats, at: str) -> Floats:
        post = np.maximum(row @ weights[f"{at}.W_in"] + weights[f"{at}.b_in"], 0)
        result: Floats = post @ weights[f"{at}.W_out"] + weights[f"{at}.b_out"]
        return result

    with np.errstate(invalid="ignore", divide="ignore"):
        for at in (f"blocks.{layer}" for layer in range(config.n_layers)):
            x = x if pre else norm(x, f"{at}.ln1")
            if not config.attn_only:
                x = x + fed(norm(x, f"{at}.ln2") if pre else x, f"{at}.mlp")
                x = x if pre else norm(x, f"{at}.ln2")
        x = norm(x, "ln_final") if pre else x
    return x if np.isfinite(x).all() else None
