"""A small drawing as SVG: boxes, lines with arrow heads, and labels that may be formulas; all in millimetres.

Rectangles, paths and text are all there is, because WeasyPrint and browsers draw those alike. Lines share one path
and arrow heads another, because WeasyPrint takes its time over each element.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from msgspec import Struct

from byhand.notation.inline import inline

SANS, MATH, ITALIC = "'byhand Sans',sans-serif", "'byhand Math',serif", "'byhand Math Italic','byhand Math',serif"
SMALL = 0.72  # the size of superscripts and subscripts, relative to the text
_WIDTHS = {
    **dict.fromkeys("ijlI.,:;'′|· ", 0.27), **dict.fromkeys("frt()-", 0.36), **dict.fromkeys("mwMW", 0.84),
    **dict.fromkeys("ABCDGHKNOQRUVXYZ", 0.64), **dict.fromkeys("0123456789", 0.5),
}  # fmt: skip
Point = tuple[float, float]


class Span(Struct, frozen=True):
    """Text in one face. level: 1 for a superscript, −1 for a subscript, 0 on the baseline."""

    text: str
    face: str = SANS
    level: int = 0


class Label(Struct, frozen=True):
    """A word or a formula, and its size in mm."""

    spans: tuple[Span, ...]
    size: float

    @property
    def width(self) -> float:
        """The estimated width, in mm."""
        ems = (sum(_WIDTHS.get(c, 0.53) for c in span.text) * (SMALL if span.level else 1) for span in self.spans)
        return sum(ems) * self.size


def words(text: str, size: float) -> Label:
    """A label of plain words."""
    return Label((Span(text),) if text else (), size)


def formula(latex: str, size: float) -> Label:
    """A label with an inline formula; one that is all \\text{…} is plain words."""
    if latex.startswith(r"\text{") and latex.find("}") == len(latex) - 1:
        return words(latex[6:-1], size)
    return Label(tuple(_Spans(latex).spans), size)


class _Spans(HTMLParser):
    """Reads the spans of an inline formula's HTML. Commas and primes have the face of the text before them."""

    def __init__(self, latex: str) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.spans: list[Span] = []
        self.feed(inline(latex))
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.inside.pop()

    def handle_data(self, data: str) -> None:
        level = ("sup" in self.inside) - ("sub" in self.inside)
        last = self.spans[-1] if self.spans else Span("", MATH)
        face = last.face if not data.strip("′, ") else MATH
        face = ITALIC if "i" in self.inside else face
        if (last.face, last.level) == (face, level) and self.spans:
            data = self.spans.pop().text + data
        self.spans.append(Span(data, face, level))


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


@dataclass
class Drawing:
    """A drawing: pale grounds, and over them lines, boxes and labels."""

    grounds: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    tips: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def ground(self, at: Rect, rx: float = 1.0) -> None:
        """Add a pale area whose lower corners are round."""
        top, bottom, left, right = map(_n, (at.top, at.bottom, at.left, at.right))
        self.grounds.append(
            f"M{left} {top}H{right}V{_n(at.bottom - rx)}Q{right} {bottom} {_n(at.right - rx)} {bottom}"
            f"H{_n(at.left + rx)}Q{left} {bottom} {left} {_n(at.bottom - rx)}Z"
        )

    def wedge(self, of: Rect, to: Rect, bend: float) -> None:
        """Add a pale shape from the foot of one area to the head of another: straight to the bend, then widening."""
        feet = [(of.right, of.bottom), (of.right, bend)], [(of.left, bend), (of.left, of.bottom)]
        self.grounds.append(_path([*feet[0], (to.right, to.top), (to.left, to.top), *feet[1]]) + "Z")

    def box(self, at: Rect, fill: str, outline: str = "", stroke: float = 0.25, rx: float = 0.8) -> None:
        """Add a rectangle with round corners."""
        edge = f' stroke="{outline}" stroke-width="{stroke}"' if outline else ""
        self.boxes.append(
            f'<rect x="{_n(at.left)}" y="{_n(at.top)}" width="{_n(at.w)}" height="{_n(at.h)}" rx="{_n(rx)}" '
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
        if not label.spans:
            return
        size, first, lifted = label.size, label.spans[0].face, 0.0
        parts = []
        for span in label.spans:
            lift = {1: -0.34, 0: 0.0, -1: 0.18}[span.level] * size
            look = [f'dy="{_n(lift - lifted)}"'] if lift != lifted else []
            look += [f'font-size="{_n(SMALL * size)}"'] if span.level else []
            look += [_face(span.face)] if span.face != first else []
            parts.append(f"<tspan {' '.join(look)}>{escape(span.text)}</tspan>" if look else escape(span.text))
            lifted = lift
        look = [f'x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" fill="{fill}"']
        look += [f'text-anchor="{anchor}"'] if anchor != "start" else []
        look += ['font-weight="600"'] if bold else []
        look += [_face(first)] if first != SANS else []
        self.texts.append(f"<text {' '.join(look)}>{''.join(parts)}</text>")

    def svg(self, width: float, height: float, sentence: str, name: str) -> str:
        """The drawing as SVG. sentence: the alternative text."""
        return (
            f'<svg class="{name}" xmlns="http://www.w3.org/2000/svg" width="{_n(width)}mm" height="{_n(height)}mm" '
            f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" aria-label="{escape(sentence)}" '
            f'font-family="{SANS}">'
            f'<path d="{"".join(self.grounds)}" fill="#efefef"/>'
            f'<path d="{"".join(self.lines)}" fill="none" stroke="#555" stroke-width="0.22"/>'
            f'<path d="{"".join(self.tips)}" fill="#555"/>{"".join(self.boxes)}{"".join(self.texts)}</svg>'
        )


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(number: float) -> str:
    return f"{round(number, 2) + 0:g}"


def _face(face: str) -> str:
    return f'font-family="{face}"' + (' font-style="italic"' if face == ITALIC else "")
