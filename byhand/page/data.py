"""A page as data, as page.json, a page on a screen and a notebook have it: byhand/page.schema.json describes it.

It is short, since a page on a screen and a notebook bring it along. A step is told by its number among all. Cells
with one role in one step stand together as stretches: of each the row and the column of the first, and how many
follow in its row; a negative number of them follows in its column. Nothing in it is an answer; with no feedback, it
has no rule and no number either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from byhand import __version__
from byhand.arithmetic.expr import Ref, refs
from byhand.notation.marks import written
from byhand.notation.number import exact_text
from byhand.numbers.conditions import Test
from byhand.page.page import Page
from byhand.page.reader import Rewritten, place_of
from byhand.record import array, rule_entry
from byhand.runs import Run
from byhand.tape import Place, Step
from byhand.worksheet.asked import OPTIONS, as_text
from byhand.worksheet.construction import constructions
from byhand.worksheet.document import Blank, Check, Section

Json = Any
SCHEMA = 1


class Data(Struct, frozen=True, eq=False, dict=True):
    """A page as data."""

    page: Page
    tells: bool
    """Whether it has rules and numbers."""

    @cached_property
    def run(self) -> Run:
        """The run as somebody has it who has the page: what is printed whole is given."""
        return self.page.reader.seen(self.page.reader.has)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each step, by its name."""
        return {name: at for at, name in enumerate(self.run.steps)}

    def head(self) -> dict[str, Json]:
        """What the page is, and what it was asked for."""
        document, run = self.page.document, self.page.run
        asked = {name: document.asked[name] for name in OPTIONS if name in document.asked}
        student = {
            name: as_text(document.stamp.get(word, "")) for name, word in (("id", "student"), ("name", "named"))
        }
        return {
            "schema": SCHEMA, "byhand": __version__, "sheet": document.name, "title": document.title,
            **self.page.stamp, **({"student": student} if student["id"] else {}),
            "options": {name: int(text) if text.isdecimal() else text for name, text in asked.items()},
            "orientation": document.orientation, "numbers": run.numbers,
            **({"places": run.places, "rounding": run.rounding} if run.places is not None else {}),
            "vocabulary": list(run.vocabulary), "feedback": self.tells,
        }  # fmt: skip

    # what stands in front of the reader of a section

    def section(self, section: Section) -> dict[str, Json]:
        """A section: what stands in front of its reader, in the order of the page, and its other answers."""
        seen: list[list[Json]] = []
        for each in section.seen:
            cell, role = each.cell, each.role
            if cell.shows == "mistake" or (not role and (cell.at is None or not self.tells)):
                continue
            step, more = self.numbers.get(cell.step), self.beside(each, section) if isinstance(each, Blank) else {}
            if more or cell.at is None or not seen or seen[-1][:2] != [role, step] or len(seen[-1]) == 4:
                seen.append([role, step, [] if cell.at is None else [*cell.at, 1], *([more] if more else [])])
            else:
                add(seen[-1][2], cell.at)
        sums = [self.numbers.get(block.sums) for block in section.words if isinstance(block, Check)]
        return {
            "number": section.number, "title": section.title, "seen": seen,
            "replies": [{"id": each.id, "role": each.role, "options": [*each.options]} for each in section.replies],
            **({"sums": sums} if self.tells and any(step is not None for step in sums) else {}),
            **({"changes": changes} if (changes := self.changes(section)) else {}),
        }  # fmt: skip

    def changes(self, section: Section) -> list[dict[str, Json]]:
        """What each construction of a section asks for: which number may be changed, and the condition."""
        return [
            {
                "ids": [*boxes], "step": self.numbers[block.step], "axes": [*block.axes],
                "labels": [[*labels] for labels in block.labels], "transposed": block.transposed,
                "free": [[*place] for place in block.free], "test": self.test(block.test),
            }
            for block, boxes in constructions(section) if self.tells
        ]  # fmt: skip

    def test(self, test: Test) -> Json:
        """A condition: its sign, and the tests or the trees that it joins."""
        return [test.sign, *(self.test(p) if isinstance(p, Test) else self.tree(array(p)) for p in test.parts)]

    def beside(self, blank: Blank, section: Section) -> dict[str, Json]:
        """What is known of a blank beside its role and place: its id, if that does not follow, and its own rule."""
        cell, known = blank.cell, dict[str, Json]()
        if (
            cell.at is None
            or blank.id != f"{section.number}/{blank.role}/{cell.step}/{cell.at[0] + 1},{cell.at[1] + 1}"
        ):
            known["id"] = blank.id
        if self.tells and cell.places is not None:
            known["places"] = cell.places
        if self.tells and blank.role in ("size", "inverse") and cell.rule is not None:
            known["rule"] = self.tree(array(cell.rule))
        if self.tells and blank.role == "inverse":
            known["result"] = self.numbers[blank.result]
        return known

    # rules

    def rules(self) -> dict[str, Json]:
        """The steps, and the classic mistakes as the rules that they rewrite."""
        if not self.tells:
            return {"steps": [{"name": name} for name in self.numbers]}
        unknown = {blank.cell.place: blank for blank in self.page.reader.blanks.values() if blank.role == "inverse"}
        printed = {
            place: [self.numbers[place[0]], *place[1:], written(exact_text, self.run.value(Ref(place[0], place[1:])))]
            for blank in unknown.values() if blank.cell.rule is not None
            for place in map(place_of, refs(blank.cell.rule)) if place[0] == blank.result
        }  # fmt: skip
        return {
            "steps": [self.step(step, unknown) for step in self.run.steps.values()],
            "mistakes": [*self.mistakes()], **({"printed": [*printed.values()]} if printed else {}),
        }  # fmt: skip

    def step(self, step: Step, unknown: Iterable[Place]) -> dict[str, Json]:
        """A step: its name, shape, inputs and rule, or else its numbers, but for those that are to be found."""
        entry = {"name": step.name, "op": step.op_name, **self.shape(self.run, step)}
        entry |= {"times": step.times} if step.times else {}
        entry["inputs"] = [self.numbers[name] for name in step.inputs]
        if step.op is not None:
            return entry | ({"printed": True} if step.name in self.page.reader.printed_steps else {})
        numbers = enumerate(self.run.texts[step.name])
        values = [[None if (step.name, i, j) in unknown else x for j, x in enumerate(row)] for i, row in numbers]
        return entry | {"values": values}

    def shape(self, run: Run, step: Step, numbers: Mapping[str, int] | None = None) -> dict[str, Json]:
        """The shape and the rule of a step of a run, which may be a mistake's."""
        return {"shape": [*step.shape], **self.tree(rule_entry(run, step), numbers)}

    def mistakes(self) -> Iterator[dict[str, Json]]:
        """The classic mistakes that can be made: the steps that they rewrite, and all steps with other rules, those
        too that read matrices of other shapes.
        """
        for name, made in self.page.reader.mistakes.items():
            mistake = Rewritten(self.run, made)
            others = [
                step for name, step in self.run.steps.items()
                if step.op and name not in mistake.steps and not all(map(mistake.fits, step.inputs))
            ]  # fmt: skip
            added = [each for each in mistake.steps if each not in self.run.steps]
            numbers = {**self.numbers, **{each: len(self.numbers) + at for at, each in enumerate(added)}}
            steps = [
                [numbers[step.name], self.shape(mistake.whole, step, numbers)]
                for step in (*mistake.steps.values(), *others)
            ]
            yield {"name": name, "made": [numbers[each] for each in made], "steps": steps}

    def tree(self, tree: Json, numbers: Mapping[str, int] | None = None) -> Json:
        """A tree, or what holds some, with the numbers of steps in place of their names, and numbers in place of
        steps that the page does not have.
        """
        if isinstance(tree, dict):
            return {key: self.tree(each, numbers) for key, each in tree.items()}
        if isinstance(tree, list):
            if tree[:1] == ["ref"]:
                known, (name, i, j) = numbers or self.numbers, tree[1:]
                if name not in known:
                    return ["num", written(exact_text, self.page.run.value(Ref(name, (i, j))))]
                return ["ref", known[name], i, j]
            return [self.tree(each, numbers) for each in tree]
        return tree


def add(stretches: list[int], at: tuple[int, int]) -> None:
    """Add a cell to stretches: to the last one, where it belongs to it."""
    i, j, count = stretches[-3:]
    if count > 0 and at == (i, j + count):
        stretches[-1] += 1
    elif (count == 1 or count < 0) and at == (i + abs(count), j):
        stretches[-1] = -abs(count) - 1
    else:
        stretches += [*at, 1]
