"""How the numbers of a sheet are computed and compared when answers are marked.

Exact numbers are equal or not; letters are equal if their difference expands to 0. A rounded number stands for any
number of a span, and each rounding on the way that a student may take widens the span of what follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec.structs import replace

from byhand.arithmetic.decimals import Decimals, PrintedDecimal, decimal_of
from byhand.arithmetic.domain import Domain, LeavesDomainError, NotRealError, Real, half_away, is_neg_inf
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Div, Expr, Fn, Mul, Num, Ref, Scalar, Sub, Sum
from byhand.arithmetic.expr import evaluate as evaluated
from byhand.arithmetic.floats import FLOATS
from byhand.notation.text import value_text
from byhand.notation.typed import UNREADABLE, Reading, read

CLOSE = 1e-9  # how far apart equal floats may be, as a share of the larger
Lookup = Callable[[Ref], Any]


def shown(value: Any) -> str:
    """A value as the page prints it. A class has the same fractions many times."""
    return _of_fraction(value) if isinstance(value, int | Fraction) else value_text(value)


_of_fraction = lru_cache(maxsize=10_000)(value_text)


class NoValueError(ArithmeticError):
    """A tree reads a number that could not be computed."""


class Reckoning:
    """The numbers of one number system as a marker has them."""

    places: int | None = None
    """The decimals of a sheet that rounds; None where nothing is rounded."""

    def read(self, text: str) -> Reading:
        """What a student's text says."""
        return read(text)

    def printed(self, value: Scalar) -> Any:
        """A number of the run as the page prints it."""
        return value

    def answer(self, value: Any) -> Any:
        """A number that a student wrote, as others are computed from it."""
        return value

    def compute(self, tree: Expr, number: Lookup) -> Any:
        """The value of a tree; None where it has none. number: None for what could not be computed."""

        def known(ref: Ref) -> Any:
            value = number(ref)
            if value is None:
                raise NoValueError
            return value

        try:
            return self._evaluated(tree, known)
        except (ArithmeticError, ValueError):
            return None

    def _evaluated(self, tree: Expr, number: Lookup) -> Any:
        raise NotImplementedError

    def equal(self, answer: Any, value: Any) -> bool:
        """Whether a number that a student wrote is a value, which may be None."""
        raise NotImplementedError

    def real(self, value: Any) -> Any:
        """A value as a fraction or a float, if it is a number; else the value itself."""
        return value

    def text(self, value: Any) -> str:
        """A value as the page would print it; "" for None."""
        return "" if value is None else shown(value)


def _short(value: Any) -> Any:
    """A fraction that is whole as an int, which is several times as fast; any other value as it is."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


class _Either(Domain):
    """Ints and fractions, as long as they last, and then floats."""

    name = "exact or float"

    def num(self, value: Scalar) -> Scalar:
        return value if isinstance(value, float) else _short(RATIONALS.num(value))

    def checked(self, value: Scalar) -> Scalar:
        if isinstance(value, int):
            return value
        return _short(RATIONALS.checked(value)) if isinstance(value, Fraction) else FLOATS.checked(value)

    def div(self, a: Scalar, b: Scalar) -> Scalar:
        return super().div(Fraction(a) if isinstance(a, int) else a, b)

    def function(self, name: str, args: Sequence[Scalar]) -> Scalar:
        if not any(isinstance(x, float) and not is_neg_inf(x) for x in args):
            try:
                return _short(RATIONALS.function(name, [RATIONALS.num(x) for x in args]))
            except NotRealError:
                raise
            except LeavesDomainError:
                pass
        return FLOATS.function(name, [FLOATS.num(x) for x in args])


class Exact(Reckoning):
    """Fractions and −∞; a value that leaves the rationals is a float."""

    _domain = _Either()

    def printed(self, value: Scalar) -> Any:
        return _short(value)

    def answer(self, value: Any) -> Any:
        return _short(value)

    def _evaluated(self, tree: Expr, number: Lookup) -> Any:
        return evaluated(tree, number, self._domain)

    def equal(self, answer: Any, value: Any) -> bool:
        if isinstance(answer, float) or isinstance(value, float):
            return value is not None and _is_close(answer, value)
        return bool(answer == value)

    def text(self, value: Any) -> str:
        if isinstance(value, float) and not is_neg_inf(value):
            return value_text(Decimal(f"{value:.4g}"))
        return super().text(value)


def _is_close(a: Any, b: Any) -> bool:
    try:
        return math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE)
    except OverflowError:  # a power that is larger than any float
        return False


class Letters(Reckoning):
    """Expressions in letters, which are equal if their difference expands to 0.

    letters: those that the sheet uses.
    """

    def __init__(self, letters: Sequence[str]) -> None:
        self.letters = tuple(letters)

    def read(self, text: str) -> Reading:
        from byhand.marking.letters import read_formula  # sympy is heavy

        reading = read(text)
        formula = read_formula(text, self.letters) if reading.form != "decimal" else None  # a decimal has its places
        if formula is not None:
            return Reading("number", (formula,))
        if any(isinstance(x, float) and not math.isinf(x) for x in reading.values):
            return UNREADABLE
        return Reading(reading.kind, tuple(map(self._as_symbol, reading.values)), reading.form, reading.places)

    def _as_symbol(self, value: Any) -> Any:
        from byhand.arithmetic.symbols import SYMBOLS

        return value if isinstance(value, float) else SYMBOLS.num(value)

    def _evaluated(self, tree: Expr, number: Lookup) -> Any:
        from byhand.arithmetic.symbols import SYMBOLS, compact

        value = evaluated(tree, number, SYMBOLS)
        return value if is_neg_inf(value) else compact(value)

    def real(self, value: Any) -> Any:
        if value is None or is_neg_inf(value) or not getattr(value, "is_number", False):
            return value
        return Fraction(int(value.p), int(value.q)) if value.is_Rational else float(value)

    def equal(self, answer: Any, value: Any) -> bool:
        from byhand.marking.letters import are_equal

        if value is None or isinstance(answer, float) or isinstance(value, float):
            return bool(answer == value)
        return are_equal(answer, value)


class Span(NamedTuple):
    """The numbers that a rounded number may stand for, from low to high."""

    low: float
    high: float

    def middle(self, places: int) -> Decimal:
        """The number in the middle, rounded to so many decimal places."""
        return decimal_of(half_away(Fraction((self.low + self.high) / 2) * 10**places), places)

    def joined(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.low, other.low), max(self.high, other.high))


NEVER = Span(NEG_INF, NEG_INF)


class Rounded(Reckoning):
    """Classroom decimals. The value of a tree is the span of all that a correct way of rounding may give.

    Within a cell, each product, quotient, power and root that is not exact to the places may have been written down
    rounded; the cell's own last operation is what the answer is compared with.
    """

    def __init__(self, domain: Decimals) -> None:
        self.domain = domain
        self.places = domain.places
        self.unit = 10.0**-domain.places

    def read(self, text: str) -> Reading:
        reading = read(text)
        return replace(reading, form="") if reading.form == "decimal" else reading

    def printed(self, value: Scalar) -> Span:
        """A number as it is printed, and the exact one behind it where only what is printed is rounded."""
        span = self.answer(self.domain.as_given(value))
        if not isinstance(value, PrintedDecimal):
            return span
        exact = value.exact.within(FLOATS) if isinstance(value.exact, Real) else value.exact
        return span.joined(self.answer(exact))

    def answer(self, value: Any) -> Span:
        return Span(float(value), float(value))

    def _evaluated(self, tree: Expr, number: Lookup) -> Span:
        return self._span(tree, number, last=True)

    def _span(self, node: Expr, number: Lookup, last: bool = False) -> Span:
        def of(child: Expr) -> Span:
            return self._span(child, number)

        match node:
            case Num(value):
                return self.answer(value)
            case Ref():
                span: Span = number(node)
                return span
            case Sum(terms):
                spans = [of(term) for term in terms]
                return Span(sum(s.low for s in spans), sum(s.high for s in spans))
            case Sub(left, right):
                a, b = of(left), of(right)
                if b == NEVER:
                    raise NoValueError
                return Span(a.low - b.high, a.high - b.low)
            case Mul(left, right):
                result = _product(of(left), of(right))
            case Div(left, right):
                result = _quotient(of(left), of(right))
            case Fn(name, args):
                result = _function(name, [of(arg) for arg in args])
                if name not in ("pow", "sqrt"):
                    return result
            case _:
                raise TypeError(f"not a node of a cell: {node!r}")
        return result if last or self._is_exact(result) else self.widened(result)

    def _is_exact(self, span: Span) -> bool:
        scaled = span.low / self.unit
        return span.low == span.high and (math.isinf(scaled) or abs(scaled - round(scaled)) < 1e-6)

    def widened(self, span: Span) -> Span:
        """The span with half a unit on each side."""
        return Span(span.low - self.unit / 2, span.high + self.unit / 2)

    def behind(self, written: Span, span: Span | None) -> Span:
        """The numbers that may stand behind a written one: itself, and those of a span that are rounded to it."""
        if math.isinf(written.low):
            return written
        slack = self._slack(written.low)
        near = Span(written.low - slack, written.high + slack)
        if span is None:
            return near
        low, high = max(near.low, span.low), min(near.high, span.high)
        return written.joined(Span(low, high)) if low <= high else written

    def _slack(self, x: float) -> float:
        """How far from what it stands for a number may be: half a unit, ties included."""
        return self.unit / 2 + CLOSE * max(1.0, abs(x))

    def equal(self, answer: Any, value: Any) -> bool:
        """Whether an answer is within half a unit of a value or a span."""
        if value is None:
            return False
        span = value if isinstance(value, Span) else self.printed(value)
        x = float(answer)
        if math.isinf(x) or math.isinf(span.low):
            return x == span.low == span.high
        slack = self._slack(x)
        return span.low - slack <= x <= span.high + slack

    def text(self, value: Any) -> str:
        if not isinstance(value, Span):
            return super().text(value)
        if math.isinf(value.low) or math.isinf(value.high):
            return value_text(NEG_INF)
        return value_text(value.middle(self.domain.places))


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


def reckoning(domain: Domain, letters: Sequence[str] = ()) -> Reckoning:
    """How answers are marked in a number system."""
    if isinstance(domain, Decimals):
        return Rounded(domain)
    return Letters(letters) if domain.name == "symbolic" else Exact()
