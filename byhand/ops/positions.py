"""Positional encodings: what tells positions apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from byhand.arithmetic.expr import At, Expr, Fn, Index, Num, expr, largest
from byhand.tape import Operand, example, line, op

SEVEN_TENTHS = Fraction(7, 10)
NEXT_TO = 1e-9  # a logarithm this near below a whole number is that number, but for rounding


@op(
    "->ij",
    by_place="ij",
    formula=r"\sin, \cos(t \cdot \omega)",
    said="Sine in the first of each pair, cosine in the second.",
    example=example(width=4, periods=(4, 12), sizes={"i": 4, "j": 2}, gives=[[0, 1], [1, 0], [0, -1], [-1, 0]]),
    edges=(
        example(width=4, sizes={"i": 1, "j": 4}, gives=[[0, 1, 0, 1]]),
        example(width=2, periods=(8,), places=1, sizes={"i": 4, "j": 2},
                gives=[[0, 1], [SEVEN_TENTHS, SEVEN_TENTHS], [1, 0], [SEVEN_TENTHS, -SEVEN_TENTHS]]),
    ),
)  # fmt: skip
def sinusoid(
    i: At, j: At, width: int, base: int = 10000, periods: Sequence[Any] = (), places: int = 0, exchanged: bool = False
) -> Expr:
    """Sine in even dimensions, cosine in odd ones, of the position times a frequency, base^(−2k/width).

    periods: for each pair of dimensions, the positions that a whole turn takes, in place of the frequencies.
    places: the decimal places to which they are read off a circle then; 0 for exact ones. exchanged: whether the row
    is the dimension and the column the position, which is a classic mistake.

    Source: Vaswani et al. 2017, section 3.5.
    """
    if exchanged:
        i, j = j, i
    if isinstance(i, Index) or isinstance(j, Index):
        return Fn("sin", (Num(i) / expr(base) ** (Num(j) / Num(Index("d_model"))),))
    pair, name = j // 2, ("sin", "cos")[j % 2]
    if periods:
        turned = Fraction(i) / Fraction(periods[pair])
        value = Fn(f"{name}pi", (expr(2 * turned),))
        is_whole = (4 * turned).denominator == 1
        return value if is_whole or not places else expr(_read_off(name, turned, places))
    return Fn(name, (expr(i) / expr(base) ** (expr(2 * pair) / expr(width)),))


def _read_off(name: str, turned: Fraction, places: int) -> Fraction:
    """The sine or cosine of so many turns, as it is read off a circle: to a few decimal places, of which none is a
    tie for a sine or a cosine that is not rational; floats have many more.
    """
    value = {"sin": math.sin, "cos": math.cos}[name](math.tau * float(turned % 1))
    return Fraction(round(value * 10**places), 10**places)


@op(
    "->ij",
    by_place="i",
    places={"periods": "j->"},
    formula=r"t \div \text{{period}}",
    said="Divide the position by the period of the pair.",
    example=example(periods=(4, 2), sizes={"i": 2, "j": 2}, gives=[[0, 0], [Fraction(1, 4), Fraction(1, 2)]]),
)
def turns(i: At, j: At, periods: Sequence[Any]) -> Expr:
    """The position divided by the period of each pair of dimensions: how many turns the pair has made."""
    if isinstance(i, Index) or isinstance(j, Index):
        return Num(i) / Num(Index("period"))
    return expr(i) / expr(Fraction(periods[j]))


@op(
    "ij->ij",
    by_place="ij",
    formula=r"{0}_{{tj}} \cos t\omega \mp {0}_{{tj'}} \sin t\omega",
    said="Take the pair (x, y) and turn it: the first number is x times cosine less y times sine, the second "
         "x times sine plus y times cosine.",
    example=example([[1, 2, 3, 4]] * 3, width=4, periods=(4, 2), adjacent=True,
                    gives=[[1, 2, 3, 4], [-2, 1, -3, -4], [-1, -2, 3, 4]]),
    edges=(
        example([[1, 2, 3, 4]] * 3, width=4, periods=(4, 2),
                gives=[[1, 2, 3, 4], [-3, -2, 1, -4], [-1, 2, -3, 4]]),
        example([[1, 2, 3]] * 2, width=2, periods=(4,), gives=[[1, 2, 3], [-2, 1, 3]]),
        example([[1, 2, 3, 4]], width=4, gives=[[1, 2, 3, 4]]),
        example([[1, 2], [3, 4]], width=2, periods=(4,), start=3, gives=[[2, -1], [3, 4]]),
        example([[5, 6], [3, 4]], width=2, periods=(4,), back=True, gives=[[5, 6], [4, -3]]),
    ),
    backward=(lambda s: line("rotate", s.g, **{**s.params, "back": not s.params.get("back", False)}),),
)  # fmt: skip
def rotate(
    a: Operand, i: At, j: At, width: int, base: Any = 10000, periods: Sequence[Any] = (), adjacent: bool = False,
    start: int = 0, back: bool = False,
) -> Expr:  # fmt: skip
    """Every pair of dimensions turned by an angle that grows with the position: (x, y) → (x c − y s, x s + y c).

    The first `width` dimensions are turned, in pairs of neighbours (adjacent), or of the first half with the second.
    The angle is the position times base^(−2k/width); or with periods, the positions that a whole turn takes. start:
    the position of the first row. back: whether they are turned the other way, as their gradient is.

    Source: Su et al. 2021, section 3.2.2; halves as in GPT-NeoX.
    """
    if isinstance(i, Index) or isinstance(j, Index):
        angle = (Num(i) / expr(base) ** (Num(j) / Num(Index("width"))),)
        return a[i, j] * Fn("cos", angle) - a[i, Index("j'")] * Fn("sin", angle)
    if j >= width:
        return a[i, j]
    pair = j // 2 if adjacent else j % (width // 2)
    first, second = (2 * pair, 2 * pair + 1) if adjacent else (pair, pair + width // 2)
    cosine, sine = _turned(i + start, pair, width, base, periods)
    if back:
        first, second = second, first  # the other way round, x and y have changed places
    if j == first:
        return a[i, first] * cosine - a[i, second] * sine
    return a[i, first] * sine + a[i, second] * cosine


def _turned(t: int, pair: int, width: int, base: Any, periods: Sequence[Any]) -> tuple[Expr, Expr]:
    """The cosine and the sine by which a pair of dimensions is turned at a position; of quarter turns, as numbers."""
    if not periods:
        angle = expr(t) / expr(Fraction(base)) ** (expr(2 * pair) / expr(width))
        return Fn("cos", (angle,)), Fn("sin", (angle,))
    quarters = 4 * Fraction(t) / Fraction(periods[pair])
    if quarters.denominator == 1:
        return expr((1, 0, -1, 0)[int(quarters) % 4]), expr((0, 1, 0, -1)[int(quarters) % 4])
    return Fn("cospi", (expr(quarters / 2),)), Fn("sinpi", (expr(quarters / 2),))


@op(
    "->ij",
    by_place="ij",
    formula=r"-{slope} \cdot |i - j|",
    said="Multiply the slope by the distance between the two tokens, and write a minus before it.",
    example=example(slope=2, sizes={"i": 2, "j": 3}, gives=[[0, -2, -4], [-2, 0, -2]]),
)
def falling(i: At, j: At, slope: Any) -> Expr:
    """What a score falls by: a slope times the distance between the token that asks and the one that answers.

    Source: Press, Smith & Lewis 2021 (ALiBi).
    """
    if isinstance(i, Index) or isinstance(j, Index):
        return expr(Fraction(-slope)) * largest(Num(i) - Num(j), Num(j) - Num(i))
    return expr(-abs(i - j) * Fraction(slope))


def column_of(place: int, cols: int, clipped: bool) -> int | None:
    """The column of a distance's number, of as many; beyond an end, that at the end, or none if not clipped."""
    nearest = min(max(place, 0), cols - 1)
    return nearest if clipped or nearest == place else None


@op(
    "ir->ij",
    by_place="ijr",
    formula=r"{0}_{{i,\, j - i}}",
    said="Find the number that belongs to the distance between the two tokens, and copy it.",
    example=example([[1, 2, 3], [4, 5, 6]], start=1, sizes={"j": 4}, gives=[[2, 3, 3, 3], [4, 5, 6, 6]]),
    edges=(
        example([[1, 2, 3]] * 3, start=2, sizes={"j": 3}, gives=[[3, 3, 3], [2, 3, 3], [1, 2, 3]]),
        example([[1, 2, 3]], start=-1, sizes={"j": 3}, gives=[[1, 1, 2]]),
    ),
    backward=(lambda s: line("add_by_distance", s.g, **s.params, cols=s.a.cols),),
)
def pick_by_distance(a: Operand, i: At, j: At, start: int, clipped: bool = True) -> Expr:
    """For each pair of tokens, the number that the row has for their distance; beyond an end, the number at that end.

    start: the column of distance 0 for the first row, counted from 0; where that row is of a later token, it may be
    negative. Columns before it are of tokens that come before. clipped: whether what is beyond an end has its number;
    else it has 0, which is a classic mistake.

    Source: Shaw, Uszkoreit & Vaswani 2018, section 3.2; Dai et al. 2019, appendix B.
    """
    if isinstance(i, Index) or isinstance(j, Index) or isinstance(a.cols, Index):
        return a[i, Index("j - i")]
    column = column_of(j - i + start, a.cols, clipped)
    return expr(0) if column is None else a[i, column]


def bucket_of(distance: int, buckets: int, furthest: int) -> int:
    """The bucket of a distance of 0 or more: the first half of the buckets hold one distance each; the others ever
    more, up to `furthest`, beyond which all share the last.
    """
    alone = buckets // 2
    if distance < alone:
        return distance
    share = math.log(distance / alone) / math.log(furthest / alone)
    return min(alone + int(share * (buckets - alone) + NEXT_TO), buckets - 1)


def bucket_at(i: int, j: int, buckets: int, furthest: int, both_ways: bool = False) -> int:
    """The bucket of a token i and another j that it sees. both_ways: as in `bucket_biases`."""
    if not both_ways:
        return bucket_of(max(i - j, 0), buckets, furthest)
    half = buckets // 2
    return bucket_of(abs(i - j), half, furthest) + (half if j > i else 0)


@op(
    "1b->ij",
    by_place="ijb",
    formula=r"{0}_{{\text{{bucket}}(i - j)}}",
    said="Find the bucket, or tray, of the distance between the two tokens, and copy its number.",
    example=example([[7, 8, 9, 10]], buckets=4, furthest=8, sizes={"i": 6, "j": 2},
                    gives=[[7, 7], [8, 7], [9, 8], [9, 9], [10, 9], [10, 10]]),
    edges=(
        example([[1, 2, 3, 4, 5, 6, 7, 8]], buckets=8, furthest=8, both_ways=True, sizes={"i": 2, "j": 6},
                gives=[[1, 6, 7, 7, 8, 8], [2, 1, 6, 7, 7, 8]]),
    ),
    backward=(lambda s: line("add_by_bucket", s.g, **s.params),),
)  # fmt: skip
def bucket_biases(table: Operand, i: At, j: At, buckets: int, furthest: int, both_ways: bool = False) -> Expr:
    """For each pair of tokens the number of the bucket that their distance falls into (bucket_of).

    both_ways: whether tokens that come after have buckets of their own, the second half of all.

    Source: Raffel et al. 2020, section 2.1 (T5).
    """
    if isinstance(i, Index) or isinstance(j, Index):
        return table[0, Index("b_ij")]
    return table[0, bucket_at(i, j, buckets, furthest, both_ways)]
