"""Gradients of a softmax: a worked instance, slopes of the shares, p − y, and its two mistakes."""

from fractions import Fraction
from math import log, log2

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

WORKED = {  # shares (½, ¼, ¼) in the first row, whose table was worked out apart from byhand
    "config": {"n_ctx": 3, "softmax_base": 2},
    "inputs": {"scores": [[1, 0, 0], [0, 1, 0], [0, 0, 0]], "upstream": [[0, 0, -4], [2, 2, 2], [3, 0, 0]]},
}
Q = Fraction(1, 16)  # of which all are whole multiples


def run(name=""):
    tape = MODELS["softmax-backward"].run(Values.of(WORKED), RATIONALS)
    return foil(tape, name) if name else tape


def sixteenths(tape, name):
    return [[x / Q for x in row] for row in tape.values(name)]


def test_the_gradients_of_a_worked_instance():
    tape = run()
    assert sixteenths(tape, "table") == [[4, -2, -2], [-2, 3, -1], [-2, -1, 3]]
    assert sixteenths(tape, "by_table.grad") == [[8], [4], [-12]]
    assert [*tape.values("softmax.dot")] == [(-1,), (2,), (1,)]
    assert sixteenths(tape, "scores.grad")[:2] == [[8, 4, -12], [0, 0, 0]]
    assert [*tape.values("aside.grad")] == [(Fraction(1, 3), Fraction(1, 3), Fraction(-2, 3))]


def test_the_factor_stands_beside_what_has_it():
    tape = run()
    beside = {name: step.times for name, step in tape.steps.items() if step.times}
    assert beside == {"table": "ln 2", "by_table.grad": "ln 2", "scores.grad": "ln 2",
                      "aside.arrived": "1/ln 2", "aside.dot": "1/ln 2"}  # fmt: skip
    document, _ = prepare(load_sheet("softmax-backward"), Options())
    captions = {panel.step: panel.caption for block in document.blocks for panel in block.matrices if panel.caption}
    assert captions["scores.grad"] == r"\bar{S} = \dots \cdot \ln 2"
    assert captions["aside.arrived"] == r"\bar{p} = \dots \div \ln 2"
    in_e, _ = prepare(load_sheet("softmax-backward"), Options(base="e", numbers="decimal"))
    assert not any("ln" in panel.caption for block in in_e.blocks for panel in block.matrices)


def test_two_mistakes():
    assert sixteenths(run("no-row-sum"), "scores.grad")[:2] == [[0, 0, -16], [8, 16, 8]]
    assert sixteenths(run("softmax-elementwise"), "scores.grad")[:2] == [[0, 0, -12], [6, 8, 6]]


@pytest.mark.parametrize("seed", range(0, 30, 5))
def test_each_gradient_is_the_slope_of_the_shares_times_what_has_arrived(seed):
    made = prepare(load_sheet("softmax-backward"), Options(seed=seed))[1]
    scores, arrived = ([[float(x) for x in row] for row in made.values(name)] for name in ("scores", "upstream"))

    def loss(row, blamed):
        powers = [2**score for score in row]
        return sum(g * power / sum(powers) for g, power in zip(blamed, powers, strict=True))

    def surprise(row):
        return log2(sum(2**score for score in row)) - row[2]

    h = 2.0**-12

    def slope(of, row, j, *more):
        up, down = ([x + sign * h * (k == j) for k, x in enumerate(row)] for sign in (1, -1))
        return (of(up, *more) - of(down, *more)) / (2 * h)

    for i, row in enumerate(made.values("scores.grad")):
        for j, gradient in enumerate(row):
            assert slope(loss, scores[i], j, arrived[i]) == pytest.approx(float(gradient) * log(2), abs=1e-6)
    for j, gradient in enumerate(made.values("aside.grad")[0]):
        assert slope(surprise, scores[2], j) == pytest.approx(float(gradient), abs=1e-6)
