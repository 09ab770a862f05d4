"""A cache on disk: results of slow functions, in the user's cache folder, each under a hash of its inputs.

It holds data, which is read without running any of it, and templates as Python and as bytecode (worksheet/sandbox).
As Python does with its own bytecode, it trusts the user's own folders and files; those of others, and those that
others may write to, are neither read nor written.

Several processes may use the cache at once: a file is written under a temporary name first. A damaged file is made
again. If the folder cannot be written to, nothing is stored, and everything still works. The caller's key must name
all that a result depends on.

Kept are the numbers of a seed and what they or a sheet's own make, the PDF of a page under a hash of its HTML,
shipped sheets and messages as they are read, and templates as the Python that Jinja makes of them. What follows from
code, templates and libraries alone is kept under a hash of these (worksheet/program.py), so that the wheel of a
release can bring it (brought.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache, wraps
from itertools import accumulate, pairwise
from pathlib import Path
from stat import S_IWGRP, S_IWOTH
from typing import Any, ParamSpec, TypeVar, cast, get_type_hints

from isal import isal_zlib as zlib
from platformdirs import user_cache_path

from byhand import brought
from byhand.files import output_errors, replace_file

# files in the folder of one kind; the oldest are deleted first. All sheets together have thousands of the small ones
MOST_FILES, MOST_SMALL = 400, 4_000
SMALL = ("compiled", "numbers", "shipped", "templates")  # kinds whose files have a few kB each
_SUM = 32  # bytes of the checksum that precedes the content of a file
P = ParamSpec("P")
T = TypeVar("T")


def home() -> Path:
    """The folder of the cache. It has a folder for each kind of results."""
    return user_cache_path("byhand")


def cached(kind: str, make: Callable[[], bytes], *parts: str) -> bytes:
    """The bytes that `make` returns: stored under a hash of the parts, and read from there the next time, or as the
    wheel has brought them.

    kind: the folder, within the cache, for results of this kind.
    """
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    path = home() / kind / digest
    result = content_of(path)
    if result is None:
        result = brought.result(digest)
    if result is None:
        result = make()
        with suppress(OSError):
            content = zlib.compress(result)
            _keep(path, _sum(path, content) + content)
    return result


def content_of(path: Path) -> bytes | None:
    """What a file of the cache holds; None where it is damaged, another's, or not there."""
    with suppress(OSError):
        content = path.read_bytes() if all(map(is_own, (home(), path.parent, path))) else b""
        if _sum(path, content[_SUM:]) == content[:_SUM]:
            path.touch()
            return zlib.decompress(content[_SUM:])
    return None


def cached_by(
    kind: str, key_of: Callable[..., str | None], *, files: bool = False
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache a function's results under a key of its arguments; a key of None caches nothing.

    A result is made of records, tuples, tables, texts and numbers, as the function's annotation says.

    files: whether it is a table of files by their names instead.
    """

    def decorated(make: Callable[P, T]) -> Callable[P, T]:
        @lru_cache(1)
        def returned() -> Any:  # slow, and not known before the module is whole
            return get_type_hints(make)["return"]

        @wraps(make)
        def made(*args: P.args, **named: P.kwargs) -> T:
            key = key_of(*args, **named)
            if key is None:
                return make(*args, **named)
            write: Callable[[Any], bytes] = _bound if files else as_data
            content = cached(kind, lambda: write(make(*args, **named)), key)
            return cast(T, _unbound(content)) if files else from_data(returned(), content)

        return made

    return decorated


def as_data(made: object) -> bytes:
    """Records, tuples, tables, texts and numbers as MessagePack; a fraction is a text in it, and so is a
    text of a kind of its own.
    """
    import msgspec  # which files do without

    return msgspec.msgpack.encode(made, enc_hook=_text)


def from_data(kind: type[T], content: bytes) -> T:
    """What `as_data` has written. kind: its type; the types of the fields say what each part is."""
    from fractions import Fraction

    import msgspec

    return msgspec.msgpack.decode(content, type=kind, dec_hook=lambda _, text: Fraction(text))


def _text(made: object) -> str:
    from fractions import Fraction

    if isinstance(made, Fraction | str):
        return str(made)
    raise TypeError(f"{type(made).__name__} is no data")


def _bound(files: dict[str, bytes]) -> bytes:
    """Files as one: a line with their names and sizes, and what is in them."""
    sizes = {name: len(content) for name, content in files.items()}
    return b"\n".join([json.dumps(sizes).encode(), b"".join(files.values())])


def _unbound(content: bytes) -> dict[str, bytes]:
    sizes, _, rest = content.partition(b"\n")
    ends = [0, *accumulate(json.loads(sizes).values())]
    return {name: rest[start:end] for name, (start, end) in zip(json.loads(sizes), pairwise(ends), strict=True)}


def files_below(*folders: Path) -> Iterator[str]:
    """The paths of all files in these folders but of Python's bytecode."""
    for folder, inner, names in (each for top in folders for each in os.walk(top)):
        inner[:] = [name for name in inner if name != "__pycache__"]
        yield from (os.path.join(folder, name) for name in names)


def sources_of(folder: Path) -> str:
    """A hash of a folder's Python files: part of the key of everything that this code makes."""
    paths = sorted(path for path in files_below(folder) if path.endswith(".py"))
    return hashlib.sha256(b"".join(Path(path).read_bytes() for path in paths)).hexdigest()


def state_of(*folders: Path) -> str:
    """A hash of the names, sizes and times of the files in these folders. No change of a file escapes it, since the
    time of its last change (ctime) cannot be set; on Windows, its size or the time of its content tells.
    """
    entries = []
    for path in files_below(*folders):
        about = os.stat(path)
        entries.append((path, about.st_size, about.st_mtime_ns, about.st_ctime_ns))
    return hashlib.sha256(repr(sorted(entries)).encode()).hexdigest()


def is_own(path: Path) -> bool:
    """Whether a file or a folder is the user's, and nobody else may write to it; on Windows, folders see to that."""
    about = path.stat()
    return not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & (S_IWGRP | S_IWOTH))


def kept() -> dict[str, list[int]]:
    """The sizes, in bytes, of the files of each kind that are kept, without those that another process deletes
    meanwhile.
    """
    kinds = sorted(home().iterdir()) if home().is_dir() else []
    return {kind.name: [*_sizes(kind)] for kind in kinds if kind.is_dir()}


def _sizes(folder: Path) -> Iterator[int]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.is_file():
                    yield entry.stat().st_size


def not_own() -> list[Path]:
    """The folders of the cache that are not used, because they are another user's or others may write to them."""
    return [
        folder for folder in (home(), *(home() / kind for kind in kept())) if folder.exists() and not is_own(folder)
    ]


def clear() -> None:
    """Delete all that is kept, and what processes that were killed have left.

    Raises: OutputError.
    """
    with output_errors(home()):
        for kind in kept():
            shutil.rmtree(home() / kind)


def _sum(path: Path, content: bytes) -> bytes:
    """A checksum of a file's content and its name, so that no file stands for another."""
    return hashlib.sha256(path.name.encode() + content).digest()


def _keep(path: Path, content: bytes) -> None:
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not (is_own(home()) and is_own(path.parent)):
        return
    replace_file(path, content)
    path.chmod(0o600)
    most = MOST_SMALL if path.parent.name in SMALL else MOST_FILES
    if len(os.listdir(path.parent)) > most:
        files = sorted(filter(Path.is_file, path.parent.iterdir()), key=lambda each: each.stat().st_mtime)
        for old in files[:-most]:
            old.unlink(missing_ok=True)
