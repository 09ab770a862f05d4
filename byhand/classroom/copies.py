"""Copies for students: numbers renamed for each, judged by the second witness, filled into the laid-out pages."""

from __future__ import annotations

import pickle
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from byhand import __version__
from byhand.arithmetic.copies import Copies
from byhand.classroom.codes import codes
from byhand.classroom.plan import Numbers, Plan
from byhand.classroom.printing.fill import fill
from byhand.classroom.printing.master import Master, master
from byhand.classroom.printing.slots import Laid, lay_out, lay_out_copy
from byhand.classroom.roster import Student
from byhand.classroom.variants import AGAIN, ATTEMPTS, ClassRun, fitting, unchanged
from byhand.errors import SheetError
from byhand.formats.cache import laid_out, made_once
from byhand.formats.html.page import Pages
from byhand.model.weights import Values
from byhand.notation.text import value_text
from byhand.pipeline import recorded
from byhand.witness.judge import judge
from byhand.worksheet.document import Document, View

Filled = tuple[int | Master, tuple[bytes, ...]]
CLASS_VIEWS: tuple[View, ...] = ("worksheet", "key")
NOBODY = Student("Name", "0")
TRIED, FEW = 24, 4  # copies that show what is the same in all and how much room numbers need, and times to find them
LAYOUTS = 4  # of a page, at most
_TAG, _MEASURE = re.compile(r"<[^>]*>"), re.compile(r"[\d.]+")


@dataclass(frozen=True)
class Copy:
    """A student's copy.

    set: which set of numbers it is made from. pages: of each view, which of the class's layouts they are for, or one
    of its own; and each page and what is on all of them, as compressed streams.
    """

    student: Student
    set: int
    hash: str
    answers: str
    pages: Mapping[View, Filled]

    @property
    def alone(self) -> list[View]:
        """The views that were laid out for this copy only."""
        return [view for view, (layout, _) in self.pages.items() if isinstance(layout, Master)]


@dataclass(frozen=True)
class Stencil:
    """The pages of a class with slots, and what its copies are made from; without pages, each is laid out by itself.

    pages: the HTML with marks that was laid out. unchanged: the answers that are the same in every copy of a set.
    tried: where it takes more than the sets to have these pages, the keys of copies that have, too.
    """

    numbers: Numbers
    laid: Mapping[View, tuple[Laid, ...]] = field(default_factory=dict)
    masters: Mapping[View, tuple[Master, ...]] = field(default_factory=dict)
    pages: Mapping[View, str] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()


def stencil(plan: Plan) -> Stencil:
    """The pages of a class, made now or before.

    Raises: ConfigError where there is one set of numbers only; ByHandError.
    """
    found: Stencil = made_once("classes", partial(_cut, plan), repr(plan))
    return found


def _cut(plan: Plan) -> Stencil:
    """Search the numbers of a class and lay its pages out; without pages, where few copies have the same.

    Raises: ConfigError where there is one set of numbers only; ByHandError.
    """
    numbers = Numbers(plan)
    sets = numbers.sets
    try:
        tried = [key for key in fitting(numbers.run, [f"tried/{k}" for k in range(TRIED)], FEW) if key]
        if 2 * len(tried) < TRIED:
            return Stencil(numbers)
        run = _stamped(plan, numbers.run(tried), [])
        pages = dict(_html(plan, run.document))
        laid = {view: tuple(_layouts(html, run, plan.letters)) for view, html in pages.items()}
    except SheetError:
        return Stencil(numbers)
    masters = {view: tuple(map(master, each)) for view, each in laid.items()}
    same = unchanged(run, [*range(len(sets)), *map(numbers.set_of, tried)])
    alike = _alike(pages, dict(_html(plan, _stamped(plan, numbers.run([]), []).document)))
    return Stencil(numbers, laid, masters, pages, tuple(same), () if alike else tuple(tried))


def _alike(pages: Mapping[View, str], others: Mapping[View, str]) -> bool:
    """Whether pages have the same slots, and are the same but for the width of their columns."""
    return all(_unmeasured(pages[view]) == _unmeasured(others[view]) for view in CLASS_VIEWS)


def _unmeasured(html: str) -> str:
    """A page without the numbers in its tags."""
    return _TAG.sub(lambda tag: _MEASURE.sub("", tag[0]), html)


def _layouts(html: str, run: ClassRun, letters: str) -> Iterator[Laid]:
    """A page laid out as copy 0 has it, and as others have it that do not fit, as where a paragraph gets longer."""
    left = list(range(run.domain.count))
    for _ in range(LAYOUTS):
        if left:
            yield (laid := _laid(html, run, left[0], letters))
            fits = [all(copy) for copy in zip(*fill(laid, run.domain.marks), strict=True)]
            left = [copy for copy in left[1:] if not fits[copy]]


def _laid(html: str, run: ClassRun, copy: int, letters: str) -> Laid:
    """A page laid out as a copy has it, now or before."""
    sheet = [*run.filled(html)][copy]

    def laid() -> bytes:
        return pickle.dumps(lay_out(html, lambda mark: run.text_of(mark, copy), letters))

    found: Laid = pickle.loads(laid_out(laid, html, sheet, letters))
    return found


def copies(plan: Plan, of: Stencil, students: Sequence[Student]) -> list[Copy]:
    """The copies of students, in their order.

    Raises: WitnessError where the second witness finds other numbers.
    """
    run, fit, found = lru_cache(1)(of.numbers.run), dict[Student, str](), dict[Student, Copy]()
    if of.laid:
        keys = fitting(run, [*of.tried, *map(plan.key, students)])[len(of.tried) :]
        fit = {student: key for student, key in zip(students, keys, strict=True) if key}
        found = {copy.student: copy for copy in _together(plan, of, fit, run)}
    return [found.get(student) or _alone(plan, of.numbers, student, fit.get(student)) for student in students]


def _together(
    plan: Plan, of: Stencil, keys: Mapping[Student, str], run_of: Callable[[tuple[str, ...]], ClassRun]
) -> list[Copy]:
    """The copies of students whose pages differ in numbers only, filled in; without those that need more room."""
    run = _stamped(plan, run_of((*of.tried, *keys.values())), [*keys])
    if not _alike(of.pages, dict(_html(plan, run.document))):
        if len(keys) <= 1:
            return []
        each = ({student: key} for student, key in keys.items())
        return [copy for one in each for copy in _together(plan, of, one, run_of)]
    for own in run.runs():
        judge(own)
    filled = {view: _filled(laid, run.domain, len(keys)) for view, laid in of.laid.items()}
    answers = list(run.filled(" ".join(value_text(cell.value) for cell in run.document.blanks())))[-len(keys) :]
    hashes = list(run.filled(run.document.stamp["hash"]))[-len(keys) :]
    differing = run.domain.differing[-len(keys) :]  # none, unless drawing the pages asks what the run did not
    found = []
    for k, (student, key) in enumerate(keys.items()):
        pages = {view: page for view in CLASS_VIEWS if (page := filled[view][k])}
        if len(pages) == len(CLASS_VIEWS) and not differing[k]:
            found.append(Copy(student, of.numbers.set_of(key), hashes[k], answers[k], pages))
    return found


def _alone(plan: Plan, numbers: Numbers, student: Student, fit: str | None) -> Copy:
    """A copy laid out by itself. fit: the key of its numbers, where the page can be the class's.

    Raises: ConfigError where there is one set of numbers only; SheetError where no page is to be made of others.
    """
    key = fit or plan.key(student)
    for attempt in range(ATTEMPTS):
        try:
            page = _page_alone(plan, numbers.of(key + AGAIN * attempt))
            break
        except SheetError:  # as where a mistake that the page shows cannot be made with these numbers
            if attempt == ATTEMPTS - 1:
                raise
    (path,), modules = codes([_coded(plan, page.stamp["hash"])])
    whose = {"name": student.shown, "whose": student.whose, "code": path, "modules": str(modules)}
    page = replace(page, stamp={**page.stamp, **whose})
    laid = {view: lay_out_copy(html, str) for view, html in _html(plan, page)}
    answers = " ".join(value_text(cell.value) for cell in page.blanks())
    pages = {view: (master(each), _nothing(each)) for view, each in laid.items()}
    return Copy(student, numbers.set_of(key), page.stamp["hash"], answers, pages)


def _page_alone(plan: Plan, own: Values) -> Document:
    """The page of one copy's numbers."""
    options = plan.options
    page, run, _ = recorded(plan.sheet, own, options, options.domain, None)
    judge(run)
    return replace(page, stamp={"seed": str(options.chosen_seed), "hash": run.hash})


def _nothing(laid: Laid) -> tuple[bytes, ...]:
    """The streams of a copy that is all background."""
    return (zlib.compress(b""),) * (len(laid.pages) + 1)


def _coded(plan: Plan, numbers: str) -> str:
    """What a QR code says, in capitals, of which more fit into a small code."""
    return f"byhand {plan.sheet.name} {plan.options.chosen_seed} {__version__} {numbers}".upper()


def _filled(layouts: Sequence[Laid], domain: Copies, count: int) -> list[Filled | None]:
    """The last copies, each with the first layout that it fits, if there is one, and its streams, compressed."""
    import numpy as np

    found: list[Filled | None] = [None] * count
    for at, laid in enumerate(layouts):
        left = [k for k, filled in enumerate(found) if filled is None]
        if left:
            own = Copies(domain.inner, len(left))
            marks = [mark.among(own, np.array(left) + domain.count - count) for mark in domain.marks]
            pages = ([copy and zlib.compress(copy) for copy in page] for page in fill(laid, marks))
            for k, copy in zip(left, zip(*pages, strict=True), strict=True):
                if all(copy):
                    found[k] = at, copy
    return found


def _html(plan: Plan, page: Document) -> Iterator[tuple[View, str]]:
    pages = Pages(page)
    for view in CLASS_VIEWS:
        yield view, pages.html(view, "print", plan.options.paper)


def _stamped(plan: Plan, run: ClassRun, students: Sequence[Student]) -> ClassRun:
    """The run with names, ids and QR codes on its pages: the students' copies are the last, the others nobody's."""
    domain, stamp = run.domain, dict(run.document.stamp)
    everyone = [*[NOBODY] * (domain.count - len(students)), *students]
    stamp["name"] = domain.mark(domain.column([each.shown for each in everyone]))
    stamp["whose"] = domain.mark(domain.column([each.whose for each in everyone]))
    paths, modules = codes([_coded(plan, each) for each in run.filled(stamp["hash"])])
    stamp["code"] = domain.mark(domain.column(paths))
    stamp["modules"] = str(modules)
    return replace(run, document=replace(run.document, stamp=stamp))
