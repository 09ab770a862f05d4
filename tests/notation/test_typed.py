"""What a student's text says: exact values for every notation that is used by hand."""

import math
from fractions import Fraction

import pytest

from byhand.arithmetic.expr import NEG_INF
from byhand.notation.typed import LONGEST_ANSWER, formula, read

HALF = Fraction(1, 2)
CASES = [
    ("3", 3, ""), ("-3", -3, ""), ("−3", -3, ""), ("–3", -3, ""), ("‑3", -3, ""), ("－3", -3, ""), ("- 3", -3, ""),
    ("0", 0, ""), ("-0", 0, ""), ("٣", 3, ""), ("３", 3, ""), ("+3", 3, "plus"), ("+1/2", HALF, "plus"),
    ("1/2", HALF, ""), ("1 / 2", HALF, ""), ("1∕2", HALF, ""), ("1÷2", HALF, ""), ("½", HALF, ""), ("−½", -HALF, ""),
    ("2/4", HALF, "unreduced"), ("-1/-2", HALF, "unreduced"), ("1/-2", -HALF, "unreduced"), ("4/1", 4, "unreduced"),
    ("1 1/2", Fraction(3, 2), "mixed"), ("1½", Fraction(3, 2), "mixed"), ("-1 1/2", Fraction(-3, 2), "mixed"),
    ("3.", 3, "decimal"), (".5", HALF, "decimal"), ("0,5", HALF, "decimal"), ("0.50", HALF, "decimal"),
    ("1e3", 1000, "decimal"), ("50%", HALF, "percent"), ("12,345,678", 12345678, ""), ("1 000 000", 10**6, ""),
    ("√4", 2, "root"), ("sqrt(9)", 3, "root"), ("2√(9)", 6, "root"), ("√2/2", math.sqrt(2) / 2, "root"),
    ("√½", math.sqrt(1 / 2), "root"), ("√(1/4)", HALF, "root"), ("½√2", math.sqrt(2) / 2, "root"), ("√√16", 2, "root"),
    ("sqrt(4", 2, "root"), ("9^(1/2)", 3, "power"), ("8^(-2/3)", Fraction(1, 4), "power"), ("4^0.5", 2, "power"),
    ("(1/2)^3", Fraction(1, 8), "power"), ("(-2)^2", 4, "power"), ("-2^2", -4, "power"), ("3·2^2", 12, "power"),
    ("9.045e-1", Fraction(9045, 10000), "decimal"), ("9,05·10⁻²", Fraction(905, 10000), "decimal"),
    ("-2 × 10^3", -2000, "decimal"), ("2^-3", Fraction(1, 8), "power"), ("2⁻³", Fraction(1, 8), "power"), ("2^(3)", 8, "power"), ("2**3", 8, "power"),
    ("-inf", NEG_INF, ""), ("-∞", NEG_INF, ""), ("− ∞", NEG_INF, ""), ("-oo", NEG_INF, ""), ("-Infinity", NEG_INF, ""),
    ("∞", math.inf, ""), ("inf", math.inf, ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "form"), CASES)
def test_a_notation_has_one_value(text, value, form):
    found = read(text)
    assert (found.kind, found.values, found.form) == ("number", (value,), form)


@pytest.mark.parametrize(
    "text",
    [
        "3/√11",
        "3/sqrt(11)",
        "3 ÷ √(11)",
        "3√11/11",
        "(3√11)/11",
        "3/11·√11",
        "3/11^(1/2)",
        "3·11^-0.5",
        "3*11**(-1/2)",
        "3:√11",
        "3: sqrt(11)",
        "3/11^½",
        "3·11^−½",
        r"\frac{3}{\sqrt{11}}",
        r"3 \cdot 11^{-1/2}",
        "3/√{11}",
    ],
)
def test_a_root_is_read_in_every_spelling(text):
    found = read(text)
    assert (found.kind, found.form) == ("number", "root")
    assert found.values == (pytest.approx(3 / math.sqrt(11), rel=1e-12),)


@pytest.mark.parametrize(
    ("text", "value", "places"),
    [
        ("1.732E0", "1.732", 3), ("1.732e+00", "1.732", 3), ("0.1732E1", "1.732", 3), ("1.732·10^0", "1.732", 3),
        ("0.1732×10^1", "1.732", 3), ("17.32·10⁻¹", "1.732", 3), ("≈1.732", "1.732", 3), ("≅ 1.732", "1.732", 3),
        ("1.73…", "1.73", 2), ("0,732...", "0.732", 3), ("1/1.732", "250/433", 4), ("3:3.317", "3000/3317", 4),
    ],
)  # fmt: skip
def test_a_rounding_has_the_places_of_its_digits(text, value, places):
    found = read(text)
    assert (found.form, found.values, found.places) == ("decimal", (Fraction(value),), places)


def test_a_sum_is_a_number_if_it_has_a_root():
    assert read("(1 + √5)/2").values == (pytest.approx((1 + math.sqrt(5)) / 2),)
    assert {read(text).kind for text in ("1+√4", "2^2+1", "2*3", "1+2", "√2 2", "2 3√2", "--√2")} == {"unreadable"}


def test_a_power_of_powers_takes_no_time():
    assert {read(text).kind for text in ("(((9^99)^99)^99)^99", "2^(9^9)", "√2^(9^9)", "0^-1", "√(-2)")} == {
        "unreadable"
    }


@pytest.mark.parametrize("text", ["", "  ", "?", ".", "…", "..."])
def test_nothing_is_missing(text):
    assert read(text).kind == "missing"


@pytest.mark.parametrize(
    "text",
    ["-", "–", "x", "1/0", "√2/0", "1e999", "2^999", "3 4", "1.2.3", "--3", "9" * (LONGEST_ANSWER + 1), "０^-1"],
)
def test_what_is_no_number_is_unreadable(text):
    assert read(text).kind == "unreadable"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,000", (Fraction(1), Fraction(1000))),
        ("-1,500", (Fraction(-3, 2), Fraction(-1500))),
        ("0,500", (HALF,)),
        ("1,00", (Fraction(1),)),
        ("1.000", (Fraction(1),)),
    ],
)
def test_a_comma_before_three_digits_may_be_either(text, values):
    assert read(text).values == values


def test_a_decimal_knows_its_places():
    assert [read(text).places for text in ("3", "0.5", "0,25", "1e3", "1.5e-3", "1/3")] == [0, 1, 2, None, 4, None]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("2a − b", "2*a-b"), ("a(b)", "a*(b)"), ("√2 a", "sqrt(2)*a"), ("2√3a", "2*sqrt(3)*a"), ("√(a)", "sqrt(a)"),
        ("a²", "a**(2)"), ("x₁ + x_1", "x_1+x_1"), ("0.5a", "(1/2)*a"), ("0,5·a", "(1/2)*a"), ("2(1/2)", "2*(1/2)"),
        ("3 4", None), ("1 1/2 a", None), ("c", None), ("a.b", None), ("", None), ("a" * 300, None),
    ],
)  # fmt: skip
def test_a_formula_is_a_line_of_python_with_a_sign_for_each_product(text, line):
    assert formula(text, ["a", "b", "x_1"]) == line
