"""The gradients of a softmax: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.backward import gradients
from byhand.model.builder import Builder
from byhand.model.layers import softmax
from byhand.model.registry import Results, model
from byhand.model.weights import UPSTREAM
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Dice
from byhand.numbers.draw import draw
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.ops.gradients import softmax_backward
from byhand.ops.linear import dot_rows, quotient, row_dots, scale_rows, subtract, times_number
from byhand.ops.shapes import gather_entries, gather_rows, one_hot
from byhand.pictures.canvas import CAPTION, GREY, GUIDE, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape, power_of_logarithm
from byhand.witness.wiring import Wiring, wiring

SHARES, SCORES = "softmax", "scores"
SCORES_GRAD = "scores.grad"
RIGHT = 2  # the entry of the first row of which something is asked

# ---- the model ----


@model("softmax-backward", part="heads")
def _steps(build: Builder) -> Results:
    """The softmax of given scores of three tokens, and from the gradient of the shares, the given `upstream`, that of
    the scores.

    Of the first row also the table of how each share changes with each score, and the gradient by this table; and
    with the same shares as a model's answer, whose last entry is right, the gradient of its surprise.
    """
    tape, base = build.tape, build.config.softmax_base
    scores = tape.given(SCORES, (3, 3), ("pos", "pos"))
    shares = softmax(scores, SHARES, base)
    arrived = tape.given(UPSTREAM, (3, 3), ("pos", "pos"))
    first = gather_rows(shares, name="first", sizes={"i": (1, "")}, rows=(0,))
    thrice = gather_rows(shares, name="table.shares", sizes={"i": (3, "pos")}, rows=(0, 0, 0))
    own = one_hot(tape=tape, name="table.own", sizes={"i": (3, "pos"), "j": (3, "pos")}, rows=(0, 1, 2))
    growing = gather_entries(thrice, name="table.growing", cols=(0, 1, 2))
    table = scale_rows(subtract(own, thrice, name="table.apart"), growing, name="table")
    asked = gather_rows(arrived, name="first.arrived", sizes={"i": (1, "")}, rows=(0,))
    dot_rows(table, asked, name="by_table")
    for name in ("table", "by_table") if base != "e" else ():
        tape.steps[name] = replace(tape.steps[name], times=power_of_logarithm(base, 1))
    right = one_hot(tape=tape, name="answer.right", sizes={"i": (1, ""), "j": (3, "pos")}, rows=(RIGHT,))
    blame = times_number(quotient(right, first, name="answer.over"), name="answer.arrived", by=-1)
    softmax_backward(first, blame, row_dots(first, blame, name="answer.dot"), name="answer.grad")
    return gradients(shares, SCORES)


# ---- the same, written down a second time ----


@wiring("softmax-backward")
def _second(w: Wiring) -> None:
    """A softmax, the table p_i ([i = j] − p_j) of its first row, and gradients as p ∘ (g − p · g)."""
    shares = w.softmax("softmax", "scores")
    first = w("first", "gather_rows", shares, rows=[0])
    own = w("table.own", "one_hot", shape=(3, 3), rows=[0, 1, 2])
    thrice = w("table.shares", "gather_rows", shares, rows=[0, 0, 0])
    growing = w("table.growing", "gather_entries", thrice, cols=[0, 1, 2])
    table = w("table", "scale_rows", w("table.apart", "subtract", own, thrice), growing)
    w("by_table", "dot_rows", table, w("first.arrived", "gather_rows", "upstream", rows=[0]))
    over = w("answer.over", "quotient", w("answer.right", "one_hot", shape=(1, 3), rows=[2]), first)
    blame = w("answer.arrived", "times_number", over, by=-1)
    w("answer.grad", "softmax_backward", first, blame, w("answer.dot", "row_dots", first, blame))
    arrived = w("softmax.grad", "copy", "upstream")
    w(
        "scores.grad",
        "softmax_backward",
        shares,
        arrived,
        w("softmax.dot", "row_dots", shares, arrived),
    )


# ---- its numbers ----

SETS = 500  # of numbers, for a class
ONE_MORE = np.eye(3, dtype=int)  # of three scores, one is 1 more: shares of a quarter, a quarter and a half
LEAST = np.array([[1], [-1], [0]])  # of each row's scores
LARGEST = 4  # of what arrives


@draw("softmax-backward", like_sheet=True, sets=("inputs", SETS), requires=[exactly(3, softmax_base=2)])
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Scores whose shares are ¼, ¼ and ½. To the first row arrives something at its last share alone, to the second
    the same at all shares, and to the third the same at two of them.
    """
    scores = ONE_MORE[dice.below(3, count, 3)] + LEAST
    arrived = np.zeros((count, 3, 3), int)
    arrived[:, 0, RIGHT] = -4 * (dice.below(2, count) + 1)
    arrived[:, 1] = ((dice.below(3, count) + 1) * (2 * dice.below(2, count) - 1))[:, None]
    two, other = (dice.below(2 * LARGEST + 1, count) - LARGEST for _ in range(2))
    arrived[:, 2] = np.where(ONE_MORE[dice.below(3, count)], other[:, None], two[:, None])
    fits = (two != other) & (two * other != 0)
    return {SCORES: scores[fits], UPSTREAM: arrived[fits]}


@sheet_promise
def other_shares_have_a_say(tape: Tape) -> bool:
    """In the last row, what arrives is not 0 on average, and gradients are eighths or larger. The first row's are not
    those of the surprise.
    """
    rows, dots = tape.values(SCORES_GRAD), tape.values("softmax.dot")
    is_light = all(Fraction(x).denominator <= 8 for row in rows for x in row)
    return is_light and dots[2][0] != 0 and rows[0] != tape.values("answer.grad")[0]


# ---- its picture ----

LEFT, WIDE, HIGH, APART = 20.0, 64.0, 7.6, 15.0  # mm: of the bars
TOP = 5.0


@picture(height=30, minutes=2)
def one_score_grows(on: Canvas, shares: Rows, *, entries: Sequence[str], at: int, base: Any) -> None:
    """The shares of a row, and what becomes of them as one of its scores grows by 1. at: which. base: of softmax."""
    (row,) = shares
    if len(row) != len(entries) or len(row) != 3:
        raise UndrawableError("three shares have room")
    power = math.e if base == "e" else base
    plain = [share if isinstance(share, int | Fraction) else float(share) for share in row]
    grown = [share * power if k == at else share for k, share in enumerate(plain)]
    after = [share / sum(grown[1:], grown[0]) for share in grown]
    new = [share if isinstance(share, Fraction) else f"{share:.2g}" for share in after]
    bars = ("before", row, plain), ("after", new, after)
    for down, (name, texts, parts) in enumerate(bars):
        y, x = TOP + APART * down, LEFT
        on.text(LEFT - 2.0, y + HIGH / 2 + 1.0, on.say(f"pictures.one_score_grows.{name}"), CAPTION, anchor="end",
                colour=GREY)  # fmt: skip
        for k, (text, share) in enumerate(zip(texts, parts, strict=True)):
            wide = WIDE * float(share)
            on.box(x, y, wide, HIGH, fill="#dcdcdc" if k == at else "#ffffff", width=GUIDE)
            if down:
                on.blank(x + wide / 2, y + HIGH / 2, text, min(wide - 1.6, 8.6), HIGH - 1.6)
            else:
                on.number(x + wide / 2, y + HIGH / 2, text)
                on.text(x + wide / 2, y - 1.4, entries[k], TOKEN, bold=k == at)
            x += wide
    said = on.say(
        "pictures.one_score_grows.said", shares=listed([value_text(x) for x in row]), entries=listed(entries)
    )
    on.said(said, on.say("pictures.one_score_grows.to_do", entry=entries[at]), listed([value_text(x) for x in new]))
