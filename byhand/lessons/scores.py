"""Scores: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

from msgspec.structs import replace

from byhand.model.builder import Builder
from byhand.model.layers import head, softmax
from byhand.model.names import ATTN, RESID_PRE
from byhand.model.registry import model
from byhand.notation.text import by_word, listed
from byhand.numbers.dice import Dice
from byhand.numbers.promises import sheet_promise, steps_named
from byhand.numbers.registry import Instance, Task, search
from byhand.numbers.search import HEAD, find_head
from byhand.ops.attention import normalize_rows
from byhand.pictures.attention import APART, THICKEST, arcs_between, as_words
from byhand.pictures.canvas import AXIS, CAPTION, DASH, FRAME, GREY, GUIDE, PALE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

# ---- the model ----


@model("scores", one_head=True)
def _steps(build: Builder) -> Matrix:
    """A head; and where they are given, `aside.scores`, a row for each width of keys, as shares, with the root taken
    out and without.
    """
    mixture, base = head(build.stream(RESID_PRE), ATTN, 0, build.config), build.config.softmax_base
    if "aside.scores" in build.tape.numbers:
        scores = build.matrix("aside.scores", ("width", "word"), fixed=True)
        roots = build.matrix("aside.roots", ("width", ""), fixed=True)
        softmax(scores, "aside.plain", base)
        softmax(normalize_rows(scores, roots, name="aside.scaled"), "aside.shares", base)
    return mixture


# ---- the same, written down a second time ----


@wiring("scores")
def _second(w: Wiring) -> None:
    """A head, and shares of scores that grow as the root of the width does, with and without the root taken out."""
    w.head(STREAM, "blocks.0.attn", 0)
    if "aside.scores" in w.given:
        w.softmax("aside.plain", "aside.scores")
        w.softmax("aside.shares", w("aside.scaled", "normalize_rows", "aside.scores", "aside.roots"))


# ---- its numbers ----


@search("scores", **HEAD)
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """A head's numbers, and the widths of the sheet itself."""
    wide = {name: rows for name, rows in task.values.inputs.items() if name.startswith("aside")}
    for found in find_head(task, dice, tells_three=True):
        yield replace(found, inputs={**wide, **found.inputs})


@sheet_promise
def last_word_looks_at_all(tape: Tape) -> bool:
    """In the last row of the pattern no share is 0, and the largest is a half or more."""
    return all(
        all(row) and 2 * max(row) >= 1 for row in (tape.values(s.name)[-1] for s in steps_named(tape, "hook_pattern"))
    )


@sheet_promise
def last_word_tells_three(tape: Tape) -> bool:
    """The last word's scores are three different ones, so that there is a second and a third to tell."""
    return len({*tape.values("blocks.0.attn.scores_raw[0]")[-1]}) == 3


@sheet_promise
def scores_tell(tape: Tape) -> bool:
    """At least two rows of scores have a positive one, none has equal scores only, and the first word's score with
    the second, and its share, is not the second's with the first. The last word looks most at another one.
    """
    scores, shares = tape.values("blocks.0.attn.scores_raw[0]"), tape.values("blocks.0.attn.hook_pattern[0]")
    positive = sum(max(row) > 0 for row in scores)
    one_way = all(rows[0][1] != rows[1][0] for rows in (scores, shares))
    elsewhere = shares[-1][-1] < max(shares[-1])
    return positive > 1 and all(len(set(row)) > 1 for row in scores) and one_way and elsewhere


# ---- its picture ----

SHARE_DOT = 3.1  # the radius of a dot for a share of 1; its area is proportional to the share


@picture(height=33, minutes=3, target=7)
def who_looks(on: Canvas, pattern: Rows, *, tokens: Sequence[str], given: int = 0, transposed: bool = False) -> None:
    """Who looks at whom: an arc leads from the last word to each word, as thick as its share; and all of the
    pattern as dots, whose areas are the shares.

    given: the number of first words whose dots are printed. transposed: whether a word asks a column of dots.
    """
    shares, row = pattern[-1], len(tokens) - 1
    if min(shares) == 0 or 2 * max(shares) < 1 or len(tokens) != 3:
        raise UndrawableError("the last of three words looks at all of them, and at one with half of it or more")
    xs, y = [6 + APART * j for j, _ in enumerate(tokens)], 19.0
    as_words(on, xs, y + 4.6, tokens, row)
    arcs = arcs_between(xs, row, shares, y)
    for x, arc, share in zip(xs, arcs, shares, strict=True):
        on.arc(*arc, width=GUIDE, colour=PALE, dash=DASH)
        on.pen.arc(*arc, width=THICKEST * float(share))
        on.blank(x, y + 10.0, share, w=8.6, h=7.2)
    left, top = 66.5, 7.0
    across = "asks" if transposed else "answers"
    on.text(left + 10.5, 2.4, on.say(f"pictures.who_looks.{across}"), CAPTION, colour=GREY)
    for j, word in enumerate(tokens):
        on.text(left + 3.5 + 7 * j, top - 1.6, word, 2.6)
        on.text(left - 1.2, top + 4.4 + 7 * j, word, 2.6, anchor="end")
        for k, share in enumerate(pattern[j]):
            x, y = (left + 7 * j, top + 7 * k) if transposed else (left + 7 * k, top + 7 * j)
            on.box(x, y, 7, 7, width=AXIS, colour=GREY)
            (on.pen if j >= given else on).disc(x + 3.5, y + 3.5, SHARE_DOT * sqrt(share))
    if transposed:
        on.box(left + 7 * row, top, 7, 21, width=FRAME)
    else:
        on.box(left, top + 7 * row, 21, 7, width=FRAME)
    printed = "; ".join(f"{word} {listed(of_word)}" for word, of_word in zip(tokens[:given], pattern, strict=False))
    dots = on.say("pictures.who_looks.dots", rows=printed) if given else ""
    on.said(
        f"{on.say('pictures.who_looks.said', words=listed(tokens))} {dots}".strip(),
        to_do=on.say("pictures.who_looks.to_do", word=tokens[row], words=listed(tokens[given:])),
        key=on.say("pictures.who_looks.key", word=tokens[row], shares=by_word(tokens, shares)),
    )
