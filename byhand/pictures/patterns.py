"""Pictures of who may look at whom: grids, boxes of words, and the members of the family side by side."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, pi, sin, sqrt

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    GREY,
    GRID,
    GUIDE,
    HAIR,
    LIGHT,
    PALE,
    PEN,
    STROKE,
    Canvas,
)
from byhand.pictures.labels import words
from byhand.pictures.names import beside
from byhand.pictures.registry import Rows, UndrawableError, picture

GRIDS = ("causal", "window", "every_second", "strided", "first")  # the patterns, of which the first two are printed
CELL = 3.4


@picture(width=118, height=36, minutes=3)
def sparse_grids(on: Canvas, *seen: Rows) -> None:
    """Grids of who may look at whom, of which the last three are shaded by the student.

    seen: for each pattern (GRIDS), 1 where a token sees another, else 0.
    """
    n = len(seen[0])
    width = int(max(map(sum, seen[1])))
    if len(seen) != len(GRIDS) or n != 6:
        raise UndrawableError("five patterns of six words have room")
    pitch = (118 - n * CELL) / (len(GRIDS) - 1)
    for k, (name, rows) in enumerate(zip(GRIDS, seen, strict=True)):
        left, top, pen = pitch * k, 9.4, on.pen if k > 1 else on
        lines = [name, f"{name}_2"] if name in ("strided", "first") else [name]
        for line, y in zip(reversed(lines), (7.2, 3.8), strict=False):
            on.text(left + n * CELL / 2, y, on.say(f"pictures.sparse_grids.{line}", width=width), CAPTION)
        for i, row in enumerate(rows):
            for j, sees in enumerate(row):
                if sees:
                    pen.box(left + CELL * j, top + CELL * i, CELL, CELL, fill=PEN if k > 1 else GREY, width=0)
        on.grid(left, top, n, n, CELL)
    on.text(0, 34.8, on.say("pictures.sparse_grids.axes"), CAPTION, anchor="start", colour=GREY)
    counts = {name: value_text(sum(map(sum, rows))) for name, rows in zip(GRIDS, seen, strict=True)}
    on.said(
        on.say("pictures.sparse_grids.said", n=n, width=width, before=width - 1),
        on.say("pictures.sparse_grids.to_do"),
        on.say("pictures.sparse_grids.key", **counts),
    )


UNIT, RIM = 2.5, 6.9  # mm from one whole number to the next on the circle of boxes, and its radius in these


@picture(height=42, minutes=4)
def four_boxes(on: Canvas, along: Rows, *, tokens: Sequence[str]) -> None:
    """A circle that its diagonals part into four boxes, words as points in it, and who is in which box.

    along: two numbers for each word. Box n is that of the largest of (x, y, −x, −y).
    """
    points = [tuple(map(float, row)) for row in along]
    if {*map(len, points)} != {2} or any(abs(x) == abs(y) or hypot(x, y) > RIM for x, y in points):
        raise UndrawableError("points of two numbers inside the circle, and none on a diagonal")
    middle = 21.0
    for k in range(-6, 7):
        half = UNIT * sqrt(RIM**2 - k * k)
        for ends in (((middle + UNIT * k, middle - half), (middle + UNIT * k, middle + half)),
                     ((middle - half, middle + UNIT * k), (middle + half, middle + UNIT * k))):  # fmt: skip
            on.line(*ends, width=HAIR if k else AXIS, colour=GRID if k else PALE)
    on.disc(middle, middle, UNIT * RIM, fill="none", width=STROKE, colour=on.ink)
    reach = UNIT * RIM / sqrt(2)
    lines = [((middle - reach, middle + side * reach), (middle + reach, middle - side * reach)) for side in (1, -1)]
    for ends in lines:
        on.line(*ends, width=STROKE)
    for n, (across, up) in enumerate(((1, 0), (0, 1), (-1, 0), (0, -1)), 1):
        left, top = middle + 19.2 * across, middle - 19.2 * up
        on.box(left - 1.7, top - 1.7, 3.4, 3.4, fill=LIGHT, width=BOX)
        on.text(left, top + 1.0, str(n), CAPTION)
    dots = [(middle + UNIT * x, middle - UNIT * y) for x, y in points]
    halves = [words(word, CAPTION).width / 2 for word in tokens]
    rim = [(middle + UNIT * RIM * cos(k * pi / 24), middle + UNIT * RIM * sin(k * pi / 24)) for k in range(48)]
    names = beside(dots, halves, [*lines, *((at, at) for at in rim)], (4, 4, 38, 38), lines)
    for dot, name, word in zip(dots, names, tokens, strict=True):
        on.pen.disc(*dot)
        on.pen.text(*name, word, CAPTION)
    boxes: list[list[str]] = [[], [], [], []]
    for (x, y), word in zip(points, tokens, strict=True):
        sides = (x, y, -x, -y)
        boxes[sides.index(max(sides))].append(word)
    for n, inside in enumerate(boxes, 1):
        line = 10.0 + 8.6 * (n - 1)
        on.box(49, line - 3.0, 3.4, 3.4, fill=LIGHT, width=BOX)
        on.text(50.7, line - 0.3, str(n), CAPTION)
        on.answer_line(55, line, 29, ", ".join(inside) or "–")
    told = "; ".join(f"{n}: {', '.join(inside) or '–'}" for n, inside in enumerate(boxes, 1))
    on.said(
        on.say("pictures.four_boxes.said"), on.say("pictures.four_boxes.to_do", words=", ".join(tokens)),
        on.say("pictures.four_boxes.key", boxes=told),
    )  # fmt: skip


WIDE, LOW, HIGH = 6.2, 4.3, 6.2  # the cells of a grid of the family: all are as wide, those of its last line are high
FAMILY = ("all", "gpt", "slope", "window", "short", "tiles", "hashed", "linear")  # the members, four in a line


@picture(width=117, height=53, minutes=4)
def family(on: Canvas, *patterns: Rows) -> None:
    """The patterns of all members of the family, and who comes from whom; the last line of each is left to draw.

    patterns: one for each of FAMILY.
    """
    if len(patterns) != len(FAMILY) or any(len(rows) != 4 for rows in patterns):
        raise UndrawableError("eight patterns of four words have room")
    side, depth, pitch, tops = 4 * WIDE, 3 * LOW + HIGH, 29.6, (4.4, 33.2)
    lines = [LOW * i for i in range(4)] + [depth]
    for n, (name, rows) in enumerate(zip(FAMILY, patterns, strict=True)):
        left, top = 1.5 + pitch * (n % 4), tops[n // 4]
        on.text(left + side / 2, top - 1.6, on.say(f"pictures.family.{name}"), CAPTION)
        for i, y in enumerate(lines):
            on.line((left, top + y), (left + side, top + y), colour=PALE)
            on.line((left + WIDE * i, top), (left + WIDE * i, top + depth), colour=PALE)
        for i, row in enumerate(rows):
            for j, share in enumerate(row):
                if share:
                    x, y = left + WIDE * (j + 0.5), top + (lines[i] + lines[i + 1]) / 2
                    (on.pen if i == 3 else on).disc(x, y, 1.95 * sqrt(float(share)))
        if name == "tiles":
            on.line((left + side / 2, top), (left + side / 2, top + depth), width=STROKE)
    middle, floor = [1.5 + pitch * n + side / 2 for n in range(4)], tops[0] + depth
    spine, y = (floor + tops[1] - 4.6) / 2, tops[0] + depth / 2
    on.line((1.5 + side, y), (1.5 + pitch, y), width=GUIDE)
    on.line((middle[1], spine), (middle[3], spine), width=GUIDE)
    for x in middle:
        on.line((x, floor), (x, tops[1] - 4.6), width=GUIDE)
    told = {name: listed(rows[-1]) for name, rows in zip(FAMILY, patterns, strict=True)}
    on.said(
        on.say("pictures.family.said"),
        to_do=on.say("pictures.family.to_do"),
        key=on.say("pictures.family.key", **told),
    )
