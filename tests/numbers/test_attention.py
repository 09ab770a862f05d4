"""Which sums LayerNorm leaves rational, in exact numbers, and which columns of W_O make them."""

from fractions import Fraction
from itertools import product
from math import isqrt

import numpy as np
import pytest

from byhand.numbers.attention import pair_columns
from byhand.numbers.dice import Dice, SpentError
from byhand.numbers.natural import distinct
from byhand.numbers.norms import (
    can_be_completed,
    find_norm,
    is_friendly,
    rows_of_thirds,
    sums_for,
    unit_of,
    whole_differences,
)
from byhand.numbers.promises import Limits
from byhand.numbers.stack import draw_plain_rows


def normed(row):
    """LayerNorm of a row in exact numbers, and its variance; None where it is irrational."""
    mean = sum(row) / Fraction(len(row))
    variance = sum((x - mean) ** 2 for x in row) / len(row)
    root = Fraction(isqrt(variance.numerator), isqrt(variance.denominator))
    return ([(x - mean) / root for x in row], variance) if root and root**2 == variance else None


@pytest.mark.parametrize(("over", "is_wide"), [(1, False), (1, True), (3, False), (3, True)])
def test_every_sum_that_a_norm_may_read_has_a_rational_norm(over, is_wide):
    rows = sums_for(4, "LN", 6, over, is_wide)
    units = unit_of(rows, "LN")
    for row, unit in zip(rows.tolist()[::7], units.tolist()[::7], strict=True):
        results, variance = normed([Fraction(x, over) for x in row])
        assert [3 * x for x in results] == unit
        assert (len({abs(x) for x in results}) > 1) == is_wide
        assert variance.denominator <= 9


def test_every_row_whose_results_are_thirds_is_found():
    every = [
        row for row in product(range(-3, 4), repeat=4) if (found := normed(row)) and set(map(abs, found[0])) != {1}
    ]
    thirds = [row for row in every if all((3 * x).denominator == 1 for x in normed(row)[0])]
    assert sorted(map(tuple, rows_of_thirds(3).tolist())) == sorted(thirds)


def test_a_whole_row_leads_from_a_stream_of_thirds_to_what_a_norm_may_read():
    u = np.array([[5, -3, -1, -1], [3, 3, -3, -3], [3, -3, 3, -3]])
    norms = [find_norm(Dice(f"norm {seed}"), u, "LN", is_added_to=True) for seed in range(40)]
    streams = [norm.rows for norm in norms if norm]
    assert len(streams) > 5
    for rows in streams:
        assert can_be_completed(rows).all()
        added = whole_differences(sums_for(4, "LN", 5, 3, False), rows[:1], 3)
        assert len(added)
        assert all(normed([Fraction(int(x), 3) for x in rows[0] + 3 * row]) for row in added[::5])


@pytest.mark.parametrize("seed", range(1, 7))
def test_pairs_of_columns_find_what_a_search_through_all_fours_finds(seed):
    dice, reach = Dice(f"pairs {seed}"), Limits().stream + 1
    n = 2 + seed % 2
    x, results = dice.below(5, n, 4) - 2, dice.below(9, 14, n) - 4
    fours = np.array(list(product(range(len(results)), repeat=4)))

    def good(members):
        sums = x + results[members].swapaxes(1, 2)
        fit = is_friendly(sums, "LN").all(1) & (abs(sums).max((1, 2)) <= reach)
        units = unit_of(sums[fit], "LN")
        fit[fit] = distinct(units) & (abs(units) == 3).all((1, 2))  # rows of signs
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
