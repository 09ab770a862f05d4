"""Fewer keys than words: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from byhand.model.builder import Builder
from byhand.model.counts import product_of
from byhand.model.layers import head, last_row, of_one_row, read
from byhand.model.names import ATTN
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct, grid
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import HANDED_ON, REACH, different, one_largest, totals
from byhand.ops.linear import quotient
from byhand.pictures.canvas import CAPTION, GREY, PALE, PEN_AREA, STROKE, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

# ---- the model ----


@model("low-rank-attention", part="heads", one_head=True, only=of_one_row("linformer_k"))
def _steps(build: Builder) -> Results:
    """A head on given queries, keys and values, of which the last two are poured into linformer_k rows; and what the
    last word reads from the keys and values of all words. Also how many scores both compute.

    Source: Wang et al. 2020 (Linformer).
    """
    c, (q, k, v) = build.config, build.head()
    z = head(q, ATTN, 0, c)  # which finds its queries, keys and values, and reads no stream
    plain = read(last_row(q, "plain.q"), k, v, "plain", c)
    words, rows = build.size("n_ctx", 3), build.size("linformer_k", 3)
    every = product_of(words, words, name="count.all")
    return z, plain, quotient(every, product_of(words, rows, name="count.short"), name="count.times")


# ---- the same, written down a second time ----


@wiring("low-rank-attention")
def _second(w: Wiring) -> None:
    """A head on shortened keys and values (Wang et al. 2020), its last row with all of them, and how many scores."""
    at = "blocks.0.attn"
    w.head(STREAM, at, 0)
    q, k, v = (f"{at}.hook_{x}[0]" for x in "qkv")
    w.read(w("plain.q", "gather_rows", q, rows=[w.shapes[q][0] - 1]), k, v, "plain")
    every = w("count.all", "multiply", "n_ctx", "n_ctx")
    w("count.times", "quotient", every, w("count.short", "multiply", "n_ctx", "linformer_k"))


# ---- its numbers ----

LARGEST_TOTAL = 12  # of the powers of a row, where its smallest power is 1
POURED_TRIED = 4000  # keys and values
QUERIES_TRIED = 40  # for the same keys
PARTNERS = (1, 2, 3)  # of the first word, in its cup


@search("low-rank-attention", like_sheet=True, requires=[
    exactly(4, n_ctx=4, d_head=4, d_v=2, linformer_k=2, use_attn_scale=True),
])  # fmt: skip
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """Queries and keys (4, 4), values (4, 2), and which two words are poured into each of two cups. The scores with
    the cups' keys are all even, so that dividing them by √4 leaves whole numbers, and so are the last word's
    scores with all four keys.

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
        for answers, printed in (
            *((scores, each) for each in (q, k[i, None])),
            (2 * scores, k[i, None]),
            *((plain, each) for each in (k[i].T[None], wrong, -wrong)),
            *((2 * plain, each) for each in (wrong, -wrong)),
            *((each, q) for each in (values[i, None] // 2, keys[i, None])),
        ):
            good &= ~_stands_in(answers, printed)
        for rows in q[good][:1]:
            given = {name: task.values.inputs[name] for name in ("n_ctx", "linformer_k")}
            heads = {f"{ATTN}.hook_{x}[0]": each.tolist() for x, each in (("q", rows), ("k", k[i]), ("v", v[i]))}
            halves = [[Fraction(int(x), 2) for x in row] for row in cup[i]]
            yield Instance(given | heads, {f"{ATTN}.E": cup[i].tolist(), f"{ATTN}.F": halves})


def _stands_in(parts: Ints, matrices: Ints) -> Bools:
    """Which matrices (…, rows, cols) hold another one, (…, fewer rows, fewer cols), with its numbers side by side."""
    windows = np.lib.stride_tricks.sliding_window_view(matrices, parts.shape[-2:], axis=(-2, -1))
    return np.asarray((windows == parts[..., None, None, :, :]).all((-2, -1)).any((-2, -1)))


@sheet_promise
def cups_blur_their_words(tape: Tape) -> bool:
    """Two cups hold two words each, whose keys and values differ. Every word looks at one cup more than at the other,
    some at the first and some at the second. The last word looks most at one cup, and among all words at one that is
    in it; no two words in one cup have the same share then, and it takes something else from them.
    """
    at = "blocks.0.attn"
    e, k, v, pattern, z = (
        tape.values(f"{at}.{name}") for name in ("E", "hook_k[0]", "hook_v[0]", "hook_pattern[0]", "hook_z[0]")
    )
    poured = [[word for word, share in enumerate(row) if share] for row in e]
    plain = tape.values("plain.pattern")[0]
    apart = all(len({rows[word] for word in words}) == 2 == len(words) for rows in (k, v, plain) for words in poured)
    elsewhere = {row.index(max(row)) for row in pattern} == {0, 1}
    clear = all(map(has_one_largest, (*pattern, plain)))
    inside = plain.index(max(plain)) in poured[pattern[-1].index(max(pattern[-1]))]
    return apart and elsewhere and clear and inside and z[-1] != tape.values("plain.z")[0]


# ---- its picture ----

CUP_CELL = 2.3  # a score


@picture(height=42, minutes=2)
def cups(on: Canvas, keys: Rows, poured: Rows, *, tokens: Sequence[str]) -> None:
    """The keys of four words as jugs that are poured into two cups; and the scores of all words with all keys, and
    with the cups.

    poured: for each cup, 1 where the key of a word is poured in, else 0.
    """
    into = [[k for k, row in enumerate(poured) if row[word] == 1] for word in range(len(keys))]
    if (len(keys), len(keys[0]), len(poured)) != (4, 4, 2) or any(len(chosen) != 1 for chosen in into):
        raise UndrawableError("four keys of four numbers, each poured into one of two cups")
    names = [" + ".join(word for word, targets in zip(tokens, into, strict=True) if targets == [k]) for k in (0, 1)]
    for word, (key, (cup,)) in enumerate(zip(keys, into, strict=True)):
        x = 10.5 + 21 * word
        on.text(x, 3.0, tokens[word], TOKEN - 0.3)
        on.line((x - 9.3, 4.2), (x - 9.3, 10.6), (x + 9.3, 10.6), (x + 9.3, 4.2), width=STROKE)
        for k, number in enumerate(key):
            on.number(x + 4.5 * (k - 1.5), 7.4, number, TOKEN - 0.4)
        before = sum(targets == [cup] for targets in into[:word])
        (on.pen if cup else on).arrow((x, 11.6), (23.0 + 42 * cup + (4 if before else -4), 18.8), width=STROKE)
    for k, name in enumerate(names):
        x = 23.0 + 42 * k
        on.text(x - 14.6, 25.0, on.say("pictures.cups.cup", n=k + 1), CAPTION, anchor="end", colour=GREY)
        on.line((x - 13.4, 19.6), (x - 11.4, 28.0), (x + 11.4, 28.0), (x + 13.4, 19.6), width=STROKE)
        if k:
            on.answer_line(x - 10.0, 26.2, 20.0, name, CAPTION)
        else:
            on.text(x, 25.2, name, CAPTION)
    for left, name, wide, pen in ((23.0, "keys", 4, on), (65.0, "cups", 2, on.pen)):
        x, y = left, 32.2
        on.text(x - 2.4, y + 5.6, on.say(f"pictures.cups.with_{name}"), CAPTION, anchor="end", colour=GREY)
        pen.box(x, y, CUP_CELL * wide, CUP_CELL * 4, width=0, fill=PALE if wide == 4 else PEN_AREA)
        on.grid(x, y, 4, 4, CUP_CELL, GREY)
    on.said(
        on.say("pictures.cups.said", keys="; ".join(map(listed, keys)), words=names[0]),
        on.say("pictures.cups.to_do"),
        on.say("pictures.cups.key", words=names[1]),
    )  # fmt: skip
