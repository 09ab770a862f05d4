"""The layers of a block or of a whole model, one after the other.

In a pre-norm stack every layer's heads are found first, for they read what their norm gives and nothing else; the
feed-forward network between two layers is then made to meet the next one's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from byhand.choosing.dice import Dice, Ints
from byhand.choosing.heads import find_heads
from byhand.choosing.hidden import Hidden, Outputs, Wanted, any_outputs, find_hidden, friendly_outputs
from byhand.choosing.limits import Limits
from byhand.choosing.mixing import Mix, find_mixes
from byhand.choosing.natural import distinct
from byhand.choosing.stream import (
    Norm,
    Update,
    fixed_updates,
    placed,
    plain_updates,
    scales,
    some_units,
    unit_of,
    updates,
)
from byhand.model.config import Config

Lists = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What is looked for. shape: of given scores; ids and wanted: the tokens and the right words, for gpt."""

    model: str
    config: Config
    n: int
    limits: Limits
    shape: tuple[int, int] = (3, 3)
    ids: tuple[int, ...] = ()
    wanted: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Stream:
    """A stack as far as it goes: the rows (n, d_model) that it begins with, and those that it hands on."""

    first: Ints
    out: Ints
    weights: Lists = field(default_factory=dict)

    def then(self, out: Ints, *weights: Lists) -> Stream:
        """One step further."""
        return Stream(self.first, out, {k: v for part in (self.weights, *weights) for k, v in part.items()})


@dataclass(frozen=True)
class _Front:
    """A layer's first half: the rows that its heads read, and the updates that they can make.

    rows: what is updated, as units where a norm comes first.
    """

    rows: Ints
    norm: Norm | None
    mix: Mix
    updates: list[Update]


def stacks(task: Task, dice: Dice, normed_after: bool) -> Iterator[Stream]:
    """The layers of a model, on rows that they are free to choose. normed_after: whether a norm follows the last."""
    c = task.config
    if c.norm_position == "post" or c.normalization_type is None:
        x = plain_rows(task, dice)
        if x is not None:
            yield from _on_rows(task, dice, Stream(x, x), 0)
        return
    fronts: list[_Front] = []
    for _ in range(c.n_layers):
        front = next((f for f in (_front(task, dice) for _ in range(6)) if f), None)
        if front is None:
            return
        fronts.append(front)
    for update in fronts[0].updates[:4]:
        x = placed(dice, fronts[0].rows, update, task.limits)
        if x is not None:
            yield from _before_norms(task, dice, fronts, update, Stream(x, x), normed_after)


def plain_rows(task: Task, dice: Dice) -> Ints | None:
    """Rows of a stream that heads read as it is. With many tokens their parities are few, so that scores divide."""
    n, d = task.n, task.config.d_model
    drawn = dice.below(5, 40, n, d) - 2
    if n > 3:
        parity = dice.below(2, 40, 2, d)[np.arange(40)[:, None], dice.below(2, 40, n)]
        odd = np.where(dice.below(2, 40, n, d) == 1, 1, -1)
        even = dice.of(np.array([0, 0, 2, -2]), 40, n, d)
        drawn = np.where(parity == 1, odd, even)
    zeros = (drawn == 0).sum((1, 2)) * 100
    ok = distinct(drawn) & (zeros >= 15 * n * d) & (zeros <= 35 * n * d) & (drawn != 0).any(2).all(1)
    ok &= (drawn < 0).any((1, 2)) & (drawn != 0).any(1).all(1) & distinct(drawn.swapaxes(1, 2))
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    small: Ints = drawn[kept[np.argsort((drawn[kept] ** 2).sum((1, 2)), kind="stable")[0]]]
    return small


def _front(task: Task, dice: Dice, x: Ints | None = None) -> _Front | None:
    """The first half of a layer: behind its norm, or on rows x as they are."""
    c, limits = task.config, task.limits
    rows, norm = (some_units(dice, task.n, c.d_model) if x is None else x), None
    if x is None:
        norm = scales(dice, rows)
        if norm is None:
            return None
    read = norm.rows if norm else rows
    ways = plain_updates if c.normalization_type is None else updates if norm else fixed_updates
    for mix in find_mixes(dice, read, find_heads(dice, read, c, limits), c, limits):
        found = ways(dice, mix, rows, limits)
        if found:
            return _Front(rows, norm, mix, found)
    return None


def _before_norms(
    task: Task, dice: Dice, fronts: list[_Front], update: Update, stream: Stream, normed_after: bool, layer: int = 0
) -> Iterator[Stream]:
    """The rest of a pre-norm stack, from a layer whose update is settled."""
    c, at, limits = task.config, f"blocks.{layer}", task.limits
    front, middle = fronts[layer], stream.out + update.added
    norm = scales(dice, update.after)
    hidden = find_hidden(dice, norm.rows, c.d_mlp, limits) if norm else None
    if front.norm is None or norm is None or hidden is None:
        return
    following = fronts[layer + 1] if layer + 1 < c.n_layers else None
    if following:
        wanted = _rows_before(following)
        outputs = friendly_outputs(dice, middle, hidden, limits, wanted)
    else:
        outputs = (friendly_outputs if normed_after else any_outputs)(dice, middle, hidden, limits)
    if outputs is None:
        return
    stream = stream.then(
        middle + outputs.added, front.norm.weights(f"{at}.ln1"), attention_weights(at, front.mix), w_o(at, update, c),
        norm.weights(f"{at}.ln2"), mlp_weights(at, hidden, outputs),
    )  # fmt: skip
    if following is None:
        yield stream
    else:
        chosen = following.updates[outputs.which]
        yield from _before_norms(task, dice, fronts, chosen, stream, normed_after, layer + 1)


def _rows_before(front: _Front) -> Wanted:
    """What the rows before a layer have to be, for each of its updates."""
    return Wanted(
        np.broadcast_to(front.rows, (len(front.updates), *front.rows.shape)),
        np.array([u.twice for u in front.updates]),
        np.array([u.added for u in front.updates]),
    )


def _on_rows(task: Task, dice: Dice, stream: Stream, layer: int) -> Iterator[Stream]:
    """The rest of a post-norm stack, or of one without norms."""
    c, at, limits, x = task.config, f"blocks.{layer}", task.limits, stream.out
    if layer == c.n_layers:
        yield stream
        return
    front = _front(task, dice, x)
    normed = c.normalization_type is not None
    for update in front.updates[:4] if front else ():
        norm = scales(dice, update.after) if normed else None
        if front is None or (normed and norm is None):
            continue
        middle = norm.rows if norm else x + update.added
        hidden = find_hidden(dice, middle, c.d_mlp, limits)
        outputs = (friendly_outputs if normed else any_outputs)(dice, middle, hidden, limits) if hidden else None
        if hidden is None or outputs is None:
            continue
        out = middle + outputs.added
        after = scales(dice, unit_of(out)) if normed else None
        if normed and after is None:
            continue
        further = stream.then(
            after.rows if after else out, attention_weights(at, front.mix), w_o(at, update, c),
            norm.weights(f"{at}.ln1") if norm else {}, mlp_weights(at, hidden, outputs),
            after.weights(f"{at}.ln2") if after else {},
        )  # fmt: skip
        yield from _on_rows(task, dice, further, layer + 1)


def attention_weights(at: str, mix: Mix) -> Lists:
    """W_Q, W_K and W_V by name."""
    return {f"{at}.attn.{name}": getattr(mix, name).tolist() for name in ("W_Q", "W_K", "W_V")}


def w_o(at: str, update: Update, config: Config) -> Lists:
    """W_O by name, head by head."""
    return {f"{at}.attn.W_O": update.W_O.reshape(config.n_heads, config.d_v, config.d_model).tolist()}


def mlp_weights(at: str, hidden: Hidden, outputs: Outputs) -> Lists:
    """The feed-forward network's parameters by name."""
    parts = {"W_in": hidden.W_in, "b_in": hidden.b_in, "W_out": outputs.W_out, "b_out": outputs.b_out}
    return {f"{at}.mlp.{name}": part.tolist() for name, part in parts.items()}
