"""Numbers are found whose page is the class's, and on which mistakes show."""

import pytest
from class_runs import SAYS_FIRST, own_numbers, run_together
from msgspec.structs import replace

from byhand.classroom.fitting import AGAIN, breaking_promises, fitting, hiding_mistakes
from byhand.symmetry.renaming import renamed


def test_a_copy_that_hides_a_mistake_is_found():
    sheet, options, values = own_numbers("attention-head")
    hidden = replace(values, inputs={name: [[0] * len(row) for row in rows] for name, rows in values.inputs.items()})
    assert hiding_mistakes(run_together(sheet, [values, hidden, renamed(sheet.model, values, "a")], options)) == [1]


def test_who_would_have_another_page_gets_other_numbers():
    sheet, options, first = own_numbers("sampling")
    sheet = replace(sheet, body=sheet.body + SAYS_FIRST)
    others = (own_numbers("sampling", seed)[2] for seed in range(1, 9))
    other = next(values for values in others if max(values.inputs["logits"][0]) == values.inputs["logits"][0][0])

    def run_of(keys):
        return run_together(sheet, [first, *(first if key.endswith(AGAIN * 2) else other for key in keys)], options)

    assert fitting(run_of, ["a", "b"]) == ["a" + AGAIN * 2, "b" + AGAIN * 2]
    assert fitting(run_of, ["a"], attempts=2) == [None]


@pytest.mark.parametrize("name", ["causal-mask", "kv-cache", "logits-and-perplexity"])
def test_promises_about_fractions_are_no_obstacle_in_powers_of_e(name):
    sheet, options, values = own_numbers(name, numbers="decimal", base="e")
    run = run_together(sheet, [values, renamed(sheet.model, values, "a")], options)
    assert run.promises
    assert breaking_promises(run) == []
