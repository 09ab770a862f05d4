"""Enclosures hold the exact value, at every precision."""

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import DIGITS, FRACTIONS, real_trees

from byhand.arithmetic.domain import LeavesDomainError, NotRealError
from byhand.arithmetic.expr import Fn, evaluate, expr
from byhand.arithmetic.intervals import Intervals, UndecidedError, ends, rounded

BITS = st.sampled_from([20, 64, 256])


def nothing(ref):
    raise AssertionError(ref)


def as_mpf(x):
    return mpmath.mpf(x.numerator) / x.denominator


def encloses(enclosure, value):
    """Whether a value of DIGITS digits lies between the ends."""
    low, high = (as_mpf(end) for end in ends(enclosure))
    slack = (1 + abs(value)) * mpmath.mpf(10) ** (50 - DIGITS)
    return low - slack <= value <= high + slack


@given(real_trees(), BITS)
def test_an_enclosure_holds_the_value(tree_and_value, bits):
    tree, value = tree_and_value
    try:
        enclosure = evaluate(tree, nothing, Intervals(bits))
    except UndecidedError:
        return
    with mpmath.workdps(DIGITS):
        assert encloses(enclosure, value)


@given(FRACTIONS, FRACTIONS, st.sampled_from(["erf", "gelu", "sin", "cos", "sinpi", "cospi"]), BITS)
def test_a_function_of_an_interval_holds_its_value_at_every_point(low, width, name, bits):
    domain = Intervals(bits)
    low, high = sorted([low, low + width])
    enclosure = domain.fn(name, (domain.iv.mpf([domain.num(low).a, domain.num(high).b]),))
    with mpmath.workdps(DIGITS):
        functions = {
            "erf": mpmath.erf,
            "gelu": lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
            "sin": mpmath.sin,
            "cos": mpmath.cos,
            "sinpi": mpmath.sinpi,
            "cospi": mpmath.cospi,
        }
        for step in range(5):
            x = low + (high - low) * Fraction(step, 4)
            assert encloses(enclosure, functions[name](as_mpf(x)))


@pytest.mark.parametrize("bits", [64, 256, 1024])
@pytest.mark.parametrize("x", [0, Fraction(1, 10**6), Fraction(-1, 2), 3, -7, 12, -25, 31, -100])
def test_erf_is_narrow_and_right_far_out_too(bits, x):
    enclosure = Intervals(bits).fn("erf", (Intervals(bits).num(x),))
    low, high = ends(enclosure)
    assert high - low < Fraction(1, 2 ** (bits - 16))
    with mpmath.workdps(400):
        assert as_mpf(low) <= mpmath.erf(as_mpf(Fraction(x))) <= as_mpf(high)


def between(domain, low, high):
    return domain.iv.mpf([low, high])


@pytest.mark.parametrize(
    ("intervals", "largest"),
    [
        ([(1, 4), (2, 3)], (2, 4)),
        ([(1, 2), (3, 4)], (3, 4)),
        ([(-5, 5), (-1, 0), (-2, 6)], (-1, 6)),
        ([(2, 2), (2, 2)], (2, 2)),
    ],
)
def test_the_largest_of_overlapping_intervals_is_between_the_largest_ends(intervals, largest):
    domain = Intervals(64)
    assert ends(domain.fn("max", [between(domain, *pair) for pair in intervals])) == largest


@pytest.mark.parametrize(
    ("intervals", "place"),
    [
        ([(1, 2), (3, 4)], 1),
        ([(3, 4), (1, 2)], 0),
        ([(2, 2), (2, 2)], 0),  # of equals, the first
        ([(1, 1), (2, 2), (2, 2)], 1),
        ([(1, 3), (2, 4)], None),
        ([(1, 2), (2, 3)], None),  # they may be equal, and then it is the first
    ],
)
def test_argmax_is_undecided_where_intervals_overlap(intervals, place):
    domain = Intervals(64)
    args = [between(domain, *pair) for pair in intervals]
    if place is None:
        with pytest.raises(UndecidedError, match="the intervals are too wide to tell"):
            domain.fn("argmax", args)
    else:
        assert ends(domain.fn("argmax", args)) == (place, place)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("sqrt", [(-1, 1)]),
        ("pow", [(0, 1), (Fraction(1, 2), Fraction(1, 2))]),
        ("pow", [(-1, 1), (-1, -1)]),
        ("pow", [(-1, 1), (0, 1)]),
    ],
)
def test_a_function_at_the_edge_of_where_it_is_real_is_undecided(name, args):
    domain = Intervals(64)
    with pytest.raises(UndecidedError):
        domain.fn(name, [between(domain, float(low), float(high)) for low, high in args])


def test_division_by_an_interval_around_0_is_undecided_and_by_0_an_error():
    domain = Intervals(64)
    with pytest.raises(UndecidedError):
        domain.div(domain.num(1), between(domain, -1, 1))
    with pytest.raises(ZeroDivisionError):
        domain.div(domain.num(1), domain.num(0))


@pytest.mark.parametrize(("name", "args"), [("sqrt", [-1]), ("pow", [-2, Fraction(1, 2)])])
def test_a_root_of_what_is_negative_is_not_real(name, args):
    domain = Intervals(64)
    with pytest.raises(NotRealError, match="the root of a negative number is not real"):
        domain.fn(name, [domain.num(x) for x in args])


@pytest.mark.parametrize(
    ("exponent", "enclosed"), [(-(10**8), (0, Fraction(1, 2**10_000))), (10**8, None), (100, (2**100, 2**100))]
)
def test_ends_that_no_one_can_write_are_moved_outwards(exponent, enclosed):
    domain = Intervals(64)
    power = domain.fn("pow", (domain.num(2), domain.num(exponent)))
    if enclosed is None:
        with pytest.raises(LeavesDomainError, match="too long to write"):
            ends(power)
    else:
        assert ends(power) == enclosed


def test_rounded_gives_units_of_the_last_place():
    assert rounded(expr(2) ** Fraction(1, 2), nothing, 3) == 1414
    assert rounded(0 - Fn("e"), nothing, 0) == -3
    assert rounded(Fn("pi"), nothing, 40) == 31415926535897932384626433832795028841972
