"""Words sorted into boxes: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import cos, hypot, pi, sin, sqrt

import numpy as np

from byhand.errors import ConfigError, ValuesError
from byhand.model.builder import Builder
from byhand.model.layers import buckets, last_row, of_one_row, softmax
from byhand.model.names import ATTN
from byhand.model.registry import Results, model
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import WEIGHTS, distinct, grid, point_apart
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import LARGEST_DENOMINATOR, one_largest, only, totals
from byhand.ops.attention import mask_buckets
from byhand.ops.linear import dot_rows, plus_number
from byhand.ops.norms import unit_rows
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import AXIS, BOX, CAPTION, GRID, HAIR, LIGHT, PALE, STROKE, Canvas
from byhand.pictures.labels import words
from byhand.pictures.names import beside
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----

DIRECTIONS = ("d_head", "direction")


@model("hashed-attention", part="heads", one_head=True, only=of_one_row("num_buckets", use_attn_scale=(False,)))
def _steps(build: Builder) -> Results:
    """At whom the last token looks in its own bucket, with given queries, of which the keys are those of length 1, so
    that scores have no scale; and at whom it looks of all others. The second token and the last are hashed once more,
    by the directions `again.R`.

    Source: Kitaev, Kaiser & Levskaya 2020 (Reformer), section 2.
    """
    c, q = build.config, build.matrix(f"{ATTN}.hook_q[0]", ("pos", "d_head"))
    if not c.num_buckets:
        raise ConfigError("num_buckets=0 leaves no bucket to look into; use an even number, such as 4")
    if q.rows < 2:
        raise ValuesError(f"{ATTN}.hook_q[0] has one row; the second token is hashed again, so give two or more")
    k, last = unit_rows(q, name=f"{ATTN}.hook_k[0]"), q.rows - 1

    def rows(x: Matrix, name: str, axis: str, *which: int) -> Matrix:
        return gather_rows(x, name=name, sizes={"i": (len(which), axis)}, rows=which)

    bucket = buckets(q, build.tape.given(f"{ATTN}.W_R[0]", (c.d_head, c.num_buckets // 2), DIRECTIONS), ATTN, "[0]")
    query = last_row(q, "new.q")  # (1, d_head)
    scores, own_bucket = dot_rows(query, k, name="new.scores"), last_row(bucket, "new.bucket")
    hidden = mask_buckets(scores, own_bucket, bucket, name="new.scores_hashed", first=last)  # (1, pos)
    others = dot_rows(query, rows(k, "plain.k", "past", *range(last)), name="plain.scores")
    seen, plain = (softmax(x, f"{at}.pattern", c.softmax_base) for x, at in ((hidden, "new"), (others, "plain")))
    again = buckets(rows(q, "again.q", "words", 1, last), build.matrix("again.R", DIRECTIONS), "again")
    return seen, plain, plus_number(again, name="again.box", by=1)


# ---- the same, written down a second time ----


@wiring("hashed-attention")
def _second(w: Wiring) -> None:
    """The last row within a bucket (Kitaev, Kaiser & Levskaya 2020, section 2), and without; and another hash."""
    at, q = "blocks.0.attn", "blocks.0.attn.hook_q[0]"
    n = w.shapes[q][0]
    k, query = w(f"{at}.hook_k[0]", "unit_rows", q), w("new.q", "gather_rows", q, rows=[n - 1])
    bucket = w.bucket(q, at, "[0]")
    new_bucket = w("new.bucket", "gather_rows", bucket, rows=[n - 1])
    scores = w("new.scores", "dot_rows", query, k)
    w.softmax("new.pattern", w("new.scores_hashed", "mask_buckets", scores, new_bucket, bucket, first=n - 1))
    before = w("plain.k", "gather_rows", k, rows=[*range(n - 1)])
    w.softmax("plain.pattern", w("plain.scores", "dot_rows", query, before))
    again = w.bucket_by(w("again.q", "gather_rows", q, rows=[1, n - 1]), "again.R", "again")
    w("again.box", "plus_number", again, by=1)


# ---- its numbers ----

FRIEND = 1  # the place of the token that the last one looks at most without buckets, and does not see with them
OUTERMOST = 5  # the largest number that a row and a direction make, in absolute value
PATCH = 41  # the largest squared length of a point that has room in the circle of buckets
SIGNS = grid(4, 1)[grid(4, 1).all(1)]  # every row of 1 and −1


def _looks_at_a_friend(run: Candidates) -> Bools:
    """Without buckets, the last word looks most at the second, with easy shares."""
    scores = run("plain.scores")[:, 0]
    ok: Bools = (scores.argmax(1) == FRIEND) & one_largest(scores) & (scores.min(1) == -1)
    return ok & (totals(scores, run.base) <= LARGEST_DENOMINATOR)


def _points_are_clear(run: Candidates, name: str) -> Bools:
    """All points are different, have room in the picture, and are clearly in one bucket."""
    along = run(name)
    ok: Bools = (abs(along) <= OUTERMOST).all((1, 2)) & ((along**2).sum(2) <= PATCH).all(1) & distinct(along)
    ok &= (abs(along[..., 0]) != abs(along[..., 1])).all(1)
    return ok


def _two_are_met(run: Candidates) -> Bools:
    """In its bucket, the last word looks at two others, by scores of −1 and 0."""
    seen = run("new.scores_hashed")[:, 0]
    return np.asarray((np.sort(seen, 1)[:, -3:] == [-np.inf, -1, 0]).all(1) & (seen[:, FRIEND] < -1))


def _directions_differ(run: Candidates) -> Bools:
    return np.asarray((run("again.R") != run(f"{ATTN}.W_R[0]")).any((1, 2)))


@draw("hashed-attention", like_sheet=True, requires=[exactly(6, d_head=4, num_buckets=4)], fits=[
    _looks_at_a_friend,
], then=[
    ([f"{ATTN}.W_R"], [partial(_points_are_clear, name=f"{ATTN}.hash_along[0]"), _two_are_met]),
    (["again.R"], [partial(_points_are_clear, name="again.hash_along"), _directions_differ]),
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Six rows of 1 and −1, of which no two are opposite, and directions, twice. Of the first five rows, mostly one,
    and seldom two, have no product with the last one, so that the others are not like it.
    """
    q, r = dice.choices(SIGNS, count, 6), dice.choices(WEIGHTS, 2 * count, 4, 2)
    r = only(r, (r != 0).any(2).all(1) & ((r != 0).sum(1) > 2).all(1) & (abs(r).sum((1, 2)) < 10))
    strangers = (q[:, :-1] @ q[:, -1, :, None] == 0).sum((1, 2)) == 1 + (dice.below(6, 1) == 0)
    q = only(q, point_apart(q) & strangers)
    return {f"{ATTN}.hook_q[0]": q, f"{ATTN}.W_R": r[:count, None], "again.R": r[count:]}


@sheet_promise
def a_friend_is_in_another_bucket(tape: Tape) -> bool:
    """The last token looks most at the second, without buckets. Its own bucket holds two others, at which it looks
    with different shares, and not the second; by other directions, it does. Without the second, no word outside is
    more like it than the best one inside, and those outside are not more like it altogether. No number of Q R has the
    size of the other in its row.
    """
    at = "blocks.0.attn"
    plain, hashed = tape.values("plain.pattern")[0], tape.values("new.pattern")[0]
    seen, buckets = [x for x in hashed if x], tape.values("again.bucket")
    alike = {met: [y for n, y in enumerate(plain) if n != 1 and bool(hashed[n]) == met] for met in (True, False)}
    points = (*tape.values(f"{at}.hash_along[0]"), *tape.values("again.hash_along"))
    met = len(seen) == 2 and seen[0] != seen[1] and not hashed[1] and buckets[0] == buckets[1]
    met = met and max(alike[False]) <= max(alike[True]) and sum(alike[False]) <= sum(alike[True])
    return met and has_one_largest(plain) and plain[1] == max(plain) and all(abs(x) != abs(y) for x, y in points)


# ---- its picture ----

UNIT, RIM = 3.8, 6.9  # mm from one whole number to the next on the circle of boxes, and its radius in these


@picture(height=60, minutes=4)
def four_boxes(on: Canvas, along: Rows, *, tokens: Sequence[str]) -> None:
    """A circle that its diagonals part into four boxes, words as points in it, and who is in which box.

    along: two numbers for each word. Box n is that of the largest of (x, y, −x, −y).
    """
    points = [tuple(map(float, row)) for row in along]
    if {*map(len, points)} != {2} or any(abs(x) == abs(y) or hypot(x, y) > RIM for x, y in points):
        raise UndrawableError("points of two numbers inside the circle, and none on a diagonal")
    middle = 30.0
    for k in range(-6, 7):
        half = UNIT * sqrt(RIM**2 - k * k)
        for ends in (((middle + UNIT * k, middle - half), (middle + UNIT * k, middle + half)),
                     ((middle - half, middle + UNIT * k), (middle + half, middle + UNIT * k))):  # fmt: skip
            on.line(*ends, width=HAIR if k else AXIS, colour=GRID if k else PALE)
    on.disc(middle, middle, UNIT * RIM, fill="none", width=STROKE, colour=on.ink)
    reach = UNIT * RIM / sqrt(2)
    lines = [((middle - reach, middle + side * reach), (middle + reach, middle - side * reach)) for side in (1, -1)]
    for ends in lines:
        on.line(*ends, width=STROKE)
    for n, (across, up) in enumerate(((1, 0), (0, 1), (-1, 0), (0, -1)), 1):
        left, top = middle + 28.0 * across, middle - 28.0 * up
        on.box(left - 1.7, top - 1.7, 3.4, 3.4, fill=LIGHT, width=BOX)
        on.text(left, top + 1.0, str(n), CAPTION)
    dots = [(middle + UNIT * x, middle - UNIT * y) for x, y in points]
    halves = [words(word, CAPTION).width / 2 for word in tokens]
    rim = [(middle + UNIT * RIM * cos(k * pi / 24), middle + UNIT * RIM * sin(k * pi / 24)) for k in range(48)]
    names = beside(dots, halves, [*lines, *((at, at) for at in rim)], (4, 4, 56, 56), lines)
    for dot, name, word in zip(dots, names, tokens, strict=True):
        on.pen.disc(*dot)
        on.pen.text(*name, word, CAPTION)
    boxes: list[list[str]] = [[], [], [], []]
    for (x, y), word in zip(points, tokens, strict=True):
        sides = (x, y, -x, -y)
        boxes[sides.index(max(sides))].append(word)
    for n, inside in enumerate(boxes, 1):
        line = 14.0 + 11.0 * (n - 1)
        on.box(72, line - 3.0, 3.4, 3.4, fill=LIGHT, width=BOX)
        on.text(73.7, line - 0.3, str(n), CAPTION)
        on.answer_line(78, line, 34, ", ".join(inside) or "–")
    told = "; ".join(f"{n}: {', '.join(inside) or '–'}" for n, inside in enumerate(boxes, 1))
    on.said(
        on.say("pictures.four_boxes.said"), on.say("pictures.four_boxes.to_do", words=", ".join(tokens)),
        on.say("pictures.four_boxes.key", boxes=told),
    )  # fmt: skip
