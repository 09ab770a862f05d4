"""Heads that mean something, so that their queries can be said in words.

Subject, verb and object of a short sentence are described by four features: is the word a noun, is it a verb, does it
come first, does it come last? W_Q says what a word with a feature asks for: a noun asks for its verb, and a verb asks
for a noun that comes first, since its question is "who does it?". A word may also ask for another place, or not to
find itself. W_K makes keys of the features themselves, some of them twice as large.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from byhand.model.config import Config
from byhand.model.names import RESID_PRE
from byhand.numbers.attention import SCORE_SPREAD, AttentionInput, Heads, whole_base
from byhand.numbers.dice import Dice, Ints
from byhand.numbers.promises import Limits
from byhand.numbers.registry import Task

# of the subject, the verb and the object: noun, verb, first, last
FEATURES = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 1]])
LARGEST_TOTAL = {2: 10, 3: 13}  # by softmax base, what the powers of a row may add up to: 13 is 9 + 3 + 1
# for each feature of the word that asks, how strongly it may ask for a noun, a verb, the first and the last word
ASKED = (
    ((-1, 0), (1, 2), (0,), (0,)),
    ((1, 2), (-1, 0), (1, 2), (-2, -1, 0, 1)),
    ((0,), (0, 1), (-1, 0), (0, 1, 2)),
    ((0,), (0, 1), (0, 1, 2), (-1, 0)),
)


def means_something(task: Task) -> bool:
    """Whether a sheet's head is to mean something: its rows are the features, and every word sees every other."""
    c, rows = task.config, task.values.inputs.get(RESID_PRE, ())
    plain = (c.d_model, c.d_head, c.attention_dir, c.use_attn_scale) == (4, 4, "bidirectional", True)
    return plain and task.n == len(FEATURES) and np.array_equal(np.array(rows, dtype=object), FEATURES)


@cache
def questions(base: int) -> Ints:
    """All that the words may ask (count, 4, 4): how strongly a word with a row's feature asks for a column's.

    Each word finds one other most: the subject the verb, and the verb the subject, with half of its pattern or more.
    """
    rows = [np.array([*product(*row)]) for row in ASKED]
    picks = np.indices([len(row) for row in rows]).reshape(len(rows), -1)
    asked = np.stack([row[pick] for row, pick in zip(rows, picks, strict=True)], 1)
    scores = FEATURES @ asked @ FEATURES.T  # (count, 3, 3), scaled
    ok = (asked != 0).any(1).all(1) & (asked != 0).any(2).all(1)
    ok &= (scores != scores.swapaxes(1, 2)).any((1, 2)) & (scores[:, 0, 1] != scores[:, 1, 0])
    ordered = np.sort(scores, axis=2)
    ok &= (ordered[:, :, -1] > ordered[:, :, -2]).all(1)
    ok &= (scores[:, 0].argmax(1) == 1) & (scores[:, 1].argmax(1) == 0)
    above = scores - scores.min(2, keepdims=True)
    powers = base ** np.minimum(above, SCORE_SPREAD[base])
    ok &= 2 * powers[:, 1, 0] >= powers[:, 1].sum(1)
    ok &= (above.max((1, 2)) <= SCORE_SPREAD[base]) & (powers.sum(2).max(1) <= LARGEST_TOTAL[base])
    kept: Ints = asked[ok]
    return kept


def find_meaningful_heads(dice: Dice, read: AttentionInput, config: Config, limits: Limits) -> list[Heads]:
    """One head that reads FEATURES and means something; none where its queries are too large.

    A feature that is asked for no more than once may have keys of 1, and is asked for twice as strongly then, since
    scores are divided by √4.
    """
    base = whole_base(config)
    known = questions(base)
    asked = known[dice.one_below(len(known))]
    may_be_one = abs(asked).max(0) <= 1
    strength = 2 - dice.below(2, len(may_be_one)) * may_be_one
    w_q, w_k = asked * (2 // strength), np.diag(strength)
    scores = read.query_rows @ asked @ read.key_rows.T
    if abs(read.query_rows @ w_q).max() > limits.query or (strength == 1).all():
        return []
    powers = base ** (scores - scores.min(1, keepdims=True))
    return [Heads(w_q[None], w_k[None], powers[None], powers.sum(1)[None], np.zeros(1, np.int64))]
