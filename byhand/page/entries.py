"""Lay out tables of texts and entries: columns as wide as their contents, rows high enough to write in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from math import ceil, fsum, inf
from typing import ClassVar

from msgspec import Struct

from byhand.notation.marks import longest
from byhand.page.grid import FIGURE_WIDTH, Slot
from byhand.pictures.labels import words
from byhand.worksheet.document import Cell, Prose, Table

# all in mm
TEXT_EM = 3.2  # the size of text
LINE = 4.2  # from one line of text to the next
ROW = 8.0  # the height of a row with a blank
PAD = 3.0  # the space beside a text
NARROWEST_NUMBER = 10.0
LONG_NUMBER = 6  # signs, from which on numbers are compared by where they end
GLYPH_WIDTH = 3.2  # the width of each sign that is written in a blank
SIGNS = (4, 6, 8, 10)  # a blank has room for as many, so that other numbers mostly have the same table
_NUMBER = re.compile(r"[−\d.,/]+")
WIDEST_TEXT = 30.0  # the greatest width of a text over or under blanks
STEP = 0.5  # by which columns of texts become narrower until they have room


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


def entries(table: Table) -> EntryTable:
    """Lay out a table as wide as its contents, or with texts on several lines if that is too wide."""
    lines = (table.head, *table.rows)
    if table.columns:  # its words do not break, so that its rows are as high whatever the words are
        heights = [max(_height(line[0], table.columns[0]), *(_height(x, inf) for x in line[1:])) for line in lines]
        return EntryTable(table, table.columns, tuple(heights), ("texts", *["centred"] * (len(table.columns) - 1)))
    columns = list(zip(*lines, strict=True))
    texts = [not any(isinstance(x, Cell) for x in column) for column in columns]
    widths = [
        max(_width(x) if text or isinstance(x, Cell) else min(_width(x), WIDEST_TEXT) for x in column)
        for column, text in zip(columns, texts, strict=True)
    ]
    numbers = [col > 0 and _are_numbers(column[1:]) for col, column in enumerate(columns)]
    alike = max((NARROWEST_NUMBER, *(w for w, number in zip(widths, numbers, strict=True) if number)))
    widths = [alike if number else w for w, number in zip(widths, numbers, strict=True)]
    least = [
        max(map(_shortest, column)) if text else w for column, w, text in zip(columns, widths, texts, strict=True)
    ]
    most = FIGURE_WIDTH
    while most > 0 and fsum(_narrowed(widths, least, most)) > FIGURE_WIDTH:
        most -= STEP
    widths = _narrowed(widths, least, most)
    printed = [_is_printed(column) for column in columns]
    if (over := fsum(widths) - FIGURE_WIDTH) > 0 and any(printed):  # what nobody writes in needs no room for a pencil
        fewer = ceil(100 * over / fsum(printed)) / 100
        widths = [max(w - fewer, *map(_narrowest, column)) if p else w
                  for column, w, p in zip(columns, widths, printed, strict=True)]  # fmt: skip
    heights = [max(_height(x, w) for x, w in zip(line, widths, strict=True)) for line in lines]
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


def _shortest(entry: Prose | Cell) -> float:
    """The width of the longest word or formula of an entry, which do not break."""
    if isinstance(entry, Cell):
        return 0.0
    pieces = chain.from_iterable([t] if m else t.split() for t, m in entry.pieces)
    return max((words(piece, TEXT_EM).width + PAD for piece in pieces), default=0.0)


def _is_printed(column: Sequence[Prose | Cell]) -> bool:
    """Whether a column has numbers, all of them printed."""
    cells = [entry for entry in column if isinstance(entry, Cell)]
    return bool(cells) and not any(cell.blank for cell in cells)


def _narrowest(entry: Prose | Cell) -> float:
    """The least width of a printed entry."""
    return GLYPH_WIDTH * longest(entry.text) + PAD if isinstance(entry, Cell) else _shortest(entry)


def _are_numbers(column: Sequence[Prose | Cell]) -> bool:
    """Whether the texts of a column are numbers."""
    return all(isinstance(entry, Prose) and _NUMBER.fullmatch(entry.text) for entry in column)


def _is_blank(entry: Prose | Cell) -> bool:
    return isinstance(entry, Cell) and entry.blank


def _width(entry: Prose | Cell) -> float:
    if isinstance(entry, Cell):
        signs = longest(entry.text)
        return GLYPH_WIDTH * next((room for room in SIGNS if signs <= room), signs) + PAD
    return words(entry.text, TEXT_EM).width + PAD


def _height(entry: Prose | Cell, width: float) -> float:
    if isinstance(entry, Cell) and entry.shows != "minutes":
        return ROW
    lines = 1 if isinstance(entry, Cell) else max(1, ceil(_width(entry) / width - 0.01))
    return LINE * lines + 1.4


def _slot(entry: Prose | Cell, row: Prose | Cell, name: str) -> Slot:
    if isinstance(entry, Cell):
        return Slot("", entry, name=f"{row.text}, {name}")
    return Slot("", label=entry.text)
