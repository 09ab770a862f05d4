"""The half pages for who teaches, as HTML: for the screen, and for print, where several stand two on a page."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from msgspec.structs import replace

from byhand.formats import Setup
from byhand.formats.html.page import paper_size, rendered
from byhand.page.half_page import sketch, time_bar
from byhand.page.measures import LARGE
from byhand.page.page import Page
from byhand.pictures.shapes import Graphic
from byhand.worksheet.asked import as_words
from byhand.worksheet.half_page import HalfPage, half_page
from byhand.worksheet.views import LECTURER, Medium, View

ASKED = as_words({"holds": LECTURER})  # what it says of itself for who reads pages back


def html(page: Page, view: View, setup: Setup) -> bytes:
    """The half page of a sheet as a file for the screen."""
    return half_pages([page], "screen", setup).encode()


def half_pages(pages: Sequence[Page], medium: Medium, setup: Setup) -> str:
    """The half pages of some sheets as one page.

    Raises: SheetError where a sheet does not say what a half page has, or a template does not parse.
    """
    halves = [half_page(page.document) for page in pages]
    messages = pages[0].messages
    title = pages[0].document.title if len(pages) == 1 else messages.say("book.title")
    return rendered(
        "half-page.html", medium, setup.paper, messages, large=setup.large, look=setup.look, asked=ASKED,
        view="worksheet", size=paper_size(setup.paper), title=f"{title} ({messages.say(f'views.{LECTURER}')})",
        halves=[(half, Markup(_sketch(half, setup).svg), Markup(time_bar(half).svg)) for half in halves],
    )  # fmt: skip


def _sketch(half: HalfPage, setup: Setup) -> Graphic:
    """The sketch for the board; in large print, as wide as the page."""
    drawn = sketch(half)
    return replace(drawn, scale=LARGE.page[0] / drawn.width) if setup.large else drawn
