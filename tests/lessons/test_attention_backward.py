"""Gradients of a head of attention: a worked instance, slopes of the mixtures, and its mistakes."""

from fractions import Fraction
from math import log

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

WORKED = {  # shares 1; ½, ½; ¼, ½, ¼. The gradients were worked out apart from byhand
    "config": {"n_ctx": 3, "d_head": 4, "d_v": 2, "softmax_base": 2},
    "inputs": {
        "q": [[2, 0, 1, -2], [2, 2, 2, -2], [-1, 1, 0, 1]],
        "k": [[1, 0, 0, -1], [0, 2, -2, -2], [2, 0, -1, 0]],
        "v": [[0, -1], [2, 1], [-1, 0]],
        "upstream": [[-1, -2], [-4, 2], [8, -8]],
    },
}
HALF = Fraction(1, 2)


def run(name=""):
    tape = MODELS["attention-backward"].run(Values.of(WORKED), RATIONALS)
    return foil(tape, name) if name else tape


def rows(tape, name):
    return [[*row] for row in tape.values(name)]


def halves(tape, name):
    return [[x / HALF for x in row] for row in tape.values(name)]


def test_the_gradients_of_a_worked_instance():
    tape = run()
    assert rows(tape, "softmax") == [[1, 0, 0], [HALF, HALF, 0], [HALF / 2, HALF, HALF / 2]]
    assert rows(tape, "v.grad") == [[-1, -3], [2, -3], [2, -2]]
    assert rows(tape, "softmax.grad") == [[2, -4, 1], [-2, -6, 4], [8, 8, -8]]
    assert rows(tape, "softmax.dot") == [[2], [-4], [4]]
    assert rows(tape, "scores.grad") == [[0, 0, 0], [1, -1, 0], [1, 2, -3]]
    assert halves(tape, "dots.grad") == [[0, 0, 0], [1, -1, 0], [1, 2, -3]]
    assert halves(tape, "q.grad") == [[0, 0, 0, 0], [1, -2, 2, 1], [-5, 4, -1, -5]]
    assert halves(tape, "k.grad") == [[1, 3, 2, -1], [-4, 0, -2, 4], [3, -3, 0, -3]]


def test_the_factor_stands_behind_the_pattern():
    beside = {name for name, step in run().steps.items() if step.times == "ln 2"}
    assert beside == {"scores.grad", "scores.scaled.grad", "dots.grad", "q.grad", "k.grad"}


@pytest.mark.parametrize(
    ("mistake", "step", "wrong"),
    [
        ("keys-not-transposed", "k.grad", [[0, 0, 0, 0], [0, -2, -1, 0], [9, 1, 5, -9]]),
        ("queries-get-queries", "q.grad", [[0, 0, 0, 0], [0, -2, -1, 0], [9, 1, 5, -9]]),
        ("no-sqrt-backward", "dots.grad", [[0, 0, 0], [2, -2, 0], [2, 4, -6]]),
        ("no-row-sum", "scores.grad", [[4, 0, 0], [-2, -6, 0], [4, 8, -4]]),
        ("softmax-backward-over-columns", "scores.grad", [[-2, 0, 0], [-5, -7, 0], [Fraction(5, 2), 7, -3]]),
    ],
)
def test_its_mistakes(mistake, step, wrong):
    assert halves(run(mistake), step) == wrong


def mixtures(q, k, v):
    """Of three tokens, each of which sees itself and what came before."""
    made = []
    for i, query in enumerate(q):
        powers = [2 ** (sum(a * b for a, b in zip(query, key, strict=True)) / 2) for key in k[: i + 1]]
        made.append([sum(p * value[j] for p, value in zip(powers, v, strict=False)) / sum(powers) for j in range(2)])
    return made


@pytest.mark.parametrize("seed", [0, 7, 33])
def test_each_gradient_is_the_slope_of_the_mixtures_times_what_has_arrived(seed):
    made = prepare(load_sheet("attention-backward"), Options(seed=seed))[1]
    given = {name: [[float(x) for x in row] for row in made.values(name)] for name in ("q", "k", "v")}
    arrived = [[float(x) for x in row] for row in made.values("upstream")]

    def loss(name, i, j, step):
        moved = [[x + step * ((a, b) == (i, j)) for b, x in enumerate(row)] for a, row in enumerate(given[name])]
        made = mixtures(**{**given, name: moved})
        return sum(g * z for gs, zs in zip(arrived, made, strict=True) for g, z in zip(gs, zs, strict=True))

    for name, factor in (("q", log(2)), ("k", log(2)), ("v", 1)):
        for i, row in enumerate(made.values(f"{name}.grad")):
            for j, gradient in enumerate(row):
                slope = (loss(name, i, j, 2**-12) - loss(name, i, j, -(2**-12))) / 2**-11
                assert slope == pytest.approx(float(gradient) * factor, abs=1e-5)


@pytest.mark.parametrize("seed", range(0, 50, 10))
def test_the_score_that_is_blamed_most_is_not_the_one_that_is_looked_at_most(seed):
    made = prepare(load_sheet("attention-backward"), Options(seed=seed))[1]
    shares, blame = made.values("softmax")[2], [abs(x) for x in made.values("scores.grad")[2]]
    assert shares.index(max(shares)) != blame.index(max(blame))
    assert sorted(blame)[2] > sorted(blame)[1]
