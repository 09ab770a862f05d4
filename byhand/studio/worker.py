"""A process that makes previews. It is begun when it is first needed, and again when it is lost or takes too long."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock
from typing import ParamSpec, TypeVar

from byhand.errors import ByHandError, WorkerError
from byhand.loading import trust, trusted

PATIENCE = 60  # seconds for one answer
P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """One process, which answers one question at a time."""

    def __init__(self, patience: float = PATIENCE, *, waits: bool = False) -> None:
        """waits: whether it lets other programs go first, where the system knows of that."""
        self.patience, self.waits = patience, waits
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._turn, self._closed = Lock(), False

    def ask(self, function: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """What a function returns for these arguments, in the process; a process that was killed is tried once more.

        Raises: what the function raises; WorkerError where there is no answer.
        """
        with self._turn:
            for _ in range(2):
                if self._closed:
                    raise WorkerError("the studio has ended")
                try:
                    return self._asked(function, given, named)
                except (EOFError, OSError):  # it was killed, perhaps long ago
                    self._end()
            raise WorkerError("the process that draws pages was killed, perhaps for want of memory")

    def _asked(self, function: Callable[..., T], given: object, named: object) -> T:
        if self._pipe is None:
            context = get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_answer, args=(theirs, trusted(), self.waits), daemon=True)
            self._process.start()
            theirs.close()
        self._pipe.send((function, given, named))
        if not self._pipe.poll(self.patience):
            self._end()
            raise WorkerError(f"it takes over {self.patience:.0f} seconds to draw; take fewer sheets, or steps")
        is_error, answer = self._pipe.recv()
        if is_error:
            raise answer
        return answer  # type: ignore[no-any-return]

    @property
    def process_id(self) -> int | None:
        """That of the process, if there is one."""
        return self._process.pid if self._process else None

    def _end(self) -> None:
        """End the process; the next question begins another."""
        if self._process and self._pipe:
            self._pipe.close()
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None

    def close(self) -> None:
        """Begin no process any more. Who waits for an answer gets none."""
        self._closed = True
        if self._process:
            self._process.kill()
        with self._turn:
            self._end()


def _answer(pipe: Connection, folders: tuple[object, ...], waits: bool) -> None:
    """Answer questions, one after the other, until nobody asks any more."""
    if waits and hasattr(os, "nice"):
        os.nice(10)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the studio, which then ends this
    trust(*folders)  # type: ignore[arg-type]
    with suppress(EOFError, OSError):
        while True:
            function, given, named = pipe.recv()
            try:
                pipe.send((False, function(*given, **named)))
            except ByHandError as error:
                pipe.send((True, error))
            except (EOFError, OSError):
                raise
            except Exception as error:
                pipe.send((True, WorkerError(f"a fault of byhand's own: {error!r}; please report it")))
