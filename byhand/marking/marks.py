"""What marking finds in one student's sheet: a verdict for each blank, reasons, causes and points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Literal

Verdict = Literal["right", "followed", "wrong", "missing", "unreadable"]
Guard = Literal["kept", "lost", "constant"]


@dataclass(frozen=True)
class Policy:
    """How verdicts become points.

    follow, rounded: the share of the points for an answer that is right from the student's own numbers, and for a
    decimal that was rounded where the key is exact. guard: the least share of the key's work that the followed
    answers of a section must have taken.
    """

    follow: Literal["full", "half", "none"] = "full"
    rounded: Literal["full", "half", "none"] = "half"
    guard: float = 0.5


@dataclass(frozen=True)
class Reason:
    """What may have led to a wrong answer.

    kind: the kind of slip, or "foil" for a classic mistake. detail: which operand, term or neighbour. weight: how
    probable it is, from 0 to 1. cells: how many wrong answers of the sheet it explains. foil: the mistake's name.
    """

    kind: str
    detail: str
    weight: float
    cells: int = 1
    foil: str = ""


@dataclass(frozen=True)
class BlankMark:
    """The verdict on one blank.

    answer, key, followed: texts; followed is what follows from the student's own numbers, "" if it has no value.
    form: how the answer is written, if not as the key writes it. source: "own" if the answer follows from the
    student's own numbers where the page has others printed. reads: the ids of the blanks that its rule reads.
    cause: the number of the cause that the answer belongs to. override: a teacher's change. option: of a choice, the
    option that was chosen, as the sheet names it; "" for none.
    """

    id: str
    answer: str
    verdict: Verdict
    key: str
    form: str = ""
    followed: str = ""
    source: str = ""
    points: Fraction = Fraction(0)
    worth: Fraction = Fraction(0)
    reads: tuple[str, ...] = ()
    note: str = ""
    because: tuple[Reason, ...] = ()
    cause: int | None = None
    override: Mapping[str, str] | None = None
    option: str = ""


@dataclass(frozen=True)
class Cause:
    """Wrong answers with one explanation.

    number: its place in the list of causes, from 1. kind: a kind of slip, "foil", or "unexplained". sure: whether it
    is said without "perhaps". explains: how many followed answers come from it. mended: how many answers would be
    right if these were. first: the id of its first answer. had: what the answers should have been, by id.
    """

    number: int
    kind: str
    detail: str
    foil: str
    sure: bool
    cells: tuple[str, ...]
    explains: int
    mended: int
    had: Mapping[str, str]

    @property
    def first(self) -> str:
        """The id of its first answer in the order of the page."""
        return self.cells[0]


@dataclass(frozen=True)
class SectionMark:
    """The points of one section. ratio: the work that its followed answers took, as a share of the key's.

    guard: whether followed answers keep their points, lose them because the work had become too easy, or all answers
    earn nothing because the student wrote one number everywhere.
    """

    number: int
    points: Fraction
    worth: Fraction
    ratio: float = 1.0
    guard: Guard = "kept"


@dataclass(frozen=True)
class OpenMark:
    """An answer in words, which a person marks. points: None until then."""

    id: str
    answer: str
    key: str
    worth: Fraction
    points: Fraction | None = None


@dataclass(frozen=True)
class Marks:
    """The marks of one student.

    blanks, choices: in the order of the page; a choice is one option of several, such as true or false. causes: the
    most telling first. answers: those in words, which a person marks.
    notes: what is told of the sheet as a whole, such as an answer file without a hash.
    """

    sheet: str
    seed: int
    hash: str
    student: str
    name: str
    policy: Policy
    blanks: tuple[BlankMark, ...]
    causes: tuple[Cause, ...]
    sections: tuple[SectionMark, ...]
    choices: tuple[BlankMark, ...] = ()
    answers: tuple[OpenMark, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> Fraction:
        """The points, rounded to ½."""
        open_points = sum((each.points or Fraction(0) for each in self.answers), Fraction(0))
        return rounded_to_half(sum((section.points for section in self.sections), open_points))

    @property
    def worth(self) -> Fraction:
        """The most points that there are, but for answers in words that no person has marked yet."""
        marked = sum((each.worth for each in self.answers if each.points is not None), Fraction(0))
        return rounded_to_half(sum((section.worth for section in self.sections), marked))


def section_of(name: str) -> int:
    """The number of the section in which the blank or reply with an id stands."""
    return int(name.partition("/")[0])


def rounded_to_half(points: Fraction) -> Fraction:
    """Points rounded to a multiple of ½, a tie upwards."""
    return Fraction(floor(2 * points + Fraction(1, 2)), 2)
