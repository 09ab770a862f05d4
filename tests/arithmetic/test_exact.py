"""Exact fractions, and what leaves them."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from trees import rational_trees

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.domain import LeavesDomainError, NotRealError
from byhand.arithmetic.exact import RATIONALS, exact_root
from byhand.arithmetic.expr import Fn, Sum, expr, sqrt
from byhand.arithmetic.floats import FLOATS

E = Fn("e")


def nothing(ref):
    raise AssertionError(ref)


def exact(tree):
    return RATIONALS.settle(tree, nothing)


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
    assert Decimals(20).settle(tree, nothing) == pytest.approx(Decimal(value.numerator) / value.denominator)


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


def test_a_sum_that_grows_too_long_is_left_while_it_is_added_up():
    """To its end it would take minutes; decimals round it all the same."""
    terms = Sum(tuple(expr(Fraction(1, 10**57 + 2 * n + 1)) for n in range(20_000)))
    with pytest.raises(LeavesDomainError, match=r"^the value has more than 3000 digits, too long to write$"):
        exact(terms)
    assert Decimals(2).settle(terms, nothing) == Decimal("0.00")


@pytest.mark.parametrize(
    ("n", "degree", "root"),
    [(0, 2, 0), (1, 10**9, 1), (8, 3, 2), (1000, 3, 10), (9, 2, 3), (10, 2, None), (2, 10**9, None), (7**40, 40, 7)],
)
def test_roots_are_exact_or_none(n, degree, root):
    assert exact_root(n, degree) == root
