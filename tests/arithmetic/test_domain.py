"""What holds in every number system: −∞, division by 0, functions and letters that it does not have."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.domain import LeavesDomainError, first_largest, half_away
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Fn, evaluate, expr, largest, sqrt
from byhand.arithmetic.floats import FLOATS
from byhand.arithmetic.intervals import Intervals
from byhand.arithmetic.symbols import SYMBOLS

E = Fn("e")
MINUS_INFINITY = expr(NEG_INF)
TWO_PLACES = Decimals(2)


def nothing(ref):
    raise AssertionError(ref)


NOT_REAL = [
    sqrt(-1),
    sqrt(expr(-2) * sqrt(2)),
    expr(-8) ** Fraction(1, 2),
    MINUS_INFINITY * 1,
    expr(0) * MINUS_INFINITY,
    1 - MINUS_INFINITY,
    1 / MINUS_INFINITY,
    MINUS_INFINITY / -1,
    Fn("sin", (MINUS_INFINITY,)),
    sqrt(MINUS_INFINITY),
    expr(1) ** MINUS_INFINITY,
]
DOMAINS = [RATIONALS, FLOATS, TWO_PLACES, SYMBOLS, Intervals(100)]


def the_domains(domains=DOMAINS):
    return pytest.mark.parametrize("domain", domains, ids=[domain.name for domain in domains])


@the_domains()
@pytest.mark.parametrize("tree", NOT_REAL, ids=str)
def test_what_is_not_real_is_so_in_every_domain(domain, tree):
    with pytest.raises(LeavesDomainError, match=r"not real|not a real|no place|cannot be subtracted|not a rational"):
        domain.settle(tree, nothing)


@the_domains()
@pytest.mark.parametrize(
    ("tree", "value"),
    [
        (MINUS_INFINITY, NEG_INF),
        (MINUS_INFINITY + 1, NEG_INF),
        (1 + MINUS_INFINITY, NEG_INF),
        (MINUS_INFINITY + MINUS_INFINITY, NEG_INF),
        (MINUS_INFINITY - 5, NEG_INF),
        (MINUS_INFINITY / 2, NEG_INF),
        (expr(2) ** MINUS_INFINITY, 0),
        (expr(3) ** (MINUS_INFINITY + 1), 0),
        (largest(MINUS_INFINITY, -7), -7),
        (largest(MINUS_INFINITY, MINUS_INFINITY), NEG_INF),
        (Fn("argmax", (MINUS_INFINITY, expr(-7))), 1),
        (Fn("argmax", (expr(-7), MINUS_INFINITY)), 0),
        (Fn("argmax", (MINUS_INFINITY, MINUS_INFINITY)), 0),
    ],
)
def test_minus_infinity_is_exact_in_every_domain(domain, tree, value):
    assert domain.settle(tree, nothing) == value


@the_domains([FLOATS, TWO_PLACES, SYMBOLS, Intervals(100)])
@pytest.mark.parametrize(
    ("tree", "value"), [(MINUS_INFINITY / sqrt(2), NEG_INF), (MINUS_INFINITY + E, NEG_INF), (E**MINUS_INFINITY, 0)]
)
def test_minus_infinity_is_exact_beside_irrational_numbers(domain, tree, value):
    assert domain.settle(tree, nothing) == value


@the_domains()
@pytest.mark.parametrize("tree", [expr(1) / 0, expr(0) / 0, expr(0) ** -1])
def test_division_by_zero_is_an_error_of_every_domain(domain, tree):
    with pytest.raises(ZeroDivisionError):
        domain.settle(tree, nothing)


@the_domains([FLOATS, TWO_PLACES, SYMBOLS])
@pytest.mark.parametrize("zero", [sqrt(2) - sqrt(2), 2 - sqrt(4), E - E])
def test_division_by_what_is_zero_in_the_end_is_no_less_an_error(domain, zero):
    with pytest.raises(ZeroDivisionError):
        domain.settle(sqrt(2) / zero, nothing)


@pytest.mark.parametrize("domain", [RATIONALS, FLOATS, SYMBOLS, Intervals(64)])
@pytest.mark.parametrize("tree", [Fn("tan", (expr(1),)), Fn("sqrt", (expr(1), expr(2))), Fn("max"), Fn("argmax")])
def test_an_unknown_function_is_refused(domain, tree):
    with pytest.raises(TypeError, match="no function"):
        evaluate(tree, nothing, domain)


@pytest.mark.parametrize("domain", [RATIONALS, FLOATS, TWO_PLACES])
def test_a_letter_needs_the_symbolic_domain(domain):
    with pytest.raises(LeavesDomainError, match="the letter 'a' is not a number; use --numbers symbolic"):
        domain.letter("a")


def test_the_first_of_equals_is_the_largest():
    assert first_largest([1, 3, 2, 3]) == 1
    assert first_largest([NEG_INF, NEG_INF]) == 0


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_half_away_is_the_nearest_integer(n, d):
    x, found = Fraction(n, d), half_away(Fraction(n, d))
    assert abs(x - found) <= Fraction(1, 2)
    if abs(x - found) == Fraction(1, 2):
        assert abs(found) > abs(x)
