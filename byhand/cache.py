"""A cache on disk: results of slow functions, in the user's cache folder, each under a hash of its inputs.

Several processes may use the cache at once: a file is written under a temporary name first. A damaged file is made
again. If the folder cannot be written to, nothing is stored, and everything still works. The caller's key must name
all that a result depends on.
"""

from __future__ import annotations

import hashlib
import pickle
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from platformdirs import user_cache_path

from byhand.files import replace_file

MOST_FILES = 400  # files in the folder of one kind; the oldest are deleted first
_SUM = 32  # bytes of the checksum that precedes the content of a file
P = ParamSpec("P")
T = TypeVar("T")


def cached(kind: str, make: Callable[[], bytes], *parts: str) -> bytes:
    """The bytes that `make` returns: stored under a hash of the parts, and read from there the next time.

    kind: the folder, within the cache, for results of this kind.
    """
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


def cached_by(kind: str, key_of: Callable[..., str | None]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache a function's results, pickled, under a key of its arguments; a key of None caches nothing."""

    def decorated(make: Callable[P, T]) -> Callable[P, T]:
        @wraps(make)
        def made(*args: P.args, **named: P.kwargs) -> T:
            key = key_of(*args, **named)
            if key is None:
                return make(*args, **named)
            found: T = pickle.loads(zlib.decompress(cached(kind, lambda: _packed(make(*args, **named)), key)))
            return found

        return made

    return decorated


def _packed(made: object) -> bytes:
    return zlib.compress(pickle.dumps(made), 1)


def sources_of(folder: Path) -> str:
    """A hash of a folder's Python files: part of the key of everything that this code makes."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))).hexdigest()


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content)
    files = sorted((each for each in path.parent.iterdir() if each.is_file()), key=lambda each: each.stat().st_mtime)
    for old in files[:-MOST_FILES]:
        old.unlink(missing_ok=True)
