"""What all pages of the studio share: its settings, the processes that draw, the queue, and the templates."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from anyio import to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from byhand import __version__
from byhand.errors import ByHandError, LimitError
from byhand.studio import previews
from byhand.studio.jobs import NAME as JOBS
from byhand.studio.jobs import Queue
from byhand.studio.papers import PaperFolder, Papers
from byhand.studio.settings import Settings
from byhand.studio.worker import Worker
from byhand.worksheet.folders import ENGLISH, shipped

TEMPLATES = "studio"
MOST_FIELDS = 10_000  # of a form: fifty sheets of thirty steps have half as many


class Studio:
    """The pages, and what they are made by."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.drawing, self.cards = Worker(), Worker(waits=True)
        self.queue = Queue(
            settings.folder / JOBS, lambda user, name: self.papers(user).named(name), settings.most_jobs,
            settings.longest_job,
        )  # fmt: skip
        self._shelf: dict[str, tuple[previews.OnShelf, ...]] = {}
        self.minutes: dict[str, int] = {}
        """Those of each sheet, as far as they are known: it takes a while to work them all out the first time."""
        self._steps: dict[tuple[str, str], tuple[previews.Step, ...]] = {}
        self.templates = Environment(
            loader=FileSystemLoader(shipped() / TEMPLATES), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self.templates.globals |= {
            "version": __version__, "local": settings.local, "most": settings.largest_upload,
        }  # fmt: skip

    # what the pages are made of

    def papers(self, user: str) -> Papers:
        """The papers of a user."""
        folder = self.settings.folder
        return Papers(folder / user if user else folder, self.settings.most_papers)

    async def shelf(self, language: str) -> tuple[previews.OnShelf, ...]:
        """The sheets of the gallery."""
        if language not in self._shelf:
            self._shelf[language] = await to_thread.run_sync(self.drawing.ask, previews.shelf, language)
        return self._shelf[language]

    async def work_out_minutes(self) -> None:
        """Work out the minutes of all sheets, one after the other, so that pictures are drawn between them."""
        for sheet in await self.shelf(ENGLISH):
            with suppress(ByHandError):
                self.minutes[sheet.name] = await to_thread.run_sync(self.cards.ask, previews.minutes, sheet.name)

    async def steps(self, sheet: str, language: str) -> tuple[previews.Step, ...]:
        """The steps of a sheet.

        Raises: ByHandError.
        """
        key = (sheet, language)
        if key not in self._steps:
            self._steps[key] = await to_thread.run_sync(self.drawing.ask, previews.steps, *key)
        return self._steps[key]

    async def all_steps(self, sheets: list[str], language: str) -> dict[str, tuple[previews.Step, ...]]:
        """The steps of each of these sheets."""
        return {sheet: await self.steps(sheet, language) for sheet in sheets}

    def check_room(self, user: str) -> None:
        """See to it that a user may keep more; on one's own computer, the disk is the limit.

        Raises: LimitError.
        """
        most = self.settings.most_bytes
        if not self.settings.local and self.papers(user).size() > most:
            raise LimitError(f"your papers have over {most:,} bytes, which is all there is for you; remove one")

    def show(self, template: str, request: Request, status: int = 200, **context: Any) -> Response:
        """A page."""
        made = self.templates.get_template(template).render(user=request.scope["user"], **context)
        return Response(made, status, media_type="text/html")


def studio_of(request: Request) -> Studio:
    """The studio that a request is sent to."""
    return request.app.state.studio  # type: ignore[no-any-return]


def is_part(request: Request) -> bool:
    """Whether a script asks, which puts the answer into a part of the page."""
    return "hx-request" in request.headers


def paper_of_address(request: Request) -> PaperFolder:
    """The paper of an address.

    Raises: HTTPException where there is none.
    """
    found = studio_of(request).papers(request.scope["user"]).named(request.path_params["name"])
    if found is None:
        raise HTTPException(404, "there is no such paper, or not any more")
    return found


def called(name: str, how: str = "attachment") -> dict[str, str]:
    """The header by which a browser knows what a file is called."""
    return {"Content-Disposition": f'{how}; filename="{name}"'}
