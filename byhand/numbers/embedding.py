"""The two ends of a language model: embeddings whose sum is given, and W_U, whose largest logits are right words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from byhand.model.config import Config
from byhand.numbers.dice import Bools, Dice, Floats, Ints
from byhand.numbers.natural import natural, point_apart, weight_columns, whole_products
from byhand.numbers.promises import FEW_WORDS, Limits
from byhand.numbers.registry import Entries, Task

EMBEDDINGS_TRIED = 400
UNEMBEDDING_COLUMNS = 2000  # columns that W_U is made of
UNEMBEDDINGS_TRIED = 8000
UNEMBEDDINGS_KEPT = 4  # the most pleasant ones that fit, each of which makes an instance
LEAST_LOGIT = 2  # of a right word, so that a wrong one can have a smaller logit that is still positive
EASY_SHARES = (6, 7, 8, 9, 10, 12, 14, 15, 16, 18, 20, 21, 24)  # denominators of the last word's shares that are easy
HARD_SHARES = 20  # what another one costs
ROUNDING = 1e-6  # far more than the rounding errors of float64 here, on any machine


def find_embeddings(dice: Dice, rows: Ints, ids: tuple[int, ...], config: Config) -> Entries | None:
    """Rows of a stream (n, d_model), and the word's id of each → natural W_E (d_vocab, d_model) and W_pos (n_ctx,
    d_model) whose sum they are; W_E alone where positions are not learned. None where no draw fits.

    Method: rejection sampling of W_E, within bounds that keep the entries of W_pos small; W_pos is the difference.
    """
    n, d = rows.shape
    words, learned = config.d_vocab, config.positional_embedding_type == "standard"
    if config.positional_embedding_type == "sinusoidal":
        rows = rows - sinusoids(n, config)
    for reach in (2, 3) if learned else (0,):  # the largest entry of W_pos: 3 only where no W_E fits 2
        low, high = np.full((words, d), -max(reach, 2)), np.full((words, d), max(reach, 2))
        if not learned:
            low, high = np.minimum(low, rows.min()), np.maximum(high, rows.max())
        for row, word in zip(rows, ids, strict=True):
            low[word], high[word] = np.maximum(low[word], row - reach), np.minimum(high[word], row + reach)
        if (low <= high).all():
            break
    else:
        return None
    w_e = low + dice.below_each(np.broadcast_to(high - low + 1, (EMBEDDINGS_TRIED, words, d)).copy())
    unused = dice.below(3, EMBEDDINGS_TRIED, config.n_ctx - n, d) - 1  # positions that the sentence does not reach
    w_pos = np.concatenate([rows - w_e[:, list(ids)], unused], 1)
    ok = natural(w_e, 8, 50) & (w_e.max(2) > w_e.min(2)).all(1)
    embedded = w_e[:, list(dict.fromkeys(ids))]  # the words of the sentence, each once
    ok &= point_apart(embedded) & ((embedded != embedded[:, :1]).any(1).all(1) | (embedded.shape[1] < 3))
    if learned:
        ok &= natural(w_pos, 8, 60) & (w_pos.max(2) > w_pos.min(2)).all(1)
    cost = abs(w_e).sum((1, 2)) + 2 * abs(w_pos).sum((1, 2))
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    best = kept[np.argsort(cost[kept] + dice.below(8, len(kept)), kind="stable")[0]]
    table = {"embed.W_E": w_e[best].tolist()}
    return table | {"pos_embed.W_pos": w_pos[best].tolist()} if learned else table


def sinusoids(n: int, config: Config) -> Ints:
    """Sinusoidal positions (n, d_model), in whole numbers: the config has been checked to make quarter turns only."""
    turns = np.arange(n)[:, None] / np.array([float(p) for p in config.sinusoidal_periods])  # (n, pairs)
    pairs = np.stack([np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)], 2)
    positions: Ints = np.rint(pairs).astype(np.int64).reshape(n, -1)[:, : config.d_model]
    return positions


def find_unembeddings(
    dice: Dice, rows: Ints, over: int, words: int, wanted: tuple[int | None, ...], limits: Limits,
    silent: Floats | None, alike: int = 0,
    fits: Callable[[Ints], Bools] | None = None, spread: int = 0,
) -> list[Ints]:  # fmt: skip
    """Rows before W_U (n, d_model), numerators over `over` → up to UNEMBEDDINGS_KEPT natural W_U (d_model, words)
    whose logits are whole, the most pleasant first.

    In each row the largest logit leads by 1 or more, and is that of the wanted word; of up to FEW_WORDS, another one
    is the second. wanted: a word's id for each row; None where any will do. silent: (d_model), the last row as it
    would be if attention added nothing; from it the last word must not follow. None where that is not asked. alike:
    how many words may have one logit in the last row, where no row or column may hold one number only; 0 where that
    is not asked. fits: which rows of logits (count, words) may be the last one; any if it is None. spread: how far
    apart the last row's logits are at most; any if it is 0.

    Method: rejection sampling. The column of a wanted word is drawn from those that give it a logit of LEAST_LOGIT or
    more where it is wanted, and no larger one in other rows.
    """
    columns = weight_columns(rows.shape[1])
    columns = columns[dice.sample(len(columns), UNEMBEDDING_COLUMNS)]
    columns, logits = whole_products(columns, rows, over)  # logits: (columns, n)
    fit = abs(logits).max(1) <= limits.integer
    if alike:
        fit &= columns.max(1) > columns.min(1)
    if spread:
        highest = LEAST_LOGIT + dice.one_below(spread)
        fit &= (highest - spread <= logits[:, -1]) & (logits[:, -1] <= highest)
    columns, logits = columns[fit], logits[fit]
    if not len(columns):
        return []
    picks = dice.below(len(columns), UNEMBEDDINGS_TRIED, words)
    for word in dict.fromkeys(w for w in wanted if w is not None):
        at = [t for t, w in enumerate(wanted) if w == word]
        others = [t for t, w in enumerate(wanted) if w != word]
        lowest = logits[:, at].min(1)
        good = np.flatnonzero((lowest >= LEAST_LOGIT) & (logits[:, others].max(1, initial=-99) <= lowest))
        if not len(good):
            return []
        picks[:, word] = good[dice.below(len(good), UNEMBEDDINGS_TRIED)]
    picked = logits[picks].swapaxes(1, 2)  # (tries, n, words)
    ordered = np.sort(picked, axis=2)
    ok = (ordered[:, :, -1] - ordered[:, :, -2] >= 1).all(1)
    if 2 < words <= FEW_WORDS:
        ok &= (ordered[:, :, -2] > ordered[:, :, -3]).all(1)
    top = picked.argmax(2)
    for t, w in enumerate(wanted):
        ok &= (top[:, t] == w) if w is not None else True
    ok &= (top != top[:, :1]).any(1) if len(rows) > 1 else True
    if alike:
        ok &= (ordered[:, -1, alike:] != ordered[:, -1, :-alike]).all(1)
    if fits is not None:
        ok &= fits(picked[:, -1])
    ok = np.flatnonzero(ok)
    w_u = columns[picks[ok]].swapaxes(1, 2)
    fine = natural(w_u, 10, 60)
    if alike:
        fine &= (w_u.max(2) > w_u.min(2)).all(1)
    w_u, picked = w_u[fine], picked[ok][fine]
    if silent is not None and len(w_u):
        without, right = silent @ w_u, picked[:, -1].argmax(1)  # (count, words)
        changed = without.max(1) > without[np.arange(len(right)), right] + ROUNDING
        w_u, picked = w_u[changed], picked[changed]
    cost = 2 * abs(picked).max((1, 2)) + (picked == 0).sum((1, 2)) + (abs(w_u) > 1).sum((1, 2))
    cost += _cost_of_shares(picked[:, -1])
    best = np.argsort(cost + dice.below(4, len(cost)), kind="stable")[:UNEMBEDDINGS_KEPT]
    return list(w_u[best])


def _cost_of_shares(logits: Ints) -> Ints:
    """Rows of logits (count, words) → (count), how unpleasant their shares are in base 2.

    The largest denominator of the shares is the sum of the powers, if the smallest power is taken as 1. One of
    EASY_SHARES costs nothing, and neither do powers that are whole, or have one half among them.
    """
    smallest = logits.min(1)
    denominators = (2.0 ** (logits - smallest[:, None])).sum(1)
    cost: Ints = np.where(np.isin(denominators, EASY_SHARES), 0, HARD_SHARES + (denominators // 8).astype(np.int64))
    cost += 4 * np.maximum(-1 - smallest, 0)
    return cost


def without_attention(rows: Ints | Floats, weights: Entries, config: Config) -> Floats | None:
    """The rows that a stack of blocks reads (n, d_model) → the last row (d_model) before W_U, if attention added
    nothing to it; None where a norm would divide by 0.
    """
    x: Floats = rows[-1].astype(np.float64)
    pre, kind = config.norm_position == "pre", config.normalization_type

    def norm(row: Floats, at: str) -> Floats:
        if kind is None:
            return row
        centred = row - row.mean() if kind == "LN" else row
        w, b = weights.get(f"{at}.w", 1), weights.get(f"{at}.b", 0)
        result: Floats = centred / np.sqrt((centred**2).mean()) * w + b
        return result

    def feed_forward(row: Floats, at: str) -> Floats:
        post = np.maximum(row @ weights[f"{at}.W_in"] + weights.get(f"{at}.b_in", 0), 0)
        result: Floats = post @ weights[f"{at}.W_out"] + weights.get(f"{at}.b_out", 0)
        return result

    with np.errstate(invalid="ignore", divide="ignore"):
        for at in (f"blocks.{layer}" for layer in range(config.n_layers)):
            x = x if pre else norm(x, f"{at}.ln1")
            if not config.attn_only:
                x = x + feed_forward(norm(x, f"{at}.ln2") if pre else x, f"{at}.mlp")
                x = x if pre else norm(x, f"{at}.ln2")
        x = norm(x, "ln_final") if pre and "ln_final.w" in weights else x
    return x if np.isfinite(x).all() else None


def has_few_positions(task: Task) -> str:
    """Requires W_pos to have up to 5 rows."""
    n = task.config.n_ctx
    return f"numbers are chosen for 3 to 5 positions, not {n}; use n_ctx=5, or give values" if n > 5 else ""


def has_few_words(task: Task) -> str:
    """Requires W_U to have up to 50 columns."""
    words = task.config.d_vocab
    return f"numbers are chosen for up to 50 words, not {words}; use d_vocab=50" if words > 50 else ""


def has_whole_waves(task: Task) -> str:
    """Requires the sines and cosines that are added to be whole numbers, as they are at quarter turns."""
    c = task.config
    pairs = (c.d_model + 1) // 2
    whole = [p for p in c.sinusoidal_periods if (4 / p).denominator == 1]
    if c.positional_embedding_type != "sinusoidal" or len(whole) >= pairs:
        return ""
    near = ", ".join(str((4, 2)[i % 2]) for i in range(pairs))
    return (
        "sines and cosines are whole at quarter turns only, and numbers are chosen for those; use "
        f"sinusoidal_periods=[{near}]"
    )


def tells_words_apart(task: Task) -> str:
    """Requires learned positions where a word stands twice: without them, its rows could be equal."""
    if task.config.positional_embedding_type == "standard" or len(set(task.values.ids())) >= task.n:
        return ""
    return "a word that stands twice needs learned positions; use positional_embedding_type='standard'"
