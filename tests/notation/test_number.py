"""Numbers in and out."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from byhand.arithmetic.expr import NEG_INF
from byhand.errors import ValuesError
from byhand.notation.number import LETTER, parse, plain

ACCEPTED = [
    (3, 3),
    (-3, -3),
    ("3", 3),
    ("+3", 3),
    (" -3 ", -3),
    ("−3", -3),  # the true minus sign
    ("-1/2", Fraction(-1, 2)),
    ("−1/2", Fraction(-1, 2)),
    ("1 / 2", Fraction(1, 2)),
    ("0.25", Fraction(1, 4)),
    (".5", Fraction(1, 2)),
    ("2.", 2),
    ("1.5/3", Fraction(1, 2)),
    (0.1, Fraction(1, 10)),  # as written, not as stored
    (-0.0, 0),
    (1e-5, Fraction(1, 100_000)),
    ("1e3", 1000),
    ("25E-2", Fraction(1, 4)),
    (5e-324, Fraction(5, 10**324)),
    (np.float64(0.1), Fraction(1, 10)),
    (10**59, 10**59),
    ("-inf", NEG_INF),
    ("−∞", NEG_INF),
    (float("-inf"), NEG_INF),
    ("a", "a"),
    ("x1", "x1"),
    ("x_12", "x_12"),
    ("α", "α"),
    ("e1", "e1"),
]


@pytest.mark.parametrize(("entry", "number"), ACCEPTED)
def test_a_number_is_read_exactly(entry, number):
    assert parse(entry) == number
    assert type(parse(entry)) is (Fraction if isinstance(number, int) else type(number))


NOT_A_NUMBER = "is not a number; write one as 3, 0.25 or '-1/2'"
REFUSED = [
    (True, f"True {NOT_A_NUMBER}"),
    (None, f"None {NOT_A_NUMBER}"),
    ([1], f"[1] {NOT_A_NUMBER}"),
    (1 + 2j, f"(1+2j) {NOT_A_NUMBER}"),
    (Decimal("0.5"), f"Decimal('0.5') {NOT_A_NUMBER}"),
    (float("nan"), f"nan {NOT_A_NUMBER}"),
    (float("inf"), f"inf {NOT_A_NUMBER}"),
    ("inf", f"'inf' {NOT_A_NUMBER}"),
    ("NaN", f"'NaN' {NOT_A_NUMBER}"),
    ("abc", f"'abc' {NOT_A_NUMBER}"),
    ("e", f"'e' {NOT_A_NUMBER}"),  # a number already, and so is π
    ("π", f"'π' {NOT_A_NUMBER}"),
    ("x123", f"'x123' {NOT_A_NUMBER}"),
    ("", f"'' {NOT_A_NUMBER}"),
    ("1,5", f"'1,5' {NOT_A_NUMBER}"),
    ("1_000", f"'1_000' {NOT_A_NUMBER}"),
    ("--1", f"'--1' {NOT_A_NUMBER}"),
    ("1/-2", f"'1/-2' {NOT_A_NUMBER}"),
    ("1/0.5", f"'1/0.5' {NOT_A_NUMBER}"),
    ("0x10", f"'0x10' {NOT_A_NUMBER}"),
    ("٣", f"'٣' {NOT_A_NUMBER}"),
    ("two\nlines", f"'two\\nlines' {NOT_A_NUMBER}"),
    ("1/0", "'1/0' divides by 0"),
    ("1/000", "'1/000' divides by 0"),
    ("1e999", "'1e999' is out of range; use exponents up to 324"),
    ("1e-999999999", "'1e-999999999' is out of range; use exponents up to 324"),
    ("1" * 61, "a number of 61 characters is too long; 60 are enough for any sheet"),
    ("abc" * 1000, "a number of 3000 characters is too long; 60 are enough for any sheet"),
    (10**60, "a number of more than 60 digits is too long for any sheet"),
    pytest.param(-(10**10_000), "a number of more than 60 digits is too long for any sheet", id="-10^10000"),
    (["x" * 100], f"['{'x' * 12}...{'x' * 13}'] {NOT_A_NUMBER}"),
    ([[[[1]]]], f"[[[...]]] {NOT_A_NUMBER}"),
    ([10**10_000], f"a huge number {NOT_A_NUMBER}"),
]


@pytest.mark.parametrize(("entry", "message"), REFUSED)
def test_what_is_no_number_is_refused_in_one_line(entry, message):
    with pytest.raises(ValuesError) as caught:
        parse(entry)
    assert str(caught.value) == message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["a", "Z", "x1", "x_1", "θ12", "e1"])
def test_a_letter_is_one_letter_and_a_small_number(name):
    assert LETTER.fullmatch(name)


PLAIN = [
    (3, "3"),
    (Fraction(-1, 2), "-1/2"),
    (Fraction(4), "4"),
    (Decimal("0.50"), "0.50"),
    (Decimal("0E-9"), "0.000000000"),
    (Decimal("-12"), "-12"),
    (NEG_INF, "-inf"),
    (0.1, "0.1"),
    (1e-300, "1e-300"),
    (2 * sympy.Symbol("a") - sympy.Symbol("b"), "2*a - b"),
]


@pytest.mark.parametrize(("value", "text"), PLAIN)
def test_a_value_for_a_file(value, text):
    assert plain(value) == text


@given(
    st.fractions(max_denominator=10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(10**50), 10**50)
)
def test_what_is_written_for_a_file_is_read_back(value):
    number = parse(plain(value))
    assert float(number) == value if isinstance(value, float) else number == value


@given(st.decimals(-(10**6), 10**6, allow_nan=False, places=4))
def test_a_decimal_written_for_a_file_is_read_back(value):
    assert parse(plain(value)) == Fraction(value)
