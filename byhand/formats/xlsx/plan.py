"""Where everything of a page stands in a spreadsheet: its words at the left, its figures beside them.

The worksheet and its key have one plan, so that a cell of the key has the same name as that of the worksheet. Figures
are laid out as on the page (html/layout): a column of a figure is a column here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.formats.xlsx import looks
from byhand.formats.xlsx.looks import Look
from byhand.formats.xlsx.words import (
    LINE,
    MM_A_PT,
    Fragment,
    Words,
    formula,
    joined,
    line,
    lines_of,
    marked_up,
    plain,
    text_of,
    width_of,
)
from byhand.notation.text import value_text
from byhand.notation.write import GROUPED
from byhand.page.entries import EntryTable
from byhand.page.grid import Grid, Mark, Slot, Tag
from byhand.page.page import Page
from byhand.page.parts import Entries, Example, Options, Part, Pencil, Room, Text, block_parts
from byhand.page.sections import Boxes, Drawn, LaidFigure, LaidSection
from byhand.runs import Run
from byhand.tape import shape_text
from byhand.worksheet.document import Block, Cell, Document, Panel, Question, Reply, TextBlock

# all in mm
WORDS, GAP, USUAL = 52.0, 4.0, 11.0  # the widths of the column of words, of the gap after it, and of any other
ROW, BLANK_ROW, BETWEEN = 5.6, 8.0, 3.0  # the heights of a row, of one with blanks, and between figures
RULE, MOST_HIGH = 7.0, 130.0  # of a line to write on; the height of a row
BOX, TOLD, INDENT = 26.0, 46.0, 2.5  # the widths of a box for a word, of a text of the legend, and of an indent
LEAST_WIDE, LEAST_COLUMNS = 174.0, 12  # of a page
TICK = "☐ "
MOST_DIGITS = 4  # of a fraction that a spreadsheet shows
WHOLE_TOO = "# ?/?"  # the format of numbers that may be fractions of one digit, or whole
Role = Literal["sum", "mark", "name"]


class Spot(Struct, frozen=True, eq=False):
    """What stands in a cell, or in several that are joined."""

    row: int
    col: int
    look: Look
    rows: int = 1
    cols: int = 1
    words: Words = ()
    """The text that stands there."""
    pen: Words = ()
    """What the key writes after it."""
    cell: Cell | None = None
    """The cell of the page that stands there."""
    reply: Reply | None = None
    """The answer that stands there, where it is no cell."""
    dot: Cell | None = None
    """The cell whose share is shown as a tone."""
    role: Role | None = None
    """Set for a cell that the program computes, or that has the student's name."""
    section: int = -1


class Plan(Struct):
    """The plan of a page."""

    spots: list[Spot] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    """The widths of columns, in mm."""
    heights: dict[int, float] = field(default_factory=dict)
    """The heights of rows, in mm."""
    sections: list[int] = field(default_factory=list)
    """The first row of each section."""
    opens: list[bool] = field(default_factory=list)
    """Whether each section begins a page."""
    of_cell: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Where a cell of the page stands."""
    of_reply: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Where a reply stands."""
    rows: int = 0

    @property
    def width(self) -> float:
        """The width of all columns, in mm."""
        return math.fsum(self.widths)

    def add(self, spot: Spot) -> None:
        """Put something on the plan."""
        self.spots.append(spot)
        if spot.cell is not None:
            self.of_cell[id(spot.cell)] = spot.row, spot.col
        if spot.reply is not None:
            self.of_reply[spot.reply.id] = spot.row, spot.col


def plan(page: Page, feedback: bool) -> Plan:
    """The plan of a page. feedback: whether it says what is right."""
    return _Planner(page, feedback).plan


class _Planner(Struct, dict=True):
    page: Page
    feedback: bool

    def __post_init__(self) -> None:
        self.plan = Plan()
        self.row = 0
        self.forms = dict(_forms(self.page.document, self.page.run))
        self._widen()
        self._head()
        for at, section in enumerate(self.page.sections):
            self._section(at, section)
        self._end()
        self.plan.rows = self.row

    # columns

    def _widen(self) -> None:
        """Make each column as wide as the figures need it."""
        widths = [WORDS, GAP]
        for laid in (laid for section in self.page.sections for laid in section.laid):
            if isinstance(laid, Grid):
                for col, kind in enumerate(laid.cols):
                    self._at_least(widths, col, 4.0 if kind in "sj" else 0.0)
                for (_, col), slot in laid.slots.items():
                    self._at_least(widths, col, self._need(slot))
        self.plan.widths = [width or USUAL for width in widths]
        while self.plan.width < LEAST_WIDE or len(self.plan.widths) < LEAST_COLUMNS:
            self.plan.widths.append(USUAL)
        tags = (
            (t.right + 2, _tag(t)) for s in self.page.sections for g in s.laid if isinstance(g, Grid) for t in g.tags
        )
        for col, words in tags:
            while math.fsum(self.plan.widths[col:]) < width_of(text_of(words), looks.CAPTION.size) + 4.0:
                self.plan.widths.append(USUAL)

    def _at_least(self, widths: list[float], col: int, width: float) -> None:
        widths += [0.0] * (col + 3 - len(widths))
        widths[col + 2] = max(widths[col + 2], width)

    def _need(self, slot: Slot) -> float:
        """The width that a cell of a figure needs, in mm."""
        if slot.cell is not None:
            return max(8.6 if slot.cell.blank else 6.5, self._number_width(slot.cell))
        if slot.scope:
            return width_of(slot.label, looks.TOKEN.size if "token" in slot.cls else looks.LABEL.size) + (
                2.0 + INDENT * (slot.scope == "row")
            )
        return 0.0

    def _number_width(self, cell: Cell) -> float:
        text, form = value_text(cell.value), self.form(cell)
        if "/" in form and cell.value != -math.inf:
            whole, rest = divmod(abs(Fraction(cell.value)), 1)
            digits = form.count("?") // 2
            part = f"{'0' * digits}/{'0' * digits}" if rest else " " * (2 * digits + 1)
            text = f"-{whole if whole or not rest else ''} {part}"
        return width_of(text, looks.NUMBER.size) + 1.5

    def form(self, cell: Cell) -> str:
        """The format of a cell's number."""
        if cell.shows in ("word", "change") or isinstance(cell.value, str):
            return "@"
        if cell.places is not None:
            return "#,##0" + ("." + "0" * cell.places if cell.places else "")
        if cell.shows == "size":
            return "#,##0"
        form = self.forms.get(cell.step, "")
        is_given = not cell.blank and cell.step in self.page.run.steps and self.page.run.steps[cell.step].op is None
        return "" if is_given and form == WHOLE_TOO else form

    # the head of the page

    def _head(self) -> None:
        document, say = self.page.document, self.page.messages.say
        stamp = document.stamp
        self._across(plain(document.series), looks.SMALL, 4.5)
        last = len(self.plan.widths)
        self._across(plain(document.title), looks.TITLE, 11.0)
        self.plan.add(Spot(self.row, 0, looks.SMALL, words=plain(say("top.name"))))
        name = plain(stamp.get("name", ""))
        self.plan.add(Spot(self.row, 2, looks.FIELD, cols=5, words=name, role="name"))
        if "date" in document.head:
            self.plan.add(Spot(self.row, 8, replace(looks.SMALL, align="right"), words=plain(say("top.date"))))
            self.plan.add(Spot(self.row, 9, looks.FIELD, cols=last - 9))
        self._next(6.5)
        self._next(1.5)
        self._across((), Look(top=looks.MEDIUM), 2.0)
        for tokens in document.opening:
            self._across(marked_up(tokens), replace(looks.TEXT, size=10.5, bold=tokens is document.riddle))
        before = " · ".join(sheet.called for sheet in document.before)
        if before:
            self._across(plain(say("top.before", sheets=before)), looks.NOTE)
        said = tuple(fragment for tokens in document.conventions for fragment in (*marked_up(tokens), Fragment(" ")))
        if said:
            self._across(said, looks.NOTE)
        self._next(1.5)
        self._legend()

    def _legend(self) -> None:
        """What the looks of cells mean; beside it, what their colours mean, and the mark."""
        say = self.page.messages.say
        samples = (
            ("given", replace(looks.NUMBER, left=looks.MEDIUM, right=looks.MEDIUM), "4"),
            ("parameter", replace(looks.NUMBER.framed(edge=looks.TILE_EDGE), fill=looks.TILE), "4"),
            ("ask", looks.NUMBER.framed(), ""),
            ("copy", looks.NUMBER.framed(looks.DASHED, looks.PALE), ""),
        )
        how = "how" if self.feedback else "how_letters" if self.page.run.numbers == "symbolic" else "how_without"
        self._across(plain(say(f"spreadsheet.{how}")), looks.NOTE)
        told = replace(looks.NOTE, valign="vcenter", indent=1)
        wide = self._columns(3, TOLD)
        beside = 3 + wide
        for n, (name, look, text) in enumerate(samples):
            self.plan.add(Spot(self.row, 2, look, words=plain(text)))
            self.plan.add(Spot(self.row, 3, told, cols=wide, words=plain(say(f"legend.{name}"))))
            count = self._columns(beside + 1, TOLD)
            if self.feedback and n < len(looks.VERDICTS):
                verdict, look = list(looks.VERDICTS.items())[n]
                self.plan.add(Spot(self.row, beside, look.framed(), words=plain("4")))
                self.plan.add(
                    Spot(self.row, beside + 1, told, cols=count, words=plain(say(f"spreadsheet.{verdict}")))
                )
            elif self.feedback:
                self.plan.add(Spot(self.row, beside, replace(looks.HEADING, size=11), cols=1 + count, role="mark"))
            self._next(ROW)

    # sections

    def _section(self, at: int, laid: LaidSection) -> None:
        section = laid.section
        self._next(BETWEEN)
        self.plan.sections.append(self.row)
        self.plan.opens.append(laid.opens)
        number = f"{section.number}   " if section.number else ""
        title = marked_up(section.heading) if section.heading else plain(section.title)
        last = len(self.plan.widths)
        words = (*plain(number, bold=True), *(replace(fragment, bold=True) for fragment in title))
        self.plan.add(Spot(self.row, 0, looks.HEADING, cols=last - 4, words=words))
        if self.feedback and (section.blanks or any(reply.options for reply in section.replies)):
            self.plan.add(Spot(self.row, last - 4, looks.SUM, cols=4, role="sum", section=at))
        self._next(7.0)
        told = joined(*(self._told(block) for block in section.words if not isinstance(block, Question)))
        figures = [figure for figure in laid.laid if not isinstance(figure, Drawn)]
        told = joined(told, *(self._drawn(figure) for figure in laid.laid if isinstance(figure, Drawn)))
        if figures and told and not laid.below:
            self._beside(told, figures)
        else:
            if told:
                self._across(told, looks.TEXT)
            self._figures(figures)
        for block in section.blocks:
            replies = [reply for reply in section.replies if reply.asker is block]
            if replies or isinstance(block, Question):
                parts = block_parts(block, replies, self.page.messages) if isinstance(block, TextBlock) else ()
                if any(reply.gap for reply in replies):
                    self._sentence([*parts], replies)
                else:
                    self._question([*parts], replies)

    def _told(self, block: TextBlock) -> Words:
        """What a text says, with what it begins with."""
        return joined(*map(self._said, block_parts(block, (), self.page.messages)))

    def _said(self, part: Part) -> Words:
        match part:
            case Example():
                return (*plain(f"{part.lead} ", bold=True), *line(self.page.worked_out(part.rule), part.value))
            case Pencil():
                named = " · ".join((*part.options, *part.cells))
                return (*plain(f"{part.lead} ", bold=True), *marked_up(part.words), *plain(f" {named}".rstrip()))
            case Text():
                lead = f"{part.lead} " * bool(part.lead)
                return (*plain(TICK * part.tick + lead, bold=True), *marked_up(part.words))
            case _:
                return ()

    def _drawn(self, figure: Drawn) -> Words:
        """In place of a picture, what is said of it."""
        said = getattr(figure.figure.sketch, "worksheet_says", "")
        return plain(self.page.messages.say("spreadsheet.picture", said=said), italic=True) if said else ()

    def _beside(self, told: Words, figures: Sequence[LaidFigure]) -> None:
        """Words in the left column, figures beside them, and room below these if the words need more."""
        top = self.row
        self._figures(figures)
        high = math.fsum(self.plan.heights[row] for row in range(top, self.row))
        need = self._height(told, looks.TEXT, WORDS)
        if need > high:
            self._next(need - high)
        self.plan.add(Spot(top, 0, looks.TEXT, rows=self.row - top, words=told))

    def _figures(self, figures: Sequence[LaidFigure]) -> None:
        for n, figure in enumerate(figures):
            if n:
                self._next(BETWEEN)
            if isinstance(figure, Grid):
                self._grid(figure)
            elif isinstance(figure, EntryTable):
                self._table(figure)
            elif isinstance(figure, Boxes):
                self._boxes(figure)
            else:
                self._others(figure)

    # kinds of figures

    def _grid(self, grid: Grid) -> None:
        top = self.row
        placed = {at: self._slot(top, at, slot) for at, slot in grid.slots.items()}
        for mark in grid.marks:
            self._marked(grid, mark, placed, top)
        for tag in grid.tags:
            self._tag(tag, placed, top)
        if grid.formula:
            at = next((row for row in range(len(grid.rows)) if (row, 0) not in placed and row), 0)
            free = next((c for c in range(grid.formula_end + 1) if (at, c) in placed), grid.formula_end + 1)
            look = replace(looks.CAPTION, size=11, align="left")
            placed[at, 0] = Spot(top + at, 2, look, cols=free, words=formula(grid.formula))
        for spot in placed.values():
            self.plan.add(spot)
        for kind in grid.rows:
            self._next(grid.measures.heights[kind])

    def _slot(self, top: int, at: tuple[int, int], slot: Slot) -> Spot:
        row, col = top + at[0], at[1] + 2
        if slot.cell is not None:
            return Spot(row, col, self._cell_look(slot), cell=slot.cell)
        if slot.scope:
            look = looks.TOKEN if "token" in slot.cls else looks.LABEL
            beside = slot.scope == "row"
            look = replace(look, align="right" if beside else "center", indent=int(beside))
            return Spot(row, col, look, words=plain(slot.label))
        if slot.cls.startswith("caption"):
            words = (*plain(TICK * (slot.ticked is not None)), *formula(slot.label), *_note(slot.known))
            side = "side" in slot.cls
            wide = width_of(text_of(words), looks.CAPTION.size) > math.fsum(self.plan.widths[col : col + slot.span])
            look = replace(looks.CAPTION, align="right" if side else "left" if wide else "center")
            return Spot(row, col, look, cols=1 if wide or side else slot.span, words=words)
        return Spot(row, col, looks.SIGN, words=plain(slot.label))

    def _cell_look(self, slot: Slot) -> Look:
        """How a number looks, by the classes that it has on the page."""
        assert slot.cell is not None
        look, classes = replace(looks.NUMBER, form=self.form(slot.cell)), slot.cls.split()
        if "k" in classes:
            return look.framed(looks.DASHED, looks.PALE)
        return look.framed() if "a" in classes else look

    def _marked(self, grid: Grid, mark: Mark, placed: dict[tuple[int, int], Spot], top: int) -> None:
        """Draw brackets, tiles, and in place of dots tones."""
        inside = [(r, c) for r in range(mark.top, mark.bottom) for c in range(mark.left, mark.right)]
        if mark.kind == "dots" and grid.dots is not None:
            for r, c in inside:
                cell = grid.dots.cells[r - mark.top][c - mark.left]
                look = replace(looks.NUMBER.framed(edge=looks.TILE_EDGE), form=";;;")
                placed[r, c] = Spot(top + r, c + 2, look, dot=cell)
        for at in inside:
            spot = placed.get(at)
            if spot is None or mark.kind not in ("bracket", "tile"):
                continue
            ends = {"left": at[1] == mark.left, "right": at[1] == mark.right - 1}
            if mark.kind == "tile":
                ends |= {"top": at[0] == mark.top, "bottom": at[0] == mark.bottom - 1}
            kind = looks.MEDIUM if mark.kind == "bracket" else looks.THIN
            edges = {side: kind for side, here in ends.items() if here}
            fill = looks.TILE if mark.kind == "tile" else ""
            edge = looks.TILE_EDGE if mark.kind == "tile" else spot.look.edge
            if not (spot.cell and spot.cell.blank):
                placed[at] = replace(spot, look=replace(spot.look, fill=fill, edge=edge, **edges))

    def _tag(self, tag: Tag, placed: dict[tuple[int, int], Spot], top: int) -> None:
        """The name and the shape of a matrix, beside it or over it."""
        words = _tag(tag)
        if tag.side == "right":
            placed[tag.top, tag.right] = Spot(
                top + tag.top,
                tag.right + 2,
                replace(looks.CAPTION, align="left", valign="vcenter", indent=1),
                words=words,
            )
            return
        over = next((row for row in range(tag.top, -1, -1) if (row, tag.left) not in placed), tag.top)
        placed[over, tag.left] = Spot(top + over, tag.left + 2, replace(looks.CAPTION, align="left"), words=words)

    def _table(self, laid: EntryTable) -> None:
        table, spans, col = laid.table, list[tuple[int, int]](), 2
        for width in laid.widths:
            spans.append((col, self._columns(col, width)))
            col += spans[-1][1]
        for n, entries in enumerate((table.head, *table.rows)):
            heights = [ROW]
            for at, (entry, (start, count)) in enumerate(zip(entries, spans, strict=True)):
                if isinstance(entry, Cell):
                    look = replace(looks.NUMBER, form=self.form(entry))
                    look = look.framed() if entry.blank else look
                    heights.append(BLANK_ROW)
                    self.plan.add(Spot(self.row, start, look, cols=count, cell=entry))
                    continue
                words = marked_up(entry.tokens)
                centred = bool(n and at and laid.aligned[at] == "centred") or (not n and laid.aligned[at] != "texts")
                look = replace(looks.TEXT, bold=not n, valign="vcenter", align="center" if centred else "left")
                room = math.fsum(self.plan.widths[start : start + count])
                heights.append(self._height(words, look, room))
                self.plan.add(Spot(self.row, start, look, cols=count, words=words))
            self._next(max(heights))

    def _columns(self, first: int, width: float) -> int:
        """How many columns, from the first on, are as wide together; where there are too few, more are added."""
        count, have = 0, 0.0
        while have < 0.98 * width or not count:
            if first + count >= len(self.plan.widths):
                self.plan.widths.append(USUAL)
            have += self.plan.widths[first + count]
            count += 1
        return count

    def _boxes(self, laid: Boxes) -> None:
        count, figure = math.ceil(BOX / USUAL), laid.figure
        for n, (label, cell) in enumerate(zip(figure.labels, figure.cells, strict=True)):
            self.plan.add(Spot(self.row, 2 + n * count, looks.LABEL, cols=count, words=plain(label)))
            look = replace(looks.NUMBER.framed(), form="@")
            self.plan.add(Spot(self.row + 1, 2 + n * count, look, cols=count, cell=cell))
        self._next(ROW)
        self._next(BLANK_ROW)

    def _others(self, laid: LaidFigure) -> None:
        """A figure of a kind that is not known."""
        self._named(laid.figure)  # type: ignore[attr-defined]

    def _named(self, block: Block) -> None:
        """The cells of a block below each other, each with what it is called."""
        for cell, name in zip(block.cells, block.called(self.page.messages), strict=True):
            self.plan.add(Spot(self.row, 2, replace(looks.TEXT, valign="vcenter"), cols=4, words=plain(name)))
            look = replace(looks.NUMBER, form=self.form(cell))
            self.plan.add(Spot(self.row, 6, look.framed() if cell.blank else look, cols=2, cell=cell))
            self._next(BLANK_ROW)

    # questions

    def _question(self, parts: Sequence[Part], replies: Sequence[Reply]) -> None:
        """What is asked: a statement, options to choose among, and lines to write on."""
        say, last, col = self.page.messages.say, len(self.plan.widths), 0
        for part in parts:
            if isinstance(part, Text):
                self._across(marked_up(part.words), looks.TEXT)
            elif isinstance(part, Entries):
                self._named(part.block)
            elif isinstance(part, Options) and part.reply.role == "choice":
                self._across(plain(" · ".join(part.labels)), looks.TEXT)
        for chosen in (reply for reply in replies if reply.options):
            name = {"tick": "spreadsheet.tick", "choice": "spreadsheet.choice"}.get(chosen.role, "spreadsheet.claim")
            look = replace(looks.NOTE, align="right", valign="vcenter")
            self.plan.add(Spot(self.row, 0, look, words=plain(say(name))))
            look = replace(looks.NUMBER.framed(), size=10, form="@")
            self.plan.add(Spot(self.row, 2, look, cols=3, reply=chosen))
            col = 5
        rooms = [part for part in parts if isinstance(part, Room)]
        for room in rooms:
            pen = marked_up(room.key)
            if room.reply is None:
                self.plan.add(Spot(self.row, 0, looks.TEXT, cols=last, pen=pen))
                self._next(self._height(pen, looks.TEXT, self.plan.width))
                continue
            if col:
                look = replace(looks.NOTE, align="right", valign="vcenter")
                self.plan.add(Spot(self.row, col, look, cols=2, words=plain(room.lead)))
                col += 2
            look = replace(looks.FIELD, form="@")
            high = max(room.lines * RULE, self._height(pen, look, math.fsum(self.plan.widths[col:])))
            self.plan.add(Spot(self.row, col, look, cols=last - col, pen=pen, reply=room.reply))
            self._next(min(MOST_HIGH, high))
        if col and not rooms:
            self._next(BLANK_ROW)

    def _sentence(self, parts: Sequence[Part], replies: Sequence[Reply]) -> None:
        """A sentence, a row for each of its gaps, and on the key the sentence filled."""
        first, filled, last = parts[0], parts[-1], len(self.plan.widths)
        assert isinstance(first, Text)
        assert isinstance(filled, Room)
        self._across(marked_up(first.words), looks.TEXT)
        for n, reply in enumerate(replies, 1):
            name = plain(self.page.messages.say("questions.gap", n=n))
            self.plan.add(Spot(self.row, 0, replace(looks.NOTE, align="right", valign="vcenter"), words=name))
            look = replace(looks.NUMBER.framed(), size=10, form="@") if reply.options else looks.FIELD
            self.plan.add(Spot(self.row, 2, look, cols=min(6, last - 2), reply=reply, pen=plain(reply.right)))
            self._next(BLANK_ROW)
        pen = marked_up(filled.key)
        self.plan.add(Spot(self.row, 0, looks.TEXT, cols=last, pen=pen))
        self._next(self._height(pen, looks.TEXT, self.plan.width))

    def _end(self) -> None:
        """What one can do now, and where the idea comes from."""
        document = self.page.document
        if document.objectives:
            self._next(BETWEEN)
            self._across(plain(self.page.messages.say("top.able"), bold=True), looks.HEADING, 7.0)
        for objective in document.objectives:
            self._across((*plain(TICK), *marked_up(objective)), looks.TEXT)
        if document.origin:
            self._next(BETWEEN)
            self._across(marked_up(document.origin), looks.NOTE)

    # rows

    def _across(self, words: Words, look: Look, high: float = 0.0) -> None:
        """A row of words across the page."""
        self.plan.add(Spot(self.row, 0, look, cols=len(self.plan.widths), words=words))
        self._next(high or self._height(words, look, self.plan.width))

    def _height(self, words: Words, look: Look, room: float) -> float:
        """The height of a text, in mm."""
        return lines_of(words, look.size, room - 2.0) * look.size * MM_A_PT * LINE + 1.2 if words else 0.0

    def _next(self, high: float) -> None:
        """End a row, or several, where it is higher than one can be."""
        while high > MOST_HIGH:
            self.plan.heights[self.row] = MOST_HIGH
            self.row, high = self.row + 1, high - MOST_HIGH
        self.plan.heights[self.row] = round(high, 2)
        self.row += 1


def _tag(tag: Tag) -> Words:
    """The name, the shape and the note of a matrix."""
    return (*formula(tag.panel.symbol), *plain(f"  {shape_text(tag.panel.shape)}"), *_note(tag.panel))


def _note(panel: Panel | None) -> Words:
    """The note of a matrix, which follows its name."""
    return plain(f"  {panel.note}") if panel and panel.note else ()


def _forms(document: Document, run: Run) -> Iterator[tuple[str, str]]:
    """The formats of the numbers of the steps on the page: of fractions, with the digits of their denominators."""
    shown: dict[str, list[Cell]] = {}
    for cell in (cell for block in document.blocks for cell in block.cells):
        shown.setdefault(cell.step, []).append(cell)
    for name, cells in shown.items():
        if run.numbers == "exact":
            numbers = [abs(Fraction(cell.value)) for cell in cells if isinstance(cell.value, int | Fraction)]
            digits = len(str(max((x.denominator for x in numbers), default=1)))
            form = f"# {'?' * digits}/{'?' * digits}" if digits <= MOST_DIGITS else ""
            yield name, "#,##0" if max(numbers, default=0) >= GROUPED else form
        elif run.numbers == "decimal":
            rounds = run.rounding == "once" and name in run.steps and run.steps[name].op is not None
            has_places = any("." in value_text(cell.value) for cell in cells)
            yield name, "0." + "0" * (run.places or 0) if rounds and has_places else ""
        else:
            yield name, "@"
