"""A class of a paper: each student's sheets behind a cover, and for each sheet what a class of it has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from byhand.classroom.again import CLASS_FILE
from byhand.classroom.classes import (
    BOOKS,
    WRITERS,
    ClassSet,
    Planned,
    StudentFiles,
    asked_for,
    begin,
    book,
    check_apart,
    checked,
    class_folder,
    written,
)
from byhand.classroom.in_formats import FOLDERS
from byhand.classroom.places import PLACES_FILE, PlacesOfPage, PlacesWriter
from byhand.classroom.plan import Plan
from byhand.classroom.roster import Student
from byhand.classroom.students import (
    CLASS_VIEWS,
    ClassPages,
    Copy,
    class_pages,
    code_of,
    judged_page,
    pdf_of,
    places_of,
    said_of,
    student_copies,
)
from byhand.classroom.workers import workers
from byhand.errors import RosterError
from byhand.files import output_errors, staging, sync_folder, write
from byhand.formats.html.page import paper_size
from byhand.formats.pdf import bound_paper
from byhand.options import Options
from byhand.page.page import Page, lower
from byhand.paper import ExamPaper, paper_of
from byhand.press import length_of, marked
from byhand.symmetry.draw import Draw
from byhand.worksheet.asked import LARGE_ALONE, as_word
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.views import View

CLASSES_KEPT = 8  # of sheets of papers, for the next copy that is made again


class Made(Struct, frozen=True):
    """A student's copy of a sheet."""

    plan: Plan
    pages: ClassPages
    """The pages of the class."""
    copy: Copy


def make_paper_class(
    paper: ExamPaper, students: Sequence[Student], options: Options | None = None, out: Path | str = "output", *,
    forms: bool = False, formats: Sequence[str] = (), jobs: int = 1, dask: str = "",
    done: Callable[[int], object] = lambda count: None,
) -> list[ClassSet]:  # fmt: skip
    """Write a class of a paper into OUT/NAME-classN: each student's worksheet and key, all of them for the printer,
    and in a folder for each sheet its index and what `make_class` writes beside print. Parameters as there.

    Raises: ByHandError; files that are complete stay, and running again makes the others.
    """
    options = (options or Options()).seeded
    folder, said = class_folder(paper.name, options, out), _said_of(paper, options)
    check_apart(students)
    with output_errors(folder), ExitStack() as stack:
        checked(folder, said)
        submit = stack.enter_context(workers(jobs, dask))
        planned = [
            Planned.of(part.sheet, students, part.options(options), folder / part.sheet, forms, formats, submit, jobs)
            for part in paper.parts
        ]
        begin(folder, [*FOLDERS.values(), *(part.sheet for part in paper.parts)], said)
        parts = stack.enter_context(staging(folder))
        files = StudentFiles(parts, stack.enter_context(ThreadPoolExecutor(WRITERS)))
        books = {
            view: stack.enter_context(book(folder / BOOKS[view], parts, paper.title, view, options.language))
            for view in CLASS_VIEWS
        }
        sheets = [stack.enter_context(written(each, prints=False)) for each in planned]
        pages, places = (
            [page_of(each.plan, each.pages) for each in planned],
            PlacesWriter(paper.name, paper_size(options.paper)),
        )
        for copies in zip(*(each.copies() for each in planned), strict=True):
            for sheet, each in zip(sheets, copies, strict=True):
                sheet.add(*each)
            made = [Made(of.plan, of.pages, copy) for of, (copy, _) in zip(planned, copies, strict=True)]
            for view, pdf in bound_copies(paper, options, pages, made):
                if view == "worksheet" and options.scan:
                    places.add(
                        code_of_paper(paper, made), made[0].copy.student.id, _places_of(paper, options, made, pdf)
                    )
                files.put(folder / FOLDERS[view] / f"{made[0].copy.student.stem}.pdf", pdf)
                books[view].add_pages(pdf)
            done(1)
        if options.scan:
            write(folder, {PLACES_FILE: places.file()})
        files.wait()
    for each in (folder, *(folder / FOLDERS[view] for view in CLASS_VIEWS)):
        sync_folder(each)
    return [sheet.summary() for sheet in sheets]


def _said_of(paper: ExamPaper, options: Options) -> dict[str, Any]:
    """What the folder of a class says that was asked for."""
    return asked_for(options, paper=paper.name, file=paper.source)


def paper_in(folder: Path) -> ExamPaper:
    """The paper of the class in a folder.

    Raises: RosterError where it holds none; ConfigError where this byhand has no such paper.
    """
    try:
        said = json.loads((folder / CLASS_FILE).read_text("utf-8"))
        return paper_of(said["paper"], said["file"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RosterError(f"{folder} holds no class of a paper ({error}); byhand class makes one") from None


def page_of(plan: Plan, pages: ClassPages) -> Page:
    """The page of a class's first set of numbers, for what the cover says of its sheet."""
    return lower(*judged_page(plan, pages.numbers.first_set, pages.left, pages.minutes))


def order_of(paper: ExamPaper, options: Options, student: Student) -> list[int]:
    """The order in which a student has the sheets, by their places in the paper."""
    places = list(range(len(paper.parts)))
    if paper.order == "fixed":
        return places
    seed = options.secret.hashed("order", student.id) if options.secret else f"{options.chosen_seed}/{student.id}"
    draw = Draw(f"byhand/paper/{paper.name}/{seed}")
    return [places.pop(draw.below(len(places))) for _ in range(len(places))]


def bound_copies(
    paper: ExamPaper,
    options: Options,
    pages: Sequence[Page],
    made: Sequence[Made],
    views: Sequence[View] = CLASS_VIEWS,
) -> Iterator[tuple[View, bytes]]:
    """A student's paper in each view, bound. pages, made: of each sheet, in the paper's order."""
    student = made[0].copy.student
    order = order_of(paper, options, student)
    cover = paper.of_pages([pages[at] for at in order], options)
    moved = ",".join(str(each.copy.student.moved) for each in made)
    whose = {"student": as_word(student.id), "named": as_word(student.name), "moved": moved}
    whose |= {"large": LARGE_ALONE} if student.large and not options.large else {}
    cover = replace(cover, asked={**cover.asked, **whose})
    setup = replace(options.setup, cache=False, large=options.large or student.large)
    said = said_of(cover.sheets[0], student)
    for view in views:
        pdfs = [pdf_of(replace(made[at].copy, code=""), made[at].pages, view) for at in order]
        pdf = bound_paper(cover, pdfs, view, setup, name=said["name"], whose=said["whose"])
        yield view, marked(pdf, code_of_paper(paper, made)) if options.scan and view == "worksheet" else pdf


def code_of_paper(paper: ExamPaper, made: Sequence[Made]) -> str:
    """What the marks on a student's paper say of it."""
    return code_of(paper.name, "".join(each.copy.hash for each in made), made[0].copy.student)


def _places_of(paper: ExamPaper, options: Options, made: Sequence[Made], pdf: bytes) -> list[PlacesOfPage]:
    """Where the boxes of a student's paper stand, page by page. pdf: the paper, bound."""
    order = order_of(paper, options, made[0].copy.student)
    pages = [page for at in order for page in places_of(made[at].copy, made[at].pages)]
    return [*[PlacesOfPage("")] * (length_of(pdf) - len(pages)), *pages]


def copies_again(
    paper: ExamPaper, options: Options, student: Student, moved: Sequence[int], letters: str
) -> Callable[[View], bytes]:
    """A student's paper made again, in a view that is asked for. moved, letters: as of the plans of its sheets.

    Raises: ByHandError.
    """
    made = list[Made]()
    for part, count in zip(paper.parts, moved, strict=True):
        sheet = load_sheet(part.sheet, options.language)
        plan = Plan(sheet, part.options(options).on(sheet), letters)
        pages = _pages_of(plan)
        made.append(Made(plan, pages, student_copies(plan, pages, [replace(student, moved=count)])[0]))
    of_first = [page_of(each.plan, each.pages) for each in made]
    return lambda view: next(pdf for _, pdf in bound_copies(paper, options, of_first, made, (view,)))


@lru_cache(CLASSES_KEPT)
def _pages_of(plan: Plan) -> ClassPages:
    """The pages of a class, which are laid out once for all copies that are made again."""
    return class_pages(plan)
