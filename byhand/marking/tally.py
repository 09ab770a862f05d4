"""What a class did, added up from one student's marks at a time.

A tally is as large as the sheet, and has a short row for each student. Parts of a class can be tallied by themselves
and added:

tally = Tally()
tally.add(marks)
tally += other
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from math import inf, sqrt
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.marking.causes import FOIL, UNEXPLAINED
from byhand.marking.groups import alike
from byhand.marking.marks import BlankMark, Cause, Counts, Marks, Policy, SectionMark, Taken
from byhand.marking.notes import is_computed
from byhand.marking.verdicts import NOT_FOLLOWING
from byhand.mistakes.slips import EITHER
from byhand.notation.number import plain
from byhand.notation.typed import read

FEWEST = 8  # students from whom on cells are compared with the sheet
MOST_ANSWERS = 200  # different wrong answers of a cell, or texts of a question, that are told apart
LONGEST_TEXT = 300  # characters of an answer in words that are kept
EXAMPLES = 6  # students that are named with a text
CHOICES = ("claim", "choice", "tick")  # the roles of answers that are one option of several
OTHER = "…"  # all answers after MOST_ANSWERS different ones
Reason = tuple[str, str]  # a kind of slip and "", or "foil" and the mistake's name


class Row(Struct, frozen=True):
    """What is kept of a student."""

    student: str
    name: str
    halves: int
    """The points, in halves."""
    of: int
    """The most that there are, in halves."""
    stands: int
    """How many answers are right, or right from the student's own numbers."""
    right: int
    empty: int
    reasons: tuple[Reason, ...]
    """Why others are not."""
    guarded: tuple[int, ...] = ()
    """The sections without points because following had become too easy."""
    constant: tuple[int, ...] = ()
    """The sections without points because one number stood everywhere."""
    loose: int = 0
    """How many right answers do not follow from what stands before them."""
    taken: Taken | None = None
    """Whose numbers these are the answers of, if not the student's own."""
    work: Counts | None = None
    """Of who worked on a screen."""

    @property
    def points(self) -> Fraction:
        """The points."""
        return Fraction(self.halves, 2)

    @property
    def share(self) -> float:
        """The share of the points that there are."""
        return self.halves / self.of if self.of else 0.0


class BlankTally(Struct):
    """What a class wrote in one blank."""

    key: str | None = None
    """What it is, if it is the same for all."""
    right: int = 0
    followed: int = 0
    wrong: int = 0
    unreadable: int = 0
    empty: int = 0
    slips: int = 0
    """The students of whom a slip begins here."""
    carried: int = 0
    """Those whose answer is not right, and who went on with it."""
    product: int = 0
    """The sum of the stands of those whose answer stands."""
    answers: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    """How often each wrong number was written, and why, as far as that is known."""
    texts: Counter[str] = field(default_factory=Counter)

    @property
    def stands(self) -> int:
        """The students whose answer is right, or right from their own numbers."""
        return self.right + self.followed

    @property
    def students(self) -> int:
        """All students."""
        return self.stands + self.wrong + self.unreadable + self.empty

    def merge(self, other: BlankTally) -> None:
        """Add what others wrote."""
        self.key = other.key if not self.students else self.key if self.key == other.key else ""
        for name in ("right", "followed", "wrong", "unreadable", "empty", "slips", "carried", "product"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        _merge(self.answers, other.answers, (OTHER, (UNEXPLAINED, "")))
        _merge(self.texts, other.texts, OTHER)


class SectionTally(Struct):
    """The points of a section: those of all students together, and those that there are."""

    points: Fraction = Fraction(0)
    worth: Fraction = Fraction(0)

    def add(self, other: SectionMark | SectionTally) -> None:
        """Add what others have."""
        self.points += other.points
        self.worth += other.worth


class Example(Struct, frozen=True):
    """An answer to which a mistake led: whose, in which blank, what it is, and what it should be."""

    student: str
    name: str
    blank: str
    answer: str
    key: str


class Said(Struct, frozen=True):
    """An answer in words: how many students gave it, and some of them."""

    text: str
    count: int = 0
    students: tuple[str, ...] = ()


class Tally(Struct):
    """The marks of a class."""

    rows: list[Row] = field(default_factory=list)
    """In the order in which the students were added."""
    blanks: dict[str, BlankTally] = field(default_factory=dict)
    sections: dict[int, SectionTally] = field(default_factory=dict)
    habits: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind and step, how many students made the slip in most wrong answers of the step."""
    examples: dict[Reason, Example] = field(default_factory=dict)
    """Of each mistake, the first."""
    said: dict[str, dict[str, Said]] = field(default_factory=dict)
    """The answers to each question in words, by what those that are alike have in common."""
    keys: dict[str, str] = field(default_factory=dict)
    """What the key says there."""
    policy: Policy = field(default_factory=Policy)
    total: int = 0
    """The sum of the rows' stands."""
    squares: int = 0
    """The sum of their squares."""

    def add(self, marks: Marks) -> None:
        """Add a student."""
        self.policy = marks.policy
        stands = sum(mark.verdict in ("right", "followed") for mark in marks.blanks if is_computed(mark))
        wrong = {mark.id for mark in marks.blanks if mark.verdict == "wrong"}
        for mark in (*marks.blanks, *marks.choices):
            self._add_blank(mark, stands)
        for name in {each for m in marks.blanks if m.verdict == "followed" for each in m.reads if each in wrong}:
            self.blanks[name].carried += 1
        for cause in marks.causes:
            self._add_cause(cause, marks)
        for section in marks.sections:
            self.sections.setdefault(section.number, SectionTally()).add(section)
        for answer in marks.answers:
            self.keys[answer.id] = answer.key
            text = " ".join(answer.answer.split())[:LONGEST_TEXT]
            _say(self.said.setdefault(answer.id, {}), Said(text, 1, (marks.student,)))
        self.rows.append(_row(marks, stands))
        self.total += stands
        self.squares += stands * stands

    def _add_blank(self, mark: BlankMark, stands: int) -> None:
        tally = self.blanks.setdefault(mark.id, BlankTally(mark.key))
        if tally.key != mark.key:
            tally.key = ""
        match mark.verdict:
            case "right":
                tally.right += 1
            case "followed":
                tally.followed += 1
            case "missing":
                tally.empty += 1
            case "unreadable":
                tally.unreadable += 1
                _count(tally.texts, " ".join(mark.answer.split())[:LONGEST_TEXT], 1, OTHER)
            case "wrong":
                tally.wrong += 1
                _count(tally.answers, (_value(mark.answer), _reason(mark)), 1, (OTHER, (UNEXPLAINED, "")))
        if mark.verdict in ("right", "followed"):
            tally.product += stands

    def _add_cause(self, cause: Cause, marks: Marks) -> None:
        """Count where a slip begins: in the cells of its first step."""
        first, step = cause.first, _step(cause.first)
        for name in cause.cells:
            if _step(name) == step:
                self.blanks[name].slips += 1
        reason = _of_cause(cause)
        if reason not in self.examples and reason[0] != UNEXPLAINED:
            mark = next(mark for mark in marks.blanks if mark.id == first)
            self.examples[reason] = Example(
                marks.student, marks.name, first, mark.answer, cause.had.get(first, mark.key)
            )
        if cause.sure and cause.kind != FOIL:
            self.habits[cause.kind, "/".join(step)] += 1

    def __iadd__(self, other: Tally) -> Tally:
        """Add another part of the class, whose students come after these."""
        if other.rows:
            self.policy = other.policy
        self.rows += other.rows
        for name, blank in other.blanks.items():
            self.blanks.setdefault(name, BlankTally()).merge(blank)
        for number, section in other.sections.items():
            self.sections.setdefault(number, SectionTally()).add(section)
        self.habits += other.habits
        self.examples = {**other.examples, **self.examples}
        self.keys |= other.keys
        for question, texts in other.said.items():
            for said in texts.values():
                _say(self.said.setdefault(question, {}), said)
        self.total += other.total
        self.squares += other.squares
        return self

    # the students

    @property
    def students(self) -> int:
        """How many students there are."""
        return len(self.rows)

    @property
    def worth(self) -> Fraction:
        """The most points that there are."""
        return Fraction(max((row.of for row in self.rows), default=0), 2)

    @property
    def mean(self) -> float:
        """The mean of the points."""
        return sum(row.halves for row in self.rows) / 2 / len(self.rows) if self.rows else 0.0

    def quantile(self, share: Fraction) -> Fraction:
        """The points that this share of the students does not exceed, between two students their mean: a quantile."""
        ordered = sorted(row.halves for row in self.rows)
        at = share * len(ordered)
        if at.denominator == 1 and 0 < at < len(ordered):
            return Fraction(ordered[int(at) - 1] + ordered[int(at)], 4)
        return Fraction(ordered[min(int(at), len(ordered) - 1)], 2)

    def reasons(self) -> dict[Reason, list[Row]]:
        """The students who made each slip or mistake, the most frequent first, and mistakes before slips."""
        by_reason: dict[Reason, list[Row]] = {}
        for row in self.rows:
            for reason in row.reasons:
                by_reason.setdefault(reason, []).append(row)
        order = sorted(by_reason, key=lambda reason: (reason[0] != FOIL, -len(by_reason[reason]), reason))
        return {reason: by_reason[reason] for reason in order if reason[0] != UNEXPLAINED}

    # the cells

    @property
    def cells(self) -> dict[str, BlankTally]:
        """The blanks that are computed."""
        return {name: blank for name, blank in self.blanks.items() if name.split("/")[1] not in ("copy", *CHOICES)}

    @property
    def choices(self) -> dict[str, BlankTally]:
        """The answers that are one option of several."""
        return {name: blank for name, blank in self.blanks.items() if name.split("/")[1] in CHOICES}

    def tells_apart(self, name: str) -> float | None:
        """The correlation of whether a cell stands with how many of the others do; None where there is none."""
        n, blank = self.students, self.blanks[name]
        if n < FEWEST:
            return None
        together = n * blank.product - blank.stands * self.total
        alone = blank.stands * (n - blank.stands)
        rest = n * self.squares - self.total**2 - 2 * together + alone
        return (together - alone) / sqrt(alone * rest) if alone and rest > 0 else None

    @property
    def reliability(self) -> float | None:
        """Cronbach's α over the cells; None for few students, and where all have as many cells."""
        n, k = self.students, len(self.cells)
        spread = n * self.squares - self.total**2
        if n < FEWEST or k < 2 or not spread:
            return None
        alone = sum(cell.stands * (n - cell.stands) for cell in self.cells.values())
        return k / (k - 1) * (1 - alone / spread)

    def hardest(self, count: int) -> list[str]:
        """The cells in which fewest answers stand."""
        cells = self.cells
        order = {name: at for at, name in enumerate(cells)}
        names = sorted(cells, key=lambda name: (cells[name].stands, -cells[name].slips, order[name]))
        return [name for name in names if cells[name].stands < cells[name].students][:count]

    def doubtful(self) -> list[str]:
        """Cells that most students miss, and go on from: perhaps it is the sheet that says something else."""
        return [
            name
            for name, cell in self.cells.items()
            if 5 * cell.wrong >= 3 * self.students and 2 * cell.carried >= cell.wrong and self.students >= FEWEST
        ]


def _row(marks: Marks, stands: int) -> Row:
    computed = [mark for mark in marks.blanks if is_computed(mark)]
    reasons = dict.fromkeys(_of_cause(cause) for cause in marks.causes)
    return Row(
        marks.student, marks.name, int(2 * marks.points), int(2 * marks.worth), stands,
        sum(mark.verdict == "right" for mark in computed), sum(mark.verdict == "missing" for mark in computed),
        tuple(reason for reason in reasons if reason[0] != UNEXPLAINED),
        tuple(section.number for section in marks.sections if section.guard == "lost"),
        tuple(section.number for section in marks.sections if section.guard == "constant"),
        sum(mark.note == NOT_FOLLOWING for mark in computed), marks.taken,
        marks.work.counts if marks.work else None,
    )  # fmt: skip


def _of_cause(cause: Cause) -> Reason:
    return cause.kind, cause.foil


def _reason(mark: BlankMark) -> Reason:
    """Why an answer is not right, if that is known well enough to be said."""
    first = mark.because[0] if mark.because else None
    return (first.kind, first.foil) if first and first.weight >= EITHER else (UNEXPLAINED, "")


def _value(answer: str) -> str:
    """A wrong answer, so that all forms of a number are one."""
    values = read(answer).values
    return plain(values[0]) if values and values[0] != inf else " ".join(answer.split())[:LONGEST_TEXT]


def _step(name: str) -> list[str]:
    """The section of a blank, and its step."""
    section, _, *step = name.split("/")
    return [section, *step[:-1]]


def _count(counter: Counter[Any], key: Any, n: int, other: Any) -> None:
    """Count in a counter that does not grow beyond MOST_ANSWERS keys."""
    counter[key if key in counter or len(counter) < MOST_ANSWERS else other] += n


def _merge(counter: Counter[Any], others: Mapping[Any, int], other: Any) -> None:
    for key, n in others.items():
        _count(counter, key, n, other)


def _say(texts: dict[str, Said], said: Said) -> None:
    """Count an answer in words together with those that are alike."""
    key = alike(said.text)
    if key not in texts and len(texts) >= MOST_ANSWERS:
        key, said = OTHER, replace(said, text=OTHER)
    before = texts.get(key, Said(said.text))
    texts[key] = Said(before.text, before.count + said.count, (*before.students, *said.students)[:EXAMPLES])
