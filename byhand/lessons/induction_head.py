"""Look back, and copy: its steps, written down twice, its numbers, its mistakes and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import product

from msgspec.structs import replace

from byhand.arithmetic.copies import each
from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.layers import block, embedding, last_row, linear, softmax, unembedding
from byhand.model.models import stack
from byhand.model.registry import model
from byhand.notation.text import listed
from byhand.numbers.promises import has_one_largest, sheet_promise
from byhand.numbers.readings import Reading, reads
from byhand.ops.attention import normalize_rows, row_argmax, row_sum
from byhand.ops.linear import add, dot_rows, matmul, shift
from byhand.ops.shapes import gather_rows
from byhand.pictures.canvas import CAPTION, DASH, GREY, HEAD, STROKE, Canvas
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

SECOND = "blocks.1.attn"
GAINS, FURTHER = "aside.gains", "aside.further"
AHEAD = 4  # so many letters are written on

# ---- the model ----


@model("induction-head", reads_words=True, says_words=True)
def _steps(build: Builder) -> Matrix:
    """Two layers of attention of a small GPT, whose weights are given. The last word is also read with other gains.

    Source: Elhage et al. 2021; Olsson et al. 2022.
    """
    c = build.config
    x = embedding(build.tape, build.values.ids(), c, build.positions)
    x = stack(build, x, "blocks", lambda x, at: block(x, at, c))
    logits = unembedding(x, c)
    if GAINS in build.tape.numbers:
        _other_gains(build)
    with build.tape.part("unembed"):
        return row_argmax(logits, name="next_token")


def _other_gains(build: Builder) -> None:
    """The logits after the last word if its query were another multiple of its letter, `aside.gains`. Each place
    votes for its word, as loud as W_O lets it, with its share of the look. Computed only when requested.

    Shapes: (gain, 1) → (gain, d_vocab).
    """
    c, tape = build.config, build.tape
    gains = build.matrix(GAINS, ("gain", ""))
    keys, values, w_u = tape[f"{SECOND}.hook_k[0]"], tape[f"{SECOND}.hook_v[0]"], tape["unembed.W_U"]
    match = dot_rows(last_row(values, "aside.letter"), keys, name="aside.match")  # (1, pos): 1 after its own letter
    pattern = softmax(matmul(gains, match, name="aside.scores"), "aside.pattern", c.softmax_base)  # (gain, pos)
    votes = matmul(matmul(values, tape[f"{SECOND}.W_O"], name="aside.written"), w_u, name="aside.votes")
    known = linear(last_row(tape[keys.step.inputs[0]], "aside.x"), w_u, "unembed.b_U", "aside.known")  # (1, d_vocab)
    shift(matmul(pattern, votes, name="aside.voted"), known, name="aside.logits")
    if FURTHER in tape.numbers:
        _longer_text(build, match, votes, known)


def _longer_text(build: Builder, match: Matrix, votes: Matrix, known: Matrix) -> None:
    """The letters that the model goes on with; and its logits if the letter that is neither the last one nor the one
    after it stood there `aside.further` times more, each time with a score of 0, and so with a power of 1.

    Shapes: (1, 1) → (1, d_vocab).
    """
    tape = build.tape
    ids = build.values.ids()
    on = gather_rows(votes, name="aside.copied", sizes={"i": (AHEAD, "next")}, rows=_copied(ids))
    row_argmax(on, name="aside.goes_on")  # (next, 1)
    other = gather_rows(votes, name="aside.other", sizes={"i": (1, "new")}, rows=(_other(ids),))
    row_argmax(other, name="aside.other_letter")
    further = build.matrix(FURTHER, ("text", ""))
    powers = last_row(tape[f"{SECOND}.hook_pattern.exp[0]"], "aside.power")
    more = matmul(further, other, name="aside.more")
    said = add(matmul(powers, votes, name="aside.said"), more, name="aside.longer.exp")
    count = add(row_sum(powers, name="aside.count"), further, name="aside.longer.sum")
    logits = shift(normalize_rows(said, count, name="aside.longer"), known, name="aside.longer_logits")
    dot_rows(logits, other, name="aside.for_other")  # (1, 1): as loud as W_O lets it
    dot_rows(logits, matmul(match, votes, name="aside.match_votes"), name="aside.for_match")


def _copied(ids: Sequence[int]) -> tuple[int, ...]:
    """The places that are copied one after the other, when the model writes on: from the one after the first place of
    the last letter to the end, again and again.
    """

    def place(at: int, *text: int) -> int:
        circle = range(text.index(text[-1]) + 1, len(text)) or range(len(text))
        return circle[at % len(circle)]

    return tuple(each(partial(place, at), *ids) for at in range(AHEAD))


def _other(ids: Sequence[int]) -> int:
    """The place of a letter that is neither the last one nor the one that is copied; without one, the last place."""

    def place(copied: int, *text: int) -> int:
        last = len(text) - 1
        return next((k for k in range(1, last) if text[k] not in (text[last], text[copied])), last)

    found: int = each(place, _copied(ids)[0], *ids)
    return found


# ---- the same, written down a second time ----


@wiring("induction-head")
def _second(w: Wiring) -> None:
    """Two layers of a GPT, and the last row of the second one with other queries."""
    w.logits(w.stack(w.embedding(), "blocks", w.block))
    w("next_token", "row_argmax", "logits")
    if "aside.gains" not in w.given:
        return
    last = {"rows": [len(w.ids) - 1]}
    keys, values, w_u = "blocks.1.attn.hook_k[0]", "blocks.1.attn.hook_v[0]", "unembed.W_U"
    match = w("aside.match", "dot_rows", w("aside.letter", "gather_rows", values, **last), keys)
    pattern = w.softmax("aside.pattern", w("aside.scores", "matmul", "aside.gains", match))
    votes = w("aside.votes", "matmul", w("aside.written", "matmul", values, "blocks.1.attn.W_O"), w_u)
    x = w("aside.x", "gather_rows", w.wires[keys].inputs[0], **last)
    known = w.linear("aside.known", x, w_u, "unembed.b_U")
    w("aside.logits", "shift", w("aside.voted", "matmul", pattern, votes), known)
    if "aside.further" not in w.given:
        return
    first = w.ids.index(w.ids[-1]) + 1
    around = len(w.ids) - first
    places = [first + k % around if around else k % len(w.ids) for k in range(4)]
    copied = w("aside.copied", "gather_rows", votes, rows=places)
    w("aside.goes_on", "row_argmax", copied)
    others = [k for k in range(1, len(w.ids) - 1) if w.ids[k] not in (w.ids[-1], w.ids[places[0]])]
    other = w("aside.other", "gather_rows", votes, rows=[*others, len(w.ids) - 1][:1])
    w("aside.other_letter", "row_argmax", other)
    powers = w("aside.power", "gather_rows", "blocks.1.attn.hook_pattern.exp[0]", **last)
    more = w("aside.more", "matmul", "aside.further", other)
    said = w("aside.longer.exp", "add", w("aside.said", "matmul", powers, votes), more)
    count = w("aside.longer.sum", "add", w("aside.count", "row_sum", powers), "aside.further")
    logits = w("aside.longer_logits", "shift", w("aside.longer", "normalize_rows", said, count), known)
    w("aside.for_other", "dot_rows", logits, other)
    w("aside.for_match", "dot_rows", logits, w("aside.match_votes", "matmul", match, votes))


# ---- what it reads ----


def after_last(text: str) -> str:
    """The letter that came after each of the last one's earlier places; "" if none did, or different ones."""
    came = {text[k + 1] for k, letter in enumerate(text[:-1]) if letter == text[-1]}
    return came.pop() if len(came) == 1 else ""


@reads("induction-head")
def _texts() -> Iterator[Reading]:
    """All texts of four letters whose last one has stood there before, always with the same letter after it. No two
    of the letters are neighbours in the alphabet, so that it is no help.
    """
    for text in map("".join, product("DGR", repeat=4)):
        if after := after_last(text):
            yield Reading(("·", *text), after)


@sheet_promise
def another_letter_came_after_it(tape: Tape) -> bool:
    """The last letter stood there once before; what came after it was another letter, which stands there only once,
    and the model says it.
    """
    rows, words = tape.values("blocks.0.hook_resid_pre"), tape.values("embed.W_E")
    *before, last = rows
    if before.count(last) != 1:
        return False
    after = rows[before.index(last) + 1]
    ((said,),) = tape.values("next_token")[-1:]
    return after != last and rows.count(after) == 1 and words[int(said)] == after


# ---- its mistakes ----


def _with_weights_of(step: Step, tape: Tape, letter: str, other: str) -> list[Step]:
    """Queries, keys or values of the second layer that are made with other weights of that layer."""
    if step.name != f"{SECOND}.hook_{letter}[0]" or step.op is not matmul or GAINS not in tape.numbers:
        return [step]
    return [replace(step, inputs=(step.inputs[0], f"{SECOND}.W_{other}[0]"))]


@mistake(
    told="Keys made from each letter itself, so that the last letter finds its own copies.",
    mend="Make the keys from what layer 1 has written, the letter before: the last three numbers of each {row}.",
    after="keys-by-query-weights",
)
def keys_from_own_letter(step: Step, tape: Tape) -> Iterable[Step]:
    """The keys of the second layer are the letters themselves, as values are."""
    return _with_weights_of(step, tape, "k", "V")


@mistake(
    told="The letter before copied, in place of the one that stands there.",
    mend="Make the values from each letter itself, the first three numbers of its {row}; who stands before it is "
    "only the key.",
    after="keys-from-own-letter",
)
def values_from_before(step: Step, tape: Tape) -> Iterable[Step]:
    """The values of the second layer are the letters before, as keys are."""
    return _with_weights_of(step, tape, "v", "K")


@mistake(
    told="A query that is not three times its letter, but its letter only: the match is hardly louder than the rest.",
    mend="Multiply by W_Q, which makes the query three times as large.",
    after="values-from-before",
)
def gain_too_small(step: Step, tape: Tape) -> Iterable[Step]:
    """The queries of the second layer are the letters themselves, as values are."""
    return _with_weights_of(step, tape, "q", "V")


@mistake(
    told="The second layer left out, so that the last letter knows only who stands before it.",
    mend="Let the last letter look back once more: only the second layer finds where it stood before.",
    after="gain-too-small",
)
def one_layer(step: Step, tape: Tape) -> Iterable[Step]:
    """The stream passes the second layer by."""
    is_last = step.name == "blocks.1.hook_resid_post" and step.op is not None
    return [skipped(step) if is_last and GAINS in tape.numbers else step]


# ---- its picture ----

LABELS = 33.0  # mm: the width of what stands left of the letters
PITCH = 23.0  # from one letter to the next
LETTER, HEARD = 8.4, 8.0  # the sides of a letter's box, and of the box for what it hears
UPPER, LOWER = 16.0, 30.0  # the y of the middles of both rows
OVER, UNDER, ASIDE = 5.0, 41.0, 9.5  # the y of the lines over and under them, and how far right of a letter one leads


@picture(width=174, height=46, minutes=2)
def look_and_copy(on: Canvas, first: Rows, second: Rows, *, tokens: Sequence[str]) -> None:
    """Two layers: each letter hears from the one that it looks at in the first, and has a box for that; the last one
    looks for a box with its own letter in the second, and copies the letter above it into the box at the end. Its
    ways are dashed, from all the letters: the pen draws them from the one that it finds.
    """
    n = len(tokens)
    if not 3 <= n <= 5 or not all(map(has_one_largest, (*first, second[-1]))):
        raise UndrawableError("a picture has room for three to five letters, each of which looks at one")
    xs = [LABELS + PITCH * (k + 0.5) for k in range(n + 1)]
    before = [row.index(max(row)) for row in first]
    found = second[-1].index(max(second[-1]))
    for k, (x, word) in enumerate(zip(xs, tokens, strict=False)):
        on.box(x - LETTER / 2, UPPER - LETTER / 2, LETTER, LETTER, width=0.5 if k == n - 1 else 0.3, rx=1)
        on.text(x, UPPER + 1.5, word, 4.2, bold=k == n - 1)
        if before[k] == k:
            continue
        ink = on if k == 1 else on.pen
        start, end = (xs[before[k]] + LETTER / 2 + 0.6, UPPER + 3), (x - HEARD / 2 - 0.8, LOWER - 2)
        ink.arrow(start, end, width=0.4)
        if k == 1:
            on.box(x - HEARD / 2, LOWER - HEARD / 2, HEARD, HEARD)
            on.text(x, LOWER + 1.4, tokens[before[k]], 3.9)
        else:
            on.blank(x, LOWER, tokens[before[k]], HEARD, HEARD)
    on.blank(xs[n], UPPER, tokens[found], LETTER, LETTER)
    on.text(xs[n], UPPER + 8.4, on.say("pictures.look_and_copy.next"), CAPTION, colour=GREY)
    for y, layer, does in ((OVER, 2, "copies"), (LOWER, 1, "heard"), (UNDER, 2, "looks")):
        on.text(0, y - 1.0, on.say("pictures.look_and_copy.layer", n=layer), CAPTION, anchor="start", bold=True)
        on.text(0, y + 2.8, on.say(f"pictures.look_and_copy.{does}"), CAPTION, anchor="start")
    low, top, last = LOWER + HEARD / 2 + 0.8, UPPER - LETTER / 2 - 0.8, xs[n - 1]
    under = ((last + LETTER / 2 + 0.6, UPPER), (last + ASIDE, UPPER), (last + ASIDE, UNDER))
    on.line(*under, (xs[1], UNDER), colour=GREY, dash=DASH)
    on.line((xs[1], OVER), (xs[n], OVER), (xs[n], top - HEAD), colour=GREY, dash=DASH)
    on.pen.line(*under, (xs[found], UNDER), (xs[found], low + HEAD), width=STROKE)
    on.pen.head((xs[found], low), (0.0, -1.0))
    on.pen.line((xs[found], top), (xs[found], OVER), (xs[n], OVER), (xs[n], top - HEAD), width=STROKE)
    on.pen.head((xs[n], top), (0.0, 1.0))
    listed_tokens = listed(tokens)
    on.said(
        on.say("pictures.look_and_copy.said", letters=listed_tokens),
        to_do=on.say("pictures.look_and_copy.to_do", letter=tokens[-1]),
        key=on.say("pictures.look_and_copy.key", letter=tokens[-1], found=tokens[found], place=found + 1),
    )
