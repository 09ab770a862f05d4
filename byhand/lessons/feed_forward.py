"""The feed-forward network: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

from byhand.notation.text import listed
from byhand.numbers.promises import sheet_promise, transposed
from byhand.pictures.canvas import CAPTION, FRAME, GREY, TOKEN, WHITE, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape

# ---- its numbers ----


@sheet_promise
def tokens_wake_different_neurons(tape: Tape) -> bool:
    """Every token wakes other neurons than the others do, one at least, and none wakes all; no neuron answers every
    token. Of those that the first one wakes, two at least, no other token wakes all, but one wakes some.
    """
    rows = tape.values("blocks.0.mlp.hook_post")
    first, *others = awake = [{j for j, x in enumerate(row) if x > 0} for row in rows]
    differ = all(one != other for one, other in combinations(awake, 2))
    shared = [len(first & other) for other in others]
    some = all(0 < len(each) < len(rows[0]) for each in awake) and not set.intersection(*awake)
    return differ and some and 0 < max(shared) < len(first)


@sheet_promise
def neurons_need_different_steps(tape: Tape) -> bool:
    """By how much the bias of a neuron has to grow, for it to answer every token, differs from neuron to neuron."""
    lowest = [min(numbers) for numbers in transposed(tape.values("blocks.0.mlp.hook_pre"))]
    return len({*lowest}) > 1


# ---- its picture ----

MACHINE, PITCH, HIGH, TOP = 30.0, 36.0, 19.4, 6.6  # mm: the width of a machine, its pitch and height, its upper edge
WEIGHT = "#c4c4c4"


@picture(height=42, minutes=2, width=104, target=3.5)
def same_machine(on: Canvas, x: Rows, post: Rows, *, tokens: Sequence[str], given: int = 0) -> None:
    """The network stands at every token, with the same weights and other neurons awake; no line leads from one token
    to another.

    given: the number of first tokens whose neurons are printed; the first one's are in any case.
    """
    n, d, hidden = len(x), len(x[0]), len(post[0])
    if n != 3 or d > 4 or not 4 <= hidden <= 8:
        raise UndrawableError("three tokens of up to four numbers have room")
    middle, foot = TOP + HIGH / 2, TOP + HIGH
    radius = min(1.75, 0.36 * MACHINE / (hidden - 1))
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
            on.disc(neuron, middle, radius, fill=WHITE, width=0.35, colour=on.ink)
            if value > 0:
                pen.disc(neuron, middle, radius)
        for k, end in enumerate(inner):
            on.number(end, foot + 2.6, x[token][k], 3.4)
            on.arrow((end, TOP), (end, TOP - 5.4), width=0.35)
        on.text(left + MACHINE / 2, foot + 7.6, tokens[token], TOKEN)
    ask = on.say("pictures.same_machine.ask", one=tokens[0], other=tokens[1])
    on.text(0.0, foot + 13.4, ask, CAPTION, anchor="start", colour=GREY)
    on.answer_line(50.0, foot + 13.8, 34.0, on.say("pictures.same_machine.none"), CAPTION)
    awake = [listed(k + 1 for k, value in enumerate(row) if value > 0) for row in post]
    speak = [on.say("pictures.same_machine.speak", token=tokens[k], awake=awake[k]) for k in range(n)]
    on.said(
        " ".join(
            (
                on.say("pictures.same_machine.said", n=d, hidden=hidden, tokens=listed(tokens)),
                *speak[: max(1, given)],
            )
        ),
        on.say("pictures.same_machine.to_do", silent=listed(tokens[max(1, given) :])),
        " ".join(speak[max(1, given) :]),
    )
