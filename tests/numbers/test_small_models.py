"""New numbers for every sheet of the course, and for the small models those that their idea needs."""

from fractions import Fraction
from functools import cache

import numpy as np
import oracle
import pytest
from every_sheet import FULL, a_share
from msgspec.structs import replace

from byhand import choose as room
from byhand.arithmetic.exact import RATIONALS
from byhand.errors import ConfigError, ValuesError
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values, complete
from byhand.numbers.choice import _measures, accepted, choose, listed
from byhand.numbers.promises import limits_of
from byhand.numbers.registry import SEARCHES
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import all_sheets, load_sheet

SHEETS = {sheet.name: sheet for sheet in all_sheets()}
SEEDS = range(1, 9 if FULL else 3)
EXACT = [name for name, sheet in SHEETS.items() if (own := SEARCHES.get(sheet.model.name)) and own.like_sheet]


@cache
def chosen(name, seed):
    """The values and the run of a sheet's seed."""
    values, quality = room.choose(load_sheet(name), Options(seed=seed))
    return values, SHEETS[name].model.run(complete(values), RATIONALS), quality


def rows(tape, name):
    return [list(row) for row in tape.values(name)]


@pytest.mark.parametrize("name", a_share([*SHEETS], 4, 1))
def test_every_sheet_has_new_numbers_for_a_seed(name):
    page, run = prepare(SHEETS[name], Options(seed=7))
    assert page.sections
    assert all(((run.quality or {}).get("foils", {})).values()), "letters have no quality"


@pytest.mark.parametrize("name", a_share([*EXACT], 3))
def test_each_seed_of_a_small_model_has_numbers_of_its_own_no_larger_than_the_sheet_s(name):
    own = SHEETS[name].model.run(complete(SHEETS[name].given(letters=False)), RATIONALS)
    largest = max(abs(x) for s in own.used() for row in rows(own, s.name) for x in row if x != float("-inf"))
    seen = set()
    for seed in SEEDS:
        values, tape, quality = chosen(name, seed)
        shown = [s.name for s in tape.used() if not s.name.startswith(("probs", "perplexity"))]
        numbers = [x for name in shown for row in rows(tape, name) for x in row if x != float("-inf")]
        assert max(abs(x) for x in numbers if x.denominator == 1) <= max(9, largest)
        assert all(quality["foils"].values())
        seen.add(str((values.inputs, values.weights)))
    assert len(seen) == len(SEEDS)


@pytest.mark.parametrize("seed", range(1, 7))
def test_surprises_are_whole_and_differ(seed):
    for name in ("cross-entropy", "logits-and-perplexity"):
        _, tape, _ = chosen(name, seed)
        surprises = [x for (x,) in rows(tape, "loss_per_token")]
        assert all(x.denominator == 1 for x in surprises)
    assert len(set(surprises)) > 1
    assert rows(tape, "perplexity")[0][0].denominator == 1


def test_a_search_may_draw_words_and_leaves_somebodys_own():
    sheet = SHEETS["byte-pairs"]
    drawn = {chosen("byte-pairs", seed)[0].source for seed in range(1, 9)}
    assert len(drawn) > 4
    own, _ = room.choose(sheet, Options(seed=3, tokens=tuple("peart")))
    assert (own.tokens, own.source) == (tuple("peart"), tuple(sheet.values["source"]))


def test_pieces_that_no_neighbours_make_are_an_error():
    given = SHEETS["byte-pairs"].given(letters=False)
    for words, told in (
        ((*given.vocabulary[:-1], "tea"), "makes 'tea'"),
        (("p", "e", "a", "r", "ea"), "'t' is a letter"),
    ):
        with pytest.raises(ValuesError, match=told):
            SHEETS["byte-pairs"].model.run(complete(replace(given, vocabulary=words, config=Config())), RATIONALS)


@pytest.mark.parametrize("seed", range(1, 7))
def test_greedy_is_not_the_best_path(seed):
    values, tape, _ = chosen("beam-search", seed)
    found = oracle.forward("beam-search", {}, {}, values.inputs)
    for name in ("greedy", "best"):
        assert np.array(rows(tape, name), dtype=float) == pytest.approx(found[name])
    assert rows(tape, "greedy") < rows(tape, "best")


def test_words_are_drawn_otherwise_for_every_seed_and_as_the_reference_draws_them():
    drawn = []
    for seed in range(1, 13):
        values, tape, _ = chosen("sampling", seed)
        given = {name: [[float(Fraction(x)) for x in row] for row in own] for name, own in values.inputs.items()}
        found = oracle.forward("sampling", {"softmax_base": 2}, {}, given)
        for name in ("probs", "top_k.probs", "top_p.probs", "plain.drawn", "top_k.drawn"):
            assert np.array(rows(tape, name), dtype=float) == pytest.approx(found[name]), name
        drawn.append([str(sorted(rows(tape, "probs.plain")[0])), *(str(values.inputs[x]) for x in ("k", "p", "r"))])
    shares, k, p, throws = (len(set(own)) for own in zip(*drawn, strict=True))
    assert (shares, k) == (1, 2)  # with two equal shares, top k and top p could not keep different words
    assert p >= 4
    assert throws == 12


@pytest.mark.parametrize("seed", range(1, 7))
def test_both_norms_of_one_table_are_rational_and_differ(seed):
    _, tape, _ = chosen("layer-norm-or-batch-norm", seed)
    assert rows(tape, "blocks.0.ln1.hook_normalized") != rows(tape, "blocks.0.bn.hook_normalized")
    assert len({tuple(row) for row in rows(tape, "blocks.0.hook_resid_pre")}) == 4


@pytest.mark.parametrize("seed", range(1, 7))
def test_the_given_pattern_mixes_into_whole_numbers(seed):
    _, tape, _ = chosen("transformer-by-hand", seed)
    assert all(x.denominator == 1 for row in rows(tape, "blocks.0.attn.hook_z[0]") for x in row)


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_tiny_machine_trains_for_a_short_number_of_days(seed):
    _, tape, _ = chosen("sizing", seed)
    assert rows(tape, "train.days")[0][0].denominator <= 10
    assert rows(tape, "mfu")[0][0] in (50, 25, 20)


def test_all_sizes_that_the_search_accepts_are_listed():
    own = load_sheet("sizing").given(letters=False)
    every = [values.inputs for values in listed(MODELS["sizing"], own)]
    assert len(every) == 778
    assert all(chosen("sizing", seed)[0].inputs in every for seed in range(1, 7))
    limits, expected = _measures(MODELS["sizing"], own, limits_of("standard"))
    for inputs in every[::200]:
        assert accepted(MODELS["sizing"], replace(own, inputs=inputs), limits, expected=expected)


def test_what_cannot_be_listed_has_no_list():
    assert listed(MODELS["softmax"], load_sheet("softmax").given(letters=False)) == []


@pytest.mark.parametrize(
    ("model", "config", "message"),
    [
        ("batch-norm", {"d_model": 4}, "rational for 4 tokens and d_model=4, not 3 and 4"),
        ("cross-entropy", {"softmax_base": 3, "d_vocab": 4}, "4 powers of 3 never add up to one"),
        ("convolution", {"act_fn": "gelu"}, "no numbers are searched for act_fn='gelu', which is never rational; use act_fn='relu', or inputs and weights with --numbers decimal"),
        ("convolution", {"act_fn": "silu", "softmax_base": "e"}, "act_fn='silu', which is never rational; use act_fn='relu', or inputs and weights with --numbers decimal"),
        ("convolution", {"act_fn": "silu", "softmax_base": 2},
         "no numbers are searched for act_fn='silu'; use act_fn='relu', or give inputs and weights"),
        ("kv-cache", {"d_head": 3}, "√d_head = √3 makes no small whole scores"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused(model, config, message):
    with pytest.raises(ConfigError, match=message):
        choose(MODELS[model], Values(Config(**config)), 1)


def test_a_small_model_needs_numbers_to_go_by():
    with pytest.raises(ValuesError, match="u is missing; give it under inputs, as rows"):
        choose(MODELS["dot-product"], Values(Config()), 1)


def test_seeds_of_a_small_sheet_keep_its_fractions_short():
    for seed in (1, 2):
        _, tape, _ = chosen("sampling", seed)
        numbers = [x for s in tape.used() if s.name != "r" for row in rows(tape, s.name) for x in row]
        assert max(Fraction(x).denominator for x in numbers) <= 85  # 64 + 16 + 4 + 1, at the lower temperature
