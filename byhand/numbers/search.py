"""The searches of transformers and their layers, composed of stages.

Each stage draws many candidates at once, in whole numbers, and hands on the few that fit. It checks only what is
cheap to check; choice.py then runs each instance on the tape, which checks everything.

For attention, W_Q and W_K that give whole scores and easy patterns come first, then W_V, then W_O, whose sum with the
residual stream is what the next norm leaves rational: rejection sampling, beam search over the tokens, joins of two
halves that meet in the middle. Patterns in base e are no rational numbers; they are judged in base 2, and the quality
in run.json says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.model.config import Config
from byhand.model.names import ATTN_OUT, DECODER, ENCODER, RESID_MID, RESID_PRE
from byhand.numbers.attention import (
    HEADS,
    AttentionInput,
    Heads,
    base_2_after_norms,
    cross_attention_input,
    find_heads,
    find_mixtures,
    plain_updates,
    self_attention_input,
    whole_base,
    wide_enough_for_threes,
)
from byhand.numbers.dice import Dice, Ints
from byhand.numbers.embedding import (
    find_embeddings,
    find_unembeddings,
    has_few_positions,
    has_few_words,
    has_whole_waves,
    tells_words_apart,
    without_attention,
)
from byhand.numbers.feed_forward import (
    FEED_FORWARD,
    find_first_layer,
    has_up_to_four_times,
    is_relu,
    plain_second_layer,
)
from byhand.numbers.meaning import FEATURES, find_meaningful_heads, means_something
from byhand.numbers.norms import (
    ONE_NORM,
    WIDE,
    find_norm,
    unit_of,
    wide_rows,
)
from byhand.numbers.promises import FEW_TOKENS, LARGEST_OF_SHARES
from byhand.numbers.registry import Entries, Instance, Task, is_plain, search
from byhand.numbers.scores import totals
from byhand.numbers.stack import (
    BLOCK,
    Reader,
    Stream,
    attention_weights,
    blocks,
    draw_friendly_rows,
    draw_plain_rows,
    few_layers,
    few_source_tokens,
    few_tokens,
    first_rows,
    mlp_weights,
    narrow_rows,
    norm_width,
    output_weights,
)
from byhand.numbers.tables import draw_table

WIDE_ROWS = 2  # of LayerNorm alone
LAYER_MIXTURES_TRIED = 300  # for a lone layer, which has to suit no other
ENCODERS_TRIED = 3  # in one attempt: encoders of many tokens are rare
DECODERS_TRIED = 10  # for the rows that one encoder hands on, since an encoder takes longest to find
DECODERS_TRIED_OF_FIVE = 40  # the same of more than FEW_TOKENS words, where decoders are rarer


HEAD: Mapping[str, Any] = {"like_sheet": means_something, "requires": (few_tokens(3), narrow_rows, *HEADS)}


@search("attention-head", **HEAD)
def find_head(task: Task, dice: Dice, tells_three: bool = False) -> Iterator[Instance]:
    """One head, which reads given rows without a norm; one that means something, where the sheet's does.

    tells_three: whether a row of its pattern may be made of the powers 1, 2 and 4.
    """
    meant = means_something(task)
    x = FEATURES if meant else draw_plain_rows(dice, task.n, task.config.d_model)
    if x is None:
        return
    read = replace(self_attention_input(x, task.config), tells_three=tells_three)
    heads = (find_meaningful_heads if meant else find_heads)(dice, read, task.config, task.limits)
    for mixture in find_mixtures(
        dice, read, heads, task.config, task.limits, tries=LAYER_MIXTURES_TRIED, has_output=False
    ):
        if meant and _lie_on_arrows(mixture.z, read.key_rows @ mixture.W_V[0]):
            continue
        weights = attention_weights("blocks.0.attn", mixture)
        turns = 1 if meant or not read.visible.all() else len(x)  # where all see all, rows may stand in any order
        for turn in range(turns):
            yield Instance({RESID_PRE: np.roll(x, turn, 0).tolist()}, weights)


def _lie_on_arrows(points: Ints, tips: Ints) -> bool:
    """Whether one of the points (n, 2) lies on the arrow to one of the tips (m, 2), or where all arrows begin. With
    more or fewer than two numbers each, none can be drawn.
    """
    if points.shape[1] != 2:
        return False
    across = points[:, None, 0] * tips[:, 1] - points[:, None, 1] * tips[:, 0]
    return bool(((across == 0) & (points @ tips.T >= 0)).any())


@search("multi-head-attention", pace=0.97, requires=(few_tokens(3), narrow_rows, *HEADS))
def _multi_head_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """All heads and W_O, which read given rows without a norm."""
    x = draw_plain_rows(dice, task.n, task.config.d_model)
    if x is None:
        return
    read = self_attention_input(x, task.config)
    heads = find_heads(dice, read, task.config, task.limits)
    for weights in _attention_layers(task, dice, read, heads, "blocks.0.attn"):
        yield Instance({RESID_PRE: x.tolist()}, weights)


def _attention_layers(
    task: Task, dice: Dice, read: AttentionInput, heads: list[Heads], at: str
) -> Iterator[Entries]:  # fmt: skip
    """The rows that attention reads, and heads on them → the weights, by name, of layers with small results."""
    for mixture in find_mixtures(dice, read, heads, task.config, task.limits, tries=LAYER_MIXTURES_TRIED):
        for update in plain_updates(dice, mixture, np.zeros_like(read.query_rows), task.limits)[:1]:
            yield attention_weights(at, mixture) | output_weights(at, update, task.config)


@search("layer-norm", pace=0.96, requires=(few_tokens(3), norm_width, *ONE_NORM))
def _layer_norm(task: Task, dice: Dice) -> Iterator[Instance]:
    """Rows whose norm is rational, and the norm's w and b. In four dimensions, two rows of LayerNorm are wide."""
    c = task.config
    kind = str(c.normalization_type)
    wide = wide_rows(task.limits.stream - 1) if (kind, c.d_model) == ("LN", 4) else None
    x = draw_friendly_rows(dice, task.n, c.d_model, kind, task.limits, wide, WIDE_ROWS)
    norm = None if x is None else find_norm(dice, unit_of(x, kind, WIDE), kind, WIDE)
    if x is None or norm is None:
        return
    inputs = {RESID_PRE: x}
    if ATTN_OUT in task.values.inputs:  # the sheet has the rows as a sum: of the stream, and of what attention adds
        added = dice.substream("sum").below(7, *x.shape) - 3
        inputs = {RESID_PRE: x - added, ATTN_OUT: added}
    yield Instance({name: rows.tolist() for name, rows in inputs.items()}, norm.weights("blocks.0.ln1"))


@search("feed-forward", pace=0.9, requires=(few_tokens(3), narrow_rows, is_plain, is_relu, has_up_to_four_times))
def find_feed_forward(task: Task, dice: Dice, most_zeros: int | None = None) -> Iterator[Instance]:
    """A feed-forward network, which reads given rows without a norm. most_zeros: of a column of its first weights."""
    x = draw_plain_rows(dice, task.n, task.config.d_model)
    first = None if x is None else find_first_layer(dice, x, task.config.d_mlp, task.limits, most_zeros=most_zeros)
    second = first and plain_second_layer(dice, np.zeros_like(x), first, task.limits)
    if x is not None and first and second:
        yield Instance({RESID_MID: x.tolist()}, mlp_weights("blocks.0", first, second))


@search("block", pace=1.02, requires=(few_tokens(3), *BLOCK, base_2_after_norms(), few_layers, *FEED_FORWARD))
def _block(task: Task, dice: Dice) -> Iterator[Instance]:
    """A stack of blocks, and the rows that the first of them reads."""
    x = first_rows(task, dice, task.n)
    for stream in blocks(task, dice, Stream(x, x), "blocks", task.config) if x is not None else ():
        yield Instance({RESID_PRE: stream.first.tolist()}, stream.weights)


GPT = (
    few_tokens(3), *BLOCK, base_2_after_norms(), few_layers, has_few_positions, *FEED_FORWARD,
    has_whole_waves, tells_words_apart,
)  # fmt: skip


@search("gpt", pace=1.03, requires=GPT)
def _gpt(task: Task, dice: Dice) -> Iterator[Instance]:
    """A stack of blocks; then embeddings whose sum the first block reads; then W_U for what the last one hands on."""
    c = task.config
    kind = c.normalization_type if c.norm_position == "pre" else None
    normed = kind is not None
    x = first_rows(task, dice, task.n)
    for stream in blocks(task, dice, Stream(x, x), "blocks", c, "norm" if normed else "") if x is not None else ():
        norm = find_norm(dice, unit_of(stream.out, kind), kind) if kind else None
        embedded = find_embeddings(dice, stream.first, task.values.ids(), c)
        if embedded is None or (normed and norm is None):
            continue
        weights = embedded | stream.weights | (norm.weights("ln_final") if norm else {})
        silent = without_attention(stream.first, weights, c)
        out, over = (norm.rows, norm.over) if norm else (stream.out, stream.over)
        for w_u in find_unembeddings(
            dice, out, over, c.d_vocab, task.wanted, task.limits, silent,
            fits=lambda logits: totals(logits, whole_base(c)) <= LARGEST_OF_SHARES,
        ):  # fmt: skip
            yield Instance({}, weights | {"unembed.W_U": w_u.tolist()})


_CROSS = (few_tokens(2), few_source_tokens, narrow_rows, *HEADS, wide_enough_for_threes)


@search("cross-attention", pace=1.03, requires=_CROSS)
def _cross_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """A decoder's rows, an encoder's rows, and an attention layer from the first to the second."""
    x, memory = (draw_plain_rows(dice, n, task.config.d_model) for n in (task.n, task.n_source))
    if x is None or memory is None:
        return
    at, read = "decoder.0.cross_attn", cross_attention_input(x, memory)
    heads = [_looking_apart(x, each) for each in find_heads(dice, read, task.config, task.limits)]
    for weights in _attention_layers(task, dice, read, [each for each in heads if len(each)], at):
        rows = memory[_as_translated(x, memory, *(np.array(weights[f"{at}.{name}"][0]) for name in ("W_Q", "W_K")))]
        yield Instance({DECODER: x.tolist(), ENCODER: rows.tolist()}, weights)


def _looking_apart(x: Ints, heads: Heads) -> Heads:
    """Those heads in which each query has two numbers or more that are not 0, and in which the first row and the last
    one do not find the same most.
    """
    q = x @ heads.W_Q
    apart = (heads.powers[:, 0].argmax(1) != heads.powers[:, -1].argmax(1)) | (len(x) == 1)
    return heads.subset(np.flatnonzero(((q != 0).sum(2) >= min(2, q.shape[2])).all(1) & apart))


def _as_translated(x: Ints, memory: Ints, w_q: Ints, w_k: Ints) -> list[int]:
    """An order of the encoder's rows in which the decoder's first row finds the last of them most, and its last row
    the one before it, if they do not find the same.
    """
    scores = x @ w_q @ w_k.T @ memory.T
    first, last = int(scores[0].argmax()), int(scores[-1].argmax())
    between = [row for row in range(len(memory)) if row not in (first, last)]
    return [*between, last, first] if first != last else [*range(len(memory))]


_ENCODER = (few_tokens(3), *BLOCK, base_2_after_norms(see_all=True), few_layers, *FEED_FORWARD)


@search("encoder", pace=1.02, requires=_ENCODER)
def _encoder(task: Task, dice: Dice) -> Iterator[Instance]:
    """A stack of blocks in which every token sees every other."""
    for stream in _encoded(task, dice, task.n):
        yield Instance({ENCODER: stream.first.tolist()}, stream.weights)


def _encoded(task: Task, dice: Dice, n: int, read_by: Reader = "") -> Iterator[Stream]:
    """Encoders that read n tokens, as streams. read_by: what reads the rows that they hand on."""
    c, x = replace(task.config, attention_dir="bidirectional"), first_rows(task, dice, n)
    return iter(()) if x is None else blocks(task, dice, Stream(x, x), "encoder", c, read_by)


def _is_not_rare(task: Task) -> str:
    """Requires few tokens, or one head, where cross-attention is hardest to find: with RMSNorm in 4 dimensions."""
    c = task.config
    rare = (c.normalization_type, c.norm_position, c.d_model) == ("RMS", "pre", 4) and c.n_heads > 1
    if not rare or task.n <= 3 or task.n_source <= 4:
        return ""
    return (
        f"hardly any numbers are known for {task.n} tokens that read {task.n_source}, with RMSNorm before the layers "
        "and d_model=4; use n_heads=1, a source of 4, d_model=8 or normalization_type='LN'"
    )


def _feeds_forward(task: Task) -> str:
    """Requires a decoder's blocks to have a feed-forward network."""
    alone = task.config.attn_only
    return "a decoder's block is not without its feed-forward network; use attn_only=false" if alone else ""


_ENCODER_DECODER = (
    few_tokens(2), few_source_tokens, *BLOCK, base_2_after_norms(see_all=True, read_norms=True), _is_not_rare,
    few_layers, has_few_words, *FEED_FORWARD, _feeds_forward,
)  # fmt: skip


@search("encoder-decoder", pace=1.07, requires=_ENCODER_DECODER)
def _encoder_decoder(task: Task, dice: Dice) -> Iterator[Instance]:
    """An encoder; a decoder that attends to the encoder's result; and W_U, if there is a vocabulary."""
    c = replace(task.config, attention_dir="causal")
    encoders = (_encoded(task, dice, task.n_source, "heads") for _ in range(ENCODERS_TRIED))
    for encoder in chain.from_iterable(encoders):
        for stream in _decoded(task, dice, encoder, c):
            inputs = {ENCODER: encoder.first.tolist(), DECODER: stream.first.tolist()}
            if task.n < task.n_source:
                inputs[ENCODER] = _in_order_of_reading(task, inputs, stream.weights)
            if not c.d_vocab:
                yield Instance(inputs, stream.weights)
                continue
            wanted = task.wanted or (None,) * task.n
            for w_u in find_unembeddings(dice, stream.out, stream.over, c.d_vocab, wanted, task.limits, None):
                yield Instance(inputs, stream.weights | {"unembed.W_U": w_u.tolist()})


def _in_order_of_reading(task: Task, inputs: Entries, weights: Entries) -> Any:
    """The rows that an encoder reads, in such an order that each token of the decoder looks most at the source word
    after its own place, where no two look most at one. An encoder without positions gives the same rows then, in this
    order.
    """
    values = replace(task.values, inputs=inputs, weights=weights)
    pattern = task.model.run(values, RATIONALS, force=False).values("decoder.0.cross_attn.hook_pattern[0]")
    read = [row.index(max(row)) for row in pattern]
    rows, rest = inputs[ENCODER], [i for i in range(task.n_source) if i not in read]
    return rows if len({*read}) < len(read) else [rows[i] for i in (rest[0], *read, *rest[1:])]


def _decoded(task: Task, dice: Dice, encoder: Stream, config: Config) -> Iterator[Stream]:
    """An encoder → streams of decoders that attend to its result; their weights include the encoder's."""
    for _ in range(DECODERS_TRIED if task.n_source <= FEW_TOKENS else DECODERS_TRIED_OF_FIVE):
        x = first_rows(task, dice, task.n)
        if x is not None:
            yield from blocks(task, dice, Stream(x, x, encoder.weights), "decoder", config, memory=encoder)


def _has_four_and_four(task: Task) -> str:
    d, n = task.config.d_model, task.n
    if (d, n) == (4, 4):
        return ""
    condition = f"for 4 tokens and d_model=4, not {n} and {d}"
    return f"BatchNorm beside LayerNorm is rational {condition}; use these, or give values"


@search("batch-norm", like_sheet=True, requires=[_has_four_and_four])
def _batch_norm(task: Task, dice: Dice) -> Iterator[Instance]:
    """A table (n, d_model) of which LayerNorm, BatchNorm, and LayerNorm of all its numbers together are rational."""
    drawn = {RESID_PRE: draw_table(dice).tolist()}
    if "other.x" in task.values.inputs:
        drawn["other.x"] = draw_table(dice.substream("other")).tolist()
    yield Instance(drawn, {})
