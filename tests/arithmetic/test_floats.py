"""IEEE float64."""

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.arithmetic.domain import LeavesDomainError, Real
from byhand.arithmetic.expr import Ref, expr, sqrt
from byhand.arithmetic.floats import FLOATS


def nothing(ref):
    raise AssertionError(ref)


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


def test_a_number_that_is_kept_as_its_tree_is_computed_from_those_that_it_reads():
    root = Real(sqrt(2), nothing)
    fourth = Real(sqrt(Ref("x", (0, 0))), lambda ref: root)
    assert FLOATS.num(root) == pytest.approx(2**0.5)
    assert FLOATS.num(fourth) == pytest.approx(2**0.25)
