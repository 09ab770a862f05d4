"""A linear layer: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, product
from typing import Any

from byhand.model.builder import Builder
from byhand.model.counts import product_of
from byhand.model.layers import linear
from byhand.model.registry import Results, model
from byhand.notation.text import listed, value_text
from byhand.numbers.promises import sheet_promise
from byhand.ops.linear import add_all
from byhand.pictures.canvas import AXIS, CAPTION, GREY, GUIDE, HAIR, TOKEN, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("linear-layer", part="mlp", parameters={
    "linear.W": ("d_model", "d_mlp"), "linear.b": ("d_mlp",), "other.W": ("d_model", "d_mlp"), "other.b": ("d_mlp",),
})  # fmt: skip
def _steps(build: Builder) -> Results:
    """A linear layer, x W + b, of d_mlp neurons with d_model weights each; and the number of its parameters.

    If the weights of a second layer are given, it reads the same x.
    """
    c, x = build.config, build.stream("x", "mlp")

    def layer(at: str, name: str) -> Matrix:
        weight = build.tape.given(f"{at}.W", (c.d_model, c.d_mlp), ("d_model", "d_mlp"))
        return linear(x, weight, f"{at}.b", name)

    layers = [layer("linear", "y")]
    if "other.W" in build.tape.numbers:
        layers.append(layer("other", "other.y"))
    inputs, outputs = build.size("d_model"), build.size("d_mlp")
    return *layers, add_all(product_of(inputs, outputs, name="count.weights"), outputs, name="count")


# ---- the same, written down a second time ----


@wiring("linear-layer")
def _second(w: Wiring) -> None:
    w.linear("y", "x", "linear.W", "linear.b")
    w.linear("other.y", "x", "other.W", "other.b")
    w("count", "add_all", w("count.weights", "multiply", "d_model", "d_mlp"), "d_mlp")


# ---- its numbers ----


@sheet_promise
def neurons_walk(tape: Tape) -> bool:
    """From its bias, which is not 0, each neuron comes to its output for the first token, and for the last, in two
    or three steps, one for each product that is not 0, and stays between −5 and 5.
    """
    (first, *_, last), (biases,) = tape.values("x"), tape.values("linear.b")
    neurons = [*zip(biases, zip(*tape.values("linear.W"), strict=True), strict=True)]
    for token, (bias, weights) in product((first, last), neurons):
        steps = [x * w for x, w in zip(token, weights, strict=True) if x * w]
        places = [*accumulate(steps, initial=bias)]
        if bias == 0 or len(steps) not in (2, 3) or max(map(abs, places)) > 5:
            return False
    return True


@sheet_promise
def neurons_answer_apart(tape: Tape) -> bool:
    """No two neurons give a token the same answer, and no answer to the first token or the last is 0."""
    rows = tape.values("y")
    return all(len({*row}) == len(row) for row in rows) and 0 not in (*rows[0], *rows[-1])


@sheet_promise
def every_token_tells_the_weight(tape: Tape) -> bool:
    """No token has 0 as its last number: a weight of that input is lost, and each token's output tells it."""
    return all(row[-1] for row in tape.values("x"))


# ---- its picture ----

STEP_WIDTH, NULL_AT, FARTHEST = (
    6.0,
    60.0,
    5,
)  # mm: a unit of a line, and where its 0 is; how many units it has each way


@picture(width=112, height=50, minutes=2)
def walk(
    on: Canvas, x: Rows, weights: Rows, biases: Rows, outputs: Rows, *, tokens: Sequence[str] = (), row: int = 0,
    walked: int = 1,
) -> None:  # fmt: skip
    """A neuron is a walk on a line of numbers: it starts at its bias, and takes a step for each product.

    row: the token that is read. walked: the number of first neurons whose walks are printed.
    """
    inputs, (starts,), ends, columns = x[row], biases, outputs[row], list(zip(*weights, strict=True))
    walks = [[*_stops(inputs, column, start)] for column, start in zip(columns, starts, strict=True)]
    if len(columns) > 3 or any(len(steps) > 3 for steps in walks):
        raise UndrawableError("three neurons of up to three steps have room")
    if any(abs(place) > FARTHEST for start, steps in zip(starts, walks, strict=True) for place in (start, *steps)):
        raise UndrawableError("a walk has room between −5 and 5")
    word = tokens[row] if tokens else "1"
    on.text(0.2, 3.0, on.say("pictures.walk.meets", token=word, numbers=listed(inputs)), CAPTION, anchor="start")
    told = []
    for at, (column, start, places, end) in enumerate(zip(columns, starts, walks, ends, strict=True)):
        y = 15.0 + 15.4 * at
        on.text(0.2, y - 4.6, on.say("pictures.walk.neuron", n=at + 1), CAPTION, anchor="start", bold=True)
        on.text(0.2, y - 0.8, on.say("pictures.walk.weights"), CAPTION - 0.2, anchor="start", colour=GREY)
        on.number(0.2, y + 1.6, f"({listed(column)})", CAPTION + 0.1, anchor="start")
        _number_line(on, y)
        _walk(on, on.pen if at >= walked else on, y, start, places)
        side, anchor = (-1.6, "end") if places and places[0] > start else (1.6, "start")
        if at == 0:
            on.text(
                _place(start) + side,
                y - 0.9,
                on.say("pictures.walk.starts"),
                CAPTION - 0.2,
                anchor=anchor,
                colour=GREY,
            )
        else:
            on.math(_place(start) + side, y - 0.9, "b", CAPTION, anchor=anchor, colour=GREY)
        on.math(96.0, y - 0.6, "y =", TOKEN, anchor="start")
        if at >= walked:
            on.blank(106.0, y - 1.6, end, 7.4, 7.2)
        else:
            on.number(106.0, y - 1.6, end)
        changes = [_signed(place - before) for before, place in zip((start, *places), places, strict=False)]
        told.append(on.say("pictures.walk.told", n=at + 1, start=value_text(start), steps=", ".join(changes),
                           end=value_text(end)))  # fmt: skip
    on.said(
        " ".join((on.say("pictures.walk.said", token=word), *told[:walked])),
        on.say("pictures.walk.to_do", starts=listed(starts[walked:])),
        " ".join(told[walked:]),
    )


def _stops(inputs: Sequence[Any], weights: Sequence[Any], start: Any) -> Iterator[Any]:
    """The places after each step that is not 0."""
    place = start
    for x, weight in zip(inputs, weights, strict=True):
        if x * weight:
            place += x * weight
            yield place


def _place(value: Any) -> float:
    return NULL_AT + STEP_WIDTH * float(value)


def _signed(value: Any) -> str:
    return f"+{value_text(value)}" if value > 0 else value_text(value)


def _number_line(on: Canvas, y: float) -> None:
    on.line((_place(-FARTHEST) - 1.5, y), (_place(FARTHEST) + 1.5, y), width=AXIS)
    for n in range(-FARTHEST, FARTHEST + 1):
        on.line((_place(n), y - 0.5), (_place(n), y + 0.5), width=HAIR)
        on.number(_place(n), y + 2.5, n, CAPTION, colour=GREY)


def _walk(on: Canvas, layer: Layer, y: float, start: Any, places: Sequence[Any]) -> None:
    """The steps of a walk, one above the other, over the line at y."""
    tip = _place(start)
    on.area([(tip, y), (tip - 1.15, y - 2.2), (tip + 1.15, y - 2.2)])
    before, height = start, y - 2.2
    for at, place in enumerate(places):
        level = y - 4.6 - 2.4 * at
        layer.line((_place(before), height), (_place(before), level), width=GUIDE, dash=(0.5, 0.5))
        layer.arrow((_place(before), level), (_place(place), level), width=0.4)
        beyond, anchor = (0.7, "start") if place > before else (-0.7, "end")  # the tip
        layer.number(_place(place) + beyond, level, _signed(place - before), TOKEN - 0.2, anchor=anchor)
        before, height = place, level
    layer.line((_place(before), height), (_place(before), y), width=GUIDE, dash=(0.5, 0.5))
    layer.disc(_place(before), y)
