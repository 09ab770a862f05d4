"""Heads that share keys: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from msgspec.structs import replace

from byhand.errors import ValuesError
from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.counts import product_of
from byhand.model.layers import softmax
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Bools, Dice, Ints
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import distinct, grid
from byhand.numbers.promises import look_most_elsewhere, sheet_promise
from byhand.numbers.registry import Entries, Task
from byhand.numbers.scores import REACH, are_easy, one_largest, only, powers
from byhand.ops.linear import row_dots, scale_rows
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import AXIS, BOX, CAPTION, GREY, LIGHT, PEN_AREA, STROKE, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("grouped-query-attention", part="heads")
def _steps(build: Builder) -> Results:
    """Heads of one number each, which ask for one word: in groups, each of which reads one card of keys and values;
    some of them also with cards of their own. And how many numbers of a word are kept.

    attn.q: (head, 1). attn.k, attn.v: (group, pos). own.k, own.v: the cards of the last head of each group.

    Source: Ainslie et al. 2023.
    """
    base, q, cards = build.config.softmax_base, build.matrix("attn.q", ("head", "")), ("group", "pos")
    k, v = (build.matrix(f"attn.{x}", cards) for x in "kv")
    if build.config.n_key_value_heads not in (0, k.rows):
        problem = (
            f"attn.k has {k.rows} rows, one for each group, and n_key_value_heads={build.config.n_key_value_heads}"
        )
        raise ValuesError(f"{problem}; give as many, or leave it out")
    each = q.rows // k.rows  # as many heads read a card

    def mixed(at: str, asking: Matrix, keys: Matrix, values: Matrix) -> Matrix:
        """What each head reads with its own row of keys and of values. Shapes: (head, 1), (head, pos) → (head, 1)."""
        scores = scale_rows(keys, asking, name=f"{at}.scores")
        return row_dots(softmax(scores, f"{at}.pattern", base), values, name=f"{at}.z")

    heads = {"i": (q.rows, "head")}
    keys, values = (
        gather_rows(x, name=f"attn.{name}", sizes=heads, rows=tuple(h // each for h in range(q.rows)))
        for x, name in ((k, "keys"), (v, "values"))
    )
    results = [mixed("attn", q, keys, values)]
    if "own.k" in build.tape.numbers:
        last = tuple(range(each - 1, q.rows, each))
        asking = gather_rows(q, name="own.q", sizes={"i": (len(last), "own")}, rows=last)
        results.append(mixed("own", asking, *(build.matrix(f"own.{x}", ("own", "pos")) for x in "kv")))
    card = product_of(
        build.size("d_head", 2), name="count.card", times=2
    )  # a key and a value, each of d_head numbers
    counts = {"own": ("n_heads", q.rows), "shared": ("n_key_value_heads", k.rows)}
    kept = (product_of(card, build.count(*count, 2), name=f"count.{name}") for name, count in counts.items())
    return *results, *kept


# ---- the same, written down a second time ----


@wiring("grouped-query-attention")
def _second(w: Wiring) -> None:
    """Query heads in groups, in order, each of which shares a row of keys and of values (Ainslie et al. 2023)."""
    heads, groups = (w.shapes[name][0] for name in ("attn.q", "attn.k"))
    shared = [group for group in range(groups) for _ in range(heads // groups)]
    for x, name in (("k", "keys"), ("v", "values")):
        w(f"attn.{name}", "gather_rows", f"attn.{x}", rows=shared)
    last_of_groups = [h for h in range(heads) if h + 1 == heads or shared[h] != shared[h + 1]]
    w("own.q", "gather_rows", "attn.q", rows=last_of_groups)
    for at, keys, values in (("attn", "attn.keys", "attn.values"), ("own", "own.k", "own.v")):
        scores = w(f"{at}.scores", "scale_rows", keys, f"{at}.q")
        w(f"{at}.z", "row_dots", w.softmax(f"{at}.pattern", scores), values)
    card = w("count.card", "multiply", "d_head", times=2)
    w("count.own", "multiply", card, "n_heads")
    w("count.shared", "multiply", card, "n_key_value_heads")


# ---- its numbers ----


def _has_four_heads(task: Task) -> str:
    given = task.values.inputs
    shapes = [(len(given[name]), len(given[name][0])) for name in ("attn.q", "attn.k") if name in given]
    return "" if shapes == [(4, 1), (2, 3)] else "numbers are chosen for four heads, two groups and three words"


def _with_another_card(run: Candidates) -> Ints:
    """The scores (count, 2, 3) of the second and the third head with the other group's card, a classic mistake."""
    return np.asarray(run("attn.q")[:, 1:3] * run("attn.k")[:, [1, 0]])


def _shares_are_easy(run: Candidates) -> Bools:
    """Each head looks most at one word, the two of a group at different ones, and all shares are easy, also with a
    card of a head's own.
    """
    scores, wrong = np.concatenate((run("attn.scores"), run("own.scores")), 1), _with_another_card(run)
    easy = are_easy(np.concatenate((scores, wrong), 1) if run.base == 2 else scores, run.base)
    best = scores.argmax(2)
    clear = one_largest(scores).all(1) & (best[:, 0] != best[:, 1]) & (best[:, 2] != best[:, 3]) & (best[:, 2] != 1)
    clear &= (best[:, [1, 3]] != best[:, 4:]).any(1)
    return np.asarray(easy.all(1) & clear)


def _mixtures_differ(run: Candidates) -> Bools:
    """With another card, a head would get another mixture; and so would heads of one group."""
    parts, z, own_z = powers(_with_another_card(run), run.base), run("attn.z")[..., 0], run("own.z")[..., 0]
    wrong = (parts * run("attn.v")[:, [1, 0]]).sum(2) / parts.sum(2)
    apart = (z[:, 1:3] != wrong).all(1) & (z[:, 1::2] != own_z).all(1)
    return np.asarray(apart & (z[:, ::2] != z[:, 1::2]).all(1) & (own_z[:, 0] != own_z[:, 1]))


@draw("grouped-query-attention", like_sheet=True, requires=[_has_four_heads], fits=[_shares_are_easy], then=[
    (["attn.v", "own.v"], [_mixtures_differ]),
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Four queries of one number, two cards of keys and of values for three words, and two more cards."""
    asking, keys, base = np.array([-2, -1, 1, 2]), grid(3, REACH), whole_base(task.config)
    scores = asking[:, None, None] * keys
    keys = keys[(are_easy(scores, base) & one_largest(scores)).any(0)]  # each fits a query
    q, k, v = dice.choices(asking, count, 4, 1), dice.choices(keys, count, 4), dice.below(9, count, 4, 3) - 4
    q = only(q, q[:, 1, 0] != q[:, 2, 0])
    k = only(k, distinct(k) & (k[:, :2].sum(2) != 0).all(1))
    v = only(v, distinct(v) & ((np.ptp(v, 2) > 0) & (abs(v).sum(2) > 2)).all(1))
    return {"attn.q": q, "attn.k": k[:, :2], "own.k": k[:, 2:], "attn.v": v[:, :2], "own.v": v[:, 2:]}


@sheet_promise
def sharing_moves_a_look(tape: Tape) -> bool:
    """With a card of its own, the second head or the fourth looked most at another word. Heads 2 and 3, which read
    the wrong card if cards are dealt out in turn, ask differently. No card has keys that add up to 0: then a sum of 0
    would be right for any query.
    """
    now, own = tape.values("attn.pattern")[1::2], tape.values("own.pattern")
    queries, keys = [q for (q,) in tape.values("attn.q")], tape.values("attn.k")
    moved = any(look_most_elsewhere(one, other) for one, other in zip(own, now, strict=True))
    return moved and queries[1] != queries[2] and all(map(sum, keys))


@sheet_promise
def heads_of_a_group_differ(tape: Tape) -> bool:
    """Each head looks most at one word, the two of a group at different words, and at least three heads have patterns
    of their own. The cards differ in keys and in values, and heads 2 and 4 look otherwise with cards of their own. No
    card has the same value for all words.
    """
    pattern, own_pattern = (tape.values(f"{name}.pattern") for name in ("attn", "own"))
    pairs = [pattern[at : at + 2] for at in range(0, len(pattern), 2)]
    cards = all(len({*tape.values(name)}) > 1 for name in ("attn.k", "attn.v"))
    apart = all(one != other for one, other in zip(own_pattern, pattern[1::2], strict=True))
    several = len({*pattern}) > 2
    elsewhere = all(look_most_elsewhere(*pair) for pair in pairs)
    told = all(len({*row}) > 1 for name in ("attn.v", "own.v") for row in tape.values(name))
    return apart and elsewhere and several and cards and told


# ---- its mistakes ----


@mistake(
    told="Keys and values counted once for every head, though heads share them.",
    mend="Count the keys and values of each group once: that is all that is kept.",
    after="tiled-groups",
)
def cache_counts_query_heads(step: Step, tape: Tape) -> Iterable[Step]:
    """The cache has as many cards as there are heads."""
    if step.name != "count.shared":
        return [step]
    return [replace(step, inputs=tuple("n_heads" if x == "n_key_value_heads" else x for x in step.inputs))]


# ---- its picture ----


@picture(height=44, minutes=2, target=3.2)
def askers_and_cards(on: Canvas, queries: Rows, keys: Rows, values: Rows) -> None:
    """Four heads with their queries, above two cards with a key and a value for each word; and what is kept of one
    word if each head has a card, if groups share one, and if all do.
    """
    if (len(queries), len(keys)) != (4, 2):
        raise UndrawableError("four heads in two groups have room")
    for h, (query,) in enumerate(queries):
        x = 5.0 + 12 * h
        on.text(x, 3.4, on.say("pictures.askers_and_cards.head", n=h + 1), CAPTION, colour=GREY)
        on.disc(x, 9.4, 4.0, fill=WHITE, width=BOX)
        on.number(x, 9.4, query)
        card = h // 2
        (on.pen if h else on).arrow((x, 13.8), (11.0 + 24 * card + (-3 if h % 2 == 0 else 3), 24.0), width=STROKE)
    for card, (key, value) in enumerate(zip(keys, values, strict=True)):
        left = 24.0 * card
        on.box(left, 24.6, 22, 13.6, width=STROKE, rx=1)
        for symbol, y, numbers in (("K", 28.2, key), ("V", 34.6, value)):
            on.math(left + 2.6, y + 1.2, symbol, TOKEN)
            for k, number in enumerate(numbers):
                on.number(left + 7.4 + 5.8 * k, y, number, TOKEN)
        on.text(left + 11, 42.4, on.say("pictures.askers_and_cards.card", n=card + 1), CAPTION, colour=GREY)
    on.text(53, 3.4, on.say("pictures.askers_and_cards.kept"), CAPTION, anchor="start", colour=GREY)
    for row, cards in enumerate((4, 2, 1)):
        y, pen = 7.0 + 12.6 * row, on.pen if row else on
        on.text(53, y + 3.0, on.say(f"pictures.askers_and_cards.cards_{cards}"), CAPTION, anchor="start")
        for k in range(8):
            if k < 2 * cards:
                pen.box(53 + 3.2 * k, y + 4.2, 3.2, 5, fill=PEN_AREA if row else LIGHT, width=0.4 if row else AXIS)
            on.box(53 + 3.2 * k, y + 4.2, 3.2, 5, width=AXIS, colour=GREY)
    told = {"queries": listed([query for (query,) in queries])}
    on.said(
        on.say("pictures.askers_and_cards.said", **told), on.say("pictures.askers_and_cards.to_do"),
        on.say("pictures.askers_and_cards.key"),
    )  # fmt: skip
