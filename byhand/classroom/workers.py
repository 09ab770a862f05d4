"""Who computes a class's copies: this process, others beside it, or a Dask cluster."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from time import monotonic
from typing import Any

from byhand.errors import ConfigError, WorkerError
from byhand.loading import trust, trusted

Submit = Callable[..., Any]
STANDS = "what is written is whole, and the same command makes the rest"
WANT = "perhaps for want of memory"
MOST_ON_WINDOWS = 61  # processes that one of Python's pools may have there
PATIENCE = 30  # seconds to wait for workers of a cluster that has none, and for an answer of its scheduler


@contextmanager
def workers(jobs: int, dask: str) -> Iterator[Submit]:
    """A `submit(function, *args)` that returns a future: here, in `jobs` processes, or on a Dask cluster.

    Raises: WorkerError where processes are lost within the block.
    """
    if dask:
        with _lost_cluster(dask), _dask_client(dask) as client:
            client.run(trust, *trusted())
            yield partial(_There, client)
    elif jobs > 1:
        with processes(jobs, f"{WANT}, of which each takes up to 350 MB; {STANDS}") as pool:
            yield pool.submit
    else:
        yield _Here


@contextmanager
def processes(jobs: int, lost: str = WANT) -> Iterator[ProcessPoolExecutor]:
    """Within the block, a pool of processes. lost: what there is to say if one of them is killed.

    Raises: WorkerError where one is lost within the block.
    """
    if sys.platform == "win32":
        jobs = min(jobs, MOST_ON_WINDOWS)
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_begin, initargs=trusted())
    cancel = True
    try:
        yield pool
    except BrokenExecutor:
        cancel = False  # the pool gives all that waits an error, and stumbles over what is cancelled meanwhile
        raise WorkerError(f"one of {jobs} processes was killed, {lost}; fewer --jobs take less") from None
    finally:
        pool.shutdown(cancel_futures=cancel)


def _begin(*folders: Path) -> None:
    """What a process does first. Ctrl-C is for the one that started it, and with that one it ends, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    trust(*folders)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, for which it would wait without end."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


@contextmanager
def _lost_cluster(address: str) -> Iterator[None]:
    """Within the block, turn the errors of Dask's that tell of lost processes into a WorkerError.

    Raises: WorkerError.
    """
    from distributed import KilledWorker, TimeoutError
    from distributed.comm.core import CommClosedError

    log = logging.getLogger("distributed.client")  # which tells of what is lost, at length
    log.addFilter(_nothing)
    try:
        yield
    except (CancelledError, CommClosedError, KilledWorker, TimeoutError, _NoWorkersError) as error:
        killed, none = isinstance(error, KilledWorker), isinstance(error, _NoWorkersError)
        what = "its workers were killed" if killed else "it has no workers" if none else "it does not answer"
        raise WorkerError(f"lost the cluster of the Dask scheduler {address}: {what}; {STANDS}") from None
    finally:
        log.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    """A filter of a log that nothing passes."""
    return False


def _dask_client(address: str) -> Any:
    """A client of the Dask scheduler at an address."""
    from distributed import Client

    try:
        return Client(address)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        refused = str(error)
    # A client that was refused closes itself when it is collected, and waits for a lock as it does. It is collected
    # here: later, it might be while the next cluster or client is started, which holds that lock.
    gc.collect()
    raise ConfigError(f"no Dask scheduler at {address!r}: {refused}; use one such as tcp://127.0.0.1:8786")


class _Here:
    """A future whose result is computed when it is asked for, and not kept."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self.result = partial(function, *args)


class _NoWorkersError(Exception):
    """A cluster has had no workers for longer than PATIENCE."""


class _There:
    """A future of a Dask cluster, which waits no longer for a result than there are workers."""

    def __init__(self, client: Any, function: Callable[..., Any], *args: Any) -> None:
        self.client = client
        self.future = client.submit(function, *args, pure=False)

    def result(self) -> Any:
        """The result of the function.

        Raises: _NoWorkersError; TimeoutError where the scheduler does not answer.
        """
        from distributed import TimeoutError, wait

        seen = monotonic()
        while not self.future.done():
            try:
                wait(self.future, timeout=PATIENCE / 10)  # type: ignore[no-untyped-call]
                break
            except TimeoutError:
                identity = self.client.sync(self.client.scheduler.identity, callback_timeout=PATIENCE)
            if identity["workers"]:
                seen = monotonic()
            elif monotonic() - seen > PATIENCE:
                raise _NoWorkersError
        return self.future.result()
