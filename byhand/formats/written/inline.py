"""The words of a sheet, as parsed Markdown, in any notation: a table of marks says how each is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from byhand.page.parts import Words, are_paragraphs


class Marks(Struct, frozen=True):
    """How words are written."""

    text: Callable[[str], str]
    """Writes plain text."""
    math: Callable[[str], str]
    """Writes LaTeX."""
    code: Callable[[str], str]
    """Writes plain text."""
    emphasis: tuple[str, str]
    """What stands before and after emphasised words."""
    strong: tuple[str, str]
    """What stands before and after strong words."""
    item: str
    """What stands before an entry of a list."""
    line: str = "\n"
    """Where a line of a paragraph ends."""


def line(words: Words, marks: Marks) -> str:
    """Words in one line."""
    return " ".join(paragraphs(words, marks))


def paragraphs(words: Words, marks: Marks) -> list[str]:
    """Words as paragraphs; one, where they are a line."""
    if isinstance(words, str):
        return [marks.text(words)]
    return [*_paragraphs(words, marks)] if are_paragraphs(words) else ["".join(_inline(words, marks))]


def _paragraphs(tokens: Iterable[Any], marks: Marks) -> Iterator[str]:
    item = ""
    for token in tokens:
        if token.type == "list_item_open":
            item = marks.item
        elif token.type == "inline":
            yield item + "".join(_inline(token.children or (), marks))
            item = ""
        elif token.type in ("fence", "code_block"):
            yield from map(marks.code, token.content.splitlines())


def _inline(tokens: Iterable[Any], marks: Marks) -> Iterator[str]:
    pairs = {"em": marks.emphasis, "strong": marks.strong}
    for token in tokens:
        kind, _, end = token.type.partition("_")
        if token.type == "math_inline":
            yield marks.math(token.content)
        elif token.type == "code_inline":
            yield marks.code(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            yield marks.line
        elif kind in pairs:
            yield pairs[kind][end == "close"]
        elif token.content:
            yield marks.text(token.content)
