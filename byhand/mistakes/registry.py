"""Foils: the classic mistakes, each run on the tape from the same numbers as the right way.

A foil rewrites steps: it is given each step of the right run, and the run, and returns what a student who makes the
mistake does instead. What it leaves alone it returns as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from byhand import ops
from byhand.errors import DomainError, UnknownNameError
from byhand.model.layers import steps_of
from byhand.tape import Op, Step, Tape

Rewrite = Callable[[Step, Tape], Iterable[Step]]
FOILS: dict[str, Rewrite] = {}


def mistake(name: str) -> Callable[[Rewrite], Rewrite]:
    """Register a rewrite as a foil."""

    def register(rewrite: Rewrite) -> Rewrite:
        FOILS[name] = rewrite
        return rewrite

    return register


def _in(step: Step, *parts: str) -> bool:
    """Whether a step's name, without its head, ends with one of these parts."""
    return step.name.partition("[")[0].endswith(parts)


def _is_pattern(step: Step) -> bool:
    """Whether a step is the result of a softmax that is taught, and not that of the logits."""
    return step.op is ops.normalize_rows and (_in(step, "hook_pattern") or step.name == "softmax")


def _input(step: Step, tape: Tape) -> Step:
    return tape.steps[step.inputs[0]]


@mistake("softmax-over-columns")
def _softmax_over_columns(step: Step, tape: Tape) -> Iterable[Step]:
    """Each power divided by the sum of its column."""
    if step.op is ops.row_sum and (_in(step, "hook_pattern.sum") or step.name == "softmax.sum"):
        powers = _input(step, tape)
        return [replace(step, op=ops.column_sum, shape=(1, powers.shape[1]), axes=("", powers.axes[1]))]
    return [replace(step, op=ops.normalize_columns) if _is_pattern(step) else step]


@mistake("no-powers")
def _no_powers(step: Step, tape: Tape) -> Iterable[Step]:
    """Scores divided by their sum, without powers first."""
    exact = step.op is ops.power_of and not step.name.startswith("probs") and not _masked(step, tape)
    return [replace(step, op=ops.copy, params={}) if exact else step]


def _masked(step: Step, tape: Tape) -> bool:
    """Whether a step reads scores with −∞ in them, which no one can add up."""
    source = _input(step, tape)
    return source.op is ops.mask_future or any(name.endswith(".mask") for name in source.inputs)


@mistake("no-sqrt")
def _no_sqrt(step: Step, tape: Tape) -> Iterable[Step]:
    """Scores not divided by √d_head."""
    return [replace(step, op=ops.copy, params={}) if step.op is ops.divide_by_root else step]


@mistake("sqrt-d-model")
def _sqrt_d_model(step: Step, tape: Tape) -> Iterable[Step]:
    """Scores divided by √d_model in place of √d_head."""
    if step.op is not ops.divide_by_root:
        return [step]
    raw = _input(step, tape)
    query = _input(raw, tape) if raw.inputs else raw
    return [replace(step, params={"of": _input(query, tape).shape[1]}) if query.inputs else step]


@mistake("divide-after-softmax")
def _divide_after_softmax(step: Step, tape: Tape) -> Iterable[Step]:
    """The pattern, not the scores, divided by √d_head."""
    if step.op is ops.divide_by_root:
        return [replace(step, op=ops.copy, params={})]
    scaled = _in_its_head(step, ops.divide_by_root, tape) if _is_pattern(step) else None
    if scaled is None:
        return [step]
    shares = steps_of(step.name, "shares")
    return [
        replace(step, name=shares),
        replace(step, op=ops.divide_by_root, inputs=(shares,), params=scaled.params),
    ]


def _in_its_head(step: Step, op: Op, tape: Tape) -> Step | None:
    """The step with this operation that belongs to the same head of the same layer."""

    def head(name: str) -> tuple[str, str]:
        at, _, rest = name.rpartition(".attn.")
        return at, rest.partition("[")[2]

    return next((s for s in tape.steps.values() if s.op is op and head(s.name) == head(step.name)), None)


@mistake("no-mask")
def _no_mask(step: Step, tape: Tape) -> Iterable[Step]:
    """The mask forgotten, so that tokens see what comes after them."""
    return [replace(step, op=ops.copy) if step.op is ops.mask_future else step]


@mistake("mask-after-softmax")
def _mask_after_softmax(step: Step, tape: Tape) -> Iterable[Step]:
    """Softmax over all scores first, then 0 where the future was: rows no longer add up to 1."""
    if step.op is ops.mask_future:
        return [replace(step, op=ops.copy)]
    if not _is_pattern(step) or _in_its_head(step, ops.mask_future, tape) is None:
        return [step]
    unmasked = steps_of(step.name, "unmasked")
    return [replace(step, name=unmasked), replace(step, op=ops.zero_future, inputs=(unmasked,))]


@mistake("zero-for-minus-infinity")
def _zero_for_minus_infinity(step: Step, tape: Tape) -> Iterable[Step]:
    """Masked scores set to 0, whose power is 1, in place of −∞."""
    return [replace(step, op=ops.zero_future) if step.op is ops.mask_future else step]


# What a norm does to rows, done to columns.
_DOWN: dict[Op, Op] = {
    ops.row_mean: ops.column_mean,
    ops.mean_square: ops.column_mean_square,
    ops.root: ops.root,
    ops.center: ops.center_columns,
    ops.standardize: ops.normalize_columns,
}


@mistake("norm-over-sequence")
def _norm_over_sequence(step: Step, tape: Tape) -> Iterable[Step]:
    """Mean and deviation taken over the tokens, not over each token's own numbers."""
    if step.op not in _DOWN:
        return [step]
    if step.shape[1] > 1:
        return [replace(step, op=_DOWN[step.op])]
    width = next(s for s in _above(step, tape) if s.shape[1] > 1)
    return [replace(step, op=_DOWN[step.op], shape=(1, width.shape[1]), axes=("", width.axes[1]))]


def _above(step: Step, tape: Tape) -> Iterable[Step]:
    """What a step is made from, through its first inputs."""
    while step.inputs:
        step = _input(step, tape)
        yield step


@mistake("n-minus-one")
def _n_minus_one(step: Step, tape: Tape) -> Iterable[Step]:
    """The variance with n − 1 in place of n."""
    deviations = step.op is ops.mean_square and _input(step, tape).op is ops.center
    return [replace(step, op=ops.sample_variance) if deviations else step]


@mistake("heads-averaged")
def _heads_averaged(step: Step, tape: Tape) -> Iterable[Step]:
    """The heads' results divided by the number of heads before W_O."""
    joined = step.op in (ops.hstack, ops.add_all) and _in(step, "attn.z", "attn.result", "attn_out")
    if not joined or len(step.inputs) < 2:
        return [step]
    whole = steps_of(step.name, "whole")
    count = {"of": len(step.inputs)}
    return [replace(step, name=whole), replace(step, op=ops.divide_by, inputs=(whole,), params=count)]


@mistake("heads-share-weights")
def _heads_share_weights(step: Step, tape: Tape) -> Iterable[Step]:
    """Every head with the first head's weights; where its queries, keys and values are given, with the first's."""
    h = step.name.rstrip("]").partition("[")[2]
    if h in ("", "0"):
        return [step]
    product = step.op in (ops.matmul, ops.affine) and _in(step, "hook_q", "hook_k", "hook_v")
    given = [n for n in step.inputs if n.endswith(f"[{h}]") and n in tape.steps and tape.steps[n].op is None]
    shared = [n for n in given if _in(tape.steps[n], "hook_q", "hook_k", "hook_v")]
    first = (n.replace(f"[{h}]", "[0]") if n in shared or product else n for n in step.inputs)
    return [replace(step, inputs=tuple(first))]


@mistake("keys-by-query-weights")
def _keys_by_query_weights(step: Step, tape: Tape) -> Iterable[Step]:
    """Keys made with W_Q, as queries are, so that every score is as large the other way round."""
    weight = step.inputs[1].replace("W_K", "W_Q") if step.op is ops.matmul and _in(step, "hook_k") else ""
    return [replace(step, inputs=(step.inputs[0], weight)) if weight in tape.numbers else step]


@mistake("no-residual")
def _no_residual(step: Step, tape: Tape) -> Iterable[Step]:
    """The layer's result in place of the sum with the residual stream."""
    if step.op is ops.add and _in(step, "hook_resid_mid", "hook_resid_post"):
        return [replace(step, op=ops.copy, inputs=step.inputs[1:])]
    return [step]


@mistake("transposed")
def _transposed(step: Step, tape: Tape) -> Iterable[Step]:
    """Rows of a square weight in place of its columns: the product with its transpose."""
    across = {ops.matmul: ops.dot_rows, ops.affine: ops.affine_rows}
    if step.op not in across or not _in(step, "hook_q", "hook_k", "hook_v", "hook_attn_out", "AB"):
        return [step]
    rows, cols = tape.steps[step.inputs[1]].shape
    return [replace(step, op=across[step.op]) if rows == cols else step]


def foil_list() -> list[tuple[str, str]]:
    """Every foil, and what it does in a sentence."""
    return [(name, (rewrite.__doc__ or "").partition("\n")[0]) for name, rewrite in FOILS.items()]


def foil(tape: Tape, name: str) -> Tape:
    """The run with one mistake in it.

    Raises: UnknownNameError.
    """
    rewrite = _named(name)
    return tape.replay(rewrite=lambda step: rewrite(step, tape))


def _named(name: str) -> Rewrite:
    if name not in FOILS:
        raise UnknownNameError("foil", name, FOILS)
    return FOILS[name]


def applies(tape: Tape, name: str) -> bool:
    """Whether a run has a step that the mistake changes.

    Raises: UnknownNameError.
    """
    return bool(_made(tape, _named(name)))


def applying(tape: Tape) -> list[str]:
    """The foils that an evaluated run can show."""
    return [name for name, rewrite in FOILS.items() if any([*rewrite(s, tape)] != [s] for s in tape.used())]


def differing(tape: Tape, name: str) -> int:
    """How many cells the mistake changes in the steps where it is made; one that cannot be computed counts, and where
    every step comes out in another shape, all do.

    The right run must have been evaluated. What comes before the mistake is taken from it.

    Raises: UnknownNameError.
    """
    wrong, made = mistaken(tape, name)
    shown = [s for s in made if wrong.steps[s.name].shape == s.shape]
    if not shown:
        return sum(rows * cols for rows, cols in (s.shape for s in made))
    return sum(cells_apart(tape, wrong, s.name) for s in shown)


def mistaken(tape: Tape, name: str) -> tuple[Tape, list[Step]]:
    """A run with one mistake in it, from where it is made, and the steps in which it is.

    The right run must have been evaluated.

    Raises: UnknownNameError.
    """
    made = _made(tape, _named(name))
    return resumed(tape, made, {}), [step for step in tape.used() if step.name in made]


def _made(tape: Tape, rewrite: Rewrite) -> dict[str, list[Step]]:
    """What takes the place of each step that a mistake changes."""
    rewritten = ((step, [*rewrite(step, tape)]) for step in tape.steps.values())
    return {step.name: new for step, new in rewritten if new != [step]}


def resumed(tape: Tape, made: Mapping[str, list[Step]], numbers: Mapping[str, Any]) -> Tape:
    """A run with other steps in the place of some, and with other numbers, that begins where it differs: what comes
    before is given from the evaluated run.
    """
    changed = {*made, *numbers}
    for step in tape.steps.values():
        if changed.intersection(step.inputs):
            changed.add(step.name)
    known = {s.name: tape.values(s.name) for s in tape.used() if s.name not in changed}
    return tape.replay(numbers={**known, **numbers}, rewrite=lambda step: made.get(step.name, (step,)))


def cells_apart(right: Tape, wrong: Tape, name: str) -> int:
    """How many cells of a step differ between two runs; all, where the second leaves the number system."""
    expected = right.values(name)
    try:
        found = wrong.values(name)
    except DomainError:
        return sum(len(row) for row in expected)
    return sum(x != y for row, other in zip(expected, found, strict=True) for x, y in zip(row, other, strict=True))
