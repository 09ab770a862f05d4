"""How high the blocks of a printed page are, for another page that is to break where this one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from byhand.cache import as_data, from_data
from byhand.page.printed import PrintPage
from byhand.press.engine import rendered_document
from byhand.press.inner import UnknownFormError, page_box
from byhand.press.pieces import MM
from byhand.press.printing import laid_out

KINDS = ("goal", "orientation", "words")


@lru_cache(maxsize=4)
def heights(page: PrintPage, *, cache: bool = True) -> Mapping[str, list[float]]:
    """The heights of a page's blocks of each of the KINDS, in mm, in the order of the page.

    Of a block on two pages there are two. There are none where this WeasyPrint has another form than is known.
    """

    def measured() -> bytes:
        pairs = [*_heights(page.html)]
        return as_data({kind: [height for name, height in pairs if name == kind] for kind in KINDS})

    try:
        return from_data(dict[str, list[float]], laid_out(measured, "heights", page.html) if cache else measured())
    except UnknownFormError:
        return {kind: [] for kind in KINDS}


def _heights(html: str) -> Iterator[tuple[str, float]]:
    for page in rendered_document(html).pages:
        for box in page_box(page).every():
            kind = next((name for name in box.classes if name in KINDS), "")
            inside = box.parent is not None and kind in box.parent.classes  # a part of the block, such as its line
            if kind and not inside and box.kind in ("block", "inline block"):
                yield kind, round((box.border[3] - box.border[1]) / MM, 3)
