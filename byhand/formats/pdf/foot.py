"""Rules to write on down to the foot of a page, where the page ends in a question that one answers in words.

How long such a page is, is known only when it is laid out; so they are drawn over it.
"""

from __future__ import annotations

from byhand.formats.look import COLOURS, LOOK
from byhand.formats.pdf.inner import Foot
from byhand.formats.pdf.pen import artifact, line
from byhand.formats.pdf.pieces import MM, PT
from byhand.formats.pdf.stream import in_px

_CLOSE = 1.0  # px
_AIR, _OVER = 3.0 * MM, 4.0 * MM  # px: least distance of a rule across the page from a figure, and from what follows


def rules_to(foot: Foot) -> tuple[bytes, float]:
    """More rules after the last one, as PDF operators; and where the last of those is that are as wide, in px.

    They are as wide as the page, but for those beside a figure.
    """
    step, drawn, end = LOOK["rule"] * MM, b"", foot.y
    left, right, bottom = foot.edges
    for n in range(1, int((bottom - _OVER - foot.y + _CLOSE) // step) + 1):
        y = foot.y + n * step
        beside = y <= foot.below + _AIR
        sides = (foot.left, foot.right) if beside else (left, right)
        drawn += line(*sides, y, LOOK["rule_edge"] * PT, COLOURS["rule"])
        if beside or right - foot.right < _CLOSE:
            end = y
    return in_px(artifact(drawn)) if drawn else b"", end
