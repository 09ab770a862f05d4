"""Why answers are wrong: the most probable reasons of each, and the causes that they have in common.

A classic mistake that shows in enough cells, and a slip that is made in most wrong cells of a step, are said as
certain. Any other reason is said with "perhaps", and only where it is more probable than all others together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from byhand.marking.classic import Classic, Suspicion, suspicions
from byhand.marking.marks import Cause, Reason
from byhand.marking.slips import Slip, slips
from byhand.marking.verdicts import Judged, Judgement
from byhand.mistakes.slips import BOOST, EITHER, LEAST, MOST_BOOSTS, MOST_REASONS, NO_HABIT, OUT_OF_THE_BLUE
from byhand.page.reader import ALL, Paper

FOIL, UNEXPLAINED = "foil", "unexplained"


class Diagnosis(Struct, frozen=True, eq=False, dict=True):
    """Why a student's wrong answers are wrong."""

    judged: Judged
    mistakes: tuple[Classic, ...]

    @cached_property
    def wrong(self) -> Mapping[str, Judgement]:
        """The wrong answers, by blank, in the order of the page."""
        return {name: judgement for name, judgement in self.judged.all.items() if judgement.verdict == "wrong"}

    @cached_property
    def suspected(self) -> Sequence[Suspicion]:
        """The classic mistakes whose numbers the answers have."""
        return suspicions(self.judged, self.mistakes) if self.wrong else ()

    @cached_property
    def named(self) -> Mapping[str, Suspicion]:
        """For each answer that a named mistake explains, the mistake. Of several, the one that explains more."""
        by_name: dict[str, Suspicion] = {}
        for suspicion in self.suspected:
            new = [name for name in suspicion.hits if name not in by_name]
            if suspicion.is_named and len(new) >= min(2, len(suspicion.hits)):
                by_name |= dict.fromkeys(new, suspicion)
        return by_name

    @cached_property
    def _slips(self) -> Mapping[str, Sequence[Slip]]:
        return {name: slips(self.judged, judgement) for name, judgement in self.wrong.items()}

    @cached_property
    def _habits(self) -> Mapping[tuple[str, str, str], int]:
        """The slips that are made in most wrong answers of a step: by step, kind and detail, in how many.

        The detail is "" for all slips of a kind.
        """
        wrong = Counter(judgement.blank.cell.step for judgement in self.wrong.values())
        counts = Counter[tuple[str, str, str]]()
        for name, made in self._slips.items():
            step = self.wrong[name].blank.cell.step
            counts.update({(step, slip.kind, detail) for slip in made for detail in ("", slip.detail)})
        return {
            habit: count
            for habit, count in counts.items()
            if habit[1] not in NO_HABIT and count >= 2 and 4 * count >= 3 * wrong[habit[0]]
        }

    def _boost(self, name: str, slip: Slip) -> int:
        """In how many answers of the step the slip is a habit; 1 where it is none."""
        step = self.wrong[name].blank.cell.step
        return max(self._habits.get((step, slip.kind, detail), 1) for detail in ("", slip.detail))

    @cached_property
    def reasons(self) -> Mapping[str, tuple[Reason, ...]]:
        """The reasons of each wrong answer, the most probable first."""
        return {name: self._reasons(name) for name in self.wrong}

    def _reasons(self, name: str) -> tuple[Reason, ...]:
        weights: dict[tuple[str, str], float] = defaultdict(float)
        details: dict[tuple[str, str], tuple[float, str]] = {}
        cells: dict[tuple[str, str], int] = {}
        for slip in self._slips[name]:
            count = self._boost(name, slip)
            key, weight = (slip.kind, ""), slip.share * BOOST ** min(count - 1, MOST_BOOSTS)
            weights[key] += weight
            details[key] = max(details.get(key, (0.0, "")), (weight, slip.detail))
            cells[key] = max(cells.get(key, 1), count)
        for suspicion in self.suspected:
            if name in suspicion.hits:
                key, hits = (FOIL, suspicion.mistake), len(suspicion.hits)
                weights[key] = suspicion.weight
                if suspicion.is_named:
                    weights[key] *= BOOST ** min(hits - 1, MOST_BOOSTS)
                cells[key] = hits
        whole = sum(weights.values()) + OUT_OF_THE_BLUE
        order = sorted(weights, key=lambda key: -weights[key])
        reasons = [
            Reason(
                kind, details.get((kind, foil), (0.0, ""))[1], weights[kind, foil] / whole, cells[kind, foil], foil
            )
            for kind, foil in order
            if weights[kind, foil] / whole >= LEAST
        ]
        return tuple(reasons[:MOST_REASONS])

    def said(self, name: str) -> tuple[str, str, str, bool]:
        """What is said of a wrong answer: kind, detail, mistake, and whether it is said as certain."""
        if name in self.named:
            return FOIL, "", self.named[name].mistake, True
        slip = next((reason for reason in self.reasons[name] if reason.kind != FOIL), None)
        first = self.reasons[name][0] if self.reasons[name] else None
        if first is None or first.weight < EITHER:
            return UNEXPLAINED, "", "", False
        if first.kind == FOIL and slip is not None and slip.weight >= EITHER:
            first = slip if slip.weight >= first.weight else first
        return first.kind, first.detail, first.foil, first.kind != FOIL and first.cells >= 2

    # causes

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """Wrong answers with one reason, together; what explains most comes first."""
        groups = defaultdict[tuple[object, ...], list[str]](list)
        for name, judgement in self.wrong.items():
            kind, _, foil, _ = self.said(name)
            section = self.judged.rules.section_of[name]
            if judgement.blank.role == "change":  # boxes that are judged together
                apart: tuple[object, ...] = self.judged.rules.constructions[name][1]
            elif kind == UNEXPLAINED:
                apart = (name,)
            else:
                apart = (section, judgement.blank.cell.step) if not foil else ()
            groups[kind, foil, *apart].append(name)
        order = {name: at for at, name in enumerate(self.judged.all)}
        causes = [self._cause(names) for names in groups.values()]
        causes.sort(key=lambda cause: (-len(cause.cells) - cause.explains, order[cause.first]))
        return tuple(replace(cause, number=number) for number, cause in enumerate(causes, 1))

    def _cause(self, names: list[str]) -> Cause:
        kind, detail, foil, sure = self.said(names[0])
        reached = self.reached(names)
        had = {name: self.judged.reckoning.text(self._followed(name)) for name in names}
        return Cause(0, kind, detail, foil, sure, tuple(names), len(reached), self._mended(names, reached), had)

    def _followed(self, name: str) -> object:
        followed = self.wrong[name].followed
        blank = self.wrong[name].blank
        return self.judged.word(followed) if blank.role == "word" and followed is not None else followed

    @cached_property
    def _readers(self) -> Mapping[str, list[str]]:
        """For each blank, the followed answers that read it, in the order of the page."""
        readers = defaultdict[str, list[str]](list)
        for name, judgement in self.judged.all.items():
            if judgement.verdict == "followed":
                for read in self.judged.rules.reads(judgement.blank, ALL if judgement.source else ""):
                    readers[read].append(name)
        return readers

    def reached(self, names: Iterable[str]) -> list[str]:
        """The followed answers that come from these, through other followed answers, in the order of the page."""
        reached, left = dict[str, None](), list(names)
        while left:
            new = [name for name in self._readers.get(left.pop(), ()) if name not in reached]
            reached |= dict.fromkeys(new)
            left += new
        return [name for name in self.judged.all if name in reached]

    def _mended(self, names: list[str], reached: list[str]) -> int:
        """How many of the answers that come from these would be the key's, had these been what follows."""
        judged = self.judged
        written: dict[str, object] = {name: judged.paper.written[name] for name in judged.all}
        paper = Paper(judged.rules, written, judged.paper.printed, judged.reckoning.compute)
        written |= {name: self.wrong[name].followed for name in names if self.wrong[name].followed is not None}
        count = 0
        for name in reached:
            judgement = judged.judgement(name)
            value = paper.follows(judgement.blank, ALL if judgement.source else "")
            if value is None:
                continue
            written[name] = value
            key = judged.reckoning.printed(judged.key(judgement.blank))
            count += judged.reckoning.equal(value, key)
        return count
