"""Pictures of the family of transformers: arrows that turn."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, pi, sin
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, GRID, PALE, TOKEN, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture

DIAL = 8.0  # the radius of a dial
CASES = ((1, 0), (2, 1), (3, 2), (2, 0))  # where the query stands, and where the key


@picture(height=44, minutes=3)
def turned_arrows(on: Canvas, query: Rows, key: Rows, dots: Rows, *, period: Sequence[Any]) -> None:
    """A query and a key turn with their positions: wherever they are equally far apart, they meet in the same way.

    dots: their dot products, a position of the query a row. period: in how many words an arrow makes a whole turn.
    """
    quarter = 4 / period[0] if period else 0
    found = [dots[i][j] for i, j in CASES]
    if quarter % 1 or len(set(found[:3])) > 1 or found[3] in (0, found[0]) or not found[0]:
        raise UndrawableError("quarter turns of a query and a key that meet otherwise at another distance")
    longest = max(hypot(*query[0]), hypot(*key[0]))
    for n, ((i, j), dot) in enumerate(zip(CASES, found, strict=True)):
        x, y, pen = 10.5 + 21 * n, 15.4, on.pen if n else on
        on.text(x, 3.0, on.say("pictures.turned_arrows.case", q=i, k=j), CAPTION)
        on.disc(x, y, DIAL, fill="none", width=AXIS, colour=PALE)
        for dx, dy in ((DIAL, 0), (0, DIAL)):
            on.line((x - dx, y - dy), (x + dx, y + dy), width=AXIS, colour=GRID)
        for symbol, tip, at, dash in (("q", query[0], i, ()), ("k", key[0], j, DASH)):
            _turned_arrow(pen, (x, y), tip, float(at * quarter), DIAL / longest, symbol, dash)
        on.math(x - 4.2, 31.4, r"q \cdot k =", TOKEN)
        if n:
            on.blank(x + 6.4, 30.2, dot, w=8.2, h=6.8)
        else:
            on.number(x + 6.4, 30.2, dot)
    for line, y in (("caption", 38.6), ("caption_2", 42.4)):
        on.text(0, y, on.say(f"pictures.turned_arrows.{line}"), CAPTION, anchor="start", colour=GREY)
    shown = {"q": listed(query[0]), "k": listed(key[0]), "dot": value_text(found[0])}
    on.said(
        on.say("pictures.turned_arrows.said", **shown),
        to_do=on.say("pictures.turned_arrows.to_do"),
        key=on.say("pictures.turned_arrows.key", near=value_text(found[0]), far=value_text(found[3])),
    )


def _turned_arrow(
    on: Layer, middle: tuple[float, float], tip: Sequence[Any], quarters: float, scale: float, symbol: str,
    dash: Sequence[float],
) -> None:  # fmt: skip
    """An arrow from the middle of a dial, turned, with its symbol beyond the tip."""
    c, s = cos(quarters * pi / 2), sin(quarters * pi / 2)
    x, y = (float(tip[0]) * c - float(tip[1]) * s) * scale, (float(tip[0]) * s + float(tip[1]) * c) * scale
    on.arrow(middle, (middle[0] + x, middle[1] - y), dash=dash)
    length = hypot(x, y)
    out = (length + 2.0) / length
    on.math(middle[0] + x * out, middle[1] - y * out + 1.0, symbol, TOKEN)
