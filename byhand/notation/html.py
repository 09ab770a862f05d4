"""Trees as HTML: worked lines on a page. A numeric fraction stays text, `6/5`, which our fonts draw stacked."""

from __future__ import annotations

import re
from html import escape

from msgspec.structs import replace

from byhand.arithmetic.copies import varies
from byhand.arithmetic.expr import Expr, Scalar
from byhand.notation.marks import Html, written
from byhand.notation.text import TEXT
from byhand.notation.write import terms, write, write_value


def _letter(name: str) -> str:
    """A letter in italics, its digits as an index: a_1 and a1 are a₁."""
    stem, digits = re.fullmatch(r"(.*?)_?(\d*)", name).groups()  # type: ignore[union-attr]
    return f'<i class="m">{escape(stem)}</i>' + (f"<sub>{digits}</sub>" if digits else "")


HTML = replace(
    TEXT,
    divide=lambda a, b: f"{a} ÷ {b}",
    power=lambda base, exponent: f"{base}<sup>{exponent}</sup>",
    root=lambda x: f'<span class="root">√<span class="radicand">{x}</span></span>',
    log=lambda base, x: f"ln {x}" if base == "e" else f"log<sub>{base}</sub> {x}",
    ref=lambda ref: escape(TEXT.ref(ref)),
    letter=_letter,
    kind=Html,
)


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
