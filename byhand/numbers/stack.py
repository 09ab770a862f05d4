"""The layers of a model, sub-layer by sub-layer, on rows that are settled.

A sub-layer is attention or a feed-forward network, with its norm before it (pre) or after its sum (post). What it
hands on is friendly wherever a norm reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.numbers.dice import Dice, Ints
from byhand.numbers.heads import FEW, Sight, find_heads, own_sight
from byhand.numbers.hidden import Hidden, Outputs, any_outputs, find_hidden, friendly_outputs
from byhand.numbers.limits import Limits
from byhand.numbers.mixing import Mix, find_mixes
from byhand.numbers.natural import distinct
from byhand.numbers.norms import beginnings, mixed, scalable, scales, unit_of
from byhand.numbers.sums import Sums, Update, friendly_updates, plain_updates

Lists = dict[str, Any]
Reader = Literal["norm", "heads", ""]  # or nothing


@dataclass(frozen=True)
class Task:
    """What is looked for.

    own: the config and the words, and the numbers whose place is to be taken; wanted: the right words, for gpt.
    """

    model: str
    own: Values
    limits: Limits
    wanted: tuple[int | None, ...] = ()

    @property
    def config(self) -> Config:
        return self.own.config

    @property
    def n(self) -> int:
        """The number of tokens."""
        return len(self.own.tokens) or self.config.n_ctx

    @property
    def source(self) -> int:
        """The number of an encoder's tokens, where a decoder has others."""
        return len(self.own.source) or self.config.n_ctx


@dataclass(frozen=True)
class Instance:
    """Numbers for one run."""

    inputs: Lists = field(default_factory=dict)
    weights: Lists = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """A stack as far as it goes: the rows (n, d_model) that it begins with, and those that it hands on."""

    first: Ints
    out: Ints
    weights: Lists = field(default_factory=dict)

    def then(self, out: Ints, *weights: Lists) -> Stream:
        """One step further."""
        return Stream(self.first, out, {k: v for part in (self.weights, *weights) for k, v in part.items()})


def first_rows(task: Task, dice: Dice, n: int) -> Ints | None:
    """Rows for a stack to begin with: friendly where a norm reads them."""
    c = task.config
    if c.norm_position == "post" or c.normalization_type is None:
        return plain_rows(dice, n, c.d_model, even=c.normalization_type == "LN")
    return friendly_rows(dice, n, c.d_model, c.normalization_type, task.limits)


def friendly_rows(dice: Dice, n: int, d: int, kind: str, limits: Limits, tries: int = 60) -> Ints | None:
    """Rows that a norm leaves rational, each to a unit of its own. Of many tokens' units there are two parities, so
    that scores divide.
    """
    table = beginnings(d, kind, limits.stream - 1)
    if n > 3:
        parity = unit_of(table, kind) % 2 @ 2 ** np.arange(d)
        table = table[np.isin(parity, parity[dice.below(len(table), 2)])]
    rows = dice.of(table, tries, n)
    units = unit_of(rows, kind)
    ok = scalable(units, kind) & mixed(rows, kind)
    if n > FEW and kind == "RMS":  # opposite rows have opposite scores, and few patterns are pleasant both ways
        ok &= distinct(np.concatenate([units, -units], 1))
    kept = np.flatnonzero(ok)
    return rows[kept[0]] if len(kept) else None


def plain_rows(dice: Dice, n: int, d: int, even: bool = False) -> Ints | None:
    """Rows of a stream that heads read as it is. With many tokens their parities are few, so that scores divide.

    even: whether the total of each row is, as LayerNorm needs of a sum that it leaves rational.
    """
    drawn = dice.below(5, 40, n, d) - 2
    ok = np.ones(40, dtype=bool)
    if n > 3:
        which = dice.below(2, 40, n)
        ok &= abs(2 * which.sum(1) - n) <= 1
        parity = dice.below(2, 40, 2, d)[np.arange(40)[:, None], which]
        ones = np.where(dice.below(2, 40, n, d) == 1, 1, -1)
        twos = dice.of(np.array([0, 0, 2, -2]), 40, n, d)
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
    """The blocks of a stack. read_by: what reads the rows that the last one of a pre-norm stack hands on.

    memory: the rows of an encoder, which a decoder's blocks read after their own.
    """

    def asked(stream: Stream, at: str) -> Iterator[Stream]:
        for middle in attended(task, dice, stream, at, "attn", "ln1", config):
            if memory is None:
                yield middle
            else:
                yield from attended(task, dice, middle, at, "cross_attn", "ln2", config, memory)

    def rest(stream: Stream, layer: int) -> Iterator[Stream]:
        if layer == config.n_layers:
            yield stream
            return
        at, followed = f"{name}.{layer}", read_by if layer + 1 == config.n_layers else "norm"
        for middle in asked(stream, at):
            if config.attn_only:
                yield from rest(middle, layer + 1)
                continue
            for out in fed(task, dice, middle, at, "ln2" if memory is None else "ln3", config, followed):
                yield from rest(out, layer + 1)

    yield from rest(stream, 0)


def attended(
    task: Task, dice: Dice, stream: Stream, at: str, attn: str, ln: str, config: Config, memory: Ints | None = None
) -> Iterator[Stream]:
    """One attention more, to the stream's own rows or to those of a memory."""
    kind, pre = config.normalization_type, config.norm_position == "pre"
    x, free = stream.out, pre and stream.out is stream.first
    before = scales(dice, unit_of(x, kind), kind) if kind and pre else None
    if kind and pre and before is None:
        return
    read = before.rows if before else x
    sight = own_sight(read, config) if memory is None else Sight(read, memory, np.ones((len(x), len(memory)), bool))
    mix, updates = _updates(task, dice, sight, x, config, free)
    for update in updates[:4]:
        after = scales(dice, update.after, kind) if kind and not pre else None
        if mix is None or (kind and not pre and after is None):
            continue
        norm = before or after
        yield (replace(stream, first=update.before) if free else stream).then(
            after.rows if after else update.before + update.added, attention_weights(f"{at}.{attn}", mix),
            w_o(f"{at}.{attn}", update, config), norm.weights(f"{at}.{ln}") if norm else {},
        )  # fmt: skip


def _updates(
    task: Task, dice: Dice, sight: Sight, x: Ints, config: Config, free: bool
) -> tuple[Mix | None, list[Update]]:
    """Heads on what is read, and what they can add to the rows x. free: whether the norm before alone reads these."""
    kind, limits = config.normalization_type, task.limits
    sums = Sums(x, kind, limits, free) if kind else None
    for mix in find_mixes(dice, sight, find_heads(dice, sight, config, limits), config, limits):
        found = friendly_updates(dice, mix, sums) if sums else plain_updates(dice, mix, x, limits)
        if found:
            return mix, found
    return None, []


def fed(
    task: Task, dice: Dice, stream: Stream, at: str, ln: str, config: Config, read_by: Reader
) -> Iterator[Stream]:
    """One feed-forward network more."""
    kind, pre, x, limits = config.normalization_type, config.norm_position == "pre", stream.out, task.limits
    before = scales(dice, unit_of(x, kind), kind) if kind and pre else None
    if kind and pre and before is None:
        return
    hidden = find_hidden(dice, before.rows if before else x, config.d_mlp, limits)
    if hidden is None:
        return
    if kind and (read_by == "norm" or not pre):
        outputs = friendly_outputs(dice, x, kind, hidden, limits)
    else:
        outputs = any_outputs(dice, x, hidden, limits, read_by == "heads")
    if outputs is None:
        return
    out = x + outputs.added
    after = scales(dice, unit_of(out, kind), kind) if kind and not pre else None
    if kind and not pre and after is None:
        return
    norm = before or after
    yield stream.then(
        after.rows if after else out, mlp_weights(at, hidden, outputs), norm.weights(f"{at}.{ln}") if norm else {}
    )


def attention_weights(at: str, mix: Mix) -> Lists:
    """W_Q, W_K and W_V by name."""
    return {f"{at}.{name}": getattr(mix, name).tolist() for name in ("W_Q", "W_K", "W_V")}


def w_o(at: str, update: Update, config: Config) -> Lists:
    """W_O by name, head by head."""
    return {f"{at}.W_O": update.W_O.reshape(config.n_heads, config.d_v, config.d_model).tolist()}


def mlp_weights(at: str, hidden: Hidden, outputs: Outputs) -> Lists:
    """The feed-forward network's parameters by name."""
    parts = {"W_in": hidden.W_in, "b_in": hidden.b_in, "W_out": outputs.W_out, "b_out": outputs.b_out}
    return {f"{at}.mlp.{name}": part.tolist() for name, part in parts.items()}
