"""The sets of numbers that a lesson without symmetries has for a class."""

import pytest
from every_sheet import in_turn

from byhand.lessons import optimizers, training_step
from byhand.model import MODELS
from byhand.model.weights import Values
from byhand.numbers.choice import _measures, listed
from byhand.numbers.promises import limits_of
from byhand.numbers.registry import Task
from byhand.worksheet.sheet import all_sheets, load_sheet

TRAINING = [sheet.name for sheet in all_sheets() if sheet.group == "training"]


@pytest.mark.parametrize(
    ("name", "draws", "apart"),
    [("optimizers", optimizers._numbers, "inputs"), ("training-step", training_step._numbers, "weights")],
)
def test_where_there_are_fewer_sets_than_asked_for_the_search_ends(name, draws, apart):
    sheet = load_sheet(name)
    values = Values.of(sheet.values)
    limits, expected = _measures(sheet.model, values, limits_of("standard"))
    task = Task(sheet.model, values, limits, promises=sheet.promises)
    found = draws.some(task, expected, apart=apart, count=10**6)
    assert 90 < len(found) < 1_000
    assert len({str(getattr(values, apart)) for values in found}) == len(found)


@pytest.mark.parametrize(("name", "level"), in_turn("easy", "standard", "stretch", among=TRAINING))
def test_a_class_of_a_sheet_of_training_has_sets_at_every_level(name, level):
    sheet = load_sheet(name)
    found = listed(MODELS[sheet.model.name], Values.of(sheet.values), level, promises=sheet.promises)
    assert len({str((values.inputs, values.weights)) for values in found}) == len(found) >= 60
