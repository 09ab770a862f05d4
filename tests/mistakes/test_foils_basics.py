"""The classic mistakes of the first sheets, by hand on a small example."""

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes.registry import applies, applying, differing, foil
from byhand.model.models import run
from byhand.model.weights import Values


def made(model, **entries):
    return run(model, Values.of(entries), RATIONALS)


PAIR = made("dot-product", inputs={"u": [[1, 2], [3, 0]], "v": [[4, -1], [1, 7]]})
PRODUCT = made("matrix-product", inputs={"A": [[1, 2], [0, 1]], "B": [[3, 1], [1, 0]]})
LAYER = made(
    "linear-layer", config={"d_model": 2, "d_mlp": 2}, inputs={"x": [[1, 2]]},
    weights={"linear.W": [[1, 0], [1, 1]], "linear.b": [5, -1]},
)  # fmt: skip
WORDS = made(
    "embedding", config={"d_model": 2}, vocabulary=["a", "b", "c"], tokens=["c", "a"],
    weights={"embed.W_E": [[1, 2], [3, 4], [5, -6]]},
)  # fmt: skip
PLACES = made(
    "positional-encoding", config={"d_model": 4, "n_ctx": 2, "sinusoidal_periods": [2, 4]},
    inputs={"hook_embed": [[1, 2, 3, 4], [0, 0, 1, 0]]},
)  # fmt: skip


@pytest.mark.parametrize(
    ("tape", "name", "step", "right", "wrong"),
    [
        (PAIR, "products-not-added", "dot", [[2], [3]], [[4, -2], [3, 0]]),
        (PRODUCT, "elementwise", "AB", [[5, 1], [1, 0]], [[3, 2], [0, 0]]),
        (PRODUCT, "factors-swapped", "AB", [[5, 1], [1, 0]], [[3, 7], [1, 2]]),
        (PRODUCT, "transposed", "AB", [[5, 1], [1, 0]], [[5, 1], [1, 0]]),
        (LAYER, "no-bias", "y", [[8, 1]], [[3, 2]]),
        (LAYER, "bias-per-input", "y", [[8, 1]], [[13, 0]]),
        (WORDS, "number-for-one", "one_hot.product", [[5, -6], [1, 2]], [[15, -18], [1, 2]]),
        (PLACES, "appended", "blocks.0.hook_resid_pre", [[1, 3, 3, 5], [0, -1, 2, 0]],
         [[1, 2, 3, 4, 0, 1, 0, 1], [0, 0, 1, 0, 0, -1, 1, 0]]),
        (PLACES, "position-for-dimension", "hook_pos_embed", [[0, 1, 0, 1], [0, -1, 1, 0]], [[0, 0, 0, 0], [1, -1, 1, -1]]),
    ],
)  # fmt: skip
def test_a_mistake(tape, name, step, right, wrong):
    assert [list(row) for row in tape.values(step)] == right
    assert [list(row) for row in foil(tape, name).values(step)] == wrong
    assert (differing(tape, name) > 0) == (right != wrong)


def test_only_square_matrices_can_be_confused():
    oblong = made("matrix-product", inputs={"A": [[1, 2]], "B": [[3], [1]]})
    assert applying(oblong) == []


def test_a_sum_that_a_model_goes_on_with_is_not_appended():
    tape = run(
        "gpt",
        Values.of({"config": {"d_vocab": 2, "n_layers": 1, "softmax_base": 2}, "tokens": [0]}),
        RATIONALS,
        force=False,
    )
    assert not applies(tape, "appended")
