"""What every sheet refuses, by what its run has: numbers that would hide what a step does.

Each rule is a promise whose name begins with `no_`, which every sheet makes without naming it. A sheet whose idea is
an exception allows it in its front matter, with the reason:

    allows: {constant_columns: The second number is 0 for all words, so that at first all share alike.}

The rules ask this of the steps forward, of words that differ, and of matrices that are two or more wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from byhand.numbers.promises import FEW_TOKENS, FEW_WORDS, SheetPromise, have_two_sizes, sheet_promise, transposed
from byhand.ops.norms import standardize
from byhand.ops.shapes import gather_rows, one_hot, share_rows
from byhand.tape import Step, Tape

WORDS = ("pos", "source", "mem", "short", "place", "d_vocab")  # axes whose places are words, or stand for some
FEATURES = ("d_model", "d_head", "d_v", "d_mlp", "d_z", "latent")  # axes whose places are what is known of a word
# the last parts of the names of steps
TOKENS = ("x", "W_E", "mem", "resid_pre", "resid_mid", "resid_mid_cross", "resid_post", "normalized",
          "normalized_resid_post", "pass0", "pass1")  # fmt: skip
RULES: dict[str, str] = {}  # what is refused → the promise of every sheet that refuses it


def refuses(keeps: SheetPromise) -> SheetPromise:
    """Register a promise of every sheet: its name is what it refuses, after `no_`."""
    RULES[keeps.__name__.removeprefix("no_")] = keeps.__name__
    return sheet_promise(keeps)


def promises_but(allowed: Iterable[str]) -> tuple[str, ...]:
    """The promises of a sheet that allows some of what the rules refuse."""
    return tuple(promise for what, promise in RULES.items() if what not in allowed)


# ---- rows that say the same ----


@refuses
def no_parallel_tokens(tape: Tape) -> bool:
    """No token's row is a multiple of another word's, in the table of embeddings, the stream and behind a norm."""
    return not any(_has_parallel_rows(tape, step) for step in _of_words(tape, TOKENS))


@refuses
def no_parallel_queries(tape: Tape) -> bool:
    """No query is a multiple of another word's: it would ask for the same, or for the opposite."""
    return not any(_has_parallel_rows(tape, step) for step in _meeting(tape, "q"))


@refuses
def no_parallel_keys(tape: Tape) -> bool:
    """No key is a multiple of another word's: it would be found by the same questions, or by the opposite ones."""
    return not any(_has_parallel_rows(tape, step) for step in _meeting(tape, "k"))


@refuses
def no_parallel_values(tape: Tape) -> bool:
    """No value is a multiple of another word's: a mixture of the two would have nothing that one has not."""
    return not any(_has_parallel_rows(tape, step) for step in _of_words(tape, ("v", "values_short")))


@refuses
def no_constant_columns(tape: Tape) -> bool:
    """No feature of three words or more is the same for all, and no column of three weights or more is one number."""
    steps = (s for s in _forward(tape) if s.shape[0] > 2 and s.shape[1] > 1 and s.op is not one_hot)
    columns = (column for s in steps for column in transposed(tape.values(s.name)))
    return all(len({*column}) > 1 for column in columns)


@refuses
def no_zero_rows(tape: Tape) -> bool:
    """No row that is computed is all zeros, but for the share of an expert whom a word does not ask."""
    steps = (s for s in _forward(tape) if s.op and s.op is not share_rows and s.shape[1] > 1)
    return all(any(row) for s in steps for row in tape.values(s.name))


@refuses
def no_norms_of_signs(tape: Tape) -> bool:
    """Each norm of several words has a row of two sizes: it is more than taking the sign."""
    return all(have_two_sizes(tape.values(s.name)) for s in tape.used() if s.op is standardize and s.shape[0] > 1)


# ---- patterns ----


@refuses
def no_one_set_of_shares(tape: Tape) -> bool:
    """Where several words, or one word in several ways, take shares, these are not the same for all but for their
    order. Three words that all see each other behind one norm have no other sets.
    """
    if all(_is_behind_a_norm(tape, step) for step, _ in _patterns(tape)):
        return True
    sets = [tuple(sorted(filter(None, row))) for _, rows in _patterns(tape) for row in rows]
    several = [shares for shares in sets if len(shares) > 1]
    return len(several) < 2 or len({*several}) > 1


@refuses
def no_heads_alike(tape: Tape) -> bool:
    """In each row in which heads of a layer can differ, they do."""
    heads = [(step, rows) for step, rows in _patterns(tape) if step.head is not None]
    pairs = [(a, b) for (s, a), (t, b) in combinations(heads, 2) if (s.layer, s.stem) == (t.layer, t.stem)]
    return all(one != other for pair in pairs for one, other in zip(*pair, strict=True) if sum(map(bool, one)) > 1)


@refuses
def no_looking_at_oneself(tape: Tape) -> bool:
    """Somebody looks most at another word: on the sheet, and in each head of three words or more."""
    heads = [
        [*_look_elsewhere(rows)]
        for step, rows in _patterns(tape)
        if step.axes in (("pos", "pos"), ("source", "source"), ("new", "pos"))
    ]
    everywhere = [look for looks in heads for look in looks]
    return (any(everywhere) or not everywhere) and all(any(looks) for looks in heads if len(looks) > 1)


@refuses
def no_tied_words(tape: Tape) -> bool:
    """Where logits say one of a few words, one is the largest, and one the second."""
    rows = tape.values("logits") if "next_token" in tape.steps else ()
    few = (sorted(row, reverse=True)[:3] for row in rows if 2 < len(row) <= FEW_WORDS)
    return all(a > b > c for a, b, c in few)


def _look_elsewhere(rows: Sequence[Sequence[Any]]) -> Iterator[bool]:
    """For each row of a pattern of words that look at words, the last of which asks last: whether it looks most at
    another one than itself. Rows of one share are left out, and those without one largest.
    """
    for i, row in enumerate(rows, len(rows[0]) - len(rows)):
        if sum(map(bool, row)) > 1 and row.count(max(row)) == 1:
            yield row.index(max(row)) != i


# ---- what a run has ----


def _forward(tape: Tape) -> list[Step]:
    """The steps whose columns are features."""
    return [step for step in tape.used() if step.axes[1] in FEATURES]


def _of_words(tape: Tape, names: Sequence[str]) -> Iterator[Step]:
    """The steps of a kind that have a row for each of several words. A model that normalises more than FEW_TOKENS
    words has none: hardly any of its numbers would be left.
    """
    used = tape.used()
    if any(step.op is standardize and step.shape[0] > FEW_TOKENS for step in used):
        return
    for step in used:
        kind = step.stem.rpartition(".")[2].removeprefix("hook_")
        if kind in names and step.axes[0] in WORDS and min(step.shape) > 1:
            yield step


def _meeting(tape: Tape, kind: str) -> Iterator[Step]:
    """The queries, q, or keys, k, as they meet: where positions turn them, turned."""
    turned = {(step.layer, step.head) for step in _of_words(tape, (f"rot_{kind}",))}
    for step in _of_words(tape, (kind, f"rot_{kind}", "keys_short" if kind == "k" else "")):
        if f"rot_{kind}" in step.stem or (step.layer, step.head) not in turned:
            yield step


def _is_behind_a_norm(tape: Tape, pattern: Step) -> bool:
    """Whether a pattern without a mask comes from queries and keys that read one norm's result before their layer."""
    at, _, of_head = pattern.name.partition("hook_pattern")
    query, key = (tape.steps.get(f"{at}hook_{x}{of_head}") for x in "qk")
    if query is None or key is None or not query.inputs or query.inputs[:1] != key.inputs[:1]:
        return False
    return query.inputs[0].endswith("ln1.hook_normalized") and all(map(all, tape.values(pattern.name)))


def _patterns(tape: Tape) -> Iterator[tuple[Step, Sequence[Sequence[Any]]]]:
    """The patterns of a run, with their shares."""
    for step in tape.used():
        if step.stem.endswith("pattern"):
            yield step, tape.values(step.name)


def _has_parallel_rows(tape: Tape, step: Step) -> bool:
    """Whether a row is a multiple of that of another word, or all zeros."""
    words = next((s.params["rows"] for s in tape.used() if s.op is gather_rows and s.inputs[0] == "embed.W_E"), ())
    words = words if step.axes[0] == "pos" and len(words) == step.shape[0] else range(step.shape[0])
    rows = zip(words, tape.values(step.name), strict=True)
    return any(a != b and are_parallel(one, other) for (a, one), (b, other) in combinations(rows, 2))


def are_parallel(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether one row is a multiple of the other."""
    return all(a * y == b * x for (a, b), (x, y) in zip(combinations(one, 2), combinations(other, 2), strict=True))
