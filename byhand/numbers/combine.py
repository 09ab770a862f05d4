"""Combine columns into matrices whose products with given rows are what the next step needs.

`combine_columns` is a beam search over the rows, one at a time. `Join` finds the equal entries of two lists, for
searches that meet in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from byhand.numbers.dice import Bools, Dice, Floats, Ints

ROWS_TRIED = 3000  # rows that are drawn from a longer list of allowed ones
EXTENSIONS_PER_BEAM = 4  # extensions that are ranked, for each state that the beam keeps

# What a row of a product has to be: one of the rows in a list (count, width), or any that passes a test
# (count, width) → (count).
Condition = Ints | Callable[[Ints], Bools]


class _Groups(Struct, frozen=True):
    """Columns in groups, one level of a trie: the columns of a group have the same products with the rows so far.

    The columns are sorted by their products, row by row, so that a group is a range of places. A group is named by
    the first of them.
    """

    products: Ints
    """(columns, rows), sorted lexicographically."""
    reach: int
    """The largest product, in absolute value."""
    first: Ints
    """(columns): the first place of each column's group."""
    size: Ints
    """(columns): the number of columns in its group."""

    @property
    def starts(self) -> Bools:
        """(columns): whether a column is the first of its group."""
        return np.asarray(self.first == np.arange(len(self.first)))

    def split(self, row: int) -> _Groups:
        """The next level: groups that have the same products with one row more."""
        product = self.products[:, row]
        first = np.flatnonzero(self.starts | np.append(True, product[1:] != product[:-1]))
        size = np.diff(np.append(first, len(product)))
        return _Groups(self.products, self.reach, np.repeat(first, size), np.repeat(size, size))


def _one_group(products: Ints) -> _Groups:
    """All columns in one group, before any row is looked at."""
    count = len(products)
    return _Groups(products, int(abs(products).max(initial=0)), np.zeros(count, np.int64), np.full(count, count))


def combine_columns(
    dice: Dice, products: Ints, width: int, conditions: Sequence[Condition], *,
    beams: int = 0, samples: int = 0, rows_tried: int = ROWS_TRIED,
) -> Ints:  # fmt: skip
    """Products of columns with rows (columns, rows) → choices of `width` columns, (count, width), places in the list.

    conditions: for each row, what its products with the chosen columns have to be, side by side.

    Method: beam search over the rows. A state is a choice of `width` groups of columns (`_Groups`). Each row splits
    the groups, and states are extended to the smaller groups, as its condition allows:

    - For a list of allowed rows, up to `beams` states and `rows_tried` rows are drawn. A look-up table gives the
      group that has a product. The `beams` extensions that leave most choices of columns are the next states.
    - For a test, states are extended by rejection sampling: `samples` choices of columns in all, for each state at
      most twice as many as it leaves. Those that pass the test are the next states.

    In the end, a column is drawn from each group.
    """
    order = np.lexsort(products.T[::-1])
    groups = _one_group(products[order])
    states = np.zeros((1, width), np.int64)
    for row, condition in enumerate(conditions):
        after = groups.split(row)
        if callable(condition):
            states = _by_test(dice, groups, states, row, condition, samples)
        else:
            allowed = condition[dice.sample(len(condition), rows_tried)]
            states = states[dice.sample(len(states), beams)]
            states = _by_list(dice, groups, after, states, row, allowed, EXTENSIONS_PER_BEAM * beams)
            states = states[np.argsort(-_choices(after, states), kind="stable")[:beams]]
        groups = after
        states = without_repeats(groups.first[states])
        if not len(states):
            return states
    return without_repeats(order[groups.first[states] + dice.below_each(groups.size[states])])


def _by_test(
    dice: Dice, groups: _Groups, states: Ints, row: int, test: Callable[[Ints], Bools], samples: int
) -> Ints:
    """States → choices of columns from their groups whose products with a row pass its test, (count, width)."""
    share = -(-samples // len(states))
    times = np.minimum(share, 2 * groups.size[states].prod(1, dtype=np.float64)).astype(np.int64)
    states = np.repeat(states, times, axis=0)
    columns = groups.first[states] + dice.below_each(groups.size[states])
    return columns[test(groups.products[columns, row])]


def _by_list(dice: Dice, groups: _Groups, after: _Groups, states: Ints, row: int, allowed: Ints, most: int) -> Ints:
    """States → up to `most` states of the groups after a row, whose products with it are one of the allowed rows.

    after: the groups after the row. allowed: (count, width).
    """
    reach, starts = groups.reach, np.flatnonzero(after.starts)
    side, values = 2 * reach + 1, np.arange(-reach, reach + 1)
    number = np.cumsum(groups.starts) - 1  # (columns): the number of a column's group, from 0
    child = np.full((number[-1] + 1) * side, -1)  # look-up table: by group and product the group after, or −1
    child[number[starts] * side + groups.products[starts, row] + reach] = starts
    allowed = allowed[abs(allowed).max(1) <= reach]
    at = number[states] * side + reach  # (states, width): where the look-up table has the product 0
    fits = np.ones((len(states), len(allowed)), dtype=bool)
    for k in range(states.shape[1]):
        fits &= (child[at[:, k, None] + values] >= 0)[:, allowed[:, k] + reach]
    state, fitting = np.nonzero(fits)
    drawn = dice.sample(len(state), most)
    following: Ints = child[at[state[drawn]] + allowed[fitting[drawn]]]
    return following


def _choices(groups: _Groups, states: Ints) -> Floats:
    """How many choices of columns each state leaves: (states). Its factors are multiplied in a fixed order, so that
    every machine rounds alike.
    """
    choices = np.ones(len(states))
    for k in range(states.shape[1]):
        choices *= groups.size[states[:, k]]
    return choices


def without_repeats(rows: Ints) -> Ints:
    """Rows (count, width) of places below 20,011 → the different ones, each where it stands first.

    20,011 is a prime above COLUMNS_KEPT (natural.py). Rows are compared by their number in that base, modulo 2⁶⁴:
    exactly for a width of up to 4, and by a hash beyond it.
    """
    hashes = rows @ 20_011 ** np.arange(rows.shape[1], dtype=np.int64)
    kept: Ints = rows[np.sort(np.unique(hashes, return_index=True)[1])]
    return kept


class Join:
    """Equi-join of two lists of numbers: the pairs of a left and a right place that hold the same number.

    Method: sort and bisect. The right list is sorted once, so that the matches of a number on the left are a range of
    it. The pairs are numbered, and only those that are asked for are built: a sample can be drawn from millions.
    """

    def __init__(self, left: Ints, right: Ints) -> None:
        self._order = np.argsort(right, kind="stable")
        ordered = right[self._order]
        self._first = np.searchsorted(ordered, left, "left")
        self._ends = np.cumsum(np.searchsorted(ordered, left, "right") - self._first)
        self.count = int(self._ends[-1])

    def pairs(self, dice: Dice, most: int) -> tuple[Ints, Ints]:
        """The left and the right places of all pairs, or of `most` pairs drawn with replacement: (pairs), (pairs)."""
        picks = dice.below(self.count, most) if self.count > most else np.arange(self.count)
        left = np.searchsorted(self._ends, picks, "right")
        return left, self._order[self._first[left] + self._ends[left] - picks - 1]
