"""The sheet in letters: its key is the run in numbers, whatever numbers the letters stand for."""

import re
from fractions import Fraction

import pytest
import sympy
from page_text import page_text

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.symbols import SYMBOLS
from byhand.errors import SheetError
from byhand.formats.html.page import Pages
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
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


Q, V, X = f"{AT}W_Q", f"{AT}W_V", "blocks.0.hook_resid_pre"
OWN = {"weights": {
    Q: [[[1, 1, -1, 1], [-1, "p", 2, 1], [1, -1, -1, -1], [0, -1, -1, -2]]],
    V: [[["1/2", 3], ["q", -2], [0, 1], [1, 7]]],
}}  # fmt: skip


def test_a_teachers_own_letters_are_those_of_the_prose():
    page, run = prepare(SHEET, Options(values=OWN))
    text = page_text(Pages(lower(page, run)).html("key", "screen"))
    assert re.search(r"not known yet; call it p\.(.|\n)*Solve for p(.|\n)*Which row of Q holds the letter p", text)
    assert not re.search(r"\b[ab] =|call it a|Solve for [ab]", text)


@pytest.mark.parametrize(("values", "message"), [
    ({"weights": {Q: [[["p", 1, -1, 1], [-1, 2, 2, 1], [1, "q", -1, -1], [0, 1, 1, 2]]]}}, "W_Q[0] holds p, q; this sheet needs one"),
    ({"weights": {V: [[[1, 1], [2, 2], [0, 1], [1, 1]]]}}, "W_V[0] holds no letter; this sheet needs one letter there"),
    ({"inputs": {X: [[1, 0, 1, 0], [2, "c", 1, 0], [-1, 0, -1, 1]]}}, "entries 1 and 2 are equal depends on a, c; this sheet needs"),
    ({"inputs": {X: [[1, 0, -1, 0], [3, 2, 1, "1/2"], [-1, 0, -1, 1]]}}, "row 2: whether entries 1 and 2 are equal depends on no letter"),
])  # fmt: skip
def test_letters_that_do_not_answer_the_sheets_questions_are_refused(values, message):
    with pytest.raises(SheetError, match=re.escape(message)):
        prepare(SHEET, Options(values=values))


@pytest.mark.parametrize(("sheet", "values"), [
    ("softmax", {"inputs": {"scores": [[2, 0, 1], ["c", -1, -1]]}}),
    ("queries-keys-values", {"inputs": {X: [[1, 0, 1, 0], [0, "c", 0, 0], [1, 0, 0, 1]]}}),
])  # fmt: skip
def test_a_letter_on_which_a_sheets_sentences_depend_is_refused_in_one_line(sheet, values):
    with pytest.raises(SheetError) as error:
        prepare(load_sheet(sheet), Options(values=values, numbers="symbolic"))
    line = r"[a-z-]+\.md line \d+: what it says of its numbers depends on the letters; give numbers for the letters.*"
    assert re.fullmatch(line, str(error.value))


def test_a_letter_that_several_queries_have_is_not_said_to_be_in_one_alone():
    own = {"inputs": {X: [[1, 1, -1, 0], [2, 1, 1, 0], [-1, 0, -1, 1]]}}
    assert "alone" not in page_text(Pages(lower(*prepare(SHEET, Options(values=own)))).html("key", "screen"))


@pytest.mark.parametrize(("a", "b"), [(2, 2), (1, -1), (-3, 0), (4, 5)])
def test_the_key_in_letters_is_that_in_numbers(a, b):
    lettered = SHEET.model.run(SHEET.given(letters=True), SYMBOLS)
    letters = {"a": a, "b": b}
    weights = {name: filled(rows, letters) for name, rows in SHEET.letters.items()}
    numbers = SHEET.model.run(SHEET.given(letters=False, other={"weights": weights}), RATIONALS)
    compared = 0
    for step in numbers.used():
        for row, others in zip(lettered.values(step.name), numbers.values(step.name), strict=True):
            for x, number in zip(row, others, strict=True):
                if isinstance(number, Fraction | int):
                    assert with_letters(x, letters) == sympy.Rational(number), step.name
                    compared += 1
    assert compared > 100


def test_its_letters_reach_where_it_says_and_the_ties_hold():
    lettered = SHEET.model.run(SHEET.given(letters=True), SYMBOLS)
    z, scores = (lettered.values(AT + name) for name in ("hook_z[0]", "hook_attn_scores[0]"))
    with_a = [i for i, row in enumerate(z) if any("a" in map(str, sympy.sympify(x).free_symbols) for x in row)]
    assert with_a == [1]
    page, _ = prepare(SHEET, Options())
    said = [t.content for s in page.sections if s.title.startswith("Solve") for t in s.words[-1].tokens]
    assert said[0] == "2a = 2"
    assert "a = 1" in said
    assert with_letters(scores[1][0], {"a": 1}) == scores[1][1]
    assert "b = -1" in said or "b = −1" in said
    assert with_letters(z[2][0], {"b": -1}) == z[2][1]


def test_it_is_in_letters_unless_numbers_are_asked_for():
    assert prepare(SHEET, Options())[1].numbers == "symbolic"
    assert prepare(SHEET, Options(numbers="exact"))[1].numbers == "exact"
    assert prepare(load_sheet("attention-head"), Options())[1].numbers == "exact"


def test_other_numbers_are_an_error():
    with pytest.raises(SheetError, match=r"x\.md: no numbers 'roman'; use exact, decimal, symbolic"):
        parse_sheet("x", "---\ntitle: X\nmodel: softmax\ngoal: G\nnumbers: roman\n---\n")


def test_seeds_have_scores_and_solutions_of_their_own():
    seen, solved = set(), set()
    for seed in range(21):
        page, run = prepare(SHEET, Options(seed=seed))
        text = page_text(Pages(lower(page, run)).html("key", "screen"))
        a, b = re.findall(r"so [ab] = (−?\d)\.", text)
        seen.add(run.texts[f"{AT}scores_raw[0]"])
        solved.add((a, b))
    assert len(seen) == 21
    assert len(solved) > 8
    assert {"0"}.isdisjoint({a for a, _ in solved} | {b for _, b in solved})


def test_a_teachers_own_numbers_stay_with_every_seed():
    sizes = [
        sorted(abs(int(x)) for row in run.values(f"{AT}W_K[0]") for x in row)
        for _, run in (prepare(SHEET, Options(values=OWN, seed=seed)) for seed in (0, 5))
    ]
    assert sizes[0] == sizes[1]
