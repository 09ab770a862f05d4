"""The book: contents that are right, sheets on right-hand pages, keys at the end; and the same as a folder."""

from __future__ import annotations

import io
import json
import logging
import re
from functools import cache

import pytest
from kinds import lesson
from page_layout import laid_out
from pypdf import PdfReader

from byhand.errors import UnreadableError
from byhand.formats import Setup
from byhand.formats.html.book import Book
from byhand.formats.html.page import Pages
from byhand.formats.pdf import pdf
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.reading.page import read_html
from byhand.reading.pdf import read_pdf
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet


@cache
def book():
    lines = "{{ ask('blocks.0.attn.hook_q[0]') }}\n\n" * 3
    sheets = [lesson(f"## First\n\n{lines}## Second\n\n{lines}"), load_sheet("layer-norm")]
    pages = [Pages(*prepare(sheet, Options())) for sheet in sheets]
    return Book(tuple(pages), ("worksheet", "key"), 0, messages())


@cache
def printed():
    return pdf(book().printed("a4"))


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
    minutes = [sheet.effort.minutes for sheet in book().sheets]
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
    assert "For the lecturer" not in for_students.printed("a4")
    assert "lecturer.html" not in dict(for_students.folder("a4"))


def test_a_book_says_that_it_holds_several_sheets():
    index = dict(book().folder("a4"))["index.html"]
    for read, content in ((read_pdf, printed()), (read_html, index)):
        with pytest.raises(UnreadableError, match=r"^it is of a book; verify its sheets one by one"):
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
    assert re.search(r"· lesson · seed 0 · numbers [0-9a-f]{7}", text)


def test_only_pages_after_the_first_of_a_sheet_have_a_running_head():
    first = bookmarks()[3][2]
    heads = [reader().pages[n].extract_text().count("Kinds of question") for n in (first - 1, first)]
    assert heads == [1, 1]


def test_the_book_breaks_as_its_sheets_do_alone():
    alone = laid_out(book().sheets[0].html("worksheet", "print"))
    first, after = [page for _, depth, page in bookmarks() if depth == 1][:2]
    assert (len(alone.pages) + 1) // 2 * 2 == after - first


def test_a_book_is_tagged_the_same_twice_and_laid_out_without_a_warning(caplog):
    caplog.set_level(logging.WARNING)
    root = reader().trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert printed() == pdf(book().printed("a4"))
    assert not caplog.records, [r.getMessage() for r in caplog.records]


def test_the_folder_has_an_index_of_all_its_pages():
    files = dict(book().folder("a4"))
    links = re.findall(r'href="([^"]*\.html)"', files["index.html"])
    assert sorted([*links, "index.html"]) == sorted(files)
    assert "Kinds of question" in files["lesson-worksheet.html"]
    assert "(key)" in files["lesson-key.html"]


def test_a_sheet_leads_to_those_before_it_that_the_book_holds():
    sheets = [Pages(*prepare(load_sheet(name), Options())) for name in ("softmax", "scores")]
    of_both = Book(tuple(sheets), ("worksheet", "key"), 0, messages())
    for name, html in dict(of_both.folder("a4")).items():
        links = re.findall(r'<a class="tied" href="([^"]*)">7&nbsp;Softmax;?</a>', html)
        assert links == ([name.replace("scores", "softmax")] if name.startswith("scores") else [])
        assert (re.search(">10&nbsp;Queries, keys, values;?</span>", html) is not None) == name.startswith("scores")
    links = re.findall(r'<a class="tied" href="(#[^"]*)">7&nbsp;Softmax;?</a>', of_both.printed("a4"))
    assert links == ["#worksheet-1", "#key-1"]


@pytest.mark.parametrize("views", [("worksheet",), ("key",)])
def test_a_book_of_one_view_has_one_part(views):
    html = Book(book().sheets[:1], views, 3, messages()).printed("a4")
    assert 'class="part"' not in html
    assert "1 worksheet · an hour of paper<" in html
    assert "seed 3" in html


def test_the_worksheets_of_a_folder_are_silent_where_one_asks_for_that():
    for setup in (Setup(), Setup(feedback=False)):
        page = dict(book().folder("a4", setup))["layer-norm-worksheet.html"]
        known = json.loads(re.findall(r'id="sheet">(.*?)</script>', page)[0])
        assert known["feedback"] is setup.feedback
        assert ("mistakes" in known) is setup.feedback
