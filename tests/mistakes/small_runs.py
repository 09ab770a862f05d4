"""Small runs in which mistakes are made, each with numbers that a person can follow."""

from byhand.arithmetic.exact import RATIONALS
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values

HEAD = "blocks.0.attn."


def made(model, **entries):
    return MODELS[model].run(Values.of(entries), RATIONALS)


def rows(tape, name):
    return [list(row) for row in tape.values(name)]


def attention(n_heads=1, **config):
    """Two tokens, keys that are queries: scores 4 0 / 2 2, so that the root of 4 halves them."""
    eye = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    turn = [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
    settings = Config(d_model=4, n_heads=n_heads, d_head=4, d_v=1, n_ctx=2, softmax_base=2, **config)
    weights = {
        "blocks.0.attn.W_Q": [eye, turn][:n_heads],
        "blocks.0.attn.W_K": [turn, eye][:n_heads],
        "blocks.0.attn.W_V": [[[1], [0], [0], [0]], [[0], [1], [0], [0]]][:n_heads],
        "blocks.0.attn.W_O": [[[1, 2, 0, 0]], [[0, 0, 3, 1]]][:n_heads],
    }
    inputs = {"blocks.0.hook_resid_pre": [[2, 0, 2, 0], [2, 2, 0, 0]]}
    model = "attention-head" if n_heads == 1 else "multi-head-attention"
    return MODELS[model].run(Values(settings, inputs=inputs, weights=weights), RATIONALS)


def equal_scores(*places):
    """Attention whose scores are all 0, whose values are the first dimension and whose result the second."""
    weights = {f"{at}.{w}": [[[0], [0]]] for at in places for w in ("W_Q", "W_K")}
    weights |= {f"{at}.W_V": [[[1], [0]]] for at in places}
    return weights | {f"{at}.W_O": [[[0, 1]]] for at in places}


def feed_forward():
    """One unit each: pre = 2 − 3 and −2 + 3."""
    values = Values(
        Config(d_model=1, d_mlp=2, n_ctx=1, n_heads=1), inputs={"blocks.0.hook_resid_mid": [[2]]},
        weights={"blocks.0.mlp.W_in": [[1, -1]], "blocks.0.mlp.b_in": [-3, 3], "blocks.0.mlp.W_out": [[1], [1]]},
    )  # fmt: skip
    return MODELS["feed-forward"].run(values, RATIONALS)


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
CACHED = made(
    "kv-cache", config={"d_model": 2, "d_head": 1, "d_v": 1, "softmax_base": 2, "n_ctx": 2},
    inputs={"blocks.0.hook_resid_pre": [[1, 0], [5, 1]]}, weights=equal_scores("blocks.0.attn")
    | {"blocks.0.attn.W_Q": [[[1], [0]]]},
)  # fmt: skip
