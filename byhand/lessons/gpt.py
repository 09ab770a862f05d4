"""A whole language model: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.numbers.promises import LARGEST_OF_SHARES, look_most_elsewhere, sheet_promise
from byhand.pictures.canvas import BOX, CAPTION, GREY, NUMBER, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape

# ---- its numbers ----


@sheet_promise
def last_shares_are_easy(tape: Tape) -> bool:
    """The last word's shares have denominators of at most LARGEST_OF_SHARES."""
    return all(share.denominator <= LARGEST_OF_SHARES for share in tape.values("probs")[-1])


@sheet_promise
def each_head_sends_the_last_word_elsewhere(tape: Tape) -> bool:
    """In both heads the last word looks at one word most, and not at the same."""
    one, other = (tape.values(f"blocks.0.attn.hook_pattern[{h}]")[-1] for h in range(2))
    return look_most_elsewhere(one, other)


# ---- its picture ----

HALF = 92.0  # mm: where the right half begins
TILE = "#e2e2e2"  # of learned weights, as in the figures
DASHED = (1.0, 0.8)


@picture(width=174, height=38, minutes=1)
def guess(on: Canvas, answers: Rows, *, tokens: Sequence[str], words: Sequence[str], step: int, read: bool) -> None:
    """The sentence so far, a box for a guess of the next word, and a line for the model's own word.

    step: the step that tells the model's word. read: whether a figure of tokens as rows is explained beside it.
    """
    if len(tokens) > 5 or len(words) > 8:
        raise UndrawableError("five words and a vocabulary of eight have room")
    pitch = min(19.0, 83.0 / (len(tokens) + 1.3))
    for k, word in enumerate(tokens):
        on.box(pitch * k, 2, pitch - 2, 9, rx=1, width=0.4)
        on.text(pitch * k + pitch / 2 - 1, 7.8, word, 3.9)
    left = pitch * len(tokens)
    on.box(left, 2, 82 - left, 9, width=0.5)
    on.text((82 + left) / 2, 14.6, on.say("pictures.guess.yours"), colour=GREY)
    on.text(0, 19.6, on.say("pictures.guess.knows"), anchor="start", colour=GREY)
    for k, word in enumerate(words):
        on.text(82 / len(words) * k, 24.6, word, 3.6, anchor="start")
    on.text(0, 33, on.say("pictures.guess.model", n=step), TOKEN, anchor="start")
    on.answer_line(46, 33.6, 36, words[int(answers[-1][0])], 3.6)
    if read:
        _read(on, tokens[-1])
    told = {"text": " ".join(tokens), "words": ", ".join(words), "n": step}
    on.said(
        on.say("pictures.guess.said", **told), on.say("pictures.guess.to_do", **told),
        on.say("pictures.guess.key", word=words[int(answers[-1][0])]),
    )  # fmt: skip


def _read(on: Canvas, word: str) -> None:
    """How a figure is read: (1, 2) times a matrix of weights, its first number found."""
    on.text(HALF, 3.6, on.say("pictures.guess.read"), 4.23, anchor="start", bold=True)
    on.box(HALF, 8, 9, 7.6, dash=DASHED, width=BOX, colour=GREY)
    for y, half in ((11.0, "copy"), (14.8, "copy_own")):
        on.text(HALF + 11, y, on.say(f"pictures.guess.{half}"), anchor="start")
    left, top = HALF + 36, 6.4
    on.box(left, top, 20, 12, fill=TILE, width=0.18, colour=GREY)
    for row, values in enumerate(((2, -1), (1, 3))):
        for column, value in enumerate(values):
            on.number(left + 5 + 10 * column, top + 3 + 6 * row, value)
    for at, half in ((5.0, "tile"), (8.8, "weights")):
        on.text(left + 22, top + at, on.say(f"pictures.guess.{half}"), anchor="start")
    on.arrow((left + 5, top + 12.4), (left + 5, top + 15.8), width=0.35)
    y = top + 20.4
    on.text(HALF + 13, y + 1.2, word, TOKEN, anchor="end")
    for x, way in ((HALF + 14.6, 1), (HALF + 31.6, -1)):
        on.line((x + 1.2 * way, y - 4), (x, y - 4), (x, y + 4), (x + 1.2 * way, y + 4), width=0.4)
    for k, value in enumerate((1, 2)):
        on.number(HALF + 19 + 8 * k, y, value)
    on.arrow((HALF + 32.2, y), (left - 0.2, y), width=0.35)
    for k in range(2):
        on.box(left + 10 * k, y - 4.4, 10, 8.8, width=0.35)
    on.number(left + 5, y, 4)
    on.text(left + 22, y + 1, on.say("pictures.guess.fill"), anchor="start")
    on.text(HALF + 20, y + 9, on.say("pictures.guess.given"), CAPTION)
    on.math(left + 10, y + 9, r"1 \cdot 2 + 2 \cdot 1 = 4", 0.85 * NUMBER)
