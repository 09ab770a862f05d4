"""An index of sheets for the screen: a card for each with a picture, in groups and routes, and what is done of it.

What a student did on a sheet is kept in the browser by its page. Where the files of a folder share what is kept, as
they do from any server, the index tells how far one is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from byhand import __version__
from byhand.formats.html.page import Script, prose, rendered
from byhand.formats.html.script import script
from byhand.page import map as architecture_map
from byhand.page import picture
from byhand.worksheet.asked import as_words
from byhand.worksheet.card import Card
from byhand.worksheet.document import Document, Picture
from byhand.worksheet.effort import time_told
from byhand.worksheet.lecturer import routes_told
from byhand.worksheet.messages import Messages
from byhand.worksheet.order import groups
from byhand.worksheet.views import Paper

BOOK = as_words({"holds": "sheets"})  # what it says of itself, as a book does, for who reads pages back


def card(document: Document) -> Card:
    """The card of a sheet: its picture is its first picture of an idea, or else its map."""
    figures = (block for block in document.blocks if isinstance(block, Picture))
    drawn = next((picture.svg(figure, False) for figure in figures), "") or architecture_map.graphic(document).svg
    time = time_told(document.minutes, document.messages, len(document.sittings))
    return Card(
        document.name, document.number, document.title, document.group, str(prose(document.goal)), time,
        document.minutes, drawn,
    )  # fmt: skip


Links = Mapping[str, Sequence[tuple[str, str]]]  # by a sheet's name, its pages: what each is called, and its address


def index(
    cards: Sequence[Card], links: Links, messages: Messages, paper: Paper, seed: str, has_keys: bool,
    lecturer_page: str = "", look: str = "",
) -> str:  # fmt: skip
    """The index as HTML. has_keys: whether keys are beside it. lecturer_page: the address of the lecturer's page.

    look: as of `rendered`.
    """
    known = {card.name: card for card in cards}
    routes = routes_told({card.name: card.minutes for card in cards}, messages)
    return rendered(
        "index.html", "screen", paper, messages, asked=BOOK, look=look, scripts=(Script(script(("progress",))),),
        view="worksheet", **front([card.minutes for card in cards], messages, seed, has_keys),
        groups=in_groups(cards, lambda card: card.group, messages),
        ways=[told for told in routes if told.route.name != "exam"], cards=known, links=links,
        lecturer_page=lecturer_page, markup=Markup,
    )  # fmt: skip


def front(minutes: Sequence[int], messages: Messages, seed: str, has_keys: bool) -> dict[str, Any]:
    """What stands before some sheets: title, edition, how many they are, and their time. minutes: of each sheet."""
    say, sheets = messages.say, "book.sheets_and_keys" if has_keys else "book.sheets"
    return {
        "title": say("book.title"),
        "subtitle": say(sheets, n=len(minutes)),
        "edition": say("book.edition", version=__version__, seed=seed),
        "time": say("book.hours", n=max(1, round(sum(minutes) / 60))),
    }


def in_groups(
    sheets: Iterable[Any], group_of: Callable[[Any], str], messages: Messages
) -> list[tuple[str, list[Any]]]:
    """Sheets in the groups of the course, each with its name; one's own sheets come last."""
    by_group: dict[str, list[Any]] = {group: [] for group in (*groups(), "")}
    for sheet in sheets:
        by_group[group_of(sheet)].append(sheet)
    names = {group: f"course.groups.{group}" if group else "book.others" for group in by_group}
    return [(messages.say(names[group]), members) for group, members in by_group.items() if members]
