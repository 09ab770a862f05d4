"""Logits and perplexity: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product
from math import atan2, e, pi
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.mistakes.registry import mistake, skipped
from byhand.model.builder import Builder
from byhand.model.layers import loss_of, softmax, unembedding
from byhand.model.registry import model
from byhand.notation.text import listed, value_text
from byhand.numbers.attention import whole_base
from byhand.numbers.combine import combine_columns
from byhand.numbers.dice import Dice
from byhand.numbers.natural import distinct, weight_columns
from byhand.numbers.promises import dot_of, has_one_largest, sheet_promise
from byhand.numbers.registry import Instance, Task, search
from byhand.numbers.scores import adds_up_to_a_power, has_whole_logarithms
from byhand.numbers.shuffled import reordered
from byhand.numbers.stack import draw_plain_rows
from byhand.ops.attention import power_of
from byhand.ops.linear import dot_rows
from byhand.pictures.canvas import AXIS, CAPTION, DASH, GREY, HAIR, PALE, PEN_AREA, TOKEN, Canvas, Layer
from byhand.pictures.labels import words as label
from byhand.pictures.names import beside
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("perplexity")
def _steps(build: Builder) -> Matrix:
    """The perplexity of a language model, from its last norm on: the base to the power of the mean surprisal.

    Also the logits and the shares of a few words in two dimensions, where these are given, for a picture: computed
    only when requested.
    """
    c, tape, x = build.config, build.tape, build.matrix("ln_final.hook_normalized", ("pos", "d_model"), "ln_final")
    logits = unembedding(x, c)
    also_tied = not c.tie_word_embeddings and "embed.W_E" in tape.numbers
    if also_tied:
        w_e = tape.given("embed.W_E", (c.d_vocab, c.d_model), ("d_vocab", "d_model"))
    with tape.part("unembed"):
        if also_tied:  # computed only when requested
            dot_rows(x, w_e, name="tied_logits")
        if "arrows.n" in tape.numbers:
            last, words = (build.matrix(f"arrows.{name}", ("", "")) for name in ("n", "words"))
            softmax(dot_rows(last, words, name="arrows.logits"), "arrows.probs", c.softmax_base)
        _, loss = loss_of(build, logits)
        return power_of(loss, name="perplexity", base=c.softmax_base)


# ---- the same, written down a second time ----


@wiring("perplexity")
def _second(w: Wiring) -> None:
    """b^loss, where the loss is in base b; the logits once more by E; and those of a few arrows."""
    x = "ln_final.hook_normalized"
    w("perplexity", "power_of", w.loss(w.logits(x)), base=w.config["softmax_base"])
    w("tied_logits", "dot_rows", x, "embed.W_E")
    w.softmax("arrows.probs", w("arrows.logits", "dot_rows", "arrows.n", "arrows.words"))


# ---- its numbers ----

NORMALIZED = "ln_final.hook_normalized"
LOGITS_TRIED_PERPLEXITY = 6000  # more for perplexity, where rows of logits have to be products with W_U, too


@search("perplexity", like_sheet=True, requires=[adds_up_to_a_power])
def _numbers(task: Task, dice: Dice) -> Iterator[Instance]:
    """Vectors (n, d_model) and W_U (d_model, words) whose probabilities have whole logarithms, and whose mean
    surprisal is whole, and so small that the perplexity is no larger than the vocabulary.

    Method: the vectors are drawn, then W_U is found by beam search over the tokens (`combine_columns`).
    """
    c, base, n = task.config, whole_base(task.config), task.n - 1  # the last token is only predicted
    x = draw_plain_rows(dice, n, c.d_model)
    if x is None:
        return
    columns = weight_columns(c.d_model)
    products = columns @ x.T
    fit = abs(products).max(1) <= 4
    columns, products = columns[fit], products[fit]
    drawn = dice.below(7, LOGITS_TRIED_PERPLEXITY, c.d_vocab) - 3
    allowed = drawn[has_whole_logarithms(drawn, base)]
    picks = combine_columns(dice, products, c.d_vocab, [allowed] * n, beams=200)
    logits = products[picks].swapaxes(1, 2)  # (count, n, words)
    right = logits[:, np.arange(n), list(task.values.ids()[1:])]
    low = logits.min(2)
    totals = (base ** (logits - low[..., None])).sum(2)
    surprisals = np.rint(np.log(totals) / np.log(base)).astype(np.int64) - (right - low)
    mean, rest = np.divmod(surprisals.sum(1), n)
    ok = (rest == 0) & (surprisals.max(1) > surprisals.min(1)) & (base**mean <= max(c.d_vocab, base**2))
    ok &= distinct(columns[picks])
    for i in np.flatnonzero(ok)[:4]:
        weights = {"unembed.W_U": columns[picks[i]].T.tolist()}
        if c.tie_word_embeddings:
            weights = {"embed.W_E": columns[picks[i]].tolist()}
        elif "embed.W_E" in task.values.weights:
            weights["embed.W_E"] = reordered(task.values.weights["embed.W_E"], dice)
        arrows = _arrows(dice) if "arrows.n" in task.values.inputs else {}
        yield Instance({NORMALIZED: x.tolist(), **arrows}, weights)


def _arrows(dice: Dice) -> dict[str, Any]:
    """A vector, and the arrows of four words, for a picture: of logits 3, 2, 1 and 1, none along another, and the
    longest not that of the largest logit.
    """
    x, y = n = ((2, 1), (1, 2))[dice.one_below(2)]
    room = {(i, j): x * i + y * j for i in range(-2, 4) for j in range(-2, 5)}
    three, two, one = ([end for end, logit in room.items() if logit == wanted] for wanted in (3, 2, 1))
    fours = [(a, b, c, d) for a, b, (c, d) in product(three, two, combinations(one, 2)) if _fan_out(n, a, b, c, d)]
    ends = fours[dice.one_below(len(fours))]
    return {"arrows.n": [list(n)], "arrows.words": [list(ends[place]) for place in dice.permutation(4)]}


def _fan_out(n: tuple[int, int], best: tuple[int, int], *others: tuple[int, int]) -> bool:
    """Whether no two arrows lie near each other, and one of the others is longer than all."""
    lengths = sorted(i * i + j * j for i, j in others)
    apart = all(abs(atan2(j, i) - atan2(y, x)) > pi / 11 for (i, j), (x, y) in combinations((n, best, *others), 2))
    return apart and lengths[-1] > max(best[0] ** 2 + best[1] ** 2, lengths[-2])


@sheet_promise
def arrows_tell_along_from_long(tape: Tape) -> bool:
    """In the picture of words as arrows, the logits are 3, 2, 1 and 1, and the longest arrow has not the largest."""
    logits, lengths = tape.values("arrows.logits")[0], [dot_of(row, row) for row in tape.values("arrows.words")]
    longest = [logit for logit, length in zip(logits, lengths, strict=True) if length == max(lengths)]
    return sorted(logits) == [1, 1, 2, 3] and len(longest) == 1 and longest[0] < 3


@sheet_promise
def guesses_among_no_more_than_all_words(tape: Tape) -> bool:
    """The perplexity is no larger than the vocabulary, or than the square of the base: whole surprises that differ
    have a whole mean of 2 or more.
    """
    step, (_, words) = tape["perplexity"].step, tape["probs"].shape
    base = e if step.params["base"] == "e" else step.params["base"]
    return bool(tape.values("perplexity")[0][0] <= max(words, base**2))


@sheet_promise
def tied_logits_have_a_largest(tape: Tape) -> bool:
    """With the embedding used again, one word leads after the last vector."""
    return has_one_largest(tape.values("tied_logits")[-1])


# ---- its mistakes ----


@mistake(
    told="Each token's number of equal choices averaged, in place of the bits.",
    mend="Take the mean of the surprises first, and raise the base to it once, at the end.",
    after="norm-before-sum",
)
def perplexity_averaged(step: Step, tape: Tape) -> Iterable[Step]:
    """The base is raised to each token's surprisal, before the mean is taken and not after it."""
    perplexity = tape.steps.get("perplexity")
    if perplexity is not None and step.name == "loss":
        powers = replace(perplexity, name="loss.choices", inputs=step.inputs, shape=tape[step.inputs[0]].shape)
        return [powers, replace(step, inputs=(powers.name,))]
    return [skipped(step) if step.name == "perplexity" else step]


# ---- its picture ----

HALF = Fraction(1, 2)
UNIT = 5.2  # mm: of the plane
ORIGIN = (11.9, 22.3)  # mm
LEAST, MOST = (-2, -2), (3, 4)  # the corners of the plane
NAME_AT, LOGIT_AT, POWER_AT, BAR_AT = 43.0, 49.5, 59.0, 65.0  # mm: the columns, and where a share of 0 is
HALF_LONG = 18.0  # mm: a share of 1/2


@picture(height=43, minutes=2)
def word_arrows(
    on: Canvas, n: Rows, ends: Rows, logits: Rows, powers: Rows, shares: Rows, *, words: Sequence[str]
) -> None:
    """Words as arrows, and the last vector n: the logit of a word is its shadow on n, not its length."""
    lengths = [x * x + y * y for x, y in ends]
    longest = lengths.index(max(lengths))
    printed = next((k for k, x in enumerate(logits[0]) if x == 1 and k != longest), None)
    in_plane = all(LEAST[i] <= end[i] <= MOST[i] for end in (*ends, *n) for i in (0, 1))
    if printed is None or len(words) != len(ends) != 4 or not in_plane or max(shares[0]) > HALF:
        raise UndrawableError("four words with room have logits up to 3, and one of 1 that is not the longest")
    on.plane(_at, LEAST, MOST)
    arrows = [(_at((0, 0)), _at(end)) for end in (*n, *ends)]
    halves = [1.0, *(label(word, CAPTION).width / 2 for word in words)]
    at_n, *names = beside([tip for _, tip in arrows], halves, arrows, (0, 1.2, 33.5, 34.4))
    on.arrow(*arrows[0], width=0.9)
    on.math(*at_n, "n", TOKEN)
    for arrow, at, word in zip(arrows[1:], names, words, strict=True):
        on.arrow(*arrow, width=AXIS + 0.1)
        on.text(*at, word, CAPTION)
    vector = listed(n[0])
    on.text(2.0, 37.4, on.say("pictures.word_arrows.vector"), CAPTION, anchor="start", colour=GREY)
    on.math(17.5, 37.4, f"n = ({vector})", CAPTION, anchor="start", colour=GREY)
    heads = (("logit", LOGIT_AT), ("power", POWER_AT), ("share", BAR_AT + HALF_LONG / 2))
    for name, x in heads:
        on.text(x, 2.8, on.say(f"pictures.word_arrows.{name}"), CAPTION, colour=GREY)
    for share, text in ((0.0, "0"), (0.5, "1/4"), (1.0, "1/2")):
        x = BAR_AT + HALF_LONG * share
        on.line((x, 4.2), (x, 35.2), width=HAIR if share else AXIS, colour=PALE, dash=DASH if share else ())
        on.number(x, 37.4, text, 2.9)
    others = [k for k in range(4) if k != printed]
    for row, k in enumerate([printed, *others]):
        y = 8.0 + 7.7 * row
        on.text(NAME_AT, y + 1.0, words[k], TOKEN, anchor="end")
        pen: Layer = on.pen if row else on
        if row:
            on.blank(LOGIT_AT, y, logits[0][k], 8.6, 7.0)
            on.blank(POWER_AT, y, powers[0][k], 8.6, 7.0)
            on.line((BAR_AT, y - 2.3), (BAR_AT + HALF_LONG, y - 2.3), width=HAIR, colour=PALE, dash=DASH)
            on.line((BAR_AT, y + 2.3), (BAR_AT + HALF_LONG, y + 2.3), width=HAIR, colour=PALE, dash=DASH)
        else:
            on.number(LOGIT_AT, y, logits[0][k])
            on.number(POWER_AT, y, powers[0][k])
        wide = 2 * HALF_LONG * float(shares[0][k])
        pen.box(BAR_AT, y - 2.3, wide, 4.6, fill=PEN_AREA if row else GREY, width=0.4 if row else 0.25)
    on.text(2.0, 42.4, on.say("pictures.word_arrows.ask"), CAPTION, anchor="start", colour=GREY)
    no = on.say("pictures.word_arrows.no", word=words[longest], share=value_text(shares[0][longest]))
    on.answer_line(38.0, 42.6, 45.0, no, CAPTION)

    def figures(k: int) -> str:
        texts = map(value_text, (logits[0][k], powers[0][k], shares[0][k]))
        return on.say("pictures.word_arrows.figures", word=words[k], figures=listed([*texts]))

    on.said(
        on.say("pictures.word_arrows.said", words=listed(words), vector=vector, printed=figures(printed)),
        on.say("pictures.word_arrows.to_do", words=listed([words[k] for k in others])),
        " ".join((*map(figures, others), on.say("pictures.word_arrows.longest", word=words[longest]))),
    )


def _at(point: Sequence[Any]) -> tuple[float, float]:
    """A point of the plane on the page."""
    return ORIGIN[0] + UNIT * float(point[0]), ORIGIN[1] - UNIT * float(point[1])
