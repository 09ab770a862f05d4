"""Numbers as float64 computes them: each with a bound on its rounding errors, whatever the order of its sums.

Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, sections 2.2 and 3.1.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

from msgspec import Struct

from byhand.witness.numbers import NEG_INF, digits

UNIT = Fraction(1, 2**53)  # the unit roundoff u
SMALLEST = Fraction(1, 2**1022)  # the smallest normal number: errors of smaller ones are as large as its error
LIBRARY = (
    16  # the error of a function of a C library, in roundings: glibc's err by up to 5 ulp, which is 10 roundings
)


class Bounded(Struct, frozen=True):
    """A number with a bound on the error of float64: γ(roundings) · size, where γ(n) = n u / (1 − n u)."""

    value: Any
    """The number, to sixty digits."""
    size: Any
    """The sum of the absolute values of all terms, so that cancellation does not make the bound smaller."""
    roundings: int
    """How often a term was rounded."""

    def __add__(self, other: Any) -> Any:
        other = FLOAT64.num(other)
        if isinstance(other, float):
            return NEG_INF
        if not other.size or not self.size:  # adding 0 rounds nothing
            return self if self.size else other
        most = max(self.roundings, other.roundings)
        return Bounded(self.value + other.value, self.size + other.size, most + 1)

    __radd__ = __add__

    def __neg__(self) -> Bounded:
        return Bounded(-self.value, self.size, self.roundings)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __mul__(self, other: Any) -> Bounded:
        other = FLOAT64.num(other)
        return _bounded(self.value * other.value, self.size * other.size, self.roundings + other.roundings + 1)

    __rmul__ = __mul__

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > getattr(other, "value", other))

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < getattr(other, "value", other))

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)


class Float64:
    """The number system of float64 with bounds. The error of f(x) is that of its own rounding, and |f'(x)| times that
    of x.
    """

    def num(self, value: Any) -> Any:
        if isinstance(value, Bounded) or value == NEG_INF:
            return value
        number = digits().num(value)
        return Bounded(number, abs(number), int(Fraction(float(value)) != value))

    def over(self, a: Any, b: Any) -> Any:
        a, b = self.num(a), self.num(b)
        if a == NEG_INF and b > 0:
            return NEG_INF
        return _bounded(a.value / b.value, a.size * b.size / b.value**2, a.roundings + b.roundings + 1)

    def power(self, base: Any, x: Any) -> Any:
        if x == NEG_INF:
            return 0
        mp, x = digits().mp, self.num(x)
        b = self._rounded(+mp.e) if base == "e" else self.num(base)
        value = mp.exp(x.value) if base == "e" else mp.power(b.value, x.value)
        size = 1 + abs(mp.log(b.value)) * x.size + abs(x.value / b.value) * b.size
        return _bounded(value, abs(value) * size, max(x.roundings, b.roundings) + LIBRARY)

    def root(self, x: Any) -> Bounded:
        x = self.num(x)
        value = digits().mp.sqrt(x.value)
        return self._of(x, value, 1 / (2 * value) if value else 0)

    def sine(self, x: Any) -> Bounded:
        x = self.num(x)
        return self._of(x, digits().mp.sin(x.value), 1)

    def cosine(self, x: Any) -> Bounded:
        x = self.num(x)
        return self._of(x, digits().mp.cos(x.value), 1)

    def sine_of_turns(self, x: Any) -> Bounded:
        angle = 2 * self.half_turn() * self.num(x)
        return self._of(angle, digits().sine_of_turns(x), 1)

    def error_function(self, x: Any) -> Bounded:
        x = self.num(x)
        return self._of(x, digits().error_function(x.value), 2 * digits().mp.exp(-(x.value**2)))

    def complementary_error_function(self, x: Any) -> Bounded:
        x = self.num(x)
        return self._of(x, digits().complementary_error_function(x.value), 2 * digits().mp.exp(-(x.value**2)))

    def logarithm(self, x: Any, base: Any = "e") -> Bounded:
        """Computed as the quotient of two logarithms."""
        x, mp = self.num(x), digits().mp
        divisor = mp.log(mp.e if base == "e" else base)
        value = mp.log(x.value) / divisor
        return _bounded(value, abs(value) + x.size / abs(x.value * divisor), x.roundings + 2 * LIBRARY + 1)

    def half_turn(self) -> Bounded:
        return self._rounded(digits().half_turn())

    def _rounded(self, constant: Any) -> Bounded:
        return Bounded(constant, constant, 1)

    def _of(self, x: Bounded, value: Any, slope: Any) -> Bounded:
        """The value of a function at x, where it has this slope."""
        return _bounded(value, abs(value) + abs(slope) * x.size, x.roundings + LIBRARY)


FLOAT64 = Float64()


def read(text: str) -> Fraction | float:
    """The number that a text stands for in float64."""
    return NEG_INF if text == "-inf" else Fraction(float(text))


def is_rounded(value: Any, recorded: Any) -> bool:
    """Whether float64 may have recorded this for a number."""
    if not isinstance(value, Bounded) or recorded == NEG_INF:
        return bool(value == recorded)
    errors = value.roundings * UNIT
    bound = digits().num(errors / (1 - errors)) * value.size
    return bool(abs(value.value - digits().num(recorded)) <= bound)


def _bounded(value: Any, size: Any, roundings: int) -> Bounded:
    return Bounded(value, max(size, _smallest()) if size else size, roundings)


@cache
def _smallest() -> Any:
    return digits().num(SMALLEST)
