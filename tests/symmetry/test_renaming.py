"""Other numbers, the same difficulty: what a symmetry keeps and what it changes."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import chain

import pytest
from every_sheet import FULL, a_share
from judged import CASES as JUDGED
from judged import ROWS, small
from kept import numbers_by_step, whole_run
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.floats import FLOATS
from byhand.errors import ConfigError, SheetError
from byhand.model import MODELS
from byhand.model.parameters import has_heads
from byhand.model.weights import Values, complete
from byhand.numbers.promises import Limits, broken, case_of, foiled, whole_time
from byhand.symmetry.renaming import moves, renamed
from byhand.worksheet.sheet import all_sheets, load_sheet, parse_sheet

SEEDS = range(1, 26)
HELD = (
    "sizing",
    "byte-pairs",
    "counted-pairs",
    "word-in-context",
    "masked-words",
    "linear-backward",
    "mlp-backward",
    "softmax-backward",
    "tied-embeddings-backward",
    "training-step",
    "optimizers",
    "lora",
    "layer-norm-backward",
)  # sheets none of whose numbers may change their places
SHEETS = [sheet.name for sheet in all_sheets() if sheet.name not in HELD and not sheet.draws_words]


def values_of(sheet: str) -> Values:
    return complete(load_sheet(sheet).given(letters=False))


def renamed_as(sheet: str, seed: int | str) -> Values:
    own = load_sheet(sheet)
    return renamed(own.model, values_of(sheet), seed, in_place=own.in_place)


def run_of(sheet: str, seed: int):
    return load_sheet(sheet).model.run(renamed_as(sheet, seed), RATIONALS)


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_step_keeps_its_numbers_and_every_promise(sheet):
    model, in_place, own = load_sheet(sheet).model, load_sheet(sheet).in_place, values_of(sheet)
    known = moves(model, own, in_place).run
    right = whole_run(model, own, RATIONALS)
    case = case_of(right, Limits(), whole_time(right))
    figures, kept, numbers, mistakes = case.quality, broken(case), numbers_by_step(right, known), foiled(right).keys()
    for seed in SEEDS if FULL else SEEDS[::3]:
        other = whole_run(model, renamed(model, own, seed, in_place=in_place), RATIONALS)
        assert numbers_by_step(other, known) == numbers
        its = case_of(other, Limits(), case.expected)
        found = its.quality
        assert {**found, "alive": sorted(found.get("alive", ()))} == {
            **figures,
            "alive": sorted(figures.get("alive", ())),
        }
        assert broken(its) == kept
        assert foiled(other).keys() == mistakes


MASK = [[0, "-inf", "-inf"], [0, 0, 0], [0, "-inf", 0]]
WHOLE = ["gpt", "block", "encoder", "encoder-decoder", "multi-head-attention", "cross-attention", "layer-norm",
         "feed-forward", "batch-norm", "convolution", "kv-cache", "transformer-by-hand"]  # fmt: skip


def case(model, variant, **inputs):
    """A model in a variant, on random numbers, with ε so that every row has a norm."""
    values = small(model, **{"eps": "1/2", **variant})
    more = {"blocks.0.attn.hook_pattern[0]": [[1, 0, 0], ["1/2", "1/2", 0], ["1/4", "1/4", "1/2"]]}
    return replace(values, inputs={**values.inputs, **(more if model == "transformer-by-hand" else {}), **inputs})


def computes_nothing(model, variant):
    if model == "convolution" and "num_experts" in variant:
        return True  # it is one network, whose numbers a config with several does not have
    return model == "layer-norm" and "normalization_type" in variant and variant["normalization_type"] is None


def by_head(values):
    """The same with every parameter that has heads given head by head."""
    weights = {}
    for name, entry in values.weights.items():
        heads = {f"{name}[{h}]": part for h, part in enumerate(entry)}
        weights |= heads if has_heads(name) and not name.endswith("W_O") else {name: entry}
    return replace(values, weights=weights)


CASES = [  # a model, a variant of it, its inputs that are others, and whether its parameters are given head by head
    *((model, variant, {}, False) for model, variant in JUDGED if model in WHOLE and not computes_nothing(model, variant)),
    ("attention-head", {"attention_dir": "bidirectional"}, {"blocks.0.attn.mask": MASK}, False),
    ("multi-head-attention", {}, {}, True),
    ("attention-head", {}, {f"blocks.0.attn.hook_{x}[0]": ROWS for x in "qk"}, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "variant", "inputs", "heads"), a_share(CASES))
def test_every_step_keeps_its_numbers_in_every_variant_of_a_model(name, variant, inputs, heads):
    model, values = MODELS[name], case(name, variant, **inputs)
    values = by_head(values) if heads else values
    known = moves(model, values).run
    right = numbers_by_step(whole_run(model, values, FLOATS), known)
    for seed in (1, 2) if FULL else (1,):
        other = renamed(model, values, seed)
        assert other != values
        found = numbers_by_step(whole_run(model, other, FLOATS), known)
        assert found.keys() == right.keys()
        for step, each in right.items():
            assert sorted(chain(*found[step])) == pytest.approx(sorted(chain(*each)), rel=1e-6, abs=1e-6), step


@pytest.mark.parametrize("seed", SEEDS)
def test_the_answers_spell_the_same_words(seed):
    assert run_of("gpt", seed).values("logits") == run_of("gpt", 0).values("logits")


def test_a_given_pattern_stays_as_it_is():
    right = values_of("transformer-by-hand")
    pattern = "blocks.0.attn.hook_pattern[0]"
    for seed in SEEDS:
        other = renamed_as("transformer-by-hand", seed)
        assert other.inputs[pattern] == right.inputs[pattern]
        assert other.weights != right.weights


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
    entries = {"config": {"n_ctx": 2, "softmax_base": 2}, "inputs": {"scores": [[0, 1], [1, 0]]}}
    for seed in SEEDS:
        assert sorted(renamed(MODELS["softmax"], Values.of(entries), seed).inputs["scores"]) == [[0, 1], [1, 0]]


def test_each_seed_has_numbers_of_its_own():
    for sheet in ("causal-mask", "gpt", "logits-and-perplexity"):
        assert len({str(renamed_as(sheet, seed)) for seed in range(200)}) == 200
    # fewer numbers, so that two seeds may meet in one order
    assert len({str(renamed_as("positional-encoding", seed)) for seed in range(200)}) > 190


def test_what_is_laid_end_to_end_keeps_its_order_and_only_throws_change_places():
    assert len({str(renamed_as("sampling", seed)) for seed in range(200)}) == 6


def test_a_seed_has_the_same_numbers_for_ever():
    weights = renamed_as("gpt", 7).weights
    assert weights["blocks.0.ln1.w"] == [-1, 1, -1, 2]
    assert weights["blocks.0.attn.W_V"] == [
        [[-1, "-1"], [-1, "0"], [-2, "0"], [0, "-2"]],
        [["2", 0], ["0", 2], ["0", 1], ["1", -1]],
    ]


def test_seed_0_is_the_sheets_own():
    assert renamed_as("gpt", 0) == values_of("gpt")


def test_fractions_change_sign_as_fractions():
    values = Values.of({
        "config": {"d_model": 1, "softmax_base": 2, "n_ctx": 1}, "inputs": {"blocks.0.hook_resid_pre": [[2]]},
        "weights": {f"blocks.0.attn.W_{x}": [[["1/2"]]] for x in "QKV"},
    })  # fmt: skip
    head = MODELS["attention-head"]
    results = {head.run(renamed(head, values, seed), RATIONALS).values("blocks.0.attn.hook_q[0]") for seed in SEEDS}
    assert results == {((Fraction(1),),), ((Fraction(-1),),)}


def test_letters_keep_their_sign():
    sheet = load_sheet("attention-head")
    values = renamed(sheet.model, sheet.given(letters=True), 5, signs=False)
    entries = {x for row in values.weights["blocks.0.attn.W_V"][0] for x in row}
    assert entries == {"a", "b", 0, 1, -1}


def test_where_nothing_may_move_there_is_no_other_seed():
    values = Values.of({"config": {"n_ctx": 2, "softmax_base": 2}, "inputs": {"scores": [[0], [1]]}})
    with pytest.raises(ConfigError, match=r"none of the numbers may change its place, .* use --seed 0"):
        renamed(MODELS["softmax"], values, 1, in_place=["scores"])


def test_what_is_to_stay_in_place_may_change_sign_only():
    own = values_of("dot-product")
    for seed in SEEDS:
        other = renamed_as("dot-product", seed)
        for name in ("p", "q"):
            pairs = zip(chain(*own.inputs[name]), chain(*other.inputs[name]), strict=True)
            assert all(abs(int(x)) == abs(int(y)) for x, y in pairs)
    assert len({str(renamed_as("dot-product", seed).inputs["q"]) for seed in SEEDS}) > 15


def test_a_first_pass_that_asks_by_the_second_number_does_so_in_every_copy():
    for seed in SEEDS:
        copy = renamed_as("recurrent-depth", seed)
        (first, second), *_ = copy.weights["blocks.0.attn.W_Q"]
        assert (int(first[0]), abs(int(second[0]))) == (0, 1)
        assert not any(int(row[1]) for row in copy.inputs["blocks.0.hook_resid_pre"])


def test_a_sheet_keeps_in_place_only_what_it_gives():
    with pytest.raises(SheetError, match=r"own.md: in_place: no input or weight 'y'; there are: x"):
        parse_sheet("own", "---\ntitle: T\nmodel: linear-layer\ngoal: G\nin_place: [y]\ninputs: {x: [[1]]}\n---\n")


def test_sinusoidal_positions_stay_in_their_dimensions():
    own = values_of("gpt")
    config = {**own.config.as_dict(), "positional_embedding_type": "sinusoidal"}
    values = Values(type(own.config).of(config), own.tokens, own.vocabulary, {}, own.weights)
    assert renamed(MODELS["gpt"], values, 3).weights["embed.W_E"] == own.weights["embed.W_E"]
