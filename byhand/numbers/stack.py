"""The layers of a model, found one after the other.

A layer is attention or a feed-forward network, with its norm before it (pre) or after its sum with the stream (post).
The function of a layer takes a `Stream`, which holds the layers found so far, and yields streams with that layer
more. If a norm reads the rows that the layer hands on, they are friendly (norms.py).

Method: depth-first search with backtracking. Where no numbers are found for a layer, the next result of the layer
before it is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from byhand.model.config import Config
from byhand.numbers.attention import (
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
from byhand.numbers.natural import distinct, few_point_apart, preferring_apart, told_apart
from byhand.numbers.norms import (
    NORM,
    WIDE,
    Norm,
    can_be_scaled,
    find_norm,
    has_both_signs,
    starting_parities,
    starting_rows,
    unit_of,
    wide_token,
)
from byhand.numbers.promises import FEW_TOKENS, Limits, are_told_apart
from byhand.numbers.registry import Entries, Requirement, Task

FOLLOWED = 4  # norms behind one attention that is rare, and networks behind one of these
UPDATES_TRIED = 4  # W_O of one mixture, for each of which the rest of the stack is searched
FRIENDLY_DRAWS = 60  # matrices of friendly rows that are drawn at once
PLAIN_DRAWS = 40  # matrices of plain rows that are drawn at once

Reader = Literal["norm", "heads", ""]  # what reads the rows that a stack hands on; "" for anything else


class Stream(Struct, frozen=True):
    """The layers found so far, from the first of a stack on."""

    first: Ints
    """The rows that the first layer reads, (n, d_model)."""
    out: Ints
    """The rows that the last layer hands on, (n, d_model), as numerators over `over`."""
    weights: Entries = {}
    """The weights of all layers, by name."""
    over: int = 1

    def then(self, out: Ints, over: int, *weights: Entries) -> Stream:
        """The stream with one layer more, which hands on the rows `out`, numerators over `over`, and has these
        weights.
        """
        together = {k: v for part in (self.weights, *weights) for k, v in part.items()}
        return Stream(self.first, out, together, over)


def first_rows(task: Task, dice: Dice, n: int) -> Ints | None:
    """Rows (n, d_model) for the first layer of a stack to read: friendly ones if a norm reads them, else plain ones.
    None where no draw fits.
    """
    c = task.config
    if c.norm_position == "post" or c.normalization_type is None:
        return draw_plain_rows(
            dice, n, c.d_model, even=c.normalization_type == "LN", apart="tokens_are_told_apart" in task.promises
        )
    wide = (
        starting_rows(c.d_model, c.normalization_type, task.limits.stream - 1, is_wide=True)
        if task.has_wide
        else None
    )
    return draw_friendly_rows(dice, n, c.d_model, c.normalization_type, task.limits, wide)


def draw_friendly_rows(
    dice: Dice, n: int, d: int, kind: str, limits: Limits, wide: Ints | None = None, wide_ones: int = 1
) -> Ints | None:
    """Rows (n, d) whose norm is rational, each with another unit. None where no draw fits.

    wide: wide rows (count, 4), of which `wide_ones` are to be among the rows, if any.

    The units of more than three rows have their odd entries in one of two sets of columns. So many scores are even,
    and can be divided by √d_head = 2.

    Method: rejection sampling.
    """
    reach = limits.stream - 1
    rows = starting_rows(d, kind, reach)
    if n > 3:
        parity = starting_parities(d, kind, reach)
        rows = rows[np.isin(parity, parity[dice.below(len(rows), 2)])]
    drawn = dice.choices(rows, FRIENDLY_DRAWS, n)
    if wide is not None:
        drawn[:, dice.sample(n, wide_ones)] = dice.choices(wide, FRIENDLY_DRAWS, wide_ones)
    units = unit_of(drawn, kind, WIDE)
    ok = can_be_scaled(units, kind) & has_both_signs(drawn, kind) & few_point_apart(drawn)
    if n > FEW_TOKENS and kind == "RMS":  # no opposite rows: they have opposite scores, which seldom both fit
        ok &= distinct(np.concatenate([units, -units], 1))
    kept = np.flatnonzero(ok)
    return drawn[kept[0]] if len(kept) else None


def draw_plain_rows(dice: Dice, n: int, d: int, even: bool = False, apart: bool = False) -> Ints | None:
    """Rows (n, d) with entries from −2 to 2, which heads read without a norm. None where no draw fits.

    More than three rows have their odd entries in one of two sets of columns. So many scores are even, and can be
    divided by √d_head = 2. even: whether the sum of each row is to be even, as that of a friendly row for LayerNorm
    is.

    Method: rejection sampling; of the matrices that fit, the one with the smallest entries.
    """
    drawn = dice.below(5, PLAIN_DRAWS, n, d) - 2
    ok = np.ones(PLAIN_DRAWS, dtype=bool)
    if n > 3:
        kind = dice.below(2, PLAIN_DRAWS, n)  # of each row: which of the two sets of odd columns it has
        ok &= abs(2 * kind.sum(1) - n) <= 1  # as many rows of one kind as of the other
        parity = dice.below(2, PLAIN_DRAWS, 2, d)[np.arange(PLAIN_DRAWS)[:, None], kind]  # (PLAIN_DRAWS, n, d)
        ones = np.where(dice.below(2, PLAIN_DRAWS, n, d) == 1, 1, -1)
        twos = dice.choices(np.array([0, 0, 2, -2]), PLAIN_DRAWS, n, d)
        drawn = np.where(parity == 1, ones, twos)
    if even:
        drawn[..., -1] += drawn.sum(2) % 2 * np.where(drawn[..., -1] > 0, -1, 1)
    zeros = (drawn == 0).sum((1, 2)) * 100
    ok &= (
        distinct(drawn)
        & told_apart(drawn)
        & few_point_apart(drawn)
        & (zeros >= 15 * n * d)
        & (zeros <= 35 * n * d)
        & (drawn != 0).any(2).all(1)
    )
    ok &= (drawn < 0).any((1, 2)) & (drawn != 0).any(1).all(1) & distinct(drawn.swapaxes(1, 2))
    if apart:
        ok = preferring_apart(ok, drawn)
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    small: Ints = drawn[kept[np.argsort((drawn[kept] ** 2).sum((1, 2)), kind="stable")[0]]]
    return small


def blocks(
    task: Task, dice: Dice, stream: Stream, name: str, config: Config, read_by: Reader = "",
    memory: Stream | None = None,
) -> Iterator[Stream]:  # fmt: skip
    """A stream → streams with all blocks of a stack more, depth first.

    name: the stack's name: blocks, encoder or decoder. read_by: what reads the rows that the last block hands on.
    memory: the encoder, to whose result a decoder's blocks attend after their own rows.
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
            for _ in range(FOLLOWED if _is_promised(task, config, len(attended.out)) else 1):
                for out in feed_forward_layer(task, dice, attended, at, ln, config, followed_by):
                    yield from from_block(layer + 1, out)

    yield from from_block(0, stream)


def _is_promised(task: Task, config: Config, n: int) -> bool:
    """Whether a sheet promises that n tokens, FEW_TOKENS that all see each other, are told apart: their attention is
    rare, and what follows it is found soon.
    """
    asked = "tokens_are_told_apart" in task.promises
    return asked and config.attention_dir == "bidirectional" and n == FEW_TOKENS


def attention_layer(
    task: Task, dice: Dice, stream: Stream, at: str, attn: str, ln: str, config: Config,
    memory: Stream | None = None,
) -> Iterator[Stream]:  # fmt: skip
    """A stream → streams with one attention layer more, from the stream's rows to themselves or to those of a memory.

    at: the block's name, as blocks.0; attn, ln: the names of the layer and its norm in the block.
    """
    kind, pre = config.normalization_type, config.norm_position == "pre"
    x = stream.out
    # where only a norm and the sum read these rows, others may replace them
    is_free = pre and x is stream.first and not task.is_bare
    before = _norm_before(task, dice, stream) if kind and pre else None
    if kind and pre and before is None:
        return
    rows, over = (before.rows, before.over) if before else (x, stream.over)
    if memory is None:
        read = replace(self_attention_input(rows, config, over), is_promised=_is_promised(task, config, len(x)))
    else:
        read = cross_attention_input(rows, memory.out, over, memory.over)
    mixture, updates = _first_updates(task, dice, read, stream, config, is_free)
    for update in (each for each in updates[:UPDATES_TRIED] for _ in range(FOLLOWED if read.is_promised else 1)):
        after = find_norm(dice, update.after, kind, is_added_to=True) if kind and not pre else None
        if mixture is None or (kind and not pre and after is None):
            continue
        norm = before or after
        yield (replace(stream, first=update.before) if is_free else stream).then(
            after.rows if after else update.before + stream.over * update.added, after.over if after else stream.over,
            attention_weights(f"{at}.{attn}", mixture), output_weights(f"{at}.{attn}", update, config),
            norm.weights(f"{at}.{ln}") if norm else {},
        )  # fmt: skip


def _first_updates(
    task: Task, dice: Dice, read: AttentionInput, stream: Stream, config: Config, is_free: bool
) -> tuple[Mixture | None, list[Update]]:
    """What attention reads, and the stream → the first mixture that has a W_O, and its updates; None and no updates
    where there is none.
    """
    kind, limits, x, over = config.normalization_type, task.limits, stream.out, stream.over
    wide = wide_token(dice, x, over) if task.has_wide else len(x) - 1 if task.is_bare else None
    sums = FriendlySums(x, over, kind, limits, is_free, wide, read.is_promised) if kind else None
    for mixture in find_mixtures(dice, read, find_heads(dice, read, config, limits), config, limits):
        updates = friendly_updates(dice, mixture, sums) if sums else plain_updates(dice, mixture, x, limits)
        if read.is_promised:
            updates = [update for update in updates if are_told_apart(update.added.tolist())]
        if updates:
            return mixture, updates
    return None, []


def _norm_before(task: Task, dice: Dice, stream: Stream) -> Norm | None:
    """A norm that reads the friendly rows of a stream; a bare one makes thirds where the stream has them."""
    kind, x = str(task.config.normalization_type), stream.out
    if task.is_bare:
        return Norm(None, None, unit_of(x, kind, stream.over), stream.over)
    return find_norm(dice, unit_of(x, kind), kind)


def feed_forward_layer(
    task: Task, dice: Dice, stream: Stream, at: str, ln: str, config: Config, read_by: Reader
) -> Iterator[Stream]:
    """A stream → the stream with a feed-forward network more; nothing where none is found."""
    kind, pre, x, limits = config.normalization_type, config.norm_position == "pre", stream.out, task.limits
    before = _norm_before(task, dice, stream) if kind and pre else None
    if kind and pre and before is None:
        return
    rows, over = (before.rows, before.over) if before else (x, stream.over)
    first = find_first_layer(dice, rows, config.d_mlp, limits, over, has_biases=not task.is_bare)
    if first is None:
        return
    if kind and (read_by == "norm" or not pre):
        wide = wide_token(dice, x, stream.over) if task.has_wide else None
        second = friendly_second_layer(dice, x, stream.over, kind, first, limits, wide)
    else:
        second = plain_second_layer(dice, x, first, limits, read_by == "heads", stream.over)
    if second is None:
        return
    out = x + stream.over * second.added
    after = None
    if kind and not pre:
        after = find_norm(dice, unit_of(out, kind), kind, is_added_to=read_by == "norm")
    if kind and not pre and after is None:
        return
    norm = before or after
    yield stream.then(
        after.rows if after else out, after.over if after else stream.over, mlp_weights(at, first, second),
        norm.weights(f"{at}.{ln}") if norm else {},
    )  # fmt: skip


def attention_weights(at: str, mixture: Mixture) -> Entries:
    """W_Q, W_K and W_V by name."""
    return {f"{at}.{name}": getattr(mixture, name).tolist() for name in ("W_Q", "W_K", "W_V")}


def output_weights(at: str, update: Update, config: Config) -> Entries:
    """W_O by name, head by head."""
    return {f"{at}.W_O": update.W_O.reshape(config.n_heads, config.d_v, config.d_model).tolist()}


def mlp_weights(at: str, first: FirstLayer, second: SecondLayer) -> Entries:
    """The feed-forward network's parameters by name; a layer without biases has none of 0."""
    parts = {"W_in": first.W_in, "b_in": first.b_in, "W_out": second.W_out, "b_out": second.b_out}
    return {f"{at}.mlp.{name}": part.tolist() for name, part in parts.items() if part is not None}


def few_tokens(least: int) -> Requirement:
    """Requires few tokens: with more, it is rare that √d_head divides all scores and that all patterns are easy."""

    def problem(task: Task) -> str:
        n = task.n
        if least <= n <= 5:
            return ""
        near = least if n < least else 5
        return f"numbers are chosen for {least} to 5 tokens, not {n}; use n_ctx={near}, or give values"

    return problem


def few_source_tokens(task: Task) -> str:
    """Requires an encoder to read few tokens."""
    n = task.n_source
    if 3 <= n <= 5:
        return ""
    return f"numbers are chosen for a source of 3 to 5 tokens, not {n}; use {3 if n < 3 else 5}, or give values"


def narrow_rows(task: Task) -> str:
    """Requires rows of 2 to 8 numbers, if no norm reads them."""
    return "" if 2 <= task.config.d_model <= 8 else _another_width(task)


def norm_width(task: Task) -> str:
    """Requires rows of 4 or 8 numbers, whose norm can be rational."""
    c = task.config
    if c.normalization_type == "LN" and c.d_model == 3 and not c.correction:
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
    """Requires few layers: the search finds one after the other, and goes back where one has no numbers."""
    n = task.config.n_layers
    return f"numbers are chosen for 1 to 4 layers, not {n}; use n_layers=4" if n > 4 else ""


BLOCK = (_block_width, *NORM, *HEADS, wide_enough)  # what the layers of a block require
