"""The search for W_U: what it looks at before it draws, and what it keeps."""

import numpy as np

from byhand.model.config import Config
from byhand.numbers.dice import Dice
from byhand.numbers.embedding import LEAST_LOGIT, find_unembeddings, without_attention
from byhand.numbers.promises import limits_of

ROWS = np.array([[2, 1, -1, -2], [1, -2, 2, -1], [3, -1, -1, -1]])


def test_the_last_row_without_attention_goes_through_the_layers_that_there_are():
    weights = {"blocks.0.mlp.W_in": np.array([[1, -1], [0, 1]]), "blocks.0.mlp.W_out": np.array([[2, 0], [0, 3]])}
    rows = np.array([[5, 5], [1, 3]])
    bare = Config(d_model=2, d_mlp=2, n_ctx=2, normalization_type=None)
    assert without_attention(rows, weights, bare).tolist() == [1 + 2 * 1, 3 + 3 * 2]
    assert without_attention(
        rows, {}, Config(d_model=2, n_ctx=2, normalization_type=None, attn_only=True)
    ).tolist() == [1, 3]


def test_logits_of_the_last_row_may_be_near_each_other():
    dice = Dice("near each other")
    found = [
        w_u
        for _ in range(20)
        for w_u in find_unembeddings(dice, ROWS, 1, 4, (None, None, 2), limits_of("standard"), None, spread=3)
    ]
    rows = [ROWS[-1] @ w_u for w_u in found]
    assert all(last.argmax() == 2 and last.max() - last.min() <= 3 for last in rows)
    assert {last[2] for last in rows} == {LEAST_LOGIT, LEAST_LOGIT + 1, LEAST_LOGIT + 2}
