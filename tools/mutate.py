"""Changes byhand in one place after the other, and prints the changes that its tests do not see.

python tools/mutate.py [--count 100] [--seed 0] [--jobs N] [--limit SECONDS] [ROOM …]

A change is a slip of the pen: another comparison, + for -, and for or, a number that is larger by one, a condition
that is turned round. The same seed chooses the same places of the same code, as many in each room. Each change is
made in a copy of the repository, in which the tests of its room run, those of its file first, until one fails. What
lives is printed with its line: write a test that sees it, or see that it makes no difference.
"""

from __future__ import annotations

import argparse
import ast
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from random import Random

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("ops", "witness", "marking", "numbers", "reading")
LEFT = shutil.ignore_patterns(".*", "output", "dist", "build", "__pycache__", "node_modules")  # of the repository
FOUND, LIVES, TOO_LONG = "found", "lives", "takes too long"
OTHERS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Break: ast.Continue, ast.Continue: ast.Break,
}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """One change of a file: a piece of its text, and what stands there instead."""

    file: Path
    line: int
    start: int
    end: int
    old: str
    new: str

    def apply(self, text: bytes) -> bytes:
        """The file's text with the change."""
        return text[: self.start] + self.new.encode() + text[self.end :]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.old}  →  {self.new}"


def mutations(file: Path) -> Iterator[Mutation]:
    """Every change of a file that may be made, but for texts, types and decorators, which hold examples."""
    text = (ROOT / file).read_bytes()
    begins = [0]
    for line in text.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    tree = ast.parse(text)
    left = {id(part) for node in ast.walk(tree) for part in _left(node)}
    for node in ast.walk(tree):
        changed = None if id(node) in left else _changed(node)
        if changed is None:
            continue
        start = begins[node.lineno - 1] + node.col_offset
        end = begins[node.end_lineno - 1] + node.end_col_offset
        old, new = text[start:end].decode(), ast.unparse(changed)
        new = f"({new})" if isinstance(node, ast.expr) else new
        yield Mutation(file, node.lineno, start, end, " ".join(old.split()), new)


def _left(node: ast.AST) -> Iterator[ast.AST]:
    """All of a node that is left as it is: what is only read as a type, and decorators."""
    parts = [getattr(node, "annotation", None), getattr(node, "returns", None), *getattr(node, "decorator_list", ())]
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        parts.append(node)
    for part in parts:
        if isinstance(part, ast.AST):
            yield from ast.walk(part)


def _changed(node: ast.AST) -> ast.AST | None:
    """A node with one slip in it; None where there is none to make."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in OTHERS:
            return ast.Compare(node.left, [OTHERS[type(op)]()], node.comparators)
        case ast.BoolOp():
            return ast.BoolOp(OTHERS[type(node.op)](), node.values)
        case ast.BinOp() if type(node.op) in OTHERS and not _is_text(node.left) and not _is_text(node.right):
            return ast.BinOp(node.left, OTHERS[type(node.op)](), node.right)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            return node.operand
        case ast.Constant(value=bool()):
            return ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            return ast.Constant(node.value + 1)
        case ast.IfExp():
            return ast.IfExp(node.test, node.orelse, node.body)
        case ast.Break() | ast.Continue():
            return OTHERS[type(node)]()
    return None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def chosen(rooms: list[str], count: int, seed: int) -> list[Mutation]:
    """Some of all mutations of these rooms, as many in each."""
    some = []
    for n, room in enumerate(rooms):
        every = [each for file in sorted((ROOT / "byhand" / room).glob("*.py")) for each in mutations(_short(file))]
        share = (count + n) // len(rooms)
        some += Random(f"{seed} {room}").sample(every, min(share, len(every)))
    return some


def _short(path: Path) -> Path:
    return path.relative_to(ROOT)


def tests_of(file: Path) -> list[str]:
    """The tests of a file's room: those that are called like the file, those that import it, and the rest."""
    room, module = file.parent.name, ".".join(file.with_suffix("").parts)
    files = [*sorted((ROOT / "tests" / room).glob("test_*.py")), *(ROOT / "tests").glob(f"test_{room}.py")]

    def distance(test: Path) -> tuple[bool, bool]:
        return test.stem != f"test_{file.stem}", f"from {module} import" not in test.read_text(encoding="utf-8")

    return [str(_short(test)) for test in sorted(files, key=distance)]


def tried(copies: SimpleQueue[Path], limit: int, mutation: Mutation) -> str:
    """What the tests make of a mutation, in a copy of the repository that is not in use."""
    copy = copies.get()
    path, text = copy / mutation.file, (ROOT / mutation.file).read_bytes()
    path.write_bytes(mutation.apply(text))
    try:
        return ran(copy, tests_of(mutation.file), limit)
    finally:
        path.write_bytes(text)
        copies.put(copy)


def ran(copy: Path, tests: list[str], limit: int) -> str:
    """What tests find in a copy of the repository, within so many seconds of processor time."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *tests]
    env = os.environ | {"XDG_CACHE_HOME": str(copy / ".cache"), "PYTHONPATH": str(copy)}
    begin = partial(resource.setrlimit, resource.RLIMIT_CPU, (limit, limit + 5))
    made = subprocess.run(command, cwd=copy, env=env, preexec_fn=begin, capture_output=True)
    return LIVES if made.returncode == 0 else FOUND if made.returncode > 0 else TOO_LONG


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"by default {', '.join(ROOMS)}")
    parser.add_argument("--count", type=int, default=100, help="how many changes to make; by default 100")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other places")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many to try at once")
    parser.add_argument("--limit", type=int, default=240, help="seconds of processor time for each; by default 240")
    asked = parser.parse_args()
    some = chosen(asked.rooms or [*ROOMS], asked.count, asked.seed)
    copies, counts = SimpleQueue[Path](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="byhand-mutate-") as folder:
        for n in range(asked.jobs):
            copies.put(Path(shutil.copytree(ROOT, Path(folder) / str(n), ignore=LEFT)))
        with ThreadPoolExecutor(asked.jobs) as pool:
            for mutation, outcome in zip(some, pool.map(partial(tried, copies, asked.limit), some), strict=True):
                counts[outcome] += 1
                if outcome != FOUND:
                    print(f"{outcome}: {mutation}", flush=True)
    print(f"{counts[FOUND]} of {len(some)} changes found, {counts[LIVES]} live, {counts[TOO_LONG]} take too long")


if __name__ == "__main__":
    main()
