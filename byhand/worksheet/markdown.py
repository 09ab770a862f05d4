"""The texts of a sheet: Markdown with formulas, parsed to tokens.

All texts of a page are parsed together. With slots for its numbers and words, runs of a sheet have the same texts, so
that what these are parsed to is kept, and the parser is not even imported for pages that are filled in.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from byhand.cache import as_data, cached, from_data
from byhand.errors import SheetError
from byhand.worksheet.program import code_key

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MOST_PARAGRAPHS = 1_000  # a sheet of the course has a hundred
LONGEST_PARAGRAPH = 5_000  # characters


class Token(Struct):
    """A token as markdown-it has it: of its fields, those that are read here, and by its renderer."""

    type: str
    tag: str
    nesting: int
    attrs: dict[str, str | int | float]
    children: list[Token] | None
    content: str
    markup: str
    info: str
    meta: dict[str, Any]
    block: bool
    hidden: bool

    def attrItems(self) -> list[tuple[str, str | int | float]]:  # noqa: N802 - the renderer's name
        """The attributes of its element."""
        return list(self.attrs.items())


class Texts:
    """The texts of a page, which are parsed together. kept: whether what they are parsed to may be in the cache."""

    def __init__(self, kept: bool = False) -> None:
        self.kept = kept
        self._left: list[tuple[str, bool, list[Token]]] = []

    def inline(self, line: str) -> list[Token]:
        """The tokens of one line of text, without paragraphs; they are there when all texts are parsed.

        Raises: SheetError where it is longer than any sheet's.
        """
        _check_length(line)
        return self._asked(line, True)

    def paragraphs(self, text: str) -> list[Token]:
        """The tokens of paragraphs, headings and lists; they are there when all texts are parsed."""
        return self._asked(text, False)

    def parse(self) -> None:
        """Parse what has been asked for.

        Raises: SheetError where there are more paragraphs, or longer ones, than on any sheet.
        """
        left, self._left = self._left, []
        asked = [(text, is_line) for text, is_line, _ in left]

        def made() -> list[list[Token]]:
            return [_line(text) if is_line else _paragraphs(text) for text, is_line in asked]

        key = code_key(asked) if self.kept else None
        kept = cached("parsed", lambda: as_data(made()), key) if key else None
        found = made() if kept is None else from_data(list[list[Token]], kept)
        for (*_, tokens), own in zip(left, found, strict=True):
            tokens += own

    def _asked(self, text: str, is_line: bool) -> list[Token]:
        tokens: list[Token] = []
        self._left.append((text, is_line, tokens))
        return tokens


def _line(text: str) -> list[Token]:
    return [_own(token) for token in _markdown().parseInline(text)[0].children or ()]


def _paragraphs(text: str) -> list[Token]:
    tokens = _markdown().parse(text)
    paragraphs = [token.content for token in tokens if token.type == "inline"]
    if len(paragraphs) > MOST_PARAGRAPHS:
        raise SheetError(
            f"the sheet has {len(paragraphs):,} headings, paragraphs and entries; {MOST_PARAGRAPHS:,} are the most"
        )
    for paragraph in paragraphs:
        _check_length(paragraph)
    return list(map(_own, tokens))


def _own(token: Any) -> Token:
    """A token of markdown-it as one of ours."""
    known = {name: getattr(token, name) for name in Token.__struct_fields__}
    children = None if token.children is None else [_own(child) for child in token.children]
    return Token(**known | {"children": children})


def _check_length(paragraph: str) -> None:
    if len(paragraph) > LONGEST_PARAGRAPH:
        raise SheetError(f"a paragraph has {len(paragraph):,} characters; {LONGEST_PARAGRAPH:,} are the most")


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    markdown = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin, allow_space=False)
    return markdown.disable("image")  # a page must not load anything
