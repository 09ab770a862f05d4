"""Half a page for who teaches a sheet: what students get wrong, what to ask, what to skip, what comes next, a sketch
for the board, and how the time goes by.

What it says stands in the front matter of the sheet, under `lecturer`; the time is that of the sheet's steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from byhand.effort import TYPICAL
from byhand.errors import ByHandError, SheetError, UnknownNameError
from byhand.notation.words import capital
from byhand.pictures.board import Board, board
from byhand.worksheet.document import Document
from byhand.worksheet.front import read
from byhand.worksheet.markdown import inline
from byhand.worksheet.order import order
from byhand.worksheet.sheet import Sheet, load_sheet, named
from byhand.worksheet.thread import thread

USUAL = 10  # the minute of the question; on a sheet that takes less than SHORT, it comes half-way
SHORT = 15
NEEDED = ("look_for", "thinks", "ask", "right", "answer", "skip", "board")  # of what a lecturer is told
Words = Sequence[Any]  # Markdown tokens


class Span(Struct, frozen=True):
    """A stretch of time: a step, or a part of the sheet without a number."""

    number: int
    title: str
    minutes: float


class HalfPage(Struct, frozen=True):
    """A half page. Words are Markdown tokens."""

    document: Document
    wrong: tuple[Words, Words]
    """The mistake with what the student may think, then what is right instead."""
    minute: int
    """When to ask."""
    ask: Words
    answer: Words
    skip: Words
    """Of a sheet of which some steps are taken, nothing: it is said of the whole sheet."""
    next: tuple[Words, ...]
    """What comes next, and who needs this sheet."""
    board: Board
    caption: Words
    spans: tuple[Span, ...]
    """The time of a typical student; it adds up to the minutes of the sheet, but for rounding."""

    @property
    def heads(self) -> dict[str, str]:
        """The headings of the blocks."""
        say, counted = self.document.messages.say, self.document.messages.counted
        names = ("wrong", "ask", "skip", "next", "board")
        return {name: say(f"half_page.{name}", minute=counted(self.minute)) for name in names}

    @property
    def parts(self) -> Iterator[tuple[str, Words | str]]:
        """What it says, in its order, each with its kind: title, heading, question, text, or drawing, in words."""
        heads = self.heads
        yield "title", self.document.title
        yield "heading", heads["wrong"]
        yield from (("text", words) for words in self.wrong)
        yield "heading", heads["ask"]
        yield "question", self.ask
        yield "text", self.answer
        if self.skip:
            yield "heading", heads["skip"]
            yield "text", self.skip
        yield "heading", heads["next"]
        yield from (("text", words) for words in self.next)
        yield "heading", heads["board"]
        yield "drawing", self.board.said(self.document.messages.say)
        if self.caption:
            yield "text", self.caption
        yield "text", self.time_said

    @property
    def time_said(self) -> str:
        """The time in a sentence."""
        say, minutes = self.document.messages.say, [max(1, round(span.minutes)) for span in self.spans]
        parts = "; ".join(
            say("half_page.span", step=_called(span), time=say("effort.time", n=n))
            for span, n in zip(self.spans, minutes, strict=True)
        )
        return say("half_page.time", parts=parts, time=self.document.time, minute=self.minute)


def half_page(document: Document) -> HalfPage:
    """The half page of a sheet, with the words and numbers of its run.

    Raises: SheetError where the sheet does not say what a half page has.
    """
    told, messages = document.lecturer(), document.messages
    if missing := [name for name in NEEDED if not getattr(told, name)]:
        raise SheetError(f"{document.name}: a half page for the lecturer needs {', '.join(missing)} under lecturer")
    try:
        sketch = board(told.board)
    except ByHandError as error:
        raise SheetError(f"{document.name}: lecturer: board: {error}") from None
    wrong = messages.say("half_page.look_for", mistake=capital(told.look_for), thought=told.thinks)
    spans = tuple(
        Span(section.number, section.title, TYPICAL * section.seconds / 60)
        for section in document.sections if section.seconds
    )  # fmt: skip
    skip = () if document.whole else inline(told.skip)
    return HalfPage(
        document, (inline(wrong), inline(told.right)), _minute(document, spans, told.asked_after), inline(told.ask),
        inline(told.answer), skip, tuple(map(inline, _next(document))), sketch, inline(sketch.caption),
        spans,
    )  # fmt: skip


def _minute(document: Document, spans: Sequence[Span], step: str) -> int:
    """When to ask. step: the title of the step after which it is asked, if it is not at the usual time.

    Raises: SheetError where there is no such step.
    """
    if not step:
        return USUAL if document.minutes >= SHORT else max(1, document.minutes // 2)
    titles = [span.title for span in spans]
    at = next((n for n, title in enumerate(titles) if title == step or title.startswith(f"{step} (")), None)  # points
    if at is None and document.whole:
        return _minute(document, spans, "")
    if at is None:
        raise SheetError(f"{document.name}: lecturer: {UnknownNameError('step', step, titles)}")
    return round(sum(span.minutes for span in spans[: at + 1]))


def _next(document: Document) -> list[str]:
    """What comes after a sheet in the course or in the thread, and the sheets that need it, in Markdown."""
    messages, language = document.messages, document.messages.language
    if 0 < document.bead < len(document.beads):
        return [_told(document, load_sheet(thread(language).sheets[document.bead], language), document.bead + 1)]
    if not document.after:
        return [messages.say("half_page.last")]
    (after,) = document.after
    told = _told(document, load_sheet(after.name, language), after.number)
    needing = [name for name in order() if document.name in read(name, language)[0].get("prerequisites", ())]
    others = [str(each.number) for each in named(needing, language) if each != after]
    needed = [messages.say("half_page.needed", n=len(others), sheets=messages.listed(others))] if others else []
    return [told, *needed]


def _told(document: Document, after: Sheet, number: int) -> str:
    """What the sheet that comes after is about."""
    messages = document.messages
    sheet = messages.say("course.sheet", n=number, title=after.title)
    goal = messages.turned(after.goal, document.transposed)
    return messages.say("half_page.after", sheet=capital(sheet), goal=goal)


def _called(span: Span) -> str:
    return f"{span.number} {span.title}" if span.number else span.title
