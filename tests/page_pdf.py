"""Printed pages as another program sees them: PDFium draws them and reads their text."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
import pikepdf
import pypdfium2

from byhand.formats.html.page import Pages
from byhand.page.printed import PLACE, Figure, PrintedFigure, PrintPage
from byhand.press.layout import copy_page, lay_out_copy
from byhand.press.template import copy_pdf, template
from byhand.worksheet.views import View


def laid_out_alone(page: PrintPage, texts: Callable[[int], str], view: str) -> bytes:
    """A page with slots that is laid out with the texts of one copy, in one view."""
    own = copy_page(page, texts)
    laid = lay_out_copy(own, lambda: own.html)
    return copy_pdf(template(laid, view), [zlib.compress(b"")] * (len(laid.pages) + 1), "")


def without_pictures(pages: Pages, view: View) -> tuple[PrintPage, str]:
    """A page without map and pictures, in which WeasyPrint sets letters otherwise than the pen; and it as HTML alone."""
    page, svg = pages.printed(view), re.compile("<svg class=.*?</svg>", re.DOTALL)
    html, tables = page.html, list[Figure]()
    for number, figure in enumerate(page.drawn()):
        place = re.search(f"<svg [^<]*<title>{PLACE}({number})</title></svg>", html)
        is_table = isinstance(figure, PrintedFigure)
        html = html.replace(place[0], place[0].replace(place[1] + "<", f"{len(tables)}<") if is_table else "")
        tables += [figure] * is_table
    return PrintPage.of(html, tables), svg.sub("", pages.html(view, "print"))


def with_another_glyph(source: Path | IO[bytes], target: Path) -> None:
    """Write a PDF in which the first glyph on page 2 is another one of that page."""
    with pikepdf.open(source) as pdf:
        page = pdf.pages[1]
        page.contents_coalesce()
        drawn = page.Contents.read_bytes()
        one, *others = re.findall(rb"<([0-9a-f]{4})>", drawn)
        other = next(glyph for glyph in others if glyph != one)
        page.Contents.write(drawn.replace(b"<" + one + b">", b"<" + other + b">", 1))
        pdf.save(target)


def pictures(pdf: bytes, dpi: int = 150) -> list[np.ndarray]:
    """Each page in greys."""
    pages, document = [], pypdfium2.PdfDocument(pdf)
    document.init_forms()  # what is filled in is drawn, too
    for page in document:
        picture = page.render(scale=dpi / 72, grayscale=True)  # the array is no longer than the picture
        pages.append(picture.to_numpy().reshape(picture.height, -1)[:, : picture.width].astype(int))
    return pages


def different(one: bytes, other: bytes) -> float:
    """The share of pixels in which two files differ, pages and sizes being the same."""
    pairs = list(zip(pictures(one), pictures(other), strict=True))
    return sum(np.count_nonzero(a != b) for a, b in pairs) / sum(a.size for a, _ in pairs)


def same_text(one: bytes, other: bytes, points: float = 0.15) -> bool:
    """Whether two files have the same pages, and on each the same characters at the same places."""
    pages = list(zip(characters(one), characters(other), strict=True))
    return all(a.keys() == b.keys() and all(_same_places(a[c], b[c], points) for c in a) for a, b in pages)


def characters(pdf: bytes) -> list[dict[str, np.ndarray]]:
    """Each page's characters and where each of them stands, in points."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        text, places = page.get_textpage(), {}
        for i in range(text.count_chars()):
            character = text.get_text_range(i, 1)
            if character.strip():
                places.setdefault(character, []).append(text.get_charbox(i, loose=True)[:2])
        found.append({character: np.array(at) for character, at in places.items()})
    return found


def _same_places(a: np.ndarray, b: np.ndarray, points: float) -> bool:
    return len(a) == len(b) and bool((np.abs(a[:, None] - b[None]).max(axis=2).min(axis=1) < points).all())
