"""Copies of a page that is laid out: the numbers of each at their places, for all copies at once.

What a line with slots looks like depends on its texts alone, so it is written once for each that occurs, and a copy
is made by joining pieces.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from byhand.arithmetic.copies import Many, each
from byhand.classroom.printing.boxes import Line
from byhand.classroom.printing.breaking import Paragraph, broken
from byhand.classroom.printing.shape import Shape, alphabet, shape
from byhand.classroom.printing.slots import Laid, Spot
from byhand.classroom.printing.stream import Run, number

_BAR = re.compile(rb"M(\d+) (\d+)h(\d+)v1h-\d+z")
_HANDLE = 1 / math.sqrt(math.pi)  # of a quarter of a circle of radius 1, as WeasyPrint draws it
_SAME = 0.01  # px
CODES = 1024  # that are kept for the next view of the same copies
_BEGIN, _END = b"q\n0.75 0 0 0.75 0 0 cm\n", b"Q\n"


def fill(laid: Laid, marks: Sequence[Many]) -> Iterator[list[bytes | None]]:
    """For each page, and at last for all of them, what each copy has over the background; None where it does not fit.

    marks: the texts that stand in place of each mark, copy by copy.
    """
    pen = _Pen(laid.faces, {font: set(alphabet(laid.faces[font], letters)) for font, letters in laid.letters.items()})
    count = len(marks[0].codes)
    for page in laid.pages:
        parts = [
            each(partial(pen.write, block), *(marks[run.slot] for run in block.runs if run.slot is not None))
            for block in page.blocks
        ]
        yield _put_together(parts + _drawings(page.spots, marks), count)
    yield _put_together(_drawings(laid.everywhere, marks), count)


def _drawings(spots: Sequence[Spot], marks: Sequence[Many]) -> list[Many]:
    return [each(partial(_drawn, spot), marks[spot.slot]) for spot in spots]


def _put_together(parts: Sequence[Many], count: int) -> list[bytes | None]:
    """Each copy's parts as one content stream."""
    columns = [part.tolist() for part in parts]
    copies = zip(*columns, strict=True) if columns else ((),) * count
    return [None if None in copy else b"".join([_BEGIN, *copy, _END]) for copy in copies]


@dataclass(frozen=True)
class _Pen:
    """What writes a block: the faces of a layout, and the glyphs that slots may use."""

    faces: dict[str, str]
    glyphs: dict[str, set[int]]

    def write(self, block: Line | Paragraph, *texts: str) -> bytes | None:
        """The block with these texts in its slots; None where they do not fit."""
        fonts = [run.font for run in block.runs if run.slot is not None]
        shapes = [shape(self.faces[font], text) for font, text in zip(fonts, texts, strict=True)]
        if not all(new.glyphs <= self.glyphs[font] for font, new in zip(fonts, shapes, strict=True)):
            return None
        written = self.line(block, shapes) if isinstance(block, Line) else self.paragraph(block, texts)
        return None if written is None else b"".join(written)

    def line(self, line: Line, slots: Sequence[Shape]) -> list[bytes] | None:
        """The runs of a line, moved."""
        each = iter(slots)
        shapes = [None if run.slot is None else next(each) for run in line.runs]
        changes = [
            new.width * run.size / 1000 - old if new else 0.0
            for run, new, old in zip(line.runs, shapes, line.widths, strict=True)
        ]
        if sum(changes) > line.spare + _SAME or (line.spare < 0 and any(abs(change) > _SAME for change in changes)):
            return None
        moved, written = -line.anchor * sum(changes), []
        for run, new, change in zip(line.runs, shapes, changes, strict=True):
            written.append(_tagged(run, _text(run, run.x + moved, run.y, new.shown if new else run.shown)))
            moved += change
        return written

    def paragraph(self, paragraph: Paragraph, texts: Sequence[str]) -> list[bytes] | None:
        """The runs of a paragraph, each on the lines where its words now stand."""
        pieces = broken(paragraph, texts, self.faces)
        if pieces is None:
            return None
        shown: list[list[bytes]] = [[] for _ in paragraph.runs]
        for piece in pieces:
            run, y = paragraph.runs[piece.run], paragraph.rows[piece.row][1] + paragraph.lifts[piece.run]
            shown[piece.run].append(_text(run, piece.x, y, shape(self.faces[run.font], piece.text).shown))
        return [_tagged(run, *texts) for run, texts in zip(paragraph.runs, shown, strict=True)]


def _text(run: Run, x: float, y: float, shown: bytes) -> bytes:
    return b"BT\n1 0 0 -1 %.3f %.3f Tm\n/%s %s Tf\n%s\nET\n" % (
        x, y, run.font.encode(), number(run.size).encode(), shown,
    )  # fmt: skip


def _tagged(run: Run, *texts: bytes) -> bytes:
    return b"%s\n%s\n%sEMC\n" % (run.tag, run.colour, b"".join(texts))


def _drawn(spot: Spot, text: str) -> bytes:
    """A dot, or the squares of a code."""
    shape = _squares(text) if text.startswith("M") else _circle(float(text))
    place = b"%.6f 0 0 %.6f %.6f %.6f cm" % (spot.unit, spot.unit, spot.x, spot.y)
    return b"/Artifact BMC\nq\n%s\n%s\n%sf\nQ\nEMC\n" % (place, spot.colour, shape)


@lru_cache(CODES)
def _squares(path: str) -> bytes:
    """An SVG path of bars: M0 0h7v1h-7z."""
    return b"".join(b"%s %s %s 1 re\n" % bar for bar in _BAR.findall(path.encode()))


def _circle(r: float) -> bytes:
    """Four curves round the origin."""
    h = _HANDLE * r
    quarters = [(r, h, h, r, 0, r), (-h, r, -r, h, -r, 0), (-r, -h, -h, -r, 0, -r), (h, -r, r, -h, r, 0)]
    return b"%.6f 0 m\n" % r + b"".join(b"%.6f %.6f %.6f %.6f %.6f %.6f c\n" % quarter for quarter in quarters)
