"""Decimals rounded once: every number is kept as it exactly is, and only what is printed is rounded."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from byhand.arithmetic.domain import Domain, LeavesDomainError, Lookup, NotRealError, is_neg_inf
from byhand.arithmetic.domains import RATIONALS, Decimals, decimal_of, writable
from byhand.arithmetic.expr import Expr, Ref, evaluate


class Real:
    """A number that is no fraction: the arithmetic it comes from, done in whatever number system is asked for."""

    def __init__(self, node: Expr, exact: Callable[[Ref], Any]) -> None:
        self.node = node
        self.exact = exact
        self._known: dict[int, Any] = {}

    def within(self, domain: Domain) -> Any:
        """Its value in a number system, computed once: a run reads it many times."""
        if id(domain) not in self._known:
            self._known[id(domain)] = evaluate(self.node, lambda ref: domain.num(self.exact(ref)), domain)
        return self._known[id(domain)]


class Kept(Decimal):
    """A decimal as it is printed, and the number that it stands for."""

    exact: Fraction | Real

    @classmethod
    def of(cls, printed: Decimal, exact: Fraction | Real) -> Kept:
        kept = cls(printed)
        kept.exact = exact
        return kept


class DecimalsOnce(Decimals):
    """Decimals that are rounded where they are printed, and nowhere else.

    A given number is what is printed. The enclosures of all that a cell reads grow in precision until its rounding
    cannot go either way, so every digit is right.
    """

    rounding = "once"
    rule = "Keep every digit; only what is written is rounded, to {places}, a tie away from 0."

    def as_given(self, value: Any) -> Any:
        """Without the digits that are not printed."""
        given = super().as_given(value)
        return Decimal(given) if isinstance(given, Kept) and given.exact != Fraction(given) else given

    def settle(self, node: Expr, values: Lookup) -> Any:
        def exact(ref: Ref) -> Any:
            value = values(ref)
            return value.exact if isinstance(value, Kept) else RATIONALS.num(value)

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
            from byhand.arithmetic.intervals import point, rounded

            value = point(node, exact)
            if value is None:
                printed = decimal_of(int(rounded(node, exact, self.places)), self.places)
                return Kept.of(printed, Real(node, exact))
        return value if is_neg_inf(value) else Kept.of(self._rounded(value), value)
