"""Ways of a gradient back to an operand that several operations have in common."""

from __future__ import annotations

from byhand.tape import Arrived, Line, Matrix, Way, line


def passed_on(s: Arrived) -> Matrix:
    """The gradient that has arrived, as it is: that of a term of a sum."""
    return s.g


def ones(rows: int) -> Line:
    """A column of ones."""
    return line("one_hot", rows=(0,) * rows, shape=(rows, 1))


def along_rows(g: Matrix | Line, to: Matrix) -> Line:
    """A column's numbers, each all along its row of a matrix."""
    return line("dot_rows", g, ones(to.cols))


def along_columns(g: Matrix | Line, to: Matrix) -> Line:
    """A row's numbers, each all along its column of a matrix."""
    return line("gather_rows", g, rows=(0,) * to.rows)


def negative(x: Matrix | Line) -> Line:
    """Minus each number."""
    return line("times_number", x, by=-1)


def less_than_one(x: Matrix | Line) -> Line:
    """1 less each number."""
    return line("plus_number", negative(x), by=1)


def to_divisor(dots: str) -> Way:
    """To the divisor b of a row, a column or all numbers, y = a ÷ b: minus the sum of g·y, over b.

    dots: the operation that adds these products up.
    """
    return Way(lambda s: negative(line("quotient", line(dots, s.g, s.y), s.b)))
