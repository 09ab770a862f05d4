"""The cells of a notebook: prose, given arrays, cells to fill in, and under each a cell that checks it."""

from __future__ import annotations

import base64
import builtins
import hashlib
import json
import keyword
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from msgspec import Struct, field

from byhand import __version__
from byhand.fonts import alone
from byhand.formats import Setup
from byhand.formats.notebook.inlined import inlined
from byhand.formats.notebook.tasks import Tasks
from byhand.formats.written import linear, markdown
from byhand.formats.written.inline import paragraphs
from byhand.notation.inline import spoken
from byhand.notation.number import plain
from byhand.page.page import Page
from byhand.page.parts import (
    Entries,
    Matrix,
    Options,
    Part,
    Product,
    Room,
    Sketch,
    Title,
    is_filled,
)
from byhand.tape import shape_text
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import Cell, Panel, Section
from byhand.worksheet.views import View, shows_answers

CHECKING = ("arrays", "checks")  # the files of the folded cell
OWN = {"check", "F"}  # names that it has beside those that they define
SCHEMA = 3  # of nbgrader's metadata
# what nbgrader runs before a check, and hands out to nobody: the folded cell again, as it was handed out, so that who
# defines another `check` earns nothing
RESTORED = """### BEGIN HIDDEN TESTS
import hashlib
exec(next(cell for cell in In if hashlib.sha256(cell.encode()).hexdigest() == "{folded}"))
### END HIDDEN TESTS
"""
FOLDED = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
_SPELLED = str.maketrans({"′": "p", "²": "2", "−": " minus ", "÷": " by ", "·": " times ", "+": " plus ", "ᵀ": "_T"})


def notebook(page: Page, view: View, setup: Setup) -> bytes:
    """A page as a notebook, in one view: a worksheet's cells have blanks, a key's are filled in."""
    import nbformat

    made = _Notebook(page, view, setup).made()
    return str(nbformat.writes(nbformat.from_dict(made)) + "\n").encode()  # type: ignore[no-untyped-call]


def name_of(matrix: Matrix) -> str:
    """The name of a matrix in Python: W_Q1 for W_{Q,1}, Xp for X'."""
    wrong = any(cell.shows == "mistake" for cell in matrix.panel.flat)
    words = spoken(matrix.name).translate(_SPELLED) + " wrong" * wrong  # so that it takes no right one's place
    name = "_".join(re.findall(r"\w+", words.replace(",", ""))) or "matrix"
    taken = OWN | inlined(*CHECKING)[1]
    if name[0].isdigit() or keyword.iskeyword(name) or hasattr(builtins, name) or name in taken:
        return f"{name}_" if not name[0].isdigit() else f"_{name}"
    return name


def literal(value: Any) -> str:
    """A value as Python: whole numbers and decimals as numbers, all else as a text."""
    text = plain(value) if not isinstance(value, str) else value
    return text if re.fullmatch(r"-?\d+(\.\d+)?", text) and not isinstance(value, str) else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Notebook(Struct, frozen=True, eq=False):
    page: Page
    view: View
    setup: Setup
    cells: list[dict[str, Any]] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    """The texts that are not yet a cell."""
    drawn: dict[str, Any] = field(default_factory=dict)
    """The pictures of those texts."""
    known: dict[str, tuple[Cell, ...]] = field(default_factory=dict)
    """The arrays that have a name."""
    owned: dict[str, str] = field(default_factory=dict)
    """The names of the steps that the student has computed."""
    counts: dict[str, int] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    """The cells that check."""

    def made(self) -> dict[str, Any]:
        """The notebook, as its JSON has it."""
        page, tasks = self.page, Tasks(self.page)
        title = page.head[0]
        assert isinstance(title, Title)
        for part in page.head:
            self._prose(part)
        feedback = self.setup.feedback
        self.prose.append(page.messages.say("notebook.how_checked" if feedback else "notebook.how"))
        self._flush()
        at = len(self.cells)
        for each in page.sections:
            for part in each.in_view(self.view):
                self._part(part, each.section, tasks)
        for part in page.end:
            self._prose(part)
        self._flush()
        about: dict[str, Any] = {
            "version": __version__, "sheet": page.document.name, "view": self.view,
            "language": page.messages.language, **page.stamp,
        }  # fmt: skip
        if feedback:
            about["steps"] = [json.dumps(step, ensure_ascii=False) for step in tasks.known["steps"]]
        folded = _setup(tasks if feedback else None)
        if self.setup.nbgrader and shows_answers(self.view):
            restored = RESTORED.format(folded=hashlib.sha256(folded.encode()).hexdigest())
            for cell in self.checks:
                cell["source"] = restored + cell["source"]
        self.cells.insert(at, self._code(folded, **FOLDED))
        if self.setup.nbgrader:
            self._mark(at, "setup", locked=True)
        for n, cell in enumerate(self.cells, 1):
            cell["id"] = f"cell-{n}"
        return {
            "nbformat": 4, "nbformat_minor": 5, "cells": self.cells,
            "metadata": {
                "title": title.views[self.view], "byhand": about,
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
        }  # fmt: skip

    # parts

    def _part(self, part: Part, section: Section, tasks: Tasks) -> None:
        match part:
            case Product():
                self.prose.append(f"${part.figure.formula}$")
                self._matrices(part.matrices, section, tasks)
            case Matrix():
                self._matrices((part,), section, tasks)
            case Entries() if any(isinstance(x, Cell) and x.blank for row in part.rows for x in row):
                self._entries(part, section, tasks)
            case Options():
                self._options(part, section, tasks)
            case Room():
                self._room(part, section)
            case _:
                self._prose(part)

    def _prose(self, part: Part) -> None:
        if isinstance(part, Sketch):
            name = f"picture-{len(self.drawn) + 1}.svg"
            self.drawn[name] = {"image/svg+xml": base64.b64encode(alone(part.svg(self.view))).decode()}
            said = re.sub(r"[\[\]]", "", part.said(self.view))
            self.prose.append(f"![{markdown.escaped(said)}](attachment:{name})")
        else:
            self.prose.append(markdown.written(self.page, self.view, part))

    def _matrices(self, matrices: Sequence[Matrix], section: Section, tasks: Tasks) -> None:
        """The arrays of a figure: those that are given, in one cell; then those to be filled in."""
        given, asked = list[str](), list[Matrix]()
        for matrix in matrices:
            name = name_of(matrix)
            if matrix.panel.right is not None:
                self.prose.append(markdown.written(self.page, self.view, matrix))
            elif self._is_carried(matrix.panel, name):
                own_name = self.owned[matrix.panel.step]
                self.prose.append(self.page.messages.say("notebook.carried", name=f"`{own_name}`"))
            elif matrix.panel.has_blanks:
                asked.append(matrix)
            elif self.known.get(name) is None or not _are_alike(self.known[name], matrix.panel.flat):
                given.append(self._array(matrix, name, self.view))
                self.known[name] = matrix.panel.flat
        if given:
            self._flush()
            self._add("given", self._code("\n\n".join(given)), locked=True)
        for matrix in asked:
            self._asked(matrix, section, tasks)
        for matrix in matrices:
            if matrix.options:
                self._options(matrix.options, section, tasks)

    def _is_carried(self, panel: Panel, name: str) -> bool:
        """Whether a matrix is a copy of what the student has computed in a cell of the notebook, as it stands."""
        return (
            panel.role == "copy"
            and all(cell.blank for cell in panel.flat)
            and self.owned.get(panel.step) == name
            and [(cell.step, cell.at) for cell in self.known[name]] == [(cell.step, cell.at) for cell in panel.flat]
        )

    def _asked(self, matrix: Matrix, section: Section, tasks: Tasks) -> None:
        panel, name = matrix.panel, name_of(matrix)
        cells = [
            (cell, [i, j], self.page.called[id(cell)])
            for i, row in enumerate(panel.cells) for j, cell in enumerate(row) if cell.blank
        ]  # fmt: skip
        self._task(section, tasks, name, partial(self._array, matrix, name), shape_text(panel.shape), cells)
        self.known[name] = panel.flat
        self.owned[panel.step] = name

    def _array(self, matrix: Matrix, name: str, view: View) -> str:
        """An array as Python, with what it is and with its labels."""
        panel, say = matrix.panel, self.page.messages.say
        lines = [f"# {linear.title(matrix, self.page.messages)}"]
        if any(panel.cols):
            lines.append(f"# {say('written.column_labels', labels=', '.join(panel.cols))}")
        rows = [[literal(cell.value) if is_filled(cell, view) else "..." for cell in row] for row in panel.cells]
        width = max(len(entry) for row in rows for entry in row)
        lines.append(f"{name} = array([")
        for label, row in zip(panel.rows, rows, strict=True):
            text = f"    [{', '.join(entry.rjust(width) for entry in row)}],"
            lines.append(f"{text}  # {label}" if label else text)
        return "\n".join([*lines, "])"])

    def _entries(self, part: Entries, section: Section, tasks: Tasks) -> None:
        """A table or boxes for words: a dictionary, with what each entry is called."""
        if part.head and any(not isinstance(x, Cell) for row in part.rows for x in row):
            self.prose.append(markdown.written(self.page, self.view, part))
        names = self._apart(part.labels)
        cells = [x for row in part.rows for x in row if isinstance(x, Cell)]
        asked = [(cell, name) for cell, name in zip(cells, names, strict=True) if cell.blank]
        var = self._numbered("table" if part.block.kind == "table" else "words")

        def source(view: View) -> str:
            shown = ((name, literal(cell.value) if is_filled(cell, view) else "...") for cell, name in asked)
            return "\n".join([f"{var} = {{", *(f"    {_quoted(name)}: {text}," for name, text in shown), "}"])

        if isinstance(part.block, Construction):  # many answers are right, and no cell checks them
            self.prose.append(self.page.messages.say("notebook.unmarked"))
            self._flush()
            self._add(
                f"{section.number}-{var}",
                self._code(self._with_solution(source)),
                grade=True,
                solution=True,
                points=1,
            )
            return
        self._task(section, tasks, var, source, "", [(cell, name, name) for cell, name in asked])

    def _options(self, part: Options, section: Section, tasks: Tasks) -> None:
        """One of several options: its name, or its number."""
        reply, var = part.reply, self._numbered(part.reply.role)
        is_truth = reply.options == ("true", "false")
        if is_truth:
            told, options = ["True", "False"], ["True", "False"]
        else:
            told = [f"{n}: {label}" for n, label in enumerate(part.labels, 1)]
            options = [str(n) for n in range(1, len(told) + 1)]

        def source(view: View) -> str:
            ticked = part.ticked(view)
            answer = "..." if ticked is None else options[ticked]
            return f"# {self.page.messages.say('notebook.options', options=', '.join(told))}\n{var} = {answer}"

        self._task(section, tasks, var, source, "", reply)

    def _room(self, part: Room, section: Section) -> None:
        """A cell of Markdown to write in."""
        self._flush()
        answer = part.answer(self.view)
        told = self.page.messages.say("notebook.write") if answer is None else answer
        body = "\n\n".join(paragraphs(told, markdown.MARKS))
        cell = self._cell("markdown", f"**{markdown.escaped(part.lead)}** {body}")
        name = f"{section.number}-{self._numbered('answer')}"
        points = int(part.reply is not None)  # nbgrader wants all that one writes in Markdown to have points, or none
        self._add(name, cell, grade=True, solution=True, points=points)

    # cells

    def _task(
        self, section: Section, tasks: Tasks, name: str, source: Callable[[View], str], shape: str, asked: Any
    ) -> None:
        """A cell to fill in, and a cell that checks it. source: the first of them, in a view."""
        self._flush()
        adds = tasks.add_reply if not isinstance(asked, list) else None
        key = adds(section, name, asked) if adds else tasks.add(section, name, shape, asked)
        self._add(key, self._code(self._with_solution(source)), solution=True)
        if self.setup.feedback:
            call = f"({_quoted(key)}, {name})"
            points = len(asked) if isinstance(asked, list) else 1
            self.checks.append(self._code(f"check.points{call}" if self.setup.nbgrader else f"check{call};"))
            self._add(f"{key}-check", self.checks[-1], grade=True, locked=True, points=points)

    def _with_solution(self, source: Callable[[View], str]) -> str:
        """What stands in a cell to fill in; in a key for nbgrader, what is no solution stays for the students."""
        if self.setup.nbgrader and shows_answers(self.view):
            return f"{source('worksheet')}\n### BEGIN SOLUTION\n{source(self.view)}\n### END SOLUTION"
        return source(self.view)

    def _add(self, name: str, cell: dict[str, Any], **flags: Any) -> None:
        self.cells.append(cell)
        if self.setup.nbgrader:
            self._mark(len(self.cells) - 1, name, **flags)

    def _mark(
        self, at: int, name: str, grade: bool = False, solution: bool = False, locked: bool = False, points: int = 0
    ) -> None:
        """Give a cell the metadata of nbgrader: a name without dots, and what it is for."""
        plain_name = re.sub(r"[^A-Za-z0-9_-]", "-", name)
        metadata: dict[str, Any] = {
            "schema_version": SCHEMA, "grade_id": self._numbered(plain_name, always=False),
            "grade": grade, "solution": solution, "locked": locked, "task": False,
        }  # fmt: skip
        self.cells[at]["metadata"]["nbgrader"] = metadata | ({"points": points} if grade else {})

    def _flush(self) -> None:
        """Make a cell of the prose so far."""
        if self.prose:
            cell = self._cell("markdown", "\n\n".join(self.prose))
            if self.drawn:
                cell["attachments"] = {**self.drawn}
            self.cells.append(cell)
        self.prose.clear()
        self.drawn.clear()

    def _code(self, source: str, **metadata: Any) -> dict[str, Any]:
        return self._cell("code", source, metadata) | {"execution_count": None, "outputs": []}

    def _cell(self, kind: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"cell_type": kind, "metadata": {**(metadata or {})}, "source": source}

    def _numbered(self, name: str, always: bool = True) -> str:
        """A name with a number; or, if not always, with one from its second use on."""
        self.counts[name] = n = self.counts.get(name, 0) + 1
        return f"{name}_{n}" if always or n > 1 else name

    def _apart(self, names: Sequence[str]) -> list[str]:
        """Names, with a number behind those that there are twice."""
        seen = dict[str, int]()
        distinct = []
        for name in names:
            seen[name] = seen.get(name, 0) + 1
            distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
        return distinct


def _are_alike(cells: Sequence[Cell], others: Sequence[Cell]) -> bool:
    """Whether two arrays print the same numbers."""
    return len(cells) == len(others) and all(
        not cell.blank and cell.text == other.text for cell, other in zip(cells, others, strict=True)
    )


def _setup(tasks: Tasks | None) -> str:
    """The folded cell: what reads numbers, and, with tasks, what checks them."""
    if tasks is None:
        return inlined("arrays")[0]
    packed = tasks.packed
    lines = [packed[at : at + 110] for at in range(0, len(packed), 110)]
    # it goes on from the one that is there, where the cell is run again
    checker = (
        "check = Checker(\n" + "\n".join(f"    {line!r}" for line in lines) + ',\n    globals().get("check"),\n)'
    )
    return f"{inlined(*CHECKING)[0]}\n\n\n{checker}"
