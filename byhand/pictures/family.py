"""Pictures of other parts of the family: experts, a gate, passes that are enough, neighbours, the next letter."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    DASH,
    FRAME,
    GREY,
    GRID,
    GUIDE,
    LIGHT,
    NUMBER,
    PALE,
    PEN_AREA,
    STROKE,
    TOKEN,
    WHITE,
    Canvas,
)
from byhand.pictures.registry import Rows, UndrawableError, picture

LAMP = 2.7  # the radius of a lamp; that of its light is this, times the root of the share


@picture(height=44, minutes=2)
def switchboard(on: Canvas, weights: Rows, *, tokens: Sequence[str]) -> None:
    """A lamp for each word and expert, which shines as brightly as the word asks this expert; and the wires of the
    first word.

    weights: what each word takes from each expert, a word a row; 0 where it does not ask.
    """
    asked = [len([x for x in row if x]) for row in weights]
    if (len(weights), len(weights[0]), len(tokens)) != (4, 3, 4) or {*asked} != {2} or min(map(min, weights)) < 0:
        raise UndrawableError("four words that ask two of three experts")
    left, top, wide, high = 15.0, 6.0, 10.0, 8.4
    for n in range(3):
        on.text(left + wide * (n + 0.5), 4.2, f"E{n + 1}", TOKEN - 0.3)
    for i, (word, row) in enumerate(zip(tokens, weights, strict=True)):
        y, pen = top + high * (i + 0.5), on.pen if i else on
        on.text(left - 2, y + 1, word, TOKEN - 0.3, anchor="end")
        for n, share in enumerate(row):
            x = left + wide * (n + 0.5)
            on.box(left + wide * n, y - high / 2, wide, high, width=AXIS, colour=PALE)
            on.disc(x, y, LAMP, fill=WHITE, width=BOX)
            if share:
                pen.disc(x, y, LAMP * sqrt(float(share)))
            else:
                pen.line((x - 1.9, y + 1.9), (x + 1.9, y - 1.9), width=STROKE)
    on.text(50.6, 17.6, tokens[0], TOKEN - 0.3)
    for n, share in enumerate(weights[0]):
        y = 11.0 + 10.6 * n
        on.line((52, 21.6), (62, y), width=max(BOX, 2.4 * float(share)), dash=() if share else DASH)
        edge = {"width": BOX} if share else {"width": GUIDE, "dash": DASH, "colour": GREY}
        on.box(62, y - 3.6, 14, 7.2, fill=LIGHT if share else WHITE, **edge)
        on.text(69, y + 1, on.say("pictures.switchboard.mlp", n=n + 1), CAPTION, colour="" if share else GREY)
        on.number(79.4, y, share, TOKEN)
    on.disc(52, 21.6, 1.4)
    at_work = on.say("pictures.switchboard.at_work", words=len(tokens))
    on.text(63.4, 42.2, at_work, CAPTION, anchor="end", colour=GREY)
    on.blank(69, 41.0, sum(asked), w=8, h=6)
    lit = []
    for word, row in zip(tokens, weights, strict=True):
        shares = {n: value_text(share) for n, share in enumerate(row, 1) if share}
        lamps = (on.say("pictures.switchboard.lamp", n=n, share=share) for n, share in shares.items())
        lit.append(on.say("pictures.switchboard.lit", word=word, lamps=", ".join(lamps)))
    on.said(
        on.say("pictures.switchboard.said", first=lit[0]),
        on.say("pictures.switchboard.to_do", words=", ".join(tokens[1:]), count=len(tokens)),
        on.say("pictures.switchboard.key", others="; ".join(lit[1:]), count=sum(asked)),
    )


PRINTED = (0, 1)  # where the curve of a gate has its printed points


@picture(width=100, height=47, minutes=4)
def gate_curve(on: Canvas, numbers: Rows, gates: Rows) -> None:
    """The curve of swish beside that of ReLU, to be drawn through its points; and bars of the share that passes.

    numbers: from −2 to 3, one a row. gates: their swish.
    """
    at, found = [row[0] for row in numbers], [row[0] for row in gates]
    if at != [-2, -1, 0, 1, 2, 3] or found[2] != 0 or not (-1 < found[0] < 0 < 2 * found[3] - 1 < 1):
        raise UndrawableError("a gate with a small negative bow, at the numbers from −2 to 3")
    left, floor, wide, high = 30.0, 25.0, 9.0, 7.0

    def point(x: float, y: float) -> tuple[float, float]:
        return left + wide * x, floor - high * y

    for k in range(-2, 4):
        on.line(point(k, -1), point(k, 3), width=AXIS, colour=GRID)
    for k in range(-1, 4):
        on.line(point(-2, k), point(3, k), width=AXIS, colour=GREY if k == 0 else GRID)
        on.number(left - wide * 2 - 2.4, floor - high * k, k, CAPTION)
    on.line(point(-2, 0), point(0, 0), point(3, 3), width=GUIDE, dash=DASH)
    on.text(*point(0.4, 2.3), on.say("pictures.gate_curve.relu"), CAPTION, anchor="start", colour=GREY)
    nearest = [x / 4 for x in range(-8, 13)]
    base = (at[3] / found[3] - 1) ** -1  # swish(1) is 1 ÷ (1 + 1 ÷ base)
    on.pen.curve(*(point(x, x / (1 + float(base) ** -x)) for x in nearest), width=STROKE)
    for k, (x, y) in enumerate(zip(at, found, strict=True)):
        pen, middle = on if x in PRINTED else on.pen, 66.4 + 6.2 * k
        pen.disc(*point(float(x), float(y)))
        share = float(y) / float(x) if x else 0.5
        (pen if x in PRINTED else on.pen).box(
            middle - 2, floor + high - 26 * share, 4, 26 * share, width=0.4, fill=LIGHT if x in PRINTED else PEN_AREA
        )
        on.box(middle - 2, floor + high - 26, 4, 26, width=AXIS, colour=GREY)
        for centre in (left + wide * float(x), middle):
            on.number(centre, floor + high + 3.6, x, TOKEN)
        if x in PRINTED:
            on.number(left + wide * float(x), floor + high + 10, y, TOKEN)
        else:
            on.blank(left + wide * float(x), floor + high + 10, y, size=TOKEN)
    for halves in range(3):
        on.number(61.6, floor + high - 13 * halves, Fraction(halves, 2), CAPTION - 0.3, colour=GREY)
    on.math(4.0, floor + high + 4.8, "h", TOKEN)
    on.text(0, floor + high + 11, on.say("pictures.gate_curve.gate"), CAPTION - 0.4, anchor="start", colour=GREY)
    on.text(82, 3.6, on.say("pictures.gate_curve.passes"), CAPTION, colour=GREY)
    others = {n: value_text(y) for n, (x, y) in enumerate(zip(at, found, strict=True)) if x not in PRINTED}
    on.said(
        on.say("pictures.gate_curve.said", one=value_text(found[3])), on.say("pictures.gate_curve.to_do"),
        on.say("pictures.gate_curve.key", gates=", ".join(others.values())),
    )  # fmt: skip


@picture(height=40, minutes=2)
def next_letter(on: Canvas, shares: Rows, *, tokens: Sequence[str], words: Sequence[str]) -> None:
    """The letters of a name, and a bar for each letter that may come next; the likeliest is written after them."""
    own = shares[-1]
    if len(tokens) > 4 or len(words) > 8 or any(len(word) > 1 for word in (*tokens, *words)):
        raise UndrawableError("up to four letters of a name, and eight that may come next, have room")
    likeliest = words[own.index(max(own))]
    for k, letter in enumerate((*tokens, likeliest)):
        on.box(8.4 * k, 12, 7.4, 9, rx=1, width=BOX if k < len(tokens) else FRAME)
        (on if k < len(tokens) else on.pen).text(8.4 * k + 3.7, 17.8, letter, NUMBER)
    on.text(0, 26.4, on.say("pictures.next_letter.name"), CAPTION, anchor="start", colour=GREY)
    left, floor, high = 46.0, 31.0, 26.0
    for quarters in range(1, 5):
        y = floor - high * quarters / 4
        on.line((left, y), (84, y), width=GUIDE, colour=PALE, dash=DASH)
        on.number(left - 2.6, y, Fraction(quarters, 4), CAPTION, colour=GREY)
    pitch = (84 - left) / len(words)
    for k, (letter, share) in enumerate(zip(words, own, strict=True)):
        x = left + pitch * (k + 0.5)
        on.pen.box(
            x - pitch * 0.32, floor - high * float(share), pitch * 0.64, high * float(share), fill=PEN_AREA, width=0.4
        )
        on.text(x, floor + 4.0, letter, TOKEN)
    on.line((left, floor), (84, floor), width=AXIS)
    on.text(left, 39.4, on.say("pictures.next_letter.shares"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.next_letter.said", name=", ".join(tokens), letters=", ".join(words)),
        on.say("pictures.next_letter.to_do"),
        on.say("pictures.next_letter.key", shares=listed(own), letter=likeliest),
    )


GLASS, DEEP, PLANE = 10.0, 22.0, 3.4  # the width and the height of a glass, and the unit of a plane


@picture(height=36, minutes=2)
def glasses(on: Canvas, poured: Rows, weights: Rows, states: Rows, mixture: Rows) -> None:
    """A glass for each pass, in which the weights so far stand, up to the rim; and the states as points, with their
    mixture.

    poured: what each pass would pour in. weights: what there is room for.
    """
    own, wanted = ([Fraction(x) for x in rows[0]] for rows in (weights, poured))
    marks = min(10, max(x.denominator for x in own))  # decimals have larger denominators
    fits = len(own) == len(states) == 3 and all(len(row) == 2 for row in states) and sum(own) == 1 and min(own) > 0
    if not fits or any(not -3 <= x <= 4 for row in states for x in row):
        raise UndrawableError("three passes whose weights add up to 1, and states of two numbers from −3 to 4")
    top = 7.0
    for k, weight in enumerate(own):
        x, before = 9.0 + 17 * k, sum(own[:k], Fraction(0))
        on.text(x, 4.0, on.say("pictures.glasses.pass", n=k + 1), CAPTION)
        old, new = (DEEP * float(part) for part in (before, weight))
        if k:
            on.pen.box(x - GLASS / 2, top + DEEP - old, GLASS, old, width=0.4, fill=LIGHT)
        on.pen.box(x - GLASS / 2, top + DEEP - old - new, GLASS, new, width=0.4, fill=PEN_AREA)
        if wanted[k] > weight:
            over = DEEP * float(wanted[k] - weight)
            on.pen.box(x + GLASS / 2 + 1, top + DEEP - old - new, 2.4, over, width=GUIDE, dash=DASH)
        for mark in range(1, marks):
            y = top + DEEP * mark / marks
            on.line((x - GLASS / 2, y), (x - GLASS / 2 + 2.2, y), width=AXIS)
        on.line((x - GLASS / 2, top), (x + GLASS / 2, top), width=GUIDE, dash=DASH, colour=PALE)
        left, right, bottom = x - GLASS / 2, x + GLASS / 2, top + DEEP
        on.line((left, top), (left, bottom), (right, bottom), (right, top), width=FRAME)
    on.text(26, 33.6, on.say("pictures.glasses.marks", n=marks), CAPTION, colour=GREY)

    def at(point: Sequence[Any]) -> tuple[float, float]:
        return 58.6 + PLANE * (float(point[0]) + 3), 5.0 + PLANE * (4 - float(point[1]))

    on.plane(at, (-3, -3), (4, 4))
    on.line(*map(at, states), width=GUIDE, dash=DASH, colour=GREY, closed=True)
    on.pen.disc(*at(mixture[0]))
    for k, (x, y) in enumerate(map(at, states), 1):
        on.disc(x, y, 2.0, fill=WHITE, width=BOX)
        on.text(x, y + 1.0, str(k), CAPTION)
    on.text(70.5, 33.6, on.say("pictures.glasses.states"), CAPTION, colour=GREY)
    spots = ", ".join(f"({listed(row)})" for row in states)
    levels = listed([sum(own[: k + 1], Fraction(0)) for k in range(3)])
    on.said(
        on.say("pictures.glasses.said", n=marks, states=spots), on.say("pictures.glasses.to_do"),
        on.say("pictures.glasses.key", levels=levels, left=value_text(own[-1]), mixture=listed(mixture[0])),
    )  # fmt: skip


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
