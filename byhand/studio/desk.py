"""The page on which a paper is put together: the gallery, the preview, the paper, its options and its class.

A paper is one form (form.py). When a field changes, the form is sent and the paper's file is written; the answer says
what is new, and the preview asks for its page. A button that adds, moves or removes a part gets the whole page again.
Without scripts, each button gets the whole page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from anyio import to_thread
from msgspec import Struct
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from byhand.classroom.roster import Student
from byhand.errors import ByHandError, ConfigError
from byhand.formats import known, names
from byhand.options import Options
from byhand.paper import PaperFile, PaperPart, as_source, paper_of
from byhand.studio import commands, previews
from byhand.studio.form import changed, options_by_form, said_by_form
from byhand.studio.making import jobs_of
from byhand.studio.papers import FILE, PaperFolder
from byhand.studio.state import MOST_FIELDS, called, is_part, paper_of_address, studio_of
from byhand.worksheet.front import languages
from byhand.worksheet.looks import ready_made, words_of
from byhand.worksheet.messages import messages
from byhand.worksheet.taken import numbers_of
from byhand.worksheet.views import LECTURER, View

VIEWS_SHOWN: dict[View, str] = {
    "worksheet": "Worksheet", "key": "Key", "worked": "Worked", LECTURER: "Notes for you",
}  # fmt: skip
ELSEWHERE = "This paper was changed in another window. Here it is as it stands now, without your last change."
SHOWN_STUDENTS = 40  # rows of a roster that a page shows


class _ChangedElsewhereError(ByHandError):
    """The paper is not what the form was made from."""


async def desk(request: Request) -> Response:
    """A paper's page: sheets, preview, the paper, options, the class, and what is made of it."""
    paper = paper_of_address(request)
    error, whole = ELSEWHERE if "elsewhere" in request.query_params else "", False
    if request.method == "POST":
        form = await request.form(max_fields=MOST_FIELDS)
        whole, before = bool({"add", "remove", "move"} & form.keys()), len(paper.said.parts)
        try:
            await _take(request, paper, form)
            whole = whole or len(paper.said.parts) != before
        except _ChangedElsewhereError:
            again = f"/papers/{paper.name}?elsewhere"
            return Response(headers={"HX-Redirect": again}) if is_part(request) else RedirectResponse(again, 303)
        except ByHandError as refused:
            error = str(refused)
        if not is_part(request) and not error:
            return RedirectResponse(f"/papers/{paper.name}", 303)
    if not is_part(request):
        return await _shown("desk.html", request, paper, error)
    answer = await _shown("_answer.html", request, paper, error, whole=whole)
    answer.headers["HX-Trigger"] = "changed"
    if whole:
        answer.headers["HX-Retarget"] = "#composed"
        answer.headers["HX-Reswap"] = "innerMorph"  # what is typed meanwhile stays
    return answer


async def _take(request: Request, paper: PaperFolder, form: FormData) -> None:
    """Write what the form of a paper says.

    Raises: ByHandError; then the paper is as it was.
    """
    studio = studio_of(request)
    options, secret = options_by_form(form)  # type: ignore[arg-type]
    sheets = [str(each) for name, each in form.multi_items() if name.startswith("sheet-")]
    of = await studio.all_steps(sheets, options.language)
    if form.get("was") != _hash(paper):  # from here on, no other request has its turn
        raise _ChangedElsewhereError
    said = changed(said_by_form(form, of.__getitem__, paper.said), form)  # type: ignore[arg-type]
    if any(part.sheet for part in said.parts):
        paper_of(previews.NAME, as_source(said))
    studio.check_room(request.scope["user"])
    paper.write(said, options, secret)


def _hash(paper: PaperFolder) -> str:
    """A short hash of a paper and its options."""
    with suppress(ConfigError):
        return sha256(f"{paper.source}\0{paper.asked}\0{paper.chosen.secret}".encode()).hexdigest()[:12]
    return ""


async def _shown(
    template: str,
    request: Request,
    paper: PaperFolder,
    error: str = "",
    *,
    refused: tuple[str, ...] = (),
    typed: str = "",
    whole: bool = False,
) -> Response:
    """The page of a paper, or a part of it. error: of the paper; refused: of its class, or of what is made of it;
    typed: names that were refused.
    """
    studio = studio_of(request)
    try:
        said = paper.said
    except ConfigError as wrong:
        said, error = PaperFile("", []), f"{FILE}: {wrong}"
    options, class_ = paper.options, _class_of(paper)
    shelf = {sheet.name: sheet for sheet in await studio.shelf(options.language)}
    steps = await studio.all_steps([part.sheet for part in said.parts if part.sheet in shelf], options.language)
    context: dict[str, Any] = {
        "paper": paper, "said": said, "error": error, "was": _hash(paper), "whole": whole, "tab": "print",
        "groups": _in_groups(shelf.values(), options.language), "minutes": studio.minutes, "views": VIEWS_SHOWN,
        "parts": [_part(part, n, shelf, steps) for n, part in enumerate(said.parts)],
        "options": options, "secret": paper.chosen.secret, "languages": languages(),
        "looks": {name: words_of(name) for name in ("", *ready_made())},
        "roster": paper.roster, "class": class_, "most_shown": SHOWN_STUDENTS, "refused": refused, "typed": typed,
        "formats": [name for name in names() if not known(name).missing], "commands": _commands(paper, options),
        "jobs": jobs_of(request, paper), "what": "",
    }  # fmt: skip
    return studio.show(template, request, **context)


def _part(part: PaperPart, n: int, shelf: Any, steps: Any) -> dict[str, Any]:
    """A part of a paper as its panel shows it."""
    if not part.sheet or part.sheet not in shelf:
        return {"n": n, "sheet": None, "part": part}
    known = {step.number: step.title for step in steps[part.sheet]}
    asked = part.steps.split(",") if isinstance(part.steps, str) else [str(step) for step in part.steps]
    ticked = {*known} if not part.steps else set[int]()
    for step in asked:
        with suppress(ByHandError):
            ticked |= {*numbers_of(part.sheet, step, known)} if step.strip() else set()
    points = part.points if isinstance(part.points, dict) else {}
    of_steps = dict[int, Any]()
    for step, worth in points.items():
        with suppress(ByHandError):
            of_steps |= dict.fromkeys(numbers_of(part.sheet, step, known), worth)
    return {
        "n": n, "sheet": shelf[part.sheet], "part": part, "steps": steps[part.sheet], "ticked": ticked,
        "points": part.points if part.points is not None and not points else "", "of_steps": of_steps,
    }  # fmt: skip


def _in_groups(shelf: Any, language: str) -> list[tuple[str, str, list[previews.OnShelf]]]:
    """The gallery's groups: a name for addresses, what it is called, and its sheets."""
    say, by_group = messages(language).say, dict[str, list[previews.OnShelf]]()
    for sheet in shelf:
        by_group.setdefault(sheet.group, []).append(sheet)
    called = {"thread": "The thread", "own": say("book.others")}
    return [(group, called.get(group) or say(f"course.groups.{group}"), sheets) for group, sheets in by_group.items()]


def _commands(paper: PaperFolder, options: Options) -> dict[str, str]:
    """What does in a terminal what the buttons do."""
    roster = paper.roster or Path("roster.csv")
    return {
        "generate": commands.shown(commands.generate(options, ("pdf",))),
        "class": commands.shown(commands.class_(options, roster, paper.chosen.secret)),
    }


async def preview(request: Request) -> Response:
    """The page of a preview: what the paper comes to, and where its picture is."""
    studio = studio_of(request)
    paper, asked = paper_of_address(request), request.query_params
    view: View = asked["view"] if asked.get("view") in VIEWS_SHOWN else "worksheet"  # type: ignore[assignment]
    looked, error = None, ""
    try:
        source, options = paper.source, paper.asked
        if paper.said.parts:
            looked = await to_thread.run_sync(studio.drawing.ask, previews.look, source, options, view)
    except ByHandError as refused:
        error = str(refused)
    begins = {name: of.page for name, of in looked.sheets.items()} if looked else {}
    at, go = asked.get("page", ""), asked.get("go", "")
    page = int(at) if at.isdecimal() else begins.get(at, 1)
    page = begins.get(go, page + {"next": 1, "before": -1}.get(go, 0))
    pages = looked.pages if looked else 1
    return studio.show(
        "_preview.html", request, paper=paper, look=looked, error=error, view=view, views=VIEWS_SHOWN,
        page=max(1, min(page, pages)), pages=pages, of=_hash(paper),
    )  # fmt: skip


async def _drawn(request: Request, function: Callable[..., bytes], *given: object) -> bytes:
    """What a function of previews.py draws of the paper of an address, in the view of the address.

    Raises: HTTPException.
    """
    paper, view = paper_of_address(request), request.path_params["view"]
    if view not in VIEWS_SHOWN:
        raise HTTPException(404, "there is no such view")
    try:
        return await to_thread.run_sync(
            studio_of(request).drawing.ask, function, paper.source, paper.asked, view, *given
        )
    except ByHandError as refused:
        raise HTTPException(409, str(refused)) from None


async def picture(request: Request) -> Response:
    """A page of a paper as a picture. Its address changes with the paper, so that browsers may keep it; where the
    paper has changed since, the address is of another picture, and they may not.
    """
    fits = request.path_params["of"] == _hash(paper_of_address(request))
    made = await _drawn(request, previews.picture, request.path_params["page"])
    kept = {"Cache-Control": "private, max-age=3600"} if fits else {}
    return Response(made, media_type="image/webp", headers=kept)


async def pdf(request: Request) -> Response:
    """A view of a paper for the printer."""
    made = await _drawn(request, previews.pdf)
    name = f"{request.path_params['name']}-{request.path_params['view']}.pdf"
    return Response(made, media_type="application/pdf", headers=called(name, "inline"))


async def source(request: Request) -> Response:
    """The paper's file."""
    paper = paper_of_address(request)
    return FileResponse(paper.path / FILE, filename=f"{paper.name}.toml", media_type="application/toml")


async def roster(request: Request) -> Response:
    """Take a list of names that was dropped, or typed."""
    paper, refused, name = paper_of_address(request), "", "typed.csv"
    async with request.form() as form:
        file, typed = form.get("file"), str(form.get("typed", "")).strip()
        try:
            studio_of(request).check_room(request.scope["user"])
            if isinstance(file, UploadFile) and file.filename:
                name = file.filename
                paper.take_roster(name, await file.read())
            elif typed:
                paper.take_roster(name, _as_roster(typed).encode())
        except ByHandError as error:
            refused = str(error)
    return await _class(request, paper, _lines(name, refused), typed if refused else "")


async def _class(request: Request, paper: PaperFolder, refused: tuple[str, ...], typed: str = "") -> Response:
    """The part of the page that has class and downloads. typed: names that were refused, to be mended."""
    if not is_part(request) and not refused:
        return RedirectResponse(f"/papers/{paper.name}", 303)
    template = "_class.html" if is_part(request) else "desk.html"
    return await _shown(template, request, paper, refused=refused, typed=typed)


class _Class(Struct, frozen=True):
    """The class of a paper, as its roster says it."""

    students: tuple[Student, ...]
    told: tuple[str, ...]
    """What there is to say of it."""
    wrong: tuple[str, ...]
    """Why there is none: each line of the roster that cannot be read."""


def _class_of(paper: PaperFolder) -> _Class:
    told = list[str]()
    try:
        return _Class(tuple(paper.students(told)), tuple(told), ())
    except ByHandError as error:
        name = paper.roster.name if paper.roster else ""
        return _Class((), tuple(told), _lines(name, str(error)))


def _lines(name: str, refused: str) -> tuple[str, ...]:
    """What is wrong with a roster, a line for each of its lines, and one for what comes of it."""
    return tuple(re.split(f"; (?={re.escape(name)} line|the names that were there)", refused)) if refused else ()


def _as_roster(typed: str) -> str:
    """Typed names, one a line, as a roster; a roster that was typed stays as it is."""
    first = typed.splitlines()[0].lower()
    return typed if any(word in first for word in ("name", "id,", "id;")) else f"name\n{typed}"


async def ask(request: Request) -> Response:
    """Have something made of a paper: `what` says whether for a class, or for all alike."""
    studio, paper, form, refused = studio_of(request), paper_of_address(request), await request.form(), ""
    formats = [str(name) for name in form.getlist("format") if str(name) in names()]
    try:
        studio.check_room(request.scope["user"])
        paper_of(previews.NAME, paper.source)
        if form.get("what") == "class":
            if paper.roster is None:
                raise ConfigError("drop a list of names first, or type them")
            command = commands.class_(paper.options, paper.roster, paper.chosen.secret, formats)
            copies = len(paper.students([]))
        elif formats:
            command, copies = commands.generate(paper.options, formats), 0
        else:
            raise ConfigError("choose a format first")
        studio.queue.add(request.scope["user"], paper.name, command[0], command, copies)
        if command[0] == "class":
            paper.mark_by("")  # by this one, once it is made
    except ByHandError as error:
        refused = str(error)
    return await _class(request, paper, (refused,) if refused else ())
