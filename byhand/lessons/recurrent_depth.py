"""The same block again: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.attention import PROJECTIONS
from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.layers import head, last_row, of_one_row, read
from byhand.model.names import ATTN, RESID_PRE
from byhand.model.registry import Results, model
from byhand.notation.text import listed, value_text
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.natural import distinct
from byhand.numbers.promises import dot_of, has_columns_of_their_own, look_most_elsewhere, sheet_promise, transposed
from byhand.numbers.registry import Instance, Task, exactly, search
from byhand.numbers.scores import HANDED_ON, LARGEST_DENOMINATOR, REACH, one_largest, powers, totals
from byhand.ops.chance import halting_weights, ponder_cost
from byhand.ops.linear import add, matmul, relu, sigmoid, subtract
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import AXIS, BOX, CAPTION, DASH, FRAME, GREY, GUIDE, LIGHT, PALE, PEN_AREA, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

# ---- the model ----


@model("recurrent-depth", part="heads", one_head=True, only=of_one_row(share_layers=(True,)))
def _steps(build: Builder) -> Results:
    """The same head of attention again in each of n_layers passes, its values added to the stream. Where they are
    given: what the last word takes from the last pass if that has weights of its own, `own.W_Q`, `own.W_K` and
    `own.W_V`; the states `halt.states` of several passes, mixed by the logits of halting after each, `halt.logits`;
    and a reversible block of `rev.x1` and `rev.x2`, there and back, or of `rev.y1` and `rev.y2`, only back.

    Source: Dehghani et al. 2018; Graves 2016; Gomez et al. 2017.
    """
    c, x = replace(build.config, share_layers=True), build.stream(RESID_PRE)
    before = x
    for n in range(c.n_layers):
        before, x = x, add(x, head(x, f"blocks.{n}.attn", 0, c), name=f"pass{n}")
    results = [x]
    if "own.W_Q" in build.tape.numbers:
        axes = {"Q": ("d_model", "d_head"), "K": ("d_model", "d_head"), "V": ("d_model", "d_v")}
        w_q, w_k, w_v = (build.matrix(f"own.W_{letter}", own) for letter, own in axes.items())
        row = last_row(before, "own.row")  # (1, d_model)
        keys, values = matmul(before, w_k, name="own.k"), matmul(before, w_v, name="own.v")
        results.append(add(row, read(matmul(row, w_q, name="own.q"), keys, values, "own", c), name="own.x"))
    if "halt.logits" in build.tape.numbers:
        states = build.matrix("halt.states", ("pass", "place"))
        p = sigmoid(build.matrix("halt.logits", ("", "pass")), name="halt.p", base=c.softmax_base)
        weights = halting_weights(p, name="halt.weight")
        results += matmul(weights, states, name="halt.state"), ponder_cost(weights, name="halt.ponder")
    return *results, *(_there_and_back(build) if "rev.W_F" in build.tape.numbers else ())


def _there_and_back(build: Builder) -> Results:
    """A reversible block, y₁ = x₁ + F(x₂) and y₂ = x₂ + G(y₁), if these are not given; and its inputs, from them."""
    weights = {letter: build.matrix(f"rev.W_{letter.upper()}", ("half", "half")) for letter in "fg"}

    def network(letter: str, x: Matrix, at: str) -> Matrix:
        return relu(matmul(x, weights[letter], name=f"{at}.{letter}_pre"), name=f"{at}.{letter}")

    there = "x" if "rev.x1" in build.tape.numbers else "y"
    y1, y2 = (build.matrix(f"rev.{there}{half}", ("new", "half")) for half in (1, 2))
    if there == "x":
        y1 = add(y1, network("f", y2, "rev"), name="rev.y1")
        y2 = add(y2, network("g", y1, "rev"), name="rev.y2")
    found = subtract(y2, network("g", y1, "back"), name="back.x2")
    return y1, y2, found, subtract(y1, network("f", found, "back"), name="back.x1")


# ---- the same, written down a second time ----


@wiring("recurrent-depth")
def _second(w: Wiring) -> None:
    """The same head in each pass (Dehghani et al. 2018); halting (Graves 2016); a reversible block (Gomez et al.
    2017).
    """
    x = before = STREAM
    c = {**w.config, "share_layers": True}
    w.config = c
    for n in range(c["n_layers"]):
        before, x = x, w(f"pass{n}", "add", x, w.head(x, f"blocks.{n}.attn", 0))
    p = w("halt.p", "sigmoid", "halt.logits", base=c["softmax_base"])
    weights = w("halt.weight", "halting_weights", p)
    w("halt.state", "matmul", weights, "halt.states")
    w("halt.ponder", "ponder_cost", weights)
    if "own.W_Q" in w.given:
        row = w("own.row", "gather_rows", before, rows=[w.shapes[before][0] - 1])
        keys, values = (w(f"own.{x.lower()}", "matmul", before, f"own.W_{x}") for x in "KV")
        w("own.x", "add", row, w.read(w("own.q", "matmul", row, "own.W_Q"), keys, values, "own"))
    y1, y2 = "rev.y1", "rev.y2"
    if "rev.x1" in w.given:
        w(y1, "add", "rev.x1", w("rev.f", "relu", w("rev.f_pre", "matmul", "rev.x2", "rev.W_F")))
        w(y2, "add", "rev.x2", w("rev.g", "relu", w("rev.g_pre", "matmul", y1, "rev.W_G")))
    x2 = w("back.x2", "subtract", y2, w("back.g", "relu", w("back.g_pre", "matmul", y1, "rev.W_G")))
    w("back.x1", "subtract", y1, w("back.f", "relu", w("back.f_pre", "matmul", x2, "rev.W_F")))


# ---- its numbers ----

PASSES_TRIED, OWN_TRIED, BLOCKS_TRIED = 30_000, 200, 6_000  # words and weights, weights of one's own, blocks to undo
STATES_TRIED = 400
LARGEST_POWER = 9  # and one over it is the smallest
LOGITS = range(-2, 3)  # of halting


@search("recurrent-depth", like_sheet=True, requires=[
    exactly(3, d_model=2, d_head=1, d_v=2, n_layers=2, attention_dir="causal", use_attn_scale=False),
])  # fmt: skip
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """A stream (3, 2) of which the second number is 0, the only one that queries are made from: so all words share
    equally in the first pass, with whole means. In the second pass, the last word looks most at one word, and at
    another one with weights of its own. Also logits and states of three passes, and a reversible block.

    Method: rejection sampling.
    """
    base = whole_base(task.config)
    x = np.zeros((PASSES_TRIED, 3, 2), dtype=np.int64)
    x[:, :, 0] = dice.choices(np.array([-3, -2, -1, 1, 2, 3]), PASSES_TRIED, 3)
    w_q = np.zeros((PASSES_TRIED, 2, 1), dtype=np.int64)
    w_q[:, 1] = 2 * dice.below(2, PASSES_TRIED, 1) - 1
    w_k, w_v = dice.below(5, PASSES_TRIED, 2, 1) - REACH, dice.below(5, PASSES_TRIED, 2, 2) - REACH
    w_v[:, 0] = dice.choices(np.array([-2, -1, 1, 2]), PASSES_TRIED, 2)
    sums: Ints = (x @ w_v).cumsum(1)
    words: Ints = np.array([[1], [2], [3]], dtype=np.int64)  # that each one sees
    once: Ints = x + sums // words
    scores, values = _asked(once, w_q, w_k), once @ w_v
    ok: Bools = (sums % words == 0).all((1, 2)) & distinct(once) & distinct(x) & _reads_well(scores, base)
    ok &= (abs(once) <= 4).all((1, 2)) & (abs(values) <= 6).all((1, 2)) & (once != 0).any(2).all(1)
    ok &= (w_v[:, 1] != 0).any(1) & (w_v[:, 0, 1] != w_v[:, 1, 0]) & (w_k != 0).all((1, 2)) & _is_full(values)
    ok &= _are_short_mixtures(scores, values, base)
    for seen in (1, 2):  # by the words that nobody is asked for
        ok &= _reads_well(_asked(once[:, :seen], w_q, w_k), base)
    if not ok.any():
        return
    blocks, stops = _undone(dice), _stops(base)
    for i in np.flatnonzero(ok)[:HANDED_ON]:
        own_q, own_k = (dice.below(5, OWN_TRIED, 2, 1) - REACH for _ in "qk")
        own_v = dice.below(5, OWN_TRIED, 2, 2) - REACH
        other = _asked(once[i, None], own_q, own_k)
        fit: Bools = _reads_well(other, base) & (other.argmax(1) != scores[i].argmax())
        fit &= (abs(once[i] @ own_v) <= 6).all((1, 2)) & ((own_v != 0).sum((1, 2)) > 2) & _is_full(once[i] @ own_v)
        fit &= _are_short_mixtures(other, once[i] @ own_v, base)
        fit &= (own_v != w_v[i]).any((1, 2)) & own_q.all((1, 2)) & (own_v[:, 0, 1] != own_v[:, 1, 0])
        found = np.flatnonzero(fit)
        logits, weights, over = stops[dice.one_below(len(stops))]
        states = _triangle(dice, weights, over)
        if not len(found) or not len(blocks) or states is None:
            continue
        k = found[0]
        y1, y2, w_f, w_g = blocks[dice.one_below(len(blocks))]
        heads = {f"{ATTN}.W_{letter}": [w[i].tolist()] for letter, w in (("Q", w_q), ("K", w_k), ("V", w_v))}
        yield Instance({
            "blocks.0.hook_resid_pre": x[i].tolist(),
            "own.W_Q": own_q[k].tolist(), "own.W_K": own_k[k].tolist(), "own.W_V": own_v[k].tolist(),
            "halt.logits": [list(logits)], "halt.states": states,
            "rev.y1": [y1.tolist()], "rev.y2": [y2.tolist()], "rev.W_F": w_f.tolist(), "rev.W_G": w_g.tolist(),
        }, heads)  # fmt: skip


def _asked(x: Ints, w_q: Ints, w_k: Ints) -> Ints:
    """The scores (count, n) of the last word of a stream (count, n, 2), with queries and keys of one number."""
    return np.asarray(((x[:, -1:] @ w_q) * (x @ w_k))[..., 0])


def _is_full(values: Ints) -> Bools:
    """Which matrices (count, n, m) have neither a row nor a column of 0."""
    return np.asarray((values != 0).any(1).all(1) & (values != 0).any(2).all(1))


def _reads_well(scores: Ints, base: int) -> Bools:
    """Which rows of scores have one largest, small powers, and shares that are easy to make."""
    small = (base ** np.minimum(abs(scores), 6) <= LARGEST_POWER).all(1) & (
        totals(scores, base) <= LARGEST_DENOMINATOR
    )
    return np.asarray(small & one_largest(scores))


def _are_short_mixtures(scores: Ints, values: Ints, base: int) -> Bools:
    """Which rows of scores (count, n) make short fractions of values (count, n, 2)."""
    parts = powers(scores, base)
    mixed, total = (parts[:, None] @ values)[:, 0], parts.sum(1, keepdims=True)
    common = np.gcd(mixed, total)
    return np.asarray((total // common < 8).all(1) & (abs(mixed) // common < 20).all(1))


def _stops(base: int) -> list[tuple[tuple[int, ...], list[Fraction], Fraction]]:
    """Logits of three passes whose probabilities fill up in the last one, what each pass weighs, and by how much the
    last probability is larger, LEAST_OVER or more.
    """
    found = []
    for logits in product(LOGITS, repeat=3):
        first, second, third = (1 / (1 + Fraction(base) ** -logit) for logit in logits)
        left = 1 - first - second
        fits = left > 0 and left + LEAST_OVER <= third and left.denominator <= LARGEST_DENOMINATOR
        if fits and left not in (first, second):
            found.append((logits, [first, second, left], third - left))
    return found


def _triangle(dice: Dice, weights: list[Fraction], over: Fraction) -> list[list[int]] | None:
    """Three states (3, 2), wide apart, whose mixture is a short fraction, also where the last one weighs too much."""
    for states in dice.below(8, STATES_TRIED, 3, 2) - 3:
        (a, b), (c, d) = states[1] - states[0], states[2] - states[0]
        right = [sum(w * int(n) for w, n in zip(weights, column, strict=True)) for column in states.T]
        wrong = [x + over * int(n) for x, n in zip(right, states[2], strict=True)]
        short = max(Fraction(x).denominator for x in (*right, *wrong)) <= LARGEST_DENOMINATOR
        if short and all(right) and states[2].all() and abs(a * d - b * c) > 14:
            return [[int(n) for n in row] for row in states]
    return None


def _undone(dice: Dice) -> list[tuple[Ints, Ints, Ints, Ints]]:
    """Results y₁ and y₂ of reversible blocks with their weights (2, 2). ReLU cuts off one number of two, both for G
    and for F, and what is found is small.
    """
    y1, y2 = (dice.below(9, BLOCKS_TRIED, 2) - 4 for _ in "12")
    w_f, w_g = (dice.below(5, BLOCKS_TRIED, 2, 2) - REACH for _ in "fg")
    pre_g = (y1[:, None] @ w_g)[:, 0]
    x2 = y2 - np.maximum(pre_g, 0)
    pre_f, early = ((half[:, None] @ w_f)[:, 0] for half in (x2, y2))
    x1 = y1 - np.maximum(pre_f, 0)
    ok = ((pre_g > 0).sum(1) == 1) & ((pre_f > 0).sum(1) == 1) & (pre_g < 0).any(1) & (pre_f < 0).any(1)
    ok &= (np.maximum(early, 0) != np.maximum(pre_f, 0)).any(1)
    for numbers, most in ((pre_g, 6), (pre_f, 6), (x2, 4), (x1, 4)):
        ok &= (abs(numbers) <= most).all(1)
    for w in (w_f, w_g):
        ok &= ((w != 0).sum((1, 2)) > 2) & (w[:, 0, 1] != w[:, 1, 0])
    for half in (y1, y2, x1, x2):
        ok &= half.any(1) & (half[:, 0] != half[:, 1])
    return [(y1[i], y2[i], w_f[i], w_g[i]) for i in np.flatnonzero(ok)[:HANDED_ON]]


LEAST_OVER = Fraction(1, 6)  # of the last pass's probability, for which there is no room


@sheet_promise
def passes_differ_though_weights_do_not(tape: Tape) -> bool:
    """W_Q reads only the second number of a word, which is 0 in all, so that the first pass has only 0 as queries.
    In the second, the last word looks most at one word, and with weights of its own at another one. No word has only
    0 as values, and no dimension; from the second pass on, no dimension has the values of the other, and with weights
    of its own the last word takes more than 0. Two passes leave a part of the last one's weight, and a sixth or more
    of it finds no room. In the reversible block, ReLU cuts off one of two numbers each time, and the wrong order
    would find something else.
    """
    first, _ = tape.values("blocks.0.attn.W_Q[0]")
    asks_nothing = not any(first) and not any(row[1] for row in tape.values("blocks.0.hook_resid_pre"))
    patterns = tape.values("blocks.1.attn.hook_pattern[0]")[-1], tape.values("own.pattern")[0]
    p, weights = tape.values("halt.p")[0], tape.values("halt.weight")[0]
    cut = all(sum(x > 0 for x in tape.values(f"back.{letter}_pre")[0]) == 1 for letter in "fg")
    early = [dot_of(tape.values("rev.y2")[0], column) for column in zip(*tape.values("rev.W_F"), strict=True)]
    order = [max(0, x) for x in early] != [*tape.values("back.f")[0]]
    values = [tape.values(f"{at}.hook_v[0]") for at in ("blocks.0.attn", "blocks.1.attn")] + [tape.values("own.v")]
    full = all(any(side) for rows in values for side in (*rows, *transposed(rows)))
    full &= all(map(has_columns_of_their_own, values[1:])) and any(tape.values("own.z")[0])
    over = weights[-1] > 0 and weights[-1] + LEAST_OVER <= p[-1]
    return asks_nothing and look_most_elsewhere(*patterns) and full and over and cut and order


# ---- its mistakes ----


@mistake(
    told="The last probability of halting taken whole, so that the weights add up to more than 1.",
    mend="Give the last pass only what is left to 1.",
    after="gate-on-wrong-side",
)
def remainder_forgotten(step: Step, tape: Tape) -> Iterable[Step]:
    """The weights are the probabilities of halting."""
    return [skipped(step) if step.op is halting_weights else step]


@mistake(
    told="The state after the last pass, without those before it.",
    mend="Mix the states of all passes by their weights.",
    after="gate-on-wrong-side",
)
def last_state_only(step: Step, tape: Tape) -> Iterable[Step]:
    """The mixture of states is the last of them."""
    if step.name != "halt.state":
        return [step]
    states = tape.steps[step.inputs[1]]
    return [replace(step, op=gather_rows, inputs=(states.name,), params={"rows": (states.shape[0] - 1,)})]


@mistake(
    told="A reversible block undone in the order in which it was computed.",
    mend="Begin with what came last: x₂ first, and with x₂ then x₁.",
    after="gate-on-wrong-side",
)
def inverse_order(step: Step, tape: Tape) -> Iterable[Step]:
    """The first half is found with the second half of the result."""
    return [replace(step, inputs=("rev.y2", step.inputs[1])) if step.name == "back.f_pre" else step]


@mistake(
    told="A pass with weights of its own, where all passes share theirs.",
    mend="Go through the same block again: take the weights of the first pass.",
    after="causal-linformer",
)
def new_weights(step: Step, tape: Tape) -> Iterable[Step]:
    """Queries, keys and values of later passes are made with the other weights that are given."""
    other = f"own.W_{step.stem[-1].upper()}"
    if step.op is not matmul or not step.stem.endswith(PROJECTIONS) or other not in tape.steps:
        return [step]
    return [step if step.layer == "blocks.0" else replace(step, inputs=(step.inputs[0], other))]


# ---- its picture ----

GLASS, DEEP, PLANE = 10.0, 22.0, 3.4  # the width and the height of a glass, and the unit of a plane


@picture(height=36, minutes=2)
def glasses(on: Canvas, poured: Rows, weights: Rows, states: Rows, mixture: Rows) -> None:
    """A glass for each pass, in which the weights so far stand, up to the rim; and the states as points, with their
    mixture.

    poured: what each pass would pour in. weights: what there is room for.
    """
    own, wanted = ([Fraction(x) for x in rows[0]] for rows in (weights, poured))
    marks = min(10, max(x.denominator for x in own))  # decimals have larger denominators
    fits = len(own) == len(states) == 3 and all(len(row) == 2 for row in states) and sum(own) == 1 and min(own) > 0
    if not fits or any(not -3 <= x <= 4 for row in states for x in row):
        raise UndrawableError("three passes whose weights add up to 1, and states of two numbers from −3 to 4")
    top = 7.0
    for k, weight in enumerate(own):
        x, before = 9.0 + 17 * k, sum(own[:k], Fraction(0))
        on.text(x, 4.0, on.say("pictures.glasses.pass", n=k + 1), CAPTION)
        old, new = (DEEP * float(part) for part in (before, weight))
        if k:
            on.pen.box(x - GLASS / 2, top + DEEP - old, GLASS, old, width=0.4, fill=LIGHT)
        on.pen.box(x - GLASS / 2, top + DEEP - old - new, GLASS, new, width=0.4, fill=PEN_AREA)
        if wanted[k] > weight:
            over = DEEP * float(wanted[k] - weight)
            on.pen.box(x + GLASS / 2 + 1, top + DEEP - old - new, 2.4, over, width=GUIDE, dash=DASH)
        for mark in range(1, marks):
            y = top + DEEP * mark / marks
            on.line((x - GLASS / 2, y), (x - GLASS / 2 + 2.2, y), width=AXIS)
        on.line((x - GLASS / 2, top), (x + GLASS / 2, top), width=GUIDE, dash=DASH, colour=PALE)
        left, right, bottom = x - GLASS / 2, x + GLASS / 2, top + DEEP
        on.line((left, top), (left, bottom), (right, bottom), (right, top), width=FRAME)
    on.text(26, 33.6, on.say("pictures.glasses.marks", n=marks), CAPTION, colour=GREY)

    def at(point: Sequence[Any]) -> tuple[float, float]:
        return 58.6 + PLANE * (float(point[0]) + 3), 5.0 + PLANE * (4 - float(point[1]))

    on.plane(at, (-3, -3), (4, 4))
    on.line(*map(at, states), width=GUIDE, dash=DASH, colour=GREY, closed=True)
    on.pen.disc(*at(mixture[0]))
    for k, (x, y) in enumerate(map(at, states), 1):
        on.disc(x, y, 2.0, fill=WHITE, width=BOX)
        on.text(x, y + 1.0, str(k), CAPTION)
    on.text(70.5, 33.6, on.say("pictures.glasses.states"), CAPTION, colour=GREY)
    spots = ", ".join(f"({listed(row)})" for row in states)
    levels = listed([sum(own[: k + 1], Fraction(0)) for k in range(3)])
    on.said(
        on.say("pictures.glasses.said", n=marks, states=spots), on.say("pictures.glasses.to_do"),
        on.say("pictures.glasses.key", levels=levels, left=value_text(own[-1]), mixture=listed(mixture[0])),
    )  # fmt: skip
