"""Gradients of a table that is read twice: a published instance, differences of the loss, and its two mistakes."""

from fractions import Fraction
from math import log2

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ValuesError
from byhand.mistakes import foil
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

WORKED = {  # an instance that was worked out apart from byhand, without a bias
    "config": {"n_ctx": 4, "d_model": 2, "softmax_base": 2},
    "tokens": ["a", "b", "a", "a"],
    "vocabulary": ["a", "b", "c"],
    "inputs": {"shares": [["1/4", "1/2", "1/4"]]},
    "weights": {"embed.W_E": [[-1, 1], [-1, -1], [-2, -2]], "unembed.b_U": [0, 0, 0]},
}
HALF, QUARTER, EIGHTH = Fraction(1, 2), Fraction(1, 4), Fraction(1, 8)
BY_SCORES, BY_LOOK_UP = "embed.W_E.grad.by.logits", "embed.W_E.grad.by.hook_embed"


def run(name=""):
    tape = MODELS["tied-embeddings-backward"].run(Values.of(WORKED), RATIONALS)
    return foil(tape, name) if name else tape


def rows(tape, name):
    return [[*row] for row in tape.values(name)]


def test_the_gradients_of_a_worked_instance():
    tape = run()
    assert rows(tape, "logits.grad") == [[-3 * QUARTER, QUARTER, HALF]]
    assert rows(tape, BY_SCORES) == [[3 * QUARTER, 0], [-QUARTER, 0], [-HALF, 0]]
    assert rows(tape, "hook_z_grad") == [[-HALF, -2]]
    assert rows(tape, "hook_embed_grad") == [[-EIGHTH, -HALF], [-QUARTER, -1], [-EIGHTH, -HALF]]
    assert rows(tape, BY_LOOK_UP) == [[-QUARTER, -1], [-QUARTER, -1], [0, 0]]
    assert rows(tape, "embed.W_E.grad") == [[HALF, -1], [-HALF, -1], [-HALF, 0]]


def test_two_mistakes():
    overwritten, one_side = run("rows-overwritten"), run("one-side-only")
    assert rows(overwritten, BY_LOOK_UP) == [[-EIGHTH, -HALF], [-QUARTER, -1], [0, 0]]
    assert rows(overwritten, "embed.W_E.grad") == [[5 * EIGHTH, -HALF], [-HALF, -1], [-HALF, 0]]
    assert rows(one_side, "embed.W_E.grad") == rows(one_side, BY_LOOK_UP) == rows(run(), BY_LOOK_UP)


def test_a_text_has_a_right_next_word():
    alone = {**WORKED, "tokens": ["a"], "inputs": {}}
    with pytest.raises(ValuesError, match="after them the right next word"):
        MODELS["tied-embeddings-backward"].run(Values.of(alone), RATIONALS)


@pytest.mark.parametrize("seed", range(0, 30, 5))
def test_the_gradient_is_the_slope_of_the_surprise(seed):
    """Each number of the table is moved a little both ways, and the surprise of the right word, in bits, computed."""
    made = prepare(load_sheet("tied-embeddings-backward"), Options(seed=seed))[1]
    table, bias, (shares,) = (
        [[float(x) for x in row] for row in made.values(name)] for name in ("embed.W_E", "unembed.b_U", "shares")
    )
    read, right = [made.vocabulary.index(word) for word in made.tokens[:-1]], made.vocabulary.index(made.tokens[-1])

    def surprise():
        mixed = [sum(a * table[word][k] for a, word in zip(shares, read, strict=True)) for k in range(2)]
        scores = [sum(z * w for z, w in zip(mixed, row, strict=True)) + b
                  for row, b in zip(table, bias[0], strict=True)]  # fmt: skip
        return log2(sum(2**score for score in scores)) - scores[right]

    h = 2.0**-12
    for i, row in enumerate(made.values("embed.W_E.grad")):
        for j, gradient in enumerate(row):
            table[i][j] += h
            above = surprise()
            table[i][j] -= 2 * h
            below = surprise()
            table[i][j] += h
            assert abs((above - below) / (2 * h) - float(gradient)) < 1e-5
