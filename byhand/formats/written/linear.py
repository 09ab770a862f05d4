"""A sheet as linear text, for braille displays and screen readers: each number to be found in a line with its rule.

S[1,2] = Q[1,1]×K[2,1] + Q[1,2]×K[2,2] = ____
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from unicodedata import decomposition, normalize

from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.expr import Fn, Num, Ref, nodes, refs, without_choices
from byhand.formats import Setup
from byhand.formats.written.inline import Marks, line, paragraphs
from byhand.notation.inline import spoken
from byhand.notation.text import TEXT, text, value_text
from byhand.notation.write import write
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
    Words,
    Worked,
    text_in,
)
from byhand.page.reader import place_of
from byhand.worksheet.document import Cell, Panel, Section
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import View, shows_answers

BLANK, EMPTY, TICKED = "____", "( )", "(x)"
MOST_NUMBERS = 60  # of a rule that is read aloud: one that goes through several steps is told by the prose
# a sign of a product: in a rule, and between numbers; not of vectors, which is no ×, and not a word of a sheet
_TIMES, _OF_NUMBERS = re.compile(r"(?<=[^\s“])·(?=[^\s”])"), re.compile(r"(?<=\d) · (?=[\d−])")


def _formula(latex: str) -> str:
    """A formula in a line."""
    return _OF_NUMBERS.sub(" × ", spoken(latex))


def _known(text: str) -> str:
    """A text without signs that tables of braille or voices lack: K^T for Kᵀ, 2^(−1) for 2⁻¹, log_2 for log₂, 1/8 for
    ⅛, a×b for a·b.
    """
    parts = list[str]()
    for way, signs in groupby(text, lambda sign: decomposition(sign).partition(" ")[0]):
        part = "".join(signs)
        if way in ("<super>", "<sub>"):
            plain = normalize("NFKC", part)
            part = ("^" if way == "<super>" else "_") + (plain if len(plain) == 1 else f"({plain})")
        elif way == "<fraction>":
            part = normalize("NFKC", part).replace("⁄", "/")
            part = f" {part}" if parts and parts[-1][-1].isdigit() else part
        elif way == "<noBreak>":
            part = " " * len(part)
        parts.append(part)
    return _TIMES.sub("×", "".join(parts)).replace("⊙", "*")


MARKS = Marks(
    text=str, math=_formula, code=str, emphasis=("", ""), strong=("", ""), item="- ", line=" ",
)  # fmt: skip
_NAME = re.compile(r"\w+[′ᵀ]*")  # a name that needs no brackets before its place


def linear(page: Page, view: View, setup: Setup) -> bytes:
    """A page as linear text."""
    return (_known(_Linear(page, view).text) + "\n").encode()


def half_page(page: Page, view: View, setup: Setup) -> bytes:
    """The lecturer's half page as linear text."""
    from byhand.worksheet.half_page import half_page

    return (_known("\n\n".join(_line(words) for _, words in half_page(page.document).parts)) + "\n").encode()


class _Linear(Struct, frozen=True, eq=False, dict=True):
    """A page as linear text."""

    page: Page
    view: View

    @property
    def text(self) -> str:
        page = self.page
        blocks = [self.written(part) for part in page.head]
        blocks.append(page.messages.say("written.how", blank=BLANK, box=EMPTY))
        for each in page.sections:
            blocks += [self.written(part, each.section) for part in each.in_view(self.view)]
        blocks += [self.written(part) for part in page.end]
        return "\n\n".join(filter(None, blocks))

    @cached_property
    def at(self) -> dict[int, int]:
        """For each section, by its identity, its index."""
        return {id(section): at for at, section in enumerate(self.page.document.sections)}

    @cached_property
    def meanings(self) -> dict[str, set[str]]:
        """For each name of a matrix, the steps that it stands for."""
        by_name: dict[str, set[str]] = {}
        for panel in (panel for block in self.page.document.blocks for panel in block.matrices):
            by_name.setdefault(named(Matrix(panel)), set()).add(panel.step)
        return by_name

    @cached_property
    def called(self) -> dict[int, tuple[str, Section]]:
        """For each cell, by its identity, what it is called in a rule, and its section."""
        by_cell = dict[int, tuple[str, Section]]()
        for section in self.page.document.sections:
            for block in section.blocks:
                by_cell |= {id(cell): (self.page.called[id(cell)], section) for cell in block.cells}
                for panel in block.matrices:
                    name = named(Matrix(panel))
                    for i, row in enumerate(panel.cells, 1):
                        by_cell |= {id(cell): (f"{name}[{i},{j}]", section) for j, cell in enumerate(row, 1)}
        return by_cell

    def written(self, part: Part, section: Section | None = None) -> str:
        """A part of a section, or of none, as linear text."""
        page, say = self.page, self.page.messages.say
        match part:
            case Title():
                return _line(part.views[self.view])
            case Heading():
                step = say("written.step", n=part.number) if part.number else ""
                return f"{step} {_line(part.words)}".strip()
            case Text():
                lead = f"{EMPTY} " * part.tick + f"{part.lead}: " * bool(part.lead)
                return lead + "\n".join(paragraphs(part.words, MARKS))
            case Pencil():
                options = (f"{EMPTY} {option}" for option in part.options)
                cells = (f"{name}: {BLANK}" for name in part.cells)
                return "\n".join([f"{part.lead} {_line(part.words)}", *options, *cells])
            case Goals():
                return "\n".join([part.lead, *(f"{EMPTY} {_line(words)}" for words in part.lines)])
            case Blanks():
                return "\n".join(f"{name}: {BLANK}" for name in part.names)
            case Formula():
                return _formula(part.latex)
            case Product():
                matrices = (self._matrix(each, section) for each in part.matrices)
                return "\n\n".join([_formula(part.figure.formula), *matrices])
            case Matrix():
                return self._matrix(part, section)
            case Entries():
                return "\n".join(self._entries(part))
            case Options():
                ticked = part.ticked(self.view)
                ticks = (TICKED if n == ticked else EMPTY for n, _ in enumerate(part.labels))
                return "\n".join(f"{tick} {label}" for tick, label in zip(ticks, part.labels, strict=True))
            case Room():
                answer = part.answer(self.view)
                told = BLANK if answer is None else "\n".join(paragraphs(answer, MARKS))
                return f"{part.lead} {told}"
            case Sketch():
                return say("written.picture", said=_OF_NUMBERS.sub(" × ", part.said(self.view)))
            case Example():
                return f"{part.lead}: {text(page.worked_out(part.rule))} = {value_text(part.value)}"
            case Worked():
                return self._worked(part)

    def _worked(self, part: Worked) -> str:
        """Worked lines of what is no matrix: those of a matrix stand in its own lines."""
        label, rows = part.lines.label, part.lines.rows
        if part.symbol or any(name for name, *_ in rows):
            return ""
        worked_out = self.page.worked_out
        return "\n".join(f"{label}: {text(worked_out(rule))} = {value_text(value)}" for _, rule, value in rows)

    def _matrix(self, matrix: Matrix, section: Section | None) -> str:
        panel, say, ticked = matrix.panel, self.page.messages.say, matrix.ticked(self.view)
        tick = (TICKED if ticked else EMPTY) + " " if ticked is not None else ""
        lines = [tick + title(matrix, self.page.messages), *filter(None, (_formula(panel.note),))]
        for side, labels in (("row", panel.rows), ("column", panel.cols)):
            if any(label != str(n) for n, label in enumerate(labels, 1)) and any(labels):
                told = ", ".join(f"{n} {label}" for n, label in enumerate(labels, 1))
                lines.append(say(f"written.{side}_labels", labels=told))
        if panel.has_blanks and section is not None:
            return "\n".join([*lines, *(self._cell(cell, panel, section) for cell in panel.flat)])
        name = named(matrix)
        for n, row in enumerate(panel.cells, 1):
            lines.append(f"{name}[{n}] = {', '.join(value_text(cell.value) for cell in row)}")
        return "\n".join(lines)

    def _cell(self, cell: Cell, panel: Panel, section: Section) -> str:
        """A line of a cell: its name, its rule, its numbers where it is worked, and what stands in it."""
        between = [self.called[id(cell)][0], *self._rule(cell, panel, section), text_in(cell, self.view) or BLANK]
        return " = ".join(between)

    def _rule(self, cell: Cell, panel: Panel, section: Section) -> Iterator[str]:
        at, worked = self.at[id(section)], self.view == "worked"
        if panel.role == "copy" and cell.blank and cell.at and at:
            source = self.page.reader.source(at - 1, cell.place)
            if source is not None:
                name, origin = self.called[id(source.cell)]
                name = f"“{name}”" if " = " in name else name
                yield self.page.messages.say("written.of_step", name=name, n=origin.number)
        elif cell.rule is not None and any(ref.index for ref in refs(cell.rule)):
            run, rule = self.page.run, self.page.reader.on_page(at, cell.rule)
            if sum(isinstance(node, Num | Ref) for node in nodes(rule)) > MOST_NUMBERS:
                return
            chooses = any(isinstance(node, Fn) and node.name == "choose" for node in nodes(rule))
            if chooses:
                rule = without_choices(rule, lambda place: run.domain.settle(place, run.value))
            # how an inverse is found is asked, and so is which cells are masked, kept or chosen: one rule for all
            # cells of a step tells nothing of the numbers
            if panel.role == "ask" and (
                shows_answers(self.view) or (run.uniform(cell.step) is not None and not chooses)
            ):
                yield write(rule, replace(TEXT, ref=lambda ref: self._name(at, ref)))
            if worked:
                yield text(self.page.worked_out(rule))

    def _name(self, section: int, ref: Ref) -> str:
        """What a number of a rule is called on the page: with its step, where a name stands for several matrices."""
        source = self.page.reader.source(section, place_of(ref))
        assert source is not None
        name, origin = self.called[id(source.cell)]
        matrix, bracket, place = name.partition("[")
        if len(self.meanings.get(matrix, ())) > 1 and self.at[id(origin)] != section and origin.number:
            return f"({self.page.messages.say('written.of_step', name=matrix, n=origin.number)}){bracket}{place}"
        return name

    def _entries(self, part: Entries) -> Iterator[str]:
        """A table: each cell in a line with its name, and each row without one as it stands."""
        names = iter(part.labels)
        for row in part.rows:
            cells = [entry for entry in row if isinstance(entry, Cell)]
            for cell in cells:
                yield f"{next(names)}: {text_in(cell, self.view) or BLANK}"
            if not cells:
                yield ", ".join(_line(entry) for entry in row if not isinstance(entry, Cell))


def title(matrix: Matrix, messages: Messages) -> str:
    """What a matrix is: its names, what it is for, and its shape."""
    say, (rows, columns) = messages.say, matrix.panel.shape
    return say(
        "written.matrix", name=", ".join(map(spoken, matrix.titles)), role=say(f"legend.{matrix.panel.role}"),
        rows=say("written.rows", n=rows), columns=say("written.columns", n=columns),
    )  # fmt: skip


def named(matrix: Matrix) -> str:
    """What a matrix is called before a place, in brackets if that is more than a word."""
    name = spoken(matrix.name)
    return name if _NAME.fullmatch(name) else f"({name})"


def _line(words: Words) -> str:
    return line(words, MARKS)
