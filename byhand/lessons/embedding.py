"""Embedding: its steps, written down twice, its numbers, its mistake and its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import atan2, degrees, sqrt
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Dice
from byhand.numbers.promises import dot_of, sheet_promise
from byhand.numbers.registry import Entries
from byhand.numbers.shuffled import drawn
from byhand.ops.linear import matmul
from byhand.ops.shapes import gather_rows, one_hot
from byhand.pictures.canvas import AXIS, BOX, CAPTION, FRAME, GREY, LIGHT, TOKEN, WHITE, Canvas, Layer
from byhand.pictures.labels import words as label
from byhand.pictures.names import beside
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("embedding", part="embed", reads_words=True, parameters={"other.W_E": ("d_vocab", "d_model")})
def _steps(build: Builder) -> Results:
    """Each token's row of W_E, found in two ways: looked up, and as the product of a one-hot row with W_E.

    If another table is given, each token's row of it, too; if shares of words are, the mixture of their rows.
    """
    c, ids, n = build.config, build.values.ids(), build.positions
    w_e = build.tape.given("embed.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
    places = {"i": (n, "pos")}
    hot = one_hot(name="one_hot", tape=build.tape, sizes={**places, "j": (c.d_vocab, "d_vocab")}, rows=ids)
    if "other.W_E" in build.tape.numbers:  # computed only when requested
        other = build.tape.given("other.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
        gather_rows(other, name="other.embed", sizes=places, rows=ids)
    if "blend" in build.tape.numbers:
        blend = build.tape.given("blend", (1, c.d_vocab), ("", "d_vocab"))
        matmul(blend, w_e, name="blend.product")
    return gather_rows(w_e, name="hook_embed", sizes=places, rows=ids), matmul(hot, w_e, name="one_hot.product")


# ---- the same, written down a second time ----


@wiring("embedding")
def _second(w: Wiring) -> None:
    """A row of the table for each word, and the same as a product."""
    hot = w("one_hot", "one_hot", shape=(len(w.ids), w.config["d_vocab"]), rows=w.ids)
    w("one_hot.product", "matmul", hot, "embed.W_E")
    w("blend.product", "matmul", "blend", "embed.W_E")
    for name, table in (("hook_embed", "embed.W_E"), ("other.embed", "other.W_E")):
        w(name, "gather_rows", table, rows=w.ids)


# ---- its numbers ----

LIKE, UNLIKE = 0.6, 0.25  # cosines: of the two words that are used alike at least, of all others at most

TRIED = 2000  # tables of words that are drawn at once


@drawn("embedding")
def _table(dice: Dice) -> Entries:
    """A table of five words in four dimensions: the first and the last are alike, and no other two are.

    Method: rejection sampling; about one table in 800 fits.
    """
    while True:
        tables = dice.below(5, TRIED, 5, 4) - 2
        dots = tables @ tables.transpose(0, 2, 1)
        sizes = np.sqrt(np.maximum(np.einsum("nii->ni", dots), 1))
        cosines = dots / (sizes[:, :, None] * sizes[:, None, :])
        like = cosines[:, 0, 4] >= LIKE
        cosines[:, range(5), range(5)] = cosines[:, 0, 4] = cosines[:, 4, 0] = -1.0
        fits = np.flatnonzero(like & (cosines.max((1, 2)) <= UNLIKE))
        for table in (tables[n].tolist() for n in fits):
            if _plane_of(table) is not None:
                return {"embed.W_E": table}


@sheet_promise
def first_word_has_few_zeros(tape: Tape) -> bool:
    """The vector of the first word has one zero at most, so that it is known from the others."""
    return tape.values("hook_embed")[0].count(0) <= 1


@sheet_promise
def like_words_point_alike(tape: Tape) -> bool:
    """The first and the last word, which are used alike, have a cosine of LIKE or more, any other two of UNLIKE at
    most.
    """
    rows = tape.values("embed.W_E")
    sizes = [sqrt(dot_of(row, row)) or 1.0 for row in rows]
    pairs = {
        (i, j): float(dot_of(rows[i], rows[j])) / (sizes[i] * sizes[j]) for i, j in combinations(range(len(rows)), 2)
    }
    return pairs.pop((0, len(rows) - 1)) >= LIKE and max(pairs.values(), default=0.0) <= UNLIKE


@sheet_promise
def like_words_meet_in_a_plane(tape: Tape) -> bool:
    """Drawn by two of their numbers, the first and the last word point alike, and no other word does as either."""
    return _plane_of(tape.values("embed.W_E")) is not None


# ---- its mistake ----


@mistake(
    told="The token's number in place of the 1 of a one-hot {row}.",
    mend="Write a 1 in the place of the token's number, and 0 everywhere else.",
    after="gate-on-wrong-side",
)
def number_for_one(step: Step, tape: Tape) -> Iterable[Step]:
    """The one-hot rows of an embedding have the token's number, counted from 1, as their entry."""
    of_embedding = step.op is one_hot and "one_hot.product" in tape.steps
    return [replace(step, params={**step.params, "numbered": True}) if of_embedding else step]


# ---- its pictures ----

ROW = 5.6  # the height of a row of the table of words
NEAR, FAR = 30.0, 50.0  # degrees: how far like words are apart at most, and others at least
LEFT, TOP, WIDE = 3.0, 1.0, 27.0  # mm: of the plane of words


@picture(height=37, minutes=2, target=ROW)
def row_let_through(
    on: Canvas, table: Rows, one_hot: Rows, looked_up: Rows, *, row: int, tokens: Sequence[str],
    vocabulary: Sequence[str], transposed: bool = False,
) -> None:  # fmt: skip
    """Embedding is a row let through: each number of a one-hot vector lets one row of the table through, or stops it.

    row: the token that is looked up. transposed: whether the page has the table's rows as columns.
    """
    word, switches, embedded = tokens[row], one_hot[row], looked_up[row]
    at, height = switches.index(1), min(ROW, 31 / len(table))
    top, left, width = 4.6, 26.0, min(7.0, 28 / len(table[0]))
    on.text(12.5, 2.6, on.say("pictures.row_let_through.word", word=word), TOKEN)
    of_table, of_row = ("turned", "column") if transposed else ("table", "row")
    on.math(left + len(table[0]) * width / 2, 2.8, on.say(f"pictures.row_let_through.{of_table}"))
    on.box(left, top, len(table[0]) * width, len(table) * height, fill=LIGHT, width=AXIS, colour=GREY)
    for n, (name, numbers, switch) in enumerate(zip(vocabulary, table, switches, strict=True)):
        middle = top + (n + 0.5) * height
        on.box(9.5, top + n * height, 6, height, width=BOX, fill=WHITE)
        on.pen.number(12.5, middle, switch, 3.4)
        on.text(left - 1.6, middle + 1.1, name, TOKEN, anchor="end")
        for k, number in enumerate(numbers):
            on.number(left + (k + 0.5) * width, middle, number, 3.6)
    middle, start = top + (at + 0.5) * height, 84 - 5.5 * len(embedded)
    called = on.say(f"pictures.row_let_through.{of_row}")
    on.text(start + 5.5 * len(embedded) / 2, middle - 4.6, called, CAPTION, colour=GREY)
    for k, number in enumerate(embedded):
        on.box(start + 5.5 * k, middle - 3.4, 5.5, 6.8, width=BOX, fill=WHITE)
        on.pen.number(start + 5.5 * (k + 0.5), middle, number, 3.4)
    right = left + len(table[0]) * width
    on.pen.box(left - 0.6, middle - height / 2, right - left + 1.2, height, width=FRAME)
    on.pen.arrow((right + 0.8, middle), (start - 0.6, middle))
    on.text(0, 36.2, on.say("pictures.row_let_through.caption"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.row_let_through.said", word=word, words=", ".join(vocabulary)),
        to_do=on.say("pictures.row_let_through.to_do"),
        key=on.say("pictures.row_let_through.key", word=word, numbers=listed(embedded)),
    )


def _plane_of(table: Rows) -> tuple[int, int] | None:
    """The two columns by which the first and the last word point most clearly alike, and no other two do; None where
    there are none.
    """
    planes = dict[tuple[int, int], float]()
    for across, up in combinations(range(len(table[0])), 2):
        tips = [(row[across], row[up]) for row in table]
        if (0, 0) in tips or len({*tips}) < len(tips):
            continue
        angles = [degrees(atan2(y, x)) for x, y in tips]
        apart = {pair: _between(angles[pair[0]], angles[pair[1]]) for pair in combinations(range(len(tips)), 2)}
        like, others = apart.pop((0, len(tips) - 1)), min(apart.values())
        if like <= NEAR and others >= FAR:
            planes[across, up] = others - like
    return max(planes, key=planes.__getitem__) if planes else None


def _between(one: float, other: float) -> float:
    """The angle between two directions, in degrees."""
    return abs((one - other + 180) % 360 - 180)


@picture(width=112, height=16, minutes=1, target=5)
def words_on_a_line(on: Canvas, *, vocabulary: Sequence[str]) -> None:
    """Each word at its number, its place in the list: neighbours there are not alike. The first and the last are."""
    apart = 92 / max(1, len(vocabulary) - 1)
    places = [10 + apart * n for n in range(len(vocabulary))]
    on.arrow((2, 9.6), (places[-1] + 9, 9.6), width=AXIS)
    for n, (x, word) in enumerate(zip(places, vocabulary, strict=True)):
        on.line((x, 8.6), (x, 10.6), width=AXIS)
        on.text(x, 5.6, word, TOKEN)
        on.text(x, 14.4, str(n + 1), CAPTION, colour=GREY)
        if n in (0, len(vocabulary) - 1):
            half = label(word, TOKEN).width / 2 + 1.8
            on.pen.box(x - half, 2.0, 2 * half, 5.4, width=FRAME, rx=2.6)
    first, last = vocabulary[0], vocabulary[-1]
    on.said(
        on.say("pictures.words_on_a_line.said", words=listed(vocabulary)),
        to_do=on.say("pictures.words_on_a_line.to_do"),
        key=on.say("pictures.words_on_a_line.key", first=first, last=last),
    )


@picture(height=29, minutes=2, target=5)
def words_in_a_plane(on: Canvas, table: Rows, *, vocabulary: Sequence[str], given: int) -> None:
    """Words as arrows in a plane, by two of their numbers: those of like words point alike.

    given: how many words after the first have their arrows; the others are to be drawn.
    """
    plane = _plane_of(table) if len(table) > 2 else None
    if plane is None:
        raise UndrawableError("the first and the last word point alike, and no other as they do")
    tips = [tuple(int(row[column]) for column in plane) for row in table]
    reach = max(3, *(abs(x) for tip in tips for x in tip))
    middle, unit = (LEFT + WIDE / 2, TOP + WIDE / 2), WIDE / (2 * reach)

    def at(point: Sequence[Any]) -> tuple[float, float]:
        return middle[0] + unit * point[0], middle[1] - unit * point[1]

    on.plane(at, (-reach, -reach), (reach, reach))
    arrows = [(middle, at(tip)) for tip in tips]
    halves = [label(word, CAPTION).width / 2 for word in vocabulary]
    names = beside([tip for _, tip in arrows], halves, arrows, (0.0, 1.2, LEFT + WIDE + 12.0, TOP + WIDE + 2.0))
    for n, (word, arrow, name) in enumerate(zip(vocabulary, arrows, names, strict=True)):
        pen: Layer = on if 0 < n <= given else on.pen
        pen.arrow(*arrow)
        pen.text(*name, word, CAPTION)
    across, up = (column + 1 for column in plane)
    left = LEFT + WIDE + 16.0
    axes = on.say("pictures.words_in_a_plane.axes", across=across, up=up)
    on.text(left, 4.0, axes, CAPTION, anchor="start", colour=GREY)
    on.text(left, 12.0, on.say("pictures.words_in_a_plane.alike"), TOKEN, anchor="start")
    for n, word in enumerate((vocabulary[0], vocabulary[-1])):
        on.answer_line(left, 19.0 + 8.0 * n, 28.0, word)
    drawn = _arrows(vocabulary, tips, range(1, given + 1))
    rest = _arrows(vocabulary, tips, [0, *range(given + 1, len(tips))])
    on.said(
        on.say("pictures.words_in_a_plane.said", axes=axes, arrows=drawn),
        to_do=on.say("pictures.words_in_a_plane.to_do"),
        key=on.say("pictures.words_in_a_plane.key", arrows=rest, first=vocabulary[0], last=vocabulary[-1]),
    )


def _arrows(vocabulary: Sequence[str], tips: Sequence[tuple[int, ...]], which: Iterable[int]) -> str:
    """Words with the tips of their arrows, as one reads them out."""
    return "; ".join(f"{vocabulary[n]} ({listed(tips[n])})" for n in which)
