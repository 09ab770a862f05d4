"""Decimals that are rounded once: what is printed is rounded, what is read is not."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand.arithmetic.domains import FLOATS, Decimals
from byhand.arithmetic.once import DecimalsOnce
from byhand.formats.json import run_record
from byhand.model.models import run
from byhand.model.weights import Values
from byhand.ops import (
    center,
    divide_by,
    mean_square,
    normalize_rows,
    power_of,
    root,
    row_argmax,
    row_mean,
    row_sum,
    times_number,
)
from byhand.pipeline import Options, prepare, run_values
from byhand.tape import Tape
from byhand.witness.judge import judge
from byhand.worksheet.sheet import load_sheet


def printed(domain, rows, *ops):
    """The result of some operations in turn, as text."""
    tape = Tape(domain, {"x": rows})
    result = tape.given("x", (len(rows), len(rows[0])), ("row", "entry"))
    for n, (op, params) in enumerate(ops):
        result = op(result, name=f"y{n}", **params)
    return [[str(x) for x in row] for row in result.values]


CHAINS = [  # what is done in turn; with carried roundings; rounded once
    ([[1]], [(divide_by, {"of": 3}), (times_number, {"by": 3})], "0.99", "1"),
    ([[1]], [(divide_by, {"of": 3}), (times_number, {"by": 2})], "0.66", "0.67"),
    ([[2]], [(root, {}), (mean_square, {})], "1.99", "2.00"),
    ([[Fraction(1, 200)]], [(root, {}), (mean_square, {})], "0.00", "0.01"),  # the tie 0.005, as algebra proves
    ([[Fraction(-1, 200)]], [(times_number, {"by": 1})], "-0.01", "-0.01"),
    ([[1]], [(power_of, {"base": "e"}), (divide_by, {"of": 100}), (times_number, {"by": 100})], "3", "2.72"),
]


@pytest.mark.parametrize(("rows", "ops", "carried", "once"), CHAINS)
def test_rounding_once_loses_nothing_on_the_way(rows, ops, carried, once):
    assert printed(Decimals(2), rows, *ops) == [[carried]]
    assert printed(DecimalsOnce(2), rows, *ops) == [[once]]


def test_what_is_printed_alike_is_still_told_apart():
    close = [[Fraction(1), Fraction(1001, 1000)]]
    assert printed(Decimals(2), close, (times_number, {"by": 1}), (row_argmax, {})) == [["0"]]
    assert printed(DecimalsOnce(2), close, (times_number, {"by": 1}), (row_argmax, {})) == [["1"]]


def test_irrational_numbers_that_are_equal_are_known_to_be():
    tape = Tape(DecimalsOnce(1), {"x": [[1, 1, 1, 1]]})
    powers = power_of(tape.given("x", (1, 4)), name="e", base="e")
    centered = center(powers, row_mean(powers, name="m"), name="c")
    assert [str(x) for x in centered.values[0]] == ["0.0"] * 4
    total = mean_square(centered, name="v")
    assert str(root(total, name="s").values[0][0]) in ("0", "0.0")


def test_a_quarter_of_equal_powers_is_a_tie_and_goes_up():
    tape = Tape(DecimalsOnce(1), {"x": [[1, 1, 1, 1]]})
    powers = power_of(tape.given("x", (1, 4)), name="e", base="e")
    shares = normalize_rows(powers, row_sum(powers, name="sum"), name="p")
    assert [str(x) for x in shares.values[0]] == ["0.3"] * 4


entries = st.integers(-3, 3)
matrix = st.lists(st.lists(entries, min_size=2, max_size=2), min_size=2, max_size=2)


@settings(max_examples=25)
@given(matrix, matrix, matrix, matrix, st.integers(1, 9))
def test_every_digit_of_a_head_is_right(x, q, k, v, places):
    config = {"d_model": 2, "n_ctx": 2, "softmax_base": "e"}
    weights = {f"blocks.0.attn.W_{name}": [rows] for name, rows in (("Q", q), ("K", k), ("V", v))}
    values = Values.of({"config": config, "inputs": {"blocks.0.hook_resid_pre": x}, "weights": weights})
    tape = run("attention-head", values, DecimalsOnce(places))
    judge(run_record(tape, "attention-head", values.config, ()))  # by sixty digits of its own
    floats = run("attention-head", values, FLOATS).values("blocks.0.attn.hook_z[0]")
    for row, others in zip(tape.values("blocks.0.attn.hook_z[0]"), floats, strict=True):
        for value, other in zip(row, others, strict=True):
            assert abs(float(value) - other) <= 0.5 * 10**-places + 1e-9


def test_a_check_adds_up_what_is_printed():
    sheet = load_sheet("multi-head-attention")
    page, record = prepare(sheet, Options(numbers="decimal", rounding="once", base="e"))
    steps = {step["name"]: step["values"] for step in record["steps"]}
    words = " ".join(str(w.tokens) for section in page.sections for w in section.words if getattr(w, "ticked", False))
    out = [sum(map(Decimal, row)) for row in steps["blocks.0.hook_attn_out"]]
    assert all(f"{total.normalize():f}".replace("-", "−") in words for total in out)


def test_the_sheet_and_its_record_name_the_rule():
    sheet = load_sheet("layer-norm")
    for rounding, rule in (("carry", "Round each result to 2 places and go on with it"), ("once", "Keep every digit; only what is written is rounded, to 2 places")):  # fmt: skip
        page, record = prepare(sheet, Options(numbers="decimal", rounding=rounding))
        assert (record["places"], record["rounding"]) == (2, rounding)
        assert rule in str(page.conventions)
    assert "rounding" not in prepare(sheet, Options())[1]


def test_a_run_may_round_once():
    values = Values.of({"inputs": {"scores": [[0, 1]]}})
    steps = {s["name"]: s["values"] for s in run_values("softmax", values, "decimal", 1, "once")["steps"]}
    assert steps["softmax"] == [["0.3", "0.7"]]
    assert steps["softmax.sum"] == [["3.7"]]
