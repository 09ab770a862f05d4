"""Where a class slipped: the whole sheet as its matrices, with a tone for how many slips begin in a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import ceil

from markupsafe import Markup
from msgspec import Struct

from byhand.marking.places import matrix_name
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import Document, Panel, Section, Table, WordBoxes

SIZES = {120: "roomy", 200: "close"}  # how large the cells of the matrices are drawn, by how many there are at most
SMALLEST = "tight"


class HeatMatrix(Struct, frozen=True):
    """A matrix of the sheet."""

    name: Markup
    step: str
    """The number of its section, if it is its first."""
    rows: tuple[str, ...]
    """The labels of its rows, if these are tokens, and others than those of the matrix before it."""
    cells: tuple[tuple[str, ...], ...]
    """The ids of the blanks that are asked there; "" where a number is given."""

    @property
    def asked(self) -> Iterator[str]:
        """The blanks of its cells."""
        return (blank for row in self.cells for blank in row if blank)


def matrices(document: Document) -> list[HeatMatrix]:
    """What is computed on a sheet, as matrices, tables and boxes; a changed number, too."""
    return [matrix for section in document.sections for matrix in _numbered(section)]


def _numbered(section: Section) -> Iterator[HeatMatrix]:
    blanks = {id(blank.cell): blank.id for blank in section.blanks if blank.role != "copy"}
    step, before = str(section.number), tuple[str, ...]()
    for name, rows, cells in _grids(section):
        asked = tuple(tuple(blanks.get(id(cell), "") for cell in row) for row in cells)
        if any(map(any, asked)):
            yield HeatMatrix(name, step, rows if rows != before else (), asked)
            step, before = "", rows


def _grids(section: Section) -> Iterator[tuple[Markup, tuple[str, ...], Sequence[Sequence[object]]]]:
    """The matrices of a section: their names, the labels of their rows, and their cells."""
    for block in section.blocks:
        for panel in block.matrices:
            yield matrix_name(panel), _labels(panel), panel.cells
        if isinstance(block, Table):
            yield Markup(), (), [row[1:] for row in block.rows]
        if isinstance(block, (WordBoxes, Construction)):
            yield Markup(), (), [block.cells]


def _labels(panel: Panel) -> tuple[str, ...]:
    return panel.rows if panel.along[0] == "token" else ()


def size_of(drawn: Sequence[HeatMatrix]) -> str:
    """How large the cells of all matrices are drawn."""
    count = sum(len(row) for matrix in drawn for row in matrix.cells)
    return next((size for most, size in SIZES.items() if count <= most), SMALLEST)


def thresholds(students: int) -> tuple[int, int, int, int]:
    """The numbers of students from which a cell is darker: 1, and about 8, 12 and 20 % of the class."""
    second = max(2, ceil(students * 0.08))
    third = max(second + 1, ceil(students * 0.12))
    return 1, second, third, max(third + 1, ceil(students * 0.2))


def tone(slips: int, students: int) -> int:
    """How dark a cell is, from 0 to 4."""
    return sum(slips >= least for least in thresholds(students))


def meanings(students: int, more: Callable[[int], str], between: Callable[[int, int], str]) -> Iterator[str]:
    """The numbers of students that each tone after the first means. more, between: how such numbers are said."""
    least = thresholds(students)
    yield from (str(low) if high == low + 1 else between(low, high - 1) for low, high in pairwise(least))
    yield more(least[-1])
