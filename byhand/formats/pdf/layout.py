"""Lay a page out once, with slots where each copy has its own numbers.

A page's HTML holds marks (arithmetic/copies). Each is laid out with the text of some copy, underlined in a colour of
its own, which moves nothing. By this colour its text is found in WeasyPrint's content stream, and its line among
WeasyPrint's boxes. A page without the texts in its slots is the background, which all copies share.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from byhand.arithmetic.copies import FIRST_MARK
from byhand.errors import SheetError
from byhand.formats.fonts import FACES
from byhand.formats.pdf import as_pdf, rendered_document
from byhand.formats.pdf.boxes import BoxReader, Line, every_box, rows_of, slot_of, unwrapped
from byhand.formats.pdf.breaking import Paragraph
from byhand.formats.pdf.shape import NUMBER_CHARACTERS
from byhand.formats.pdf.stream import COLOUR_STEPS, place, text_runs, without

TextOf = Callable[[int], str]  # from a mark's number to the text that a copy has in its place
MARK = re.compile("[\U000f0000-\U0010ffff]")
_TAG = re.compile(r"(<[^>]*>)")
_SVG = re.compile(r"<svg[^>]*>.*?</svg>", re.DOTALL)
_CODE = re.compile(
    'width="([\\d.]+)mm".* viewBox="0 0 (\\d+) .*(<path d="([\U000f0000-\U0010ffff])" fill="#(\\w+)"/>)'
)
_DOT = re.compile('<circle cx="([\\d.]+)" cy="([\\d.]+)" r="([\U000f0000-\U0010ffff])" fill="#(\\w{6})"/>')


@dataclass(frozen=True)
class DrawnSlot:
    """A slot for a drawing: a dot, whose text is its radius, or a QR code, whose text is an SVG path of bars.

    x, y: its origin in px; unit: how many px are 1 in its text.
    """

    slot: int
    x: float
    y: float
    unit: float
    colour: bytes


@dataclass(frozen=True)
class PageLayout:
    """A page with slots. blocks: the lines and paragraphs that have slots; background: the rest, as PDF operators."""

    blocks: tuple[Line | Paragraph, ...]
    spots: tuple[DrawnSlot, ...]
    background: bytes


@dataclass(frozen=True)
class Layout:
    """A document that is laid out.

    everywhere: the slots that are at the same place on every page.
    faces: of each font of the PDF, by its name there, the name of its file.
    letters: of each font that a slot has, the characters that slots may hold.
    """

    pages: tuple[PageLayout, ...]
    everywhere: tuple[DrawnSlot, ...]
    faces: dict[str, str]
    letters: dict[str, str]
    pdf: bytes


def copy_html(html: str, texts: TextOf) -> str:
    """The HTML of one copy. A number in a paragraph has a box of its own, like a slot, so that lines break alike."""
    return _filled(html, texts, lambda mark: f"<span>{escape(texts(mark))}</span>")


def lay_out(html: str, texts: TextOf, letters: str = "") -> Layout:
    """Lay a page out with the texts of one copy, and find its slots.

    letters: the characters that slots with words may hold, beside those of numbers.
    """
    import pikepdf

    def slot(mark: int) -> str:
        return f'<u style="text-decoration-color:{_colour(mark)}">{escape(texts(mark))}</u>'

    found = rendered_document(_filled(_SVG.sub(_without_spots, html), texts, slot))
    content = as_pdf(found)
    with pikepdf.open(io.BytesIO(content)) as file:
        names = {str(key)[1:]: str(font.BaseFont) for page in file.pages for key, font in page.Resources.Font.items()}
        used = {font: _face(name) for font, name in names.items()}
        streams = [page.Contents.read_bytes() for page in file.pages]
    pages = [_page(each._page_box, stream, used) for each, stream in zip(found.pages, streams, strict=True)]
    everywhere = tuple(spot for spot in pages[0].spots if all(spot in page.spots for page in pages))
    pages = [replace(page, spots=tuple(s for s in page.spots if s not in everywhere)) for page in pages]
    runs = [run for page in pages for block in page.blocks for run in block.runs if run.slot is not None]
    words = {run.font for run in runs if run.slot is not None and not set(texts(run.slot)) <= set(NUMBER_CHARACTERS)}
    alphabets = {run.font: NUMBER_CHARACTERS + letters * (run.font in words) for run in runs}
    return Layout(tuple(pages), everywhere, used, alphabets, content)


def lay_out_copy(html: str, texts: TextOf) -> Layout:
    """Lay out one copy by itself: a layout without slots, which is all background."""
    import pikepdf

    content = as_pdf(rendered_document(copy_html(html, texts)))
    with pikepdf.open(io.BytesIO(content)) as file:
        pages = tuple(PageLayout((), (), page.Contents.read_bytes()) for page in file.pages)
    return Layout(pages, (), {}, {}, content)


def _filled(html: str, texts: TextOf, slot: Callable[[int], str]) -> str:
    """The page with its marks replaced: in the text by what `slot` gives, within tags by the copy's own texts."""

    def within(part: str) -> str:
        return MARK.sub(lambda m: escape(texts(ord(m[0]) - FIRST_MARK)), part)

    parts = _TAG.split(html)
    return "".join(
        within(part) if i % 2 else MARK.sub(lambda m: slot(ord(m[0]) - FIRST_MARK), part)
        for i, part in enumerate(parts)
    )


def _without_spots(svg: re.Match[str]) -> str:
    """A drawing without what differs from copy to copy; in place of each such part, a box that is one unit wide."""
    drawn = svg[0]
    boxes = [_box(x, y, "1", fill, mark) for x, y, mark, fill in _DOT.findall(drawn)]
    if code := _CODE.search(drawn):
        width, modules, path, mark, fill = code.groups()
        drawn, boxes = drawn.replace(path, ""), [_box("0", "0", f"{float(width) / int(modules)}", fill, mark)]
    return _DOT.sub("", drawn) + "".join(boxes)


def _box(x: str, y: str, unit: str, fill: str, mark: str) -> str:
    return (
        f'<b style="position:absolute;left:{x}mm;top:{y}mm;width:{unit}mm;color:#{fill};'
        f'text-decoration-color:{_colour(ord(mark) - FIRST_MARK)}"></b>'
    )


def _colour(mark: int) -> str:
    return f"color(srgb 0 {mark / COLOUR_STEPS:.5f} 1)"


def _face(name: str) -> str:
    """The name of a face's file, by its name in the PDF: "ABCDEF+byhand-Sans-Semi-Bold-Italic"."""
    family = "byhand Math Italic" if "Math-Italic" in name else "byhand Math" if "Math" in name else "byhand Sans"
    weight, style = 600 if "Semi-Bold" in name else 400, "italic" if "Italic" in name else "normal"
    for face in FACES:
        if "+byhand-" in name and (face.family, face.weight, face.style) == (family, weight, style):
            return face.name
    raise SheetError(f"{name.partition('+')[2]} is none of the fonts of a sheet")


def _page(box: Any, stream: bytes, used: dict[str, str]) -> PageLayout:
    """A page's slots and its background, from its boxes and its content stream."""
    text = text_runs(stream)
    parents = {id(unwrapped(child)): each for each in every_box(box) for child in getattr(each, "children", ())}
    reader = BoxReader({where: run for where, (run, _) in text.items()}, used, parents)
    blocks = [block for each in every_box(box) if (rows := rows_of(each)) for block in reader.blocks(each, rows)]
    spots = [
        DrawnSlot(slot, each.position_x, each.position_y, each.width, _rgb(each.style["color"]))
        for each in every_box(box)
        if each.element_tag == "b" and (slot := slot_of(each)) is not None
    ]
    cuts = [cut for block in blocks for run in block.runs for cut in text[place(run.x, run.y)][1]]
    return PageLayout(tuple(blocks), tuple(spots), without(stream, cuts))


def _rgb(colour: Any) -> bytes:
    return b"%.6f %.6f %.6f rg" % tuple(colour.to("srgb").coordinates)
