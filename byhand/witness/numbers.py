"""The number systems of the witness: exact fractions, and floating point of sixty digits. −∞ is the float."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any

NEG_INF = float("-inf")
DIGITS = 60
MOST_BITS = 100_000  # of an exact power, or before or behind the point: no recorded number has as many
_EXACT_TYPES = frozenset({int, Fraction})
TOLERANCE = Fraction(1, 10**40)  # of sixty digits, relative to 1 + |x|: far more than rounding errors add up to


class IrrationalError(ArithmeticError):
    """A number that is not rational, so that it has to be computed to sixty digits."""


class Exact:
    """Exact integers and fractions.

    Raises: IrrationalError where a result is not rational.
    """

    def num(self, value: Any) -> Any:
        """The number itself."""
        return value

    def over(self, a: Any, b: Any) -> Any:
        """a ÷ b."""
        return a if isinstance(a, float) and a == NEG_INF and b > 0 else quotient(a, b)

    def power(self, base: Any, x: Any) -> Any:
        """base to the x; base may be "e"."""
        if x == NEG_INF:
            return 0
        if base == "e":
            return 1 if x == 0 else _irrational()
        size = max(abs(base.numerator), base.denominator)
        if abs(x) * (size.bit_length() - 1) > MOST_BITS:
            return _irrational()
        root = Fraction(base) if x.denominator == 1 else self._root(Fraction(base), x.denominator)
        return root**x.numerator

    def root(self, x: Any) -> Any:
        """√x."""
        return self._root(Fraction(x), 2)

    def sine(self, x: Any) -> Any:
        """sin x."""
        return 0 if x == 0 else _irrational()

    def cosine(self, x: Any) -> Any:
        """cos x."""
        return 1 if x == 0 else _irrational()

    def sine_of_turns(self, x: Any) -> Any:
        """The sine of x turns: a fraction at some twelfths of a turn only."""
        twice = 2 * math.sin(2 * math.pi * float(x % 1))
        if Fraction(12 * x).denominator == 1 and abs(twice - round(twice)) < 1e-9:
            return Fraction(round(twice), 2)
        return _irrational()

    def error_function(self, x: Any) -> Any:
        """erf x."""
        return 0 if x == 0 else _irrational()

    def complementary_error_function(self, x: Any) -> Any:
        """1 − erf x."""
        return 1 if x == 0 else _irrational()

    def logarithm(self, x: Any, base: Any = "e") -> Any:
        """The logarithm of x: the exponent for which the power of the base is x."""
        if x == 1:
            return 0
        if base == "e" or x < 0:
            return _irrational()
        exponent = round((math.log(x.numerator) - math.log(x.denominator)) / math.log(base))
        return exponent if exponent and Fraction(base) ** exponent == x else _irrational()

    def half_turn(self) -> Any:
        """π."""
        return _irrational()

    def _root(self, x: Fraction, degree: int) -> Fraction:
        parts = [_whole_root(n, degree) for n in (x.numerator, x.denominator)]
        return Fraction(*parts) if None not in parts else _irrational()  # type: ignore[arg-type]


class Digits:
    """Floating point of sixty digits."""

    def __init__(self) -> None:
        import mpmath

        self.mp = mpmath.mp.clone()
        self.mp.dps = DIGITS

    def num(self, value: Any) -> Any:
        if isinstance(value, Fraction):
            return self.mp.mpf(value.numerator) / value.denominator
        return self.mp.mpf(value)

    def over(self, a: Any, b: Any) -> Any:
        return self.num(a) / self.num(b)

    def power(self, base: Any, x: Any) -> Any:
        return self.mp.exp(x) if base == "e" else self.mp.power(self.num(base), self.num(x))

    def root(self, x: Any) -> Any:
        return self.mp.sqrt(self.num(x))

    def sine(self, x: Any) -> Any:
        return self.mp.sin(self.num(x))

    def cosine(self, x: Any) -> Any:
        return self.mp.cos(self.num(x))

    def sine_of_turns(self, x: Any) -> Any:
        return self.mp.sinpi(2 * self.num(x))

    def error_function(self, x: Any) -> Any:
        return self.mp.erf(self.num(x))

    def complementary_error_function(self, x: Any) -> Any:
        return self.mp.erfc(self.num(x))

    def logarithm(self, x: Any, base: Any = "e") -> Any:
        return self.mp.log(self.num(x), *(() if base == "e" else (base,)))

    def half_turn(self) -> Any:
        return +self.mp.pi


Numbers = Exact | Digits
EXACT = Exact()


@cache
def digits() -> Digits:
    """The number system of sixty digits, memoised. Exact runs do not need it, and never import mpmath."""
    return Digits()


def _irrational() -> Any:
    raise IrrationalError


def _whole_root(n: int, degree: int) -> int | None:
    """The whole number whose power is n, if there is one, by Newton's method."""
    if n < 0:
        return None
    if degree == 1 or n < 2:
        return n
    if degree >= n.bit_length():
        return None
    above = 1 << (n.bit_length() // degree + 1)
    while (lower := ((degree - 1) * above + n // above ** (degree - 1)) // degree) < above:
        above = lower
    return above if above**degree == n else None


def fraction(value: Any) -> Fraction:
    """A finite number as the fraction that it exactly is; beyond MOST_BITS, as another one beyond them."""
    if isinstance(value, int | float | Fraction):
        return Fraction(value)
    size, exponent = value.man_exp
    exponent = max(-MOST_BITS, min(int(exponent), MOST_BITS))
    return (-1 if value < 0 else 1) * Fraction(int(size)) * Fraction(2) ** exponent


def quotient(a: Any, b: Any) -> int | Fraction:
    """a ÷ b, as an int where whole numbers give one: to compute with a Fraction takes ten times as long."""
    return a // b if type(a) is int and type(b) is int and a % b == 0 else Fraction(a, b)


def is_exact(value: Any) -> bool:
    """Whether a number is known exactly."""
    return type(value) in _EXACT_TYPES or value == NEG_INF  # isinstance would ask Fraction's abstract base


def are_exact(matrices: Iterable[Iterable[Iterable[Any]]]) -> bool:
    """Whether all numbers of matrices are known exactly."""
    others = {x for rows in matrices for row in rows for x in row if type(x) not in _EXACT_TYPES}
    return others <= {NEG_INF}


def rounds_to(value: Any, recorded: Any, places: int) -> bool:
    """Whether a recorded number is this number, rounded to the places, ties away from 0."""
    if NEG_INF in (value, recorded):
        return bool(value == recorded)
    true, unit = fraction(value), Fraction(1, 10**places)
    if (recorded / unit).denominator != 1:
        return False
    if is_exact(value):
        size = math.floor(abs(true) / unit + Fraction(1, 2)) * unit
        return bool(recorded == (size if true > 0 else -size))
    return bool(abs(true - recorded) <= unit / 2 + TOLERANCE * (1 + abs(true)))


def is_close(value: Any, recorded: Any, tolerance: Any) -> bool:
    """Whether two numbers are the same, or differ by rounding errors only."""
    if NEG_INF in (value, recorded):
        return bool(value == recorded)
    return bool(abs(fraction(value) - fraction(recorded)) <= tolerance * (1 + abs(fraction(value))))


def shown(value: Any) -> str:
    """A number in a message."""
    text = str(value) if is_exact(value) and (value == NEG_INF or abs(value) < 10**DIGITS) else ""
    return text if 0 < len(text) <= DIGITS else digits().mp.nstr(digits().num(getattr(value, "value", value)), 12)
