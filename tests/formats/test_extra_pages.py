"""The pages beside the sheets: the poster of the family says what is true of each sheet, and what they lack is told."""

import re
from itertools import pairwise

import pseudo
import pytest
from accessible import faults
from click.testing import CliRunner
from every_sheet import made

from byhand.cli import main
from byhand.errors import ByHandError, SheetError
from byhand.formats.extra import EXTRA, SIZES, files_of
from byhand.formats.html.cut_outs import cut_outs
from byhand.formats.html.poster import COLUMNS, poster
from byhand.lessons.relative_positions import MARK
from byhand.lessons.rotary import SIGN
from byhand.page.cut_outs import pieces
from byhand.page.entries import entries
from byhand.pictures.shapes import Circle, Path, Rectangle, Text
from byhand.press.engine import rendered_document
from byhand.press.inner import page_box
from byhand.reading.verify import verify
from byhand.worksheet.document import Picture, Table
from byhand.worksheet.front import EXTRA_PAGES, all_files
from byhand.worksheet.messages import messages
from byhand.worksheet.order import groups
from byhand.worksheet.poster import rows
from byhand.worksheet.sheet import load_sheet, parse_sheet

PX = 96 / 25.4  # in a mm
LEFT_OUT = {  # sheets of the family without a row, and why
    "family-tree": "it compares the others",
    "recurrent-depth": "its block attends as ever",
    "reversible": "it changes what a block keeps, not attention",
    "nearest-neighbours": "it looks into what is stored, not at words of the text",
    "mixture-of-experts": "it changes the network, not attention",
    "llama-block": "it joins what two rows have, and others",
    "microgpt": "it attends as ever",
    "microgpt-trains": "it learns, and attends as microgpt does",
}


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_both_are_known_as_no_sheets():
    assert tuple(EXTRA) == EXTRA_PAGES
    assert not {*EXTRA_PAGES} & all_files().keys()


# ---- the poster ----


def test_every_sheet_of_the_family_has_a_row_or_a_reason_to_have_none():
    sheets = [load_sheet(name) for name in groups()["family"]]
    assert {sheet.name for sheet in sheets if sheet.origin.name and not sheet.poster} == LEFT_OUT.keys()


def of_poster():
    return [sheet for name in all_files() if (sheet := load_sheet(name)).poster]


def test_nobody_looks_ahead_where_a_row_says_so():
    for sheet in of_poster():
        ahead = any(sign != "." for i, line in enumerate(sheet.poster.grid) for sign in line[i + 1 :])
        assert ahead == (sheet.poster.causal == "no"), sheet.name


def test_a_grid_is_that_of_the_sheet_s_map():
    for sheet in of_poster():
        if sheet.delta and sheet.delta.grid:
            assert sheet.delta.grid.split() == [*sheet.poster.grid], sheet.name


def test_who_is_exact_looks_at_all_before_and_forgets_no_word():
    for sheet in of_poster():
        if sheet.poster.exact == "yes":
            assert sheet.poster.looks == "#.... ##... ###.. ####. #####", sheet.name
            assert re.match("nothing|no word", sheet.poster.forgets), sheet.name


def test_golden(golden):
    lines = []
    for row in rows(messages()):
        cells = [getattr(row, name) for name in COLUMNS if name != "looks"]
        lines += [" | ".join((row.title, *cells)), *row.grid, row.looks, ""]
    golden("family-poster-key.txt", "\n".join(lines))


def boxes(html, name):
    (page,) = rendered_document(html).pages
    return page, [box.border for box in page_box(page).every() if box.tag == name]


@pytest.mark.parametrize("paper", SIZES)
@pytest.mark.parametrize("view", ["worksheet", "key"])
def test_it_is_one_page_whose_rows_are_all_as_high(view, paper):
    page, found = boxes(poster(view, "print", SIZES[paper], messages()), "tr")
    high, wide = SIZES[paper]
    assert (page.width / PX, page.height / PX) == pytest.approx((wide, high), abs=0.01)
    heights = [bottom - top for _, top, _, bottom in found[1:]]
    assert heights == pytest.approx([heights[0]] * len(rows(messages())), abs=0.1)
    assert max(bottom for *_, bottom in found) < page.height


@pytest.mark.parametrize("view", ["worksheet", "key"])
def test_rows_are_as_high_in_a_language_a_third_longer(folder, view):
    pseudo.write(folder)
    _, found = boxes(poster(view, "print", SIZES["a3"], messages(pseudo.LANGUAGE)), "tr")
    heights = [bottom - top for _, top, _, bottom in found[1:]]
    assert heights == pytest.approx([heights[0]] * len(heights), abs=0.1)


def test_the_worksheet_is_empty_but_for_its_example(tmp_path):
    files = files_of("family-poster", None, ("html", "pdf"), "a3", "en")
    assert [*files] == ["worksheet.html", "worksheet.pdf", "key.html", "key.pdf"]
    page, key = (files[f"{view}.html"].decode() for view in ("worksheet", "key"))
    example, *others = rows(messages())
    assert example.is_example
    assert not any(row.is_example for row in others)
    assert example.forgets in page
    assert example.looks in page
    for row in others:
        assert row.title in page
        assert row.forgets not in page
        assert row.name not in page
        assert row.forgets in key
        assert row.looks in key
    assert page.count('<th scope="col">') == len(COLUMNS) + 1
    assert page.count('<th scope="row">') == len(others) + 1
    assert page.count(messages().say("poster.empty")) == len(others)
    assert page.count(example.looks) == 1
    assert [faults(files[f"{view}.pdf"]) for view in ("worksheet", "key")] == [[], []]


def test_all_its_texts_can_be_translated(folder):
    (folder / "messages").mkdir()
    (folder / "messages" / "de.toml").write_text('[poster]\ntitle = "Die Familie"\nyes = "ja"\n', encoding="utf-8")
    (folder / "worksheets" / "de").mkdir()
    german = '---\ntitle: Gedreht\nposter: {forgets: "Orte"}\ncut_out: {name: "Drehscheibe"}\n---\n'
    (folder / "worksheets" / "de" / "rotary.md").write_text(german, encoding="utf-8")
    page = files_of("family-poster", ("key",), ("html",), "a4", "de")["key.html"].decode()
    cut = files_of("cut-outs", None, ("html",), "a4", "de")["cut-outs.html"].decode()
    assert "Drehscheibe" in cut
    assert "put a pin" in cut
    for text in ("Die Familie", "<td>ja</td>", "Gedreht", "<td>Orte</td>", "n turned keys"):
        assert text in page


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ('looks: "#"', "poster: exact: '' is neither yes nor no"),
        ('looks: "#", exact: yes, causal: no', "poster: looks: '#' is no grid; write five lines of five signs"),
        ('exact: true, causal: "no"', "poster: True is no text; write it in quotes"),
        ("what: no", "no poster 'what'; there are: causal, exact"),
    ],
)
def test_a_row_that_is_none_is_told(entries, message):
    with pytest.raises(SheetError, match=re.escape(message)):
        parse_sheet("lesson", f"---\ntitle: A\nmodel: softmax\ngoal: B\nposter: {{{entries}}}\n---\n")


# ---- things to cut out ----


def piece(sheet):
    (found,) = [piece for piece in pieces(messages()) if load_sheet(sheet).title in piece.sheet]
    return found.drawn


def pitches(shapes, width):
    """From one box of this width to the next, in mm."""
    lefts = sorted({shape.x for shape in shapes if isinstance(shape, Rectangle) and shape.width == width})
    return {round(right - left, 2) for left, right in pairwise(lefts)}


def test_the_marks_of_the_ruler_are_as_far_apart_as_the_words_of_the_picture():
    document, _ = made("relative-positions", 3)
    (ruler,) = [
        block for block in document.blocks if isinstance(block, Picture) and block.picture.name == "sliding_ruler"
    ]
    words = [shape for shape in ruler.sketch.printed.shapes if isinstance(shape, Text) and shape.y < 5]
    assert (
        {round(b.x - a.x, 2) for a, b in pairwise(words)}
        == pitches(piece("relative-positions").printed, MARK)
        == {MARK}
    )


def test_a_strip_has_columns_as_wide_as_the_words_of_the_table():
    document, _ = made("position-biases", 3)
    table = next(block for block in document.blocks if isinstance(block, Table) and block.columns)
    words = {*entries(table).widths[1:-2]}
    assert words == pitches(piece("position-biases").printed, *words)


def test_a_disc_covers_the_circle_of_its_square_and_turns_as_the_sheet_does():
    sheet, dial = load_sheet("rotary"), piece("rotary")
    (circle,) = [shape for shape in dial.printed if isinstance(shape, Circle) and shape.radius > 5]
    (disc,) = [shape for shape in dial.printed if isinstance(shape, Path) and len(shape.steps) == 6]
    xs = [x for _, numbers in disc.steps for x in numbers[::2]]
    assert max(xs) - min(xs) == pytest.approx(2 * circle.radius)
    large = [shape.label for shape in dial.printed if isinstance(shape, Text) and shape.label.size == SIGN]
    marks = [label.spans[0].text for label in large]
    period, _ = sheet.values["config"]["rotary_periods"]
    assert sorted(marks) == [*map(str, range(period)), "k", "q"]


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_the_pieces_have_a_page_of_their_own_size(paper):
    files = files_of("cut-outs", None, ("html", "pdf"), paper, "en")
    assert [*files] == ["cut-outs.html", "cut-outs.pdf"]
    assert faults(files["cut-outs.pdf"]) == []
    (page,) = rendered_document(cut_outs("worksheet", "print", SIZES[paper], messages())).pages
    drawn = [box for box in page_box(page).every() if "piece" in box.classes]
    assert [box.width / PX for box in drawn] == pytest.approx(
        [each.drawn.width for each in pieces(messages())], abs=0.1
    )
    assert all(each.drawn.said in files["cut-outs.html"].decode() for each in pieces(messages()))


def test_each_sheet_says_that_there_is_something_to_cut_out():
    named = [sheet for name in all_files() if (sheet := load_sheet(name)).cut_out]
    assert len(named) == 3
    assert all("cut out" in sheet.body for sheet in named)


# ---- the command line ----


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("generate softmax --paper a3", "--paper a3 is for family-poster; a sheet has room on a4 and on letter"),
        ("generate --paper a3", "--paper a3 is for family-poster; a sheet has room on a4 and on letter"),
        (
            "generate family-poster --format xlsx",
            "family-poster has no numbers for the format xlsx; use --format html,pdf",
        ),
        ("generate family-poster --view worked", "family-poster has no view worked; use --view worksheet or key"),
        ("generate cut-outs --view key", "cut-outs has no view key; leave out --view"),
        ("generate cut-outs --paper a3", "cut-outs is not printed on a3; use --paper a4 or letter"),
        (
            "class family-poster --anonymous 2",
            "family-poster is a page beside the sheets, without numbers; byhand generate family-poster prints it",
        ),
        (
            "generate family-poster softmax --book",
            "family-poster is a page beside the sheets, without numbers; byhand generate family-poster prints it",
        ),
    ],
)
def test_what_they_cannot_be_is_told_in_a_line(command, arguments, message):
    result = command(*arguments.split())
    assert (result.exit_code, result.output) == (1, f"byhand: {message}\n")


def test_a_seed_changes_nothing_on_them_and_they_stand_beside_sheets(command):
    result = command("generate", "family-poster", "softmax", "--seed", "7", "--format", "html", "--out", ".")
    assert result.exit_code == 0
    assert "byhand: family-poster has no numbers: --seed changes nothing on it" in result.output
    assert "family-poster/key.html" in result.output
    assert "softmax-seed7/key.html" in result.output


def test_what_reads_pages_back_knows_them(tmp_path):
    (tmp_path / "key.html").write_bytes(files_of("family-poster", ("key",), ("html",), "a4", "en")["key.html"])
    with pytest.raises(ByHandError, match="it is a page beside the sheets, which has no numbers"):
        verify(tmp_path / "key.html")
