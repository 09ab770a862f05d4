"""A condition that a student brings about by changing one number: a comparison as trees over the places of a run.

It is written as a promise is (expressed.py). As trees, it can be asked of a run in which one number is another: here,
on a page on a screen, and in a spreadsheet.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import chain, product
from typing import Any

from msgspec import Struct

from byhand.arithmetic.copies import varies
from byhand.arithmetic.domain import LeavesDomainError
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Expr, Fn, Num, Ref, Scalar, Sub, Sum, evaluate, expr, rebuild, refs, spelled_out
from byhand.arithmetic.floats import FLOATS
from byhand.errors import SheetError, UnknownNameError
from byhand.numbers.expressed import Language, compiled
from byhand.tape import Computed, Shape, Step

MOST_NODES = 3000  # of the trees of a condition
CLOSE = 1e-9  # floats that are no further apart, as a part of them, are equal
COMPARED: Mapping[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0, "<=": lambda sign: sign <= 0, ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0, "=": lambda sign: sign == 0, "!=": lambda sign: sign != 0,
}  # fmt: skip
Values = Callable[[Ref], Scalar]


class Test(Struct, frozen=True):
    """A comparison of two trees, or several tests joined."""

    sign: str
    """"<", "<=", ">", ">=", "=" or "!="; or "and", "or" or "not"."""
    parts: tuple[Any, ...]
    """The two trees that are compared, or the tests that are joined."""

    @property
    def trees(self) -> tuple[Expr, ...]:
        """The trees, from left to right."""
        return tuple(chain.from_iterable(part.trees if isinstance(part, Test) else (part,) for part in self.parts))

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What the trees read, each once."""
        return tuple(dict.fromkeys(ref for tree in self.trees for ref in refs(tree)))

    def over(self, change: Callable[[Expr], Expr]) -> Test:
        """The same test of changed trees."""
        parts = (part.over(change) if isinstance(part, Test) else change(part) for part in self.parts)
        return Test(self.sign, tuple(parts))

    def holds(self, values: Values) -> bool:
        """Whether it holds for exact numbers, or floats where a root or a power is none. values: of references.

        Raises: ArithmeticError where a tree has no value.
        """
        return self.holds_for(lambda tree: number_of(tree, values))

    def holds_for(self, number: Callable[[Expr], Scalar]) -> bool:
        """Whether it holds where its trees have these numbers."""
        match self.sign:
            case "and":
                return all(part.holds_for(number) for part in self.parts)
            case "or":
                return any(part.holds_for(number) for part in self.parts)
            case "not":
                return not self.parts[0].holds_for(number)
        one, other = map(number, self.parts)
        return COMPARED[self.sign](_order(one, other))


def number_of(tree: Expr, values: Values) -> Scalar:
    """The number of a tree: exact, or a float where a root or a power is none. values: of references.

    Raises: ArithmeticError where it has none.
    """
    try:
        return evaluate(tree, lambda ref: RATIONALS.num(values(ref)), RATIONALS)
    except LeavesDomainError:
        return evaluate(tree, lambda ref: FLOATS.num(values(ref)), FLOATS)


def _order(one: Scalar, other: Scalar) -> int:
    """−1, 0 or 1: whether a number is less than another, equal or more."""
    are_floats = isinstance(one, float) or isinstance(other, float)
    if one == other or (are_floats and math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)):
        return 0
    return -1 if one < other else 1


# the language, in trees


def number(shape: Callable[[str], Shape], step: str, i: int, j: int) -> Expr:
    """One number of a step."""
    rows, cols = shape(step)
    if not (-rows <= i < rows and -cols <= j < cols):
        raise SheetError(f"{step} is {rows} × {cols}; it has no number {i}, {j} (counted from 0)")
    return Ref(step, (i % rows, j % cols))


def largest(shape: Callable[[str], Shape], step: str, row: int | None = None) -> Expr:
    """The largest number of a step, or of one of its rows."""
    return Fn("max", tuple(_entries(shape, step, row)))


def smallest(shape: Callable[[str], Shape], step: str, row: int | None = None, column: int | None = None) -> Expr:
    """The smallest number of a step, or of one of its rows or columns."""
    return Sub(Sum(()), Fn("max", tuple(Sub(Sum(()), entry) for entry in _entries(shape, step, row, column))))


def total(shape: Callable[[str], Shape], step: str, row: int | None = None) -> Expr:
    """The sum of a step's numbers, or of one of its rows."""
    return Sum(tuple(_entries(shape, step, row)))


def leads(shape: Callable[[str], Shape], step: str, i: int, j: int) -> Test:
    """Whether a number of a step is larger than all others of its row."""
    leader, row = number(shape, step, i, j), _entries(shape, step, i)
    return Test("and", tuple(Test(">", (leader, other)) for other in row if other != leader))


def _entries(shape: Callable[[str], Shape], step: str, row: int | None, column: int | None = None) -> list[Expr]:
    rows, cols = (
        range(size) if place is None else [place] for size, place in zip(shape(step), (row, column), strict=True)
    )
    return [number(shape, step, i, j) for i, j in product(rows, cols)]


def _compares(sign: str) -> Callable[[Any, Any], Test]:
    return lambda one, other: Test(sign, (expr(one), expr(other)))


def _joins(sign: str) -> Callable[[Iterable[Test]], Test]:
    def joined(parts: Iterable[Test]) -> Test:
        tests = tuple(parts)
        return tests[0] if len(tests) == 1 else Test(sign, tests)

    return joined


OF_TREES = Language(
    {function.__name__: function for function in (number, largest, smallest, total, leads)},
    {
        ast.Add: lambda a, b: expr(a) + b, ast.Sub: lambda a, b: expr(a) - b, ast.Mult: lambda a, b: expr(a) * b,
        ast.Div: lambda a, b: expr(a) / b, ast.USub: lambda a: expr(0) - a if isinstance(a, Expr) else -a,
        ast.Not: lambda test: Test("not", (test,)), ast.Eq: _compares("="), ast.NotEq: _compares("!="),
        ast.Lt: _compares("<"), ast.LtE: _compares("<="), ast.Gt: _compares(">"), ast.GtE: _compares(">="),
    },
    _joins("and"),
    _joins("or"),
)  # fmt: skip


# from a text to trees over the number that may be changed


@cache
def _written(text: str) -> Callable[[Callable[[str], Shape]], Test]:
    return compiled(text, OF_TREES)


def condition(text: str, steps: Mapping[str, Step], changes: str) -> Test:
    """A condition as trees over the numbers of one step, as a given, and of steps that do not follow from it.

    Raises: SheetError for what is no condition, or reads what does not follow from the step by fixed rules.
    """

    def shape(name: str) -> Shape:
        if name not in steps:
            raise UnknownNameError("step", name, steps)
        return steps[name].shape

    try:
        test = _written(text)(shape)
    except (TypeError, ValueError, AttributeError) as error:
        raise SheetError(f"the condition {text} has no value: {error}") from None
    following, left = {changes}, MOST_NODES
    for name, step in steps.items():
        if step.op is not None and following.intersection(step.inputs):
            following.add(name)

    def over_givens(leaf: Num | Ref) -> Expr:
        nonlocal left
        left -= 1
        if left < 0:
            raise SheetError(f"the condition {text} is too long as a formula in {changes}; ask it of an earlier step")
        if isinstance(leaf, Num) or leaf.matrix == changes or leaf.matrix not in following:
            return leaf
        step = steps[leaf.matrix]
        assert step.op is not None
        if any(isinstance(param, Computed) or varies(param) for param in step.params.values()):
            raise SheetError(f"numbers decide which rule {step.name} has; ask the condition of an earlier step")
        i, j = leaf.index
        cell = step.cell(step.op, i, j, [steps[read].shape for read in step.inputs])  # type: ignore[arg-type]
        return rebuild(spelled_out(cell), over_givens)

    found = test.over(lambda tree: rebuild(tree, over_givens))
    if not any(ref.matrix == changes for ref in found.refs):
        raise SheetError(f"no number of {changes} changes whether {text}")
    return found
