"""The models give the figures that others have published."""

import json
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import evaluate
from byhand.arithmetic.floats import FLOATS
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.worksheet.context import PRODUCTS, Context
from byhand.worksheet.sheet import parse_sheet

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
    return MODELS[model].run(Values.of(entries), domain, force=False)


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


def context(tape, orientation):
    """What a page of the run is made with."""
    sheet = parse_sheet("published", "---\ntitle: Published\nmodel: attention-head\ngoal: The figures.\n---\n")
    return Context(sheet, tape, Config(), orientation=orientation)


def in_both_orientations(tape, step):
    """A step as a matrix on the page, its rows tokens, then its columns."""
    for orientation in ("rows", "columns"):
        panel = context(tape, orientation).panel(step)
        yield orientation, [[cell.value for cell in row] for row in panel.cells]


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_a_page_has_the_published_figures_in_both_orientations(name, step):
    case, figures = CASES[name], CASES[name]["expected"][step]
    tape = tape_of(case, FLOATS)
    printed = dict(
        in_both_orientations(tape, step if step in tape.steps else step.replace("scores_scaled", "hook_attn_scores"))
    )
    turned = {**figures, "values": [list(column) for column in zip(*figures["values"], strict=True)]}
    for orientation, published in (("rows", figures), ("columns", turned)):
        for x, y in pairs(printed[orientation], published):
            assert same(x, y, figures)


@pytest.mark.parametrize("orientation", ["rows", "columns"])
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "attn" in str(case["expected"])])
def test_the_factors_of_a_published_product_make_it_in_both_orientations(name, orientation):
    """X W where tokens are rows and W X where they are columns, as the page has it and as the source prints it."""
    tape = tape_of(CASES[name], FLOATS)
    page = context(tape, orientation)
    products = [
        s.name for s in tape.steps.values() if s.op and s.op.name in PRODUCTS and s.name in CASES[name]["expected"]
    ]
    for step in products:
        figure = page.falk(step)
        for row, results in zip(figure.left.cells, figure.result.cells, strict=True):
            for column, result in zip(zip(*figure.upper.cells, strict=True), results, strict=True):
                total = sum(x.value * y.value for x, y in zip(row, column, strict=True))
                assert figure.bias is not None or math.isclose(total, result.value, rel_tol=1e-9, abs_tol=1e-9)


WORKBOOK = json.loads((FOLDER / "exercises" / "xl_matmul_workbook.json").read_text(encoding="utf-8"))["exercises"]


@pytest.mark.parametrize("exercise", WORKBOOK, ids=lambda e: str(e["number"]))
def test_a_published_exercise_has_its_answer(exercise):
    """The entry left out, found from the others by the arithmetic that a page prints for it, in both orientations."""
    blank = next(
        (m, i, j)
        for m in ("A", "B", "AB")
        for i, row in enumerate(exercise[m])
        for j, x in enumerate(row)
        if x is None
    )
    filled = {
        m: [[exercise["answer"] if x is None else x for x in row] for row in exercise[m]] for m in ("A", "B", "AB")
    }
    tape = MODELS["matrix-product"].run(Values.of({"inputs": {m: filled[m] for m in ("A", "B")}}), RATIONALS)
    wrong = {(i, j): figure for i, j, figure in exercise.get("wrong", ())}
    for i, row in enumerate(tape.values("AB")):
        for j, value in enumerate(row):
            assert (value == filled["AB"][i][j]) is ((i, j) not in wrong)
            assert wrong.get((i, j), filled["AB"][i][j]) == filled["AB"][i][j]
    for orientation in ("rows", "columns"):
        figure = context(tape, orientation).falk("AB", unknown=[blank] if blank[0] != "AB" else [])
        (cell,) = [
            c
            for panel in figure.matrices
            for row in panel.cells
            for c in row
            if (c.step, c.at) == (blank[0], blank[1:])
        ]
        assert cell.value == evaluate(cell.rule, tape.value, RATIONALS) == exercise["answer"]


def test_the_one_wrong_figure_of_the_workbook_is_known():
    assert [(e["number"], e["wrong"]) for e in WORKBOOK if "wrong" in e] == [(23, [[1, 1, 5]])]  # 4·1 + 1·3 is 7


def test_the_published_counts_of_a_small_model_come_out():
    """github.com/zhubert/intro-to-transformers, understanding-gradients/10_optimizer.ipynb at 3354532 (MIT)."""
    config = {"n_layers": 1, "d_model": 16, "n_heads": 2, "d_head": 8, "d_mlp": 64, "d_vocab": 6, "n_ctx": 5}
    tape = MODELS["sizing"].run(Values.of({"config": config}), RATIONALS)
    counts = {
        "embed": 96,
        "pos_embed": 80,
        "qkv.W": 3 * 256,
        "out.W": 256,
        "mlp_in.W": 1024,
        "mlp_out.W": 1024,
        "unembed": 96,
    }
    assert {name: tape.values(f"params.{name}")[0][0] for name in counts} == counts
