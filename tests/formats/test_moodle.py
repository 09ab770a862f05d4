"""moodle.xml read back: its numbers, what a key earns, and what is said of each classic mistake."""

import base64
import subprocess
import sys
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from cloze import read
from every_sheet import FULL, SEEDS, SHEETS, made
from kinds import kinds_and_run, lesson
from msgspec.structs import replace
from quiz_pages import missing_rows

from byhand import __version__
from byhand.arithmetic.expr import refs
from byhand.cli import main
from byhand.errors import ConfigError, SheetError
from byhand.formats.moodle import _entry, _Questions, bank_part, begun_bank, moodle
from byhand.formats.quiz.questions import Entry, Quiz
from byhand.formats.quiz.spelling import number
from byhand.mistakes import MISTAKES, foil
from byhand.notation.text import value_text
from byhand.notation.typed import read as read_number
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare

ORACLE = Path(__file__).resolve().parents[3] / "shared" / "tools" / "check_moodle.py"
NUMERIC = [sheet for sheet in SHEETS if sheet != "attention-in-letters"]
CASES = [(sheet, seed) for sheet in NUMERIC for seed in (range(10) if FULL else SEEDS)]
AT = "blocks.0.attn."


@lru_cache(maxsize=8)
def written(sheet, seed=3, **options):
    """A sheet's document, run, quiz and file."""
    document, run = made(sheet, seed, **options)
    return document, run, Quiz(lower(document, run)), moodle(lower(document, run))


@lru_cache(maxsize=8)
def answered(sheet, seed=3, **options):
    """The questions with fields: as they were meant, and as they are read."""
    *_, quiz, xml = written(sheet, seed, **options)
    meant = [question for question in quiz.questions if question.kind == "answers"]
    found = [question for question in read(xml) if question.kind == "cloze"]
    assert len(meant) == len(found)
    return list(zip(meant, found, strict=True))


def paired(meant, found):
    """Each entry of a question with its field."""
    order = [int(node.get("n")) for node in meant.body.iter("entry")]
    entries = [field for field in found.fields if field.kind != "MULTICHOICE_S"]
    assert sorted(order) == list(range(len(meant.entries)))
    return zip((meant.entries[n] for n in order), entries, strict=True)


def fields(sheet, seed=3, **options):
    """Each entry with its field, in the order of the file."""
    for question in answered(sheet, seed, **options):
        yield from paired(*question)


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_the_key_earns_all_and_its_numbers_are_the_runs(sheet, seed):
    document, run, _, _ = written(sheet, seed)
    asked = [blank for blank in document.blanks() if blank.role not in ("copy", "change")]
    pairs = [*fields(sheet, seed)]
    assert sorted(entry.blank.id for entry, _ in pairs) == sorted(blank.id for blank in asked)
    for entry, field in pairs:
        assert field.mark(field.key).share == 1
        cell = entry.blank.cell
        shown = value_text(cell.value)
        if entry.blank.role not in ("word", "text"):
            expected = run.texts[cell.step][cell.at[0]][cell.at[1]] if cell.at and cell.places is None else None
            key = field.key.replace("−", "-")
            assert number(key) == number(expected or cell.value)
            assert field.mark(f" {shown.replace('−', '-').replace(',', '').replace('∞', 'inf')} ").share == 1
        else:
            assert field.key == shown


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_what_a_mistake_gives_earns_a_part_and_is_named(sheet, seed):
    document, _, _, _ = written(sheet, seed)
    transposed = document.orientation == "columns"
    for entry, field in fields(sheet, seed):
        for wrong in entry.wrong:
            for text in wrong.texts if field.kind == "SHORTANSWER" else [wrong.value]:
                got = field.mark(text)
                assert got.share in (0.25, 0.5)
                assert got.share == wrong.credit / 100
                for name in wrong.mistakes:
                    assert document.messages.mistake(name, "told", transposed).replace("&", "") in got.feedback


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_every_number_of_the_figures_is_printed_where_it_stands_on_the_page(sheet, seed):
    sections = {section.number: section for section in written(sheet, seed)[0].sections}
    for meant, found in answered(sheet, seed):
        fields = {id(entry.blank.cell): field for entry, field in paired(meant, found)}
        assert missing_rows(sections[meant.number], fields, found.rows) == []


@pytest.mark.parametrize("sheet", NUMERIC)
def test_a_question_prints_all_that_its_blanks_are_computed_from(sheet):
    """What a rule reads stands in the question, or is computed there from what stands in it."""
    document, run, *_ = written(sheet, SEEDS[0])
    sections = document.sections
    matrices = {
        cell.place for section in sections for figure in section.figures for panel in figure.matrices
        for cell in panel.flat
    }  # fmt: skip
    number_of = {blank.id: n for n, section in enumerate(sections, 1) for blank in section.blanks}

    def stands(at, printed, asked, on_page):
        name, i, j = at
        if at in asked or number(run.values(name)[i][j]) in printed:
            return True
        if run[name].op is None and at not in on_page:
            return True  # nor does the page have a cell for it: its text says it
        rule = run[name].op and run.rule(*at)
        return bool(rule) and all(stands((ref.matrix, *ref.index), printed, asked, on_page) for ref in refs(rule))

    for meant, found in answered(sheet, SEEDS[0]):
        texts = [cell for row in found.rows for cell in row if isinstance(cell, str)]
        printed = {value for text in texts for value in read_number(text).values}
        asked = {e.blank.cell.place for e in meant.entries if e.blank.cell.at}
        for entry in meant.entries:
            if entry.blank.role in ("ask", "entry"):
                shown = sections[: number_of[entry.blank.id]]
                on_page = matrices | {place for section in shown for place in section.front}
                for ref in refs(run.rule(*entry.blank.cell.place)):
                    assert stands((ref.matrix, *ref.index), printed, asked, on_page), (sheet, entry.blank.id, ref)


@pytest.mark.skipif(not ORACLE.exists(), reason="the shared oracle of Moodle's grammar is not beside the checkout")
@pytest.mark.parametrize("sheet", NUMERIC)
def test_another_reader_of_the_grammar_finds_nothing_wrong(sheet, tmp_path):
    pytest.importorskip("lxml")
    (tmp_path / "moodle.xml").write_bytes(written(sheet, SEEDS[0])[-1])
    done = subprocess.run([sys.executable, ORACLE, tmp_path / "moodle.xml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("moodle.xml OK\n")


OTHERWISE = [{"orientation": "columns"}, {"numbers": "decimal", "base": "e"}]


@pytest.mark.parametrize("options", OTHERWISE, ids=str)
def test_it_is_so_in_columns_and_in_decimals(options):
    """In decimals, what mistakes give lies closer together than the right answer's tolerance."""
    for entry, field in fields("attention-head", 3, **options):
        assert field.mark(field.key).share == 1
        for wrong in entry.wrong:
            texts = wrong.texts if field.kind == "SHORTANSWER" else [wrong.value]
            assert [field.mark(text).share for text in texts] == [wrong.credit / 100] * len(texts)


# one sheet in full


def test_the_foils_of_a_step_are_those_of_a_run_with_the_mistake_in_it():
    """In the first step of a sheet, whose operands are printed, a mistake's numbers are those of the whole run."""
    run, name, tried = written("attention-head")[1], "keys-by-query-weights", 0
    wrong = foil(run.tape(), name).values(f"{AT}scores_raw[0]")
    for entry, field in fields("attention-head"):
        if entry.blank.id.startswith("1/") and (value := at(wrong, entry)) != entry.blank.cell.value:
            got, tried = field.mark(str(value)), tried + 1
            assert got.share == 0.25
            assert MISTAKES[name].told.split(",")[0] in got.feedback
    assert tried >= 6


def at(rows, entry):
    i, j = entry.blank.cell.at
    return rows[i][j]


def test_who_goes_on_from_a_mistake_of_the_same_step_earns_half():
    by_id = {entry.blank.id: field for entry, field in fields("attention-head")}
    sum_, exps = by_id[f"3/ask/{AT}hook_pattern.sum[0]/1,1"], [
        by_id[f"3/ask/{AT}hook_pattern.exp[0]/1,{j}"].mark(text) for j, text in ((1, "-1"), (2, "1"), (3, "0"))
    ]  # fmt: skip
    assert [answer.share for answer in exps] == [0.25] * 3
    assert (sum_.mark("0").share, sum_.mark("11/2").share, sum_.mark("7/2").share) == (0.5, 0.25, 1)
    assert sum_.mark("12") is None


def test_numbers_may_be_typed_as_people_type_them():
    by_id = {entry.blank.id: field for entry, field in fields("attention-head")}
    half = by_id[f"3/ask/{AT}hook_pattern.exp[0]/1,1"]
    for text in ("1/2", "2/4", "0.5", "0,5", ".5", "0.50", " 1/2 "):
        assert half.mark(text).share == 1, text
    third = by_id[f"3/ask/{AT}hook_pattern[0]/3,2"]
    assert third.mark("2/3").share == 1
    assert (third.mark("0.67").share, third.mark("0.67").feedback) == (0.5, "Rounded: write the fraction.")
    masked = {entry.blank.id: field for entry, field in fields("causal-mask")}[f"2/ask/{AT}hook_attn_scores[0]/1,2"]
    for text in ("-inf", "−∞", "-∞", "-Infinity"):
        assert masked.mark(text).share == 1, text
    assert masked.mark("0").share == 0.25


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_an_exact_number_may_be_copied_from_the_page(sheet, seed):
    """Also one with the true minus sign that the page prints."""
    _, run = made(sheet, seed)
    for entry, field in fields(sheet, seed):
        if run.numbers == "exact" and entry.blank.cell.places is None:
            assert field.mark(entry.blank.cell.text.replace(",", "")).share == 1, entry.blank.id


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_the_fields_of_a_matrix_are_as_wide_as_each_other(sheet, seed):
    """Moodle makes a field as wide as the longest answer that it knows."""
    widths = {}
    for entry, field in fields(sheet, seed):
        step = entry.blank.id.rpartition("/")[0]
        widths.setdefault(step, set()).add(max(len(answer.text) for answer in field.answers))
    assert widths
    assert all(len(each) == 1 for each in widths.values())


def test_decimals_are_numbers_with_a_tolerance_of_their_last_place():
    by_id = {entry.blank.id: field for entry, field in fields("softmax", 1, numbers="decimal")}
    field = by_id["1/ask/softmax/1,1"]
    assert field.kind == "NUMERICAL"
    value = Fraction(field.key)
    assert field.mark(f"{float(value + Fraction(1, 100)):.2f}").share == 1
    missed = field.mark(f"{float(value + Fraction(2, 100)):.2f}")
    assert missed is None or missed.share < 1


def test_pictures_stand_once_and_questions_in_words_wait_for_a_person():
    questions = read(written("attention-head")[-1])
    assert [question.kind for question in questions] == [
        "description", "description", "cloze", "cloze", "cloze", "essay", "cloze", "description", "essay", "cloze",
    ]  # fmt: skip
    names = [name for question in questions for name in question.files]
    assert names == ["map.svg", "section0.svg"]
    for question in questions:
        for name, content in question.files.items():
            assert question.kind == "description"
            assert f'src="@@PLUGINFILE@@/{name}"' in question.text
            assert ElementTree.fromstring(base64.b64decode(content)).tag.endswith("svg")
    assert "softmax" not in questions[5].grader.lower()
    assert "it finds" in questions[5].grader
    assert len({question.idnumber for question in questions}) == len(questions)
    assert {question.category for question in questions} == {"$course$/top/byhand/attention-head/seed 3"}


def test_what_a_sheet_is_about_ends_with_the_foot_of_its_pages():
    document, run, quiz, _ = written("attention-head")
    assert document.foot == f"byhand {__version__} · attention-head · seed 3 · numbers {run.hash}"
    assert "".join(quiz.about.body.itertext()).endswith(document.foot)


def test_statements_are_chosen_and_say_why():
    _, found = next((m, f) for m, f in answered("causal-mask") if m.choices)
    field = next(field for field in found.fields if field.kind == "MULTICHOICE_S")
    assert {answer.text for answer in field.answers} == {"true", "false"}
    assert all(answer.feedback for answer in field.answers)
    assert field.mark(field.key).share == 1


def test_every_kind_of_question_can_be_answered():
    questions = read(moodle(lower(*kinds_and_run())))
    assert [len(question.fields) for question in questions] == [0, 2, 1, 8, 3, 10, 3, 1, 0, 0, 6, 0, 1, 0]
    for question in questions:
        assert all(field.mark(field.key).share == 1 for field in question.fields)
    tick = next(field for question in questions for field in question.fields if field.key == "A")
    assert (tick.key, tick.mark("S"), len(tick.answers)) == ("A", next(a for a in tick.answers if a.text == "S"), 4)
    shapes = [field.mark(text) for field, text in zip(questions[3].fields, ("Yes", "3x4", "NO", "-"), strict=False)]
    assert [answer.share for answer in shapes] == [1] * 4


def test_letters_are_refused_in_a_line(tmp_path):
    message = (
        "attention-in-letters has letters for numbers, which learning platforms cannot mark; use --numbers exact or "
        "decimal, or a sheet with numbers"
    )
    with pytest.raises(ConfigError, match=message):
        moodle(lower(*made("attention-in-letters")))
    arguments = ["generate", "attention-in-letters", "--format", "moodle", "--out", str(tmp_path / "o")]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stderr) == (1, f"byhand: {message}\n")
    assert not (tmp_path / "o").exists()


ODD = ["}", "#", '"', "a&b", "<b>", "=x", "%50%x", "*", "a*b", "{1:NM:=1}", "−", "é", "'", "]]>"]


@pytest.mark.parametrize("word", ODD)
def test_odd_words_can_be_typed(word):
    quiz = written("attention-head")[2]
    question = next(question for question in quiz.questions if question.entries)
    entries = (replace(question.entries[0], texts=(word,), value="", wrong=()), *question.entries[1:])
    xml = f"<quiz>{_Questions(quiz, 'x').question(replace(question, entries=entries))}</quiz>".encode()
    (found,) = read(xml)
    field = next(field for entry, field in paired(question, found) if entry is question.entries[0])
    assert field.mark(word).share == 1
    assert field.mark(f"{word}x") is None
    assert field.mark("") is None


@pytest.mark.parametrize("word", ["a~b", "a\\b"])
def test_words_that_no_field_can_hold_are_refused(word):
    blank = made("attention-head")[0].blanks()[0]
    with pytest.raises(SheetError, match=r"^Moodle has no way to write the answer"):
        _entry(Entry(blank, "", (word,)))


def test_the_same_sheet_is_the_same_bytes():
    document, run = made("attention-head", 3)
    assert moodle(lower(document, run)) == written("attention-head")[-1]


# a question bank; tests/classroom/test_class_formats.py makes one


def test_five_hundred_variants_of_a_head_are_less_than_fifty_megabytes():
    """50 MB are what many servers take at most. Pictures stand once, so a variant is what the file grows by."""
    page = lower(*made("attention-head", 3))
    begin, part = begun_bank(page), bank_part(page, 1)
    assert b"<file" in begin
    assert not any(b"<file" in questions for questions in part.values())
    assert len(begin) + 500 * sum(map(len, part.values())) < 50_000_000


def test_a_list_and_code_stand_in_no_paragraph():
    sheet = lesson("## Before you begin\n\n- a pencil\n- a rubber\n\n## Code\n\n```\nx = 1\n```\n")
    questions = Quiz(lower(*prepare(sheet, Options()))).questions
    inside = {child.tag for question in questions for part in question.body.iter("p") for child in part}
    assert inside.isdisjoint({"p", "ul", "ol", "pre", "div"})
    assert {"ul", "pre"} <= {node.tag for question in questions for node in question.body.iter()}
