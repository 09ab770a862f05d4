"""Pictures of how far apart words are: a ruler, slopes, arrows that turn, the page before."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, pi, sin, sqrt
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.ops.positions import bucket_of
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    DASH,
    DOT,
    GREY,
    GRID,
    GUIDE,
    HAIR,
    LIGHT,
    PALE,
    SMALLEST,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
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
        on.number(left + LOOK * (j + 0.5), foot, step, TOKEN, colour=GREY)
    told = {"first": tokens[0], "last": tokens[1], "alone": len(tokens), "count": len(words)}
    on.text(63.6, table + 3.2, on.say("pictures.page_before.sees", word=tokens[1]), CAPTION, anchor="start")
    for y, name, number in ((table + 9.6, "alone", len(tokens)), (table + 17.6, "memory", len(words))):
        on.text(63.6, y + 1, on.say(f"pictures.page_before.{name}"), CAPTION, anchor="start", colour=GREY)
        on.blank(85, y, number, w=7.2, h=6.0, size=TOKEN)
    shares = {"shares": listed(pattern[0][:3]), "dots": listed(pattern[1]), "steps": listed(steps)}
    told |= {"memory": " ".join(memory), "page": " ".join(tokens), **shares}
    on.said(*(on.say(f"pictures.page_before.{part}", **told) for part in ("said", "to_do", "key")))


LOWEST, HIGHEST = -4, 3  # the scores that the grid of a fall has room for
DIAL = 7.4  # the radius of a dial
CASES = ((1, 0), (2, 1), (3, 2), (2, 0))  # where the query stands, and where the key


@picture(height=46, minutes=3)
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
    on.text(0, 43.6, on.say("pictures.turned_arrows.caption_2"), CAPTION, anchor="start")
    on.answer_line(28, 44.4, 56, on.say("pictures.turned_arrows.caption_key"))
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


@picture(height=40, minutes=2)
def slopes(on: Canvas, scores: Rows, biased: Rows, *, tokens: Sequence[str]) -> None:
    """Scores fall with the distance: each point moves down by one for every word further back.

    biased: the scores after a fall of 1 for each step.
    """
    own, fallen = scores[0], biased[0]
    falls = [score - lower for score, lower in zip(own, fallen, strict=True)]
    if falls != [3, 2, 1, 0] or max(own) > HIGHEST or min(fallen) < LOWEST:
        raise UndrawableError(f"four scores from {LOWEST} to {HIGHEST} that fall by 1 with each step of distance")
    unit, first, pitch, beside = 4.0, 17.0, 13.0, 2.4
    top = 3.0 + HIGHEST * unit
    for n in range(LOWEST, HIGHEST + 1):
        y = top - unit * n
        on.line((14, y), (first + 3 * pitch + 6, y), width=HAIR if n else AXIS, colour=GRID if n else PALE)
        if n % 2 == 0:
            on.number(12.4, y, n, SMALLEST, anchor="end", colour=GREY)
    on.pen.line(*((first + pitch * k, top + unit * (3 - k)) for k in range(4)), width=GUIDE, dash=DASH)
    for k, (word, score, lower) in enumerate(zip(tokens, own, fallen, strict=True)):
        x, y, low = first + pitch * k, top - unit * float(score), top - unit * float(lower)
        on.text(x, top - unit * LOWEST + 5.0, word, TOKEN - 0.3)
        on.pen.disc(x, y, fill=WHITE, width=0.4, colour=on.pen.ink)
        if low > y:
            on.pen.arrow((x + beside, y), (x + beside, low - DOT))
        on.pen.disc(x + beside, low)
    on.disc(66, 7.0, fill=WHITE, width=0.4, colour=on.ink)
    on.text(68.4, 8.0, on.say("pictures.slopes.score"), CAPTION, anchor="start")
    on.disc(66, 11.6)
    on.text(68.4, 12.6, on.say("pictures.slopes.fallen"), CAPTION, anchor="start")
    on.line((63.4, 16.2), (67.2, 16.2), width=GUIDE, colour=PALE, dash=DASH)
    on.text(68.4, 17.2, on.say("pictures.slopes.bias"), CAPTION, anchor="start")
    on.said(
        on.say("pictures.slopes.said", low=value_text(LOWEST), high=HIGHEST), on.say("pictures.slopes.to_do"),
        on.say("pictures.slopes.key", scores=listed(own), fallen=listed(fallen)),
    )  # fmt: skip


TRAYS = 8  # distances of which one says the tray


@picture(height=11, minutes=1)
def trays(on: Canvas, table: Rows, *, furthest: int) -> None:
    """Which distances share a tray.

    table: a number for each tray. furthest: the distance from which all share the last tray.
    """
    if len(table[0]) < 4:
        raise UndrawableError("four trays or more, of which the first two are printed")
    found = [str(bucket_of(steps, len(table[0]), furthest)) for steps in range(TRAYS)]
    for name, y in (("steps", 3.0), ("tray", 8.2)):
        on.text(17.0, y, on.say(f"pictures.trays.{name}"), CAPTION, anchor="end", colour=GREY)
    for k, tray in enumerate(found):
        x = 19.0 + 8.0 * k
        on.text(x + 3.0, 3.0, str(k), CAPTION, colour=GREY)
        on.box(x, 4.2, 6.0, 6.0, width=BOX, fill=WHITE)
        (on.pen if k > 1 else on).text(x + 3.0, 8.4, tray, CAPTION + 0.3)
    on.said(
        on.say("pictures.trays.said"), on.say("pictures.trays.to_do"),
        on.say("pictures.trays.key", trays=", ".join(found)),
    )  # fmt: skip
