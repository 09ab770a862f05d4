"""Pages as PDF: tagged PDF/UA, the same bytes for the same page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from byhand import __version__, fonts
from byhand.cache import cached, sources_of


def printed(html: str, cache: bool = True) -> bytes:
    """A page as PDF, from the cache if it may be used.

    Raises: SheetError where the page loads a file.
    """
    return laid_out(lambda: pdf(html), html) if cache else pdf(html)


def laid_out(make: Callable[[], bytes], *parts: str) -> bytes:
    """The bytes that `make` lays out of these parts, from the cache if it has them."""
    return cached("laid-out", make, _making(), *parts)


@cache
def _making() -> str:
    """A key for all that turns HTML into PDF: the files of WeasyPrint and pydyf, the fonts, and this code."""
    programs = [Path(spec.origin).read_text(encoding="utf-8") for name in ("weasyprint", "pydyf")
                if (spec := find_spec(name)) and spec.origin]  # fmt: skip
    return "\0".join((__version__, *programs, fonts.key(), sources_of(Path(__file__).parent)))


def pdf(html: str) -> bytes:
    """A page in the medium print as PDF. WeasyPrint's warnings go to the log `weasyprint`.

    Raises: SheetError where the page loads a file; LimitError where it takes too long; ExtraError where Pango is
    missing.
    """
    from byhand.press.layout import lay_out_copy  # heavy, and not needed for a page from the cache
    from byhand.press.template import whole

    return whole(lay_out_copy(html, str))
