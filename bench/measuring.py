"""How the benchmarks measure: fresh processes, medians, and Markdown tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
SHEETS = ("gpt", "attention-head")
LIBRARIES = "import click, jinja2, markdown_it, yaml"


class Use(NamedTuple):
    """What a process has used: seconds that passed, seconds of processor time, and its peak memory in MB."""

    seconds: float
    processor: float
    memory: float


@dataclass(frozen=True)
class Table:
    """One part's result."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __str__(self) -> str:
        lines = [self.head, tuple("---" if i == 0 else "--:" for i in range(len(self.head))), *self.rows]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"## {self.title}\n\n{self.note}\n\n{body}\n"


@dataclass(frozen=True)
class Runs:
    """How often: fast things, and those that take seconds."""

    fast: int
    slow: int


def process(*arguments: str, python: str = sys.executable, cwd: str | None = None, **env: str) -> Use:
    """Run a fresh Python to its end. env: variables of its environment."""
    start = time.perf_counter()
    compiled = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **env}  # as where a package is installed
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen([python, *arguments], cwd=cwd, stdout=subprocess.DEVNULL, stderr=told, env=compiled)
        _, status, use = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            told.seek(0)
            sys.exit(f"{told.read().decode()}exit {child.returncode} from python {' '.join(arguments)}")
    memory = use.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Use(seconds, use.ru_utime + use.ru_stime, memory)


def inside(what: str, *arguments: str) -> Any:
    """What a function of inside.py measures in a fresh process."""
    command = [sys.executable, str(HERE / "inside.py"), what, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"exit {done.returncode} from inside.py {what}")
    return json.loads(done.stdout.splitlines()[-1])


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the middle two."""
    ordered, n = sorted(values), len(values)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def spread(values: Sequence[float], places: int) -> str:
    """Median (least–most)."""
    return f"{median(values):.{places}f} ({min(values):.{places}f}–{max(values):.{places}f})"
