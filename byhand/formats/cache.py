"""Pages that were laid out before are not laid out again: they are kept, under a hash of all that went in."""

from __future__ import annotations

import os
import pickle
import sys
import zlib
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from byhand import __version__
from byhand.cache import kept, sources_of
from byhand.formats.fonts import faces
from byhand.worksheet.sheet import folders, shipped

T = TypeVar("T")


def laid_out(make: Callable[[], bytes], *parts: str) -> bytes:
    """What is made by laying these parts out, made once."""
    return kept("laid-out", make, _making(), *parts)


def made_once(kind: str, make: Callable[[], T], *parts: str) -> T:
    """What this program makes of these parts; with others' templates, made each time: they may read each other."""
    if len(folders()) > 1:
        return make()
    content = kept(kind, lambda: zlib.compress(pickle.dumps(make()), 1), _program(), *parts)
    found: T = pickle.loads(zlib.decompress(content))
    return found


def printed(html: str, cache: bool = True) -> bytes:
    """A page as PDF, laid out now or, with the cache, before.

    Raises: SheetError where it asks for a file.
    """

    def made() -> bytes:
        from byhand.formats.pdf import pdf

        return pdf(html)

    return laid_out(made, html) if cache else made()


@cache
def _making() -> str:
    """What makes pages of HTML: WeasyPrint and pydyf, whose files name their versions, the fonts, and this room."""
    programs = [Path(spec.origin).read_text(encoding="utf-8") for name in ("weasyprint", "pydyf")
                if (spec := find_spec(name)) and spec.origin]  # fmt: skip
    return "\0".join((__version__, *programs, faces()[0].path.parent.name, sources_of(Path(__file__).parent.parent)))


@cache
def _program() -> str:
    """All that goes into a page: this program, its templates, the fonts, and all that is installed."""
    files = sorted([*Path(__file__).parent.parent.rglob("*.py"), *shipped().rglob("*.*")])
    installed = sorted(path.name for entry in sys.path for path in Path(entry).glob("*-info"))
    names = [sys.version, str(faces()[0].path), *installed]
    return sha256(b"\0".join([*(path.read_bytes() for path in files), *map(os.fsencode, names)])).hexdigest()
