"""Words in the paragraphs of a Word document: parsed Markdown as runs, and its formulas as OMML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from docx.oxml import parse_xml
from docx.shared import RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from byhand.notation.omml import omml
from byhand.page.parts import Words, are_paragraphs
from byhand.pictures import canvas

if TYPE_CHECKING:
    from markdown_it.token import Token

INK, GREY, PEN = (colour.removeprefix("#").upper() for colour in (canvas.INK, canvas.GREY, canvas.PEN))
CODE = "Courier New"


class Holder(Protocol):
    """What holds paragraphs: a document, or a cell of a table."""

    def add_paragraph(self, text: str = "", style: str | None = None) -> Paragraph: ...


def write(paragraph: Paragraph, words: Words, colour: str = "") -> None:
    """Write words at the end of a paragraph, as one line. colour: of them; "" for that of the paragraph."""
    if isinstance(words, str):
        run(paragraph, words, colour)
    elif are_paragraphs(words):
        for n, token in enumerate(token for token in _tokens(words) if token.type == "inline"):
            if n:
                run(paragraph, " ")
            _inline(paragraph, token.children or (), colour)
    else:
        _inline(paragraph, _tokens(words), colour)


def paragraphs(holder: Holder, words: Words, colour: str = "", first: Paragraph | None = None) -> None:
    """Write words as paragraphs. first: the paragraph that has begun, if one has."""
    if isinstance(words, str) or not are_paragraphs(words):
        write(first or holder.add_paragraph(), words, colour)
        return
    style = None
    for token in _tokens(words):
        if token.type == "list_item_open":
            style = "List Bullet"
        elif token.type == "inline":
            paragraph = first or holder.add_paragraph()
            paragraph.style = style  # as a list has, also where it comes first
            write(paragraph, token.children or (), colour)
            style = first = None
        elif token.type in ("fence", "code_block"):
            run(first or holder.add_paragraph(), token.content.rstrip("\n"), colour).font.name = CODE
            first = None


def run(paragraph: Paragraph, text: str, colour: str = "", bold: bool = False) -> Run:
    """Write a text at the end of a paragraph, and return its run."""
    made = paragraph.add_run(text)
    made.bold = bold or None
    if colour:
        made.font.color.rgb = RGBColor.from_string(colour)
    return made


def formula(paragraph: Paragraph, latex: str, colour: str = "") -> None:
    """Write a formula at the end of a paragraph."""
    maths(paragraph, omml(latex, colour))


def maths(paragraph: Paragraph, xml: str) -> None:
    """Put OMML at the end of a paragraph."""
    paragraph._p.append(parse_xml(xml))


def _tokens(words: Words) -> Sequence[Any]:
    return () if isinstance(words, str) else words


def _inline(paragraph: Paragraph, tokens: Iterable[Token], colour: str) -> None:
    bold = italic = False
    for token in tokens:
        kind, _, end = token.type.partition("_")
        if token.type == "math_inline":
            formula(paragraph, token.content, colour)
        elif kind == "strong":
            bold = end == "open"
        elif kind == "em":
            italic = end == "open"
        elif token.type == "softbreak":
            run(paragraph, " ", colour)
        elif token.type == "hardbreak":
            paragraph.add_run().add_break()
        elif token.content:
            made = run(paragraph, token.content, colour, bold)
            made.italic = italic or None
            if token.type == "code_inline":
                made.font.name = CODE
