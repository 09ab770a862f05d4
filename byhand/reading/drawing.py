"""Whether a PDF shows nothing but what byhand prints: it is printed again, by itself or as the copy of a class."""

from __future__ import annotations

from importlib.metadata import version

from byhand.errors import ByHandError, UnreadableError
from byhand.formats import Setup
from byhand.formats.pdf import filled, filled_form
from byhand.notation.number import shown
from byhand.page.page import lower
from byhand.reading.back import Again
from byhand.reading.copies import class_of, copies_again, is_wired, kind_of
from byhand.reading.forms import filled_in
from byhand.reading.objects import pdf_difference
from byhand.reading.page import Page
from byhand.reading.pdf import printing
from byhand.reading.verdict import OTHER_FACE
from byhand.worksheet.looks import look_of


def is_copy(content: bytes, page: Page) -> bool:
    """Whether a PDF is the copy of a class that it says it is, as the class printed it of judged numbers."""
    try:
        return bool(page.student) and is_wired(class_of(page, content)) and not _copy_difference(content, page)
    except ByHandError:
        return False


def check_drawing(content: bytes, again: Again) -> str:
    """Compare all of a PDF with its reprint; why its numbers alone are judged, where it is not laid out as here.

    Raises: UnreadableError where it shows or holds something else.
    """
    page, (paper, layout) = again.page, printing(content)
    reprint = lower(again.printed.document, again.printed.run)
    if page.has_fields:
        _check_empty(content)
    if page.student:
        difference = _copy_difference(content, page)
    elif page.has_fields:
        difference = pdf_difference(content, filled_form(reprint, Setup(paper)))
    else:
        difference = pdf_difference(content, filled(reprint, page.view, Setup(paper)))
    here = f"WeasyPrint {version('weasyprint')}"
    if difference and layout != here and layout.startswith("WeasyPrint "):
        return f"{shown(layout)} laid it out, and this is {here}"
    if difference and (face := look_of(reprint.document.look).face):
        return OTHER_FACE.format(face)
    if difference:
        raise UnreadableError(f"it was changed: {difference}")
    return ""


def _check_empty(content: bytes) -> None:
    """Check that nothing is filled in on a form.

    Raises: UnreadableError.
    """
    if any(answer for form in filled_in(content).values() for answer in form.answers.values()):
        raise UnreadableError("it is filled in, and so no longer as byhand wrote it; byhand mark says what is right")


def _copy_difference(content: bytes, page: Page) -> str:
    """The first difference of a PDF from the copy of a class that it says it is; empty where there is none.

    Raises: ByHandError where there is no such class.
    """
    students = [page.student] if page.student else []
    made = copies_again(class_of(page, content), students, [kind_of(page)])
    reprint = next((pdf for *_, pdf in made), None)
    if reprint is None:
        raise UnreadableError("no class has such a copy")
    return pdf_difference(content, reprint)
