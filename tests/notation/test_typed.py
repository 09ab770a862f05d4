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
    ("2^-3", Fraction(1, 8), "power"), ("2⁻³", Fraction(1, 8), "power"), ("2^(3)", 8, "power"), ("2**3", 8, "power"),
    ("-inf", NEG_INF, ""), ("-∞", NEG_INF, ""), ("− ∞", NEG_INF, ""), ("-oo", NEG_INF, ""), ("-Infinity", NEG_INF, ""),
    ("∞", math.inf, ""), ("inf", math.inf, ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "form"), CASES)
def test_a_notation_has_one_value(text, value, form):
    found = read(text)
    assert (found.kind, found.values, found.form) == ("number", (value,), form)


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
    assert [read(text).places for text in ("3", "0.5", "0,25", "1e3", "1/3")] == [0, 1, 2, None, None]


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
