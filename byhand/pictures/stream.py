"""Pictures of the residual stream: a road with a branch, and lanes that meet only in attention."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import AXIS, FRAME, GREY, INK, LIGHT, STROKE, TOKEN, WHITE, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture

ROAD, ROAD_TOP, ROAD_FOOT, ROAD_AREA = 11.0, 6.2, 15.8, "#eeeeee"  # mm: the middle of the road, and its edges
BOX_WIDE, BOXES = 6.6, 57.0  # mm: a box for a number, and where the boxes begin
PLUS_AT = 52.0  # mm: where the branch comes back


@picture(height=42, minutes=1)
def residual_road(on: Canvas, x: Rows, added: Rows, total: Rows, *, tokens: Sequence[str]) -> None:
    """The residual stream is a road: a branch reads it and adds to it. The last row to which anything is added."""
    row = next((i for i in reversed(range(len(added))) if any(added[i])), None)
    if row is None or len(x[row]) != 4:
        raise UndrawableError("a road has four lanes, and a branch that adds to them")
    word = tokens[row]
    on.box(0, ROAD_TOP, 84, ROAD_FOOT - ROAD_TOP, fill=ROAD_AREA, width=0)
    for y in (ROAD_TOP, ROAD_FOOT):
        on.line((0, y), (84, y), width=FRAME)
    on.text(3, 3.6, on.say("pictures.residual_road.in", word=word), anchor="start", colour=GREY)
    on.text(BOXES + 2 * BOX_WIDE, 3.6, on.say("pictures.residual_road.out"), colour=GREY)
    for k, value in enumerate(x[row]):
        on.number(5.5 + 6.2 * k, ROAD, value)
    plus(on, PLUS_AT, ROAD, 2.2)
    on.arc((22, ROAD_FOOT), (22.5, 25.6), (27.4, 25.6))
    on.head((29, 25.6), (1, 0))
    for left, wide, label in ((29, 14, "map.LN"), (45.5, 8, "map.head")):
        on.box(left, 21.6, wide, 8, fill=WHITE, width=0.35, rx=1)
        on.text(left + wide / 2, 26.6, on.say(label))
    on.line((43, 25.6), (45.5, 25.6), width=STROKE)
    on.arrow((PLUS_AT, 21.6), (PLUS_AT, ROAD + 2.2))
    for y, values in ((ROAD, total[row]), (25.6, added[row])):
        for k, value in enumerate(values):
            on.blank(BOXES + BOX_WIDE * (k + 0.5), y, value, BOX_WIDE, 7.0, 3.5)
    on.text(BOXES + 2 * BOX_WIDE, 32.6, on.say("pictures.residual_road.found"), colour=GREY)
    on.text(0, 37.2, on.say("pictures.residual_road.idea"), anchor="start")
    on.text(0, 41.2, on.say("pictures.residual_road.zero"), anchor="start")
    told = {"word": word, "x": listed(x[row]), "added": listed(added[row]), "total": listed(total[row])}
    on.said(
        on.say("pictures.residual_road.said", **told), on.say("pictures.residual_road.to_do"),
        on.say("pictures.residual_road.key", **told),
    )  # fmt: skip


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
    own = [rows[row][column] for rows in (x, attended, sums, normed, fed, second, result)]
    label = on.say("pictures.lanes.dimension", word=tokens[row], n=column + 1)
    on.text(0, LEDGER - 4.8, label, 2.5, anchor="start", colour=GREY)
    second_term = own[1] if own[1] >= 0 else f"({value_text(own[1])})"
    for at, written in ((4.0, own[0]), (14.5, second_term), (25.0, own[2]), (39.0, own[3])):
        on.number(at, LEDGER, written, SUM)
    for at, sign in ((9.0, "+"), (20.0, "="), (43.8, "+"), (56.0, "=")):
        on.number(at, LEDGER, sign, SUM)
    for at in (28.4, 66.6):
        on.text(at + 3.3, LEDGER - 1.4, on.say("pictures.lanes.norm"), 2.5, colour=GREY)
        on.arrow((at, LEDGER), (at + 6.6, LEDGER))
    for at, value in zip((49.6, 61.8, 77.8), own[4:], strict=True):
        on.blank(at, LEDGER, value, 6.8, 6.8, 3.5)
    on.text(0, 46.6, on.say("pictures.lanes.ask"), anchor="start")
    on.answer_line(66, 47.0, 18, on.say("pictures.lanes.nowhere"), 2.9)
    names = ("x", "attended", "sum", "normed", "fed", "second", "result")
    told: dict[str, Any] = {"n": column + 1, "word": tokens[row], "first": tokens[0]}
    told |= dict(zip(names, map(value_text, own), strict=True))
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
        own = [rows[i][j] for rows in (x, attended, sums, normed, fed, second, result)]
        if all(value == int(value) for value in own) and own[1] and own[4] and own[2] != own[3]:
            return i, j
    raise UndrawableError("no number is whole and changes at each step")


def plus(on: Layer, x: float, y: float, r: float) -> None:
    """The sign ⊕, where a branch is added to the stream."""
    on.disc(x, y, r, fill=WHITE, width=0.4, colour=INK)
    on.line((x - 0.6 * r, y), (x + 0.6 * r, y), width=0.4)
    on.line((x, y - 0.6 * r), (x, y + 0.6 * r), width=0.4)


def _over(on: Layer, start: float, end: float, y: float) -> None:
    """The way round a branch: the stream itself."""
    on.arc((start, y), ((start + end) / 2, y - 7.4), (end, y - 1.7), width=0.3, colour=GREY)
