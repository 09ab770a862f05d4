"""Encoder and decoder: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from byhand.notation.text import by_word, listed
from byhand.numbers.promises import has_one_largest, sheet_promise, steps_named, steps_of_stream
from byhand.pictures.canvas import CAPTION, DASH, GREY, GUIDE, PALE, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.pictures.shapes import Point
from byhand.tape import Tape

# ---- its numbers ----

LONGEST_FRACTION = 12  # the largest numerator of a fraction that is easy to carry on with


@sheet_promise
def fractions_are_short(tape: Tape) -> bool:
    """In the stream, in what attention brings and in the means, no fraction has a long numerator."""
    steps = (*steps_of_stream(tape), *steps_named(tape, "hook_z", ".mean"))
    numbers = (x for step in steps for row in tape.values(step.name) for x in row)
    return all(x.denominator == 1 or abs(x.numerator) <= LONGEST_FRACTION for x in numbers)


@sheet_promise
def each_word_looks_at_what_it_says_next(tape: Tape) -> bool:
    """Across, each token looks most at one word of the source: at the one after its own place."""
    rows = tape.values("decoder.0.cross_attn.hook_pattern[0]")
    return all(has_one_largest(row) and row[t + 1] == max(row) for t, row in enumerate(rows))


# ---- its picture ----

WIDE = 2.8  # mm: of a line for the share 1
THINNEST = 0.3  # mm
SOURCE, TARGET = (21.0, 42.0, 63.0), (31.0, 53.0)  # mm: the middle of each word
UPPER, LOWER = 13.4, 31.4  # mm: the baselines of the words


@picture(height=43, minutes=3, width=110)
def who_looks_where(
    on: Canvas, read: Rows, written: Rows, across: Rows, *, source: Sequence[str], tokens: Sequence[str],
    given: int = 0,
) -> None:  # fmt: skip
    """Who looks where, each line as thick as its share: back and ahead in the source, back in the target, and up.

    given: the number of first target words whose looks are printed; those of the others are drawn. All looks of the
    last source word are printed, and that of the first target word at itself.
    """
    if (len(source), len(tokens)) != (3, 2):
        raise UndrawableError("three source words and two target words have room")
    last, (first, second) = source[-1], tokens
    for x, word in zip(SOURCE, source, strict=True):
        on.text(x, UPPER, word, 3.8, bold=word == last)
    for x, word in zip(TARGET, tokens, strict=True):
        on.text(x, LOWER, word, 3.8, bold=True)
    on.text(0, 3.0, on.say("pictures.who_looks_where.where", word=last), anchor="start", colour=GREY)
    on.text(0, UPPER - 1.0, on.say("map.encoder"), anchor="start", colour=GREY)
    on.text((TARGET[0] + TARGET[1]) / 2, LOWER + 9.4, on.say("map.decoder"), colour=GREY)
    above, below = UPPER - 3.6, LOWER + 1.4
    for x, share, over, start in zip(SOURCE[:2], read[-1], (-1.6, 5.4), (0.2, -2.0), strict=False):
        end = SOURCE[-1] + start
        _look(on, ((end, above), ((end + x) / 2, over), (x, above)), share)
    _look(on, _loop(SOURCE[-1] + 2.8, above, 1, -1), read[-1][-1])
    _look(on, _loop(TARGET[0] - 2.8, below, -1, 1), written[0][0])
    back = (TARGET[1] - 2.0, below), ((TARGET[0] + TARGET[1]) / 2, LOWER + 10.4), (TARGET[0] + 2.4, below)
    for way, share in zip((back, _loop(TARGET[1] + 2.2, below, 1, 1)), written[1], strict=True):
        _draw(on, way, width=GUIDE, colour=PALE, dash=DASH)
        _look(on.pen, way, share)
    for at, (left, shares) in enumerate(zip(TARGET, across, strict=True)):
        for k, (x, share) in enumerate(zip(SOURCE, shares, strict=True)):
            look = (left + 1.6 * (k - 1), LOWER - 4.6), (x + 2.4 * (at - 0.5), UPPER + 2.0)
            if at >= given:
                on.line(*look, width=GUIDE, colour=PALE, dash=DASH)
            (on.pen if at >= given else on).line(*look, width=_thick(share))
    ends = (0.0, 0.0, "start"), (65.2, 84.0, "end")  # of the shares' places; the head of each is flush with its edge
    for at, (word, shares, (edge, side, anchor)) in enumerate(zip(tokens, across, ends, strict=True)):
        on.text(side, 19.0, on.say("pictures.who_looks_where.looks", word=word), anchor=anchor, colour=GREY)
        for k, (name, share) in enumerate(zip(source, shares, strict=True)):
            y = 24.2 + 7.2 * k
            on.text(edge + 9.4, y + 1.0, name, CAPTION, anchor="end")
            if at < given:
                on.number(edge + 14.4, y, share, 3.4)
            else:
                on.blank(edge + 14.4, y, share, 8.4, 7.2, 3.4)
    on.text(109.0, 19.0, on.say("pictures.who_looks_where.back"), anchor="end", colour=GREY)
    for k, (name, share) in enumerate(zip(tokens, written[1], strict=True)):
        on.text(100.0, 25.2 + 7.2 * k, name, CAPTION, anchor="end")
        on.blank(105.0, 24.2 + 7.2 * k, share, 8.4, 7.2, 3.4)
    told = {"source": " ".join(source), "target": " ".join(tokens), "first": first, "second": second, "last": last}
    looks = [
        on.say("pictures.who_looks_where.up", word=word, across=by_word(source, shares))
        for word, shares in zip(tokens, across, strict=True)
    ]
    on.said(
        " ".join((on.say("pictures.who_looks_where.said", read=by_word(source, read[-1]), **told), *looks[:given])),
        on.say("pictures.who_looks_where.to_do", words=listed(tokens[given:]), **told),
        " ".join(
            (on.say("pictures.who_looks_where.key", written=by_word(tokens, written[1]), **told), *looks[given:])
        ),
    )


def _thick(share: object) -> float:
    return max(THINNEST, WIDE * float(share))  # type: ignore[arg-type]


def _loop(x: float, y: float, right: int, down: int) -> tuple[Point, ...]:
    """The way of a word's look at itself: both ends are at the word. right, down: 1 or −1, the sides it leans to."""
    way = (-1.3, 0.0), (-1.9, 3.6), (1.3, 6.4), (4.4, 3.6), (1.7, 0.0)
    return tuple((x + right * dx, y + down * dy) for dx, dy in way)


def _look(on: Layer, way: Sequence[Point], share: object) -> None:
    """A look along a row of words."""
    if share:
        _draw(on, way, width=_thick(share))


def _draw(on: Layer, way: Sequence[Point], **look: Any) -> None:
    """A bow from one word to another, or the loop of one."""
    if len(way) > 3:
        on.curve(*way, **look)
    else:
        start, over, end = way
        on.arc(start, over, end, **look)
