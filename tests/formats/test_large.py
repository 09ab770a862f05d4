"""Large print: on paper nothing is smaller than 18 pt, overflows or overlaps, blanks are wide, and all is read back."""

from __future__ import annotations

import logging

import pytest
from click.testing import CliRunner
from every_sheet import FULL, ORDER, in_turn
from page_layout import MM, Cell, boxes, drawn, keeps_in_place, laid_out, of_class, roomy

from byhand.cli import main
from byhand.formats.html.page import Pages
from byhand.options import Options
from byhand.page.measures import LARGE
from byhand.page.page import lower
from byhand.pipeline import generate, prepare
from byhand.press import figures
from byhand.press.pieces import PT
from byhand.reading.verdict import Finding
from byhand.reading.verify import verify
from byhand.worksheet.sheet import load_sheet

# a head, a long title, tables of many columns, 12 columns that are cut, a map of two stacks, pills of a thread, gradients
SHEETS = (
    ORDER if FULL else ("attention-head", "latent-attention", "writing", "adder", "encoder-decoder", "gpt-backward")
)
WAYS = (("rows", 0, "worked"), ("columns", 3, "key"))
LEAST, ROOM = 18 * PT, 12 * MM
INDICES = [pytest.approx(size * PT * LARGE.look["index"]) for size in (18, 20)]  # the sizes of indices


def pages(name, **asked):
    return Pages(lower(*prepare(load_sheet(name), Options(large=True, **asked))))


@pytest.mark.parametrize(("sheet", "way"), in_turn(*WAYS, among=SHEETS), ids=str)
def test_a_page_in_large_print_keeps_within_its_bounds(sheet, way, caplog):
    orientation, seed, view = way
    caplog.set_level(logging.WARNING)
    document = drawn(laid_out(pages(sheet, orientation=orientation, seed=seed).printed(view)))
    keeps_in_place(document, "a4", large=True)
    for page in document.pages:
        roomy(page, ROOM, ROOM)
        is_large(page)
        rules_apart(page)
    assert not caplog.records, [r.getMessage() for r in caplog.records]


def is_large(page):
    """No text is smaller than 18 pt, but for indices."""
    for box in boxes(page):
        if type(box).__name__ == "TextBox" and box.text.strip():
            if isinstance(box.element, Cell) or not hasattr(box.style, "font_config"):
                continue  # of figures, whose sizes are those of LARGE.look
            size = box.style["font_size"]
            assert size >= LEAST or size in INDICES, (box.text, size / PT)


def rules_apart(page):
    """Lines to write on are at least 12 mm apart."""
    for rule in of_class(list(boxes(page)), "rule"):
        assert rule.height >= ROOM


def test_no_type_of_figures_in_large_print_is_smaller_than_18_points():
    types = ("number", "answer", "small", "token", "label", "caption", "tag", "tag_math", "sign", "pill")
    assert all(LARGE.look[name] >= 18 for name in types)


@pytest.mark.parametrize("sheet", ["adder", "gpt"])
def test_a_matrix_that_is_too_wide_is_cut_in_parts_that_say_so(sheet):
    page = lower(*prepare(load_sheet(sheet), Options(seed=0, large=True)))
    laid = [figure for section in page.sections for figure in section.laid]
    wide, high = LARGE.page
    assert all(figure.room <= wide + 0.01 and figure.height <= high + 0.01 for figure in laid)
    texts = " ".join(slot.label for figure in laid if figure.kind == "grid" for slot in figure.slots.values())
    assert ("columns 1–6 of 12" in texts) == (sheet == "adder")


def test_a_page_in_large_print_is_read_back_and_says_that_it_is_large(tmp_path):
    options = Options(seed=3, large=True, formats=("html", "pdf"), views=("worksheet", "key", "worked"))
    for path in generate("layer-norm", options, tmp_path):
        assert verify(path).finding is Finding.RIGHT, path
        assert path.suffix == ".pdf" or "large=yes" in path.read_text(encoding="utf-8")


def test_the_drawing_of_a_picture_is_turned_and_as_large_as_the_page():
    page = pages("attention-head", seed=0).printed("worksheet")
    _, laid = figures.with_figures(page, str)
    assert [each.scale for each in laid if isinstance(each, figures.Picture)] == [pytest.approx(226 / 108)]


def command(*words):
    return CliRunner().invoke(main, list(map(str, words)))


def test_a_format_that_its_own_program_enlarges_has_no_large_print(tmp_path):
    result = command("generate", "softmax", "--large", "--format", "docx", "--out", tmp_path)
    assert result.exit_code == 1
    assert result.stderr == (
        "byhand: --large: what opens the format docx can enlarge it; large print is for html, pdf, pdf-form, json\n"
    )
    assert not [*tmp_path.iterdir()]


def test_one_student_of_a_class_may_have_large_print_with_the_same_numbers(tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("name,id,large\nAda,1,\nNoor,2,yes\nEmmy,3,no\n")
    assert command("class", "softmax", "--roster", roster, "--out", tmp_path / "large").exit_code == 0
    roster.write_text("name,id\nAda,1\nNoor,2\nEmmy,3\n")
    assert command("class", "softmax", "--roster", roster, "--out", tmp_path / "usual").exit_code == 0
    large, usual = (tmp_path / name / "softmax-class0" for name in ("large", "usual"))
    assert (large / "index.csv").read_bytes() == (usual / "index.csv").read_bytes()
    for folder in ("worksheets", "keys"):
        ada, emmy, noor = sorted((large / folder).iterdir())
        assert all(each.read_bytes() == (usual / folder / each.name).read_bytes() for each in (ada, emmy))
        assert noor.read_bytes() != (usual / folder / noor.name).read_bytes()
    result = command("verify", large)
    assert "6 files, 6 right" in result.stdout, result.stdout


def test_the_large_copy_of_one_student_may_be_filled_in_on_a_screen(tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("name,id,large\nNoor,2,yes\n")
    result = command("class", "softmax", "--roster", roster, "--forms", "--out", tmp_path)
    assert result.exit_code == 0, result.stderr
    assert verify(next(tmp_path.rglob("forms/*.pdf"))).finding is Finding.RIGHT


def test_the_poster_has_no_large_print_and_says_so(tmp_path):
    result = command("generate", "cut-outs", "--large", "--format", "html", "--out", tmp_path)
    assert result.exit_code == 0
    assert "byhand: cut-outs is not in large print" in result.stderr


@pytest.mark.parametrize("word", ["perhaps", "14"])
def test_a_roster_says_yes_or_nothing_of_large_print(tmp_path, word):
    roster = tmp_path / "roster.csv"
    roster.write_text(f"name,large\nAda,{word}\n")
    result = command("class", "softmax", "--roster", roster, "--out", tmp_path)
    assert result.exit_code == 1
    assert result.stderr == f"byhand: roster.csv line 2: large print is '{word}'; write yes, or nothing\n"


@pytest.mark.parametrize("asked", [{}, {"large": True}], ids=str)
def test_an_answers_file_or_class_says_large_print_only_where_it_is_asked_for(asked):
    from byhand.options_file import as_entries, options_of

    entries = as_entries(Options(**asked))
    assert ("large" in entries) == bool(asked)
    assert options_of(entries, "class.json").large == bool(asked)
