"""The rules of positions for any cell, as a page prints them, are those of each cell."""

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Index, Ref, bind, evaluate
from byhand.ops.positions import falling, pick_by_distance
from byhand.runs import I, J
from byhand.tape import Named


@pytest.mark.parametrize(("i", "j"), [(0, 0), (3, 1), (1, 3)])
def test_a_score_falls_by_the_distance_whichever_word_comes_first(i, j):
    general = bind(falling.rule_at(I, J, [], {"slope": 2}), {I: i, J: j})
    assert evaluate(general, lambda ref: None, RATIONALS) == -2 * abs(i - j)


@pytest.mark.parametrize(("i", "j"), [(I, J), (0, J), (I, 2)])
def test_a_number_for_a_distance_is_picked_by_j_less_i(i, j):
    row = Named("r", 1, 3)
    assert pick_by_distance.rule_at(i, j, [row], {"start": 1}) == Ref("r", (i, Index("j - i")))
