"""Whether the result of an operation changes sign if its operands do: a fold over the tree of the rule."""

from __future__ import annotations

from collections.abc import Callable

from byhand.arithmetic.expr import BigSum, Div, Expr, Fn, Index, Mul, Num, Ref, Sub, Sum, children
from byhand.tape import Step


def sign_of(step: Step, letter: str, changes: Callable[[int, int], bool]) -> bool | None:
    """Whether a step changes sign at one place of a letter if its operands do at that place; None if only some of its
    numbers would.

    changes: whether an operand, given by its index, changes sign along its rows (0) or its columns (1).
    """
    assert step.op is not None
    operands, result = step.op.letters(len(step.inputs))
    rule = step.op.general_rule([str(n) for n, _ in enumerate(operands)], **step.params)
    index = Index("ij"[result.index(letter)]) if letter in result else None

    def change(ref: Ref, of_result: bool) -> bool:
        """Whether a cell of an operand changes sign: one at the result's place of the letter, or at another place."""
        n = int(ref.matrix)
        sides = (side for side in (0, 1) if operands[n][side] == letter and (ref.index[side] == index) is of_result)
        return sum(changes(n, side) for side in sides) % 2 == 1

    if _sign(rule, lambda ref: change(ref, False)) is not False:
        return None  # in a sum along the letter, one term alone would change
    return _sign(rule, lambda ref: change(ref, True))


def _sign(node: Expr, change: Callable[[Ref], bool]) -> bool | None:
    """Whether the value of a tree changes sign if the given cells do; None if it changes in another way."""
    match node:
        case Num():
            return False
        case Ref():
            return change(node)
        case Mul(left, right) | Div(left, right):
            one, other = _sign(left, change), _sign(right, change)
            return None if one is None or other is None else one != other
        case Fn("pow", (base, Num(power))) if power in (1, 2, 3, 4):
            sign = _sign(base, change)
            return sign and power % 2 == 1
        case Sum() | Sub() | BigSum():
            signs = {_sign(term, change) for term in children(node)}
            return signs.pop() if len(signs) == 1 else None if signs else False
        case Fn():
            return None if any(_sign(arg, change) is not False for arg in node.args) else False
        case _:
            raise TypeError(f"not a node: {node!r}")
