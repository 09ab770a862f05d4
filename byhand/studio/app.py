"""The studio's addresses, and what answers each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from byhand.errors import ByHandError
from byhand.studio import desk, making, marks, shelf, typed
from byhand.studio.guard import Guard
from byhand.studio.settings import Settings
from byhand.studio.state import TEMPLATES, Studio
from byhand.worksheet.folders import shipped


def app(settings: Settings) -> Starlette:
    """The studio as an ASGI application."""
    studio = Studio(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(work) for work in (studio.queue.run(), studio.work_out_minutes())]
        try:
            yield
        finally:
            for worker in (studio.drawing, studio.cards):
                await to_thread.run_sync(worker.close)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    get, post = partial(Route, methods=["GET"]), partial(Route, methods=["POST"])
    both: Callable[..., Route] = partial(Route, methods=["GET", "POST"])
    of = "/papers/{name}"
    routes = [
        both("/", shelf.first),
        Mount("/static", StaticFiles(directory=shipped() / TEMPLATES / "static")),
        get("/faces.css", shelf.faces),
        get("/faces/{face}", shelf.face),
        get("/cards/{sheet}.webp", shelf.card),
        both(of, desk.desk),
        post(of + "/remove", shelf.remove),
        get(of + "/preview", desk.preview),
        get(of + "/pages/{of}/{view}/{page:int}.webp", desk.picture),
        get(of + "/{view}.pdf", desk.pdf),
        get(of + "/exam.toml", desk.source),
        post(of + "/roster", desk.roster),
        get(of + "/jobs", making.jobs),
        post(of + "/jobs", desk.ask),
        post(of + "/jobs/{number:int}/stop", making.stop),
        get(of + "/jobs/{number:int}/all.zip", making.packed),
        get(of + "/jobs/{number:int}/files/{path:path}", making.file),
        both(of + "/mark", marks.mark),
        both(of + "/typed", typed.page),
        get(of + "/empty.{format}", typed.empty),
        get(of + "/report", marks.report),
    ]
    made = Starlette(
        routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _refused, ByHandError: _refused}
    )
    made.add_middleware(Guard, settings=settings)
    made.state.studio = studio
    made.middleware_stack = made.build_middleware_stack()  # now, so that what the guard cannot read is told at once
    return made


async def _refused(request: Request, error: Exception) -> Response:
    """An error of an address, in one line."""
    told = error.detail if isinstance(error, HTTPException) else str(error)
    status = error.status_code if isinstance(error, HTTPException) else 409
    return Response(f"{told}\n", status, media_type="text/plain")
