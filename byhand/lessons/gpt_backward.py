"""The gradients of a whole GPT: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np

from byhand.backward import gradients
from byhand.model.builder import Builder
from byhand.model.layers import mean_surprisal, softmax
from byhand.model.names import grad_name
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.draw import draw
from byhand.numbers.natural import columns_vary, grid, natural, point_apart
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Task, base_2_or_e, exactly
from byhand.ops.attention import divide_by_root
from byhand.ops.linear import add, dot_rows, matmul, relu
from byhand.ops.norms import center, mean_square, root, row_mean, scale_and_shift, standardize
from byhand.ops.shapes import hstack
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    FRAME,
    GREY,
    GRID,
    LIGHT,
    PALE,
    TOKEN,
    WHITE,
    Canvas,
    plus,
)
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import Wiring, wiring

BLOCK = "blocks.0"
ATTN, LN, MLP, FINAL = f"{BLOCK}.attn", f"{BLOCK}.ln2", f"{BLOCK}.mlp", "ln_final"
HEADS = (0, 1)
X, W_O, W_IN, W_OUT, W_U = f"{BLOCK}.hook_resid_pre", f"{ATTN}.W_O", f"{MLP}.W_in", f"{MLP}.W_out", "unembed.W_U"
ASKED = W_OUT, *(f"{ATTN}.hook_{letter}[0]" for letter in "qkv"), f"{ATTN}.scores[1]"  # whose gradients are results

# ---- the model ----


@model("gpt-backward")
def _steps(build: Builder) -> Results:
    """A GPT of one block, from its queries, keys and values to its surprise at the right word, which is the first of
    the vocabulary. Only the last token asks and answers. Then the gradients, from the surprise back to the queries,
    keys and values of the first head, and to the scores of the second.

    Its steps are in no part of the architecture: a map of that would show the last of them first.
    """
    c, tape = build.config, build.tape
    x = tape.given(X, (1, c.d_model), ("new", "d_model"))
    mixtures = [_mixture(build, h) for h in HEADS]
    width = c.n_heads * c.d_v
    z = hstack(*mixtures, name=f"{ATTN}.z", sizes={"j": (width, "d_z")})
    out = matmul(z, tape.given(W_O, (width, c.d_model), ("d_z", "d_model")), name=f"{BLOCK}.hook_attn_out")
    x = add(x, out, name=f"{BLOCK}.hook_resid_mid")
    w_in = tape.given(W_IN, (c.d_model, c.d_mlp), ("d_model", "d_mlp"))
    neurons = relu(matmul(_norm(x, LN), w_in, name=f"{MLP}.hook_pre"), name=f"{MLP}.hook_post")
    w_out = tape.given(W_OUT, (c.d_mlp, c.d_model), ("d_mlp", "d_model"))
    x = add(x, matmul(neurons, w_out, name=f"{BLOCK}.hook_mlp_out"), name=f"{BLOCK}.hook_resid_post")
    w_u = tape.given(W_U, (c.d_model, c.d_vocab), ("d_model", "d_vocab"))
    logits = matmul(_norm(x, FINAL), w_u, name="logits")
    loss = mean_surprisal(softmax(logits, "probs", c.softmax_base), (0,), c.softmax_base)
    return loss, *gradients(loss, *ASKED)


def _mixture(build: Builder, h: int) -> Matrix:
    """What a head brings the last token. Shapes: (new, d_head), (pos, d_head), (pos, d_v) → (new, d_v)."""
    c, tape, n = build.config, build.tape, build.positions
    q = tape.given(f"{ATTN}.hook_q[{h}]", (1, c.d_head), ("new", "d_head"))
    k = tape.given(f"{ATTN}.hook_k[{h}]", (n, c.d_head), ("pos", "d_head"))
    v = tape.given(f"{ATTN}.hook_v[{h}]", (n, c.d_v), ("pos", "d_v"))
    scores = divide_by_root(dot_rows(q, k, name=f"{ATTN}.scores_raw[{h}]"), name=f"{ATTN}.scores[{h}]", of=c.d_head)
    return matmul(softmax(scores, f"{ATTN}.hook_pattern[{h}]", c.softmax_base), v, name=f"{ATTN}.hook_z[{h}]")


def _norm(x: Matrix, at: str) -> Matrix:
    """LayerNorm with w and b."""
    centered = center(x, row_mean(x, name=f"{at}.mean"), name=f"{at}.centered")
    scale = root(mean_square(centered, name=f"{at}.variance"), name=f"{at}.hook_scale")
    normal, shape, axes = standardize(centered, scale, name=f"{at}.standardized"), (1, x.cols), ("", x.axes[1])
    w, b = (x.tape.given(f"{at}.{name}", shape, axes) for name in "wb")
    return scale_and_shift(normal, w, b, name=f"{at}.hook_normalized")


# ---- the same, written down a second time ----


@wiring("gpt-backward")
def _second(w: Wiring) -> None:
    """A pre-norm block for the last of three words (Radford et al. 2019); each gradient by its own product."""
    at, block, mlp = "blocks.0.attn", "blocks.0", "blocks.0.mlp"

    def before_norm(at: str, arrived: str, result: str) -> str:
        """The gradient before a norm, with both means (Ba, Kiros & Hinton 2016)."""
        asked = w(f"{at}.standardized.grad", "scale_columns", arrived, f"{at}.w")
        alike = w(f"{at}.grad_mean", "row_mean", asked)
        along = w(f"{at}.grad_along", "mean_product", asked, f"{at}.standardized")
        return w(result, "norm_backward", asked, alike, f"{at}.standardized", along, f"{at}.hook_scale")

    for h in ("[0]", "[1]"):
        raw = w(f"{at}.scores_raw{h}", "dot_rows", f"{at}.hook_q{h}", f"{at}.hook_k{h}")
        scores = w(f"{at}.scores{h}", "divide_by_root", raw, of=w.config["d_head"])
        w(f"{at}.hook_z{h}", "matmul", w.softmax(f"{at}.hook_pattern", scores, h), f"{at}.hook_v{h}")
    w(f"{block}.hook_attn_out", "matmul", w(f"{at}.z", "hstack", f"{at}.hook_z[0]", f"{at}.hook_z[1]"), f"{at}.W_O")
    w(f"{block}.hook_resid_mid", "add", f"{block}.hook_resid_pre", f"{block}.hook_attn_out")
    w(f"{mlp}.hook_pre", "matmul", w.norm(f"{block}.hook_resid_mid", f"{block}.ln2"), f"{mlp}.W_in")
    w(f"{block}.hook_mlp_out", "matmul", w(f"{mlp}.hook_post", "relu", f"{mlp}.hook_pre"), f"{mlp}.W_out")
    w(f"{block}.hook_resid_post", "add", f"{block}.hook_resid_mid", f"{block}.hook_mlp_out")
    w("logits", "matmul", w.norm(f"{block}.hook_resid_post", "ln_final"), "unembed.W_U")
    w.surprise_at(w.softmax("probs", "logits"), (0,))
    right = w("logits.grad.one_hot", "one_hot", shape=w.shapes["probs"], rows=(0,))
    norm = w("ln_final.hook_normalized_grad", "dot_rows", w("logits.grad", "subtract", "probs", right), "unembed.W_U")
    post = before_norm("ln_final", norm, f"{block}.hook_resid_post_grad")
    out = w(f"{block}.hook_mlp_out_grad", "copy", post)
    w(f"{mlp}.W_out.grad", "dot_columns", f"{mlp}.hook_post", out)
    neurons = w(f"{mlp}.hook_post_grad", "dot_rows", out, f"{mlp}.W_out")
    awake = w(f"{mlp}.hook_pre_grad", "gate", neurons, f"{mlp}.hook_pre")
    norm = w(f"{block}.ln2.hook_normalized_grad", "dot_rows", awake, f"{mlp}.W_in")
    branch = before_norm(f"{block}.ln2", norm, f"{block}.hook_resid_mid_grad.by.{block}.ln2.standardized")
    mid = w(f"{block}.hook_resid_mid_grad", "add", branch, post)
    z = w(f"{at}.z.grad", "dot_rows", w(f"{block}.hook_attn_out_grad", "copy", mid), f"{at}.W_O")
    for n, h in enumerate(("[0]", "[1]")):
        width = w.config["d_v"]
        of_head = w(f"{at}.hook_z_grad{h}", "part", z, first=n * width, shape=(1, width))
        shares = f"{at}.hook_pattern{h}"
        asked = w(f"{at}.hook_pattern_grad{h}", "dot_rows", of_head, f"{at}.hook_v{h}")
        average = w(f"{at}.hook_pattern.dot{h}", "row_dots", shares, asked)
        scores = w(f"{at}.scores.grad{h}", "softmax_backward", shares, asked, average)
        if n:
            continue  # the second head's way ends here
        raw = w(f"{at}.scores_raw.grad{h}", "divide_by_root", scores, of=w.config["d_head"])
        w(f"{at}.hook_v_grad{h}", "dot_columns", shares, of_head)
        w(f"{at}.hook_q_grad{h}", "matmul", raw, f"{at}.hook_k{h}")
        w(f"{at}.hook_k_grad{h}", "dot_columns", raw, f"{at}.hook_q{h}")


# ---- its numbers ----

# Both norms read a row whose deviation is 3/2, and make a wide one of it, in thirds: UNIT in some order, with either
# sign. What comes back from the last norm on is in halves.
UNIT = np.array([5, -3, -1, -1])
ORDERS = np.array([*permutations(range(4))])
REACH = 2  # of a weight, a query, a key and a value
MOST_ASKED = 8, 18  # twice the largest number that comes back to a normalised one, of the last norm and of the other
MOST_TOTAL = 10  # 4 times the largest number that comes back to what the last norm hands on
MOST_WITHIN = 18  # twice the largest that comes back to a neuron, the stream and a mixture
LARGEST = 6  # of the gradients of values, shares and scores, and of queries and keys
LOUDEST, DEEPEST = 3, 4  # sums of neurons that are awake, and of such as sleep
BIASES = 2
WEIGHTS = np.array([-2, -1, 1, 2])  # of a norm
POWERS = np.array([[1, 1, 2], [1, 1, 4]])  # that become the shares of each head, in some order
EXPONENTS = np.array([[0, 0, 1], [0, 0, 2]])
LEAST_SCORE = -1, 1
MOST_LOGIT = 3  # of the right word
COUNT, FEW = 20_000, 200  # candidates of a stage
ATTEMPTS = 12  # to find all parts
ALIKE = 8  # candidates of one attempt, which may have the same network
SETS = 80  # of numbers, for a class
Found = dict[str, Ints]


def _among(found: Found, which: Any) -> Found:
    return {name: numbers[which] for name, numbers in found.items()}


def _repeated(found: Found, count: int = COUNT) -> Found:
    """As many candidates as a stage has, from those that are left, of which there is one at least."""
    return _among(found, np.arange(count) % len(found["back"]))


def _before_norm(asked: Ints, unit: Ints) -> tuple[Ints, Bools]:
    """What comes back to the row that a norm reads, in halves; and where it is whole halves and nowhere 0, and both
    means are quarters, and not 0.

    asked: what comes back to the normalised row, in halves. unit: that row, in thirds.
    """
    alike, along = asked.sum(1), (asked * unit).sum(1)  # 8 times the first mean, and 24 times the second
    left = 36 * asked - 9 * alike[:, None] - along[:, None] * unit
    means = (alike % 2 == 0) & (along % 6 == 0) & (alike != 0) & (along != 0)
    return left // 54, means & (left % 54 == 0).all(1) & (left != 0).all(1)


@cache
def _asked_of_unit() -> Ints:
    """What may come back to the last norm's row, if that is UNIT: (count, 4), in halves."""
    every = grid(4, MOST_ASKED[0])
    return every[_before_norm(every, UNIT)[1]]


@cache
def _apart() -> tuple[Ints, Ints]:
    """By how much the numbers of a row of W_U are larger than that of the right word: of the other word with a
    quarter, u, and of the one with a half, v. For each u + 2 v from −MOST_TOTAL on, how many there are; and which.
    """
    pairs = grid(2, 2 * REACH)
    pairs = pairs[np.ptp(np.concatenate([pairs, np.zeros((len(pairs), 1), int)], 1), axis=1) <= 2 * REACH]
    lists = [pairs[pairs @ [1, 2] == total] for total in range(-MOST_TOTAL, MOST_TOTAL + 1)]
    table = np.zeros((len(lists), max(map(len, lists)), 2), np.int64)
    for row, each in zip(table, lists, strict=True):
        row[: len(each)] = each
    return np.array([*map(len, lists)]), table


def _units(dice: Dice) -> tuple[Ints, Ints]:
    """Normalised rows in thirds, and their orders."""
    order, sign = dice.choices(ORDERS, COUNT), 2 * dice.below(2, COUNT, 1) - 1
    return UNIT[order] * sign, order


def _last_norm(dice: Dice) -> Found:
    """The last norm, and W_U: the right word and another one have a quarter each, a third one a half."""
    unit, order = _units(dice)
    asked, w = np.take_along_axis(dice.choices(_asked_of_unit(), COUNT), order, 1), dice.choices(WEIGHTS, COUNT, 4)
    total = 2 * asked // w  # 4 times the gradient of what the norm hands on
    counts, table = _apart()
    fits = (total % 2 == 0).all(1) & (abs(total) <= MOST_TOTAL).all(1)
    found = _repeated(_among({"unit": unit, "back": _before_norm(asked, unit)[0], "w": w, "total": total}, fits))
    b, place = dice.below(2 * BIASES + 1, COUNT, 4) - BIASES, found["total"] + MOST_TOTAL
    u, v = np.moveaxis(table[place, dice.below_each(counts[place])], 2, 0)
    read = found["w"] * found["unit"] + 3 * b
    fits = ((read * u).sum(1) == 0) & ((read * v).sum(1) == 3)
    low, high = np.minimum(np.minimum(u, v), 0), np.maximum(np.maximum(u, v), 0)
    right = dice.below_each(2 * REACH + 1 - high + low) - REACH - low
    logits = (read * right).sum(1)  # of the right word, in thirds
    fits &= (logits % 3 == 0) & (abs(logits) <= 3 * MOST_LOGIT)
    weight, at = np.stack([right, right + u, right + v], 2), dice.below(2, COUNT)
    weight = np.where(at[:, None, None], weight[:, :, [0, 2, 1]], weight)
    return _among(found | {"b": b, "W_U": weight}, fits & natural(weight))


def _network(dice: Dice, found: Found) -> Found:
    """A norm, and neurons that read it, of which the first is loud, another one is awake, too, and two sleep."""
    found, (unit, _) = _repeated(found), _units(dice)
    w, b = dice.choices(WEIGHTS, COUNT, 4), dice.below(2 * BIASES + 1, COUNT, 4) - BIASES
    w_in = dice.below(2 * REACH + 1, COUNT, 4, 4) - REACH
    read, rows = w * unit + 3 * b, np.arange(COUNT)
    mended = np.argmax(read % 3 != 0, 1)  # where a weight is changed so that sums are whole
    rest = -np.einsum("cik,ci->ck", w_in, read) * np.take_along_axis(read, mended[:, None], 1) % 3
    w_in[rows, mended] += np.where(rest == 2, -1, rest)
    sums = np.einsum("cik,ci->ck", w_in, read)
    pre, awake = sums // 3, sums > 0
    fits = (sums % 3 == 0).all(1) & (sums != 0).all(1) & (pre.max(1) <= LOUDEST) & (pre.min(1) >= -DEEPEST)
    fits &= (pre[:, 0] > 1) & (awake.sum(1) == 2) & (abs(w_in) <= REACH).all((1, 2)) & natural(w_in)
    fits &= (unit != found["unit"]).any(1)  # or the network would add the same to all
    return _among(found | {"unit2": unit, "w2": w, "b2": b, "W_in": w_in, "pre": pre}, fits)


def _second_layer(dice: Dice, found: Found) -> Found:
    """Weights of the neurons that are awake, so that the sum of the network and the stream is the row that the last
    norm reads, and what comes back through the first norm is light, and has the sign of what comes past it at one
    number, and not at another; then of those that sleep.
    """
    found, rows = _repeated(found), np.arange(COUNT)
    first, other = np.moveaxis(_awake(found["pre"]), 1, 0)
    w_out = np.zeros((COUNT, 4, 4), np.int64)
    w_out[rows, first] = dice.below(3, COUNT, 4) - 1
    added = (found["unit"] - found["unit2"]) // 2 + dice.below(5, COUNT, 1) - 2
    rest, loud = added - found["pre"][rows, first][:, None] * w_out[rows, first], found["pre"][rows, other][:, None]
    w_out[rows, other] = rest // loud
    neurons = np.einsum("cki,ci->ck", w_out, found["back"])
    asked = np.einsum("cik,ck->ci", found["W_in"], neurons) * found["w2"]
    branch, fits = _before_norm(asked, found["unit2"])
    back = found["back"] + branch
    agree = (branch > 0) == (found["back"] > 0)
    fits &= (rest % loud == 0).all(1) & (abs(w_out) <= REACH).all((1, 2)) & agree.any(1) & ~agree.all(1)
    fits &= (abs(asked) <= MOST_ASKED[1]).all(1) & (back != 0).all(1) & (abs(back) <= MOST_WITHIN).all(1)
    found = _among(found | {"W_out": w_out, "before": found["back"], "back": back}, fits)
    if not fits.any():
        return found
    found = _repeated(found, FEW)
    asleep = dice.below(2 * REACH + 1, FEW, 4, 4) - REACH
    w_out = np.where(found["pre"][:, :, None] > 0, found["W_out"], asleep)
    neurons = np.einsum("cki,ci->ck", w_out, found["before"])
    fits = natural(w_out) & (neurons != 0).all(1) & (abs(neurons) <= MOST_WITHIN).all(1)
    return _among(found | {"W_out": w_out}, fits)


def _awake(pre: Ints) -> Ints:
    """The places of the two neurons that are awake."""
    return np.sort(np.argsort(pre <= 0, 1, kind="stable")[:, :2], 1)


def _heads(dice: Dice, found: Found) -> Found:
    """W_O, and of each head the shares and values, so that mixtures are whole, and what comes back to scores is in
    quarters: in the first head most to that of the first word, which is to grow; the second is looked at most.
    """
    found = _repeated(found)
    w_o = dice.below(2 * REACH + 1, COUNT, 4, 4) - REACH
    back = np.einsum("cki,ci->ck", w_o, found["back"])
    fits = natural(w_o) & (back != 0).all(1) & (abs(back) <= MOST_WITHIN).all(1)
    found = _among(found | {"W_O": w_o, "z": back}, fits)
    for h, powers in enumerate(POWERS):
        if not len(found["back"]):
            return found
        found, total = _repeated(found), powers.sum()
        order = dice.choices(ORDERS[:6, 1:] - 1, COUNT)
        columns = grid(3, REACH)
        columns = columns[(columns @ powers % total == 0) & (np.ptp(columns, axis=1) > 0)]
        shares = powers[order]
        values = np.take_along_axis(dice.choices(columns, COUNT, 2), order[:, None], 2).swapaxes(1, 2)
        asked = np.einsum("cji,ci->cj", values, found["z"][:, 2 * h : 2 * h + 2])
        average = (asked * shares).sum(1) // total
        scores = shares * (asked - average[:, None])  # 2 · total times the gradient
        fits = (2 * scores % total == 0).all(1) & (scores != 0).all(1) & (abs(scores) <= 2 * total * LARGEST).all(1)
        fits &= (abs(asked) <= 2 * LARGEST).all(1) & (average != 0) & (asked.mean(1) != average) & point_apart(values)
        looks, sizes = shares.argmax(1), np.sort(abs(scores), 1)
        fits &= sizes[:, 2] > sizes[:, 1]
        fits &= (looks != found["shares0"].argmax(1)) if h else (looks == 1) & (-scores[:, 0] == sizes[:, 2])
        found = _among(found | {f"v{h}": values, f"shares{h}": shares, f"scores{h}": 2 * scores // total}, fits)
    return found


def _keys(dice: Dice, found: Found) -> Found:
    """Queries and keys with these shares, and what comes back to them: small numbers."""
    every, fits = grid(4, REACH), np.ones(len(found["back"]), bool)
    for h, (powers, exponents) in enumerate(zip(POWERS, EXPONENTS, strict=True)):
        q = dice.choices(every[(every != 0).all(1)], len(fits))
        least = dice.below(LEAST_SCORE[1] - LEAST_SCORE[0] + 1, len(fits)) + LEAST_SCORE[0]
        dots, wanted = q @ every.T, 2 * (least[:, None] + np.where(found[f"shares{h}"] == powers[2], exponents[2], 0))
        masks = [dots == wanted[:, j, None] for j in range(3)]
        k = np.concatenate([dice.choices_each(every, mask, 1) for mask in masks], 1)
        back = np.einsum("cj,cjd->cd", found[f"scores{h}"], k)  # 8 times the gradient of the query
        fits &= np.all([mask.any(1) for mask in masks], 0) & point_apart(k) & columns_vary(k)
        fits &= (back != 0).all(1) & (abs(back) <= 8 * LARGEST).all(1)
        found = found | {f"q{h}": q, f"k{h}": k}
    return _among(found, fits)


def _attempt(dice: Dice) -> Found | None:
    """One attempt to draw all parts, one after the other."""
    found = _last_norm(dice)
    for stage in (_network, _second_layer, _heads, _keys):
        if not len(found["back"]):
            return None
        found = stage(dice, found)
    return found if len(found["back"]) else None


@draw(
    "gpt-backward",
    like_sheet=True,
    sets=("inputs", SETS),
    requires=[exactly(3, d_model=4, n_heads=2, d_head=4, d_v=2, d_mlp=4, d_vocab=3), base_2_or_e],
)
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """From the surprise down to the queries: each part is drawn to suit what comes back to it."""
    found = next(filter(None, (_attempt(dice) for _ in range(ATTEMPTS))), None)
    if found is None:
        return {X: np.zeros((0, 1, 4), int)}
    found = _among(found, slice(min(count, ALIKE)))
    mixtures = [
        np.einsum("cj,cjd->cd", found[f"shares{h}"], found[f"v{h}"]) // powers.sum()
        for h, powers in enumerate(POWERS)
    ]
    out = np.einsum("ci,cid->cd", np.concatenate(mixtures, 1), found["W_O"])
    entries = {X: (found["unit2"] + 1) // 2 - out}
    for h in HEADS:
        entries |= {f"{ATTN}.hook_{letter}[{h}]": found[f"{letter}{h}"] for letter in "qkv"}
    entries |= {f"{LN}.w": found["w2"], f"{LN}.b": found["b2"], f"{FINAL}.w": found["w"], f"{FINAL}.b": found["b"]}
    entries |= {W_O: found["W_O"].reshape(-1, 2, 2, 4), W_IN: found["W_in"], W_OUT: found["W_out"], W_U: found["W_U"]}
    rows = (X, *(f"{ATTN}.hook_q[{h}]" for h in HEADS))
    return {name: numbers[:, None] if name in rows else numbers for name, numbers in entries.items()}


@sheet_promise
def right_word_has_a_quarter(tape: Tape) -> bool:
    """The right word has a quarter, and another one a half."""
    right, *others = tape.values("probs")[0]
    return bool(right * 4 == 1 and max(others) * 2 == 1)


@sheet_promise
def first_neuron_is_loud(tape: Tape) -> bool:
    """The sum of the first neuron is more than 1, two sleep, and something comes back to each of these."""
    (sums,), (back,) = tape.values(f"{MLP}.hook_pre"), tape.values(grad_name(f"{MLP}.hook_post"))
    asleep = [g for h, g in zip(sums, back, strict=True) if h < 0]
    return sums[0] > 1 and len(asleep) == 2 and all(asleep)


@sheet_promise
def two_ways_do_not_agree(tape: Tape) -> bool:
    """At some number of the stream, what the network sends back is against what comes past it; at another, not."""
    arrived = (f"{grad_name(f'{BLOCK}.hook_resid_mid')}.by.{LN}.standardized", grad_name(f"{BLOCK}.hook_resid_post"))
    (branch,), (highway,) = map(tape.values, arrived)
    return {(a > 0) == (b > 0) for a, b in zip(branch, highway, strict=True)} == {False, True}


@sheet_promise
def first_word_should_be_looked_at_more(tape: Tape) -> bool:
    """The heads look most at two words, the first head at the second word. Of its scores, the loss pulls hardest at
    that of the first word, and upwards. In the second head, one score has the largest gradient, plus or minus.
    """
    shares = [tape.values(f"{ATTN}.hook_pattern[{h}]")[0] for h in HEADS]
    scores = [tape.values(f"{ATTN}.scores.grad[{h}]")[0] for h in HEADS]
    looks, sizes = [row.index(max(row)) for row in shares], [[abs(x) for x in row] for row in scores]
    one_each = all(map(has_one_largest, (*shares, *sizes))) and all(map(all, scores))
    return one_each and looks[0] == 1 != looks[1] and max(sizes[0]) == -scores[0][0]


# ---- its picture ----

SMALL, ROUND = 6.0, 1.0  # mm: the side of a box to tick, and how far a frame is off two of them
WORD_AT, BOXES_AT = 0.0, {"q": 19.0, "k": 29.0, "v": 36.0}  # mm: across
ROWS, LETTERS = (11.0, 27.0, 43.0), 5.4  # mm: the heights of the words, and of the letters above their boxes
HEAD_AT = (83.0, 12.5), (67.0, 38.5)  # mm: the middles of the heads
BRANCH, ASKING, STREAM = 38.5, 50.0, 57.0  # mm: heights of the network, the query’s way and the stream
OUT_AT, FORK, NORM_AT, NETWORK_AT, SECOND, END = 103.0, 110.0, 119.0, 135.0, 149.0, 165.0  # mm: across
LAST_NORM, UNEMBED, SURPRISE = 42.0, 27.0, 10.0  # mm: heights at the end
NAMED = {  # what goes forward, by the place of its name, in mm
    (OUT_AT + 3.0, 45.0): "O",
    (128.0, STREAM - 1.2): "X'",
    (SECOND + 3.0, 48.5): "F",
    (157.0, STREAM - 1.2): "X''",
}
BOX_H, RING, BACKED = 8.0, 2.2, 0.8  # mm: the height of a box, the radius of a ⊕, and of white behind a line
THINNEST, THICKER = 0.3, 1.8  # mm: of a line from a word to a head, and by how much a share of 1 is thicker
HEAD_W, BOX_W, END_W = 15.0, 11.0, 18.0  # mm: of heads, other boxes, and those at the end


@picture(height=60, minutes=10, width=174)
def way_back(on: Canvas, first: Rows, second: Rows, *, tokens: Sequence[str], right: Sequence[str]) -> None:
    """The ways that the answer of the last token has come, from its own query and all keys and values, up to the
    surprise at the right word. The key ticks what is reached from there against the arrows: all but the queries of
    the other tokens.

    first, second: the last token's shares in both heads. right: the right word alone.
    """
    if len(tokens) != 3 or len(right) != 1:
        raise UndrawableError("three tokens have room")
    for y, token, shares in zip(ROWS, tokens, zip(first[-1], second[-1], strict=True), strict=True):
        for (x, to), share in zip(HEAD_AT, shares, strict=True):
            start, end = (BOXES_AT["v"] + SMALL / 2 + ROUND, y), (x - HEAD_W / 2 - 1.2, to)
            on.line(start, end, width=THINNEST + THICKER * float(share), colour=GRID)
            on.head((x - HEAD_W / 2, to), (1.0, 0.0))
        on.text(WORD_AT, y + 1.1, token, TOKEN, anchor="start", bold=True)
    together = BOXES_AT["v"] - BOXES_AT["k"] + SMALL + 2 * ROUND  # a key and a value
    for y in ROWS:
        on.box(
            BOXES_AT["k"] - SMALL / 2 - ROUND,
            y - SMALL / 2 - ROUND,
            together,
            SMALL + 2 * ROUND,
            width=BOX,
            colour=PALE,
        )
    for letter, x in BOXES_AT.items():
        on.math(x, LETTERS, letter)
        for k, y in enumerate(ROWS):
            on.box(x - SMALL / 2, y - SMALL / 2, SMALL, SMALL, fill=WHITE)
            if letter != "q" or k == len(ROWS) - 1:
                on.pen.line((x - 1.6, y + 0.1), (x - 0.4, y + 1.5), (x + 2.0, y - 1.9), width=FRAME)
    _to_the_sum(on)
    _to_the_surprise(on, right[0])
    told = {"words": listed(tokens), "last": tokens[-1], "right": right[0]}
    on.said(
        on.say("pictures.way_back.said", **told),
        on.say("pictures.way_back.to_do"),
        on.say("pictures.way_back.told", **told),
    )


def _to_the_sum(on: Canvas) -> None:
    """The ways of the last token's query to the heads, from these to the first sum, and of the stream."""
    asks, (x, y) = BOXES_AT["q"], HEAD_AT[0]
    for column, bottom in HEAD_AT:
        on.line((asks, ROWS[-1] + SMALL / 2), (asks, ASKING), (column, ASKING), (column, bottom + BOX_H / 2 + 1.2))
        on.head((column, bottom + BOX_H / 2), (0.0, -1.0))
    on.line((x + HEAD_W / 2, y), (OUT_AT, y), (OUT_AT, UNEMBED - BOX_H / 2 - 1.2))
    on.head((OUT_AT, UNEMBED - BOX_H / 2), (0.0, 1.0))
    turn, (x, y) = OUT_AT - BOX_W / 2 - 5.0, HEAD_AT[1]
    on.line((HEAD_AT[0][0], y - BACKED), (HEAD_AT[0][0], y + BACKED), width=2 * BACKED, colour=WHITE)
    on.line((x + HEAD_W / 2, y), (turn, y), (turn, UNEMBED), (OUT_AT - BOX_W / 2 - 1.2, UNEMBED))
    on.head((OUT_AT - BOX_W / 2, UNEMBED), (1.0, 0.0))
    for h, (x, y) in enumerate(HEAD_AT, 1):
        _box(on, x, y, HEAD_W, on.say("pictures.way_back.head", n=h))
    on.line((WORD_AT + 5.0, ROWS[-1] + 3.0), (WORD_AT + 5.0, STREAM), (OUT_AT - RING - 1.2, STREAM))
    on.head((OUT_AT - RING, STREAM), (1.0, 0.0))
    on.text(BOXES_AT["q"], STREAM - 1.0, on.say("pictures.way_back.stream"), CAPTION, colour=GREY)
    on.arrow((OUT_AT, UNEMBED + BOX_H / 2), (OUT_AT, STREAM - RING), width=AXIS)
    on.box(OUT_AT - BOX_W / 2, UNEMBED - BOX_H / 2, BOX_W, BOX_H, fill=LIGHT, width=BOX, colour=PALE)
    on.math(OUT_AT, UNEMBED + 1.2, "W_O")
    plus(on, OUT_AT, STREAM, RING)


def _to_the_surprise(on: Canvas, right: str) -> None:
    """The way from the first sum, by the network and past it, to the surprise at the right word."""
    on.arrow((OUT_AT + RING, STREAM), (SECOND - RING, STREAM), width=AXIS)
    on.line((FORK, STREAM), (FORK, BRANCH), (NORM_AT - BOX_W / 2 - 1.2, BRANCH))
    on.head((NORM_AT - BOX_W / 2, BRANCH), (1.0, 0.0))
    on.arrow((NORM_AT + BOX_W / 2, BRANCH), (NETWORK_AT - BOX_W / 2, BRANCH), width=AXIS)
    on.line((NETWORK_AT + BOX_W / 2, BRANCH), (SECOND, BRANCH), (SECOND, STREAM - RING - 1.2))
    on.head((SECOND, STREAM - RING), (0.0, 1.0))
    _box(on, NORM_AT, BRANCH, BOX_W, on.say("pictures.way_back.norm"))
    _box(on, NETWORK_AT, BRANCH, BOX_W, on.say("pictures.way_back.network"))
    plus(on, SECOND, STREAM, RING)
    on.line((SECOND + RING, STREAM), (END, STREAM), (END, LAST_NORM + BOX_H / 2 + 1.2))
    on.head((END, LAST_NORM + BOX_H / 2), (0.0, -1.0))
    on.arrow((END, LAST_NORM - BOX_H / 2), (END, UNEMBED + BOX_H / 2), width=AXIS)
    on.arrow((END, UNEMBED - BOX_H / 2), (END, SURPRISE + BOX_H / 2 + 1.0), width=AXIS)
    for (x, y), name in NAMED.items():
        on.math(x, y, name)
    _box(on, END, LAST_NORM, END_W, on.say("pictures.way_back.norm"))
    on.box(END - END_W / 2, UNEMBED - BOX_H / 2, END_W, BOX_H, fill=LIGHT, width=BOX, colour=PALE)
    on.math(END, UNEMBED + 1.2, "W_U")
    on.box(END - END_W / 2, SURPRISE - 5.0, END_W, 10.0, width=FRAME)
    on.text(END, SURPRISE - 0.8, on.say("pictures.way_back.surprise"), CAPTION, bold=True)
    on.text(END, SURPRISE + 3.0, on.say("pictures.way_back.at", word=right), CAPTION)


def _box(on: Canvas, x: float, y: float, wide: float, text: str) -> None:
    """A part of the model, by its middle."""
    on.box(x - wide / 2, y - BOX_H / 2, wide, BOX_H, fill=LIGHT, width=BOX, colour=PALE)
    on.text(x, y + 1.0, text, CAPTION)
