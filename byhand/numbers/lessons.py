"""Instances of the small models whose numbers have to be chosen so that all is exact."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from byhand.model.names import RESID_PRE
from byhand.numbers.attention import whole_base
from byhand.numbers.combine import combine_columns
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.feed_forward import find_first_layer, is_relu, plain_second_layer
from byhand.numbers.natural import distinct, weight_columns
from byhand.numbers.norms import friendly_rows, unit_of
from byhand.numbers.registry import Instance, Task, search
from byhand.numbers.shuffled import reordered
from byhand.numbers.stack import draw_plain_rows, mlp_weights

PATTERN, NORMALIZED = "blocks.0.attn.hook_pattern[0]", "ln_final.hook_normalized"


def _entry(number: Fraction) -> int | str:
    return int(number) if number.denominator == 1 else str(number)


def _has_four_and_four(task: Task) -> str:
    d, n = task.config.d_model, task.n
    if (d, n) == (4, 4):
        return ""
    found = f"for 4 tokens and d_model=4, not {n} and {d}"
    return f"BatchNorm beside LayerNorm is rational {found}; use these, or give values"


@search("batch-norm", like_own=True, requires=[_has_four_and_four])
def _batch_norm(task: Task, dice: Dice) -> Iterator[Instance]:
    """Rows and columns that are friendly."""
    d, pool = task.config.d_model, friendly_rows(task.n, "LN", 6)
    members = combine_columns(dice, pool, d, [friendly_rows(d, "LN", 6)] * task.n, beams=2000)
    x = pool[members].swapaxes(1, 2)  # (count, n, d)
    by_row, by_column = unit_of(x, "LN"), unit_of(x.swapaxes(1, 2), "LN").swapaxes(1, 2)
    ok = distinct(by_row) & distinct(x) & distinct(x.swapaxes(1, 2)) & (x < 0).any((1, 2))
    ok &= (by_row != by_column).any(2).sum(1) >= 2
    for i in np.flatnonzero(ok)[:3]:
        yield Instance({RESID_PRE: x[i].tolist()}, {})


@search("transformer-by-hand", like_own=True, requires=[is_relu])
def _transformer_by_hand(task: Task, dice: Dice) -> Iterator[Instance]:
    """The given pattern, rows whose mixture is whole, and two layers on it."""
    pattern = task.own.inputs[PATTERN]
    shares = [[Fraction(x) for x in row] for row in pattern]
    common = [int(np.lcm.reduce([x.denominator for x in row])) for row in shares]
    powers = np.array([[int(x * m) for x in row] for row, m in zip(shares, common, strict=True)])
    drawn = dice.below(9, 4000, powers.shape[1]) - 4
    sums = drawn @ powers.T
    fit = (sums % common == 0).all(1) & (abs(sums // common).max(1) <= 4) & (drawn.max(1) > drawn.min(1))
    picks = dice.below(int(fit.sum()), 50, task.config.d_model)
    x, z = (part[fit][picks].swapaxes(1, 2) for part in (drawn, sums // common))  # (count, n, d)
    zeros = (x == 0).sum((1, 2)) * 100
    ok = (
        distinct(x) & distinct(z) & distinct(x.swapaxes(1, 2)) & (zeros >= 10 * x[0].size) & (zeros <= 35 * x[0].size)
    )
    for i in np.flatnonzero(ok)[:1]:
        first = find_first_layer(dice, z[i], task.config.d_mlp, task.limits)
        second = first and plain_second_layer(dice, np.zeros_like(z[i]), first, task.limits)
        if first and second:
            yield Instance({RESID_PRE: x[i].tolist(), PATTERN: pattern}, mlp_weights("blocks.0", first, second))


def _is_power(totals: Ints, base: int) -> Bools:
    """Which numbers are whole powers of the base."""
    found: Bools = np.isin(totals, base ** np.arange(int(np.log(1e9) / np.log(base))))
    return found


def _clear(logits: Ints, base: int) -> Bools:
    """Which rows of logits (…, words) give probabilities with whole logarithms: their powers add up to a power."""
    low = logits.min(-1, keepdims=True)
    spread = np.minimum(logits - low, 12)
    ok: Bools = _is_power((base**spread).sum(-1), base) & (logits.max(-1) > low[..., 0]) & (spread.max(-1) < 5)
    return ok


def _adds_up_to_a_power(task: Task) -> str:
    c = task.config
    if c.softmax_base != 3 or c.d_vocab % 2:
        return ""
    return f"{c.d_vocab} powers of 3 never add up to one; use a vocabulary of an odd number of words, or base 2"


@search("cross-entropy", like_own=True, requires=[_adds_up_to_a_power])
def _cross_entropy(task: Task, dice: Dice) -> Iterator[Instance]:
    """Logits whose probabilities have whole logarithms, and differ from place to place."""
    words = task.config.d_vocab
    drawn = dice.below(5, 3000, words) - 1
    rows = drawn[_clear(drawn, whole_base(task.config))]
    if len(rows):
        picks = rows[dice.below(len(rows), 40, task.n)]  # (tries, n, words)
        for i in np.flatnonzero(distinct(picks - picks.min(2, keepdims=True)))[:3]:
            yield Instance({"logits": picks[i].tolist()}, {})


@search("perplexity", like_own=True, requires=[_adds_up_to_a_power])
def _perplexity(task: Task, dice: Dice) -> Iterator[Instance]:
    """Vectors and an unembedding whose probabilities have whole logarithms, and a whole mean of the surprises."""
    c, base, x = task.config, whole_base(task.config), draw_plain_rows(dice, task.n, task.config.d_model)
    if x is None:
        return
    pool = weight_columns(c.d_model)
    results = pool @ x.T
    fit = abs(results).max(1) <= 4
    pool, results = pool[fit], results[fit]
    drawn = dice.below(7, 6000, c.d_vocab) - 3
    picks = combine_columns(dice, results, c.d_vocab, [drawn[_clear(drawn, base)]] * task.n, beams=200)
    logits = results[picks].swapaxes(1, 2)  # (count, n, words)
    right = logits[:, np.arange(task.n), list(task.own.ids())]
    low = logits.min(2)
    totals = (base ** (logits - low[..., None])).sum(2)
    surprise = np.rint(np.log(totals) / np.log(base)).astype(np.int64) - (right - low)
    ok = (surprise.sum(1) % task.n == 0) & (surprise.max(1) > surprise.min(1))
    ok &= distinct(pool[picks])
    for i in np.flatnonzero(ok)[:4]:
        weights = {"unembed.W_U": pool[picks[i]].T.tolist()}
        if c.tie_word_embeddings:
            weights = {"embed.W_E": pool[picks[i]].tolist()}
        elif "embed.W_E" in task.own.weights:
            weights["embed.W_E"] = reordered(task.own.weights["embed.W_E"], dice)
        yield Instance({NORMALIZED: x.tolist()}, weights)


@search("sampling", like_own=True)
def _sampling(task: Task, dice: Dice) -> Iterator[Instance]:
    """The logits and the tables with the vocabulary in another order each, and greedy not the best."""
    own, shift = task.own.inputs, dice.one_below(3) - 1
    logits = [[_entry(Fraction(x) + shift) for x in row] for row in reordered(own["logits"], dice)]
    second = [reordered(row, dice) for row in own["second"]]
    first = reordered(own["first"], dice)
    places = dice.permutation(len(second))
    inputs = {**own, "logits": logits, "first": first, "second": [second[i] for i in places]}
    likeliest = max(range(len(first)), key=lambda i: Fraction(first[i][0]))
    joint = [[Fraction(p) * Fraction(x) for x in row] for (p,), row in zip(first, inputs["second"], strict=True)]
    if max(joint[likeliest]) < max(max(row) for row in joint):
        yield Instance(inputs, {})
