"""What the cells of a notebook ask for, as its folded cell needs it: rules and what is printed; no answers."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from byhand.arithmetic.expr import Expr, Ref, nodes
from byhand.formats.notebook.checks import sealed
from byhand.mistakes import changes_of
from byhand.notation.python import python
from byhand.page.page import Page
from byhand.page.reader import Rewritten
from byhand.runs import Run
from byhand.worksheet.document import Blank, Cell, Reply, Section

PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
POINTS = 3  # at how many values of the letters two formulas are compared
SAYS = ("right", "followed", "wrong", "mistake", "empty", "shape", "unreadable")
KINDS = {"ask": "number", "entry": "number"}  # other roles are kinds by themselves
Data = Mapping[str, Any]


class Tasks(Struct, frozen=True, eq=False, dict=True):
    """The tasks of a notebook, added in the order of the page."""

    page: Page
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """The numbers of the steps that rules name."""
    _inverse: dict[str, str] = field(default_factory=dict)
    _told: list[int] = field(default_factory=lambda: [0])
    """The sections whose printed numbers are told."""

    @property
    def run(self) -> Run:
        return self.page.run

    @cached_property
    def sections(self) -> Sequence[Section]:
        return self.page.document.sections

    def add(self, section: Section, name: str, shape: str, cells: Sequence[tuple[Cell, Any, str]]) -> str:
        """Add a task: cells, each with its place in what is checked, and what it is called. Returns its name."""
        number = section.number or f"{self.sections.index(section)}x"
        key = base = f"{number}.{name}"
        while key in self.tasks:
            base += "_"
            key = base
        entries = [self._cell(self.page.blanks[id(cell)], at, called) for cell, at, called in cells]
        self.tasks[key] = self._task(section, name, shape, entries)
        return key

    def add_reply(self, section: Section, name: str, reply: Reply) -> str:
        """Add a task that is an option."""
        key = f"{section.number}.{name}"
        cell = {"id": reply.id, "at": None, "called": name, "kind": "text", "place": None, "places": None}
        cell["seal"] = sealed(reply.id, reply.right)
        self.tasks[key] = self._task(section, name, "", [cell])
        return key

    def _task(self, section: Section, name: str, shape: str, cells: list[dict[str, Any]]) -> dict[str, Any]:
        at = self.sections.index(section)
        return {"called": name, "shape": shape, "section": at, "cells": cells, "prints": [*self._prints(at)]}

    def _cell(self, blank: Blank, at: Any, called: str) -> dict[str, Any]:
        cell, kind = blank.cell, KINDS.get(blank.role, blank.role)
        record = {"id": blank.id, "at": at, "called": called, "kind": kind, "place": None, "places": None}
        if kind == "text":
            return record | {"seal": sealed(blank.id, cell.text)}
        record["places"] = cell.places if cell.places is not None else self.run.places
        if kind == "size":  # a size of a shape has no rule, but is read off
            how = {"seal": sealed(blank.id, cell.text)} if cell.rule is None else {"rule": self.python(cell.rule)}
            return record | how
        assert cell.at is not None
        record["place"] = [self.number(cell.step), *cell.at]
        if kind == "inverse" and cell.rule is not None and self.run[cell.step].op is None:
            self._inverse[",".join(map(str, record["place"]))] = self.python(cell.rule)
        return record

    def number(self, step: str) -> int:
        """The number by which rules name a step."""
        return self.numbers.setdefault(step, len(self.numbers))

    def python(self, rule: Expr) -> str:
        """A rule as Python, over steps by their numbers."""
        for ref in refs_of(rule):
            self.number(ref.matrix)
        return python(rule, self.numbers)

    def _prints(self, section: int) -> Iterator[list[Any]]:
        """The numbers of computed steps that are printed in the sections up to this one, once each."""
        upto = section + 1
        for at in range(self._told[0], upto):
            for (step, i, j), shown in self.page.reader.printed(at):
                if shown.shows == "run" and shown.places is None and self.run[step].op:
                    yield [self.number(step), i, j, self.run.texts[step][i][j]]
        self._told[0] = max(self._told[0], upto)

    @cached_property
    def data(self) -> Data:
        """All that the folded cell needs."""
        foils = [*self._foils()]
        rules, given = self._rules_and_givens()
        page, run = self.page, self.run
        return {
            "tasks": self.tasks,
            "rules": rules,
            "given": given,
            "inverse": self._inverse,
            "foils": foils,
            "words": run.vocabulary,
            "places": run.places if run.rounding == "carry" else None,
            "letters": self._points(),
            "says": {what: page.messages.say(f"notebook.{what}") for what in SAYS},
        }

    @property
    def packed(self) -> str:
        """The data as a text that is short, and that nobody reads by chance."""
        text = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return base64.b85encode(zlib.compress(text.encode(), 9)).decode()

    def _points(self) -> list[dict[str, list[int]]]:
        """Values for the letters of the run; one point without letters where it has none."""
        letters = self.page.reader.letters
        if not letters:
            return [{}]
        return [
            {letter: [PRIMES[n + point], PRIMES[(n + 2 * point) % 7]] for n, letter in enumerate(letters)}
            for point in range(POINTS)
        ]

    def _rules_and_givens(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The rules of the steps that are named, and of those that these read; the numbers of the given ones."""
        rules, given, left_out = dict[str, Any](), dict[str, Any](), set(self._inverse)
        done = 0
        while done < len(self.numbers):
            step = list(self.numbers)[done]
            number = self.numbers[step]
            done += 1
            if step not in self.run.steps:
                continue  # of a mistake only, whose rule is with it
            if self.run[step].op is not None:
                rules[str(number)] = self.rule(self.run, step)
            else:
                given[str(number)] = [
                    [None if f"{number},{i},{j}" in left_out else text for j, text in enumerate(row)]
                    for i, row in enumerate(self.run.texts[step])
                ]
        return rules, given

    def rule(self, run: Run, step: str) -> str | list[list[str]]:
        """The rule of a step as Python: one for all cells, or else one for each."""
        uniform = run.uniform(step)
        if uniform is not None:
            return self.python(uniform)
        rows, columns = run[step].shape
        return [[self.python(run.rule(step, i, j)) for j in range(columns)] for i in range(rows)]

    def _foils(self) -> Iterator[dict[str, Any]]:
        """The classic mistakes that a task can tell: what they say, and the rules of who makes them."""
        asked = {b.cell.step for b in self.page.blanks.values() if b.role in ("ask", "entry")}
        for name, made in changes_of(self.run).items():
            fits = Rewritten(self.run, made).fits
            mistake = Rewritten(self.run, made, set(filter(fits, asked)))
            tells = [step for step in sorted(mistake.written) if mistake.tells(step)]
            if tells:
                told, mend = self.page.mistake(name)
                yield {
                    "name": name, "told": told, "mend": mend,
                    "rules": {
                        str(self.number(step)): self.rule(mistake.whole, step)
                        for step, new in mistake.steps.items() if new.op
                    },
                    "away": sorted(map(self.number, sorted(mistake.away))),
                    "tells": [*map(self.number, tells)],
                }  # fmt: skip


def refs_of(rule: Expr) -> Iterator[Ref]:
    """The references in a rule, also under a Σ."""
    return (node for node in nodes(rule) if isinstance(node, Ref) and node.index)
