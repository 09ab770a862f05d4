"""The first page of the studio, which lists papers, and what its pages show: cards of sheets, and the faces."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from byhand.errors import ByHandError, ConfigError
from byhand.fonts import FACES, font_face_css
from byhand.studio import previews
from byhand.studio.papers import PaperFolder
from byhand.studio.state import paper_of_address, studio_of
from byhand.worksheet.folders import ENGLISH

KEPT = {"Cache-Control": "private, max-age=86400"}  # what changes with a release only


async def first(request: Request) -> Response:
    """All papers; a new one is begun here."""
    studio = studio_of(request)
    papers, error = studio.papers(request.scope["user"]), ""
    if request.method == "POST":
        try:
            title = " ".join(str((await request.form()).get("title", "")).split())[:120]
            made = papers.begin(title or "A new paper")
            return RedirectResponse(f"/papers/{made.name}", 303)
        except ByHandError as refused:
            error = str(refused)
    return studio.show("front.html", request, papers=[_listed(each) for each in papers.all()], error=error)


def _listed(paper: PaperFolder) -> dict[str, Any]:
    try:
        said = paper.said
    except ConfigError as error:
        return {"name": paper.name, "title": paper.name, "sheets": [], "error": str(error), "course": "", "date": ""}
    sheets = [part.sheet for part in said.parts if part.sheet]
    return {"name": paper.name, "title": said.title, "sheets": sheets, "error": "", "course": said.course,
            "date": said.date}  # fmt: skip


async def remove(request: Request) -> Response:
    """Put a paper aside."""
    studio, user = studio_of(request), request.scope["user"]
    paper = paper_of_address(request)
    for job in studio.queue.of(user, paper.name):
        await studio.queue.stop(job)
    studio.papers(user).remove(paper)
    return RedirectResponse("/", 303)


async def card(request: Request) -> Response:
    """The first page of a sheet as a small picture."""
    studio, name = studio_of(request), request.path_params["sheet"]
    if name not in {sheet.name for sheet in await studio.shelf(ENGLISH)}:
        raise HTTPException(404, "there is no such sheet")
    try:
        made = await to_thread.run_sync(studio.cards.ask, previews.card, name, ENGLISH)
    except ByHandError as refused:
        raise HTTPException(409, str(refused)) from None
    return Response(made, media_type="image/webp", headers=KEPT)


async def faces(request: Request) -> Response:
    """The faces of the studio's pages: those of a worksheet."""
    made = font_face_css(lambda face: f"/faces/{face.name}", [face for face in FACES if "Sans" in face.family])
    return Response(made, media_type="text/css", headers=KEPT)


async def face(request: Request) -> Response:
    """A face."""
    for face in FACES:
        if face.name == request.path_params["face"]:
            return Response(face.font, media_type="font/ttf", headers=KEPT)
    raise HTTPException(404, "there is no such face")
