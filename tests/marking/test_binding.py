"""The marked pages of a class in one PDF: each student begins on a right-hand page."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from click.testing import CliRunner
from page_pdf import characters
from students import Page
from test_tally import marks_of_a_class

from byhand.cli import main
from byhand.marking.binding import bind
from byhand.marking.marked_page import MarkedPages
from byhand.marking.report import Report
from byhand.marking.tally import Tally
from byhand.page.page import lower


@pytest.fixture(scope="module")
def pdfs():
    """Pages of three students, one of whom needs a page more for notes."""
    page = Page.of("attention-head")
    pages = MarkedPages(lower(page.document, page.run))
    found = [pages.pdf(marks, marks.name) for marks in marks_of_a_class(count=6)]
    return sorted(found, key=lambda pdf: -len(pypdfium2.PdfDocument(pdf)))[:3]


def bound(pdfs):
    bind(pdfs, file := io.BytesIO(), "One attention head, marked", "en")
    return file.getvalue()


def test_the_book_has_all_pages_of_all_students_in_their_order(pdfs):
    pages = [each for pdf in (*pdfs, pdfs[0][:0]) if pdf for each in characters(pdf)]
    book = [each for each in characters(bound(pdfs)) if each]
    assert [sorted(page) for page in book] == [sorted(page) for page in pages]
    for own, there in zip(pages, book, strict=True):
        for letter, places in own.items():
            assert there[letter] == pytest.approx(places, abs=0.05)


def test_every_student_begins_on_a_right_hand_page(pdfs):
    counts = [len(pypdfium2.PdfDocument(pdf)) for pdf in pdfs]
    book = pypdfium2.PdfDocument(bound(pdfs))
    assert len(book) == sum(count + count % 2 for count in counts)
    at = 0
    for pdf, count in zip(pdfs, counts, strict=True):
        first = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
        assert book[at].get_textpage().get_text_range() == first
        at += count + count % 2


def test_the_same_pages_make_the_same_bytes(pdfs):
    assert bound(pdfs) == bound(iter(pdfs))


def test_verify_says_that_marks_are_not_to_be_verified(pdfs, tmp_path):
    page, tally = Page.of("attention-head"), Tally()
    tally.add(marks_of_a_class(count=1)[0])
    report = Report(page.document, tally)
    files = {
        "book.pdf": bound(pdfs),
        "one.pdf": pdfs[0],
        "report.html": report.html().encode(),
        "report.pdf": report.pdf(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        result = CliRunner().invoke(main, ["verify", str(tmp_path / name)])
        assert result.exit_code == 1
        assert "it shows marks; verify the worksheet, or its key" in result.output
