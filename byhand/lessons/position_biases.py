"""Scores that fall with distance: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from byhand.model.builder import Builder
from byhand.model.layers import last_row, softmax
from byhand.model.registry import Results, model
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.promises import has_one_largest, look_most_elsewhere, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import draw_values, shares_are_short, totals
from byhand.ops.attention import divide_by_root
from byhand.ops.linear import add, matmul
from byhand.ops.positions import falling
from byhand.pictures.canvas import (
    AXIS,
    CAPTION,
    DASH,
    DOT,
    GREY,
    GRID,
    GUIDE,
    HAIR,
    LIGHT,
    PALE,
    SMALLEST,
    TOKEN,
    WHITE,
    Canvas,
)
from byhand.pictures.contrast import columns
from byhand.pictures.cutting import cut_box
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("position-biases", part="heads", only={"positional_embedding_type": ("alibi",)})
def _steps(build: Builder) -> Results:
    """The last token's scores, `attn.raw`, with a fall for each step of distance, and without.

    What later heads make of their scores is computed only when requested.

    Source: Press et al. 2021.
    """
    c, raw, v = build.config, build.matrix("attn.raw", ("new", "pos")), build.matrix("attn.v", ("pos", "d_v"))
    scaled = divide_by_root(raw, name="attn.scaled", of=c.d_head)
    results = [softmax(scaled, "plain.pattern", c.softmax_base)]
    everyone = {"i": (raw.cols, "pos"), "j": (raw.cols, "pos")}
    for h, slope in enumerate(c.slopes):
        whole = falling(name=f"attn.falls[{h}]", tape=build.tape, sizes=everyone, slope=slope)
        biased = add(scaled, last_row(whole, f"attn.bias[{h}]"), name=f"attn.biased[{h}]")
        mixed = matmul(softmax(biased, f"attn.pattern[{h}]", c.softmax_base), v, name=f"attn.z[{h}]")
        results.append(biased if h else mixed)
    return tuple(results)


# ---- the same, written down a second time ----


@wiring("position-biases")
def _second(w: Wiring) -> None:
    """The last row of scores plus biases that fall (Press et al. 2021)."""
    c, heads = w.config, w.config["n_heads"]
    scaled = w("attn.scaled", "divide_by_root", "attn.raw", of=c["d_head"])
    w.softmax("plain.pattern", scaled)
    length = w.shapes["attn.raw"][1]
    for h in range(heads):
        head = f"[{h}]"
        falls = w(f"attn.falls{head}", "falling", shape=(length, length), slope=w.slope(h))
        bias = w(f"attn.bias{head}", "gather_rows", falls, rows=[length - 1])
        shares = w.softmax("attn.pattern", w(f"attn.biased{head}", "add", scaled, bias), head)
        w(f"attn.z{head}", "matmul", shares, "attn.v")


# ---- its numbers ----

EASY_BIASED = (9, 12, 15)  # totals of four powers of 2, the smallest being 1, of which at least three differ
LOWEST, HIGHEST = -4, 3  # the scores that the picture has room for


def _shares_are_easy(run: Candidates) -> Bools:
    """The last token's shares, with and without the fall, are easy, and their scores have room in the picture."""
    scores = np.stack([run(f"attn.{name}")[:, 0] for name in ("scaled", "biased[0]")], 1)
    ok: Bools = (np.isin(totals(scores, run.base), EASY_BIASED) & (scores.min(2) >= LOWEST)).all(1)
    return ok


@draw("position-biases", like_sheet=True, fits=[_shares_are_easy], requires=[
    shares_are_short, exactly(4, alibi_slopes=(1, 2), d_head=4),
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Scores of the last of four tokens, even ones, and values."""
    return {
        "attn.raw": 2 * dice.below(7, count, 1, task.n) - 6,
        "attn.v": draw_values(dice, count, task.n, task.config.d_v),
    }


@sheet_promise
def distance_changes_who_is_read(tape: Tape) -> bool:
    """With a fall for each step, the last token looks most at another one than without; each time at one only, and
    not at all others alike.
    """
    plain, fallen = (tape.values(name)[0] for name in ("plain.pattern", "attn.pattern[0]"))
    several = min(len({*plain}), len({*fallen})) > 2
    return look_most_elsewhere(plain, fallen) and several and has_one_largest(tape.values("attn.biased[1]")[0])


# ---- its picture ----


@picture(height=40, minutes=2)
def slopes(on: Canvas, scores: Rows, biased: Rows, *, tokens: Sequence[str]) -> None:
    """Scores fall with the distance: each point moves down by one for every word further back.

    biased: the scores after a fall of 1 for each step.
    """
    raw, fallen = scores[0], biased[0]
    falls = [score - lower for score, lower in zip(raw, fallen, strict=True)]
    if falls != [3, 2, 1, 0] or max(raw) > HIGHEST or min(fallen) < LOWEST:
        raise UndrawableError(f"four scores from {LOWEST} to {HIGHEST} that fall by 1 with each step of distance")
    unit, first, pitch, beside = 4.0, 17.0, 13.0, 2.4
    top = 3.0 + HIGHEST * unit
    for n in range(LOWEST, HIGHEST + 1):
        y = top - unit * n
        on.line((14, y), (first + 3 * pitch + 6, y), width=HAIR if n else AXIS, colour=GRID if n else PALE)
        if n % 2 == 0:
            on.number(12.4, y, n, SMALLEST, anchor="end", colour=GREY)
    on.pen.line(*((first + pitch * k, top + unit * (3 - k)) for k in range(4)), width=GUIDE, dash=DASH)
    for k, (word, score, lower) in enumerate(zip(tokens, raw, fallen, strict=True)):
        x, y, low = first + pitch * k, top - unit * float(score), top - unit * float(lower)
        on.text(x, top - unit * LOWEST + 5.0, word, TOKEN - 0.3)
        on.pen.disc(x, y, fill=WHITE, width=0.4, colour=on.pen.ink)
        if low > y:
            on.pen.arrow((x + beside, y), (x + beside, low - DOT))
        on.pen.disc(x + beside, low)
    on.disc(66, 7.0, fill=WHITE, width=0.4, colour=on.ink)
    on.text(68.4, 8.0, on.say("pictures.slopes.score"), CAPTION, anchor="start")
    on.disc(66, 11.6)
    on.text(68.4, 12.6, on.say("pictures.slopes.fallen"), CAPTION, anchor="start")
    on.line((63.4, 16.2), (67.2, 16.2), width=GUIDE, colour=PALE, dash=DASH)
    on.text(68.4, 17.2, on.say("pictures.slopes.bias"), CAPTION, anchor="start")
    on.said(
        on.say("pictures.slopes.said", low=value_text(LOWEST), high=HIGHEST), on.say("pictures.slopes.to_do"),
        on.say("pictures.slopes.key", scores=listed(raw), fallen=listed(fallen)),
    )  # fmt: skip


# ---- to cut out ----

NAMED, CELL, STRIP, APART, UNIT = 24.0, 8.0, 21.0, 3.0, 1.4  # mm: the name of a strip, its cells' and its own height,
# the space to the next one, and how far the wedge falls for a score of 1


@picture(width=92, height=50, minutes=1)
def slope_card(on: Canvas, *, config: Mapping[str, Any], words: int) -> None:
    """A strip for each slope, to lay under the words of the table: what each word loses, and a wedge as steep."""
    wide, told = columns(words)[1], list[str]()
    for h, slope in enumerate(config["alibi_slopes"][:2]):
        x, y = 2.0, 0.4 + (STRIP + APART) * h
        right, below = x + NAMED + wide * words, y + CELL
        called = on.say("pictures.slope_card.slope", n=slope)
        on.text(x + 2.0, y + CELL / 2 + 1.2, called, TOKEN, anchor="start", bold=True)
        for k in range(words):
            back = words - 1 - k
            on.box(x + NAMED + wide * k, y, wide, CELL, fill=WHITE)
            on.number(x + NAMED + wide * (k + 0.5), y + CELL / 2, -slope * back)
            name = on.say("pictures.slope_card.back", n=back) if back else on.say("pictures.slope_card.asks")
            on.text(x + NAMED + wide * (k + 0.5), y + STRIP - 1.2, name, SMALLEST, colour=GREY)
        ends = [(right - wide / 2, below), (x + NAMED + wide / 2, below)]
        on.area([*ends, (ends[1][0], below + UNIT * slope * (words - 1))], LIGHT)
        on.line(ends[0], (ends[1][0], below + UNIT * slope * (words - 1)), width=0.5)
        cut_box(on, x, y, right - x, STRIP)
        falls = listed([value_text(slope * (words - 1 - k)) for k in range(words)])
        told.append(on.say("pictures.slope_card.strip", n=slope, falls=falls))
    on.worksheet_says = on.say("pictures.slope_card.said", strips="; ".join(told))
