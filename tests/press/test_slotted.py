"""One page that all runs of a sheet share: it is laid out once, and each run's words and numbers are filled in."""

import io
import logging
from functools import lru_cache

import numpy as np
import pypdfium2
import pytest
from every_sheet import FULL, a_share, in_turn
from kinds import lesson
from msgspec.structs import replace
from page_pdf import characters, different, laid_out_alone, same_text
from pypdf import PdfReader

from byhand.arithmetic.exact import RATIONALS
from byhand.formats import Setup
from byhand.formats.html.filled import screen_page
from byhand.formats.html.page import Pages, pages
from byhand.formats.pdf import filled
from byhand.notation.marks import FIRST_MARK, MARK, OneCopy, mark_number
from byhand.notation.text import value_text
from byhand.options import Options
from byhand.page.page import Page, lower
from byhand.page.printed import PrintPage
from byhand.pictures.shapes import Graphic
from byhand.pipeline import files_of, prepare
from byhand.press import slotted
from byhand.press.kept import KeptPage, kept_page, shape_of, with_slots, with_texts
from byhand.press.printing import pdf
from byhand.reading.verify import verify
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import all_sheets, load_sheet

Q = "blocks.0.attn.hook_q[0]"


@lru_cache(maxsize=64)
def prepared(sheet, seed=0, **options):
    return prepare(load_sheet(sheet), Options(seed=seed, **options))


def in_slots(sheet, seed=0, **options):
    return framed(*prepared(sheet, seed, **options))


def framed(document, run):
    """A document and its run with slots."""
    page = with_slots(pages(lower(document, run))).page
    return page.document, page.run


@pytest.mark.parametrize(("sheet", "view"), [("mlp", "key"), ("sampling", "worksheet")])
def test_another_seed_lays_nothing_out(sheet, view, tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path)
    slotted._slotted.cache_clear()  # of another test's page
    slotted._filled_one.cache_clear()
    made, lay_out = [], slotted.lay_out
    monkeypatch.setattr(slotted, "lay_out", lambda *args: made.append(args) or lay_out(*args))
    pages = [filled(lower(*prepared(sheet, seed)), view, Setup()) for seed in (1, 2, 3)]
    assert len(made) == 1
    assert len(set(pages)) == 3


@pytest.mark.parametrize("sheet", ["gpt", "feed-forward"])  # words of all lengths; a picture that says much
def test_runs_of_a_sheet_are_filled_into_the_same_page(sheet):
    found_pages = set()
    for seed in range(1, 7 if FULL else 4):
        found = slotted.shared(pages(lower(*prepared(sheet, seed))), "key", "a4", cache=False, fills=False)
        found_pages.add((found.page, found.texts))
    assert len(found_pages) <= 2  # a claim of gpt is true of some runs


@pytest.mark.parametrize(
    ("sheet", "view", "options"),
    a_share(
        [
            ("attention-head", "key", {}),
            ("attention-head", "worksheet", {"orientation": "columns", "numbers": "decimal"}),
            ("sizing", "key", {}),
            ("positional-encoding", "key", {"paper": "letter"}),
            ("position-biases", "key", {}),  # a line with a word, before one with a root
            ("rotary", "worksheet", {}),  # a number behind a margin
            ("sampling", "key", {}),  # labels that are shorter than those that it is laid out with
        ]
    ),
)
def test_what_is_filled_in_is_what_is_laid_out(sheet, view, options):
    document, run = prepared(sheet, 1, **options)
    paper = options.get("paper", "a4")
    found = filled(lower(document, run), view, Setup(paper))
    slots, own = framed(document, run)
    page = Pages(lower(slots, own)).printed(view, paper)
    texts = own.domain.texts
    full = laid_out_alone(page, lambda number: texts[number].at(0), view)
    assert same_text(found, full)
    assert different(found, full) <= 0.0015  # as in test_fill.py


WITH_SLOTS = sorted(set(sheet_files("en")) - {"attention-in-letters"})  # letters have none
WAYS = {"seed": 0}, {"seed": 1, "numbers": "decimal", "rounding": "once"}, {"seed": 2, "orientation": "columns"}


@pytest.mark.parametrize(("sheet", "asked"), in_turn(*WAYS, among=WITH_SLOTS if FULL else WITH_SLOTS[1::8]), ids=str)
def test_a_page_has_slots_for_all_that_other_runs_have_otherwise(sheet, asked):
    """In print and on the screen, where no number is asked for as the page is written."""
    document, run = prepared(sheet, **asked)
    slots, own = in_slots(sheet, **asked)
    written = pages(lower(slots, own))
    kept = kept_page(written, "print", lambda: written.printed("key"), "key", cache=True)
    texts = kept.texts(written.page, written.writers)
    filled_in = kept.page.filled(texts.__getitem__, lambda html: with_texts(html, texts))
    assert filled_in == Pages(lower(document, run)).printed("key", for_all=True)
    for view in ("worksheet", "key"):
        assert screen_page(pages(lower(document, run)), view, Setup(fills=True)) == Pages(lower(document, run)).html(
            view, "screen"
        )


def test_a_word_that_is_longer_than_its_column_is_filled_in():
    assert (
        slotted.shared(pages(lower(*prepared("transformer-block"))), "key", "a4", cache=True, fills=False) is not None
    )


def test_a_worksheet_and_its_key_are_laid_out_as_one_page(tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path)
    made, lay_out = [], slotted.lay_out
    monkeypatch.setattr(slotted, "lay_out", lambda *args: made.append(args) or lay_out(*args))
    document, run = prepared("softmax")
    pages = {
        view: PdfReader(io.BytesIO(filled(lower(document, run), view, Setup()))) for view in ("worksheet", "key")
    }
    assert len(made) == 1
    texts = {view: [page.extract_text() for page in reader.pages] for view, reader in pages.items()}
    assert pages["worksheet"].metadata.title == document.title
    assert pages["key"].metadata.title == f"{document.title} (key)"
    assert all(
        f"{reader.metadata.title}</" in reader.trailer["/Root"]["/Metadata"].get_data().decode()
        for reader in pages.values()
    )
    assert all("Name" in text and "key · page" not in text for text in texts["worksheet"])
    assert all("Name" not in text and f"key · page {n} of" in text for n, text in enumerate(texts["key"], 1))
    assert "".join(texts["key"]).count("✓") > "".join(texts["worksheet"]).count("✓") == 0
    for blank in document.blanks():
        assert value_text(blank.cell.value) in "".join(texts["key"])


def test_the_bar_of_a_root_in_an_answer_is_on_the_key_only():
    document, run = prepared("scores")
    coloured = {}
    for view in ("worksheet", "key"):
        pages = pypdfium2.PdfDocument(filled(lower(document, run), view, Setup()))
        pictures = [page.render(scale=2).to_numpy().astype(int) for page in pages]
        coloured[view] = sum(np.count_nonzero(np.ptp(picture[..., :3], axis=-1) > 20) for picture in pictures)
    assert coloured["worksheet"] == 0
    assert coloured["key"] > 0


KINDS = ("softmax", "shapes", "sizing", "sampling", "kv-cache", "cross-entropy")  # of questions


@pytest.mark.parametrize(
    ("sheet", "view"),
    [*((sheet, "worksheet") for sheet in KINDS), *((sheet, "key") for sheet in KINDS[:: 1 if FULL else 3])],
)
def test_a_view_of_the_page_says_what_the_view_says_by_itself(sheet, view):
    """So no answer stays on a worksheet, whatever kind of question it answers."""
    document, run = prepared(sheet, 1)
    alone = pdf(Pages(lower(document, run)).printed(view))
    found, expected = (
        [{letter: len(places) for letter, places in page.items()} for page in characters(each)]
        for each in (filled(lower(document, run), view, Setup()), alone)
    )
    assert found == expected


def test_a_text_without_room_is_laid_out_as_it_is_for_all_runs_that_have_it(tmp_path, monkeypatch):
    """Words that every seed has, in a paragraph that has no room for others."""
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path)
    slotted._slotted.cache_clear()
    slotted._filled_one.cache_clear()
    made, lay_out = [], slotted.lay_out
    monkeypatch.setattr(slotted, "lay_out", lambda *args: made.append(args) or lay_out(*args))
    for seed in (1, 2):
        document, run = prepared("transformer-by-hand", seed)
        found = slotted.shared(pages(lower(document, run)), "worksheet", "a4", cache=True, fills=False)
        assert {"word", "pears"} <= {*found.texts}
    assert len(made) == 2


def test_another_seed_is_not_written_anew(tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path)
    first = files_of("matrix-product", Options(seed=1), print)
    monkeypatch.setattr(Pages, "html", lambda *args, **named: pytest.fail("written anew"))
    second = files_of("matrix-product", Options(seed=2), print)
    assert all(first[file] != second[file] for file in (*first, *second))


def test_a_page_that_asks_for_a_number_as_it_is_written_is_not_kept(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path)
    caplog.set_level(logging.DEBUG, "byhand")
    largest = property(lambda page: Graphic(9, 9, f"{float(max(page.run.values('softmax')[0])):.17g}", ()))
    monkeypatch.setattr(Page, "map", largest)
    page = files_of("softmax", Options(seed=1, formats=("html",), views=("key",)), print)["key.html"].decode()
    assert largest.fget(lower(*prepared("softmax", 1))).said in page
    assert "written by itself; with other words or numbers, its page may be another" in caplog.text


def test_a_document_is_kept_for_what_it_says_but_not_for_its_numbers():
    shapes = set()
    for seed, orientation in ((1, "rows"), (2, "rows"), (1, "columns")):
        document, run = in_slots("matrix-product", seed, orientation=orientation)
        shapes.add(shape_of(Pages(lower(document, run)), "screen"))
        assert shape_of(Pages(lower(replace(document, title="Hardmax"), run)), "screen") not in shapes
    assert len(shapes) == 2


def test_a_sheet_that_says_other_words_is_not_filled_into_the_page_of_before(tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path)
    document, run = prepared("softmax", 1)
    filled(lower(document, run), "key", Setup())

    def renamed(document, run):
        return replace(document, title="Hardmax"), run

    other, title = replace(document, title="Hardmax"), document.title
    other = replace(other, over=lambda domain: renamed(*document.over(domain)))
    page = PdfReader(io.BytesIO(filled(lower(other, run), "worksheet", Setup()))).pages[0].extract_text()
    assert "Hardmax" in page
    assert title not in page.splitlines()[:5]


def test_a_word_with_an_apostrophe_is_filled_in():
    """Words are escaped in more than one way, which mean the same."""
    document, run = prepared("attention-head", 1, tokens=("don't", "be", "late"))
    assert "don't" in slotted.shared(pages(lower(document, run)), "key", "a4", cache=True, fills=False).of_run


def test_without_the_cache_nothing_of_a_sheet_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path)
    files_of("softmax", Options(seed=1, cache=False), print)
    assert {"laid-out", "pages", "sheets"}.isdisjoint(path.name for path in tmp_path.iterdir())


def test_texts_are_escaped_where_they_stand():
    page = PrintPage(f"<b>{chr(FIRST_MARK)}</b>{chr(FIRST_MARK + 1)}")
    kept = KeptPage(page, {0: ("plain", (0,)), 1: ("value_html", (1,))})
    domain = OneCopy(RATIONALS)
    document, run = prepared("softmax")
    own = lower(document, replace(run, domain=domain))
    domain.constant("<"), domain.constant(RATIONALS.num(-1))
    assert with_texts(page.html, kept.texts(own, pages(lower(document, run)).writers)) == "<b>&lt;</b>−1"


def test_a_page_that_is_another_with_slots_is_laid_out_by_itself(caplog):
    caplog.set_level(logging.DEBUG, "byhand")
    body = f"## A\n\n{{{{ 'four' if value('{Q}', 0, 0) == '4' else 'many' }}}}\n\n{{{{ ask('{Q}') }}}}"
    document, run = prepare(lesson(body), Options())  # a text is compared, where a number should be
    assert framed(document, run)
    assert filled(lower(document, run), "key", Setup()) == pdf(Pages(lower(document, run)).printed("key"))
    assert "lesson, key: laid out by itself; with slots, its page is another" in caplog.text


def test_a_word_that_is_broken_has_no_slot(tmp_path, caplog):
    caplog.set_level(logging.DEBUG, "byhand")
    document, run = prepared("attention-head", tokens=("an", "extraordinary", "cat"))
    (tmp_path / "key.pdf").write_bytes(filled(lower(document, run), "key", Setup()))
    assert (
        "attention-head, key: laid out by itself; with other words or numbers, its page may be another" in caplog.text
    )
    assert verify(tmp_path / "key.pdf").faults == ()


def test_all_that_a_run_decides_is_in_slots():
    document, run = prepared("gpt", 2)
    slots, own = framed(document, run)
    texts = own.domain.texts
    html = Pages(lower(slots, own)).html("key", "print")
    assert MARK.sub(lambda mark: texts[mark_number(mark[0])].at(0), html).count(run.hash) == 1
    for text in (*run.vocabulary, run.hash):
        assert f">{text}<" not in html


def test_what_has_no_room_is_laid_out_by_itself(caplog):
    caplog.set_level(logging.DEBUG, "byhand")
    document, run = prepared("causal-mask", 1, tokens=("кот", "спит", "тут"))
    assert filled(lower(document, run), "key", Setup()) == pdf(Pages(lower(document, run)).printed("key"))
    assert (
        "causal-mask, key: laid out by itself; its words or numbers have no room in the page of other runs"
        in caplog.text
    )


def test_worked_lines_are_formulas_and_are_laid_out_by_themselves(tmp_path):
    document, run = prepared("logits-and-perplexity")
    worked = filled(lower(document, run), "worked", Setup())
    assert worked == pdf(Pages(lower(document, run)).printed("worked"))
    (tmp_path / "worked.pdf").write_bytes(worked)
    assert verify(tmp_path / "worked.pdf").faults == ()


def test_letters_have_no_slots():
    document, run = prepared("attention-head", numbers="symbolic")
    assert document.over is None
    assert filled(lower(document, run), "key", Setup()) == pdf(Pages(lower(document, run)).printed("key"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("−5/3", "−2"), ("(−1)·4", "2·−2"), ("0.75", "−2"), ("−∞", "−2"), ("7, 3, 1", "−2, −2, −2"),
     ("3fa2c81", "0000000"), ("1,024", "−2"), ("down", "word"), ("down sat or up", "word word word word"), ("", ""),
     ("a(−x + 1)", "word(word − −2)"), ("a(x − 3)", "word(word − −2)")],
)  # fmt: skip
def test_a_typical_text_has_no_number_of_the_run(text, expected):
    assert slotted.typical(text) == expected


@pytest.mark.parametrize("sheet", [each.name for each in all_sheets() if each.fractions])
def test_what_a_sheet_says_of_fractions_is_of_its_steps(sheet):
    found = load_sheet(sheet)
    assert {*found.fractions} <= prepared(sheet)[1].steps.keys()


def test_pages_are_alike_however_wide_their_columns_are():
    html, figures = '<td style="--w:8mm" class="g">1</td>', '["a \\"b 1",[8.0,-2]]'
    page = PrintPage(html, figures)
    alike = [page, PrintPage(html.replace("8", "8.183"), figures), PrintPage(html, figures.replace("8.0", "9"))]
    others = [
        PrintPage(html.replace("g", "t"), figures), PrintPage(html.replace(">1", ">2"), figures),
        PrintPage(html, figures.replace("b 1", "b 2")), PrintPage(html, figures.replace(",-2", "")),
    ]  # fmt: skip
    assert [slotted.alike(page, other) for other in (*alike, *others)] == [True] * 3 + [False] * 4
