"""Rows of which heads can be found: they are drawn so that scores divide, and patterns are pleasant."""

import numpy as np
import pytest

from byhand.numbers.dice import Dice
from byhand.numbers.feed_forward import find_first_layer, plain_second_layer
from byhand.numbers.norms import unit_of
from byhand.numbers.promises import Limits
from byhand.numbers.stack import draw_friendly_rows, draw_plain_rows

SEEDS = range(1, 7)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_decoder_reads_has_two_parities(seed):
    dice = Dice(f"parities {seed}")
    x = draw_plain_rows(dice, 5, 4)
    second = plain_second_layer(dice, x, find_first_layer(dice, x, 6, Limits()), Limits(), read_by_heads=True)
    assert len(np.unique((x + second.added) % 2, axis=0)) <= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_of_five_rows_that_rmsnorm_reads_are_opposite(seed):
    units = unit_of(draw_friendly_rows(Dice(f"opposite {seed}"), 5, 4, "RMS", Limits()), "RMS")
    assert not (units[:, None] == -units).all(2).any()
