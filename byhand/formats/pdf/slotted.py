"""Pages that all runs of a sheet share: laid out once with slots, kept, and filled in for each run."""

from __future__ import annotations

import logging
import re
import string
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from msgspec import Struct

from byhand.arithmetic.copies import FIRST_MARK, MARK, Many, mark_number, mark_texts
from byhand.cache import as_data, from_data
from byhand.errors import SheetError
from byhand.formats import Paper, Setup
from byhand.formats.html.page import pages
from byhand.formats.pdf import laid_out, printed
from byhand.formats.pdf.fill import fill
from byhand.formats.pdf.layout import Layout, copy_html, lay_out
from byhand.formats.pdf.template import Template, copy_pdf, template
from byhand.formats.pdf.views import views_of
from byhand.runs import Run
from byhand.worksheet.document import Document
from byhand.worksheet.views import View

log = logging.getLogger("byhand")
LETTERS = string.printable[:95] + "…"  # that a slot for words may hold
_HASH, _WORD = re.compile("[0-9a-f]{7}"), re.compile(r"[^\W\d_]+")
_SIZE = r"(?:\d+(?:,\d{3})*(?:[./]\d+)?|∞)"
_NUMBER = re.compile(rf"\(−{_SIZE}\)|−?{_SIZE}")


class Slotted(Struct, frozen=True):
    """A page that is laid out with slots, and for each of its views the PDF that what is filled in begins with."""

    layout: Layout
    templates: dict[View, Template]


def slotted(
    html: str, text_of: Callable[[int], str], view: View, letters: str = LETTERS, *, cache: bool = True
) -> Slotted:
    """Lay a page out with slots; from the cache, if it may be used.

    text_of: the texts to lay it out with, by the numbers of its marks. view: that of the page, if it has only one.
    letters: the characters that words may have.

    Raises: SheetError where slots cannot be found again.
    """
    numbers = slots_of(html)
    own = {number: chr(FIRST_MARK + at) for at, number in enumerate(numbers)}
    page = MARK.sub(lambda mark: own[mark_number(mark[0])], html)
    return _slotted(page, tuple(map(text_of, numbers)), "key" if views_of(page) else view, letters, cache)


@lru_cache(maxsize=2)  # for the other view of the same page
def _slotted(page: str, texts: Sequence[str], view: View, letters: str, cache: bool) -> Slotted:
    """A page laid out with these texts in its slots. view: that of the page; of two views, "key"."""

    def made() -> Slotted:
        layout = lay_out(page, texts.__getitem__, letters)
        templates = {each: template(layout, each) for each in layout.titles or (view,)}
        # the templates have the rest
        slots = [replace(each, background=b"", only={}, rooms=()) for each in layout.pages]
        return Slotted(replace(layout, pages=tuple(slots), pdf=b""), templates)

    if not cache:
        return made()
    kept = laid_out(lambda: zlib.compress(as_data(made())), page, view, *texts, letters)
    return from_data(Slotted, zlib.decompress(kept))


@lru_cache(maxsize=2)
def _html(document: Document, run: Run, view: View, paper: Paper) -> str:
    return pages(document, run).html(view, "print", paper)


def texts_of_run(run: Run) -> Callable[[int], str]:
    """The texts that the one run of a page with slots has in place of its marks."""
    texts: Sequence[Many] = mark_texts(run.domain)
    return lambda number: texts[number].at(0)


def slots_of(html: str) -> list[int]:
    """The numbers of a page's marks, in the order in which they appear: that of the slots of its layout."""
    return list(map(mark_number, dict.fromkeys(MARK.findall(html))))


def typical(text: str, own_words: bool = False) -> str:
    """A text of the same kind, with 2 for each number and, if words are not kept, “word” for each word.

    A page that is laid out with such texts is the same for all runs whose pages differ in numbers and words only.
    """
    if _HASH.fullmatch(text):
        return "0000000"
    text = _NUMBER.sub("2", text)
    return text if own_words else _WORD.sub("word", text)


def filled(document: Document, run: Run, view: View, setup: Setup) -> bytes:
    """A document's page in a view as PDF: filled into the page that all runs of the sheet share.

    It is laid out by itself where that page has no room for it, and in the worked view, whose lines are formulas.
    """
    own = pages(document, run)
    if found := shared(document, run, view, setup):
        return copy_pdf(found.slotted.templates[view], found.contents, own.words(view))
    return printed(own.html(view, "print", setup.paper), setup.cache)


@dataclass(frozen=True)
class SharedPage:
    """The page that all runs of a sheet share, and what a run fills in there.

    document, run: those with slots. html: the page as it was laid out, with its typical texts. contents: compressed.
    """

    document: Document
    run: Run
    html: str
    slotted: Slotted
    contents: list[bytes]


def shared(document: Document, run: Run, view: View, setup: Setup) -> SharedPage | None:
    """The page that a document's page is filled into; None where it is laid out by itself."""
    if not document.in_slots or view == "worked":
        return None
    try:
        in_slots = document.in_slots(document)
        if pages(*in_slots).places != pages(document, run).places:  # which a reader would find in another order
            raise SheetError("its figures stand elsewhere than in the page of other runs")
        return _shared(*in_slots, view, setup)
    except SheetError as error:
        log.debug("%s, %s: laid out by itself; %s", document.name, view, error)
        return None


def _shared(document: Document, run: Run, view: View, setup: Setup) -> SharedPage:
    """The page that a document with slots is filled into.

    Raises: SheetError where it has no room.
    """
    html = _html(document, run, "key" if pages(document, run).shared(view) else view, setup.paper)
    texts: Sequence[Many] = mark_texts(run.domain)
    if any("<" in texts[number].at(0) for number in slots_of(html)):
        raise SheetError("a number or a word of it is set in more than one way")
    for own_words in (False, True):  # a page for any words, or else that of runs with the same words

        def text_of(number: int, own_words: bool = own_words) -> str:
            return typical(texts[number].at(0), own_words)

        found = slotted(html, text_of, view, cache=setup.cache)
        contents = [own for (own,) in fill(found.layout, [texts[number] for number in slots_of(html)], view)]
        if None not in contents:
            pressed = [zlib.compress(content) for content in contents if content is not None]
            return SharedPage(document, run, copy_html(html, text_of), found, pressed)
    raise SheetError("its words or numbers have no room in the page of other runs")
