"""The sheets in the order of the course, and how long each takes: what `list` shows, made once and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from byhand.cache import cached_by
from byhand.errors import ByHandError
from byhand.worksheet.card import Card
from byhand.worksheet.folders import ENGLISH
from byhand.worksheet.program import program_key

if TYPE_CHECKING:
    from byhand.options import Options

INDEX = "index.html"


class Listed(Struct, frozen=True):
    """A sheet of the course."""

    name: str
    number: int
    title: str
    prerequisites: tuple[str, ...]
    model: str
    """The name of its model."""
    minutes: int
    """The time that it takes with its own numbers."""


@cached_by("course", lambda language=ENGLISH: program_key("course", language))
def course(language: str = ENGLISH) -> tuple[Listed, ...]:
    """Every sheet in a language, in the order of the course.

    Raises: ByHandError where a sheet cannot be made.
    """
    from byhand.worksheet.sheet import all_names

    return tuple(_listed(name, language) for name in all_names(language))


def _listed(name: str, language: str) -> Listed:
    from byhand.arrange import own_effort
    from byhand.worksheet.sheet import load_sheet

    sheet = load_sheet(name, language)
    minutes = own_effort(sheet).minutes
    return Listed(name, sheet.number, sheet.title, sheet.prerequisites, sheet.model.name, minutes)


def without_errors(language: str, tell: Callable[[ByHandError], None]) -> Iterator[Listed]:
    """The sheets of `course` that can be made. tell: says why another one cannot."""
    with suppress(ByHandError):  # which is told below
        yield from course(language)
        return
    from byhand.worksheet.sheet import all_names

    for name in all_names(language):
        try:
            yield _listed(name, language)
        except ByHandError as error:
            tell(error)


def write_index(made: Mapping[str, Sequence[Path]], options: Options, out: Path) -> list[Path]:
    """Write the index of a course's folder beside the folders of its sheets. made: the files of each sheet.

    Raises: ByHandError.
    """
    from byhand.files import write
    from byhand.formats.html.index import index
    from byhand.worksheet.messages import messages
    from byhand.worksheet.views import LECTURER, VIEWS

    say, pages = messages(options.language).say, {}
    for name, paths in made.items():
        known = {path.stem: path for path in paths if path.suffix == ".html"}
        pages[name] = [(say(f"views.{view}"), f"{known[view].parent.name}/{view}.html")
                       for view in (*VIEWS, LECTURER) if view in known]  # fmt: skip
    cards = [card for card in covers(options.language) if card.name in made]
    page = index(
        cards, pages, messages(options.language), options.paper, options.printed_seed, len(options.views) > 1
    )
    return write(out, {INDEX: page.encode()})


@cached_by("covers", lambda language=ENGLISH: program_key("covers", language))
def covers(language: str = ENGLISH) -> tuple[Card, ...]:
    """A card of every sheet in a language, with its own numbers, in the order of the course."""
    from byhand.arrange import arrange
    from byhand.choose import choose
    from byhand.formats.html.index import card
    from byhand.options import Options
    from byhand.worksheet.sheet import all_sheets

    cards = []
    for sheet in all_sheets(language):
        options = Options(language=language).on(sheet)
        values, quality = choose(sheet, options)
        cards.append(card(arrange(sheet, values, options, quality)[0]))
    return tuple(cards)
