"""The options of a sheet as files have them: a class's own file, and files of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from byhand.errors import ConfigError
from byhand.options import LONGEST_SEED, Options
from byhand.worksheet.excerpt import Excerpt
from byhand.worksheet.folders import ENGLISH
from byhand.worksheet.views import Level, Orientation, Paper


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The options that decide what a page shows; each is what Options has by default where it is left out."""

    seed: Annotated[int, msgspec.Meta(ge=0, lt=10**LONGEST_SEED)] | None = None
    numbers: Literal["exact", "decimal", "symbolic"] | None = None
    places: Annotated[int, msgspec.Meta(ge=1, le=12)] | None = None
    rounding: Literal["carry", "once"] = "carry"
    base: Literal[2, 3] | Literal["e"] | None = None
    orientation: Orientation = "rows"
    level: Level | None = None
    paper: Paper = "a4"
    large: bool = False
    look: str = ""
    language: str = ENGLISH
    tokens: tuple[str, ...] = ()
    answer: str = ""
    values: dict[str, Any] | None = None
    weight_places: Annotated[int, msgspec.Meta(ge=0, le=12)] | None = None
    excerpt: Excerpt = Excerpt()
    scan: bool = False


FIELDS = _Asked.__struct_fields__


def as_entries(options: Options) -> dict[str, Any]:
    """The options as a file has them; an excerpt, large print, a look and marks only where they are asked for."""
    left_out = {
        name for name in ("excerpt", "large", "look", "scan") if getattr(options, name) == getattr(Options(), name)
    }
    return {name: msgspec.to_builtins(getattr(options, name)) for name in FIELDS if name not in left_out}


def options_of(entries: Mapping[str, Any], file: str) -> Options:
    """The options that a file's entries stand for; those that are left out, or null, are as by default.

    Raises: ConfigError for another option, or another value.
    """
    given = {name: entry for name, entry in entries.items() if entry is not None}
    try:
        asked = msgspec.convert(given, type=_Asked)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: options: {error}") from None
    return Options(**{name: getattr(asked, name) for name in FIELDS})
