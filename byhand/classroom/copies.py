"""Copies for students: numbers renamed for each, judged by the second witness, filled into the laid-out pages."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import segno

from byhand import __version__
from byhand.arithmetic.many import Many
from byhand.choosing.symmetry import Draw, renamed
from byhand.classroom.roster import Student
from byhand.classroom.variants import Run, fooled, run_variants, unchanged
from byhand.errors import ConfigError, SheetError, UnknownNameError
from byhand.model.weights import Values
from byhand.notation.text import value_text
from byhand.pipeline import Options, choose_numbers, number_system, recorded
from byhand.render.cache import kept
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
TRIED = range(1, 25)  # copies that show what renaming leaves as it is
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
    """A set of numbers, and its pages laid out with slots; without pages, its copies are laid out one by one.

    unchanged: the answers that are the same in every copy.
    """

    values: Values
    laid: Mapping[View, Laid]
    masters: Mapping[View, Master]
    unchanged: tuple[str, ...] = ()


def instance(plan: Plan, number: int) -> Instance:
    """Search a set of numbers and lay its pages out. A sheet that cannot be renamed has no common pages.

    Raises: ByHandError.
    """
    values = _values(plan, number)
    try:
        run = run_variants(plan.sheet, values, [str(k) for k in TRIED], plan.options)
    except (ConfigError, SheetError):
        _alone(plan, number, values, NOBODY)  # an error, where it has no other numbers either
        return Instance(values, {}, {})
    same = unchanged(run)
    run = _stamped(plan, run, [Student(str(k), str(k)) for k in TRIED])
    laid = {view: _laid(html, run, plan.letters) for view, html in _html(plan, run.document)}
    return Instance(values, laid, {view: master(each) for view, each in laid.items()}, tuple(same))


def _laid(html: str, run: Run, letters: str) -> Laid:
    """A page laid out, or as it was laid out before."""
    sheet = next(run.filled(html))

    def laid() -> bytes:
        return pickle.dumps(lay_out(html, lambda mark: run.text_of(mark, 0), letters))

    found: Laid = pickle.loads(kept(laid, html, sheet, letters))
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


def copies(plan: Plan, number: int, made: Instance, students: Sequence[Student]) -> list[Copy]:
    """The copies of students who have one set of numbers.

    Raises: WitnessError where the second witness finds other numbers.
    """
    if not made.laid:
        return [_alone(plan, number, made.values, student) for student in students]
    run = _stamped(plan, _telling(plan, made.values, students), students)
    html = dict(_html(plan, run.document))
    for record in run.records():
        judge(record)
    filled = {view: [*zip(*_compressed(laid, run.domain.marks), strict=True)] for view, laid in made.laid.items()}
    answers = list(run.filled(" ".join(value_text(cell.value) for cell in run.document.blanks())))
    hashes = list(run.filled(run.document.stamp["hash"]))
    found = []
    for k, student in enumerate(students, 1):
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

    Raises: ConfigError where there is one set of numbers only.
    """
    options = plan.options
    try:
        own = renamed(values, plan.key(student))
    except ConfigError:
        own = _searched(plan, 1 + plan.draw(student, "seed").below(2**31))
    domain = number_system(options.numbers, options.places, options.rounding)
    page, record, _ = recorded(plan.sheet, own, options, domain, None)
    judge(record)
    page = replace(page, stamp={"seed": str(options.chosen_seed), "hash": fingerprint(record, page.steps)})
    path, modules = code(_coded(plan, page.stamp["hash"]))
    whose = {"name": student.shown, "whose": student.whose, "code": path, "modules": str(modules)}
    page = replace(page, stamp={**page.stamp, **whose})
    laid = {view: lay_out_copy(html, str) for view, html in _html(plan, page)}
    answers = " ".join(value_text(cell.value) for cell in page.blanks())
    pages = {view: _nothing(each) for view, each in laid.items()}
    return Copy(
        student, number, page.stamp["hash"], answers, pages, {view: master(each) for view, each in laid.items()}
    )


def _nothing(laid: Laid) -> tuple[bytes, ...]:
    """The streams of a copy that is all background."""
    return (zlib.compress(b""),) * (len(laid.pages) + 1)


def _coded(plan: Plan, numbers: str) -> str:
    """What a QR code says."""
    return f"byhand {plan.sheet.name} {plan.options.chosen_seed} {__version__} {numbers}"


def _telling(plan: Plan, values: Values, students: Sequence[Student]) -> Run:
    """The run of copies in which every mistake shows; where one does not, the copy is renamed again."""
    keys = [plan.key(student) for student in students]
    for _ in range(ATTEMPTS):
        run = run_variants(plan.sheet, values, keys, plan.options)
        again = fooled(run)
        if not again:
            return run
        for copy in again:
            keys[copy - 1] += "/again"
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
    for field, texts in (("name", [s.shown for s in everyone]), ("whose", [s.whose for s in everyone])):
        stamp[field] = domain.mark(domain.texts(texts))
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
