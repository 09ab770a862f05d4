"""What students handed in, its marking, and the report of the class."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from byhand.errors import AnswersError, ByHandError, ConfigError, UnknownNameError
from byhand.files import write
from byhand.marking.folder import marked_in
from byhand.studio import commands
from byhand.studio.making import class_of, classes_of, jobs_of, last_done, secret_of
from byhand.studio.papers import ANSWERS, PaperFolder
from byhand.studio.state import MOST_FIELDS, paper_of_address, studio_of
from byhand.studio.typed import TYPED
from byhand.studio.words import give_points, waiting, words_of
from byhand.worksheet.folders import ENGLISH

MOST = 2_000  # files
OF_SHEET = {  # the files of a sheet's marking, and what they are called
    "marked.pdf": "Marked pages, PDF", "report.pdf": "Report, PDF", "marks.csv": "Points",
    "report.csv": "Each answer",
}  # fmt: skip


async def mark(request: Request) -> Response:
    """What was handed in: files are dropped here, and their marking is asked for."""
    paper, error, given = paper_of_address(request), "", dict[str, str]()
    if request.method == "POST":
        try:
            async with request.form(max_files=MOST + 1, max_fields=MOST_FIELDS) as form:
                given = {name: each for name, each in form.items() if isinstance(each, str)}
                await _changed(request, paper, form)
            return RedirectResponse(f"/papers/{paper.name}/mark", 303)
        except ByHandError as refused:
            error = str(refused)
    made = class_of(request, paper)
    secret = secret_of(paper, made) if made else ""
    words = words_of(paper, last_done(request, paper, "mark"))
    titles = await _titles(request)
    handed_in = sorted(path.name for path in (paper.path / ANSWERS).glob("*"))
    brought = [name for name in handed_in if not name.startswith(TYPED)]
    return studio_of(request).show(
        "mark.html", request, paper=paper, error=error, made=made, classes=classes_of(request, paper),
        jobs=jobs_of(request, paper, "mark"), what="mark",
        tab="mark", said=paper.said, handed_in=handed_in, brought=brought,
        command=commands.shown(commands.mark(made, bool(secret))) if made else "",
        given=given, words=[(titles.get(name, name), words[name].rows(name)) for name in _in_order(paper, words)],
        waiting=waiting(words), empty=commands.shown(commands.blank(made, bool(secret))) if made else "",
    )  # fmt: skip


async def _changed(request: Request, paper: PaperFolder, form: FormData) -> None:
    """Do what a form of the page asks for.

    Raises: ByHandError.
    """
    studio, user = studio_of(request), request.scope["user"]
    if form.get("what") == "empty":
        for path in (paper.path / ANSWERS).glob("*"):
            if not path.name.startswith(TYPED):
                path.unlink()
    elif form.get("what") == "words":
        if job := last_done(request, paper, "mark"):
            give_points(words_of(paper, job), form)
            studio.queue.add(user, paper.name, "mark", job.command)
    elif form.get("what") == "class":
        if (chosen := str(form.get("made", ""))) not in (known := classes_of(request, paper)):
            raise UnknownNameError("class of the paper", chosen, [*known])
        paper.mark_by(chosen)
    elif form.get("what") == "mark":
        made = class_of(request, paper)
        if made is None:
            raise ConfigError("make a class first: answers are marked by its numbers")
        studio.queue.add(user, paper.name, "mark", commands.mark(made, bool(secret_of(paper, made))))
    else:
        studio.check_room(user)
        await _take(paper, [each for each in form.getlist("files") if isinstance(each, UploadFile) and each.filename])


async def _take(paper: PaperFolder, files: list[UploadFile]) -> None:
    """Keep what was handed in; a file of a name that is there takes its place.

    Raises: AnswersError.
    """
    folder = paper.path / ANSWERS
    if not files:
        raise AnswersError("choose the files first, or drop them on the field")
    if len(files) + len([*folder.glob("*")]) > MOST:
        raise AnswersError(f"over {MOST:,} files; pack them into one zip file")
    taken = dict[str, bytes]()
    for file in files:
        name = Path((file.filename or "").replace("\\", "/")).name.lstrip(".")[:120]
        if not name or not name.isprintable():
            raise AnswersError("a file has no name that can be kept; rename it")
        taken[name] = await file.read()
    write(folder, taken)


def _in_order(paper: PaperFolder, sheets: Iterable[str]) -> list[str]:
    """The names of sheets as the paper has them; any that it does not have any more come last."""
    order = [part.sheet for part in paper.said.parts]
    return sorted(sheets, key=lambda each: (order.index(each) if each in order else len(order), each))


async def _titles(request: Request) -> dict[str, str]:
    return {sheet.name: sheet.title for sheet in await studio_of(request).shelf(ENGLISH)}


async def report(request: Request) -> Response:
    """The report of the last marking: of each sheet, with its tables and its marked pages."""
    studio, paper = studio_of(request), paper_of_address(request)
    job, titles = last_done(request, paper, "mark"), await _titles(request)
    folder = job.folder(paper) if job else paper.path
    found = {marked_in(path.parent): path for path in folder.rglob("report.html")} if job else {}
    reports = [found[sheet] for sheet in _in_order(paper, found)]
    sheets = [
        {
            "title": titles.get(name := marked_in(path.parent), name),
            "folder": path.parent.relative_to(folder).as_posix(),
            "files": [(called, file) for file, called in OF_SHEET.items() if (path.parent / file).is_file()],
        }
        for path in reports
    ]  # fmt: skip
    points = [path.relative_to(folder).as_posix() for path in folder.glob("*/marks.csv")] if job else []
    return studio.show(
        "report.html", request, paper=paper, said=paper.said, tab="report", job=job, sheets=sheets, points=points,
        waiting=waiting(words_of(paper, job)),
    )  # fmt: skip
