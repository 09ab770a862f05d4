"""Printed pages as another program sees them: PDFium draws them and reads their text."""

from __future__ import annotations

import numpy as np
import pypdfium2


def pictures(pdf: bytes, dpi: int = 150) -> list[np.ndarray]:
    """Each page in greys."""
    pages = []
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=dpi / 72, grayscale=True)  # the array is no longer than the picture
        pages.append(picture.to_numpy().reshape(picture.height, -1)[:, : picture.width].astype(int))
    return pages


def different(one: bytes, other: bytes) -> float:
    """The share of pixels in which two files differ, pages and sizes being the same."""
    pairs = list(zip(pictures(one), pictures(other), strict=True))
    return sum(np.count_nonzero(a != b) for a, b in pairs) / sum(a.size for a, _ in pairs)


def placed_text(pdf: bytes) -> list[list[tuple[float, float, str]]]:
    """Each page's characters and where they stand, from top to bottom and left to right."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        marks = [(text.get_charbox(i, loose=True), text.get_text_range(i, 1)) for i in range(text.count_chars())]
        found.append(sorted((round(-box[1]), round(box[0], 1), c) for box, c in marks if c.strip()))
    return found
