"""Runs as ONNX graphs: the standard's own operators, the same numbers, by its reference and by onnxruntime."""

import json
import math
import re
import sys
import tomllib
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from click.testing import CliRunner
from every_sheet import FULL
from judged import (
    CASES,
    EXAMPLES,
    FOLDER,
    PUBLISHED,
    changed_number,
    example_of,
    published,
    random_numbers,
    record_of,
    run_on,
    small,
)  # fmt: skip

from byhand.arithmetic.decimals import Decimals, DecimalsOnce
from byhand.arithmetic.expr import NEG_INF, Fn, Sum, expr, largest
from byhand.arithmetic.floats import FLOATS
from byhand.cli import main
from byhand.errors import ExtraError, WitnessError
from byhand.extras import install_command
from byhand.formats.onnx import compare, evaluated, graph
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.ops.attention import row_argmax
from byhand.options import Options
from byhand.own_numbers import run_values
from byhand.pipeline import prepare
from byhand.runs import Run
from byhand.tape import Op, Tape, example
from byhand.worksheet.sheet import all_sheets, load_sheet

FLOAT32_ONLY = {"Gelu", "Erf"}  # what onnxruntime has no float64 kernel for


def in_onnxruntime(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, {}), strict=True))


def operators(record):
    return Counter(node.op_type for node in graph(record).graph.node)


@pytest.mark.parametrize(("name", "n"), EXAMPLES)
def test_every_operation_has_a_graph_with_the_same_numbers(name, n):
    example = example_of(name, n)
    for numbers in (example.operands, random_numbers(example, seed=name)):
        record = record_of(name, example, FLOATS, numbers)
        compare(record)
        model = graph(record)
        onnx.checker.check_model(model, full_check=True)
        if not FLOAT32_ONLY & {node.op_type for node in model.graph.node}:
            np.testing.assert_allclose(
                in_onnxruntime(model)["y"], evaluated(graph(record))["y"], rtol=1e-13, atol=1e-15
            )


def uneven(a, b, i, j, by):
    """Something else in each column: a sum of products and a mean, a power, a mask, the place of the largest."""
    if j == 0:
        return Sum((a[i, 0] * b[0, i], a[i, 1] * b[1, i], by, a[i, 0] / expr(2), b[i, j] - a[1, 1]))
    if j == 1:
        return Fn("e") ** a[i, 0] + Fn("pi") * Fn("log", (expr(3), a[i, 1])) + Fn("sinpi", (a[0, 0] / expr(i + 3),))
    if j == 2:
        return expr(NEG_INF) if i else Fn("cos", (Fn("sqrt", (b[0, 1],)),))
    return Fn("argmax", (expr(2 * i), a[i, 0], b[i, 1])) + largest(a[0, i], a[i, 0], expr(1) - b[1, 0])


def test_an_operation_that_byhand_does_not_know_has_a_graph_from_its_rule():
    numbers = [[[1, 2], [Fraction(1, 2), 3]], [[2, 4], [1, 9]]]
    odd = Op("uneven", uneven, "ij,ij->ik", "", "", "", "", example(*numbers, gives=[]))
    tape = Tape(FLOATS, dict(zip("ab", numbers, strict=True)))
    a, b = (tape.given(name, (2, 2)) for name in "ab")
    odd(a, b, name="y", sizes={"k": (4, "")}, by=expr(Fraction(1, 3)))
    tape.values("y")
    record = Run.of(tape, "one operation", Config())
    compare(record)
    model = graph(record)
    onnx.checker.check_model(model, full_check=True)
    np.testing.assert_allclose(in_onnxruntime(model)["y"], tape.values("y"), rtol=1e-13)


def test_what_is_the_same_in_every_cell_is_one_operator():
    values = small("mlp")
    record = Run.of(MODELS["mlp"].run(values, FLOATS), "mlp", values.config)
    assert operators(record) == {"MatMul": 2, "Add": 2, "Relu": 1}


def test_a_function_without_an_operator_is_an_error():
    tape = Tape(FLOATS, {"a": [[1]]})
    odd = Op("odd", lambda a, i, j: Fn("gamma", (a[i, j],)), "ij->ij", "", "", "", "", example(gives=[]))
    odd(tape.given("a", (1, 1)), name="y")
    rows, texts = {"a": [[1]], "y": [[1]]}, {"a": [["1"]], "y": [["1"]]}
    with pytest.raises(WitnessError, match=r"^ONNX has no operator for the function 'gamma'$"):
        graph(Run("odd", Config(), FLOATS, tape.steps, rows, texts))


@pytest.mark.parametrize("sheet", [sheet.name for sheet in all_sheets()])
def test_a_sheets_run_is_the_same_in_the_reference_and_in_onnxruntime(sheet):
    record = prepare(load_sheet(sheet), Options(numbers="exact"))[1]
    compare(record)
    model = graph(record)
    onnx.checker.check_model(model, full_check=True)
    expected = evaluated(graph(record))
    assert list(expected) == [name for name, step in record.steps.items() if step.op]
    for name, values in in_onnxruntime(model).items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    ("model", "config"),
    CASES if FULL else CASES[::2],
    ids=lambda c: c if isinstance(c, str) else ",".join(c) or "plain",
)
def test_onnx_agrees_with_every_variant_of_a_model(model, config):
    values = small(model, **config)
    compare(run_on(MODELS[model].run(values, FLOATS), model, values))


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("domain", [Decimals(3), DecimalsOnce(3)], ids=lambda d: d.rounding)
def test_onnx_agrees_with_the_published_runs_in_decimals(name, domain):
    compare(published(name, domain))


@pytest.mark.parametrize("numbers", ["exact", "decimal"])
def test_gradients_are_outputs_with_the_logarithm_in_them(numbers):
    entries = json.loads((FOLDER / "gradients" / "gpt_backward_instance.json").read_text(encoding="utf-8"))
    run = run_values("gpt", Values.of(entries), numbers, 4, backward=True)
    compare(run)
    outputs = evaluated(graph(run))
    w_q, w_v = (outputs[f"blocks.0.attn.W_{letter}.grad[0]"] for letter in "QV")
    np.testing.assert_allclose(w_q[1], [5 * math.log(2), 0, 5 / 2 * math.log(2), 5 / 2 * math.log(2)], atol=1e-12)
    np.testing.assert_allclose(w_v[1], [-15 / 8, 0], atol=1e-12)


@pytest.mark.parametrize(("norm", "operator"), [("LN", "LayerNormalization"), ("RMS", "RMSNormalization")])
def test_a_block_is_made_of_the_standards_own_operators(norm, operator):
    values = small("block", normalization_type=norm)
    found = operators(Run.of(MODELS["block"].run(values, FLOATS), "block", values.config))
    assert found["Attention"] == found["Softmax"] == 2
    assert found[operator] == 2 * 2  # what stands before w and b is one too


def test_a_graph_takes_other_inputs_than_the_runs_own():
    record = prepare(load_sheet("feed-forward"), Options())[1]
    model = graph(record)
    assert [i.name for i in model.graph.input] == ["blocks.0.hook_resid_mid"]
    found = onnx.reference.ReferenceEvaluator(model).run(None, {"blocks.0.hook_resid_mid": np.zeros((3, 2))})
    bias = record.texts["blocks.0.mlp.b_in"][0]
    assert found[0][0].tolist() == [float(Fraction(x)) for x in bias]


def test_a_changed_number_is_not_what_onnx_finds():
    record = prepare(load_sheet("attention-head"), Options(numbers="decimal"))[1]
    for name, step in record.steps.items():
        text = record.texts[name][0][0]
        if step.op and text != "-inf":
            wrong = changed_number(record, name, 0, 0, str(Fraction(text) + Fraction(1, 100)))
            with pytest.raises(
                WitnessError, match=rf"^{re.escape(name)}, row 1, column 1: the run has .*, ONNX -?[\d.]+$"
            ):
                compare(wrong)


def test_of_equal_entries_either_is_the_largest():
    tape = Tape(FLOATS, {"x": [[3, 1, 3]]})
    row_argmax(tape.given("x", (1, 3)), name="y")
    tape.values("y")
    record = Run.of(tape, "one operation", Config())
    compare(changed_number(record, "y", 0, 0, "2"))
    for wrong, shown in (("1", "1"), ("1.5", "1.5"), ("7", "7")):
        with pytest.raises(WitnessError, match=rf"^y, row 1, column 1: the run has {shown}, ONNX 0$"):
            compare(changed_number(record, "y", 0, 0, wrong))


STREAM = {"blocks.0.hook_resid_pre": [[1, 2], [0, 1]]}
STARTS = [
    ({"blocks.0.attn.mask": [[0, "-inf"], [0, 0]]}, 1),
    ({"blocks.0.attn.hook_attn_scores[0]": [[1, 2], [0, 1]]}, 0),
]


@pytest.mark.parametrize(("inputs", "heads"), STARTS)
def test_a_mask_and_given_scores_have_graphs_too(inputs, heads):
    weights = {f"blocks.0.attn.W_{x}": [[[1, 0], [1, 1]]] for x in "QKV"}
    config = {"d_model": 2, "attention_dir": "bidirectional"}
    values = Values.of({"config": config, "inputs": STREAM | inputs, "weights": weights})
    record = Run.of(MODELS["attention-head"].run(values, FLOATS), "attention-head", values.config)
    compare(record)
    assert operators(record)["Attention"] == heads


def test_letters_have_no_graph():
    record = prepare(load_sheet("layer-norm"), Options(numbers="symbolic"))[1]
    with pytest.raises(
        WitnessError, match=r"^a run in letters has no ONNX graph; use exact, float or decimal numbers$"
    ):
        graph(record)


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"config": {"softmax_base": 2}, "inputs": {"scores": [[0, 1, 1]]}}))
    return path


def test_run_writes_a_graph(scores, tmp_path):
    target = tmp_path / "softmax.onnx"
    result = CliRunner().invoke(main, ["run", "softmax", "--values", str(scores), "--onnx", str(target)])
    assert (result.exit_code, result.output) == (0, f"{target}\n")
    model = onnx.load(target)
    assert in_onnxruntime(model)["softmax"].tolist() == [[0.2, 0.4, 0.4]]
    both = CliRunner().invoke(main, ["run", "softmax", "--values", str(scores), "--onnx", str(target), "--json", "-"])
    assert json.loads(both.stdout)["model"] == "softmax"
    assert both.stderr == f"{target}\n"


@pytest.mark.parametrize(("model", "name"), [
    ("mlp", "x"), ("mlp", "blocks.0.hook_resid_mid"), ("mlp", "blocks.0.hook_resid_pre"),
    ("feed-forward", "blocks.0.hook_resid_mid"), ("feed-forward", "blocks.0.hook_resid_pre"),
])  # fmt: skip
def test_a_network_reads_its_stream_by_any_of_its_names(model, name):
    values = {"config": {"d_model": 1, "d_mlp": 1}, "inputs": {name: [[2]]},
              "weights": {"blocks.0.mlp.W_in": [[3]], "blocks.0.mlp.W_out": [[4]]}}  # fmt: skip
    record = Run.of(MODELS[model].run(Values.of(values), FLOATS), model, Values.of(values).config)
    assert evaluated(graph(record))["blocks.0.hook_mlp_out"].tolist() == [[24]]


def test_without_onnx_a_line_says_what_to_install(scores, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    target = tmp_path / "softmax.onnx"
    result = CliRunner().invoke(main, ["run", "softmax", "--values", str(scores), "--onnx", str(target)])
    assert result.exit_code == 1
    assert result.stderr == f"byhand: ONNX graphs need the package onnx; {install_command('onnx')}\n"
    assert not target.exists()
    with pytest.raises(ExtraError):
        graph(prepare(load_sheet("layer-norm"), Options())[1])


def test_onnx_is_an_extra():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert not any(d.startswith("onnx") for d in project["dependencies"])
    assert [d.partition(">")[0] for d in project["optional-dependencies"]["onnx"]] == ["onnx"]
