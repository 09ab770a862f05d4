"""Other numbers round the letters of a head of attention, which have other solutions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.model.names import ATTN, RESID_PRE
from byhand.model.weights import Values
from byhand.numbers.dice import Bools, Dice, Ints

WEIGHTS_DRAWN, KEYS_KEPT = 6000, 40  # matrices of each kind, and how many of those for keys meet every query
LARGEST_SCORE, LARGEST_ENTRY = 3, 4  # of scaled scores; of queries, keys and values
EASY_ROWS = ([-1, -1, 0], [-1, 0, 0], [-2, -2, 0])  # of the last token's scores: how far they are below the largest
Place = tuple[int, int]


def with_other_numbers(values: Values, seed: int) -> Values | None:
    """New weights for a head of three tokens, two of whose weights are letters; None where letters stand elsewhere.

    One letter must be in the query of the second token alone, the other in the value of the last token alone. For one
    whole number in place of the first letter, the second token looks at the first as much as at itself; for one in
    place of the second letter, the last token's mixture has two equal numbers. All scores can be divided by √d_k, 2.

    Method: rejection sampling of W_K, then of W_Q, then of W_V.
    """
    names = {letter: f"{ATTN}.W_{letter}" for letter in "QKV"}
    x = np.array(values.inputs.get(RESID_PRE, ()))
    if values.weights.keys() != {*names.values()} or x.shape != (3, 4) or values.config.d_head != 4:
        return None
    in_query, in_key, in_value = (list(_letters(values.weights[name][0])) for name in names.values())
    if in_key or len(in_query) != 1 or len(in_value) != 1:
        return None
    if [*x[:, in_query[0][0]]] != [0, 1, 0] or [*x[:, in_value[0][0]]] != [0, 0, 1]:
        return None
    dice = Dice(f"{seed} letters")
    while True:
        drawn = _drawn(dice, x, in_query[0], in_value[0])
        if drawn is not None:
            weights = [w.tolist() for w in drawn]
            for matrix, name, places in zip(weights, names.values(), (in_query, (), in_value), strict=True):
                for row, column in places:
                    matrix[row][column] = values.weights[name][0][row][column]
            by_name: Mapping[str, Any] = {name: [w] for name, w in zip(names.values(), weights, strict=True)}
            return replace(values, weights={**values.weights, **by_name})


def _letters(matrix: Sequence[Sequence[Any]]) -> Iterator[Place]:
    """Where the letters of a matrix stand."""
    for row, entries in enumerate(matrix):
        yield from ((row, column) for column, entry in enumerate(entries) if isinstance(entry, str))


def _drawn(dice: Dice, x: Ints, in_query: Place, in_value: Place) -> tuple[Ints, Ints, Ints] | None:
    """W_Q, W_K and W_V with 0 where the letters stand; None where no draw fits."""
    w_q, w_k = (dice.below(5, WEIGHTS_DRAWN, 4, 4) - 2 for _ in range(2))
    w_v = dice.below(5, WEIGHTS_DRAWN, 4, 2) - 2
    w_q[:, *in_query], w_v[:, *in_value] = 0, 0
    q, k, v = (x @ w for w in (w_q, w_k, w_v))
    w_k, k = (each[_are_clear(k) & _moves_by_one(k[:, :, in_query[1]])][:KEYS_KEPT] for each in (w_k, k))
    w_q, q = (each[_are_clear(q)] for each in (w_q, q))
    scores = np.einsum("aij,bkj->abik", q, k)
    even = (scores % 2 == 0).all((2, 3)) & (abs(scores) <= 2 * LARGEST_SCORE).all((2, 3))
    query, key = np.nonzero(even)
    scaled = scores[query, key] // 2
    last = np.sort(scaled[:, 2] - scaled[:, 2].max(1, keepdims=True), 1)
    easy = (last[:, None] == np.array(EASY_ROWS)).all(2).any(1) & np.isin(scaled[:, 2].max(1), (0, 1, 2))
    tie = scaled[:, 1, 1] - scaled[:, 1, 0]
    for at in np.flatnonzero(easy & (tie != 0) & (abs(tie) <= 2)):
        powers = 2 ** (2 + scaled[at, 2] - scaled[at, 2].max())  # as multiples of a quarter
        apart = (powers[None, :] * (v[:, :, 1 - in_value[1]] - v[:, :, in_value[1]])).sum(1)
        solved = (apart % powers[2] == 0) & (apart != 0) & (abs(apart) <= 2 * powers[2]) & _are_clear(v)
        if solved.any():
            return w_q[query[at]], w_k[key[at]], w_v[solved.argmax()]
    return None


def _are_clear(rows: Ints) -> Bools:
    """Which of many matrices (count, n, d) have small entries, different rows, and none of 0 only."""
    apart = [(rows[:, i] != rows[:, j]).any(1) for i, j in ((0, 1), (0, 2), (1, 2))]
    clear: Bools = (abs(rows) <= LARGEST_ENTRY).all((1, 2)) & (rows != 0).any(2).all(1) & np.all(apart, 0)
    return clear


def _moves_by_one(column: Ints) -> Bools:
    """For which keys a letter, times their numbers (count, 3), moves the scaled score of the first token by 1 against
    that of the second, and all by whole numbers.
    """
    whole = (column % 2 == 0).all(1) & (abs(column) <= 2).all(1)
    by_one: Bools = whole & (column[:, 0] - column[:, 1] == 2)
    return by_one
