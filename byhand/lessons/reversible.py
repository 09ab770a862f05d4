"""There and back again: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import distinct, grid, point_apart
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import only
from byhand.ops.linear import add, matmul, relu, subtract
from byhand.pictures.canvas import CAPTION, GREY, Canvas
from byhand.pictures.labels import words
from byhand.pictures.names import beside
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("reversible", part="heads")
def _steps(build: Builder) -> Results:
    """A reversible block, whose halves are both the word `x` at first: y₁ = x + F(x), which is also what an ordinary
    block makes of it, and y₂ = x + G(y₁). And both halves of another word, from its `back.y1` and `back.y2`.

    Source: Gomez et al. 2017; Kitaev, Kaiser & Levskaya 2020, section 3.
    """
    x, y1, y2 = (
        build.matrix(name, (axis, "d_model")) for name, axis in (("x", "pos"), ("back.y1", ""), ("back.y2", ""))
    )
    weights = {letter: build.matrix(f"W_{letter.upper()}", ("d_model", "d_model")) for letter in "fg"}

    def network(letter: str, of: Matrix, at: str = "") -> Matrix:
        return relu(matmul(of, weights[letter], name=f"{at}{letter}_pre"), name=f"{at}{letter}")

    first = add(x, network("f", x), name="y1")
    second = add(x, network("g", first), name="y2")
    x2 = subtract(y2, network("g", y1, "back."), name="back.x2")
    return second, subtract(y1, network("f", x2, "back."), name="back.x1")


# ---- the same, written down a second time ----


@wiring("reversible")
def _second(w: Wiring) -> None:
    """Equations 6 to 9 of Gomez et al. 2017, with one matrix and ReLU for each function."""

    def function(letter: str, of: str, at: str = "") -> str:
        return w(f"{at}{letter}", "relu", w(f"{at}{letter}_pre", "matmul", of, f"W_{letter.upper()}"))

    w("y2", "add", "x", function("g", w("y1", "add", "x", function("f", "x"))))
    x2 = w("back.x2", "subtract", "back.y2", function("g", "back.y1", "back."))
    w("back.x1", "subtract", "back.y1", function("f", x2, "back."))


# ---- its numbers ----

REACH, FAR, LARGEST = 3, 4, 6  # the largest number of a word, of a result, and before ReLU, in absolute value


def _weights(cases: Ints) -> Ints:
    """Only weights (count, 2, 2) with few zeros, of which the transposed are others, and no row is a multiple."""
    fits = ((cases != 0).sum((1, 2)) > 2) & (cases[:, 0, 1] != cases[:, 1, 0]) & point_apart(cases)
    return only(cases, fits)


@cache
def _that_meet() -> Ints:
    """All weights and pairs of words that come out of x + F(x) alike, in small numbers, and elsewhere than they were:
    (count, 4, 2).
    """
    points = grid(2, REACH)
    w = _weights(grid(4, 2).reshape(-1, 2, 2))
    w = w[np.unique(w.reshape(-1, 4), axis=0, return_index=True)[1]]
    sums = points @ w  # (weights, points, 2)
    results = points + np.maximum(sums, 0)
    fits = (abs(sums) <= LARGEST).all(2) & (abs(results) <= FAR).all(2) & results.any(2)
    alike = (results[:, :, None] == results[:, None]).all(3) & fits[:, :, None] & fits[:, None]
    which, one, other = np.nonzero(alike & (np.arange(len(points))[:, None] != np.arange(len(points))))
    cases = np.concatenate((w[which], points[one][:, None], points[other][:, None]), 1)
    is_cut = (sums[which, one] < 0).any(1) | (sums[which, other] < 0).any(1)
    ends = results[which, one]
    is_clear = (cases[:, 2] != cases[:, 3]).all(1) & (cases[:, 2:] != ends[:, None]).any(2).all(1)
    return np.asarray(cases[is_cut & is_clear & point_apart(cases[:, 2:])])


def _all_are_small(run: Candidates) -> Bools:
    """Both ways, numbers are small, and ReLU cuts off one of two on the way back; the second half is moved."""
    ok: Bools = np.ones(run.count, dtype=bool)
    for name, most in (("g_pre", LARGEST), ("y2", FAR), ("back.g_pre", LARGEST), ("back.f_pre", LARGEST)):
        ok &= (abs(run(name)) <= most).all((1, 2))
    for name in ("back.y1", "back.y2"):
        ok &= (abs(run(name)) <= FAR + 1).all((1, 2)) & run(name).any((1, 2))
    ok &= run("g").any((1, 2)) & ((run("back.f_pre") > 0).sum((1, 2)) == 1) & run("back.g").any((1, 2))
    words = np.concatenate((run("x"), run("back.x1")), 1)
    return ok & distinct(words) & run("back.x1").all((1, 2))


@draw("reversible", like_sheet=True, requires=[exactly(2, d_model=2)], fits=[_all_are_small])
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Two words that come out of an ordinary block alike; a second matrix; and what comes out for a third word."""
    cases = dice.choices(_that_meet(), count)  # (count, 4, 2)
    w_f, w_g = cases[:, :2], _weights(dice.below(5, count, 2, 2) - 2)
    word = dice.choices(grid(2, REACH), count, 1)
    y1 = word + np.maximum(word @ w_f, 0)
    return {
        "x": cases[:, 2:], "W_F": w_f, "W_G": w_g, "back.y1": y1, "back.y2": word + np.maximum(y1 @ w_g, 0)
    }  # fmt: skip


@sheet_promise
def two_words_meet_and_part(tape: Tape) -> bool:
    """Two words come out of the ordinary block, y₁, alike, and their second halves, y₂, differ. The third word is
    found twice, as both of its halves, and not by the wrong order. ReLU cuts off something both ways, but not all.
    """
    x, y1, y2 = map(tape.values, ("x", "y1", "y2"))
    (found,), (other,) = tape.values("back.x1"), tape.values("back.x2")
    early = [
        sum(a * b for a, b in zip(tape.values("back.y2")[0], column, strict=True))
        for column in zip(*tape.values("W_F"), strict=True)
    ]
    wrong_order = tuple(max(0, z) for z in early) != tape.values("back.f")[0]
    cuts = all(
        any(z < 0 for row in tape.values(f"{at}_pre") for z in row) and any(map(any, tape.values(at)))
        for at in ("f", "back.f")
    )
    meet = x[0] != x[1] and y1[0] == y1[1] and y2[0] != y2[1] and any(tape.values("g")[0])
    return meet and found == other and found not in x and wrong_order and cuts


# ---- its mistakes ----


@mistake(
    told="A reversible block undone in the order in which it was computed.",
    mend="Begin with what came last: x₂ first, and with x₂ then x₁.",
    after="gate-on-wrong-side",
)
def inverse_order(step: Step, tape: Tape) -> Iterable[Step]:
    """The first half is found with the second half of the result."""
    return [replace(step, inputs=("back.y2", step.inputs[1])) if step.name == "back.f_pre" else step]


@mistake(
    told="Both halves changed at once: G was given the old half.",
    mend="Change one half after the other: G is given y₁, which is done.",
    after="gate-on-wrong-side",
)
def both_halves_at_once(step: Step, tape: Tape) -> Iterable[Step]:
    """The second half is changed by what the first half was."""
    old = step.name == "g_pre" and step.inputs == ("y1", "W_G")
    return [replace(step, inputs=("x", "W_G")) if old else step]


# ---- its picture ----

UNIT, PLANE = 2.75, 44.0  # mm: of a plane; from one plane to the next


@picture(height=29.5, minutes=2)
def one_arrow_for_all(on: Canvas, x: Rows, y1: Rows, y2: Rows, *, tokens: list[str]) -> None:
    """Two words as points in two planes: in one they meet, in the other both move by the same arrow."""
    rows = [[tuple(map(float, row)) for row in each] for each in (x, y1, y2)]
    if len(x) != 2 or any(len(row) != 2 or max(map(abs, row)) > FAR for each in rows for row in each):
        raise UndrawableError("two words of two numbers from −4 to 4")
    halves = [words(word, CAPTION).width / 2 for word in tokens]
    for plane, (ends, name) in enumerate(((rows[1], "y_1"), (rows[2], "y_2"))):
        left = 2.0 + PLANE * plane

        def at(point: Any, left: float = left) -> tuple[float, float]:
            return left + UNIT * (float(point[0]) + FAR), 7.0 + UNIT * (FAR - float(point[1]))

        on.plane(at, (-FAR, -FAR), (FAR, FAR))
        on.math(left + UNIT * FAR, 4.4, rf"x \to {name}", colour=GREY)
        dots, arrows = [*map(at, rows[0])], [(at(start), at(end)) for start, end in zip(rows[0], ends, strict=True)]
        bounds = (left, 7.0, left + 2 * UNIT * FAR, 7.0 + 2 * UNIT * FAR)
        for dot, spot, word in zip(dots, beside(dots, halves, arrows, bounds, arrows), tokens, strict=True):
            on.disc(*dot)
            on.text(*spot, word, CAPTION)
        for start, end in arrows:
            on.pen.arrow(start, end)
    on.said(
        on.say("pictures.one_arrow_for_all.said", one=tokens[0], other=tokens[1], x=listed(x[0]), x_2=listed(x[1])),
        on.say("pictures.one_arrow_for_all.to_do", one=tokens[0], other=tokens[1]),
        on.say("pictures.one_arrow_for_all.key", y=listed(y1[1]), y_1=listed(y2[0]), y_2=listed(y2[1])),
    )  # fmt: skip
