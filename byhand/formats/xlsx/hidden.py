"""The hidden sheet for the program that marks: its columns, and what it says of the spreadsheet."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

HIDDEN = "byhand"  # its name
ABOUT, ID, PLACE, GIVEN, WORDS = 0, 1, 2, 3, 5  # its columns; the last ones have the vocabulary, and options
SCHEMA = 1


class About(Struct, frozen=True):
    """What a spreadsheet says of itself: which sheet and numbers it is, and how its answers are read.

    byhand: the version that wrote it. id, name: of the student whose copy it is. named: the cell with the student's
    name. worksheet: the name of the page. fractions: whether numbers are fractions. sure: whether it says all that
    decides its numbers. choices: for each reply with options, these by their labels.
    """

    schema: int
    byhand: str
    sheet: str
    seed: int | None
    options: dict[str, Any]
    hash: str
    id: str
    name: str
    named: str
    worksheet: str
    fractions: bool
    sure: bool
    choices: dict[str, dict[str, str]]
