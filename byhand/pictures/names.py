"""Where the name of a point stands in a picture: beside it, off the lines and off the other names."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, pi, sin

from byhand.pictures.shapes import Point

CLEAR = 0.5  # mm: the least room round a name
FAR = 100.0  # mm: as bad as this is a name on the other side of a line


def beside(
    points: Sequence[Point], halves: Sequence[float], lines: Sequence[tuple[Point, Point]],
    edges: tuple[float, float, float, float], borders: Sequence[tuple[Point, Point]] = (),
) -> list[Point]:  # fmt: skip
    """For each point the baseline's middle of its name: beside it, or a little farther off where lines or other names
    crowd it.

    halves: half of each name's width. edges: of the room for names: left, upper, right, lower. borders: those of the
    lines at which a name stays on the side of its point.
    """
    along = [(a[0] + (b[0] - a[0]) * k / 24, a[1] + (b[1] - a[1]) * k / 24) for a, b in lines for k in range(25)]
    marks = list(dict.fromkeys([*points, *along]))
    left, upper, right, lower = edges
    middles = list[Point]()
    for (x, y), half in zip(points, halves, strict=True):

        def room(at: Point, half: float = half, point: Point = (x, y)) -> float:
            """How far a name is from what is drawn, and, which counts more, from the names before it; and how much
            nearer it is to its own point than to any other.
            """
            names_off = [gap(at, other, half + wide) - 1.2 for other, wide in zip(middles, halves, strict=False)]
            nearer = [gap(at, other, half) - gap(at, point, half) for other in points if other != point]
            most = min(*names_off, *nearer, at[0] - half - left, right - at[0] - half, at[1] - upper, lower - at[1])
            astray = sum(_side(line, at) * _side(line, point) < 0 for line in borders)
            return _to_nearest(at, marks, half, most) - FAR * astray

        rings = [
            [(x + (half + away) * cos(k * pi / 6), y + (1.3 + away) * sin(k * pi / 6)) for k in range(12)]
            for away in (1.6, 3.2, 4.8, 6.4)
        ]
        bests = list[Point]()
        for ring in rings:
            bests.append(max(ring, key=room))
            if room(bests[-1]) >= CLEAR:
                break
        middles.append(max(bests, key=room))
    return [(x, y + 0.9) for x, y in middles]


def _side(line: tuple[Point, Point], at: Point) -> float:
    """On which side of a line a point is, by the sign."""
    (x, y), (to_x, to_y) = line
    return (to_x - x) * (at[1] - y) - (to_y - y) * (at[0] - x)


def gap(at: Point, other: Point, half: float) -> float:
    """How far a point is from a name's box around another, which is this wide to each side."""
    return hypot(max(0.0, abs(at[0] - other[0]) - half), max(0.0, abs(at[1] - other[1]) - 0.9))


def _to_nearest(at: Point, marks: Sequence[Point], half: float, most: float) -> float:
    """The gap from a name's box, this wide to each side, to the nearest of many points; `most` if none is nearer."""
    for x, y in marks:
        across, down = abs(at[0] - x) - half, abs(at[1] - y) - 0.9
        if across < most and down < most:
            most = min(most, hypot(max(0.0, across), max(0.0, down)))
    return most
