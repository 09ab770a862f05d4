"""Numbers as you may write them, and the arrays that are given. This cell needs NumPy and Python alone."""

import ast
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np

NEVER = float("-inf")
BITS = 20_000  # of the longest number


def number(entry, letters=None):
    """The exact number that an entry is: a whole number, a fraction, a decimal, -inf, or a text such as "-1/2".

    None where it is empty. letters: what letters stand for. A ValueError says that it is no number.
    """
    if entry is None or entry is Ellipsis or (isinstance(entry, str) and entry.strip(" .?_") == ""):
        return None
    if isinstance(entry, (bool, np.bool_)):
        raise ValueError(f"{entry} is no number")
    if isinstance(entry, (float, np.floating)):
        if entry == NEVER:
            return NEVER
        return Fraction(repr(float(entry)))
    if isinstance(entry, (int, np.integer)):
        return Fraction(int(entry))
    if isinstance(entry, (Fraction, Decimal)):
        return Fraction(entry)
    return _read(str(entry), letters or {})


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
    return Fraction(_decimal(a) ** _decimal(b))


def sqrt(x):
    """The root of x, exactly if it is a fraction."""
    import math

    top, bottom = (math.isqrt(n) for n in (Fraction(x).numerator, Fraction(x).denominator))
    return Fraction(top, bottom) if Fraction(top, bottom) ** 2 == x else Fraction(_decimal(x).sqrt())


def _decimal(x):
    return Decimal(Fraction(x).numerator) / Decimal(Fraction(x).denominator)


def _read(text, letters):
    plain = text.translate(str.maketrans({"−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "^": "**", "∞": "inf"}))
    plain = re.sub(r"√\(?(\w+)\)?", r"sqrt(\1)", plain.replace("**", "^")).replace("^", "**")
    plain = re.sub(r"^([^,.]*\d),(\d+)$", r"\1.\2", plain.strip())  # a decimal comma
    plain = re.sub(r"(?<=[\d)])\s*(?=[A-Za-zα-ω(])", "*", plain)
    try:
        return _value(ast.parse(plain, mode="eval").body, letters)
    except (SyntaxError, TypeError, KeyError, ArithmeticError, RecursionError):
        raise ValueError(f"{text!r} is no number") from None


def _value(node, letters):
    operators = {ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__"}
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Fraction(repr(node.value))
    if isinstance(node, ast.Name):
        return letters[node.id] if node.id != "inf" else -NEVER
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _value(node.operand, letters)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return power(_value(node.left, letters), _value(node.right, letters))
    if isinstance(node, ast.BinOp):
        return getattr(_value(node.left, letters), operators[type(node.op)])(_value(node.right, letters))
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "sqrt":
        return sqrt(_value(node.args[0], letters))
    raise TypeError(node)
