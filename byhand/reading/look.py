"""Whether a page shows nothing but what byhand prints: it is printed again, and only what is filled in may differ."""

from __future__ import annotations

import re

from byhand import __version__
from byhand.errors import UnreadableError
from byhand.formats.html.page import PAPERS
from byhand.reading.back import Again
from byhand.reading.markup import markup_difference
from byhand.reading.page import Page
from byhand.reading.verdict import CLASS_UNKNOWN, SECRET_UNKNOWN
from byhand.reading.ways import with_others
from byhand.worksheet.folders import own_templates
from byhand.worksheet.views import Paper

_VARIANTS = re.compile(r'<script type="application/json" id="variants">[^<]*</script>\n')
_FONT = re.compile(r"data:font/[A-Za-z0-9;,+/=]*")


def numbers_alone(page: Page) -> str:
    """Why a page cannot be printed here as it was there, so that its numbers alone are judged; empty where it can."""
    if page.foot.version != __version__:
        return f"byhand {page.foot.version} made it, and this is {__version__}"
    if page.secret_unknown:
        return SECRET_UNKNOWN
    if page.class_unknown:
        return CLASS_UNKNOWN
    if page.asked.get("templates", "") != own_templates():
        return "it was not printed with the templates that are in use here"
    return ""


def check_markup(page: str, again: Again) -> str:
    """Compare all of an HTML page with its reprint, also the other numbers that it brings along.

    Returns what is not compared: these numbers, where their seeds do not tell them.

    Raises: UnreadableError where it shows or holds something else.
    """
    told = ""
    if "variants" in again.page.asked:
        others = with_others(again)
        if others is None:
            page, told = _VARIANTS.sub("", page, count=1), "the other numbers that it brings along are not judged"
        again = others or again
    paper: Paper = "letter" if str(PAPERS["letter"]["size"]) in page else "a4"
    reprint = again.html(paper)
    if difference := markup_difference(page, reprint):
        if not markup_difference(*(_VARIANTS.sub("", each) for each in (page, reprint))):
            difference = "the other numbers that it brings along are not those of the seeds after its own"
        elif not markup_difference(*(_FONT.sub("", each) for each in (page, reprint))):
            difference = (
                "its fonts are not those that are built here, as where other versions of fonttools are installed"
            )
        raise UnreadableError(f"it was changed: {difference}")
    return told
