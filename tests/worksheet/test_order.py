"""The course: an order that the sheets themselves say, and that a sheet of one's own can enter."""

import subprocess
import sys

import pytest

from byhand.errors import SheetError
from byhand.worksheet.order import group_of, groups, has_met, number_of, order, place
from byhand.worksheet.sheet import load_sheet, named

SHEET = """---
title: {title}
model: softmax
goal: One sees it.
{front}
---
## A step

{{{{ given("scores") }}}}
"""


def write(folder, name, *front, title="Mine"):
    text = SHEET.format(title=title, front="\n".join(front))
    (folder / "worksheets" / f"{name}.md").write_text(text, encoding="utf-8")


def test_every_sheet_has_a_number_of_its_own():
    assert [number_of(name) for name in order()] == [*range(1, len(order()) + 1)]
    assert [name for names in groups().values() for name in names] == [*order()]
    assert {name: group_of(name) for name in order()} == {n: g for g, names in groups().items() for n in names}
    assert (number_of("mine"), group_of("mine"), has_met("mine", "unembed")) == (0, "", True)


def test_a_sheet_of_ones_own_stands_where_it_says_and_moves_those_behind_it(folder):
    before = order()
    write(folder, "mine", "group: basics", "after: softmax", title="Softmax again")
    write(folder, "theirs", "group: basics", "after: mine")
    at = before.index("softmax") + 1
    assert order() == (*before[:at], "mine", "theirs", *before[at:])
    assert [sheet.called for sheet in named(["embedding", "mine"])] == [
        f"{at + 1} Softmax again", f"{order().index('embedding') + 1} {load_sheet('embedding').title}"
    ]  # fmt: skip
    assert not has_met("mine", "embed")


def test_a_sheet_of_ones_own_in_place_of_another_keeps_its_place(folder):
    before, last = order(), groups()["basics"][-1]  # which no other follows
    write(folder, last)
    assert order() == before
    write(folder, last, "group: words-in", "after: embedding")
    names = groups()["words-in"]
    assert names[names.index("embedding") + 1] == last


def test_the_shipped_sheets_are_placed_by_their_own_files_also_where_others_stand_in_their_place(folder):
    write(folder, "attention-head")
    code = "from byhand.worksheet.order import order; print(*order())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == [*order()]
    assert number_of("attention-head") > 0


def test_a_sheet_without_a_group_is_not_of_the_course(folder):
    write(folder, "mine")
    assert "mine" not in order()
    assert sorted(["mine", "family-tree", "shapes"], key=place) == ["shapes", "family-tree", "mine"]


@pytest.mark.parametrize(
    ("front", "told"),
    [
        (("group: basic",), "mine.md: group: no group 'basic'; did you mean 'basics'?"),
        (
            ("group: basics", "after: sofmax"),
            "mine.md: after: no sheet of its group 'sofmax'; did you mean 'softmax'?",
        ),
        (("group: basics", "after: mine"), "mine.md: after: no sheet of its group 'mine'"),
        (("group: layers", "after: softmax"), "mine.md: after: no sheet of its group 'softmax'"),
    ],
)
def test_a_place_that_there_is_not_is_told(folder, front, told):
    write(folder, "mine", *front)
    with pytest.raises(SheetError) as error:
        order()
    assert str(error.value).startswith(told)


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("lecturer: {looks_for: a slip}", "mine.md: no lecturer 'looks_for'; did you mean 'look_for'?"),
        ("lecturer: {ask: 3}", "mine.md: lecturer: 3 is no text; write it in quotes"),
        ("symbols: {shifted: [S]}", "mine.md: symbols: ['S'] is no text; write it in quotes"),
    ],
)
def test_what_is_no_text_for_a_lecturer_or_a_symbol_is_told(folder, front, told):
    write(folder, "mine", front)
    with pytest.raises(SheetError) as error:
        load_sheet("mine")
    assert str(error.value) == told
