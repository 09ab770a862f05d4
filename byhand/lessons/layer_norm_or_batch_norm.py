"""LayerNorm or BatchNorm: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, combinations
from typing import Any

from byhand.notation.text import value_text
from byhand.numbers.promises import MOST_ALIKE, have_two_sizes, sheet_promise, transposed
from byhand.pictures.canvas import AXIS, CAPTION, DASH, FRAME, GREY, INK, PEN_AREA, STRIPE, TOKEN, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape

# ---- its numbers ----

NORMS = ("ln1", "all.ln1", "bn")  # by row, of all numbers, by column


@sheet_promise
def three_norms_differ(tape: Tape) -> bool:
    """The three norms of a table have the same result in few cells. A number of the last token has three results, and
    its LayerNorm is more than signs. The table is not symmetric: there, LayerNorm would be BatchNorm transposed.
    """
    table = tape.values("blocks.0.hook_resid_pre")
    results = [tape.values(f"blocks.0.{norm}.hook_normalized") for norm in NORMS]
    for one, other in combinations(results, 2):
        alike = [x == y for a, b in zip(one, other, strict=True) for x, y in zip(a, b, strict=True)]
        if sum(alike) > MOST_ALIKE * len(alike):
            return False
    last = tuple(rows[-1] for rows in results)
    return len(apart(*last)) > 0 and have_two_sizes(last[:1]) and table != transposed(table)


LONGEST_DENOMINATOR = 5  # of what the last token's results of BatchNorm add up to
FURTHEST = 9  # a number that brings the last token's first number to the mean of its dimension is not larger


@sheet_promise
def last_token_tells_batch_norm(tape: Tape) -> bool:
    """The last token's results of BatchNorm do not add up to 0, as those of LayerNorm do, but to a short
    number; and not each column of the norm of all numbers adds up to 0, as those of BatchNorm do.
    """
    total = sum(tape.values("blocks.0.bn.hook_normalized")[-1])
    columns = transposed(tape.values("blocks.0.all.ln1.hook_normalized"))
    return total != 0 and Fraction(total).denominator <= LONGEST_DENOMINATOR and any(map(sum, columns))


@sheet_promise
def another_word_can_move_the_mean(tape: Tape) -> bool:
    """Some small number of another word makes the last token's first number the mean of its dimension."""
    *others, last = (row[0] for row in tape.values("blocks.0.hook_resid_pre"))
    missing = len(others) * last - sum(others)
    return any(abs(other + missing) <= FURTHEST for other in others)


@sheet_promise
def scales_differ_and_few_are_signs(tape: Tape) -> bool:
    """LayerNorm divides the rows by three deviations or more, BatchNorm the columns by two or more. In each, at most
    one becomes only signs.
    """
    layer, batch = (tape.values(f"blocks.0.{norm}.hook_normalized") for norm in ("ln1", "bn"))
    by_row, by_column = ({*chain(*tape.values(f"blocks.0.{norm}.hook_scale"))} for norm in ("ln1", "bn"))
    signs = [sum({*map(abs, side)} == {1} for side in sides) for sides in (layer, transposed(batch))]
    return len(by_row) > 2 and len(by_column) > 1 and max(signs) < 2


def apart(*results: Sequence[Any]) -> list[int]:
    """The places of a row in which several norms have different results."""
    return [j for j, each in enumerate(zip(*results, strict=True)) if len({*each}) == len(each)]


# ---- its picture ----

CELL, TOP = 5.8, 8.6  # mm: a cell of the table, and the upper edge of the tables
TABLES = {"layer_norm": 9.6, "all": 43.0, "batch_norm": 76.4}  # mm: the left edge of each
INDEX = {"layer_norm": "", "all": r"_{\mathrm{all}}", "batch_norm": r"_{\mathrm{B}}"}


@picture(height=56, minutes=3, width=106)
def row_or_column(
    on: Canvas, x: Rows, of_row: Rows, row_scale: Rows, by_row: Rows, of_all: Rows, whole_scale: Rows, by_all: Rows,
    of_column: Rows, column_scale: Rows, by_column: Rows, *, tokens: Sequence[str], columns: bool = False,
) -> None:  # fmt: skip
    """One table three times: LayerNorm reads a token's numbers, or all numbers, and BatchNorm those of a dimension.
    One number, of the last token, is in all. Below the table a new word may stand: what a norm would
    read of it is to be shaded.

    columns: whether tokens are columns.
    """
    if (len(x), len(x[0])) != (4, 4):
        raise UndrawableError("a table of 4 × 4 has room")
    row = 3
    differing = apart(by_row[row], by_all[row], by_column[row])
    if not differing:
        raise UndrawableError("the norms of a number differ")

    def tells_apart(j: int) -> tuple[int, bool]:
        """How well the results of a number tell the norms apart: best if its means differ, and one is a fraction."""
        results = (rows[row][j] for rows in (by_row, by_all, by_column))
        means = {of_row[row][0], of_all[0][0], of_column[0][j]}
        return len(means), any(Fraction(result).denominator > 1 for result in results)

    column = max(differing, key=tells_apart)
    answers = {
        "layer_norm": (of_row[row][0], row_scale[row][0], by_row[row][column]),
        "all": (of_all[0][0], whole_scale[0][0], by_all[row][column]),
        "batch_norm": (of_column[0][column], column_scale[0][column], by_column[row][column]),
    }
    # what each norm reads, and what of the new word it would read: a first token and number, and how many of each
    read = {"layer_norm": (row, 0, 1, 4), "all": (0, 0, 4, 4), "batch_norm": (0, column, 4, 1)}
    would_read = {"all": (4, 0, 1, 4), "batch_norm": (4, column, 1, 1)}
    for name, left in TABLES.items():

        def box(
            token: int, number: int, high: int, wide: int, layer: Layer = on, *, at: float = left, **look: Any
        ) -> None:  # fmt: skip
            """A box over cells of the table."""
            (dx, dy), (w, h) = ((token, number), (high, wide)) if columns else ((number, token), (wide, high))
            layer.box(at + CELL * dx, TOP + CELL * dy, CELL * w, CELL * h, **look)

        on.text(left + 2 * CELL, 2.8, on.say(f"pictures.row_or_column.{name}"), TOKEN, bold=True)
        box(*read[name], fill=STRIPE, width=0)
        if name in would_read:
            box(*would_read[name], on.pen, fill=PEN_AREA, width=0)
        box(len(tokens), 0, 1, 4, width=AXIS, colour=GREY, dash=DASH)
        box(0, 0, 4, 4, width=AXIS)
        box(*read[name], width=FRAME)
        for labels, colour, above in (((*tokens, "?"), INK, columns), ("1234", GREY, not columns)):
            for k, label in enumerate(labels):
                middle = CELL * (k + 0.5)
                if above:
                    on.text(left + middle, TOP - 1.4, label, CAPTION, colour=colour)
                else:
                    on.text(left - 1.2, TOP + middle + 1.0, label, CAPTION, anchor="end", colour=colour)
        for i in range(4):
            for j in range(4):
                across, down = (i, j) if columns else (j, i)
                on.number(left + CELL * (across + 0.5), TOP + CELL * (down + 0.5), x[i][j], 3.4)
        across, down = (row, column) if columns else (column, row)
        on.disc(left + CELL * (across + 0.5), TOP + CELL * (down + 0.5), 2.7, fill="none", width=0.4, colour=INK)
        y, (mu, sigma, result) = TOP + 5 * CELL + 5.2, answers[name]
        below, wide = left - 8.6, {"layer_norm": 0.0, "all": 3.4, "batch_norm": 1.8}[name]  # mm: an index
        on.math(below, y + 1.2, rf"\mu{INDEX[name]}", anchor="start")
        on.blank(below + 6.2 + wide, y, mu, 6.4, 7.0, 3.4)
        on.math(below + 11.6 + wide, y + 1.2, rf"\sigma{INDEX[name]}", anchor="start")
        on.blank(below + 18.0 + 2 * wide, y, sigma, 6.4, 7.0, 3.4)
        y += 8.6
        on.number(below + 6.2 + wide, y, x[row][column], 3.4)
        on.arrow((below + 9.4 + wide, y), (below + 13.6 + 2 * wide, y), width=0.35)
        on.blank(below + 18.0 + 2 * wide, y, result, 7.6, 7.0, 3.4)
    shared = value_text(x[row][column])
    on.said(
        on.say("pictures.row_or_column.said", token=tokens[row], n=column + 1, shared=shared),
        on.say("pictures.row_or_column.to_do", shared=shared),
        " ".join(
            on.say(
                f"pictures.row_or_column.{name}_key", mean=value_text(mean), sigma=value_text(sigma), shared=shared,
                result=value_text(result),
            )
            for name, (mean, sigma, result) in answers.items()
        ),
    )  # fmt: skip
