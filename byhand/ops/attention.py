"""Attention: the scale, the mask, and softmax step by step."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from byhand.arithmetic.expr import NEG_INF, At, Expr, Fn, Index, Num, Sub, Sum, expr, largest, sqrt, total
from byhand.ops.linear import base_of
from byhand.ops.ways import along_columns, along_rows, less_than_one, negative, ones, to_divisor
from byhand.tape import Arrived, Line, Operand, Way, example, line, op

HALF = Fraction(1, 2)


def _on_ramp(s: Arrived) -> Line:
    """What has arrived over the length of the ramp, where the span falls; 0 where it is 1 or 0."""
    falling = line("gate", line("gate", s.g, s.y), less_than_one(s.y))
    return line("standardize_all", falling, s.x[2])


def _to_largest_so_far(s: Arrived) -> Line:
    """What has arrived at a row's maximum, at the place of the largest of the one before and the row."""
    return line("to_largest", line("hstack", s.b, s.a, shape=(s.a.rows, 1 + s.a.cols)), s.g)


def _to_largest_entry(s: Arrived) -> Line:
    """What has arrived at the maximum of all: the row of the largest has it, and there the place of the largest."""
    maxima, one = line("row_max", s.a), ones(1)
    row = line("to_largest", line("dot_rows", one, maxima), s.g)
    return line("to_largest", s.a, line("dot_columns", row, one))


@op(
    "ij->ij",
    formula=r"{0} \div \sqrt{{d_k}}",
    said="Divide the score by the root of the head’s width.",
    example=example([[1, 2], [3, -4]], of=4, gives=[[HALF, 1], [Fraction(3, 2), -2]]),
    backward=(lambda s: line("divide_by_root", s.g, **s.params),),
)
def divide_by_root(a: Operand, i: At, j: At, of: Any) -> Expr:
    """Every entry divided by the root of the head's width."""
    return a[i, j] / sqrt(expr(of))


@op(
    "ij->ij",
    by_place="ij",
    formula=r"{0}_{{ij}} \;(j \le i),\; -\infty \;(j > i)",
    said="Keep what a token may see, itself and what came before; write −∞ for what comes later.",
    example=example([[1, 2, 3], [4, 5, 6], [7, 8, 9]], gives=[[1, NEG_INF, NEG_INF], [4, 5, NEG_INF], [7, 8, 9]]),
    edges=(
        example([[1, 2, 3], [4, 5, 6]], gives=[[1, NEG_INF, NEG_INF], [4, 5, NEG_INF]]),
        example([[1, 2, 3], [4, 5, 6]], past=1, gives=[[1, 2, NEG_INF], [4, 5, 6]]),
    ),
    backward=(lambda s: line("zero_future", s.g, **s.params),),
)
def mask_future(a: Operand, i: At, j: At, past: int = 0) -> Expr:
    """A token sees itself and what came before; everything later becomes −∞.

    past: how many columns stand before that of the first row's own token.
    """
    if isinstance(i, Index) or isinstance(j, Index) or j <= i + past:
        return a[i, j]
    return expr(NEG_INF)


@op(
    "ij->ij",
    by_place="ij",
    formula=r"{0}_{{ij}} \;(j \le i),\; 0 \;(j > i)",
    said="Keep what a token may see; write 0 for what comes later.",
    example=example([[1, 2], [4, 5]], gives=[[1, 0], [4, 5]]),
    edges=(example([[1, 2, 3]], past=1, gives=[[1, 2, 0]]),),
    backward=(lambda s: line("zero_future", s.g, **s.params),),
)
def zero_future(a: Operand, i: At, j: At, past: int = 0) -> Expr:
    """A token sees itself and what came before; everything later becomes 0, not −∞. past: as in `mask_future`."""
    if isinstance(i, Index) or isinstance(j, Index) or j <= i + past:
        return a[i, j]
    return expr(0)


def is_seen(i: int, j: int, pattern: str, width: int) -> bool:
    """Whether a token i sees a token j by a pattern, whatever comes first.

    all: every token. window: those less than `width` apart. strided: those, and every `width`-th token from itself.
    dilated: every `width`-th from itself. global: those less than `width` apart, and the first token sees all and is
    seen by all.
    """
    apart = abs(i - j)
    near, in_step = apart < width, apart % width == 0
    seen = {
        "all": True,
        "window": near,
        "strided": near or in_step,
        "dilated": in_step,
        "global": near or 0 in (i, j),
    }
    return seen[pattern]


def _seen(rows: int, cols: int, pattern: str, width: int, first: int = 0) -> Sequence[Sequence[int]]:
    """For each pair of tokens a 1 if the one sees the other by a pattern, else 0.

    first: which token the first row is.
    """
    return tuple(tuple(int(is_seen(i + first, j, pattern, width)) for j in range(cols)) for i in range(rows))


@op(
    "ij->ij",
    by_place="ij",
    formula=r"{0}_{{ij}} \;(j \text{{ is seen}}),\; -\infty",
    said="Keep the score if the token may see the other; else write −∞.",
    example=example([[1, 2, 3, 4]] * 4, pattern="window", width=2,
                    gives=[[1, 2, NEG_INF, NEG_INF], [1, 2, 3, NEG_INF], [NEG_INF, 2, 3, 4],
                           [NEG_INF, NEG_INF, 3, 4]]),
    edges=(
        example([[1, 2, 3, 4]] * 2, pattern="strided", width=2, gives=[[1, 2, 3, NEG_INF], [1, 2, 3, 4]]),
        example([[1, 2, 3, 4]] * 2, pattern="dilated", width=2,
                gives=[[1, NEG_INF, 3, NEG_INF], [NEG_INF, 2, NEG_INF, 4]]),
        example([[1, 2, 3, 4]] * 3, pattern="global", width=1,
                gives=[[1, 2, 3, 4], [1, 2, NEG_INF, NEG_INF], [1, NEG_INF, 3, NEG_INF]]),
        example([[1, 2, 3, 4]], pattern="window", width=2, first=3, gives=[[NEG_INF, NEG_INF, 3, 4]]),
    ),
    backward=(lambda s: line("keep_entries", s.g, kept=_seen(*s.g.shape, **s.params)),),
)  # fmt: skip
def mask_pattern(a: Operand, i: At, j: At, pattern: str, width: int, first: int = 0) -> Expr:
    """Each token sees only some of the others, by a pattern; the other scores become −∞.

    first: which token the first row is.

    Source: Child et al. 2019 (strided); Beltagy, Peters & Cohan 2020 (window, dilated, global).
    """
    if isinstance(i, Index) or isinstance(j, Index) or is_seen(i + first, j, pattern, width):
        return a[i, j]
    return expr(NEG_INF)


@op(
    "->ij",
    by_place="ij",
    formula=r"1 \;(j \text{{ is seen}}),\; 0",
    said="Write 1 if the token may see the other; else write 0.",
    example=example(pattern="window", width=2, sizes={"i": 3, "j": 3}, gives=[[1, 0, 0], [1, 1, 0], [0, 1, 1]]),
    edges=(
        example(pattern="all", width=1, sizes={"i": 2, "j": 3}, gives=[[1, 0, 0], [1, 1, 0]]),
        example(pattern="dilated", width=2, sizes={"i": 4, "j": 4},
                gives=[[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]]),
        example(pattern="global", width=1, sizes={"i": 3, "j": 3}, gives=[[1, 0, 0], [1, 1, 0], [1, 0, 1]]),
    ),
)  # fmt: skip
def may_see(i: At, j: At, pattern: str, width: int) -> Expr:
    """One where a token sees another by a pattern (is_seen), 0 where it does not, or where the other comes later."""
    if isinstance(i, Index) or isinstance(j, Index):
        return Num(Index("seen"))
    return expr(int(j <= i and is_seen(i, j, pattern, width)))


@op(
    "ik,kj->ij",
    formula=r"\max_k {0}_{{ik}} {1}_{{kj}}",
    said="Write 1 if this token has heard of one that has heard of the other; else write 0.",
    example=example([[0, 1, 1], [1, 0, 0]], [[1, 0], [1, 0], [0, 1]], gives=[[1, 1], [1, 0]]),
    backward=("who has heard of whom is 0 or 1, and nothing in between",),
)
def heard_of(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """One where a token has heard of some token that has itself heard of another, else 0.

    Each matrix has a 1 where the token of the row has heard of that of the column. The first says it of the tokens
    that ask, and the second of those that they have heard of.
    """
    if isinstance(a.cols, Index):
        return Fn("max", (a[i, Index("k")] * b[Index("k"), j],))
    return largest(*(a[i, k] * b[k, j] for k in range(a.cols)))


@op(
    "ij,11,11->ij",
    formula=r"\max(0,\, 1 - \max(0,\, ({0} - {1}) \div {2}))",
    said="Count all of it within the span; beyond that, take away for each step one part of the ramp, down to 0.",
    example=example([[4, 3, 2], [2, 1, 0]], [[1]], [[2]], gives=[[0, 0, HALF], [HALF, 1, 1]]),
    backward=(
        lambda s: negative(_on_ramp(s)),
        lambda s: line("column_sum", line("row_sum", _on_ramp(s))),
        lambda s: line("column_sum", line("row_dots", _on_ramp(s), less_than_one(s.y))),
    ),
)
def soft_span(back: Operand, span: Operand, ramp: Operand, i: At, j: At) -> Expr:
    """How much a token counts that is some steps back: 1 within the span, and ever less beyond it, down to 0.

    ramp: over how many steps it falls from 1 to 0.

    Source: Sukhbaatar et al. 2019, adaptive attention span.
    """
    beyond = largest(expr(0), (back[i, j] - span[0, 0]) / ramp[0, 0])
    return largest(expr(0), expr(1) - beyond)


@op(
    "ij,i1,j1->ij",
    by_place="ij",
    formula=r"{0}_{{ij}} \;({1}_i = {2}_j),\; -\infty",
    said="Keep the score of a token in the same bucket; write −∞ for the others, and for the token itself if "
         "it sees another.",
    example=example([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[0], [1], [0]], [[0], [1], [0]], causal=True,
                    gives=[[1, NEG_INF, 3], [NEG_INF, 5, NEG_INF], [7, NEG_INF, NEG_INF]]),
    edges=(
        example([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[0], [1], [0]], [[0], [1], [0]],
                gives=[[NEG_INF, NEG_INF, 3], [NEG_INF, 5, NEG_INF], [7, NEG_INF, NEG_INF]]),
        example([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[0], [1], [0]], [[0], [1], [0]], itself=True,
                gives=[[1, NEG_INF, 3], [NEG_INF, 5, NEG_INF], [7, NEG_INF, 9]]),
        example([[7, 8, 9]], [[0]], [[0], [1], [0]], first=2, gives=[[7, NEG_INF, NEG_INF]]),
    ),
    backward=("which tokens share a bucket does not change little by little: it jumps",),
)  # fmt: skip
def mask_buckets(
    a: Operand,
    asks: Operand,
    answers: Operand,
    i: At,
    j: At,
    causal: bool = False,
    itself: bool = False,
    first: int = 0,
) -> Expr:
    """Tokens see those of their own bucket, and themselves only if they see nobody else; the rest becomes −∞.

    causal: whether those that come later do not count as seen; their scores stay for mask_future to hide. itself:
    whether each token always sees itself, too. first: the place of the first that asks.

    Source: Kitaev, Kaiser & Levskaya 2020 (Reformer).
    """
    if isinstance(i, Index) or isinstance(j, Index):
        return a[i, j]

    def if_zero(x: Expr, then: Expr, otherwise: Expr) -> Expr:
        """One of two numbers, by whether x, which is at least 0, is 0."""
        return Fn("choose", (Fn("argmax", (expr(0), x)), then, otherwise))

    def apart(k: int) -> Expr:
        return largest(asks[i, 0] - answers[k, 0], answers[k, 0] - asks[i, 0])

    place = i + first
    if j != place:
        return if_zero(apart(j), a[i, j], expr(NEG_INF))
    if itself:
        return a[i, j]
    assert isinstance(answers.rows, int)
    others = (k for k in range(answers.rows) if k < place or (k > place and not causal))
    return if_zero(Sum(tuple(if_zero(apart(k), expr(1), expr(0)) for k in others)), a[i, j], expr(NEG_INF))


@op(
    "ij->ij",
    formula=r"{base}^{{{0}}}",
    said="Raise the base to the power of the score; to the power of −∞ it is 0.",
    example=example([[0, 3], [-1, NEG_INF]], base=2, gives=[[1, 8], [HALF, 0]]),
    edges=(example([[2, -1]], base=3, gives=[[9, Fraction(1, 3)]]),),
    backward=(Way(lambda s: line("multiply", s.g, s.y), power=1),),
)
def power_of(a: Operand, i: At, j: At, base: int | str = 2) -> Expr:
    """The base to the power of each entry; to the power of −∞ it is 0."""
    return base_of(base) ** a[i, j]


@op(
    "ij->i1",
    formula=r"\text{{row sums of }} {0}",
    said="Add up the {row}.",
    example=example([[1, 2], [3, -4]], gives=[[3], [-1]]),
    backward=(lambda s: along_rows(s.g, s.a),),
)
def row_sum(a: Operand, i: At, j: At) -> Expr:
    """Each row added up."""
    return total(a.cols, lambda k: a[i, k])


@op(
    "ij,i1->ij",
    formula=r"{0} \div {1}",
    undefined="row {row} adds up to 0: every one of its scores is masked, or its power rounds to 0",
    said="Divide the number by the sum of its {row}.",
    example=example([[1, 3], [2, 0]], [[4], [2]], gives=[[Fraction(1, 4), Fraction(3, 4)], [1, 0]]),
    backward=(lambda s: line("normalize_rows", s.g, s.b), to_divisor("row_dots")),
)
def normalize_rows(a: Operand, sums: Operand, i: At, j: At) -> Expr:
    """Every entry divided by the sum of its row."""
    return a[i, j] / sums[i, 0]


@op(
    "ij->1j",
    formula=r"\text{{column sums of }} {0}",
    said="Add up the {column}.",
    example=example([[1, 2], [3, -4]], gives=[[4, -2]]),
    backward=(lambda s: along_columns(s.g, s.a),),
)
def column_sum(a: Operand, i: At, j: At) -> Expr:
    """Each column added up."""
    return total(a.rows, lambda k: a[k, j])


@op(
    "ij,1j->ij",
    formula=r"{0} \div {1}",
    said="Divide the number by the sum of its {column}.",
    example=example([[1, 3], [3, 0]], [[4, 3]], gives=[[Fraction(1, 4), 1], [Fraction(3, 4), 0]]),
    backward=(lambda s: line("normalize_columns", s.g, s.b), to_divisor("column_dots")),
)
def normalize_columns(a: Operand, sums: Operand, i: At, j: At) -> Expr:
    """Every entry divided by the sum of its column."""
    return a[i, j] / sums[0, j]


@op(
    "ij->i1",
    by_place="j",
    tells="j",
    formula=r"\operatorname{{argmax}}_j\, {0}_{{ij}}",
    said="Find the largest number of the {row}; the word is that of its {column}.",
    example=example([[1, 5, 5], [2, 1, 0], [NEG_INF, -1, NEG_INF]], gives=[[1], [0], [1]]),
    backward=("the place of the largest number does not change little by little: it jumps",),
)
def row_argmax(a: Operand, i: At, j: At) -> Expr:
    """The column of the largest entry of each row; of equals, the first."""
    if isinstance(a.cols, Index):
        return Fn("argmax", (a[i, Index("k")],))
    return Fn("argmax", tuple(a[i, k] for k in range(a.cols)))


@op(
    "ij->i1",
    formula=r"\max_j {0}_{{ij}}",
    said="Find the largest number of the {row}.",
    example=example([[1, 2], [3, -4]], gives=[[2], [3]]),
    backward=(lambda s: line("to_largest", s.a, s.g),),
)
def row_max(a: Operand, i: At, j: At) -> Expr:
    """The largest entry of each row."""
    if isinstance(a.cols, Index):
        return Fn("max", (a[i, Index("k")],))
    return largest(*(a[i, k] for k in range(a.cols)))


@op(
    "ij,i1->i1",
    formula=r"\max({1},\, {0})",
    said="Take the larger of this {row}’s largest number and the one before it.",
    example=example([[1, 2], [3, -4]], [[5], [-6]], gives=[[5], [3]]),
    backward=(
        lambda s: line("part", _to_largest_so_far(s), first=1),
        lambda s: line("part", _to_largest_so_far(s), first=0),
    ),
)
def max_so_far(a: Operand, before: Operand, i: At, j: At) -> Expr:
    """The largest entry of each row, or the largest before it where that is larger."""
    if isinstance(a.cols, Index):
        return Fn("max", (before[i, 0], a[i, Index("k")]))
    return largest(before[i, 0], *(a[i, k] for k in range(a.cols)))


@op(
    "ij->11",
    formula=r"\max {0}",
    said="Find the largest number of all.",
    example=example([[1, 2], [3, -4]], gives=[[3]]),
    backward=(_to_largest_entry,),
)
def largest_entry(a: Operand, i: At, j: At) -> Expr:
    """The largest entry of a whole matrix."""
    if isinstance(a.rows, Index) or isinstance(a.cols, Index):
        return Fn("max", (a[Index("k"), Index("l")],))
    return largest(*(a[k, m] for k in range(a.rows) for m in range(a.cols)))


@op(
    "ij->ij",
    formula=r"-\log_{{{base}}} {0}",
    said="How many times must 1 be halved to get the probability? That is −log₂ p.",
    example=example([[HALF, 1], [2, Fraction(1, 8)]], base=2, gives=[[1, 0], [-1, 3]]),
    edges=(example([[9, Fraction(1, 3)]], base=3, gives=[[-2, 1]]),),
    backward=(Way(lambda s: negative(line("quotient", s.g, s.a)), power=-1),),
)
def surprisal(a: Operand, i: At, j: At, base: int | str = 2) -> Expr:
    """The surprisal of each probability, −log p: in base 2, in bits."""
    return Sub(Sum(()), Fn("log", (base_of(base), a[i, j])))
