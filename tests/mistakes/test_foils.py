"""Each classic mistake, by hand on a small example."""

from fractions import Fraction

import pytest

from byhand import ops
from byhand.arithmetic.exact import RATIONALS
from byhand.errors import DomainError, UnknownNameError
from byhand.mistakes.registry import FOILS, applies, applying, cells_apart, differing, foil, foil_list, resumed
from byhand.model.config import Config
from byhand.model.models import run
from byhand.model.weights import Values
from byhand.tape import Tape

F = Fraction
HEAD = "blocks.0.attn."


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
    return run(model, Values(settings, inputs=inputs, weights=weights), RATIONALS)


def rows(tape, name):
    return [list(row) for row in tape.values(name)]


def test_the_right_way_of_the_example():
    tape = attention()
    assert rows(tape, HEAD + "scores_raw[0]") == [[0, 4], [4, 4]]
    assert rows(tape, HEAD + "hook_pattern[0]") == [[1, 0], [F(1, 2), F(1, 2)]]


@pytest.mark.parametrize(
    ("name", "step", "expected"),
    [
        ("softmax-over-columns", "hook_pattern[0]", [[F(1, 5), 0], [F(4, 5), 1]]),
        ("no-sqrt", "scores_scaled[0]", [[0, 4], [4, 4]]),
        ("divide-after-softmax", "hook_pattern[0]", [[F(1, 2), 0], [F(1, 4), F(1, 4)]]),
        ("no-mask", "hook_pattern[0]", [[F(1, 5), F(4, 5)], [F(1, 2), F(1, 2)]]),
        ("mask-after-softmax", "hook_pattern[0]", [[F(1, 5), 0], [F(1, 2), F(1, 2)]]),
        ("zero-for-minus-infinity", "hook_pattern[0]", [[F(1, 2), F(1, 2)], [F(1, 2), F(1, 2)]]),
        ("keys-by-query-weights", "hook_k[0]", [[2, 0, 2, 0], [2, 2, 0, 0]]),
        ("keys-by-query-weights", "scores_raw[0]", [[8, 4], [4, 8]]),
        ("transposed", "hook_q[0]", [[2, 0, 2, 0], [2, 2, 0, 0]]),
        ("transposed", "hook_k[0]", [[0, 2, 0, 2], [2, 0, 0, 2]]),
    ],
)
def test_a_mistake_in_attention(name, step, expected):
    assert rows(foil(attention(), name), HEAD + step) == expected


def test_the_root_of_the_wrong_width():
    values = Values(
        Config(d_model=1, d_head=4, d_v=1, n_ctx=2, softmax_base=2),
        inputs={"blocks.0.hook_resid_pre": [[1], [2]]},
        weights={f"blocks.0.attn.W_{x}": [[[1, 0, 1, 0][: 1 if x == "V" else 4]]] for x in "QKV"},
    )
    tape = run("attention-head", values, RATIONALS)
    assert rows(tape, HEAD + "scores_scaled[0]") == [[1, 2], [2, 4]]
    assert rows(foil(tape, "sqrt-d-model"), HEAD + "scores_scaled[0]") == [[2, 4], [4, 8]]
    assert not applies(attention(), "sqrt-d-model"), "√4 is √4"


def test_two_heads_averaged_or_with_one_head_s_weights():
    tape = attention(2)
    whole, half = rows(tape, HEAD + "z"), rows(foil(tape, "heads-averaged"), HEAD + "z")
    assert half == [[x / 2 for x in row] for row in whole]
    shared = foil(tape, "heads-share-weights")
    assert rows(shared, HEAD + "hook_q[1]") == rows(tape, HEAD + "hook_q[0]")
    assert rows(shared, HEAD + "hook_z[1]") == rows(tape, HEAD + "hook_z[0]")
    summed = attention(2, use_attn_result=True)
    halves = rows(foil(summed, "heads-averaged"), "blocks.0.hook_attn_out")
    assert halves == [[x / 2 for x in row] for row in rows(summed, "blocks.0.hook_attn_out")]


def test_shares_without_powers():
    tape = run("softmax", Values(Config(softmax_base=2), inputs={"scores": [[1, 3]]}), RATIONALS)
    assert rows(tape, "softmax") == [[F(1, 5), F(4, 5)]]
    assert rows(foil(tape, "no-powers"), "softmax") == [[F(1, 4), F(3, 4)]]
    assert not applies(attention(), "no-powers"), "−∞ has no share"


def norm():
    values = Values(
        Config(d_model=4, n_ctx=2), inputs={"blocks.0.hook_resid_pre": [[3, 1, 3, 1], [5, -1, 1, 3]]}, weights={}
    )
    return run("layer-norm", values, RATIONALS, force=False)


def test_a_norm_over_the_sequence():
    wrong = foil(norm(), "norm-over-sequence")
    assert rows(wrong, "blocks.0.ln1.mean") == [[4, 0, 2, 2]]
    assert rows(wrong, "blocks.0.ln1.centered") == [[-1, 1, 1, -1], [1, -1, -1, 1]]
    assert rows(wrong, "blocks.0.ln1.hook_scale") == [[1, 1, 1, 1]]
    assert rows(wrong, "blocks.0.ln1.hook_normalized") == [[-1, 1, 1, -1], [1, -1, -1, 1]]


def test_a_variance_with_one_less():
    assert rows(norm(), "blocks.0.ln1.variance") == [[1], [5]]
    assert rows(foil(norm(), "n-minus-one"), "blocks.0.ln1.variance") == [[F(4, 3)], [F(20, 3)]]


def feed_forward():
    """One unit each: pre = 2 − 3 and −2 + 3."""
    values = Values(
        Config(d_model=1, d_mlp=2, n_ctx=1, n_heads=1), inputs={"blocks.0.hook_resid_mid": [[2]]},
        weights={"blocks.0.mlp.W_in": [[1, -1]], "blocks.0.mlp.b_in": [-3, 3], "blocks.0.mlp.W_out": [[1], [1]]},
    )  # fmt: skip
    return run("feed-forward", values, RATIONALS)


def test_mistakes_in_the_feed_forward_network():
    assert rows(feed_forward(), "blocks.0.mlp.hook_post") == [[0, 1]]
    assert rows(foil(feed_forward(), "no-relu"), "blocks.0.mlp.hook_post") == [[-1, 1]]
    assert rows(foil(feed_forward(), "relu-before-bias"), "blocks.0.mlp.hook_post") == [[-1, 3]]


def test_the_residual_stream_forgotten():
    tape = Tape(RATIONALS, {"x": [[1, 2]], "f": [[10, 20]]})
    ops.add(tape.given("x", (1, 2)), tape.given("f", (1, 2)), name="blocks.0.hook_resid_mid")
    assert rows(foil(tape, "no-residual"), "blocks.0.hook_resid_mid") == [[10, 20]]


def test_every_foil_has_a_sentence():
    for name, prose in foil_list():
        assert name in FOILS
        assert prose[0].isupper()
        assert prose.endswith(".")
    assert len(foil_list()) == len(FOILS) >= 16


def test_an_unknown_foil_is_an_error():
    with pytest.raises(UnknownNameError, match="no foil 'no-root'; did you mean 'no-sqrt'"):
        foil(attention(), "no-root")


def test_a_run_shows_only_the_mistakes_it_has_a_place_for():
    assert applying(feed_forward()) == ["no-relu", "relu-before-bias"]
    assert "no-mask" not in applying(attention(attention_dir="bidirectional"))


def test_a_mistake_is_counted_in_the_cells_where_it_is_made():
    assert differing(feed_forward(), "no-relu") == 1
    assert differing(attention(), "no-sqrt") == 3
    assert differing(attention(), "softmax-over-columns") == 3


def test_what_cannot_be_computed_differs():
    tape, wrong = attention(), attention().replay(numbers={HEAD + "scores_scaled[0]": [[0, 0], [F(1, 2), 0]]})
    with pytest.raises(DomainError):
        wrong.values(HEAD + "hook_pattern[0]")
    assert cells_apart(tape, wrong, HEAD + "hook_pattern[0]") == 4


def test_a_resumed_run_keeps_what_comes_before_the_change():
    tape = attention()
    changed = resumed(tape, {}, {HEAD + "hook_pattern[0]": [[1, 0], [0, 1]]})
    assert changed.steps[HEAD + "hook_v[0]"].op is None
    assert rows(changed, HEAD + "hook_z[0]") == [[2], [2]]
