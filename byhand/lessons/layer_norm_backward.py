"""The gradients of LayerNorm and of the stream around it: steps, written down twice, numbers and picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from byhand.backward import gradients
from byhand.model.builder import Builder
from byhand.model.registry import Results, model
from byhand.model.weights import UPSTREAM
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import grid
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.ops.gradients import scale_columns
from byhand.ops.linear import add, scale_rows, subtract
from byhand.ops.norms import center, mean_square, root, row_mean, standardize
from byhand.pictures.canvas import AXIS, CAPTION, GREY, GRID, HAIR, INK, LIGHT, PEN_AREA, SMALLEST, STROKE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

LN = "blocks.0.ln1"
W, SCALE, NORMAL = f"{LN}.w", f"{LN}.hook_scale", f"{LN}.standardized"
ALIKE, ALONG, LEFT = f"{LN}.grad_mean", f"{LN}.grad_along", f"{LN}.grad_left"
NORMAL_GRAD, BRANCH = f"{NORMAL}.grad", f"x.grad.by.{NORMAL}"

# ---- the model ----


@model("layer-norm-backward")
def _steps(build: Builder) -> Results:
    """A stream, and beside it a branch that normalises it, without a bias: y = x + LN(x). From the gradient of y,
    which is the given `upstream`, those of w and x.

    Its steps are in no part of the architecture, where `norm` would put them in ln1: a map would show the last first.
    """
    x = build.stream("x", "")
    centered = center(x, row_mean(x, name=f"{LN}.mean"), name=f"{LN}.centered")
    scale = root(mean_square(centered, name=f"{LN}.variance"), name=SCALE)
    normal = standardize(centered, scale, name=NORMAL)
    w = build.tape.given(W, (1, x.cols), ("", x.axes[1]))
    y = add(x, scale_columns(normal, w, name=f"{LN}.hook_normalized"), name="y")
    build.tape.given(UPSTREAM, y.shape, y.axes)
    results = gradients(y, W, "x")
    asked, alike, along = (build.tape[name] for name in (NORMAL_GRAD, ALIKE, ALONG))
    without_mean = center(asked, alike, name=f"{LN}.grad_centered")
    stretch = scale_rows(normal, along, name=f"{LN}.grad_stretch")
    return y, *results, subtract(without_mean, stretch, name=LEFT)


# ---- the same, written down a second time ----


@wiring("layer-norm-backward")
def _second(w: Wiring) -> None:
    """The gradient of a normalised row, with both means (Ba, Kiros & Hinton 2016); a sum hands on what arrives."""
    at = "blocks.0.ln1"
    centered = w(f"{at}.centered", "center", "x", w(f"{at}.mean", "row_mean", "x"))
    scale = w(f"{at}.hook_scale", "root", w(f"{at}.variance", "mean_square", centered))
    normal = w(f"{at}.standardized", "standardize", centered, scale)
    w("y", "add", "x", w(f"{at}.hook_normalized", "scale_columns", normal, f"{at}.w"))
    arrived = w("y.grad", "copy", "upstream")
    branch = w(f"{at}.hook_normalized_grad", "copy", arrived)
    w(f"{at}.w.grad", "column_dots", branch, normal)
    asked = w(f"{at}.standardized.grad", "scale_columns", branch, f"{at}.w")
    alike = w(f"{at}.grad_mean", "row_mean", asked)
    along = w(f"{at}.grad_along", "mean_product", asked, normal)
    read = (asked, alike, normal, along, scale)
    w("x.grad", "add", w(f"x.grad.by.{at}.standardized", "norm_backward", *read), arrived)
    stretch = w(f"{at}.grad_stretch", "scale_rows", normal, along)
    w(f"{at}.grad_left", "subtract", w(f"{at}.grad_centered", "center", asked, alike), stretch)


# ---- its numbers ----

OWL, CAT = np.array([3, 3, -3, -3]), np.array([3, -5, 1, 1])  # small, flies, furry, tame: their norms, in thirds; the
# cat's 3 may also stand in the place of one of its 1s
PLACES = np.array([[0, 1, 2, 3], [2, 1, 0, 3], [3, 1, 2, 0]])  # where the cat's numbers then stand
MOST_ASKED = 7, 9  # of what arrives at the normalised numbers of the owl, and of the cat
MOST_ARRIVED = 6  # of what arrives at the sum
FURTHEST = 4  # of the owl's gradients from their mean: the picture has room for as much
LARGEST = 9  # gradient of the stream and of w
SETS = 400  # of numbers, for a class


@cache
def _cats() -> tuple[Ints, Ints]:
    """Weights w, and what arrives at the cat's sum, so that both means of what is asked of the normalised row are
    halves and not 0, that what comes through the norm is whole and nowhere 0, and that w has whole gradients:
    (count, 4) twice.
    """
    asked = grid(4, MOST_ASKED[1])
    asked = asked[(asked != 0).all(1)]
    total, along = asked.sum(1), asked @ CAT  # 4 times the first mean, and 12 times the second
    left = 36 * asked - 9 * total[:, None] - along[:, None] * CAT  # times 36
    fit = (total % 2 == 0) & (along % 6 == 0) & (total != 0) & (along != 0)
    asked = asked[fit & (left % 54 == 0).all(1) & (left != 0).all(1)]
    weights = grid(4, 1) + 2  # all positive: the loss wants less of each number before them, too
    weights = weights[np.ptp(weights, axis=1) > 0]
    w, asked = np.repeat(weights, len(asked), 0), np.tile(asked, (len(weights), 1))
    arrived = asked // w
    fit = (arrived * w == asked).all(1) & (abs(arrived).max(1) <= MOST_ARRIVED) & (arrived * CAT % 3 == 0).all(1)
    return w[fit], arrived[fit]


def _fits_the_picture(of: Candidates) -> Bools:
    """The gradients of the owl's normalised numbers are near their mean, so that bars have room."""
    owl = of(NORMAL_GRAD)[:, 0]
    return (abs(owl - owl.mean(1)[:, None]) <= FURTHEST).all(1)  # type: ignore[no-any-return]


def _numbers_stay_small(of: Candidates) -> Bools:
    """No gradient that is asked for is large, and none of the stream is 0."""
    ok: Bools = (of("x.grad") != 0).all((1, 2))
    for name in (f"{W}.grad", BRANCH, "x.grad"):
        ok &= (abs(of(name)) <= LARGEST).all((1, 2))
    return ok


@draw(
    "layer-norm-backward",
    like_sheet=True,
    sets=("inputs", SETS),
    fits=[_fits_the_picture, _numbers_stay_small],
    requires=[exactly(2, d_model=4)],
)
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """What is known of two animals, small ones, of which one flies and the other is furry and tame; a norm with
    weights of several sizes; and how the loss grows with each number of the sum, and so with each normalised one of
    the owl.
    """
    weights, arrived_at_cat = _cats()
    drawn, places = dice.below(len(weights), count), PLACES[dice.below(len(PLACES), count)]
    w, cat = (np.take_along_axis(rows[drawn], places, 1) for rows in (weights, arrived_at_cat))
    owl = dice.below_each(MOST_ASKED[0] // w) + 1
    small, flies, furry, tame = (w * owl).T
    alike, along = small + flies + furry + tame, small + flies - furry - tame
    fits = (along != 0) & (alike % 4 == 0) & (along % 4 == 0) & (small != flies) & (furry != tame)
    fits &= abs(small - flies) != abs(furry - tame)
    means = dice.below(3, count, 1) - 1, dice.below(2, count, 1)
    x = np.stack([means[0] + 2 * OWL // 3, means[1] + (CAT[places] + 1) // 2], 1)
    entries = {"x": x, W: w, UPSTREAM: np.stack([owl, cat], 1)}
    return {name: rows[fits] for name, rows in entries.items()}


@sheet_promise
def all_of_the_owl_is_to_blame(tape: Tape) -> bool:
    """The loss grows with each normalised number of the owl. Through the norm, two of its numbers are still to become
    smaller, and two larger; not all by as much. With the stream, all four are to become smaller.
    """
    asked, through, together = (tape.values(name)[0] for name in (NORMAL_GRAD, BRANCH, "x.grad"))
    signs = sorted(x > 0 for x in through if x)
    all_smaller = min(*asked, *together) > 0
    return all_smaller and signs == [False, False, True, True] and len({*map(abs, through)}) > 1


@sheet_promise
def a_norm_holds_something_back(tape: Tape) -> bool:
    """Each row asks for all its numbers to move alike, and for all to be stretched, and for something else at each
    number. What it would ask for without the weights is something else, too.
    """
    rows = zip(*(tape.values(name) for name in (NORMAL_GRAD, NORMAL, UPSTREAM)), strict=True)
    return all(
        all(_means(asked, normal)) and all(_left(asked, normal)) and _left(asked, normal) != _left(arrived, normal)
        for asked, normal, arrived in rows
    )


@sheet_promise
def one_number_balances_the_owl(tape: Tape) -> bool:
    """With another whole number in one place, what arrives would ask for nothing alike of the owl's numbers."""
    (weights,), asked = tape.values(W), tape.values(NORMAL_GRAD)[0]
    return any((sum(asked) - own) % w == 0 for own, w in zip(asked, weights, strict=True))


def _means(asked: Sequence[Any], normal: Sequence[Any]) -> tuple[Any, Any]:
    """Of a gradient of a normalised row: its mean, and that of its products with the row."""
    products = [g * n for g, n in zip(asked, normal, strict=True)]
    return sum(asked) / len(asked), sum(products) / len(asked)


def _left(asked: Sequence[Any], normal: Sequence[Any]) -> list[Any]:
    """What is left of the gradient of a normalised row without what the norm holds back."""
    alike, along = _means(asked, normal)
    return [g - alike - n * along for g, n in zip(asked, normal, strict=True)]


# ---- its picture ----

NAMES, NORMAL_AT, ASKED_AT, AXES, BOXES = 11.0, 15.0, 20.9, (25.4, 58.6, 93.6), (74.4, 107.2)  # mm: where the names
# of the rows end; the normalised numbers, and their gradients; 0 of each column of bars; and what is to be written
FIRST, APART, UNIT, THICK, TITLES = 9.8, 6.8, 2.2, 2.8, 3.4  # mm: the first row, and the next one's distance; 1 as a
# length; a bar; the titles
REACHES = (0, MOST_ASKED[0]), (-FURTHEST, FURTHEST), (-3, 3)  # of the columns


@picture(height=37, minutes=3, width=112)
def held_back(on: Canvas, asked: Rows, normal: Rows, *, features: Sequence[str]) -> None:
    """The gradient of the first token's normalised numbers as bars; without its mean; and without its part along
    these numbers, too. The mean is to be drawn as a line, and what is left in both other columns.

    features: the names of the numbers.
    """
    (gradient, *_), (numbers, *_) = asked, normal
    alike, _ = _means(gradient, numbers)
    columns = gradient, [g - alike for g in gradient], _left(gradient, numbers)
    if len(features) != 4 or any(not a <= x <= b for (a, b), column in zip(REACHES, columns, strict=True)
                                 for x in column):  # fmt: skip
        raise UndrawableError(f"four numbers from 1 to {MOST_ASKED[0]}, up to {FURTHEST} from their mean, have room")
    last = FIRST + APART * 3
    top, bottom = FIRST - APART / 2, last + APART / 2
    titles = r"\bar{N}", r"\bar{N} - m_1", r"\bar{N} - m_1 - N \cdot m_2"
    on.math(NORMAL_AT, TITLES, "N")
    for (low, high), axis, title in zip(REACHES, AXES, titles, strict=True):
        on.math(axis + UNIT * (low + high) / 2 + (4.0 if low else 0.0), TITLES, title)
        for k in range(low, high + 1):
            x = axis + UNIT * k
            on.line((x, top), (x, bottom), width=AXIS if not k else HAIR, colour=INK if not k else GRID)
        for k in sorted({low, 0, high}):
            on.number(axis + UNIT * k, bottom + 2.4, k, SMALLEST + 0.2, colour=GREY)
    for k, (feature, n) in enumerate(zip(features, numbers, strict=True)):
        y = FIRST + APART * k
        on.text(NAMES, y + 1.0, feature, CAPTION, anchor="end", colour=GREY)
        on.number(NORMAL_AT, y, n)
        for at, (axis, column) in enumerate(zip(AXES, columns, strict=True)):
            (on.pen if at else on).box(*_bar(axis, y, column[k]), width=0, fill=PEN_AREA if at else LIGHT)
            if at:
                on.blank(BOXES[at - 1], y, column[k], 8.4, 5.8)
            else:
                on.number(ASKED_AT, y, column[k])
    at_mean = AXES[0] + UNIT * float(alike)
    on.pen.line((at_mean, top), (at_mean, bottom), width=STROKE)
    on.said(
        on.say("pictures.held_back.said", features=listed(features), asked=listed(gradient), normal=listed(numbers)),
        on.say("pictures.held_back.to_do"),
        on.say("pictures.held_back.told", mean=value_text(alike), apart=listed(columns[1]), left=listed(columns[2])),
    )


def _bar(axis: float, y: float, value: Any) -> tuple[float, float, float, float]:
    """The rectangle of a bar: its upper left corner, how wide and how high it is."""
    length = UNIT * float(value)
    return axis + min(length, 0.0), y - THICK / 2, abs(length), THICK
