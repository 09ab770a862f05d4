"""The marks of pages that come back: read by another program than the one that draws, where they are said to be."""

from __future__ import annotations

import io

import pikepdf
import pypdfium2
import pytest
import zxingcpp

from byhand.errors import OutputError
from byhand.press import MARK_SIDE, corners, marked, said_by

CODE, DPI = "0123456789012", 150
A4, LETTER = (210.0, 297.0), (215.9, 279.4)


def blank(size, pages=1):
    file = pikepdf.new()
    for _ in range(pages):
        file.add_blank_page(page_size=tuple(side * 72 / 25.4 for side in size))
    file.save(out := io.BytesIO())
    return out.getvalue()


def read(pdf, page):
    picture = pypdfium2.PdfDocument(pdf)[page].render(scale=DPI / 72, grayscale=True).to_pil()
    return {
        said_by(code.text): [
            (corner.x * 25.4 / DPI, corner.y * 25.4 / DPI)
            for corner in (code.position.top_left, code.position.bottom_right)
        ]
        for code in zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.DataMatrix)
    }


@pytest.mark.parametrize("size", [A4, LETTER])
def test_each_corner_says_its_place_its_page_and_the_copy(size):
    pdf = marked(blank(size, 2), CODE)
    for page in range(2):
        found = read(pdf, page)
        assert found.keys() == {(corner, page + 1, CODE) for corner in range(4)}
        for (corner, _, _), (first, last) in found.items():
            x, y = corners(*size)[corner]
            assert first == pytest.approx((x, y), abs=0.2)
            assert last == pytest.approx((x + MARK_SIDE, y + MARK_SIDE), abs=0.2)


@pytest.mark.parametrize("size", [A4, LETTER])
def test_marks_are_clear_of_printers_staples_and_holes(size):
    """The holes of a folder are 12 mm from the edge: four 80 mm apart (ISO 838), or in America three 4¼ inches apart."""
    width, height = size
    apart = (-120, -40, 40, 120) if size == A4 else (-107.95, 0, 107.95)
    holes = [height / 2 + each for each in apart]
    for x, y in corners(*size):
        assert min(x, y, width - x - MARK_SIDE, height - y - MARK_SIDE) >= 4.2
        assert y > 35, "a staple stands in an upper corner"
        assert all(hole + 4 < y or hole - 4 > y + MARK_SIDE for hole in holes)


def test_a_page_beyond_the_99th_is_refused():
    with pytest.raises(OutputError, match=r"^a page that comes back has a number up to 99; leave out --scan"):
        marked(blank(A4, 100), CODE)


@pytest.mark.parametrize(
    "text", ["", "4010123456789012", "001012345678901", "００１0123456789012", "0 10123456789012"]
)
def test_other_codes_are_none_of_ours(text):
    assert said_by(text) is None
