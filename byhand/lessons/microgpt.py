"""A GPT in 200 lines: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.layers import block, embedding, norm
from byhand.model.models import next_token, stack
from byhand.model.registry import model
from byhand.notation.text import listed
from byhand.numbers.attention import whole_base
from byhand.numbers.dice import Dice, Ints
from byhand.numbers.embedding import find_embeddings, find_unembeddings, without_attention
from byhand.numbers.norms import can_be_scaled, rows_of_two_sizes, units
from byhand.numbers.promises import SATURATED, has_one_largest, sheet_promise
from byhand.numbers.registry import Entries, Instance, Task, exactly, search
from byhand.numbers.scores import totals
from byhand.numbers.search import GPT
from byhand.numbers.stack import Stream, attention_layer, feed_forward_layer
from byhand.ops.linear import dot_rows, matmul
from byhand.pictures.canvas import AXIS, BOX, CAPTION, DASH, FRAME, GREY, GUIDE, NUMBER, PALE, PEN_AREA, TOKEN, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("microgpt", reads_words=True, says_words=True)
def _steps(build: Builder) -> Matrix:
    """The small GPT of a few hundred lines: the sum of both embeddings is normalised, and what the last block hands
    on is not.

    Source: Karpathy 2026, microgpt.
    """
    c = build.config
    x = norm(embedding(build.tape, build.values.ids(), c, build.positions), "embed.ln", c)
    return next_token(stack(build, x, "blocks", lambda x, at: block(x, at, c)), c)


# ---- the same, written down a second time ----


@wiring("microgpt")
def _second(w: Wiring) -> None:
    """As in Karpathy's file: a norm after the embeddings, and none before the logits."""
    w.spoken(w.stack(w.norm(w.embedding(), "embed.ln"), "blocks", w.block))


# ---- its numbers ----

SUMS_OF_EMBEDDINGS = np.array([1, 2, 2, 3])  # a normalised row of whole numbers is this many times as large before
THIRDS = 3


@search("microgpt", like_sheet=True, bare=True, requires=(
    exactly(normalization_type="RMS", norm_position="pre", d_model=4, n_layers=1, attn_only=False), *GPT,
))  # fmt: skip
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """Normalised rows, the last of them in thirds, which a block without biases reads; embeddings whose sums have
    these norms; then W_U.
    """
    c = task.config
    whole = units(c.d_model, "RMS")
    before = dice.choices(whole[whole.max(1) > whole.min(1)], task.n - 1)
    last = dice.choices(rows_of_two_sizes(), 1)
    x = np.concatenate([THIRDS * before, last])  # the normalised rows, in thirds
    if not (can_be_scaled(x, "RMS") and (last < 0).any() and (last > 0).any()):
        return
    sums = np.concatenate([dice.choices(SUMS_OF_EMBEDDINGS, task.n - 1)[:, None] * before, last])
    for attended in attention_layer(task, dice, Stream(x, x, over=THIRDS), "blocks.0", "attn", "ln1", c):
        if not _looks_at_one(attended):
            continue
        for stream in feed_forward_layer(task, dice, attended, "blocks.0", "ln2", c, ""):
            embedded = find_embeddings(dice, sums, task.values.ids(), c)
            if embedded is None or not _shows_network(attended, stream, embedded):
                continue
            weights = embedded | stream.weights
            silent = without_attention(x / THIRDS, weights, c)
            for w_u in find_unembeddings(
                dice, stream.out, THIRDS, c.d_vocab, task.wanted, task.limits, silent, alike=3,
                fits=lambda logits: np.isin(totals(logits, whole_base(c)), EASY_TOTALS_OF_LETTERS), spread=SPREAD,
            ):  # fmt: skip
                yield Instance({}, weights | {"unembed.W_U": w_u.tolist()})


def _looks_at_one(stream: Stream) -> bool:
    """Whether the last row that microgpt's block reads looks at one row most in its first head."""
    x, (w_q, w_k) = stream.first, _parts(stream.weights, "W_Q", "W_K")
    scores = x @ w_k[0] @ (x[-1] @ w_q[0])
    return bool((scores == scores.max()).sum() == 1)


def _shows_network(attended: Stream, stream: Stream, embedded: Entries) -> bool:
    """Whether at least two hidden units of the last row are positive, and one is not, and at most one number of its
    result is 0; and no row or column of the weights, which are printed beside it, holds one number only, or a query,
    key, value or sum of that row.
    """
    start, middle, end = stream.first[-1], attended.out[-1], stream.out[-1]
    w_in, *heads = _parts(stream.weights, "W_in", "W_Q", "W_K", "W_V")
    alive = (middle @ w_in > 0).sum()
    if not 2 <= alive < w_in.shape[1] or (end == 0).sum() > 1:
        return False
    blanks = [start @ w for weight in heads for w in weight] + [middle - start, end - middle]
    matrices = [np.array(w) for w in (*stream.weights.values(), *embedded.values())]
    parts = [part for w in matrices for part in w.reshape(-1, *w.shape[-2:])]
    rows = [row for part in parts for row in (*part, *part.T)]
    if any((row == row[0]).all() for row in rows):
        return False
    stretches = {tuple(row[k : k + len(start)].tolist()) for row in rows for k in range(len(row))}
    return stretches.isdisjoint(tuple((blank // THIRDS).tolist()) for blank in blanks)


def _parts(weights: Entries, *names: str) -> list[Ints]:
    """Matrices of weights of the first block, by the ends of their names."""
    return [np.array(w) for name in names for at, w in weights.items() if at.endswith(name)]


SPREAD = 3  # between the logits of the last row: powers of 2 that are farther apart add up to more than these totals
# of the powers that become shares of letters, the smallest being 1; the last one is of powers of 3
EASY_TOTALS_OF_LETTERS = (9, 10, 12, 16, 18, 20, 42)


@sheet_promise
def last_letter_shows_each_part(tape: Tape) -> bool:
    """For the last letter, both norms divide by another number than 1 and make results of two sizes, and few numbers
    of the stream are 0; its embedding and its position are no rows of one number; it looks at one letter most, the
    network has units of both kinds, and the shares of the letters that may come next are easy ones, none of them
    nearly all.
    """
    norms = ("embed.ln", "blocks.0.ln2")
    scales = [tape.values(f"{norm}.hook_scale")[-1][0] for norm in norms]
    sizes = [len({*map(abs, tape.values(f"{norm}.hook_normalized")[-1])}) for norm in norms]
    embedded = [len({*tape.values(name)[-1]}) for name in ("hook_embed", "hook_pos_embed")]
    hidden, shares = tape.values("blocks.0.mlp.hook_pre")[-1], tape.values("probs")[-1]
    alive = sum(x > 0 for x in hidden)
    looks = has_one_largest(tape.values("blocks.0.attn.hook_pattern[0]")[-1])
    easy = max(shares) < SATURATED and max(share.denominator for share in shares) in EASY_TOTALS_OF_LETTERS
    stream = [tape.values(at)[-1] for at in ("embed.ln.hook_normalized", "blocks.0.hook_resid_post")]
    full = all(row.count(0) < 2 for row in stream)
    return 1 not in scales and min(*sizes, *embedded) > 1 and full and looks and 2 <= alive < len(hidden) and easy


# ---- its mistakes ----


@mistake(
    told="The logits made with W_E, the table of the embeddings, in place of W_U.",
    mend="Multiply by W_U: here the way out has weights of its own.",
    after="norm-before-sum",
)
def tied_unembedding(step: Step, tape: Tape) -> Iterable[Step]:
    """Microgpt's logits are dot products with the rows of W_E, as where the two are tied."""
    separate = step.name == "logits" and step.op is matmul and "embed.ln.hook_normalized" in tape.steps
    return [replace(step, op=dot_rows, inputs=(step.inputs[0], "embed.W_E")) if separate else step]


# ---- its picture ----


@picture(height=40, minutes=2)
def next_letter(on: Canvas, shares: Rows, *, tokens: Sequence[str], words: Sequence[str]) -> None:
    """The letters of a name, and a bar for each letter that may come next; the likeliest is written after them."""
    last_shares = shares[-1]
    if len(tokens) > 4 or len(words) > 8 or any(len(word) > 1 for word in (*tokens, *words)):
        raise UndrawableError("up to four letters of a name, and eight that may come next, have room")
    likeliest = words[last_shares.index(max(last_shares))]
    for k, letter in enumerate((*tokens, likeliest)):
        on.box(8.4 * k, 12, 7.4, 9, rx=1, width=BOX if k < len(tokens) else FRAME)
        (on if k < len(tokens) else on.pen).text(8.4 * k + 3.7, 17.8, letter, NUMBER)
    on.text(0, 26.4, on.say("pictures.next_letter.name"), CAPTION, anchor="start", colour=GREY)
    left, floor, high = 46.0, 31.0, 26.0
    for quarters in range(1, 5):
        y = floor - high * quarters / 4
        on.line((left, y), (84, y), width=GUIDE, colour=PALE, dash=DASH)
        on.number(left - 2.6, y, Fraction(quarters, 4), CAPTION, colour=GREY)
    pitch = (84 - left) / len(words)
    for k, (letter, share) in enumerate(zip(words, last_shares, strict=True)):
        x = left + pitch * (k + 0.5)
        on.pen.box(
            x - pitch * 0.32, floor - high * float(share), pitch * 0.64, high * float(share), fill=PEN_AREA, width=0.4
        )
        on.text(x, floor + 4.0, letter, TOKEN)
    on.line((left, floor), (84, floor), width=AXIS)
    on.text(left, 39.4, on.say("pictures.next_letter.shares"), CAPTION, anchor="start", colour=GREY)
    on.said(
        on.say("pictures.next_letter.said", name=", ".join(tokens), letters=", ".join(words)),
        on.say("pictures.next_letter.to_do"),
        on.say("pictures.next_letter.key", shares=listed(last_shares), letter=likeliest),
    )
