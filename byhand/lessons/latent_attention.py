"""One short row for keys and values: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from byhand.model.builder import Builder
from byhand.model.counts import product_of
from byhand.model.layers import keys_from_latent, last_row, of_one_row, read
from byhand.model.names import ATTN, RESID_PRE
from byhand.model.registry import Results, model
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import REACH, are_easy, only
from byhand.ops.linear import add, dot_rows, matmul, quotient
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, GUIDE, LIGHT, STROKE, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

# ---- the model ----


@model("latent-attention", part="heads", one_head=True, only=of_one_row("kv_lora_rank"))
def _steps(build: Builder) -> Results:
    """Keys and values that are made from a latent, and what the last word reads with them. Its scores once more, from
    the latent itself, with a query that W_UK has been multiplied into. And how many times fewer numbers are kept.

    Source: DeepSeek-AI 2024 (DeepSeek-V2), section 2.1.
    """
    c, x = build.config, build.stream(RESID_PRE)
    k, v = keys_from_latent(x, ATTN, 0, c)
    latent, w_uk = build.tape[f"{ATTN}.latent"], build.tape[f"{ATTN}.W_UK[0]"]
    row = last_row(x, "new")  # (1, d_model)
    w_q = build.tape.given(f"{ATTN}.W_Q[0]", (c.d_model, c.d_head), ("d_model", "d_head"))
    q = matmul(row, w_q, name="new.q")
    z = read(q, k, v, "new", c)
    absorbed = dot_rows(q, w_uk, name="absorbed.q")  # (1, latent)
    again = dot_rows(absorbed, latent, name="absorbed.scores")
    card = add(build.size("d_head", 2), build.size("d_v", 2), name="count.card")  # a key and a value
    own_count = product_of(card, build.size("n_heads", 2), name="count.own")
    return z, again, quotient(own_count, build.size("kv_lora_rank", 2), name="count.times")


# ---- the same, written down a second time ----


@wiring("latent-attention")
def _second(w: Wiring) -> None:
    """The last row of a head on keys and values from a latent; and its scores with W_UK multiplied into the query
    (DeepSeek-AI 2024, section 2.1.2).
    """
    at = "blocks.0.attn"
    k, v = w.from_latent(STREAM, at, "[0]")
    row = w("new", "gather_rows", STREAM, rows=[w.shapes[STREAM][0] - 1])
    q = w("new.q", "matmul", row, f"{at}.W_Q[0]")
    w.read(q, k, v, "new")
    w("absorbed.scores", "dot_rows", w("absorbed.q", "dot_rows", q, f"{at}.W_UK[0]"), f"{at}.latent")
    of_heads = w("count.own", "multiply", w("count.card", "add", "d_head", "d_v"), "n_heads")
    w("count.times", "quotient", of_heads, "kv_lora_rank")


# ---- its numbers ----


def _latents_are_small(run: Candidates) -> Bools:
    """Latents are small, and none is a multiple of another."""
    latent = run(f"{ATTN}.latent")
    a, b = latent[:, [0, 0, 1]], latent[:, [1, 2, 2]]
    ok: Bools = (abs(latent) <= 3).all((1, 2)) & (a[..., 0] * b[..., 1] != a[..., 1] * b[..., 0]).all(1)
    return ok


def _heads_are_small(run: Candidates) -> Bools:
    """So are keys, values, the query, and the scores, which are whole when they are divided by 2, too."""
    k, q, scores = (run(name) for name in (f"{ATTN}.hook_k[0]", "new.q", "new.scores_scaled"))
    ok: Bools = (k != 0).any(2).all(1) & ((q != 0).sum((1, 2)) > 2) & (scores % 1 == 0).all((1, 2))
    for each, most in ((k, 5), (run(f"{ATTN}.hook_v[0]"), 5), (q, 4), (scores, 4), (run("absorbed.q"), 6)):
        ok &= (abs(each) <= most).all((1, 2))
    return ok & are_easy(scores[:, 0], run.base)


@draw(
    "latent-attention", like_sheet=True, requires=[exactly(3, d_model=4, d_head=4, d_v=2, kv_lora_rank=2)],
    fits=[_latents_are_small], then=[([f"{ATTN}.{name}" for name in ("W_UK", "W_UV", "W_Q")], [_heads_are_small])],
)  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """A stream (3, 4) and weights of −1, 0 and 1, in which nothing is all zeros, and no values are on one line."""
    x = dice.below(5, count, 3, 4) - REACH
    down, up_k, up_v, w_q = (dice.below(3, count, *shape) - 1 for shape in ((4, 2), (1, 2, 4), (1, 2, 2), (1, 4, 4)))
    return {
        RESID_PRE: only(x, (x != 0).any(1).all(1)),
        f"{ATTN}.W_DKV": only(down, (down != 0).any(2).all(1)),
        f"{ATTN}.W_UK": only(up_k, (up_k != 0).any(2).all((1, 2)) & _columns_differ(up_k[:, 0])),
        f"{ATTN}.W_UV": only(up_v, (np.linalg.det(up_v[:, 0]).round() != 0) & ((up_v != 0).sum((1, 2, 3)) > 2)),
        f"{ATTN}.W_Q": w_q,
    }


def _columns_differ(w: Ints) -> Bools:
    """In which matrices (count, 2, cols) no two columns are equal, or opposite."""
    pairs = [(w[..., i], w[..., j]) for i, j in combinations(range(w.shape[-1]), 2)]
    return np.asarray(np.logical_and.reduce([(one != other).any(1) & (one != -other).any(1) for one, other in pairs]))


@sheet_promise
def keys_are_no_copies(tape: Tape) -> bool:
    """No two columns of W_UK are equal or opposite, so that no two numbers of a key are copies of each other for all
    words; and W_UV has at most one 0, so that a value is no latent whose numbers have changed places.
    """
    columns = [*zip(*tape.values("blocks.0.attn.W_UK[0]"), strict=True)]
    sides = {*columns, *(tuple(-x for x in column) for column in columns)}
    zeros = sum(row.count(0) for row in tape.values("blocks.0.attn.W_UV[0]"))
    return len(sides) == 2 * len(columns) and zeros < 2


@sheet_promise
def latents_tell_words_apart(tape: Tape) -> bool:
    """No two words have latents that are multiples of each other; the last word looks most at one word; and the query
    that W_UK has been multiplied into holds no 0.
    """
    latent, shares = tape.values("blocks.0.attn.latent"), tape.values("new.pattern")[0]
    areas = [a * d - b * c for (a, b), (c, d) in combinations(latent, 2)]
    return all(areas) and has_one_largest(shares) and all(tape.values("absorbed.q")[0])


# ---- its picture ----

PIPE = 4.6  # the height of a row in a thin pipe, and the width of a number


@picture(height=24, minutes=2)
def thin_pipe(
    on: Canvas, x: Rows, latent: Rows, keys: Rows, values: Rows, *, transposed: bool = False
) -> None:  # fmt: skip
    """The rows of words pass a funnel into a thin pipe, which is kept; keys and values are made from it anew.

    transposed: whether the page has words as columns, so that what is drawn here are its matrices, turned.
    """
    n, inside, of_key, of_value = len(x), len(latent[0]), len(keys[0]), len(values[0])
    turned = r"^{\mathrm{T}}" if transposed else ""
    if (n, len(x[0]), inside, of_key, of_value) != (3, 4, 2, 4, 2):
        raise UndrawableError("three words of four numbers, a latent of two, and keys of four have room")
    top, high, pipe = 3.6, PIPE * n, 27.0
    middle, end = top + high / 2, pipe + PIPE * inside
    on.grid(0, top, n, 4, PIPE, GREY)
    for i, row in enumerate(x):
        for j, number in enumerate(row):
            on.number(PIPE * (j + 0.5), top + PIPE * (i + 0.5), number, TOKEN - 0.5)
    for y, to in ((top, top + 2), (top + high, top + high - 2)):
        on.line((PIPE * 4, y), (pipe, to), width=STROKE)
    on.box(pipe, top + 2, PIPE * inside, high - 4, width=0.8, fill=LIGHT)
    for k in range(1, n):
        y = top + 2 + (high - 4) * k / n
        on.line((pipe, y), (end, y), width=AXIS)
    on.line((pipe + PIPE, top + 2), (pipe + PIPE, top + high - 2), width=AXIS)
    on.arrow((end + 1, middle), (end + 7, middle), width=STROKE)
    left, other = end + 8, end + 8 + PIPE * of_key + 6
    for symbol, x0, cols in (("K", left, of_key), ("V", other, of_value)):
        on.pen.hatch(x0, top, PIPE * cols, high)
        on.grid(x0, top, n, cols, PIPE, GREY)
        on.box(x0, top, PIPE * cols, high, width=GUIDE, dash=DASH)
        on.math(x0 + PIPE * cols / 2, top - 1.2, f"{symbol}{turned}", TOKEN)
    for symbol, x0 in (("X", PIPE * 2), ("C", pipe + PIPE)):
        on.math(x0, top - 1.2, f"{symbol}{turned}", TOKEN)
    counts = {"made": n * (of_key + of_value), "kept": n * inside}
    for name, x0, to in (("kept", pipe - 1, pipe + 5.4), ("made", left + 17, left + 23.4)):
        on.text(x0, 22.0, on.say(f"pictures.thin_pipe.{name}_count"), CAPTION, anchor="end")
        on.blank(to, 20.9, counts[name], w=8.4, h=5.6, size=TOKEN)
    on.said(
        on.say("pictures.thin_pipe.said"), on.say("pictures.thin_pipe.to_do"),
        on.say("pictures.thin_pipe.key", **counts),
    )  # fmt: skip
