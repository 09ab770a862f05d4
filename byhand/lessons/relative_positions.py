"""A row for every distance: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from byhand.model.builder import Builder
from byhand.model.layers import of_one_row, read_by
from byhand.model.names import ATTN
from byhand.model.registry import Results, model
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import grid, natural
from byhand.numbers.promises import look_most_elsewhere, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import (
    LARGEST_DENOMINATOR,
    REACH,
    different,
    draw_values,
    one_largest,
    only,
    shares_are_short,
    totals,
)
from byhand.ops.linear import add, dot_rows
from byhand.ops.positions import pick_by_distance
from byhand.pictures.canvas import CAPTION, GREY, LIGHT, SMALLEST, TOKEN, WHITE, Canvas
from byhand.pictures.cutting import cut_box
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("relative-positions", part="heads", one_head=True, only=of_one_row(positional_embedding_type=("relative",)))
def _steps(build: Builder) -> Results:
    """What the last token reads with its query, given keys and values, and a table with a row for each distance; and
    what it would read without the table.

    Source: Shaw, Uszkoreit & Vaswani 2018.
    """
    c, tape = build.config, build.tape
    query, k = build.matrix("new.q", ("new", "d_head")), build.matrix(f"{ATTN}.hook_k[0]", ("pos", "d_head"))
    v, reach = build.matrix(f"{ATTN}.hook_v[0]", ("pos", "d_v")), c.max_relative_position
    table = tape.given(f"{ATTN}.rel_pos_keys", (2 * reach + 1, c.d_head), ("distance", "d_head"))
    content = dot_rows(query, k, name="new.scores_content")  # (1, pos)
    by_distance = dot_rows(query, table, name="new.by_distance")  # (1, distance)
    start, sizes = reach - (k.rows - 1), {"j": (k.rows, "pos")}
    told = pick_by_distance(by_distance, name="new.scores_relative", sizes=sizes, start=start)
    scores = add(content, told, name="new.scores")
    return read_by(scores, v, "new", c), read_by(content, v, "plain", c)


# ---- the same, written down a second time ----


@wiring("relative-positions")
def _second(w: Wiring) -> None:
    """The last row of a head, with the rows of a table for the distances in its keys (Shaw et al. 2018, equation 4),
    and without.
    """
    keys, reach = "blocks.0.attn.hook_k[0]", w.config.get("max_relative_position", 0)
    content = w("new.scores_content", "dot_rows", "new.q", keys)
    by_distance = w("new.by_distance", "dot_rows", "new.q", "blocks.0.attn.rel_pos_keys")
    name, before = "new.scores_relative", w.shapes[keys][0] - 1
    told = w(name, "pick_by_distance", by_distance, shape=w.shapes[name], start=reach - before)
    for at, scores in (("new", w("new.scores", "add", content, told)), ("plain", content)):
        w.read_by(scores, "blocks.0.attn.hook_v[0]", at)


# ---- its numbers ----

KEYS, VALUES, TABLE = (f"{ATTN}.{name}" for name in ("hook_k[0]", "hook_v[0]", "rel_pos_keys"))
ALL_ROWS = grid(4, REACH)
ROWS = ALL_ROWS[((ALL_ROWS != 0).sum(1) > 1) & ((abs(ALL_ROWS) > 1).sum(1) < 2)]
SMALL = ROWS[abs(ROWS).max(1) == 1]


def _scores_are_easy(run: Candidates, at: str) -> Bools:
    """The scores are small, one of them is largest, and their shares are easy; with positions, they are of three
    numbers or more.
    """
    scores = run(f"{at}.scores_scaled")[:, 0]
    ok: Bools = (abs(scores) <= 3).all(1) & one_largest(scores) & (different(scores) > (1 if at == "plain" else 2))
    return ok & (totals(scores, run.base) <= LARGEST_DENOMINATOR)


def _distances_tell(run: Candidates) -> Bools:
    """The query has a small product of its own with each distance. No row that is printed gives scores away."""
    told, table = run("new.by_distance")[:, 0], run(TABLE)
    printed = np.concatenate([run("new.q"), run(KEYS), table], 1)
    ok: Bools = (abs(told) <= 4).all(1) & (different(told) == 5) & natural(table, 15, 50)
    for name in ("plain.scores_scaled", *(f"new.scores{part}" for part in ("", "_content", "_relative", "_scaled"))):
        ok &= ~(printed == run(name)).all(2).any(1)
    return ok


def _distances(run: Candidates, dice: Dice) -> Entries:
    """Rows for five distances (5, 4) that have even products with the query."""
    return {TABLE: dice.choices_each(SMALL, run.entries["new.q"][:, 0] @ SMALL.T % 2 == 0, 5)}


@draw("relative-positions", like_sheet=True, requires=[
    shares_are_short, exactly(4, d_head=4, use_attn_scale=True, max_relative_position=2),
], fits=[lambda run: natural(run(KEYS), 10, 45), partial(_scores_are_easy, at="plain")], then=[
    (_distances, [_distances_tell, partial(_scores_are_easy, at="new")]),
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """A query, keys (4, 4) that have even products with it, and values."""
    q = dice.choices(ROWS[(ROWS != 0).sum(1) > 2], count)
    k, v = dice.choices_each(ROWS, q @ ROWS.T % 2 == 0, 4), draw_values(dice, count, 4, task.config.d_v)
    return {"new.q": q[:, None], KEYS: k, VALUES: only(v, (v != 0).any(2).all(1))}


@sheet_promise
def rows_of_distances_change_who_is_read(tape: Tape) -> bool:
    """The last token looks most at one token, and at another one without positions. Its query has a product of its
    own with the row for each distance; that for two steps back is not 0, since farther words have it, too, and one
    of those for words before is larger than those for words that come after.
    """
    plain, told = (tape.values(name)[0] for name in ("plain.pattern", "new.pattern"))
    by_distance = tape.values("new.by_distance")[0]
    before, after = by_distance[:3], by_distance[3:]
    differ = len({*by_distance}) == len(by_distance) and before[0] != 0 and max(before) > max(after)
    return look_most_elsewhere(plain, told) and differ


# ---- its picture ----

MARK, DEEP = 12.0, 6.4  # the width of a mark of a ruler, and its height


@picture(height=38, minutes=2)
def sliding_ruler(on: Canvas, table: Rows, *, tokens: Sequence[str]) -> None:
    """A ruler of distances with its 0 under the word that asks: for each later word it lies one word further on, and
    words past its end have its last mark.

    table: a row for each distance, to both sides and 0.
    """
    n, reach = len(tokens), len(table) // 2
    if (n, reach) != (4, 2):
        raise UndrawableError("four words and a ruler that reaches two words back have room")
    left, top, pitch = 25.0, 6.0, 9.4

    def mark(i: int, j: int) -> int:
        """The mark of word j when word i asks."""
        return -min(i - j, reach)

    for j, word in enumerate(tokens):
        on.text(left + MARK * (j + 0.5), 3.8, word, TOKEN)
    for i in range(1, n):
        y, pen = top + pitch * (i - 1), on.pen if i > 1 else on
        on.text(0, y + DEEP / 2 + 1, on.say("pictures.sliding_ruler.asks", word=tokens[i]), CAPTION, anchor="start")
        for j in range(i + 1):
            x = left + MARK * j
            if i > 1:
                on.blank(x + MARK / 2, y + DEEP / 2, mark(i, j), w=MARK, h=DEEP, size=TOKEN)
            else:
                on.box(x, y, MARK, DEEP, fill=WHITE)
                on.number(x + MARK / 2, y + DEEP / 2, mark(i, j), TOKEN)
        first, end = left + MARK * (i - reach), left + MARK * (i + 1)
        if i < reach:  # its end hangs out
            out = left - MARK / 4
            pen.line((out, y), (end, y), (end, y + DEEP), (out, y + DEEP), width=0.8)
        else:
            pen.box(first, y, end - first, DEEP, width=0.8)
    on.text(
        left, top + pitch * (n - 1) + 3.6, on.say("pictures.sliding_ruler.past"), CAPTION, anchor="start", colour=GREY
    )
    marks = {f"marks_{i}": listed([mark(i, j) for j in range(i + 1)]) for i in range(1, n)}
    told = {f"word_{i}": tokens[i] for i in range(1, n)} | marks
    on.said(*(on.say(f"pictures.sliding_ruler.{part}", **told) for part in ("said", "to_do", "key")))


# ---- to cut out ----

BODY, ABOVE = 15.0, 0.6  # mm: the height of the ruler, and what stands above it


@picture(width=92, height=20, minutes=1)
def distance_ruler(on: Canvas, *, config: Mapping[str, Any], words: int) -> None:
    """A ruler of distances to slide under a sentence; one more place past each end has its last mark again."""
    reach = int(config["max_relative_position"])
    left, marks = 2.0, [*range(-reach, reach + 1)]
    below = ABOVE + DEEP
    for k, mark in enumerate([-reach, *marks, reach]):
        x, past = left + MARK * k, k in (0, len(marks) + 1)
        on.box(x, ABOVE, MARK, DEEP, fill=LIGHT if past else WHITE)
        signed = value_text(mark) if mark <= 0 else f"+{mark}"
        on.number(x + MARK / 2, ABOVE + DEEP / 2, signed, TOKEN, colour=GREY if past else "")
        if past:
            on.text(x + MARK / 2, below + 3.6, on.say("pictures.distance_ruler.past"), SMALLEST, colour=GREY)
    middle = left + MARK * (reach + 1.5)
    on.box(middle - MARK / 2, ABOVE, MARK, DEEP, width=0.8)
    on.arrow((middle, below + 4.6), (middle, below + 0.4), width=0.6)
    on.text(middle, below + 7.4, on.say("pictures.distance_ruler.asks"), CAPTION, bold=True)
    for side, name in ((-1, "before"), (1, "after")):
        start = middle + side * 0.9 * MARK
        on.text(start + side * 0.6 * MARK, below + 3.6, on.say(f"pictures.distance_ruler.{name}"), CAPTION)
        on.arrow((start, below + 6.0), (start + side * 1.2 * MARK, below + 6.0), width=0.3)
    cut_box(on, left, ABOVE, MARK * (len(marks) + 2), BODY)
    shown = listed([value_text(mark) if mark <= 0 else f"+{mark}" for mark in marks])
    on.worksheet_says = on.say("pictures.distance_ruler.said", marks=shown)
