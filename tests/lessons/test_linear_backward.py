"""Gradients of a linear layer: published numbers, what a step with one weight does, and its two mistakes."""

from fractions import Fraction

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

WORKED = {  # an instance that was worked out apart from byhand
    "config": {"n_ctx": 2, "d_model": 3, "d_mlp": 2},
    "inputs": {"x": [[1, 2, 0], [-1, 0, 3]], "upstream": [[1, -2], [3, 1]]},
    "weights": {"linear.W": [[2, -1], [0, 3], [1, 1]], "linear.b": [1, -1]},
}


def run(name=""):
    tape = MODELS["linear-backward"].run(Values.of(WORKED), RATIONALS)
    return foil(tape, name) if name else tape


def rows(tape, name):
    return [[*map(int, row)] if all(x == int(x) for x in row) else [*row] for row in tape.values(name)]


def test_the_gradients_of_a_worked_instance():
    tape = run()
    assert rows(tape, "y") == [[3, 4], [2, 3]]
    assert rows(tape, "x.grad") == [[4, -6, -1], [5, 3, 4]]
    assert rows(tape, "linear.W.grad") == [[-2, -3], [2, -4], [9, 3]]
    assert rows(tape, "linear.b.grad") == [[4, -1]]


def test_two_mistakes():
    assert rows(run("gradient-overwritten"), "linear.W.grad") == [[-3, -1], [0, 0], [9, 3]]
    assert rows(run("bias-gradient-averaged"), "linear.b.grad") == [[2, Fraction(-1, 2)]]
    assert rows(run("bias-gradient-averaged"), "linear.W.grad") == rows(run(), "linear.W.grad")


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_a_step_with_the_weight_most_to_blame_lowers_the_loss_by_its_gradient(seed):
    """The loss of a given gradient is the sum of its products with the outputs."""
    made = prepare(load_sheet("linear-backward"), Options(seed=seed))[1]

    def loss(weight):
        tape = made.tape().replay(numbers={"linear.W": weight})
        pairs = zip(tape.values("y"), tape.values("upstream"), strict=True)
        return sum(y * g for row, arrived in pairs for y, g in zip(row, arrived, strict=True))

    gradient, weight = made.values("linear.W.grad"), [[*row] for row in made.values("linear.W")]
    before = loss(weight)
    most, i, j = max((abs(g), i, j) for i, row in enumerate(gradient) for j, g in enumerate(row))
    weight[i][j] -= 1 if gradient[i][j] > 0 else -1
    assert before - loss(weight) == most


@pytest.mark.parametrize("level", ["easy", "standard", "stretch"])
def test_the_layer_says_pet_of_the_owl_and_bird_of_the_cat(level):
    for seed in range(1, 12):
        made = prepare(load_sheet("linear-backward"), Options(seed=seed, level=level))[1]
        (bird, pet), (cat_bird, cat_pet) = made.values("y")
        assert pet > max(bird, 0), seed
        assert cat_bird > max(cat_pet, 0), seed


def test_a_sheet_s_gradients_are_those_of_its_outputs():
    made = prepare(load_sheet("linear-backward"), Options(seed=4))[1]
    assert made.loss == "y"
    assert made.values("y.grad") == made.values("upstream")
