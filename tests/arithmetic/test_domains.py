"""Exact rationals, float64 and classroom decimals."""

import math
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import DIGITS, rational_trees, real_trees

from byhand.arithmetic.domain import LeavesDomainError, NotRealError
from byhand.arithmetic.domains import (
    FLOATS,
    RATIONALS,
    Decimals,
    exact_root,
    first_largest,
    half_away,
    terminating,
)
from byhand.arithmetic.expr import NEG_INF, Fn, Num, Sum, evaluate, expr, largest, sqrt
from byhand.arithmetic.intervals import Intervals
from byhand.arithmetic.symbols import SYMBOLS
from byhand.errors import ConfigError

E = Fn("e")
MINUS_INFINITY = expr(NEG_INF)
TWO_PLACES = Decimals(2)


def nothing(ref):
    raise AssertionError(ref)


def exact(tree):
    return RATIONALS.settle(tree, nothing)


def decimal(tree, places=2):
    return str(Decimals(places).settle(tree, nothing))


@given(rational_trees())
def test_rationals_are_exact(tree_and_value):
    tree, value = tree_and_value
    assert exact(tree) == value


RATIONAL = [
    (sqrt(Fraction(9, 4)), Fraction(3, 2)),
    (sqrt(0), 0),
    (expr(2) ** -3, Fraction(1, 8)),
    (expr(4) ** Fraction(1, 2), 2),
    (expr(10000) ** Fraction(1, 2), 100),
    (expr(Fraction(8, 27)) ** Fraction(-2, 3), Fraction(9, 4)),
    (expr(0) ** Fraction(1, 2), 0),
    (expr(1) ** 10**9, 1),
    (expr(-1) ** (10**9 + 1), -1),
    (expr(0) ** 0, 1),
    (Fn("sin", (expr(0),)), 0),
    (Fn("cos", (expr(0),)), 1),
    (Fn("gelu", (expr(0),)), 0),
    (Sum(()), 0),
    (Fn("argmax", (expr(1), expr(3), expr(3))), 1),
    (Fn("max", (expr(-2), expr(-5))), -2),
]


@pytest.mark.parametrize(("tree", "value"), RATIONAL)
def test_what_is_rational_stays_rational(tree, value):
    assert exact(tree) == value
    assert isinstance(exact(tree), Fraction)
    assert FLOATS.settle(tree, nothing) == pytest.approx(float(value))
    assert Decimal(decimal(tree, 20)) == pytest.approx(Decimal(value.numerator) / value.denominator)


# Niven: the only rational sines of rational half turns.
@pytest.mark.parametrize(
    ("twelfths", "sine", "cosine"),
    [
        (0, 0, 1), (2, Fraction(1, 2), None), (4, None, Fraction(1, 2)), (6, 1, 0), (8, None, Fraction(-1, 2)),
        (10, Fraction(1, 2), None), (12, 0, -1), (14, Fraction(-1, 2), None), (18, -1, 0),
        (22, Fraction(-1, 2), None), (24, 0, 1), (-2, Fraction(-1, 2), None), (1, None, None), (3, None, None),
    ],
)  # fmt: skip
def test_sines_of_half_turns_are_rational_where_niven_says(twelfths, sine, cosine):
    for name, value in (("sinpi", sine), ("cospi", cosine)):
        tree = Fn(name, (expr(Fraction(twelfths, 12)),))
        assert FLOATS.settle(tree, nothing) == pytest.approx(
            math.sin(math.pi * twelfths / 12) if name == "sinpi" else math.cos(math.pi * twelfths / 12)
        )
        if value is None:
            with pytest.raises(LeavesDomainError, match="is not a rational number"):
                exact(tree)
        else:
            assert exact(tree) == value


LEAVES_THE_RATIONALS = [
    (sqrt(2), "√(2) is not a rational number"),
    (sqrt(Fraction(1, 2)), "√(1/2) is not a rational number"),
    (expr(2) ** Fraction(1, 2), "2^(1/2) is not a rational number"),
    (expr(3) ** Fraction(-1, 3), "3^(−1/3) is not a rational number"),
    (E, "e is not a rational number"),
    (E**0, "e is not a rational number"),
    (Fn("pi"), "pi is not a rational number"),
    (Fn("sin", (expr(1),)), "sin(1) is not a rational number"),
    (Fn("cos", (expr(-1),)), "cos(−1) is not a rational number"),
    (Fn("gelu", (expr(1),)), "gelu(1) is not a rational number"),
    (Fn("sinpi", (expr(Fraction(1, 4)),)), "sin(1/4·π) is not a rational number"),
    (Fn("cospi", (expr(Fraction(1, 4)),)), "cos(1/4·π) is not a rational number"),
    (expr(2) ** 10**9, "2^(1000000000) is too long to write"),
    (expr(2) ** 6000 * expr(2) ** 6000, "the value has more than 3000 digits, too long to write"),
]


@pytest.mark.parametrize(("tree", "message"), LEAVES_THE_RATIONALS)
def test_what_leaves_the_rationals_says_so(tree, message):
    with pytest.raises(LeavesDomainError) as caught:
        exact(tree)
    assert str(caught.value) == message
    assert not isinstance(caught.value, NotRealError)


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


FLOAT_RANGE = [
    expr(10) ** 400,
    expr(Fraction(10) ** 400),
    expr(10**200) * 10**200,
    -1 * expr(10**200) * 10**200,  # not −∞
    expr(10**308) + 10**308,
    expr(-(10**308)) - 10**308,
    1 / (expr(10**200) * 10**200),
]


@pytest.mark.parametrize("tree", FLOAT_RANGE)
def test_what_is_too_large_for_a_float_says_so_and_is_never_an_infinity(tree):
    with pytest.raises(LeavesDomainError, match="the value is too large for float64"):
        FLOATS.settle(tree, nothing)


@given(st.floats(-30, 30))
def test_gelu_in_floats_keeps_its_small_values(x):
    with mpmath.workdps(50):
        value = float(mpmath.mpf(x) * mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2)) / 2)
    assert FLOATS.fn("gelu", (x,)) == pytest.approx(value, rel=1e-12, abs=1e-300)


def test_the_first_of_equals_is_the_largest():
    assert first_largest([1, 3, 2, 3]) == 1
    assert first_largest([NEG_INF, NEG_INF]) == 0


@pytest.mark.parametrize(
    ("n", "degree", "root"),
    [(0, 2, 0), (1, 10**9, 1), (8, 3, 2), (1000, 3, 10), (9, 2, 3), (10, 2, None), (2, 10**9, None), (7**40, 40, 7)],
)
def test_roots_are_exact_or_none(n, degree, root):
    assert exact_root(n, degree) == root


# ---- classroom decimals ----

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


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_half_away_is_the_nearest_integer(n, d):
    x, found = Fraction(n, d), half_away(Fraction(n, d))
    assert abs(x - found) <= Fraction(1, 2)
    if abs(x - found) == Fraction(1, 2):
        assert abs(found) > abs(x)


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
