"""The hidden sheet for the program that marks: its columns, and what it says of the spreadsheet."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

HIDDEN = "byhand"  # its name
ABOUT, ID, PLACE, GIVEN, WORDS = 0, 1, 2, 3, 5  # its columns; the last ones have the vocabulary, and options
SCHEMA = 1


class About(Struct, frozen=True):
    """What a spreadsheet says of itself: which sheet and numbers it is, and how its answers are read."""

    schema: int
    byhand: str
    """The version that wrote it."""
    sheet: str
    seed: int | None
    options: dict[str, Any]
    hash: str
    id: str
    """The id of the student whose copy it is."""
    name: str
    """The name of that student."""
    named: str
    """The cell that the student writes a name into."""
    worksheet: str
    """The name of the page."""
    fractions: bool
    """Whether numbers are fractions."""
    sure: bool
    """Whether the spreadsheet says all that decides its numbers."""
    choices: dict[str, dict[str, str]]
    """For each reply with options, these by their labels."""
