"""Mistakes in norms and in the residual stream."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from byhand.mistakes.registry import mistake, source, then
from byhand.ops.attention import normalize_columns
from byhand.ops.gradients import norm_backward, rms_backward
from byhand.ops.linear import add, copy
from byhand.ops.norms import (
    center,
    center_columns,
    column_mean,
    column_mean_square,
    mean_square,
    root,
    row_mean,
    sample_variance,
    scale_and_shift,
    standardize,
)
from byhand.tape import Op, Step, Tape

# for each operation of a norm, the same operation on columns
_ON_COLUMNS: dict[Op | None, Op] = {
    row_mean: column_mean,
    mean_square: column_mean_square,
    root: root,
    center: center_columns,
    standardize: normalize_columns,
}


@mistake(
    told="Mean and deviation taken over the tokens, not over each token's own numbers.",
    mend="Take the mean and the deviation of each token's own numbers, along its {row}.",
)
def norm_over_sequence(step: Step, tape: Tape) -> Iterable[Step]:
    """Every step of a norm is done to columns; what was one number for each row is one for each column."""
    if any(other.op in (norm_backward, rms_backward) for other in tape.steps.values()):
        return [step]  # gradients go back through the rows of a norm, and would not fit its columns
    if step.op not in _ON_COLUMNS or (step.op is center and tape.steps[step.inputs[1]].op not in (row_mean, None)):
        return [step]  # what is subtracted may be no mean, as the largest score is before softmax
    if step.shape[1] > 1:
        of_rows = step.op is not standardize or tape.steps[step.inputs[1]].shape[0] == step.shape[0]
        return [replace(step, op=_ON_COLUMNS[step.op]) if of_rows else step]
    matrix = next((s for s in _ancestors(step, tape) if s.shape[1] > 1), None)
    if matrix is None:
        return [step]  # a root of single numbers, not of a variance
    of_all = any(other.op is column_mean and step.name in other.inputs for other in tape.steps.values())
    if of_all or step.shape[0] != matrix.shape[0]:
        return [step]  # the mean of all numbers, and what follows from it
    return [replace(step, op=_ON_COLUMNS[step.op], shape=(1, matrix.shape[1]), axes=("", matrix.axes[1]))]


@mistake(
    told="The variance with n − 1 in place of n.",
    mend="Divide the sum of the squares by n, the number of entries, not by n − 1.",
)
def n_minus_one(step: Step, tape: Tape) -> Iterable[Step]:
    """The mean square of deviations becomes the sample variance."""
    deviations = step.op is mean_square and source(step, tape).op is center
    return [replace(step, op=sample_variance) if deviations else step]


@mistake(
    told="The layer's result in place of the sum with the residual stream.",
    mend="Add the layer's result to the stream that went into it, number by number.",
)
def no_residual(step: Step, tape: Tape) -> Iterable[Step]:
    """The sum of stream and layer becomes the layer's result."""
    summed = step.op is add and step.stem.rstrip("0123456789").endswith(("hook_resid_mid", "hook_resid_post", "pass"))
    return [_layer_alone(step) if summed else step]


@mistake(
    told="The layer's result normalised before it is added to the stream, where their sum should be.",
    mend="Add the layer's result to the stream first, and then normalise their sum.",
)
def norm_before_sum(step: Step, tape: Tape) -> Iterable[Step]:
    """The sum before a norm becomes the layer's result, and the norm is followed by the sum with the stream."""
    if _norm_of(step, tape):
        return [_layer_alone(step)]
    if step.op not in (standardize, scale_and_shift):
        return [step]
    summed = next((s for s in _ancestors(step, tape) if s.part != step.part), step)
    if _norm_of(summed, tape)[-1:] != [step]:
        return [step]
    normalized, both = then(step, "alone", add)
    return [normalized, replace(both, inputs=(summed.inputs[0], normalized.name))]


def _layer_alone(summed: Step) -> Step:
    """In place of the sum of stream and layer, the layer's result."""
    return replace(summed, op=copy, inputs=summed.inputs[1:])


def _norm_of(step: Step, tape: Tape) -> list[Step]:
    """The steps of the norm that reads a sum of stream and layer; none if anything else reads that sum."""
    if step.op is not add:
        return []
    readers = [s for s in tape.steps.values() if step.name in s.inputs]
    if not readers or not all(s.layer == step.layer and s.part.startswith("ln") for s in readers):
        return []
    part = readers[0].part
    return [s for s in tape.steps.values() if s.op and (s.layer, s.part) == (step.layer, part)]


def _ancestors(step: Step, tape: Tape) -> Iterable[Step]:
    """The first input of a step, the first input of that, and so on."""
    while step.inputs:
        step = source(step, tape)
        yield step
