"""A limit of processor time for code that looks at no clock itself, such as the layout of a page."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from byhand.errors import LimitError

EVERY = 0.25  # seconds between two looks at the clock


class _Stopped(BaseException):
    """Not an Exception, so that code that catches these does not go on."""


def _stop(thread: int) -> None:
    """Have CPython raise an exception in a thread."""
    import ctypes  # seldom needed

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_Stopped))


@contextmanager
def deadline(seconds: float, message: str) -> Iterator[None]:
    """Within the block, stop the code when the process has taken so many seconds of the processor's time.

    A second thread looks at the clock and has CPython raise an exception in this one, again until the block is left,
    since code may swallow it once.

    Raises: LimitError with the message.
    """
    thread, left, lock = threading.get_ident(), threading.Event(), threading.Lock()
    end = time.process_time() + seconds

    def watch() -> None:
        while not left.wait(EVERY):
            with lock:
                if time.process_time() > end and not left.is_set():
                    _stop(thread)

    def leave() -> None:
        while True:
            try:
                with lock:
                    left.set()
                for _ in range(10):  # an exception that is under way is raised here
                    pass
                return
            except _Stopped:
                continue

    threading.Thread(target=watch, daemon=True).start()
    try:
        try:
            yield
        finally:
            leave()
    except _Stopped:
        leave()
        raise LimitError(message) from None
