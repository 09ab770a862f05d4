"""Classroom decimals: rounded in every cell, or only where they are printed."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from byhand.arithmetic.domain import Domain, LeavesDomainError, NotRealError, Real, ValueOf, half_away, is_neg_inf
from byhand.arithmetic.exact import RATIONALS, writable
from byhand.arithmetic.expr import NEG_INF, Expr, Ref, evaluate
from byhand.errors import ConfigError

MOST_PLACES = 50


class Decimals(Domain):
    """Classroom decimals: each recorded cell is rounded to n places, and the next step carries it.

    A tie goes away from zero. The arithmetic within a cell is exact where it is rational and enclosed by
    intervals of growing precision where not, so that a digit is right however close the value is to a tie.
    A value that needs no rounding keeps its own digits (1/2 is 0.5); a rounded one shows all n (0.50).

    Raises: ConfigError for a number of places that no one would write.
    """

    name = "decimal"
    rounding = "carry"
    advice = "use --numbers float, or other numbers"

    def __init__(self, places: int = 2) -> None:
        if not 0 <= places <= MOST_PLACES:
            raise ConfigError(f"places={places} cannot be written; use 0 to {MOST_PLACES}")
        self.places = places

    def details(self) -> dict[str, Any]:
        return {"places": self.places, "rounding": self.rounding}

    def num(self, value: Any) -> Any:
        """Exact: a given number is not rounded. A fraction without an end, as 1/3, is."""
        if value == NEG_INF:
            return NEG_INF
        exact = terminating(Fraction(value))
        return self._rounded(Fraction(value)) if exact is None else exact

    def as_given(self, value: Any) -> Any:
        """The value without zeros at its end, which only say that it was rounded."""
        given = self.num(value)
        return value if str(given) == str(value) else given

    def settle(self, node: Expr, values: ValueOf) -> Any:
        def exact(ref: Ref) -> Any:
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
    """A decimal as it is printed, with the exact number that it stands for."""

    exact: Fraction | Real

    @classmethod
    def of(cls, text: Decimal, exact: Fraction | Real) -> PrintedDecimal:
        printed = cls(text)
        printed.exact = exact
        return printed


class DecimalsOnce(Decimals):
    """Decimals that are rounded where they are printed, and nowhere else.

    A given number is what is printed. The enclosures of all that a cell reads grow in precision until its rounding
    cannot go either way, so every digit is right.
    """

    rounding = "once"

    def as_given(self, value: Any) -> Any:
        """The value without the digits that are not printed."""
        given = super().as_given(value)
        return Decimal(given) if isinstance(given, PrintedDecimal) and given.exact != Fraction(given) else given

    def settle(self, node: Expr, values: ValueOf) -> Any:
        def exact(ref: Ref) -> Any:
            value = values(ref)
            return value.exact if isinstance(value, PrintedDecimal) else RATIONALS.num(value)

        def rational(ref: Ref) -> Any:
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
    """scaled · 10^−places, showing all places; exact whatever the decimal context."""
    return Decimal((int(scaled < 0), tuple(int(d) for d in str(abs(scaled))), -places))


def terminating(value: Fraction) -> Decimal | None:
    """The decimal with the fewest digits that is the value, or None where it has no end."""
    twos_and_fives, places = value.denominator, 0
    while twos_and_fives > 1:
        divisor = math.gcd(twos_and_fives, 10)
        if divisor == 1:
            return None
        twos_and_fives //= divisor
        places += 1
    return decimal_of(int(value * 10**places), places)
