"""What rounded numbers may stand for."""

from fractions import Fraction

import pytest
import sympy

from byhand.arithmetic.decimals import Decimals
from byhand.marking.reckoning import Exact, Letters, Rounded
from byhand.marking.spans import Span, behind
from byhand.ops.linear import gelu
from byhand.ops.shapes import keep_largest
from byhand.tape import Named

CENTS = Rounded(Decimals(2))
HALF = 0.005


def holds(span, x):
    return span.low <= x <= span.high


def test_behind_a_rounded_number_stands_what_is_rounded_to_it():
    one = CENTS.answer(1)
    wide = behind(one, Span(0.2, 1.8), HALF)
    assert holds(wide, 0.995)
    assert holds(wide, 1.005)
    assert not holds(wide, 0.994)
    assert not holds(wide, 1.006)
    assert behind(one, Span(0.998, 1.001), HALF) == Span(0.998, 1.001)  # no more than what may have been computed
    assert behind(one, Span(1, 1), HALF) == one


def test_a_tie_may_be_rounded_either_way():
    mean = Span(-1.785, -1.785)
    for written in (-1.78, -1.79):
        assert holds(behind(CENTS.answer(written), mean, HALF), -1.785)


def test_behind_a_number_that_follows_from_nothing_stands_itself():
    assert behind(CENTS.answer(3), Span(1, 2), HALF) == Span(3, 3)
    assert holds(behind(CENTS.answer(3), None, HALF), 3.004)  # a wrong one may be carried with all its digits, too
    assert behind(Span(float("-inf"), float("-inf")), None, HALF).low == float("-inf")


def test_without_a_letter_a_value_is_a_number():
    letters = Letters(["a"])
    assert letters.real(sympy.Rational(-1, 2)) == Fraction(-1, 2)
    assert letters.real(sympy.sqrt(2) / 2) == pytest.approx(0.7071, abs=1e-4)
    assert letters.real(sympy.Symbol("a") + 1) == sympy.Symbol("a") + 1
    assert letters.real(float("-inf")) == float("-inf")
    assert Exact().real(Fraction(3)) == 3


def test_a_mixed_number_among_letters_is_no_product():
    letters = Letters(["a"])
    (mixed,), (product,) = (letters.read(text).values for text in ("−1 2/3", "2 a/3"))
    assert letters.real(mixed) == Fraction(-5, 3)
    assert letters.equal(product, letters.read("2a ÷ 3").values[0])


def test_what_is_kept_of_rounded_numbers_hangs_on_which_are_surely_the_largest():
    """The two largest of three: the order of those that are kept does not matter, nor that of equal ones."""

    def kept(j, *spans):
        rule = keep_largest.rule_at(0, j, [Named("P", 1, 3)], {"count": 2})
        return CENTS.compute(rule, lambda ref: spans[ref.index[1]])

    half, near, small = Span(0.495, 0.505), Span(0.5, 0.51), Span(0.1, 0.1)
    assert [kept(j, half, near, small) for j in range(3)] == [half, near, Span(0, 0)]
    assert [kept(j, small, half, small) for j in range(3)] == [small, half, Span(0, 0)]
    assert [kept(j, half, near, near) for j in range(3)] == [None] * 3  # any of them may be the smallest


def test_a_rounded_number_left_of_0_stands_for_where_gelu_turns_too():
    """GELU falls to −0.17 at −0.752 and rises from there, so what lies around it is more than what its ends give."""
    rule = gelu.rule_at(0, 0, [Named("H", 1, 1)], {})
    around = CENTS.compute(rule, lambda ref: Span(-1.0, -0.5))
    assert around.low == pytest.approx(-0.16997, abs=1e-5)
    assert around.high == pytest.approx(-0.15427, abs=1e-5)  # −½ Φ(−½)
    assert CENTS.compute(rule, lambda ref: Span(0.5, 1.0)).low == pytest.approx(0.34573, abs=1e-5)  # ½ Φ(½): it rises
