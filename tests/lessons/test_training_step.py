"""A training step: published numbers of two gradients, the loss that falls, the curve of one bias, and two mistakes."""

import math
from fractions import Fraction

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

OWN = {
    "config": {"n_ctx": 1, "d_model": 2, "d_vocab": 3, "softmax_base": 2}, "tokens": ["fish"],
    "vocabulary": ["swims", "flies", "barks"],
    "inputs": {"rate": [[1]]},
    "weights": {"word.W_E": [[1, -1]], "unembed.W_U": [[1, 2, 1], [0, 0, -2]], "unembed.b_U": [1, 1, -1]},
}  # fmt: skip


def run(name=""):
    tape = MODELS["training-step"].run(Values.of(OWN), RATIONALS)
    return foil(tape, name) if name else tape


def row(tape, name):
    return [Fraction(x) for row in tape.values(name) for x in row]


def quarters(*numbers):
    return [Fraction(x, 4) for x in numbers]


def test_a_step_by_hand():
    tape = run()
    assert row(tape, "logits") == [2, 3, 2]
    assert row(tape, "probs") == quarters(1, 2, 1)
    assert row(tape, "loss") == [2]
    assert row(tape, "logits.grad") == row(tape, "unembed.b_U.grad") == quarters(-3, 2, 1)
    assert row(tape, "unembed.W_U.grad") == quarters(-3, 2, 1, 3, -2, -1)
    assert row(tape, "word.W_E.grad") == quarters(2, -2)
    assert row(tape, "word.W_E.stepped") == quarters(2, -2)
    assert row(tape, "unembed.W_U.stepped") == quarters(7, 6, 3, -3, 2, -7)
    assert row(tape, "unembed.b_U.stepped") == quarters(7, 2, -5)
    assert row(tape, "again.logits") == [3, 1, 0]
    assert row(tape, "again.probs") == [Fraction(8, 11), Fraction(2, 11), Fraction(1, 11)]


def test_two_mistakes():
    assert row(run("step-uphill"), "word.W_E.stepped") == quarters(6, -6)
    assert row(run("step-uphill"), "unembed.b_U.stepped") == quarters(1, 6, -3)
    # G times the new weights: −¾ · 7/4 + ½ · 6/4 + ¼ · ¾, and −¾ · −¾ + ½ · ½ − ¼ · 7/4
    assert row(run("step-before-gradient"), "word.W_E.grad") == [Fraction(-3, 8), Fraction(3, 8)]


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_the_loss_falls_below_one_bit_and_the_curve_leads_there(seed):
    """As a reader computes it from the givens, in floats."""
    made = prepare(load_sheet("training-step"), Options(seed=seed))[1]
    (word,), weight, (bias,) = (made.values(name) for name in ("word.W_E", "unembed.W_U", "unembed.b_U"))

    def loss(word, weight, bias):
        logits = [sum(x * row[j] for x, row in zip(word, weight, strict=True)) + bias[j] for j in range(3)]
        powers = [2.0 ** float(x) for x in logits]
        return math.log2(sum(powers) / powers[0])

    assert loss(word, weight, bias) == 2
    (stepped,) = made.values("unembed.b_U.stepped")
    alone = loss(word, weight, [stepped[0], *bias[1:]])
    assert alone == pytest.approx(math.log2(1 + 3 * 2**-0.75))  # about 1½, as is read from the curve
    after = loss(made.values("word.W_E.stepped")[0], made.values("unembed.W_U.stepped"), stepped)
    assert after < min(1, alone)
    assert after == pytest.approx(-math.log2(made.values("again.probs")[0][0]))
