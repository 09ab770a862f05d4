"""Attention in letters: its picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from byhand.arithmetic.exact import RATIONALS
from byhand.model.layers import softmax
from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    BOX,
    CAPTION,
    DASH,
    FRAME,
    GREY,
    GUIDE,
    PALE,
    PEN_AREA,
    SMALLEST,
    STROKE,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
from byhand.pictures.registry import UndrawableError, picture
from byhand.tape import Tape

STRIPS, WIDE, PITCH = 24.2, 7.0, 8.6  # mm: the left edge of the first strip, its width, and from one to the next
TOP, HIGH = 7.6, 24.0  # mm
KNOB, RADIUS = (8.6, 15.6), 5.8  # mm
REACH = 3  # steps of the knob to each side of the half


@picture(height=43, minutes=3)
def letter_knob(on: Canvas, *, at: int | None, base: int | str, letter: Sequence[str], words: Sequence[str]) -> None:
    """A weight as a knob: how a token shares its look between two words, at seven values of the weight.

    at: the value at which both get the same.
    """
    if at is None or isinstance(base, str):
        raise UndrawableError("two scores differ by the letter and a whole number, and their shares are fractions")
    values = range(at - REACH, at + REACH + 1)
    tape = Tape(RATIONALS, {"scores": [[Fraction(value - at), Fraction(0)] for value in values]})
    shares = [share for share, _ in softmax(tape.given("scores", (len(values), 2)), "shares", base).values]
    printed = REACH - 1
    _knob(on, letter[0], values, printed)
    for height, text in ((0.0, "0"), (0.5, "1/2"), (1.0, "1")):
        on.number(STRIPS - 2.4, TOP + HIGH * (1 - height), text, 2.9)
    borders = []
    for k, (value, share) in enumerate(zip(values, shares, strict=True)):
        x, pen = STRIPS + PITCH * k, on if k == printed else on.pen
        on.number(x + WIDE / 2, 4.6, value, 3.0)
        on.box(x, TOP, WIDE, HIGH, width=BOX)
        border = TOP + HIGH * (1 - float(share))
        pen.box(x, border, WIDE, TOP + HIGH - border, fill=GREY if k == printed else PEN_AREA, width=0.4)
        borders.append((x + WIDE / 2, border))
        middle = TOP + HIGH + 4.2
        if k == printed:
            on.text(x + WIDE / 2, border - 2.2, words[1], SMALLEST)
            on.text(x + WIDE / 2, TOP + HIGH - 2.6, words[0], SMALLEST, colour=WHITE)
            on.number(x + WIDE / 2, middle, share, 3.2)
        else:
            on.blank(x + WIDE / 2, middle, share, 8.0, 6.8, 3.4)
    half = TOP + HIGH / 2
    on.line((STRIPS - 0.8, half), (84.0, half), width=GUIDE, colour=PALE, dash=DASH)
    on.pen.curve(*borders)
    on.pen.disc(*borders[REACH], 1.3, fill=WHITE, width=0.4)
    on.text(STRIPS, 42.4, on.say("pictures.letter_knob.half"), CAPTION, anchor="start", colour=GREY)
    on.math(66.6, 42.4, f"{letter[0]} =", TOKEN, anchor="start")
    on.answer_line(73.0, 42.6, 10.0, value_text(at))
    say, one, name = on.say, value_text(shares[printed]), letter[0]
    ends = {"first": value_text(values[0]), "last": value_text(values[-1]), "at": value_text(values[printed])}
    listing = listed(shares)
    on.said(
        say("pictures.letter_knob.said", letter=name, share=one, word=words[0], **ends),
        say("pictures.letter_knob.to_do", letter=name),
        say("pictures.letter_knob.key", word=words[0], shares=listing, letter=name, at=value_text(at)),
    )


def _knob(on: Layer, letter: str, values: Sequence[int], printed: int) -> None:
    """A knob with its values around it, an eighth of a turn from one to the next."""
    x, y = KNOB
    for k, value in enumerate(values):
        turn = math.pi / 4 * (k - REACH)
        across, up = math.sin(turn), math.cos(turn)
        on.line((x + RADIUS * across, y - RADIUS * up), (x + 7.0 * across, y - 7.0 * up), width=GUIDE)
        on.number(x + 9.2 * across, y - 9.2 * up, value, 2.7, colour="" if k == printed else GREY)
    on.disc(x, y, RADIUS, fill="#f4f4f4", width=STROKE)
    turn = math.pi / 4 * (printed - REACH)
    on.line((x, y), (x + 4.6 * math.sin(turn), y - 4.6 * math.cos(turn)), width=FRAME)
    on.disc(x, y, 0.7)
    on.math(x, y + 13.6, letter, TOKEN + 0.8)
