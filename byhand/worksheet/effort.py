"""What a sheet asks of a student, and how long that takes: only what is to be written counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from byhand.effort import QUESTION, STEP, TYPICAL, minutes, worked, writing
from byhand.worksheet.document import (
    Answer,
    Cell,
    Choice,
    Claim,
    Falk,
    Figure,
    Panel,
    Prose,
    Remark,
    Section,
    Strip,
    Table,
    Word,
    WordBoxes,
)


@dataclass(frozen=True)
class Effort:
    """seconds: those of a practised hand; blanks: cells to be computed; copies: cells to be copied."""

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
        """What a typical student needs."""
        return minutes(TYPICAL * self.seconds)

    @property
    def practised(self) -> int:
        """What a practised hand needs, in minutes."""
        return minutes(self.seconds)

    def __str__(self) -> str:
        """All of it in a line."""
        hand = f"{TYPICAL} times the {self.practised} min of a practised hand"
        return f"about {self.minutes} min: {self.counted} ({hand})"

    @property
    def counted(self) -> str:
        """What is counted: "62 blanks, 9 copies, 1 question"."""
        words = (("blank", "blanks"), ("copy", "copies"), ("question", "questions"))
        counts = zip((self.blanks, self.copies, self.questions), words, strict=True)
        return ", ".join(f"{n} {one if n == 1 else many}" for n, (one, many) in counts if n) or "nothing to fill in"


def effort(sections: Iterable[Section]) -> Effort:
    """The effort of all that the sections ask for."""
    parts = [_of(block) for section in sections for block in (*section.figures, *section.words)]
    return sum(parts, Effort())


def _of(block: Figure | Word) -> Effort:
    match block:
        case Falk() | Strip():
            return sum(map(_panel, block.panels), Effort())
        case WordBoxes(_, cells):
            return _blanks(cells)
        case Table():
            return sum((_blanks([c for c in row if isinstance(c, Cell)]) for row in block.rows), Effort())
        case Answer() | Claim():
            return Effort(QUESTION, questions=1)
        case Choice():
            return Effort(STEP, questions=1)
        case Prose() | Remark():
            return Effort()
        case _:
            raise TypeError(f"not a block: {block!r}")


def _panel(panel: Panel) -> Effort:
    cells = [cell for row in panel.cells for cell in row if cell.blank]
    if panel.kind == "copy":
        return Effort(sum(writing(cell.value) for cell in cells), copies=len(cells))
    return _blanks(cells)


def _blanks(cells: Sequence[Cell]) -> Effort:
    """To read what is asked, then each blank's arithmetic and writing; what is printed takes nothing."""
    blanks = [cell for cell in cells if cell.blank]
    time = sum(worked(cell.work, cell.value) if cell.work else writing(cell.value) for cell in blanks)
    return Effort(STEP + time, blanks=len(blanks)) if blanks else Effort()
