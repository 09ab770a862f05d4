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
        ("|b − a|/2", sympy.sqrt((A - B) ** 2) / 2), ("1/2|a|", abs(A) / 2), ("abs(a-b)", abs(A - B)),
        ("√((a−b)²)", abs(A - B)), ("(a-b)/|a-b|", abs(A - B) / (A - B)),
    ],
)  # fmt: skip
def test_a_formula_is_read_as_it_is_written(text, value):
    assert are_equal(read_formula(text, ["a", "b", "x_1"]), value)


@pytest.mark.parametrize(
    "text",
    [
        "", "c", "a +", "1/0", "((a+b)^99)^99", "a.b", "__import__", "a" * 300, "lambda", "a^1000", "3 4", "a√", "√()",
        "|a", "|", "||",
    ],
)  # fmt: skip
def test_what_is_no_formula_is_none(text):
    assert read_formula(text, ["a", "b"]) is None


HOSTILE = [
    "sqrt(2)^(9^9)", "a^(9^9)", "(2^a)^(9^9)", "(1+√2)^(9^9)", "(a+b)^(9^9)", "2^(a^99^99)", "(a+b+x_1+1)^(198/2)",
    "(a+b+x_1+1)^(-99)", "3^(1/9^9)", "(((((9^99)^99)^99)^99)^99)", "(√2+√3+√5+√7+√11)^20", "((a+b)^(1/2))^(2*99)",
    "√((a+b+x_1)^99+1)", "(a+b+1)^(a+99)", "99^(9^29−a)",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_formula_is_read_that_takes_long_to_compute(text):
    assert read_formula(text, ["a", "b", "x_1"]) is None


@pytest.mark.parametrize(
    "text", ["2^(a+b)", "a^64", "(a+b)^(4/2)", "2^99", "2^(-3)", "9^(1/2)a", "√(a²)", "(a/3)^7", "4^(2a)"]
)
def test_a_power_that_is_used_by_hand_is_read(text):
    assert read_formula(text, ["a", "b"]) is not None


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
