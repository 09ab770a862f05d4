"""Gradients of two layers with ReLU: published numbers, what a small step changes, and its three mistakes."""

from fractions import Fraction
from itertools import combinations, starmap

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.lessons.mlp_backward import CHECK, INPUT, NEURON, W_IN, W_OUT
from byhand.mistakes import foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.numbers.refused import are_parallel
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

WORKED = {  # an instance that was worked out apart from byhand
    "config": {"n_ctx": 2, "d_model": 2, "d_mlp": 3, "d_head": 2},
    "inputs": {
        "x": [[1, -1], [-2, 0]],
        "right": [[-1, -1], [2, 1]],
        "mlp.W_in": [[0, 1, -1], [-1, 0, 2]],
        "mlp.b_in": [[1, 1, -1]],
        "mlp.W_out": [[1, -1], [0, -1], [2, 1]],
    },
}


def run(name=""):
    tape = MODELS["mlp-backward"].run(Values.of(WORKED), RATIONALS)
    return foil(tape, name) if name else tape


def rows(tape, name):
    return [[int(x) if x == int(x) else x for x in row] for row in tape.values(name)]


def moved(tape, i, j, by):
    """The loss with another weight of the first layer."""
    weight = [[*row] for row in tape.values(W_IN)]
    weight[i][j] += by
    return tape.replay(numbers={W_IN: weight}).values("loss")[0][0]


def test_the_gradients_of_a_worked_instance():
    tape = run()
    assert rows(tape, "h") == [[2, 2, -4], [1, -1, 1]]
    assert rows(tape, "y") == [[2, -4], [3, 0]]
    assert rows(tape, "y.grad") == rows(tape, "error") == [[3, -3], [1, -1]]
    assert rows(tape, "loss") == [[10]]
    assert rows(tape, "mlp.W_out.grad") == [[7, -7], [6, -6], [1, -1]]
    assert rows(tape, "r.grad") == [[6, 3, 3], [2, 1, 1]]
    assert rows(tape, "h.grad") == [[6, 3, 0], [2, 0, 1]]
    assert rows(tape, "mlp.W_in.grad") == [[2, 3, -2], [-6, -3, 0]]
    assert rows(tape, "mlp.b_in.grad") == [[8, 3, 1]]


def test_differences_of_the_worked_instance():
    tape, half = run(), Fraction(1, 2)
    assert (moved(tape, 1, 1, half), moved(tape, 1, 1, -half)) == (Fraction(69, 8), Fraction(93, 8))
    assert (moved(tape, 1, 1, half) - moved(tape, 1, 1, 0)) * 2 == Fraction(-11, 4)  # on one side only, it is off
    assert (moved(tape, 0, 2, 1) - moved(tape, 0, 2, -1)) / 2 == Fraction(-21, 4)  # a neuron switches: it is not −2


def test_three_mistakes():
    assert rows(run("relu-gate-forgotten"), "h.grad") == rows(run(), "r.grad")
    assert rows(run("gate-by-gradient"), "h.grad") == [[6, 3, 3], [2, 1, 1]]
    assert rows(run("gate-by-gradient"), "h") == rows(run(), "h")
    tape = run()
    one_sided = moved(tape, INPUT, NEURON, 1) - moved(tape, INPUT, NEURON, 0)
    assert run("gradient-check-one-sided").values(CHECK) == ((one_sided,),)


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_every_gradient_is_half_the_difference_of_two_losses(seed):
    """The loss is a square in each weight, so that this is exact while no neuron wakes or falls asleep."""
    made = prepare(load_sheet("mlp-backward"), Options(seed=seed))[1]
    tape, h = made.tape(), Fraction(1, 100)
    for i, row in enumerate(made.values(f"{W_IN}.grad")):
        for j, gradient in enumerate(row):
            assert (moved(tape, i, j, h) - moved(tape, i, j, -h)) / (2 * h) == gradient
    (gradient,), (loss,), (up,), (down,) = (made.values(name)[0] for name in (CHECK, "loss", "up.loss", "down.loss"))
    assert gradient == made.values(f"{W_IN}.grad")[INPUT][NEURON]
    assert loss - down < gradient < up - loss  # the loss is a curve, so that each side alone is off


@pytest.mark.parametrize("seed", range(0, 51, 5))
def test_no_two_neurons_have_parallel_weights(seed):
    made = prepare(load_sheet("mlp-backward"), Options(seed=seed))[1]
    assert not any(starmap(are_parallel, combinations(made.values(W_OUT), 2)))
    assert not any(starmap(are_parallel, combinations([*zip(*made.values(W_IN), strict=True)], 2)))


@pytest.mark.parametrize("seed", [0, 7, 33])
def test_a_neuron_that_sleeps_for_all_words_has_no_gradients(seed):
    made = prepare(load_sheet("mlp-backward"), Options(seed=seed))[1]
    assert all(row[2] < 0 for row in made.values("h"))
    assert all(row[2] for row in made.values("r.grad"))  # although something comes back to it
    assert not any(row[2] for name in ("mlp.W_in.grad", "mlp.b_in.grad") for row in made.values(name))
    assert not any(made.values("mlp.W_out.grad")[2])
