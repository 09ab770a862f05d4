"""Number systems for values that are printed: exact rationals, float64 and classroom decimals.

See also symbols (letters and surds) and intervals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from byhand.arithmetic.domain import Domain as Domain
from byhand.arithmetic.domain import LeavesDomainError, Lookup, NotRealError, first_largest, is_neg_inf, shown
from byhand.arithmetic.expr import NEG_INF, Expr, Ref, evaluate
from byhand.errors import ConfigError

LARGEST = 10_000  # bits of a number; beyond, no one can write it
MOST_PLACES = 50


class Rationals(Domain):
    """Exact fractions, and −∞.

    Raises: LeavesDomainError for a root, power or sine that is not rational.
    """

    name = "exact"
    rule = "Exact fractions."
    advice = "use --numbers decimal"

    def num(self, value: Any) -> Any:
        return value if is_neg_inf(value) or isinstance(value, Fraction) else Fraction(value)

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

    def settle(self, node: Expr, values: Lookup) -> Any:
        return writable(evaluate(node, values, self))

    def _power(self, base: Fraction, exponent: Fraction) -> Fraction:
        what = f"{shown(base)}^({shown(exponent)})"
        if base < 0 and exponent.denominator != 1:
            raise NotRealError(f"{what} is not a real number")
        size = max(abs(base.numerator), base.denominator)
        if abs(exponent) * (size.bit_length() - 1) > LARGEST:
            raise LeavesDomainError(f"{what} is too long to write")
        if exponent.denominator == 1:
            return base**exponent.numerator
        return _root_of(base, exponent.denominator, what) ** exponent.numerator

    def _root(self, x: Fraction) -> Fraction:
        if x < 0:
            raise NotRealError(f"√({shown(x)}) is not a real number")
        return _root_of(x, 2, f"√({shown(x)})")

    def _logarithm(self, base: Fraction, x: Fraction) -> Fraction:
        """The whole number whose power of the base, a whole number above 1, is x."""
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
    n, d = exact_root(x.numerator, degree), exact_root(x.denominator, degree)
    if n is None or d is None:
        raise LeavesDomainError(f"{what} is not a rational number")
    return Fraction(n, d)


def exact_root(n: int, degree: int) -> int | None:
    """The whole number whose power is n ≥ 0, if there is one: `exact_root(1000, 3)` is 10."""
    if n < 2:
        return n
    low, high = 1, 1 << (n.bit_length() // degree + 1)
    while degree < n.bit_length() and low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= n else (low, middle - 1)
    return low if low**degree == n else None


class Floats(Domain):
    """IEEE float64, and −∞; no other infinity and no NaN."""

    name = "float"

    def num(self, value: Any) -> float:
        if value == NEG_INF:
            return NEG_INF
        try:
            return self.kept(float(value))
        except OverflowError:
            return self.kept(math.inf)

    def kept(self, value: float) -> float:
        if not math.isfinite(value):
            raise LeavesDomainError("the value is too large for float64")
        return value

    def function(self, name: str, args: Sequence[Any]) -> Any:
        match name, *args:
            case "pow", base, exponent:
                return self._power(base, exponent)
            case "sqrt", x:
                if x < 0:
                    raise NotRealError(f"√({shown(x)}) is not a real number")
                return math.sqrt(x)
            case "log", base, x:
                if x <= 0:
                    raise NotRealError(f"log({shown(x)}) is not a real number")
                return math.log2(x) if base == 2 else math.log(x) / math.log(base)
            case "max", _, *_:
                return max(args)
            case "argmax", _, *_:
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
                return x * math.erfc(-x / math.sqrt(2)) / 2
            case "erf", x:
                return math.erf(x)
            case ("e",):
                return math.e
            case ("pi",):
                return math.pi
            case _:
                raise TypeError(f"no function {name!r} of {len(args)} arguments")

    def _power(self, base: float, exponent: float) -> float:
        if base < 0 and not exponent.is_integer():
            raise NotRealError(f"{shown(base)}^({shown(exponent)}) is not a real number")
        try:
            result: float = base**exponent
        except OverflowError:
            result = math.inf
        return self.kept(result)


class Decimals(Domain):
    """Classroom decimals: each recorded cell is rounded to n places, and the next step carries it.

    A tie goes away from zero. The arithmetic within a cell is exact where it is rational and enclosed by
    intervals of growing precision where not, so that a digit is right however close the value is to a tie.
    A value that needs no rounding keeps its own digits (1/2 is 0.5); a rounded one shows all n (0.50).

    Raises: ConfigError for a number of places that no one would write.
    """

    name = "decimal"
    rounding = "carry"
    rule = "Round each result to {places} and go on with it; a tie away from 0."
    advice = "use --numbers float, or other numbers"

    def __init__(self, places: int = 2) -> None:
        if not 0 <= places <= MOST_PLACES:
            raise ConfigError(f"places={places} cannot be written; use 0 to {MOST_PLACES}")
        self.places = places
        self.rule = type(self).rule.format(places="1 place" if places == 1 else f"{places} places")

    def details(self) -> dict[str, Any]:
        return {"places": self.places, "rounding": self.rounding}

    def num(self, value: Any) -> Any:
        """Exact: a given number is not rounded. A fraction without an end, as 1/3, is."""
        if value == NEG_INF:
            return NEG_INF
        exact = terminating(Fraction(value))
        return self._rounded(Fraction(value)) if exact is None else exact

    def as_given(self, value: Any) -> Any:
        """Without the zeros that say that it was rounded."""
        given = self.num(value)
        return value if str(given) == str(value) else given

    def settle(self, node: Expr, values: Lookup) -> Any:
        def exact(ref: Ref) -> Any:
            return RATIONALS.num(values(ref))

        try:
            value = evaluate(node, exact, RATIONALS)
        except NotRealError:
            raise
        except LeavesDomainError:
            from byhand.arithmetic.intervals import point, rounded

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


def writable(value: Any) -> Any:
    """An exact value as it is.

    Raises: LeavesDomainError where it is too long to write.
    """
    if not is_neg_inf(value) and max(value.numerator.bit_length(), value.denominator.bit_length()) > LARGEST:
        raise LeavesDomainError(f"the value has more than {LARGEST * 3 // 10} digits, too long to write")
    return value


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
