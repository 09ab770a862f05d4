"""Numbers of sheets on how far apart words are: rows for distances, turns, biases, a memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import permutations, product

import numpy as np

from byhand.model.config import Config
from byhand.model.names import ATTN
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct, grid, natural
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
from byhand.ops.positions import bucket_of


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
            ok &= one_largest(each) & (different(each) > 2) & (totals(each // 2, base) <= LARGEST_DENOMINATOR)
        ok &= natural(k, 10, 45) & natural(table, 15, 50)
        printed = np.concatenate((np.broadcast_to(q, (KEYS_TRIED, 1, 4)), k, table), 1)
        for each in (content, scores, scores - content):  # a row that is printed would give them away
            ok &= ~((printed == each[:, None]) | (2 * printed == each[:, None])).all(-1).any(1)
        for i in np.flatnonzero(ok)[:HANDED_ON]:
            v = draw_values(dice, 4, task.config.d_v)
            if v is not None and v.any(1).all():
                inputs = {"new.q": [q.tolist()], f"{ATTN}.hook_k[0]": k[i].tolist(), f"{ATTN}.hook_v[0]": v.tolist()}
                yield Instance(inputs, {f"{ATTN}.rel_pos_keys": table[i].tolist()})


def _rows_tell(told: Sequence[int]) -> bool:
    """Whether a query's products with the rows, from two steps back to two ahead, show that distances count."""
    return all((told[0], told[-1])) and max(told[:3]) > max(told[3:])


# ---- rotary positions ----

TURNED_DRAWN = 40_000  # queries and keys that are drawn for rotary positions


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
    ok &= are_easy(scores // 2, base) & (different(scores) > 2)
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
        v = draw_values(dice, n, c.d_v)
        if v is None:
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


# ---- biases by distance ----

BIASED_TRIED = 20_000
PLACES, BUCKETS = 6, 4  # the last place asks
EASY_BIASED = (9, 12, 15)  # totals of four powers of 2, the smallest being 1, of which at least three differ
LOWEST = -4  # the lowest score for which the picture has room


@search("position-biases", like_sheet=True, requires=[
    _shares_are_short, exactly(4, alibi_slopes=(1, 2), d_head=4, relative_attention_max_distance=8),
])  # fmt: skip
def _position_biases(task: Task, dice: Dice) -> Iterator[Instance]:
    """Scores of the last of four tokens, at least three of them different with and without the fall of the first
    slope; it looks most at one token with the fall and at another without, and at one only with the second slope.
    And scores of six places, with another number for each of four buckets.

    Method: rejection sampling.
    """
    base, back = whole_base(task.config), np.arange(3, -1, -1)
    scores = dice.below(7, BIASED_TRIED, 4) - 3
    ok = (scores.argmax(1) != (scores - back).argmax(1)) & one_largest(scores - 2 * back)
    for biased in (scores, scores - back):
        ok &= np.isin(totals(biased, base), EASY_BIASED) & one_largest(biased)
        ok &= (different(biased) > 2) & (biased.min(1) >= LOWEST)
    places, table = (dice.below(5, BIASED_TRIED, size) - 2 for size in (PLACES, BUCKETS))
    furthest = task.config.relative_attention_max_distance
    summed = places + table[:, [bucket_of(steps, BUCKETS, furthest) for steps in range(PLACES - 1, -1, -1)]]
    fits = are_easy(summed, base) & one_largest(summed)
    fits &= (different(table) == BUCKETS) & (different(places) > 2)
    for i, k in zip(np.flatnonzero(ok), np.flatnonzero(fits)[:HANDED_ON], strict=False):
        v = draw_values(dice, 4, task.config.d_v)
        if v is not None:
            rows = {
                "attn.raw": 2 * scores[i, None],
                "attn.v": v,
                "t5.scores": places[k, None],
                "t5.table": table[k, None],
            }
            yield Instance({name: entries.tolist() for name, entries in rows.items()})


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
            good &= totals(each // 2, base) <= LARGEST_DENOMINATOR
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
