"""What a reader of a page has in front of them, and what follows: three questions, which have their answers here.

reader.source(section, place)      → where they find a number: in a printed cell, in a blank, or nowhere
paper.follows(blank)               → what follows in a blank from what they wrote before it
mistaken.value(place)              → what a mistake makes of a cell

A section shows places of the run: printed numbers, and blanks. What a rule reads is taken from its own section, or
else from the nearest section before. A place that stands nowhere is computed by its own rule from places that do.

A notebook holds `Sources`, `Paper`, `Rewritten` and `Mistaken` as they stand here, over the page as data (data.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from itertools import chain, product
from math import prod
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.arithmetic.expr import Expr, Num, Ref, rebuild, refs
from byhand.mistakes import away, changes, changes_of
from byhand.runs import Run
from byhand.tape import Place, Step
from byhand.worksheet.construction import Construction, constructions
from byhand.worksheet.document import Blank, Cell, Document, Table

Detour = str  # whose printed numbers a student replaces by their own: "" for none, ALL, or the name of a step
ALL = "*"
_SHAPE = re.compile(r"(\d+) ?[x×*·] ?(\d+)")
AROUND = "around"  # a name of no step
Made = Mapping[str, Mapping[str, list[Step]]]  # by mistake, the steps that it changes, with those in their places
Compute = Callable[[Expr, Callable[[Ref], Any]], Any]  # the value of a tree; None where it has none


def place_of(ref: Ref) -> Place:
    """The place that a reference names."""
    i, j = ref.index
    return ref.matrix, i, j  # type: ignore[return-value]


# where a reader finds a number


class Sources:
    """What stands for each place of the run where a reader of a section looks for it."""

    fronts: Sequence[Mapping[Place, Cell | Blank]]
    """What each section shows, by place."""
    section_of: Mapping[str, int]
    """For each blank, the index of its section."""
    _sources: dict[tuple[int, Place], Cell | Blank | None]

    def source(self, section: int, place: Place) -> Cell | Blank | None:
        """What stands for a place where a reader of a section looks for it; None where it stands nowhere."""
        known = section, place
        if known not in self._sources:
            front = self.fronts[section]
            before = self.source(section - 1, place) if section and place not in front else None
            self._sources[known] = front.get(place, before)
        return self._sources[known]

    def before(self, section: int, place: Place) -> Cell | Blank | None:
        """What stands for a place in the sections before one."""
        return self.source(section - 1, place) if section else None

    def copied(self, section: int, place: Place) -> Cell | Blank | None:
        """What a copy in a section is copied from: what the section itself asks for, or what stands before it."""
        own = self.fronts[section].get(place)
        return own if isinstance(own, Blank) and own.role != "copy" else self.before(section, place)

    def shown(self, blank: Blank, place: Place) -> Cell | Blank | None:
        """What stands for a place where the student who fills in a blank looks for it."""
        section = self.section_of[blank.id]
        is_copied = blank.role == "copy" and place == blank.cell.place
        return self.copied(section, place) if is_copied else self.source(section, place)

    def own_blank(self, section: int, place: Place) -> Blank | None:
        """The student's latest blank for a place in a section before this one."""
        shown = (front.get(place) for front in reversed(self.fronts[:section]))
        return next((each for each in shown if isinstance(each, Blank)), None)


class Reader(Sources, Struct, frozen=True, eq=False, dict=True):
    """Whoever has the page of a document and its run, and nothing else."""

    document: Document
    run: Run

    @cached_property
    def _sources(self) -> dict[tuple[int, Place], Cell | Blank | None]:  # type: ignore[override]
        return {}

    @cached_property
    def _reads(self) -> dict[tuple[str, Detour], tuple[str, ...]]:
        return {}

    @cached_property
    def fronts(self) -> Sequence[Mapping[Place, Cell | Blank]]:  # type: ignore[override]
        """What each section shows, by place."""
        return [section.front for section in self.document.sections]

    @cached_property
    def blanks(self) -> dict[str, Blank]:
        """The blanks by id, in the order of the page."""
        return {blank.id: blank for section in self.document.sections for blank in section.blanks}

    @cached_property
    def constructions(self) -> Mapping[str, tuple[Construction, tuple[str, ...]]]:
        """For each box of a construction, what it belongs to, and the ids of all of its boxes."""
        each = (asked for section in self.document.sections for asked in constructions(section))
        return {box: (block, boxes) for block, boxes in each for box in boxes}

    @cached_property
    def section_of(self) -> Mapping[str, int]:  # type: ignore[override]
        """For each blank, the index of its section."""
        return {blank.id: at for at, section in enumerate(self.document.sections) for blank in section.blanks}

    def printed(self, section: int) -> Iterator[tuple[Place, Cell]]:
        """The places of which a section prints the number, with their cells."""
        yield from ((place, each) for place, each in self.fronts[section].items() if isinstance(each, Cell))

    def on_page(self, section: int, tree: Expr) -> Expr:
        """A tree over references to what a reader of a section finds on the page.

        A number that stands nowhere is replaced by its own rule; a given one, which the text says, by its value.
        """

        def leaf_on_page(leaf: Num | Ref) -> Expr:
            if isinstance(leaf, Num) or not leaf.index or self.source(section, place_of(leaf)) is not None:
                return leaf
            if self.run[leaf.matrix].op is None:
                return Num(self.run.value(leaf))
            return self.on_page(section, self.run.rule(*place_of(leaf)))

        return rebuild(tree, leaf_on_page)

    # what is printed is given

    @cached_property
    def asked_steps(self) -> frozenset[str]:
        """The steps that the student computes."""
        return frozenset(b.cell.step for b in self.blanks.values() if b.role in ("ask", "entry", "word"))

    @cached_property
    def printed_steps(self) -> Set[str]:
        """The steps that the page prints whole, so that the student computes none of their numbers."""
        places = {place: each for front in self.fronts for place, each in front.items()}
        count = Counter(step for (step, _, _), each in places.items() if isinstance(each, Cell))
        # a step is asked for also where a lost number is to be found from it
        asked = {step for blank in self.blanks.values() for step in (blank.cell.step, blank.result)}
        return {
            name for name, cells in count.items() if name not in asked and cells == prod(self.run.steps[name].shape)
        }

    @cached_property
    def has(self) -> Run:
        """The run with what the page prints whole as given: who has only the page knows no more of its numbers.

        A step keeps its rule where numbers go into it that the reader writes, and all others that it is computed from
        stand on the page. Rounded once, a printed number is not what later steps are computed from, and keeps its
        rule.
        """
        run, printed = self.run, self.printed_steps
        if run.rounding == "once":
            return run
        known = {name for name, step in self.seen(_given(run, printed)).steps.items() if step.op is None}
        written = {blank.cell.step for blank in self.blanks.values() if blank.cell.at is not None}
        followed = set[str]()
        for name, step in run.steps.items():
            if written.intersection(step.inputs):
                written.add(name)
            if step.op is not None and known.issuperset(step.inputs):
                known.add(name)
                followed.add(name)
        return _given(run, printed - (written & followed))

    def seen(self, run: Run) -> Run:
        """A run with the steps that the page shows, and all that these are computed from."""
        reached, left = set[str](), [step for front in self.fronts for step, _, _ in front]
        while left:
            step = left.pop()
            if step not in reached:
                reached.add(step)
                left += run.steps[step].inputs
        return replace(run, steps={name: step for name, step in run.steps.items() if name in reached})

    def worked(self, place: Place) -> Expr | None:
        """The rule by which a reader computes a place that stands nowhere; None where it is given."""
        return self.has.rule(*place) if self.has[place[0]].op is not None else None

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """The letters of the run's numbers."""
        numbers = (x for rows in self.run.rows.values() for row in rows for x in row)
        return tuple(sorted({str(letter) for x in numbers for letter in getattr(x, "free_symbols", ())}))

    # which blanks a number comes from

    def rule(self, blank: Blank) -> Expr | None:
        """The rule of a blank, over places of the run: a computed number's, or a copy's, which is its place.

        None for what has none: a text, and an inverse, which is compared with its printed results.
        """
        cell = blank.cell
        match blank.role:
            case "ask" | "entry" | "word":
                return self.run.rule(*cell.place)
            case "copy":
                name, i, j = self._copied(blank)
                return Ref(name, (i, j))
            case "size":
                return cell.rule
            case _:
                return None

    def _copied(self, blank: Blank) -> Place:
        """The place that a copy is copied from: its own, or where that stands nowhere and its step changes no number
        of a matrix, the same place of that matrix.
        """
        name, i, j = blank.cell.place
        if self.shown(blank, blank.cell.place) is None:
            for other in self.run[name].inputs:
                if self.run[other].shape == self.run[name].shape and self.run.values(other) == self.run.values(name):
                    return other, i, j
        return blank.cell.place

    @cached_property
    def names(self) -> Paper:
        """A paper whose numbers are the ids of the blanks from which they come."""
        itself = {name: (name,) for name in self.blanks}
        return _Names(self, itself, lambda section, place: (), lambda tree, number: _once(map(number, refs(tree))))

    def reads(self, blank: Blank, detour: Detour = "") -> tuple[str, ...]:
        """The ids of the blanks that the rule of a blank reads, in the order of its rule."""
        known = blank.id, detour
        if known not in self._reads:
            self._reads[known] = self.names.follows(blank, detour) or ()
        return self._reads[known]

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
            self._reads[known] = _once(
                self.names.number(blank, cell, detour) for cell in cells for detour in ("", ALL)
            )
        return self._reads[known]

    def product(self, shape: Blank) -> tuple[Blank, str] | None:
        """Of a shape in a table of products: the blank that asks whether the product exists, and the shape that
        follows from those of the two matrices, if it does; "" where these do not stand beside it.
        """
        section = self.document.sections[self.section_of[shape.id]]
        rows = (row for block in section.blocks if isinstance(block, Table) for row in block.rows)
        row = next((row for row in rows if row[-1] is shape.cell), (None, None))
        exists = next((other for other in section.blanks if other.cell is row[-2]), None)
        if exists is None:
            return None
        left, right = (_SHAPE.search(getattr(text, "text", "")) for text in row[:2])
        return exists, f"{left[1]}×{right[2]}" if left and right else ""

    # the mistakes that can be made

    @cached_property
    def mistakes(self) -> Made:
        """The classic mistakes that a reader of the page can make, each with the steps that it changes.

        The reader did not compute what is printed. A mistake that changes such a step is made only in the steps in
        which it is one also where the printed ones are given: weights are turned in each product by itself, but who
        has scores that are divided cannot divide the pattern in their place. Nor can a reader use what the page does
        not show.
        """
        printed = self.printed_steps
        reader = _given(self.run, printed)
        seen, given = self.seen(reader).steps, reader.tape()

        def can_be_made(name: str, new: list[Step]) -> bool:
            read = {other for step in new for other in step.inputs}
            return name in seen and seen[name].op is not None and read <= {*seen, *(step.name for step in new)}

        by_mistake = {}
        for mistake, made in changes_of(self.run).items():
            new_steps = made if printed.isdisjoint(made) else changes(given, mistake)
            by_mistake[mistake] = {name: new for name, new in new_steps.items() if can_be_made(name, new)}
        return {mistake: made for mistake, made in by_mistake.items() if made}


def _given(run: Run, given: Set[str]) -> Run:
    """The run with some steps given."""
    changed = {name: replace(run.steps[name], op=None, inputs=()) for name in given}
    return replace(run, steps={**run.steps, **changed})


# what follows from what they wrote


class Paper(Struct, frozen=True, eq=False):
    """One student's numbers on a sheet."""

    reader: Reader
    written: Mapping[str, Any]
    """By blank, the number that counts as the student's: what they wrote, or the key's where they wrote none."""
    printed: Callable[[int, Place], Any]
    """The number that is printed at a place, for a reader of a section."""
    compute: Compute
    _known: dict[tuple[int, Place, Detour], Any] = field(default_factory=dict)

    def number(self, blank: Blank, place: Place, detour: Detour = "") -> Any:
        """The number at a place that a student who fills in a blank goes by; None where it cannot be computed."""
        shown, section = self.reader.shown(blank, place), self.reader.section_of[blank.id]
        if isinstance(shown, Blank):
            return self.written[shown.id]
        is_own = shown is None or detour in (ALL, place[0])
        return self._beneath(section, place, detour) if is_own else self.printed(section, place)

    def _beneath(self, section: int, place: Place, detour: Detour) -> Any:
        """The number at a place that is printed or stands nowhere, from the student's own where there is one."""
        known = section, place, detour
        if known not in self._known:
            self._known[known] = self._computed(section, place, detour)
        return self._known[known]

    def _computed(self, section: int, place: Place, detour: Detour) -> Any:
        reader = self.reader
        if detour and (blank := reader.own_blank(section, place)):
            return self.written[blank.id]
        rule = reader.worked(place)
        if rule is None or (detour and not self._is_own(section, place)):
            return self.printed(section, place)

        def number(ref: Ref) -> Any:
            shown = reader.source(section, place_of(ref))
            if isinstance(shown, Blank):
                return self.written[shown.id]
            if detour or shown is None:
                return self._beneath(section, place_of(ref), detour)
            return self.printed(section, place_of(ref))

        return self.compute(rule, number)

    def _is_own(self, section: int, place: Place) -> bool:
        """Whether a place comes from blanks, where the student's own numbers are taken in place of printed ones."""
        return bool(self.reader.names._beneath(section, place, ALL))

    def follows(self, blank: Blank, detour: Detour = "") -> Any:
        """What follows in a blank from the student's numbers; None where its rule has no value."""
        rule = self.reader.rule(blank)
        return None if rule is None else self.value(blank, rule, detour)

    def value(self, blank: Blank, tree: Expr, detour: Detour = "") -> Any:
        """The value of a tree for the student who fills in a blank; None where it has none."""
        return self.compute(tree, lambda ref: self.number(blank, place_of(ref), detour))

    def mistaken(self, mistake: Rewritten, blank: Blank, detour: Detour = "") -> Mistaken:
        """The numbers of a mistake for the student who fills in a blank."""
        return Mistaken(mistake, lambda place: self.number(blank, place, detour), self.compute)


class _Names(Paper, frozen=True):
    def _is_own(self, section: int, place: Place) -> bool:
        """Not what is printed among numbers that the student writes, as a first cell is."""
        return place[0] not in self.reader.asked_steps


def _once(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


# what a mistake makes of a cell


class Rewritten(Struct, frozen=True, eq=False, dict=True):
    """A classic mistake in a run."""

    run: Run
    made: Mapping[str, list[Step]]
    """For each step that it rewrites, the steps that take its place."""
    written: Set[str] = frozenset()
    """The steps whose numbers whoever makes it has in front of them."""

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """All steps that are new, or have another rule."""
        return {step.name: step for steps in self.made.values() for step in steps}

    @cached_property
    def whole(self) -> Run:
        """The run with these steps in it. Their numbers are not computed."""
        return replace(self.run, steps={**self.run.steps, **self.steps})

    @cached_property
    def away(self) -> frozenset[str]:
        """The steps with numbers of the mistake that stand nowhere."""
        return away(self.run, self.made, self.written)

    def tells(self, step: str) -> bool:
        """Whether it changes the rule of a step, or what that step reads."""
        return step in self.made or not self.away.isdisjoint(self.run[step].inputs)

    def fits(self, step: str) -> bool:
        """Whether it leaves a step its shape, so that its numbers fit into the boxes of the right ones."""
        return self.whole[step].shape == self.run[step].shape

    def rule(self, name: str, i: int, j: int) -> Expr | None:
        """The rule of a cell as a person who makes the mistake has it; None for a given one."""
        return None if self.whole[name].op is None else self.whole.rule(name, i, j)

    def at(self, name: str, i: int, j: int) -> tuple[int, int] | None:
        """Where a cell of the run stands in the mistaken one, and the other way round: sums of columns fit into boxes
        for sums of rows. None where there are no boxes for it.
        """
        shape, other = self.run[name].shape, self.whole[name].shape
        return (i, j) if shape == other else (j, i) if shape == other[::-1] else None


class Mistaken(Struct, frozen=True, eq=False):
    """The numbers of somebody who makes a mistake."""

    mistake: Rewritten
    number: Callable[[Place], Any]
    """What they have in front of them at a place."""
    compute: Compute
    elsewhere: Container[str] | None = None
    """The steps that they compute somewhere else where there are no boxes of that shape; None for all."""
    _known: dict[Place, Any] = field(default_factory=dict)

    def value(self, place: Place) -> Any:
        """What the mistake makes of a cell, from what stands in front of them; None where it makes nothing.

        Raises: ArithmeticError where `compute` raises it, or where it reads what there are no boxes for.
        """
        at = self.mistake.at(*place)
        return None if at is None else self._cell((place[0], *at))

    def _cell(self, place: Place) -> Any:
        if place not in self._known:
            rule = self.mistake.rule(*place)
            self._known[place] = self.number(place) if rule is None else self.compute(rule, self._read)
        return self._known[place]

    def _read(self, ref: Ref) -> Any:
        place = place_of(ref)
        name = place[0]
        if name in self.mistake.away:
            return self._cell(place)
        if (at := self.mistake.at(*place)) is not None:
            return self.number((name, *at))
        if self.elsewhere is not None and name not in self.elsewhere:
            raise ArithmeticError(f"{name} is printed in another shape")
        return self._cell(place)
