"""The thread: what a sheet prints, the sheets before it have found, and it says where."""

import io
from functools import cache
from pathlib import Path

import pikepdf
import pytest
from accessible import faults
from click.testing import CliRunner
from every_sheet import FULL, a_share

from byhand.arrange import arrange
from byhand.choose import choose
from byhand.cli import main
from byhand.options import Options
from byhand.page.page import lower
from byhand.page.table import table
from byhand.pipeline import generate
from byhand.press.pieces import MM
from byhand.press.tables import table as press_table
from byhand.reading import ways
from byhand.reading.verdict import Finding
from byhand.reading.verify import verify
from byhand.witness.judge import judge
from byhand.worksheet.context import is_learned
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.thread import of_thread, thread

SHEETS = thread().sheets


@cache
def arranged(name, seed=3):
    sheet = load_sheet(name)
    options = Options(seed=seed).on(sheet)
    return arrange(sheet, *(values := choose(sheet, options))[:1], options, values[1])


def matrices(document):
    return [panel for block in document.blocks for panel in block.matrices]


@cache
def found():
    """For each step that a sheet asks for, the number of the first such sheet, and of its section."""
    places = {}
    for number, name in enumerate(SHEETS, 1):
        for section in arranged(name)[0].sections:
            for step in section.asked:
                places.setdefault(step, (number, section.number))
    return places


@pytest.mark.parametrize("name", SHEETS)
def test_what_a_sheet_prints_is_the_answer_of_an_earlier_sheet_which_it_names(name):
    document, run = arranged(name)
    own = {step for section in document.sections for step in section.asked}
    printed = (panel for panel in matrices(document) if not panel.has_blanks and panel.step not in own)
    steps = ((panel, run.steps[panel.step]) for panel in printed)
    recalled = [panel for panel, step in steps if not is_learned(step) and step.op_name != "hstack"]
    if name != "thread-embedding":
        assert recalled or name == "thread-feed-forward"
    for panel in recalled:
        sheet, section = found()[panel.step]
        assert sheet < document.bead
        before, answers = arranged(SHEETS[sheet - 1])
        rows, columns = run.steps[panel.step].shape  # fewer, where fewer words are read
        assert run.rows[panel.step] == tuple(row[:columns] for row in answers.rows[panel.step][:rows])
        assert (panel.note, panel.bead) == (f"from sheet {sheet}, step {section}", str(sheet))
        assert panel.step in {step for s in before.sections if s.number == section for step in s.asked}


@pytest.mark.parametrize("name", SHEETS)
def test_the_second_witness_judges_each_sheet(name):
    document, run = arranged(name)
    judge(run)
    assert document.bead == SHEETS.index(name) + 1
    assert len(document.beads) == 13
    assert document.place == f"the thread, {document.bead} of 13"


# ---- the tag "from an earlier sheet" ----


@cache
def files(name, folder):
    options = Options(seed=7, formats=("html", "pdf"))
    return {file.name: file.read_bytes() for file in generate(name, options, Path(folder))}


def test_a_tag_has_a_bead_and_a_step_and_is_read_aloud_as_words(tmp_path, monkeypatch):
    made = files("thread-scores", str(tmp_path))
    pill = '<span class="source"><span class="aloud"> from sheet </span><b>3</b><span class="aloud">, </span>step 2</span>'
    assert pill in made["worksheet.html"].decode()
    with pikepdf.open(io.BytesIO(made["worksheet.pdf"])) as file:
        said = {str(each.Alt) for each in file.objects if isinstance(each, pikepdf.Dictionary) and "/Alt" in each}
    assert {"Q 3 × 4 from sheet 3, step 1", "Kᵀ 4 × 3 from sheet 3, step 2"} <= said
    monkeypatch.setattr("byhand.arrange._sources", lambda *_: {})
    (untagged,) = generate("thread-scores", Options(seed=7, formats=("pdf",), views=("worksheet",)), tmp_path)
    assert faults(made["worksheet.pdf"]) == faults(untagged.read_bytes()) == []


def test_the_caption_of_a_strip_has_a_tag_a_millimetre_after_the_name(tmp_path):
    made = files("thread-gpt", str(tmp_path))
    assert 'aria-label="E from sheet 1, step 1"' in made["worksheet.html"].decode()
    page = lower(*arranged("thread-gpt", 7))
    grid = next(laid for section in page.sections for laid in section.laid if laid.kind == "grid")
    captions = [cell for row in press_table(table(grid, False), str).cells for cell in row if cell.said]
    assert [cell.said for cell in captions[:2]] == ["E from sheet 1, step 1", "P from sheet 2, step 1"]
    (_, bead, step) = captions[0].lines[0]
    assert (bead.text, step.text) == ("1", "step 1")
    whole, wide = bead.pill
    assert bead.before - (wide - (bead.width - bead.before - bead.after)) / 2 == pytest.approx(MM)
    assert whole == pytest.approx(bead.width + step.width - MM)


@pytest.mark.parametrize("name", ["thread-scores", "thread-norm", "thread-gpt"])
def test_a_tag_moves_no_cell(name, monkeypatch):
    def cells():
        sheet = load_sheet(name)
        options = Options(seed=7).on(sheet)
        page = lower(*arrange(sheet, choose(sheet, options)[0], options))
        grids = [laid for section in page.sections for laid in section.laid if laid.kind == "grid"]
        return [(grid.cols, grid.rows, grid.widths, grid.scale, grid.outdent) for grid in grids]

    tagged = cells()
    monkeypatch.setattr("byhand.arrange._sources", lambda *_: {})
    assert cells() == tagged


@pytest.mark.parametrize("name", a_share(SHEETS, 3))
def test_a_page_is_verified(name, tmp_path):
    files(name, str(tmp_path))
    result = CliRunner().invoke(main, ["verify", str(tmp_path)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", SHEETS if FULL else ("thread-feed-forward", "thread-logits"))
def test_a_page_for_the_screen_is_right_by_its_seed_and_by_what_it_prints_alone(name, tmp_path, monkeypatch):
    """As a copy of a class is, whose secret is not given."""
    asked = Options(seed=7, formats=("html",), variants=1)
    paths = generate(name, asked, tmp_path)
    assert [verify(path).finding for path in paths] == [Finding.RIGHT, Finding.RIGHT]
    monkeypatch.setattr(ways, "original", lambda *_: None)
    assert [verify(path).finding for path in paths] == [Finding.RIGHT, Finding.RIGHT]


def test_a_sheet_tells_of_fractions_only_where_what_it_prints_or_asks_for_may_be_one():
    """The divisions of earlier sheets are behind what it prints."""
    told = {
        name
        for name in SHEETS
        if any("Exact fractions." in "".join(t.content for t in line) for line in arranged(name)[0].conventions)
    }
    whole = {"embedding", "positions", "queries-keys-values", "feed-forward", "logits"}
    assert told == {name for name in SHEETS if name.removeprefix("thread-") not in whole}


def test_the_strip_says_where_one_is():
    page = lower(*arranged("thread-head"))
    assert page.map.said == "The thread: 13 sheets. 4 are done; you are at sheet 5, one head."
    assert page.map.width == 174


def test_a_sheet_says_that_numbers_of_earlier_sheets_are_right():
    told = "Tags say which sheet a number comes from. Go on with the printed ones, even if yours differ."
    conventions = ["".join(t.content for t in line) for line in arranged("thread-mask")[0].conventions]
    assert told in conventions
    first = ["".join(t.content for t in line) for line in arranged("thread-embedding")[0].conventions]
    assert told not in first


@pytest.mark.parametrize("seed", [0, 7, 23])
def test_every_gap_of_a_sentence_is_one_of_its_words(seed):
    """So that it is judged at once, and nobody is to write three features where one is meant."""
    replies = [reply for name in SHEETS for reply in arranged(name, seed)[0].replies() if reply.gap]
    assert len(replies) > len(SHEETS)
    assert {reply.role for reply in replies} == {"choice"}


def test_the_last_sheet_reads_two_words_and_says_the_third():
    """The mask makes its two rows the first two of the whole sentence."""
    _, run = arranged("thread-gpt")
    _, whole = arranged("thread-logits")
    assert run.rows["logits"] == whole.rows["logits"][:2]
    assert run.vocabulary[int(run.rows["next_token"][1][0])] == thread().words(3)[2]
    assert run.tokens == thread().words(3)[:2]


def test_values_of_two_heads_have_names_of_their_own():
    panels = {panel.step: panel for panel in matrices(arranged("thread-heads")[0])}
    assert panels["blocks.0.attn.hook_v[1]"].cols == ("noun", "verb")
    assert panels["blocks.0.attn.z"].cols == ("doer", "done to", "noun", "verb")
    head = {panel.step: panel for panel in matrices(arranged("thread-head")[0])}
    assert head["blocks.0.attn.hook_v[0]"].cols == ("doer", "done to")


def test_sheets_of_the_thread_are_named_alone_or_all_together():
    assert of_thread(["mask", "scores"]) == ("thread-scores", "thread-mask")
    assert of_thread([]) == SHEETS


@pytest.mark.parametrize(("asked", "says"), [
    (["generate", "scors", "--thread"], "no sheet of the thread 'scors'; did you mean 'scores'?"),
    (["generate", "--all", "--thread"], "give --thread or --all, not both"),
    (["class", "--anonymous", "2"], "name a sheet or the file of a paper, or give --thread"),
])  # fmt: skip
def test_what_is_asked_for_wrongly_is_told(asked, says):
    result = CliRunner().invoke(main, asked)
    assert result.exit_code in (1, 2)
    assert says in result.output


def test_a_sheet_of_the_thread_is_generated_by_its_name(tmp_path):
    result = CliRunner().invoke(
        main, ["generate", "loss", "--thread", "--seed", "4", "--format", "md", "--out", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    text = (tmp_path / "thread-loss-seed4" / "key.md").read_text()
    assert "the thread, 12 of 13" in text
    assert "from sheet 11, step 1" in text
