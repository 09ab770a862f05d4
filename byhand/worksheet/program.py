"""A cache key for everything that this program makes: it changes with the code, the templates and the packages."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

from byhand.cache import cached, state_of
from byhand.worksheet.folders import folders, shipped

LIBRARIES = (  # that make the HTML of a page, its fonts, or what is known of how wide their letters are
    "jinja2", "markupsafe", "markdown-it-py", "mdit-py-plugins", "rjsmin", "fontpkg-source-sans-3", "ziamath",
)  # fmt: skip
KINDS = (".css", ".html", ".js", ".md", ".py", ".toml")  # of the files of which a page is made


def program_key(*parts: object) -> str | None:
    """A cache key for a result made of these parts; None, for no caching, if the user has templates of their own."""
    return None if len(folders()) > 1 else "\0".join((program(), *map(repr, parts)))


@cache
def program() -> str:
    """All that a page depends on: Python, the installed packages, this code with its fonts, and the templates."""
    paths = [path or "." for path in sys.path]
    listed = [name for path in paths if os.path.isdir(path) for name in os.listdir(path)]
    installed = sorted(name for name in listed if name.endswith("-info"))
    return "\0".join((sys.version, *installed, state_of(Path(__file__).parent.parent, shipped())))


@cache
def code() -> str | None:
    """A hash of this code, the templates and the libraries that make HTML, which is the same wherever these are
    installed; None if the user has templates of their own.
    """
    key = program_key("code")

    def made() -> bytes:
        from importlib.metadata import PackageNotFoundError, version  # slow to import

        def version_of(library: str) -> str:
            try:
                return version(library)
            except PackageNotFoundError:  # as in a program that was frozen
                return ""

        files = (path for folder in (Path(__file__).parent.parent, shipped()) for path in sorted(folder.rglob("*")))
        content = [path.read_bytes() for path in files if path.suffix in KINDS]
        content += [f"{name} {version_of(name)}".encode() for name in LIBRARIES]
        return hashlib.sha256(b"\0".join(content)).hexdigest().encode()

    return key and cached("shipped", made, key).decode()
