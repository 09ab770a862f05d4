"""Classroom decimals: rounded in every cell, or only where they are printed."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import DIGITS, rational_trees, real_trees

from byhand.arithmetic.decimals import Decimals, DecimalsOnce, terminating
from byhand.arithmetic.domain import LeavesDomainError
from byhand.arithmetic.expr import NEG_INF, Fn, Num, expr, sqrt
from byhand.arithmetic.floats import FLOATS
from byhand.errors import ConfigError
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.ops.attention import normalize_rows, power_of, row_argmax, row_sum
from byhand.ops.linear import divide_by, times_number
from byhand.ops.norms import center, mean_square, root, row_mean
from byhand.options import Options
from byhand.own_numbers import run_values
from byhand.pipeline import prepare
from byhand.runs import Run
from byhand.tape import Tape
from byhand.witness.judge import judge
from byhand.worksheet.sheet import load_sheet

E = Fn("e")
TWO_PLACES = Decimals(2)


def nothing(ref):
    raise AssertionError(ref)


def decimal(tree, places=2):
    return str(Decimals(places).settle(tree, nothing))


ROUNDED = [
    ("1/8", "0.13"), ("-1/8", "−0.13"), ("0.135", "0.14"), ("2.675", "2.68"), ("-2.675", "−2.68"), ("1.005", "1.01"),
    ("0.124", "0.12"), ("1/3", "0.33"), ("2/3", "0.67"), ("-2/3", "−0.67"), ("1/2", "0.5"), ("0.25", "0.25"),
    ("3", "3"), ("-3", "−3"), ("0", "0"), ("0.996", "1.00"), ("-0.004", "0.00"), ("0.005", "0.01"), ("2.999", "3.00"),
    ("12345678901234567890.125", "12345678901234567890.13"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "shown"), ROUNDED)
def test_a_cell_is_rounded_to_two_places_and_a_tie_goes_away_from_zero(number, shown):
    assert decimal(expr(0) + Fraction(number)).replace("-", "−") == shown


@pytest.mark.parametrize(
    ("given_number", "kept"), [("2.675", "2.675"), ("1/8", "0.125"), ("1/3", "0.33"), ("7", "7")]
)
def test_a_given_number_keeps_its_digits_unless_it_has_no_end(given_number, kept):
    assert str(TWO_PLACES.num(Fraction(given_number))) == kept


TINY = expr(Fraction(1, 10**40))
EIGHTH = sqrt(2) * sqrt(2) / 16
IRRATIONAL_ZERO = (sqrt(2) + sqrt(3)) ** 2 - 5 - 2 * sqrt(6)
NEAR_TIES = [
    (EIGHTH, "0.13"),
    (0 - EIGHTH, "-0.13"),
    (EIGHTH + TINY * sqrt(2), "0.13"),
    (EIGHTH - TINY * sqrt(2), "0.12"),
    (0 - EIGHTH - TINY * E, "-0.13"),
    (0 - EIGHTH + TINY * E, "-0.12"),
    (Fraction(1, 8) + E ** (-2000), "0.13"),
    (Fraction(1, 8) - E ** (-2000), "0.12"),
    (expr(Fraction(1, 8)) + IRRATIONAL_ZERO, "0.13"),
    (expr(Fraction(-1, 8)) + IRRATIONAL_ZERO, "-0.13"),
    (sqrt(Fraction(1, 64) - TINY), "0.12"),
    (sqrt(Fraction(1, 64) + TINY), "0.13"),
    (E ** (0 * E) / 8, "0.13"),
    (Fn("cospi", (expr(Fraction(1, 4)),)) ** 2 / 4, "0.13"),
    (Fn("max", (sqrt(2) * sqrt(2), expr(2))) / 16, "0.13"),
    (Fn("argmax", (expr(1), sqrt(2) * sqrt(2), expr(2))), "1"),
    (Fn("argmax", (expr(1), sqrt(2) * sqrt(2), expr(2) + TINY)), "2"),
    (sqrt(sqrt(2) * sqrt(2) - 2) + sqrt(3), "1.73"),
    (Fn("gelu", (expr(Fraction(10125, 1000)),)), "10.12"),
    (Fn("gelu", (expr(Fraction(100125, 1000)),)), None),
]


@pytest.mark.parametrize(("tree", "shown"), NEAR_TIES)
def test_rounding_is_right_at_ties_and_near_them(tree, shown):
    if shown is None:
        with pytest.raises(LeavesDomainError, match="too near a tie to be rounded"):
            decimal(tree)
    else:
        assert Decimal(decimal(tree)) == Decimal(shown)


@pytest.mark.parametrize("side", [1, -1])
def test_rounding_is_right_however_deep_the_tree(side):
    tree = expr(Fraction(1, 8)) + side * TINY * sqrt(2)
    for step in range(50):
        tree = (1 / (1 / (tree + step))) * sqrt(3) / sqrt(3) - step
    assert decimal(tree) == ("0.13" if side > 0 else "0.12")


@pytest.mark.parametrize(
    ("tree", "shown"),
    [
        (E**0, "1"),
        (E ** expr(NEG_INF), "0"),
        (E ** (-(10**9)), "0.00"),
        (expr(2) ** (-(10**9)), "0.00"),
        (0 - E ** (-(10**9)), "0.00"),
        (1 / (1 + E ** (10**9)), "0.00"),
        (E ** (10**9), None),
        (expr(2) ** 10**9, None),
        (E ** (10**30), None),
        (E**1000 * E ** (-1000), "1.00"),
    ],
)
def test_a_size_without_measure_is_decided_at_once(tree, shown):
    if shown is None:
        with pytest.raises(LeavesDomainError, match="too long to write"):
            decimal(tree)
    else:
        assert decimal(tree) == shown


@given(rational_trees(), st.integers(0, 6))
def test_decimals_are_the_rounded_exact_value(tree_and_value, places):
    tree, value = tree_and_value
    with localcontext() as context:
        context.prec = 400
        expected = (Decimal(value.numerator) / value.denominator).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert Decimals(places).settle(tree, nothing) == expected


@given(real_trees(), st.integers(0, 6))
def test_decimals_agree_with_mpmath_at_200_digits(tree_and_value, places):
    tree, value = tree_and_value
    found = Decimals(places).settle(tree, nothing)
    with mpmath.workdps(DIGITS):
        error = abs(mpmath.mpf(str(found)) - value)
        assert (
            error
            <= mpmath.mpf(10) ** -places / 2 * (1 + mpmath.mpf(10) ** -100) + abs(value) * mpmath.mpf(10) ** -150
        )


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1/2", "0.5"), ("3/40", "0.075"), ("-5/4", "-1.25"), ("7", "7"), ("1/3", None), ("1/6", None)],
)
def test_a_fraction_ends_where_its_divisor_is_of_twos_and_fives(value, shown):
    found = terminating(Fraction(value))
    assert shown is None if found is None else str(found) == shown


@pytest.mark.parametrize("places", [-1, 51])
def test_places_that_no_one_writes_are_refused(places):
    with pytest.raises(ConfigError, match=f"places={places} cannot be written; use 0 to 50"):
        Decimals(places)


def test_a_number_beyond_any_page_is_refused_as_decimal():
    with pytest.raises(LeavesDomainError, match="too long to write"):
        TWO_PLACES.settle(Num(Fraction(2**9_000)) * Num(Fraction(2**9_000)), nothing)


# ---- rounded once: what is printed is rounded, what is read is not ----


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
    tape = MODELS["attention-head"].run(values, DecimalsOnce(places))
    judge(Run.of(tape, "attention-head", values.config))  # by sixty digits of its own
    floats = MODELS["attention-head"].run(values, FLOATS).values("blocks.0.attn.hook_z[0]")
    for row, others in zip(tape.values("blocks.0.attn.hook_z[0]"), floats, strict=True):
        for value, other in zip(row, others, strict=True):
            assert abs(float(value) - other) <= 0.5 * 10**-places + 1e-9


def test_a_check_adds_up_what_is_printed():
    sheet = load_sheet("multi-head-attention")
    page, run = prepare(sheet, Options(numbers="decimal", rounding="once", base="e"))
    words = " ".join(str(w.tokens) for section in page.sections for w in section.words if w.kind == "check")
    total = sum(map(Decimal, run.texts["blocks.0.hook_attn_out"][-1]))  # whoever does the sheet has the last row only
    assert f"add up to {total.normalize():f}.".replace("-", "−") in words


def test_the_sheet_and_its_record_name_the_rule():
    sheet = load_sheet("layer-norm")
    for rounding, rule in (("carry", "Round each result to 2 places and go on with it"), ("once", "Keep every digit; only what is written is rounded, to 2 places")):  # fmt: skip
        page, run = prepare(sheet, Options(numbers="decimal", rounding=rounding))
        assert (run.places, run.rounding) == (2, rounding)
        assert rule in str(page.conventions)
    assert prepare(sheet, Options())[1].rounding is None


def test_a_run_may_round_once():
    values = Values.of({"inputs": {"scores": [[0, 1]]}})
    steps = run_values("softmax", values, "decimal", 1, "once").texts
    assert steps["softmax"] == (("0.3", "0.7"),)
    assert steps["softmax.sum"] == (("3.7",),)
