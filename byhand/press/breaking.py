"""Break a paragraph with other numbers into lines as WeasyPrint would, or say that this cannot be known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import fsum

from msgspec import Struct
from msgspec.structs import replace

from byhand.press.shape import shape
from byhand.press.stream import TextRun

CLOSE = 0.05  # px: where a line ends as close to the margin as this, WeasyPrint's rounding may break it or not


class Word(Struct, frozen=True):
    """A word of a run, or all of a run that does not break; empty where the run is a slot."""

    run: int
    text: str
    space: float | None = None
    """The width of the space before the word; None where there is none."""
    spaced: bool = False
    """Whether this space belongs to the word's run, and not to the one before."""
    start: bool = False
    """Whether a line begins here in any case."""


class Paragraph(Struct, frozen=True, tag=True):
    """The words of a block from the first slot on."""

    runs: tuple[TextRun, ...]
    lifts: tuple[float, ...]
    """For each run, its distance below the baseline of its line."""
    words: tuple[Word, ...]
    rows: tuple[tuple[float, float], ...]
    """For each line that there is room for, where it begins and its baseline."""
    right: float
    """The right margin."""
    at: tuple[int, float]
    """The line in which the words before these end, and where they end."""
    view: str = ""
    """The only view that shows it; "" for both."""


class Piece(Struct):
    """Words of one run that stand on one line."""

    run: int
    row: int
    x: float
    text: str


def broken(paragraph: Paragraph, texts: Iterable[str], faces: Mapping[str, str]) -> list[Piece] | None:
    """A paragraph's pieces with these texts in its slots; None where it has too many lines, or a break is unsure."""
    runs, each = paragraph.runs, iter(texts)
    words = [word if runs[word.run].slot is None else replace(word, text=next(each)) for word in paragraph.words]

    def width(run: int, text: str) -> float:
        return shape(faces[runs[run].font], text).width * runs[run].size / 1000

    row, x = paragraph.at
    pieces: list[Piece] = []
    for chunk in _chunks(words):
        space, end = chunk[0].space or 0.0, x + fsum(width(word.run, word.text) for word in chunk)
        if not chunk[0].start and chunk[0].space is not None and abs(end + space - paragraph.right) < CLOSE:
            return None
        if chunk[0].start or (chunk[0].space is not None and end + space > paragraph.right):
            row, space = row + 1, 0.0
            if row == len(paragraph.rows):
                return None
            x = paragraph.rows[row][0]
        for word in chunk:
            last = pieces[-1] if pieces and pieces[-1].row == row else None
            if space and last and last.run == word.run:
                last.text += f" {word.text}"
                x = last.x + width(last.run, last.text)
            else:
                if space and last and not word.spaced:
                    last.text += " "
                x += 0.0 if word.spaced else space
                pieces.append(Piece(word.run, row, x, " " * bool(space and word.spaced) + word.text))
                x += width(word.run, pieces[-1].text)
            space = 0.0
    return pieces


def _chunks(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Groups of words between which no line may break."""
    chunk: list[Word] = []
    for word in words:
        if chunk and (word.start or word.space is not None):
            yield chunk
            chunk = []
        chunk.append(word)
    yield chunk
