"""What Firefox saves of a form that was filled in is marked: every answer is read back, and the key is all right."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from every_sheet import FULL, ORDER, made

from byhand.formats import Setup
from byhand.formats.pdf import filled_form
from byhand.marking.marker import Marker
from byhand.page.page import lower
from byhand.reading.forms import filled_in
from byhand.worksheet.asked import field_name

PDFJS = Path(os.environ.get("PDFJS", Path(__file__).parents[2] / ".formats" / "node_modules" / "pdfjs-dist"))
NODE = shutil.which("node")
SHEETS = [*ORDER][::2]  # each file has an identifier of random bytes, of which one in eight has a #
WORDS = "“Sums” of 1 – das heißt: Σ = 1; (κατά) \\ 合計."


def answers(document):
    """The key, and words where words are asked for."""
    cells = {blank.id: blank.cell.text for blank in document.blanks()}
    return cells | {reply.id: reply.right if reply.options else WORDS for reply in document.replies()}


@pytest.mark.skipif(not FULL, reason="make test-formats fills forms in with pdf.js")
@pytest.mark.skipif(
    NODE is None or not PDFJS.exists(), reason="pdf.js is not installed; make test-formats installs it"
)
def test_what_firefox_saves_is_marked(tmp_path):
    todo = []
    for sheet in SHEETS:
        document, run = made(sheet, 1)
        form = tmp_path / f"{sheet}.pdf"
        form.write_bytes(filled_form(lower(document, run), Setup()))
        fields = {field_name(name): text for name, text in answers(document).items()}
        todo.append({"from": str(form), "to": str(tmp_path / f"{sheet}-saved.pdf"), "answers": fields})
    script = Path(__file__).with_name("fill_form.mjs")
    subprocess.run([NODE, script, PDFJS], input=json.dumps(todo), text=True, check=True, capture_output=True)
    for sheet in SHEETS:
        document, run = made(sheet, 1)
        (form,) = filled_in((tmp_path / f"{sheet}-saved.pdf").read_bytes()).values()
        assert form.answers == answers(document), sheet
        marks = Marker.of(document, run).mark(form.answers)
        assert (marks.points, {mark.verdict for mark in (*marks.blanks, *marks.choices)}) == (
            marks.worth,
            {"right"},
        ), sheet
