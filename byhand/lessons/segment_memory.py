"""The page before this one: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from byhand.model.builder import Builder
from byhand.model.layers import head, last_row, of_one_row, read_by
from byhand.model.names import ATTN, RESID_PRE
from byhand.model.registry import Results, model
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct, grid, natural
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import LARGEST_DENOMINATOR, REACH, different, one_largest, shares_are_short, totals
from byhand.ops.linear import add, dot_rows
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import AXIS, BOX, CAPTION, GREY, LIGHT, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

# ---- the model ----


@model("segment-memory", part="heads", one_head=True, only=of_one_row(
    "mem_len", positional_embedding_type=("relative",), norm_position=("post",),
))  # fmt: skip
def _steps(build: Builder) -> Results:
    """A head that also reads the rows that its layer read in the segment before; and what the last token would read
    of its own segment alone, by the same scores.

    Source: Dai et al. 2019 (Transformer-XL).
    """
    c, tape = build.config, build.tape
    z = head(build.stream(RESID_PRE), ATTN, 0, c)
    own_rows = tuple(range(c.mem_len, tape[f"{ATTN}.hook_k[0]"].rows))

    def own(step: str, name: str, axis: str) -> Matrix:
        return gather_rows(tape[f"{ATTN}.{step}[0]"], name=name, sizes={"i": (len(own_rows), axis)}, rows=own_rows)

    keys, distances, values = (
        own(step, f"plain.{x}", axis)
        for step, x, axis in (("hook_k", "k", "pos"), ("rel_pos_keys", "r", "distance"), ("hook_v", "v", "pos"))
    )
    content, position = (last_row(tape[f"{ATTN}.q_{part}[0]"], f"plain.q_{part}") for part in ("content", "position"))
    words, steps = dot_rows(content, keys, name="plain.words"), dot_rows(position, distances, name="plain.steps")
    return z, read_by(add(words, steps, name="plain.scores"), values, "plain", c)


# ---- the same, written down a second time ----


@wiring("segment-memory")
def _second(w: Wiring) -> None:
    """A head over a segment and its memory; and its last row, over the segment alone."""
    at, memory = "blocks.0.attn", w.config.get("mem_len", 0)
    w.head(STREAM, at, 0)
    n = w.shapes[STREAM][0]
    own, last = {"rows": [*range(memory, memory + n)]}, {"rows": [n - 1]}
    k, r, v = (
        w(f"plain.{x}", "gather_rows", f"{at}.{step}[0]", **own)
        for x, step in (("k", "hook_k"), ("r", "rel_pos_keys"), ("v", "hook_v"))
    )
    words, steps = (w(f"plain.q_{x}", "gather_rows", f"{at}.q_{x}[0]", **last) for x in ("content", "position"))
    scores = w("plain.words", "dot_rows", words, k), w("plain.steps", "dot_rows", steps, r)
    w.read_by(w("plain.scores", "add", *scores), v, "plain")


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
    distances (4, 4). The last token looks most at the last one of the memory, and its products are even.

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
    ok = _are_small_and_differ(k, 4, 1) & _are_small_and_differ(v, 4, 1) & natural(w_k, 15, 50)
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
        good &= one_largest(last[:, MEMORY:])
        for m in np.flatnonzero(good & (last.argmax(1) == MEMORY - 1))[:1]:
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
SHADE = "#b0b0b0"  # as dark as a pencil that is pressed


@picture(height=34, minutes=1, target=TALL)
def page_before(on: Canvas, pattern: Rows, *, memory: Sequence[str], tokens: Sequence[str]) -> None:
    """The page before still lies beside this one; a table of how far back each word of both pages is.

    pattern: the shares of all words, a word that asks a row. memory: the words of the page before.
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
    for i, word in enumerate(tokens):
        y, at = table + TALL * i, len(memory) + i
        on.text(left - 2, y + TALL / 2 + 1, on.say("pictures.page_before.asks", word=word), CAPTION, anchor="end")
        for j in range(len(words)):
            x = left + LOOK * j
            on.box(x, y, LOOK, TALL, width=AXIS, fill=WHITE)
            if j > at:
                on.hatch(x, y, LOOK, TALL)
                continue
            if i:
                fill = LIGHT if j < len(memory) else SHADE
                on.pen.box(x + 0.8, y + 4.6, LOOK - 1.6, TALL - 5.4, width=0, fill=fill)
            on.number(x + LOOK / 2, y + 2.7, at - j, TOKEN)
    on.text(
        left + 4 * LOOK + 4,
        table + TALL + 1,
        on.say("pictures.page_before.back"),
        CAPTION,
        anchor="start",
        colour=GREY,
    )
    told = {"memory": " ".join(memory), "page": " ".join(tokens), "first": tokens[0], "last": tokens[1]}
    on.said(*(on.say(f"pictures.page_before.{part}", **told) for part in ("said", "to_do", "key")))
