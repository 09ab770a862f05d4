"""Numbers of the sheet on Llama's block: the last token's row stays in whole numbers wherever a norm reads it.

The mean square of (5, 3, −1, 1) is 9, so that its RMS is 3 and its norm in thirds. Rows of one size have only signs.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm

import numpy as np

from byhand.model.config import Config
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Floats, Ints
from byhand.numbers.distances import turned_pairs
from byhand.numbers.embedding import find_unembeddings
from byhand.numbers.natural import distinct, grid, natural, weight_columns
from byhand.numbers.norms import rows_of_two_sizes
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import EASY_TOTALS, one_largest, powers, totals

OVER = 3  # the RMS of a row of two sizes
QUERIES = grid(2, 2)  # that the last token may have
PAIRS_DRAWN = 600  # of columns, for keys, and for values
HEADS_TRIED = 100  # pairs of queries with their keys
QUERIES_TRIED = 20  # of columns for one pair of queries
MIXTURES_KEPT = 12  # of one attempt
MATRICES_TRIED = 400
EASY_PARTS = (1, 2, 3, 4, 5, 6, 8)  # the denominators of a mixture
LARGEST_CHANGE = 5  # what a layer adds, in absolute value
GATES = (-2, -1, 1, 2, 3)


@search("llama-block", like_sheet=True, requires=[
    exactly(
        4, d_model=4, n_heads=2, n_key_value_heads=1, d_head=2, d_v=2, d_mlp=3, gated_mlp=True, act_fn="silu",
        normalization_type="RMS", use_attn_scale=False, positional_embedding_type="rotary", rotary_periods=(4,),
        tie_word_embeddings=False, num_experts=0, eps=0,
    ),
])  # fmt: skip
def _llama_block(task: Task, dice: Dice) -> Iterator[Instance]:
    """Rows of four tokens, of which the last has two sizes, and so have the rows after attention and after the
    feed-forward network; every query, key, value, gate and logit of it is whole.

    Method: rejection sampling, layer by layer: what is added to a row is the difference to another one.
    """
    signs, rows, at = grid(4, 1), rows_of_two_sizes(), "blocks.0"
    signs = signs[(signs != 0).all(1) & (signs.max(1) > signs.min(1))]
    x = dice.choices(signs, 3) * (1 + dice.below(3, 3))[:, None]
    last = dice.choices(rows, 1)[0]
    unit = np.sign(x)
    if not distinct(np.concatenate([unit, -unit])[None]).all():
        return
    read = np.concatenate([OVER * unit, last[None]])  # the normalised rows, times OVER
    base, wanted = whole_base(task.config), task.wanted[-1:] or (None,)
    for weights, mixture in _heads(dice, read, task.config):
        for w_o, middle in _updates(dice, mixture, last, rows, 4):
            for network, end in _networks(dice, middle, rows, base):
                silent, words = _without_attention(last, network, base), task.config.d_vocab
                found = find_unembeddings(dice, end[None], OVER, words, wanted, task.limits, silent, alike=2)
                for w_u in found[:2]:
                    attention = {f"{at}.attn.{name}": w.tolist() for name, w in weights.items()}
                    attention[f"{at}.attn.W_O"] = w_o.reshape(2, 2, 4).tolist()
                    mlp = {f"{at}.mlp.{name}": w.tolist() for name, w in network.items()}
                    embedded = _embedded(dice, np.concatenate([x, last[None]]), task)
                    yield Instance({}, embedded | attention | mlp | {"unembed.W_U": w_u.tolist()})


def _without_attention(x: Ints, network: dict[str, Ints], base: int) -> Floats:
    """The last normalised row (4) as it would be if attention added nothing to the stream x (4)."""
    gate, unit = (x / OVER @ network[name] for name in ("W_gate", "W_in"))
    end = x + (gate / (1 + float(base) ** -gate) * unit) @ network["W_out"]
    return np.asarray(end / np.sqrt((end**2).mean()))


def _embedded(dice: Dice, rows: Ints, task: Task) -> dict[str, list[list[int]]]:
    """W_E, in which each token has its row; other words have rows of their own."""
    table = dice.choices(rows_of_two_sizes(), task.config.d_vocab)
    table[list(task.values.ids())] = rows
    return {"embed.W_E": table.tolist()}


def _heads(dice: Dice, read: Ints, config: Config) -> Iterator[tuple[dict[str, Ints], list[Fraction]]]:
    """Normalised rows (4, 4), times OVER → weights of two heads that share keys and values, and what the last token
    reads with both, side by side.

    Method: rejection sampling of keys, with every query that the last token may have; then of values for them; then
    of columns that make the queries.
    """
    columns = weight_columns(4)
    columns = columns[(columns @ read[-1]) % OVER == 0]
    products = columns @ read.T // OVER  # (columns, n)
    w_k, keys = _columns_drawn(dice, columns, products, 2)
    fit = distinct(keys)
    w_k, turned = w_k[fit], turned_pairs(keys[fit], config)
    scores = turned @ turned_pairs(QUERIES[:, None], config, start=len(read) - 1)[:, 0].T  # (count, n, queries)
    scores = scores.swapaxes(1, 2)
    base = whole_base(config)
    sums = totals(scores, base)
    fits = np.isin(sums, EASY_TOTALS) & one_largest(scores) & (scores.max(-1) <= 2) & (scores.min(-1) >= -3)
    best = scores.argmax(-1)
    pairs = fits[:, :, None] & fits[:, None] & (best[:, :, None] != best[:, None])
    pairs &= sums[:, :, None] != sums[:, None]
    found = np.argwhere(pairs)
    if not len(found):
        return
    found = found[dice.sample(len(found), HEADS_TRIED)]
    w_v, values = _columns_drawn(dice, columns, products, 4)
    fit = distinct(values)
    w_v, values = w_v[fit], values[fit]
    heads = scores[found[:, :1], found[:, 1:]]  # (tried, heads, n)
    shares = powers(heads, base)
    total = shares.sum(-1)[:, None, :, None]
    whole = shares.reshape(-1, len(read)).astype(np.float64) @ values.swapaxes(0, 1).reshape(len(read), -1)
    read_of = np.rint(whole).astype(np.int64).reshape(len(shares), 2, -1, 2).swapaxes(1, 2)  # times the total
    dice.pay(pairs.size + 4 * read_of.size)
    over = np.lcm.reduce((total // np.gcd(read_of, total)).reshape(*read_of.shape[:2], 4), axis=2)
    sizes = abs(read_of / total).reshape(*over.shape, 4)
    good = np.argwhere(np.isin(over, EASY_PARTS) & (read_of != 0).all((2, 3)) & (sizes.max(2) > sizes.min(2)))
    kept = 0
    for at, v in good[dice.permutation(len(good))]:
        pools = [[columns[products[:, -1] == x] for x in QUERIES[query]] for query in found[at, 1:]]
        if not all(len(pool) for head in pools for pool in head):
            continue
        w_q = np.stack([np.stack([dice.choices(pool, QUERIES_TRIED) for pool in head], 2) for head in pools], 1)
        natural_ones = np.flatnonzero(natural(w_q.swapaxes(1, 2).reshape(QUERIES_TRIED, 4, 4), 10))
        if len(natural_ones):
            parts = zip(read_of[at, v], total[at, 0], strict=True)
            mixture = [Fraction(int(x), int(whole)) for each, (whole,) in parts for x in each]
            yield {"W_Q": w_q[natural_ones[0]], "W_K": w_k[found[at, 0]][None], "W_V": w_v[v][None]}, mixture
            kept += 1
        if kept == MIXTURES_KEPT:
            return


def _columns_drawn(dice: Dice, columns: Ints, products: Ints, largest: int) -> tuple[Ints, Ints]:
    """Columns (count, 4) and their products with the rows (count, n) → natural matrices (drawn, 4, 2) of two columns,
    of those whose products are not too large, and these products (drawn, n, 2).
    """
    small = np.flatnonzero(abs(products).max(1) <= largest)
    picks = small[dice.below(len(small), PAIRS_DRAWN, 2)] if len(small) else np.zeros((0, 2), np.int64)
    w = columns[picks].swapaxes(1, 2)
    fit = natural(w, 10)
    return w[fit], products[picks[fit]].swapaxes(1, 2)


def _updates(dice: Dice, read: list[Fraction], before: Ints, rows: Ints, kept: int) -> list[tuple[Ints, Ints]]:
    """A row that a layer's last matrix reads, and the stream before → matrices (width, 4) and the stream after, which
    is one of these rows.
    """
    over = lcm(*(x.denominator for x in read))
    columns = weight_columns(len(read))
    products = columns @ np.array([int(x * over) for x in read])
    whole = (products % over == 0) & (abs(products) <= over * LARGEST_CHANGE)
    columns, products = columns[whole], products[whole] // over
    if not len(columns):
        return []
    change = rows - before
    fits = (np.isin(change, products)).all(1) & ((change != 0).sum(1) > 2)
    afters = rows[fits]
    found = []
    for after in afters[dice.sample(len(afters), 3 * kept)]:
        picks = []
        for added in after - before:
            own = columns[products == added]
            picks.append(dice.choices(own, 12))
        drawn = np.stack(picks, 2)  # (12, width, 4)
        good = np.flatnonzero(natural(drawn, 10, 60))
        if len(good):
            found.append((drawn[good[0]], after))
        if len(found) == kept:
            break
    return found


def _networks(dice: Dice, x: Ints, rows: Ints, base: int) -> Iterator[tuple[dict[str, Ints], Ints]]:
    """The stream x (4) → gated networks of three units, and the stream after each. Gates are small whole numbers of
    both signs, and so are the units.
    """
    columns = weight_columns(4)
    products = columns @ x
    columns, products = columns[products % OVER == 0], products[products % OVER == 0] // OVER
    gates, units = np.isin(products, GATES), (products != 0) & (abs(products) <= 4)
    w_gate, w_in = (np.flatnonzero(kind)[dice.below(int(kind.sum()), MATRICES_TRIED, 3)] for kind in (gates, units))
    gate, unit = products[w_gate], products[w_in]
    ok: Bools = (
        (gate < 0).any(1) & (gate > 0).any(1) & distinct(gate[:, :, None]) & (unit > 0).any(1) & (unit < 0).any(1)
    )
    drawn = [columns[picks].swapaxes(1, 2) for picks in (w_gate, w_in)]  # (count, 4, 3)
    ok &= np.logical_and(*(natural(w, 10, 60) for w in drawn))
    for i in np.flatnonzero(ok)[:40]:
        swish = [int(g) / (1 + Fraction(base) ** -int(g)) for g in gate[i]]
        post = [s * int(u) for s, u in zip(swish, unit[i], strict=True)]
        for w_out, after in _updates(dice, post, x, rows, 1):
            plain = np.maximum(unit[i], 0) @ w_out
            if (plain != after - x).sum() > 2:
                yield {"W_gate": drawn[0][i], "W_in": drawn[1][i], "W_out": w_out}, after
                return
