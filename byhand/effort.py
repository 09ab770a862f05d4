"""How long arithmetic takes by hand: seconds for each operation, added up over the trees of the cells.

The seconds are those of a practised hand; a typical student needs TYPICAL times as many.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import isqrt
from typing import Any

from byhand.arithmetic.copies import first
from byhand.arithmetic.domain import Lookup, is_neg_inf
from byhand.arithmetic.expr import Div, Expr, Fn, Mul, Num, Ref, Sub, Sum
from byhand.errors import DomainError
from byhand.tape import Tape

# Seconds, as estimated and not yet measured on a class.
STEP = 15.0  # to read what a step asks, and find its operands
GLYPH = 0.6  # to write one digit, sign, letter or fraction bar
DOT = 2.0  # to find the row and the column of a product
BY_ZERO, BY_ONE, PRODUCT, DIGIT, FRACTION = 0.4, 0.8, 1.5, 3.0, 3.0
ADDITION, FURTHER, UNLIKE = 1.3, 0.8, 5.0
POWER, DIVISION, ROOT = 2.0, 2.0, 3.0
QUESTION = 90.0  # to think about a question and write a sentence or two
TYPICAL = 1.6  # a typical student against a practised hand


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

    def value(ref: Ref) -> Any:
        i, j = ref.index
        return tape.values(ref.matrix)[i][j]  # type: ignore[index]

    cells = ((i, j, x) for i, row in enumerate(rows) for j, x in enumerate(row))
    return sum(operations(tape.cell(name, i, j), value)[0] + writing(x) for i, j, x in cells)


def worked(line: Expr, value: Any) -> float:
    """The time for a cell whose arithmetic has numbers in it: its operations, and writing its value."""
    return operations(line, lambda ref: None)[0] + writing(value)


def writing(value: Any) -> float:
    """The time to write a number, or a word."""
    return GLYPH * (len(value) if isinstance(value, str) else _glyphs(value))


def operations(node: Expr, values: Lookup) -> tuple[float, Any]:
    """The time for the operations of a tree, and its value."""
    match node:
        case Num(value):
            return 0.0, _plain(value)
        case Ref():
            return 0.0, _plain(values(node))
        case Sum(terms):
            parts = [operations(term, values) for term in terms]
            reading = DOT if any(isinstance(term, Mul) for term in terms) else 0.0
            time, value = _added([value for _, value in parts])
            return sum(t for t, _ in parts) + reading + time, value
        case Sub(left, right):
            (a, x), (b, y) = operations(left, values), operations(right, values)
            time, value = _added([x, -y])
            return a + b + time, value
        case Mul(left, right):
            (a, x), (b, y) = operations(left, values), operations(right, values)
            return a + b + _product(x, y), x * y
        case Div(left, right):
            (a, x), (b, y) = operations(left, values), operations(right, values)
            if y == 1 or is_neg_inf(x):
                return a + b, x
            return a + b + DIVISION, Fraction(x) / Fraction(y) if y else 0
        case Fn("pow", (below, above)):
            (a, x), (b, y) = operations(below, values), operations(above, values)
            return a + b + POWER, x**y if isinstance(y, int) and x else 0
        case Fn("sqrt", (of,)):
            time, x = operations(of, values)
            # √d_head is read off once; other roots are found
            return time + (0.0 if isinstance(of, Num) else ROOT), isqrt(int(x)) if x > 0 else 0
        case Fn("max", args):
            parts = [operations(arg, values) for arg in args]
            return sum(t for t, _ in parts), max(x for _, x in parts)
        case Fn(_, args):
            return sum(operations(arg, values)[0] for arg in args), 0
        case _:
            raise TypeError(f"not a node of a cell: {node!r}")


def _plain(value: Any) -> Any:
    """An int where the value is whole, else a Fraction; −∞ as it is."""
    value = first(value)
    if isinstance(value, int) or is_neg_inf(value):
        return value
    if not isinstance(value, Fraction):
        try:
            value = Fraction(value)
        except (TypeError, ValueError):
            return 1  # a letter is as long as a digit
    return value.numerator if value.denominator == 1 else value


def _parts(value: Any) -> tuple[int, ...]:
    """Numerator, and denominator where there is one; −∞ is as long as −1."""
    plain = -1 if is_neg_inf(value) else _plain(value)
    return (plain.numerator, plain.denominator) if isinstance(plain, Fraction) else (plain,)


def _glyphs(value: Any) -> int:
    parts = _parts(value)
    return sum(len(str(abs(part))) for part in parts) + (parts[0] < 0) + len(parts) - 1


def _product(a: Any, b: Any) -> float:
    if a == 0 or b == 0:
        return BY_ZERO
    if abs(a) == 1 or abs(b) == 1:
        return BY_ONE
    further = sum(len(str(abs(_parts(x)[0]))) - 1 for x in (a, b))
    return PRODUCT + DIGIT * further + FRACTION * sum(isinstance(x, Fraction) for x in (a, b))


def _added(values: list[Any]) -> tuple[float, Any]:
    """One after the other; nothing is added where a term is 0, and nothing to −∞."""
    total, time = values[0] if values else 0, 0.0
    for value in values[1:]:
        if value != 0 and total != 0 and not (is_neg_inf(value) or is_neg_inf(total)):
            further = max(len(str(abs(_parts(x)[0]))) for x in (total, value)) - 1
            unlike = _parts(total)[1:] != _parts(value)[1:]
            time += ADDITION * (1 + FURTHER * further) + UNLIKE * unlike
        total += value
    return time, total
