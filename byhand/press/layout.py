"""Lay a page out once, with slots where each copy has its own numbers.

A page's HTML holds marks (notation/marks.py). Each is laid out with the text of some copy, in an element that says
which slot it is. So its text is found among WeasyPrint's boxes, and by its place in WeasyPrint's content stream. A
page without the texts in its slots is the background, which all copies share.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.errors import SheetError, tell_debug
from byhand.notation.marks import MARK, Svg, mark_number
from byhand.page.look import LEAD
from byhand.page.printed import PLACE, PrintPage
from byhand.press.boxes import BoxReader, Line, rows_of
from byhand.press.breaking import Paragraph
from byhand.press.drawing import NO_DRAWING
from byhand.press.engine import TAGGED, as_pdf, rendered_document
from byhand.press.figures import OWN_FACES, Figures, Picture, with_figures
from byhand.press.foot import filling
from byhand.press.inner import (
    SLOT,
    Box,
    Foot,
    UnknownFormError,
    drawing_box,
    drawn_in,
    face_of,
    fonts_of,
    foot_of,
    is_slanted,
    leave_out,
    margins_apart,
    marked,
    outermost,
    page_box,
    tag_end,
    text_runs,
    titled_drawings,
    unknown,
)
from byhand.press.pen import Pen
from byhand.press.pieces import MM, SANS, TextOf, UnknownLookError
from byhand.press.rooms import ROOM, Edges, Room, Ways, with_rooms
from byhand.press.shape import NUMBER_CHARACTERS, PICTURE_CHARACTERS
from byhand.press.stream import in_px, place, replaced
from byhand.press.structure import POINTS, completed, put_beside, put_box, put_in, say
from byhand.press.views import only, view_of
from byhand.worksheet.views import View

Drawn = tuple[str, Edges, Any, int]  # a room: its name, its edges, the element it is in, and which child it would be
_TAG = re.compile(r"(<[^>]*>)")
_SVG = re.compile(r"<svg[^>]*>.*?</svg>", re.DOTALL)
_LABEL = re.compile(r'<svg[^>]* aria-label="([^"]*)"[^>]*>')
_CODE = re.compile(
    'width="([\\d.]+)mm".* viewBox="0 0 (\\d+) .*(<path d="([\U000f0000-\U0010ffff])" fill="#(\\w+)"/>)'
)


class DrawnSlot(Struct, frozen=True):
    """A slot for a drawing: a dot, whose text is its radius, or a QR code, whose text is an SVG path of bars."""

    slot: int
    x: float
    """The distance in px of its origin from the left edge of the page."""
    y: float
    """The distance in px of its origin from the upper edge of the page."""
    unit: float
    """How many px are 1 in its text."""
    colour: bytes
    view: str = ""
    """The only view that shows it; "" for both."""
    tag: bytes = b""
    """For a picture of an idea, whose text is its SVG, the operators that begin what is read as the picture."""


class PageLayout(Struct, frozen=True):
    """A page with slots."""

    blocks: tuple[Line | Paragraph, ...]
    """The lines and paragraphs that have slots."""
    spots: tuple[DrawnSlot, ...]
    background: bytes
    """The rest of the page, as PDF operators."""
    only: dict[str, bytes] = {}
    """What is drawn over the background in one of the views."""
    rooms: tuple[Room, ...] = ()
    """Where the fields of a form may stand."""


class Layout(Struct, frozen=True):
    """A document that is laid out."""

    pages: tuple[PageLayout, ...]
    everywhere: tuple[DrawnSlot, ...]
    """The slots that are at the same place on every page."""
    faces: dict[str, str]
    """The name of the file of each font of the PDF, by the font's name there."""
    letters: dict[str, str]
    """For each font that a slot has, the characters that slots may hold."""
    texts: dict[str, tuple[str, ...]]
    """For each font that the pen or a paragraph writes with, what it needs beside the letters of slots."""
    titles: dict[View, str]
    """The titles of a worksheet and a key that share these pages."""
    pdf: bytes


def copy_html(html: str, texts: TextOf) -> str:
    """The HTML of one copy. A number in a paragraph has a box of its own, like a slot, so that lines break alike."""

    def of_copy(mark: int) -> str:
        text = texts(mark)
        return text if isinstance(text, Svg) else f"<span>{escape(text)}</span>"

    return _filled(html, texts, of_copy)


def copy_page(page: PrintPage, texts: TextOf) -> PrintPage:
    """The page of one copy."""
    return page.filled(texts, lambda html: copy_html(html, texts))


def lay_out(page: PrintPage, texts: TextOf, letters: str = "") -> Layout:
    """Lay a page out with the texts of one copy, and find its slots.

    letters: the characters that slots with words may hold, beside those of numbers.

    Raises: SheetError where slots cannot be found; UnknownFormError; what `rendered_document` raises.
    """
    import pikepdf

    def slot(mark: int) -> str:
        return f'<span {SLOT}="{mark}">{escape(texts(mark))}</span>'

    views = {view: (title, before) for view, title, before in page.views}
    in_boxes = bool(views) or bool(page.marks)
    html, figures = with_figures(page, texts)
    document = rendered_document(_filled(_SVG.sub(_drawing, with_rooms(html)), texts, slot))
    with pikepdf.open(io.BytesIO(as_pdf(document))) as file:
        held = fonts_of(file)
        used = {name: face for name, font in held.items() if (face := face_of(font))}
        if in_boxes and (others := held.keys() - used):
            raise SheetError(f"{held[min(others)].BaseFont} is none of the fonts of a sheet")
        fonts = {used[name]: name for name in sorted(used, key=lambda name: not is_slanted(held[name]))}
        if not {piece.style.face for figure in figures for piece in figure.pieces} <= fonts.keys():
            raise unknown("the names of fonts")
        top = outermost(file)
        feet = [foot_of(each) for each in document.pages]
        made = [
            _page(file, page, page_box(each) if in_boxes else None, foot, top, used, fonts, figures, views)
            for page, each, foot in zip(file.pages, document.pages, feet, strict=True)
        ]
        ways = Ways()
        pages = [
            replace(page, rooms=tuple(Room(name, edges, (*ways.to(around), at)) for name, edges, around, at in rooms))
            for page, rooms in made
        ]
        completed(file, html)
        file.save(out := io.BytesIO(), deterministic_id=True)
    everywhere = tuple(spot for spot in pages[0].spots if all(spot in page.spots for page in pages))
    pages = [replace(page, spots=tuple(s for s in page.spots if s not in everywhere)) for page in pages]
    runs = [run for page in pages for block in page.blocks for run in block.runs if run.slot is not None]
    words = {run.font for run in runs if run.slot is not None and not set(texts(run.slot)) <= set(NUMBER_CHARACTERS)}
    alphabets = {run.font: NUMBER_CHARACTERS + letters * (run.font in words) for run in runs}
    if any(isinstance(figure, Picture) and figure.slots for figure in figures):
        alphabets |= {fonts[face]: NUMBER_CHARACTERS + PICTURE_CHARACTERS + letters for face in OWN_FACES}
    written: dict[str, set[str]] = {}
    for piece in (piece for figure in figures for piece in figure.pieces):
        written.setdefault(fonts[piece.style.face], set()).add(piece.text)
    for block in (block for page in pages for block in page.blocks if isinstance(block, Paragraph)):
        for run in block.runs:  # of which any may end in a space when it is broken anew
            written.setdefault(run.font, set()).add(" ")
    drawn = {font: tuple(sorted(strings)) for font, strings in written.items()}
    if of_page := [before for _, before in views.values()] + [foot.label for foot in feet if foot]:
        drawn[fonts[SANS]] = (*drawn.get(fonts[SANS], ()), *of_page)
    titles = {view: title for view, (title, _) in views.items()}
    return Layout(tuple(pages), everywhere, used, alphabets, drawn, titles, out.getvalue())


def lay_out_copy(page: PrintPage, html: Callable[[], str]) -> Layout:
    """Lay out one copy by itself: a layout without slots, which is all background.

    html: writes the page with its figures.

    Raises: what `rendered_document` raises.
    """
    try:
        return lay_out(page, str)
    except (UnknownFormError, UnknownLookError) as error:
        tell_debug("laid out by WeasyPrint alone: %s", error)
        return _by_weasyprint(html())


def _by_weasyprint(html: str) -> Layout:
    """A page without slots, laid out with its tables by WeasyPrint alone; it does not claim to be PDF/UA."""
    import pikepdf

    html = html.replace(f' href="{LEAD}', ' data-lead="')  # only a book has such links
    written = as_pdf(rendered_document(html), TAGGED)
    with pikepdf.open(io.BytesIO(written)) as file:
        pages = tuple(PageLayout((), (), page.Contents.read_bytes()) for page in file.pages)
    return Layout(pages, (), {}, {}, {}, {}, written)


def _filled(html: str, texts: TextOf, slot: Callable[[int], str]) -> str:
    """The page with its marks replaced: in the text by what `slot` gives, within tags by the copy's own texts."""

    def within(part: str) -> str:
        return MARK.sub(lambda m: escape(texts(mark_number(m[0]))), part)

    parts = _TAG.split(html)
    return "".join(
        within(part) if i % 2 else MARK.sub(lambda m: slot(mark_number(m[0])), part) for i, part in enumerate(parts)
    )


def _drawing(svg: re.Match[str]) -> str:
    """A drawing with its alternative text. A QR code that copies have otherwise is a box that is one unit wide."""
    drawn = _LABEL.sub(r"\g<0><title>\1</title>", svg[0])
    code = _CODE.search(drawn)
    if not code:
        return drawn
    width, modules, path, mark, fill = code.groups()
    return drawn.replace(path, "") + (
        f'<b {SLOT}="{mark_number(mark)}" '
        f'style="position:absolute;left:0;top:0;width:{float(width) / int(modules)}mm;color:#{fill}"></b>'
    )


def _page(
    file: Any, page: Any, box: Box | None, foot: Foot | None, top: frozenset[tuple[int, int]], used: dict[str, str],
    fonts: dict[str, str], figures: Figures,
    views: Mapping[View, tuple[str, str]],
) -> tuple[PageLayout, list[Drawn]]:  # fmt: skip
    """A page's slots and its background, from its content stream, and from its boxes, if it has slots in its text;
    and its rooms for fields.

    What the structure tree of the file says of its figures is put right.
    """
    elements, height = marked(file, page), float(page.MediaBox[3])
    stream = margins_apart(page.Contents.read_bytes(), elements, top, height / POINTS)
    places = drawn_in(stream)
    pen, parts, rooms = Pen(fonts, len(elements)), list[tuple[int, int, bytes]](), list[Drawn]()
    spots = list[DrawnSlot]()
    for mark, element, title in titled_drawings(elements):
        if title and not title.startswith((PLACE, ROOM)):
            put_box(element, height)
            continue
        if mark not in places:
            raise unknown("a drawing")
        start, end, x, y = places[mark]
        if not title:
            leave_out(elements, mark, element)
            parts.append((start, tag_end(stream, start), b"/Artifact\nBMC"))
        elif title.startswith(ROOM):
            rooms.append((title.removeprefix(ROOM), drawing_box(element), *leave_out(elements, mark, element)))
            parts.append((start, end, b""))
        else:
            number = int(title.removeprefix(PLACE))
            figure = figures[number]
            if isinstance(figure, Picture):
                put_box(element, height)
                of_key = say(file, element, figure.said, figure.key_said, elements)
                pen.mark = len(elements)
                begun = tag_end(stream, start)
                if figure.slots:
                    views_of_slots = zip(figure.slots, ("", "key"), (stream[start:begun], of_key), strict=False)
                    spots += [DrawnSlot(slot, x, y, MM, b"", view, tag) for slot, view, tag in views_of_slots]
                    parts.append((start, end, b""))
                    continue
                parts.append((begun, end, b"\nq\n%sQ\nEMC\n" % pen.drawing(figure.drawing, x, y)))
                if figure.answers != NO_DRAWING:
                    pen.answers.append(b"%s\nq\n%sQ\nEMC\n" % (of_key, pen.drawing(figure.answers, x, y)))
                continue
            drawn, marks, of_labels = pen.draw(figure, x, y)
            put_in(file, element, figure.table, marks, elements, f"table-{number}")
            put_beside(file, element, figure.labels, of_labels, elements)
            for dot in figure.behind.dots:
                spots.append(DrawnSlot(dot.slot, x + dot.x * MM, y + dot.y * MM, MM, dot.colour, "key"))
            cells = {at: element.K[at[0]].K[at[1]] for *_, at in pen.rooms}
            rooms += [(name, edges, cells[at], len(cells[at].K)) for name, edges, at in pen.rooms]
            parts.append((start, end, drawn))
    blocks, in_text, by_view, cuts = _slots(box, stream, used, views) if box else ([], [], {}, [])
    more, last = filling(foot, fonts.get(SANS, "")) if foot else (b"", 0.0)
    if foot:
        rooms = [(name, _longer(edges, foot.y, last), around, at) for name, edges, around, at in rooms]
    background = replaced(stream, [*parts, *((start, end, b"") for start, end in cuts)]) + more
    by_view["key"] = [*by_view.get("key", ()), *pen.answers]
    only_in = {view: in_px(*drawn) for view, drawn in by_view.items() if drawn}
    return PageLayout((*blocks, *pen.blocks), (*in_text, *spots), background, only_in), rooms


def _longer(edges: Edges, old: float, new: float) -> Edges:
    """The edges of a room, which goes on to the new last rule if it ended at the old one."""
    return (*edges[:3], new) if abs(edges[3] - old) < 1.0 else edges


def _slots(
    box: Box, stream: bytes, used: dict[str, str], views: Mapping[View, tuple[str, str]]
) -> tuple[list[Line | Paragraph], list[DrawnSlot], dict[str, list[bytes]], list[tuple[int, int]]]:
    """The slots that are in the text of a page, what only one of its views shows, and the parts of its stream that
    write either.
    """
    text = text_runs(stream)
    reader = BoxReader({where: run for where, (run, _) in text.items()}, used)
    blocks = [
        replace(block, view=view_of(each))
        for each in box.every()
        if (rows := rows_of(each))
        for block in reader.blocks(each, rows)
    ]
    spots = [
        DrawnSlot(each.slot, each.x, each.y, each.width, b"%.6f %.6f %.6f rg" % each.colour, view_of(each))
        for each in box.every()
        if each.tag == "b" and each.slot is not None
    ]
    runs = [run for block in blocks for run in block.runs]
    by_view, cuts = only(box, text, runs, views, used) if views else ({}, [])
    return blocks, spots, by_view, [*cuts, *(cut for run in runs for cut in text[place(run.x, run.y)][1])]
