"""Tables that three norms can read: LayerNorm by row, BatchNorm by column, and LayerNorm of all numbers together.

In each of TABLES every row, every column and the whole has a whole mean and a whole deviation, and at most one row
and one column becomes only ±1. These are all that there are with numbers up to 18 apart, deviations of rows and
columns up to 7, and of the whole up to 5. Any such table is one of them, up to the order of rows and columns, sign, a
number added to all, and rows read as columns (`python tools/tables.py 18 5`).
"""

from __future__ import annotations

import numpy as np

from byhand.numbers.dice import Dice, Ints

TABLES = np.array([
    [[0, 0, 2, 2], [0, 8, 2, 2], [6, 6, 0, 8], [6, 14, 8, 0]],
    [[0, 2, 2, 8], [4, 2, 10, 4], [4, 8, 4, 8], [16, 0, 4, 4]],
    [[0, 6, 6, 8], [6, 6, 10, 10], [6, 18, 6, 2], [8, 2, 10, 8]],
    [[0, 2, 8, 18], [12, 6, 6, 12], [12, 6, 14, 12], [16, 2, 8, 10]],
    [[0, 2, 8, 18], [4, 4, 8, 8], [4, 10, 4, 2], [16, 4, 4, 0]],
    [[0, 0, 14, 14], [0, 8, 6, 6], [14, 6, 0, 8], [14, 6, 8, 8]],
    [[0, 0, 14, 14], [0, 6, 6, 8], [14, 6, 0, 8], [14, 8, 8, 6]],
    [[0, 0, 14, 14], [0, 6, 6, 8], [14, 6, 8, 0], [14, 8, 8, 6]],
    [[0, 2, 8, 18], [6, 8, 14, 0], [8, 2, 8, 2], [14, 8, 6, 8]],
    [[0, 2, 8, 18], [6, 8, 14, 8], [8, 2, 8, 2], [14, 8, 6, 0]],
])  # fmt: skip
LARGEST = 9  # number of a table that is drawn, in absolute value


def draw_table(dice: Dice) -> Ints:
    """One of the tables in another order, with other signs and another mean."""
    table = TABLES[dice.one_below(len(TABLES))]
    table = table.T if dice.one_below(2) else table
    table = table[dice.permutation(4)][:, dice.permutation(4)] * (1 - 2 * dice.one_below(2))
    least, most = int(table.min()), int(table.max())
    drawn: Ints = table - LARGEST - least + dice.one_below(2 * LARGEST - most + least + 1)
    return drawn
