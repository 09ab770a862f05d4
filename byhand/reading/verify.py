"""Verify a file: a printed page is read, its givens are run and printed again, and compared; a run.json is judged."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from byhand.classroom.again import CLASS_FILE
from byhand.errors import ByHandError, UnreadableError
from byhand.reading.back import Again, with_givens_of_page
from byhand.reading.fields import misfilled
from byhand.reading.look import check_markup, numbers_alone
from byhand.reading.page import Page, read_html
from byhand.reading.remade import judged
from byhand.reading.verdict import Finding, Verdict, unwired_of
from byhand.reading.ways import Judges, Reprint, way_of
from byhand.secret import Secret
from byhand.witness.judge import judge

LARGEST_PRINTED_FILE = 50_000_000  # bytes


def verify(path: Path | str, *, onnx: bool = False, secret: Secret | None = None) -> Verdict:
    """Judge a worksheet, key or worked file, HTML or PDF, or a run.json; with `onnx`, by ONNX's reference, too.

    secret: that of the class that a page is of.

    Raises: UnreadableError where it is none of these; ExtraError.
    """
    path = Path(path)
    judges: Judges = [judge]
    if onnx:
        from byhand.formats import onnx as graph

        judges = [judge, graph.compare]
    content = content_of(path)
    if path.suffix.lower() == ".json":
        return judged(_text(content), judges, secret)
    class_file = class_file_of(path)
    if content.startswith(b"%PDF"):
        _check_name(path, "a PDF", ".pdf")
        return _drawn(content, judges, secret, class_file)
    html = _text(content)
    if path.suffix.lower() not in ("", ".html", ".htm") and not html.lstrip().startswith("<"):
        raise UnreadableError("it is no HTML, no PDF and no run.json, which are what byhand verify reads")
    _check_name(path, "HTML", ".html", ".htm")
    return _written(html, judges, secret, class_file)


def _check_name(path: Path, what: str, *endings: str) -> None:
    """Check that other programs, which go by a file's name, read it as what it is: a PDF can be HTML, too.

    Raises: UnreadableError.
    """
    if path.suffix.lower() not in ("", *endings):
        raise UnreadableError(
            f"it is {what}, and its name ends in {path.suffix}; rename it, so that it ends in {endings[0]}"
        )


def class_file_of(path: Path) -> bytes:
    """The file of the class in whose folder a copy lies; nothing where there is none."""
    try:
        return (path.resolve().parent.parent / CLASS_FILE).read_bytes()
    except OSError:
        return b""


def _drawn(content: bytes, judges: Judges, secret: Secret | None, class_file: bytes) -> Verdict:
    """Judge a PDF."""
    from byhand.reading.drawing import check_drawing, is_copy
    from byhand.reading.packing import check_packing
    from byhand.reading.papers import is_paper
    from byhand.reading.papers import judged as judged_paper
    from byhand.reading.pdf import read_pdf, words_in

    if is_paper(words := words_in(content)):
        return judged_paper(content, words, judges, secret, class_file)
    page = read_pdf(content).knowing(secret, class_file)
    alone = numbers_alone(page)
    if not alone and judges == [judge] and is_copy(content, page):  # whose numbers the witness has judged
        return Verdict(_about(page))
    again, faults = _judged(way_of(page, "print", judges))
    if not faults:
        if alone:
            check_packing(content)
        else:
            alone = check_drawing(content, again)
    return Verdict(_about(page), faults, alone, unwired=unwired_of(again.printed.run))


def _written(html: str, judges: Judges, secret: Secret | None, class_file: bytes) -> Verdict:
    """Judge an HTML page, and what is filled in on it."""
    page = read_html(html).knowing(secret, class_file)
    alone = numbers_alone(page)
    again, faults = _judged(way_of(page, "screen", judges))
    beside = ""
    if not faults and not alone:
        beside = check_markup(html, again)
        if page.view == "worksheet":
            faults = tuple(misfilled(html, partial(again.pages.html, "key", "screen")))
    return Verdict(_about(page), faults, alone, beside, unwired_of(again.printed.run))


def _judged(way: Reprint) -> tuple[Again, tuple[str, ...]]:
    """A page made of the page's givens, and the differences from it."""
    first = way.first
    if first.as_printed and first.words == first.printed.words:  # of which the hash has the tokens only
        return first, tuple(first.problems())
    try:
        first = with_givens_of_page(first, way.printer)
        faults = tuple(first.problems())
    except UnreadableError:
        raise
    except ByHandError as error:
        faults = (f"the page's givens cannot be worked with: {error}",)
    if faults and (hidden := first.hidden()):
        names = ", ".join(hidden[:3]) + " …" * (len(hidden) > 3)
        other = "it with the secret of its class" if first.page.secret_unknown else "its run.json"
        raise UnreadableError(f"its numbers come from {names}, which it does not print; verify {other}")
    return first, faults


def report(path: Path | str, *, onnx: bool = False, secret: Secret | None = None) -> tuple[list[str], Finding]:
    """The lines to print about a file, what it is and each fault; and what it is found to be.

    Raises: ExtraError.
    """
    try:
        verdict = verify(path, onnx=onnx, secret=secret)
    except UnreadableError as error:
        return [f"{Finding.UNREADABLE.word}: {error}"], Finding.UNREADABLE
    return [verdict.line, *verdict.faults], verdict.finding


def _about(page: Page) -> str:
    """What a file is."""
    numbers = sum(bool(re.search(r"\d", text)) for table in page.tables for row in table.rows for text in row)
    return f"{page.foot.sheet}, seed {page.foot.seed}, {page.view}: {numbers} cells with numbers"


def content_of(path: Path) -> bytes:
    """The bytes of a file.

    Raises: UnreadableError where there are none, or too many for a page of ours.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_PRINTED_FILE + 1)
    except OSError as error:
        raise UnreadableError(f"it cannot be read: {error.strerror or error}") from None
    if not content:
        raise UnreadableError("it is empty")
    if len(content) > LARGEST_PRINTED_FILE:
        raise UnreadableError(f"it has over {LARGEST_PRINTED_FILE // 1_000_000} MB; no page of ours is as long")
    return content


def _text(content: bytes) -> str:
    try:
        return re.sub("\r\n?", "\n", content.decode("utf-8-sig"))  # as a browser reads them
    except UnicodeDecodeError:
        raise UnreadableError("it is neither HTML nor PDF nor a run.json") from None
