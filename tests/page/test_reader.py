"""Where a rule's numbers stand on a page: each is printed or a blank, or is worked out from what is."""

from fractions import Fraction

import pytest
from every_sheet import made

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Ref, evaluate, refs
from byhand.page.reader import Reader, place_of
from byhand.worksheet.document import Blank

# sheets on which rules read numbers that stand nowhere: kernels and maps, shares of another sheet
HIDDEN = ["one-by-one-convolution", "sampling", "sizing"]


def computed(sheet):
    """The blanks of a sheet that have a rule, each with the index of its section and the rule as its reader has it."""
    document, run = made(sheet)
    reader = Reader(document, run)
    for at, section in enumerate(document.sections):
        for blank in section.blanks:
            if blank.cell.rule is not None and blank.role != "size":
                yield reader, at, blank, reader.on_page(at, blank.cell.rule)


@pytest.mark.parametrize("sheet", ["attention-head", *HIDDEN])
def test_a_rule_on_the_page_reads_only_what_stands_there_and_has_the_same_value(sheet):
    run = made(sheet)[1]
    for reader, at, blank, tree in computed(sheet):
        assert all(reader.source(at, place_of(ref)) is not None for ref in refs(tree))
        assert evaluate(tree, run.value, RATIONALS) == evaluate(blank.cell.rule, run.value, RATIONALS)


@pytest.mark.parametrize("sheet", HIDDEN)
def test_a_rule_whose_numbers_stand_nowhere_is_replaced(sheet):
    assert any(tree != blank.cell.rule for _, _, blank, tree in computed(sheet))


def test_a_place_is_found_in_its_section_or_in_the_nearest_before():
    document, run = made("attention-head")
    reader = Reader(document, run)
    scores = place_of(Ref("blocks.0.attn.scores_raw[0]", (0, 1)))
    first, second = reader.source(0, scores), reader.source(1, scores)
    assert isinstance(first, Blank)
    assert (first.role, second.role) == ("ask", "copy")
    assert reader.source(0, place_of(Ref("blocks.0.hook_resid_pre", (0, 0)))) is None
    assert reader.source(len(document.sections) - 1, ("blocks.0.attn.hook_q[0]", 0, 0)).value == Fraction(0)
