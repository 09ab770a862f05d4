"""The sheet in letters: its key is the run in numbers, whatever numbers the letters stand for."""

from fractions import Fraction

import pytest
import sympy

from byhand.arithmetic.domains import RATIONALS
from byhand.arithmetic.symbols import SYMBOLS
from byhand.errors import SheetError
from byhand.model.models import run
from byhand.pipeline import Options, prepare
from byhand.worksheet.sheet import load_sheet, parse_sheet

SHEET = load_sheet("attention-in-letters")
AT = "blocks.0.attn."


def with_letters(x, letters):
    """A value with numbers for its letters."""
    tree = sympy.sympify(x)
    return tree.subs({symbol: letters[symbol.name] for symbol in tree.free_symbols})


def filled(entries, letters):
    if isinstance(entries, list):
        return [filled(x, letters) for x in entries]
    return letters.get(entries, entries)


@pytest.mark.parametrize(("a", "b"), [(2, 2), (1, -1), (-3, 0), (4, 5)])
def test_the_key_in_letters_is_that_in_numbers(a, b):
    lettered = run(SHEET.model, SHEET.given(letters=True), SYMBOLS)
    letters = {"a": a, "b": b}
    weights = {name: filled(rows, letters) for name, rows in SHEET.letters.items()}
    numbers = run(SHEET.model, SHEET.given(letters=False, other={"weights": weights}), RATIONALS)
    compared = 0
    for step in numbers.used():
        for row, others in zip(lettered.values(step.name), numbers.values(step.name), strict=True):
            for x, number in zip(row, others, strict=True):
                if isinstance(number, Fraction | int):
                    assert with_letters(x, letters) == sympy.Rational(number), step.name
                    compared += 1
    assert compared > 100


def test_its_letters_reach_where_it_says_and_the_ties_hold():
    lettered = run(SHEET.model, SHEET.given(letters=True), SYMBOLS)
    z, scores = (lettered.values(AT + name) for name in ("hook_z[0]", "hook_attn_scores[0]"))
    with_a = [i for i, row in enumerate(z) if any("a" in map(str, sympy.sympify(x).free_symbols) for x in row)]
    assert with_a == [1]
    page, _ = prepare(SHEET, Options())
    said = [t.content for s in page.sections if s.title.startswith("Solve") for t in s.words[-1].tokens]
    assert said[0] == "a = 1"
    assert with_letters(scores[1][0], {"a": 1}) == scores[1][1]
    assert "b = -1" in said or "b = −1" in said
    assert with_letters(z[2][0], {"b": -1}) == z[2][1]


def test_it_is_in_letters_unless_numbers_are_asked_for():
    assert prepare(SHEET, Options())[1]["numbers"] == "symbolic"
    assert prepare(SHEET, Options(numbers="exact"))[1]["numbers"] == "exact"
    assert prepare(load_sheet("attention-head"), Options())[1]["numbers"] == "exact"


def test_other_numbers_are_an_error():
    with pytest.raises(SheetError, match=r"x\.md: no numbers 'roman'; use exact, decimal, symbolic"):
        parse_sheet("x", "---\ntitle: X\nmodel: softmax\ngoal: G\nnumbers: roman\n---\n")
