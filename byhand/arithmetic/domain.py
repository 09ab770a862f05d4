"""What a number system is: the value of a number, of the four operations and of each named function.

−∞ is exact and the same object in every number system: it may be added to, divided by what is positive, compared,
and raised to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from byhand.arithmetic.expr import NEG_INF, Expr, Ref, evaluate

ValueOf = Callable[[Ref], Any]
MOST_BITS = (
    10_000  # of a numerator or denominator; longer numbers cannot be written by hand, and take long to compute
)


class LeavesDomainError(ArithmeticError):
    """A value that the number system does not have; the tape adds the step and the cell."""


class NotRealError(LeavesDomainError):
    """A value that no number system has."""


class Domain:
    """A number system. Subclasses give `num` and `function`."""

    name: str
    advice = "use --numbers decimal"

    def details(self) -> dict[str, Any]:
        """What a record of a run says about its numbers, beside their name."""
        return {}

    def num(self, value: Any) -> Any:
        """The domain's own value of an exact number (int, Fraction, Decimal, −∞)."""
        raise NotImplementedError

    def as_given(self, value: Any) -> Any:
        """The value as its reader knows it, from what is printed of it."""
        return value

    def function(self, name: str, args: Sequence[Any]) -> Any:
        """The value of a named function; −∞ is among the arguments of max and argmax only."""
        raise NotImplementedError

    def letter(self, name: str) -> Any:
        """The value of a letter."""
        raise LeavesDomainError(f"the letter {name!r} is not a number; use --numbers symbolic")

    def checked(self, value: Any) -> Any:
        """A result of + − · ÷ as it is.

        Raises: LeavesDomainError where the number system does not have it.
        """
        return value

    def exceeds(self, a: Any, bound: int) -> bool:
        """Whether a value is surely larger than a whole number."""
        return bool(a > bound)

    def add(self, a: Any, b: Any) -> Any:
        return NEG_INF if is_neg_inf(a) or is_neg_inf(b) else self.checked(a + b)

    def sub(self, a: Any, b: Any) -> Any:
        if is_neg_inf(b):
            raise NotRealError("−∞ cannot be subtracted")
        return NEG_INF if is_neg_inf(a) else self.checked(a - b)

    def mul(self, a: Any, b: Any) -> Any:
        if is_neg_inf(a) or is_neg_inf(b):
            raise NotRealError("−∞ has no place in a product")
        return self.checked(a * b)

    def div(self, a: Any, b: Any) -> Any:
        if is_neg_inf(a) and not is_neg_inf(b) and self.exceeds(b, 0):
            return NEG_INF
        if is_neg_inf(a) or is_neg_inf(b):
            raise NotRealError("−∞ has no place in a quotient")
        return self.checked(a / b)

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        """The value of a named function; `choose` is that of its further arguments whose place is the first one."""
        if name == "choose":
            return args[1 + int(args[0])]
        if name in ("max", "argmax") or not any(is_neg_inf(a) for a in args):
            return self.function(name, args)
        if name == "pow" and not is_neg_inf(args[0]) and self.exceeds(args[0], 1):
            return self.num(0)
        raise NotRealError(f"−∞ has no place in {name}")

    def settle(self, node: Expr, values: ValueOf) -> Any:
        """The value that is recorded for a cell."""
        return evaluate(node, values, self)


class Real:
    """A number that is not rational: a tree, evaluated in whatever number system asks for its value."""

    def __init__(self, node: Expr, exact: ValueOf) -> None:
        self.node = node
        self.exact = exact
        self._known: dict[int, Any] = {}

    def within(self, domain: Domain) -> Any:
        """Its value in a number system, computed once: a run reads it many times."""
        if id(domain) not in self._known:
            self._known[id(domain)] = evaluate(self.node, lambda ref: domain.num(self.exact(ref)), domain)
        return self._known[id(domain)]


def is_neg_inf(value: Any) -> bool:
    """Whether a value is −∞."""
    return isinstance(value, float) and value == NEG_INF


def first_largest(args: Sequence[Any]) -> int:
    """The index of the largest argument, the first of equals."""
    return max(range(len(args)), key=lambda i: (args[i], -i))


def half_away(x: Fraction) -> int:
    """The nearest integer; a tie goes away from zero."""
    size = (2 * abs(x.numerator) + x.denominator) // (2 * x.denominator)
    return size if x > 0 else -size


def shown(value: Any) -> str:
    """A number in a message, with a true minus sign."""
    text = str(value).replace("-", "−")
    return text if len(text) <= 40 else text[:37] + "…"
