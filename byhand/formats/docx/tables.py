"""Matrices, products and tables of a Word document: borders say what a cell is, and blanks have room to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell

from byhand.formats.docx.text import GREY, INK, PEN, maths, run, write
from byhand.notation.html import value_pieces
from byhand.notation.omml import value_omml
from byhand.notation.text import value_text
from byhand.page.entries import entries as laid_out
from byhand.page.grid import ems
from byhand.page.parts import Entries, Words, is_filled
from byhand.worksheet.document import Cell, Panel
from byhand.worksheet.document import Table as EntriesTable
from byhand.worksheet.views import View

HIGH, LOW = 8.0, 6.0  # mm: of a row with blanks, and of one without
NARROWEST, WIDE = 9.0, 12.0  # mm: a printed number, and a blank
EM, AROUND = 4.2, 3.5  # mm: an em of the type, and the room beside what stands in a cell
PAD = 0.5  # mm: what Word keeps of this room on each side
WIDER, WIDEST_NAME = 1.35, 60.0  # how much wider the type is than on the page; mm: a name before a box
SMALL = 9.5  # pt: of labels
Border = Mapping[str, str]
PRINTED: Border = {"val": "single", "sz": "4", "color": "BBBBBB"}
BLANK: Border = {"val": "single", "sz": "8", "color": INK}
COPY: Border = {"val": "dashed", "sz": "6", "color": GREY}
WEIGHT = "ECECEC"  # the ground of a parameter


class Holds(Protocol):
    """What tables are added to."""

    def add_table(self, rows: int, cols: int) -> Table: ...


class Grid:
    """A table that is filled place by place: cells of matrices with borders, and labels without."""

    def __init__(self, table: Table, widths: Sequence[float], view: View) -> None:
        """widths: of its columns, in mm."""
        self.table, self.view = table, view
        _set_up(table)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Mm(width)
            for cell in column.cells:
                cell.width = Mm(width)

    def at(self, i: int, j: int) -> _Cell:
        """The cell of a place."""
        return self.table.cell(i, j)

    def label(self, i: int, j: int, text: str, align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.CENTER) -> None:
        """Write a label."""
        paragraph = self.at(i, j).paragraphs[0]
        paragraph.alignment = align
        run(paragraph, text, GREY).font.size = Pt(SMALL)
        self.at(i, j).vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER

    def put(self, i: int, j: int, cell: Cell, role: str) -> None:
        """Write the cell of a matrix of this role, and give its row room for it."""
        row = self.table.rows[i]
        row.height_rule = WD_ROW_HEIGHT_RULE.AT_LEAST
        row.height = max(row.height or Mm(0), Mm(HIGH if cell.blank else LOW))
        number(self.at(i, j), cell, role, self.view)

    def words(self, i: int, j: int, words: Words, *, bold: bool) -> None:
        """Write words in a place with a border."""
        place = self.at(i, j)
        _bordered(place, PRINTED)
        place.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        paragraph = place.paragraphs[0]
        paragraph.paragraph_format.left_indent = Mm(2 * PAD)
        write(paragraph, words)
        for each in paragraph.runs:
            each.bold = bold or each.bold


def number(place: _Cell, cell: Cell, role: str, view: View) -> None:
    """Write a cell: what is printed, an empty blank, or its answer in pen."""
    border = PRINTED if not cell.blank else COPY if role == "copy" else BLANK
    _bordered(place, border, WEIGHT if role == "parameter" and not cell.blank else "")
    place.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = place.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if is_filled(cell, view):
        value(paragraph, cell.value, PEN if cell.blank else "")


def value(paragraph: Any, of: Any, colour: str = "") -> None:
    """Write a value: digits and words as text, so that they are edited as such; roots and letters as a formula."""
    if all(isinstance(piece, str) for piece in value_pieces(of)):
        run(paragraph, value_text(of), colour)
    else:
        maths(paragraph, value_omml(of, colour))


def widths(panel: Panel) -> tuple[float, ...]:
    """The widths of a matrix's columns, in mm; the same with and without its answers."""

    def wide(j: int) -> float:
        column = [row[j] for row in panel.cells]
        text = max([ems(value_text(cell.value)) for cell in column] + [0.8 * ems(panel.cols[j])]) * EM + AROUND
        return max(text, WIDE if any(cell.blank for cell in column) else NARROWEST)

    return tuple(map(wide, range(panel.shape[1])))


def label_width(labels: Sequence[str]) -> float:
    """The width of a column of labels, in mm."""
    return max([ems(label) for label in labels], default=0.0) * EM + AROUND / 2


def matrix(holder: Holds, panel: Panel, view: View) -> None:
    """A matrix with its labels."""
    has_head = any(panel.cols)
    wide = [label_width(panel.rows), *widths(panel)]
    grid = Grid(holder.add_table(len(panel.cells) + has_head, len(wide)), wide, view)
    if has_head:
        for j, label in enumerate(panel.cols, 1):
            grid.label(0, j, label)
    for i, (label, row) in enumerate(zip(panel.rows, panel.cells, strict=True), has_head):
        grid.label(i, 0, label, WD_ALIGN_PARAGRAPH.RIGHT)
        for j, cell in enumerate(row, 1):
            grid.put(i, j, cell, panel.role)


def matrix_width(panel: Panel, title: str) -> float:
    """The width of a matrix with its labels, or of what stands over it, in mm."""
    return max(label_width(panel.rows) + sum(widths(panel)), ems(title) * EM)


def product(holder: Holds, left: Panel, upper: Panel, result: Panel, bias: Panel | None, view: View) -> _Cell:
    """A product: the right operand above, the left one to the left, the result where they cross. bias: a row that is
    added to each row of the result; it stands under the right operand. Returns the cell of the empty corner, for what
    is said of it all.
    """
    over = [*zip(upper.rows, upper.cells, [upper.role] * len(upper.cells), strict=True)]
    over += [("+", bias.cells[0], bias.role)] if bias else []
    first, rows = 1 + left.shape[1], 1 + len(over) + any(left.cols)  # the column of the upper labels; the rows above
    right = [max(pair) for pair in zip(widths(upper), widths(result), strict=True)]
    wide = [label_width(left.rows), *widths(left), label_width([label for label, *_ in over]), *right]
    grid = Grid(holder.add_table(rows + len(left.cells), len(wide)), wide, view)
    for j, label in enumerate(upper.cols, first + 1):
        grid.label(0, j, label)
    for i, (label, row, role) in enumerate(over, 1):
        grid.label(i, first, label, WD_ALIGN_PARAGRAPH.RIGHT)
        for j, cell in enumerate(row, first + 1):
            grid.put(i, j, cell, role)
    if any(left.cols):
        for j, label in enumerate(left.cols, 1):
            grid.label(rows - 1, j, label)
    for i, (label, row, results) in enumerate(zip(left.rows, left.cells, result.cells, strict=True), rows):
        grid.label(i, 0, label, WD_ALIGN_PARAGRAPH.RIGHT)
        for j, cell in enumerate(row, 1):
            grid.put(i, j, cell, left.role)
        for j, cell in enumerate(results, first + 1):
            grid.put(i, j, cell, result.role)
    corner: _Cell = grid.at(0, 0).merge(grid.at(len(over), first - 1))
    return corner


def entries(holder: Holds, part: Entries, view: View, room: float) -> None:
    """A table of words and cells. room: the width of the page, in mm."""
    lines = [*([part.head] if part.head else []), *part.rows]
    wide = [WIDER * width for width in _widths_on_page(part)]
    grid = Grid(holder.add_table(len(lines), len(wide)), [min(1.0, room / sum(wide)) * width for width in wide], view)
    for i, line in enumerate(lines):
        for j, entry in enumerate(line):
            if isinstance(entry, Cell):
                grid.put(i, j, entry, "")
            else:
                grid.words(i, j, entry, bold=bool(part.head) and not i)


def _widths_on_page(part: Entries) -> Sequence[float]:
    """The widths of a table's columns as it is printed, in mm; of boxes with names, as wide as these."""
    if isinstance(part.block, EntriesTable):
        return laid_out(part.block).widths
    return [max(WIDE, label_width([name])) for name in part.labels] if part.head else [WIDEST_NAME, WIDE]


def side_by_side(holder: Holds, wide: Sequence[float], view: View) -> Iterator[_Cell]:
    """The cells of a row without borders, in which figures stand side by side. wide: in mm."""
    yield from Grid(holder.add_table(1, len(wide)), wide, view).table.rows[0].cells


def _set_up(table: Table) -> None:
    """Keep a table on one page, with little room beside what stands in its cells and none below."""
    table.autofit = False
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(_element(f"w:{side}", {"w": str(round(Mm(PAD).twips)), "type": "dxa"}))
    table._tbl.tblPr.find(qn("w:tblLayout")).addnext(margins)
    *others, last = table.rows
    for row in (*others, last):
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell in row.cells:
            look = cell.paragraphs[0].paragraph_format
            look.space_after, look.keep_with_next = Pt(0), row is not last or None


def _element(name: str, attributes: Mapping[str, str]) -> Any:
    made = OxmlElement(name)
    for key, text in attributes.items():
        made.set(qn(f"w:{key}"), text)
    return made


def _bordered(cell: _Cell, border: Border, ground: str = "") -> None:
    properties = cell._tc.get_or_add_tcPr()
    borders = OxmlElement("w:tcBorders")
    for side in ("top", "left", "bottom", "right"):
        borders.append(_element(f"w:{side}", border))
    properties.append(borders)
    if ground:
        properties.append(_element("w:shd", {"val": "clear", "color": "auto", "fill": ground}))
