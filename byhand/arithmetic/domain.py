"""What a number system is: the value of a number, of the four operations and of each named function.

−∞ is the same object, the float, in every number system. Four things may be done with it: add a number to it, divide
it by a positive number, compare it, and take it as an exponent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypedDict

from byhand.arithmetic.expr import NEG_INF, Expr, Ref, Scalar, evaluate

ValueOf = Callable[[Ref], Scalar]
# The largest numerator or denominator, in bits. Longer numbers cannot be written by hand, and take long to compute.
MOST_BITS = 10_000


class LeavesDomainError(ArithmeticError):
    """A value that the number system does not have, such as √2 in exact fractions. The tape adds the step and the
    cell.
    """


class NotRealError(LeavesDomainError):
    """A value that no number system has, such as √−1."""


class Details(TypedDict, total=False):
    """What run.json says about numbers beside the name of their number system. Both are of decimals."""

    places: int
    rounding: str


class Domain:
    """A number system. A subclass has a name and defines `num` and `function`."""

    name: str
    advice = "use --numbers decimal"
    """What to do where the number system ends."""

    def details(self) -> Details:
        """What run.json says about the numbers beside the name of the number system."""
        return Details()

    def num(self, value: Scalar) -> Scalar:
        """The number system's value of an exact number (int, Fraction, Decimal, −∞)."""
        raise NotImplementedError

    def as_given(self, value: Scalar) -> Scalar:
        """The value as a reader of the page knows it: what is printed of it."""
        return value

    def function(self, name: str, args: Sequence[Scalar]) -> Scalar:
        """The value of a named function. Only max and argmax are called with −∞ among the arguments."""
        raise NotImplementedError

    def letter(self, name: str) -> Scalar:
        """The value of a letter."""
        raise LeavesDomainError(f"the letter {name!r} is not a number; use --numbers symbolic")

    def checked(self, value: Scalar) -> Scalar:
        """The result of + − · ÷, unchanged.

        Raises: LeavesDomainError where the number system does not have it.
        """
        return value

    def exceeds(self, a: Scalar, bound: int) -> bool:
        """Whether a value is larger than a whole number, beyond doubt."""
        return bool(a > bound)

    def add(self, a: Scalar, b: Scalar) -> Scalar:
        return NEG_INF if is_neg_inf(a) or is_neg_inf(b) else self.checked(a + b)

    def sub(self, a: Scalar, b: Scalar) -> Scalar:
        if is_neg_inf(b):
            raise NotRealError("−∞ cannot be subtracted")
        return NEG_INF if is_neg_inf(a) else self.checked(a - b)

    def mul(self, a: Scalar, b: Scalar) -> Scalar:
        if is_neg_inf(a) or is_neg_inf(b):
            raise NotRealError("−∞ has no place in a product")
        return self.checked(a * b)

    def div(self, a: Scalar, b: Scalar) -> Scalar:
        if is_neg_inf(a) and not is_neg_inf(b) and self.exceeds(b, 0):
            return NEG_INF
        if is_neg_inf(a) or is_neg_inf(b):
            raise NotRealError("−∞ has no place in a quotient")
        return self.checked(a / b)

    def fn(self, name: str, args: Sequence[Scalar]) -> Scalar:
        """The value of a named function, −∞ included. choose(i, x₀, x₁, …) is xᵢ, in every number system."""
        if name == "choose":
            return args[1 + int(args[0])]
        if name in ("max", "argmax") or not any(is_neg_inf(a) for a in args):
            return self.function(name, args)
        if name == "pow" and not is_neg_inf(args[0]) and self.exceeds(args[0], 1):
            return self.num(0)
        raise NotRealError(f"−∞ has no place in {name}")

    def settle(self, node: Expr, values: ValueOf) -> Scalar:
        """The value of a cell, as it is recorded: classroom decimals round it here."""
        return evaluate(node, values, self)


class Real:
    """An irrational number, kept as its tree, with the values of what the tree reads."""

    def __init__(self, node: Expr, exact: ValueOf) -> None:
        self.node = node
        self.exact = exact
        self._known: dict[int, Scalar] = {}

    def within(self, domain: Domain) -> Scalar:
        """Its value in a number system, memoised: a run reads it many times."""
        if id(domain) not in self._known:
            self._known[id(domain)] = evaluate(self.node, lambda ref: domain.num(self.exact(ref)), domain)
        return self._known[id(domain)]


def is_neg_inf(value: object) -> bool:
    """Whether a value is −∞."""
    return isinstance(value, float) and value == NEG_INF


def first_largest(args: Sequence[Scalar]) -> int:
    """The index of the largest argument; of equal ones, the first."""
    return max(range(len(args)), key=lambda i: (args[i], -i))


def half_away(x: Fraction) -> int:
    """The nearest integer; ties are rounded away from zero."""
    size = (2 * abs(x.numerator) + x.denominator) // (2 * x.denominator)
    return size if x > 0 else -size


def shown(value: object) -> str:
    """A number in a message, with a true minus sign."""
    text = str(value).replace("-", "−").replace("**", "^")
    return text if len(text) <= 40 else text[:37] + "…"
