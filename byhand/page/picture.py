"""A picture of an idea: a layer that is printed, and on the key a layer in pen over it."""

from __future__ import annotations

from byhand.notation.marks import Html, Said, Svg, written
from byhand.page.grid import PAGE_WIDTH
from byhand.pictures.registry import Sketch
from byhand.pictures.shapes import Drawn, Graphic, mm
from byhand.worksheet.document import Picture


def said(figure: Picture, shown: bool) -> str:
    """What a picture shows, in words. shown: whether the key's layer is there."""
    return written(key_says if shown else worksheet_says, figure.sketch)


def worksheet_says(sketch: Sketch) -> Said:
    """What is said of a picture without the key's layer."""
    return Said(sketch.worksheet_says)


def key_says(sketch: Sketch) -> Said:
    """What is said of a picture with the key's layer."""
    return Said(sketch.key_says)


def printed(sketch: Sketch) -> Svg:
    """The layer that is printed."""
    return sketch.printed


def pen(sketch: Sketch) -> Svg:
    """The key's layer."""
    return sketch.pen


def width(sketch: Sketch, least: float) -> Html:
    """The width of what is drawn, in mm, also where it goes on in the margin of a page."""
    return Html(mm(max(least, min(sketch.reach, PAGE_WIDTH))))


WRITERS = (worksheet_says, key_says, printed, pen, width)  # what writes a text of a sketch


def graphic(figure: Picture, shown: bool, shared: bool = False) -> Graphic:
    """A picture as a drawing. shown: whether the key's layer is there. shared: whether a key shares the page."""

    def layer(text: str) -> Drawn:
        return text.shapes if isinstance(text, Svg) else text

    sketch, kind = figure.sketch, figure.picture
    return Graphic(
        kind.width, kind.height, said(figure, shown and not shared), layer(written(printed, sketch)),
        said(figure, True) if shared else "", layer(written(pen, sketch)) if shown else (),
        "picture",
    )  # fmt: skip


def svg(figure: Picture, shown: bool, whole: bool = False) -> str:
    """The SVG of a picture. shown: whether the key's layer is there.

    whole: whether it is as wide as what is drawn, also where that goes on in the margin of a page.
    """
    sketch, kind = figure.sketch, figure.picture
    layers = f"<g>{written(printed, sketch)}</g>"
    layers += f'<g class="for-key">{written(pen, sketch)}</g>' if shown else ""
    wide = whole_width(figure) if whole else ""
    return Graphic(kind.width, kind.height, said(figure, shown), (), name="picture").around(layers, wide)


def whole_width(figure: Picture) -> str:
    """The width of all that is drawn, in mm, also where it goes on in the margin of a page."""
    return written(width, figure.sketch, float(figure.picture.width))
