"""Searches by model: what they require, and what a model without one has."""

import numpy as np
import pytest

from byhand.errors import ConfigError
from byhand.model import MODELS
from byhand.model.config import Config
from byhand.model.registry import model
from byhand.model.weights import Values
from byhand.numbers.choice import choose
from byhand.numbers.dice import Dice
from byhand.numbers.promises import Limits
from byhand.numbers.registry import SEARCHES, Task, check
from byhand.ops.linear import matmul


def test_a_search_is_for_a_model_that_there_is():
    assert SEARCHES.keys() < MODELS.keys()


def test_of_several_requirements_the_first_that_is_not_met_is_told():
    task = Task(MODELS["gpt"], Values(Config(n_ctx=6, d_model=9, n_heads=3, d_head=3)), Limits())
    told = [problem for requirement in SEARCHES["gpt"].requires if (problem := requirement(task))]
    assert len(told) > 3
    with pytest.raises(ConfigError) as caught:
        check(task, SEARCHES["gpt"].requires)
    assert str(caught.value) == told[0] == "numbers are chosen for 3 to 5 tokens, not 6; use n_ctx=5, or give values"


def test_a_model_with_one_head_is_asked_for_the_width_of_one():
    config = Config(n_heads=2, d_head=4, d_v=8)
    for name, heads in (("attention-head", 1), ("multi-head-attention", 2)):
        task = Task(MODELS[name], Values(config), Limits())
        assert task.heads == heads
    with pytest.raises(ConfigError, match="n_heads=2 × d_v=8 is more than 8; use d_v=4"):
        check(task, SEARCHES["multi-head-attention"].requires)
    check(Task(MODELS["attention-head"], Values(config), Limits()), SEARCHES["attention-head"].requires)


def test_a_model_without_a_search_has_its_own_numbers_in_another_order():
    @model("toy")
    def toy(build):
        return matmul(build.matrix("left", ("row", "inner")), build.matrix("right", ("inner", "column")), name="both")

    try:
        own = {"left": [[1, 0], [2, 1]], "right": [[1, 2], [0, 3]]}
        found = choose(MODELS["toy"], Values(Config(), inputs=own), 1).values.inputs
    finally:
        del MODELS["toy"]
    assert found != own
    assert {name: sorted(x for row in rows for x in row) for name, rows in found.items()} == {
        name: sorted(x for row in rows for x in row) for name, rows in own.items()
    }


def test_a_generator_beside_another_goes_on_where_it_was_and_draws_nothing_from_it():
    dice, alone = Dice("a"), Dice("a")
    drawn = [dice.substream("b").one_below(1000), dice.substream("b").one_below(1000)]
    other = Dice("a b")
    assert drawn == [other.one_below(1000), other.one_below(1000)]
    assert dice.one_below(1000) == alone.one_below(1000)


def test_each_row_of_a_mask_draws_only_what_it_marks_and_all_of_that():
    items, fit = (
        np.array([[3, 4], [5, 6], [7, 8]]),
        np.array([[True, False, True], [False, True, False], [False] * 3]),
    )
    drawn = Dice("mask").choices_each(items, fit, 50)
    assert drawn.shape == (3, 50, 2)
    assert [{*map(tuple, row)} for row in drawn.tolist()] == [{(3, 4), (7, 8)}, {(5, 6)}, {(3, 4)}]
