"""Verify many files: the copies of one class are compared with what is printed again for all of them at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec import Struct

from byhand.classroom.roster import Student
from byhand.classroom.workers import processes
from byhand.errors import ByHandError
from byhand.reading.copies import CLASSES_KEPT, Class, Kind, class_of, copies_again, is_wired, kind_of
from byhand.reading.look import numbers_alone
from byhand.reading.objects import pdf_difference
from byhand.reading.page import Page
from byhand.reading.pdf import said_in
from byhand.reading.verdict import Finding
from byhand.reading.verify import class_file_of, content_of, report
from byhand.secret import Secret

CHUNK = 400  # files that are read at once
PAGES = (".html", ".pdf", ".json")
# what byhand writes beside pages: the books of a class and of sheets, pages as data, and what was asked for
BESIDE = (
    "class.json", "places.json", "page.json", "class.pdf", "keys.pdf", "book.pdf", "index.html", "lecturer.html",
    "lecturer.pdf", "half-pages.html", "half-pages.pdf",
)  # fmt: skip
MOST_NAMED = 5  # other files of a folder with one ending that are named one by one
Line = tuple[Path, str]  # a file, and what it is found to be


class Tally(Struct, frozen=True):
    """How many of some files are found to be what."""

    findings: Counter[Finding]
    lines: tuple[Line, ...]
    """A line for each file that is not right."""


def files_in(folder: Path) -> tuple[list[Path], list[str]]:
    """The pages and runs in a folder, both of a student's side by side; and the names of its other files."""
    files = [path for path in folder.rglob("*") if path.is_file() and not _hidden(path.relative_to(folder))]
    pages = [path for path in files if path.suffix.lower() in PAGES and path.name not in BESIDE]
    others = _named({*files}.difference(pages))
    return sorted(pages, key=lambda path: (path.parent.parent, path.name, path.parent)), others


def _named(files: Collection[Path]) -> list[str]:
    """The names of files; where a folder has many with one ending, this ending."""
    alike = Counter((path.parent, path.suffix) for path in files)
    many = {kind for kind, count in alike.items() if count > MOST_NAMED}
    return sorted({f"{p.parent.name}/*{p.suffix}" if (p.parent, p.suffix) in many else p.name for p in files})


def _hidden(path: Path) -> bool:
    """Whether it is in a hidden folder, as what a killed process was writing is."""
    return any(part.startswith(".") for part in path.parts)


def findings_of(files: Sequence[Path], jobs: int, onnx: bool, secret: Secret | None = None) -> Iterator[Tally]:
    """Chunk by chunk, what the files are found to be.

    Raises: WorkerError where a process is lost; ExtraError.
    """
    chunks = [files[first : first + CHUNK] for first in range(0, len(files), CHUNK)]
    if jobs == 1 or len(chunks) == 1:
        yield from (_findings(chunk, onnx, secret) for chunk in chunks)
        return
    with processes(jobs) as pool:
        yield from pool.map(partial(_findings, onnx=onnx, secret=secret), chunks)


def _findings(files: Sequence[Path], onnx: bool, secret: Secret | None) -> Tally:
    """What the files are found to be, with the first fault of each."""
    right = set() if onnx else _right_copies(files, secret)
    counts, told = Counter({Finding.RIGHT: len(right)}), list[Line]()
    for file in (file for file in files if file not in right):
        (line, *faults), finding = report(file, onnx=onnx, secret=secret)
        counts[finding] += 1
        if faults:
            more = f" (and {len(faults) - 1} more)" * (len(faults) > 1)
            line = f"{finding.word}: {faults[0]}{more}"
        if finding is not Finding.RIGHT:
            told.append((file, line))
    return Tally(counts, tuple(told))


def _right_copies(files: Sequence[Path], secret: Secret | None) -> set[Path]:
    """Those of the files that are copies of a class, as the class prints them of judged numbers."""
    copies: dict[int, dict[tuple[Student, Kind], dict[Path, bytes]]] = defaultdict(lambda: defaultdict(dict))
    classes: dict[int, Class] = {}
    for file in files:
        with suppress(ByHandError):  # is told when it is judged by itself
            content = content_of(file)
            page = Page((), (), said_in(content) if content.startswith(b"%PDF") else {}, ())
            page = page.knowing(secret, class_file_of(file))
            if page.student and not numbers_alone(page) and len(classes) < CLASSES_KEPT:
                of = class_of(page, content)
                if not is_wired(of):
                    continue
                classes[id(of)] = of
                copies[id(of)][page.student, kind_of(page)][file] = content
    right = set()
    for key, by_copy in copies.items():
        students, kinds = (list(dict.fromkeys(each)) for each in zip(*by_copy, strict=True))
        for student, kind, reprint in copies_again(classes[key], students, kinds):
            for file, content in by_copy.get((student, kind), {}).items():
                with suppress(ByHandError):
                    if not pdf_difference(content, reprint):
                        right.add(file)
    return right
