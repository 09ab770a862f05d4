"""The reference model gives the published numbers, so that it can be trusted where nothing is published."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pytest

CASES = {path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "published").glob("*.json")}
X = "blocks.0.hook_resid_pre"


def run(case: dict[str, Any], **config: Any) -> dict[str, np.ndarray]:
    return oracle.forward(case["model"], case["config"] | config, case["weights"], case["inputs"], case.get("tokens"))


def assert_published(ours: np.ndarray, figures: dict[str, Any]) -> None:
    """Equal as far as the source prints: half a unit of the last decimal, or all that a double holds."""
    published = np.array(figures["values"], dtype=float)  # null becomes nan: not published
    places = figures["decimals"]
    tolerance = figures.get("tolerance", 0.5 * 10**-places if places is not None else 0)
    assert ours.shape == published.shape
    printed = ~np.isnan(published)
    np.testing.assert_allclose(ours[printed], published[printed], rtol=1e-12, atol=tolerance + 1e-12)


@pytest.mark.parametrize(
    ("name", "step"), [(name, step) for name, case in sorted(CASES.items()) for step in case["expected"]]
)
def test_the_oracle_gives_the_published_figures(name, step):
    assert_published(run(CASES[name])[step], CASES[name]["expected"][step])


@pytest.mark.parametrize("name", ["xl_softmax_4", "xl_softmax_5", "xl_softmax_6"])
def test_the_fractions_of_base_3_are_the_published_ones(name):
    exact = [[float(Fraction(cell)) for cell in row] for row in CASES[name]["expected"]["softmax"]["exact"]]
    np.testing.assert_allclose(run(CASES[name])["softmax"], exact, rtol=1e-15)


def test_a_pattern_masked_after_softmax_must_be_divided_again():
    case = CASES["raschka_causal_head"]
    zeroed = np.tril(run(case, attention_dir="bidirectional")["blocks.0.attn.hook_pattern[0]"])
    assert_published(zeroed, case["foils"]["mask-after-softmax"])
    renormalised = zeroed / zeroed.sum(axis=1, keepdims=True)
    assert_published(renormalised, case["foils"]["mask-after-softmax.renormalised"])
    np.testing.assert_allclose(renormalised, run(case)["blocks.0.attn.hook_pattern[0]"], rtol=1e-12)


def test_the_simple_transformer_mixes_before_and_cuts_after_the_feed_forward():
    case = CASES["xl_transformer_simple_small"]
    around = {name: np.array(figures["values"]) for name, figures in case["around"].items()}
    np.testing.assert_array_equal(around["pattern"] @ around["features"], case["inputs"]["blocks.0.hook_resid_mid"])
    np.testing.assert_array_equal(np.maximum(run(case)["blocks.0.hook_mlp_out"], 0), around["result"])


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_case_says_where_it_comes_from_and_how_it_is_printed(name):
    assert CASES[name]["source"].keys() >= {"repo", "path", "commit", "licence"}
    assert CASES[name]["printed"] in {"rows", "columns"}


# What is not published, with numbers that can be checked in the head: attention is an average, and the
# feed-forward writes |x₁| to the second dimension.
IDENTITY = [[1, 0], [0, 1]]
ONE_BLOCK = {
    "blocks.0.attn.W_Q": [[[0, 0], [0, 0]]],  # equal scores: each position averages what it may see
    "blocks.0.attn.W_K": [IDENTITY],
    "blocks.0.attn.W_V": [IDENTITY],
    "blocks.0.attn.W_O": [IDENTITY],
    "blocks.0.mlp.W_in": [[1, -1], [0, 0]],  # x₁ and −x₁
    "blocks.0.mlp.W_out": [[0, 1], [0, 1]],  # |x₁| is the sum of their ReLUs
}
BLOCK = [
    ("causal", {}, {"blocks.0.attn.hook_z[0]": [[2, 0], [-1, 3]], "blocks.0.hook_resid_mid": [[4, 0], [-5, 9]]}),
    ("causal", {}, {"blocks.0.hook_mlp_out": [[0, 4], [0, 5]], "blocks.0.hook_resid_post": [[4, 4], [-5, 14]]}),
    ("bidirectional", {}, {"blocks.0.hook_resid_post": [[1, 4], [-5, 14]]}),
    ("causal", {"attn_only": True}, {"blocks.0.hook_resid_post": [[4, 0], [-5, 9]]}),
]


@pytest.mark.parametrize(("direction", "config", "expected"), BLOCK)
def test_a_block_adds_to_the_residual_stream(direction, config, expected):
    config = {"d_model": 2, "normalization_type": None, "attention_dir": direction, **config}
    steps = oracle.forward("block", config, ONE_BLOCK, {X: [[2, 0], [-4, 6]]})
    for name, values in expected.items():
        np.testing.assert_allclose(steps[name], values, rtol=1e-12, err_msg=name)


def test_pre_norm_reads_the_norm_and_adds_to_what_was_not_normalised():
    steps = oracle.forward("block", {"d_model": 2}, ONE_BLOCK, {X: [[5, 1]]})  # normalised: (1, −1)
    np.testing.assert_allclose(steps["blocks.0.hook_attn_out"], [[1, -1]])
    np.testing.assert_allclose(steps["blocks.0.hook_resid_mid"], [[6, 0]])
    np.testing.assert_allclose(steps["blocks.0.hook_mlp_out"], [[0, 1]])
    np.testing.assert_allclose(steps["blocks.0.hook_resid_post"], [[6, 1]])


def test_post_norm_normalises_the_sums():
    steps = oracle.forward("block", {"d_model": 2, "norm_position": "post"}, ONE_BLOCK, {X: [[5, 1]]})
    np.testing.assert_allclose(steps["blocks.0.hook_attn_out"], [[5, 1]])
    np.testing.assert_allclose(steps["blocks.0.hook_resid_mid"], [[10, 2]])
    np.testing.assert_allclose(steps["blocks.0.ln1.hook_normalized"], [[1, -1]])
    np.testing.assert_allclose(steps["blocks.0.hook_resid_post"], [[1, 0]])
    np.testing.assert_allclose(steps["blocks.0.hook_normalized_resid_post"], [[1, -1]])


NORM = [
    ("LN", {}, "variance", [[4]], [[1, -1]]),
    ("LN", {"w": [3, 2], "b": [0, 1]}, "standardized", [[1, -1]], [[3, -1]]),
    ("RMS", {}, "mean_square", [[25]], [[1.4, 0.2]]),
    ("RMS", {"w": [10, 10]}, "standardized", [[1.4, 0.2]], [[14, 2]]),
]


@pytest.mark.parametrize(("kind", "parameters", "step", "value", "normalized"), NORM)
def test_both_norms_divide_by_a_root_mean_square(kind, parameters, step, value, normalized):
    x = [[5, 1]] if kind == "LN" else [[7, 1]]
    weights = {f"blocks.0.ln1.{name}": values for name, values in parameters.items()}
    steps = oracle.forward("layer-norm", {"d_model": 2, "normalization_type": kind}, weights, {X: x})
    np.testing.assert_allclose(steps[f"blocks.0.ln1.{step}"], value, rtol=1e-15)
    np.testing.assert_allclose(steps["blocks.0.ln1.hook_normalized"], normalized, rtol=1e-15)


def test_gelu_is_x_times_the_normal_distribution_function():
    config = {"d_model": 1, "act_fn": "gelu"}
    weights = {"blocks.0.mlp.W_in": [[1]], "blocks.0.mlp.W_out": [[1]]}
    steps = oracle.forward("feed-forward", config, weights, {"blocks.0.hook_resid_mid": [[0], [1], [-1]]})
    below_1 = (1 + math.erf(1 / math.sqrt(2))) / 2  # 0.8413…
    assert round(below_1, 4) == 0.8413
    np.testing.assert_allclose(steps["blocks.0.mlp.hook_post"], [[0], [below_1], [below_1 - 1]])


def test_a_gpt_adds_positions_and_takes_the_lowest_id_on_ties():
    config = {"d_model": 2, "n_layers": 2, "attn_only": True, "normalization_type": None}
    attention = {f"blocks.{layer}.attn.{w}": [IDENTITY] for layer in (0, 1) for w in ("W_K", "W_V", "W_O")}
    queries = {f"blocks.{layer}.attn.W_Q": [[[0, 0], [0, 0]]] for layer in (0, 1)}
    embeddings = {"embed.W_E": [[1, 0], [0, 1]], "pos_embed.W_pos": [[1, 1], [0, 0], [9, 9]]}
    unembedding = {"unembed.W_U": [[1, 0, 1], [0, 1, 0]], "unembed.b_U": [0, -4, 0]}
    steps = oracle.forward("gpt", config, attention | queries | embeddings | unembedding, token_ids=[1, 0])
    assert steps["hook_embed"].tolist() == [[0, 1], [1, 0]]
    assert steps["blocks.0.hook_resid_pre"].tolist() == [[1, 2], [1, 0]]
    assert steps["blocks.1.hook_resid_pre"].tolist() == [[2, 4], [2, 1]]
    assert steps["blocks.1.hook_resid_post"].tolist() == [[4, 8], [4, 3.5]]
    assert steps["logits"].tolist() == [[4, 4, 4], [4, -0.5, 4]]
    assert steps["next_token"].tolist() == [[0], [0]]
