"""A page for the screen that is kept for all runs of its sheet, with the numbers of a run filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import escape

from byhand.arithmetic.copies import MARK, mark_number
from byhand.fonts import fonts_of
from byhand.formats import Setup
from byhand.formats.html.page import ASKED, FONTS, Pages
from byhand.press import kept_page, resolved, with_texts
from byhand.worksheet.views import View

_DATA = '<script type="application/json"'  # begins what a script reads


def screen_page(pages: Pages, view: View, setup: Setup) -> str:
    """A page with slots for the screen, with its numbers.

    Raises: as `kept_page`.
    """

    def write() -> str:
        return pages.html(view, "screen", setup.paper, setup=setup)

    page = kept_page(pages, "screen", write, view, setup.paper, setup.feedback, cache=setup.cache)
    texts = page.texts(pages.page.run, pages.writers)
    before, *data = page.html.split(_DATA)
    html = with_texts(before, texts) + "".join(_DATA + _filled_data(each, texts) for each in data)
    words = resolved(pages.words(view, setup), pages.page.run)
    return html.replace(ASKED, str(escape(words)), 1).replace(FONTS, fonts_of(html), 1)


def _filled_data(script: str, texts: Mapping[int, str]) -> str:
    """What a script reads, with texts in place of its marks."""

    def as_json(mark: Any) -> str:
        return json.dumps(str(texts[mark_number(mark[0])]), ensure_ascii=False)[1:-1].replace("<", "\\u003c")

    return MARK.sub(as_json, script)
