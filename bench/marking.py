"""Measure marking, as Markdown tables. `make bench`, or:

marking.py [--students N …] [--only PART]

The students are simulated: each has 2 % of the cells wrong, and goes on with what stands there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import islice, repeat
from pathlib import Path
from random import Random
from typing import Any

from measuring import LIBRARIES, SHEETS, Table, median, process

from byhand.classroom import classes
from byhand.classroom.again import INDEX_FILE, Class, own_copies
from byhand.classroom.index import IndexWriter
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import Student
from byhand.marking import mark as room
from byhand.marking.marker import Marker
from byhand.marking.record import as_line
from byhand.marking.rules import Rules
from byhand.marking.verdicts import Judged
from byhand.options import Options
from byhand.page.reader import Paper
from byhand.worksheet.document import Blank
from byhand.worksheet.sheet import load_sheet

CLI = ("-c", "from byhand.cli import main; main()")
SHARE = 0.02  # of the cells of a class that are wrong
CHUNK = 1000  # copies of a class that are made at once
MARK = """
import json, resource, sys, time
from byhand.marking.mark import mark
answers, out, class_folder = sys.argv[1:]
start = time.perf_counter()
mark(answers, out=out, class_folder=class_folder or None, formats=("json", "csv"), jobs=2)
seconds = time.perf_counter() - start
uses = [resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
processor, memory = sum(use.ru_utime + use.ru_stime for use in uses), [use.ru_maxrss / 1024 for use in uses]
print(json.dumps([seconds, processor, *memory]))
"""


def u() -> float:
    """The unit: processor time of a process that imports the libraries which each command needs."""
    return process("-c", LIBRARIES).processor


def task_of(sheet: str) -> room.Task:
    """What is marked of a sheet with the numbers of seed 0."""
    loaded = load_sheet(sheet)
    return room.Task(loaded, Options(seed=0).on(loaded))


# students


def answers(rules: Rules, is_wrong: Callable[[Blank], bool], dice: Random) -> dict[str, str]:
    """The answers of a student who writes another number in some blanks, and goes on with it."""
    judged, written = Judged.of(rules, {}), dict[str, Any]()
    paper = Paper(rules, written, judged.paper.printed, judged.reckoning.compute)
    for name, blank in rules.blanks.items():
        value = paper.follows(blank) if blank.role in ("ask", "copy") else judged.key(blank)
        value = judged.key(blank) if value is None else value
        if is_wrong(blank) and isinstance(value, int | Fraction):
            value += dice.choice((1, -1, 2, -2 * value or 3))
        written[name] = value
    roles = {name: blank.role for name, blank in rules.blanks.items()}
    return {
        name: judged.word(value) if roles[name] == "word" else judged.reckoning.text(value)
        for name, value in written.items()
    }


def one_student(rules: Rules, wrong: int, dice: Random) -> dict[str, str]:
    """The answers of a student with so many wrong cells."""
    ids = {blank.id for blank in dice.sample([b for b in rules.blanks.values() if b.role in ("ask", "copy")], wrong)}
    return answers(rules, lambda blank: blank.id in ids, dice)


def class_folder(sheet: str, count: int, folder: Path) -> None:
    """The folder of a class, but for its pages."""
    task = task_of(sheet)
    plan = Plan(task.sheet, task.options, "")
    classes._prepare(folder, ("",), plan)
    numbers, left = NumberSets(plan), (Student(f"Student {n}", f"{100_000 + n}") for n in range(count))
    with (folder / INDEX_FILE).open("wb") as file:
        rows = IndexWriter(file)
        while some := list(islice(left, CHUNK)):
            run = numbers.run([plan.key(student) for student in some])
            for student, hash_ in zip(some, list(run.filled(run.document.stamp["hash"]))[-len(some) :], strict=True):
                rows.row((student.name, student.id, "", "", "0", hash_, ""))


def class_rules(folder: Path) -> Iterator[Rules]:
    """The rules of each copy of a class."""
    of_class, rules = Class.in_folder(folder), None
    for at in range(0, len(of_class.copies), CHUNK):
        for copy in own_copies(of_class.plan, of_class.copies[at : at + CHUNK]):
            is_shared = rules is not None and rules.document is copy.document
            rules = rules.again(copy.run) if rules and is_shared else Rules(copy.document, copy.run)
            yield rules


def write_answers(path: Path, each: Iterator[Rules], about: Mapping[str, Any]) -> None:
    """A file with the answers of a class."""
    dice = Random(0)
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(about)[:-1] + ', "students": [\n')
        for n, rules in enumerate(each):
            own = answers(rules, lambda blank: dice.random() < SHARE, dice)
            file.write(",\n" * (n > 0) + json.dumps({"id": f"{100_000 + n}", "answers": own}, ensure_ascii=False))
        file.write("\n]}\n")


# tables


def single(runs: int = 20) -> Table:
    """One student."""
    rows = []
    for sheet in SHEETS:
        document, run, _ = room._made(task_of(sheet))
        marker, dice = Marker.of(document, run), Random(0)
        for wrong, goal in ((0, 0.3), (1, None), (30, 1.5)):
            found = []
            for own in [one_student(marker.rules, wrong, dice) for _ in range(runs)]:
                unit, start = u(), time.process_time()
                as_line(marker.mark(own))
                found.append((time.process_time() - start, unit))
            whole = whole_process(sheet, one_student(marker.rules, wrong, dice), max(runs // 4, 1))
            ratio = median([seconds / unit for seconds, unit in found])
            told = f"{goal} ({ratio / goal:.2f})" if goal and sheet == "gpt" else "–"
            ms = 1000 * median([seconds for seconds, _ in found])
            rows.append((f"{sheet}, {wrong} wrong", f"{ms:.1f}", f"{ratio:.2f}", told, f"{whole:.2f}"))
    return Table(
        "One student marked",
        f"Processor time from answers to the line of marks.json, the marker made before: medians of {runs} students; "
        f"in u, which is `python -c '{LIBRARIES}'`, measured before each. Then the goal, and the part of it; and a "
        "whole fresh process, `mark ANSWERS --format json --no-report`, in u.",
        ("sheet, cells", "ms", "u", "goal (of it)", "process, u"),
        rows,
    )


def whole_process(sheet: str, own: Mapping[str, str], runs: int) -> float:
    """What a fresh process takes to mark a student, in u."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.json"
        path.write_text(json.dumps({"sheet": sheet, "seed": 0, "id": "a", "answers": own}), encoding="utf-8")
        asked = (*CLI, "mark", str(path), "--format", "json", "--no-report", "--out", folder)
        process(*asked)
        return median([process(*asked).processor / u() for _ in range(runs)])


def whole_classes(counts: list[int]) -> Table:
    """Classes, whole."""
    cases = [(sheet, own, count) for sheet in reversed(SHEETS) for own in (False, True) for count in counts]
    rows = [whole_class(*case) for case in cases]
    return Table(
        "A class marked",
        f"`mark` in two processes, with marks.json, marks.csv and report.csv; {100 * SHARE:.0f} % of the cells are "
        "wrong, and carried on. Seconds on two cores, processor time, and the seconds in u; the goal for 10,000 "
        "students of attention-head is 550 u. Then the peak memory of the process that reads and writes, and of a "
        "process that marks.",
        ("sheet, students", "s", "processor s", "ms a student", "u", "MB", "MB, marking"),
        rows,
    )


def whole_class(sheet: str, own: bool, count: int) -> tuple[str, ...]:
    """A row: a class marked by a fresh process. own: whether each student has numbers of their own."""
    with tempfile.TemporaryDirectory() as home:
        folder, path = Path(home) / "class", Path(home) / "answers.json"
        if own:
            class_folder(sheet, count, folder)
            write_answers(path, class_rules(folder), {"schema": 1})
        else:
            document, run, _ = room._made(task_of(sheet))
            write_answers(path, repeat(Rules(document, run), count), {"sheet": sheet, "seed": 0})
        unit = median([u() for _ in range(5)])
        command = [sys.executable, "-c", MARK, str(path), home, str(folder) if own else ""]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, processor, memory, marking = json.loads(done.stdout)
    return (
        f"{sheet}, {count:,}, {'own numbers' if own else 'one seed'}", f"{seconds:.1f}", f"{processor:.1f}",
        f"{1000 * processor / count:.2f}", f"{seconds / unit:.0f}", f"{memory:.0f}", f"{marking:.0f}",
    )  # fmt: skip


PARTS: Mapping[str, Callable[[list[int]], Table]] = {
    "single": lambda counts: single(),
    "classes": whole_classes,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure marking.")
    parser.add_argument("--students", type=int, nargs="+", default=[100, 1000], metavar="N", help="of a class")
    parser.add_argument("--only", choices=PARTS, metavar="PART", help=f"one of {', '.join(PARTS)}")
    asked = parser.parse_args()
    for part in [asked.only] if asked.only else PARTS:
        print(PARTS[part](asked.students), flush=True)


if __name__ == "__main__":
    main()
