"""What attention may add to rows that are settled: any sum that is small, or one that a norm leaves rational.

For LayerNorm of four numbers such sums are put together from pairs of columns; for others, token by token."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.limits import Limits
from byhand.numbers.mixing import Mix
from byhand.numbers.natural import Join, Rule, codes, columns_for, distinct, natural
from byhand.numbers.norms import beginnings, friendly, is_friendly, mixed, scalable, sizes, unit_of

SAMPLES = {4: 3000, 8: 10000}  # of W_O at a time, by dimensions, for each token beyond two
LISTED = 3  # tokens of which, in eight dimensions, the rows that are friendly are listed: they are few
DIFFERENCES = 1000  # of what may be added to such a token
PAIRED, MOST = 300, 5000  # columns of W_O for each of four dimensions, and fours of them


@dataclass(frozen=True)
class Update:
    """What attention adds: W_O (width, d), its result (n, d), the rows before it, and the units of those after it."""

    W_O: Ints
    added: Ints
    before: Ints
    after: Ints


def tells(mix: Mix, w_o: Ints, added: Ints) -> Bools:
    """Which output projections are natural, and in which attention and every head matter."""
    ok = natural(w_o, 15, 60)
    apart = (mix.apart @ w_o != 0).any(2)  # rows that uniform attention would change
    rows = min(2, apart.shape[1] - 1)
    ok &= apart[:, -1] & (apart.sum(1) >= rows)
    for part in np.split(np.arange(w_o.shape[1]), mix.heads):
        ok &= ((mix.mixture[:, part] @ w_o[:, part] != 0).any(2).sum(1) >= rows) & (w_o[:, part] != 0).any(2).all(1)
    ok &= (added != 0).any(2).all(1)
    return ok


def plain_updates(dice: Dice, mix: Mix, x: Ints, limits: Limits) -> list[Update]:
    """Output projections where no norm follows; the sum with the rows x (n, d) is small."""
    members = dice.below(len(mix.results), 1500, x.shape[1])
    w_o, added = mix.columns[members].swapaxes(1, 2), mix.results[members].swapaxes(1, 2)
    sums = x + added
    ok = tells(mix, w_o, added) & distinct(sums) & (abs(sums).max((1, 2)) <= limits.stream + 1)
    return _best(dice, ok, w_o, added, np.broadcast_to(x, sums.shape), None, keep=4)


class Sums:
    """What makes friendly rows of the rows x (n, d), token by token.

    before: the rows that each token may have; free: whether any with the same units, of which the norm before makes
    the same, may take the place of x.
    """

    def __init__(self, x: Ints, kind: str, limits: Limits, free: bool) -> None:
        d = x.shape[1]
        self.kind, self.reach, self.most = kind, limits.stream + 1, min(2 * limits.stream, limits.integer)
        self.before = [row[None] for row in x]
        if free:
            every = beginnings(d, kind, limits.stream - 1)
            self.before = [every[(unit_of(every, kind) == unit).all(1)] for unit in unit_of(x, kind)]
        self._after = friendly(d, kind, self.reach)
        self._x = x if (d, kind, free) == (4, "LN", False) else None
        tables = d == 4 and self._x is None
        self._fits = [partial(self._by_table, self._table(rows)) for rows in self.before] if tables else []

    def columns(self, dice: Dice, results: Ints) -> Ints:
        """Numbers (count, d) of columns whose results (columns, n), side by side, are what is added."""
        if self._x is not None:
            return paired(dice, self._x, results, self.reach)
        d, n = self.before[0].shape[1], len(self.before)
        return columns_for(dice, results, d, self._rules(dice), beams=100, tries=SAMPLES[d] * max(1, n - 2))

    def _rules(self, dice: Dice) -> list[Rule]:
        """A rule for what is added to each token."""
        if self._fits:
            return list(self._fits)
        tests = [partial(self._by_test, rows[_first_of_each_size(rows, self.kind)]) for rows in self.before[LISTED:]]
        return [*(_apart(dice, rows, self._after) for rows in self.before[:LISTED]), *tests]

    def _table(self, rows: Ints) -> Bools:
        """Whether a row that is added, by its code, makes a small friendly one of any of these."""
        added = (self._after[:, None] - rows).reshape(-1, rows.shape[1])
        table = np.zeros((2 * self.most + 1) ** rows.shape[1], dtype=bool)
        table[codes(added[abs(added).max(1) <= self.most], self.most)] = True
        table[len(table) // 2] = False  # something is added to every token
        return table

    def _by_table(self, table: Bools, added: Ints) -> Bools:
        return np.asarray(table[codes(added, self.most)])

    def _by_test(self, rows: Ints, added: Ints) -> Bools:
        return np.asarray(is_friendly(rows + added[:, None], self.kind).any(1))


def friendly_updates(dice: Dice, mix: Mix, sums: Sums) -> list[Update]:
    """Output projections whose sum with the rows before is friendly."""
    members = sums.columns(dice, mix.results)
    if not len(members):
        return []
    w_o, added = mix.columns[members].swapaxes(1, 2), mix.results[members].swapaxes(1, 2)
    ok = np.flatnonzero(tells(mix, w_o, added))
    w_o, added = w_o[ok], added[ok]
    before = np.stack([_smallest(rows, added[:, i], sums.kind) for i, rows in enumerate(sums.before)], 1)
    after = before + added  # (count, n, d)
    ok = (abs(after).max((1, 2)) <= sums.reach) & distinct(after) & mixed(before, sums.kind)
    ok[ok] = scalable(unit_of(after[ok], sums.kind), sums.kind)
    return _best(dice, ok, w_o, added, before, sums.kind, keep=8)


def paired(dice: Dice, x: Ints, results: Ints, reach: int) -> Ints:
    """Numbers (count, 4) of columns whose results (columns, n), side by side, make friendly rows of the rows x (n, 4)
    for LayerNorm: of the columns with the smallest sums all fours, or many, that make rows with different units, and
    some of those with equal ones.

    Such a row is a number twice and another twice. So its first two numbers are equal, and its last two are; or the
    last two are the first, in either order.
    """
    numbers = (x[:, None] + results.T[:, :, None]).transpose(2, 0, 1)  # (4, n, columns)
    smallest = np.argsort((numbers**2).sum(1), axis=1, kind="stable")[:, :PAIRED]
    picks = [small[(abs(of[:, small]) <= reach).all(0)] for small, of in zip(smallest, numbers, strict=True)]
    own = [of[:, pick] + reach for of, pick in zip(numbers, picks, strict=True)]
    (twos, left), (others, right) = (_twos(a, b, reach) for a, b in (own[:2], own[2:]))
    if not len(left) or not len(right):
        return np.zeros((0, 4), np.int64)
    one, other = Join(left, right).pairs(dice, MOST)
    found = np.concatenate([twos[:, one], others[:, other]])  # (4, count)
    first, second, third = (of[:, at] for of, at in zip(own[:3], found[:3], strict=True))  # (n, count)
    whole = ((first != second) | np.isin(abs(first - third), sizes(4))).all(0)
    return np.stack([pick[at[whole]] for pick, at in zip(picks, found, strict=True)], 1)


def _twos(first: Ints, second: Ints, reach: int) -> tuple[Ints, Ints]:
    """Which of many columns (n, count) and (n, count), from 0 to 2 · reach, may be two of four of friendly rows with
    different units: their places (2, some), and what the other two have to share with them.
    """
    kind, few, shared = _kinds(reach)
    counts = sum(kind.take(other, axis=1).take(one, axis=0) for one, other in zip(first, second, strict=True))
    some = np.nonzero(few[counts])
    place = (shared.max() + 1) ** np.arange(len(first))
    return np.stack(some), place @ shared[first[:, some[0]], second[:, some[1]]]


@cache
def _kinds(reach: int) -> tuple[Ints, Bools, Ints]:
    """Of any two numbers from 0 to 2 · reach: whether they are equal, rise, fall, or are no two of a friendly row, as
    digits to be counted in base 8; which counts may be, since of the six units two have equal numbers here, two rise
    and two fall; and what the other two numbers share with them.
    """
    a, b = np.indices((2 * reach + 1,) * 2)
    rises = np.isin(abs(b - a), sizes(4))
    kind = np.where(a == b, 1, np.where(rises, np.where(b > a, 8, 64), 512))
    counts = np.arange(4096)[:, None] // 8 ** np.arange(4) % 8
    few = np.asarray((counts <= (2, 2, 2, 0)).all(1))
    return kind, few, np.where(a == b, 0, 1 + np.minimum(a, b) * len(a) + np.maximum(a, b))


def _apart(dice: Dice, before: Ints, after: Ints) -> Ints:
    """What makes any of the first rows any of the others: all differences, or some of them."""
    count = len(before) * len(after)
    picks = dice.below(count, DIFFERENCES) if count > DIFFERENCES else np.arange(count)
    return after[picks % len(after)] - before[picks // len(after)]


def _first_of_each_size(rows: Ints, kind: str) -> Ints:
    """One of the rows of each deviation: the norm makes the same of all others, whatever is added."""
    squares = rows.shape[1] * (rows**2).sum(1) - (rows.sum(1) ** 2 if kind == "LN" else 0)
    return np.unique(squares, return_index=True)[1]


def _smallest(rows: Ints, added: Ints, kind: str) -> Ints:
    """Of the rows (k, d), for each that is added (count, d), the one whose sum is friendly and smallest."""
    sums = rows + added[:, None]  # (count, k, d)
    cost = abs(sums).max(2) + abs(rows).max(1) + np.where(is_friendly(sums, kind), 0, 1000)
    best: Ints = rows[cost.argmin(1)]
    return best


def _best(dice: Dice, ok: Bools, w_o: Ints, added: Ints, before: Ints, kind: str | None, keep: int) -> list[Update]:
    """The most pleasant of many output projections."""
    kept = np.flatnonzero(ok)
    w_o, added, before = w_o[kept], added[kept], before[kept]
    after = before + added
    cost = 3 * (abs(w_o) > 1).sum((1, 2)) + (added == 0).sum((1, 2)) + 2 * abs(after).max((1, 2))
    order = np.argsort(cost + dice.below(6, len(kept)), kind="stable")[:keep]
    return [Update(w_o[i], added[i], before[i], unit_of(after[i], kind) if kind else after[i]) for i in order]
