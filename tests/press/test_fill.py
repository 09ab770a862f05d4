"""A copy made by filling in a laid-out page is the copy laid out by itself."""

from __future__ import annotations

import io
import re
import zlib
from functools import cache
from string import ascii_lowercase

import pikepdf
import pytest
from class_runs import unmeasured
from msgspec.structs import asdict, replace
from page_pdf import different, laid_out_alone, same_text
from pypdf import PdfReader

from byhand.arrange import arranged
from byhand.choose import choose
from byhand.classroom.class_run import run_copies
from byhand.formats.html.page import Pages
from byhand.options import Options
from byhand.page.measures import PRINT
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.press.boxes import Line
from byhand.press.breaking import Paragraph
from byhand.press.fill import fill
from byhand.press.layout import lay_out
from byhand.press.template import copy_pdf, template, templates
from byhand.symmetry.renaming import renamed
from byhand.worksheet.sheet import load_sheet

KEYS = ("ada", "mary", "alan")
SHEETS = ("attention-head", "feed-forward", "gpt", "layer-norm", "multi-head-attention", "sampling")


@cache
def run_of(sheet, **options):
    found = load_sheet(sheet)
    asked = Options(**options).on(found)
    values, _ = choose(found, asked)
    return found, values, run_copies(found, [values], [(0, 0), *((0, key) for key in KEYS)], asked)


@cache
def printed(sheet, view):
    """The copies' PDFs, and the HTML that they come from."""
    run = run_of(sheet)[2]
    html = Pages(lower(run.document, run.run.in_slots())).printed(view)
    laid = lay_out(html, lambda mark: run.text_of(mark, 0), ascii_lowercase)
    pages, base = list(fill(laid, run.domain.texts, view)), template(laid, view)
    return html, laid, [copy_pdf(base, [zlib.compress(page[k]) for page in pages], "") for k in range(len(KEYS) + 1)]


def heights(html):
    """The heights of a page's rows."""
    return [PRINT.heights[kind] for kind in re.findall(r"<tr class=(\w+)>", html)]


@pytest.mark.parametrize(
    ("sheet", "options"),
    [(sheet, {}) for sheet in SHEETS]
    + [
        ("gpt", {"orientation": "columns"}),
        ("attention-head", {"numbers": "decimal", "base": "e"}),
        ("sampling", {"numbers": "decimal"}),
    ],
)
def test_the_page_of_a_copy_is_the_page_of_its_own_numbers(sheet, options):
    found, values, run = run_of(sheet, **options)
    key = list(run.filled(Pages(lower(run.document, run.run.in_slots())).html("key", "screen", for_all=True)))
    asked = Options(**options).on(found)
    for copy, name in ((0, 0), (3, KEYS[2])):
        own_values = renamed(found.model, values, name, in_place=found.in_place)
        page, own, _ = arranged(found, own_values, asked, asked.domain)
        assert asdict([*run.runs()][copy]) == asdict(replace(own, domain=run.domain.inner, hash=""))
        page = replace(page, stamp={"seed": "0", "hash": own.hash})
        alone = Pages(lower(page, own)).html("key", "screen")
        assert unmeasured(key[copy]) == unmeasured(alone)
        assert all(room >= needed for room, needed in zip(heights(key[copy]), heights(alone), strict=True))
    assert len(set(key)) == 1 + len(KEYS)


@pytest.mark.parametrize(
    ("sheet", "view", "copy"),
    [("attention-head", "key", 2), ("feed-forward", "worksheet", 1), ("sampling", "key", 3)],
)
def test_a_filled_copy_is_the_copy_laid_out(sheet, view, copy):
    html, laid, copies = printed(sheet, view)
    full = laid_out_alone(html, lambda mark: run_of(sheet)[2].text_of(mark, copy), view)
    assert any(isinstance(block, Paragraph) for page in laid.pages for block in page.blocks)
    assert same_text(copies[copy], full)
    assert not same_text(copies[copy], copies[0])
    assert (
        different(copies[copy], full) <= 0.0005
    )  # within a line with words, as in a riddle and a guess, letters stand a fraction of a point apart
    assert different(copies[copy], copies[0]) > 0.0002


def test_a_filled_copy_is_whole():
    _, _, copies = printed("attention-head", "key")
    with pikepdf.open(io.BytesIO(copies[1])) as file:
        assert file.check_pdf_syntax() == []
        assert file.Root.MarkInfo.Marked
        marked = sum(page.Contents[0].read_bytes().count(b"MCID") for page in file.pages)
        own = sum(page.Contents[1].read_bytes().count(b"MCID") for page in file.pages)
        assert marked > 100
        assert own > 100
    texts = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(copies[1])).pages)
    assert "4/7" in texts


def test_templates_of_two_views_are_as_each_is_by_itself():
    _, laid, _ = printed("attention-head", "key")
    both = templates(laid, ("worksheet", "key"))
    assert both == {view: template(laid, view) for view in ("worksheet", "key")}
    assert both["key"] != both["worksheet"]


def test_the_fonts_of_a_copy_have_every_number():
    _, laid, copies = printed("attention-head", "worksheet")
    with pikepdf.open(io.BytesIO(copies[0])) as file:
        fonts = {name[1:]: font for page in file.pages for name, font in page.Resources.Font.items()}
        for name in laid.letters:
            known = fonts[name].ToUnicode.read_bytes().decode()
            assert all(f"<{ord(digit):04x}>" in known for digit in "0123456789−/")


def test_what_does_not_fit_is_said():
    run = run_of("attention-head")[2]
    html = Pages(lower(run.document, run.run.in_slots())).printed("worksheet")
    laid = lay_out(html, lambda mark: run.text_of(mark, 0), ascii_lowercase)
    assert all(all(page) for page in fill(laid, run.domain.texts, "worksheet"))
    lines = [block for block in laid.pages[0].blocks if isinstance(block, Line) and block.anchor]
    slot = next(
        slot for slot in (line.runs[0].slot for line in lines) if run.text_of(slot, 0).isdecimal()
    )  # of a cell
    for text in ("123456789012345", "9ж"):
        marks = list(run.domain.texts)
        marks[slot] = run.domain.column(["7", text, "8", "9"])
        first, *_ = fill(laid, marks, "worksheet")
        assert [copy is None for copy in first] == [False, True, False, False]


def test_a_sheets_own_page_has_no_marks():
    page, run = prepare(load_sheet("attention-head"), Options())
    assert not any(ord(c) >= 0xF0000 for c in Pages(lower(page, run)).html("key", "print"))
