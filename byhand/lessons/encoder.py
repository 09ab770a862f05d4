"""The encoder of 2017: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from byhand.notation.text import value_text
from byhand.numbers.promises import sheet_promise
from byhand.pictures.canvas import AXIS, FRAME, GREY, LIGHT, STROKE, TOKEN, Canvas, Layer, plus
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape

# ---- its numbers ----


@sheet_promise
def last_word_can_be_followed(tape: Tape) -> bool:
    """In the last row of an encoder's block with norms after its sums, one number stays whole all the way, is added
    to twice, and is changed by the first norm: a picture follows it.
    """
    names = (
        "hook_resid_pre", "hook_attn_out", "hook_resid_mid", "ln1.hook_normalized", "hook_mlp_out", "hook_resid_post",
        "hook_normalized_resid_post",
    )  # fmt: skip
    if f"encoder.0.{names[-1]}" not in tape.steps:  # norms before their layers have no such way
        return True
    ways = zip(*(tape.values(f"encoder.0.{name}")[-1] for name in names), strict=True)
    return any(all(x.denominator == 1 for x in way) and way[1] and way[4] and way[2] != way[3] for way in ways)


# ---- its picture ----

LANES, BETWEEN = 8.6, 9.0  # mm: the first lane, and from one to the next
LEDGER, SUM = 39.0, 3.0  # mm: the numbers under the lanes, and how large those of a sum are


@picture(height=47.6, minutes=1)
def lanes(
    on: Canvas, x: Rows, attended: Rows, sums: Rows, normed: Rows, fed: Rows, second: Rows, result: Rows, *,
    tokens: Sequence[str],
) -> None:  # fmt: skip
    """Each token has its lane. The lanes meet in attention, and nowhere else. Below, one number on its way."""
    if len(x) != 3:
        raise UndrawableError("three lanes have room")
    row, column = followed(x, attended, sums, normed, fed, second, result)
    for at, label in ((20, "attention"), (32, "add"), (40, "norm"), (62.6, "add"), (70.6, "norm")):
        on.text(at, 2.6, on.say(f"pictures.lanes.{label}"))
    on.box(13, 4, 14, 27.2, fill="#f1f1f1", width=AXIS)
    ys = [LANES + BETWEEN * k for k in range(3)]
    for y, word in zip(ys, tokens, strict=True):
        on.text(9, y + 1, word, TOKEN, anchor="end")
        on.line((10, y), (13, y), width=FRAME)
        on.line((27, y), (82.4, y), width=FRAME)
        on.head((84, y), (1, 0))
        _over(on, 10.8, 32, y)
        _over(on, 44.4, 62.6, y)
        for at in (40, 70.6):
            on.box(at - 2.4, y - 3.6, 4.8, 7.2, fill=LIGHT, width=AXIS)
        on.box(48, y - 2.5, 8.8, 5, fill=LIGHT, width=AXIS)
        on.text(52.4, y + 0.9, on.say("map.mlp"), 2.5)
        for at in (32, 62.6):
            plus(on, at, y, 1.7)
    for to, y in enumerate(ys):
        layer: Layer = on.pen if to else on
        for k, start in enumerate(ys):
            layer.line((13, start), (27, y + 0.7 * (k - 1)), width=STROKE)
    stages = [rows[row][column] for rows in (x, attended, sums, normed, fed, second, result)]
    label = on.say("pictures.lanes.dimension", word=tokens[row], n=column + 1)
    on.text(0, LEDGER - 4.8, label, 2.5, anchor="start", colour=GREY)
    second_term = stages[1] if stages[1] >= 0 else f"({value_text(stages[1])})"
    for at, written in ((4.0, stages[0]), (14.5, second_term), (25.0, stages[2]), (39.0, stages[3])):
        on.number(at, LEDGER, written, SUM)
    for at, sign in ((9.0, "+"), (20.0, "="), (43.8, "+"), (56.0, "=")):
        on.number(at, LEDGER, sign, SUM)
    for at in (28.4, 66.6):
        on.text(at + 3.3, LEDGER - 1.4, on.say("pictures.lanes.norm"), 2.5, colour=GREY)
        on.arrow((at, LEDGER), (at + 6.6, LEDGER))
    for at, value in zip((49.6, 61.8, 77.8), stages[4:], strict=True):
        on.blank(at, LEDGER, value, 6.8, 6.8, 3.5)
    on.text(0, 46.6, on.say("pictures.lanes.ask"), anchor="start")
    on.answer_line(66, 47.0, 18, on.say("pictures.lanes.nowhere"), 2.9)
    names = ("x", "attended", "sum", "normed", "fed", "second", "result")
    told: dict[str, Any] = {"n": column + 1, "word": tokens[row], "first": tokens[0]}
    told |= dict(zip(names, map(value_text, stages), strict=True))
    on.said(
        on.say("pictures.lanes.said", **told), on.say("pictures.lanes.to_do"), on.say("pictures.lanes.key", **told)
    )


def followed(
    x: Rows, attended: Rows, sums: Rows, normed: Rows, fed: Rows, second: Rows, result: Rows
) -> tuple[int, int]:
    """The row and the column of a whole number to which something is added twice, and which the first norm changes;
    of the last row, if there is one there.

    Raises: UndrawableError where there is none.
    """
    for i, j in product(reversed(range(len(x))), range(len(x[0]))):
        values = [rows[i][j] for rows in (x, attended, sums, normed, fed, second, result)]
        if all(value == int(value) for value in values) and values[1] and values[4] and values[2] != values[3]:
            return i, j
    raise UndrawableError("no number is whole and changes at each step")


def _over(on: Layer, start: float, end: float, y: float) -> None:
    """The way round a branch: the stream itself."""
    on.arc((start, y), ((start + end) / 2, y - 7.4), (end, y - 1.7), width=0.3, colour=GREY)
