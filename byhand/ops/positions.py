"""What tells positions apart."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from byhand.arithmetic.expr import At, Expr, Fn, Index, Num, expr
from byhand.tape import op


@op("->ij", reads="the position and the dimension only", formula=r"\sin, \cos(t \cdot \omega)")
def sinusoid(
    i: At, j: At, width: int, base: int = 10000, periods: Sequence[Any] = (), exchanged: bool = False
) -> Expr:
    """Sine in even dimensions, cosine in odd ones, of the position times a frequency.

    Source: Vaswani et al. 2017, section 3.5; periods, in positions a turn, replace base^(−2k/width). exchanged: the
    row is the dimension and the column the position.
    """
    if exchanged:
        i, j = j, i
    if isinstance(i, Index) or isinstance(j, Index):
        return Fn("sin", (Num(i) / expr(base) ** (Num(j) / Num(Index("d_model"))),))
    pair, name = j // 2, ("sin", "cos")[j % 2]
    if periods:
        return Fn(f"{name}pi", (expr(Fraction(2 * i) / Fraction(periods[pair])),))
    return Fn(name, (expr(i) / expr(base) ** (expr(2 * pair) / expr(width)),))


@op("->ij", reads="the position and the period only", formula=r"t \div \text{{period}}")
def turns(i: At, j: At, periods: Sequence[Any]) -> Expr:
    """How often a pair of dimensions has turned at a position: the position divided by the pair's period."""
    if isinstance(i, Index) or isinstance(j, Index):
        return Num(i) / Num(Index("period"))
    return expr(i) / expr(Fraction(periods[j]))
