"""A mixture of experts: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import product
from math import sqrt

import numpy as np

from byhand.errors import ConfigError
from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.counts import product_of
from byhand.model.layers import last_row, mixed, only_largest, routed
from byhand.model.registry import Results, model
from byhand.notation.text import value_text
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import WEIGHTS, distinct, grid, natural
from byhand.numbers.promises import look_most_elsewhere, sheet_promise
from byhand.numbers.registry import Entries, Task, exactly
from byhand.numbers.scores import different, only
from byhand.ops.linear import matmul, multiply, row_dots
from byhand.ops.norms import column_mean
from byhand.ops.shapes import vstack
from byhand.pictures.canvas import AXIS, BOX, CAPTION, DASH, GREY, GUIDE, LIGHT, PALE, STROKE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("mixture-of-experts", part="mlp")
def _steps(build: Builder) -> Results:
    """A router that gives each token to a few of several networks, and what the last token takes from these; what it
    would take from all. Also how evenly the networks are asked, and how many parameters are there and at work.

    Source: Fedus, Zoph & Shazeer 2022, for the balance.
    """
    c, at, tape = build.config, "blocks.0.mlp", build.tape
    if not c.num_experts:
        raise ConfigError("num_experts=0 leaves no expert to ask; use 3, with experts_per_token=2")
    x = build.stream("x", "mlp")
    weights = routed(x, at, c)
    shares = tape[f"{at}.router_probs"]
    word, chosen, every = (
        last_row(rows, f"last.{name}") for name, rows in (("x", x), ("weights", weights), ("shares", shares))
    )
    out = mixed(word, chosen, at, c, "last.out")  # (1, d_model)
    said = (tape[f"{at}.experts.{e}.out"] for e in range(c.num_experts))
    together = vstack(*said, name="all.said", sizes={"i": (c.num_experts, "expert")})
    dense = matmul(every, together, name="all.out")
    first = column_mean(only_largest(shares, "first.kept", "first.chosen", 1), name="balance.first")
    likely = column_mean(shares, name="balance.mean")  # (1, expert)
    balance = multiply(row_dots(first, likely, name="balance.dot"), name="balance", times=c.num_experts)
    size = build.count("expert_size", c.network_size, 2)
    counts = (
        product_of(size, build.size(name, 2), name=f"count.{kind}")
        for kind, name in (("all", "num_experts"), ("active", "experts_per_token"))
    )
    return out, dense, balance, *counts


# ---- the same, written down a second time ----


@wiring("mixture-of-experts")
def _second(w: Wiring) -> None:
    """The experts of the last row alone, by the router's shares of two and of all (Jiang et al. 2024); and the
    balance N · Σ f P of first choices and mean shares (Fedus et al. 2022, section 2.2).
    """
    at, count, last = "blocks.0.mlp", w.config["num_experts"], [w.shapes["x"][0] - 1]
    weights, shares = w.routed("x", at), f"{at}.router_probs"
    for name, rows in (("x", "x"), ("weights", weights), ("shares", shares)):
        w(f"last.{name}", "gather_rows", rows, rows=last)
    w.mixed("last.x", "last.weights", at, "last.out")
    said = w("all.said", "vstack", *(f"{at}.experts.{e}.out" for e in range(count)))
    w("all.out", "matmul", "last.shares", said)
    f = w("balance.first", "column_mean", w.top(shares, "first.kept", "first.chosen", 1))
    dot = w("balance.dot", "row_dots", f, w("balance.mean", "column_mean", shares))
    w("balance", "multiply", dot, times=count)
    w("count.all", "multiply", "expert_size", "num_experts")
    w("count.active", "multiply", "expert_size", "experts_per_token")


# ---- its numbers ----

MLP = "blocks.0.mlp"
EXPERTS = 3
LONGEST_BALANCE = 14  # its denominator
WORDS = grid(4, 2)[((grid(4, 2) != 0).sum(1) > 2) & ((abs(grid(4, 2)) > 1).sum(1) < 3)]


def _balance_is_short(run: Candidates) -> Bools:
    """The balance is not even, and a short fraction. The words look natural, and not all have the same gaps between
    their logits; the last one's are 1. Different experts come first.
    """
    x, logits, balance = run("x"), run(f"{MLP}.router"), run("balance")[:, 0, 0]
    ok: Bools = natural(x, 10, 40) & (different(x.swapaxes(1, 2)).min(1) > 2) & (different(logits.max(2)) > 1)
    gaps, first = np.ptp(logits, 2), logits.argmax(2)
    ok &= (different(gaps) > 1) & (gaps[:, -1] == 2) & (different(first) > 1)
    ok &= (balance > 1) & (run.denominators("balance")[:, 0, 0] <= LONGEST_BALANCE)
    return ok


def _network_is_small(run: Candidates, e: int) -> Bools:
    """Of what an expert says of the last word, three numbers or more are not 0, and all are small."""
    pre, said = run(f"{MLP}.experts.{e}.hook_pre")[:, 0], run(f"{MLP}.experts.{e}.out")[:, 0]
    ok: Bools = (pre > 0).any(1) & (abs(pre) <= 3).all(1) & ((said != 0).sum(1) > 2) & (abs(said).sum(1) < 10)
    return ok & (abs(said) <= 6).all(1)


def _experts_differ(run: Candidates) -> Bools:
    """A unit of the two experts that the last word takes from is silent. No row that is printed gives away what an
    expert says, or the word's share of it.
    """
    asked, experts = run("last.weights")[:, 0] > 0, [f"{MLP}.experts.{e}" for e in range(EXPERTS)]
    silent = np.concatenate([(run(f"{expert}.hook_pre") < 0).any(2) for expert in experts], 1)
    ok: Bools = distinct(run("all.said")) & (asked & silent).any(1)
    for printed, expert, part in product(experts, experts, ("out", "share")):
        ok &= ~(run(f"{printed}.W_out") == run(f"{expert}.{part}")).all(2).any(1)
    return ok


def _network(run: Candidates, dice: Dice, e: int) -> Entries:
    """The weights of an expert; in each of both matrices, at most one is 2 or −2."""
    both = (dice.choices(WEIGHTS, run.count, *shape) for shape in ((4, 2), (2, 4)))
    w_in, w_out = (only(w, natural(w, 10, 40) & ((abs(w) > 1).sum((1, 2)) < 2)) for w in both)
    return {f"{MLP}.experts.{e}.W_in": w_in, f"{MLP}.experts.{e}.W_out": w_out}


@draw("mixture-of-experts", like_sheet=True, requires=[
    exactly(4, d_model=4, d_mlp=2, num_experts=EXPERTS, experts_per_token=2, act_fn="relu", gated_mlp=False),
], fits=[_balance_is_short], count=300, then=[
    *((partial(_network, e=e), [partial(_network_is_small, e=e)]) for e in range(EXPERTS)), ((), [_experts_differ]),
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """A router, and words for which its logits are three neighbouring whole numbers, or −2, 0 and 2: shares are
    sevenths then, or 21sts, and the balance can be short.
    """
    gate = dice.choices(WEIGHTS, count, 4, EXPERTS)
    gate = only(gate, natural(gate, 20, 45))
    logits = WORDS @ gate  # (count, word, 3)
    ordered = np.sort(logits, 2)
    fit = np.isin(np.diff(ordered, axis=2), (1, 2)).all(2) & (np.ptp(np.diff(ordered, axis=2), 2) == 0)
    fit &= abs(logits).max(2) <= 2
    x = dice.choices_each(WORDS, fit, 4)
    first = (x @ gate).argmax(2)
    apart = first[:, 0] != first[:, -1]
    return {f"{MLP}.W_gate": only(gate, apart), "x": only(x, apart)}


@sheet_promise
def words_differ_in_their_first_expert(tape: Tape) -> bool:
    """The first word and the last one do not ask the same expert first."""
    first, *_, last = tape.values("blocks.0.mlp.router")
    return look_most_elsewhere(first, last)


@sheet_promise
def experts_share_the_work(tape: Tape) -> bool:
    """No word has two equal shares for its experts, and not all words have the same shares. Every expert is asked by
    a word, and several come first, but not all equally often. What the last word takes is not what one of its experts
    says, nor what all do together.
    """
    shares, weights = (tape.values(f"blocks.0.mlp.{name}") for name in ("router_probs", "hook_expert_weights"))
    said = {*tape.values("all.said"), *tape.values("last.out"), *tape.values("all.out")}
    clear = all(len({*row}) == len(row) for row in shares)
    asked = all(map(any, zip(*weights, strict=True)))
    apart = min(len({tuple(sorted(row)) for row in shares}), len({row.index(max(row)) for row in shares})) > 1
    return clear and asked and apart and tape.values("balance")[0][0] > 1 and len(said) == len(shares[0]) + 2


# ---- its mistakes ----


@mistake(
    told="The balance not multiplied by the number of experts.",
    mend="Multiply by the number of experts, so that 1 means that all are asked equally.",
    after="all-experts",
)
def balance_without_n(step: Step, tape: Tape) -> Iterable[Step]:
    """The sum of the products stays as it is."""
    return [skipped(step) if step.name == "balance" else step]


# ---- its picture ----

LAMP = 2.7  # the radius of a lamp; that of its light is this, times the root of the share


@picture(height=44, minutes=2, target=2 * LAMP)
def switchboard(on: Canvas, weights: Rows, *, tokens: Sequence[str]) -> None:
    """A lamp for each word and expert, which shines as brightly as the word asks this expert; and the wires of the
    first word.

    weights: what each word takes from each expert, a word a row; 0 where it does not ask.
    """
    asked = [len([x for x in row if x]) for row in weights]
    if (len(weights), len(weights[0]), len(tokens)) != (4, 3, 4) or {*asked} != {2} or min(map(min, weights)) < 0:
        raise UndrawableError("four words that ask two of three experts")
    left, top, wide, high = 15.0, 6.0, 10.0, 8.4
    for n in range(3):
        on.text(left + wide * (n + 0.5), 4.2, f"E{n + 1}", TOKEN - 0.3)
    for i, (word, row) in enumerate(zip(tokens, weights, strict=True)):
        y, pen = top + high * (i + 0.5), on.pen if i else on
        on.text(left - 2, y + 1, word, TOKEN - 0.3, anchor="end")
        for n, share in enumerate(row):
            x = left + wide * (n + 0.5)
            on.box(left + wide * n, y - high / 2, wide, high, width=AXIS, colour=PALE)
            on.disc(x, y, LAMP, fill=WHITE, width=BOX)
            if share:
                pen.disc(x, y, LAMP * sqrt(float(share)))
            else:
                pen.line((x - 1.9, y + 1.9), (x + 1.9, y - 1.9), width=STROKE)
    on.text(50.6, 17.6, tokens[0], TOKEN - 0.3)
    for n, share in enumerate(weights[0]):
        y = 11.0 + 10.6 * n
        on.line((52, 21.6), (62, y), width=max(BOX, 2.4 * float(share)), dash=() if share else DASH)
        edge = {"width": BOX} if share else {"width": GUIDE, "dash": DASH, "colour": GREY}
        on.box(62, y - 3.6, 14, 7.2, fill=LIGHT if share else WHITE, **edge)
        on.text(69, y + 1, on.say("pictures.switchboard.mlp", n=n + 1), CAPTION, colour="" if share else GREY)
        on.number(79.4, y, share, TOKEN)
    on.disc(52, 21.6, 1.4)
    at_work = on.say("pictures.switchboard.at_work", words=len(tokens))
    on.text(63.4, 42.2, at_work, CAPTION, anchor="end", colour=GREY)
    on.blank(69, 41.0, sum(asked), w=8, h=6)
    lit = []
    for word, row in zip(tokens, weights, strict=True):
        shares = {n: value_text(share) for n, share in enumerate(row, 1) if share}
        lamps = (on.say("pictures.switchboard.lamp", n=n, share=share) for n, share in shares.items())
        lit.append(on.say("pictures.switchboard.lit", word=word, lamps=", ".join(lamps)))
    on.said(
        on.say("pictures.switchboard.said", first=lit[0]),
        on.say("pictures.switchboard.to_do", words=", ".join(tokens[1:]), count=len(tokens)),
        on.say("pictures.switchboard.key", others="; ".join(lit[1:]), count=sum(asked)),
    )
