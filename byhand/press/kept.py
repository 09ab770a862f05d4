"""Pages that all runs of a sheet share: they are written once, with slots for what each run has otherwise, and kept.

A page follows from its document and from how its figures are laid out. So it is kept under a hash of both that does
not know what stands in their slots. While a page is written, no value in a slot may be looked at: another one might
make another page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import FunctionType
from typing import Any, Protocol

import msgspec
from markupsafe import escape
from msgspec import Struct
from msgspec.structs import replace

from byhand.arithmetic.copies import first, varies
from byhand.cache import as_data, cached, from_data
from byhand.effort import Seconds
from byhand.errors import SheetError
from byhand.notation.marks import (
    MARK,
    Decided,
    Html,
    OneCopy,
    mark_number,
    slot_number,
    word_in_slot,
)
from byhand.page.grid import Grid
from byhand.page.page import Page, lower
from byhand.page.printed import PrintPage
from byhand.worksheet.asked import OPTIONS
from byhand.worksheet.document import FirstCell
from byhand.worksheet.program import code_key
from byhand.worksheet.views import Medium, Paper, View


class Pages(Protocol):
    """A page for whoever writes it: as HTML, and in print with its figures beside it."""

    page: Page

    @property
    def first(self) -> Mapping[FirstCell, Sequence[str]]:
        """The terms of worked first cells."""

    @property
    def writers(self) -> Mapping[str, Callable[..., str]]:
        """What may write a text of a slot as a page is written, by the names under which pages are kept."""

    def of(self, page: Page) -> Pages:
        """Another page."""

    def __hash__(self) -> int: ...

    def html(self, view: View, medium: Medium, paper: Paper, *, for_all: bool = False, setup: Any = None) -> str:
        """The page in one view. for_all: whether it is to be laid out for all runs, as it always is with slots.
        setup: what a page for the screen depends on besides.
        """

    def printed(self, view: View, paper: Paper, *, for_all: bool = False) -> PrintPage:
        """The page in print in one view, with its figures beside its HTML. for_all: as of `html`."""

    def words(self, view: View) -> str:
        """What the page in one view says of itself, for who reads it back."""


# how a text of a kept page is written: by which of the page's writers, and of what: values by their numbers, and
# texts and measures as they are
Recipe = tuple[str, tuple[int | str | float, ...]]
# of a document, what its page does not follow from, and what is looked at otherwise
APART = ("messages", "sections", "sittings", "asked", "options", "over", "others", "lecturer")
OF_ALL = ("version", "modules")  # of what a page says of itself, what all runs of a sheet have alike


class KeptPage(Struct, frozen=True):
    """A page with marks in place of what each run has otherwise."""

    page: PrintPage
    recipes: dict[int, Recipe]
    """How the texts are written of those marks that were made as the page was written; the document has the
    others."""

    def texts(self, page: Page, writers: Mapping[str, Callable[..., str]]) -> Mapping[int, str]:
        """What the run of a page has in place of each mark. writers: as of `Pages`."""
        domain = _in_one_copy(page)

        def decided(recipe: Recipe) -> Decided:
            name, given = recipe
            return Decided(writers[name], tuple(domain.values[x] if isinstance(x, int) else x for x in given))

        def text(mark: int) -> str:
            recipe = self.recipes.get(mark)
            of_run: str = first(domain.texts.written(decided(recipe)) if recipe else domain.texts[mark])
            return of_run

        return {mark: text(mark) for mark in dict.fromkeys(map(mark_number, self.page.marks))}


def kept_page(pages: Pages, medium: Medium, write: Callable[[], PrintPage], *asked: object, cache: bool) -> KeptPage:
    """A page with slots, from the cache if it may be used.

    write: writes it; one on a screen has no figures beside its HTML. asked: what this depends on beside the page.

    Raises: SheetError where a value in a slot is looked at while it is written.
    """
    page, shape = pages.page, shape_of(pages, medium)  # before any page is written, figures are laid out

    def made() -> KeptPage:
        domain, names = _in_one_copy(page), {write: name for name, write in pages.writers.items()}
        known = len(domain.texts)
        with domain.unasked():
            written = write()
        new = enumerate(domain.texts.decided[known:], known)
        return KeptPage(written, {mark: _recipe(decided, names) for mark, decided in new})

    key = code_key(medium, asked, shape) if cache else None
    return made() if key is None else from_data(KeptPage, cached("pages", lambda: as_data(made()), key))


def _in_one_copy(page: Page) -> OneCopy:
    assert page.texts is not None
    domain = page.texts.domain
    assert isinstance(domain, OneCopy)
    return domain


def _recipe(decided: Decided, names: Mapping[Callable[..., str], str]) -> Recipe:
    """How a text is written, for other runs. names: of the functions that may write one.

    Raises: SheetError for another function, and for a whole number, which in a recipe is that of a value.
    """
    write, given = decided.write, decided.given
    if write not in names:
        raise SheetError(f"{write.__qualname__} writes a text of a page that is kept")
    if any(isinstance(value, int) for value in given):
        raise SheetError(f"{write.__qualname__} is given a whole number on a page that is kept")
    return names[write], tuple(slot_number(value) if varies(value) else value for value in given)


def with_texts(html: str, texts: Mapping[int, str]) -> str:
    """A page with texts in place of its marks."""
    as_html = {mark: text if isinstance(text, Html) else str(escape(text)) for mark, text in texts.items()}
    return MARK.sub(lambda mark: as_html[mark_number(mark[0])], html)


@lru_cache(maxsize=2)  # for all views and media
def with_slots(pages: Pages) -> Pages:
    """The same page with marks in place of all that other runs of its sheet have otherwise.

    Raises: SheetError where there are too many.
    """
    plain, domain = pages.page.document, OneCopy(pages.page.run.domain)
    assert plain.over is not None
    document, run = plain.over(domain)
    said = {**plain.told_time, **plain.stamp}
    marks = {name: word_in_slot(domain, text) for name, text in said.items() if text and name not in OF_ALL}
    return pages.of(lower(replace(document, stamp=said | marks), run))


@lru_cache(maxsize=4)  # for the other view of the same page
def shape_of(pages: Pages, medium: Medium) -> str:
    """A hash of all that a page follows from, but for what stands in its slots."""
    of, run, sections = pages.page.document, pages.page.run, pages.page.sections
    grids = [figure for section in sections for figure in section.laid if isinstance(figure, Grid)]
    screen = (  # what a page for the screen has besides: figures on a phone, and what its script reads
        [(grid.phone_widths, grid.phone_lines) for grid in grids],
        [(step.name, step.op_name, step.inputs, dict(step.params), step.shape) for step in run.steps.values()],
        dict(run.rows), run.tokens, run.vocabulary, run.source, run.places, run.rounding,
        [of.asked.get(name) for name in OPTIONS],
    ) if medium == "screen" else ()  # fmt: skip
    whole = (
        {name: getattr(of, name) for name in of.__struct_fields__ if name not in APART},
        of.messages.language, len(of.sittings), [(each.section, each.laid, each.opens) for each in sections],
        [block.kind for block in of.blocks], [*pages.first.values()],
    )  # fmt: skip
    return hashlib.sha256(msgspec.msgpack.encode((whole, screen), enc_hook=_outside)).hexdigest()


def _outside(thing: Any) -> Any:
    """What stands for a thing in a page's shape: for a value, the number of its slot.

    Raises: SheetError for a thing that has no shape.
    """
    if varies(thing):
        return ["slot", slot_number(thing)]
    if isinstance(thing, str):
        return str(thing)
    if isinstance(thing, Seconds):
        return 0
    if isinstance(thing, int):
        return int(thing)
    if isinstance(thing, Fraction | Decimal):  # a printed decimal has the exact number behind it
        return [str(thing), str(getattr(thing, "exact", ""))]
    if isinstance(thing, FunctionType):  # that draws a picture
        return f"{thing.__module__}.{thing.__qualname__}"
    raise SheetError(f"a page with {type(thing).__name__} is not kept")
