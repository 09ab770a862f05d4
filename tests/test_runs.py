"""A run: what it answers, live and read from its file, and that it no longer changes."""

from __future__ import annotations

import json
from functools import cache

import pytest
from every_sheet import in_turn

from byhand import record
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import bind, evaluate, is_at, spelled_out
from byhand.errors import UnknownNameError, UnreadableError
from byhand.model.config import Config
from byhand.notation.text import text
from byhand.ops.linear import matmul, relu
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.runs import I, J, Run
from byhand.tape import Tape
from byhand.worksheet.sheet import load_sheet


@pytest.fixture
def product():
    """[[1, 2]] · [[3], [4]] = [[11]], and a step that nobody asked for."""
    tape = Tape(RATIONALS, {"A": [[1, 2]], "B": [[3], [4]]})
    result = matmul(tape.given("A", (1, 2), ("row", "")), tape.given("B", (2, 1)), name="AB")
    relu(result, name="positive")
    tape.values("AB")
    return tape


@cache
def run_of(sheet, numbers="exact"):
    return prepare(load_sheet(sheet), Options(numbers=numbers))[1]


def test_a_run_holds_what_was_evaluated(product):
    run = Run.of(product, "matrix-product", Config())
    assert list(run.steps) == ["A", "B", "AB"]
    assert [step.op_name for step in run.steps.values()] == ["given", "given", "matmul"]
    assert run.values("AB") == ((11,),)
    assert run.texts["B"] == (("3",), ("4",))
    with pytest.raises(UnknownNameError, match=r"^no step 'positive'"):
        run.values("positive")


def test_a_run_stays_as_it_is_when_the_tape_goes_on(product):
    run = Run.of(product, "matrix-product", Config())
    product.values("positive")
    assert "positive" not in run.steps
    assert "positive" in Run.of(product, "matrix-product", Config()).steps
    with pytest.raises(AttributeError):
        run.model = "another"  # type: ignore[misc]


def test_a_cell_has_a_rule_over_references_and_a_worked_line(product):
    run = Run.of(product, "matrix-product", Config())
    assert text(run.rule("AB", 0, 0)) == "A[1, 1]·B[1, 1] + A[1, 2]·B[2, 1]"
    assert text(run.worked("AB", 0, 0)) == "1·3 + 2·4"
    assert text(run.rule("A", 0, 1)) == "2"


def test_a_rule_holds_for_a_cell_whose_tree_it_is():
    run = run_of("gpt")
    name = "blocks.0.attn.hook_q[0]"
    rule = run.uniform(name)
    assert is_at(rule, {I: 1, J: 0}, run.rule(name, 1, 0))
    assert not is_at(rule, {I: 1, J: 0}, run.rule(name, 0, 1))
    assert spelled_out(bind(rule, {I: 1, J: 0})) == run.rule(name, 1, 0)


UNIFORM = [
    ("blocks.0.attn.hook_q[0]", "Σ_k blocks.0.ln1.hook_normalized[i, k]·blocks.0.attn.W_Q[0][k, j]"),
    ("blocks.0.ln1.standardized", "blocks.0.ln1.centered[i, j] ÷ blocks.0.ln1.hook_scale[i, 1]"),
    ("blocks.0.attn.hook_attn_scores[0]", None),  # masked
    ("hook_embed", None),  # a row for each token
    ("embed.W_E", None),  # given
]


@pytest.mark.parametrize(("step", "rule"), UNIFORM)
def test_a_step_whose_cells_are_alike_has_one_rule(step, rule):
    found = run_of("gpt").uniform(step)
    assert (found and text(found)) == rule


def test_argmax_has_one_rule_for_all_rows():
    assert record.array(run_of("gpt").uniform("next_token"))[:3] == ["fn", "argmax", ["ref", "logits", "i", 0]]


@pytest.mark.parametrize(("sheet", "numbers"), in_turn("decimal", "symbolic", "exact"))
def test_a_run_read_from_its_file_answers_as_the_live_one(sheet, numbers):
    live = run_of(sheet, numbers)
    read = record.read(record.as_text(live))
    assert record.as_text(read) == record.as_text(live)
    assert (read.config, read.tokens, read.source, read.hash) == (live.config, live.tokens, live.source, live.hash)
    assert [(s.name, s.op_name, s.inputs, s.shape, s.axes, s.part) for s in read.steps.values()] == [
        (s.name, s.op_name, s.inputs, s.shape, s.axes, s.part) for s in live.steps.values()
    ]
    for name, step in live.steps.items():
        assert read.values(name) == live.values(name)
        for i in range(step.shape[0]):
            for j in range(step.shape[1]):
                assert read.rule(name, i, j) == live.rule(name, i, j)
                assert text(read.worked(name, i, j)) == text(live.worked(name, i, j))


def test_the_rules_of_a_file_give_its_values():
    run = record.read(record.as_text(run_of("transformer-block")))
    name = "blocks.0.hook_mlp_out"
    assert evaluate(run.rule(name, 1, 2), run.value, run.domain) == run.values(name)[1][2]


def test_a_file_of_schema_1_has_values_and_the_rules_of_today():
    former = json.loads(record.as_text(run_of("attention-head"))) | {"schema": 1}
    former["steps"] = [{k: v for k, v in s.items() if k not in ("rule", "rules", "part")} for s in former["steps"]]
    del former["hash"]
    run = record.read(former)
    name = "blocks.0.attn.hook_z[0]"
    assert run.texts[name] == run_of("attention-head").texts[name]
    assert run.rule(name, 0, 0) == run_of("attention-head").rule(name, 0, 0)
    next(s for s in former["steps"] if s["name"] == name)["op"] = "unheard"
    unknown = record.read(former)
    with pytest.raises(
        UnreadableError, match=r"holds no rules \(schema 1\), and byhand knows no operation 'unheard'$"
    ):
        unknown.rule(name, 0, 0)
