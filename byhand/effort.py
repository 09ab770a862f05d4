"""How long arithmetic takes by hand: the seconds of each operation, added up over the trees of the cells.

The seconds are those of a practised hand; a typical student needs TYPICAL times as many. They are estimated, and not
yet measured on a class.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any, NamedTuple

from byhand.arithmetic.copies import first
from byhand.arithmetic.domain import ValueOf, is_neg_inf
from byhand.arithmetic.expr import Expr, Fn, Mul, Num, Ref, Sum, children, evaluate
from byhand.errors import DomainError
from byhand.tape import Tape

# Seconds
STEP = 15.0  # to read what a step asks, and find its operands
GLYPH = 0.6  # to write one digit, sign, letter or fraction bar
DOT = 2.0  # to find the row and the column of a sum of products
TIMES_ZERO = 0.4  # a product with 0
TIMES_ONE = 0.8  # a product with 1 or −1
PRODUCT = 1.5  # any other product of two digits
PRODUCT_DIGIT = 3.0  # each digit more of a factor, or of its numerator
PRODUCT_FRACTION = 3.0  # each factor that is a fraction
ADDITION = 1.3  # two numbers of one digit
UNLIKE = 5.0  # to bring two fractions to one denominator
POWER = 2.0
DIVISION = 2.0
ROOT = 3.0
QUESTION = 90.0  # to think about a question and write a sentence or two

ADDITION_DIGIT = 0.8  # each digit more of the longer number takes so much of ADDITION
TYPICAL = 1.6  # what a typical student needs of a practised hand's time


def minutes(seconds: float) -> int:
    """Seconds as one says them: whole minutes, at least one; from 40 on, to 5 minutes."""
    whole = round(seconds / 60)
    return max(1, whole) if whole < 40 else 5 * round(seconds / 300)


def seconds(tape: Tape, steps: Iterable[str]) -> float:
    """The time for these steps.

    Raises: UnknownNameError.
    """
    return sum(STEP + _step(tape, name) for name in steps)


def _step(tape: Tape, name: str) -> float:
    """The cells of a step: their operations, and writing their results. What cannot be computed takes no time."""
    if tape[name].step.op is None:
        return 0.0
    try:
        rows = tape.values(name)
    except DomainError:
        return 0.0

    cells = ((i, j, x) for i, row in enumerate(rows) for j, x in enumerate(row))
    return sum(operations(tape.cell(name, i, j), tape.value) + writing(x) for i, j, x in cells)


def working(rule: Expr, values: ValueOf) -> float:
    """The time for a cell's arithmetic on a page, where the root of a number that stands there is looked up."""
    return operations(rule, values, looked_up=(Num, Ref))


def writing(value: Any) -> float:
    """The time to write a number, or a word."""
    return GLYPH * (len(value) if isinstance(value, str) else _glyphs(value))


def operations(node: Expr, values: ValueOf, looked_up: tuple[type[Expr], ...] = (Num,)) -> float:
    """The time for the operations of a cell: its tree, evaluated in numbers that know how long they took.

    looked_up: of what a root takes no time, such as √d_head, which is the same in all cells.
    """
    timed: Timed = evaluate(node, lambda ref: Timed(_plain(values(ref))), STOPWATCH)
    return timed.seconds + _looking(node, looked_up)


def _looking(node: Expr, looked_up: tuple[type[Expr], ...]) -> float:
    """The time that a tree takes whatever its numbers are: for sums of products and for roots."""
    match node:
        case Num() | Ref():
            return 0.0
        case Sum(terms) if any(isinstance(term, Mul) for term in terms):
            own = DOT
        case Fn("sqrt", (of,)) if not isinstance(of, looked_up):
            own = ROOT
        case _:
            own = 0.0
    return own + sum([_looking(child, looked_up) for child in children(node)])


class Timed(NamedTuple):
    """A number and the seconds that it took to compute: an int where it is whole, else a Fraction, or −∞."""

    value: Any
    seconds: float = 0.0


class Stopwatch:
    """The number system whose numbers know how long they took.

    Their values only say how long the numbers are that a student writes. What is not rational has an integer near it,
    or 0.
    """

    def num(self, value: Any) -> Timed:
        return Timed(_plain(value))

    def add(self, a: Timed, b: Timed) -> Timed:
        return Timed(a.value + b.value, a.seconds + b.seconds + _addition(a.value, b.value))

    def sub(self, a: Timed, b: Timed) -> Timed:
        return Timed(a.value - b.value, a.seconds + b.seconds + _addition(a.value, b.value))

    def mul(self, a: Timed, b: Timed) -> Timed:
        return Timed(a.value * b.value, a.seconds + b.seconds + _product(a.value, b.value))

    def div(self, a: Timed, b: Timed) -> Timed:
        if b.value == 1 or is_neg_inf(a.value):
            return Timed(a.value, a.seconds + b.seconds)
        quotient = Fraction(a.value) / Fraction(b.value) if b.value else 0
        return Timed(quotient, a.seconds + b.seconds + DIVISION)

    def fn(self, name: str, args: Sequence[Timed]) -> Timed:
        seconds = sum(arg.seconds for arg in args)
        match name, [arg.value for arg in args]:
            case "pow", (base, power):
                return Timed(base**power if isinstance(power, int) and base else 0, seconds + POWER)
            case "sqrt", (x,):
                return Timed(isqrt(int(x)) if x > 0 else 0, seconds)
            case "max", values:
                return Timed(max(values), seconds)
            case _:
                return Timed(0, seconds)


STOPWATCH = Stopwatch()


def _plain(value: Any) -> Any:
    """An int where the value is whole, else a Fraction; −∞ as it is."""
    if not isinstance(value, Fraction):
        value = first(value)  # its time stands for that of all copies
        if isinstance(value, int) or is_neg_inf(value):
            return value
        try:
            value = Fraction(value)
        except (TypeError, ValueError):
            return 1  # a letter is as long as a digit
    return value.numerator if value.denominator == 1 else value


def _glyphs(value: Any) -> int:
    """The signs of a number: a minus sign, digits, a fraction bar; −∞ is as long as −1."""
    plain = -1 if is_neg_inf(value) else _plain(value)
    glyphs = (plain < 0) + _digits(plain)
    return glyphs if plain.denominator == 1 else glyphs + 1 + len(str(plain.denominator))


def _digits(value: int | Fraction) -> int:
    """The digits of a whole number, or of a numerator."""
    return len(str(abs(value.numerator)))


def _product(a: Any, b: Any) -> float:
    if a == 0 or b == 0:
        return TIMES_ZERO
    if abs(a) == 1 or abs(b) == 1:
        return TIMES_ONE
    further = _digits(a) - 1 + _digits(b) - 1
    return PRODUCT + PRODUCT_DIGIT * further + PRODUCT_FRACTION * sum(isinstance(x, Fraction) for x in (a, b))


def _addition(a: Any, b: Any) -> float:
    """The time to add or subtract; nothing is done where a term is 0 or −∞."""
    if a == 0 or b == 0 or is_neg_inf(a) or is_neg_inf(b):
        return 0.0
    further = max(_digits(a), _digits(b)) - 1
    unlike = UNLIKE if a.denominator != b.denominator else 0.0
    return ADDITION * (1 + ADDITION_DIGIT * further) + unlike
