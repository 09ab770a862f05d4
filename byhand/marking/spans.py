"""Spans: the numbers that a rounded number may stand for, and what follows from them.

A student who wrote 3.317 for √11 may go on with it, or with all digits that a calculator keeps.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

from byhand.arithmetic.decimals import decimal_of
from byhand.arithmetic.domain import half_away
from byhand.arithmetic.expr import NEG_INF, Div, Expr, Fn, Mul, Num, Ref, Sub, Sum
from byhand.arithmetic.floats import FLOATS

CLOSE = 1e-9  # how far apart equal floats may be, as a share of the larger
Lookup = Callable[[Ref], Any]


class NoValueError(ArithmeticError):
    """A tree reads a number that could not be computed."""


class Span(NamedTuple):
    """The numbers that a rounded number may stand for, from low to high."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The number in the middle."""
        return (self.low + self.high) / 2

    def rounded(self, places: int) -> Decimal:
        """The number in the middle, rounded to so many decimal places."""
        return decimal_of(half_away(Fraction(self.middle) * 10**places), places)

    def joined(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.low, other.low), max(self.high, other.high))

    def meets(self, other: Span) -> bool:
        """Whether both have a number in common."""
        if self.is_infinite or other.is_infinite:
            return self == other
        return other.low <= self.high + _doubt(self.high) and self.low <= other.high + _doubt(other.high)

    def near(self, x: float, half: float) -> bool:
        """Whether a number is in it, or is farther from it by half a unit at most."""
        return Span(x - half, x + half).meets(self)

    @property
    def is_infinite(self) -> bool:
        return math.isinf(self.low) or math.isinf(self.high)


def _doubt(x: float) -> float:
    """How far apart floats may be that stand for one number."""
    return CLOSE * max(1.0, abs(x))


NEVER = Span(NEG_INF, NEG_INF)


def span_of(value: Any) -> Span:
    """A number as a span of no width."""
    return value if isinstance(value, Span) else Span(float(value), float(value))


def behind(written: Span, span: Span | None, half: float) -> Span:
    """The numbers that may stand behind a written one: itself, and those of a span that are rounded to it.

    span: None for any number. half: half a unit of the last place that is written.
    """
    if written.is_infinite:
        return written
    slack = half + _doubt(written.low)
    near = Span(written.low - slack, written.high + slack)
    if span is None:
        return near
    low, high = max(near.low, span.low), min(near.high, span.high)
    return written.joined(Span(low, high)) if low <= high else written


def spanned(tree: Expr, number: Lookup, rounded: Callable[[Span], Span]) -> Span:
    """The span of a tree. rounded: what is gone on with of a product, quotient, power or root within it.

    Raises: NoValueError, and what functions of floats raise.
    """

    def inner(node: Expr) -> Span:
        span = value(node)
        is_written = isinstance(node, Mul | Div) or (isinstance(node, Fn) and node.name in ("pow", "sqrt"))
        return rounded(span) if is_written else span

    def value(node: Expr) -> Span:
        match node:
            case Num(number_of_tree):
                return span_of(number_of_tree)
            case Ref():
                span: Span = number(node)
                return span
            case Sum(terms):
                lows, highs = zip(*map(inner, terms), strict=True) if terms else ((), ())
                return Span(_total(lows), _total(highs))
            case Sub(left, right):
                a, b = inner(left), inner(right)
                if b == NEVER:
                    raise NoValueError
                return Span(a.low - b.high, a.high - b.low)
            case Mul(left, right):
                return _product(inner(left), inner(right))
            case Div(left, right):
                return _quotient(inner(left), inner(right))
            case Fn(name, args):
                return _function(name, [inner(arg) for arg in args])
        raise TypeError(f"not a node of a cell: {node!r}")

    return value(tree)


def _total(numbers: Sequence[float]) -> float:
    """The sum, rounded after each term as a browser does; `sum` does so no longer since Python 3.12."""
    return reduce(operator.add, numbers, 0.0)


def _product(a: Span, b: Span) -> Span:
    if math.isinf(a.low) or math.isinf(b.low):
        raise NoValueError
    corners = [x * y for x in a for y in b]
    return Span(min(corners), max(corners))


def _quotient(a: Span, b: Span) -> Span:
    if b.low <= 0 <= b.high or math.isinf(b.low):
        raise NoValueError
    if a == NEVER:
        return NEVER
    corners = [x / y for x in a for y in b]
    return Span(min(corners), max(corners))


def _function(name: str, args: Sequence[Span]) -> Span:
    """A named function of spans.

    Raises: NoValueError where it has no value for some numbers of the spans.
    """
    match name:
        case "pow":
            return _power(*args)
        case "sqrt":
            return Span(math.sqrt(max(0.0, args[0].low)), math.sqrt(args[0].high))
        case "max":
            return Span(max(a.low for a in args), max(a.high for a in args))
        case "log":
            base, x = args
            return Span(FLOATS.fn("log", (base.low, x.low)), FLOATS.fn("log", (base.low, x.high)))
        case "argmax":
            return _largest(args)
        case "choose":
            first, *others = args[1 + int(args[0].low) : 2 + int(args[0].high)]
            if any(other != first for other in others):
                raise NoValueError
            return first
        case "sin" | "cos" | "sinpi" | "cospi" | "gelu" | "erf":
            return _sampled(name, *args)
        case "e" | "pi":
            return Span(FLOATS.fn(name, ()), FLOATS.fn(name, ()))
        case _:
            raise NoValueError


def _largest(args: Sequence[Span]) -> Span:
    """The places from the first to the last where the largest number may stand; of equal ones it is the first."""
    at = [
        k for k, span in enumerate(args)
        if all(span.high > other.low for other in args[:k]) and all(span.high >= other.low for other in args[k + 1 :])
    ]  # fmt: skip
    return Span(at[0], at[-1])


def _power(base: Span, exponent: Span) -> Span:
    if exponent == NEVER:
        return Span(0.0, 0.0)
    corners = [FLOATS.fn("pow", (x, y)) for x in base for y in exponent]
    if base.low < 0 < base.high:
        corners.append(0.0)
    return Span(min(corners), max(corners))


_TURNS = {"sin": math.pi / 2, "cos": 0.0, "sinpi": 0.5, "cospi": 0.0}  # where each is largest
_GELU_LOWEST = -0.7517915246935645  # where gelu is smallest


def _sampled(name: str, x: Span) -> Span:
    """A function that is not monotone: its values at the ends, and where it turns between them."""
    at = [x.low, x.high]
    if name in _TURNS:
        half = 1.0 if name.endswith("pi") else math.pi
        first = math.ceil((x.low - _TURNS[name]) / half)
        at += [_TURNS[name] + half * k for k in (first, first + 1) if _TURNS[name] + half * k <= x.high]
    elif name == "gelu" and x.low < _GELU_LOWEST < x.high:
        at.append(_GELU_LOWEST)
    values = [FLOATS.fn(name, (each,)) for each in at]
    return Span(min(values), max(values))
