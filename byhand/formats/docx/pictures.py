"""Drawings as PNG, which every program shows: laid out by the press as on the page, and drawn by PDFium."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from byhand.formats.html.page import rendered
from byhand.page import picture
from byhand.page.page import Page
from byhand.page.parts import Sketch
from byhand.press import printed
from byhand.worksheet.views import View, shows_answers

DOTS = 300  # an inch
POINTS = 72  # an inch
MARGIN = 0.5  # mm round a drawing: lines on its edge have half of their width outside


class Drawn(Struct, frozen=True):
    """A drawing, laid out."""

    svg: Markup
    size: tuple[float, float]
    """In mm, with its margin."""


def drawings(page: Page, view: View, sketches: Sequence[Sketch], cache: bool) -> list[tuple[bytes, float]]:
    """The pictures of a page, each as PNG and with its width in mm."""
    laid = [_laid(each, view) for each in sketches]
    if not laid:
        return []
    import pypdfium2

    html = rendered(
        "drawings.html", "print", "a4", page.messages, title=page.document.title, drawings=laid, margin=MARGIN
    )
    with pypdfium2.PdfDocument(printed(html, cache)) as pdf:
        return [(_png(pdf[n]), each.size[0]) for n, each in enumerate(laid)]


def _laid(sketch: Sketch, view: View) -> Drawn:
    size = float(picture.whole_width(sketch.figure)), sketch.figure.picture.height
    drawn = picture.svg(sketch.figure, shows_answers(view), whole=True)
    return Drawn(Markup(drawn), (size[0] + 2 * MARGIN, size[1] + 2 * MARGIN))


def _png(page: Any) -> bytes:
    image = page.render(scale=DOTS / POINTS, grayscale=False).to_pil()
    image.save(content := io.BytesIO(), "PNG", optimize=True, dpi=(DOTS, DOTS))
    return content.getvalue()
