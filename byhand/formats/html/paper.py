"""A paper as HTML: its cover in print, and a folder of pages for the screen behind the cover as an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from byhand.formats import Setup
from byhand.formats.html.page import pages as pages_of
from byhand.formats.html.page import rendered
from byhand.page.page import Page
from byhand.worksheet.cover import Cover
from byhand.worksheet.views import LECTURER, Medium, View

Links = Mapping[str, Sequence[tuple[str, str]]]  # by sheet, what leads to its pages, and where to


def cover_page(
    cover: Cover, medium: Medium, setup: Setup, view: View, *, links: Links | None = None, name: str = "",
    whose: str = "",
) -> str:  # fmt: skip
    """The cover of a paper. name, whose: of the student whose it is, as on the line for the name and at the foot."""
    known: dict[str, Any] = {"cover": cover, "links": links or {}, "view": view, "name": name, "whose": whose}
    return rendered(
        "paper.html",
        medium,
        setup.paper,
        cover.messages,
        asked=cover.says(view),
        large=setup.large,
        look=setup.look,
        **known,
    )


def folder(cover: Cover, sheets: Sequence[Page], views: Sequence[View], setup: Setup) -> Mapping[str, bytes]:
    """The files of a paper for the screen: each sheet in each view, and the cover, which leads to all."""
    of_sheets = [view for view in views if view != LECTURER]
    files = {
        f"{page.document.name}-{view}.html": pages_of(page).html(view, "screen", setup.paper, setup=setup).encode()
        for page in sheets
        for view in of_sheets
    }
    say = cover.messages.say
    links = {
        page.document.name: [
            (
                page.document.title if view == "worksheet" else say(f"views.{view}"),
                f"{page.document.name}-{view}.html",
            )
            for view in of_sheets
        ]
        for page in sheets
    }
    if LECTURER in views:
        from byhand.formats.html.half_page import half_pages

        files["half-pages.html"] = half_pages(sheets, "screen", setup).encode()
    return files | {"index.html": cover_page(cover, "screen", setup, "worksheet", links=links).encode()}
