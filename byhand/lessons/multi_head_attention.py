"""Two heads: its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.notation.text import by_word
from byhand.numbers.promises import has_one_largest, sheet_promise, steps_named
from byhand.pictures.attention import THICKEST, arcs_between, as_words
from byhand.pictures.canvas import DASH, GUIDE, PALE, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape

# ---- its numbers ----


@sheet_promise
def heads_look_different_ways(tape: Tape) -> bool:
    """The last word looks at all words in each head, and in no two heads most at the same one."""
    rows = [tape.values(step.name)[-1] for step in steps_named(tape, "hook_pattern")]
    best = [row.index(max(row)) for row in rows]
    return all(map(all, rows)) and all(map(has_one_largest, rows)) and len({*best}) == len(best)


@sheet_promise
def one_pattern_cannot(tape: Tape) -> bool:
    """The largest shares of the last word in both heads are more than 1 together, and none of them is its own."""
    rows = [tape.values(step.name)[-1] for step in steps_named(tape, "hook_pattern")]
    return sum(map(max, rows)) > 1 and all(row[-1] < max(row) for row in rows)


# ---- its picture ----


@picture(height=33, minutes=2)
def two_heads(on: Canvas, first: Rows, second: Rows, *, tokens: Sequence[str]) -> None:
    """Two heads look two ways: the last word's arcs in each head, and its shares.

    first, second: the patterns.
    """
    patterns = first[-1], second[-1]
    best = [shares.index(max(shares)) for shares in patterns]
    if len(tokens) != 3 or best[0] == best[1] or not all(map(all, patterns)):
        raise UndrawableError("in two heads, the last of three words looks at all, and most at different ones")
    for head, (left, shares) in enumerate(zip((0, 43), patterns, strict=True)):
        xs, y = [left + 5 + 12.3 * j for j, _ in enumerate(tokens)], 19.0
        on.text(left, 2.6, on.say("pictures.two_heads.head", n=head + 1), TOKEN, anchor="start", bold=True)
        arcs = arcs_between(xs, 2, shares, y)
        for arc, share in zip(arcs, shares, strict=True):
            on.arc(*arc, width=GUIDE, colour=PALE, dash=DASH)
            on.pen.arc(*arc, width=THICKEST * float(share))
        as_words(on, xs, y + 4.2, tokens, 2)
        for x, share in zip(xs, shares, strict=True):
            on.blank(x, y + 9.2, share, w=8.6, h=6.8, size=3.4)
    on.said(
        on.say("pictures.two_heads.said", word=tokens[-1]),
        to_do=on.say("pictures.two_heads.to_do"),
        key=on.say("pictures.two_heads.key", first=by_word(tokens, patterns[0]), second=by_word(tokens, patterns[1])),
    )
