"""How much a student has to do on a sheet, and how long that takes. Only what the student writes counts."""

from __future__ import annotations

from msgspec import Struct

from byhand.effort import TYPICAL, minutes
from byhand.worksheet.messages import Messages, messages


class Effort(Struct, frozen=True):
    """What a student has to do. seconds: the time that a practised person needs. blanks: the number of cells to
    compute. copies: the number of cells to copy. questions: the number of questions.
    """

    seconds: float = 0.0
    blanks: int = 0
    copies: int = 0
    questions: int = 0

    def __add__(self, other: Effort) -> Effort:
        return Effort(
            self.seconds + other.seconds,
            self.blanks + other.blanks,
            self.copies + other.copies,
            self.questions + other.questions,
        )

    @property
    def minutes(self) -> int:
        """The minutes that a typical student needs."""
        return minutes(TYPICAL * self.seconds)

    @property
    def practised(self) -> int:
        """The minutes that a practised person needs."""
        return minutes(self.seconds)

    def __str__(self) -> str:
        """The minutes and the counts, in one English line."""
        hand = f"{TYPICAL} times the {self.practised} min of a practised hand"
        return f"about {self.minutes} min: {self.counted(messages())} ({hand})"

    def counted(self, messages: Messages) -> str:
        """The counts in words: "62 blanks, 9 copies, 1 question"."""
        counts = {"blanks": self.blanks, "copies": self.copies, "questions": self.questions}
        texts = (messages.say(f"effort.{kind}", n=n) for kind, n in counts.items() if n)
        return ", ".join(texts) or messages.say("effort.nothing")
