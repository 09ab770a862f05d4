"""Gradients: what goes back through softmax, norms, gates and look-ups.

Gradients of products, sums and quotients are products, sums and quotients again; what an operation needs says its
`backward`. Here is what only gradients need.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from byhand.arithmetic.expr import At, Expr, Fn, Index, Sum, expr, sqrt, total
from byhand.ops.positions import bucket_at, column_of
from byhand.ops.shapes import if_among_largest
from byhand.tape import Operand, example, line, op

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
ONCE = "byhand takes no gradient of a gradient"


@op(
    "ij,ij->ij",
    formula=r"{0} \;({1} > 0),\; 0",
    said="Keep what has arrived where the number was positive; else write 0.",
    example=example([[5, 6], [7, 8]], [[1, -2], [0, HALF]], gives=[[5, 0], [0, 8]]),
    backward=(ONCE, ONCE),
)
def gate(g: Operand, a: Operand, i: At, j: At) -> Expr:
    """The entries of the first matrix where the second is positive, and 0 where it is negative or 0."""
    return g[i, j] * Fn("argmax", (expr(0), a[i, j]))


@op(
    "ij->ij",
    formula=r"\Phi({0}) + {0}\,\varphi({0})",
    said="Add Φ of the number to the number times the height of the bell curve there.",
    example=example([[0, 0], [0, 0]], gives=[[HALF, HALF], [HALF, HALF]]),
    backward=(ONCE,),
)
def gelu_slope(a: Operand, i: At, j: At) -> Expr:
    """The slope of GELU at every entry x: Φ(x) + x φ(x), with the normal distribution function and its density."""
    x = a[i, j]
    bell = Fn("e") ** (Sum(()) - x * x / 2) / sqrt(2 * Fn("pi"))
    return (1 + Fn("erf", (x / sqrt(2),))) / 2 + x * bell


@op(
    "ij,ij,i1->ij",
    formula=r"{0} \odot ({1} - {2})",
    said="Take the number of the {row} away from what has arrived, and multiply by the share.",
    example=example(
        [[HALF, QUARTER, QUARTER], [HALF, HALF, 0]],
        [[4, 2, -6], [1, 3, 9]],
        [[1], [2]],
        gives=[[Fraction(3, 2), QUARTER, Fraction(-7, 4)], [-HALF, HALF, 0]],
    ),
    backward=(ONCE, ONCE, ONCE),
)
def softmax_backward(shares: Operand, g: Operand, dots: Operand, i: At, j: At) -> Expr:
    """The gradient of scores, of which each row has these shares: share · (what has arrived − their dot product).

    It is that of softmax with base e; of another base b, it has the factor ln b beside it.
    """
    return shares[i, j] * (g[i, j] - dots[i, 0])


@op(
    "ij,i1,ij,i1,i1->ij",
    formula=r"({0} - {1} - {2} \odot {3}) \div {4}",
    undefined="row {row} has deviation 0, and so no gradient",
    said="Take the mean away, and the normalised number times the other mean; then divide by the deviation.",
    example=example(
        [[-1, -3, -3, 3], [6, 2, 0, 0]], [[-1], [2]], [[1, 1, -1, -1], [1, -1, 1, -1]], [[-1], [1]], [[1], [2]],
        gives=[[1, -1, -3, 3], [Fraction(3, 2), HALF, Fraction(-3, 2), -HALF]],
    ),
    backward=(ONCE,),
)  # fmt: skip
def norm_backward(g: Operand, means: Operand, normal: Operand, along: Operand, scale: Operand, i: At, j: At) -> Expr:
    """The gradient of rows before LayerNorm: what has arrived, less two means, divided by the deviation.

    normal: the normalised rows. means, along: the means of what has arrived, and of its products with these rows.
    """
    return (g[i, j] - means[i, 0] - normal[i, j] * along[i, 0]) / scale[i, 0]


@op(
    "ij,ij,i1,i1->ij",
    formula=r"({0} - {1} \odot {2}) \div {3}",
    undefined="row {row} is 0, and so has no gradient",
    said="Take the normalised number times the mean away; then divide by the root of the mean square.",
    example=example([[6, 2], [1, 3]], [[1, -1], [2, 0]], [[2], [1]], [[2], [1]], gives=[[2, 2], [-1, 3]]),
    backward=(ONCE,),
)
def rms_backward(g: Operand, normal: Operand, along: Operand, scale: Operand, i: At, j: At) -> Expr:
    """The gradient of rows before RMSNorm: what has arrived, less one mean, divided by the root of the mean square.

    normal: the normalised rows. along: the means of the products of these and what has arrived.
    """
    return (g[i, j] - normal[i, j] * along[i, 0]) / scale[i, 0]


@op(
    "ij,ij->i1",
    formula=r"\frac{{1}}{{d}} \textstyle\sum_k {0}_{{ik}} {1}_{{ik}}",
    said="Multiply the two {rows} pair by pair, add up, and divide by how many there are.",
    example=example([[1, 2], [3, -4]], [[4, 6], [2, 1]], gives=[[8], [1]]),
    edges=(example([[1, 2, 0]], [[4, 6, 5]], less=1, gives=[[8]]),),
    backward=(ONCE,),
)
def mean_product(a: Operand, b: Operand, i: At, j: At, less: int = 0) -> Expr:
    """The mean of the products of two rows. less: 1 where the variance was divided by one less than their length."""
    count = expr(a.cols) - less if less else expr(a.cols)
    return total(a.cols, lambda k: a[i, k] * b[i, k]) / count


@op(
    "ij,1j->ij",
    formula=r"{0} \odot {1}",
    said="Multiply by the number of the {column}.",
    example=example([[1, 2], [3, -4]], [[5, 6]], gives=[[5, 12], [15, -24]]),
    backward=(lambda s: line("scale_columns", s.g, s.b), lambda s: line("column_dots", s.g, s.a)),
)
def scale_columns(a: Operand, factors: Operand, i: At, j: At) -> Expr:
    """Every column times its own number."""
    return a[i, j] * factors[0, j]


@op(
    "ij,ij->1j",
    formula=r"\textstyle\sum_k {0}_{{kj}} {1}_{{kj}}",
    said="Multiply the two {columns} pair by pair, then add.",
    example=example([[1, 2], [3, -4]], [[5, 6], [1, 2]], gives=[[8, 4]]),
    backward=(ONCE,),
)
def column_dots(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """The dot product of each column of the first with the same column of the second."""
    return total(a.rows, lambda k: a[k, j] * b[k, j])


@op(
    "ij,ij,11->ij",
    formula=r"{0} - {2} \cdot {1}",
    said="From the old number subtract the learning rate times its gradient.",
    example=example([[1, 2], [3, -4]], [[2, 0], [-1, 4]], [[HALF]], gives=[[0, 2], [Fraction(7, 2), -6]]),
    backward=(ONCE, ONCE, ONCE),
)
def descend(a: Operand, g: Operand, rate: Operand, i: At, j: At) -> Expr:
    """Weights after one step of gradient descent."""
    return a[i, j] - rate[0, 0] * g[i, j]


@op(
    "ij->ij",
    formula=r"{0} \div |{0}|",
    undefined="row {row} has a 0, which has no sign",
    said="Divide the number by its own size: 1 if it is above 0, −1 if it is below.",
    example=example([[5, -2], [-HALF, 3]], gives=[[1, -1], [-1, 1]]),
    backward=(ONCE,),
)
def sign(a: Operand, i: At, j: At) -> Expr:
    """The sign of every entry, 1 or −1: Adam's first step, in which a gradient is divided by its own size."""
    return a[i, j] / sqrt(a[i, j] ** 2)


@op(
    "ij->ik",
    by_place="jk",
    formula=r"{0}_{{i,\, {first} + k}}",
    said="Copy the number from its part of the {row}.",
    example=example([[1, 2, 3], [4, 5, 6]], first=1, sizes={"k": 2}, gives=[[2, 3], [5, 6]]),
    backward=(ONCE,),
)
def part(a: Operand, i: At, j: At, first: int) -> Expr:
    """Some columns that stand side by side. first: the number of the first of them, from 0."""
    return a[i, j if isinstance(j, Index) else first + j]


@op(
    "ij->kj",
    places={"rows": "i->k"},
    formula=r"\textstyle\sum_{{t_k = i}} {0}_{{kj}}",
    said="Find all {rows} that belong to this word, and add them up; if there is none, write 0.",
    example=example(
        [[1, 2], [3, -4], [5, 6]], rows=(2, 0, 2), sizes={"k": 4}, gives=[[3, -4], [0, 0], [6, 8], [0, 0]]
    ),
    backward=(ONCE,),
)
def add_rows(a: Operand, i: At, j: At, rows: Sequence[int]) -> Expr:
    """The gradient of a table of which rows were looked up: those of each of its rows, added up.

    rows: for each row of the operand, the number of the row that was looked up.
    """
    if isinstance(i, Index):
        return total(a.rows, lambda k: a[k, j])
    return Sum(tuple(a[k, j] for k, row in enumerate(rows) if row == i))


@op(
    "ij,i1->ij",
    by_place="j",
    formula=r"{1} \;({0}_{{ij}} \text{{ is largest}}),\; 0",
    said="Write what has arrived in the place of the largest number of the {row}, and 0 everywhere else.",
    example=example([[1, 5, 5], [3, 2, -4]], [[7], [8]], gives=[[0, 7, 0], [8, 0, 0]]),
    backward=(ONCE,),
)
def to_largest(a: Operand, g: Operand, i: At, j: At) -> Expr:
    """One number for each row, in the place of the row's largest entry, of equal ones the first; 0 elsewhere."""
    if isinstance(j, Index) or isinstance(a.cols, Index):
        return Fn("choose", (Fn("argmax", (a[i, Index("k")],)), g[i, 0], expr(0)))
    largest = Fn("argmax", tuple(a[i, k] for k in range(a.cols)))
    return Fn("choose", (largest, *(g[i, 0] if k == j else expr(0) for k in range(a.cols))))


@op(
    "ij,ij->ij",
    by_place="j",
    formula=r"{0}_{{ij}} \;({1}_{{ij}} \text{{ one of the }} {count} \text{{ largest}}),\; 0",
    said="Keep what has arrived where the number is among the largest of its {row}; else write 0.",
    example=example([[5, 6, 7], [1, 2, 8]], [[1, 4, 2], [3, 3, 3]], count=2, gives=[[0, 6, 7], [1, 2, 0]]),
    backward=(ONCE,),
)
def keep_where_largest(g: Operand, a: Operand, i: At, j: At, count: int) -> Expr:
    """The entries of the first matrix where those of the second are the largest of their row; 0 elsewhere.

    Of equal ones, the first are kept.
    """
    return if_among_largest(a, i, j, count, g[i, j])


@op(
    "ij->ir",
    by_place="ijr",
    formula=r"\textstyle\sum_{{\text{{distance}}(i, k) = j}} {0}_{{ik}}",
    said="Add up what has arrived at all pairs of tokens with this distance.",
    example=example([[1, 2, 3, 4], [5, 6, 7, 8]], start=1, cols=3, sizes={"r": 3}, gives=[[0, 1, 9], [5, 6, 15]]),
    edges=(example([[1, 2], [3, 4]], start=0, cols=2, clipped=False, sizes={"r": 2}, gives=[[1, 2], [4, 0]]),),
    backward=(ONCE,),
)
def add_by_distance(a: Operand, i: At, j: At, start: int, cols: int, clipped: bool = True) -> Expr:
    """For each distance, the sum of what has arrived at the numbers that pick_by_distance picked for it.

    cols: how many distances there are.
    """
    if isinstance(i, Index) or isinstance(j, Index) or isinstance(a.cols, Index):
        return total(a.cols, lambda k: a[i, k])
    pairs = ((i, k) for k in range(a.cols) if column_of(k - i + start, cols, clipped) == j)
    return Sum(tuple(a[pair] for pair in pairs))


@op(
    "ij->1b",
    by_place="ijb",
    formula=r"\textstyle\sum_{{\text{{bucket}}(i - k) = j}} {0}_{{ik}}",
    said="Add up what has arrived at all pairs of tokens whose distance falls into this bucket.",
    example=example([[1, 2], [3, 4], [5, 6]], buckets=4, furthest=8, sizes={"b": 4}, gives=[[7, 9, 5, 0]]),
    backward=(ONCE,),
)
def add_by_bucket(a: Operand, i: At, j: At, buckets: int, furthest: int, both_ways: bool = False) -> Expr:
    """For each bucket, the sum of what has arrived at the biases that bucket_biases took from it."""
    if isinstance(j, Index) or isinstance(a.rows, Index) or isinstance(a.cols, Index):
        return total(a.rows, lambda k: a[k, Index("l")])
    pairs = ((m, k) for m in range(a.rows) for k in range(a.cols))
    return Sum(tuple(a[m, k] for m, k in pairs if bucket_at(m, k, buckets, furthest, both_ways) == j))
