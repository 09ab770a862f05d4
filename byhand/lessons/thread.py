"""The thread: what its numbers promise, on all of its sheets at once, and its picture of values as arrows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from byhand.notation.text import listed, value_text
from byhand.numbers.promises import dot_of, has_one_largest, sheet_promise
from byhand.pictures.canvas import AXIS, GREY, INK, PALE, TOKEN, WHITE, Canvas
from byhand.pictures.labels import words
from byhand.pictures.names import beside, gap
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.pictures.shapes import Point
from byhand.tape import Tape

NOUN, VERB, DOER, DONE = range(4)  # the features of a word
FIRST, ACT, LAST = range(3)  # the words: who does it, what they do, and what it is done to
BLOCK, AT = "blocks.0.", "blocks.0.attn."
# The steps in which no two words' rows are parallel, none is 0, and no column is one number again and again
APART = (
    "hook_embed", "hook_pos_embed", f"{BLOCK}hook_resid_pre", *(f"{AT}hook_{x}[{h}]" for x in "qkvz" for h in (0, 1)),
    f"{AT}unmasked_z[0]", f"{BLOCK}hook_attn_out", f"{BLOCK}hook_resid_mid", f"{BLOCK}ln1.hook_normalized",
    f"{BLOCK}mlp.hook_pre", f"{BLOCK}hook_mlp_out", f"{BLOCK}hook_resid_post", f"{BLOCK}hook_normalized_resid_post",
    "logits",
)  # fmt: skip


# ---- its promises ----


@sheet_promise
def thread_rows_are_apart(tape: Tape) -> bool:
    """In every step of words in some features, no two rows are parallel, no row is 0, and no column is constant."""
    return all(_are_apart(tape.values(name)) for name in APART)


def _are_apart(rows: Rows) -> bool:
    parallel = any(dot_of(a, b) ** 2 == dot_of(a, a) * dot_of(b, b) for a, b in combinations(rows, 2))
    return not parallel and all(map(any, rows)) and all(len({*column}) > 1 for column in zip(*rows, strict=True))


@sheet_promise
def thread_words_have_features(tape: Tape) -> bool:
    """The nouns have most of “noun” and the verb of “verb”; the nouns are more alike than either and the verb. With
    its place, the first word is a noun and a doer, the last a noun and done to; at the first place, the last
    would be a doer.
    """
    e, p, x = (tape.values(name) for name in ("hook_embed", "hook_pos_embed", f"{BLOCK}hook_resid_pre"))
    first = [a + b for a, b in zip(e[LAST], p[FIRST], strict=True)]
    return (
        _leads(e[FIRST], NOUN) and _leads(e[ACT], VERB) and _leads(e[LAST], NOUN)
        and dot_of(e[FIRST], e[LAST]) > max(dot_of(e[FIRST], e[ACT]), dot_of(e[LAST], e[ACT]))
        and _leads(p[FIRST], DOER) and _leads(p[LAST], DONE)
        and _has(x[FIRST], NOUN, DOER) and _has(x[LAST], NOUN, DONE) and _leads(x[ACT], VERB)
        and first[DOER] > max(0, first[DONE])
    )  # fmt: skip


@sheet_promise
def thread_verb_finds_the_doer(tape: Tape) -> bool:
    """In the first head, the verb asks for a noun that is a doer; the first word can be found as a doer and answers
    best, with the mask and without it, and so the verb's mixture says most of who does it.
    """
    q, k, v, scores = (tape.values(f"{AT}{name}[0]") for name in ("hook_q", "hook_k", "hook_v", "scores_raw"))
    before, mixed, without = (tape.values(f"{AT}{name}[0]") for name in ("unmasked_z", "hook_z", "unmasked_pattern"))
    shares = tape.values(f"{AT}hook_pattern[0]")
    kinds = {tuple(sorted(row)) for row in without}
    return (
        _has(q[ACT], NOUN, DOER) and k[FIRST][DOER] > 0
        and _leads(scores[ACT], FIRST) and scores[ACT][FIRST] != scores[FIRST][ACT]
        and _leads(without[ACT], FIRST) and _leads(shares[ACT], FIRST) and len(kinds) > 1
        and all(map(has_one_largest, without))
        and v[FIRST][0] > v[FIRST][1] and _leads([row[0] for row in v], FIRST) and _leads([row[1] for row in v], LAST)
        and 0 < before[ACT][0] > before[ACT][1] and mixed[ACT][0] > mixed[ACT][1]
    )  # fmt: skip


@sheet_promise
def thread_heads_differ(tape: Tape) -> bool:
    """The second head asks what happens: whoever sees the verb looks at it most. The first one looks at the first
    word. Of the rows of both in which more than one word is seen, at least three have different shares.
    """
    one, other = (tape.values(f"{AT}hook_pattern[{h}]") for h in (0, 1))
    kinds = {tuple(sorted(row)) for row in (*one[1:], *other[1:])}
    query = tape.values(f"{AT}hook_q[1]")[LAST]
    looks = (_leads(one[i], FIRST) and _leads(other[i], ACT) and one[i] != other[i] for i in (ACT, LAST))
    return all(looks) and _leads(query, VERB) and len(kinds) > 2


@sheet_promise
def thread_norms_are_wide(tape: Tape) -> bool:
    """Behind each norm, at most one word has results of one size only; the verb has gained most as a doer, and has
    one largest feature.
    """
    norms = (tape.values(f"{BLOCK}{ln}.standardized") for ln in ("ln1", "ln2"))
    narrow = (sum(len({abs(x) for x in row}) == 1 for row in rows) for rows in norms)
    gained, after = tape.values(f"{BLOCK}hook_attn_out")[ACT], tape.values(f"{BLOCK}ln1.hook_normalized")[ACT]
    return max(narrow) <= 1 and _leads(gained, DOER) and gained[DOER] > 0 and has_one_largest(after)


@sheet_promise
def thread_says_the_next_word(tape: Tape) -> bool:
    """The network adds most to the verb under “done to”, which is what it has most of in the end. The verb says the
    word that follows, one word wins in every row and one is second, and after the verb that wins by a whole number.
    """
    added, end = tape.values(f"{BLOCK}hook_mlp_out")[ACT], tape.values(f"{BLOCK}hook_normalized_resid_post")[ACT]
    logits, ids = tape.values("logits"), tape.steps["hook_embed"].params["rows"]
    ranked = [sorted(row, reverse=True) for row in logits]
    return (
        _leads(added, DONE) and added[DONE] > 0 and _leads(end, DONE)
        and all(row[0] > row[1] > row[2] for row in ranked)
        and _leads(logits[ACT], ids[LAST]) and tape.values("unembed.W_U")[DONE][ids[LAST]] > 0
    )  # fmt: skip


@sheet_promise
def thread_surprises_differ(tape: Tape) -> bool:
    """The verb comes as a surprise of two bits, and the last word of one."""
    return [x for (x,) in tape.values("loss_per_token")] == [2, 1]


def _leads(row: Sequence[object], place: int) -> bool:
    """Whether a row's number at a place is larger than all others."""
    return has_one_largest(row) and row[place] == max(row)  # type: ignore[type-var]


def _has(row: Sequence[object], *places: int) -> bool:
    """Whether a row's numbers are above 0 at these places, and nowhere else."""
    return [x > 0 for x in row] == [at in places for at in range(len(row))]  # type: ignore[operator]


# ---- its picture ----

WIDE, HIGH = 174.0, 60.0  # mm: of the picture
ROOM = 108.0  # of the plane
UNIT = 9.6  # the most that a unit of the plane takes
BOX = 117.0, 57.0, 58.0  # of the guess: its left edge, its width, its height
DASHED = (1.6, 1.1)


@picture(width=WIDE, height=HIGH, minutes=1)
def value_plane(
    on: Canvas, values: Rows, mixed: Rows, *, tokens: Sequence[str], names: Sequence[str], row: int
) -> None:
    """Values of two numbers as arrows, and room to guess where the mixture of one word's own will end.

    names: of the two numbers. row: the word whose mixture is guessed.
    """
    ends = [(float(x), float(y)) for x, y in values] if all(len(value) == 2 for value in values) else []
    if len(ends) != 3 or max(abs(x) for end in ends for x in end) > 6:
        raise UndrawableError("three values of two small numbers are drawn")
    low = [min(0, *(int(x) for x in axis)) - 1 for axis in zip(*ends, strict=True)]
    high = [max(0, *(int(x) for x in axis)) + 1 for axis in zip(*ends, strict=True)]
    unit = min(UNIT, ROOM / (high[0] - low[0]), (HIGH - 7) / (high[1] - low[1]))

    def at(point: Sequence[float]) -> Point:
        return 2 + unit * (point[0] - low[0]), 5 + unit * (high[1] - point[1])

    on.plane(at, (low[0], low[1]), (high[0], high[1]))
    on.arrow(at((low[0], 0)), at((high[0], 0)), width=AXIS + 0.05, colour=INK)
    on.arrow(at((0, low[1])), at((0, high[1])), width=AXIS + 0.05, colour=INK)
    on.text(at((high[0], 0))[0], at((high[0], 0))[1] + 3.6, names[0], TOKEN, anchor="end", bold=True)
    on.text(at((0, high[1]))[0] + 1.4, at((0, high[1]))[1] - 1.4, names[1], TOKEN, anchor="start", bold=True)
    tips = [at(end) for end in ends]
    halves = [words(word, TOKEN).width / 2 + 0.4 for word in tokens]
    right, lower = at((high[0], low[1]))
    places = beside(tips, halves, [(at((0, 0)), tip) for tip in tips], (0, 1.5, right + 4, lower + 1))
    taken = [*zip(places, halves, strict=True), *((tip, 1.0) for tip in tips)]
    for x in (n for n in range(low[0] + 1, high[0]) if n):
        _tick(on, x, (at((x, 0))[0], at((x, 0))[1] + 3.2), taken)
    for y in (n for n in range(low[1] + 1, high[1]) if n):
        _tick(on, y, (at((0, y))[0] - 1.6, at((0, y))[1] + 1.0), taken)
    for tip, place, half, word in zip(tips, places, halves, tokens, strict=True):
        on.arrow(at((0, 0)), tip, width=0.9)
        on.box(place[0] - half, place[1] - 2.9, 2 * half, 3.8, fill=WHITE, width=0)
        on.text(*place, word, TOKEN + 0.3, bold=True)
    _guess(on, tokens[row], names)
    told = [value_text(x) for x in mixed[row]]
    on.pen.arrow(at((0, 0)), at([float(x) for x in mixed[row]]), width=0.9)
    shown = "; ".join(f"{word} {listed(value)}" for word, value in zip(tokens, values, strict=True))
    on.said(
        on.say("pictures.value_plane.said", across=names[0], up=names[1], values=shown),
        on.say("pictures.value_plane.to_do", word=tokens[row]),
        on.say("pictures.value_plane.key", word=tokens[row], numbers=listed(told)),
    )


def _tick(on: Canvas, number: int, at: Point, taken: Sequence[tuple[Point, float]]) -> None:
    """The number of a line of the plane, where no name and no tip is in its way."""
    if all(gap(at, place, half + 1.4) > 1.2 for place, half in taken):
        on.text(*at, value_text(number), 2.6, colour=GREY)


def _guess(on: Canvas, word: str, names: Sequence[str]) -> None:
    """The box for a guess in pencil: what to draw, and two numbers."""
    left, wide, high = BOX
    on.box(left, 1, wide, high, dash=DASHED, width=0.32, colour=GREY)
    on.text(left + 3, 6.4, on.say("remarks.guess"), TOKEN + 0.3, anchor="start", bold=True)
    for k in range(4):
        on.text(
            left + 3, 12.4 + 4.4 * k, on.say(f"pictures.value_plane.line_{k + 1}", word=word), 3.1, anchor="start"
        )
    on.arrow((left + 8, 33.4), (left + 46, 33.4), width=0.5, colour=PALE, dash=DASHED)
    on.text(left + 3, 45.4, on.say("pictures.value_plane.near"), 3.1, anchor="start")
    for k, name in enumerate(names):
        on.box(left + 25 + 14 * k, 40, 11, 8)
        on.text(left + 30.5 + 14 * k, 52.0, name, 2.6, colour=GREY)
