"""Pages beside the sheets: they are made of front matter and drawings, and have no run.

They are written as HTML and PDF, into a folder of their name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Literal

from msgspec import Struct

from byhand.errors import ConfigError
from byhand.worksheet.asked import as_words
from byhand.worksheet.messages import Messages, messages
from byhand.worksheet.views import Medium, View

Size = tuple[float, float]
ExtraPaper = Literal["a4", "letter", "a3"]
SIZES: Mapping[ExtraPaper, Size] = {
    "a4": (210.0, 297.0),
    "letter": (215.9, 279.4),
    "a3": (297.0, 420.0),
}  # mm, upright
FORMATS = ("html", "pdf")
NOT_ASKED = ("html", "pdf", "json")  # what is asked for where nobody asks: no run, no run.json
Html = Callable[[View, Medium, Size, Messages], str]
ASKED = as_words({"holds": "extra"})  # what such a page says of itself for who reads pages back


class ExtraPage(Struct, frozen=True):
    """A page beside the sheets."""

    html: str
    """The function that writes it, by its module and its name in the folder html."""
    views: tuple[View, ...]
    """Its views; the files of a page with one view have its name."""
    papers: tuple[ExtraPaper, ...]


EXTRA = {
    "family-poster": ExtraPage("poster:poster", ("worksheet", "key"), ("a4", "letter", "a3")),
    "cut-outs": ExtraPage("cut_outs:cut_outs", ("worksheet",), ("a4", "letter")),
}


def files_of(
    name: str,
    views: Sequence[View] | None,
    formats: Sequence[str],
    paper: ExtraPaper,
    language: str,
    cache: bool = True,
) -> dict[str, bytes]:
    """The files of a page beside the sheets, by their names. views: None for all that it has.

    Raises: ConfigError for a view, a format or a paper that it does not have; SheetError where an entry of a sheet is
    none.
    """
    from byhand.press import printed

    page = EXTRA[name]
    if other := next((view for view in views or () if view not in page.views), None):
        raise ConfigError(f"{name} has no view {other}; {_instead('--view', page.views)}")
    wrong = [format for format in formats if format not in FORMATS]
    if wrong and tuple(formats) != NOT_ASKED:
        raise ConfigError(f"{name} has no numbers for the format {wrong[0]}; use --format {','.join(FORMATS)}")
    if paper not in page.papers:
        raise ConfigError(f"{name} is not printed on {paper}; {_instead('--paper', page.papers)}")
    module, _, function = page.html.partition(":")
    write: Html = getattr(import_module(f"byhand.formats.html.{module}"), function)
    files, said = dict[str, bytes](), messages(language)
    for view in views or page.views:
        stem = view if len(page.views) > 1 else name
        if "html" in formats:
            files[f"{stem}.html"] = write(view, "screen", SIZES[paper], said).encode()
        if "pdf" in formats:
            files[f"{stem}.pdf"] = printed(write(view, "print", SIZES[paper], said), cache)
    return files


def _instead(option: str, there: Sequence[str]) -> str:
    return f"use {option} {' or '.join(there)}" if len(there) > 1 else f"leave out {option}"
