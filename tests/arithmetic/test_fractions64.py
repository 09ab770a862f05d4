"""Fractions of many copies as arrays of int64 are the fractions of each, or None."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.arithmetic.copies import Copies
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Ref, Sum, evaluate, expr, sqrt
from byhand.arithmetic.fractions64 import INT64, LARGEST, Fractions

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
    found = evaluate(cell, lambda ref: Fractions.of(own[ref.matrix]), INT64)
    if found is None or (encoded := found.distinct()) is None:
        return
    categories, codes = encoded
    for copy in range(3):
        alone = evaluate(cell, lambda ref, copy=copy: Fraction(own[ref.matrix][copy]), RATIONALS)
        assert categories[codes[copy]] == alone
        assert max(abs(alone.numerator), alone.denominator) <= found.bound
    assert len(set(categories)) == len(categories)


@given(a=THREE, b=THREE)
def test_a_quotient_is_that_of_each_copy_where_none_divides_by_0(a, b):
    domain = Copies(RATIONALS, 3)
    own = {"a": domain.column([*map(Fraction, a)]), "b": domain.column([*map(Fraction, b)])}
    if b[0] == 0:
        with pytest.raises(ZeroDivisionError):
            domain.settle(A / B, lambda ref: own[ref.matrix])
    else:
        found = domain.settle(A / B, lambda ref: own[ref.matrix])
        assert all(found.at(k) == Fraction(a[k]) / Fraction(b[k]) for k in range(3) if b[k])
    assert domain.differing.tolist() == [(x == 0) != (b[0] == 0) for x in b]


@pytest.mark.parametrize("values", [[1, NEG_INF], ["a", "b"], [LARGEST + 1, 1], [1, Fraction(1, LARGEST + 1)]])
def test_what_is_no_fraction_of_64_bits_is_none(values):
    assert Fractions.of(values) is None


@pytest.mark.parametrize("cell", [A * A, A + A, A * Fraction(1, 3) + A / 7])
def test_what_might_not_fit_into_64_bits_is_none_and_computed_one_by_one(cell):
    large = [Fraction(LARGEST - 1), Fraction(LARGEST - 2)]
    assert evaluate(cell, lambda ref: Fractions.of(large), INT64) is None
    domain = Copies(RATIONALS, 2)
    found = domain.settle(cell, lambda ref: domain.column(large))
    assert [found.at(copy) for copy in (0, 1)] == [evaluate(cell, lambda ref, x=x: x, RATIONALS) for x in large]
