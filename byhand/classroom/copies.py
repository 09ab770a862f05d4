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
from byhand.choosing.symmetry import Draw
from byhand.classroom.roster import Student
from byhand.classroom.variants import Run, run_variants
from byhand.errors import ConfigError, SheetError
from byhand.model.weights import Values
from byhand.notation.text import value_text
from byhand.pipeline import Options, choose_numbers, prepare
from byhand.render.cache import kept
from byhand.render.fill import fill
from byhand.render.html import Pages
from byhand.render.master import Master, master
from byhand.render.slots import Laid, lay_out, lay_out_copy
from byhand.verify.witness import judge
from byhand.worksheet.document import Document, View
from byhand.worksheet.sheet import Sheet

CLASS_VIEWS: tuple[View, ...] = ("worksheet", "key")
INSTANCES = 3  # sets of numbers that are searched for; a student's copy is a renaming of one of them
_MASK = 2  # of the QR codes: to try all eight would take longer than all the rest


@dataclass(frozen=True)
class Copy:
    """A student's copy: each view's pages as compressed streams, over its own layout where it needed one."""

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
    """A set of numbers, and its pages laid out with slots; without pages, its copies are laid out one by one."""

    values: Values
    laid: Mapping[View, Laid]
    masters: Mapping[View, Master]


def instance(plan: Plan, number: int) -> Instance:
    """Search a set of numbers and lay its pages out. A sheet that cannot be renamed has no common pages.

    Raises: ByHandError.
    """
    values = _values(plan, number)
    try:
        run = _stamped(plan, run_variants(plan.sheet, values, ("1",), plan.options), [Student("1", "1")])
    except (ConfigError, SheetError):
        return Instance(values, {}, {})
    laid = {view: _laid(html, run, plan.letters) for view, html in _html(plan, run.document)}
    return Instance(values, laid, {view: master(each) for view, each in laid.items()})


def _laid(html: str, run: Run, letters: str) -> Laid:
    """A page laid out, or as it was laid out before."""
    sheet = next(run.filled(html))

    def laid() -> bytes:
        return pickle.dumps(lay_out(html, lambda mark: run.text_of(mark, 0), letters))

    found: Laid = pickle.loads(kept(laid, html, sheet, letters))
    return found


def _values(plan: Plan, number: int) -> Values:
    """The numbers of an instance: of seed 0 the first is the sheet's own."""
    seed = plan.options.chosen_seed
    if not plan.options.kept or number:
        seed = 1 + Draw(f"byhand/class/{seed}/{number}").below(2**31)
    return choose_numbers(plan.sheet, replace(plan.options, seed=seed))[0]


def copies(plan: Plan, number: int, made: Instance, students: Sequence[Student]) -> list[Copy]:
    """The copies of students who have one set of numbers.

    Raises: WitnessError where the second witness finds other numbers.
    """
    if not made.laid:
        return [_alone(plan, number, student) for student in students]
    keys = [plan.key(student) for student in students]
    run = _stamped(plan, run_variants(plan.sheet, made.values, keys, plan.options), students)
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
                alone[view], pages[view] = master(laid), (zlib.compress(b""),) * len(laid.pages)
        found.append(Copy(student, number, hashes[k], answers[k], pages, alone))
    return found


def _alone(plan: Plan, number: int, student: Student) -> Copy:
    """A copy with numbers of its own, searched for and laid out by itself."""
    seed = 1 + plan.draw(student, "seed").below(2**31)
    page, _ = prepare(plan.sheet, replace(plan.options, seed=seed))
    path, modules = code(_coded(plan, page.stamp["hash"]))
    own = {"name": student.shown, "id": student.id, "code": path, "modules": str(modules)}
    page = replace(page, stamp={**page.stamp, **own})
    laid = {view: lay_out_copy(html, str) for view, html in _html(plan, page)}
    answers = " ".join(value_text(cell.value) for cell in page.blanks())
    pages = {view: (zlib.compress(b""),) * len(each.pages) for view, each in laid.items()}
    return Copy(
        student, number, page.stamp["hash"], answers, pages, {view: master(each) for view, each in laid.items()}
    )


def _coded(plan: Plan, numbers: str) -> str:
    """What a QR code says."""
    return f"byhand {plan.sheet.name} {plan.options.chosen_seed} {__version__} {numbers}"


def _compressed(laid: Laid, marks: Sequence[Many]) -> Iterator[list[bytes | None]]:
    for page in fill(laid, marks):
        yield [None if copy is None else zlib.compress(copy) for copy in page]


def _html(plan: Plan, page: Document) -> Iterator[tuple[View, str]]:
    pages = Pages(page)
    for view in CLASS_VIEWS:
        yield view, pages.html(view, "print", plan.options.paper)


def _stamped(plan: Plan, run: Run, students: Sequence[Student]) -> Run:
    """The run with names, ids and QR codes on its pages; copy 0, which is nobody's, has some too."""
    nobody = Student("Name", "0")
    everyone, domain, stamp = (nobody, *students), run.domain, dict(run.document.stamp)
    for field, texts in (("name", [s.shown for s in everyone]), ("id", [s.id for s in everyone])):
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
