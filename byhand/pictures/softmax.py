"""Pictures of softmax."""

from __future__ import annotations

from byhand.notation.text import listed
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, HAIR, PALE, PEN_AREA, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture

BAR, PITCH, PANEL, FIRST = 5.6, 7.6, 26.0, 10.0  # mm: a bar, its pitch, that of panels, the left edge of the first
FOOT, ONE = 31.6, 24.0  # mm: the y of a share of 0, and how much higher a share of 1 is


@picture(height=44, minutes=2)
def softmax_bars(
    on: Canvas, scores: Rows, shifted: Rows, doubled: Rows, shares: Rows, of_shifted: Rows, of_doubled: Rows, *,
    row: int = 0,
) -> None:  # fmt: skip
    """Shares as bars, for the student to draw: of a row of scores, of the scores plus 5, of the scores times 2."""
    panels = [("s", scores, shares), ("s + 5", shifted, of_shifted), ("2s", doubled, of_doubled)]
    if len(scores[row]) != 3:
        raise UndrawableError("three scores have room")
    for share, label in ((1.0, "1"), (0.5, "1/2")):
        y = FOOT - ONE * share
        on.line((FIRST - 2.0, y), (84.0, y), width=HAIR, colour=PALE, dash=DASH)
        on.number(FIRST - 4.0, y, label, 3.0)
    on.number(FIRST - 4.0, FOOT, 0, 3.0)
    on.line((FIRST - 2.0, FOOT), (84.0, FOOT), width=AXIS)
    for at, (name, own, parts) in enumerate(panels):
        left = FIRST + PANEL * at
        for k, (score, share) in enumerate(zip(own[row], parts[row], strict=True)):
            x, height = left + PITCH * k, ONE * float(share)
            (on.pen if at else on).number(x + BAR / 2, FOOT + 3.2, score, TOKEN)
            for edge in (x, x + BAR):
                on.line((edge, FOOT), (edge, FOOT - ONE), width=HAIR, colour=PALE, dash=DASH)
            on.pen.box(x, FOOT - height, BAR, height, fill=PEN_AREA, width=0.4)
            on.pen.number(x + BAR / 2, FOOT - height - 2.6, share, 2.9)
        on.math(left + PITCH + BAR / 2, FOOT + 8.2, name)
        on.text(
            left + PITCH + BAR / 2, FOOT + 11.8, on.say("pictures.softmax_bars.step", n=at + 1), CAPTION, colour=GREY
        )
    first, second, third = (listed(parts[row]) for *_, parts in panels)
    on.said(
        on.say("pictures.softmax_bars.said", scores=listed(scores[row])),
        on.say("pictures.softmax_bars.to_do"),
        on.say("pictures.softmax_bars.key", shares=first, shifted=second, doubled=third),
    )
