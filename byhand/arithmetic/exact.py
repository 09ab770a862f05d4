"""Exact fractions: the number system in which a root, power or sine that is not rational is an error."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from byhand.arithmetic.domain import (
    MOST_BITS,
    Domain,
    LeavesDomainError,
    NotRealError,
    ValueOf,
    first_largest,
    is_neg_inf,
    shown,
)
from byhand.arithmetic.expr import Expr, evaluate

fraction = lru_cache(10_000)(Fraction)
TOO_LONG = f"the value has more than {MOST_BITS * 3 // 10} digits, too long to write"
MOST_BITS_WITHIN = 10 * MOST_BITS  # of a number within a cell: what follows may shorten it, and adding takes longer


class Rationals(Domain):
    """Exact fractions, and −∞.

    Raises: LeavesDomainError for a root, power or sine that is not rational.
    """

    name = "exact"
    advice = "use --numbers decimal"

    def num(self, value: Any) -> Any:
        return value if is_neg_inf(value) or isinstance(value, Fraction) else Fraction(value)

    def checked(self, value: Any) -> Any:
        if value.denominator.bit_length() > MOST_BITS_WITHIN:
            raise LeavesDomainError(TOO_LONG)
        return value

    def add(self, a: Any, b: Any) -> Any:
        if type(a) is type(b) is Fraction and a.denominator == b.denominator == 1:  # true of most, and fast
            return fraction(a.numerator + b.numerator)
        return super().add(a, b)

    def mul(self, a: Any, b: Any) -> Any:
        if type(a) is type(b) is Fraction and a.denominator == b.denominator == 1:
            return fraction(a.numerator * b.numerator)
        return super().mul(a, b)

    def function(self, name: str, args: Sequence[Any]) -> Any:
        match name, *args:
            case "pow", base, exponent:
                return self._power(base, exponent)
            case "sqrt", x:
                return self._root(x)
            case "log", base, x:
                return self._logarithm(base, x)
            case "max", _, *_:
                return max(args)
            case "argmax", _, *_:
                return Fraction(first_largest(args))
            case (("sin" | "gelu" | "erf"), 0):
                return Fraction(0)
            case "cos", 0:
                return Fraction(1)
            case "sinpi", x:
                return self._sine_of_half_turns(x, f"sin({shown(x)}·π)")
            case "cospi", x:
                return self._sine_of_half_turns(x + Fraction(1, 2), f"cos({shown(x)}·π)")
            case (("sin" | "cos" | "gelu" | "erf"), x):
                raise LeavesDomainError(f"{name}({shown(x)}) is not a rational number")
            case (("e" | "pi"),):
                raise LeavesDomainError(f"{name} is not a rational number")
            case _:
                raise TypeError(f"no function {name!r} of {len(args)} arguments")

    def settle(self, node: Expr, values: ValueOf) -> Any:
        return writable(evaluate(node, values, self))

    def _power(self, base: Fraction, exponent: Fraction) -> Fraction:
        what = f"{shown(base)}^({shown(exponent)})"
        if base < 0 and exponent.denominator != 1:
            raise NotRealError(f"{what} is not a real number")
        size = max(abs(base.numerator), base.denominator)
        if abs(exponent) * (size.bit_length() - 1) > MOST_BITS:
            raise LeavesDomainError(f"{what} is too long to write")
        if exponent.denominator == 1:
            return base**exponent.numerator
        return _root_of(base, exponent.denominator, what) ** exponent.numerator

    def _root(self, x: Fraction) -> Fraction:
        if x < 0:
            raise NotRealError(f"√({shown(x)}) is not a real number")
        return _root_of(x, 2, f"√({shown(x)})")

    def _logarithm(self, base: Fraction, x: Fraction) -> Fraction:
        """The logarithm of x, if it is a whole number. The base is a whole number above 1."""
        what = f"log {shown(base)} of {shown(x)}"
        if x <= 0:
            raise NotRealError(f"{what} is not a real number")
        power, exponent = Fraction(1), 0
        while power < max(x, 1 / x):
            power, exponent = power * base, exponent + 1
        if power != max(x, 1 / x):
            raise LeavesDomainError(f"{what} is not a whole number")
        return Fraction(exponent if x > 1 else -exponent)

    def _sine_of_half_turns(self, x: Fraction, what: str) -> Fraction:
        """sin(πx); by Niven's theorem rational only at 0, ±1/2 and ±1."""
        sines = {0: 0, 1: 1, 3: 2, 5: 1, 6: 0, 7: -1, 9: -2, 11: -1}
        sixths = (x * 6) % 12
        if sixths not in sines:
            raise LeavesDomainError(f"{what} is not a rational number")
        return Fraction(sines[int(sixths)], 2)


def _root_of(x: Fraction, degree: int, what: str) -> Fraction:
    """The root of a fraction. what: its name in an error.

    Raises: LeavesDomainError where it is not rational.
    """
    n, d = exact_root(x.numerator, degree), exact_root(x.denominator, degree)
    if n is None or d is None:
        raise LeavesDomainError(f"{what} is not a rational number")
    return Fraction(n, d)


def exact_root(n: int, degree: int) -> int | None:
    """The root of a whole number n ≥ 0, by bisection; None if it is no whole number: `exact_root(1000, 3)` is 10."""
    if n < 2:
        return n
    low, high = 1, 1 << (n.bit_length() // degree + 1)
    while degree < n.bit_length() and low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= n else (low, middle - 1)
    return low if low**degree == n else None


def writable(value: Any) -> Any:
    """An exact value, unchanged.

    Raises: LeavesDomainError where it is too long to write.
    """
    if not is_neg_inf(value) and max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        raise LeavesDomainError(TOO_LONG)
    return value


RATIONALS = Rationals()
