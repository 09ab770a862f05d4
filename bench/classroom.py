"""Measure a class, as Markdown tables. `make bench`, or:

classroom.py [--students N …] [--proof N [--sheets SHEET …]]

--proof prints nothing but whether N students' pages, filled in over five sheets, are those of the full layout;
--sheets: of these only, each with its fifth of the students.
"""

from __future__ import annotations

import argparse
import resource
import string
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import others as programs
from measuring import LIBRARIES, SHEETS, Table, median, process
from pypdfium2 import PdfDocument

from byhand.cache import replace_file
from byhand.classroom import students as room
from byhand.classroom.fitting import fitting, hiding_mistakes
from byhand.classroom.plan import Plan
from byhand.classroom.roster import Student
from byhand.classroom.students import CLASS_VIEWS, class_pages
from byhand.formats.html.page import Pages
from byhand.options import Options
from byhand.page.page import lower
from byhand.press.bundle import Bundle
from byhand.press.fill import fill
from byhand.press.layout import copy_page
from byhand.press.printing import pdf
from byhand.press.slotted import slots_of
from byhand.press.template import copy_pdf
from byhand.reading.verify import report
from byhand.witness.judge import judge
from byhand.worksheet.sheet import all_sheets, load_sheet

CLI = ("-c", "from byhand.cli import main; main()")
LETTERS = "attention-in-letters"  # has no class
PROOF = ("layer-norm", "feed-forward", "attention-head", "multi-head-attention", "gpt")


def students(count: int) -> list[Student]:
    """So many, with names."""
    return [Student(f"Student Number {n}", str(100_000 + n)) for n in range(count)]


def plan_of(sheet: str) -> Plan:
    return Plan(load_sheet(sheet), Options(numbers="exact"), string.printable[:95])


def children() -> float:
    """Seconds of processor time of all processes that have ended."""
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def sizes(counts: list[int]) -> Table:
    """Whole commands."""
    rows = []
    for sheet in SHEETS:
        known: list[tuple[int, float]] = []
        with tempfile.TemporaryDirectory() as out:  # lays the pages out
            process(*CLI, "class", sheet, "--anonymous", "30", "--out", out)
        pages = len(CLASS_VIEWS) * len(class_pages(plan_of(sheet)).layouts["key"][0].layout.pages)
        for count in (1, *counts):
            found = []
            for _ in range(5 if count <= 30 else 1):
                with tempfile.TemporaryDirectory() as out:
                    asked = [*CLI, "class", sheet, "--anonymous", str(count)]
                    before = children()
                    memory = process(*asked, "--out", out).memory
                    found.append(children() - before)
                    size = (Path(out) / f"{sheet}-class0" / "class.pdf").stat().st_size
            known.append((count, seconds := median(found)))
            more = 1000 * (seconds - known[0][1]) / max(count - 1, 1)
            rows.append((
                f"{sheet}, {count}", f"{seconds:.1f}", f"{more:.2f}" if count > 1 else "–",
                f"{more / pages:.3f}" if count > 1 else "–", f"{memory:.0f}", f"{size / count / 1000:.1f}",
            ))  # fmt: skip
    return Table(
        "A class set",
        "Processor time of fresh processes, pages laid out before: a worksheet and a key for each student, the two "
        "files with all of them, and the index; up to 30 students, medians of 5. Further copies against the first "
        "alone; kB of the class PDF a student.",
        ("sheet, students", "s", "ms a further student", "ms a further page", "MB", "kB"),
        rows,
    )


def every_sheet() -> Table:
    """A class of each sheet, and each sheet by itself."""
    rows = []
    for sheet in [sheet.name for sheet in all_sheets()]:
        with tempfile.TemporaryDirectory() as out:
            own = least(partial(process, *CLI, "generate", sheet, "--out", out))
        if sheet == LETTERS:
            rows.append((sheet, f"{own:.2f}", *["–"] * 4))
            continue
        made = seconds_of_class(sheet, 30)  # lays the pages out
        first, few, many = (least(partial(seconds_of_class, sheet, n)) for n in (1, 30, 300))
        each = [1000 * (few - first) / 29, 1000 * (many - first) / 299]
        pages = pages_of(sheet)
        rows.append((sheet, f"{own:.2f}", f"{made:.1f}", str(pages), *(f"{ms / pages:.2f}" for ms in each)))
    return Table(
        "Every sheet",
        "Seconds of processor time of a fresh process: worksheet and key generated again, the least of 2; a class of "
        "30 for the first time. Then the pages of worksheet and key, and ms of a further page, of 30 and of 300 "
        "students. The least of 2.",
        ("sheet", "generate", "class", "pages", "of 30", "of 300"),
        rows,
    )


def least(work: Callable[[], object]) -> float:
    """Processor seconds of a process: the least of two, when all is in the cache."""
    work()
    found = []
    for _ in range(2):
        before = children()
        work()
        found.append(children() - before)
    return min(found)


def seconds_of_class(sheet: str, count: int) -> float:
    before = children()
    with tempfile.TemporaryDirectory() as out:
        process(*CLI, "class", sheet, "--anonymous", str(count), "--out", out)
    return children() - before


def pages_of(sheet: str) -> int:
    """Of a worksheet and its key."""
    with tempfile.TemporaryDirectory() as out:
        process(*CLI, "generate", sheet, "--format", "pdf", "--out", out)
        return sum(len(PdfDocument(path)) for path in Path(out).glob("*/*.pdf"))


@contextmanager
def stage(spent: dict[str, float], name: str) -> Iterator[None]:
    start = time.process_time()
    yield
    spent[name] = time.process_time() - start


def spent_on(sheet: str, count: int) -> tuple[dict[str, float], int]:
    """Seconds of each stage, and how many pages were made."""
    plan, class_, spent = plan_of(sheet), students(count), dict[str, float]()
    made = class_pages(plan)
    with stage(spent, "choosing"):
        run = made.numbers.run([plan.key(student) for student in class_])
    with stage(spent, "checking"):
        hiding_mistakes(run)
        for own in run.runs():
            judge(own)
    with stage(spent, "names and codes"):
        run = room._stamped(run, class_)
    with stage(spent, "marking"):
        room._printed(plan, Pages(lower(run.document, run.run.in_slots())))
    with stage(spent, "filling"):
        marks = [run.domain.texts[number] for number in slots_of(made.page)]
        pages = {view: list(fill(made.layouts["key"][0].layout, marks, view)) for view in CLASS_VIEWS}
    with stage(spent, "zlib"):
        packed = {view: [[*map(zlib.compress, page)] for page in pages[view]] for view in CLASS_VIEWS}
    with tempfile.TemporaryDirectory() as out, stage(spent, "writing"):
        written(Path(out), made, packed)
    return spent, run.domain.count * len(CLASS_VIEWS) * len(made.layouts["key"][0].layout.pages)


def shares(count: int = 300) -> Table:
    """Where the time of a further copy goes."""
    found = {sheet: spent_on(sheet, count) for sheet in SHEETS}
    parts = list(found[SHEETS[0]][0])
    rows = []
    for sheet, (spent, pages) in found.items():
        each = [1e6 * spent[part] / pages for part in parts]
        rows.append((sheet, *(f"{x:.0f}" for x in each), f"{sum(each):.0f}"))
    return Table(
        "Shares of a further page, in µs",
        f"Processor time over {count} copies at once. choosing: the numbers renamed and run; checking: the second "
        "witness and the foils; marking: the page with marks, once; zlib: the floor, of the same bytes.",
        ("sheet", *parts, "sum"),
        rows,
    )


def written(folder: Path, made: Any, packed: Any) -> None:
    """The copies' own files, and all of them in one."""
    with (folder / "all.pdf").open("wb") as file, tempfile.TemporaryFile() as places:
        bundle = Bundle(file, places, "all", "en")
        for view in CLASS_VIEWS:
            for copy, contents in enumerate(zip(*packed[view], strict=True)):
                replace_file(folder / f"{copy}-{view}.pdf", copy_pdf(made.templates[view][0], contents, ""))
                bundle.add(made.templates[view][0], contents)
        bundle.finish()


def folders(count: int = 1000) -> Table:
    """All files of a class, read back."""
    rows = []
    start = least(partial(process, "-c", LIBRARIES))
    for sheet in SHEETS:
        with tempfile.TemporaryDirectory() as out:
            process(*CLI, "class", sheet, "--anonymous", str(count), "--out", out)
            folder, first = Path(out) / f"{sheet}-class0", Path(out) / "first"
            first.mkdir()
            file = min(folder.glob("worksheets/*.pdf"))
            (first / file.name).write_bytes(file.read_bytes())
            one, every = (least(partial(process, *CLI, "verify", str(each))) for each in (first, folder))
        pages = pages_of(sheet) // 2
        each = (every - one) / (2 * count - 1)
        rows.append(
            (f"{sheet}, {2 * count}", str(pages), f"{every:.1f}", f"{1000 * each:.1f}", f"{each / start:.2f}")
        )
    return Table(
        "A class verified",
        f"`verify FOLDER`, processor time of fresh processes, the least of 2: the worksheets and keys of {count} "
        f"students; and a further file against the first alone, also as a ratio to `{LIBRARIES}` ({start:.3f} s). "
        "Target for a file of two pages: 0.4 at most.",
        ("sheet, files", "pages", "s", "ms a further file", "ratio"),
        rows,
    )


def others() -> Table:
    """The same amount of paper by other programs, where they are installed."""
    return Table(
        "The same sheet by others",
        "A worksheet of four pages with 212 boxed cells, and its key, with other numbers for each student: ms of a "
        "further student and of one of their eight pages, and how many times as long as byhand, which writes a file "
        "for each view and both books. Whole commands and processes; the first student apart.",
        ("program", "ms a student", "ms a page", "× byhand"),
        programs.rows(process),
    )


def proof(count: int, sheets: list[str]) -> None:
    """Fill, lay out, and compare text, what `verify` says, and pictures at 150 dpi."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from page_pdf import different, same_text

    for sheet in sheets:
        plan = plan_of(sheet)
        class_ = students(-(-count // len(PROOF)))
        made = class_pages(plan)
        keys = fitting(made.numbers.run, [*made.samples, *map(plan.key, class_)])
        run = room._stamped(made.numbers.run([key for key in keys if key]), class_)
        alone, texts, verdicts, shares = 0, 0, 0, list[float]()
        of = Pages(lower(run.document, run.run))
        for view, (first, *_) in made.layouts.items():
            pages = list(zip(*fill(first.layout, run.domain.texts, view), strict=True))
            words = list(run.filled(of.words(view)))
            for copy, own in list(enumerate(pages))[-len(class_) :]:
                if None in own:
                    alone += 1
                    continue
                filled = copy_pdf(first.templates[view], [*map(zlib.compress, own)], words[copy])
                full = pdf(copy_page(made.page, partial(run.text_of, copy=copy)))
                texts += same_text(filled, full)
                verdicts += verified(filled) == verified(full) == "right"
                shares.append(100 * different(filled, full))
        print(
            f"{sheet}: {len(class_)} students, {len(shares)} files filled, {alone} did not fit; "
            f"the same text in {texts}, found right as the full layout is {verdicts}; "
            f"no pixel differs in {shares.count(0)}, at most {max(shares):.5f} % in any",
            flush=True,
        )


def verified(content: bytes) -> str:
    """What `byhand verify` says of a PDF's numbers."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        lines, _ = report(file.name)
    return lines[0].rpartition(": ")[2] if len(lines) == 1 else "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a class.")
    parser.add_argument("--students", type=int, nargs="+", default=[30, 300, 3000], metavar="N")
    parser.add_argument("--proof", type=int, metavar="N")
    parser.add_argument("--sheets", nargs="+", default=PROOF, metavar="SHEET")
    asked = parser.parse_args()
    if asked.proof:
        proof(asked.proof, asked.sheets)
        return
    for table in (lambda: sizes(asked.students), shares, every_sheet, folders, others):
        print(table(), flush=True)


if __name__ == "__main__":
    main()
