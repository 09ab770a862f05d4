"""What a student has in front of them, and what follows from it.

A section shows places of the run: printed numbers, and blanks. What a rule reads is taken from its own section, or
else from the nearest section before. A place that stands nowhere is computed by its own rule from places that do.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

from byhand.arithmetic.expr import Expr, Ref, refs
from byhand.runs import Run
from byhand.tape import Place
from byhand.worksheet.document import Blank, Cell
from byhand.worksheet.printed import as_read, printed_whole
from byhand.worksheet.sources import Sources, place_of

Own = str  # whose printed numbers a student replaces by their own: "" for none, ALL, or the name of a step
ALL = "*"
AROUND = "around"  # a name of no step


@dataclass(frozen=True, eq=False)
class Rules(Sources):
    """The rules of a sheet's blanks, over places, and where a reader of each section finds these.

    It has no numbers of a student. A class has one for all copies that have the same rules. diagnoses: the slips that
    were found in answers, which many students of a class write, by these and the numbers around them.
    """

    _reads: dict[tuple[str, Own], tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)
    _beneath: dict[tuple[int, Place, bool], tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)
    diagnoses: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def again(self, run: Run) -> Rules:
        """The rules of another copy of a class, on the same page."""
        other = Rules(self.document, run)
        shared = ["_found", "blanks", "section_of", "asked_steps", "printed_steps", "letters"]
        if self.has_rules_of(run):
            shared += ["_reads", "_beneath"]
        other.__dict__.update({name: getattr(self, name) for name in shared})
        return other

    def has_rules_of(self, run: Run) -> bool:
        """Whether another run has the same rules: in some, tokens decide which cells a rule reads."""
        return all(run.steps[name] is step for name, step in self.run.steps.items())

    @cached_property
    def blanks(self) -> dict[str, Blank]:
        """The blanks by id, in the order of the page."""
        return {blank.id: blank for section in self.document.sections for blank in section.blanks}

    @cached_property
    def section_of(self) -> dict[str, int]:
        """For each blank, the index of its section."""
        return {blank.id: at for at, section in enumerate(self.document.sections) for blank in section.blanks}

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """The letters of the run's numbers."""
        numbers = (x for rows in self.run.rows.values() for row in rows for x in row)
        return tuple(sorted({str(letter) for x in numbers for letter in getattr(x, "free_symbols", ())}))

    @cached_property
    def asked_steps(self) -> frozenset[str]:
        """The steps that the student computes."""
        return frozenset(b.cell.step for b in self.blanks.values() if b.role in ("ask", "entry", "word"))

    @cached_property
    def reader(self) -> Run:
        """The run as the student has it, who has only the page."""
        return as_read(self.document, self.run)

    @cached_property
    def printed_steps(self) -> Set[str]:
        """The steps that the page prints whole, so that the student computes none of their numbers."""
        return printed_whole(self.document, self.run)

    def copied(self, blank: Blank) -> Cell | Blank | None:
        """What a copy is copied from: the same place in a section before."""
        section = self.section_of[blank.id]
        return self.source(section - 1, blank.cell.place) if section else None

    def own(self, section: int, place: Place) -> Blank | None:
        """The student's latest blank for a place in a section before this one."""
        for before in reversed(self.document.sections[:section]):
            shown = before.front.get(place)
            if isinstance(shown, Blank):
                return shown
        return None

    def rule(self, blank: Blank) -> Expr | None:
        """The rule of a blank, over places of the run: a computed number's, or a copy's, which is its place.

        None for what has none: a text, and an inverse, which is compared with its printed results.
        """
        cell = blank.cell
        match blank.role:
            case "ask" | "entry" | "word":
                return self.run.rule(*cell.place)
            case "copy":
                name, i, j = cell.place
                return Ref(name, (i, j))
            case "size":
                return cell.rule
            case _:
                return None

    def reads(self, blank: Blank, own: Own = "") -> tuple[str, ...]:
        """The ids of the blanks that the rule of a blank reads, in the order of its rule."""
        known = blank.id, own
        if known not in self._reads:
            rule, found = self.rule(blank), dict[str, None]()
            if rule is not None:
                for ref in refs(rule):
                    found |= dict.fromkeys(self._behind(blank, place_of(ref), own))
            self._reads[known] = tuple(found)
        return self._reads[known]

    def _behind(self, blank: Blank, place: Place, own: Own) -> Iterable[str]:
        """The ids of the blanks from which the number at a place comes."""
        shown = self.shown(blank, place)
        if isinstance(shown, Blank):
            return (shown.id,)
        if shown is None or own in (ALL, place[0]):
            return self.beneath(self.section_of[blank.id], place, bool(own))
        return ()

    def around(self, blank: Blank) -> tuple[str, ...]:
        """The ids of the blanks from which all numbers come that stand in the matrices of a blank's rule, or in the
        student's own in their place: the right ones, and those that are read by mistake.
        """
        known = blank.id, AROUND
        if known not in self._reads:
            rule, steps = self.rule(blank), self.run.steps
            names = dict.fromkeys(ref.matrix for ref in refs(rule)) if rule is not None else {}
            names |= dict.fromkeys(steps[blank.cell.step].inputs if blank.cell.step in steps else ())
            cells = ((name, i, j) for name in names for i, j in product(*map(range, steps[name].shape)))
            found = (name for cell in cells for own in ("", ALL) for name in self._behind(blank, cell, own))
            self._reads[known] = tuple(dict.fromkeys(found))
        return self._reads[known]

    def beneath(self, section: int, place: Place, own: bool) -> tuple[str, ...]:
        """The ids of the blanks from which a reader of a section computes a place that stands nowhere.

        own: whether printed numbers are replaced by the student's own, or by what is made of these.
        """
        known = section, place, own
        if known not in self._beneath:
            self._beneath[known] = tuple(dict.fromkeys(self._below(section, place, own)))
        return self._beneath[known]

    def _below(self, section: int, place: Place, own: bool) -> Iterator[str]:
        if own and (written := self.own(section, place)):
            yield written.id
        elif own and place[0] in self.asked_steps:
            return  # it is printed among numbers that the student writes, as a first cell is
        elif self.reader[place[0]].op is not None:
            for ref in refs(self.reader.rule(*place)):
                shown = self.source(section, place_of(ref))
                if isinstance(shown, Blank):
                    yield shown.id
                elif own or shown is None:
                    yield from self.beneath(section, place_of(ref), own)

    def shown(self, blank: Blank, place: Place) -> Cell | Blank | None:
        """What stands for a place where the student who fills in a blank looks for it."""
        if blank.role == "copy" and place == blank.cell.place:
            return self.copied(blank)
        return self.source(self.section_of[blank.id], place)


@dataclass(frozen=True, eq=False)
class Paper:
    """One student's numbers on a sheet.

    written: by blank, the number that counts as theirs: what they wrote, or the key's where they wrote none.
    printed: the number that is printed at a place, for a reader of a section. compute: the value of a tree; None
    where it has none.
    """

    rules: Rules
    written: Mapping[str, Any]
    printed: Callable[[int, Place], Any]
    compute: Callable[[Expr, Callable[[Ref], Any]], Any]
    _known: dict[tuple[int, Place, Own], Any] = field(default_factory=dict, init=False, repr=False)

    def number(self, blank: Blank, place: Place, own: Own = "") -> Any:
        """The number at a place that a student who fills in a blank goes by; None where it cannot be computed."""
        shown = self.rules.shown(blank, place)
        if isinstance(shown, Blank):
            return self.written[shown.id]
        section = self.rules.section_of[blank.id]
        return (
            self._beneath(section, place, own)
            if shown is None or own in (ALL, place[0])
            else self.printed(section, place)
        )

    def _beneath(self, section: int, place: Place, own: Own) -> Any:
        """The number at a place that is printed or stands nowhere, from the student's own where there is one."""
        known = section, place, own
        if known not in self._known:
            self._known[known] = self._computed(section, place, own)
        return self._known[known]

    def _computed(self, section: int, place: Place, own: Own) -> Any:
        rules = self.rules
        if own and (blank := rules.own(section, place)):
            return self.written[blank.id]
        if rules.reader[place[0]].op is None or (own and not rules.beneath(section, place, own=True)):
            return self.printed(section, place)

        def number(ref: Ref) -> Any:
            shown = rules.source(section, place_of(ref))
            if isinstance(shown, Blank):
                return self.written[shown.id]
            if own or shown is None:
                return self._beneath(section, place_of(ref), own)
            return self.printed(section, place_of(ref))

        return self.compute(rules.reader.rule(*place), number)

    def follows(self, blank: Blank, own: Own = "") -> Any:
        """What follows in a blank from the student's numbers; None where its rule has no value."""
        rule = self.rules.rule(blank)
        return None if rule is None else self.value(blank, rule, own)

    def value(self, blank: Blank, tree: Expr, own: Own = "") -> Any:
        """The value of a tree for the student who fills in a blank; None where it has none."""
        return self.compute(tree, lambda ref: self.number(blank, place_of(ref), own))
