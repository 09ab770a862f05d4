"""Redraws the pictures of docs/: a page and its key (page.png), a marked page, the report of a class, questions as
Moodle shows them, which takes Chromium, a spreadsheet, which takes LibreOffice, LaTeX, which takes pdflatex, and a
notebook, which takes Jupyter's nbclient and nbconvert.
"""

import io
import os
import random
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import canvas_preview
import pypdfium2
import qti_preview
from moodle_preview import draw, preview
from notebook_preview import preview as notebook_page
from PIL import Image
from spreadsheet_preview import filled_in, printed

from byhand.arrange import arrange
from byhand.choose import choose
from byhand.formats import Setup
from byhand.formats.canvas import canvas
from byhand.formats.moodle import moodle
from byhand.formats.notebook.notebook import notebook
from byhand.formats.pdf import filled
from byhand.formats.qti import THREE, qti
from byhand.formats.written.latex import latex
from byhand.formats.xlsx.workbook import workbook
from byhand.marking.marked_page import MarkedPages
from byhand.marking.marker import Marker
from byhand.marking.marks import Marks
from byhand.marking.report import Report
from byhand.marking.tally import Tally
from byhand.notation.text import value_text
from byhand.options import Options
from byhand.page.page import lower
from byhand.runs import Run
from byhand.worksheet.document import Document
from byhand.worksheet.sheet import load_sheet

DPI, GAP = 96, 16
DOCS = Path(__file__).resolve().parent.parent / "docs"
SHEET = "attention-head"
AT = "blocks.0.attn."
NAMES = (
    "Amara", "Anton", "Bea", "Carlos", "Chen", "Dilek", "Elif", "Farid", "Greta", "Hana", "Ines", "Jonas", "Kofi",
    "Leila", "Mira", "Nils", "Olga", "Rasmus", "Sara", "Tomás", "Ugo", "Wanda", "Yusuf", "Zoë",
)  # fmt: skip


def page(pdf: bytes, number: int) -> Image.Image:
    """One page of a PDF as a picture."""
    return pypdfium2.PdfDocument(pdf)[number - 1].render(scale=DPI / 72).to_pil()


def save(name: str, *pages: Image.Image) -> None:
    """Pages side by side as a file of docs/."""
    width, height = pages[0].size
    picture = Image.new("RGB", (len(pages) * (width + GAP) - GAP, height), "#d8d8d8")
    for i, image in enumerate(pages):
        picture.paste(image.convert("RGB"), (i * (width + GAP), 0))
    DOCS.mkdir(exist_ok=True)
    picture.quantize(64).save(DOCS / name, optimize=True)


def followed(marker: Marker, slips: Mapping[str, str], name: str) -> Marks:
    """The marks of a student with these answers, who goes on from them in all others."""
    answers = {blank.id: blank.cell.text for blank in marker.rules.document.blanks()} | slips
    while True:
        marks = marker.mark(answers, name, name)
        own = {mark.id: mark.followed for mark in marks.blanks if mark.note and mark.id not in slips}
        if not own:
            return marks
        answers |= own


# a student who has a sign wrong, goes on from it, and then divides by the sums of the columns
IN_A_NOTEBOOK = {
    "S": "S = array([\n    [-2, 2, 0],\n    [ 4, 0, 2],\n    [ 0, 2, 2],\n])",
    "M": "M = S / 2",
    "P": "P = 2.0 ** M.astype(float)",
    "s": "s = P.sum(axis=1, keepdims=True)",
    "A": "A = P / P.sum(axis=0)",
}


def typeset(tex: bytes) -> bytes:
    """A LaTeX file as pdflatex prints it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sheet.tex").write_bytes(tex)
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
        return Path(folder, "sheet.pdf").read_bytes()


def platforms(document: Document, run: Run) -> None:
    """A quiz for Canvas, and in the player that BYHAND_QTI_PLAYER names, items in QTI."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "package.zip"
        package.write_bytes(canvas(lower(document, run)))
        quiz = Image.open(io.BytesIO(draw(canvas_preview.preview(package, key=True), height=2400)))
        save("formats-canvas.png", quiz.crop((0, 1290, 1000, 2400)))
        if player := os.environ.get("BYHAND_QTI_PLAYER"):
            package.write_bytes(qti(lower(document, run), THREE))
            items = Image.open(io.BytesIO(draw(qti_preview.preview(package, Path(player), key=True))))
            save("formats-qti.png", items.crop((0, 380, 1000, 1500)))


def main() -> None:
    """Draw the pictures."""
    sheet = load_sheet(SHEET)
    options = Options().on(sheet)
    document, run = arrange(sheet, choose(sheet, options)[0], options)
    marker = Marker.of(document, run)
    ids = {blank.cell.place: blank.id for blank in document.blanks() if blank.role == "ask"}
    powers, raw = (run.values(f"{AT}{name}[0]") for name in ("hook_pattern.exp", "scores_raw"))
    sums = [value_text(sum(column)) for column in zip(*powers, strict=True)]
    of_columns = {ids[f"{AT}hook_pattern.sum[0]", i, 0]: text for i, text in enumerate(sums)}
    not_divided = {
        ids[f"{AT}hook_attn_scores[0]", i, j]: value_text(x) for i, row in enumerate(raw) for j, x in enumerate(row)
    }
    score = {ids[f"{AT}scores_raw[0]", 1, 2]: "4", ids[f"{AT}hook_attn_scores[0]", 0, 2]: ""}
    one = followed(marker, of_columns | score, "Mira Lindqvist")
    rnd, tally = random.Random(11), Tally()
    for k, name in enumerate(NAMES):
        slips = dict({5: of_columns, 11: of_columns, 17: of_columns, 8: not_divided}.get(k, {}))
        for blank in rnd.sample(document.blanks(), rnd.choice((0, 0, 1, 1, 2))):
            if blank.role == "ask" and blank.cell.text.lstrip("−").isdecimal():
                slips[blank.id] = str(-int(blank.cell.text.replace("−", "-"))) if rnd.random() < 0.6 else "3"
        if k in (4, 20):
            slips |= {blank.id: "" for blank in document.blanks()[30:]}
        tally.add(followed(marker, slips, name))
    worksheet, key = (filled(lower(document, run), view, Setup()) for view in ("worksheet", "key"))
    save("page.png", page(worksheet, 1), page(key, 2))
    marked = MarkedPages(lower(document, run)).pdf(one, one.name)
    save("marked-page.png", page(marked, 1), page(marked, 2))
    save("report.png", page(Report(document, tally).pdf(), 1))
    slip = followed(marker, {f"1/ask/{AT}scores_raw[0]/2,2": "4"}, "Mira Lindqvist")
    answers = {mark.id: mark.answer for mark in slip.blanks if not mark.id.startswith("5/ask")}
    sheet_of_one = printed(filled_in(workbook(lower(document, run), Setup()), answers))
    save("formats-xlsx.png", page(sheet_of_one, 1).crop((0, 0, 794, 960)))
    save("formats-moodle.png", Image.open(io.BytesIO(draw(preview(moodle(lower(document, run)), key=True)))))
    platforms(document, run)
    shown = notebook_page(notebook(lower(document, run), "worksheet", Setup()), IN_A_NOTEBOOK)
    drawn = Image.open(io.BytesIO(draw(shown, 1000, 2200)))
    save("formats-ipynb.png", drawn.crop((0, 560, 1000, 2060)))
    save(
        "formats-tex.png",
        *(page(typeset(latex(lower(document, run), view, Setup())), 1) for view in ("worksheet", "key")),
    )


if __name__ == "__main__":
    main()
