"""What stands on a page as a row of parts, in the order in which it is read, whatever the view.

What one view shows and another does not, a part says when it is asked with the view. KINDS says for each kind of
block which parts it is. Any other kind, such as prose or one of a user's own, is its text, its matrices, its cells by
name, and the answers that it asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from byhand.arithmetic.expr import Expr
from byhand.notation.text import value_text
from byhand.page import map as architecture_map
from byhand.page import picture
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import (
    GAP,
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
    Guess,
    Hint,
    Lines,
    Panel,
    Picture,
    Prose,
    Reply,
    Section,
    Sentence,
    Space,
    Strip,
    Table,
    WordBoxes,
    Working,
)
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import VIEWS, View, shows_answers

Words: TypeAlias = "Sequence[Any] | str"  # Markdown tokens, of a line or of paragraphs; or a plain text


def are_paragraphs(words: Words) -> bool:
    """Whether words are paragraphs, lists or code; else they are a line."""
    return any(getattr(token, "block", False) for token in words)


class Title(Struct, frozen=True, eq=False):
    """The title of the sheet."""

    words: str
    """The title itself."""
    views: Mapping[View, str]
    """What a page is called in each view: a key says that it is one."""


class Heading(Struct, frozen=True, eq=False):
    """The heading of a section, or of the conventions."""

    words: Words
    number: int = 0
    """That of the section; 0 for none."""


class Text(Struct, frozen=True, eq=False):
    """A text."""

    words: Words
    lead: str = ""
    """The words in bold with which it begins."""
    tick: bool = False
    """Whether a box to tick stands before it."""


class Pencil(Struct, frozen=True, eq=False):
    """A guess in pencil, which is not marked."""

    lead: str
    """The words with which it begins."""
    words: Words
    options: tuple[str, ...]
    """Words to cross."""
    cells: tuple[str, ...]
    """What numbers are guessed."""


class Goals(Struct, frozen=True, eq=False):
    """Things to tick, each in a line, under a head."""

    lead: str
    lines: tuple[Words, ...]


class Blanks(Struct, frozen=True, eq=False):
    """Lines for the name, and for the date where it is asked for."""

    names: tuple[str, ...]


class Formula(Struct, frozen=True, eq=False):
    """How matrices hang together."""

    latex: str
    """In LaTeX: `S = Q K^{\\mathrm{T}}`."""


class Options(Struct, frozen=True, eq=False):
    """Options of which one is to be ticked."""

    reply: Reply
    labels: tuple[str, ...]

    def ticked(self, view: View) -> int | None:
        """The index of that which has a tick, if one has."""
        return self.reply.options.index(self.reply.right) if shows_answers(view) else None


class Matrix(Struct, frozen=True, eq=False):
    """A matrix."""

    panel: Panel
    options: Options | None = None
    """With the last of several matrices of which one is to be ticked, the choice, for formats without boxes."""

    def ticked(self, view: View) -> bool | None:
        """Where it is one of several to be ticked, whether its box has a tick."""
        return None if self.panel.right is None else shows_answers(view) and self.panel.right

    @property
    def name(self) -> str:
        """What it is called in a rule, in LaTeX: its symbol, or words where it has no letter."""
        symbol = self.panel.symbol
        return self.panel.caption if symbol.startswith("\\text") and self.panel.caption else symbol

    @property
    def titles(self) -> tuple[str, ...]:
        """What stands over it, in LaTeX: its caption, if it has one, and its name."""
        return tuple(dict.fromkeys(filter(None, (self.panel.caption, self.name))))


class Product(Struct, frozen=True, eq=False):
    """A product in Falk's layout."""

    figure: Falk
    matrices: tuple[Matrix, ...]
    """The operands, then the result."""


class Entries(Struct, frozen=True, eq=False):
    """A table."""

    head: tuple[Words, ...]
    """Over its columns; none where a table has no head."""
    rows: tuple[tuple[Words | Cell, ...], ...]
    labels: tuple[str, ...]
    """What each of its cells is called, in reading order."""
    block: Block


class Room(Struct, frozen=True, eq=False):
    """Lines to write on, or the key's answer."""

    lead: str
    """The words with which it begins."""
    reply: Reply | None
    """What is asked for; None where nothing is, and the key says something all the same."""
    lines: int
    key: Words
    """What the key says."""

    def answer(self, view: View) -> Words | None:
        """The key's answer; None where there are lines to write on."""
        return self.key if shows_answers(view) else None


class Sketch(Struct, frozen=True, eq=False):
    """A picture."""

    figure: Picture

    def said(self, view: View) -> str:
        """What it shows, in words."""
        return picture.said(self.figure, shows_answers(view))

    def svg(self, view: View) -> str:
        """The picture itself."""
        return picture.svg(self.figure, shows_answers(view))


class Example(Struct, frozen=True, eq=False):
    """A cell that is worked out, as an example."""

    lead: str
    """The words with which it begins."""
    rule: Expr
    value: Any


class Worked(Struct, frozen=True, eq=False):
    """Worked lines, which stand in the worked view only."""

    symbol: str
    """Their matrix, in LaTeX, where there are several."""
    lines: Lines


Part = (
    Title
    | Heading
    | Text
    | Pencil
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


def stands(part: Part, view: View) -> bool:
    """Whether a part stands on the page in a view."""
    match part:
        case Worked():
            return view == "worked"
        case Room(reply=None):
            return shows_answers(view)
        case _:
            return True


def is_filled(cell: Cell, view: View) -> bool:
    """Whether something stands in a cell."""
    return not cell.blank or shows_answers(view)


def text_in(cell: Cell, view: View) -> str | None:
    """What stands in a cell, as plain text; None for a blank that is empty."""
    return value_text(cell.value) if is_filled(cell, view) else None


def head_of(document: Document) -> Iterator[Part]:
    """What stands before the first section."""
    say, title = document.messages.say, document.title
    named = {view: f"{title} ({say(f'views.{view}')})" if shows_answers(view) else title for view in VIEWS}
    yield Title(title, named)
    yield Text(document.series)
    yield Blanks((say("top.name"), *([say("top.date")] if "date" in document.head else [])))
    yield from map(Text, document.opening)
    if document.before:
        before = "; ".join(sheet.called for sheet in document.before)
        yield Text(say("top.before", sheets=before))
    if "map" in document.head:
        yield Text(architecture_map.said(document))
    if "conventions" in document.head:
        yield Heading(say("conventions.heading"))
        yield from map(Text, document.conventions)
    if document.text:
        yield Text(document.text)


def parts_of(section: Section, document: Document) -> Iterator[Part]:
    """A section: what is told, the figures, what is asked, and the worked lines."""
    yield Heading(section.heading or section.title, section.number)
    after = [word for word in section.words if word.follows or word in section.closing]
    first = [word for word in section.words if word not in after]
    for block in (*first, *section.figures, *after):
        yield from block_parts(block, [reply for reply in section.replies if reply.asker is block], document.messages)
    for block in section.blocks:
        works: Sequence[Working] = block.worked(document.transposed)
        yield from (Worked(work.symbol, lines) for work in works for lines in work.lines)


def end_of(document: Document) -> Iterator[Part]:
    """What stands after the last section."""
    if document.text_after:
        yield Text(document.text_after)
    if document.objectives:
        yield Goals(document.messages.say("top.able"), tuple(document.objectives))
    if document.origin:
        yield Text(document.origin)
    yield Text(document.foot)


def block_parts(block: Block, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    """The parts of a block. replies: those that it asks for, with their ids."""
    yield from KINDS.get(block.kind, _of_other_kind)(block, replies, messages)


def labels(reply: Reply, messages: Messages) -> tuple[str, ...]:
    """What the options of a reply are called."""
    if reply.role == "claim":
        return tuple(messages.say(f"questions.{word}") for word in reply.options)
    return reply.labels


def _of_other_kind(block: Block, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    """A kind of block without a line in KINDS: its text, its matrices, its cells by name, and what it asks for."""
    if tokens := getattr(block, "tokens", ()):
        yield Text(tokens)
    if block.matrices:
        yield from map(Matrix, block.matrices)
    elif block.cells:
        names = tuple(block.called(messages))
        yield Entries((), tuple(zip(names, block.cells, strict=True)), names, block)
    for reply in replies:
        if reply.options and reply.role != "tick":
            yield Options(reply, labels(reply, messages))
        elif not reply.options:
            yield Room(messages.say("written.answer"), reply, 1, reply.right)


Lower = Callable[[Any, Sequence[Reply], Messages], Iterator[Part]]  # of a block


def _remark(name: str, tick: bool = False) -> Lower:
    def parts(block: Any, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
        yield Text(block.tokens, messages.say(f"remarks.{name}"), tick)

    return parts


def _first(block: FirstCell, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    yield Example(messages.say("remarks.first"), block.rule, block.value)


def _falk(block: Falk, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    yield Product(block, tuple(map(Matrix, block.matrices)))


def _strip(block: Strip, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    named = [*map(Matrix, block.panels)]
    if any(block.joints):
        joints = ("", *(f" {joint} " if joint else r",\; " for joint in block.joints))
        yield Formula("".join(joint + each.titles[0] for joint, each in zip(joints, named, strict=True)))
    *others, last = named
    for reply in replies:
        last = Matrix(last.panel, Options(reply, reply.labels))
    yield from (*others, *map(Matrix, block.above), last)
    if block.dots:
        yield Text(block.dots_said)


def _boxes(block: WordBoxes, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    yield Entries(block.labels, (block.cells,), tuple(block.called(messages)), block)


def _table(block: Table, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    def words(entry: Prose | Cell) -> Words | Cell:
        return entry if isinstance(entry, Cell) else entry.tokens

    rows = tuple(tuple(map(words, row)) for row in block.rows)
    yield Entries(tuple(head.tokens for head in block.head), rows, tuple(block.called(messages)), block)


def _picture(block: Picture, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    yield Sketch(block)


def _guess(block: Guess, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    yield Pencil(messages.say("remarks.guess"), block.tokens, block.words, block.numbers)


def _sentence(block: Sentence, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    yield Text(block.written(lambda gap: GAP))
    for n, reply in enumerate(replies, 1):
        name = messages.say("questions.gap", n=n)
        if reply.options:
            yield Text(name)
            yield Options(reply, reply.labels)
        else:
            yield Room(f"{name}:", reply, 1, reply.right)
    yield Room(messages.say("written.answer"), None, 0, block.written(lambda gap: gap.answer))


def _answer(block: Answer, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    if block.asks:
        yield Text(block.asks)
    yield Room(messages.say("written.answer"), next(iter(replies), None), block.lines, block.tokens)


def _claim(block: Claim, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    holds, because = replies
    yield Text(block.tokens)
    yield Options(holds, labels(holds, messages))
    yield Room(messages.say("questions.because"), because, block.rules, block.reason)


def _choice(block: Choice, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    (reply,) = replies
    yield Options(reply, block.words)


def _construction(block: Construction, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    yield Text(block.tokens)
    yield Entries(tuple(block.heads), (block.cells,), tuple(block.heads), block)
    yield Room(messages.say("written.answer"), None, 0, block.told)


def _space(block: Space, replies: Sequence[Reply], messages: Messages) -> Iterator[Part]:
    yield from ()  # whoever reads a text has room enough


KINDS: Mapping[str, Lower] = {
    FirstCell.kind: _first,
    Hint.kind: _remark("hint"),
    Check.kind: _remark("check", tick=True),
    Checkpoint.kind: _remark("checkpoint"),
    Falk.kind: _falk,
    Strip.kind: _strip,
    WordBoxes.kind: _boxes,
    Table.kind: _table,
    Picture.kind: _picture,
    Guess.kind: _guess,
    Sentence.kind: _sentence,
    Answer.kind: _answer,
    Claim.kind: _claim,
    Choice.kind: _choice,
    Construction.kind: _construction,
    Space.kind: _space,
}
