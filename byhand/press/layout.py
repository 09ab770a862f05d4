"""Lay a page out once, with slots where each copy has its own numbers.

A page's HTML holds marks (notation/marks.py), and so do its figures, which the pen writes. In HTML, each is laid out
with the text of some copy, in an element that says which slot it is. So its text is found among WeasyPrint's boxes,
and by its place in WeasyPrint's content stream. A page without the texts in its slots is the background, which all
copies share.
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
from byhand.press.figures import OWN_FACES, Figure, Figures, Picture, with_figures
from byhand.press.inner import (
    SLOT,
    Box,
    UnknownFormError,
    drawing_box,
    drawn_in,
    face_of,
    fonts_of,
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
from byhand.press.palette import Recolour, palette, recolouring
from byhand.press.pen import Pen
from byhand.press.pieces import MM, SANS, TextOf, UnknownLookError
from byhand.press.rooms import ROOM, Edges, Room, Ways
from byhand.press.shape import NUMBER_CHARACTERS, PICTURE_CHARACTERS
from byhand.press.stream import in_px, place, replaced
from byhand.press.structure import POINTS, completed, put_beside, put_box, put_in, say
from byhand.press.tree import prepare
from byhand.press.views import only, view_of
from byhand.worksheet.views import View

# a room: its name, its edges, the element it is in, which child it would be, and how high its field is, as of Room
Drawn = tuple[str, Edges, Any, int, float]
_TAG = re.compile(r"(<[^>]*>)")


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
    turned: float = 0.0
    """As of a Picture."""


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
    colours: dict[str, str] = {}
    """The colours of its look, as of `palette`, in which what is filled in is written, too."""


def copy_html(html: str, texts: TextOf) -> str:
    """The HTML of one copy. A number in a paragraph has a box of its own, like a slot, so that lines break alike."""

    def of_copy(mark: int) -> str:
        text = texts(mark)
        return text if isinstance(text, Svg) else f"<span>{escape(text)}</span>"

    return _filled(html, of_copy, lambda mark: escape(texts(mark)))


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
    links = dict[str, str]()
    document = rendered_document(_filled(html, slot), lambda root: links.update(prepare(root, texts)))
    with pikepdf.open(io.BytesIO(as_pdf(document))) as file:
        held = fonts_of(file)
        used = {name: face for name, font in held.items() if (face := face_of(font))}
        if in_boxes and (others := held.keys() - used):
            raise SheetError(f"{held[min(others)].BaseFont} is none of the fonts of a sheet")
        fonts = {used[name]: name for name in sorted(used, key=lambda name: not is_slanted(held[name]))}
        if not {piece.style.face for figure in figures for piece in figure.pieces} <= fonts.keys():
            raise unknown("the names of fonts")
        of_all = _File(file, figures, views, used, fonts, outermost(file))
        made = [
            _Page(of_all, page).layout(page_box(each) if in_boxes else None)
            for page, each in zip(file.pages, document.pages, strict=True)
        ]
        ways = Ways()
        pages = [
            replace(
                page,
                rooms=tuple(
                    Room(name, edges, (*ways.to(around), at), line) for name, edges, around, at, line in rooms
                ),
            )
            for page, rooms in made
        ]
        completed(file, links)
        file.save(out := io.BytesIO(), deterministic_id=True)
    colours = palette(html)
    pages = [_recoloured(page, recolouring(colours)) for page in pages]
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
    if of_page := [before for _, before in views.values()]:
        drawn[fonts[SANS]] = (*drawn.get(fonts[SANS], ()), *of_page)
    titles = {view: title for view, (title, _) in views.items()}
    return Layout(tuple(pages), everywhere, used, alphabets, drawn, titles, out.getvalue(), colours)


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
        recolour = recolouring(palette(html))
        pages = tuple(PageLayout((), (), recolour(page.Contents.read_bytes())) for page in file.pages)
    return Layout(pages, (), {}, {}, {}, {}, written)


def _recoloured(page: PageLayout, recolour: Recolour) -> PageLayout:
    """A page in the colours of its look, but for what is filled in."""
    only = {view: recolour(drawn) for view, drawn in page.only.items()}
    return replace(page, background=recolour(page.background), only=only)


def _filled(html: str, in_text: Callable[[int], str], in_tag: Callable[[int], str] | None = None) -> str:
    """The page with something else in place of its marks. in_tag: of those within tags; None where they stay."""

    def filled(part: str, write: Callable[[int], str]) -> str:
        return MARK.sub(lambda mark: write(mark_number(mark[0])), part)

    parts = _TAG.split(html)
    parts[::2] = [filled(part, in_text) for part in parts[::2]]
    if in_tag:
        parts[1::2] = [filled(part, in_tag) for part in parts[1::2]]
    return "".join(parts)


class _File(Struct, frozen=True):
    """A file that is laid out: what is known of all its pages as each of them is read."""

    pdf: Any
    figures: Figures
    """Those that the pen draws, in the order in which they stand there."""
    views: Mapping[View, tuple[str, str]]
    """Of a worksheet and a key that are one page: the title of each, and what it says before "page 1"."""
    used: dict[str, str]
    """Of each font, by its name in the file, the name of the font's own file."""
    fonts: dict[str, str]
    """The same, the other way round."""
    top: frozenset[tuple[int, int]]
    """The elements of its structure that are in no other."""


class _Page:
    """Reads a page of a file: its slots and its background, from its content stream and its boxes, and its rooms for
    fields. What the structure of the file says of its figures is put right.
    """

    def __init__(self, file: _File, page: Any) -> None:
        self.file = file
        self.elements, self.height = marked(file.pdf, page), float(page.MediaBox[3])
        self.stream = margins_apart(page.Contents.read_bytes(), self.elements, file.top, self.height / POINTS)
        self.pen = Pen(file.fonts, len(self.elements))
        self.parts = list[tuple[int, int, bytes]]()  # of the stream, and what comes in their place
        self.rooms, self.spots = list[Drawn](), list[DrawnSlot]()

    def layout(self, box: Box | None) -> tuple[PageLayout, list[Drawn]]:
        """The page and its rooms. box: that of the page, if it has slots in its text."""
        places = drawn_in(self.stream)
        for mark, element, title in titled_drawings(self.elements):
            if title and not title.startswith((PLACE, ROOM)):
                put_box(element, self.height)
            elif mark in places:
                self._drawing(mark, element, title, *places[mark])
            else:
                raise unknown("a drawing")
        blocks, in_text, by_view = self._text(box) if box else ([], [], {})
        background = replaced(self.stream, self.parts)
        by_view["key"] = [*by_view.get("key", ()), *self.pen.answers]
        only_in = {view: in_px(*drawn) for view, drawn in by_view.items() if drawn}
        return PageLayout((*blocks, *self.pen.blocks), (*in_text, *self.spots), background, only_in), self.rooms

    def _drawing(self, mark: int, element: Any, title: str, start: int, end: int, x: float, y: float) -> None:
        """What stands in the place of a drawing: nothing that is read, a room for a field, or a figure.

        start, end: where the stream writes it. x, y: its place on the page, in px.
        """
        if not title:
            leave_out(self.elements, mark, element)
            self.parts.append((start, tag_end(self.stream, start), b"/Artifact\nBMC"))
        elif title.startswith(ROOM):
            where = leave_out(self.elements, mark, element)
            self.rooms.append((title.removeprefix(ROOM), drawing_box(element), *where, 0.0))
            self.parts.append((start, end, b""))
        else:
            number = int(title.removeprefix(PLACE))
            match self.file.figures[number]:
                case Picture() as picture:
                    self._picture(picture, element, start, end, x, y)
                case figure:
                    self.parts.append((start, end, self._figure(figure, element, x, y, f"table-{number}")))

    def _picture(self, picture: Picture, element: Any, start: int, end: int, x: float, y: float) -> None:
        """A picture: drawn as it is, or a slot for it. Its arguments are as of `_drawing`."""
        put_box(element, self.height)
        of_key = say(self.file.pdf, element, picture.said, picture.key_said, self.elements)
        self.pen.mark = len(self.elements)
        begun = tag_end(self.stream, start)
        if picture.slots:
            views = zip(picture.slots, ("", "key"), (self.stream[start:begun], of_key), strict=False)
            self.spots += [
                DrawnSlot(slot, x, y, MM * picture.scale, b"", view, tag, picture.turned) for slot, view, tag in views
            ]
            self.parts.append((start, end, b""))
            return
        self.parts.append(
            (begun, end, b"\nq\n%sQ\nEMC\n" % self.pen.drawing(picture.drawing, x, y, picture.scale, picture.turned))
        )
        if picture.answers != NO_DRAWING:
            self.pen.answers.append(
                b"%s\nq\n%sQ\nEMC\n"
                % (of_key, self.pen.drawing(picture.answers, x, y, picture.scale, picture.turned))
            )

    def _figure(self, figure: Figure, element: Any, x: float, y: float, prefix: str) -> bytes:
        """A table with what stands beside and behind it, as PDF operators. prefix: of the names of its labels."""
        pdf = self.file.pdf
        drawn, marks, of_labels = self.pen.draw(figure, x, y)
        put_in(pdf, element, figure.table, marks, self.elements, prefix)
        put_beside(pdf, element, figure.labels, of_labels, self.elements)
        for dot in figure.behind.dots:
            self.spots.append(DrawnSlot(dot.slot, x + dot.x * MM, y + dot.y * MM, MM, dot.colour, "key"))
        cells = {at: element.K[at[0]].K[at[1]] for _, _, at, _ in self.pen.rooms}
        self.rooms += [(name, edges, cells[at], len(cells[at].K), line) for name, edges, at, line in self.pen.rooms]
        return drawn

    def _text(self, box: Box) -> tuple[list[Line | Paragraph], list[DrawnSlot], dict[str, list[bytes]]]:
        """The slots in the page's text, and what only one of its views shows. Neither stays in the background."""
        used, views, text = self.file.used, self.file.views, text_runs(self.stream)
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
        cuts = [*cuts, *(cut for run in runs for cut in text[place(run.x, run.y)][1])]
        self.parts += [(start, end, b"") for start, end in cuts]
        return blocks, spots, by_view
