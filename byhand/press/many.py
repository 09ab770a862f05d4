"""The pages of a class: laid out once with slots, and filled in for all copies at once.

What a copy has of such a page is small: the place of the layout that it is filled into, and its content streams.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from isal import isal_zlib as zlib

from byhand.arithmetic.copies import Copies, Many
from byhand.notation.marks import PageTexts
from byhand.page.printed import PrintPage
from byhand.press.fill import fill
from byhand.press.kept import Pages
from byhand.press.layout import lay_out_copy
from byhand.press.slotted import Slotted, slots_of, slotted, typical
from byhand.press.template import Template, template
from byhand.worksheet.views import Paper, View

# the number of a layout, or a copy's own template; its streams; by its marks, the alternative texts of its pictures
Filled = tuple[int | Template, tuple[bytes, ...], Mapping[int, str]]
MOST_LAYOUTS = 4  # of one view


def layouts(page: PrintPage, texts: Sequence[Many], view: View, letters: str, cache: bool) -> Iterator[Slotted]:
    """A page laid out for any copy, and for further copies that do not fit, as where a paragraph gets longer.

    texts: for each mark of the page, those that stand in its place, one a copy. letters: those that words may have.

    Raises: SheetError where slots cannot be found again.
    """
    of_page, left, copy = [texts[number] for number in slots_of(page)], list(range(len(texts[0].codes))), None
    for _ in range(MOST_LAYOUTS):
        if left:

            def text(mark: int, copy: int | None = copy) -> str:
                return typical(texts[mark].at(0)) if copy is None else str(texts[mark].at(copy))

            yield (new := slotted(page, text, view, letters, cache=cache))
            fits = [all(pages) for pages in zip(*fill(new.layout, of_page, view), strict=True)]
            left = [each for each in left if not fits[each]]
            copy = left[0] if left else None


def filled_copies(
    laid: Sequence[Slotted], page: PrintPage, view: View, texts: PageTexts, count: int
) -> list[Filled | None]:
    """For each of the last copies, the first layout that it fits and what is filled in there, or None."""
    import numpy as np  # heavy

    fillings: list[Filled | None] = [None] * count
    domain = texts.domain
    for at, layout in enumerate(laid):
        left = [k for k, filled in enumerate(fillings) if filled is None]
        if left:
            of_left = Copies(domain.inner, len(left))
            copies = np.array(left) + domain.count - count
            marks = [texts[number].among(of_left, copies) for number in slots_of(page)]
            pages = ([copy and zlib.compress(copy) for copy in each] for each in fill(layout.layout, marks, view))
            said = {mark for base in layout.templates.values() for _, _, mark in base.said}
            alternative = {mark: marks[mark].tolist() for mark in said}
            for place, (k, copy) in enumerate(zip(left, zip(*pages, strict=True), strict=True)):
                if all(copy):
                    fillings[k] = at, copy, {mark: of_left[place] for mark, of_left in alternative.items()}
    return fillings


def copy_alone(pages: Pages, view: View, paper: Paper) -> Filled:
    """A copy that is laid out by itself: all of it is its own template."""
    layout = lay_out_copy(pages.printed(view, paper), lambda: pages.html(view, "print", paper))
    return template(layout, view), (zlib.compress(b""),) * (len(layout.pages) + 1), {}


def base_of(copy: Filled, laid: Sequence[Slotted], view: View) -> Template:
    """What a copy's PDF begins with."""
    layout = copy[0]
    return laid[layout].templates[view] if isinstance(layout, int) else layout
