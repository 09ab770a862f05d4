"""Pictures of products: of shapes, of two vectors, of two matrices, and of a layer of neurons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    DASH,
    GREY,
    GUIDE,
    HAIR,
    INK,
    LIGHT,
    PALE,
    PEN_AREA,
    STROKE,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
from byhand.pictures.registry import Rows, UndrawableError, picture

Shape = tuple[int, int]


# ---- shapes are dominoes ----

HALF, CORNER, ROUND = 6.2, 0.9, 1.3  # mm: half a domino, its corner, the room between two
PIP, APART = 0.62, 1.75  # mm: the radius of a pip, and its distance from the middle
PIPS = {
    2: ((-1, 1), (1, -1)), 3: ((-1, 1), (0, 0), (1, -1)), 4: ((-1, -1), (-1, 1), (1, -1), (1, 1)),
    5: ((-1, -1), (-1, 1), (0, 0), (1, -1), (1, 1)),
    6: ((-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)),
}  # fmt: skip
RESULT_AT = 59.5  # mm: the left edge of a result


@picture(height=35.4, minutes=1)
def dominoes(on: Canvas, *, n: int, d_head: int, d_v: int, transposed: bool = False) -> None:
    """The shapes of a product are dominoes: the halves that touch have to be equal, and the outer ones are left.

    n: the number of tokens. transposed: whether they are columns, so that the factors stand the other way round.
    """
    size = {"A": (2, 5), "B": (5, 3), "Q": (n, d_head), "K": (n, d_head), "V": (n, d_v)}  # A B: an example
    if not all(n in PIPS for shape in size.values() for n in shape):
        raise UndrawableError("a domino has two to six pips")
    rows = [["A", "B"], ["Q", "K"], ["Q", "turned", "V"]]
    size["turned"] = size["K"][::-1]
    if transposed:
        rows, size = [row[::-1] for row in rows], {name: shape[::-1] for name, shape in size.items()}
    told = [_chain(on, 3.6 + 12 * at, row, [size[name] for name in row], is_printed=not at)
            for at, row in enumerate(rows)]  # fmt: skip
    on.said(
        on.say("pictures.dominoes.said", chain=told[0]),
        on.say("pictures.dominoes.to_do"),
        on.say("pictures.dominoes.key", second=told[1], third=told[2]),
    )


def _chain(on: Canvas, y: float, names: Sequence[str], shapes: Sequence[Shape], is_printed: bool) -> str:
    """A row of dominoes and what is left of them; returns the same in words."""
    layer: Layer = on if is_printed else on.pen
    places = [0.25 + at * (2 * HALF + ROUND) for at in range(len(names))]
    said = []
    for left, name, shape in zip(places, names, shapes, strict=True):
        is_turned = name == "turned"
        label = on.say("pictures.dominoes.turned") if is_turned else f"{name} {_times(shape)}"
        on.text(left + HALF, y - 1.0, label, CAPTION, colour=INK)
        _domino(on, on.pen if is_turned else on, left, y, shape)
        said.append(f"{on.say('pictures.dominoes.turned_k') if is_turned else name} {_times(shape)}")
    joints = [one[1] == other[0] for one, other in pairwise(shapes)]
    for left, fits in zip(places, joints, strict=False):
        joint = left + 2 * HALF + ROUND / 2
        if fits:
            ends, low = (joint - HALF, joint + HALF), y + HALF + 0.6
            layer.line((ends[0], low), (ends[0], low + 0.9), (ends[1], low + 0.9), (ends[1], low), width=STROKE)
        else:
            for slope in (-1, 1):
                layer.line((joint - 1.6, y + HALF / 2 - 2.6 * slope), (joint + 1.6, y + HALF / 2 + 2.6 * slope),
                           width=STROKE)  # fmt: skip
    inner = shapes[0][1], shapes[1][0]
    verdict = on.say(f"pictures.dominoes.{'fits' if joints[0] else 'fails'}", one=inner[0], other=inner[1])
    after = places[-1] + 2 * HALF + 1.5
    if is_printed:
        on.text(after, y + 4.2, verdict, CAPTION + 0.2, anchor="start", colour=INK)
    elif len(names) == 2:
        on.answer_line(after, y + 5.2, 18, verdict, CAPTION)
    on.arrow((49.5, y + HALF / 2), (56.5, y + HALF / 2))
    result = (shapes[0][0], shapes[-1][1]) if all(joints) else None
    text = _times(result) if result else on.say("pictures.dominoes.none")
    _domino(on, layer if result else None, RESULT_AT, y, result or (2, 2))
    if not result:
        on.pen.hatch(RESULT_AT, y, 2 * HALF, HALF)
    if is_printed:
        on.text(RESULT_AT + 2 * HALF + 2, y + 4.2, text, TOKEN, anchor="start", colour=INK)
    else:
        on.answer_line(RESULT_AT + 2 * HALF + 1.5, y + 5.2, 10.4, text)
    name = "left" if result else "nothing"
    return on.say(f"pictures.dominoes.{name}", pieces=", ".join(said), verdict=verdict, result=text)


def _domino(on: Canvas, pips: Layer | None, x: float, y: float, shape: Shape) -> None:
    """A domino by its upper left corner. pips: the layer on which these are drawn; None for none."""
    on.box(x, y, 2 * HALF, HALF, rx=CORNER, width=BOX, fill=WHITE)
    on.line((x + HALF, y + 0.8), (x + HALF, y + HALF - 0.8), width=AXIS, colour=GREY)
    for at, n in enumerate(shape if pips else ()):
        for right, up in PIPS[n]:
            assert pips is not None
            pips.disc(x + HALF * (at + 0.5) + APART * right, y + HALF / 2 - APART * up, PIP)


def _times(shape: Shape) -> str:
    return f"{shape[0]} × {shape[1]}"


# ---- the dot product is a shadow ----

UNIT, MIDDLE, REACH = 4.9, (20.6, 22.4), 4  # mm: of the grid; its middle; how many units it has each way


@picture(height=45, minutes=3)
def shadow(on: Canvas, line: Rows, arrows: Rows, length: Rows, dots: Rows, shadows: Rows) -> None:
    """The dot product is a shadow on the line of an arrow, as long as the two agree, times the arrow's length."""
    (u,), ((long,),) = line, length
    if len(arrows) != 3 or any(abs(x) > REACH for arrow in (u, *arrows) for x in arrow):
        raise UndrawableError("three arrows have room, of up to four units each way")

    def at(arrow: Sequence[Any], times: float = 1.0) -> tuple[float, float]:
        return MIDDLE[0] + UNIT * float(arrow[0]) * times, MIDDLE[1] - UNIT * float(arrow[1]) * times

    on.plane(at, (-REACH, -REACH), (REACH, REACH))
    on.line(at(u, -1.0), MIDDLE, width=GUIDE, colour=PALE, dash=DASH)
    for mark in range(-int(long), int(long) + 1):  # the units of a shadow
        (x, y), across = at(u, mark / float(long)), (0.7 * float(u[1] / long), 0.7 * float(u[0] / long))
        on.line((x - across[0], y - across[1]), (x + across[0], y + across[1]), width=AXIS)
    for k, (arrow, (length_of,), name) in enumerate(zip(arrows, shadows, "abc", strict=True)):
        layer: Layer = on.pen if k else on
        foot = at(u, float(length_of) / float(long))
        layer.line(MIDDLE, foot, width=1.1, colour="" if k else PALE)
        layer.line(at(arrow), foot, width=AXIS, dash=DASH)
        layer.arrow(MIDDLE, at(arrow))
        _name(layer, at(arrow), arrow, name)
    on.arrow(MIDDLE, at(u))
    _name(on, at(u), u, "u")
    on.disc(*MIDDLE, 0.6)
    for x, name in ((54.5, "shadow"), (66.5, "length"), (78.5, "dot")):
        if name == "length":
            on.math(x, 4.0, "|u|", TOKEN)
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
    for k, name in enumerate(("along", "against")):
        on.text(46, 37.2 + 3.7 * k, on.say(f"pictures.shadow.{name}"), CAPTION, anchor="start", colour=GREY)
    tips = [f"({listed(arrow)})" for arrow in arrows]
    found = [(value_text(length_of), value_text(dot)) for (length_of,), (dot,) in zip(shadows, dots, strict=True)]
    on.said(
        on.say("pictures.shadow.said", u=f"({listed(u)})", length=value_text(long), a=tips[0], shadow=found[0][0],
               dot=found[0][1]),
        on.say("pictures.shadow.to_do", b=tips[1], c=tips[2]),
        on.say("pictures.shadow.key", b=found[1][0], b_dot=found[1][1], c=found[2][0], c_dot=found[2][1]),
    )  # fmt: skip


def _name(on: Layer, tip: tuple[float, float], arrow: Sequence[Any], name: str) -> None:
    """The name of an arrow, beyond its tip."""
    right, up = (float(x) for x in arrow)
    size = max((right * right + up * up) ** 0.5, 1e-9)
    on.math(tip[0] + 2.3 * right / size, tip[1] - 2.3 * up / size + 1.2, name, TOKEN)


# ---- a row meets a column; rows mix ----

CELL, PART = 3.8, 5.3  # mm: a cell of the small matrices; one of a row that is mixed
SMALL_LEFT, SMALL_UPPER, SMALL_GAP = 0.3, 9.6, 1.6  # mm: where the small matrices stand


@picture(width=106, height=43, minutes=2)
def mixed_rows(on: Canvas, a: Rows, b: Rows, c: Rows, *, transposed: bool = False) -> None:
    """A cell of a product reads one row and one column; a row of it is a mixture of the rows of the other factor. The
    first is mixed already, and the last is for the student.

    transposed: whether the page has rows as columns, and the factors the other way round.
    """
    n, k, m = len(a), len(b), len(b[0])
    if n < 2 or max(n, k, m) > 3:
        raise UndrawableError("matrices of up to three rows and columns have room")
    rows, cols = (m, n) if transposed else (n, m)
    crossing = SMALL_LEFT + k * CELL + SMALL_GAP, SMALL_UPPER + k * CELL + SMALL_GAP
    on.math(SMALL_LEFT + k * CELL / 2, crossing[1] - 1.4, "B" if transposed else "A")
    on.math(crossing[0] + cols * CELL / 2, SMALL_UPPER - 1.4, "A" if transposed else "B")
    on.math(crossing[0] + cols * CELL + 2.2, crossing[1] + rows * CELL / 2 + 1.2, "C")
    ring = (rows - 1, min(1, cols - 1))
    for layer, (i, j), fill, width in ((on, (0, 0), LIGHT, STROKE), (on.pen, ring, PEN_AREA, 0.4)):
        layer.box(SMALL_LEFT, crossing[1] + i * CELL, k * CELL, CELL, fill=fill, width=width)
        layer.box(crossing[0] + j * CELL, SMALL_UPPER, CELL, k * CELL, fill=fill, width=width)
    for x, y, down, across in (
        (SMALL_LEFT, crossing[1], rows, k), (crossing[0], SMALL_UPPER, k, cols), (*crossing, rows, cols),
    ):  # fmt: skip
        _empty_grid(on, x, y, down, across, CELL)
    for (i, j), fill in (((0, 0), INK), (ring, WHITE)):
        on.disc(crossing[0] + (j + 0.5) * CELL, crossing[1] + (i + 0.5) * CELL, 1.25, fill=fill, width=0.4)
    on.disc(1.2, 39.0, 1.0)
    on.text(3.2, 39.9, on.say("pictures.mixed_rows.read"), CAPTION, anchor="start", colour=GREY)
    on.disc(1.2, 42.0, 0.9, fill=WHITE, width=0.3)
    on.text(3.2, 42.9, on.say("pictures.mixed_rows.shade"), CAPTION, anchor="start", colour=GREY)
    kind = "columns" if transposed else "rows"
    for at, row in enumerate((0, n - 1)):
        _mixture(on, 36.0 + 37.0 * at, a[row], b, c[row], kind, row + 1, is_printed=not at)
    on.said(
        on.say(f"pictures.mixed_rows.said_{kind}", weights=listed(a[0]), row=listed(c[0])),
        on.say("pictures.mixed_rows.to_do"),
        on.say(
            f"pictures.mixed_rows.key_{kind}",
            i=ring[0] + 1,
            j=ring[1] + 1,
            n=n,
            weights=listed(a[-1]),
            row=listed(c[-1]),
        ),
    )


def _empty_grid(on: Layer, x: float, y: float, down: int, across: int, cell: float) -> None:
    """A grid without numbers, by its upper left corner."""
    for i in range(1, down):
        on.line((x, y + i * cell), (x + across * cell, y + i * cell), width=HAIR, colour=PALE)
    for j in range(1, across):
        on.line((x + j * cell, y), (x + j * cell, y + down * cell), width=HAIR, colour=PALE)
    on.box(x, y, across * cell, down * cell, width=BOX)


def _mixture(
    on: Canvas, x: float, weights: Sequence[Any], parts: Rows, total: Sequence[Any], kind: str, of: int,
    is_printed: bool,
) -> None:  # fmt: skip
    """Rows, each times its weight, and their sum below. x: of the weights' right edge. kind: "rows" or "columns".
    of: the number of the row that they make.
    """
    left, height = x + 13.6, 6.0
    on.text(left + PART * len(total) / 2, 6.0, on.say(f"pictures.mixed_rows.{kind}", n=of), CAPTION, colour=GREY)
    products = [[weight * value for value in part] for weight, part in zip(weights, parts, strict=True)]
    for at, (weight, row) in enumerate(zip((*weights, None), (*products, total), strict=True)):
        y = 11.4 + 6.9 * at + 1.6 * (weight is None)
        colour = GREY if is_printed and weight == 0 else ""
        if weight is None:
            on.number(left - 1.8, y, "=", TOKEN + 0.5, colour=colour)
        else:
            on.number(x, y, weight, TOKEN + 0.5, anchor="end", colour=colour)
            times = on.say(f"pictures.mixed_rows.times_{kind}", n=at + 1)
            on.text(x + 0.8, y + 0.9, times, CAPTION, anchor="start", colour=GREY)
        for j, value in enumerate(row):
            middle = left + PART * (j + 0.5)
            if is_printed:
                on.number(middle, y, value, TOKEN + 0.5, colour=colour)
            else:
                on.blank(middle, y, value, PART, height, TOKEN + 0.3)
    if is_printed:
        bar = 11.4 + 6.9 * len(parts) - 2.7
        on.line((left, bar), (left + PART * len(total), bar), width=0.4)


# ---- a neuron is a walk that starts at its bias ----

STEP_WIDTH, NULL_AT, FARTHEST = (
    6.0,
    60.0,
    5,
)  # mm: a unit of a line, and where its 0 is; how many units it has each way


@picture(width=112, height=50, minutes=2)
def walk(
    on: Canvas, x: Rows, weights: Rows, biases: Rows, outputs: Rows, *, tokens: Sequence[str] = (), row: int = 0,
    walked: int = 1,
) -> None:  # fmt: skip
    """A neuron is a walk on a line of numbers: it starts at its bias, and takes a step for each product.

    row: the token that is read. walked: the number of first neurons whose walks are printed.
    """
    inputs, (starts,), ends, columns = x[row], biases, outputs[row], list(zip(*weights, strict=True))
    walks = [[*_steps(inputs, own, start)] for own, start in zip(columns, starts, strict=True)]
    if len(columns) > 3 or any(len(steps) > 3 for steps in walks):
        raise UndrawableError("three neurons of up to three steps have room")
    if any(abs(place) > FARTHEST for start, steps in zip(starts, walks, strict=True) for place in (start, *steps)):
        raise UndrawableError("a walk has room between −5 and 5")
    word = tokens[row] if tokens else "1"
    on.text(0.2, 3.0, on.say("pictures.walk.meets", token=word, numbers=listed(inputs)), CAPTION, anchor="start")
    told = []
    for at, (own, start, places, end) in enumerate(zip(columns, starts, walks, ends, strict=True)):
        y = 15.0 + 15.4 * at
        on.text(0.2, y - 4.6, on.say("pictures.walk.neuron", n=at + 1), CAPTION, anchor="start", bold=True)
        on.text(0.2, y - 0.8, on.say("pictures.walk.weights"), CAPTION - 0.2, anchor="start", colour=GREY)
        on.number(0.2, y + 1.6, f"({listed(own)})", CAPTION + 0.1, anchor="start")
        _number_line(on, y)
        _walk(on, on.pen if at >= walked else on, y, start, places)
        side, anchor = (-1.6, "end") if places and places[0] > start else (1.6, "start")
        if at == 0:
            on.text(
                _place(start) + side,
                y - 0.9,
                on.say("pictures.walk.starts"),
                CAPTION - 0.2,
                anchor=anchor,
                colour=GREY,
            )
        else:
            on.math(_place(start) + side, y - 0.9, "b", CAPTION, anchor=anchor, colour=GREY)
        on.math(96.0, y - 0.6, "y =", TOKEN, anchor="start")
        if at >= walked:
            on.blank(106.0, y - 1.6, end, 7.4, 7.2)
        else:
            on.number(106.0, y - 1.6, end)
        changes = [_signed(place - before) for before, place in zip((start, *places), places, strict=False)]
        told.append(on.say("pictures.walk.told", n=at + 1, start=value_text(start), steps=", ".join(changes),
                           end=value_text(end)))  # fmt: skip
    on.said(
        " ".join((on.say("pictures.walk.said", token=word), *told[:walked])),
        on.say("pictures.walk.to_do", starts=listed(starts[walked:])),
        " ".join(told[walked:]),
    )


def _steps(inputs: Sequence[Any], weights: Sequence[Any], start: Any) -> Iterator[Any]:
    """The places after each step that is not 0."""
    place = start
    for x, weight in zip(inputs, weights, strict=True):
        if x * weight:
            place += x * weight
            yield place


def _place(value: Any) -> float:
    return NULL_AT + STEP_WIDTH * float(value)


def _signed(value: Any) -> str:
    return f"+{value_text(value)}" if value > 0 else value_text(value)


def _number_line(on: Canvas, y: float) -> None:
    on.line((_place(-FARTHEST) - 1.5, y), (_place(FARTHEST) + 1.5, y), width=AXIS)
    for n in range(-FARTHEST, FARTHEST + 1):
        on.line((_place(n), y - 0.5), (_place(n), y + 0.5), width=HAIR)
        on.number(_place(n), y + 2.5, n, CAPTION, colour=GREY)


def _walk(on: Canvas, layer: Layer, y: float, start: Any, places: Sequence[Any]) -> None:
    """The steps of a walk, one above the other, over the line at y."""
    tip = _place(start)
    on.area([(tip, y), (tip - 1.15, y - 2.2), (tip + 1.15, y - 2.2)])
    before, height = start, y - 2.2
    for at, place in enumerate(places):
        level = y - 4.6 - 2.4 * at
        layer.line((_place(before), height), (_place(before), level), width=GUIDE, dash=(0.5, 0.5))
        layer.arrow((_place(before), level), (_place(place), level), width=0.4)
        right = max(_place(before), _place(place)) + 0.7
        layer.number(right, level, _signed(place - before), TOKEN - 0.2, anchor="start")
        before, height = place, level
    layer.line((_place(before), height), (_place(before), y), width=GUIDE, dash=(0.5, 0.5))
    layer.disc(_place(before), y)
