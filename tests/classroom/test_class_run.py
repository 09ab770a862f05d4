"""Many copies of a sheet in one run, and what each of them says."""

import re

from class_runs import SAYS_FIRST, own_numbers, run_together, unmeasured
from msgspec.structs import replace

from byhand.arrange import arranged
from byhand.classroom.class_run import run_copies, unchanged
from byhand.formats.html.page import Pages
from byhand.page.page import lower


def test_what_is_the_same_in_every_copy_is_said_of_each():
    sheet, options, values = own_numbers("shapes")
    run = run_copies(sheet, [values], [(0, 0), (0, "a"), (0, "b")], options)
    assert list(run.filled("3 × 6")) == ["3 × 6"] * 3
    assert len(set(run.filled(run.document.stamp["hash"]))) == 3


def test_numbers_from_anywhere_are_run_together():
    sheet, options, first = own_numbers("positional-encoding")
    copies = [first, *(own_numbers("positional-encoding", seed)[2] for seed in (1, 2))]
    run = run_together(sheet, copies, options)
    pages = list(run.filled(Pages(lower(run.document, run.run.in_slots())).html("key", "screen", for_all=True)))
    for values, page in zip(copies, pages, strict=True):
        document, made, _ = arranged(sheet, values, options, options.domain)
        own = replace(document, stamp={"seed": "0", "hash": made.hash})
        assert unmeasured(page) == unmeasured(Pages(lower(own, made)).html("key", "screen"))


def test_copies_whose_page_would_have_other_words_are_noted():
    sheet, options, values = own_numbers("sampling")
    copies = [values, *(own_numbers("sampling", seed)[2] for seed in range(1, 9))]
    assert not run_together(sheet, copies, options).domain.differing.any()
    sheet = replace(sheet, body=sheet.body + SAYS_FIRST)
    is_first = [max(row) == row[0] for row in (copy.inputs["logits"][0] for copy in copies)]
    found = run_together(sheet, copies, options).domain.differing.tolist()
    assert found == [each != is_first[0] for each in is_first]
    assert any(found)


def test_a_number_that_a_sheet_computes_is_printed_alike_for_one_and_for_a_class():
    sheet, options, first = own_numbers("dot-product")
    copies = [first, *(own_numbers("dot-product", seed)[2] for seed in (1, 2))]
    bare = "{{ 1 / number('dot', 0, 0) }}, {{ 0 - number('dot', 0, 0) }}"
    asked = "{{ text(1 / number('dot', 0, 0)) }}, {{ text(0 - number('dot', 0, 0)) }}"
    sheet = replace(sheet, body=f"{sheet.body}\n\nThey are {bare}.\n\nThey are {asked}.\n\n")

    def said(page):
        return re.findall("They are (.*?)[.]<", page)

    run = run_together(sheet, copies, options)
    pages = run.filled(Pages(lower(run.document, run.run.in_slots())).html("key", "screen", for_all=True))
    for values, page in zip(copies, pages, strict=True):
        alone = Pages(lower(*arranged(sheet, values, options, options.domain)[:2])).html("key", "screen")
        one, other = said(page)
        assert said(alone) == [one, other] == [one, one]


def test_what_no_renaming_changes_is_named():
    sheet, options, values = own_numbers("attention-head")
    other = own_numbers("attention-head", 2)[2]
    sets = [number for number in range(2) for _ in range(10)]
    run = run_copies(sheet, [values, other], [(number, str(k)) for k, number in enumerate(sets)], options)
    assert unchanged(run, sets) == ["S", "M", "P", "s", "A"]
    assert unchanged(run, [0] * 20) == []
