"""The fractions of many copies at once, as int64 arrays. Results are exact, or None where they could exceed 64
bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from byhand.arithmetic.exact import RATIONALS, fraction

if TYPE_CHECKING:
    import numpy as np

LARGEST = 2**62  # the largest numerator, denominator or product of them: the sum of two then fits 64 bits
_MINUS_ONE = Fraction(-1)


class Fractions(Struct, frozen=True, eq=False):
    """A fraction for each copy, in lowest terms."""

    numerator: np.ndarray
    """An array (copies)."""
    denominator: Any
    """An array (copies), or the int 1 if all fractions are whole numbers."""
    bound: int
    """A number that no numerator or denominator exceeds in absolute value."""

    @classmethod
    def of(cls, values: Sequence[Any]) -> Fractions | None:
        """The values as fractions; None if one of them is infinite, too large, or no rational number."""
        import numpy as np  # heavy, and only a class needs it

        if not all(isinstance(x, int | Fraction | Decimal) for x in values):
            return None
        numerators, denominators = zip(*(x.as_integer_ratio() for x in values), strict=True)
        if max(*map(abs, numerators), *denominators) > LARGEST:
            return None
        return _reduced(np.array(numerators, np.int64), np.array(denominators, np.int64))

    def at(self, places: np.ndarray) -> Fractions:
        """The fractions at these places."""
        whole = isinstance(self.denominator, int)
        return Fractions(self.numerator[places], 1 if whole else self.denominator[places], self.bound)

    def distinct(self) -> tuple[tuple[Fraction, ...], np.ndarray] | None:
        """The different fractions, and for each copy the place of its fraction among them; None if that takes more
        than 64 bits.
        """
        import numpy as np

        if isinstance(self.denominator, int):
            numbers, codes = np.unique(self.numerator, return_inverse=True)
            return tuple(map(fraction, numbers.tolist())), codes
        step = int(self.denominator.max()) + 1
        if step * (self.bound + 1) > LARGEST:
            return None
        numbers, codes = np.unique(self.numerator * step + self.denominator, return_inverse=True)
        return tuple(map(fraction, (numbers // step).tolist(), (numbers % step).tolist())), codes


Result = Fractions | Fraction | None


class Int64:
    """The arithmetic of `Fractions`, and of a `Fraction` that all copies share. A result is None if it could exceed
    64 bits, or if an operand is None.

    In each method, p/q and r/s are the operands, m and n their bounds.
    """

    def num(self, value: Any) -> Result:
        """The fractions of a `Many`, or a number that all copies share; None for anything else."""
        if isinstance(value, Fraction):
            return value
        return fraction(value) if isinstance(value, int) else getattr(value, "fractions", None)

    def add(self, a: Result, b: Result) -> Result:
        if a is None or b is None:
            return None
        if not isinstance(a, Fractions) and not isinstance(b, Fractions):
            return a + b
        (p, q, m), (r, s, n) = parts(a), parts(b)
        if isinstance(q, int) and isinstance(s, int) and q == s == 1:
            return Fractions(p + r, 1, m + n) if m + n <= LARGEST else None
        return _reduced(p * s + r * q, q * s) if 2 * m * n <= LARGEST else None

    def sub(self, a: Result, b: Result) -> Result:
        return self.add(a, self.mul(_MINUS_ONE, b))

    def mul(self, a: Result, b: Result) -> Result:
        if a is None or b is None:
            return None
        if not isinstance(a, Fractions) and not isinstance(b, Fractions):
            return a * b
        (p, q, m), (r, s, n) = parts(a), parts(b)
        if m * n > LARGEST:
            return None
        whole = isinstance(q, int) and isinstance(s, int) and q == s == 1
        return Fractions(p * r, 1, m * n) if whole else _reduced(p * r, q * s)

    def div(self, a: Result, b: Result) -> Result:
        import numpy as np

        if a is None or b is None or (isinstance(b, Fractions) and not b.numerator.all()):
            return None
        if not isinstance(b, Fractions):
            return self.mul(a, 1 / b)
        return self.mul(a, Fractions(np.sign(b.numerator) * b.denominator, abs(b.numerator), b.bound))

    def fn(self, name: str, args: Sequence[Result]) -> Result:
        if any(x is None for x in args):
            return None
        if not any(isinstance(x, Fractions) for x in args):
            result: Fraction = RATIONALS.fn(name, args)
            return result
        if name == "pow" and not isinstance(args[1], Fractions) and args[1] == 2:
            return self.mul(args[0], args[0])
        return None


INT64 = Int64()


def parts(value: Fractions | Fraction) -> tuple[Any, Any, int]:
    """Numerator, denominator and bound."""
    if isinstance(value, Fractions):
        return value.numerator, value.denominator, value.bound
    numerator, denominator = value.as_integer_ratio()
    return numerator, denominator, max(abs(numerator), denominator)


def _reduced(numerator: Any, denominator: Any) -> Fractions:
    """Fractions in lowest terms."""
    import numpy as np

    divisor = np.gcd(numerator, denominator)
    numerator, denominator = numerator // divisor, denominator // divisor
    if (denominator == 1).all():
        return Fractions(numerator, 1, max(1, int(abs(numerator).max())))
    return Fractions(numerator, denominator, int(max(abs(numerator).max(), denominator.max())))
