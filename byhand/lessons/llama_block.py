"""A small Llama: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm

import numpy as np
from msgspec.structs import replace

from byhand.model.builder import Builder
from byhand.model.config import Config
from byhand.model.layers import (
    OF_LAST_ROW,
    activation,
    embedding,
    last_row,
    linear,
    mlp,
    norm,
    output,
    read_last,
    softmax,
    turned,
    unembedding,
)
from byhand.model.names import ATTN
from byhand.model.registry import Results, model
from byhand.notation.text import value_text
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Floats, Ints
from byhand.numbers.embedding import find_unembeddings
from byhand.numbers.natural import distinct, grid, natural, point_apart, weight_columns
from byhand.numbers.norms import rows_of_two_sizes
from byhand.numbers.promises import look_most_elsewhere, sheet_promise
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import EASY_TOTALS, one_largest, powers, totals
from byhand.ops.attention import row_argmax
from byhand.ops.linear import add, matmul, plus_number
from byhand.ops.positions import turns
from byhand.ops.shapes import gather_rows, vstack
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, GRID, GUIDE, LIGHT, PEN_AREA, STROKE, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("llama-block", reads_words=True, says_words=True, only=OF_LAST_ROW | {"n_layers": ()})
def _steps(build: Builder) -> Results:
    """A language model of one block, of which only the last token goes through all, as where a text is written on:
    keys and values of the tokens before it come from a cache. Its next token; and what the feed-forward network would
    say with ReLU in place of its gate. Also the activation at each number from −2 to 3, for a picture.

    Source: Touvron et al. 2023.
    """
    c, tape, at, block = build.config, build.tape, ATTN, "blocks.0"
    x = embedding(tape, build.values.ids(), c, build.positions)
    rows, last = norm(x, f"{block}.ln1", c), x.rows - 1

    def projected(of: Matrix, letter: str, n: int, name: str) -> Matrix:
        weight = tape.given(f"{at}.W_{letter}[{n}]", (c.d_model, c.d_head if letter in "QK" else c.d_v),
                            ("d_model", "d_head" if letter in "QK" else "d_v"))  # fmt: skip
        return linear(of, weight, f"{at}.b_{letter}[{n}]", name)

    with tape.part("heads"):
        new = last_row(rows, "new.n")  # (1, d_model)
        keys: list[Matrix] = []
        values: list[Matrix] = []
        mixtures = []
        for group in range(c.key_value_heads):
            for letter, together in (("K", keys), ("V", values)):
                low, before = letter.lower(), projected(rows, letter, group, f"{at}.hook_{letter.lower()}[{group}]")
                present = projected(new, letter, group, f"new.{low}[{group}]")
                if letter == "K" and c.turned_width:
                    before = turned(before, f"{at}.hook_rot_k[{group}]", c)
                    present = turned(present, f"new.rot_k[{group}]", c, start=last)
                past = gather_rows(before, name=f"cache.{low}[{group}]", sizes={"i": (last, "past")},
                                   rows=tuple(range(last)))  # fmt: skip
                together.append(vstack(past, present, name=f"all.{low}[{group}]", sizes={"i": (x.rows, "pos")}))
        for h in range(c.n_heads):
            group = c.group(h)
            query = projected(new, "Q", h, f"new.q[{h}]")
            query = turned(query, f"new.rot_q[{h}]", c, start=last) if c.turned_width else query
            mixtures.append(read_last(query, keys[group], values[group], "new", c, at, h, f"[{h}]"))
    with tape.part("out"):
        out = output(mixtures, at, c, f"{block}.hook_attn_out")
    with tape.part("add1"):
        x = add(last_row(x, "new.x"), out, name=f"{block}.hook_resid_mid")
    mlp_out, results = mlp(norm(x, f"{block}.ln2", c), f"{block}.mlp", c), []
    with tape.part("mlp"):
        start = turns(name="curve.start", tape=tape, sizes={"i": (6, "place"), "j": (1, "")}, periods=(1,))
        activation(plus_number(start, name="curve.x", by=-2), "curve.y", c)  # computed only when requested
        if c.gated_mlp and not c.num_experts:
            plain = activation(tape[f"{block}.mlp.hook_pre_linear"], "plain.post", replace(c, act_fn="relu"))
            results.append(matmul(plain, tape[f"{block}.mlp.W_out"], name="plain.out"))
    with tape.part("add2"):
        x = add(x, mlp_out, name=f"{block}.hook_resid_post")
    logits = unembedding(norm(x, "ln_final", c), c)
    with tape.part("unembed"):
        softmax(logits, "probs", c.softmax_base)  # computed only when requested
        return row_argmax(logits, name="next_token"), *results


# ---- the same, written down a second time ----


@wiring("llama-block")
def _second(w: Wiring) -> None:
    """The last token through a pre-norm block (Touvron et al. 2023, section 2.2), its keys and values below those of
    the tokens before it; and its units with ReLU and no gate.
    """
    c, at, block = w.config, "blocks.0.attn", "blocks.0"
    x, last, groups = w.embedding(), len(w.ids) - 1, c.get("n_key_value_heads") or c["n_heads"]
    rows, turns = w.norm(x, f"{block}.ln1"), c["positional_embedding_type"] == "rotary"
    new = w("new.n", "gather_rows", rows, rows=[last])

    def projected(of: str, letter: str, n: int, name: str) -> str:
        return w.linear(name, of, f"{at}.W_{letter}[{n}]", f"{at}.b_{letter}[{n}]")

    for g in range(groups):
        k, v = (projected(rows, letter, g, f"{at}.hook_{letter.lower()}[{g}]") for letter in "KV")
        own_k, own_v = (projected(new, letter, g, f"new.{letter.lower()}[{g}]") for letter in "KV")
        if turns:
            k, own_k = w.turned(k, f"{at}.hook_rot_k[{g}]"), w.turned(own_k, f"new.rot_k[{g}]", start=last)
        for letter, whole, row in (("k", k, own_k), ("v", v, own_v)):
            cache = w(f"cache.{letter}[{g}]", "gather_rows", whole, rows=[*range(last)])
            w(f"all.{letter}[{g}]", "vstack", cache, row)
    mixtures = []
    for h in range(c["n_heads"]):
        g, query = h // (c["n_heads"] // groups), projected(new, "Q", h, f"new.q[{h}]")
        query = w.turned(query, f"new.rot_q[{h}]", start=last) if turns else query
        mixtures.append(w.read_last(query, f"all.k[{g}]", f"all.v[{g}]", "new", at, h, f"[{h}]"))
    out = w.output(mixtures, at, f"{block}.hook_attn_out")
    x = w(f"{block}.hook_resid_mid", "add", w("new.x", "gather_rows", x, rows=[last]), out)
    mlp_out = w.mlp(w.norm(x, f"{block}.ln2"), f"{block}.mlp", f"{block}.hook_mlp_out")
    if c.get("gated_mlp") and not c.get("num_experts"):
        w("plain.out", "matmul", w("plain.post", "relu", f"{block}.mlp.hook_pre_linear"), f"{block}.mlp.W_out")
    places = w("curve.start", "turns", shape=(6, 1), periods=(1,))
    w.activation("curve.y", w("curve.x", "plus_number", places, by=-2))
    w.spoken(w.norm(w(f"{block}.hook_resid_post", "add", x, mlp_out), "ln_final"))


# ---- its numbers ----

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
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
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
                unembeddings = find_unembeddings(dice, end[None], OVER, words, wanted, task.limits, silent, alike=2)
                for w_u in unembeddings[:2]:
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
    turned = _turned_pairs(keys, config)
    fit = distinct(keys) & point_apart(turned)
    w_k, turned = w_k[fit], turned[fit]
    scores = turned @ _turned_pairs(QUERIES[:, None], config, start=len(read) - 1)[:, 0].T  # (count, n, queries)
    scores = scores.swapaxes(1, 2)
    base = whole_base(config)
    sums = totals(scores, base)
    fits = np.isin(sums, EASY_TOTALS) & one_largest(scores) & (scores.max(-1) <= 2) & (scores.min(-1) >= -3)
    best = scores.argmax(-1)
    pairs = fits[:, :, None] & fits[:, None] & (best[:, :, None] != best[:, None])
    pairs &= sums[:, :, None] != sums[:, None]
    triples = np.argwhere(pairs)
    if not len(triples):
        return
    triples = triples[dice.sample(len(triples), HEADS_TRIED)]
    w_v, values = _columns_drawn(dice, columns, products, 4)
    fit = point_apart(values)
    w_v, values = w_v[fit], values[fit]
    heads = scores[triples[:, :1], triples[:, 1:]]  # (tried, heads, n)
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
        pools = [[columns[products[:, -1] == x] for x in QUERIES[query]] for query in triples[at, 1:]]
        if not all(len(pool) for head in pools for pool in head):
            continue
        w_q = np.stack([np.stack([dice.choices(pool, QUERIES_TRIED) for pool in head], 2) for head in pools], 1)
        natural_ones = np.flatnonzero(natural(w_q.swapaxes(1, 2).reshape(QUERIES_TRIED, 4, 4), 10))
        if len(natural_ones):
            parts = zip(read_of[at, v], total[at, 0], strict=True)
            mixture = [Fraction(int(x), int(whole)) for each, (whole,) in parts for x in each]
            yield {"W_Q": w_q[natural_ones[0]], "W_K": w_k[triples[at, 0]][None], "W_V": w_v[v][None]}, mixture
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
    updates = []
    for after in afters[dice.sample(len(afters), 3 * kept)]:
        picks = []
        for added in after - before:
            fitting = columns[products == added]
            picks.append(dice.choices(fitting, 12))
        drawn = np.stack(picks, 2)  # (12, width, 4)
        good = np.flatnonzero(natural(drawn, 10, 60))
        if len(good):
            updates.append((drawn[good[0]], after))
        if len(updates) == kept:
            break
    return updates


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


@sheet_promise
def a_gate_opens_and_another_turns_round(tape: Tape) -> bool:
    """The last token's gates have both signs, and none is 0. Its rows before each norm have entries of two sizes; its
    two heads look most at different tokens; and without gates, the network would say something else.
    """
    gates, before = tape.values("blocks.0.mlp.gate")[0], ("hook_resid_pre", "hook_resid_mid", "hook_resid_post")
    sizes = [len({abs(x) for x in tape.values(f"blocks.0.{name}")[-1]}) for name in before]
    heads = look_most_elsewhere(*(tape.values(f"new.pattern[{h}]")[0] for h in (0, 1)))
    others = tape.values("plain.out") != tape.values("blocks.0.hook_mlp_out")
    return min(gates) < 0 < max(gates) and all(gates) and min(sizes) > 1 and heads and others


def _turned_pairs(x: Ints, config: Config, start: int = 0) -> Ints:
    """Rows (…, n, d) with their pairs turned by quarters, a position a row. start: the position of the first row."""
    width, out = config.turned_width, x.copy()
    for k in range(width // 2):
        p, q = (2 * k, 2 * k + 1) if config.rotary_adjacent_pairs else (k, k + width // 2)
        for t in range(x.shape[-2]):
            quarters = int(4 * (start + t) / config.rotary_periods[k]) % 4
            for _ in range(quarters):
                out[..., t, p], out[..., t, q] = -out[..., t, q], out[..., t, p].copy()
    return out


# ---- its picture ----

PRINTED = (0, 1)  # where the curve of a gate has its printed points


@picture(width=100, height=47, minutes=4)
def gate_curve(on: Canvas, numbers: Rows, gates: Rows) -> None:
    """The curve of swish beside that of ReLU, to be drawn through its points; and bars of the share that passes.

    numbers: from −2 to 3, one a row. gates: their swish.
    """
    at, swishes = [row[0] for row in numbers], [row[0] for row in gates]
    if at != [-2, -1, 0, 1, 2, 3] or swishes[2] != 0 or not (-1 < swishes[0] < 0 < 2 * swishes[3] - 1 < 1):
        raise UndrawableError("a gate with a small negative bow, at the numbers from −2 to 3")
    left, floor, wide, high = 30.0, 25.0, 9.0, 7.0

    def point(x: float, y: float) -> tuple[float, float]:
        return left + wide * x, floor - high * y

    for k in range(-2, 4):
        on.line(point(k, -1), point(k, 3), width=AXIS, colour=GRID)
    for k in range(-1, 4):
        on.line(point(-2, k), point(3, k), width=AXIS, colour=GREY if k == 0 else GRID)
        on.number(left - wide * 2 - 2.4, floor - high * k, k, CAPTION)
    on.line(point(-2, 0), point(0, 0), point(3, 3), width=GUIDE, dash=DASH)
    on.text(*point(0.4, 2.3), on.say("pictures.gate_curve.relu"), CAPTION, anchor="start", colour=GREY)
    nearest = [x / 4 for x in range(-8, 13)]
    base = (at[3] / swishes[3] - 1) ** -1  # swish(1) is 1 ÷ (1 + 1 ÷ base)
    on.pen.curve(*(point(x, x / (1 + float(base) ** -x)) for x in nearest), width=STROKE)
    for k, (x, y) in enumerate(zip(at, swishes, strict=True)):
        pen, middle = on if x in PRINTED else on.pen, 66.4 + 6.2 * k
        pen.disc(*point(float(x), float(y)))
        share = float(y) / float(x) if x else 0.5
        (pen if x in PRINTED else on.pen).box(
            middle - 2, floor + high - 26 * share, 4, 26 * share, width=0.4, fill=LIGHT if x in PRINTED else PEN_AREA
        )
        on.box(middle - 2, floor + high - 26, 4, 26, width=AXIS, colour=GREY)
        for centre in (left + wide * float(x), middle):
            on.number(centre, floor + high + 3.6, x, TOKEN)
        if x in PRINTED:
            on.number(left + wide * float(x), floor + high + 10, y, TOKEN)
        else:
            on.blank(left + wide * float(x), floor + high + 10, y, size=TOKEN)
    for halves in range(3):
        on.number(61.6, floor + high - 13 * halves, Fraction(halves, 2), CAPTION - 0.3, colour=GREY)
    on.math(4.0, floor + high + 4.8, "h", TOKEN)
    on.text(0, floor + high + 11, on.say("pictures.gate_curve.gate"), CAPTION - 0.4, anchor="start", colour=GREY)
    on.text(82, 3.6, on.say("pictures.gate_curve.passes"), CAPTION, colour=GREY)
    others = {n: value_text(y) for n, (x, y) in enumerate(zip(at, swishes, strict=True)) if x not in PRINTED}
    on.said(
        on.say("pictures.gate_curve.said", one=value_text(swishes[3])), on.say("pictures.gate_curve.to_do"),
        on.say("pictures.gate_curve.key", gates=", ".join(others.values())),
    )  # fmt: skip
