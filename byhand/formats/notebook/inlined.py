"""The code of a notebook's folded cell: files beside this one, with what they use of byhand, as it stands there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache, cached_property
from importlib.resources import files
from typing import Any


class _File:
    """A file of byhand, by its statements. name: byhand.notation.typed."""

    def __init__(self, name: str) -> None:
        package, _, file = name.rpartition(".")
        self.name = name
        self.text = (files(package) / f"{file}.py").read_text(encoding="utf-8")
        self.body = ast.parse(self.text).body

    @cached_property
    def defined(self) -> dict[str, ast.stmt]:
        """The statement that defines or imports each name."""
        return {name: statement for statement in self.body for name in _names_of(statement)}

    def source(self, statement: ast.stmt) -> str:
        """A statement as it stands in the file, with its decorators."""
        first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))])
        return "\n".join(self.text.splitlines()[first - 1 : statement.end_lineno])


class _Cell:
    """The statements of a cell, each after those that it uses."""

    def __init__(self, own: list[_File]) -> None:
        self.own = {name: file for file in own for name in file.defined if not _is_import(file.defined[name])}
        self.imports = dict[str, None]()
        self.found = dict[tuple[str, int], str]()  # by file and line
        self.defined = dict[str, tuple[str, int]]()

    def add(self, file: _File, statement: ast.stmt) -> None:
        """Add a statement.

        Raises: ValueError for a name that two of them define.
        """
        place = file.name, statement.lineno
        if place in self.found:
            return
        self.found[place] = ""  # it may use itself
        for name in _used(statement):
            if name in self.own:
                self.add(self.own[name], self.own[name].defined[name])
            elif name in file.defined:
                self._follow(file, file.defined[name], name)
        del self.found[place]
        self.found[place] = file.source(statement)
        for name in _names_of(statement):
            if self.defined.setdefault(name, place) != place:
                raise ValueError(
                    f"a notebook's cell would define {name} twice: in {self.defined[name][0]} and {place[0]}"
                )

    def _follow(self, file: _File, statement: ast.stmt, name: str) -> None:
        match statement:
            case ast.ImportFrom(module=str(module)) if module.startswith("byhand."):
                other = _file(module)
                self.add(other, other.defined[name])
            case ast.Import() | ast.ImportFrom():
                self.imports[file.source(statement)] = None
            case _:
                self.add(file, statement)


@cache
def inlined(*names: str) -> tuple[str, frozenset[str]]:
    """The code of files beside this one, with what they use of byhand, and the names that it defines.

    What they define by themselves stands for what has this name in byhand.
    """
    own = [_file(f"byhand.formats.notebook.{name}") for name in names]
    cell = _Cell(own)
    for file in own:
        for statement in file.body:
            if _names_of(statement) and not _is_import(statement):
                cell.add(file, statement)
    defined = {*cell.defined, *(name for line in cell.imports for name in _names_of(ast.parse(line).body[0]))}
    head = ["from __future__ import annotations", *sorted(cell.imports)]
    return "\n\n\n".join(["\n".join(head), *cell.found.values()]), frozenset(defined)


@cache
def _file(name: str) -> _File:
    return _File(name)


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


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
