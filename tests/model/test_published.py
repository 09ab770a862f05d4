"""The models give the figures that others have published."""

import json
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from byhand.arithmetic.domains import FLOATS, RATIONALS, Decimals
from byhand.model.models import run
from byhand.model.weights import Values

FOLDER = Path(__file__).parents[1] / "published"
CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
STEPS = [(name, step) for name, case in CASES.items() for step in case["expected"]]


def tape_of(case, domain, **config):
    """The case's run, evaluated only as far as it is asked for."""
    config = case["config"] | config
    model = case["model"]
    entries = {"config": config, "tokens": case.get("tokens"), "inputs": case["inputs"], "weights": case["weights"]}
    if model == "positional-encoding":  # the start of a gpt with one word
        model = "gpt"
        entries |= {"config": {**config, "d_vocab": 1}, "tokens": [0] * config["n_ctx"]}
    return run(model, Values.of(entries), domain, force=False)


def found(tape, step):
    """The values of a step; the last of the finer steps of the scores is the scores."""
    if step not in tape.steps:
        step = step.replace("scores_scaled", "hook_attn_scores")
    return tape.values(step)


def pairs(values, figures):
    """Our number and the published one, where one is published."""
    assert [len(row) for row in values] == [len(row) for row in figures["values"]]
    for row, published in zip(values, figures["values"], strict=True):
        for x, y in zip(row, published, strict=True):
            if y is not None:
                yield float(x), float(y)


def tolerance(figures):
    places = figures["decimals"]
    return figures.get("tolerance", 1e-12 if places is None else 0.5 * 10**-places + 1e-12)


def same(x, y, figures):
    return x == y or math.isclose(x, y, rel_tol=1e-12, abs_tol=tolerance(figures))


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_a_run_in_floats_has_the_published_figures(name, step):
    figures = CASES[name]["expected"][step]
    for x, y in pairs(found(tape_of(CASES[name], FLOATS), step), figures):
        assert same(x, y, figures)


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_a_run_in_ten_decimals_has_the_published_figures(name, step):
    figures = CASES[name]["expected"][step]
    for x, y in pairs(found(tape_of(CASES[name], Decimals(10)), step), figures):
        assert x == y or abs(x - y) <= tolerance(figures) + max(1, abs(y)) * 1e-7


@pytest.mark.parametrize("name", ["xl_softmax_4", "xl_softmax_5", "xl_softmax_6"])
def test_a_softmax_in_base_3_has_the_published_fractions(name):
    exact = [[Fraction(cell) for cell in row] for row in CASES[name]["expected"]["softmax"]["exact"]]
    assert [list(row) for row in tape_of(CASES[name], RATIONALS).values("softmax")] == exact


def test_whole_numbers_are_exact_all_through_the_simple_transformer():
    case = CASES["xl_transformer_simple_small"]
    tape = tape_of(case, RATIONALS)
    for step, figures in case["expected"].items():
        assert [list(row) for row in tape.values(step)] == figures["values"]


def test_three_decimals_of_a_positional_encoding_are_the_published_four_rounded():
    case = CASES["codeemporium_positional_encoding"]
    for row, published in zip(
        tape_of(case, Decimals(3)).values("hook_pos_embed"), case["expected"]["hook_pos_embed"]["values"], strict=True
    ):
        for x, y in zip(row, published, strict=True):
            assert abs(x - Decimal(str(y))) <= Decimal("0.00055")


FOILS = [(name, foil) for name, case in CASES.items() for foil in case.get("foils", {})]


@pytest.mark.parametrize(("name", "foil"), [pair for pair in FOILS if "renormalised" not in pair[1]])
def test_a_published_foil_is_not_what_the_run_gives(name, foil):
    figures = CASES[name]["foils"][foil]
    values = tape_of(CASES[name], FLOATS).values("blocks.0.attn.hook_pattern[0]")
    assert any(not same(x, y, figures) for x, y in pairs(values, figures))


def test_a_pattern_that_is_masked_after_softmax_and_divided_again_is_the_right_one():
    case = CASES["raschka_causal_head"]
    figures = case["foils"]["mask-after-softmax.renormalised"]
    for x, y in pairs(tape_of(case, FLOATS).values("blocks.0.attn.hook_pattern[0]"), figures):
        assert same(x, y, figures)
