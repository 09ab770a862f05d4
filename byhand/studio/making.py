"""The jobs of a paper, as its pages show them, and the files that they have made."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from byhand.classroom.again import CLASS_FILE
from byhand.studio import commands
from byhand.studio.jobs import Job
from byhand.studio.papers import PaperFolder
from byhand.studio.state import Studio, called, is_part, paper_of_address, studio_of

MOST_SHOWN = 12  # jobs
OF_PAGE = {  # which byhand wrote, with scripts and styles in it: in a sandbox, it reaches nothing of the studio
    "Content-Security-Policy": "sandbox allow-scripts allow-popups; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'",
    "Cross-Origin-Opener-Policy": "unsafe-none",  # else browsers show no page in a sandbox
}
FOR_PRINT = ("*/class.pdf", "*/keys.pdf", "*/bank.xml", "*/*/bank.xml", "*/*worksheet.*", "*/marks.csv")  # beside all


def jobs_of(request: Request, paper: PaperFolder, what: str = "") -> list[dict[str, Any]]:
    """The jobs of a paper as a page shows them, the last first: markings, or else what is made of it. What failed is
    passed over once a later one of its kind is done.
    """
    studio = studio_of(request)
    found = studio.queue.of(request.scope["user"], paper.name)
    asked = [job for job in found if job.what == what or (not what and job.what != "mark")]
    later = {job.what: job.number for job in reversed(asked) if job.state == "done"}
    shown = [
        job for job in asked if job.state in ("done", "waiting", "running") or job.number > later.get(job.what, 0)
    ]
    return [_shown(studio, job, paper) for job in shown][:MOST_SHOWN]


def _shown(studio: Studio, job: Job, paper: PaperFolder) -> dict[str, Any]:
    files = [
        file.relative_to(job.folder(paper)).as_posix()
        for pattern in ("*/class.pdf", "*/keys.pdf", "*/bank.xml", "*/*/bank.xml", "*/worksheet.*", "*/marks.csv")
        for file in sorted(job.folder(paper).glob(pattern))
    ]
    return {
        "job": job, "command": commands.shown(job.command), "files": files, "written": job.written(paper),
        "before": studio.queue.before(job) if job.state == "waiting" else 0,
    }  # fmt: skip


def last_done(request: Request, paper: PaperFolder, what: str) -> Job | None:
    """The last job of this kind that was done."""
    found = studio_of(request).queue.of(request.scope["user"], paper.name)
    return next((job for job in found if job.what == what and job.state == "done"), None)


def classes_of(request: Request, paper: PaperFolder) -> dict[str, Job]:
    """The jobs that made classes of a paper, the last first, by the classes' folders as they are called from the
    paper's.
    """
    found = studio_of(request).queue.of(request.scope["user"], paper.name)
    return {
        path.parent.relative_to(paper.path).as_posix(): job
        for job in found
        if job.what == "class" and job.state == "done"
        for path in job.folder(paper).glob(f"*/{CLASS_FILE}")
    }


def class_of(request: Request, paper: PaperFolder) -> str | None:
    """The folder of the class by which answers are marked: the one that was chosen, or the one that was made last."""
    made = classes_of(request, paper)
    return paper.chosen.marked if paper.chosen.marked in made else next(iter(made), None)


def secret_of(paper: PaperFolder, made: str) -> str:
    """The file of the secret that a class was made with; "" for none. made: the class's folder."""
    said = json.loads((paper.path / made / CLASS_FILE).read_text("utf-8"))
    return str(paper.path / commands.SECRET) if said.get("secret") else ""


async def jobs(request: Request) -> Response:
    """The jobs of a paper, which its page asks for again while one runs."""
    paper, what = paper_of_address(request), request.query_params.get("what", "")
    shown = jobs_of(request, paper, what)
    answer = studio_of(request).show("_jobs.html", request, paper=paper, jobs=shown, what=what)
    if what == "mark" and is_part(request) and all(each["job"].ends for each in shown):
        answer.headers["HX-Refresh"] = "true"  # since there is more on the page once answers are marked
    return answer


async def stop(request: Request) -> Response:
    """Stop a job."""
    _, job = _of_address(request)
    await studio_of(request).queue.stop(job)
    return await jobs(request)


def _of_address(request: Request) -> tuple[PaperFolder, Job]:
    paper = paper_of_address(request)
    job = studio_of(request).queue.job(request.scope["user"], paper.name, request.path_params["number"])
    if job is None:
        raise HTTPException(404, "there is no such job")
    return paper, job


async def packed(request: Request) -> Response:
    """All that a job made, as one file, which is written while it is sent."""
    paper, job = _of_address(request)
    headers = called(f"{paper.name}-{job.what}.zip")
    return StreamingResponse(_zipped(job.folder(paper)), media_type="application/zip", headers=headers)


async def file(request: Request) -> Response:
    """A file that a job made. Pages with scripts are shown in a sandbox."""
    paper, job = _of_address(request)
    folder = job.folder(paper).resolve()
    path = (folder / request.path_params["path"]).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise HTTPException(404, "there is no such file")
    shown = path.suffix in (".html", ".pdf")
    headers = OF_PAGE if path.suffix == ".html" else {}
    return FileResponse(
        path, filename=f"{paper.name}-{path.name}", headers=headers,
        content_disposition_type="inline" if shown else "attachment",
    )  # fmt: skip


def _zipped(folder: Path) -> Iterator[bytes]:
    """The files of a folder as a zip file, piece by piece. PDFs are packed already."""

    class Sink(io.RawIOBase):
        def __init__(self) -> None:
            self.parts = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, part: Any) -> int:
            self.parts += part
            return len(part)

    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as made:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                made.write(path, path.relative_to(folder).as_posix())
                yield bytes(sink.parts)
                sink.parts.clear()
    yield bytes(sink.parts)
