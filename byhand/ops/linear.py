"""Products of matrices; sums, products and quotients entry by entry; and activations."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from typing import Any

from byhand.arithmetic.expr import At, Expr, Fn, Index, Mul, Sum, expr, largest, total
from byhand.ops.ways import negative, ones, passed_on, to_divisor
from byhand.tape import Arrived, Line, Matrix, Operand, Way, example, line, op

HALF = Fraction(1, 2)


def base_of(base: int | str) -> Expr:
    """The base of powers: a whole number, or e."""
    return Fn("e") if base == "e" else expr(int(base))


def _against(s: Arrived) -> Line:
    """1 less the sigmoid of a number, which is the sigmoid of minus the number."""
    return line("sigmoid", negative(s.a), **s.params)


def _apart(x: Matrix, weights: Line, others: Line) -> Line:
    """Twice the sum of the differences of each row from others: the row times the sum of their weights, less their
    weighted sum.
    """
    return line("times_number", line("subtract", line("scale_rows", x, weights), others), by=2)


def _from(first: int, count: int) -> tuple[int, ...]:
    """As many places, from a first one on."""
    return tuple(range(first, first + count))


def _back_to_rows(s: Arrived) -> Line:
    """The gradient of rows on which a kernel lay: at each position, the kernel's row times what has arrived there."""
    shares = []
    for w in range(s.b.rows):
        row = line("gather_rows", s.b, rows=(w,), shape=(1, s.b.cols))
        shares.append(line("add_rows", line("matmul", s.g, row), rows=_from(w, s.g.rows), shape=s.a))
    return line("add_all", *shares)


def _back_to_kernel(s: Arrived) -> Line:
    """The gradient of a kernel: of each of its rows, what has arrived times the row that lay under it."""
    shape = s.g.rows, s.a.cols
    under = [line("gather_rows", s.a, rows=_from(w, s.g.rows), shape=shape) for w in range(s.b.rows)]
    return line("vstack", *(line("dot_columns", s.g, rows) for rows in under))


def _back_to_row(s: Arrived) -> Line:
    """The gradient of rows along which a kernel slid: what has arrived times the kernel, as it lay at each place."""
    wide, n = s.b.cols, s.a.cols
    laid = [line("matmul", s.b, line("one_hot", rows=_from(o, wide), shape=(wide, n))) for o in range(s.g.cols)]
    return line("matmul", s.g, line("vstack", *laid, shape=(s.g.cols, n)))


def _back_to_kernel_of_row(s: Arrived) -> Line:
    """The gradient of such a kernel: of each of its numbers, what has arrived times what lay under it, added up."""
    under = [line("part", s.a, first=k, shape=s.g) for k in range(s.b.cols)]
    return line("hstack", *(line("column_sum", line("row_dots", s.g, x)) for x in under))


@op(
    "ik,kj->ij",
    formula="{0} {1}",
    columns="{1} {0}",
    said="Take the {row} of the first and the {column} of the second, multiply pair by pair, then add.",
    example=example([[1, 2], [3, -4]], [[5, 0, 1], [6, 1, 0]], gives=[[17, 2, 1], [-9, -4, 3]]),
    backward=(lambda s: line("dot_rows", s.g, s.b), lambda s: line("dot_columns", s.a, s.g)),
)
def matmul(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """The matrix product: a row of the first times a column of the second, pair by pair, then added."""
    return total(a.cols, lambda k: a[i, k] * b[k, j])


@op(
    "ik,kj,1j->ij",
    formula="{0} {1} + {2}",
    columns="{1} {0} + {2}",
    said="Take the {row} of the first and the {column} of the second, multiply pair by pair and add; then add "
    "the bias.",
    example=example([[1, 2], [3, -4]], [[5, 0], [6, 1]], [[10, 20]], gives=[[27, 22], [1, 16]]),
    backward=(
        lambda s: line("dot_rows", s.g, s.b),
        lambda s: line("dot_columns", s.a, s.g),
        lambda s: line("column_sum", s.g),
    ),
)
def affine(a: Operand, b: Operand, bias: Operand, i: At, j: At) -> Expr:
    """A product plus a bias, the same bias in every row."""
    return total(a.cols, lambda k: a[i, k] * b[k, j]) + bias[0, j]


@op(
    "ik,jk->ij",
    formula=r"{0} {1}^{{\mathrm{{T}}}}",
    columns=r"{1}^{{\mathrm{{T}}}} {0}",
    said="Take the {row} that asks and the {row} that answers, multiply pair by pair, then add.",
    example=example([[1, 2], [3, -4]], [[1, 1], [0, 2], [2, 0]], gives=[[3, 4, 2], [-1, -8, 6]]),
    backward=(lambda s: line("matmul", s.g, s.b), lambda s: line("dot_columns", s.g, s.a)),
)
def dot_rows(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """The dot product of each row of the first with each row of the second."""
    return total(a.cols, lambda k: a[i, k] * b[j, k])


@op(
    "ik,jk,1j->ij",
    formula=r"{0} {1}^{{\mathrm{{T}}}} + {2}",
    columns=r"{1}^{{\mathrm{{T}}}} {0} + {2}",
    said="Take a {row} of each, multiply pair by pair and add; then add the bias.",
    example=example([[1, 2], [3, -4]], [[1, 1], [0, 2]], [[10, 20]], gives=[[13, 24], [9, 12]]),
    backward=(
        lambda s: line("matmul", s.g, s.b),
        lambda s: line("dot_columns", s.g, s.a),
        lambda s: line("column_sum", s.g),
    ),
)
def affine_rows(a: Operand, b: Operand, bias: Operand, i: At, j: At) -> Expr:
    """The dot product of each row of the first with each row of the second, plus a bias."""
    return total(a.cols, lambda k: a[i, k] * b[j, k]) + bias[0, j]


@op(
    "ki,kj->ij",
    formula=r"{0}^{{\mathrm{{T}}}} {1}",
    columns=r"{1} {0}^{{\mathrm{{T}}}}",
    said="Take the {column} of the first and the {column} of the second, multiply pair by pair, then add.",
    example=example([[1, 2], [3, -4]], [[5, 0, 1], [6, 1, 0]], gives=[[23, 3, 1], [-14, -4, 2]]),
    edges=(example([[1, 2]], [[5, 0, -1]], gives=[[5, 0, -1], [10, 0, -2]]),),
    backward=(lambda s: line("dot_rows", s.b, s.g), lambda s: line("matmul", s.a, s.g)),
)
def dot_columns(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """The dot product of each column of the first with each column of the second; of two rows, all their products."""
    return total(a.rows, lambda k: a[k, i] * b[k, j])


@op(
    "ij,ij->i1",
    formula=r"{0}_i \cdot {1}_i",
    said="Multiply the two {rows} pair by pair, then add.",
    example=example([[1, 2], [3, -4]], [[5, 6], [1, 2]], gives=[[17], [-5]]),
    backward=(lambda s: line("scale_rows", s.b, s.g), lambda s: line("scale_rows", s.a, s.g)),
)
def row_dots(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """The dot product of each row of the first with the same row of the second."""
    return total(a.cols, lambda k: a[i, k] * b[i, k])


@op(
    "ij,ij->ij",
    formula="{0} + {1}",
    said="Add the two numbers that stand in this place.",
    example=example([[1, 2], [3, -4]], [[1, 1], [1, 1]], gives=[[2, 3], [4, -3]]),
    backward=(passed_on, passed_on),
)
def add(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """Two matrices added entry by entry."""
    return a[i, j] + b[i, j]


@op(
    "ij…->ij",
    formula=r"{0} + \dots",
    said="Add the numbers that stand in this place in each matrix.",
    example=example([[1, 2], [3, -4]], [[1, 2], [3, -4]], [[0, 1], [2, 3]], gives=[[2, 5], [8, -5]]),
    edges=(example([[1, 2], [3, -4]], gives=[[1, 2], [3, -4]]),),
    backward=(passed_on,),
)
def add_all(*matrices: Operand, i: At, j: At) -> Expr:
    """Several matrices added entry by entry."""
    return Sum(tuple(m[i, j] for m in matrices))


@op(
    "ij,ij->ij",
    formula="{0} - {1}",
    said="Take the second number away from the first.",
    example=example([[1, 2], [3, -4]], [[1, 0], [5, -4]], gives=[[0, 2], [-2, 0]]),
    backward=(passed_on, lambda s: negative(s.g)),
)
def subtract(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """The second matrix subtracted from the first, entry by entry."""
    return a[i, j] - b[i, j]


@op(
    "ij,1j->ij",
    formula="{0} + {1}",
    said="Add the bias of the {column}.",
    example=example([[1, 2], [3, -4]], [[10, 20]], gives=[[11, 22], [13, 16]]),
    backward=(passed_on, lambda s: line("column_sum", s.g)),
)
def shift(a: Operand, bias: Operand, i: At, j: At) -> Expr:
    """The same bias added to every row."""
    return a[i, j] + bias[0, j]


@op(
    "ij…->ij",
    formula=r"{0} \odot {1}",
    said="Multiply the numbers that stand in this place.",
    example=example([[1, 2], [3, -4]], [[2, 0], [1, 5]], gives=[[2, 0], [3, -20]]),
    edges=(
        example([[1, 2], [3, -4]], [[1, 2], [3, -4]], times=3, gives=[[3, 12], [27, 48]]),
        example([[1, 2], [3, -4]], gives=[[1, 2], [3, -4]]),
    ),
    backward=(lambda s: line("multiply", s.g, *s.x[: s.k], *s.x[s.k + 1 :], **s.params),),
)
def multiply(*matrices: Operand, i: At, j: At, times: int = 1) -> Expr:
    """Matrices multiplied entry by entry, and by a whole number where there is one."""
    factors: list[Expr] = [m[i, j] for m in matrices]
    return reduce(Mul, factors if times == 1 else [expr(times), *factors])


@op(
    "ij,ij->ij",
    formula=r"{0} \div {1}",
    said="Divide the first number by the second.",
    example=example([[1, 2], [3, -4]], [[2, 4], [3, 8]], gives=[[HALF, HALF], [1, -HALF]]),
    backward=(
        lambda s: line("quotient", s.g, s.b),
        to_divisor("multiply"),
    ),
)
def quotient(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """Two matrices divided entry by entry."""
    return a[i, j] / b[i, j]


@op(
    "ij,ij->ij",
    formula=r"100 \cdot {0} \div {1}",
    said="Divide the first number by the second, and multiply by 100.",
    example=example([[1, 2], [3, -4]], [[2, 4], [4, 8]], gives=[[50, 50], [75, -50]]),
    backward=(
        lambda s: line("percent", s.g, s.b),
        to_divisor("multiply"),
    ),
)
def percent(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """The first matrix as a percentage of the second, entry by entry."""
    return expr(100) * a[i, j] / b[i, j]


@op(
    "ij->ij",
    formula="{0} + {by}",
    said="Add the number.",
    example=example([[1, 2], [3, -4]], by=5, gives=[[6, 7], [8, 1]]),
    backward=(passed_on,),
)
def plus_number(a: Operand, i: At, j: At, by: int) -> Expr:
    """The same number added to every entry."""
    return a[i, j] + expr(by)


@op(
    "ij->ij",
    formula=r"{0} \cdot {by}",
    said="Multiply the number.",
    example=example([[1, 2], [3, -4]], by=2, gives=[[2, 4], [6, -8]]),
    backward=(lambda s: line("times_number", s.g, **s.params),),
)
def times_number(a: Operand, i: At, j: At, by: Any) -> Expr:
    """Every entry times one number."""
    return a[i, j] * expr(Fraction(by))


@op(
    "ij->ij",
    formula=r"{0} \div {of}",
    said="Divide the number.",
    example=example([[1, 2], [3, -4]], of=2, gives=[[HALF, 1], [Fraction(3, 2), -2]]),
    backward=(lambda s: line("divide_by", s.g, **s.params),),
)
def divide_by(a: Operand, i: At, j: At, of: int) -> Expr:
    """Every entry divided by one number."""
    return a[i, j] / expr(of)


@op(
    "ij,i1->ij",
    formula=r"{0} \cdot {1}",
    said="Multiply by the number that belongs to this {row}.",
    example=example([[1, 2], [3, -4]], [[2], [-1]], gives=[[2, 4], [-3, 4]]),
    backward=(lambda s: line("scale_rows", s.g, s.b), lambda s: line("row_dots", s.g, s.a)),
)
def scale_rows(a: Operand, factors: Operand, i: At, j: At) -> Expr:
    """Every row times its own number."""
    return a[i, j] * factors[i, 0]


@op(
    "1j,i1->ij",
    formula=r"{0} \div {1}",
    said="Divide the number by the one that belongs to this {row}.",
    example=example([[1, -2]], [[1], [2], [HALF]], gives=[[1, -2], [HALF, -1], [2, -4]]),
    backward=(lambda s: line("column_sum", line("standardize", s.g, s.b)), to_divisor("row_dots")),
)
def divided_by_each(a: Operand, divisors: Operand, i: At, j: At) -> Expr:
    """One row, divided by each of several numbers in turn."""
    return a[0, j] / divisors[i, 0]


@op(
    "ij->ij",
    formula="{0}",
    said="Copy the number.",
    example=example([[1, 2], [3, -4]], gives=[[1, 2], [3, -4]]),
    backward=(passed_on,),
)
def copy(a: Operand, i: At, j: At) -> Expr:
    """The same matrix again."""
    return a[i, j]


@op(
    "ik,wk->o1",
    by_place="iwo",
    formula=r"{0} \ast {1}",
    said="Lay the kernel on the {rows}, multiply place by place, then add.",
    example=example([[1, 2], [3, -4], [5, 0]], [[1, 1], [2, 0]], sizes={"o": 2}, gives=[[9], [9]]),
    backward=(_back_to_rows, _back_to_kernel),
)
def slide(x: Operand, kernel: Operand, i: At, j: At) -> Expr:
    """The cross-correlation with a kernel: the sum of the products where it lies on the rows, at each position."""
    if isinstance(i, Index) or isinstance(kernel.rows, Index) or isinstance(x.cols, Index):
        return total(x.cols, lambda k: x[i, k] * kernel[0, k])
    return Sum(tuple(x[i + w, k] * kernel[w, k] for w in range(kernel.rows) for k in range(x.cols)))


@op(
    "ij,1w->io",
    by_place="jwo",
    formula=r"{0} \ast {1}",
    said="Lay the kernel on the {row}, multiply place by place, then add.",
    example=example([[1, 2, 3], [0, -1, 4]], [[2, 1]], sizes={"o": 2}, gives=[[4, 7], [-1, 2]]),
    edges=(example([[1, 2], [3, -4]], [[5]], sizes={"o": 2}, gives=[[5, 10], [15, -20]]),),
    backward=(_back_to_row, _back_to_kernel_of_row),
)
def slide_along(x: Operand, kernel: Operand, i: At, j: At) -> Expr:
    """The cross-correlation of each row with a kernel of one row, wherever all of the kernel lies on the row."""
    if isinstance(j, Index) or isinstance(kernel.cols, Index):
        return total(kernel.cols, lambda k: x[i, k] * kernel[0, k])
    return Sum(tuple(x[i, j + k] * kernel[0, k] for k in range(kernel.cols)))


@op(
    "ij->ij",
    formula=r"\max(0,\, {0})",
    said="Keep what is positive; write 0 for what is negative.",
    example=example([[1, 2], [3, -4]], gives=[[1, 2], [3, 0]]),
    activation="relu",
    backward=(lambda s: line("gate", s.g, s.a),),
)
def relu(a: Operand, i: At, j: At) -> Expr:
    """Positive entries stay; the others become 0."""
    return largest(0, a[i, j])


@op(
    "ij->ij",
    formula=r"{0}\,\Phi({0})",
    said="Multiply the number by Φ of the number.",
    example=example([[0, 0], [0, 0]], gives=[[0, 0], [0, 0]]),
    activation="gelu",
    backward=(lambda s: line("multiply", s.g, line("gelu_slope", s.a)),),
)
def gelu(a: Operand, i: At, j: At) -> Expr:
    """Every entry x times Φ(x), the standard normal distribution function."""
    return Fn("gelu", (a[i, j],))


@op(
    "ij->ij",
    formula=r"{0} \div (1 + {base}^{{-{0}}})",
    said="Multiply the number by its sigmoid.",
    example=example(
        [[-2, -1, 0], [1, 2, 3]], base=2,
        gives=[[Fraction(-2, 5), Fraction(-1, 3), 0], [Fraction(2, 3), Fraction(8, 5), Fraction(8, 3)]],
    ),
    edges=(example([[1, -1]], base=3, gives=[[Fraction(3, 4), Fraction(-1, 4)]]),),
    activation="silu",
    backward=(
        (
            Way(lambda s: line("multiply", s.g, line("sigmoid", s.a, **s.params))),
            Way(lambda s: line("multiply", s.g, s.y, _against(s)), power=1),
        ),
    ),
)  # fmt: skip
def swish(a: Operand, i: At, j: At, base: int | str = "e") -> Expr:
    """Every entry x times its sigmoid, 1 ÷ (1 + base^−x); in base e, SiLU.

    Source: Ramachandran, Zoph & Le 2017; Elfwing, Uchibe & Doya 2018.
    """
    return a[i, j] / (expr(1) + base_of(base) ** (Sum(()) - a[i, j]))


@op(
    "ij->ij",
    formula=r"\max(0,\, {0}) + {base}^{{\min(0,\, {0})}}",
    said="If the number is 0 or more, add 1; if it is negative, raise the base to its power.",
    example=example([[1, 2], [0, -1]], base=2, gives=[[2, 3], [1, HALF]]),
    edges=(example([[HALF, -2]], base=3, gives=[[Fraction(3, 2), Fraction(1, 9)]]),),
    backward=(
        (
            Way(lambda s: line("gate", s.g, s.a)),
            Way(lambda s: line("subtract", both := line("multiply", s.g, s.y), line("gate", both, s.a)), power=1),
        ),
    ),
)
def elu_plus_one(a: Operand, i: At, j: At, base: int | str = "e") -> Expr:
    """Every entry x becomes a number above 0: x + 1 from 0 on, base^x below; in base e, ELU + 1.

    Source: Katharopoulos et al. 2020.
    """
    x = a[i, j]
    return largest(0, x) + base_of(base) ** (Sum(()) - largest(0, Sum(()) - x))


@op(
    "ij->ij",
    formula=r"1 \div (1 + {base}^{{-{0}}})",
    said="Divide 1 by 1 plus the base to the power of minus the number.",
    example=example([[0, 1], [-2, 2]], base=2, gives=[[HALF, Fraction(2, 3)], [Fraction(1, 5), Fraction(4, 5)]]),
    edges=(example([[1, -1]], base=3, gives=[[Fraction(3, 4), Fraction(1, 4)]]),),
    backward=(Way(lambda s: line("multiply", s.g, s.y, _against(s)), power=1),),
)
def sigmoid(a: Operand, i: At, j: At, base: int | str = "e") -> Expr:
    """Every entry x becomes a number between 0 and 1: 1 ÷ (1 + base^−x)."""
    return expr(1) / (expr(1) + base_of(base) ** (Sum(()) - a[i, j]))


@op(
    "ij,ij->ij",
    formula=r"{keep} \cdot {0} + {take} \cdot {1}",
    said="Take a share of the first number and a share of the second, and add them.",
    example=example(
        [[1, 2], [3, -4]], [[2, 4], [1, 0]], keep="1/2", take="1/2", gives=[[Fraction(3, 2), 3], [2, -2]]
    ),
    backward=(
        lambda s: line("times_number", s.g, by=Fraction(s.params["keep"])),
        lambda s: line("times_number", s.g, by=Fraction(s.params["take"])),
    ),
)
def blend(a: Operand, b: Operand, i: At, j: At, keep: Any, take: Any) -> Expr:
    """A share of the first matrix plus a share of the second, entry by entry."""
    return expr(Fraction(keep)) * a[i, j] + expr(Fraction(take)) * b[i, j]


@op(
    "ij,kj->ik",
    formula=r"|{0}_i - {1}_k|^2",
    said="Take the difference in each place, square it, then add.",
    example=example([[1, 2], [3, -4]], [[1, 0], [0, 2], [3, -4]], gives=[[4, 1, 40], [20, 45, 0]]),
    backward=(
        lambda s: _apart(s.a, line("row_sum", s.g), line("matmul", s.g, s.b)),
        lambda s: _apart(s.b, line("dot_columns", s.g, ones(s.a.rows)), line("dot_columns", s.g, s.a)),
    ),
)
def squared_distances(a: Operand, b: Operand, i: At, j: At) -> Expr:
    """The squared distance of each row of the first from each row of the second."""
    return total(a.cols, lambda k: (a[i, k] - b[j, k]) ** 2)
