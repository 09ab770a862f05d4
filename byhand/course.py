"""The sheets in the order of the course, and how long each takes: what `list` shows, made once and kept."""

from __future__ import annotations

from msgspec import Struct

from byhand.cache import cached_by
from byhand.formats.program import program_key
from byhand.worksheet.folders import ENGLISH


class Listed(Struct, frozen=True):
    """A sheet of the course. model: the name of its model. minutes: the time that it takes with its own numbers."""

    name: str
    number: int
    title: str
    prerequisites: tuple[str, ...]
    model: str
    minutes: int


@cached_by("course", lambda language=ENGLISH: program_key("course", language))
def course(language: str = ENGLISH) -> tuple[Listed, ...]:
    """Every sheet in a language, in the order of the course.

    Raises: ByHandError where a sheet cannot be made.
    """
    from byhand.arrange import own_effort
    from byhand.worksheet.sheet import all_sheets

    return tuple(
        Listed(
            sheet.name, sheet.number, sheet.title, sheet.prerequisites, sheet.model.name, own_effort(sheet).minutes
        )
        for sheet in all_sheets(language)
    )
