"""Lay a page out once, with slots where each copy has its own numbers.

A page's HTML holds marks (arithmetic/copies). Each is laid out with the text of some copy, underlined in a colour of
its own, which moves nothing. By this colour its text is found in WeasyPrint's content stream, and its line among
WeasyPrint's boxes. A page without the texts in its slots is the background, which all copies share.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from msgspec import structs

from byhand.arithmetic.copies import MARK, mark_number
from byhand.errors import SheetError
from byhand.formats.fonts import FACES
from byhand.formats.pdf.boxes import BoxReader, Line, every_box, rows_of, slot_of, unwrapped
from byhand.formats.pdf.breaking import Paragraph
from byhand.formats.pdf.engine import as_pdf, rendered_document
from byhand.formats.pdf.pen import Pen
from byhand.formats.pdf.shape import NUMBER_CHARACTERS
from byhand.formats.pdf.stream import COLOUR_STEPS, drawing, in_px, place, replaced, text_runs
from byhand.formats.pdf.structure import drawings, leave_out, marked, put_in
from byhand.formats.pdf.tables import SANS, Table, TextOf, cut_out
from byhand.formats.pdf.views import only, view_of, views_of
from byhand.worksheet.views import View

_TAG = re.compile(r"(<[^>]*>)")
_SVG = re.compile(r"<svg[^>]*>.*?</svg>", re.DOTALL)
_LABEL = re.compile(r'<svg[^>]* aria-label="([^"]*)"[^>]*>')
_CODE = re.compile(
    'width="([\\d.]+)mm".* viewBox="0 0 (\\d+) .*(<path d="([\U000f0000-\U0010ffff])" fill="#(\\w+)"/>)'
)
_DOT = re.compile('<circle cx="([\\d.]+)" cy="([\\d.]+)" r="([\U000f0000-\U0010ffff])" fill="#(\\w{6})"/>')


@dataclass(frozen=True)
class DrawnSlot:
    """A slot for a drawing: a dot, whose text is its radius, or a QR code, whose text is an SVG path of bars.

    x, y: its origin in px; unit: how many px are 1 in its text. view: the only view that shows it; "" for both.
    """

    slot: int
    x: float
    y: float
    unit: float
    colour: bytes
    view: str = ""


@dataclass(frozen=True)
class PageLayout:
    """A page with slots.

    blocks: the lines and paragraphs that have slots.
    background: the rest, as PDF operators; only: what is drawn over it in one of the views.
    """

    blocks: tuple[Line | Paragraph, ...]
    spots: tuple[DrawnSlot, ...]
    background: bytes
    only: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """A document that is laid out.

    everywhere: the slots that are at the same place on every page.
    faces: of each font of the PDF, by its name there, the name of its file.
    letters: of each font that a slot has, the characters that slots may hold.
    texts: of each font that the pen has used, its texts.
    titles: the titles of a worksheet and a key that share these pages.
    """

    pages: tuple[PageLayout, ...]
    everywhere: tuple[DrawnSlot, ...]
    faces: dict[str, str]
    letters: dict[str, str]
    texts: dict[str, tuple[str, ...]]
    titles: dict[View, str]
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

    views = views_of(html)
    in_boxes = bool(views) or MARK.search(html) is not None
    html, tables = cut_out(html, texts)
    found = rendered_document(_filled(_SVG.sub(_drawing, html), texts, slot))
    with pikepdf.open(io.BytesIO(as_pdf(found))) as file:
        held = {key: font for page in file.pages for key, font in page.Resources.get("/Font", {}).items()}
        names = {str(key)[1:]: str(font.BaseFont) for key, font in held.items()}
        used = {font: face for font, name in names.items() if (face := _face(name, needed=in_boxes))}
        upright_last = sorted(used, key=lambda font: not names[font].endswith("Oblique"))  # which is a face slanted
        fonts = {used[font]: font for font in upright_last}
        pages = [
            _page(file, page, each._page_box if in_boxes else None, used, fonts, tables, views)
            for page, each in zip(file.pages, found.pages, strict=True)
        ]
        file.save(out := io.BytesIO(), deterministic_id=True)
    everywhere = tuple(spot for spot in pages[0].spots if all(spot in page.spots for page in pages))
    pages = [replace(page, spots=tuple(s for s in page.spots if s not in everywhere)) for page in pages]
    runs = [run for page in pages for block in page.blocks for run in block.runs if run.slot is not None]
    words = {run.font for run in runs if run.slot is not None and not set(texts(run.slot)) <= set(NUMBER_CHARACTERS)}
    alphabets = {run.font: NUMBER_CHARACTERS + letters * (run.font in words) for run in runs}
    written: dict[str, set[str]] = {}
    for piece in (piece for table in tables for piece in table.pieces):
        written.setdefault(fonts[piece.style.face], set()).add(piece.text)
    drawn = {font: tuple(sorted(own)) for font, own in written.items()}
    if views:
        drawn[fonts[SANS]] = (*drawn.get(fonts[SANS], ()), *(before for _, before in views.values()))
    titles = {view: title for view, (title, _) in views.items()}
    return Layout(tuple(pages), everywhere, used, alphabets, drawn, titles, out.getvalue())


def lay_out_copy(html: str, texts: TextOf) -> Layout:
    """Lay out one copy by itself: a layout without slots, which is all background."""
    return lay_out(copy_html(html, texts), texts)


def _filled(html: str, texts: TextOf, slot: Callable[[int], str]) -> str:
    """The page with its marks replaced: in the text by what `slot` gives, within tags by the copy's own texts."""

    def within(part: str) -> str:
        return MARK.sub(lambda m: escape(texts(mark_number(m[0]))), part)

    parts = _TAG.split(html)
    return "".join(
        within(part) if i % 2 else MARK.sub(lambda m: slot(mark_number(m[0])), part) for i, part in enumerate(parts)
    )


def _drawing(svg: re.Match[str]) -> str:
    """A drawing with its alternative text, and without what differs from copy to copy.

    In place of each such part is a box that is one unit wide.
    """
    drawn = _LABEL.sub(r"\g<0><title>\1</title>", svg[0])
    boxes = [_box(x, y, "1", fill, mark, "for-key") for x, y, mark, fill in _DOT.findall(drawn)]
    if code := _CODE.search(drawn):
        width, modules, path, mark, fill = code.groups()
        drawn, boxes = drawn.replace(path, ""), [_box("0", "0", f"{float(width) / int(modules)}", fill, mark)]
    return _DOT.sub("", drawn) + "".join(boxes)


def _box(x: str, y: str, unit: str, fill: str, mark: str, kind: str = "") -> str:
    return (
        f'<b class="{kind}" style="position:absolute;left:{x}mm;top:{y}mm;width:{unit}mm;color:#{fill};'
        f'text-decoration-color:{_colour(mark_number(mark))}"></b>'
    )


def _colour(mark: int) -> str:
    return f"color(srgb 0 {mark / COLOUR_STEPS:.5f} 1)"


def _face(name: str, needed: bool) -> str | None:
    """The name of a face's file, by its name in the PDF: "ABCDEF+byhand-Sans-Semi-Bold-Italic".

    Raises: SheetError where one is needed, and this is none of ours.
    """
    family = "byhand Math Italic" if "Math-Italic" in name else "byhand Math" if "Math" in name else "byhand Sans"
    weight, style = 600 if "Semi-Bold" in name else 400, "italic" if "Italic" in name else "normal"
    for face in FACES:
        if "+byhand-" in name and (face.family, face.weight, face.style) == (family, weight, style):
            return face.name
    if not needed:
        return None
    raise SheetError(f"{name.partition('+')[2]} is none of the fonts of a sheet")


def _page(
    file: Any, page: Any, box: Any, used: dict[str, str], fonts: dict[str, str], tables: list[Table],
    views: Mapping[View, tuple[str, str]],
) -> PageLayout:  # fmt: skip
    """A page's slots and its background, from its content stream, and from its boxes, if it has slots in its text.

    What the structure tree of the file says of its figures is put right.
    """
    stream, elements = page.Contents.read_bytes(), marked(file, page)
    pen, parts = Pen(fonts, len(elements)), list[tuple[int, int, bytes]]()
    for mark, element, number in drawings(elements):
        start, end, x, y = drawing(stream, mark)
        if number is None:
            leave_out(elements, mark, element)
            parts.append((start, stream.index(b"BDC", start) + 3, b"/Artifact\nBMC"))
        else:
            drawn, marks = pen.draw(tables[number], x, y)
            put_in(file, element, tables[number], marks, elements, f"table-{number}")
            parts.append((start, end, drawn))
    blocks, spots, own, cuts = _slots(box, stream, used, views) if box else ([], [], {}, [])
    background = replaced(stream, [*parts, *((start, end, b"") for start, end in cuts)])
    own["key"] = [*own.get("key", ()), *pen.answers]
    return PageLayout(
        (*blocks, *pen.blocks),
        tuple(spots),
        background,
        {view: in_px(*drawn) for view, drawn in own.items() if drawn},
    )


def _slots(
    box: Any, stream: bytes, used: dict[str, str], views: Mapping[View, tuple[str, str]]
) -> tuple[list[Line | Paragraph], list[DrawnSlot], dict[str, list[bytes]], list[tuple[int, int]]]:
    """The slots that are in the text of a page, what only one of its views shows, and the parts of its stream that
    write either.
    """
    text = text_runs(stream)
    parents = {id(unwrapped(child)): each for each in every_box(box) for child in getattr(each, "children", ())}
    reader = BoxReader({where: run for where, (run, _) in text.items()}, used, parents)
    blocks = [
        structs.replace(block, view=view_of(each, parents))
        for each in every_box(box)
        if (rows := rows_of(each))
        for block in reader.blocks(each, rows)
    ]
    spots = [
        DrawnSlot(
            slot, each.position_x, each.position_y, each.width, _rgb(each.style["color"]), view_of(each, parents)
        )
        for each in every_box(box)
        if each.element_tag == "b" and (slot := slot_of(each)) is not None
    ]
    runs = [run for block in blocks for run in block.runs]
    own, cuts = only(box, text, parents, runs, views, used) if views else ({}, [])
    return blocks, spots, own, [*cuts, *(cut for run in runs for cut in text[place(run.x, run.y)][1])]


def _rgb(colour: Any) -> bytes:
    return b"%.6f %.6f %.6f rg" % tuple(colour.to("srgb").coordinates)
