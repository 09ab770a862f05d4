"""The words and boxes of a page, for another program: headings, paragraphs and tables, as gpt.typ sets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HEADINGS = {"h1", "h2", "h3"}
BLOCKS = HEADINGS | {"p", "li", "table"}
BOXES = ("a", "k")  # how the classes of cells with a box begin
Block = tuple[str, Any]


def blocks(html: str) -> list[Block]:
    """The blocks of a page, in order: each block's kind, and its words or the rows of its table."""
    from lxml.html import document_fromstring

    body = document_fromstring(html).find("body")
    return [block for block in _blocks(body) if block[1]]


def _blocks(element: Any) -> Iterator[Block]:
    if element.tag == "table":
        yield "table", [[_cell(cell) for cell in row.iterchildren("td", "th")] for row in element.iter("tr")]
    elif element.tag in HEADINGS:
        yield "heading", _words(element)
    elif any(True for _ in element.iterdescendants(*BLOCKS)):
        for child in element:
            yield from _blocks(child)
    else:
        yield "words", _words(element)


def _cell(cell: Any) -> tuple[str, bool, int]:
    return _words(cell), cell.get("class", "").startswith(BOXES), int(cell.get("colspan", 1))


def _words(element: Any) -> str:
    return " ".join(" ".join(element.itertext()).split())
