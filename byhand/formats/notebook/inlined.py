"""The code of a notebook's folded cell: files beside this one, with what they use of byhand, as it stands there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import getsource
from typing import Any


class _File:
    """A file of byhand: its lines, and the statement that defines or imports each name."""

    def __init__(self, name: str) -> None:
        text = getsource(import_module(name))
        self.lines = text.splitlines()
        self.defined = {name: statement for statement in ast.parse(text).body for name in _names_of(statement)}

    def source(self, statement: ast.stmt) -> str:
        """A statement as it stands in the file, with its decorators."""
        first = min(each.lineno for each in (statement, *getattr(statement, "decorator_list", ())))
        return "\n".join(self.lines[first - 1 : statement.end_lineno])


class _Cell:
    """The code of a cell. code: by the names that it defines, each statement after those that it uses."""

    def __init__(self, beside: dict[str, _File]) -> None:
        self.beside = beside
        self.imports, self.code = set[str](), dict[str, str]()

    def add(self, file: _File, name: str) -> None:
        """Add what a name means in a file, and all that this uses.

        Raises: ValueError where the cell has something else under this name.
        """
        file = self.beside.get(name, file)
        statement = file.defined[name]
        source = file.source(statement)
        match statement:
            case ast.ImportFrom(module=str(module)) if module.startswith("byhand."):
                self.add(_file(module), name)
            case ast.Import() | ast.ImportFrom():
                self.imports.add(source)
            case _ if name not in self.code:
                names = [*_names_of(statement)]
                self.code |= dict.fromkeys(names, source)  # it may use itself
                for used in _used(statement):
                    if used in file.defined:
                        self.add(file, used)
                for each in names:  # behind these
                    self.code[each] = self.code.pop(each)
            case _ if self.code[name] != source:
                raise ValueError(f"a notebook's cell needs two things that are called {name} in byhand; rename one")


@cache
def inlined(*names: str) -> tuple[str, frozenset[str]]:
    """The code of files beside this one, with what they use of byhand, and the names that it defines.

    What they define by themselves stands for what has this name in byhand.
    """
    beside = [_file(f"byhand.formats.notebook.{name}") for name in names]
    by_name = {
        name: file for file in beside for name, statement in file.defined.items()
        if not isinstance(statement, ast.Import | ast.ImportFrom)
    }  # fmt: skip
    cell = _Cell(by_name)
    for name, file in by_name.items():
        cell.add(file, name)
    imports = "\n".join(["from __future__ import annotations", *sorted(cell.imports)])
    imported = (name for statement in ast.parse(imports).body for name in _names_of(statement))
    return "\n\n\n".join(dict.fromkeys([imports, *cell.code.values()])), frozenset({*cell.code, *imported})


@cache
def _file(name: str) -> _File:
    return _File(name)


def _names_of(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement defines or imports."""
    match statement:
        case ast.FunctionDef(name) | ast.ClassDef(name) | ast.AnnAssign(target=ast.Name(name)):
            yield name
        case ast.Assign(targets):
            yield from (node.id for each in targets for node in ast.walk(each) if isinstance(node, ast.Name))
        case ast.ImportFrom(module="__future__"):
            pass
        case ast.Import(names) | ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name for alias in names)


def _used(node: Any) -> Iterator[str]:
    """The names that a statement uses when it runs, in the order of its text: none of annotations."""
    if isinstance(node, ast.Name):
        yield node.id
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns"):
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ast.AST):
                    yield from _used(each)
