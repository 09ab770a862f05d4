"""Pages that all runs of a sheet share: laid out once with slots, kept, and filled in for each run."""

from __future__ import annotations

import logging
import re
import string
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from html import unescape

from isal import isal_zlib as zlib
from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.copies import FIRST_MARK, MARK, Radius, Svg, mark_number
from byhand.cache import as_data, from_data
from byhand.errors import SheetError
from byhand.formats import Paper, Setup
from byhand.formats.html.page import Pages, in_one, pages
from byhand.formats.html.picture import KEY_SAYS, PEN, PRINTED
from byhand.formats.pdf import laid_out, printed
from byhand.formats.pdf.fill import fill_one, without_room
from byhand.formats.pdf.layout import Layout, copy_html, lay_out
from byhand.formats.pdf.template import Template, copy_pdf, said_in, templates
from byhand.formats.pdf.views import views_of
from byhand.runs import Run
from byhand.worksheet.document import Document
from byhand.worksheet.views import View

log = logging.getLogger("byhand")
LETTERS = string.printable[:95] + "…∗"  # that a slot for words, or a picture, may hold
_TAG = re.compile("<[^>]*>")
_IN_WORDS = re.compile(r'<svg class="picture"[^>]*="$')  # then comes a picture's alternative text
_ONE = r"“?[^\W\d_]+”?"
_LISTED = re.compile(rf"(?:{_ONE}, )*{_ONE} [^\W\d_]{{1,3}} {_ONE}")  # cat, dog and bird; cat” and “dog, in quotes
_LAYER = re.compile('<svg class="picture".*?</svg>', re.DOTALL)
_HASH, _WORD = re.compile("[0-9a-f]{7}"), re.compile(r"[^\W\d_]+")
_SIZE = r"(?:\d+(?:,\d{3})*(?:[./]\d+)?|∞)"
_NUMBER = re.compile(rf"\(−{_SIZE}\)|−?{_SIZE}")
_SIGN_OF_LETTER, _SIGN_OF_SUM = re.compile(r"−(?=[^\W\d_])"), re.compile(r"(?<= )[+−](?= 2)")


class Said(str):
    """The alternative text of a picture, which differs from run to run."""

    __slots__ = ()


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
    return _slotted(
        _numbered(html), tuple(map(text_of, slots_of(html))), "key" if views_of(html) else view, letters, cache
    )


@lru_cache(maxsize=2)  # for the other view of the same page
def _slotted(page: str, texts: Sequence[str], view: View, letters: str, cache: bool) -> Slotted:
    """A page laid out with these texts in its slots. view: that of the page; of two views, "key"."""

    def made() -> Slotted:
        layout = lay_out(page, texts.__getitem__, letters)
        bases = templates(layout, layout.titles or (view,))
        # the templates have the rest
        slots = [replace(each, background=b"", only={}, rooms=()) for each in layout.pages]
        return Slotted(replace(layout, pages=tuple(slots), pdf=b""), bases)

    if not cache:
        return made()
    return from_data(Slotted, laid_out(lambda: as_data(made()), page, view, *texts, letters))


def _numbered(html: str) -> str:
    """A page whose marks are numbered in the order in which they appear."""
    own = {number: chr(FIRST_MARK + at) for at, number in enumerate(slots_of(html))}
    return MARK.sub(lambda mark: own[mark_number(mark[0])], html)


def slots_of(html: str) -> list[int]:
    """The numbers of a page's marks, in the order in which they appear: that of the slots of its layout."""
    return list(map(mark_number, dict.fromkeys(MARK.findall(html))))


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
    text = _SIGN_OF_SUM.sub("−", _SIGN_OF_LETTER.sub("", _NUMBER.sub("2", text))).replace("2", "−2")
    text = text.replace("−2·−2", "2·−2")  # lines with two signs in each product are rare
    return "word" if _LISTED.fullmatch(text) else _WORD.sub("word", text)


def filled(document: Document, run: Run, view: View, setup: Setup) -> bytes:
    """A document's page in a view as PDF: filled into the page that all runs of the sheet share.

    It is laid out by itself where that page has no room for it, and in the worked view, whose lines are formulas.
    """
    own = pages(document, run)
    if found := shared(document, run, view, setup):
        base = found.slotted.templates[view]
        return copy_pdf(base, found.contents, own.words(view), said_in(base, found.own.__getitem__))
    return printed(own.html(view, "print", setup.paper), setup.cache)


class SharedPage(Struct, frozen=True):
    """The page that all runs of a sheet share, and what a run fills in there.

    page: the page with marks. texts: those that it is laid out with; own: those of the run. contents: compressed.
    """

    page: str
    texts: tuple[str, ...]
    own: list[str]
    slotted: Slotted
    contents: list[bytes]

    @property
    def html(self) -> str:
        """The page as it is laid out."""
        return copy_html(self.page, self.texts.__getitem__)


def shared(document: Document, run: Run, view: View, setup: Setup) -> SharedPage | None:
    """The page that a document's page is filled into; None where it is laid out by itself."""
    if not document.in_slots or view == "worked":
        return None
    try:
        return _shared(_for_all(document, run, "key" if in_one(view) else view, setup.paper), document, view, setup)
    except SheetError as error:
        log.debug("%s, %s: laid out by itself; %s", document.name, view, error)
        return None


@lru_cache(maxsize=2)  # for the other view of the same page
def _for_all(document: Document, run: Run, view: View, paper: Paper) -> str:
    return pages(document, run).html(view, "print", paper, for_all=True)


def _shared(html: str, document: Document, view: View, setup: Setup) -> SharedPage:
    """The page that a document is filled into. html: its page without slots.

    Raises: SheetError where it has no room.
    """
    page, texts = _marked(html, document, "key" if views_of(html) else view, setup)
    laid_with = tuple(map(typical, texts))
    for _ in range(2):  # a page for all runs, or else that of runs with the same texts where these have no room
        found = slotted(page, laid_with.__getitem__, view, cache=setup.cache)
        contents = list(fill_one(found.layout, texts, view))
        if None not in contents:
            pressed = [zlib.compress(content) for content in contents if content is not None]
            return SharedPage(page, laid_with, texts, found, pressed)
        full = without_room(found.layout, texts, view)
        laid_with = tuple(texts[slot] if slot in full else text for slot, text in enumerate(laid_with))
    raise SheetError("its words or numbers have no room in the page of other runs")


@lru_cache(maxsize=2)  # for the other view of the same page
def _marked(html: str, document: Document, view: View, setup: Setup) -> tuple[str, list[str]]:
    """A page with marks in place of all that other runs of the sheet have otherwise, and the texts of its marks.

    Mostly it is known already: it is kept by the tags of the page, which runs of a sheet mostly share.

    Raises: SheetError where it differs from the page in more.
    """

    def made() -> bytes:
        assert document.in_slots
        page = Pages(*document.in_slots(document)).html(view, "print", setup.paper)
        return _numbered(page).encode()

    plain = _LAYER.sub("", html)  # pictures are drawn anew
    tags = (tag for tag in _TAG.findall(plain) if not tag.startswith("<circle"))  # a dot is as large as its number
    known: list[Callable[[], bytes]] = [partial(laid_out, made, *tags)] if setup.cache else []
    for content in [*known, made]:  # a page with the same tags and other words may be kept
        page = content().decode()
        texts = texts_in(page, html)
        if texts is not None:
            return page, texts
    raise SheetError("with slots, its page is another")


def texts_in(page: str, html: str) -> list[str] | None:
    """The texts in a page where another one has marks; None where they differ in more."""
    found, at = dict[str, str](), 0
    parts, marks = MARK.split(page), MARK.findall(page)
    for part, mark, following in zip(parts, marks, parts[1:], strict=False):
        start = at + len(part)
        at = html.find(following, start) if following else -1
        text: str = unescape(html[start:at])
        if part.endswith((PRINTED, PEN)):
            text = Svg(html[start:at])
        elif part.endswith(' r="'):
            text = Radius(text)
        elif part.endswith(f'{KEY_SAYS}="') or _IN_WORDS.search(part, max(part.rfind("<"), 0)):
            text = Said(text)
        if at < 0 or not html.startswith(part, start - len(part)) or found.setdefault(mark, text) != text:
            return None
    return list(found.values()) if html[at:] == parts[-1] else None
