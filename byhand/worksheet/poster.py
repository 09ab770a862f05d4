"""The poster of the family: a row for each sheet that has one, to fill in when the sheet is done.

What a row says stands in the front matter of its sheet, under `poster`; the name of the idea and its year are those
of its `origin`. Sheets of other groups are examples: their rows are printed on the worksheet, too.
"""

from __future__ import annotations

from msgspec import Struct

from byhand.worksheet.front import read
from byhand.worksheet.messages import Messages
from byhand.worksheet.order import group_of
from byhand.worksheet.sheet import OnPoster, Sheet, all_names, load_sheet

GROUP = "family"  # whose sheets have rows to fill in
WHOLE, PARTLY, LITTLE, NONE = (*OnPoster.SIGNS,)  # how much a word looks at another


class Row(Struct, frozen=True):
    """A row of the poster: what is printed, and what is to be filled in."""

    number: int
    title: str
    is_example: bool
    name: str
    year: str
    grid: tuple[str, ...]
    """Who looks at whom, as of OnPoster."""
    looks: str
    """The same in words."""
    exact: str
    causal: str
    scores: str
    kept: str
    forgets: str


def rows(messages: Messages) -> list[Row]:
    """The rows of the poster, in the order of the course.

    Raises: SheetError where the entry of a sheet is none.
    """
    language = messages.language
    names = [name for name in all_names(language) if "poster" in read(name, language)[0]]
    return [_row(load_sheet(name, language), messages) for name in names]


def _row(sheet: Sheet, messages: Messages) -> Row:
    told, origin = sheet.poster, sheet.origin
    assert told is not None
    return Row(
        sheet.number, sheet.title, group_of(sheet.name) not in ("", GROUP), told.name or origin.name,
        told.year or origin.when, told.grid, looks(told.grid, messages), messages.say(f"poster.{told.exact}"),
        messages.say(f"poster.{told.causal}"), told.scores, told.kept, told.forgets,
    )  # fmt: skip


def looks(grid: tuple[str, ...], messages: Messages) -> str:
    """A grid in words."""
    say = messages.say
    share = {WHOLE: "poster.whole", PARTLY: "poster.partly", LITTLE: "poster.little"}
    seen = [[say(share[sign], n=j) for j, sign in enumerate(line, 1) if sign != NONE] for line in grid]
    lines = [say("poster.line", n=n, words=messages.listed(words)) for n, words in enumerate(seen, 1)]
    return say("poster.shaded", lines="; ".join(lines))
