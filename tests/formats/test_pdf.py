"""The page on paper: nothing overflows or overlaps, sheet and key break alike, and the text can be read back."""

from __future__ import annotations

import io
import itertools
import logging
import re
from functools import cache

import pytest
from kinds import kinds_and_run
from pypdf import PdfReader

from byhand.errors import SheetError
from byhand.formats.html.page import PAPERS, Pages
from byhand.formats.pdf import document as laid_out
from byhand.formats.pdf import pdf
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.document import VIEWS
from byhand.worksheet.sheet import load_sheet, sheet_files

MM = 96 / 25.4  # CSS pixels
SHEETS = sorted(sheet_files())
EXACT, DECIMAL, SYMBOLIC = ("exact", None), ("decimal", "e"), ("symbolic", None)
COMBINATIONS = [
    *itertools.product(SHEETS, ["rows", "columns"], [EXACT]),
    *itertools.product(["attention-head"], ["rows", "columns"], [DECIMAL, SYMBOLIC]),
    ("gpt", "columns", DECIMAL),
    ("gpt", "rows", SYMBOLIC),
]


@pytest.mark.parametrize("paper", ["a4", "letter"])
@pytest.mark.parametrize("orientation", ["rows", "columns"])
@pytest.mark.parametrize(("numbers", "level"), [("exact", "easy"), ("decimal", "stretch"), ("symbolic", "standard")])
def test_every_kind_of_question_keeps_within_its_bounds(orientation, numbers, level, paper, caplog):
    caplog.set_level(logging.WARNING)
    fits(Pages(*kinds_and_run(orientation=orientation, numbers=numbers, level=level, seed=0)), paper)
    assert not caplog.records, [r.getMessage() for r in caplog.records]


@cache
def pages(sheet, orientation="rows", numbers="exact", base=None):
    return Pages(*prepare(load_sheet(sheet), Options(orientation=orientation, numbers=numbers, base=base)))


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


@pytest.mark.parametrize(("sheet", "orientation", "numbers"), COMBINATIONS)
def test_nothing_overflows_and_key_and_papers_break_like_the_sheet(sheet, orientation, numbers, caplog):
    caplog.set_level(logging.WARNING)
    source = pages(sheet, orientation, *numbers)
    a4 = fits(source, "a4", VIEWS if numbers == EXACT else VIEWS[:2])
    letter = drawn(laid_out(source.html("worksheet", "print", "letter")))
    for (text, *here), (other, *there) in zip(places(a4, "a4"), places(letter, "letter"), strict=True):
        assert text == other
        assert here == pytest.approx(there, abs=0.5), text
    assert not caplog.records, [r.getMessage() for r in caplog.records]


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


def places(document, paper):
    """What stands on which page, and how far from the area that all papers share."""
    side, first, later = (PAPERS[paper][name] * MM for name in ("side", "top", "later"))
    return [
        (getattr(box, "text", ""), n, box.position_x - side, box.position_y - (later if n else first))
        for n, page in enumerate(document.pages)
        for box in boxes(page)
        if type(box).__name__ in ("TextBox", "TableBox")
    ]


def test_all_papers_share_an_area():
    areas = []
    for paper in PAPERS.values():
        width, height = (float(side.removesuffix("mm")) for side in paper["size"].split())
        areas.append((width - 2 * paper["side"], height - paper["later"] - paper["bottom"]))
    assert areas[0] == pytest.approx(areas[1])


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
    """What stands in the words' column does not reach the figures."""
    for column in of_class(boxes(page), "words"):
        for box in column.descendants():
            if type(box).__name__ == "TextBox":
                assert box.position_x + box.width <= column.position_x + column.width + 4 * MM, box.text


def on_lines(page):
    """An answer is no longer than the lines that a student has for it."""
    for ruled in of_class(boxes(page), "ruled"):
        inner = list(ruled.descendants(placeholders=True))
        for answer in of_class(inner, "answer"):
            said = [box.text for box in answer.descendants() if type(box).__name__ == "TextBox"]
            assert len(answer.children) <= len(of_class(inner, "rule")), said


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_long_words_do_not_cover_each_other(orientation):
    values = {"tokens": ["extraordinarily", "long", "vocabulary"]}
    document, run = prepare(load_sheet("attention-head"), Options(orientation=orientation, values=values))
    for page in drawn(laid_out(Pages(document, run).html("key", "print"))).pages:
        inside(page, PAPERS["a4"])
        apart(page)


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_long_numbers_do_not_cover_each_other(orientation):
    weights = {"linear.W": [["1234/8", 2, 3], [4, -5, 1234567], ["-7/6541", 0, 9], [0, 0, 1]]}
    document, run = prepare(load_sheet("linear-layer"), Options(orientation=orientation, values={"weights": weights}))
    for page in drawn(laid_out(Pages(document, run).html("key", "print"))).pages:
        inside(page, PAPERS["a4"])
        apart(page)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_one_head_is_one_leaf(seed, paper):
    document, run = prepare(load_sheet("attention-head"), Options(seed=seed))
    assert len(laid_out(Pages(document, run).html("key", "print", paper)).pages) == 2


def test_blanks_are_big_enough_for_a_pencil():
    for sheet, orientation in (("attention-head", "rows"), ("gpt", "columns")):
        for page in laid_out(pages(sheet, orientation).html("worksheet", "print")).pages:
            for box in boxes(page):
                if type(box).__name__ == "TableCellBox" and (box.element.get("class") or "")[:1] in ("a", "k"):
                    assert box.border_width() >= 9 * MM - 0.5
                    assert box.border_height() >= 7 * MM


@cache
def printed(sheet, view):
    return pdf(pages(sheet).html(view, "print"))


def test_the_same_page_gives_the_same_bytes():
    assert printed("attention-head", "key") == pdf(pages("attention-head").html("key", "print"))


def test_a_pdf_is_tagged_and_says_what_it_is():
    reader = PdfReader(io.BytesIO(printed("attention-head", "key")))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert reader.metadata.title == "One attention head (key)"
    assert b"pdfuaid" in root["/Metadata"].get_data()


@pytest.mark.parametrize(("sheet", "view"), [("attention-head", "key"), ("dot-product", "worksheet")])
def test_a_pdf_holds_no_other_faces_than_ours(sheet, view):
    reader = PdfReader(io.BytesIO(printed(sheet, view)))
    fonts = {font["/BaseFont"] for page in reader.pages for font in page["/Resources"]["/Font"].get_object().values()}
    assert fonts
    assert all("+byhand-" in name for name in fonts)


def test_the_answers_are_read_back_from_the_pdf():
    reader = PdfReader(io.BytesIO(printed("attention-head", "key")))
    text = "\n".join(page.extract_text() for page in reader.pages)
    for answer in ("−5/3", "−5/4", "3/2", "−∞", "2/3", "1/4"):
        assert answer in text
    assert re.search(r"page 2 of 2", text)


def test_a_page_that_asks_for_a_file_is_refused():
    with pytest.raises(
        SheetError, match="a template asks for 'file:///etc/passwd'; it may use no files but the fonts"
    ):
        pdf('<html lang="en"><title>t</title><img alt="x" src="file:///etc/passwd">')
