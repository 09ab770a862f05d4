"""A document as a row of parts, in the order in which it is read: what all formats that are text write.

KINDS says for each kind of block which parts it is. Any other kind, such as one of a user's own, is its text, its
matrices, its cells by name, and the answers that it asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from msgspec import Struct, structs

from byhand.arithmetic.expr import Expr, substitute
from byhand.notation.text import value_text
from byhand.page import map as architecture_map
from byhand.page import picture
from byhand.runs import Run
from byhand.worksheet.document import (
    Answer,
    Block,
    Cell,
    Check,
    Checkpoint,
    Choice,
    Claim,
    Document,
    Falk,
    FirstCell,
    Hint,
    Lines,
    Panel,
    Picture,
    Prose,
    Reply,
    Section,
    Strip,
    Table,
    WordBoxes,
    Working,
)
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import View

Words: TypeAlias = "Sequence[Any] | str"  # Markdown tokens, of lines or of paragraphs; or a plain text


class Heading(Struct, frozen=True, eq=False):
    """The title of the sheet, of level 1, or of a section. number: of a section; 0 for none."""

    level: int
    words: Words
    number: int = 0


class Text(Struct, frozen=True, eq=False):
    """A text. lead: the words in bold with which it begins. tick: whether a box to tick stands before it."""

    words: Words
    lead: str = ""
    tick: bool = False


class Goals(Struct, frozen=True, eq=False):
    """Things to tick, each in a line, under a head."""

    lead: str
    lines: tuple[Words, ...]


class Blanks(Struct, frozen=True, eq=False):
    """Lines for name and date."""

    names: tuple[str, ...]


class Formula(Struct, frozen=True, eq=False):
    """How matrices hang together, in LaTeX: `S = Q K^{\\mathrm{T}}`."""

    latex: str


class Matrix(Struct, frozen=True, eq=False):
    """A matrix on the page.

    ticked: where one of several is to be ticked, whether its box has a tick. options: with the last of these, the
    choice, for formats without boxes.
    """

    panel: Panel
    ticked: bool | None = None
    options: Options | None = None

    @property
    def name(self) -> str:
        """What it is called in a rule, in LaTeX: its symbol, or words where it has no letter."""
        own = self.panel.symbol
        return self.panel.caption if own.startswith("\\text") and self.panel.caption else own

    @property
    def titles(self) -> tuple[str, ...]:
        """What stands over it, in LaTeX: its caption, if it has one, and its name."""
        return tuple(dict.fromkeys(filter(None, (self.panel.caption, self.name))))


class Product(Struct, frozen=True, eq=False):
    """A product in Falk's layout."""

    figure: Falk
    matrices: tuple[Matrix, ...]


class Entries(Struct, frozen=True, eq=False):
    """A table with a head. labels: what each of its cells is called, in reading order."""

    head: tuple[Words, ...]
    rows: tuple[tuple[Words | Cell, ...], ...]
    labels: tuple[str, ...]
    block: Block


class Options(Struct, frozen=True, eq=False):
    """Options of which one is to be ticked. ticked: the index of that which has a tick, if one has."""

    reply: Reply
    labels: tuple[str, ...]
    ticked: int | None


class Room(Struct, frozen=True, eq=False):
    """Lines to write on, or the key's answer. lead: the words with which it begins."""

    reply: Reply | None
    lines: int
    answer: Words | None
    lead: str


class Sketch(Struct, frozen=True, eq=False):
    """A picture. said: what it shows, in words. svg: the picture itself."""

    said: str
    svg: str


class Example(Struct, frozen=True, eq=False):
    """A cell that is worked out, as an example: a tree with numbers in it, and its value."""

    lead: str
    tree: Expr
    value: Any


class Worked(Struct, frozen=True, eq=False):
    """Worked lines under a label. symbol: the matrix, in LaTeX, where there are several. rows: labels, trees with
    numbers in them, values.
    """

    symbol: str
    label: str
    rows: tuple[tuple[str, Expr, Any], ...]


Part = (
    Heading
    | Text
    | Goals
    | Blanks
    | Formula
    | Matrix
    | Product
    | Entries
    | Options
    | Room
    | Sketch
    | Example
    | Worked
)


@dataclass(frozen=True, eq=False)
class Page:
    """A document in one view, as parts. of_all: whether it is of one file for all views, whose title says none."""

    document: Document
    run: Run
    view: View
    of_all: bool = False

    @property
    def shown(self) -> bool:
        """Whether answers are shown."""
        return self.view != "worksheet"

    @property
    def messages(self) -> Messages:
        return self.document.messages

    @property
    def title(self) -> str:
        """The title of the sheet, which says the view if it is no worksheet."""
        of_view = "" if self.of_all or not self.shown else f" ({self.say(f'views.{self.view}')})"
        return self.document.title + of_view

    @property
    def stamp(self) -> Mapping[str, str]:
        """The seed and the hash of the run."""
        return {name: self.document.stamp.get(name, "") for name in ("seed", "hash")}

    def say(self, name: str, /, **places: Any) -> str:
        """A text in the language of the page."""
        return self.messages.say(name, **places)

    def text(self, cell: Cell) -> str | None:
        """What stands in a cell, as plain text; None for a blank that is empty."""
        return value_text(cell.value) if self.has(cell) else None

    def has(self, cell: Cell) -> bool:
        """Whether something stands in a cell."""
        return self.shown or not cell.blank

    def parts(self) -> Iterator[Part]:
        """The whole page."""
        yield from self.head()
        for section in self.document.sections:
            yield from self.section(section)
        yield from self.end()

    def head(self) -> Iterator[Part]:
        """What stands before the first section."""
        document, say = self.document, self.say
        yield Heading(1, self.title)
        yield Text(document.series)
        yield Blanks((say("top.name"), say("top.date")))
        yield Text(document.goal)
        if document.before:
            before = "; ".join(sheet.called for sheet in document.before)
            yield Text(say("top.before", sheets=before))
        yield Text(architecture_map.said(document))
        yield Heading(2, say("conventions.heading"))
        for line in document.conventions:
            yield Text(line)

    def section(self, section: Section) -> Iterator[Part]:
        """A section: what is told, the figures, and what is asked."""
        yield Heading(2, section.heading or section.title, section.number)
        after = [word for word in section.words if word.follows or word in section.closing]
        first = [word for word in section.words if word not in after]
        for block in (*first, *section.figures, *after):
            yield from self.block(block)
        if self.view == "worked":
            for block in section.blocks:
                yield from self._worked(block)

    def end(self) -> Iterator[Part]:
        """What stands after the last section."""
        if self.document.objectives:
            yield Goals(self.say("top.able"), tuple(self.document.objectives))
        yield Text(self.document.foot)

    def block(self, block: Block) -> Iterator[Part]:
        """The parts of a block."""
        yield from KINDS.get(block.kind, _own)(self, block)

    def matrix(self, panel: Panel) -> Matrix:
        """A matrix, with its box where it is one of several to be ticked."""
        return Matrix(panel, None if panel.right is None else self.shown and panel.right)

    def room(self, reply: Reply | None, lines: int, answer: Words, lead: str) -> Room:
        """Lines to write on; on a key, the answer."""
        return Room(reply, lines, answer if self.shown else None, lead)

    def options(self, reply: Reply, labels: Sequence[str]) -> Options:
        """Options to tick; on a key, the right one has a tick."""
        return Options(reply, tuple(labels), reply.options.index(reply.right) if self.shown else None)

    def _worked(self, block: Block) -> Iterator[Worked]:
        def numbers(lines: Lines) -> tuple[tuple[str, Expr, Any], ...]:
            return tuple((label, substitute(rule, self.run.value), value) for label, rule, value in lines.rows)

        works: Sequence[Working] = block.worked(self.document.orientation == "columns")
        for work in works:
            for lines in work.lines:
                yield Worked(work.symbol, lines.label, numbers(lines))


def _own(page: Page, block: Block) -> Iterator[Part]:
    """A kind of block that is not ours: its text, its matrices, its cells by name, and what it asks for."""
    if tokens := getattr(block, "tokens", ()):
        yield Text(tokens)
    if block.matrices:
        yield from map(page.matrix, block.matrices)
    elif block.cells:
        names = tuple(block.called(page.messages))
        yield Entries((), tuple(zip(names, block.cells, strict=True)), names, block)
    for reply in block.replies():
        if reply.options and reply.role != "tick":
            yield page.options(reply, reply.labels or reply.options)
        elif not reply.options:
            yield page.room(reply, 1, reply.right, page.say("written.answer"))


def _remark(name: str, tick: bool = False) -> Callable[[Page, Any], Iterator[Part]]:
    def parts(page: Page, block: Any) -> Iterator[Part]:
        yield Text(block.tokens, page.say(f"remarks.{name}"), tick)

    return parts


def _prose(page: Page, block: Prose) -> Iterator[Part]:
    yield Text(block.tokens)


def _first(page: Page, block: FirstCell) -> Iterator[Part]:
    yield Example(page.say("remarks.first"), substitute(block.rule, page.run.value), block.value)


def _falk(page: Page, block: Falk) -> Iterator[Part]:
    yield Product(block, tuple(map(page.matrix, block.matrices)))


def _strip(page: Page, block: Strip) -> Iterator[Part]:
    named = [page.matrix(panel) for panel in block.panels]
    if any(block.joints):
        joints = ("", *(f" {joint} " if joint else r",\; " for joint in block.joints))
        yield Formula("".join(joint + each.titles[0] for joint, each in zip(joints, named, strict=True)))
    *others, last = named
    for reply in block.replies():
        last = structs.replace(last, options=page.options(reply, reply.labels))
    yield from (*others, *map(page.matrix, block.above), last)
    if block.dots:
        yield Text(block.dots_said)


def _boxes(page: Page, block: WordBoxes) -> Iterator[Part]:
    yield Entries(block.labels, (block.answers,), tuple(block.called(page.messages)), block)


def _table(page: Page, block: Table) -> Iterator[Part]:
    def words(entry: Prose | Cell) -> Words | Cell:
        return entry if isinstance(entry, Cell) else entry.tokens

    rows = tuple(tuple(map(words, row)) for row in block.rows)
    yield Entries(tuple(head.tokens for head in block.head), rows, tuple(block.called(page.messages)), block)


def _picture(page: Page, block: Picture) -> Iterator[Part]:
    yield Sketch(picture.said(block, page.shown), picture.svg(block, page.shown, shared=False))


def _answer(page: Page, block: Answer) -> Iterator[Part]:
    reply = next(block.replies(), None)
    if block.lines or page.shown:
        yield page.room(reply, block.lines, block.tokens, page.say("written.answer"))


def _claim(page: Page, block: Claim) -> Iterator[Part]:
    holds, because = block.replies()
    yield Text(block.tokens)
    yield page.options(holds, [page.say(f"questions.{word}") for word in holds.options])
    yield page.room(because, block.rules, block.reason, page.say("questions.because"))


def _choice(page: Page, block: Choice) -> Iterator[Part]:
    (reply,) = block.replies()
    yield page.options(reply, block.words)


KINDS: Mapping[str, Callable[[Page, Any], Iterator[Part]]] = {
    Prose.kind: _prose,
    FirstCell.kind: _first,
    Hint.kind: _remark("hint"),
    Check.kind: _remark("check", tick=True),
    Checkpoint.kind: _remark("checkpoint"),
    Falk.kind: _falk,
    Strip.kind: _strip,
    WordBoxes.kind: _boxes,
    Table.kind: _table,
    Picture.kind: _picture,
    Answer.kind: _answer,
    Claim.kind: _claim,
    Choice.kind: _choice,
}
