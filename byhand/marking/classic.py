"""Classic mistakes in a student's answers: made throughout, they show in every cell that tells them from the rule.

A mistake rewrites steps of the run. In a student's answers it is looked for where a step that it rewrites is asked
for, or where a step reads one that is not. There, the rewritten rule is computed from what the student has in front
of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from byhand.arithmetic.expr import Ref
from byhand.marking.reckoning import Span
from byhand.marking.rules import ALL, Own, Rules
from byhand.marking.verdicts import Judged
from byhand.mistakes import away
from byhand.mistakes.slips import LEAST_HITS
from byhand.tape import Shape, Step
from byhand.worksheet.document import Blank
from byhand.worksheet.sources import place_of


@dataclass(frozen=True, eq=False)
class Rewritten:
    """A classic mistake in a run: the steps that it rewrites, and the blanks that tell it from the rule.

    made: for each step that it rewrites, the steps that take its place.
    """

    name: str
    rules: Rules
    made: Mapping[str, list[Step]]

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """All steps that are new, or have another rule."""
        return {step.name: step for steps in self.made.values() for step in steps}

    @cached_property
    def away(self) -> frozenset[str]:
        """The steps with numbers of the mistake that the student does not write."""
        return away(self.rules.run, self.made, self.rules.asked_steps | self.rules.printed_steps)

    @cached_property
    def telling(self) -> tuple[Blank, ...]:
        """The blanks whose rule the mistake changes."""
        run = self.rules.run
        steps = {
            name
            for name in self.rules.asked_steps
            if name in self.made or self.away.intersection(run.steps[name].inputs)
        }
        return tuple(b for b in self.rules.blanks.values() if b.role in ("ask", "entry") and b.cell.step in steps)

    def step(self, name: str) -> Step:
        """A step as a person who makes the mistake computes it."""
        return self.steps.get(name) or self.rules.run[name]


@dataclass(frozen=True, eq=False)
class Mistaken:
    """One student's answers against one mistake: what would stand in each telling blank."""

    judged: Judged
    mistake: Rewritten
    _known: dict[tuple[int, Own, str, int, int], Any] = field(default_factory=dict, init=False, repr=False)

    def value(self, blank: Blank, own: Own = "") -> Any:
        """What the mistake makes of a blank, from what the student has in front of them; None where it makes
        nothing.
        """
        name, i, j = blank.cell.place
        at = self._at(name, i, j)
        return None if at is None else self._cell(blank, own, name, *at)

    def _at(self, name: str, i: int, j: int) -> tuple[int, int] | None:
        """Where a cell of the right run stands in the mistaken one: sums of columns fit into boxes for sums of
        rows.
        """
        own, other = self.judged.rules.run[name].shape, self.mistake.step(name).shape
        return (i, j) if own == other else (j, i) if own == other[::-1] else None

    def _cell(self, blank: Blank, own: Own, name: str, i: int, j: int) -> Any:
        known = self.judged.rules.section_of[blank.id], own, name, i, j
        if known not in self._known:
            self._known[known] = self._computed(blank, own, self.mistake.step(name), i, j)
        return self._known[known]

    def _computed(self, blank: Blank, own: Own, step: Step, i: int, j: int) -> Any:
        paper, mistake = self.judged.paper, self.mistake

        def number(ref: Ref) -> Any:
            name, k, m = place_of(ref)
            if name in mistake.away:
                return self._cell(blank, own, name, k, m)
            at = self._at(name, k, m)  # the other way round, this time: the student's numbers stand as on the page
            if at is None:  # there are no boxes for it, so it was computed elsewhere
                return self._cell(blank, own, name, k, m)
            return paper.number(blank, (name, *at), own)

        if step.op is None:
            return number(Ref(step.name, (i, j)))
        tree = step.cell(step.op, i, j, [self._shape(name) for name in step.inputs])
        return self.judged.reckoning.compute(tree, number)

    def _shape(self, name: str) -> Shape:
        return self.mistake.step(name).shape


@dataclass(frozen=True)
class Suspicion:
    """How far a student's answers are those of a mistake.

    hits: the blanks that have the mistake's number, where that is another than the rule's. misses: how many telling
    blanks do not have it. rewritten: how many steps the mistake rewrites.
    """

    mistake: str
    hits: tuple[str, ...]
    misses: int
    rewritten: int

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


def mistakes_of(rules: Rules, made: Mapping[str, Mapping[str, list[Step]]]) -> tuple[Rewritten, ...]:
    """The classic mistakes that can be made in a sheet's run. made: the steps that they change."""
    return tuple(Rewritten(name, rules, steps) for name, steps in made.items())


def suspicions(judged: Judged, mistakes: tuple[Rewritten, ...]) -> list[Suspicion]:
    """The mistakes whose numbers a student's answers have, the most telling first."""
    found = [suspicion for mistake in mistakes if (suspicion := _suspicion(judged, mistake)).hits]
    return sorted(found, key=lambda s: (-len(s.hits), s.misses, s.rewritten))


def _suspicion(judged: Judged, mistake: Rewritten) -> Suspicion:
    told = [*_told(judged, mistake, Mistaken(judged, mistake))]
    hits = [blank for blank, is_hit in told if is_hit]
    missed = [blank for blank, is_hit in told if not is_hit]
    if all(blank.cell.step in mistake.made for blank in hits):  # what it changes elsewhere was taken from the page
        missed = [blank for blank in missed if blank.cell.step in mistake.made]
    return Suspicion(mistake.name, tuple(blank.id for blank in hits), len(missed), len(mistake.made))


def _told(judged: Judged, mistake: Rewritten, mistaken: Mistaken) -> Iterator[tuple[Blank, bool]]:
    """The blanks that tell a mistake from the rule, and whether each has the mistake's number."""
    suspects = [blank for blank in mistake.telling if not _follows(judged, blank)]
    if not any(_is_hit(judged, mistaken, blank) for blank in suspects):
        return
    for blank in mistake.telling:
        if judged.reading(blank).kind == "number":
            if _is_hit(judged, mistaken, blank):
                yield blank, True
            elif _apart(judged, mistaken.value(blank), judged.judgement(blank.id).followed):
                yield blank, False


def _follows(judged: Judged, blank: Blank) -> bool:
    """Whether an answer is what the rule gives, so that it can be no mistake's."""
    judgement = judged.judgement(blank.id)
    return judgement.verdict in ("missing", "unreadable") or (
        judgement.stands and not judgement.source and not judgement.note
    )


def _is_hit(judged: Judged, mistaken: Mistaken, blank: Blank) -> bool:
    """Whether an answer has the mistake's number, where the rule gives another."""
    judgement = judged.judgement(blank.id)
    if _follows(judged, blank):
        return False
    for own in ("", ALL):
        value = mistaken.value(blank, own)
        if judged.says(judgement, value) and _apart(judged, value, judgement.followed):
            return True
    return False


def _apart(judged: Judged, value: Any, rule: Any) -> bool:
    """Whether a mistake's number is another than the rule's. One that cannot be computed tells nothing."""
    if value is None:
        return False
    if isinstance(value, Span) and isinstance(rule, Span):
        return not judged.reckoning.equal((value.low + value.high) / 2, rule)
    return rule is None or not judged.reckoning.equal(value, rule)
