"""What is promised of an instance, measured on the tape of its run.

Each promise is a function, registered under its own name: by `@promise` if it holds for every run, and by
`@sheet_promise` if it holds for the sheets that name it in their front matter, since their idea shows in such numbers
only.

How large numbers may be depends on the level (`LEVELS`). Every run also takes about as long as others of its
configuration (`usual_time`), so that no student has a longer sheet than another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import combinations, product
from typing import Any

from msgspec import Struct

from byhand.arithmetic.domain import is_neg_inf
from byhand.arithmetic.expr import refs
from byhand.arithmetic.floats import FLOATS
from byhand.effort import STEP, seconds
from byhand.errors import DomainError, UnknownNameError
from byhand.loading import load_lessons
from byhand.mistakes.registry import applying, cells_changed, mistaken, resumed
from byhand.model.config import Config
from byhand.numbers.expressed import expressed
from byhand.ops.attention import mask_future
from byhand.ops.norms import center, standardize
from byhand.tape import Rows, Step, Tape

AFTER_LOGITS = ("probs", "next_token")  # the names that steps after the logits begin with
IN_PICTURES: set[str] = (
    set()
)  # how the names of steps begin from which only pictures are drawn, as large as these allow
APART = Fraction(2, 5)  # how far apart points are whose dots do not touch
UGLY = 20  # a number with a larger numerator or denominator is ugly: hard to multiply and to add in one's head
MOST_ALIKE = Fraction(6, 16)  # of the cells of a table, in which LayerNorm and BatchNorm may agree
SATURATED = Fraction(9, 10)  # a row of a pattern with a larger entry attends to hardly more than one token
LARGEST_OF_SHARES = 24  # the largest denominator of shares that are easy to draw
FEW_TOKENS = 4  # up to this many, good patterns are common, and norms in blocks have wide rows (`Task.has_wide`)
FEW_WORDS = 8  # up to this many, one word is the second in every row: with more, hardly any W_U has no ties
BAND = 0.069  # how far a run's time may be from the usual, as a part of it: two differ by up to 1.069 / 0.931 < 1.15


class Limits(Struct, frozen=True):
    """How large the numbers of an instance may be, in absolute value."""

    integer: int = 9
    """The largest whole number before the last softmax: one digit."""
    denominator: int = 10
    """The largest denominator before the last softmax."""
    query: int = 5
    """The largest entry of a query, key or value."""
    stream: int = 5
    """The largest entry of the residual stream; after a sum it may be one more."""
    hidden: int = 6
    """The largest hidden unit before ReLU."""
    ugly: int = 2
    """How many numbers may be ugly."""
    drawn: int = 1
    """Of how many instances the one is taken that needs the least time."""


LEVELS = {
    "easy": Limits(query=4, stream=4, hidden=5, ugly=0, drawn=10),
    "standard": Limits(),
    "stretch": Limits(query=6, stream=6, hidden=8),
}


def limits_of(level: str) -> Limits:
    """The limits of a level.

    Raises: UnknownNameError.
    """
    if level not in LEVELS:
        raise UnknownNameError("level", level, LEVELS)
    return LEVELS[level]


# ---- the promises ----


class Case(Struct, frozen=True, dict=True):
    """An evaluated run, and what is asked of it."""

    tape: Tape
    quality: dict[str, Any]
    """The figures of the run."""
    steps: Sequence[Step]
    """The steps that take time on the sheet."""
    limits: Limits
    expected: float
    """The seconds that they should take."""
    wanted: tuple[int | None, ...] = ()
    """For a model that says words, the id of the right word at each position; None where any word will do."""

    @cached_property
    def seconds(self) -> float:
        """The seconds that the run takes."""
        return seconds(self.tape, [step.name for step in self.steps if step.op])


def case_of(tape: Tape, limits: Limits, expected: float, wanted: tuple[int | None, ...] = ()) -> Case:
    """An evaluated run with its figures. Steps that are evaluated later take no time on the sheet."""
    return Case(tape, quality(tape), tape.used(), limits, expected, wanted)


Promise = Callable[[Case], bool]
PROMISES: dict[str, Promise] = {}


def promise(keeps: Promise) -> Promise:
    """Register a function that says whether a run keeps the promise of the function's name."""
    PROMISES[keeps.__name__] = keeps
    return keeps


@promise
def largest_integer(case: Case) -> bool:
    """No whole number exceeds the level's limit."""
    return bool(case.quality["largest_integer"] <= case.limits.integer)


@promise
def largest_denominator(case: Case) -> bool:
    """No denominator exceeds the level's limit."""
    return bool(case.quality["largest_denominator"] <= case.limits.denominator)


@promise
def ugly(case: Case) -> bool:
    """No more numbers are ugly than the level allows."""
    return bool(case.quality["ugly"] <= case.limits.ugly)


@promise
def attention(case: Case) -> bool:
    """In each layer, uniform attention would change the last row and at least one other."""
    changed = zip(case.quality.get("attention", ()), _query_rows(case.tape), strict=True)
    return all(len(rows) >= min(2, n - 1) and rows[-1] == n for rows, n in changed)


@promise
def heads(case: Case) -> bool:
    """If a layer has several heads, each of them changes at least two rows of the layer's result."""
    layers = zip(_query_rows(case.tape), _patterns_by_layer(case.tape).values(), strict=True)
    counts = [n for n, steps in layers for _ in steps if len(steps) > 1]
    return all(len(rows) >= min(2, n - 1) for rows, n in zip(case.quality.get("heads", ()), counts, strict=True))


@promise
def alive(case: Case) -> bool:
    """Each hidden unit is positive for some token, and not for all, where there are several."""
    tokens = [s.shape[0] for s in steps_named(case.tape, "hook_post") for _ in range(s.shape[1])]
    return all(0 < count < n or n == 1 for count, n in zip(case.quality.get("alive", ()), tokens, strict=True))


@promise
def patterns(case: Case) -> bool:
    """No row of a pattern is saturated, the last row is not uniform, and at most half of the rows are."""
    asked = (step for steps in _patterns_by_layer(case.tape).values() for step in steps)
    return all(_tells_tokens_apart(case.tape.values(step.name)) for step in asked)


@promise
def scores(case: Case) -> bool:
    """No matrix of scores is symmetric, so that a student who transposes it gets other numbers; but all may be 0."""
    matrices = (case.tape.values(s.name) for s in steps_named(case.tape, "scores_scaled", "scores_raw"))
    return not any(_is_symmetric(each) for each in matrices if any(map(any, each)))


@promise
def rows(case: Case) -> bool:
    """No two tokens have the same row in the residual stream, or after a norm."""
    return all(len(set(case.tape.values(s.name))) == s.shape[0] for s in steps_of_stream(case.tape))


@promise
def margins(case: Case) -> bool:
    """The largest logit leads by a whole number, 1 or more."""
    return all(lead >= 1 for lead in case.quality.get("margins", ()))


@promise
def without_attention(case: Case) -> bool:
    """Without attention, the last answer would be another word."""
    return bool(case.quality.get("without_attention", True))


@promise
def answers(case: Case) -> bool:
    """The largest logits are those of the right words."""
    said = case.quality.get("answers", case.wanted)
    return all(word is None or word == answer for word, answer in zip(case.wanted[-len(said) :], said, strict=False))


@promise
def foils(case: Case) -> bool:
    """Each mistake that can be made in the run changes at least one cell of the step where it is made."""
    return all(count > 0 for count in case.quality.get("foils", {}).values())


@promise
def as_long_as_others(case: Case) -> bool:
    """The run takes as long as expected, within BAND."""
    return abs(case.seconds - case.expected) <= BAND * case.expected


def only_in_pictures(beginning: str) -> None:
    """Steps whose names begin like this are as large as the picture allows that is drawn from them."""
    IN_PICTURES.add(beginning)


def broken(case: Case) -> list[str]:
    """The promises for every run that a run breaks."""
    return [name for name, keeps in PROMISES.items() if not keeps(case)]


def promised(
    tape: Tape, limits: Limits, expected: float, wanted: tuple[int | None, ...] = (), of_sheet: Sequence[str] = ()
) -> Case | None:
    """A run with its figures, if it keeps every promise; else None.

    of_sheet: the names of the sheet's own promises.

    Raises: DomainError where a step has no exact value.
    """
    case = case_of(tape, limits, expected, wanted)
    if not all(keeps(case) for keeps in PROMISES.values() if keeps is not as_long_as_others):
        return None
    if not all(sheet_promise_named(name)(tape) for name in of_sheet) or not as_long_as_others(case):
        return None  # to tell the time takes longest
    case.quality["foils"] = foiled(tape)  # last: it takes as long as all others together, and seldom fails
    if of_sheet:
        case.quality["promises"] = dict.fromkeys(of_sheet, True)
    return case if foils(case) else None


# ---- the promises of single sheets ----

SheetPromise = Callable[[Tape], bool]
SHEET_PROMISES: dict[str, SheetPromise] = {}


def sheet_promise(keeps: SheetPromise) -> SheetPromise:
    """Register a promise of single sheets: a function that says whether an evaluated run keeps it.

    A sheet names it in its front matter: `promises: [its_name]`.
    """
    SHEET_PROMISES[keeps.__name__] = keeps
    return keeps


def broken_of_sheet(tape: Tape, names: Sequence[str]) -> list[str]:
    """Those of a sheet's own promises that an evaluated run breaks."""
    return [name for name in names if not sheet_promise_named(name)(tape)]


def sheet_promise_named(name: str) -> SheetPromise:
    """The promise of a name, also of another sheet's lesson; or one that is an expression (expressed.py).

    Raises: UnknownNameError; SheetError for an expression that is none.
    """
    if not name.isidentifier():
        return expressed(name)
    if name not in SHEET_PROMISES:
        load_lessons()
    if name not in SHEET_PROMISES:
        raise UnknownNameError("promise", name, SHEET_PROMISES)
    return SHEET_PROMISES[name]


@sheet_promise
def norms_have_two_sizes(tape: Tape) -> bool:
    """Each LayerNorm has a row whose results, before w and b, are of two sizes: it is more than a row of signs. This
    is asked of up to four tokens.
    """
    norms = [s for s in tape.used() if s.op is standardize and tape.steps[s.inputs[0]].op is center]
    many = any(s.shape[0] > FEW_TOKENS for s in norms)
    return many or all(have_two_sizes(tape.values(s.name)) for s in norms)


def have_two_sizes(rows: Rows) -> bool:
    """Whether a row has entries of two different absolute values."""
    return any(len({abs(x) for x in row}) > 1 for row in rows)


@sheet_promise
def norms_take_means_away(tape: Tape) -> bool:
    """In each LayerNorm, a token has another mean than 0: the table that remains is not the one before."""
    return all(any(x for (x,) in tape.values(step.name)) for step in steps_named(tape, ".mean"))


@sheet_promise
def logits_tell_words_apart(tape: Tape) -> bool:
    """No four words have the same logit after the last token."""
    logits = tape.values("logits")[-1]
    return all(logits.count(x) < 4 for x in logits)


# The mistakes that some sheets show, which change the results of these steps. A student who sees a row that is right
# reads an answer from it.
SHOWN = {
    "no-powers": "softmax", "relu-before-bias": "blocks.0.hook_mlp_out", "transposed": "AB", "elementwise": "AB",
}  # fmt: skip


@sheet_promise
def mistakes_leave_no_row_right(tape: Tape) -> bool:
    """Who makes a mistake that the sheet shows has no row of the right results, not even in another place."""
    made = [(mistaken(tape, name)[0], step) for name, step in SHOWN.items() if step in tape.steps]
    return not any({*tape.values(step)} & {*wrong.values(step)} for wrong, step in made)


@sheet_promise
def query_in_words(tape: Tape) -> bool:
    """The second word's query can be said in words: it is positive at the features of the first word and nowhere
    else, and its score with the first word is the largest of its row.
    """
    x, q, scores = (
        tape.values(f"blocks.0.{name}") for name in ("hook_resid_pre", "attn.hook_q[0]", "attn.scores_raw[0]")
    )
    return (
        [a > 0 for a in q[1]] == [b > 0 for b in x[0]]
        and has_one_largest(scores[1])
        and max(scores[1]) == scores[1][0]
    )


@sheet_promise
def each_word_looks_most_at_one(tape: Tape) -> bool:
    """In each row of a pattern with several shares that are not 0, one is larger than all others."""
    rows = [row for step in steps_named(tape, "hook_pattern") for row in tape.values(step.name)]
    return all(has_one_largest(row) for row in rows if sum(map(bool, row)) > 1)


@sheet_promise
def rows_of_scores_tell(tape: Tape) -> bool:
    """No row of scores is one number again and again, no two words take the same shares, and at least two words, or
    one of two, have a positive score.
    """
    scores = [tape.values(step.name) for step in steps_named(tape, "hook_attn_scores")]
    seen = [[[x for x in row if not is_neg_inf(x)] for row in rows] for rows in scores]
    many = all(len(row) == 1 or len({*row}) > 1 for rows in seen for row in rows)
    positive = all(sum(max(row) > 0 for row in rows) >= min(2, len(rows) - 1) for rows in seen)
    shares = [tape.values(step.name) for step in steps_named(tape, "hook_pattern")]
    return many and positive and all(len({*rows}) == len(rows) for rows in shares)


@sheet_promise
def tokens_are_told_apart(tape: Tape) -> bool:
    """From the stream to what is added to it, no two tokens have the same row, nor, if it is wide, one with a single
    other number; no wide row is one number again and again, and no column of three tokens or more.
    """
    ends = ("resid_pre", "resid_mid", "resid_mid_cross", "resid_post", "hook_q", "hook_k", "hook_v", "hook_z",
            "attn_out", "mlp_out")  # fmt: skip
    return all(are_told_apart(tape.values(step.name)) for step in steps_named(tape, *ends))


def are_told_apart(rows: Rows) -> bool:
    """Whether this is so of the rows of a matrix, one for each token. A row is wide from three numbers on."""
    width = len(rows[0])
    least = 2 if width > 2 else 1
    apart = all(sum(x != y for x, y in zip(a, b, strict=True)) >= least for a, b in combinations(rows, 2))
    sides = (rows if width > 2 else ()), (transposed(rows) if len(rows) > 2 else ())
    return apart and all(len({*side}) > 1 for group in sides for side in group)


@sheet_promise
def biases_matter(tape: Tape) -> bool:
    """No layer has only 0 as biases."""
    return all(any(tape.values(step.name)[0]) for step in steps_named(tape, "b_in", "b_out"))


@sheet_promise
def values_span_a_triangle(tape: Tape) -> bool:
    """The values are three points that can be drawn, up to 4 from the axes, and do not lie on a line; nor do their
    arrows, any two of them. No two mixtures are so near to each other that their dots would touch, and none lies on
    an arrow or at its foot.
    """
    values = (a, b), (c, d), (e, f) = tape.values(steps_named(tape, "hook_v")[0].name)
    mixed = tape.values(steps_named(tape, "hook_z")[0].name)
    apart = all(max(abs(x - u), abs(y - v)) >= APART for (x, y), (u, v) in combinations(mixed, 2))
    fan_out = all(x * v != y * u for (x, y), (u, v) in combinations(values, 2))
    off_arrows = all(x * v != y * u or x * u + y * v < 0 for (x, y), (u, v) in product(mixed, values))
    fits = max(map(abs, (a, b, c, d, e, f))) <= 4
    return bool((c - a) * (f - b) != (e - a) * (d - b) and fits and fan_out and apart and off_arrows)


def dot_of(one: Sequence[Any], other: Sequence[Any]) -> Any:
    """The dot product of two rows."""
    return sum(x * y for x, y in zip(one, other, strict=True))


def has_one_largest(row: Sequence[Any]) -> bool:
    """Whether one number of a row is larger than all others."""
    return row.count(max(row)) == 1


def has_columns_of_their_own(rows: Rows) -> bool:
    """Whether no two columns are the same, so that none of them can be copied."""
    columns = transposed(rows)
    return len({*columns}) == len(columns)


def look_most_elsewhere(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two rows each have one largest number, and these stand at different places."""
    return all(map(has_one_largest, (one, other))) and one.index(max(one)) != other.index(max(other))


# ---- the figures ----


def quality(tape: Tape) -> dict[str, Any]:
    """The figures of an evaluated run, as they stand in run.json.

    attention: for each layer, the rows that uniform attention would change. heads: for each head, the rows that it
    changes. alive: for each hidden unit, for how many tokens it is positive. margins: for each row of logits, by how
    much the largest leads, 0 if by no whole number. answers: the id of the word with the largest logit in each row.
    without_attention: whether the last answer would be another word without attention.
    """
    values = [x for step in _printed(tape) for row in tape.values(step.name) for x in row if not is_neg_inf(x)]
    whole = [x for x in values if x.denominator == 1]
    figures: dict[str, Any] = {
        "largest_integer": int(max((abs(x) for x in whole), default=Fraction(0))),
        "largest_denominator": max((x.denominator for x in values), default=1),
        "ugly": sum(abs(x.numerator) > UGLY or x.denominator > UGLY for x in values),
        "share_of_integers": round(len(whole) / max(1, len(values)), 3),
        "values": len(values),
        "zeros_in_weights": round(_zeros(tape), 3),
    }
    layers = _patterns_by_layer(tape)
    if layers:
        figures |= _attention_figures(tape, layers)
    post = steps_named(tape, "hook_post")
    if post:
        figures["alive"] = [
            sum(x > 0 for x in column) for s in post for column in zip(*tape.values(s.name), strict=True)
        ]
    if "next_token" in tape.steps:
        figures |= _logit_figures(tape)
    return figures


def foiled(tape: Tape) -> dict[str, int]:
    """For each mistake that can be made in a run, how many cells it changes in the steps where it is made."""
    return {name: cells_changed(tape, name) for name in applying(tape)}


def _printed(tape: Tape) -> list[Step]:
    """The steps that a person reads or writes before the last softmax, but for those of pictures."""
    return [s for s in tape.used() if not s.name.startswith((*AFTER_LOGITS, *IN_PICTURES))]


def steps_named(tape: Tape, *parts: str) -> list[Step]:
    """The steps whose names end in one of these, whatever their layer and head."""
    return [s for s in tape.used() if s.stem.endswith(parts)]


def steps_of_stream(tape: Tape) -> list[Step]:
    """The steps in which no two tokens may have the same row: the residual stream, and the norms in blocks."""
    return steps_named(tape, "resid_pre", "resid_mid", "resid_mid_cross", "resid_post", "ln1.hook_normalized",
                  "ln2.hook_normalized", "ln3.hook_normalized")  # fmt: skip


def _zeros(tape: Tape) -> float:
    """The share of zeros in the weight matrices."""
    matrices = [tape.values(s.name) for s in tape.used() if s.name.rpartition(".")[2].startswith("W_")]
    entries = [x == 0 for rows in matrices for row in rows for x in row]
    return entries.count(True) / max(1, len(entries))


def _tells_tokens_apart(pattern: Rows) -> bool:
    """Whether no row is saturated, the last row is not uniform, and at most half of the rows are."""
    rows = [[x for x in row if x] for row in pattern]
    rows = [row for row in rows if len(row) > 1]
    uniform = [len(set(row)) == 1 for row in rows]
    return all(max(row) <= SATURATED for row in rows) and not uniform[-1] and 2 * sum(uniform) <= len(rows)


def transposed(rows: Rows) -> Rows:
    return tuple(zip(*rows, strict=True))


def _is_symmetric(rows: Rows) -> bool:
    return rows == transposed(rows)


def _changed_rows(tape: Tape, wrong: Tape, name: str) -> list[int]:
    """The rows, counted from 1, in which two runs differ."""
    pairs = zip(tape.values(name), wrong.values(name), strict=True)
    return [i + 1 for i, (row, other) in enumerate(pairs) if row != other]


def _patterns_by_layer(tape: Tape) -> dict[str, list[Step]]:
    """The steps that compute a pattern, one for each head, by the name of their layer, such as blocks.0.attn; without
    those whose queries are all 0, as they are meant to be where a whole pattern is uniform.
    """
    by_layer: dict[str, list[Step]] = {}
    for step in (s for s in steps_named(tape, "hook_pattern") if s.op):
        query = step.name.replace("hook_pattern", "hook_q")
        if query in tape.steps and tape.steps[query].op and not any(map(any, tape.values(query))):
            continue
        by_layer.setdefault(step.name.rpartition(".hook_pattern")[0], []).append(step)
    return by_layer


def _query_rows(tape: Tape) -> list[int]:
    """For each attention layer, the number of rows of its queries."""
    return [steps[0].shape[0] for steps in _patterns_by_layer(tape).values()]


def _attention_figures(tape: Tape, layers: dict[str, list[Step]]) -> dict[str, Any]:
    """The figures `attention` and `heads`: what changes if attention is uniform, and if one head is zero."""
    attention, heads = [], []
    for at, steps in layers.items():
        out = "{}.hook_{}_out".format(*at.rpartition(".")[::2])
        out = out if out in tape.steps else f"{at}.hook_z[0]"
        uniform = resumed(tape, {}, {s.name: _uniform(tape.values(s.name)) for s in steps})
        attention.append(_changed_rows(tape, uniform, out))
        for step in steps if len(steps) > 1 else ():
            z = step.name.replace("hook_pattern", "hook_z")
            zero = resumed(tape, {}, {z: [[0] * len(row) for row in tape.values(z)]})
            heads.append(_changed_rows(tape, zero, out))
    return {"attention": attention} | ({"heads": heads} if heads else {})


def _uniform(pattern: Rows) -> list[list[Fraction]]:
    """A pattern with the same zeros, in which all that a token sees has equal shares."""
    return [[Fraction(x != 0, sum(y != 0 for y in row)) for x in row] for row in pattern]


def _logit_figures(tape: Tape) -> dict[str, Any]:
    """The figures `answers` and `margins`, and `without_attention` where it can be computed."""
    logits = tape.values("logits")
    ordered = [sorted(row) for row in logits]
    figures: dict[str, Any] = {
        "answers": [int(row[0]) for row in tape.values("next_token")],
        "margins": [int(row[-1] - row[-2]) if (row[-1] - row[-2]).denominator == 1 else 0 for row in ordered],
    }
    outs = [s.name for s in steps_named(tape, "hook_attn_out", "hook_cross_attn_out")]
    if not outs:
        return figures
    silent = tape.replay(FLOATS, {**_inputs(tape, outs), **{o: [[0] * len(r) for r in tape.values(o)] for o in outs}})
    try:
        last = silent.values("next_token")[-1][0]
    except DomainError:  # without attention, a row has deviation 0
        return figures
    return figures | {"without_attention": int(last) != figures["answers"][-1]}


def _inputs(tape: Tape, outs: list[str]) -> dict[str, Any]:
    """The rows that the first block reads, as given numbers for a replay."""
    first = "blocks.0.hook_resid_pre"
    return {first: tape.values(first)} if outs and first in tape.steps else {}


# ---- the time ----

# The seconds to compute and write a cell, divided by the number of numbers that it reads: means over instances of the
# search, by operation, and for some products by the step that they make. Operations that are not here take 1.
# `python bench/bench.py --only paces` measures them again and prints both.
SECONDS_A_NUMBER = {
    "power_of": 2.96, "row_sum": 1.41, "normalize_rows": 1.56, "divide_by_root": 2.86, "dot_rows": 1.0,
    "hstack": 1.35, "mask_future": 0.99, "hook_z": 1.8, "hook_attn_out": 1.24, "matmul": 0.77, "affine": 0.77,
    "add": 0.85, "relu": 0.6, "row_mean": 1.54, "center": 1.97, "mean_square": 4.2, "root": 4.18, "standardize": 1.01,
    "scale_and_shift": 1.43, "gather_rows": 0.79, "row_argmax": 0.1,
}  # fmt: skip
# The same in attention without a mask, where more entries of a pattern are fractions.
SECONDS_UNMASKED = {"power_of": 3.16, "row_sum": 2.09, "normalize_rows": 1.9, "hook_z": 2.86}
# Factors by which norms change the time of a run, since their rows have many zeros and ones; measured likewise.
NORM_OF_EIGHT = 0.85  # for d_model = 8
NORM_RMS = 0.98  # for RMSNorm
NORM_AFTER = 0.975  # for norms that follow each sum
NORM_WIDE = 1.075  # for LayerNorm in four dimensions, which has results of two sizes
NORM_WIDE_ALONE = 1.33  # for the same where there is no other layer
NETWORK_OF_TWO = 1.17  # for a feed-forward network that reads two numbers, of which fewer are 0
READ = 300  # the work of a number that is read: as long as a search takes for 300 numbers that it draws


def usual_time(tape: Tape, config: Config) -> float:
    """The seconds that runs of this configuration usually take, estimated from the steps, not from their numbers."""
    steps = [s for s in tape.used() if s.op]
    pairs = zip(steps, kinds(steps), strict=True)
    time = sum(STEP + numbers_read(tape, step) * seconds_a_number(*kind) for step, kind in pairs)
    in_block = any(s.part == "heads" for s in steps)
    if any(s.op is standardize for s in steps):
        time *= NORM_OF_EIGHT if config.d_model == 8 else 1.0
        tokens = max(s.shape[0] for s in steps if s.op is standardize)
        if (config.normalization_type, config.d_model) == ("LN", 4) and (tokens <= FEW_TOKENS or not in_block):
            time *= NORM_WIDE if in_block else NORM_WIDE_ALONE
        time *= NORM_RMS if config.normalization_type == "RMS" else 1.0
        time *= NORM_AFTER if config.norm_position == "post" and in_block else 1.0
    if config.d_model == 2 and any(s.stem.endswith("mlp.hook_pre") for s in steps):
        time *= NETWORK_OF_TWO
    return time


def numbers_read(tape: Tape, step: Step) -> int:
    """How many numbers all cells of a step read, if each reads as many as the first cell of the last row."""
    return step.shape[0] * step.shape[1] * len(list(refs(tape.cell(step.name, step.shape[0] - 1, 0))))


def work_of(tape: Tape) -> int:
    """The work of a run and of judging it, as the dice of a search count it."""
    return READ * sum(numbers_read(tape, step) for step in tape.steps.values() if step.op)


def kinds(steps: Sequence[Step]) -> list[tuple[str, bool]]:
    """For each step, its key in SECONDS_A_NUMBER (the end of its name, or its operation), and whether it takes longer
    because its attention has no mask.
    """
    masked = {(s.layer, s.part) for s in steps if s.op is mask_future}
    unmasked = {(s.layer, s.part) for s in steps if s.layer} - masked
    of_steps = []
    for step in steps:
        last = step.stem.rpartition(".")[2]
        kind = last if last in SECONDS_A_NUMBER else step.op_name
        of_steps.append((kind, kind in SECONDS_UNMASKED and (step.layer, step.part) in unmasked))
    return of_steps


def seconds_a_number(kind: str, is_unmasked: bool) -> float:
    """The usual seconds for each number that a cell reads, in a step of this kind."""
    return SECONDS_UNMASKED[kind] if is_unmasked else SECONDS_A_NUMBER.get(kind, 1.0)


def whole_time(tape: Tape) -> float:
    """The seconds that all steps of a run take."""
    return seconds(tape, [s.name for s in tape.used() if s.op])
