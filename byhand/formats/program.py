"""The key of whatever this program makes: it is made again when anything is another that it may come from."""

from __future__ import annotations

import os
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

from byhand.formats.fonts import faces
from byhand.worksheet.sheet import folders, shipped


def program_key(*parts: object) -> str | None:
    """A key of what this program makes of these parts; None with others' templates, which may read each other."""
    return None if len(folders()) > 1 else "\0".join((_program(), *map(repr, parts)))


@cache
def _program() -> str:
    """All that goes into a page: this program, its templates, the fonts, and all that is installed."""
    files = sorted([*Path(__file__).parent.parent.rglob("*.py"), *shipped().rglob("*.*")])
    installed = sorted(path.name for entry in sys.path for path in Path(entry).glob("*-info"))
    names = [sys.version, str(faces()[0].path), *installed]
    return sha256(b"\0".join([*(path.read_bytes() for path in files), *map(os.fsencode, names)])).hexdigest()
