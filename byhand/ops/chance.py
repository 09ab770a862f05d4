"""Chance: probabilities laid end to end, and where a throw falls on them."""

from __future__ import annotations

from fractions import Fraction

from byhand.arithmetic.expr import At, Expr, Fn, Index, Sum, expr, largest, total
from byhand.tape import Operand, example, line, op


@op(
    "ij->ij",
    by_place="j",
    formula=r"{0}_{{i1}} + \dots + {0}_{{ij}}",
    said="Add up the {row} from its beginning to this place.",
    example=example([[1, 2, 0], [3, -4, 5]], gives=[[1, 3, 3], [3, -1, 4]]),
    backward=(lambda s: line("matmul", s.g, line("may_see", pattern="all", width=1, shape=(s.a.cols, s.a.cols))),),
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
    said="Find the stretch in which the random number falls.",
    example=example(
        [[Fraction(1, 4), Fraction(1, 4), 1]], [[Fraction(1, 8)], [Fraction(1, 2)], [Fraction(1, 4)]],
        gives=[[0], [2], [0]],
    ),
    backward=("the stretch on which a throw falls does not change little by little: it jumps",),
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


@op(
    "ij->ij",
    by_place="j",
    formula=r"\min({0}_{{ij}},\, 1 - {0}_{{i1}} - \dots - {0}_{{i\,j-1}})",
    said="Take the probability as it is while all together stay below 1; then only what is left.",
    example=example(
        [[Fraction(1, 2), Fraction(1, 4), Fraction(3, 4)], [Fraction(1, 2), Fraction(3, 4), Fraction(1, 4)]],
        gives=[[Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)], [Fraction(1, 2), Fraction(1, 2), 0]],
    ),
    edges=(example([[Fraction(1, 4), Fraction(1, 4)]], gives=[[Fraction(1, 4), Fraction(3, 4)]]),),
    backward=("how many passes there are does not change little by little: it jumps",),
)  # fmt: skip
def halting_weights(a: Operand, i: At, j: At) -> Expr:
    """Each probability of halting, as long as all together are less than 1; the last one has what is left.

    Source: Graves 2016, adaptive computation time, with ε = 0.
    """
    if isinstance(j, Index):
        return expr(1) - largest(expr(0), expr(1) - a[i, j])  # the smaller of the two
    left = largest(expr(0), expr(1) - Sum(tuple(a[i, k] for k in range(j)))) if j else expr(1)
    return left if j + 1 == a.cols else left - largest(expr(0), left - a[i, j])


@op(
    "ij->i1",
    by_place="j",
    formula=r"N + {0}_{{iN}}",
    said="Count the passes that have a weight, and add the weight of the last.",
    example=example(
        [[Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)], [Fraction(1, 4), Fraction(3, 4), 0]],
        gives=[[Fraction(13, 4)], [Fraction(11, 4)]],
    ),
    backward=("how many passes there are does not change little by little: it jumps",),
)
def ponder_cost(a: Operand, i: At, j: At) -> Expr:
    """The number of the last pass whose weight is above 0, plus that weight.

    Source: Graves 2016, section 2.
    """
    passes = total(a.cols, lambda k: Fn("argmax", (expr(0), a[i, k])))
    if isinstance(a.cols, Index):
        return passes
    return passes + Fn("choose", (passes, expr(0), *(a[i, k] for k in range(a.cols))))
