"""From a student's answers to their marks: verdicts, reasons, causes, points. Read this first.

marker = Marker.of(document, run)
marks = marker.mark({"1/ask/blocks.0.attn.hook_q[0]/1,2": "-3"})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.marking.causes import FOIL, Diagnosis
from byhand.marking.classic import Classic, mistakes_of
from byhand.marking.marks import BlankMark, Cause, Marks, Policy, section_of
from byhand.marking.points import SHARES, Worth, points_of
from byhand.marking.replies import choice_marks, open_marks
from byhand.marking.rules import Rules
from byhand.marking.verdicts import Judged, Judgement
from byhand.page.reader import ALL
from byhand.runs import Run
from byhand.worksheet.document import Document, Reply


class Marker(Struct, frozen=True, eq=False, dict=True):
    """A sheet's rules, and how its answers become points."""

    rules: Rules
    policy: Policy = field(default_factory=Policy)
    given: Mapping[int, Fraction] = field(default_factory=dict)
    """The points of sections by number, in place of those by time."""
    foils: Mapping[str, str] = field(default_factory=dict)
    """By a mistake's name, the share of its points that an answer keeps that follows from an answer with the
    mistake."""
    own_replies: Sequence[Reply] | None = None
    """The replies of a copy of a class, whose document has slots in their texts."""

    @classmethod
    def of(cls, document: Document, run: Run, policy: Policy | None = None) -> Marker:
        """The marker of a sheet with the numbers of a run."""
        return cls(Rules(document, run), policy or Policy())

    def again(self, run: Run, replies: Sequence[Reply]) -> Marker:
        """The marker of another copy of a class, on the same page, with its own replies."""
        other = replace(self, rules=self.rules.again(run), own_replies=replies)
        other.__dict__["worth"] = self.worth.again(run)
        return other

    @cached_property
    def worth(self) -> Worth:
        """What the blanks are worth."""
        return Worth(self.rules, self.given, self.rules.run)

    @cached_property
    def mistakes(self) -> tuple[Classic, ...]:
        """The classic mistakes that can be made."""
        return mistakes_of(self.rules)

    def mark(self, answers: Mapping[str, str], student: str = "", name: str = "") -> Marks:
        """The marks of a student's answers, which are texts by the ids of blanks and replies."""
        document, run = self.rules.document, self.rules.run
        judged = Judged.of(self.rules, answers)
        has_wrong = any(judgement.verdict == "wrong" for judgement in judged.all.values())
        diagnosis = Diagnosis(judged, self.mistakes if has_wrong else ())
        causes = diagnosis.causes
        replies = document.replies() if self.own_replies is None else self.own_replies
        choices = choice_marks(document.messages, replies, answers, self.worth.blanks)
        missed = dict[int, Fraction]()
        for mark in choices:
            section = section_of(mark.id)
            missed[section] = missed.get(section, Fraction(0)) + mark.worth - mark.points
        kept = self._kept(diagnosis, causes)
        points, sections = points_of(judged, self.worth, self.policy, kept, missed)
        number = {blank: cause.number for cause in causes for blank in cause.cells}
        blanks = (
            self._mark(judged, diagnosis, judgement, points[name], number.get(name))
            for name, judgement in judged.all.items()
        )
        return Marks(
            run.sheet or "", run.seed or 0, run.hash, student, name, self.policy, tuple(blanks), causes,
            tuple(sections), choices, open_marks(replies, answers, self.worth.words),
        )  # fmt: skip

    def _kept(self, diagnosis: Diagnosis, causes: tuple[Cause, ...]) -> Mapping[str, Fraction]:
        """The share of their points that answers keep which follow from a mistake that costs more."""
        shares = dict[str, Fraction]()
        for cause in causes:
            if cause.kind == FOIL and cause.foil in self.foils:
                for name in diagnosis.reached(cause.cells):
                    shares[name] = min(shares.get(name, Fraction(1)), SHARES[self.foils[cause.foil]])
        return shares

    def _mark(
        self, judged: Judged, diagnosis: Diagnosis, judgement: Judgement, points: Fraction, cause: int | None
    ) -> BlankMark:
        """The mark of one blank."""
        blank, text = judgement.blank, judged.reckoning.text
        followed = judgement.followed
        return BlankMark(
            blank.id, judgement.answer, judgement.verdict, judged.key_text(blank), judgement.form,
            judged.word(followed) if blank.role == "word" and followed is not None else text(followed),
            judgement.source, points, self.worth.blanks[blank.id],
            self.rules.reads(blank, ALL if judgement.source else ""), judgement.note,
            diagnosis.reasons.get(blank.id, ()), cause,
        )  # fmt: skip
