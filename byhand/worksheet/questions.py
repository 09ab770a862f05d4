"""Questions beyond filling a matrix: tables, shapes, counts, words to choose and paths. The answers are the run's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import chain
from numbers import Rational
from typing import Any

from byhand.arithmetic.copies import written
from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Expr, Mul, Num, Sum
from byhand.errors import SheetError, ValuesError
from byhand.ops import matmul
from byhand.tape import Shape, Tape, shape_text
from byhand.worksheet.document import Cell, Choice, Prose, Table
from byhand.worksheet.figures import Bench

Inline = Callable[[str], Sequence[Any]]


def table(inline: Inline, head: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Table:
    """A table of texts and cells.

    Raises: SheetError for a row that is longer or shorter than the head.
    """
    for row in rows:
        if len(row) != len(head):
            raise SheetError(f"the table's head has {len(head)} entries; a row has {len(row)}")
    made = [tuple(_made(x, inline) for x in row) for row in (head, *rows)]
    return Table(tuple(x for x in made[0] if isinstance(x, Prose)), tuple(made[1:]))


def _made(item: Any, inline: Inline) -> Prose | Cell:
    """Texts are Markdown, numbers are printed."""
    if isinstance(item, Cell):
        return item
    return Prose(inline(item)) if isinstance(item, str) else Cell(item)


def entry(tape: Tape, name: str, i: int, j: int, places: int | None = None, blank: bool = True) -> Cell:
    """One number of a step, to be filled in or printed; with places, rounded to so many."""
    rows, cols = tape[name].shape
    if not (-rows <= i < rows and -cols <= j < cols):
        raise SheetError(f"{name} is {shape_text((rows, cols))}; it has no entry {i}, {j} (counted from 0)")
    at = i % rows, j % cols
    work = tape.worked(name, *at) if blank and tape[name].step.op else None
    value = tape.values(name)[i][j]
    if places is not None and isinstance(value, Rational | Decimal):  # sympy's numbers are Rational, too
        value = Decimals(places).settle(Num(Fraction(value)), lambda ref: None)
    return Cell(value, work, blank, name, at)


def count(tape: Tape, names: Sequence[str], axis: int | None) -> Cell:
    """How many numbers matrices hold, or along one axis how many rows (0) or columns (1), to be filled in."""
    terms = tuple(_size(tape[name].shape, axis) for name in names)
    work = Sum(terms) if len(terms) > 1 or isinstance(terms[0], Mul) else None
    value = RATIONALS.settle(Sum(terms), lambda ref: None)
    return Cell(value, work, blank=True, step=names[0], shows="size")


def _size(shape: Shape, axis: int | None) -> Expr:
    """Rows times columns, or one of the two; one row counts as its columns."""
    if axis is not None:
        return Num(shape[axis])
    return Num(shape[1]) if shape[0] == 1 else Mul(Num(shape[0]), Num(shape[1]))


def shapes(bench: Bench, pairs: Sequence[Sequence[Any]], inline: Inline) -> Table:
    """For each pair of matrices, whether the product exists, and its shape.

    A matrix is a name of the run, with .T where it is transposed, or a shape. Where tokens are columns, the product
    A B is printed as Bᵀ Aᵀ, as everywhere.
    """
    rows, say = [], bench.messages.say
    for left, right in pairs:
        operands = [_shaped(bench, matrix) for matrix in ((right, left) if bench.turned else (left, right))]
        sizes = [size[::-1] if bench.turned else size for _, size in operands]
        result = product_shape(*sizes)
        texts = [f"{sign} {shape_text(size)}".strip() for (sign, _), size in zip(operands, sizes, strict=True)]
        answers = (say("shapes.no"), "—") if result is None else (say("shapes.yes"), shape_text(result))
        rows.append((*texts, *(Cell(answer, blank=True) for answer in answers)))
    return table(inline, [say(f"shapes.{head}") for head in ("left", "right", "exists", "shape")], rows)


def product_shape(left: Shape, right: Shape) -> Shape | None:
    """The shape of a product, as the operation has it; None where there is none."""
    tape = Tape(RATIONALS, {})
    try:
        return matmul(tape.given("left", left), tape.given("right", right), name="product").shape
    except ValuesError:
        return None


def _shaped(bench: Bench, matrix: Any) -> tuple[str, Shape]:
    """A matrix's symbol and shape as its rows are tokens."""
    if isinstance(matrix, str):
        name = matrix.removesuffix(".T")
        rows, cols = bench.tape[name].shape
        if name == matrix:
            return f"${bench.symbol(name)}$", (rows, cols)
        return rf"${bench.symbol(name)}^{{\mathrm{{T}}}}$", (cols, rows)
    if not (isinstance(matrix, Sequence) and len(matrix) == 2 and all(isinstance(n, int) and n > 0 for n in matrix)):
        raise SheetError(f"{matrix!r} is neither a matrix of the run nor a shape such as [3, 4]")
    return "", (matrix[0], matrix[1])


def choice(tape: Tape, name: str, i: int, vocabulary: Sequence[str]) -> Choice:
    """The words of the vocabulary; right is the one whose id stands in a row of a step."""
    if not vocabulary:
        raise SheetError("there is no vocabulary to choose a word from")
    return Choice(name, tuple(vocabulary), int(tape.values(name)[i][0]))


def path(bench: Bench, name: str, number: str) -> str:
    """The words of the row and the column where a step has the number of another: "down sat"."""
    tape, words, rows = bench.tape, bench.vocabulary, bench.tape.values(name)

    def said(number: Any, *entries: Any) -> str:
        found = (divmod(k, len(rows[0])) for k, entry in enumerate(entries) if entry == number)
        paths = (f"{words[i]} {words[j]}" for i, j in found)
        return reduce(lambda one, other: bench.messages.say("words.or", one=one, other=other), paths)

    return written(said, tape.values(number)[0][0], *chain(*rows))
