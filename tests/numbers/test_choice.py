"""Numbers that are searched for keep their promises, looked up on the tape itself."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from functools import cache

import pytest
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.choose import choose as choose_for
from byhand.errors import ConfigError, DomainError, UnknownNameError
from byhand.mistakes import MISTAKES, changes, foil
from byhand.model import MODELS
from byhand.model.weights import Values, complete
from byhand.numbers.choice import choose
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

SIZES = {"n_ctx": 3, "d_model": 4, "n_heads": 2, "d_head": 4, "d_v": 2, "d_mlp": 6, "softmax_base": 2}
WORDS = ["the", "cat", "sat", "down", "on", "mat"]
CASES = {
    "attention-head": {**SIZES, "n_heads": 1},
    "multi-head-attention": SIZES,
    "layer-norm": SIZES,
    "feed-forward": SIZES,
    "block": SIZES,
    "block, post-norm": {**SIZES, "norm_position": "post"},
    "gpt": SIZES,
}
SEEDS = range(1, 13)


def asked(case: str) -> Values:
    words = {"vocabulary": WORDS} if case == "gpt" else {}
    return complete(Values.of({"config": CASES[case], "tokens": WORDS[:3], **words}))


@cache
def chosen(case: str, seed: int):
    """The values and the run that a seed gives."""
    model = case.partition(",")[0]
    values = choose(MODELS[model], asked(case), seed).values
    return values, MODELS[model].run(complete(values), RATIONALS)


def computed(tape):
    return [s for s in tape.used() if s.op is not None and not s.name.startswith("probs")]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", CASES)
def test_every_number_is_small_and_exact(case, seed):
    _, tape = chosen(case, seed)
    numbers = [x for s in tape.used() for row in tape.values(s.name) for x in row if x != float("-inf")]
    fractions = [x for x in numbers if isinstance(x, Fraction)]
    assert max(abs(x) for x in fractions if x.denominator == 1) <= 12
    pattern = [x for s in computed(tape) if ".sum" not in s.name for row in tape.values(s.name) for x in row]
    assert max(x.denominator for x in pattern if isinstance(x, Fraction)) <= 10
    assert sum(abs(x.numerator) > 20 or x.denominator > 20 for x in fractions) <= 2


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", CASES)
def test_every_classic_mistake_gives_another_answer(case, seed):
    _, tape = chosen(case, seed)
    names = [name for name in MISTAKES if changes(tape, name)]
    assert names
    for name in names:
        wrong = foil(tape, name)
        try:
            apart = any(wrong.values(s.name) != tape.values(s.name) for s in computed(tape) if s.name in wrong.steps)
        except DomainError:
            apart = True  # a mistake that leaves the rationals is seen at once
        assert apart, name


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", ["block", "block, post-norm", "gpt", "multi-head-attention"])
def test_attention_and_its_heads_matter(case, seed):
    _, tape = chosen(case, seed)
    for h in range(2):
        pattern = tape.values(f"blocks.0.attn.hook_pattern[{h}]")
        assert any(len({x for x in row if x}) > 1 for row in pattern[1:]), "all uniform"
        assert all(max(row) <= Fraction(9, 10) for row in pattern[1:]), "saturated"
        scores = tape.values(f"blocks.0.attn.scores_raw[{h}]")
        assert scores != tuple(zip(*scores, strict=True))
    assert len(set(tape.values("blocks.0.hook_attn_out"))) == 3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", ["block", "gpt", "feed-forward"])
def test_no_unit_is_always_silent_or_always_speaks(case, seed):
    _, tape = chosen(case, seed)
    hidden = list(zip(*tape.values("blocks.0.mlp.hook_post"), strict=True))
    assert all(any(unit) for unit in hidden)
    assert sum(all(unit) for unit in hidden) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_right_word_is_the_only_largest_logit(seed):
    _, tape = chosen("gpt", seed)
    for row, (word,) in zip(tape.values("logits"), tape.values("next_token"), strict=True):
        assert sorted(row)[-1] - sorted(row)[-2] >= 1
        assert row[int(word)] == max(row)
    assert [int(w) for (w,) in tape.values("next_token")][:2] == [1, 2]


@pytest.mark.parametrize("words", [("C", "A", "T"), ("mat",), ("on", "the", "mat")])
def test_an_answer_is_spelled_position_by_position(words):
    found = choose(MODELS["gpt"], asked("gpt"), 3, answer=words).values
    tape = MODELS["gpt"].run(complete(found), RATIONALS)
    spelled = [found.vocabulary[int(w)] for (w,) in tape.values("next_token")]
    assert tuple(spelled[-len(words) :]) == words


def test_a_seed_gives_the_same_numbers_whatever_the_hash_seed():
    code = (
        "import sys; sys.path.insert(0, 'tests/numbers');"
        "from test_choice import chosen; print([chosen(c, 5)[0] for c in ('gpt', 'block', 'attention-head')])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_seed_has_the_same_numbers_for_ever():
    values, _ = chosen("attention-head", 5)
    assert values.weights == {
        "blocks.0.attn.W_Q": [[[1, 1, -2, 2], [0, 1, 0, 0], [0, -1, 1, 0], [-2, 1, -1, 0]]],
        "blocks.0.attn.W_K": [[[0, -1, -2, 0], [1, 0, -1, 2], [0, -1, 0, -1], [1, -1, -1, 1]]],
        "blocks.0.attn.W_V": [[[-2, -1], [1, -1], [0, -2], [0, -1]]],
    }


def test_each_seed_has_numbers_of_its_own():
    assert len({str(chosen("attention-head", seed)[0].weights) for seed in range(1, 21)}) == 20


@pytest.mark.parametrize(
    ("model", "config", "message"),
    [
        ("layer-norm", {**SIZES, "d_model": 3}, "d_model=4"),
        ("attention-head", {**SIZES, "d_head": 2}, "d_head=4"),
    ],
)
def test_what_cannot_work_is_refused_with_what_can(model, config, message):
    values = complete(Values.of({"config": config, "tokens": WORDS[:3]}))
    with pytest.raises(ConfigError, match=message):
        choose(MODELS[model], values, 1)


def test_a_level_that_is_not_there():
    with pytest.raises(UnknownNameError, match=r"no level .eazy.; did you mean .easy."):
        choose(MODELS["gpt"], asked("gpt"), 1, level="eazy")


def test_a_sheet_that_adds_before_its_norm_is_given_two_summands():
    added = "blocks.0.hook_attn_out"
    values = Values.of({"config": SIZES, "tokens": WORDS[:3], "inputs": {added: [[0] * 4] * 3}})
    for seed in SEEDS:
        tape = MODELS["layer-norm"].run(choose(MODELS["layer-norm"], values, seed).values, RATIONALS)
        assert any(x for row in tape.values(added) for x in row)
        assert all(x.denominator == 1 for row in tape.values("blocks.0.hook_resid_mid") for x in row)
    assert added not in choose(MODELS["layer-norm"], asked("layer-norm"), 1).values.inputs


@pytest.mark.parametrize("sheet", ["attention-head", "sampling", "encoder-decoder", "sizing"])
def test_a_base_that_is_irrational_has_the_numbers_of_base_2(sheet):
    """Whatever a search or a promise runs while it looks for numbers, it runs in powers of 2."""
    found = [choose_for(load_sheet(sheet), Options(seed=1, numbers="decimal", base=base)) for base in (2, "e")]
    (two, known), (e, known_too) = found
    assert (two.inputs, two.weights, e.config.softmax_base) == (e.inputs, e.weights, "e")
    assert known_too == {**known, "judged_in_base": 2}


def test_where_the_sheets_own_numbers_are_not_rational_in_a_base_others_are_found():
    asked_for = Options(seed=2, base=3).on(load_sheet("microgpt"))
    with pytest.raises(DomainError, match="is not a rational number"):
        prepare(load_sheet("microgpt"), replace(asked_for, seed=0))
    assert prepare(load_sheet("microgpt"), asked_for)[1].config.softmax_base == 3
