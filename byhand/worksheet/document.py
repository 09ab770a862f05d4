"""A worksheet as data: what stands on the page, whatever the format, and in every view.

A Document holds sections; a section has words (what is read) and figures (what is computed). The view decides only
what an answer cell shows: nothing on the worksheet, the answer on the key, the arithmetic too when worked.

A block's kind names its template. What a kind shows, asks for and costs its class says, and nothing else asks which
kind a block is.

The classes here have `eq=False`: two blocks that look alike are two places on the page, each with its own blanks, so
a block equals itself only. So it can be the key of a dict, although its lists of Markdown tokens have no hash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from byhand import __version__, pictures
from byhand.arithmetic.domain import Domain
from byhand.arithmetic.expr import Expr
from byhand.effort import GUESS, IN_A_LINE, QUESTION, STEP, TYPICAL, writing
from byhand.errors import SheetError
from byhand.notation.inline import spoken
from byhand.notation.number import shown
from byhand.notation.text import value_text
from byhand.runs import Run
from byhand.tape import Place
from byhand.worksheet.effort import Effort, time_told
from byhand.worksheet.excerpt import HEAD
from byhand.worksheet.markdown import as_token
from byhand.worksheet.messages import READ_BACK, Messages, messages
from byhand.worksheet.sheet import Delta, ForLecturer, Named
from byhand.worksheet.views import Level, Orientation

BETWEEN = "="  # stands between a name and one of its options, each of which has a box of its own to tick
MOST_LINES = 60  # to write on: more than a page has
Role = Literal["given", "parameter", "ask", "copy"]
BlankRole = Literal["ask", "copy", "inverse", "word", "entry", "size", "text", "change"]
ReplyRole = Literal["claim", "because", "choice", "tick", "lines", "line"]
GAP = "____"  # a gap of a sentence, as text


class Cell(Struct, frozen=True):
    """A cell of the page: a value, its rule, and whether it is a blank."""

    value: Any
    rule: Expr | None = None
    """How a reader of the page computes the value, over references to cells of the run, the factors of products in
    the order of the page; None for a printed or copied cell and for a word (the run has the rule of every cell)."""
    blank: bool = False
    step: str = ""
    """The step that the value belongs to."""
    at: tuple[int, int] | None = None
    """The row and the column of the value in the run."""
    shows: Literal["run", "mistake", "size", "word", "minutes", "change"] = "run"
    """Whether the value is the run's, a mistake's, a size, the word that a number stands for, the minutes of a
    sitting, or a part of a change that the run does not have."""
    places: int | None = None
    """The decimal places to which the page rounds the run's number."""
    seconds: float = 0.0
    """The seconds that a practised hand needs."""
    kind: ClassVar[str] = "cell"
    role: ClassVar[str] = ""
    """What is asked for there; "" for a cell that is no blank."""

    @property
    def cell(self) -> Cell:
        """Itself, as a blank has its cell."""
        return self

    @property
    def text(self) -> str:
        """The value as plain text."""
        return value_text(self.value)

    @property
    def place(self) -> Place:
        """The place of the run that the value belongs to, if it has one."""
        assert self.at is not None
        return self.step, *self.at


class Blank(Struct, frozen=True):
    """A cell that the student fills in, and what is asked for there."""

    id: str
    """SECTION/ROLE/STEP/ROW,COLUMN, row and column of the run counted from 1, or SECTION/BLOCK/N for the N-th cell of
    the section's blocks of a kind. It is the same for every level and orientation."""
    role: BlankRole
    """What is asked for: a number that is computed (ask; in a table, entry), copied (copy), or found from a printed
    result (inverse); a word, a size, or a text; or a part of a change to the run's numbers (change)."""
    cell: Cell
    result: str = ""
    """The step from which an inverse is found."""


class Reply(Struct, frozen=True):
    """An answer that is written into no cell: the choice of one option, or words on lines."""

    asker: Block
    """The block that asks for it."""
    role: ReplyRole
    """What is asked for: whether a statement is true (claim), the reason for that (because), a word chosen from
    several (choice), the matrix that is ticked among several (tick), or words: on lines (lines), or a few in one line
    or in a gap (line)."""
    right: str
    """The option that is right, or the key's words."""
    options: tuple[str, ...] = ()
    """The texts true and false, or numbers from 1 in the order of the page; none where words are asked for."""
    labels: tuple[str, ...] = ()
    """What the numbered options are on the page."""
    gap: str = ""
    """The gap of a sentence in which it is written, of which a block may have several; there, an option is written as
    its label, and not ticked."""
    id: str = ""
    """SECTION/ROLE/N, the N-th reply of a role in its section; for a reason, the claim's id and /because."""

    def __post_init__(self) -> None:
        """Raises: SheetError where there are numbered options without labels, or labels of others."""
        if self.role != "claim" and len(self.labels) != len(self.options):
            counts = f"{len(self.options)} options and {len(self.labels)} labels"
            raise SheetError(f"{self.asker.kind}: a reply has {counts}; give each option its label on the page")


def filling_in(cells: Iterable[Cell]) -> Effort:
    """The effort of blanks read together: to read the question once, then to compute and write each blank."""
    blanks = [cell for cell in cells if cell.blank]
    time = sum(cell.seconds + writing(cell.value) for cell in blanks)
    return Effort(STEP + time, blanks=len(blanks)) if blanks else Effort()


class Panel(Struct, frozen=True, dict=True):
    """One matrix on the page, in the sheet's orientation."""

    step: str
    role: Role
    """Whether the matrix is printed ("given", or "parameter" if learned), asked for ("ask"), or copied by the student
    ("copy")."""
    cells: tuple[tuple[Cell, ...], ...]
    rows: tuple[str, ...]
    """The labels of its rows."""
    cols: tuple[str, ...]
    """The labels of its columns."""
    along: tuple[str, str]
    """Whether the labels of rows and of columns are "token" or "dim" labels."""
    symbol: str
    """LaTeX."""
    caption: str = ""
    """LaTeX."""
    note: str = ""
    bead: str = ""
    """Where its numbers are known from an earlier sheet of the thread, the number of that sheet; the note says it in
    words."""
    right: bool | None = None
    """Where one of several matrices is to be ticked, whether it is this one."""
    fractions: bool = False
    """Whether other seeds have fractions here."""

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.cols)

    @property
    def is_answer(self) -> bool:
        return self.role in ("ask", "copy")

    def of_a_mistake(self) -> Panel:
        """The same matrix, marked as the numbers of a mistake."""
        return replace(self, cells=tuple(tuple(replace(cell, shows="mistake") for cell in row) for row in self.cells))

    def only(self, tokens: Sequence[int], transposed: bool) -> Panel:
        """The numbers of these tokens. transposed: whether tokens are columns."""
        if transposed:
            cells = tuple(tuple(row[at] for at in tokens) for row in self.cells)
            return replace(self, cells=cells, cols=tuple(self.cols[at] for at in tokens))
        cells = tuple(self.cells[at] for at in tokens)
        return replace(self, cells=cells, rows=tuple(self.rows[at] for at in tokens))

    @cached_property
    def flat(self) -> tuple[Cell, ...]:
        """The cells, row by row."""
        return tuple(cell for row in self.cells for cell in row)

    @cached_property
    def has_blanks(self) -> bool:
        """Whether any cell is a blank: of an answer, or of an operand with unknown entries."""
        return any(cell.blank for cell in self.flat)

    @property
    def effort(self) -> Effort:
        """The effort of the blanks; a copy takes only the time to write it."""
        if self.role != "copy":
            return filling_in(self.flat)
        copies = [cell for cell in self.flat if cell.blank]
        return Effort(sum(writing(cell.value) for cell in copies), copies=len(copies))

    def lines(self, transposed: bool) -> tuple[Lines, ...]:
        """The worked lines of the cells, grouped by token. transposed: whether tokens are columns."""
        cells = tuple(zip(*self.cells, strict=True)) if transposed else self.cells
        tokens, dims = (self.cols, self.rows) if transposed else (self.rows, self.cols)
        groups = []
        for token, row in zip(tokens, cells, strict=True):
            lines = ((dim, c.rule, c.value) for dim, c in zip(dims, row, strict=True) if c.rule is not None)
            groups.append(Lines(token, tuple(lines)))
        return tuple(lines for lines in groups if lines.rows)


class Lines(Struct, frozen=True, eq=False):
    """Worked lines under a common label, such as a token."""

    label: str
    rows: tuple[tuple[str, Expr, Any], ...]
    """Each line's label, rule and result."""


class Working(Struct, frozen=True, eq=False):
    """The worked lines of a matrix or a table."""

    symbol: str
    """The name of the matrix in LaTeX where there are several, else ""."""
    lines: tuple[Lines, ...]


class Block:
    """A part of a section, such as a figure, a text or a question."""

    kind: ClassVar[str]
    """The name of the kind, and of its template, blocks/KIND.html."""
    by_place: ClassVar[bool] = False
    """Whether its blanks are named by their places in the run, because it shows no place twice."""

    def asking(self) -> Iterator[tuple[Cell, BlankRole, str]]:
        """The cells, each with its role if it is a blank, and the step from which an inverse is found, else ""."""
        for cell in self.cells:
            role = "entry" if cell.shows == "run" and cell.step else "text" if cell.shows == "run" else cell.shows
            yield cell, role, ""  # type: ignore[misc]

    def called(self, messages: Messages) -> Iterator[str]:
        """What each of its cells is called for those who hear the page."""
        return (messages.say("fields.blank", n=n) for n in range(1, len(self.cells) + 1))

    def replies(self) -> Iterator[Reply]:
        """The replies that it asks for, without their ids."""
        return iter(())

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the block, in the order of the page."""
        return ()

    @property
    def matrices(self) -> tuple[Panel, ...]:
        """The matrices of the block."""
        return ()

    @property
    def asked(self) -> tuple[str, ...]:
        """The steps of the run that it asks for."""
        return tuple(cell.step for cell in self.cells if cell.blank and cell.step)

    @property
    def drawn(self) -> tuple[str, ...]:
        """The steps of the run that it draws without showing their cells."""
        return ()

    @property
    def effort(self) -> Effort:
        """The effort that the block takes a student."""
        return filling_in(self.cells)

    def worked(self, transposed: bool) -> tuple[Working, ...]:
        """The rules of the blanks, for the worked lines. transposed: whether tokens are columns."""
        return ()


class TextBlock(Block):
    """A block in the left column, in the order of the sheet: a text, or a question."""

    last: ClassVar[bool] = False
    """Whether it comes after the figures if these are too wide to stand beside it."""
    follows: ClassVar[bool] = False
    """Whether one reads it after the figures, where everything stands in one column."""
    opens: bool = False
    """Whether its section begins a page."""

    @property
    def aside(self) -> bool:
        """Whether it is a question in the middle of a step, which stands below the figures."""
        return False


class Question(TextBlock):
    """A text that asks for an answer."""

    seconds: ClassVar[float] = QUESTION
    """The time for it that a practised hand needs, without its blanks."""
    follows = True

    @property
    def effort(self) -> Effort:
        """The effort of the question and of its blanks."""
        return Effort(self.seconds, questions=1) + filling_in(self.cells)


class Figure(Block):
    """A block in the right column, where the student computes."""


class Matrices(Figure):
    """A figure of whole matrices."""

    by_place = True

    @property
    def result_step(self) -> str:
        """The step whose operands the figure shows; "" where there is none."""
        return ""

    def asking(self) -> Iterator[tuple[Cell, BlankRole, str]]:
        """The cells of the matrices; blanks of matrices that are printed are inverses, found from the result."""
        for panel in self.matrices:
            for cell in panel.flat:
                if cell.shows == "word":
                    yield cell, "word", ""
                elif panel.role == "ask" or panel.role == "copy":
                    yield cell, panel.role, ""
                else:
                    yield cell, "inverse", self.result_step

    def called(self, messages: Messages) -> Iterator[str]:
        """Its matrix, its row and its column on the page."""
        for panel in self.matrices:
            rows, cols = _apart(panel.rows), _apart(panel.cols)
            matrix = spoken(panel.caption or panel.symbol)
            for row in rows:
                for col in cols:
                    way = "cell" if row and col else "row" if row else "column" if col else "matrix"
                    yield messages.say(f"fields.{way}", matrix=matrix, row=row, column=col)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the matrices, one after the other."""
        return tuple(cell for panel in self.matrices for cell in panel.flat)

    @property
    def effort(self) -> Effort:
        """The effort of the matrices, each read separately."""
        return sum((panel.effort for panel in self.matrices), Effort())

    def worked(self, transposed: bool) -> tuple[Working, ...]:
        """The lines of each matrix, with its symbol where there are several."""
        with_lines = [(panel, lines) for panel in self.matrices if (lines := panel.lines(transposed))]
        several = len(with_lines) > 1
        return tuple(Working(panel.caption or panel.symbol if several else "", lines) for panel, lines in with_lines)


def _apart(labels: Sequence[str]) -> list[str]:
    """Labels, with numbers before those that there are twice."""
    count = Counter(labels)
    return [f"{n} ({label})" if label and count[label] > 1 else label for n, label in enumerate(labels, 1)]


class Falk(Matrices, Struct, frozen=True, eq=False):
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
        """The operands that are computed here, and the product, also where it is printed and entries of its operands
        are blanks.
        """
        if not any(p.has_blanks and p.role != "copy" for p in self.matrices):
            return ()
        return (*(p.step for p in (self.left, self.upper) if p.role == "ask"), self.result.step)


class Strip(Matrices, Struct, frozen=True, eq=False):
    """Matrices side by side, with a sign between neighbours; parameters may stand above the last one."""

    panels: tuple[Panel, ...]
    joints: tuple[str, ...]
    dots: str = ""
    """The caption over the last panel's weights, if these are drawn as dots."""
    dots_said: str = ""
    """What is said of those dots."""
    above: tuple[Panel, ...] = ()
    kind = "strip"

    @property
    def matrices(self) -> tuple[Panel, ...]:
        """The matrices in the row, then the parameters above."""
        return (*self.panels, *self.above)

    @property
    def result_step(self) -> str:
        """The last matrix in the row."""
        return self.panels[-1].step

    def replies(self) -> Iterator[Reply]:
        """Where matrices are to be ticked, which of them."""
        ticked = [panel for panel in self.panels if panel.right is not None]
        if ticked:
            right = next(n for n, panel in enumerate(ticked, 1) if panel.right)
            labels = (spoken(panel.caption or panel.symbol) for panel in ticked)
            yield Reply(self, "tick", str(right), _numbered(ticked), tuple(labels))

    @property
    def asked(self) -> tuple[str, ...]:
        """The steps of the matrices that the student computes."""
        return tuple(panel.step for panel in self.panels if panel.role == "ask")


class WordBoxes(Figure, Struct, frozen=True, eq=False):
    """A row of boxes for the words that answers stand for."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...]
    """The cells for the words, one for each box."""
    kind = "boxes"
    by_place = True

    def called(self, messages: Messages) -> Iterator[str]:
        """The boxes are numbered."""
        return (messages.say("questions.word", n=n) for n in range(1, len(self.cells) + 1))


class Picture(Figure, Struct, frozen=True, eq=False):
    """A picture of an idea, drawn from the numbers of steps, for the student to complete."""

    picture: pictures.Picture
    sketch: Any
    """A Sketch; where numbers differ from copy to copy, a value with each copy's."""
    drawn: tuple[str, ...] = ()
    """The names of the steps that it is drawn from."""
    options: Mapping[str, Any] = {}
    """What the sheet gives besides, such as words."""
    kind = "picture"

    @property
    def effort(self) -> Effort:
        """The effort to complete it."""
        return Effort(60 * self.picture.minutes / TYPICAL)


def _numbered(options: Sequence[object]) -> tuple[str, ...]:
    """The numbers of options, from 1."""
    return tuple(str(n) for n in range(1, len(options) + 1))


def plain_words(tokens: Iterable[Any]) -> str:
    """A line of Markdown without its markup; formulas as they are spoken."""
    return "".join(spoken(t.content) if t.type == "math_inline" else t.content for t in tokens)


class Prose(TextBlock, Struct, frozen=True, eq=False):
    """A text, as parsed Markdown."""

    tokens: Sequence[Any]
    kind = "prose"

    @property
    def text(self) -> str:
        """The text without markup, if it is one line."""
        return plain_words(self.tokens)

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The parts of the text without markup, and whether each is a formula."""
        return [(plain_words([token]), token.type == "math_inline") for token in self.tokens]


class Table(Figure, Struct, frozen=True, eq=False):
    """A table with a head: each row is a name, then texts, values of the run, or blanks."""

    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose | Cell, ...], ...]
    columns: tuple[float, ...] = ()
    """The widths of its columns in mm, where they stand over those of a picture; else they fit their contents."""
    kind = "table"

    def called(self, messages: Messages) -> Iterator[str]:
        """The name of its row and the texts before it there, and the head of its column."""
        for row in self.rows:
            before = list[str]()
            for head, entry in zip(self.head, row, strict=True):
                if isinstance(entry, Cell):
                    yield ", ".join(filter(None, (*before, head.text)))
                if isinstance(entry, Prose) or (entry is row[0] and not entry.blank):
                    before.append(entry.text)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, row by row."""
        return tuple(cell for row in self.rows for cell in row if isinstance(cell, Cell))

    @property
    def effort(self) -> Effort:
        """The effort of the rows, each read separately."""
        return sum((filling_in(cell for cell in row if isinstance(cell, Cell)) for row in self.rows), Effort())

    def worked(self, transposed: bool) -> tuple[Working, ...]:
        """The lines of the entries, each labelled with its row and column."""
        lines = tuple(
            Lines(f"{row[0].text}, {head.text}", (("", cell.rule, cell.value),))
            for row in self.rows
            for head, cell in zip(self.head, row, strict=True)
            if isinstance(cell, Cell) and cell.rule is not None
        )
        return (Working("", lines),) if lines else ()


class Remark(TextBlock, Struct, frozen=True, eq=False):
    """A short text under a head that the template prints."""

    tokens: Sequence[Any]


class Hint(Remark, frozen=True, eq=False):
    """A hint."""

    kind = "hint"
    follows = True


class Check(Remark, frozen=True, eq=False):
    """A fact by which students check their own results without the key, with a box to tick."""

    sums: str = ""
    """The step whose rows it adds up, if it is one on sums."""
    kind = "check"
    follows = True


class Checkpoint(Remark, frozen=True, eq=False):
    """A note that earlier results are printed here, so that a mistake in them does no more harm."""

    opens: bool = False
    kind = "checkpoint"


class FirstCell(TextBlock, Struct, frozen=True, eq=False):
    """The first cell of a matrix, worked and printed as an example: its rule and its value."""

    rule: Expr
    value: Any
    kind = "first"


class Guess(TextBlock, Struct, frozen=True, eq=False):
    """A box for a guess in pencil, which nobody marks: a text, and perhaps words to cross or numbers to guess."""

    tokens: Sequence[Any]
    words: tuple[str, ...] = ()
    """Words, each with a box to cross."""
    numbers: tuple[str, ...] = ()
    """What numbers are guessed, each with a box for its number."""
    kind = "pencil"

    @property
    def effort(self) -> Effort:
        """The time to think of it; it is no question."""
        return Effort(GUESS)


class Answer(Question, Struct, frozen=True, eq=False):
    """Ruled lines to write on, and the key's answer; or a question with one line, in the middle of a step.

    Raises: SheetError for more lines than a page has.
    """

    lines: int
    tokens: Sequence[Any]
    asks: Sequence[Any] = ()
    """The question that stands beside the line, as parsed Markdown."""
    kind = "answer"
    last = True

    @property
    def aside(self) -> bool:
        """Whether it has its question beside it."""
        return bool(self.asks)

    @property
    def effort(self) -> Effort:
        """The effort of the question."""
        return Effort(IN_A_LINE if self.aside else QUESTION, questions=1)

    def __post_init__(self) -> None:
        if not (isinstance(self.lines, int) and 0 <= self.lines <= MOST_LINES):
            raise SheetError(f"{shown(self.lines)} lines are more than a page has; use up to {MOST_LINES}")

    def replies(self) -> Iterator[Reply]:
        """What is written on the lines."""
        if self.lines:
            yield Reply(self, "line" if self.aside else "lines", plain_words(self.tokens))


class Space(TextBlock, Struct, frozen=True, eq=False):
    """Ruled lines for working, on which nothing is asked for."""

    lines: int
    kind = "space"
    follows = True

    @property
    def aside(self) -> bool:
        """It stands below the figures, as wide as the page."""
        return True


class Claim(Question, Struct, frozen=True, eq=False):
    """A statement to be judged true or false, and ruled lines for the reason."""

    tokens: Sequence[Any]
    holds: bool
    reason: Sequence[Any]
    rules: int = 1
    kind = "claim"

    def replies(self) -> Iterator[Reply]:
        """Whether the statement is true, and the reason."""
        yield Reply(self, "claim", "true" if self.holds else "false", ("true", "false"))
        yield Reply(self, "because", plain_words(self.reason))


class Choice(Question, Struct, frozen=True, eq=False):
    """Words to choose from."""

    step: str
    words: tuple[str, ...]
    right: int
    """The index of the word that the step's number stands for."""
    kind = "choice"
    seconds = STEP

    def replies(self) -> Iterator[Reply]:
        """The number of the word that is chosen."""
        labels = map(str, self.words)  # texts alone: a word may say of itself that other runs have another
        yield Reply(self, "choice", str(1 + self.right), _numbered(self.words), tuple(labels))

    @property
    def asked(self) -> tuple[str, ...]:
        """The step whose number decides."""
        return (self.step,)


class Gap(Struct, frozen=True, eq=False):
    """A gap of a sentence."""

    answer: str
    """What the key has there."""
    words: tuple[str, ...] = ()
    """The words among which the answer is; none where any words may be right."""
    right: str = ""
    """The number of the answer among the words, from 1."""

    @property
    def is_wide(self) -> bool:
        """Whether one of its words is a phrase, for which the usual gap is too narrow."""
        return any(len(word) > 12 for word in self.words)


class Sentence(Question, Struct, frozen=True, eq=False):
    """A sentence with gaps, each a small answer in words."""

    pieces: tuple[Prose | Gap, ...]
    kind = "sentence"
    seconds = IN_A_LINE

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps, in the order of the sentence."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Gap))

    def written(self, fill: Callable[[Gap], str]) -> Sequence[Any]:
        """The sentence as Markdown tokens. fill: what stands in a gap."""
        return [token for piece in self.pieces for token in _tokens(piece, fill)]

    def replies(self) -> Iterator[Reply]:
        """What is written in each gap: one of several words, or any."""
        for n, gap in enumerate(self.gaps, 1):
            if gap.words:
                labels = tuple(map(str, gap.words))
                yield Reply(self, "choice", gap.right, _numbered(labels), labels, gap=f"gap {n}")
            else:
                yield Reply(self, "line", gap.answer, gap=f"gap {n}")


def _tokens(piece: Prose | Gap, fill: Callable[[Gap], str]) -> Sequence[Any]:
    return (as_token(fill(piece)),) if isinstance(piece, Gap) else piece.tokens


class Section(Struct, frozen=True, eq=False, dict=True):
    """A numbered step or question; or, with number 0, a part of the page that asks for nothing that is marked."""

    number: int
    title: str
    """The title as plain text."""
    words: tuple[TextBlock, ...]
    figures: tuple[Figure, ...]
    heading: Sequence[Any] = ()
    """The title with its formulas, as parsed Markdown, where it has some."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The figures, then the words."""
        return (*self.figures, *self.words)

    @property
    def seconds(self) -> float:
        """The time that it takes a practised hand."""
        return sum(block.effort.seconds for block in self.blocks)

    @property
    def closing(self) -> tuple[TextBlock, ...]:
        """A question that comes after other texts, with the lines for its answer: both stand below figures."""
        texts = tuple(word for word in self.words if not word.aside)
        kinds = [*map(type, texts)]
        return texts[-2:] if kinds[-2:] == [Prose, Answer] and Prose in kinds[:-2] else ()

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The steps of the run that the section asks for."""
        return tuple(step for block in self.blocks for step in block.asked)

    @cached_property
    def seen(self) -> tuple[Cell | Blank, ...]:
        """The cells in the order of the page; those that the student fills in are Blanks."""
        cells, count = list[Cell | Blank](), Counter[str]()
        for block in self.blocks:
            for cell, role, result in block.asking():
                if block.by_place and cell.at is not None:
                    i, j = cell.at
                    name = f"{role}/{cell.step}/{i + 1},{j + 1}"
                else:
                    count[block.kind] += 1
                    name = f"{block.kind}/{count[block.kind]}"
                cells.append(Blank(f"{self.number}/{name}", role, cell, result) if cell.blank else cell)
        return tuple(cells)

    @property
    def blanks(self) -> tuple[Blank, ...]:
        """The blanks, in the order of the page."""
        return tuple(each for each in self.seen if isinstance(each, Blank))

    @cached_property
    def replies(self) -> tuple[Reply, ...]:
        """The answers that are written into no cell, in the order of the page."""
        replies, count = list[Reply](), Counter[str]()
        for block in self.blocks:
            of_block = tuple(block.replies())
            ticked = [reply for reply in of_block if reply.options and not reply.gap]
            if len(ticked) > 1:  # a field is named by the block and the option
                raise SheetError(f"{block.kind}: a block asks for two choices; let the call make a block of each")
            for reply in of_block:
                count[reply.role] += 1
                n = count[reply.role]
                name = f"claim/{n}/because" if reply.role == "because" else f"{reply.role}/{n}"
                replies.append(replace(reply, id=f"{self.number}/{name}"))
        return tuple(replies)

    @cached_property
    def fields(self) -> Mapping[tuple[int, str], str]:
        """The names of its fields, by what has them and its part: a thing is itself only, whatever it equals."""
        named = {(id(blank.cell), ""): blank.id for blank in self.blanks}
        for reply in self.replies:
            if reply.gap:
                named[id(reply.asker), reply.gap] = reply.id
                continue
            ticked = [panel for panel in reply.asker.matrices if panel.right is not None]
            for n, option in enumerate(reply.options):
                place = (id(ticked[n]), "") if reply.role == "tick" else (id(reply.asker), option)
                named[place] = f"{reply.id}{BETWEEN}{option}"
            if not reply.options:
                named[id(reply.asker), reply.role] = reply.id
        return named

    @cached_property
    def front(self) -> Mapping[Place, Cell | Blank]:
        """The cells of the run that the section shows: for each place of the run, a printed cell or a blank.

        The first counts where a place is shown several times. Numbers of a mistake, and sizes, are left out, since
        they have no place in the run.
        """
        by_place: dict[Place, Cell | Blank] = {}
        for each in self.seen:
            cell = each.cell
            if cell.at is not None and cell.shows != "mistake":
                by_place.setdefault(cell.place, each)
        return by_place

    @property
    def opens(self) -> bool:
        """Whether the section begins a page in any case."""
        return any(word.opens for word in self.words)

    @cached_property
    def asked_places(self) -> frozenset[Place]:
        """The places of the run that the student is to find here."""
        return frozenset(at for at, each in self.front.items() if isinstance(each, Blank) and each.role != "copy")

    @cached_property
    def checked_places(self) -> frozenset[Place]:
        """The places of the run that a checkpoint prints; none where there is no checkpoint."""
        if not any(isinstance(word, Checkpoint) for word in self.words):
            return frozenset()
        return frozenset(at for at, each in self.front.items() if not isinstance(each, Blank))

    @cached_property
    def is_question(self) -> bool:
        """Whether the section asks a question that is not a step of the run. To choose a word belongs to a step, as a
        question in its middle does.
        """
        return any(isinstance(word, Question) and not word.asked and not word.aside for word in self.words)


def points_told(points: Fraction, messages: Messages) -> str:
    """How many points, in words: "1 point", "2½ points"."""
    return messages.say("excerpt.points", n=points, points=in_halves(points))


def in_halves(points: Fraction) -> str:
    """Points as one writes them: 2½; others than halves as a decimal."""
    whole, half = divmod(points * 2, 2)
    if half not in (0, 1):
        return f"{float(points):g}"
    return (f"{whole}" if whole or not half else "") + "½" * bool(half)


def sections_asking(sections: Iterable[Section], steps: Container[str]) -> dict[str, list[int]]:
    """For each of these steps that is asked for, the numbers of the sections that ask for it."""
    by_step: dict[str, list[int]] = {}
    for section in sections:
        for step in dict.fromkeys(section.asked):
            if step in steps:
                by_step.setdefault(step, []).append(section.number)
    return by_step


def steps_shown(sections: Iterable[Section]) -> frozenset[str]:
    """The steps of which these sections show a number or a blank."""
    blocks = [block for section in sections for block in section.blocks]
    matrices = [panel.step for block in blocks for panel in block.matrices]
    cells = [cell for block in blocks for cell in block.cells]
    drawn = [step for block in blocks for step in block.drawn]
    return frozenset([*matrices, *drawn, *(cell.step for cell in cells if cell.step and cell.shows != "size")])


def steps_asked(sections: Iterable[Section]) -> frozenset[str]:
    """The steps for which these sections ask."""
    return frozenset(step for section in sections for step in section.asked)


State = Literal["done", "here", "later"]


class Box(Struct, frozen=True, eq=False):
    """A part of the architecture on the map."""

    part: str
    """Its name; that of a part of a later layer, which has boxes of its own, ends in the layer's number: heads.1."""
    label: str
    """LaTeX, with words in \\text{…}; "+" for a ⊕, where a branch joins the residual stream."""
    shape: str
    state: State
    """Whether the sheet computes the part ("here"), or it comes before ("done") or after ("later")."""
    sections: tuple[int, ...]
    """The sections of this sheet that compute it."""

    @property
    def kind(self) -> str:
        """The part without its layer."""
        return self.part.partition(".")[0]


class Node(Struct, frozen=True, eq=False):
    """A step inside a part of the map."""

    sections: tuple[int, ...]
    """The sections that compute it, one for each head; none where it is given."""
    symbol: str
    """LaTeX."""
    word: str
    """The step's name in words, if that says more than its symbol, else ""."""
    shape: str
    reads: tuple[int, ...]
    """The indices, among the part's nodes, of the steps that it reads."""


class Map(Struct, frozen=True, eq=False):
    """The map of a sheet: the model, and what the sheet computes of it."""

    boxes: tuple[Box, ...]
    """The parts along the residual stream."""
    inside: Mapping[str, tuple[Node, ...]]
    """The steps that the sheet computes, by part."""
    branches: tuple[tuple[str, str], ...]
    """For each branch beside the stream, its first part and its ⊕."""
    stream: str
    """The shape of the stream."""
    layers: int
    memory: str = ""
    """The shape of the rows of the segment before, which heads read beside the stream; "" for none."""
    encoder: Map | None = None
    """For a decoder, the map of its encoder."""
    readers: int = 0
    """How many readers the stream has a row for, where it is that of one token; else 0."""
    is_one_block: bool = False
    """Whether all layers are passes through one block."""
    turned: bool = False
    """Whether its arrows go back, from right to left, as gradients do."""


class Document(Struct, frozen=True, eq=False, dict=True):
    """A sheet with the numbers of a run, for every view and format."""

    name: str
    title: str
    number: int
    goal: Sequence[Any]
    """Markdown tokens, with what is given at the easy level."""
    before: tuple[Named, ...]
    """The sheets that come before it."""
    conventions: tuple[Sequence[Any], ...]
    """The Markdown tokens of each convention."""
    map: Map
    sections: tuple[Section, ...]
    orientation: Orientation
    level: Level = "standard"
    messages: Messages = field(default_factory=messages)
    asked: Mapping[str, str] = field(default_factory=dict)
    stamp: Mapping[str, str] = field(default_factory=dict)
    """The seed and the hash of the run, for a page's foot."""
    riddle: Sequence[Any] = ()
    """The Markdown tokens of the question with which the page begins, in place of the goal."""
    note: Sequence[Any] = ()
    """The Markdown tokens of what is given at the easy level, below the riddle."""
    objectives: tuple[Sequence[Any], ...] = ()
    """The Markdown tokens of each objective."""
    origin: Sequence[Any] = ()
    """The Markdown tokens of the line that says where its idea comes from; none where the sheet does not."""
    delta: Delta | None = None
    """How it differs from the ordinary block, for a map in place of that of the model."""
    group: str = ""
    """The name of its group of the course."""
    beside: tuple[Named, ...] = ()
    """The sheets of that group."""
    after: tuple[Named, ...] = ()
    """The sheet that comes after it in the course; none after the last one."""
    beads: tuple[str, ...] = ()
    """On a sheet of the thread, the names of all of its sheets."""
    bead: int = 0
    """The number of this one among them."""
    sittings: tuple[int, ...] = ()
    """The minutes of each sitting into which its text parts it, or of the only one."""
    points: Mapping[int, Fraction] = field(default_factory=dict)
    """What its steps are worth, by their numbers, where a paper says it."""
    head: tuple[str, ...] = HEAD
    """What stands in its head beside the title."""
    text: Sequence[Any] = ()
    """A text of somebody's own before the first section, as Markdown tokens."""
    text_after: Sequence[Any] = ()
    """One after the last section."""
    large: bool = False
    """Whether it is printed large."""
    look: str = ""
    """What it looks like, as looks.py has it in one line; "" for as usual."""
    whole: frozenset[str] = frozenset()
    """Where only some steps of the sheet stand here, the steps of the run of which all of it shows something."""
    gone: frozenset[str] = frozenset()
    """The steps of the run that only those steps of the sheet ask for that are left out."""
    options: Callable[[], Mapping[str, Any]] = dict
    """What decides its numbers, as files of answers say it."""
    over: Callable[[Domain], tuple[Document, Run]] | None = None
    """Arranges the same document and its run over the values of another number system, such as one in which the texts
    that a run decides are marks; None for letters and for copies."""
    others: Callable[[], Iterator[tuple[Document, Run]]] | None = None
    """Gives the same sheet with the numbers of the next seeds; None where nobody asks for them."""
    lecturer: Callable[[], ForLecturer] = ForLecturer
    """What a lecturer is told of it, with the words and numbers of the run, in Markdown."""

    @property
    def transposed(self) -> bool:
        """Whether tokens are columns."""
        return self.orientation == "columns"

    @property
    def shows_map(self) -> bool:
        """Whether a map stands at its head: the model's, or the course's, or that of the thread."""
        return bool(self.beads) or "map" in self.head

    @property
    def opening(self) -> tuple[Sequence[Any], ...]:
        """What stands below the title: the riddle, or else the goal, and what is given at the easy level."""
        if "riddle" not in self.head:
            return (self.note,) if self.note else ()
        return tuple(filter(None, (self.riddle, self.note))) if self.riddle else (self.goal,)

    @property
    def blocks(self) -> Iterator[Block]:
        """The blocks of all sections, in the order of the page."""
        return (block for section in self.sections for block in section.blocks)

    @property
    def steps(self) -> frozenset[str]:
        """The steps of which the page shows a number or a blank."""
        return steps_shown(self.sections)

    @property
    def boxes(self) -> frozenset[Role]:
        """The kinds of boxes on the page, for its legend; every page has some to fill in."""
        return frozenset(panel.role for block in self.blocks for panel in block.matrices) | {"ask"}

    @cached_property
    def effort(self) -> Effort:
        """The effort that the sheet takes a student."""
        return sum((block.effort for block in self.blocks), Effort())

    @property
    def series(self) -> str:
        """The line over the title: the sheet's place in the course, its level, and how long it takes."""
        say = self.messages.say
        parts = ["byhand"]
        parts += [self.place] if self.place and "minutes" in self.head else []
        parts += [say(f"levels.{self.level}")] if self.level != "standard" else []
        parts += [self.time] if self.time and "minutes" in self.head else []
        parts += [self.told_points] if self.points else []
        return " · ".join(parts)

    @property
    def hashed(self) -> frozenset[str]:
        """The steps of the run whose numbers the hash is of: those of which the whole sheet shows something."""
        return self.whole or self.steps

    @property
    def told_points(self) -> str:
        """What it is worth, in words; "" where nobody says it."""
        return points_told(sum(self.points.values(), Fraction(0)), self.messages) if self.points else ""

    @property
    def points_in_all(self) -> str:
        """What it is worth, as a number; "" where nobody says it."""
        return in_halves(sum(self.points.values(), Fraction(0))) if self.points else ""

    @property
    def steps_to_do(self) -> int:
        """How many of its steps ask for something."""
        return sum(bool(section.blanks or section.replies) for section in self.sections)

    @property
    def place(self) -> str:
        """Its place in the course or in the thread, in words; "" where it has none."""
        if self.beads:
            return self.messages.say("thread.place", n=self.bead, sheets=len(self.beads))
        return self.messages.say("top.number", n=self.number) if self.number else ""

    @property
    def minutes(self) -> int:
        """The minutes that the sheet says that it takes."""
        return sum(self.sittings)

    @property
    def time(self) -> str:
        """How long the sheet takes, in words; "" for one on which there is nothing to do."""
        return time_told(self.minutes, self.messages, len(self.sittings)) if self.effort.seconds else ""

    @property
    def told_time(self) -> dict[str, str]:
        """How long the sheet takes, as its page says it: the minutes of each sitting for machines, and in words."""
        return {"minutes": ",".join(map(str, self.sittings)), "time": self.time}

    @property
    def foot(self) -> str:
        """The line at the foot of a page: version, sheet, seed, and the hash of the numbers."""
        return self.messages.say(READ_BACK, sheet=self.name, **{"version": __version__, **self.stamp})

    def panels(self) -> list[Panel]:
        """The matrices with blanks, in the order of the page."""
        return [panel for block in self.blocks for panel in block.matrices if panel.has_blanks]

    def blanks(self) -> list[Blank]:
        """The blanks of all sections, in the order of the page."""
        return [blank for section in self.sections for blank in section.blanks]

    def replies(self) -> list[Reply]:
        """The answers of all sections that are written into no cell, in the order of the page."""
        return [reply for section in self.sections for reply in section.replies]
