"""Two heads: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.notation.text import by_word, listed
from byhand.numbers.promises import has_one_largest, sheet_promise, steps_named
from byhand.pictures.attention import THICKEST, arcs_between, as_words
from byhand.pictures.canvas import AXIS, BOX, DASH, FRAME, GREY, GUIDE, LIGHT, PALE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape

# ---- its numbers ----


@sheet_promise
def heads_look_different_ways(tape: Tape) -> bool:
    """The last word looks at all words in each head, and in no two heads most at the same one."""
    rows = [tape.values(step.name)[-1] for step in steps_named(tape, "hook_pattern")]
    best = [row.index(max(row)) for row in rows]
    return all(map(all, rows)) and all(map(has_one_largest, rows)) and len({*best}) == len(best)


# ---- its picture ----


@picture(height=43, minutes=3, target=6.6)
def two_heads(
    on: Canvas, first: Rows, second: Rows, brought: Rows, also: Rows, result: Rows, *, tokens: Sequence[str]
) -> None:
    """Two heads look two ways: the last word's arcs in each head, what each head brings it, side by side, and the
    numbers that W_O makes of both.

    first, second: the patterns. brought, also: the results of the heads. result: that of the layer.
    """
    patterns = first[-1], second[-1]
    best = [shares.index(max(shares)) for shares in patterns]
    if len(tokens) != 3 or best[0] == best[1] or not all(map(all, patterns)):
        raise UndrawableError("in two heads, the last of three words looks at all, and most at different ones")
    for head, (left, shares) in enumerate(zip((0, 43), patterns, strict=True)):
        xs, y, pen = [left + 5 + 12.3 * j for j, _ in enumerate(tokens)], 19.0, on.pen if head else on
        on.text(left, 2.6, on.say("pictures.two_heads.head", n=head + 1), TOKEN, anchor="start", bold=True)
        arcs = arcs_between(xs, 2, shares, y)
        for arc, share in zip(arcs, shares, strict=True):
            if head:
                on.arc(*arc, width=GUIDE, colour=PALE, dash=DASH)
            pen.arc(*arc, width=THICKEST * float(share))
        as_words(on, xs, y + 4.2, tokens, 2)
        for x, share in zip(xs, shares, strict=True):
            if head:
                on.blank(x, y + 9.2, share, w=8.6, h=6.8, size=3.4)
            else:
                on.number(x, y + 9.2, share, 3.6)
    parts, top, side = [*brought[-1], *also[-1]], 33.2, 6.6
    for k, number in enumerate(parts):
        on.box(side * k, top, side, 6.8, width=BOX, fill=WHITE)
        on.pen.number(side * (k + 0.5), top + 3.4, number, 3.2)
    wide = side * len(parts)
    on.line((side * len(brought[-1]), top), (side * len(brought[-1]), top + 6.8), width=FRAME)
    on.arrow((wide + 1, top + 3.4), (wide + 6, top + 3.4))
    on.box(wide + 7, top - 0.4, 9, 7.6, fill=LIGHT, width=AXIS, colour=GREY)
    on.math(wide + 11.5, top + 4.6, "W_O", 3.6)
    on.arrow((wide + 17, top + 3.4), (wide + 22, top + 3.4))
    for k, number in enumerate(result[-1]):
        on.box(wide + 23 + side * k, top, side, 6.8, width=BOX, fill=WHITE)
        on.pen.number(wide + 23 + side * (k + 0.5), top + 3.4, number, 3.2)
    on.text(0, 42.8, on.say("pictures.two_heads.brings", word=tokens[-1]), 2.5, anchor="start", colour=GREY)
    on.text(wide + 23, 42.8, on.say("pictures.two_heads.row"), 2.5, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.two_heads.said", word=tokens[-1], shares=by_word(tokens, patterns[0])),
        to_do=on.say("pictures.two_heads.to_do"),
        key=on.say("pictures.two_heads.key", shares=by_word(tokens, patterns[1]), both=listed(parts),
                   row=listed(result[-1])),
    )  # fmt: skip
