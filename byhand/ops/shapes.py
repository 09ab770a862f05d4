"""Operations that move numbers and change none: gather, stack, one-hot."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.arithmetic.copies import choose
from byhand.arithmetic.expr import At, Expr, Fn, Index, Num, Sum, expr
from byhand.tape import Arrived, Line, Matrix, Operand, example, line, op


@op(
    "i*…->ij",
    by_place="j",
    formula=r"[\,{0} \; {1}\,]",
    columns=r"[\,{0} ;\; {1}\,]",
    said="Copy the numbers of both, {side_by_side}.",
    example=example(
        [[1, 2], [3, -4]], [[7], [8]], [[5, 6], [9, 0]], sizes={"j": 5}, gives=[[1, 2, 7, 5, 6], [3, -4, 8, 9, 0]]
    ),
    backward=(lambda s: line("part", s.g, first=sum(x.cols for x in s.x[: s.k])),),
)
def hstack(*matrices: Operand, i: At, j: At) -> Expr:
    """Matrices side by side."""
    for matrix in matrices:
        if isinstance(j, Index) or isinstance(matrix.cols, Index) or j < matrix.cols:
            return matrix[i, j]
        j -= matrix.cols
    raise IndexError(j)


def _only_column(of: Matrix, which: int) -> Line:
    """A matrix of the same shape with 1 in one column, 0 elsewhere."""
    return line("one_hot", rows=(which,) * of.rows, shape=of)


def _own_rows(s: Arrived) -> Line:
    """An operand's own rows of what has arrived at a stack."""
    first = sum(x.rows for x in s.x[: s.k])
    return line("gather_rows", s.g, rows=tuple(range(first, first + s.x[s.k].rows)))


@op(
    "*j…->ij",
    by_place="i",
    formula=r"[\,{0} ;\; {1}\,]",
    columns=r"[\,{0} \; {1}\,]",
    said="Copy the numbers, {stacked}.",
    example=example([[1, 2], [3, -4]], [[7, 8]], sizes={"i": 3}, gives=[[1, 2], [3, -4], [7, 8]]),
    backward=(_own_rows,),
)
def vstack(*matrices: Operand, i: At, j: At) -> Expr:
    """Matrices one below the other."""
    for matrix in matrices:
        if isinstance(i, Index) or isinstance(matrix.rows, Index) or i < matrix.rows:
            return matrix[i, j]
        i -= matrix.rows
    raise IndexError(i)


@op(
    "kj->ij",
    places={"rows": "i->k"},
    formula="{0}[t_i]",
    said="Find the {row} of the table that belongs to this token, and copy it.",
    example=example([[1, 2], [3, 4], [5, 6]], rows=(2, 0, 2), sizes={"i": 3}, gives=[[5, 6], [1, 2], [5, 6]]),
    backward=(lambda s: line("add_rows", s.g, **s.params),),
)
def gather_rows(table: Operand, i: At, j: At, rows: Sequence[int]) -> Expr:
    """A row of a table for each token. rows: the number of that row, from 0."""
    if isinstance(i, Index):
        return table[Index("t_i"), j]
    return choose(rows[i], lambda row: table[row, j], table.rows)


@op(
    "ij->i1",
    places={"cols": "i->j"},
    formula="{0}[i, t_i]",
    said="Take the number that belongs to the token of this {row}.",
    example=example([[1, 2], [3, -4]], cols=(1, 0), gives=[[2], [3]]),
    backward=(lambda s: line("scale_rows", line("one_hot", rows=s.params["cols"], shape=s.a), s.g),),
)
def gather_entries(a: Operand, i: At, j: At, cols: Sequence[int]) -> Expr:
    """One entry of each row. cols: the number of its column, from 0, such as the token that the row belongs to."""
    if isinstance(i, Index):
        return a[i, Index("t_i")]
    return choose(cols[i], lambda col: a[i, col], a.cols)


@op(
    "ij->ij",
    places={"kept": "ij->"},
    formula=r"{0}_{{ij}} \;(j \text{{ kept}}),\; 0",
    said="Keep the number where it is kept; else write 0.",
    example=example([[1, 2], [3, -4]], kept=((1, 0), (1, 1)), gives=[[1, 0], [3, -4]]),
    backward=(lambda s: line("keep_entries", s.g, **s.params),),
)
def keep_entries(a: Operand, i: At, j: At, kept: Sequence[Sequence[int]]) -> Expr:
    """The entries for which `kept` has a 1; 0 in place of the others."""
    if isinstance(i, Index) or isinstance(j, Index):
        return a[i, j]
    return choose(kept[i][j], (expr(0), a[i, j]).__getitem__, 2)


@op(
    "kj->1k",
    places={"which": "->j"},
    formula=r"{0}_{{k\,{which}}}",
    said="Copy the {column}, number by number.",
    example=example([[1, 2], [3, -4]], which=1, gives=[[2, -4]]),
    backward=(lambda s: line("dot_columns", s.g, line("one_hot", rows=(s.params["which"],), shape=(1, s.a.cols))),),
)
def column_as_row(a: Operand, i: At, j: At, which: int) -> Expr:
    """One column as a row. which: its number, from 0."""
    return choose(which, lambda col: a[j, col], a.cols)


@op(
    "->ij",
    places={"rows": "i->j"},
    formula=r"1 \;(j = t_i),\; 0 \;(j \ne t_i)",
    said="Write 1 in the place of the token’s number, and 0 everywhere else.",
    example=example(rows=(2, 0), sizes={"i": 2, "j": 3}, gives=[[0, 0, 1], [1, 0, 0]]),
)
def one_hot(i: At, j: At, rows: Sequence[int], numbered: bool = False) -> Expr:
    """A row for each token: 1 in the place of its number, from 0, and 0 elsewhere.

    numbered: whether the number itself, counted from 1, stands in place of the 1, which is a classic mistake.
    """
    if isinstance(i, Index) or isinstance(j, Index):
        return Fn("one", (Num(i), Num(j)))
    return expr((j + 1 if numbered else 1) * (rows[i] == j))


def if_among_largest(a: Operand, i: At, j: At, count: int, x: Expr) -> Expr:
    """A number if the entry in its place is among the largest of its row, of equal ones the first; else 0."""
    if isinstance(i, Index) or isinstance(j, Index) or isinstance(a.cols, Index):
        return Fn("choose", (Fn("argmax", (a[i, Index("k")],)), x, expr(0)))

    def beats(k: int) -> Expr:
        """1 if entry k comes before entry j in order of size, else 0."""
        return Fn("argmax", (a[i, j], a[i, k])) if k > j else expr(1) - Fn("argmax", (a[i, k], a[i, j]))

    rank = Sum(tuple(beats(k) for k in range(a.cols) if k != j))
    kept = (x if place < count else expr(0) for place in range(a.cols))
    return Fn("choose", (rank, *kept))


@op(
    "ij->ij",
    by_place="j",
    formula=r"{0}_{{ij}} \;(\text{{one of the }} {count} \text{{ largest}}),\; 0",
    said="Keep the number if it is among the largest of its {row}; else write 0.",
    example=example([[1, 4, 2], [3, 3, 3]], count=2, gives=[[0, 4, 2], [3, 3, 0]]),
    edges=(example([[5, -1, 5]], count=1, gives=[[5, 0, 0]]),),
    backward=(lambda s: line("keep_where_largest", s.g, s.a, **s.params),),
)
def keep_largest(a: Operand, i: At, j: At, count: int) -> Expr:
    """The largest entries of each row; 0 in place of the others. Of equal ones, the first are kept."""
    return if_among_largest(a, i, j, count, a[i, j])


@op(
    "ij,ik->ij",
    places={"which": "->k"},
    formula=r"{1}_{{i\,{which}}} \cdot {0}",
    said="Multiply by the share that belongs to this {row}.",
    example=example([[1, 2], [3, -4]], [[5, 2], [0, -1]], which=1, gives=[[2, 4], [-3, 4]]),
    backward=(
        lambda s: line("share_rows", s.g, s.b, **s.params),
        lambda s: line("scale_rows", _only_column(s.b, s.params["which"]), line("row_dots", s.g, s.a)),
    ),
)
def share_rows(a: Operand, shares: Operand, i: At, j: At, which: int) -> Expr:
    """Every row times its own number in one column of shares. which: the number of that column, from 0."""
    return a[i, j] * shares[i, which]
