"""The layers of a model, one after the other, on rows that are settled.

A layer is attention or a feed-forward network, with its norm before it (pre) or after its sum (post). Each takes a
`Stream`, the layers found so far, and yields longer ones; what it hands on is friendly wherever a norm reads it. So
the search for a stack is depth-first, with backtracking: where a layer finds nothing, the next result of the layer
before it is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from byhand.model.config import Config
from byhand.numbers.attention import (
    FEW_TOKENS,
    HEADS,
    AttentionInput,
    FriendlySums,
    Mixture,
    Update,
    cross_attention_input,
    find_heads,
    find_mixtures,
    friendly_updates,
    plain_updates,
    self_attention_input,
    wide_enough,
)
from byhand.numbers.dice import Dice, Ints
from byhand.numbers.feed_forward import (
    FirstLayer,
    SecondLayer,
    find_first_layer,
    friendly_second_layer,
    plain_second_layer,
)
from byhand.numbers.natural import distinct
from byhand.numbers.norms import NORM, can_be_scaled, find_norm, has_both_signs, starting_rows, unit_of
from byhand.numbers.promises import Limits
from byhand.numbers.registry import Entries, Requirement, Task

UPDATES_TRIED = 4  # W_O of one mixture that the rest of a stack is looked for
FRIENDLY_DRAWS = 60  # matrices of friendly rows that are drawn at once
PLAIN_DRAWS = 40  # matrices of plain rows that are drawn at once

Reader = Literal["norm", "heads", ""]  # what reads the rows that a stack hands on; "": neither


@dataclass(frozen=True)
class Stream:
    """The layers found so far: the rows (n, d_model) that they begin with, those that they hand on, and their
    weights.
    """

    first: Ints
    out: Ints
    weights: Entries = field(default_factory=dict)

    def then(self, out: Ints, *weights: Entries) -> Stream:
        """The stream with one layer more."""
        return Stream(self.first, out, {k: v for part in (self.weights, *weights) for k, v in part.items()})


def first_rows(task: Task, dice: Dice, n: int) -> Ints | None:
    """Rows (n, d_model) for a stack to begin with: friendly where a norm reads them."""
    c = task.config
    if c.norm_position == "post" or c.normalization_type is None:
        return draw_plain_rows(dice, n, c.d_model, even=c.normalization_type == "LN")
    return draw_friendly_rows(dice, n, c.d_model, c.normalization_type, task.limits)


def draw_friendly_rows(dice: Dice, n: int, d: int, kind: str, limits: Limits) -> Ints | None:
    """Rows (n, d) that a norm leaves rational, each with a unit of its own.

    The units of more than three rows are of two kinds, odd at the same places, so that many scores can be divided by
    √d_head.

    Method: rejection sampling.
    """
    rows = starting_rows(d, kind, limits.stream - 1)
    if n > 3:
        parity = unit_of(rows, kind) % 2 @ 2 ** np.arange(d)
        rows = rows[np.isin(parity, parity[dice.below(len(rows), 2)])]
    drawn = dice.choices(rows, FRIENDLY_DRAWS, n)
    units = unit_of(drawn, kind)
    ok = can_be_scaled(units, kind) & has_both_signs(drawn, kind)
    if n > FEW_TOKENS and kind == "RMS":  # opposite rows have opposite scores, and few patterns are good both ways
        ok &= distinct(np.concatenate([units, -units], 1))
    kept = np.flatnonzero(ok)
    return drawn[kept[0]] if len(kept) else None


def draw_plain_rows(dice: Dice, n: int, d: int, even: bool = False) -> Ints | None:
    """Rows (n, d) with entries from −2 to 2, for heads that read them as they are.

    More than three rows are of two kinds, odd at the same places, so that many scores can be divided by √d_head.
    even: whether the total of each row is even, as that of a sum is that LayerNorm leaves rational.

    Method: rejection sampling; of the rows that fit, those with the smallest entries.
    """
    drawn = dice.below(5, PLAIN_DRAWS, n, d) - 2
    ok = np.ones(PLAIN_DRAWS, dtype=bool)
    if n > 3:
        kind = dice.below(2, PLAIN_DRAWS, n)
        ok &= abs(2 * kind.sum(1) - n) <= 1  # as many rows of one kind as of the other
        parity = dice.below(2, PLAIN_DRAWS, 2, d)[np.arange(PLAIN_DRAWS)[:, None], kind]
        ones = np.where(dice.below(2, PLAIN_DRAWS, n, d) == 1, 1, -1)
        twos = dice.choices(np.array([0, 0, 2, -2]), PLAIN_DRAWS, n, d)
        drawn = np.where(parity == 1, ones, twos)
    if even:
        drawn[..., -1] += drawn.sum(2) % 2 * np.where(drawn[..., -1] > 0, -1, 1)
    zeros = (drawn == 0).sum((1, 2)) * 100
    ok &= distinct(drawn) & (zeros >= 15 * n * d) & (zeros <= 35 * n * d) & (drawn != 0).any(2).all(1)
    ok &= (drawn < 0).any((1, 2)) & (drawn != 0).any(1).all(1) & distinct(drawn.swapaxes(1, 2))
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    small: Ints = drawn[kept[np.argsort((drawn[kept] ** 2).sum((1, 2)), kind="stable")[0]]]
    return small


def blocks(
    task: Task, dice: Dice, stream: Stream, name: str, config: Config, read_by: Reader = "",
    memory: Ints | None = None,
) -> Iterator[Stream]:  # fmt: skip
    """A stream → streams with all blocks of a stack more, depth first.

    name: of the stack, as "blocks"; read_by: what reads the rows that the last block of a pre-norm stack hands on;
    memory: the rows of an encoder, which a decoder's blocks read after their own.
    """

    def attend(stream: Stream, at: str) -> Iterator[Stream]:
        for attended in attention_layer(task, dice, stream, at, "attn", "ln1", config):
            if memory is None:
                yield attended
            else:
                yield from attention_layer(task, dice, attended, at, "cross_attn", "ln2", config, memory)

    def from_block(layer: int, stream: Stream) -> Iterator[Stream]:
        if layer == config.n_layers:
            yield stream
            return
        at, followed_by = f"{name}.{layer}", read_by if layer + 1 == config.n_layers else "norm"
        for attended in attend(stream, at):
            if config.attn_only:
                yield from from_block(layer + 1, attended)
                continue
            ln = "ln2" if memory is None else "ln3"
            for out in feed_forward_layer(task, dice, attended, at, ln, config, followed_by):
                yield from from_block(layer + 1, out)

    yield from from_block(0, stream)


def attention_layer(
    task: Task, dice: Dice, stream: Stream, at: str, attn: str, ln: str, config: Config, memory: Ints | None = None
) -> Iterator[Stream]:
    """A stream → streams with one attention layer more, which reads the stream's own rows or those of a memory."""
    kind, pre = config.normalization_type, config.norm_position == "pre"
    x, is_free = stream.out, pre and stream.out is stream.first  # only a norm reads the rows that a stack begins with
    before = find_norm(dice, unit_of(x, kind), kind) if kind and pre else None
    if kind and pre and before is None:
        return
    rows = before.rows if before else x
    read = self_attention_input(rows, config) if memory is None else cross_attention_input(rows, memory)
    mixture, updates = _first_updates(task, dice, read, x, config, is_free)
    for update in updates[:UPDATES_TRIED]:
        after = find_norm(dice, update.after, kind) if kind and not pre else None
        if mixture is None or (kind and not pre and after is None):
            continue
        norm = before or after
        yield (replace(stream, first=update.before) if is_free else stream).then(
            after.rows if after else update.before + update.added, attention_weights(f"{at}.{attn}", mixture),
            output_weights(f"{at}.{attn}", update, config), norm.weights(f"{at}.{ln}") if norm else {},
        )  # fmt: skip


def _first_updates(
    task: Task, dice: Dice, read: AttentionInput, x: Ints, config: Config, is_free: bool
) -> tuple[Mixture | None, list[Update]]:
    """What is read, and the stream's rows x (n, d_model) → the first mixture that has updates, and these."""
    kind, limits = config.normalization_type, task.limits
    sums = FriendlySums(x, kind, limits, is_free) if kind else None
    for mixture in find_mixtures(dice, read, find_heads(dice, read, config, limits), config, limits):
        found = friendly_updates(dice, mixture, sums) if sums else plain_updates(dice, mixture, x, limits)
        if found:
            return mixture, found
    return None, []


def feed_forward_layer(
    task: Task, dice: Dice, stream: Stream, at: str, ln: str, config: Config, read_by: Reader
) -> Iterator[Stream]:
    """A stream → the stream with a feed-forward network more, or none."""
    kind, pre, x, limits = config.normalization_type, config.norm_position == "pre", stream.out, task.limits
    before = find_norm(dice, unit_of(x, kind), kind) if kind and pre else None
    if kind and pre and before is None:
        return
    first = find_first_layer(dice, before.rows if before else x, config.d_mlp, limits)
    if first is None:
        return
    if kind and (read_by == "norm" or not pre):
        second = friendly_second_layer(dice, x, kind, first, limits)
    else:
        second = plain_second_layer(dice, x, first, limits, read_by == "heads")
    if second is None:
        return
    out = x + second.added
    after = find_norm(dice, unit_of(out, kind), kind) if kind and not pre else None
    if kind and not pre and after is None:
        return
    norm = before or after
    yield stream.then(
        after.rows if after else out, mlp_weights(at, first, second), norm.weights(f"{at}.{ln}") if norm else {}
    )


def attention_weights(at: str, mixture: Mixture) -> Entries:
    """W_Q, W_K and W_V by name."""
    return {f"{at}.{name}": getattr(mixture, name).tolist() for name in ("W_Q", "W_K", "W_V")}


def output_weights(at: str, update: Update, config: Config) -> Entries:
    """W_O by name, head by head."""
    return {f"{at}.W_O": update.W_O.reshape(config.n_heads, config.d_v, config.d_model).tolist()}


def mlp_weights(at: str, first: FirstLayer, second: SecondLayer) -> Entries:
    """The feed-forward network's parameters by name."""
    parts = {"W_in": first.W_in, "b_in": first.b_in, "W_out": second.W_out, "b_out": second.b_out}
    return {f"{at}.mlp.{name}": part.tolist() for name, part in parts.items()}


def few_tokens(least: int) -> Requirement:
    """Requires few tokens: of more, scores that all divide and patterns that are all easy are rare."""

    def problem(task: Task) -> str:
        n = task.n
        if least <= n <= 5:
            return ""
        near = least if n < least else 5
        return f"numbers are chosen for {least} to 5 tokens, not {n}; use n_ctx={near}, or give values"

    return problem


def few_source_tokens(task: Task) -> str:
    """Requires an encoder to read few tokens."""
    n = task.source
    if 3 <= n <= 5:
        return ""
    return f"numbers are chosen for a source of 3 to 5 tokens, not {n}; use {3 if n < 3 else 5}, or give values"


def narrow_rows(task: Task) -> str:
    """Requires rows of at most 8 numbers, where no norm reads them."""
    return "" if 2 <= task.config.d_model <= 8 else _another_width(task)


def norm_width(task: Task) -> str:
    """Requires rows that a norm can leave rational."""
    c = task.config
    if c.normalization_type == "LN" and c.d_model == 3:
        return "LayerNorm of 3 features is never rational; use d_model=4 or normalization_type=null"
    if c.normalization_type == "LN" and c.d_model == 2:
        return "LayerNorm of 2 features is always 1 and −1; use d_model=4"
    return "" if c.d_model in (4, 8) else _another_width(task)


def _another_width(task: Task) -> str:
    d = task.config.d_model
    return f"numbers are chosen for d_model 4 and 8, not {d}; use d_model={4 if d < 7 else 8}, or give values"


def _block_width(task: Task) -> str:
    return narrow_rows(task) if task.config.normalization_type is None else norm_width(task)


def few_layers(task: Task) -> str:
    """Requires few layers: the search goes through one after the other, and back where one has no numbers."""
    n = task.config.n_layers
    return f"numbers are chosen for 1 to 4 layers, not {n}; use n_layers=4" if n > 4 else ""


BLOCK = (_block_width, *NORM, *HEADS, wide_enough)  # what the layers of a block require
