"""Pictures of norms."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    AXIS,
    CAPTION,
    FRAME,
    GREY,
    INK,
    SMALLEST,
    STRIPE,
    STROKE,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
from byhand.pictures.registry import Rows, UndrawableError, picture

# ---- shift to the middle, stretch to one ----

LINES, APART = 8.2, 14.4  # mm: the y of the first line of numbers, and how far the next ones are below it
LEFT, RIGHT, LONGEST = 27.0, 82.0, 11  # mm: the ends of the number line; how many units have room
POINT, STACKED, NEAR = (
    1.5,
    3.3,
    3.2,
)  # mm: a point's radius, the pitch of a stack, and what is nearer than it is stacked


@picture(height=44.5, minutes=3)
def shift_and_stretch(
    on: Canvas, x: Rows, mean: Rows, centered: Rows, scale: Rows, standardized: Rows, *, tokens: Sequence[str]
) -> None:
    """The numbers of one token on three lines: as they are, with their mean at 0, and with a deviation of 1.

    The token is the last one.
    """
    row, sigma, middle = len(x) - 1, scale[-1][0], mean[-1][0]
    low, span = _span(x[row], centered[row], sigma)
    if span > LONGEST:
        raise UndrawableError(f"a line of up to {LONGEST} units has room")
    unit = (RIGHT - LEFT) / max(span, 7)
    token = on.say("pictures.shift_and_stretch.numbers", token=tokens[row])
    lines = (("x", r"\mu =", middle, x), (r"x - \mu", r"\sigma =", sigma, centered))
    for at, (name, asks, answer, values) in enumerate(
        (*lines, (r"(x - \mu) \div \sigma", r"\sigma =", 1, standardized))
    ):
        y = LINES + APART * at
        on.math(0.5, y - 4.4, name, anchor="start")
        if not at:
            on.text(4.5, y - 4.4, token, CAPTION, anchor="start", colour=GREY)
        on.math(0.5, y + 2.2, asks, anchor="start")
        on.blank(13.0, y + 0.9, answer, 8.0, 6.6, 3.5)
        on.line((LEFT - 2, y), (LEFT + unit * span + 2, y), width=0.35)
        for k in range(span + 1):
            on.line((LEFT + unit * k, y - 0.7), (LEFT + unit * k, y + 0.7), width=AXIS)
            on.number(LEFT + unit * k, y + 3.5, low + k, SMALLEST + 0.2, colour=GREY)
        _points(on.pen, [LEFT + unit * (float(v) - low) for v in values[row]], y)
    at_mean, zero = LEFT + unit * (float(middle) - low), LEFT - unit * low
    corners = [(at_mean, LINES + 0.3), (at_mean + 1.2, LINES + 2.4), (at_mean - 1.2, LINES + 2.4)]
    on.pen.line(*corners, closed=True, width=STROKE, fill=WHITE)
    for at, reach in ((1, float(sigma)), (2, 1.0)):
        y, ends = LINES + APART * at + 6.4, (zero - unit * reach, zero + unit * reach)
        on.pen.line((ends[0], y), (ends[1], y), width=STROKE)
        for end in ends:
            on.pen.line((end, y - 0.8), (end, y + 0.8), width=STROKE)
    told = {"x": x, "centered": centered, "results": standardized}
    on.said(
        on.say("pictures.shift_and_stretch.said", token=tokens[row]),
        on.say("pictures.shift_and_stretch.to_do"),
        on.say(
            "pictures.shift_and_stretch.key", mean=value_text(middle), sigma=value_text(sigma),
            **{name: listed(values[row]) for name, values in told.items()},
        ),
    )  # fmt: skip


def _span(x: Sequence[Any], centered: Sequence[Any], sigma: Any) -> tuple[int, int]:
    """The least whole number that a line of these numbers has, and how many units it is long."""
    every = [float(value) for value in (*x, *centered, sigma, -sigma)]
    return floor(min(every)), ceil(max(every)) - floor(min(every))


def _points(on: Layer, places: Sequence[float], y: float) -> None:
    """Points that are numbered from 1 stand on a line at y; one that is near to others stands above them."""
    stacked: list[tuple[float, int]] = []
    for n, x in sorted(enumerate(places, 1), key=lambda point: (point[1], point[0])):
        height = sum(abs(x - other) < NEAR for other, _ in stacked)
        stacked.append((x, height))
        middle = y - POINT - 0.3 - STACKED * height
        on.disc(x, middle, POINT, fill=WHITE, width=0.35, colour=on.ink)
        on.number(x, middle, n, SMALLEST / 0.9)


# ---- along the row, or down the column ----

CELL, TOP = 6.2, 8.6  # mm: a cell of the table, and the upper edge of both tables
TABLES = (("layer_norm", 9.6, 1.0), ("batch_norm", 53.6, 45.0))  # the left edges of each, and of what stands below


@picture(height=44.5, minutes=3)
def row_or_column(
    on: Canvas, x: Rows, of_row: Rows, row_scale: Rows, by_row: Rows, of_column: Rows, column_scale: Rows,
    by_column: Rows, *, tokens: Sequence[str], columns: bool = False,
) -> None:  # fmt: skip
    """One table twice: LayerNorm reads a token's numbers, BatchNorm those of a dimension. One number, of the last
    token, is in both.

    columns: whether tokens are columns.
    """
    if (len(x), len(x[0])) != (4, 4):
        raise UndrawableError("a table of 4 × 4 has room")
    row, means = 3, of_column[0]
    pairs = [*zip(by_row[row], by_column[row], strict=True)]
    differing = [j for j, (one, other) in enumerate(pairs) if one != other]
    if not differing:
        raise UndrawableError("the norms of a number differ")
    column = max(differing, key=lambda j: _tells_apart(of_row[row][0] != means[j], *map(Fraction, pairs[j])))
    answers = {
        "layer_norm": (of_row[row][0], row_scale[row][0], by_row[row][column]),
        "batch_norm": (means[column], column_scale[0][column], by_column[row][column]),
    }
    for name, left, below in TABLES:
        on.text(left + 2 * CELL, 2.8, on.say(f"pictures.row_or_column.{name}"), TOKEN, bold=True)
        reads_token = name == "layer_norm"
        at = row if reads_token else column
        if reads_token != columns:
            stripe = (left, TOP + CELL * at, 4 * CELL, CELL)
        else:
            stripe = (left + CELL * at, TOP, CELL, 4 * CELL)
        on.box(*stripe, fill=STRIPE, width=0)
        on.box(left, TOP, 4 * CELL, 4 * CELL, width=AXIS)
        on.box(*stripe, width=FRAME)
        for k in range(4):
            above, beside = (tokens[k], str(k + 1)) if columns else (str(k + 1), tokens[k])
            on.text(left + CELL * (k + 0.5), TOP - 1.4, above, CAPTION, colour=INK if columns else GREY)
            on.text(
                left - 1.2,
                TOP + CELL * (k + 0.5) + 1.0,
                beside,
                CAPTION,
                anchor="end",
                colour=GREY if columns else INK,
            )
        for i in range(4):
            for j in range(4):
                across, down = (i, j) if columns else (j, i)
                on.number(left + CELL * (across + 0.5), TOP + CELL * (down + 0.5), x[i][j], 3.5)
        across, down = (row, column) if columns else (column, row)
        on.disc(left + CELL * (across + 0.5), TOP + CELL * (down + 0.5), 2.95, fill="none", width=0.4, colour=INK)
        y, (mu, sigma, result) = TOP + 4 * CELL + 5.4, answers[name]
        on.math(below, y + 1.2, r"\mu", anchor="start")
        on.blank(below + 7.0, y, mu, 6.4, 7.2, 3.4)
        on.math(below + 11.8, y + 1.2, r"\sigma", anchor="start")
        on.blank(below + 18.4, y, sigma, 6.4, 7.2, 3.4)
        on.number(below + 24.8, y, x[row][column], 3.5)
        on.arrow((below + 28.0, y), (below + 31.4, y), width=0.35)
        on.blank(below + 35.8, y, result, 7.6, 7.2, 3.4)
    shared = value_text(x[row][column])
    on.said(
        on.say("pictures.row_or_column.said", token=tokens[row], n=column + 1, shared=shared),
        on.say("pictures.row_or_column.to_do", shared=shared),
        " ".join(
            on.say(
                f"pictures.row_or_column.{name}_key", mean=value_text(mean), sigma=value_text(sigma), shared=shared,
                result=value_text(result),
            )
            for name, (mean, sigma, result) in answers.items()
        ),
    )  # fmt: skip


def _tells_apart(means_differ: bool, one: Fraction, other: Fraction) -> tuple[bool, ...]:
    """How well two results of a number tell the norms apart: best if its means differ, and a result is a fraction."""
    return means_differ, any(x.denominator > 1 for x in (one, other)), one != -other
