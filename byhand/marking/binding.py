"""The marked pages of a class as one PDF for the printer: each student begins on a right-hand page."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from typing import IO

from byhand.classroom.bundle import Bundle
from byhand.press.shared import shared


def bind(pdfs: Iterable[bytes], file: IO[bytes], title: str, language: str) -> None:
    """Write marked pages into one PDF, in their order, one at a time, so that memory does not grow with the class.

    It has no tags; those of a page are in the student's own file.
    """
    import pikepdf

    with tempfile.TemporaryFile() as offsets:
        book = Bundle(file, offsets, title, language, holds="marks")
        for content in pdfs:
            with pikepdf.open(io.BytesIO(content)) as own:
                for page in own.pages:
                    page.Contents = pikepdf.Array([page.Contents])
                book.add_pages(shared(own))
        book.finish()
