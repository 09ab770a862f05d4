"""A picture of an idea: a layer that is printed, and on the key a layer in pen over it."""

from __future__ import annotations

from msgspec.structs import replace

from byhand.notation.marks import Html, Said, Svg, written
from byhand.page.measures import PRINT
from byhand.pictures.canvas import GREY, GRID, INK, PALE
from byhand.pictures.registry import Sketch
from byhand.pictures.shapes import Drawn, Graphic, Shape, Text, mm
from byhand.pictures.shapes import svg as svg_of
from byhand.worksheet.document import Picture

STRONG = {GREY: INK, "#777777": INK, PALE: GREY, GRID: PALE}  # what colours of words and lines are in large print


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
    return Html(mm(max(least, min(sketch.reach, PRINT.page[0]))))


def strong(sketch: Sketch) -> Svg:
    """The layer that is printed, as large print has it."""
    return svg_of(map(_strong, sketch.printed.shapes))


def _strong(shape: Shape) -> Shape:
    """A shape without pale lines and grey words."""
    if isinstance(shape, Text):
        return replace(shape, fill=STRONG.get(shape.fill, shape.fill))
    stroke = STRONG.get(shape.look.stroke, shape.look.stroke)
    return replace(shape, look=replace(shape.look, stroke=stroke))


WRITERS = (worksheet_says, key_says, printed, strong, pen, width)  # what writes a text of a sketch


def graphic(figure: Picture, shown: bool, shared: bool = False, scale: float = 1.0, large: bool = False) -> Graphic:
    """A picture as a drawing. shown: whether the key's layer is there. shared: whether a key shares the page.

    scale: as of a Graphic. large: whether in large print, in which it is turned.
    """

    def layer(text: str) -> Drawn:
        return text.shapes if isinstance(text, Svg) else text

    sketch, kind = figure.sketch, figure.picture
    return Graphic(
        kind.width, kind.height, said(figure, shown and not shared),
        layer(written(strong if large else printed, sketch)),
        said(figure, True) if shared else "", layer(written(pen, sketch)) if shown else (),
        "picture", scale, large,
    )  # fmt: skip


def svg(
    figure: Picture, shown: bool, whole: bool = False, scale: float = 1.0, large: bool = False, turned: bool = False
) -> str:
    """The SVG of a picture. shown: whether the key's layer is there. scale, turned: as of a Graphic.

    large: whether in large print.

    whole: whether it is as wide as what is drawn, also where that goes on in the margin of a page.
    """
    sketch, kind = figure.sketch, figure.picture
    layers = f"<g>{written(strong if large else printed, sketch)}</g>"
    layers += f'<g class="for-key">{written(pen, sketch)}</g>' if shown else ""
    wide = whole_width(figure) if whole else ""
    return Graphic(
        kind.width, kind.height, said(figure, shown), (), name="picture", scale=scale, turned=turned
    ).around(layers, wide)


def whole_width(figure: Picture) -> str:
    """The width of all that is drawn, in mm, also where it goes on in the margin of a page."""
    return written(width, figure.sketch, float(figure.picture.width))
