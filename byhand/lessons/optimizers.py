"""Three rules that make steps of gradients: their steps, written down twice, their numbers, mistakes and picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain, pairwise
from math import ceil, floor
from typing import Any

import numpy as np

from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Dice
from byhand.numbers.draw import draw
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task
from byhand.ops.linear import HALF, add, blend, multiply, quotient, subtract, times_number
from byhand.ops.norms import root
from byhand.pictures.canvas import CAPTION, GREY, SMALLEST, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

RATE, ADAM_RATE = HALF, 3  # the learning rates: of SGD and momentum, and of Adam
KEEP = HALF  # of what each memory holds, at the next step
DECAY = Fraction(1, 4)  # of a weight, which AdamW takes away in a step: its learning rate times λ
HELD = (1 - KEEP, 1 - KEEP**2)  # how much of the gradients a memory of Adam holds after one step, and after two

# ---- the model ----


@model("optimizers")
def _steps(build: Builder) -> Results:
    """Two steps of SGD, momentum and Adam from the same weights and gradients, and the first one of AdamW.

    Source: Kingma & Ba 2015, with ε = 0; Loshchilov & Hutter 2019; momentum as PyTorch has it.
    """
    weight, one, two = (build.matrix(name, ("weight", "")) for name in ("w", "gradient1", "gradient2"))
    sgd = _after(weight, one, "sgd", 1, RATE)
    kept = times_number(one, name="momentum.kept", by=KEEP)
    velocity = add(kept, two, name="momentum.u2")
    mean = times_number(one, name="adam.m1", by=1 - KEEP)
    square = times_number(multiply(one, one, name="adam.squared1"), name="adam.v1", by=1 - KEEP)
    first = _ratio(mean, square, 1)
    adam = _after(weight, first, "adam", 1, ADAM_RATE)
    mean = blend(mean, two, name="adam.m2", keep=KEEP, take=1 - KEEP)
    square = blend(square, multiply(two, two, name="adam.squared2"), name="adam.v2", keep=KEEP, take=1 - KEEP)
    decayed = times_number(weight, name="adamw.decayed", by=1 - DECAY)
    return (
        _after(sgd, two, "sgd", 2, RATE),
        _after(sgd, velocity, "momentum", 2, RATE),
        _after(adam, _ratio(mean, square, 2), "adam", 2, ADAM_RATE),
        subtract(decayed, build.tape["adam.step1"], name="adamw.w1"),
    )


def _ratio(mean: Matrix, square: Matrix, t: int) -> Matrix:
    """The corrected mean of the gradients over the root of the corrected mean of their squares, after t steps."""
    by = 1 / HELD[t - 1]
    corrected = times_number(mean, name=f"adam.m_corrected{t}", by=by)
    squares = times_number(square, name=f"adam.v_corrected{t}", by=by)
    return quotient(corrected, root(squares, name=f"adam.root{t}"), name=f"adam.ratio{t}")


def _after(weight: Matrix, direction: Matrix, rule: str, t: int, rate: Fraction | int) -> Matrix:
    """The weights after a step: less the learning rate times where the rule says that the loss grows."""
    step = times_number(direction, name=f"{rule}.step{t}", by=rate)
    return subtract(weight, step, name=f"{rule}.w{t}")


# ---- the same, written down a second time ----


@wiring("optimizers")
def _second(w: Wiring) -> None:
    half, g = "1/2", ("gradient1", "gradient2")
    for t, before in ((1, "w"), (2, "sgd.w1")):
        w(f"sgd.w{t}", "subtract", before, w(f"sgd.step{t}", "times_number", g[t - 1], by=half))
    w("momentum.u2", "add", w("momentum.kept", "times_number", g[0], by=half), g[1])
    w("momentum.w2", "subtract", "sgd.w1", w("momentum.step2", "times_number", "momentum.u2", by=half))
    squares = [w(f"adam.squared{t}", "multiply", g[t - 1], g[t - 1]) for t in (1, 2)]
    for letter, new in (("m", g), ("v", squares)):
        w(f"adam.{letter}1", "times_number", new[0], by=half)
        w(f"adam.{letter}2", "blend", f"adam.{letter}1", new[1], keep=half, take=half)
    for t, by, before in ((1, 2, "w"), (2, "4/3", "adam.w1")):
        m, v = (w(f"adam.{x}_corrected{t}", "times_number", f"adam.{x}{t}", by=by) for x in "mv")
        ratio = w(f"adam.ratio{t}", "quotient", m, w(f"adam.root{t}", "root", v))
        w(f"adam.w{t}", "subtract", before, w(f"adam.step{t}", "times_number", ratio, by=3))
    w("adamw.w1", "subtract", w("adamw.decayed", "times_number", "w", by="3/4"), "adam.step1")


# ---- its numbers ----

QUIET = (2, 4)  # how large the gradient of the second weight is in both steps: it stays as it is
LOUD = (5, -1)  # how many times that the gradients of the first weight are: it turns, and is as large in step 2
STARTS = (-8, -6, -4, -2, 2, 4, 6, 8)  # where a weight may begin
SIGNS = (1, -1)
SETS = 300  # of numbers, for a class


def _has_two_weights(task: Task) -> str:
    return "" if len(task.values.inputs["w"]) == len(SIGNS) else "numbers are chosen for two weights"


@draw("optimizers", like_sheet=True, sets=("inputs", SETS), requires=[_has_two_weights], count=100)
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Two weights that begin anywhere: the gradient of one is loud and turns, the other’s is quiet and stays."""
    size = QUIET[dice.one_below(len(QUIET))]  # of all candidates, so that the smaller one is drawn as often
    loud, quiet = (size * np.array(SIGNS)[dice.below(2, count, 1, 1)] for _ in range(2))
    return {
        "w": np.array(STARTS)[dice.below(len(STARTS), count, 2, 1)],
        "gradient1": np.concatenate((loud * LOUD[0], quiet), 1),
        "gradient2": np.concatenate((loud * LOUD[1], quiet), 1),
    }


@sheet_promise
def loud_and_quiet_weights(tape: Tape) -> bool:
    """The first weight has the louder gradient, which turns, and is in the second step as large as that of the other,
    which stays the same. Adam moves both by its whole rate in its first step, and in the second the quiet one three
    times as far.
    """
    (loud, quiet), (turned, same) = (_column(tape, name) for name in ("gradient1", "gradient2"))
    first, second = ([abs(x) for x in _column(tape, f"adam.ratio{t}")] for t in (1, 2))
    has_turned = loud * turned < 0 and loud * _column(tape, "momentum.u2")[0] > 0
    is_louder = abs(loud) == 5 * abs(quiet) and abs(turned) == abs(same)
    return bool(is_louder and has_turned and quiet == same and first == [1, 1] and second == [Fraction(1, 3), 1])


def _column(tape: Tape, name: str) -> list[Any]:
    return [x for (x,) in tape.values(name)]


# ---- its mistakes ----


@mistake(
    told="The memories of Adam were not corrected, although they began at 0.",
    mend="Divide each memory by the share of gradients that it holds by now: 1 − β after one step, 1 − β² after two.",
    after="step-before-gradient",
)
def no_bias_correction(step: Step, tape: Tape) -> Iterable[Step]:
    """The memories of Adam are used as they are, and so are too near to 0 in the first steps."""
    return [skipped(step) if "_corrected" in step.name else step]


@mistake(
    told="Divided by the mean of the squares, not by its root.",
    mend="Take the root first: a square is not as large as its gradient, and divided by it, loud weights move least.",
    after="step-before-gradient",
)
def adam_without_root(step: Step, tape: Tape) -> Iterable[Step]:
    """Adam divides by the mean of the squares of the gradients, not by its root."""
    return [skipped(step) if step.name.startswith("adam.root") else step]


@mistake(
    told="The decay was added to the gradient, where Adam divides it away.",
    mend="Take the decay from the weight itself, before the step.",
    after="step-before-gradient",
)
def decay_in_gradient(step: Step, tape: Tape) -> Iterable[Step]:
    """The decay is part of the gradient, of which the first step of Adam keeps only the sign: it has no effect."""
    return [skipped(step) if step.name == "adamw.decayed" else step]


# ---- its picture ----

WIDE, LEFT, APART, RIGHT = 174.0, 7.0, 15.0, 8.0  # mm: of the picture, before the first plane, between two, and after
# the last one
LEAST_UNIT, NARROW = 1.9, 3.0  # mm: a step of 1 that is shorter is hard to draw; has no room for every second tick
HEAD_AT, TOP, TALL, UNDER = 3.4, 5.4, 31.0, 2.4  # mm: where heads stand, where planes begin, how high, and ticks


@picture(height=40, minutes=4, width=WIDE)
def paths(on: Canvas, start: Rows, *after: Rows, weights: Sequence[str], drawn: Sequence[int]) -> None:
    """The ways of two weights by SGD, momentum and Adam, each in a plane of its own. The key has what is not drawn.

    after: the weights after each of the two steps, rule by rule. drawn: how many steps of each rule are drawn.
    """
    rules = [on.say(f"pictures.paths.{rule}") for rule in ("sgd", "momentum", "adam")]
    ways = [[start, *after[at : at + 2]] for at in range(0, len(after), 2)]
    points = [[(float(x), float(y)) for (x,), (y,) in way] for way in ways]
    xs, ys = zip(*chain(*points), strict=True)
    low, high = (floor(min(xs)) - 1, floor(min(ys)) - 1), (ceil(max(xs)) + 1, ceil(max(ys)) + 1)  # none at an edge
    across = (WIDE - LEFT - RIGHT - APART * (len(ways) - 1)) / len(ways)
    unit = min(across / (high[0] - low[0]), TALL / (high[1] - low[1]))
    if unit < LEAST_UNIT:
        raise UndrawableError("weights that move up to twenty units have room")
    low = low[0], high[1] - int(TALL / unit + 0.01)  # as high as there is room
    bottom, first = TOP + unit * (high[1] - low[1]), LEFT + (across - unit * (high[0] - low[0])) / 2
    for n, (rule, way) in enumerate(zip(rules, points, strict=True)):
        left = first + n * (across + APART)

        def at(point: tuple[float, float], left: float = left) -> tuple[float, float]:
            return left + unit * (point[0] - low[0]), bottom - unit * (point[1] - low[1])

        on.plane(at, low, high)
        on.text((at(low)[0] + at(high)[0]) / 2, HEAD_AT, rule, TOKEN, bold=True)
        for x in _ticks(low[0], high[0], 2 if unit > NARROW else 4):
            on.number(at((x, 0))[0], bottom + UNDER, x, SMALLEST, colour=GREY)
        for y in _ticks(low[1], high[1], 2):
            on.number(left - 1.4, at((0, y))[1], y, SMALLEST, anchor="end", colour=GREY)
        on.text(at((high[0], 0))[0] + 2.4, bottom + UNDER + 0.8, weights[0], CAPTION, anchor="start", colour=GREY)
        for k, (one, other) in enumerate(pairwise(way)):
            (on if k < drawn[n] else on.pen).arrow(at(one), at(other))
        on.disc(*at(way[0]))
        on.text(left - 0.8, HEAD_AT, weights[1], CAPTION, anchor="end", colour=GREY)
    told = [[_spoken(point) for point in way] for way in ways]
    planes = on.say("pictures.paths.said", across=weights[0], up=weights[1], rules=", ".join(rules))
    printed = [_way(on, rule, way[: 1 + count]) for rule, way, count in zip(rules, told, drawn, strict=True)]
    whole = [_way(on, rule, way) for rule, way in zip(rules, told, strict=True)]
    on.said(planes, f"{' '.join(printed)} {on.say('pictures.paths.to_do')}", " ".join(whole))


def _ticks(low: int, high: int, apart: int) -> range:
    """The multiples of a number between two others."""
    return range(low + -low % apart, high + 1, apart)


def _spoken(point: Rows) -> str:
    """A point as its two coordinates."""
    return f"({listed([x for (x,) in point])})"


def _way(on: Canvas, rule: str, points: Sequence[str]) -> str:
    """The points of a way, in words."""
    return on.say("pictures.paths.way", rule=rule, points=" → ".join(points))
