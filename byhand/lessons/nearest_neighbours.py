"""What came next last time: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np

from byhand.errors import ValuesError
from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.layers import only_largest, softmax
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import distinct, grid
from byhand.numbers.promises import look_most_elsewhere, sheet_promise
from byhand.numbers.registry import Entries, Task
from byhand.numbers.scores import LARGEST_DENOMINATOR, only
from byhand.ops.attention import power_of, row_argmax
from byhand.ops.linear import blend, matmul, squared_distances, times_number
from byhand.ops.shapes import one_hot
from byhand.pictures.canvas import BOX, CAPTION, PEN_AREA, STROKE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("nearest-neighbours", part="unembed", reads_words=True)
def _steps(build: Builder) -> Results:
    """The next word as the nearest of the stored places `knn.keys` say it, mixed with what a model says, from its
    `logits`. The tokens are the words that came next at these places.

    Source: Khandelwal et al. 2020.
    """
    c, tape = build.config, build.tape
    keys, query = build.matrix("knn.keys", ("place", "d_model")), build.matrix("knn.query", ("", "d_model"))
    logits = build.matrix("logits", ("", "d_vocab"))
    said = build.values.ids(logits.cols)
    if len(said) != keys.rows:
        raise ValuesError(
            f"knn.keys has {keys.rows} rows, and there are {len(said)} tokens; give the word of each place"
        )
    apart = squared_distances(query, keys, name="knn.distance")  # (1, place)
    powers = power_of(times_number(apart, name="knn.negative", by=-1), name="knn.power", base=c.softmax_base)
    shares = only_largest(powers, "knn.kept", "knn.share", c.knn)
    sizes = {"i": (keys.rows, "place"), "j": (logits.cols, "d_vocab")}
    words = one_hot(name="knn.one_hot", tape=tape, sizes=sizes, rows=said)
    near = matmul(shares, words, name="knn.probs")  # (1, d_vocab)
    probs = softmax(logits, "probs", c.softmax_base)
    mixed = blend(probs, near, name="knn.mixed", keep=1 - c.lmbda, take=c.lmbda)
    row_argmax(probs, name="probs.next")  # computed only when requested
    return mixed, row_argmax(mixed, name="knn.mixed.next")


# ---- the same, written down a second time ----


@wiring("nearest-neighbours")
def _second(w: Wiring) -> None:
    """λ p_kNN + (1 − λ) p_LM (Khandelwal et al. 2020, equations 2 and 3), in a base of its own."""
    c, take = w.config, w.number("lmbda", "1/2")
    apart = w("knn.distance", "squared_distances", "knn.query", "knn.keys")
    powers = w("knn.power", "power_of", w("knn.negative", "times_number", apart, by=-1), base=c["softmax_base"])
    kept = w("knn.kept", "keep_largest", powers, count=c.get("knn", 3))
    shares = w("knn.share", "normalize_rows", kept, w("knn.kept.sum", "row_sum", kept))
    words = w("knn.one_hot", "one_hot", shape=w.shapes["knn.one_hot"], rows=w.ids)
    near = w("knn.probs", "matmul", shares, words)
    w("knn.mixed", "blend", w.softmax("probs", "logits"), near, keep=1 - take, take=take)
    for name in ("probs", "knn.mixed"):
        w(f"{name}.next", "row_argmax", name)


# ---- its numbers ----

STORED = 5
MAP = 3  # the largest number of a place, in absolute value
NEAR, FAR_OFF = 5, 9  # the largest squared distance of the three nearest places, and of all
APART = 3  # by how much that of the others is larger, so that a circle between them is easy to draw
LARGEST_MIXED = 12  # the largest denominator of a mixture


def _has_five_places(task: Task) -> str:
    c = task.config
    fits = (len(task.values.tokens), c.d_vocab, c.knn, c.lmbda) == (STORED, 3, 3, Fraction(1, 2))
    return "" if fits else "numbers are chosen for five stored places, three words, knn=3 and lmbda=1/2"


def _three_are_near(run: Candidates) -> Bools:
    """Three places are nearer than the others, so that a circle between them is easy to draw."""
    ordered = np.sort(run("knn.distance")[:, 0], 1)
    return np.asarray((ordered[:, 2] <= NEAR) & (ordered[:, 3] - ordered[:, 2] >= APART))


def _shares_are_short(run: Candidates) -> Bools:
    """What the model says, what the neighbours say, and the mixture of both are short fractions."""
    most = {"probs": LARGEST_DENOMINATOR, "knn.share": LARGEST_DENOMINATOR, "knn.mixed": LARGEST_MIXED}
    ok: Bools = np.logical_and.reduce([(run.denominators(name) <= limit).all((1, 2)) for name, limit in most.items()])
    return ok


@draw("nearest-neighbours", like_sheet=True, requires=[_has_five_places], count=10_000, fits=[
    _three_are_near, _shares_are_short,
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Five different places (5, 2), not far from now and not there, and logits of three words."""
    steps = grid(2, MAP)
    steps = steps[((steps**2).sum(1) <= FAR_OFF) & steps.any(1)]  # from now to a place
    now = np.repeat(
        dice.below(3, 1, 1, 2) - 1, count, 0
    )  # one for all, or the same ones would be found for most seeds
    places = np.concatenate((now, now + dice.choices(steps, count, STORED)), 1)
    places = only(places, (abs(places) <= MAP).all((1, 2)) & distinct(places))
    return {"knn.query": places[:, :1], "knn.keys": places[:, 1:], "logits": dice.below(4, count, 1, 3)}


@sheet_promise
def neighbours_change_the_word(tape: Tape) -> bool:
    """The three nearest places are nearer than the others, not all equally near, and stand for two words; their
    powers do not add up to 1. The model says one word by itself, and another one with its neighbours. The first place
    is not the nearest, and would be if one number of the query were another.
    """
    apart = sorted(tape.values("knn.distance")[0])
    near, alone, mixed = (tape.values(name)[0] for name in ("knn.probs", "probs", "knn.mixed"))
    clear = apart[0] < apart[2] < apart[3] and near.count(0) == 1 and sum(tape.values("knn.kept")[0]) != 1
    query, places = tape.values("knn.query")[0], tape.values("knn.keys")
    others = [tuple(x if k == at else old for k, old in enumerate(query)) for at in (0, 1) for x in range(-9, 10)]
    reached = any(_nearest(each, places) == 0 for each in others) and _nearest(query, places) != 0
    return clear and reached and look_most_elsewhere(alone, mixed)


def _nearest(query: Sequence[Any], places: Rows) -> int:
    """The place that is nearer than all others, counted from 0; −1 if there is none."""
    apart = [sum((a - b) ** 2 for a, b in zip(query, place, strict=True)) for place in places]
    return apart.index(min(apart)) if apart.count(min(apart)) == 1 else -1


# ---- its mistakes ----


@mistake(
    told="All stored places counted, also those that are far away.",
    mend="Write 0 for every place but the nearest ones, and then divide by the sum of what is left.",
    after="not-renormalised",
)
def all_places(step: Step, tape: Tape) -> Iterable[Step]:
    """No stored place is left out."""
    return [skipped(step) if step.name == "knn.kept" else step]


@mistake(
    told="Far places counted more than near ones: the powers had no minus.",
    mend="Put a minus before the squared distance: the nearer a place is, the larger its power.",
    after="not-renormalised",
)
def far_counts_more(step: Step, tape: Tape) -> Iterable[Step]:
    """The squared distances themselves are the exponents."""
    return [skipped(step) if step.name == "knn.negative" else step]


# ---- its picture ----

PLACE, MARK = 5.0, 1.9  # mm from one whole number to the next on the map of places, and the radius of a place


@picture(height=38, minutes=2)
def nearest_places(
    on: Canvas, keys: Rows, query: Rows, apart: Rows, *, tokens: Sequence[str], count: Sequence[int]
) -> None:
    """A map of stored places, with a cross for now, and the circle through the last of the nearest ones.

    apart: the squared distance of each place. tokens: the word that came next at each. count: how many are nearest.
    """
    if len(keys) > 5 or max(abs(x) for row in (*keys, *query) for x in row) > 3:
        raise UndrawableError("up to five places from −3 to 3 have room")
    furthest = sorted(apart[0])[count[0] - 1]
    middle = 20.0, 18.6

    def at(row: Sequence[Any]) -> tuple[float, float]:
        return middle[0] + PLACE * float(row[0]), middle[1] - PLACE * float(row[1])

    on.plane(at, (-3, -3), (3, 3))
    x, y = at(query[0])
    for sign in (1, -1):
        on.line((x - 1.6, y - 1.6 * sign), (x + 1.6, y + 1.6 * sign), width=STROKE)
    on.pen.disc(x, y, PLACE * sqrt(float(furthest)), fill="none", width=STROKE, colour=on.pen.ink)
    names = "ABCDE"[: len(keys)]
    inside = [name for name, squared in zip(names, apart[0], strict=True) if squared <= furthest]
    for n, (name, row, word) in enumerate(zip(names, keys, tokens, strict=True)):
        listed_at = 50.0, 4.6 + 7.0 * n
        for place in (at(row), listed_at):
            on.disc(*place, MARK, fill=WHITE, width=BOX)
            on.text(place[0], place[1] + 1.0, name, CAPTION)
            if name in inside:
                on.pen.disc(*place, MARK, fill=PEN_AREA, width=STROKE, colour=on.pen.ink)
                on.pen.text(place[0], place[1] + 1.0, name, CAPTION)
        on.text(54.4, listed_at[1] + 1.1, word, TOKEN, anchor="start")
    on.said(
        on.say("pictures.nearest_places.said", query=listed(query[0]), words=", ".join(tokens)),
        on.say("pictures.nearest_places.to_do", count=count[0]),
        on.say("pictures.nearest_places.key", names=", ".join(inside)),
    )
