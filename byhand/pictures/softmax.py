"""Pictures of softmax."""

from __future__ import annotations

from typing import Any

from byhand.notation.text import value_text
from byhand.pictures.canvas import AXIS, DASH, GREY, HAIR, PALE, PEN_AREA, TOKEN, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture

BAR, PITCH, PANEL, FIRST = (
    5.6,
    7.6,
    26.0,
    10.0,
)  # mm: a bar, its pitch, the pitch of panels, the left edge of the first
FOOT, ONE = 30.0, 24.0  # mm: the y of a share of 0, and how much higher a share of 1 is


@picture(height=42, minutes=2)
def softmax_bars(
    on: Canvas, scores: Rows, shifted: Rows, doubled: Rows, shares: Rows, of_shifted: Rows, of_doubled: Rows, *,
    row: int = 0,
) -> None:  # fmt: skip
    """Shares as bars: those of a row of scores are printed; those of the scores plus 5, and times 2, are drawn."""
    panels = [("s", scores, shares), ("s + 5", shifted, of_shifted), ("2s", doubled, of_doubled)]
    if len(scores[row]) != 3:
        raise UndrawableError("three scores have room")
    for share, label in ((1.0, "1"), (0.5, "1/2")):
        y = FOOT - ONE * share
        on.line((FIRST - 2.0, y), (84.0, y), width=HAIR, colour=PALE, dash=DASH)
        on.number(FIRST - 4.0, y, label, 3.0)
    on.line((FIRST - 2.0, FOOT), (84.0, FOOT), width=AXIS)
    for at, (name, own, parts) in enumerate(panels):
        left = FIRST + PANEL * at
        for k, (score, share) in enumerate(zip(own[row], parts[row], strict=True)):
            x = left + PITCH * k
            on.number(x + BAR / 2, FOOT + 3.2, score, TOKEN)
            if at:
                for edge in (x, x + BAR):
                    on.line((edge, FOOT), (edge, FOOT - ONE), width=HAIR, colour=PALE, dash=DASH)
            _bar(on.pen if at else on, x, share, is_printed=not at)
        on.math(left + PITCH + BAR / 2, FOOT + 9.6, name)
        on.text(
            left + PITCH + BAR / 2, 3.2, on.say(f"pictures.softmax_bars.{'draw' if at else 'printed'}"), colour=GREY
        )
    first, second, third = (", ".join(map(value_text, parts[row])) for *_, parts in panels)
    on.said(
        on.say("pictures.softmax_bars.said", scores=", ".join(map(value_text, scores[row])), shares=first),
        on.say("pictures.softmax_bars.to_do"),
        on.say("pictures.softmax_bars.key", shifted=second, doubled=third),
    )


def _bar(on: Layer, x: float, share: Any, is_printed: bool) -> None:
    """A bar with its share above it."""
    height = ONE * float(share)
    on.box(x, FOOT - height, BAR, height, fill=GREY if is_printed else PEN_AREA, width=0.25 if is_printed else 0.4)
    on.number(x + BAR / 2, FOOT - height - 2.6, share, 2.9)
