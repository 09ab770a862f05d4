"""Read our own SVG drawings, for the pen to draw: the shapes and texts that byhand/formats/html writes, all in mm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

from byhand.fonts import FACES
from byhand.notation.marks import MARK, mark_number
from byhand.pictures.labels import SANS
from byhand.press.pieces import Piece, TextStyle, UnknownLookError, in_faces
from byhand.press.stream import circle, rgb

_NUMBER = re.compile(r"-?[\d.]+")
_STEP = re.compile(r"([MLHVCQhvlzZ])([-\d. ]*)")
_ROUND = 4 * (2**0.5 - 1) / 3  # how long the Bézier handles of a round corner are, in radii
LAYERS_KEPT = 64  # for the other view of the same copies
_ANCHORS = {"start": 0.0, "middle": 0.5, "end": 1.0}


class Words(Struct, frozen=True):
    """A text of a drawing. x, y: where its baseline begins, or else its middle (anchor ½) or its end (anchor 1)."""

    x: float
    y: float
    anchor: float
    pieces: tuple[Piece, ...]


class Dot(Struct, frozen=True):
    """A dot with a slot for its radius. x, y: its centre."""

    slot: int
    x: float
    y: float
    colour: bytes


class Drawing(Struct, frozen=True):
    """A drawing. shapes: as PDF operators; texts: what is written over them."""

    shapes: bytes = b""
    texts: tuple[Words, ...] = ()
    dots: tuple[Dot, ...] = ()


NO_DRAWING = Drawing()


def drawing(svg: str) -> Drawing:
    """A drawing from its SVG.

    Raises: UnknownLookError where it has what no drawing of ours has; ParseError.
    """
    from xml.etree import ElementTree

    root = ElementTree.fromstring(svg)
    return _drawing(root, root.get("font-family", ""))


def layers(svg: str) -> tuple[Drawing, Drawing]:
    """The layers of a picture from its SVG: what is printed, and what the key adds.

    Raises: UnknownLookError; ParseError.
    """
    from xml.etree import ElementTree

    root = ElementTree.fromstring(svg)
    printed, *pen = (_drawing(layer, root.get("font-family", "")) for layer in root)
    return printed, pen[0] if pen else NO_DRAWING


@lru_cache(LAYERS_KEPT)
def layer(svg: str) -> Drawing:
    """One layer of a picture from the SVG in it.

    Raises: UnknownLookError; ParseError.
    """
    return drawing(f'<svg font-family="{SANS}">{svg}</svg>')


def _drawing(parent: Any, family: str) -> Drawing:
    """The shapes and texts in an element of SVG. family: the face of its texts.

    Raises: UnknownLookError.
    """
    shapes, texts, dots = list[bytes](), list[Words](), list[Dot]()
    for node in parent:
        match node.tag.rpartition("}")[2]:
            case "text":
                texts.append(_words(node, family))
            case "circle" if MARK.fullmatch(node.get("r", "")):
                centre = float(node.get("cx", "")), float(node.get("cy", ""))
                dots.append(Dot(mark_number(node.get("r", "")), *centre, b"%s rg" % rgb(node.get("fill", ""))))
            case kind if not texts:
                shapes += _shape(kind, dict(node.attrib))
            case _:
                raise UnknownLookError
    return Drawing(b"".join(shapes), tuple(texts), tuple(dots))


def _shape(kind: str, look: dict[str, str]) -> Iterator[bytes]:
    """A shape as PDF operators.

    Raises: UnknownLookError.
    """
    fill, stroke, width = look.pop("fill", "#000"), look.pop("stroke", "none"), float(look.pop("stroke-width", "1"))
    look.pop("class", None)  # which a page on a screen reads
    dashes = look.pop("stroke-dasharray", "")
    match kind, look:
        case "path", {"d": steps, **rest} if not rest:
            path = _path(steps)
        case "rect", {"x": x, "y": y, "width": across, "height": down, **rest} if not rest.keys() - {"rx"}:
            path = _rectangle(float(x), float(y), float(across), float(down), float(rest.get("rx", 0)))
        case "circle", {"cx": x, "cy": y, "r": radius, **rest} if not rest:
            path = circle(float(x), float(y), float(radius))
        case _:
            raise UnknownLookError
    if fill != "none":
        yield b"%s rg\n%sf\n" % (rgb(fill), path)
    if stroke != "none":
        drawn = b"%s RG\n%.3f w\n%sS\n" % (rgb(stroke), width, path)
        yield b"q\n[%s] 0 d\n%sQ\n" % (dashes.encode(), drawn) if dashes else drawn


def _rectangle(x: float, y: float, width: float, height: float, radius: float) -> bytes:
    """The path of a rectangle whose corners may be round."""
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


def _path(steps: str) -> bytes:
    """The path of an SVG as PDF operators.

    Raises: UnknownLookError.
    """
    written, x, y = list[bytes](), 0.0, 0.0
    if "".join(map("".join, _STEP.findall(steps))) != steps:
        raise UnknownLookError
    for step, numbers in _STEP.findall(steps):
        match step, list(map(float, _NUMBER.findall(numbers))):
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
            case "C", [*handles, to_x, to_y] if len(handles) == 4:
                x, y = to_x, to_y
                written.append(b"%.3f %.3f %.3f %.3f %.3f %.3f c\n" % (*handles, x, y))
                continue
            case "z" | "Z", []:
                written.append(b"h\n")
                continue
            case _:
                raise UnknownLookError
        written.append(b"%.3f %.3f %s\n" % (x, y, b"m" if step == "M" else b"l"))
    return b"".join(written)


def _words(node: Any, family: str) -> Words:
    """A text and the spans in it.

    Raises: UnknownLookError.
    """
    look = {"font-family": family, "font-weight": "400", "font-style": "normal", **node.attrib}
    pieces, lift = list(_pieces(node.text, look, 0.0)), 0.0
    for span in node:
        if span.tag.rpartition("}")[2] != "tspan" or len(span):
            raise UnknownLookError
        attributes = dict(span.attrib)
        lift -= float(attributes.pop("dy", 0))
        pieces += [*_pieces(span.text, look | attributes, lift), *_pieces(span.tail, look, lift)]
    return Words(float(look["x"]), float(look["y"]), _ANCHORS[look.get("text-anchor", "start")], tuple(pieces))


def _pieces(text: str | None, look: dict[str, str], lift: float) -> Iterator[Piece]:
    """The pieces of a text of a drawing.

    Raises: UnknownLookError.
    """
    if look.keys() - {"x", "y", "font-size", "fill", "text-anchor", "font-family", "font-weight", "font-style"}:
        raise UnknownLookError
    wanted = look["font-family"].partition(",")[0].strip("'"), int(look["font-weight"]), look["font-style"]
    face = next((face.name for face in FACES if (face.family, face.weight, face.style) == wanted), None)
    if face is None or MARK.search(text or ""):
        raise UnknownLookError
    return in_faces(text, TextStyle(face, float(look["font-size"]), look["fill"], lift), str)
