"""A contrast: two rows of shares as dots, one below the other, under the columns of a table of the same words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from byhand.notation.text import listed
from byhand.pictures.canvas import GREY, HAIR, PALE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture

# all in mm
WIDTH = 117.9
WORDS, WIDEST = 64.0, 16.0  # all words together, at most; one of them, at most
GAP, SUM = 3.0, 14.0  # what stands before the sum, and the sum
FRAME, HIGH, PITCH = 12.0, 8.2, 9.8  # of a frame for a dot: its greatest width, its height, from one row to the next
DOT = 3.9  # the radius of a share of 1


def columns(words: int) -> tuple[float, ...]:
    """The widths of the columns of a contrast: the names of its rows, the words, a gap and the sums."""
    wide = round(min(WIDEST, WORDS / words), 2)
    return (round(WIDTH - GAP - SUM - wide * words, 2), *(wide for _ in range(words)), GAP, SUM)


@picture(width=WIDTH, height=2 * PITCH, minutes=1)
def before_and_now(
    on: Canvas, before: Rows, now: Rows, *, tokens: Sequence[str], rows: Sequence[str], starts: Sequence[str]
) -> None:
    """Two rows of shares as dots whose areas are the shares: the one before is printed, the one now is drawn.

    rows: which row of either is drawn. starts: the word under which it begins.
    """
    shares = before[int(rows[0])], now[int(rows[1])]
    head, wide, *_ = columns(len(tokens))
    if any(share < 0 or share > 1 for each in shares for share in each):
        raise UndrawableError("shares are from 0 to 1")
    for n, (name, of) in enumerate(zip(("before", "now"), shares, strict=True)):
        y = PITCH * (n + 0.5)
        called, colour = on.say(f"pictures.before_and_now.{name}"), "" if n else GREY
        on.text(0.0, y + 1.1, called, TOKEN, anchor="start", colour=colour)
        for k in range(len(tokens)):
            frame = min(FRAME, wide - 1.6)
            x, at = head + wide * (k + 0.5), k - int(starts[n])
            on.box(x - frame / 2, y - HIGH / 2, frame, HIGH, width=HAIR, colour=PALE, fill=WHITE)
            if 0 <= at < len(of) and of[at] > 0:
                (on.pen if n else on).disc(x, y, DOT * math.sqrt(of[at]))
    on.said(
        on.say("pictures.before_and_now.said", shares=listed(shares[0])), on.say("pictures.before_and_now.to_do"),
        on.say("pictures.before_and_now.key", shares=listed(shares[1])),
    )  # fmt: skip
