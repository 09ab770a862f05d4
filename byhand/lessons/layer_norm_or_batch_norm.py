"""LayerNorm or BatchNorm: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from byhand.notation.text import value_text
from byhand.numbers.promises import MOST_ALIKE, have_two_sizes, sheet_promise, transposed
from byhand.pictures.canvas import AXIS, CAPTION, FRAME, GREY, INK, STRIPE, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape

# ---- its numbers ----


@sheet_promise
def last_token_tells_norms_apart(tape: Tape) -> bool:
    """A number of the last token becomes another in LayerNorm than in BatchNorm."""
    one, other = (tape.values(f"blocks.0.{norm}.hook_normalized")[-1] for norm in ("ln1", "bn"))
    return one != other


@sheet_promise
def layer_norm_is_not_batch_norm(tape: Tape) -> bool:
    """LayerNorm and BatchNorm of one table have the same result in few cells, and both have results of two sizes. In
    neither are all deviations alike. The table is not symmetric: there, one norm would be the other one transposed.
    """
    table, layer, batch = (
        tape.values(f"blocks.0.{name}") for name in ("hook_resid_pre", "ln1.hook_normalized", "bn.hook_normalized")
    )
    scales = ({x for row in tape.values(f"blocks.0.{norm}.hook_scale") for x in row} for norm in ("ln1", "bn"))
    if any(len(each) == 1 for each in scales):
        return False
    alike = [x == y for one, other in zip(layer, batch, strict=True) for x, y in zip(one, other, strict=True)]
    both = have_two_sizes(layer) and have_two_sizes(transposed(batch))
    return sum(alike) <= MOST_ALIKE * len(alike) and both and table != transposed(table)


@sheet_promise
def first_token_tells_batch_norm(tape: Tape) -> bool:
    """The first token's results of BatchNorm do not add up to 0, as those of LayerNorm do."""
    return sum(tape.values("blocks.0.bn.hook_normalized")[0]) != 0


@sheet_promise
def scales_differ_and_few_are_signs(tape: Tape) -> bool:
    """LayerNorm divides the rows by three deviations or more, and in BatchNorm at most two columns are only signs."""
    scales = {*tape.values("blocks.0.ln1.hook_scale")}
    columns = transposed(tape.values("blocks.0.bn.hook_normalized"))
    return len(scales) > 2 and sum({*map(abs, column)} == {1} for column in columns) < 3


# ---- its picture ----

CELL, TOP = 6.2, 8.6  # mm: a cell of the table, and the upper edge of both tables
TABLES = (("layer_norm", 9.6, 1.0), ("batch_norm", 53.6, 45.0))  # the left edges of each, and of what stands below


@picture(height=44.5, minutes=3)
def row_or_column(
    on: Canvas, x: Rows, of_row: Rows, row_scale: Rows, by_row: Rows, of_column: Rows, column_scale: Rows,
    by_column: Rows, *, tokens: Sequence[str], columns: bool = False,
) -> None:  # fmt: skip
    """One table twice: LayerNorm reads a token's numbers, BatchNorm those of a dimension. One number, of the last
    token, is in both.

    columns: whether tokens are columns.
    """
    if (len(x), len(x[0])) != (4, 4):
        raise UndrawableError("a table of 4 × 4 has room")
    row, means = 3, of_column[0]
    pairs = [*zip(by_row[row], by_column[row], strict=True)]
    differing = [j for j, (one, other) in enumerate(pairs) if one != other]
    if not differing:
        raise UndrawableError("the norms of a number differ")
    column = max(differing, key=lambda j: _tells_apart(of_row[row][0] != means[j], *map(Fraction, pairs[j])))
    answers = {
        "layer_norm": (of_row[row][0], row_scale[row][0], by_row[row][column]),
        "batch_norm": (means[column], column_scale[0][column], by_column[row][column]),
    }
    for name, left, below in TABLES:
        on.text(left + 2 * CELL, 2.8, on.say(f"pictures.row_or_column.{name}"), TOKEN, bold=True)
        reads_token = name == "layer_norm"
        at = row if reads_token else column
        if reads_token != columns:
            stripe = (left, TOP + CELL * at, 4 * CELL, CELL)
        else:
            stripe = (left + CELL * at, TOP, CELL, 4 * CELL)
        on.box(*stripe, fill=STRIPE, width=0)
        on.box(left, TOP, 4 * CELL, 4 * CELL, width=AXIS)
        on.box(*stripe, width=FRAME)
        for k in range(4):
            above, beside = (tokens[k], str(k + 1)) if columns else (str(k + 1), tokens[k])
            on.text(left + CELL * (k + 0.5), TOP - 1.4, above, CAPTION, colour=INK if columns else GREY)
            on.text(
                left - 1.2,
                TOP + CELL * (k + 0.5) + 1.0,
                beside,
                CAPTION,
                anchor="end",
                colour=GREY if columns else INK,
            )
        for i in range(4):
            for j in range(4):
                across, down = (i, j) if columns else (j, i)
                on.number(left + CELL * (across + 0.5), TOP + CELL * (down + 0.5), x[i][j], 3.5)
        across, down = (row, column) if columns else (column, row)
        on.disc(left + CELL * (across + 0.5), TOP + CELL * (down + 0.5), 2.95, fill="none", width=0.4, colour=INK)
        y, (mu, sigma, result) = TOP + 4 * CELL + 5.4, answers[name]
        index = "" if name == "layer_norm" else r"_{\mathrm{B}}"
        wide = 2.0 if index else 0.0  # mm: an index beside the letter
        on.math(below, y + 1.2, rf"\mu{index}", anchor="start")
        on.blank(below + 7.0 + wide, y, mu, 6.4, 7.2, 3.4)
        on.math(below + 11.8 + wide, y + 1.2, rf"\sigma{index}", anchor="start")
        on.blank(below + 18.4 + 2 * wide, y, sigma, 6.4, 7.2, 3.4)
        on.number(below + 25.4 + 2 * wide, y, x[row][column], 3.5)
        on.arrow((below + 28.2 + 2 * wide, y), (below + 31.2 + 2 * wide, y), width=0.35)
        on.blank(below + 35.4 + 2 * wide, y, result, 7.6, 7.2, 3.4)
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


def _tells_apart(means_differ: bool, one: Fraction, other: Fraction) -> tuple[bool, ...]:
    """How well two results of a number tell the norms apart: best if its means differ, and a result is a fraction."""
    return means_differ, any(x.denominator > 1 for x in (one, other)), one != -other
