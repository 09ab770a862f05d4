"""Enclosures: every value is an interval that surely holds the exact one, and rounding that cannot be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from mpmath.ctx_iv import MPIntervalContext

from byhand.arithmetic.domains import Domain, LeavesDomainError, Lookup, first_largest, half_away
from byhand.arithmetic.expr import NEG_INF, Expr, evaluate

FIRST_BITS, LAST_BITS = 64, 8192  # precisions tried before asking whether the value is exactly a tie


class UndecidedError(ArithmeticError):
    """The intervals overlap: a higher precision is needed."""


class Intervals(Domain):
    """Intervals of `bits` binary digits; −∞ stays exact.

    Raises: UndecidedError where a comparison or a division needs more digits.
    """

    name = "interval"

    def __init__(self, bits: int = FIRST_BITS) -> None:
        self.iv = MPIntervalContext()
        self.iv.prec = bits

    def num(self, value: Any) -> Any:
        if value == NEG_INF:
            return NEG_INF
        exact = Fraction(value)
        return self.iv.mpf(exact.numerator) / exact.denominator

    def _finite(self, *values: Any) -> None:
        if any(v is NEG_INF or v == NEG_INF for v in values):
            raise LeavesDomainError("−∞ has no place here")

    def add(self, a: Any, b: Any) -> Any:
        return NEG_INF if a is NEG_INF or b is NEG_INF else a + b

    def sub(self, a: Any, b: Any) -> Any:
        self._finite(b)
        return NEG_INF if a is NEG_INF else a - b

    def mul(self, a: Any, b: Any) -> Any:
        self._finite(a, b)
        return a * b

    def div(self, a: Any, b: Any) -> Any:
        self._finite(b)
        low, high = ends(b)
        if low <= 0 <= high:
            if low == high:
                raise ZeroDivisionError
            raise UndecidedError
        return NEG_INF if a is NEG_INF and low > 0 else a / b

    def fn(self, name: str, args: Sequence[Any]) -> Any:
        iv = self.iv
        match name, *args:
            case "max", *_:
                return self._largest(args)
            case "argmax", *_:
                return self.num(self._argmax(args))
            case "pow", base, exponent:
                if exponent is NEG_INF and ends(base)[0] > 1:
                    return self.num(0)
                self._finite(base, exponent)
                low, high = ends(exponent)
                if low == high and low.denominator == 1:
                    return base ** int(low)
                return iv.exp(exponent * iv.log(base))
            case "sqrt", x:
                self._finite(x)
                low, high = ends(x)
                if high < 0:
                    raise LeavesDomainError("the root of a negative number is not real")
                if low < 0:
                    raise UndecidedError
                return iv.sqrt(x)
            case "sin", x:
                return iv.sin(x)
            case "cos", x:
                return iv.cos(x)
            case "sinpi", x:
                return iv.sin(x * iv.pi)
            case "cospi", x:
                return iv.cos(x * iv.pi)
            case "gelu", x:
                return x * (1 + self._erf(x / iv.sqrt(2))) / 2
            case ("e",):
                return iv.exp(1)
            case _:
                raise TypeError(f"no function {name!r} of {len(args)} arguments")

    def _largest(self, args: Sequence[Any]) -> Any:
        """[max of the lower ends, max of the upper ends]: right also where intervals overlap."""
        finite = [a for a in args if a is not NEG_INF]
        if not finite:
            return NEG_INF
        return self.iv.mpf([max((a.a for a in finite), key=lambda x: ends(x)[0]).a,
                            max((a.b for a in finite), key=lambda x: ends(x)[1]).b])  # fmt: skip

    def _argmax(self, args: Sequence[Any]) -> int:
        lows = [NEG_INF if a is NEG_INF else ends(a)[0] for a in args]
        highs = [NEG_INF if a is NEG_INF else ends(a)[1] for a in args]
        best = first_largest(lows)
        for i, high in enumerate(highs):
            exactly_equal = lows[i] == highs[i] == lows[best] == highs[best]
            if i != best and high >= lows[best] and not (exactly_equal and i > best):
                raise UndecidedError
        return best

    def _erf(self, x: Any) -> Any:
        """2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n+1)), at the two ends: erf rises, and once the terms fall they bound the rest.

        Source: NIST Digital Library of Mathematical Functions, 7.6.1.
        """
        low, high = (self._erf_at(end) for end in (x.a, x.b))
        return self.iv.mpf([low.a, high.b])

    def _erf_at(self, x: Any) -> Any:
        iv = self.iv
        square = x * x
        size = max(abs(end) for end in ends(x))
        if size > 30:  # 1 − |erf| < e^(−x²), far below what can be told apart
            tail = iv.exp(-square).b
            side = 1 if ends(x)[0] > 0 else -1
            return side * (1 - iv.mpf([0, tail]))
        term, result, n = x, iv.mpf(0), 0
        while True:
            part = term / (2 * n + 1)
            if n > size * size and max(abs(end) for end in ends(part)) < Fraction(1, 2 ** (iv.prec + 8)):
                break
            result += part if n % 2 == 0 else -part
            n += 1
            term = term * square / n
        rest = abs(part).b
        return 2 / iv.sqrt(iv.pi) * (result + iv.mpf([-rest, rest]))


def ends(x: Any) -> tuple[Fraction, Fraction]:
    """The two ends of an interval, exactly."""
    return _fraction(x._mpi_[0]), _fraction(x._mpi_[1])


def _fraction(raw: tuple[int, int, int, int]) -> Fraction:
    sign, mantissa, exponent, _ = raw
    if not mantissa and exponent:  # mpmath's way to write ±∞ and "not a number"
        raise UndecidedError
    size = Fraction(int(mantissa)) * Fraction(2) ** exponent
    return -size if sign else size


def rounded(node: Expr, values: Lookup, places: int, reason: LeavesDomainError) -> int:
    """The tree's value times 10^places, rounded half away from zero, however close to a tie.

    Raises: LeavesDomainError where the value is not a real number; ZeroDivisionError.
    """
    scale = 10**places
    bits = FIRST_BITS
    while bits <= LAST_BITS:
        domain = Intervals(bits)
        try:
            enclosure = evaluate(node, lambda ref: domain.num(values(ref)), domain)  # noqa: B023 - used at once
            if enclosure is NEG_INF:
                raise reason
            low, high = (half_away(end * scale) for end in ends(enclosure))
            if low == high:
                return low
        except UndecidedError:
            pass
        bits *= 4
    return _exactly_rounded(node, values, scale, reason)


def _exactly_rounded(node: Expr, values: Lookup, scale: int, reason: LeavesDomainError) -> int:
    """No precision decides: the value is a tie (or a comparison an equality), which algebra can prove."""
    import sympy

    from byhand.arithmetic.symbols import SYMBOLS

    value = sympy.simplify(evaluate(node, lambda ref: SYMBOLS.num(values(ref)), SYMBOLS))
    minimal = sympy.nsimplify(value) if value.is_number else value
    if not (minimal.is_Rational and sympy.simplify(value - minimal) == 0):
        raise reason
    return half_away(Fraction(int(minimal.p), int(minimal.q)) * scale)
