"""Pictures of attention: who looks at whom, what a mixture is, what the mask hides, and how heads differ."""

from __future__ import annotations

from collections.abc import Sequence
from math import dist, sqrt
from typing import Any

from byhand.notation.text import by_word, listed, value_text
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    DASH,
    FRAME,
    GREY,
    GUIDE,
    HAIR,
    LIGHT,
    PALE,
    PEN,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
    Point,
)
from byhand.pictures.labels import words
from byhand.pictures.names import beside, gap
from byhand.pictures.registry import Rows, UndrawableError, picture

THICKEST = 5.2  # the width of an arc for a share of 1
SHARE_DOT = 3.1  # the radius of a dot for a share of 1; its area is proportional to the share
APART = 19.0  # between neighbouring words
Arc = tuple[Point, Point, Point]
STAIR = 7.4  # the side of a cell of the staircase
STAIRS_WIDE = 0.9
SMALL_NUMBER = 2.4  # the size of a number at an axis, and of the word at a dot


# ---- who looks at whom ----


@picture(height=37, minutes=2)
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
    xs, y = [10 + APART * j for j, _ in enumerate(tokens)], 28.0
    _words(on, xs, y + 5.2, tokens, row)
    for j, (x, over, end) in enumerate(_arcs(xs, row, [0.5] * 3, y)):
        on.arc(x, over, end, width=GUIDE, colour=PALE, dash=DASH)
        peak = ((x[0] + end[0]) / 2, (y + over[1]) / 2)
        on.blank(peak[0], peak[1] - 4.6, scores[j], w=8.6, h=6.6)
    for score, arc in zip(scores, _arcs(xs, row, [0.5] * 3, y), strict=True):
        if score > 0:
            on.pen.arc(*arc, width=max(0.5, 3.4 * float(score / best)))
    for k, (label, answer) in enumerate((("asks", question), ("answers", tokens[scores.index(best)]))):
        on.text(59, 11 + 12 * k, on.say(f"pictures.who_answers.{label}", word=tokens[row]), CAPTION, anchor="start",
                colour=GREY)  # fmt: skip
        on.answer_line(59, 16.6 + 12 * k, 25, answer)
    on.text(0, 36.4, on.say("pictures.who_answers.caption"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.who_answers.said", words=listed(tokens), word=tokens[row]),
        to_do=on.say("pictures.who_answers.to_do"),
        key=on.say("pictures.who_answers.key", numbers=by_word(tokens, scores), best=tokens[scores.index(best)]),
    )


@picture(height=33, minutes=3)
def who_looks(on: Canvas, pattern: Rows, *, tokens: Sequence[str], given: int = 0) -> None:
    """Who looks at whom: an arc leads from the last word to each word, as thick as its share; and all of the
    pattern as dots, whose areas are the shares.

    given: the number of first words whose dots are printed.
    """
    shares, row = pattern[-1], len(tokens) - 1
    if min(shares) == 0 or 2 * max(shares) < 1 or len(tokens) != 3:
        raise UndrawableError("the last of three words looks at all of them, and at one with half of it or more")
    xs, y = [6 + APART * j for j, _ in enumerate(tokens)], 19.0
    _words(on, xs, y + 4.6, tokens, row)
    arcs = _arcs(xs, row, shares, y)
    for x, arc, share in zip(xs, arcs, shares, strict=True):
        on.arc(*arc, width=GUIDE, colour=PALE, dash=DASH)
        on.pen.arc(*arc, width=THICKEST * float(share))
        on.blank(x, y + 10.0, share, w=8.6, h=7.2)
    left, top = 66.5, 7.0
    on.text(left + 10.5, 2.4, on.say("pictures.who_looks.answers"), CAPTION, colour=GREY)
    for j, word in enumerate(tokens):
        on.text(left + 3.5 + 7 * j, top - 1.6, word, 2.6)
        on.text(left - 1.2, top + 4.4 + 7 * j, word, 2.6, anchor="end")
        for k, share in enumerate(pattern[j]):
            on.box(left + 7 * k, top + 7 * j, 7, 7, width=AXIS, colour=GREY)
            (on.pen if j >= given else on).disc(left + 3.5 + 7 * k, top + 3.5 + 7 * j, SHARE_DOT * sqrt(share))
    on.box(left, top + 7 * row, 21, 7, width=FRAME)
    printed = "; ".join(f"{word} {listed(own)}" for word, own in zip(tokens[:given], pattern, strict=False))
    dots = on.say("pictures.who_looks.dots", rows=printed) if given else ""
    on.said(
        f"{on.say('pictures.who_looks.said', words=listed(tokens))} {dots}".strip(),
        to_do=on.say("pictures.who_looks.to_do", word=tokens[row], words=listed(tokens[given:])),
        key=on.say("pictures.who_looks.key", word=tokens[row], shares=by_word(tokens, shares)),
    )


def _words(on: Canvas, xs: Sequence[float], y: float, tokens: Sequence[str], row: int) -> None:
    """The words on a baseline, the one that looks in bold."""
    for j, (x, word) in enumerate(zip(xs, tokens, strict=True)):
        on.text(x, y, word, TOKEN + 0.4, bold=j == row)


def _arcs(xs: Sequence[float], row: int, shares: Sequence[Any], y: float) -> list[Arc]:
    """For each of three words an arc that leads there from the middle or the last one: its start, the point that it
    is drawn towards, and its end. Arcs are nested, not crossed: that to the farther word leaves nearer to the middle.

    row: the word from which they lead. y: where they begin and end.
    """
    x, is_last = xs[row], row == len(xs) - 1
    found = []
    for j, (to, share) in enumerate(zip(xs, shares, strict=True)):
        is_near = abs(j - row) == 1
        if j == row:
            start, end, height = (x + 2.0, x + 9.0, 10.5) if is_last else (x - 1.7, x + 1.7, 14)
        elif is_last:
            start, end, height = (x - 4.4, to, 14) if is_near else (x - 1.3, to, 31)
        else:
            out = 2.6 + THICKEST * float(share) / 2
            start, end, height = (x + out if j > row else x - out), to, 24
        found.append(((start, y), ((start + end) / 2, y - height), (end, y)))
    return found


@picture(height=43, minutes=3)
def two_heads(
    on: Canvas, first: Rows, second: Rows, brought: Rows, also: Rows, result: Rows, *, tokens: Sequence[str]
) -> None:
    """Two heads look two ways: the last word's arcs in each head, what each head brings it, side by side, and the
    numbers that W_O makes of both.

    first, second: the patterns. brought, also: the results of the heads. result: that of the layer.
    """
    patterns = first[-1], second[-1]
    best = [shares.index(max(shares)) for shares in patterns]
    if len(tokens) != 3 or best[0] == best[1] or not all(map(all, patterns)):
        raise UndrawableError("in two heads, the last of three words looks at all, and most at different ones")
    for head, (left, shares) in enumerate(zip((0, 43), patterns, strict=True)):
        xs, y, pen = [left + 5 + 12.3 * j for j, _ in enumerate(tokens)], 19.0, on.pen if head else on
        on.text(left, 2.6, on.say("pictures.two_heads.head", n=head + 1), TOKEN, anchor="start", bold=True)
        arcs = _arcs(xs, 2, shares, y)
        for arc, share in zip(arcs, shares, strict=True):
            if head:
                on.arc(*arc, width=GUIDE, colour=PALE, dash=DASH)
            pen.arc(*arc, width=THICKEST * float(share))
        _words(on, xs, y + 4.2, tokens, 2)
        for x, share in zip(xs, shares, strict=True):
            if head:
                on.blank(x, y + 9.2, share, w=8.6, h=6.8, size=3.4)
            else:
                on.number(x, y + 9.2, share, 3.6)
    parts, top, side = [*brought[-1], *also[-1]], 33.2, 6.6
    for k, number in enumerate(parts):
        on.box(side * k, top, side, 6.8, width=BOX, fill=WHITE)
        on.pen.number(side * (k + 0.5), top + 3.4, number, 3.2)
    wide = side * len(parts)
    on.line((side * len(brought[-1]), top), (side * len(brought[-1]), top + 6.8), width=FRAME)
    on.arrow((wide + 1, top + 3.4), (wide + 6, top + 3.4))
    on.box(wide + 7, top - 0.4, 9, 7.6, fill=LIGHT, width=AXIS, colour=GREY)
    on.math(wide + 11.5, top + 4.6, "W_O", 3.6)
    on.arrow((wide + 17, top + 3.4), (wide + 22, top + 3.4))
    for k, number in enumerate(result[-1]):
        on.box(wide + 23 + side * k, top, side, 6.8, width=BOX, fill=WHITE)
        on.pen.number(wide + 23 + side * (k + 0.5), top + 3.4, number, 3.2)
    on.text(0, 42.8, on.say("pictures.two_heads.brings", word=tokens[-1]), 2.5, anchor="start", colour=GREY)
    on.text(wide + 23, 42.8, on.say("pictures.two_heads.row"), 2.5, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.two_heads.said", word=tokens[-1], shares=by_word(tokens, patterns[0])),
        to_do=on.say("pictures.two_heads.to_do"),
        key=on.say("pictures.two_heads.key", shares=by_word(tokens, patterns[1]), both=listed(parts),
                   row=listed(result[-1])),
    )  # fmt: skip


# ---- a mixture ----


@picture(width=108, height=44, minutes=3)
def mixtures(
    on: Canvas, values: Rows, pattern: Rows, mixed: Rows, *, tokens: Sequence[str], looking: Sequence[str] = (),
) -> None:  # fmt: skip
    """A mixture lies between the values: arrows of three values, the triangle between them, and a dot for what each
    word takes away.

    tokens: whose values they are. looking: the words that take mixtures of them; by default the same.
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
    phrases = [_phrase(on, tokens, shares) for shares in pattern]
    for k, (word, phrase) in enumerate(zip(who, phrases, strict=True)):
        on.text(73, 14.0 + 9.0 * k, on.say("pictures.mixtures.of", word=word), CAPTION, anchor="start", colour=GREY)
        on.answer_line(73, 18.8 + 9.0 * k, 35, phrase, 2.6)
    on.said(
        on.say("pictures.mixtures.said", values=_points(tokens, values)),
        to_do=on.say("pictures.mixtures.to_do", words=", ".join(who)),
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


@picture(height=33, minutes=2)
def staircase(on: Canvas, scores: Rows, *, tokens: Sequence[str]) -> None:
    """The mask is a staircase: each word may look at itself and at what lies before it; what lies above the stairs is
    hidden.
    """
    n = len(scores)
    if not 3 <= n <= 5:
        raise UndrawableError("a picture has room for stairs of three to five words")
    left, top, side = 14.0, 5.0, min(STAIR, 24.0 / n)
    for j, word in enumerate(tokens):
        on.text(left + side * (j + 0.5), top - 1.6, word, 2.9)
        on.text(left - 1.4, top + side * (j + 0.5) + 1.1, word, TOKEN, anchor="end")
        for k in range(n):
            x, y = left + side * k, top + side * j
            if k > j:
                on.pen.hatch(x, y, side, side)
            else:
                on.pen.disc(x + side / 2, y + side / 2, 0.9)
            on.box(x, y, side, side, width=AXIS, colour=GREY)
        corner = left + side * j, top + side * j
        pen = on.pen if j else on
        pen.line(corner, (corner[0] + side, corner[1]), (corner[0] + side, corner[1] + side), width=STAIRS_WIDE)
    on.text(left + side * n / 2, top + side * n + 3.4, on.say("pictures.staircase.answers"), CAPTION, colour=GREY)
    for k, line in enumerate(("go_on", "strike")):
        on.text(50, 4.4 + 3.8 * k, on.say(f"pictures.staircase.{line}"), CAPTION, anchor="start")
    open_cells = n * (n + 1) // 2
    counts = (f"{' + '.join(str(k + 1) for k in range(n))} = {open_cells}", str(n * n - open_cells), "n(n + 1) ÷ 2")
    for k, (line, count) in enumerate(zip(("open", "hidden", "any"), counts, strict=True)):
        on.text(50, 15.6 + 7.4 * k, on.say(f"pictures.staircase.{line}"), CAPTION, anchor="start", colour=GREY)
        on.answer_line(80, 16.2 + 7.4 * k, 20, count, 2.9)
    on.said(
        on.say("pictures.staircase.said", words=listed(tokens), word=tokens[0]),
        to_do=on.say("pictures.staircase.to_do"),
        key=on.say("pictures.staircase.key", open=open_cells, hidden=n * n - open_cells),
    )


# ---- numbers in words ----


def _points(tokens: Sequence[str], rows: Rows) -> str:
    """Words, each with its point."""
    return ", ".join(f"{word} ({listed(row)})" for word, row in zip(tokens, rows, strict=True))
