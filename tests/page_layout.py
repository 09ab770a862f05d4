"""Printed pages as WeasyPrint and the pen lay them out: that nothing overflows or overlaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from byhand.formats.html.page import papers
from byhand.page.printed import PLACE, PrintPage
from byhand.press.engine import rendered_document
from byhand.press.figures import Figure, with_figures
from byhand.press.pen import Pen, placed
from byhand.press.shape import ascent, middle
from byhand.press.shape import width as width_of
from byhand.worksheet.views import VIEWS

MM = 96 / 25.4  # CSS pixels


@dataclass
class TextBox:
    """A text that the pen writes, as WeasyPrint would say where it is; a table or a cell, which it draws."""

    position_x: float
    position_y: float
    width: float
    height: float
    text: str = ""
    style: Any = field(default_factory=lambda: {"transform": ()})
    element: Any = None
    element_tag: str = ""


class TableBox(TextBox):
    pass


@dataclass
class Cell(TextBox):
    cell: Any = None


class Watched(Pen):
    """A pen that notes the texts that it writes, each with its cell."""

    noted: list = msgspec.field(default_factory=list)
    cell: Any = None

    def line(self, cell, line, box, lower):
        self.cell = Cell(box[0], box[1], box[2] - box[0], box[3] - box[1], cell=cell)
        super().line(cell, line, box, lower)

    def label(self, label, x, y):
        self.cell = label
        super().label(label, x, y)

    def run(self, piece, x, y):
        face, size = piece.style.face, piece.style.size
        height = 2 * size * (ascent(face) - middle(face))
        wide = width_of(face, piece.text) * size / 1000
        self.noted.append(TextBox(x, y - size * ascent(face), wide, height, piece.text))
        self.noted[-1].element = self.cell
        return super().run(piece, x, y)


def laid_out(page):
    """A page, or its HTML, as WeasyPrint lays it out without the figures that the pen draws; `boxes` has these, too."""
    html, figures = with_figures(PrintPage(page) if isinstance(page, str) else page, str)
    document = rendered_document(html)
    for page in document.pages:
        page.written = []
        for box in boxes(page):
            title = box.element.find("{*}title") if (box.element_tag or "").endswith("}svg") else None
            is_figure = title is not None and title.text.startswith(PLACE)
            if is_figure and isinstance(figure := figures[int(title.text.removeprefix(PLACE))], Figure):
                page.written += penned(figure, box.position_x, box.position_y)
    return document


def penned(figure, x, y):
    """What the pen writes for a figure at this place."""
    table, pen = figure.table, Watched(dict.fromkeys((piece.style.face for piece in figure.pieces), "F"), 0)
    pen.draw(figure, x, y)
    cells = [
        Cell(left, top, right - left, bottom - top, cell=cell)
        for row in placed(table, x, y)
        for cell, (left, top, right, bottom) in row
    ]
    about = {"aria-label": table.name}
    return [TableBox(x, y, table.columns[-1], table.rows[-1], element=about), *cells, *pen.noted]


def boxes(page):
    """Every box of a page, those with a place of their own included, but for those of the margins."""
    for child in page._page_box.children:
        if type(child).__name__ != "MarginBox":
            yield from child.descendants(placeholders=True)
    yield from page.written


def drawn(document):
    """A document with its boxes where they are drawn: the layout knows nothing of transforms."""
    for page in document.pages:
        for box in boxes(page):
            for name, (x, y) in box.style["transform"]:
                assert name == "translate"
                assert {x.unit, y.unit} <= {"px", "%"}
                dx, dy = (
                    (d.value * size / 100 if d.unit == "%" else d.value)
                    for d, size in ((x, box.border_width()), (y, box.border_height()))
                )
                box.translate(dx, dy, ignore_floats=True)
    return document


def titles(document) -> list[list[str]]:
    """The numbered headings of each page."""
    return [
        [box.element.xpath("string()") if hasattr(box.element, "xpath") else "".join(box.element.itertext())
         for box in boxes(page) if box.element_tag == "h2" and type(box).__name__ == "BlockBox"]
        for page in document.pages
    ]  # fmt: skip


def fits(source, paper, views=VIEWS, just=False):
    """A worksheet laid out, after a look at every view; the key, if it is one of them, has the same headings on its
    pages.

    just: whether answers of the key have at most one ruled line more than they need.
    """
    documents = {view: drawn(laid_out(source.printed(view, paper))) for view in views}
    for view, document in documents.items():
        keeps_in_place(document, paper)
        for page in document.pages if just and view == "key" else ():
            with_one_more(page)
    assert "key" not in documents or titles(documents["worksheet"]) == titles(documents["key"])
    return documents["worksheet"]


def keeps_in_place(document, paper, large=False):
    """Nothing overflows, and nothing covers anything else."""
    for page in document.pages:
        inside(page, papers(large)[paper], slack=5 if large else 1)
        apart(page)
        beside(page)
        on_lines(page)


def inside(page, paper, slack=1):
    """Every line of text and every table is within the margins. slack: px by which an index may be below the last
    line.
    """
    left, right = paper["side"] * MM, page.width - paper["side"] * MM
    bottom = page.height - paper["bottom"] * MM
    for box in boxes(page):
        if type(box).__name__ in ("TextBox", "TableBox"):
            what = getattr(box, "text", "") or (box.element.get("aria-label") if box.element is not None else "")
            assert box.position_x >= left - 1, what
            assert box.position_x + box.width <= right + 2, what
            assert box.position_y + box.height <= bottom + slack, what


def apart(page):
    """No two pieces of text cover each other, and none reaches into a neighbouring cell."""
    found = [
        (box.position_x, box.position_y, box.position_x + box.width, box.position_y + box.height, box.text)
        for box in boxes(page)
        if type(box).__name__ == "TextBox" and box.text.strip()
    ]
    for i, (x1, y1, x2, y2, text) in enumerate(found):
        middle = (y1 + y2) / 2
        for u1, v1, u2, v2, other in found[i + 1 :]:
            if v1 < middle < v2 and y1 < (v1 + v2) / 2 < y2:
                assert min(x2, u2) - max(x1, u1) < 1.5, f"{text!r} covers {other!r}"


def of_class(found, name):
    """The blocks that have a class, first of all, among boxes."""
    return [
        box
        for box in found
        if type(box).__name__ == "BlockBox"
        and box.element_tag in ("div", "p")
        and (box.element.get("class") or "").split()[:1] == [name]
    ]


def beside(page):
    """What stands in the words' column does not reach the figures. A claim has the whole width, and none beside it."""
    for column in of_class(boxes(page), "words"):
        claims = {box for claim in of_class(column.descendants(), "claim") for box in claim.descendants()}
        for box in column.descendants():
            if type(box).__name__ == "TextBox" and box not in claims:
                assert box.position_x + box.width <= column.position_x + column.width + 4 * MM, box.text


def roomy(page, wide=9 * MM, high=7 * MM):
    """A blank is big enough for a pencil."""
    found = list(boxes(page))
    blanks = [(box.width, box.height) for box in found if isinstance(box, Cell) and box.cell.edges[2]]
    for box in found:
        if type(box).__name__ == "TableCellBox" and (box.element.get("class") or "")[:1] in ("a", "k"):
            blanks.append((box.border_width(), box.border_height()))
    for width, height in blanks:
        assert width >= wide - 0.5
        assert height >= high


def on_lines(page):
    """An answer is no longer than the lines that a student has for it."""
    for said, lines, rules in answers(page):
        assert lines <= rules, said


def with_one_more(page):
    """Of the lines that a student has for an answer, there is at most one more than it needs."""
    for said, lines, rules in answers(page):
        assert rules <= lines + 1, said


def answers(page):
    """What each answer on ruled lines says, how many lines it takes, and how many there are."""
    for ruled in of_class(boxes(page), "ruled"):
        inner = list(ruled.descendants(placeholders=True))
        for answer in of_class(inner, "answer"):
            said = [box.text for box in answer.descendants() if type(box).__name__ == "TextBox"]
            yield said, len(answer.children), len(of_class(inner, "rule"))
