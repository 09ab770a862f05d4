"""Numbers of other sheets on the family of transformers: experts, neighbours, the same block again."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np

from byhand.model.names import ATTN
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import WEIGHTS, distinct, grid, natural
from byhand.numbers.promises import LEAST_OVER
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import HANDED_ON, LARGEST_DENOMINATOR, REACH, different, one_largest, powers, totals

# ---- experts ----

GATES_TRIED = 60
TABLES_TRIED = 300  # of words, for one router
NETWORKS_TRIED = 1000
THREES_TRIED = 100
EXPERTS = 3
LONGEST_BALANCE = 14  # its denominator


@search("mixture-of-experts", like_sheet=True, requires=[
    exactly(4, d_model=4, d_mlp=2, num_experts=EXPERTS, experts_per_token=2, act_fn="relu", gated_mlp=False),
])  # fmt: skip
def _mixture_of_experts(task: Task, dice: Dice) -> Iterator[Instance]:
    """A router whose logits are three neighbouring whole numbers for each of four words, in which every expert is
    asked first by a word; and networks in which a unit of the last word's experts is silent, but none of its experts.

    Method: rejection sampling.
    """
    words, at = grid(4, 2), "blocks.0.mlp"
    words = words[((words != 0).sum(1) > 2) & ((abs(words) > 1).sum(1) < 3)]
    gates = dice.choices(WEIGHTS, GATES_TRIED, 4, EXPERTS)
    for gate in gates[natural(gates, 20, 45)]:
        logits = words @ gate
        pool = words[(np.ptp(logits, 1) == 2) & (different(logits) == 3) & (abs(logits).max(1) <= 2)]
        x = dice.choices(pool, TABLES_TRIED, task.n) if len(pool) > task.n else pool[:0].reshape(0, task.n, 4)
        logits = x @ gate
        ok = natural(x, 10, 40) & (different(logits.max(2)) > 1) & (different(x.swapaxes(1, 2)).min(1) > 2)
        ok &= _is_short(logits, whole_base(task.config))
        for rows, row in zip(x[ok][:4], logits[ok][:4], strict=True):
            found = _three_networks(dice, rows[-1], row[-1])
            if found is not None:
                w_in, w_out = found
                networks = {
                    f"{at}.experts.{e}.{name}": w[e].tolist()
                    for e in range(EXPERTS)
                    for name, w in (("W_in", w_in), ("W_out", w_out))
                }
                yield Instance(
                    {**task.values.inputs, "x": rows.tolist()}, {f"{at}.W_gate": gate.tolist(), **networks}
                )


def _is_short(logits: Ints, base: int) -> Bools:
    """Logits (count, n, 3), of which each row is three neighbouring numbers → whether the balance of first choices is
    not even, and a short fraction.
    """
    parts = powers(logits, base)
    first = (logits == logits.max(2, keepdims=True)).sum(1)  # of all words, how many ask each expert first
    found, whole = EXPERTS * (first * parts.sum(1)).sum(1), logits.shape[1] ** 2 * (1 + base + base**2)
    return np.asarray((found > whole) & (whole // np.gcd(found, whole) <= LONGEST_BALANCE))


def _three_networks(dice: Dice, x: Ints, logits: Ints) -> tuple[Ints, Ints] | None:
    """A word x (4) and its logits (3) → W_in (3, 4, 2) and W_out (3, 2, 4) of three small networks."""
    w_in, w_out = (dice.choices(WEIGHTS, NETWORKS_TRIED, *shape) for shape in ((4, 2), (2, 4)))
    pre = np.einsum("i,nij->nj", x, w_in)
    post = np.maximum(pre, 0)
    said = np.einsum("nj,njk->nk", post, w_out)
    ok = (post > 0).any(1) & (abs(pre).max(1) <= 3) & (abs(said).max(1) <= 6) & ((said != 0).sum(1) > 2)
    found = np.flatnonzero(ok & natural(w_in, 10, 40) & natural(w_out, 10, 40))
    if len(found) < EXPERTS:
        return None
    three = dice.choices(found, THREES_TRIED, EXPERTS)
    told, printed = said[three], w_out[three].reshape(THREES_TRIED, 1, 2 * EXPERTS, 1, 4)
    answers = told[:, :, None, None] * np.array([1, 2, 3])[:, None]  # with thirds: shares of what an expert says
    ok = distinct(told) & (pre[three[:, logits != logits.min()]] < 0).any((1, 2))
    ok &= ~(3 * printed == answers).all(-1).any((1, 2, 3))  # a row that is printed would give an answer away
    three = three[ok]
    if not len(three):
        return None
    cost = (abs(w_in) > 1).sum((1, 2)) + (abs(w_out) > 1).sum((1, 2)) + abs(said).sum(1)
    best = three[cost[three].sum(1).argmin()]
    return w_in[best], w_out[best]


# ---- nearest neighbours ----

PLACES_TRIED, STORED = 20_000, 5
MAP = 3  # the largest number of a place, in absolute value
NEAR, FAR_OFF = 5, 9  # the largest squared distance of the three nearest places, and of all
APART = 3  # by how much that of the others is larger, so that a circle between them is easy to draw
LARGEST_MIXED = 12  # the largest denominator of a mixture


def _has_five_places(task: Task) -> str:
    c = task.config
    fits = (len(task.values.tokens), c.d_vocab, c.knn, c.lmbda) == (STORED, 3, 3, Fraction(1, 2))
    return "" if fits else "numbers are chosen for five stored places, three words, knn=3 and lmbda=1/2"


@search("nearest-neighbours", like_sheet=True, requires=[_has_five_places])
def _nearest_neighbours(task: Task, dice: Dice) -> Iterator[Instance]:
    """Five different places (5, 2), of which three are nearer than the others and stand for two words, and logits of
    three words. By itself the model says another word than with its neighbours, and all shares are short fractions.

    Method: rejection sampling; powers are counted in units of the power of FAR_OFF.
    """
    base, words = whole_base(task.config), np.array(task.values.ids(3))
    steps = grid(2, MAP)
    steps = steps[((steps**2).sum(1) <= FAR_OFF) & steps.any(1)]  # from now to a place
    query, logits = dice.below(3, PLACES_TRIED, 1, 2) - 1, dice.below(4, PLACES_TRIED, 3)
    keys = query + dice.choices(steps, PLACES_TRIED, STORED)
    apart = ((keys - query) ** 2).sum(-1)  # (count, 5)
    ordered = np.sort(apart, 1)
    ok: Bools = (ordered[:, 2] <= NEAR) & (ordered[:, 3] - ordered[:, 2] >= APART) & (ordered[:, 0] < ordered[:, 2])
    ok &= (abs(keys) <= MAP).all((1, 2)) & distinct(keys) & one_largest(logits)
    keys, query, logits, apart, ordered = (x[ok] for x in (keys, query, logits, apart, ordered))
    parts = np.where(apart <= ordered[:, 2:3], base ** (FAR_OFF - apart), 0)
    near = np.stack([(parts * (words == word)).sum(1) for word in range(3)], 1)  # (count, 3)
    own, kept = base**logits, parts.sum(1, keepdims=True)
    total = own.sum(1, keepdims=True)
    mixed = own * kept + near * total
    ok = ((near > 0).sum(1) == 2) & (kept[:, 0] != base**FAR_OFF) & one_largest(mixed)
    ok &= mixed.argmax(1) != logits.argmax(1)
    whole = 2 * kept * total
    for numbers, units, most in ((parts, kept, LARGEST_DENOMINATOR), (mixed, whole, LARGEST_MIXED)):
        ok &= (units // np.gcd(numbers, units) <= most).all(1)
    ok &= totals(logits, base) <= LARGEST_DENOMINATOR
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        given = {"knn.keys": keys[i], "knn.query": query[i], "logits": logits[i, None]}
        yield Instance({name: rows.tolist() for name, rows in given.items()})


# ---- the same block again ----

PASSES_TRIED, OWN_TRIED, BLOCKS_TRIED = 30_000, 200, 6_000  # words and weights, weights of one's own, blocks to undo
STATES_TRIED = 400
LARGEST_POWER = 9  # and one over it is the smallest
LOGITS = range(-2, 3)  # of halting


@search("recurrent-depth", like_sheet=True, requires=[
    exactly(3, d_model=2, d_head=1, d_v=2, n_layers=2, attention_dir="causal", use_attn_scale=False),
])  # fmt: skip
def _recurrent_depth(task: Task, dice: Dice) -> Iterator[Instance]:
    """A stream (3, 2) of which the second number is 0, the only one that queries are made from: so all words share
    equally in the first pass, with whole means. In the second pass, the last word looks most at one word, and at
    another one with weights of its own. Also logits and states of three passes, and a reversible block.

    Method: rejection sampling.
    """
    base = whole_base(task.config)
    x = np.zeros((PASSES_TRIED, 3, 2), dtype=np.int64)
    x[:, :, 0] = dice.choices(np.array([-3, -2, -1, 1, 2, 3]), PASSES_TRIED, 3)
    w_q = np.zeros((PASSES_TRIED, 2, 1), dtype=np.int64)
    w_q[:, 1] = 2 * dice.below(2, PASSES_TRIED, 1) - 1
    w_k, w_v = dice.below(5, PASSES_TRIED, 2, 1) - REACH, dice.below(5, PASSES_TRIED, 2, 2) - REACH
    w_v[:, 0] = dice.choices(np.array([-2, -1, 1, 2]), PASSES_TRIED, 2)
    sums: Ints = (x @ w_v).cumsum(1)
    words: Ints = np.array([[1], [2], [3]], dtype=np.int64)  # that each one sees
    once: Ints = x + sums // words
    scores, values = _asked(once, w_q, w_k), once @ w_v
    ok: Bools = (sums % words == 0).all((1, 2)) & distinct(once) & distinct(x) & _reads_well(scores, base)
    ok &= (abs(once) <= 4).all((1, 2)) & (abs(values) <= 6).all((1, 2)) & (once != 0).any(2).all(1)
    ok &= (w_v[:, 1] != 0).any(1) & (w_v[:, 0, 1] != w_v[:, 1, 0]) & (w_k != 0).all((1, 2)) & _is_full(values)
    ok &= _are_short_mixtures(scores, values, base)
    for seen in (1, 2):  # by the words that nobody is asked for
        ok &= _reads_well(_asked(once[:, :seen], w_q, w_k), base)
    if not ok.any():
        return
    blocks, stops = _undone(dice), _stops(base)
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        own_q, own_k = (dice.below(5, OWN_TRIED, 2, 1) - REACH for _ in "qk")
        own_v = dice.below(5, OWN_TRIED, 2, 2) - REACH
        other = _asked(once[i, None], own_q, own_k)
        fit: Bools = _reads_well(other, base) & (other.argmax(1) != scores[i].argmax())
        fit &= (abs(once[i] @ own_v) <= 6).all((1, 2)) & ((own_v != 0).sum((1, 2)) > 2) & _is_full(once[i] @ own_v)
        fit &= _are_short_mixtures(other, once[i] @ own_v, base)
        fit &= (own_v != w_v[i]).any((1, 2)) & own_q.all((1, 2)) & (own_v[:, 0, 1] != own_v[:, 1, 0])
        found = np.flatnonzero(fit)
        logits, weights, over = stops[dice.one_below(len(stops))]
        states = _triangle(dice, weights, over)
        if not len(found) or not len(blocks) or states is None:
            continue
        k = found[0]
        y1, y2, w_f, w_g = blocks[dice.one_below(len(blocks))]
        heads = {f"{ATTN}.W_{letter}": [w[i].tolist()] for letter, w in (("Q", w_q), ("K", w_k), ("V", w_v))}
        yield Instance({
            "blocks.0.hook_resid_pre": x[i].tolist(),
            "own.W_Q": own_q[k].tolist(), "own.W_K": own_k[k].tolist(), "own.W_V": own_v[k].tolist(),
            "halt.logits": [list(logits)], "halt.states": states,
            "rev.y1": [y1.tolist()], "rev.y2": [y2.tolist()], "rev.W_F": w_f.tolist(), "rev.W_G": w_g.tolist(),
        }, heads)  # fmt: skip


def _asked(x: Ints, w_q: Ints, w_k: Ints) -> Ints:
    """The scores (count, n) of the last word of a stream (count, n, 2), with queries and keys of one number."""
    return np.asarray(((x[:, -1:] @ w_q) * (x @ w_k))[..., 0])


def _is_full(values: Ints) -> Bools:
    """Which matrices (count, n, m) have neither a row nor a column of 0."""
    return np.asarray((values != 0).any(1).all(1) & (values != 0).any(2).all(1))


def _reads_well(scores: Ints, base: int) -> Bools:
    """Which rows of scores have one largest, small powers, and shares that are easy to make."""
    small = (base ** np.minimum(abs(scores), 6) <= LARGEST_POWER).all(1) & (
        totals(scores, base) <= LARGEST_DENOMINATOR
    )
    return np.asarray(small & one_largest(scores))


def _are_short_mixtures(scores: Ints, values: Ints, base: int) -> Bools:
    """Which rows of scores (count, n) make short fractions of values (count, n, 2)."""
    parts = powers(scores, base)
    mixed, total = (parts[:, None] @ values)[:, 0], parts.sum(1, keepdims=True)
    common = np.gcd(mixed, total)
    return np.asarray((total // common < 8).all(1) & (abs(mixed) // common < 20).all(1))


def _stops(base: int) -> list[tuple[tuple[int, ...], list[Fraction], Fraction]]:
    """Logits of three passes whose probabilities fill up in the last one, what each pass weighs, and by how much the
    last probability is larger, LEAST_OVER or more.
    """
    found = []
    for logits in product(LOGITS, repeat=3):
        first, second, third = (1 / (1 + Fraction(base) ** -logit) for logit in logits)
        left = 1 - first - second
        fits = left > 0 and left + LEAST_OVER <= third and left.denominator <= LARGEST_DENOMINATOR
        if fits and left not in (first, second):
            found.append((logits, [first, second, left], third - left))
    return found


def _triangle(dice: Dice, weights: list[Fraction], over: Fraction) -> list[list[int]] | None:
    """Three states (3, 2), wide apart, whose mixture is a short fraction, also where the last one weighs too much."""
    for states in dice.below(8, STATES_TRIED, 3, 2) - 3:
        (a, b), (c, d) = states[1] - states[0], states[2] - states[0]
        right = [sum(w * int(n) for w, n in zip(weights, column, strict=True)) for column in states.T]
        wrong = [x + over * int(n) for x, n in zip(right, states[2], strict=True)]
        short = max(Fraction(x).denominator for x in (*right, *wrong)) <= LARGEST_DENOMINATOR
        if short and all(right) and states[2].all() and abs(a * d - b * c) > 14:
            return [[int(n) for n in row] for row in states]
    return None


def _undone(dice: Dice) -> list[tuple[Ints, Ints, Ints, Ints]]:
    """Results y₁ and y₂ of reversible blocks with their weights (2, 2). ReLU cuts off one number of two, both for G
    and for F, and what is found is small.
    """
    y1, y2 = (dice.below(9, BLOCKS_TRIED, 2) - 4 for _ in "12")
    w_f, w_g = (dice.below(5, BLOCKS_TRIED, 2, 2) - REACH for _ in "fg")
    pre_g = (y1[:, None] @ w_g)[:, 0]
    x2 = y2 - np.maximum(pre_g, 0)
    pre_f, early = ((half[:, None] @ w_f)[:, 0] for half in (x2, y2))
    x1 = y1 - np.maximum(pre_f, 0)
    ok = ((pre_g > 0).sum(1) == 1) & ((pre_f > 0).sum(1) == 1) & (pre_g < 0).any(1) & (pre_f < 0).any(1)
    ok &= (np.maximum(early, 0) != np.maximum(pre_f, 0)).any(1)
    for numbers, most in ((pre_g, 6), (pre_f, 6), (x2, 4), (x1, 4)):
        ok &= (abs(numbers) <= most).all(1)
    for w in (w_f, w_g):
        ok &= ((w != 0).sum((1, 2)) > 2) & (w[:, 0, 1] != w[:, 1, 0])
    for half in (y1, y2, x1, x2):
        ok &= half.any(1) & (half[:, 0] != half[:, 1])
    return [(y1[i], y2[i], w_f[i], w_g[i]) for i in np.flatnonzero(ok)[:HANDED_ON]]
