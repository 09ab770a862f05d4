"""What is no number of the network, such as a size or a count, is in every student's copy as it is on the sheet."""

import pytest
from every_sheet import FULL

from byhand.arithmetic.exact import RATIONALS
from byhand.choose import choose
from byhand.errors import ConfigError, SheetError
from byhand.model.weights import complete, numbers
from byhand.options import Options
from byhand.symmetry.renaming import renamed
from byhand.worksheet.sheet import all_sheets

SEEDS = (0, *range(901, 921 if FULL else 906))
KEYS = [f"copy {n}" for n in range(8)]
SHEETS = {sheet.name: sheet for sheet in all_sheets()}
COUNTING = ("multiply", "add_all", "add")  # what makes counts of counts


def sets_of(sheet):
    for seed in SEEDS:
        try:
            yield complete(choose(sheet, Options(seed=seed).on(sheet))[0])
        except (ConfigError, SheetError):  # of letters, or of a sheet that has one set only
            continue


def copies_of(sheet, own):
    """The copies of a set of numbers; none where nothing may move, as where other words are read with the same numbers."""
    if sheet.draws_words:
        return []
    try:
        return [renamed(sheet.model, own, key, in_place=sheet.in_place) for key in KEYS]
    except ConfigError:
        return []


@pytest.mark.parametrize("name", [*SHEETS][:: 1 if FULL else 4])
def test_a_given_that_all_seeds_share_is_the_same_in_all_copies(name):
    sheet = SHEETS[name]
    sets = [*sets_of(sheet)]
    first, *others = map(numbers, sets)
    shared = {given: rows for given, rows in first.items() if all(own[given] == rows for own in others)}
    for copy in map(numbers, copies_of(sheet, sets[1])) if others else ():
        assert {given: copy[given] for given in shared} == shared


def counts_of(tape):
    """The steps that count something: the figures of the model, and what is multiplied and added of these."""
    found = {*tape.fixed}
    for name, step in tape.steps.items():
        if step.op and step.op.name in COUNTING and found.issuperset(step.inputs):
            found.add(name)
    return found & {step.name for step in tape.used()}


@pytest.mark.parametrize("name", SHEETS)
def test_a_copy_counts_as_its_sheet_does(name):
    sheet = SHEETS[name]
    own = complete(sheet.given(letters=False))
    tape = sheet.model.run(own, RATIONALS)
    counts = {step: tape.values(step) for step in counts_of(tape)}
    assert all(x >= 0 for rows in counts.values() for row in rows for x in row)
    for copy in copies_of(sheet, own) if counts else ():
        other = sheet.model.run(copy, RATIONALS)
        assert {step: other.values(step) for step in counts} == counts
