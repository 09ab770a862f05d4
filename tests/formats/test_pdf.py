"""The page on paper: nothing overflows or overlaps, sheet and key break alike, and the text can be read back."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
import tempfile
from functools import cache

import pytest
from beside_blanks import beside, pages_among
from every_sheet import FEW, FULL, a_share, in_turn
from kinds import kinds_and_run
from page_layout import MM, apart, boxes, drawn, fits, inside, laid_out, roomy
from pypdf import PdfReader
from without_pango import WITHOUT_PANGO

from byhand.errors import OutputError, SheetError
from byhand.formats.html.page import PAPERS, Pages
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.press import engine
from byhand.press.printing import pdf
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.views import VIEWS

SHEETS = sorted(sheet_files())
EXACT, DECIMAL, SYMBOLIC = ("exact", None), ("decimal", "e"), ("symbolic", None)
TO_FILL = ("worksheet", "key")
BOTH_PAPERS = SHEETS if FULL else (*FEW, "gpt", "linear-attention")
# every second one has its worksheet in rows, the others in columns; these have a key and worked lines, too
WITH_KEY, WITH_WORKED = (SHEETS,) * 2 if FULL else (SHEETS[::6], SHEETS[2::12])
COMBINATIONS = [
    *((sheet, "rows", EXACT, VIEWS if sheet in WITH_WORKED else TO_FILL if sheet in WITH_KEY else ("worksheet",)) for sheet in a_share(SHEETS)),
    *((sheet, "columns", EXACT, TO_FILL if FULL else ("worksheet",)) for sheet in a_share(SHEETS, 4, 1)),
    ("attention-head", "columns", EXACT, VIEWS),
    *(("attention-head", orientation, numbers, TO_FILL) for orientation in ("rows", "columns") for numbers in (DECIMAL, SYMBOLIC)),
    ("gpt", "columns", DECIMAL, TO_FILL),
    ("gpt", "rows", SYMBOLIC, TO_FILL),
]  # fmt: skip


KINDS = [("exact", "easy"), ("decimal", "stretch"), ("symbolic", "standard")]  # of numbers, and their levels


@pytest.mark.parametrize(("kind", "way"), in_turn(("rows", "a4"), ("columns", "letter"), among=KINDS), ids=str)
def test_every_kind_of_question_keeps_within_its_bounds(kind, way, caplog):
    (numbers, level), (orientation, paper) = kind, way
    caplog.set_level(logging.WARNING)
    fits(Pages(lower(*kinds_and_run(orientation=orientation, numbers=numbers, level=level, seed=0))), paper)
    assert not caplog.records, [r.getMessage() for r in caplog.records]


@cache
def pages(sheet, orientation="rows", numbers="exact", base=None):
    return Pages(lower(*prepare(load_sheet(sheet), Options(orientation=orientation, numbers=numbers, base=base))))


@pytest.mark.parametrize(("sheet", "orientation", "numbers", "views"), COMBINATIONS)
def test_nothing_overflows_and_key_and_papers_break_like_the_sheet(sheet, orientation, numbers, views, caplog):
    """And no answer stands beside its blank. On both papers only few sheets: they share an area, and nothing else depends on the paper."""
    caplog.set_level(logging.WARNING)
    source = pages(sheet, orientation, *numbers)
    a4 = fits(source, "a4", views, just=(orientation, numbers) == ("rows", EXACT))
    for page in a4.pages:
        roomy(page)
    if numbers == EXACT:
        assert [*beside(source.d, source.page.run, pages_among(source.d, a4.pages))] == []
    if (orientation, numbers) == ("rows", EXACT) and sheet in BOTH_PAPERS:
        letter = drawn(laid_out(source.printed("worksheet", "letter")))
        for (text, *here), (other, *there) in zip(places(a4, "a4"), places(letter, "letter"), strict=True):
            assert text == other
            assert here == pytest.approx(there, abs=0.5), text
    assert not caplog.records, [r.getMessage() for r in caplog.records]


def places(document, paper):
    """What stands on which page, and how far from the area that all papers share."""
    side, first, later = (PAPERS[paper][name] * MM for name in ("side", "top", "later"))
    return [
        (getattr(box, "text", ""), n, box.position_x - side, box.position_y - (later if n else first))
        for n, page in enumerate(document.pages)
        for box in boxes(page)
        if type(box).__name__ in ("TextBox", "TableBox")
    ]


def test_all_papers_share_an_area():
    areas = []
    for paper in PAPERS.values():
        width, height = (float(side.removesuffix("mm")) for side in paper["size"].split())
        areas.append((width - 2 * paper["side"], height - paper["later"] - paper["bottom"]))
    assert areas[0] == pytest.approx(areas[1])


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_long_words_do_not_cover_each_other(orientation):
    values = {"tokens": ["extraordinarily", "long", "vocabulary"]}
    document, run = prepare(load_sheet("attention-head"), Options(orientation=orientation, values=values))
    for page in drawn(laid_out(Pages(lower(document, run)).printed("key"))).pages:
        inside(page, PAPERS["a4"])
        apart(page)


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_long_numbers_do_not_cover_each_other(orientation):
    weights = {"linear.W": [["1234/8", 2, 3], [4, -5, 1234567], ["-7/6541", 0, 9], [0, 0, 1]]}
    document, run = prepare(load_sheet("linear-layer"), Options(orientation=orientation, values={"weights": weights}))
    for page in drawn(laid_out(Pages(lower(document, run)).printed("key"))).pages:
        inside(page, PAPERS["a4"])
        apart(page)


@pytest.mark.parametrize(("seed", "paper"), [(0, "a4"), (1, "letter"), (2, "a4"), (3, "letter")])
def test_one_head_is_one_leaf(seed, paper):
    document, run = prepare(load_sheet("attention-head"), Options(seed=seed))
    assert len(laid_out(Pages(lower(document, run)).printed("key", paper)).pages) == 2


@cache
def printed(sheet, view):
    return pdf(pages(sheet).printed(view))


def test_the_same_page_gives_the_same_bytes():
    assert printed("attention-head", "key") == pdf(pages("attention-head").printed("key"))


def test_a_pdf_is_tagged_and_says_what_it_is():
    reader = PdfReader(io.BytesIO(printed("attention-head", "key")))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert reader.metadata.title == "One attention head (key)"
    assert b"pdfuaid" in root["/Metadata"].get_data()


@pytest.mark.parametrize(
    ("sheet", "view"), in_turn("worksheet", "key", among=SHEETS if FULL else ("cross-entropy", "attention-head"))
)
def test_a_pdf_holds_no_other_faces_than_ours(sheet, view):
    reader = PdfReader(io.BytesIO(printed(sheet, view)))
    fonts = {font["/BaseFont"] for page in reader.pages for font in page["/Resources"]["/Font"].get_object().values()}
    assert fonts
    assert all("+byhand-" in name for name in fonts)


def test_the_answers_are_read_back_from_the_pdf():
    reader = PdfReader(io.BytesIO(printed("attention-head", "key")))
    text = "\n".join(page.extract_text() for page in reader.pages)
    for answer in ("4/7", "1/7", "2/7", "1/2", "7/2"):
        assert answer in text
    assert re.search(r"page 2 of 2", text)


def test_a_page_that_asks_for_a_file_is_refused():
    with pytest.raises(
        SheetError, match="a template asks for 'file:///etc/passwd'; it may use no files but the fonts"
    ):
        pdf('<html lang="en"><title>t</title><img alt="x" src="file:///etc/passwd">')


@pytest.mark.parametrize(
    "asked",
    [
        ("generate", "shapes", "--format", "pdf", "--no-cache"),
        ("class", "dot-product", "--anonymous", "2"),
        *([("generate", "shapes", "dot-product", "--book", "--format", "pdf", "--no-cache")] if FULL else []),
    ],
    ids=lambda asked: "book" if "--book" in asked else asked[0],
)
def test_where_pango_is_missing_one_line_says_so_and_what_to_do(asked, tmp_path):
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}  # with no page laid out before
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANGO, *asked, "--out", str(tmp_path / "out")],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "a PDF needs Pango, which is not installed (cannot load library 'libgobject-2.0-0')" in line
    assert engine.pango_command() in line
    assert "--format html" in line


def test_html_is_printed_without_pango(tmp_path):
    asked = ("generate", "shapes", "--format", "html", "--no-cache", "--out", str(tmp_path))
    subprocess.run([sys.executable, "-c", WITHOUT_PANGO, *asked], check=True, capture_output=True)
    assert (tmp_path / "shapes-seed0" / "key.html").exists()


def test_where_no_temporary_file_can_be_written_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    monkeypatch.setattr(engine, "_fonts", cache(engine._fonts.__wrapped__))  # which knows no fonts yet
    with pytest.raises(OutputError, match="the folder for temporary files cannot be written to: No such file"):
        pdf("<html lang=en><title>t</title>x")


def test_pages_share_their_fonts_and_their_style(monkeypatch):
    """To read them anew would take a quarter of a page's time."""
    engine.rendered_document(pages("softmax").html("worksheet", "print"))
    monkeypatch.setattr(engine.weasyprint(), "CSS", None)
    monkeypatch.setattr(engine.weasyprint().text.fonts, "FontConfiguration", None)
    engine.rendered_document(pages("dot-product").html("worksheet", "print"))


def test_no_temporary_file_is_left(tmp_path):
    code = "from byhand.cli import main; main()"
    asked = ["generate", "shapes", "softmax", "--format", "pdf", "--no-cache", "--out", str(tmp_path / "out")]
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    subprocess.run([sys.executable, "-c", code, *asked], check=True, capture_output=True, env=environment)
    assert list((tmp_path / "temporary").iterdir()) == []
