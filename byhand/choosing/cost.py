"""How long a sheet takes: seconds for each operation that a person does, added up over the trees of the cells."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from byhand.arithmetic.expr import Div, Expr, Fn, Mul, Num, Ref, Sub, Sum, children, evaluate
from byhand.errors import DomainError
from byhand.tape import Tape

# Seconds, as estimated and not yet measured on a class.
STEP = 15.0  # to read what a step asks, and find its operands
GLYPH = 0.6  # to write one digit, sign or fraction bar
DOT = 2.0  # to find the row and the column of a product
BY_ZERO, BY_ONE, PRODUCT, DIGIT, FRACTION = 0.4, 0.8, 1.5, 3.0, 3.0
ADDITION, FURTHER, UNLIKE = 1.3, 0.8, 5.0
POWER, DIVISION, ROOT = 2.0, 2.0, 3.0


def minutes(tape: Tape, steps: Iterable[str]) -> int:
    """The time for these steps, to 5 minutes; at least 5."""
    return max(5, 5 * round(seconds(tape, steps) / 300))


def seconds(tape: Tape, steps: Iterable[str]) -> float:
    """The time for these steps.

    Raises: UnknownNameError.
    """
    return sum(STEP + sum(_cell(tape, name, i, j) for i, j in _places(tape, name)) for name in steps)


def _places(tape: Tape, name: str) -> Iterable[tuple[int, int]]:
    rows, cols = tape[name].shape
    return ((i, j) for i in range(rows) for j in range(cols))


def _cell(tape: Tape, name: str, i: int, j: int) -> float:
    """One cell: its operations, and writing its result."""
    if tape[name].step.op is None:
        return 0.0
    try:
        result = tape.values(name)[i][j]
    except DomainError:
        return 0.0
    return operations(tape, tape.cell(name, i, j)) + GLYPH * _glyphs(result)


def operations(tape: Tape, node: Expr) -> float:
    """The operations of a tree."""
    below = sum(operations(tape, child) for child in children(node))
    match node:
        case Num() | Ref():
            return 0.0
        case Sum(terms):
            values = [_value(tape, t) for t in terms]
            reading = DOT if any(isinstance(t, Mul) for t in terms) else 0.0
            return below + reading + _additions(values)
        case Sub(left, right):
            return below + _additions([_value(tape, left), _value(tape, right)])
        case Mul(left, right):
            return below + _product(_value(tape, left), _value(tape, right))
        case Div(left, right):
            over = _value(tape, right)
            return below + (0.0 if over == 1 else DIVISION)
        case Fn("pow"):
            return below + POWER
        case Fn("sqrt"):
            return below + (ROOT if not isinstance(node.args[0], Num) else 0.0)
        case Fn():
            return below
        case _:
            raise TypeError(f"not a node of a cell: {node!r}")


def _value(tape: Tape, node: Expr) -> Any:
    def cell(ref: Ref) -> Any:
        i, j = ref.index
        return tape.values(ref.matrix)[i][j]  # type: ignore[index]

    return evaluate(node, cell, tape.domain)


def _parts(value: Any) -> tuple[int, ...]:
    """Numerator, and denominator where there is one; −∞ and letters are as long as 1."""
    try:
        fraction = Fraction(value)
    except (TypeError, ValueError, OverflowError):
        return (1,)
    return (fraction.numerator,) if fraction.denominator == 1 else (fraction.numerator, fraction.denominator)


def _glyphs(value: Any) -> int:
    parts = _parts(value)
    return sum(len(str(abs(part))) for part in parts) + (parts[0] < 0) + len(parts) - 1


def _product(a: Any, b: Any) -> float:
    if a == 0 or b == 0:
        return BY_ZERO
    if abs(a) == 1 or abs(b) == 1:
        return BY_ONE
    further = sum(len(str(abs(_parts(x)[0]))) - 1 for x in (a, b))
    return PRODUCT + DIGIT * further + FRACTION * sum(len(_parts(x)) > 1 for x in (a, b))


def _additions(values: list[Any]) -> float:
    """One after the other; nothing is added where a term is 0."""
    total, time = values[0] if values else 0, 0.0
    for value in values[1:]:
        if value != 0 and total != 0:
            further = max(len(str(abs(_parts(x)[0]))) for x in (total, value)) - 1
            unlike = _parts(total)[1:] != _parts(value)[1:]
            time += ADDITION * (1 + FURTHER * further) + UNLIKE * unlike
        total += value
    return time
