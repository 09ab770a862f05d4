"""Numbers of the sheet on Llama's block: the last token's row stays in whole numbers wherever a norm reads it.

The mean square of (5, 3, −1, 1) is 9, so that its RMS is 3 and its norm in thirds. Rows of one size have only signs.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import lcm

import numpy as np

from byhand.model.config import Config
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Floats, Ints
from byhand.numbers.embedding import find_unembeddings
from byhand.numbers.family import turned_pairs
from byhand.numbers.natural import distinct, grid, natural, weight_columns
from byhand.numbers.registry import Instance, Task, exactly, search

OVER = 3  # the RMS of a row of two sizes
HEADS_TRIED = 2000
MIXTURES_KEPT = 12  # of one attempt
MATRICES_TRIED = 400
LARGEST_TOTAL = 15  # of the powers of a row, where its smallest power is 1
LARGEST_PART = 6  # the denominator of a mixture
LARGEST_CHANGE = 5  # what a layer adds, in absolute value
GATES = (-2, -1, 1, 2, 3)


@cache
def _two_sizes() -> Ints:
    """Rows (count, 4) with an RMS of OVER and entries of two sizes or more, of which one at most is 0."""
    rows = grid(4, 5)
    fits = ((rows**2).sum(1) == 4 * OVER**2) & (abs(rows).max(1) > abs(rows).min(1)) & ((rows != 0).sum(1) > 2)
    return np.asarray(rows[fits])


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
    signs, rows, at = grid(4, 1), _two_sizes(), "blocks.0"
    signs = signs[(signs != 0).all(1)]
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
                found = find_unembeddings(dice, end[None], OVER, words, wanted, task.limits, silent)
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
    table = dice.choices(_two_sizes(), task.config.d_vocab)
    table[list(task.values.ids())] = rows
    return {"embed.W_E": table.tolist()}


def _heads(dice: Dice, read: Ints, config: Config) -> Iterator[tuple[dict[str, Ints], list[Fraction]]]:
    """Normalised rows (4, 4), times OVER → weights of two heads that share keys and values, and what the last token
    reads with both, side by side.
    """
    columns = weight_columns(4)
    columns = columns[(columns @ read[-1]) % OVER == 0]
    products = columns @ read.T // OVER  # (columns, n)
    largest = abs(products).max(1)
    pools = (abs(products[:, -1]) <= 2, largest <= 2, largest <= 4)  # for queries, keys and values
    if min(pool.sum() for pool in pools) < 3:
        return
    picked = [
        np.flatnonzero(pool)[dice.below(int(pool.sum()), HEADS_TRIED, n)]
        for pool, n in zip(pools, (4, 2, 2), strict=True)
    ]
    q, k, v = (columns[own].reshape(HEADS_TRIED, -1, 2, 4) for own in picked)  # (count, heads, columns, 4)
    query = products[picked[0], -1].reshape(HEADS_TRIED, 2, 2)
    keys, values = (products[own].swapaxes(1, 2) for own in picked[1:])  # (count, n, 2)
    turned_q = turned_pairs(query[:, :, None], config, start=len(read) - 1)[:, :, 0]
    turned_k = turned_pairs(keys, config)
    scores = np.ascontiguousarray((turned_q @ turned_k.swapaxes(1, 2)).transpose(1, 2, 0))  # (heads, n, count)
    low, high, best = scores.min(1), scores.max(1), scores.argmax(1)  # (heads, count)
    powers = (whole_base(config) ** np.arange(7))[np.minimum(scores - low[:, None], 6)]
    ok = (high <= 2) & (low >= -3) & ((scores == high[:, None]).sum(1) == 1) & (powers.sum(1) <= LARGEST_TOTAL)
    few = np.flatnonzero(ok.all(0) & (best[0] != best[1]))
    good = distinct(values[few]) & distinct(keys[few]) & distinct(query[few]) & (query[few] != 0).any(2).all(1)
    good &= natural(q[few].reshape(-1, 4, 4), 10) & natural(k[few, 0], 10) & natural(v[few, 0], 10)
    kept = 0
    for i in few[good]:
        mixture = [Fraction(int(x), int(p.sum())) for p in powers[..., i] for x in p @ values[i]]
        if lcm(*(x.denominator for x in mixture)) <= LARGEST_PART and all(mixture):
            yield {"W_Q": q[i].swapaxes(1, 2), "W_K": k[i].swapaxes(1, 2), "W_V": v[i].swapaxes(1, 2)}, mixture
            kept += 1
        if kept == MIXTURES_KEPT:
            return


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
