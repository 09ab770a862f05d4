"""Verify a run.json: every record is right as it was written, and a record of other steps is not."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
from every_sheet import a_share, in_turn
from judged import CASES, WIRED, small

from byhand import __version__
from byhand.errors import DomainError, UnreadableError, WitnessError
from byhand.model.weights import Values
from byhand.options import Options
from byhand.own_numbers import run_values
from byhand.pipeline import prepare
from byhand.reading.remade import judged
from byhand.reading.verdict import Finding
from byhand.record import as_text, read
from byhand.witness.judge import judge
from byhand.worksheet.sheet import load_sheet

PATTERN, Z = "blocks.0.attn.hook_pattern[0]", "blocks.0.attn.hook_z[0]"
PRE, Q = "blocks.0.hook_resid_pre", "blocks.0.attn.hook_q[0]"


@cache
def text_of(sheet, **options):
    return as_text(prepare(load_sheet(sheet), Options(**options))[1])


def faults_of(record):
    return judged(json.dumps(record), [judge]).faults


ASKED = [{}, {"numbers": "decimal", "rounding": "once"}, {"numbers": "symbolic"}, {"level": "easy", "seed": 2}]


@pytest.mark.parametrize(("sheet", "n"), a_share(in_turn(0, 1), 3))
def test_every_sheets_record_is_right(sheet, n):
    verdict = judged(text_of(sheet, **ASKED[n]), [judge])
    assert verdict.faults == ()
    assert verdict.line.endswith(" steps: right")
    other = json.loads(text_of(sheet, **ASKED[n])) | {"hash": "1234567"}
    (fault,) = faults_of(other)  # whatever other levels ask for
    assert fault.startswith("its hash is '1234567'; that of its numbers is ")


@pytest.mark.parametrize("sheet", ["attention-in-letters", "transformer-block"])
@pytest.mark.parametrize("n", [2, 3])
def test_a_record_of_letters_or_of_an_easy_sheet_is_right(sheet, n):
    assert judged(text_of(sheet, **ASKED[n]), [judge]).finding is Finding.RIGHT


@pytest.mark.parametrize("model", a_share(WIRED, 6))
def test_every_record_of_own_numbers_is_right(model):
    for config, numbers in in_turn("decimal", "float", among=[config for name, config in CASES if name == model]):
        try:
            made = run_values(model, small(model, **config), numbers)
        except DomainError:
            continue  # a deviation of 0
        assert judged(as_text(made), [judge]).finding is Finding.RIGHT


def attention():
    return json.loads(text_of("attention-head"))


def step(record, name):
    return next(step for step in record["steps"] if step["name"] == name)


def test_a_record_that_counts_below_0_is_wrong_though_its_numbers_follow():
    record = json.loads(text_of("low-rank-attention"))
    for name in ("linformer_k", "count.short", "count.times"):
        for row in step(record, name)["values"]:
            row[:] = [f"-{x}" for x in row]
    found = "its givens cannot be worked with: linformer_k is -2; a count is a whole number, 0 or more"
    assert faults_of(record) == (found,)


def without_steps(record):
    record["steps"] = []


def without_the_last(record):
    record["steps"] = [step for step in record["steps"] if step["name"] not in (PATTERN, Z)]


def with_another(record):
    record["steps"].append(step(record, PRE) | {"name": "x"})


def given_in_place(record):
    step(record, Q).update(op="given", inputs=[])
    del step(record, Q)["rule"]


def moved(record):
    record["steps"].insert(0, record["steps"].pop(1))


WRONG = [
    (without_steps, "its givens cannot be worked with: blocks.0.hook_resid_pre (3 × 4), blocks.0.attn.W_Q[0] (4 × 4), "),
    (without_the_last, f"{PATTERN}, {Z}, which attention-head computes from its givens, or reads"),
    (with_another, "no step 'x'; there are: "),
    (given_in_place, "it has blocks.0.attn.W_Q[0], which attention-head neither computes from its givens nor reads"),
    (moved, "does not stand where attention-head has it among its steps"),
    (lambda record: step(record, Q).update(op="dot_rows"), f"{Q}: its op is 'dot_rows'; attention-head makes 'matmul'"),
    (lambda record: step(record, Q).update(inputs=[PRE, PRE]), f"{Q}: its inputs is "),
    (lambda record: step(record, Q).update(params={"by": 2}), f"{Q}: its params is {{'by': 2}}; attention-head makes {{}}"),
    (lambda record: step(record, Q).update(axes=["pos", "pos"]), f"{Q}: its axes is ['pos', 'pos']; attention-head makes ['pos', 'd_head']"),
    (lambda record: step(record, Q).update(part="mlp"), f"{Q}: its part is 'mlp'; attention-head makes 'heads'"),
    (lambda record: step(record, Q).update(rule=["num", "1"]), f"{Q}: its rule is ['num', '1']; attention-head makes "),
    (lambda record: record.update(note="checked", checked=True), "it has checked, note, which byhand does not write"),
    (lambda record: record.update(places=2), "it has places, which byhand does not write"),
    (lambda record: step(record, Q).update(answers=[["9"]]), f"{Q}: it has answers, which byhand does not write"),
    (lambda record: record.update(hash="1234567"), "its hash is '1234567'; that of its numbers is "),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), WRONG)
def test_a_record_of_other_steps_is_wrong(spoil, message):
    record = attention()
    spoil(record)
    faults = faults_of(record)
    assert any(message in fault for fault in faults), faults
    assert not any("\n" in fault for fault in faults)


REFUSED = [
    ({"model": "../x"}, "it is of another course: no model '../x'; there are: "),
    ({"sheet": "../x"}, "it is of another course: no sheet '../x'; there are: "),
    ({"model": "softmax"}, "attention-head is a sheet of attention-head, and its model is softmax"),
    ({"sheet": "gpt"}, "gpt is a sheet of gpt, and its model is attention-head"),
]


@pytest.mark.parametrize(("spoiled", "message"), REFUSED)
def test_a_record_of_no_model_and_sheet_that_there_are_is_refused(spoiled, message):
    with pytest.raises(UnreadableError) as error:
        faults_of(attention() | spoiled)
    assert str(error.value).startswith(message)


def test_what_another_version_calls_otherwise_is_not_held_against_it():
    record = attention() | {"byhand": "0.0.9"}
    step(record, Q)["part"] = "head"
    verdict = judged(json.dumps(record), [judge])
    assert verdict.faults == ()
    assert verdict.line == (
        f"attention-head, 13 steps; byhand '0.0.9' made it, and this is {__version__}, whose steps may be others, "
        "so its numbers alone are judged: numbers only"
    )
    del record["byhand"]
    assert judged(json.dumps(record), [judge]).finding is Finding.NUMBERS_ONLY
    step(record, Q)["op"] = "given"
    assert faults_of(record)


def test_a_record_of_schema_1_is_held_against_its_steps():
    record = attention() | {"schema": 1}
    del record["hash"]
    for each in record["steps"]:
        del each["part"]
        each.pop("rule", each.pop("rules", None))
    assert judged(json.dumps(record), [judge]).line == (
        "attention-head, 13 steps; it is of schema 1, which has no rules and no hash, so its numbers alone are judged: "
        "numbers only"
    )
    del record["steps"][-1]
    assert faults_of(record)


def test_a_record_of_numbers_that_were_searched_for_says_what_it_cannot_prove():
    record = json.loads(text_of("attention-head", seed=3))
    record["quality"]["largest_integer"] = 1
    verdict = judged(json.dumps(record | {"seed": 4}), [judge])
    unproved = "; whether its seed gives these numbers, and their quality, no record can prove: right"
    assert verdict.line == f"attention-head, 13 steps{unproved}"
    assert "prove" not in judged(text_of("attention-head"), [judge]).line


def test_a_step_that_is_given_in_place_of_being_computed_is_told():
    weights = {f"blocks.0.attn.W_{letter}": [[[1], [2]]] for letter in "KV"}
    inputs = {PRE: [[1, 2], [3, 4]], Q: [[1], [0]]}
    config = {"d_model": 2, "d_head": 1, "n_ctx": 2, "softmax_base": 2}
    made = run_values("attention-head", Values.of({"config": config, "weights": weights, "inputs": inputs}))
    line = f"attention-head, 13 steps; given in place of being computed: {Q}: right"
    assert judged(as_text(made), [judge]).line == line


@pytest.mark.parametrize("numbers", ["exact", "decimal"])
@pytest.mark.parametrize("score", ["100000000000", "-100000000000"])
def test_a_score_that_no_power_is_written_of_is_refused_at_once(numbers, score):
    """Also by the witness alone, which would compute a number of that many digits."""
    values = Values.of({"config": {"softmax_base": 2}, "inputs": {"scores": [[0, 1, 3]]}})
    record = json.loads(as_text(run_values("softmax", values, numbers)))
    step(record, "scores")["values"][0][2] = score
    (fault,) = faults_of(record)
    with pytest.raises(WitnessError) as error:
        judge(read(record))
    assert fault == str(error.value) or re.match(
        r"its givens cannot be worked with: softmax.exp, row 1, column 3: .* too long to write", fault
    )


@pytest.mark.parametrize("text", ["1e999999999", "9" * 5000, "1/0", "_" * 7000])
@pytest.mark.parametrize("numbers", ["exact", "decimal", "symbolic"])
def test_a_number_that_no_run_has_is_refused(numbers, text):
    record = json.loads(text_of("attention-head", numbers=numbers))
    step(record, PRE)["values"][0][0] = text
    with pytest.raises(UnreadableError, match=rf"{PRE}(, row 1, column 1: | is given, and holds ).*{text[:9]}|7,000"):
        faults_of(record)
