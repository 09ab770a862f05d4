"""Mistakes in the family of transformers, in instances that were computed by hand."""

from fractions import Fraction

import pytest
from small_runs import made, rows

from byhand.errors import ConfigError, ValuesError
from byhand.mistakes.registry import foil

AT = "blocks.0.attn."
TURNED = made(
    "attention-head",
    config={"d_head": 4, "d_v": 2, "n_ctx": 4, "softmax_base": 2, "positional_embedding_type": "rotary",
            "rotary_dim": 2, "rotary_adjacent_pairs": True, "rotary_periods": [4]},
    inputs={
        f"{AT}hook_q[0]": [[1, 1, 0, 1], [-1, 1, -2, 0], [-2, -2, 0, -2], [2, -2, -1, -2]],
        f"{AT}hook_k[0]": [[2, -2, 2, -2], [0, 0, 0, -1], [1, -2, -2, -2], [1, 0, 0, 1]],
        f"{AT}hook_v[0]": [[-2, 1], [3, -3], [3, -2], [0, 3]],
    },
)  # fmt: skip


def test_queries_and_keys_turn_by_a_quarter_for_each_position():
    assert rows(TURNED, f"{AT}hook_rot_q[0]") == [[1, 1, 0, 1], [-1, -1, -2, 0], [2, 2, 0, -2], [-2, -2, -1, -2]]
    assert rows(TURNED, f"{AT}hook_rot_k[0]") == [[2, -2, 2, -2], [0, 0, 0, -1], [-1, 2, -2, -2], [0, -1, 0, 1]]
    assert rows(TURNED, f"{AT}hook_attn_scores[0]")[3] == [1, 1, 2, 0]
    assert rows(TURNED, f"{AT}hook_z[0]")[3] == [Fraction(14, 9), -1]


def test_keys_that_are_not_turned_make_other_scores():
    assert rows(foil(TURNED, "queries-only"), f"{AT}hook_attn_scores[0]")[3] == [1, 1, 4, -2]


def test_values_that_are_turned_make_another_mixture():
    wrong = foil(TURNED, "rotate-values")
    assert rows(wrong, f"{AT}hook_pattern[0]") == rows(TURNED, f"{AT}hook_pattern[0]")
    assert rows(wrong, f"{AT}hook_z[0]")[3] == [Fraction(-7, 9), Fraction(16, 9)]


def test_turning_the_wrong_way_round_is_seen_where_the_turn_is_a_quarter():
    wrong = foil(TURNED, "turned-backwards")
    assert rows(wrong, f"{AT}hook_rot_q[0]") == [[1, 1, 0, 1], [1, 1, -2, 0], [2, 2, 0, -2], [2, 2, -1, -2]]


def test_pairs_of_halves_are_other_pairs():
    config = {"d_head": 4, "n_ctx": 2, "softmax_base": 2, "use_attn_scale": False, "positional_embedding_type": "rotary",
              "rotary_adjacent_pairs": True, "rotary_periods": [4, 2]}  # fmt: skip
    tape = made("attention-head", config=config, inputs={f"{AT}hook_{x}[0]": [[1, 2, 3, 4]] * 2 for x in "qkv"})
    assert rows(tape, f"{AT}hook_rot_q[0]")[1] == [-2, 1, -3, -4]
    assert rows(foil(tape, "other-pairs"), f"{AT}hook_rot_q[0]")[1] == [-3, -2, 1, -4]


TILES = made(
    "flash-attention", config={"softmax_base": 2, "n_ctx": 4},
    inputs={"attn.tile0.scores": [[1, 3]], "attn.tile0.v": [[-2, -1], [1, 2]],
            "attn.tile1.scores": [[1, 4]], "attn.tile1.v": [[-2, 3], [2, -3]]},
)  # fmt: skip


def test_softmax_in_tiles_is_softmax():
    found = {name: rows(TILES, f"attn.{name}") for name in ("tile0.sum", "tile0.out", "tile1.factor", "tile1.sum")}
    assert found == {
        "tile0.sum": [[Fraction(5, 4)]], "tile0.out": [[Fraction(1, 2), Fraction(7, 4)]],
        "tile1.factor": [[Fraction(1, 2)]], "tile1.sum": [[Fraction(7, 4)]],
    }  # fmt: skip
    assert rows(TILES, "attn.z") == rows(TILES, "plain.z") == [[Fraction(8, 7), -1]]


def test_tiles_that_are_not_rescaled_make_another_mixture():
    assert rows(foil(TILES, "no-rescale"), "attn.z") == [[Fraction(18, 19), Fraction(-7, 19)]]
    assert rows(foil(TILES, "only-o-rescaled"), "attn.z") == [[Fraction(16, 19), Fraction(-14, 19)]]


def test_three_tiles_are_softmax_too():
    more = {"attn.tile2.scores": [[6, 0]], "attn.tile2.v": [[1, 0], [0, 1]]}
    inputs = {name: rows(TILES, name) for name in TILES.numbers} | more
    tape = made("flash-attention", config={"softmax_base": 2, "n_ctx": 6}, inputs=inputs)
    assert rows(tape, "attn.z") == rows(tape, "plain.z")


SHARED = made(
    "grouped-query-attention", config={"softmax_base": 2, "n_heads": 4, "d_head": 1},
    inputs={"attn.q": [[-2], [-1], [1], [1]], "attn.k": [[0, -1, -1], [2, 0, 1]], "attn.v": [[-2, -4, -3], [-4, -4, -3]],
            "d_head": [[1, 128]], "n_heads": [[4, 32]], "n_key_value_heads": [[2, 8]]},
)  # fmt: skip


def test_heads_of_a_group_read_one_card():
    pattern = [[Fraction(1, 9), Fraction(4, 9), Fraction(4, 9)], [Fraction(1, 5), Fraction(2, 5), Fraction(2, 5)]]
    assert rows(SHARED, "attn.pattern")[:2] == pattern
    assert rows(SHARED, "attn.z") == [[Fraction(-10, 3)], [Fraction(-16, 5)], [Fraction(-26, 7)], [Fraction(-26, 7)]]
    assert (rows(SHARED, "count.own"), rows(SHARED, "count.shared")) == ([[8, 8192]], [[4, 2048]])


def test_cards_that_are_dealt_out_in_turn_give_two_heads_the_wrong_one():
    wrong = foil(SHARED, "tiled-groups")
    assert rows(wrong, "attn.z") == [[Fraction(-10, 3)], [Fraction(-26, 7)], [Fraction(-11, 4)], [Fraction(-26, 7)]]
    assert rows(foil(SHARED, "cache-counts-query-heads"), "count.shared") == [[8, 8192]]


def test_heads_of_a_whole_layer_are_dealt_out_in_turn_too():
    config = {"softmax_base": 2, "n_heads": 4, "n_key_value_heads": 2, "d_head": 1, "d_model": 4, "n_ctx": 1}
    inputs = {f"{AT}hook_v[{g}]": [[10 * g]] for g in (0, 1)} | {"blocks.0.hook_resid_pre": [[1, 0, 0, 0]]}
    weights = {f"{AT}W_{x}": [[[0]] * 4] * n for x, n in (("Q", 4), ("K", 2))} | {f"{AT}W_O": [[[0] * 4]] * 4}
    tape = made("multi-head-attention", config=config, inputs=inputs, weights=weights)
    assert rows(tape, f"{AT}z") == [[0, 0, 10, 10]]
    assert rows(foil(tape, "tiled-groups"), f"{AT}z") == [[0, 10, 0, 10]]


BIASED = made(
    "position-biases",
    config={"softmax_base": 2, "n_heads": 2, "d_head": 4, "d_v": 2, "n_ctx": 4, "alibi_slopes": [1, 2]},
    inputs={"attn.raw": [[4, 0, 0, -6]], "attn.v": [[1, 0], [0, 1], [1, 1], [0, 2]]},
)


def test_scores_fall_by_the_slope_of_their_head():
    assert rows(BIASED, "attn.biased[0]") == [[-1, -2, -1, -3]]
    assert rows(BIASED, "attn.biased[1]") == [[-4, -4, -2, -3]]
    assert rows(BIASED, "attn.pattern[0]") == [[Fraction(k, 11) for k in (4, 2, 4, 1)]]


def test_mistakes_of_slopes():
    assert rows(foil(BIASED, "slope-sign"), "attn.biased[0]") == [[5, 2, 1, -3]]
    assert rows(foil(BIASED, "same-slope-for-all"), "attn.biased[1]") == [[-1, -2, -1, -3]]
    assert rows(foil(BIASED, "bias-before-scale"), "attn.biased[0]") == [[Fraction(1, 2), -1, Fraction(-1, 2), -3]]


BUCKETS = made(
    "distance-buckets",
    config={"softmax_base": 2, "n_ctx": 6, "d_v": 2, "use_attn_scale": False, "relative_attention_num_buckets": 4,
            "relative_attention_max_distance": 8, "positional_embedding_type": "relative_positional_bias"},
    inputs={"attn.scores": [[0, -1, 0, 0, -1, 1]], "attn.table": [[-1, 0, 1, -2]], "attn.v": [[1, 0], [0, 1]] * 3},
)  # fmt: skip


def test_words_of_one_bucket_get_the_same_number():
    assert rows(BUCKETS, "attn.bias") == [[-2, -2, 1, 1, 0, -1]]
    assert rows(BUCKETS, "attn.biased") == [[-2, -3, 1, 1, -1, 0]]


def test_mistakes_of_buckets_of_distances():
    assert rows(foil(BUCKETS, "bucket-is-distance"), "attn.bias") == [[-2, -2, -2, 1, 0, -1]]
    assert rows(foil(BUCKETS, "counted-from-the-front"), "attn.bias") == [[-1, 0, 1, 1, -2, -2]]


def test_a_table_has_a_number_for_each_bucket():
    with pytest.raises(ValuesError, match=r"^attn.table has 3 numbers; give 4, one for each bucket$"):
        made("distance-buckets", config={"relative_attention_num_buckets": 4, "n_ctx": 2},
             inputs={"attn.scores": [[0, 1]], "attn.table": [[1, 2, 3]], "attn.v": [[1], [2]]})  # fmt: skip


SPARSE = made(
    "sparse-patterns",
    config={"softmax_base": 2, "d_v": 2, "n_ctx": 6, "use_local_attn": True, "window_size": 3},
    inputs={"attn.scores": [[1, 0, -1, 1, -1, -1]], "attn.v": [[k, 1] for k in range(6)]},
)
SPAN = made(
    "adaptive-span",
    config={"softmax_base": 2, "d_v": 2, "n_ctx": 6},
    inputs={"attn.scores": [[1, 0, -1, 1, -1, -1]], "attn.v": [[k, 1] for k in range(6)],
            "span.back": [[5, 4, 3, 2, 1, 0]], "span.z": [[1]], "span.ramp": [[2]]},
)  # fmt: skip


def test_patterns_of_six_words_compute_fewer_scores_and_hear_of_the_first_word_in_some_layers_or_never():
    counts = {
        name: rows(SPARSE, f"count.{name}")[0][0] for name in ("causal", "window", "every_second", "strided", "first")
    }
    assert counts == {"causal": 21, "window": 15, "every_second": 12, "strided": 17, "first": 15}
    assert rows(SPARSE, "heard.window") == [[0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 1, 1], [1] * 6]
    assert rows(SPARSE, "heard.every_second") == [[0, 1, 0, 1, 0, 1]] * 3


def test_a_window_that_ends_softly_keeps_part_of_a_power():
    half = Fraction(1, 2)
    assert rows(SPARSE, "attn.pattern") == [[0, 0, 0, Fraction(2, 3), Fraction(1, 6), Fraction(1, 6)]]
    assert rows(SPAN, "span.mask") == [[0, 0, 0, half, 1, 1]]
    assert rows(SPAN, "span.pattern") == [[0, 0, 0, half, Fraction(1, 4), Fraction(1, 4)]]


def test_a_window_of_no_token_is_refused_in_one_line():
    with pytest.raises(ConfigError, match=r"^window_size=0 hides every token, even from itself; use 1 or more$"):
        made("sparse-patterns", config={"softmax_base": 2}, inputs={})


def test_mistakes_of_windows():
    wide = foil(SPARSE, "window-off-by-one")
    assert rows(wide, "attn.pattern") == [[0, 0, *(Fraction(k, 7) for k in (1, 4, 1, 1))]]
    assert rows(wide, "count.window") == [[18]]


def test_mistakes_of_spans():
    assert sum(rows(foil(SPAN, "span-after-softmax"), "span.pattern")[0]) == Fraction(4, 13)
    assert rows(foil(SPAN, "itself-as-a-step"), "span.mask") == [[0, 0, 0, 0, Fraction(1, 2), 1]]


ROUTED = made(
    "mixture-of-experts",
    config={"d_model": 3, "d_mlp": 1, "n_ctx": 4, "softmax_base": 2, "num_experts": 3, "experts_per_token": 2},
    inputs={"x": [[-2, -1, -2], [-2, -2, -1], [-2, -1, -1], [2, 1, 2]], "expert_size": [[6, 176]], "num_experts": [[3, 8]],
            "experts_per_token": [[2, 2]]},
    weights={"blocks.0.mlp.W_gate": [[0, -1, 1], [1, 0, -1], [-1, 1, 0]],
             **{f"blocks.0.mlp.experts.{e}.W_in": [[1], [0], [0]] for e in range(3)},
             **{f"blocks.0.mlp.experts.{e}.W_out": [[3 * e, 3, 0]] for e in range(3)}},
)  # fmt: skip


def test_a_word_takes_from_two_of_three_experts():
    assert rows(ROUTED, "blocks.0.mlp.router")[3] == [-1, 0, 1]
    assert rows(ROUTED, "last.weights") == [[0, Fraction(1, 3), Fraction(2, 3)]]
    assert rows(ROUTED, "last.out") == [[10, 6, 0]]
    assert rows(ROUTED, "all.out") == [[Fraction(60, 7), 6, 0]]
    assert rows(ROUTED, "balance") == [[Fraction(15, 14)]]
    assert (rows(ROUTED, "count.all"), rows(ROUTED, "count.active")) == ([[18, 1408]], [[12, 352]])


def test_mistakes_of_a_router():
    assert rows(foil(ROUTED, "not-renormalised"), "last.out") == [[Fraction(60, 7), Fraction(36, 7), 0]]
    assert rows(foil(ROUTED, "all-experts"), "last.out") == rows(ROUTED, "all.out")
    assert rows(foil(ROUTED, "balance-without-n"), "balance") == [[Fraction(5, 14)]]


STATE = made("linear-attention", config={"softmax_base": 2}, inputs={
    f"{AT}hook_q[0]": [[1, 0], [1, 1], [0, 0]], f"{AT}hook_k[0]": [[0, 1], [-1, 0], [0, -1]],
    f"{AT}hook_v[0]": [[1, -2], [0, 3], [1, -1]],
})  # fmt: skip


def test_a_state_that_knows_the_future_is_read_by_earlier_words_only():
    wrong = foil(STATE, "state-includes-future")
    assert rows(wrong, f"{AT}read1") == [[9, -6]]
    assert rows(wrong, f"{AT}norm1") == [[12]]
    assert rows(wrong, f"{AT}out2") == rows(STATE, f"{AT}out2")


def test_without_the_sum_a_word_keeps_what_it_reads():
    assert rows(foil(STATE, "no-normaliser"), f"{AT}out1") == rows(STATE, f"{AT}read1") == [[6, -3]]


def test_the_kernel_of_a_product_is_not_the_product_of_kernels():
    assert rows(foil(STATE, "phi-of-product"), "shares.scores") == [[1, 1, 1]]
    assert rows(STATE, "shares.scores") == [[3, Fraction(3, 2), Fraction(3, 2)]]


GATED = made(
    "feed-forward",
    config={"d_model": 4, "d_mlp": 3, "n_ctx": 2, "softmax_base": 2, "gated_mlp": True, "act_fn": "silu"},
    inputs={"blocks.0.hook_resid_mid": [[-1, -1, 1, -1], [1, -1, -1, -1]]},
    weights={"blocks.0.mlp.W_gate": [[-1, 0, 1], [0, 0, 0], [0, 0, 0], [0, -1, 0]],
             "blocks.0.mlp.W_in": [[1, -1, -1], [0, 2, 2], [-1, -1, 2], [1, -1, -1]],
             "blocks.0.mlp.W_out": [[1, 1, -1, 0], [1, 1, -1, 0], [0, 1, 0, -1]]},
)  # fmt: skip


def test_gates_let_a_part_of_each_unit_through():
    two, third = Fraction(2, 3), Fraction(1, 3)
    assert rows(GATED, "blocks.0.mlp.hook_pre") == [[1, 1, -1], [-1, 1, 1]]
    assert rows(GATED, "blocks.0.mlp.hook_pre_linear") == [[-3, -1, 2], [1, -1, -4]]
    assert rows(GATED, "blocks.0.mlp.hook_post") == [[-2, -two, -two], [-third, -two, -4 * two]]


def test_mistakes_of_gates():
    two, third = Fraction(2, 3), Fraction(1, 3)
    assert rows(foil(GATED, "sigmoid-for-swish"), "blocks.0.mlp.gate") == [[two, two, third], [third, two, two]]
    wrong = rows(foil(GATED, "gate-on-wrong-side"), "blocks.0.mlp.hook_post")
    assert wrong[0] == [-third, -third, Fraction(-8, 5)]


def test_latents_that_are_mixed_are_no_values():
    tape = made(
        "latent-attention", config={"softmax_base": 2, "n_ctx": 2, "d_model": 2, "d_head": 4, "d_v": 2, "kv_lora_rank": 2},
        inputs={"blocks.0.hook_resid_pre": [[1, 0], [0, 3]]},
        weights={f"{AT}W_DKV": [[1, 0], [0, 1]], f"{AT}W_UK": [[[0] * 4] * 2], f"{AT}W_UV": [[[2, 0], [0, 4]]],
                 f"{AT}W_Q": [[[1] * 4] * 2]},
    )  # fmt: skip
    assert rows(tape, "new.z") == [[1, 6]]
    assert rows(foil(tape, "latent-as-value"), "new.z") == [[Fraction(1, 2), Fraction(3, 2)]]


RELATIVE = {
    "softmax_base": 2,
    "n_ctx": 4,
    "d_v": 1,
    "positional_embedding_type": "relative",
    "max_relative_position": 2,
}
TABLE = {f"{AT}rel_pos_keys": [[1, 0, 0, 0], [2, 0, 0, 0], [3, 0, 0, 0], [4, 0, 0, 0], [5, 0, 0, 0]]}


def test_mistakes_of_distances():
    given, query = {f"{AT}hook_k[0]": [[2, 0, 0, 0]] * 4, f"{AT}hook_v[0]": [[1]] * 4}, [2, 0, 0, 0]
    tape = made("attention-head", config=RELATIVE, inputs={f"{AT}hook_q[0]": [query] * 4, **given}, weights=TABLE)
    last = made("relative-positions", config=RELATIVE, inputs={"new.q": [query], **given}, weights=TABLE)
    expected = {
        "distance-sign": [10, 10, 8, 6],
        "place-for-distance": [2, 4, 6, 8],
        "no-clip": [0, 2, 4, 6],
    }
    whole, new = f"{AT}scores_relative[0]", "new.scores_relative"
    assert rows(tape, whole)[3] == rows(last, new)[0] == [2, 2, 4, 6]
    for mistake, numbers in expected.items():
        assert rows(foil(tape, mistake), whole)[3] == rows(foil(last, mistake), new)[0] == numbers


SHORT = made(
    "low-rank-attention",
    config={"softmax_base": 2, "n_ctx": 4, "d_head": 4, "d_v": 1, "linformer_k": 2, "attention_dir": "bidirectional"},
    inputs={f"{AT}hook_q[0]": [[2, 0, 0, 0]] * 4, f"{AT}hook_v[0]": [[2], [4], [6], [8]],
            f"{AT}hook_k[0]": [[1, 2, 0, 0], [0, 1, 1, 0], [0, 0, 1, 3], [2, 0, 0, 1]]},
    weights={f"{AT}E": [[1, 1, 0, 0], [0, 0, 1, 1]], f"{AT}F": [["1/2", "1/2", 0, 0], [0, 0, "1/2", "1/2"]]},
)  # fmt: skip


def test_keys_are_poured_together_word_by_word_and_not_dimension_by_dimension():
    assert rows(SHORT, f"{AT}keys_short[0]") == [[1, 3, 1, 0], [2, 0, 1, 4]]
    assert rows(foil(SHORT, "project-dimensions"), f"{AT}keys_short[0]") == [[3, 1, 0, 2], [0, 1, 4, 1]]


def test_a_mask_over_shortened_keys_hides_all_but_the_first_from_the_first_word():
    assert rows(SHORT, f"{AT}hook_z[0]")[0] == [Fraction(17, 3)]
    assert rows(foil(SHORT, "causal-linformer"), f"{AT}hook_z[0]")[:2] == [[3], [Fraction(17, 3)]]


MEMORY = made(
    "segment-memory",
    config={"softmax_base": 2, "d_model": 2, "d_head": 2, "d_v": 1, "n_ctx": 2, "use_attn_scale": False, "mem_len": 1,
            "positional_embedding_type": "relative"},
    inputs={"blocks.0.hook_resid_pre": [[1, 0], [0, 1]], f"{AT}mem": [[3, 2]],
            f"{AT}rel_pos_keys[0]": [[1, 0], [0, 1], [1, 1]]},
    weights={f"{AT}W_{x}": [[[1, 0], [0, 1]]] for x in "QK"}
    | {f"{AT}W_V": [[[1], [0]]], f"{AT}r_w_bias": [[1, 0]], f"{AT}r_r_bias": [[0, 2]]},
)  # fmt: skip


def test_mistakes_of_a_memory():
    query, distances, scores = (f"{AT}{name}[0]" for name in ("hook_q", "scores_position", "hook_attn_scores"))
    assert rows(MEMORY, query) == [[1, 0], [0, 1]]
    assert rows(foil(MEMORY, "query-from-memory"), query) == [[3, 2], [1, 0]]
    assert rows(MEMORY, distances)[1] == [0, 3, 3]
    assert rows(foil(MEMORY, "u-for-v"), distances)[1] == [1, 1, 2]
    first, later = rows(MEMORY, scores)[0], float("-inf")
    assert first[2] == later != rows(foil(MEMORY, "no-mask"), scores)[0][2]
    assert rows(foil(MEMORY, "zero-for-minus-infinity"), scores)[0] == [*first[:2], 0]
    pattern = rows(foil(MEMORY, "mask-after-softmax"), f"{AT}hook_pattern[0]")
    assert pattern[0][2] == 0 < sum(pattern[0]) < 1 == sum(pattern[1])


BOXES = made(
    "hashed-attention", config={"softmax_base": 2, "n_ctx": 4, "d_head": 4, "num_buckets": 4},
    inputs={f"{AT}hook_q[0]": [[1, 1, 1, 1], [-1, -1, 1, 1], [1, -1, 1, 1], [1, 1, 1, -1]],
            "again.R": [[1, 0], [0, 1], [0, 0], [0, 0]]},
    weights={f"{AT}W_R": [[[1, 0], [0, 1], [1, 0], [0, 0]]]},
)  # fmt: skip


def test_words_are_sorted_into_buckets_only_where_there_are_some():
    with pytest.raises(
        ConfigError, match=r"^num_buckets=0 leaves no bucket to look into; use an even number, such as 4$"
    ):
        made("hashed-attention", config={"softmax_base": 2}, inputs={f"{AT}hook_q[0]": [[1, 1]]})


def test_mistakes_of_buckets():
    assert rows(BOXES, f"{AT}bucket[0]") == [[0], [3], [0], [0]]
    assert rows(BOXES, "new.pattern") == [[Fraction(2, 3), 0, Fraction(1, 3), 0]]
    assert rows(foil(BOXES, "self-attended"), "new.pattern") == [[Fraction(2, 7), 0, Fraction(1, 7), Fraction(4, 7)]]
    assert rows(foil(BOXES, "hash-of-one-sign"), f"{AT}bucket[0]") == [[0], [0], [0], [0]]
    assert rows(foil(BOXES, "keys-at-any-length"), "new.scores") == [[2, -2, 0, 4]]


DEPTH = made(
    "recurrent-depth",
    config={"softmax_base": 2, "d_model": 2, "n_ctx": 3, "d_head": 1, "d_v": 2, "n_layers": 2},
    inputs={"blocks.0.hook_resid_pre": [[0, 0], [2, 0], [1, 0]], "own.W_Q": [[1], [1]], "own.W_K": [[1], [0]],
            "own.W_V": [[1, 0], [1, -1]], "halt.logits": [[0, -2, 1]], "halt.states": [[-2, 1], [3, 3], [3, -3]]},
    weights={f"{AT}W_Q": [[[0], [1]]], f"{AT}W_K": [[[1], [1]]], f"{AT}W_V": [[[-1, -1], [1, 1]]]},
)  # fmt: skip


HALVES = made(
    "reversible", config={"d_model": 2, "n_ctx": 2},
    inputs={"x": [[2, -1], [-3, 1]], "W_F": [[-2, 2], [-1, 2]], "W_G": [[1, 1], [-1, 1]], "back.y1": [[-1, 4]],
            "back.y2": [[-1, 5]]},
)  # fmt: skip


def test_with_weights_of_its_own_the_second_pass_is_another_layer():
    wrong = foil(DEPTH, "new-weights")
    assert rows(wrong, "pass0") == rows(DEPTH, "pass0") == [[0, 0], [1, -1], [0, -1]]
    assert rows(wrong, "pass1")[-1] == rows(DEPTH, "own.x")[0] == [Fraction(-2, 5), Fraction(-2, 5)]


def test_weights_of_passes_without_a_remainder_add_up_to_more_than_1():
    assert rows(foil(DEPTH, "remainder-forgotten"), "halt.weight") == [
        [Fraction(1, 2), Fraction(1, 5), Fraction(2, 3)]
    ]
    assert rows(foil(DEPTH, "last-state-only"), "halt.state") == [[3, -3]]


def test_a_reversible_block_is_undone_from_its_end():
    assert rows(HALVES, "back.x1") == rows(HALVES, "back.x2") == [[-1, 2]]
    assert rows(foil(HALVES, "inverse-order"), "back.f_pre") == [[-3, 8]]
    assert rows(foil(HALVES, "inverse-order"), "back.x1") == [[-1, -4]]


def test_halves_that_change_at_once_are_moved_apart():
    assert rows(HALVES, "g") == [[1, 3], [1, 3]]
    assert rows(foil(HALVES, "both-halves-at-once"), "g") == [[3, 1], [0, 0]]
