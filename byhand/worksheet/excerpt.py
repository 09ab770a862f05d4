"""What a paper takes of a sheet: some of its steps, their points, room to write, and texts of one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, get_args

from msgspec import Struct, field

from byhand.errors import ConfigError, UnknownNameError
from byhand.notation.number import shown

HeadPart = Literal["riddle", "minutes", "date", "map", "conventions", "before", "goals"]
HEAD = get_args(HeadPart)  # what a sheet has beside its title and its steps; its number stands beside the minutes
TOGETHER = ""  # stands for all steps where points are given
LEAST = Fraction(1, 2)  # points of a step
MOST_POINTS = 1_000
MOST_MORE = 30  # lines: about a page
LONGEST_TEXT = 5_000  # characters
_POINTS = re.compile(r"\d{1,4}(\.[05])?")


class Excerpt(Struct, frozen=True, forbid_unknown_fields=True):
    """What is taken of a sheet; by default all of it, as it is.

    Raises: ConfigError for points, lines or a text that no page has.
    """

    steps: tuple[str, ...] = ()
    """Numbers, ranges such as 2-4, or titles; none for all steps."""
    points: Mapping[str, str] = field(default_factory=dict)
    """What steps are worth, by number or title; under TOGETHER, what all of them are worth, which they share."""
    lines: int = 0
    """How many more lines there are to write on in each step that asks for something."""
    before: str = ""
    """A text of one's own before the first step, in Markdown."""
    after: str = ""
    """A text of one's own after the last step."""
    head: tuple[str, ...] = HEAD
    """What the sheet keeps of HEAD."""
    help: bool = True
    """Whether hints, checks and guesses are printed."""

    def __post_init__(self) -> None:
        for step, worth in self.points.items():
            of = f" of step {step}" if step else ""
            if not _POINTS.fullmatch(worth) or not LEAST <= Fraction(worth) <= MOST_POINTS:
                raise ConfigError(
                    f"points{of}: {shown(worth)}; give a number from 1/2 to {MOST_POINTS:,}, in halves: 2.5"
                )
        if TOGETHER in self.points and len(self.points) > 1:
            raise ConfigError("points are given for all steps together, or for each by itself, not both")
        if not 0 <= self.lines <= MOST_MORE:
            raise ConfigError(f"lines: {self.lines}; a page has room for 0 to {MOST_MORE}")
        if (longest := max(len(self.before), len(self.after))) > LONGEST_TEXT:
            raise ConfigError(f"a text of your own has {longest:,} characters; {LONGEST_TEXT:,} are the most")
        if unknown := [part for part in self.head if part not in HEAD]:
            raise ConfigError(str(UnknownNameError("part of a head", unknown[0], HEAD)))

    @property
    def is_whole(self) -> bool:
        """Whether all of the sheet is taken, with its help."""
        return self.help and not self.steps

    def keeps(self, part: str) -> bool:
        """Whether the sheet keeps a part of its head."""
        return part in self.head
