"""Pictures of the feed-forward network and of the convolution that it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from byhand.notation.text import listed
from byhand.pictures.canvas import (
    AXIS,
    CAPTION,
    FRAME,
    GREY,
    LIGHT,
    NUMBER,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
from byhand.pictures.registry import Rows, UndrawableError, picture

# ---- the same machine at every token ----

MACHINE, PITCH, HIGH, TOP = 24.8, 29.4, 19.4, 9.0  # mm: the width of a machine, its pitch and height, its upper edge
WEIGHT = "#c4c4c4"


@picture(height=44, minutes=3)
def same_machine(on: Canvas, x: Rows, post: Rows, out: Rows, *, tokens: Sequence[str], given: int = 0) -> None:
    """The network stands at every token, with the same weights and other neurons awake; no line leads from one token
    to another.

    given: the number of first tokens whose results are printed; the first one's neurons are in any case.
    """
    n, d, hidden = len(x), len(x[0]), len(post[0])
    if (n, d) != (3, 4) or not 4 <= hidden <= 8:
        raise UndrawableError("three tokens of four numbers have room")
    middle, foot = TOP + HIGH / 2, TOP + HIGH
    for token in range(n):
        left = PITCH * token
        inner = [left + MACHINE * (k + 0.5) / d for k in range(d)]
        neurons = [left + MACHINE * (0.09 + 0.82 * k / (hidden - 1)) for k in range(hidden)]
        for end, neuron in product(inner, neurons):
            for y in (TOP, foot):
                on.line((end, y), (neuron, middle), width=0.18, colour=WEIGHT)
        on.box(left, TOP, MACHINE, HIGH, width=FRAME, rx=1.6)
        pen: Layer = on.pen if token >= max(1, given) else on
        for neuron, value in zip(neurons, post[token], strict=True):
            on.disc(neuron, middle, 1.75, fill=WHITE, width=0.35, colour=on.ink)
            if value > 0:
                pen.disc(neuron, middle, 1.75)
        for k, end in enumerate(inner):
            on.number(end, foot + 2.6, x[token][k], 3.4)
            if token < given:
                on.number(end, TOP - 5.1, out[token][k], 3.4)
            else:
                on.blank(end, TOP - 5.1, out[token][k], MACHINE / d, 7.2, 3.4)
        on.text(left + MACHINE / 2, foot + 7.6, tokens[token], TOKEN)
    ask = on.say("pictures.same_machine.ask", one=tokens[0], other=tokens[1])
    on.text(0.0, foot + 13.4, ask, CAPTION, anchor="start", colour=GREY)
    on.answer_line(50.0, foot + 13.8, 34.0, on.say("pictures.same_machine.none"), CAPTION)
    awake = [listed(k + 1 for k, value in enumerate(row) if value > 0) for row in post]
    speak = [on.say("pictures.same_machine.speak", token=tokens[k], awake=awake[k]) for k in range(n)]
    results = [on.say("pictures.same_machine.out", token=tokens[k], out=listed(out[k])) for k in range(n)]
    on.said(
        " ".join(
            (
                on.say("pictures.same_machine.said", n=d, hidden=hidden, tokens=listed(tokens)),
                *speak[: max(1, given)],
                *results[:given],
            )
        ),
        on.say("pictures.same_machine.to_do", silent=listed(tokens[max(1, given) :]), tokens=listed(tokens[given:])),
        " ".join((*speak[max(1, given) :], *results[given:])),
    )


# ---- a kernel is a stick ----

CUBE, BACK = 5.4, (2.0, -1.4)  # mm: the front of a cube, and the way to its back
STACK, STEP, FIRST = 7.2, 17.4, 26.6  # mm: the upper edge of the stacks, their pitch, and the first token's left edge
KERNEL_AT = 4.6  # mm: the left edge of the kernel
KERNEL_SIDE = "#cfcfcf"


@picture(height=44, minutes=1)
def kernel_stick(on: Canvas, x: Rows, kernel: Rows, *, tokens: Sequence[str]) -> None:
    """A row of pixels as deep as there are dimensions, and a kernel, a stick of weights, that slides along it. Below
    each pixel stands its answer.
    """
    weights = [value for row in kernel for value in row]
    n, d = len(x), len(x[0])
    if (n, d) != (3, 4):
        raise UndrawableError("three tokens of four numbers have room")
    foot = STACK + CUBE * d
    _cubes(on, KERNEL_AT, weights, LIGHT, KERNEL_SIDE)
    on.text(KERNEL_AT + CUBE / 2, foot + 4.0, on.say("pictures.kernel_stick.kernel"), CAPTION, bold=True)
    on.text(KERNEL_AT + CUBE / 2, foot + 7.6, on.say("pictures.kernel_stick.weights", n=d), CAPTION, colour=GREY)
    on.number(18.6, STACK + CUBE * d / 2 + 0.6, "∗", NUMBER + 1.0)
    for token in range(n):
        left = FIRST + STEP * token
        centre = left + CUBE / 2
        on.text(centre + 0.6, 3.6, tokens[token], TOKEN)
        _cubes(on, left, x[token], WHITE, "#f4f4f4")
        if token + 1 < n:
            y = STACK + CUBE * d / 2
            on.arrow((left + CUBE + 3.0, y), (left + STEP - 1.6, y), width=0.3, dash=(1.2, 0.8))
        on.arrow((centre, foot + 1.4), (centre, foot + 6.0), width=0.35)
        frame = on.pen if token else on
        frame.box(left - 0.9, STACK - 0.9, CUBE + 1.8, CUBE * d + 1.8, width=FRAME, rx=1.2)
    right = FIRST + STEP * (n - 1) + CUBE + BACK[0] + 2.4
    on.text(
        right, STACK + CUBE * d / 2, on.say("pictures.kernel_stick.deep", n=d), CAPTION, anchor="start", colour=GREY
    )
    on.text(right, foot + 8.0, on.say("pictures.kernel_stick.answers", n=n), CAPTION, anchor="start", bold=True)
    on.text(right, foot + 11.6, on.say("pictures.kernel_stick.places"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.kernel_stick.said", tokens=listed(tokens), n=d, weights=listed(weights)),
        on.say("pictures.kernel_stick.to_do"),
        on.say("pictures.kernel_stick.key", tokens=listed(tokens[1:])),
    )


def _cubes(on: Canvas, left: float, values: Sequence[Any], front: str, side: str) -> None:
    """A stack of cubes, with a number on the front of each."""
    dx, dy = BACK
    right = left + CUBE
    top = ((left, STACK), (left + dx, STACK + dy), (right + dx, STACK + dy), (right, STACK))
    on.line(*top, closed=True, fill=side, width=AXIS)
    for k, value in enumerate(values):
        y = STACK + CUBE * k
        flank = ((right, y), (right + dx, y + dy), (right + dx, y + CUBE + dy), (right, y + CUBE))
        on.line(*flank, closed=True, fill=side, width=AXIS)
        on.box(left, y, CUBE, CUBE, fill=front, width=AXIS)
        on.number(left + CUBE / 2, y + CUBE / 2, value, 3.4)
