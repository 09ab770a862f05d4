"""Which columns of W_O make rows that LayerNorm leaves rational, against a search through all."""

from itertools import product

import numpy as np
import pytest

from byhand.numbers.attention import pair_columns
from byhand.numbers.dice import Dice, SpentError
from byhand.numbers.natural import distinct
from byhand.numbers.norms import is_friendly, unit_of
from byhand.numbers.promises import Limits
from byhand.numbers.stack import draw_plain_rows


@pytest.mark.parametrize("seed", range(1, 7))
def test_pairs_of_columns_find_what_a_search_through_all_fours_finds(seed):
    dice, reach = Dice(f"pairs {seed}"), Limits().stream + 1
    n = 2 + seed % 2
    x, results = dice.below(5, n, 4) - 2, dice.below(9, 14, n) - 4
    fours = np.array(list(product(range(len(results)), repeat=4)))

    def good(members):
        sums = x + results[members].swapaxes(1, 2)
        fit = is_friendly(sums, "LN").all(1) & (abs(sums).max((1, 2)) <= reach)
        fit[fit] = distinct(unit_of(sums[fit], "LN"))
        return {tuple(four) for four in members[fit].tolist()}

    found = pair_columns(dice, x, results, reach)
    assert is_friendly(x + results[found].swapaxes(1, 2), "LN").all()
    assert good(found) == good(fours)
    assert seed % 2 or good(fours)  # of two tokens there are some


def test_pairs_are_paid_for():
    """Of three tokens and 20 columns: twice 20 × 20 pairs for each token."""
    x, results = np.zeros((3, 4), np.int64), Dice("pairs").below(3, 20, 3) - 1
    with pytest.raises(SpentError):
        pair_columns(Dice("", work=3 * 2 * 20 * 20 - 1), x, results, reach=6)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_rows_for_sums_that_layernorm_reads_have_even_totals(n):
    rows = [draw_plain_rows(Dice(f"even {seed}"), n, 4, even=True) for seed in range(30)]
    assert all((row.sum(1) % 2 == 0).all() for row in rows if row is not None)
    assert sum(row is not None for row in rows) > 25


def test_sums_with_odd_totals_are_never_friendly():
    every = np.array(list(product(range(-3, 4), repeat=4)))
    assert not is_friendly(every[every.sum(1) % 2 == 1], "LN").any()
