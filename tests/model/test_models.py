"""The models, against a reference that shares no code with them, and in their own number systems."""

import math
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from operator import or_

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from byhand.arithmetic.decimals import Decimals, DecimalsOnce
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import evaluate
from byhand.arithmetic.floats import FLOATS
from byhand.arithmetic.symbols import SYMBOLS
from byhand.errors import ByHandError, DomainError, MisfitError, UnknownNameError, ValuesError
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values, complete, parameter_shapes
from byhand.notation.text import value_text
from byhand.worksheet.sheet import load_sheet

X, MID = "blocks.0.hook_resid_pre", "blocks.0.hook_resid_mid"
ENCODER, DECODER = "encoder.0.hook_resid_pre", "decoder.0.hook_resid_pre"
# the models that are a part of a transformer, and what each begins with
PARTS = {
    "attention-head": [X], "multi-head-attention": [X], "layer-norm": [X], "batch-norm": [X], "block": [X],
    "feed-forward": [MID], "mlp": ["x"], "convolution": [MID], "encoder": [ENCODER],
    "cross-attention": [ENCODER, DECODER], "encoder-decoder": [ENCODER, DECODER],
}  # fmt: skip
NORMS = ("ln1.w", "ln1.b", "ln2.w", "ln2.b", "ln_final.w", "ln_final.b")
BIASES = ("b_Q", "b_K", "b_V", "b_O", "b_in", "b_out", "b_U")
CONFIGS = st.fixed_dictionaries(
    {
        "d_model": st.integers(2, 4),
        "n_heads": st.integers(1, 3),
        "d_head": st.integers(1, 3),
        "d_v": st.integers(1, 3),
        "d_mlp": st.integers(1, 4),
        "n_ctx": st.integers(1, 4),
        "n_layers": st.integers(1, 2),
        "d_vocab": st.integers(1, 4),
        "act_fn": st.sampled_from(sorted(oracle.ACTIVATIONS)),
        "normalization_type": st.sampled_from(["LN", "RMS", None]),
        "positional_embedding_type": st.sampled_from(["standard", "sinusoidal", None]),
        "attention_dir": st.sampled_from(["causal", "bidirectional"]),
        "norm_position": st.sampled_from(["pre", "post"]),
        "softmax_base": st.sampled_from([2, 3, "e"]),
        "eps": st.sampled_from([1e-5, 0.1]),
        "use_attn_scale": st.booleans(),
        "correction": st.sampled_from([0, 1]),
        "tie_word_embeddings": st.booleans(),
        "gated_mlp": st.booleans(),
        "share_layers": st.booleans(),
    }
)
SHARED = st.sampled_from([{}, {"n_heads": 4, "n_key_value_heads": 2}, {"n_key_value_heads": 1}])
TURNED = st.fixed_dictionaries(
    {
        "positional_embedding_type": st.just("rotary"),
        "d_head": st.sampled_from([2, 4]),
        "rotary_dim": st.sampled_from([0, 2]),
        "rotary_adjacent_pairs": st.booleans(),
        "rotary_base": st.sampled_from([10_000, "500/3"]),
    }
)
BIASED = st.fixed_dictionaries(
    {
        "positional_embedding_type": st.sampled_from(["alibi", "relative_positional_bias"]),
        "relative_attention_num_buckets": st.sampled_from([4, 32]),
        "relative_attention_max_distance": st.sampled_from([17, 128]),
    }
)
LOCAL = st.fixed_dictionaries(
    {
        "use_local_attn": st.booleans(),
        "window_size": st.integers(1, 3),
        "attn_pattern": st.sampled_from(["window", "strided", "dilated", "global"]),
    }
)
MIXED = st.sampled_from(
    [{}, {}, {"num_experts": 3, "experts_per_token": 2}, {"num_experts": 2, "experts_per_token": 1}]
)
NO_SCORES = {"positional_embedding_type": None, "use_local_attn": False}
KINDS = st.sampled_from(
    [
        {},
        {},
        {},
        {**NO_SCORES, "attention_kernel": "elu"},
        {"positional_embedding_type": "relative", "max_relative_position": 1, "n_key_value_heads": 1},
        {"positional_embedding_type": "relative", "use_local_attn": False},
        {"n_key_value_heads": 0, **NO_SCORES, "num_buckets": 4},
        {"n_key_value_heads": 0, "positional_embedding_type": None, "kv_lora_rank": 2},
        {
            "n_key_value_heads": 0,
            "positional_embedding_type": "rotary",
            "d_head": 3,
            "rotary_dim": 0,
            "kv_lora_rank": 1,
            "qk_rope_head_dim": 2,
        },
        {**NO_SCORES, "attention_dir": "bidirectional", "linformer_k": 2},
    ]
)
CONFIGS = st.builds(
    lambda *parts: reduce(or_, parts),
    CONFIGS,
    SHARED,
    st.just({}) | TURNED | BIASED,
    st.just({}) | LOCAL,
    MIXED,
    KINDS,
)


def random_values(config, seed, left_out=(), inputs=(), **entries):
    """Values with two decimals for every parameter but those left out, and for the inputs, given as (rows, cols)."""
    random = np.random.default_rng(seed)

    def some(shape):
        return np.round(random.uniform(-0.5, 0.5, shape), 2).tolist()

    weights = {
        name: some(shape)
        for name, shape in parameter_shapes(Config.of(config)).items()
        if 0 not in shape and not name.endswith(tuple(left_out))
    }
    return {"config": config, "weights": weights, "inputs": {n: some(shape) for n, shape in inputs}, **entries}


def as_array(tape, name):
    return np.array([[float(x) for x in row] for row in tape.values(name)])


def assert_like_the_oracle(model, entries):
    """Every step that both know has the same numbers; all of ours but the finer ones are known to both."""
    tape = MODELS[model].run(Values.of(entries), FLOATS)
    theirs = oracle.forward(model, entries["config"], entries["weights"], entries["inputs"], entries.get("tokens"))
    ours = [step.name for step in tape.used() if step.op is not None]
    finer = (
        ".experts.",
        ".router_kept",
        "hook_expert_weights",
        "attn.result",
        "distances",
        "attn.rel_pos_keys",
        "attn.q_",
        "attn.hash",
        "scores_content",
        "scores_by_distance",
        "scores_relative",
        "scores_position",
        "attn.b_O.rows",
        ".hook_result",
        ".conv_",
        ".bn.",
        "sum",
        "exp",
        "probs",
    )
    if entries["config"].get("attention_kernel"):  # whose recurrence has no pattern
        finer += ("scores", "pattern")
    if entries["config"].get("kv_lora_rank"):  # whose keys and values the reference never makes
        finer += ("hook_k", "hook_v", "k_content", "k_position", "scores_raw", "scores_scaled")
    assert not {name for name in ours if name not in theirs and not any(part in name for part in finer)}
    for name in set(ours) & theirs.keys() - {"next_token"}:
        np.testing.assert_allclose(as_array(tape, name), theirs[name], rtol=1e-9, atol=1e-9, err_msg=name)
    if "next_token" in theirs:  # of logits that are equal but for rounding, either is the largest
        chosen = np.take_along_axis(theirs["logits"], as_array(tape, "next_token").astype(int), 1)
        np.testing.assert_allclose(chosen[:, 0], theirs["logits"].max(1), rtol=1e-9, atol=1e-9)
    return tape


@settings(max_examples=200)
@given(
    st.sampled_from(["gpt", "gpt", "microgpt"]), CONFIGS, st.integers(0, 2**32 - 1),
    st.sets(st.sampled_from(NORMS + BIASES)), st.booleans(),
)  # fmt: skip
def test_a_gpt_has_the_oracles_numbers(model, config, seed, left_out, attn_only):
    config = {**config, "attn_only": attn_only and config["norm_position"] == "pre"}
    tokens = [int(t) for t in np.random.default_rng(seed).integers(0, config["d_vocab"], config["n_ctx"])]
    tape = assert_like_the_oracle(model, random_values(config, seed, left_out, tokens=tokens))
    assert as_array(tape, "next_token").tolist() == [[np.argmax(row)] for row in as_array(tape, "logits")]


@settings(max_examples=100)
@given(
    CONFIGS,
    st.integers(0, 2**32 - 1),
    st.sampled_from(sorted(PARTS)),
    st.sets(st.sampled_from(NORMS + BIASES)),
    st.booleans(),
)
def test_a_part_of_a_model_has_the_oracles_numbers(config, seed, model, left_out, use_attn_result):
    if model == "layer-norm":
        config = {**config, "normalization_type": config["normalization_type"] or "LN"}
    if model == "convolution":  # has no gate
        config = {**config, "gated_mlp": False, "num_experts": 0, "experts_per_token": 0}
    if model == "batch-norm":  # of centred columns, divided by n
        config = {**config, "normalization_type": "LN", "correction": 0}
    if model == "encoder-decoder":  # a decoder hides what comes later
        config = {**config, "linformer_k": 0}
    fewer = 0 if "linformer_k" in config else 1
    inputs = [(x, (max(1, config["n_ctx"] - fewer * n), config["d_model"])) for n, x in enumerate(PARTS[model])]
    entries = random_values({**config, "use_attn_result": use_attn_result}, seed, left_out, inputs)
    assert_like_the_oracle(model, entries)


@pytest.mark.parametrize("kinds", [{}, {"attention_dir": "bidirectional"}, {"use_attn_scale": False}])
def test_a_memory_is_seen_but_does_not_ask(kinds):
    config = {"d_model": 4, "n_heads": 2, "n_ctx": 3, "positional_embedding_type": "relative", "mem_len": 2, **kinds}
    inputs = [(X, (3, 4)), ("blocks.0.attn.mem", (2, 4))]
    tape = assert_like_the_oracle("multi-head-attention", random_values(config, 4, inputs=inputs))
    assert tape["blocks.0.attn.hook_pattern[0]"].shape == (3, 5)
    assert tape["blocks.0.attn.hook_q[0]"].shape == (3, 2)


def test_an_encoder_and_a_decoder_have_distances_of_their_own():
    config = {"d_model": 2, "n_ctx": 4, "positional_embedding_type": "relative"}
    assert_like_the_oracle("encoder-decoder", random_values(config, 4, inputs=[(ENCODER, (4, 2)), (DECODER, (3, 2))]))


@pytest.mark.parametrize("base", [2, 3, "e"])
def test_softmax_has_the_oracles_numbers(base):
    scores = [[1, 0, -1, 3], [2, 2, -50, 0.5]]
    entries = {"config": {"softmax_base": base}, "inputs": {"scores": scores}, "weights": {}}
    assert_like_the_oracle("softmax", entries)


LLAMA = {
    "d_model": 4, "n_heads": 4, "n_key_value_heads": 2, "d_head": 2, "d_mlp": 6, "n_ctx": 4, "n_layers": 3, "d_vocab": 5,
    "normalization_type": "RMS", "positional_embedding_type": "rotary", "act_fn": "silu", "gated_mlp": True,
    "eps": 1e-5, "softmax_base": "e",
}  # fmt: skip
NO_BIAS = (*BIASES, "ln1.b", "ln2.b", "ln_final.b")


def test_a_whole_llama_runs_in_floats_and_in_decimals_with_real_frequencies():
    entries = random_values(LLAMA, 7, NO_BIAS, tokens=[3, 1, 4, 1])
    tape = assert_like_the_oracle("gpt", entries)
    assert "hook_pos_embed" not in tape.steps
    heads = {letter: [name for name in tape.steps if f"blocks.2.attn.hook_{letter}[" in name] for letter in "qkv"}
    assert {letter: len(names) for letter, names in heads.items()} == {"q": 4, "k": 2, "v": 2}
    rounded = MODELS["gpt"].run(Values.of(entries), DecimalsOnce(9))
    np.testing.assert_allclose(as_array(rounded, "logits"), as_array(tape, "logits"), atol=1e-8)


def heads(*entries):
    """A matrix for each head, written as its rows."""
    return [[[*map(int, row.split())] for row in head.split(",")] for head in entries]


EXACT_LLAMA = {
    "config": {**LLAMA, "d_head": 4, "d_v": 1, "d_mlp": 3, "n_ctx": 3, "n_layers": 1, "d_vocab": 4, "eps": 0,
               "rotary_dim": 2, "rotary_adjacent_pairs": True, "rotary_periods": [4], "softmax_base": 2},
    "tokens": [0, 1, 2], "inputs": {},
    "weights": {
        "embed.W_E": heads("1 -1 -1 -1, 1 1 -1 1, -3 3 -3 3, 0 0 0 0")[0],
        "blocks.0.attn.W_Q": heads("0 -2 2 -2, 0 0 -2 -2, 0 2 0 -2, 0 2 2 2", "0 -2 -2 0, 0 0 2 -2, 0 2 0 2, -2 2 -2 0",
                                   "-2 0 0 0, -2 2 2 -2, 0 -2 -2 0, 0 -2 2 0", "2 -2 2 -2, 2 2 2 0, 0 -2 0 2, 0 -2 2 0"),
        "blocks.0.attn.W_K": heads("0 -1 0 0, -1 1 -1 1, -1 -1 1 -1, 0 1 -1 -1", "-1 -1 1 1, -1 1 0 -1, -1 -1 1 -1, 1 -1 0 1"),
        "blocks.0.attn.W_V": heads("0, 0, 1, 0", "1, -1, 0, 0"),
        "blocks.0.attn.W_O": heads("2 0 -1 -1", "-1 1 0 -2", "0 2 2 -2", "0 -1 -2 -2"),
        "blocks.0.mlp.W_gate": heads("-1 -2 2, -1 -1 1, 2 -1 1, 1 1 -1")[0],
        "blocks.0.mlp.W_in": heads("0 0 0, -1 1 2, 0 0 2, 2 -2 1")[0],
        "blocks.0.mlp.W_out": heads("0 0 -1 -1, 2 1 2 -1, -2 -1 1 -1")[0],
        "unembed.W_U": heads("1 0 0 0, 0 1 0 0, 0 0 1 0, 0 0 0 1")[0],
    },
}  # fmt: skip


def test_a_whole_llama_is_computed_in_fractions():
    tape = MODELS["gpt"].run(Values.of(EXACT_LLAMA), RATIONALS)
    fraction = [[Fraction(x) for x in row.split()] for row in ("0 0 0 -6", "0 1 0 0", "-4 13/3 4/3 20/3")]
    assert tape.values("blocks.0.hook_resid_mid") == tuple(map(tuple, fraction))
    assert tape.values("logits")[2] == tuple(map(Fraction, ("-24/25", "82/225", "-296/225", "248/225")))
    assert_like_the_oracle("gpt", EXACT_LLAMA)


def test_a_small_llama_adds_up_its_heads_one_by_one_where_it_is_asked_to():
    own = load_sheet("llama-block").given(letters=False)
    summed = replace(own, config=replace(own.config, use_attn_result=True))
    tape, other = (MODELS["llama-block"].run(complete(values), RATIONALS) for values in (own, summed))
    assert {"blocks.0.attn.hook_result[0]", "blocks.0.attn.hook_result[1]"} <= other.steps.keys() - tape.steps.keys()
    assert other.values("logits") == tape.values("logits")


# ---- names ----

GPT = {"d_model": 2, "n_ctx": 2, "d_vocab": 3, "d_mlp": 2, "n_layers": 2, "n_heads": 2}
ATTENTION = ["hook_q[0]", "hook_k[1]", "hook_v[0]", "scores_raw[0]", "scores_scaled[0]", "hook_attn_scores[1]",
             "hook_pattern.exp[0]", "hook_pattern.sum[0]", "hook_pattern[1]", "hook_z[0]"]  # fmt: skip
PRE_NORM = ["hook_resid_pre", "ln1.hook_scale", "ln1.hook_normalized", *(f"attn.{n}" for n in ATTENTION),
            "hook_attn_out", "hook_resid_mid", "ln2.hook_scale", "ln2.hook_normalized", "mlp.hook_pre",
            "mlp.hook_post", "hook_mlp_out", "hook_resid_post"]  # fmt: skip


def test_the_steps_of_a_gpt_have_the_names_of_the_field():
    tape = MODELS["gpt"].run(Values.of(random_values(GPT, 0, tokens=[0, 1])), FLOATS)
    expected = {"hook_embed", "hook_pos_embed", "ln_final.hook_normalized", "logits", "next_token", "probs"}
    expected |= {f"blocks.{layer}.{name}" for layer in (0, 1) for name in PRE_NORM} - {"blocks.1.hook_resid_pre"}
    assert expected <= tape.steps.keys()


def test_a_post_norm_block_ends_in_its_normalised_sum():
    config = {**GPT, "norm_position": "post"}
    tape = MODELS["gpt"].run(Values.of(random_values(config, 0, tokens=[0, 1])), FLOATS)
    steps = list(tape.steps)
    assert steps.index("blocks.0.hook_resid_mid") < steps.index("blocks.0.ln1.hook_normalized")
    assert steps.index("blocks.0.hook_resid_post") < steps.index("blocks.0.hook_normalized_resid_post")
    assert "ln_final.hook_normalized" not in steps


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("direction", ["causal", "bidirectional"])
@pytest.mark.parametrize("masked", [True, False])
def test_the_scores_before_softmax_always_have_the_same_name(scale, direction, masked):
    config = {"d_model": 2, "n_ctx": 2, "attention_dir": direction, "use_attn_scale": scale}
    entries = random_values(config, 1, inputs=[(X, (2, 2))])
    if masked:
        entries["inputs"]["blocks.0.attn.mask"] = [[0, 0], [0, "-inf"]]
    tape = MODELS["attention-head"].run(Values.of(entries), FLOATS)
    assert tape["blocks.0.attn.hook_pattern.exp[0]"].step.inputs == ("blocks.0.attn.hook_attn_scores[0]",)
    pattern = as_array(tape, "blocks.0.attn.hook_pattern[0]")
    np.testing.assert_allclose(pattern.sum(axis=1), 1)
    assert (pattern[1, 1] == 0) == masked
    assert (pattern[0, 1] == 0) == (direction == "causal")


def parts_of(model, config, **entries):
    """The parts of the architecture, each with its steps: their names without "hook_", a star for the layer's."""
    tape = MODELS[model].run(Values.of(random_values(config, 1, **entries)), FLOATS, force=False)
    found = {}
    for step in tape.steps.values():
        found.setdefault(step.part, []).append(step.stem.replace("hook_", ""))
    return {part: " ".join(dict.fromkeys(names)) for part, names in found.items()}


def test_the_steps_of_a_gpt_know_their_parts():
    config = {"d_model": 2, "n_heads": 2, "d_head": 1, "d_mlp": 1, "d_vocab": 2, "n_ctx": 1, "n_layers": 2}
    norm = "ln{0}.mean ln{0}.centered ln{0}.variance ln{0}.scale ln{0}.normalized".format
    assert parts_of("gpt", config, left_out=(*NORMS, *BIASES), tokens=[0]) == {
        "embed": "embed.W_E embed pos_embed.W_pos pos_embed resid_pre",
        "ln1": norm(1),
        "heads": "attn.W_Q attn.q attn.W_K attn.k attn.W_V attn.v attn.scores_raw attn.scores_scaled attn.attn_scores "
        "attn.pattern.exp attn.pattern.sum attn.pattern attn.z",
        "out": "attn.z attn.W_O attn_out",
        "add1": "resid_mid",
        "ln2": norm(2),
        "mlp": "mlp.W_in mlp.pre mlp.post mlp.W_out mlp_out",
        "add2": "resid_post",
        "ln_final": norm("_final"),
        "unembed": "unembed.W_U logits probs.exp probs.sum probs next_token",
    }


@pytest.mark.parametrize("position", ["pre", "post"])
def test_a_decoder_has_the_parts_between_it_and_the_encoder_too(position):
    config = {"d_model": 2, "n_heads": 1, "d_mlp": 1, "n_ctx": 1, "norm_position": position}
    parts = parts_of("encoder-decoder", config, inputs=[(ENCODER, (1, 2)), (DECODER, (1, 2))])
    assert parts["embed"] == "resid_pre"
    assert parts["add_cross"] == "resid_mid_cross"
    assert {name.partition(".")[0] for name in parts["cross"].split()} == {"cross_attn", "cross_attn_out"}
    assert parts["ln3"].endswith("ln3.normalized" if position == "pre" else "normalized_resid_post")
    assert parts.keys() == {
        "embed", "ln1", "heads", "out", "add1", "ln2", "cross", "add_cross", "ln3", "mlp", "add2"
    }  # fmt: skip


def test_a_block_without_a_feed_forward_network_ends_in_its_first_sum():
    config = {"d_model": 2, "n_heads": 1, "n_ctx": 1, "normalization_type": None, "attn_only": True}
    assert parts_of("block", config, inputs=[(X, (1, 2))])["add1"] == "resid_post"


def test_axes_say_what_rows_and_columns_are():
    tape = MODELS["gpt"].run(Values.of(random_values(GPT, 0, tokens=[0, 1])), FLOATS)
    axes = {"hook_embed": ("pos", "d_model"), "blocks.0.attn.hook_q[0]": ("pos", "d_head"),
            "blocks.0.attn.hook_pattern[0]": ("pos", "pos"), "blocks.0.attn.z": ("pos", "d_z"),
            "blocks.0.mlp.hook_pre": ("pos", "d_mlp"), "logits": ("pos", "d_vocab"),
            "next_token": ("pos", "")}  # fmt: skip
    assert {name: tape[name].axes for name in axes} == axes


# ---- steps that are given ----


@settings(max_examples=60)
@given(CONFIGS, st.integers(0, 2**16), st.data())
def test_any_step_can_be_given_instead_of_computed(config, seed, data):
    entries = random_values(config, seed, tokens=[0] * config["n_ctx"])
    whole = MODELS["gpt"].run(Values.of(entries), FLOATS)
    computed = [step.name for step in whole.used() if step.op is not None]
    name = data.draw(st.sampled_from(computed))
    part = MODELS["gpt"].run(
        Values.of({**entries, "inputs": {name: [list(row) for row in whole.values(name)]}}), FLOATS
    )
    assert part[name].step.op is None
    np.testing.assert_allclose(as_array(part, "next_token"), as_array(whole, "next_token"))
    np.testing.assert_allclose(as_array(part, "logits"), as_array(whole, "logits"), rtol=1e-9, atol=1e-9)
    assert len(part.used()) <= len(whole.used())


def test_a_late_step_that_is_given_needs_neither_tokens_nor_weights():
    entries = {"config": GPT, "inputs": {"logits": [[1, 3, 2], [5, 4, 5]]}}
    assert MODELS["gpt"].run(Values.of(entries), RATIONALS).values("next_token") == ((1,), (0,))


def test_a_later_block_can_be_given_its_input():
    entries = random_values(GPT, 3, inputs=[("blocks.1.hook_resid_pre", (2, 2))])
    tape = MODELS["gpt"].run(Values.of(entries), FLOATS)
    assert "blocks.0.hook_resid_post" not in [step.name for step in tape.used()]
    assert tape["blocks.1.hook_resid_mid"].step.inputs[0] == "blocks.1.hook_resid_pre"


def test_w_o_can_be_given_head_by_head():
    entries = random_values(GPT | {"n_layers": 1}, 4, inputs=[(X, (2, 2))])
    whole = MODELS["multi-head-attention"].run(Values.of(entries), FLOATS)
    for h, part in enumerate(entries["weights"].pop("blocks.0.attn.W_O")):
        entries["weights"][f"blocks.0.attn.W_O[{h}]"] = part
    parts = MODELS["multi-head-attention"].run(Values.of(entries), FLOATS)
    assert parts.values("blocks.0.hook_attn_out") == whole.values("blocks.0.hook_attn_out")


# ---- number systems ----


def test_exact_and_float_agree_where_every_step_is_rational():
    config = {**GPT, "softmax_base": 2, "normalization_type": None, "use_attn_scale": False}
    random = np.random.default_rng(5)
    shapes = parameter_shapes(Config.of(config))
    weights = {name: random.integers(-1, 2, shape).tolist() for name, shape in shapes.items() if ".ln" not in name}
    weights["blocks.1.attn.W_Q"] = [[[0], [0]]] * 2  # equal scores: no fraction in an exponent
    weights["blocks.1.attn.b_Q"] = [[0]] * 2
    values = Values.of({"config": config, "weights": weights, "tokens": [2, 0]})
    exact, floating = MODELS["gpt"].run(values, RATIONALS), MODELS["gpt"].run(values, FLOATS)
    assert [s.name for s in exact.used()] == [s.name for s in floating.used()]
    for step in exact.used():
        assert all(isinstance(x, Fraction) or x == -math.inf for row in exact.values(step.name) for x in row)
        np.testing.assert_allclose(as_array(exact, step.name), as_array(floating, step.name), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("places", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_each_decimal_step_is_the_rounded_result_of_the_rounded_steps_before(places, seed):
    config = {**GPT, "act_fn": "gelu", "n_layers": 1, "positional_embedding_type": "sinusoidal", "eps": 0.5}
    tape = MODELS["gpt"].run(Values.of(random_values(config, seed, tokens=[0, 2])), Decimals(places))

    def carried(ref):
        return float(tape.values(ref.matrix)[ref.index[0]][ref.index[1]])

    for step in tape.used():
        if step.op is None:
            continue
        for i, row in enumerate(tape.values(step.name)):
            for j, recorded in enumerate(row):
                unrounded = evaluate(tape.cell(step.name, i, j), carried, FLOATS)
                assert recorded == unrounded or abs(float(recorded) - unrounded) < 0.5 * 10**-places + 1e-9
                assert recorded == -math.inf or -recorded.as_tuple().exponent <= places


def test_letters_for_weights_give_expressions():
    entries = {
        "config": {"d_model": 2, "n_ctx": 2, "softmax_base": 2, "use_attn_scale": False},
        "inputs": {X: [[1, 0], [0, 1]]},
        "weights": {
            "blocks.0.attn.W_Q": [[[0, 0], [0, 0]]],
            "blocks.0.attn.W_K": [[[1, 0], [0, 1]]],
            "blocks.0.attn.W_V": [[["a", "b"], ["c", 4]]],
        },
    }
    tape = MODELS["attention-head"].run(Values.of(entries), SYMBOLS)
    shown = [[value_text(x) for x in row] for row in tape.values("blocks.0.attn.hook_z[0]")]
    assert shown == [["a", "b"], ["1/2·a + 1/2·c", "1/2·b + 2"]]
    with pytest.raises(DomainError, match=r"W_V\[0\]: the letter 'a' is not a number; use --numbers symbolic"):
        MODELS["attention-head"].run(Values.of(entries), RATIONALS)


# ---- messages ----

HEAD = {
    "config": {"d_model": 2, "n_ctx": 2, "softmax_base": 2, "use_attn_scale": False},
    "inputs": {X: [[1, 0], [0, 1]]},
    "weights": {f"blocks.0.attn.{w}": [[[1, 0], [0, 1]]] for w in ("W_Q", "W_K", "W_V")},
}


def changed(**entries):
    return {name: {**HEAD.get(name, {}), **entry} for name, entry in {**HEAD, **entries}.items()}


MASKED = "every one of its scores is masked"
MISSING = (
    "embed.W_E (3 × 2), pos_embed.W_pos (2 × 2), blocks.0.attn.W_Q[0] (2 × 1), blocks.0.attn.W_K[0] (2 × 1), "
    "blocks.0.attn.W_V[0] (2 × 1), blocks.0.attn.W_Q[1] (2 × 1), blocks.0.attn.W_K[1] (2 × 1), "
    "blocks.0.attn.W_V[1] (2 × 1), blocks.0.attn.W_O (2 × 2), blocks.0.mlp.W_in (2 × 2) and 11 more are missing; "
    "give them or later steps"
)
BAD = [
    ("attention-heads", HEAD, UnknownNameError, "no model 'attention-heads'; did you mean 'attention-head'?"),
    ("attention-head", changed(inputs={"blocks.0.hook_resid_pro": [[1, 2]] * 2}), UnknownNameError,
     "no step 'blocks.0.hook_resid_pro'; did you mean 'blocks.0.hook_resid_pre'?"),
    ("attention-head", {**HEAD, "inputs": {}}, ValuesError, f"{X} is missing; give it (2 × 2) or a later step"),
    ("attention-head", {**HEAD, "weights": {}}, ValuesError,
     "blocks.0.attn.W_Q[0] (2 × 2), blocks.0.attn.W_K[0] (2 × 2), blocks.0.attn.W_V[0] (2 × 2) are missing; "
     "give them or later steps"),
    ("attention-head", changed(inputs={X: [[1, 2, 3]] * 2}), MisfitError, f"{X} is 2 × 3; the model needs 2 × 2"),
    ("attention-head", changed(inputs={"blocks.0.attn.scores_raw[0]": [[1]]}), MisfitError,
     "blocks.0.attn.scores_raw[0] is 1 × 1; the model needs 2 × 2"),
    ("attention-head", changed(inputs={"blocks.0.attn.mask": [[0, 0], ["-inf", "-inf"]]}), DomainError,
     f"blocks.0.attn.hook_pattern[0], row 2, column 1: row 2 adds up to 0: {MASKED}, or its power rounds to 0"),
    ("attention-head", changed(inputs={"blocks.0.attn.scores_raw[0]": [[1, 1], ["1/2", 0]]}), DomainError,
     "blocks.0.attn.hook_pattern.exp[0], row 2, column 1: 2^(1/2) is not a rational number; "
     "use --numbers decimal"),
    ("attention-head", changed(config={"softmax_base": "e"}), DomainError,
     "blocks.0.attn.hook_pattern.exp[0], row 1, column 1: e is not a rational number; "
     "use --numbers decimal"),
    ("attention-head", changed(config={"use_attn_scale": True}), DomainError,
     "blocks.0.attn.scores_scaled[0], row 1, column 1: √(2) is not a rational number; "
     "use --numbers decimal"),
    ("layer-norm", changed(inputs={X: [[1, 3], [2, 2]]}), DomainError,
     "blocks.0.ln1.hook_normalized, row 2, column 1: row 2 has deviation 0 and cannot be normalised; "
     "use eps, or a row whose entries differ"),
    ("attention-head", changed(config={"attention_dir": "bidirectional", "linformer_k": 1, "n_ctx": 3}), ValuesError,
     "blocks.0.attn.E shortens n_ctx=3 tokens, and there are 2; use as many"),
    ("softmax", {"config": {}}, ValuesError, "scores is missing; give it under inputs, as rows"),
    ("gpt", {"config": {}}, ValuesError, "gpt needs a vocabulary: give d_vocab, or a list of words"),
    ("gpt", {"config": GPT}, ValuesError, f"tokens is missing; give words or ids, up to n_ctx=2 of them; {MISSING}"),
    ("gpt", {"config": GPT, "tokens": [0]}, ValuesError, MISSING),
    ("gpt", {"config": GPT, "tokens": [0, 1, 2]}, ValuesError,
     "3 tokens are more than n_ctx=2; use fewer, or a larger n_ctx"),
    ("gpt", {"config": GPT, "vocabulary": ["a", "b"], "tokens": ["a"]}, ValuesError,
     "d_vocab=3, but the vocabulary has 2 words"),
    ("gpt", {"config": {}, "vocabulary": ["a", "b"], "tokens": ["c"]}, ValuesError,
     "token 'c' is not in the vocabulary; its words are a, b"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "entries", "kind", "message"), BAD)
def test_a_run_that_cannot_be_says_why(model, entries, kind, message):
    with pytest.raises(ByHandError) as caught:
        MODELS[model].run(Values.of(entries), RATIONALS)
    assert (type(caught.value), str(caught.value)) == (kind, message)


def test_classroom_decimals_whose_powers_all_round_to_0_say_so():
    entries = {"config": {"softmax_base": "e"}, "inputs": {"scores": [[0, 0], [-9, -9]]}}
    with pytest.raises(DomainError, match=r"row 2 adds up to 0: .*, or its power rounds to 0"):
        MODELS["softmax"].run(Values.of(entries), Decimals(2))
    assert MODELS["softmax"].run(Values.of(entries), Decimals(4)).values("softmax")[1] == (
        Decimal("0.5"),
        Decimal("0.5"),
    )


def test_tokens_of_a_model_without_an_embedding_are_only_names():
    entries = {**HEAD, "tokens": ["cat", "sat"]}
    assert MODELS["attention-head"].run(Values.of(entries), RATIONALS)["blocks.0.attn.hook_z[0]"].shape == (2, 2)


def test_scores_may_have_more_rows_than_n_ctx():
    entries = {"config": {"n_ctx": 1, "softmax_base": 2}, "inputs": {"scores": [[0, 0], [1, 1]]}}
    assert MODELS["softmax"].run(Values.of(entries), RATIONALS).values("softmax") == ((Fraction(1, 2),) * 2,) * 2


def test_a_norm_may_begin_with_a_sum():
    config, added = Config(d_model=4, n_ctx=2), "blocks.0.hook_attn_out"
    whole = MODELS["layer-norm"].run(Values(config, inputs={X: [[3, 1, 3, 1], [5, -3, 5, -3]]}), RATIONALS)
    parts = {X: [[3, 0, 0, 1], [1, -1, 1, 0]], added: [[0, 1, 3, 0], [4, -2, 4, -3]]}
    tape = MODELS["layer-norm"].run(Values(config, inputs=parts), RATIONALS)
    assert tape.values(MID) == whole.values(X)
    assert tape.values("blocks.0.ln1.hook_normalized") == whole.values("blocks.0.ln1.hook_normalized")
