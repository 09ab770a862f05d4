"""Gradients of LayerNorm: published instances, differences of the loss, what a norm holds back, and four mistakes."""

from fractions import Fraction
from math import sqrt

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.mistakes import MISTAKES, foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.options import Options
from byhand.pictures.registry import picture_named
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

W, NORMAL = "blocks.0.ln1.w", "blocks.0.ln1.standardized"
BRANCH, ALIKE, ALONG = f"x.grad.by.{NORMAL}", "blocks.0.ln1.grad_mean", "blocks.0.ln1.grad_along"
LEFT = "blocks.0.ln1.grad_left"
SIGNS = {"x": [1, 1, -1, -1], "w": [1, 1, -1, 3], "arrived": [-1, -3, 3, 1]}
THIRDS = {"x": [-2, -2, -3, 1], "w": [1, 3, -1, 1], "arrived": [-3, -2, -4, -3]}


def run(name="", *, x, w, arrived):
    """The run of one row: an instance that was worked out apart from byhand."""
    values = {
        "config": {"n_ctx": 1, "d_model": 4},
        "inputs": {"x": [x], "upstream": [arrived]},
        "weights": {W: w},
    }
    tape = MODELS["layer-norm-backward"].run(Values.of(values), RATIONALS)
    return foil(tape, name) if name else tape


def row(tape, name):
    (only,) = tape.values(name)
    return [*only]


def made(seed):
    return prepare(load_sheet("layer-norm-backward"), Options(seed=seed))[1]


def test_a_worked_row_whose_norm_has_signs_only():
    tape = run(**SIGNS)
    assert row(tape, f"{NORMAL}.grad") == [-1, -3, -3, 3]
    assert (row(tape, ALIKE), row(tape, ALONG)) == ([-1], [-1])
    assert row(tape, BRANCH) == [1, -1, -3, 3]
    assert row(tape, "x.grad") == [0, -4, 0, 4]
    assert row(tape, f"{W}.grad") == [-1, -3, -3, -1]


def test_a_worked_row_whose_norm_has_thirds():
    tape = run(**THIRDS)
    assert (row(tape, ALIKE), row(tape, ALONG)) == ([-2], [Fraction(-3, 2)])
    assert row(tape, BRANCH) == [-1, -3, 3, 1]
    assert row(tape, "x.grad") == [-4, -5, -1, -2]
    assert row(tape, f"{W}.grad") == [1, Fraction(2, 3), 4, -5]


def test_four_mistakes():
    assert row(run("norm-as-constant", **SIGNS), BRANCH) == [-1, -3, -3, 3]
    assert row(run("no-mean-term", **SIGNS), BRANCH) == [0, -2, -4, 2]
    assert row(run("branch-only", **SIGNS), "x.grad") == row(run(**SIGNS), BRANCH)
    unweighted = run("weight-forgotten", **SIGNS)
    assert row(unweighted, f"{NORMAL}.grad") == SIGNS["arrived"]
    assert row(unweighted, f"{W}.grad") == row(run(**SIGNS), f"{W}.grad")


@pytest.mark.parametrize("seed", range(0, 51, 5))
def test_no_row_of_a_mistake_is_right(seed):
    right = made(seed).tape()
    for name in ("norm-as-constant", "no-mean-term", "weight-forgotten", "branch-only"):
        step = "x.grad" if name == "branch-only" else BRANCH
        pairs = zip(foil(right, name).values(step), right.values(step), strict=True)
        assert all(wrong != its for wrong, its in pairs), name


def test_every_mistake_can_be_computed():
    """Also one with the norm itself: no gradient is left without what it reads."""
    right = made(0).tape().replay(FLOATS)
    for name in MISTAKES:
        wrong = foil(right, name)
        assert all(len(wrong.values(step)) == len(right.values(step)) for step in ("x.grad", f"{W}.grad")), name


@pytest.mark.parametrize("seed", range(0, 51, 5))
def test_what_comes_through_asks_for_no_move_and_no_stretch(seed):
    """Each row adds up to 0, and so do its products with the normalised row; what arrived did neither."""
    tape = made(seed)
    for through, normal, asked in zip(*map(tape.values, (BRANCH, NORMAL, f"{NORMAL}.grad")), strict=True):
        assert sum(through) == sum(g * n for g, n in zip(through, normal, strict=True)) == 0
        assert sum(asked) != 0
        assert sum(g * n for g, n in zip(asked, normal, strict=True)) != 0


@pytest.mark.parametrize("seed", range(0, 51, 10))
def test_what_is_left_without_both_wishes_is_only_divided(seed):
    tape = made(seed)
    deviations = tape.values("blocks.0.ln1.hook_scale")
    for left, (deviation,), through in zip(tape.values(LEFT), deviations, tape.values(BRANCH), strict=True):
        assert [number / deviation for number in left] == [*through]


@pytest.mark.parametrize("seed", range(0, 51, 10))
def test_the_gradients_are_the_slopes_of_the_loss(seed):
    """The loss of a given gradient is the sum of its products with Y. Each number is moved a little both ways."""
    tape, h = made(seed), 2.0**-12
    names = "x", W
    x, w = given = [[[float(number) for number in each] for each in tape.values(name)] for name in names]
    arrived = tape.values("upstream")

    def loss():
        total = 0.0
        for numbers, gradient in zip(x, arrived, strict=True):
            mean = sum(numbers) / 4
            sigma = sqrt(sum((number - mean) ** 2 for number in numbers) / 4)
            y = [n + (n - mean) / sigma * weight for n, weight in zip(numbers, w[0], strict=True)]
            total += sum(float(g) * each for g, each in zip(gradient, y, strict=True))
        return total

    for name, rows in zip(names, given, strict=True):
        for numbers, slopes in zip(rows, tape.values(f"{name}.grad"), strict=True):
            for j, slope in enumerate(slopes):
                numbers[j] += h
                above = loss()
                numbers[j] -= 2 * h
                below = loss()
                numbers[j] += h
                assert abs((above - below) / (2 * h) - float(slope)) < 1e-5


def test_seeds_ask_for_several_things_of_the_owl():
    runs = [made(seed) for seed in range(12)]
    for name in ("x", "upstream", f"{NORMAL}.grad", BRANCH):
        assert len({str(tape.values(name)[0]) for tape in runs}) >= 3, name


def test_bars_and_boxes_have_what_is_left_without_the_mean_and_without_the_part_along_the_row():
    rows = [[[*map(Fraction, row)]] for row in ([1, 3, 2, 6], [1, 1, -1, -1])]
    drawn = picture_named("held_back").sketch(lambda name, **_: name, rows, {"features": ["a", "b", "c", "d"]})
    assert drawn.answers == ("−2", "−1", "0", "1", "−1", "−2", "3", "2")
