"""Trees as HTML: worked lines on a page. A numeric fraction stays text, `6/5`, which our fonts draw stacked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape

from msgspec.structs import replace

from byhand.arithmetic.copies import varies
from byhand.arithmetic.expr import Expr, Scalar
from byhand.notation.inline import TAGS, Kind, Part, Piece
from byhand.notation.marks import Html, written
from byhand.notation.text import TEXT, indexed
from byhand.notation.write import Style, terms, write, write_value


def style(tags: Mapping[Kind, tuple[str, str]]) -> Style:
    """A notation in HTML, with the elements of formulas. tags: what stands before and after each kind of part."""
    return in_parts(lambda kind, inside: inside.join(tags[kind]), escape, Html)


def in_parts(part: Callable[[Kind, str], str], plain: Callable[[str], str], written_as: type[str]) -> Style:
    """A notation in which formulas have parts. part: writes one, of what is in it; plain: writes a text."""

    def letter(name: str) -> str:  # in italics, its digits as an index: a_1 and a1 are a₁
        stem, digits = indexed(name)
        return part("letters", plain(stem)) + (part("lowered", digits) if digits else "")

    return replace(
        TEXT,
        power=lambda base, exponent: base + part("raised", exponent),
        root=lambda x: part("root", x),
        log=lambda base, x: f"ln {x}" if base == "e" else f"log{part('lowered', base)} {x}",
        ref=lambda ref: plain(TEXT.ref(ref)),
        letter=letter,
        kind=written_as,
    )


HTML = style(TAGS)
_FIRST_SIGN, _SIGN = 0xE000, re.compile("([\ue000-\uf8ff])")  # of the parts of what is written


def html(node: Expr) -> str:
    """A tree as HTML."""
    return write(node, HTML)


def terms_html(node: Expr) -> list[str]:
    """The terms of a sum as HTML, each by itself."""
    return terms(node, HTML)


def value_html(value: Scalar) -> str:
    """A value as HTML; a word stays as it is. A mark if it differs from copy to copy of a class."""
    if varies(value):
        return written(value_html, value)
    return escape(value) if isinstance(value, str) else write_value(value, HTML)


def value_pieces(value: Scalar) -> tuple[Piece, ...]:
    """A value as pieces of a formula, of which `tagged` makes what `value_html` writes."""
    if varies(value):
        return (written(value_html, value),)
    if isinstance(value, str):
        return (value,)
    return in_pieces(lambda part: write_value(value, in_parts(part, str, str)))


def in_pieces(write: Callable[[Callable[[Kind, str], str]], str]) -> tuple[Piece, ...]:
    """What is written in a notation that has parts, as pieces of a formula. write: writes it, and takes what writes a
    part, as `in_parts` does.
    """
    parts = list[Part]()

    def part(kind: Kind, inside: str) -> str:  # a sign that stands for it, until the text around it is known
        parts.append(Part(kind, pieces(inside)))
        return chr(_FIRST_SIGN + len(parts) - 1)

    def pieces(text: str) -> tuple[Piece, ...]:
        signs = (parts[ord(each) - _FIRST_SIGN] if _SIGN.fullmatch(each) else each for each in _SIGN.split(text))
        return tuple(piece for piece in signs if piece)

    return pieces(write(part))
