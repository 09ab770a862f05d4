"""What each section has in front of its reader, and the blanks with their names."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from kinds import kinds, lesson

from byhand.arithmetic.expr import refs
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.document import Blank
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import load_sheet

ATTN, SHEETS = "blocks.0.attn.", sorted(sheet_files())


@cache
def made(sheet, orientation="rows", level=None):
    return prepare(load_sheet(sheet), Options(orientation=orientation, level=level, seed=0))


def section_of(body, **options):
    return prepare(lesson(f"## A\n\n{body}\n"), Options(**options))[0].sections[0]


def seen(section):
    """What stands where: the number printed, or the kind of the blank."""
    return {place: each.role if isinstance(each, Blank) else str(each.value) for place, each in section.front.items()}


def test_a_checkpoint_prints_numbers_and_an_answer_is_the_readers_own():
    """2 · 2 scores from a printed 2 × 4 query and key of the sheet of all kinds."""
    section = section_of(f"{{{{ ask('{ATTN}scores_raw[0]') }}}}")
    found = seen(section)
    (query, *_), run = list(found), prepare(lesson("## A\n\nText.\n"), Options())[1]
    assert query == (f"{ATTN}hook_q[0]", 0, 0)
    assert found[query] == run.texts[f"{ATTN}hook_q[0]"][0][0]
    assert found[f"{ATTN}scores_raw[0]", 1, 0] == "ask"
    assert list(dict.fromkeys(step for step, _, _ in found)) == [
        f"{ATTN}{x}[0]" for x in ("hook_q", "hook_k", "scores_raw")
    ]


@pytest.mark.parametrize(("level", "is_asked_for"), [("standard", False), ("stretch", True)])
def test_a_first_cell_is_printed_save_at_stretch(level, is_asked_for):
    section = section_of(f"{{{{ ask('{ATTN}scores_raw[0]', first=true) }}}}", level=level)
    assert isinstance(section.front[f"{ATTN}scores_raw[0]", 0, 0], Blank) == is_asked_for
    assert isinstance(section.front[f"{ATTN}scores_raw[0]", 0, 1], Blank)


def test_a_copy_is_told_from_an_own_result():
    found = seen(section_of(f"{{{{ ask('{ATTN}scores_raw[0]', copy='{ATTN}hook_q[0]') }}}}"))
    assert found[f"{ATTN}hook_q[0]", 0, 0] == "copy"
    assert found[f"{ATTN}hook_k[0]", 0, 0] not in ("copy", "ask")


def test_of_a_place_that_stands_twice_the_first_counts():
    name = f"{ATTN}scores_raw[0]"
    assert seen(section_of(f"{{{{ strip(show('{name}'), '→', blank('{name}')) }}}}"))[name, 0, 0] != "ask"
    assert seen(section_of(f"{{{{ strip(blank('{name}'), '→', show('{name}')) }}}}"))[name, 0, 0] == "ask"


def test_what_a_mistake_makes_and_sizes_are_not_the_runs():
    wrong = section_of(f"{{{{ find_the_error('no-mask', '{ATTN}hook_attn_scores[0]', 1) }}}}")
    assert wrong.front == {}
    sizes = section_of(f"{{{{ table(['', 'how many'], ['q', count('{ATTN}hook_q[0]')]) }}}}")
    assert sizes.front == {}
    assert [blank.role for blank in sizes.blanks] == ["size"]


def test_at_the_easy_level_only_the_last_row_is_asked_for():
    name = f"{ATTN}scores_raw[0]"
    found = {
        place: each
        for place, each in seen(section_of(f"{{{{ ask('{name}') }}}}", level="easy", seed=0)).items()
        if place[0] == name
    }
    rows = max(i for _, i, _ in found)
    assert {i for (_, i, _), each in found.items() if each == "ask"} == {rows}


def test_a_table_shows_and_asks_for_single_numbers():
    name = f"{ATTN}scores_raw[0]"
    section = section_of(
        f"{{{{ table(['', 'x', 'y', 'z'], ['a', printed('{name}', 0, 0), entry('{name}', 0, 1), entry('{name}', 1, 0, word=true)]) }}}}"
    )
    assert [(place, each if each in ("entry", "word") else "printed") for place, each in seen(section).items()] == [
        ((name, 0, 0), "printed"), ((name, 0, 1), "entry"), ((name, 1, 0), "word"),
    ]  # fmt: skip
    assert [blank.id for blank in section.blanks] == ["1/table/2", "1/table/3"]


def test_blanks_have_names_that_a_person_can_read():
    found = {blank.id: blank for blank in made("attention-head")[0].blanks()}
    score = found[f"1/ask/{ATTN}scores_raw[0]/1,2"]
    assert (score.cell.step, score.cell.at) == (f"{ATTN}scores_raw[0]", (0, 1))
    assert found[f"4/copy/{ATTN}hook_pattern[0]/2,1"].cell.at == (1, 0)


def test_an_inverse_names_the_result_that_it_is_found_from():
    results = {blank.result for blank in kinds().blanks() if blank.role == "inverse"}
    assert results == {f"{ATTN}hook_q[0]", f"{ATTN}hook_v[0]"}


@pytest.mark.parametrize("sheet", SHEETS)
def test_names_are_unlike_and_the_same_for_every_orientation_and_level(sheet):
    rows, columns = (made(sheet, orientation)[0] for orientation in ("rows", "columns"))
    ids = [blank.id for blank in rows.blanks()]
    assert max(Counter(ids).values()) == 1
    assert sorted(ids) == sorted(blank.id for blank in columns.blanks())
    assert {blank.id for blank in made(sheet, level="easy")[0].blanks()} <= set(ids)
    answers, turned = ({b.id: str(b.cell.value) for b in page.blanks() if b.cell.at} for page in (rows, columns))
    assert answers == turned


def test_what_is_written_into_no_cell_has_a_name_and_what_is_right():
    found = [(reply.id, reply.options, reply.right) for reply in kinds().replies()]
    ticks, truth = ("1", "2", "3", "4"), ("true", "false")
    assert found == [
        ("5/choice/1", ("1", "2", "3", "4", "5", "6"), "5"),
        ("6/claim/1", truth, "true"), ("6/claim/1/because", (), "Each power is divided by the sum of its row."),
        ("6/claim/2", truth, "false"), ("6/claim/2/because", (), "Later tokens would get a share, too."),
        ("6/claim/3", truth, "false"),
        ("6/claim/3/because", (), "They come from the same X, but from other weights."),
        ("7/tick/1", ticks, "3"),
        ("7/lines/1", (), "Each power divided by the sum of its column."),
        ("8/line/1", (), "that of “cat”"),
        ("9/choice/1", ("1", "2", "3"), "2"),
        ("9/line/1", (), "share"),
    ]  # fmt: skip


def test_who_asks_for_a_reply_is_told_and_lines_without_room_ask_for_none():
    section = section_of("{{ lines(0, 'yes') }}\n{{ lines(2, 'no') }}")
    (reply,) = section.replies
    assert (reply.id, reply.role, reply.asker) == ("1/lines/1", "lines", section.words[1])


@pytest.mark.parametrize("sheet", SHEETS)
def test_blanks_and_replies_have_names_of_their_own(sheet):
    document, _ = made(sheet)
    names = [each.id for each in (*document.blanks(), *document.replies())]
    assert max(Counter(names).values()) == 1


@pytest.mark.parametrize("orientation", ["rows", "columns"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_the_rule_of_a_blank_gives_its_value_and_reads_what_the_run_has(sheet, orientation):
    document, run = made(sheet, orientation)
    for blank in document.blanks():
        cell = blank.cell
        if cell.rule is not None and cell.places is None:
            assert run.domain.settle(cell.rule, run.value) == cell.value, blank.id
            assert all(ref.matrix in run.steps for ref in refs(cell.rule))
        elif cell.at and cell.shows == "run":  # copied, or a given's number
            assert blank.role == "copy" or run.steps[cell.step].op is None or cell.places is not None
