"""The verdict on a file: what it is found to be, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

from byhand.runs import Run
from byhand.witness.wiring import unwired

CLASS_UNKNOWN = "it is of a class with words or numbers of somebody's own, and is not in that class's folder"
OTHER_FACE = "its face is {}, which is another here, or not installed"
SECRET_UNKNOWN = "it is of a class with a secret, which is not given"


class Finding(Enum):
    """What a file can be found to be, the best first: its word, the exit code of byhand verify, and its meaning."""

    RIGHT = "right", 0, "everything in it is as byhand makes it of its givens"
    IN_PART = "in part", 3, "it is right but for a part that cannot be judged here; the line names the part"
    NUMBERS_ONLY = "numbers only", 3, "its numbers are right; all else in it cannot be judged here; the line says why"
    CONSISTENT = (
        "consistent with its own recording", 1,
        "its numbers are what its recorded steps make, but no second implementation of its model says which steps"
    )  # fmt: skip
    UNREADABLE = "cannot be verified", 1, "it is none of byhand's files, or was changed; the line says where"
    WRONG = "WRONG", 1, "a number or a text in it is not what its givens make"

    def __init__(self, word: str, code: int, meaning: str) -> None:
        self.word, self.code, self.meaning = word, code, meaning


def worst(findings: Iterable[Finding]) -> Finding:
    """The worst of some findings; where there are none, that nothing can be verified."""
    order = list(Finding)
    return max(findings, key=order.index, default=Finding.UNREADABLE)


def counted(findings: Counter[Finding]) -> str:
    """How many files are found to be what, as “12 right, 1 WRONG”; how many are right is said even of none."""
    return ", ".join(f"{findings[each]:,} {each.word}" for each in Finding if findings[each] or each is Finding.RIGHT)


class Verdict(Struct, frozen=True):
    """The result for a file."""

    about: str
    """Which file it is about."""
    faults: tuple[str, ...] = ()
    """A line for each fault."""
    alone: str = ""
    """Why its numbers alone are judged, if they are."""
    beside: str = ""
    """What beside the page is not judged, if there is anything."""
    unwired: str = ""
    """How many of its steps, and of which model, have no second implementation, if some have none."""

    @property
    def finding(self) -> Finding:
        """The worst of what holds."""
        by_finding = {
            Finding.WRONG: self.faults, Finding.CONSISTENT: self.unwired, Finding.NUMBERS_ONLY: self.alone,
            Finding.IN_PART: self.beside,
        }  # fmt: skip
        return worst([Finding.RIGHT, *(finding for finding, holds in by_finding.items() if holds)])

    @property
    def line(self) -> str:
        """What the file is, what of it is not judged, and what it is found to be."""
        alone = self.alone and f"; {self.alone}, so its numbers alone are judged"
        beside = self.beside and f"; {self.beside}"
        unwired = self.unwired and f"; no second implementation has {self.unwired}"
        return f"{self.about}{alone}{beside}{unwired}: {self.finding.word}"


def unwired_of(run: Run) -> str:
    """How many of a run's steps, and of which model, have no second implementation; empty where all have one."""
    steps = unwired(run)
    return f"{len(steps):,} of the steps of {run.model}, such as {steps[0]}" if steps else ""
