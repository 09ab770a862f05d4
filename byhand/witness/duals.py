"""Dual numbers over the witness's number systems: a value, and how fast it changes with the cells that are moved.

A tangent is sparse: for each cell and each power of ln b its coefficient, so that 3 + 2 ln b is {0: 3, 1: 2} of a
cell. b is the base of the run's powers. So all derivatives of exact numbers are exact, in every whole base.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from byhand.witness.numbers import EXACT, IrrationalError, Numbers

UNKNOWN = math.nan  # a logarithm that is no fraction: of a loss only the tangent is asked for
Tangent = dict[tuple[Any, int], Any]


class Dual:
    """A number with its tangent. Numbers are compared by their values."""

    __slots__ = ("tangent", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any, tangent: Tangent) -> None:
        self.value, self.tangent = value, tangent

    def __add__(self, other: Any) -> Dual:
        value, tangent = _parts(other)
        return Dual(self.value + value, _sum(self.tangent, tangent))

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, _times(self.tangent, -1))

    def __sub__(self, other: Any) -> Dual:
        value, tangent = _parts(other)
        return Dual(self.value - value, _sum(self.tangent, _times(tangent, -1)))

    def __mul__(self, other: Any) -> Dual:
        value, tangent = _parts(other)
        return Dual(self.value * value, _sum(_times(self.tangent, value), _times(tangent, self.value)))

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        return bool(self.value == _parts(other)[0])

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < _parts(other)[0])

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > _parts(other)[0])


class Duals:
    """The number system of duals over another one.

    base: b.

    Raises: IrrationalError where a tangent of exact numbers has the logarithm of another base than b.
    """

    def __init__(self, of: Numbers, base: Any) -> None:
        self.of, self.base = of, base

    def num(self, value: Any) -> Dual:
        """The number itself; one without a tangent is a constant."""
        return value if isinstance(value, Dual) else Dual(self.of.num(value), {})

    def over(self, a: Any, b: Any) -> Dual:
        """a ÷ b, with (a' − (a ÷ b) b') ÷ b."""
        a, b = self.num(a), self.num(b)
        is_known = not (isinstance(a.value, float) and math.isnan(a.value))
        value = self.of.over(a.value, b.value) if is_known else UNKNOWN
        tangent = _sum(a.tangent, _times(b.tangent, -value)) if b.tangent else a.tangent
        return self._of(value, tangent, lambda: self.of.over(1, b.value))

    def power(self, base: Any, x: Any) -> Dual:
        """base to the x, with ln base · base^x · x'; base may be "e"."""
        x, base = self.num(x), _parts(base)[0]
        value = self.of.power(base, x.value)
        return Dual(value, self.by_logarithm(_times(x.tangent, value), base, 1))

    def root(self, x: Any) -> Dual:
        """√x, with x' ÷ 2√x."""
        x = self.num(x)
        value = self.of.root(x.value)
        return self._of(value, x.tangent, lambda: self.of.over(1, 2 * value))

    def sine(self, x: Any) -> Dual:
        """sin x, with cos x · x'."""
        x = self.num(x)
        return self._of(self.of.sine(x.value), x.tangent, lambda: self.of.cosine(x.value))

    def cosine(self, x: Any) -> Dual:
        """cos x, with −sin x · x'."""
        x = self.num(x)
        return self._of(self.of.cosine(x.value), x.tangent, lambda: -self.of.sine(x.value))

    def sine_of_turns(self, x: Any) -> Dual:
        """The sine of x turns; how many is part of a model, and so constant."""
        return Dual(self.of.sine_of_turns(x), {})

    def error_function(self, x: Any) -> Dual:
        """erf x, with 2 e^(−x²) ÷ √π · x'."""
        x = self.num(x)
        return self._of(self.of.error_function(x.value), x.tangent, lambda: self._bell(x.value))

    def complementary_error_function(self, x: Any) -> Dual:
        """1 − erf x."""
        x = self.num(x)
        return self._of(self.of.complementary_error_function(x.value), x.tangent, lambda: -self._bell(x.value))

    def logarithm(self, x: Any, base: Any = "e") -> Dual:
        """The logarithm of x, with x' ÷ (x ln base)."""
        x = self.num(x)
        tangent = self.by_logarithm(x.tangent, base, -1)
        try:
            value = self.of.logarithm(x.value, base)
        except IrrationalError:
            value = UNKNOWN
        return self._of(value, tangent, lambda: self.of.over(1, x.value))

    def by_logarithm(self, tangent: Tangent, base: Any, power: int) -> Tangent:
        """A tangent times a power of ln base."""
        if base == "e" or not (tangent and power):
            return tangent
        if base == self.base:
            return {(cell, known + power): x for (cell, known), x in tangent.items()}
        if self.of is EXACT:
            raise IrrationalError(f"as it has ln {base}, where powers have the base {self.base}")
        return _times(tangent, self.of.logarithm(base) ** power)

    def half_turn(self) -> Dual:
        """π."""
        return Dual(self.of.half_turn(), {})

    def _of(self, value: Any, tangent: Tangent, slope: Callable[[], Any]) -> Dual:
        """The value of a function of a number with this tangent, where the function has this slope."""
        return Dual(value, _times(tangent, slope()) if tangent else tangent)

    def _bell(self, x: Any) -> Any:
        """The slope of erf."""
        return self.of.over(2 * self.of.power("e", -x * x), self.of.root(self.of.half_turn()))


def _parts(x: Any) -> tuple[Any, Tangent]:
    return (x.value, x.tangent) if isinstance(x, Dual) else (x, {})


def _sum(a: Tangent, b: Tangent) -> Tangent:
    if not (a and b):
        return a or b
    total = dict(a)
    for key, x in b.items():
        total[key] = total[key] + x if key in total else x
    return total


def _times(tangent: Tangent, factor: Any) -> Tangent:
    return {key: x * factor for key, x in tangent.items()} if tangent and factor else {}
