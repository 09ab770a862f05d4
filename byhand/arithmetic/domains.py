"""Number systems: what a tree's value is. Exact rationals, float64 and classroom decimals; see also symbols
(letters and surds) and intervals.

A domain gives the value of a number, of the four operations and of each named function, and `settle`: the
value that is recorded for a cell. −∞ is exact in every domain: it may be added to, compared, and raised to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from byhand.arithmetic.expr import NEG_INF, Expr, Ref, evaluate

Lookup = Callable[[Ref], Any]
LARGEST_POWER = 100_000  # bits of an exact power; beyond, no one can write the number


class LeavesDomainError(ArithmeticError):
    """A value that the number system does not have; the tape adds the step and the cell."""


class Domain:
    """A number system. Subclasses give `num`, the four operations and `fn`."""

    name: str
    advice = "use --numbers decimal"

    def num(self, value: Any) -> Any:
        """The domain's own value of an exact number (int, Fraction, Decimal, −∞)."""
        raise NotImplementedError

    def letter(self, name: str) -> Any:
        """The value of a letter."""
        raise LeavesDomainError(f"the letter {name!r} is not a number; use --numbers symbolic")

    def add(self, a: Any, b: Any) -> Any:
        return a + b

    def sub(self, a: Any, b: Any) -> Any:
        return a - b

    def mul(self, a: Any, b: Any) -> Any:
        return a * b

    def div(self, a: Any, b: Any) -> Any:
        return a / b

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        """The value of a named function."""
        raise NotImplementedError

    def settle(self, node: Expr, values: Lookup) -> Any:
        """The value that is recorded for a cell."""
        return evaluate(node, values, self)


def first_largest(args: Sequence[Any]) -> int:
    """The index of the largest argument, the first of equals."""
    return max(range(len(args)), key=lambda i: (args[i], -i))


class Rationals(Domain):
    """Exact fractions, and −∞.

    Raises: LeavesDomainError for a root, power or sine that is not rational.
    """

    name = "exact"
    advice = "use --numbers decimal, or symbolic"

    def num(self, value: Any) -> Any:
        return value if value == NEG_INF else Fraction(value)

    def _finite(self, a: Any, b: Any, what: str) -> None:
        if a == NEG_INF or b == NEG_INF:
            raise LeavesDomainError(f"−∞ has no place in a {what}")

    def add(self, a: Any, b: Any) -> Any:
        return NEG_INF if a == NEG_INF or b == NEG_INF else a + b

    def sub(self, a: Any, b: Any) -> Any:
        if b == NEG_INF:
            raise LeavesDomainError("−∞ cannot be subtracted")
        return NEG_INF if a == NEG_INF else a - b

    def mul(self, a: Any, b: Any) -> Any:
        self._finite(a, b, "product")
        return a * b

    def div(self, a: Any, b: Any) -> Any:
        if a == NEG_INF and b != NEG_INF and b > 0:
            return NEG_INF
        self._finite(a, b, "quotient")
        return a / b

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        match name, *args:
            case "pow", base, exponent:
                return self._power(base, exponent)
            case "sqrt", x:
                return self._root(x)
            case "max", *_:
                return max(args)
            case "argmax", *_:
                return Fraction(first_largest(args))
            case (("sin" | "gelu"), 0):
                return Fraction(0)
            case "cos", 0:
                return Fraction(1)
            case "sinpi", x:
                return self._sine_of_half_turns(x)
            case "cospi", x:
                return self._sine_of_half_turns(x + Fraction(1, 2))
            case (("sin" | "cos" | "gelu"), x):
                raise LeavesDomainError(f"{name}({x}) is not a rational number")
            case ("e",):
                raise LeavesDomainError("e is not a rational number")
            case _:
                raise TypeError(f"no function {name!r} of {len(args)} arguments")

    def _power(self, base: Fraction, exponent: Any) -> Fraction:
        if exponent == NEG_INF and base > 1:
            return Fraction(0)
        self._finite(base, exponent, "power")
        if exponent.denominator != 1:
            raise LeavesDomainError(f"{base}^({exponent}) is not a rational number")
        size = max(abs(base.numerator), base.denominator).bit_length()
        if abs(exponent) * size > LARGEST_POWER:
            raise LeavesDomainError(f"{base}^({exponent}) is too long to write")
        return Fraction(base) ** int(exponent)

    def _root(self, x: Fraction) -> Fraction:
        self._finite(x, 0, "root")
        if x < 0:
            raise LeavesDomainError(f"√({x}) is not a real number")
        n, d = math.isqrt(x.numerator), math.isqrt(x.denominator)
        if n * n != x.numerator or d * d != x.denominator:
            raise LeavesDomainError(f"√({x}) is not a rational number")
        return Fraction(n, d)

    def _sine_of_half_turns(self, x: Fraction) -> Fraction:
        """sin(πx); by Niven's theorem rational only at 0, ±1/2 and ±1."""
        sines = {0: 0, 1: 1, 3: 2, 5: 1, 6: 0, 7: -1, 9: -2, 11: -1}
        sixths = (x * 6) % 12
        if sixths not in sines:
            raise LeavesDomainError(f"sin({x}·π) is not a rational number")
        return Fraction(sines[int(sixths)], 2)


class Floats(Domain):
    """IEEE float64."""

    name = "float"

    def num(self, value: Any) -> float:
        return float(value)

    def div(self, a: float, b: float) -> float:
        if b == 0:
            raise ZeroDivisionError
        return a / b

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        match name, *args:
            case "pow", base, exponent:
                return base**exponent
            case "sqrt", x:
                return math.sqrt(x)
            case "max", *_:
                return max(args)
            case "argmax", *_:
                return float(first_largest(args))
            case "sin", x:
                return math.sin(x)
            case "cos", x:
                return math.cos(x)
            case "sinpi", x:
                return math.sin(math.pi * x)
            case "cospi", x:
                return math.cos(math.pi * x)
            case "gelu", x:
                return x * (1 + math.erf(x / math.sqrt(2))) / 2
            case ("e",):
                return math.e
            case _:
                raise TypeError(f"no function {name!r} of {len(args)} arguments")

    def settle(self, node: Expr, values: Lookup) -> float:
        try:
            value: float = evaluate(node, values, self)
        except (OverflowError, ValueError) as error:
            raise LeavesDomainError(f"no float64: {error}") from error
        if math.isnan(value) or value == math.inf:
            raise LeavesDomainError(f"the result is {value}")
        return value


class Decimals(Domain):
    """Classroom decimals: each recorded cell is rounded to n places, and the next step carries it.

    A tie goes away from zero. The arithmetic within a cell is exact where it is rational and enclosed by
    intervals of growing precision where not, so that a digit is right however close the value is to a tie.
    A value that needs no rounding keeps its own digits (1/2 is 0.5); a rounded one shows all n (0.50).
    """

    name = "decimal"

    def __init__(self, places: int = 2) -> None:
        self.places = places

    def num(self, value: Any) -> Any:
        """Exact: a given number is not rounded. A fraction without an end, as 1/3, is."""
        if value == NEG_INF:
            return value
        exact = terminating(Fraction(value))
        return self._rounded(Fraction(value)) if exact is None else exact

    def settle(self, node: Expr, values: Lookup) -> Any:
        def exact(ref: Ref) -> Any:
            return RATIONALS.num(values(ref))

        try:
            value = evaluate(node, exact, RATIONALS)
        except LeavesDomainError as error:
            from byhand.arithmetic.intervals import rounded

            return decimal_of(rounded(node, exact, self.places, error), self.places)
        return value if value == NEG_INF else self._rounded(value)

    def _rounded(self, value: Fraction) -> Decimal:
        scaled = value * 10**self.places
        exact = terminating(value) if scaled.denominator == 1 else None
        return decimal_of(half_away(scaled), self.places) if exact is None else exact


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


def half_away(x: Fraction) -> int:
    """The nearest integer; a tie goes away from zero."""
    size = (2 * abs(x.numerator) + x.denominator) // (2 * x.denominator)
    return size if x > 0 else -size


RATIONALS = Rationals()
FLOATS = Floats()
