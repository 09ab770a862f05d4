"""What byhand knows of WeasyPrint's and pydyf's inner forms; the first tests to look at when a new version is tried."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pikepdf
import pytest
from packaging.requirements import Requirement
from page_pdf import pictures, same_text, without_pictures

from byhand.formats.html.page import Pages
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import generate, prepare
from byhand.press import inner, layout, slotted
from byhand.press.engine import as_pdf, rendered_document
from byhand.press.inner import UnknownFormError
from byhand.press.printing import pdf
from byhand.press.stream import in_px
from byhand.worksheet.sheet import load_sheet

MM = 96 / 25.4
SLOT = 7
HTML = f"""<!doctype html><html lang="en"><title>A & b</title><style>
@page {{ size: 100mm 80mm; margin: 10mm; @bottom-right {{ content: "page " counter(page); font: 8px byhand Sans }} }}
body {{ margin: 0; font: 10px/20px "byhand Sans" }} p {{ margin: 0; min-height: 50px }}
.right {{ text-align: right; white-space: nowrap; padding: 3px; border-bottom: 2px solid; width: 200px }}
b {{ position: absolute; left: 5mm; top: 30mm; width: 2mm; color: #ff0000 }} svg {{ position: absolute }}
</style><p class="one two">Two is <span {inner.SLOT}="{SLOT}">2</span></p>
<div class="right"><span class="in">up</span> <span style="border: 1px solid">on</span></div><b {inner.SLOT}="0"></b>
<svg width="50" height="20" style="left: 20px; top: 100px"><title>A table</title></svg>
<svg width="9" height="9" style="left: 0; top: 140px"><rect width="9" height="9"/></svg></html>"""


def other(what):
    return (
        f"WeasyPrint {version('weasyprint')} with pydyf {version('pydyf')} has other {what} than byhand reads. Make "
        "byhand/press/inner.py read them, and nothing else, or keep the older version in pyproject.toml."
    )


@cache
def document():
    return rendered_document(HTML)


@pytest.fixture
def written():
    with pikepdf.open(io.BytesIO(as_pdf(document()))) as file:
        yield file


def test_weasyprint_still_has_the_boxes_that_we_read():
    boxes = list(inner.page_box(document().pages[0]).every())
    kinds = [(box.kind, box.tag, box.text) for box in boxes if box.kind]
    for kind in (
        ("block", "p", ""), ("line", "p", ""), ("text", "p", "Two is "), ("inline", "span", ""), ("text", "span", "2"),
        ("inline", "span", ""), ("block", "b", ""), ("margin", "", ""),
    ):  # fmt: skip
        assert kind in kinds, other(f"boxes ({kind})")


def test_weasyprint_still_tells_of_a_box_what_we_read():
    boxes = list(inner.page_box(document().pages[0]).every())
    (paragraph,) = (box for box in boxes if box.classes == ("one", "two") and box.kind == "block")
    (right,) = (box for box in boxes if box.classes == ("right",) and box.kind == "block")
    (line,) = paragraph.children
    (dot,) = (box for box in boxes if box.tag == "b" and box.kind == "block")
    (slot,) = (box for box in boxes if box.text == "2")
    (framed,) = (box for box in boxes if box.in_frame)
    (margin,) = (box for box in boxes if box.kind == "margin" and box.children)
    edge = 10 * MM
    expected = {
        "place": ((paragraph.x, paragraph.y), (edge, edge)),
        "size": ((paragraph.width, paragraph.height, paragraph.min_height), (80 * MM, 50, 50)),
        "line": ((line.kind, line.y, line.height), ("line", edge, 20)),
        "padding": ((right.left - right.x, right.top - right.y), (3, 3)),
        "border": ((right.border[0], right.border[2], right.bottom_edge), (edge, edge + 206, 2)),
        "outer width": ((right.outer_width,), (206,)),
        "drawing": ((dot.x, dot.y, dot.width), (15 * MM, 40 * MM, 2 * MM)),
    }
    for what, (found, right_ones) in expected.items():
        assert found == pytest.approx(right_ones) if what != "line" else found == right_ones, other(f"boxes ({what})")
    assert 0 < line.baseline < 20, other("boxes (baseline)")
    assert (paragraph.anchor, right.anchor) == (0, 1), other("boxes (text-align)")
    assert (paragraph.breaks, right.breaks) == (True, False), other("boxes (white-space)")
    assert (paragraph.in_flow, dot.in_flow) == (True, False), other("boxes (position)")
    assert (slot.slot, paragraph.slot) == (SLOT, None), other("boxes (attributes)")
    assert dot.colour == (1, 0, 0), other("boxes (color)")
    assert [box.text for box in framed.every() if box.text] == ["on"], other("boxes (border)")
    assert (margin.margin, slot.parent.parent) == ("@bottom-right", line), other("boxes (what is in what)")


def test_weasyprint_still_writes_texts_as_we_read_them(written):
    (page,) = written.pages
    stream = page.Contents.read_bytes()
    runs = [run for run, _ in inner.text_runs(stream).values()]
    assert len(runs) == 5, other("texts (a text for each element)")
    assert {run.size for run in runs} == {10, 8}, other("texts (size)")
    boxes = inner.page_box(document().pages[0]).every()
    places = {(round(box.x, 3), round(box.y + box.baseline, 3)) for box in boxes if box.text.strip()}
    assert {(round(run.x, 3), round(run.y, 3)) for run in runs} == places, other("texts (place)")
    _, (run, cuts), *_ = inner.text_runs(stream).values()
    drawn = b"".join(stream[start:end] for start, end in cuts)
    assert drawn.count(b"BDC") == drawn.count(b"EMC") == drawn.count(b"Tf") == 1, other("texts (parts)")
    assert run.tag.startswith(b"/Span"), other("texts (tags)")
    assert in_px().split(b"\n")[2] in stream, other("texts (unit)")


def test_weasyprint_still_writes_drawings_as_we_find_them(written):
    (page,) = written.pages
    stream, elements = page.Contents.read_bytes(), inner.marked(written, page)
    found = inner.titled_drawings(elements)
    assert [title for _, _, title in found] == ["A table", ""], other("drawings (titles)")
    drawn = inner.drawn_in(stream)
    places = [drawn[mark][2:] for mark, _, _ in found]
    edge = 10 * MM
    right_ones = [(edge + 20, edge + 100), (edge, edge + 140)]
    assert np.array(places) == pytest.approx(np.array(right_ones), abs=1e-5), other("drawings (places)")
    start, end, *_ = drawn[found[1][0]]
    assert b" re" in stream[inner.tag_end(stream, start) : end], other("drawings (parts)")
    mark, element, _ = found[1]
    inner.leave_out(elements, mark, element)
    assert [title for _, _, title in inner.titled_drawings([e for e in elements if e is not None])] == ["A table"]


def test_weasyprint_still_names_and_embeds_fonts_as_we_read_them(written):
    fonts = inner.fonts_of(written)
    assert {inner.face_of(font) for font in fonts.values()} == {"sans-400.ttf"}, other("fonts (names)")
    assert not any(map(inner.is_slanted, fonts.values())), other("fonts (styles)")
    texts = {text for font in fonts.values() for text in inner.glyph_texts(font).values()}
    assert {letter.encode("utf-16-be").hex() for letter in "Two is 2"} <= texts, other("fonts (texts)")
    for font in fonts.values():
        widths = inner.glyph_widths(font)
        assert inner.glyph_texts(font).keys() - {0} <= widths.keys(), other("fonts (widths)")
        assert all(100 < width < 1200 for width in widths.values()), other("fonts (widths)")


def test_weasyprint_still_writes_the_title_as_we_change_it(written):
    inner.rename(written, "C & d")
    assert written.docinfo.Title == "C & d"
    told = written.Root.Metadata.read_bytes()
    assert (told.count(b"C &amp; d"), told.count(b"A &amp; b")) == (1, 0), other("metadata")


def test_pango_still_tells_which_way_letters_run():
    assert inner.levels("ab אב 1") == [0, 0, 0, 1, 1, 1, 2], other("Pango")


def test_versions_that_nobody_has_tried_are_not_installed():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = {need.name: need.specifier for need in map(Requirement, project["dependencies"])}
    for name in ("weasyprint", "pydyf"):
        assert version(name) in needs[name]
        assert any(bound.operator == "<" for bound in needs[name])


def test_a_box_of_another_form_is_told_from_one_of_ours():
    with pytest.raises(UnknownFormError, match=r"AttributeError: .*; install that of constraints.txt"):
        inner.page_box(SimpleNamespace())


def unknown_form(*_):
    raise inner.unknown("a drawing")


def test_with_a_weasyprint_of_another_form_pages_are_laid_out_by_it_alone(monkeypatch, tmp_path, caplog):
    pages = Pages(lower(*prepare(load_sheet("softmax"), Options())))
    page, tables = pages.printed("key"), without_pictures(pages, "key")
    usual, plain = pdf(page), pdf(tables[0])
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path / "cache")
    for known in (slotted._slotted, slotted._filled_one):
        known.cache_clear()  # of another test's page
    monkeypatch.setattr(layout, "drawn_in", lambda stream: {})
    monkeypatch.setattr(layout, "page_box", unknown_form)
    caplog.set_level(logging.DEBUG, "byhand")
    alone = pdf(page, lambda: pages.html("key", "print"))
    assert "laid out by WeasyPrint alone: this WeasyPrint has another form" in caplog.text
    assert same_text(pdf(tables[0], lambda: tables[1]), plain, points=0.2)
    assert b"pdfuaid" in usual
    assert b"pdfuaid" not in alone
    assert len(pictures(alone)) == len(pictures(usual))
    (file,) = generate("softmax", Options(formats=("pdf",), views=("key",)), tmp_path)
    assert file.read_bytes() == alone


WITHOUT_SUBSET = """
import sys, warnings
from byhand.press.printing import pdf
from byhand.press.engine import weasyprint
weasyprint()
print("fontTools.subset" in sys.modules)
import weasyprint.pdf.fonts as fonts
fonts.harfbuzz_subset = None
warnings.simplefilter("ignore")
open(sys.argv[1], "wb").write(pdf("<!doctype html><html lang=en><title>t</title><p>1/2"))
print("fontTools.subset" in sys.modules)
"""


def test_font_tools_are_imported_only_where_weasyprint_calls_them(tmp_path):
    told = subprocess.check_output([sys.executable, "-c", WITHOUT_SUBSET, tmp_path / "page.pdf"], text=True)
    assert told.split() == ["False", "True"]
    with pikepdf.open(tmp_path / "page.pdf") as file:
        (font,) = inner.fonts_of(file).values()
        assert inner.glyph_texts(font)
