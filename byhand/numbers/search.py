"""Instances of every model, stage by stage; each stage draws many and hands on the few that fit.

An instance is what a values file holds: inputs and weights. It is checked on the tape afterwards (choice.py); here
only what is cheap in whole numbers is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from byhand.model.config import Config
from byhand.model.names import ATTN_OUT, DECODER, ENCODER, RESID_MID, RESID_PRE
from byhand.numbers.attention import (
    cross_attention_input,
    find_heads,
    find_mixtures,
    plain_updates,
    row_fits,
    self_attention_input,
    whole_base,
)
from byhand.numbers.dice import Dice
from byhand.numbers.embedding import find_embeddings, find_unembeddings, without_attention
from byhand.numbers.feed_forward import find_first_layer, plain_second_layer
from byhand.numbers.lessons import LESSONS
from byhand.numbers.natural import distinct
from byhand.numbers.norms import find_norm, unit_of
from byhand.numbers.stack import (
    Instance,
    Reader,
    Stream,
    Task,
    attention_weights,
    blocks,
    draw_friendly_rows,
    draw_plain_rows,
    first_rows,
    mlp_weights,
    output_weights,
)

ENCODERS = 3  # in one attempt: those of many tokens are rare
DECODERS = 10  # on what one encoder made


def instances(task: Task, start: str, attempts: int) -> Iterator[Instance]:
    """Instances worth checking, from a number of attempts; none where all fail."""
    dice = Dice(start)
    for _ in range(attempts):
        yield from SEARCHES[task.model](task, dice)


def in_two(instance: Instance, dice: Dice) -> Instance:
    """The stream as a sum: of what was in it, and of what attention adds."""
    rows = np.array(instance.inputs[RESID_PRE])
    added = dice.below(7, *rows.shape) - 3
    return replace(instance, inputs={RESID_PRE: (rows - added).tolist(), ATTN_OUT: added.tolist()})


def _softmax(task: Task, dice: Dice) -> Iterator[Instance]:
    """Rows of scores, no two with the same pattern."""
    given = task.own.inputs.get("scores", [[0] * 3] * 3)
    rows, cols = len(given), len(given[0])
    drawn = dice.below(6, 4000, cols) - 2  # as the sheet also doubles them, no power is below 1/16
    fits = row_fits(drawn.T, np.ones(cols, dtype=bool), whole_base(task.config)) & (drawn.max(1) > drawn.min(1))
    fits &= drawn.sum(1) != 0  # who forgets the powers divides by it
    if not fits.any():
        return
    scores = dice.choices(drawn[fits], 200, rows)
    ok = distinct(scores - scores.min(2, keepdims=True))
    ok &= (scores < 0).sum((1, 2)) == rows * cols // 3  # fractions take time: as many for every seed
    for i in np.flatnonzero(ok)[:1]:
        yield Instance({"scores": scores[i].tolist()})


def _attention_head(task: Task, dice: Dice) -> Iterator[Instance]:
    """One head, on rows given as they are."""
    x = draw_plain_rows(dice, task.n, task.config.d_model)
    if x is None:
        return
    read = self_attention_input(x, task.config)
    heads = find_heads(dice, read, task.config, task.limits)
    for mixture in find_mixtures(dice, read, heads, task.config, task.limits, tries=300, has_output=False):
        yield Instance({RESID_PRE: x.tolist()}, attention_weights("blocks.0.attn", mixture))


def _multi_head_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """All heads and W_O, on rows given as they are."""
    x = draw_plain_rows(dice, task.n, task.config.d_model)
    if x is None:
        return
    read = self_attention_input(x, task.config)
    heads = find_heads(dice, read, task.config, task.limits)
    for mixture in find_mixtures(dice, read, heads, task.config, task.limits, tries=300):
        for update in plain_updates(dice, mixture, np.zeros_like(x), task.limits)[:1]:
            output = output_weights("blocks.0.attn", update, task.config)
            yield Instance({RESID_PRE: x.tolist()}, attention_weights("blocks.0.attn", mixture) | output)


def _layer_norm(task: Task, dice: Dice) -> Iterator[Instance]:
    """Rows with different deviations, w and b."""
    c = task.config
    kind = str(c.normalization_type)
    x = draw_friendly_rows(dice, task.n, c.d_model, kind, task.limits)
    norm = None if x is None else find_norm(dice, unit_of(x, kind), kind)
    if x is not None and norm:
        yield Instance({RESID_PRE: x.tolist()}, norm.weights("blocks.0.ln1"))


def _feed_forward(task: Task, dice: Dice) -> Iterator[Instance]:
    """Two layers, on rows given as they are."""
    x = draw_plain_rows(dice, task.n, task.config.d_model)
    first = None if x is None else find_first_layer(dice, x, task.config.d_mlp, task.limits)
    second = first and plain_second_layer(dice, np.zeros_like(x), first, task.limits)
    if x is not None and first and second:
        yield Instance({RESID_MID: x.tolist()}, mlp_weights("blocks.0", first, second))


def _block(task: Task, dice: Dice) -> Iterator[Instance]:
    """One layer or several, on rows that they choose."""
    x = first_rows(task, dice, task.n)
    for stream in blocks(task, dice, Stream(x, x), "blocks", task.config) if x is not None else ():
        yield Instance({RESID_PRE: stream.first.tolist()}, stream.weights)


def _gpt(task: Task, dice: Dice) -> Iterator[Instance]:
    """Layers between an embedding and an unembedding."""
    c = task.config
    kind = c.normalization_type if c.norm_position == "pre" else None
    normed = kind is not None
    x = first_rows(task, dice, task.n)
    for stream in blocks(task, dice, Stream(x, x), "blocks", c, "norm" if normed else "") if x is not None else ():
        norm = find_norm(dice, unit_of(stream.out, kind), kind) if kind else None
        embedded = find_embeddings(dice, stream.first, task.own.ids(), c)
        if embedded is None or (normed and norm is None):
            continue
        weights = embedded | stream.weights | (norm.weights("ln_final") if norm else {})
        silent = without_attention(stream.first, weights, c)
        out = norm.rows if norm else stream.out
        for w_u in find_unembeddings(dice, out, c.d_vocab, task.wanted, task.limits, silent):
            yield Instance({}, weights | {"unembed.W_U": w_u.tolist()})


def _cross_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """A decoder's rows, an encoder's rows, and the heads between them."""
    x, memory = (draw_plain_rows(dice, n, task.config.d_model) for n in (task.n, task.source))
    if x is None or memory is None:
        return
    at, read = "decoder.0.cross_attn", cross_attention_input(x, memory)
    heads = find_heads(dice, read, task.config, task.limits)
    for mixture in find_mixtures(dice, read, heads, task.config, task.limits, tries=300):
        for update in plain_updates(dice, mixture, np.zeros_like(x), task.limits)[:1]:
            weights = attention_weights(at, mixture) | output_weights(at, update, task.config)
            yield Instance({DECODER: x.tolist(), ENCODER: memory.tolist()}, weights)


def _encoder(task: Task, dice: Dice) -> Iterator[Instance]:
    """Layers in which every token sees every other."""
    for stream in _encoded(task, dice, task.n):
        yield Instance({ENCODER: stream.first.tolist()}, stream.weights)


def _encoded(task: Task, dice: Dice, n: int, read_by: Reader = "") -> Iterator[Stream]:
    c, x = replace(task.config, attention_dir="bidirectional"), first_rows(task, dice, n)
    return iter(()) if x is None else blocks(task, dice, Stream(x, x), "encoder", c, read_by)


def _encoder_decoder(task: Task, dice: Dice) -> Iterator[Instance]:
    """An encoder, a decoder that reads what it made, and where there is a vocabulary, an unembedding."""
    c = replace(task.config, attention_dir="causal")
    encoders = (_encoded(task, dice, task.source, "heads") for _ in range(ENCODERS))
    for encoder in chain.from_iterable(encoders):
        for stream in _decoded(task, dice, encoder, c):
            inputs = {ENCODER: encoder.first.tolist(), DECODER: stream.first.tolist()}
            if not c.d_vocab:
                yield Instance(inputs, stream.weights)
                continue
            for w_u in find_unembeddings(dice, stream.out, c.d_vocab, (None,) * task.n, task.limits, None):
                yield Instance(inputs, stream.weights | {"unembed.W_U": w_u.tolist()})


def _decoded(task: Task, dice: Dice, encoder: Stream, config: Config) -> Iterator[Stream]:
    """Decoders that read what an encoder made."""
    for _ in range(DECODERS):
        x = first_rows(task, dice, task.n)
        if x is not None:
            yield from blocks(task, dice, Stream(x, x, encoder.weights), "decoder", config, memory=encoder.out)


SEARCHES: dict[str, Callable[[Task, Dice], Iterator[Instance]]] = {
    **LESSONS,
    "softmax": _softmax,
    "attention-head": _attention_head,
    "multi-head-attention": _multi_head_attention,
    "layer-norm": _layer_norm,
    "feed-forward": _feed_forward,
    "block": _block,
    "cross-attention": _cross_attention,
    "encoder": _encoder,
    "encoder-decoder": _encoder_decoder,
    "gpt": _gpt,
    "kv-cache": _attention_head,
    "convolution": _feed_forward,
}
