"""Every operation: the rule of one output cell. Nothing else in byhand knows what an operation is.

To add one: a line of decorator (what it reads, its formula), a def, and the rule. The signature gives the shapes
as in einsum; operands are only ever read through `a[i, k]` and `a.cols`, so that the same rule gives the tree of
a cell, its value in any number system, and, at symbolic indices, the general formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

from byhand.arithmetic.expr import NEG_INF, At, Expr, Fn, Index, Mul, Num, Sub, Sum, expr, largest, sqrt, total
from byhand.tape import Operand, op


@op("ik,kj->ij", reads="row {i} of {0} · column {j} of {1}", formula="{0} {1}", columns="{1} {0}")
def matmul(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """A row of the first times a column of the second: multiply pair by pair, then add."""
    return total(a.cols, lambda k: a[i, k] * b[k, j])


@op(
    "ik,kj,1j->ij",
    reads="row {i} of {0} · column {j} of {1}, plus entry {j} of {2}",
    formula="{0} {1} + {2}",
    columns="{1} {0} + {2}",
)
def affine(a: Operand, b: Operand, bias: Operand, i: At, j: At) -> Expr:
    """A product plus a bias, the same bias in every row."""
    return total(a.cols, lambda k: a[i, k] * b[k, j]) + bias[0, j]


@op(
    "ik,jk->ij",
    reads="row {i} of {0} · row {j} of {1}",
    formula=r"{0} {1}^{{\mathrm{{T}}}}",
    columns=r"{1}^{{\mathrm{{T}}}} {0}",
)
def dot_rows(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """Each row of the first with each row of the second."""
    return total(a.cols, lambda k: a[i, k] * b[j, k])


@op("ij,ij->ij", reads="entry {i}, {j} of {0} and of {1}", formula="{0} + {1}")
def add(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """Two matrices added entry by entry."""
    return a[i, j] + b[i, j]


@op("ij…->ij", reads="entry {i}, {j} of every head", formula=r"{0} + \dots")
def add_all(*matrices: Operand, i: At, j: At) -> Expr:
    """Several matrices added entry by entry."""
    return Sum(tuple(m[i, j] for m in matrices))


@op("i*…->ij", reads="the heads' rows {i}, one after the other", formula=r"[\,{0} \;\; {1}\,]")
def beside(*matrices: Operand, i: At, j: At) -> Expr:
    """Matrices side by side."""
    for matrix in matrices:
        if isinstance(j, Index) or isinstance(matrix.cols, Index) or j < matrix.cols:
            return matrix[i, j]
        j -= matrix.cols
    raise IndexError(j)


@op("kj->ij", reads="the row of {0} that belongs to token {i}", formula="{0}[t_i]")
def pick_rows(table: Operand, i: At, j: At, rows: Sequence[int]) -> Expr:
    """Look up a row of a table for each token."""
    if isinstance(i, Index):
        return table[Index("t_i"), j]
    return _chosen(rows[i], lambda row: table[row, j], table.rows)


def _chosen(which: Any, option: Callable[[int], Expr], count: At) -> Expr:
    """The option with this number, of so many; where that differs from copy to copy, each copy's own."""
    if isinstance(which, int):
        return option(which)
    assert isinstance(count, int), "copies are of numbers"
    return Fn("chosen", (Num(which), *map(option, range(count))))


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


@op("ij->ij", reads="entry {i}, {j} of {0}", formula=r"{0} \div \sqrt{{d_k}}")
def divide_by_root(a: Operand, i: At, j: At, of: Any) -> Expr:
    """Every entry divided by the root of the head's width."""
    return a[i, j] / sqrt(expr(of))


@op("ij->ij", reads="entry {i}, {j} of {0}, or −∞", formula=r"{0}_{{ij}} \;(j \le i),\; -\infty \;(j > i)")
def mask_future(a: Operand, i: At, j: At) -> Expr:
    """A token sees itself and what came before; everything later becomes −∞."""
    if isinstance(i, Index) or isinstance(j, Index) or j <= i:
        return a[i, j]
    return expr(NEG_INF)


@op("ij->ij", reads="entry {i}, {j} of {0}", formula=r"{base}^{{{0}}}")
def power_of(a: Operand, i: At, j: At, base: int | str = 2) -> Expr:
    """The base raised to each entry; to −∞ it is 0."""
    return _base(base) ** a[i, j]


def _base(base: int | str) -> Expr:
    return Fn("e") if base == "e" else expr(int(base))


@op("ij->i1", reads="row {i} of {0}", formula=r"\text{{row sums of }} {0}")
def row_sum(a: Operand, i: At, j: At) -> Expr:
    """Each row added up."""
    return total(a.cols, lambda k: a[i, k])


@op(
    "ij,i1->ij",
    reads="entry {i}, {j} of {0}, entry {i} of {1}",
    formula=r"{0} \div {1}",
    undefined="row {row} adds up to 0: every one of its scores is masked, or its power rounds to 0",
)
def share_rows(a: Operand, sums: Operand, i: At, j: At) -> Expr:
    """Every entry divided by the sum of its row."""
    return a[i, j] / sums[i, 0]


@op("ij->i1", reads="row {i} of {0}", formula=r"\frac{{1}}{{d}} \textstyle\sum_k {0}_{{ik}}")
def row_mean(a: Operand, i: At, j: At) -> Expr:
    """The mean of each row."""
    return total(a.cols, lambda k: a[i, k]) / expr(a.cols)


@op("ij,i1->ij", reads="entry {i}, {j} of {0}, entry {i} of {1}", formula="{0} - {1}")
def center(a: Operand, means: Operand, i: At, j: At) -> Expr:
    """Every entry less the mean of its row."""
    return a[i, j] - means[i, 0]


@op("ij->i1", reads="row {i} of {0}", formula=r"\frac{{1}}{{d}} \textstyle\sum_k {0}_{{ik}}^2")
def mean_square(a: Operand, i: At, j: At) -> Expr:
    """The mean of the squares of each row; of deviations, the variance."""
    return total(a.cols, lambda k: a[i, k] ** 2) / expr(a.cols)


@op("ij->ij", reads="entry {i} of {0}", formula=r"\sqrt{{{0}}}")
def root(a: Operand, i: At, j: At, eps: Any = 0) -> Expr:
    """The square root of every entry, plus ε where the sheet has one."""
    return sqrt(a[i, j] + expr(Fraction(eps)) if eps else a[i, j])


@op(
    "ij,i1->ij",
    reads="entry {i}, {j} of {0}, entry {i} of {1}",
    formula=r"{0} \div {1}",
    undefined="row {row} has deviation 0 and cannot be normalised; use eps, or a row whose entries differ",
)
def standardize(a: Operand, scale: Operand, i: At, j: At) -> Expr:
    """Every entry divided by the deviation of its row."""
    return a[i, j] / scale[i, 0]


@op("ij,1j,1j->ij", reads="entry {i}, {j} of {0}, entry {j} of {1} and {2}", formula=r"{0} \odot {1} + {2}")
def scale_and_shift(a: Operand, w: Operand, b: Operand, i: At, j: At) -> Expr:
    """Every column times its weight, plus its bias."""
    return a[i, j] * w[0, j] + b[0, j]


@op("ij->ij", reads="entry {i}, {j} of {0}", formula=r"\max(0,\, {0})")
def relu(a: Operand, i: At, j: At) -> Expr:
    """What is positive stays; the rest becomes 0."""
    return largest(0, a[i, j])


@op("ij->ij", reads="entry {i}, {j} of {0}", formula=r"{0}\,\Phi({0})")
def gelu(a: Operand, i: At, j: At) -> Expr:
    """Every entry times the normal distribution's share below it."""
    return Fn("gelu", (a[i, j],))


@op("ij->i1", reads="row {i} of {0}", formula=r"\operatorname{{argmax}}_j\, {0}_{{ij}}")
def row_argmax(a: Operand, i: At, j: At) -> Expr:
    """The column of the largest entry of each row; of equals, the first."""
    if isinstance(a.cols, Index):
        return Fn("argmax", (a[i, Index("k")],))
    return Fn("argmax", tuple(a[i, k] for k in range(a.cols)))


@op("ij->ij", reads="entry {i}, {j} of {0}", formula="{0}")
def copy(a: Operand, i: At, j: At) -> Expr:
    """The same matrix again."""
    return a[i, j]


@op("ij->1j", reads="column {j} of {0}", formula=r"\text{{column sums of }} {0}")
def column_sum(a: Operand, i: At, j: At) -> Expr:
    """Each column added up."""
    return total(a.rows, lambda k: a[k, j])


@op("ij,1j->ij", reads="entry {i}, {j} of {0}, entry {j} of {1}", formula=r"{0} \div {1}")
def share_columns(a: Operand, sums: Operand, i: At, j: At) -> Expr:
    """Every entry divided by the sum of its column."""
    return a[i, j] / sums[0, j]


@op("ij,1j->ij", reads="entry {i}, {j} of {0}, entry {j} of {1}", formula=r"{0} - {1}")
def center_columns(a: Operand, means: Operand, i: At, j: At) -> Expr:
    """Every entry less the mean of its column."""
    return a[i, j] - means[0, j]


@op("ij->1j", reads="column {j} of {0}", formula=r"\frac{{1}}{{n}} \textstyle\sum_k {0}_{{kj}}")
def column_mean(a: Operand, i: At, j: At) -> Expr:
    """The mean of each column."""
    return total(a.rows, lambda k: a[k, j]) / expr(a.rows)


@op("ij->1j", reads="column {j} of {0}", formula=r"\frac{{1}}{{n}} \textstyle\sum_k {0}_{{kj}}^2")
def column_mean_square(a: Operand, i: At, j: At) -> Expr:
    """The mean of the squares of each column."""
    return total(a.rows, lambda k: a[k, j] ** 2) / expr(a.rows)


@op("ij->i1", reads="row {i} of {0}", formula=r"\frac{{1}}{{d-1}} \textstyle\sum_k {0}_{{ik}}^2")
def sample_variance(a: Operand, i: At, j: At) -> Expr:
    """The squares of each row of deviations, added up and divided by one less than their number."""
    return total(a.cols, lambda k: a[i, k] ** 2) / (expr(a.cols) - 1)


@op("ij->ij", reads="entry {i}, {j} of {0}, or 0", formula=r"{0}_{{ij}} \;(j \le i),\; 0 \;(j > i)")
def zero_future(a: Operand, i: At, j: At) -> Expr:
    """What comes later becomes 0, not −∞."""
    if isinstance(i, Index) or isinstance(j, Index) or j <= i:
        return a[i, j]
    return expr(0)


@op("ij->ij", reads="entry {i}, {j} of {0}", formula=r"{0} \div {of}")
def divide_by(a: Operand, i: At, j: At, of: int) -> Expr:
    """Every entry divided by one number."""
    return a[i, j] / expr(of)


@op("ij,1j->ij", reads="entry {i}, {j} of {0}, entry {j} of {1}", formula="{0} + {1}")
def shift(a: Operand, bias: Operand, i: At, j: At) -> Expr:
    """The same bias added to every row."""
    return a[i, j] + bias[0, j]


@op(
    "ik,jk,1j->ij",
    reads="row {i} of {0} · row {j} of {1}, plus entry {j} of {2}",
    formula=r"{0} {1}^{{\mathrm{{T}}}} + {2}",
    columns=r"{1}^{{\mathrm{{T}}}} {0} + {2}",
)
def affine_rows(a: Operand, b: Operand, bias: Operand, i: At, j: At) -> Expr:
    """Each row of the first with each row of the second, plus a bias."""
    return total(a.cols, lambda k: a[i, k] * b[j, k]) + bias[0, j]


@op("ij…->ij", reads="entry {i}, {j} of every factor", formula=r"{0} \odot {1}")
def multiply(*matrices: Operand, i: At, j: At, times: int = 1) -> Expr:
    """Matrices multiplied entry by entry, and by a whole number where there is one."""
    factors: list[Expr] = [m[i, j] for m in matrices]
    return reduce(Mul, factors if times == 1 else [expr(times), *factors])


@op("ij,ij->ij", reads="entry {i}, {j} of {0} and of {1}", formula=r"{0} \div {1}")
def quotient(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """Two matrices divided entry by entry."""
    return a[i, j] / b[i, j]


@op("ij,ij->ij", reads="entry {i}, {j} of {0} and of {1}", formula=r"100 \cdot {0} \div {1}")
def percent(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """How many hundredths of the second matrix the first is, entry by entry."""
    return expr(100) * a[i, j] / b[i, j]


@op("ij,ij->ij", reads="entry {i}, {j} of {0} and of {1}", formula="{0} - {1}")
def subtract(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """The second matrix subtracted from the first, entry by entry."""
    return a[i, j] - b[i, j]


@op("ij,ij->i1", reads="row {i} of {0} · row {i} of {1}", formula=r"{0}_i \cdot {1}_i")
def row_dots(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """Each row of the first with the same row of the second: multiply pair by pair, then add."""
    return total(a.cols, lambda k: a[i, k] * b[i, k])


@op("ij->ij", reads="entry {i}, {j} of {0}", formula="{0} + {by}")
def plus_number(a: Operand, i: At, j: At, by: int) -> Expr:
    """The same number added to every entry."""
    return a[i, j] + expr(by)


@op("ij->ij", reads="entry {i}, {j} of {0}", formula=r"{0} \cdot {by}")
def times_number(a: Operand, i: At, j: At, by: int) -> Expr:
    """Every entry times one number."""
    return a[i, j] * expr(by)


@op("ij,i1->ij", reads="entry {i}, {j} of {0}, entry {i} of {1}", formula=r"{0} \cdot {1}")
def scale_rows(a: Operand, factors: Operand, i: At, j: At) -> Expr:
    """Every row times its own number."""
    return a[i, j] * factors[i, 0]


@op("1j,i1->ij", reads="entry {j} of {0}, entry {i} of {1}", formula=r"{0} \div {1}")
def divided_by_each(a: Operand, divisors: Operand, i: At, j: At) -> Expr:
    """One row, divided by each of several numbers in turn."""
    return a[0, j] / divisors[i, 0]


@op("->ij", reads="the number of token {i}", formula=r"1 \;(j = t_i),\; 0 \;(j \ne t_i)")
def one_hot(i: At, j: At, rows: Sequence[int], numbered: bool = False) -> Expr:
    """A 1 in the place of each token's number, and 0 elsewhere; numbered: the number, from 1, in place of the 1."""
    if isinstance(i, Index) or isinstance(j, Index):
        return Fn("one", (Num(i), Num(j)))
    return expr((j + 1 if numbered else 1) * (rows[i] == j))


@op("ij->i1", reads="the entry of row {i} of {0} that belongs to token {i}", formula="{0}[i, t_i]")
def pick_entries(a: Operand, i: At, j: At, cols: Sequence[int]) -> Expr:
    """One entry of each row: that of the row's own token."""
    return a[i, Index("t_i") if isinstance(i, Index) else cols[i]]


@op("ij->ij", reads="entry {i}, {j} of {0}, or 0", formula=r"{0}_{{ij}} \;(j \text{{ kept}}),\; 0")
def keep_entries(a: Operand, i: At, j: At, kept: Sequence[Sequence[int]]) -> Expr:
    """The entries of each row that have a 1 stay; the others become 0."""
    if isinstance(i, Index) or isinstance(j, Index):
        return a[i, j]
    return _chosen(kept[i][j], (expr(0), a[i, j]).__getitem__, 2)


@op("ij->11", reads="every entry of {0}", formula=r"\max {0}")
def largest_entry(a: Operand, i: At, j: At) -> Expr:
    """The largest entry of a whole matrix."""
    if isinstance(a.rows, Index) or isinstance(a.cols, Index):
        return Fn("max", (a[Index("k"), Index("l")],))
    return largest(*(a[k, m] for k in range(a.rows) for m in range(a.cols)))


@op("ij->ij", reads="entry {i}, {j} of {0}", formula=r"-\log_{{{base}}} {0}")
def surprise(a: Operand, i: At, j: At, base: int | str = 2) -> Expr:
    """How surprising each probability is: less its logarithm; in base 2, in bits."""
    return Sub(Sum(()), Fn("log", (_base(base), a[i, j])))


@op("kj->1k", reads="column {which} of {0}", formula=r"{0}_{{k\,{which}}}")
def column_as_row(a: Operand, i: At, j: At, which: int) -> Expr:
    """One column, lying down."""
    return a[j, which]


@op("ik,wk->o1", reads="{0} from row {i}, as many rows as {1}", formula=r"{0} \ast {1}")
def slide(x: Operand, kernel: Operand, i: At, j: At) -> Expr:
    """A kernel laid on the rows from each position on: multiply what lies on each other, then add."""
    if isinstance(i, Index) or isinstance(kernel.rows, Index) or isinstance(x.cols, Index):
        return total(x.cols, lambda k: x[i, k] * kernel[0, k])
    return Sum(tuple(x[i + w, k] * kernel[w, k] for w in range(kernel.rows) for k in range(x.cols)))


@op("*j…->ij", reads="the matrices' rows, one below the other", formula=r"[\,{0} ;\; {1}\,]")
def below(*matrices: Operand, i: At, j: At) -> Expr:
    """Matrices one below the other."""
    for matrix in matrices:
        if isinstance(i, Index) or isinstance(matrix.rows, Index) or i < matrix.rows:
            return matrix[i, j]
        i -= matrix.rows
    raise IndexError(i)
