"""Buckets of distances: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

import numpy as np
from msgspec.structs import replace

from byhand.errors import ValuesError
from byhand.mistakes.registry import mistake, source
from byhand.model.builder import Builder
from byhand.model.layers import last_row, of_one_row, softmax
from byhand.model.registry import Results, model
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.promises import look_most_elsewhere, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import different, draw_values, one_largest, only, shares_are_short, totals
from byhand.ops.linear import add, matmul
from byhand.ops.positions import bucket_biases, bucket_of
from byhand.ops.shapes import column_as_row, gather_rows
from byhand.pictures.canvas import CAPTION, GREY, STROKE, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("distance-buckets", part="heads", only=of_one_row(
    positional_embedding_type=("relative_positional_bias",), use_attn_scale=(False,),
))  # fmt: skip
def _steps(build: Builder) -> Results:
    """The last token's scores, `attn.scores`, with a number for each bucket of distances, `attn.table`, and without.
    Scores have no scale.

    Source: Raffel et al. 2020, section 2.1 (T5).
    """
    c, scores, v = build.config, build.matrix("attn.scores", ("new", "pos")), build.matrix("attn.v", ("pos", "d_v"))
    table, buckets = build.matrix("attn.table", ("", "bucket")), c.relative_attention_num_buckets
    if table.cols != buckets:
        raise ValuesError(f"attn.table has {table.cols} numbers; give {buckets}, one for each bucket")
    everyone, furthest = {"i": (scores.cols, "pos"), "j": (scores.cols, "pos")}, c.relative_attention_max_distance
    whole = bucket_biases(table, name="attn.biases", sizes=everyone, buckets=buckets, furthest=furthest)
    biased = add(scores, last_row(whole, "attn.bias"), name="attn.biased")
    plain = softmax(scores, "plain.pattern", c.softmax_base)
    return matmul(softmax(biased, "attn.pattern", c.softmax_base), v, name="attn.z"), plain


# ---- the same, written down a second time ----


@wiring("distance-buckets")
def _second(w: Wiring) -> None:
    """The last row of scores plus the numbers of buckets (Raffel et al. 2020, section 2.1), and without."""
    c, n = w.config, w.shapes["attn.scores"][1]
    sizes = {"buckets": c.get("relative_attention_num_buckets", 32),
             "furthest": c.get("relative_attention_max_distance", 128)}  # fmt: skip
    whole = w("attn.biases", "bucket_biases", "attn.table", shape=(n, n), **sizes)
    biased = w("attn.biased", "add", "attn.scores", w("attn.bias", "gather_rows", whole, rows=[n - 1]))
    w("attn.z", "matmul", w.softmax("attn.pattern", biased), "attn.v")
    w.softmax("plain.pattern", "attn.scores")


# ---- its numbers ----

BUCKETS = 4
EASY_TOTALS = (9, 10, 12, 15, 16, 18, 20)  # of six powers of 2, the smallest being 1


def _looks_far(run: Candidates) -> Bools:
    """The last token looks most at the first; two others that share a bucket have different scores."""
    scores = run("attn.scores")[:, 0]
    ok: Bools = (scores.argmax(1) == 0) & one_largest(scores) & np.isin(totals(scores, run.base), EASY_TOTALS)
    ok &= (scores[:, 2] != scores[:, 3]) & (different(scores) > 2)
    return ok


def _looks_nearer_with_buckets(run: Candidates) -> Bools:
    """With the numbers of buckets it looks most at a token in another bucket than the first."""
    biased = run("attn.biased")[:, 0]
    return np.asarray((biased.argmax(1) > 1) & one_largest(biased) & np.isin(totals(biased, run.base), EASY_TOTALS))


@draw("distance-buckets", like_sheet=True, fits=[_looks_far], then=[
    (["attn.table"], [_looks_nearer_with_buckets]),
], requires=[
    shares_are_short, exactly(6, relative_attention_num_buckets=BUCKETS, relative_attention_max_distance=8),
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Scores of the last of six tokens, values, and another number for each of four buckets, which do not fall from
    each bucket to the next.
    """
    tables = dice.below(5, count, 1, BUCKETS) - 2
    rises = (tables[:, 0, 1:] > tables[:, 0, :-1]).any(1)
    return {
        "attn.scores": dice.below(5, count, 1, task.n) - 1,
        "attn.table": only(tables, rises & (different(tables[:, 0]) == BUCKETS)),
        "attn.v": draw_values(dice, count, task.n, task.config.d_v),
    }


@sheet_promise
def buckets_change_who_is_read(tape: Tape) -> bool:
    """The last token looks most at the first, and with the numbers of buckets at a nearer one, in another bucket; the
    third and the fourth share one, and have different scores. No two buckets have the same number, and the numbers
    do not fall from each bucket to the next, as a slope does.
    """
    plain, new, bias, table = (
        tape.values(name)[0] for name in ("plain.pattern", "attn.pattern", "attn.bias", "attn.table")
    )
    shared = bias[0] == bias[1] != bias[2] == bias[3] and plain[2] != plain[3]
    learned = len({*table}) == len(table) and any(near < far for near, far in pairwise(table))
    looks_far = plain.index(max(plain)) == 0 and bias[new.index(max(new))] != bias[0]
    return looks_far and look_most_elsewhere(plain, new) and shared and learned


# ---- its mistakes ----


@mistake(
    told="A bucket for each distance, until there were no more buckets.",
    mend="Only the first half of the buckets hold one distance each: let the others grow wider, the farther back.",
    after="bias-before-scale",
)
def bucket_is_distance(step: Step, tape: Tape) -> Iterable[Step]:
    """Each distance has a bucket of its own, and all that are left share the last."""
    if step.op is not bucket_biases or step.params.get("both_ways"):
        return [step]
    buckets = step.params["buckets"]
    one_each = all(bucket_of(steps, buckets, buckets) == steps for steps in range(buckets))
    return [replace(step, params={**step.params, "furthest": buckets}) if one_each else step]


@mistake(
    told="The distances counted from the first word, so that the word that asks seems to be the farthest.",
    mend="Count back from the word that asks: it is 0 steps away from itself.",
    after="bias-before-scale",
)
def counted_from_the_front(step: Step, tape: Tape) -> Iterable[Step]:
    """The last token's numbers are those of the others' distances from the first."""
    if step.op is not gather_rows or not step.name.endswith(".bias") or source(step, tape).op is not bucket_biases:
        return [step]
    return [replace(step, op=column_as_row, params={"which": 0})]


# ---- its picture ----

FIRST, LAST = 31.0, 108.5  # mm to the middles of the first word and the last
MOST_WORDS = 9


@picture(width=118, height=26, minutes=2)
def distance_buckets(on: Canvas, table: Rows, *, tokens: Sequence[str], furthest: int) -> None:
    """Which words share a bucket: a box for the bucket of each word, the last two of which are filled in.

    table: a number for each bucket. furthest: the distance from which all share the last bucket.
    """
    n = len(tokens)
    if len(table[0]) < 4 or not 2 < n <= MOST_WORDS:
        raise UndrawableError("three to nine words, and four buckets or more, of which the first two are printed")
    found = [bucket_of(n - 1 - k, len(table[0]), furthest) for k in range(n)]
    places = [FIRST + (LAST - FIRST) * k / (n - 1) for k in range(n)]
    for name, y in (("steps", 8.6), ("bucket", 15.6)):
        on.text(18.0, y, on.say(f"pictures.distance_buckets.{name}"), CAPTION, anchor="end", colour=GREY)
    for k, (x, word, bucket) in enumerate(zip(places, tokens, found, strict=True)):
        on.text(x, 3.4, word, TOKEN)
        on.text(x, 8.6, str(n - 1 - k), TOKEN, colour=GREY)
        if n - 1 - k > 1:
            on.blank(x, 14.6, bucket)
        else:
            on.box(x - 4.3, 11.0, 8.6, 7.2)
            on.number(x, 14.6, bucket)
    for _, together in groupby(range(n), key=lambda k: found[k]):
        first, *_, last = [*together] * 2
        if first != last:
            start, end = places[first], places[last]
            on.pen.arc((start, 19.4), ((start + end) / 2, 28.0), (end, 19.4), width=STROKE)
    on.said(
        on.say("pictures.distance_buckets.said", words=", ".join(tokens), most=n - 1),
        on.say("pictures.distance_buckets.to_do"),
        on.say("pictures.distance_buckets.key", buckets=", ".join(map(str, found))),
    )  # fmt: skip
