"""The matrix product: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from msgspec.structs import replace

from byhand.mistakes.registry import mistake, mistaken
from byhand.model.builder import Builder
from byhand.model.registry import model
from byhand.notation.text import listed
from byhand.numbers.promises import sheet_promise
from byhand.ops.linear import matmul, multiply
from byhand.pictures.canvas import (
    BOX,
    CAPTION,
    GREY,
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
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("matrix-product", part="heads")
def _steps(build: Builder) -> Matrix:
    """`A` times `B`. `B` times `A`, where the shapes allow it, and the product of two others, where these are given,
    are computed only when requested.
    """
    a, b = build.matrix("A", ("row", "inner")), build.matrix("B", ("inner", "column"))
    if a.rows == b.cols:
        matmul(b, a, name="BA")
    if "other.A" in build.tape.numbers:
        others = build.matrix("other.A", ("row'", "inner'")), build.matrix("other.B", ("inner'", "column'"))
        matmul(*others, name="other.AB")
    return matmul(a, b, name="AB")


# ---- the same, written down a second time ----


@wiring("matrix-product")
def _second(w: Wiring) -> None:
    w("AB", "matmul", "A", "B")
    w("BA", "matmul", "B", "A")
    w("other.AB", "matmul", "other.A", "other.B")


# ---- its numbers ----


@sheet_promise
def rows_mix(tape: Tape) -> bool:
    """The first row of A has one 0 and an entry of 2 or more, in absolute value; the last has no 0, and a negative
    entry.
    """
    first, *_, last = tape.values("A")
    return first.count(0) == 1 and max(map(abs, first)) >= 2 and 0 not in last and min(last) < 0


@sheet_promise
def a_turned_factor_shows(tape: Tape) -> bool:
    """Who takes rows of both factors has at most two numbers of the product right, and not the first."""
    wrong, _ = mistaken(tape, "transposed")
    same = [
        x == y
        for turned, right in zip(wrong.values("AB"), tape.values("AB"), strict=True)
        for x, y in zip(turned, right, strict=True)
    ]
    return sum(same) <= 2 and not same[0]


@sheet_promise
def no_two_rows_are_parallel(tape: Tape) -> bool:
    """In neither factor is a row a multiple of another, so that no row of a product is."""
    return all(
        any(a[i] * b[j] != a[j] * b[i] for i, j in combinations(range(len(a)), 2))
        for name in ("A", "B")
        for a, b in combinations(tape.values(name), 2)
    )


# ---- its mistakes ----


@mistake(
    told="Two square matrices multiplied entry by entry.",
    mend="Multiply a row of the left matrix by a column of the right one, pair by pair, and add up.",
    after="products-not-added",
)
def elementwise(step: Step, tape: Tape) -> Iterable[Step]:
    """A matrix product becomes a product entry by entry, if all shapes are square."""
    return [replace(step, op=multiply) if step.name == "AB" and _square(step, tape) else step]


@mistake(
    told="The product of two square matrices in the wrong order.",
    mend="Keep the order: take rows from the left matrix and columns from the right one.",
    after="products-not-added",
)
def factors_swapped(step: Step, tape: Tape) -> Iterable[Step]:
    """A matrix product has its factors exchanged, if all shapes are square."""
    return [replace(step, inputs=step.inputs[::-1]) if step.name == "AB" and _square(step, tape) else step]


def _square(step: Step, tape: Tape) -> bool:
    """Whether a step and all its inputs have the same square shape."""
    return all(tape.steps[name].shape == step.shape == step.shape[::-1] for name in step.inputs)


# ---- its picture ----

CELL, PART = 3.8, 5.3  # mm: a cell of the small matrices; one of a row that is mixed
SMALL_LEFT, SMALL_UPPER, SMALL_GAP = 0.3, 9.6, 1.6  # mm: where the small matrices stand


@picture(width=106, height=43, minutes=2, target=CELL)
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
        if layer is on.pen:
            layer.hatch(SMALL_LEFT, crossing[1] + i * CELL, k * CELL, CELL)
            layer.hatch(crossing[0] + j * CELL, SMALL_UPPER, CELL, k * CELL)
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
