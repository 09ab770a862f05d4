"""LayerNorm: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.numbers.promises import sheet_promise, steps_named
from byhand.pictures.canvas import AXIS, CAPTION, GREY, SMALLEST, STROKE, WHITE, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape

# ---- its numbers ----

LONGEST_LINE = 11  # units of a line on which the numbers of a token are drawn


@sheet_promise
def last_token_is_stretched(tape: Tape) -> bool:
    """The last token's results of LayerNorm, before w and b, are of two sizes, and its numbers lie on a line of
    eleven units, before and after the mean is taken away. Another norm takes none away.
    """
    if "blocks.0.ln1.centered" not in tape.steps:
        return True
    x, centered, (sigma,), results = (
        tape.values(f"blocks.0.{name}")[-1]
        for name in ("hook_resid_mid", "ln1.centered", "ln1.hook_scale", "ln1.standardized")
    )
    return len({*map(abs, results)}) > 1 and _span(x, centered, sigma)[1] <= LONGEST_LINE


@sheet_promise
def tokens_have_their_own_scales(tape: Tape) -> bool:
    """The tokens have neither all the same mean nor all the same variance: a norm over the whole table would have
    other results.
    """
    return all(len({*tape.values(step.name)}) > 1 for step in steps_named(tape, "ln1.mean", "ln1.variance"))


@sheet_promise
def one_scale_is_far_larger(tape: Tape) -> bool:
    """One token's deviation is at least twice as large as another's."""
    steps = steps_named(tape, "ln1.hook_scale")
    scales = [[sigma for (sigma,) in tape.values(step.name)] for step in steps]
    return all(max(each) >= 2 * min(each) for each in scales)


# ---- its picture ----

LINES, APART = 8.2, 14.4  # mm: the y of the first line of numbers, and how far the next ones are below it
LEFT, RIGHT = 27.0, 82.0  # mm: the ends of the number line
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
    if span > LONGEST_LINE:
        raise UndrawableError(f"a line of up to {LONGEST_LINE} units has room")
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
