"""Pages that all runs of a sheet share: laid out once with slots, kept, and filled in for each run."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from html import unescape

from isal import isal_zlib as zlib
from msgspec import Struct
from msgspec.structs import replace

from byhand.cache import as_data, from_data
from byhand.errors import SheetError, tell_debug
from byhand.notation.marks import FIRST_MARK, Html, Radius, Said, Svg, mark_number
from byhand.page.printed import PrintPage
from byhand.press.fill import fill_one, without_room
from byhand.press.kept import Pages, kept_page, with_slots, with_texts
from byhand.press.layout import Layout, copy_page, lay_out
from byhand.press.printing import laid_out, printed
from byhand.press.template import Template, copy_pdf, said_in, templates
from byhand.worksheet.looks import look_of
from byhand.worksheet.views import Paper, View, in_one

LETTERS = string.printable[:95] + "…∗"  # that a slot for words, or a picture, may hold
_TAG, _MEASURE = re.compile(r"<[^>]*>"), re.compile(r"[\d.]+")
_JSON_NUMBER = re.compile(r'("(?:[^"\\]|\\.)*")|-?[\d.]+')  # in JSON, or a text
_ONE = r"“?[^\W\d_]+”?"
_LISTED = re.compile(rf"(?:{_ONE}, )*{_ONE} [^\W\d_]{{1,3}} {_ONE}")  # cat, dog and bird; cat” and “dog, in quotes
_HASH, _WORD = re.compile("[0-9a-f]{7}"), re.compile(r"[^\W\d_]+")
_SIZE = r"(?:\d+(?:,\d{3})*(?:[./]\d+)?|∞)"
# what a text is made typical by: parts of it, and what comes in their place, one after the other
_TYPICAL = tuple(
    (re.compile(part), typical)
    for part, typical in (
        (rf"\(−{_SIZE}\)|−?{_SIZE}", "2"),  # a number, with its sign
        (r"−(?=[^\W\d_])", ""),  # the sign of a letter
        (r"(?<= )[+−](?= 2)", "−"),  # that of a number in a sum
        ("2", "−2"),
        ("−2·−2", "2·−2"),  # lines with two signs in each product are rare
    )
)


class Slotted(Struct, frozen=True):
    """A page that is laid out with slots, and for each of its views the PDF that what is filled in begins with."""

    layout: Layout
    templates: dict[View, Template]


def slotted(
    page: PrintPage, text_of: Callable[[int], str], view: View, letters: str = LETTERS, *, cache: bool = True
) -> Slotted:
    """Lay a page out with slots; from the cache, if it may be used.

    text_of: the texts to lay it out with, by the numbers of its marks. view: that of the page, if it has only one.
    letters: the characters that words may have.

    Raises: SheetError where slots cannot be found again.
    """
    return _slotted(
        in_order(page), tuple(map(text_of, slots_of(page))), "key" if page.views else view, letters, cache
    )


@lru_cache(maxsize=2)  # for the other view of the same page
def _slotted(page: PrintPage, texts: Sequence[str], view: View, letters: str, cache: bool) -> Slotted:
    """A page laid out with these texts in its slots. view: that of the page; of two views, "key"."""

    def made() -> Slotted:
        layout = lay_out(page, texts.__getitem__, letters)
        bases = templates(layout, layout.titles or (view,))
        # the templates have the rest
        slots = [replace(each, background=b"", only={}, rooms=()) for each in layout.pages]
        return Slotted(replace(layout, pages=tuple(slots), pdf=b""), bases)

    if not cache:
        return made()
    return from_data(Slotted, laid_out(lambda: as_data(made()), *page.parts, view, *texts, letters))


def in_order(page: PrintPage) -> PrintPage:
    """A page whose marks are numbered in the order in which they appear."""
    return page.renumbered({mark: chr(FIRST_MARK + at) for at, mark in enumerate(dict.fromkeys(page.marks))})


def alike(page: PrintPage, other: PrintPage) -> bool:
    """Whether pages have the same slots and are the same but for measures, as of the widths of columns."""
    return _unmeasured(page) == _unmeasured(other)


def _unmeasured(page: PrintPage) -> tuple[str, str]:
    """A page without its measures, whatever its marks are: the numbers in its tags, and those of its figures."""
    page = in_order(page)
    figures = _JSON_NUMBER.sub(lambda part: part[1] or "", page.figures)
    return _TAG.sub(lambda tag: _MEASURE.sub("", tag[0]), page.html), figures


def slots_of(page: PrintPage) -> list[int]:
    """The numbers of a page's marks, in the order in which they appear: that of the slots of its layout."""
    return list(map(mark_number, dict.fromkeys(page.marks)))


def typical(text: str) -> str:
    """A text of the same kind, with −2 for each number but 2·−2 for a product, the signs of x − 2 for those of −x + 2
    and “word” for each word and for a list of words. What is only said or drawn takes no room, and is empty, or 0 as
    the size of a dot.

    A page that is laid out with such texts is the same for all runs whose pages differ in numbers and words only, and
    has room for most numbers.
    """
    if isinstance(text, Svg | Said):
        return type(text)("")
    if isinstance(text, Radius):
        return "0"
    if _HASH.fullmatch(text):
        return "0000000"
    for part, instead in _TYPICAL:
        text = part.sub(instead, text)
    return "word" if _LISTED.fullmatch(text) else _WORD.sub("word", text)


def filled(pages: Pages, view: View, paper: Paper, *, cache: bool, fills: bool) -> bytes:
    """A page in a view as PDF: filled into the page that all runs of the sheet share.

    It is laid out by itself where that page has no room for it, and in the worked view, whose lines are formulas.

    cache: whether what is laid out may be kept. fills: as of `shared`.
    """
    if fitted := shared(pages, view, paper, cache=cache, fills=fills):
        base = fitted.slotted.templates[view]
        return copy_pdf(base, fitted.contents, pages.words(view), said_in(base, fitted.of_run.__getitem__))
    return printed(pages.printed(view, paper), cache, lambda: pages.html(view, "print", paper))


class SharedPage(Struct, frozen=True):
    """The page that all runs of a sheet share, and what a run fills in there."""

    page: PrintPage
    """The page with marks."""
    texts: tuple[str, ...]
    """The texts that it is laid out with."""
    of_run: tuple[str, ...]
    """The texts of the run."""
    slotted: Slotted
    contents: list[bytes]
    """The content streams of the run's pages, compressed."""

    @property
    def typical(self) -> PrintPage:
        """The page as it is laid out."""
        return copy_page(self.page, self.texts.__getitem__)


@lru_cache(maxsize=2)  # for the other view of the same page
def shared(pages: Pages, view: View, paper: Paper, *, cache: bool, fills: bool) -> SharedPage | None:
    """The page that a page is filled into; None where it is laid out by itself.

    fills: whether it is known that the page which all runs share is the same but for their numbers and words; else
    both are written and compared.
    """
    document, written_as = pages.page.document, "key" if in_one(view) else view
    if not document.over or view == "worked" or look_of(document.look).sets_words:
        return None
    try:
        written = _written(with_slots(pages), written_as, paper, cache)
        if not fills:
            alone = pages.printed(written_as, paper, for_all=True)
            as_set = dict(zip(written.texts, written.of_run, strict=True))
            filled = written.page.filled(as_set.__getitem__, lambda html: with_texts(html, written.texts))
            if unescape(alone.html) != unescape(filled.html) or alone.figures != filled.figures:
                raise SheetError("with slots, its page is another")
        return _shared(written, view, cache)
    except SheetError as error:
        tell_debug("%s, %s: laid out by itself; %s", document.name, view, error)
        return None


def _shared(written: _Written, view: View, cache: bool) -> SharedPage:
    """The page that a page with slots is filled into.

    Raises: SheetError where it has no room.
    """
    page, texts, laid_with = written.numbered, written.of_run, written.typical
    for _ in range(2):  # a page for all runs, or else that of runs with the same texts where these have no room
        slotted, of_views = _filled_one(page, laid_with, texts, "key" if page.views else view, cache)
        contents = of_views[view]
        if None not in contents:
            pressed = [zlib.compress(content) for content in contents if content is not None]
            return SharedPage(page, laid_with, texts, slotted, pressed)
        full = without_room(slotted.layout, texts, view)
        laid_with = tuple(texts[slot] if slot in full else text for slot, text in enumerate(laid_with))
    raise SheetError("its words or numbers have no room in the page of other runs")


@lru_cache(maxsize=2)  # for the other view of the same page
def _filled_one(
    page: PrintPage, laid_with: tuple[str, ...], texts: tuple[str, ...], view: View, cache: bool
) -> tuple[Slotted, Mapping[View, Sequence[bytes | None]]]:
    """A page laid out, as of `_slotted`, and what is filled in there in each of its views."""
    slotted = _slotted(page, laid_with, view, LETTERS, cache)
    return slotted, fill_one(slotted.layout, texts, slotted.templates)


class _Written(Struct, frozen=True):
    """A page with slots, and a run's texts of its marks."""

    page: PrintPage
    texts: Mapping[int, str]
    """The texts of the marks."""
    numbered: PrintPage
    """The page with marks numbered in their order."""
    of_run: tuple[str, ...]
    """The texts in that order, as they are set."""
    typical: tuple[str, ...]
    """The texts that the page is laid out with."""


@lru_cache(maxsize=2)  # for the other view of the same page
def _written(pages: Pages, view: View, paper: Paper, cache: bool) -> _Written:
    """A page with slots, and the texts of its run.

    Raises: as `kept_page`; SheetError for a text with tags.
    """
    kept = kept_page(pages, "print", lambda: pages.printed(view, paper), view, paper, cache=cache)
    texts = kept.texts(pages.page, pages.writers)
    as_set = tuple(map(_as_words, texts.values()))
    return _Written(kept.page, texts, in_order(kept.page), as_set, tuple(map(typical, as_set)))


def _as_words(text: str) -> str:
    """A text of a slot as it is set: HTML without its escapes.

    Raises: SheetError for HTML with tags.
    """
    if not isinstance(text, Html) or isinstance(text, Svg):
        return text
    if "<" in text:
        raise SheetError(f"a slot has no room for {text!r}")
    return unescape(str(text))
