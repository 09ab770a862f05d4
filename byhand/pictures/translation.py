"""A picture of encoder and decoder: who looks where."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.notation.text import by_word
from byhand.pictures.canvas import CAPTION, DASH, GREY, GUIDE, PALE, TOKEN, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture

WIDE = 3.9  # mm: of a line for the share 1
THINNEST = 0.3  # mm
SOURCE, TARGET = (21.0, 42.0, 63.0), (31.0, 53.0)  # mm: the middle of each word
UPPER, LOWER = 13.4, 31.4  # mm: the baselines of the words


@picture(height=46, minutes=3)
def who_looks_where(
    on: Canvas, read: Rows, written: Rows, across: Rows, *, source: Sequence[str], tokens: Sequence[str]
) -> None:
    """Who looks where, each line as thick as its share: back and ahead in the source, back in the target, and up.

    All looks of the last source word and of the first target word are printed; those of the second are drawn.
    """
    if (len(source), len(tokens)) != (3, 2):
        raise UndrawableError("three source words and two target words have room")
    for x, word in zip(SOURCE, source, strict=True):
        on.text(x, UPPER, word, 3.8, bold=x == SOURCE[-1])
    for x, word in zip(TARGET, tokens, strict=True):
        on.text(x, LOWER, word, 3.8, bold=True)
    for y, label in ((UPPER - 1.8, "encoder"), (LOWER + 9, "decoder")):
        on.text(0, y, on.say(f"map.{label}"), anchor="start", colour=GREY)
    for x, share, over, start in zip(SOURCE[:2], read[-1], (-1.6, 5.4), (0.6, -1.6), strict=False):
        _arc(on, SOURCE[-1] + start, x, UPPER - 3.6, over, share)
    _own(on, SOURCE[-1], source[-1], UPPER, 1, read[-1][-1])
    _looks(on, 0, across[0])
    _own(on, TARGET[0], tokens[0], LOWER, -1, written[0][0])
    for at, x in enumerate(SOURCE):
        guide = (TARGET[1] + 1.6 * (at - 1), LOWER - 4.2), (x + 1.2, UPPER + 1.4)
        on.line(*guide, width=GUIDE, colour=PALE, dash=DASH)
    _looks(on.pen, 1, across[1])
    _arc(on.pen, TARGET[1] - 2, TARGET[0] + 2.4, LOWER + 1.4, LOWER + 11, written[1][0])
    _own(on.pen, TARGET[1], tokens[1], LOWER, 1, written[1][1])
    for at, edge in ((0, 0.0), (1, 84.0)):
        title = on.say("pictures.who_looks_where.looks", word=tokens[at])
        on.text(edge, 18.6, title, CAPTION, anchor="end" if at else "start", colour=GREY)
    for k, (word, printed, drawn) in enumerate(zip(source, *across, strict=True)):
        on.text(9, 23.4 + 5.2 * k, word, TOKEN, anchor="end")
        on.number(13, 22.4 + 5.2 * k, printed, 3.2)
        on.text(74.6, 24.2 + 7.2 * k, word, TOKEN, anchor="end")
        on.blank(79.7, 23.2 + 7.2 * k, drawn, 8.4, 7.2, 3.4)
    on.text(0, 45, on.say("pictures.who_looks_where.ask", first=tokens[0], second=tokens[1]), anchor="start")
    on.answer_line(34, 45.4, 32, on.say("pictures.who_looks_where.no"), 2.9)
    told = {"source": " ".join(source), "target": " ".join(tokens), "first": tokens[0], "second": tokens[1],
            "last": source[-1]}  # fmt: skip
    printed = {"read": by_word(source, read[-1]), "across": by_word(source, across[0])}
    drawn = {"written": by_word(tokens, written[1]), "across": by_word(source, across[1])}
    on.said(
        on.say("pictures.who_looks_where.said", **printed, **told), on.say("pictures.who_looks_where.to_do", **told),
        on.say("pictures.who_looks_where.key", **drawn, **told),
    )  # fmt: skip


def _thick(share: object) -> float:
    return max(THINNEST, WIDE * float(share))  # type: ignore[arg-type]


def _looks(on: Layer, at: int, shares: Sequence[object]) -> None:
    """The looks of a target word at the source words."""
    for k, (x, share) in enumerate(zip(SOURCE, shares, strict=True)):
        on.line((TARGET[at] + 1.6 * (k - 1), LOWER - 4.2), (x + 2.4 * (at - 0.5), UPPER + 1.4), width=_thick(share))


def _arc(on: Layer, start: float, end: float, y: float, over: float, share: object) -> None:
    """A look along a row of words."""
    on.arc((start, y), ((start + end) / 2, over), (end, y), width=_thick(share))


def _own(on: Layer, x: float, word: str, y: float, way: int, share: object) -> None:
    """A word's look at itself: a ring beside it. way: 1 to the right of the word, −1 to the left."""
    if share:
        width = _thick(share)
        r = 1.6 + 0.4 * width
        on.disc(x + way * (1.0 * len(word) + 1 + r + width / 2), y - 1.4, r, fill="none", width=width, colour=on.ink)
