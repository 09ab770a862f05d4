"""The dot product: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from byhand.model.builder import Builder
from byhand.model.registry import Results, model
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Dice
from byhand.numbers.promises import only_in_pictures, sheet_promise
from byhand.numbers.registry import Entries
from byhand.numbers.shuffled import drawn
from byhand.ops.attention import normalize_columns
from byhand.ops.linear import dot_rows, multiply, row_dots
from byhand.ops.norms import root
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, GUIDE, PALE, TOKEN, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("dot-product", part="heads")
def _steps(build: Builder) -> Results:
    """The dot product of each row of `u` with the same row of `v`; of `p` and `q`, and of `r` and `s`, where they are
    given. Of arrows `v2`, where these are given, the dot products with an arrow `u2`, and their shadows on its line.

    The products entry by entry are computed only when requested.
    """
    u, v = (build.matrix(name, ("row", "entry")) for name in ("u", "v"))
    multiply(u, v, name="elementwise")
    dots: Results = (row_dots(u, v, name="dot"),)
    for one, other, axis in (("p", "q", "row"), ("r", "s", "")):
        if one in build.tape.numbers:
            pair = (build.matrix(name, (axis, "entry")) for name in (one, other))
            dots = (*dots, row_dots(*pair, name=one + other))
    if "u2" not in build.tape.numbers:
        return dots
    line, arrows = build.matrix("u2", ("", "place")), build.matrix("v2", ("arrow", "place"))
    length = root(row_dots(line, line, name="shadow.square"), name="shadow.length")  # (1, 1)
    along = dot_rows(arrows, line, name="shadow.dot")  # (arrow, 1)
    return *dots, normalize_columns(along, length, name="shadow")


# ---- the same, written down a second time ----


@wiring("dot-product")
def _second(w: Wiring) -> None:
    w("elementwise", "multiply", "u", "v")
    w("dot", "row_dots", "u", "v")
    w("pq", "row_dots", "p", "q")
    w("rs", "row_dots", "r", "s")
    length = w("shadow.length", "root", w("shadow.square", "row_dots", "u2", "u2"))
    w("shadow", "normalize_columns", w("shadow.dot", "dot_rows", "v2", "u2"), length)


# ---- its numbers ----

only_in_pictures("shadow")


@drawn("dot-product")
def _arrows_and_a_line(dice: Dice) -> Entries:
    """An arrow of length 5, and three others with whole shadows: first one against it, then, in either order, one
    ahead of it and one at a right angle.
    """
    line = dice.choices(np.array([(x, y) for x, y in product((-4, -3, 3, 4), repeat=2) if x * x + y * y == 25]), 1)[0]
    tips = np.array(list(product(range(-4, 5), repeat=2)))
    along, across = tips @ line, tips @ (line[1], -line[0])
    fit = (along % 5 == 0) & (across != 0) & (abs(tips).max(1) > 1)
    behind, *others = (dice.choices(tips[fit & side], 1)[0] for side in (along < 0, along == 0, along > 0))
    chosen = [behind, *(others[k] for k in dice.permutation(2))]
    return {"u2": [line.tolist()], "v2": [tip.tolist() for tip in chosen]}


@sheet_promise
def shadows_are_whole(tape: Tape) -> bool:
    """The arrow u is 5 long. Of the three others, one has a positive dot product with it, one 0, one a negative one,
    the first of them, all multiples of 5; none lies on its line, and all fit into a square of 4 each way.
    """
    (line,), arrows = tape.values("u2"), tape.values("v2")
    dots = [x for (x,) in tape.values("shadow.dot")]
    fits = all(max(abs(x), abs(y)) <= 4 and x * line[1] != y * line[0] for x, y in arrows)
    return fits and tape.values("shadow.length") == ((5,),) and {(x > 0) - (x < 0) for x in dots} == {1, 0, -1} and (
        dots[0] < 0 and all(x % 5 == 0 for x in dots)
    )  # fmt: skip


@sheet_promise
def one_number_leaves_no_trace(tape: Tape) -> bool:
    """In the first row of p just one number is 0: its partner in q counts for nothing."""
    return tape.values("p")[0].count(0) == 1


# ---- its picture ----

UNIT, MIDDLE, REACH = 4.9, (20.6, 22.4), 4  # mm: of the grid; its middle; how many units it has each way


@picture(height=45, minutes=3)
def shadow(on: Canvas, line: Rows, arrows: Rows, length: Rows, dots: Rows, shadows: Rows) -> None:
    """The dot product is a shadow on the line of an arrow, as long as the two agree, times the arrow's length."""
    (w,), ((long,),) = line, length
    if len(arrows) != 3 or any(abs(x) > REACH for arrow in (w, *arrows) for x in arrow):
        raise UndrawableError("three arrows have room, of up to four units each way")

    def at(arrow: Sequence[Any], times: float = 1.0) -> tuple[float, float]:
        return MIDDLE[0] + UNIT * float(arrow[0]) * times, MIDDLE[1] - UNIT * float(arrow[1]) * times

    on.plane(at, (-REACH, -REACH), (REACH, REACH))
    on.line(at(w, -1.0), MIDDLE, width=GUIDE, colour=PALE, dash=DASH)
    for mark in range(-int(long), int(long) + 1):  # the units of a shadow
        (x, y), across = at(w, mark / float(long)), (0.7 * float(w[1] / long), 0.7 * float(w[0] / long))
        on.line((x - across[0], y - across[1]), (x + across[0], y + across[1]), width=AXIS)
    for k, (arrow, (length_of,), name) in enumerate(zip(arrows, shadows, "abc", strict=True)):
        layer: Layer = on.pen if k else on
        foot = at(w, float(length_of) / float(long))
        layer.line(MIDDLE, foot, width=1.1, colour="" if k else PALE)
        layer.line(at(arrow), foot, width=AXIS, dash=DASH)
        layer.arrow(MIDDLE, at(arrow))
        _name(layer, at(arrow), arrow, name)
    on.arrow(MIDDLE, at(w))
    _name(on, at(w), w, "w")
    on.disc(*MIDDLE, 0.6)
    for x, name in ((54.5, "shadow"), (66.5, "length"), (78.5, "dot")):
        if name == "length":
            on.math(x, 4.0, "|w|", TOKEN)
        else:
            on.text(x, 4.0, on.say(f"pictures.shadow.{name}"), CAPTION, colour=GREY)
    for k, ((dot,), (length_of,), name) in enumerate(zip(dots, shadows, "abc", strict=True)):
        y = 9.5 + 9.6 * k
        on.math(46.5, y + 1.3, name)
        for x, value in ((54.5, length_of), (78.5, dot)):
            if k:
                on.blank(x, y, value)
            else:
                on.number(x, y, value)
        for x, sign in ((60.5, "·"), (72.5, "=")):
            on.number(x, y, sign)
        on.number(66.5, y, long)
    tips = [f"({listed(arrow)})" for arrow in arrows]
    texts = [(value_text(length_of), value_text(dot)) for (length_of,), (dot,) in zip(shadows, dots, strict=True)]
    on.said(
        on.say("pictures.shadow.said", w=f"({listed(w)})", length=value_text(long), a=tips[0], shadow=texts[0][0],
               dot=texts[0][1]),
        on.say("pictures.shadow.to_do", b=tips[1], c=tips[2]),
        on.say("pictures.shadow.key", b=texts[1][0], b_dot=texts[1][1], c=texts[2][0], c_dot=texts[2][1]),
    )  # fmt: skip


def _name(on: Layer, tip: tuple[float, float], arrow: Sequence[Any], name: str) -> None:
    """The name of an arrow, beyond its tip."""
    right, up = (float(x) for x in arrow)
    size = max((right * right + up * up) ** 0.5, 1e-9)
    on.math(tip[0] + 2.3 * right / size, tip[1] - 2.3 * up / size + 1.2, name, TOKEN)
