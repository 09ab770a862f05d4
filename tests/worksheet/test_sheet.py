"""Sheets on disk: what parses, and what a person is told where it does not."""

from __future__ import annotations

import re

import pytest
from every_sheet import ORDER

from byhand.errors import ByHandError, SheetError
from byhand.options import Options
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import all_sheets, load_sheet, parse_sheet

FRONT = "---\ntitle: T\nmodel: softmax\ngoal: G\n{}---\nbody\n"


def sheet(entries: str = ""):
    return parse_sheet("mine", FRONT.format(entries))


def test_a_word_is_a_word_and_no_truth_value():
    assert sheet("vocabulary: [on, off, yes, no, 'true']\n").values["vocabulary"] == [
        "on",
        "off",
        "yes",
        "no",
        "true",
    ]


def test_the_body_keeps_its_line_numbers():
    assert sheet("numbers: exact\n").body == "\n" * 6 + "body\n"


def test_windows_line_ends_are_read():
    assert parse_sheet("mine", FRONT.format("").replace("\n", "\r\n")).title == "T"


def test_sheets_come_in_the_order_of_the_course():
    assert [s.number for s in all_sheets()] == list(range(1, len(ORDER) + 1))
    assert [s.name for s in all_sheets()] == list(ORDER)


def test_an_own_sheet_comes_last_and_has_no_number(folder):
    (folder / "worksheets" / "aardvark.md").write_text(FRONT.format(""), encoding="utf-8")
    assert all_sheets()[-1].name == "aardvark"
    assert all_sheets()[-1].number == 0


def test_an_own_sheet_comes_before_the_shipped_one(folder):
    (folder / "worksheets" / "gpt.md").write_text(FRONT.format(""), encoding="utf-8")
    assert load_sheet("gpt").title == "T"
    assert load_sheet("attention-head").title == "One attention head"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no front matter", "mine.md has no front matter; begin with --- and end it with ---"),
        (FRONT.format("titel: x\n"), "mine.md: no front matter entry 'titel'; did you mean 'title'?"),
        (FRONT.format("pick_words: long\n"), "mine.md: pick_words is a bool; found str"),
        (
            FRONT.format("sittings: [1]\n"),
            "mine.md: sittings: write the step with which each begins, as in [1, 10, 18]",
        ),
        (FRONT.format("sittings: [1, 9, x]\n"), "mine.md: sittings: write the step with which each begins"),
        (
            FRONT.format("objectives: [count: the weights]\n"),
            "mine.md: objectives: {'count': 'the weights'} is no text",
        ),
        (FRONT.format("config: [1\n"), "mine.md line "),
        (FRONT.format("a: &x [1]\nb: *x\n"), "mine.md: aliases (*name) are not allowed"),
        ("---\n- a\n---\n", "mine.md: the front matter is a table of names; found list"),
        ("---\ntitle: T\nmodel: softmax\n---\n", "mine.md: the front matter has no goal"),
        (FRONT.format("config: " + "[" * 5000 + "\n"), "mine.md"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_said(text, message):
    with pytest.raises(SheetError) as error:
        parse_sheet("mine", text)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_a_sheet_that_is_too_large_is_refused(folder):
    (folder / "worksheets" / "big.md").write_text("x" * 300_000, encoding="utf-8")
    with pytest.raises(SheetError, match="over 200,000 characters"):
        load_sheet("big")


def test_a_sheet_that_is_no_text_is_refused(folder):
    (folder / "worksheets" / "bin.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SheetError, match="cannot be read"):
        load_sheet("bin")


def test_an_unknown_sheet_is_told_what_it_may_have_meant():
    with pytest.raises(ByHandError, match="no sheet 'atention-head'; did you mean 'attention-head'"):
        load_sheet("atention-head")


@pytest.mark.parametrize("name", sorted(sheet_files()))
def test_a_sheet_leaves_it_to_the_run_to_count_tokens_and_dimensions(name):
    counted = r"\b(three|four|five|third|fourth|fifth) (tokens?|inputs?|words?|dimensions|dot products)\b"
    sheet = load_sheet(name)
    assert not re.findall(counted, " ".join((sheet.goal, *sheet.objectives, sheet.body)))


def test_a_sheet_says_of_how_many_places_its_decimals_are():
    sheet = load_sheet("positional-encoding")
    assert (Options().on(sheet).numbers, Options().on(sheet).places) == ("decimal", 1)
    assert Options(places=3).on(sheet).places == 3
    assert Options(numbers="decimal").on(load_sheet("gpt")).domain.places == 2
