"""Fractions of many copies as arrays are the fractions of each, or unfit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.arithmetic.alike import same
from byhand.arithmetic.arrays import ARRAYS, MOST, Array, Unfit
from byhand.arithmetic.copies import Copies, Differs
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Ref, Sum, evaluate, expr, sqrt

PARTS = st.sampled_from(
    [*range(-12, 13), Fraction(1, 2), Fraction(-5, 6), Fraction(7, 10), 10**6, Fraction(1, 10**6)]
)
THREE = st.lists(PARTS, min_size=3, max_size=3)
A, B, C = (Ref(name, (0, 0)) for name in "abc")
CELLS = [
    A + B,
    A - B,
    A * B,
    A / 3,
    (A * B + C) / 4,
    A**2,
    Sum((A * A, B * B, C * C)) - A,
    A / sqrt(expr(4)),
    A + 1,
    2 - A,
]


@pytest.mark.parametrize("cell", CELLS)
@given(a=THREE, b=THREE, c=THREE)
def test_an_arrays_cell_is_the_cell_of_each_copy(cell, a, b, c):
    own = {"a": a, "b": b, "c": c}
    try:
        kinds, which = evaluate(cell, lambda ref: Array.of(own[ref.matrix]), ARRAYS).distinct()
    except Unfit:
        return
    for copy in range(3):
        alone = evaluate(cell, lambda ref, copy=copy: Fraction(own[ref.matrix][copy]), RATIONALS)
        assert kinds[which[copy]] == alone
    assert len(set(kinds)) == len(kinds)


@given(a=THREE, b=THREE)
def test_a_quotient_is_that_of_each_copy_where_none_divides_by_0(a, b):
    domain = Copies(RATIONALS, 3)
    own = {"a": domain.texts([*map(Fraction, a)]), "b": domain.texts([*map(Fraction, b)])}
    if 0 not in b:
        found = domain.settle(A / B, lambda ref: own[ref.matrix])
        assert [found.at(copy) for copy in range(3)] == [Fraction(x) / Fraction(y) for x, y in zip(a, b, strict=True)]
    elif any(b):
        with pytest.raises(Differs):
            domain.settle(A / B, lambda ref: own[ref.matrix])


@pytest.mark.parametrize("values", [[1, NEG_INF], ["a", "b"], [MOST * 4, 1]])
def test_what_is_no_fraction_of_64_bits_is_unfit(values):
    with pytest.raises(Unfit):
        Array.of(values)


@pytest.mark.parametrize("cell", [A * A, A + A, A * Fraction(1, 3) + A / 7])
def test_what_might_not_fit_into_64_bits_is_unfit_and_computed_one_by_one(cell):
    large = [Fraction(MOST - 1), Fraction(MOST - 2)]
    with pytest.raises(Unfit):
        evaluate(cell, lambda ref: Array.of(large), ARRAYS)
    domain = Copies(RATIONALS, 2)
    found = domain.settle(cell, lambda ref: domain.texts(large))
    assert [found.at(copy) for copy in (0, 1)] == [evaluate(cell, lambda ref, x=x: x, RATIONALS) for x in large]


def test_matrices_are_the_same_in_all_copies_or_in_none():
    domain = Copies(RATIONALS, 2)
    one, other = domain.texts([Fraction(1), Fraction(2)]), domain.texts([Fraction(1), Fraction(3)])
    assert same([[one, 1]], [[one, 1]])
    assert not same([[one, 1]], [[one, 2]])
    assert not same([[one]], [[NEG_INF]])
    assert not same([[one]], [[one, one]])
    with pytest.raises(Differs):
        same([[one]], [[other]])
