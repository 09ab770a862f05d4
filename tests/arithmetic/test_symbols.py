"""Letters and surds."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from byhand.arithmetic.domain import LeavesDomainError
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Div, Fn, Mul, Num, Ref, Sub, Sum, evaluate, expr, largest, sqrt
from byhand.arithmetic.symbols import SYMBOLS, tree
from byhand.notation.text import value_text

A, B, C = (Ref(name) for name in "abc")
E = Fn("e")


def letters(ref):
    return SYMBOLS.letter(ref.matrix)


def settled(node):
    return SYMBOLS.settle(node, letters)


COMPACT = [
    (A + A, "2a"),
    (A - A, "0"),
    (A * 2 + B * -1, "2a − b"),
    (0 - A, "−a"),
    (A * -2, "−2a"),
    (A * Fraction(3, 5), "3/5·a"),
    (A * Fraction(-3, 5) + 1, "1 − 3/5·a"),
    ((A * 2 + 4) / 4, "1/2·a + 1"),
    ((A + B) * (A - B), "a² − b²"),
    ((A + B) ** 2, "a² + 2ab + b²"),
    (A * 0 + B * 1, "b"),
    (A / B, "a ÷ b"),
    (1 / A, "1 ÷ a"),
    ((A * 2 + B * 2) / (C * 4), "(a + b) ÷ (2c)"),
    ((A * A - 1) / (A + 1), "a − 1"),
    ((A + B) / (A + C), "(a + b) ÷ (a + c)"),
    (sqrt(2), "√2"),
    (sqrt(8), "2·√2"),
    (1 / sqrt(2), "1/2·√2"),
    (A / sqrt(2), "1/2·√2·a"),
    (1 / (1 + sqrt(2)), "−1 + √2"),
    (0 - sqrt(3), "−√3"),
    (sqrt(2) * sqrt(2), "2"),
    (sqrt(A * A + 1), "√(a² + 1)"),
    (expr(2) ** A, "2^a"),
    (expr(2) ** A / (expr(2) ** A + expr(2) ** B), "2^a ÷ (2^a + 2^b)"),
    (expr(2) ** (A + B), "2^(a + b)"),
    (expr(2) ** A * expr(2) ** B, "2^(a + b)"),
    (A / (1 + expr(2) ** (A - B)), "2^b·a ÷ (2^a + 2^b)"),
    (E ** (A * 2 - B), "e^(2a − b)"),
    (E**A, "e^a"),
    (E**2, "e²"),
    (E / (E + E), "1/2"),
    (E**2 / (E + E**2), "e ÷ (1 + e)"),
    (Fn("sinpi", (expr(Fraction(1, 4)),)), "1/2·√2"),
    (Fn("cospi", (expr(Fraction(1, 7)),)), "cos(1/7·π)"),
    (Fn("sin", (expr(1),)), "sin(1)"),
    (Fn("argmax", (sqrt(2), expr(1), sqrt(2))), "0"),
    (largest(sqrt(2), Fraction(7, 5)), "√2"),
    (sqrt((A - B) * (A - B) / 4), "1/2·|a − b|"),
    (sqrt(A * A * B * B), "|a|·|b|"),
    (sqrt(A * A + B * B), "√(a² + b²)"),
    ((A - B) / sqrt((A - B) * (A - B)), "(a − b) ÷ |a − b|"),
    (largest(A, A), "a"),
    (largest(A * A, -1), "a²"),
]


@pytest.mark.parametrize(("node", "shown"), COMPACT)
def test_a_settled_value_is_compact(node, shown):
    assert value_text(settled(node)) == shown


@pytest.mark.parametrize(("node", "shown"), COMPACT)
def test_a_settled_value_is_still_the_value(node, shown):
    at = {sympy.Symbol("a", real=True): 3, sympy.Symbol("b", real=True): 5, sympy.Symbol("c", real=True): 7}
    plain = evaluate(node, letters, SYMBOLS).subs(at)
    assert abs(sympy.N(settled(node).subs(at) - plain, 30)) < 1e-25


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (largest(0, A), "which is larger, 0 or a, depends on the letters"),
        (Fn("argmax", (A, B)), "which is larger, a or b, depends on the letters"),
        (sqrt(-2), "√(−2) is not a real number"),
        (expr(-8) ** Fraction(1, 3), "−8^(1/3) is not a real number"),
        (expr(2) ** 10**9, "2^(1000000000) is too long to write"),
    ],
)
def test_what_letters_leave_open_is_an_error(node, message):
    with pytest.raises(LeavesDomainError) as caught:
        settled(node)
    assert str(caught.value) == message


NUMBERS = st.fractions(-5, 5, max_denominator=6)
TREES = st.recursive(
    st.one_of(st.sampled_from([A, B, C]), NUMBERS.map(expr)),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(Sub, inner, inner),
        st.builds(Mul, inner, inner),
        st.builds(Div, inner, inner),
        st.builds(lambda a, n: a**n, inner, st.integers(0, 3)),
    ),
    max_leaves=6,
)


@given(TREES, NUMBERS, NUMBERS, NUMBERS)
def test_numbers_for_the_letters_give_the_rational_value(node, a, b, c):
    numbers = {"a": a, "b": b, "c": c}
    try:
        value = evaluate(node, lambda ref: numbers[ref.matrix], RATIONALS)
        symbolic = settled(node)
    except ZeroDivisionError:
        assume(False)
    at = {sympy.Symbol(name, real=True): SYMBOLS.num(x) for name, x in numbers.items()}
    assert symbolic.subs(at) == SYMBOLS.num(value)
    assert evaluate(tree(symbolic), lambda ref: numbers[ref.matrix], RATIONALS) == value


@given(TREES)
def test_the_tree_of_a_value_has_that_value(node):
    try:
        value = settled(node)
    except ZeroDivisionError:
        assume(False)
    assert sympy.expand(sympy.cancel(evaluate(tree(value), letters, SYMBOLS) - value)) == 0


@pytest.mark.parametrize(
    ("value", "node"),
    [
        (sympy.Integer(-3), Num(Fraction(-3))),
        (-sympy.Symbol("a"), Sub(Sum(()), A)),
        (sympy.Symbol("a") / 2, Fraction(1, 2) * A),
        (sympy.exp(2), E ** 2),
        (sympy.pi, Fn("pi")),
        (sympy.erf(sympy.Symbol("a")), Fn("erf", (A,))),
    ],
)  # fmt: skip
def test_a_sympy_expression_is_a_tree(value, node):
    assert tree(value) == node


def test_what_is_no_number_has_no_tree():
    with pytest.raises(TypeError, match="no tree for"):
        tree(sympy.S.true)


def test_values_of_a_run_pass_through():
    assert SYMBOLS.num(sympy.sqrt(2)) == sympy.sqrt(2)
    assert SYMBOLS.num(Fraction(-1, 2)) == sympy.Rational(-1, 2)
    assert SYMBOLS.num(NEG_INF) == NEG_INF
