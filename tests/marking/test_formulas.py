"""Answers in letters, as students write them."""

import pytest
import sympy

from byhand.marking.letters import are_equal, read_formula

A, B, X = (sympy.Symbol(name, real=True) for name in ("a", "b", "x_1"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2a − b", 2 * A - B), ("2*a-b", 2 * A - B), ("(a+b)/2", (A + B) / 2), ("a²", A**2), ("2^(a+b)", 2 ** (A + B)),
        ("ab", A * B), ("a b", A * B), ("a·b", A * B), ("(a+b)(a−b)", A**2 - B**2), ("3/2 a", 3 * A / 2), ("-a", -A),
        ("√2 a", sympy.sqrt(2) * A), ("0.5 a", A / 2), ("√(4)", sympy.Integer(2)), ("x₁ + x_1", 2 * X), ("2a/(a+b)", 2 * A / (A + B)),
    ],
)  # fmt: skip
def test_a_formula_is_read_as_it_is_written(text, value):
    assert are_equal(read_formula(text, ["a", "b", "x_1"]), value)


@pytest.mark.parametrize(
    "text", ["", "c", "a +", "1/0", "((a+b)^99)^99", "a.b", "__import__", "a" * 300, "lambda", "a^1000", "3 4"]
)
def test_what_is_no_formula_is_none(text):
    assert read_formula(text, ["a", "b"]) is None


def test_expressions_are_equal_if_their_difference_expands_to_0():
    assert are_equal((A + B) ** 2, A**2 + 2 * A * B + B**2)
    assert are_equal(1 / (1 + A) + A / (1 + A), sympy.Integer(1))
    assert not are_equal(A + B, A - B)


def test_powers_of_one_number_are_equal_in_whatever_base():
    assert are_equal(sympy.Integer(4) ** A, 2 ** (2 * A))
    assert are_equal(2 * 2**A, 2 ** (A + 1))
    assert are_equal(2 / (2 ** (2 * A + 1) + 2), 1 / (4**A + 1))
    assert are_equal(sympy.Rational(1, 6) ** A, 2**-A * 3**-A)
    assert not are_equal(sympy.Integer(4) ** A, 2**A)
    assert not are_equal(2**A, sympy.Integer(2))
