"""Foils of the first sheets: products, layers and ReLU, an embedding, positions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from byhand import ops
from byhand.mistakes.registry import mistake
from byhand.model.layers import steps_of
from byhand.tape import Step, Tape

PRODUCT, LAYER = "AB", "y"  # the steps of matrix-product and linear-layer that are taught


@mistake("products-not-added")
def _products_not_added(step: Step, tape: Tape) -> Iterable[Step]:
    """The products of a dot product left side by side."""
    if step.op is not ops.row_dots:
        return [step]
    pair = tape.steps[step.inputs[0]]
    return [replace(step, op=ops.multiply, shape=pair.shape, axes=pair.axes)]


@mistake("elementwise")
def _elementwise(step: Step, tape: Tape) -> Iterable[Step]:
    """Two square matrices multiplied entry by entry."""
    return [replace(step, op=ops.multiply) if step.name == PRODUCT and _square(step, tape) else step]


@mistake("factors-swapped")
def _factors_swapped(step: Step, tape: Tape) -> Iterable[Step]:
    """The product of two square matrices in the wrong order."""
    return [replace(step, inputs=step.inputs[::-1]) if step.name == PRODUCT and _square(step, tape) else step]


def _square(step: Step, tape: Tape) -> bool:
    """Whether all that a step reads has its own shape, as many rows as columns."""
    return all(tape.steps[name].shape == step.shape == step.shape[::-1] for name in step.inputs)


@mistake("no-bias")
def _no_bias(step: Step, tape: Tape) -> Iterable[Step]:
    """A layer's bias forgotten."""
    biased = step.name == LAYER and step.op is ops.affine
    return [replace(step, op=ops.matmul, inputs=step.inputs[:2]) if biased else step]


@mistake("bias-per-input")
def _bias_per_input(step: Step, tape: Tape) -> Iterable[Step]:
    """A neuron's bias added once for each of its inputs, not once in all."""
    if step.name != LAYER or step.op is not ops.affine:
        return [step]
    product, biases = (steps_of(step.name, part) for part in ("product", "biases"))
    weight, bias = (tape.steps[name] for name in step.inputs[1:])
    return [
        replace(step, name=product, op=ops.matmul, inputs=step.inputs[:2]),
        Step(biases, ops.times_number, (bias.name,), {"by": weight.shape[0]}, bias.shape, bias.axes, step.part),
        replace(step, op=ops.shift, inputs=(product, biases)),
    ]


@mistake("no-relu")
def _no_relu(step: Step, tape: Tape) -> Iterable[Step]:
    """Negative hidden units kept."""
    return [replace(step, op=ops.copy) if step.op is ops.relu else step]


@mistake("relu-before-bias")
def _relu_before_bias(step: Step, tape: Tape) -> Iterable[Step]:
    """ReLU before the bias is added, so that hidden units can be negative."""
    if step.op is ops.affine and any(s.op is ops.relu and step.name in s.inputs for s in tape.steps.values()):
        return [replace(step, op=ops.matmul, inputs=step.inputs[:2])]
    if step.op is ops.relu and tape.steps[step.inputs[0]].op is ops.affine:
        kept = steps_of(step.name, "unbiased")
        bias = tape.steps[step.inputs[0]].inputs[2]
        return [replace(step, name=kept), replace(step, op=ops.shift, inputs=(kept, bias))]
    return [step]


@mistake("number-for-one")
def _number_for_one(step: Step, tape: Tape) -> Iterable[Step]:
    """The token's number in place of the 1 of a one-hot row."""
    embedded = step.op is ops.one_hot and "one_hot.product" in tape.steps
    return [replace(step, params={**step.params, "numbered": True}) if embedded else step]


@mistake("appended")
def _appended(step: Step, tape: Tape) -> Iterable[Step]:
    """Positions written behind the words' numbers, not added to them."""
    added = step.op is ops.add and step.inputs == ("hook_embed", "hook_pos_embed")
    if not added or any(step.name in s.inputs for s in tape.steps.values()):
        return [step]
    return [replace(step, op=ops.hstack, shape=(step.shape[0], 2 * step.shape[1]))]


@mistake("position-for-dimension")
def _position_for_dimension(step: Step, tape: Tape) -> Iterable[Step]:
    """Position and dimension exchanged in the table of sines and cosines."""
    fits = step.op is ops.sinusoid and step.shape[0] <= step.shape[1]
    return [replace(step, params={**step.params, "exchanged": True}) if fits else step]
