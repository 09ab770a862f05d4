"""Trees as HTML: worked lines on a page. A numeric fraction stays text, `6/5`, which our fonts draw stacked."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from msgspec.structs import replace

from byhand.arithmetic.copies import varies
from byhand.arithmetic.expr import Expr, Scalar
from byhand.notation.inline import TAGS, Kind
from byhand.notation.marks import Html, written
from byhand.notation.text import TEXT, indexed
from byhand.notation.write import Style, terms, write, write_value


def style(tags: Mapping[Kind, tuple[str, str]]) -> Style:
    """A notation in HTML, with the elements of formulas. tags: what stands before and after each kind of part."""

    def part(kind: Kind, inside: str) -> str:
        return inside.join(tags[kind])

    def letter(name: str) -> str:  # in italics, its digits as an index: a_1 and a1 are a₁
        stem, digits = indexed(name)
        return part("letters", escape(stem)) + (part("lowered", digits) if digits else "")

    return replace(
        TEXT,
        power=lambda base, exponent: base + part("raised", exponent),
        root=lambda x: part("root", x),
        log=lambda base, x: f"ln {x}" if base == "e" else f"log{part('lowered', base)} {x}",
        ref=lambda ref: escape(TEXT.ref(ref)),
        letter=letter,
        kind=Html,
    )


HTML = style(TAGS)


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
