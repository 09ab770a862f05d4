"""Words for a cell: texts with bold, italic, raised and lowered parts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.notation.inline import Piece, in_line, parsed
from byhand.notation.latex import FORMULA
from byhand.notation.write import terms, write_value
from byhand.pictures.labels import words

MM_A_PT = 25.4 / 72
LINE = 1.32  # the height of a line, in ems
ARIAL = 1.02  # how wide its words are at most, by the widths that labels are reckoned with
_BLANKS = re.compile(r"\s+")
MACRON = "\u0304"  # stands over the letter before it, the symbol of a gradient
_LINES = ("paragraph", "list_item", "heading", "blockquote")  # what begins a line


class Fragment(Struct, frozen=True):
    """A part of a text."""

    text: str
    bold: bool = False
    italic: bool = False
    level: int = 0
    """1 if it is raised, −1 if it is lowered, else 0."""
    pen: bool = False
    """Whether it is written on the key only."""


Words = tuple[Fragment, ...]


def plain(text: str, **look: Any) -> Words:
    """A text without markup."""
    return (Fragment(text, **look),) if text else ()


def marked_up(text: Iterable[Any] | str) -> Words:
    """A text of a sheet, as parsed Markdown, or plain."""
    return plain(text) if isinstance(text, str) else _alike(_fragments(text))


def _fragments(tokens: Iterable[Any]) -> Iterator[Fragment]:
    """The fragments of a text; a paragraph or an entry of a list begins a line."""
    opened, begun = set[str](), False
    for token in chain.from_iterable(token.children or (token,) for token in tokens):
        kind, _, end = token.type.rpartition("_")
        look = {"bold": "strong" in opened, "italic": "em" in opened}
        if end == "open":
            opened.add(kind)
            if kind in _LINES and begun and not token.hidden:
                yield Fragment("\n")
            if kind == "list_item":
                yield Fragment("• ")
        elif end == "close":
            opened.discard(kind)
        elif token.type == "math_inline":
            yield from _of_formula(parsed(token.content), **look)
        elif token.type in ("softbreak", "hardbreak"):
            yield Fragment(" " if token.type == "softbreak" else "\n", **look)
        elif token.content:
            yield Fragment(_BLANKS.sub(" ", token.content), **look)
        begun = True


def formula(latex: str) -> Words:
    """A formula of a sheet, by itself: the letters of a product stand close together."""
    pieces = [piece for piece in parsed(latex) if not isinstance(piece, str) or piece.strip()]
    return _alike(_of_formula(pieces))


def _of_formula(pieces: Iterable[Piece], bold: bool = False, italic: bool = False) -> Iterator[Fragment]:
    for text, kinds in in_line(pieces):
        level = 1 if "raised" in kinds else -1 if "lowered" in kinds else 0
        text += MACRON * ("barred" in kinds)
        yield Fragment(_BLANKS.sub(" ", text), bold, italic or "letters" in kinds, level)


def line(rule: Any, value: Any) -> Words:
    """A worked line: a rule with its numbers, and what it gives."""
    return formula(f"{' + '.join(terms(rule, FORMULA))} = {write_value(value, FORMULA)}")


def _alike(fragments: Iterable[Fragment]) -> Words:
    """Fragments, of which neighbours that look alike are one."""
    grouped = groupby(fragments, lambda fragment: replace(fragment, text=""))
    merged = [replace(look, text=text_of(alike)) for look, alike in grouped]
    return tuple(merged if merged and merged[-1].text.strip() else merged[:-1])


def joined(*parts: Words, by: str = "\n") -> Words:
    """Texts one after the other; those that are empty are left out."""
    kept = [part for part in parts if part]
    return tuple(fragment for n, part in enumerate(kept) for fragment in ((*plain(by), *part) if n else part))


def text_of(fragments: Iterable[Fragment]) -> str:
    """The text without its looks."""
    return "".join(fragment.text for fragment in fragments)


def lines_of(fragments: Sequence[Fragment], size: float, room: float) -> int:
    """On how many lines a text of a type size, in pt, has room, in mm."""
    em = size * MM_A_PT * ARIAL
    return sum(max(1, math.ceil(words(line, em).width / room)) for line in text_of(fragments).split("\n"))


def width_of(text: str, size: float) -> float:
    """How wide a text on one line is, in mm."""
    return words(text, size * MM_A_PT * ARIAL).width
