"""The gradients of a linear layer: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from byhand.backward import gradients
from byhand.model.builder import Builder
from byhand.model.layers import linear
from byhand.model.registry import Results, model
from byhand.model.weights import UPSTREAM
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import point_apart
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.pictures.canvas import CAPTION, GREY, GUIDE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

W_GRAD = "linear.W.grad"

# ---- the model ----


@model("linear-backward", parameters={"linear.W": ("d_model", "d_mlp"), "linear.b": ("d_mlp",)})
def _steps(build: Builder) -> Results:
    """A linear layer, y = x W + b, and from the gradient of y, which is the given `upstream`, those of x, W and b."""
    c, x = build.config, build.stream("x", "")
    weight = build.tape.given("linear.W", (c.d_model, c.d_mlp), ("d_model", "d_mlp"))
    y = linear(x, weight, "linear.b", "y")
    build.tape.given(UPSTREAM, y.shape, y.axes)
    return y, *gradients(y, "linear.W", "linear.b", "x")


# ---- the same, written down a second time ----


@wiring("linear-backward")
def _second(w: Wiring) -> None:
    w.linear("y", "x", "linear.W", "linear.b")
    arrived = w("y.grad", "copy", "upstream")
    w("linear.W.grad", "dot_columns", "x", arrived)
    w("linear.b.grad", "column_sum", arrived)
    w("x.grad", "dot_rows", arrived, "linear.W")


# ---- its numbers ----

REACH = 3  # of an animal's property
LOUDEST = 4  # of what arrives at an output
LEAST_SHOWN = (2, 1)  # at the first output, whose products are drawn, a factor shows
LEAD = 2  # of the largest gradient of a weight
SETS = 400  # of numbers, for a class
SIGNS = np.array([[1, 1, -1], [1, -1, 1]])  # small, flies, furry: of the owl and of the cat
ASKED = np.array([[-1, 1], [1, -1]])  # bird, pet: more of it makes the loss smaller (−) or larger


def _says_it_wrong(of: Candidates) -> Bools:
    """The layer calls the owl a pet, and the cat a bird: that number is the larger one, and above 0."""
    (bird, pet), (cat_bird, cat_pet) = np.moveaxis(of("y"), 0, 2)
    return (pet > np.maximum(bird, 0)) & (cat_bird > np.maximum(cat_pet, 0))  # type: ignore[no-any-return]


def _weights_differ(of: Candidates) -> Bools:
    """No row of W is 0 or a multiple of another one: each input has its own say."""
    return point_apart(of("linear.W"))


@draw(
    "linear-backward",
    like_sheet=True,
    sets=("inputs", SETS),  # two with the same inputs would have the same gradients of weights
    fits=[_says_it_wrong, _weights_differ],
    requires=[exactly(2, d_model=3, d_mlp=2)],
)
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """What is known of two animals, both small, of which one flies and one has fur; weights and biases that nobody
    has trained; and how the loss grows with each output, which should be larger for the right word.
    """
    return {
        "x": SIGNS * (dice.below(REACH, count, 2, 3) + 1),
        "linear.W": dice.below(5, count, 3, 2) - 2,
        "linear.b": dice.below(5, count, 2) - 2,
        UPSTREAM: ASKED * np.maximum(dice.below(LOUDEST, count, 2, 2) + 1, LEAST_SHOWN),
    }


def _blames(tape: Tape) -> Ints:
    """The gradients of the weights, one row for each property, as they stand on paper, without their signs."""
    return np.array([[abs(x) for x in row] for row in tape.values(W_GRAD)])


@sheet_promise
def one_weight_is_blamed_most(tape: Tape) -> bool:
    """One weight has the largest gradient, by LEAD or more; it is not that of the first property."""
    blames = sorted(((x, i) for i, row in enumerate(_blames(tape)) for x in row), reverse=True)
    return blames[0][0] >= blames[1][0] + LEAD and blames[0][1] > 0


@sheet_promise
def what_both_share_is_blamed_least(tape: Tape) -> bool:
    """The first property, which both animals have, has the gradients nearest 0, and none of them is 0."""
    first, *others = _blames(tape).tolist()
    return bool(0 not in first and max(first) < min(map(min, others)))


@sheet_promise
def one_size_takes_all_blame_away(tape: Tape) -> bool:
    """If one animal had another whole number as its first property, its weight to the first output would have the
    gradient 0.
    """
    (small, *_), (other, *_) = tape.values("x")
    (arrived, _), (arrived_there, _) = tape.values(UPSTREAM)
    return 0 in (other * arrived_there % arrived, small * arrived % arrived_there)


# ---- its picture ----

FANS, FAN = (0.0, 62.0), 54.0  # mm: the left edges of the two fans, and how wide each is
INPUT_AT, BOX_AT, OUTPUT_AT = 15.5, 27.0, 50.0  # mm from there: the inputs, what stands on a line, and the output
FIRST, APART = 10.0, 11.5  # mm: the height of the first line, and how far below it the next one begins


@picture(height=37, minutes=2, width=118)
def blame(
    on: Canvas, x: Rows, gradient: Rows, *, tokens: Sequence[str], features: Sequence[str], output: str
) -> None:
    """What each token says of the weights of the first output: its input times what has arrived there.

    features: the names of the inputs. output: that of the output.
    """
    if len(x) != 2 or len(features) != 3 or any(len(row) != 3 for row in x):
        raise UndrawableError("two tokens with three numbers have room")
    middle, told = FIRST + APART, list[str]()
    fans = zip(FANS, tokens, x, gradient, strict=True)
    for at, (left, token, inputs, (arrived, *_)) in enumerate(fans):
        on.text(left + FAN / 2, 3.4, token, TOKEN, bold=True)
        on.text(left + OUTPUT_AT, middle - 4.8, output, CAPTION, colour=GREY)
        on.number(left + OUTPUT_AT, middle, arrived)
        for k, (feature, value) in enumerate(zip(features, inputs, strict=True)):
            y = FIRST + APART * k
            on.text(left + INPUT_AT - 7.0, y + 1.0, feature, CAPTION, anchor="end", colour=GREY)
            on.number(left + INPUT_AT - 2.6, y, value)
            start, end = (left + OUTPUT_AT - 3.6, middle + (y - middle) * 0.2), (left + INPUT_AT + 0.6, y)
            on.line(start, end, width=GUIDE)
            share = (BOX_AT + left - end[0]) / (start[0] - end[0])
            height = end[1] + share * (start[1] - end[1])
            if not at:  # the last is printed, which is all that is left where gradients are overwritten
                on.blank(left + BOX_AT, height, value * arrived, 7.8, 6.6)
            else:
                on.box(left + BOX_AT - 3.9, height - 3.3, 7.8, 6.6, fill=WHITE, width=0)
                on.number(left + BOX_AT, height, value * arrived)
        products = listed([value * arrived for value in inputs])
        told.append(on.say("pictures.blame.told", token=token, products=products))
    arrows = on.say("pictures.blame.said", output=output, features=listed(features))
    on.said(f"{arrows} {told[1]}", on.say("pictures.blame.to_do", token=tokens[0]), told[0])
