"""A transformer block: its picture."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.notation.text import listed
from byhand.pictures.canvas import FRAME, GREY, STROKE, WHITE, Canvas, plus
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
