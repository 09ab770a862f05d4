"""How high the blocks of a printed page are, for another page that is to break where this one does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from byhand.cache import as_data, from_data
from byhand.press.engine import rendered_document
from byhand.press.figures import cut_out
from byhand.press.inner import UnknownFormError, page_box
from byhand.press.pieces import MM
from byhand.press.printing import laid_out

KINDS = ("intro", "orientation", "step", "questions", "question", "words")


class Height(Struct, frozen=True):
    """A block's height in mm.

    inner: the height of what is in its flow, where a least height makes the block higher. page: its page, from 0.
    """

    kind: str
    height: float
    inner: float
    page: int


@lru_cache(maxsize=4)
def heights(html: str, *, cache: bool = True) -> tuple[Height, ...]:
    """The heights of a page's blocks of the KINDS, in the order of the page; a block on two pages is there twice.

    There are none where this WeasyPrint has another form than is known.
    """

    def measured() -> bytes:
        return as_data([*_heights(html)])

    try:
        return tuple(from_data(list[Height], laid_out(measured, "heights", html) if cache else measured()))
    except UnknownFormError:
        return ()


def _heights(html: str) -> Iterator[Height]:
    for number, page in enumerate(rendered_document(cut_out(html, str)[0]).pages):
        for box in page_box(page).every():
            kind = next((name for name in box.classes if name in KINDS), "")
            inside = box.parent is not None and kind in box.parent.classes  # a part of the block, such as its line
            if kind and not inside and box.kind in ("block", "inline block"):
                _, top, _, bottom = box.border
                last = max((child.border[3] for child in box.children if child.in_flow), default=top)
                yield Height(kind, round((bottom - top) / MM, 3), round((last - top) / MM, 3), number)
