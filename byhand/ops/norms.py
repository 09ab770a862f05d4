"""Norms: means, variances and deviations, over rows and over columns."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from byhand.arithmetic.expr import At, Expr, expr, sqrt, total
from byhand.ops.ways import along_columns, along_rows, negative, passed_on, to_divisor
from byhand.tape import Operand, example, line, op


@op(
    "ij->i1",
    formula=r"\frac{{1}}{{d}} \textstyle\sum_k {0}_{{ik}}",
    said="Add up the {row} and divide by how many numbers it has.",
    example=example([[1, 2], [3, -4]], gives=[[Fraction(3, 2)], [Fraction(-1, 2)]]),
    backward=(lambda s: along_rows(line("divide_by", s.g, of=s.a.cols), s.a),),
)
def row_mean(a: Operand, i: At, j: At) -> Expr:
    """The mean of each row."""
    return total(a.cols, lambda k: a[i, k]) / expr(a.cols)


@op(
    "ij,i1->ij",
    formula="{0} - {1}",
    said="Take the mean of the {row} away from the number.",
    example=example([[1, 2], [3, -4]], [[1], [2]], gives=[[0, 1], [1, -6]]),
    backward=(passed_on, lambda s: negative(line("row_sum", s.g))),
)
def center(a: Operand, means: Operand, i: At, j: At) -> Expr:
    """Every entry less the mean of its row."""
    return a[i, j] - means[i, 0]


@op(
    "ij->i1",
    formula=r"\frac{{1}}{{d}} \textstyle\sum_k {0}_{{ik}}^2",
    said="Square the numbers of the {row}, add them up and divide by how many there are.",
    example=example([[1, 2], [3, -4]], gives=[[Fraction(5, 2)], [Fraction(25, 2)]]),
    backward=(lambda s: line("times_number", line("scale_rows", s.a, s.g), by=Fraction(2, s.a.cols)),),
)
def mean_square(a: Operand, i: At, j: At) -> Expr:
    """The mean of the squares of each row; of deviations, the variance."""
    return total(a.cols, lambda k: a[i, k] ** 2) / expr(a.cols)


@op(
    "ij->ij",
    formula=r"\sqrt{{{0}}}",
    said="Take the square root.",
    example=example([[9, 0], [33, -7]], eps=16, gives=[[5, 4], [7, 3]]),
    edges=(
        example([[9]], gives=[[3]]),
        example([[Fraction(1, 4)]], eps="0", gives=[[Fraction(1, 2)]]),
    ),
    backward=(lambda s: line("quotient", line("divide_by", s.g, of=2), s.y),),
)
def root(a: Operand, i: At, j: At, eps: Any = 0) -> Expr:
    """The square root of every entry plus ε."""
    return sqrt(a[i, j] + expr(Fraction(eps)) if eps else a[i, j])


@op(
    "ij,i1->ij",
    formula=r"{0} \div {1}",
    undefined="row {row} has deviation 0 and cannot be normalised; use eps, or a row whose entries differ",
    said="Divide by the deviation of the {row}.",
    example=example([[1, 2], [3, -4]], [[2], [-1]], gives=[[Fraction(1, 2), 1], [-3, 4]]),
    backward=(lambda s: line("standardize", s.g, s.b), to_divisor("row_dots")),
)
def standardize(a: Operand, scale: Operand, i: At, j: At) -> Expr:
    """Every entry divided by the deviation of its row."""
    return a[i, j] / scale[i, 0]


@op(
    "ij->ij",
    formula=r"{0} \div |{0}|",
    undefined="row {row} has length 0, and so no direction",
    said="Divide by the length of the {row}: the root of the sum of its squares.",
    example=example([[3, 4], [0, -2]], gives=[[Fraction(3, 5), Fraction(4, 5)], [0, -1]]),
    backward=(
        lambda s: line(
            "standardize",
            line("subtract", s.g, line("scale_rows", s.y, line("row_dots", s.g, s.y))),
            line("root", line("row_dots", s.a, s.a)),
        ),
    ),
)
def unit_rows(a: Operand, i: At, j: At) -> Expr:
    """Every entry divided by the length of its row."""
    return a[i, j] / sqrt(total(a.cols, lambda k: a[i, k] ** 2))


@op(
    "ij,1j,1j->ij",
    formula=r"{0} \odot {1} + {2}",
    said="Multiply by the weight of the {column}, then add its bias.",
    example=example([[1, 2], [3, -4]], [[2, 3]], [[10, 20]], gives=[[12, 26], [16, 8]]),
    backward=(
        lambda s: line("scale_columns", s.g, s.b),
        lambda s: line("column_dots", s.g, s.a),
        lambda s: line("column_sum", s.g),
    ),
)
def scale_and_shift(a: Operand, w: Operand, b: Operand, i: At, j: At) -> Expr:
    """Every column times its weight, plus its bias."""
    return a[i, j] * w[0, j] + b[0, j]


@op(
    "ij,1j->ij",
    formula=r"{0} - {1}",
    said="Take the mean of the {column} away from the number.",
    example=example([[1, 2], [3, -4]], [[2, -1]], gives=[[-1, 3], [1, -3]]),
    backward=(passed_on, lambda s: negative(line("column_sum", s.g))),
)
def center_columns(a: Operand, means: Operand, i: At, j: At) -> Expr:
    """Every entry less the mean of its column."""
    return a[i, j] - means[0, j]


@op(
    "ij->1j",
    formula=r"\frac{{1}}{{n}} \textstyle\sum_k {0}_{{kj}}",
    said="Add up the {column} and divide by how many numbers it has.",
    example=example([[1, 2], [3, -4]], gives=[[2, -1]]),
    backward=(lambda s: along_columns(line("divide_by", s.g, of=s.a.rows), s.a),),
)
def column_mean(a: Operand, i: At, j: At) -> Expr:
    """The mean of each column."""
    return total(a.rows, lambda k: a[k, j]) / expr(a.rows)


@op(
    "ij->1j",
    formula=r"\frac{{1}}{{n}} \textstyle\sum_k {0}_{{kj}}^2",
    said="Square the numbers of the {column}, add them up and divide by how many there are.",
    example=example([[1, 2], [3, -4]], gives=[[5, 10]]),
    backward=(lambda s: line("times_number", line("scale_columns", s.a, s.g), by=Fraction(2, s.a.rows)),),
)
def column_mean_square(a: Operand, i: At, j: At) -> Expr:
    """The mean of the squares of each column."""
    return total(a.rows, lambda k: a[k, j] ** 2) / expr(a.rows)


@op(
    "ij->i1",
    formula=r"\frac{{1}}{{d-1}} \textstyle\sum_k {0}_{{ik}}^2",
    said="Square the numbers of the {row}, add them up and divide by one less than there are.",
    example=example([[1, 2, -3], [0, 4, -4]], gives=[[7], [16]]),
    backward=(lambda s: line("times_number", line("scale_rows", s.a, s.g), by=Fraction(2, s.a.cols - 1)),),
)
def sample_variance(a: Operand, i: At, j: At) -> Expr:
    """The sum of the squares of each row of deviations, divided by one less than their number."""
    return total(a.cols, lambda k: a[i, k] ** 2) / (expr(a.cols) - 1)


@op(
    "ij,11->ij",
    formula=r"{0} - {1}",
    said="Take the mean of all numbers away from the number.",
    example=example([[1, 2], [3, -4]], [[2]], gives=[[-1, 0], [1, -6]]),
    backward=(passed_on, lambda s: negative(line("column_sum", line("row_sum", s.g)))),
)
def center_all(a: Operand, mean: Operand, i: At, j: At) -> Expr:
    """Every entry less one mean."""
    return a[i, j] - mean[0, 0]


@op(
    "ij,11->ij",
    formula=r"{0} \div {1}",
    undefined="all numbers are alike, so that their deviation is 0; use eps, or numbers that differ",
    said="Divide by the deviation of all numbers.",
    example=example([[1, 2], [3, -4]], [[2]], gives=[[Fraction(1, 2), 1], [Fraction(3, 2), -2]]),
    backward=(
        lambda s: line("standardize_all", s.g, s.b),
        lambda s: negative(line("quotient", line("column_sum", line("row_dots", s.g, s.y)), s.b)),
    ),
)
def standardize_all(a: Operand, scale: Operand, i: At, j: At) -> Expr:
    """Every entry divided by one deviation."""
    return a[i, j] / scale[0, 0]
