"""The causal mask: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from byhand.notation.text import listed
from byhand.numbers.promises import UGLY, sheet_promise, steps_named
from byhand.pictures.canvas import AXIS, CAPTION, GREY, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape

# ---- its numbers ----


@sheet_promise
def hidden_shares_are_short(tape: Tape) -> bool:
    """Without the mask, all shares would be short fractions, or decimals in base e, since a mistake shows them."""
    asked = next(s.params["base"] for s in steps_named(tape, "hook_pattern.exp"))
    if asked == "e":
        return True
    base = Fraction(asked)
    powers = [
        [base ** int(x) for x in row] for s in steps_named(tape, "scores_scaled") for row in tape.values(s.name)
    ]
    return all((x / sum(row)).denominator <= UGLY // 2 for row in powers for x in row)


# ---- its picture ----

STAIR = 7.4  # the side of a cell of the staircase
STAIRS_WIDE = 0.9


@picture(height=33, minutes=2, target=STAIR)
def staircase(on: Canvas, scores: Rows, *, tokens: Sequence[str], transposed: bool = False) -> None:
    """The mask is a staircase: each word may look at itself and at what lies before it; what lies above the stairs is
    hidden.

    transposed: whether each word asks a column; what lies below the stairs is hidden then.
    """
    n = len(scores)
    if not 3 <= n <= 5:
        raise UndrawableError("a picture has room for stairs of three to five words")
    left, top, side = 14.0, 5.0, min(STAIR, 24.0 / n)
    for j, word in enumerate(tokens):
        on.text(left + side * (j + 0.5), top - 1.6, word, 2.9)
        on.text(left - 1.4, top + side * (j + 0.5) + 1.1, word, TOKEN, anchor="end")
        for k in range(n):
            across, down = (j, k) if transposed else (k, j)
            x, y = left + side * across, top + side * down
            if k > j:
                on.pen.hatch(x, y, side, side)
            else:
                on.pen.disc(x + side / 2, y + side / 2, 0.9)
            on.box(x, y, side, side, width=AXIS, colour=GREY)
        (x, y), pen = (left + side * j, top + side * j), on.pen if j else on
        bend = (x, y + side) if transposed else (x + side, y)
        pen.line((x, y), bend, (x + side, y + side), width=STAIRS_WIDE)
    kind = "columns" if transposed else "rows"
    on.text(left + side * n / 2, top + side * n + 3.4, on.say(f"pictures.staircase.{kind}"), CAPTION, colour=GREY)
    for k, line in enumerate(("go_on", f"strike_{kind}")):
        on.text(50, 4.4 + 3.8 * k, on.say(f"pictures.staircase.{line}"), CAPTION, anchor="start")
    open_cells = n * (n + 1) // 2
    counts = (
        f"{' + '.join(str(k + 1) for k in range(n))} = {open_cells}",
        str(n * n - open_cells),
        str(open_cells + n + 1),
    )
    for k, (line, count) in enumerate(zip(("open", "hidden", "any"), counts, strict=True)):
        label = (
            on.say(f"pictures.staircase.{line}", n=n + 1) if line == "any" else on.say(f"pictures.staircase.{line}")
        )
        on.text(50, 15.6 + 7.4 * k, label, CAPTION, anchor="start", colour=GREY)
        on.answer_line(80, 16.2 + 7.4 * k, 20, count, 2.9)
    on.said(
        on.say("pictures.staircase.said", words=listed(tokens), word=tokens[0]),
        to_do=on.say(f"pictures.staircase.to_do_{kind}", n=n + 1),
        key=on.say(
            f"pictures.staircase.key_{kind}",
            open=open_cells,
            hidden=n * n - open_cells,
            n=n + 1,
            more=open_cells + n + 1,
        ),
    )
