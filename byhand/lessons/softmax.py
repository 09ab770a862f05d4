"""Softmax: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from byhand.model.builder import Builder
from byhand.model.layers import softmax
from byhand.model.registry import model
from byhand.notation.text import listed
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Dice
from byhand.numbers.natural import distinct
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Instance, Task, search
from byhand.numbers.scores import one_largest, totals
from byhand.ops.linear import shift, times_number
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, HAIR, PALE, PEN_AREA, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("softmax", part="heads")
def _steps(build: Builder) -> Matrix:
    """The softmax of given `scores`.

    The softmax of the scores plus `shift`, 5 if it is not given, and × 2, and that in another base (3 beside 2, else
    2), are computed only when requested.
    """
    scores, base = build.matrix("scores", ("row", "entry")), build.config.softmax_base
    softmax(scores, "other_base.softmax", 3 if base == 2 else 2)
    same = build.number("shift", 5, scores.shape[1])
    softmax(shift(scores, same, name="shifted"), "shifted.softmax", base)
    softmax(times_number(scores, name="doubled", by=2), "doubled.softmax", base)
    return softmax(scores, "softmax", base)


# ---- the same, written down a second time ----


@wiring("softmax")
def _second(w: Wiring) -> None:
    """The softmax, in another base, of scores that are all larger, and of doubled ones."""
    w.softmax("softmax", "scores")
    w.softmax("other_base.softmax", "scores", base=2 if w.config["softmax_base"] != 2 else 3)
    w.softmax("shifted.softmax", w("shifted", "shift", "scores", "shift"))
    w.softmax("doubled.softmax", w("doubled", "times_number", "scores", by=2))


# ---- its numbers ----

SCORES_DRAWN = 4000  # rows of scores, for softmax
TABLES_DRAWN = 200  # matrices of scores, whose rows are those that fit


@search("softmax", pace=1.1)
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """Scores (rows, cols) that differ by up to 2 in a row, with one largest in powers of 2; in powers of 3, too few
    rows would be left. No two rows have the same pattern.

    Method: rejection sampling, first of rows, then of matrices of the rows that fit.
    """
    given = task.values.inputs.get("scores", [[0] * 3] * 3)
    rows, cols, base = len(given), len(given[0]), whole_base(task.config)
    drawn = dice.below(5, SCORES_DRAWN, cols) - 2  # from −2 to 2: the sheet also doubles them, and 2⁻⁴ = 1/16
    fits = np.isin(np.ptp(drawn, 1), (1, 2)) & (totals(drawn, base) <= task.limits.denominator)
    fits &= one_largest(drawn) | (base == 3)
    fits &= drawn.sum(1) != 0  # a student who forgets the powers divides by this sum
    if not fits.any():
        return
    scores = dice.choices(drawn[fits], TABLES_DRAWN, rows)
    ok = distinct(scores - scores.min(2, keepdims=True))
    ok &= (scores < 0).sum((1, 2)) == rows // 2 * (cols - 1)  # they make fractions: as many for every seed
    for i in np.flatnonzero(ok)[:1]:
        yield Instance({"scores": scores[i].tolist()})


@sheet_promise
def factors_show(tape: Tape) -> bool:
    """Where all scores are doubled, so that each power is squared, a share of the first row changes by a tenth."""
    shares = tape.values("softmax")[0]
    total = sum(share * share for share in shares)
    return any(10 * abs(share - share * share / total) >= 1 for share in shares)


@sheet_promise
def scores_differ_by_little(tape: Tape) -> bool:
    """In each row one score is larger than all others, and none are more than 2 apart. In powers of 2, all scores
    differ in just one row. So the shares that the sheet asks for are 21sts at most.
    """
    scores, base = tape.values("scores"), tape.steps["softmax.exp"].params["base"]
    near = all(has_one_largest(row) and max(row) - min(row) <= 2 for row in scores)
    return near and (base == 3 or sum(len({*row}) == len(row) for row in scores) == 1)


# ---- its picture ----

BAR, PITCH, PANEL, FIRST = 5.6, 7.6, 26.0, 10.0  # mm: a bar, its pitch, that of panels, the left edge of the first
FOOT, ONE = 31.6, 24.0  # mm: the y of a share of 0, and how much higher a share of 1 is


@picture(height=44, minutes=2)
def softmax_bars(
    on: Canvas, scores: Rows, shifted: Rows, doubled: Rows, shares: Rows, of_shifted: Rows, of_doubled: Rows, *,
    row: int = 0,
) -> None:  # fmt: skip
    """Shares as bars, for the student to draw: of a row of scores, of the scores plus 5, of the scores times 2."""
    panels = [("s", scores, shares), ("s + 5", shifted, of_shifted), ("2s", doubled, of_doubled)]
    if len(scores[row]) != 3:
        raise UndrawableError("three scores have room")
    for share, label in ((1.0, "1"), (0.5, "1/2")):
        y = FOOT - ONE * share
        on.line((FIRST - 2.0, y), (84.0, y), width=HAIR, colour=PALE, dash=DASH)
        on.number(FIRST - 4.0, y, label, 3.0)
    on.number(FIRST - 4.0, FOOT, 0, 3.0)
    on.line((FIRST - 2.0, FOOT), (84.0, FOOT), width=AXIS)
    for at, (name, values, parts) in enumerate(panels):
        left = FIRST + PANEL * at
        for k, (score, share) in enumerate(zip(values[row], parts[row], strict=True)):
            x, height = left + PITCH * k, ONE * float(share)
            (on.pen if at else on).number(x + BAR / 2, FOOT + 3.2, score, TOKEN)
            for edge in (x, x + BAR):
                on.line((edge, FOOT), (edge, FOOT - 1.4), width=HAIR, colour=GREY)
            on.pen.box(x, FOOT - height, BAR, height, fill=PEN_AREA, width=0.4)
            on.pen.number(x + BAR / 2, FOOT - height - 2.6, share, 2.9)
        on.math(left + PITCH + BAR / 2, FOOT + 8.2, name)
        on.text(
            left + PITCH + BAR / 2, FOOT + 11.8, on.say("pictures.softmax_bars.step", n=at + 1), CAPTION, colour=GREY
        )
    first, second, third = (listed(parts[row]) for *_, parts in panels)
    on.said(
        on.say("pictures.softmax_bars.said", scores=listed(scores[row])),
        on.say("pictures.softmax_bars.to_do"),
        on.say("pictures.softmax_bars.key", shares=first, shifted=second, doubled=third),
    )
