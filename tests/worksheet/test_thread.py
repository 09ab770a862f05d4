"""The thread: what a sheet prints, the sheets before it have found, and it says where."""

from functools import cache

import pytest
from click.testing import CliRunner

from byhand.arrange import arrange
from byhand.choose import choose
from byhand.cli import main
from byhand.notation.inline import spoken
from byhand.options import Options
from byhand.page.page import lower
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
        assert f"(sheet {sheet}, step {section})" in (panel.note or spoken(panel.caption))
        assert panel.step in {step for s in before.sections if s.number == section for step in s.asked}


@pytest.mark.parametrize("name", SHEETS)
def test_the_second_witness_judges_each_sheet(name):
    document, run = arranged(name)
    judge(run)
    assert document.bead == SHEETS.index(name) + 1
    assert len(document.beads) == 13
    assert document.place == f"the thread, {document.bead} of 13"


def test_the_strip_says_where_one_is():
    page = lower(*arranged("thread-head"))
    assert page.map.said == "The thread: 13 sheets. 4 are done; you are at sheet 5, one head."
    assert page.map.width == 174


def test_a_sheet_says_that_numbers_of_earlier_sheets_are_right():
    told = "What an earlier sheet has found is printed with its place; go on with that, whatever you found."
    conventions = ["".join(t.content for t in line) for line in arranged("thread-mask")[0].conventions]
    assert told in conventions
    first = ["".join(t.content for t in line) for line in arranged("thread-embedding")[0].conventions]
    assert told not in first


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
    assert panels["blocks.0.attn.z"].cols == ("doer", "thing done", "noun", "verb")
    head = {panel.step: panel for panel in matrices(arranged("thread-head")[0])}
    assert head["blocks.0.attn.hook_v[0]"].cols == ("doer", "thing done")


def test_sheets_of_the_thread_are_named_alone_or_all_together():
    assert of_thread(["mask", "scores"]) == ("thread-scores", "thread-mask")
    assert of_thread([]) == SHEETS


@pytest.mark.parametrize(("asked", "says"), [
    (["generate", "scors", "--thread"], "no sheet of the thread 'scors'; did you mean 'scores'?"),
    (["generate", "--all", "--thread"], "give --thread or --all, not both"),
    (["class", "--anonymous", "2"], "name a sheet, or give --thread"),
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
    assert "(sheet 11, step 1)" in text
