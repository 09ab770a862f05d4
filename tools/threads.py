"""Search for the base threads: numbers of one small GPT that keep the promises of all sheets of the thread at once.

    nice -n 19 python tools/threads.py 60 > byhand/numbers/threads.jsonl

A base is found from front to back, each stage in whole numbers and in batches: words and positions are drawn until
they can be read (a noun that is a doer, a verb, a noun that is done to); queries and keys, until the second
word looks for the doer; values column by column, so that mixtures are whole numbers. Then, for each of the two
norms, columns that small weights can make are put together until each row has a square as its variance; and for the
logits, rows are chosen and it is looked up whether small weights make their columns. It takes some seconds a base.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np

Array = Any
NOUN, VERB, DOER, DONE = range(4)
BIRDS, EAT, SEEDS, AND = range(4)
W = 3  # what the norms multiply by: a row of deviations (5, −1, −1, −3) over 3 is whole again
LARGEST_SUM, LARGEST_SECOND = 6, 7  # of the residual stream after attention, and after the network
LARGEST_LOGIT = 6
LARGEST_ROOT = 3  # of a variance
MOST_ALIKE = 4  # bases with the same words and positions


def plain_first(columns: Array) -> Array:
    """Columns of weights, those with many zeros and small numbers first."""
    return columns[np.argsort((columns != 0).sum(1) * 10 + abs(columns).sum(1), kind="stable")]


COLUMNS = plain_first(np.array(list(product(range(-2, 3), repeat=4))))  # (625, 4)
LARGER = plain_first(np.array(list(product(range(-3, 4), repeat=4))))  # (2401, 4): of the unembedding


def apart(rows: Array) -> Array:
    """Whether no two rows are parallel, and none is 0. Shapes: (…, n, d) → (…)."""
    gram = rows @ rows.swapaxes(-1, -2)
    norms = np.diagonal(gram, axis1=-2, axis2=-1)
    parallel = gram**2 >= norms[..., :, None] * norms[..., None, :]
    n = rows.shape[-2]
    return ~(parallel & ~np.eye(n, dtype=bool)).any((-1, -2)) & (norms > 0).all(-1)


def varied(rows: Array) -> Array:
    """Whether no column is one number again and again. Shapes: (…, n, d) → (…)."""
    return (rows.max(-2) > rows.min(-2)).all(-1)


def centred(rows: Array) -> Array:
    """Four times the rows, less their means: what a norm divides. Shapes: (…, n, 4) → the same."""
    return 4 * rows - rows.sum(-1, keepdims=True)


def sound(rows: Array) -> Array:
    """Whether rows are apart, and columns varied."""
    return apart(rows) & varied(rows)


def kinds_of_rows(largest: int) -> Array:
    """For every row of four numbers: 0 where its results behind the norm are not whole, 2 where they are and of two
    sizes, 1 where they are and of one.
    """
    span = np.arange(-largest, largest + 1)
    rows = np.stack(np.meshgrid(*[span] * 4, indexing="ij"), -1)
    deviations = 4 * rows - rows.sum(-1, keepdims=True)  # four times as large
    squares = (deviations**2).sum(-1)
    roots = np.rint(np.sqrt(squares / 4)).astype(int)
    whole = (4 * roots**2 == squares) & (squares > 0) & (roots <= 4 * LARGEST_ROOT) & (deviations % 4 == 0).all(-1)
    whole &= (W * deviations % np.maximum(roots, 1)[..., None] == 0).all(-1)
    wide = abs(deviations).max(-1) > abs(deviations).min(-1)
    return np.where(whole, 1 + wide, 0).astype(np.int8)


KINDS = {largest: kinds_of_rows(largest) for largest in (LARGEST_SUM, LARGEST_SECOND)}


def behind_norm(rows: Array) -> Array:
    """The results of rows whose results are whole, times W. Shapes: (…, 4) → (…, 4)."""
    deviations = rows - rows.sum(-1, keepdims=True) // 4
    roots = np.rint(np.sqrt((deviations**2).sum(-1, keepdims=True) / 4)).astype(int)
    return W * deviations // roots


def distinct(columns: Array, fit: Array) -> tuple[Array, Array]:
    """The different columns among those that fit, and the first way to make each.

    Shapes: (ways, 3) → (n, 3), (n,).
    """
    ways = np.flatnonzero(fit)
    unique, first = np.unique(columns[ways], axis=0, return_index=True)
    return unique, ways[first]


def joined(
    rng: Any, columns: list[tuple[Array, Array]], largest: int, tries: int
) -> Iterator[tuple[Array, list[int]]]:
    """Sums (3, 4) made of one column for each feature, in which each row has whole results behind the norm, and at
    most one results of one size; with the ways to make their columns.

    Three columns are drawn, and all fourth ones are tried.
    """
    kinds = KINDS[largest]
    if not all(len(each) for each, _ in columns):
        return
    picks = [rng.integers(0, len(each), tries) for each, _ in columns[:3]]
    a, b, c = (each[pick] + largest for (each, _), pick in zip(columns, picks, strict=False))
    last = columns[3][0] + largest
    found = [kinds[a[:, i], b[:, i], c[:, i]][:, last[:, i]] for i in range(3)]  # each (tries, fourths)
    ok = np.minimum.reduce(found) > 0
    ok &= sum((each == 2).astype(np.int8) for each in found) >= 2
    places = np.argwhere(ok)
    for at, fourth in places[rng.permutation(len(places))[:400]]:
        chosen = [*(int(pick[at]) for pick in picks), int(fourth)]
        made = np.stack([each[k] for (each, _), k in zip(columns, chosen, strict=True)], 1)
        yield made, [int(ways[k]) for (_, ways), k in zip(columns, chosen, strict=True)]


def reached(columns: Array, largest: int) -> Array:
    """For each column of three numbers, the index of the first way to make it; −1 where there is none."""
    size = 2 * largest + 1
    table = np.full((size,) * 3, -1)
    fit = (abs(columns) <= largest).all(1)
    ways, found = np.flatnonzero(fit)[::-1], columns[fit][::-1] + largest  # the plainest is written last, and stays
    table[found[:, 0], found[:, 1], found[:, 2]] = ways
    return table


def words_and_positions(rng: Any) -> Iterator[tuple[Array, Array, Array]]:
    """Embeddings (4, 4), positions (3, 4) and their sums for the sentence, which can be read."""
    count = 4000
    x = -np.maximum(0, rng.integers(-2, 3, (count, 3, 4)))
    for word, features in ((BIRDS, (NOUN, DOER)), (EAT, (VERB,)), (SEEDS, (NOUN, DONE))):
        x[:, word, features] = rng.integers(1, 4, (count, len(features)))
    p = rng.integers(-2, 3, (count, 3, 4))
    p[:, 0, DOER], p[:, 2, DONE] = rng.integers(1, 3, (2, count))
    e = np.concatenate([x - p, rng.integers(-2, 3, (count, 1, 4))], 1)
    ok = sound(e) & sound(p) & sound(x) & varied(e[:, :3]) & (abs(e).max((1, 2)) <= 3)
    for feature, having in ((NOUN, (BIRDS, SEEDS)), (VERB, (EAT,))):
        ok &= ((e[:, :, feature] > 0) == [word in having for word in range(4)]).all(1)
    ok &= ((e != 0).sum((1, 2)) <= 12) & ((p != 0).sum((1, 2)) <= 9)
    for rows, word, feature in ((e, BIRDS, NOUN), (e, EAT, VERB), (e, SEEDS, NOUN), (p, 0, DOER), (p, 2, DONE)):
        ok &= leads(rows[:, word], feature)
    likeness = e[:, :3] @ e[:, :3].swapaxes(1, 2)
    ok &= likeness[:, BIRDS, SEEDS] > np.maximum(likeness[:, BIRDS, EAT], likeness[:, SEEDS, EAT])
    turned = e[:, SEEDS] + p[:, 0]  # the last noun, at the first place
    ok &= (turned[:, DOER] > 0) & (turned[:, DOER] > turned[:, DONE])
    for at in np.flatnonzero(ok):
        yield e[at], p[at], x[at]


def projections(rng: Any, x: Array, count: int, wanted: Any, even: bool = False) -> tuple[Array, Array]:
    """Weights (…, 4, 4) with many zeros, and their sound products with x (…, 3, 4), put together from columns.

    wanted: whether columns (…, 3) may stand at a feature. even: of half of them, all weights are.
    """
    plain = COLUMNS[(COLUMNS != 0).sum(1) <= 2]
    pools = [plain, 2 * np.unique(np.sign(plain), axis=0)] if even else [plain]
    both = []
    for pool in pools:
        made = pool @ x.T
        small = (abs(made).max(1) <= 4) & (made.max(1) > made.min(1))
        ways = [np.flatnonzero(small & wanted(made, feature)) for feature in range(4)]
        if all(map(len, ways)):
            picks = [each[rng.integers(0, len(each), count // len(pools))] for each in ways]
            both.append((np.stack([pool[p] for p in picks], 2), np.stack([made[p] for p in picks], 2)))
    if not both:
        return np.zeros((0, 4, 4), int), np.zeros((0, 3, 4), int)
    w, made = (np.concatenate(each) for each in zip(*both, strict=True))
    ok = apart(made)
    return w[ok], made[ok]


def shares(scores: Array) -> tuple[Array, Array]:
    """Softmax in base 2 of whole scores (…, n), as numerators and their sum, in lowest terms; −99 is hidden."""
    seen = scores > -99
    low = np.where(seen, scores, 99).min(-1, keepdims=True)
    powers = np.where(seen, 2.0 ** (scores - low), 0).astype(int)
    total = powers.sum(-1)
    common = np.gcd.reduce(powers, -1)
    return powers // common[..., None], total // common


def one_largest(rows: Array) -> Array:
    """Whether one number of each row is larger than all others."""
    return (rows == rows.max(-1, keepdims=True)).sum(-1) == 1


def leads(rows: Array, feature: int) -> Array:
    """Whether a feature is the largest of each row, alone."""
    return one_largest(rows) & (rows.argmax(-1) == feature)


HIDDEN = np.triu(np.ones((3, 3), bool), 1)


class Head:
    """Weights of one head, its scores, and the shares with the mask; for the first head also without it."""

    def __init__(self, w_q: Array, w_k: Array, scores: Array) -> None:
        self.w_q, self.w_k, self.scores = w_q, w_k, scores
        self.masked = shares(np.where(HIDDEN, -99, scores // 2))
        self.unmasked = shares(scores // 2)

    @property
    def kinds(self) -> set[tuple[int, ...]]:
        return {tuple(sorted(row)) for row in self.masked[0][1:].tolist()}


def heads(rng: Any, x: Array, first: bool) -> Iterator[Head]:
    """Heads that ask what their sheet says: the first who does it, the second what happens."""

    def asks(columns: Array, feature: int) -> Array:
        if first:
            return (columns[:, EAT] > 0) == (feature in (NOUN, DOER))
        return (columns[:, EAT] > 0) | (feature != VERB)

    def answers(columns: Array, feature: int) -> Array:
        found = (BIRDS, DOER) if first else (EAT, VERB)
        return (columns[:, found[0]] > 0) | (feature != found[1])

    w_q, q = projections(rng, x, 4000, asks)
    if not first:
        ok = (q[:, SEEDS, VERB, None] > np.delete(q[:, SEEDS], VERB, 1)).all(1) & (q[:, SEEDS, VERB] > 0)
        w_q, q = w_q[ok], q[ok]
    w_k, k = projections(rng, x, 4000, answers, even=True)
    if not len(q) or not len(k):
        return
    some, others = (rng.permutation(len(each))[:200] for each in (q, k))
    w_q, q, w_k, k = w_q[some], q[some], w_k[others], k[others]
    s = (q.reshape(-1, 4).astype(float) @ k.reshape(-1, 4).T).reshape(len(q), 3, len(k), 3).swapaxes(1, 2)
    a, b = np.nonzero((s % 2 == 0).all((2, 3)) & (abs(s).max((2, 3)) <= 8))
    s = s[a, b].astype(int)  # (pairs, 3, 3)
    ok = ~(s == s.swapaxes(1, 2)).all((1, 2)) & (s[:, 0, 1] != s[:, 1, 0])
    ok &= (s.max(2) > s.min(2)).all(1) & ((s.max(2) > 0).sum(1) >= 2)
    a, b, s = a[ok], b[ok], s[ok]
    masked = np.where(HIDDEN, -99, s // 2)
    asked = one_largest(masked[:, 1:]).all(1) & ((masked[:, 1:].max(2) > 0).sum(1) >= 1)
    best = BIRDS if first else EAT
    asked &= (masked[:, 1].argmax(1) == best) & (masked[:, 2].argmax(1) == best)
    _, total = shares(masked)
    asked &= (total <= 10).all(1)
    powers, whole = shares(s // 2)
    asked &= (whole <= (12 if first else 20)).all(1)
    if first:
        asked &= one_largest(s).all(1) & (s[:, 1].argmax(1) == BIRDS)
        kinds = [len({tuple(sorted(row)) for row in each}) for each in powers.tolist()]
        asked &= np.array(kinds, int) >= 2 if kinds else asked
    for at in np.flatnonzero(asked)[:40]:
        yield Head(w_q[a[at]], w_k[b[at]], s[at])


def values(rng: Any, x: Array, head: Head, first: bool) -> Iterator[tuple[Array, Array]]:
    """W_V (4, 2) and the mixtures (3, 2), which are whole with the mask."""
    v = COLUMNS @ x.T  # (625, 3)
    powers, total = head.masked
    mixed = v @ powers.T  # (625, 3), over total
    ok = (mixed % total == 0).all(1) & (abs(v).max(1) <= 4) & (v.max(1) > v.min(1))
    z = mixed // total
    ok &= z.max(1) > z.min(1)
    if first:
        unmasked = v @ head.unmasked[0].T  # over its totals
        ones = np.flatnonzero(ok & (v[:, BIRDS] > 0) & leads(v, BIRDS))
        others = np.flatnonzero(ok & (v[:, SEEDS] > 0) & leads(v, SEEDS))
    else:
        ones = np.flatnonzero(ok & (v[:, EAT] < v[:, BIRDS]))
        others = np.flatnonzero(ok & (v[:, EAT] > 0) & leads(v, EAT))
    pairs = [(i, j) for i in ones[:14] for j in others[:14]]
    for at in rng.permutation(len(pairs))[:40]:
        pair = list(pairs[at])
        made, result = v[pair].T, z[pair].T
        fits = apart(made) and apart(result)
        if first:
            free_result = unmasked[pair].T  # each row times its total
            fits = fits and apart(free_result) and triangle(made)
            fits = fits and varied(free_result / head.unmasked[1][:, None])
            fits = fits and made[BIRDS][0] > made[BIRDS][1]
            fits = fits and 0 < free_result[EAT][0] > free_result[EAT][1] and result[EAT][0] > result[EAT][1]
        else:
            fits = fits and result[SEEDS][1] > result[SEEDS][0]
        if fits:
            yield COLUMNS[pair].T, result


def triangle(v: Array) -> bool:
    """Whether three points do not lie on a line."""
    (a, b), (c, d), (e, f) = v.tolist()
    return (c - a) * (f - b) != (e - a) * (d - b)


def sums(rng: Any, x: Array, z: Array) -> Iterator[tuple[Array, Array]]:
    """W_O (4, 4) and the stream after attention (3, 4), whose rows have whole results behind the norm.

    The first head's mixture is told first (doer, done to), then the second's (noun, verb): each is written most of
    all where its name says.
    """
    added = COLUMNS @ z.T
    own = {NOUN: 2, VERB: 3, DOER: 0, DONE: 1}
    plain = (abs(added).max(1) <= 6) & ((COLUMNS != 0).sum(1) <= 3)
    columns = []
    for f in range(4):
        y = x[:, f] + added
        columns.append(distinct(y, plain & (COLUMNS[:, own[f]] > 0) & (abs(y).max(1) <= LARGEST_SUM)))
    yielded = 0
    for y, ways in joined(rng, columns, LARGEST_SUM, 10000):
        o, w_o, n = y - x, COLUMNS[ways].T, behind_norm(y)
        heard = o[EAT, DOER] > 0 and leads(o[EAT], DOER) and one_largest(n[EAT])
        if heard and sound(y) and varied(centred(y)) and sound(o) and sound(n) and (w_o != 0).any(1).all():
            yield w_o, n
            yielded += 1
            if yielded == 6:
                return


def biases(rng: Any) -> list[Array]:
    """The small biases of a norm, two of which are not 0, in any order."""
    pairs = [(one, other) for one in range(4) for other in range(4) if one != other]
    made = [np.eye(4, dtype=int)[one] - np.eye(4, dtype=int)[other] for one, other in pairs]
    return [made[at] for at in rng.permutation(len(made))]


def networks(rng: Any, n: Array) -> Iterator[dict[str, Array]]:
    """The feed-forward network on n (3, 4), and the result of the norm after it, without its bias."""
    plain = COLUMNS[((COLUMNS != 0).sum(1) <= 3) & ((COLUMNS != 0).sum(1) >= 1)]
    w = np.repeat(plain, 3, 0)
    b = np.tile([-1, 0, 1], len(plain))
    pre = w @ n.T + b[:, None]
    alive = (pre > 0).sum(1)
    ok = (abs(pre).max(1) <= 6) & (alive > 0) & (alive < 3)
    w, b, pre = w[ok], b[ok], pre[ok]
    if len(pre) < 8:
        return
    for _ in range(12):
        four = rng.integers(0, len(pre), 4)
        post = np.maximum(pre[four].T, 0)  # (3, 4)
        if not (post > 0).any(1).all() or not apart(post.T) or not any(b[four]) or not sound(pre[four].T):
            continue
        added = np.concatenate([COLUMNS @ post.T + k for k in (0, -1, 1)])  # (1875, 3)
        plain = (abs(added).max(1) <= 8) & (np.tile((COLUMNS != 0).sum(1), 3) <= 3)
        columns = []
        for f in range(4):
            y = n[:, f] + added
            columns.append(distinct(y, plain & (abs(y).max(1) <= LARGEST_SECOND)))
        yielded = 0
        for y, ways in joined(rng, columns, LARGEST_SECOND, 6000):
            result, f = behind_norm(y), y - n
            b_out = np.array([(0, -1, 1)[way // 625] for way in ways])
            w_out = COLUMNS[[way % 625 for way in ways]].T
            done = (result[EAT, DONE] > np.delete(result[EAT], DONE) + 1).all()
            done = done and f[EAT, DONE] > 0 and leads(f[EAT], DONE)
            done = done and sound(y) and varied(centred(y)) and sound(f) and sound(result)
            if done and b_out.any() and (w_out != 0).any(1).all():
                yield {"w_in": w[four].T, "b_in": b[four], "w_out": w_out, "b_out": b_out, "result": result}
                yielded += 1
                if yielded == 4:
                    break


def unembedding(rng: Any, n: Array) -> Array | None:
    """W_U (4, 4) with which the second word says the third, and the first and the third say "and"; after the first
    two, shares are 1/2, 1/4, 1/8 and 1/8, and what comes after the first is its second choice.
    """
    logits = LARGER @ n.T  # (2401, 3)
    tables = []
    for word in range(4):
        columns = logits.copy()
        if word == SEEDS:
            columns[LARGER[:, DONE] <= 0] = 99
        tables.append(reached(columns, LARGEST_LOGIT))
    tries = 12000
    first, second, third = np.full((3, tries, 4), -2)
    first[:, AND], second[:, SEEDS], third[:, AND] = 0, 0, 0
    first[:, EAT] = second[:, EAT] = -1
    third[:, [BIRDS, SEEDS]] = -2 * rng.integers(1, 4, (tries, 2))
    third[:, EAT] = 1 - 2 * rng.integers(1, 4, tries)
    # behind the norm all numbers are odd before the bias is added, so a word's logits are all odd or all even
    largest = 2 * rng.integers(-1, 3, (tries, 3, 1)) + rng.integers(0, 2, (tries, 1, 1))
    rows = np.stack([first, second, third], 1) + largest
    ordered = np.sort(third, 1)
    ok = (ordered[:, -2] > ordered[:, -3]) & (abs(rows).max((1, 2)) <= LARGEST_LOGIT) & sound(rows)
    rows = rows[ok]
    for word, table in enumerate(tables):
        at = rows[:, :, word] + LARGEST_LOGIT
        rows = rows[table[at[:, 0], at[:, 1], at[:, 2]] >= 0]
    if not len(rows):
        return None
    ways = [[table[tuple(each[:, word] + LARGEST_LOGIT)] for word, table in enumerate(tables)] for each in rows[:400]]
    w_u = [LARGER[each].T for each in ways]
    w_u = [each for each in w_u if (each != 0).any(1).all() and sound(each.T)]
    return min(w_u, key=lambda each: int((each != 0).sum() * 10 + abs(each).sum()), default=None)


def found(rng: Any, known: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Base threads: first others with the words and positions of known ones, then some with their own."""
    for weights in known:
        e, p = (np.array(weights[name]) for name in ("embed.W_E", "pos_embed.W_pos"))
        yield from _from(rng, e, p, e[:3] + p)
    while True:
        for e, p, x in words_and_positions(rng):
            yield from _from(rng, e, p, x)


def _from(rng: Any, e: Array, p: Array, x: Array) -> Iterator[dict[str, Any]]:
    """Base threads with these words and positions, at most MOST_ALIKE, each with first heads of its own."""
    if not (ones := list(heads(rng, x, True))) or not (twos := list(heads(rng, x, False))):
        return
    pairs, taken = list(product(ones, twos)), set[str]()
    for at in rng.permutation(len(pairs))[:150]:
        one, two = pairs[at]
        if canonical([one.scores]) in taken:
            continue
        if base := _with_heads(rng, e, p, x, one, two):
            taken.add(canonical([one.scores]))
            yield base
        if len(taken) == MOST_ALIKE:
            return


def _with_heads(rng: Any, e: Array, p: Array, x: Array, one: Head, two: Head) -> dict[str, Any] | None:
    """A base thread with these words, positions and heads, if some tries find one."""
    differ = (one.masked[0] != two.masked[0]).any(1) | (one.masked[1] != two.masked[1])
    if not differ[1:].all() or len(one.kinds | two.kinds) < 3 or len(one.kinds) < 2:
        return None
    ways = product(list(values(rng, x, one, True))[:4], list(values(rng, x, two, False))[:4])
    for (w_v1, z1), (w_v2, z2) in ways:
        if not sound(np.concatenate([z1, z2], 1)):
            continue
        for w_o, n1 in sums(rng, x, np.concatenate([z1, z2], 1)):
            for b1 in (b1 for b1 in biases(rng)[:5] if sound(n1 + b1) and one_largest((n1 + b1)[EAT])):
                for net in networks(rng, n1 + b1):
                    if (end := _ending(rng, net["result"])) is not None:
                        return _packed(e, p, (one, two), (w_v1, w_v2), w_o, b1, net, *end)
    return None


def _ending(rng: Any, result: Array) -> tuple[Array, Array] | None:
    """A bias of the second norm, and an unembedding of what is then behind it."""
    for b2 in biases(rng):
        n = result + b2
        if sound(n) and leads(n[EAT], DONE) and (w_u := unembedding(rng, n)) is not None:
            return b2, w_u
    return None


def _packed(
    e: Array, p: Array, both: tuple[Head, Head], w_v: tuple[Array, Array], w_o: Array, b1: Array,
    net: dict[str, Array], b2: Array, w_u: Array,
) -> dict[str, Any]:  # fmt: skip
    """The weights by their names."""
    at = "blocks.0."
    weights = {
        "embed.W_E": e, "pos_embed.W_pos": p, f"{at}attn.W_Q": [head.w_q.tolist() for head in both],
        f"{at}attn.W_K": [head.w_k.tolist() for head in both], f"{at}attn.W_V": [each.tolist() for each in w_v],
        f"{at}attn.W_O": w_o.reshape(2, 2, 4), f"{at}ln1.w": [W] * 4, f"{at}ln1.b": b1,
        f"{at}mlp.W_in": net["w_in"], f"{at}mlp.b_in": net["b_in"], f"{at}mlp.W_out": net["w_out"],
        f"{at}mlp.b_out": net["b_out"], f"{at}ln2.w": [W] * 4, f"{at}ln2.b": b2, "unembed.W_U": w_u,
    }  # fmt: skip
    weights = {name: np.asarray(each).tolist() for name, each in weights.items()}
    return {"weights": weights, "scores": canonical([head.scores for head in both])}


def canonical(scores: list[Array]) -> str:
    """The scores of both heads, alike for any signs and any order of the words and of the heads."""
    ways = []
    for order in permutations(range(3)):
        moved = [abs(s)[np.ix_(order, order)].tolist() for s in scores]
        ways.append(sorted(moved))
    return json.dumps(min(ways))


def main() -> None:
    """Print as many bases as are asked for, one a line: COUNT [SEED [FILE]], FILE holding bases that are known."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    lines = Path(sys.argv[3]).read_text().splitlines() if len(sys.argv) > 3 else []
    known = set[str]()
    for base in found(np.random.default_rng(seed), [*map(json.loads, lines)]):
        if base["scores"] not in known:
            known.add(base["scores"])
            print(json.dumps(base["weights"], separators=(",", ":")), flush=True)
        if len(known) == count:
            break


if __name__ == "__main__":
    main()
