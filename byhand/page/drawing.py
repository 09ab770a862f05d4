"""A small drawing as SVG: boxes, lines with arrow heads, and labels that may be formulas; all in millimetres.

Rectangles, paths and text are all there is, because WeasyPrint and browsers draw those alike. Lines share one path
and arrow heads another, because WeasyPrint takes its time over each element.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from msgspec import Struct, field

from byhand.pictures.labels import SANS, Label, mm, text_svg

Point = tuple[float, float]


class Rect(Struct, frozen=True):
    """A rectangle, by its centre, width and height, in mm."""

    x: float
    y: float
    w: float
    h: float

    @property
    def left(self) -> float:
        return self.x - self.w / 2

    @property
    def right(self) -> float:
        return self.x + self.w / 2

    @property
    def top(self) -> float:
        return self.y - self.h / 2

    @property
    def bottom(self) -> float:
        return self.y + self.h / 2


class Drawing(Struct):
    """A drawing: pale grounds, and over them lines, boxes and labels."""

    grounds: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    tips: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def ground(self, at: Rect, rx: float = 1.0) -> None:
        """Add a pale area whose lower corners are round."""
        top, bottom, left, right = map(mm, (at.top, at.bottom, at.left, at.right))
        self.grounds.append(
            f"M{left} {top}H{right}V{mm(at.bottom - rx)}Q{right} {bottom} {mm(at.right - rx)} {bottom}"
            f"H{mm(at.left + rx)}Q{left} {bottom} {left} {mm(at.bottom - rx)}Z"
        )

    def wedge(self, of: Rect, to: Rect, bend: float) -> None:
        """Add a pale shape from the foot of one area to the head of another: straight to the bend, then widening."""
        feet = [(of.right, of.bottom), (of.right, bend)], [(of.left, bend), (of.left, of.bottom)]
        self.grounds.append(_path([*feet[0], (to.right, to.top), (to.left, to.top), *feet[1]]) + "Z")

    def box(self, at: Rect, fill: str, outline: str = "", stroke: float = 0.25, rx: float = 0.8) -> None:
        """Add a rectangle with round corners."""
        edge = f' stroke="{outline}" stroke-width="{stroke}"' if outline else ""
        self.boxes.append(
            f'<rect x="{mm(at.left)}" y="{mm(at.top)}" width="{mm(at.w)}" height="{mm(at.h)}" rx="{mm(rx)}" '
            f'fill="{fill}"{edge}/>'
        )

    def line(self, *points: Point, tip: bool = True, stroke: str = "") -> None:
        """Add a line through points, with an arrow head at its end, where it is horizontal or vertical."""
        points = (points[0], *(b for a, b in pairwise(points) if a != b))
        if stroke:
            self.boxes.append(f'<path d="{_path(points)}" fill="none" stroke="{stroke}" stroke-width="0.3"/>')
            return
        if tip:
            (x0, y0), (x, y) = points[-2:]
            dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
            back = (x - 1.4 * dx, y - 1.4 * dy)
            sides = [(back[0] - 0.55 * s * dy, back[1] + 0.55 * s * dx) for s in (1, -1)]
            self.tips.append(_path([(x, y), *sides]) + "Z")
            points = (*points[:-1], back)
        self.lines.append(_path(points))

    def text(
        self, x: float, y: float, label: Label, fill: str = "#111", anchor: str = "middle", bold: bool = False
    ) -> None:
        """Add a label on a baseline."""
        self.texts.append(text_svg(x, y, label, fill, anchor, bold=bold))

    def svg(self, width: float, height: float, sentence: str, name: str) -> str:
        """The drawing as SVG. sentence: the alternative text."""
        return (
            f'<svg class="{name}" xmlns="http://www.w3.org/2000/svg" width="{mm(width)}mm" height="{mm(height)}mm" '
            f'viewBox="0 0 {mm(width)} {mm(height)}" role="img" aria-label="{escape(sentence)}" '
            f'font-family="{SANS}">'
            f'<path d="{"".join(self.grounds)}" fill="#efefef"/>'
            f'<path d="{"".join(self.lines)}" fill="none" stroke="#555" stroke-width="0.22"/>'
            f'<path d="{"".join(self.tips)}" fill="#555"/>{"".join(self.boxes)}{"".join(self.texts)}</svg>'
        )


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{mm(x)} {mm(y)}" for x, y in points)
