"""Printed pages: a number that was changed, in HTML or PDF, is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import pikepdf
from two_faces import has_one_face, parts_of, random_faces

from attack import attack, told
from attack.spoil import other_digit
from byhand.errors import UnreadableError
from byhand.options import Options
from byhand.pipeline import generate
from byhand.press.printing import pdf
from byhand.reading.packing import check_packing
from byhand.reading.pdf import letters_of
from byhand.reading.verify import verify
from byhand.worksheet.front import sheet_files
from byhand.worksheet.views import VIEWS

_TEXT = re.compile(rb"(?P<font>/\S+) [\d.]+ Tf|<(?P<glyph>[0-9a-f]{4})>[^<\]]*\] TJ")
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
    """Of each PDF a digit that ends a text, drawn as another."""
    for path in _printed(dice, folder, count, "pdf"):
        content = path.read_bytes()
        spots = _digits_drawn(content)
        again = path.with_stem("again")
        again.write_bytes(_redrawn(content, *spots[0], same=True))
        if verify(again).faults:
            yield f"{path.parent.name}/{path.name} is called wrong as another program saves it"
        yield from _tried(path, len(spots), lambda n: _redrawn(content, *spots[n]), dice, count is None)  # noqa: B023


@attack(few=20, bounded=3_000, full=30_000)
def faces(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """PDFs whose objects stand in several places and tables: a viewer shows the page that is judged, or none is."""
    parts = parts_of(pdf("<!doctype html><html lang=en><title>x</title><p>Key<table><tr><td>1</table>"))

    def act() -> str:
        check_packing(content := random_faces(parts, dice))
        return "" if has_one_face(content) else f"PDFium shows another page than qpdf reads: {content!r}"

    for _ in range(count or 0):
        yield told(act)


def _digits_drawn(pdf: bytes) -> list[tuple[int, int, str]]:
    """Each digit that ends a text: its page, the place of its glyph among the instructions, and its font."""
    found, font = [], ""
    with pikepdf.open(BytesIO(pdf)) as file:
        for number, page in enumerate(file.pages):
            page.contents_coalesce()
            for token in _TEXT.finditer(page.Contents.read_bytes()):
                font = token["font"].decode() if token["font"] else font
                letters = _letters(page, font) if token["glyph"] else {}
                others = sum(map(str.isdigit, letters.values())) - 1
                if others > 0 and letters.get(int(token["glyph"], 16), "").isdigit():
                    found.append((number, token.start("glyph"), font))
    return found


def _letters(page: pikepdf.Page, font: str) -> dict[int, str]:
    return letters_of(page.Resources.Font[font].ToUnicode.read_bytes())


def _redrawn(pdf: bytes, number: int, at: int, font: str, same: bool = False) -> bytes:
    """A PDF in which one glyph is another digit, or the same again."""
    with pikepdf.open(BytesIO(pdf)) as file:
        page = file.pages[number]
        page.contents_coalesce()
        drawn, letters = page.Contents.read_bytes(), _letters(page, font)
        old = int(drawn[at : at + 4], 16)
        new = old if same else next(glyph for glyph, text in letters.items() if text.isdigit() and glyph != old)
        page.Contents = file.make_stream(drawn[:at] + b"%04x" % new + drawn[at + 4 :])
        buffer = BytesIO()
        file.save(buffer)
    return buffer.getvalue()
