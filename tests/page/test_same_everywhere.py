"""A page is the same with every Python: from 3.12 on, `sum` adds up floats more exactly than before."""

import builtins
import math
import operator
from functools import partial, reduce

import pytest
from every_sheet import ORDER

from byhand.formats.html.page import pages
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet

whole = builtins.sum


def adding(add):
    """`sum`, which adds up floats with this."""

    def added(numbers, /, start=0):
        numbers = [*numbers]
        floats = [start, *numbers] if type(start) is float else numbers
        return add(floats) if numbers and all(type(number) is float for number in floats) else whole(numbers, start)

    return added


def as_printed(sheet, options):
    of = pages(lower(*prepare(load_sheet(sheet), options)))
    return [(page.html, page.figures) for page in (of.printed(view, "a4") for view in ("key", "worked"))]


@pytest.mark.parametrize("options", [Options(), Options(numbers="decimal", base="e")], ids=["exact", "decimal"])
@pytest.mark.parametrize("sheet", ORDER)
def test_how_a_python_adds_up_changes_nothing_on_a_page(sheet, options, monkeypatch):
    monkeypatch.setattr(builtins, "sum", adding(partial(reduce, operator.add)))
    added_plainly = as_printed(sheet, options)
    monkeypatch.setattr(builtins, "sum", adding(math.fsum))
    assert as_printed(sheet, options) == added_plainly
