"""Mistakes in attention, by hand on a small example."""

from fractions import Fraction

import pytest
from small_runs import BOTH, CACHED, HEAD, POST, attention, made, rows

from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import applying, cells_changed, changes, foil
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values


def test_the_right_way_of_the_example():
    tape = attention()
    assert rows(tape, HEAD + "scores_raw[0]") == [[0, 4], [4, 4]]
    assert rows(tape, HEAD + "hook_pattern[0]") == [[1, 0], [Fraction(1, 2), Fraction(1, 2)]]


@pytest.mark.parametrize(
    ("name", "step", "expected"),
    [
        ("softmax-over-columns", "hook_pattern[0]", [[Fraction(1, 5), 0], [Fraction(4, 5), 1]]),
        ("no-sqrt", "scores_scaled[0]", [[0, 4], [4, 4]]),
        ("divide-after-softmax", "hook_pattern[0]", [[Fraction(1, 2), 0], [Fraction(1, 4), Fraction(1, 4)]]),
        ("no-mask", "hook_pattern[0]", [[Fraction(1, 5), Fraction(4, 5)], [Fraction(1, 2), Fraction(1, 2)]]),
        ("mask-after-softmax", "hook_pattern[0]", [[Fraction(1, 5), 0], [Fraction(1, 2), Fraction(1, 2)]]),
        (
            "zero-for-minus-infinity",
            "hook_pattern[0]",
            [[Fraction(1, 2), Fraction(1, 2)], [Fraction(1, 2), Fraction(1, 2)]],
        ),
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
    tape = MODELS["attention-head"].run(values, RATIONALS)
    assert rows(tape, HEAD + "scores_scaled[0]") == [[1, 2], [2, 4]]
    assert rows(foil(tape, "sqrt-d-model"), HEAD + "scores_scaled[0]") == [[2, 4], [4, 8]]
    assert not changes(attention(), "sqrt-d-model"), "√4 is √4"


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


def test_each_head_is_scaled_by_itself_after_softmax():
    tape = attention(2)
    late = foil(tape, "divide-after-softmax")
    unscaled = foil(tape, "no-sqrt")
    for head in ("hook_pattern[0]", "hook_pattern[1]"):
        assert rows(late, HEAD + head) == [[x / 2 for x in row] for row in rows(unscaled, HEAD + head)]


def test_shares_without_powers():
    tape = made("softmax", config={"softmax_base": 2}, inputs={"scores": [[1, 3]]})
    assert rows(tape, "softmax") == [[Fraction(1, 5), Fraction(4, 5)]]
    assert rows(foil(tape, "no-powers"), "softmax") == [[Fraction(1, 4), Fraction(3, 4)]]
    assert not changes(attention(), "no-powers"), "−∞ has no share"


@pytest.mark.parametrize(
    ("tape", "name", "step", "right", "wrong"),
    [
        (BOTH, "mask-in-encoder", "encoder.0.attn.hook_z[0]", [[2], [2]], [[1], [2]]),
        (BOTH, "mask-across", "decoder.0.cross_attn.hook_pattern[0]", [[Fraction(1, 2), Fraction(1, 2)]], [[1, 0]]),
        (CACHED, "query-from-cache", "new.q", [[5]], [[1]]),
    ],
)
def test_a_mistake_with_an_encoder_or_a_cache(tape, name, step, right, wrong):
    assert rows(tape, step) == right
    assert rows(foil(tape, name), step) == wrong
    assert name in applying(tape)
    assert cells_changed(tape, name) > 0


def test_a_mask_is_missed_only_where_it_belongs():
    assert not {"mask-in-encoder", "mask-across"} & {*applying(POST)}
    assert foil(BOTH, "mask-across").values("encoder.0.attn.hook_z[0]") == BOTH.values("encoder.0.attn.hook_z[0]")
    late = changes(BOTH, "mask-after-softmax")
    assert [*late] == ["decoder.0.attn.hook_attn_scores[0]", "decoder.0.attn.hook_pattern[0]"]
