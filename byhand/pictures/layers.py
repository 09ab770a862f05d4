"""Pictures of layers: what a bend is for, and which numbers a number reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    FRAME,
    GREY,
    GRID,
    HAIR,
    INK,
    LIGHT,
    PALE,
    SMALLEST,
    STROKE,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
from byhand.pictures.registry import Rows, UndrawableError, picture

# ---- ReLU makes bends ----

FIRST_X, LAST_X, HIGHEST = -2, 3, 4  # the numbers that a graph has room for
STEP, RISE = 3.5, 4.4  # mm: how wide and how high 1 is
GRAPHS_AT, GROUND = (10.0, 38.0, 65.5), 24.6  # mm: the left edges of the graphs, and the y of 0


@picture(height=38, minutes=2)
def bends(on: Canvas, w_in: Rows, b_in: Rows, w_out: Rows, units: Rows, sums: Rows) -> None:
    """Each unit of one input bends once; a sum of units has the bends of all."""
    (weights,), (biases,), factors = w_in, b_in, [x for (x,) in w_out]
    places = range(FIRST_X, LAST_X + 1)
    kinks = [-bias / weight if weight else None for weight, bias in zip(weights, biases, strict=True)]
    if len(weights) != 2 or len(units) != len(places) or any(kink not in places for kink in kinks):
        raise UndrawableError("two units have room, which bend at whole numbers from −2 to 3")
    if not all(0 <= y <= HIGHEST for row in (*units, *sums) for y in row):
        raise UndrawableError("graphs have room from 0 to 4")
    names = [_named(weight, bias) for weight, bias in zip(weights, biases, strict=True)]
    for at, (left, factor) in enumerate(zip(GRAPHS_AT, factors, strict=False)):
        _axes(on, left)
        on.math(left + STEP * 2.5, 4.0, names[at], TOKEN)
        _graph(on, left, [unit[at] for unit in units], [kinks[at]])
        on.number(left - 5.3, GROUND - RISE * 2.5, _factor(factor, is_first=not at))
    _axes(on, GRAPHS_AT[2])
    on.number(GRAPHS_AT[2] - 5.3, GROUND - RISE * 2.5, "=")
    on.text(GRAPHS_AT[2] + STEP * 2.5, 4.0, on.say("pictures.bends.draw"), CAPTION, colour=GREY)
    heights = [y for (y,) in sums]
    _graph(on.pen, GRAPHS_AT[2], heights, [k for k in sorted(kinks) if k is not None])  # type: ignore[type-var]
    for line, name in enumerate(("each", "sum")):
        on.text(0.2, 32.8 + 3.7 * line, on.say(f"pictures.bends.{name}"), CAPTION, anchor="start", colour=GREY)
    said = [name.replace(r"\mathrm{ReLU}", "ReLU").replace("-", "−") for name in names]
    on.said(
        on.say("pictures.bends.said", one=said[0], other=said[1], first=value_text(kinks[0]),
               second=value_text(kinks[1])),
        on.say("pictures.bends.to_do", one=value_text(factors[0]), other=value_text(factors[1])),
        on.say("pictures.bends.key", places=listed(places),
               heights=listed(heights)),
    )  # fmt: skip


def _named(weight: Any, bias: Any) -> str:
    """A unit as a formula: ReLU(x + 1), ReLU(−2x)."""
    times = {1: "x", -1: "-x"}.get(weight, f"{value_text(weight)}x")
    then = f" {'+' if bias > 0 else '-'} {value_text(abs(bias))}" if bias else ""
    return rf"\mathrm{{ReLU}}({times}{then})"


def _factor(factor: Any, is_first: bool) -> str:
    """A factor and its sign as it stands in a sum."""
    sign = "−" if factor < 0 else "" if is_first else "+"
    size = "" if abs(factor) == 1 else f"{value_text(abs(factor))} ·"
    return f"{sign} {size}".strip() if not is_first else f"{sign}{size}"


def _axes(on: Canvas, left: float) -> None:
    """The grid of a graph, and numbers under it."""
    right, top = left + STEP * (LAST_X - FIRST_X), GROUND - RISE * HIGHEST
    for n in range(FIRST_X, LAST_X + 1):
        x = left + STEP * (n - FIRST_X)
        on.line((x, GROUND), (x, top), width=AXIS if n == 0 else HAIR, colour=PALE if n == 0 else GRID)
        on.number(x, GROUND + 2.6, n, SMALLEST, colour=GREY)
    for n in range(1, HIGHEST + 1):
        on.line((left, GROUND - RISE * n), (right, GROUND - RISE * n), width=HAIR, colour=GRID)
    for n in (1, HIGHEST):
        on.number(left - 0.9, GROUND - RISE * n, n, SMALLEST, anchor="end", colour=GREY)
    on.line((left, GROUND), (right, GROUND), width=AXIS, colour=PALE)


def _graph(on: Layer, left: float, heights: Sequence[Any], kinks: Sequence[Any]) -> None:
    """A line through the heights at the whole numbers, with a ring where it bends."""
    points = [(left + STEP * at, GROUND - RISE * float(height)) for at, height in enumerate(heights)]
    on.line(*points, width=STROKE)
    for kink in kinks:
        on.disc(*points[int(kink) - FIRST_X], 0.9, fill=WHITE, width=0.4)


# ---- down the tokens, then along the features ----

BOX_WIDE, BOX_NARROW = 4.9, 3.7  # mm: a cell, where tokens are rows, and where they are columns
RING = 0.46  # the radius of a ring, in cells


@picture(height=47, minutes=2)
def down_then_along(
    on: Canvas, x: Rows, mixed: Rows, pattern: Rows, *, tokens: Sequence[str], transposed: bool = False
) -> None:
    """A mixed number reads one feature of all tokens; what follows reads all features of one token."""
    n, d = len(x), len(x[0])
    if n != 3 or d != 4 or len(tokens) != n:
        raise UndrawableError("three tokens of four features have room")
    cell, middle = (BOX_NARROW, 8.0) if transposed else (BOX_WIDE, 7.4)
    lefts, high = [10.4, 37.3, 64.2], cell * (d if transposed else n)
    upper, lower = middle, middle + high + 6.4

    def spot(left: float, top: float, i: int, j: int) -> tuple[float, float]:
        """The middle of the cell of a token and a feature."""
        down, across = (j, i) if transposed else (i, j)
        return left + cell * (across + 0.5), top + cell * (down + 0.5)

    def shade(layer: Layer, left: float, top: float, cells: Sequence[tuple[int, int]]) -> None:
        """The box around these cells."""
        spots = [spot(left, top, i, j) for i, j in cells]
        x0, y0 = min(s[0] for s in spots) - cell / 2, min(s[1] for s in spots) - cell / 2
        x1, y1 = max(s[0] for s in spots) + cell / 2, max(s[1] for s in spots) + cell / 2
        layer.box(x0, y0, x1 - x0, y1 - y0, fill="none" if layer.is_pen else LIGHT, width=FRAME)

    last, column, ring = n - 1, 2, (1, 1)
    shade(on, lefts[0], upper, [(i, column) for i in range(n)])
    shade(on.pen, lefts[1], lower, [(ring[0], j) for j in range(d)])
    for i in (i for i, share in enumerate(pattern[ring[0]]) if share != 0):
        shade(on.pen, lefts[0], lower, [(i, j) for j in range(d)])
    wide = cell * (n if transposed else d)
    for top in (upper, lower):
        for left, rows, name in ((lefts[0], x, "X"), (lefts[1], mixed, "Z")):
            _grid(on, spot, left, top, rows, cell)
            on.math(left + wide / 2, top - 1.4, name, TOKEN)
        for i, word in enumerate(() if transposed else tokens):
            on.text(lefts[0] - 1.0, spot(0, top, i, 0)[1] + 1.0, word, CAPTION, anchor="end", colour=INK)
        y = top + high / 2
        on.arrow((lefts[0] + wide + 1.2, y), (lefts[1] - 1.2, y))
        on.math((lefts[0] + wide + lefts[1]) / 2, y - 1.3, "A", TOKEN)
    _grid(on, spot, lefts[2], lower, [[""] * d] * n, cell)
    on.math(lefts[2] + wide / 2, lower - 1.4, "F", TOKEN)
    y = lower + high / 2
    on.arrow((lefts[1] + wide + 1.2, y), (lefts[2] - 1.2, y))
    between = (lefts[1] + wide + lefts[2]) / 2
    on.text(between, lower - 1.4, on.say("pictures.down_then_along.layers"), SMALLEST, colour=GREY)
    for left, top, place in ((lefts[1], upper, (last, column)), (lefts[2], lower, ring)):
        on.disc(*spot(left, top, *place), RING * cell, fill="none", width=0.35)
    for line in (1, 2, 3):
        on.text(60.6, upper + 3.6 * line, on.say(f"pictures.down_then_along.reads_{line}"), CAPTION, anchor="start",
                colour=GREY)  # fmt: skip
    on.text(0.2, 46.4, on.say("pictures.down_then_along.shade"), CAPTION, anchor="start", colour=GREY)
    read = [word for word, share in zip(tokens, pattern[ring[0]], strict=True) if share != 0]
    others = [word for word in tokens if word not in read]
    on.said(
        on.say("pictures.down_then_along.said"),
        on.say("pictures.down_then_along.to_do", token=tokens[ring[0]]),
        on.say("pictures.down_then_along.key", token=tokens[ring[0]], read=", ".join(read),
               others=", ".join(others) or "–"),
    )  # fmt: skip


def _grid(on: Canvas, spot: Any, left: float, top: float, rows: Rows, cell: float) -> None:
    """A matrix in boxes."""
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            x, y = spot(left, top, i, j)
            on.box(x - cell / 2, y - cell / 2, cell, cell, width=HAIR, colour=PALE)
            if value != "":
                on.number(x, y, value, 3.1 if cell > 4 else 2.7)
    (x0, y0), (x1, y1) = spot(left, top, 0, 0), spot(left, top, len(rows) - 1, len(rows[0]) - 1)
    on.box(x0 - cell / 2, y0 - cell / 2, x1 - x0 + cell, y1 - y0 + cell, width=BOX)
