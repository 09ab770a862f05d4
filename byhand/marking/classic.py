"""Classic mistakes in a student's answers: made throughout, they show in every cell that tells them from the rule.

A mistake rewrites steps of the run. In a student's answers it is looked for where a step that it rewrites is asked
for, or where a step reads one that is not. There, the rewritten rule is computed from what the student has in front
of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from byhand.marking.rules import Rules
from byhand.marking.verdicts import Judged
from byhand.mistakes.slips import LEAST_HITS
from byhand.page.reader import ALL, Detour, Mistaken, Rewritten
from byhand.worksheet.document import Blank


class Classic(Struct, frozen=True, eq=False, dict=True):
    """A classic mistake in a run, and the blanks that tell it from the rule."""

    name: str
    rules: Rules
    rewritten: Rewritten

    @cached_property
    def telling(self) -> tuple[Blank, ...]:
        """The blanks whose rule the mistake changes."""
        steps = set(filter(self.rewritten.tells, self.rules.asked_steps))
        return tuple(b for b in self.rules.blanks.values() if b.role in ("ask", "entry") and b.cell.step in steps)


class Suspected(Struct, frozen=True, eq=False):
    """One student's answers against one mistake: what would stand in each telling blank."""

    judged: Judged
    mistake: Classic
    _known: dict[tuple[int, Detour], Mistaken] = field(default_factory=dict)

    def value(self, blank: Blank, detour: Detour = "") -> Any:
        """What the mistake makes of a blank, from what the student has in front of them; None where it makes
        nothing.
        """
        known = self.judged.rules.section_of[blank.id], detour
        if known not in self._known:
            self._known[known] = self.judged.paper.mistaken(self.mistake.rewritten, blank, detour)
        return self._known[known].value(blank.cell.place)


class Suspicion(Struct, frozen=True):
    """How far a student's answers are those of a mistake."""

    mistake: str
    hits: tuple[str, ...]
    """The blanks that have the mistake's number, where that is another than the rule's."""
    misses: int
    """How many telling blanks do not have it."""
    rewritten: int
    """How many steps the mistake rewrites."""

    @property
    def is_named(self) -> bool:
        """Whether the student is told of the mistake."""
        return len(self.hits) >= LEAST_HITS and len(self.hits) >= self.misses

    @property
    def weight(self) -> float:
        """The weight of the mistake among the explanations of a wrong answer, before a habit is made of it."""
        hits = len(self.hits)
        shared = 2 * hits / (hits + self.misses)
        return shared * hits if hits >= LEAST_HITS else shared / 2


def mistakes_of(rules: Rules) -> tuple[Classic, ...]:
    """The classic mistakes that can be made in a sheet's run."""
    written = rules.asked_steps | rules.printed_steps
    return tuple(Classic(name, rules, Rewritten(rules.run, made, written)) for name, made in rules.mistakes.items())


def suspicions(judged: Judged, mistakes: tuple[Classic, ...]) -> list[Suspicion]:
    """The mistakes whose numbers a student's answers have, the most telling first."""
    telling = [suspicion for mistake in mistakes if (suspicion := _suspicion(judged, mistake)).hits]
    return sorted(telling, key=lambda s: (-len(s.hits), s.misses, s.rewritten))


def _suspicion(judged: Judged, mistake: Classic) -> Suspicion:
    told, made = [*_told(judged, mistake, Suspected(judged, mistake))], mistake.rewritten.made
    hits = [blank for blank, is_hit in told if is_hit]
    missed = [blank for blank, is_hit in told if not is_hit]
    if all(blank.cell.step in made for blank in hits):  # what it changes elsewhere was taken from the page
        missed = [blank for blank in missed if blank.cell.step in made]
    return Suspicion(mistake.name, tuple(blank.id for blank in hits), len(missed), len(made))


def _told(judged: Judged, mistake: Classic, suspected: Suspected) -> Iterator[tuple[Blank, bool]]:
    """The blanks that tell a mistake from the rule, and whether each has the mistake's number."""
    suspects = [blank for blank in mistake.telling if not _follows(judged, blank)]
    if not any(_is_hit(judged, suspected, blank) for blank in suspects):
        return
    for blank in mistake.telling:
        if judged.reading(blank).kind == "number":
            if _is_hit(judged, suspected, blank):
                yield blank, True
            elif _apart(judged, suspected.value(blank), judged.judgement(blank.id).followed):
                yield blank, False


def _follows(judged: Judged, blank: Blank) -> bool:
    """Whether an answer is what the rule gives, so that it can be no mistake's."""
    judgement = judged.judgement(blank.id)
    return judgement.verdict in ("missing", "unreadable") or (
        judgement.stands and not judgement.source and not judgement.note
    )


def _is_hit(judged: Judged, suspected: Suspected, blank: Blank) -> bool:
    """Whether an answer has the mistake's number, where the rule gives another."""
    judgement = judged.judgement(blank.id)
    if _follows(judged, blank):
        return False
    for detour in ("", ALL):
        value = suspected.value(blank, detour)
        if judged.says(judgement, value) and _apart(judged, value, judgement.followed):
            return True
    return False


def _apart(judged: Judged, value: Any, rule: Any) -> bool:
    """Whether a mistake's number is another than the rule's. One that cannot be computed tells nothing."""
    if value is None:
        return False
    return rule is None or not judged.reckoning.equal(value, rule)
