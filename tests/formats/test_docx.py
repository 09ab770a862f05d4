"""Sheets as Word documents: what is read back is what the run has, and each file is one by the schemas of ECMA-376."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from functools import cache

import docx
import pytest
from docx.oxml.ns import qn
from every_sheet import CASES, FULL, ORDER, made
from office import SOFFICE, printed
from openxml_audit import OpenXmlValidator
from PIL import Image
from pypdf import PdfReader
from written_back import by_rows, number

from byhand.formats import Setup
from byhand.formats.docx.document import docx_file, half_page
from byhand.formats.docx.text import PEN
from byhand.page.page import lower
from byhand.page.parts import Sketch

VIEWS = ("worksheet", "key")


@cache
def content(sheet, seed, view, orientation="rows"):
    document, run = made(sheet, seed, orientation=orientation)
    return docx_file(lower(document, run), view, Setup())


def opened(written):
    return docx.Document(io.BytesIO(written))


def linear(node):
    """The text of a cell; a formula in it is written in a line."""
    kind, inside = node.tag.rpartition("}")[2], [linear(child) for child in node if not node.tag.endswith("Pr")]
    match kind:
        case "t":
            return node.text or ""
        case "f":
            return f"({inside[0]})/({inside[1]})"
        case "rad":
            return f"√({inside[-1]})"
        case "sSup":
            return f"{inside[0]}^({inside[1]})"
        case _:
            return "".join(inside)


def cells_of(file):
    """The cells for numbers, table by table and row by row: those in the middle of a border. A construction has none."""
    for table in file.element.body.iter(qn("w:tbl")):
        rows = table.findall(qn("w:tr"))
        if "becomes" in "".join(t.text or "" for t in rows[0].iter(qn("w:t"))) and len(rows) == 2:
            continue
        for cell in (cell for row in rows for cell in row.findall(qn("w:tc"))):
            borders = cell.find(f"{qn('w:tcPr')}/{qn('w:tcBorders')}")
            middle = cell.find(f"{qn('w:p')}/{qn('w:pPr')}/{qn('w:jc')}")
            if borders is not None and middle is not None:
                yield cell


@pytest.mark.parametrize("orientation", ["rows", "columns"])
@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_what_is_read_back_is_what_the_run_has(sheet, seed, orientation):
    document, run = made(sheet, seed, orientation=orientation)
    for view in VIEWS:
        texts = map(linear, cells_of(opened(content(sheet, seed, view, orientation))))
        assert [number(text) if text else None for text in texts] == by_rows(document, run, view == "key")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("sheet", ORDER)
def test_each_file_is_a_document_by_the_schemas(sheet, view, tmp_path):
    (tmp_path / "sheet.docx").write_bytes(content(sheet, 0, view))
    result = OpenXmlValidator().validate(tmp_path / "sheet.docx")
    assert [error.description for error in result.errors] == []


def test_the_validator_finds_what_stands_in_a_wrong_place(tmp_path):
    file = opened(content("softmax", 0, "key"))
    table = file.element.body.find(qn("w:tbl"))
    table.tblPr.append(table.tblPr.find(qn("w:tblLayout")))
    file.save(tmp_path / "sheet.docx")
    assert OpenXmlValidator().validate(tmp_path / "sheet.docx").errors


def test_answers_alone_are_in_the_colour_of_the_pen():
    document, _ = made("attention-head", 3)
    of_key = opened(content("attention-head", 3, "key"))
    blue = [cell for cell in cells_of(of_key) if PEN in {c.get(qn("w:val")) for c in cell.iter(qn("w:color"))}]
    asked = [panel for section in document.sections for figure in section.figures for panel in figure.matrices]
    assert len(blue) == sum(cell.blank for panel in asked for cell in panel.flat)
    worksheet = opened(content("attention-head", 3, "worksheet"))
    assert PEN not in {each.get(qn("w:val")) for each in worksheet.element.body.iter(qn("w:color"))}


def test_pictures_are_drawn_and_said():
    document, run = made("attention-head", 3)
    page = lower(document, run)
    sketches = [part for part in page.parts("key") if isinstance(part, Sketch)]
    file = opened(content("attention-head", 3, "key"))
    assert [shape._inline.docPr.get("descr") for shape in file.inline_shapes] == [s.said("key") for s in sketches]
    with zipfile.ZipFile(io.BytesIO(content("attention-head", 3, "key"))) as archive:
        images = [Image.open(io.BytesIO(archive.read(n))) for n in archive.namelist() if n.endswith(".png")]
    for image, sketch in zip(images, sketches, strict=True):
        assert abs(image.height / 300 * 25.4 - sketch.figure.picture.height - 1) < 0.5
        assert len(image.convert("L").getcolors()) > 10


def test_a_formula_can_be_edited_as_one():
    file = opened(content("attention-head", 3, "key"))
    assert "S = Q K^(T)" in [linear(each) for each in file.element.body.iter(qn("m:oMath"))]


def test_the_half_page_of_a_lecturer_is_one_too(tmp_path):
    document, run = made("attention-head", 3)
    (tmp_path / "half.docx").write_bytes(half_page(lower(document, run), "worksheet", Setup()))
    assert OpenXmlValidator().validate(tmp_path / "half.docx").errors == []
    assert opened((tmp_path / "half.docx").read_bytes()).paragraphs[0].text == document.title


def test_the_same_options_give_the_same_bytes():
    document, run = made("softmax", 3)
    assert docx_file(lower(document, run), "key", Setup(cache=False)) == content("softmax", 3, "key")


@pytest.mark.skipif(not FULL, reason="make test-formats opens it in LibreOffice")
@pytest.mark.skipif(SOFFICE is None or shutil.which("pdftotext") is None, reason="there is no LibreOffice")
@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_libreoffice_shows_every_number(sheet, seed, tmp_path):
    (pdf,) = printed({"key": content(sheet, seed, "key")}, tmp_path, "docx").values()
    shown = re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))
    for cell in cells_of(opened(content(sheet, seed, "key"))):
        if not [*cell.iter(qn("m:oMath"))]:
            assert re.sub(r"\s", "", linear(cell)) in shown
