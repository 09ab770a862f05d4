"""The page in HTML: what a person sees in each view, and that it is the run's."""

from __future__ import annotations

import re
from functools import cache

import pytest
from every_sheet import LETTERED
from kinds import kinds_and_run
from page_text import cells, page_text

from byhand.errors import SheetError
from byhand.formats.html.page import Pages, _markdown, css_string, prose
from byhand.notation.text import value_text
from byhand.options import Options
from byhand.page.measures import PRINT
from byhand.page.page import lower
from byhand.page.sections import WORDS_GAP
from byhand.pipeline import prepare
from byhand.runs import Run
from byhand.worksheet import markdown
from byhand.worksheet.document import Document
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import load_sheet, parse_sheet

SHEETS = tuple(sorted(sheet_files()))


@cache
def prepared(
    sheet: str, orientation: str = "rows", numbers: str = "exact", base: str | None = None
) -> tuple[Document, Run]:
    options = Options(orientation=orientation, numbers=numbers, base=base)  # type: ignore[arg-type]
    return prepare(load_sheet(sheet), options)


@cache
def page(sheet: str, view: str, orientation: str = "rows", numbers: str = "exact", medium: str = "print") -> str:
    return Pages(lower(*prepared(sheet, orientation, numbers))).html(view, medium)  # type: ignore[arg-type]


@pytest.mark.parametrize("view", ["worksheet", "key", "worked"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_the_text_of_a_sheet_is_the_golden_one(sheet, view, golden):
    golden(f"{sheet}-{view}.txt", page_text(page(sheet, view)))


@pytest.mark.parametrize(
    ("sheet", "numbers", "base"),
    [*((sheet, "decimal", "e") for sheet in SHEETS), *((sheet, "symbolic", None) for sheet in sorted(LETTERED))],
)
def test_the_text_of_a_key_in_other_numbers_is_the_golden_one(sheet, numbers, base, golden):
    pages = Pages(lower(*prepared(sheet, "rows", numbers, base)))
    golden(f"{sheet}-key-{numbers}.txt", page_text(pages.html("key", "print")))


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_text_of_a_key_with_tokens_as_columns_is_the_golden_one(sheet, golden):
    golden(f"{sheet}-key-columns.txt", page_text(page(sheet, "key", "columns")))


@pytest.mark.parametrize("orientation", ["rows", "columns"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_the_key_is_the_worksheet_with_its_blanks_filled_in(sheet, orientation):
    worksheet, key = (cells(page(sheet, view, orientation)) for view in ("worksheet", "key"))
    assert [cls for cls, _ in worksheet] == [cls for cls, _ in key]
    blanks = [
        answer for (cls, blank), (_, answer) in zip(worksheet, key, strict=True) if cls[0] in "ak" and not blank
    ]
    assert blanks
    assert all(blanks)
    kept = [(w, k) for (cls, w), (_, k) in zip(worksheet, key, strict=True) if cls == "g" or " p" in cls]
    assert all(w == k for w, k in kept)


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_answer_in_the_key_is_the_runs_in_the_order_of_the_page(sheet):
    printed = [text for cls, text in cells(page(sheet, "key")) if cls[0] in "ak" and "p" not in cls]
    of_run = (blank.cell for blank in prepared(sheet)[0].blanks() if blank.cell.shows != "change")
    assert sorted(printed) == sorted(value_text(cell.value) for cell in of_run)


@pytest.mark.parametrize("view", ["worksheet", "key", "worked"])
def test_the_text_of_every_kind_of_question_is_the_golden_one(view, golden):
    golden(f"kinds-{view}.txt", page_text(Pages(lower(*kinds_and_run())).html(view, "print")))


def test_a_screen_has_a_named_field_for_every_kind_of_answer():
    pages = Pages(lower(*kinds_and_run()))
    screen = pages.html("worksheet", "screen")
    names = re.findall(r'<input [^>]*aria-label="([^"]*)"', screen)
    assert len(names) == screen.count("<input ")
    for name in ("W_Q 2 3", "values, W_V and b_V, parameters", "true", "false", "on", "A"):
        assert name in names
    key = pages.html("key", "screen")
    assert "<input" not in key
    assert re.findall(r"✓</span>\s*(?:<i[^>]*>)?(\w+)", key) == ["on", "true", "false", "false", "A"]


def test_no_answer_stands_anywhere_in_a_worksheet():
    text = page("attention-head", "worksheet")
    for answer in ("−5/3", "−5/4", "3/2", "2/3"):
        assert answer not in re.sub(r"<svg.*?</svg>", "", text)
    assert "She divided" not in text
    assert "<circle" not in text


def test_a_screen_has_a_named_field_in_every_blank():
    screen = page("attention-head", "worksheet", medium="screen")
    blanks = sum(1 for cls, text in cells(page("attention-head", "worksheet")) if cls[0] in "ak" and not text)
    changes = sum(blank.cell.shows == "change" for blank in prepared("attention-head")[0].blanks())
    assert screen.count("<input ") == blanks + changes
    assert 'aria-label="S eat seeds"' in screen
    assert "<input" not in page("attention-head", "key", medium="screen")


def test_a_screen_page_needs_no_other_file():
    screen = page("gpt", "worksheet", medium="screen")
    urls = re.findall(r"url\(([^)]{0,30})|(?:src|href)=\"([^\"]*)", screen)
    assert urls
    assert all(url.startswith('"data:font/woff2;base64,') for url, _ in urls)


def test_headers_have_scope_and_figures_a_name():
    key = page("gpt", "key")
    assert all("scope=" in tag for tag in re.findall(r"<th[^>]*>", key))
    assert all("aria-label=" in tag for tag in re.findall(r"<table[^>]*>", key) if "colgroup" in tag or "Q_1" in tag)
    assert 'aria-label="Q_1 = N W_Q,1"' in key


def test_numbers_that_are_added_end_below_each_other():
    key = page("sizing", "key")
    assert re.search(r'<th scope="col" class="flush">GPT-2</th>', key)
    assert 'class="g flush">786,432<' in key
    shapes = page("shapes", "key")
    assert "flush" not in re.sub(r"<style>.*?</style>", "", shapes, flags=re.DOTALL)


def test_the_last_word_of_a_paragraph_is_tied_to_the_one_before():
    text = page("attention-head", "worksheet")
    assert "adds up to\u00a01.</p>" in text
    assert "<br>one query a\u00a0row</div>" in page("queries-keys-values", "worksheet")  # a note
    assert re.search(r"</span>&nbsp;=&nbsp;", text)  # the result of a first cell, and its last product
    assert "\u00a0" not in "".join(
        re.findall(r'<figure class="entries".*?</figure>', page("sizing", "key"), re.DOTALL)
    )


def test_a_worked_line_stands_beside_its_label():
    lines = re.findall(
        r'<table><colgroup><col class="i" style="width:[\d.]+mm"><col style="width:([\d.]+)mm"><col>',
        page("attention-head", "worked"),
    )
    assert lines
    assert max(map(float, lines)) < 80


def test_a_kernel_is_a_parameter_as_the_weights_are_whose_column_it_is():
    document, _ = prepared("one-by-one-convolution")
    roles = {panel.step: panel.role for block in document.blocks for panel in block.matrices}
    assert roles["blocks.0.conv_in.kernel[0]"] == roles["blocks.0.mlp.W_in"] == "parameter"


def test_letters_are_in_the_face_of_formulas_in_headings_and_sums():
    text = page("attention-in-letters", "worksheet", numbers="symbolic")
    assert re.search(r'Solve for <span class="math"><i>a</i></span></h2>', text)
    (sums,) = re.findall(r"of <span[^>]*><i[^>]*>V</i></span> add up to(.*)</p>", text)
    assert '<span class="math"><i>b</i>' in sums


def test_minus_is_always_the_true_one():
    for view in ("worksheet", "key", "worked"):
        assert not re.search(r"(?<![\w-])-\d", page_text(page("gpt", view)))


def test_dots_are_drawn_where_a_weight_is():
    key = re.sub(r"<svg class=.*?</svg>", "", page("attention-head", "key"))
    pattern = next(p for p in prepared("attention-head")[0].panels() if p.step.endswith("hook_pattern[0]"))
    assert key.count("<circle") == sum(1 for row in pattern.cells for c in row if c.value > 0)


def test_what_a_sheet_says_is_escaped_everywhere():
    hostile = "<script>alert(1)</script>"
    sheet = parse_sheet(
        "mine",
        f'---\ntitle: "{hostile}"\nmodel: softmax\ngoal: "{hostile}"\nprerequisites: ["{hostile}"]\n'
        f'tokens: ["{hostile}", b]\nconfig: {{softmax_base: 2}}\ninputs: {{scores: [[1, 0], [0, 2]]}}\n---\n'
        f"## {hostile}\n\n{hostile}\n\n{{{{ softmax('softmax') }}}}\n",
    )
    for medium in ("print", "screen"):
        html = Pages(lower(*prepare(sheet, Options()))).html("key", medium)  # type: ignore[arg-type]
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_a_string_in_css_cannot_end_the_style():
    assert css_string('a"</style>\\') == '"a\\22 \\3c \\2f style\\3e \\5c "'


def test_a_template_that_does_not_parse_is_named_with_its_line(folder):
    (folder / "page.html").write_text("one\n{% if %}\n", encoding="utf-8")
    with pytest.raises(SheetError, match=r"^template page.html line 2: Expected an expression"):
        Pages(lower(*prepared("attention-head"))).html("key", "print")


def test_a_template_cannot_reach_what_is_not_its_own(folder):
    (folder / "page.html").write_text("{{ d.__class__ }}", encoding="utf-8")
    with pytest.raises(SheetError, match="access to attribute '__class__'"):
        Pages(lower(*prepared("attention-head"))).html("key", "print")


@pytest.mark.parametrize("medium", ["print", "screen"])
def test_no_property_of_a_figure_is_set_twice(medium):
    html = Pages(lower(*prepared("attention-in-letters", numbers="symbolic"))).html("worksheet", medium)
    styles = re.findall(r'<figure class="[^"]*" style="([^"]*)"', html)
    names = [[each.partition(":")[0] for each in style.split(";")] for style in styles]
    assert all(len(set(each)) == len(each) for each in names)
    assert any("--w" in each for each in names), "a column for a letter has a width of its own"


@pytest.mark.parametrize(("sheet", "level", "number"), [("sampling", "stretch", 4), ("sizing", "stretch", 3)])
def test_a_question_after_other_texts_stands_below_the_figures_with_its_lines(sheet, level, number):
    sections = lower(*prepare(load_sheet(sheet), Options(level=level))).sections
    (drawn,) = (each for each in sections if each.section.number == number)
    assert [block.kind for block in drawn.after] == ["prose", "answer"]
    assert drawn.before[0].kind == "prose"


@pytest.mark.parametrize("sheet", ["dot-product", "softmax", "sizing"])
def test_a_question_has_the_width_that_its_figures_leave(sheet):
    asked = [drawn for drawn in lower(*prepared(sheet)).sections if drawn.section.is_question]
    for drawn in asked:
        figures = drawn.width + WORDS_GAP if drawn.laid and not drawn.below else 0
        assert drawn.words_width == PRINT.page[0] - figures >= 60
    assert {bool(drawn.laid) for drawn in asked} == {True, False}


EVERY_ELEMENT = """# A *heading* with $x$

A paragraph with **strong** words, `code`, a [link](https://example.org "title"), <https://example.org> and &lt;\\
on two lines

- one

  with two paragraphs
- two
  1. below

3. three
4. four

> quoted

```python title
x < 1
```

    indented

---
"""


def test_every_element_of_markdown_is_written_as_its_library_writes_it():
    whole, line = markdown.paragraphs(EVERY_ELEMENT), markdown.inline("**strong** $x$ and [x](y)")
    renderer, parser = _markdown(), markdown._markdown()
    assert prose(whole, tied=False) == renderer.renderer.render(parser.parse(EVERY_ELEMENT), renderer.options, {})
    (own,) = parser.parseInline("**strong** $x$ and [x](y)")
    assert prose(line, tied=False) == renderer.renderer.renderInline(own.children, renderer.options, {})
