"""The marked page: the student's own sheet with the same boxes and the same breaks, and a marker's pen.

What is right is left alone. A mark is only where there is something to say, and the words beside it say it; the
column of words is the margin, and the conventions make room for the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from html import escape
from typing import Any

from markupsafe import Markup
from msgspec import Struct, field

from byhand.formats import Setup
from byhand.formats.html.page import Pages, placed_map, rendered
from byhand.formats.html.placed import Placing
from byhand.marking import strokes
from byhand.marking.marks import BlankMark, Marks, section_of
from byhand.marking.notes import (
    Note,
    Notes,
    State,
    escaped_line,
    is_computed,
    state,
    tally,
    work_told,
    written,
)
from byhand.page.fields import fields
from byhand.page.grid import Grid, Slot
from byhand.page.look import LOOK
from byhand.page.page import Page
from byhand.page.printed import PrintPage
from byhand.page.sections import LaidSection
from byhand.page.table import LaidCell, Tick
from byhand.pictures.labels import words
from byhand.runs import Run
from byhand.worksheet.asked import as_words
from byhand.worksheet.document import BETWEEN, Block, Document, Panel, Question, Section, in_halves
from byhand.worksheet.views import Medium, Paper

MARKS = as_words({"holds": "marks"})  # what a marked page says of itself for who reads pages back
TextOf = Callable[[int], str]  # from the number of a slot to the text that a student has there
EDGE = 0.4  # mm: the lines of a box
SIDE = 0.9  # mm: free at each side of what is written in a box
SIZES = ("written", "written_small", "written_smaller")
PT = 25.4 / 72  # mm
LONGEST_ID = 60  # letters of an id, or of a name, at the foot
MOST_FITTED = 100  # letters of which a box may have room for all
LINE_LETTERS = 1.75  # mm: of an answer in words, the room for a letter


class MarkedPages(Struct, frozen=True, eq=False, dict=True):
    """The marked pages of students who have one document."""

    page: Page
    """The page of one of them."""
    setup: Setup = field(default_factory=Setup)
    points: bool = True
    """Whether the pages say how many points the sheet has earned."""
    typical: TextOf | None = None
    """Of a class, whose document has slots for what students have otherwise, the texts that its worksheet is laid out
    with."""

    @cached_property
    def laid(self) -> Pages:
        """How the document is laid out."""
        return Pages(self.page)

    @cached_property
    def room(self) -> Mapping[str, Sequence[float]]:
        """How high blocks of the printed worksheet are, by their classes, in mm: of words, section by section."""
        from byhand.press import copy_page, heights

        worksheet = self.laid.printed("worksheet", self.setup.paper)
        by_class = heights(copy_page(worksheet, self.typical) if self.typical else worksheet, cache=self.setup.cache)
        whole = len(by_class["words"]) == len(self.page.sections)  # none of them on two pages
        return by_class if whole else {**by_class, "words": ()}

    def html(
        self, marks: Marks, name: str = "", medium: Medium = "screen", run: Run | None = None,
        texts: TextOf | None = None, placing: Placing | None = None,
    ) -> str:  # fmt: skip
        """A student's page for a medium. run, texts: of a class, their numbers, and what stands in their slots.

        placing: as of `Pages.html`.
        """
        from byhand.press import copy_html

        notes = Notes(self.page.document, run or self.page.run, marks)
        room = self.room if medium == "print" else {}
        page = MarkedPage(notes, self.laid, room, name, medium, self.points).html(self.setup.paper, placing)
        return copy_html(page, texts) if texts else page

    def printed(self, marks: Marks, name: str = "", run: Run | None = None, texts: TextOf | None = None) -> PrintPage:
        """A student's page in print, as of `html`, with its figures beside its HTML."""
        from byhand.press import copy_page

        placing = Placing()
        page = PrintPage.of(self.html(marks, name, "print", run, placing=placing), placing.figures)
        return copy_page(page, texts) if texts else page

    def pdf(self, marks: Marks, name: str = "", run: Run | None = None, texts: TextOf | None = None) -> bytes:
        """A student's page as PDF."""
        from byhand.press import printed

        page = self.printed(marks, name, run, texts)
        return printed(page, False, lambda: self.html(marks, name, "print", run, texts))


class MarkedPage(Struct, frozen=True, eq=False):
    """A document that shows what one student wrote, and the notes on it."""

    notes: Notes
    laid: Pages
    room: Mapping[str, Sequence[float]]
    """How high blocks are at least, so that the page breaks where the worksheet does."""
    name: str
    medium: Medium
    points: bool

    @property
    def marks(self) -> Marks:
        """The marks."""
        return self.notes.marks

    @property
    def whose(self) -> str:
        """What the foot of the page says of whose it is: the id, and the name if it is another."""
        known = (escaped_line(self.marks.student)[:LONGEST_ID], escaped_line(self.name)[:LONGEST_ID])
        return " · ".join(dict.fromkeys(filter(None, known)))

    def html(self, paper: Paper, placing: Placing | None = None) -> str:
        """The page, perhaps with slots for numbers and words. placing: as of `rendered`."""
        laid, (lead, after) = self.laid, self.notes.lead
        writing = Handwriting(laid.d, self.notes, self.medium)
        return rendered(
            "marked.html", self.medium, paper, laid.d.messages, d=laid.d, view="marked", shown=False, asked=MARKS,
            map=placed_map(laid.page, placing), placing=placing, sections=laid.page.sections, worked=laid.worked,
            first=laid.first, name=escaped_line(self.name), whose=self.whose, writing=writing, lead=lead, after=after,
            summary=self._summary(), signs=SIGNS, room=self.room,
            margins=[self._margin(drawn) for drawn in laid.page.sections],
        )  # fmt: skip

    def _summary(self) -> Mapping[str, Any]:
        """What the block beside the map says: how many answers stand, a bar, and what the marks mean."""
        counts, say = self.notes.counts, self.notes.say
        total, work = sum(counts.values()), self.marks.work.counts if self.marks.work else None
        told = work_told(work, self.notes.document.messages)
        stated = {each: n for each, n in counts.items() if n}
        bar = strokes.bar(counts, 50, strokes.BAR_HEIGHT, say("bar", of=total, states=self._stated(counts)))
        forms = any(self.notes.form(mark) for mark in self.marks.blanks)
        flawless = counts["right"] == total
        return {
            "stands": counts["right"] + counts["own"], "of": total, "bar": Markup(bar),
            "legend": [(Markup(strokes.LEGEND[each]), say(f"legend.{each}"), n) for each, n in stated.items()],
            "forms": say("legend.form") if forms else "",
            "flawless": flawless,
            "points": [*self._points()] if self.points else [],
            "work": say("work", list=told) if told else "",
            "followed": say("followed", n=counts["own"]) if counts["own"] else "",
            "not_right": say("not_right", n=counts["not"]) if counts["not"] else "",
        }  # fmt: skip

    def _points(self) -> Iterator[Markup]:
        """What the page says of points: those that are reached, and those of answers that nobody has read yet."""
        reached = self.marks.exact.rounded
        if reached.worth:
            yield self.notes.say(
                "points", n=reached.worth, points=in_halves(reached.points), of=in_halves(reached.worth)
            )
        if reached.waiting:
            yield self.notes.say("waiting", points=in_halves(reached.waiting))

    def _stated(self, counts: Mapping[State, int]) -> str:
        return ", ".join(self.notes.say(f"states.{each}", n=n) for each, n in counts.items() if n)

    def _margin(self, drawn: LaidSection) -> Margin:
        """The margin of a section."""
        number, question = drawn.section.number, drawn.section.is_question
        marks = [mark for mark in self.marks.blanks if section_of(mark.id) == number and is_computed(mark)]
        counts = tally(marks)
        stands = counts["right"] + counts["own"]
        said = str(self.notes.say("squares", states=self._stated(counts)))
        notes = self.notes.of_section(number)
        return Margin(
            self.notes.say("count", n=stands, of=len(marks)) if marks else self._of_replies(number),
            Markup(strokes.squares([state(mark) for mark in marks], said)) if marks else Markup(),
            notes, stands == len(marks) > 0 and not notes and not question,
            [block for block in drawn.before if question or isinstance(block, Question)], drawn.words_width,
        )  # fmt: skip

    def _of_replies(self, number: int) -> Markup:
        """What the heading of a question says of choices, how many are right; else what of answers in words."""
        choices = [choice for choice in self.marks.choices if section_of(choice.id) == number]
        if choices:
            return self.notes.say("count", n=sum(choice.verdict == "right" for choice in choices), of=len(choices))
        return self._by_hand(number)

    def _by_hand(self, number: int) -> Markup:
        """The points of answers in words, or that nobody has read them yet."""
        answers = [each for each in self.marks.answers if section_of(each.id) == number]
        answered = [each for each in answers if each.answer or each.points is not None]
        if not answered:
            return Markup()
        if any(each.points is None for each in answered):
            return self.notes.say("by_hand")
        points = sum((each.points or Fraction(0) for each in answered), Fraction(0))
        of = sum((each.worth for each in answered), Fraction(0))
        return self.notes.say("by_hand_points", points=in_halves(points), of=in_halves(of))


class Margin(Struct, frozen=True):
    """What stands in the column of words."""

    count: Markup
    """How many answers stand, or how many points answers in words have."""
    squares: Markup
    notes: Sequence[Note]
    all_right: bool
    questions: Sequence[Block]
    line: float
    """The length of the lines to write on, in mm."""


# the signs of notes that have no number
SIGNS = {
    "own": Markup(strokes.svg([strokes.hook(0.2, 2.3)], 2.8, 2.4)),
    "empty": Markup(strokes.svg([strokes.ring(1.9, 1.9)], 3.8, 3.8)),
    "form": "≈",
    "ticked": "✓",
    "guard": "–",
}


@lru_cache(1000)
def _width(face: str, text: str, size: float) -> float:
    """The width of a text, in mm. size: in mm."""
    from byhand.press import width

    return width(face, str(text)) / 1000 * size


class Handwriting:
    """What a student wrote in the boxes of a page, and the marks over it, for the templates.

    document: the one whose figures are laid out, perhaps with slots.
    """

    def __init__(self, document: Document, notes: Notes, medium: Medium) -> None:
        self.notes = notes
        self.medium = medium
        self.blanks = {id(blank.cell): blank for blank in document.blanks()}
        # a number stands at the first of its cells in each section
        firsts: dict[tuple[int, int], str] = {}
        for mark in notes.marks.blanks:
            if mark.id in notes.numbers:
                firsts.setdefault((notes.numbers[mark.id], section_of(mark.id)), mark.id)
        self.first = frozenset(firsts.values())
        self.sections: dict[int, Section] = {}
        for section in document.sections:
            for block in section.blocks:
                self.sections |= dict.fromkeys(map(id, (block, *block.matrices)), section)
        self.replies = {each.id: each.option for each in notes.marks.choices}
        self.replies |= {each.id: each.answer for each in notes.marks.answers}

    # figures

    def rows(self, grid: Grid) -> Markup:
        """The rows of a figure's table."""
        from byhand.formats.html.table import rows

        return Markup(rows(grid, False, self.medium == "screen", self))

    def blank(self, slot: Slot, width: float) -> LaidCell:
        """The cell of a blank with what is written in it, as large as its column has room for."""
        mark = self._mark(slot.cell)
        text, size = fitted(mark, width - SIDE)
        return LaidCell(f"{slot.cls} {size}", ((text,),), said=self._said(mark), told=self._spoken(mark))

    def tick(self, slot: Slot) -> Tick:
        """The box of a matrix that may be ticked."""
        assert slot.ticked is not None
        return self._ticked(self.option(slot.ticked))

    def over(self, grid: Grid) -> Markup:
        """The marks over a figure, for a wide page and, on a screen, for a phone."""
        overlays = [self._over(grid, phone) for phone in ((False, True) if self.medium == "screen" else (False,))]
        return Markup("").join(overlays)

    def _over(self, grid: Grid, phone: bool) -> Markup:
        parts = list(self._strokes(grid, phone))
        if not parts:
            return Markup()
        size = (grid.phone_width, grid.phone_height) if phone else (grid.width, grid.height)
        drawn = strokes.svg(parts, *size)
        return Markup(f'<div class="strokes {"phone" if phone else "wide"}" aria-hidden="true">{drawn}</div>')

    def _strokes(self, grid: Grid, phone: bool) -> Iterator[str]:
        """The marks in the cells of a figure, and over them the numbers."""
        discs = []
        for (row, col), slot in sorted(grid.slots.items()):
            mark = self._mark(slot.cell) if slot.cell is not None and slot.cell.blank else None
            if mark is None:
                continue
            left, top, right, bottom = grid.box(row, col, row + 1, col + 1, phone=phone)
            match state(mark):
                case "not":
                    yield strokes.frame(left, top, right, bottom)
                    if mark.id in self.first:
                        discs.append(strokes.disc(right, top, str(self.notes.numbers[mark.id])))
                case "own" if is_computed(mark):
                    yield strokes.hook(left + 0.5, bottom - 0.5)
                case "empty" if is_computed(mark):
                    yield strokes.ring((left + right) / 2, (top + bottom) / 2)
            if (usual := self.notes.form(mark)) and words(f"= {usual}", strokes.FORM).width < right - left - SIDE:
                yield strokes.form(right, top, usual)
        yield from discs

    def _mark(self, cell: object) -> BlankMark | None:
        blank = self.blanks.get(id(cell))
        return self.notes.known.get(blank.id) if blank else None

    def _said(self, mark: BlankMark | None) -> str:
        """On paper, what is read aloud in place of a cell's text, if there is something to say of it."""
        return self.notes.told(mark) if mark and self.medium == "print" else ""

    def _spoken(self, mark: BlankMark | None) -> str:
        """On a screen, what is read aloud after a cell's text."""
        return self.notes.told(mark).removeprefix(written(mark.answer)) if mark and self.medium == "screen" else ""

    # tables, boxes for words, questions

    def cell(self, cell: Any, width: float, height: float) -> Markup:
        """What stands in a box that is no part of a figure's grid: the text with its marks. width, height: in mm."""
        mark = self._mark(cell)
        if mark is None:
            return Markup()
        text, size = fitted(mark, width - SIDE - 2 * strokes.DISC * (mark.id in self.first))
        spoken = self._spoken(mark)
        told = f'<span class="told">{escape(spoken)}</span>' if spoken else ""
        return Markup(
            f'<div class="boxed" style="width:{width - EDGE:.2f}mm;height:{height - EDGE:.2f}mm;line-height:'
            f'{height - EDGE:.2f}mm"><span class="box-text {size}">{escape(text)}{told}</span>'
            f"{self._signs(mark)}</div>"
        )

    def said(self, cell: Any) -> Markup:
        """The attribute with what is read aloud of such a box."""
        said = self._said(self._mark(cell))
        return Markup(f' aria-label="{escape(said)}"' if said else "")

    def _signs(self, mark: BlankMark) -> str:
        """The marks of a box that is no part of a grid; they hang at its corners, whatever its size."""
        signs = ""
        match state(mark):
            case "not":
                signs = '<span class="sign frame"></span>'
                if mark.id in self.first:
                    number = str(self.notes.numbers[mark.id])
                    signs += f'<span class="sign disc" aria-hidden="true">{number}</span>'
            case "own" if is_computed(mark):
                signs = f'<span class="sign hook">{strokes.svg([strokes.hook(0, 2.3)], 2.6, 2.4)}</span>'
            case "empty" if is_computed(mark):
                signs = f'<span class="sign ring">{strokes.svg([strokes.ring(2, 2)], 4, 4)}</span>'
        if usual := self.notes.form(mark):
            signs += f'<span class="sign usual">= {escape(usual)}</span>'
        return signs

    def field(self, thing: Block | Panel, part: object = "") -> tuple[str, str]:
        """The id of what is asked of a block or a matrix, and the option, if it is one of several."""
        section = self.sections.get(id(thing))
        name, _, option = fields(section)(thing, part).partition(BETWEEN) if section else ("", "", "")
        return name, option

    def box(self, thing: Block | Panel, part: object = "") -> Markup:
        """A box to tick, with a check if the student has ticked it."""
        return self.ticked(False, False, False, "", field=self.option(thing, part))

    def _ticked(self, field: str) -> Tick:
        name, _, option = field.partition(BETWEEN)
        return Tick("theirs" if option and self.replies.get(name, "") == option else "")

    # a kind of question without a template of its own for the marked page: its boxes have what the student ticked

    def option(self, thing: Block | Panel, part: object = "") -> str:
        """The name of a field, as the templates of other pages ask for it."""
        return BETWEEN.join(filter(None, self.field(thing, part)))

    def ticked(self, right: bool, shown: bool, inputs: bool, label: str, shared: str = "", field: str = "") -> Markup:
        """A box to tick, as the templates of other pages ask for it, with a check if the student has ticked it."""
        from byhand.formats.html.table import tick_html

        return Markup(tick_html(self._ticked(field)))

    def mended_of(self, block: Block) -> Markup:
        """What should have been ticked in a block, if it was not."""
        section = self.sections.get(id(block))
        replies = (each for each in section.replies if each.asker is block and each.options) if section else ()
        return Markup("").join(self.mended(block, each.options[0]) for each in replies)

    def mended(self, thing: Block | Panel, part: object) -> Markup:
        """What should have been ticked, if it was not."""
        mark = self.notes.known.get(self.field(thing, part)[0])
        if mark is None or state(mark) != "not":
            return Markup()
        return Markup(' <span class="mended">{}</span>').format(self.notes.ticked(mark))

    def gap(self, block: Block, part: str) -> str:
        """What was written in a gap of a sentence; of a word among several, the word."""
        name = self.field(block, part)[0]
        mark = self.notes.known.get(name)
        return escaped_line(mark.answer if mark else self.replies.get(name, ""))

    def lines(self, block: Block, role: str, width: float, count: int) -> Markup:
        """An answer in words, as it was written: on the lines of the page, in smaller type, or cut at their end."""
        text = escaped_line(self.replies.get(self.field(block, role)[0], ""))
        if not text:
            return Markup()
        room = int(width / LINE_LETTERS) * max(count, 1)
        size = "" if len(text) <= room else " small"
        most = room if not size else int(room * 2.4)
        cut = text if len(text) <= most else text[: most - 1].rstrip() + "…"
        return Markup(f'<p class="answer theirs{size}">{escape(cut)}</p>')


def fitted(mark: BlankMark | None, room: float) -> tuple[str, str]:
    """What is written in a box, cut if it is too long for it, and the size of its type. room: in mm."""
    from byhand.press import cut

    text = written(mark.answer) if mark else ""
    if not text.isprintable() or not text:
        return text, SIZES[0]
    for size in SIZES:
        if len(text) <= MOST_FITTED and _width("sans-400.ttf", text, LOOK[size] * PT) <= room:
            return text, size
    return cut("sans-400.ttf", text[: MOST_FITTED + 1], room * 1000 / (LOOK[SIZES[-1]] * PT)), SIZES[-1]
