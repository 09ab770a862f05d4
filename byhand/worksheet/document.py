"""A worksheet as data: what stands on the page, whatever the format, and in every view.

A Document holds sections; a section has words (what is read) and figures (what is computed). The view decides only
what an answer cell shows: nothing on the worksheet, the answer on the key, the arithmetic too when worked.

A block's kind names its template. What a kind shows, asks for and costs its class says, and nothing else asks which
kind a block is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

from byhand.arithmetic.expr import Expr
from byhand.effort import QUESTION, STEP, writing
from byhand.errors import SheetError
from byhand.notation.inline import spoken
from byhand.notation.number import shown
from byhand.notation.text import value_text
from byhand.tape import Place
from byhand.worksheet.effort import Effort
from byhand.worksheet.messages import Messages, messages

MOST_LINES = 60  # to write on: more than a page has
Role = Literal["given", "parameter", "ask", "copy"]
BlankRole = Literal["ask", "copy", "inverse", "word", "entry", "size", "text"]
View = Literal["worksheet", "key", "worked"]
VIEWS: tuple[View, ...] = ("worksheet", "key", "worked")
Level = Literal["easy", "standard", "stretch"]
Orientation = Literal["rows", "columns"]  # what tokens are


@dataclass(frozen=True)
class Cell:
    """A value of the run, the rule of an answer, and whether it is to be filled in.

    rule: how the page's reader gets there, over references to cells of the run; None where there is nothing to be
    worked out: of what is printed, copied, or a word (the run has the rule of every cell). Products stand in the
    order of the page. step: what it belongs to; at: in which row and column of the run, of a matrix's. shows: whether
    the value is the run's, a mistake's, a size, or the word that a number stands for. places: what it is rounded to,
    where the run's number is not. seconds: what working it out takes a practised hand.
    """

    value: Any
    rule: Expr | None = None
    blank: bool = False
    step: str = ""
    at: tuple[int, int] | None = None
    shows: Literal["run", "mistake", "size", "word"] = "run"
    places: int | None = None
    seconds: float = 0.0
    kind: ClassVar[str] = "cell"

    @property
    def text(self) -> str:
        """As plain text."""
        return value_text(self.value)


@dataclass(frozen=True)
class Blank:
    """A cell that is to be filled in, and what is asked for there.

    id: SECTION/ROLE/STEP/ROW,COLUMN, counted from 1 as the run has them, or SECTION/BLOCK/N, the N-th cell of the
    section's blocks of that kind; the same for every level and orientation. role: a number to be computed (ask, in a
    table entry), to be copied, or to be found from a printed result (inverse); a word, a size, or a text. result: the
    step from which an inverse is found.
    """

    id: str
    role: BlankRole
    cell: Cell
    result: str = ""


def filling_in(cells: Iterable[Cell]) -> Effort:
    """To read what is asked, then each blank's arithmetic and writing; what is printed takes nothing."""
    blanks = [cell for cell in cells if cell.blank]
    time = sum(cell.seconds + writing(cell.value) for cell in blanks)
    return Effort(STEP + time, blanks=len(blanks)) if blanks else Effort()


@dataclass(frozen=True)
class Panel:
    """One matrix on the page, in the sheet's orientation.

    role: whether it is printed (given, or a learned parameter), asked for, or copied by the student; rows, cols:
    labels; along: whether these are "token" or "dim" labels; symbol, caption: LaTeX; right: whether it is the one to
    be ticked, where one is to be picked.
    """

    step: str
    role: Role
    cells: tuple[tuple[Cell, ...], ...]
    rows: tuple[str, ...]
    cols: tuple[str, ...]
    along: tuple[str, str]
    symbol: str
    caption: str = ""
    note: str = ""
    right: bool | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.cols)

    @property
    def is_answer(self) -> bool:
        return self.role in ("ask", "copy")

    def of_a_foil(self) -> Panel:
        """The same, of a mistake's run."""
        return replace(self, cells=tuple(tuple(replace(cell, shows="mistake") for cell in row) for row in self.cells))

    @property
    def flat(self) -> tuple[Cell, ...]:
        """The cells, row by row."""
        return tuple(cell for row in self.cells for cell in row)

    @property
    def has_blanks(self) -> bool:
        """Whether a cell is to be filled in: of an operand too, where it is to be found from the result."""
        return any(cell.blank for cell in self.flat)

    @property
    def effort(self) -> Effort:
        """What is copied takes its writing only."""
        if self.role != "copy":
            return filling_in(self.flat)
        copies = [cell for cell in self.flat if cell.blank]
        return Effort(sum(writing(cell.value) for cell in copies), copies=len(copies))

    def lines(self, turned: bool) -> tuple[Lines, ...]:
        """The arithmetic of its cells, token by token."""
        cells = tuple(zip(*self.cells, strict=True)) if turned else self.cells
        tokens, dims = (self.cols, self.rows) if turned else (self.rows, self.cols)
        found = []
        for token, row in zip(tokens, cells, strict=True):
            lines = ((dim, c.rule, c.value) for dim, c in zip(dims, row, strict=True) if c.rule is not None)
            found.append(Lines(token, tuple(lines)))
        return tuple(lines for lines in found if lines.rows)


@dataclass(frozen=True)
class Lines:
    """Worked lines under a label, such as a token: the label, the rule and the result of each."""

    label: str
    rows: tuple[tuple[str, Expr, Any], ...]


@dataclass(frozen=True)
class Working:
    """The worked lines of a matrix or a table, and what it is called (LaTeX) where there are several."""

    symbol: str
    lines: tuple[Lines, ...]


class Block:
    """What stands on the page under a heading.

    kind: what it is called, and its template: blocks/KIND.html. by_place: whether its blanks are told apart by their
    places in the run, as no place stands in it twice.
    """

    kind: ClassVar[str]
    by_place: ClassVar[bool] = False

    def asking(self) -> Iterator[tuple[Cell, BlankRole, str]]:
        """Its cells, what each asks for if it is a blank, and of an inverse the step that it is found from."""
        for cell in self.cells:
            role = "entry" if cell.shows == "run" and cell.step else "text" if cell.shows == "run" else cell.shows
            yield cell, role, ""  # type: ignore[misc]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The values of the run that it shows, and the blanks for them, in order."""
        return ()

    @property
    def matrices(self) -> tuple[Panel, ...]:
        """The whole matrices that it shows."""
        return ()

    @property
    def asked(self) -> tuple[str, ...]:
        """The steps of the run that it asks for."""
        return tuple(cell.step for cell in self.cells if cell.blank and cell.step)

    @property
    def effort(self) -> Effort:
        """What it asks of a student."""
        return filling_in(self.cells)

    def worked(self, turned: bool) -> tuple[Working, ...]:
        """The rules of its blanks, for the worked view, which puts numbers in. turned: whether tokens are columns."""
        return ()


class TextBlock(Block):
    """What is read, in the left column, in the order of the sheet.

    brief: whether it also fits into half a page's width; last: whether it stands after the figures where these are
    too wide to stand beside the words.
    """

    brief: ClassVar[bool] = False
    last: ClassVar[bool] = False


class Question(TextBlock):
    """What is answered, not read. seconds: what a practised hand needs, but for the blanks."""

    seconds: ClassVar[float] = QUESTION

    @property
    def effort(self) -> Effort:
        """That of a question, and of the blanks in it."""
        return Effort(self.seconds, questions=1) + filling_in(self.cells)


class Figure(Block):
    """What is computed, in the right column."""


class Matrices(Figure):
    """A figure of whole matrices."""

    by_place = True

    @property
    def result_step(self) -> str:
        """The step that its operands make, if they make one."""
        return ""

    def asking(self) -> Iterator[tuple[Cell, BlankRole, str]]:
        """Blanks of matrices that are not asked for are found from the result."""
        for panel in self.matrices:
            for cell in panel.flat:
                if cell.shows == "word":
                    yield cell, "word", ""
                elif panel.role == "ask" or panel.role == "copy":
                    yield cell, panel.role, ""
                else:
                    yield cell, "inverse", self.result_step

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Those of the matrices, one after the other."""
        return tuple(cell for panel in self.matrices for cell in panel.flat)

    @property
    def effort(self) -> Effort:
        """That of the matrices: each is read for itself."""
        return sum((panel.effort for panel in self.matrices), Effort())

    def worked(self, turned: bool) -> tuple[Working, ...]:
        """The lines of each matrix, named where there are several."""
        found = [(panel, lines) for panel in self.matrices if (lines := panel.lines(turned))]
        several = len(found) > 1
        return tuple(Working(panel.caption or panel.symbol if several else "", lines) for panel, lines in found)


@dataclass(frozen=True)
class Falk(Matrices):
    """A product: the right operand above, the left one to the left, the result where they cross."""

    left: Panel
    upper: Panel
    result: Panel
    bias: Panel | None
    formula: str
    arrows: bool = False
    kind = "falk"

    @property
    def matrices(self) -> tuple[Panel, ...]:
        """The operands, then the result."""
        return (self.left, self.upper, *((self.bias,) if self.bias else ()), self.result)

    @property
    def result_step(self) -> str:
        """The product."""
        return self.result.step

    @property
    def asked(self) -> tuple[str, ...]:
        """The product, also where entries of its operands are left out."""
        return (self.result.step,) if any(p.has_blanks and p.role != "copy" for p in self.matrices) else ()


@dataclass(frozen=True)
class Strip(Matrices):
    """Matrices side by side, with a sign between two of them; parameters may stand above the last one.

    dots: what stands over the last panel's weights where they are drawn as dots at the end.
    """

    panels: tuple[Panel, ...]
    joints: tuple[str, ...]
    dots: str = ""
    above: tuple[Panel, ...] = ()
    kind = "strip"

    @property
    def matrices(self) -> tuple[Panel, ...]:
        """Those in a row, then those above."""
        return (*self.panels, *self.above)

    @property
    def result_step(self) -> str:
        """The last one."""
        return self.panels[-1].step

    @property
    def asked(self) -> tuple[str, ...]:
        """The matrices to be filled in, but for copies."""
        return tuple(panel.step for panel in self.panels if panel.role == "ask")


@dataclass(frozen=True)
class WordBoxes(Figure):
    """A row of boxes for the words that the answers spell."""

    labels: tuple[str, ...]
    answers: tuple[Cell, ...]
    kind = "boxes"
    by_place = True

    @property
    def cells(self) -> tuple[Cell, ...]:
        """One a box."""
        return self.answers


@dataclass(frozen=True)
class Prose(TextBlock):
    """Parsed Markdown."""

    tokens: Sequence[Any]
    kind = "prose"
    brief = True

    @property
    def text(self) -> str:
        """As plain text, where it is of one line."""
        return "".join(spoken(t.content) if t.type == "math_inline" else t.content for t in self.tokens)


@dataclass(frozen=True)
class Table(Figure):
    """Rows under a head, each with its name in front: texts, values of the run, and blanks for them."""

    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose | Cell, ...], ...]
    kind = "table"

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The values and blanks, row by row."""
        return tuple(cell for row in self.rows for cell in row if isinstance(cell, Cell))

    @property
    def effort(self) -> Effort:
        """That of the rows: each is read for itself."""
        return sum((filling_in(cell for cell in row if isinstance(cell, Cell)) for row in self.rows), Effort())

    def worked(self, turned: bool) -> tuple[Working, ...]:
        """The lines of its entries, each under the names of its row and column."""
        lines = tuple(
            Lines(f"{row[0].text}, {head.text}", (("", cell.rule, cell.value),))
            for row in self.rows
            for head, cell in zip(self.head, row, strict=True)
            if isinstance(cell, Cell) and cell.rule is not None
        )
        return (Working("", lines),) if lines else ()


@dataclass(frozen=True)
class Remark(TextBlock):
    """A short line of text under a head that its template prints."""

    tokens: Sequence[Any]


class Hint(Remark):
    """What helps."""

    kind = "hint"


class Check(Remark):
    """A fact that can be checked without the key, with a box to tick."""

    kind = "check"


class Checkpoint(Remark):
    """Earlier results are printed here."""

    kind = "checkpoint"


@dataclass(frozen=True)
class FirstCell(TextBlock):
    """The rule of a matrix's first cell, which is printed: a view puts the numbers in."""

    rule: Expr
    value: Any
    kind = "first"


@dataclass(frozen=True)
class Answer(Question):
    """Ruled lines to write on, and what the key says there.

    Raises: SheetError for lines that no page has.
    """

    lines: int
    tokens: Sequence[Any]
    kind = "answer"
    brief = True
    last = True

    def __post_init__(self) -> None:
        if not (isinstance(self.lines, int) and 0 <= self.lines <= MOST_LINES):
            raise SheetError(f"{shown(self.lines)} lines are more than a page has; use up to {MOST_LINES}")


@dataclass(frozen=True)
class Claim(Question):
    """A statement to be judged, true or false, and lines for the reason."""

    tokens: Sequence[Any]
    holds: bool
    reason: Sequence[Any]
    rules: int = 1
    kind = "claim"


@dataclass(frozen=True)
class Choice(Question):
    """Words to choose from: the one that a step comes to is right."""

    step: str
    words: tuple[str, ...]
    right: int
    kind = "choice"
    seconds = STEP

    @property
    def asked(self) -> tuple[str, ...]:
        """The step that chooses."""
        return (self.step,)


@dataclass(frozen=True)
class Section:
    """A numbered step or question."""

    number: int
    title: str
    words: tuple[TextBlock, ...]
    figures: tuple[Figure, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The figures, then the words."""
        return (*self.figures, *self.words)

    @property
    def asked(self) -> tuple[str, ...]:
        """The steps of the run that it asks for."""
        return tuple(step for block in self.blocks for step in block.asked)

    @cached_property
    def seen(self) -> tuple[Cell | Blank, ...]:
        """Its cells in the order of the page, those to be filled in as blanks."""
        found, count = list[Cell | Blank](), Counter[str]()
        for block in self.blocks:
            for cell, role, result in block.asking():
                if block.by_place and cell.at is not None:
                    i, j = cell.at
                    name = f"{role}/{cell.step}/{i + 1},{j + 1}"
                else:
                    count[block.kind] += 1
                    name = f"{block.kind}/{count[block.kind]}"
                found.append(Blank(f"{self.number}/{name}", role, cell, result) if cell.blank else cell)
        return tuple(found)

    @property
    def blanks(self) -> tuple[Blank, ...]:
        """What is to be filled in, in the order of the page."""
        return tuple(each for each in self.seen if isinstance(each, Blank))

    @cached_property
    def front(self) -> Mapping[Place, Cell | Blank]:
        """What its reader has in front of them of the run: for each place a printed cell, or a blank.

        A blank is the reader's own result, or where it is a copy what they carry over. Of a place that stands there
        several times it is the first; numbers of a mistake, and sizes, are none of the run's.
        """
        found: dict[Place, Cell | Blank] = {}
        for each in self.seen:
            cell = each.cell if isinstance(each, Blank) else each
            if cell.at is not None and cell.shows != "mistake":
                found.setdefault((cell.step, *cell.at), each)
        return found

    @property
    def is_question(self) -> bool:
        """Whether it asks something that is no step of the run: a word to be chosen ends a step."""
        return any(isinstance(word, Question) and not word.asked for word in self.words)


def sections_asking(sections: Iterable[Section], steps: Container[str]) -> dict[str, list[int]]:
    """Those of these steps that are asked for, and the numbers of the sections that ask for them."""
    found: dict[str, list[int]] = {}
    for section in sections:
        for step in dict.fromkeys(section.asked):
            if step in steps:
                found.setdefault(step, []).append(section.number)
    return found


State = Literal["done", "here", "later"]


@dataclass(frozen=True)
class Box:
    """A part of the architecture on the map, and the sections of this sheet that compute it.

    label: LaTeX, words in \\text{…}; "+" is where a branch joins the residual stream.
    """

    part: str
    label: str
    shape: str
    state: State
    sections: tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """A step inside a part: its sections, one for each head that has it, or none where it is given.

    word: what it is called, where that says more than its symbol (LaTeX); reads: places in the part's nodes.
    """

    sections: tuple[int, ...]
    symbol: str
    word: str
    shape: str
    reads: tuple[int, ...]


@dataclass(frozen=True)
class Map:
    """Where a sheet stands in the model. boxes: along the residual stream; inside: what it computes in each part.

    branches: the parts between which the stream runs beside a branch, first to ⊕. encoder: of what a decoder reads,
    where there is one.
    """

    boxes: tuple[Box, ...]
    inside: Mapping[str, tuple[Node, ...]]
    branches: tuple[tuple[str, str], ...]
    stream: str
    layers: int
    encoder: Map | None = None


@dataclass(frozen=True, eq=False)
class Document:
    """A whole sheet."""

    name: str
    title: str
    number: int
    goal: Sequence[Any]
    prerequisites: tuple[str, ...]
    conventions: tuple[Sequence[Any], ...]
    map: Map
    sections: tuple[Section, ...]
    orientation: Orientation
    level: Level = "standard"
    messages: Messages = field(default_factory=messages)
    asked: Mapping[str, str] = field(default_factory=dict)
    stamp: Mapping[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> Iterator[Block]:
        """All that stands on it."""
        return (block for section in self.sections for block in section.blocks)

    @property
    def steps(self) -> frozenset[str]:
        """The steps of which a number is shown, or a blank for one."""
        blocks = [*self.blocks]
        matrices = [panel.step for block in blocks for panel in block.matrices]
        cells = [cell for block in blocks for cell in block.cells]
        return frozenset([*matrices, *(cell.step for cell in cells if cell.step and cell.shows != "size")])

    @property
    def effort(self) -> Effort:
        """What it asks of a student."""
        return sum((block.effort for block in self.blocks), Effort())

    def panels(self) -> list[Panel]:
        """Every matrix with blanks, in order."""
        return [panel for block in self.blocks for panel in block.matrices if panel.has_blanks]

    def blanks(self) -> list[Blank]:
        """All that is to be filled in, in order."""
        return [blank for section in self.sections for blank in section.blanks]
