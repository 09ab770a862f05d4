"""Conditions as trees: what a text says of the numbers of a step."""

from fractions import Fraction

import pytest

from byhand.numbers.conditions import condition
from byhand.tape import Step

ROW = (Fraction(3), Fraction(-2), Fraction(7))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("number('x', 0, 0) + number('x', 0, 1) == 1", True), ("number('x', 0, 0) - number('x', 0, 1) == 5", True),
        ("number('x', 0, 0) * number('x', 0, 1) == -6", True), ("number('x', 0, 2) / number('x', 0, 0) > 2", True),
        ("-number('x', 0, 1) == 2", True), ("total('x', 0) == 8", True), ("largest('x') == 7", True),
        ("smallest('x') == -2", True), ("leads('x', 0, 2) and not leads('x', 0, 0)", True),
        ("number('x', 0, 0) < 3", False), ("number('x', 0, 0) <= 3", True), ("number('x', 0, 0) >= 4", False),
        ("number('x', 0, 0) != 3 or number('x', 0, 1) > -2", False),
    ],
)  # fmt: skip
def test_a_condition_holds_as_its_text_says(text, holds):
    found = condition(text, {"x": Step("x", None, (), {}, (1, 3), ("", ""))}, "x")
    assert found.holds(lambda ref: ROW[ref.index[1]]) is holds
