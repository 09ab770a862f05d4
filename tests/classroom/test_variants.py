"""Copies of a run, and what each of them says."""

import re
from dataclasses import replace

from byhand.classroom.variants import AGAIN, fitting, fooled, run_copies, unchanged
from byhand.formats.html.page import Pages
from byhand.pipeline import Options, choose_numbers, recorded
from byhand.symmetry import renamed
from byhand.worksheet.sheet import load_sheet

SAYS_FIRST = "\n{{ claim('The first word is the likeliest.', number('likeliest', 0, 0) == 0, 'Its logit is.') }}\n"


def own_numbers(name, seed=0):
    sheet = load_sheet(name)
    options = Options(seed=seed).on(sheet)
    return sheet, options, choose_numbers(sheet, options)[0]


def test_what_is_the_same_in_every_copy_is_said_of_each():
    sheet, options, values = own_numbers("shapes")
    run = run_copies(sheet, [values], [(0, 0), (0, "a"), (0, "b")], options)
    assert list(run.filled("3 × 6")) == ["3 × 6"] * 3
    assert len(set(run.filled(run.document.stamp["hash"]))) == 3


def run_together(sheet, sets, options):
    return run_copies(sheet, sets, [(number, 0) for number in range(len(sets))], options)


def test_numbers_from_anywhere_are_run_together():
    sheet, options, first = own_numbers("positional-encoding")
    copies = [first, *(own_numbers("positional-encoding", seed)[2] for seed in (1, 2))]
    run = run_together(sheet, copies, options)
    pages = list(run.filled(Pages(run.document).html("key", "print")))
    for values, page in zip(copies, pages, strict=True):
        document, made, _ = recorded(sheet, values, options, options.domain, None)
        own = replace(document, stamp={"seed": "0", "hash": made.hash})
        assert re.sub(r"about \d+ min</b>, \d+", "", page) == re.sub(
            r"about \d+ min</b>, \d+", "", Pages(own).html("key", "print")
        )


def test_copies_whose_page_would_have_other_words_are_noted():
    sheet, options, values = own_numbers("sampling")
    copies = [values, *(own_numbers("sampling", seed)[2] for seed in range(1, 9))]
    assert not run_together(sheet, copies, options).domain.differing.any()
    sheet = replace(sheet, body=sheet.body + SAYS_FIRST)
    is_first = [max(row) == row[0] for row in (copy.inputs["logits"][0] for copy in copies)]
    found = run_together(sheet, copies, options).domain.differing.tolist()
    assert found == [each != is_first[0] for each in is_first]
    assert any(found)


def test_a_copy_that_hides_a_mistake_is_found():
    sheet, options, values = own_numbers("attention-head")
    hidden = replace(values, inputs={name: [[0] * len(row) for row in rows] for name, rows in values.inputs.items()})
    assert fooled(run_together(sheet, [values, hidden, renamed(values, "a")], options)) == [1]


def test_who_would_have_another_page_gets_other_numbers():
    sheet, options, first = own_numbers("sampling")
    sheet = replace(sheet, body=sheet.body + SAYS_FIRST)
    others = (own_numbers("sampling", seed)[2] for seed in range(1, 9))
    other = next(values for values in others if max(values.inputs["logits"][0]) == values.inputs["logits"][0][0])

    def run_of(keys):
        return run_together(sheet, [first, *(first if key.endswith(AGAIN * 2) else other for key in keys)], options)

    assert fitting(run_of, ["a", "b"]) == ["a" + AGAIN * 2, "b" + AGAIN * 2]
    assert fitting(run_of, ["a"], attempts=2) == [None]


def test_what_no_renaming_changes_is_named():
    sheet, options, values = own_numbers("attention-head")
    other = own_numbers("attention-head", 1)[2]
    sets = [number for number in range(2) for _ in range(10)]
    run = run_copies(sheet, [values, other], [(number, str(k)) for k, number in enumerate(sets)], options)
    assert unchanged(run, sets) == ["S", "S ÷ √d_k", "M", "P", "s", "A"]
    assert unchanged(run, [0] * 20) == []
