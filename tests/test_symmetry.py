"""Other numbers, the same difficulty: what a symmetry keeps and what it changes."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ConfigError
from byhand.model import MODELS
from byhand.model.weights import Values, complete
from byhand.symmetry import Draw, renamed
from byhand.worksheet.sheet import load_sheet

SEEDS = range(1, 26)


def values_of(sheet: str) -> Values:
    return complete(load_sheet(sheet).given(letters=False))


def run_of(sheet: str, seed: int):
    return load_sheet(sheet).model.run(renamed(values_of(sheet), seed), RATIONALS)


def sizes(tape, name: str) -> Counter:
    """How often each size of number stands in a step."""
    return Counter(abs(x) for row in tape.values(name) for x in row)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "sheet",
    [
        "attention-head",
        "cross-attention",
        "gpt",
        "dot-product",
        "matrix-product",
        "linear-layer",
        "mlp",
        "layer-norm",
        "layer-norm-or-batch-norm",
        "feed-forward",
        "one-by-one-convolution",
    ],
)
def test_every_matrix_keeps_its_numbers_up_to_place_and_sign(sheet, seed):
    right, other = run_of(sheet, 0), run_of(sheet, seed)
    for kind in ("hook_q", "hook_k", "hook_v", "hook_pattern", "hook_z", "W_Q"):
        names = [s.name for s in right.used() if s.name.partition("[")[0].endswith(kind)]
        assert sum((sizes(right, n) for n in names), Counter()) == sum((sizes(other, n) for n in names), Counter())
    for step in right.used():
        if "[" not in step.name:
            assert sizes(right, step.name) == sizes(other, step.name), step.name


@pytest.mark.parametrize("seed", SEEDS)
def test_the_answers_spell_the_same_words(seed):
    assert run_of("gpt", seed).values("logits") == run_of("gpt", 0).values("logits")


def test_a_given_pattern_stays_as_it_is():
    right = values_of("transformer-by-hand")
    pattern = "blocks.0.attn.hook_pattern[0]"
    for seed in SEEDS:
        other = renamed(right, seed)
        assert other.inputs[pattern] == right.inputs[pattern]
        assert other.weights != right.weights
        name = "blocks.0.hook_mlp_out"
        assert sizes(run_of("transformer-by-hand", seed), name) == sizes(run_of("transformer-by-hand", 0), name)


@pytest.mark.parametrize(
    "sheet", ["positional-encoding", "logits-and-perplexity", "cross-entropy", "sampling", "softmax"]
)
def test_a_row_by_itself_keeps_its_numbers_in_any_order(sheet):
    right = run_of(sheet, 0)
    for seed in SEEDS:
        other = run_of(sheet, seed)
        for step in right.used():
            assert sizes(right, step.name) == sizes(other, step.name), step.name


def test_the_right_words_keep_their_probabilities_in_another_order():
    for sheet in ("cross-entropy", "logits-and-perplexity"):
        orders = {run_of(sheet, seed).values("probs.right") for seed in SEEDS}
        assert 3 <= len(orders) <= 6
        assert len({frozenset(Counter(order).items()) for order in orders}) == 1


def test_a_vector_that_positions_are_added_to_has_the_same_sums_elsewhere():
    own = run_of("positional-encoding", 0)
    pairs = {
        seed: Counter(
            (e, p)
            for row, waves in zip(run.values("hook_embed"), run.values("hook_pos_embed"), strict=True)
            for e, p in zip(row, waves, strict=True)
        )
        for seed in range(5)
        for run in [run_of("positional-encoding", seed) if seed else own]
    }
    assert all(each == pairs[0] for each in pairs.values())


def test_rows_that_read_no_other_stand_in_any_order():
    seen = {run_of("layer-norm", seed).values("blocks.0.ln1.hook_normalized") for seed in range(1, 200)}
    assert len(seen) > 4 * 24


def test_rows_that_differ_stay_different():
    values = Values.of({"config": {"n_ctx": 2, "softmax_base": 2}, "inputs": {"logits": [[0, 1], [1, 0]]}})
    for seed in SEEDS:
        assert sorted(renamed(values, seed).inputs["logits"]) == [[0, 1], [1, 0]]


def test_each_seed_has_numbers_of_its_own():
    for sheet in ("attention-head", "gpt", "positional-encoding", "logits-and-perplexity", "sampling"):
        seen = {str(renamed(values_of(sheet), seed)) for seed in range(200)}
        assert len(seen) == 200


def test_a_seed_has_the_same_numbers_for_ever():
    weights = renamed(values_of("attention-head"), 7).weights
    assert weights["blocks.0.attn.W_V"] == [[["-2", "1"], ["0", "-1"], ["-1", "0"], ["0", "-1"]]]
    assert Draw("x").order(8) == [2, 4, 6, 3, 0, 1, 7, 5]


def test_a_draw_is_fair():
    draw = Draw("dice")
    seen = Counter(draw.below(6) for _ in range(6000))
    assert set(seen) == set(range(6))
    assert all(850 < n < 1150 for n in seen.values())


def test_seed_0_is_the_sheets_own():
    assert renamed(values_of("gpt"), 0) == values_of("gpt")


def test_fractions_change_sign_as_fractions():
    values = Values.of({
        "config": {"d_model": 1, "softmax_base": 2, "n_ctx": 1}, "inputs": {"blocks.0.hook_resid_pre": [[2]]},
        "weights": {f"blocks.0.attn.W_{x}": [[["1/2"]]] for x in "QKV"},
    })  # fmt: skip
    results = {
        MODELS["attention-head"].run(renamed(values, seed), RATIONALS).values("blocks.0.attn.hook_q[0]")
        for seed in SEEDS
    }
    assert results == {((Fraction(1),),), ((Fraction(-1),),)}


def test_letters_keep_their_sign():
    sheet = load_sheet("attention-head")
    values = renamed(sheet.given(letters=True), 5, signs=False)
    entries = {x for row in values.weights["blocks.0.attn.W_V"][0] for x in row}
    assert entries == {"a", "b", 0, 1, 2, -1}


def test_numbers_given_in_the_middle_have_no_other_seed():
    values = Values.of({"inputs": {"blocks.0.attn.hook_q[0]": [[1, 2]]}})
    with pytest.raises(ConfigError, match=r"hook_q\[0\] is given, so there is one set of numbers only; use --seed 0"):
        renamed(values, 1)


def test_sinusoidal_positions_stay_in_their_dimensions():
    own = values_of("gpt")
    config = {**own.config.as_dict(), "positional_embedding_type": "sinusoidal"}
    values = Values(type(own.config).of(config), own.tokens, own.vocabulary, {}, own.weights)
    assert renamed(values, 3).weights["embed.W_E"] == own.weights["embed.W_E"]
