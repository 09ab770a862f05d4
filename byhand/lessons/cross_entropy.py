"""Cross-entropy: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from byhand.model.builder import Builder
from byhand.model.layers import loss_of, right_words
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Dice
from byhand.numbers.natural import distinct
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Instance, Task, search
from byhand.numbers.scores import adds_up_to_a_power, has_whole_logarithms
from byhand.ops.attention import row_sum
from byhand.ops.linear import subtract
from byhand.ops.shapes import one_hot
from byhand.pictures.canvas import CAPTION, DASH, GREY, GUIDE, LIGHT, PALE, PEN_AREA, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("cross-entropy", part="unembed")
def _steps(build: Builder) -> Results:
    """The cross-entropy of given `logits`, that is the mean surprisal of the right words; and its gradient, p − y."""
    logits = build.matrix("logits", ("pos", "d_vocab"))
    probs, loss = loss_of(build, logits)
    sizes = {"i": (logits.rows, "pos"), "j": (logits.cols, "d_vocab")}
    right = one_hot(name="one_hot", tape=build.tape, sizes=sizes, rows=right_words(build, *logits.shape))
    gradient = subtract(probs, right, name="logits.grad")
    return loss, row_sum(gradient, name="logits.grad.sum")


# ---- the same, written down a second time ----


@wiring("cross-entropy")
def _second(w: Wiring) -> None:
    """The loss, and its gradient p − y."""
    w.loss("logits")
    right = w("one_hot", "one_hot", shape=w.shapes["logits"], rows=w.ids[1:])
    w("logits.grad.sum", "row_sum", w("logits.grad", "subtract", "probs", right))


# ---- its numbers ----

LOGITS_TRIED = 3000  # rows of logits, for cross-entropy


@search("cross-entropy", like_sheet=True, requires=[adds_up_to_a_power])
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """Logits (n, words) whose probabilities have whole logarithms, and differ from position to position.

    Method: rejection sampling, first of rows, then of matrices of the rows that fit.
    """
    words = task.config.d_vocab
    drawn = dice.below(5, LOGITS_TRIED, words) - 1
    rows = drawn[has_whole_logarithms(drawn, whole_base(task.config))]
    if len(rows):
        picks = rows[dice.below(len(rows), 40, task.n - 1)]  # (tries, n, words)
        for i in np.flatnonzero(distinct(picks - picks.min(2, keepdims=True)))[:3]:
            yield Instance({"logits": picks[i].tolist()}, {})


@sheet_promise
def surprises_are_few_halvings(tape: Tape) -> bool:
    """Each right word's probability is 1 halved one to four times (in base 2), and the first two surprises differ."""
    surprises = [x for (x,) in tape.values("loss_per_token")]
    return {*surprises} <= {1, 2, 3, 4} and surprises[0] not in surprises[1:2]


@sheet_promise
def one_is_a_half_and_one_an_eighth(tape: Tape) -> bool:
    """The surprises of a right word of 1/2 and of one of 1/8 are among them."""
    return {1, 3} <= {x for (x,) in tape.values("loss_per_token")}


@sheet_promise
def no_right_words_are_alike(tape: Tape) -> bool:
    """No two right words surprise as much as each other, so that one has the smallest probability."""
    surprises = [x for (x,) in tape.values("loss_per_token")]
    return len({*surprises}) == len(surprises)


# ---- its picture ----

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
