"""Another seed of a small model: the same numbers in another order, as hard and as telling."""

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.effort import seconds
from byhand.errors import ConfigError
from byhand.model import MODELS
from byhand.model.layers import softmax
from byhand.model.registry import model
from byhand.model.weights import Values, numbers
from byhand.numbers.choice import choose
from byhand.numbers.dice import Dice
from byhand.numbers.registry import SEARCHES
from byhand.numbers.shuffled import DRAWN
from byhand.ops.attention import normalize_rows, row_sum
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.sheet import all_sheets, load_sheet

SEEDS = range(1, 5)


def sizes(sheet, values):
    """The numbers of each matrix without their signs, from small to large; but for those that are drawn."""
    drawn = DRAWN[sheet.model.name](Dice("1")) if sheet.model.name in DRAWN else {}
    return {
        name: sorted(abs(x) for row in rows for x in row)
        for name, rows in numbers(values).items()
        if name not in drawn
    }


SHUFFLED = [s.name for s in all_sheets() if s.model.name not in SEARCHES and not s.draws_words]


@pytest.fixture(scope="module", params=SHUFFLED)
def found(request):
    """A sheet's own numbers, and those of some seeds."""
    sheet = load_sheet(request.param)
    own = sheet.given(letters=False)
    return sheet, own, [choose(sheet.model, own, seed) for seed in SEEDS]


def test_every_seed_has_the_sheet_s_numbers_in_another_order(found):
    sheet, own, chosen = found
    assert all(sizes(sheet, each.values) == sizes(sheet, own) for each in chosen)
    runs = [str((each.values.inputs, each.values.weights)) for each in chosen]
    assert len(set(runs)) == len(runs)


def test_every_mistake_shows_in_every_seed(found):
    _, _, chosen = found
    assert all(each.quality["foils"] and min(each.quality["foils"].values()) > 0 for each in chosen)


def test_every_seed_takes_as_long(found):
    sheet, own, chosen = found
    times = []
    for values in (own, *(each.values for each in chosen)):
        tape = sheet.model.run(values, RATIONALS)
        times.append(seconds(tape, [s.name for s in tape.used() if s.op]))
    assert max(times) < 1.2 * min(times)


def test_a_seed_is_the_same_for_ever(found):
    sheet, own, chosen = found
    assert choose(sheet.model, own, SEEDS[0]) == chosen[0]


@pytest.mark.parametrize("level", ["easy", "stretch"])
def test_every_level_has_a_page(found, level):
    sheet, _, _ = found
    document, run = prepare(sheet, Options(seed=1, level=level))
    assert document.level == level
    assert run.seed == 1


def test_numbers_that_cannot_keep_a_promise_are_an_error():
    values = Values.of({"inputs": {"A": [[1, 0], [0, 1]], "B": [[1, 0], [0, 1]]}})
    refused = (
        r"^no numbers for seed 3 in 150 million steps .*; use other options, or other numbers to begin with: no seed"
    )
    with pytest.raises(ConfigError, match=refused):
        choose(MODELS["matrix-product"], values, 3)


def test_a_model_without_a_search_has_seeds_in_powers_of_e(monkeypatch):
    """A seed is chosen in exact numbers, which have no powers of e."""
    monkeypatch.delitem(MODELS, "weighed", raising=False)

    @model("weighed")
    def _steps(build):
        return softmax(build.matrix("x", ("row", "entry")), "shares", build.config.softmax_base)

    values = Values.of({"config": {"softmax_base": "e"}, "inputs": {"x": [[2, 0, 1], [-1, 3, 0]]}})
    try:
        orders = {str(choose(MODELS["weighed"], values, seed).values.inputs) for seed in SEEDS}
    finally:
        del MODELS["weighed"]
    assert len(orders) > 1


def test_an_order_in_which_a_step_has_no_value_is_passed_over(monkeypatch):
    """As where a row adds up to 0, by which another one is divided."""
    monkeypatch.delitem(MODELS, "shares", raising=False)

    @model("shares")
    def _steps(build):
        x = build.matrix("x", ("row", "entry"))
        return normalize_rows(x, row_sum(x, name="sum"), name="shares")

    values = Values.of({"inputs": {"x": [[1, -1, 3], [2, 5, -4]]}})
    try:
        assert all(choose(MODELS["shares"], values, seed).values.inputs["x"] for seed in range(1, 9))
    finally:
        del MODELS["shares"]
