"""A picture of an idea as SVG: a layer that is printed, and on the key a layer in pen over it."""

from __future__ import annotations

from html import escape

from byhand.notation.marks import Html, Said, Svg, written
from byhand.page.grid import PAGE_WIDTH
from byhand.pictures.labels import SANS
from byhand.pictures.registry import Sketch
from byhand.pictures.shapes import mm
from byhand.worksheet.document import Picture

KEY_SAYS = "data-key"  # the attribute for the alternative text of the key, on a page that is worksheet and key
PRINTED, PEN = "<g>", '<g class="for-key">'  # what each layer begins with


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


def svg(figure: Picture, shown: bool, shared: bool, whole: bool = False) -> str:
    """The SVG of a picture.

    shown: whether the key's layer is there. shared: whether the page is worksheet and key. whole: whether it is as
    wide as what is drawn, also where that goes on in the margin of a page.
    """
    sketch, kind = figure.sketch, figure.picture
    label = f'aria-label="{escape(said(figure, shown and not shared))}"'
    label += f' {KEY_SAYS}="{escape(said(figure, True))}"' if shared else ""
    wide = written(width, sketch, float(kind.width)) if whole else mm(kind.width)
    layers = f"{PRINTED}{written(printed, sketch)}</g>" + (f"{PEN}{written(pen, sketch)}</g>" if shown else "")
    return (
        f'<svg class="picture" xmlns="http://www.w3.org/2000/svg" width="{wide}mm" '
        f'height="{mm(kind.height)}mm" viewBox="0 0 {wide} {mm(kind.height)}" role="img" {label} '
        f'font-family="{SANS}">{layers}</svg>'
    )
