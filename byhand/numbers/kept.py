"""Numbers of sheets on what is kept and what is computed: tiles, shared heads, a state, a latent, few keys."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from byhand.model.names import ATTN
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct, grid
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import (
    HANDED_ON,
    LARGEST_DENOMINATOR,
    REACH,
    are_easy,
    different,
    draw_values,
    one_largest,
    totals,
)

# ---- softmax in tiles ----

SCORES_TRIED = 2000  # rows of scores
TILE = 2
LARGEST_OF_TILES = 14  # of the powers of both tiles: with smaller ones, the largest score would always grow by 1


def _has_two_tiles(task: Task) -> str:
    tiles = [name for name in task.values.inputs if name.endswith("scores")]
    shape = {len(task.values.inputs[name][0]) for name in tiles}
    return "" if (len(tiles), shape) == (2, {TILE}) else "numbers are chosen for two tiles of two scores; use these"


@search("flash-attention", like_sheet=True, requires=[_has_two_tiles])
def _flash_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """Scores in two tiles, of which the second has a larger one by 1 or 2, and values (n, d_v).

    Method: rejection sampling.
    """
    scores = dice.below(5, SCORES_TRIED, 2 * TILE)
    first, second = scores[:, :TILE], scores[:, TILE:]
    grown = second.max(1) - first.max(1)
    ok = (grown > 0) & (grown < 3) & one_largest(first) & one_largest(second) & (different(scores) > 2)
    ok &= totals(scores, whole_base(task.config)) <= LARGEST_OF_TILES
    for row in scores[ok][:HANDED_ON]:
        v = draw_values(dice, 2 * TILE, task.config.d_v)
        if v is None or not v.any(1).all():
            continue
        parts = {
            "scores": [[row[:TILE].tolist()], [row[TILE:].tolist()]],
            "v": [v[:TILE].tolist(), v[TILE:].tolist()],
        }
        yield Instance({f"attn.tile{t}.{name}": rows[t] for name, rows in parts.items() for t in range(2)})


# ---- heads in groups ----

CARDS_TRIED = 10_000
VALUES_TRIED = 4  # for the same keys
CARDS = ((0, 0), (1, 0), (2, 1), (3, 1), (1, 2), (3, 3))  # which head reads which card, shared ones and own ones
WRONG_CARDS = ((1, 1), (2, 0))  # and with a classic mistake


def _has_four_heads(task: Task) -> str:
    given = task.values.inputs
    shapes = [(len(given[name]), len(given[name][0])) for name in ("attn.q", "attn.k") if name in given]
    return "" if shapes == [(4, 1), (2, 3)] else "numbers are chosen for four heads, two groups and three words"


@search("grouped-query-attention", like_sheet=True, requires=[_has_four_heads])
def _grouped_query_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """Four queries of one number, two cards of keys and of values for three words, and two more cards. Each head
    looks most at one word, the last two at different ones, and three of them otherwise; with another card, the second
    and the third would get another mixture. With a card of its own, a head looks otherwise than with the shared one.

    Method: rejection sampling.
    """
    base, asking, keys = whole_base(task.config), np.array([-2, -1, 1, 2]), grid(3, REACH)
    scores = asking[:, None, None] * keys
    keys = keys[(are_easy(scores, base) & one_largest(scores)).any(0)]  # each fits a query
    q, k = (dice.choices(each, CARDS_TRIED, 4) for each in (asking, keys))  # the first two cards are shared
    ok = (q[:, 0] != q[:, 1]) & (q[:, 2] != q[:, 3]) & (different(q) > 2) & distinct(k)
    q, k = q[ok], k[ok]
    scores = np.stack([q[:, head, None] * k[:, card] for head, card in (*CARDS, *WRONG_CARDS)], 1)
    ok = are_easy(scores[:, : None if base == 2 else len(CARDS)], base).all(1)
    ok &= one_largest(scores[:, : len(CARDS)]).all(1)
    looks = scores - scores.max(2, keepdims=True)  # (count, head, 3): equal where the patterns are
    same = (looks[:, :, None] == looks[:, None]).all(3)
    ok &= scores[:, 2].argmax(1) != scores[:, 3].argmax(1)
    ok &= ~same[:, [0, 2, 1, 3], [1, 3, 4, 5]].any(1) & (np.triu(same[:, :4, :4], 1).sum((1, 2)) < 2)
    for i in np.repeat(np.flatnonzero(ok), VALUES_TRIED)[:HANDED_ON]:
        v = dice.below(9, 4, 3) - 4
        read = [_mixture(q[i, head] * k[i, card], v[card], base) for head, card in (*CARDS, *WRONG_CARDS)]
        first, second, third, _, *own, second_wrong, third_wrong = read
        others = (
            (second, second_wrong), (third, third_wrong), (second, own[0]), (read[3], own[1]), (first, second), own,
        )  # fmt: skip
        if any(one == other for one, other in others) or not distinct(v[None]).all() or not _tell_words_apart(v):
            continue
        rows = {"attn.k": k[i, :2], "attn.v": v[:2], "own.k": k[i, 2:], "own.v": v[2:], "attn.q": q[i, :, None]}
        kept = {name: entries for name, entries in task.values.inputs.items() if name not in rows}
        yield Instance(kept | {name: entries.tolist() for name, entries in rows.items()})


def _tell_words_apart(v: Ints) -> bool:
    """Whether each row of values has two different numbers, and is not mostly 0."""
    return bool(((np.ptp(v, 1) > 0) & (abs(v).sum(1) > 2)).all())


def _mixture(scores: Ints, values: Ints, base: int) -> Fraction:
    """What a row of whole scores makes of values."""
    powers = [Fraction(base) ** int(score) for score in scores]
    return sum((x * int(y) for x, y in zip(powers, values, strict=True)), Fraction(0)) / sum(powers)


# ---- linear attention ----

LINEAR_TRIED = 40_000
LARGEST_NORM = 9  # what a word reads is divided by it


def _has_three_words(task: Task) -> str:
    given = task.values.inputs.get(f"{ATTN}.hook_q[0]", ())
    found = task.n, len(given[0]) if given else 0, task.config.d_v
    return "" if found == (3, 2, 2) else "numbers are chosen for three tokens, and queries and values of two numbers"


@search("linear-attention", like_sheet=True, requires=[_has_three_words])
def _linear_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """Queries, keys and values (3, 2). Made positive, a query times the sum of the keys is a small whole number for
    the last two words; the last one looks most at one word, with these shares and with softmax.

    Method: rejection sampling; numbers above 0 are counted in units of 1 ÷ base.
    """
    base = whole_base(task.config)
    q, k = (dice.below(4, LINEAR_TRIED, 3, 2) - 1 for _ in "qk")
    asking, positive = (np.where(x < 0, 1, base * (x + 1)) for x in (q, k))
    norms = (asking * positive.cumsum(1)).sum(-1)  # (count, 3), in units of 1 ÷ base²
    shares, plain = (asking[:, 2, None] * positive).sum(-1), (q[:, 2, None] * k).sum(-1)
    ok = (norms[:, 1:] % base**2 == 0).all(1) & (norms[:, 1:] <= LARGEST_NORM * base**2).all(1)
    ok &= one_largest(shares) & one_largest(plain) & are_easy(plain, base)
    ok &= _are_small(shares, norms[:, 2:]).all(1)
    for x in (q, k):
        ok &= (x < 0).any((1, 2)) & (x > 0).any((1, 2)) & distinct(x)
    for i in np.repeat(np.flatnonzero(ok), 2 * VALUES_TRIED):
        v = draw_values(dice, 3, 2)
        if v is None:
            continue
        parcels = positive[i, :, :, None] * v[:, None]  # (3, 2, 2), in units of 1 ÷ base
        states = parcels.cumsum(0)
        reads = (asking[i, :, :, None] * states).sum(1)  # (3, 2), in units of 1 ÷ base²
        small = _are_small(states, base).all() and _are_small(reads, base**2).all()
        early, norm = asking[i, 1] @ states[2], asking[i, 1] @ positive[i].sum(0)  # of the second word, too early
        short = (np.maximum(abs(early), norm) < 10 * np.gcd(early, norm)).all()
        zeros = (np.concatenate((parcels, states)) == 0).sum((1, 2))
        short &= (reads[1:, 0] != reads[1:, 1]).all()
        if small and short and _are_small(reads[1:], norms[i, 1:, None]).all() and zeros.max() <= 1:
            yield Instance({f"{ATTN}.hook_{x}[0]": rows.tolist() for x, rows in (("q", q[i]), ("k", k[i]), ("v", v))})


def _are_small(numbers: Ints, units: Ints | int) -> Bools:
    """Which numbers, counted in units of 1 ÷ units, are small whole numbers or fractions."""
    common = np.gcd(numbers, units)
    above, below = abs(numbers) // common, units // common
    return np.asarray((below <= LARGEST_DENOMINATOR) & (above <= np.where(below == 1, 9, 19)))


# ---- latent attention ----

LATENTS_TRIED = 60_000


@search("latent-attention", like_sheet=True, requires=[exactly(3, d_model=4, d_head=4, d_v=2, kv_lora_rank=2)])
def _latent_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """A stream (3, 4) and weights of −1, 0 and 1. Latents, keys and values are small, and the scores of the last word
    are whole when they are divided by 2, too.

    Method: rejection sampling.
    """
    base, x = whole_base(task.config), dice.below(5, LATENTS_TRIED, 3, 4) - REACH
    shapes = {"W_DKV": (4, 2), "W_UK": (2, 4), "W_UV": (2, 2), "W_Q": (4, 4)}
    w = {name: dice.below(3, LATENTS_TRIED, *shape) - 1 for name, shape in shapes.items()}
    latent, q = x @ w["W_DKV"], x[:, -1:] @ w["W_Q"]
    scores = ((q @ w["W_UK"].swapaxes(1, 2)) @ latent.swapaxes(1, 2))[:, 0]
    fit = one_largest(scores) & (different(scores) > 1) & (scores % 2 == 0).all(1)
    fit &= are_easy(scores // 2, base)
    x, latent, q, scores, *few = (each[fit] for each in (x, latent, q, scores, *w.values()))
    w = dict(zip(w, few, strict=True))
    k, v, absorbed = latent @ w["W_UK"], latent @ w["W_UV"], (q @ w["W_UK"].swapaxes(1, 2))[:, 0]
    ok: Bools = absorbed.all(1)
    for each, most in ((latent, 3), (k, 5), (v, 5), (q, 4), (scores, 8), (absorbed, 6)):
        ok &= (abs(each).reshape(len(each), -1) <= most).all(1)
    ok &= (k != 0).any(2).all(1) & ((q != 0).sum((1, 2)) > 2) & (abs(x).sum(1) > 0).all(1)
    ok &= (abs(w["W_DKV"]).sum(2) > 0).all(1) & (abs(w["W_UK"]).sum(1) > 0).all(1)
    a, b = latent[:, [0, 0, 1]], latent[:, [1, 2, 2]]  # of each two words: neither is a multiple of the other
    ok &= (a[..., 0] * b[..., 1] != a[..., 1] * b[..., 0]).all(1)
    ok &= w["W_UV"][:, 0, 0] * w["W_UV"][:, 1, 1] != w["W_UV"][:, 0, 1] * w["W_UV"][:, 1, 0]
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        weights = {name: each[i].tolist() for name, each in w.items()}
        given = {name: entries for name, entries in task.values.inputs.items() if name != "blocks.0.hook_resid_pre"}
        heads = {f"{ATTN}.{name}": rows if name == "W_DKV" else [rows] for name, rows in weights.items()}
        yield Instance(given | {"blocks.0.hook_resid_pre": x[i].tolist()}, heads)


# ---- fewer keys ----

LARGEST_TOTAL = 12  # of the powers of a row, where its smallest power is 1
POURED_TRIED = 4000  # keys and values
QUERIES_TRIED = 40  # for the same keys
PARTNERS = (1, 2, 3)  # of the first word, in its cup


@search("low-rank-attention", like_sheet=True, requires=[
    exactly(4, n_ctx=4, d_head=4, d_v=2, linformer_k=2, use_attn_scale=True),
])  # fmt: skip
def _low_rank_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """Queries, keys (4, 4) and values (4, 2), and two cups of two words each. All scores of the cups are even, and so
    are those that the last word has with all keys.

    Method: rejection sampling.
    """
    base, queries = whole_base(task.config), grid(4, REACH)
    most = max(LARGEST_TOTAL, (base + 1) ** 2)  # scores of 1, 0, 0 and −1
    queries = queries[((queries != 0).sum(1) > 1) & (abs(queries).sum(1) < 6)]
    cups = np.zeros((len(PARTNERS), 2, 4), dtype=np.int64)
    for cup, partner in zip(cups, PARTNERS, strict=True):
        cup[0, [0, partner]] = 1
        cup[1] = 1 - cup[0]
    cup = dice.choices(cups, POURED_TRIED)
    k, v = dice.below(2 * REACH + 1, POURED_TRIED, 4, 4) - REACH, dice.below(9, POURED_TRIED, 4, 2) - 4
    keys, values = cup @ k, cup @ v  # (count, 2, d), the values twice their means
    ok: Bools = (abs(keys) <= 3).all((1, 2)) & ((keys != 0).sum(2) > 1).all(1) & ((k != 0).sum(2) > 1).all(1)
    ok &= distinct(k) & distinct(v) & (v != 0).any(2).all(1) & (values % 2 == 0).all((1, 2))
    ok &= (values[:, 0] != values[:, 1]).all(1) & (values != 0).any(2).all(1) & (abs(values) <= 8).all((1, 2))
    for printed in (k, keys):  # which would give them away
        ok &= ~_stands_in(values // 2, printed)
    ok &= ((keys == cup @ k.swapaxes(1, 2)).sum((1, 2)) < 5) & ((k == 0).sum((1, 2)) < 6)
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        scores = queries @ keys[i].T  # (count, 2)
        fit = queries[(scores % 2 == 0).all(1) & (abs(scores) <= 8).all(1) & np.isin(np.ptp(scores, 1), (2, 4))]
        plain = fit @ k[i].T
        last = (plain % 2 == 0).all(1) & one_largest(plain) & (totals(plain // 2, base) <= most)
        last &= different(plain) > 2
        pairs = plain[:, np.argsort(-cup[i][0], kind="stable")]  # those of the first cup, then those of the second
        last &= (pairs[:, 0] != pairs[:, 1]) & (pairs[:, 2] != pairs[:, 3])
        if not last.any():
            continue
        q = dice.choices(fit, QUERIES_TRIED, 4)
        q[:, -1] = dice.choices(fit[last], QUERIES_TRIED)
        leads = q @ keys[i].T @ np.array([1, -1])  # (count, 4): by how much each word prefers the first cup
        good = distinct(q) & (different(leads) == 4)
        scores, plain = q @ keys[i].T // 2, q[:, -1:] @ k[i].T // 2
        wrong = (cup[i] @ k[i].T)[None]  # the dimensions poured together, which is printed as an error
        for found, printed in (
            *((scores, each) for each in (q, k[i, None])),
            (2 * scores, k[i, None]),
            *((plain, each) for each in (k[i].T[None], wrong, -wrong)),
            *((2 * plain, each) for each in (wrong, -wrong)),
            *((each, q) for each in (values[i, None] // 2, keys[i, None])),
        ):
            good &= ~_stands_in(found, printed)
        for rows in q[good][:1]:
            given = {name: task.values.inputs[name] for name in ("n_ctx", "linformer_k")}
            heads = {f"{ATTN}.hook_{x}[0]": each.tolist() for x, each in (("q", rows), ("k", k[i]), ("v", v[i]))}
            halves = [[Fraction(int(x), 2) for x in row] for row in cup[i]]
            yield Instance(given | heads, {f"{ATTN}.E": cup[i].tolist(), f"{ATTN}.F": halves})


def _stands_in(parts: Ints, matrices: Ints) -> Bools:
    """Which matrices (…, rows, cols) hold another one, (…, fewer rows, fewer cols), with its numbers side by side."""
    windows = np.lib.stride_tricks.sliding_window_view(matrices, parts.shape[-2:], axis=(-2, -1))
    return np.asarray((windows == parts[..., None, None, :, :]).all((-2, -1)).any((-2, -1)))
