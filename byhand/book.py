"""Several sheets as one book: each format binds them in its own way, or writes them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from byhand.files import write
from byhand.formats import Format, asked, ready
from byhand.options import Options, Tell, unheard
from byhand.page.page import Page, lower
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet


def book(
    names: Sequence[str], options: Options | None = None, out: Path | str = "output", tell: Tell = unheard,
    name: str = "book",
) -> list[Path]:  # fmt: skip
    """Write sheets as one book into OUT/book-seedN: book.pdf, HTML pages with an index, and each sheet's run.json.

    name: what the folder's begins with, in place of book.

    Raises: ByHandError; then nothing has been written.
    """
    options = options or Options()
    formats = [ready(name, options.setup, options.views) for name in options.formats]
    loaded = [load_sheet(name, options.language) for name in dict.fromkeys(names)]
    sheets = [lower(*prepare(sheet, options, tell)) for sheet in loaded]
    files: dict[str, bytes] = {}
    for format in formats:
        files |= format.many(sheets, options.views, options.setup) if format.many else _each(format, sheets, options)
    return write(Path(out) / f"{name}-seed{options.chosen_seed}", files)


def _each(format: Format, sheets: Sequence[Page], options: Options) -> dict[str, bytes]:
    """The files of a format that cannot bind sheets: each sheet's files, with the sheet's name before theirs."""
    return {
        f"{page.document.name}-{file}": make(page, view, options.setup)
        for page in sheets
        for file, make, view in asked([format], options.views)
    }
