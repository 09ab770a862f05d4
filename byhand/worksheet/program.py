"""Cache keys for what this program makes: they change with the code, the templates and the packages."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from byhand import __version__
from byhand.cache import cached, files_below, state_of
from byhand.worksheet.folders import folders, shipped

LIBRARIES = (  # that read sheets, make the HTML of a page or its fonts, or know how wide their letters are
    "jinja2", "markupsafe", "markdown-it-py", "mdit-py-plugins", "pyyaml", "rjsmin", "fontpkg-source-sans-3",
    "ziamath",
)  # fmt: skip
KINDS = (".css", ".html", ".js", ".jsonl", ".md", ".py", ".toml")  # of the files of which a page is made
PACKAGE = Path(__file__).resolve().parent.parent
_INFO = re.compile(r"(.+?)-(\d[^-]*)(?:-py.*)?\.(?:dist|egg)-info")  # where a library says its version


def program_key(*parts: object) -> str | None:
    """A cache key for a result made of these parts; None, for no caching, if the user has templates of their own."""
    return _key(program, parts)


def code_key(*parts: object) -> str | None:
    """As `program_key`, for a result that the wheel can bring: the key is the same wherever this code and these
    libraries are installed.
    """
    return _key(code, parts)


def _key(made_by: Callable[[], str], parts: Iterable[object]) -> str | None:
    return None if len(folders()) > 1 else "\0".join((made_by(), *map(repr, parts)))


@cache
def program() -> str:
    """All that a page depends on: Python, the installed packages, this code with its fonts, and the templates."""
    return "\0".join((sys.version, *sorted(_installed()), state_of(PACKAGE, shipped())))


@cache
def code() -> str:
    """A hash of this code, the templates and the libraries that make HTML."""
    versions = repr((__version__, *_versions()))

    def made() -> bytes:
        paths = sorted({path for path in files_below(PACKAGE, shipped()) if path.endswith(KINDS)})
        names = [Path(path).relative_to(PACKAGE.parent).as_posix() for path in paths]
        parts = [versions.encode(), *map(str.encode, names), *(Path(path).read_bytes() for path in paths)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest().encode()

    return cached("code", made, program(), versions).decode()


@cache
def _installed() -> list[str]:
    """The names of the folders, or files, that tell of installed packages, in the order of Python's path."""
    paths = [path or "." for path in sys.path]
    return [name for path in paths if os.path.isdir(path) for name in os.listdir(path) if name.endswith("-info")]


def _versions() -> list[str | None]:
    """The version of each of `LIBRARIES`; None where none is told, as in a program that was frozen."""
    known: dict[str, str] = {}
    for name in _installed():
        if about := _INFO.fullmatch(name):
            known.setdefault(re.sub("[-_.]+", "-", about[1]).lower(), about[2])
    return [known.get(library) for library in LIBRARIES]
