"""Worked lines of a page compute with the numbers that stand there."""

import pytest
from every_sheet import made

from byhand.arithmetic.expr import refs
from byhand.notation.text import text, value_text
from byhand.page.page import lower
from byhand.page.reader import place_of


@pytest.mark.parametrize("seed", [0, 1])
def test_a_number_that_the_page_rounds_is_read_as_it_stands(seed):
    page = lower(*made("sizing", seed))
    cells = [cell for block in page.document.blocks for cell in block.cells if cell.at]
    rounded = {cell.place: value_text(cell.value) for cell in cells if cell.places is not None}
    read = [
        (rounded[place_of(ref)], text(page.worked_out(cell.rule)))
        for cell in cells
        if cell.rule is not None
        for ref in refs(cell.rule)
        if place_of(ref) in rounded
    ]
    assert len(read) > 1
    assert all(number in line for number, line in read), read
