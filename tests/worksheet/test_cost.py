"""What an idea costs, counted by formulas; they agree with what the sheets let one count."""

from fractions import Fraction

import pytest

from byhand.errors import SheetError
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.cost import costs
from byhand.worksheet.document import Table
from byhand.worksheet.order import groups
from byhand.worksheet.sheet import load_sheet

FAMILY = [name for name in groups()["family"] if load_sheet(name).cost]


def rows_of(name, head="What it costs"):
    """The numbers of a sheet's cost line, by what they count."""
    document, run = prepare(load_sheet(name), Options(seed=0))
    tables = [block for block in document.blocks if isinstance(block, Table) and block.head[0].text == head]
    (table,) = tables
    return {row[0].text: [entry.text for entry in row[1:]] for row in table.rows}, run


@pytest.mark.parametrize(
    ("formula", "value"),
    [("n * (n + 1) / 2", 500_500), ("min(n, 10 * w)", 30), ("2 * n - w / 2", Fraction(3997, 2)), ("7", 7)],
)
def test_a_formula_has_its_value(formula, value):
    assert costs(formula, {"n": 1000, "w": 3}) == value


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("m + 1", "cost: no size 'm'"),
        ("n ** 9", "cost: n ** 9 has no meaning"),
        ("n / 0", "cost: n / 0 is no formula"),
        ("n +", "cost: n + is no formula"),
        ("__import__('os')", "cost: __import__('os') has no meaning"),
        ("n" * 201, "cost: nnnn"),
    ],
)
def test_what_is_no_formula_is_one_line(formula, message):
    with pytest.raises(SheetError) as caught:
        costs(formula, {"n": 1})
    assert str(caught.value).startswith(message)


def test_each_sheet_that_changes_the_block_says_what_that_costs():
    changed = [name for name in groups()["family"] if load_sheet(name).delta]
    assert changed == FAMILY
    assert len(changed) >= 15


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("sparse-patterns", {"scores, all before": "count.causal", "scores in a window": "count.window"}),
        ("low-rank-attention", {"scores with all keys": "count.all", "scores with cups": "count.short"}),
    ],
)
def test_the_cost_of_the_sheets_own_words_is_what_its_steps_count(name, counted):
    rows, run = rows_of(name)
    for what, step in counted.items():
        assert rows[what][0] == str(run.values(step)[0][0]), what


def test_numbers_are_written_out():
    rows, _ = rows_of("position-biases")
    assert rows["scores, as before"] == ["10", "500,500", "500,000,500,000"]


def test_the_cost_of_a_sheets_own_words_may_be_a_blank():
    rows, run = rows_of("writing", "keys and values made")
    formulas, n = load_sheet("writing").cost, len(run.tokens)
    assert {what: row[0] for what, row in rows.items()} == {
        what: str(costs(formulas[what], {"n": n})) for what in rows
    }
    assert [row[0] for row in rows.values()] == ["8", "20"]


def test_what_is_lost_is_the_word_whose_share_falls_most():
    sheet = load_sheet("position-biases")
    document, run = prepare(sheet, Options(seed=0))
    before, now = (run.values(name)[-1] for name in ("plain.pattern", "attn.pattern[0]"))
    falls = [a - b for a, b in zip(before, now, strict=True)]
    at = falls.index(max(falls))
    answers = [reply.right for reply in document.replies()]
    assert f"“{run.tokens[at]}”: its share falls from {before[at]} to {now[at]}." in answers
