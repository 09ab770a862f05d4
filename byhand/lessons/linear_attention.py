"""Attention with a state: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.layers import kernel_features, last_row, of_one_row, softmax
from byhand.model.names import ATTN
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import point_apart
from byhand.numbers.promises import dot_of, has_columns_of_their_own, look_most_elsewhere, sheet_promise
from byhand.numbers.registry import Entries, Task
from byhand.numbers.scores import LARGEST_DENOMINATOR, are_easy, draw_values, one_largest, only
from byhand.ops.attention import normalize_rows, row_sum
from byhand.ops.linear import add, copy, dot_columns, dot_rows, elu_plus_one, matmul, row_dots
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import (
    AXIS,
    BOX,
    CAPTION,
    GREY,
    GUIDE,
    LIGHT,
    NUMBER,
    PEN_AREA,
    STROKE,
    TOKEN,
    WHITE,
    Canvas,
)
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("linear-attention", part="heads", one_head=True, only=of_one_row(attention_kernel=("elu",)))
def _steps(build: Builder) -> Results:
    """Linear attention of given queries, keys and values, word by word: each word adds φ(k)ᵀ v to a state and φ(k) to
    a sum, and reads both by φ(q). Also what the last word reads by its shares of all words, and by those of softmax.

    Source: Katharopoulos et al. 2020.
    """
    c, (q, k, v) = build.config, build.head()
    asking, answering = (kernel_features(x, f"{ATTN}.phi_{letter}[0]", c) for x, letter in ((q, "q"), (k, "k")))
    words, last = range(q.rows), q.rows - 1

    def word(x: Matrix, name: str, t: int, axis: str = "") -> Matrix:
        return gather_rows(x, name=name, sizes={"i": (1, axis)}, rows=(t,))

    keys = [word(answering, f"{ATTN}.k{t}", t) for t in words]  # each (1, d_head)
    values = [word(v, f"{ATTN}.v{t}", t) for t in words]  # each (1, d_v)
    state, total = dot_columns(keys[0], values[0], name=f"{ATTN}.state0"), copy(keys[0], name=f"{ATTN}.total0")
    states = [(state, total)]
    for t in words[1:]:
        total = add(total, keys[t], name=f"{ATTN}.total{t}")
        state = add(state, dot_columns(keys[t], values[t], name=f"{ATTN}.parcel{t}"), name=f"{ATTN}.state{t}")
        states.append((state, total))  # (d_head, d_v), (1, d_head)
    results = []
    for t, (state, total) in enumerate(states):
        query = word(asking, f"{ATTN}.q{t}", t, "new" if t == last else f"word{t}")
        mixture, norm = matmul(query, state, name=f"{ATTN}.read{t}"), row_dots(query, total, name=f"{ATTN}.norm{t}")
        results.append(normalize_rows(mixture, norm, name=f"{ATTN}.out{t}"))  # (1, d_v)
    scores = dot_rows(last_row(q, "plain.q"), k, name="plain.scores")  # (1, pos)
    products = dot_rows(query, answering, name="shares.scores")
    shares = normalize_rows(products, row_sum(products, name="shares.sum"), name="shares.pattern")
    both = (
        matmul(shares, v, name="shares.z"),
        matmul(softmax(scores, "plain.pattern", c.softmax_base), v, name="plain.z"),
    )
    return *results, *both


# ---- the same, written down a second time ----


@wiring("linear-attention")
def _second(w: Wiring) -> None:
    """A state that grows by φ(k)ᵀ v and a sum that grows by φ(k), read by φ(q) (Katharopoulos et al. 2020, equations
    16 to 20); the last row by shares, and by softmax.
    """
    at, base = "blocks.0.attn", w.config["softmax_base"]
    q, k, v = (f"{at}.hook_{x}[0]" for x in "qkv")
    for x, of in (("q", q), ("k", k)):
        w(f"{at}.phi_{x}[0]", "elu_plus_one", of, base=base)
    state = total = query = ""
    last = w.shapes[q][0] - 1
    for t in range(last + 1):
        query, key, value = (
            w(f"{at}.{x}{t}", "gather_rows", f"{at}.{of}[0]", rows=[t])
            for x, of in (("q", "phi_q"), ("k", "phi_k"), ("v", "hook_v"))
        )
        parcel = w(f"{at}.parcel{t}" if t else f"{at}.state0", "dot_columns", key, value)
        state = w(f"{at}.state{t}", "add", state, parcel) if t else parcel
        total = w(f"{at}.total{t}", "add", total, key) if t else w(f"{at}.total0", "copy", key)
        read, norm = w(f"{at}.read{t}", "matmul", query, state), w(f"{at}.norm{t}", "row_dots", query, total)
        w(f"{at}.out{t}", "normalize_rows", read, norm)
    products = w("shares.scores", "dot_rows", query, f"{at}.phi_k[0]")
    w("shares.z", "matmul", w("shares.pattern", "normalize_rows", products, w("shares.sum", "row_sum", products)), v)
    scores = w("plain.scores", "dot_rows", w("plain.q", "gather_rows", q, rows=[last]), k)
    w("plain.z", "matmul", w.softmax("plain.pattern", scores), v)


# ---- its numbers ----

LARGEST_NORM = 9  # what a word reads is divided by it


def _has_three_words(task: Task) -> str:
    given = task.values.inputs.get(f"{ATTN}.hook_q[0]", ())
    sizes = task.n, len(given[0]) if given else 0, task.config.d_v
    return "" if sizes == (3, 2, 2) else "numbers are chosen for three tokens, and queries and values of two numbers"


def _norms_are_whole(run: Candidates) -> Bools:
    """A query times the sum of the keys is a small whole number for the last two words."""
    norms = np.concatenate([run(f"{ATTN}.norm{t}") for t in (1, 2)], 1)
    return np.asarray(((norms % 1 == 0) & (norms <= LARGEST_NORM)).all((1, 2)))


def _shares_are_easy(run: Candidates) -> Bools:
    """The last word's shares are easy, with a kernel and with softmax, and are largest for different words."""
    plain, shares = run("plain.scores")[:, 0], run("shares.pattern")[:, 0]
    ok: Bools = are_easy(plain, run.base) & _are_small(run, "shares.pattern")
    ok &= one_largest(plain) & one_largest(shares) & (plain.argmax(1) != shares.argmax(1))
    return ok


def _reads_are_small(run: Candidates) -> Bools:
    """What is written into the state and read from it is small, and a word reads two different numbers."""
    words = [f"{name}{t}" for name in ("state", "read", "out") for t in range(3) if name != "out" or t]
    ok: Bools = np.logical_and.reduce([_are_small(run, f"{ATTN}.{name}") for name in words])
    for t in (1, 2):
        read = run(f"{ATTN}.read{t}")
        ok &= read[:, 0, 0] != read[:, 0, 1]
    return ok


@draw(
    "linear-attention", like_sheet=True, requires=[_has_three_words],
    fits=[_norms_are_whole, _shares_are_easy], then=[([f"{ATTN}.hook_v[0]"], [_reads_are_small])],
)  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Queries and keys (3, 2), with numbers above and below 0, and values."""
    q, k = (dice.below(4, count, 3, 2) - 1 for _ in "qk")
    q, k = (only(x, (x < 0).any((1, 2)) & (x > 0).any((1, 2)) & point_apart(x)) for x in (q, k))
    rows = {"q": q, "k": k, "v": draw_values(dice, count, 3, 2)}
    return {f"{ATTN}.hook_{letter}[0]": x for letter, x in rows.items()}


def _are_small(run: Candidates, name: str) -> Bools:
    """Whether all values of a step are small whole numbers or fractions."""
    below = run.denominators(name)
    above = abs(run(name)) * below
    return np.asarray(((below <= LARGEST_DENOMINATOR) & (above < np.where(below == 1, 9.5, 19.5))).all((1, 2)))


@sheet_promise
def state_grows_and_shares_are_clear(tape: Tape) -> bool:
    """No parcel and no state holds more than one 0. The second word's key has two numbers, and one of the first rows,
    which are printed, has a number below 1, made of a negative one. The last word looks most at one word, with shares
    of a kernel and with softmax, and the shares differ. What the second word would read from the last state, too, are
    whole numbers or fractions of one digit, and not what the last word reads.
    """
    at = "blocks.0.attn"
    packed = ("state0", "parcel1", "state1", "parcel2", "state2")
    grown = [sum(row.count(0) for row in tape.values(f"{at}.{name}")) for name in packed]
    shares, plain = (tape.values(f"{name}.pattern")[0] for name in ("shares", "plain"))
    query, state, total = (tape.values(f"{at}.{name}") for name in ("q1", "state2", "total2"))
    read_of = [dot_of(query[0], column) for column in (*zip(*state, strict=True), total[0])]
    too_early = [Fraction(x) / read_of[-1] for x in read_of[:-1]]
    easy = all(max(abs(x.numerator), x.denominator) < 10 for x in too_early)
    easy &= too_early != [*tape.values(f"{at}.out2")[0]]
    printed = [*tape.values(f"{at}.q0")[0], *tape.values(f"{at}.k0")[0]]
    easy &= has_columns_of_their_own(tape.values(f"{at}.k1")) and min(printed) < 1
    return max(grown) <= 1 and easy and look_most_elsewhere(shares, plain)


# ---- its mistakes ----


@mistake(
    told="A word that reads a state to which later words have added.",
    mend="Read the state as it is when the word has just added its own: what comes later is not known.",
    after="keys-at-any-length",
)
def state_includes_future(step: Step, tape: Tape) -> Iterable[Step]:
    """Every word reads the state and the sum of all words."""
    match = re.fullmatch(r"(.*\.)(read|norm)\d+", step.name)
    if match is None or step.op not in (matmul, row_dots):
        return [step]
    kind = {"read": "state", "norm": "total"}[match[2]]
    last = max(int(name.rpartition(kind)[2]) for name in tape.steps if re.fullmatch(rf".*\.{kind}\d+", name))
    return [replace(step, inputs=(step.inputs[0], f"{match[1]}{kind}{last}"))]


@mistake(
    told="What is read from the state not divided by the sum that belongs to it.",
    mend="Divide by the query times the sum of the keys: then the shares add up to 1.",
    after="keys-at-any-length",
)
def no_normaliser(step: Step, tape: Tape) -> Iterable[Step]:
    """A word keeps what it reads as it is."""
    return [skipped(step) if re.fullmatch(r".*attn\.out\d+", step.name) else step]


@mistake(
    told="The product of query and key taken under φ, in place of each of them.",
    mend="Take φ of the query and φ of the key first, and multiply then.",
    after="keys-at-any-length",
)
def phi_of_product(step: Step, tape: Tape) -> Iterable[Step]:
    """The ordinary dot products are made positive."""
    if step.name != "shares.scores":
        return [step]
    base = next(s.params["base"] for s in tape.steps.values() if s.op is elu_plus_one)
    return [replace(step, op=elu_plus_one, inputs=("plain.scores",), params={"base": base})]


# ---- its picture ----

CASE, MANY = 15.0, 100  # the width of a suitcase, and how many words are many


@picture(height=40, minutes=2, target=2.4)
def suitcase(on: Canvas, *states: Rows) -> None:
    """A suitcase, the state, into which each word packs its parcel; what it holds does not grow. Below it a cache, to
    which each word adds its key and its value.

    states: the state after each word.
    """
    rows, cols = len(states[0]), len(states[0][0])
    if len(states) != 3 or (rows, cols) != (2, 2):
        raise UndrawableError("three states of two by two numbers have room")
    packed, kept = rows * cols + rows, rows + cols
    on.text(0, 3.4, on.say("pictures.suitcase.after"), CAPTION, anchor="start", colour=GREY)
    on.text(0, 16.0, on.say("pictures.suitcase.state"), CAPTION, anchor="start", colour=GREY)
    on.text(0, 30.6, on.say("pictures.suitcase.cache"), CAPTION, anchor="start", colour=GREY)
    for t in range(4):
        x, pen = 20.0 + 17.4 * t, on.pen if t else on
        count = t + 1 if t < 3 else MANY
        on.text(x + CASE / 2, 3.4, on.say(f"pictures.suitcase.{'words' if t else 'word'}", n=count), CAPTION)
        on.box(x + CASE / 2 - 2.4, 6.0, 4.8, 2.0, width=STROKE, rx=0.8)
        on.box(x, 8.0, CASE, 8.6, width=BOX, rx=1.2, fill=LIGHT)
        for cell in range(packed):
            on.box(x + 1.5 + 4 * (cell % 3), 9.0 + 3.3 * (cell // 3), 4, 3.3, width=AXIS, fill=WHITE)
        for y, number, printed in ((20.0, packed, False), (36.6, kept * count, not t)):
            if printed:
                on.number(x + CASE / 2, y, number, TOKEN)
            else:
                on.blank(x + CASE / 2, y, number, w=10, h=5.6, size=TOKEN)
        for card in range(3 if t < 3 else 0):
            for cell in range(kept):
                left, top = x + 1.5 + 3 * cell, 24.4 + 2.9 * card
                if card <= t:
                    pen.box(left, top, 3, 2.4, width=GUIDE if t else AXIS, fill=PEN_AREA if t else LIGHT)
                on.box(left, top, 3, 2.4, width=AXIS, colour=GREY)
        if t == 3:
            on.text(x + CASE / 2, 29.6, "…", NUMBER)
    told = {"packed": packed, "kept": kept, "many": MANY}
    counts = listed([kept * count for count in (2, 3, MANY)])
    on.said(
        on.say("pictures.suitcase.said", **told), on.say("pictures.suitcase.to_do", **told),
        on.say("pictures.suitcase.key", counts=counts, **told),
    )  # fmt: skip
