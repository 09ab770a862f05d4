"""A promise that a sheet writes itself, in its front matter: a comparison of a run's exact numbers.

    promises: ['largest("probs", 1) < largest("probs", 0)', 'number("z", 0, 0) != number("z", 0, 0, "no-sqrt")']

A sheet may be somebody else's file: an expression can call nothing but `number`, `largest`, `smallest` and `total`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import chain, pairwise
from typing import Any

from byhand.errors import ByHandError, SheetError
from byhand.mistakes.registry import mistaken
from byhand.tape import Rows, Tape

LONGEST = 500  # characters
Value = Callable[[Tape], Any]
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.USub: operator.neg,
    ast.Div: lambda a, b: Fraction(a) / Fraction(b), ast.Not: operator.not_, ast.Eq: operator.eq,
    ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def number(tape: Tape, step: str, i: int, j: int, mistake: str = "") -> Any:
    """One number of a step. mistake: the mistake in the run that is asked."""
    return _rows(tape, step, i, mistake)[0][j]


def largest(tape: Tape, step: str, row: int | None = None, mistake: str = "") -> Any:
    """The largest number of a step, or of one of its rows."""
    return max(chain(*_rows(tape, step, row, mistake)))


def smallest(tape: Tape, step: str, row: int | None = None, mistake: str = "") -> Any:
    """The smallest number of a step, or of one of its rows."""
    return min(chain(*_rows(tape, step, row, mistake)))


def total(tape: Tape, step: str, row: int | None = None, mistake: str = "") -> Any:
    """The sum of a step's numbers, or of one of its rows."""
    return sum(chain(*_rows(tape, step, row, mistake)))


FUNCTIONS = {function.__name__: function for function in (number, largest, smallest, total)}


def _rows(tape: Tape, step: str, row: int | None, mistake: str) -> Rows:
    rows = (mistaken(tape, mistake)[0] if mistake else tape).values(step)
    return rows if row is None else (rows[row],)


@cache
def expressed(text: str) -> Callable[[Tape], bool]:
    """A function that says whether an evaluated run keeps a promise that is an expression; it raises SheetError where
    the expression has no value.

    Raises: SheetError for what is no expression.
    """
    if len(text) > LONGEST:
        raise SheetError(f"{text[:40]}… has over {LONGEST} characters; write several promises")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise SheetError(f"{text} is no expression: {error.args[0]}") from None
    if not isinstance(tree, ast.Compare | ast.BoolOp) and not _negates(tree):
        raise SheetError(f"{text} is no comparison, which is true or false")
    value = _value(tree)

    def keeps(tape: Tape) -> bool:
        try:
            return bool(value(tape))
        except ByHandError:
            raise
        except Exception as error:
            raise SheetError(f"the promise {text} has no value: {error}") from None

    return keeps


def _negates(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _value(node: ast.expr) -> Value:
    """A function that gives an expression its value in a run.

    Raises: SheetError for what has no meaning in a promise.
    """
    match node:
        case ast.Constant(value=int() | str() as constant) if not isinstance(constant, bool):
            return lambda tape: constant
        case ast.BoolOp(op=op, values=parts):
            all_or_any, values = all if isinstance(op, ast.And) else any, [_value(part) for part in parts]
            return lambda tape: all_or_any(value(tape) for value in values)
        case ast.UnaryOp(op=op, operand=of) if type(op) in OPERATORS:
            change, value = OPERATORS[type(op)], _value(of)
            return lambda tape: change(value(tape))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            combine, one, other = OPERATORS[type(op)], _value(left), _value(right)
            return lambda tape: combine(one(tape), other(tape))
        case ast.Compare(left=left, ops=ops, comparators=rights) if all(type(op) in OPERATORS for op in ops):
            sides = [*pairwise(map(_value, (left, *rights)))]
            tests = [OPERATORS[type(op)] for op in ops]
            return lambda tape: all(t(a(tape), b(tape)) for t, (a, b) in zip(tests, sides, strict=True))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=named) if name in FUNCTIONS:
            given, by_name = [_value(arg) for arg in args], {str(each.arg): _value(each.value) for each in named}
            return lambda tape: FUNCTIONS[name](
                tape, *(value(tape) for value in given), **{key: value(tape) for key, value in by_name.items()}
            )
    raise SheetError(f"{ast.unparse(node)} has no meaning in a promise; compare {', '.join(FUNCTIONS)}, and numbers")
