"""Steps from gradients: worked instances, what Adam promises, and three mistakes."""

from fractions import Fraction
from math import isclose, sqrt

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.numbers.choice import listed
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

SHEET = load_sheet("optimizers")


def run(weights, one, two):
    names = {"w": weights, "gradient1": one, "gradient2": two}
    inputs = {name: [[x] for x in numbers] for name, numbers in names.items()}
    return MODELS["optimizers"].run(Values.of({"config": {}, "inputs": inputs}), RATIONALS)


def column(tape, name):
    return [x for (x,) in tape.values(name)]


def test_two_steps_by_three_rules():
    tape = run([4, 2], [10, -2], [-2, -2])
    assert column(tape, "sgd.w2") == [0, 4]
    assert column(tape, "momentum.w2") == [Fraction(-5, 2), Fraction(9, 2)]
    assert column(tape, "adam.ratio1") == [1, -1]
    assert column(tape, "adam.ratio2") == [Fraction(1, 3), -1]
    assert column(tape, "adam.w2") == [0, 8]
    assert column(tape, "adamw.w1") == [0, Fraction(9, 2)]


@pytest.mark.parametrize("loud", [1, 10, 1000])
def test_the_first_step_of_adam_is_as_long_for_any_gradient(loud):
    assert column(run([0, 0], [loud, -3], [loud, -3]), "adam.w1") == [-3, 3]


def test_the_rules_are_those_of_their_papers_in_floats():
    """Each rule as a loop over steps, with its memories."""
    tape = run([4, -6], [10, 4], [-2, 4])
    for at, (weight, gradients) in enumerate([(4.0, [10, -2]), (-6.0, [4, 4])]):
        sgd = momentum = adam = weight
        velocity = mean = square = 0.0
        for t, g in enumerate(gradients, 1):
            sgd -= g / 2
            velocity = velocity / 2 + g
            momentum -= velocity / 2
            mean, square = mean / 2 + g / 2, square / 2 + g * g / 2
            adam -= 3 * (mean / (1 - 0.5**t)) / sqrt(square / (1 - 0.5**t))
        for name, expected in (("sgd.w2", sgd), ("momentum.w2", momentum), ("adam.w2", adam)):
            assert isclose(column(tape, name)[at], expected)


def test_three_mistakes():
    tape = run([4, 2], [10, -2], [-2, -2])
    assert column(foil(tape, "adam-without-root"), "adam.step1") == [Fraction(3, 10), Fraction(-3, 2)]
    assert column(foil(tape, "no-bias-correction"), "adam.m_corrected1") == [5, -1]
    assert column(foil(tape, "decay-in-gradient"), "adamw.w1") == column(tape, "adam.w1")


def test_a_class_has_hundreds_of_sets_of_numbers():
    sets = listed(MODELS["optimizers"], Values.of(SHEET.values), promises=SHEET.promises)
    assert len({str(each.inputs) for each in sets}) == len(sets) > 200


@pytest.mark.parametrize("seed", range(0, 51, 5))
def test_in_each_seed_loud_and_quiet_weights_move_alike_at_first(seed):
    made = prepare(SHEET, Options(seed=seed))[1]
    start, first, second = (column(made, name) for name in ("w", "adam.w1", "adam.w2"))
    assert [abs(x - y) for x, y in zip(first, start, strict=True)] == [3, 3]
    assert [abs(x - y) for x, y in zip(second, first, strict=True)] == [1, 3]
    assert any(column(made, "momentum.u2"))


@pytest.mark.parametrize("seed", range(0, 51, 5))
def test_gradients_of_one_size_in_step_2_move_a_weight_less_that_was_loud(seed):
    made = prepare(SHEET, Options(seed=seed))[1]
    assert len({abs(x) for x in column(made, "gradient2")}) == len({abs(x) for x in column(made, "adam.m2")}) == 1
    loud, quiet = column(made, "adam.v2")
    assert loud == 9 * quiet


def test_seeds_and_the_copies_of_a_class_differ_in_how_large_their_gradients_are():
    seeds = {abs(column(prepare(SHEET, Options(seed=seed))[1], "gradient1")[0]) for seed in range(10)}
    sets = listed(MODELS["optimizers"], Values.of(SHEET.values), promises=SHEET.promises)
    assert seeds == {abs(each.inputs["gradient1"][0][0]) for each in sets} == {10, 20}
