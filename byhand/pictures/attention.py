"""Pictures of attention: who looks at whom, what a mixture is, what the mask hides, and how heads differ."""

from __future__ import annotations

from collections.abc import Sequence
from math import dist
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    CAPTION,
    DASH,
    GREY,
    GUIDE,
    HAIR,
    PEN,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
from byhand.pictures.labels import words
from byhand.pictures.names import beside, gap
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.pictures.shapes import Point

THICKEST = 5.2  # the width of an arc for a share of 1
APART = 19.0  # between neighbouring words
Arc = tuple[Point, Point, Point]
SMALL_NUMBER = 2.4  # the size of a number at an axis, and of the word at a dot


# ---- who looks at whom ----


def as_words(on: Canvas, xs: Sequence[float], y: float, tokens: Sequence[str], row: int) -> None:
    """The words on a baseline, the one that looks in bold."""
    for j, (x, word) in enumerate(zip(xs, tokens, strict=True)):
        on.text(x, y, word, TOKEN + 0.4, bold=j == row)


def arcs_between(xs: Sequence[float], row: int, shares: Sequence[Any], y: float) -> list[Arc]:
    """For each of three words an arc that leads there from the middle or the last one: its start, the point that it
    is drawn towards, and its end. Arcs are nested, not crossed: that to the farther word leaves nearer to the middle.

    row: the word from which they lead. y: where they begin and end.
    """
    x, is_last = xs[row], row == len(xs) - 1
    arcs = []
    for j, (to, share) in enumerate(zip(xs, shares, strict=True)):
        is_near = abs(j - row) == 1
        if j == row:
            start, end, height = (x + 2.0, x + 9.0, 10.5) if is_last else (x - 1.7, x + 1.7, 14)
        elif is_last:
            start, end, height = (x - 4.4, to, 14) if is_near else (x - 1.3, to, 31)
        else:
            out = 2.6 + THICKEST * float(share) / 2
            start, end, height = (x + out if j > row else x - out), to, 24
        arcs.append(((start, y), ((start + end) / 2, y - height), (end, y)))
    return arcs


# ---- a mixture ----


@picture(width=108, height=44, minutes=3)
def mixtures(
    on: Canvas, values: Rows, pattern: Rows, mixed: Rows, *, tokens: Sequence[str], looking: Sequence[str] = (),
    in_words: bool = True,
) -> None:  # fmt: skip
    """A mixture lies between the values: arrows of three values, the triangle between them, and a dot for what each
    word takes away.

    tokens: whose values they are. looking: the words that take mixtures of them; by default the same. in_words:
    whether there is a line for each of them, to say where its mixture lies.
    """
    corners = [(float(x), float(y)) for x, y in values] if all(len(row) == 2 for row in values) else []
    (a, b), (c, d), (e, f) = corners if len(corners) == 3 else [(0.0, 0.0)] * 3
    if abs((c - a) * (f - b) - (e - a) * (d - b)) < 0.5 or max(abs(x) for row in corners for x in row) > 5:
        raise UndrawableError("three values of two small numbers span a triangle")
    who = looking or tokens
    ends = [(min(0.0, *axis), max(0.0, *axis)) for axis in zip(*corners, strict=True)]
    (low_x, high_x), (low_y, high_y) = ends
    unit = min(11.0, 54 / (high_x - low_x), 36 / (high_y - low_y))
    left, top = 7.0 + (54 - unit * (high_x - low_x)) / 2, 3.4 + (36 - unit * (high_y - low_y)) / 2

    def at(x: float, y: float) -> Point:
        return left + unit * (x - low_x), top + unit * (high_y - y)

    tips, dots = [at(*corner) for corner in corners], [at(*map(float, row)) for row in mixed]
    lines = [(at(0, 0), tip) for tip in tips] + [(tip, tips[k - 1]) for k, tip in enumerate(tips)]
    edges = [(at(low_x, 0), at(high_x, 0)), (at(0, low_y), at(0, high_y))]
    called = [*tokens, *(on.say("pictures.mixtures.dot", word=word) for word in who)]
    halves = [words(word, SMALL_NUMBER if k >= len(tips) else TOKEN).width / 2 for k, word in enumerate(called)]
    (left_end, right_end), (foot, head) = ((int(low), int(high)) for low, high in ends)
    numbers = {(at(x, foot)[0], at(x, foot)[1] + 3.0): x for x in range(left_end, right_end + 1) if x}
    numbers |= {(at(right_end, y)[0] + 2.2, at(right_end, y)[1] + 0.9): y for y in range(foot, head + 1) if y}
    kept_free = [((x - 1.4, y - 0.9), (x + 1.4, y - 0.9)) for x, y in numbers]
    names = beside([*tips, *dots], halves, lines + edges + kept_free, (0, 1.5, 70.0, 42.0))
    on.plane(lambda point: at(*point), (left_end, foot), (right_end, head))
    taken = [(name, words(word, TOKEN).width / 2) for name, word in zip(names, tokens, strict=False)]
    for at_number, number in numbers.items():
        if all(gap(at_number, word, half + 1.4) > 1.0 for word, half in taken):
            on.text(*at_number, value_text(number), SMALL_NUMBER, colour=GREY)
    on.line(*tips, width=GUIDE, colour=GREY, dash=DASH, closed=True)
    for tip, name, word in zip(tips, names, tokens, strict=False):
        on.arrow(at(0, 0), tip)
        _on_white(on, name, word, TOKEN)
    for dot, name, word, shares in zip(dots, names[len(tips) :], called[len(tips) :], pattern, strict=True):
        alone = max(shares) == 1
        half, middle = words(word, SMALL_NUMBER).width / 2 + 0.3, name[1] - 0.9
        edge = min(max(dot[0], name[0] - half), name[0] + half), min(max(dot[1], middle - 1.1), middle + 1.1)
        if dist(dot, edge) > 2.5:
            on.pen.line(dot, edge, width=HAIR)
        on.pen.disc(*dot, 0.9, fill=WHITE if alone else PEN, width=0.4 if alone else 0.0)
        _on_white(on.pen, name, word, SMALL_NUMBER)
    on.text(73, 7.2, on.say("pictures.mixtures.caption"), CAPTION, anchor="start")
    phrases = [_phrase(on, tokens, shares) for shares in pattern] if in_words else []
    for k, (word, phrase) in enumerate(zip(who, phrases, strict=False)):
        on.text(73, 14.0 + 9.0 * k, on.say("pictures.mixtures.of", word=word), CAPTION, anchor="start", colour=GREY)
        on.answer_line(73, 18.8 + 9.0 * k, 35, phrase, 2.6)
    on.said(
        on.say("pictures.mixtures.said", values=_points(tokens, values)),
        to_do=on.say("pictures.mixtures.to_do" if in_words else "pictures.mixtures.to_draw", words=", ".join(who)),
        key=on.say("pictures.mixtures.key", mixtures=_points(who, mixed)),
    )


def _on_white(on: Layer, at: Point, word: str, size: float) -> None:
    """A word on a baseline that no line of the plane runs through."""
    half = words(word, size).width / 2
    on.box(at[0] - half, at[1] - 0.75 * size, 2 * half, 0.9 * size, fill=WHITE, width=0)
    on.text(*at, word, size)


def _phrase(on: Canvas, tokens: Sequence[str], shares: Sequence[Any]) -> str:
    """Where a mixture lies, in words."""
    seen = [(share, word) for share, word in zip(shares, tokens, strict=True) if share]
    if len(seen) == 1:
        return on.say("pictures.mixtures.at", word=seen[0][1])
    largest = max(share for share, _ in seen)
    nearest = [word for share, word in seen if share == largest]
    where = "pictures.mixtures.between" if len(seen) == 2 else "pictures.mixtures.among"
    if len(nearest) > 1:
        return on.say(f"{where}.even")
    return on.say(f"{where}.towards", word=nearest[0])


# ---- the mask ----


# ---- numbers in words ----


def _points(tokens: Sequence[str], rows: Rows) -> str:
    """Words, each with its point."""
    return ", ".join(f"{word} ({listed(row)})" for word, row in zip(tokens, rows, strict=True))
