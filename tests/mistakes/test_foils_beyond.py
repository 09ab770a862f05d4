"""The classic mistakes of the later sheets, by hand on a small example."""

from fractions import Fraction

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes.registry import applies, applying, differing, foil
from byhand.model.models import run
from byhand.model.weights import Values

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


def made(model, **entries):
    return run(model, Values.of(entries), RATIONALS)


def equal_scores(*places):
    """Attention whose scores are all 0, whose values are the first dimension and whose result the second."""
    weights = {f"{at}.{w}": [[[0], [0]]] for at in places for w in ("W_Q", "W_K")}
    weights |= {f"{at}.W_V": [[[1], [0]]] for at in places}
    return weights | {f"{at}.W_O": [[[0, 1]]] for at in places}


SMALL = {"d_model": 2, "d_head": 1, "d_v": 1, "n_ctx": 2, "softmax_base": 2, "attn_only": True, "d_mlp": 1}
POST = made(
    "block", config={**SMALL, "norm_position": "post"}, inputs={"blocks.0.hook_resid_pre": [[4, 2]]},
    weights=equal_scores("blocks.0.attn"),
)  # fmt: skip
PRE = made(
    "block", config={**SMALL, "attn_only": False}, inputs={"blocks.0.hook_resid_pre": [[4, 2]]},
    weights={**equal_scores("blocks.0.attn"), "blocks.0.mlp.W_in": [[1], [1]], "blocks.0.mlp.W_out": [[1, 0]]},
)  # fmt: skip
BOTH = made(
    "encoder-decoder", config={**SMALL, "normalization_type": None, "attn_only": False},
    inputs={"encoder.0.hook_resid_pre": [[1, 0], [3, 0]], "decoder.0.hook_resid_pre": [[5, 0]]},
    weights={
        **equal_scores("encoder.0.attn", "decoder.0.attn", "decoder.0.cross_attn"),
        **{f"{at}.mlp.{w}": m for at in ("encoder.0", "decoder.0") for w, m in (("W_in", [[0], [0]]), ("W_out", [[0, 0]]))},
    },
)  # fmt: skip
JUDGED = made(
    "cross-entropy", config={"softmax_base": 2, "d_vocab": 3}, tokens=[1, 2],
    inputs={"logits": [[0, 1, 0], [1, 0, 0]]},
)  # fmt: skip
UNSURE = made(
    "perplexity", config={"softmax_base": 2, "d_model": 3, "d_vocab": 4}, tokens=[0, 2],
    inputs={"ln_final.hook_normalized": [[2, 1, 0], [2, 1, 0]]},
    weights={"unembed.W_U": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]},
)  # fmt: skip
SAMPLED = made(
    "sampling", config={"softmax_base": 2, "d_vocab": 3},
    inputs={
        "logits": [[0, 2, 0]], "temperatures": [[1], [2]], "k": [[2]], "p": [["5/6"]],
        "first": [[1], [0], [0]], "second": [[1, 0, 0]] * 3,
    },
)  # fmt: skip
CACHED = made(
    "kv-cache", config={"d_model": 2, "d_head": 1, "d_v": 1, "softmax_base": 2, "n_ctx": 2},
    inputs={"blocks.0.hook_resid_pre": [[1, 0], [5, 1]]}, weights=equal_scores("blocks.0.attn")
    | {"blocks.0.attn.W_Q": [[[1], [0]]]},
)  # fmt: skip
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
        (POST, "norm-before-sum", "blocks.0.ln1.hook_normalized", [[-1, 1]], [[3, 3]]),
        (BOTH, "mask-in-encoder", "encoder.0.attn.hook_z[0]", [[2], [2]], [[1], [2]]),
        (BOTH, "mask-across", "decoder.0.cross_attn.hook_pattern[0]", [[HALF, HALF]], [[1, 0]]),
        (JUDGED, "gradient-sign", "logits.grad", [[HALF / 2, -HALF, HALF / 2], [HALF, HALF / 2, -HALF - HALF / 2]],
         [[-HALF / 2, HALF, -HALF / 2], [-HALF, -HALF / 2, HALF + HALF / 2]]),
        (UNSURE, "perplexity-averaged", "perplexity", [[4]], [[5]]),
        (SAMPLED, "temperature-on-probabilities", "probs", [[THIRD / 2, 2 * THIRD, THIRD / 2], [HALF / 2, HALF, HALF / 2]],
         [[THIRD / 2, 2 * THIRD, THIRD / 2], [THIRD / 4, THIRD, THIRD / 4]]),
        (SAMPLED, "not-renormalised", "top_k.probs", [[Fraction(1, 5), Fraction(4, 5), 0]], [[THIRD / 2, 2 * THIRD, 0]]),
        (CACHED, "query-from-cache", "new.q", [[5]], [[1]]),
        (SIZES, "mac-as-one", "flops.qkv", [[6 * 3 * 4 * 4]], [[3 * 3 * 4 * 4]]),
        (SIZES, "embedding-twice", "params", [[12 + 40 + 4 + 4 + 4 + 64 + 64]], [[12 + 80 + 4 + 4 + 4 + 64 + 64]]),
        (SLID, "kernels-not-shared", "count.weights", [[2]], [[6]]),
        (SIZES, "heads-counted-again", "params.qkv.W", [[48]], [[96]]),
    ],
)  # fmt: skip
def test_a_mistake_of_the_later_sheets(tape, name, step, right, wrong):
    assert [list(row) for row in tape.values(step)] == right
    assert [list(row) for row in foil(tape, name).values(step)] == wrong
    assert applies(tape, name)
    assert differing(tape, name) > 0


def test_a_mistake_has_its_own_place():
    assert not applies(PRE, "norm-before-sum"), "before a branch, a norm reads the stream"
    assert not {"mask-in-encoder", "mask-across"} & {*applying(POST)}
    assert foil(SIZES, "mac-as-one").values("flops.backward") == ((2 * SIZES.values("flops.forward")[0][0] / 2,),)
    assert foil(BOTH, "mask-across").values("encoder.0.attn.hook_z[0]") == BOTH.values("encoder.0.attn.hook_z[0]")
