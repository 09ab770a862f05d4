"""The kinds of slip: how often each is made, and what it makes of the arithmetic of a cell.

A page for the screen brings this table along, so that a browser names the same slips as a marked page.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from byhand.arithmetic.expr import Div, Expr, Fn, Mul, Num, Ref, Sub, Sum, changed, children

# How often slips of a kind are made, compared with each other. A kind that gives the same numbers as another, where
# both are as frequent, comes after the one that is easier to say.
PRIOR: dict[str, float] = {
    "sign": 4, "sign-of-square": 2, "term-dropped": 2, "bias-forgotten": 3, "term-twice": 0.5,
    "product-as-sum": 1.5, "factor-dropped": 1, "neighbour": 2, "wrong-row": 2, "wrong-column": 2, "mirrored": 1.5,
    "transposed-operand": 1.5, "not-divided": 3, "multiplied-not-divided": 1, "upside-down": 1, "wrong-divisor": 1.5,
    "root-forgotten": 2, "halved": 1, "not-squared": 2, "doubled-not-squared": 2, "added-not-subtracted": 2,
    "reversed": 1.5, "not-subtracted": 1, "times-not-power": 2, "exponent-itself": 2.5, "power-reversed": 1.5,
    "negative-power": 2.5,
    "relu-forgotten": 3, "absolute": 1, "relu-all": 0.5, "not-masked": 3, "zero-for-minus-infinity": 3,
    "masked-too-much": 2, "sign-of-infinity": 3, "sign-of-result": 2, "off-by-1": 3, "off-by-2": 1, "off-by-10": 1,
    "digits-swapped": 0.7, "too-few-places": 3, "truncated": 2, "point-misplaced": 1, "copied-neighbour": 2,
    "copied-transposed": 2,
}  # fmt: skip
OUT_OF_THE_BLUE = 0.3  # the weight of a number without any explanation
NO_HABIT = frozenset({"off-by-1", "off-by-2", "off-by-10", "digits-swapped", "truncated", "point-misplaced"})
PERHAPS = 0.6  # the weight from which a reason is said, with "perhaps"
EITHER = 0.25  # the weight from which two reasons are said, with "or"
LEAST = 0.1  # the weight from which a reason is listed
MOST_REASONS = 3
BOOST, MOST_BOOSTS = 4.0, 4  # of a habit, for each cell after the first
LEAST_HITS = 2  # of a classic mistake that is named

_A, _B = Ref("a"), Ref("b")  # stand for any tree
_ZERO, _TWO, _MINUS_ONE = (Num(Fraction(n)) for n in (0, 2, -1))
# What a slip makes of a node: the form of the node; kind and detail of each slip, and the tree that it makes of it. A
# node has the first form that fits.
BY_FORM: tuple[tuple[Expr, tuple[tuple[str, str, Expr], ...]], ...] = (
    (Sub(_A, _B), (
        ("added-not-subtracted", "", Sum((_A, _B))),
        ("reversed", "", Sub(_B, _A)),
        ("not-subtracted", "", _A),
    )),
    (Mul(_A, _B), (
        ("product-as-sum", "", Sum((_A, _B))),
        ("factor-dropped", "2", _A),
        ("factor-dropped", "1", _B),
    )),
    (Div(_A, _B), (
        ("not-divided", "", _A),
        ("multiplied-not-divided", "", Mul(_A, _B)),
        ("upside-down", "", Div(_B, _A)),
        ("wrong-divisor", "twice", Div(Div(_A, _B), _B)),
    )),
    (Fn("sqrt", (_A,)), (
        ("root-forgotten", "", _A),
        ("halved", "", Div(_A, _TWO)),
    )),
    (Fn("pow", (_A, _TWO)), (
        ("not-squared", "", _A),
        ("doubled-not-squared", "", Mul(_TWO, _A)),
    )),
    (Fn("pow", (_A, _B)), (
        ("times-not-power", "", Mul(_A, _B)),
        ("exponent-itself", "", _B),
        ("power-reversed", "", Fn("pow", (_B, _A))),
        ("negative-power", "inverted", Fn("pow", (_A, Mul(_MINUS_ONE, _B)))),
        ("negative-power", "signed", Mul(_MINUS_ONE, Fn("pow", (_A, Mul(_MINUS_ONE, _B))))),
    )),
    (Fn("max", (_ZERO, _A)), (
        ("relu-forgotten", "", _A),
        ("absolute", "", Fn("max", (_A, Mul(_MINUS_ONE, _A)))),
        ("relu-all", "", _ZERO),
    )),
)  # fmt: skip


def matched(form: Expr, node: Expr) -> Mapping[str, Expr] | None:
    """What the letters of a form stand for in a node; None where it has another form."""
    if isinstance(form, Ref):
        return {form.matrix: node}
    if isinstance(form, Num):
        return {} if form == node else None
    if type(form) is not type(node) or (isinstance(form, Fn) and form.name != node.name):  # type: ignore[attr-defined]
        return None
    parts, of_node = children(form), children(node)
    if len(parts) != len(of_node):
        return None
    by_letter: dict[str, Expr] = {}
    for part, child in zip(parts, of_node, strict=True):
        if (of_part := matched(part, child)) is None:
            return None
        by_letter |= of_part
    return by_letter


def filled(form: Expr, parts: Mapping[str, Expr]) -> Expr:
    """A form with trees in place of its letters."""
    return parts[form.matrix] if isinstance(form, Ref) else changed(form, lambda child: filled(child, parts))
