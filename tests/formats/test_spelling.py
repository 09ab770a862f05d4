"""How answers may be typed where texts are compared."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.arithmetic.expr import NEG_INF
from byhand.formats.quiz.spelling import (
    decimal,
    number,
    rounded_spellings,
    shape_spellings,
    short_spellings,
    spellings,
)
from byhand.notation.typed import read

FRACTIONS = st.fractions(-50, 50, max_denominator=40)


@given(FRACTIONS)
def test_whatever_is_taken_as_right_says_the_number(value):
    """So the marker of paper reads it, which is written for what people write."""
    for text in (*spellings(value), *short_spellings(value)):
        assert value in read(text).values, text
    assert len({*spellings(value)}) == len(spellings(value))


@given(FRACTIONS)
def test_a_rounded_decimal_is_near_and_no_right_answer(value):
    for text in rounded_spellings(value):
        (near,) = read(text).values
        assert near != value
        assert abs(near - value) <= Fraction(1, 200)
        assert text not in spellings(value)
    assert bool(rounded_spellings(value)) <= (decimal(value) is None)


def test_a_decimal_may_differ_by_a_unit():
    texts = spellings(Fraction("0.67"), Fraction("0.01"))
    assert {"0.66", "0.67", "0.68", ".67", "0,67"} <= {*texts}
    assert "0.65" not in texts


TEXTS = [
    (NEG_INF, ("-inf", "−inf", "-∞", "−∞", "-oo", "−oo", "-infinity", "−infinity")),
    (Fraction(0), ("0", "0.0")),
    (Fraction(3), ("3", "3.0", "+3")),
    (Fraction(1200), ("1200", "1200.0", "1,200", "+1200")),
    (Fraction(-1, 3), ("-1/3", "−1/3", "-2/6", "−2/6", "-3/9", "−3/9", "-4/12", "−4/12")),
    (Fraction(3, 2), ("3/2", "6/4", "9/6", "12/8", "1 1/2", "1.5", "1,5", "1.50", "+3/2")),
]


@pytest.mark.parametrize(("value", "texts"), TEXTS, ids=str)
def test_a_number_is_typed_in_these_ways(value, texts):
    assert spellings(value) == texts


def test_numbers_are_written_as_platforms_read_them():
    assert [decimal(Fraction(text)) for text in ("3", "-1/2", "1/40", "0", "-0.05", "1/3")] == [
        "3", "-0.5", "0.025", "0", "-0.05", None,
    ]  # fmt: skip
    assert decimal(NEG_INF) is None
    assert [number(text) for text in ("-1/2", "-inf", 3)] == [Fraction(-1, 2), NEG_INF, 3]


def test_shapes_and_words_of_a_table_of_shapes():
    assert {"3 × 4", "3x4", "3 x 4", "3*4", "3×4"} <= {*shape_spellings("3 × 4")}
    assert {"yes", "y"} <= {*shape_spellings("yes")}
    assert {"—", "-", "none"} <= {*shape_spellings("—")}
    assert shape_spellings("ja") == ("ja",)
