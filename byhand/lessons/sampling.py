"""Choosing the next word: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise, permutations
from typing import Any

import numpy as np
from msgspec.structs import replace

from byhand.arithmetic.copies import each
from byhand.mistakes.registry import mistake
from byhand.model.builder import Builder
from byhand.model.layers import softmax
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.dice import Bools, Dice
from byhand.numbers.draw import Candidates, draw
from byhand.numbers.promises import sheet_promise
from byhand.numbers.registry import Entries, Task
from byhand.ops.attention import normalize_rows, row_argmax, row_sum
from byhand.ops.chance import running_sum, stretch_of
from byhand.ops.linear import divided_by_each
from byhand.ops.shapes import gather_rows, keep_entries
from byhand.pictures.canvas import BOX, CAPTION, DASH, GUIDE, PEN_AREA, STROKE, TOKEN, WHITE, Canvas, Layer
from byhand.pictures.labels import words as label
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.tape import Computed, Matrix, Step, Tape
from byhand.witness.wiring import Wiring, wiring

# ---- the model ----


@model("sampling", part="unembed")
def _steps(build: Builder) -> Results:
    """Sampling from one row of `logits`: at several `temperatures`, with top k at the first of them and top p at the
    last; and the words that the throws `r` draw at the first temperature, from all words and from those of top k.
    """
    logits = build.matrix("logits", ("", "d_vocab"))
    temperatures = build.matrix("temperatures", ("temperature", ""), fixed=True)
    probs = softmax(divided_by_each(logits, temperatures, name="scaled"), "probs", build.config.softmax_base)
    row_argmax(probs, name="likeliest")  # computed only when requested
    plain, last = (
        gather_rows(probs, name=name, sizes={"i": (1, "")}, rows=(row,))
        for name, row in (("probs.plain", 0), ("probs.last", probs.rows - 1))
    )
    k, p = (limit.values[0][0] for limit in (build.count("k", 2), build.number("p", Fraction(3, 4))))
    shares, nucleus = _renormalised(plain, "top_k", _top_k, k), _renormalised(last, "top_p", _top_p, p)
    count = len(build.tape.numbers.get("r", ((),)))
    throws = build.tape.given("r", (count, 1), ("throw", ""), default=Fraction(9, 20))
    drawn = [
        stretch_of(running_sum(row, name=f"{name}.ends"), throws, name=f"{name}.drawn")
        for name, row in (("plain", plain), ("top_k", shares))
    ]
    return nucleus, *drawn


def _renormalised(probs: Matrix, name: str, pick: Callable[..., list[int]], limit: Any) -> Matrix:
    """The probabilities that are picked, divided by their sum, and 0 for the others.

    pick: the columns that are kept, from the limit and the probabilities.
    """

    picked = each(lambda *arguments: tuple(pick(*arguments)), limit, *probs.values[0])
    is_kept = tuple(each(lambda columns, j=j: Computed(j in columns), picked) for j in range(probs.cols))
    kept = keep_entries(probs, name=name, kept=(is_kept,))
    return normalize_rows(kept, row_sum(kept, name=f"{name}.sum"), name=f"{name}.probs")


def _top_k(k: Any, *probs: Any) -> list[int]:
    """The columns of the k largest probabilities, the largest first."""
    return sorted(range(len(probs)), key=lambda j: -probs[j])[: int(k)]


def _top_p(p: Any, *probs: Any) -> list[int]:
    """The columns of the fewest probabilities that add up to at least p, the largest first."""
    ordered = _top_k(len(probs), *probs)
    sums_before = accumulate((probs[j] for j in ordered), initial=0)
    return [j for j, before in zip(ordered, sums_before, strict=False) if before < p]


# ---- the same, written down a second time ----


@wiring("sampling")
def _second(w: Wiring) -> None:
    """Temperatures; top k (Fan et al. 2018) and top p (Holtzman et al. 2020); and draws."""
    probs, last = w.softmax("probs", w("scaled", "divided_by_each", "logits", "temperatures")), "probs.last"
    w("likeliest", "row_argmax", probs)
    w("probs.plain", "gather_rows", probs, rows=[0])
    w(last, "gather_rows", probs, rows=[w.shapes["temperatures"][0] - 1])
    for name, of, rule, limit in (("top_k", "probs.plain", "keep_k", "k"), ("top_p", last, "keep_p", "p")):
        kept = w(name, rule, of, limit)
        w(f"{name}.probs", "normalize_rows", kept, w(f"{name}.sum", "row_sum", kept))
    for name, shares in (("plain", "probs.plain"), ("top_k", "top_k.probs")):
        w(f"{name}.drawn", "stretch_of", w(f"{name}.ends", "running_sum", shares), "r")


# ---- its numbers ----


# Above the smallest: no two are equal, so that top k and top p may cut after any word. The shares are fifteenths at
# the first temperature, and 85ths, hard to lay out on a strip, at the last.
LOGITS = np.array([*permutations((3, 2, 1, 0))])
TEMPERATURES = np.array([Fraction(1), Fraction(1, 2)])
# p of top p
NUCLEI = np.array([*map(Fraction, ("4/5", "5/6", "17/20", "9/10", "29/30"))])
THROWS = np.array([Fraction(n, 100) for n in range(2, 99)])


def _has_four_words(task: Task) -> str:
    count = len(task.values.vocabulary)
    return "" if count == 4 else f"sampling has new numbers for 4 words, not {count}; use 4, or give values"


def _nucleus_tells(run: Candidates) -> Bools:
    """Top p keeps two words or more, but not all, and another number of them than top k, and than itself at the first
    temperature.
    """
    words, ordered = (run("top_p") > 0).sum((1, 2)), np.sort(run("probs.plain"), 2)[:, 0, ::-1]
    others = 1 + (ordered.cumsum(1) < run("p")[:, 0]).sum(1)
    return np.asarray((words > 1) & (words < 4) & (words != others) & (words != run("k")[:, 0, 0]))


def _throws_tell(run: Candidates) -> Bools:
    """The first two throws fall on different words, the third on another one under top k only; all are far from every
    border.
    """
    past = [run("r") - run(f"{name}.ends") for name in ("plain", "top_k")]
    plain, kept = ((x > 0).sum(2) for x in past)
    ok: Bools = ((plain != kept) == [False, False, True]).all(1) & (plain[:, 0] != plain[:, 1])
    return ok & (abs(np.array(past)) > NEAR - 1e-9).all((0, 2, 3))


@draw("sampling", like_sheet=True, requires=[_has_four_words], fits=[_nucleus_tells], count=500, then=[
    (["r"], [_throws_tell]),
])  # fmt: skip
def _numbers(task: Task, dice: Dice, count: int) -> Entries:
    """Logits, temperatures, k of top k, two or three, p of top p, and throws in hundredths."""
    return {
        "logits": dice.choices(LOGITS, count, 1) + dice.below(3, count, 1, 1) - 1,
        "temperatures": np.repeat(TEMPERATURES[None], count, 0)[..., None],
        "k": 2 + dice.below(2, count, 1, 1),
        "p": dice.choices(NUCLEI, count, 1, 1),
        "r": dice.choices(THROWS, count, 3, 1),
    }


NEAR = Fraction(1, 50)  # how near a throw may be to a border between two words, or p to where top p keeps one more


@sheet_promise
def top_k_drops_a_word(tape: Tape) -> bool:
    """Top k keeps two words or more, but not all, and each that it keeps is likelier than any that it drops."""
    return _is_clear_cut(tape.values("probs.plain")[0], tape.values("top_k")[0])


@sheet_promise
def top_p_keeps_several_words(tape: Tape) -> bool:
    """Top p keeps two words or more, but not all; p is not near to what some of the likeliest words add up to; and at
    the first temperature it would keep another number of words.
    """
    shares, p = tape.values("probs.last")[0], tape.values("p")[0][0]
    is_near = any(abs(reached - p) < NEAR for reached in accumulate(sorted(shares, reverse=True)))
    others = words_reaching(tape.values("probs.plain")[0], p) != words_reaching(shares, p)
    return _is_clear_cut(shares, tape.values("top_p")[0]) and others and not is_near


def words_reaching(shares: Sequence[Any], p: Any) -> int:
    """How many words, the likeliest first, together reach p."""
    return 1 + sum(bool(reached < p) for reached in accumulate(sorted(shares, reverse=True)))


def _is_clear_cut(shares: Sequence[Any], kept: Sequence[Any]) -> bool:
    dropped = [share for share, x in zip(shares, kept, strict=True) if not x]
    return 2 <= len(shares) - len(dropped) < len(shares) and max(dropped) < min(x for x in kept if x)


@sheet_promise
def cuts_keep_different_words(tape: Tape) -> bool:
    """Top k and top p keep different words."""
    kept, nucleus = (list(map(bool, tape.values(name)[0])) for name in ("top_k", "top_p"))
    return kept != nucleus


@sheet_promise
def throws_are_clear(tape: Tape) -> bool:
    """Each throw has two decimals and is far from every border; two words or more are drawn; and one throw, but not
    the first, draws another word where top k has dropped some.
    """
    throws = [r for (r,) in tape.values("r")]
    borders = {0, *tape.values("plain.ends")[0], *tape.values("top_k.ends")[0]}
    drawn, again = ([word for (word,) in tape.values(f"{name}.drawn")] for name in ("plain", "top_k"))
    changes = [one != other for one, other in zip(drawn, again, strict=True)]
    is_far = all((100 * r).denominator == 1 and min(abs(r - x) for x in borders) >= NEAR for r in throws)
    return is_far and len(set(drawn)) > 1 and changes.count(True) == 1 and not changes[0]


# ---- its mistakes ----


@mistake(
    told="Probabilities, not logits, divided by the temperature.",
    mend="Divide the logits by the temperature first, and then take softmax.",
    after="norm-before-sum",
)
def temperature_on_probabilities(step: Step, tape: Tape) -> Iterable[Step]:
    """Each temperature has the undivided logits, and the division follows softmax."""
    if step.op is divided_by_each:
        return [replace(step, op=gather_rows, inputs=step.inputs[:1], params={"rows": (0,) * step.shape[0]})]
    if step.name != "probs" or "temperatures" not in tape.steps:
        return [step]
    return [replace(step, name="probs.cold"), replace(step, inputs=("probs.cold", "temperatures"))]


# ---- its picture ----

STRIP_AT, STRIP_LONG, STRIP_HIGH = 12.0, 100.0, 7.0  # mm
UPPER, LOWER = 13.5, 30.5  # mm: the tops of the two strips


@picture(width=115, height=41, minutes=3)
def throws(
    on: Canvas, shares: Rows, kept: Rows, throws: Rows, drawn: Rows, drawn_kept: Rows, *, words: Sequence[str],
    temperature: Sequence[str], k: Sequence[str],
) -> None:  # fmt: skip
    """Probabilities laid end to end on a strip, and throws that fall on them, before and after top k."""
    if not all(0 < r < 1 for (r,) in throws) or len(words) > 8:
        raise UndrawableError("throws lie between 0 and 1")
    on.math(0.5, UPPER + 4.6, f"T = {temperature[0]}", TOKEN, anchor="start")
    on.math(0.5, LOWER + 4.6, f"k = {k[0]}", TOKEN, anchor="start")
    on.math(0.5, 3.2, "r =", TOKEN, anchor="start")
    for parts, top in ((shares[0], UPPER), (kept[0], LOWER)):
        _strip(on, parts, top, words, [STRIP_AT + STRIP_LONG * float(r) for (r,) in throws])
        for tenth in range(11):
            x = STRIP_AT + STRIP_LONG * tenth / 10
            on.line((x, top + STRIP_HIGH), (x, top + STRIP_HIGH + (1.5 if tenth % 5 == 0 else 0.9)), width=GUIDE)
        for share, text in ((0.0, "0"), (0.5, "0.5"), (1.0, "1")):
            on.number(STRIP_AT + STRIP_LONG * share, top + STRIP_HIGH + 2.9 - (0.4 if top == LOWER else 0), text, 2.5)
    fell = []
    for row, (r,) in enumerate(throws):
        pen: Layer = on.pen if row else on
        x = STRIP_AT + STRIP_LONG * float(r)
        pen.text(x, 3.2, f"{float(r):.2f}", CAPTION)
        pen.arrow((x, 4.4), (x, UPPER - 0.2), width=STROKE)
        pen.line((x, UPPER + STRIP_HIGH), (x, LOWER - 2.2), width=GUIDE, dash=DASH)
        pen.arrow((x, LOWER - 2.4), (x, LOWER - 0.2), width=STROKE)
        one, other = words[int(drawn[row][0])], words[int(drawn_kept[row][0])]
        fell.append(on.say("pictures.throws.fell", r=f"{float(r):.2f}", one=one, other=other))
    rest = listed([f"{float(r):.2f}" for (r,) in throws[1:]])
    on.said(
        on.say("pictures.throws.said", words=listed(words), fell=fell[0]),
        on.say("pictures.throws.to_do", words=listed(words), throws=rest),
        " ".join(fell[1:]),
    )


def _strip(on: Canvas, shares: Sequence[Any], top: float, words: Sequence[str], arrows: Sequence[float]) -> None:
    """A strip, on which the pen marks a stretch for each word that has a share; a word without room there stands
    above, off arrows.
    """
    ends = [0.0, *accumulate(map(float, shares))]
    raised, shown = 0, 0
    for k, (start, end) in enumerate(pairwise(ends)):
        x, wide = STRIP_AT + STRIP_LONG * start, STRIP_LONG * (end - start)
        if not wide:
            continue
        on.pen.box(x, top, wide, STRIP_HIGH, fill=PEN_AREA if shown % 2 else WHITE)
        shown += 1
        middle, inside = x + wide / 2, label(words[k], CAPTION).width + 0.8 < wide
        raised = 0 if inside else raised + 1
        y = top + 4.5 if inside else top - 0.9 - 2.8 * (raised - 1)
        half = label(words[k], CAPTION).width / 2 + 1.1
        if not inside and (crossed := [x for x in arrows if abs(x - middle) < half]):
            middle = crossed[0] + (half if middle >= crossed[0] else -half)
        on.pen.text(middle, y, words[k])
    on.box(STRIP_AT, top, STRIP_LONG, STRIP_HIGH, width=BOX)
