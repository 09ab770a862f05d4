"""What has been laid out before: kept in the user's cache folder, under a hash of all that went in.

Several processes may use it at once: a file is written under another name first. One that is damaged is made anew,
and where nothing can be kept, nothing is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

from byhand import __version__
from byhand.render.files import replace_file
from byhand.render.fonts import faces

MOST = 400  # files; the oldest go first
_SUM = 32  # bytes before the content, its checksum


def kept(make: Callable[[], bytes], *parts: str) -> bytes:
    """What a function makes of these parts, made once."""
    digest = hashlib.sha256("\0".join((_making(), *parts)).encode("utf-8", "surrogatepass")).hexdigest()
    path = user_cache_path("byhand") / "laid-out" / digest
    with suppress(OSError):
        content = path.read_bytes()
        if hashlib.sha256(content[_SUM:]).digest() == content[:_SUM]:
            path.touch()
            return content[_SUM:]
    made = make()
    with suppress(OSError):
        _keep(path, hashlib.sha256(made).digest() + made)
    return made


def printed(html: str, cache: bool = True) -> bytes:
    """A page as PDF, laid out now or, with the cache, before.

    Raises: SheetError where it asks for a file.
    """

    def laid_out() -> bytes:
        from byhand.render.pdf import pdf

        return pdf(html)

    return kept(laid_out, html) if cache else laid_out()


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content)
    files = sorted(path.parent.iterdir(), key=lambda each: each.stat().st_mtime)
    for old in files[:-MOST]:
        old.unlink(missing_ok=True)


@cache
def _making() -> str:
    """What makes pages of HTML: WeasyPrint, the fonts, and this room."""
    sources = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    fonts = faces()[0].path.parent.name
    return f"{__version__} {version('weasyprint')} {version('pydyf')} {fonts} {hashlib.sha256(sources).hexdigest()}"
