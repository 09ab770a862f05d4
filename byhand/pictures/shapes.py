"""What a drawing is made of: paths, rectangles, circles and texts, in millimetres, y downwards. SVG is written here.

A drawing keeps hundredths of a millimetre: whoever draws it rounds each number to as many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape

from msgspec import Struct

from byhand.notation.marks import Svg
from byhand.pictures.labels import ITALIC, SANS, SMALL, Label

Point = tuple[float, float]
Step = tuple[str, tuple[float, ...]]  # of a path, as SVG has it: a letter, and its numbers
ANCHORS = {"start": 0.0, "middle": 0.5, "end": 1.0}  # which share of a text is left of its place
LIFTS = {1: -0.34, 0: 0.0, -1: 0.18}  # how much lower a text of each level stands, relative to its size


class Look(Struct, frozen=True, array_like=True):
    """How a shape is drawn."""

    fill: str = ""
    """A colour, or "none"; "" for black."""
    stroke: str = ""
    """The colour of its outline; "" where it has none."""
    width: float = 0.0
    """The width of the outline."""
    dash: tuple[float, ...] = ()
    """The lengths of the outline's dashes, and of the spaces between them."""
    name: str = ""
    """Its class in CSS."""


class Path(Struct, frozen=True, array_like=True, tag="path"):
    """A line, or an area within one."""

    steps: tuple[Step, ...]
    look: Look


class Rectangle(Struct, frozen=True, array_like=True, tag="rectangle"):
    """A rectangle, by its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    look: Look
    radius: float = 0.0
    """The radius of its corners."""


class Circle(Struct, frozen=True, array_like=True, tag="circle"):
    """A circle, by its centre."""

    x: float
    y: float
    radius: float | str
    """A number, or a mark where another run has another one."""
    look: Look


class Text(Struct, frozen=True, array_like=True, tag="text"):
    """A label on a baseline."""

    x: float
    y: float
    label: Label
    fill: str = ""
    """Its colour; "" where a style sheet has it."""
    anchor: str = "start"
    """What of it is at x: its start, middle or end."""
    bold: bool = False
    italic: bool = False
    name: str = ""
    """Its class in CSS."""


Shape = Path | Rectangle | Circle | Text
Drawn = tuple[Shape, ...] | str  # shapes, or a mark where other runs have other ones


class Graphic(Struct, frozen=True, array_like=True, tag="graphic"):
    """A drawing that stands by itself, as the map does, or a picture of an idea. Lengths are in mm."""

    width: float
    height: float
    said: str
    """Its alternative text."""
    printed: Drawn
    """What is drawn in both views."""
    key_said: str = ""
    """The alternative text of a key which shares the page."""
    pen: Drawn = ()
    """What only a key has over it."""
    name: str = "architecture"
    """Its class in CSS."""
    scale: float = 1.0
    """How much larger it stands on a page."""
    turned: bool = False
    """Whether it stands on a page turned clockwise by a quarter."""

    @property
    def size(self) -> str:
        """Its width and its height on a page, as attributes of SVG."""
        wide, high = (self.height, self.width) if self.turned else (self.width, self.height)
        return f'width="{mm(wide * self.scale)}mm" height="{mm(high * self.scale)}mm"'

    @property
    def svg(self) -> str:
        """What is printed, as an SVG that stands by itself."""
        return self.around("" if isinstance(self.printed, str) else svg(self.printed))

    def around(self, drawn: str, width: str = "") -> str:
        """An SVG that stands by itself, with this in it. width: if another."""
        wide, high = width or mm(self.width), mm(self.height)
        size = f'width="{wide}mm" height="{high}mm"' if self.scale == 1.0 else self.size
        if self.turned:
            wide, high, drawn = high, wide, f'<g transform="translate({high} 0) rotate(90)">{drawn}</g>'
        return (
            f'<svg class="{self.name}" xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {wide} {high}" role="img" aria-label="{escape(self.said)}" '
            f'font-family="{SANS}">{drawn}</svg>'
        )


def polygon(points: Iterable[Point], *, closed: bool = False) -> tuple[Step, ...]:
    """The path through points. closed: whether it ends where it begins."""
    steps = [("L" if at else "M", point) for at, point in enumerate(points)]
    return (*steps, ("Z", ())) if closed else tuple(steps)


def rounded(x: float) -> float:
    """A number of millimetres as a drawing keeps it."""
    return round(x, 2) + 0


def mm(x: float) -> str:
    """A number of millimetres as SVG has it."""
    return f"{rounded(x):g}"


def svg(shapes: Iterable[Shape]) -> Svg:
    """Shapes as SVG."""
    drawn = tuple(shapes)
    return Svg.of("".join(map(_element, drawn)), drawn)


def lifted(label: Label) -> list[float]:
    """How much lower each span of a label stands than the one before it."""
    lifts = [LIFTS[span.level] * label.size for span in label.spans]
    return [rounded(lift - before) for before, lift in zip([0.0, *lifts], lifts, strict=False)]


def _element(shape: Shape) -> str:
    match shape:
        case Path(steps):
            return _tag("path", {"class": shape.look.name, "d": "".join(_told(steps))}, shape.look)
        case Rectangle(x, y, width, height):
            place = {"x": mm(x), "y": mm(y), "width": mm(width), "height": mm(height)}
            corner = {"rx": mm(shape.radius)} if shape.radius else {}
            return _tag("rect", {"class": shape.look.name, **place, **corner}, shape.look)
        case Circle(x, y, radius):
            r = radius if isinstance(radius, str) else mm(radius)
            return _tag("circle", {"class": shape.look.name, "cx": mm(x), "cy": mm(y), "r": r}, shape.look)
        case Text():
            return _text(shape)


def _told(steps: Iterable[Step]) -> Iterator[str]:
    """The steps of a path as SVG has them; a straight line that goes across, or down, tells one number only."""
    before = "", ""
    for letter, numbers in steps:
        x, y = map(mm, numbers) if letter in "ML" else ("", "")
        if letter == "L" and y == before[1]:
            yield f"H{x}"
        elif letter == "L" and x == before[0]:
            yield f"V{y}"
        else:
            yield letter + " ".join(map(mm, numbers))
        before = x, y


def _tag(kind: str, attributes: Mapping[str, str], look: Look) -> str:
    """The element of a shape, without what is empty of its class and its look."""
    of_kind = {name: value for name, value in attributes.items() if value or name != "class"}
    said = {
        "fill": look.fill, "stroke": look.stroke, "stroke-width": look.stroke and mm(look.width),
        "stroke-dasharray": " ".join(map(mm, look.dash)),
    }  # fmt: skip
    return f"<{kind}{_attributes(of_kind | {name: value for name, value in said.items() if value})}/>"


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f' {name}="{value}"' for name, value in values.items())


def _text(text: Text) -> str:
    """A label as SVG; "" for one without text."""
    if not text.label.spans:
        return ""
    size, first = text.label.size, text.label.spans[0].face
    parts = []
    for span, lift in zip(text.label.spans, lifted(text.label), strict=True):
        look = {"dy": mm(lift)} if lift else {}
        look |= {"font-size": mm(SMALL * size)} if span.level else {}
        look |= {"text-decoration": "overline"} if span.barred else {}
        look |= _face(span.face) if span.face != first else {}
        look |= {"font-style": "normal"} if span.face != ITALIC == first else {}
        words = escape(span.text)
        parts.append(f"<tspan{_attributes(look)}>{words}</tspan>" if look else words)
    look = {"class": text.name} if text.name else {}
    look |= {"x": mm(text.x), "y": mm(text.y)}
    look |= {"font-size": mm(size)} if size else {}
    look |= {"fill": text.fill} if text.fill else {}
    look |= {"text-anchor": text.anchor} if text.anchor != "start" else {}
    look |= {"font-weight": "600"} if text.bold else {}
    look |= {"font-style": "italic"} if text.italic else {}
    look |= _face(first) if first != SANS else {}
    return f"<text{_attributes(look)}>{''.join(parts)}</text>"


def _face(face: str) -> dict[str, str]:
    return {"font-family": face} | ({"font-style": "italic"} if face == ITALIC else {})
