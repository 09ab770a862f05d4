"""Mistakes with gradients, and with the step that follows them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from byhand.mistakes.registry import mistake, skipped
from byhand.model.names import is_gradient, is_parameter, steps_of
from byhand.ops.attention import column_sum, divide_by_root
from byhand.ops.gradients import (
    add_rows,
    column_dots,
    descend,
    gate,
    norm_backward,
    rms_backward,
    scale_columns,
    softmax_backward,
)
from byhand.ops.linear import add, copy, dot_columns, dot_rows, matmul, multiply, subtract, times_number
from byhand.ops.norms import column_mean, standardize
from byhand.ops.shapes import gather_rows
from byhand.tape import Step, Tape


@mistake(
    told="The gradient with its signs turned round, y − p in place of p − y.",
    mend="Begin with the probability and subtract the right answer from it: p − y.",
)
def gradient_sign(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradient has its two terms exchanged."""
    return [replace(step, inputs=step.inputs[::-1]) if step.name == "logits.grad" else step]


@mistake(
    told="The gradient of a weight from the last {row} only: each {row} has overwritten the one before.",
    mend="Add up what each {row} says of a weight: the loss hears of it by all of them.",
)
def gradient_overwritten(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradient of a weight is not added up over tokens: it is that of the last one."""
    both = [tape.steps[name] for name in step.inputs]
    if step.op is not dot_columns or not _is_of_parameter(step) or both[0].shape[0] == 1:
        return [step]
    last = [
        _rows_of(each, (each.shape[0] - 1,), steps_of(step.name, part))
        for part, each in zip(("input", "arrived"), both, strict=True)
    ]
    return [*last, replace(step, inputs=tuple(each.name for each in last))]


@mistake(
    told="The gradient of a bias as a mean over the {rows}.",
    mend="Add up the {column}: each {row} that the bias was added to has a say.",
)
def bias_gradient_averaged(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradient of a bias is the mean of what has arrived, not the sum."""
    is_of_bias = step.op is column_sum and step.name.endswith("b.grad") and tape.steps[step.inputs[0]].shape[0] > 1
    return [replace(step, op=column_mean) if is_of_bias else step]


@mistake(
    told="ReLU’s gates forgotten on the way back: a neuron that slept gets a gradient, too.",
    mend="Look at the sum of each neuron: where it is not above 0, write 0.",
)
def relu_gate_forgotten(step: Step, tape: Tape) -> Iterable[Step]:
    """ReLU's gate is left out on the way back."""
    return [skipped(step) if step.op is gate else step]


@mistake(
    told="A gate that looks at what comes back: numbers below 0 were turned into 0.",
    mend="Look at the sum that went forward: it says whether the gate is open. What comes back may be below 0.",
)
def gate_by_gradient(step: Step, tape: Tape) -> Iterable[Step]:
    """ReLU's gate keeps what is positive of the gradient, as if it were passed through ReLU itself."""
    return [replace(step, inputs=step.inputs[:1] * 2) if step.op is gate else step]


@mistake(
    told="What the other shares do was forgotten: each share times what has arrived, and nothing taken away.",
    mend="Take the average away first: of each {row}, the sum of share times what has arrived.",
)
def no_row_sum(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradient of a score is its share times what has arrived, without what the other shares lose."""
    return [replace(step, op=multiply, inputs=step.inputs[:2]) if step.op is softmax_backward else step]


@mistake(
    told="Each share as if it were alone: share · (1 − share) times what has arrived.",
    mend="A score changes all shares of its {row}. So take the average of what arrives away, not the share.",
)
def softmax_elementwise(step: Step, tape: Tape) -> Iterable[Step]:
    """Softmax is taken for a function of one number, as the sigmoid is."""
    if step.op is not softmax_backward:
        return [step]
    shares, arrived, _ = step.inputs
    names = {part: steps_of(step.name, part) for part in ("squares", "slope")}
    squares = replace(step, name=names["squares"], op=multiply, inputs=(shares, shares), times="")
    slope = replace(step, name=names["slope"], op=subtract, inputs=(shares, squares.name), times="")
    return [squares, slope, replace(step, op=multiply, inputs=(slope.name, arrived))]


@mistake(
    told="Averages of the {columns}: the shares of a {column} do not add up to 1.",
    mend="Take the average over the {row}: one word’s shares add up to 1, and what one gains the others lose.",
)
def softmax_backward_over_columns(step: Step, tape: Tape) -> Iterable[Step]:
    """What is taken away before the shares are multiplied is the average of the column, not that of the row."""
    if step.op is not softmax_backward or step.shape[0] == 1:
        return [step]
    shares, arrived, _ = step.inputs
    names = {part: steps_of(step.name, part) for part in ("products", "average", "others")}
    products = replace(step, name=names["products"], op=multiply, inputs=(shares, arrived), times="")
    average = replace(
        step, name=names["average"], op=column_dots, inputs=(shares, arrived), times="",
        shape=(1, step.shape[1]), axes=("", step.axes[1]),
    )  # fmt: skip
    others = replace(step, name=names["others"], op=scale_columns, inputs=(shares, average.name), times="")
    return [products, average, others, replace(step, op=subtract, inputs=(products.name, others.name))]


@mistake(
    told="The root forgotten on the way back: scores were divided by it on their way.",
    mend="Divide what comes back by √d_k, too: a score grows only 1 ÷ √d_k times as fast as its product.",
)
def no_sqrt_backward(step: Step, tape: Tape) -> Iterable[Step]:
    """What comes back to the dot products of queries and keys is not divided by the root."""
    return [skipped(step) if step.op is divide_by_root and is_gradient(step.name) else step]


@mistake(
    told="{Rows} where {columns} were asked for: each key has what its own query’s scores sent back.",
    mend="Take the {column} of the key: it has the scores of all queries that have asked this key.",
)
def keys_not_transposed(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradients of keys are mixtures of the queries by the rows of the gradient of the scores."""
    is_of_keys = step.op is dot_columns and _are_of_scores(step.inputs[0], tape)
    return [replace(step, op=matmul) if is_of_keys else step]


@mistake(
    told="Queries mixed, where a query gets the keys.",
    mend="A score is a query times a key: as the query grows, the score grows as many times as fast as the key says.",
)
def queries_get_queries(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradients of queries are mixtures of the queries, not of the keys."""
    is_of_queries = step.op is matmul and _are_of_scores(step.inputs[0], tape)
    queries = step.name.replace("_grad", "").replace(".grad", "")
    return [replace(step, inputs=(step.inputs[0], queries)) if is_of_queries else step]


@mistake(
    told="Of a word that stands twice, only the last {row}: it has overwritten the one before.",
    mend="Add up all {rows} of the word: the same numbers have served all its places.",
)
def rows_overwritten(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradients of a word's places are not added up: the last one stands where the others stood."""
    if step.op is not add_rows:
        return [step]
    last = {row: place for place, row in enumerate(step.params["rows"])}
    kept = _rows_of(tape.steps[step.inputs[0]], (*last.values(),), steps_of(step.name, "last"))
    return [kept, replace(step, inputs=(kept.name,), params={"rows": (*last,)})]


@mistake(
    told="Only one of the two parts of the gradient: that of the look-up.",
    mend="Add both parts: the table is read twice, and the loss hears of it both times.",
)
def one_side_only(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradient of a parameter that is read twice is what comes from the step that reads it first."""
    return [skipped(step) if step.op is add and _is_of_parameter(step) else step]


@mistake(
    told="What has arrived, divided by σ, as if the mean and σ did not move with the numbers.",
    mend="The norm takes its mean away again, and its part along N: subtract both before you divide by σ.",
)
def norm_as_constant(step: Step, tape: Tape) -> Iterable[Step]:
    """On the way back through LayerNorm, the mean and the deviation are taken for constants."""
    arrived_and_scale = step.inputs[:1] + step.inputs[-1:]
    return [replace(step, op=standardize, inputs=arrived_and_scale) if step.op is norm_backward else step]


@mistake(
    told="The gradient before the norm without its first term: the mean of what has arrived was not taken away.",
    mend="Take the mean of what has arrived away: to move all numbers alike changes nothing behind the norm.",
)
def no_mean_term(step: Step, tape: Tape) -> Iterable[Step]:
    """LayerNorm is gone back through as RMSNorm is, without the mean of what has arrived."""
    without_mean = step.inputs[:1] + step.inputs[2:]
    return [replace(step, op=rms_backward, inputs=without_mean) if step.op is norm_backward else step]


@mistake(
    told="The weight of the norm forgotten on the way back.",
    mend="Multiply what has arrived by w: the result grows w times as fast as the normalised number.",
)
def weight_forgotten(step: Step, tape: Tape) -> Iterable[Step]:
    """What arrives at the result of a norm is taken for what arrives at the normalised numbers."""
    return [skipped(step) if step.op is scale_columns and is_gradient(step.name) else step]


@mistake(
    told="Only what comes through the branch: the residual stream hands on a gradient, too.",
    mend="Add what arrives at the sum: the stream goes round the branch, and its gradient comes back unchanged.",
)
def branch_only(step: Step, tape: Tape) -> Iterable[Step]:
    """The gradient of the residual stream is what comes back through its branch, without what goes round it."""
    if step.op is not add or not is_gradient(step.name) or _is_of_parameter(step):
        return [step]
    branches = [name for name in step.inputs if name.startswith(f"{step.name}.by.")]
    return [replace(step, op=copy, inputs=(branches[0],)) if len(branches) == 1 else step]


@mistake(
    told="A step up the slope: the gradient was added.",
    mend="The gradient points to where the loss grows, so subtract it.",
)
def step_uphill(step: Step, tape: Tape) -> Iterable[Step]:
    """A step goes along the gradient, not against it."""
    if step.op is not descend:
        return [step]
    old, slope, rate = step.inputs
    turned = replace(
        tape.steps[slope], name=steps_of(step.name, "turned"), op=times_number, inputs=(slope,), params={"by": -1}
    )
    return [turned, replace(step, inputs=(old, turned.name, rate))]


@mistake(
    told="A gradient from weights that had taken their step already.",
    mend="Compute all gradients first, with the weights that made the loss; then let all take their step at once.",
)
def step_before_gradient(step: Step, tape: Tape) -> Iterable[Step]:
    """What goes back through weights is computed with those after the step."""
    stepped = tape.steps.get(steps_of(step.inputs[-1], "stepped")) if step.op is dot_rows else None
    if stepped is None or not is_gradient(step.name):
        return [step]
    early = replace(stepped, name=steps_of(step.name, "stepped"))
    return [early, replace(step, inputs=(step.inputs[0], early.name))]


def _is_of_parameter(step: Step) -> bool:
    """Whether a step is the gradient of a parameter."""
    return is_gradient(step.name) and is_parameter(step.name.replace(".grad", ""))


def _are_of_scores(name: str, tape: Tape) -> bool:
    """Whether a step is the gradient of scores of some tokens at as many."""
    rows, cols = tape.steps[name].shape
    return is_gradient(name) and rows == cols > 1 and tape.steps[name].axes == ("pos", "pos")


def _rows_of(step: Step, rows: tuple[int, ...], name: str) -> Step:
    """Some rows of a step, as a step of its own."""
    return replace(
        step, name=name, op=gather_rows, inputs=(step.name,), params={"rows": rows},
        shape=(len(rows), step.shape[1]), axes=("", step.axes[1]),
    )  # fmt: skip
