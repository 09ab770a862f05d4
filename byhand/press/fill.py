"""Fill the slots of a page that is laid out, for all copies at once.

What a line with slots looks like depends only on the texts in its slots, so it is written once for each combination
of texts that occurs. The page of a copy is made by joining such pieces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from math import fsum

from msgspec import Struct

from byhand.arithmetic.copies import Many, each
from byhand.notation.marks import Svg
from byhand.press.boxes import Line
from byhand.press.breaking import Paragraph, broken
from byhand.press.drawing import layer
from byhand.press.layout import DrawnSlot, Layout
from byhand.press.palette import Recolour, recolouring
from byhand.press.pen import Pen
from byhand.press.pieces import MM
from byhand.press.shape import ShapedText, alphabet, shape
from byhand.press.stream import circle, in_px, tagged, text_at
from byhand.worksheet.views import View

Write = Callable[..., "bytes | None"]
_BAR = re.compile(rb"M(\d+) (\d+)h(\d+)v1h-\d+z")
_SAME = 0.01  # px: widths that differ by less are the same
CODES_KEPT = 1024  # QR codes as PDF, for the next view of the same copies


def fill(layout: Layout, marks: Sequence[Many], view: View) -> Iterator[list[bytes | None]]:
    """The content streams of all copies: a list for each page, and a last one for what stands on every page.

    A copy whose texts do not fit on a page has None there.

    marks: for each mark, the texts that stand in its place, one a copy.
    """
    count, shown = len(marks[0].codes), ("", view)
    for page in _written(layout):
        parts = [each(write, *map(marks.__getitem__, slots)) for shown_in, write, slots in page if shown_in in shown]
        yield _put_together(parts, count)


def fill_one(layout: Layout, texts: Sequence[str], views: Iterable[View]) -> dict[View, list[bytes | None]]:
    """The content streams of a single copy in each of these views, as of `fill`.

    texts: for each mark, the text in its place.
    """
    pages = [
        [(shown_in, write(*map(texts.__getitem__, slots))) for shown_in, write, slots in page]
        for page in _written(layout)
    ]

    def joined(page: list[tuple[str, bytes | None]], view: View) -> bytes | None:
        parts = [part for shown_in, part in page if shown_in in ("", view)]
        fitting = [part for part in parts if part is not None]
        return in_px(*fitting) if len(fitting) == len(parts) else None

    return {view: [joined(page, view) for page in pages] for view in views}


def _written(layout: Layout) -> Iterator[list[tuple[str, Write, list[int]]]]:
    """What is written on each page, and last on every page: the only view that shows it, "" for both; a function; and
    the slots whose texts it writes.
    """
    writer = _writer(layout)
    for page in layout.pages:
        blocks = ((block.view, partial(writer.write, block), _slots(block)) for block in page.blocks)
        yield [*blocks, *_drawn_by(writer, page.spots)]
    yield [*_drawn_by(writer, layout.everywhere)]


def _slots(block: Line | Paragraph) -> list[int]:
    return [run.slot for run in block.runs if run.slot is not None]


def _drawn_by(writer: _Blocks, spots: Iterable[DrawnSlot]) -> Iterator[tuple[str, Write, list[int]]]:
    return ((spot.view, partial(writer.draw, spot), [spot.slot]) for spot in spots)


def without_room(layout: Layout, texts: Sequence[str], view: View) -> set[int]:
    """The slots of the lines and paragraphs in which these texts, by slots, have no room."""
    writer, shown = _writer(layout), ("", view)
    full = set[int]()
    for block in (block for page in layout.pages for block in page.blocks if block.view in shown):
        if writer.write(block, *map(texts.__getitem__, _slots(block))) is None:
            full.update(_slots(block))
    return full


def _writer(layout: Layout) -> _Blocks:
    glyphs = {font: set(alphabet(layout.faces[font], letters)) for font, letters in layout.letters.items()}
    return _Blocks(layout.faces, glyphs, recolouring(layout.colours))


def _put_together(parts: Sequence[Many], count: int) -> list[bytes | None]:
    """Each copy's parts as one content stream."""
    columns = [part.tolist() for part in parts]
    copies = zip(*columns, strict=True) if columns else ((),) * count
    return [None if None in copy else in_px(*copy) for copy in copies]


class _Blocks(Struct, frozen=True):
    """Writes blocks with texts in their slots."""

    faces: dict[str, str]
    """The file of each font."""
    glyphs: dict[str, set[int]]
    """For each font, the glyphs that its slots may use."""
    recolour: Recolour
    """Writes in the colours of the page's look."""

    def write(self, block: Line | Paragraph, *texts: str) -> bytes | None:
        """The PDF operators of a block with these texts in its slots; None where they do not fit."""
        fonts = [run.font for run in block.runs if run.slot is not None]
        shapes = [shape(self.faces[font], text) for font, text in zip(fonts, texts, strict=True)]
        if not all(new.glyphs <= self.glyphs[font] for font, new in zip(fonts, shapes, strict=True)):
            return None
        written = self.line(block, shapes) if isinstance(block, Line) else self.paragraph(block, texts)
        return None if written is None else self.recolour(b"".join(written))

    def draw(self, spot: DrawnSlot, text: str) -> bytes | None:
        """The PDF operators of a drawing; None for a picture with letters that the page's fonts lack."""
        drawn = self.picture(spot, text) if isinstance(text, Svg) else _drawn(spot, text)
        return None if drawn is None else self.recolour(drawn)

    def picture(self, spot: DrawnSlot, svg: Svg) -> bytes | None:
        """The PDF operators of one layer of a picture; None where it has letters that the page's fonts lack."""
        drawn = layer(svg)
        fonts = {face: font for font, face in self.faces.items()}
        for words in drawn.texts:
            for piece in words.pieces:
                font_name = fonts.get(piece.style.face)
                if font_name is None or not shape(piece.style.face, piece.text).glyphs <= self.glyphs.get(
                    font_name, set()
                ):
                    return None
        operators = Pen(fonts, 0).drawing(drawn, spot.x, spot.y, spot.unit / MM, spot.turned)
        return b"%s\nq\n%sQ\nEMC\n" % (spot.tag, operators)

    def line(self, line: Line, slots: Sequence[ShapedText]) -> list[bytes] | None:
        """The runs of a line, each moved by what those before it have become longer."""
        each = iter(slots)
        shapes = [None if run.slot is None else next(each) for run in line.runs]
        changes = [
            new.width * run.size / 1000 - old if new else 0.0
            for run, new, old in zip(line.runs, shapes, line.widths, strict=True)
        ]
        within = -max(line.less, 0.0) - _SAME < fsum(changes) < max(line.spare, 0.0) + _SAME
        if any(abs(change) > _SAME for change in changes) if line.rigid else not within:
            return None
        moved, written = line.moved(fsum(changes)), []
        for run, new, change in zip(line.runs, shapes, changes, strict=True):
            written.append(tagged(run, text_at(run, run.x + moved, run.y, new.shown if new else run.shown)))
            moved += change
        return written

    def paragraph(self, paragraph: Paragraph, texts: Sequence[str]) -> list[bytes] | None:
        """The runs of a paragraph, whose words are broken into lines anew."""
        pieces = broken(paragraph, texts, self.faces)
        if pieces is None:
            return None
        shown: list[list[bytes]] = [[] for _ in paragraph.runs]
        for piece in pieces:
            run, y = paragraph.runs[piece.run], paragraph.rows[piece.row][1] + paragraph.lifts[piece.run]
            shown[piece.run].append(text_at(run, piece.x, y, shape(self.faces[run.font], piece.text).shown))
        return [tagged(run, *texts) for run, texts in zip(paragraph.runs, shown, strict=True)]


def _drawn(spot: DrawnSlot, text: str) -> bytes:
    """The PDF operators of a dot, given its radius, or of a QR code, given its path."""
    if text == "0":
        return b""
    shape = _squares(text) if text.startswith("M") else circle(0.0, 0.0, float(text))
    place = b"%.6f 0 0 %.6f %.6f %.6f cm" % (spot.unit, spot.unit, spot.x, spot.y)
    return b"/Artifact BMC\nq\n%s\n%s\n%sf\nQ\nEMC\n" % (place, spot.colour, shape)


@lru_cache(CODES_KEPT)
def _squares(path: str) -> bytes:
    """The rectangles of an SVG path of bars, such as M0 0h7v1h-7z."""
    return b"".join(b"%s %s %s 1 re\n" % bar for bar in _BAR.findall(path.encode()))
