"""Two layers with ReLU: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations, product
from typing import Any

from byhand.model.builder import Builder
from byhand.model.layers import activation, linear, mlp
from byhand.model.names import RESID_MID, RESID_PRE
from byhand.model.registry import model
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Dice
from byhand.numbers.promises import only_in_pictures, sheet_promise
from byhand.numbers.registry import Entries
from byhand.numbers.shuffled import drawn
from byhand.ops.linear import matmul, plus_number
from byhand.ops.positions import turns
from byhand.pictures.canvas import (
    AXIS,
    CAPTION,
    GREY,
    GRID,
    HAIR,
    PALE,
    SMALLEST,
    STROKE,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import MIDDLE, STREAM, Wiring, wiring

# ---- the model ----


@model("mlp", part="mlp")
def _steps(build: Builder) -> Matrix:
    """Two linear layers with an activation between them: the feed-forward network outside of a transformer.

    It reads `x`; if that is not given, hook_resid_mid or hook_resid_pre, as in a block. If weights of two units that
    read one number are given (`bend.W_in`, `bend.b_in`, `bend.W_out`), these units and their sum are computed, too.
    """
    if "bend.W_in" in build.tape.numbers:
        _bends(build)
    block = "x" not in build.tape.numbers and build.tape.numbers.keys() & {RESID_PRE, RESID_MID}
    return mlp(build.middle() if block else build.stream("x", "mlp"), "blocks.0.mlp", build.config)


def _bends(build: Builder) -> Matrix:
    """Two hidden units that read one number, and their weighted sum, at each number from −2 to 3."""
    c, tape = build.config, build.tape
    start = turns(name="bend.start", tape=tape, sizes={"i": (6, "place"), "j": (1, "")}, periods=(1,))  # from 0 to 5
    x = plus_number(start, name="bend.x", by=-2)
    w_in, w_out = tape.given("bend.W_in", (1, 2), ("", "unit")), tape.given("bend.W_out", (2, 1), ("unit", ""))
    post = activation(linear(x, w_in, "bend.b_in", "bend.pre"), "bend.post", c)
    return matmul(post, w_out, name="bend.sum")


# ---- the same, written down a second time ----


@wiring("mlp")
def _second(w: Wiring) -> None:
    """The network; and two units that read the numbers from −2 to 3."""
    places = w("bend.start", "turns", shape=(6, 1), periods=(1,))
    x = w("bend.x", "plus_number", places, by=-2)
    post = w.activation("bend.post", w.linear("bend.pre", x, "bend.W_in", "bend.b_in"))
    w("bend.sum", "matmul", post, "bend.W_out")
    w.mlp(w.entering("x", MIDDLE, STREAM), "blocks.0.mlp", "blocks.0.hook_mlp_out")


# ---- its numbers ----

only_in_pictures("bend")

FIRST_X, LAST_X, HIGHEST = -2, 3, 4  # the numbers that a graph has room for


@drawn("mlp")
def _two_bends(dice: Dice) -> Entries:
    """Two units of one input, and their weights in a sum."""
    pairs = _bending_pairs()
    w, b, out = pairs[dice.one_below(len(pairs))]
    return {"bend.W_in": [list(w)], "bend.b_in": [list(b)], "bend.W_out": [[factor] for factor in out]}


@cache
def _bending_pairs() -> Sequence[tuple[Sequence[int], Sequence[int], Sequence[int]]]:
    """The weights, biases and weights in a sum of two units that bend at different whole numbers. Their graphs and
    the sum fit into a picture.
    """
    places, pairs = range(FIRST_X, LAST_X + 1), []
    for w, at, out in product(
        product((1, -1), repeat=2), permutations(places[1:-1], 2), product((-2, -1, 1, 2), repeat=2)
    ):
        units = [[max(0, sign * (x - bend)) for x in places] for sign, bend in zip(w, at, strict=True)]
        sums = [sum(a * b for a, b in zip(out, pair, strict=True)) for pair in zip(*units, strict=True)]
        if max(map(max, units)) <= HIGHEST and min(sums) >= 0 and 0 < max(sums) <= HIGHEST:
            pairs.append((w, tuple(-sign * bend for sign, bend in zip(w, at, strict=True)), out))
    return pairs


@sheet_promise
def two_units_bend(tape: Tape) -> bool:
    """Two units of one input bend at different whole numbers between −2 and 3, and their sum is between 0 and 4."""
    (w,), (b,), sums = (tape.values(f"bend.{name}") for name in ("W_in", "b_in", "sum"))
    at = [-bias / weight for weight, bias in zip(w, b, strict=True) if weight]
    whole = all(x.denominator == 1 and -2 < x < 3 for x in at) and len(set(at)) == len(w)
    units = max(x for row in tape.values("bend.post") for x in row)
    return whole and units <= 4 and all(0 <= x <= 4 for (x,) in sums) and len(set(sums)) > 1


@sheet_promise
def the_wrong_order_shows(tape: Tape) -> bool:
    """Who adds the bias after ReLU gets a negative number for some hidden unit."""
    (biases,) = tape.values("blocks.0.mlp.b_in")
    rows = tape.values("blocks.0.mlp.hook_pre")
    return any(bias < 0 and x <= bias for row in rows for x, bias in zip(row, biases, strict=True))


# ---- its picture ----

STEP, RISE = 3.5, 4.4  # mm: how wide and how high 1 is
GRAPHS_AT, GROUND = (10.0, 38.0, 65.5), 24.6  # mm: the left edges of the graphs, and the y of 0


@picture(height=38, minutes=2)
def bends(on: Canvas, w_in: Rows, b_in: Rows, w_out: Rows, units: Rows, sums: Rows) -> None:
    """Each unit of one input bends once; a sum of units has the bends of all."""
    (weights,), (biases,), factors = w_in, b_in, [x for (x,) in w_out]
    places = range(FIRST_X, LAST_X + 1)
    kinks = [-bias / weight if weight else None for weight, bias in zip(weights, biases, strict=True)]
    if len(weights) != 2 or len(units) != len(places) or any(kink not in places for kink in kinks):
        raise UndrawableError("two units have room, which bend at whole numbers from −2 to 3")
    if not all(0 <= y <= HIGHEST for row in (*units, *sums) for y in row):
        raise UndrawableError("graphs have room from 0 to 4")
    names = [_named(weight, bias) for weight, bias in zip(weights, biases, strict=True)]
    for at, (left, factor) in enumerate(zip(GRAPHS_AT, factors, strict=False)):
        _axes(on, left)
        on.math(left + STEP * 2.5, 4.0, names[at], TOKEN)
        _graph(on, left, [unit[at] for unit in units], [kinks[at]])
        on.number(left - 5.3, GROUND - RISE * 2.5, _factor(factor, is_first=not at))
    _axes(on, GRAPHS_AT[2])
    on.number(GRAPHS_AT[2] - 5.3, GROUND - RISE * 2.5, "=")
    on.text(GRAPHS_AT[2] + STEP * 2.5, 4.0, on.say("pictures.bends.draw"), CAPTION, colour=GREY)
    heights = [y for (y,) in sums]
    _graph(on.pen, GRAPHS_AT[2], heights, [k for k in sorted(kinks) if k is not None])  # type: ignore[type-var]
    for line, name in enumerate(("each", "sum")):
        on.text(0.2, 32.8 + 3.7 * line, on.say(f"pictures.bends.{name}"), CAPTION, anchor="start", colour=GREY)
    said = [name.replace(r"\mathrm{ReLU}", "ReLU").replace("-", "−") for name in names]
    on.said(
        on.say("pictures.bends.said", one=said[0], other=said[1], first=value_text(kinks[0]),
               second=value_text(kinks[1])),
        on.say("pictures.bends.to_do", one=value_text(factors[0]), other=value_text(factors[1])),
        on.say("pictures.bends.key", places=listed(places),
               heights=listed(heights)),
    )  # fmt: skip


def _named(weight: Any, bias: Any) -> str:
    """A unit as a formula: ReLU(x + 1), ReLU(−2x)."""
    times = {1: "x", -1: "-x"}.get(weight, f"{value_text(weight)}x")
    then = f" {'+' if bias > 0 else '-'} {value_text(abs(bias))}" if bias else ""
    return rf"\mathrm{{ReLU}}({times}{then})"


def _factor(factor: Any, is_first: bool) -> str:
    """A factor and its sign as it stands in a sum."""
    sign = "−" if factor < 0 else "" if is_first else "+"
    size = "" if abs(factor) == 1 else f"{value_text(abs(factor))} ·"
    return f"{sign} {size}".strip() if not is_first else f"{sign}{size}"


def _axes(on: Canvas, left: float) -> None:
    """The grid of a graph, and numbers under it."""
    right, top = left + STEP * (LAST_X - FIRST_X), GROUND - RISE * HIGHEST
    for n in range(FIRST_X, LAST_X + 1):
        x = left + STEP * (n - FIRST_X)
        on.line((x, GROUND), (x, top), width=AXIS if n == 0 else HAIR, colour=PALE if n == 0 else GRID)
        on.number(x, GROUND + 2.6, n, SMALLEST, colour=GREY)
    for n in range(1, HIGHEST + 1):
        on.line((left, GROUND - RISE * n), (right, GROUND - RISE * n), width=HAIR, colour=GRID)
    for n in (1, HIGHEST):
        on.number(left - 0.9, GROUND - RISE * n, n, SMALLEST, anchor="end", colour=GREY)
    on.line((left, GROUND), (right, GROUND), width=AXIS, colour=PALE)


def _graph(on: Layer, left: float, heights: Sequence[Any], kinks: Sequence[Any]) -> None:
    """A line through the heights at the whole numbers, with a ring where it bends."""
    points = [(left + STEP * at, GROUND - RISE * float(height)) for at, height in enumerate(heights)]
    on.line(*points, width=STROKE)
    for kink in kinks:
        on.disc(*points[int(kink) - FIRST_X], 0.9, fill=WHITE, width=0.4)
