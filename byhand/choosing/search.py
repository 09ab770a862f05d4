"""Instances of every model, stage by stage; each stage draws many and hands on the few that fit.

An instance is what a values file holds: inputs and weights. It is checked on the tape afterwards (choice.py); here
only what is cheap in whole numbers is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from byhand.choosing.dice import Dice, Ints
from byhand.choosing.heads import _row_fits, find_heads, visible, whole_base
from byhand.choosing.hidden import Wanted, any_outputs, find_hidden, friendly_outputs
from byhand.choosing.limits import Limits
from byhand.choosing.mixing import Mix, find_mixes
from byhand.choosing.natural import distinct
from byhand.choosing.stream import (
    TWICE,
    Update,
    fixed_updates,
    plain_updates,
    placed,
    scales,
    some_units,
    unit_of,
    updates,
)
from byhand.choosing.unembed import embeddings, unembeddings
from byhand.model.config import Config
from byhand.model.models import RESID_MID, RESID_PRE

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
    rows, cols = task.shape
    scores = dice.below(7, 60, rows, cols) - 3
    fits = _row_fits(scores.reshape(-1, cols), np.ones(cols, dtype=bool), whole_base(task.config)).reshape(-1, rows)
    spread = scores.max(2) - scores.min(2)
    ok = fits.all(1) & (spread > 0).all(1) & (distinct(scores - scores.min(2, keepdims=True)) if rows > 1 else True)
    for i in np.flatnonzero(ok)[:1]:
        yield Instance({"scores": scores[i].tolist()})


def _rows(task: Task, dice: Dice) -> Ints | None:
    """Rows of a stream that heads read as it is. With many tokens their parities are few, so that scores divide."""
    n, d = task.n, task.config.d_model
    drawn = dice.below(5, 40, n, d) - 2
    if n > 3:
        parity = dice.below(2, 40, 2, d)[np.arange(40)[:, None], dice.below(2, 40, n)]
        odd = np.where(dice.below(2, 40, n, d) == 1, 1, -1)
        even = dice.of(np.array([0, 0, 2, -2]), 40, n, d)
        drawn = np.where(parity == 1, odd, even)
    zeros = (drawn == 0).sum((1, 2)) * 100
    ok = distinct(drawn) & (zeros >= 10 * n * d) & (zeros <= 45 * n * d) & (drawn != 0).any(2).all(1)
    ok &= (drawn < 0).any((1, 2)) & (drawn != 0).any(1).all(1) & distinct(drawn.swapaxes(1, 2))
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    return drawn[kept[np.argsort((drawn[kept] ** 2).sum((1, 2)), kind="stable")[0]]]


def _attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """One head or several, on rows given as they are."""
    x = _rows(task, dice)
    if x is None:
        return
    heads = find_heads(dice, x, task.config, task.limits)
    whole = task.model != "attention-head"
    for mix in find_mixes(dice, x, heads, task.config, task.limits, whole=whole):
        weights = _attention_weights("blocks.0", mix)
        if not whole:
            yield Instance({RESID_PRE: x.tolist()}, weights)
        for update in plain_updates(dice, mix, x, task.limits, summed=False)[:1] if whole else ():
            yield Instance({RESID_PRE: x.tolist()}, weights | _w_o("blocks.0", update, task.config))


def _attention_weights(at: str, mix: Mix) -> Lists:
    return {f"{at}.attn.{name}": getattr(mix, name).tolist() for name in ("W_Q", "W_K", "W_V")}


def _w_o(at: str, update: Update, config: Config) -> Lists:
    return {f"{at}.attn.W_O": update.W_O.reshape(config.n_heads, config.d_v, config.d_model).tolist()}


def _layer_norm(task: Task, dice: Dice) -> Iterator[Instance]:
    u = some_units(dice, task.n, task.config.d_model, "LN")
    scaled = scales(dice, u)
    twice = dice.of(TWICE, task.n)
    move = dice.below(4 * task.limits.stream, task.n) - 2 * task.limits.stream
    move += (move + twice * u[:, 0]) % 2
    x = (move[:, None] + twice[:, None] * u) // 2
    if scaled and abs(x).max() <= task.limits.stream and len(set(twice.tolist())) > 1:
        yield Instance({RESID_PRE: x.tolist()}, _norm_weights("blocks.0.ln1", scaled))


def _norm_weights(at: str, scaled: tuple[Ints, Ints, Ints]) -> Lists:
    return {f"{at}.w": scaled[0].tolist(), f"{at}.b": scaled[1].tolist()}


def _feed_forward(task: Task, dice: Dice) -> Iterator[Instance]:
    x = _rows(task, dice)
    hidden = None if x is None else find_hidden(dice, x, task.config.d_mlp, task.limits)
    if x is None or hidden is None:
        return
    outputs = any_outputs(dice, np.zeros_like(x), hidden, task.limits)
    if outputs:
        yield Instance({RESID_MID: x.tolist()}, _mlp_weights("blocks.0", hidden, outputs))


def _mlp_weights(at: str, hidden: Any, outputs: Any) -> Lists:
    parts = {"W_in": hidden.W_in, "b_in": hidden.b_in, "W_out": outputs.W_out, "b_out": outputs.b_out}
    return {f"{at}.mlp.{name}": part.tolist() for name, part in parts.items()}


@dataclass(frozen=True)
class _Front:
    """A layer's first half: its norm, its heads, and the updates that it can make."""

    units: Ints
    scaled: tuple[Ints, Ints, Ints] | None
    choices: list[tuple[Mix, Update]]


@dataclass(frozen=True)
class _Stream:
    """A whole stack: the rows it begins with, its weights, the rows that the last layer hands on."""

    x: Ints
    weights: Lists
    out: Ints


def _front(task: Task, dice: Dice, x: Ints | None = None) -> _Front | None:
    """The first half of a layer, on friendly rows of a pre-norm block, or on rows x as they are."""
    c, limits = task.config, task.limits
    if x is None:
        u = some_units(dice, task.n, c.d_model, "LN")
        scaled = scales(dice, u)
        if scaled is None:
            return None
        read = scaled[2]
    else:
        u, scaled, read = x, None, x
    mixes = find_mixes(dice, read, find_heads(dice, read, c, limits), c, limits)
    if c.normalization_type is None:
        found = [(m, update) for m in mixes for update in plain_updates(dice, m, read, limits)]
    elif x is not None:
        found = [(m, update) for m in mixes for update in fixed_updates(dice, m, x, limits)]
    else:
        found = [(m, update) for m in mixes for update in updates(dice, m, u, limits)]
    return _Front(u, scaled, found) if found else None


def _stack(task: Task, dice: Dice, last: bool) -> Iterator[_Stream]:
    """The layers of a model. last: whether a norm follows the last of them."""
    c = task.config
    if c.norm_position == "post" or c.normalization_type is None:
        x = _rows(task, dice)
        if x is not None:
            yield from _on(task, dice, x, {}, x, 0)
        return
    fronts: list[_Front] = []
    for _ in range(c.n_layers):
        front = next((f for f in (_front(task, dice) for _ in range(6)) if f), None)
        if front is None:
            return
        fronts.append(front)
    for mix, update in fronts[0].choices[:6]:
        x = placed(dice, fronts[0].units, update, task.limits)
        if x is not None:
            yield from _pre(task, dice, fronts, 0, (x, x, {}), mix, update, last)


def _pre(
    task: Task, dice: Dice, fronts: list[_Front], layer: int, so_far: tuple[Ints, Ints, Lists], mix: Mix, update: Update,
    last: bool,
) -> Iterator[_Stream]:  # fmt: skip
    """The rest of a pre-norm stack, from a layer whose attention is settled."""
    c, at = task.config, f"blocks.{layer}"
    first, x, weights = so_far
    front = fronts[layer]
    middle = x + update.added
    scaled = scales(dice, update.after)
    hidden = find_hidden(dice, scaled[2], c.d_mlp, task.limits) if scaled else None
    if front.scaled is None or scaled is None or hidden is None:
        return
    weights = weights | _norm_weights(f"{at}.ln1", front.scaled) | _attention_weights(at, mix) | _w_o(at, update, c)
    weights |= _norm_weights(f"{at}.ln2", scaled)
    following = fronts[layer + 1] if layer + 1 < len(fronts) else None
    if following is None:
        outputs = (friendly_outputs if last else any_outputs)(dice, middle, hidden, task.limits)
        if outputs:
            weights |= _mlp_weights(at, hidden, outputs)
            yield _Stream(first, weights, middle + outputs.added)
        return
    wanted = Wanted(
        np.broadcast_to(following.units, (len(following.choices), *following.units.shape)),
        np.array([u.twice for _, u in following.choices]),
        np.array([u.added for _, u in following.choices]),
    )
    outputs = friendly_outputs(dice, middle, hidden, task.limits, wanted)
    if outputs:
        weights |= _mlp_weights(at, hidden, outputs)
        handed = (first, middle + outputs.added, weights)
        yield from _pre(task, dice, fronts, layer + 1, handed, *following.choices[outputs.which], last)


def _on(task: Task, dice: Dice, first: Ints, weights: Lists, x: Ints, layer: int) -> Iterator[_Stream]:
    """The rest of a post-norm stack, or of one without norms, on rows x."""
    c, at = task.config, f"blocks.{layer}"
    if layer == c.n_layers:
        yield _Stream(first, weights, x)
        return
    front = _front(task, dice, x)
    for mix, update in front.choices[:6] if front else ():
        normed = c.normalization_type is not None
        scaled = scales(dice, update.after) if normed else None
        middle = scaled[2] if scaled else x + update.added
        hidden = find_hidden(dice, middle, c.d_mlp, task.limits) if scaled or not normed else None
        outputs = hidden and (friendly_outputs if normed else any_outputs)(dice, middle, hidden, task.limits)
        if not hidden or not outputs:
            continue
        more = weights | _attention_weights(at, mix) | _w_o(at, update, c) | _mlp_weights(at, hidden, outputs)
        out = middle + outputs.added
        if scaled:
            again = scales(dice, unit_of(out))
            if again is None:
                continue
            more |= _norm_weights(f"{at}.ln1", scaled) | _norm_weights(f"{at}.ln2", again)
            out = again[2]
        yield from _on(task, dice, first, more, out, layer + 1)


def _block(task: Task, dice: Dice) -> Iterator[Instance]:
    for stream in _stack(task, dice, last=False):
        yield Instance({RESID_PRE: stream.x.tolist()}, stream.weights)


def _gpt(task: Task, dice: Dice) -> Iterator[Instance]:
    c = task.config
    for stream in _stack(task, dice, last=True):
        embedded = embeddings(dice, stream.x, task.ids, c)
        out, weights = stream.out, stream.weights
        if c.norm_position == "pre" and c.normalization_type:
            scaled = scales(dice, unit_of(out))
            if scaled is None:
                continue
            out, weights = scaled[2], weights | _norm_weights("ln_final", scaled)
        if embedded is None:
            continue
        for w_u in unembeddings(dice, out, c.d_vocab, task.wanted, task.limits):
            yield Instance({}, {**embedded, **weights, "unembed.W_U": w_u.tolist()})


_ATTEMPTS = {
    "softmax": _softmax,
    "attention-head": _attention,
    "multi-head-attention": _attention,
    "layer-norm": _layer_norm,
    "feed-forward": _feed_forward,
    "block": _block,
    "gpt": _gpt,
}
SEARCHED = tuple(_ATTEMPTS)
__all__ = ["SEARCHED", "Instance", "Task", "instances", "visible"]
