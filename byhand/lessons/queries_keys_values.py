"""Queries, keys, values: its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from byhand.notation.text import by_word, listed
from byhand.pictures.attention import APART, arcs_between, as_words
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, GUIDE, PALE, Canvas
from byhand.pictures.labels import words as label
from byhand.pictures.registry import Rows, UndrawableError, picture


@picture(width=106, height=33, minutes=2)
def who_answers(on: Canvas, all_scores: Rows, *, tokens: Sequence[str], question: str) -> None:
    """The query of the second of three words is compared with every key: from this word an arc leads to each word, as
    thick as its key fits the query.

    question: what the word asks, in words.
    """
    row = 1
    scores = all_scores[row]
    best = max(scores)
    if best <= 0 or scores.count(best) > 1 or len(tokens) != 3:
        raise UndrawableError("one of three words fits best what the middle one asks")
    xs, y = [10 + APART * j for j, _ in enumerate(tokens)], 24.0
    as_words(on, xs, y + 5.2, tokens, row)
    for j, (x, over, end) in enumerate(arcs_between(xs, row, [0.5] * 3, y)):
        on.arc(x, over, end, width=GUIDE, colour=PALE, dash=DASH)
        peak = ((x[0] + end[0]) / 2, (y + over[1]) / 2)
        on.blank(peak[0], peak[1] - 4.6, scores[j], w=8.6, h=6.6)
    for score, arc in zip(scores, arcs_between(xs, row, [0.5] * 3, y), strict=True):
        if score > 0:
            on.pen.arc(*arc, width=max(0.5, 3.4 * float(score / best)))
    for k, (says, answer) in enumerate((("asks", question), ("answers", tokens[scores.index(best)]))):
        on.text(59, 7 + 12 * k, on.say(f"pictures.who_answers.{says}", word=tokens[row]), CAPTION, anchor="start",
                colour=GREY)  # fmt: skip
        on.answer_line(59, 12.6 + 12 * k, 45, answer)
    on.text(0, 32.4, on.say("pictures.who_answers.caption"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.who_answers.said", words=listed(tokens), word=tokens[row]),
        to_do=on.say("pictures.who_answers.to_do"),
        key=on.say("pictures.who_answers.key", numbers=by_word(tokens, scores), best=tokens[scores.index(best)]),
    )


SIDE, TOP = 25.0, 4.6  # mm: of a plane, and the y of its upper edge
LEFTS = (1.0, 34.0, 75.0)  # mm: of the three planes
FURTHEST = 4  # how far from its middle a plane goes at most


@picture(width=114, height=37, minutes=2)
def two_views(on: Canvas, queries: Rows, keys: Rows, *, axes: Sequence[str]) -> None:
    """A matrix changes the plane: one word, and the grid round it, as it is, as a query and as a key.

    queries, keys: the weights, of which the first two rows and columns make the plane. axes: the names of both.
    """
    ways = [[[1, 0], [0, 1]], *([[*row[:2]] for row in w[:2]] for w in (queries, keys))]
    flat = any(a * d == b * c for (a, b), (c, d) in ways)
    tips = [_seen((x, y), way) for way in ways for x, y in product((-1, 1), repeat=2)]
    reach = max(2, *(abs(x) for tip in tips for x in tip)) if not flat else 0
    if not reach or reach > FURTHEST or any(x % 1 for tip in tips for x in tip):
        raise UndrawableError(f"a grid of whole numbers up to {FURTHEST} that stays a plane")
    reach = min(reach + 1, FURTHEST)
    read = []
    for n, (way, left, name) in enumerate(zip(ways, LEFTS, "xqk", strict=True)):
        middle, unit = (left + SIDE / 2, TOP + SIDE / 2), SIDE / (2 * float(reach))

        def at(
            point: Sequence[Any], way: Sequence[Sequence[Any]] = (), middle: Any = middle, unit: Any = unit
        ) -> Any:
            x, y = _seen(point, way) if way else point
            return middle[0] + unit * float(x), middle[1] - unit * float(y)

        on.plane(at, (-reach, -reach), (reach, reach))
        for k in (-1, 0, 1):
            on.line(at((-1, k), way), at((1, k), way), width=AXIS)
            on.line(at((k, -1), way), at((k, 1), way), width=AXIS)
        on.arrow(middle, at((1, 0), way), width=0.7)
        on.arrow(middle, at((0, 1), way), width=0.7, dash=DASH)
        place = at((1, 1), way)
        (on.pen if n else on).disc(place[0], place[1], 0.9)
        on.text(left + SIDE - 0.6, middle[1] - 0.8, axes[0], CAPTION, anchor="end", colour=GREY)
        on.text(middle[0] + 0.8, TOP + 2.4, axes[1], CAPTION, anchor="start", colour=GREY)
        on.text(middle[0], 2.8, on.say(f"pictures.two_views.{name}"), CAPTION, colour=GREY)
        word = _seen((1, 1), way)
        read.append(f"({listed(word)})")
        for m, (axis, number) in enumerate(zip(axes, word, strict=True)):
            y = TOP + 7.6 + 12.0 * m
            if n:
                on.text(left + SIDE + 7.0, y - 4.2, axis, CAPTION, colour=GREY)
                on.blank(left + SIDE + 7.0, y, number, w=8.6, h=6.6)
        if n:
            least = max(1, *word) if name == "q" else 1
            called = on.say(f"pictures.two_views.{name}_is")
            on.text(left, TOP + SIDE + 5.8, called, CAPTION, anchor="start", colour=GREY)
            meant = listed([axis for axis, number in zip(axes, word, strict=True) if number >= least])
            on.answer_line(left + label(called, CAPTION).width + 1.4, TOP + SIDE + 6.2, 21, meant)
    on.said(
        on.say("pictures.two_views.said", first=axes[0], second=axes[1]),
        to_do=on.say("pictures.two_views.to_do"),
        key=on.say("pictures.two_views.key", query=read[1], key=read[2]),
    )


def _seen(point: Sequence[Any], way: Sequence[Sequence[Any]]) -> tuple[Any, Any]:
    """A point times a matrix."""
    (a, b), (c, d) = way
    return point[0] * a + point[1] * c, point[0] * b + point[1] * d
