"""What marking finds in one student's sheet: a verdict for each blank, reasons, causes and points."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Literal, NamedTuple

from msgspec import Struct

Verdict = Literal["right", "followed", "wrong", "missing", "unreadable"]
Guard = Literal["kept", "lost", "constant"]


class Policy(Struct, frozen=True):
    """How verdicts become points."""

    follow: Literal["full", "half", "none"] = "full"
    """The share of the points for an answer that is right from the student's own numbers."""
    rounded: Literal["full", "half", "none"] = "half"
    """The share for a decimal that was rounded where the key is exact."""
    guard: float = 0.5
    """The least share of the key's work that the followed answers of a section must have taken."""


class Reason(Struct, frozen=True):
    """What may have led to a wrong answer."""

    kind: str
    """The kind of slip, or "foil" for a classic mistake."""
    detail: str
    """Which operand, term or neighbour."""
    weight: float
    """How probable it is, from 0 to 1."""
    cells: int = 1
    """How many wrong answers of the sheet it explains."""
    foil: str = ""
    """The mistake's name."""


class BlankMark(Struct, frozen=True):
    """The verdict on one blank. Numbers are texts, as a page shows them."""

    id: str
    answer: str
    verdict: Verdict
    key: str
    form: str = ""
    """How the answer is written, if not as the key writes it."""
    followed: str = ""
    """What follows from the student's own numbers; "" if it has no value."""
    source: str = ""
    """Is "own" if the answer follows from the student's own numbers where the page has others printed."""
    points: Fraction = Fraction(0)
    worth: Fraction = Fraction(0)
    reads: tuple[str, ...] = ()
    """The ids of the blanks that its rule reads."""
    note: str = ""
    because: tuple[Reason, ...] = ()
    cause: int | None = None
    """The number of the cause that the answer belongs to."""
    override: Mapping[str, str] | None = None
    """A teacher's change."""
    option: str = ""
    """Of a choice, the option that was chosen, as the sheet names it; "" for none."""


class Cause(Struct, frozen=True):
    """Wrong answers with one explanation."""

    number: int
    """Its place in the list of causes, from 1."""
    kind: str
    """A kind of slip, "foil", or "unexplained"."""
    detail: str
    foil: str
    sure: bool
    """Whether it is said without "perhaps"."""
    cells: tuple[str, ...]
    explains: int
    """How many followed answers come from it."""
    mended: int
    """How many answers would be right if these were."""
    had: Mapping[str, str]
    """What the answers should have been, by id."""

    @property
    def first(self) -> str:
        """The id of its first answer in the order of the page."""
        return self.cells[0]


class SectionMark(Struct, frozen=True):
    """The points of one section."""

    number: int
    points: Fraction
    worth: Fraction
    ratio: float = 1.0
    """The work that its followed answers took, as a share of the key's."""
    guard: Guard = "kept"
    """Whether followed answers keep their points, lose them because the work had become too easy, or all answers earn
    nothing because the student wrote one number everywhere."""


class OpenMark(Struct, frozen=True):
    """An answer in words, which a person marks."""

    id: str
    answer: str
    key: str
    worth: Fraction
    points: Fraction | None = None
    """None until then."""
    group: Fraction | None = None
    """The points that a table gave to all who answered the same, if any."""


class Counts(NamedTuple):
    """How much help, how many checks and how much time a sheet took on a screen."""

    hints: int
    """In how many cells help was opened."""
    checks: int
    minutes: int


class Work(Struct, frozen=True):
    """What a page on a screen says of how its answers came about."""

    hints: Mapping[str, int]
    """By the id of a blank, the highest step of help that was opened."""
    checks: Mapping[str, int]
    """By the number of a section, how often the page said what is right there."""
    seconds: Mapping[str, int]
    """By the number of a section, how long the student worked there."""

    @property
    def counts(self) -> Counts:
        """Of the sheet as a whole."""
        return Counts(len(self.hints), sum(self.checks.values()), round(sum(self.seconds.values()) / 60))


class Taken(Struct, frozen=True):
    """Answers that are those of another student's numbers."""

    student: str
    """Whose numbers these are."""
    same: int
    """How many answers are the same as with these."""
    of: int
    """In how many answers the two keys differ."""


class Sum(Struct, frozen=True):
    """What is reached of points."""

    points: Fraction = Fraction(0)
    worth: Fraction = Fraction(0)
    """The most that can be reached, but for answers in words that no person has marked yet."""
    waiting: Fraction = Fraction(0)
    """What these are worth."""

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.points + other.points, self.worth + other.worth, self.waiting + other.waiting)

    @property
    def rounded(self) -> Sum:
        """To ½ each."""
        return Sum(*(rounded_to_half(getattr(self, name)) for name in self.__struct_fields__))


class Marks(Struct, frozen=True):
    """The marks of one student."""

    sheet: str
    seed: int
    hash: str
    student: str
    name: str
    policy: Policy
    blanks: tuple[BlankMark, ...]
    """In the order of the page."""
    causes: tuple[Cause, ...]
    """The most telling first."""
    sections: tuple[SectionMark, ...]
    choices: tuple[BlankMark, ...] = ()
    """One option of several, such as true or false, in the order of the page."""
    answers: tuple[OpenMark, ...] = ()
    """Those in words, which a person marks."""
    notes: tuple[str, ...] = ()
    """What is told of the sheet as a whole, such as an answer file without a hash."""
    taken: Taken | None = None
    """In a class, evidence that the answers are those of another student's numbers."""
    work: Work | None = None
    """How the answers came about, if they were given on a screen."""

    @property
    def by_step(self) -> Mapping[int, Sum]:
        """What is reached in each section that has points, by its number."""
        sums = {section.number: Sum(section.points, section.worth) for section in self.sections}
        for each in self.answers:
            reached = Sum(waiting=each.worth) if each.points is None else Sum(each.points, each.worth)
            sums[section_of(each.id)] = sums.get(section_of(each.id), Sum()) + reached
        return dict(sorted(sums.items()))

    @property
    def exact(self) -> Sum:
        """What is reached on the whole sheet."""
        return sum(self.by_step.values(), Sum())

    @property
    def points(self) -> Fraction:
        """The points, rounded to ½."""
        return self.exact.rounded.points

    @property
    def worth(self) -> Fraction:
        """The most points that there are, but for answers in words that no person has marked yet."""
        return self.exact.rounded.worth

    @property
    def waiting(self) -> Fraction:
        """What answers in words are worth that no person has marked yet."""
        return self.exact.rounded.waiting


def section_of(name: str) -> int:
    """The number of the section in which the blank or reply with an id stands."""
    return int(name.partition("/")[0])


def rounded_to_half(points: Fraction) -> Fraction:
    """Points rounded to a multiple of ½, a tie upwards."""
    return Fraction(floor(2 * points + Fraction(1, 2)), 2)
