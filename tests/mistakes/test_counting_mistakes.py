"""Mistakes in counting, by hand on a small example."""

import pytest
from small_runs import made, rows

from byhand.mistakes import applying, cells_changed, foil

SIZES = made(
    "sizing", config={"d_model": 4, "n_heads": 2, "d_head": 2, "d_mlp": 8, "d_vocab": 10, "tie_word_embeddings": True}
)  # fmt: skip
SLID = made(
    "convolution", config={"d_model": 2, "d_mlp": 1, "n_ctx": 3},
    inputs={"blocks.0.hook_resid_mid": [[1, 0], [0, 1], [1, 1]]},
    weights={"blocks.0.mlp.W_in": [[1], [1]], "blocks.0.mlp.W_out": [[1, 1]]},
)  # fmt: skip


@pytest.mark.parametrize(
    ("tape", "name", "step", "right", "wrong"),
    [
        (SIZES, "mac-as-one", "flops.qkv", [[6 * 3 * 4 * 4]], [[3 * 3 * 4 * 4]]),
        (SIZES, "embedding-twice", "params", [[12 + 40 + 4 + 4 + 4 + 64 + 64]], [[12 + 80 + 4 + 4 + 4 + 64 + 64]]),
        (SIZES, "heads-counted-again", "params.qkv.W", [[48]], [[96]]),
        (SLID, "kernels-not-shared", "count.weights", [[2]], [[6]]),
    ],
)  # fmt: skip
def test_a_mistake_in_counting(tape, name, step, right, wrong):
    assert rows(tape, step) == right
    assert rows(foil(tape, name), step) == wrong
    assert name in applying(tape)
    assert cells_changed(tape, name) > 0


def test_a_backward_pass_is_counted_from_what_was_found():
    assert foil(SIZES, "mac-as-one").values("flops.backward") == ((2 * SIZES.values("flops.forward")[0][0] / 2,),)
