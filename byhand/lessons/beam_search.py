"""Beam search: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise, permutations, product
from math import hypot
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.arithmetic.copies import each
from byhand.errors import ValuesError
from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.registry import Results, model
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task
from byhand.ops.attention import largest_entry
from byhand.ops.linear import matmul, multiply, scale_rows
from byhand.ops.shapes import column_as_row, gather_entries, gather_rows, keep_entries, one_hot
from byhand.pictures.canvas import BOX, CAPTION, DASH, GREY, STRIPE, STROKE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Computed, Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

BEAM = 2  # how many beginnings are kept
OUT_OF = 10  # every row of shares, and the shares of the first word, are so many parts

# ---- the model ----


@model("beam-search", part="unembed")
def _steps(build: Builder) -> Results:
    """Texts of three words, from how often each word comes `first` and how often each comes `next` after each: the
    greedy one, and the likeliest that a beam of two finds. A text weighs the product of its three numbers. Also how
    much all texts weigh together that end with each word.

    Source: Lowerre 1976 (Harpy).
    """
    first, after = build.matrix("first", ("d_vocab", "")), build.matrix("next", ("d_vocab", "d_vocab"))
    n = first.rows
    if n < BEAM or after.shape != (n, n) or first.cols != 1:
        raise ValuesError("a beam of two needs a column of two words or more, and a square table of what comes next")
    row = column_as_row(first, name="greedy.after0", which=0)
    ends = matmul(matmul(row, after, name="all.two"), after, name="all.three")
    return _greedy(row, first, after), *_beam(build, first, after), ends


def _greedy(shares: Matrix, first: Matrix, after: Matrix) -> Matrix:
    """How much the text weighs that takes the likeliest word each time; and its beginnings."""
    weight = largest_entry(first, name="greedy.one")
    for k, name in ((1, "greedy.two"), (2, "greedy")):
        shares = _rows(after, f"greedy.after{k}", "", [_largest(shares, 0)[1]])
        weight = multiply(weight, largest_entry(shares, name=f"greedy.share{k + 1}"), name=name)
    return weight


def _beam(build: Builder, first: Matrix, after: Matrix) -> Results:
    """Beginnings of two words after the likeliest first words; the likeliest of these, and how they go on."""
    n = first.rows
    top = [_largest(first, rank)[0] for rank in range(BEAM)]
    is_kept = tuple((each(lambda *rows, i=i: Computed(i in rows), *top),) for i in range(n))
    two = scale_rows(after, keep_entries(first, name="first.kept", kept=is_kept), name="two")
    places = [_largest(two, rank) for rank in range(BEAM)]
    kept = _entries(two, "kept", places)
    dropped = _entries(two, "dropped", [_largest(two, BEAM)])
    sizes = {"i": (n, "d_vocab"), "j": (n, "d_vocab")}
    words = one_hot(name="words", tape=build.tape, sizes=sizes, rows=tuple(range(n)))
    of_kept = [_rows(words, f"kept.word{k + 1}", "kept", [place[k] for place in places]) for k in (0, 1)]
    three = scale_rows(_rows(after, "kept.after", "kept", [j for _, j in places]), kept, name="three")
    of_best = [*of_kept, three]
    best = [_rows(of, f"best.word{k}", "", [_largest(three, 0)[0]]) for k, of in enumerate(of_best, 1)]
    return largest_entry(three, name="best"), dropped, *best


def _rows(table: Matrix, name: str, axis: str, rows: Sequence[Any]) -> Matrix:
    return gather_rows(table, name=name, sizes={"i": (len(rows), axis)}, rows=tuple(rows))


def _entries(table: Matrix, name: str, places: Sequence[tuple[Any, Any]]) -> Matrix:
    """Some entries of a table below each other."""
    rows = _rows(table, f"{name}.rows", "kept", [i for i, _ in places])
    return gather_entries(rows, name=name, cols=tuple(j for _, j in places))


def _largest(of: Matrix, rank: int) -> tuple[Any, Any]:
    """The row and column of the entry of a matrix that comes after `rank` larger ones; of equal ones the first."""
    place = each(lambda *entries: _ranked(entries)[rank], *chain(*of.values))
    return each(lambda k: Computed(k // of.cols), place), each(lambda k: Computed(k % of.cols), place)


def _ranked(entries: Sequence[Any]) -> list[int]:
    """The places of entries, the largest first."""
    return sorted(range(len(entries)), key=lambda k: -entries[k])


# ---- the same, written down a second time ----


@wiring("beam-search")
def _second(w: Wiring) -> None:
    """Greedy; and a beam of two, which keeps the likeliest beginnings of all (Lowerre 1976)."""
    n = w.shapes["next"][0]
    weight, shares = w("greedy.one", "largest_entry", "first"), w("greedy.after0", "column_as_row", "first", which=0)
    w("all.three", "matmul", w("all.two", "matmul", shares, "next"), "next")
    for k, name in ((1, "greedy.two"), (2, "greedy")):
        shares = w(f"greedy.after{k}", "rows_of_top", "next", shares, count=1, axis=1)
        weight = w(name, "multiply", weight, w(f"greedy.share{k + 1}", "largest_entry", shares))
    two = w("two", "scale_rows", "next", w("first.kept", "keep_top", "first", count=2))
    w("kept.rows", "rows_of_top", two, two, count=2)
    kept = w("kept", "top", two, count=2)
    w("dropped.rows", "rows_of_top", two, two, count=1, after=2)
    w("dropped", "top", two, count=1, after=2)
    words = w("words", "one_hot", shape=(n, n), rows=[*range(n)])
    of_kept = [w(f"kept.word{k + 1}", "rows_of_top", words, two, count=2, axis=k) for k in (0, 1)]
    three = w("three", "scale_rows", w("kept.after", "rows_of_top", "next", two, count=2, axis=1), kept)
    w("best", "largest_entry", three)
    for k, of in enumerate((*of_kept, three), 1):
        w(f"best.word{k}", "rows_of_top", of, three, count=1)


# ---- its numbers ----

FIRST = np.array([(5, 4, 1), (6, 3, 1)])  # the likeliest word, then in any order


def _orders(*rows: Sequence[int]) -> Any:
    """Each of these rows in each of its orders."""
    return np.array(sorted({order for row in rows for order in permutations(row)}))


AFTER_LEADER = _orders((5, 4, 1), (6, 3, 1), (5, 3, 2))
AFTER_OTHERS = _orders((4, 3, 3), (5, 3, 2), (4, 4, 2), (6, 3, 1), (7, 2, 1), (8, 1, 1), (9, 1, 0), (6, 2, 2))
MARGIN = 10  # of 1,000: how far the beam's text is from the greedy one, and from all that was dropped


def _has_three_words(task: Task) -> str:
    count = len(task.values.vocabulary)
    return "" if count == 3 else f"beam-search has new numbers for 3 words, not {count}; use 3, or give values"


def _tells(first: Sequence[Any], after: Sequence[Sequence[Any]]) -> bool:
    """Whether greedy misses the likeliest text, and a beam of two finds it, and can tell that it has.

    Both beginnings that it keeps begin with the likeliest word, so that it is not two greedy texts side by side; the
    next one begins with another word. All that it drops weighs less than what it finds, the likeliest text of all.
    """
    n = range(len(first))
    begun = sorted(((first[i] * after[i][j], i, j) for i in n for j in n), reverse=True)
    (one, a, x), (two, also, y), (third, other, _), *_ = begun
    last = [max(row) for row in after]
    is_clear = len({*first}) == len(first) and max(first) == first[a] and one > two > third
    if not (is_clear and a == also != other and third > first[a] * min(after[a])):
        return False
    best, others = two * last[y], max(one * last[x], OUT_OF * third, OUT_OF**2 * min(first))
    alone = all(after[i].count(last[i]) == 1 for i in (x, y))
    return bool(alone and best >= others + MARGIN and best == max(weight * last[j] for weight, _, j in begun))


def _beam_is_needed(run: Candidates) -> Bools:
    """Greedy misses the likeliest text, and the beam finds it."""
    first, after = run("first")[..., 0].tolist(), run("next").tolist()
    return np.array([_tells(*case) for case in zip(first, after, strict=True)])


@draw("beam-search", like_sheet=True, requires=[_has_three_words], fits=[_beam_is_needed])
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """What comes first, and after each of three words: parts of ten."""
    others, leader = dice.choices(AFTER_OTHERS, count, 2), dice.choices(AFTER_LEADER, count, 1)
    first, after = dice.choices(FIRST, count), np.concatenate((leader, others), 1)
    order = dice.choices(_orders((0, 1, 2)), count)
    return {
        "first": np.take_along_axis(first, order, 1)[..., None],
        "next": np.take_along_axis(after, order[..., None], 1),
    }


@sheet_promise
def beam_finds_what_greedy_misses(tape: Tape) -> bool:
    """Greedy misses the likeliest text, and the beam finds it: it weighs more than all that was dropped. Both
    beginnings that are kept begin with the same word. Each row is ten parts.
    """
    first, after = [x for (x,) in tape.values("first")], tape.values("next")
    return _tells(first, after) and all(sum(row) == OUT_OF for row in (first, *after))


# ---- its mistakes ----


@mistake(
    told="Every word that was kept went on by itself, as if there were two greedy texts.",
    mend="Compare all beginnings, whichever word they begin with, and keep the likeliest two.",
    after="not-renormalised",
)
def two_greedy_texts(step: Step, tape: Tape) -> Iterable[Step]:
    """Of each first word that is kept, the likeliest beginning is kept."""
    which = {"kept.rows": 0, "kept.word1": 0, "kept": 1, "kept.word2": 1, "kept.after": 1}
    if step.name not in which or "two" not in tape.steps:
        return [step]
    first, two = [x for (x,) in tape.values("first")], tape.values("two")
    param = "cols" if step.name == "kept" else "rows"

    def place(rank: int, *entries: Any) -> int:
        n = len(first)
        rows = [entries[n * i : n * (i + 1)] for i in range(1, n + 1)]
        i = _ranked(entries[:n])[rank]
        return Computed((i, _ranked(rows[i])[0])[which[step.name]])

    chosen = [each(lambda *x, rank=rank: place(rank, *x), *first, *chain(*two)) for rank in range(BEAM)]
    return [replace(step, params={param: tuple(chosen)})]


@mistake(
    told="Only the last share looked at, without the words before it.",
    mend="Multiply by what the beginning weighs: a text is as likely as all its words together.",
    after="not-renormalised",
)
def last_share_only(step: Step, tape: Tape) -> Iterable[Step]:
    """A text of three words weighs as much as its last word."""
    return [skipped(step) if step.name == "three" and step.op is scale_rows else step]


# ---- its picture ----

ACROSS, DOWN, NODE = 31.0, 12.5, 3.3  # mm from one word to the next; between two words; the radius of a ring
LEFT, TOP = 5.0, 7.6
THINNEST, THICKEST = 0.3, 3.0  # the widths of lines


@picture(width=115, height=40, minutes=1.5)
def trellis(on: Canvas, first: Rows, after: Rows, *taken: Rows, words: Sequence[str]) -> None:
    """Words in three columns, and a line to each from each before it, the thicker the likelier.

    taken: for each word of the greedy text, and then of the beam's, a row that is largest there.
    """
    shares = [[float(x) for (x,) in first], *([float(x) for x in row] for row in after)]
    if len(words) != 3 or any(not 0 <= x <= OUT_OF for row in shares for x in row):
        raise UndrawableError("three words, and shares from 0 to ten parts")

    def at(column: int, word: int) -> tuple[float, float]:
        return LEFT + ACROSS * column, TOP + DOWN * (1 if column == 0 else word)

    for column, rows in enumerate((shares[:1], shares[1:], shares[1:])):
        for (i, row), j in product(enumerate(rows), range(3)):
            if row[j]:
                width = THINNEST + (THICKEST - THINNEST) * row[j] / OUT_OF
                on.line(at(column, i), at(column + 1, j), width=width, colour=STRIPE)
    texts = [[_ranked(row)[0] for (row,) in part] for part in (taken[:3], taken[3:])]
    for lower, text in enumerate(texts):
        aside = 0.9 * (lower or -1)  # where both texts go the same way
        spots = [at(0, 0), *(at(k, word) for k, word in enumerate(text, 1))]
        for (x, y), (to_x, to_y) in pairwise(spots):
            short = (NODE + 0.5) / hypot(to_x - x, to_y - y)
            dx, dy = short * (to_x - x), short * (to_y - y)
            ends = (x + dx, y + dy + aside), (to_x - dx, to_y - dy + aside)
            on.pen.line(*ends, width=STROKE, dash=DASH if lower else ())
    for column in range(1, 4):
        on.text(at(column, 0)[0], 2.6, on.say(f"pictures.trellis.word_{column}"), CAPTION, colour=GREY)
        for word, called in enumerate(words):
            x, y = at(column, word)
            on.disc(x, y, NODE, fill=WHITE, width=BOX)
            on.text(x, y + 1.0, called, TOKEN if len(called) < 4 else CAPTION)
    on.disc(*at(0, 0), 1.1)
    named = [" ".join(words[k] for k in text) for text in texts]
    same = texts[0][-1] == texts[1][-1]
    for lower, text in enumerate(texts):
        x, y = at(3, text[-1])
        on.pen.text(x + NODE + 1.2, y + 1.0 + (1.9 * (lower or -1) if same else 0),
                    on.say(f"pictures.trellis.{('greedy', 'beam')[lower]}"), CAPTION, anchor="start")  # fmt: skip
    thickest = [max(range(3), key=row.__getitem__) for row in shares]
    on.said(
        on.say("pictures.trellis.said", first=words[thickest[0]],
               next="; ".join(f"{word}: {words[k]}" for word, k in zip(words, thickest[1:], strict=True))),
        on.say("pictures.trellis.to_do"),
        on.say("pictures.trellis.key", greedy=named[0], beam=named[1]),
    )  # fmt: skip
