"""Answers in letters: `2a − b`, `2*a - b`, `(a + b)/2`, `a²`, `2^(a+b)`, `√2`, `|a − b|`."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import sympy

from byhand.arithmetic import symbols
from byhand.arithmetic.domain import MOST_BITS
from byhand.notation.typed import LARGEST_POWER, formula

MOST_TERMS = 2000  # that an answer may have once it is expanded


def read_formula(text: str, letters: Sequence[str]) -> sympy.Expr | None:
    """The expression that a text stands for, in these letters and numbers; None where it is none."""
    line = formula(text, letters)
    if line is None:
        return None
    try:
        tree = ast.parse(line, mode="eval").body
        is_short = _bits(tree) <= MOST_BITS and _terms(tree) <= MOST_TERMS
        return symbols.read(line) if is_short else None
    except (SyntaxError, ValueError, ArithmeticError, RecursionError):
        return None


def are_equal(a: sympy.Expr, b: sympy.Expr) -> bool:
    """Whether the difference of two expressions expands to 0, with all powers of a number taken of its primes."""
    difference = sympy.expand(a - b)
    if difference == 0:
        return True
    difference = difference.replace(_is_power_of_a_number, _power_of_primes)
    return bool(sympy.expand(sympy.together(difference).as_numer_denom()[0]) == 0)


def _is_power_of_a_number(node: sympy.Expr) -> bool:
    return bool(node.is_Pow and node.base.is_Rational and node.base > 0 and not node.exp.is_number)


def _power_of_primes(node: sympy.Expr) -> sympy.Expr:
    """4^a as e^(2a·log 2), so that it is the same as 2^(2a)."""
    return sympy.exp(sympy.expand(sympy.expand_log(sympy.log(node.base)) * node.exp))


def _terms(node: ast.expr) -> int:
    """How many terms an expression may have once it is expanded, at most; more than MOST_TERMS for a huge power."""
    match node:
        case ast.BinOp(left, ast.Add() | ast.Sub(), right):
            return _terms(left) + _terms(right)
        case ast.BinOp(left, ast.Mult() | ast.Div(), right):
            return min(_terms(left) * _terms(right), MOST_TERMS + 1)
        case ast.BinOp(left, ast.Pow(), right):
            power = _whole(right)
            if power is not None and power > LARGEST_POWER:
                return MOST_TERMS + 1
            largest = 1 << min(_bits(right), LARGEST_POWER) if power is None else power  # also of what is added in it
            terms: int = _terms(left) ** min(largest, LARGEST_POWER) + _terms(right) * (power is None)
            return min(terms, MOST_TERMS + 1)
        case ast.UnaryOp(_, operand):
            return _terms(operand)
        case ast.Call(_, [argument]):
            return _terms(argument)
        case _:
            return 1


def _whole(exponent: ast.expr) -> int | None:
    """The size of an exponent that is a whole number, in short numbers; None for any other."""
    if _has_letters(exponent):
        return None
    value = symbols.read(ast.unparse(exponent))
    return abs(int(value)) if value.is_Integer else None


def _bits(node: ast.expr) -> int:
    """How many bits the numbers of an expression may have, at most; more than MOST_BITS for a huge power."""
    match node:
        case ast.Constant(int() as value):
            return value.bit_length()
        case ast.BinOp(left, ast.Pow(), right):
            return min(max(1, _bits(left)) << min(_bits(right), MOST_BITS.bit_length()), MOST_BITS + 1)
        case ast.BinOp(left, ast.Add() | ast.Sub(), right):
            return max(_bits(left), _bits(right)) + 1
        case ast.BinOp(left, _, right):
            return _bits(left) + _bits(right)
        case ast.UnaryOp(_, operand) | ast.Call(_, [operand]):
            return _bits(operand)
        case _:
            return 0


def _has_letters(tree: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id not in ("sqrt", "Abs") for node in ast.walk(tree))
