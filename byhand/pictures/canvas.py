"""What a picture is drawn on: a printed layer, and over it the key's pen; all in millimetres, y downwards.

Both layers share every coordinate. Shapes lie under texts. The sizes, tones and strokes are named here once, so that
all pictures look alike; nothing is thinner than HAIR, and no text smaller than SMALLEST.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from byhand.notation.marks import Svg
from byhand.notation.text import value_text
from byhand.pictures.labels import MATH, SANS, Label, Span, formula, words
from byhand.pictures.shapes import ANCHORS, Circle, Look, Path, Point, Rectangle, Shape, Step, Text, polygon, svg

INK, GREY, PALE, PEN = "#111111", "#555555", "#888888", "#1c3f94"
LIGHT, STRIPE, PEN_AREA, WHITE = "#dcdcdc", "#d9d9d9", "#c9d1e8", "#ffffff"  # areas
GRID = "#d0d0d0"
HAIR, GUIDE, AXIS, BOX, STROKE, FRAME = 0.18, 0.2, 0.25, 0.28, 0.5, 0.7  # the widths of lines
DASH = (0.9, 0.7)  # of a guide to draw along
CAPTION, TOKEN, NUMBER, SMALLEST = 2.75, 3.2, 3.9, 2.3  # the sizes of texts
PEN_SIZE = 0.915  # of a number in pen, relative to a printed one
HEAD, HEAD_SIDE = 1.6, 0.42  # of an arrow's head: its length, and its width to each side, relative to the length
DOT = 1.15  # the radius of a dot
HATCH = 1.35  # between the lines of what is struck out
BUILT, BAR, LEAST_BAR = (
    0.76,
    0.046,
    0.16,
)  # of a fraction: the size of its numbers; its bar, in ems, at least in mm
DIGIT = 0.66  # the height of a digit, in ems
_CURVE = 1 / 6  # of a Catmull–Rom curve: how long its handles are


class Layer:
    """Shapes and texts in one colour of ink. A layer in pen is drawn on the key only."""

    def __init__(self, ink: str = INK, *, pen: bool = False) -> None:
        self.ink, self.is_pen = ink, pen
        self.reach = 0.0  # how far to the right lines, boxes and texts go, by the estimated widths of these
        self.shapes = list[Path | Rectangle | Circle]()
        self.texts = list[Text]()

    @property
    def drawn(self) -> tuple[Shape, ...]:
        """What is drawn here: the shapes, then the texts over them."""
        return (*self.shapes, *self.texts)

    @property
    def svg(self) -> Svg:
        """What is drawn here, as SVG."""
        return svg(self.drawn)

    # lines

    def line(
        self, *points: Point, width: float = AXIS, colour: str = "", dash: Sequence[float] = (), closed: bool = False,
        fill: str = "none",
    ) -> None:  # fmt: skip
        """A line through points. closed: whether it ends where it begins."""
        self.reach = max(self.reach, *(x for x, _ in points))
        self._path(polygon(points, closed=closed), fill, colour or self.ink, width, dash)

    def curve(self, *points: Point, width: float = STROKE, colour: str = "", dash: Sequence[float] = ()) -> None:
        """A smooth line through points (Catmull–Rom)."""
        ends = [points[0], *points, points[-1]]
        steps = [*polygon(points[:1])]
        for before, start, end, after in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
            handles = (
                (start[0] + (end[0] - before[0]) * _CURVE, start[1] + (end[1] - before[1]) * _CURVE),
                (end[0] - (after[0] - start[0]) * _CURVE, end[1] - (after[1] - start[1]) * _CURVE),
            )
            steps.append(("C", (*handles[0], *handles[1], *end)))
        self._path(tuple(steps), "none", colour or self.ink, width, dash)

    def arc(
        self, start: Point, over: Point, end: Point, width: float = STROKE, colour: str = "",
        dash: Sequence[float] = (),
    ) -> None:  # fmt: skip
        """A bow from one point to another (a quadratic Bézier curve). over: the point that it is drawn towards."""
        self._path((("M", start), ("Q", (*over, *end))), "none", colour or self.ink, width, dash)

    def arrow(
        self, start: Point, end: Point, width: float = STROKE, colour: str = "", dash: Sequence[float] = ()
    ) -> None:
        """A straight arrow; none where it would have no length."""
        length = math.dist(start, end)
        if length < 0.01:
            return
        dx, dy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
        back = end[0] - HEAD * dx, end[1] - HEAD * dy
        if length > HEAD:
            self.line(start, back, width=width, colour=colour, dash=dash)
        self.head(end, (dx, dy), colour)

    def head(
        self, at: Point, direction: Point, colour: str = "", length: float = HEAD, half: float = HEAD * HEAD_SIDE
    ) -> None:
        """The head of an arrow that ends here. direction: of length 1. half: of its width."""
        (x, y), (dx, dy) = at, direction
        back = x - length * dx, y - length * dy
        sides = [(back[0] - half * s * dy, back[1] + half * s * dx) for s in (1, -1)]
        self.area([at, *sides], colour or self.ink)

    # areas

    def area(self, points: Iterable[Point], fill: str = "") -> None:
        """An area without an outline."""
        self.shapes.append(Path(polygon(points, closed=True), Look(fill or self.ink)))

    def box(
        self, x: float, y: float, w: float, h: float, *, fill: str = "none", width: float = BOX, colour: str = "",
        rx: float = 0.0, dash: Sequence[float] = (),
    ) -> None:  # fmt: skip
        """A rectangle by its upper left corner. width: of its outline, 0 for none."""
        self.reach = max(self.reach, x + w)
        if dash:
            self.line((x, y), (x + w, y), (x + w, y + h), (x, y + h), closed=True, fill=fill, width=width,
                      colour=colour, dash=dash)  # fmt: skip
            return
        self.shapes.append(Rectangle(x, y, w, h, self._look(fill, width, colour), rx))

    def disc(
        self, x: float, y: float, r: float = DOT, *, fill: str = "", width: float = 0.0, colour: str = ""
    ) -> None:
        """A disc by its centre, filled with ink; with fill="none" or white, a ring. width: of its outline."""
        self.shapes.append(Circle(x, y, r, self._look(fill or self.ink, width, colour)))

    def _look(self, fill: str, width: float, colour: str) -> Look:
        return Look(fill, colour or self.ink, width) if width else Look(fill)

    def hatch(self, x: float, y: float, w: float, h: float, width: float = GUIDE) -> None:
        """Lines at 45° that strike out a rectangle, given by its upper left corner."""
        step, at = HATCH * math.sqrt(2), 0.0
        while (at := at + step) < w + h:
            start = (x + min(at, w), y + max(at - w, 0.0))
            self.line(start, (x + max(at - h, 0.0), y + min(at, h)), width=width)

    def grid(self, x: float, y: float, down: int, across: int, cell: float, colour: str = PALE) -> None:
        """An empty table of square cells, by its upper left corner."""
        right, bottom = x + cell * across, y + cell * down
        for i in range(down + 1):
            self.line((x, y + cell * i), (right, y + cell * i), colour=colour)
        for j in range(across + 1):
            self.line((x + cell * j, y), (x + cell * j, bottom), colour=colour)

    def plane(self, at: Callable[[Point], Point], low: tuple[int, int], high: tuple[int, int]) -> None:
        """The lines of the whole numbers of a plane between two corners, and its axes. at: where a point lies."""
        (left, bottom), (right, top) = low, high
        lines = [(n, (n, bottom), (n, top)) for n in range(left, right + 1)]
        lines += [(n, (left, n), (right, n)) for n in range(bottom, top + 1)]
        for n, start, end in lines:
            self.line(at(start), at(end), width=HAIR if n else AXIS, colour=GRID if n else PALE)

    # texts

    def text(
        self, x: float, y: float, text: str, size: float = CAPTION, *, anchor: str = "middle", colour: str = "",
        bold: bool = False,
    ) -> None:  # fmt: skip
        """Words on a baseline; in the key's pen they are semibold italic."""
        if size < SMALLEST:
            raise ValueError(f"{size:g} mm is too small a text; use {SMALLEST} or more")
        self._text(x, y, words(text, size), anchor, colour, bold)

    def math(
        self, x: float, y: float, latex: str, size: float = NUMBER, *, anchor: str = "middle", colour: str = ""
    ) -> None:
        """A formula on a baseline."""
        self._write(x, y, formula(latex, size), colour or self.ink, anchor)

    def number(
        self, x: float, y: float, value: Any, size: float = NUMBER, *, anchor: str = "middle", colour: str = ""
    ) -> None:
        """A number, with its middle at y: a fraction is built; in pen, the face is that of an answer.

        A text, such as "√½" or "+2", is written as it is.
        """
        size *= PEN_SIZE if self.is_pen else 1
        text = value_text(value)
        upper, _, lower = text.partition("/")
        if not (lower.isdecimal() and upper.removeprefix("−").isdecimal()):
            self._number(x, y + DIGIT / 2 * size, text, size, anchor, colour)
            return
        digits, small = upper.removeprefix("−"), BUILT * size
        wide = words(max(digits, lower, key=len), small).width + 0.12 * size
        sign = words("−", size).width if upper.startswith("−") else 0.0
        left = x - ANCHORS[anchor] * (sign + wide)
        if sign:
            self._number(left, y + DIGIT / 2 * size, "−", size, "start", colour)
        middle, gap = left + sign + wide / 2, 0.14 * size
        self._number(middle, y - gap, digits, small, "middle", colour)
        self._number(middle, y + gap + DIGIT * small, lower, small, "middle", colour)
        bar = max(BAR * size, LEAST_BAR)
        ends = (left + sign, y), (left + sign + wide, y)
        self.line(*ends, width=bar, colour=colour)

    def _number(self, x: float, y: float, text: str, size: float, anchor: str, colour: str) -> None:
        self._text(x, y, Label((Span(text, SANS if self.is_pen else MATH),), size), anchor, colour)

    def _text(self, x: float, y: float, label: Label, anchor: str, colour: str, bold: bool = False) -> None:
        pen = self.is_pen
        self._write(x, y, label, colour or self.ink, anchor, bold=bold or pen, italic=pen)

    def _write(
        self, x: float, y: float, label: Label, colour: str, anchor: str, bold: bool = False, italic: bool = False
    ) -> None:
        self.texts.append(Text(x, y, label, colour, anchor, bold, italic))
        self.reach = max(self.reach, x + label.width * (1 - ANCHORS[anchor]))

    def _path(self, path: Sequence[Step], fill: str, colour: str, width: float, dash: Sequence[float]) -> None:
        if width < LEAST_BAR:
            raise ValueError(f"{width:g} mm is too thin; use {HAIR} or more")
        self.shapes.append(Path(tuple(path), Look(fill, colour, width, tuple(dash))))


class Canvas(Layer):
    """A picture: its printed layer, and `pen`, the layer of the key.

    say: a text in the language of the page, by its name among the messages of pictures.
    """

    def __init__(self, width: float, height: float, say: Callable[..., str]) -> None:
        super().__init__()
        self.width, self.height, self.say = width, height, say
        self.pen = Layer(PEN, pen=True)
        self.worksheet_says = self.key_says = ""
        self.answers = list[str]()  # what the key has in each box and on each line, as they are drawn

    def blank(
        self, x: float, y: float, value: Any, w: float = 8.6, h: float = 7.2, size: float = NUMBER, *,
        copied: bool = False,
    ) -> None:  # fmt: skip
        """A box to fill in, by its centre; the key has the value in it. copied: whether it is a result from above,
        whose box is dashed.
        """
        look: dict[str, Any] = {"dash": DASH, "width": GUIDE} if copied else {}
        self.box(x - w / 2, y - h / 2, w, h, fill=WHITE, **look)
        self._is_blank(value_text(value))
        self.pen.number(x, y, value, size)

    def answer_line(self, x: float, y: float, w: float, answer: str, size: float = TOKEN) -> None:
        """A line to write words on, from x; the key has the answer on it."""
        self.line((x, y), (x + w, y), width=GUIDE, colour="#777777")
        self._is_blank(answer)
        self.pen.text(
            x + 1.0, y - (1.4 if "/" in answer else 0.9), answer, size, anchor="start"
        )  # a fraction is lower

    def _is_blank(self, answer: str) -> None:
        """Name the last shape, so that a page on a screen has a field in its place."""
        last = self.shapes[-1]
        self.shapes[-1] = replace(last, look=replace(last.look, name="blank"))
        self.answers.append(answer)

    def said(self, printed: str, to_do: str, key: str) -> None:
        """Set the alternative texts. printed: what both views show; to_do: what the worksheet asks for, without the
        result; key: the result.
        """
        self.worksheet_says = " ".join(filter(None, (printed, to_do)))
        self.key_says = " ".join(filter(None, (printed, key)))


def plus(on: Layer, x: float, y: float, r: float) -> None:
    """The sign ⊕, where a branch is added to the stream."""
    on.disc(x, y, r, fill=WHITE, width=0.4, colour=INK)
    on.line((x - 0.6 * r, y), (x + 0.6 * r, y), width=0.4)
    on.line((x, y - 0.6 * r), (x, y + 0.6 * r), width=0.4)
