"""Interval arithmetic: each value is an interval that encloses the exact one, so that it can be rounded correctly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias

from mpmath.ctx_iv import MPIntervalContext
from mpmath.libmp import mpf_sign

from byhand.arithmetic.domain import (
    MOST_BITS,
    Domain,
    LeavesDomainError,
    NotRealError,
    Real,
    ValueOf,
    first_largest,
    half_away,
    is_neg_inf,
)
from byhand.arithmetic.expr import NEG_INF, Expr, Scalar, evaluate

Interval: TypeAlias = Any  # an interval of mpmath, which has no types
PRECISIONS = (64, 256, 1024, 4096)  # in bits: if none decides how a value rounds, algebra proves whether it is a tie


class UndecidedError(LeavesDomainError):
    """The intervals are too wide to decide: a higher precision is needed."""

    def __init__(self) -> None:
        super().__init__("the intervals are too wide to tell")


class Intervals(Domain):
    """Intervals whose ends have `bits` binary digits.

    Raises: UndecidedError where a comparison or a division needs more digits.
    """

    name = "interval"

    def __init__(self, bits: int = PRECISIONS[0]) -> None:
        self.iv = MPIntervalContext()
        self.iv.prec = bits

    def num(self, value: Scalar) -> Scalar:
        if isinstance(value, Real):
            return value.within(self)
        if value == NEG_INF:
            return NEG_INF
        exact = Fraction(value)
        return self.iv.mpf(exact.numerator) / exact.denominator

    def exceeds(self, a: Scalar, bound: int) -> bool:
        return signs(a - bound)[0] > 0

    def div(self, a: Scalar, b: Scalar) -> Scalar:
        if not is_neg_inf(b):
            low, high = signs(b)
            if low == high == 0:
                raise ZeroDivisionError
            if low <= 0 <= high:
                raise UndecidedError
        return super().div(a, b)

    def function(self, name: str, args: Sequence[Scalar]) -> Scalar:
        iv = self.iv
        match name, *args:
            case "max", _, *_:
                return self._largest(args)
            case "argmax", _, *_:
                return self.num(self._argmax(args))
            case "pow", base, exponent:
                return self._power(base, exponent)
            case "sqrt", x:
                return iv.sqrt(self._not_negative(x))
            case "log", base, x:
                if signs(self._not_negative(x))[0] == 0:
                    raise UndecidedError
                return iv.log(x) / iv.log(base)
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
            case "erf", x:
                return self._erf(x)
            case ("e",):
                return iv.exp(1)
            case ("pi",):
                return iv.mpf(iv.pi)
            case _:
                raise TypeError(f"no function {name!r} of {len(args)} arguments")

    def _not_negative(self, x: Interval) -> Interval:
        low, high = signs(x)
        if high < 0:
            raise NotRealError("the root of a negative number is not real")
        if low < 0:
            raise UndecidedError
        return x

    def _power(self, base: Scalar, exponent: Scalar) -> Scalar:
        low, high = ends(exponent)
        if low == high and low.denominator == 1:
            return base ** int(low) if low >= 0 else self.div(self.num(1), base ** int(-low))
        if signs(self._not_negative(base))[0] == 0:
            raise UndecidedError
        return self.iv.exp(exponent * self.iv.log(base))

    def _largest(self, args: Sequence[Scalar]) -> Scalar:
        """[max of the lower ends, max of the upper ends], which encloses the maximum even if intervals overlap."""
        finite = [a for a in args if not is_neg_inf(a)]
        if not finite:
            return NEG_INF
        low = max((a.a for a in finite), key=lambda end: ends(end)[0])
        high = max((a.b for a in finite), key=lambda end: ends(end)[1])
        return self.iv.mpf([low, high])

    def _argmax(self, args: Sequence[Scalar]) -> int:
        lows = [NEG_INF if is_neg_inf(a) else ends(a)[0] for a in args]
        highs = [NEG_INF if is_neg_inf(a) else ends(a)[1] for a in args]
        best = first_largest(lows)
        for i, high in enumerate(highs):
            exactly_equal = lows[i] == high == lows[best] == highs[best]
            if i != best and high >= lows[best] and not exactly_equal:
                raise UndecidedError
        return best

    def _erf(self, x: Interval) -> Interval:
        """erf of an interval: since erf increases, its values at the two ends enclose it."""
        low, high = (self._erf_at(end) for end in (x.a, x.b))
        return self.iv.mpf([low.a, high.b])

    def _erf_at(self, x: Interval) -> Interval:
        """erf x = 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)).

        The series is cut where a term is less than half of the one before it: twice the term then bounds the rest.

        Source: NIST Digital Library of Mathematical Functions, 7.6.2.
        """
        iv = self.iv
        square = x * x
        size = ends(square)[1]
        if size > iv.prec:  # 1 − |erf| < e^(−x²)
            return signs(x)[0] * (1 - iv.mpf([0, iv.exp(-square).b]))
        term, result, n = x, iv.mpf(0), 0
        while n < 2 * size or ends(abs(term))[1] > Fraction(1, 2 ** (iv.prec + 8)):
            result += term
            n += 1
            term = term * 2 * square / (2 * n + 1)
        rest = 2 * abs(term).b  # a bound of all terms that are left out
        return 2 / iv.sqrt(iv.pi) * iv.exp(-square) * (result + iv.mpf([-rest, rest]))


@cache
def intervals(bits: int) -> Intervals:
    """The number system of a precision, memoised: to make one takes longer than to evaluate most cells."""
    return Intervals(bits)


def signs(x: Interval) -> tuple[int, int]:
    """The signs of the two ends of an interval: −1, 0 or 1."""
    low, high = x._mpi_
    return mpf_sign(low), mpf_sign(high)


def ends(x: Interval) -> tuple[Fraction, Fraction]:
    """Two numbers that enclose an interval: its exact ends, or numbers outside it if these are too long to write."""
    low, high = x._mpi_
    return -_at_least(_negative(low)), _at_least(high)


Raw = tuple[int, int, int, int]  # mpmath's form of a number: sign, mantissa, exponent, bits of the mantissa


def _negative(raw: Raw) -> Raw:
    sign, mantissa, exponent, bits = raw
    return 1 - sign, mantissa, exponent, bits


def _at_least(raw: Raw) -> Fraction:
    """The number; if it is too long to write, a larger one.

    Raises: UndecidedError for ±∞ and "not a number"; LeavesDomainError for a positive number that is too long to
    write.
    """
    sign, mantissa, exponent, bits = raw
    if not mantissa:
        if exponent:  # mpmath's way to write ±∞ and "not a number"
            raise UndecidedError
        return Fraction(0)
    if exponent + bits > MOST_BITS:
        if not sign:
            raise LeavesDomainError("the value is too long to write")
        return -(Fraction(2) ** (MOST_BITS - 1))
    if exponent + bits < -MOST_BITS:
        return Fraction(0) if sign else Fraction(1, 2**MOST_BITS)
    size = Fraction(int(mantissa)) * Fraction(2) ** exponent
    return -size if sign else size


def point(node: Expr, values: ValueOf) -> Fraction | float | None:
    """The tree's value, if interval arithmetic gives a single number, as 1 for e⁰ or 0 for e to −∞; else None."""
    domain = intervals(PRECISIONS[0])
    try:
        enclosure = evaluate(node, lambda ref: domain.num(values(ref)), domain)
    except UndecidedError:
        return None
    if is_neg_inf(enclosure):
        return NEG_INF
    low, high = ends(enclosure)
    return low if low == high else None


def rounded(node: Expr, values: ValueOf, places: int) -> int | float:
    """The tree's value times 10^places, rounded to the nearest integer, ties away from zero; or −∞.

    It is rounded correctly, however close the value is to a tie.

    Raises: LeavesDomainError where the value is not a real number; ZeroDivisionError.
    """
    result = _enclosed(node, values, 10**places)
    return _proved(node, values, 10**places) if result is None else result


def _enclosed(node: Expr, values: ValueOf, scale: int) -> int | float | None:
    """The tree's value times the scale, rounded, by intervals of growing precision; None where none decides."""
    for domain in map(intervals, PRECISIONS):
        try:
            enclosure = evaluate(node, lambda ref: domain.num(values(ref)), domain)  # noqa: B023 - used at once
            if is_neg_inf(enclosure):
                return NEG_INF
            low, high = (half_away(end * scale) for end in ends(enclosure))
        except UndecidedError:
            continue
        if low == high:
            return low
    return None


def _proved(node: Expr, values: ValueOf, scale: int) -> int | float:
    """The tree's value times the scale, rounded, by algebra.

    Where no precision decides, the value is exactly a tie, or two compared values are equal: sympy can prove that.
    """
    import sympy  # heavy, and seldom needed

    from byhand.arithmetic.symbols import SYMBOLS, tree

    value = evaluate(node, lambda ref: SYMBOLS.num(values(ref)), SYMBOLS)
    if is_neg_inf(value):
        return NEG_INF
    value = sympy.simplify(value)
    if value.is_Rational:
        return half_away(Fraction(int(value.p), int(value.q)) * scale)
    result = _enclosed(tree(value), values, scale)
    if result is None:
        raise LeavesDomainError("the value is too near a tie to be rounded")
    return result
