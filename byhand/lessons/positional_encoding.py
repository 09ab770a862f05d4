"""Positional encoding: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, pi, sin
from typing import Any

from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.layers import waves
from byhand.model.names import RESID_PRE
from byhand.model.registry import model
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Dice
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries
from byhand.numbers.shuffled import drawn
from byhand.ops.linear import add, matmul
from byhand.ops.positions import sinusoid, turns
from byhand.pictures.canvas import CAPTION, GREY, GUIDE, PALE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

QUARTER = [[0, -1], [1, 0]]  # takes the sine and the cosine of an angle to those of a quarter turn more

# ---- the model ----


@model("positional-encoding", part="embed", only={"positional_embedding_type": ("sinusoidal",)})
def _steps(build: Builder) -> Matrix:
    """Sines and cosines for each position, and their sum with `hook_embed` where it is given.

    If periods are given, the turns of each pair of dimensions are computed, and if `aside.turn` is, the second hand
    at each position, and that times it; all only when requested.
    """
    periods = build.config.sinusoidal_periods
    if periods:
        turns(name="turns", tape=build.tape, sizes={"i": (build.positions, "pos"), "j": (len(periods), "pair")},
              periods=periods)  # fmt: skip
    places = waves(build.tape, build.config, build.positions)
    if "aside.turn" in build.tape.numbers and periods[1:]:
        hand = sinusoid(
            name="aside.hand", tape=build.tape, sizes={"i": (build.positions, "pos"), "j": (2, "entry")}, width=2,
            periods=periods[1:2], places=build.config.sinusoidal_places,
        )  # fmt: skip
        matmul(hand, build.matrix("aside.turn", ("entry", "entry"), fixed=True), name="aside.turned")
    if "hook_embed" not in build.tape.numbers:
        return places
    return add(build.stream("hook_embed"), places, name=RESID_PRE)


# ---- the same, written down a second time ----


@wiring("positional-encoding")
def _second(w: Wiring) -> None:
    """Sines and cosines, added to the words; and the turns that they are of; and all of them turned on."""
    count, periods = w.shapes["hook_pos_embed"][0], w.config["sinusoidal_periods"]
    w(STREAM, "add", "hook_embed", w.waves("hook_pos_embed", count))
    if "aside.turn" in w.given and periods[1:]:
        places = w.config["sinusoidal_places"]
        w("aside.hand", "sinusoid", shape=(count, 2), width=2, periods=periods[1:2], places=places)
        w("aside.turned", "matmul", "aside.hand", "aside.turn")
    w("turns", "turns", shape=(count, len(periods)), periods=periods)


# ---- its numbers ----


@drawn("positional-encoding")
def _turn(dice: Dice) -> Entries:
    """The matrix that turns the second hand by a quarter, which is the same for every seed."""
    return {"aside.turn": QUARTER}


@sheet_promise
def positions_tell_in_every_dimension(tape: Tape) -> bool:
    """No dimension of the positions is the same everywhere."""
    return all(len({*column}) > 1 for column in zip(*tape.values("hook_pos_embed"), strict=True))


# ---- its mistake ----


@mistake(
    told="The hands of the pairs exchanged: the first pair turns as the last should.",
    mend="Give the first pair the hand that turns fastest, and each pair after it a slower one.",
    after="position-for-dimension",
)
def hands_exchanged(step: Step, tape: Tape) -> Iterable[Step]:
    """The pairs of dimensions have the periods in the opposite order; only where periods are given."""
    periods = step.params.get("periods") if step.op is sinusoid else None
    return [replace(step, params={**step.params, "periods": (*periods,)[::-1]}) if periods else step]


# ---- its picture ----

HAND = 5.6  # the radius of a dial
EIGHTHS = 8  # ticks of a dial


@picture(height=36, minutes=2, target=2 * HAND)
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
        dict(zip(("first", "second"), (", ".join(hand[part]) for hand in hands), strict=True))
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
