"""Figures that the pen draws: as WeasyPrint draws them, each text in its cell, and read aloud as tables."""

from __future__ import annotations

import io
import re
from functools import cache
from html import unescape

import numpy as np
import pikepdf
import pytest
from kinds import kinds_and_run
from msgspec.structs import replace
from page_layout import TextBox, penned
from page_pdf import pictures, same_text, without_pictures
from pypdf import PdfReader
from tinyhtml5 import parse

from byhand.formats.html.page import Pages
from byhand.formats.html.placed import Placing
from byhand.notation.inline import Part
from byhand.notation.marks import FIRST_MARK
from byhand.options import Options
from byhand.page.beside import LaidLabel
from byhand.page.page import lower
from byhand.page.printed import PLACE, PrintedFigure, PrintPage
from byhand.page.table import LaidCell, LaidTable
from byhand.pictures.labels import ITALIC, MATH, Span
from byhand.pictures.labels import Label as Words
from byhand.pictures.shapes import Circle, Graphic, Look, Path, Rectangle, Text
from byhand.pipeline import prepare
from byhand.press.beside import Label, label
from byhand.press.drawing import Dot, drawing
from byhand.press.engine import as_pdf, rendered_document
from byhand.press.figures import Figure, knows, with_figures
from byhand.press.layout import lay_out
from byhand.press.pieces import UnknownLookError
from byhand.press.printing import pdf
from byhand.press.template import whole
from byhand.reading.pdf import _drawn
from byhand.worksheet.sheet import load_sheet

PAGES = [("attention-head", "rows"), ("layer-norm", "columns"), ("kinds", "rows")]


TABLE = re.compile(
    r'<table aria-label="(?P<name>[^"]*)">\s*<colgroup>[^/]*</colgroup>(?P<body>.*?)</table>', re.DOTALL
)


@cache
def pages_of(sheet, orientation="rows", numbers="exact"):
    made = (
        kinds_and_run(orientation=orientation)
        if sheet == "kinds"
        else prepare(load_sheet(sheet), Options(orientation=orientation, numbers=numbers))
    )
    return Pages(lower(*made))


def key(sheet, orientation="rows", numbers="exact", view="key"):
    return pages_of(sheet, orientation, numbers).printed(view)


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
def test_a_figure_looks_as_weasyprint_draws_it(page):
    """Without what WeasyPrint has not: long lines of text in a picture."""
    printed, whole = without_pictures(pages_of(*page), "key")
    own, other = pdf(printed), as_pdf(rendered_document(whole))
    looks_alike(own, other)
    assert same_text(own, other, points=0.2)


@pytest.mark.parametrize(
    "sheet", ["attention-head", "layer-norm", "encoder-decoder", "kv-cache", "attention-in-letters"]
)
def test_a_map_looks_as_weasyprint_draws_it_which_does_not_kern_its_letters(sheet):
    drawn, placing = pages_of(sheet).page.map, Placing()
    place = placing.place(drawn)
    html = "<!doctype html><html lang=en><title>t</title>{}</html>"
    own, other = (
        pdf(PrintPage.of(html.format(place), placing.figures)),
        as_pdf(rendered_document(html.format(drawn.svg))),
    )
    assert same_text(own, other, points=0.6)
    looks_alike(own, other)
    with pikepdf.open(io.BytesIO(own)) as file:
        (figure,) = (each for each in elements(file.Root.StructTreeRoot) if each.S == "/Figure")
        assert str(figure.Alt) == drawn.said


@pytest.mark.parametrize("page", PAGES)
def test_numbers_and_labels_are_within_their_cells_and_captions_above_their_tables(page):
    _, figures = with_figures(key(*page), str)
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
    html = pages_of(*page).html(view, "print")
    with pikepdf.open(io.BytesIO(drawn(*page, "exact", view))) as file:
        texts = marked_texts(file)
        found = [table for table in elements(file.Root.StructTreeRoot) if table.S == "/Table" and "/A" in table]
        tables = [parse(f"<table>{m['body']}</table>", namespace_html_elements=False) for m in TABLE.finditer(html)]
        wanted = [[*table.iter("tr")] for table in tables]
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


@pytest.mark.parametrize("tokens", [("the", "cat", "sat"), ("東", "cat", "sat"), ("the", "ca\u0301t", "sat")])
def test_a_table_that_the_pen_does_not_know_is_left_to_weasyprint(tokens):
    page = Pages(lower(*prepare(load_sheet("causal-mask"), Options(tokens=tokens, seed=1))))
    left, whole = page.printed("key"), page.html("key", "print")
    tables = [each for each in left.drawn() if isinstance(each, PrintedFigure)]
    unknown = {"東", "ca\u0301t"}.intersection(tokens)
    count = sum(word in table["body"] for word in unknown for table in TABLE.finditer(whole))
    assert left.html.count("<table aria-label") == count
    assert bool(count) == bool(unknown)
    assert count + len(tables) == whole.count("<table aria-label")
    assert PLACE not in whole


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


W, SHAPE = Part("math", (Part("letters", ("W",)),)), Part("shape", ("4 × 4",))


def tag(symbol=W, width=15.0, note="one a row"):
    return LaidLabel("right", 5.0, 5.0, width, ((symbol, " ", SHAPE), (note,)))


def formula(*pieces):
    return LaidLabel("formula", 1.0, -2.0, 0.0, (pieces,), 12.0, "y")


def lines_of(found):
    return [["".join(piece.text for piece in line) for line in label.lines] for label in found]


@pytest.mark.parametrize(
    ("width", "note", "lines"),
    [
        (15.0, "one a row", ["W 4 × 4", "one a row"]),
        (8.0, "one a  row", ["W", "4 × 4", "one a", "row"]),
        (8.0, "one a\u00a0row", ["W", "4 × 4", "one", "a\u00a0row"]),
        (2.0, "longer, than x = 2", ["W", "4 × 4", "longer,", "than", "x", "=", "2"]),
    ],
)
def test_a_tag_is_broken_into_lines_at_its_blanks(width, note, lines):
    assert lines_of([label(tag(width=width, note=note))]) == [lines]


HALF = Part("fraction", (Part("above", ("1",)), Part("below", ("2",))))
Y = Part("letters", ("y",))


@pytest.mark.parametrize(
    ("labels", "is_known"),
    [
        ((tag(), formula(Y)), True),
        ((tag(note="one-by-one"), formula(Y)), False),  # lines may break after a hyphen
        ((tag(note="東"), formula(Y)), False),
        ((tag(note=chr(FIRST_MARK)), formula(Y)), False),
        ((tag(), formula(HALF)), False),
        ((tag(symbol=HALF), formula(Y)), False),
    ],
)
def test_a_figure_with_a_label_in_another_form_is_left_to_weasyprint(labels, is_known):
    table = LaidTable("X", (9.0,), (9.0,), "", ((LaidCell("g", (("2",),)),),))
    assert knows(PrintedFigure(table, (), labels)) is is_known


def test_a_curve_keeps_its_handles():
    found = drawing([Path((("M", (1, 1)), ("C", (1, 2, 2, 2, 3, 3))), Look("#111"))])
    assert b"1.000 1.000 m\n1.000 2.000 2.000 2.000 3.000 3.000 c\n" in found.shapes


def test_what_is_behind_a_table_is_drawn_in_mm():
    steps = ("M", (1, 1)), ("h", (2,)), ("V", (5,)), ("l", (-1, 1)), ("v", (-2,)), ("z", ())
    shapes = (
        Rectangle(1, 2, 3, 4.001, Look("#e2e2e2", "#888", 0.18)),
        Path(steps, Look()),
        Circle(2, 3, chr(FIRST_MARK + 5), Look("#1c3f94")),
    )
    found = drawing(shapes)
    assert found.shapes.decode().split("\n")[:-1] == [
        "0.886275 0.886275 0.886275 rg", "1.000 2.000 3.000 4.000 re", "f",
        "0.533333 0.533333 0.533333 RG", "0.180 w", "1.000 2.000 3.000 4.000 re", "S",
        "0.000000 0.000000 0.000000 rg", "1.000 1.000 m", "3.000 1.000 l", "3.000 5.000 l", "2.000 6.000 l",
        "2.000 4.000 l", "h", "f",
    ]  # fmt: skip
    assert found.dots == (Dot(5, 2.0, 3.0, b"0.109804 0.247059 0.580392 rg"),)


def test_a_text_of_a_drawing_has_spans_on_other_lines_in_other_faces_and_sizes():
    label = Words((Span("a"), Span("b", ITALIC, -1), Span("c")), 3.0)
    (words,) = drawing([Text(1.0, 2.0, label, "#111", "end")]).texts
    assert (words.x, words.y, words.anchor) == (1.0, 2.0, 1.0)
    assert [(piece.text, piece.style.face, piece.style.size, piece.style.lift) for piece in words.pieces] == [
        ("a", "sans-400.ttf", 3.0, 0.0), ("b", "math-italic.ttf", 2.16, -0.54), ("c", "sans-400.ttf", 3.0, 0.0),
    ]  # fmt: skip


def test_a_round_rectangle_is_drawn_with_curves():
    shapes = drawing([Rectangle(0, 0, 4, 2, Look("#fff"), 1)]).shapes.decode()
    assert shapes.split("\n")[1:4] == ["1.000 0.000 m", "3.000 0.000 l", "3.552 0.000 4.000 0.448 4.000 1.000 c"]
    assert shapes.count(" c\n") == 4


@pytest.mark.parametrize(
    "text",
    [
        Text(1, 2, Words((Span("東"),), 3.0), "#111"),
        Text(1, 2, Words((Span("a", MATH),), 3.0), "#111", bold=True),  # of which there is no bold face
        Text(1, 2, Words((Span(chr(FIRST_MARK)),), 3.0), "#111"),
    ],
)
def test_a_text_that_cannot_be_set_is_unknown(text):
    with pytest.raises(UnknownLookError):
        drawing([text])
    assert not knows(Graphic(9.0, 9.0, "", (text,)))
