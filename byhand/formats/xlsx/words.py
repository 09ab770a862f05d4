"""Words for a cell: texts with bold, italic, raised and lowered parts, read from the HTML of the page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from typing import Any

from msgspec import Struct

from byhand.formats.html.page import prose
from byhand.notation.html import terms_html, value_html
from byhand.notation.inline import inline
from byhand.pictures.labels import words

MM_A_PT = 25.4 / 72
LINE = 1.32  # the height of a line, in ems
ARIAL = 1.02  # how wide its words are at most, by the widths that labels are reckoned with
_ATOM = re.compile(r"[\w.]*")
_BLOCKS = ("p", "li", "h1", "h2", "h3", "blockquote")


class Piece(Struct, frozen=True):
    """A part of a text. level: 1 if it is raised, −1 if it is lowered. pen: whether it is written on the key only."""

    text: str
    bold: bool = False
    italic: bool = False
    level: int = 0
    pen: bool = False


Words = tuple[Piece, ...]


def plain(text: str, **look: Any) -> Words:
    """A text without markup."""
    return (Piece(text, **look),) if text else ()


def marked_up(tokens: Iterable[Any]) -> Words:
    """A text of a sheet, as parsed Markdown."""
    return of_html(str(prose(tokens, tied=False)))


def formula(latex: str) -> Words:
    """A formula of a sheet."""
    return of_html(inline(latex))


def number(value: Any) -> Words:
    """A value; letters are in italics."""
    return of_html(value_html(value))


def line(rule: Any, value: Any) -> Words:
    """A worked line: a rule with its numbers, and what it gives."""
    return of_html(f"{' + '.join(terms_html(rule))} = {value_html(value)}")


def joined(*parts: Words, by: str = "\n") -> Words:
    """Texts one after the other; those that are empty are left out."""
    found = [part for part in parts if part]
    return tuple(piece for n, part in enumerate(found) for piece in ((*plain(by), *part) if n else part))


def text_of(pieces: Iterable[Piece]) -> str:
    """The text without its looks."""
    return "".join(piece.text for piece in pieces)


def lines_of(pieces: Sequence[Piece], size: float, room: float) -> int:
    """On how many lines a text of a type size, in pt, has room, in mm."""
    em = size * MM_A_PT * ARIAL
    return sum(max(1, math.ceil(words(line, em).width / room)) for line in text_of(pieces).split("\n"))


def width_of(text: str, size: float) -> float:
    """How wide a text on one line is, in mm."""
    return words(text, size * MM_A_PT * ARIAL).width


def of_html(html: str) -> Words:
    """The text of an element of a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.words()


class _Reader(HTMLParser):
    """Reads the pieces of a text. What is drawn there, a fraction or the bar of a root, is written with signs."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str, int]] = []  # elements, their classes, and how many pieces were before them
        self.pieces: list[Piece] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        classes = dict(attrs).get("class") or ""
        if tag in (*_BLOCKS, "br") and self.pieces:
            self.pieces.append(Piece("\n"))
        if tag == "li":
            self.pieces.append(Piece("• "))
        if tag == "span" and not classes and self._in("frac") and self.pieces[self.open[-1][2] :]:
            self.pieces.append(Piece("/"))
        if tag != "br":
            self.open.append((tag, classes, len(self.pieces)))

    def handle_endtag(self, tag: str) -> None:
        _, classes, before = self.open.pop()
        part = text_of(self.pieces[before:])
        of_fraction = not classes and bool(self.open) and self.open[-1][1] == "frac"
        if (classes == "radicand" or of_fraction) and not _ATOM.fullmatch(part):
            self.pieces.insert(before, Piece("("))
            self.pieces.append(Piece(")"))

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, *_ in self.open]
        text = re.sub(r"\s+", " ", data)
        if text.strip() or (self.pieces and tags):
            level = 1 if "sup" in tags else -1 if "sub" in tags else 0
            self.pieces.append(Piece(text, bool({"strong", "b"} & {*tags}), bool({"em", "i"} & {*tags}), level))

    def _in(self, classes: str) -> bool:
        return bool(self.open) and self.open[-1][1] == classes

    def words(self) -> Words:
        """The pieces; neighbours that look alike are one."""
        found: list[Piece] = []
        for piece in self.pieces:
            if (
                found
                and (alike := Piece(found[-1].text + piece.text, *_look(piece)))
                and _look(found[-1]) == _look(piece)
            ):
                found[-1] = alike
            else:
                found.append(piece)
        if found and not found[-1].text.strip():
            found.pop()
        return tuple(found)


def _look(piece: Piece) -> tuple[bool, bool, int, bool]:
    return piece.bold, piece.italic, piece.level, piece.pen
