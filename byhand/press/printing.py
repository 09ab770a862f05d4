"""Pages as PDF: tagged PDF/UA, the same bytes for the same page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from byhand import __version__, fonts
from byhand.cache import cached, sources_of
from byhand.page.printed import PrintPage


def printed(page: PrintPage | str, cache: bool = True, html: Callable[[], str] | None = None) -> bytes:
    """A page as PDF, from the cache if it may be used. html: as of `pdf`.

    Raises: SheetError where the page loads a file.
    """
    parts = (page,) if isinstance(page, str) else page.parts
    return laid_out(lambda: pdf(page, html), *parts) if cache else pdf(page, html)


def laid_out(make: Callable[[], bytes], *parts: str) -> bytes:
    """The bytes that `make` lays out of these parts, from the cache if it has them."""
    return cached("laid-out", make, _making(), *parts)


@cache
def _making() -> str:
    """A key for all that turns HTML into PDF: the files of WeasyPrint and pydyf, the fonts, and this code."""
    programs = [Path(spec.origin).read_text(encoding="utf-8") for name in ("weasyprint", "pydyf")
                if (spec := find_spec(name)) and spec.origin]  # fmt: skip
    return "\0".join((__version__, *programs, fonts.key(), sources_of(Path(__file__).parent)))


def pdf(page: PrintPage | str, html: Callable[[], str] | None = None) -> bytes:
    """A page in the medium print as PDF. WeasyPrint's warnings go to the log `weasyprint`.

    html: writes a page that has figures beside its HTML as HTML alone, for a WeasyPrint of another form.

    Raises: SheetError where the page loads a file; LimitError where it takes too long; ExtraError where Pango is
    missing.
    """
    from byhand.press.layout import lay_out_copy  # heavy, and not needed for a page from the cache
    from byhand.press.template import whole

    page = PrintPage(page) if isinstance(page, str) else page
    return whole(lay_out_copy(page, html or (lambda: page.html)))
