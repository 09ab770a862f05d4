"""Copies for students: numbers renamed for each, judged by the second witness, filled into the laid-out pages."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import segno

from byhand import __version__
from byhand.arithmetic.many import Many
from byhand.choosing.symmetry import Draw, renamed
from byhand.classroom.roster import Student
from byhand.classroom.variants import Run, fooled, run_together, run_variants, unchanged
from byhand.errors import ConfigError, SheetError, UnknownNameError
from byhand.model.weights import Values
from byhand.notation.text import value_text
from byhand.pipeline import Options, choose_numbers, number_system, recorded
from byhand.render.cache import laid_out
from byhand.render.fill import fill
from byhand.render.html import Pages
from byhand.render.json import fingerprint
from byhand.render.master import Master, master
from byhand.render.slots import Laid, lay_out, lay_out_copy
from byhand.verify.witness import judge
from byhand.worksheet.document import Document, View
from byhand.worksheet.sheet import Sheet

CLASS_VIEWS: tuple[View, ...] = ("worksheet", "key")
INSTANCES = 3  # sets of numbers that are searched for; a student's copy is a renaming of one of them
NOBODY = Student("Name", "0")
ATTEMPTS = 20  # to rename a copy so that every mistake shows
TRIED = 24  # copies that show what is the same in all, and how much room numbers need
_MASK = 2  # of the QR codes: to try all eight would take longer than all the rest


@dataclass(frozen=True)
class Copy:
    """A student's copy: each view's pages, and what is on all of them, as compressed streams.

    alone: a layout of its own, where it needed one.
    """

    student: Student
    instance: int
    hash: str
    answers: str
    pages: Mapping[View, tuple[bytes, ...]]
    alone: Mapping[View, Master]


@dataclass(frozen=True)
class Plan:
    """All that the copies of a class share, but for what is laid out.

    letters: what the names are written with.
    """

    sheet: Sheet
    options: Options
    letters: str

    def instance_of(self, student: Student) -> int:
        """Which set of numbers a student's copy is made from."""
        return self.draw(student, "set").below(INSTANCES)

    def key(self, student: Student) -> str:
        """What decides how it is renamed."""
        return f"class/{self.options.chosen_seed}/{student.id}"

    def draw(self, student: Student, what: str) -> Draw:
        """What is drawn for a student."""
        return Draw(f"byhand/{self.key(student)}/{what}")


@dataclass(frozen=True)
class Instance:
    """A set of numbers, and its pages with slots; without pages, its copies are laid out one by one.

    pages: the HTML with marks that was laid out. unchanged: the answers that are the same in every copy. tried: where
    numbers are not renamed but searched for, those of some copies, which show how much room a number needs.
    """

    values: Values
    laid: Mapping[View, Laid] = field(default_factory=dict)
    masters: Mapping[View, Master] = field(default_factory=dict)
    pages: Mapping[View, str] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    tried: tuple[Values, ...] = ()


def instance(plan: Plan, number: int) -> Instance:
    """Search a set of numbers and lay its pages out; without pages, where their words depend on the numbers.

    Raises: ConfigError where there is one set of numbers only; ByHandError.
    """
    made = Instance(_values(plan, number))
    keys = [f"tried/{k}" for k in range(TRIED)]
    try:
        try:
            run = run_variants(plan.sheet, made.values, keys, plan.options)
        except ConfigError:
            made = replace(made, tried=tuple(_searched_for(plan, key) for key in keys))
            run = run_together(plan.sheet, [made.values, *made.tried], plan.options)
        same = unchanged(run)
        run = _stamped(plan, run, [NOBODY] * TRIED)
        pages = dict(_html(plan, run.document))
        laid = {view: _laid(html, run, plan.letters) for view, html in pages.items()}
    except SheetError:
        return made
    masters = {view: master(each) for view, each in laid.items()}
    return replace(made, laid=laid, masters=masters, pages=pages, unchanged=tuple(same))


def _laid(html: str, run: Run, letters: str) -> Laid:
    """A page laid out, or as it was laid out before."""
    sheet = next(run.filled(html))

    def laid() -> bytes:
        return pickle.dumps(lay_out(html, lambda mark: run.text_of(mark, 0), letters))

    found: Laid = pickle.loads(laid_out(laid, html, sheet, letters))
    return found


def _values(plan: Plan, number: int) -> Values:
    """The numbers of an instance: the sheet's own for the first of seed 0, and where none can be searched for."""
    seed = plan.options.chosen_seed
    if not plan.options.kept or number:
        seed = 1 + Draw(f"byhand/class/{seed}/{number}").below(2**31)
    try:
        return _searched(plan, seed)
    except ConfigError:
        return _searched(plan, 0)


def _searched(plan: Plan, seed: int) -> Values:
    """The numbers of a seed.

    Raises: ConfigError where there is one set of numbers only.
    """
    try:
        return choose_numbers(plan.sheet, replace(plan.options, seed=seed))[0]
    except UnknownNameError:
        raise ConfigError(f"{plan.sheet.name} has one set of numbers only, so a class has none of its own") from None


def _searched_for(plan: Plan, key: str) -> Values:
    """The numbers that a key searches for."""
    return _searched(plan, 1 + Draw(f"byhand/{key}/seed").below(2**31))


def copies(plan: Plan, number: int, made: Instance, students: Sequence[Student]) -> list[Copy]:
    """The copies of students who have one set of numbers.

    Raises: WitnessError where the second witness finds other numbers.
    """
    if not made.laid:
        return [_alone(plan, number, made.values, student) for student in students]
    run = _stamped(plan, _telling(plan, made, students), [*([NOBODY] * len(made.tried)), *students])
    html = dict(_html(plan, run.document))
    if html != made.pages:  # a number needs more room than those that were tried
        if len(students) == 1:
            return [_alone(plan, number, made.values, students[0])]
        return [copy for student in students for copy in copies(plan, number, made, [student])]
    for record in run.records():
        judge(record)
    filled = {view: [*zip(*_compressed(laid, run.domain.marks), strict=True)] for view, laid in made.laid.items()}
    answers = list(run.filled(" ".join(value_text(cell.value) for cell in run.document.blanks())))
    hashes = list(run.filled(run.document.stamp["hash"]))
    found = []
    for k, student in enumerate(students, 1 + len(made.tried)):
        pages, alone = {}, {}
        for view in CLASS_VIEWS:
            pages[view] = filled[view][k]
            if None in pages[view]:
                laid = lay_out_copy(html[view], partial(run.text_of, copy=k))
                alone[view], pages[view] = master(laid), _nothing(laid)
        found.append(Copy(student, number, hashes[k], answers[k], pages, alone))
    return found


def _alone(plan: Plan, number: int, values: Values, student: Student) -> Copy:
    """A copy laid out by itself: its numbers renamed, or where they cannot be, searched for.

    Raises: ConfigError where there is one set of numbers only; SheetError where no page is to be made of others.
    """
    for attempt in range(ATTEMPTS):
        try:
            page = _page_alone(plan, values, plan.key(student) + "/again" * attempt)
            break
        except SheetError:  # as where a mistake that the page shows cannot be made with these numbers
            if attempt == ATTEMPTS - 1:
                raise
    path, modules = code(_coded(plan, page.stamp["hash"]))
    whose = {"name": student.shown, "whose": student.whose, "code": path, "modules": str(modules)}
    page = replace(page, stamp={**page.stamp, **whose})
    laid = {view: lay_out_copy(html, str) for view, html in _html(plan, page)}
    answers = " ".join(value_text(cell.value) for cell in page.blanks())
    pages = {view: _nothing(each) for view, each in laid.items()}
    return Copy(
        student, number, page.stamp["hash"], answers, pages, {view: master(each) for view, each in laid.items()}
    )


def _page_alone(plan: Plan, values: Values, key: str) -> Document:
    """The page of one copy's numbers."""
    options = plan.options
    try:
        own = renamed(values, key)
    except ConfigError:
        own = _searched_for(plan, key)
    assert options.numbers is not None
    domain = number_system(options.numbers, options.places, options.rounding)
    page, record, _ = recorded(plan.sheet, own, options, domain, None)
    judge(record)
    return replace(page, stamp={"seed": str(options.chosen_seed), "hash": fingerprint(record, page.steps)})


def _nothing(laid: Laid) -> tuple[bytes, ...]:
    """The streams of a copy that is all background."""
    return (zlib.compress(b""),) * (len(laid.pages) + 1)


def _coded(plan: Plan, numbers: str) -> str:
    """What a QR code says."""
    return f"byhand {plan.sheet.name} {plan.options.chosen_seed} {__version__} {numbers}"


def _telling(plan: Plan, made: Instance, students: Sequence[Student]) -> Run:
    """The run of copies in which every mistake shows; where one does not, the copy gets other numbers."""
    keys = [plan.key(student) for student in students]
    for _ in range(ATTEMPTS):
        if made.tried:
            own = (_searched_for(plan, key) for key in keys)
            run = run_together(plan.sheet, [made.values, *made.tried, *own], plan.options)
        else:
            run = run_variants(plan.sheet, made.values, keys, plan.options)
        again = [copy for copy in fooled(run) if copy > len(made.tried)]
        if not again:
            return run
        for copy in again:
            keys[copy - 1 - len(made.tried)] += "/again"
    raise ConfigError(f"{plan.sheet.name} hides a mistake in every renaming of its numbers; use another --seed")


def _compressed(laid: Laid, marks: Sequence[Many]) -> Iterator[list[bytes | None]]:
    for page in fill(laid, marks):
        yield [None if copy is None else zlib.compress(copy) for copy in page]


def _html(plan: Plan, page: Document) -> Iterator[tuple[View, str]]:
    pages = Pages(page)
    for view in CLASS_VIEWS:
        yield view, pages.html(view, "print", plan.options.paper)


def _stamped(plan: Plan, run: Run, students: Sequence[Student]) -> Run:
    """The run with names, ids and QR codes on its pages; copy 0, which is nobody's, has some too."""
    everyone, domain, stamp = (NOBODY, *students), run.domain, dict(run.document.stamp)
    stamp["name"] = domain.mark(domain.texts([each.shown for each in everyone]))
    stamp["whose"] = domain.mark(domain.texts([each.whose for each in everyone]))
    codes = [code(_coded(plan, each)) for each in run.filled(stamp["hash"])]
    stamp["code"] = domain.mark(domain.texts([path for path, _ in codes]))
    stamp["modules"] = str(codes[0][1])
    return replace(run, document=replace(run.document, stamp=stamp))


def code(text: str) -> tuple[str, int]:
    """A QR code as an SVG path of bars, and how many modules it has a side."""
    rows = segno.make_qr(text, error="m", boost_error=False, mask=_MASK).matrix
    bars = []
    for y, row in enumerate(rows):
        x = 0
        while (x := row.find(1, x)) >= 0:
            end = row.find(0, x)
            width = (len(row) if end < 0 else end) - x
            bars.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return "".join(bars), len(rows)
