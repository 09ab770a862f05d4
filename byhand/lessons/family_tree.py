"""The family at a glance: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from byhand.model.builder import Builder
from byhand.model.counts import product_of
from byhand.model.layers import last_row, softmax
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import point_apart
from byhand.numbers.promises import LARGEST_OF_SHARES, has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import REACH, one_largest, only, totals
from byhand.ops.attention import (
    column_sum,
    mask_buckets,
    mask_future,
    mask_pattern,
    may_see,
    normalize_rows,
    power_of,
    row_sum,
    zero_future,
)
from byhand.ops.linear import add, add_all, dot_columns, dot_rows, elu_plus_one
from byhand.ops.positions import falling
from byhand.pictures.canvas import CAPTION, GUIDE, PALE, STROKE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----

MANY = 1000  # words, of which is counted what is kept


@model("family-tree", part="heads", one_head=True, only={"use_local_attn": (True,)})
def _steps(build: Builder) -> Results:
    """The last word's pattern in several members of the family: as in GPT, with a slope, in a window, in a bucket
    (`hash.bucket`), by few mixtures of the keys (`short.E`), and without powers. How many scores each computes for
    all words; and how many numbers a layer keeps, and by how many weights.

    The patterns of all words are computed only when requested, for a picture.

    Source: Vaswani et al. 2017; Radford et al. 2018; Press, Smith & Lewis 2021 (the slope); Kitaev, Kaiser & Levskaya
    2020 (buckets); Wang et al. 2020 (few mixtures); Katharopoulos et al. 2020 (no powers).
    """
    c, tape = build.config, build.tape
    q, k = (build.matrix(f"attn.{letter}", ("pos", "d_head")) for letter in "qk")
    bucket, mix = build.matrix("hash.bucket", ("pos", "")), build.matrix("short.E", ("pos", "short"))
    last, everyone = q.rows - 1, {"i": (q.rows, "pos"), "j": (q.rows, "pos")}
    near: dict[str, Any] = {"pattern": "window", "width": c.window_size}

    all_scores = dot_rows(q, k, name="all.scores")  # (pos, pos)
    falls = falling(name="slope.falls", tape=tape, sizes=everyone, slope=1)
    hashed = mask_buckets(all_scores, bucket, bucket, name="all.hashed", causal=True)
    keys = dot_columns(mix, k, name="short.k")  # (short, d_head)
    phi_q, phi_k = (elu_plus_one(x, name=f"linear.phi_{y}", base=c.softmax_base) for x, y in ((q, "q"), (k, "k")))

    seen = {
        "all": all_scores,
        "gpt": mask_future(all_scores, name="all.gpt"),
        "slope": mask_future(add(all_scores, falls, name="all.fallen"), name="all.slope"),
        "window": mask_future(mask_pattern(all_scores, name="all.near", **near), name="all.window"),
        "hashed": mask_future(hashed, name="all.bucket"),
    }
    for name, scores in seen.items():
        softmax(scores, f"grid.{name}", c.softmax_base)
    _mixed(dot_rows(q, keys, name="all.short"), mix, "grid.short", c.softmax_base)
    shares = zero_future(dot_rows(phi_q, phi_k, name="all.products"), name="all.linear")
    normalize_rows(shares, row_sum(shares, name="grid.linear.sum"), name="grid.linear")

    query = last_row(q, "new.q")
    row = dot_rows(query, k, name="new.scores")  # (1, pos)
    by_member = {
        "gpt": row,
        "slope": add(row, last_row(falls, "slope.fall"), name="slope.scores"),
        "window": mask_pattern(row, name="window.scores", first=last, **near),
        "hashed": last_row(hashed, "hashed.scores"),
    }
    products = dot_rows(last_row(phi_q, "new.phi_q"), phi_k, name="linear.scores")
    rows = (
        *(softmax(scores, f"{name}.pattern", c.softmax_base) for name, scores in by_member.items()),
        _mixed(dot_rows(query, keys, name="short.scores"), mix, "short.pattern", c.softmax_base),
        normalize_rows(products, row_sum(products, name="linear.sum"), name="linear.pattern"),
    )
    return *rows, *_savings(build, q.rows, mix.cols)


def _mixed(scores: Matrix, mix: Matrix, name: str, base: int | str) -> Matrix:
    """The shares of words, where only a few mixtures of their keys were scored: a mixture's power is dealt out to its
    words by their parts in it, and these are divided by their sum.
    """
    powers = dot_rows(power_of(scores, name=f"{name}.power", base=base), mix, name=f"{name}.exp")  # (…, pos)
    return normalize_rows(powers, row_sum(powers, name=f"{name}.sum"), name=name)


def _savings(build: Builder, n: int, mixtures: int) -> Results:
    """How many scores n words need in all; how many numbers a layer keeps of a word, and of MANY, and by how many
    weights: with a key and a value for each head, for two heads together, with a latent, in a window, and as a state.
    """
    tape, c = build.tape, build.config
    n_all, heads, width, reach, rows = (
        build.size(name) for name in ("n_ctx", "n_heads", "d_head", "window_size", "d_model")
    )
    counts = [product_of(n_all, n_all, name="count.all"), product_of(n_all, name="count.short", times=mixtures)]
    for name, pattern, wide in (("gpt", "all", 1), ("window", "window", c.window_size)):
        sizes = {"i": (n, "pos"), "j": (n, "pos")}
        seen = may_see(name=f"seen.{name}", tape=tape, sizes=sizes, pattern=pattern, width=wide)
        counts.append(column_sum(row_sum(seen, name=f"seen.{name}.each"), name=f"count.{name}"))

    latent = build.count("latent", 3)
    cards = {
        "gpt": product_of(heads, width, name="card.gpt", times=2),
        "shared": product_of(heads, width, name="card.shared"),
        "latent": latent,
    }
    kept = [product_of(card, name=f"kept.{name}", times=MANY) for name, card in cards.items()]
    state = product_of(
        heads, add_all(product_of(width, width, name="state.square"), width, name="state"), name="kept.state"
    )
    weights = [product_of(rows, cards[name], name=f"weights.{name}") for name in ("gpt", "shared")]
    down, up = product_of(rows, latent, name="weights.down"), product_of(latent, cards["gpt"], name="weights.up")
    window = product_of(reach, cards["gpt"], name="kept.window")
    return *counts, *kept, window, state, *weights, add_all(down, up, name="weights.latent")


# ---- the same, written down a second time ----


@wiring("family-tree")
def _second(w: Wiring) -> None:
    """One row of scores read as in GPT (Radford et al. 2018), with a slope (Press et al. 2021), in a window (Beltagy
    et al. 2020), in a bucket (Kitaev et al. 2020), by mixtures of keys (Wang et al. 2020), and without powers
    (Katharopoulos et al. 2020); and what each counts and keeps.
    """
    c, q, k, base = w.config, "attn.q", "attn.k", w.config["softmax_base"]
    n = w.shapes[q][0]
    near, last = {"pattern": "window", "width": c.get("window_size", 0)}, {"rows": [n - 1]}
    whole = w("all.scores", "dot_rows", q, k)
    falls = w("slope.falls", "falling", shape=(n, n), slope=1)
    hashed = w("all.hashed", "mask_buckets", whole, "hash.bucket", "hash.bucket", causal=True)
    keys = w("short.k", "dot_columns", "short.E", k)

    def mixed(name: str, scores: str) -> None:
        powers = w(f"{name}.exp", "dot_rows", w(f"{name}.power", "power_of", scores, base=base), "short.E")
        w(name, "normalize_rows", powers, w(f"{name}.sum", "row_sum", powers))

    phi = [w(f"linear.phi_{y}", "elu_plus_one", x, base=base) for x, y in ((q, "q"), (k, "k"))]
    grids = {
        "gpt": whole,
        "slope": w("all.fallen", "add", whole, falls),
        "window": w("all.near", "mask_pattern", whole, **near),
        "bucket": hashed,
    }
    w.softmax("grid.all", whole)
    for name, scores in grids.items():
        w.softmax(f"grid.{'hashed' if name == 'bucket' else name}", w(f"all.{name}", "mask_future", scores))
    mixed("grid.short", w("all.short", "dot_rows", q, keys))
    shares = w("all.linear", "zero_future", w("all.products", "dot_rows", *phi))
    w("grid.linear", "normalize_rows", shares, w("grid.linear.sum", "row_sum", shares))
    query = w("new.q", "gather_rows", q, **last)
    row = w("new.scores", "dot_rows", query, k)
    w.softmax("gpt.pattern", row)
    w.softmax("slope.pattern", w("slope.scores", "add", row, w("slope.fall", "gather_rows", falls, **last)))
    w.softmax("window.pattern", w("window.scores", "mask_pattern", row, first=n - 1, **near))
    w.softmax("hashed.pattern", w("hashed.scores", "gather_rows", hashed, **last))
    mixed("short.pattern", w("short.scores", "dot_rows", query, keys))
    products = w("linear.scores", "dot_rows", w("new.phi_q", "gather_rows", phi[0], **last), phi[1])
    w("linear.pattern", "normalize_rows", products, w("linear.sum", "row_sum", products))
    for name, params in (("gpt", {"pattern": "all", "width": 1}), ("window", near)):
        seen = w(f"seen.{name}", "may_see", shape=(n, n), **params)
        w(f"count.{name}", "column_sum", w(f"seen.{name}.each", "row_sum", seen))
    w("count.all", "multiply", "n_ctx", "n_ctx")
    w("count.short", "multiply", "n_ctx", times=w.shapes["short.E"][1])
    card = w("card.gpt", "multiply", "n_heads", "d_head", times=2)
    shared = w("card.shared", "multiply", "n_heads", "d_head")
    for name, each in (("gpt", card), ("shared", shared), ("latent", "latent")):
        w(f"kept.{name}", "multiply", each, times=1000)
    w("kept.window", "multiply", "window_size", card)
    state = w("state", "add_all", w("state.square", "multiply", "d_head", "d_head"), "d_head")
    w("kept.state", "multiply", "n_heads", state)
    for name, each in (("gpt", card), ("shared", shared)):
        w(f"weights.{name}", "multiply", "d_model", each)
    down, up = w("weights.down", "multiply", "d_model", "latent"), w("weights.up", "multiply", "latent", card)
    w("weights.latent", "add_all", down, up)


# ---- its numbers ----

MATES = ((0, 1), (0, 2), (1, 2))  # who shares the bucket of the last of four words
LATENTS = (3, 4, 5)  # numbers in a latent
LARGEST_OF_ROW = 24  # the largest denominator of shares


def _shares_are_easy(run: Candidates) -> Bools:
    """The last word's scores are small in every member of the family, and their shares easy; the word is closer to
    one than to another in its bucket.
    """
    scores, mates = run("new.scores")[:, 0], run("hash.bucket")[:, :-1, 0] == 1
    apart = np.where(mates, scores[:, :-1], -9).max(1) - np.where(mates, scores[:, :-1], 9).min(1)
    ok: Bools = (apart == 1) | (apart == 2)
    for row in (scores, run("slope.scores")[:, 0], scores[:, -2:], run("short.scores")[:, 0]):
        ok &= (totals(row, run.base) <= LARGEST_OF_ROW) & (abs(row) <= 5).all(1) & one_largest(row)
    return ok


def _shares_without_powers_are_easy(run: Candidates) -> Bools:
    """So are those that are made without powers, the largest of which is not at the lowest score."""
    shares = run("linear.pattern")[:, 0]
    ok: Bools = np.lcm.reduce(run.denominators("linear.pattern")[:, 0], axis=1) <= LARGEST_OF_ROW
    ok &= one_largest(shares) & (shares.argmax(1) != run("new.scores")[:, 0].argmin(1))
    return ok


@draw("family-tree", like_sheet=True, requires=[exactly(4, d_head=2, window_size=2)], count=8000, fits=[
    _shares_are_easy, _shares_without_powers_are_easy,
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Queries and keys (4, 2), also whole as means of two keys, who shares the last word's bucket, and how many
    numbers a latent has.
    """
    q, k = (dice.below(2 * REACH + 1, count, 4, 2) - REACH for _ in "qk")
    k[:, 1::2] = k[:, ::2] + 2 * (k[:, 1::2] // 2)
    short = k[:, ::2] + k[:, 1::2]
    buckets = np.array([[[1 if t in (*mates, 3) else 2] for t in range(4)] for mates in MATES])
    return {
        "attn.q": only(q, (q[:, -1] != 0).all(1) & point_apart(q)),
        "attn.k": only(k, (abs(k) <= REACH).all((1, 2)) & point_apart(k) & (short != 0).any(2).all(1)),
        "hash.bucket": dice.choices(buckets, count),
        "latent": dice.choices(np.array(LATENTS), count, 1, 1),
    }


@sheet_promise
def members_look_elsewhere(tape: Tape) -> bool:
    """As in GPT, the last word looks most at the first, which a window hides; every other member of the family has
    another row, and no row's shares are hard to draw. The state has a favourite, which is not the word of the lowest
    score.
    """
    gpt = tape.values("gpt.pattern")[0]
    others = [tape.values(f"{name}.pattern")[0] for name in ("slope", "window", "hashed", "short", "linear")]
    easy = all(share.denominator <= LARGEST_OF_SHARES for row in (gpt, *others) for share in row)
    apart = len({gpt, *others}) == 1 + len(others)
    easy = easy and has_one_largest(others[4]) and others[4].index(max(others[4])) != gpt.index(min(gpt))
    return easy and apart and gpt[0] == max(gpt) and has_one_largest(gpt) and not others[1][0]


# ---- its picture ----

WIDE, LOW, HIGH = 6.2, 4.3, 6.2  # the cells of a grid of the family: all are as wide, those of its last line are high
FAMILY = ("all", "gpt", "slope", "window", "short", "tiles", "hashed", "linear")  # the members, four in a line


@picture(width=117, height=53, minutes=4, target=LOW)
def family(on: Canvas, *patterns: Rows, transposed: bool = False) -> None:
    """The patterns of all members of the family, and who comes from whom; the last line of each is left to draw.

    patterns: one for each of FAMILY. transposed: whether each column is a word that asks.
    """
    if len(patterns) != len(FAMILY) or any(len(rows) != 4 for rows in patterns):
        raise UndrawableError("eight patterns of four words have room")
    side, depth, pitch, tops = 4 * WIDE, 3 * LOW + HIGH, 29.6, (4.4, 33.2)
    lines = [depth * i / 4 for i in range(5)] if transposed else [*(LOW * i for i in range(4)), depth]
    for n, (name, rows) in enumerate(zip(FAMILY, patterns, strict=True)):
        left, top = 1.5 + pitch * (n % 4), tops[n // 4]
        on.text(left + side / 2, top - 1.6, on.say(f"pictures.family.{name}"), CAPTION)
        for i, y in enumerate(lines):
            on.line((left, top + y), (left + side, top + y), colour=PALE)
            on.line((left + WIDE * i, top), (left + WIDE * i, top + depth), colour=PALE)
        for i, row in enumerate(rows):
            for j, share in enumerate(row):
                if share:
                    across, down = (i, j) if transposed else (j, i)
                    x, y = left + WIDE * (across + 0.5), top + (lines[down] + lines[down + 1]) / 2
                    (on.pen if i == 3 else on).disc(x, y, max(0.35, 1.95 * sqrt(float(share))))
        if name == "tiles":
            x, y = left + side / 2, top + depth / 2
            ends = ((left, y), (left + side, y)) if transposed else ((x, top), (x, top + depth))
            on.line(*ends, width=STROKE)
    middle, floor = [1.5 + pitch * n + side / 2 for n in range(4)], tops[0] + depth
    spine, y = (floor + tops[1] - 4.6) / 2, tops[0] + depth / 2
    on.arrow((1.5 + side + 0.4, y), (1.5 + pitch - 0.4, y))
    on.arrow((middle[0], floor), (middle[0], tops[1] - 4.6))
    on.line((middle[1], spine), (middle[3], spine), width=GUIDE)
    on.line((middle[1], floor), (middle[1], spine), width=GUIDE)
    for x in middle[1:]:  # those that were made from GPT: two above the bar, three below it
        on.arrow((x, spine), (x, tops[1] - 4.6))
    for x in middle[2:]:
        on.arrow((x, spine), (x, floor + 0.4))
    told = {name: listed(rows[-1]) for name, rows in zip(FAMILY, patterns, strict=True)}
    on.said(
        on.say("pictures.family.said"),
        to_do=on.say(f"pictures.family.to_do_{'columns' if transposed else 'rows'}"),
        key=on.say("pictures.family.key", **told),
    )
