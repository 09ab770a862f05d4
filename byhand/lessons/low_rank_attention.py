"""Fewer keys than words: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from byhand.model.builder import Builder
from byhand.model.counts import product_of
from byhand.model.layers import head, last_row, of_one_row, read
from byhand.model.names import ATTN
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import distinct, grid
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import REACH, different, one_largest, only, totals
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
QUERIES = grid(4, REACH)[((grid(4, REACH) != 0).sum(1) > 1) & (abs(grid(4, REACH)).sum(1) < 6)]
CUPS = np.array([[[j in (0, mate), j not in (0, mate)] for j in range(4)] for mate in (1, 2, 3)], int).swapaxes(1, 2)
HALVES = np.array([[[Fraction(x, 2) for x in row] for row in cups] for cups in CUPS.tolist()])
Q, K, V, E, F = (f"{ATTN}.{name}" for name in ("hook_q[0]", "hook_k[0]", "hook_v[0]", "E", "F"))
SHORT_K, SHORT_V = f"{ATTN}.keys_short[0]", f"{ATTN}.values_short[0]"


def _cups_are_small(run: Candidates) -> Bools:
    """Keys and values in the cups are small and whole, with few zeros; no row of values stands among the keys."""
    k, keys, values = run(K), run(SHORT_K), run(SHORT_V)
    ok: Bools = (abs(keys) <= 3).all((1, 2)) & ((keys != 0).sum(2) > 1).all(1) & (values % 1 == 0).all((1, 2))
    ok &= (abs(values) <= 4).all((1, 2)) & (values != 0).any(2).all(1) & (values[:, 0] != values[:, 1]).all(1)
    ok &= (keys == _poured_across(run)).sum((1, 2)) < 5
    return ok & ~_stands_in(values, k) & ~_stands_in(values, keys)


def _poured_across(run: Candidates) -> Ints:
    """The dimensions of keys poured together, in place of words, which is printed as an error."""
    return np.asarray(run(E) @ run(K).swapaxes(1, 2))


def _last_word_is_clear(run: Candidates) -> Bools:
    """The last word's scores with all keys are whole and of three numbers or more, and one is largest."""
    plain = run("plain.scores_scaled")[:, 0]
    ok: Bools = (plain % 1 == 0).all(1) & one_largest(plain) & (different(plain) > 2)
    return ok & (totals(plain, run.base) <= max(LARGEST_TOTAL, (run.base + 1) ** 2))  # scores of 1, 0, 0 and −1


def _words_differ(run: Candidates) -> Bools:
    """Each word prefers a cup by as much as no other does. Nothing that is printed gives an answer away."""
    q, k, raw, scores, plain = (run(name) for name in (Q, K, f"{ATTN}.scores_raw[0]", f"{ATTN}.hook_attn_scores[0]",
                                                       "plain.scores_scaled"))  # fmt: skip
    wrong = _poured_across(run)
    ok: Bools = distinct(q) & (different(scores[..., 0] - scores[..., 1]) == 4)
    for answers, printed in (
        (scores, q), (scores, k), (raw, k), (run(SHORT_V), q), (run(SHORT_K), q), (plain, k.swapaxes(1, 2)),
        *((each, sign * wrong) for each in (plain, run("plain.scores")) for sign in (1, -1)),
    ):  # fmt: skip
        ok &= ~_stands_in(answers, printed)
    return ok


def _queries(run: Candidates, dice: Dice) -> Entries:
    """Queries (4, 4), whose scores with the cups are even, and differ by 2 or 4."""
    one, other = (run(SHORT_K)[:, cup] @ QUERIES.T for cup in (0, 1))
    fit = (one % 2 == 0) & np.isin(abs(one - other), (2, 4)) & (np.maximum(abs(one), abs(other)) <= 8)
    return {Q: dice.choices_each(QUERIES, fit, 4)}


@draw("low-rank-attention", like_sheet=True, requires=[
    exactly(4, n_ctx=4, d_head=4, d_v=2, linformer_k=2, use_attn_scale=True),
], fits=[_cups_are_small], then=[(_queries, [_last_word_is_clear, _words_differ])], count=500)  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Keys (4, 4), values (4, 2), and which two words are poured into each of two cups."""
    cups = dice.below(len(CUPS), count)
    k, v = dice.below(2 * REACH + 1, count, 4, 4) - REACH, dice.below(9, count, 4, 2) - 4
    k = only(k, distinct(k) & ((k != 0).sum(2) > 1).all(1) & ((k == 0).sum((1, 2)) < 6))
    return {E: CUPS[cups], F: HALVES[cups], K: k, V: only(v, distinct(v) & (v != 0).any(2).all(1))}


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


@picture(height=42, minutes=2, target=2 * CUP_CELL)
def cups(on: Canvas, keys: Rows, poured: Rows, *, tokens: Sequence[str], transposed: bool = False) -> None:
    """The keys of four words as jugs that are poured into two cups; and the scores of all words with all keys, and
    with the cups.

    poured: for each cup, 1 where the key of a word is poured in, else 0. transposed: whether scores have a column for
    each word that asks, and so a row for each key.
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
        across, down = (4, wide) if transposed else (wide, 4)
        pen.box(x, y, CUP_CELL * across, CUP_CELL * down, width=0, fill=PALE if wide == 4 else PEN_AREA)
        on.grid(x, y, 4, 4, CUP_CELL, GREY)
    on.said(
        on.say("pictures.cups.said", keys="; ".join(map(listed, keys)), words=names[0]),
        on.say("pictures.cups.to_do"),
        on.say(f"pictures.cups.key_{'columns' if transposed else 'rows'}", words=names[1]),
    )  # fmt: skip
