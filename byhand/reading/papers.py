"""Verify a paper's PDF: it is made again of the file and the options that it says, and all of it is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version

import msgspec
from msgspec.structs import replace

from byhand import __version__
from byhand.classroom.papers import copies_again
from byhand.classroom.roster import Student
from byhand.errors import ByHandError, UnreadableError
from byhand.formats import Setup
from byhand.formats.pdf import paper as bound_pdfs
from byhand.notation.number import shown
from byhand.options import OF_SECRET, Options
from byhand.options_file import options_of
from byhand.paper import HOLDS, ExamPaper, pages_of, paper_of
from byhand.reading.copies import printing_of
from byhand.reading.objects import pdf_difference
from byhand.reading.page import differences, student_in
from byhand.reading.pdf import printing, texts_of_pages
from byhand.reading.verdict import OTHER_FACE, SECRET_UNKNOWN, Verdict, unwired_of
from byhand.reading.ways import Judges, options_in
from byhand.secret import Secret
from byhand.worksheet.asked import as_text
from byhand.worksheet.looks import look_of
from byhand.worksheet.views import VIEWS, View

MOST_MOVED = 1_000  # sets of numbers, of which a class has some dozens


def is_paper(words: Mapping[str, str]) -> bool:
    """Whether a PDF that says this of itself is a paper."""
    return words.get("holds") == HOLDS


def judged(
    content: bytes, words: Mapping[str, str], judges: Judges, secret: Secret | None, class_file: bytes
) -> Verdict:
    """The verdict on a paper's PDF. words: what it says of itself. class_file: that of the class whose copy it is.

    Raises: UnreadableError where it cannot be made again.
    """
    paper, options, view = _asked(words, secret, class_file)
    if student := student_in(words):
        return _judged_copy(content, words, paper, options, view, student)
    try:
        pages = pages_of(paper, options)
        for page in pages:
            for judge in judges:
                judge(page.run)
        reprint = bound_pdfs(
            paper.of_pages(pages, options),
            pages,
            (view,),
            Setup(options.paper, large=options.large, look=options.look),
        )
    except ByHandError as error:
        raise UnreadableError(f"it cannot be made again as it says that it was: {error}") from None
    unwired = next((told for page in pages if (told := unwired_of(page.run))), "")
    about = f"{paper.name}, seed {words['seed']}, {view}: {len(pages)} sheets"
    return compared(content, reprint[f"{view}.pdf"], about, unwired, look_of(options.look).face)


def _judged_copy(
    content: bytes, words: Mapping[str, str], paper: ExamPaper, options: Options, view: View, student: Student
) -> Verdict:
    """The verdict on the paper of a student, whose numbers the witness judges when they are made again.

    Raises: UnreadableError where it cannot be made again.
    """
    if words["seed"] == OF_SECRET and not options.secret:
        raise UnreadableError(f"{SECRET_UNKNOWN}; name it with --secret")
    try:
        moved = [int(count) for count in words.get("moved", "").split(",")]
        if not all(0 <= count <= MOST_MOVED for count in moved):
            raise UnreadableError(f"it says that numbers are moved on by {max(moved, key=abs)}")
        reprint = copies_again(paper, options, student, moved, printing_of(content)[1])(view)
    except (ByHandError, ValueError) as error:
        raise UnreadableError(f"it cannot be made again as it says that it was: {error}") from None
    about = f"{paper.name} of {student.whose}, seed {words['seed']}, {view}: {len(paper.parts)} sheets"
    return compared(content, reprint, about, face=look_of(options.look).face)


def compared(content: bytes, reprint: bytes, about: str, unwired: str = "", face: str = "") -> Verdict:
    """The verdict on a PDF that should be the same as a reprint. face: of its look, if that has one of its own.

    Raises: UnreadableError where its texts are those of the reprint, and something else is not.
    """
    difference = pdf_difference(content, reprint)
    if not difference:
        return Verdict(about, unwired=unwired)
    if faults := tuple(_faults(content, reprint)):
        return Verdict(about, faults, unwired=unwired)
    layout, here = printing(content)[1], f"WeasyPrint {version('weasyprint')}"
    if layout != here and layout.startswith("WeasyPrint "):
        return Verdict(about, alone=f"{shown(layout)} laid it out, and this is {here}", unwired=unwired)
    if face:
        return Verdict(about, alone=OTHER_FACE.format(face), unwired=unwired)
    raise UnreadableError(f"it was changed: {difference}")


def _faults(content: bytes, reprint: bytes) -> Iterator[str]:
    """Where a PDF says something else than its reprint, page by page."""
    theirs, ours = texts_of_pages(content), texts_of_pages(reprint)
    if len(theirs) != len(ours):
        yield f"it has {len(theirs)} pages; what it says of itself makes {len(ours)}"
        return
    for number, (text, expected) in enumerate(zip(theirs, ours, strict=True), 1):
        for found, right in differences(text, expected):
            yield f"page {number}: the page has {found or 'nothing'}; its givens make {right or 'nothing there'}"


def _asked(words: Mapping[str, str], secret: Secret | None, class_file: bytes) -> tuple[ExamPaper, Options, View]:
    """The paper, the options and the view that a PDF says that it was made of.

    Raises: UnreadableError.
    """
    if words.get("version") != __version__:
        raise UnreadableError(f"byhand {shown(words.get('version', ''))} made it, and this is {__version__}")
    of_class = class_file if words.get("own") == "yes" and words.get("student") else b""
    if words.get("own") == "yes" and not of_class:
        told = "it was made with an answer or numbers of somebody's own, which it does not tell"
        raise UnreadableError(f"{told}; verify the pages and the run.json of its sheets")
    try:
        paper = paper_of(as_text(words["name"]), as_text(words["file"]))
        said = options_of(msgspec.json.decode(as_text(words["options"]), type=dict), "it")
        options = options_in(of_class) if of_class else said
        view = VIEWS[VIEWS.index(words["view"])]
    except (KeyError, ValueError, msgspec.DecodeError, ByHandError) as error:
        raise UnreadableError(f"it does not say of which paper it is: {error}") from None
    return paper, replace(options, secret=secret if words.get("seed") == OF_SECRET else None), view
