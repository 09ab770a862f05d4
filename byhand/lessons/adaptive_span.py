"""A span that a head learns: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.layers import of_one_row, softmax
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.promises import look_most_elsewhere, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import different, draw_values, one_largest, shares_are_short, totals
from byhand.ops.attention import normalize_rows, row_sum, soft_span
from byhand.ops.linear import matmul, multiply, plus_number
from byhand.pictures.canvas import AXIS, CAPTION, DOT, GREY, GRID, HAIR, PALE, STROKE, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("adaptive-span", part="heads", only=of_one_row())
def _steps(build: Builder) -> Results:
    """The last token's scores, `attn.scores`, of tokens `span.back` steps back, within a span that ends softly
    (`span.z`, `span.ramp`), and of all tokens.

    Source: Sukhbaatar et al. 2019, section 2.2.
    """
    c, scores, v = build.config, build.matrix("attn.scores", ("new", "pos")), build.matrix("attn.v", ("pos", "d_v"))
    back, z, ramp = (
        build.matrix(f"span.{x}", axes, fixed=True)
        for x, axes in (("back", ("new", "pos")), ("z", ("", "")), ("ramp", ("", "")))
    )
    plain = softmax(scores, "plain.pattern", c.softmax_base)
    mask = soft_span(back, z, ramp, name="span.mask")
    powers = multiply(build.tape["plain.pattern.exp"], mask, name="span.powers")
    soft = normalize_rows(powers, row_sum(powers, name="span.sum"), name="span.pattern")
    return matmul(soft, v, name="attn.z"), plain


# ---- the same, written down a second time ----


@wiring("adaptive-span")
def _second(w: Wiring) -> None:
    """One row times a mask that ends softly (Sukhbaatar et al. 2019, section 2.2), and without it."""
    w.softmax("plain.pattern", "attn.scores")
    mask = w("span.mask", "soft_span", "span.back", "span.z", "span.ramp")
    powers = w("span.powers", "multiply", "plain.pattern.exp", mask)
    w("attn.z", "matmul", w("span.pattern", "normalize_rows", powers, w("span.sum", "row_sum", powers)), "attn.v")


# ---- its numbers ----

FAR, NEAR = 1, 4  # the places of the tokens at which the last of six looks most, without a span and within it
EASY_TOTALS = (10, 12, 15, 16, 18, 20)  # of six powers of 2, the smallest being 1
LARGEST_SHARE = 12  # the largest denominator of a share within the span


def _looks_far_without_a_span(run: Candidates) -> Bools:
    """The last token looks most at the second, with easy shares."""
    scores = run("attn.scores")[:, 0]
    ok: Bools = (scores.argmax(1) == FAR) & one_largest(scores) & np.isin(totals(scores, run.base), EASY_TOTALS)
    ok &= different(scores) > 2
    return ok


def _looks_near_within_it(run: Candidates) -> Bools:
    """Within its span it looks most at the fifth, with easy shares."""
    powers = run("span.powers")[:, 0]
    ok: Bools = (powers.argmax(1) == NEAR) & one_largest(powers)
    ok &= run.denominators("span.pattern").max((1, 2)) <= LARGEST_SHARE
    return ok


@draw("adaptive-span", like_sheet=True, fits=[_looks_far_without_a_span, _looks_near_within_it], requires=[
    shares_are_short, exactly(6),
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Scores of the last of six tokens, and values. The span is that of the sheet, for which it counts its costs."""
    return {
        "attn.scores": dice.below(5, count, 1, task.n) - 1,
        "attn.v": draw_values(dice, count, task.n, task.config.d_v),
    }


@sheet_promise
def span_hides_whom_one_looks_at(tape: Tape) -> bool:
    """The last token looks most at the second of six, which is beyond its span; within it, at the fifth.
    One token counts in part.
    """
    plain, soft, mask = (tape.values(name)[0] for name in ("plain.pattern", "span.pattern", "span.mask"))
    places = plain.index(max(plain)), soft.index(max(soft))
    in_part = [m for m in mask if 0 < m < 1]
    return look_most_elsewhere(plain, soft) and places == (FAR, NEAR) and mask[FAR] == 0 and len(in_part) == 1


# ---- its mistakes ----


@mistake(
    told="Shares of all tokens multiplied by the mask, so that they no longer add up to 1.",
    mend="Multiply the powers by the mask first, and then divide them by their own sum.",
    after="keys-at-any-length",
)
def span_after_softmax(step: Step, tape: Tape) -> Iterable[Step]:
    """The mask of a soft span comes after the division by the sum of all powers."""
    if step.name != "span.pattern":
        return [step]
    return [replace(step, inputs=(step.inputs[0], "plain.pattern.sum"))]


@mistake(
    told="The word that asks counted as the first step back, so that the span ends one word too early.",
    mend="The word that asks is 0 steps back: count from the one before it.",
    after="keys-at-any-length",
)
def itself_as_a_step(step: Step, tape: Tape) -> Iterable[Step]:
    """Each token is one step farther back than it is."""
    if step.op is not soft_span:
        return [step]
    back = tape.steps[step.inputs[0]]
    farther = replace(back, name=f"{step.name}.back", op=plus_number, inputs=(back.name,), params={"by": 1})
    return [farther, replace(step, inputs=(farther.name, *step.inputs[1:]))]


# ---- its picture ----

FIRST, LAST, MOST_WORDS = 31.0, 108.5, 9  # mm to the middles of the first word and the last
TOP, HIGH = 3.0, 13.0  # mm to a mask of 1, and from there down to one of 0


@picture(width=118, height=26, minutes=2)
def soft_edge(on: Canvas, mask: Rows, span: Rows, ramp: Rows, *, tokens: Sequence[str]) -> None:
    """How much of each word counts: all of it within the span, and ever less beyond it.

    span, ramp: up to how many steps back all counts, and over how many more it falls to 0.
    """
    n, z, fall = len(tokens), float(span[0][0]), float(ramp[0][0])
    if not 2 < n <= MOST_WORDS or z < 0 or fall <= 0:
        raise UndrawableError("three to nine words, and a span that ends")
    pitch, bottom = (LAST - FIRST) / (n - 1), TOP + HIGH
    for part, name in ((0.0, "0"), (0.5, "1/2"), (1.0, "1")):
        y = bottom - HIGH * part
        on.line((FIRST - 5, y), (LAST + 5, y), width=HAIR if part else AXIS, colour=GRID if part else PALE)
        on.number(FIRST - 7.4, y, name, CAPTION, anchor="end", colour=GREY)
    on.text(18.0, TOP + 1.0, on.say("pictures.soft_edge.mask"), CAPTION, anchor="end", colour=GREY)
    on.text(18.0, bottom + 8.6, on.say("pictures.soft_edge.steps"), CAPTION, anchor="end", colour=GREY)
    for k, (word, share) in enumerate(zip(tokens, mask[0], strict=True)):
        x = FIRST + pitch * k
        on.text(x, bottom + 4.6, word, TOKEN)
        on.text(x, bottom + 8.6, str(n - 1 - k), CAPTION, colour=GREY)
        on.pen.disc(x, bottom - HIGH * float(share), DOT)

    def at(back: float) -> float:
        return LAST - pitch * back

    most = n - 1.0
    corners = [(LAST, TOP), (at(min(z, most)), TOP)]
    if z < most:
        end = min(z + fall, most)
        corners += [(at(end), TOP + HIGH * (end - z) / fall), *([(at(most), bottom)] if end < most else [])]
    on.pen.line(*corners, width=STROKE)
    on.said(
        on.say("pictures.soft_edge.said", words=", ".join(tokens), most=n - 1), on.say("pictures.soft_edge.to_do"),
        on.say("pictures.soft_edge.key", masks=listed(mask[0])),
    )  # fmt: skip
