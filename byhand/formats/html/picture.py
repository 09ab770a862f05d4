"""A picture of an idea as SVG: a layer that is printed, and on the key a layer in pen over it."""

from __future__ import annotations

import re
from html import escape

from byhand.arithmetic.copies import written
from byhand.formats.fonts import FACES, Face, font_face_css
from byhand.formats.html.grid import PAGE_WIDTH
from byhand.pictures.labels import SANS, mm
from byhand.worksheet.document import Picture

KEY_SAYS = "data-key"  # the attribute for the alternative text of the key, on a page that is worksheet and key
PRINTED, PEN = "<g>", '<g class="for-key">'  # what each layer begins with
_FACE = re.compile(r"'(byhand [^']+)'")


def said(figure: Picture, shown: bool) -> str:
    """What a picture shows, in words. shown: whether the key's layer is there."""
    name = "key_says" if shown else "worksheet_says"
    return str(written(lambda sketch: getattr(sketch, name), figure.sketch))


def svg(figure: Picture, shown: bool, shared: bool, whole: bool = False) -> str:
    """The SVG of a picture.

    shown: whether the key's layer is there. shared: whether the page is worksheet and key. whole: whether it is as
    wide as what is drawn, also where that goes on in the margin of a page.
    """
    sketch, kind = figure.sketch, figure.picture
    printed, pen, worksheet, key = (
        written(lambda each, name=name: getattr(each, name), sketch)
        for name in ("printed", "pen", "worksheet_says", "key_says")
    )
    said = f'aria-label="{escape(key if shown and not shared else worksheet)}"'
    said += f' {KEY_SAYS}="{escape(key)}"' if shared else ""
    width = mm(kind.width)
    if whole:
        width = written(lambda each: mm(max(kind.width, min(each.reach, PAGE_WIDTH))), sketch)
    layers = f"{PRINTED}{printed}</g>" + (f"{PEN}{pen}</g>" if shown else "")
    return (
        f'<svg class="picture" xmlns="http://www.w3.org/2000/svg" width="{width}mm" '
        f'height="{mm(kind.height)}mm" viewBox="0 0 {width} {mm(kind.height)}" role="img" {said} '
        f'font-family="{SANS}">{layers}</svg>'
    )


def alone(svg: str) -> bytes:
    """A drawing as a file by itself, with the fonts that it uses."""
    families, bold = {*_FACE.findall(svg)}, 'font-weight="600"' in svg

    def is_used(face: Face) -> bool:
        upright = face.family != "byhand Sans" or face.style == "normal"
        return face.family in families and upright and (face.weight == 400 or bold)

    fonts = font_face_css(lambda face: face.data_url, filter(is_used, FACES))
    begin = svg.index(">") + 1
    return f"{svg[:begin]}<style>{fonts}</style>{svg[begin:]}".encode()
