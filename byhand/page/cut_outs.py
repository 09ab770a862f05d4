"""Things to cut out, each for a sheet: the front matter says which picture draws it, and how it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from byhand.pictures import picture_named
from byhand.pictures.canvas import Canvas
from byhand.pictures.shapes import Graphic
from byhand.worksheet.front import read
from byhand.worksheet.markdown import inline
from byhand.worksheet.messages import Messages
from byhand.worksheet.sheet import Sheet, all_names, load_sheet, named


class Piece(Struct, frozen=True):
    """A thing to cut out."""

    sheet: str
    """The number and the title of its sheet."""
    name: str
    how: Sequence[Any]
    """How it is used, as Markdown tokens."""
    drawn: Graphic


def pieces(messages: Messages) -> list[Piece]:
    """The things to cut out, in the order of the course.

    Raises: SheetError, UnknownNameError where a sheet does not say what there is.
    """
    language = messages.language
    names = [name for name in all_names(language) if "cut_out" in read(name, language)[0]]
    return [_piece(load_sheet(name, language), messages) for name in names]


def _piece(sheet: Sheet, messages: Messages) -> Piece:
    told, (known,) = sheet.cut_out, named([sheet.name], messages.language)
    assert told is not None
    picture = picture_named(told.draws)
    on = Canvas(picture.width, picture.height, messages.say)
    picture.draw(on, config=sheet.values.get("config", {}), words=len(sheet.values.get("tokens", ())))
    drawn = Graphic(on.width, on.height, on.worksheet_says, on.drawn, name="piece")
    return Piece(known.called, told.name, inline(told.how), drawn)
