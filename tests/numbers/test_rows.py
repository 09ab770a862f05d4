"""Rows of which heads can be found: they are drawn so that scores divide, and patterns are pleasant."""

import numpy as np
import pytest

from byhand.numbers.dice import Dice
from byhand.numbers.hidden import any_outputs, find_hidden
from byhand.numbers.limits import Limits
from byhand.numbers.norms import unit_of
from byhand.numbers.stack import friendly_rows, plain_rows

SEEDS = range(1, 7)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_decoder_reads_has_two_parities(seed):
    dice = Dice(f"parities {seed}")
    x = plain_rows(dice, 5, 4)
    outputs = any_outputs(dice, x, find_hidden(dice, x, 6, Limits()), Limits(), read=True)
    assert len(np.unique((x + outputs.added) % 2, axis=0)) <= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_of_five_rows_that_rmsnorm_reads_are_opposite(seed):
    units = unit_of(friendly_rows(Dice(f"opposite {seed}"), 5, 4, "RMS", Limits()), "RMS")
    assert not (units[:, None] == -units).all(2).any()
