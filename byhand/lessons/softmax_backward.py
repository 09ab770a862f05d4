"""The gradients of a softmax: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
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
from byhand.numbers.registry import Entries, Task, base_2_or_e, exactly
from byhand.ops.gradients import softmax_backward
from byhand.ops.linear import dot_rows, quotient, row_dots, scale_rows, subtract, times_number
from byhand.ops.shapes import gather_entries, gather_rows, one_hot
from byhand.pictures.canvas import CAPTION, GREY, GUIDE, HAIR, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape, power_of_logarithm
from byhand.witness.wiring import Wiring, wiring

SHARES, SCORES = "softmax", "scores"
RIGHT = 2  # the entry of the first row of which something is asked, and of the last row that is right

# ---- the model ----


@model("softmax-backward")
def _steps(build: Builder) -> Results:
    """The softmax of given scores of three tokens, and from the gradient of the shares, the given `upstream`, that of
    the scores.

    Of the first row also the table of how each share changes with each score, and the gradient by this table; and
    with the last row's shares as a model's answer, whose last entry is right, the gradient of its surprise.
    """
    tape, base = build.tape, build.config.softmax_base
    scores = tape.given(SCORES, (3, 3), ("pos", "pos"))
    shares = softmax(scores, SHARES, base)
    arrived = tape.given(UPSTREAM, (3, 3), ("pos", "pos"))
    gather_rows(shares, name="first", sizes={"i": (1, "")}, rows=(0,))
    thrice = gather_rows(shares, name="table.shares", sizes={"i": (3, "pos")}, rows=(0, 0, 0))
    own = one_hot(tape=tape, name="table.own", sizes={"i": (3, "pos"), "j": (3, "pos")}, rows=(0, 1, 2))
    growing = gather_entries(thrice, name="table.growing", cols=(0, 1, 2))
    table = scale_rows(subtract(own, thrice, name="table.apart"), growing, name="table")
    asked = gather_rows(arrived, name="first.arrived", sizes={"i": (1, "")}, rows=(0,))
    dot_rows(table, asked, name="by_table.grad")
    right = one_hot(tape=tape, name="aside.right", sizes={"i": (1, ""), "j": (3, "pos")}, rows=(RIGHT,))
    answer = gather_rows(shares, name="aside.p", sizes={"i": (1, "")}, rows=(2,))
    blame = times_number(quotient(right, answer, name="aside.over"), name="aside.arrived", by=-1)
    softmax_backward(answer, blame, row_dots(answer, blame, name="aside.dot"), name="aside.grad")
    for name, power in {"table": 1, "by_table.grad": 1, "aside.arrived": -1, "aside.dot": -1}.items():
        times = power_of_logarithm(base, power) if base != "e" else ""
        tape.steps[name] = replace(tape.steps[name], times=times)
    return gradients(shares, SCORES)


# ---- the same, written down a second time ----


@wiring("softmax-backward")
def _second(w: Wiring) -> None:
    """A softmax, the table p_i ([i = j] − p_j) of its first row, and gradients as p ∘ (g − p · g)."""
    shares = w.softmax("softmax", "scores")
    w("first", "gather_rows", shares, rows=[0])
    own = w("table.own", "one_hot", shape=(3, 3), rows=[0, 1, 2])
    thrice = w("table.shares", "gather_rows", shares, rows=[0, 0, 0])
    growing = w("table.growing", "gather_entries", thrice, cols=[0, 1, 2])
    table = w("table", "scale_rows", w("table.apart", "subtract", own, thrice), growing)
    w("by_table.grad", "dot_rows", table, w("first.arrived", "gather_rows", "upstream", rows=[0]))
    answer = w("aside.p", "gather_rows", shares, rows=[2])
    over = w("aside.over", "quotient", w("aside.right", "one_hot", shape=(1, 3), rows=[2]), answer)
    blame = w("aside.arrived", "times_number", over, by=-1)
    w("aside.grad", "softmax_backward", answer, blame, w("aside.dot", "row_dots", answer, blame))
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
MORE = np.concatenate([np.eye(3, dtype=int), 2 * np.eye(3, dtype=int)])  # of three scores, one is 1 or 2 more
LEAST = np.array([1, -1, 0])  # of each row's scores
LARGEST = 4  # of what arrives
APART = np.array([-6, -4, -3, -2, 2, 3, 4, 6])  # how far what arrives at one share of a row is from the other two


@draw("softmax-backward", like_sheet=True, sets=("inputs", SETS), requires=[exactly(3), base_2_or_e])
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Scores whose shares are ¼, ¼ and ½, or ⅙, ⅙ and ⅔. To the first row arrives something at its last share alone,
    which is ¼, to the second the same at all shares, and to the third the same at two of them.
    """
    first, second = dice.below(RIGHT, count), dice.below(6, count)
    which = np.stack([first, second, 1 - first], 1)  # the last share of the first and last row is 1/4
    arrived = np.zeros((count, 3, 3), int)
    arrived[:, 0, RIGHT] = -8 * (dice.below(2, count) + 1)
    arrived[:, 1] = ((dice.below(5, count) + 1) * (2 * dice.below(2, count) - 1))[:, None]
    two, apart = dice.below(2 * LARGEST + 1, count) - LARGEST, dice.choices(APART, count)
    other = dice.below(3, count)
    arrived[:, 2] = two[:, None] + MORE[other] * apart[:, None]
    fits = (two != 0) & (two + apart != 0) & (abs(two + apart) <= LARGEST)
    fits &= second >= RIGHT  # which is neither of the two others
    fits &= (other != RIGHT) | (apart != -4)  # which is what a surprise sends back
    return {SCORES: (MORE[which] + LEAST[:, None])[fits], UPSTREAM: arrived[fits]}


@sheet_promise
def averages_are_whole(tape: Tape) -> bool:
    """What arrives at a row is a whole number on average, and in the last row not 0."""
    dots = [dot for (dot,) in tape.values("softmax.dot")]
    return all(dot == int(dot) for dot in dots) and dots[2] != 0


@sheet_promise
def the_end_is_not_printed_above(tape: Tape) -> bool:
    """What a surprise sends back to the scores is no row of the gradient of all scores."""
    (end,) = tape.values("aside.grad")
    return end not in [*tape.values("scores.grad")]


# ---- its picture ----

LEFT, WIDE, HIGH = 20.0, 64.0, 6.6  # mm: of the bars
BEFORE, AFTER, WORDS_AT, SHARES_AT, CHANGES_AT = 5.0, 13.8, 24.8, 29.5, 37.4  # mm: the tops of the bars, the feet of
# words, and the middles of two rows
PARTS = 20  # of the lower bar, which are marked


@picture(height=41, minutes=3)
def one_score_grows(on: Canvas, shares: Rows, *, entries: Sequence[str], at: int, base: Any) -> None:
    """The shares of a row, and what becomes of them as one of its scores grows by 1. at: which. base: of softmax."""
    (row,) = shares
    if len(row) != len(entries) or len(row) != 3:
        raise UndrawableError("three shares have room")
    power = math.e if base == "e" else base
    old = [share if isinstance(share, int | Fraction) else float(share) for share in row]
    grown = [share * power if k == at else share for k, share in enumerate(old)]
    total = math.fsum(grown) if isinstance(grown[0], float) else sum(grown)
    new = [share / total for share in grown]
    lines = {"before": BEFORE + 3.2, "after": AFTER + 3.2, "shares": SHARES_AT, "change": CHANGES_AT}
    for name, y in lines.items():
        on.text(LEFT - 2.0, y + 1.0, on.say(f"pictures.one_score_grows.{name}"), CAPTION, anchor="end", colour=GREY)
    on.box(LEFT, AFTER, WIDE, HIGH, width=GUIDE)
    for part in range(1, PARTS):
        x = LEFT + WIDE * part / PARTS
        on.line((x, AFTER), (x, AFTER + (2.2 if part % 5 == 0 else 1.2)), width=HAIR)
    ends = [*accumulate(map(float, old), initial=0.0)]
    for k, (entry, share) in enumerate(zip(entries, row, strict=True)):
        left, wide, middle = LEFT + WIDE * ends[k], WIDE * float(share), LEFT + WIDE * (k + 0.5) / 3
        on.box(left, BEFORE, wide, HIGH, fill="#dcdcdc" if k == at else WHITE, width=GUIDE)
        on.number(left + wide / 2, BEFORE + HIGH / 2, share)
        on.text(left + wide / 2, BEFORE - 1.4, entry, TOKEN, bold=k == at)
        on.text(middle, WORDS_AT, entry, CAPTION, colour=GREY)
        on.blank(middle, SHARES_AT, _shown(new[k]), 9.4, 7.0)
        on.blank(middle, CHANGES_AT, _shown(new[k] - old[k]), 9.4, 7.0)
    for end in [*accumulate(map(float, new))][:-1]:
        x = LEFT + WIDE * end
        on.pen.line((x, AFTER), (x, AFTER + HIGH))
    printed = {"shares": listed([value_text(x) for x in row]), "entries": listed(entries)}
    changes = listed(_shown(x - y) for x, y in zip(new, old, strict=True))
    on.said(
        on.say("pictures.one_score_grows.said", **printed),
        on.say("pictures.one_score_grows.to_do", entry=entries[at]),
        on.say("pictures.one_score_grows.key", after=listed(map(_shown, new)), changes=changes),
    )


def _shown(share: Any) -> str:
    return value_text(share if isinstance(share, Fraction) else Decimal(f"{share:.2f}"))
