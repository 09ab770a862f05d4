"""Pictures of how a model says words: logits as shadows, surprises as halvings, throws at a strip, a cache."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

from byhand.notation.text import listed, value_text
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    DASH,
    GREY,
    GUIDE,
    HAIR,
    LIGHT,
    PALE,
    PEN_AREA,
    STROKE,
    TOKEN,
    WHITE,
    Canvas,
    Layer,
)
from byhand.pictures.labels import words as label
from byhand.pictures.names import beside
from byhand.pictures.registry import Rows, UndrawableError, picture

HALF = Fraction(1, 2)


# ---- the word along the vector wins ----

UNIT = 5.2  # mm: of the plane
ORIGIN = (11.9, 22.3)  # mm
LEAST, MOST = (-2, -2), (3, 4)  # the corners of the plane
NAME_AT, LOGIT_AT, POWER_AT, BAR_AT = 43.0, 49.5, 59.0, 65.0  # mm: the columns, and where a share of 0 is
HALF_LONG = 18.0  # mm: a share of 1/2


@picture(height=43, minutes=2)
def word_arrows(
    on: Canvas, n: Rows, ends: Rows, logits: Rows, powers: Rows, shares: Rows, *, words: Sequence[str]
) -> None:
    """Words as arrows, and the last vector n: the logit of a word is its shadow on n, not its length."""
    lengths = [x * x + y * y for x, y in ends]
    longest = lengths.index(max(lengths))
    printed = next((k for k, x in enumerate(logits[0]) if x == 1 and k != longest), None)
    in_plane = all(LEAST[i] <= end[i] <= MOST[i] for end in (*ends, *n) for i in (0, 1))
    if printed is None or len(words) != len(ends) != 4 or not in_plane or max(shares[0]) > HALF:
        raise UndrawableError("four words with room have logits up to 3, and one of 1 that is not the longest")
    on.plane(_at, LEAST, MOST)
    arrows = [(_at((0, 0)), _at(end)) for end in (*n, *ends)]
    halves = [1.0, *(label(word, CAPTION).width / 2 for word in words)]
    at_n, *names = beside([tip for _, tip in arrows], halves, arrows, (0, 1.2, 33.5, 34.4))
    on.arrow(*arrows[0], width=0.9)
    on.math(*at_n, "n", TOKEN)
    for arrow, at, word in zip(arrows[1:], names, words, strict=True):
        on.arrow(*arrow, width=AXIS + 0.1)
        on.text(*at, word, CAPTION)
    vector = listed(n[0])
    on.text(2.0, 37.4, on.say("pictures.word_arrows.vector"), CAPTION, anchor="start", colour=GREY)
    on.math(17.5, 37.4, f"n = ({vector})", CAPTION, anchor="start", colour=GREY)
    heads = (("logit", LOGIT_AT), ("power", POWER_AT), ("share", BAR_AT + HALF_LONG / 2))
    for name, x in heads:
        on.text(x, 2.8, on.say(f"pictures.word_arrows.{name}"), CAPTION, colour=GREY)
    for share, text in ((0.0, "0"), (0.5, "1/4"), (1.0, "1/2")):
        x = BAR_AT + HALF_LONG * share
        on.line((x, 4.2), (x, 35.2), width=HAIR if share else AXIS, colour=PALE, dash=DASH if share else ())
        on.number(x, 37.4, text, 2.9)
    others = [k for k in range(4) if k != printed]
    for row, k in enumerate([printed, *others]):
        y = 8.0 + 7.7 * row
        on.text(NAME_AT, y + 1.0, words[k], TOKEN, anchor="end")
        pen: Layer = on.pen if row else on
        if row:
            on.blank(LOGIT_AT, y, logits[0][k], 8.6, 7.0)
            on.blank(POWER_AT, y, powers[0][k], 8.6, 7.0)
            on.line((BAR_AT, y - 2.3), (BAR_AT + HALF_LONG, y - 2.3), width=HAIR, colour=PALE, dash=DASH)
            on.line((BAR_AT, y + 2.3), (BAR_AT + HALF_LONG, y + 2.3), width=HAIR, colour=PALE, dash=DASH)
        else:
            on.number(LOGIT_AT, y, logits[0][k])
            on.number(POWER_AT, y, powers[0][k])
        wide = 2 * HALF_LONG * float(shares[0][k])
        pen.box(BAR_AT, y - 2.3, wide, 4.6, fill=PEN_AREA if row else GREY, width=0.4 if row else 0.25)
    on.text(2.0, 42.4, on.say("pictures.word_arrows.ask"), CAPTION, anchor="start", colour=GREY)
    no = on.say("pictures.word_arrows.no", word=words[longest], share=value_text(shares[0][longest]))
    on.answer_line(38.0, 42.6, 45.0, no, CAPTION)

    def figures(k: int) -> str:
        own = map(value_text, (logits[0][k], powers[0][k], shares[0][k]))
        return on.say("pictures.word_arrows.figures", word=words[k], figures=listed([*own]))

    on.said(
        on.say("pictures.word_arrows.said", words=listed(words), vector=vector, printed=figures(printed)),
        on.say("pictures.word_arrows.to_do", words=listed([words[k] for k in others])),
        " ".join((*map(figures, others), on.say("pictures.word_arrows.longest", word=words[longest]))),
    )


def _at(point: Sequence[Any]) -> tuple[float, float]:
    """A point of the plane on the page."""
    return ORIGIN[0] + UNIT * float(point[0]), ORIGIN[1] - UNIT * float(point[1])


# ---- surprise in halvings ----

FROM, LONG, HIGH = 20.0, 62.0, 4.4  # mm: the left edge of a strip, and its size


@picture(height=37, minutes=2)
def halvings(on: Canvas, right: Rows, surprises: Rows, *, words: Sequence[str]) -> None:
    """A surprise counts how often 1 is halved until the probability of the word that comes next is reached.

    words: those of the text, the first of which has none before it.
    """
    hops = [surprise for (surprise,) in surprises]
    words = [f"{word} → {right}" for word, right in pairwise(words)]
    if len(hops) > 3 or len(words) != len(hops) or any(hop not in (1, 2, 3, 4) for hop in hops):
        raise UndrawableError("up to three words with surprises of 1 to 4 bits have room")
    for share, text in ((0.0, "0"), (0.125, "1/8"), (0.25, "1/4"), (0.5, "1/2"), (1.0, "1")):
        on.number(FROM + LONG * share, 2.4, text, 2.7)
    shown = next((count for count in (2, 3, 4) if count not in hops), 2)  # none that is asked for, if there is one
    example = on.say("pictures.halvings.example"), shown
    for row, (word, count) in enumerate([example, *zip(words, map(int, hops), strict=True)]):
        y = 7.8 + 8.2 * row
        pen: Layer = on.pen if row else on
        on.text(FROM - 2.4, y + HIGH / 2 + 1.0, word, CAPTION, anchor="end", colour="" if row else GREY)
        pen.box(FROM, y, LONG / 2**count, HIGH, fill=PEN_AREA if row else LIGHT, width=0.4 if row else 0)
        on.box(FROM, y, LONG, HIGH)
        for halved in range(1, 5):
            x = FROM + LONG / 2**halved
            on.line((x, y), (x, y + HIGH), width=GUIDE, colour=PALE, dash=DASH)
        for halved in range(count):
            _hop(pen, FROM + LONG / 2**halved, FROM + LONG / 2 ** (halved + 1), y)
    bits = [on.say("pictures.halvings.bits", word=word, bits=hop) for word, hop in zip(words, hops, strict=True)]
    said = on.say("pictures.halvings.said", share=f"1/{2**shown}", count=shown)
    on.said(said, on.say("pictures.halvings.to_do", words=listed(words)), listed(bits))


def _hop(pen: Layer, start: float, end: float, y: float) -> None:
    """A bow from one place on a strip to another."""
    rise = 0.8 + 0.06 * (start - end)
    pen.arc((start, y), ((start + end) / 2, y - 2 * rise), (end + 0.5, y - 0.6), width=0.4)
    pen.head((end, y), (-0.6, 0.8))


# ---- a throw at the strip ----

STRIP_AT, STRIP_LONG, STRIP_HIGH = 12.0, 100.0, 7.0  # mm
UPPER, LOWER = 13.5, 30.5  # mm: the tops of the two strips


@picture(width=115, height=41, minutes=3)
def throws(
    on: Canvas, shares: Rows, kept: Rows, throws: Rows, drawn: Rows, drawn_kept: Rows, *, words: Sequence[str],
    temperature: Sequence[str], k: Sequence[str],
) -> None:  # fmt: skip
    """Probabilities laid end to end on a strip, and throws that fall on them, before and after top k."""
    if not all(0 < r < 1 for (r,) in throws) or len(words) > 8:
        raise UndrawableError("throws lie between 0 and 1")
    on.math(0.5, UPPER + 4.6, f"T = {temperature[0]}", TOKEN, anchor="start")
    on.math(0.5, LOWER + 4.6, f"k = {k[0]}", TOKEN, anchor="start")
    on.math(0.5, 3.2, "r =", TOKEN, anchor="start")
    for own, top in ((shares[0], UPPER), (kept[0], LOWER)):
        _strip(on, own, top, words, [STRIP_AT + STRIP_LONG * float(r) for (r,) in throws])
        for tenth in range(11):
            x = STRIP_AT + STRIP_LONG * tenth / 10
            on.line((x, top + STRIP_HIGH), (x, top + STRIP_HIGH + (1.5 if tenth % 5 == 0 else 0.9)), width=GUIDE)
        for share, text in ((0.0, "0"), (0.5, "0.5"), (1.0, "1")):
            on.number(STRIP_AT + STRIP_LONG * share, top + STRIP_HIGH + 2.9 - (0.4 if top == LOWER else 0), text, 2.5)
    fell = []
    for row, (r,) in enumerate(throws):
        pen: Layer = on.pen if row else on
        x = STRIP_AT + STRIP_LONG * float(r)
        pen.text(x, 3.2, f"{float(r):.2f}", CAPTION)
        pen.arrow((x, 4.4), (x, UPPER - 0.2), width=STROKE)
        pen.line((x, UPPER + STRIP_HIGH), (x, LOWER - 2.2), width=GUIDE, dash=DASH)
        pen.arrow((x, LOWER - 2.4), (x, LOWER - 0.2), width=STROKE)
        one, other = words[int(drawn[row][0])], words[int(drawn_kept[row][0])]
        fell.append(on.say("pictures.throws.fell", r=f"{float(r):.2f}", one=one, other=other))
    rest = listed([f"{float(r):.2f}" for (r,) in throws[1:]])
    on.said(
        on.say("pictures.throws.said", words=listed(words), fell=fell[0]),
        on.say("pictures.throws.to_do", words=listed(words), throws=rest),
        " ".join(fell[1:]),
    )


def _strip(on: Canvas, shares: Sequence[Any], top: float, words: Sequence[str], arrows: Sequence[float]) -> None:
    """A strip, on which the pen marks a stretch for each word that has a share; a word without room there stands
    above, off arrows.
    """
    ends = [0.0, *accumulate(map(float, shares))]
    raised, shown = 0, 0
    for k, (start, end) in enumerate(pairwise(ends)):
        x, wide = STRIP_AT + STRIP_LONG * start, STRIP_LONG * (end - start)
        if not wide:
            continue
        on.pen.box(x, top, wide, STRIP_HIGH, fill=PEN_AREA if shown % 2 else WHITE)
        shown += 1
        middle, inside = x + wide / 2, label(words[k], CAPTION).width + 0.8 < wide
        raised = 0 if inside else raised + 1
        y = top + 4.5 if inside else top - 0.9 - 2.8 * (raised - 1)
        half = label(words[k], CAPTION).width / 2 + 1.1
        if not inside and (crossed := [x for x in arrows if abs(x - middle) < half]):
            middle = crossed[0] + (half if middle >= crossed[0] else -half)
        on.pen.text(middle, y, words[k])
    on.box(STRIP_AT, top, STRIP_LONG, STRIP_HIGH, width=BOX)


# ---- the cache grows by a row ----

CELL, ROW, OLD_ROW, GRID_TOP = 6.0, 6.0, 4.2, 4.0  # mm: the old rows are only read
FRAMES_AT = (9.0, 44.0, 79.0)  # mm: the left edges of the matrices


@picture(width=104, height=36.4, minutes=2)
def growing_cache(on: Canvas, keys: Rows, *, words: Sequence[str]) -> None:
    """The keys of a text as its words come: the old rows stay, and each word adds one."""
    if len(keys) != 4 or len(keys[0]) != 4 or len(words) != 4:
        raise UndrawableError("four words with keys of four numbers have room")
    foot = GRID_TOP + 3 * OLD_ROW + ROW
    for frame, left in enumerate(FRAMES_AT):
        count = frame + 2
        on.text(
            left + 2 * CELL, 2.4, on.say("pictures.growing_cache.word", n=count, word=words[count - 1]), bold=True
        )
        for i in range(count):
            is_new, y = i == count - 1, GRID_TOP + OLD_ROW * i
            middle = y + (ROW if is_new else OLD_ROW) / 2
            pen: Layer = on.pen if is_new and count == 4 else on
            if is_new:
                for j in range(1, 4):
                    on.line((left + CELL * j, y), (left + CELL * j, y + ROW), width=GUIDE)
                on.box(left, y, 4 * CELL, ROW, width=0.7)
            for j, number in enumerate(keys[i]):
                pen.number(left + CELL * (j + 0.5), middle, number, 3.0, colour="" if is_new else GREY)
            if not frame:
                on.text(left - 0.9, middle + 0.9, words[i], CAPTION, anchor="end")
        bottom = GRID_TOP + OLD_ROW * (count - 1)
        for x, turn in ((left, 1.0), (left + 4 * CELL, -1.0)):
            on.line((x + turn, GRID_TOP - 0.3), (x, GRID_TOP - 0.3), (x, bottom), width=0.35)
        if frame < 2:
            y = GRID_TOP + 1.5 * OLD_ROW
            on.arrow((left + 4 * CELL + 1.4, y), (FRAMES_AT[frame + 1] - 1.6, y))
    on.line((0.0, foot + 1.2), (103.0, foot + 1.2), width=HAIR, colour=PALE)
    for row, (name, first) in enumerate((("with", 1), ("without", 2))):
        y = foot + 5.4 + 6.8 * row
        on.text(0.0, y, on.say(f"pictures.growing_cache.{name}"), CAPTION, anchor="start")
        for frame, left in enumerate(FRAMES_AT):
            x, count = left + 2.9 * CELL, first if row == 0 else first + frame
            if frame:
                on.line((x - 4, y + 1.2), (x + 4, y + 1.2), width=GUIDE, colour=PALE)
            (on.pen if frame else on).number(x, y - 1.0, count, TOKEN)
    new = listed(keys[3])
    on.said(
        on.say("pictures.growing_cache.said", words=listed(words)),
        on.say("pictures.growing_cache.to_do", word=words[3]),
        on.say("pictures.growing_cache.key", word=words[3], key=new),
    )
