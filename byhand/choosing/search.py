"""Instances of every model, stage by stage; each stage draws many and hands on the few that fit.

An instance is what a values file holds: inputs and weights. It is checked on the tape afterwards (choice.py); here
only what is cheap in whole numbers is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from byhand.choosing.dice import Dice
from byhand.choosing.heads import find_heads, row_fits, whole_base
from byhand.choosing.hidden import any_outputs, find_hidden
from byhand.choosing.mixing import find_mixes
from byhand.choosing.natural import distinct
from byhand.choosing.stack import Lists, Task, attention_weights, mlp_weights, plain_rows, stacks, w_o
from byhand.choosing.stream import TWICE, WIDER, plain_updates, scales, some_units, unit_of
from byhand.choosing.unembed import embeddings, unembeddings, without_attention
from byhand.model.job import RESID_MID, RESID_PRE


@dataclass(frozen=True)
class Instance:
    """Numbers for one run."""

    inputs: Lists = field(default_factory=dict)
    weights: Lists = field(default_factory=dict)


def instances(task: Task, start: str, attempts: int) -> Iterator[Instance]:
    """Instances worth checking, from a number of attempts; none where all fail."""
    dice = Dice(start)
    for _ in range(attempts):
        yield from _ATTEMPTS[task.model](task, dice)


def _softmax(task: Task, dice: Dice) -> Iterator[Instance]:
    """Rows of scores, no two with the same pattern."""
    rows, cols = task.shape
    drawn = dice.below(7, 4000, cols) - 3
    fits = row_fits(drawn, np.ones(cols, dtype=bool), whole_base(task.config)) & (drawn.max(1) > drawn.min(1))
    if not fits.any():
        return
    scores = dice.of(drawn[fits], 200, rows)
    ok = distinct(scores - scores.min(2, keepdims=True))
    ok &= (scores < 0).sum((1, 2)) == rows * cols // 3  # fractions take time: as many for every seed
    for i in np.flatnonzero(ok)[:1]:
        yield Instance({"scores": scores[i].tolist()})


def _attention_head(task: Task, dice: Dice) -> Iterator[Instance]:
    """One head, on rows given as they are."""
    x = plain_rows(task, dice)
    if x is None:
        return
    heads = find_heads(dice, x, task.config, task.limits)
    for mix in find_mixes(dice, x, heads, task.config, task.limits, whole=False):
        yield Instance({RESID_PRE: x.tolist()}, attention_weights("blocks.0", mix))


def _multi_head_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """All heads and W_O, on rows given as they are."""
    x = plain_rows(task, dice)
    if x is None:
        return
    heads = find_heads(dice, x, task.config, task.limits)
    for mix in find_mixes(dice, x, heads, task.config, task.limits, tries=300):
        for update in plain_updates(dice, mix, np.zeros_like(x), task.limits)[:1]:
            weights = attention_weights("blocks.0", mix) | w_o("blocks.0", update, task.config)
            yield Instance({RESID_PRE: x.tolist()}, weights)


def _layer_norm(task: Task, dice: Dice) -> Iterator[Instance]:
    """Rows with different deviations, w and b."""
    u = some_units(dice, task.n, task.config.d_model)
    norm, reach = scales(dice, u), task.limits.stream
    few = task.config.d_model == 4
    twice = dice.of(TWICE if few else WIDER, task.n)
    move = dice.below(4 * reach, task.n) - 2 * reach
    move += (move + twice * u[:, 0]) % 2
    x = (move[:, None] + twice[:, None] * u) // 2
    halves = (twice % 2).sum() == few * (task.n // 3)  # fractions take time: as many for every seed
    if norm and abs(x).max() <= reach and halves and (twice != twice[0]).any():
        yield Instance({RESID_PRE: x.tolist()}, norm.weights("blocks.0.ln1"))


def _feed_forward(task: Task, dice: Dice) -> Iterator[Instance]:
    """Two layers, on rows given as they are."""
    x = plain_rows(task, dice)
    hidden = None if x is None else find_hidden(dice, x, task.config.d_mlp, task.limits)
    outputs = hidden and any_outputs(dice, np.zeros_like(x), hidden, task.limits)
    if x is not None and hidden and outputs:
        yield Instance({RESID_MID: x.tolist()}, mlp_weights("blocks.0", hidden, outputs))


def _block(task: Task, dice: Dice) -> Iterator[Instance]:
    """One layer or several, on rows that they choose."""
    for stream in stacks(task, dice, normed_after=False):
        yield Instance({RESID_PRE: stream.first.tolist()}, stream.weights)


def _gpt(task: Task, dice: Dice) -> Iterator[Instance]:
    """Layers between an embedding and an unembedding."""
    c = task.config
    normed = c.norm_position == "pre" and c.normalization_type is not None
    for stream in stacks(task, dice, normed_after=normed):
        norm = scales(dice, unit_of(stream.out)) if normed else None
        embedded = embeddings(dice, stream.first, task.ids, c)
        if embedded is None or (normed and norm is None):
            continue
        weights = embedded | stream.weights | (norm.weights("ln_final") if norm else {})
        silent = without_attention(stream.first, weights, c)
        out = norm.rows if norm else stream.out
        for w_u in unembeddings(dice, out, c.d_vocab, task.wanted, task.limits, silent):
            yield Instance({}, weights | {"unembed.W_U": w_u.tolist()})


_ATTEMPTS: dict[str, Callable[[Task, Dice], Iterator[Instance]]] = {
    "softmax": _softmax,
    "attention-head": _attention_head,
    "multi-head-attention": _multi_head_attention,
    "layer-norm": _layer_norm,
    "feed-forward": _feed_forward,
    "block": _block,
    "gpt": _gpt,
}
