"""What the cells of a notebook ask for, as its folded cell needs it: the page as data, and blanks by their tasks."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from byhand.formats.notebook.checks import sealed
from byhand.page.data import Data
from byhand.page.page import Page
from byhand.worksheet.document import Cell, Reply, Section

PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
POINTS = 3  # at how many values of the letters two formulas are compared
SAYS = ("right", "followed", "wrong", "mistake", "empty", "shape", "unreadable")


class Tasks(Struct, frozen=True, eq=False, dict=True):
    """The tasks of a notebook, added in the order of the page."""

    page: Page
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, section: Section, name: str, shape: str, cells: Sequence[tuple[Cell, Any, str]]) -> str:
        """Add a task: cells, each with its place in what is checked, and what it is called. Returns its name."""
        number = section.number or f"{self.page.document.sections.index(section)}x"
        key = base = f"{number}.{name}"
        while key in self.tasks:
            base += "_"
            key = base
        self.tasks[key] = {"called": name, "shape": shape, "cells": [self._cell(*each) for each in cells]}
        return key

    def add_reply(self, section: Section, name: str, reply: Reply) -> str:
        """Add a task that is an option."""
        key = f"{section.number}.{name}"
        cell = {"id": reply.id, "at": None, "called": name, "seal": sealed(reply.id, reply.right)}
        self.tasks[key] = {"called": name, "shape": "", "cells": [cell]}
        return key

    def _cell(self, cell: Cell, at: Any, called: str) -> dict[str, Any]:
        """A cell of a task, with a seal where it has no rule: a text, and the size of a shape that is read off."""
        blank = self.page.blanks[id(cell)]
        has_rule = blank.role != "text" and (blank.role != "size" or cell.rule is not None)
        seal = {} if has_rule else {"seal": sealed(blank.id, cell.text)}
        return {"id": blank.id, "at": at, "called": called, **seal}

    @cached_property
    def known(self) -> Mapping[str, Any]:
        """The page as data, which page.json has as well."""
        data = Data(self.page, True)
        return {**data.head(), "sections": [*map(data.section, self.page.document.sections)], **data.rules()}

    @property
    def packed(self) -> str:
        """All that the folded cell needs as a text that is short, and that nobody reads by chance."""
        page = self.page
        data = {
            "page": self.known, "tasks": self.tasks, "letters": self._points(),
            "told": {name: page.mistake(name) for name in page.reader.mistakes},
            "says": {what: page.messages.say(f"notebook.{what}") for what in SAYS},
        }  # fmt: skip
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
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
