"""Copies for students: numbers renamed for each, judged by the second witness, filled into the laid-out pages."""

from __future__ import annotations

import os
import pickle
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from hashlib import sha256
from pathlib import Path

import segno

import byhand
from byhand import __version__
from byhand.arithmetic.many import Copies
from byhand.classroom.plan import Numbers, Plan
from byhand.classroom.roster import Student
from byhand.classroom.variants import AGAIN, ATTEMPTS, Run, fitting, unchanged
from byhand.errors import SheetError
from byhand.kept import kept
from byhand.model.weights import Values
from byhand.notation.text import value_text
from byhand.pipeline import number_system, recorded
from byhand.render.cache import laid_out
from byhand.render.fill import fill
from byhand.render.fonts import faces
from byhand.render.html import Pages
from byhand.render.json import fingerprint
from byhand.render.master import Master, master
from byhand.render.slots import Laid, lay_out, lay_out_copy
from byhand.verify.witness import judge
from byhand.worksheet.document import Document, View
from byhand.worksheet.sheet import folders, shipped

CLASS_VIEWS: tuple[View, ...] = ("worksheet", "key")
NOBODY = Student("Name", "0")
TRIED, FEW = 24, 4  # copies that show what is the same in all and how much room numbers need, and times to find them
LAYOUTS = 4  # of a page, at most
_MASK = 2  # of the QR codes: to try all eight would take longer than all the rest


@dataclass(frozen=True)
class Copy:
    """A student's copy: each view's pages, and what is on all of them, as compressed streams.

    of: for each view, which of the set's layouts they are for, or a layout of its own.
    """

    student: Student
    instance: int
    hash: str
    answers: str
    pages: Mapping[View, tuple[bytes, ...]]
    of: Mapping[View, int | Master]

    @property
    def alone(self) -> list[View]:
        """The views that were laid out for this copy only."""
        return [view for view, layout in self.of.items() if isinstance(layout, Master)]


@dataclass(frozen=True)
class Instance:
    """A set of numbers, and its pages with slots; without pages, its copies are laid out one by one.

    renames: whether a copy has these numbers renamed, or others searched for. pages: the HTML with marks that was
    laid out. unchanged: the answers that are the same in every copy. tried: where numbers are not renamed, the keys
    of some, which show how much room a number needs.
    """

    values: Values
    renames: bool = True
    laid: Mapping[View, tuple[Laid, ...]] = field(default_factory=dict)
    masters: Mapping[View, tuple[Master, ...]] = field(default_factory=dict)
    pages: Mapping[View, str] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()


def instance(plan: Plan, number: int) -> Instance:
    """A set of numbers and its pages, made now or before.

    Raises: ConfigError where there is one set of numbers only; ByHandError.
    """

    def made() -> bytes:
        return zlib.compress(pickle.dumps(_searched(plan, number)), 1)

    of_others = len(folders()) > 1  # whose templates may read each other from anywhere
    content = made() if of_others else kept("sets", made, _program(), repr(plan), str(number))
    found: Instance = pickle.loads(zlib.decompress(content))
    return found


@cache
def _program() -> str:
    """What makes a set and its pages: this program, its templates, the fonts, and all that is installed."""
    files = sorted([*Path(byhand.__file__).parent.rglob("*.py"), *shipped().rglob("*.*")])
    installed = sorted(path.name for entry in sys.path for path in Path(entry).glob("*-info"))
    names = [sys.version, str(faces()[0].path), *installed]
    return sha256(b"\0".join([*(path.read_bytes() for path in files), *map(os.fsencode, names)])).hexdigest()


def _searched(plan: Plan, number: int) -> Instance:
    """Search a set of numbers and lay its pages out; without pages, where few have the same.

    Raises: ConfigError where there is one set of numbers only; ByHandError.
    """
    values = plan.values(number)
    numbers = Numbers(plan, values)
    made = Instance(values, numbers.renames)
    try:
        tried = [key for key in fitting(numbers.run, [f"tried/{k}" for k in range(TRIED)], FEW) if key]
        if 2 * len(tried) < TRIED:
            return made
        run = _stamped(plan, numbers.run(tried), [NOBODY] * len(tried))
        pages = dict(_html(plan, run.document))
        laid = {view: tuple(_layouts(html, run, plan.letters)) for view, html in pages.items()}
    except SheetError:
        return made
    masters, same = {view: tuple(map(master, each)) for view, each in laid.items()}, unchanged(run)
    return Instance(values, made.renames, laid, masters, pages, tuple(same), () if made.renames else tuple(tried))


def _layouts(html: str, run: Run, letters: str) -> Iterator[Laid]:
    """A page laid out as copy 0 has it, and as others have it that do not fit, as where a paragraph gets longer."""
    left = list(range(run.domain.count))
    for _ in range(LAYOUTS):
        if left:
            yield (laid := _laid(html, run, left[0], letters))
            fits = [all(copy) for copy in zip(*fill(laid, run.domain.marks), strict=True)]
            left = [copy for copy in left[1:] if not fits[copy]]


def _laid(html: str, run: Run, copy: int, letters: str) -> Laid:
    """A page laid out as a copy has it, now or before."""
    sheet = [*run.filled(html)][copy]

    def laid() -> bytes:
        return pickle.dumps(lay_out(html, lambda mark: run.text_of(mark, copy), letters))

    found: Laid = pickle.loads(laid_out(laid, html, sheet, letters))
    return found


def copies(plan: Plan, number: int, made: Instance, students: Sequence[Student]) -> list[Copy]:
    """The copies of students who have one set of numbers.

    Raises: WitnessError where the second witness finds other numbers.
    """
    numbers = Numbers(plan, made.values)
    run, found = lru_cache(1)(numbers.run), dict[Student, Copy]()
    if made.laid:
        keys = fitting(run, [*made.tried, *map(plan.key, students)])[len(made.tried) :]
        fit = {student: key for student, key in zip(students, keys, strict=True) if key}
        found = {copy.student: copy for copy in _together(plan, number, made, fit, run)}
    return [found.get(student) or _alone(plan, number, numbers, student) for student in students]


def _together(
    plan: Plan, number: int, made: Instance, keys: Mapping[Student, str], run_of: Callable[[tuple[str, ...]], Run]
) -> list[Copy]:
    """The copies of students whose pages differ in numbers only, filled in; without those that need more room."""
    run = _stamped(plan, run_of((*made.tried, *keys.values())), [*[NOBODY] * len(made.tried), *keys])
    html = dict(_html(plan, run.document))
    if html != made.pages:  # a number needs more room than those that were tried
        if len(keys) == 1:
            return []
        each = ({student: key} for student, key in keys.items())
        return [copy for one in each for copy in _together(plan, number, made, one, run_of)]
    for record in run.records():
        judge(record)
    filled = {view: _filled(laid, run.domain) for view, laid in made.laid.items()}
    answers = list(run.filled(" ".join(value_text(cell.value) for cell in run.document.blanks())))
    hashes = list(run.filled(run.document.stamp["hash"]))
    found = []
    for k, student in enumerate(keys, 1 + len(made.tried)):
        of: dict[View, int | Master] = {}
        pages = {}
        for view in CLASS_VIEWS:
            if k not in filled[view]:
                laid = lay_out_copy(html[view], partial(run.text_of, copy=k))
                filled[view][k] = master(laid), _nothing(laid)
            of[view], pages[view] = filled[view][k]
        found.append(Copy(student, number, hashes[k], answers[k], pages, of))
    return found


def _alone(plan: Plan, number: int, numbers: Numbers, student: Student) -> Copy:
    """A copy laid out by itself.

    Raises: ConfigError where there is one set of numbers only; SheetError where no page is to be made of others.
    """
    key = plan.key(student)
    for attempt in range(ATTEMPTS):
        try:
            page = _page_alone(plan, numbers.of(key + AGAIN * attempt))
            break
        except SheetError:  # as where a mistake that the page shows cannot be made with these numbers
            if attempt == ATTEMPTS - 1:
                raise
    path, modules = code(_coded(plan, page.stamp["hash"]))
    whose = {"name": student.shown, "whose": student.whose, "code": path, "modules": str(modules)}
    page = replace(page, stamp={**page.stamp, **whose})
    laid = {view: lay_out_copy(html, str) for view, html in _html(plan, page)}
    answers = " ".join(value_text(cell.value) for cell in page.blanks())
    pages, of = (
        {view: _nothing(each) for view, each in laid.items()},
        {view: master(each) for view, each in laid.items()},
    )
    return Copy(student, number, page.stamp["hash"], answers, pages, of)


def _page_alone(plan: Plan, own: Values) -> Document:
    """The page of one copy's numbers."""
    options = plan.options
    assert options.numbers is not None
    domain = number_system(options.numbers, options.places, options.rounding)
    page, record, _ = recorded(plan.sheet, own, options, domain, None)
    judge(record)
    return replace(page, stamp={"seed": str(options.chosen_seed), "hash": fingerprint(record, page.steps)})


def _nothing(laid: Laid) -> tuple[bytes, ...]:
    """The streams of a copy that is all background."""
    return (zlib.compress(b""),) * (len(laid.pages) + 1)


def _coded(plan: Plan, numbers: str) -> str:
    """What a QR code says, in capitals, of which more fit into a small code."""
    return f"byhand {plan.sheet.name} {plan.options.chosen_seed} {__version__} {numbers}".upper()


def _filled(layouts: Sequence[Laid], domain: Copies) -> dict[int, tuple[int | Master, tuple[bytes, ...]]]:
    """The copies that fit, each with the first layout that it fits, and its streams, compressed."""
    found: dict[int, tuple[int | Master, tuple[bytes, ...]]] = {}
    for at, laid in enumerate(layouts):
        if len(found) < domain.count:
            pages = ([copy and zlib.compress(copy) for copy in page] for page in fill(laid, domain.marks))
            own = {k: (at, copy) for k, copy in enumerate(zip(*pages, strict=True)) if all(copy)}
            found = {**own, **found}
    return found


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
