"""Encoder and decoder: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.notation.text import by_word, listed, value_text
from byhand.numbers.promises import has_one_largest, sheet_promise, steps_named, steps_of_stream
from byhand.pictures.canvas import DASH, GREY, GUIDE, PALE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
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

WIDE = 3.2  # mm: of a line for the share 1
THINNEST = 0.3  # mm
SOURCE, TARGET = (24.0, 55.0, 86.0), (39.5, 70.5)  # mm: the middle of each word
UPPER, LOWER = 4.4, 29.0  # mm: the baselines of the words


@picture(height=38, minutes=2, width=110)
def who_looks_where(on: Canvas, written: Rows, across: Rows, *, source: Sequence[str], tokens: Sequence[str]) -> None:
    """Where the target's words look, each line as thick as its share: up at the source, and the second back at the
    first. What each has of itself is not drawn.
    """
    if (len(source), len(tokens)) != (3, 2):
        raise UndrawableError("three source words and two target words have room")
    for words, places, y in ((source, SOURCE, UPPER), (tokens, TARGET, LOWER)):
        for x, word in zip(places, words, strict=True):
            on.text(x, y, word, 3.8, bold=True)
    on.text(0, UPPER, on.say("map.encoder"), anchor="start", colour=GREY)
    on.text(0, LOWER, on.say("map.decoder"), anchor="start", colour=GREY)
    for at, (left, shares) in enumerate(zip(TARGET, across, strict=True)):
        for k, (x, share) in enumerate(zip(SOURCE, shares, strict=True)):
            look = (left + 2.6 * (k - 1), LOWER - 4.8), (x + 4.2 * (at - 0.5), UPPER + 2.4)
            on.line(*look, width=GUIDE, colour=PALE, dash=DASH)
            on.pen.line(*look, width=_thick(share))
    below, middle = LOWER + 2.0, (TARGET[0] + TARGET[1]) / 2
    back = (TARGET[1] - 2.0, below), (middle, LOWER + 11.0), (TARGET[0] + 2.0, below)
    on.arc(*back, width=GUIDE, colour=PALE, dash=DASH)
    if written[1][0]:
        on.pen.arc(*back, width=_thick(written[1][0]))
    first, second = tokens
    told = {"source": " ".join(source), "target": " ".join(tokens), "first": first, "second": second}
    looks = [
        on.say("pictures.who_looks_where.up", word=word, across=by_word(source, shares))
        for word, shares in zip(tokens, across, strict=True)
    ]
    on.said(
        on.say("pictures.who_looks_where.said", **told),
        on.say("pictures.who_looks_where.to_do", words=listed(tokens), **told),
        " ".join((*looks, on.say("pictures.who_looks_where.key", written=value_text(written[1][0]), **told))),
    )


def _thick(share: object) -> float:
    return max(THINNEST, WIDE * float(share))  # type: ignore[arg-type]
