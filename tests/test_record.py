"""run.json: what its schema says, that its rules can be evaluated by anyone, and what is refused."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from math import isqrt
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from every_sheet import in_turn
from judged import FOLDER

from byhand import record
from byhand.arithmetic.expr import NEG_INF, BigSum, Div, Fn, Index, Mul, Num, Ref, Sub, Sum
from byhand.arithmetic.floats import FLOATS
from byhand.cli import main
from byhand.errors import UnreadableError
from byhand.model.weights import Values
from byhand.options import Options
from byhand.own_numbers import run_values
from byhand.pipeline import prepare
from byhand.record import array, as_text, read, tree
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import load_sheet

SCHEMA = json.loads(Path(record.__file__).with_name("run.schema.json").read_text(encoding="utf-8"))
FUNCTIONS = {entry["const"] for entry in SCHEMA["$defs"]["function"]["oneOf"]}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SHEETS = sorted(sheet_files())


@cache
def file_of(sheet, numbers):
    return json.loads(as_text(prepare(load_sheet(sheet), Options(numbers=numbers))[1]))


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("sheet", "numbers"), in_turn("exact", "decimal", "symbolic"))
def test_the_schema_describes_every_sheets_file(sheet, numbers):
    VALIDATOR.validate(file_of(sheet, numbers))


@pytest.mark.parametrize("numbers", ["exact", "float", "decimal"])
def test_the_schema_describes_what_run_prints(numbers, tmp_path):
    values = tmp_path / "v.json"
    values.write_text(json.dumps({"config": {"softmax_base": 2}, "inputs": {"scores": [[0, 1, "-inf"]]}}))
    command = ["run", "softmax", "--values", str(values), "--numbers", numbers, "--json", "-"]
    VALIDATOR.validate(json.loads(CliRunner().invoke(main, command, catch_exceptions=False).stdout))


def test_the_schema_describes_gradients_and_a_run_without_them_is_of_the_schema_before():
    entries = json.loads((FOLDER / "gradients" / "gpt_backward_instance.json").read_text(encoding="utf-8"))
    file = json.loads(as_text(run_values("gpt", Values.of(entries), backward=True)))
    VALIDATOR.validate(file)
    assert {step.get("times") for step in file["steps"]} == {None, "ln 2"}
    assert not VALIDATOR.is_valid(file | {"schema": 2})
    assert not VALIDATOR.is_valid(file | {"steps": [file["steps"][0] | {"times": "2"}]})
    assert (file["schema"], file_of("gpt", "exact")["schema"]) == (3, 2)


SPOILED = [
    lambda file: file.pop("hash"),
    lambda file: file["steps"][-1].pop("rule", None) or file["steps"][-1].pop("rules"),
    lambda file: file["steps"][0].update(rule=["num", "1"]),
    lambda file: file["steps"][-1]["values"][0].append(3),
    lambda file: file["steps"][-1].update(rule=["fn", "tan", ["num", "1"]]),
    lambda file: file["steps"][-1].update(rule=["mul", ["num", "1"]]),
    lambda file: file.update(places=2),
]


@pytest.mark.parametrize("n", range(len(SPOILED)))
def test_the_schema_describes_nothing_else(n):
    file = json.loads(json.dumps(file_of("attention-head", "exact")))
    SPOILED[n](file)
    assert not VALIDATOR.is_valid(file)


# A second evaluator, as somebody would write it in another language: it uses nothing of byhand's.

INFINITE = float("-inf")
SINES = {0: 0, 1: Fraction(1, 2), 3: 1, 5: Fraction(1, 2), 6: 0, 7: Fraction(-1, 2), 9: -1, 11: Fraction(-1, 2)}


def number(text):
    return INFINITE if text == "-inf" else Fraction(text)


def root(x):
    top, bottom = isqrt(x.numerator), isqrt(x.denominator)
    assert (top**2, bottom**2) == (x.numerator, x.denominator)
    return Fraction(top, bottom)


def logarithm(base, x):
    for exponent in range(64):
        for each in (exponent, -exponent):
            if base**each == x:
                return Fraction(each)
    raise AssertionError((base, x))


def power(base, exponent):
    if exponent == INFINITE:
        return Fraction(0)
    if exponent.denominator == 2:
        return root(base) ** exponent.numerator
    assert exponent.denominator == 1
    return base**exponent.numerator


COMPUTED = {
    "pow": power, "sqrt": root, "log": logarithm, "max": lambda *args: max(args),
    "choose": lambda at, *args: args[int(at)],
    "argmax": lambda *args: Fraction(args.index(max(args))), "sinpi": lambda x: Fraction(SINES[int(6 * x) % 12]),
    "cospi": lambda x: Fraction(SINES[int(6 * x + 3) % 12]), "sin": lambda x: {0: Fraction(0)}[x],
    "cos": lambda x: {0: Fraction(1)}[x], "gelu": lambda x: {0: Fraction(0)}[x],
}  # fmt: skip


def value(of, cells, letters):
    """The value of a tree. cells: of all steps; letters: i, j and those of the sums around it."""

    def part(tree):
        return value(tree, cells, letters)

    match of:
        case ["num", text]:
            return number(text)
        case ["ref", step, i, j]:
            return cells[step][letters.get(i, i)][letters.get(j, j)]
        case ["sum", *terms]:
            return sum(map(part, terms), Fraction(0))
        case ["sub", a, b]:
            return part(a) - part(b)
        case ["mul", a, b]:
            return part(a) * part(b)
        case ["div", a, b]:
            return part(a) / part(b)
        case ["fn", name, *args]:
            return COMPUTED[name](*map(part, args))
        case ["bigsum", k, count, body]:
            return sum((value(body, cells, {**letters, k: n}) for n in range(count)), Fraction(0))


@pytest.mark.parametrize("sheet", SHEETS)
def test_anyone_can_evaluate_the_rules(sheet):
    """Each cell of each step from the recorded numbers that it reads: exactly what was recorded of it."""
    steps = file_of(sheet, "exact")["steps"]
    cells = {step["name"]: [[number(x) for x in row] for row in step["values"]] for step in steps}
    computed = [step for step in steps if step["op"] != "given"]
    assert computed
    for step in computed:
        for i, row in enumerate(cells[step["name"]]):
            for j, recorded in enumerate(row):
                rule = step["rule"] if "rule" in step else step["rules"][i][j]
                assert value(rule, cells, {"i": i, "j": j}) == recorded, (step["name"], i, j)


def test_the_schemas_functions_are_those_that_number_systems_have():
    arguments = {"pow": (2, 3), "log": (2, 8), "choose": (0, 1), "e": (), "pi": ()}
    for name in FUNCTIONS:
        FLOATS.fn(name, tuple(map(float, arguments.get(name, (0,)))))
    with pytest.raises(TypeError, match="no function"):
        FLOATS.fn("tan", (0.0,))


X, K = Ref("x", (Index("i"), 0)), Index("k")
TREES = [
    (Num(Fraction(-1, 2)), ["num", "-1/2"]),
    (Num(NEG_INF), ["num", "-inf"]),
    (Ref("a"), ["letter", "a"]),
    (Sub(Sum(()), Div(X, Num(Fraction(3)))), ["sub", ["sum"], ["div", ["ref", "x", "i", 0], ["num", "3"]]]),
    (BigSum(K, 4, Mul(Ref("x", (0, K)), Fn("e"))), ["bigsum", "k", 4, ["mul", ["ref", "x", 0, "k"], ["fn", "e"]]]),
]


@pytest.mark.parametrize(("node", "as_array"), TREES)
def test_a_tree_is_an_array_and_back(node, as_array):
    assert array(node) == as_array
    assert tree(as_array) == node


@pytest.mark.parametrize(
    "wrong", [["num", "x"], ["num", 3], ["num", "1/0"], ["ref", "x", 0], ["tan", ["num", "1"]], "x", []]
)
def test_what_is_no_tree_is_refused(wrong):
    with pytest.raises((ValueError, TypeError)):
        tree(wrong)


REFUSED = [
    ("{", "it is no run.json of byhand's: something in it is missing, or not as it should be"),
    ('{"schema": 4}', "it is no run.json of byhand's: its schema is 4; this byhand reads 1 to 3"),
    (lambda file: file["config"].update(d_model="many"), "d_model='many' is not a size; use a whole number from 1 to 10000$"),
    (lambda file: file["steps"].append(file["steps"][0]), "two of its steps are called 'blocks.0.hook_resid_pre'; a step has a name of its own$"),
    (lambda file: file.update(tokens=["a" * 100]), "tokens holds .*; a word has up to 60 characters, all printable$"),
    (lambda file: file["steps"][0].update(name=None), "something in it is missing, or not as it should be"),
    (lambda file: file.update(schema="\u202e"), r"its schema is '\\u202e'; this byhand reads 1 to 3$"),
    (lambda file: file.update(seed=True), "something in it is missing, or not as it should be"),
    (lambda file: file["steps"][0].update(shape=[10**9, 4]), r".* is 1000000000 × 4, and its values are not$"),
    (lambda file: file["steps"][0].update(shape=[True, 4]), "something in it is missing, or not as it should be"),
    (lambda file: file["steps"][0]["values"][0].__setitem__(1, "6/4"), r".*, row 1, column 2: '6/4' is a number that byhand writes as '3/2'$"),
    (lambda file: file["steps"][0]["values"][0].__setitem__(1, "3" * 7000), ".*, row 1, column 2: a number of 7,000 characters; byhand writes up to 6,666$"),
    (lambda file: file.update(tokens=[0] * 1_000_001), r"it lists 1,00\d,\d+ numbers and words; a record has up to 1,000,000$"),
    ('{"schema": 2, "schema": 2}', "'schema' stands there twice; a name has one value$"),
    (lambda file: file.update(numbers="roman"), "something in it is missing, or not as it should be"),
    (lambda file: file["steps"][0]["values"][0].pop(), r".* is 3 × 4, and its values are not"),
    (lambda file: file["steps"][0]["values"][0].__setitem__(1, "1e999999999"), r".*, row 1, column 2: '1e999999999' is no number"),
    (lambda file: file["steps"][0]["values"][0].__setitem__(1, 7), r".*, row 1, column 2: 7 is no number"),
    (lambda file: file["steps"][-1].update(rule=["tan"]), "something in it is missing, or not as it should be"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), REFUSED)
def test_a_file_that_is_none_of_ours_is_refused_in_one_line(spoil, message):
    file = json.loads(json.dumps(file_of("attention-head", "exact")))
    if isinstance(spoil, str):
        content = spoil
    else:
        spoil(file)
        content = json.dumps(file)
    with pytest.raises(UnreadableError, match=message) as error:
        read(content)
    assert "\n" not in str(error.value)
    assert str(error.value).count("it is no run.json of byhand's") == 1


@pytest.mark.parametrize("text", ["a.b", "__import__('os')", "f(2)", "9**9**9**9", "[1]", "(" * 1000, ""])
def test_a_formula_in_a_file_is_read_as_one_or_refused(text):
    file = json.loads(json.dumps(file_of("attention-in-letters", "symbolic")))
    file["steps"][0]["values"][0][0] = text
    with pytest.raises(UnreadableError, match=r"row 1, column 1: .* is no number"):
        read(file)
