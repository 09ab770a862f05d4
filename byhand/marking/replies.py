"""The answers that are written into no cell: one option of several is right or not, and words wait for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from byhand.marking.groups import alike
from byhand.marking.marks import BlankMark, OpenMark, Verdict
from byhand.worksheet.document import Reply
from byhand.worksheet.messages import Messages

_TRUE, _FALSE = {"true", "t", "yes", "y", "x"}, {"false", "f", "no", "n"}
_NOTHING = ("", "?", "…", "...")


def choice_marks(
    messages: Messages, replies: Sequence[Reply], answers: Mapping[str, str], worth: Mapping[str, Fraction]
) -> tuple[BlankMark, ...]:
    """The marks of the options that a student chose. worth: of each choice, by its id."""
    return tuple(
        _chosen(messages, reply, answers.get(reply.id, ""), worth[reply.id]) for reply in replies if reply.options
    )


def open_marks(
    replies: Sequence[Reply], answers: Mapping[str, str], worth: Mapping[str, Fraction]
) -> tuple[OpenMark, ...]:
    """The answers in words, beside the key's. They wait for a person. worth: of each, by its id."""
    return tuple(
        OpenMark(reply.id, " ".join(answers.get(reply.id, "").split()), reply.right, worth[reply.id])
        for reply in replies
        if not reply.options
    )


def _chosen(messages: Messages, reply: Reply, text: str, worth: Fraction) -> BlankMark:
    """The mark of a choice."""
    option = _option(messages, reply, text)
    is_word = option is not None or reply.gap  # whoever writes may write any word
    verdict: Verdict = "missing" if option == "" else "wrong" if is_word else "unreadable"
    right, answer = option == reply.right, _shown(reply, option) if option else text.strip()
    key = _shown(reply, reply.right)
    return BlankMark(
        reply.id, answer, "right" if right else verdict, key, points=worth * right, worth=worth, option=option or "",
    )  # fmt: skip


def _shown(reply: Reply, option: str) -> str:
    """An option as the page shows it."""
    return reply.labels[int(option) - 1] if reply.labels else option


def _option(messages: Messages, reply: Reply, text: str) -> str | None:
    """The option that a text names, by its number or its label; "" for nothing, and None for no option."""
    plain = " ".join(text.casefold().split())
    if plain in _NOTHING:
        return ""
    say = messages.say
    if reply.role == "claim":
        said = {"true": {*_TRUE, say("questions.true").casefold()}}
        said["false"] = {*_FALSE, say("questions.false").casefold()}
        return next((option for option in reply.options if plain in said[option]), None)
    if plain in reply.options:
        return plain
    labels, plain = [label.casefold() for label in reply.labels], alike(text) if reply.gap else plain
    return str(1 + labels.index(plain)) if labels.count(plain) == 1 else None
