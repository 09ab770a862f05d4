"""The values of many copies at once are the values of each."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.arithmetic.copies import (
    Copies,
    as_array,
    categories,
    choose,
    differing,
    each,
    first,
    same,
    together,
    varies,
)
from byhand.arithmetic.decimals import Decimals, DecimalsOnce
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Num, Ref, expr, largest

SMALL = st.integers(-6, 6)
THREE = st.lists(SMALL, min_size=3, max_size=3)


def many(domain, values):
    return domain.number(values, np.arange(len(values)))


@pytest.mark.parametrize("inner", [RATIONALS, Decimals(1)])
@given(x=THREE, y=THREE, z=THREE)
def test_a_cell_of_many_copies_is_the_cell_of_each(inner, x, y, z):
    domain = Copies(inner, 3)
    node = (Ref("x", (0, 0)) * Ref("y", (0, 0)) + largest(Ref("z", (0, 0)), 0)) / 4
    own = {"x": many(domain, x), "y": many(domain, y), "z": many(domain, z)}
    found = domain.settle(node, lambda ref: own[ref.matrix])
    for copy in range(3):
        alone = {"x": inner.num(x[copy]), "y": inner.num(y[copy]), "z": inner.num(z[copy])}
        expected = inner.settle(node, lambda ref, alone=alone: alone[ref.matrix])
        assert str(found.at(copy)) == str(expected)


def test_what_all_copies_share_stays_as_it_is():
    domain = Copies(RATIONALS, 2)
    assert domain.settle(expr(2) + 3, lambda ref: None) == 5
    assert domain.add(many(domain, [1, 2]), NEG_INF).categories == (NEG_INF,)


def test_zeros_at_the_end_are_kept_apart():
    domain = Copies(Decimals(2), 2)
    assert many(domain, [Decimal("0.5"), Decimal("0.50")]).categories == (Decimal("0.5"), Decimal("0.50"))
    rounded = domain.settle(Ref("x", (0, 0)) * Fraction(1, 3), lambda ref: many(domain, [3, 4]))
    assert [str(rounded.at(copy)) for copy in (0, 1)] == ["1", "1.33"]


def test_numbers_that_are_written_alike_are_kept_apart():
    """1/3 and 1/3 + 1/1000 are 0.33; three times each is 1 and 1.00."""
    domain = Copies(DecimalsOnce(2), 2)
    third = domain.settle(Num(many(domain, [1000, 1003])) / 3000, lambda ref: None)
    assert [str(third.at(copy)) for copy in (0, 1)] == ["0.33", "0.33"]
    thrice = domain.settle(Num(3) * Num(third), lambda ref: None)
    assert [str(thrice.at(copy)) for copy in (0, 1)] == ["1", "1.00"]


def test_a_value_that_is_seen_where_it_is_printed_has_no_digits_but_those():
    domain = Copies(DecimalsOnce(2), 2)
    third, two = (domain.settle(Num(1) / Num(many(domain, [n, 2])), lambda ref: None) for n in (3, 1))
    assert [str(third.at(copy)) for copy in (0, 1)] == ["0.33", "0.5"]
    assert domain.settle(Num(3) * Num(third), lambda ref: None).at(0) == 1
    assert domain.settle(Num(3) * Num(domain.as_given(third)), lambda ref: None).at(0) == Decimal("0.99")
    assert domain.as_given(two) is two
    carried = Decimals(2).settle(Num(Fraction("0.499")), lambda ref: None)
    assert (str(carried), str(Decimals(2).as_given(carried))) == ("0.50", "0.5")


def test_what_is_asked_is_answered_as_the_first_copy_answers_and_the_others_are_noted():
    domain = Copies(RATIONALS, 3)
    numbers = many(domain, [1, 2, 1])
    assert numbers != NEG_INF
    assert numbers > 0
    assert numbers == many(domain, [1, 2, 1])
    assert not differing(domain).any()
    for ask, answer in ((lambda: numbers == 1, True), (lambda: numbers != 1, False), (lambda: numbers > 1, False),
                        (lambda: numbers < 2, True), (lambda: int(numbers), 1)):  # fmt: skip
        with domain.noted_apart() as noted:
            assert ask() == answer
        assert noted.tolist() == [False, True, False]
    assert not differing(domain).any()
    assert numbers == 1
    assert differing(domain).tolist() == [False, True, False]


def test_copies_in_which_something_cannot_be_computed_are_noted():
    domain = Copies(RATIONALS, 3)
    found = domain.div(1, many(domain, [1, 0, 2]))
    assert (found.at(0), found.at(2)) == (1, Fraction(1, 2))
    assert domain.differing.tolist() == [False, True, False]


def test_what_the_first_copy_cannot_compute_is_an_error():
    domain = Copies(RATIONALS, 3)
    with pytest.raises(ZeroDivisionError):
        domain.div(1, many(domain, [0, 0, 0]))
    assert not domain.differing.any()
    with pytest.raises(ZeroDivisionError):
        domain.div(1, many(domain, [0, 1, 2]))
    assert domain.differing.tolist() == [False, True, True]


def test_other_rooms_work_with_values_of_one_run_or_of_many():
    _, numbers = together(RATIONALS, {"x": [2, 3], "y": [1, 1]})
    x = numbers["x"]
    for value, double, of_first, of_any, array in ((5, 10, 5, (5,), 5), (x, [4, 6], 2, (2, 3), [2, 3])):
        doubled = each(lambda own, by: own * by, value, 2)
        assert (doubled.tolist() if varies(value) else doubled) == double
        assert first(value) == of_first
        assert categories(value) == of_any
        assert np.all(as_array(value) == array)


def test_each_copy_chooses_by_its_own_index():
    domain = Copies(RATIONALS, 2)
    options = [Num(Fraction(7)), Num(Fraction(9))]
    assert choose(1, options.__getitem__, 2) == options[1]
    index = domain.column([1, 0])
    found = domain.settle(choose(index, options.__getitem__, 2), lambda ref: None)
    assert found.tolist() == [9, 7]


def test_matrices_are_the_same_where_the_first_copys_are():
    domain = Copies(RATIONALS, 3)
    one, other = domain.column([1, 2, 5]), domain.column([1, 3, 5])
    assert same([[one, 1]], [[one, 1]])
    assert not same([[one, 1]], [[one, 2]])
    assert not same([[one]], [[NEG_INF]])
    assert not same([[one]], [[one, one]])
    assert not domain.differing.any()
    assert same([[one]], [[other]])
    assert domain.differing.tolist() == [False, True, False]


WORKED = (
    "-x", "abs(x)", "1 + x", "x + 1", "2 - x", "x - 2", "2 * x", "x * 2", "1 / x", "x / 2", "7 // x", "x // 2", "7 % x",
    "x % 3", "2 ** x", "x ** 2", "x * x - x / x", "round(x / 3)", "round(x / 3, 1)", "sum([x, x])"
)  # fmt: skip


@pytest.mark.parametrize("expression", WORKED)
def test_a_sheet_works_with_what_differs_as_with_the_number_of_each_copy(expression):
    values = [Fraction(5), Fraction(2), Fraction(5)]
    together = eval(expression, {"x": Copies(RATIONALS, 3).column(values)})
    apart = [eval(expression, {"x": value}) for value in values]
    assert (together.tolist() if varies(together) else [together] * 3) == apart


def test_what_a_sheet_compares_is_answered_as_the_first_copy_answers():
    numbers = many(Copies(RATIONALS, 2), [-1, 2])
    assert float(numbers * numbers >= 1) == 1
    assert numbers <= 2
