"""How verdicts become points: each section has as many as the work in it, and shares them among its computed blanks.

Followed answers keep their points only if they took work: a page of zeros follows from a page of zeros.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.arithmetic.domain import is_neg_inf
from byhand.arithmetic.expr import Expr, Ref, children
from byhand.effort import working, writing
from byhand.marking.marks import Guard, Policy, SectionMark
from byhand.marking.rules import Rules
from byhand.marking.spans import Span
from byhand.marking.verdicts import Judged, Judgement
from byhand.page.reader import ALL, place_of
from byhand.runs import Run
from byhand.worksheet.document import Blank, Section
from byhand.worksheet.taken import points_of_words

SECONDS_A_POINT = 15
LOOKED_UP = 3.0  # seconds for a word, a size or a text
ROUNDED_PLACES = 3  # of a rounded number on a sheet of fractions, in which others compute on
WORTH = {"lines": Fraction(3), "line": Fraction(1), "because": Fraction(1)}  # points of words, if not given
LEAST_FOLLOWED = 3  # followed answers of a section, for the guard
LEAST_WRONG = 3  # wrong answers of the sheet, for the guard: a slip or two may make numbers easy, too
LEAST_BLANKS = 4  # of a section in which one number everywhere earns nothing
SHARES = {"full": Fraction(1), "half": Fraction(1, 2), "none": Fraction(0)}


class Worth(Struct, frozen=True, eq=False, dict=True):
    """What the blanks of a sheet are worth: the same in all copies of a class."""

    rules: Rules
    given: Mapping[int, Fraction]
    """The points of sections by number, in place of those by time."""
    run: Run
    """The key's numbers."""
    _works: dict[str, tuple[Hashable, float]] = field(default_factory=dict)

    def again(self, run: Run) -> Worth:
        """What they are worth in another copy of a class: the same, with the key's numbers of that copy."""
        other = replace(self, run=run, _works={})
        other.__dict__.update(sections=self.sections, blanks=self.blanks, words=self.words)
        return other

    @property
    def of_paper(self) -> Mapping[int, Fraction]:
        """What a paper says that sections are worth, with their answers in words."""
        return self.rules.document.points

    @cached_property
    def sections(self) -> Mapping[int, Fraction]:
        """The points of each section that has any, by its number."""
        worth = ((section.number, self._shares(section)) for section in self.rules.document.sections)
        return {number: sum(shares.values(), Fraction(0)) for number, shares in worth if any(shares.values())}

    @cached_property
    def blanks(self) -> Mapping[str, Fraction]:
        """The points of each blank, and of each choice, by its id."""
        return {
            name: worth
            for section in self.rules.document.sections
            for name, worth in self._shares(section).items()
        }  # fmt: skip

    @cached_property
    def words(self) -> Mapping[str, Fraction]:
        """The points of each answer in words, by its id. In a section without others, they share what it is given."""
        worth = dict[str, Fraction]()
        for section in self.rules.document.sections:
            of_section = _worth_of_words(section)
            if of_section and section.number in self.given and section.number not in self.sections:
                whole: Fraction | None = self.given[section.number]
            else:
                whole = self._of_words(section)
            if of_section and whole is not None:
                scale = whole / sum(of_section.values())
                of_section = {name: scale * each for name, each in of_section.items()}
            worth |= of_section
        return worth

    def _of_words(self, section: Section) -> Fraction | None:
        """What the answers in words of a section have of a paper's points; None where it gives the section none."""
        if section.number not in self.of_paper:
            return None
        return points_of_words(section, self.of_paper[section.number])

    def _shares(self, section: Section) -> Mapping[str, Fraction]:
        """What the blanks and choices of a section are worth."""
        shares, whole = self._usual(section), self.given.get(section.number)
        if whole is None and section.number in self.of_paper:
            whole = self.of_paper[section.number] - (self._of_words(section) or 0)
        if whole is not None and any(shares.values()):
            scale = whole / sum(shares.values())
            return {name: scale * share for name, share in shares.items()}
        return shares

    def _usual(self, section: Section) -> Mapping[str, Fraction]:
        """What the blanks and choices of a section are worth where nobody says it: by time a point for
        SECONDS_A_POINT, at least one, in equal shares; a copy nothing; a choice one.
        """
        computed = [blank for blank in section.blanks if blank.role != "copy"]
        by_time = max(1, round(sum(map(_seconds, computed)) / SECONDS_A_POINT))
        shares = {blank.id: Fraction(0) for blank in section.blanks}
        shares |= {blank.id: Fraction(by_time, len(computed)) for blank in computed}
        return shares | {reply.id: Fraction(1) for reply in section.replies if reply.options}

    def work(self, blank: Blank) -> tuple[Hashable, float]:
        """What the work of a blank is with the key's numbers, and the seconds it takes."""
        if blank.id not in self._works:
            self._works[blank.id] = _work(self.rules, blank, self.run.value)
        return self._works[blank.id]


def _worth_of_words(section: Section) -> dict[str, Fraction]:
    """What the answers in words of a section are worth where nobody says it, by their ids."""
    return {reply.id: WORTH[reply.role] for reply in section.replies if not reply.options}


def _seconds(blank: Blank) -> float:
    """The seconds for a blank, from which a section has its points."""
    return (
        LOOKED_UP
        if blank.role in ("word", "size", "text", "change")
        else blank.cell.seconds + writing(blank.cell.value)
    )


def _work(rules: Rules, blank: Blank, number: Any) -> tuple[Hashable, float]:
    """The work of a blank, which is the same for two blanks of one shape and numbers, and the seconds it takes."""
    rule = rules.rule(blank) if blank.role in ("ask", "entry", "size") else None
    if rule is None:
        return blank.id, 0.0
    return _same_work(rule, number), working(rule, number)


def _same_work(node: Expr, number: Any) -> Hashable:
    """The shape of a tree and the numbers in it: alike for trees that take the same arithmetic."""
    if isinstance(node, Ref):
        value = number(node)
        return value if isinstance(value, Hashable) else str(value)
    below = tuple(_same_work(child, number) for child in children(node))
    return (type(node).__name__, getattr(node, "name", ""), getattr(node, "value", None), *below)


def points_of(
    judged: Judged, worth: Worth, policy: Policy, kept: Mapping[str, Fraction], missed: Mapping[int, Fraction]
) -> tuple[dict[str, Fraction], list[SectionMark]]:
    """The points of each blank and of each section, before a teacher changes any.

    kept: by blank, the share that its followed answer keeps, where a mistake costs more than its own cells.
    missed: the points that choices have not earned, by the number of their section.
    """
    points, sections = dict[str, Fraction](), list[SectionMark]()
    for section in judged.rules.document.sections:
        judgements = [judged.judgement(blank.id) for blank in section.blanks]
        ratio, guard = _guard(judged, worth, policy, judgements)
        lost = missed.get(section.number, Fraction(0))
        for judgement in judgements:
            name = judgement.blank.id
            share = Fraction(0) if guard == "constant" else _share(judgement, policy, guard)
            if name in kept:
                share *= kept[name]
            points[name] = worth.blanks[name]
            if share != 1:
                points[name] *= share
                lost += worth.blanks[name] - points[name]
        if section.number in worth.sections:
            whole = worth.sections[section.number]
            sections.append(SectionMark(section.number, whole - lost, whole, ratio, guard))
    return points, sections


def _share(judgement: Judgement, policy: Policy, guard: Guard) -> Fraction:
    """The share of its points that an answer earns."""
    followed = judgement.verdict == "followed"
    if not judgement.stands or (followed and guard == "lost"):
        return Fraction(0)
    share = SHARES[policy.follow] if followed else Fraction(1)
    if judgement.form == "rounded":
        return share * SHARES[policy.rounded]
    return share / 2 if judgement.form == "power" else share


def _guard(judged: Judged, worth: Worth, policy: Policy, judgements: list[Judgement]) -> tuple[float, Guard]:
    """The work of the followed answers of a section, as a share of the key's, and whether they keep their points."""
    if _is_constant(judged, judgements):
        return 1.0, "constant"
    followed = sum(judgement.verdict == "followed" for judgement in judgements)
    wrong = sum(judgement.verdict == "wrong" for judgement in judged.all.values())
    if followed < LEAST_FOLLOWED or wrong < LEAST_WRONG:
        return 1.0, "kept"
    standing = [judgement.blank for judgement in judgements if judgement.stands]
    theirs = dict(_own_work(judged, worth, blank) for blank in standing)
    keys = dict(worth.work(blank) for blank in standing)
    ratio = sum(theirs.values()) / sum(keys.values()) if sum(keys.values()) else 1.0
    return ratio, "lost" if ratio < policy.guard else "kept"


def _own_work(judged: Judged, worth: Worth, blank: Blank) -> tuple[Hashable, float]:
    """The work of a blank with the numbers that the student went by; with the key's where these have no value."""
    judgement = judged.judgement(blank.id)
    if judgement.followed is None or (not judgement.source and judged.has_key_before(blank)):
        return worth.work(blank)
    detour = ALL if judgement.source else ""
    places = ROUNDED_PLACES if judged.reckoning.places is None else judged.reckoning.places

    def number(ref: Ref) -> Any:
        value = judged.paper.number(blank, place_of(ref), detour)
        if isinstance(value, Span):
            return value.low if is_neg_inf(value.low) else Fraction(value.rounded(places))
        return Fraction(0) if value is None else value

    return _work(judged.rules, blank, number)


def _is_constant(judged: Judged, judgements: list[Judgement]) -> bool:
    """Whether a student wrote one number everywhere, where the key has several.

    It may follow from the same number everywhere before it, as zeros from zeros.
    """
    numbers = [j for j in judgements if j.blank.role not in ("word", "text", "change") and j.reading.kind == "number"]
    if len(numbers) < LEAST_BLANKS or len(numbers) < len(judgements):
        return False
    answers = {str(j.reading.values[0]) for j in numbers}
    keys = {judged.key_text(j.blank) for j in numbers}
    if len(answers) > 1 or len(keys) < 2:
        return False
    read = {name for j in numbers for name in judged.rules.reads(j.blank, ALL if j.source else "")}
    has_wrong = any(judgement.verdict == "wrong" for judgement in judgements)
    return has_wrong or (bool(read) and answers == {str(judged.paper.written[name]) for name in read})
