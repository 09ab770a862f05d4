"""Mistakes on the way from words to vectors, by hand on a small example."""

import pytest
from small_runs import made, rows

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import cells_changed, changes, foil
from byhand.model import MODELS
from byhand.model.weights import Values

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
        (WORDS, "number-for-one", "one_hot.product", [[5, -6], [1, 2]], [[15, -18], [1, 2]]),
        (PLACES, "appended", "blocks.0.hook_resid_pre", [[1, 3, 3, 5], [0, -1, 2, 0]],
         [[1, 2, 3, 4, 0, 1, 0, 1], [0, 0, 1, 0, 0, -1, 1, 0]]),
        (PLACES, "position-for-dimension", "hook_pos_embed", [[0, 1, 0, 1], [0, -1, 1, 0]], [[0, 0, 0, 0], [1, -1, 1, -1]]),
        (PLACES, "hands-exchanged", "hook_pos_embed", [[0, 1, 0, 1], [0, -1, 1, 0]], [[0, 1, 0, 1], [1, 0, 0, -1]]),
    ],
)  # fmt: skip
def test_a_mistake_with_words_or_positions(tape, name, step, right, wrong):
    assert rows(tape, step) == right
    assert rows(foil(tape, name), step) == wrong
    assert cells_changed(tape, name) > 0


def test_a_sum_that_a_model_goes_on_with_is_not_appended():
    values = Values.of({"config": {"d_vocab": 2, "n_layers": 1, "softmax_base": 2}, "tokens": [0]})
    assert not changes(MODELS["gpt"].run(values, RATIONALS, force=False), "appended")
