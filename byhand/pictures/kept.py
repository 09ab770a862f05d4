"""Pictures of what is kept and what is computed: shared cards, a state, a latent, few keys, tiles."""

from __future__ import annotations

from collections.abc import Sequence
from math import e
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    DASH,
    GREY,
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
from byhand.pictures.labels import words
from byhand.pictures.registry import Rows, UndrawableError, picture

SCORE, SHARE, TILE_TOP = 3.9, 14.0, 5.4  # the height of a score of 1, of a power of 1, and where the tiles begin
BAR_PITCH = 5.4  # from one power to the next


@picture(height=46.5, minutes=3)
def two_tiles(
    on: Canvas, first: Rows, second: Rows, before: Rows, after: Rows, *, base: Sequence[Any], tokens: Sequence[str]
) -> None:
    """Two tiles of scores, and the largest so far over each; the powers after the first tile, and after the second,
    when the old ones have shrunk.

    first, second: the scores of the tiles. before, after: the largest so far. tokens: the word of each score.
    """
    tiles, tops = (first[0], second[0]), (before[0][0], after[0][0])
    scores = [*tiles[0], *tiles[1]]
    if len(scores) != 4 or min(scores) < 0 or max(scores) > 6 or not 1 <= tops[1] - tops[0] <= 2:
        raise UndrawableError("two tiles of two scores from 0 to 6, of which the second has a larger one")
    if len(tokens) != 4 or max(words(token, CAPTION).width for token in tokens) > BAR_PITCH:
        tokens = "1234"
    floor = 33.0
    for t, (tile, top) in enumerate(zip(tiles, tops, strict=True)):
        left = 2.0 + 19 * t
        on.text(left + 8.5, 3.6, on.say("pictures.two_tiles.tile", n=t + 1), CAPTION)
        on.box(left, TILE_TOP, 17, floor - TILE_TOP + 1.6, dash=DASH, width=GUIDE, colour=PALE)
        for k, score in enumerate(tile):
            x, y = left + 4.5 + 8 * k, floor - SCORE * float(score)
            on.line((x, floor), (x, y), width=AXIS, colour=PALE)
            on.disc(x, y)
            on.number(x, floor + 4.2, score, TOKEN)
            on.text(x, floor + 8.4, tokens[2 * t + k], CAPTION, colour=GREY)
        height = floor - SCORE * float(top)
        on.pen.line((left, height), (left + 17, height), width=0.9)
    on.line((2, floor), (38, floor), width=AXIS)
    small = e if base[0] == "e" else float(base[0])
    powers = [[small ** float(x - tops[0]) for x in tiles[0]]]
    powers.append([small ** float(x - tops[1]) for x in scores])
    for n, (left, own) in enumerate(zip((46.0, 62.0), powers, strict=True)):
        wide = BAR_PITCH * len(own)
        on.text(left + wide / 2, 3.6, on.say("pictures.two_tiles.after", n=n + 1), CAPTION)
        on.line((left - 1, floor - SHARE), (left + wide + 0.4, floor - SHARE), width=GUIDE, colour=PALE, dash=DASH)
        on.text(left - 1.6, floor - SHARE + 1, "1", CAPTION, anchor="end", colour=GREY)
        on.line((left - 1, floor), (left + wide + 0.4, floor), width=AXIS)
        for k, power in enumerate(own):
            x = left + BAR_PITCH * k
            on.pen.box(x, floor - SHARE * power, 4.2, SHARE * power, fill=PEN_AREA, width=0.4)
            on.text(x + 2.1, floor + 4.2, tokens[k], CAPTION, colour=GREY)
    on.text(2, 45.6, on.say("pictures.two_tiles.bars"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.two_tiles.said", first=listed(tiles[0]), second=listed(tiles[1])),
        to_do=on.say("pictures.two_tiles.to_do"),
        key=on.say("pictures.two_tiles.key", before=value_text(tops[0]), after=value_text(tops[1])),
    )


@picture(height=44, minutes=2)
def askers_and_cards(on: Canvas, queries: Rows, keys: Rows, values: Rows) -> None:
    """Four heads with their queries, above two cards with a key and a value for each word; and what is kept of one
    word if each head has a card, if groups share one, and if all do.
    """
    if (len(queries), len(keys)) != (4, 2):
        raise UndrawableError("four heads in two groups have room")
    for h, (query,) in enumerate(queries):
        x = 5.0 + 12 * h
        on.text(x, 3.4, on.say("pictures.askers_and_cards.head", n=h + 1), CAPTION, colour=GREY)
        on.disc(x, 9.4, 4.0, fill=WHITE, width=BOX)
        on.number(x, 9.4, query)
        card = h // 2
        (on.pen if h else on).arrow((x, 13.8), (11.0 + 24 * card + (-3 if h % 2 == 0 else 3), 24.0), width=STROKE)
    for card, (key, value) in enumerate(zip(keys, values, strict=True)):
        left = 24.0 * card
        on.box(left, 24.6, 22, 13.6, width=STROKE, rx=1)
        for symbol, y, numbers in (("K", 28.2, key), ("V", 34.6, value)):
            on.math(left + 2.6, y + 1.2, symbol, TOKEN)
            for k, number in enumerate(numbers):
                on.number(left + 7.4 + 5.8 * k, y, number, TOKEN)
        on.text(left + 11, 42.4, on.say("pictures.askers_and_cards.card", n=card + 1), CAPTION, colour=GREY)
    on.text(53, 3.4, on.say("pictures.askers_and_cards.kept"), CAPTION, anchor="start", colour=GREY)
    for row, cards in enumerate((4, 2, 1)):
        y, pen = 7.0 + 12.6 * row, on.pen if row else on
        on.text(53, y + 3.0, on.say(f"pictures.askers_and_cards.cards_{cards}"), CAPTION, anchor="start")
        for k in range(8):
            if k < 2 * cards:
                pen.box(53 + 3.2 * k, y + 4.2, 3.2, 5, fill=PEN_AREA if row else LIGHT, width=0.4 if row else AXIS)
            on.box(53 + 3.2 * k, y + 4.2, 3.2, 5, width=AXIS, colour=GREY)
    told = {"queries": listed([query for (query,) in queries])}
    on.said(
        on.say("pictures.askers_and_cards.said", **told), on.say("pictures.askers_and_cards.to_do"),
        on.say("pictures.askers_and_cards.key"),
    )  # fmt: skip


CASE, MANY = 15.0, 100  # the width of a suitcase, and how many words are many


@picture(height=40, minutes=2)
def suitcase(on: Canvas, *states: Rows) -> None:
    """A suitcase, the state, into which each word packs its parcel; what it holds does not grow. Below it a cache, to
    which each word adds its key and its value.

    states: the state after each word.
    """
    rows, cols = len(states[0]), len(states[0][0])
    if len(states) != 3 or (rows, cols) != (2, 2):
        raise UndrawableError("three states of two by two numbers have room")
    packed, kept = rows * cols + rows, rows + cols
    on.text(0, 3.4, on.say("pictures.suitcase.after"), CAPTION, anchor="start", colour=GREY)
    on.text(0, 16.0, on.say("pictures.suitcase.state"), CAPTION, anchor="start", colour=GREY)
    on.text(0, 30.6, on.say("pictures.suitcase.cache"), CAPTION, anchor="start", colour=GREY)
    for t in range(4):
        x, pen = 20.0 + 17.4 * t, on.pen if t else on
        count = t + 1 if t < 3 else MANY
        on.text(x + CASE / 2, 3.4, on.say(f"pictures.suitcase.{'words' if t else 'word'}", n=count), CAPTION)
        on.box(x + CASE / 2 - 2.4, 6.0, 4.8, 2.0, width=STROKE, rx=0.8)
        on.box(x, 8.0, CASE, 8.6, width=BOX, rx=1.2, fill=LIGHT)
        for cell in range(packed):
            on.box(x + 1.5 + 4 * (cell % 3), 9.0 + 3.3 * (cell // 3), 4, 3.3, width=AXIS, fill=WHITE)
        for y, number in ((20.0, packed), (36.6, kept * count)):
            if t:
                on.blank(x + CASE / 2, y, number, w=10, h=5.6, size=TOKEN)
            else:
                on.number(x + CASE / 2, y, number, TOKEN)
        for card in range(3 if t < 3 else 0):
            for cell in range(kept):
                left, top = x + 1.5 + 3 * cell, 24.4 + 2.9 * card
                if card <= t:
                    pen.box(left, top, 3, 2.4, width=GUIDE if t else AXIS, fill=PEN_AREA if t else LIGHT)
                on.box(left, top, 3, 2.4, width=AXIS, colour=GREY)
        if t == 3:
            on.text(x + CASE / 2, 29.6, "…", NUMBER)
    told = {"packed": packed, "kept": kept, "many": MANY}
    counts = listed([kept * count for count in (2, 3, MANY)])
    on.said(
        on.say("pictures.suitcase.said", **told), on.say("pictures.suitcase.to_do", **told),
        on.say("pictures.suitcase.key", counts=counts, **told),
    )  # fmt: skip


PIPE = 4.6  # the height of a row in a thin pipe, and the width of a number


@picture(height=24, minutes=2)
def thin_pipe(on: Canvas, x: Rows, latent: Rows, keys: Rows, values: Rows) -> None:
    """The rows of words pass a funnel into a thin pipe, which is kept; keys and values are made from it anew."""
    n, inside, of_key, of_value = len(x), len(latent[0]), len(keys[0]), len(values[0])
    if (n, len(x[0]), inside, of_key, of_value) != (3, 4, 2, 4, 2):
        raise UndrawableError("three words of four numbers, a latent of two, and keys of four have room")
    top, high, pipe = 3.6, PIPE * n, 27.0
    middle, end = top + high / 2, pipe + PIPE * inside
    on.grid(0, top, n, 4, PIPE, GREY)
    for i, row in enumerate(x):
        for j, number in enumerate(row):
            on.number(PIPE * (j + 0.5), top + PIPE * (i + 0.5), number, TOKEN - 0.5)
    for y, to in ((top, top + 2), (top + high, top + high - 2)):
        on.line((PIPE * 4, y), (pipe, to), width=STROKE)
    on.box(pipe, top + 2, PIPE * inside, high - 4, width=0.8, fill=LIGHT)
    for k in range(1, n):
        y = top + 2 + (high - 4) * k / n
        on.line((pipe, y), (end, y), width=AXIS)
    on.line((pipe + PIPE, top + 2), (pipe + PIPE, top + high - 2), width=AXIS)
    on.arrow((end + 1, middle), (end + 7, middle), width=STROKE)
    left, other = end + 8, end + 8 + PIPE * of_key + 6
    for symbol, x0, cols in (("K", left, of_key), ("V", other, of_value)):
        on.pen.hatch(x0, top, PIPE * cols, high)
        on.grid(x0, top, n, cols, PIPE, GREY)
        on.box(x0, top, PIPE * cols, high, width=GUIDE, dash=DASH)
        on.math(x0 + PIPE * cols / 2, top - 1.2, symbol, TOKEN)
    for symbol, x0 in (("X", PIPE * 2), ("C", pipe + PIPE)):
        on.math(x0, top - 1.2, symbol, TOKEN)
    counts = {"made": n * (of_key + of_value), "kept": n * inside}
    for name, x0, to in (("kept", pipe - 1, pipe + 5.4), ("made", left + 17, left + 23.4)):
        on.text(x0, 22.0, on.say(f"pictures.thin_pipe.{name}_count"), CAPTION, anchor="end")
        on.blank(to, 20.9, counts[name], w=8.4, h=5.6, size=TOKEN)
    on.said(
        on.say("pictures.thin_pipe.said"), on.say("pictures.thin_pipe.to_do"),
        on.say("pictures.thin_pipe.key", **counts),
    )  # fmt: skip


CUP_CELL = 2.3  # a score


@picture(height=42, minutes=2)
def cups(on: Canvas, keys: Rows, poured: Rows, *, tokens: Sequence[str]) -> None:
    """The keys of four words as jugs that are poured into two cups; and the scores of all words with all keys, and
    with the cups.

    poured: for each cup, 1 where the key of a word is poured in, else 0.
    """
    into = [[k for k, row in enumerate(poured) if row[word] == 1] for word in range(len(keys))]
    if (len(keys), len(keys[0]), len(poured)) != (4, 4, 2) or any(len(found) != 1 for found in into):
        raise UndrawableError("four keys of four numbers, each poured into one of two cups")
    names = [" + ".join(word for word, own in zip(tokens, into, strict=True) if own == [k]) for k in (0, 1)]
    for word, (key, (cup,)) in enumerate(zip(keys, into, strict=True)):
        x = 10.5 + 21 * word
        on.text(x, 3.0, tokens[word], TOKEN - 0.3)
        on.line((x - 9.3, 4.2), (x - 9.3, 10.6), (x + 9.3, 10.6), (x + 9.3, 4.2), width=STROKE)
        for k, number in enumerate(key):
            on.number(x + 4.5 * (k - 1.5), 7.4, number, TOKEN - 0.4)
        before = sum(own == [cup] for own in into[:word])
        (on.pen if cup else on).arrow((x, 11.6), (23.0 + 42 * cup + (4 if before else -4), 18.8), width=STROKE)
    for k, name in enumerate(names):
        x = 23.0 + 42 * k
        on.text(x - 14.6, 25.0, on.say("pictures.cups.cup", n=k + 1), CAPTION, anchor="end", colour=GREY)
        on.line((x - 13.4, 19.6), (x - 11.4, 28.0), (x + 11.4, 28.0), (x + 13.4, 19.6), width=STROKE)
        if k:
            on.answer_line(x - 10.0, 26.2, 20.0, name, CAPTION)
        else:
            on.text(x, 25.2, name, CAPTION)
    for left, name, wide, pen in ((23.0, "keys", 4, on), (65.0, "cups", 2, on.pen)):
        x, y = left, 32.2
        on.text(x - 2.4, y + 5.6, on.say(f"pictures.cups.with_{name}"), CAPTION, anchor="end", colour=GREY)
        pen.box(x, y, CUP_CELL * wide, CUP_CELL * 4, width=0, fill=PALE if wide == 4 else PEN_AREA)
        on.grid(x, y, 4, 4, CUP_CELL, GREY)
    on.said(
        on.say("pictures.cups.said", keys="; ".join(map(listed, keys)), words=names[0]),
        on.say("pictures.cups.to_do"),
        on.say("pictures.cups.key", words=names[1]),
    )  # fmt: skip
