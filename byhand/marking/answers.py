"""Files of answers: JSON, CSV, and PDFs and spreadsheets that were filled in.

What a file is, its content says and not its name.

docs/marking.md describes the JSON, and byhand/answers.schema.json is its schema. Students are read one by one, so
that a class of any size takes little memory.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from byhand.classroom.index import as_written
from byhand.classroom.roster import LONGEST_ID, csv_rows
from byhand.errors import AnswersError, ByHandError, RosterError, UnknownNameError, UnreadableError
from byhand.marking.handed_in import HandedIn
from byhand.marking.json_files import LARGEST_DECODED, Content, Decoded, begin, decoded, entries, list_of
from byhand.marking.marks import Taken, Work
from byhand.notation.number import shown
from byhand.notation.words import unprintable
from byhand.options_file import as_entries

if TYPE_CHECKING:
    from byhand.reading.forms import FilledForm
    from byhand.reading.spreadsheet import FilledSheet

SCHEMA = 1
LARGEST_FILE = 2_000_000_000  # bytes
LONGEST_TEXT = 5000  # characters of an answer
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # how such a text begins
Written = str | int | float | None


class _Student(msgspec.Struct, forbid_unknown_fields=True):
    id: str = ""
    name: str = ""
    hash: str = ""
    answers: dict[str, Written] = {}
    matrices: dict[str, list[list[Written]]] = {}
    hints: dict[str, int] | None = None
    checks: dict[str, int] | None = None
    seconds: dict[str, float] | None = None

    @property
    def work(self) -> Work | None:
        """How the answers came about, if it says anything of that."""
        if (self.hints, self.checks, self.seconds) == (None, None, None):
            return None
        seconds = {section: round(each) for section, each in (self.seconds or {}).items()}
        return Work(self.hints or {}, self.checks or {}, seconds)


class _File(_Student, forbid_unknown_fields=True):
    """A file of several students, or of one, whose answers then stand beside what is said of the sheet."""

    students: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    schema: int = SCHEMA
    byhand: str = ""
    sheet: str | None = None
    seed: int | None = None
    options: dict[str, Any] = {}


class Filled(Struct, frozen=True):
    """One student's answers."""

    id: str
    name: str = ""
    hash: str = ""
    """The hash of the numbers that the student had, or ""."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What was answered, by the ids of blanks and replies."""
    taken: Taken | None = None
    """Whose numbers these are the answers of, if not the student's own."""
    work: Work | None = None
    """How they came about, if they were given on a screen."""


class Unmarked(Struct):
    """What was handed in and cannot be marked."""

    errors: list[ByHandError] = field(default_factory=list)
    """Each says in one line which file or student it is, and why."""
    students: set[str] = field(default_factory=set)
    """The ids of those students who are known."""

    def add(self, error: ByHandError, student: str = "") -> None:
        """Note what cannot be marked."""
        self.errors.append(error)
        if student:
            self.students.add(student)


class Answers(Struct, frozen=True):
    """A file's answers."""

    name: str
    sheet: str | None = None
    """The sheet that the file says that they answer; None where it says none."""
    seed: int | None = None
    """The seed that it says; None where it says none."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The options that it says."""
    is_sure: bool = True
    """Whether it says all that decides the numbers."""
    whose: tuple[str, str] = ("", "")
    """The id and the name of its student, as far as the file's name or its folder's says it."""

    def students(
        self, blanks: Sequence[str], replies: Sequence[str] = (), unmarked: Unmarked | None = None
    ) -> Iterator[Filled]:
        """The students, in the file's order. blanks: the ids of the sheet's blanks, in the order of the page.

        replies: the ids of its other answers. unmarked: gets those who cannot be marked; the others are yielded.

        Raises: AnswersError for the first who cannot be marked, where there is no `unmarked`.
        """
        known = dict.fromkeys((*blanks, *replies))
        for each in self._read(blanks, known):
            wrong = self._wrong(each, known) if isinstance(each, Filled) else each
            if wrong is None:
                assert isinstance(each, Filled)
                yield each
            elif unmarked is None:
                raise wrong
            else:
                unmarked.add(wrong, each.id if isinstance(each, Filled) else "")

    def _read(self, blanks: Sequence[str], known: Mapping[str, None]) -> Iterator[Filled | AnswersError]:
        """The students, or for one who cannot be read, why."""
        raise NotImplementedError

    def _wrong(self, student: Filled, known: Mapping[str, None]) -> AnswersError | None:
        """What is wrong with a student's answers: an id that the sheet does not have, or a text that is too long."""
        for kind, text in (("id", student.id), ("name", student.name)):
            if bad := unprintable(text):
                return AnswersError(f"{self.name}: the {kind} {shown(text)} holds {bad}, which cannot be printed")
        if len(student.id) > LONGEST_ID:
            return AnswersError(f"{self.name}: an id of {len(student.id):,} characters; {LONGEST_ID} are the most")
        whose = f"{self.name}, student {student.id!r}" if student.id else self.name
        for name, text in student.answers.items():
            if name not in known:
                return AnswersError(f"{whose}: {UnknownNameError('blank', name, known)}")
            if len(text) > LONGEST_TEXT:
                told = f"{name} holds {len(text):,} characters; an answer has up to {LONGEST_TEXT:,}"
                return AnswersError(f"{whose}: {told}")
        return None


class JsonAnswers(Answers, frozen=True):
    """The answers of a JSON file: a list of students, or one."""

    file: HandedIn = HandedIn(Path())
    at: int | None = None
    """Where the list begins; None for one student."""

    @classmethod
    def of(cls, file: HandedIn, content: Content) -> JsonAnswers:
        """The answers that a JSON file holds. Of a list, no more is read than where each student begins and ends.

        Raises: AnswersError.
        """
        bare, at = list_of(content), list_of(content, "students")
        try:
            if bare is not None:
                _around(content, bare, list[Any])
                return cls(file.name, file=file, at=bare)
            whole = _File() if at is None else _around(content, at, _File)
            if whole.students is msgspec.UNSET:
                whole, at = decoded(content, _File, begin(content)), None
                if not (whole.id or whole.name or whole.answers or whole.matrices):
                    raise AnswersError("it holds no student")
        except AnswersError as error:
            raise AnswersError(f"{file.name} is no file of answers: {error}") from None
        if whole.schema != SCHEMA:
            raise AnswersError(f"{file.name} is of schema {whole.schema}; this byhand reads schema {SCHEMA}")
        return cls(file.name, whole.sheet, whole.seed, whole.options, file=file, at=at)

    def _read(self, blanks: Sequence[str], known: Mapping[str, None]) -> Iterator[Filled | AnswersError]:
        with self.file.content() as content:
            alone = (begin(content), len(content))
            places = [alone] if self.at is None else entries(content, self.at)
            for number, (start, end) in enumerate(places, 1):
                try:
                    student = decoded(content, _File if self.at is None else _Student, start, end)
                except AnswersError as error:
                    yield AnswersError(f"{self.name}, student {number}: {error}")
                    continue
                cells = {
                    f"{matrix}/{i},{j}": text
                    for matrix, rows in student.matrices.items()
                    for i, row in enumerate(rows, 1)
                    for j, text in enumerate(row, 1)
                    if text not in (None, "") or f"{matrix}/{i},{j}" in known
                }
                texts = {name: _text(written) for name, written in {**cells, **student.answers}.items()}
                yield Filled(student.id, student.name, student.hash, texts, work=student.work)


def _around(content: Content, at: int, kind: type[Decoded]) -> Decoded:
    """What stands around a list of objects, whose place is given, and an empty list in place of it.

    Raises: AnswersError for what is no such JSON.
    """
    try:
        last = deque(entries(content, at), maxlen=1)
    except ValueError as error:
        if len(content) > LARGEST_DECODED:
            raise AnswersError(f"its students are no list of objects ({error})") from None
        decoded(content, kind, begin(content))
        raise AnswersError("its students are no objects") from None
    end, start = last[0][1] if last else at, begin(content)
    if len(content) - end + at - start > LARGEST_DECODED:
        raise AnswersError(f"over {LARGEST_DECODED // 10**6} MB of it are no students")
    return decoded(content[start:at] + content[end:], kind)


def _text(written: Written) -> str:
    return "" if written is None else written if isinstance(written, str) else repr(written)


class CsvAnswers(Answers, frozen=True):
    """The answers of a CSV file: a row a student, a column a blank. It may say which sheet it is, but not which
    numbers.
    """

    is_sure: bool = False
    file: HandedIn = HandedIn(Path())
    heads: Sequence[str] = ()
    """The headings of the columns."""

    @classmethod
    def of(cls, file: HandedIn) -> CsvAnswers:
        """The answers that a CSV file holds.

        Raises: AnswersError.
        """
        try:
            heads, first = [*(row for _, row in islice(csv_rows(file.name, file.open()), 2)), [], []][:2]
        except RosterError as error:
            raise AnswersError(str(error)) from None
        heads = [head.strip() for head in heads]
        said = {head.casefold(): text.strip() for head, text in zip(heads, first, strict=False)}
        return cls(file.name, said.get("sheet") or None, file=file, heads=heads)

    def _read(self, blanks: Sequence[str], known: Mapping[str, None]) -> Iterator[Filled | AnswersError]:
        try:
            columns = self._columns(blanks, known)
        except (RosterError, AnswersError) as error:
            yield AnswersError(str(error))
            return
        try:
            for line, row in islice(csv_rows(self.name, self.file.open()), 1, None):
                yield self._row(line, columns, row, blanks)
        except RosterError as error:
            yield AnswersError(f"{error}; what follows in it is not marked")

    def _row(
        self, line: int, columns: Sequence[str], row: Sequence[str], blanks: Sequence[str]
    ) -> Filled | AnswersError:
        """The student of a row. columns: what each holds, as `_columns` says."""
        if len(row) > len(self.heads):
            told = f"{self.name} line {line} has {len(row)} fields; its headings are {len(self.heads)}"
            return AnswersError(told)
        texts = {name: as_written(text) for name, text in zip(columns, row, strict=False) if name}
        told_of = {name: texts.pop(name, "").strip() for name in ("id", "name", "hash", "sheet")}
        if told_of["sheet"] not in ("", self.sheet):
            told = f"answers {shown(told_of['sheet'])}, and the first row {self.sheet}; give each sheet a file"
            return AnswersError(f"{self.name} line {line} {told}")
        if "answers" in texts:
            in_order = texts.pop("answers").split()
            if len(in_order) != len(blanks):
                return AnswersError(f"{self.name} line {line}: {len(in_order)} answers for {len(blanks)} blanks")
            texts |= dict(zip(blanks, in_order, strict=True))
        return Filled(told_of["id"], told_of["name"], told_of["hash"], texts)

    def _columns(self, blanks: Sequence[str], known: Mapping[str, None]) -> list[str]:
        """What each column holds: id, name, hash, sheet, all answers, or the answer in a blank; "" for anything else.

        Raises: AnswersError.
        """
        told = {"student": "name", **{name: name for name in ("name", "id", "hash", "sheet", "answers")}}
        columns = [head if head in known else told.get(head.casefold(), "") for head in self.heads]
        unknown = [head for head in self.heads if head not in known and head.casefold() not in told]
        if not any(name in known or name == "answers" for name in columns) and len(unknown) == len(blanks):
            order = iter(blanks)
            columns = [name or next(order) for name in columns]
        elif likely := next((head for head in unknown if re.match(r"\d+/", head)), None):
            raise AnswersError(f"{self.name}: {UnknownNameError('blank', likely, known)}")
        elif not any(name in known or name == "answers" for name in columns):
            heads = ", ".join(map(shown, self.heads[:6]))
            raise AnswersError(
                f"{self.name} has no answers under its headings {heads}; give each of the {len(blanks)} blanks a "
                "column (byhand mark --blank SHEET names them), or all of them one column, answers"
            )
        return columns


class FormAnswers(Answers, frozen=True):
    """What is filled in on a PDF. Its page says which sheet it is, but not all that it may have been asked for."""

    is_sure: bool = False
    file: HandedIn = HandedIn(Path())

    @classmethod
    def of(cls, file: HandedIn) -> FormAnswers:
        """The answers on a form.

        Raises: AnswersError where it is none, or was changed.
        """
        from byhand.reading.ways import options_of  # what reads pages is heavy

        page = next(iter(_forms(file).values())).page
        try:
            sheet, seed = page.foot.sheet, None if page.of_secret else page.seed
            asked = as_entries(options_of(page))
        except UnreadableError as error:
            raise AnswersError(f"{file.name}: {error}") from None
        return cls(file.name, sheet, seed, {name: asked[name] for name in asked if name != "seed"}, file=file)

    def _read(self, blanks: Sequence[str], known: Mapping[str, None]) -> Iterator[Filled | AnswersError]:
        for student, form in _forms(self.file).items():  # again, so that not all are held at once
            whose = form.page.student
            name, numbers = whose.name if whose else "", form.page.foot.hash
            yield Filled(student, name, numbers, form.answers)


class SheetAnswers(Answers, frozen=True):
    """What is filled in on a spreadsheet of ours. It says all that decides its numbers, if there is a key in it."""

    filled: FilledSheet | None = None

    @classmethod
    def of(cls, file: HandedIn) -> SheetAnswers:
        """The answers on a spreadsheet.

        Raises: AnswersError where it is none of ours, or was changed; ExtraError.
        """
        from byhand.reading.spreadsheet import LARGEST_FILE, filled_in  # what reads pages is heavy

        try:
            with file.open() as opened:
                filled = filled_in(opened.read(LARGEST_FILE + 1))
        except UnreadableError as error:
            raise AnswersError(f"{file.name}: {error}") from None
        about = filled.about
        return cls(file.name, about.sheet, about.seed, about.options, about.sure, filled=filled)

    def _read(self, blanks: Sequence[str], known: Mapping[str, None]) -> Iterator[Filled | AnswersError]:
        assert self.filled is not None
        about = self.filled.about
        yield Filled(about.id, self.filled.name, about.hash, self.filled.answers)


def _forms(file: HandedIn) -> dict[str, FilledForm]:
    """What is filled in on a PDF, by student.

    Raises: AnswersError.
    """
    from byhand.reading.forms import filled_in  # what reads pages is heavy

    try:
        return filled_in(file.whole())
    except UnreadableError as error:
        raise AnswersError(f"{file.name}: {error}") from None


def read_answers(file: HandedIn | Path) -> Answers:
    """The answers in a file.

    Raises: AnswersError where it holds none.
    """
    if isinstance(file, Path):
        file = HandedIn(file)
    try:
        if file.size > LARGEST_FILE:
            raise AnswersError(f"{file.name} has over {LARGEST_FILE // 10**9} GB; split it")
        if not file.size:
            raise AnswersError(f"{file.name} is empty")
        with file.content() as content:
            if content[:4] == b"PK\x03\x04":
                return SheetAnswers.of(file)
            if content[:4] == b"%PDF":
                return FormAnswers.of(file)
            start = begin(content)
            if start == len(content):
                raise AnswersError(f"{file.name} is empty")
            is_json = content[start : start + 1] in (b"{", b"[")
            if content[:2] in UTF_16 and content[2:4].strip(b"\0") in (b"{", b"["):
                raise AnswersError(f"{file.name} is JSON in UTF-16; save it as UTF-8")
            return JsonAnswers.of(file, content) if is_json else CsvAnswers.of(file)
    except OSError as error:
        raise AnswersError(f"{file.path}: {error.strerror or error}") from None
