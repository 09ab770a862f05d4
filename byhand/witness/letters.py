"""The values of numbers in run.json: of "3", "-1/2", "-inf"; and of "2*a - sqrt(2)", given values for the letters."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from typing import Any

from byhand.errors import WitnessError
from byhand.witness.numbers import EXACT, NEG_INF, IrrationalError, Numbers, digits
from byhand.witness.recorded import Recorded, computed_steps

POINTS = (Fraction(3, 7), Fraction(-8, 5), Fraction(21, 10))  # where letters are tried


def value_of(text: str, letters: Mapping[str, Any]) -> Any:
    """The number that a text stands for: exact if it is rational, else of sixty digits.

    letters: the value of each letter.

    Raises: WitnessError where the text is no number.
    """
    if (known := _rational(text)) is not None:
        return known
    try:
        tree = ast.parse(text, mode="eval").body
        try:
            return _evaluate(tree, EXACT, letters)
        except IrrationalError:
            return _evaluate(tree, digits(), letters)
    except (SyntaxError, ArithmeticError, TypeError, ValueError):
        raise WitnessError(f"{text[:40]!r} is not a number") from None


@lru_cache(10_000)
def _rational(text: str) -> int | Fraction | float | None:
    """A whole number, a fraction or −∞; None for any other text."""
    if text == "-inf":
        return NEG_INF
    for kind in (int, Fraction):
        with suppress(ValueError, ZeroDivisionError):
            return kind(text)
    return None


def letters_of(run: Recorded) -> list[str]:
    """The letters among a run's givens."""
    if run.numbers != "symbolic":
        return []
    givens = run.steps.keys() - computed_steps(run).keys()
    entries = {x for name in givens for row in run.texts[name] for x in row}
    return sorted(x for x in entries if x.isidentifier())


def _evaluate(node: ast.expr, n: Numbers, letters: Mapping[str, Any]) -> Any:
    """The value of an expression in the form that sympy prints.

    Raises: ValueError where it is of another form.
    """

    def part(child: ast.expr) -> Any:
        return _evaluate(child, n, letters)

    match node:
        case ast.Constant(int() as value):
            return n.num(value)
        case ast.Name(name) if name in letters:
            return n.num(letters[name])
        case ast.Name("E"):
            return n.power("e", 1)
        case ast.Name("pi"):
            return n.half_turn()
        case ast.UnaryOp(ast.USub(), operand):
            return -part(operand)
        case ast.BinOp(left, ast.Add(), right):
            return part(left) + part(right)
        case ast.BinOp(left, ast.Sub(), right):
            return part(left) - part(right)
        case ast.BinOp(left, ast.Mult(), right):
            return part(left) * part(right)
        case ast.BinOp(left, ast.Div(), right):
            return n.over(part(left), part(right))
        case ast.BinOp(ast.Name("E"), ast.Pow(), right) if "E" not in letters:
            return n.power("e", part(right))
        case ast.BinOp(left, ast.Pow(), right):
            return n.power(part(left), part(right))
        case ast.Call(ast.Name(name), [argument]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](n, part(argument))
        case _:
            raise ValueError


_FUNCTIONS = {
    "sqrt": lambda n, x: n.root(x), "exp": lambda n, x: n.power("e", x), "log": lambda n, x: n.logarithm(x),
    "Abs": lambda n, x: abs(x),
    "sin": lambda n, x: n.sine(x), "cos": lambda n, x: n.cosine(x), "erf": lambda n, x: n.error_function(x),
}  # fmt: skip
