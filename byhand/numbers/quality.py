"""What is promised of an instance, measured on the tape of its run."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from byhand.arithmetic.domain import is_neg_inf
from byhand.arithmetic.floats import FLOATS
from byhand.errors import DomainError
from byhand.mistakes import applying, differing, resumed
from byhand.numbers.evenness import is_even
from byhand.numbers.limits import Limits
from byhand.tape import Rows, Step, Tape

LAST = ("probs", "next_token")  # what comes after the logits
UGLY = 20


def quality(tape: Tape) -> dict[str, Any]:
    """The figures of an evaluated run, as they stand in run.json.

    attention: rows that uniform attention would change, by layer; heads: rows that each head changes; alive: tokens
    for which each hidden unit is positive; margins: of the largest logits; without_attention: whether the last answer
    would be another.
    """
    values = [x for step in _printed(tape) for row in tape.values(step.name) for x in row if not is_neg_inf(x)]
    whole = [x for x in values if x.denominator == 1]
    found: dict[str, Any] = {
        "largest_integer": int(max((abs(x) for x in whole), default=Fraction(0))),
        "largest_denominator": max((x.denominator for x in values), default=1),
        "ugly": sum(abs(x.numerator) > UGLY or x.denominator > UGLY for x in values),
        "share_of_integers": round(len(whole) / max(1, len(values)), 3),
        "values": len(values),
        "zeros_in_weights": round(_zeros(tape), 3),
    }
    layers = _by_layer(tape)
    if layers:
        found |= _of_attention(tape, layers)
    post = _named(tape, "hook_post")
    if post:
        found["alive"] = [
            sum(x > 0 for x in column) for s in post for column in zip(*tape.values(s.name), strict=True)
        ]
    if "next_token" in tape.steps:
        found |= _of_logits(tape)
    return found


def promised(
    tape: Tape, limits: Limits, expected: float, wanted: tuple[int | None, ...] = ()
) -> dict[str, Any] | None:
    """The quality of a run that takes about as long as expected and keeps every promise; None for any other.

    Raises: DomainError.
    """
    found = quality(tape)
    if not is_even(tape, expected) or problems(tape, found, limits, wanted):
        return None
    found["foils"] = foiled(tape)  # takes as long as the rest, and is seldom what fails
    return None if problems(tape, found, limits, wanted) else found


def foiled(tape: Tape) -> dict[str, int]:
    """The cells that each mistake changes where it is made."""
    return {name: differing(tape, name) for name in applying(tape)}


def problems(tape: Tape, found: dict[str, Any], limits: Limits, wanted: tuple[int | None, ...] = ()) -> list[str]:
    """The promises that a run breaks."""
    asking = [steps[0].shape[0] for steps in _by_layer(tape).values()]
    attention, heads = found.get("attention", ()), found.get("heads", ())
    each = [n for n, steps in zip(asking, _by_layer(tape).values(), strict=True) for _ in steps if len(steps) > 1]
    posts = [s.shape[0] for s in _named(tape, "hook_post") for _ in range(s.shape[1])]
    checks = {
        "largest_integer": found["largest_integer"] <= limits.integer,
        "largest_denominator": found["largest_denominator"] <= limits.denominator,
        "ugly": found["ugly"] <= limits.ugly,
        "attention": all(len(r) >= min(2, n - 1) and r[-1] == n for r, n in zip(attention, asking, strict=True)),
        "heads": all(len(r) >= min(2, n - 1) for r, n in zip(heads, each, strict=True)),
        "alive": all(0 < count < n for count, n in zip(found.get("alive", ()), posts, strict=True)),
        "patterns": all(_says_something(tape.values(s.name)) for s in _named(tape, "hook_pattern")),
        "scores": all(not _symmetric(tape.values(s.name)) for s in _named(tape, "scores_scaled", "scores_raw")),
        "rows": all(len(set(tape.values(s.name))) == s.shape[0] for s in _stream(tape)),
        "margins": all(m >= 1 for m in found.get("margins", ())),
        "without_attention": found.get("without_attention", True),
        "answers": all(w is None or w == a for w, a in zip(wanted, found.get("answers", wanted), strict=False)),
        "foils": all(count > 0 for count in found.get("foils", {}).values()),
    }
    return [name for name, kept in checks.items() if not kept]


def _printed(tape: Tape) -> list[Step]:
    """What a person reads or writes before the last softmax."""
    return [s for s in tape.used() if not s.name.startswith(LAST)]


def _named(tape: Tape, *parts: str) -> list[Step]:
    return [s for s in tape.used() if s.stem.endswith(parts)]


def _stream(tape: Tape) -> list[Step]:
    """The steps whose rows must tell the tokens apart."""
    return _named(tape, "resid_pre", "resid_mid", "resid_mid_cross", "resid_post", "ln1.hook_normalized",
                  "ln2.hook_normalized", "ln3.hook_normalized")  # fmt: skip


def _zeros(tape: Tape) -> float:
    matrices = [tape.values(s.name) for s in tape.used() if s.name.rpartition(".")[2].startswith("W_")]
    entries = [x == 0 for rows in matrices for row in rows for x in row]
    return entries.count(True) / max(1, len(entries))


def _says_something(pattern: Rows) -> bool:
    """Whether no row is saturated, the last row is not uniform, and at most half of the rows are."""
    rows = [[x for x in row if x] for row in pattern]
    rows = [row for row in rows if len(row) > 1]
    uniform = [len(set(row)) == 1 for row in rows]
    return all(max(row) <= Fraction(9, 10) for row in rows) and not uniform[-1] and 2 * sum(uniform) <= len(rows)


def _symmetric(rows: Rows) -> bool:
    return rows == tuple(zip(*rows, strict=True))


def _rows_apart(tape: Tape, wrong: Tape, name: str) -> list[int]:
    """The rows, counted from 1, in which two runs differ."""
    pairs = zip(tape.values(name), wrong.values(name), strict=True)
    return [i + 1 for i, (row, other) in enumerate(pairs) if row != other]


def _by_layer(tape: Tape) -> dict[str, list[Step]]:
    """The patterns of each layer that are computed: blocks.0.attn, decoder.0.cross_attn, …"""
    found: dict[str, list[Step]] = {}
    for step in (s for s in _named(tape, "hook_pattern") if s.op):
        found.setdefault(step.name.rpartition(".hook_pattern")[0], []).append(step)
    return found


def _of_attention(tape: Tape, layers: dict[str, list[Step]]) -> dict[str, Any]:
    attention, heads = [], []
    for at, steps in layers.items():
        out = "{}.hook_{}_out".format(*at.rpartition(".")[::2])
        out = out if out in tape.steps else f"{at}.hook_z[0]"
        uniform = resumed(tape, {}, {s.name: _uniform(tape.values(s.name)) for s in steps})
        attention.append(_rows_apart(tape, uniform, out))
        for step in steps if len(steps) > 1 else ():
            z = step.name.replace("hook_pattern", "hook_z")
            zero = resumed(tape, {}, {z: [[0] * len(row) for row in tape.values(z)]})
            heads.append(_rows_apart(tape, zero, out))
    return {"attention": attention} | ({"heads": heads} if heads else {})


def _uniform(pattern: Rows) -> list[list[Fraction]]:
    """Equal shares of what each token sees."""
    return [[Fraction(x != 0, sum(y != 0 for y in row)) for x in row] for row in pattern]


def _of_logits(tape: Tape) -> dict[str, Any]:
    logits = tape.values("logits")
    ordered = [sorted(row) for row in logits]
    found: dict[str, Any] = {
        "answers": [int(row[0]) for row in tape.values("next_token")],
        "margins": [int(row[-1] - row[-2]) if (row[-1] - row[-2]).denominator == 1 else 0 for row in ordered],
    }
    outs = [s.name for s in _named(tape, "hook_attn_out", "hook_cross_attn_out")]
    silent = tape.replay(FLOATS, {**_inputs(tape, outs), **{o: [[0] * len(r) for r in tape.values(o)] for o in outs}})
    try:
        last = silent.values("next_token")[-1][0]
    except DomainError:  # a row that no norm can divide
        return found
    return found | {"without_attention": int(last) != found["answers"][-1]}


def _inputs(tape: Tape, outs: list[str]) -> dict[str, Any]:
    """The stream before the first attention, as given."""
    first = "blocks.0.hook_resid_pre"
    return {first: tape.values(first)} if outs and first in tape.steps else {}
