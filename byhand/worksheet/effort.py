"""How much a student has to do on a sheet, and how long that takes. Only what the student writes counts."""

from __future__ import annotations

from operator import add

from msgspec import Struct
from msgspec.structs import astuple

from byhand.effort import TYPICAL, minutes
from byhand.worksheet.messages import Messages


def time_told(minutes: int, messages: Messages, sittings: int = 1) -> str:
    """How long a sheet takes, as its page says it: "21 minutes", or "85 minutes, or three sittings".

    sittings: how many the sheet parts its steps into.
    """
    time = messages.say("effort.time", n=minutes)
    return messages.say("effort.sittings", time=time, count=messages.counted(sittings)) if sittings > 1 else time


class Effort(Struct, frozen=True):
    """What a student has to do."""

    seconds: float = 0.0
    """The time that a practised person needs."""
    blanks: int = 0
    """The number of cells to compute."""
    copies: int = 0
    """The number of cells to copy."""
    questions: int = 0
    """The number of questions."""

    def __add__(self, other: Effort) -> Effort:
        return Effort(*map(add, astuple(self), astuple(other)))

    @property
    def minutes(self) -> int:
        """The minutes that a typical student needs."""
        return minutes(TYPICAL * self.seconds)

    def __str__(self) -> str:
        """The minutes and the counts, in one English line."""
        hand = f"{TYPICAL} times the {minutes(self.seconds)} min of a practised hand"
        return f"about {self.minutes} min: {self.counted} ({hand})"

    @property
    def counted(self) -> str:
        """The counts in English: "62 blanks, 9 copies, 1 question"."""
        counts = {("blank", "blanks"): self.blanks, ("copy", "copies"): self.copies,
                  ("question", "questions"): self.questions}  # fmt: skip
        return ", ".join(f"{n} {words[n != 1]}" for words, n in counts.items() if n) or "nothing to fill in"
