"""Write the sheets of a workbook. The same document and run give the same bytes."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from math import fsum
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from byhand import __version__
from byhand.errors import SheetError
from byhand.formats import Setup
from byhand.formats.xlsx import looks
from byhand.formats.xlsx.check import HEADS, Check
from byhand.formats.xlsx.formulas import (
    CODE,
    FIRST,
    IS_FOLLOWED,
    IS_NOT_YET,
    IS_RIGHT,
    IS_ROUNDED,
    KEY,
    MARK,
    NAME,
    OWN,
    STEP,
    Entry,
    Formulas,
    Names,
)
from byhand.formats.xlsx.hidden import ABOUT, GIVEN, HIDDEN, ID, PLACE, SCHEMA, WORDS, About
from byhand.formats.xlsx.looks import Look, conditional
from byhand.formats.xlsx.plan import Plan, Spot, plan
from byhand.formats.xlsx.words import Fragment, Words
from byhand.notation.number import shown
from byhand.notation.spreadsheet import cell_name, quoted, sheet_name
from byhand.page.page import Page
from byhand.page.parts import labels
from byhand.worksheet.asked import as_text
from byhand.worksheet.document import Blank, Cell, Reply
from byhand.worksheet.views import View

CREATED = datetime.datetime(2000, 1, 1)  # or each run would give other bytes
PAPER = {"a4": (9, 210.0, 297.0), "letter": (1, 215.9, 279.4)}  # Excel's number, width and height in mm
SIDE, TOP, BOTTOM = 15.0, 13.0, 18.0  # the margins, in mm
CODES = {"right": (IS_RIGHT, IS_ROUNDED), "follows": (IS_FOLLOWED,), "not_yet": (IS_NOT_YET,)}
PX_A_MM, PT_A_MM = 96 / 25.4, 72 / 25.4
LONGEST, LONGEST_FOOT = 30_000, 90  # characters of a text in a cell, and of half of a foot, which has 255 in all


def workbook(page: Page, view: View, setup: Setup) -> bytes:
    """A page's worksheet as a workbook (.xlsx), whatever the view: worksheet and key are sheets of it."""
    from xlsxwriter import Workbook

    in_letters = page.run.numbers == "symbolic"
    out = io.BytesIO()
    font = {"font_name": looks.FACE, "font_size": 10}  # its digits are as wide as those that XlsxWriter reckons with
    book = Workbook(out, {"in_memory": True, "default_format_properties": font})
    _Workbook(book, page, setup, plan(page, setup.feedback and not in_letters)).write()
    book.close()
    return out.getvalue()


class _Workbook(Struct, eq=False, dict=True):
    """Writes a workbook."""

    book: Any
    page: Page
    setup: Setup
    plan: Plan

    def write(self) -> None:
        say = self.page.messages.say
        self.book.set_properties(
            {"title": self.page.document.title, "author": f"byhand {__version__}", "created": CREATED}
        )
        self.names = Names(say("views.worksheet"), say("views.key"), say("spreadsheet.check"), HIDDEN)
        has_key, self.checks = self.setup.feedback, self.setup.feedback and self.page.run.numbers != "symbolic"
        self.formats: dict[Look, Any] = {}
        sheets = {name: self._sheet(getattr(self.names, name)) for name in self._sheets(has_key)}
        self._page(sheets["worksheet"], on_key=False)
        if has_key:
            self._page(sheets["key"], on_key=True)
            sheets["key"].hide()
        if self.checks:
            self._check(sheets["check"])
            sheets["check"].hide()
        self._hidden(sheets["hidden"])

    def _sheet(self, name: str) -> Any:
        """A new sheet of a name.

        Raises: SheetError where a sheet cannot have it, as a translation may say.
        """
        from xlsxwriter.exceptions import XlsxWriterException

        try:
            return self.book.add_worksheet(name)
        except XlsxWriterException as error:
            raise SheetError(f"messages: no sheet of a spreadsheet can be called {shown(name)}: {error}") from None

    def _sheets(self, has_key: bool) -> Iterator[str]:
        yield "worksheet"
        yield from ["key"] * has_key
        yield from ["check"] * self.checks
        yield "hidden"

    @cached_property
    def answers(self) -> list[tuple[int, Blank | Reply]]:
        """The blanks of each section, and its choices among options, with the index of the section."""
        answers = list[tuple[int, Blank | Reply]]()
        for at, section in enumerate(self.page.document.sections):
            answers += [(at, blank) for blank in section.blanks]
            answers += [(at, reply) for reply in section.replies if reply.options]
        return answers

    @cached_property
    def of(self) -> Formulas:
        rows = {each.id: FIRST + n for n, (_, each) in enumerate(self.answers)}
        ends = (cell_name(row, WORDS, fixed=True) for row in (0, max(len(self.page.run.vocabulary) - 1, 0)))
        words = f"{sheet_name(HIDDEN)}{':'.join(ends)}"
        return Formulas(self.page, self.plan, self.names, rows, words)

    @cached_property
    def check(self) -> Check:
        return Check(self.of, self.answers)

    def format(self, look: Look) -> Any:
        """XlsxWriter's format of a look."""
        if look not in self.formats:
            self.formats[look] = self.book.add_format(look.properties)
        return self.formats[look]

    # pages

    def _page(self, sheet: Any, on_key: bool) -> None:
        for col, width in enumerate(self.plan.widths):
            sheet.set_column_pixels(col, col, round(width * PX_A_MM))
        for row, height in self.plan.heights.items():
            sheet.set_row(row, round(height * PT_A_MM, 1))
        in_section = {
            id(each.cell): (at, each)
            for at, section in enumerate(self.page.document.sections)
            for each in section.seen
        }
        for spot in self.plan.spots:
            self._spot(sheet, spot, on_key, in_section)
        blanks = self._verdicts(sheet) if self.checks and not on_key else []
        if blanks or any("/" in spot.look.form for spot in self.plan.spots):
            self._show(sheet, blanks)
        self._print(sheet, on_key)
        sheet.hide_gridlines(2)
        sheet.protect("", {"format_columns": True, "format_rows": True, "format_cells": True})

    def _spot(self, sheet: Any, spot: Spot, on_key: bool, in_section: dict[int, tuple[int, Cell | Blank]]) -> None:
        if spot.cell is not None:
            section, each = in_section[id(spot.cell)]
            if spot.cell.blank and not on_key:
                self._put(sheet, spot, Entry("", ""), replace(spot.look, unlocked=True))
            elif on_key and self.checks:
                look = spot.look.in_pen() if spot.cell.blank else spot.look
                self._put(sheet, spot, self.of.key(section, each), look)
            else:
                changes = self.checks and self.of.is_input(spot.cell)
                entry = self.of.printed(spot.cell) if self.checks else Entry("", self.of.value(spot.cell))
                look = replace(spot.look, unlocked=changes) if not spot.cell.blank else spot.look.in_pen()
                self._put(sheet, spot, entry, look)
        elif spot.dot is not None:
            self._dot(sheet, spot, on_key)
        elif spot.reply is not None:
            self._reply(sheet, spot, spot.reply, on_key)
        elif spot.role in ("sum", "mark"):
            if not on_key:
                self._put(sheet, spot, self._sum(spot), spot.look)
        else:
            words = (*spot.words, *(replace(piece, pen=True) for piece in spot.pen if on_key))
            look = replace(spot.look, unlocked=spot.look.unlocked and not words and not on_key)
            self._words(sheet, spot, words, look)

    def _sum(self, spot: Spot) -> Entry:
        """The marks of a section, or of all."""
        marks = self.check.column(MARK)
        if spot.role == "mark":
            points, of = f"SUM({marks})", self.check.worth()
        else:
            number = self.page.document.sections[spot.section].number
            points, of = f"SUMIF({self.check.column(STEP)},{number},{marks})", self.check.worth(spot.section)
        told = self.page.messages.say(f"spreadsheet.{spot.role}", of=of)
        before, _, after = told.partition("{points}")
        parts = [*([quoted(before)] if before else ()), points, *([quoted(after)] if after else ())]
        return Entry("&".join(parts), told.replace("{points}", "0"))

    def _dot(self, sheet: Any, spot: Spot, on_key: bool) -> None:
        """A tone as dark as a share is large."""
        assert spot.dot is not None
        if self.page.run.numbers == "symbolic":
            self._put(sheet, spot, Entry("", ""), spot.look)
            return
        name, value = self.of.at(spot.dot), self.of.value(spot.dot)
        shown = on_key or not spot.dot.blank
        entry = Entry(f"N({name})", value if shown and isinstance(value, float) else 0.0)
        self._put(sheet, spot, entry, spot.look)
        ends = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1}
        sheet.conditional_format(
            spot.row, spot.col, spot.row, spot.col,
            {"type": "2_color_scale", **ends, "min_color": "#FFFFFF", "max_color": "#222222"},
        )  # fmt: skip

    def _reply(self, sheet: Any, spot: Spot, reply: Reply, on_key: bool) -> None:
        """The room for an answer that is no cell of the page."""
        if on_key:
            right = self.labels(reply)[reply.options.index(reply.right)] if reply.options else ""
            words = (Fragment(right, pen=True),) if right else tuple(replace(piece, pen=True) for piece in spot.pen)
            self._words(sheet, spot, words, spot.look)
            return
        self._put(sheet, spot, Entry("", ""), replace(spot.look, unlocked=True))
        if reply.options:
            col = WORDS + 1 + self.choices.index(reply)
            ends = cell_name(0, col, HIDDEN, fixed=True), cell_name(len(reply.options) - 1, col, fixed=True)
            sheet.data_validation(
                spot.row, spot.col, spot.row, spot.col, {"validate": "list", "source": f"={ends[0]}:{ends[1]}"}
            )

    @cached_property
    def choices(self) -> list[Reply]:
        """The replies that are chosen among options."""
        return [each for _, each in self.answers if isinstance(each, Reply)]

    def labels(self, reply: Reply) -> Sequence[str]:
        """What its options are called."""
        return labels(reply, self.page.messages)

    def _verdicts(self, sheet: Any) -> list[tuple[int, int]]:
        """Write the codes of the verdicts on blanks into hidden columns at the right, as far from each as others.

        Returns the blanks.
        """
        places = list[tuple[int, int]]()
        for _, each in self.answers:
            row, col = self.plan.of_cell[id(each.cell)] if isinstance(each, Blank) else self.plan.of_reply[each.id]
            code = cell_name(self.of.row_of[each.id], CODE, self.names.check)
            sheet.write_formula(row, col + self.away, f"={code}", self.format(looks.SMALL), 0)
            places.append((row, col))
        sheet.set_column(self.away, self.away + len(self.plan.widths), None, None, {"hidden": True})
        return places

    @property
    def away(self) -> int:
        """How many columns are between a blank and its verdict."""
        return len(self.plan.widths) + 1

    def _show(self, sheet: Any, blanks: Sequence[tuple[int, int]]) -> None:
        """Colour blanks by their verdicts, and show whole numbers without the room that a fraction takes."""
        fractions = [(spot.row, spot.col) for spot in self.plan.spots if spot.cell and "/" in spot.look.form]
        corner = min(row for row, _ in (*blanks, *fractions)), min(col for _, col in (*blanks, *fractions))
        cell, code = cell_name(*corner), cell_name(corner[0], corner[1] + self.away)
        whole, as_whole = f"IF(ISNUMBER({cell}),{cell}=INT({cell}),FALSE)", {"num_format": "0"}
        rules = list[tuple[Sequence[tuple[int, int]], str, dict[str, Any]]]()
        for verdict, codes in CODES.items() if blanks else ():
            test = f"OR({','.join(f'{code}={each}' for each in codes)})"
            look = conditional(looks.VERDICTS[verdict])
            if both := sorted({*blanks} & {*fractions}):
                rules.append((both, f"AND({test},{whole})", look | as_whole))
            rules.append((blanks, test, look))
        if fractions:
            rules.append((fractions, whole, as_whole))
        for cells, test, look in rules:
            # what is relative in a test is relative to the first cell, and in some programs to the corner: it is both
            ranges = " ".join([cell_name(*corner), *_ranges(cells)])
            options = {"type": "formula", "criteria": f"={test}", "format": self.book.add_format(look)}
            sheet.conditional_format(*corner, *corner, options | {"multi_range": ranges})

    # cells

    def _put(self, sheet: Any, spot: Spot, entry: Entry, look: Look) -> None:
        """Write a formula, a number or a text."""
        form = self._joined(sheet, spot, look)
        if entry.formula:
            sheet.write_formula(spot.row, spot.col, f"={entry.formula}", form, entry.value)
        elif isinstance(entry.value, str):
            write = sheet.write_string if entry.value else sheet.write_blank
            write(spot.row, spot.col, entry.value, form)
        else:
            sheet.write_number(spot.row, spot.col, entry.value, form)

    def _joined(self, sheet: Any, spot: Spot, look: Look) -> Any:
        """The format of a cell, whose cells are joined if it is several."""
        form = self.format(look)
        if spot.rows > 1 or spot.cols > 1:
            sheet.merge_range(spot.row, spot.col, spot.row + spot.rows - 1, spot.col + spot.cols - 1, "", form)
        return form

    def _words(self, sheet: Any, spot: Spot, words: Words, look: Look) -> None:
        form = self._joined(sheet, spot, look)
        pieces = [replace(piece, text=piece.text[:LONGEST]) for piece in words if piece.text]
        if not pieces:
            sheet.write_blank(spot.row, spot.col, "", form)
        elif len(pieces) == 1:
            sheet.write_string(spot.row, spot.col, pieces[0].text, self.format(_of_piece(look, pieces[0])))
        else:
            parts = (part for piece in pieces for part in (self._font(look, piece), piece.text))
            sheet.write_rich_string(spot.row, spot.col, *parts, form)

    def _font(self, look: Look, piece: Fragment) -> Any:
        of_piece = _of_piece(look, piece)
        font = {"font_name": looks.FACE, "font_size": of_piece.size, "bold": of_piece.bold, "italic": of_piece.italic,
                "font_color": of_piece.colour}  # fmt: skip
        return self.book.add_format(font | ({"font_script": 1 if piece.level > 0 else 2} if piece.level else {}))

    # printing

    def _print(self, sheet: Any, on_key: bool) -> None:
        number, wide, high = PAPER[self.setup.paper]
        # digits are some hundredths wider in LibreOffice than in Excel, and columns with them
        scale = min(100, int(92 * (wide - 2 * SIDE) / self.plan.width))
        sheet.set_paper(number)
        sheet.set_margins(*(mm / 25.4 for mm in (SIDE, SIDE, TOP, BOTTOM)))
        sheet.set_print_scale(scale)
        if not on_key:  # LibreOffice prints the area of a hidden sheet, too
            sheet.print_area(0, 0, self.plan.rows - 1, len(self.plan.widths) - 1)
        sheet.set_h_pagebreaks(self._breaks((high - TOP - BOTTOM) * 100 / scale * 0.97))
        whose = self.page.document.stamp.get("whose", "")
        left = " · ".join(filter(None, (self.page.document.foot[:LONGEST_FOOT], whose[:LONGEST_FOOT])))
        page = self.page.messages.say("foot.page", page="\0P", pages="\0N")
        right = f"{self.names.key} · {page}" if on_key else page
        sheet.set_footer(f"&L&8{left.replace('&', '&&')}&R&8{right.replace('&', '&&')}".replace("\0", "&"))

    def _breaks(self, room: float) -> list[int]:
        """The rows before which a page begins, so that no section is split that has room on one."""
        heights, breaks, used = self.plan.heights, list[int](), 0.0
        starts = [*self.plan.sections, self.plan.rows]
        used = fsum(heights.get(row, 0.0) for row in range(starts[0])) if self.plan.sections else 0.0
        for at, (first, last) in enumerate(pairwise(starts)):
            need = fsum(heights.get(row, 0.0) for row in range(first, last))
            if (self.plan.opens[at] or used + need > room) and used and first:
                breaks.append(first)
                used = 0.0
            used = (used + need) % room if used + need > room else used + need
        return breaks

    # other sheets

    def _check(self, sheet: Any) -> None:
        say = self.page.messages.say
        widths = (6, 58, 12, 12, 12, 12, 12, 8, 26, 8, 8)
        for col, width in enumerate(widths):
            sheet.set_column(col, col, width)
        sheet.write_string(
            0, 0, f"{self.page.document.title}: {self.names.check}", self.format(replace(looks.HEADING, size=12))
        )
        head, plain = Look(9, bold=True, wrap=True, valign="top", bottom=looks.THIN), Look(9.5)
        for col, name in enumerate(HEADS):
            sheet.write_string(
                FIRST - 1, col, self.names.key if name == "key" else say(f"spreadsheet.{name}"), self.format(head)
            )
        total = Entry(f"SUM({self.check.column(MARK)})", 0.0), Entry("", float(self.check.worth()))
        for col, entry in zip((MARK, MARK + 1), total, strict=True):
            self._put(sheet, Spot(1, col, looks.NUMBER), entry, Look(9.5, bold=True))
        for n, row in enumerate(self.check.rows()):
            for col, entry in enumerate(row):
                self._put(sheet, Spot(FIRST + n, col, plain), entry, plain)
        for at, section, (step, i, j), own_entry, key in self.of.not_shown():
            number = Entry("", float(self.page.document.sections[section].number))
            called = Entry("", f"{step}[{i + 1}, {j + 1}]")
            for col, entry in ((STEP, number), (NAME, called), (OWN, own_entry), (KEY, key)):
                self._put(sheet, Spot(at, col, plain), entry, plain)
        if self.of.between:
            self._put(sheet, Spot(self.check.end + 1, NAME, head), Entry("", say("spreadsheet.not_shown")), head)
        sheet.freeze_panes(FIRST, 2)
        sheet.protect()

    def _hidden(self, sheet: Any) -> None:
        """What the program that marks needs: what was asked for, and where each blank and each given number is."""
        about = msgspec.json.encode(self._about()).decode()
        for row, start in enumerate(range(0, len(about), LONGEST)):
            sheet.write_string(row, ABOUT, about[start : start + LONGEST])
        places = [(blank.id, self.plan.of_cell[id(blank.cell)]) for blank in self.page.document.blanks()]
        places += [(reply.id, self.plan.of_reply[reply.id]) for reply in self.page.document.replies()]
        for row, (name, at) in enumerate(places):
            sheet.write_string(row, ID, name)
            sheet.write_string(row, PLACE, cell_name(*at))
        given = (
            spot for spot in self.plan.spots if spot.cell is not None and self.checks and self.of.is_input(spot.cell)
        )
        for row, spot in enumerate(given):
            assert spot.cell is not None
            sheet.write_string(row, GIVEN, cell_name(spot.row, spot.col))
            self._put(sheet, Spot(row, GIVEN + 1, Look()), Entry("", self.of.value(spot.cell)), Look())
        lists = [self.page.run.vocabulary, *map(self.labels, self.choices)]
        for col, words in enumerate(lists, WORDS):
            for row, word in enumerate(words):
                sheet.write_string(row, col, word)
        sheet.very_hidden()

    def _about(self) -> About:
        """What is said of the sheet, so that whoever marks it need not be told.

        Numbers of somebody's own are left out where nothing may tell what is right: some may be left to be found.
        """
        options, stamp = dict(self.page.document.options()), self.page.document.stamp
        seed, sure = options.pop("seed", None), self.setup.feedback or options.get("values") is None
        if not sure:
            del options["values"]
        name = next((spot for spot in self.plan.spots if spot.role == "name"), None)
        return About(
            schema=SCHEMA, byhand=__version__, sheet=self.page.document.name, seed=seed, options=options,
            hash=self.page.run.hash, id=as_text(stamp.get("student", "")), name=as_text(stamp.get("named", "")),
            named=cell_name(name.row, name.col) if name else "", worksheet=self.names.worksheet,
            fractions=self.page.run.numbers in ("exact", "symbolic"), sure=sure,
            choices={each.id: dict(zip(self.labels(each), each.options, strict=True)) for each in self.choices},
        )  # fmt: skip


def _of_piece(look: Look, piece: Fragment) -> Look:
    """The look of a part of a text."""
    if piece.pen:
        return look.in_pen()
    return replace(look, bold=look.bold or piece.bold, italic=look.italic or piece.italic)


def _ranges(cells: Iterable[tuple[int, int]]) -> list[str]:
    """Cells as few ranges: runs in a row, and equal runs in rows below each other."""
    runs: list[list[int]] = []  # first row, last row, first column, last column
    for row, col in sorted(cells):
        last = runs[-1] if runs else None
        if last and last[0] == row and last[3] == col - 1:
            last[3] = col
        else:
            runs.append([row, row, col, col])
    boxes: list[list[int]] = []
    for run in runs:
        above = next((b for b in boxes if b[1] == run[0] - 1 and b[2:] == run[2:]), None)
        if above:
            above[1] = run[1]
        else:
            boxes.append(run)
    return [f"{cell_name(top, left)}:{cell_name(bottom, right)}" for top, bottom, left, right in boxes]
