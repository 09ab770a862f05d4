"""Lay out tables of texts and entries: columns as wide as their contents, rows high enough to write in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from math import ceil, fsum, inf
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from byhand.notation.marks import longest
from byhand.page.grid import Slot
from byhand.page.measures import PRINT, Measures
from byhand.pictures.labels import words
from byhand.worksheet.document import Cell, Prose, Table

SIGNS = (4, 6, 8, 10)  # a blank has room for as many, so that other numbers mostly have the same table
LONG_NUMBER = 6  # signs, from which on numbers are compared by where they end
STEP = 0.5  # mm by which columns of texts become narrower until they have room
_NUMBER = re.compile(r"[−\d.,/]+")


class Sizes(Struct, frozen=True):
    """The sizes of a table, in mm."""

    text: float = 3.2
    """The size of text."""
    line: float = 4.2
    """From one line of text to the next."""
    row: float = 8.0
    """The height of a row with a blank."""
    pad: float = 3.0
    """The space beside a text."""
    narrowest: float = 10.0
    """The least width of a column of numbers."""
    glyph: float = 3.2
    """The width of each sign that is written in a blank."""
    widest: float = 30.0
    """The greatest width of a text over or under blanks."""


USUAL, LARGE = Sizes(), Sizes(6.35, 8.4, 14.0, 4.0, 16.0, 5.4, 60.0)


class EntryTable(Struct, frozen=True):
    """A table that is laid out."""

    table: Table
    widths: tuple[float, ...]
    """The widths of its columns, in mm."""
    heights: tuple[float, ...]
    """The heights of its head and its rows, in mm."""
    aligned: tuple[str, ...]
    """The CSS class of each column: its numbers end below each other where some of the table are long, or else are
    centred; texts begin below each other."""
    kind: ClassVar[str] = Table.kind

    @property
    def width(self) -> float:
        """The width in print, in mm."""
        return fsum(self.widths)

    @property
    def height(self) -> float:
        """The height in print, in mm."""
        return fsum(self.heights)

    @property
    def room(self) -> float:
        """The width that the table needs, in mm."""
        return self.width

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of cells in each row."""
        return (len(self.table.head),) * (len(self.table.rows) + 1)

    def slots_by_row(self) -> list[list[Slot]]:
        """The entries, each named by its row and its column."""
        names = [head.text for head in self.table.head]
        rows = [[_slot(x, row[0], name) for x, name in zip(row, names, strict=True)] for row in self.table.rows]
        return [[Slot("", label=name) for name in names], *rows]

    def edges(self, row: int, col: int) -> str:
        """The CSS classes of a blank: an upper or left edge, if no blank above or to the left draws it already."""
        rows = self.table.rows
        above, left = row > 0 and _is_blank(rows[row - 1][col]), _is_blank(rows[row][col - 1])
        return "a" + " t" * (not above) + " b" * (not left)


def tables(table: Table, measures: Measures = PRINT) -> list[EntryTable]:
    """A table laid out; in large print, cut in parts of some columns each, after that of the names, where it is
    wider than a page.
    """
    if not measures.is_large:
        return [entries(table)]
    columns = len(table.head)
    for size in range(max(columns - 1, 1), 0, -1):
        starts = range(1, max(columns, 2), size)
        parts = [entries(_columns(table, start, start + size), LARGE, measures.figure) for start in starts]
        if all(part.width <= measures.figure for part in parts):
            break
    return parts


def _columns(table: Table, start: int, end: int) -> Table:
    """Some columns of a table, and before them that of the names."""

    def cut(line: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*line[:1], *line[start:end])

    return replace(table, head=cut(table.head), rows=tuple(map(cut, table.rows)), columns=cut(table.columns))


def entries(table: Table, sizes: Sizes = USUAL, room: float = PRINT.figure) -> EntryTable:
    """Lay out a table as wide as its contents, or with texts on several lines if that is too wide for its room."""
    lines = (table.head, *table.rows)
    if table.columns:  # its words do not break, so that its rows are as high whatever the words are
        wide = tuple(width * (sizes.text / USUAL.text) for width in table.columns)
        heights = [
            max(_height(line[0], wide[0], sizes), *(_height(x, inf, sizes) for x in line[1:])) for line in lines
        ]
        return EntryTable(table, wide, tuple(heights), ("texts", *["centred"] * (len(table.columns) - 1)))
    columns = list(zip(*lines, strict=True))
    texts = [not any(isinstance(x, Cell) for x in column) for column in columns]
    widths = [
        max(_width(x, sizes) if text or isinstance(x, Cell) else min(_width(x, sizes), sizes.widest) for x in column)
        for column, text in zip(columns, texts, strict=True)
    ]
    numbers = [col > 0 and _are_numbers(column[1:]) for col, column in enumerate(columns)]
    alike = max((sizes.narrowest, *(w for w, number in zip(widths, numbers, strict=True) if number)))
    widths = [alike if number else w for w, number in zip(widths, numbers, strict=True)]
    least = [
        max(_shortest(x, sizes) for x in column) if text else w
        for column, w, text in zip(columns, widths, texts, strict=True)
    ]
    most = room
    while most > 0 and fsum(_narrowed(widths, least, most)) > room:
        most -= STEP
    widths = _narrowed(widths, least, most)
    printed = [_is_printed(column) for column in columns]
    if (over := fsum(widths) - room) > 0 and any(printed):  # what nobody writes in needs no room for a pencil
        fewer = ceil(100 * over / fsum(printed)) / 100
        widths = [max(w - fewer, *(_narrowest(x, sizes) for x in column)) if p else w
                  for column, w, p in zip(columns, widths, printed, strict=True)]  # fmt: skip
    heights = [max(_height(x, w, sizes) for x, w in zip(line, widths, strict=True)) for line in lines]
    return EntryTable(table, tuple(round(w, 2) for w in widths), tuple(heights), tuple(_aligned(table)))


def _aligned(table: Table) -> Iterator[str]:
    """The CSS class of each column, as of EntryTable."""
    cells = (entry for row in table.rows for entry in row if isinstance(entry, Cell))
    numbers = (cell for cell in cells if not isinstance(cell.value, str))
    of_numbers = "flush" if any(longest(cell.text) >= LONG_NUMBER for cell in numbers) else "centred"
    for col in range(len(table.head)):
        column = [row[col] for row in table.rows]
        if any(isinstance(entry, Cell) for entry in column):
            yield of_numbers
        else:
            yield "centred" if col and _are_numbers(column) else "texts"


def _narrowed(widths: Sequence[float], least: Sequence[float], most: float) -> list[float]:
    """Columns that are at most so wide, but no narrower than the least that each needs."""
    return [max(min(width, most), fewest) for width, fewest in zip(widths, least, strict=True)]


def _shortest(entry: Prose | Cell, sizes: Sizes) -> float:
    """The width of the longest word or formula of an entry, which do not break."""
    if isinstance(entry, Cell):
        return 0.0
    pieces = chain.from_iterable([t] if m else t.split() for t, m in entry.pieces)
    return max((words(piece, sizes.text).width + sizes.pad for piece in pieces), default=0.0)


def _is_printed(column: Sequence[Prose | Cell]) -> bool:
    """Whether a column has numbers, all of them printed."""
    cells = [entry for entry in column if isinstance(entry, Cell)]
    return bool(cells) and not any(cell.blank for cell in cells)


def _narrowest(entry: Prose | Cell, sizes: Sizes) -> float:
    """The least width of a printed entry."""
    if isinstance(entry, Cell):
        return sizes.glyph * longest(entry.text) + sizes.pad
    return _shortest(entry, sizes)


def _are_numbers(column: Sequence[Prose | Cell]) -> bool:
    """Whether the texts of a column are numbers."""
    return all(isinstance(entry, Prose) and _NUMBER.fullmatch(entry.text) for entry in column)


def _is_blank(entry: Prose | Cell) -> bool:
    return isinstance(entry, Cell) and entry.blank


def _width(entry: Prose | Cell, sizes: Sizes) -> float:
    if isinstance(entry, Cell):
        signs = longest(entry.text)
        return sizes.glyph * next((room for room in SIGNS if signs <= room), signs) + sizes.pad
    return words(entry.text, sizes.text).width + sizes.pad


def _height(entry: Prose | Cell, width: float, sizes: Sizes) -> float:
    if isinstance(entry, Cell) and entry.shows != "minutes":
        return sizes.row
    lines = 1 if isinstance(entry, Cell) else max(1, ceil(_width(entry, sizes) / width - 0.01))
    return sizes.line * lines + 1.4


def _slot(entry: Prose | Cell, row: Prose | Cell, name: str) -> Slot:
    if isinstance(entry, Cell):
        return Slot("", entry, name=f"{row.text}, {name}")
    return Slot("", label=entry.text)
