"""An attention layer in whole numbers and small fractions: first W_Q and W_K, then W_V, then W_O.

1. `find_heads`: the rows that attention reads → W_Q and W_K with whole scores and patterns of small denominators. 2.
`find_mixtures`: those heads → one head or several with their W_V, and the columns of W_O that turn the fractions in
z, the heads' results, into whole numbers. 3. `plain_updates`, `friendly_updates`: a mixture → W_O whose sum with the
stream is small, or has a rational norm.

Each stage computes many candidates at once, as one axis of an array, and hands on those that fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from math import isqrt

import numpy as np
from msgspec import Struct

from byhand.model.config import Config
from byhand.numbers.combine import Condition, Join, combine_columns
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import (
    are_natural_columns,
    codes,
    distinct,
    distinct_rows,
    few_point_apart,
    grid,
    natural,
    preferring_apart,
    told_apart,
    weight_columns,
    whole_products,
)
from byhand.numbers.norms import (
    DOUBLED_DEVIATIONS,
    WIDE,
    can_be_scaled,
    has_both_signs,
    have_two_sizes,
    is_friendly,
    starting_rows_of,
    sums_for,
    unit_of,
    vary_as_normed,
    whole_differences,
)
from byhand.numbers.promises import FEW_TOKENS, Limits
from byhand.numbers.registry import Requirement, Task, is_plain

# 1. W_Q and W_K

# By softmax base, what the powers of a row of scores may add up to. These sums are the denominators of its pattern,
# up to 10, the largest of a sheet. Powers of 2 make enough rows without sevenths and ninths; powers of 3 do not.
ROW_TOTALS = {2: (1, 2, 3, 4, 5, 6, 8, 10), 3: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)}
# By softmax base, how far apart the scores of a row may be, and how far from 0: no power exceeds 2³ = 8 or 3² = 9.
SCORE_SPREAD = {2: 3, 3: 2}
OF_THREE_SCORES = 7  # in powers of 2, what 1 + 2 + 4 add up to: three different scores, for a head that is alone

TELLING_COLUMNS = 2000  # columns that W_Q and W_K are made of, drawn from `weight_columns`
KEYS_DRAWN = 600  # W_K that are drawn; the natural ones with the shortest keys are tried
KEYS_PER_HEAD = 8  # W_K that are tried, for each head
PATIENCE = 2  # no more W_K are tried if those without heads are this many more than those with heads
PATIENCE_CROWDED = 16  # the same where every token sees many, since most W_K have no heads then
HEADS_PER_KEY = 24  # W_Q that are kept for each W_K; with twice as many, the search takes a quarter longer
QUERY_BEAMS = 150  # states of the beam search for W_Q
QUERY_SAMPLES = 500  # W_Q that are drawn for one token, times the number of tokens beyond two
QUERY_ROWS_TRIED = 200  # queries that are drawn where they are listed

# 2. W_V

MIXTURES_TRIED = 2000  # mixtures that are drawn; for five tokens twice as many, and in eight dimensions four times
VALUE_COLUMNS = 400  # columns that W_V is made of, drawn from `weight_columns`
VALUES_PER_HEAD = 15  # columns with the smallest denominators, for each head, from which its W_V is drawn
MIXTURES_JOINED = 3  # mixtures for which the columns of W_O are listed, which takes most of the time
MIXTURES_JOINED_OF_FIVE = 10  # the same for five tokens, where many mixtures have too few columns
MIXTURES_PLAIN = 3  # mixtures that are handed on where no W_O follows
W_O_COLUMNS = 20_000  # columns of W_O that are drawn if there are more
W_O_COLUMNS_NEEDED = 8  # a mixture with fewer columns is left out: it hardly ever has a W_O

# 3. W_O

PLAIN_UPDATES_TRIED = 1500  # W_O that are drawn where no norm reads the sum
UPDATE_BEAMS = 100  # states of the beam search for W_O
UPDATE_SAMPLES = {4: 3000, 8: 10_000}  # by d_model: W_O that are drawn for one token, times the tokens beyond two
# In eight dimensions hardly any W_O that is drawn fits. So all rows that may be added to the first tokens are listed;
# they leave so few choices that W_O can be drawn for the later ones.
TOKENS_LISTED = 3
SUMS_LISTED = 1000  # rows that may be added to such a token; they are drawn if there are more
COLUMNS_PAIRED = 300  # columns of W_O, for each of four dimensions, of which pairs are listed
QUADRUPLES = 5000  # W_O that are made of two such pairs


class AttentionInput(Struct, frozen=True):
    """The rows that attention reads."""

    query_rows: Ints
    """The rows from which queries are computed, (n, d_model)."""
    key_rows: Ints
    """The rows from which keys and values are computed, (m, d_model)."""
    visible: Bools
    """Which key rows each query row may see, (n, m)."""
    over_queries: int = 1
    """What the query rows are numerators over."""
    over_keys: int = 1
    """What the key rows are numerators over."""
    is_promised: bool = False
    """Whether a sheet promises of FEW_TOKENS rows what is found of fewer anyway: that they are told apart, and that
    their patterns tell."""
    tells_three: bool = False
    """Whether a row of a pattern may be made of the powers 1, 2 and 4."""

    @property
    def is_crowded(self) -> bool:
        """Whether every row sees more than FEW_TOKENS: then few patterns are good."""
        return self.visible.shape[1] > FEW_TOKENS and bool(self.visible.all())


def self_attention_input(x: Ints, config: Config, over: int = 1) -> AttentionInput:
    """Rows x (n, d_model), numerators over `over`, that see each other; with a causal mask, each sees the rows up to
    its own.
    """
    full = np.ones((len(x), len(x)), dtype=bool)
    return AttentionInput(x, x, np.tril(full) if config.attention_dir == "causal" else full, over, over)


def cross_attention_input(x: Ints, memory: Ints, over: int = 1, over_memory: int = 1) -> AttentionInput:
    """A decoder's rows x (n, d_model), which see all of an encoder's rows, memory (m, d_model).

    over, over_memory: what the rows are numerators over.
    """
    return AttentionInput(x, memory, np.ones((len(x), len(memory)), dtype=bool), over, over_memory)


def whole_base(config: Config) -> int:
    """The base of softmax for the search: 2 in place of e, whose powers are not rational."""
    return config.softmax_base if isinstance(config.softmax_base, int) else 2


# ---- 1. W_Q and W_K ----


class Heads(Struct, frozen=True):
    """Many heads on the same rows."""

    W_Q: Ints
    """An array (count, d_model, d_head)."""
    W_K: Ints
    """An array (count, d_model, d_head)."""
    powers: Ints
    """The powers base ^ (score − the lowest of its row), 0 where masked: (count, n, m)."""
    totals: Ints
    """The sums of the rows of powers, (count, n); powers over totals are the pattern."""
    cost: Ints
    """The lower, the easier to compute by hand: (count)."""

    def __len__(self) -> int:
        return len(self.W_Q)

    def subset(self, places: Ints) -> Heads:
        """The heads at these places."""
        return Heads(self.W_Q[places], self.W_K[places], self.powers[places], self.totals[places], self.cost[places])


def find_heads(dice: Dice, read: AttentionInput, config: Config, limits: Limits) -> list[Heads]:
    """What attention reads → for each of a few W_K, up to HEADS_PER_KEY heads that have it, the easiest first.

    Method: W_K are tried one after the other, until as many have heads as `find_mixtures` needs, or too many have
    none.
    """
    n, count = len(read.query_rows), config.n_heads
    enough = 2 * count - 1 if n <= 3 or (count > 1 and n == 4) else 2 * count  # of W_K with heads
    patience = PATIENCE_CROWDED if read.is_crowded else PATIENCE
    columns, products = _telling_columns(dice, read.query_rows, read.over_queries, limits)
    if len(columns) < 2 * config.d_head:
        return []
    by_key: list[Heads] = []
    for tried, w_k in enumerate(_find_keys(dice, read, config, limits, KEYS_PER_HEAD * count)):
        failed = tried - len(by_key)
        if len(by_key) == enough or failed - len(by_key) >= patience:
            break
        heads = _find_queries(dice, read, w_k, columns, products, config, limits)
        if len(heads):
            by_key.append(heads.subset(np.argsort(heads.cost, kind="stable")[:HEADS_PER_KEY]))
    return by_key


def _telling_columns(dice: Dice, x: Ints, over: int, limits: Limits) -> tuple[Ints, Ints]:
    """Rows x (n, d_model), numerators over `over` → columns of W_Q or W_K (count, d_model) whose products with the
    rows are whole, small and not all equal, and these products (count, n).
    """
    columns = weight_columns(x.shape[1])
    if len(columns) > TELLING_COLUMNS:
        columns = columns[dice.sample(len(columns), TELLING_COLUMNS)]
    columns, products = whole_products(columns, x, over)
    reach = limits.query if len(x) <= FEW_TOKENS else min(limits.query, 3)  # with many tokens, few scores are small
    fit = (abs(products).max(1) <= reach) & (products.max(1) > products.min(1))
    return columns[fit], products[fit]


def _find_keys(dice: Dice, read: AttentionInput, config: Config, limits: Limits, count: int) -> Ints:
    """What attention reads → up to `count` natural W_K (count, d_model, d_head) whose keys all differ, in random
    order.

    Method: rejection sampling. Those with the shortest keys are taken, since they leave most queries possible.
    """
    columns, products = _telling_columns(dice, read.key_rows, read.over_keys, limits)
    if len(columns) < 2 * config.d_head:
        return np.zeros((0, read.key_rows.shape[1], config.d_head), np.int64)
    picks = dice.below(len(columns), KEYS_DRAWN, config.d_head)
    w, k = columns[picks].swapaxes(1, 2), products[picks].swapaxes(1, 2)  # k: (KEYS_DRAWN, m, d_head)
    ok = natural(w, 25, 50) & distinct(k) & told_apart(k) & few_point_apart(k)
    ok &= (k == 0).sum((1, 2)) * 100 <= 45 * k[0].size
    if read.is_promised:
        ok = preferring_apart(ok, k)
    shortest = np.argsort((k[ok] ** 2).sum((1, 2)), kind="stable")
    best: Ints = w[ok][shortest[:count]]
    return best[dice.permutation(len(best))]


def _find_queries(
    dice: Dice, read: AttentionInput, w_k: Ints, columns: Ints, products: Ints, config: Config, limits: Limits
) -> Heads:
    """One W_K (d_model, d_head) → heads that have it.

    columns: (count, d_model), columns that W_Q may have. products: (count, n), their products with the query rows.

    Method: beam search for the columns of W_Q over the tokens (`combine_columns`). A token's query must have whole
    scores and a good row of the pattern. For up to FEW_TOKENS tokens, queries are drawn and tested. For more, or
    where there are more keys than queries, all possible queries are tested once, and listed.
    """
    x, visible, k = read.query_rows, read.visible, read.key_rows @ w_k // read.over_keys
    n, width = len(x), config.d_head
    root = isqrt(width) if config.use_attn_scale else 1
    base = whole_base(config)

    def scored(q: Ints) -> tuple[Bools, Ints]:
        """Queries (count, d_head) → which of them have whole scores (count), and these scores (m, number of them)."""
        raw = np.rint(k.astype(np.float64) @ q.T.astype(np.float64)).astype(np.int64)  # exact: small
        whole: Bools = np.asarray((abs(raw) <= limits.integer).all(0))
        if root > 1:
            whole &= (raw % root == 0).all(0)
        return whole, raw[:, whole] // root

    def fits(i: int, q: Ints) -> Bools:
        """Queries (count, d_head) → which of them the token i may have (count)."""
        whole, scores = scored(q)
        whole[whole] = row_fits(scores, visible[i], base, read.tells_three)
        return whole

    # the last row is the first level of the beam: it sees most, so fewest queries fit
    conditions: list[Condition] = [partial(fits, i) for i in reversed(range(n))]
    if n > FEW_TOKENS or len(k) > max(n, 3):
        queries = grid(width, int(abs(products).max()))
        whole, scores = scored(queries)
        masks = np.unique(visible, axis=0)
        fitting = {mask.tobytes(): queries[whole][row_fits(scores, mask, base, read.tells_three)] for mask in masks}
        conditions = [fitting[mask.tobytes()] for mask in visible[::-1]]
    members = combine_columns(
        dice, products[:, ::-1], width, conditions,
        beams=QUERY_BEAMS, samples=QUERY_SAMPLES * max(1, n - 2), rows_tried=QUERY_ROWS_TRIED,
    )  # fmt: skip
    w_q = columns[members].swapaxes(1, 2)  # (count, d_model, d_head)
    q = x @ w_q // read.over_queries
    ok = natural(w_q, 25, 50) & distinct(q) & told_apart(q) & few_point_apart(q)
    ok &= (q == 0).sum((1, 2)) * 100 <= 45 * n * width
    ok &= (w_q != w_k).any((1, 2))
    if x.shape[1] == width:  # a student who transposes W_Q or W_K must get other numbers
        ok &= (x @ w_q.swapaxes(1, 2) != read.over_queries * q).any((1, 2))
        ok &= bool((read.key_rows @ w_k.T != read.over_keys * k).any())
    w_q, q = w_q[ok], q[ok]
    all_scores = q @ k.T // root  # (count, n, m)
    ok = distinct_rows(all_scores.swapaxes(1, 2)) >= (3 if read.is_crowded else min(len(k), 4))
    if len(k) == n:  # and so must a student who transposes the scores
        ok &= (all_scores != all_scores.swapaxes(1, 2)).any((1, 2))
    w_q, q, all_scores = w_q[ok], q[ok], all_scores[ok]
    powers, totals, uniform = _patterns(all_scores, visible, base)
    sees_many = visible.sum(1) > 1  # (n), rows that see more than one token
    ok = ~uniform[:, -1] & (uniform[:, sees_many].sum(1) * 2 <= sees_many.sum())
    if len(k) <= 3 or (n <= FEW_TOKENS and not visible.all()):
        positive = ((all_scores > 0) & visible).any(2).sum(1)
        ok &= ~uniform[:, sees_many].any(1) & distinct(powers) & (positive >= min(2, int(sees_many.sum())))
    ok &= _somebody_looks_elsewhere(powers, read)
    if read.is_promised:
        positive = (all_scores > 0).any(2).sum(1) > 1
        clear = ((powers == powers.max(2, keepdims=True)).sum(2) == 1).all(1)
        ok &= clear & distinct(powers) & positive
        ok = preferring_apart(ok, q)
    if (apart := ok & _shares_differ(powers)).any():  # behind a norm, three rows that all see each other cannot
        ok = apart
    w_q, q, all_scores, powers, totals = w_q[ok], q[ok], all_scores[ok], powers[ok], totals[ok]
    cost = _heads_cost(q, k, all_scores, totals) + dice.below(12, len(w_q))
    return Heads(w_q, np.broadcast_to(w_k, w_q.shape), powers, totals, cost)


def row_fits(scores: Ints, visible: Bools, base: int, tells_three: bool = False) -> Bools:
    """Scores (m, count), each column one row of a pattern → (count), which rows are good.

    visible: (m), the entries that are not masked. In a good row scores and powers are small, the powers add up to one
    of ROW_TOTALS, or of 1, 2 and 4 where they may be (tells_three), and no entry of the pattern is above 9/10.
    """
    shown = scores[visible]
    low, high = shown.min(0), shown.max(0)
    spread = SCORE_SPREAD[base]
    ok: Bools = (high - low <= spread) & (low >= -spread) & (high <= spread)
    powers = base ** np.clip(shown - low, 0, spread)
    totals = powers.sum(0)
    uniform = high == low
    allowed = (*ROW_TOTALS[base], OF_THREE_SCORES) if tells_three else ROW_TOTALS[base]
    ok &= np.isin(np.where(uniform, len(shown), totals), allowed)
    ok &= (low < 0) | (totals * base ** np.clip(low, 0, spread) <= 9)  # whole powers add up to one digit
    if len(shown) > 1:
        ok &= powers.max(0) * 10 <= 9 * totals
    return ok


def _patterns(scores: Ints, visible: Bools, base: int) -> tuple[Ints, Ints, Bools]:
    """Scores (count, n, m) → powers (count, n, m) and totals (count, n) as in `Heads`, and which rows of the pattern
    are uniform (count, n).
    """
    low = np.where(visible, scores, 99).min(-1)
    powers = np.where(visible, base ** np.clip(scores - low[..., None], 0, SCORE_SPREAD[base]), 0)
    totals = powers.sum(-1)
    return powers, totals, totals == visible.sum(1)


def _somebody_looks_elsewhere(powers: Ints, read: AttentionInput) -> Bools:
    """Powers (count, n, m) → (count), where a row that looks most at one word looks at another than its own. This is
    asked of three to FEW_TOKENS rows that look at each other.
    """
    n, looks_at_itself = powers.shape[1], read.query_rows is read.key_rows
    if not looks_at_itself or not 3 <= n <= FEW_TOKENS:
        return np.ones(len(powers), dtype=bool)
    largest = powers == powers.max(2, keepdims=True)
    elsewhere: Bools = ((largest.sum(2) == 1) & ~largest[:, np.arange(n), np.arange(n)]).any(1)
    return elsewhere


def _shares_differ(powers: Ints) -> Bools:
    """Powers (count, n, m) → (count), where not all of three rows or more have the same powers in some order."""
    ordered = np.sort(powers, axis=2)
    differ: Bools = (ordered != ordered[:, :1]).any((1, 2)) | (powers.shape[1] < 3)
    return differ


def _heads_cost(q: Ints, k: Ints, scores: Ints, totals: Ints) -> Ints:
    """How hard heads are to compute by hand, and how dull, (count): a sum of penalties for queries and keys beyond
    ±4, zeros, scores beyond ±2, totals above 6, and equal totals.
    """
    cost: Ints = 3 * np.maximum(0, abs(q).max((1, 2)) - 4) + 3 * max(0, int(abs(k).max()) - 4)
    cost += (q == 0).sum((1, 2)) + (scores == 0).sum((1, 2))
    cost += 2 * np.maximum(0, abs(scores).max((1, 2)) - 2) + 2 * (totals > 6).sum(1)
    ordered = np.sort(totals, axis=1)
    cost += 3 * (ordered[:, 1:] == ordered[:, :-1]).sum(1)
    return cost


# ---- 2. W_V ----


class Mixture(Struct, frozen=True):
    """The heads of one layer with their W_V, and what W_O may be made of."""

    W_Q: Ints
    """An array (heads, d_model, d_head)."""
    W_K: Ints
    """An array (heads, d_model, d_head)."""
    W_V: Ints
    """An array (heads, d_model, d_v)."""
    z: Ints
    """The heads' results side by side, (n, heads · d_v), as numerators over a common denominator of each row."""
    off_uniform: Ints
    """Their difference from the results of uniform attention, (n, heads · d_v), as numerators over another
    denominator."""
    columns: Ints
    """Columns that W_O may have, whose products with z are whole: (count, heads · d_v)."""
    products: Ints
    """These whole numbers, (count, n)."""

    @property
    def heads(self) -> int:
        return len(self.W_Q)


def find_mixtures(
    dice: Dice, read: AttentionInput, heads_by_key: list[Heads], config: Config, limits: Limits, *,
    tries: int = MIXTURES_TRIED, has_output: bool = True,
) -> Iterator[Mixture]:  # fmt: skip
    """Heads, a list for each W_K → layers of as many heads as the config has, each of another W_K, with their W_V.

    has_output: whether W_O follows. If so, the mixtures for which W_O has most possible columns come first; if not,
    those in which about a third of z are fractions.

    Method: rejection sampling of heads and W_V, `tries` at once.
    """
    count, width = config.n_heads, config.d_v
    n, d_model = read.query_rows.shape
    tries *= 1 if n < 5 else d_model // 2
    columns, products = _value_columns(dice, read.key_rows, read.over_keys, limits)
    if len(heads_by_key) < count or len(columns) < 2 * width:
        return
    keys = (dice.below(len(heads_by_key), tries)[:, None] + np.arange(count)) % len(heads_by_key)  # (tries, heads)
    places = dice.below_each(np.array([len(heads) for heads in heads_by_key])[keys])
    starts = np.cumsum([0, *(len(heads) for heads in heads_by_key)])[:-1]
    all_powers = np.concatenate([heads.powers for heads in heads_by_key])
    chosen = starts[keys] + places  # (tries, heads), places in all_powers
    powers = all_powers[chosen]
    totals = powers.sum(-1)  # (tries, heads, n)
    common = np.lcm.reduce(totals, axis=1)  # (tries, n)
    easy = _easy_values(all_powers, products)
    picks = easy[chosen[..., None], dice.below(easy.shape[1], tries, count, width)]
    v = products[picks].swapaxes(2, 3)  # (tries, heads, m, d_v)
    w_v = columns[picks].swapaxes(2, 3)  # (tries, heads, d_model, d_v)
    by_head = powers @ v * (common[:, None] // totals)[..., None]  # (tries, heads, n, d_v)
    over = np.lcm.reduce(common, axis=1)[:, None] // common  # (tries, n), so that all rows have one denominator
    seen = read.visible.sum(1)
    uniform = read.visible.astype(np.int64) @ v
    off_uniform = _side_by_side(by_head * seen[:, None] - uniform * common[:, None, :, None])
    z = _side_by_side(by_head)
    fractions = (z % common[..., None] != 0).sum((1, 2))
    ok = natural(w_v).all(1) & (fractions >= 1) & (fractions * 2 <= z[0].size + 1)
    ok &= (
        (v != v[:, :, :1]).any((2, 3)).all(1)
        & told_apart(v).all(1)
        & few_point_apart(v).all(1)
        & told_apart(by_head * over[:, None, :, None]).all(1)
        & ((z == 0).sum((1, 2)) * 3 <= z[0].size)
    )
    ok &= (off_uniform[:, -1] != 0).any(1) & ((off_uniform != 0).any(2).sum(1) >= min(2, n - 1))
    ok &= _heads_differ(powers, totals, seen) & _few_ugly(z, common, limits)
    if read.is_promised:
        ok = preferring_apart(ok, by_head * over[:, None, :, None], v)
    kept = np.flatnonzero(ok)
    if has_output:
        divisor = common // np.gcd(common, np.gcd.reduce(z, axis=2))  # (tries, n): one column in this many is whole
        rarity = divisor[kept].prod(1)
        kept = kept[np.argsort(rarity, kind="stable")[: MIXTURES_JOINED if n < 5 else MIXTURES_JOINED_OF_FIVE]]
        outputs = _whole_columns(dice, z[kept], common[kept], config, limits)
    else:
        off_third = abs(3 * fractions[kept] - z[0].size)  # 0 where a third of z are fractions
        kept = kept[np.argsort(off_third, kind="stable")][:MIXTURES_PLAIN]
        outputs = ((i, *(np.zeros((0, 1), np.int64),) * 2) for i in range(len(kept)))
    for i, out_columns, out_products in outputs:
        t = kept[i]
        pairs = list(zip(keys[t], places[t], strict=True))
        yield Mixture(
            np.array([heads_by_key[key].W_Q[place] for key, place in pairs]),
            np.array([heads_by_key[key].W_K[place] for key, place in pairs]),
            w_v[t], z[t], off_uniform[t], out_columns, out_products,
        )  # fmt: skip


def _value_columns(dice: Dice, x: Ints, over: int, limits: Limits) -> tuple[Ints, Ints]:
    """Rows x (m, d_model), numerators over `over` → columns of W_V (count, d_model) whose products with the rows are
    whole, small and not all equal, and these products (count, m).
    """
    columns, products = whole_products(weight_columns(x.shape[1]), x, over)
    sample = dice.sample(len(columns), VALUE_COLUMNS)
    columns, products = columns[sample], products[sample]
    fit = (abs(products).max(1) <= limits.query) & (products.max(1) > products.min(1))
    return columns[fit], products[fit]


def _easy_values(powers: Ints, products: Ints) -> Ints:
    """Heads' powers (heads, n, m) and products of columns of W_V (columns, m) → for each head, the places of columns
    whose part of z has small denominators (heads, 2 · VALUES_PER_HEAD).

    Half of them have the smallest of all columns, half the smallest of those that make a fraction.

    Method: a look-up table has the denominator of a/b in lowest terms, by a modulo b and b.
    """
    totals = powers.sum(2)[..., None]  # (heads, n, 1)
    sums = np.rint(powers.astype(np.float64) @ products.T.astype(np.float64)).astype(np.int32)  # exact: small
    numbers = np.arange(totals.max() + 1)
    denominators = numbers // np.maximum(1, np.gcd(numbers, numbers[:, None]))
    size = denominators[sums % totals.astype(np.int32), totals].prod(1)  # (heads, columns), product over the tokens
    with_fraction = np.where(size == 1, totals.max() ** powers.shape[2] + 1, size)  # without a fraction: last
    return np.concatenate([_smallest_places(size), _smallest_places(with_fraction)], 1)


def _smallest_places(size: Ints) -> Ints:
    """Sizes (heads, columns) → the places of the VALUES_PER_HEAD smallest of each row, in the order of the places; of
    equal sizes, the first.
    """
    places = size.shape[1]
    last = min(VALUES_PER_HEAD, places) - 1
    smallest = np.partition(size * places + np.arange(places), last, axis=1)[:, :VALUES_PER_HEAD]
    in_order: Ints = np.sort(smallest, axis=1) % places
    return in_order


def _side_by_side(heads: Ints) -> Ints:
    """Results by head (tries, heads, n, d_v) → the heads side by side (tries, n, heads · d_v)."""
    tries, count, n, width = heads.shape
    return heads.swapaxes(1, 2).reshape(tries, n, count * width)


def _heads_differ(powers: Ints, totals: Ints, seen: Ints) -> Bools:
    """Powers (tries, heads, n, m) and totals (tries, heads, n) → (tries), where no two heads have the same last row
    of the pattern, nor, of up to FEW_TOKENS rows, any other that sees several words.

    seen: (n), how many words each row sees.
    """
    ok = np.ones(len(powers), dtype=bool)
    rows = np.flatnonzero(seen > 1) if len(seen) <= FEW_TOKENS else [-1]
    for a in range(powers.shape[1]):
        for b in range(a):
            one, other = powers[:, a] * totals[:, b, :, None], powers[:, b] * totals[:, a, :, None]
            ok &= (one != other).any(2)[:, rows].all(1)
    return ok


def _few_ugly(z: Ints, common: Ints, limits: Limits) -> Bools:
    """Numerators z (tries, n, width) over denominators (tries, n) → (tries), where at most one fraction has, in
    lowest terms, a numerator beyond 20; none where the limits allow no ugly number.
    """
    shared = np.gcd(z, common[..., None])
    ugly = (abs(z) // shared > 20) & (shared < common[..., None])
    few: Bools = ugly.sum((1, 2)) <= min(limits.ugly, 1)
    return few


def _whole_columns(
    dice: Dice, z: Ints, common: Ints, config: Config, limits: Limits
) -> Iterator[tuple[int, Ints, Ints]]:
    """Numerators z (count, n, width) over denominators (count, n) → for each z, the one with most columns first: its
    place, the columns of W_O (columns, width) whose products with it are whole, and these products (columns, n).

    A z with fewer than W_O_COLUMNS_NEEDED such columns is left out.

    Method: meet in the middle. A column is made of two halves. For each token, the products of the halves must be
    opposite modulo the denominator. The remainders of all tokens are the digits of one number in mixed radix, so that
    halves fit if their numbers are equal: an equi-join (`Join`).
    """
    width = config.n_heads * config.d_v
    largest = 3 if z.shape[1] > 3 and width <= 4 else 2  # of an entry: many tokens leave few columns without ±3
    halves = [grid(side, largest) for side in (width // 2, width - width // 2)]
    joins = []
    for numerators, modulus in zip(z, common, strict=True):
        parts = np.split(numerators, [width // 2], axis=1)
        radix = np.cumprod(np.append(1, modulus[:-1]))
        opposite = zip(halves, parts, (1, -1), strict=True)
        joins.append(Join(*(sign * half @ part.T % modulus @ radix for half, part, sign in opposite)))
    for i in np.argsort([-join.count for join in joins], kind="stable"):
        pairs = zip(halves, joins[i].pairs(dice, W_O_COLUMNS), strict=True)
        columns = np.concatenate([half[side] for half, side in pairs], 1)
        columns = columns[are_natural_columns(columns, twos=2)]
        products = columns @ z[i].T // common[i]
        fit = (abs(products).max(1) <= min(2 * limits.stream, limits.integer)) & (products != 0).any(1)
        if fit.sum() >= W_O_COLUMNS_NEEDED:
            yield int(i), columns[fit], products[fit]


# ---- 3. W_O ----


class Update(Struct, frozen=True):
    """A W_O, and the stream before and after the attention layer."""

    W_O: Ints
    """An array (heads · d_v, d_model)."""
    added: Ints
    """What the layer adds, (n, d_model)."""
    before: Ints
    """The stream's rows before the layer, (n, d_model), which may differ from those that the search began with
    (`FriendlySums.is_free`), as numerators if those were."""
    after: Ints
    """The sums, (n, d_model); if a norm reads them, their units."""


def uses_attention(mixture: Mixture, w_o: Ints, added: Ints) -> Bools:
    """W_O (count, width, d_model) and what they add (count, n, d_model) → (count), which of them are natural and make
    attention and every head matter.

    Uniform attention would change the last row and at least one other. A head left out would change at least two
    rows. Something is added to every token.
    """
    ok = natural(w_o)
    changed = (mixture.off_uniform @ w_o != 0).any(2)  # (count, n)
    rows = min(2, changed.shape[1] - 1)
    ok &= changed[:, -1] & (changed.sum(1) >= rows)
    for head in np.split(np.arange(w_o.shape[1]), mixture.heads):
        ok &= ((mixture.z[:, head] @ w_o[:, head] != 0).any(2).sum(1) >= rows) & (w_o[:, head] != 0).any(2).all(1)
    ok &= (added != 0).any(2).all(1) & told_apart(added)
    return ok


def plain_updates(dice: Dice, mixture: Mixture, x: Ints, limits: Limits) -> list[Update]:
    """A mixture → up to 4 W_O whose sum with the rows x (n, d_model) is small, for a layer without a norm after it.

    Method: rejection sampling.
    """
    members = dice.below(len(mixture.products), PLAIN_UPDATES_TRIED, x.shape[1])
    w_o, added = mixture.columns[members].swapaxes(1, 2), mixture.products[members].swapaxes(1, 2)
    sums = x + added
    ok = (
        uses_attention(mixture, w_o, added)
        & distinct(sums)
        & told_apart(sums)
        & few_point_apart(sums)
        & (abs(sums).max((1, 2)) <= limits.stream + 1)
    )
    return _best_updates(dice, ok, w_o, added, np.broadcast_to(x, sums.shape), None, keep=4)


class FriendlySums:
    """What attention may add to the rows x (n, d_model), numerators over `over`, so that a norm of the sums is
    rational.

    kind: the norm that reads the sums, LN or RMS. is_free: whether each row of x may be replaced by any row with the
    same unit, because a norm stands between the stream and the heads. wide: the token whose sum is to be wide, if one
    is. is_promised: as in AttentionInput.

    before: for each token, the rows that it may have before the sum, (count, d_model).
    """

    def __init__(
        self, x: Ints, over: int, kind: str, limits: Limits, is_free: bool, wide: int | None,
        is_promised: bool = False,
    ) -> None:  # fmt: skip
        d = x.shape[1]
        self.kind, self.over, self.wide, self.is_promised = kind, over, wide, is_promised
        self.reach = limits.stream + 1  # the largest entry of a sum
        self.most_added = min(2 * limits.stream, limits.integer)
        self.before = [row[None] for row in x]
        if is_free:
            self.before = [
                starting_rows_of(tuple(unit), kind, limits.stream - 1) for unit in unit_of(x, kind).tolist()
            ]
        self._sums = [sums_for(d, kind, self.reach, over, token == wide) for token in range(len(x))]
        of_signs = (d, kind, wide) == (4, "LN", None) and bool((x % over == 0).all())
        self._paired_with = x // over if of_signs and not is_free else None
        pairs = zip(self.before, self._sums, strict=True)
        has_tables = d == 4 and self._paired_with is None
        self._tests = [partial(self._by_table, self._table(*pair)) for pair in pairs] if has_tables else []

    def columns(self, dice: Dice, products: Ints) -> Ints:
        """Products of columns of W_O (columns, n) → choices of columns (count, d_model) that add what may be added.

        Method: where x is fixed and LayerNorm reads four numbers and no wide row, meet in the middle
        (`pair_columns`); else beam search over the tokens (`combine_columns`).
        """
        if self._paired_with is not None:
            return pair_columns(dice, self._paired_with, products, self.reach)
        d, n = self.before[0].shape[1], len(self.before)
        return combine_columns(
            dice, products, d, self._conditions(dice), beams=UPDATE_BEAMS, samples=UPDATE_SAMPLES[d] * max(1, n - 2)
        )

    def _conditions(self, dice: Dice) -> list[Condition]:
        """For each token, what may be added to its row.

        For d_model = 4, tests by a look-up table. For 8, where the table would be too large, lists for the first
        TOKENS_LISTED tokens, and tests by computation for the others.
        """
        if self._tests:
            return list(self._tests)
        later = self.before[TOKENS_LISTED:]
        tests = [partial(self._by_computation, rows[_one_of_each_deviation(rows, self.kind)]) for rows in later]
        pairs = [*zip(self.before, self._sums, strict=True)][:TOKENS_LISTED]
        return [*(_differences(dice, rows, sums) for rows, sums in pairs), *tests]

    def _table(self, rows: Ints, sums: Ints) -> Bools:
        """A look-up table, by the code of what is added: whether it leads from one of the rows (count, d_model) to
        one of the sums (count, d_model).
        """
        added = whole_differences(sums, rows, self.over)
        table = np.zeros((2 * self.most_added + 1) ** rows.shape[1], dtype=bool)
        table[codes(added[abs(added).max(1) <= self.most_added], self.most_added)] = True
        table[len(table) // 2] = False  # the code of zeros: something is added to every token
        return table

    def _by_table(self, table: Bools, added: Ints) -> Bools:
        return np.asarray(table[codes(added, self.most_added)])

    def _by_computation(self, rows: Ints, added: Ints) -> Bools:
        return np.asarray(is_friendly(rows + added[:, None], self.kind).any(1))


def friendly_updates(dice: Dice, mixture: Mixture, sums: FriendlySums) -> list[Update]:
    """A mixture → up to 8 W_O whose sum with the stream has a rational norm."""
    members = sums.columns(dice, mixture.products)
    if not len(members):
        return []
    w_o, added = mixture.columns[members].swapaxes(1, 2), mixture.products[members].swapaxes(1, 2)
    ok = np.flatnonzero(uses_attention(mixture, w_o, added))
    w_o, added = w_o[ok], added[ok]
    smallest = [
        _smallest_sum(rows, added[:, i], sums.kind, sums.wide is not None) for i, rows in enumerate(sums.before)
    ]
    before = np.stack(smallest, 1)
    after = before + sums.over * added  # (count, n, d_model)
    ok = (
        (abs(after).max((1, 2)) <= sums.over * sums.reach)
        & distinct(after)
        & told_apart(after)
        & few_point_apart(after)
        & told_apart(before)
        & has_both_signs(before, sums.kind)
    )
    units = unit_of(after[ok], sums.kind, WIDE)
    ok[ok] = (
        can_be_scaled(units, sums.kind)
        & vary_as_normed(after[ok], sums.kind)
        & (have_two_sizes(units) if sums.wide is not None else True)
    )
    fit: Bools = preferring_apart(ok, added, after) if sums.is_promised else ok
    return _best_updates(dice, fit, w_o, added, before, sums.kind, keep=8, over=sums.over)


def pair_columns(dice: Dice, x: Ints, products: Ints, reach: int) -> Ints:
    """Rows x (n, 4) and products of columns of W_O (columns, n) → choices of four columns (count, 4) whose sums with
    x are friendly rows for LayerNorm.

    All choices are found whose sums have different units, or QUADRUPLES of them, and some whose sums have not.

    Method: meet in the middle. A friendly row of four holds two numbers, each of them twice. Either its first two are
    equal, and so are its last two; or its last two are the first two again, in either order. Pairs of columns for the
    first two numbers, and for the last two, are listed for all tokens at once, and joined where they fit (`Join`).
    """
    numbers = (x[:, None] + products.T[:, :, None]).transpose(2, 0, 1)  # (4, n, columns), entries of the sums
    smallest = np.argsort((numbers**2).sum(1), axis=1, kind="stable")[:, :COLUMNS_PAIRED]
    picks = [small[(abs(sums[:, small]) <= reach).all(0)] for small, sums in zip(smallest, numbers, strict=True)]
    a, b, c, d = map(len, picks)
    dice.pay(len(x) * (a * b + c * d))
    picked = [sums[:, pick] + reach for sums, pick in zip(numbers, picks, strict=True)]
    first_pairs, left = _pairs(picked[0], picked[1], reach)
    last_pairs, right = _pairs(picked[2], picked[3], reach)
    if not len(left) or not len(right):
        return np.zeros((0, 4), np.int64)
    one, other = Join(left, right).pairs(dice, QUADRUPLES)
    quadruples = np.concatenate([first_pairs[:, one], last_pairs[:, other]])  # (4, count)
    first, second, third = (sums[:, at] for sums, at in zip(picked[:3], quadruples[:3], strict=True))  # (n, count)
    ok = ((first != second) | np.isin(abs(first - third), DOUBLED_DEVIATIONS[4])).all(0)
    return np.stack([pick[at[ok]] for pick, at in zip(picks, quadruples, strict=True)], 1)


def _pairs(first: Ints, second: Ints, reach: int) -> tuple[Ints, Ints]:
    """Two numbers of each row, for each column, from 0 to 2 · reach, (n, columns) each → the pairs of columns (2,
    pairs) that friendly rows with different units may have, and for each a code (pairs) that the other two columns
    must have.
    """
    kinds, allowed, shared = _pair_tables(reach)
    counts = sum(kinds.take(b, axis=1).take(a, axis=0) for a, b in zip(first, second, strict=True))
    pairs = np.nonzero(allowed[counts])
    radix = (shared.max() + 1) ** np.arange(len(first))
    return np.stack(pairs), radix @ shared[first[:, pairs[0]], second[:, pairs[1]]]


@cache
def _pair_tables(reach: int) -> tuple[Ints, Bools, Ints]:
    """Look-up tables for two neighbouring numbers a and b of a friendly row of four, from 0 to 2 · reach.

    kinds[a, b]: 1 if they are equal, 8 if they rise, 64 if they fall, 512 if no friendly row has both. The sum of the
    kinds of all tokens counts each kind, as a digit in base 8. allowed[sum]: whether tokens of these kinds can all
    have different units: of the six units of LayerNorm, two have equal numbers here, two rise and two fall. shared[a,
    b]: a code that the other two numbers of the row must have, too: 0 if a = b, since they are then also equal, else
    a code of the set {a, b}, since they are then the same two.
    """
    a, b = np.indices((2 * reach + 1,) * 2)
    apart = np.isin(abs(b - a), DOUBLED_DEVIATIONS[4])
    kinds = np.where(a == b, 1, np.where(apart, np.where(b > a, 8, 64), 512))
    digits = np.arange(8**4)[:, None] // 8 ** np.arange(4) % 8
    allowed = np.asarray((digits <= (2, 2, 2, 0)).all(1))
    return kinds, allowed, np.where(a == b, 0, 1 + np.minimum(a, b) * len(a) + np.maximum(a, b))


def _differences(dice: Dice, before: Ints, after: Ints) -> Ints:
    """Rows before (count, d) and after (count, d) → their differences, (differences, d): all of them, or SUMS_LISTED
    that are drawn.
    """
    count = len(before) * len(after)
    picks = dice.below(count, SUMS_LISTED) if count > SUMS_LISTED else np.arange(count)
    return after[picks % len(after)] - before[picks // len(after)]


def _one_of_each_deviation(rows: Ints, kind: str) -> Ints:
    """Rows with the same unit (count, d) → the place of one row for each deviation.

    Rows with the same deviation differ by their mean only, which LayerNorm subtracts, whatever is added to them.
    """
    squares = rows.shape[1] * (rows**2).sum(1) - (rows.sum(1) ** 2 if kind == "LN" else 0)
    return np.unique(squares, return_index=True)[1]


def _smallest_sum(rows: Ints, added: Ints, kind: str, or_wide: bool) -> Ints:
    """The rows that a token may have (k, d), and what is added (count, d) → for each, the row whose sum with it is
    friendly, or also wide, and has the smallest entries (count, d).
    """
    if len(rows) == 1:
        return np.broadcast_to(rows[0], added.shape)
    sums = rows + added[:, None]  # (count, k, d)
    cost = abs(sums).max(2) + abs(rows).max(1) + np.where(is_friendly(sums, kind, or_wide), 0, 1000)
    best: Ints = rows[cost.argmin(1)]
    return best


def _best_updates(
    dice: Dice, ok: Bools, w_o: Ints, added: Ints, before: Ints, kind: str | None, keep: int, over: int = 1
) -> list[Update]:
    """The `keep` most pleasant W_O: with few entries ±2, few zeros in what is added, and small sums.

    ok: (count), which W_O fit. w_o: (count, width, d_model). added, before: (count, n, d_model); before is numerators
    over `over`.
    """
    kept = np.flatnonzero(ok)
    w_o, added, before = w_o[kept], added[kept], before[kept]
    after = before + over * added
    cost = 3 * (abs(w_o) > 1).sum((1, 2)) + (added == 0).sum((1, 2)) + 2 * abs(after).max((1, 2)) // over
    order = np.argsort(cost + dice.below(6, len(kept)), kind="stable")[:keep]
    return [Update(w_o[i], added[i], before[i], unit_of(after[i], kind) if kind else after[i]) for i in order]


# ---- what the search requires of a configuration ----


def _makes_whole_scores(task: Task) -> str:
    """Requires √d_head to be 2 or absent."""
    c = task.config
    if c.use_attn_scale and c.d_head != 4:
        return f"√d_head = √{c.d_head} makes no small whole scores; use d_head=4 or use_attn_scale=false"
    return ""


def _has_narrow_keys(task: Task) -> str:
    """Requires queries and keys of 2 to 4 numbers."""
    d = task.config.d_head
    return "" if 2 <= d <= 4 else f"numbers are chosen for d_head from 2 to 4, not {d}; use d_head=4"


def _has_few_heads(task: Task) -> str:
    """Requires one head or two."""
    n = task.config.n_heads
    return f"numbers are chosen for 1 or 2 heads, not {n}; use n_heads={min(task.heads, 2)}" if n > 2 else ""


def _has_narrow_values(task: Task) -> str:
    """Requires W_O to have at most 8 rows."""
    heads, d_v = task.heads, task.config.d_v
    return f"n_heads={heads} × d_v={d_v} is more than 8; use d_v={8 // heads}" if heads * d_v > 8 else ""


HEADS = (is_plain, _makes_whole_scores, _has_narrow_keys, _has_few_heads, _has_narrow_values)


def wide_enough(task: Task) -> str:
    """Requires W_O to have enough rows to make friendly sums, if a norm reads them."""
    c = task.config
    width, least = c.n_heads * c.d_v, 6 if c.d_model == 8 else 4
    if c.normalization_type is None or width >= least:
        return ""
    return f"n_heads={c.n_heads} × d_v={c.d_v} is too narrow; use d_v={-(-least // c.n_heads)}"


def wide_enough_for_threes(task: Task) -> str:
    """Requires W_O to have at least 3 rows for powers of 3: their totals are often 5 or 7, and of few rows, few
    columns make fifths and sevenths whole.
    """
    c = task.config
    if c.softmax_base != 3 or c.n_heads * c.d_v >= 3:
        return ""
    return f"n_heads={c.n_heads} × d_v={c.d_v} is too narrow for powers of 3; use softmax_base=2 or d_v=4"


def base_2_after_norms(*, see_all: bool = False, read_norms: bool = False) -> Requirement:
    """Requires softmax_base 2 for heads without a mask that read normalised rows of 4 numbers.

    see_all: whether heads are without a mask, whatever attention_dir is. read_norms: whether some heads read
    normalised rows, whether norms stand before the layers or after them.
    """

    def problem(task: Task) -> str:
        c = task.config
        normed = c.normalization_type and (read_norms or c.norm_position == "pre")
        if c.softmax_base == 3 and c.d_model == 4 and normed and (see_all or c.attention_dir == "bidirectional"):
            return (
                "no numbers are known for powers of 3 where tokens that a norm made all see each other in 4 "
                "dimensions; use softmax_base=2"
            )
        return ""

    return problem
