"""Pictures of how words and their places become vectors."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    FRAME,
    GREY,
    GUIDE,
    LIGHT,
    PALE,
    TOKEN,
    WHITE,
    Canvas,
)
from byhand.pictures.registry import Rows, UndrawableError, picture

ROW = 5.6  # the height of a row of the table of words
HAND = 5.6  # the radius of a dial
EIGHTHS = 8  # ticks of a dial


@picture(height=42, minutes=2)
def row_let_through(
    on: Canvas, table: Rows, one_hot: Rows, looked_up: Rows, *, row: int, tokens: Sequence[str],
    vocabulary: Sequence[str],
) -> None:  # fmt: skip
    """Embedding is a row let through: each number of a one-hot vector lets one row of the table through, or stops it.

    row: the token that is looked up.
    """
    word, switches, found = tokens[row], one_hot[row], looked_up[row]
    at, height = switches.index(1), min(ROW, 31 / len(table))
    top, left, width = 4.6, 26.0, min(7.0, 28 / len(table[0]))
    on.text(12.5, 2.6, on.say("pictures.row_let_through.word", word=word), TOKEN)
    on.math(left + len(table[0]) * width / 2, 2.8, on.say("pictures.row_let_through.table"))
    on.box(left, top, len(table[0]) * width, len(table) * height, fill=LIGHT, width=AXIS, colour=GREY)
    for n, (name, numbers, switch) in enumerate(zip(vocabulary, table, switches, strict=True)):
        middle = top + (n + 0.5) * height
        on.box(9.5, top + n * height, 6, height, width=BOX, fill=WHITE)
        on.pen.number(12.5, middle, switch, 3.4)
        on.text(left - 1.6, middle + 1.1, name, TOKEN, anchor="end")
        for k, number in enumerate(numbers):
            on.number(left + (k + 0.5) * width, middle, number, 3.6)
    middle, start = top + (at + 0.5) * height, 84 - 5.5 * len(found)
    on.text(start + 5.5 * len(found) / 2, middle - 4.6, on.say("pictures.row_let_through.row"), CAPTION, colour=GREY)
    for k, number in enumerate(found):
        on.box(start + 5.5 * k, middle - 3.4, 5.5, 6.8, width=BOX, fill=WHITE)
        on.pen.number(start + 5.5 * (k + 0.5), middle, number, 3.4)
    right = left + len(table[0]) * width
    on.pen.box(left - 0.6, middle - height / 2, right - left + 1.2, height, width=FRAME)
    on.pen.arrow((right + 0.8, middle), (start - 0.6, middle))
    on.text(0, 40.6, on.say("pictures.row_let_through.caption"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.row_let_through.said", word=word, words=", ".join(vocabulary)),
        to_do=on.say("pictures.row_let_through.to_do"),
        key=on.say("pictures.row_let_through.key", word=word, numbers=listed(found)),
    )


@picture(height=36, minutes=2)
def clock_hands(on: Canvas, places: Rows, *, tokens: Sequence[str], periods: Sequence[Any], given: int = 1) -> None:
    """Positions as clock hands: each pair of dimensions is a hand that starts at noon and turns by the same angle
    from word to word.

    places: the sines and cosines, a position a row. periods: of each pair, how many words a whole turn takes.
    given: the number of first words whose hands are drawn.
    """
    if len(tokens) > 4 or len(periods) != 2 or any(EIGHTHS / period % 1 for period in periods):
        raise UndrawableError("a picture has room for two hands that stop at eighths of a turn, for up to four words")
    for t, word in enumerate(tokens):
        on.text(24 + 17.5 * t, 2.6, str(t), CAPTION, colour=GREY)
        on.text(24 + 17.5 * t, 6.6, word, TOKEN)
    hands = []
    for pair, period in enumerate(periods):
        y = 14 + 14.6 * pair
        on.text(0, y - 0.6, on.say("pictures.clock_hands.pair", n=pair + 1), TOKEN - 0.2, anchor="start")
        turns_in = on.say("pictures.clock_hands.period", period=value_text(period))
        on.text(0, y + 3.2, turns_in, CAPTION, anchor="start", colour=GREY)
        for t, _ in enumerate(tokens):
            x, pen = 24 + 17.5 * t, on.pen if t >= given else on
            _dial(on, x, y)
            turned = 2 * pi * float(t / period)
            across, up = (round(f(turned), 4) for f in (sin, cos))
            pen.arrow((x, y), (x + 0.86 * HAND * across, y - 0.86 * HAND * up))
            on.disc(x, y, 0.45, fill=PALE) if t >= given else on.disc(x, y, 0.7)
        hands.append([f"({value_text(row[2 * pair])}, {value_text(row[2 * pair + 1])})" for row in places])
    drawn, turned_to = (
        dict(zip(("first", "second"), (", ".join(own[part]) for own in hands), strict=True))
        for part in (slice(given), slice(given, None))
    )
    on.said(
        on.say("pictures.clock_hands.said", words=listed(tokens), periods=listed(periods), **drawn),
        to_do=on.say("pictures.clock_hands.to_do"),
        key=on.say("pictures.clock_hands.key", **turned_to),
    )


def _dial(on: Canvas, x: float, y: float) -> None:
    """An empty dial with its ticks: long ones at quarters, short ones at eighths."""
    on.disc(x, y, HAND, fill=WHITE, width=0.35)
    for k in range(EIGHTHS):
        inner = HAND - (0.6 if k % 2 else 1.1)
        across, up = sin(2 * pi * k / EIGHTHS), cos(2 * pi * k / EIGHTHS)
        on.line((x + inner * across, y - inner * up), (x + HAND * across, y - HAND * up), width=GUIDE)
