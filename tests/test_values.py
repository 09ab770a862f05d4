"""Your own numbers, by the command line: every model, every option, starting anywhere, and all problems at once."""

from __future__ import annotations

import json
import math
import re
import tracemalloc
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import oracle
import pytest
from click.testing import CliRunner
from safetensors.numpy import save_file

from byhand.cli import main
from byhand.model import MODELS
from byhand.model.config import CHOICES, DEFAULTS, Config
from byhand.model.parameters import OF_LESSONS, parameter_shapes
from byhand.model.weights import Values

X, MID = "blocks.0.hook_resid_pre", "blocks.0.hook_resid_mid"
ENCODER, DECODER = "encoder.0.hook_resid_pre", "decoder.0.hook_resid_pre"
SIZES = {"d_model": 4, "n_heads": 2, "d_head": 3, "d_v": 2, "d_mlp": 5, "n_ctx": 3, "n_layers": 2, "d_vocab": 6}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`byhand run` on a values file: the steps by name, as arrays."""
    monkeypatch.chdir(tmp_path)

    def command(model, entries, *options, numbers="float"):
        Path("v.json").write_text(json.dumps(entries), encoding="utf-8")
        arguments = ["run", model, "--values", "v.json", "--numbers", numbers, "--json", "-", *options]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.stderr
        found = json.loads(result.stdout)["steps"]
        return {s["name"]: np.array([[float(parse(x)) for x in row] for row in s["values"]]) for s in found}

    return command


def parse(text):
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom or 1)


def some(shape, seed=0):
    return np.round(np.random.default_rng([seed, *shape]).uniform(-0.9, 0.9, shape), 2).tolist()


def weights(config, only=""):
    shapes = parameter_shapes(Config.of(config))
    return {name: some(shape, n) for n, (name, shape) in enumerate(shapes.items()) if only in name and 0 not in shape}


RESULTS = {
    "attention-head": ([X], "blocks.0.attn.hook_z[0]"),
    "multi-head-attention": ([X], "blocks.0.hook_attn_out"),
    "cross-attention": ([ENCODER, DECODER], "decoder.0.hook_cross_attn_out"),
    "layer-norm": ([X], "blocks.0.ln1.hook_normalized"),
    "batch-norm": ([X], "blocks.0.bn.hook_normalized"),
    "feed-forward": ([MID], "blocks.0.hook_mlp_out"),
    "mlp": ([MID], "blocks.0.hook_mlp_out"),
    "convolution": ([MID], "blocks.0.hook_conv_out"),
    "block": ([X], "blocks.0.hook_resid_post"),
    "encoder": ([ENCODER], "encoder.1.hook_resid_post"),
    "encoder-decoder": ([ENCODER, DECODER], "logits"),
    "gpt": ([], "logits"),
}
OPTIONS = [
    {}, {"norm_position": "post"}, {"normalization_type": "RMS"}, {"normalization_type": None}, {"eps": "1e-5"},
    {"use_attn_scale": False}, {"attention_dir": "bidirectional"}, {"softmax_base": 2}, {"softmax_base": 3},
    {"correction": 1}, {"tie_word_embeddings": True}, {"act_fn": "gelu"}, {"attn_only": True},
    {"positional_embedding_type": "sinusoidal"}, {"positional_embedding_type": None},
]  # fmt: skip


@pytest.mark.parametrize("model", RESULTS)
def test_every_model_runs_on_a_values_file_with_every_option(run, model):
    starts, result = RESULTS[model]
    inputs = {name: some((3 - n, 4), n) for n, name in enumerate(starts)}
    for option in OPTIONS:
        if option == {"normalization_type": None} and model == "layer-norm":
            continue  # nothing is left of it
        config, given = {**SIZES, **option}, weights({**SIZES, **option})
        tokens = [] if starts else [5, 0, 2]
        values = {"config": config, "inputs": inputs, "weights": given, "tokens": tokens}
        if unread := MODELS[model].unread_options(Values.of(values)):
            assert unread == [*option]
            config = SIZES  # whose run is that of the oracle with the option
        steps = run(model, {**values, "config": config})
        for_oracle = {**SIZES, **option, "eps": float(parse(option.get("eps", "0")))}
        theirs = oracle.forward("feed-forward" if model == "mlp" else model, for_oracle, given, inputs, tokens)
        last = result.replace("hook_resid_post", "hook_normalized_resid_post")
        name = last if option == {"norm_position": "post"} and last in steps else result
        oracles = "blocks.0.hook_mlp_out" if model == "convolution" else name
        key = oracles if oracles in theirs else list(theirs)[-1]
        np.testing.assert_allclose(steps[name], theirs[key], rtol=1e-9, atol=1e-12, err_msg=f"{model} {option}")


def test_the_parts_that_have_no_weights_run_too(run):
    steps = run("softmax", {"inputs": {"scores": [[0, math.log(3)], ["-inf", 1]]}})
    np.testing.assert_allclose(steps["softmax"], [[0.25, 0.75], [0, 1]])
    waves = run("positional-encoding", {"config": {"n_ctx": 2, "d_model": 4}})["hook_pos_embed"]
    np.testing.assert_allclose(waves, [[0, 1, 0, 1], [math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)]])
    judged = run("cross-entropy", {"inputs": {"logits": [[1, 2, 3, 4], [0, 0, 0, 0]]}, "tokens": [1, 3, 0]})
    expected = [math.log(sum(math.exp(x - 4) for x in (1, 2, 3, 4))), math.log(4)]
    np.testing.assert_allclose(judged["loss_per_token"][:, 0], expected)
    np.testing.assert_allclose(judged["loss"], [[sum(expected) / 2]])


def test_waves_of_2017_in_classroom_decimals(run):
    waves = run("positional-encoding", {"config": {"n_ctx": 2, "d_model": 4}}, "--places", "4", numbers="decimal")
    assert waves["hook_pos_embed"].tolist() == [[0, 1, 0, 1], [0.8415, 0.5403, 0.01, 1.0]]


HEAD = {"d_model": 2, "n_ctx": 2, "softmax_base": 2, "use_attn_scale": False}


def test_a_run_starts_at_any_step(run):
    at = "blocks.0.attn"
    inputs = {
        f"{at}.hook_q[0]": [[1, 0], [0, 1]],
        f"{at}.hook_k[0]": [[0, 0], [1, 1]],
        f"{at}.hook_v[0]": [[4, 0], [0, 4]],
    }
    steps = run(
        "attention-head", {"config": {**HEAD, "attention_dir": "bidirectional"}, "inputs": inputs}, numbers="exact"
    )
    assert steps[f"{at}.hook_z[0]"].tolist() == [[4 / 3, 8 / 3], [4 / 3, 8 / 3]]
    pattern = {f"{at}.hook_pattern[0]": [["1/2", "1/2"], [1, 0]], f"{at}.hook_v[0]": [[4, 0], [0, 4]]}
    steps = run("attention-head", {"config": HEAD, "inputs": pattern}, numbers="exact")
    assert steps[f"{at}.hook_z[0]"].tolist() == [[2, 2], [4, 0]]


def test_cross_attention_starts_at_keys_of_another_length(run):
    at = "decoder.0.cross_attn"
    inputs = {
        f"{at}.hook_k[0]": [[0, 0]] * 3,
        f"{at}.hook_v[0]": [[3, 0], [0, 3], [0, 0]],
        f"{at}.hook_q[0]": [[1, 0]],
    }
    entries = {"config": {**HEAD, "n_ctx": 3}, "inputs": inputs, "weights": {f"{at}.W_O": [[[1, 0], [0, 2]]]}}
    steps = run("cross-attention", entries, numbers="exact")
    assert steps["decoder.0.hook_cross_attn_out"].tolist() == [[1, 2]]


def test_a_part_of_a_block_may_begin_with_what_enters_the_block(run):
    given = {"blocks.0.mlp.W_in": [[1, 0], [0, 1]], "blocks.0.mlp.W_out": [[1, 0], [0, 2]]}
    for model, result in (
        ("feed-forward", "hook_mlp_out"),
        ("mlp", "hook_mlp_out"),
        ("convolution", "hook_conv_out"),
    ):
        entries = {"config": {"d_model": 2, "d_mlp": 2}, "inputs": {X: [[1, -1], [2, 3]]}, "weights": given}
        assert run(model, entries, numbers="exact")[f"blocks.0.{result}"].tolist() == [[1, 0], [2, 6]]


def test_heads_masks_and_biases_are_given_one_by_one(run):
    at = "blocks.0.attn"
    unit = [[1, 0], [0, 1]]
    given = {f"{at}.{w}[0]": unit for w in ("W_Q", "W_K", "W_V")} | {f"{at}.b_V[0]": [10, 0]}
    inputs = {X: unit, f"{at}.mask": [["-inf", 0], [0, "-Infinity"]]}
    entries = {"config": {**HEAD, "attention_dir": "bidirectional"}, "inputs": inputs, "weights": given}
    assert run("attention-head", entries, numbers="exact")[f"{at}.hook_z[0]"].tolist() == [[10, 1], [11, 0]]


def test_a_table_in_toml_can_say_null(command, tmp_path):
    (tmp_path / "v.toml").write_text(
        'config = {normalization_type = "null", d_model = 2}\ninputs."' + X + '" = [[1, 2]]'
    )
    assert command("run", "layer-norm", "--values", "v.toml").output == f"{X}  1 × 2  given\n  1  2\n"


# ---- a model that a program saved ----


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, arguments)


@pytest.fixture
def saved(tmp_path):
    """A model's weights as float32, as a program saves them, and what it lacks beside them."""
    config = {**SIZES, "eps": "1e-5"}
    arrays = {
        name: np.array(entry, dtype="float32")
        for name, entry in weights(config).items()
        if "coder" not in name and name not in OF_LESSONS
    }
    arrays |= {f"blocks.{n}.attn.mask": np.tril(np.ones((3, 3), dtype=bool)) for n in (0, 1)}
    save_file(arrays, tmp_path / "model.safetensors")
    np.savez(tmp_path / "model.npz", **arrays)
    (tmp_path / "rest.json").write_text(json.dumps({"config": config, "tokens": [1, 2, 3]}))
    return arrays


@pytest.mark.parametrize("file", ["model.npz", "model.safetensors"])
def test_a_saved_model_runs_with_its_config_beside_it(command, saved, file):
    result = command("run", "gpt", "--values", file, "--values", "rest.json", "--numbers", "float", "--json", "-")
    logits = next(s for s in json.loads(result.stdout)["steps"] if s["name"] == "logits")["values"]
    theirs = oracle.forward("gpt", {**SIZES, "eps": 1e-5}, saved, {}, [1, 2, 3])["logits"]
    np.testing.assert_allclose(np.array(logits, dtype=float), theirs, rtol=1e-5)
    unread = result.stderr.removeprefix("byhand: gpt does not read ").rstrip().split(", ")
    assert sorted(unread) == ["blocks.0.bn.b", "blocks.0.bn.w"]


def test_weights_are_rounded_on_request_and_the_effect_is_told(command, saved):
    files = "--values", "model.npz", "--values", "rest.json"
    result = command("run", "gpt", *files, "--round-weights", "1", "--numbers", "float", "--json", "-")
    steps = {s["name"]: s["values"] for s in json.loads(result.stdout)["steps"]}
    settled = np.vectorize(lambda x: float(Decimal(x).quantize(Decimal("0.1"), ROUND_HALF_UP)))
    rounded = {name: settled(array.astype("U")) for name, array in saved.items() if array.dtype != bool}
    before, after = (
        oracle.forward("gpt", {**SIZES, "eps": 1e-5}, w, {}, [1, 2, 3])["logits"] for w in (saved, rounded)
    )
    np.testing.assert_allclose(np.array(steps["logits"], dtype=float), after, rtol=1e-9)
    told = result.stderr.splitlines()[0]
    assert told.startswith("byhand: weights rounded to 1 places change by up to 0.05 (")
    assert f"logits by up to {np.abs(before - after).max():.3g}; " in told
    rows = [str(i + 1) for i in range(3) if before[i].argmax() != after[i].argmax()]
    assert told.endswith(f"another answer in row {', '.join(rows)}" if rows else "no answer changes")


def test_rounding_that_changes_an_answer_says_where(command, tmp_path):
    entries = {
        "config": {"d_model": 1, "d_vocab": 2, "softmax_base": 2, "norm_position": "post", "normalization_type": None,
                   "positional_embedding_type": None, "attn_only": True, "use_attn_scale": False},
        "tokens": [0, 1],
        "weights": {"embed.W_E": [[1], [1]], "unembed.W_U": [["0.4", "0.45"]],
                    **{f"blocks.0.attn.W_{w}": [[[0]]] for w in "QKVO"}},
    }  # fmt: skip
    (tmp_path / "v.json").write_text(json.dumps(entries))
    told = command("run", "gpt", "--values", "v.json", "--round-weights", "1").stderr
    assert "change by up to 0.05 (unembed.W_U), logits by up to 0.05; no answer changes" in told
    told = command("run", "gpt", "--values", "v.json", "--round-weights", "0").stderr
    assert "change by up to 0.45 (unembed.W_U), logits by up to 0.45; another answer in row 1, 2" in told


def test_a_sheet_is_printed_with_rounded_weights(command, tmp_path):
    np.savez(
        tmp_path / "w.npz", **{"blocks.0.attn.W_V": np.array([[[0.9, 2.1], [-2.2, 1], [0, 1], [-1, 0.6]]], "f4")}
    )
    result = command("generate", "attention-head", "--values", "w.npz", "--round-weights", "0", "--format", "json")
    assert "weights rounded to 0 places change by up to 0.4 (blocks.0.attn.W_V[0])" in result.stderr
    steps = json.loads(Path("output/attention-head-seed0/run.json").read_text())["steps"]
    assert next(s for s in steps if s["name"].endswith("W_V[0]"))["values"] == [
        ["1", "2"],
        ["-2", "1"],
        ["0", "1"],
        ["-1", "1"],
    ]
    assert "give one with --values" in command("generate", "attention-head", "--round-weights", "1").stderr


# ---- what does not fit ----


def test_all_problems_are_told_at_once_before_anything_runs(command, tmp_path):
    entries = {
        "config": {"d_model": 2, "n_ctx": 2, "d_head": 1},
        "tokens": ["a\u202eb"],
        "wieghts": {},
        "weights": {"blocks.0.attn.W_Q": [[[1, 2]]], "blocks.0.attn.W_P": [1], "blocks.0.attn.W_K": [[["x y"], [2]]]},
        "inputs": {X: [[1, 2], [3]]},
    }
    (tmp_path / "v.json").write_text(json.dumps(entries))
    result = command("run", "attention-head", "--values", "v.json")
    assert result.exit_code == 1
    assert result.stderr == (
        "byhand: no entry of a values file 'wieghts'; did you mean 'weights'?; tokens holds 'a\\u202eb'; a word has up to "
        "60 characters, all printable; blocks.0.attn.W_Q is 1 × 1 × 2; the config needs 1 × 2 × 1; no parameter "
        "'blocks.0.attn.W_P'; did you mean 'blocks.0.attn.W_V'?; blocks.0.attn.W_K: 'x y' is not a number; write one as 3, "
        f"0.25 or '-1/2'; {X} is ragged: its rows have different lengths; every row needs as many entries\n"
    )


@pytest.mark.parametrize(
    ("config", "weights", "inputs", "message"),
    [
        ({"d_modell": 2, "eps": -1, "act_fn": "tanh", "n_ctx": 0}, {"embed.W_E": [["?"]]}, {},
         "no config option 'd_modell'; did you mean 'd_model'?; act_fn='tanh' is not known; use one of "
         f"{', '.join(CHOICES['act_fn'])}; n_ctx=0 leaves nothing to compute; use 1 or more; eps=-1 is not a number of 0 or more; embed.W_E: '?' is not a number; "
         "write one as 3, 0.25 or '-1/2'"),
        ({"d_model": 2, "n_ctx": 2}, {}, {X: [[1], [2]], "blocks.0.attn.hook_q[0]": [[1]], "blocks.0.attn.hook_w[0]": [[1]]},
         f"{X} is 2 × 1; the model needs 2 × 2; blocks.0.attn.hook_q[0] is 1 × 1; the model needs 2 × 2; no step "
         "'blocks.0.attn.hook_w[0]'; did you mean 'blocks.0.attn.hook_z[0]'?; blocks.0.attn.W_Q[0] (2 × 2), blocks.0.attn.W_K[0] (2 × 2), "
         "blocks.0.attn.W_V[0] (2 × 2) are missing; give them or later steps"),
        ({"d_model": 1}, {"blocks.0.attn.W_Q": [[[1]]], "blocks.0.attn.W_Q[0]": [[2]]}, {X: [[1]]},
         "blocks.0.attn.W_Q[0] is given by itself and within blocks.0.attn.W_Q; give it once; "
         "blocks.0.attn.W_K[0] (1 × 1), blocks.0.attn.W_V[0] (1 × 1) are missing; give them or later steps"),
        ({"n_ctx": 1000, "d_model": 1, "d_head": 1}, {f"blocks.0.attn.W_{w}": [[[1]]] for w in "QKV"}, {},
         f"{X} is missing; give it (1000 × 1) or a later step; the run adds up 4,003,003,000 numbers; "
         "use sizes that make 20,000,000"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_together(command, tmp_path, config, weights, inputs, message):
    (tmp_path / "v.json").write_text(json.dumps({"config": config, "weights": weights, "inputs": inputs}))
    result = command("run", "attention-head", "--values", "v.json")
    assert (result.exit_code, result.stderr) == (1, f"byhand: {message}\n")


def test_more_tokens_than_positions_are_told_with_all_that_does_not_fit(command, tmp_path):
    entries = {"tokens": list("abcd"), "weights": {"blocks.0.attn.W_q": [1], "blocks.0.attn.W_K": [[[1, 2]]]}}
    (tmp_path / "v.json").write_text(json.dumps(entries))
    assert command("generate", "attention-head", "--values", "v.json").stderr == (
        "byhand: 4 tokens are more than n_ctx=3; use fewer, or a larger n_ctx; blocks.0.attn.W_K is 1 × 1 × 2; the config "
        "needs 1 × 4 × 4; no parameter 'blocks.0.attn.W_q'; did you mean 'blocks.0.attn.W_Q'?\n"
    )


@pytest.mark.parametrize("number", ["1/" + "3" * 1000, "0." + "3" * 1000, "3" * 1000, "3" * 100_000])
@pytest.mark.parametrize("form", ["v.toml", "v.json"])
def test_a_number_of_a_thousand_digits_is_refused_before_it_is_read(command, tmp_path, number, form):
    """As a fraction, a decimal and a whole number; in little memory."""
    written = f'"{number}"' if "/" in number else number
    entry = f'"blocks.0.attn.W_V" = [[[{written}, 1], [1, 1], [1, 1], [1, 1]]]'
    text = f"[weights]\n{entry}" if form == "v.toml" else f'{{"weights": {{{entry.replace(" =", ":")}}}}}'
    (tmp_path / form).write_text(text)
    tracemalloc.start()
    told = command("generate", "attention-head", "--values", form).stderr
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert re.fullmatch(r"byhand: .*: a number of [\w ]+ is too long(; 60 are enough)? for any sheet\n", told)
    assert peak < 20_000_000  # bytes


def test_letters_and_roots_that_no_page_has_room_for_are_not_reduced(command, tmp_path):
    """As found by chance: sympy looks for a common divisor of twenty roots without end."""
    own = {"inputs": {X: [[3, 1, "1/2", 0], [2, -1, 1, 4], [1, 0, "-3/2", 2]]}}
    (tmp_path / "v.json").write_text(json.dumps(own))
    told = command("generate", "transformer-block", "--values", "v.json", "--numbers", "symbolic").stderr
    assert re.search(r"the value, as a formula, takes \d+ operations, too many to write by hand; give numbers", told)


def test_a_long_vocabulary_is_looked_through_once_and_not_repeated(command, tmp_path):
    """Of ten thousand words, each of ten thousand tokens is looked up; of a hundred thousand, the last stands twice."""
    words = [f"w{n}" for n in range(10_000)]
    entries = {"config": {"n_ctx": 10_000, "d_model": 4}, "vocabulary": words, "tokens": [*words[::-1][1:], "x"]}
    (tmp_path / "v.json").write_text(json.dumps(entries))
    told = command("run", "embedding", "--values", "v.json").stderr
    assert told == f"byhand: token 'x' is not in the vocabulary; its words are {', '.join(words[:40])}, …\n"
    (tmp_path / "v.json").write_text(json.dumps({"vocabulary": [*(f"w{n}" for n in range(99_999)), "w99998"]}))
    assert (
        "vocabulary holds 'w99998' twice; a word has one place"
        in command("run", "embedding", "--values", "v.json").stderr
    )


def test_what_a_model_does_not_read_is_told(command, tmp_path):
    entries = {
        "config": {"softmax_base": 2},
        "inputs": {"scores": [[1, 1]]},
        "weights": {"blocks.0.ln1.w": [1, 1, 1, 1]},
    }
    (tmp_path / "v.json").write_text(json.dumps(entries))
    result = command("run", "softmax", "--values", "v.json")
    assert (result.exit_code, result.stderr) == (0, "byhand: softmax does not read blocks.0.ln1.w\n")


# ---- a sheet on numbers of other sizes ----

OTHER = {
    "config": {"d_model": 3, "n_ctx": 4, "d_head": 4, "d_v": 1},
    "tokens": ["my", "dog", "ate", "it"],
    "inputs": {X: [[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 1]]},
    "weights": {f"blocks.0.attn.W_{w}": [[[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]]] for w in "QK"}
    | {"blocks.0.attn.W_V": [[[1], [2], [3]]]},
}


def test_a_sheet_takes_other_sizes(command, tmp_path):
    (tmp_path / "v.json").write_text(json.dumps(OTHER))
    assert (
        command(
            "generate", "attention-head", "--values", "v.json", "--numbers", "decimal", "--format", "html,json"
        ).exit_code
        == 0
    )
    page = Path("output/attention-head-seed0/key.html").read_text(encoding="utf-8")
    assert "dog" in page
    assert "4 × 4" in page


@pytest.mark.parametrize(
    ("sheet", "entries", "message"),
    [
        ("attention-head", {"config": OTHER["config"]}, f"{X} (3 × 3), blocks.0.attn.W_Q[0] (3 × 4), blocks.0.attn.W_K[0] (3 × 4), "
         "blocks.0.attn.W_V[0] (3 × 1) are missing; give them or later steps"),
        ("feed-forward", {"config": {"n_ctx": 45}, "tokens": ["a"] * 45, "inputs": {MID: [[1, -1]] * 45}},
         "high even in small print; a page has room for 174 × 240 mm: use smaller sizes, or fewer digits"),
        ("feed-forward", {"inputs": {MID: [[10**20, 1]] * 3}},
         "even in small print; a page has room for 174 × 240 mm: use smaller sizes, or fewer digits"),
        ("multi-head-attention",
         {"config": {"n_heads": 3},
          "weights": {f"blocks.0.attn.W_{w}": [[[0] * 4] * 4] * 3 for w in "QK"}
          | {"blocks.0.attn.W_V": [[[1, 0]] * 4] * 3, "blocks.0.attn.W_O": [[[1] * 4] * 2] * 3},
          "inputs": {X: [[1, 0, 1, 0]] * 3}},
         "multi-head-attention has steps for n_heads=2, but these numbers also make blocks.0.attn."),
        ("gpt", {"config": {"norm_position": "post"}}, "gpt is written for norm_position='pre', and with norm_position='post' there is no input"),
        ("gpt", [1], "a values file is a table of config, tokens, source, vocabulary, target, inputs, weights; found list"),
    ],
)  # fmt: skip
def test_what_a_sheet_has_no_room_for_is_refused(command, tmp_path, sheet, entries, message):
    (tmp_path / "v.json").write_text(json.dumps(entries))
    result = command("generate", sheet, "--values", "v.json", "--numbers", "decimal", "--format", "html")
    assert result.exit_code == 1
    assert message in result.stderr
    assert not (tmp_path / "output").exists()


def test_the_example_in_the_documentation_gives_what_it_says(command, tmp_path):
    text = (Path(__file__).parents[1] / "docs" / "values.md").read_text(encoding="utf-8")
    (tmp_path / "v.toml").write_text(text.split("```toml\n")[1].partition("```")[0], encoding="utf-8")
    result = command("run", "attention-head", "--values", "v.toml", "--json", "-")
    z = next(s for s in json.loads(result.stdout)["steps"] if s["name"] == "blocks.0.attn.hook_z[0]")["values"]
    assert f"`{json.dumps(z)}`".replace('"', "") in text


def test_the_documentation_tells_every_option():
    text = (Path(__file__).parents[1] / "docs" / "values.md").read_text(encoding="utf-8")
    assert [option for option in DEFAULTS if not re.search(rf"`{option}\b", text)] == []
