"""Runs a notebook's cells one after the other, as Jupyter does, and keeps what each prints, or the line it stops with."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from byhand.worksheet.document import Document

CHECK = re.compile(r'^check(?:\.points)?\("([^"]+)", (\w+)\)', re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """A cell that was run: its code, what it printed, the error that it stopped with, and the value of its last line."""

    source: str
    printed: str
    error: BaseException | None
    value: Any


def ran(notebook: Any, own: Mapping[str, Any] | None = None, document: Document | None = None) -> Iterator[Ran]:
    """Run all cells of code. own: numbers of steps that a student writes in their cells, in place of what is there."""
    space: dict[str, Any] = {"__name__": "__main__", "In": []}
    for source in sources(notebook):
        if own and document and (found := CHECK.search(source)):
            write(space, found[1], found[2], own, document)
        yield _run(source, space)


def write(space: dict[str, Any], task: str, name: str, own: Mapping[str, Any], document: Document) -> None:
    """Write a student's numbers into the blanks of a task that is a matrix."""
    ids = {blank.id: blank.cell for blank in document.blanks()}
    for cell in space["check"].data["tasks"][task]["cells"]:
        asked = ids.get(cell["id"])
        if asked is not None and asked.at and asked.step in own and isinstance(cell["at"], list):
            row, column = cell["at"]
            space[normalize("NFKC", name)][row][column] = own[asked.step][asked.at[0]][asked.at[1]]


def with_answers(notebook: Any, answers: Mapping[str, str]) -> list[Ran]:
    """Run all cells; before the first that checks a name, what a student writes for it is run."""
    space: dict[str, Any] = {"__name__": "__main__", "In": []}
    found, left = [], dict(answers)
    for source in sources(notebook):
        checked = CHECK.search(source)
        if checked and checked[2] in left:
            exec(left.pop(checked[2]), space)
        found.append(_run(source, space))
    return found


def sources(notebook: Any) -> Iterator[str]:
    """The code of the cells of code."""
    return ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


def _run(source: str, space: dict[str, Any]) -> Ran:
    out, value, error = io.StringIO(), None, None
    space["In"].append(source)
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(tree, "cell", "exec"), space)
            value = last and eval(compile(ast.Expression(last.value), "cell", "eval"), space)
        except Exception as found:
            error = found
    return Ran(source, out.getvalue(), error, value)
