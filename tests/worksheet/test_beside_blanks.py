"""No worksheet prints an answer on the leaf of its blank, at any level and in either orientation, or in the key's colour.

`python tests/beside_blanks.py SHEET` lists a sheet's offenders with their places.
"""

from __future__ import annotations

import re

import pypdfium2
import pytest
from beside_blanks import beside, offenders, pages_of
from every_sheet import FEW, FULL, ORDER, in_turn
from kinds import lesson

from byhand.formats import Setup
from byhand.formats.html.page import pages
from byhand.formats.pdf import filled
from byhand.options import Options
from byhand.page.look import COLOURS
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

WAYS = (  # level, orientation and seed
    ("easy", "rows", 0), ("stretch", "columns", 0), ("standard", "rows", 3), ("easy", "columns", 0), ("stretch", "rows", 0),
    ("standard", "columns", 3),
)  # fmt: skip


@pytest.mark.parametrize(("sheet", "way"), in_turn(*WAYS, among=ORDER if FULL else ORDER[1::5]), ids=str)
def test_no_answer_stands_beside_its_blank_and_no_page_holds_only_its_foot(sheet, way):
    """The sheet's own numbers at the standard level are looked at where their pages are, in test_pdf.py."""
    found = list(map(str, offenders(sheet, *way)))
    assert not found, "\n".join(found)


COLOURED = [
    *((sheet, "standard") for sheet in (ORDER if FULL else ORDER[::16])),
    *((sheet, "easy") for sheet in (ORDER if FULL else FEW[:2])),
]


@pytest.mark.parametrize(("sheet", "level"), COLOURED)
def test_nothing_on_a_worksheet_wears_the_colour_of_the_key(sheet, level):
    document, run = prepare(load_sheet(sheet), Options(level=level, seed=0))
    assert not coloured(filled(lower(document, run), "worksheet", Setup()))
    assert coloured(filled(lower(document, run), "key", Setup()))
    html = pages(lower(document, run)).html("worksheet", "screen")
    assert COLOURS["pen"] not in re.sub("<style>.*?</style>", "", html, flags=re.DOTALL)
    assert not re.findall(r'<td class="?[ak]\b(?![^">]*\bp\b)[^>]*>[^<]', html)  # these have it in print.css


def coloured(pdf):
    """Whether any pixel of a PDF's pages is not grey."""
    pictures = (page.render(scale=0.8).to_numpy()[..., :3].astype(int) for page in pypdfium2.PdfDocument(pdf))
    return any((picture.max(2) - picture.min(2)).max() > 10 for picture in pictures)


ATTN = "blocks.0.attn."
QUERIES, SCORES = f"{{{{ ask('{ATTN}hook_q[0]') }}}}", f"{{{{ ask('{ATTN}scores_raw[0]') }}}}"
CHECKPOINT = "{{ checkpoint('$Q$ is printed.') }}"


def found(*sections, pages):
    """The offenders of a sheet with these sections on these pages, from 0: of each, its step, and how it is found."""
    document, run = prepare(lesson("".join(f"## A\n\n{body}\n\n" for body in sections)), Options())
    where = {section: [page] for section, page in zip(document.sections, pages, strict=True)}
    return [(each.step, each.by_value) for each in beside(document, run, where)]


@pytest.mark.parametrize(
    ("sections", "pages"),
    [
        ((QUERIES, SCORES), (0, 0)),
        ((f"{SCORES}\n\n{CHECKPOINT}", QUERIES), (0, 0)),
        ((QUERIES, f"{SCORES}\n\n{CHECKPOINT}", f"{SCORES}\n\n{CHECKPOINT}"), (0, 1, 1)),  # printed already
        ((QUERIES, f"{{{{ given('{ATTN}hook_q[0]') }}}}\n\n{CHECKPOINT}\n\n{{{{ lines(1, 'Because.') }}}}"), (0, 1)),
        ((QUERIES, f"{{{{ given('{ATTN}hook_k[0]') }}}}\n\n{CHECKPOINT}"), (0, 0)),
        ((QUERIES, "{{ checkpoint('Go on.', opens=True) }}", "Text."), (0, 1, 1)),
    ],
)
def test_a_checkpoint_begins_a_page_where_it_prints_what_is_asked_for(sections, pages):
    document, run = prepare(lesson("".join(f"## A\n\n{body}\n\n" for body in sections)), Options())
    assert [*pages_of(document, run).values()] == [[page] for page in pages]


QUERY = [(f"{ATTN}hook_q[0]", False)]


@pytest.mark.parametrize(("pages", "near"), [((0, 0), True), ((0, 1), True), ((2, 3), True), ((1, 2), False)])
def test_a_leaf_is_a_page_and_its_back(pages, near):
    assert found(QUERIES, SCORES, pages=pages) == QUERY * near


def test_a_checkpoint_that_opens_the_back_may_print_what_the_front_asks_for():
    opening = f"{SCORES}\n\n{CHECKPOINT}"
    assert found(QUERIES, opening, pages=(0, 1)) == []
    assert found(QUERIES, opening, pages=(0, 0)) == QUERY
    assert found(QUERIES, "Text.", opening, pages=(0, 1, 1)) == QUERY  # it does not open the page
    assert found(QUERIES, opening, SCORES, pages=(0, 1, 1)) == []  # the leaf is turned
    question = f"{{{{ given('{ATTN}hook_q[0]') }}}}\n\n{{{{ lines(1, 'Because.') }}}}"
    assert found(QUERIES, opening, question, pages=(0, 1, 1)) == QUERY


def test_a_step_that_repeats_an_answer_gives_it_away():
    """The mask leaves the scores of earlier words as they are; who is asked for masked scores reads the others."""
    scaled, masked = f"{ATTN}scores_scaled[0]", f"{ATTN}hook_attn_scores[0]"
    asked, shown = ([f"{{{{ {call}('{step}') }}}}" for step in (scaled, masked)] for call in ("ask", "given"))
    assert found(asked[0], shown[1], pages=(0, 1)) == [(scaled, False)]
    assert found(shown[0], asked[1], pages=(0, 1)) == []


def test_what_is_copied_or_only_an_example_is_no_answer():
    assert found(QUERIES, f"{{{{ ask('{ATTN}scores_raw[0]', copy='{ATTN}hook_q[0]') }}}}", pages=(0, 0)) == []


def test_a_foil_may_not_be_the_matrix_that_a_blank_asks_for():
    """Fay took the weights of the queries for the keys, too. The numbers of an operand may be those of a result."""
    foil = f"{{{{ find_the_error('keys-by-query-weights', '{ATTN}hook_k[0]', 1) }}}}"
    assert found(QUERIES, foil, pages=(0, 1)) == [(f"{ATTN}hook_q[0]", True)]
    assert found(QUERIES, foil, pages=(0, 2)) == []
    assert found(f"{{{{ ask('{ATTN}hook_k[0]') }}}}", foil, pages=(0, 1)) == []
    assert found(QUERIES, foil.replace("1)", "1, row=0)"), pages=(0, 1)) == [(f"{ATTN}hook_q[0]", True)]


def test_a_foil_may_not_have_right_what_a_token_is_asked_for():
    """Without a mask, only the last token's row is as it should be."""
    pattern = f"{ATTN}hook_pattern[0]"
    foil = f"{{{{ find_the_error('no-mask', '{pattern}', 1) }}}}"
    assert found(f"{{{{ ask('{pattern}') }}}}", foil, pages=(0, 1)) == [(pattern, True)]
    changed = foil.replace("1)", "1, changed_only=True)")
    assert found(f"{{{{ ask('{pattern}') }}}}", changed, pages=(0, 1)) == []
