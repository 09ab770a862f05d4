"""The content stream of a page: its runs of text, and PDF operators that write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

_HANDLE = 1 / math.sqrt(math.pi)  # length of the Bézier handles of a quarter of the unit circle, as in WeasyPrint
_GLYPHS = re.compile(rb"<([0-9a-f]+)>")
Cuts = list[tuple[int, int]]


class TextRun(Struct, frozen=True):
    """A piece of text in one font, size and colour; its place in px from the page's upper left corner."""

    tag: bytes
    colour: bytes
    x: float
    y: float
    font: str
    size: float
    shown: bytes
    slot: int | None
    """The mark in whose slot it is."""


def glyphs(shown: bytes) -> bytes:
    """The glyphs of a shown text, without the distances between them."""
    return b"".join(_GLYPHS.findall(shown))


def text_at(run: TextRun, x: float, y: float, shown: bytes) -> bytes:
    """The PDF operators of a text in the face and size of a run."""
    return b"BT\n1 0 0 -1 %.3f %.3f Tm\n/%s %s Tf\n%s\nET\n" % (
        x, y, run.font.encode(), number(run.size).encode(), shown,
    )  # fmt: skip


def tagged(run: TextRun, *texts: bytes) -> bytes:
    """The PDF operators of texts that are read as a run."""
    return b"%s\n%s\n%sEMC\n" % (run.tag, run.colour, b"".join(texts))


def in_px(*parts: bytes) -> bytes:
    """PDF operators whose unit is px, after those of a page."""
    return b"".join((b"\nq\n0.75 0 0 0.75 0 0 cm\n", *parts, b"Q\n"))


def replaced(stream: bytes, parts: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The stream with others in place of these parts."""
    kept, at = [], 0
    for start, end, other in sorted(parts):
        kept += [stream[at:start], other]
        at = end
    return compact(b"".join([*kept, stream[at:]]))


def circle(x: float, y: float, r: float) -> bytes:
    """The path of a circle, as four Bézier curves."""
    h = _HANDLE * r
    quarters = [(r, h, h, r, 0, r), (-h, r, -r, h, -r, 0), (-r, -h, -h, -r, 0, -r), (h, -r, r, -h, r, 0)]
    curves = (
        b"%.6f %.6f %.6f %.6f %.6f %.6f c\n" % tuple(map(sum, zip(q, (x, y) * 3, strict=True))) for q in quarters
    )
    return b"%.6f %.6f m\n" % (x + r, y) + b"".join(curves)


@lru_cache(100)
def rgb(colour: str) -> bytes:
    """A colour such as #1c3f94 or #ccc as PDF's three numbers."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    return b"%.6f %.6f %.6f" % tuple(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))


def place(x: float, y: float) -> tuple[str, str]:
    """A place as the stream writes it."""
    return number(x), number(y)


def number(x: float) -> str:
    """A number as the stream writes it."""
    return f"{x:f}".rstrip("0").rstrip(".")


def compact(stream: bytes) -> bytes:
    """Without distances of 0 between glyphs."""
    return stream.replace(b">0<", b"").replace(b">0]", b">]")
