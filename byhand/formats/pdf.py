"""Sheets as PDF: a page, a form to fill in, and a book, which has the sheets as they are printed alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from byhand import press
from byhand.formats import Setup
from byhand.formats.html.book import Book
from byhand.formats.html.page import pages, papers
from byhand.formats.html.paper import cover_page
from byhand.page.page import Page
from byhand.press import Part, bound, printed
from byhand.worksheet.cover import Cover
from byhand.worksheet.views import LECTURER, View, shows_answers


def filled(page: Page, view: View, setup: Setup) -> bytes:
    """A page in a view."""
    return press.filled(pages(page), view, setup.paper, cache=setup.cache, fills=setup.fills)


def filled_form(page: Page, setup: Setup) -> bytes:
    """A page's worksheet to fill in.

    Raises: SheetError where the page has no room for an answer.
    """
    return press.filled_form(pages(page), setup.paper, cache=setup.cache, fills=setup.fills)


def form(page: Page, view: View, setup: Setup) -> bytes:
    """A page's worksheet to fill in, whatever the view: in a key is nothing to fill in."""
    return filled_form(page, setup)


def half_page(page: Page, view: View, setup: Setup) -> bytes:
    """The lecturer's half page of a sheet."""
    return _half_pages([page], setup)


def _half_pages(sheets: Sequence[Page], setup: Setup) -> bytes:
    from byhand.formats.html.half_page import half_pages

    return printed(half_pages(sheets, "print", setup), setup.cache)


def book(sheets: Sequence[Page], views: Sequence[View], setup: Setup) -> Mapping[str, bytes]:
    """The file of a book, and that of the lecturer's half pages."""
    files = dict[str, bytes]()
    if LECTURER in views:
        files["half-pages.pdf"] = _half_pages(sheets, setup)
    if of_sheets := [view for view in views if view != LECTURER]:
        files["book.pdf"] = bound_book(sheets, of_sheets, setup)
    return files


def paper(cover: Cover, sheets: Sequence[Page], views: Sequence[View], setup: Setup) -> Mapping[str, bytes]:
    """The file of a paper in each view, its sheets behind the cover, and that of the lecturer's half pages."""
    files = dict[str, bytes]()
    if LECTURER in views:
        files["half-pages.pdf"] = _half_pages(sheets, setup)
    for view in (view for view in views if view != LECTURER):
        pdfs = [filled(page, view, setup) for page in sheets]
        files[f"{view}.pdf"] = bound_paper(cover, pdfs, view, setup)
    return files


def bound_paper(
    cover: Cover, sheets: Sequence[bytes], view: View, setup: Setup, *, name: str = "", whose: str = ""
) -> bytes:
    """The PDFs of a paper's sheets as one, behind the cover where it is printed. name, whose: as of `cover_page`."""
    parts = [
        Part(pdf, f"{view}/{sheet.name}", ((sheet.title, False),))
        for pdf, sheet in zip(sheets, cover.sheets, strict=True)
    ]

    def say(page: int, pages: int) -> str:
        number = cover.messages.say("foot.page", page=page, pages=pages)
        return f"{cover.messages.say(f'views.{view}')} · {number}" if shows_answers(view) else number

    before, behind = sheets[0], parts[1:]
    if cover.is_printed:
        before, behind = printed(cover_page(cover, "print", setup, view, name=name, whose=whose), setup.cache), parts
    side = papers(setup.large)[setup.paper]["side"]
    return bound(lambda places: before, behind, say, side, cover.says(view), right_hand=False)


def bound_book(sheets: Sequence[Page], views: Sequence[View], setup: Setup) -> bytes:
    """Sheets as one PDF: cover, contents, and a part for each view."""
    whole = Book.of(sheets, views)

    def front(places: Mapping[str, int]) -> bytes:
        return printed(whole.front(setup, places), setup.cache)

    def say(page: int, pages: int) -> str:
        return whole.messages.say("foot.page", page=page, pages=pages)

    return bound(front, [*_parts(whole, sheets, setup)], say, papers(setup.large)[setup.paper]["side"])


def _parts(book: Book, sheets: Sequence[Page], setup: Setup) -> Iterator[Part]:
    """The parts of a book after its front: the sheets in each view; before them a title, unless they come first."""
    views = [part.view for part in book.parts]
    pdfs = [{view: filled(page, view, setup) for view in views} for page in sheets]  # one page each
    for number, part in enumerate(book.parts):
        above: tuple[tuple[str, bool], ...] = ((part.title, False),)
        if number:
            yield Part(printed(book.opening(part, setup), setup.cache), part.view, above)
            above = ()
        for page, by_view in zip(sheets, pdfs, strict=True):
            name, title = f"{part.view}/{page.document.name}", page.document.title
            yield Part(by_view[part.view], name, (*above, (title, True)))
            above = ()
