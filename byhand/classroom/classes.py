"""A class set: a worksheet and a key for every student, all of them in one file for the printer, and an index."""

from __future__ import annotations

import json
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from byhand import __version__
from byhand.classroom.again import CLASS_FILE, INDEX_FILE
from byhand.classroom.in_formats import FOLDERS, FORM, Banks, InFormats, chosen, copies_in_formats, folders
from byhand.classroom.index import IndexWriter
from byhand.classroom.places import PLACES_FILE, PlacesWriter
from byhand.classroom.plan import Plan
from byhand.classroom.roster import Student
from byhand.classroom.students import (
    CLASS_VIEWS,
    ClassPages,
    Copy,
    class_pages,
    judged_page,
    pdf_of,
    places_of,
    template_of_copy,
)
from byhand.classroom.workers import Submit, workers
from byhand.errors import OutputError, RosterError
from byhand.files import mend, output_errors, staged, staging, sync_folder, write
from byhand.formats.html.page import paper_size
from byhand.options import Options
from byhand.options_file import as_entries
from byhand.page.page import lower
from byhand.press import LETTERS, Bundle, check_scannable
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.views import View

CHUNK = 1000  # students whose copies are made at once
WRITERS = 4  # threads that write files
MOST_WAITING = 100  # files that wait to be written
BOOKS = {"worksheet": "class.pdf", "key": "keys.pdf"}
FORMS = "forms"


class ClassSet(Struct, frozen=True):
    """A summary of a class set that was written."""

    folder: Path
    students: int
    sets: int
    renames: bool
    """Whether a copy has a renamed set, or else numbers that were searched for."""
    laid_out_alone: int
    """How many copies did not fit the common layout, and were laid out by themselves."""
    alike: int
    """How many copies have answers that are all those of another copy."""
    unchanged: tuple[str, ...]
    """The answers that are the same in all copies of a set of numbers."""
    mended: int
    """How many files were there with other contents, as when they were cut off, and were made again."""
    of_thread: bool
    """Whether it is of a sheet of the thread."""
    sharing: int
    """How many copies are made from a set of numbers from which another is made, too, or have words that another
    has."""
    words: int = 0
    """Of a sheet that draws words, how many there are to draw from."""


def make_class(
    name: str, students: Sequence[Student], options: Options | None = None, out: Path | str = "output", *,
    forms: bool = False, formats: Sequence[str] = (), jobs: int = 1, dask: str = "",
    done: Callable[[int], object] = lambda count: None,
) -> ClassSet:  # fmt: skip
    """Write a class set into OUT/SHEET-classN, or SHEET-class where a secret takes the place of the seed N.

    The same students and seed give the same bytes. Each student's numbers depend on the seed and their id only, or,
    where a set of numbers has few different copies, on the students before them, too (`Plan.beside`).

    forms: whether each student also gets a worksheet to fill in on a screen. jobs: the number of processes. dask: the
    address of a Dask scheduler, or "". done: called with 1 for each written copy.
    formats: in which each student also gets the copy; a question bank is one file of all copies.

    Raises: ByHandError; files that are complete stay, and running again makes the others.
    """
    options = (options or Options()).seeded
    folder = class_folder(name, options, out)
    check_apart(students)
    with output_errors(folder), ExitStack() as stack:
        submit = stack.enter_context(workers(jobs, dask))
        planned = Planned.of(name, students, options, folder, forms, formats, submit, jobs)
        writing = stack.enter_context(written(planned))
        for each in planned.copies():
            writing.add(*each)
            done(1)
    return writing.summary()


def class_folder(name: str, options: Options, out: Path | str) -> Path:
    """The folder of a class of a sheet, or of a paper."""
    return Path(out) / f"{name}-class{'' if options.secret else options.chosen_seed}"


class Planned(Struct, frozen=True):
    """A class of a sheet that can be made, before any of it is written."""

    plan: Plan
    students: Sequence[Student]
    folder: Path
    pages: ClassPages
    forms: bool
    formats: tuple[str, ...]
    """Those beside print."""
    submit: Submit
    jobs: int

    @classmethod
    def of(
        cls, name: str, students: Sequence[Student], options: Options, folder: Path, forms: bool,
        formats: Sequence[str], submit: Submit, jobs: int,
    ) -> Planned:  # fmt: skip
        """Plan a class and lay out its pages. Parameters as of `make_class`.

        Raises: ByHandError, also where the folder holds another class.
        """
        if options.scan:
            check_scannable()
        sheet = load_sheet(name, options.language)
        options = options.on(sheet)
        others = chosen(formats, options)
        letters = "".join(sorted({c for student in students for c in student.whose} | {*LETTERS}))
        plan = Plan(sheet, options, letters)
        checked(folder, _said_of(plan))
        pages: ClassPages = submit(class_pages, plan).result()
        moved = plan.beside(students, pages.numbers)
        return cls(plan, moved, folder, pages, forms or FORM in formats, others, submit, jobs)

    def copies(self) -> Iterator[tuple[Copy, InFormats]]:
        """The copies in the roster's order, in print and in other formats.

        Up to 2 · jobs chunks are computed at a time.
        """
        size = min(CHUNK, max(30, -(-len(self.students) // self.jobs)))
        waiting: deque[Any] = deque()
        for first in range(0, len(self.students), size):
            some = self.students[first : first + size]
            waiting.append(self.submit(copies_in_formats, self.plan, self.pages, some, first, self.formats))
            if len(waiting) >= 2 * self.jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


@contextmanager
def written(planned: Planned, prints: bool = True) -> Iterator[Writing]:
    """A class set that is being written into its folder, and is complete where no error ends the block.

    prints: whether it has PDFs of its own; a sheet of a paper has none.

    Raises: ByHandError; files that are complete stay.
    """
    plan, pages, folder, others = planned.plan, planned.pages, planned.folder, planned.formats
    options = plan.options
    inside = [*[*FOLDERS.values()] * (prints or bool(others)), *[FORMS] * planned.forms, *folders(others, options)]
    with ExitStack() as stack:
        begin(folder, inside, _said_of(plan))
        parts = stack.enter_context(staging(folder))
        books = {
            view: stack.enter_context(book(folder / BOOKS[view], parts, plan.sheet.name, view, options.language))
            for view in CLASS_VIEWS if prints
        }  # fmt: skip
        index = IndexWriter(stack.enter_context(staged(folder / INDEX_FILE, parts)))
        files = StudentFiles(parts, stack.enter_context(ThreadPoolExecutor(WRITERS)))
        places = PlacesWriter(plan.sheet.name, paper_size(options.paper)) if options.scan and prints else None
        yield (writing := Writing(planned, books, index, files, Banks(others, options, stack), places))
        if places:
            write(folder, {PLACES_FILE: places.file()})
        files.wait()
        first = partial(judged_page, plan, pages.numbers.first_set, pages.left, pages.minutes)
        writing.banks.write(folder, parts, lambda: lower(*first()))
    for each in (folder, *map(folder.joinpath, inside)):
        sync_folder(each)


class Writing(Struct):
    """A class set that is being written, copy by copy."""

    planned: Planned
    books: Mapping[View, Bundle]
    """In each view, all copies for the printer; none where it has no PDFs."""
    index: IndexWriter
    files: StudentFiles
    banks: Banks
    places: PlacesWriter | None = None
    """Of pages that come back."""
    sets: Counter[int] = field(default_factory=Counter)
    answers: Counter[bytes] = field(default_factory=Counter)
    laid_out_alone: int = 0

    def add(self, copy: Copy, in_formats: InFormats) -> None:
        """Write a copy."""
        student, folder, pages = copy.student, self.planned.folder, self.planned.pages
        for view in self.books:
            self.files.put(folder / FOLDERS[view] / f"{student.stem}.pdf", pdf_of(copy, pages, view))
            self.books[view].add(*template_of_copy(copy, pages, view))
        if self.planned.forms:
            self.files.put(folder / FORMS / f"{student.stem}.pdf", pdf_of(copy, pages, "worksheet", fields=True))
        for (place, ending), content in in_formats.files.items():
            self.files.put(folder / place / f"{student.stem}{ending}", content)
        self.banks.add(in_formats.parts)
        if self.places and copy.code:
            self.places.add(copy.code, student.id, places_of(copy, pages))
        variant, seed = f"{copy.set + 1}.{student.id}", self.planned.plan.options.printed_seed
        self.index.row((student.name, student.id, student.group, variant, seed, copy.hash, copy.answers))
        self.answers[sha256(copy.answers.encode()).digest()[:12]] += 1
        self.sets[copy.set] += 1
        self.laid_out_alone += bool(copy.laid_out_alone)

    def summary(self) -> ClassSet:
        """What was written."""
        alike, sharing = (
            sum(count for count in counts.values() if count > 1) for counts in (self.answers, self.sets)
        )
        of, sheet = self.planned, self.planned.plan.sheet
        words = len(of.plan.listed_sets()) if sheet.draws_words else 0
        return ClassSet(
            of.folder, len(of.students), len(self.sets), of.pages.numbers.renames, self.laid_out_alone, alike,
            of.pages.unchanged, self.files.mended, sheet.of_thread, sharing, words,
        )  # fmt: skip


def check_apart(students: Sequence[Student]) -> None:
    """Check that no student's numbers or files are another's.

    Raises: RosterError.
    """
    owners: dict[tuple[str, str], Student] = {}
    for student in students:
        for kind, text in (("id", student.id), ("name of a file", student.stem)):
            other = owners.setdefault((kind, text), student)
            if other is not student:
                raise RosterError(
                    f"{other.whose!r} and {student.whose!r} have one {kind}: {text!r}; give them other ids"
                )


class StudentFiles(Struct):
    """Writes students' files in threads, which mostly wait for the disk."""

    parts: Path
    threads: ThreadPoolExecutor
    waiting: deque[Future[bool]] = field(default_factory=deque)
    mended: int = 0
    """How many files were there with other contents."""

    def put(self, path: Path, content: bytes) -> None:
        """Write a file, unless it is there and whole."""
        self.waiting.append(self.threads.submit(mend, path, content, self.parts))
        self.wait(MOST_WAITING)

    def wait(self, most: int = 0) -> None:
        """Wait until at most so many files are left to be written."""
        while len(self.waiting) > most:
            self.mended += self.waiting.popleft().result()


def _said_of(plan: Plan) -> dict[str, Any]:
    """What a class's folder says that was asked for."""
    return asked_for(plan.options, sheet=plan.sheet.name, body=plan.sheet.body)


def asked_for(options: Options, **of: str) -> dict[str, Any]:
    """What the folder of a class says that was asked for. of: of what it is."""
    secret = repr(options.secret) if options.secret else None
    return {"byhand": __version__, **of, "options": as_entries(options), "secret": secret}


def checked(folder: Path, said: Mapping[str, Any]) -> bytes:
    """What the file of a class says. said: what was asked for.

    Raises: OutputError where the folder holds another class.
    """
    content, path = json.dumps(said, indent=1).encode(), folder / CLASS_FILE
    if path.exists() and path.read_bytes() != content:
        raise OutputError(f"{folder} holds a class of other numbers or options; remove it, or use another --out")
    return content


def begin(folder: Path, inside: Sequence[str], said: Mapping[str, Any]) -> None:
    """Make the folder of a class and those inside; refuse one that holds another class. said: as of `checked`.

    Raises: OutputError.
    """
    content = checked(folder, said)
    for name in inside:
        (folder / name).mkdir(parents=True, exist_ok=True)
    write(folder, {CLASS_FILE: content})


@contextmanager
def book(path: Path, parts: Path, name: str, view: View, language: str) -> Iterator[Bundle]:
    """All copies in one view as one PDF, of a sheet or of a paper that is called so."""
    texts = messages(language)
    title = f"{name} ({texts.say(f'views.{view}')})"
    with staged(path, parts) as file, tempfile.TemporaryFile() as offsets:
        book = Bundle(file, offsets, title, texts.language)
        yield book
        book.finish()
