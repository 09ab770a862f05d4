"""Numbers of the sheets on the family of transformers: small matrices, drawn many at once, of which a few fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import permutations, product

import numpy as np

from byhand.model.config import Config
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import WEIGHTS, distinct, grid, natural
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.ops.positions import bucket_of

ATTN = "blocks.0.attn"
TURNED_DRAWN = 40_000  # queries and keys that are drawn for rotary positions
HANDED_ON = 40  # instances of one attempt
REACH = 2  # the largest entry of a query or key, in absolute value
VALUES = 3  # the largest entry of a value
LARGEST_DENOMINATOR = 10
LARGEST_TOTAL = 12  # of the powers of a row, where its smallest power is 1
EASY_TOTALS = (4, 5, 6, 7, 8, 9)  # the same where its shares are easy
EASY_TOTALS_OF_SIX = (7, 8, 9, 10, 12)  # the same of six powers
LARGEST_TOTAL_OF_THREES = 16  # the same of powers of 3, few of which have smaller totals


def _totals(scores: Ints, base: int) -> Ints:
    """Whole scores (count, n) → the sum of their powers, divided by the smallest of these; large ones are cut."""
    powers = base ** np.minimum(scores - scores.min(-1, keepdims=True), 6)
    return np.asarray(powers.sum(-1))


def _are_easy(scores: Ints, base: int) -> Bools:
    """Which rows of whole scores (…, n) have easy shares."""
    totals = _totals(scores, base)
    if base > 2:
        return np.asarray(totals <= LARGEST_TOTAL_OF_THREES)
    return np.isin(totals, EASY_TOTALS if scores.shape[-1] < 6 else EASY_TOTALS_OF_SIX)


def one_largest(scores: Ints) -> Bools:
    """Whether one number of a row (…, n) is larger than all others."""
    return np.asarray((scores == scores.max(-1, keepdims=True)).sum(-1) == 1)


def different(scores: Ints) -> Ints:
    """How many different numbers a row (…, n) has."""
    ordered = np.sort(scores, -1)
    return np.asarray(1 + (ordered[..., 1:] != ordered[..., :-1]).sum(-1))


def _shares_are_short(task: Task) -> str:
    """Requires another base than 3, in which three different powers make no sum of one digit."""
    return "shares in powers of 3 are too long here; use softmax_base=2" if whole_base(task.config) == 3 else ""


# ---- relative positions ----

ASKING_TRIED = 6  # queries
KEYS_TRIED = 300  # sets of keys, and of rows for distances, for one query


@search("relative-positions", like_sheet=True, requires=[
    _shares_are_short, exactly(4, d_head=4, use_attn_scale=True, max_relative_position=2),
])  # fmt: skip
def _relative_positions(task: Task, dice: Dice) -> Iterator[Instance]:
    """A query, keys (4, 4) and a table (5, 4) of rows for distances, with even dot products. The last token looks
    most at one token, and at another one without the table; no two rows of the table give it the same score.

    Method: rejection sampling, of keys that have even dot products with the query, and of rows by their products.
    """
    base, rows = whole_base(task.config), grid(4, REACH)
    rows = rows[((rows != 0).sum(1) > 1) & ((abs(rows) > 1).sum(1) < 2)]
    small = rows[abs(rows).max(1) == 1]
    for q in dice.choices(rows[(rows != 0).sum(1) > 2], ASKING_TRIED):
        fit, near = (x[(x @ q % 2 == 0) & (abs(x @ q) <= most)] for x, most in ((rows, 6), (small, 4)))
        found, count = np.unique(near @ q, return_counts=True)
        wanted = np.array([each for each in permutations(found, 5) if _rows_tell(each)], dtype=np.int64)
        if not len(wanted):
            continue
        k, told = dice.choices(fit, KEYS_TRIED, 4), dice.choices(wanted, KEYS_TRIED)
        at = np.searchsorted(found, told)
        near = near[np.argsort(near @ q, kind="stable")]
        table = near[(count.cumsum() - count)[at] + dice.below_each(count[at])]  # (count, 5, 4)
        content = k @ q
        scores = content + told[:, [0, 0, 1, 2]]  # two and more steps back, one, none
        ok = (content.argmax(1) != scores.argmax(1)) & (abs(scores) <= 6).all(1)
        for each in (content, scores):
            ok &= one_largest(each) & (different(each) > 2) & (_totals(each // 2, base) <= LARGEST_DENOMINATOR)
        ok &= natural(k, 10, 45) & natural(table, 15, 50)
        printed = np.concatenate((np.broadcast_to(q, (KEYS_TRIED, 1, 4)), k, table), 1)
        for each in (content, scores, scores - content):  # a row that is printed would give them away
            ok &= ~((printed == each[:, None]) | (2 * printed == each[:, None])).all(-1).any(1)
        for i in np.flatnonzero(ok)[:HANDED_ON]:
            v = dice.below(2 * VALUES + 1, 4, task.config.d_v) - VALUES
            if distinct(v[None]).all() and v.any(1).all() and not (v == v[0]).all(0).any():
                inputs = {"new.q": [q.tolist()], f"{ATTN}.hook_k[0]": k[i].tolist(), f"{ATTN}.hook_v[0]": v.tolist()}
                yield Instance(inputs, {f"{ATTN}.rel_pos_keys": table[i].tolist()})


def _rows_tell(told: Sequence[int]) -> bool:
    """Whether a query's products with the rows, from two steps back to two ahead, show that distances count."""
    return all((told[0], told[-1])) and max(told[:3]) > max(told[3:])


# ---- rotary positions ----


def turned_pairs(x: Ints, config: Config, start: int = 0) -> Ints:
    """Rows (…, n, d) with their pairs turned by quarters, a position a row. start: the position of the first row."""
    width, out = config.turned_width, x.copy()
    for k in range(width // 2):
        p, q = (2 * k, 2 * k + 1) if config.rotary_adjacent_pairs else (k, k + width // 2)
        for t in range(x.shape[-2]):
            quarters = int(4 * (start + t) / config.rotary_periods[k]) % 4
            for _ in range(quarters):
                out[..., t, p], out[..., t, q] = -out[..., t, q], out[..., t, p].copy()
    return out


def _turns_by_quarters(task: Task) -> str:
    c = task.config
    if c.rotary_periods and not any((4 / Fraction(period)).denominator > 1 for period in c.rotary_periods):
        return ""
    return "only quarter turns are rational; use rotary_periods=[4, 2], or give values"


def _last_scores(q: Ints, k: Ints, config: Config, turned: bool) -> Ints:
    """The scores (count, n) of the last token, from queries and keys (count, n, d) that are turned or not."""
    if turned:
        q, k = turned_pairs(q, config), turned_pairs(k, config)
    return np.asarray((q[:, -1:] * k).sum(-1))


def _are_fit(scores: Ints, base: int) -> Bools:
    """Which rows of scores (…, n) are small even numbers with one largest among them, and easy to make shares of."""
    ok: Bools = (scores % 2 == 0).all(-1) & (abs(scores) <= 8).all(-1) & one_largest(scores)
    ok &= _are_easy(scores // 2, base) & (different(scores) > 2)
    return ok


@search("rotary", like_sheet=True, requires=[
    _turns_by_quarters, _shares_are_short, exactly(4, d_head=4, use_attn_scale=True),
])  # fmt: skip
def _rotary(task: Task, dice: Dice) -> Iterator[Instance]:
    """Queries and keys (n, d_head) with whole scores of the last token, turned and not; it looks most at one token,
    and at another one where nothing is turned. Also a query and a key that are arrows.

    Method: rejection sampling.
    """
    c, n = task.config, task.n
    q, k = (dice.below(2 * REACH + 1, TURNED_DRAWN, n, c.d_head) - REACH for _ in "qk")
    fit = (q[:, -1] != 0).sum(1) > 2
    q, k = q[fit], k[fit]
    for turned in (False, True):
        fit = _are_fit(_last_scores(q, k, c, turned), whole_base(c))
        q, k = q[fit], k[fit]
    printed = np.concatenate((q, k, turned_pairs(q, c), turned_pairs(k, c)), axis=1)
    plain, scores = (_last_scores(q, k, c, turned) for turned in (False, True))
    ok = plain.argmax(1) != scores.argmax(1)
    ok &= (abs(q).sum(-1) > 1).all(1) & (abs(k).sum(-1) > 1).all(1)
    for each in (plain, scores):  # a row that is printed would give them away
        ok &= ~(printed == each[:, None] // 2).all(-1).any(1)
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        v = dice.below(2 * VALUES + 1, n, c.d_v) - VALUES
        if not distinct(v[None]).all() or (v == v[0]).all(0).any():
            continue
        rows = {f"{ATTN}.hook_{letter}[0]": x.tolist() for letter, x in (("q", q[i]), ("k", k[i]), ("v", v))}
        arrows = _ARROWS[dice.one_below(len(_ARROWS))]
        yield Instance(rows | {f"dial.{letter}": [list(arrow)] for letter, arrow in zip("qk", arrows, strict=True)})


def _arrows() -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """A query and a key, both arrows, with one dot product where the key is a quarter turn behind, and another where
    it is two; the arrows are never nearer to one line than 25°.
    """
    tips = [tip for tip in product(range(-REACH, REACH + 1), repeat=2) if sum(map(abs, tip)) > 1]
    found = []
    for (x, y), (a, b) in product(tips, repeat=2):
        behind, twice = x * b - y * a, -(x * a + y * b)  # the dot products of (x, y) turned once, twice, with (a, b)
        lengths = (x * x + y * y) * (a * a + b * b)
        if behind and twice and behind != twice and max(abs(behind), abs(twice)) ** 2 <= lengths * 0.81:
            found.append(((x, y), (a, b)))
    return found


_ARROWS = _arrows()


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
    ok &= _totals(scores, whole_base(task.config)) <= LARGEST_OF_TILES
    for row in scores[ok][:HANDED_ON]:
        v = dice.below(2 * VALUES + 1, 2 * TILE, task.config.d_v) - VALUES
        if not distinct(v[None]).all() or (v == v[0]).all(0).any() or not v.any(1).all():
            continue
        parts = {
            "scores": [[row[:TILE].tolist()], [row[TILE:].tolist()]],
            "v": [v[:TILE].tolist(), v[TILE:].tolist()],
        }
        yield Instance({f"attn.tile{t}.{name}": rows[t] for name, rows in parts.items() for t in range(2)})


# ---- heads in groups ----

CARDS_TRIED = 10_000
VALUES_TRIED = 4  # for the same cards of keys
CARDS = ((0, 0), (1, 0), (2, 1), (3, 1), (1, 2), (3, 3))  # which head reads which card, shared ones and own ones
WRONG_CARDS = ((1, 1), (2, 0))  # and with a classic mistake


def _has_four_heads(task: Task) -> str:
    given = task.values.inputs
    shapes = [(len(given[name]), len(given[name][0])) for name in ("attn.q", "attn.k") if name in given]
    return "" if shapes == [(4, 1), (2, 3)] else "numbers are chosen for four heads, two groups and three words"


@search("grouped-query-attention", like_sheet=True, requires=[_has_four_heads])
def _grouped_query_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """Four queries of one number, two cards of keys and of values for three words, and two more cards. Each head
    looks most at one word, and three of them otherwise; with another card, the second and the third would get another
    mixture. With a card of its own, a head looks otherwise than with the shared one.

    Method: rejection sampling.
    """
    base, asking, keys = whole_base(task.config), np.array([-2, -1, 1, 2]), grid(3, REACH)
    scores = asking[:, None, None] * keys
    keys = keys[(_are_easy(scores, base) & one_largest(scores)).any(0)]  # each fits a query
    q, k = (
        dice.choices(asking, CARDS_TRIED, 4),
        dice.choices(keys, CARDS_TRIED, 4),
    )  # two cards are shared
    ok = (q[:, 0] != q[:, 1]) & (q[:, 2] != q[:, 3]) & (different(q) > 2) & distinct(k)
    q, k = q[ok], k[ok]
    scores = np.stack([q[:, head, None] * k[:, card] for head, card in (*CARDS, *WRONG_CARDS)], 1)
    ok = _are_easy(scores[:, : None if base == 2 else len(CARDS)], base).all(1)
    ok &= one_largest(scores[:, : len(CARDS)]).all(1)
    looks = scores - scores.max(2, keepdims=True)  # (count, head, 3): equal where the patterns are
    same = (looks[:, :, None] == looks[:, None]).all(3)
    ok &= ~same[:, [0, 2, 1, 3], [1, 3, 4, 5]].any(1) & (np.triu(same[:, :4, :4], 1).sum((1, 2)) < 2)
    for i in np.repeat(np.flatnonzero(ok), VALUES_TRIED)[:HANDED_ON]:
        v = dice.below(9, 4, 3) - 4
        read = [_mixture(q[i, head] * k[i, card], v[card], base) for head, card in (*CARDS, *WRONG_CARDS)]
        first, second, third, _, *own, second_wrong, third_wrong = read
        others = (second, second_wrong), (third, third_wrong), (second, own[0]), (read[3], own[1]), (first, second)
        if any(one == other for one, other in others) or not distinct(v[None]).all() or (abs(v).sum(1) < 3).any():
            continue
        rows = {"attn.k": k[i, :2], "attn.v": v[:2], "own.k": k[i, 2:], "own.v": v[2:], "attn.q": q[i, :, None]}
        kept = {name: entries for name, entries in task.values.inputs.items() if name not in rows}
        yield Instance(kept | {name: entries.tolist() for name, entries in rows.items()})


def _mixture(scores: Ints, values: Ints, base: int) -> Fraction:
    """What a row of whole scores makes of values."""
    powers = [Fraction(base) ** int(score) for score in scores]
    return sum((x * int(y) for x, y in zip(powers, values, strict=True)), Fraction(0)) / sum(powers)


# ---- biases by distance ----

BIASED_TRIED = 20_000
PLACES, BUCKETS = 6, 4  # the last place asks


@search("position-biases", like_sheet=True, requires=[
    exactly(4, alibi_slopes=(1, 2), d_head=4, relative_attention_max_distance=8),
])  # fmt: skip
def _position_biases(task: Task, dice: Dice) -> Iterator[Instance]:
    """Scores of the last of four tokens, which looks most at one with the fall of the first slope and at another
    without; and scores of six places, with a number for each of four buckets.

    Method: rejection sampling.
    """
    base, back = whole_base(task.config), np.arange(3, -1, -1)
    scores = dice.below(7, BIASED_TRIED, 4) - 3
    ok = scores.argmax(1) != (scores - back).argmax(1)
    for biased in (scores, scores - back):
        ok &= _are_easy(biased, base) & one_largest(biased)
    places, table = (dice.below(5, BIASED_TRIED, size) - 2 for size in (PLACES, BUCKETS))
    furthest = task.config.relative_attention_max_distance
    summed = places + table[:, [bucket_of(steps, BUCKETS, furthest) for steps in range(PLACES - 1, -1, -1)]]
    fits = _are_easy(summed, base) & one_largest(summed)
    fits &= (different(table) > 2) & (different(places) > 2) & (table[:, 0] != table[:, 1])
    for i, k in zip(np.flatnonzero(ok), np.flatnonzero(fits)[:HANDED_ON], strict=False):
        v = dice.below(2 * VALUES + 1, 4, task.config.d_v) - VALUES
        if distinct(v[None]).all() and not (v == v[0]).all(0).any():
            rows = {
                "attn.raw": 2 * scores[i, None],
                "attn.v": v,
                "t5.scores": places[k, None],
                "t5.table": table[k, None],
            }
            yield Instance({name: entries.tolist() for name, entries in rows.items()})


# ---- sparse patterns ----

SPARSE_TRIED = 20_000
FAR = 1  # the place of the token that the last one looks at, outside the window


@search("sparse-patterns", like_sheet=True, requires=[exactly(6, window_size=3)])
def _sparse_patterns(task: Task, dice: Dice) -> Iterator[Instance]:
    """Scores of the last of six tokens, which looks most at the second; in a window of three, which does not hold it,
    it looks most at one. Also how far a window reaches that ends softly.

    Method: rejection sampling.
    """
    base, width = whole_base(task.config), task.config.window_size
    scores = dice.below(5, SPARSE_TRIED, task.n) - 1
    ok = scores.argmax(1) == FAR
    ok &= different(scores) > 2
    for seen in (scores, scores[:, -width:]):
        ok &= _are_easy(seen, base) & one_largest(seen)
    for row in scores[ok][:HANDED_ON]:
        v = dice.below(2 * VALUES + 1, task.n, task.config.d_v) - VALUES
        span = 1 + dice.one_below(2)
        if not distinct(v[None]).all() or (v == v[0]).all(0).any():
            continue
        kept = {name: task.values.inputs[name] for name in ("span.back", "span.ramp")}
        yield Instance({"attn.scores": [row.tolist()], "attn.v": v.tolist(), "span.z": [[span]], **kept})


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
    powers = base ** (logits - logits.min(2, keepdims=True))
    first = (logits == logits.max(2, keepdims=True)).sum(1)  # of all words, how many ask each expert first
    found, whole = EXPERTS * (first * powers.sum(1)).sum(1), logits.shape[1] ** 2 * (1 + base + base**2)
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
    ok &= one_largest(shares) & one_largest(plain) & _are_easy(plain, base)
    ok &= _are_small(shares, norms[:, 2:]).all(1)
    for x in (q, k):
        ok &= (x < 0).any((1, 2)) & (x > 0).any((1, 2)) & distinct(x)
    for i in np.repeat(np.flatnonzero(ok), 2 * VALUES_TRIED):
        v = dice.below(2 * VALUES + 1, 3, 2) - VALUES
        parcels = positive[i, :, :, None] * v[:, None]  # (3, 2, 2), in units of 1 ÷ base
        states = parcels.cumsum(0)
        reads = (asking[i, :, :, None] * states).sum(1)  # (3, 2), in units of 1 ÷ base²
        small = _are_small(states, base).all() and _are_small(reads, base**2).all()
        early, norm = asking[i, 1] @ states[2], asking[i, 1] @ positive[i].sum(0)  # of the second word, too early
        short = (np.maximum(abs(early), norm) < 10 * np.gcd(early, norm)).all()
        zeros = (np.concatenate((parcels, states)) == 0).sum((1, 2))
        short &= (reads[1:, 0] != reads[1:, 1]).all()
        if not (small and short) or not _are_small(reads[1:], norms[i, 1:, None]).all() or zeros.max() > 1:
            continue
        if distinct(v[None]).all() and not (v == v[0]).all(0).any():
            yield Instance({f"{ATTN}.hook_{x}[0]": rows.tolist() for x, rows in (("q", q[i]), ("k", k[i]), ("v", v))})


def _are_small(numbers: Ints, units: Ints | int) -> Bools:
    """Which numbers, counted in units of 1 ÷ units, are small whole numbers or fractions."""
    common = np.gcd(numbers, units)
    above, below = abs(numbers) // common, units // common
    return np.asarray((below <= LARGEST_DENOMINATOR) & (above <= np.where(below == 1, 9, 19)))


# ---- a memory of the segment before ----

SEGMENTS_TRIED, HEADS_TRIED = 700, 40  # segments with what makes queries, and for each what makes keys and values
DISTANCES_TRIED = 400  # rows of distances, for one bias
MEMORY = 2  # words of the memory, and as many of the segment


@search("segment-memory", like_sheet=True, requires=[
    _shares_are_short,
    exactly(2, d_model=4, d_head=4, d_v=2, mem_len=MEMORY, max_relative_position=0, use_attn_scale=True),
])  # fmt: skip
def _segment_memory(task: Task, dice: Dice) -> Iterator[Instance]:
    """Rows of a memory and of a segment (2, 4), weights of −1, 0 and 1, two biases, and a row for each of four
    distances (4, 4). The last token looks most at one of the memory, and its products are even.

    Method: rejection sampling, first of what keys and queries are made of, then of biases and distances.
    """
    base, small = whole_base(task.config), grid(4, 1)
    seen, w_q = dice.below(5, SEGMENTS_TRIED, 2 * MEMORY, 4) - REACH, dice.below(3, SEGMENTS_TRIED, 4, 4) - 1
    q = seen @ w_q  # the memory's own are those that a classic mistake makes
    ok = (abs(q[:, :MEMORY]) <= 5).all((1, 2)) & _are_small_and_differ(q[:, MEMORY:], 3, 2)
    ok &= natural(w_q, 15, 50) & distinct(seen) & (abs(seen).sum(2) > 1).all(1)
    seen, w_q, q = (np.repeat(each[ok], HEADS_TRIED, 0) for each in (seen, w_q, q[:, MEMORY:]))
    w_k, w_v = (dice.below(3, len(seen), 4, cols) - 1 for cols in (4, 2))
    k, v = seen @ w_k, seen @ w_v
    plain = (q[:, 1:] * k[:, MEMORY:]).sum(-1)
    ok = (plain % 2 == 0).all(1) & one_largest(plain) & (abs(plain) <= 8).all(1) & (np.ptp(plain, 1) <= 6)
    ok &= _are_small_and_differ(k, 4, 1) & _are_small_and_differ(v, 4, 1) & natural(w_k, 15, 50)
    biases = small[(small != 0).sum(1) == 2]
    for i in np.flatnonzero(ok):
        asked = biases[:, None] + q[i]  # (bias, 2, 4)
        content, full = asked @ k[i].T, (asked[:, 1] != 0).sum(1) > 1
        fit = (
            full & (content[:, 1] % 2 == 0).all(1) & (abs(content) <= 8).all((1, 2)) & (different(content[:, 1]) > 2)
        )
        if not fit.any():
            continue
        n, own = dice.choices(np.flatnonzero(fit), 1)[0], dice.choices(biases[full], 1)[0]
        asking = q[i] + own
        rows = small[(small @ asking[1] % 2 == 0) & (abs(small @ asking[1]) <= 4) & small.any(1)]
        a = dice.choices(rows, DISTANCES_TRIED, 2 * MEMORY)
        told = np.einsum("nrd,qd->nqr", a, asking)  # (count, 2, distance)
        good = distinct(a) & (different(told[:, 1]) > 2) & ((a @ biases[n]) != (a @ own)).any(1)
        first, last = content[n, 0, :3] + told[:, 0, 1:], content[n, 1] + told[:, 1]
        for each in (first, last):
            good &= one_largest(each) & (abs(each) <= 8).all(1) & (different(each) > 2) & (each % 2 == 0).all(1)
            good &= _totals(each // 2, base) <= LARGEST_DENOMINATOR
        for m in np.flatnonzero(good & (last.argmax(1) < MEMORY))[:1]:
            tables = (table for x in (seen[i], w_q[i], w_k[i], k[i], a[m]) for table in (x, x.T))
            answers = (q[i, 1], asked[n, 1], asking[1], content[n, 1], told[m, 1], last[m], last[m] // 2)
            if {tuple(row.tolist()) for table in tables for row in table} & {tuple(x.tolist()) for x in answers}:
                continue  # what is printed would give an answer away
            given = {"hook_resid_pre": seen[i, MEMORY:], "attn.mem": seen[i, :MEMORY], "attn.rel_pos_keys[0]": a[m]}
            heads = {"W_Q": w_q[i, None], "W_K": w_k[i, None], "W_V": w_v[i, None]}
            heads |= {"r_w_bias": biases[n, None], "r_r_bias": own[None]}
            yield Instance(
                {f"blocks.0.{name}": each.tolist() for name, each in given.items()},
                {f"{ATTN}.{name}": each.tolist() for name, each in heads.items()},
            )


def _are_small_and_differ(rows: Ints, most: int, least: int) -> Bools:
    """Which matrices (…, n, cols) have different rows, of numbers up to `most`, and in each `least` other than 0."""
    return np.asarray((abs(rows) <= most).all((1, 2)) & ((rows != 0).sum(2) >= least).all(1) & distinct(rows))


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
    fit &= _are_easy(scores // 2, base)
    x, latent, q, scores, *few = (each[fit] for each in (x, latent, q, scores, *w.values()))
    w = dict(zip(w, few, strict=True))
    k, v, absorbed = latent @ w["W_UK"], latent @ w["W_UV"], (q @ w["W_UK"].swapaxes(1, 2))[:, 0]
    ok: Bools = absorbed.all(1)
    for each, most in ((latent, 3), (k, 5), (v, 5), (q, 4), (scores, 8), (absorbed, 6)):
        ok &= (abs(each).reshape(len(each), -1) <= most).all(1)
    for rows in (latent, k, v):
        ok &= (abs(rows).sum(2) > 0).all(1)
    ok &= distinct(latent) & distinct(v) & ((q != 0).sum((1, 2)) > 2) & (abs(x).sum(1) > 0).all(1)
    ok &= (abs(w["W_DKV"]).sum(2) > 0).all(1) & (abs(w["W_UK"]).sum(1) > 0).all(1)
    a, b = latent[:, [0, 0, 1]], latent[:, [1, 2, 2]]  # each two words
    ok &= (a[..., 0] * b[..., 1] != a[..., 1] * b[..., 0]).all(1)
    ok &= w["W_UV"][:, 0, 0] * w["W_UV"][:, 1, 1] != w["W_UV"][:, 0, 1] * w["W_UV"][:, 1, 0]
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        weights = {name: each[i].tolist() for name, each in w.items()}
        given = {name: entries for name, entries in task.values.inputs.items() if name != "blocks.0.hook_resid_pre"}
        heads = {f"{ATTN}.{name}": rows if name == "W_DKV" else [rows] for name, rows in weights.items()}
        yield Instance(given | {"blocks.0.hook_resid_pre": x[i].tolist()}, heads)


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
    powers = np.where(apart <= ordered[:, 2:3], base ** (FAR_OFF - apart), 0)
    near = np.stack([(powers * (words == word)).sum(1) for word in range(3)], 1)  # (count, 3)
    own, kept = base**logits, powers.sum(1, keepdims=True)
    total = own.sum(1, keepdims=True)
    mixed = own * kept + near * total
    ok = ((near > 0).sum(1) == 2) & (kept[:, 0] != base**FAR_OFF) & one_largest(mixed)
    ok &= mixed.argmax(1) != logits.argmax(1)
    whole = 2 * kept * total
    for numbers, units, most in ((powers, kept, LARGEST_DENOMINATOR), (mixed, whole, LARGEST_MIXED)):
        ok &= (units // np.gcd(numbers, units) <= most).all(1)
    ok &= _totals(logits, base) <= LARGEST_DENOMINATOR
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        given = {"knn.keys": keys[i], "knn.query": query[i], "logits": logits[i, None]}
        yield Instance({name: rows.tolist() for name, rows in given.items()})


def _stands_in(parts: Ints, matrices: Ints) -> Bools:
    """Which matrices (…, rows, cols) hold another one, (…, fewer rows, fewer cols), with its numbers side by side."""
    windows = np.lib.stride_tricks.sliding_window_view(matrices, parts.shape[-2:], axis=(-2, -1))
    return np.asarray((windows == parts[..., None, None, :, :]).all((-2, -1)).any((-2, -1)))


# ---- fewer keys ----

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
        fit = queries[(scores % 2 == 0).all(1) & (abs(scores) <= 8).all(1) & (np.ptp(scores, 1) <= 4)]
        plain = fit @ k[i].T
        last = (plain % 2 == 0).all(1) & one_largest(plain) & (_totals(plain // 2, base) <= most)
        last &= (different(plain) > 2) & (fit @ keys[i].T @ [1, -1] != 0)
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


# ---- hashed attention ----

HASHED_TRIED, THROWN = 4000, 40  # tables of words, and directions for each
FRIEND = 1  # the place of the token that the last one looks at most without buckets, and does not see with them
OUTERMOST = 5  # the largest number that a row and a direction make, in absolute value
PATCH = 41  # the largest squared length of a point that has room in the circle of buckets
SIGNS = grid(4, 1)[grid(4, 1).all(1)]  # every row of 1 and −1


def _thrown(dice: Dice, q: Ints) -> tuple[Ints, Ints, Ints, Bools]:
    """Rows (count, n, 4) → directions for each (count, 4, 2), the points that they make, the buckets of these, and
    whether all points are clearly in one.
    """
    r = dice.choices(WEIGHTS, len(q), 4, 2)
    along = q @ r
    ok: Bools = (r != 0).any(2).all(1) & ((r != 0).sum(1) > 2).all(1) & (abs(r).sum((1, 2)) < 10)
    ok &= (abs(along).max((1, 2)) <= OUTERMOST) & ((along**2).sum(2) <= PATCH).all(1) & distinct(along)
    ok &= (abs(along[..., 0]) != abs(along[..., 1])).all(1)
    return r, along, np.concatenate((along, -along), 2).argmax(2), ok


@search("hashed-attention", like_sheet=True, requires=[
    exactly(6, d_head=4, num_buckets=4),
])  # fmt: skip
def _hashed_attention(task: Task, dice: Dice) -> Iterator[Instance]:
    """Six different rows of 1 and −1. The last looks most at the second, which is in another bucket; two others are
    in its own, and it looks at these with different shares. By other directions, the second is in its bucket.

    Method: rejection sampling. Scores are half the dot products.
    """
    base, last = whole_base(task.config), task.n - 1
    q = dice.choices(SIGNS, HASHED_TRIED, task.n)
    dots = (q[:, :last] * q[:, last:]).sum(2)  # (count, 5)
    ok: Bools = (dots.argmax(1) == FRIEND) & one_largest(dots) & distinct(q)
    ok &= _totals(dots // 2, base) <= LARGEST_DENOMINATOR
    q, scores = (np.repeat(x[ok], THROWN, 0) for x in (q, dots // 2))
    r, _, bucket, ok = _thrown(dice, q)
    met = bucket[:, :last] == bucket[:, last:]
    ok &= (met.sum(1) == 2) & ~met[:, FRIEND] & (np.sort(np.where(met, scores, -9), 1)[:, -2:] == [-1, 0]).all(1)
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        again, _, box, fits = _thrown(dice, np.repeat(q[None, i, [FRIEND, last]], THROWN, 0))
        fits &= (box[:, 0] == box[:, 1]) & (again != r[i]).any((1, 2))
        if fits.any():
            rows = {f"{ATTN}.hook_q[0]": q[i].tolist(), "again.R": again[fits.argmax()].tolist()}
            yield Instance(rows, {f"{ATTN}.W_R": [r[i].tolist()]})


# ---- one row in many members of the family ----

ROWS_TRIED = 40_000
MATES = ((0, 1), (0, 2), (1, 2))  # who shares the bucket of the last of four words
LATENTS = (3, 4, 5)  # numbers in a latent
LARGEST_OF_ROW = 15  # the largest denominator of shares


@search("family-tree", like_sheet=True, requires=[exactly(4, d_head=2, window_size=2)])
def _family_tree(task: Task, dice: Dice) -> Iterator[Instance]:
    """Queries and keys (4, 2), also whole as means of two keys, of which the last word looks most at the first; its
    shares have few parts in every member of the family. Also who shares its bucket, and how much is kept.

    Method: rejection sampling.
    """
    base, n = whole_base(task.config), task.n
    q = dice.below(2 * REACH + 1, ROWS_TRIED, n, 2) - REACH
    k = dice.below(2 * REACH + 1, ROWS_TRIED, n, 2) - REACH
    k[:, 1::2] = k[:, ::2] + 2 * (k[:, 1::2] // 2)  # so that the mean of two is whole
    fit = (q[:, -1] != 0).all(1) & (abs(k) <= REACH).all((1, 2))
    q, k = q[fit], k[fit]
    scores = (q[:, -1:] * k).sum(-1)
    fit = (scores.argmax(1) == 0) & distinct(k)
    q, k, scores = q[fit], k[fit], scores[fit]
    fallen, pairs = scores - np.arange(n - 1, -1, -1), scores.reshape(-1, 2, 2).sum(2) // 2
    ok: Bools = np.ones(len(scores), dtype=bool)
    for row in (scores, fallen, scores[:, -2:], pairs):
        ok &= (_totals(row, base) <= LARGEST_OF_ROW) & (abs(row) <= 5).all(1) & one_largest(row)
    ok &= _parts(_positive(q[:, -1:], base) * _positive(k, base)) <= LARGEST_OF_ROW
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        mates = [mates for mates in MATES if np.ptp(scores[i, list(mates)]) in (1, 2)]
        if mates:
            bucket = (*mates[dice.one_below(len(mates))], n - 1)
            given = {
                "attn.q": q[i],
                "attn.k": k[i],
                "hash.bucket": np.array([[1 if t in bucket else 2] for t in range(n)]),
            }
            numbers = {name: rows.tolist() for name, rows in given.items()}
            yield Instance({**task.values.inputs, **numbers, "latent": [[LATENTS[dice.one_below(len(LATENTS))]]]})


def _positive(x: Ints, base: int) -> Ints:
    """φ(x) of numbers of at least −2, as multiples of one over the square of the base."""
    return np.where(x < 0, base ** (2 + np.clip(x, -2, 0)), (x + 1) * base**2)


def _parts(products: Ints) -> Ints:
    """Products (…, n, d), added up to n numbers each → in how many equal parts one has to be cut for their shares."""
    rows = products.sum(-1)
    return np.asarray(rows.sum(-1) // np.gcd.reduce(rows, axis=-1))


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
    x[:, :, 0] = dice.below(7, PASSES_TRIED, 3) - 3
    w_q = np.zeros((PASSES_TRIED, 2, 1), dtype=np.int64)
    w_q[:, 1] = 2 * dice.below(2, PASSES_TRIED, 1) - 1
    w_k, w_v = dice.below(5, PASSES_TRIED, 2, 1) - REACH, dice.below(5, PASSES_TRIED, 2, 2) - REACH
    sums: Ints = (x @ w_v).cumsum(1)
    words: Ints = np.array([[1], [2], [3]], dtype=np.int64)  # that each one sees
    once: Ints = x + sums // words
    scores, values = _asked(once, w_q, w_k), once @ w_v
    ok: Bools = (sums % words == 0).all((1, 2)) & _reads_well(scores, base) & distinct(once) & distinct(x)
    ok &= (abs(once) <= 4).all((1, 2)) & (abs(values) <= 6).all((1, 2)) & (once != 0).any(2).all(1)
    ok &= ((w_v != 0).sum((1, 2)) > 2) & (w_v[:, 0, 1] != w_v[:, 1, 0]) & (w_k != 0).all((1, 2))
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
        fit &= (abs(once[i] @ own_v) <= 6).all((1, 2)) & ((own_v != 0).sum((1, 2)) > 2)
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


def _reads_well(scores: Ints, base: int) -> Bools:
    """Which rows of scores have one largest, small powers, and shares that are easy to make."""
    small = (base ** np.minimum(abs(scores), 6) <= LARGEST_POWER).all(1) & (
        _totals(scores, base) <= LARGEST_DENOMINATOR
    )
    return np.asarray(small & one_largest(scores))


def _are_short_mixtures(scores: Ints, values: Ints, base: int) -> Bools:
    """Which rows of scores (count, n) make short fractions of values (count, n, 2)."""
    powers = base ** np.minimum(scores - scores.min(1, keepdims=True), 6)
    mixed, total = (powers[:, None] @ values)[:, 0], powers.sum(1, keepdims=True)
    common = np.gcd(mixed, total)
    return np.asarray((total // common < 8).all(1) & (abs(mixed) // common < 20).all(1))


def _stops(base: int) -> list[tuple[tuple[int, ...], list[Fraction], Fraction]]:
    """Logits of three passes whose probabilities fill up in the last one, what each pass weighs, and by how much the
    last probability is larger.
    """
    found = []
    for logits in product(LOGITS, repeat=3):
        first, second, third = (1 / (1 + Fraction(base) ** -logit) for logit in logits)
        left = 1 - first - second
        if 0 < left < third and left.denominator <= LARGEST_DENOMINATOR and left not in (first, second):
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
