"""Pages that were laid out before are not laid out again: they are kept, under a hash of all that went in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from byhand import __version__
from byhand.kept import kept, sources_of
from byhand.render.fonts import faces


def laid_out(make: Callable[[], bytes], *parts: str) -> bytes:
    """What is made by laying these parts out, made once."""
    return kept("laid-out", make, _making(), *parts)


def printed(html: str, cache: bool = True) -> bytes:
    """A page as PDF, laid out now or, with the cache, before.

    Raises: SheetError where it asks for a file.
    """

    def made() -> bytes:
        from byhand.render.pdf import pdf

        return pdf(html)

    return laid_out(made, html) if cache else made()


@cache
def _making() -> str:
    """What makes pages of HTML: WeasyPrint and pydyf, whose files name their versions, the fonts, and this room."""
    programs = [Path(spec.origin).read_text(encoding="utf-8") for name in ("weasyprint", "pydyf")
                if (spec := find_spec(name)) and spec.origin]  # fmt: skip
    return "\0".join((__version__, *programs, faces()[0].path.parent.name, sources_of(Path(__file__).parent)))
