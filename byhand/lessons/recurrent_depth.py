"""The same block again: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
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
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import distinct
from byhand.numbers.promises import has_columns_of_their_own, look_most_elsewhere, sheet_promise, transposed
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import LARGEST_DENOMINATOR, REACH, one_largest, only, totals
from byhand.ops.chance import halting_weights, ponder_cost
from byhand.ops.linear import add, matmul, sigmoid
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import AXIS, BOX, CAPTION, DASH, FRAME, GREY, GUIDE, LIGHT, PALE, PEN_AREA, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

# ---- the model ----


@model("recurrent-depth", part="heads", one_head=True, only=of_one_row(share_layers=(True,)))
def _steps(build: Builder) -> Results:
    """The same head of attention again in each of n_layers passes, its values added to the stream. Where they are
    given: what the last word takes from the last pass if that has weights of its own, `own.W_Q`, `own.W_K` and
    `own.W_V`; and the states `halt.states` of several passes, mixed by the logits of halting after each,
    `halt.logits`.

    Source: Dehghani et al. 2018; Graves 2016.
    """
    c, x = replace(build.config, share_layers=True), build.stream(RESID_PRE)
    before = x
    for n in range(c.n_layers):
        before, x = x, add(x, head(x, f"blocks.{n}.attn", 0, c), name=f"pass{n}")
    results = [x]
    if "own.W_Q" in build.tape.numbers:
        axes = {"Q": ("d_model", "d_head"), "K": ("d_model", "d_head"), "V": ("d_model", "d_v")}
        w_q, w_k, w_v = (build.matrix(f"own.W_{letter}", pair) for letter, pair in axes.items())
        row = last_row(before, "own.row")  # (1, d_model)
        keys, values = matmul(before, w_k, name="own.k"), matmul(before, w_v, name="own.v")
        results.append(add(row, read(matmul(row, w_q, name="own.q"), keys, values, "own", c), name="own.x"))
    if "halt.logits" in build.tape.numbers:
        states = build.matrix("halt.states", ("pass", "place"))
        p = sigmoid(build.matrix("halt.logits", ("", "pass")), name="halt.p", base=c.softmax_base)
        weights = halting_weights(p, name="halt.weight")
        results += matmul(weights, states, name="halt.state"), ponder_cost(weights, name="halt.ponder")
    return tuple(results)


# ---- the same, written down a second time ----


@wiring("recurrent-depth")
def _second(w: Wiring) -> None:
    """The same head in each pass (Dehghani et al. 2018); halting (Graves 2016)."""
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


# ---- its numbers ----

LARGEST_POWER = 9  # and one over it is the smallest
PARTS = 60  # every probability of halting is so many sixtieths


def _is_easy(run: Candidates, scores: Ints, z: str) -> Bools:
    """Whether rows of scores (count, n) have one largest, small powers and easy shares, and make short fractions."""
    below = run.denominators(z)[:, -1]
    small = run.base ** np.minimum(abs(scores), 6) <= LARGEST_POWER
    ok: Bools = small.all(1) & (totals(scores, run.base) <= LARGEST_DENOMINATOR) & one_largest(scores)
    ok &= (below < 8).all(1) & (abs(run(z)[:, -1]) * below < 19.5).all(1)
    return ok


def _first_pass_is_whole(run: Candidates) -> Bools:
    """The first pass has small whole numbers, which differ from word to word, and makes small values."""
    once = run("pass0")
    ok: Bools = (
        (once % 1 == 0).all((1, 2)) & (abs(once) <= 4).all((1, 2)) & distinct(once) & (once != 0).any(2).all(1)
    )
    return ok & (abs(run("blocks.1.attn.hook_v[0]")) <= 6).all((1, 2))


def _second_pass_is_easy(run: Candidates) -> Bools:
    """In the second pass, the shares of each word are easy."""
    scores = run("blocks.1.attn.scores_raw[0]")
    easy = [_is_easy(run, scores[:, t, : t + 1], "blocks.1.attn.hook_z[0]") for t in range(scores.shape[1])]
    return np.asarray(np.logical_and.reduce(easy))


def _own_weights_are_easy(run: Candidates) -> Bools:
    """So are the shares of the last word with weights of its own, which make small values."""
    ok: Bools = (abs(run("own.v")) <= 6).all((1, 2)) & (run("own.W_V") != run(f"{ATTN}.W_V[0]")).any((1, 2))
    return ok & _is_easy(run, run("own.scores")[:, 0], "own.z")


def _halting_is_short(run: Candidates) -> Bools:
    """Three states, wide apart, have a mixture of short fractions, also where the last one weighs too much; that one
    weighs not what another does.
    """
    states, weights = run("halt.states"), run("halt.weight")[:, 0]
    (a, b), (c, d) = (states[:, t].T - states[:, 0].T for t in (1, 2))
    too_much = np.rint(PARTS * run("halt.p")).astype(np.int64) @ states
    ok: Bools = (abs(a * d - b * c) > 14) & (weights[:, :2] != weights[:, 2:]).all(1)
    ok &= (run("halt.state") != 0).all((1, 2)) & (PARTS // np.gcd(too_much, PARTS) <= LARGEST_DENOMINATOR).all((1, 2))
    for name in ("halt.weight", "halt.state"):
        ok &= (run.denominators(name) <= LARGEST_DENOMINATOR).all((1, 2))
    return ok


@draw("recurrent-depth", like_sheet=True, requires=[
    exactly(3, d_model=2, d_head=1, d_v=2, n_layers=2, attention_dir="causal", use_attn_scale=False),
], fits=[_first_pass_is_whole, _second_pass_is_easy], then=[
    (["own.W_Q", "own.W_K", "own.W_V"], [_own_weights_are_easy]),
    (["halt.logits", "halt.states"], [_halting_is_short]),
], count=8000)  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """A stream (3, 2) of which the second number is 0, the only one that queries are made from: so all words share
    equally in the first pass. Also weights of a block's own, and logits and states of three passes.
    """

    def weights(*shape: int) -> Ints:
        return dice.below(5, count, *shape) - REACH

    def turned(w: Ints) -> Ints:
        """Only weights (…, 2, 2) with few zeros, of which the transposed are others."""
        return only(w, ((w != 0).sum((-2, -1)) > 2).reshape(-1) & (w[..., 0, 1] != w[..., 1, 0]).reshape(-1))

    x, w_q = np.zeros((count, 3, 2), dtype=np.int64), np.zeros((count, 1, 2, 1), dtype=np.int64)
    words, states = dice.below(7, count, 3) - 3, dice.below(8, count, 3, 2) - 3
    x[:, :, 0] = only(words, (words != 0).all(1) & distinct(words[:, :, None]))
    w_q[:, 0, 1] = 2 * dice.below(2, count, 1) - 1
    w_k, w_v, own_q = weights(1, 2, 1), turned(weights(1, 2, 2)), weights(2, 1)
    return {
        RESID_PRE: x, f"{ATTN}.W_Q": w_q, f"{ATTN}.W_K": only(w_k, w_k.all((1, 2, 3))),
        f"{ATTN}.W_V": only(w_v, w_v[:, 0, 0].all(1)),
        "own.W_Q": only(own_q, own_q.all((1, 2))), "own.W_K": weights(2, 1), "own.W_V": turned(weights(2, 2)),
        "halt.logits": weights(1, 3), "halt.states": only(states, states[:, 2].all(1)),
    }  # fmt: skip


LEAST_OVER = Fraction(1, 6)  # of the last pass's probability, for which there is no room


@sheet_promise
def passes_differ_though_weights_do_not(tape: Tape) -> bool:
    """W_Q reads only the second number of a word, which is 0 in all, so that the first pass has only 0 as queries.
    In the second, the last word looks most at one word, and with weights of its own at another one. No word has only
    0 as values, and no dimension; from the second pass on, no dimension has the values of the other, and with weights
    of its own the last word takes more than 0. Two passes leave a part of the last one's weight, and a sixth or more
    of it finds no room.
    """
    first, _ = tape.values("blocks.0.attn.W_Q[0]")
    asks_nothing = not any(first) and not any(row[1] for row in tape.values("blocks.0.hook_resid_pre"))
    patterns = tape.values("blocks.1.attn.hook_pattern[0]")[-1], tape.values("own.pattern")[0]
    p, weights = tape.values("halt.p")[0], tape.values("halt.weight")[0]
    values = [tape.values(f"{at}.hook_v[0]") for at in ("blocks.0.attn", "blocks.1.attn")] + [tape.values("own.v")]
    full = all(any(side) for rows in values for side in (*rows, *transposed(rows)))
    full &= all(map(has_columns_of_their_own, values[1:])) and any(tape.values("own.z")[0])
    over = weights[-1] > 0 and weights[-1] + LEAST_OVER <= p[-1]
    return asks_nothing and look_most_elsewhere(*patterns) and full and over


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
    shares, wanted = ([Fraction(x) for x in rows[0]] for rows in (weights, poured))
    marks = min(10, max(x.denominator for x in shares))  # decimals have larger denominators
    fits = (
        len(shares) == len(states) == 3
        and all(len(row) == 2 for row in states)
        and sum(shares) == 1
        and min(shares) > 0
    )
    if not fits or any(not -3 <= x <= 4 for row in states for x in row):
        raise UndrawableError("three passes whose weights add up to 1, and states of two numbers from −3 to 4")
    top = 7.0
    for k, weight in enumerate(shares):
        x, before = 9.0 + 17 * k, sum(shares[:k], Fraction(0))
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
    levels = listed([sum(shares[: k + 1], Fraction(0)) for k in range(3)])
    on.said(
        on.say("pictures.glasses.said", n=marks, states=spots), on.say("pictures.glasses.to_do"),
        on.say("pictures.glasses.key", levels=levels, left=value_text(shares[-1]), mixture=listed(mixture[0])),
    )  # fmt: skip
