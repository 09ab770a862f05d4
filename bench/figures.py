"""The figures to reach, in u: `bench.py --only figures`, or only the rows whose names hold a text:

figures.py [TEXT] [--runs N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from measuring import HERE, LIBRARIES, SHEETS, Runs, Table, inside, median, process
from pikepdf import Array, Pdf

sys.path.insert(0, str(HERE.parent / "tests"))
from installed import built, installed

from byhand.first_seeds import SEEDS as SEEDS_BROUGHT

CLI = ("-c", "from byhand.cli import main; main()")
FEW, MANY = 30, 300  # students of a class
PAGE_OF_ZLIB = 3.1  # how many times as long as zlib a further page may take: 0.25 ms, where zlib takes 0.08
SEEDS = 20  # of a class by Typst
TYPST = """
import sys, typst
source, *folders = sys.argv[1:]
compiler = typst.Compiler(source, ignore_system_fonts=True)
for folder in folders:
    for view in ("worksheet", "key"):
        with open(f"{folder}/{view}.json", encoding="utf-8") as file:
            compiler.compile(output=f"{folder}/{view}.pdf", sys_inputs={"blocks": file.read()})
"""
FURTHER_PAGE = "a further page of a class of gpt"
FURTHER_COPY = "a further copy of a class of gpt"
FIRST, LATER = SEEDS_BROUGHT[0], SEEDS_BROUGHT[-1] + 1  # the wheel brings the numbers of the seeds between them
PDF_ONLY = "`generate gpt --format pdf`, another seed"
Row = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A command, and how many u it may take.

    cache: warm holds what each sheet's own numbers have left; empty is new, and next is the last empty one, later.
    seed: the first of the seeds that it has, one after the other; 0 for the sheet's own numbers. slow: whether it
    takes seconds.
    """

    command: str
    goal: float
    cache: str = "warm"
    seed: int = 0
    slow: bool = False

    @property
    def name(self) -> str:
        again = "first ever" if self.cache == "empty" else "again"
        when = {0: again, FIRST: f"another of the first {LATER - 1} seeds", LATER: "another seed"}[self.seed]
        return f"`{self.command}`, {when}" if " " in self.command else f"`{self.command}`"


CASES = (
    Case("generate gpt", 14, "empty", slow=True),
    Case("generate gpt", 4.5, seed=FIRST),
    Case("generate gpt", 4.5, seed=LATER),
    Case("generate gpt", 1.6),
    Case("generate attention-head", 8, "empty", slow=True),
    Case("generate attention-head", 3.5, seed=FIRST),
    Case("generate attention-head", 3.5, seed=LATER),
    Case("generate attention-head", 1.4),
    Case("generate gpt --format html", 2.3, "empty"),
    Case("generate gpt --format html", 2.3, seed=FIRST),
    Case("generate gpt --format html", 2.3, seed=LATER),
    Case("list", 1.5),
    Case("--help", 0.5),
    Case("generate --all --format html,pdf", 150, "empty", slow=True),
    Case("generate --all --format html,pdf", 60, "next", seed=FIRST, slow=True),
    Case("generate --all --format html,pdf", 60, "next", seed=LATER, slow=True),
    Case(f"class gpt --anonymous {FEW}", 27, "empty", slow=True),
)


class Installed:
    """byhand, installed from its wheel, and caches for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = str(
            installed(built(HERE.parent, folder / "dist", "wheel", BYHAND_BRINGS="all")[0], folder / "venv")
        )
        self._seeds = Counter[tuple[str, int]]()  # of each command and first seed, how many it had
        self._caches = 0

    def seconds(self, *arguments: str, cache: str = "warm") -> float:
        """Processor time of a fresh Python."""
        env = {"XDG_CACHE_HOME": str(self.folder / cache), "PYTHONPATH": ""}
        return process(*arguments, python=self.python, cwd=str(self.folder), **env).processor

    def u(self) -> float:
        """The unit: what it takes to import the libraries that each command needs."""
        return self.seconds("-c", LIBRARIES)

    def command(self, command: str, cache: str = "warm", seed: int = 0) -> float:
        """Processor time of a command."""
        words = command.split()
        if seed:
            words += ["--seed", str(seed + self._seeds[command, seed])]
            self._seeds[command, seed] += 1
        self._caches += cache == "empty"
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            words += ["--out", out] if words[0] in ("generate", "class") else []
            return self.seconds(*CLI, *words, cache="warm" if cache == "warm" else f"cache {self._caches}")


def commands(byhand: Installed, runs: Runs, text: str) -> Iterator[Row]:
    """Whole commands, in u, which is measured before each."""
    found: dict[Case, list[tuple[float, float]]] = {case: [] for case in CASES if text in case.name}
    for turn in range(runs.fast):
        for case, measured in found.items():
            if turn < runs.slow or not case.slow:
                u = byhand.u()
                measured.append((byhand.command(case.command, case.cache, case.seed), u))
    for case, measured in found.items():
        yield _row(case.name, [seconds for seconds, _ in measured], [u for _, u in measured], case.goal, "u")


def further_page(byhand: Installed, runs: Runs) -> Iterator[Row]:
    """A further page of a class, in what zlib takes for the same bytes."""
    contents = _contents(byhand)
    copies, least = [], []
    for _ in range(runs.slow):
        copies.append(_further_copy(byhand) / len(contents) * FEW)
        start = time.process_time()
        for content in contents:
            zlib.compress(content)
        least.append((time.process_time() - start) / len(contents))
    yield _row(FURTHER_PAGE, copies, least, PAGE_OF_ZLIB, "zlib")


def _further_copy(byhand: Installed) -> float:
    few, many = (byhand.command(f"class gpt --anonymous {count}") for count in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def _contents(byhand: Installed) -> list[bytes]:
    """The contents of all pages of a class that are no other page's, too."""
    with tempfile.TemporaryDirectory(dir=byhand.folder) as out:
        byhand.seconds(*CLI, "class", "gpt", "--anonymous", str(FEW), "--out", out)
        found = []
        for book in Path(out).glob("*/*.pdf"):
            with Pdf.open(book) as pdf:
                held = [page.obj.Contents for page in pdf.pages if "/Contents" in page.obj]  # a blank one has none
                streams = [s for contents in held for s in (contents if isinstance(contents, Array) else [contents])]
                times = Counter(stream.objgen for stream in streams)
                found += [stream.read_bytes() for stream in streams if times[stream.objgen] == 1]
    return found


def against_typst(byhand: Installed, runs: Runs) -> Iterator[Row]:
    """The same words, boxes and pages by Typst: another seed, and a further copy of a class."""
    if not find_spec("typst"):
        yield "Typst is not installed: pip install 'byhand[bench]'", "–", "–", "–", "–"
        return
    seeds = [str(seed) for seed in range(1, SEEDS + 1)]
    one, typst_one, copy, typst_copy = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        inside("words", "gpt", folder, *seeds)
        typst = ("-c", TYPST, str(HERE / "gpt.typ"))
        for turn in range(runs.slow):
            one.append(byhand.command("generate gpt --format pdf", seed=LATER))
            typst_one.append(byhand.seconds(*typst, f"{folder}/{seeds[turn % SEEDS]}"))
            copy.append(_further_copy(byhand))
            every = byhand.seconds(*typst, *(f"{folder}/{seed}" for seed in seeds))
            typst_copy.append((every - typst_one[-1]) / (SEEDS - 1))
    yield _row(PDF_ONLY, one, typst_one, 2, "Typst")
    yield _row(FURTHER_COPY, copy, typst_copy, 1 / 20, "Typst")


def _row(name: str, seconds: list[float], units: list[float], goal: float, unit: str) -> Row:
    """A row: medians of the seconds and of their ratios to a unit, which was measured beside each."""
    ratio = median([s / u for s, u in zip(seconds, units, strict=True)])
    return (
        name, f"{1000 * median(seconds):.3g}", f"{1000 * median(units):.3g} ({unit})", f"{ratio:.3g}", f"{goal:.3g}",
        f"{ratio / goal:.2f}",
    )  # fmt: skip


def figures(runs: Runs, text: str = "") -> Table:
    """The figures to reach."""
    with tempfile.TemporaryDirectory() as folder:
        byhand = Installed(Path(folder))
        for sheet in SHEETS:
            byhand.command(f"generate {sheet}")
        rows = list(commands(byhand, runs, text))
        if text in FURTHER_PAGE:
            byhand.command(f"class gpt --anonymous {FEW}")  # lays the pages out
            rows += further_page(byhand, runs)
        if text in PDF_ONLY or text in FURTHER_COPY:
            rows += against_typst(byhand, runs)
    return Table(
        "Figures in u",
        "Processor time of fresh processes, byhand installed from its wheel: medians, and medians of the ratios to "
        f"what was measured just before. u is `python -c '{LIBRARIES}'`; zlib compresses the bytes of the same page; "
        "Typst (PyPI) sets gpt.typ: the same words, boxes and 16 pages, but it chooses and checks no numbers. What "
        "has at most 1 in the last column is as fast as it should be; the goal of HTML alone is that of a sheet's "
        "own numbers.",
        ("what", "ms", "unit, ms", "in units", "goal", "of the goal"),
        rows,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the figures to reach.")
    parser.add_argument("text", nargs="?", default="", help="of the rows, only those with this text in their names")
    parser.add_argument("--runs", type=int, default=5, help="how often")
    asked = parser.parse_args()
    print(figures(Runs(asked.runs, asked.runs), asked.text))
