"""The page before this one: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

import numpy as np

from byhand.model.builder import Builder
from byhand.model.layers import head, of_one_row, read
from byhand.model.names import ATTN, RESID_PRE
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct, grid, natural
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import LARGEST_DENOMINATOR, REACH, different, one_largest, shares_are_short, totals
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import AXIS, BOX, CAPTION, GREY, LIGHT, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

# ---- the model ----


@model("segment-memory", part="heads", one_head=True, only=of_one_row(
    "mem_len", positional_embedding_type=("relative",), norm_position=("post",),
))  # fmt: skip
def _steps(build: Builder) -> Results:
    """A head that also reads the rows that its layer read in the segment before; and what the last token would read
    of its own segment alone, by ordinary scores.

    Source: Dai et al. 2019 (Transformer-XL).
    """
    c, tape = build.config, build.tape
    z = head(build.stream(RESID_PRE), ATTN, 0, c)
    last, own_rows = tape[f"{ATTN}.hook_q[0]"].rows - 1, tuple(range(c.mem_len, tape[f"{ATTN}.hook_k[0]"].rows))
    parts = {"q": ("new", (last,)), "k": ("pos", own_rows), "v": ("pos", own_rows)}
    query, keys, values = (
        gather_rows(tape[f"{ATTN}.hook_{x}[0]"], name=f"plain.{x}", sizes={"i": (len(rows), axis)}, rows=rows)
        for x, (axis, rows) in parts.items()
    )
    return z, read(query, keys, values, "plain", c)


# ---- the same, written down a second time ----


@wiring("segment-memory")
def _second(w: Wiring) -> None:
    """A head over a segment and its memory; and its last row, over the segment alone and by products of q and k."""
    at, memory = "blocks.0.attn", w.config.get("mem_len", 0)
    w.head(STREAM, at, 0)
    n = w.shapes[STREAM][0]
    own_rows = range(memory, memory + n)
    q, k, v = (
        w(f"plain.{x}", "gather_rows", f"{at}.hook_{x}[0]", rows=[*rows])
        for x, rows in (("q", [n - 1]), ("k", own_rows), ("v", own_rows))
    )
    w.read(q, k, v, "plain")


# ---- its numbers ----

SEGMENTS_TRIED, HEADS_TRIED = 700, 40  # segments with what makes queries, and for each what makes keys and values
DISTANCES_TRIED = 400  # rows of distances, for one bias
MEMORY = 2  # words of the memory, and as many of the segment


@search("segment-memory", like_sheet=True, requires=[
    shares_are_short,
    exactly(2, d_model=4, d_head=4, d_v=2, mem_len=MEMORY, max_relative_position=0, use_attn_scale=True),
])  # fmt: skip
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
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
        n, bias = dice.choices(np.flatnonzero(fit), 1)[0], dice.choices(biases[full], 1)[0]
        asking = q[i] + bias
        rows = small[(small @ asking[1] % 2 == 0) & (abs(small @ asking[1]) <= 4) & small.any(1)]
        a = dice.choices(rows, DISTANCES_TRIED, 2 * MEMORY)
        told = np.einsum("nrd,qd->nqr", a, asking)  # (count, 2, distance)
        good = distinct(a) & (different(told[:, 1]) > 2) & ((a @ biases[n]) != (a @ bias)).any(1)
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
            heads |= {"r_w_bias": biases[n, None], "r_r_bias": bias[None]}
            yield Instance(
                {f"blocks.0.{name}": each.tolist() for name, each in given.items()},
                {f"{ATTN}.{name}": each.tolist() for name, each in heads.items()},
            )


def _are_small_and_differ(rows: Ints, most: int, least: int) -> Bools:
    """Which matrices (…, n, cols) have different rows, of numbers up to `most`, and in each `least` other than 0."""
    return np.asarray((abs(rows) <= most).all((1, 2)) & ((rows != 0).sum(2) >= least).all(1) & distinct(rows))


@sheet_promise
def memory_is_read_most(tape: Tape) -> bool:
    """Both tokens look most at one, the last of them at a token of the memory; without the memory, it looks most at
    one of its own segment. Both biases hold other numbers than 0, and they differ.
    """
    pattern, plain = tape.values("blocks.0.attn.hook_pattern[0]"), tape.values("plain.pattern")[0]
    biases = [tape.values(f"blocks.0.attn.{name}[0]")[0] for name in ("r_w_bias", "r_r_bias")]
    last, memory = pattern[-1], len(pattern[-1]) - len(plain)
    clear = all(map(has_one_largest, (*pattern, plain)))
    return clear and last.index(max(last)) < memory and all(map(any, biases)) and biases[0] != biases[1]


# ---- its picture ----

LOOK, TALL = 9.6, 7.6  # the width and the height of a cell in which one word looks at another
CORNER = 2.4  # of a page that is folded


@picture(height=43, minutes=2, target=TALL)
def page_before(on: Canvas, pattern: Rows, *, memory: Sequence[str], tokens: Sequence[str]) -> None:
    """The page before still lies beside this one; a table of dots for whom the words of this page look at.

    pattern: their shares of all words, a word that asks a row. memory: the words of the page before.
    """
    words = (*memory, *tokens)
    if (len(memory), len(tokens)) != (2, 2) or [len(row) for row in pattern] != [4, 4]:
        raise UndrawableError("two words on each of two pages have room")
    left, top, high = 23.0, 4.6, 11.0
    for side, (name, page) in enumerate((("before", memory), ("page", tokens))):
        x, wide = left + 2 * LOOK * side + 0.4, 2 * LOOK - 0.8
        edges = [
            (x, top),
            (x + wide - CORNER, top),
            (x + wide, top + CORNER),
            (x + wide, top + high),
            (x, top + high),
        ]
        on.line(*edges, closed=True, width=BOX, fill=WHITE if side else LIGHT)
        fold = (x + wide - CORNER, top), (x + wide - CORNER, top + CORNER), (x + wide, top + CORNER)
        on.line(*fold, width=BOX)
        on.text(x + wide / 2, 3.2, on.say(f"pictures.page_before.{name}"), CAPTION, colour="" if side else GREY)
        for k, word in enumerate(page):
            on.text(left + LOOK * (2 * side + k + 0.5), top + 7.4, word, TOKEN)
    table = top + high + 2.0
    for i, (word, row) in enumerate(zip(tokens, pattern, strict=True)):
        y, pen = table + TALL * i, on.pen if i else on
        on.text(left - 2, y + TALL / 2 + 1, on.say("pictures.page_before.asks", word=word), CAPTION, anchor="end")
        for j, share in enumerate(row):
            x = left + LOOK * j
            on.box(x, y, LOOK, TALL, width=AXIS, fill=WHITE)
            if j > len(memory) + i:
                on.hatch(x, y, LOOK, TALL)
            elif share:
                pen.disc(x + LOOK / 2, y + TALL / 2, 3.1 * sqrt(float(share)))
    foot, steps = table + 2 * TALL + 4.6, range(len(words) - 1, -1, -1)
    on.text(left - 2, foot + 1, on.say("pictures.page_before.back"), CAPTION, anchor="end", colour=GREY)
    for j, step in enumerate(steps):
        on.number(left + LOOK * (j + 0.5), foot, step, TOKEN, colour=GREY)
    told = {"first": tokens[0], "last": tokens[1], "alone": len(tokens), "count": len(words)}
    on.text(63.6, table + 3.2, on.say("pictures.page_before.sees", word=tokens[1]), CAPTION, anchor="start")
    for y, name, number in ((table + 9.6, "alone", len(tokens)), (table + 17.6, "memory", len(words))):
        on.text(63.6, y + 1, on.say(f"pictures.page_before.{name}"), CAPTION, anchor="start", colour=GREY)
        on.blank(85, y, number, w=7.2, h=6.0, size=TOKEN)
    shares = {"shares": listed(pattern[0][:3]), "dots": listed(pattern[1]), "steps": listed(steps)}
    told |= {"memory": " ".join(memory), "page": " ".join(tokens), **shares}
    on.said(*(on.say(f"pictures.page_before.{part}", **told) for part in ("said", "to_do", "key")))
