"""Numbers as you may write them, and the arrays that are given. This cell needs NumPy and Python alone."""

import ast
import dataclasses
import math
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np

from byhand.notation.typed import formula, read

NEVER = float("-inf")
BITS = 20_000  # of the longest number
PLAIN = re.compile(r"-?\d+(?:[./]\d+)?")


class Struct:
    """A record: what msgspec calls so, which a notebook may not have."""

    def __init_subclass__(cls, frozen=False, eq=True, dict=False):
        dataclasses.dataclass(frozen=frozen, eq=eq)(cls)


def field(default_factory):
    return dataclasses.field(default_factory=default_factory)


def replace(record, **changes):
    return dataclasses.replace(record, **changes)


def number(entry, letters=None):
    """The exact number that an entry is: a whole number, a fraction, a decimal, -inf, or a text such as "-1/2".

    None where it is empty. letters: what letters stand for. A ValueError says that it is no number.
    """
    return next(iter(numbers(entry, letters)), None)


def numbers(entry, letters=None):
    """The exact numbers that an entry may be: two where a comma may be a point or none; none where it is empty."""
    if is_empty(entry):
        return ()
    if isinstance(entry, (bool, np.bool_)):
        raise ValueError(f"{entry} is no number")
    if isinstance(entry, (float, np.floating)):
        return (NEVER if entry == NEVER else Fraction(repr(float(entry))),)
    if isinstance(entry, (int, np.integer)):
        return (Fraction(int(entry)),)
    if isinstance(entry, (Fraction, Decimal)):
        return (Fraction(entry),)
    return typed(str(entry), letters or {})


def is_empty(entry):
    return entry is None or entry is Ellipsis or (isinstance(entry, str) and entry.strip(" ?_") in ("", "...", "…"))


def array(rows):
    """A NumPy array of exact numbers; what is empty or no number, such as a formula in letters, stays as it is."""
    made = np.empty((len(rows), len(rows[0])), dtype=object)
    made[:] = [[exact(entry) for entry in row] for row in rows]
    return made


def exact(entry):
    try:
        value = number(entry)
    except ValueError:
        return entry
    return entry if value is None else value


def power(a, b):
    """a to the power b."""
    if b == NEVER:
        return Fraction(0)
    if Fraction(b).denominator == 1:
        if abs(b) * max(abs(Fraction(a).numerator), Fraction(a).denominator).bit_length() > BITS:
            raise ArithmeticError("too long a number")
        return Fraction(a) ** int(b)
    return Fraction(as_decimal(a) ** as_decimal(b))


def sqrt(x):
    """The root of x, exactly if it is a fraction."""
    top, bottom = (math.isqrt(n) for n in (Fraction(x).numerator, Fraction(x).denominator))
    return Fraction(top, bottom) if Fraction(top, bottom) ** 2 == x else Fraction(as_decimal(x).sqrt())


def as_decimal(x):
    return Decimal(Fraction(x).numerator) / Decimal(Fraction(x).denominator)


def typed(text, letters):
    """The numbers that a text may say: as byhand reads what is written by hand, or else a formula."""
    try:
        if PLAIN.fullmatch(text):  # of any length
            return (Fraction(text),)
        if (reading := read(text)).kind == "number":
            return tuple(x if isinstance(x, float) and math.isinf(x) else Fraction(x) for x in reading.values)
        line = formula(text, list(letters)) or ""
        return (value_of(ast.parse(line, mode="eval").body, letters),)
    except (SyntaxError, TypeError, KeyError, ArithmeticError, RecursionError):
        raise ValueError(f"{text!r} is no number") from None


def value_of(node, letters):
    """The value of a formula."""
    operators = {ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__"}
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.Name):
        return letters[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = value_of(node.operand, letters)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return power(value_of(node.left, letters), value_of(node.right, letters))
    if isinstance(node, ast.BinOp):
        return getattr(value_of(node.left, letters), operators[type(node.op)])(value_of(node.right, letters))
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "sqrt":
        return sqrt(value_of(node.args[0], letters))
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Abs":
        return abs(value_of(node.args[0], letters))
    raise TypeError(node)
