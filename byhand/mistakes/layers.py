"""Mistakes in layers of neurons: the bias, ReLU, gates, experts, and passes through the same block."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from byhand.mistakes.registry import mistake, skipped, source, then
from byhand.model.names import steps_of
from byhand.ops.attention import normalize_rows
from byhand.ops.linear import affine, matmul, multiply, quotient, relu, shift, swish, times_number
from byhand.ops.shapes import keep_largest
from byhand.tape import Step, Tape

LAYER = "y"  # of the model linear-layer, the step that is taught


@mistake(
    told="A layer's bias forgotten.",
    mend="Remember the bias: once the products are added up, add it to them.",
)
def no_bias(step: Step, tape: Tape) -> Iterable[Step]:
    """A layer with a bias becomes the product alone."""
    return [_unbiased(step) if step.name == LAYER and step.op is affine else step]


@mistake(
    told="A neuron's bias added once for each of its inputs, not once in all.",
    mend="Add up all the products first, and then add the bias once.",
)
def bias_per_input(step: Step, tape: Tape) -> Iterable[Step]:
    """A layer becomes the product plus the bias times the number of inputs."""
    if step.name != LAYER or step.op is not affine:
        return [step]
    weight, bias = (tape.steps[name] for name in step.inputs[1:])
    biases = replace(step, name=steps_of(step.name, "biases"), op=times_number, inputs=(bias.name,),
                     params={"by": weight.shape[0]}, shape=bias.shape, axes=bias.axes)  # fmt: skip
    return [biases, *then(_unbiased(step), "product", shift, biases.name)]


@mistake(
    told="Negative hidden units kept.",
    mend="Write 0 wherever a hidden unit is negative, and keep the others as they are.",
)
def no_relu(step: Step, tape: Tape) -> Iterable[Step]:
    """ReLU is left out."""
    return [skipped(step) if step.op is relu else step]


@mistake(
    told="ReLU before the bias is added, so that hidden units can be negative.",
    mend="Add the bias first; only then does ReLU set to 0 what is negative.",
)
def relu_before_bias(step: Step, tape: Tape) -> Iterable[Step]:
    """A layer before ReLU loses its bias, and ReLU is followed by it."""
    if step.op is affine and any(s.op is relu and step.name in s.inputs for s in tape.steps.values()):
        return [_unbiased(step)]
    if step.op is relu and source(step, tape).op is affine:
        return then(step, "unbiased", shift, source(step, tape).inputs[2])
    return [step]


@mistake(
    told="All experts asked, with all shares of the router.",
    mend="Keep the largest shares only: the other experts have nothing to do.",
)
def all_experts(step: Step, tape: Tape) -> Iterable[Step]:
    """The router keeps every share."""
    kept = step.op is keep_largest and source(step, tape).op is normalize_rows
    return [skipped(step) if kept else step]


@mistake(
    told="The sigmoid alone as a gate, without the number itself.",
    mend="Multiply the sigmoid by the number that it was taken of: swish is x times its sigmoid.",
)
def sigmoid_for_swish(step: Step, tape: Tape) -> Iterable[Step]:
    """A gate is swish divided by its number."""
    if step.op is not swish or not step.name.endswith(".gate"):
        return [step]
    return then(step, "swished", quotient, *step.inputs)


@mistake(
    told="Swish taken of the other layer: of the units that the gate should have let through.",
    mend="Take swish of x times W_gate, and leave what comes of W_in as it is.",
)
def gate_on_wrong_side(step: Step, tape: Tape) -> Iterable[Step]:
    """The units pass through swish, and their gates do not."""
    gate = source(step, tape) if step.op is multiply else None
    if gate is None or gate.op is not swish:
        return [step]
    swished = replace(gate, name=steps_of(step.name, "swished"), inputs=step.inputs[1:])
    return [swished, replace(step, inputs=(gate.inputs[0], swished.name))]


def _unbiased(layer: Step) -> Step:
    return replace(layer, op=matmul, inputs=layer.inputs[:2])
