"""What a preview shows, made in a process that goes on: its second page of a sheet takes a fraction of the first.

Each function here is asked for by its name in another process (worker.py), so it takes and returns plain data.
"""

from __future__ import annotations

import io
import json
from functools import lru_cache

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from byhand.cache import cached, cached_by
from byhand.notation.words import escaped
from byhand.options import Options
from byhand.options_file import options_of
from byhand.page.page import Page, lower
from byhand.paper import ExamPaper, Part, files_of, missing, paper_of
from byhand.pipeline import files_of as files_of_sheet
from byhand.pipeline import prepare
from byhand.worksheet.document import Document
from byhand.worksheet.order import group_of
from byhand.worksheet.program import program_key
from byhand.worksheet.sheet import all_names, load_sheet
from byhand.worksheet.thread import thread
from byhand.worksheet.views import View

NAME = "exam"  # of a paper's file, without its ending
CARD, WHOLE = 232, 1_400  # px: the width of a card's picture, which is shown half as wide, and of a page


class OnShelf(Struct, frozen=True):
    """A sheet as the gallery shows it."""

    name: str
    number: int
    """0 where it is none of the course's."""
    title: str
    group: str
    goal: str


class Step(Struct, frozen=True):
    """A step of a sheet that can be ticked off."""

    number: int
    title: str


class OfSheet(Struct, frozen=True):
    """What a sheet of a paper asks for."""

    minutes: int
    points: str
    page: int
    """The page of the paper on which it begins."""


class Look(Struct, frozen=True):
    """What a paper comes to."""

    pages: int
    """Of the view that is looked at."""
    steps: int
    minutes: int
    points: str
    sheets: dict[str, OfSheet]
    missing: tuple[str, ...]
    """What a lecturer may have forgotten, a line each."""


def shelf(language: str) -> tuple[OnShelf, ...]:
    """The sheets of the course in their order, then those of the thread."""
    return tuple(_on_shelf(name, language) for name in (*all_names(language), *thread(language).sheets))


def _on_shelf(name: str, language: str) -> OnShelf:
    sheet = load_sheet(name, language)
    return OnShelf(
        name, sheet.number, sheet.title, "thread" if sheet.of_thread else group_of(name) or "own", sheet.goal
    )


@cached_by("minutes", lambda name: program_key("minutes", name))
def minutes(name: str) -> int:
    """The minutes that a sheet takes with its own numbers."""
    from byhand.arrange import own_effort

    return own_effort(load_sheet(name)).minutes


def card(name: str, language: str) -> bytes:
    """The first page of a sheet as a small picture, in WebP."""

    def drawn() -> bytes:
        options = Options(seed=0, formats=("pdf",), views=("worksheet",), language=language)
        return _drawn(files_of_sheet(name, options, print)["worksheet.pdf"], 1, CARD)

    key = program_key("card", name, language)
    return drawn() if key is None else cached("cards", drawn, key)


@cached_by("steps", lambda name, language: program_key("steps", name, language))
def steps(name: str, language: str) -> tuple[Step, ...]:
    """The numbered steps of a sheet.

    Raises: ByHandError.
    """
    document, _ = prepare(load_sheet(name, language), Options(seed=0, language=language))
    return tuple(Step(part.number, escaped(part.title)) for part in document.sections if part.number)


def look(source: str, asked: str, view: View) -> Look:
    """What a paper comes to, its file's text and its options as JSON given.

    Raises: ByHandError where it cannot be made.
    """
    paper, options = _paper(source), _options(asked)
    pages = _pages(paper, asked)
    cover = paper.of_pages(pages, options)
    length, begins = _begins(pdf(source, asked, view), len(pages))
    of_sheets = {
        page.document.name: OfSheet(page.document.minutes, _worth(page.document), at)
        for page, at in zip(pages, begins, strict=True)
    }
    return Look(length, cover.steps_to_do, cover.minutes, cover.told_points, of_sheets, tuple(missing(paper, pages)))


def _worth(document: Document) -> str:
    return document.told_points if document.points else ""


def picture(source: str, asked: str, view: View, page: int) -> bytes:
    """A page of a paper in a view, in WebP. page: from 1.

    Raises: ByHandError.
    """
    return _drawn(pdf(source, asked, view), page, WHOLE)


@lru_cache(12)
def pdf(source: str, asked: str, view: View) -> bytes:
    """A paper in a view, for the printer.

    Raises: ByHandError.
    """
    paper, options = _paper(source), replace(_options(asked), views=(view,), formats=("pdf",))
    (made,) = files_of(paper, _pages(paper, asked), options).values()
    return made


@lru_cache(4)
def _paper(source: str) -> ExamPaper:
    return paper_of(NAME, source)


@lru_cache(4)
def _options(asked: str) -> Options:
    return options_of(json.loads(asked), "options")


def _pages(paper: ExamPaper, asked: str) -> list[Page]:
    return [_page(msgspec.json.encode(part), asked) for part in paper.parts]


@lru_cache(60)
def _page(part: bytes, asked: str) -> Page:
    """A sheet of a paper: one that stays as it was is not made again while another is changed."""
    of, options = msgspec.json.decode(part, type=Part), _options(asked)
    return lower(*prepare(load_sheet(of.sheet, options.language), of.options(options)))


def _begins(made: bytes, sheets: int) -> tuple[int, list[int]]:
    """How many pages a paper has, and on which each of its sheets begins, as its bookmarks say; 1 where none does."""
    import pypdfium2

    document = pypdfium2.PdfDocument(made)
    places = [mark.get_dest().get_index() for mark in document.get_toc() if mark.level == 0]
    return len(document), [1 + place for place in [*[0] * sheets, *places][-sheets:]]


def _drawn(made: bytes, page: int, width: int) -> bytes:
    """A page of a PDF as WebP, without loss: a few greys are enough for ink on paper, and they are chosen quickly."""
    import pypdfium2
    from PIL.Image import Quantize

    document = pypdfium2.PdfDocument(made)
    one = document[min(max(page, 1), len(document)) - 1]
    drawn = one.render(scale=width / one.get_width()).to_pil().convert("RGB")
    content, few = io.BytesIO(), drawn.quantize(32, Quantize.FASTOCTREE).convert("RGB")
    few.save(content, "WEBP", lossless=True, quality=0, method=0)
    return content.getvalue()
