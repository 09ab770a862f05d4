"""Shapes and texts of a drawing (pictures/shapes) for the pen, all in mm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from byhand.fonts import FACES
from byhand.notation.marks import MARK, Svg, mark_number
from byhand.pictures.labels import ITALIC, SMALL, Span
from byhand.pictures.shapes import ANCHORS, Circle, Look, Path, Rectangle, Shape, Step, Text, lifted, mm, rounded
from byhand.press.pieces import MATH, Piece, TextStyle, UnknownLookError, in_faces
from byhand.press.stream import circle, rgb

_ROUND = 4 * (2**0.5 - 1) / 3  # how long the Bézier handles of a round corner are, in radii
LAYERS_KEPT = 64  # for the other view of the same copies


class Words(Struct, frozen=True):
    """A text of a drawing, by the place of its anchor on its baseline."""

    x: float
    y: float
    anchor: float
    """0 at its beginning, ½ in its middle, 1 at its end."""
    pieces: tuple[Piece, ...]


class Dot(Struct, frozen=True):
    """A dot with a slot for its radius, by its centre."""

    slot: int
    x: float
    y: float
    colour: bytes


class Drawing(Struct, frozen=True):
    """A drawing."""

    shapes: bytes = b""
    """As PDF operators."""
    texts: tuple[Words, ...] = ()
    """What is written over the shapes."""
    dots: tuple[Dot, ...] = ()


NO_DRAWING = Drawing()


@lru_cache(LAYERS_KEPT)
def layer(svg: Svg) -> Drawing:
    """One layer of a picture.

    Raises: UnknownLookError.
    """
    return drawing(svg.shapes)


def drawing(parts: Iterable[Shape]) -> Drawing:
    """The drawing that these shapes make; its texts come last.

    Raises: UnknownLookError for a text in a face that there is not, or with letters that our fonts lack.
    """
    shapes, texts, dots = list[bytes](), list[Words](), list[Dot]()
    for part in parts:
        match part:
            case Text():
                if part.label.spans:
                    texts.append(_words(part))
            case Circle(x, y, str(radius)) if MARK.fullmatch(radius):
                dots.append(Dot(mark_number(radius), rounded(x), rounded(y), b"%s rg" % rgb(part.look.fill)))
            case Path(steps):
                shapes += _drawn(_path(steps), part.look)
            case Rectangle():
                shapes += _drawn(_rectangle(part), part.look)
            case Circle(x, y, radius):
                shapes += _drawn(circle(rounded(x), rounded(y), rounded(float(radius))), part.look)
    return Drawing(b"".join(shapes), tuple(texts), tuple(dots))


def _drawn(path: bytes, look: Look) -> Iterator[bytes]:
    """A path that is filled and drawn, as PDF operators."""
    if look.fill != "none":
        yield b"%s rg\n%sf\n" % (rgb(look.fill or "#000"), path)
    if look.stroke:
        drawn = b"%s RG\n%.3f w\n%sS\n" % (rgb(look.stroke), rounded(look.width), path)
        yield b"q\n[%s] 0 d\n%sQ\n" % (" ".join(map(mm, look.dash)).encode(), drawn) if look.dash else drawn


def _rectangle(at: Rectangle) -> bytes:
    """The path of a rectangle whose corners may be round."""
    x, y, width, height, radius = map(rounded, (at.x, at.y, at.width, at.height, at.radius))
    if not radius:
        return b"%.3f %.3f %.3f %.3f re\n" % (x, y, width, height)
    right, bottom = x + width, y + height
    corners = ((right, y, 1, 0), (right, bottom, 0, 1), (x, bottom, -1, 0), (x, y, 0, -1))  # and the way to each
    written = [b"%.3f %.3f m\n" % (x + radius, y)]
    for left, top, dx, dy in corners:
        start, end = (left - radius * dx, top - radius * dy), (left - radius * dy, top + radius * dx)
        near = radius * (1 - _ROUND)
        handles = left - near * dx, top - near * dy, left - near * dy, top + near * dx
        written.append(b"%.3f %.3f l\n%.3f %.3f %.3f %.3f %.3f %.3f c\n" % (*start, *handles, *end))
    return b"".join(written) + b"h\n"


def _path(steps: Sequence[Step]) -> bytes:
    """A path as PDF operators."""
    written, x, y = list[bytes](), 0.0, 0.0
    for step, numbers in steps:
        match step, list(map(rounded, numbers)):
            case "M" | "L", [to_x, to_y]:
                x, y = to_x, to_y
            case "l", [dx, dy]:
                x, y = x + dx, y + dy
            case "h", [dx]:
                x += dx
            case "v", [dy]:
                y += dy
            case "H", [to_x]:
                x = to_x
            case "V", [to_y]:
                y = to_y
            case "Q", [by_x, by_y, to_x, to_y]:
                handles = (x + 2 * by_x) / 3, (y + 2 * by_y) / 3, (to_x + 2 * by_x) / 3, (to_y + 2 * by_y) / 3
                x, y = to_x, to_y
                written.append(b"%.3f %.3f %.3f %.3f %.3f %.3f c\n" % (*handles, x, y))
                continue
            case "C", [*handles, to_x, to_y]:
                x, y = to_x, to_y
                written.append(b"%.3f %.3f %.3f %.3f %.3f %.3f c\n" % (*handles, x, y))
                continue
            case "z" | "Z", []:
                written.append(b"h\n")
                continue
            case _:
                raise TypeError(f"not a step: {step!r}")
        written.append(b"%.3f %.3f %s\n" % (x, y, b"m" if step == "M" else b"l"))
    return b"".join(written)


def _words(text: Text) -> Words:
    """A text and the spans in it.

    Raises: UnknownLookError.
    """
    label, pieces, lift = text.label, list[Piece](), 0.0
    for span, lower in zip(label.spans, lifted(label), strict=True):
        lift -= lower
        size = rounded(SMALL * label.size if span.level else label.size)
        style = TextStyle(_face(text, span), size, text.fill, lift)
        pieces += in_faces(span.text, replace(style, under=replace(style, face=MATH)) if span.barred else style, str)
    return Words(rounded(text.x), rounded(text.y), ANCHORS[text.anchor], tuple(pieces))


def _face(text: Text, span: Span) -> str:
    """The face of a span.

    Raises: UnknownLookError.
    """
    wanted = (
        span.face.partition(",")[0].strip("'"),
        600 if text.bold else 400,
        "italic" if text.italic or span.face == ITALIC else "normal",
    )
    face = next((face.name for face in FACES if (face.family, face.weight, face.style) == wanted), None)
    if face is None or MARK.search(span.text):
        raise UnknownLookError
    return face
