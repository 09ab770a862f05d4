"""Every sheet in every format, number system and base of softmax, alone and as a class: files, or a line that says why
there are none. What is no such line is a traceback, and fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, product

import pytest
from every_sheet import FULL, ORDER

from byhand.classroom.classes import make_class
from byhand.classroom.in_formats import FORM, PRINTED
from byhand.classroom.roster import anonymous
from byhand.errors import ByHandError
from byhand.formats import OWN, asked, ready
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.views import VIEWS

WAYS = [
    Options(seed=seed, numbers=numbers, base=base)
    for seed, numbers, base in product((0, 1), ("exact", "decimal", "symbolic"), (2, 3, "e"))
]
UNPRINTED = tuple(name for name in OWN if name not in (PRINTED, FORM))
# every sheet in every way in all formats, but new numbers, whose pages look alike, not in print; or every sheet in one
# way and in one format, which take turns
CASES = (
    [(sheet, way, UNPRINTED if way.seed else tuple(OWN)) for sheet, way in product(ORDER, WAYS)]
    if FULL
    else [*zip(ORDER, cycle(WAYS), cycle((name,) for name in UNPRINTED))][::3]
)
CLASSES = [case for case in CASES if case[1].seed == 0] if FULL else CASES[::8]  # each is laid out


@pytest.fixture(autouse=True)
def _shared_cache(tmp_path_factory, monkeypatch):
    """So that all tests, also of other processes, lay a page out once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp().parent / "every-way"))


@contextmanager
def or_a_line(way: Options) -> Iterator[None]:
    """What is refused is refused in one line, which does not advise what was asked for. Decimals in base 2 or e never
    are; some sheets have no new numbers whose powers of 3 are short.
    """
    try:
        yield
    except ByHandError as error:
        line = str(error)
        assert line
        assert "\n" not in line
        assert f"use --numbers {way.numbers}" not in line
        assert way.numbers != "decimal" or way.base == 3, line


def named(value):
    return f"{value.numbers}-{value.base}-{value.seed}" if isinstance(value, Options) else None


@pytest.mark.parametrize(("sheet", "way", "formats"), CASES, ids=named)
def test_a_sheet_is_written_or_a_line_says_why_not(sheet, way, formats):
    with or_a_line(way):
        page = lower(*prepare(load_sheet(sheet), way))
        for name in formats:
            with or_a_line(way):
                for _, make, view in asked([ready(name)], VIEWS):
                    assert make(page, view, way.setup)


@pytest.mark.parametrize(("sheet", "way", "formats"), CLASSES, ids=named)
def test_a_class_is_written_or_a_line_says_why_not(sheet, way, formats, tmp_path):
    with or_a_line(way):
        assert make_class(sheet, anonymous(2), way, tmp_path, formats=formats).students == 2
