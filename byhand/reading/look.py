"""Whether a page shows nothing but what byhand prints: it is printed again, and only what is filled in may differ."""

from __future__ import annotations

import re
from importlib.metadata import version

from byhand import __version__
from byhand.errors import ByHandError, UnreadableError
from byhand.formats import Paper
from byhand.formats.html.page import PAPERS
from byhand.formats.pdf import printed
from byhand.notation.number import shown
from byhand.reading.back import Again
from byhand.reading.copies import class_of, copies_again
from byhand.reading.markup import markup_difference
from byhand.reading.objects import pdf_difference
from byhand.reading.page import Page
from byhand.reading.pdf import printing
from byhand.worksheet.sheet import own_templates

_FONT = re.compile(r"data:font/[A-Za-z0-9;,+/=]*")


def numbers_alone(page: Page) -> str:
    """Why a page cannot be printed here as it was there, so that its numbers alone are judged; empty where it can."""
    if page.foot.version != __version__:
        return f"byhand {page.foot.version} made it, and this is {__version__}"
    if page.secret_unknown:
        return "it is of a class with a secret, which is not given"
    if page.asked.get("templates", "") != own_templates():
        return "it was not printed with the templates that are in use here"
    return ""


def check_look(content: bytes, again: Again) -> str:
    """Compare all of a page with its reprint; what is to be said of it.

    Raises: UnreadableError where it shows or holds something else.
    """
    return _check_drawn(content, again) if again.medium == "print" else _check_markup(content, again)


def is_copy(content: bytes, page: Page) -> bool:
    """Whether a PDF is the copy of a class that it says it is, as the class printed it of judged numbers."""
    try:
        return bool(page.student) and not _copy_difference(content, page)
    except ByHandError:
        return False


def _copy_difference(content: bytes, page: Page) -> str:
    """The first difference of a PDF from the copy of a class that it says it is; empty where there is none.

    Raises: ByHandError where there is no such class.
    """
    made = copies_again(class_of(page, content), [page.student] if page.student else [])
    reprint = next((pdf for _, view, pdf in made if view == page.view), None)
    if reprint is None:
        raise UnreadableError("no class has such a copy")
    return pdf_difference(content, reprint)


def _check_drawn(content: bytes, again: Again) -> str:
    page, (paper, layout) = again.page, printing(content)
    if page.student:
        difference = _copy_difference(content, page)
    else:
        difference = pdf_difference(content, printed(again.html(paper)))
    here = f"WeasyPrint {version('weasyprint')}"
    if difference and layout != here and layout.startswith("WeasyPrint "):
        return f"; {shown(layout)} laid it out, and this is {here}, so its numbers alone are judged"
    if difference:
        raise UnreadableError(f"it was changed: {difference}")
    return ""


def _check_markup(content: bytes, again: Again) -> str:
    page = content.decode("utf-8-sig")
    paper: Paper = "letter" if str(PAPERS["letter"]["size"]) in page else "a4"
    reprint = again.html(paper)
    if difference := markup_difference(page, reprint):
        if not markup_difference(*(_FONT.sub("", each) for each in (page, reprint))):
            difference = (
                "its fonts are not those that are built here, as where other versions of fonttools are installed"
            )
        raise UnreadableError(f"it was changed: {difference}")
    return ""
