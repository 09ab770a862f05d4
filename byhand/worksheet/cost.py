"""What something costs for texts of several lengths: a formula of the front matter, with the sizes of the model."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from byhand.errors import SheetError, UnknownNameError

LONGEST = 200  # characters
OPERATORS: dict[type[ast.AST], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
LENGTHS = (1_000, 1_000_000)  # words, beside those of the sheet's own text


def costs(formula: str, sizes: Mapping[str, Any]) -> Fraction:
    """The value of a formula such as "n * (n + 1) / 2". sizes: what its names stand for.

    Raises: SheetError for what is no formula of whole numbers, + − * / and min, or has a name that there is not.
    """
    if len(formula) > LONGEST:
        raise SheetError(f"cost: {formula[:40]}… has over {LONGEST} characters")
    try:
        return _value(ast.parse(formula, mode="eval").body, sizes)
    except (SyntaxError, ValueError, ZeroDivisionError) as error:
        raise SheetError(f"cost: {formula} is no formula: {error.args[0]}") from None


def _value(node: ast.expr, sizes: Mapping[str, Any]) -> Fraction:
    match node:
        case ast.Constant(value=int() as number):
            return Fraction(number)
        case ast.Name(id=name):
            if not isinstance(sizes.get(name), int):
                raise SheetError(
                    f"cost: {UnknownNameError('size', name, [n for n in sizes if type(sizes[n]) is int])}"
                )
            return Fraction(sizes[name])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(left, sizes), _value(right, sizes))
        case ast.Call(func=ast.Name(id="min"), args=[one, other], keywords=[]):
            return min(_value(one, sizes), _value(other, sizes))
    raise SheetError(f"cost: {ast.unparse(node)} has no meaning; use n, sizes of the model, numbers, + - * / and min")
