"""Pictures of the family of transformers: arrows that turn, softmax in tiles, heads that share cards, experts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import cos, e, hypot, pi, sin, sqrt
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.ops.positions import bucket_of
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    DASH,
    FRAME,
    GREY,
    GRID,
    GUIDE,
    HAIR,
    HEAD,
    LIGHT,
    NUMBER,
    PALE,
    PEN,
    PEN_AREA,
    SMALLEST,
    STROKE,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
from byhand.pictures.labels import words
from byhand.pictures.names import beside
from byhand.pictures.registry import Rows, UndrawableError, picture

MARK, DEEP = 12.0, 6.4  # the width of a mark of a ruler, and its height


@picture(height=38, minutes=2)
def sliding_ruler(on: Canvas, table: Rows, *, tokens: Sequence[str]) -> None:
    """A ruler of distances with its 0 under the word that asks: for each later word it lies one word further on, and
    words past its end have its last mark.

    table: a row for each distance, to both sides and 0.
    """
    n, reach = len(tokens), len(table) // 2
    if (n, reach) != (4, 2):
        raise UndrawableError("four words and a ruler that reaches two words back have room")
    left, top, pitch = 25.0, 6.0, 9.4

    def mark(i: int, j: int) -> int:
        """The mark of word j when word i asks."""
        return -min(i - j, reach)

    for j, word in enumerate(tokens):
        on.text(left + MARK * (j + 0.5), 3.8, word, TOKEN)
    for i in range(1, n):
        y, pen = top + pitch * (i - 1), on.pen if i > 1 else on
        on.text(0, y + DEEP / 2 + 1, on.say("pictures.sliding_ruler.asks", word=tokens[i]), CAPTION, anchor="start")
        for j in range(i + 1):
            x = left + MARK * j
            if i > 1:
                on.blank(x + MARK / 2, y + DEEP / 2, mark(i, j), w=MARK, h=DEEP, size=TOKEN)
            else:
                on.box(x, y, MARK, DEEP, fill=WHITE)
                on.number(x + MARK / 2, y + DEEP / 2, mark(i, j), TOKEN)
        first, end = left + MARK * (i - reach), left + MARK * (i + 1)
        if i < reach:  # its end hangs out
            out = left - MARK / 4
            pen.line((out, y), (end, y), (end, y + DEEP), (out, y + DEEP), width=0.8)
        else:
            pen.box(first, y, end - first, DEEP, width=0.8)
    on.text(
        left, top + pitch * (n - 1) + 3.6, on.say("pictures.sliding_ruler.past"), CAPTION, anchor="start", colour=GREY
    )
    marks = {f"marks_{i}": listed([mark(i, j) for j in range(i + 1)]) for i in range(1, n)}
    told = {f"word_{i}": tokens[i] for i in range(1, n)} | marks
    on.said(*(on.say(f"pictures.sliding_ruler.{part}", **told) for part in ("said", "to_do", "key")))


LOOK, TALL = 9.6, 7.6  # the width and the height of a cell in which one word looks at another
CORNER = 2.4  # of a page that is folded


@picture(height=43, minutes=2)
def page_before(on: Canvas, pattern: Rows, *, memory: Sequence[str], tokens: Sequence[str]) -> None:
    """The page before still lies beside this one; a table of dots for whom the words of this page look at.

    pattern: their shares of all words, a word that asks a row. memory: the words of the page before.
    """
    words = (*memory, *tokens)
    if (len(memory), len(tokens)) != (2, 2) or [len(row) for row in pattern] != [4, 4]:
        raise UndrawableError("two words on each of two pages have room")
    left, top, high = 23.0, 4.6, 11.0
    for side, (name, page) in enumerate((("before", memory), ("page", tokens))):
        x, wide = left + 2 * LOOK * side + 0.4, 2 * LOOK - 0.8
        edges = [
            (x, top),
            (x + wide - CORNER, top),
            (x + wide, top + CORNER),
            (x + wide, top + high),
            (x, top + high),
        ]
        on.line(*edges, closed=True, width=BOX, fill=WHITE if side else LIGHT)
        fold = (x + wide - CORNER, top), (x + wide - CORNER, top + CORNER), (x + wide, top + CORNER)
        on.line(*fold, width=BOX)
        on.text(x + wide / 2, 3.2, on.say(f"pictures.page_before.{name}"), CAPTION, colour="" if side else GREY)
        for k, word in enumerate(page):
            on.text(left + LOOK * (2 * side + k + 0.5), top + 7.4, word, TOKEN)
    table = top + high + 2.0
    for i, (word, row) in enumerate(zip(tokens, pattern, strict=True)):
        y, pen = table + TALL * i, on.pen if i else on
        on.text(left - 2, y + TALL / 2 + 1, on.say("pictures.page_before.asks", word=word), CAPTION, anchor="end")
        for j, share in enumerate(row):
            x = left + LOOK * j
            on.box(x, y, LOOK, TALL, width=AXIS, fill=WHITE)
            if j > len(memory) + i:
                on.hatch(x, y, LOOK, TALL)
            elif share:
                pen.disc(x + LOOK / 2, y + TALL / 2, 3.1 * sqrt(float(share)))
    foot, steps = table + 2 * TALL + 4.6, range(len(words) - 1, -1, -1)
    on.text(left - 2, foot + 1, on.say("pictures.page_before.back"), CAPTION, anchor="end", colour=GREY)
    for j, step in enumerate(steps):
        on.blank(left + LOOK * (j + 0.5), foot, step, w=7.6, h=6.0, size=TOKEN)
    told = {"first": tokens[0], "last": tokens[1], "alone": len(tokens), "count": len(words)}
    on.text(63.6, table + 3.2, on.say("pictures.page_before.sees", word=tokens[1]), CAPTION, anchor="start")
    for y, name, number in ((table + 9.6, "alone", len(tokens)), (table + 17.6, "memory", len(words))):
        on.text(63.6, y + 1, on.say(f"pictures.page_before.{name}"), CAPTION, anchor="start", colour=GREY)
        on.blank(85, y, number, w=7.2, h=6.0, size=TOKEN)
    shares = {"shares": listed(pattern[0][:3]), "dots": listed(pattern[1]), "steps": listed(steps)}
    told |= {"memory": " ".join(memory), "page": " ".join(tokens), **shares}
    on.said(*(on.say(f"pictures.page_before.{part}", **told) for part in ("said", "to_do", "key")))


LOWEST, HIGHEST = -6, 3  # the scores that the grid of a fall has room for
DIAL = 7.4  # the radius of a dial
CASES = ((1, 0), (2, 1), (3, 2), (2, 0))  # where the query stands, and where the key


@picture(height=44, minutes=3)
def turned_arrows(on: Canvas, query: Rows, key: Rows, dots: Rows, *, period: Sequence[Any]) -> None:
    """A query and a key turn with their positions: wherever they are equally far apart, they meet in the same way.

    dots: their dot products, a position of the query a row. period: in how many words an arrow makes a whole turn.
    """
    quarter = 4 / period[0] if period else 0
    found = [dots[i][j] for i, j in CASES]
    if quarter % 1 or len(set(found[:3])) > 1 or found[3] in (0, found[0]) or not found[0]:
        raise UndrawableError("quarter turns of a query and a key that meet otherwise at another distance")
    longest = max(hypot(*query[0]), hypot(*key[0]))
    for n, ((i, j), dot) in enumerate(zip(CASES, found, strict=True)):
        x, y, pen = 10.5 + 21 * n, 15.4, on.pen if n else on
        on.text(x, 3.0, on.say("pictures.turned_arrows.case", q=i, k=j), CAPTION)
        on.disc(x, y, DIAL, fill="none", width=AXIS, colour=PALE)
        for k in range(-int(longest), int(longest) + 1):
            at, half = DIAL * k / longest, DIAL * sqrt(1 - (k / longest) ** 2)
            for dx, dy, along in ((at, 0, (0, half)), (0, at, (half, 0))):
                ends = [(x + dx + side * along[0], y + dy + side * along[1]) for side in (-1, 1)]
                on.line(*ends, width=HAIR if k else AXIS, colour=GRID if k else PALE)
        for symbol, tip, place, dash in (("q", query[0], i, ()), ("k", key[0], j, DASH)):
            _turned_arrow(pen, (x, y), tip, float(place * quarter), DIAL / longest, symbol, dash)
        on.math(x - 4.2, 31.4, r"q \cdot k =", TOKEN)
        if n:
            on.blank(x + 6.4, 30.2, dot, w=8.2, h=6.8)
        else:
            on.number(x + 6.4, 30.2, dot)
    shown = {"q": listed(query[0]), "k": listed(key[0]), "dot": value_text(found[0])}
    on.text(0, 38.6, on.say("pictures.turned_arrows.caption", **shown), CAPTION, anchor="start")
    on.text(0, 42.4, on.say("pictures.turned_arrows.caption_2"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.turned_arrows.said", **shown),
        to_do=on.say("pictures.turned_arrows.to_do"),
        key=on.say("pictures.turned_arrows.key", near=value_text(found[0]), far=value_text(found[3])),
    )


def _turned_arrow(
    on: Layer, middle: tuple[float, float], tip: Sequence[Any], quarters: float, scale: float, symbol: str,
    dash: Sequence[float],
) -> None:  # fmt: skip
    """An arrow from the middle of a dial, turned, with its symbol where it points, outside the dial."""
    c, s = cos(quarters * pi / 2), sin(quarters * pi / 2)
    x, y = (float(tip[0]) * c - float(tip[1]) * s) * scale, (float(tip[0]) * s + float(tip[1]) * c) * scale
    on.arrow(middle, (middle[0] + x, middle[1] - y), dash=dash)
    out = (DIAL + 1.7) / hypot(x, y)
    on.math(middle[0] + x * out, middle[1] - y * out + 1.0, symbol, TOKEN)


SCORE, SHARE, TILE_TOP = 4.3, 14.0, 5.4  # the height of a score of 1, of a power of 1, and where the tiles begin


@picture(height=44, minutes=3)
def two_tiles(on: Canvas, first: Rows, second: Rows, before: Rows, after: Rows, *, base: Sequence[Any]) -> None:
    """Two tiles of scores, and the largest so far over each; the powers after the first tile, and after the second,
    when the old ones have shrunk.

    first, second: the scores of the tiles. before, after: the largest so far.
    """
    tiles, tops = (first[0], second[0]), (before[0][0], after[0][0])
    scores = [*tiles[0], *tiles[1]]
    if len(scores) != 4 or min(scores) < 0 or max(scores) > 6 or not 1 <= tops[1] - tops[0] <= 2:
        raise UndrawableError("two tiles of two scores from 0 to 6, of which the second has a larger one")
    floor = 36.0
    for t, (tile, top) in enumerate(zip(tiles, tops, strict=True)):
        left = 2.0 + 19 * t
        on.text(left + 8.5, 3.6, on.say("pictures.two_tiles.tile", n=t + 1), CAPTION)
        on.box(left, TILE_TOP, 17, floor - TILE_TOP + 1.6, dash=DASH, width=GUIDE, colour=PALE)
        for k, score in enumerate(tile):
            x, y = left + 4.5 + 8 * k, floor - SCORE * float(score)
            on.line((x, floor), (x, y), width=AXIS, colour=PALE)
            on.disc(x, y)
            on.number(x, floor + 4.6, score, TOKEN)
        height = floor - SCORE * float(top)
        on.pen.line((left, height), (left + 17, height), width=0.9)
    on.line((2, floor), (38, floor), width=AXIS)
    small = e if base[0] == "e" else float(base[0])
    powers = [[small ** float(x - tops[0]) for x in tiles[0]]]
    powers.append([small ** float(x - tops[1]) for x in scores])
    for n, (left, own) in enumerate(zip((46.0, 62.0), powers, strict=True)):
        wide = 5.4 * len(own)
        on.text(left + wide / 2, 3.6, on.say("pictures.two_tiles.after", n=n + 1), CAPTION)
        on.line((left - 1, floor - SHARE), (left + wide + 0.4, floor - SHARE), width=GUIDE, colour=PALE, dash=DASH)
        on.text(left - 1.6, floor - SHARE + 1, "1", CAPTION, anchor="end", colour=GREY)
        on.line((left - 1, floor), (left + wide + 0.4, floor), width=AXIS)
        for k, power in enumerate(own):
            on.pen.box(left + 5.4 * k, floor - SHARE * power, 4.2, SHARE * power, fill=PEN_AREA, width=0.4)
            on.text(left + 5.4 * k + 2.1, floor + 4.2, str(k + 1), CAPTION, colour=GREY)
    on.text(46, 43.6, on.say("pictures.two_tiles.bars"), CAPTION, anchor="start", colour=GREY)
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


TRAYS = 8  # distances of which one says the tray


@picture(height=46, minutes=3)
def slopes(on: Canvas, scores: Rows, biased: Rows, table: Rows, *, tokens: Sequence[str], furthest: int) -> None:
    """Scores fall with the distance: each point moves down by one for every word further back; and the distances that
    share a tray.

    biased: the scores after a fall of 1 for each step. table: a number for each tray. furthest: the distance from
    which all share the last tray.
    """
    own, fallen = scores[0], biased[0]
    falls = [score - lower for score, lower in zip(own, fallen, strict=True)]
    if falls != [3, 2, 1, 0] or max(own) > HIGHEST or min(fallen) < LOWEST or len(table[0]) < 4:
        raise UndrawableError(
            f"four scores from {LOWEST} to {HIGHEST} that fall by 1 with each step of distance, and four trays"
        )
    trays = [str(bucket_of(steps, len(table[0]), furthest)) for steps in range(TRAYS)]
    unit = 24.0 / 9
    top = 4.0 + 3 * unit
    for n in range(LOWEST, HIGHEST + 1):
        y = top - unit * n
        on.line((14, y), (62, y), width=HAIR if n else AXIS, colour=GRID if n else PALE)
        if n % 2 == 0:
            on.number(12.4, y, n, SMALLEST, anchor="end", colour=GREY)
    on.pen.line(*((17 + 14 * k, top + unit * (3 - k)) for k in range(4)), width=GUIDE, colour=PALE, dash=DASH)
    for k, (word, score, lower) in enumerate(zip(tokens, own, fallen, strict=True)):
        x, y, low = 17.0 + 14 * k, top - unit * float(score), top - unit * float(lower)
        on.text(x, 32.6, word, TOKEN - 0.3)
        on.pen.disc(x, y, fill=WHITE, width=0.4, colour=on.pen.ink)
        if low - y > HEAD:
            on.pen.arrow((x + 2.2, y), (x + 2.2, low))
        on.pen.disc(x + 2.2, low)
    on.pen.disc(66, 7.0, fill=WHITE, width=0.4, colour=on.pen.ink)
    on.pen.text(68, 8.0, on.say("pictures.slopes.score"), CAPTION, anchor="start")
    on.pen.disc(66, 11.4)
    on.pen.text(68, 12.4, on.say("pictures.slopes.fallen"), CAPTION, anchor="start")
    on.text(0, 38.0, on.say("pictures.slopes.trays"), CAPTION, anchor="start", colour=GREY)
    for k, tray in enumerate(trays):
        x = 3.5 + 9.6 * k
        on.text(x - 1.8, 44.0, str(k), CAPTION, colour=GREY)
        on.box(x, 40.0, 5.6, 5.6, width=BOX, fill=WHITE)
        (on.pen if k > 1 else on).text(x + 2.8, 44.1, tray, CAPTION + 0.3)
    on.said(
        on.say("pictures.slopes.said", low=value_text(LOWEST), high=HIGHEST), on.say("pictures.slopes.to_do"),
        on.say("pictures.slopes.key", scores=listed(own), fallen=listed(fallen), trays=", ".join(trays)),
    )  # fmt: skip


GRIDS = ("causal", "window", "every_second", "strided", "first")  # the patterns, of which the first two are printed
CELL = 3.4


@picture(width=118, height=36, minutes=3)
def sparse_grids(on: Canvas, *seen: Rows) -> None:
    """Grids of who may look at whom, of which the last three are shaded by the student.

    seen: for each pattern (GRIDS), 1 where a token sees another, else 0.
    """
    n = len(seen[0])
    width = int(max(map(sum, seen[1])))
    if len(seen) != len(GRIDS) or n != 6:
        raise UndrawableError("five patterns of six words have room")
    pitch = (118 - n * CELL) / (len(GRIDS) - 1)
    for k, (name, rows) in enumerate(zip(GRIDS, seen, strict=True)):
        left, top, pen = pitch * k, 9.4, on.pen if k > 1 else on
        lines = [name, f"{name}_2"] if name in ("strided", "first") else [name]
        for line, y in zip(reversed(lines), (7.2, 3.8), strict=False):
            on.text(left + n * CELL / 2, y, on.say(f"pictures.sparse_grids.{line}", width=width), CAPTION)
        for i, row in enumerate(rows):
            for j, sees in enumerate(row):
                if sees:
                    pen.box(left + CELL * j, top + CELL * i, CELL, CELL, fill=PEN if k > 1 else GREY, width=0)
        for step in range(n + 1):
            along, far = CELL * step, CELL * n
            on.line((left + along, top), (left + along, top + far), width=AXIS, colour=PALE)
            on.line((left, top + along), (left + far, top + along), width=AXIS, colour=PALE)
    on.text(0, 34.8, on.say("pictures.sparse_grids.axes"), CAPTION, anchor="start", colour=GREY)
    counts = {name: value_text(sum(map(sum, rows))) for name, rows in zip(GRIDS, seen, strict=True)}
    on.said(
        on.say("pictures.sparse_grids.said", n=n, width=width, before=width - 1),
        on.say("pictures.sparse_grids.to_do"),
        on.say("pictures.sparse_grids.key", **counts),
    )


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
    on.text(63.4, 42.2, on.say("pictures.switchboard.at_work"), CAPTION, anchor="end", colour=GREY)
    on.blank(69, 41.0, asked[0], w=8, h=6)
    lit = []
    for word, row in zip(tokens, weights, strict=True):
        shares = {n: value_text(share) for n, share in enumerate(row, 1) if share}
        lamps = (on.say("pictures.switchboard.lamp", n=n, share=share) for n, share in shares.items())
        lit.append(on.say("pictures.switchboard.lit", word=word, lamps=", ".join(lamps)))
    on.said(
        on.say("pictures.switchboard.said", first=lit[0]),
        on.say("pictures.switchboard.to_do", words=", ".join(tokens[1:])),
        on.say("pictures.switchboard.key", others="; ".join(lit[1:]), count=asked[0]),
    )


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
                    pen.box(left, top, 3, 2.4, width=0.4 if t else AXIS, fill=PEN_AREA if t else LIGHT)
                on.box(left, top, 3, 2.4, width=AXIS, colour=GREY)
        if t == 3:
            on.text(x + CASE / 2, 29.6, "…", NUMBER)
    told = {"packed": packed, "kept": kept, "many": MANY}
    counts = listed([kept * count for count in (2, 3, MANY)])
    on.said(
        on.say("pictures.suitcase.said", **told), on.say("pictures.suitcase.to_do", **told),
        on.say("pictures.suitcase.key", counts=counts, **told),
    )  # fmt: skip


PRINTED = (0, 1)  # where the curve of a gate has its printed points


@picture(height=46, minutes=4)
def gate_curve(on: Canvas, numbers: Rows, gates: Rows) -> None:
    """The curve of swish beside that of ReLU, to be drawn through its points; and bars of the share that passes.

    numbers: from −2 to 3, one a row. gates: their swish.
    """
    at, found = [row[0] for row in numbers], [row[0] for row in gates]
    if at != [-2, -1, 0, 1, 2, 3] or found[2] != 0 or not (-1 < found[0] < 0 < 2 * found[3] - 1 < 1):
        raise UndrawableError("a gate with a small negative bow, at the numbers from −2 to 3")
    left, floor, wide, high = 25.0, 25.0, 7.0, 7.0

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
        pen, middle = on if x in PRINTED else on.pen, 53.0 + 6.2 * k
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
            on.blank(left + wide * float(x), floor + high + 10, y, w=6.4, h=6.4, size=TOKEN)
    on.math(4.0, floor + high + 4.8, "h", TOKEN)
    on.text(0, floor + high + 11, on.say("pictures.gate_curve.gate"), CAPTION - 0.4, anchor="start", colour=GREY)
    on.text(68.5, 3.6, on.say("pictures.gate_curve.passes"), CAPTION, colour=GREY)
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


PIPE = 4.6  # the height of a row in a thin pipe, and the width of a number


@picture(height=24, minutes=2)
def thin_pipe(on: Canvas, x: Rows, latent: Rows, keys: Rows, values: Rows) -> None:
    """The rows of words pass a funnel into a thin pipe, which is kept; keys and values are made from it anew."""
    n, inside, of_key, of_value = len(x), len(latent[0]), len(keys[0]), len(values[0])
    if (n, len(x[0]), inside, of_key, of_value) != (3, 4, 2, 4, 2):
        raise UndrawableError("three words of four numbers, a latent of two, and keys of four have room")
    top, high, pipe = 3.6, PIPE * n, 27.0
    middle, end = top + high / 2, pipe + PIPE * inside
    _cells(on, 0, top, n, 4)
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
        _cells(on, x0, top, n, cols)
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
        for step in range(5):
            along, far = CUP_CELL * step, CUP_CELL * 4
            on.line((x + along, y), (x + along, y + far), width=AXIS, colour=GREY)
            on.line((x, y + along), (x + far, y + along), width=AXIS, colour=GREY)
    on.said(
        on.say("pictures.cups.said", keys="; ".join(map(listed, keys)), words=names[0]),
        on.say("pictures.cups.to_do"),
        on.say("pictures.cups.key", words=names[1]),
    )  # fmt: skip


GLASS, DEEP, PLANE = 10.0, 22.0, 3.4  # the width and the height of a glass, and the unit of a plane


@picture(height=36, minutes=2)
def glasses(on: Canvas, poured: Rows, weights: Rows, states: Rows, mixture: Rows) -> None:
    """A glass for each pass, in which the weights so far stand, up to the rim; and the states as points, with their
    mixture.

    poured: what each pass would pour in. weights: what there is room for.
    """
    own, wanted = ([Fraction(x) for x in rows[0]] for rows in (weights, poured))
    points = [tuple(map(float, row)) for row in states]
    marks = min(10, max(x.denominator for x in own))  # decimals have larger denominators
    fits = len(own) == len(points) == 3 and all(len(row) == 2 for row in states) and sum(own) == 1 and min(own) > 0
    if not fits or any(not -3 <= x <= 4 for point in points for x in point):
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

    def place(x: float, y: float) -> tuple[float, float]:
        return 58.6 + PLANE * (x + 3), 5.0 + PLANE * (4 - y)

    for k in range(-3, 5):
        for ends in ((place(k, -3), place(k, 4)), (place(-3, k), place(4, k))):
            on.line(*ends, width=HAIR if k else AXIS, colour=GRID if k else GREY)
    on.line(*(place(*point) for point in points), width=GUIDE, dash=DASH, colour=GREY, closed=True)
    on.pen.disc(*place(*map(float, mixture[0])))
    for k, point in enumerate(points, 1):
        x, y = place(*point)
        on.disc(x, y, 2.0, fill=WHITE, width=BOX)
        on.text(x, y + 1.0, str(k), CAPTION)
    on.text(70.5, 33.6, on.say("pictures.glasses.states"), CAPTION, colour=GREY)
    spots = ", ".join(f"({listed(row)})" for row in states)
    levels = listed([sum(own[: k + 1], Fraction(0)) for k in range(3)])
    on.said(
        on.say("pictures.glasses.said", n=marks, states=spots), on.say("pictures.glasses.to_do"),
        on.say("pictures.glasses.key", levels=levels, left=value_text(own[-1]), mixture=listed(mixture[0])),
    )  # fmt: skip


def _cells(on: Layer, left: float, top: float, rows: int, cols: int) -> None:
    """An empty table of square cells."""
    for i in range(rows + 1):
        on.line((left, top + PIPE * i), (left + PIPE * cols, top + PIPE * i), width=AXIS, colour=GREY)
    for j in range(cols + 1):
        on.line((left + PIPE * j, top), (left + PIPE * j, top + PIPE * rows), width=AXIS, colour=GREY)


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

    for n in range(-3, 4):
        width, colour = (HAIR, GRID) if n else (AXIS, PALE)
        on.line(at((n, -3)), at((n, 3)), width=width, colour=colour)
        on.line(at((-3, n)), at((3, n)), width=width, colour=colour)
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
        on.say("pictures.nearest_places.to_do"),
        on.say("pictures.nearest_places.key", names=", ".join(inside)),
    )


UNIT, RIM = 2.5, 6.9  # mm from one whole number to the next on the circle of boxes, and its radius in these


@picture(height=42, minutes=4)
def four_boxes(on: Canvas, along: Rows, *, tokens: Sequence[str]) -> None:
    """A circle that its diagonals part into four boxes, words as points in it, and who is in which box.

    along: two numbers for each word. Box n is that of the largest of (x, y, −x, −y).
    """
    points = [tuple(map(float, row)) for row in along]
    if {*map(len, points)} != {2} or any(abs(x) == abs(y) or hypot(x, y) > RIM for x, y in points):
        raise UndrawableError("points of two numbers inside the circle, and none on a diagonal")
    middle = 21.0
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
        left, top = middle + 19.2 * across, middle - 19.2 * up
        on.box(left - 1.7, top - 1.7, 3.4, 3.4, fill=LIGHT, width=BOX)
        on.text(left, top + 1.0, str(n), CAPTION)
    dots = [(middle + UNIT * x, middle - UNIT * y) for x, y in points]
    halves = [words(word, CAPTION).width / 2 for word in tokens]
    for dot, name, word in zip(dots, beside(dots, halves, lines, (4, 4, 38, 38)), tokens, strict=True):
        on.pen.disc(*dot)
        on.pen.text(*name, word, CAPTION)
    boxes: list[list[str]] = [[], [], [], []]
    for (x, y), word in zip(points, tokens, strict=True):
        sides = (x, y, -x, -y)
        boxes[sides.index(max(sides))].append(word)
    for n, inside in enumerate(boxes, 1):
        line = 10.0 + 8.6 * (n - 1)
        on.box(49, line - 3.0, 3.4, 3.4, fill=LIGHT, width=BOX)
        on.text(50.7, line - 0.3, str(n), CAPTION)
        on.answer_line(55, line, 29, ", ".join(inside) or "–")
    told = "; ".join(f"{n}: {', '.join(inside) or '–'}" for n, inside in enumerate(boxes, 1))
    on.said(
        on.say("pictures.four_boxes.said"), on.say("pictures.four_boxes.to_do", words=", ".join(tokens)),
        on.say("pictures.four_boxes.key", boxes=told),
    )  # fmt: skip


SQUARE = 3.7  # a cell of a grid of the family
FAMILY = ("all", "gpt", "slope", "window", "short", "tiles", "hashed", "linear")  # the members, four in a line


@picture(height=45, minutes=4)
def family(on: Canvas, *patterns: Rows) -> None:
    """The patterns of all members of the family, and who comes from whom; the last line of each is left to draw.

    patterns: one for each of FAMILY.
    """
    if len(patterns) != len(FAMILY) or any(len(rows) != 4 for rows in patterns):
        raise UndrawableError("eight patterns of four words have room")
    side, spine = 4 * SQUARE, 22.6
    tops = (4.4, 29.4)
    for n, (name, rows) in enumerate(zip(FAMILY, patterns, strict=True)):
        left, top = 3.0 + 21.2 * (n % 4), tops[n // 4]
        on.text(left + side / 2, top - 1.6, on.say(f"pictures.family.{name}"), CAPTION)
        for k in range(5):
            at, wide = SQUARE * k, AXIS
            on.line((left + at, top), (left + at, top + side), width=wide, colour=PALE)
            on.line((left, top + at), (left + side, top + at), width=wide, colour=PALE)
        for i, row in enumerate(rows):
            for j, share in enumerate(row):
                if share:
                    x, y = left + SQUARE * (j + 0.5), top + SQUARE * (i + 0.5)
                    (on.pen if i == 3 else on).disc(x, y, 1.7 * sqrt(float(share)))
        if name == "tiles":
            on.line((left + side / 2, top), (left + side / 2, top + side), width=STROKE)
    middle = [3.0 + 21.2 * n + side / 2 for n in range(4)]
    on.line((3 + side, tops[0] + side / 2), (3 + 21.2, tops[0] + side / 2), width=GUIDE)
    on.line((middle[0], tops[0] + side), (middle[0], tops[1] - 4.6), width=GUIDE)
    on.line((middle[1], spine), (middle[3], spine), width=GUIDE)
    for x in middle[1:]:
        on.line((x, tops[0] + side), (x, tops[1] - 4.6), width=GUIDE)
    told = {name: listed(rows[-1]) for name, rows in zip(FAMILY, patterns, strict=True)}
    on.said(
        on.say("pictures.family.said"),
        to_do=on.say("pictures.family.to_do"),
        key=on.say("pictures.family.key", **told),
    )
