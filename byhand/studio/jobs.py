"""The queue of what takes longer than a moment: commands of byhand, each in a process of its own.

The queue is a table in a file, so that it is there again when the studio is begun again: what was running then is run
again, and makes only what it had not made yet.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import localtime, strftime, time

import msgspec
from msgspec import Struct

from byhand.errors import LimitError
from byhand.studio.papers import MADE, PaperFolder

NAME = ".jobs.sqlite3"
MOST_SAID = 4_000  # characters that are kept of what a command says
PATIENCE = 5  # seconds for a command to end in order
TABLE = """
create table if not exists jobs (
    number integer primary key, user text not null, paper text not null, what text not null, command text not null,
    copies integer not null, state text not null, said text not null, asked real not null
)
"""


class Job(Struct, frozen=True):
    """A command that was asked for."""

    number: int
    user: str
    paper: str
    """The name of the paper's folder."""
    what: str
    """generate, class or mark."""
    command: list[str]
    copies: int
    """How many students have a copy."""
    state: str
    """waiting, running, done, failed or stopped."""
    said: str
    """What the command says, one line each."""
    asked: float
    """When, in seconds since 1970."""

    @property
    def when(self) -> str:
        """When it was asked for, as a page says it: 4 Dec, 09:12."""
        return f"{localtime(self.asked).tm_mday} {strftime('%b, %H:%M', localtime(self.asked))}"

    @property
    def ends(self) -> bool:
        """Whether it has ended."""
        return self.state not in ("waiting", "running")

    def folder(self, paper: PaperFolder) -> Path:
        """The folder of what it makes."""
        return paper.path / MADE / str(self.number)

    def written(self, paper: PaperFolder) -> int:
        """For how many students there is a copy already."""
        return sum(1 for _ in self.folder(paper).glob("*/worksheets/*.pdf"))


class Queue:
    """The jobs of all users. place: finds the folder of a user's paper."""

    def __init__(
        self, file: Path, place: Callable[[str, str], PaperFolder | None], most: int, longest: float, at_once: int = 1
    ) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file, self._place, self._most, self._longest, self._at_once = file, place, most, longest, at_once
        self._running: dict[int, Process] = {}
        self._news = asyncio.Event()
        with self._table() as table:
            table.execute(TABLE)
            table.execute("update jobs set state = 'waiting' where state = 'running'")
        file.chmod(0o600)

    @contextmanager
    def _table(self) -> Iterator[sqlite3.Connection]:
        table = sqlite3.connect(self._file)
        try:
            with table:
                yield table
        finally:
            table.close()

    def _found(self, which: str, *given: object) -> list[Job]:
        with self._table() as table:
            table.row_factory = sqlite3.Row
            rows = table.execute(f"select * from jobs where {which}", given).fetchall()
        return [msgspec.convert(dict(row) | {"command": json.loads(row["command"])}, Job) for row in rows]

    def _set(self, number: int, state: str, said: str) -> None:
        with self._table() as table:
            table.execute("update jobs set state = ?, said = ? where number = ?", (state, said[-MOST_SAID:], number))

    def add(self, user: str, paper: str, what: str, command: Sequence[str], copies: int = 0) -> int:
        """Ask for a command, and return the job's number.

        Raises: LimitError where the user has too many that wait or run.
        """
        if len(self._found("user = ? and state in ('waiting', 'running')", user)) >= self._most:
            raise LimitError(f"{self._most} jobs of yours wait or run already; wait until one has ended, or stop one")
        row = (user, paper, what, json.dumps(command), copies, "waiting", "", time())
        with self._table() as table:
            made = table.execute("insert into jobs values (null, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._news.set()
        return made.lastrowid or 0

    def of(self, user: str, paper: str) -> list[Job]:
        """The jobs of a paper, the last first."""
        return self._found("user = ? and paper = ? order by number desc", user, paper)

    def job(self, user: str, paper: str, number: int) -> Job | None:
        """A job of a paper."""
        return next(iter(self._found("user = ? and paper = ? and number = ?", user, paper, number)), None)

    def before(self, job: Job) -> int:
        """How many jobs are run before one that waits."""
        return len(self._found("state = 'running' or (state = 'waiting' and number < ?)", job.number))

    async def stop(self, job: Job) -> None:
        """Stop a job; what it has made stays."""
        if not job.ends:
            self._set(job.number, "stopped", job.said)
            if process := self._running.get(job.number):
                await _end(process)

    async def run(self) -> None:
        """Run jobs until this is cancelled; then those that run are ended, and wait for the next time."""
        tasks = [asyncio.create_task(self._run_some()) for _ in range(self._at_once)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run_some(self) -> None:
        while True:
            if job := self._next():
                await self._run(job)
            else:
                self._news.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 30)

    def _next(self) -> Job | None:
        """The first of the user of whom the fewest run."""
        fewest = "(select count(*) from jobs as other where other.user = jobs.user and other.state = 'running')"
        return next(iter(self._found(f"state = 'waiting' order by {fewest}, number limit 1")), None)

    async def _run(self, job: Job) -> None:
        paper = self._place(job.user, job.paper)
        if paper is None:
            self._set(job.number, "failed", "the paper is not there any more")
            return
        self._set(job.number, "running", "")
        state, said = "waiting", ""  # as it stays where the studio ends meanwhile
        out = job.folder(paper).relative_to(paper.path)
        command = [sys.executable, "-m", "byhand.cli", *job.command, "--out", str(out)]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=paper.path, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=PIPE, env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        self._running[job.number] = process
        try:
            _, told = await asyncio.wait_for(process.communicate(), self._longest)
            said = told.decode("utf-8", "replace").replace(str(paper.path), "").replace("byhand: ", "").strip()
            state = "done" if process.returncode == 0 else "failed"
            if process.returncode and process.returncode < 0:
                said = f"{said}\nits process was killed, perhaps for want of memory; ask again for what is missing"
        except TimeoutError:
            await _end(process)
            state, said = "failed", f"it took over {self._longest / 60:.0f} minutes, and was stopped"
        finally:
            del self._running[job.number]
            if process.returncode is None:
                await asyncio.shield(_end(process))
            now = self.job(job.user, job.paper, job.number)
            if now is not None and now.state == "running":  # and was not stopped
                self._set(job.number, state, said.strip())


async def _end(process: Process) -> None:
    """End a process in order, or else at once."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
