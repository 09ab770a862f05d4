"""The book: contents that are right, sheets on right-hand pages, keys at the end; and the same as a folder."""

from __future__ import annotations

import io
import json
import logging
import re
from collections import Counter
from functools import cache

import pytest
from kinds import lesson
from pypdf import PdfReader

from byhand.errors import UnreadableError
from byhand.formats import Setup
from byhand.formats.html.book import Book
from byhand.formats.html.page import Pages
from byhand.formats.pdf import bound_book, filled
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.reading.page import read_html
from byhand.reading.pdf import read_pdf
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet


@cache
def sheets():
    lines = "{{ ask('blocks.0.attn.hook_q[0]') }}\n\n" * 3
    own = lesson(f"## First\n\n{lines}## Second\n\n{lines}")
    return [lower(*prepare(sheet, Options())) for sheet in (own, load_sheet("layer-norm"))]


@cache
def book():
    return Book(tuple(map(Pages, sheets())), ("worksheet", "key"), 0, messages())


@cache
def printed():
    return bound_book(sheets(), ("worksheet", "key"), Setup())


@cache
def reader():
    return PdfReader(io.BytesIO(printed()))


@cache
def bookmarks():
    """Title, depth and page of each bookmark, pages counted from 1."""

    def walk(items, depth):
        for item in items:
            if isinstance(item, list):
                yield from walk(item, depth + 1)
            else:
                yield item.title, depth, reader().get_destination_page_number(item) + 1

    return [*walk(reader().outline, 0)]


def test_the_bookmarks_are_the_parts_and_their_sheets():
    sheets = [("Kinds of question", 1), ("LayerNorm", 1)]
    assert [(title, depth) for title, depth, _ in bookmarks()] == [
        ("A transformer by hand", 0), ("For the lecturer", 0), ("Contents", 0), ("Worksheets", 0), *sheets, ("Keys", 0), *sheets,
    ]  # fmt: skip


def test_every_part_and_sheet_begins_on_a_right_hand_page():
    begin = [page for title, _, page in bookmarks() if title not in ("For the lecturer", "Contents")]
    assert [page % 2 for page in begin] == [1] * len(begin)


def test_the_contents_say_where_each_sheet_is():
    (at,) = (page for title, _, page in bookmarks() if title == "Contents")
    text = reader().pages[at - 1].extract_text()
    own, norm, key_of_own, key_of_norm = (page for _, depth, page in bookmarks() if depth == 1)
    minutes = [sheet.d.effort.minutes for sheet in book().sheets]
    rows = re.findall(
        r"^\d+$", text, flags=re.MULTILINE
    )  # without blanks: page of the key, of the worksheet, minutes
    assert rows == [f"{key_of_norm}{norm}{minutes[1]}", f"{key_of_own}{own}{minutes[0]}"]
    assert "Layers" in text
    assert "More sheets" in text
    assert "You add what attention found to the stream" in text


def test_a_book_with_keys_tells_the_lecturer_what_to_look_for():
    text = reader().pages[1].extract_text() + reader().pages[2].extract_text()
    for part in ("For the lecturer", "divided by d − 1", "Is this a sample, or are these all the numbers there are?"):
        assert part in text
    for_students = Book(book().sheets, ("worksheet",), 0, messages())
    assert "For the lecturer" not in for_students.front(Setup(), Counter())
    assert "lecturer.html" not in dict(for_students.folder("a4"))


def test_a_book_says_that_it_holds_several_sheets():
    index = dict(book().folder("a4"))["index.html"]
    for read, content in ((read_pdf, printed()), (read_html, index)):
        with pytest.raises(UnreadableError, match=r"^it is of several sheets; verify them one by one"):
            read(content)


def test_sheets_and_keys_have_as_many_pages():
    pages = [page for _, depth, page in bookmarks() if depth == 1]
    part = next(page for title, _, page in bookmarks() if title == "Keys")
    ends = [pages[1], part, pages[3], len(reader().pages) + len(reader().pages) % 2 + 1]
    counts = [end - start for start, end in zip(pages, ends, strict=True)]
    assert counts[0] == counts[2]
    assert counts[1] == counts[3]


def test_a_page_says_its_number_in_the_book_and_its_sheet():
    page = bookmarks()[3][2]
    text = reader().pages[page - 1].extract_text()
    assert f"page {page} of {len(reader().pages)}" in text
    (keys,) = (page for title, _, page in bookmarks() if title == "Keys")
    for number, each in enumerate(reader().pages, 1):  # all but the cover, the title of a part, and what is blank
        shown = each.extract_text()
        of_itself = re.findall(r"page (\d+) of", shown)
        assert of_itself == ([] if number in (1, keys) or not shown else [f"{number}"])
    assert re.search(r"· lesson · seed .*\b0\b.* · numbers .*\b[0-9a-f]{7}\b", text, flags=re.DOTALL)


def test_only_pages_after_the_first_of_a_sheet_have_a_running_head():
    first = bookmarks()[3][2]
    heads = [reader().pages[n].extract_text().count("Kinds of question") for n in (first - 1, first)]
    assert heads == [1, 1]


def test_the_book_breaks_as_its_sheets_do_alone():
    alone = PdfReader(io.BytesIO(filled(sheets()[0], "worksheet", Setup())))
    first, after = [page for _, depth, page in bookmarks() if depth == 1][:2]
    assert (len(alone.pages) + 1) // 2 * 2 == after - first
    for page, bound in zip(alone.pages, reader().pages[first - 1 :], strict=False):
        assert re.sub(r"page \d+ of \d+", "", bound.extract_text()) == re.sub(
            r"page \d+ of \d+", "", page.extract_text()
        )


def test_a_book_is_tagged_the_same_twice_and_laid_out_without_a_warning(caplog):
    caplog.set_level(logging.WARNING)
    root = reader().trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert printed() == bound_book(sheets(), ("worksheet", "key"), Setup())
    assert not caplog.records, [r.getMessage() for r in caplog.records]


def test_the_folder_has_an_index_of_all_its_pages():
    files = dict(book().folder("a4"))
    links = re.findall(r'href="([^"]*\.html)"', files["index.html"])
    assert sorted([*links, "index.html"]) == sorted(files)
    assert "Kinds of question" in files["lesson-worksheet.html"]
    assert "(key)" in files["lesson-key.html"]


def test_a_sheet_leads_to_those_before_it_that_the_book_holds():
    both = [lower(*prepare(load_sheet(name), Options())) for name in ("softmax", "scores")]
    of_both = Book.of(both, ("worksheet", "key"))
    for name, html in dict(of_both.folder("a4")).items():
        links = re.findall(r'<a class="tied" href="([^"]*)">7&nbsp;Softmax;?</a>', html)
        assert links == ([name.replace("scores", "softmax")] if name.startswith("scores") else [])
        assert (re.search(r">\d+&nbsp;Queries, keys, values;?</span>", html) is not None) == name.startswith("scores")
    pdf = PdfReader(io.BytesIO(bound_book(both, ("worksheet", "key"), Setup())))
    worksheet, key = ([item for item in pdf.outline if isinstance(item, list)][n] for n in (0, 1))
    for softmax, scores in (worksheet, key):
        page = pdf.pages[pdf.get_destination_page_number(scores)]
        (link,) = page["/Annots"]  # the other sheets before it are not in the book
        assert link.get_object()["/Contents"] == "7\u00a0Softmax;"
        assert link.get_object()["/Dest"][0].get_object() == pdf.pages[pdf.get_destination_page_number(softmax)]


def test_a_sheet_alone_leads_nowhere():
    for view in ("worksheet", "key"):
        pdf = filled(lower(*prepare(load_sheet("scores"), Options())), view, Setup())
        assert not any("/Annots" in page for page in PdfReader(io.BytesIO(pdf)).pages)


def test_pages_that_are_bound_share_their_fonts():
    fonts = [page["/Resources"]["/Font"] for page in reader().pages if "/Font" in page.get("/Resources", {})]
    held = {font.get_object()["/BaseFont"]: font.indirect_reference for each in fonts for font in each.values()}
    every = {font.indirect_reference.idnum for each in fonts for font in each.values()}
    assert len(every) == len(held)


@pytest.mark.parametrize("views", [("worksheet",), ("key",)])
def test_a_book_of_one_view_has_one_part(views):
    of_one = Book(book().sheets[:1], views, 3, messages())
    assert [part.view for part in of_one.parts] == [*views]
    html = of_one.front(Setup(), Counter())
    assert "1 worksheet · an hour of paper<" in html
    assert "seed 3" in html
    bound = PdfReader(io.BytesIO(bound_book(sheets()[:1], views, Setup())))
    assert messages().say(f"book.{views[0]}") in [item.title for item in bound.outline if not isinstance(item, list)]


def test_the_worksheets_of_a_folder_are_silent_where_one_asks_for_that():
    for setup in (Setup(), Setup(feedback=False)):
        page = dict(book().folder("a4", setup))["layer-norm-worksheet.html"]
        known = json.loads(re.findall(r'id="sheet">(.*?)</script>', page)[0])
        assert known["feedback"] is setup.feedback
        assert ("mistakes" in known) is setup.feedback
