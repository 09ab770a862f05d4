"""Fractions of many copies at once, as arrays of whole numbers of 64 bits: exact, or `Unfit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from byhand.arithmetic.domain import Domain
from byhand.arithmetic.exact import RATIONALS

if TYPE_CHECKING:
    import numpy as np

MOST = 2**62
fraction = lru_cache(10_000)(Fraction)


class Unfit(Exception):  # noqa: N818
    """No error, but the way out to values one by one: a number is too large, or none."""


@dataclass(frozen=True, eq=False)
class Array:
    """A fraction a copy, in lowest terms. under: 1 where all are whole; most: no number is larger."""

    over: np.ndarray
    under: Any
    most: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> Array:
        """Fractions.

        Raises: Unfit where they are something else.
        """
        import numpy as np

        try:
            over, under = zip(*(x.as_integer_ratio() for x in values), strict=True)
            return _reduced(np.array(over, np.int64), np.array(under, np.int64), 1)
        except (AttributeError, OverflowError):
            raise Unfit from None

    def at(self, places: np.ndarray) -> Array:
        """Those at these places."""
        return Array(self.over[places], self.under if isinstance(self.under, int) else self.under[places], self.most)

    def distinct(self) -> tuple[tuple[Fraction, ...], np.ndarray]:
        """The different ones, and the place of each among them.

        Raises: Unfit.
        """
        import numpy as np

        if isinstance(self.under, int):
            found, which = np.unique(self.over, return_inverse=True)
            return tuple(map(fraction, found.tolist())), which
        step = int(self.under.max()) + 1
        _fitting(step * (self.most + 1))
        found, which = np.unique(self.over * step + self.under, return_inverse=True)
        return tuple(map(fraction, (found // step).tolist(), (found % step).tolist())), which


class Arrays(Domain):
    """Arrays, and fractions that all copies share."""

    name = "exact"

    def num(self, value: Any) -> Any:
        try:
            return value.array
        except AttributeError:
            if not isinstance(value, int | Fraction):
                raise Unfit from None
            return fraction(value)

    def add(self, a: Any, b: Any) -> Any:
        if not isinstance(a, Array) and not isinstance(b, Array):
            return a + b
        (p, q, m), (r, s, n) = parts(a), parts(b)
        if isinstance(q, int) and isinstance(s, int) and q == s == 1:
            return Array(p + r, 1, _fitting(m + n))
        most = _fitting(2 * m * n)
        return _reduced(p * s + r * q, q * s, most)

    def sub(self, a: Any, b: Any) -> Any:
        return self.add(a, self.mul(fraction(-1), b))

    def mul(self, a: Any, b: Any) -> Any:
        if not isinstance(a, Array) and not isinstance(b, Array):
            return a * b
        (p, q, m), (r, s, n) = parts(a), parts(b)
        most = _fitting(m * n)
        return _reduced(p * r, q * s, most)

    def div(self, a: Any, b: Any) -> Any:
        import numpy as np

        if not isinstance(b, Array):
            return self.mul(a, 1 / b)
        if not b.over.all():
            raise Unfit
        return self.mul(a, Array(np.sign(b.over) * b.under, abs(b.over), b.most))

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        if not any(isinstance(each, Array) for each in args):
            return RATIONALS.fn(name, args)
        if name == "pow" and not isinstance(args[1], Array) and args[1] == 2:
            return self.mul(args[0], args[0])
        raise Unfit


ARRAYS = Arrays()


def parts(value: Any) -> tuple[Any, Any, int]:
    """What is over, what is under, and what is as large as either, of an array or a fraction."""
    if isinstance(value, Array):
        return value.over, value.under, value.most
    over, under = value.as_integer_ratio()
    return over, under, max(abs(over), under)


def _fitting(most: int) -> int:
    """How large numbers may be.

    Raises: Unfit where they may be too large.
    """
    if most > MOST:
        raise Unfit
    return most


def _reduced(over: Any, under: Any, most: int) -> Array:
    import numpy as np

    if isinstance(under, int) and under == 1:
        return Array(over, 1, most)
    shared = np.gcd(over, under)
    over, under = over // shared, under // shared
    if (under == 1).all():
        return Array(over, 1, int(abs(over).max()))
    return Array(over, under, int(max(abs(over).max(), under.max())))
