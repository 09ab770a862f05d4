"""Candidates that are run all at once: each has the values and the promises that it has by itself."""

import numpy as np
import pytest
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.loading import load_lessons
from byhand.model.weights import complete
from byhand.numbers.dice import Dice
from byhand.numbers.draw import Candidates
from byhand.numbers.promises import broken_of_sheet, limits_of
from byhand.numbers.registry import SEARCHES, Task
from byhand.worksheet.sheet import all_sheets

load_lessons()
DRAWS = {name: own for name, search in SEARCHES.items() if (own := getattr(search.find, "__self__", None))}
SHEETS = {sheet.name: sheet for sheet in all_sheets() if sheet.model.name in DRAWS}
COUNT = 12


def task_of(name):
    sheet = SHEETS[name]
    values = complete(sheet.given(letters=False))
    return Task(sheet.model, values, limits_of("standard"), promises=tuple(sheet.promises))


def drawn(name):
    task = task_of(name)
    return Candidates(task, DRAWS[task.model.name].draw(task, Dice("candidates"), COUNT))


def alone(found, place, force=False):
    """The tape of one candidate that is run by itself."""
    own, values = found.instance(place), found.task.values
    values = replace(values, inputs=own.inputs, weights=own.weights)
    return found.task.model.run(values, RATIONALS, force=force)


@pytest.mark.parametrize("name", SHEETS)
def test_each_candidate_keeps_the_promises_that_it_keeps_by_itself(name):
    task, dice = task_of(name), Dice("candidates")
    found = next(filter(None, (DRAWS[task.model.name].fitting(task, dice) for _ in range(100))))
    for place in range(min(COUNT, found.count)):
        by_itself = alone(found, place, force=True)  # a rule looks at all steps that are evaluated
        assert found.keeps(place) == (not broken_of_sheet(by_itself, found.task.promises))


def test_the_values_of_candidates_are_those_of_each():
    found = drawn("rotary")
    for step in ("blocks.0.attn.hook_rot_q[0]", "dial.dots", "last.scores_scaled"):
        values = found(step)
        assert all(values[place].tolist() == np.array(alone(found, place).values(step), float).tolist()
                   for place in range(COUNT))  # fmt: skip


def test_candidates_that_branch_otherwise_than_the_first_are_looked_at_again():
    found = drawn("rotary")

    def fits(run):
        first, *_ = run.tape.values("blocks.0.attn.hook_q[0]")[0]
        return np.full(run.count, bool(first > 0))  # asks the first candidate

    expected = found("blocks.0.attn.hook_q[0]")[:, 0, 0] > 0
    assert 0 < expected.sum() < COUNT
    assert found.fitting(fits).tolist() == expected.tolist()


def test_what_is_drawn_later_suits_the_candidates_that_it_is_drawn_for():
    """In the sheet on relative positions, the rows of distances have even products with the query."""
    found = next(filter(None, (DRAWS["relative-positions"].fitting(task_of("relative-positions"), Dice("later"))
                               for _ in range(20))))  # fmt: skip
    assert (found("new.by_distance") % 2 == 0).all()
    assert len({str(q) for q in found("new.q").tolist()}) > 1
