"""Comparisons of a run's exact numbers that a sheet writes itself: promises, and conditions to be brought about.

    promises: ['largest("probs", 1) < largest("probs", 0)', 'number("z", 0, 0) != number("z", 0, 0, "no-sqrt")']

A promise is asked of a run. A condition becomes trees over references (conditions.py), so that it can be asked of a
run in which a number is another. A sheet may be somebody else's file: an expression can call nothing but `number`,
`largest`, `smallest`, `total` and `leads`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cache
from itertools import chain, pairwise
from typing import Any

from msgspec import Struct

from byhand.errors import ByHandError, SheetError
from byhand.mistakes.registry import mistaken
from byhand.tape import Rows, Tape

LONGEST = 1000  # characters
Value = Callable[[Any], Any]


class Language(Struct, frozen=True):
    """What the parts of an expression mean."""

    functions: Mapping[str, Callable[..., Any]]
    """What can be called, by name: of what the expression is asked of, and of its arguments."""
    operators: Mapping[type[ast.AST], Callable[..., Any]]
    every: Callable[[Iterable[Any]], Any] = all
    """What joins the parts of `and`, and the comparisons of `a < b < c`."""
    either: Callable[[Iterable[Any]], Any] = any
    """What joins the parts of `or`."""


def number(tape: Tape, step: str, i: int, j: int, mistake: str = "") -> Any:
    """One number of a step. mistake: the mistake in the run that is asked."""
    return _rows(tape, step, i, mistake)[0][j]


def largest(tape: Tape, step: str, row: int | None = None, mistake: str = "") -> Any:
    """The largest number of a step, or of one of its rows."""
    return max(chain(*_rows(tape, step, row, mistake)))


def smallest(tape: Tape, step: str, row: int | None = None, column: int | None = None, mistake: str = "") -> Any:
    """The smallest number of a step, or of one of its rows or columns."""
    rows = _rows(tape, step, row, mistake)
    return min(chain(*rows) if column is None else (each[column] for each in rows))


def total(tape: Tape, step: str, row: int | None = None, mistake: str = "") -> Any:
    """The sum of a step's numbers, or of one of its rows."""
    return sum(chain(*_rows(tape, step, row, mistake)))


def leads(tape: Tape, step: str, i: int, j: int, mistake: str = "") -> bool:
    """Whether a number of a step is larger than all others of its row."""
    row = _rows(tape, step, i, mistake)[0]
    return all(row[j] > other for at, other in enumerate(row) if at != j)


def _rows(tape: Tape, step: str, row: int | None, mistake: str) -> Rows:
    rows = (mistaken(tape, mistake)[0] if mistake else tape).values(step)
    return rows if row is None else (rows[row],)


OF_NUMBERS = Language(
    {function.__name__: function for function in (number, largest, smallest, total, leads)},
    {
        ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.USub: operator.neg,
        ast.Div: lambda a, b: Fraction(a) / Fraction(b), ast.Not: operator.not_, ast.Eq: operator.eq,
        ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    },
)  # fmt: skip


@cache
def expressed(text: str) -> Callable[[Tape], bool]:
    """A function that says whether an evaluated run keeps a promise that is an expression; it raises SheetError where
    the expression has no value.

    Raises: SheetError for what is no expression.
    """
    value = compiled(text, OF_NUMBERS)

    def keeps(tape: Tape) -> bool:
        try:
            return bool(value(tape))
        except ByHandError:
            raise
        except Exception as error:
            raise SheetError(f"the promise {text} has no value: {error}") from None

    return keeps


def compiled(text: str, language: Language) -> Value:
    """A function that gives a comparison its value in a language.

    Raises: SheetError for what is no comparison.
    """
    if len(text) > LONGEST:
        raise SheetError(f"{text[:40]}… has over {LONGEST} characters; write several promises")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise SheetError(f"{text} is no expression: {error.args[0]}") from None
    if not (isinstance(tree, ast.Compare | ast.BoolOp) or _negates(tree) or _leads(tree)):
        raise SheetError(f"{text} is no comparison, which is true or false")
    return _value(tree, language)


def _negates(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _leads(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == leads.__name__


def _value(node: ast.expr, language: Language) -> Value:
    """A function that gives an expression its value.

    Raises: SheetError for what has no meaning in a comparison.
    """
    operators, functions = language.operators, language.functions
    match node:
        case ast.Constant(value=int() | str() as constant) if not isinstance(constant, bool):
            return lambda asked: constant
        case ast.BoolOp(op=op, values=parts):
            join = language.every if isinstance(op, ast.And) else language.either
            values = [_value(part, language) for part in parts]
            return lambda asked: join(value(asked) for value in values)
        case ast.UnaryOp(op=op, operand=of) if type(op) in operators:
            change, value = operators[type(op)], _value(of, language)
            return lambda asked: change(value(asked))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in operators:
            combine, one, other = operators[type(op)], _value(left, language), _value(right, language)
            return lambda asked: combine(one(asked), other(asked))
        case ast.Compare(left=left, ops=ops, comparators=rights) if all(type(op) in operators for op in ops):
            sides = [*pairwise([_value(each, language) for each in (left, *rights)])]
            tests = [operators[type(op)] for op in ops]
            every = language.every
            return lambda asked: every(t(a(asked), b(asked)) for t, (a, b) in zip(tests, sides, strict=True))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=named) if name in functions:
            given = [_value(arg, language) for arg in args]
            by_name = {str(each.arg): _value(each.value, language) for each in named}
            return lambda asked: functions[name](
                asked, *(value(asked) for value in given), **{key: value(asked) for key, value in by_name.items()}
            )
    raise SheetError(f"{ast.unparse(node)} has no meaning in a promise; compare {', '.join(functions)}, and numbers")
