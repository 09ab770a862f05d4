"""Answers that stand on paper, typed in: a form for each student of a class, which is saved as files of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from anyio import to_thread
from msgspec import Struct
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from byhand.classroom.roster import Student
from byhand.errors import AnswersError, ByHandError, ConfigError, UnknownNameError
from byhand.files import write
from byhand.marking.answers import LONGEST_TEXT
from byhand.marking.blank import FORMATS
from byhand.studio import fields
from byhand.studio.making import class_of, secret_of
from byhand.studio.papers import ANSWERS, PaperFolder
from byhand.studio.state import MOST_FIELDS, called, paper_of_address, studio_of

TYPED = "typed-"  # of the files' names


class Typed(Struct):
    """What was typed of a student's answers to a sheet: an entry of a file of answers."""

    id: str
    name: str
    hash: str
    answers: dict[str, str]


class _File(Struct):
    students: list[Typed]


def _file(paper: PaperFolder, sheet: str) -> Path:
    return paper.path / ANSWERS / f"{TYPED}{sheet}.json"


def typed_of(paper: PaperFolder, sheet: str) -> dict[str, Typed]:
    """What was typed of a sheet, by the students' ids.

    Raises: AnswersError for a file that was changed, and cannot be read.
    """
    path = _file(paper, sheet)
    try:
        return {each.id: each for each in msgspec.json.decode(path.read_bytes(), type=_File).students}
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        raise AnswersError(f"{path.name} cannot be read ({error}); take it away") from None


async def page(request: Request) -> Response:
    """The form of a student's answers, and what comes of it."""
    paper, studio = paper_of_address(request), studio_of(request)
    made, error = class_of(request, paper), ""
    if made is None:
        return RedirectResponse(f"/papers/{paper.name}/mark", 303)
    of_class = str(paper.path / made), secret_of(paper, made)
    everybody = await to_thread.run_sync(studio.drawing.ask, fields.students, *of_class)
    form, given = FormData(), dict[str, str]()
    whose = request.query_params.get("student", "")
    if request.method == "POST":
        form = await request.form(max_fields=MOST_FIELDS)
        whose = str(form.get("student", ""))
    student = next((each for each in everybody if each.id == whose), None)
    asked, done = list[fields.Asked](), set[str]()
    try:
        done = _done(paper) & {each.id for each in everybody}
        if request.method == "GET" and not whose:  # begin with the first of whom nothing is typed yet
            student = next((each for each in everybody if each.id not in done), None)
        if student is not None:
            asked = await to_thread.run_sync(studio.drawing.ask, fields.asked, *of_class, student.id)
        elif whose:
            raise UnknownNameError("student of the class", whose, [each.id for each in everybody])
        if request.method == "POST" and student is not None:
            given = {name: str(text) for name, text in form.items()}
            studio.check_room(request.scope["user"])
            _save(paper, student, asked, given, is_kept=form.get("do") != "remove")
            left = _next(everybody, student, _done(paper)) if form.get("do") == "next" else student
            where = f"?{_query(left)}" if left else ""
            return RedirectResponse(f"/papers/{paper.name}/typed{where}", 303)
        given = _given(paper, student, asked)
    except ByHandError as refused:
        error = str(refused)
    after = _next(everybody, student, done) if student else None
    return studio.show(
        "typed.html", request, paper=paper, said=paper.said, tab="mark", error=error, students=everybody,
        student=student, asked=asked, given=given, done=done, next=after, longest=LONGEST_TEXT,
    )  # fmt: skip


def _query(student: Student) -> str:
    return urlencode({"student": student.id})


def _done(paper: PaperFolder) -> set[str]:
    """The ids of those of whom something is typed.

    Raises: AnswersError.
    """
    sheets = [path.stem.removeprefix(TYPED) for path in (paper.path / ANSWERS).glob(f"{TYPED}*.json")]
    return {student for sheet in sheets for student in typed_of(paper, sheet)}


def _next(everybody: Sequence[Student], student: Student, done: set[str]) -> Student | None:
    """The next student in the roster's order of whom nothing is typed yet, from the begin again after the last."""
    at = everybody.index(student) + 1
    return next((each for each in (*everybody[at:], *everybody[: at - 1]) if each.id not in done), None)


def _given(paper: PaperFolder, student: Student | None, asked: Sequence[fields.Asked]) -> dict[str, str]:
    """What was typed of a student, by the names of fields; nothing that answers other numbers."""
    given = dict[str, str]()
    for each in asked:
        entry = typed_of(paper, each.sheet).get(student.id) if student else None
        if entry and entry.hash == each.hash:
            given |= {f"{each.sheet}/{name}": text for name, text in entry.answers.items()}
    return given


def _save(
    paper: PaperFolder, student: Student, asked: Sequence[fields.Asked], given: Mapping[str, str], *, is_kept: bool
) -> None:
    """Write what was typed of a student, or take it away: for each sheet a file, with all students.

    Raises: AnswersError.
    """
    files = dict[str, bytes]()
    for each in asked:
        texts = {name: given.get(f"{each.sheet}/{name}", "").strip() for name in each.ids}
        if too_long := next((name for name, text in texts.items() if len(text) > LONGEST_TEXT), None):
            raise AnswersError(f"{each.title}, {too_long}: an answer has up to {LONGEST_TEXT:,} characters")
        entries: dict[str, Any] = dict(typed_of(paper, each.sheet))
        entries.pop(student.id, None)
        if is_kept:
            answers = {name: text for name, text in texts.items() if text}
            entries[student.id] = Typed(student.id, student.name, each.hash, answers)
        content = msgspec.json.encode({**each.entry, "students": [*entries.values()]})
        files[_file(paper, each.sheet).name] = msgspec.json.format(content, indent=1)
        if not entries:
            del files[_file(paper, each.sheet).name]
            _file(paper, each.sheet).unlink(missing_ok=True)
    if files:
        write(paper.path / ANSWERS, files)


async def empty(request: Request) -> Response:
    """The empty answers of the class, to be typed in with another program."""
    paper, format = paper_of_address(request), request.path_params["format"]
    made = class_of(request, paper)
    if format not in FORMATS:
        raise HTTPException(404, f"empty answers are {' or '.join(FORMATS)}")
    if made is None:
        raise ConfigError("make a class first: its students and their blanks stand in the file")
    name, content = await to_thread.run_sync(
        studio_of(request).drawing.ask, fields.empty, str(paper.path / made), secret_of(paper, made), format
    )
    return Response(content, media_type="application/octet-stream", headers=called(f"{paper.name}-{name}"))
