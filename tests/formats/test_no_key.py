"""What is handed to students holds no answer that the page does not print: neither seen, nor hidden, nor packed."""

import base64
import binascii
import html
import io
import re
import zipfile
from collections.abc import Iterator

import pikepdf
import pytest
from every_sheet import FULL
from office import SOFFICE, printed
from pypdf import PdfReader

from byhand.formats import OWN
from byhand.options import Options
from byhand.pipeline import generate, prepare
from byhand.worksheet.folders import shipped
from byhand.worksheet.sheet import load_sheet

# numbers whose products no other number of a file is
VALUES = {"inputs": {
    "A": [[1009, 1013, 1019], [1021, 1031, 1033], [1039, 1049, 1051]],
    "B": [[1061, 1063, 1069], [1087, 1091, 1093], [1097, 1103, 1109]],
    "other.A": [[1117, 1123, 1129], [1151, 1153, 1163]], "other.B": [[1171, 1181], [1187, 1193], [1201, 1213]],
}}  # fmt: skip
FORMATS = tuple(
    name for name, each in OWN.items() if each.minds_feedback and name != "json"
)  # that is the run itself
WITH_ANSWERS = ("worksheet.xlsx", "exam.tex", "page.json")  # unless there is no feedback, as docs/formats.md says
_GROUPED = re.compile(r"(?<=\d)(?:[,\u2009\u202f]|\{,\}|\\,)(?=\d{3})")


def parts(content: bytes) -> Iterator[bytes]:
    """A file, and all that is packed in it."""
    yield content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield from parts(packed.read(name))
    if content.startswith(b"%PDF"):
        with pikepdf.open(io.BytesIO(content)) as file:
            yield from (
                each.read_bytes() if isinstance(each, pikepdf.Stream) else repr(each).encode()
                for each in file.objects
            )
        yield " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).encode()
    for found in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", content):
        try:
            yield base64.b64decode(found)
        except binascii.Error:
            continue


def held(content: bytes, answers: set[str]) -> set[str]:
    """Which of these answers a file holds."""
    found = set[str]()
    for part in parts(content):
        text = html.unescape(part.decode("utf-8", "replace")).replace("\\u2212", "−")
        numbers = {*re.findall(r"\d+", _GROUPED.sub("", text))}
        spaced = " ".join(text.split())
        found |= {answer for answer in answers if answer in numbers or (" " in answer and answer in spaced)}
    return found


def made(folder, **asked):
    """The files for students, and the sheet's answers that it does not print."""
    options = Options(values=VALUES, views=("worksheet",), formats=FORMATS, cache=False, **asked)
    document, _ = prepare(load_sheet("matrix-product"), options)
    answers = {_GROUPED.sub("", blank.cell.text) for blank in document.blanks()}
    answers |= {reply.right for reply in document.replies() if not reply.options}
    files = {path.name: path.read_bytes() for path in generate("matrix-product", options, folder)}
    unprinted = {answer for answer in answers if len(answer) > 5} - held(files["worksheet.txt"], answers)
    assert sum(map(str.isdecimal, unprinted)) > 10
    assert sum(" " in answer for answer in unprinted) > 3
    return files, unprinted


@pytest.mark.parametrize("feedback", [True, False])
def test_no_file_for_students_holds_an_answer(feedback, tmp_path):
    files, answers = made(tmp_path, feedback=feedback)
    for name, content in files.items():
        found = held(content, answers)
        if name in WITH_ANSWERS and feedback:
            assert len(found) > 3, name  # so they would be found elsewhere, too
        else:
            assert not found, name


def test_a_table_that_the_press_leaves_to_weasyprint_has_no_answers_on_a_worksheet(folder):
    """A note with a word of the run is one that the press does not set."""
    text = (shipped() / "worksheets/attention-head.md").read_text(encoding="utf-8")
    note = 'note="the mixture"'
    assert text.count(note) == 1
    (folder / "worksheets/attention-head.md").write_text(text.replace(note, 'note="that of {{ tokens[0] }} ∎"'))
    files = {path.name: path for path in generate("attention-head", Options(formats=("pdf",)), folder / "out")}
    worksheet, key = (
        " ".join(page.extract_text() for page in PdfReader(files[name]).pages)
        for name in ("worksheet.pdf", "key.pdf")
    )
    assert "that of birds ∎" in worksheet
    assert "4/7" in key
    assert "4/7" not in worksheet


@pytest.mark.skipif(not (FULL and SOFFICE), reason="make test-formats prints spreadsheets with LibreOffice")
def test_libreoffice_prints_no_answer_of_a_spreadsheet(tmp_path):
    files, answers = made(tmp_path)
    (pdf,) = printed({"worksheet": files["worksheet.xlsx"]}, tmp_path / "office").values()
    assert not held(pdf, answers)
