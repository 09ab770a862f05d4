"""Chance: probabilities laid end to end, and where a throw falls on them."""

from __future__ import annotations

from fractions import Fraction

from byhand.arithmetic.expr import At, Expr, Fn, Index, Sum, expr, largest
from byhand.tape import Operand, example, op


@op(
    "ij->ij",
    by_place="j",
    formula=r"{0}_{{i1}} + \dots + {0}_{{ij}}",
    example=example([[1, 2, 0], [3, -4, 5]], gives=[[1, 3, 3], [3, -1, 4]]),
)
def running_sum(a: Operand, i: At, j: At) -> Expr:
    """Each row added up from its beginning, entry by entry."""
    if isinstance(j, Index):
        return a[i, j]
    return Sum(tuple(a[i, k] for k in range(j + 1)))


@op(
    "1k,i1->i1",
    by_place="k",
    formula=r"\min\{{k : {1}_i \le {0}_k\}}",
    example=example(
        [[Fraction(1, 4), Fraction(1, 4), 1]], [[Fraction(1, 8)], [Fraction(1, 2)], [Fraction(1, 4)]],
        gives=[[0], [2], [0]],
    ),
)  # fmt: skip
def stretch_of(ends: Operand, throws: Operand, i: At, j: At) -> Expr:
    """The stretch that each throw falls on, from the ends of all stretches; on the end of one, that one.

    A throw is further than 0 from both ends of its stretch only, so its smaller distance is the largest there.
    """

    def inside(start: Expr, end: Expr) -> Expr:
        return expr(0) - largest(throws[i, 0] - end, start - throws[i, 0])

    if isinstance(ends.cols, Index):
        return Fn("argmax", (inside(ends[0, Index("k")], ends[0, Index("k")]),))
    starts = (expr(0), *(ends[0, k] for k in range(ends.cols - 1)))
    return Fn("argmax", tuple(inside(start, ends[0, k]) for k, start in enumerate(starts)))
