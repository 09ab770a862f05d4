"""The texts of a sheet: Markdown with formulas, parsed to tokens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from byhand.errors import SheetError
from byhand.notation.inline import checked

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MOST_PARAGRAPHS = 1_000  # a sheet of the course has a hundred
LONGEST_PARAGRAPH = 5_000  # characters
TEXTS = 1_000  # that are known from one page to the next


@lru_cache(TEXTS)
def inline(line: str) -> Sequence[Token]:
    """The tokens of one line of text, without paragraphs.

    Raises: SheetError where it is longer than any sheet's, or has a formula that cannot be written.
    """
    _check_length(line)
    return _with_formulas(_markdown().parseInline(line)[0].children or ())


def as_token(text: str) -> Token:
    """A text as a token, as it stands."""
    from markdown_it.token import Token

    return Token("text", "", 0, content=text)


@lru_cache(TEXTS)
def paragraphs(text: str) -> Sequence[Token]:
    """The tokens of paragraphs, headings and lists.

    Raises: SheetError where there are more paragraphs, or longer ones, than on any sheet, or a formula cannot be
    written.
    """
    tokens = _markdown().parse(text)
    parsed = [token.content for token in tokens if token.type == "inline"]
    if len(parsed) > MOST_PARAGRAPHS:
        raise SheetError(
            f"the sheet has {len(parsed):,} headings, paragraphs and entries; {MOST_PARAGRAPHS:,} are the most"
        )
    for paragraph in parsed:
        _check_length(paragraph)
    for token in tokens:
        _with_formulas(token.children or ())
    return tokens


def _with_formulas(tokens: Sequence[Token]) -> Sequence[Token]:
    """The same tokens; a formula that cannot be written is an error."""
    for token in tokens:
        if token.type.startswith("math"):
            checked(token.content)
    return tokens


def _check_length(paragraph: str) -> None:
    if len(paragraph) > LONGEST_PARAGRAPH:
        raise SheetError(f"a paragraph has {len(paragraph):,} characters; {LONGEST_PARAGRAPH:,} are the most")


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    markdown = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin, allow_space=False)
    return markdown.disable("image")  # a page must not load anything
