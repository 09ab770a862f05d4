"""One training step: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from byhand.backward import gradients
from byhand.model.builder import Builder
from byhand.model.layers import mean_surprisal, softmax
from byhand.model.names import steps_of
from byhand.model.registry import Results, model
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import draw
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.ops.gradients import descend
from byhand.ops.linear import affine
from byhand.pictures.canvas import AXIS, GREY, GRID, GUIDE, HAIR, PALE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

W_U, B_U = "unembed.W_U", "unembed.b_U"
LEARNED = ("x", W_U, B_U)
RIGHT = (1, 0, 0)  # the word that comes
Floats = NDArray[Any]

# ---- the model ----


@model("training-step", part="unembed", parameters={W_U: ("d_model", "d_vocab"), B_U: ("d_vocab",)})
def _steps(build: Builder) -> Results:
    """The vector of a word, x, scores the words that may come next; the right one is the first of the vocabulary. All
    numbers take one step against their gradients, at the given `rate`, and the word is read again.
    """
    c, tape = build.config, build.tape
    x = build.matrix("x", ("pos", "d_model"), "embed")
    weight = tape.given(W_U, (c.d_model, c.d_vocab), ("d_model", "d_vocab"))
    bias = tape.given(B_U, (1, c.d_vocab), ("", "d_vocab"))
    rate = build.matrix("rate", ("", ""), "unembed", fixed=True)
    probs = softmax(affine(x, weight, bias, name="logits"), "probs", c.softmax_base)
    loss = mean_surprisal(probs, (0,), c.softmax_base)
    slopes = gradients(loss, *LEARNED)
    x, weight, bias = (
        descend(tape[name], slope, rate, name=steps_of(name, "stepped"))
        for name, slope in zip(LEARNED, slopes, strict=True)
    )
    again = affine(x, weight, bias, name="again.logits")
    return loss, softmax(again, "again.probs", c.softmax_base)


# ---- the same, written down a second time ----


@wiring("training-step")
def _second(w: Wiring) -> None:
    w.linear("logits", "x", W_U, B_U)
    w.surprise_at(w.softmax("probs", "logits"), (0,))
    right = w("logits.grad.one_hot", "one_hot", shape=w.shapes["logits"], rows=(0,))
    arrived = w("logits.grad", "subtract", "probs", right)
    w(f"{B_U}.grad", "column_sum", arrived)
    w(f"{W_U}.grad", "dot_columns", "x", arrived)
    w("x.grad", "dot_rows", arrived, W_U)
    for name in LEARNED:
        w(f"{name}.stepped", "descend", name, f"{name}.grad", "rate")
    w("again.logits", "affine", "x.stepped", f"{W_U}.stepped", f"{B_U}.stepped")
    w.softmax("again.probs", "again.logits")


# ---- its numbers ----

RATE = 2
REACH = 3  # of an output weight, and of a bias
POWERS = np.array([[0, 1, 0], [0, 0, 1]])  # of 2: one of four shares for the right word, two for one of the others
LEAST_LOGIT, MOST_APART = -1, 4  # so that powers of them are light
DRAWN = 40_000  # candidates, of which about fifty fit


def _fit(word: Floats, weight: Floats, bias: Floats) -> Bools:
    """Whether the new logits are whole numbers of which the right word's is the highest, and higher than it was; and
    no number of the word has the gradient 0, or becomes 0. Shapes: (count, 2), (count, 2, 3), (count, 3).
    """
    before = np.einsum("ni,nij->nj", word, weight) + bias
    slope = 2.0**before
    slope = slope / slope.sum(1, keepdims=True) - RIGHT
    of_word = np.einsum("nj,nij->ni", slope, weight)
    stepped = word - RATE * of_word, weight - RATE * word[:, :, None] * slope[:, None], bias - RATE * slope
    after = np.einsum("ni,nij->nj", *stepped[:2]) + stepped[2]
    is_light = (after % 1 == 0).all(1) & (after.min(1) >= LEAST_LOGIT) & (np.ptp(after, axis=1) <= MOST_APART)
    is_right = (after[:, 0] > after[:, 1:].max(1)) & (after[:, 0] > before[:, 0])
    return is_light & is_right & (of_word != 0).all(1) & (stepped[0] != 0).all(1)  # type: ignore[no-any-return]


@draw(
    "training-step",
    like_sheet=True,
    sets=("weights", 600),
    count=DRAWN,
    requires=[exactly(1, d_model=2, d_vocab=3, softmax_base=2)],
)
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """The vector of a word, weights, and biases with which the right word has a quarter, and after a step most."""
    word = 2 * dice.below(2, count, 2) - 1
    weight = dice.below(2 * REACH + 1, count, 2, 3) - REACH
    logits = POWERS[dice.below(2, count)] + dice.below(4, count, 1) + LEAST_LOGIT
    bias = logits - np.einsum("ni,nij->nj", word, weight)
    fit = (abs(bias) <= REACH).all(1) & _fit(word, weight, bias)
    rate = np.full((fit.sum(), 1, 1), RATE)
    return {"x": word[fit, None], W_U: weight[fit], B_U: bias[fit], "rate": rate}


@sheet_promise
def right_word_has_a_quarter_and_then_most(tape: Tape) -> bool:
    """The right word's share is ¼, and after the step it is more than one half."""
    (before, *_), (after, *_) = tape.values("probs")[0], tape.values("again.probs")[0]
    return bool(before * 4 == 1 and after * 2 > 1)


# ---- its picture ----

LEFT, RIGHT_EDGE, FOOT, TOP = 12.0, 80.0, 28.0, 2.4  # mm: of the plane
PER_BIAS, PER_BIT = 13.0, 8.0  # mm
BEFORE, AFTER = 1, 4  # how far the axis of the bias goes below its value, and above


@picture(height=42, minutes=2)
def downhill(on: Canvas, logits: Rows, bias: Rows, stepped: Rows, *, word: Sequence[str], base: Any) -> None:
    """The loss for every value of the first word's bias, with all other numbers held; and where the step leads.

    word: the first word alone. base: of softmax, and of the logarithm in the loss.
    """
    (first, *others), old, new = (float(x) for x in logits[0]), float(bias[0][0]), float(stepped[0][0])
    if len(word) != 1 or old % 1 or not -BEFORE <= new - old <= AFTER:
        raise UndrawableError("one word, a whole bias and a step of up to 4 have room")
    power = math.e if base == "e" else float(base)
    against = sum(power ** (other - first) for other in others)
    unit = on.say(f"pictures.downhill.{ {2: 'bits', 'e': 'nats'}.get(base, 'units') }")

    def loss(value: float) -> float:
        return math.log(1 + against * power ** (old - value), power)

    def place(value: float) -> tuple[float, float]:
        return LEFT + PER_BIAS * (value - old + BEFORE), FOOT - PER_BIT * loss(value)

    for height in range(4):
        y = FOOT - PER_BIT * height
        on.line((LEFT, y), (RIGHT_EDGE, y), width=HAIR if height else AXIS, colour=GRID if height else PALE)
        on.number(LEFT - 3.0, y, height, 2.7)
    for away in range(-BEFORE, AFTER + 1):
        x = LEFT + PER_BIAS * (away + BEFORE)
        on.line((x, FOOT), (x, TOP), width=HAIR, colour=GRID)
        on.number(x, FOOT + 3.2, round(old) + away, 2.7)
    on.text(LEFT + 1.0, TOP, on.say("pictures.downhill.loss", unit=unit), anchor="start", colour=GREY)
    on.text(RIGHT_EDGE, FOOT + 7.2, on.say("pictures.downhill.bias", word=word[0]), anchor="end", colour=GREY)
    on.curve(*(place(old + k / 4) for k in range(-4 * BEFORE, 4 * AFTER + 1)))
    start, (x, y) = place(old), place(new)
    on.disc(*start, 1.1)
    on.pen.arrow(start, (x, start[1]), width=GUIDE)
    on.pen.arrow((x, start[1]), (x, y - 1.2), width=GUIDE)
    on.pen.disc(x, y, 1.1)
    on.text(LEFT, FOOT + 12.6, on.say("pictures.downhill.ask"), anchor="start", colour=GREY)
    on.answer_line(LEFT + 44.0, FOOT + 13.0, 24.0, on.say("pictures.downhill.about", loss=f"{loss(new):.1g}"))
    said = on.say("pictures.downhill.said", word=word[0], bias=bias[0][0], loss=f"{loss(old):.2g}", unit=unit)
    key = on.say("pictures.downhill.key", bias=stepped[0][0], loss=f"{loss(new):.1g}", unit=unit)
    on.said(said, on.say("pictures.downhill.to_do"), key)
