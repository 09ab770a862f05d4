"""How long arithmetic takes by hand: the seconds of each operation, added up over the trees of the cells.

All seconds are estimates for a practised person, not yet measured on a class. A typical student needs TYPICAL times
as many.

The time in the head of a page is counted from its own blanks: what is printed takes none, a copy is only written, a
question takes a minute and a half. Seeds of one sheet take about as long: an instance is left out if it is more than
7 % off the time that is usual for its steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import fsum, isqrt
from typing import Any

from byhand.arithmetic.copies import first
from byhand.arithmetic.domain import ValueOf, is_neg_inf
from byhand.arithmetic.expr import Expr, Fn, Mul, Num, Ref, Scalar, Sum, children, evaluate
from byhand.errors import DomainError
from byhand.notation.marks import first_text
from byhand.tape import Tape

# Estimated seconds of a practised person
STEP = 15.0  # to read what a step asks for, and to find its operands
GLYPH = 0.6  # to write one digit, sign, letter or fraction bar
DOT = 2.0  # to find the row and the column of a sum of products
TIMES_ZERO = 0.4  # for a product with 0
TIMES_ONE = 0.8  # for a product with 1 or −1
PRODUCT = 1.5  # for any other product of two digits
PRODUCT_DIGIT = 3.0  # more for each further digit of a factor, or of its numerator
PRODUCT_FRACTION = 3.0  # more for each factor that is a fraction
ADDITION = 1.3  # for the sum or difference of two digits
UNLIKE = 5.0  # more to bring two fractions to a common denominator
POWER = 2.0
DIVISION = 2.0
ROOT = 3.0
QUESTION = 90.0  # to think about a question and write a sentence or two
IN_A_LINE = 30.0  # to answer a question in a few words, or to fill in the gaps of a sentence
GUESS = 10.0  # to guess

ADDITION_DIGIT = 0.8  # for each further digit of the longer number, as a part of ADDITION
TYPICAL = 1.6  # the time of a typical student, as a multiple of these seconds

LEAVES = (Num, Ref)  # the kinds of node below which there is no other
Timed = tuple[Any, float]  # a number (int, Fraction or −∞), and the seconds that it took to compute


class Seconds(float):
    """Seconds that depend on the numbers of a run; what a page looks like does not depend on them."""

    __slots__ = ()


def _grain(minutes: int) -> int:
    """To how many minutes one rounds a time of so many: to 5 from 40 on."""
    return 5 if minutes >= 40 else 1


def minutes(seconds: float) -> int:
    """Seconds in minutes as one would say them: at least 1."""
    grain = _grain(round(seconds / 60))
    return max(1, grain * round(seconds / 60 / grain))


def parted(parts: Sequence[float]) -> tuple[int, ...]:
    """The minutes of parts, given in seconds: as they are said of the whole, and adding up to it."""
    whole = minutes(fsum(parts))
    grain = _grain(whole)
    ends = [grain * round(end / 60 / grain) for end in accumulate(parts)]
    return tuple(end - start for start, end in pairwise((0, *ends[:-1], whole)))


def seconds(tape: Tape, steps: Iterable[str]) -> float:
    """The seconds that these steps take.

    Raises: UnknownNameError.
    """
    return fsum(STEP + _step(tape, name) for name in steps)


def _step(tape: Tape, name: str) -> float:
    """The seconds to compute and write the cells of a step: 0 for a given, and for a step that cannot be computed."""
    if tape[name].step.op is None:
        return 0.0
    try:
        rows = tape.values(name)
    except DomainError:
        return 0.0

    cells = ((i, j, x) for i, row in enumerate(rows) for j, x in enumerate(row))
    return fsum(operations(tape.cell(name, i, j), tape.value) + writing(x) for i, j, x in cells)


def working(rule: Expr, values: ValueOf) -> Seconds:
    """The seconds for the arithmetic of a cell on a page, where the root of a printed number takes no time."""
    return Seconds(operations(rule, values, looked_up=LEAVES))


def writing(value: Scalar) -> float:
    """The seconds to write a number, or a word."""
    return GLYPH * (len(first_text(value)) if isinstance(value, str) else _glyphs(value))


def operations(node: Expr, values: ValueOf, looked_up: tuple[type[Expr], ...] = (Num,)) -> float:
    """The seconds for the operations of a cell.

    looked_up: the kinds of node whose root takes no time, such as √d_head, which is the same in all cells.

    Method: the cell's tree is evaluated in numbers that know how long they took to compute (`Stopwatch`).
    """
    timed: Timed = evaluate(node, lambda ref: (_plain(values(ref)), 0.0), STOPWATCH)
    return timed[1] + _independent(node, looked_up)


def _independent(node: Expr, looked_up: tuple[type[Expr], ...]) -> float:
    """The seconds that do not depend on the numbers in a tree: those of DOT and ROOT."""
    below, seconds = children(node), 0.0
    if isinstance(node, Sum) and any(isinstance(term, Mul) for term in below):
        seconds = DOT
    elif isinstance(node, Fn) and node.name == "sqrt" and not isinstance(below[0], looked_up):
        seconds = ROOT
    for child in below:
        if not isinstance(child, LEAVES):
            seconds += _independent(child, looked_up)
    return seconds


class Stopwatch:
    """The number system whose numbers know how long they took to compute.

    Their values are only there to know how many digits a student writes, so that irrational ones are approximated: a
    root by a whole number, any other by 0.
    """

    def num(self, value: Scalar) -> Timed:
        return _plain(value), 0.0

    def add(self, a: Timed, b: Timed) -> Timed:
        (x, of_x), (y, of_y) = a, b
        return x + y, of_x + of_y + _addition(x, y)

    def sub(self, a: Timed, b: Timed) -> Timed:
        (x, of_x), (y, of_y) = a, b
        return x - y, of_x + of_y + _addition(x, y)

    def mul(self, a: Timed, b: Timed) -> Timed:
        (x, of_x), (y, of_y) = a, b
        return x * y, of_x + of_y + _product(x, y)

    def div(self, a: Timed, b: Timed) -> Timed:
        (x, of_x), (y, of_y) = a, b
        if y == 1 or is_neg_inf(x):
            return x, of_x + of_y
        return Fraction(x) / Fraction(y) if y else 0, of_x + of_y + DIVISION

    def fn(self, name: str, args: Sequence[Timed]) -> Timed:
        seconds = fsum(spent for _, spent in args)
        match name, [value for value, _ in args]:
            case "pow", (base, power):
                raised = _plain(Fraction(base) ** power) if isinstance(power, int) and base else 0
                return raised, seconds + POWER
            case "sqrt", (x,):
                return isqrt(int(x)) if x > 0 else 0, seconds
            case "max", values:
                return max(values), seconds
            case _:
                return 0, seconds


STOPWATCH = Stopwatch()


def _plain(value: Scalar) -> Any:
    """A value of any number system as an int if it is whole, else as a Fraction; −∞ as it is."""
    if not isinstance(value, Fraction):
        value = first(value)
        if isinstance(value, int) or is_neg_inf(value):
            return value
        try:
            value = Fraction(value)
        except (TypeError, ValueError):
            return 1  # a letter is as long as a digit
    return value.numerator if value.denominator == 1 else value


def _glyphs(value: Scalar) -> int:
    """How many glyphs a number takes: minus sign, digits and fraction bar; −∞ takes as many as −1."""
    known = first(value)  # the time of a class is that of its first copy
    plain = -1 if is_neg_inf(known) else _plain(known)
    glyphs = (plain < 0) + _digits(plain)
    return glyphs if plain.denominator == 1 else glyphs + 1 + len(str(plain.denominator))


def _digits(value: int | Fraction) -> int:
    """The digits of a whole number, or of a numerator."""
    size = abs(value.numerator)
    return 1 if size < 10 else len(str(size))


def _product(a: Any, b: Any) -> float:
    """The seconds to multiply."""
    if a == 0 or b == 0:
        return TIMES_ZERO
    if abs(a) == 1 or abs(b) == 1:
        return TIMES_ONE
    further = _digits(a) - 1 + _digits(b) - 1
    return PRODUCT + PRODUCT_DIGIT * further + PRODUCT_FRACTION * (isinstance(a, Fraction) + isinstance(b, Fraction))


def _addition(a: Any, b: Any) -> float:
    """The seconds to add or subtract: none if a term is 0 or −∞."""
    if a == 0 or b == 0 or is_neg_inf(a) or is_neg_inf(b):
        return 0.0
    further = max(_digits(a), _digits(b)) - 1
    unlike = UNLIKE if a.denominator != b.denominator else 0.0
    return ADDITION * (1 + ADDITION_DIGIT * further) + unlike
