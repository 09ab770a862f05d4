"""A sheet with every kind of question, for the tests of what it says and of how it looks."""

from __future__ import annotations

from pathlib import Path

from byhand.options import Options
from byhand.pipeline import prepare
from byhand.runs import Run
from byhand.worksheet.document import Document
from byhand.worksheet.sheet import Sheet, parse_sheet

TEXT = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")
FRONT = TEXT[: TEXT.index("\n---\n") + 5]


def lesson(body: str) -> Sheet:
    """A sheet of that body, on the numbers of the sheet of all kinds."""
    return parse_sheet("lesson", FRONT + body)


def kinds(**options) -> Document:
    """The sheet of all kinds."""
    return kinds_and_run(**options)[0]


def kinds_and_run(**options) -> tuple[Document, Run]:
    """The sheet of all kinds, and its run."""
    return prepare(parse_sheet("kinds", TEXT), Options(**options))
