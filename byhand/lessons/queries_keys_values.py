"""Queries, keys, values: its picture."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.notation.text import by_word, listed
from byhand.pictures.attention import APART, arcs_between, as_words
from byhand.pictures.canvas import CAPTION, DASH, GREY, GUIDE, PALE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture


@picture(width=106, height=37, minutes=2)
def who_answers(on: Canvas, all_scores: Rows, *, tokens: Sequence[str], question: str) -> None:
    """The query of the second of three words is compared with every key: from this word an arc leads to each word, as
    thick as its key fits the query.

    question: what the word asks, in words.
    """
    row = 1
    scores = all_scores[row]
    best = max(scores)
    if best <= 0 or scores.count(best) > 1 or len(tokens) != 3:
        raise UndrawableError("one of three words fits best what the middle one asks")
    xs, y = [10 + APART * j for j, _ in enumerate(tokens)], 28.0
    as_words(on, xs, y + 5.2, tokens, row)
    for j, (x, over, end) in enumerate(arcs_between(xs, row, [0.5] * 3, y)):
        on.arc(x, over, end, width=GUIDE, colour=PALE, dash=DASH)
        peak = ((x[0] + end[0]) / 2, (y + over[1]) / 2)
        on.blank(peak[0], peak[1] - 4.6, scores[j], w=8.6, h=6.6)
    for score, arc in zip(scores, arcs_between(xs, row, [0.5] * 3, y), strict=True):
        if score > 0:
            on.pen.arc(*arc, width=max(0.5, 3.4 * float(score / best)))
    for k, (label, answer) in enumerate((("asks", question), ("answers", tokens[scores.index(best)]))):
        on.text(59, 11 + 12 * k, on.say(f"pictures.who_answers.{label}", word=tokens[row]), CAPTION, anchor="start",
                colour=GREY)  # fmt: skip
        on.answer_line(59, 16.6 + 12 * k, 45, answer)
    on.text(0, 36.4, on.say("pictures.who_answers.caption"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.who_answers.said", words=listed(tokens), word=tokens[row]),
        to_do=on.say("pictures.who_answers.to_do"),
        key=on.say("pictures.who_answers.key", numbers=by_word(tokens, scores), best=tokens[scores.index(best)]),
    )
