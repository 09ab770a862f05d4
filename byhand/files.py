"""Files written whole or not at all: under a temporary name first, and under their own when they are on disk."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from byhand.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_BEFORE, _AFTER = ".byhand-", ".part"  # how the name of a folder for files that are being written begins and ends


def write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Write files into a folder, all or none: all are written under temporary names before any is renamed.

    Raises: OutputError where the folder cannot be written to.
    """
    with output_errors(folder):
        if folder.is_symlink():
            raise OutputError(f"cannot write to {folder}: it is a link to another folder; choose another folder")
        for name in files:
            if not name or name != Path(name).name:
                raise OutputError(f"{name!r} is no name of a file in {folder}")
            if os.path.lexists(folder / name) and not (folder / name).is_file():
                raise OutputError(f"{folder / name} is no file that could be replaced; choose another place")
        folder.mkdir(parents=True, exist_ok=True)
        with staging(folder) as parts:
            for name, content in files.items():
                _write_synced(parts / name, content)
            for name in files:
                _check_closed(folder / name)
            for name in files:
                give_name(parts / name, folder / name)
        sync_folder(folder)
    return [folder / name for name in files]


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file atomically. It is not synced: after a power failure it may be cut off."""
    with staging(path.parent) as parts:
        (parts / path.name).write_bytes(content)
        os.replace(parts / path.name, path)


def mend(path: Path, content: bytes, parts: Path) -> bool:
    """See to it that a file has this content; return whether it was there with another.

    parts: the staging folder; several threads may use one, for files of different names.
    """
    there = path.exists()
    if there and path.read_bytes() == content:
        return False
    part = parts / f"{path.parent.name}-{path.name}"
    _write_synced(part, content)
    give_name(part, path)
    return there


@contextmanager
def staged(path: Path, parts: Path) -> Iterator[IO[bytes]]:
    """Within the block, a file to write to; it gets its name after the block, if no error is raised."""
    with (parts / path.name).open("wb") as file:
        yield file
        _sync(file)
    give_name(parts / path.name, path)


def give_name(part: Path, path: Path) -> None:
    """Put a file that is written in the place of the one of its name.

    Raises: OutputError where Windows keeps it from being replaced, since another program has it open.
    """
    try:
        os.replace(part, path)
    except PermissionError:
        if not path.exists():
            raise
        raise _open_elsewhere(path) from None


def _check_closed(path: Path) -> None:
    """Check, before the first of several files is replaced, that Windows will let each be.

    Raises: OutputError.
    """
    if sys.platform == "win32" and path.exists():
        try:
            path.open("r+b").close()
        except PermissionError:
            raise _open_elsewhere(path) from None


def _open_elsewhere(path: Path) -> OutputError:
    return OutputError(f"{path} cannot be replaced: it is open in another program, or not yours; close it there")


def sync_folder(folder: Path) -> None:
    """See to it that the names of a folder's files are on disk, too."""
    with suppress(OSError), _opened(folder) as descriptor:  # not everywhere can folders be opened, or synced
        os.fsync(descriptor)


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Within the block, a hidden folder in a folder, for files that are being written.

    Its process holds a lock on it, which ends with the process, however it ends. So the folders that killed processes
    have left are told from those in use, and are removed. Where folders cannot be locked, they stay.
    """
    with ExitStack() as held:
        with _locked(folder, wait=True):  # else another process could remove the new folder before it is locked
            for left in folder.glob(f"{_BEFORE}*{_AFTER}"):
                with _locked(left) as free:
                    if free:
                        shutil.rmtree(left, ignore_errors=True)
            parts = Path(tempfile.mkdtemp(_AFTER, _BEFORE, folder))
            held.enter_context(_locked(parts))
        try:
            yield parts
        finally:
            shutil.rmtree(parts, ignore_errors=True)


@contextmanager
def _locked(folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """Within the block, hold the lock of a folder; whether it is held: another process may have it."""
    with ExitStack() as stack:
        held = False
        with suppress(OSError):
            descriptor = stack.enter_context(_opened(folder))
            if fcntl:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                held = True
        yield held


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        _sync(file)


def _sync(file: IO[bytes]) -> None:
    """See to it that a file is on disk. The system need not keep a copy of it in memory: thousands of files would
    fill that, and each further one would wait until there is room.
    """
    file.flush()
    os.fsync(file.fileno())
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def output_errors(folder: Path) -> Iterator[None]:
    """Within the block, turn an OSError into an OutputError that names the folder.

    Raises: OutputError.
    """
    try:
        yield
    except BrokenPipeError:  # of who reads what is told, not of a file
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write to {folder}: {reason}; choose another folder") from None
