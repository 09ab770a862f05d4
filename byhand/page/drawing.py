"""A small drawing: boxes, lines with arrow heads, and labels that may be formulas; all in millimetres.

Rectangles, paths and text are all there is, because WeasyPrint and browsers draw those alike. Lines share one path
and arrow heads another, because WeasyPrint takes its time over each element.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct, field

from byhand.pictures.labels import Label
from byhand.pictures.shapes import Look, Path, Point, Rectangle, Shape, Step, Text, polygon


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

    grounds: list[Step] = field(default_factory=list)
    lines: list[Step] = field(default_factory=list)
    tips: list[Step] = field(default_factory=list)
    boxes: list[Rectangle | Path] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def ground(self, at: Rect, rx: float = 1.0) -> None:
        """Add a pale area whose lower corners are round."""
        left, right, bottom = at.left, at.right, at.bottom
        self.grounds += [
            ("M", (left, at.top)), ("H", (right,)), ("V", (bottom - rx,)), ("Q", (right, bottom, right - rx, bottom)),
            ("H", (left + rx,)), ("Q", (left, bottom, left, bottom - rx)), ("Z", ()),
        ]  # fmt: skip

    def wedge(self, of: Rect, to: Rect, bend: float) -> None:
        """Add a pale shape from the foot of one area to the head of another: straight to the bend, then widening."""
        feet = [(of.right, of.bottom), (of.right, bend)], [(of.left, bend), (of.left, of.bottom)]
        self.grounds += polygon([*feet[0], (to.right, to.top), (to.left, to.top), *feet[1]], closed=True)

    def box(self, at: Rect, fill: str, outline: str = "", stroke: float = 0.25, rx: float = 0.8) -> None:
        """Add a rectangle with round corners."""
        look = Look(fill, outline, stroke) if outline else Look(fill)
        self.boxes.append(Rectangle(at.left, at.top, at.w, at.h, look, rx))

    def line(self, *points: Point, tip: bool = True, stroke: str = "", turned: bool = False) -> None:
        """Add a line through points, with an arrow head at its end, where it is horizontal or vertical.

        turned: whether the line goes from its last point to its first.
        """
        points = (points[0], *(b for a, b in pairwise(points) if a != b))[:: -1 if turned else 1]
        if stroke:
            self.boxes.append(Path(polygon(points), Look("none", stroke, 0.3)))
            return
        if tip:
            (x0, y0), (x, y) = points[-2:]
            dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
            back = (x - 1.4 * dx, y - 1.4 * dy)
            sides = [(back[0] - 0.55 * s * dy, back[1] + 0.55 * s * dx) for s in (1, -1)]
            self.tips += polygon([(x, y), *sides], closed=True)
            points = (*points[:-1], back)
        self.lines += polygon(points)

    def text(
        self, x: float, y: float, label: Label, fill: str = "#111", anchor: str = "middle", bold: bool = False
    ) -> None:
        """Add a label on a baseline."""
        self.texts.append(Text(x, y, label, fill, anchor, bold))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """All that is drawn, in its order."""
        paths = (self.grounds, Look("#efefef")), (self.lines, Look("none", "#555", 0.22)), (self.tips, Look("#555"))
        return (*(Path(tuple(steps), look) for steps, look in paths), *self.boxes, *self.texts)
