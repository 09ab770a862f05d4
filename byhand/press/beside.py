"""How what stands beside the table of a figure is set, as print.css has it: the tags of matrices and a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from math import fsum, inf

from msgspec import Struct
from msgspec.structs import replace

from byhand.notation import inline
from byhand.page.beside import LaidLabel
from byhand.page.look import COLOURS, LOOK
from byhand.press.pieces import MATH, MM, PT, SANS, Piece, TextStyle, UnknownLookError, pieces_of, stripped

_PROSE = re.compile(r"[\w \xa0,.;:!?()'’“”=+·×−√≤≥≠]*")  # in which lines break at blanks only


class Label(Struct, frozen=True):
    """The tag of a matrix, or a formula."""

    x: float
    """The distance in px from the left edge of the figure."""
    y: float
    """The distance in px from the upper edge of the figure."""
    shift: tuple[float, float]
    """The share of its own width by which each line is further to the left, and of its height by which all of it is
    higher."""
    style: TextStyle
    """The style of its words."""
    line: float
    """The distance in px from one line to the next."""
    lines: tuple[tuple[Piece, ...], ...]
    said: str = ""
    """How a formula is read aloud, and a tag with a source; "" for another tag."""
    is_formula: bool = False


def label(laid: LaidLabel) -> Label:
    """How a tag or a formula is set.

    Raises: UnknownLookError.
    """
    if laid.side == "formula":
        style, line, shift = TextStyle(MATH, laid.size * PT, COLOURS["ink"]), LOOK["formula_line"], (0.0, 0.0)
        lines = [_broken([_whole(laid.lines[0], style)], inf)]
    else:
        style, line = TextStyle(SANS, LOOK["tag"] * PT, COLOURS["tag"]), LOOK["tag_line"]
        shift = (0.0, 0.5) if laid.side == "right" else (0.5, 1.0)
        lines = [_broken(_words(each, style), laid.width * MM or inf) for each in laid.lines]
    return Label(
        laid.left * MM, laid.top * MM, shift, style, line * PT, (*chain.from_iterable(lines),), laid.said,
        laid.side == "formula",
    )  # fmt: skip


def _whole(formula: Iterable[inline.Piece], style: TextStyle) -> list[Piece]:
    """What is on one line in any case.

    Raises: UnknownLookError for a text that a run decides.
    """
    pieces = [*pieces_of(formula, style, str)]
    if any(piece.slot is not None for piece in pieces):
        raise UnknownLookError
    return pieces


def _words(line: Iterable[inline.Piece], style: TextStyle) -> Iterator[list[Piece]]:
    """The words of a line of a tag, its symbol and its shape, and the blanks between them.

    Raises: UnknownLookError where lines may break otherwise than at blanks.
    """
    for part in line:
        if not isinstance(part, str):
            is_symbol = part.kind == "math"
            yield _whole([part], TextStyle(MATH, LOOK["tag_math"] * PT, COLOURS["ink"]) if is_symbol else style)
        elif _PROSE.fullmatch(part):
            yield from (_whole([word], style) for word in re.findall(" +|[^ ]+", part))
        else:
            raise UnknownLookError


def _broken(words: Iterable[list[Piece]], room: float) -> tuple[tuple[Piece, ...], ...]:
    """A line of words, broken into lines of which each is as long as the room allows."""
    lines, x = [list[Piece]()], 0.0
    for word in words:
        line, end = lines[-1], x + fsum(piece.width for piece in word)
        may_break = bool(line) and (line[-1].text.endswith(" ") or any(piece.pill for piece in word))
        if may_break and end > room and "".join(piece.text for piece in word).strip():
            lines.append(line := [])
            end -= x
        x = end
        for piece in word:
            if line and line[-1] == replace(piece, text=line[-1].text):  # in the same style
                line[-1] = replace(piece, text=line[-1].text + piece.text)
            else:
                line.append(piece)
    return tuple(tuple(stripped(line)) for line in lines)
