"""The cover of a paper: what it is called, how long it takes, its sheets with their points, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct

from byhand.worksheet.asked import as_words
from byhand.worksheet.document import Document, Role, in_halves, points_told
from byhand.worksheet.effort import time_told
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import View

LONGEST_DATE = 20  # characters


class Cover(Struct, frozen=True, eq=False):
    """What stands before the sheets of a paper."""

    title: str
    course: str
    date: str
    time: int
    """The minutes that students have; 0 where nobody says it."""
    text: Sequence[Any]
    """A text of somebody's own, as Markdown tokens."""
    sheets: tuple[Document, ...]
    messages: Messages
    seed: str
    """As it is printed."""
    name: str
    """That of the paper's file."""
    asked: Mapping[str, str]
    """What its files say of themselves to whoever reads them back, in words."""
    is_printed: bool = True
    """Whether it stands before the sheets in print; a folder of pages always has it, as its index."""

    @property
    def short_date(self) -> str:
        """The date, if there is room for it on the line beside that for the name."""
        return self.date if len(self.date) <= LONGEST_DATE else ""

    def subtitle(self, without: str = "") -> str:
        """The course, the date, the time and the points, as far as they are known. without: what stands elsewhere."""
        time = time_told(self.time, self.messages) if self.time else ""
        told = (self.course, self.date, time, self.told_points)
        return " · ".join(text for text in told if text and text != without)

    @property
    def steps_to_do(self) -> int:
        """How many steps of all sheets ask for something."""
        return sum(sheet.steps_to_do for sheet in self.sheets)

    @property
    def minutes(self) -> int:
        """The minutes that all sheets say that they take."""
        return sum(sheet.minutes for sheet in self.sheets)

    @property
    def told_points(self) -> str:
        """What all sheets are worth, in words; "" where nobody says it."""
        return points_told(self._points, self.messages) if self._points else ""

    @property
    def points_in_all(self) -> str:
        """What all sheets are worth, as a number."""
        return in_halves(self._points)

    @property
    def _points(self) -> Fraction:
        return sum((worth for sheet in self.sheets for worth in sheet.points.values()), Fraction(0))

    @property
    def conventions(self) -> list[Sequence[Any]]:
        """The conventions of all sheets that do not print them, each once."""
        lines = [line for sheet in self.sheets if "conventions" not in sheet.head for line in sheet.conventions]
        return [line for n, line in enumerate(lines) if line not in lines[:n]]

    @property
    def boxes(self) -> frozenset[Role]:
        """The kinds of boxes on the pages of sheets that do not say what they mean."""
        without = (sheet.boxes for sheet in self.sheets if "conventions" not in sheet.head)
        return frozenset[Role]().union(*without)

    def says(self, view: View) -> str:
        """What a file in a view says of itself, in one line."""
        return as_words({**self.asked, "view": view})
