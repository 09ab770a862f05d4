"""A transformer by hand: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from byhand.model.builder import Builder
from byhand.model.layers import mlp
from byhand.model.names import RESID_PRE
from byhand.model.registry import model
from byhand.numbers.dice import Dice
from byhand.numbers.feed_forward import find_first_layer, is_relu, plain_second_layer
from byhand.numbers.natural import distinct
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Instance, Task, search
from byhand.numbers.stack import mlp_weights
from byhand.ops.linear import matmul
from byhand.pictures.canvas import BOX, CAPTION, FRAME, GREY, HAIR, INK, LIGHT, PALE, SMALLEST, TOKEN, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

# ---- the model ----


@model("transformer-by-hand", part="heads")
def _steps(build: Builder) -> Matrix:
    """A transformer at its simplest: rows mixed by a given pattern, then the feed-forward network."""
    x = build.stream(RESID_PRE)
    pattern = build.matrix("blocks.0.attn.hook_pattern[0]", ("pos", "pos"))
    return mlp(matmul(pattern, x, name="blocks.0.attn.hook_z[0]"), "blocks.0.mlp", build.config)


# ---- the same, written down a second time ----


@wiring("transformer-by-hand")
def _second(w: Wiring) -> None:
    mixed = w("blocks.0.attn.hook_z[0]", "matmul", "blocks.0.attn.hook_pattern[0]", STREAM)
    w.mlp(mixed, "blocks.0.mlp", "blocks.0.hook_mlp_out")


# ---- its numbers ----

PATTERN = "blocks.0.attn.hook_pattern[0]"
# what the second and the last token of `transformer-by-hand` may take from the three: in halves, thirds and quarters
SECOND_ROWS = (["1/2", "1/2", 0], ["1/3", "2/3", 0], ["2/3", "1/3", 0], ["1/4", "3/4", 0], ["3/4", "1/4", 0])
LAST_ROWS = (["1/4", "1/2", "1/4"], ["1/2", "1/4", "1/4"])
MIXED_TRIED = 4000  # columns that a given pattern mixes: few of the mixtures are whole numbers
MIXED_REACH = 4  # the largest entry of such a column and of its mixture, in absolute value


@search("transformer-by-hand", like_sheet=True, requires=[is_relu])
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """A pattern, rows (n, d_model) whose mixture by it is in whole numbers, and a feed-forward network on that.

    Where the sheet has three tokens, the shares of the second and of the last one are drawn.

    Method: rejection sampling, first of columns, then of matrices of the columns that fit.
    """
    pattern = task.values.inputs[PATTERN]
    if len(pattern) == len(pattern[0]) == 3:
        rows = (each[dice.one_below(len(each))] for each in (SECOND_ROWS, LAST_ROWS))
        pattern = [[1, 0, 0], *rows]
    shares = [[Fraction(x) for x in row] for row in pattern]
    common = [int(np.lcm.reduce([x.denominator for x in row])) for row in shares]
    powers = np.array([[int(x * m) for x in row] for row, m in zip(shares, common, strict=True)])
    drawn = dice.below(2 * MIXED_REACH + 1, MIXED_TRIED, powers.shape[1]) - MIXED_REACH  # columns of the rows
    sums = drawn @ powers.T
    fit = (sums % common == 0).all(1) & (abs(sums // common).max(1) <= MIXED_REACH) & (drawn.max(1) > drawn.min(1))
    picks = dice.below(int(fit.sum()), 50, task.config.d_model)
    x, z = (part[fit][picks].swapaxes(1, 2) for part in (drawn, sums // common))  # (count, n, d)
    zeros = (x == 0).sum((1, 2)) * 100
    ok = distinct(x) & distinct(z) & distinct(x.swapaxes(1, 2))
    ok &= (zeros >= 10 * x[0].size) & (zeros <= 35 * x[0].size)
    for i in np.flatnonzero(ok)[:1]:
        first = find_first_layer(dice, z[i], task.config.d_mlp, task.limits)
        second = first and plain_second_layer(dice, np.zeros_like(z[i]), first, task.limits)
        if first and second:
            yield Instance({RESID_PRE: x[i].tolist(), PATTERN: pattern}, mlp_weights("blocks.0", first, second))


@sheet_promise
def mixtures_are_told_apart(tape: Tape) -> bool:
    """The second token takes shares of two tokens and none of a third; the last token takes most from one other."""
    rows = tape.values("blocks.0.attn.hook_pattern[0]")
    *others, itself = rows[-1]
    return rows[1].count(0) == len(rows) - 2 and max(others) > itself and has_one_largest(others)


# ---- its picture ----

BOX_WIDE, BOX_NARROW = 4.9, 3.7  # mm: a cell, where tokens are rows, and where they are columns
RING = 0.46  # the radius of a ring, in cells


@picture(height=47, minutes=2)
def down_then_along(
    on: Canvas, x: Rows, mixed: Rows, pattern: Rows, *, tokens: Sequence[str], transposed: bool = False
) -> None:
    """A mixed number reads one feature of all tokens; what follows reads all features of one token."""
    n, d = len(x), len(x[0])
    if n != 3 or d != 4 or len(tokens) != n:
        raise UndrawableError("three tokens of four features have room")
    cell, middle = (BOX_NARROW, 8.0) if transposed else (BOX_WIDE, 7.4)
    lefts, high = [10.4, 37.3, 64.2], cell * (d if transposed else n)
    upper, lower = middle, middle + high + 6.4

    def spot(left: float, top: float, i: int, j: int) -> tuple[float, float]:
        """The middle of the cell of a token and a feature."""
        down, across = (j, i) if transposed else (i, j)
        return left + cell * (across + 0.5), top + cell * (down + 0.5)

    def shade(layer: Layer, left: float, top: float, cells: Sequence[tuple[int, int]]) -> None:
        """The box around these cells."""
        spots = [spot(left, top, i, j) for i, j in cells]
        x0, y0 = min(s[0] for s in spots) - cell / 2, min(s[1] for s in spots) - cell / 2
        x1, y1 = max(s[0] for s in spots) + cell / 2, max(s[1] for s in spots) + cell / 2
        layer.box(x0, y0, x1 - x0, y1 - y0, fill="none" if layer.is_pen else LIGHT, width=FRAME)

    last, column, ring = n - 1, 2, (1, 1)
    shade(on, lefts[0], upper, [(i, column) for i in range(n)])
    shade(on.pen, lefts[1], lower, [(ring[0], j) for j in range(d)])
    for i in (i for i, share in enumerate(pattern[ring[0]]) if share != 0):
        shade(on.pen, lefts[0], lower, [(i, j) for j in range(d)])
    wide = cell * (n if transposed else d)
    for top in (upper, lower):
        for left, rows, name in ((lefts[0], x, "X"), (lefts[1], mixed, "Z")):
            _grid(on, spot, left, top, rows, cell)
            on.math(left + wide / 2, top - 1.4, name, TOKEN)
        for i, word in enumerate(() if transposed else tokens):
            on.text(lefts[0] - 1.0, spot(0, top, i, 0)[1] + 1.0, word, CAPTION, anchor="end", colour=INK)
        y = top + high / 2
        on.arrow((lefts[0] + wide + 1.2, y), (lefts[1] - 1.2, y))
        on.math((lefts[0] + wide + lefts[1]) / 2, y - 1.3, "A", TOKEN)
    _grid(on, spot, lefts[2], lower, [[""] * d] * n, cell)
    on.math(lefts[2] + wide / 2, lower - 1.4, "F", TOKEN)
    y = lower + high / 2
    on.arrow((lefts[1] + wide + 1.2, y), (lefts[2] - 1.2, y))
    between = (lefts[1] + wide + lefts[2]) / 2
    on.text(between, lower - 1.4, on.say("pictures.down_then_along.layers"), SMALLEST, colour=GREY)
    for left, top, place in ((lefts[1], upper, (last, column)), (lefts[2], lower, ring)):
        on.disc(*spot(left, top, *place), RING * cell, fill="none", width=0.35)
    for line in (1, 2, 3):
        on.text(60.6, upper + 3.6 * line, on.say(f"pictures.down_then_along.reads_{line}"), CAPTION, anchor="start",
                colour=GREY)  # fmt: skip
    on.text(0.2, 46.4, on.say("pictures.down_then_along.shade"), CAPTION, anchor="start", colour=GREY)
    read = [word for word, share in zip(tokens, pattern[ring[0]], strict=True) if share != 0]
    others = [word for word in tokens if word not in read]
    on.said(
        on.say("pictures.down_then_along.said"),
        on.say("pictures.down_then_along.to_do", token=tokens[ring[0]]),
        on.say("pictures.down_then_along.key", token=tokens[ring[0]], read=", ".join(read),
               others=", ".join(others) or "–"),
    )  # fmt: skip


def _grid(on: Canvas, spot: Any, left: float, top: float, rows: Rows, cell: float) -> None:
    """A matrix in boxes."""
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            x, y = spot(left, top, i, j)
            on.box(x - cell / 2, y - cell / 2, cell, cell, width=HAIR, colour=PALE)
            if value != "":
                on.number(x, y, value, 3.1 if cell > 4 else 2.7)
    (x0, y0), (x1, y1) = spot(left, top, 0, 0), spot(left, top, len(rows) - 1, len(rows[0]) - 1)
    on.box(x0 - cell / 2, y0 - cell / 2, x1 - x0 + cell, y1 - y0 + cell, width=BOX)
