"""How microgpt learns from one letter: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from byhand.backward import gradients
from byhand.errors import ValuesError
from byhand.mistakes.registry import mistake, skipped, then
from byhand.model.builder import Builder
from byhand.model.layers import mean_surprisal, softmax
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Dice
from byhand.numbers.embedding import find_unembeddings
from byhand.numbers.promises import SATURATED, sheet_promise
from byhand.numbers.registry import Instance, Task, base_2_or_e, exactly, goes_on, search
from byhand.numbers.scores import totals
from byhand.numbers.shuffled import as_entry
from byhand.ops.gradients import descend, sign
from byhand.ops.linear import add, dot_rows, matmul, scale_rows, subtract, times_number
from byhand.ops.shapes import column_as_row, gather_entries
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, GRID, GUIDE, HAIR, PALE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape
from byhand.witness.wiring import Wiring, wiring

X, W_U = "blocks.0.hook_resid_post", "unembed.W_U"
TOO_LONG = Fraction(15, 100) / Fraction(1, 10)  # (1 − β₁) ÷ √(1 − β₂): Adam's first step without corrections

# ---- the model ----


@model("microgpt-trains", part="unembed", only={"normalization_type": (None,)})
def _steps(build: Builder) -> Results:
    """What microgpt's last block hands on, a row, scores the letters that may come next; the last token is the one
    that comes. Its weights, a column of W_U, make Adam's first step, and the letters are scored again.

    Source: Karpathy 2026, microgpt; Kingma & Ba 2015, with ε = 0: the first step is the rate times a sign.
    """
    c, tape = build.config, build.tape
    x = build.matrix(X, ("", "d_model"))
    weights = tape.given(W_U, (c.d_model, c.d_vocab), ("d_model", "d_vocab"))
    rate = build.matrix("rate", ("", ""), fixed=True)
    if x.rows != 1 or not build.values.tokens:
        raise ValuesError("give one row of the stream, and tokens, the last of which is the letter that comes")
    right = build.values.ids(c.d_vocab)[-1]
    logits = matmul(x, weights, name="logits")
    probs = softmax(logits, "probs", c.softmax_base)
    (of_all,) = gradients(mean_surprisal(probs, (right,), c.softmax_base), W_U)
    slope = gather_entries(tape["logits.grad"], name="right.slope", cols=(right,))
    comes = tape["logits.grad.one_hot"]
    own = column_as_row(weights, name="right.w", which=right)
    asked = scale_rows(x, slope, name="right.gradient")
    stepped = descend(own, sign(asked, name="right.sign"), rate, name="right.w_stepped")
    again = dot_rows(x, stepped, name="right.logit_stepped")
    rise = subtract(again, gather_entries(logits, name="right.logit", cols=(right,)), name="right.rise")
    # the same in short, computed only when requested: a construction asks with which x it would be larger
    scale_rows(dot_rows(x, sign(x, name="right.way"), name="right.reach"), rate, name="right.lift")
    after = add(logits, scale_rows(comes, rise, name="right.rises"), name="again.logits")
    shares = softmax(after, "probs.again", c.softmax_base)
    return gather_entries(shares, name="probs.again.right", cols=(right,)), of_all


# ---- the same, written down a second time ----


@wiring("microgpt-trains")
def _second(w: Wiring) -> None:
    """p − y; for the letter that comes, its slope times x, of which Adam's first step keeps the sign."""
    x, weights, right = "blocks.0.hook_resid_post", "unembed.W_U", w.ids[-1]
    w.surprise_at(w.softmax("probs", w("logits", "matmul", x, weights)), (right,))
    comes = w("logits.grad.one_hot", "one_hot", shape=w.shapes["logits"], rows=(right,))
    slope = w("right.slope", "gather_entries", w("logits.grad", "subtract", "probs", comes), cols=(right,))
    w("unembed.W_U.grad", "dot_columns", x, "logits.grad")
    step = w("right.sign", "sign", w("right.gradient", "scale_rows", x, slope))
    own = w("right.w", "column_as_row", weights, which=right)
    again = w("right.logit_stepped", "dot_rows", x, w("right.w_stepped", "descend", own, step, "rate"))
    rise = w("right.rise", "subtract", again, w("right.logit", "gather_entries", "logits", cols=(right,)))
    after = w.softmax("probs.again", w("again.logits", "add", "logits", w("right.rises", "scale_rows", comes, rise)))
    w("probs.again.right", "gather_entries", after, cols=(right,))
    w("right.lift", "scale_rows", w("right.reach", "dot_rows", x, w("right.way", "sign", x)), "rate")


# ---- its numbers ----

THIRDS = 3
LETTERS = "·", "a", "l", "m", "n"  # that go on with “mi” in names: Mi, which is over, Mia, Mila, Mimi, Mina
BEFORE = Fraction(1, 9)  # the share of the right letter
RISES = 4, 3, 5  # by how much one step lifts its logit: to ⅔, to ½, to ⅘
LARGEST_OF_RATES = 8  # the largest denominator
EASY_TOTALS = (9, 18)  # of the powers that become shares
ROWS = 40  # of the stream, in one attempt
REACH = 8  # of its numbers, in thirds
SPREAD = 3  # between the logits


@goes_on("microgpt-trains", after="microgpt")
def _with_its_numbers(task: Task, before: Tape) -> Iterator[Instance]:
    """The last row of microgpt's stream, and its W_U."""
    return _instances(task, before.values(X)[-1], before.values(W_U))


@search("microgpt-trains", like_sheet=True, requires=(base_2_or_e, exactly(d_model=4)))
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """A row in thirds, as microgpt has them, and W_U."""
    for row in dice.below(2 * REACH + 1, ROWS, task.config.d_model) - REACH:
        if not _rates(x := [Fraction(value, THIRDS) for value in row.tolist()]):
            continue
        for w_u in find_unembeddings(
            dice, row[None], THIRDS, task.config.d_vocab, (None,), task.limits, None, alike=3,
            fits=lambda logits: np.isin(totals(logits, whole_base(task.config)), EASY_TOTALS), spread=SPREAD,
        ):  # fmt: skip
            yield from _instances(task, x, w_u.tolist())


def _instances(task: Task, x: Sequence[Fraction], weights: Rows) -> Iterator[Instance]:
    """A row of the stream and W_U, with each letter that may come next and each rate that is easy."""
    whole = [[int(weight) for weight in row] for row in weights]
    for letter in filter(LETTERS.__contains__, task.values.vocabulary):
        for rate in _rates(x):
            inputs = {X: [[as_entry(value) for value in x]], "rate": [[as_entry(rate)]]}
            yield Instance(inputs, {W_U: whole}, {"tokens": (*task.values.words()[:-1], letter)})


def _rates(x: Sequence[Fraction]) -> list[Fraction]:
    """The easy rates at which a step lifts a logit by a whole number: by the rate times what all sizes add up to.
    None where one of them is 0, since its weight would stay, or all have one sign: all weights would move alike.
    """
    if not (all(x) and min(x) < 0 < max(x)):
        return []
    rates = [Fraction(rise) / sum(map(abs, x), Fraction()) for rise in RISES]
    return [rate for rate in rates if rate.denominator <= LARGEST_OF_RATES]


@sheet_promise
def right_letter_learns(tape: Tape) -> bool:
    """The letter that comes has the share 1/9, and after the step half of all or more, but not nearly all; all its
    weights move, some up and some down.
    """
    (comes,), (before,), (after,) = (tape.values(name) for name in ("logits.grad.one_hot", "probs", "probs.again"))
    place = comes.index(1)
    (x,) = tape.values(X)
    moves = all(x) and min(x) < 0 < max(x)
    return bool(moves and before[place] == BEFORE and Fraction(1, 2) <= after[place] < SATURATED)


# ---- its mistakes ----


@mistake(
    told="The memories were not corrected, although they began at 0: 0.15 g over 0.1 |g| is 1.5 or −1.5.",
    mend="Divide $m$ by 0.15 and $v$ by 0.01: so much of the gradient they hold after one step.",
    after="step-before-gradient",
)
def memories_not_corrected(step: Step, tape: Tape) -> Iterable[Step]:
    """Adam's first step with memories as they are: (1 − β₁) ÷ √(1 − β₂) times the sign of the gradient."""
    return then(step, "corrected", times_number, by=TOO_LONG) if step.name == "right.sign" else [step]


@mistake(
    told="The gradient itself was taken, as by SGD.",
    mend="Divide the gradient by its own size, as Adam does: only its sign is left.",
    after="step-before-gradient",
)
def gradient_as_step(step: Step, tape: Tape) -> Iterable[Step]:
    """The weights step by their gradients, whose sizes Adam divides away."""
    return [skipped(step) if step.name == "right.sign" else step]


# ---- its picture ----

LEFT, RIGHT_EDGE, FOOT, TOP = 14.0, 92.0, 30.0, 3.0  # mm: of the plane
LOGITS_AT, NAMED_AT, ASKED_AT = 4.0, 8.4, 14.6  # mm: how far below its foot stand numbers, their name, the question
FINE = 6  # points of the curve for each 1 of the logit


@picture(height=48, minutes=3, width=104)
def hops(on: Canvas, logits: Rows, comes: Rows, x: Rows, rate: Rows, *, letter: Sequence[str], base: Any) -> None:
    """The share of the right letter for every logit that it might have, all others held; and a hop for each of its
    weights, from its logit to the new one.

    letter: the right one. base: of softmax.
    """
    place = list(comes[0]).index(1)
    lifts = [abs(rate[0][0] * value) for value in x[0]]
    ends = [*accumulate(map(float, lifts), initial=float(logits[0][place]))]
    start, end = ends[0], ends[-1]
    first, last = math.floor(start) - 1, math.ceil(end) + 1
    if len(lifts) > 4 or last - first > 8:
        raise UndrawableError("up to four weights have room, which lift a logit by up to six")
    power = math.e if base == "e" else float(base)
    others = sum(power ** float(logit) for j, logit in enumerate(logits[0]) if j != place)

    def at(logit: float) -> float:
        return LEFT + (RIGHT_EDGE - LEFT) * (logit - first) / (last - first)

    def share(logit: float) -> float:
        return float(1 / (1 + others * power**-logit))

    def height(share: float) -> float:
        return FOOT - (FOOT - TOP) * share

    for quarters in range(5):
        y = height(quarters / 4)
        on.line((LEFT, y), (RIGHT_EDGE, y), width=HAIR if quarters else AXIS, colour=GRID if quarters else PALE)
        on.number(LEFT - 3.4, y, Fraction(quarters, 4), CAPTION, colour=GREY)
    for halves in range(2 * (last - first) + 1):
        x_ = at(first + halves / 2)
        on.line((x_, FOOT), (x_, TOP), width=HAIR, colour=GRID)
        if not halves % 2:
            on.number(x_, FOOT + LOGITS_AT, first + halves // 2, CAPTION)
    captions = ("share", LEFT, TOP - 1.4, "start"), ("logit", RIGHT_EDGE, FOOT + NAMED_AT, "end")
    for name, x_, y, anchor in captions:
        on.text(x_, y, on.say(f"pictures.hops.{name}", letter=letter[0]), CAPTION, anchor=anchor, colour=GREY)
    points = [first + k / FINE for k in range(FINE * (last - first) + 1)]
    on.curve(*((at(logit), height(share(logit))) for logit in points))
    on.disc(at(start), height(share(start)), 1.1)
    for one, other in pairwise(map(at, ends)):
        on.pen.arc((one, FOOT), ((one + other) / 2, FOOT - 1.2 - 0.2 * (other - one)), (other, FOOT), width=0.4)
    on.pen.line((at(end), FOOT), (at(end), height(share(end))), width=GUIDE, dash=DASH)
    on.pen.disc(at(end), height(share(end)), 1.1)
    about = _about(share(end))
    on.text(LEFT, FOOT + ASKED_AT, on.say("pictures.hops.ask"), CAPTION, anchor="start", colour=GREY)
    on.answer_line(LEFT + 46.0, FOOT + ASKED_AT + 0.4, 24.0, on.say("pictures.hops.about", share=about))
    on.said(
        on.say("pictures.hops.said", letter=letter[0], logit=logits[0][place]),
        on.say("pictures.hops.to_do"),
        on.say("pictures.hops.key", hops=listed(lifts), share=about),
    )


def _about(share: float) -> str:
    """What one reads from the curve: a simple fraction, if there is one so near, or two digits."""
    simple = Fraction(share).limit_denominator(5)
    return str(simple) if abs(share - simple) < 0.01 else f"{share:.2g}"
