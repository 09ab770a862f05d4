"""Reading pages back: what was printed is right; no changed digit is missed; what is none of ours is refused."""

import json
import re
from collections import Counter
from contextlib import suppress
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from every_sheet import FULL, ORDER, a_share, in_turn, made
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, ByteStringObject, ContentStream, NameObject

from byhand import __version__
from byhand.arrange import arranged
from byhand.choose import choose
from byhand.cli import main
from byhand.errors import ByHandError, UnreadableError
from byhand.formats.html.page import Pages
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import generate, prepare
from byhand.press.printing import pdf
from byhand.reading import verify as checking
from byhand.reading import ways
from byhand.reading.back import Again, Printed
from byhand.reading.page import _Reader, read_html
from byhand.reading.pdf import letters_of, read_pdf
from byhand.reading.verdict import Finding
from byhand.reading.verify import report, verify
from byhand.record import FORMER_OPS, as_text
from byhand.worksheet.asked import FORMS, as_word, from_words, left_out
from byhand.worksheet.sheet import all_sheets, load_sheet
from byhand.worksheet.views import VIEWS

SHEETS = [sheet.name for sheet in all_sheets()]
INVERSE = [sheet.name for sheet in all_sheets() if "inverse(" in sheet.body]
EVERY = ("worksheet", "key", "worked")


def written(sheet, folder, **options):
    """A sheet's HTML files by view."""
    paths = generate(sheet, Options(**{"views": EVERY, "formats": ("html",)} | options), folder)
    return {path.stem: path for path in paths}


def again(sheet, *views, **options):
    """A sheet as it is printed, beside itself, in each view."""
    document, run = prepare(load_sheet(sheet), Options(**options))
    printed = Printed(document, run, {})
    for view in views:
        html = Pages(lower(document, run)).html(view, "screen")
        assert signs(DRAWN.sub("", html[html.index("<body") :])) == signs(read(html))
        yield Again(printed, read_html(html), "screen")


ASKED = "view=key language=en level=standard orientation=rows numbers=exact base=2"
SAYS = f"<meta name=byhand content='{ASKED} version=0.1.0 sheet=layer-norm seed=0 hash=1234567 minutes=9'>"
DRAWN = re.compile(r"<(svg|style|script)\b.*?</\1>|<[^>]*>", re.DOTALL)


def signs(text):
    """The digits and minus signs of a text, and how often each stands there."""
    return Counter(re.findall(r"[\d−]", text))


def read(html):
    """All that is read of a page, its foot too; what is not is drawn: the map, dots, brackets, arrows."""
    reader = _Reader()
    reader.feed(html)
    return "".join(
        [
            *reader.margins.values(),
            *reader.collector.texts,
            *(x for table in reader.collector.tables for row in table for x in row),
        ]
    )


def beside(whole, page):
    """The same print beside another page."""
    other = replace(whole, page=page)
    vars(other).update(expected=whole.expected, owners=whole.owners, laid=whole.laid)  # which do not depend on it
    return other


def other_digit(text, at):
    return text[:at] + str((int(text[at]) + 1 + at % 8) % 10) + text[at + 1 :]


def changed_cell(page, t, r, c, text):
    rows = [list(row) for row in page.tables[t].rows]
    rows[r][c] = text
    tables = list(page.tables)
    tables[t] = replace(tables[t], rows=tuple(map(tuple, rows)))
    return replace(page, tables=tuple(tables))


def digits(page):
    """Every cell with a digit, labels left out, and where its last digit is."""
    for t, table in enumerate(page.tables):
        for r, row in enumerate(table.rows):
            for c, text in enumerate(row):
                if found := [m.start() for m in re.finditer(r"\d", text)]:
                    yield t, r, c, found[-1]


@pytest.mark.parametrize(("sheet", "orientation"), in_turn("rows", "columns", among=ORDER if FULL else ORDER[1::3]))
def test_no_changed_digit_of_a_cell_is_missed(sheet, orientation):
    """Some thirty of each page, thousands in all: of givens, answers, worked lines and labels. All others are read, too."""
    tried = 0
    for whole in again(sheet, *VIEWS, orientation=orientation):
        assert list(whole.problems()) == []
        spots = list(digits(whole.page))
        for t, r, c, at in spots[:: max(1, len(spots) // 30)]:
            text = whole.page.tables[t].rows[r][c]
            problems = list(beside(whole, changed_cell(whole.page, t, r, c, other_digit(text, at))).problems())
            assert len(problems) == 1
            assert f"the page has {other_digit(text, at)}; its givens make {text}" in problems[0]
            tried += 1
    assert tried > 80


def test_no_changed_digit_in_the_prose_is_missed():
    (whole,) = again("attention-head", "key")
    for n, text in enumerate(whole.page.texts):
        for at in (m.start() for m in re.finditer(r"\d", text)):
            texts = list(whole.page.texts)
            texts[n] = other_digit(text, at)
            assert list(beside(whole, replace(whole.page, texts=tuple(texts))).problems()), text[at - 20 : at + 1]


def test_a_wrong_answer_is_named_by_step_and_place(tmp_path):
    path = written("attention-head", tmp_path)["key"]
    html = path.read_text(encoding="utf-8")
    before, cell, after = html.partition('<td class="a b">4</td>')
    path.write_text(before + cell.replace("4", "5") + after, encoding="utf-8")
    wrong = "1 Scores: blocks.0.attn.scores_raw[0], row 2, column 1 (S eat birds): the page has 5; its givens make 4"
    assert verify(path).faults == (wrong,)


def test_a_page_that_counts_below_0_is_wrong_though_its_answers_follow(tmp_path):
    path = written("family-tree", tmp_path, values={"inputs": {"latent": [[3]]}})["key"]
    html = path.read_text(encoding="utf-8")
    before, row, after = html.partition("a latent, from which they are made")
    for number in ("3", "3,000", "72"):  # what a layer keeps of a word, and of 1,000; and its weights
        assert f">{number}</td>" in after
        after = after.replace(f">{number}</td>", f">−{number}</td>", 1)
    path.write_text(before + row + after, encoding="utf-8")
    found = "the page's givens cannot be worked with: latent is -3; a count is a whole number, 0 or more"
    assert verify(path).faults == (found,)


OWN = {
    "tokens": ["a", "b", "c"],
    "weights": {"blocks.0.attn.W_Q": [[[1, 1, 1, 0], [0, 1, 2, -1], [-1, 0, -1, -1], [1, 0, 0, 2]]]},
}


@pytest.mark.parametrize("view", ["worksheet", "key"])
def test_somebodys_own_numbers_are_recomputed_from_what_is_printed(view, tmp_path):
    path = written("attention-head", tmp_path, values=OWN, numbers="decimal", base="e", orientation="columns")[view]
    assert verify(path).faults == ()
    page = read_html(path.read_text(encoding="utf-8"))
    spots = [spot for spot in digits(page) if not page.tables[spot[0]].heads[spot[1]][spot[2]]]
    for t, r, c, at in spots[:: len(spots) // 5]:
        text = page.tables[t].rows[r][c]
        wrong = changed_cell(page, t, r, c, other_digit(text, at))
        assert judged(wrong), f"{text} of table {t}, row {r}, cell {c}"


def judged(page):
    """The faults of a page that is not in a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "read_html", lambda text: page)
        patch.setattr(checking, "content_of", lambda path: b"")
        patch.setattr(checking, "check_markup", lambda html, again: "")
        return verify("page.html").faults


MADE = [
    ("attention-head", {"seed": 3, "orientation": "columns"}),
    ("layer-norm", {"level": "easy"}),
    ("feed-forward", {"numbers": "symbolic"}),
    ("multi-head-attention", {"numbers": "decimal", "places": 4, "rounding": "once", "base": "e"}),
    ("attention-head", {"numbers": "decimal", "base": 3, "values": {
        "config": {"n_ctx": 5}, "tokens": ["one", "two", "three", "four", "five"],
        "inputs": {"blocks.0.hook_resid_pre": [[1, 2, 0, 1], [3, 4, 1, 1], [0, 1, 1, 1], [1, 1, 2, 2], ["1/2", 1, 0, 0]]}}}),
    ("feed-forward", {"numbers": "decimal", "places": 5, "orientation": "columns", "values": {
        "inputs": {"blocks.0.hook_resid_mid": [["1.12345", "-11.23456"], [3, "4.98765"], [0, "1.11111"]]}}}),
    ("attention-head", {"numbers": "decimal", "values": {
        "config": {"n_ctx": 5, "d_model": 2, "d_head": 4, "d_v": 3, "softmax_base": 2}, "tokens": ["one", "two", "three", "four", "five"],
        "inputs": {"blocks.0.hook_resid_pre": [[1, -2], [0, 1], [0, 1], [1, 1], ["1/2", 1]]},
        "weights": {"blocks.0.attn.W_Q": [[[1, 0, 1, 0], [0, 1, 1, 0]]], "blocks.0.attn.W_K": [[[1, 0, 1, 1], [0, 0, 0, 1]]],
                    "blocks.0.attn.W_V": [[[1, 2, 3], [2, -1, 0]]], "blocks.0.attn.b_Q": [[1, 0, 1, 0]]}}}),
    ("positional-encoding", {"numbers": "decimal", "values": {"inputs": {
        "hook_embed": [[2, -2, "1/2", 0], [2, -2, 3, -1], [2, -2, -1, 0], [-1, 0, -3, 1]]}}}),
    ("causal-mask", {"numbers": "decimal", "places": 3, "base": "e", "values": {"weights": {
        "blocks.0.attn.W_Q": [[[0, 0, 0, 0], [-1, 1, -1, 0], [-1, 0, 2, 1], [1, 1, 1, 1]]],
        "blocks.0.attn.W_V": [[[-1, 1], [-3, 0], ["1/2", 0], ["-5/2", 12]]]}}}),
    ("multi-head-attention", {"numbers": "decimal", "values": {"weights": {  # neither printed nor needed, but counted
        "blocks.0.attn.W_Q": [[[1, 0, 1, 2], [1, 1, 1, -1], [0, 0, 0, "1/2"], [0, -1, 0, 1]],
                              [[1, 1, -1, -1], [0, 1, 0, 1], [0, 2, 0, -1], [-2, 3, 0, 1]]]}}}),
    ("gpt", {"answer": "dog", "seed": 4}),
    ("encoder", {"seed": 3, "values": {"config": {"n_ctx": 4}, "tokens": ["we", "look", "and", "see"]}}),
    ("sizing", {"values": {"inputs": {"n_layers": [[2, 6]], "d_mlp": [[8, 1024]], "copies": [[2, 3]], "batch": [[2, 50]]}}}),
    ("attention-in-letters", {"orientation": "columns", "values": {"weights": {
        "blocks.0.attn.W_Q": [[[1, 1, -1, 1], [-1, "p", 2, 1], [1, -1, -1, -1], [0, -1, -1, -2]]],
        "blocks.0.attn.W_V": [[["1/2", 3], ["q", -2], [0, 1], [1, 7]]]}}}),
    ("sizing", {"values": {"inputs": {"bias": [[1, 0]], "copies": [[2, 3]]}}}),
    ("sampling", {"numbers": "decimal", "places": 3, "rounding": "once", "base": "e", "values": {"inputs": {
        "logits": [[2, 4, 3, 2]], "k": [[3]], "p": [["3/4"]]}}}),
    ("kv-cache", {"numbers": "decimal", "places": 3, "rounding": "once", "base": "e", "values": {"inputs": {
        "blocks.0.hook_resid_pre": [[0, "-1.25", -1, 1], ["1/3", 1, 1, -1], [0, -1, "2/3", 0], [2, -1, 1, "0.1"]]}}}),
    ("shapes", {"values": {"weights": {  # another pattern would leave the fractions, but no page needs it
        "blocks.0.attn.W_Q": [[[1, 0, 1, -2], [0, 1, -1, 1], [0, 1, 0, 0], [-1, 0, 0, -1], [2, 1, 1, 1], [1, 0, -1, 0]]],
        "blocks.0.attn.W_K": [[[0, 0, 0, 0]] * 6]}}}),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "options"), MADE)
def test_whatever_was_asked_for_is_read_off_the_page(sheet, options, tmp_path):
    """Sizes and biases of a file's own, too, which only the tables show; and wide numbers, which break tables."""
    assert verify(written(sheet, tmp_path, views=("key",), **options)["key"]).faults == ()


def test_worked_lines_of_more_words_are_read(tmp_path):
    """Of which there are more tables than the sheet's own words have."""
    values = {"config": {"n_ctx": 4}, "tokens": ["we", "look", "and", "see"]}
    assert verify(written("encoder", tmp_path, views=("worked",), seed=3, values=values)["worked"]).faults == ()


@pytest.mark.parametrize("rounding", ["once", "carry"])
def test_a_page_is_computed_from_what_it_prints_of_steps_before_it(rounding, tmp_path):
    """As its reader computes it, who has no other digits of a value than −1.6, which is −1.602."""
    own = {"inputs": {"blocks.0.hook_resid_pre": [[0, 1, "-0.203", 1], [0, "1.077", 1, 0], [1, 0, "0.031", 1]]}}
    paths = written("causal-mask", tmp_path, numbers="decimal", rounding=rounding, values=own)
    assert [verify(path).faults for path in paths.values()] == [(), (), ()]
    html = paths["key"].read_text(encoding="utf-8")
    assert "<td class=g>−1.6<" in html
    assert "<td class=g>−1.60<" not in html
    page = read_html(html)
    spots = [spot for spot in digits(page) if not page.tables[spot[0]].heads[spot[1]][spot[2]]]
    for t, r, c, at in spots[:: len(spots) // 9]:
        assert judged(changed_cell(page, t, r, c, other_digit(page.tables[t].rows[r][c], at)))


@pytest.mark.parametrize("bias", [[0, 0], [0, 1]])
def test_the_wrong_cell_is_named_with_biases_and_without(bias, tmp_path):
    own = {"inputs": {"bias": [bias], "n_layers": [[2, 12]]}}
    path = written("sizing", tmp_path, views=("key",), values=own)["key"]
    page = read_html(path.read_text(encoding="utf-8"))
    t, r, c, _ = next(s for s in digits(page) if page.tables[s[0]].rows[s[1]][0].startswith("allblocks"))
    (fault,) = judged(changed_cell(page, t, r, c, "999"))
    assert re.search(
        r"params\.blocks, row 1, column 1 \(all blocks, tiny\): the page has 999; its g\w+ make \d+$", fault
    )


@pytest.mark.parametrize(("sheet", "seed"), in_turn(0, 1, among=a_share(SHEETS, 3)))
def test_a_page_says_forms_only_where_they_are_not_the_sheets_own(sheet, seed):
    assert FORMS not in made(sheet, seed)[0].asked


@pytest.mark.parametrize("sheet", SHEETS if FULL else SHEETS[::2])
def test_a_sheet_prints_all_that_its_numbers_come_from(sheet):
    options = Options().on(load_sheet(sheet))
    values = choose(load_sheet(sheet), options)[0]
    document, run, _ = arranged(load_sheet(sheet), values, options, options.domain, whole=False)
    printed = Printed(structs.replace(document, stamp={"seed": "0", "hash": "1234567"}), run, {})
    page = read_html(Pages(lower(printed.document, run)).html("key", "screen"))
    assert Again(printed, page, "screen").hidden() == []


FORMED = [  # with numbers and choices of one's own; what a page says of their forms, and what it might say in its place
    ("attention-head", {"config": {"attention_dir": "causal"}}, '"causal"', '"bidirectional"'),
    ("kv-cache", {"config": {"attention_dir": "bidirectional"}}, '"bidirectional"', '"causal"'),
    ("attention-head", OWN | {"weights": OWN["weights"] | {"blocks.0.attn.b_Q": [[1, 0, 1, 0]]}}, "[1,4,1]", "[1,3,1]"),
    ("sizing", {"inputs": {"bias": [[1, 0]]}}, "[1,2,1]", "[1,2,0]"), ("sizing", {"inputs": {"bias": [[1, 0]]}}, "[1,2,1]", "[]"),
    ("softmax", {"inputs": {"scores": [[1, 2, 0, 1], [0, 1, 1, 1]]}}, "[2,4,1]", "[99999,99999,1]"),
    ("softmax", {"inputs": {"scores": [[1, 2, 0, 1], [0, 1, 1, 1]]}}, "[2,4,1]", "[3,4,1]"),
    ("softmax", {"inputs": {"scores": [[1, 2, 0, 1], [0, 1, 1, 1]]}}, '{"inputs"', '{"config":{"eps":1},"inputs"'),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "values", "true", "lie"), FORMED)
def test_a_page_that_lies_about_the_forms_of_its_numbers_is_wrong_or_refused(sheet, values, true, lie, tmp_path):
    path = written(sheet, tmp_path, views=("key",), values=values, numbers="decimal")["key"]
    html = path.read_text(encoding="utf-8")
    (said,) = re.findall(rf" {FORMS}=(\S+)", html)
    assert verify(path).faults == ()
    assert unquote(said).count(true) == 1
    path.write_text(html.replace(said, as_word(unquote(said).replace(true, lie))), encoding="utf-8")
    assert report(path)[1] in (Finding.WRONG, Finding.UNREADABLE)


@pytest.mark.parametrize("sheet", SHEETS if FULL else SHEETS[::3])
def test_a_choice_that_a_page_says_is_one_that_its_reader_is_told(sheet):
    """So that nobody can say that a key is right by a choice of which its reader knows nothing."""
    own = load_sheet(sheet)
    usual = prepare(own, Options(numbers="decimal"))
    directions = {"causal": "bidirectional", "bidirectional": "causal"}
    direction = directions[choose(own, Options())[0].config.attention_dir]
    with suppress(ByHandError):  # a sheet that is written for one of them
        other = prepare(own, Options(numbers="decimal", values={"config": {"attention_dir": direction}}))
        assert other[1].hash == usual[1].hash or other[0].conventions != usual[0].conventions


LOST = [
    ("linear-layer", "rows", {
        "inputs": {"x": [[1, 2, 3, 1], [0, 1, 1, 1], [2, 2, 1, 0]]},
        "weights": {"other.W": [[3, 1, 2], [0, -1, 1], [1, 4, -2], [-1, 1, 1]]}}),
    ("dot-product", "columns", {
        "inputs": {"p": [[3, 2, -2, 1], ["1/2", 3, 0, 3], [2, 1, 1, 2]], "q": [[4, "3/2", 2, 0], [1, -2, 3, 5], [1, 2, -1, 3]]}}),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "orientation", "values"), LOST)
def test_what_a_worksheet_leaves_to_be_found_is_found(sheet, orientation, values, tmp_path):
    """Of numbers that only the page has: from the results that it prints, which must be right themselves."""
    options = {"views": ("worksheet",), "values": values, "orientation": orientation, "numbers": "decimal"}
    path = written(sheet, tmp_path, **options)["worksheet"]
    assert verify(path).faults == ()
    page = read_html(path.read_text(encoding="utf-8"))
    spots = [s for s in digits(page) if not page.tables[s[0]].heads[s[1]][s[2]]]
    for t, r, c, at in spots[:: len(spots) // 2]:
        assert judged(changed_cell(page, t, r, c, other_digit(page.tables[t].rows[r][c], at)))


def test_a_page_with_other_tables_is_not_compared(tmp_path):
    own = {"inputs": {"blocks.0.hook_resid_pre": [[1, 2, 0, 4], [3, 4, 1, 1], [0, 1, 0, 0]]}}
    path = written("layer-norm", tmp_path, views=("key",), values=own, numbers="decimal")["key"]
    html = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"<tr[^>]*>(?:(?!</tr>).)*</tr>", "", html, count=1), encoding="utf-8")
    with pytest.raises(
        UnreadableError, match=r"^its table 1 is not as this sheet has it: it has other sizes, or was changed$"
    ):
        verify(path)


@pytest.mark.parametrize("which", [0, 3, -1])
def test_a_page_without_one_of_its_tables_is_refused(which, tmp_path):
    own = {"inputs": {"blocks.0.hook_resid_pre": [[1, 2, 0, 4], [3, 4, 1, 1], [0, 1, 0, 0]]}}
    path = written("layer-norm", tmp_path, views=("key",), values=own, numbers="decimal")["key"]
    html = path.read_text(encoding="utf-8")
    table = list(re.finditer(r"<table.*?</table>", html, re.DOTALL))[which]
    path.write_text(html[: table.start()] + html[table.end() :], encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"^its table \d+ is not as this sheet has it"):
        verify(path)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """A key as PDF, and a page of another sheet in columns on Letter."""
    folder = tmp_path_factory.mktemp("printed")
    key = generate("attention-head", Options(views=("key",), formats=("pdf",)), folder)
    options = Options(
        views=("worksheet",), formats=("pdf",), orientation="columns", paper="letter", numbers="decimal"
    )
    return [*key, *generate("layer-norm", options, folder)]


def test_a_pdf_says_what_its_page_says(printed):
    for path, (sheet, view, options) in zip(printed, [
        ("attention-head", "key", {}), ("layer-norm", "worksheet", {"orientation": "columns", "numbers": "decimal"})
    ], strict=True):  # fmt: skip
        page = read_pdf(path.read_bytes())
        document, run = prepare(load_sheet(sheet), Options(**options))
        expected = read_html(Pages(lower(document, run)).html(view, "print"))
        assert (page.texts, page.tables, page.asked) == (expected.texts, expected.tables, expected.asked)
        assert (page.view, page.foot.version) == (view, __version__)
        assert verify(path).faults == ()


def test_a_cell_of_two_lines_is_read_from_a_pdf():
    cells = "<td style='width: 5em'>a block: these four, two norms<td>12<sup>3</sup><td>348"
    page = read_pdf(pdf(f"<!doctype html><html lang=en>{SAYS}<title>x</title><p>Key<table><tr>{cells}</table>"))
    assert page.tables[0].rows == (("ablock:thesefour,twonorms", "123", "348"),)


def test_what_a_list_has_before_its_items_is_no_text():
    """As in HTML, which does not have it."""
    lists = "<ul><li>of dots<ul><li>in lists</ul></ul><ol start=3><li>of numbers<li>1, 2</ol>"
    page = f"<!doctype html><html lang=en><head>{SAYS}<title>x</title></head><p>Key{lists}"
    assert read_pdf(pdf(page)).texts == read_html(page).texts == ("Keyofdotsinlistsofnumbers1,2",)


@pytest.mark.parametrize(("sheet", "options"), [
    ("attention-head", ["--numbers", "decimal", "--rounding", "once", "--places", "1"]),  # sums of what is printed
    *((name, []) for name in a_share(INVERSE, 24) if FULL),  # leave out the same in all copies
])  # fmt: skip
def test_every_copy_of_a_class_can_be_read_back(sheet, options, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("name\nAda Date\nBen\n", encoding="utf-8")
    command = ["class", sheet, "--roster", str(roster), "--seed", "5", "--out", str(tmp_path), *options]
    assert CliRunner().invoke(main, command).exit_code == 0
    for folder, student in (("worksheets", 0), ("keys", 1)):
        copies = sorted((tmp_path / f"{sheet}-class5" / folder).glob("*.pdf"))
        assert len(copies) == 2
        for copy in copies if FULL else [copies[student]]:
            assert verify(copy).faults == ()


def test_a_page_says_which_entries_its_exercises_leave_out(tmp_path):
    """Another page leaves others out, and is no less right; but it must leave out what it says."""
    html = written("dot-product", tmp_path)["worksheet"].read_text(encoding="utf-8")
    said = from_words(re.search(r'<meta name="byhand" content="([^"]*)"', html)[1])
    (((name, _), places),) = left_out(said).items()
    assert (name, [operand for operand, *_ in places]) == ("pq", ["q"] * 3)
    assert said["left"] == "pq:" + ",".join(f"q/{i + 1}.{j + 1}" for _, i, j in places)
    _, i, j = places[0]
    entry = f"q/{i + 1}.{j + 1}"
    other = next(f"q/{i + 1}.{k}" for k in range(1, 5) if f"q/{i + 1}.{k}" not in said["left"])
    page = tmp_path / "page.html"
    page.write_text(html.replace(entry, other), encoding="utf-8")
    assert verify(page).faults
    for nowhere in ("q/0.1,q/1.1,q/2.2", "q/1.1,q/99.1,q/2.2"):
        page.write_text(html.replace(said["left"], f"pq:{nowhere}"), encoding="utf-8")
        with pytest.raises(UnreadableError, match=r"^it was changed: its <meta> has "):
            verify(page)


@pytest.mark.parametrize(("sheet", "seed"), in_turn(1, 2, 3, among=INVERSE))
def test_what_is_left_out_need_not_be_told_by_the_sheets_own_numbers(sheet, seed, tmp_path):
    """Of a page whose numbers are known from nowhere else: a seed that does not have them."""
    path = written(sheet, tmp_path, seed=seed, views=("worksheet",))["worksheet"]
    html = path.read_text(encoding="utf-8")
    other = html.replace(f"seed={seed} ", "seed=9999 ").replace(f"seed {seed} ", "seed 9999 ")
    other = other.replace(f'"seed":"{seed}"', '"seed":"9999"')
    assert other.count("seed=9999 ") == other.count("seed 9999 ") == 1
    path.write_text(other, encoding="utf-8")
    assert verify(path).faults == ()


def rewritten(path, target, change):
    """A PDF whose first page has other instructions."""
    writer = PdfWriter(clone_from=PdfReader(path))
    page = writer.pages[0]
    content = ContentStream(page["/Contents"].get_object(), writer)
    letters = {
        name: letters_of(font.get_object()["/ToUnicode"].get_object().get_data())
        for name, font in page["/Resources"]["/Font"].items()
    }
    change(content.operations, letters)
    page.replace_contents(content)
    writer.write(target)
    return target


def numbers_drawn(operations, letters):
    """The instructions that draw a number in a cell: where they are, their font, and the number."""
    font = None
    for n, (operands, operator) in enumerate(operations):
        if operator == b"Tf":
            font = letters[operands[0]]
        if operator == b"TJ":
            glyphs = b"".join(x.original_bytes for x in operands[0] if hasattr(x, "original_bytes"))
            text = "".join(font[int.from_bytes(glyphs[i : i + 2], "big")] for i in range(0, len(glyphs), 2))
            if re.fullmatch(r"−?\d", text):
                yield n, font, glyphs, text


@pytest.mark.parametrize("which", [60, -8, -16])  # those after them stand in texts
def test_a_digit_that_is_redrawn_in_the_pdf_is_found(printed, tmp_path, which):
    def change(operations, letters):
        n, font, glyphs, text = list(numbers_drawn(operations, letters))[which]
        digit = next(d for d in "0123456789" if d != text[-1] and d in font.values())
        glyph = next(code for code, letter in font.items() if letter == digit)
        operations[n] = ([ArrayObject([ByteStringObject(glyphs[:-2] + glyph.to_bytes(2, "big"))])], b"TJ")

    faults = verify(rewritten(printed[0], tmp_path / "key.pdf", change)).faults
    assert len(faults) == 1
    assert re.search(
        r"blocks\.0\.[\w.\[\]]+, row \d, column \d \(.*\): the page has −?\d; its givens make −?\d$", faults[0]
    )


@pytest.mark.parametrize(("text", "digit", "other"), [("(0)", "0", "1"), (".*page (1) of 2", "1", "2")])
def test_another_digit_in_the_margin_of_a_pdf_is_found(printed, tmp_path, text, digit, other):
    """The seed, which is filled in, and the number of a page; both are in small print."""

    def change(operations, letters):
        font, small = {}, False
        for operands, operator in operations:
            if operator == b"Tf":
                font, small = letters[operands[0]], operands[1] == 10
            if operator == b"TJ" and small:
                glyphs = b"".join(x.original_bytes for x in operands[0] if hasattr(x, "original_bytes"))
                codes = [int.from_bytes(glyphs[i : i + 2], "big") for i in range(0, len(glyphs), 2)]
                if found := re.fullmatch(text, "".join(font[code] for code in codes)):
                    codes[found.start(1)] = min(code for code, letter in font.items() if letter == other)
                    new = b"".join(code.to_bytes(2, "big") for code in codes)
                    operands[0] = ArrayObject([ByteStringObject(new)])

    (fault,) = verify(rewritten(printed[0], tmp_path / "key.pdf", change)).faults
    assert re.fullmatch(rf"in the margins of page 1: “.*{other}.*” is “.*{digit}.*” where it is printed again", fault)


def test_numbers_that_change_places_in_the_pdf_are_found(printed, tmp_path):
    def change(operations, letters):
        spots = [n for n, *_ in numbers_drawn(operations, letters)][58:70]
        places = [next(m for m in range(n, 0, -1) if operations[m][1] == b"Tm") for n in spots]
        first, last = (operations[place] for place in (places[0], places[-1]))
        operations[places[0]], operations[places[-1]] = last, first

    with pytest.raises(
        UnreadableError, match=r"^its table \d+ is not drawn in the order of its structure: it was changed$"
    ):
        verify(rewritten(printed[0], tmp_path / "key.pdf", change))


SIGNS = [
    ("the", " cat", " sat"), (" ", "  x", "%20"), ("1", "2", "3"), ("a,b", "=", "<i>&amp;"), ("\\d", "$x$", "*a_b_"),
]  # fmt: skip
WORDS = [
    ("a b", " a  b", "a\u00a0b"), ('"q"', "it's", "“x”"),  # as in the vocabularies of GPT-2
    ("e\u0301a", "x\u0301", "q\u0301\u0323"),  # with combining accents
    ("שלום", "דוד (2)", "ab שלום 3, cd"), ("مَر لا", "12 שלום", "אֱ"),  # from right to left
    ("😀", "👩‍👧", "❤\ufe0f"), ("日本", "हिन्दी", "ไทย"), ("\u200eab", "a\u200db", "office"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "formats"), [
    *((words, ("html",)) for words in SIGNS),  # which are drawn as other words are
    *in_turn(("html", "pdf"), ("html",), among=WORDS),
])  # fmt: skip
def test_whatever_is_in_a_word_the_page_is_right(words, formats, tmp_path):
    options = {"values": {"tokens": list(words)}, "views": ("key",), "formats": formats}
    for path in generate("causal-mask", Options(**options), tmp_path):
        assert verify(path).faults == ()


@pytest.mark.parametrize(("sheet", "kind", "view"), [
    ("embedding", "vocabulary", "worksheet"), ("gpt", "vocabulary", "key"), ("encoder-decoder", "source", "worked"),
    ("encoder-decoder", "tokens", "key"),
])  # fmt: skip
def test_words_of_every_kind_may_have_blanks_and_quotes(sheet, kind, view, tmp_path):
    own = choose(load_sheet(sheet), Options())[0]
    given = {each: list(getattr(own, each)) for each in ("tokens", "vocabulary", "source") if getattr(own, each)}
    odd = {word: f' "{word}' for word in map(str, given[kind])}
    changed = (kind,) if kind == "source" else ("tokens", "vocabulary")
    values = given | {each: [odd.get(str(word), word) for word in given[each]] for each in changed}
    path = written(sheet, tmp_path, views=(view,), values=values)[view]
    assert "%20%22" in path.read_text(encoding="utf-8")
    assert verify(path).faults == ()


@pytest.mark.parametrize("sheet", ["dot-product", "softmax", "sizing"])
def test_words_for_a_sheet_that_has_none_are_read(sheet, tmp_path):
    for words in (["7", "8", "9"], [" x", "y"]):
        path = written(sheet, tmp_path, views=("key",), values={"tokens": words})["key"]
        assert verify(path).faults == ()


def test_another_word_on_the_page_or_in_its_metadata_is_found(tmp_path):
    path = written("attention-head", tmp_path, values={"tokens": ["the", " cat", " sat"]})["key"]
    html = path.read_text(encoding="utf-8")
    for own, other in (("> cat<", ">rat<"), ("%20cat", "cat"), ("%20cat", "rat"), ("tokens=the,", "tokens=the,a,")):
        assert own in html
        path.write_text(html.replace(own, other, 1), encoding="utf-8")
        assert report(path)[1] in (Finding.WRONG, Finding.UNREADABLE)


def test_what_a_file_holds_does_not_move_a_terminal(tmp_path):
    """Neither what a page holds, a message for it, nor the file's name."""
    path = written("layer-norm", tmp_path)["key"]
    html = path.read_text(encoding="utf-8")
    odd = "\x1b]0;pwned\x07\u202e\u200f\x9b1m"
    cell = html.rindex("</td>")
    pages = {
        "cell": html[:cell] + odd + html[cell:],
        "prose": html.replace("<main>", f"<main>{odd}"),
        "foot": html.replace("<footer>", f"<footer>{odd}"),
        "view": html.replace("view=key", f"view={odd}"),
        "sheet": html.replace("sheet=layer-norm", "sheet=%1b%5b7m%0a%e2%80%ae"),
        "language": html.replace("language=en", "language=%1b%5b7m%e2%80%ae"),
    }  # fmt: skip
    for name, page in pages.items():
        file = tmp_path / f"{name}\x1b[7m.html"
        file.write_text(page, encoding="utf-8")
        result = CliRunner().invoke(main, ["verify", str(file)])
        assert result.exit_code == 1
        assert not [c for c in result.output if c != "\n" and (not c.isprintable() or c in "\u200e\u200f\u061c")]
        assert f"{name}\\x1b[7m.html: " in result.output


def test_a_file_without_end_is_refused_and_a_mark_at_its_beginning_is_no_text(tmp_path):
    with pytest.raises(UnreadableError, match=r"^it has over 50 MB; no page of ours is as long$"):
        verify("/dev/zero")
    path = written("layer-norm", tmp_path)["key"]
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")  # as some editors save it
    assert verify(path).faults == ()


def test_a_page_of_another_version_says_so(tmp_path):
    path = written("layer-norm", tmp_path)["key"]
    html = path.read_text(encoding="utf-8")
    for own, other in ((f"byhand {__version__} ·", "byhand 0.0.7 ·"), (f"version={__version__}", "version=0.0.7")):
        assert html.count(own) == 1
        html = html.replace(own, other)
    path.write_text(html, encoding="utf-8")
    verdict = verify(path)
    assert verdict.faults == ()
    assert verdict.line.endswith(
        f"; byhand 0.0.7 made it, and this is {__version__}, so its numbers alone are judged: numbers only"
    )


def test_a_changed_hash_is_found(tmp_path):
    """Printed and in the metadata; and where they say different things of a page."""
    path = written("layer-norm", tmp_path)["key"]
    html = path.read_text(encoding="utf-8")
    said, printed = (re.search(rf"{before}(\w{{7}})", html) for before in ("hash=", "numbers "))
    both, own = html.replace(said[1], "0123456"), f"those of the page's givens are {said[1]}"
    for page, faults in [
        (both, [f"the page says numbers 0123456; {own}"]),
        (html[: printed.start(1)] + "0123456" + html[printed.end(1) :], ["at its foot: "]),
        (html[: said.start(1)] + "0123456" + html[said.end(1) :], ["at its foot: ", f"the page says numbers 0123456; {own}"]),
    ]:  # fmt: skip
        path.write_text(page, encoding="utf-8")
        found = list(dict.fromkeys(re.sub("^(at its foot: ).*", r"\1", fault) for fault in verify(path).faults))
        assert found == faults


@pytest.mark.parametrize("before", [" · <b>", "minutes=", "seed ", "seed=", "<footer>byhand ", "version="])
def test_what_a_page_prints_of_itself_is_what_its_metadata_say(before, tmp_path):
    path = written("layer-norm", tmp_path)["worksheet"]
    html = path.read_text(encoding="utf-8")
    (at,) = (found.end() for found in re.finditer(rf"{before}(?=\d)", html))
    path.write_text(html[:at] + str((int(html[at]) + 1) % 9 + 1) + html[at + 1 :], encoding="utf-8")
    assert verify(path).faults


def test_reading_needs_no_message_of_any_language(tmp_path):
    """A page that says that it is in a language without messages is a page, and so is one without a word of ours."""
    html = written("layer-norm", tmp_path)["key"].read_text(encoding="utf-8")
    foreign = re.sub(r"(?<=>)[^<]*[A-Za-z]{4}[^<]*(?=<)", "…", html[html.index("<body") :])
    page = read_html(html[: html.index("<body")].replace("language=en", "language=tlh") + foreign)
    assert "numbers" not in "".join([*page.texts, *page.margins])
    assert page.view == "key"
    assert page.foot == read_html(html).foot
    assert len(page.tables) == len(read_html(html).tables)


def foreign_pdf(tmp_path):
    return pdf("<p>A page of somebody else’s, with 3 numbers: 1 2 3.</p>")


def scan(tmp_path):
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.write(tmp_path / "blank.pdf")
    return (tmp_path / "blank.pdf").read_bytes()


LIES = [
    ("view=key", "view=worksheet"), ("view=key", "view=worked"), ("level=standard", "level=easy"),
    ("level=standard", "level=stretch"), ("orientation=rows", "orientation=columns"), ("numbers=decimal", "numbers=exact"),
    ("numbers=decimal", "numbers=symbolic"), ("places=2", "places=3"), ("rounding=carry", "rounding=once"),
    ("base=2", "base=3"), ("base=2", "base=e"),
]  # fmt: skip


@pytest.mark.parametrize(("true", "lie"), LIES)
def test_a_page_that_lies_about_what_it_was_asked_for_is_wrong_or_refused(true, lie, tmp_path):
    path = written("softmax", tmp_path, numbers="decimal")["key"]
    html = path.read_text(encoding="utf-8")
    assert verify(path).faults == ()
    assert html.count(true) == 1
    path.write_text(html.replace(true, lie), encoding="utf-8")
    assert report(path)[1] in (Finding.WRONG, Finding.UNREADABLE)


def test_a_pdf_that_lies_about_what_it_was_asked_for_is_wrong(printed, tmp_path):
    writer = PdfWriter(clone_from=PdfReader(printed[0]))
    asked = writer.metadata["/byhand"]
    assert asked.startswith(f"{ASKED} tokens=birds,eat,seeds version={__version__} sheet=attention-head seed=0 hash=")
    for words, right in ((asked, True), (asked.replace("base=2", "base=3"), False)):
        writer.add_metadata({"/byhand": words})
        writer.write(tmp_path / "key.pdf")
        assert (verify(tmp_path / "key.pdf").faults == ()) is right


@pytest.fixture(scope="module")
def tied(tmp_path_factory):
    """The folder of a book of two sheets that lead to each other: the first to the next one, this to what is before."""
    out = tmp_path_factory.mktemp("tied")
    command = ["generate", "matrix-product", "linear-layer", "--book", "--format", "html", "--out", str(out)]
    assert CliRunner().invoke(main, command).exit_code == 0
    return out / "book-seed0"


def test_pages_of_a_book_are_right(tied):
    result = CliRunner().invoke(main, ["verify", str(tied)])
    assert result.output == f"{tied}: 4 files, 4 right; passed over: index.html, lecturer.html\n"
    leads = {path.name: re.findall(r" leads=([\w,-]+)", path.read_text(encoding="utf-8")) for path in tied.iterdir()}
    assert leads == {
        "index.html": [], "lecturer.html": [],
        **{f"matrix-product-{view}.html": ["linear-layer"] for view in ("worksheet", "key")},
        **{f"linear-layer-{view}.html": ["matrix-product"] for view in ("worksheet", "key")},
    }  # fmt: skip


@pytest.mark.parametrize(("true", "lie", "finding"), [
    (r"(<td[^>]*>)4(?=</td>)", r"\g<1>5", Finding.WRONG),
    (' href="matrix-product-key.html"', ' href="https://example.org"', Finding.UNREADABLE),
    (" leads=matrix-product", "", Finding.UNREADABLE),
    (" leads=matrix-product", " leads=softmax", Finding.UNREADABLE),
    (" leads=matrix-product", " leads=matrix-product,softmax", Finding.UNREADABLE),
])  # fmt: skip
def test_whatever_is_changed_on_a_page_of_a_book_is_found(true, lie, finding, tied, tmp_path):
    html, changes = re.subn(true, lie, (tied / "linear-layer-key.html").read_text(encoding="utf-8"), count=1)
    assert changes == 1
    (tmp_path / "key.html").write_text(html, encoding="utf-8")
    assert report(tmp_path / "key.html")[1] is finding


REFUSED = [
    ("foreign.pdf", foreign_pdf, "it is none of byhand's pages: it does not say what it was asked for"),
    ("scan.pdf", scan, "it has no text in it: a scan cannot be verified, only the PDF that byhand wrote"),
    ("cut.pdf", lambda _: b"%PDF-1.7\n1 0 obj\n<<", "it is no PDF that can be read"),
    ("page.html", lambda _: b"<p>3 + 4 = 7</p>", "it is none of byhand's pages: it does not say what it was asked for"),
    ("page.html", lambda _: f"<meta name=byhand content='{ASKED}'><p>3 + 4 = 7</p>".encode(), "it is none of byhand's pages: it does not say what it was asked for"),
    ("page.html", lambda _: b"<meta name=generator content='byhand 0.0.7'><p>3", "byhand 0.0.7 printed it, as a page that does not say what it was asked for; verify it with that version"),
    ("page.html", lambda _: SAYS.replace("=en", "=xyz").encode(), "it is in another language: no language 'xyz'; there are: en"),
    ("page.html", lambda _: SAYS.replace("language=en ", "").encode(), "it is in another language: no language ''; there are: en"),
    ("page.html", lambda _: b"</td></table><td>3", "its tables end where none begins: it is none of byhand's pages"),
    ("page.html", lambda _: SAYS.replace("layer-norm", "nothing").encode(), "it is of another course: no sheet 'nothing'"),
    *(("page.html", lambda _, old=old, new=new: SAYS.replace(old, new).encode(), message) for old, new, message in [
        ("view=key", "view=lock", "it says that its view is lock; there are: worksheet, key, worked"),
        ("level=standard", "level=high", "it says that its level is high; there are: easy, standard, stretch"),
        ("orientation=rows", "sides=rows", "it says that its orientation is nothing; there are: rows, columns"),
        ("numbers=exact", "numbers=roman", "it says that its numbers is roman; there are: exact, decimal, symbolic"),
        ("numbers=exact", "numbers=decimal places=0", "it says that its places is 0; there are: 1, 2,"),
        ("numbers=exact", "numbers=decimal places=2", "it says that its rounding is nothing; there are: carry, once"),
        ("base=2", "base=1", "it says that its base is 1; there are: e, 2, 3,"),
        ("base=2", "base", "it is none of byhand's pages: it does not say what it was asked for"),
        ("version=0.1.0", "version=", "it says that its version is ''; it should be a version such as 0.1.0"),
        ("sheet=layer-norm ", "", "it says that its sheet is ''; it should be a sheet’s name"),
        ("seed=0", "seed=-1", "it says that its seed is '-1'; it should be a whole number of at most 18 digits"),
        ("seed=0", f"seed={'9' * 5000}", f"it says that its seed is '{'9' * 12}...{'9' * 13}'; it should be a whole number of at most 18 digits"),
        ("hash=1234567", "hash=12%1b%5b7m", r"it says that its hash is '12\x1b[7m'; it should be seven digits, or letters from a to f"),
        ("minutes=9", "minutes=soon", "it says that its minutes is 'soon'; it should be a whole number"),
        ("view=key", "holds=sheets", "it is of several sheets; verify them one by one: the pages for the screen that are beside it, or what byhand generate writes without --book"),
        ("view=key", "holds=copies", "it has every copy of a class; verify them one by one, in the folders worksheets and keys beside it"),
    ]),
    ("picture.png", lambda _: b"\x89PNG\r\n\x1a\n\x00\xff", "it is neither HTML nor PDF nor a run.json"),
    ("empty.html", lambda _: b"", "it is empty"),
    ("empty.pdf", lambda _: b"", "it is empty"),
    ("run.json", lambda _: b"{}", "it is no run.json of byhand's"),
    ("run.json", lambda _: b"[" * 100_000, "it is no run.json of byhand's"),
    ("run.json", lambda _: b'{"schema": 1, "model": "x", "config": {}, "numbers": "exact", "steps": [{"name": "a"}]}', "it is no run.json of byhand's: something in it"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), REFUSED)
def test_what_is_none_of_ours_is_refused_in_one_line(name, content, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(content(tmp_path))
    result = CliRunner().invoke(main, ["verify", str(path)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{path}: cannot be verified: {message}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("sheet", ["gpt", "cross-entropy", "kv-cache", "layer-norm-or-batch-norm"])
def test_operations_in_a_run_json_may_have_their_former_names(sheet, tmp_path):
    record = json.loads(as_text(prepare(load_sheet(sheet), Options())[1])) | {"schema": 1}
    former = {new: old for old, new in FORMER_OPS.items()}
    renamed = [step | {"op": former.get(step["op"], step["op"])} for step in record["steps"]]
    assert renamed != record["steps"]
    for step in renamed:
        step.pop("rule", step.pop("rules", None))
    path = tmp_path / "run.json"
    path.write_text(json.dumps(record | {"steps": renamed}))
    assert verify(path, onnx=True).faults == ()


TINY = f"<!doctype html><html lang=en>{SAYS}<title>x</title><p>Key<table><tr><th>a<td>1</table>"


@pytest.fixture(scope="module")
def tiny():
    return TINY.encode(), pdf(TINY)


@settings(max_examples=100)
@given(st.sampled_from([0, 1]), st.floats(0, 1), st.integers(0, 40), st.binary(max_size=6))
def test_a_page_with_any_bytes_changed_is_a_page_or_refused(tiny, kind, where, cut, new):
    at = int(where * len(tiny[kind]))
    content = tiny[kind][:at] + new + tiny[kind][at + cut :]
    with suppress(UnreadableError):
        read_pdf(content) if kind else read_html(content.decode("utf-8", "replace"))


@pytest.mark.parametrize(("old", "new"), [
    (b"/FlateDecode", b"/Flate.Decode"), (b"startxref", b"startx"), (b"/Type", b"/T<<pe"), (b"stream", b"strea]m"),
])  # fmt: skip
def test_a_damaged_pdf_is_refused_and_not_mended(printed, old, new):
    content = printed[0].read_bytes().replace(old, new)
    with pytest.raises(UnreadableError, match=r"^it is no PDF that can be read"):
        read_pdf(content)


def test_a_damaged_page_of_a_large_sheet_is_refused_after_few_prints(tmp_path, monkeypatch):
    own = {"weights": {"encoder.0.mlp.W_in": [[2, 0, 1, 0], [1, 2, 0, 1], [0, 1, 1, -1], [1, 0, -2, 1]]}}
    path = written("encoder-decoder", tmp_path, views=("key",), values=own, numbers="decimal")["key"]
    html = path.read_text(encoding="utf-8")
    rows = list(re.finditer(r"<tr[^>]*>(?:(?!</tr>).)*</tr>", html))
    cut = rows[len(rows) // 2]
    path.write_text(html[: cut.start()] + html[cut.end() :], encoding="utf-8")
    prints, print_again = [], ways.recorded_with_lost
    monkeypatch.setattr(ways, "recorded_with_lost", lambda *given: prints.append(0) or print_again(*given))
    with pytest.raises(UnreadableError, match=r"^its table \d+ is not as this sheet has it"):
        verify(path)
    assert len(prints) == 1


def matrix(rows, cols, n=0):
    """Small numbers, no two rows alike."""
    return [[(3 * i * i + 5 * j + i * j + n) % 7 % 3 - 1 for j in range(cols)] for i in range(rows)]


def of_other_sizes(d_model, d_head, d_v, d_mlp, source, tokens):
    """Numbers for all of encoder-decoder."""
    weights = {}
    for at in ("encoder.0.attn", "decoder.0.attn", "decoder.0.cross_attn"):
        shapes = {"W_Q": (d_model, d_head), "W_K": (d_model, d_head), "W_V": (d_model, d_v), "W_O": (d_v, d_model)}
        weights |= {f"{at}.{name}": [matrix(*shape, len(at))] for name, shape in shapes.items()}
    for at in ("encoder.0", "decoder.0"):
        weights |= {f"{at}.mlp.W_in": matrix(d_model, d_mlp), f"{at}.mlp.W_out": matrix(d_mlp, d_model, 1)}
        weights |= {f"{at}.mlp.b_in": [1] * d_mlp, f"{at}.mlp.b_out": [-1] * d_model}
        weights |= {f"{at}.ln{n}.{x}": [n] * d_model for n in (1, 2, 3)[: 2 + (at[0] == "d")] for x in "wb"}
    weights["unembed.W_U"] = matrix(d_model, 3)
    inputs = {
        "encoder.0.hook_resid_pre": matrix(source, d_model),
        "decoder.0.hook_resid_pre": matrix(tokens, d_model),
    }
    config = {"d_model": d_model, "d_head": d_head, "d_v": d_v, "d_mlp": d_mlp, "n_ctx": max(source, tokens)}
    words = {"source": ["un", "deux", "trois", "quatre"][:source], "tokens": ["a", "b", "c"][:tokens]}
    words["vocabulary"] = ["a", "b", "c"]
    return {"config": config, "weights": weights, "inputs": inputs, **words}


WIDE = {
    "inputs": {"encoder.0.hook_resid_pre": [["0.123456", "-0.234567", "0.345678", "0.456789"], ["0.000001", 1, 0, 1], [1, 0, 1, 1]]},
    "weights": {"encoder.0.ln1.w": [123456, 1, 1, 1], "decoder.0.ln2.b": [1000000, "-123456.78", 0, 1]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("orientation", "values"),
    [("rows", WIDE), ("columns", of_other_sizes(3, 2, 3, 5, 4, 3)), ("rows", of_other_sizes(5, 3, 2, 6, 3, 2))],
)
def test_a_large_sheet_with_wide_numbers_or_of_other_sizes_is_read(orientation, values, tmp_path):
    """However its strips of matrices are broken."""
    options = {"views": ("key",), "values": values, "numbers": "decimal", "orientation": orientation}
    path = written("encoder-decoder", tmp_path, **options)["key"]
    assert verify(path).faults == ()
    page = read_html(path.read_text(encoding="utf-8"))
    spots = [spot for spot in digits(page) if not page.tables[spot[0]].heads[spot[1]][spot[2]]]
    t, r, c, at = spots[2 * len(spots) // 3]
    assert judged(changed_cell(page, t, r, c, other_digit(page.tables[t].rows[r][c], at)))


def test_a_pdf_without_its_structure_is_refused(printed, tmp_path):
    writer = PdfWriter(clone_from=PdfReader(printed[1]))
    del writer.root_object[NameObject("/StructTreeRoot")]
    writer.write(tmp_path / "copy.pdf")
    with pytest.raises(UnreadableError, match=r"^it has no structure; verify the PDF as byhand wrote it$"):
        verify(tmp_path / "copy.pdf")
    writer = PdfWriter(clone_from=PdfReader(printed[1]))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(UnreadableError, match=r"^it is encrypted; verify the PDF as byhand wrote it$"):
        verify(tmp_path / "locked.pdf")


def test_the_command_judges_several_files_and_says_what_is_wrong(tmp_path):
    (key,), (run,) = (
        generate("layer-norm", Options(views=("key",), formats=(f,)), tmp_path) for f in ("html", "json")
    )
    right = CliRunner().invoke(main, ["verify", "--onnx", str(key), str(run)])
    assert right.exit_code == 0
    assert re.fullmatch(
        rf"{key}: layer-norm, seed 0, key: \d+ cells with numbers: right\n{run}: layer-norm, \d+ steps: right\n",
        right.output,
    )
    record = json.loads(run.read_text(encoding="utf-8"))
    record["steps"][-1]["values"][0][0] = "77"
    run.write_text(json.dumps(record), encoding="utf-8")
    wrong = CliRunner().invoke(main, ["verify", "--onnx", str(key), str(run), str(tmp_path / "none.pdf")])
    assert wrong.exit_code == 1
    assert f"{run}: layer-norm, {len(record['steps'])} steps: WRONG\n" in wrong.stdout
    name = record["steps"][-1]["name"]
    assert re.findall(
        rf"  {re.escape(name)}, row 1, column 1: the run has 77, (the witness|ONNX) -?\d+\n", wrong.stdout
    ) == ["the witness", "ONNX"]
    assert (
        wrong.stderr == f"{tmp_path / 'none.pdf'}: cannot be verified: it cannot be read: No such file or directory\n"
    )


def test_a_page_with_choices_that_no_page_says_is_refused_and_its_run_is_right(tmp_path):
    """It is not WRONG: nobody can tell from it with which choices it was made."""
    values = {"config": {"positional_embedding_type": "rotary", "rotary_periods": [4, 4]}}
    formats = ("html", "pdf", "json")
    paths = generate("attention-head", Options(values=values, numbers="decimal", formats=formats), tmp_path)
    told = "it is made with another positional_embedding_type, rotary_periods than the sheet's, which no page says"
    for path in paths:
        (line, *_), finding = report(path)
        assert (finding is Finding.RIGHT) == (path.suffix == ".json")
        assert finding is Finding.RIGHT or line == f"cannot be verified: {told}; verify run.json"
