"""How the numbers of a sheet are computed and compared when answers are marked.

Exact numbers are equal or not; letters are equal if their difference expands to 0. A rounded number stands for any
number of a span, and in decimals each rounding on the way that a student may take widens the span of what follows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from byhand.arithmetic.decimals import Decimals, PrintedDecimal
from byhand.arithmetic.domain import Domain, LeavesDomainError, NotRealError, Real, is_neg_inf
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Expr, Ref, Scalar
from byhand.arithmetic.expr import evaluate as evaluated
from byhand.arithmetic.floats import FLOATS
from byhand.marking.spans import CLOSE, Lookup, NoValueError, Span, span_of, spanned
from byhand.notation.text import value_text
from byhand.notation.typed import UNREADABLE, Reading, read


def shown(value: Any) -> str:
    """A value as the page prints it. A class has the same fractions many times."""
    return _of_fraction(value) if isinstance(value, int | Fraction) else value_text(value)


_of_fraction = lru_cache(maxsize=10_000)(value_text)


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


class _RoundedError(ArithmeticError):
    """A tree reads a number that was rounded."""


class Exact(Reckoning):
    """Fractions and −∞. A value that leaves the rationals is a float, one that comes from a rounded number a span."""

    _domain = _Either()

    def printed(self, value: Scalar) -> Any:
        return _short(value)

    def answer(self, value: Any) -> Any:
        return _short(value)

    def _evaluated(self, tree: Expr, number: Lookup) -> Any:
        def exactly(ref: Ref) -> Any:
            value = number(ref)
            if isinstance(value, Span):
                raise _RoundedError
            return value

        try:
            return evaluated(tree, exactly, self._domain)
        except _RoundedError:
            return spanned(tree, lambda ref: span_of(number(ref)), lambda span: span)

    def equal(self, answer: Any, value: Any) -> bool:
        if value is None:
            return False
        if isinstance(answer, Span) or isinstance(value, Span):
            return span_of(answer).meets(span_of(value))
        if isinstance(answer, float) or isinstance(value, float):
            return _is_close(answer, value)
        return bool(answer == value)

    def text(self, value: Any) -> str:
        value = value.middle if isinstance(value, Span) else value
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
        return spanned(tree, number, lambda span: span if self._is_exact(span) else self.widened(span))

    def _is_exact(self, span: Span) -> bool:
        scaled = span.low / self.unit
        return span.low == span.high and (math.isinf(scaled) or abs(scaled - round(scaled)) < 1e-6)

    def widened(self, span: Span) -> Span:
        """The span with half a unit on each side."""
        return Span(span.low - self.unit / 2, span.high + self.unit / 2)

    def equal(self, answer: Any, value: Any) -> bool:
        """Whether an answer is within half a unit of a value or a span."""
        if value is None:
            return False
        span = value if isinstance(value, Span) else self.printed(value)
        x = answer.middle if isinstance(answer, Span) else float(answer)
        return span.near(x, self.unit / 2)

    def text(self, value: Any) -> str:
        if not isinstance(value, Span):
            return super().text(value)
        if value.is_infinite:
            return value_text(NEG_INF)
        return value_text(value.rounded(self.domain.places))


def reckoning(domain: Domain, letters: Sequence[str] = ()) -> Reckoning:
    """How answers are marked in a number system."""
    if isinstance(domain, Decimals):
        return Rounded(domain)
    return Letters(letters) if domain.name == "symbolic" else Exact()
