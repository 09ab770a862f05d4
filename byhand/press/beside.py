"""Read what stands beside and behind the table of a figure from its HTML, for the pen to draw it as print.css has it.

Beside it are the tags of matrices and a formula; behind it are brackets, tiles, arrows and dots.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from math import inf
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.notation.marks import MARK
from byhand.page.look import COLOURS, LOOK
from byhand.press.breaking import CLOSE
from byhand.press.pieces import (
    MATH,
    MM,
    PT,
    SANS,
    Piece,
    TextStyle,
    UnknownLookError,
    in_faces,
    pieces_of,
    stripped,
)
from byhand.press.svg import Drawing, drawing

_TAG = re.compile(
    r'<div class="tag (?P<side>right|over)" style="left:(?P<left>[-\d.]+)mm;top:(?P<top>[-\d.]+)mm'
    r'(?:;width:(?P<width>[\d.]+)mm)?">(?P<body>.*?)</div>',
    re.DOTALL,
)
_FORMULA = re.compile(
    r'<div class="formula math" style="left:(?P<left>[-\d.]+)mm;top:(?P<top>[-\d.]+)mm;font-size:(?P<size>[\d.]+)pt" '
    r'role="math" aria-label="(?P<said>[^"]*)">(?P<body>.*?)</div>',
    re.DOTALL,
)
_BEHIND = re.compile('<div class="behind wide" aria-hidden="true">(?P<svg><svg .*?</svg>)</div>', re.DOTALL)
_PROSE = re.compile(r"[\w \xa0,.;:!?()'’=+·×−√≤≥≠]*")  # in which lines break at blanks only


class Label(Struct, frozen=True):
    """The tag of a matrix, or a formula.

    x, y: its place in px, from the upper left corner of the figure. shift: the share of its own width by which each
    line is further to the left, and of its height by which all of it is higher. style: that of its words. line: from
    one line to the next, in px. said: how a formula is read aloud; "" for a tag.
    """

    x: float
    y: float
    shift: tuple[float, float]
    style: TextStyle
    line: float
    lines: tuple[tuple[Piece, ...], ...]
    said: str = ""


class Beside(Struct, frozen=True):
    """What stands beside and behind a table."""

    labels: tuple[Label, ...] = ()
    behind: Drawing = Drawing()


NOTHING = Beside()


def without(figure: str) -> tuple[str, Beside]:
    """The HTML of a figure without what stands beside and behind its table, and this.

    What is unknown stays there, and so do the labels after one that is, which are read in this order.
    """
    labels, behind, stays = list[Label](), [Drawing()], False

    def drawn(match: re.Match[str]) -> str:
        behind.append(drawing(match["svg"]))
        return ""

    def label(match: re.Match[str]) -> str:
        nonlocal stays
        if stays:
            return match[0]
        stays = True  # where it is unknown
        labels.append((_tag if match.re is _TAG else _formula)(**match.groupdict()))
        stays = False
        return ""

    for form, take in ((_BEHIND, drawn), (_TAG, label), (_FORMULA, label)):
        figure = form.sub(known(take), figure)
    return figure, Beside(tuple(labels), behind[-1])


def known(take: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    """A function that takes what it knows, and leaves the rest."""
    from xml.etree import ElementTree

    def taken(match: re.Match[str]) -> str:
        try:
            return take(match)
        except (UnknownLookError, ElementTree.ParseError):
            return match[0]

    return taken


def _tag(*, side: str, left: str, top: str, width: str | None, body: str) -> Label:
    """A tag: a symbol and a shape, each on one line, and a note.

    Raises: UnknownLookError; ParseError.
    """
    style = TextStyle(SANS, LOOK["tag"] * PT, COLOURS["tag"])
    lines = _broken(_words(_parsed(body), style), float(width) * MM if width else inf)
    shift = (0.0, 0.5) if side == "right" else (0.5, 1.0)
    return Label(float(left) * MM, float(top) * MM, shift, style, LOOK["tag_line"] * PT, lines)


def _formula(*, left: str, top: str, size: str, said: str, body: str) -> Label:
    """A formula, on one line.

    Raises: UnknownLookError; ParseError.
    """
    style = TextStyle(MATH, float(size) * PT, COLOURS["ink"])
    lines = _broken([_whole(_parsed(body), style)], inf)
    place = float(left) * MM, float(top) * MM
    return Label(*place, (0.0, 0.0), style, LOOK["formula_line"] * PT, lines, unescape(said))


def _parsed(body: str) -> Any:
    from xml.etree import ElementTree

    if MARK.search(body):
        raise UnknownLookError
    return ElementTree.fromstring(f"<div>{body.replace('<br>', '<br/>')}</div>")


def _whole(node: Any, style: TextStyle) -> list[Piece]:
    """What is on one line in any case.

    Raises: UnknownLookError where it is not.
    """
    pieces = list(pieces_of(node, style, str))
    if None in pieces:
        raise UnknownLookError
    return [piece for piece in pieces if piece]


def _words(tag: Any, style: TextStyle) -> Iterator[list[Piece] | None]:
    """The words of a tag, and the blanks between them; None where a new line begins.

    Raises: UnknownLookError.
    """
    yield from _prose(tag.text, style)
    for child in tag:
        match child.tag, child.get("class", ""):
            case "span", "math":
                yield _whole(child, TextStyle(MATH, LOOK["tag_math"] * PT, COLOURS["ink"]))
            case "span", "shape":
                yield _whole(child, style)
            case "br", "":
                yield None
            case _:
                raise UnknownLookError
        yield from _prose(child.tail, style)


def _prose(text: str | None, style: TextStyle) -> Iterator[list[Piece]]:
    """Words that are set in one style, and blanks.

    Raises: UnknownLookError where lines may break otherwise than at blanks.
    """
    if not _PROSE.fullmatch(text or ""):
        raise UnknownLookError
    for part in re.findall(" +|[^ ]+", text or ""):
        yield list(in_faces(part, style, str))


def _broken(words: Iterable[list[Piece] | None], room: float) -> tuple[tuple[Piece, ...], ...]:
    """Words on lines, of which each is as long as the room allows.

    Raises: UnknownLookError where that is unsure.
    """
    lines, x = [list[Piece]()], 0.0
    for word in words:
        if word is None:
            lines.append([])
            x = 0.0
            continue
        line, end = lines[-1], x + sum(piece.width for piece in word)
        after_blank = bool(line) and line[-1].text.endswith(" ")
        if after_blank and abs(end - room) < CLOSE:
            raise UnknownLookError
        if after_blank and end > room and "".join(piece.text for piece in word).strip():
            lines.append(line := [])
            end -= x
        x = end
        for piece in word:
            if line and line[-1] == replace(piece, text=line[-1].text):  # in the same style
                line[-1] = replace(piece, text=line[-1].text + piece.text)
            else:
                line.append(piece)
    return tuple(tuple(stripped(line)) for line in lines)
