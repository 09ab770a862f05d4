"""What was made before, kept in the user's cache folder under a hash of all that went in.

Several processes may use it at once: a file is written under another name first. One that is damaged is made anew,
and where nothing can be kept, nothing is.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

MOST = 400  # files of a kind; the oldest go first
_SUM = 32  # bytes before the content, its checksum


def kept(kind: str, make: Callable[[], bytes], *parts: str) -> bytes:
    """What a function makes of these parts, made once; each kind has a folder."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    path = user_cache_path("byhand") / kind / digest
    with suppress(OSError):
        content = path.read_bytes()
        if hashlib.sha256(content[_SUM:]).digest() == content[:_SUM]:
            path.touch()
            return content[_SUM:]
    made = make()
    with suppress(OSError):
        _keep(path, hashlib.sha256(made).digest() + made)
    return made


def sources_of(folder: Path) -> str:
    """A hash of a folder's Python files, for what they make."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))).hexdigest()


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a name of this process first, so that it is whole or not there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content)
    files = sorted(path.parent.iterdir(), key=lambda each: each.stat().st_mtime)
    for old in files[:-MOST]:
        old.unlink(missing_ok=True)
