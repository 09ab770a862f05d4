"""A page as a Word document, part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from itertools import groupby

from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from byhand.formats import Setup
from byhand.formats.docx import tables
from byhand.formats.docx.pictures import drawings
from byhand.formats.docx.styles import blank_document, width_on
from byhand.formats.docx.text import GREY, PEN, formula, maths, paragraphs, run, write
from byhand.formats.packed import packed
from byhand.notation.inline import spoken
from byhand.notation.omml import tree_omml
from byhand.page.page import Page
from byhand.page.parts import (
    Blanks,
    Entries,
    Example,
    Formula,
    Goals,
    Heading,
    Matrix,
    Options,
    Part,
    Pencil,
    Product,
    Room,
    Sketch,
    Text,
    Title,
    Worked,
)
from byhand.tape import shape_text
from byhand.worksheet.document import Panel
from byhand.worksheet.half_page import half_page as half_page_of
from byhand.worksheet.views import View, shows_answers

APART = 4.0  # mm, between figures side by side
SMALL = 9.0  # pt: of what is said of a matrix
LINE = 7.0  # mm: from a line to write on to the next
TICKED, UNTICKED = "☒", "☐"


def docx_file(page: Page, view: View, setup: Setup) -> bytes:
    """A page as a Word document."""
    made = _Docx(page, view, setup)
    made.write_all(page.parts(view))
    return made.content()


def half_page(page: Page, view: View, setup: Setup) -> bytes:
    """The lecturer's half page as a Word document."""
    made = _Docx(page, view, setup)
    styles = {"title": "Title", "heading": "Heading 1", "question": "Heading 2", "drawing": "Quote"}
    for kind, words in half_page_of(page.document).parts:
        write(made.file.add_paragraph(style=styles.get(kind)), words)
    return made.content()


class _Docx:
    """A Word document that is being written."""

    def __init__(self, page: Page, view: View, setup: Setup) -> None:
        self.page, self.view, self.setup = page, view, setup
        self.file = blank_document(page, setup.paper)
        self.width = width_on(setup.paper)

    def content(self) -> bytes:
        """The file, the same bytes each time."""
        self.file.save(saved := io.BytesIO())
        with zipfile.ZipFile(saved) as archive:
            return packed({name: archive.read(name) for name in archive.namelist()})

    def write_all(self, parts: Iterable[Part]) -> None:
        """Write parts in their order; matrices that follow each other stand side by side, as far as there is room."""
        listed = [part for part in parts if not (isinstance(part, Text) and part.words == self.page.document.foot)]
        sketches = [part for part in listed if isinstance(part, Sketch)]
        self.drawn = iter(drawings(self.page, self.view, sketches, self.setup.cache))
        for kind, group in groupby(listed, type):
            if kind is Matrix:
                self._matrices([part for part in group if isinstance(part, Matrix)])
            else:
                for part in group:
                    self.write(part)

    def write(self, part: Part) -> None:
        """Write a part."""
        match part:
            case Title():
                write(self.file.add_paragraph(style="Title"), part.views[self.view])
            case Heading():
                paragraph = self.file.add_paragraph(style="Heading 1")
                if part.number:
                    run(paragraph, f"{part.number}  ")
                write(paragraph, part.words)
            case Text():
                self._text(part)
            case Pencil():
                self._text(Text(part.words, part.lead))
                cells = (f"{name}: {'_' * 8}" for name in part.cells)
                self._line([*(f"{UNTICKED} {option}" for option in part.options), *cells])
            case Goals():
                run(self.file.add_paragraph(style="Heading 2"), part.lead)
                for words in part.lines:
                    self._text(Text(words, tick=True))
            case Blanks():
                self._line([f"{name} {'_' * 28}" for name in part.names])
            case Formula():
                formula(self.file.add_paragraph(), part.latex)
            case Product():
                self._product(part)
            case Entries():
                tables.entries(self.file, part, self.view, self.width)
                self._after()
            case Options():
                ticked = part.ticked(self.view)
                self._line([(n == ticked, label) for n, label in enumerate(part.labels)])
            case Room():
                self._room(part)
            case Sketch():
                self._sketch(part)
            case Example():
                paragraph = self.file.add_paragraph()
                run(paragraph, f"{part.lead} ", bold=True)
                maths(paragraph, tree_omml(self.page.worked_out(part.rule), part.value))
            case Worked():
                self._worked(part)

    def _text(self, part: Text) -> None:
        paragraph = self.file.add_paragraph()
        if part.tick:
            run(paragraph, f"{UNTICKED} ")
        if part.lead:
            run(paragraph, f"{part.lead} ", bold=True)
        paragraphs(self.file, part.words, first=paragraph)

    def _line(self, entries: Sequence[str | tuple[bool, str]]) -> None:
        """Things in a line, each of which may have a box before it that has a tick or not."""
        if not entries:
            return
        paragraph = self.file.add_paragraph()
        for n, entry in enumerate(entries):
            if n:
                run(paragraph, " " * 5)
            if isinstance(entry, str):
                run(paragraph, entry)
            else:
                ticked, label = entry
                run(paragraph, TICKED if ticked else UNTICKED, PEN * ticked)
                run(paragraph, f" {label}")

    def _after(self) -> None:
        """Room after a table, which Word wants before the next one, too."""
        self.file.add_paragraph().paragraph_format.line_spacing = Pt(4)

    def _titled(self, paragraph: Paragraph, matrix: Matrix) -> None:
        """What stands over a matrix: its name, its shape, and a note."""
        panel = matrix.panel
        if (ticked := matrix.ticked(self.view)) is not None:
            run(paragraph, f"{TICKED if ticked else UNTICKED} ", PEN * ticked)
        formula(paragraph, matrix.titles[0])
        run(paragraph, f"  {_about(panel)}", GREY).font.size = Pt(SMALL)
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.space_after = Pt(2)

    def _matrices(self, matrices: Sequence[Matrix]) -> None:
        row = list[Matrix]()
        for matrix in matrices:
            if row and sum(map(_width, [*row, matrix])) > self.width:
                self._row(row)
                row = []
            row.append(matrix)
            if matrix.options:
                self._row(row)
                self.write(matrix.options)
                row = []
        if row:
            self._row(row)

    def _row(self, matrices: Sequence[Matrix]) -> None:
        places = tables.side_by_side(self.file, [*map(_width, matrices)], self.view)
        for place, matrix in zip(places, matrices, strict=True):
            self._titled(place.paragraphs[0], matrix)
            tables.matrix(_Inside(place), matrix.panel, self.view)
        self._after()

    def _product(self, part: Product) -> None:
        figure, bias = part.figure, part.figure.bias
        row_of_bias = bias if bias is not None and bias.shape == (1, figure.result.shape[1]) else None
        corner = tables.product(self.file, figure.left, figure.upper, figure.result, row_of_bias, self.view)
        formula(corner.paragraphs[0], figure.formula)
        for matrix in part.matrices:
            self._titled(corner.add_paragraph(), matrix)
        self._after()
        if bias is not None and row_of_bias is None:
            self._matrices([Matrix(bias)])

    def _room(self, part: Room) -> None:
        paragraph = self.file.add_paragraph()
        run(paragraph, f"{part.lead} ", bold=True)
        if (answer := part.answer(self.view)) is not None:
            paragraphs(self.file, answer, PEN, first=paragraph)
            return
        for n in range(max(part.lines, 1)):
            line = self.file.add_paragraph() if n else paragraph
            line.paragraph_format.tab_stops.add_tab_stop(Mm(self.width), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.LINES)
            line.paragraph_format.line_spacing, line.paragraph_format.space_after = Mm(LINE), Pt(0)
            run(line, "\t")

    def _sketch(self, part: Sketch) -> None:
        content, width = next(self.drawn)
        shape = self.file.add_picture(io.BytesIO(content), Mm(min(width, self.width)))
        shape._inline.docPr.set("descr", part.said(self.view))

    def _worked(self, part: Worked) -> None:
        paragraph = self.file.add_paragraph()
        if part.symbol:
            formula(paragraph, part.symbol)
            run(paragraph, " ")
        run(paragraph, part.lines.label, bold=True)
        for label, rule, value in part.lines.rows:
            line = self.file.add_paragraph(style="List Bullet")
            if label:
                run(line, f"{label} ")
            maths(line, tree_omml(self.page.worked_out(rule), value, PEN * shows_answers(self.view)))


class _Inside:
    """A cell as what tables are added to."""

    def __init__(self, cell: _Cell) -> None:
        self.cell = cell

    def add_table(self, rows: int, cols: int) -> Table:
        made = self.cell.add_table(rows, cols)
        self.cell.paragraphs[-1].paragraph_format.line_spacing = Pt(1)  # Word wants a paragraph after a table
        return made


def _width(matrix: Matrix) -> float:
    return tables.matrix_width(matrix.panel, f"{spoken(matrix.titles[0])}  {_about(matrix.panel)}") + APART


def _about(panel: Panel) -> str:
    return ", ".join([shape_text(panel.shape), *filter(None, (panel.note,))])
