"""Positional encodings: what tells positions apart."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from byhand.arithmetic.expr import At, Expr, Fn, Index, Num, expr
from byhand.tape import example, op


@op(
    "->ij",
    by_place="ij",
    formula=r"\sin, \cos(t \cdot \omega)",
    example=example(width=4, periods=(4, 12), sizes={"i": 4, "j": 2}, gives=[[0, 1], [1, 0], [0, -1], [-1, 0]]),
    edges=(example(width=4, sizes={"i": 1, "j": 4}, gives=[[0, 1, 0, 1]]),),
)
def sinusoid(
    i: At, j: At, width: int, base: int = 10000, periods: Sequence[Any] = (), exchanged: bool = False
) -> Expr:
    """Sine in even dimensions, cosine in odd ones, of the position times a frequency, base^(−2k/width).

    periods: for each pair of dimensions, the positions that a whole turn takes, in place of the frequencies.
    exchanged: whether the row is the dimension and the column the position, which is a classic mistake.

    Source: Vaswani et al. 2017, section 3.5.
    """
    if exchanged:
        i, j = j, i
    if isinstance(i, Index) or isinstance(j, Index):
        return Fn("sin", (Num(i) / expr(base) ** (Num(j) / Num(Index("d_model"))),))
    pair, name = j // 2, ("sin", "cos")[j % 2]
    if periods:
        return Fn(f"{name}pi", (expr(Fraction(2 * i) / Fraction(periods[pair])),))
    return Fn(name, (expr(i) / expr(base) ** (expr(2 * pair) / expr(width)),))


@op(
    "->ij",
    by_place="i",
    places={"periods": "j->"},
    formula=r"t \div \text{{period}}",
    example=example(periods=(4, 2), sizes={"i": 2, "j": 2}, gives=[[0, 0], [Fraction(1, 4), Fraction(1, 2)]]),
)
def turns(i: At, j: At, periods: Sequence[Any]) -> Expr:
    """The position divided by the period of each pair of dimensions: how many turns the pair has made."""
    if isinstance(i, Index) or isinstance(j, Index):
        return Num(i) / Num(Index("period"))
    return expr(i) / expr(Fraction(periods[j]))
