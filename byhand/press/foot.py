"""What fills a page down to its foot: more rules to write on, and squared paper to calculate on.

How long a page is, is known only when it is laid out; so both are drawn over it.
"""

from __future__ import annotations

from byhand.page.look import COLOURS, LOOK
from byhand.press.inner import Foot
from byhand.press.pen import artifact, line
from byhand.press.pieces import MM, PT, SANS
from byhand.press.shape import has, shape
from byhand.press.stream import in_px, number, rgb

RULES = 8  # at most of a question that ends a page, with those beside a figure
LEAST = 32.0 * MM  # px: what squares with their name take at least
_CLOSE = 1.0  # px
_AIR, _OVER = 3.0 * MM, 4.0 * MM  # px: least distance of a rule across the page from a figure, and from what follows
_ABOVE, _NAME = 9.0 * MM, 1.3 * MM  # px: from what stands above to the squares, and from their name


def filling(foot: Foot, font: str) -> tuple[bytes, float]:
    """What fills a page, as PDF operators; and where the last of its rules is that are as wide as before, in px.

    font: the name of the upright face in the PDF; "" where it has none.
    """
    step, (left, right, bottom) = LOOK["rule"] * MM, foot.edges
    fit = int((bottom - _OVER - foot.y + _CLOSE) // step)
    few = max(min(RULES - foot.rules, fit), 0) if foot.rules else 0
    drawn, end = b"", foot.y
    for y in (foot.y + n * step for n in range(1, few + 1)):
        beside = y <= foot.below + _AIR
        sides = (foot.left, foot.right) if beside else (left, right)
        drawn += line(*sides, y, LOOK["rule_edge"] * PT, COLOURS["rule"])
        if beside or right - foot.right < _CLOSE:
            end = y
    top = max(foot.y + few * step, foot.below)
    if bottom - top >= LEAST:
        drawn += _squares(foot, top + _ABOVE, font)
    return in_px(artifact(drawn)) if drawn else b"", end


def _squares(foot: Foot, top: float, font: str) -> bytes:
    """Squared paper from here to the foot of a page, under its name."""
    left, right, bottom = foot.edges
    columns = round((right - left) / (LOOK["square"] * MM))
    side = (right - left) / columns
    rows = int((bottom - _OVER - top) // side)
    down = [(left + n * side, top, left + n * side, top + rows * side) for n in range(columns + 1)]
    across = [(left, top + n * side, right, top + n * side) for n in range(rows + 1)]
    path = b"".join(b"%.3f %.3f m\n%.3f %.3f l\n" % each for each in (*down, *across))
    pen = b"%s RG\n%.6f w\n" % (rgb(COLOURS["square"]), LOOK["square_edge"] * PT)
    return pen + path + b"S\n" + _name(foot.label, left, top - _NAME, font)


def _name(label: str, x: float, y: float, font: str) -> bytes:
    """A name in small print; nothing where our face lacks one of its letters."""
    if not font or not all(has(SANS, letter) for letter in label):
        return b""
    size = number(LOOK["label"] * PT).encode()
    shown = shape(SANS, label).shown
    return b"%s rg\nBT\n1 0 0 -1 %.3f %.3f Tm\n/%s %s Tf\n%s\nET\n" % (
        rgb(COLOURS["grey"]), x, y, font.encode(), size, shown,
    )  # fmt: skip
