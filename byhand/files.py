"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from byhand.errors import OutputError


def write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Write files into a folder, all or none: all are written under temporary names before any is renamed.

    Raises: OutputError where the folder cannot be written to.
    """
    written: list[tuple[Path, Path]] = []
    with output_errors(folder):
        if folder.is_symlink():
            raise OutputError(f"cannot write to {folder}: it is a link to another folder; choose another folder")
        for name in files:
            if not name or name != Path(name).name:
                raise OutputError(f"{name!r} is no name of a file in {folder}")
            if os.path.lexists(folder / name) and not (folder / name).is_file():
                raise OutputError(f"{folder / name} is no file that could be replaced; choose another place")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for name, content in files.items():
                handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
                written.append((Path(temporary), folder / name))
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.chmod(temporary, 0o644)
            for temporary_path, final in written:
                os.replace(temporary_path, final)
        finally:
            for temporary_path, _ in written:
                temporary_path.unlink(missing_ok=True)
    return [final for _, final in written]


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file atomically: the content is written under a temporary name, then renamed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def output_errors(folder: Path) -> Iterator[None]:
    """Within the block, turn an OSError into an OutputError that names the folder.

    Raises: OutputError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write to {folder}: {reason}; choose another folder") from None
