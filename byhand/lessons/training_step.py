"""One training step: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from byhand.backward import gradients
from byhand.model.builder import Builder
from byhand.model.layers import mean_surprisal, softmax
from byhand.model.names import steps_of
from byhand.model.registry import Results, model
from byhand.notation.text import value_text
from byhand.numbers.dice import Dice, Ints
from byhand.numbers.draw import draw
from byhand.numbers.natural import grid
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task, base_2_or_e, exactly
from byhand.ops.gradients import descend
from byhand.ops.linear import affine
from byhand.pictures.canvas import AXIS, DASH, GREY, GRID, GUIDE, HAIR, PALE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

W_E, W_U, B_U = "word.W_E", "unembed.W_U", "unembed.b_U"
LEARNED = (W_E, W_U, B_U)

# ---- the model ----


@model("training-step", part="unembed", parameters={W_E: ("n_ctx", "d_model")})
def _steps(build: Builder) -> Results:
    """The vector of a word, a row of W_E, scores the words that may come next; the first of the vocabulary is right.
    All numbers take one step against their gradients, at the given `rate`, and the word is read again.
    """
    c, tape = build.config, build.tape
    with tape.part("embed"):
        word = tape.given(W_E, (c.n_ctx, c.d_model), ("pos", "d_model"))
    weight = tape.given(W_U, (c.d_model, c.d_vocab), ("d_model", "d_vocab"))
    bias = tape.given(B_U, (1, c.d_vocab), ("", "d_vocab"))
    rate = build.matrix("rate", ("", ""), "unembed", fixed=True)
    probs = softmax(affine(word, weight, bias, name="logits"), "probs", c.softmax_base)
    loss = mean_surprisal(probs, (0,), c.softmax_base)
    slopes = gradients(loss, *LEARNED)
    word, weight, bias = (
        descend(tape[name], slope, rate, name=steps_of(name, "stepped"))
        for name, slope in zip(LEARNED, slopes, strict=True)
    )
    again = affine(word, weight, bias, name="again.logits")
    return loss, softmax(again, "again.probs", c.softmax_base)


# ---- the same, written down a second time ----


@wiring("training-step")
def _second(w: Wiring) -> None:
    """One word, a softmax over what may come, p − y, and a step of all three."""
    w.linear("logits", "word.W_E", "unembed.W_U", "unembed.b_U")
    w.surprise_at(w.softmax("probs", "logits"), (0,))
    right = w("logits.grad.one_hot", "one_hot", shape=w.shapes["logits"], rows=(0,))
    arrived = w("logits.grad", "subtract", "probs", right)
    w("unembed.b_U.grad", "column_sum", arrived)
    w("unembed.W_U.grad", "dot_columns", "word.W_E", arrived)
    w("word.W_E.grad", "dot_rows", arrived, "unembed.W_U")
    for name in ("word.W_E", "unembed.W_U", "unembed.b_U"):
        w(f"{name}.stepped", "descend", name, f"{name}.grad", "rate")
    w("again.logits", "affine", "word.W_E.stepped", "unembed.W_U.stepped", "unembed.b_U.stepped")
    w.softmax("again.probs", "again.logits")


# ---- its numbers ----

RATE = 1
WORD = np.array([1, -1])  # with water, and not with air
BACK = np.array([-3, 2, 1])  # 4 (p − y), times RATE: of the right word, the likely one and the third
REACH, FARTHEST = 4, 7  # of an output weight, and of a bias
LOGITS = np.array([[0, 1, 0], [0, 0, 1]])  # one of four shares for the right word, two for one of the others
MOST_APART = 4  # of the new logits, so that powers of them are light
SETS = 100  # of numbers, for a class: hardly any more are found


@draw(
    "training-step",
    like_sheet=True,
    sets=("weights", SETS),
    requires=[exactly(1, d_model=2, d_vocab=3), base_2_or_e],
)
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """A word, weights, and biases with which the right word has a quarter and another one a half."""
    at = dice.below(2, count)
    weight = dice.choices(_weights(), count)
    weight = np.where(at[:, None, None], weight[:, :, [0, 2, 1]], weight)
    bias = LOGITS[at] + dice.below(4, count, 1) - WORD @ weight
    fit = abs(bias).max(1) <= FARTHEST
    words, rate = (np.broadcast_to(x, (fit.sum(), *np.shape(x))) for x in (WORD[None], [[RATE]]))
    return {W_E: words, W_U: weight[fit], B_U: bias[fit], "rate": rate}


@cache
def _weights() -> Ints:
    """All small weights (n, 2, 3) with which the new logits are whole and not far apart, and the right word's is the
    highest, by its weights, too: in the end it goes with water, and not with air. Its column comes first, then that
    of the likely word.
    """
    weight = grid(6, REACH).reshape(-1, 2, 3)
    word, after = 4 * WORD - weight @ BACK, 4 * weight - WORD[:, None] * BACK  # after the step, in quarters
    by_weights = np.einsum("nd,ndw->nw", word, after)  # in 16ths, as the logits are
    logits = by_weights + 4 * (4 * (LOGITS[0] - WORD @ weight) - BACK)
    fits = (logits % 16 == 0).all(1) & (logits[:, 0] > logits[:, 1:].max(1)) & (np.ptp(logits, 1) <= 16 * MOST_APART)
    fits &= (weight @ BACK != 0).all(1) & (after[:, 0, 0] > 0) & (after[:, 1, 0] < 0)
    return weight[fits & (by_weights[:, 0] > 16 * (WORD @ weight)[:, 0])]  # type: ignore[no-any-return]


@sheet_promise
def right_word_has_a_quarter_and_then_most(tape: Tape) -> bool:
    """The right word's share is ¼, and after the step it is more than one half."""
    (before, *_), (after, *_) = tape.values("probs")[0], tape.values("again.probs")[0]
    return bool(before * 4 == 1 and after * 2 > 1)


# ---- its picture ----

LEFT, RIGHT_EDGE, FOOT, TOP = 12.0, 80.0, 28.0, 2.4  # mm: of the plane
PER_BIAS, PER_BIT = 17.0, 8.0  # mm
BEFORE, AFTER = 1, 3  # how far the axis of the bias goes below its value, and above


@picture(height=42, minutes=2)
def downhill(on: Canvas, logits: Rows, bias: Rows, stepped: Rows, *, word: Sequence[str], base: Any) -> None:
    """The loss for every value of the first word's bias, with all other numbers held; and where the step leads.

    word: the first word alone. base: of softmax, and of the logarithm in the loss.
    """
    (first, *others), old, new = (float(x) for x in logits[0]), float(bias[0][0]), float(stepped[0][0])
    if len(word) != 1 or old % 1 or not -BEFORE <= new - old <= AFTER:
        raise UndrawableError("one word, a whole bias and a step of up to 3 have room")
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
    for halves in range(-2 * BEFORE, 2 * AFTER + 1):
        x = LEFT + PER_BIAS * (halves / 2 + BEFORE)
        on.line((x, FOOT), (x, TOP), width=HAIR, colour=GRID)
        if not halves % 2:
            on.number(x, FOOT + 3.2, round(old) + halves // 2, 2.7)
    on.text(LEFT + 1.0, TOP, on.say("pictures.downhill.loss", unit=unit), anchor="start", colour=GREY)
    on.text(RIGHT_EDGE, FOOT + 7.2, on.say("pictures.downhill.bias", word=word[0]), anchor="end", colour=GREY)
    on.curve(*(place(old + k / 4) for k in range(-4 * BEFORE, 4 * AFTER + 1)))
    start, (x, y) = place(old), place(new)
    slope = against / (1 + against)
    on.line(start, (start[0] + PER_BIAS * loss(old) / slope, FOOT), width=GUIDE, colour=GREY, dash=DASH)
    on.disc(*start, 1.1)
    on.pen.arrow(start, (x, start[1]), width=GUIDE)
    on.pen.arrow((x, start[1]), (x, y - 1.2), width=GUIDE)
    on.pen.disc(x, y, 1.1)
    uphill = 2 * old - new  # where a step along the gradient leads
    if uphill >= old - BEFORE:
        x, y = place(uphill)
        on.pen.disc(x, y, 1.1)
        on.pen.text(x, y + 4.6, on.say("pictures.downhill.uphill"))
    answers = ("new", 16.0, value_text(stepped[0][0])), ("ask", 62.0, f"{loss(new):.2g}")
    for name, at, answer in answers:
        on.text(LEFT + at - 1.2, FOOT + 12.6, on.say(f"pictures.downhill.{name}"), anchor="end", colour=GREY)
        on.answer_line(LEFT + at, FOOT + 13.0, 14.0, answer)
    said = on.say("pictures.downhill.said", word=word[0], bias=bias[0][0], loss=f"{loss(old):.2g}", unit=unit)
    key = on.say("pictures.downhill.key", bias=stepped[0][0], loss=f"{loss(new):.2g}", unit=unit)
    on.said(said, on.say("pictures.downhill.to_do"), key)
