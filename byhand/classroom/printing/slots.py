"""A page laid out once, with slots where each copy has its own numbers.

A page's HTML holds marks (arithmetic/many). Each is laid out as some copy has it, and underlined in a colour of its
own, which moves nothing: so its text is found in WeasyPrint's content stream, and its line among WeasyPrint's boxes.
What is left of a page without its slots is the background, which every copy shares.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from byhand.arithmetic.copies import FIRST_MARK
from byhand.classroom.printing.boxes import Line, Reader, every_box, rows_of, slot_of, unwrapped
from byhand.classroom.printing.breaking import Paragraph
from byhand.classroom.printing.shape import NUMBERS
from byhand.classroom.printing.stream import STEP, pieces_of_text, place, without
from byhand.errors import SheetError
from byhand.formats.fonts import faces
from byhand.formats.pdf import document, written

Texts = Callable[[int], str]  # what a copy has in place of a mark
MARK = re.compile("[\U000f0000-\U0010ffff]")
_TAG = re.compile(r"(<[^>]*>)")
_SVG = re.compile(r"<svg[^>]*>.*?</svg>", re.DOTALL)
_CODE = re.compile(
    'width="([\\d.]+)mm".* viewBox="0 0 (\\d+) .*(<path d="([\U000f0000-\U0010ffff])" fill="#(\\w+)"/>)'
)
_DOT = re.compile('<circle cx="([\\d.]+)" cy="([\\d.]+)" r="([\U000f0000-\U0010ffff])" fill="#(\\w{6})"/>')


@dataclass(frozen=True)
class Spot:
    """A drawing that is a slot: a dot by its radius, or an SVG path of bars; in units of so many px from (x, y)."""

    slot: int
    x: float
    y: float
    unit: float
    colour: bytes


@dataclass(frozen=True)
class Page:
    """A page's slots, and its background as a content stream."""

    blocks: tuple[Line | Paragraph, ...]
    spots: tuple[Spot, ...]
    background: bytes


@dataclass(frozen=True)
class Laid:
    """A document laid out. everywhere: the slots that are at the same place of every page.

    faces: the files of its fonts by their names in the PDF; letters: what slots may hold, by their fonts.
    """

    pages: tuple[Page, ...]
    everywhere: tuple[Spot, ...]
    faces: dict[str, str]
    letters: dict[str, str]
    pdf: bytes


def copy_html(html: str, texts: Texts) -> str:
    """The page of one copy. A number in the prose keeps a box of its own, as a slot does."""
    return _filled(html, texts, lambda mark: f"<span>{escape(texts(mark))}</span>")


def lay_out(html: str, texts: Texts, letters: str = "") -> Laid:
    """Lay a page out as one copy has it, and find its slots.

    letters: what slots may hold beside numbers, in the fonts of those that do.
    """
    import pikepdf

    def slot(mark: int) -> str:
        return f'<u style="text-decoration-color:{_colour(mark)}">{escape(texts(mark))}</u>'

    found = document(_filled(_SVG.sub(_without_spots, html), texts, slot))
    content = written(found)
    with pikepdf.open(io.BytesIO(content)) as file:
        names = {str(key)[1:]: str(font.BaseFont) for page in file.pages for key, font in page.Resources.Font.items()}
        used = {font: _face(name) for font, name in names.items()}
        streams = [page.Contents.read_bytes() for page in file.pages]
    pages = [_page(each._page_box, stream, used) for each, stream in zip(found.pages, streams, strict=True)]
    everywhere = tuple(spot for spot in pages[0].spots if all(spot in page.spots for page in pages))
    pages = [replace(page, spots=tuple(s for s in page.spots if s not in everywhere)) for page in pages]
    runs = [run for page in pages for block in page.blocks for run in block.runs if run.slot is not None]
    words = {run.font for run in runs if run.slot is not None and not set(texts(run.slot)) <= set(NUMBERS)}
    alphabets = {run.font: NUMBERS + letters * (run.font in words) for run in runs}
    return Laid(tuple(pages), everywhere, used, alphabets, content)


def lay_out_copy(html: str, texts: Texts) -> Laid:
    """Lay out one copy by itself: without slots, all of it background."""
    import pikepdf

    content = written(document(copy_html(html, texts)))
    with pikepdf.open(io.BytesIO(content)) as file:
        return Laid(tuple(Page((), (), page.Contents.read_bytes()) for page in file.pages), (), {}, {}, content)


def _filled(html: str, texts: Texts, slot: Callable[[int], str]) -> str:
    """The page with its marks replaced: by `slot` in the text, and by what they stand for within tags."""

    def within(part: str) -> str:
        return MARK.sub(lambda m: escape(texts(ord(m[0]) - FIRST_MARK)), part)

    parts = _TAG.split(html)
    return "".join(
        within(part) if i % 2 else MARK.sub(lambda m: slot(ord(m[0]) - FIRST_MARK), part)
        for i, part in enumerate(parts)
    )


def _without_spots(svg: re.Match[str]) -> str:
    """A drawing without what differs from copy to copy, and in its place boxes that are as wide as a unit."""
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
    return f"color(srgb 0 {mark / STEP:.5f} 1)"


def _face(name: str) -> str:
    """The file of a font, by its name in the PDF: "ABCDEF+byhand-Sans-Semi-Bold-Italic"."""
    family = "byhand Math Italic" if "Math-Italic" in name else "byhand Math" if "Math" in name else "byhand Sans"
    weight, style = 600 if "Semi-Bold" in name else 400, "italic" if "Italic" in name else "normal"
    for face in faces():
        if "+byhand-" in name and (face.family, face.weight, face.style) == (family, weight, style):
            return str(face.path)
    raise SheetError(f"{name.partition('+')[2]} is none of the fonts of a sheet")


def _page(box: Any, stream: bytes, used: dict[str, str]) -> Page:
    """A page's slots and its background, from its boxes and its content stream."""
    text = pieces_of_text(stream)
    parents = {id(unwrapped(child)): each for each in every_box(box) for child in getattr(each, "children", ())}
    reader = Reader({where: run for where, (run, _) in text.items()}, used, parents)
    blocks = [block for each in every_box(box) if (rows := rows_of(each)) for block in reader.blocks(each, rows)]
    spots = [
        Spot(slot, each.position_x, each.position_y, each.width, _rgb(each.style["color"]))
        for each in every_box(box)
        if each.element_tag == "b" and (slot := slot_of(each)) is not None
    ]
    cuts = [cut for block in blocks for run in block.runs for cut in text[place(run.x, run.y)][1]]
    return Page(tuple(blocks), tuple(spots), without(stream, cuts))


def _rgb(colour: Any) -> bytes:
    return b"%.6f %.6f %.6f rg" % tuple(colour.to("srgb").coordinates)
