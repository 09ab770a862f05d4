"""Which results change sign when operands do, held against the numbers of every operation."""

from itertools import chain

import pytest
from judged import random_numbers, step_of

from byhand.arithmetic.floats import FLOATS
from byhand.errors import DomainError
from byhand.symmetry.signs import sign_of
from byhand.tape import OPS

LETTERS = [
    (name, letter)
    for name, op in OPS.items()
    for letter in sorted({*chain(*op.letters(2)[0])} - {*"*1", *op.by_place} - {*chain(*op.places.values())})
]


def flipped(rows, pair, letter, place):
    """A matrix with another sign at one place of a letter, once for each of its sides that has it."""
    sides = [[own == letter and k == place for k in range(100)] for own in pair]
    return [[-x if sides[0][i] != sides[1][j] else x for j, x in enumerate(row)] for i, row in enumerate(rows)]


def close(one, other):
    return all(a == pytest.approx(b, abs=1e-9) for a, b in zip(chain(*one), chain(*other), strict=True))


def signs(op, letter, numbers):
    """Whether the result changes sign at each place of a letter where all operands do; None for another change."""
    operands, result = op.letters(len(numbers))
    right = step_of(op, op.example, FLOATS, numbers).values
    size = next(
        (len(rows), len(rows[0]))[pair.index(letter)]
        for rows, pair in zip(numbers, operands, strict=True)
        if letter in pair
    )
    for place in range(size):
        now = [flipped(rows, pair, letter, place) for rows, pair in zip(numbers, operands, strict=True)]
        try:
            values = step_of(op, op.example, FLOATS, now).values
        except DomainError:  # a root of what is below 0
            yield None
            continue
        yield False if close(values, right) else close(values, flipped(right, result, letter, place)) or None


@pytest.mark.parametrize(("name", "letter"), LETTERS)
def test_a_change_of_sign_is_told_from_the_rule(name, letter):
    op = OPS[name]
    told = sign_of(step_of(op, op.example, FLOATS).step, letter, lambda n, side: True)
    found = {sign for seed in range(3) for sign in signs(op, letter, random_numbers(op.example, seed))}
    assert None in found if told is None else found == {told}


@pytest.mark.parametrize(("changing", "told"), [((0,), True), ((1,), True), ((0, 1), False)])
def test_a_product_changes_with_one_of_its_factors(changing, told):
    op = OPS["row_dots"]
    assert sign_of(step_of(op, op.example, FLOATS).step, "i", lambda n, side: n in changing) is told


def test_a_sum_along_a_letter_changes_only_in_one_of_its_terms():
    op = OPS["row_dots"]
    assert sign_of(step_of(op, op.example, FLOATS).step, "j", lambda n, side: n == 0) is None
