"""Mistakes with the model's answers, by hand on a small example."""

from fractions import Fraction

import pytest
from small_runs import made, rows

from byhand.mistakes import applying, cells_changed, foil

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
JUDGED = made(
    "cross-entropy", config={"softmax_base": 2, "d_vocab": 3}, tokens=[0, 1, 2],
    inputs={"logits": [[0, 1, 0], [1, 0, 0]]},
)  # fmt: skip
UNSURE = made(
    "perplexity", config={"softmax_base": 2, "d_model": 3, "d_vocab": 4}, tokens=[1, 0, 2],
    inputs={"ln_final.hook_normalized": [[2, 1, 0], [2, 1, 0]]},
    weights={"unembed.W_U": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]},
)  # fmt: skip
SAMPLED = made(
    "sampling", config={"softmax_base": 2, "d_vocab": 3},
    inputs={
        "logits": [[0, 2, 0]], "temperatures": [[1], [2]], "k": [[2]], "p": [["5/6"]],
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("tape", "name", "step", "right", "wrong"),
    [
        (JUDGED, "gradient-sign", "logits.grad", [[HALF / 2, -HALF, HALF / 2], [HALF, HALF / 2, -HALF - HALF / 2]],
         [[-HALF / 2, HALF, -HALF / 2], [-HALF, -HALF / 2, HALF + HALF / 2]]),
        (UNSURE, "perplexity-averaged", "perplexity", [[4]], [[5]]),
        (SAMPLED, "temperature-on-probabilities", "probs", [[THIRD / 2, 2 * THIRD, THIRD / 2], [HALF / 2, HALF, HALF / 2]],
         [[THIRD / 2, 2 * THIRD, THIRD / 2], [THIRD / 4, THIRD, THIRD / 4]]),
        (SAMPLED, "not-renormalised", "top_k.probs", [[Fraction(1, 5), Fraction(4, 5), 0]], [[THIRD / 2, 2 * THIRD, 0]]),
    ],
)  # fmt: skip
def test_a_mistake_with_probabilities(tape, name, step, right, wrong):
    assert rows(tape, step) == right
    assert rows(foil(tape, name), step) == wrong
    assert name in applying(tape)
    assert cells_changed(tape, name) > 0
