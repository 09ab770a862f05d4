"""A model that adds: all that it reads, its mistakes and its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from msgspec.structs import replace

from byhand.mistakes.registry import mistake, skipped
from byhand.notation.text import listed, value_text
from byhand.numbers.readings import Reading, reads
from byhand.ops.linear import affine, matmul
from byhand.pictures.canvas import (
    BOX,
    CAPTION,
    DASH,
    DOT,
    GREY,
    GRID,
    HAIR,
    PALE,
    PEN_AREA,
    SMALLEST,
    STROKE,
    TOKEN,
    Canvas,
)
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape

# ---- what it reads ----

DIGITS = 10


@reads("adder")
def _sums() -> Iterator[Reading]:
    """All sums of two digits, with the last digit of each."""
    for a, b in product(range(DIGITS), repeat=2):
        yield Reading((str(a), "+", str(b), "="), str((a + b) % DIGITS))


# ---- its mistakes ----


@mistake(
    told="A mean taken for a sum.",
    mend="Multiply the mean by the number of words: only then is it their sum.",
    after="heads-averaged",
)
def mean_for_sum(step: Step, tape: Tape) -> Iterable[Step]:
    """W_O is left out where words are single numbers."""
    of_numbers = step.name == "blocks.0.hook_attn_out" and "embed.W_E" in tape.steps and step.shape[1] == 1
    return [skipped(step) if of_numbers else step]


@mistake(
    told="The biases of the logits forgotten.",
    mend="Add to each word’s product its bias in b_U.",
    after="heads-averaged",
)
def no_unembedding_bias(step: Step, tape: Tape) -> Iterable[Step]:
    """The logits are the product alone."""
    biased = step.name == "logits" and step.op is affine
    return [replace(step, op=matmul, inputs=step.inputs[:2]) if biased else step]


# ---- its pictures ----

TANK, UNIT = 17.0, 2.6  # mm: the width of a tank, and a unit of its height
BEFORE = 9.0  # to the left of the tanks
PITCH, FALL = 6.6, 1.4  # mm: from digit to digit, and a unit of how far a logit falls
SQUARES = (0, 1, 4, 9, 16, 25)  # of the distances of up to five


@picture(height=32.5, minutes=1)
def tanks(on: Canvas, stream: Rows, mixed: Rows, *, tokens: Sequence[str]) -> None:
    """A tank for each word, to be filled to its number; the level of all their water is the mean.

    mixed: the mean of what is seen, in the last row.
    """
    heights, level = [float(x) for (x,) in stream], float(mixed[-1][0])
    if len(heights) != 4 or not all(0 <= x < DIGITS for x in (*heights, level)):
        raise UndrawableError("four tanks of digits are drawn")
    floor, right = 3.0 + UNIT * (DIGITS - 1), BEFORE + TANK * len(heights)
    for n in range(DIGITS):
        y = floor - UNIT * n
        on.line((BEFORE, y), (right, y), width=HAIR, colour=GRID)
        on.number(BEFORE - 2.0, y, n, SMALLEST, anchor="end", colour=GREY)
    for k, (word, height) in enumerate(zip(tokens, heights, strict=True)):
        left = BEFORE + TANK * k
        if height:
            on.pen.box(left, floor - UNIT * height, TANK, UNIT * height, fill=PEN_AREA, width=0)
        on.text(left + TANK / 2, floor + 4.6, word, TOKEN)
        if k:
            on.line((left, 3.0), (left, floor), width=BOX, dash=DASH)
    on.line((BEFORE, 3.0), (BEFORE, floor), (right, floor), (right, 3.0), width=STROKE)
    y = floor - UNIT * level
    on.pen.line((BEFORE, y), (right, y), width=STROKE, colour=on.pen.ink)
    on.pen.number(right + 1.6, y, mixed[-1][0], anchor="start")
    on.said(
        on.say("pictures.tanks.said", words=listed(tokens)),
        on.say("pictures.tanks.to_do"),
        on.say("pictures.tanks.key", numbers=listed([x for (x,) in stream]), level=value_text(mixed[-1][0])),
    )


@picture(height=46, minutes=2)
def hill(on: Canvas, stream: Rows, *, words: Sequence[str]) -> None:
    """The digits, and lines at 1, 4, 9, … below a top: a hill with its top at the last number of the stream, which
    falls by the squares of the distances.
    """
    top, digits = float(stream[-1][0]), words[:DIGITS]
    if len(digits) < DIGITS or top not in range(DIGITS):
        raise UndrawableError("a hill over one of ten digits is drawn")
    left, high = 18.0, 4.0
    right, low = left + PITCH * (DIGITS - 1), high + FALL * SQUARES[-1] + 1.5
    for square in SQUARES:
        y = high + FALL * square
        on.line((left - 4, y), (right + 4, y), width=HAIR, colour=GRID if square else PALE)
        if square > 1:
            on.number(left - 5.4, y, -square, CAPTION, anchor="end", colour=GREY)
    on.text(left - 5.4, high + 1.0, on.say("pictures.hill.top"), CAPTION, anchor="end", colour=GREY)
    for d, word in enumerate(digits):
        x = left + PITCH * d
        on.line((x, high), (x, low), width=HAIR, colour=GRID)
        on.text(x, low + 4.4, word, TOKEN)
    seen = [(left + PITCH * d, high + FALL * (d - top) ** 2) for d in range(DIGITS) if abs(d - top) < len(SQUARES)]
    on.pen.curve(*seen, width=STROKE, colour=on.pen.ink)
    for x, y in seen:
        on.pen.disc(x, y, DOT, fill=on.pen.ink)
    on.said(
        on.say("pictures.hill.said"), on.say("pictures.hill.to_do"), on.say("pictures.hill.key", top=digits[int(top)])
    )
