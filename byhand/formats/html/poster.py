"""The poster of the family as HTML, for the screen and for print: as wide as its paper, which lies on its side."""

from __future__ import annotations

from markupsafe import Markup

from byhand.formats.extra import ASKED
from byhand.formats.html.page import rendered
from byhand.page.poster import grid
from byhand.pictures.canvas import INK, PEN
from byhand.pictures.labels import words
from byhand.worksheet.markdown import inline
from byhand.worksheet.messages import Messages
from byhand.worksheet.poster import NONE, Row, rows
from byhand.worksheet.sheet import OnPoster
from byhand.worksheet.views import Medium, View

WIDTHS = {  # of its columns, in cm on A3
    "sheet": 3.9, "name": 6.5, "year": 1.9, "looks": 2.5, "exact": 2.0, "causal": 2.1, "scores": 5.2, "kept": 5.3,
    "forgets": 9.0,
}  # fmt: skip
COLUMNS = (*WIDTHS,)[1:]
WRITTEN, PAD, LINES = 4.94, 4.0, 2  # mm on A3: the size of what is written, the room beside it; the lines of a row
HIGH, HIGHEST = 225.0, 16.0  # mm on A3: the room for all rows, and the height of one
WIDTH = 420.0  # mm: of A3


def poster(view: View, medium: Medium, size: tuple[float, float], messages: Messages) -> str:
    """The poster in one view. size: of the paper upright, in mm.

    Raises: SheetError where the entry of a sheet is none, or a template does not parse.
    """
    whole, shown, say = rows(messages), view != "worksheet", messages.say
    heads = {name: inline(say(f"poster.{name}")) for name in ("sheet", *COLUMNS)}
    told = [inline(say(f"poster.{name}")) for name in ("exact_is", "causal_is", "kept_is")]
    scale = size[1] / WIDTH
    return rendered(
        "poster.html", medium, "a4", messages, asked=ASKED, view=view, size=size, unit=10 * scale,
        heads=heads, widths=WIDTHS, columns=COLUMNS,
        is_long=_is_long, told=told, title=say("poster.title") + f" ({say('views.key')})" * shown,
        row_height=min(HIGHEST, HIGH / max(1, len(whole))) / 10,
        rows=[(row, row.is_example or shown, _grid(row, shown, scale, messages)) for row in whole],
    )  # fmt: skip


def _is_long(column: str, text: str) -> bool:
    """Whether a text needs more lines than a row has, so that it is set smaller."""
    return words(text, WRITTEN).width > LINES * 0.9 * (10 * WIDTHS[column] - PAD)


def _grid(row: Row, shown: bool, scale: float, messages: Messages) -> Markup:
    if row.is_example or shown:
        return Markup(grid(row.grid, row.looks, scale, INK if row.is_example else PEN).svg)
    empty = (NONE * OnPoster.WORDS,) * OnPoster.WORDS
    return Markup(grid(empty, messages.say("poster.empty"), scale).svg)
