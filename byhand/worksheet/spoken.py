"""What blanks and other answers are called for those who hear the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from msgspec import Struct

from byhand.worksheet.document import Blank, Document, Reply, Section
from byhand.worksheet.messages import Messages


class Spoken(Struct, frozen=True):
    """What an answer is called."""

    id: str
    """The id of the blank or the reply."""
    name: str
    options: tuple[str, ...] = ()
    """The options of which one is chosen; none where something is written."""
    labels: tuple[str, ...] = ()
    """What each option is called."""
    in_words: bool = False
    """Whether words are written, on lines."""


def called(document: Document) -> tuple[Spoken, ...]:
    """What every blank and every reply of a document is called, section by section."""
    return tuple(chain.from_iterable(_called(section, document.messages) for section in document.sections))


def _called(section: Section, messages: Messages) -> Iterator[Spoken]:
    """The blanks of a section, then its replies."""

    def step(name: str) -> str:
        return messages.say("fields.step", n=section.number, name=name)

    names = chain.from_iterable(block.called(messages) for block in section.blocks)
    blanks = [(each, name) for each, name in zip(section.seen, names, strict=True) if isinstance(each, Blank)]
    asked = {name for blank, name in blanks if blank.role != "copy"}
    for blank, name in blanks:
        again = blank.role == "copy" and name in asked
        yield Spoken(blank.id, step(messages.say("fields.copied", name=name) if again else name))
    count = Counter[str]()
    for reply in section.replies:
        count[reply.role] += 1
        name = step(messages.say(f"fields.{reply.role}", n=count[reply.role]))
        if reply.gap:
            yield Spoken(reply.id, name, in_words=True)
            continue
        labels = tuple(messages.say("fields.option", name=name, option=each) for each in _labels(reply, messages))
        yield Spoken(reply.id, name, reply.options, labels, not reply.options)


def _labels(reply: Reply, messages: Messages) -> tuple[str, ...]:
    if reply.role == "claim":
        return tuple(messages.say(f"questions.{option}") for option in reply.options)
    return reply.labels or reply.options
