"""The marks in the corners of a page that is to come back: by them a scan is straightened, and its page is known.

Each is a DataMatrix code of 16 digits: the corner, the page and the copy. They stand in the side margins, clear of
what a printer leaves white (4.2 mm), of a staple in an upper corner, and of the holes of a folder.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import lru_cache

from isal import isal_zlib as zlib

from byhand.errors import ExtraError, OutputError
from byhand.extras import install_command, is_installed

MARK_SIDE = 8.0  # mm: of a mark
FROM_EDGE, FROM_TOP = 5.0, 38.0  # mm: from a mark to the nearest edge; from the upper ones to the top
CODE_DIGITS = 13  # of what tells copies apart
MOST_PAGES = 99
POINTS = 72 / 25.4  # in a mm


def check_scannable() -> None:
    """Check that marks can be drawn.

    Raises: ExtraError.
    """
    if not is_installed("zxing-cpp"):
        raise ExtraError(f"the marks of pages that come back are drawn by zxing-cpp; {install_command('scan')}")


def corners(width: float, height: float) -> tuple[tuple[float, float], ...]:
    """The upper left corners of the four marks of a page, from its own upper left corner, all in mm."""
    right, bottom = width - FROM_EDGE - MARK_SIDE, height - FROM_EDGE - MARK_SIDE
    return (FROM_EDGE, FROM_TOP), (right, FROM_TOP), (FROM_EDGE, bottom), (right, bottom)


def text_of(corner: int, page: int, code: str) -> str:
    """What a mark says. corner: 0 to 3, in the order of `corners`. page: from 1."""
    return f"{corner}{page:02}{code}"


def said_by(text: str) -> tuple[int, int, str] | None:
    """The corner, the page and the code that a mark says; None for a text that is none of ours."""
    if len(text) != 3 + CODE_DIGITS or not (text.isascii() and text.isdecimal()) or text[0] > "3":
        return None
    return int(text[0]), int(text[1:3]), text[3:]


def with_marks(contents: Sequence[bytes], code: str, size: tuple[float, float]) -> tuple[bytes, ...]:
    """The compressed content streams of a copy, as of `copy_pdf`, with the marks of its pages.

    size: the width and the height of a page in mm.

    Raises: as `marks`.
    """
    *pages, everywhere = contents
    drawn = (zlib.decompress(page) + marks(code, at, size) for at, page in enumerate(pages, 1))
    return *map(zlib.compress, drawn), everywhere


def marked(pdf: bytes, code: str) -> bytes:
    """A PDF with the marks of its pages. code: as of `text_of`.

    Raises: as `marks`.
    """
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as file:
        for at, page in enumerate(file.pages, 1):
            width, height = (float(edge) for edge in page.MediaBox[2:])
            drawn = marks(code, at, (width / POINTS, height / POINTS))
            page.contents_add(b"q", prepend=True)
            page.contents_add(b"Q\nq 1 0 0 -1 0 %.3f cm\n%sQ" % (height, drawn))
        file.save(out := io.BytesIO(), object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return out.getvalue()


def marks(code: str, page: int, size: tuple[float, float]) -> bytes:
    """The PDF operators of a page's four marks, which are not read aloud: in points, downwards from the upper edge.

    Parameters as of `text_of` and `with_marks`.

    Raises: OutputError beyond page 99.
    """
    if page > MOST_PAGES:
        raise OutputError(f"a page that comes back has a number up to {MOST_PAGES}; leave out --scan, or some sheets")
    drawn = (_mark(text_of(corner, page, code), x, y) for corner, (x, y) in enumerate(corners(*size)))
    return b"\n/Artifact BMC\nq\n0 g\n%sf\nQ\nEMC\n" % b"".join(drawn)


def _mark(text: str, left: float, top: float) -> bytes:
    """The dark squares of a mark, as rectangles. left, top: in mm from the upper left corner of the page."""
    modules = _modules(text)
    unit = MARK_SIDE / len(modules)
    return b"".join(
        b"%.3f %.3f %.3f %.3f re\n" % ((left + unit * start) * POINTS, (top + unit * row) * POINTS,
                                       unit * (end - start) * POINTS, unit * POINTS)
        for row, line in enumerate(modules) for start, end in _runs(line)
    )  # fmt: skip


@lru_cache(1024)  # a copy's worksheet is written three times: alone, for the printer, and as a form
def _modules(text: str) -> tuple[bytes, ...]:
    """The rows of a code; 0 is dark, as in a picture."""
    import zxingcpp

    picture = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix).to_image(
        scale=1, add_quiet_zones=False
    )
    return tuple(bytes(row) for row in memoryview(picture).tolist())


def _runs(line: bytes) -> Iterator[tuple[int, int]]:
    """Where the dark runs of a row begin and end."""
    start = None
    for at, module in enumerate((*line, 255)):
        if module == 0 and start is None:
            start = at
        elif module and start is not None:
            yield start, at
            start = None
