"""Texts that copies have otherwise are marks on the page that they share."""

from fractions import Fraction

import numpy as np
import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Num
from byhand.errors import SheetError
from byhand.notation.marks import FIRST_MARK, MarkedCopies, first_text, longest, rewritten, texts_of, written
from byhand.notation.text import text, value_text


def many(domain, values):
    return domain.number(values, np.arange(len(values)))


def test_a_text_holds_a_mark_where_copies_differ():
    domain = MarkedCopies(RATIONALS, 2)
    page = value_text(many(domain, [-1, Fraction(1, 2)])) + " and " + text(Num(many(domain, [-3, 3])) * 2)
    marks = [domain.texts[ord(c) - FIRST_MARK] for c in page if ord(c) >= FIRST_MARK]
    assert [[mark.at(copy) for mark in marks] for copy in (0, 1)] == [["−1", "(−3)·2"], ["1/2", "3·2"]]


def test_other_rooms_work_with_texts_of_one_run_or_of_many():
    number = many(MarkedCopies(RATIONALS, 2), [2, 30])
    for value, of_first, of_any in ((5, "5", ("5",)), (number, "2", ("2", "30"))):
        own = written(str, value)
        assert (first_text(own), texts_of(own), longest(own)) == (of_first, of_any, max(map(len, of_any)))
        assert texts_of(rewritten("<{}>".format, own)) == tuple(f"<{each}>" for each in of_any)


def test_a_page_has_only_so_many_numbers(monkeypatch):
    domain = MarkedCopies(RATIONALS, 2)
    monkeypatch.setattr("byhand.notation.marks.MOST_MARKS", 2)
    for _ in range(2):
        value_text(many(domain, [1, 2]))
    with pytest.raises(SheetError, match="a page with slots may have 2 numbers; this one has more"):
        value_text(many(domain, [1, 2]))
