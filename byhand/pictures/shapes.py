"""What a drawing is made of: paths, rectangles, circles and texts, in millimetres, y downwards. SVG is written here.

A drawing keeps hundredths of a millimetre: whoever draws it rounds each number to as many.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from msgspec import Struct

from byhand.notation.marks import Svg
from byhand.pictures.labels import ITALIC, SANS, SMALL, Label

Point = tuple[float, float]
Step = tuple[str, tuple[float, ...]]  # of a path, as SVG has it: a letter, and its numbers
LIFTS = {1: -0.34, 0: 0.0, -1: 0.18}  # how much lower a text of each level stands, relative to its size


class Look(Struct, frozen=True, array_like=True):
    """How a shape is drawn.

    fill, stroke: colours, or "none"; "" where nothing is said: then it is filled with black, and has no outline.
    width: of the outline. dash: the lengths of its dashes and of the spaces between. name: its class in CSS.
    """

    fill: str = ""
    stroke: str = ""
    width: float = 0.0
    dash: tuple[float, ...] = ()
    name: str = ""


class Path(Struct, frozen=True, array_like=True, tag="path"):
    """A line, or an area within one."""

    steps: tuple[Step, ...]
    look: Look


class Rectangle(Struct, frozen=True, array_like=True, tag="rectangle"):
    """A rectangle. x, y: its upper left corner. radius: of its corners."""

    x: float
    y: float
    width: float
    height: float
    look: Look
    radius: float = 0.0


class Circle(Struct, frozen=True, array_like=True, tag="circle"):
    """A circle. x, y: its centre. radius: a number, or a mark where another run has another one."""

    x: float
    y: float
    radius: float | str
    look: Look


class Text(Struct, frozen=True, array_like=True, tag="text"):
    """A label on a baseline. anchor: what of it is at x: its start, middle or end.

    fill: its colour, "" where a style sheet has it. name: its class in CSS.
    """

    x: float
    y: float
    label: Label
    fill: str = ""
    anchor: str = "start"
    bold: bool = False
    italic: bool = False
    name: str = ""


Shape = Path | Rectangle | Circle | Text


class Graphic(Struct, frozen=True, array_like=True):
    """A drawing that stands by itself. said: its alternative text. name: its class in CSS."""

    width: float
    height: float
    said: str
    shapes: tuple[Shape, ...]
    name: str

    @property
    def svg(self) -> str:
        """The drawing as SVG."""
        return (
            f'<svg class="{self.name}" xmlns="http://www.w3.org/2000/svg" width="{mm(self.width)}mm" '
            f'height="{mm(self.height)}mm" viewBox="0 0 {mm(self.width)} {mm(self.height)}" role="img" '
            f'aria-label="{escape(self.said)}" font-family="{SANS}">{svg(self.shapes)}</svg>'
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
            path = "".join(letter + " ".join(map(mm, numbers)) for letter, numbers in steps)
            return f'<path{_named(shape.look.name)} d="{path}"{_look(shape.look)}/>'
        case Rectangle(x, y, width, height):
            corner = f' rx="{mm(shape.radius)}"' if shape.radius else ""
            place = f'x="{mm(x)}" y="{mm(y)}" width="{mm(width)}" height="{mm(height)}"{corner}'
            return f"<rect{_named(shape.look.name)} {place}{_look(shape.look)}/>"
        case Circle(x, y, radius):
            r = radius if isinstance(radius, str) else mm(radius)
            return f'<circle{_named(shape.look.name)} cx="{mm(x)}" cy="{mm(y)}" r="{r}"{_look(shape.look)}/>'
        case Text():
            return _text(shape)


def _named(name: str) -> str:
    return f' class="{name}"' if name else ""


def _look(look: Look) -> str:
    attributes = {
        "fill": look.fill, "stroke": look.stroke, "stroke-width": mm(look.width) if look.stroke else "",
        "stroke-dasharray": " ".join(map(mm, look.dash)),
    }  # fmt: skip
    return "".join(f' {name}="{value}"' for name, value in attributes.items() if value)


def _text(text: Text) -> str:
    """A label as SVG; "" for one without text."""
    if not text.label.spans:
        return ""
    size, first = text.label.size, text.label.spans[0].face
    parts = []
    for span, lift in zip(text.label.spans, lifted(text.label), strict=True):
        look = [f'dy="{mm(lift)}"'] if lift else []
        look += [f'font-size="{mm(SMALL * size)}"'] if span.level else []
        look += [_face(span.face)] if span.face != first else []
        look += ['font-style="normal"'] if span.face != ITALIC == first else []
        parts.append(f"<tspan {' '.join(look)}>{escape(span.text)}</tspan>" if look else escape(span.text))
    look = [f'x="{mm(text.x)}" y="{mm(text.y)}"']
    look += [f'font-size="{mm(size)}"'] if size else []
    look += [f'fill="{text.fill}"'] if text.fill else []
    look += [f'text-anchor="{text.anchor}"'] if text.anchor != "start" else []
    look += ['font-weight="600"'] if text.bold else []
    look += ['font-style="italic"'] if text.italic else []
    look += [_face(first)] if first != SANS else []
    return f"<text{_named(text.name)} {' '.join(look)}>{''.join(parts)}</text>"


def _face(face: str) -> str:
    return f'font-family="{face}"' + (' font-style="italic"' if face == ITALIC else "")
