"""An index of sheets for the screen: a card for each with a picture, in groups and routes, and what is done of it.

What a student did on a sheet is kept in the browser by its page. Where the files of a folder share what is kept, as
they do from any server, the index tells how far one is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from msgspec import Struct

from byhand.formats import Paper
from byhand.formats.html import map as architecture_map
from byhand.formats.html import picture
from byhand.formats.html.page import Script, prose, rendered
from byhand.formats.html.script import script
from byhand.worksheet.card import Card
from byhand.worksheet.document import Document, Picture
from byhand.worksheet.effort import time_told
from byhand.worksheet.messages import Messages
from byhand.worksheet.order import GROUPS, ROUTES


class Way(Struct, frozen=True):
    """A route on an index: what it is called, its time, and the sheets of each sitting."""

    name: str
    time: str
    about: str
    sittings: tuple[tuple[Card, ...], ...]


def card(document: Document) -> Card:
    """The card of a sheet: its picture is its first picture of an idea, or else its map."""
    figures = (block for block in document.blocks if isinstance(block, Picture))
    drawn = next((picture.svg(figure, False, False) for figure in figures), "") or architecture_map.svg(document)
    minutes = document.effort.minutes
    time = time_told(minutes, document.messages, document.sittings)
    return Card(
        document.name, document.number, document.title, document.group, str(prose(document.goal)), time, minutes,
        drawn,
    )  # fmt: skip


Links = Mapping[str, Sequence[tuple[str, str]]]  # by a sheet's name, its pages: what each is called, and its address


def index(
    cards: Sequence[Card], links: Links, messages: Messages, paper: Paper, title: str, edition: str, subtitle: str,
    asked: str = "", lecturer_page: str = "",
) -> str:  # fmt: skip
    """The index as HTML. lecturer_page: the address of the page for the lecturer, if there is one."""
    groups = {group: [card for card in cards if card.group == group] for group in dict.fromkeys([*GROUPS, ""])}
    names = {group: f"course.groups.{group}" if group else "book.others" for group in groups}
    hours = max(1, round(sum(card.minutes for card in cards) / 60))
    return rendered(
        "index.html", "screen", paper, messages, asked=asked, scripts=(Script(script(("progress",))),),
        view="worksheet", title=title, edition=edition, subtitle=subtitle, time=messages.say("book.hours", n=hours),
        groups=[(messages.say(names[group]), own) for group, own in groups.items() if own],
        ways=ways(cards, messages), links=links, lecturer_page=lecturer_page, markup=Markup,
    )  # fmt: skip


def ways(cards: Sequence[Card], messages: Messages) -> list[Way]:
    """The routes whose sheets are all there, but for that of an exam."""
    known = {card.name: card for card in cards}
    found = []
    for route in ROUTES:
        if route.name == "exam" or not route.names <= known.keys():
            continue
        times = route.minutes({card.name: card.minutes for card in cards})
        places = {"n": len(times), "minutes": sum(times), "least": min(times), "most": max(times)}
        name, time, about = (messages.say(f"lecturer.routes.{route.name}.{part}", **places)
                             for part in ("name", "time", "about"))  # fmt: skip
        found.append(Way(name, time, about, tuple(tuple(known[each] for each in names) for names in route.sittings)))
    return found
