"""From files of answers to files of marks: the whole way of `byhand mark`.

Students are marked in chunks, in several processes if asked, and written as they are marked, so that memory does not
grow with the class. The files get their names when all are written.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field, structs
from msgspec.structs import replace

from byhand.arrange import arrange
from byhand.choose import choose
from byhand.classroom.again import Class, Copy, OwnCopy, own_copies
from byhand.classroom.roster import Student
from byhand.classroom.workers import Submit, workers
from byhand.errors import AnswersError, ByHandError, ConfigError, UnknownNameError, collecting
from byhand.files import output_errors, staging, sync_folder, write
from byhand.marking.answers import Answers, Filled, Unmarked, read_answers
from byhand.marking.causes import UNEXPLAINED
from byhand.marking.folder import FORMATS, MARKED, MARKS, Marked, MarksFolder, marks_of, row_of
from byhand.marking.groups import Group, Groups, grouped
from byhand.marking.handed_in import handed_in, whose
from byhand.marking.json_files import decoded
from byhand.marking.marker import Marker
from byhand.marking.marks import Marks, Policy, Sum
from byhand.marking.overrides import Changes, number_of_points, overridden, read_overrides
from byhand.marking.points import SHARES
from byhand.marking.record import as_line, points_text
from byhand.marking.taken import Keys
from byhand.marking.tally import Tally
from byhand.mistakes import mistake_named
from byhand.notation.number import shown
from byhand.options import Options, Tell, unheard
from byhand.options_file import as_entries, options_of
from byhand.runs import Run
from byhand.secret import Secret
from byhand.worksheet.document import Document, Reply
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import Sheet, load_sheet

if TYPE_CHECKING:
    from byhand.marking.history import History
    from byhand.marking.marked_page import MarkedPages
    from byhand.press import TextOf

CHUNK = 100  # students that are marked at once
OWN = ("tokens", "answer", "values", "weight_places")  # options that a page does not tell, as they may tell answers
NO_HASH = "no hash of their numbers: it is taken on trust that they had these"


class PointsAsked(Struct, frozen=True):
    """What sections are worth, and how much of their points answers keep that follow from a mistake."""

    sections: Mapping[int, Fraction] = field(default_factory=dict)
    """Points, by the number of a section, in place of those by time."""
    foils: Mapping[str, str] = field(default_factory=dict)
    """By a mistake's name, the share that is kept: full, half or none."""
    shown: bool = True
    """Whether marked pages say points."""
    words: Mapping[Group, Fraction] = field(default_factory=dict)
    """Points of answers in words, for all who answered the same."""


class Task(Struct, frozen=True):
    """What students of a marking have in common."""

    sheet: Sheet
    options: Options
    policy: Policy = field(default_factory=Policy)
    points: PointsAsked = field(default_factory=PointsAsked)
    of_class: Class | None = None
    """The class, or the part of it that these students are."""
    pages: tuple[str, ...] = ()
    """The formats of marked pages: html, pdf."""

    def __hash__(self) -> int:
        return hash(repr((self.sheet.name, self.options, self.policy, self.points)))


class Marking(Struct, frozen=True):
    """A marking that was written."""

    folder: Path
    points: Mapping[Student, Sum]
    """What each student reached who is marked, in the order of the answers."""
    absent: tuple[Student, ...]
    """The students of the class who handed nothing in."""
    unmarked: tuple[str, ...] = ()
    """A line on each file or student that could not be marked."""


def mark(
    answers: Path | str | Iterable[Path | str], sheet: str | None = None, options: Options | None = None,
    out: Path | str = "output", *, class_folder: Path | str | None = None, secret: Secret | None = None,
    policy: Policy | None = None, points: Path | str | None = None, overrides: Path | str | None = None,
    groups: Path | str | None = None, history: Path | str | None = None, formats: Sequence[str] = FORMATS,
    report: bool = True, names: bool = True, jobs: int = 1, others: bool = False, tell: Tell = unheard,
    done: Tell = unheard,
) -> Marking:  # fmt: skip
    """Mark files of answers, and write OUT/SHEET-marks: marks.json, marks.csv, a marked page for each student, and a
    report.

    sheet, options: where the files do not say them. class_folder: the folder of the class whose numbers the students
    had. points, overrides: files that say what sections are worth, and what a teacher changed. groups: a table of
    points for equal answers in words, which is written where there is none. history: a folder to which the result is
    added. formats: of the files to write. report: whether to report what the class did; names: whether by name.
    others: whether files that answer other sheets are passed over, as those of a paper are. done: called with a line
    on each student.

    A file or a student that cannot be marked is passed over, and named in what is returned.

    Raises: ByHandError, also where nobody can be marked; then nothing is written.
    """
    paths = [Path(answers)] if isinstance(answers, Path | str) else [*map(Path, answers)]
    worth, unmarked = _points(points), Unmarked()
    changed = read_overrides(Path(overrides)) if overrides is not None else None
    before = _history(Path(history)) if history is not None else None
    files = _files(paths, unmarked, tell)
    of_class = Class.in_folder(Path(class_folder), secret) if class_folder is not None else None
    if others:
        files = [file for file in files if file.sheet in (None, sheet)]
        if not files:
            raise AnswersError(f"no file answers {sheet}")
    task, files = _task(files, sheet, options, of_class, policy or Policy(), worth, unmarked)
    task = replace(task, pages=tuple(format for format in ("html", "pdf") if format in formats))
    folder, together = Path(out) / marks_of(task.sheet.name), Groups()
    changes = _kept(folder, tell, groups is not None) if changed is None else changed
    questions = [reply.id for reply in _made(task)[0].replies() if not reply.options]
    if groups is not None and Path(groups).exists():
        together = Groups.in_file(Path(groups), questions)
        task = replace(task, points=replace(task.points, words=together.points))
    with output_errors(folder), ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        written = MarksFolder(folder, stack.enter_context(staging(folder)), stack, formats, task.sheet.title)
        submit, tally = stack.enter_context(workers(jobs, "")), Tally()
        for some, part in _marked_in_order(submit, task, files, unmarked, changes, jobs, tell):
            tally += part
            for each in some:
                written.add(each)
                together.add(each.words)
                done(each.told)
        if not written.students:
            raise _nobody(unmarked, tell)
        copies, known = of_class.copies if of_class else (), written.students.keys() | unmarked.students
        left = [name for name in changes if name not in written.students]
        everybody = known | {copy.student.id for copy in copies}
        if changed is not None and (nobody := [name for name in left if name not in everybody]):
            raise AnswersError(f"{overrides}: {_not_marked(nobody[0], everybody - {''})}")
        absent = tuple(copy.student for copy in copies if copy.student.id not in known)
        told = tuple(map(str, unmarked.errors))
        if left:
            tell(f"the changes by hand of {', '.join(left)} are left out, since they are not marked now")
        if report:
            for name, content in _report(task, tally, absent, told, names, formats):
                written.write(name, content)
        written.bind(
            f"{task.sheet.name} ({messages(task.options.language).say('views.marked')})",
            task.options.language,
            [copy.student.id for copy in copies],
        )
        written.end()
    for each_folder in (folder, folder / MARKED):
        sync_folder(each_folder)
    if before is not None:
        _add_to(before, task, tally, names)
    if groups is not None:
        _tell_groups(Path(groups), together, questions, tell)
    return Marking(folder, written.points, absent, told)


def _history(folder: Path) -> History:
    from byhand.marking.history import History  # what draws pages is heavy

    return History.in_folder(folder)


def _add_to(history: History, task: Task, tally: Tally, names: bool) -> None:
    """Add the result of a marking to a folder of them, and write its pages."""
    from byhand.marking.history import Result  # what draws pages is heavy

    sheet, options = task.sheet, task.options
    asked = as_entries(options) | {"seed": repr(options.secret) if options.secret else options.chosen_seed}
    numbers = {name: each for name, each in asked.items() if name not in ("paper", "language")}
    key = hashlib.sha256(msgspec.json.encode([sheet.name, numbers], order="deterministic")).hexdigest()
    result = Result(
        0, key, sheet.name, sheet.title, len(tally.cells), options.orientation == "columns",
        {row.student: row for row in tally.rows},
    )  # fmt: skip
    history.add(result).write(messages(options.language), options.paper, names)


def _tell_groups(path: Path, groups: Groups, questions: Sequence[str], tell: Tell) -> None:
    """Write the table of groups where there is none, else tell what it lacks."""
    if path.exists():
        for line in groups.told():
            tell(f"{path}: {line}")
    elif groups.counts:
        write(path.parent, {path.name: groups.table(questions)})
        told = f"{groups.counts.total()} answers in words in {len(groups.counts)} groups"
        tell(f"wrote {path}: {told}; fill in the points, and mark again")
    else:
        tell(f"{path} is not written: there are no answers in words to mark")


def _nobody(unmarked: Unmarked, tell: Tell) -> ByHandError:
    """The error that nobody can be marked. tell: is told why, where that is more than one line."""
    if len(unmarked.errors) == 1:
        return unmarked.errors[0]
    for error in unmarked.errors:
        tell(f"not marked: {error}")
    return AnswersError("nobody can be marked, so nothing is written")


def _report(
    task: Task, tally: Tally, absent: Sequence[Student], unmarked: Sequence[str], names: bool, formats: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """The files of the class's report."""
    from byhand.marking.report import Report  # what draws pages is heavy
    from byhand.marking.report_csv import report_csv

    document, _, texts = _made(task)
    size = len(task.of_class.copies) if task.of_class else tally.students
    report = Report(document, tally, [student.whose for student in absent], unmarked, size, names, texts)
    if "csv" in formats:
        yield "report.csv", report_csv(report)
    if "html" in formats:
        yield "report.html", report.html("screen", task.options.paper).encode()
    if "pdf" in formats:
        yield "report.pdf", report.pdf(task.options.paper)


def told(marks: Marks, options: Options) -> str:
    """A student's marks in one line: the points, the first cause of what is not right, and what cannot be read."""
    line = f"{marks.student or 'student'}  {points_text(marks.points)} / {points_text(marks.worth)}"
    if marks.waiting:
        line += f", {points_text(marks.waiting)} not yet marked: answers in words"
    if marks.taken:
        return f"{line}  {marks.taken.same} of {marks.taken.of} answers are those of {marks.taken.student}'s numbers"
    unread = [mark.answer for mark in (*marks.blanks, *marks.choices) if mark.verdict == "unreadable"]
    found = [_first_cause(marks, options)] if marks.causes else []
    if unread:
        found.append(f"{len(unread)} cannot be read, such as {shown(unread[0])}")
    return f"{line}  {'; '.join(found)}" if found else line


def _first_cause(marks: Marks, options: Options) -> str:
    cause, texts = marks.causes[0], messages(options.language)
    step, more = cause.first.partition("/")[0], f", {cause.explains} more follow" if cause.explains else ""
    if cause.kind == UNEXPLAINED:
        note = next((mark.note for mark in marks.blanks if mark.id == cause.first), "").rstrip(".")
        return f"step {step}: {note or 'unexplained'}{more}"
    why = texts.why(cause.kind, cause.foil, "told", options.orientation == "columns").rstrip(".")
    why = "perhaps " * (not (cause.sure or cause.foil)) + why
    return f"step {step}: {why[0].lower()}{why[1:]} ({cause.foil or cause.kind}){more}"


# what is asked


def _files(paths: Iterable[Path], unmarked: Unmarked, tell: Tell) -> list[Answers]:
    """The files of answers that can be read. unmarked: gets the others.

    Raises: ByHandError where none can.
    """
    there = [each for path in paths for each in handed_in(path, unmarked.errors)]
    files = list[Answers]()
    for each, student in zip(there, whose(there), strict=True):
        with collecting(unmarked.errors):
            file = read_answers(each)
            options_of(file.options, file.name)  # as a check
            files.append(replace(file, whose=student))
    if not files:
        raise _nobody(unmarked, tell)
    return files


def _task(
    files: Sequence[Answers], name: str | None, options: Options | None, of_class: Class | None, policy: Policy,
    points: PointsAsked, unmarked: Unmarked,
) -> tuple[Task, list[Answers]]:  # fmt: skip
    """What is marked, as the class says, or the caller, or most of the files; and the files that answer it.

    Raises: AnswersError where the caller and a file contradict each other, or nothing says which sheet it is.
    """
    if of_class is not None:
        task = Task(of_class.plan.sheet, of_class.plan.options, policy, points, of_class)
    else:
        about = Counter(
            (file.sheet, file.seed) for file in files if file.sheet is not None and name in (None, file.sheet)
        )
        most = about.most_common(1)[0][0] if about else None
        said = next((file for file in files if (file.sheet, file.seed) == most), None)
        name = name or (said.sheet if said else None)
        if name is None:
            raise AnswersError(f"{files[0].name} does not say which sheet it answers; name it with --sheet")
        if said is not None:
            options = _said(said, options)
        sheet = load_sheet(name, options.language if options else "en")
        usual = structs.replace(options or Options(), large=False, look="")  # a marked page looks as usual
        task = Task(sheet, usual.on(sheet), policy, points)
    answering = list[Answers]()
    for file in files:
        with collecting(unmarked.errors):
            _agree(file, task.sheet.name, task.options)
            answering.append(file)
    return task, answering


def _said(file: Answers, options: Options | None) -> Options:
    """What a file says of its numbers.

    options: what the caller says, if anything. Words and numbers of somebody's own, which a file may leave out, are
    taken from it.

    Raises: AnswersError where the caller says otherwise.
    """
    if options is not None and not file.is_sure:
        return options
    of_file = structs.replace(options_of(file.options, file.name), seed=file.seed)
    if options is None:
        return of_file
    completed = structs.replace(of_file, **{name: getattr(options, name) for name in OWN if name not in file.options})
    asked, told, usual = as_entries(options), as_entries(completed), as_entries(Options())
    if differ := [name for name, entry in asked.items() if entry not in (told.get(name), usual.get(name))]:
        raise AnswersError(f"{file.name} says itself which numbers it answers ({', '.join(differ)}); leave that out")
    return completed


def _agree(file: Answers, name: str, options: Options) -> None:
    """Check that a file answers a sheet, with the numbers of these options.

    Raises: AnswersError.
    """
    if file.sheet is not None and file.sheet != name:
        raise AnswersError(f"{file.name} answers the sheet {file.sheet}, not {name}")
    if file.sheet is not None and file.seed is not None and file.seed != options.chosen_seed and not options.secret:
        raise AnswersError(f"{file.name} answers seed {file.seed}, not {options.chosen_seed}")


def _points(path: Path | str | None) -> PointsAsked:
    """What a points file says: {"5": 4, "foils": {"no-powers": "half"}}; of "none", that no page says points.

    Raises: ConfigError.
    """
    if path is None or str(path) == "none":
        return PointsAsked(shown=path is None)
    try:
        entries = decoded(Path(path).read_bytes(), dict[str, Any])
        foils = msgspec.convert(entries.pop("foils", {}), type=dict[str, str])
        sections = {int(name): number_of_points(f"section {name}", worth) for name, worth in entries.items()}
    except (OSError, AnswersError, msgspec.MsgspecError, ValueError) as error:
        raise ConfigError(f'{path}: {error}; write points by section, as in {{"5": 4}}') from None
    for name, share in foils.items():
        try:
            mistake_named(name)
        except UnknownNameError as error:
            raise ConfigError(f"{path}: {error}") from None
        if share not in SHARES:
            raise ConfigError(f"{path}: {name} keeps {share!r} of its points; use full, half or none")
    return PointsAsked(sections, foils)


def _kept(folder: Path, tell: Tell, but_groups: bool) -> Mapping[str, Changes]:
    """A teacher's changes in the marks that are there from before. but_groups: without what a table says again."""
    before = folder / MARKS
    changes = read_overrides(before, but_groups) if before.exists() else {}
    if changes:
        tell(f"kept {sum(map(len, changes.values()))} changes by hand from {before}")
    return changes


def _not_marked(student: str, named: Set[str]) -> ByHandError | str:
    """Why no answer of a student can be changed. named: those whose answers can."""
    if named:
        return UnknownNameError("student", student, named)
    return f"no student {shown(student)}: no answers that were given say whose they are; leave student empty"


# marking


def _marked_in_order(
    submit: Submit,
    task: Task,
    files: Sequence[Answers],
    unmarked: Unmarked,
    changes: Mapping[str, Changes],
    jobs: int,
    tell: Tell,
) -> Iterator[tuple[list[Marked], Tally]]:
    """The marks of all students and their tallies, in the order of the answers, chunk by chunk.

    Up to 2 · jobs chunks are computed at a time.
    """
    of_class = task.of_class
    copies = {copy.student.id: copy for copy in of_class.copies} if of_class else {}
    students, waiting = _students(task, files, unmarked, tell), deque[Any]()
    while some := list(islice(students, CHUNK)):
        of_chunk = {student.id: changes[student.id] for student in some if student.id in changes}
        if of_class is not None:  # a process need not know the rest of the class
            task = replace(task, of_class=replace(of_class, copies=[copies[student.id] for student in some]))
        waiting.append(submit(marked, task, some, of_chunk))
        if len(waiting) >= 2 * jobs:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _students(task: Task, files: Sequence[Answers], unmarked: Unmarked, tell: Tell) -> Iterator[Filled]:
    """The students of all files who can be marked. unmarked: gets the others."""
    seen: dict[str, str] = {}
    document, run, _ = _made(task)
    blanks, replies = [blank.id for blank in document.blanks()], [reply.id for reply in document.replies()]
    copies = {copy.student.id: copy for copy in task.of_class.copies} if task.of_class else None
    keys = Keys([*copies.values()], blanks) if copies else None
    without = 0
    for file in files:
        marked, failed = len(seen), len(unmarked.errors)
        for student in file.students(blanks, replies, unmarked):
            if not student.id and len(files) > 1:
                student = replace(student, id=file.whose[0], name=student.name or file.whose[1])
            if student.id in seen:
                where = "twice in it" if seen[student.id] == file.name else f"in {seen[student.id]}, too"
                told = f"the student {student.id!r} is {where}; the first is marked, so give only one of them"
                unmarked.add(AnswersError(f"{file.name}: {told}"), student.id)
            elif copies is not None and student.id not in copies:
                nobody = UnknownNameError("student", student.id, copies)
                unmarked.add(AnswersError(f"{file.name}: the class has {nobody}"))
            elif wrong := _of_other_numbers(student, run.hash, copies):
                unmarked.add(AnswersError(f"{file.name}: {wrong}"), student.id)
            else:
                seen[student.id] = file.name
                without += not student.hash
                yield replace(student, taken=keys.taken(student, copies[student.id])) if copies and keys else student
        if (len(seen), len(unmarked.errors)) == (marked, failed):
            unmarked.add(AnswersError(f"{file.name} holds no students"))
    if without:
        tell(f"{without} student{'s' * (without > 1)} with {NO_HASH}")


def _of_other_numbers(student: Filled, numbers: str, copies: Mapping[str, Copy] | None) -> str:
    """What is wrong where a student had numbers with another hash than these, or those of the student's copy."""
    numbers = copies[student.id].hash if copies else numbers
    if not student.hash or student.hash == numbers:
        return ""
    whose = f"the student {student.id!r}" if student.id else "the student"
    if other := next((each for each in (copies or {}).values() if each.hash == student.hash), None):
        return (
            f"{whose} had the numbers of {other.student.id!r}, whose hash is {student.hash}; own ones have {numbers}"
        )
    had = f"{whose} had numbers with the hash {student.hash[:40]}"
    if copies:
        return (
            f"{had}, and those of this class have {numbers}: the worksheet is of another class; mark it by that one"
        )
    return (
        f"{had}, and these have {numbers}: another seed or "
        "sheet, or other options; of words or numbers of your own, give --tokens, --answer or --values as the sheet "
        "had them; of a class, give its folder with --class"
    )


def marked(task: Task, students: Sequence[Filled], changes: Mapping[str, Changes]) -> tuple[list[Marked], Tally]:
    """The marks of some students, and their tally.

    Raises: AnswersError where a change is of a blank that there is not.
    """
    marked_students, pages, tally = [], None, Tally()
    for student, marker, copy in _markers(task, students):
        marks = grouped(marker.mark(student.answers, student.id, student.name), task.points.words)
        marks = replace(marks, taken=student.taken, work=student.work)
        if student.id in changes:
            marks = overridden(marks, changes[student.id])
        if task.pages and (pages is None or pages.page.document is not marker.rules.document):
            pages = _marked_pages(task, marker, copy)
        drawn = {} if pages is None else dict(_drawn(task, pages, marks, marker.rules.run, copy))
        tally.add(marks)
        group = copy.copy.student.group if copy else ""
        whose = Student(marks.name or marks.student, marks.student, group)
        words = {each.id: each.answer for each in marks.answers if each.points in (None, each.group)}
        marked_students.append(
            Marked(whose, as_line(marks), marks.exact, row_of(marks), told(marks, task.options), drawn, words)
        )
    return marked_students, tally


def _marked_pages(task: Task, marker: Marker, copy: OwnCopy | None) -> MarkedPages:
    from byhand.marking.marked_page import MarkedPages  # what draws pages is heavy
    from byhand.page.page import lower

    page, typical = lower(marker.rules.document, marker.rules.run), copy.typical if copy else None
    return MarkedPages(page, task.options.setup, task.points.shown, typical)


def _drawn(
    task: Task, pages: MarkedPages, marks: Marks, run: Run, copy: OwnCopy | None
) -> Iterator[tuple[str, bytes]]:
    """The marked pages of a student, by format."""
    of_copy = (run, copy.texts) if copy is not None and copy.texts else (None, None)
    if "html" in task.pages:
        yield "html", pages.html(marks, marks.name, "screen", *of_copy).encode()
    if "pdf" in task.pages:
        yield "pdf", pages.pdf(marks, marks.name, *of_copy)


def _markers(task: Task, students: Sequence[Filled]) -> Iterator[tuple[Filled, Marker, OwnCopy | None]]:
    """Each student with the marker of their numbers, and in a class their copy."""
    if task.of_class is None:
        marker = _marker(task)
        for student in students:
            yield student, marker, None
        return
    before: Marker | None = None
    copies = own_copies(task.of_class.plan, task.of_class.copies)
    for student, copy in zip(students, copies, strict=True):
        if before is not None and before.rules.document is copy.document:
            marker = before.again(copy.run, copy.replies)
        else:
            marker = _fresh(task, copy.document, copy.run, copy.replies)
        before = marker
        name = student.name or copy.copy.student.name
        yield replace(student, name=name), marker, copy


def _fresh(task: Task, document: Document, run: Run, replies: Sequence[Reply] | None = None) -> Marker:
    marker = Marker.of(document, run, task.policy)
    of_sheet = {} if document.points else {n: Fraction(worth) for n, worth in task.sheet.points.items()}
    given = {**of_sheet, **task.points.sections}
    return replace(marker, given=given, foils=task.points.foils, own_replies=replies)


@lru_cache(maxsize=2)
def _marker(task: Task) -> Marker:
    document, run, _ = _made(task)
    return _fresh(task, document, run)


@lru_cache(maxsize=2)
def _made(task: Task) -> tuple[Document, Run, TextOf | None]:
    """The document and the run of the sheet; of a class, those of its first copy, and what stands in its slots."""
    if task.of_class is not None:
        first = next(own_copies(task.of_class.plan, task.of_class.copies[:1]))
        return first.document, first.run, first.texts
    values, quality = choose(task.sheet, task.options)
    return *arrange(task.sheet, values, task.options, quality), None
