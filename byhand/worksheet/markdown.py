"""The text of a sheet: Markdown with formulas, parsed to tokens."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


def parsed(text: str) -> list[Token]:
    """Paragraphs, headings and lists."""
    return _markdown().parse(text)


def inline(line: str) -> list[Token]:
    """The tokens of one line of text, without paragraphs."""
    return list(_markdown().parseInline(line)[0].children or [])


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    markdown = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin, allow_space=False)
    return markdown.disable("image")  # a page must not load anything
