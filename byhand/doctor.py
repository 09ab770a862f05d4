"""What byhand needs on this machine: what is there, what is missing, and the one command that mends it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from byhand import __version__, cache, fonts
from byhand.errors import ExtraError
from byhand.extras import extras, install_command, is_installed

SIGNS = "−·√→½σ"  # that messages and tables in a terminal have


class Finding(Struct, frozen=True):
    """What was found of one thing."""

    about: str
    found: str
    mend: str = ""
    """The command or the words that help; "" where nothing is missing."""
    needed: bool = False
    """Whether worksheets cannot be printed without it."""


def examined() -> Iterator[Finding]:
    """Look at all that byhand needs, one after the other."""
    yield Finding("byhand", f"{__version__}, with Python {platform.python_version()} on {platform.platform()}")
    yield _pango()
    yield _fonts()
    yield _cache()
    yield _folder(Path.cwd())
    yield _terminal()
    yield from _extras()


def _pango() -> Finding:
    """Pango, which WeasyPrint loads."""
    from byhand.press import pango_command, weasyprint

    try:
        version: int = weasyprint().text.ffi.pango.pango_version()
    except ExtraError:
        return Finding(
            "Pango", "not installed, so no PDF can be made; --format html needs none", pango_command(), needed=True
        )
    return Finding("Pango", f"{version // 10_000}.{version // 100 % 100}.{version % 100}, so PDFs can be made")


def _fonts() -> Finding:
    there = (fonts.BROUGHT / fonts.TABLE).is_file()
    return Finding("fonts", "built" if there else "built when a page is first made, which takes a few seconds")


def _cache() -> Finding:
    """The folder in which pages are kept, so that the next ones come sooner."""
    variable = "WIN_PD_OVERRIDE_LOCAL_APPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    folder, advice = cache.home(), f"set {variable} to a folder of your own; without one, each page takes longer"
    if others := cache.not_own():
        return Finding("cache", f"{others[0]} is another user's, or others may write to it", advice)
    if not _writable(folder):
        return Finding("cache", f"{folder} cannot be written to", advice)
    size = sum(sum(sizes) for sizes in cache.kept().values())
    return Finding("cache", f"{folder}, {size / 1e6:.1f} MB; byhand cache --clear empties it")


def _folder(folder: Path) -> Finding:
    if _writable(folder):
        return Finding("output", f"{folder} can be written to")
    return Finding(
        "output", f"{folder} cannot be written to", "go to another folder, or say --out FOLDER", needed=True
    )


def _writable(folder: Path) -> bool:
    """Whether a folder, or the one in which it would be made, can be written to."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _terminal() -> Finding:
    """Whether the terminal, or the file to which one writes, has the signs of our messages."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        SIGNS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return Finding("terminal", f"{encoding} has not all of {' '.join(SIGNS)}, and shows ? in their place; "
                       "files are not touched by it", "set PYTHONUTF8=1")  # fmt: skip
    return Finding("terminal", encoding)


def _extras() -> Iterator[Finding]:
    for extra, packages in extras().items():
        if missing := [name for name in packages if not is_installed(name)]:
            yield Finding(extra, f"{', '.join(missing)}: not installed", install_command(extra))
        else:
            yield Finding(extra, f"{', '.join(packages)}: installed")
