"""What is cut out of paper: dashed lines with a pair of scissors, and a place for a pin."""

from __future__ import annotations

from math import cos, pi, sin

from byhand.pictures.canvas import GREY, HAIR, WHITE, Layer
from byhand.pictures.shapes import Look, Path, Point, Step

DASH, WIDTH = (2.0, 1.2), 0.3  # of a line to cut along, in mm
CURVE = 0.5523  # how long the handles of a quarter of a circle are, beside its radius


def cut_box(on: Layer, x: float, y: float, wide: float, high: float) -> None:
    """A rectangle to cut out, by its upper left corner."""
    on.box(x, y, wide, high, width=WIDTH, colour=GREY, dash=DASH)
    scissors(on, x + 5.0, y + high)


def cut_disc(on: Layer, x: float, y: float, r: float) -> None:
    """A disc to cut out, by its centre."""
    steps: list[Step] = [("M", (x + r, y))]
    for quarter in range(4):
        (c, s), h = _turned(quarter), CURVE
        ends = (c - h * s, s + h * c), (h * c - s, h * s + c), (-s, c)
        steps.append(("C", tuple(n for a, b in ends for n in (x + r * a, y + r * b))))
    on.shapes.append(Path((*steps, ("Z", ())), Look("none", GREY, WIDTH, DASH)))
    scissors(on, x - r * sin(pi / 4), y - r * sin(pi / 4), pi / 4)


def _turned(quarters: int) -> tuple[int, int]:
    return round(cos(quarters * pi / 2)), round(sin(quarters * pi / 2))


def scissors(on: Layer, x: float, y: float, turn: float = 0.0) -> None:
    """A pair of scissors that cuts along a line. x, y: where its blades cross. turn: of the line, anticlockwise, in
    radians from the one to the right.
    """
    c, s = cos(turn), sin(turn)

    def at(along: float, up: float) -> Point:
        return x + along * c - up * s, y - along * s - up * c

    for side in (1, -1):
        on.line(at(-1.6, 0.8 * side), at(3.4, -0.55 * side), width=0.4, colour=GREY)
        on.disc(*at(-2.4, 1.1 * side), 0.8, fill=WHITE, width=0.35, colour=GREY)


def pin(on: Layer, x: float, y: float) -> None:
    """Where a pin goes through."""
    on.disc(x, y, 1.2, fill=WHITE, width=HAIR, colour=GREY)
    on.line((x - 2.0, y), (x + 2.0, y), width=HAIR, colour=GREY)
    on.line((x, y - 2.0), (x, y + 2.0), width=HAIR, colour=GREY)
