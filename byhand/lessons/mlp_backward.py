"""The gradients of two layers with ReLU: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec.structs import replace

from byhand.backward import gradients
from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.layers import linear
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import point_apart
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.ops.attention import column_sum
from byhand.ops.linear import HALF, add, dot_columns, matmul, relu, row_dots, subtract, times_number
from byhand.ops.shapes import one_hot
from byhand.pictures.canvas import CAPTION, FRAME, GREY, GUIDE, TOKEN, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

W_IN, B_IN, W_OUT = "mlp.W_in", "mlp.b_in", "mlp.W_out"
INPUT, NEURON = 1, 0  # the weight that is raised and lowered leads from this input to this neuron
DIFFERENCE, CHECK = "check.difference", "check"

# ---- the model ----


@model("mlp-backward")
def _steps(build: Builder) -> Results:
    """Two layers with ReLU between them, half the sum of the squares of what they are off by, and its gradients; and
    that of one weight by differences: the loss with 1 more of it, less that with 1 less, divided by 2.
    """
    c, tape = build.config, build.tape
    build.stream("x", "")
    weight = tape.given(W_IN, (c.d_model, c.d_mlp), ("d_model", "d_mlp"))
    tape.given(W_OUT, (c.d_mlp, c.d_head), ("d_mlp", "d_head"))
    tape.given("right", (build.positions, c.d_head), ("pos", "d_head"))
    loss = _loss(tape, weight, "")
    found = gradients(loss, W_IN, B_IN, W_OUT)
    row = one_hot(name="check.input", tape=tape, sizes={"i": (1, ""), "j": (c.d_model, "d_model")}, rows=(INPUT,))
    column = one_hot(name="check.neuron", tape=tape, sizes={"i": (1, ""), "j": (c.d_mlp, "d_mlp")}, rows=(NEURON,))
    one = dot_columns(row, column, name="check.one")
    up = _loss(tape, add(weight, one, name="up.weights"), "up.")
    down = _loss(tape, subtract(weight, one, name="down.weights"), "down.")
    return *found, times_number(subtract(up, down, name=DIFFERENCE), name=CHECK, by=HALF)


def _loss(tape: Tape, weight: Matrix, run: str) -> Matrix:
    """The loss with these weights of the first layer. run: what the names of the steps begin with."""
    h = linear(tape["x"], weight, B_IN, f"{run}h")
    y = matmul(relu(h, name=f"{run}r"), tape[W_OUT], name=f"{run}y")
    error = subtract(y, tape["right"], name=f"{run}error")
    squares = column_sum(row_dots(error, error, name=f"{run}squares"), name=f"{run}squares.sum")
    return times_number(squares, name=f"{run}loss", by=HALF)


# ---- the same, written down a second time ----


@wiring("mlp-backward")
def _second(w: Wiring) -> None:
    def loss(weight: str, run: str) -> str:
        r = w(f"{run}r", "relu", w.linear(f"{run}h", "x", weight, "mlp.b_in"))
        error = w(f"{run}error", "subtract", w(f"{run}y", "matmul", r, "mlp.W_out"), "right")
        squares = w(f"{run}squares.sum", "column_sum", w(f"{run}squares", "row_dots", error, error))
        return w(f"{run}loss", "times_number", squares, by="1/2")

    loss("mlp.W_in", "")
    arrived = w("y.grad", "copy", "error")
    w("mlp.W_out.grad", "dot_columns", "r", arrived)
    passed = w("h.grad", "gate", w("r.grad", "dot_rows", arrived, "mlp.W_out"), "h")
    w("mlp.W_in.grad", "dot_columns", "x", passed)
    w("mlp.b_in.grad", "column_sum", passed)
    row = w("check.input", "one_hot", shape=(1, w.config["d_model"]), rows=(1,))
    column = w("check.neuron", "one_hot", shape=(1, w.config["d_mlp"]), rows=(0,))
    one = w("check.one", "dot_columns", row, column)
    up = loss(w("up.weights", "add", "mlp.W_in", one), "up.")
    down = loss(w("down.weights", "subtract", "mlp.W_in", one), "down.")
    w("check", "times_number", w("check.difference", "subtract", up, down), by="1/2")


# ---- its numbers ----

REACH = 2  # of an animal's property, and of a weight
LOUDEST, FURTHEST, MOST = 4, 9, 20  # of an error, of what comes back to a neuron, and of the gradient of a weight
HIGHEST, DEEPEST = 3, 6  # of a neuron's sum, where it is awake, and how far below 0 it is where it sleeps
FARTHEST = 4  # of a bias from 0
SETS = 150  # of numbers, for a class
SIGNS = np.array([[1, 1, -1], [1, -1, 1]])  # small, flies, furry: of the owl and of the cat


def _neurons_wake_and_sleep(of: Candidates) -> Bools:
    """A wakes for the owl only, also with 1 more and 1 less of its weight; B for both; C for none, and it sleeps
    less deeply for the cat; an animal whose properties are twice its weights would wake it. No two neurons look for
    the same, or for the opposite, and no two properties are the same for the two animals, or opposite, or 1 for
    both, and the owl's are of two sizes: rows of gradients would be alike.
    """
    h, moved = of("h"), abs(of("x")[:, :, INPUT])
    (owl_a, owl_b, owl_c), (cat_a, cat_b, cat_c) = np.moveaxis(h, 0, 2)
    a = (owl_a > moved[:, 0]) & (cat_a < -moved[:, 1])
    c = (owl_c < cat_c - 1) & (cat_c < 0) & (2 * (of(W_IN)[:, :, 2] ** 2).sum(1) + of(B_IN)[:, 0, 2] > 0)
    fits = (h.max((1, 2)) <= HIGHEST) & (h.min((1, 2)) >= -DEEPEST) & (abs(of(B_IN)).max((1, 2)) <= FARTHEST)
    apart = point_apart(np.swapaxes(of(W_IN), 1, 2)) & point_apart(np.swapaxes(of("x"), 1, 2))
    apart &= (of("x")[:, :, 0] != 1).any(1) & (np.ptp(abs(of("x")[:, 0]), 1) > 0)
    return a & (owl_b > 0) & (cat_b > 0) & c & fits & apart  # type: ignore[no-any-return]


def _is_off(of: Candidates) -> Bools:
    """The network takes the owl for a pet. All its numbers are off by a little, for the two animals in two ways, and
    the squares of that have an even sum.
    """
    (bird, pet), (owl, cat) = of("y")[:, 0].T, np.moveaxis(error := of("error"), 1, 0)
    wrong = (owl[:, 0] < 0) & (owl[:, 1] > 0) & (bird < pet)
    small = (error != 0).all((1, 2)) & (abs(error).max((1, 2)) <= LOUDEST)
    in_two_ways = owl[:, 0] * cat[:, 1] != owl[:, 1] * cat[:, 0]
    return wrong & small & in_two_ways & ((error**2).sum((1, 2)) % 2 == 0)  # type: ignore[no-any-return]


def _comes_back_to_all(of: Candidates) -> Bools:
    """Something small comes back to every neuron: for the owl, more than 0 to C, which sleeps, and less to one that
    is awake. The gradients of A and B are small and not 0, and neither output moves by more than 2 as A does. No two
    neurons have parallel weights to the outputs.
    """
    back, found, (of_a, *_) = of("r.grad"), of(f"{W_IN}.grad")[:, :, :2], np.moveaxis(of(W_OUT), 1, 0)
    small = (abs(back).max((1, 2)) <= FURTHEST) & (abs(found).max((1, 2)) <= MOST)
    moves = of("x")[:, :1, INPUT] * abs(of_a)
    wrong_way = (back[:, 0, 2] > 0) & (back[:, 0, :2].min(1) < 0) & (moves <= REACH).all(1)
    return point_apart(of(W_OUT)) & small & wrong_way & (back != 0).all((1, 2)) & (found != 0).all((1, 2))  # type: ignore[no-any-return]


def _second_layer(of: Candidates, dice: Dice) -> Entries:
    """The weights of the outputs. Those of A are both odd or both even, so that the loss stays whole as A moves."""
    w = dice.choices(np.array([-2, -1, 1, 2]), of.count, 3, 2)
    w[:, 0, 1] = np.sign(w[:, 0, 1]) * abs(w[:, 0, 0])
    return {W_OUT: w}


@draw(
    "mlp-backward",
    like_sheet=True,
    sets=("inputs", SETS),
    fits=[_neurons_wake_and_sleep],
    then=[(_second_layer, [_is_off, _comes_back_to_all])],
    requires=[exactly(2, d_model=3, d_mlp=3, d_head=2)],
)
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """What is known of two animals, both small, of which one flies and one has fur; a neuron A that likes what flies;
    and biases with which the owl wakes A, both wake B, and the cat does not wake C. What is right stays as it is.
    """
    w = dice.below(2 * REACH + 1, count, 3, 3) - REACH
    liked = dice.below(REACH, count, 2) + 1
    w[:, 1, 0], w[:, 2, 0] = liked[:, 0], -liked[:, 1]
    x = SIGNS * (dice.below(REACH, count, 2, 3) + 1)
    (owl_a, owl_b, _), (_, cat_b, cat_c) = np.moveaxis(x @ w, 0, 2)
    a, b, c = dice.below(2, count) + 2, dice.below(2, count) + 1, -1 - dice.below(3, count)
    return {"x": x, W_IN: w, B_IN: np.stack([a - owl_a, b - np.minimum(owl_b, cat_b), c - cat_c], 1)[:, None]}


@sheet_promise
def sleepers_stay_asleep(tape: Tape) -> bool:
    """C sleeps for all words, could be woken for the last alone, and would wake for twice its weights. A neuron that
    is awake stays so, and one that sleeps, while a weight of A is raised and lowered.
    """
    first, *_, last = [row[-1] for row in tape.values("h")]
    gates = [[[x > 0 for x in row] for row in tape.values(f"{run}h")] for run in ("", "up.", "down.")]
    squares, bias = sum(row[-1] ** 2 for row in tape.values(W_IN)), tape.values(B_IN)[0][-1]
    return bool(first < last - 1 and last < 0 < 2 * squares + bias and gates[0] == gates[1] == gates[2])


# ---- its mistake ----


@mistake(
    told="A gradient by a difference on one side only.",
    mend="Move the weight both ways, and divide the difference of the two losses by how far they are apart.",
    after="gate-by-gradient",
)
def gradient_check_one_sided(step: Step, tape: Tape) -> Iterable[Step]:
    """The loss is subtracted from that with 1 more of a weight, not that with 1 less, and nothing is halved."""
    if step.stem == "check.difference":
        return [replace(step, inputs=(step.inputs[0], "loss"))]
    return [skipped(step) if step.stem == "check" else step]


# ---- its picture ----

LEFTS = (0.0, 62.0)  # mm: the left edge of each token
SUM_AT, FROM, GATE_AT, TO, OUT_AT = 9.0, 13.0, 20.0, 29.5, 35.0  # mm from there
FIRST, APART, OFF = 11.5, 10.4, 3.0  # mm: the first neuron's height, the next one's, and how far off a post is


@picture(height=38, minutes=2, width=104)
def gates(on: Canvas, h: Rows, r: Rows, *, tokens: Sequence[str], neurons: Sequence[str]) -> None:
    """ReLU as a gate for each neuron: open where its sum is above 0, shut where it is not; and what comes out."""
    if len(h) != 2 or any(len(row) != 3 for row in h):
        raise UndrawableError("two tokens with three neurons have room")
    told = list[str]()
    for at, (left, token, sums, passed) in enumerate(zip(LEFTS, tokens, h, r, strict=True)):
        on.text(left + GATE_AT, 4.0, token, TOKEN, bold=True)
        for k, (neuron, before, after) in enumerate(zip(neurons, sums, passed, strict=True)):
            y = FIRST + APART * k
            on.text(left + 1.0, y + 1.0, neuron, CAPTION, anchor="start", colour=GREY)
            on.number(left + SUM_AT, y, before)
            on.line((left + FROM, y), (left + GATE_AT - 0.8, y), width=GUIDE)
            for side in (-OFF, OFF):
                on.disc(left + GATE_AT, y + side, 0.6)
            _leaf(on if at else on.pen, left + GATE_AT, y, is_open=before > 0)
            if before > 0:
                (on if at else on.pen).arrow((left + GATE_AT + 0.8, y), (left + TO, y), width=GUIDE)
            if at:
                state = on.say("pictures.gates.is_open" if before > 0 else "pictures.gates.is_shut")
                on.text(left + GATE_AT + 1.6, y + OFF + 0.4, state, CAPTION, anchor="start", colour=GREY)
                on.number(left + OUT_AT, y, after)
            else:
                on.blank(left + OUT_AT, y, after, 8.6, 6.6)
        states = [on.say("pictures.gates.open" if x > 0 else "pictures.gates.shut", neuron=name)
                  for name, x in zip(neurons, sums, strict=True)]  # fmt: skip
        told.append(on.say("pictures.gates.told", token=token, states=listed(states), numbers=listed(passed)))
    sums = listed([*h[0]])
    printed = on.say("pictures.gates.said", token=tokens[0], sums=sums)
    on.said(f"{printed} {told[1]}", on.say("pictures.gates.to_do", token=tokens[0]), told[0])


def _leaf(on: Layer, x: float, y: float, *, is_open: bool) -> None:
    """The leaf of a gate, which hangs on its upper post: across the way, or along it."""
    end = (x + 2 * OFF, y - OFF) if is_open else (x, y + OFF)
    on.line((x, y - OFF), end, width=FRAME)
