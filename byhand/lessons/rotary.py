"""Rotary positions: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from math import cos, hypot, pi, sin, sqrt
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.registry import mistaken
from byhand.model.builder import Builder
from byhand.model.layers import last_row, of_one_row, read, turned
from byhand.model.names import ATTN
from byhand.model.registry import Results, model
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.promises import look_most_elsewhere, only_in_pictures, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import (
    REACH,
    are_easy,
    different,
    draw_values,
    only,
    shares_are_short,
)
from byhand.ops.linear import dot_rows
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, GRID, HAIR, PALE, SMALLEST, TOKEN, Canvas, Layer
from byhand.pictures.cutting import cut_box, cut_disc, pin
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("rotary", part="heads", one_head=True, only=of_one_row(positional_embedding_type=("rotary",)))
def _steps(build: Builder) -> Results:
    """Given queries and keys, turned by their positions, and what the last token reads with them; and what it would
    read if they were not turned.

    Of one query and one key (`dial.q`, `dial.k`), the dot products at all pairs of positions, for a picture.
    """
    c, at, n = replace(build.config, positional_embedding_type="rotary"), ATTN, build.positions
    q, k, v = build.head()
    turned_q, turned_k = (turned(x, f"{at}.hook_rot_{letter}[0]", c) for x, letter in ((q, "q"), (k, "k")))
    if "dial.q" in build.tape.numbers:
        small = replace(c, rotary_dim=2, rotary_periods=c.rotary_periods[:1])
        arrows = (build.matrix(f"dial.{letter}", ("", "place")) for letter in "qk")
        everywhere = [gather_rows(x, name=f"{x.name}.rows", sizes={"i": (n, "pos")}, rows=(0,) * n) for x in arrows]
        dot_rows(*(turned(x, x.name.replace("rows", "turned"), small) for x in everywhere), name="dial.dots")
    results = []
    for name, queries, keys in (("plain", q, k), ("last", turned_q, turned_k)):
        results.append(read(last_row(queries, f"{name}.q"), keys, v, name, c))
    return tuple(results)


# ---- the same, written down a second time ----


@wiring("rotary")
def _second(w: Wiring) -> None:
    """The last row of a head, with queries and keys turned, and without; and a query and a key at every position."""
    at = "blocks.0.attn"
    q, k = (w.turned(f"{at}.hook_{x}[0]", f"{at}.hook_rot_{x}[0]") for x in "qk")
    length = range(w.shapes["dial.dots"][0]) if "dial.dots" in w.shapes else ()
    everywhere = [w(f"dial.{x}.rows", "gather_rows", f"dial.{x}", rows=[0 for _ in length]) for x in "qk"]
    w("dial.dots", "dot_rows", *(w.turned(x, x.replace("rows", "turned"), pairs=1) for x in everywhere))
    for name, queries, keys in (("plain", f"{at}.hook_q[0]", f"{at}.hook_k[0]"), ("last", q, k)):
        query = w(f"{name}.q", "gather_rows", queries, rows=[w.shapes[queries][0] - 1])
        w.read(query, keys, f"{at}.hook_v[0]", name)


# ---- its numbers ----

only_in_pictures("dial")


def _turns_by_quarters(task: Task) -> str:
    c = task.config
    if c.rotary_periods and not any((4 / Fraction(period)).denominator > 1 for period in c.rotary_periods):
        return ""
    return "only quarter turns are rational; use rotary_periods=[4, 2], or give values"


def _shares_are_easy(run: Candidates, name: str) -> Bools:
    """The last token's shares, by scores of this name, are easy, and its scores are small whole numbers; where arrows
    are turned, of three or more. No row that is printed gives them away.
    """
    scores = run(f"{name}.scores_scaled")
    printed = np.concatenate([run(f"{ATTN}.hook_{x}[0]") for x in ("q", "k", "rot_q", "rot_k")], 1)
    ok: Bools = (scores % 1 == 0).all((1, 2)) & (abs(scores) <= 4).all((1, 2)) & are_easy(scores[:, 0], run.base)
    ok &= (different(scores[:, 0]) > (1 if name == "plain" else 2)) & ~(printed == scores).all(2).any(1)
    return ok


@draw("rotary", like_sheet=True, fits=[partial(_shares_are_easy, name=name) for name in ("plain", "last")], requires=[
    _turns_by_quarters, shares_are_short, exactly(4, d_head=4, use_attn_scale=True),
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Queries and keys, of which few numbers are 0, and values. Also a query and a key that are arrows."""
    q, k = (dice.below(2 * REACH + 1, count, 4, 4) - REACH for _ in "qk")
    q = only(q, (q[:, -1] != 0).sum(1) > 2)
    q, k = (only(x, (abs(x).sum(2) > 1).all(1)) for x in (q, k))
    arrows = dice.choices(np.array(_ARROWS), count)  # (count, 2, 2)
    rows = {"q": q, "k": k, "v": draw_values(dice, count, 4, task.config.d_v)}
    given = {f"{ATTN}.hook_{letter}[0]": x for letter, x in rows.items()}
    return given | {"dial.q": arrows[:, :1], "dial.k": arrows[:, 1:]}


def _arrows() -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """A query and a key, both arrows, with one dot product where the key is a quarter turn behind, and another where
    it is two; the arrows are never nearer to one line than 25°.
    """
    tips = [tip for tip in product(range(-REACH, REACH + 1), repeat=2) if sum(map(abs, tip)) > 1]
    pairs = []
    for (x, y), (a, b) in product(tips, repeat=2):
        behind, twice = x * b - y * a, -(x * a + y * b)  # the dot products of (x, y) turned once, twice, with (a, b)
        lengths = (x * x + y * y) * (a * a + b * b)
        if behind and twice and behind != twice and max(abs(behind), abs(twice)) ** 2 <= lengths * 0.81:
            pairs.append(((x, y), (a, b)))
    return pairs


_ARROWS = _arrows()


@sheet_promise
def turning_changes_who_is_read(tape: Tape) -> bool:
    """The last token looks most at one token, and would look most at another one if nothing were turned."""
    return look_most_elsewhere(*(tape.values(f"{name}.pattern")[0] for name in ("last", "plain")))


@sheet_promise
def the_direction_of_turning_matters(tape: Tape) -> bool:
    """The last token's scores would be others if every arrow were turned the other way."""
    return mistaken(tape, "turned-backwards")[0].values("last.scores") != tape.values("last.scores")


@sheet_promise
def arrows_meet_by_distance(tape: Tape) -> bool:
    """A query and a key have one dot product wherever they are neighbours, and another where they are not."""
    dots = tape.values("dial.dots")
    near, far = {dots[i + 1][i] for i in range(len(dots) - 1)}, dots[2][0]
    return len(near) == 1 and far not in {0, *near}


# ---- its picture ----

DIAL = 7.4  # the radius of a dial
CASES = ((1, 0), (2, 1), (3, 2), (2, 0))  # where the query stands, and where the key


@picture(height=46, minutes=3)
def turned_arrows(on: Canvas, query: Rows, key: Rows, dots: Rows, *, period: Sequence[Any]) -> None:
    """A query and a key turn with their positions: wherever they are equally far apart, they meet in the same way.

    dots: their dot products, a position of the query a row. period: in how many words an arrow makes a whole turn.
    """
    quarter = 4 / period[0] if period else 0
    products = [dots[i][j] for i, j in CASES]
    if quarter % 1 or len(set(products[:3])) > 1 or products[3] in (0, products[0]) or not products[0]:
        raise UndrawableError("quarter turns of a query and a key that meet otherwise at another distance")
    longest = max(hypot(*query[0]), hypot(*key[0]))
    for n, ((i, j), dot) in enumerate(zip(CASES, products, strict=True)):
        x, y, pen = 10.5 + 21 * n, 15.4, on.pen if n else on
        on.text(x, 3.0, on.say("pictures.turned_arrows.case", q=i, k=j), CAPTION)
        on.disc(x, y, DIAL, fill="none", width=AXIS, colour=PALE)
        for k in range(-int(longest), int(longest) + 1):
            at, half = DIAL * k / longest, DIAL * sqrt(1 - (k / longest) ** 2)
            for dx, dy, along in ((at, 0, (0, half)), (0, at, (half, 0))):
                ends = [(x + dx + side * along[0], y + dy + side * along[1]) for side in (-1, 1)]
                on.line(*ends, width=HAIR if k else AXIS, colour=GRID if k else PALE)
        for symbol, tip, place, dash in (("q", query[0], i, ()), ("k", key[0], j, DASH)):
            _turned_arrow(pen, (x, y), tip, float(place * quarter), DIAL / longest, symbol, dash)
        on.math(x - 4.2, 31.4, r"q \cdot k =", TOKEN)
        if n:
            on.blank(x + 6.4, 30.2, dot, w=8.2, h=6.8)
        else:
            on.number(x + 6.4, 30.2, dot)
    shown = {"q": listed(query[0]), "k": listed(key[0]), "dot": value_text(products[0])}
    on.text(0, 38.6, on.say("pictures.turned_arrows.caption", **shown), CAPTION, anchor="start")
    on.text(0, 43.6, on.say("pictures.turned_arrows.caption_2"), CAPTION, anchor="start")
    on.answer_line(28, 44.4, 56, on.say("pictures.turned_arrows.caption_key"))
    on.said(
        on.say("pictures.turned_arrows.said", **shown),
        to_do=on.say("pictures.turned_arrows.to_do"),
        key=on.say("pictures.turned_arrows.key", near=value_text(products[0]), far=value_text(products[3])),
    )


def _turned_arrow(
    on: Layer, middle: tuple[float, float], tip: Sequence[Any], quarters: float, scale: float, symbol: str,
    dash: Sequence[float],
) -> None:  # fmt: skip
    """An arrow from the middle of a dial, turned, with its symbol where it points, outside the dial."""
    c, s = cos(quarters * pi / 2), sin(quarters * pi / 2)
    x, y = (float(tip[0]) * c - float(tip[1]) * s) * scale, (float(tip[0]) * s + float(tip[1]) * c) * scale
    on.arrow(middle, (middle[0] + x, middle[1] - y), dash=dash)
    out = (DIAL + 1.7) / hypot(x, y)
    on.math(middle[0] + x * out, middle[1] - y * out + 1.0, symbol, TOKEN)


# ---- to cut out ----

SIGN = 4.6  # the size of marks and names
BASE, OF_DISC, FROM = 57.0, 20.0, 1.0  # the side of the square, the radius of the disc, the margin; in mm


@picture(width=118, height=60, minutes=1)
def rotary_dial(on: Canvas, *, config: Mapping[str, Any], words: int) -> None:
    """A square with the arrow of a query, and a disc with the arrow of a key that turns on it.

    Marks go round anticlockwise from the key's arrow, so that the one at the query says how many steps back it is.
    """
    period = int(config["rotary_periods"][0])
    x, y, far = FROM + BASE / 2, FROM + BASE / 2, FROM + BASE + 10.0 + OF_DISC
    cut_box(on, FROM, FROM, BASE, BASE)
    on.disc(x, y, OF_DISC, fill="none", width=HAIR, colour=PALE)
    on.arrow((x, y), (x + OF_DISC + 5.5, y), width=0.9)
    on.math(x + OF_DISC + 3.0, y - 2.2, "q", SIGN)
    pin(on, x, y)
    cut_disc(on, far, y, OF_DISC)
    for n in range(period):
        across, up = cos(2 * pi * n / period), sin(2 * pi * n / period)
        on.line(*((far + r * across, y - r * up) for r in (OF_DISC - 3.0, OF_DISC)), width=0.5)
        on.number(far + 14.2 * across - 2.6 * up, y - 14.2 * up - 2.6 * across, n, SIGN)
        if n:
            beside = far + 14.2 * across + 2.6 * up, y - 14.2 * up + 2.6 * across
            on.number(*beside, Fraction(n, period), 3.0, colour=GREY)
    on.arrow((far, y), (far + OF_DISC - 0.6, y), width=0.9)
    on.math(far + 14.2, y + 4.6, "k", SIGN)
    on.text(far - 8.5, y - 6.4, on.say("pictures.rotary_dial.back"), SMALLEST)
    on.text(far + 8.5, y + 9.2, on.say("pictures.rotary_dial.turn"), SMALLEST, colour=GREY)
    pin(on, far, y)
    on.worksheet_says = on.say("pictures.rotary_dial.said", n=period, marks=listed(range(period)))
