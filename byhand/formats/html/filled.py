"""A page for the screen that is kept for all runs of its sheet, with the numbers of a run filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import escape

from byhand.errors import SheetError, tell_debug
from byhand.fonts import fonts_of
from byhand.formats import Setup
from byhand.formats.html.looks import in_drawings
from byhand.formats.html.page import ASKED, FONTS, Pages, pages
from byhand.notation.marks import MARK, Html, Svg, mark_number
from byhand.page.page import Page
from byhand.page.printed import PrintPage
from byhand.press import kept_page, with_slots, with_texts
from byhand.worksheet.looks import look_of
from byhand.worksheet.views import View

_DATA = '<script type="application/json"'  # begins what a script reads


def html(page: Page, view: View, setup: Setup) -> bytes:
    """A page for the screen as a file."""
    return screen_page(pages(page), view, setup).encode()


def screen_page(pages: Pages, view: View, setup: Setup) -> str:
    """A page for the screen: filled into the one that all runs of its sheet share, where it may be."""
    if setup.fills and view != "worked" and pages.page.document.over:
        try:
            return _filled(pages, view, setup)
        except SheetError as error:  # as where it looks at a number as it is written
            tell_debug("%s, %s: written by itself; %s", pages.page.document.name, view, error)
    return pages.html(view, "screen", setup.paper, setup=setup)


def _filled(pages: Pages, view: View, setup: Setup) -> str:
    """The page that all runs share, with the texts of this one.

    Raises: as `kept_page`.
    """
    framed = with_slots(pages)

    def write() -> PrintPage:
        return PrintPage(framed.html(view, "screen", setup.paper, setup=setup))

    kept = kept_page(framed, "screen", write, view, setup.paper, setup.feedback, cache=setup.cache)
    texts = kept.texts(framed.page, framed.writers)
    look = look_of(pages.page.document.look)
    texts = {mark: Html(in_drawings(text, look)) if isinstance(text, Svg) else text for mark, text in texts.items()}
    before, *data = kept.page.html.split(_DATA)
    html = with_texts(before, texts) + "".join(_DATA + _filled_data(each, texts) for each in data)
    html = html.replace(ASKED, str(escape(pages.words(view, setup))), 1)
    return html.replace(FONTS, fonts_of(html), 1)


def _filled_data(script: str, texts: Mapping[int, str]) -> str:
    """What a script reads, with texts in place of its marks."""

    def as_json(mark: Any) -> str:
        return json.dumps(str(texts[mark_number(mark[0])]), ensure_ascii=False)[1:-1].replace("<", "\\u003c")

    return MARK.sub(as_json, script)
