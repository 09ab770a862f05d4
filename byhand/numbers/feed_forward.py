"""The feed-forward network: hidden units that are alive for some tokens and dead for others, and small results."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import DomainError
from byhand.model.config import Config
from byhand.model.layers import of_config
from byhand.numbers.combine import combine_columns
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct, few_point_apart, natural, told_apart, weight_columns, whole_products
from byhand.numbers.norms import can_be_scaled, sums_for, unit_of, vary_as_normed, whole_differences
from byhand.numbers.promises import Limits
from byhand.numbers.registry import Task, is_plain
from byhand.ops import ACTIVATIONS
from byhand.tape import Tape

W_IN_COLUMNS = 600  # columns of W_in, each with a bias, that first layers are made of
FEW_COLUMNS = 4  # for each unit
FIRST_LAYERS_TRIED = 200
W_OUT_COLUMNS = 8000  # columns of W_out that second layers are made of, each without a bias and with one
SECOND_LAYERS_TRIED = 2000
SECOND_LAYER_BEAMS = 60
IN_BIASES = np.array([0, 0, 1, -1, 1, -1, 2])  # an entry of b_in is drawn from these, 0 and ±1 twice as often as 2
MOST_UNITS = 16  # of a network that stands alone
LARGEST_ALIVE = 4  # after ReLU, since a student multiplies each of these numbers by a row of W_out


class FirstLayer(Struct, frozen=True):
    """The first layer of a feed-forward network."""

    W_in: Ints
    """An array (d_model, d_mlp)."""
    b_in: Ints | None
    """An array (d_mlp), if there are biases."""
    post: Ints
    """The hidden units after ReLU, (n, d_mlp)."""


class SecondLayer(Struct, frozen=True):
    """The second layer of a feed-forward network."""

    W_out: Ints
    """An array (d_mlp, d_model)."""
    b_out: Ints | None
    """An array (d_model), if there are biases."""
    added: Ints
    """What the network adds to the stream, (n, d_model)."""


def find_first_layer(
    dice: Dice, x: Ints, d_mlp: int, limits: Limits, over: int = 1, most_zeros: int | None = None,
    has_biases: bool = True,
) -> FirstLayer | None:  # fmt: skip
    """Rows x (n, d_model), as numerators over `over` → a first layer in which every unit is alive (positive) for some
    token and dead for another, and all units are whole. None where no draw fits. most_zeros: among a unit's weights.

    Method: rejection sampling, first of columns with a bias, then of matrices of the columns that fit; of the
    matrices that fit, the one with the smallest hidden units.
    """
    n = len(x)
    columns = weight_columns(x.shape[1])
    if most_zeros is not None:
        columns = columns[(columns == 0).sum(1) <= most_zeros]
    pool, products = whole_products(columns, x, over)
    sample = dice.sample(len(pool), W_IN_COLUMNS)
    if len(sample) < FEW_COLUMNS * d_mlp:  # of low columns there are few: each stands with several biases
        sample = np.repeat(sample, len(IN_BIASES))
    pool, products = pool[sample], products[sample]
    bias = dice.choices(IN_BIASES if has_biases else np.zeros(1, np.int64), len(pool))
    pre = products + bias[:, None]  # (columns, n)
    alive = (pre > 0).sum(1)
    fit = (alive >= 1) & (alive < n) & (pre < 0).any(1)
    fit &= (abs(pre).max(1) <= limits.hidden) & (pre.max(1) <= LARGEST_ALIVE)
    pool, bias, pre = pool[fit], bias[fit], pre[fit]
    if len(pool) < 2 * d_mlp:
        return None
    picks = dice.below(len(pool), FIRST_LAYERS_TRIED, d_mlp)
    w, b, post = pool[picks].swapaxes(1, 2), bias[picks], np.maximum(pre[picks], 0).swapaxes(1, 2)
    alive = (post > 0).sum(2)  # (tried, n): units that are alive for a token
    zeros = (b == 0).sum(1)
    ok = natural(w) & distinct(post) & distinct(post.swapaxes(1, 2)) & (alive >= 1).all(1)
    if has_biases:
        ok &= (zeros >= 1) & (zeros * 3 <= 2 * d_mlp)
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    cost = post[kept].sum((1, 2)) + 2 * (abs(w[kept]) > 1).sum((1, 2)) + 3 * (alive[kept] < 2).sum(1)
    best = kept[np.argsort(cost, kind="stable")[0]]
    return FirstLayer(w[best], b[best] if has_biases else None, post[best])


def _out_columns(dice: Dice, first: FirstLayer) -> tuple[Ints, Ints, Ints]:
    """A first layer → columns of W_out (count, d_mlp), their biases (count), and what each adds to the tokens (count,
    n).
    """
    w = weight_columns(first.W_in.shape[1])
    w = w[dice.sample(len(w), W_OUT_COLUMNS)]
    b = np.zeros(len(w), np.int64)
    if first.b_in is not None:
        b = np.concatenate([b, dice.choices(np.array([1, -1]), len(w))])
        w = np.concatenate([w, w])
    products = np.rint(w.astype(np.float64) @ first.post.T.astype(np.float64)).astype(np.int64)  # exact: small
    return w, b, products + b[:, None]


def plain_second_layer(
    dice: Dice, x: Ints, first: FirstLayer, limits: Limits, read_by_heads: bool = False, over: int = 1
) -> SecondLayer | None:
    """A first layer → a second one whose sum with the rows x (n, d_model), numerators over `over`, is small. None
    where no draw fits.

    x is 0 where the result is not added to a stream. read_by_heads: whether heads read the sum without a norm. Its
    rows then have their odd entries in one of two sets of columns. So many scores are even, and can be divided by
    √d_head = 2.

    Method: rejection sampling.
    """
    w, b, products = _out_columns(dice, first)
    if read_by_heads:
        odd = (products[:, None] + x.T) % 2  # (columns, d_model, n)
        halves = np.array_split(dice.permutation(len(x)), 2)
        fit = np.logical_and(*((odd[..., half] == odd[..., half[:1]]).all(2) for half in halves))
        if not fit.any(0).all():
            return None
        picks = np.stack([dice.choices(np.flatnonzero(column), SECOND_LAYERS_TRIED) for column in fit.T], 1)
    else:
        picks = dice.below(len(w), SECOND_LAYERS_TRIED, x.shape[1])
    w, b, products = w[picks].swapaxes(1, 2), b[picks], products[picks].swapaxes(1, 2)
    return _best(dice, x, w, b if first.b_in is not None else None, products, limits, read_by_heads, over)


def friendly_second_layer(
    dice: Dice, x: Ints, over: int, kind: str, first: FirstLayer, limits: Limits, wide: int | None
) -> SecondLayer | None:
    """A first layer → a second one whose sum with the rows x (n, d_model), numerators over `over`, has a rational
    norm, with another unit in each row. None where the search finds none. wide: the token whose sum is to be wide, if
    one is.

    Method: beam search over the tokens. What may be added to a token's row is the difference to a friendly row.
    """
    w, b, products = _out_columns(dice, first)
    small = abs(products).max(1) <= min(2 * limits.stream, limits.integer)
    w, b, products = w[small], b[small], products[small]
    d = x.shape[1]
    sums = [sums_for(d, kind, limits.stream, over, token == wide) for token in range(len(x))]
    added = [whole_differences(after, row[None], over) for row, after in zip(x, sums, strict=True)]
    members = combine_columns(dice, products, d, added, beams=SECOND_LAYER_BEAMS)
    after = x + over * products[members].swapaxes(1, 2)
    members = members[can_be_scaled(unit_of(after, kind), kind) & vary_as_normed(after, kind)]
    w, b, products = w[members].swapaxes(1, 2), b[members], products[members].swapaxes(1, 2)
    return _best(dice, x, w, b if first.b_in is not None else None, products, limits, over=over)


def _best(
    dice: Dice, x: Ints, w: Ints, b: Ints | None, added: Ints, limits: Limits, read_by_heads: bool = False,
    over: int = 1,
) -> SecondLayer | None:  # fmt: skip
    """The easiest of many second layers that suit the stream's rows x (n, d_model), numerators over `over`: with
    small entries, small sums and few biases.

    w: W_out (count, d_mlp, d_model). b: (count, d_model), if there are biases. added: (count, n, d_model).
    """
    sums = x + over * added
    ok: Bools = (
        natural(w)
        & distinct(sums)
        & told_apart(sums)
        & few_point_apart(sums)
        & told_apart(added)
        & (abs(sums).max((1, 2)) <= over * (limits.stream + 1))
    )
    ok &= (added != 0).any(2).all(1) & (abs(added).max((1, 2)) <= limits.integer)
    if b is not None:
        ok &= (b != 0).any(1)
    kept = np.flatnonzero(ok)
    if not len(kept):
        return None
    w, added, sums = w[kept], added[kept], sums[kept]
    cost = (
        (abs(w) > 1).sum((1, 2))
        + 2 * abs(sums).max((1, 2)) // over
        + abs(added).max((1, 2))
        + (sums == x).sum((1, 2))
    )
    cost += read_by_heads * (sums**2).sum((1, 2))
    if b is not None:
        b = b[kept]
        cost += (b != 0).sum(1)
    best = np.argsort(cost + dice.below(4, len(cost)), kind="stable")[0]
    return SecondLayer(w[best], None if b is None else b[best], added[best])


def is_relu(task: Task) -> str:
    """Requires ReLU: other hidden units are never rational, or numbers are not searched for them."""
    act = task.config.act_fn
    if act == "relu":
        return ""
    searched = f"no numbers are searched for act_fn={act!r}"
    if not any(_is_rational(act, x, task.config) for x in (1, 2, -3)):
        return f"{searched}, which is never rational; use act_fn='relu', or inputs and weights with --numbers decimal"
    return f"{searched}; use act_fn='relu', or give inputs and weights"


def _is_rational(act_fn: str, x: int, config: Config) -> bool:
    """Whether an activation function of a number is rational."""
    op = ACTIVATIONS[act_fn]
    try:
        _ = op(Tape(RATIONALS, {"x": [[x]]}).given("x", (1, 1)), name="post", **of_config(op, config)).values
    except DomainError:
        return False
    return True


def _has_few_units(task: Task) -> str:
    d = task.config.d_mlp
    if 4 <= d <= 8:
        return ""
    return f"numbers are chosen for d_mlp from 4 to 8, not {d}; use d_mlp={4 if d < 4 else 8}"


def has_up_to_four_times(task: Task) -> str:
    """Requires a lone network of 4 hidden units or more, and at most four for each of the numbers that it reads."""
    c = task.config
    most = min(MOST_UNITS, 4 * c.d_model)
    if 4 <= c.d_mlp <= most:
        return ""
    nearest = 4 if c.d_mlp < 4 else most
    return (
        f"numbers are chosen for d_mlp from 4 to {most} with d_model={c.d_model}, not {c.d_mlp}; use d_mlp={nearest}"
    )


FEED_FORWARD = (is_plain, is_relu, _has_few_units)  # what the search for a feed-forward network requires
