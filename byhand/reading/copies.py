"""Copies of a class, printed again as the class prints them: one page, laid out once, and filled for each copy."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec.structs import replace

from byhand.classroom.plan import Plan
from byhand.classroom.roster import Student
from byhand.classroom.students import ClassPages, class_pages, pdf_of, student_copies
from byhand.errors import ByHandError
from byhand.press import face_of, fonts_of, has
from byhand.reading.page import Page
from byhand.reading.pdf import letters_of, opened, paper_of
from byhand.reading.ways import options_of, sheet_of
from byhand.secret import Secret
from byhand.witness.wiring import WIRINGS
from byhand.worksheet.asked import FIELDS, LARGE
from byhand.worksheet.views import Paper, View

CLASSES_KEPT = 4  # that are laid out
_OF_A_COPY = (
    "view",
    "hash",
    "student",
    "named",
    "moved",
    "tokens",
    FIELDS,
)  # what the pages of a class say differently
_END = b"%%EOF"
Class = tuple[Plan, ClassPages]
Kind = tuple[View, bool]  # of a copy's PDFs: its view, and whether it has fields
Said = tuple[tuple[str, str], ...]


def class_of(page: Page, content: bytes) -> Class:
    """The class of which a page is a copy, by what it says of itself. content: its PDF.

    Raises: ByHandError where there is no such class.
    """
    shared, more = content[: content.find(_END)], content.count(_END) > 1  # what all copies begin with
    said = tuple((name, value) for name, value in page.asked.items() if name not in _OF_A_COPY)
    return _class_of(said, page.secret, page.class_file, *printing_of(shared + _END if more else content))


def is_wired(class_: Class) -> bool:
    """Whether the witness has a wiring of its own for the model of a class, by which it judges each copy."""
    return class_[0].sheet.model.name in WIRINGS


def kind_of(page: Page) -> Kind:
    """Which of a copy's PDFs a page is.

    Raises: UnreadableError where it does not say that.
    """
    return page.view, page.has_fields


@lru_cache(CLASSES_KEPT)
def _class_of(said: Said, secret: Secret | None, class_file: bytes, paper: Paper, letters: str) -> Class:
    page = Page((), (), {**dict(said), "hash": "0000000"}, (), secret, class_file)
    options = replace(
        options_of(page), seed=page.seed, left_out={}, minutes=(), paper=paper, large=page.asked.get("large") == LARGE
    )
    sheet = sheet_of(page)
    if options.base == sheet.given(letters=False).config.softmax_base:  # nobody has asked for another
        options = replace(options, base=None)
    plan = Plan(sheet, options.on(sheet), letters)
    return plan, class_pages(plan)


@lru_cache(CLASSES_KEPT)
def printing_of(content: bytes) -> tuple[Paper, str]:
    """The paper of a class's PDF, and the letters of its names: those that each of its fonts for words has, if its
    face has them at all. The fonts of a picture are such, too, and some of their faces have few letters.
    """
    with opened(content) as file:
        held = fonts_of(file).values()
        known = [(face_of(font), {*letters_of(font.ToUnicode.read_bytes()).values()}) for font in held]
        usual = {*string.printable[:95]}
        of_words = [(face, alphabet) for face, alphabet in known if face and usual <= alphabet]
        some = {c for _, alphabet in of_words for c in alphabet if len(c) == 1}
        letters = {c for c in some if all(c in alphabet or not has(face, c) for face, alphabet in of_words)}
        return paper_of(file), "".join(sorted(usual | letters))


def copies_again(
    class_: Class, students: Sequence[Student], kinds: Sequence[Kind]
) -> Iterator[tuple[Student, Kind, bytes]]:
    """The PDF of every copy of these students, of these kinds, whose numbers the witness has judged, as far as there
    is one.
    """
    plan, pages = class_
    try:
        made = student_copies(plan, pages, students)
    except ByHandError:
        if len(students) > 1:  # one of them, whose name cannot be printed, keeps all from theirs
            for some in (students[::2], students[1::2]):
                yield from copies_again(class_, some, kinds)
        return
    yield from (
        (copy.student, (view, fields), pdf_of(copy, pages, view, fields)) for copy in made for view, fields in kinds
    )
