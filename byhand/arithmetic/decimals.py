"""Classroom decimals: numbers that are rounded to a few decimal places, in every cell or only where they are
printed.

A value that needs no rounding keeps its own digits: 0.5 is exact, 0.50 is rounded. Where a cell is not rational,
intervals of growing precision enclose it until rounding cannot go either way. With `--rounding once` a number keeps,
behind what is printed, the fraction or the tree that it is, and the intervals enclose all the way back to the givens.
What a page prints of a step before it is where its reader starts; so does its run.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from byhand.arithmetic.domain import (
    Details,
    Domain,
    LeavesDomainError,
    NotRealError,
    Real,
    ValueOf,
    half_away,
    is_neg_inf,
)
from byhand.arithmetic.exact import RATIONALS, writable
from byhand.arithmetic.expr import NEG_INF, Expr, Ref, Scalar, evaluate
from byhand.errors import ConfigError

MOST_PLACES = 50  # no one writes more, and rounding would take long


class Decimals(Domain):
    """Classroom decimals: the value of each cell is rounded to n places, and the next step calculates with it.

    Ties are rounded away from zero. Within a cell, rational values are exact, and irrational ones are enclosed in
    intervals of growing precision, so that every digit is right, however close the value is to a tie. A value that
    needs no rounding keeps its own digits (1/2 is 0.5); a rounded one shows all n places (0.50).

    Raises: ConfigError for a number of places outside 0 to MOST_PLACES.
    """

    name = "decimal"
    rounding = "carry"
    advice = "use --numbers float, or other numbers"

    def __init__(self, places: int = 2) -> None:
        if not 0 <= places <= MOST_PLACES:
            raise ConfigError(f"places={places} cannot be written; use 0 to {MOST_PLACES}")
        self.places = places

    def details(self) -> Details:
        return Details(places=self.places, rounding=self.rounding)

    def num(self, value: Scalar) -> Decimal | float:
        """A given number, not rounded; but a fraction whose decimals do not end, such as 1/3, is rounded."""
        if value == NEG_INF:
            return NEG_INF
        exact = terminating(Fraction(value))
        return self._rounded(Fraction(value)) if exact is None else exact

    def as_given(self, value: Scalar) -> Scalar:
        """The value without the zeros at its end, which only show that it was rounded."""
        given = self.num(value)
        return value if str(given) == str(value) else given

    def settle(self, node: Expr, values: ValueOf) -> Decimal | float:
        def exact(ref: Ref) -> Scalar:
            return RATIONALS.num(values(ref))

        try:
            value = evaluate(node, exact, RATIONALS)
        except NotRealError:
            raise
        except LeavesDomainError:
            from byhand.arithmetic.intervals import point, rounded  # mpmath is heavy

            value = point(node, exact)
            if value is None:
                return decimal_of(int(rounded(node, exact, self.places)), self.places)
        return NEG_INF if is_neg_inf(value) else self._rounded(value)

    def _rounded(self, value: Fraction) -> Decimal:
        scaled = value * 10**self.places
        if scaled.denominator == 1:
            exact = terminating(writable(value))
            assert exact is not None
            return exact
        return decimal_of(int(writable(Fraction(half_away(scaled)))), self.places)


class PrintedDecimal(Decimal):
    """A rounded decimal, as it is printed, with the exact number that it stands for."""

    exact: Fraction | Real

    @classmethod
    def of(cls, decimal: Decimal, exact: Fraction | Real) -> PrintedDecimal:
        """A decimal that stands for an exact number."""
        printed = cls(decimal)
        printed.exact = exact
        return printed


class DecimalsOnce(Decimals):
    """Decimals that are rounded only where they are printed: the next step calculates with the exact value.

    A given number is exactly what is printed. An irrational value is kept as its tree (`Real`), down to the givens.
    The intervals that enclose it grow in precision until they round to one decimal, so that every digit is right.
    """

    rounding = "once"

    def as_given(self, value: Scalar) -> Scalar:
        """The value that is printed, without the exact one behind it."""
        given = super().as_given(value)
        return Decimal(given) if isinstance(given, PrintedDecimal) and given.exact != Fraction(given) else given

    def settle(self, node: Expr, values: ValueOf) -> Scalar:
        def exact(ref: Ref) -> Scalar:
            value = values(ref)
            return value.exact if isinstance(value, PrintedDecimal) else RATIONALS.num(value)

        def rational(ref: Ref) -> Scalar:
            value = exact(ref)
            if isinstance(value, Real):
                raise LeavesDomainError("the value is not a rational number")
            return value

        try:
            value = writable(evaluate(node, rational, RATIONALS))
        except NotRealError:
            raise
        except LeavesDomainError:
            from byhand.arithmetic.intervals import point, rounded  # mpmath is heavy

            value = point(node, exact)
            if value is None:
                printed = decimal_of(int(rounded(node, exact, self.places)), self.places)
                return PrintedDecimal.of(printed, Real(node, exact))
        return value if is_neg_inf(value) else PrintedDecimal.of(self._rounded(value), value)


def decimal_of(scaled: int, places: int) -> Decimal:
    """scaled · 10^−places, exact, with all places as digits: `decimal_of(50, 2)` is 0.50."""
    return Decimal((int(scaled < 0), tuple(int(d) for d in str(abs(scaled))), -places))


def terminating(value: Fraction) -> Decimal | None:
    """The decimal with the fewest digits that equals the value; None where its decimals do not end."""
    rest, places = value.denominator, 0  # the denominator without the factors 2 and 5 found so far
    while rest > 1:
        divisor = math.gcd(rest, 10)
        if divisor == 1:
            return None
        rest //= divisor
        places += 1
    return decimal_of(int(value * 10**places), places)
