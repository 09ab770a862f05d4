"""The marked pages of a class as one PDF for the printer: each student begins on a right-hand page."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import IO

from byhand.press import Bundle


def bind(pdfs: Iterable[bytes], file: IO[bytes], title: str, language: str) -> None:
    """Write marked pages into one PDF, in their order, one at a time, so that memory does not grow with the class.

    It has no tags; those of a page are in the student's own file.
    """
    with tempfile.TemporaryFile() as offsets:
        book = Bundle(file, offsets, title, language, holds="marks")
        for content in pdfs:
            book.add_pages(content)
        book.finish()
