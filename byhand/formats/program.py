"""A cache key for everything that this program makes: it changes with the code, the templates and the packages."""

from __future__ import annotations

import os
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

from byhand.formats import fonts
from byhand.worksheet.folders import folders, shipped


def program_key(*parts: object) -> str | None:
    """A cache key for a result made of these parts; None, for no caching, if the user has templates of their own."""
    return None if len(folders()) > 1 else "\0".join((_program(), *map(repr, parts)))


@cache
def _program() -> str:
    """A hash of all that a page depends on: this code, the templates, the fonts, and the installed packages."""
    files = sorted([*Path(__file__).parent.parent.rglob("*.py"), *shipped().rglob("*.*")])
    installed = sorted(path.name for entry in sys.path for path in Path(entry).glob("*-info"))
    names = [sys.version, fonts.key(), *installed]
    return sha256(b"\0".join([*(path.read_bytes() for path in files), *map(os.fsencode, names)])).hexdigest()
