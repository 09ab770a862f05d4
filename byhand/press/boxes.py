"""Read the blocks of a page that have slots from its boxes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from byhand.errors import SheetError
from byhand.press.breaking import CLOSE, Paragraph, Piece, Word, broken
from byhand.press.inner import Box
from byhand.press.shape import shape
from byhand.press.stream import TextRun, glyphs, place


class Line(Struct, frozen=True, tag=True):
    """Runs of text that stay on one line and move together."""

    runs: tuple[TextRun, ...]
    widths: tuple[float, ...]
    """The width of each run, as laid out."""
    anchor: float
    """0 where the line is aligned to the left, ½ where it is centred, 1 where it is aligned to the right."""
    spare: float
    """By how many px the line may become longer; below 0 where it is longer than its room already."""
    less: float = float("inf")
    """By how many px the line may become shorter."""
    rigid: bool = False
    """Whether no width may change."""
    view: str = ""
    """The only view that shows it; "" for both."""

    def moved(self, change: float) -> float:
        """By how many px the line begins further right if it becomes so much longer. As long as it is longer than its
        room, it begins where that begins.
        """
        return -self.anchor * (change if self.spare >= 0 else min(change - self.spare, 0.0))


def rows_of(box: Box) -> list[Box]:
    """The lines of a block."""
    return [child for child in box.children if child.kind == "line"]


def _pieces(line: Box) -> Iterator[Box]:
    """The pieces of a line from left to right: texts, forced breaks, and boxes that are no text."""
    for child in line.children:
        if child.kind == "inline" and child.tag != "br" and not child.in_frame:
            yield from _pieces(child)
        elif child.in_flow:
            yield child


class BoxReader(Struct, frozen=True):
    """Reads the blocks of a page."""

    text: dict[tuple[str, str], TextRun]
    """The page's runs of text, by their places in the content stream."""
    used: dict[str, str]
    """For each font of the page, the name of its file."""

    def run(self, piece: Box) -> TextRun | None:
        """The run of text that a box was printed as; None for a box that is no text, or text in several faces.

        Raises: SheetError where WeasyPrint has shaped a slot's text otherwise than `shape` does.
        """
        if piece.kind != "text":
            return None
        run = self.text.get(place(piece.x, piece.y + piece.baseline))
        if run is None and piece.slot is None:
            return None  # text in several faces
        if run is None or (piece.slot is not None and glyphs(run.shown) != glyphs(self.shown(run, piece.text))):
            raise SheetError(f"{piece.text!r} is not printed as expected")
        return replace(run, slot=piece.slot)

    def blocks(self, block: Box, rows: list[Box]) -> Iterator[Line | Paragraph]:
        """The lines of a block that have slots; one paragraph, where the block's lines may break elsewhere."""
        pieces = [[*_pieces(row)] for row in rows]
        lines = [[piece for piece in line if _is_drawn(piece)] for line in pieces]
        slotted = [[piece.slot is not None for piece in line] for line in lines]
        if not any(map(any, slotted)):
            return
        anchor = block.anchor
        breaks = not anchor and block.breaks
        parted = any(_is_parted(*each) for each in pairwise(lines))
        paragraph = self.paragraph(block, rows, pieces) if breaks and not parted else None
        if paragraph:
            yield paragraph
            return
        for at, (row, line, slots) in enumerate(zip(rows, lines, slotted, strict=True)):
            if any(slots):
                moved = line[0 if anchor else slots.index(True) :]
                runs = [(run, self.width(run, piece.text)) for piece in moved if (run := self.run(piece))]
                spare, less = block.width - row.width if anchor else float("inf"), float("inf")
                if breaks:
                    spare, less = self.unbroken(block, rows, lines, at)
                widths = tuple(width for _, width in runs)
                rigid = parted or len(runs) < len(moved)
                yield Line(tuple(run for run, _ in runs), widths, anchor, spare, less, rigid)

    def unbroken(self, block: Box, rows: list[Box], lines: list[list[Box]], at: int) -> tuple[float, float]:
        """By how many px a line may become longer, and shorter, so that its block breaks where it does now."""
        first = next((n for n, piece in enumerate(lines[at]) if " " in piece.text), len(lines[at]))
        if at and any(piece.slot is not None for piece in lines[at][: first + 1]):
            return 0.0, 0.0  # a shorter word might end the line before
        spare = block.width - rows[at].width - CLOSE
        if at + 1 == len(rows) or not lines[at + 1]:
            return spare, float("inf")
        piece = lines[at + 1][0]
        run = self.run(piece)
        word = self.width(run, piece.text.split(" ")[0]) if run else piece.outer_width
        return spare, word - spare - 2 * CLOSE

    def paragraph(self, block: Box, rows: list[Box], lines: list[list[Box]]) -> Paragraph | None:
        """The words of a block from the first slot on; None where `broken` would not break them as WeasyPrint has."""
        runs: list[TextRun] = []
        words: list[Word] = []
        lifts, begins, ends = list[float](), list[tuple[int, float]](), list[tuple[int, float]]()
        at, space, start = (0, lines[0][0].x), None, False
        for r, (row, line) in enumerate(zip(rows, lines, strict=True)):
            for piece in line:
                if not _is_drawn(piece):
                    if piece.text:  # the space between two slots
                        space = piece.outer_width
                    continue
                run = self.run(piece)
                if run is None:
                    if any(run.slot is not None for run in runs):
                        return None
                    runs, words, lifts, begins, ends = [], [], [], [], []
                    at, space = (r, piece.x + piece.outer_width), None
                    continue
                one, parts = self.width(run, " "), self.words(piece, run)
                for n, text in enumerate(parts):
                    space, spaced = (one, True) if n else (space, False)
                    if text or run.slot is not None:
                        words.append(Word(len(runs), text, space, spaced, start))
                        space, start = None, False
                begins.append((r, run.x))
                ends.append((r, run.x + self.width(run, piece.text.rstrip(" "))))
                lifts.append(run.y - row.y - row.baseline)
                runs.append(run)
            start = any(each.tag.startswith("br") for each in row.every())
            space = None if start else space or one
        first = next(i for i, word in enumerate(words) if runs[word.run].slot is not None)
        while first and (not _may_break(words[first]) or words[first].run == words[first - 1].run):
            first -= 1
        k, last = words[first].run, rows[-1]
        before = ends[k - 1] if k else at
        if begins[k][0] == before[0]:  # perhaps behind a margin
            before = (before[0], begins[k][1] - (0.0 if words[first].spaced else words[first].space or 0.0))
        more = tuple(
            (block.left, last.y + last.baseline + n * last.height)
            for n in range(1, 1 + int(self.free(block) // last.height))
        )
        paragraph = Paragraph(
            tuple(runs[k:]), tuple(lifts[k:]), tuple(replace(word, run=word.run - k) for word in words[first:]),
            tuple((block.left, row.y + row.baseline) for row in rows) + more,
            block.left + block.width, before,
        )  # fmt: skip
        texts = [piece.text for line in lines for piece in line if piece.slot is not None]
        return paragraph if self.is_as_printed(paragraph, broken(paragraph, texts, self.used)) else None

    def free(self, block: Box) -> float:
        """The room below the last line of a block: some only where it ends a box with a minimum height."""
        inner, outer = rows_of(block)[-1], block
        while True:
            flow = [each for each in outer.children if each.in_flow]
            if flow[-1:] != [inner]:
                return 0.0
            if outer.min_height and abs(outer.height - outer.min_height) < CLOSE:
                bottom = rows_of(block)[-1].y + rows_of(block)[-1].height
                return outer.top + outer.height - bottom
            if outer.parent is None:
                return 0.0
            inner, outer = outer, outer.parent

    def words(self, piece: Box, run: TextRun) -> list[str]:
        """The words of a piece; a piece that does not break is one word, a slot an empty one."""
        if run.slot is not None:
            return [""]
        return piece.text.split(" ") if piece.breaks else [piece.text]

    def shown(self, run: TextRun, text: str) -> bytes:
        """A text as PDF shows it in the face of a run."""
        return shape(self.used[run.font], text).shown

    def width(self, run: TextRun, text: str) -> float:
        """The width of a text in the face and size of a run, in px."""
        return shape(self.used[run.font], text).width * run.size / 1000

    def is_as_printed(self, paragraph: Paragraph, pieces: list[Piece] | None) -> bool:
        """Whether every piece of a paragraph stands where WeasyPrint has printed its run."""
        return pieces is not None and len(pieces) == len(paragraph.runs) and all(
            abs(piece.x - run.x) < CLOSE and abs(paragraph.rows[piece.row][1] + lift - run.y) < CLOSE
            for piece, run, lift in zip(pieces, paragraph.runs, paragraph.lifts, strict=True)
        )  # fmt: skip


def _is_drawn(piece: Box) -> bool:
    return piece.tag != "br" and (piece.kind != "text" or bool(piece.text.strip()))


def _is_parted(line: list[Box], following: list[Box]) -> bool:
    """Whether the text of a slot begins on a line and goes on in the next one."""
    return bool(line and following) and line[-1].slot is not None and line[-1].slot == following[0].slot


def _may_break(word: Word) -> bool:
    return word.start or word.space is not None
