"""The line at the foot of the family's sheets, and where what it says stands."""

import re
from pathlib import Path

import pytest

from byhand.errors import SheetError
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.document import plain_words
from byhand.worksheet.order import groups, order
from byhand.worksheet.sheet import load_sheet, parse_sheet

SOURCES = Path(__file__).parents[2] / "docs" / "sources.md"


def test_each_sheet_of_the_family_says_where_it_comes_from_and_each_line_has_its_sources():
    """So do other sheets that have sources."""
    rows = re.findall(r"^\| ([\w-]+) \| (.*) \| (.*) \|$", SOURCES.read_text("utf-8"), re.MULTILINE)
    told = {name: (runs != "—", number != "—") for name, runs, number in rows if name != "sheet"}
    family = groups()["family"]
    origins = {name: load_sheet(name).origin for name in order() if name in family or name in told}
    assert list(told) == list(origins)
    for name, origin in origins.items():
        assert all((origin.who, re.search(r"\d{4}", origin.when), origin.name, origin.paper)), name
        assert told[name] == (bool(origin.runs), bool(origin.number)), name


def test_the_line_has_its_numbers_from_the_run():
    line = plain_words(prepare(load_sheet("sparse-patterns"), Options(seed=0))[0].origin)
    assert line.endswith("one real number 4,096: the words in the window of Mistral 7B. Yours holds 3.")


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ('origin: {whom: "A"}', "lesson.md: no origin 'whom'; did you mean 'who'?"),
        ("origin: {when: 2021}", "lesson.md: origin: 2021 is no text; write it in quotes"),
        ('delta: {draws: turn, sign: "*"}', "lesson.md: delta: no sign '*'; use +, −, instead of"),
    ],
)
def test_what_a_line_or_a_map_cannot_have_is_said(front, message):
    with pytest.raises(SheetError) as caught:
        parse_sheet("lesson", f"---\ntitle: A\nmodel: softmax\ngoal: B\n{front}\n---\n")
    assert str(caught.value).startswith(message)
