"""Figures that the pen draws: as WeasyPrint draws them, each text in its cell, and read aloud as tables."""

from __future__ import annotations

import io
import re
from functools import cache
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pikepdf
import pytest
from kinds import kinds_and_run
from msgspec.structs import replace
from page_layout import TextBox, penned
from page_pdf import pictures, same_text
from pypdf import PdfReader

from byhand.formats.html.page import Pages
from byhand.notation.marks import FIRST_MARK
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.press import layout
from byhand.press.beside import Label, without
from byhand.press.engine import as_pdf, rendered_document
from byhand.press.figures import PICTURE, Figure, cut_out
from byhand.press.layout import lay_out
from byhand.press.pieces import UnknownLookError
from byhand.press.printing import pdf
from byhand.press.svg import Dot, drawing
from byhand.press.tables import TABLE
from byhand.press.template import whole
from byhand.reading.pdf import _drawn
from byhand.worksheet.sheet import load_sheet

PAGES = [("attention-head", "rows"), ("layer-norm", "columns"), ("kinds", "rows")]


@cache
def key(sheet, orientation="rows", numbers="exact", view="key"):
    made = (
        kinds_and_run(orientation=orientation)
        if sheet == "kinds"
        else prepare(load_sheet(sheet), Options(orientation=orientation, numbers=numbers))
    )
    return Pages(lower(*made)).html(view, "print")


@cache
def drawn(*page):
    return pdf(key(*page))


def far(one, other):
    """The share of pixels of which the other picture has nothing alike near by."""

    def near(picture, least):
        padded, (height, width) = np.pad(picture, 1, mode="edge"), picture.shape
        return least([padded[i : i + height, j : j + width] for i in range(3) for j in range(3)], axis=0)

    return np.mean((one < near(other, np.min) - 40) | (one > near(other, np.max) + 40))


def looks_alike(one, other):
    for a, b in zip(pictures(one), pictures(other), strict=True):
        assert max(far(a, b), far(b, a)) < 0.001


@pytest.mark.parametrize("page", [*PAGES, ("attention-head", "rows", "symbolic")])
def test_a_figure_looks_as_weasyprint_draws_it(page, monkeypatch):
    """Without what WeasyPrint has not: what fills a page to its foot, and long lines of text in a picture."""
    monkeypatch.setattr(layout, "filling", lambda foot, font: (b"", foot.y))
    own, other = (make(PICTURE.sub("", key(*page))) for make in (pdf, lambda html: as_pdf(rendered_document(html))))
    looks_alike(own, other)
    assert same_text(own, other, points=0.2)


@pytest.mark.parametrize(
    "sheet", ["attention-head", "layer-norm", "encoder-decoder", "kv-cache", "attention-in-letters"]
)
def test_a_map_looks_as_weasyprint_draws_it_which_does_not_kern_its_letters(sheet):
    head, found, foot = "<!doctype html><html lang=en><title>t</title>", PICTURE.search(key(sheet)), "</html>"
    own, other = pdf(head + found[0] + foot), as_pdf(rendered_document(head + found[0] + foot))
    assert same_text(own, other, points=0.6)
    looks_alike(own, other)
    with pikepdf.open(io.BytesIO(own)) as file:
        (figure,) = (each for each in elements(file.Root.StructTreeRoot) if each.S == "/Figure")
        assert str(figure.Alt) == unescape(found["said"])


@pytest.mark.parametrize("page", PAGES)
def test_numbers_and_labels_are_within_their_cells_and_captions_above_their_tables(page):
    _, figures = cut_out(key(*page), str)
    texts = [
        text
        for figure in figures
        if isinstance(figure, Figure)
        for text in penned(figure, 100.0, 100.0)
        if type(text) is TextBox
    ]
    assert len(texts) > 20
    for text in texts:
        cell = text.element
        if isinstance(cell, Label):
            continue
        if cell.cell.head or cell.cell.edges[2]:
            assert cell.position_x < text.position_x, text.text
            assert text.position_x + text.width < cell.position_x + cell.width, text.text
        middle = text.position_y + text.height / 2
        assert cell.position_y < middle < cell.position_y + cell.height, text.text


@pytest.mark.parametrize("view", ["worksheet", "key"])
@pytest.mark.parametrize("page", PAGES)
def test_each_table_is_read_aloud_as_it_stands_in_html(page, view):
    html = key(*page, "exact", view)
    with pikepdf.open(io.BytesIO(drawn(*page, "exact", view))) as file:
        texts = marked_texts(file)
        found = [table for table in elements(file.Root.StructTreeRoot) if table.S == "/Table" and "/A" in table]
        wanted = [ElementTree.fromstring(f"<t>{m['body'].replace('<wbr>', '')}</t>") for m in TABLE.finditer(html)]
        assert [unescape(m["name"]) for m in TABLE.finditer(html)] == [str(table.A.Summary) for table in found]
        for table, rows in zip(found, wanted, strict=True):
            assert [[read(cell, texts) for cell in row.K] for row in table.K] == [
                [(cell.tag.upper(), cell.get("scope"), int(cell.get("colspan", 1)), squeezed("".join(cell.itertext())))
                 for cell in row] for row in rows
            ]  # fmt: skip


def read(cell, texts):
    """What is read of a cell: its kind, what it is the label of, its columns and its text."""
    scope = {"/Row": "row", "/Column": "col"}.get(str(cell.A.get("/Scope")))
    text = "".join(texts[cell.Pg.objgen, int(mark)] for mark in cell.K)
    return str(cell.S)[1:], scope, int(cell.A.get("/ColSpan", 1)), squeezed(text)


def squeezed(text):
    return re.sub(r"\s", "", text)


def elements(node):
    """The elements of a structure tree."""
    for child in node.K:
        if isinstance(child, pikepdf.Dictionary):
            yield child
            yield from elements(child)


def marked_texts(file):
    """The text of each marked-content id of each page, as a page's own reader has it."""
    pages = [(page.obj.objgen, _drawn(n, page).texts) for n, page in enumerate(file.pages)]
    return {(page, mark): text for page, texts in pages for mark, text in texts.items()}


def test_each_cell_names_its_labels_which_are_in_its_row_and_column():
    with pikepdf.open(io.BytesIO(drawn(*PAGES[0]))) as file:
        texts = marked_texts(file)
        tables = [table for table in elements(file.Root.StructTreeRoot) if table.S == "/Table" and "/A" in table]
        heads = {str(cell.ID): read(cell, texts)[3] for t in tables for row in t.K for cell in row.K if "/ID" in cell}
        (scores,) = (table for table in tables if str(table.A.Summary).startswith("S = Q"))
        (_, numbers) = scores.K[-1].K[0], scores.K[-1].K
        assert [heads[str(name)] for name in numbers[-1].A.Headers] == ["seeds", "seeds"]
        assert [heads[str(name)] for name in numbers[-3].A.Headers] == ["seeds", "birds"]


@pytest.mark.parametrize("page", PAGES)
def test_what_is_drawn_has_words_or_is_left_out_and_each_mark_has_one_element(page):
    with pikepdf.open(io.BytesIO(drawn(*page))) as file:
        found = list(elements(file.Root.StructTreeRoot))
        assert all(str(element.Alt) for element in found if element.S == "/Figure")
        assert any(element.S == "/Figure" for element in found)
        nums = list(file.Root.StructTreeRoot.ParentTree.Nums)
        for page, by_mark in zip(file.pages, nums[1::2], strict=False):
            marks = [int(mark) for mark in re.findall(rb"/MCID (\d+)", page.Contents.read_bytes())]
            assert len(set(marks)) == len(marks)
            for mark in marks:
                assert mark in by_mark[mark].K


def test_answers_can_be_left_out():
    laid = lay_out(key("attention-head"), str)
    pages = tuple(replace(page, only={}) for page in laid.pages)
    whole_text, given = (text_of(whole(each)) for each in (laid, replace(laid, pages=pages)))
    assert "7/2" in whole_text
    assert "7/2" not in given
    assert given.count("the") == whole_text.count("the")


def text_of(content):
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_what_the_pen_does_not_know_is_left_to_weasyprint():
    html = key("attention-head")
    _, known = cut_out(html, str)
    for other in (
        '<td class="g">東</td>',
        '<td class="mine">2</td>',
        '<td class="g"><b>2</b></td>',
        "<td class=g>2</td>",
    ):
        changed = html.replace('<td class="g">2</td>', other, 1)
        left, tables = cut_out(changed, str)
        assert len(tables) == len(known) - 1
        assert left.count("<table") == 1 + cut_out(html, str)[0].count("<table")


def test_what_stands_beside_a_table_is_read_after_it_and_formulas_with_their_words():
    with pikepdf.open(io.BytesIO(drawn(*PAGES[0]))) as file:
        texts = marked_texts(file)
        around = next(each for each in elements(file.Root.StructTreeRoot) if has_formula(each))
        said = [
            (str(each.S), str(each.get("/Alt", "")), "".join(texts[each.Pg.objgen, int(mark)] for mark in each.K))
            for each in around.K
            if each.S != "/Table"
        ]
    assert [str(each.S) for each in around.K] == ["/Table", "/P", "/P", "/P", "/Formula"]
    assert said == [
        ("/P", "", "KT 4 × 3"), ("/P", "", "S 3 × 3row asks, columnanswers"), ("/P", "", "Q 3 × 4"), ("/Formula", "S = Q Kᵀ", "S = Q KT"),
    ]  # fmt: skip


def has_formula(element):
    return any(isinstance(each, pikepdf.Dictionary) and each.S == "/Formula" for each in element.get("/K", ()))


FIGURE = """<figure class="grid"><div class="box">
<div class="behind wide" aria-hidden="true"><svg width="9mm" height="9mm" viewBox="0 0 9 9">{shapes}</svg></div>
<div class="tag right" style="left:5.00mm;top:5.00mm;width:{width}mm"><span class="math"><i class="m">W</i></span> \
<span class="shape">4 × 4</span><br>{note}</div>
<div class="formula math" style="left:1.00mm;top:-2.00mm;font-size:12pt" role="math" aria-label="y">{formula}</div>
</div></figure>"""
KNOWN = {"shapes": '<path d="M1 1h2z" fill="#111"/>', "width": "15.00", "note": "one a row"}
KNOWN["formula"] = '<i class="m">y</i>'


def beside(**other):
    left, found = without(FIGURE.format(**KNOWN | other))
    return left, found, [["".join(piece.text for piece in line) for line in label.lines] for label in found.labels]


@pytest.mark.parametrize(
    ("width", "note", "lines"),
    [
        ("15.00", "one a row", ["W 4 × 4", "one a row"]),
        ("8.00", "one a  row", ["W", "4 × 4", "one a", "row"]),
        ("8.00", "one a\u00a0row", ["W", "4 × 4", "one", "a\u00a0row"]),
        ("2.00", "longer, than x = 2", ["W", "4 × 4", "longer,", "than", "x", "=", "2"]),
    ],
)
def test_a_tag_is_broken_into_lines_at_its_blanks(width, note, lines):
    left, _, labels = beside(width=width, note=note)
    assert labels == [lines, ["y"]]
    assert "tag" not in left


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        ({"note": "one-by-one"}, "tag formula"),  # lines may break after a hyphen
        ({"note": "東"}, "tag formula"),
        ({"note": "<b>bold</b>"}, "tag formula"),
        ({"note": chr(FIRST_MARK)}, "tag formula"),
        ({"formula": '<span class="frac"><span>1</span><span>2</span></span>'}, "formula"),
        ({"formula": "a<br>b"}, "formula"),
        ({"shapes": '<path d="M1 1A1 1 0 0 1 3 3"/>'}, "behind"),
        ({"shapes": '<path d="M1 1h2" transform="scale(2)"/>'}, "behind"),
        ({"shapes": '<ellipse cx="1" cy="1" rx="2" ry="1"/>'}, "behind"),
    ],
)
def test_what_stands_beside_a_table_in_another_form_is_left_to_weasyprint(other, stays):
    """With the labels after it, since they are read in this order."""
    left, found, _ = beside(**other)
    assert [kind for kind in ("behind", "tag", "formula") if f'class="{kind}' in left] == stays.split()
    assert len(found.labels) + bool(found.behind.shapes) == 3 - len(stays.split())


def test_a_curve_keeps_its_handles():
    _, found, _ = beside(shapes='<path d="M1 1C1 2 2 2 3 3"/>')
    assert b"1.000 1.000 m\n1.000 2.000 2.000 2.000 3.000 3.000 c\n" in found.behind.shapes


def test_what_is_behind_a_table_is_drawn_in_mm():
    shapes = (
        '<rect x="1" y="2" width="3" height="4" fill="#e2e2e2" stroke="#888" stroke-width="0.18"/>'
        '<path d="M1 1h2V5l-1 1v-2z"/>'
    )
    _, found, _ = beside(shapes=f'{shapes}<circle cx="2" cy="3" r="{chr(FIRST_MARK + 5)}" fill="#1c3f94"/>')
    assert found.behind.shapes.decode().split() == [
        "0.886275",
        "0.886275",
        "0.886275",
        "rg",
        "1.000",
        "2.000",
        "3.000",
        "4.000",
        "re",
        "f",
        "0.533333",
        "0.533333",
        "0.533333",
        "RG",
        "0.180",
        "w",
        "1.000",
        "2.000",
        "3.000",
        "4.000",
        "re",
        "S",
        "0.000000",
        "0.000000",
        "0.000000",
        "rg",
        "1.000",
        "1.000",
        "m",
        "3.000",
        "1.000",
        "l",
        "3.000",
        "5.000",
        "l",
        "2.000",
        "6.000",
        "l",
        "2.000",
        "4.000",
        "l",
        "h",
        "f",
    ]
    assert found.behind.dots == (Dot(5, 2.0, 3.0, b"0.109804 0.247059 0.580392 rg"),)


TEXT = "<svg font-family=\"'byhand Sans',sans-serif\">{}</svg>"


def test_a_text_of_a_drawing_has_spans_on_other_lines_in_other_faces_and_sizes():
    look = """font-family="'byhand Math Italic',serif" font-style="italic\""""
    svg = f'<text x="1" y="2" font-size="3" fill="#111" text-anchor="end">a<tspan dy="0.5" {look}>b</tspan>c</text>'
    (words,) = drawing(TEXT.format(svg)).texts
    assert (words.x, words.y, words.anchor) == (1.0, 2.0, 1.0)
    assert [(piece.text, piece.style.face, piece.style.size, piece.style.lift) for piece in words.pieces] == [
        ("a", "sans-400.ttf", 3.0, 0.0), ("b", "math-italic.ttf", 3.0, -0.5), ("c", "sans-400.ttf", 3.0, -0.5),
    ]  # fmt: skip


def test_a_round_rectangle_is_drawn_with_curves():
    shapes = drawing('<svg><rect x="0" y="0" width="4" height="2" rx="1" fill="#fff"/></svg>').shapes.decode()
    assert shapes.split("\n")[1:4] == ["1.000 0.000 m", "3.000 0.000 l", "3.552 0.000 4.000 0.448 4.000 1.000 c"]
    assert shapes.count(" c\n") == 4


@pytest.mark.parametrize(
    "svg",
    [
        '<text x="1" y="2" font-size="3" fill="#111">東</text>',
        '<text x="1" y="2" font-size="3" fill="#111" font-weight="700">a</text>',
        '<text x="1" y="2" font-size="3" fill="#111" transform="scale(2)">a</text>',
        f'<text x="1" y="2" font-size="3" fill="#111">{chr(FIRST_MARK)}</text>',
        '<text x="1" y="2" font-size="3" fill="#111">a</text><rect x="0" y="0" width="1" height="1"/>',
        '<g><rect x="0" y="0" width="1" height="1"/></g>',
    ],
)
def test_a_drawing_in_another_form_is_unknown(svg):
    with pytest.raises(UnknownLookError):
        drawing(TEXT.format(svg))
