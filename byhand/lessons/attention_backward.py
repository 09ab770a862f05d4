"""The gradients of a head of attention: its steps, written down twice, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from byhand.backward import gradients
from byhand.model.builder import Builder
from byhand.model.layers import softmax
from byhand.model.registry import Results, model
from byhand.model.weights import UPSTREAM
from byhand.notation.text import listed, value_text
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.natural import columns_vary, grid, point_apart
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Task, base_2_or_e, exactly
from byhand.ops.attention import divide_by_root, mask_future
from byhand.ops.linear import dot_rows, matmul
from byhand.pictures.canvas import CAPTION, GREY, GRID, TOKEN, WHITE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Tape
from byhand.witness.wiring import Wiring, wiring

Q, K, V, PATTERN = "q", "k", "v", "softmax"
DOTS, SCORES = "dots", "scores"  # of queries and keys; and these divided by the root, with a mask
SCORES_GRAD = f"{SCORES}.grad"

# ---- the model ----


@model("attention-backward", part="heads")
def _steps(build: Builder) -> Results:
    """One head with a mask, of given queries, keys and values of three tokens. From the gradient of the mixtures, the
    given `upstream`, those of values, queries and keys.
    """
    tape, width = build.tape, build.config.d_head
    q, k = (tape.given(name, (3, width), ("pos", "d_head")) for name in (Q, K))
    v = tape.given(V, (3, build.config.d_v), ("pos", "d_v"))
    scaled = divide_by_root(dot_rows(q, k, name=DOTS), name=f"{SCORES}.scaled", of=width)
    scores = mask_future(scaled, name=SCORES)
    mixtures = matmul(softmax(scores, PATTERN, build.config.softmax_base), v, name="z")
    tape.given(UPSTREAM, mixtures.shape, mixtures.axes)
    return gradients(mixtures, V, Q, K)


# ---- the same, written down a second time ----


@wiring("attention-backward")
def _second(w: Wiring) -> None:
    """Attention (Vaswani et al. 2017) with a mask; its gradients as Aᵀ Z̄, Z̄ Vᵀ, A ∘ (Ā − r), S̄ K and S̄ᵀ Q."""
    scaled = w("scores.scaled", "divide_by_root", w("dots", "dot_rows", "q", "k"), of=w.config["d_head"])
    shares = w.softmax("softmax", w("scores", "mask_future", scaled))
    w("z", "matmul", shares, "v")
    arrived = w("z.grad", "copy", "upstream")
    w("v.grad", "dot_columns", shares, arrived)
    asked = w("softmax.grad", "dot_rows", arrived, "v")
    back = w("scores.grad", "softmax_backward", shares, asked, w("softmax.dot", "row_dots", shares, asked))
    seen = w("scores.scaled.grad", "zero_future", back)
    dots = w("dots.grad", "divide_by_root", seen, of=w.config["d_head"])
    w("q.grad", "matmul", dots, "k")
    w("k.grad", "dot_columns", dots, "q")


# ---- its numbers ----

REACH = 2  # of queries, keys and values
SETS = 500  # of numbers, for a class
LARGEST = 6  # gradient of queries and keys
LARGEST_BEFORE = 8  # gradient of values and shares, and product of a query and a key
TIMES = np.array([[1], [2], [4]])  # what arrives at each mixture is once or twice its number here
KEYS, VALUES = 100, 40_000  # so many are drawn at once


def _numbers_stay_small(of: Candidates) -> Bools:
    """Gradients of queries and keys are small, and no gradient of values is large, or 0."""
    of_values = of(f"{V}.grad")
    ok: Bools = (of_values != 0).all((1, 2)) & (abs(of_values) <= LARGEST_BEFORE).all((1, 2))
    for name in (Q, K):
        ok &= (abs(of(f"{name}.grad")) <= LARGEST).all((1, 2))
    return ok


@draw(
    "attention-backward",
    like_sheet=True,
    sets=("inputs", SETS),
    fits=[_numbers_stay_small],
    requires=[exactly(3, d_head=4, d_v=2), base_2_or_e],
)
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Queries and keys for which the second token looks at both that it sees alike, and the last one at one of these
    two twice as much as at the other and at itself; then values, and how the loss grows with the mixtures, for which
    the gradients of these scores are whole and not 0.
    """
    every, twice = grid(4, REACH), dice.one_below(2)
    k = dice.choices(every, KEYS, 3)
    dots = np.einsum("nkd,qd->nqk", k, every)  # of each set of keys, with each query that there is
    even, apart = (dots % 2 == 0) & (abs(dots) <= LARGEST_BEFORE), dots - dots[:, :, 2:]
    alike = even[:, :, 0] & (apart[:, :, 0] == apart[:, :, 1]) & (apart[:, :, 0] != 0)
    at_one = even.all(2) & (apart[:, :, twice] == 2) & (apart[:, :, 1 - twice] == 0)
    q = np.concatenate([dice.choices_each(every, fit, 1) for fit in (even[:, :, 0], alike, at_one)], 1)
    fits = alike.any(1) & at_one.any(1) & columns_vary(k) & columns_vary(q) & point_apart(k) & point_apart(q)
    q, k = q[fits], k[fits]
    arrived = TIMES * (dice.below(2, VALUES, 3, 2) + 1) * (2 * dice.below(2, VALUES, 3, 2) - 1)
    v = dice.below(2 * REACH + 1, VALUES, 3, 2) - REACH
    asked = arrived @ v.transpose(0, 2, 1)
    shares = np.where(np.arange(3) == twice, 2, 1)
    second, last = asked[:, 1, :1] - asked[:, 1, 1:2], 4 * asked[:, 2] - (asked[:, 2] @ shares)[:, None]
    scores = np.concatenate([4 * second, last * shares], 1)  # 16 times the gradients of the second and last token's
    fits = (scores % 16 == 0).all(1) & (scores != 0).all(1) & (abs(asked) <= LARGEST_BEFORE).all((1, 2))
    fits &= columns_vary(v) & point_apart(v) & columns_vary(arrived) & point_apart(arrived)
    v, arrived = v[fits], arrived[fits]
    pairs = min(count, len(v) * bool(len(q)))
    of_k, of_v = dice.below(max(1, len(q)), pairs), dice.below(max(1, len(v)), pairs)
    return {Q: q[of_k], K: k[of_k], V: v[of_v], UPSTREAM: arrived[of_v]}


@sheet_promise
def most_looked_at_is_not_most_blamed(tape: Tape) -> bool:
    """The last token looks most at one, and the score of another has the largest gradient."""
    shares, blame = tape.values(PATTERN)[2], [abs(x) for x in tape.values(SCORES_GRAD)[2]]
    return has_one_largest(blame) and blame.index(max(blame)) != shares.index(max(shares))


@sheet_promise
def a_hidden_share_would_count(tape: Tape) -> bool:
    """Something arrives at the share that the mask hides from the second token, other than at its two others."""
    return tape.values(f"{PATTERN}.grad")[1][2] not in (0, *tape.values(f"{PATTERN}.grad")[1][:2])


# ---- its picture ----

COLUMNS, CAPTIONS = (34.0, 64.0, 94.0), 19.0  # mm: the middles of the tokens, and where the captions end
WORD, BOX_AT, TOP, BOTTOM, NUMBER_AT = 3.4, 9.4, 13.6, 42.0, 45.0  # mm: heights, from above: of a value’s token, its
# blanks, the two ends of the lines, and what has arrived at a mixture
PAIR, BOX = (-5.0, 5.0), (10.0, 7.0)  # mm: the middles of two numbers at a token, and the size of a blank
SHARES_AT = (0.26, 0.6, 0.2)  # of a line, from below, stands its share: straight, and one and two words to the left
THINNEST, THICKER = 0.3, 1.6  # mm: of a line, and by how much a share of 1 is thicker


@picture(height=52, minutes=4, width=106)
def read_backwards(on: Canvas, pattern: Rows, arrived: Rows, *, tokens: Sequence[str]) -> None:
    """From each mixture, below, lines go to the values that it is made of, above: the larger the share, the thicker.
    At each value, what the two numbers of the mixtures send back by these lines is to be added up.
    """
    if len(tokens) != 3 or len(pattern) != 3 or any(share for i, row in enumerate(pattern) for share in row[i + 1 :]):
        raise UndrawableError("three tokens have room that see only what came before")
    for name, y in (("values", BOX_AT), ("mixtures", NUMBER_AT)):
        on.text(CAPTIONS, y + 1.0, on.say(f"pictures.read_backwards.{name}"), CAPTION, anchor="end", colour=GREY)
    labels = list[tuple[float, float, object]]()
    for i, (x, row) in enumerate(zip(COLUMNS, pattern, strict=True)):
        for j, (to, share) in enumerate(zip(COLUMNS[: i + 1], row, strict=False)):
            on.line((x, BOTTOM), (to, TOP), width=THINNEST + THICKER * float(share), colour=GRID)
            at = SHARES_AT[i - j]
            labels.append((x + (to - x) * at, BOTTOM + (TOP - BOTTOM) * at, share))
    for x, y, share in labels:
        on.box(x - 2.2, y - 3.0, 4.4, 6.0, fill=WHITE, width=0)
        on.number(x, y, share)
    sums = [
        [sum(row[j] * back[k] for row, back in zip(pattern, arrived, strict=True)) for k in range(2)]
        for j in range(3)
    ]
    for x, token, back, total in zip(COLUMNS, tokens, arrived, sums, strict=True):
        on.text(x, WORD, token, TOKEN, bold=True)
        for beside, value, g in zip(PAIR, total, back, strict=True):
            on.blank(x + beside, BOX_AT, value, *BOX)
            on.number(x + beside, NUMBER_AT, g)
        on.text(x, NUMBER_AT + 5.6, token, TOKEN)
    told, went_back, came = (
        "; ".join(f"{token}: {listed(map(value_text, row))}" for token, row in zip(tokens, rows, strict=True))
        for rows in (pattern, arrived, sums)
    )
    on.said(
        on.say("pictures.read_backwards.said", shares=told, arrived=went_back),
        on.say("pictures.read_backwards.to_do"),
        on.say("pictures.read_backwards.told", sums=came),
    )
