"""Printed pages as WeasyPrint lays them out: that nothing overflows or overlaps."""

from __future__ import annotations

from byhand.formats.html.page import PAPERS
from byhand.formats.pdf import rendered_document as laid_out
from byhand.worksheet.views import VIEWS

MM = 96 / 25.4  # CSS pixels


def boxes(page):
    """Every box of a page, those with a place of their own included, but for those of the margins."""
    for child in page._page_box.children:
        if type(child).__name__ != "MarginBox":
            yield from child.descendants(placeholders=True)


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


def fits(source, paper, views=VIEWS):
    """A worksheet laid out, after a look at every view; the key has the same headings on its pages."""
    documents = {view: drawn(laid_out(source.html(view, "print", paper))) for view in views}
    for document in documents.values():
        for page in document.pages:
            inside(page, PAPERS[paper])
            apart(page)
            beside(page)
            on_lines(page)
    assert titles(documents["worksheet"]) == titles(documents["key"])
    return documents["worksheet"]


def inside(page, paper):
    """Every line of text and every table is within the margins."""
    left, right = paper["side"] * MM, page.width - paper["side"] * MM
    bottom = page.height - paper["bottom"] * MM
    for box in boxes(page):
        if type(box).__name__ in ("TextBox", "TableBox"):
            what = getattr(box, "text", "") or (box.element.get("aria-label") if box.element is not None else "")
            assert box.position_x >= left - 1, what
            assert box.position_x + box.width <= right + 2, what
            assert box.position_y + box.height <= bottom + 1, what


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


def roomy(page):
    """A blank of a matrix is big enough for a pencil."""
    for box in boxes(page):
        if type(box).__name__ == "TableCellBox" and (box.element.get("class") or "")[:1] in ("a", "k"):
            assert box.border_width() >= 9 * MM - 0.5
            assert box.border_height() >= 7 * MM


def on_lines(page):
    """An answer is no longer than the lines that a student has for it."""
    for ruled in of_class(boxes(page), "ruled"):
        inner = list(ruled.descendants(placeholders=True))
        for answer in of_class(inner, "answer"):
            said = [box.text for box in answer.descendants() if type(box).__name__ == "TextBox"]
            assert len(answer.children) <= len(of_class(inner, "rule")), said
