"""Printed pages: a number that was changed, in HTML or PDF, is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, ByteStringObject, ContentStream

from attack import attack, told
from attack.spoil import other_digit
from byhand.errors import UnreadableError
from byhand.options import Options
from byhand.pipeline import generate
from byhand.reading.pdf import _letters
from byhand.reading.verify import verify
from byhand.worksheet.document import VIEWS
from byhand.worksheet.sheet import sheet_files

NO_NUMBERS = re.compile(
    r"<(svg|style|script|title|footer)\b.*?</\1>|<[^>]*>|&[#\w]+;|\d+ (min|with practice)\b", re.DOTALL
)


def _found(path: Path, spoiled: bytes) -> bool:
    """Whether a page is called wrong, or refused, once it is spoiled."""
    target = path.with_stem("spoiled")
    target.write_bytes(spoiled)
    try:
        return bool(verify(target).faults)
    except UnreadableError:
        return True


def _tried(path: Path, places: int, spoil: Any, dice: Random, whole: bool) -> Iterator[str]:
    """Spoil one of a page's numbers, or each of them."""
    if verify(path).faults:
        yield f"{path.parent.name}/{path.name} is called wrong as it was printed"
    for n in range(places) if whole else [dice.randrange(places)]:

        def act(n: int = n) -> str:
            return "" if _found(path, spoil(n)) else f"not found: number {n} of {path.parent.name}/{path.name}"

        yield told(act)


def _printed(dice: Random, folder: Path, count: int | None, form: str) -> Iterator[Path]:
    """Every view of every sheet, or so many of them, in turn."""
    order = [(sheet, view) for sheet in sorted(sheet_files()) for view in VIEWS]
    dice.shuffle(order)
    for sheet, view in order if count is None else islice(cycle(order), count):
        yield from generate(sheet, Options(views=(view,), formats=(form,)), folder)


@attack(few=3, bounded=87, full=None)
def pages(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """Of each HTML page a digit, in tables and in prose; but for the minutes, the foot and what is drawn."""
    for path in _printed(dice, folder, count, "html"):
        html = path.read_text(encoding="utf-8")
        hidden = NO_NUMBERS.sub(lambda m: " " * len(m[0]), html)
        spots = [m.start() for m in re.finditer(r"\d", hidden) if m.start() > html.index("<body")]
        yield from _tried(
            path, len(spots), lambda n: other_digit(html, spots[n], dice).encode(), dice, count is None  # noqa: B023
        )  # fmt: skip


@attack(few=1, bounded=29, full=None)
def printed_pages(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """Of each PDF a digit in a cell, drawn as another."""
    for path in _printed(dice, folder, count, "pdf"):
        content = path.read_bytes()
        spots = [(page, n) for page, n, *_ in _drawn(PdfWriter(clone_from=PdfReader(BytesIO(content))))]
        yield from _tried(path, len(spots), lambda n: _redrawn(content, *spots[n]), dice, count is None)  # noqa: B023


def _drawn(writer: PdfWriter) -> Iterator[tuple[int, int, ContentStream, bytes, dict[int, str]]]:
    """Each instruction that draws a digit as a text of its own: its page and number, and what it is made of.

    What belongs to a figure, such as the map, is left out.
    """
    figures = set(_in_figures(writer.root_object["/StructTreeRoot"].get_object(), None, False))
    for number, page in enumerate(writer.pages):
        content = ContentStream(page["/Contents"].get_object(), writer)
        fonts = {name: _letters(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}
        font: dict[int, str] = {}
        marks: list[Any] = []
        for n, (operands, operator) in enumerate(content.operations):
            if operator in (b"BDC", b"BMC"):
                marks.append(operands[1].get("/MCID") if operator == b"BDC" else None)
            if operator == b"EMC":
                marks.pop()
            font = fonts[operands[0]] if operator == b"Tf" else font
            drawing = any((page.indirect_reference.idnum, mark) in figures for mark in marks)
            if operator == b"TJ" and not drawing:
                glyphs = b"".join(x.original_bytes for x in operands[0] if hasattr(x, "original_bytes"))
                text = "".join(font[int.from_bytes(glyphs[i : i + 2], "big")] for i in range(0, len(glyphs), 2))
                if re.fullmatch(r"−?\d", text) and sum(map(str.isdigit, font.values())) > 1:
                    yield number, n, content, glyphs, font


def _in_figures(node: Any, page: Any, inside: bool) -> Iterator[tuple[int, int]]:
    """The marked contents of the structure's figures: the number of the page's object, and of the mark."""
    if isinstance(node, int) or node.get("/Type") == "/MCR":
        if inside:
            yield (
                (page if isinstance(node, int) else node.get("/Pg", page)).indirect_reference.idnum,
                (node if isinstance(node, int) else node["/MCID"]),
            )
        return
    page, inside, children = node.get("/Pg", page), inside or node.get("/S") == "/Figure", node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        yield from _in_figures(child.get_object(), page, inside)


def _redrawn(pdf: bytes, page: int, n: int) -> bytes:
    """A PDF in which one instruction draws another digit."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf)))
    _, _, content, glyphs, font = next(found for found in _drawn(writer) if found[:2] == (page, n))
    old = font[int.from_bytes(glyphs[-2:], "big")]
    other = next(code for code, letter in font.items() if letter.isdigit() and letter != old)
    pieces = ArrayObject([ByteStringObject(glyphs[:-2] + other.to_bytes(2, "big"))])
    content.operations[n] = ([pieces], b"TJ")
    writer.pages[page].replace_contents(content)
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
