"""Make each student's copy: the pages are laid out once for the class, and filled with each copy's judged numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from hashlib import sha256
from itertools import islice

from msgspec import Struct, field, structs
from msgspec.structs import replace

from byhand import __version__
from byhand.arrange import arranged
from byhand.cache import cached_by
from byhand.classroom.apart import apart
from byhand.classroom.class_run import ClassRun, unchanged
from byhand.classroom.fitting import AGAIN, COPY_ATTEMPTS, breaking_promises, fitting
from byhand.classroom.places import PlacesOfPage
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.qr import qr_codes
from byhand.classroom.roster import Student
from byhand.errors import SheetError
from byhand.formats.html.page import CODE_LEFT, LARGE_NAME_LINE, NAME_LINE, Pages, paper_size
from byhand.model.weights import Values
from byhand.notation.marks import in_place
from byhand.notation.text import value_text
from byhand.page.page import Page, lower
from byhand.page.printed import PrintPage
from byhand.press import (
    CODE_DIGITS,
    Filled,
    Slotted,
    Template,
    alike,
    base_of,
    check_installed,
    copy_alone,
    copy_form,
    copy_pdf,
    cut,
    filled_copies,
    layouts,
    rooms_of,
    said_in,
    width,
    with_marks,
)
from byhand.runs import Run
from byhand.witness.judge import judge
from byhand.worksheet.asked import LARGE_ALONE, as_word, left_out
from byhand.worksheet.document import Document
from byhand.worksheet.looks import look_of
from byhand.worksheet.spoken import Spoken, called
from byhand.worksheet.views import View

CLASS_VIEWS: tuple[View, ...] = ("worksheet", "key")
THOUSANDTHS = 1000 * 72 / 25.4  # of a point, in a millimetre
NOBODY = Student("Name", "0")
FACE = "sans-400.ttf"  # of names
NAME_ROOM = NAME_LINE * THOUSANDTHS / 8.5  # in print.css, names have 8.5 pt, and the foot 7.5
FOOT_ROOM = (CODE_LEFT - 2) * THOUSANDTHS / 7.5
LARGE_ROOMS = LARGE_NAME_LINE * THOUSANDTHS / 18, (CODE_LEFT - 2) * THOUSANDTHS / 18
SAMPLES = 24  # copies that are run before students are known: they tell how wide columns are, and what never differs
SAMPLE_ATTEMPTS = 12  # keys that are tried for each sample


class Copy(Struct, frozen=True):
    """A student's copy."""

    student: Student
    key: str
    """The key of the copy's numbers."""
    set: int
    """The set of numbers that it is made from."""
    hash: str
    answers: str
    """The values of its blanks."""
    pages: Mapping[View, Filled]
    """Of each view, the layout that it is filled into, and its compressed content streams: one for each page, and one
    for what is on every page."""
    words: Mapping[View, str]
    """Of each view, what the copy says of itself."""
    called: tuple[Spoken, ...]
    """What the copy's answers are called on a form."""
    code: str = ""
    """What the marks on its worksheet say of it; "" where it has none."""

    @property
    def laid_out_alone(self) -> list[View]:
        """The views that were laid out for this copy only."""
        return [view for view, (layout, *_) in self.pages.items() if isinstance(layout, Template)]


WithPage = tuple[Copy, Callable[[], Page]]  # a copy, and what makes its page


class LaidOut(Struct, frozen=True):
    """The pages of a class, laid out with slots; without layouts, every copy is laid out by itself."""

    layouts: Mapping[View, tuple[Slotted, ...]] = field(default_factory=dict)
    """For each view, the one that all runs of the sheet share, and others for copies that do not fit it."""
    page: PrintPage = PrintPage("")
    """The page with marks that was laid out: worksheet and key are one."""
    samples: tuple[str, ...] = ()
    """The keys of the copies that told which numbers differ. They are run with every student's, so that the same
    numbers get marks, however few students there are."""
    unchanged: tuple[str, ...] = ()
    """The answers that are the same in all copies of a set of numbers."""
    left: str = ""
    """The entries that inverse exercises leave out, in words."""
    minutes: tuple[int, ...] = ()
    """The minutes of each sitting, with the first set's numbers: every copy says that it takes as long, in every
    format."""


class ClassPages(LaidOut, frozen=True, kw_only=True):
    """The pages of a class, and the sets of numbers that its copies are made from."""

    numbers: NumberSets


def class_pages(plan: Plan) -> ClassPages:
    """Search for a class's sets of numbers, and lay its pages out, unless few copies have the same page.

    Raises: ConfigError where there is one set of numbers only; ByHandError.
    """
    numbers = NumberSets(plan)
    laid = _laid_out(numbers)
    numbers.load()
    return ClassPages(numbers=numbers, **structs.asdict(laid))


@cached_by("classes", lambda numbers: numbers.plan.cache_key(numbers.plan.letters))
def _laid_out(numbers: NumberSets) -> LaidOut:
    check_installed()  # if it cannot print, nothing needs to be searched for
    plan, sets = numbers.plan, numbers.sets
    minutes: tuple[int, ...] = ()
    try:
        first = judged_page(plan, numbers.first_set)
        minutes = first[0].sittings
        if numbers.have_own_words or look_of(plan.options.look).sets_words:
            return LaidOut(minutes=minutes)
        keys = [f"tried/{k}" for k in range(SAMPLES)]
        samples = [key for key in fitting(numbers.run, keys, SAMPLE_ATTEMPTS) if key]
        if 2 * len(samples) < SAMPLES:
            return LaidOut(minutes=minutes)
        run = _stamped(numbers.run(samples), [])
        pages = Pages(lower(run.document, run.run.in_slots()))
        if pages.places != Pages(lower(*first)).places:
            return LaidOut(minutes=minutes)  # a reader would find its figures in another order
        printed = _printed(plan, pages)
        texts, cache = pages.page.texts, plan.options.cached
        assert texts is not None
        laid = {view: tuple(layouts(printed, texts, view, plan.letters, cache)) for view in CLASS_VIEWS}
    except SheetError:
        return LaidOut(minutes=minutes)
    same, page = unchanged(run, [*range(len(sets)), *map(numbers.set_of, samples)]), run.document
    return LaidOut(laid, printed, tuple(samples), tuple(same), page.asked.get("left", ""), page.sittings)


def student_copies(plan: Plan, class_: ClassPages, students: Sequence[Student]) -> list[Copy]:
    """The copies of students, in their order.

    Raises: as `with_pages`.
    """
    return [copy for copy, _ in with_pages(plan, class_, students)]


def with_pages(plan: Plan, class_: ClassPages, students: Sequence[Student]) -> list[WithPage]:
    """The copies of students, in their order, and what makes the page of each, for formats beside print.

    Raises: WitnessError where the second witness finds other numbers.
    """
    fit, by_student = dict[Student, str](), dict[Student, WithPage]()
    if class_.layouts:
        keys = fitting(class_.numbers.run, list(map(plan.key, students)))
        fit = {student: key for student, key in zip(students, keys, strict=True) if key}
        as_others = {student: key for student, key in fit.items() if not student.large or plan.options.large}
        by_student = {copy.student: (copy, page) for copy, page in _together(plan, class_, as_others)}
    return [
        by_student.get(student) or _laid_out_alone(plan, class_, student, fit.get(student)) for student in students
    ]


def _together(plan: Plan, class_: ClassPages, keys: Mapping[Student, str]) -> list[WithPage]:
    """Fill the class's pages for students, whose pages differ in numbers only; without those that need more room."""
    run = _stamped(class_.numbers.run((*class_.samples, *keys.values())), [*keys])
    pages_of_all = Pages(lower(run.document, run.run.in_slots()))
    printed = _printed(plan, pages_of_all)
    if not alike(class_.page, printed):
        if len(keys) <= 1:
            return []
        each = ({student: key} for student, key in keys.items())
        return [single for one in each for single in _together(plan, class_, one)]
    for single in islice(run.runs(), run.domain.count - len(keys), None):
        judge(single, of_class=True)
    texts = pages_of_all.page.texts
    assert texts is not None
    filled = {view: filled_copies(class_.layouts[view], printed, view, texts, len(keys)) for view in CLASS_VIEWS}
    answers = list(run.filled(" ".join(value_text(blank.cell.value) for blank in run.document.blanks())))[
        -len(keys) :
    ]
    words = {view: list(run.filled(pages_of_all.words(view)))[-len(keys) :] for view in CLASS_VIEWS}
    hashes, spoken = list(run.filled(run.document.stamp["hash"]))[-len(keys) :], _spoken(run)[-len(keys) :]
    differing = run.domain.differing[-len(keys) :]  # none, unless drawing the pages asks what the run did not
    page_of = lru_cache(1)(lambda: apart(lower(run.document, run.run), run.domain))
    # the rule by which an unknown entry is found has no factor that is 1 in the copy, but some that is in others
    inverse = any(blank.role == "inverse" for blank in run.document.blanks())
    copies = list[WithPage]()
    for k, (student, key) in enumerate(keys.items()):
        pages = {view: page for view in CLASS_VIEWS if (page := filled[view][k])}
        if len(pages) == len(CLASS_VIEWS) and not differing[k]:
            says = {view: words[view][k] for view in CLASS_VIEWS}
            code = code_of(plan.sheet.name, hashes[k], student) * plan.options.scan
            copy = Copy(student, key, class_.numbers.set_of(key), hashes[k], answers[k], pages, says, spoken[k], code)
            at = run.domain.count - len(keys) + k
            make = partial(_page_alone, plan, class_, copy) if inverse else partial(_page_of_class, page_of, at)
            copies.append((copy, make))
    return copies


def _spoken(run: ClassRun) -> list[tuple[Spoken, ...]]:
    """What the answers of each copy are called, which is mostly the same."""
    spoken, known = called(run.document), dict[str, tuple[Spoken, ...]]()
    texts = list(run.filled("\n".join(text for each in spoken for text in (each.name, *each.labels))))
    for text in texts:
        if text not in known:
            lines = iter(text.split("\n"))
            known[text] = tuple(
                replace(each, name=next(lines), labels=tuple(next(lines) for _ in each.labels)) for each in spoken
            )
    return [known[text] for text in texts]


def _page_of_class(page_of: Callable[[], Callable[[int], Page]], copy: int) -> Page:
    """A copy's page, of the class's."""
    return page_of()(copy)


def _page_alone(plan: Plan, class_: ClassPages, copy: Copy) -> Page:
    """A copy's page, arranged by itself."""
    document, run = judged_page(plan, class_.numbers.of(copy.key), class_.left, class_.minutes)
    return lower(signed(document, copy.student), run)


def _laid_out_alone(plan: Plan, class_: ClassPages, student: Student, fit: str | None) -> WithPage:
    """A copy that is laid out by itself, as one in large print is where the class is not.

    fit: the key of numbers that fit the class's page, where one was found.

    Raises: ConfigError where there is one set of numbers only; SheetError where no page can be made with others.
    """
    first, numbers = fit or plan.key(student), class_.numbers
    for attempt in range(COPY_ATTEMPTS):
        key = first + AGAIN * attempt
        try:
            values = numbers.of(key)
            if key != fit and plan.sheet.promises and breaking_promises(numbers.run_plain([values])):
                raise SheetError(f"no numbers for {student.id!r} keep {', '.join(plan.sheet.promises)}")
            page, run = judged_page(plan, values, class_.left, class_.minutes, large=student.large)
            break
        except SheetError:  # for instance, a mistake that the page shows cannot be computed with these numbers
            if attempt == COPY_ATTEMPTS - 1:
                raise
    page = signed(page, student)
    printed = Pages(lower(page, run))
    answers = " ".join(value_text(blank.cell.value) for blank in page.blanks())
    pages = {view: copy_alone(printed, view, plan.options.paper) for view in CLASS_VIEWS}
    words = {view: printed.words(view) for view in CLASS_VIEWS}
    code = code_of(plan.sheet.name, page.stamp["hash"], student) * plan.options.scan
    copy = Copy(student, key, numbers.set_of(key), page.stamp["hash"], answers, pages, words, called(page), code)
    return copy, lambda: printed.page


def pdf_of(copy: Copy, pages: ClassPages, view: View, fields: bool = False) -> bytes:
    """The PDF of a copy in one view; with fields, that of the worksheet to be filled in.

    Raises: SheetError where the page has no room for an answer.
    """
    base, contents = template_of_copy(copy, pages, view)
    texts = copy.pages[view][2].__getitem__
    if fields:
        return copy_form(base, contents, copy.words[view], copy.called, texts, copy.student.id)
    return copy_pdf(base, contents, copy.words[view], said_in(base, texts))


def template_of_copy(copy: Copy, pages: ClassPages, view: View) -> tuple[Template, tuple[bytes, ...]]:
    """What a copy's PDF in one view begins with, and its content streams."""
    page, base = copy.pages[view], base_of_copy(copy, pages, view)
    if not copy.code or view != "worksheet":
        return base, page[1]
    return base, with_marks(page[1], copy.code, paper_size(pages.numbers.plan.options.paper))


def base_of_copy(copy: Copy, pages: ClassPages, view: View) -> Template:
    """What a copy's PDF in one view begins with."""
    return base_of(copy.pages[view], pages.layouts.get(view, ()), view)


def places_of(copy: Copy, pages: ClassPages) -> list[PlacesOfPage]:
    """Where the boxes of a copy's worksheet stand, page by page."""
    sheet = pages.numbers.plan.sheet.name
    return [PlacesOfPage(sheet, boxes) for boxes in rooms_of(base_of_copy(copy, pages, "worksheet"))]


def code_of(name: str, numbers: str, student: Student) -> str:
    """What the marks on a student's worksheet say of it. name: of the sheet or the paper. numbers: their hash."""
    digest = sha256("\0".join((name, numbers, student.id, student.name)).encode()).digest()
    return f"{int.from_bytes(digest) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def signed(page: Document, student: Student) -> Document:
    """A copy's document with the student's name and id, and with a QR code, unless marks tell whose it is."""
    known = said_of(page, student)
    if "scan" not in page.stamp:
        (path,), modules = qr_codes([_qr_text(page, page.stamp["hash"])])
        known |= {"code": path, "modules": str(modules)}
    return structs.replace(page, stamp={**page.stamp, **known})


def said_of(page: Document, student: Student) -> dict[str, str]:
    """What a copy says of its student: on the line for the name, at its foot, and in its metadata."""
    label = width(FACE, f"{page.messages.say('top.name')} ")
    name_room, foot_room = LARGE_ROOMS if page.large else (NAME_ROOM, FOOT_ROOM)
    whose = student.whose if student.name else page.messages.say("foot.copy", id=student.id)
    return {
        "name": cut(FACE, student.name, name_room - label), "whose": cut(FACE, whose, foot_room),
        "student": as_word(student.id), "named": as_word(student.name), "moved": str(student.moved),
    }  # fmt: skip


def judged_page(
    plan: Plan, values: Values, left: str = "", minutes: tuple[int, ...] = (), large: bool = False
) -> tuple[Document, Run]:
    """The document of one copy's numbers and its run, which the witness has judged.

    left, minutes: as those of the class. large: whether it is in large print, whatever the class is.
    """
    options = structs.replace(
        plan.options, left_out=left_out({"left": left}), minutes=minutes, large=large or plan.options.large
    )
    page, run, _ = arranged(plan.sheet, values, options, options.domain)
    judge(run, of_class=True)
    if large and not plan.options.large:
        page = structs.replace(page, asked={**page.asked, "large": LARGE_ALONE})
    return structs.replace(page, stamp={**page.stamp, **options.told_by_class}), run


def _qr_text(page: Document, numbers: str) -> str:
    """The text of a QR code. A code is smaller for capitals."""
    return f"byhand {page.name} {page.stamp['seed']} {page.stamp.get('version', __version__)} {numbers}".upper()


def _printed(plan: Plan, pages: Pages) -> PrintPage:
    """The page that worksheet and key are with slots."""
    return pages.printed("key", plan.options.paper)


def _stamped(run: ClassRun, students: Sequence[Student]) -> ClassRun:
    """The run with names and ids on its pages, and with QR codes as `signed` adds them. The last copies are the
    students', the others nobody's.
    """
    domain, stamp = run.domain, dict(run.document.stamp)
    everyone = [*[NOBODY] * (domain.count - len(students)), *students]
    said = [said_of(run.document, each) for each in everyone]
    for name in said[0]:
        stamp[name] = in_place(domain.column([each[name] for each in said]))
    if "scan" not in stamp:
        paths, modules = qr_codes([_qr_text(run.document, each) for each in run.filled(stamp["hash"])])
        stamp["code"] = in_place(domain.column(paths))
        stamp["modules"] = str(modules)
    return replace(run, document=structs.replace(run.document, stamp=stamp))
