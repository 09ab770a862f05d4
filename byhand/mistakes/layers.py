"""Mistakes in layers of neurons: the bias, ReLU, gates, experts, and passes through the same block."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from byhand.mistakes.registry import mistake, skipped, source, then
from byhand.model.layers import steps_of
from byhand.ops.chance import halting_weights
from byhand.ops.linear import affine, matmul, multiply, quotient, relu, shift, swish, times_number
from byhand.ops.shapes import gather_rows, keep_largest
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
    kept = step.op is keep_largest and step.name != "knn.kept"
    return [skipped(step) if kept else step]


@mistake(
    told="The balance not multiplied by the number of experts.",
    mend="Multiply by the number of experts, so that 1 means that all are asked equally.",
)
def balance_without_n(step: Step, tape: Tape) -> Iterable[Step]:
    """The sum of the products stays as it is."""
    return [skipped(step) if step.name == "balance" else step]


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


@mistake(
    told="The last probability of halting taken whole, so that the weights add up to more than 1.",
    mend="Give the last pass only what is left to 1.",
)
def remainder_forgotten(step: Step, tape: Tape) -> Iterable[Step]:
    """The weights are the probabilities of halting."""
    return [skipped(step) if step.op is halting_weights else step]


@mistake(
    told="The state after the last pass, without those before it.",
    mend="Mix the states of all passes by their weights.",
)
def last_state_only(step: Step, tape: Tape) -> Iterable[Step]:
    """The mixture of states is the last of them."""
    if step.name != "halt.state":
        return [step]
    states = tape.steps[step.inputs[1]]
    return [replace(step, op=gather_rows, inputs=(states.name,), params={"rows": (states.shape[0] - 1,)})]


@mistake(
    told="A reversible block undone in the order in which it was computed.",
    mend="Begin with what came last: x₂ first, and with x₂ then x₁.",
)
def inverse_order(step: Step, tape: Tape) -> Iterable[Step]:
    """The first half is found with the second half of the result."""
    return [replace(step, inputs=("rev.y2", step.inputs[1])) if step.name == "back.f_pre" else step]


def _unbiased(layer: Step) -> Step:
    return replace(layer, op=matmul, inputs=layer.inputs[:2])
